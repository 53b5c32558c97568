// SPDX-License-Identifier: MIT
/* limits - linux.resources as a list of writes (v2) */
#include "run/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/oci.h"

#define COUNT(set)         (sizeof(set) / sizeof((set)[0]))
#define ROOT               "linux.resources."
#define PERIOD_DEFAULT     100000 /* kernel, cgroup-v2.rst, "cpu.max" */
#define SHARES_MIN         2
#define SHARES_MAX         262144
#define WEIGHT_MAX         10000
#define CPU_WEIGHT_DEFAULT 100
#define BLOCK_WEIGHT_MIN   10
#define BLOCK_WEIGHT_MAX   1000

/* A plan in the making: after the first error nothing is added. */
struct draft {
	struct limits *limits;
	struct limit nowhere; /* what is set there is never read */
	struct error *err;
	int result;
};

static void refuse(struct draft *draft, const char *field, const char *reason)
{
	if (draft->result == 0)
		draft->result = error_set(draft->err, -EINVAL,
			"set '" ROOT "%s': %s", field, reason);
}

/* Adds a write of this text. */
static struct limit *add(struct draft *draft, const char *file,
	const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static struct limit *add(struct draft *draft, const char *file,
	const char *field, const char *format, ...)
{
	struct limits *limits = draft->limits;
	struct limit *limit = &draft->nowhere;
	struct text name;
	struct text path;
	va_list args;
	int length;

	if (limits->count == LIMITS_MAX)
		refuse(draft, field, "these are too many limits");
	if (draft->result < 0)
		return limit;
	limit = &limits->items[limits->count++];
	*limit = (struct limit){ .is_optional = false };
	text_init(&name, limit->file, sizeof(limit->file));
	text_add(&name, "%s", file);
	text_init(&path, limit->field, sizeof(limit->field));
	text_add(&path, ROOT "%s", field);
	va_start(args, format);
	length = vsnprintf(limit->text, sizeof(limit->text), format, args);
	va_end(args);
	if (name.is_cut || path.is_cut || length < 0 ||
		(size_t)length >= sizeof(limit->text))
		refuse(draft, field, "that is too long");
	return limit;
}

/* Adds a number of bytes or processes, or "max" for a negative one. */
static struct limit *add_amount(struct draft *draft, const char *file,
	const char *field, int64_t amount)
{
	if (amount >= 0)
		return add(draft, file, field, "%" PRId64, amount);
	if (amount < -1)
		refuse(draft, field, "it is negative; -1 is 'no limit'");
	return add(draft, file, field, "max");
}

/* True when it is there and not 0, which is "unset" to all that write it. */
static bool is_given(struct oci_number number)
{
	return number.is_set && number.value != 0;
}

static void plan_swap(struct draft *draft, const struct oci_memory *memory)
{
	int64_t limit = memory->limit.value;
	int64_t both = memory->swap.value;
	bool is_limited = is_given(memory->limit) && limit != -1;
	struct limit *row;

	if (!is_given(memory->swap)) {
		if (memory->limit.is_set && limit == -1)
			add(draft, "memory.swap.max", "memory.swap", "max")
				->is_optional = true;
		return;
	}
	if (both > 0 && !is_limited)
		refuse(draft, "memory.swap",
			"it is memory and swap together, so it needs "
			"'" ROOT "memory.limit' too");
	else if (both > 0 && both < limit)
		refuse(draft, "memory.swap",
			"it is memory and swap together, so it cannot be less "
			"than '" ROOT "memory.limit'");
	row = add_amount(draft, "memory.swap.max", "memory.swap",
		both > 0 ? both - limit : both);
	/* a kernel that does not count swap lets nobody limit it */
	row->is_optional = both == limit;
}

static void plan_memory(struct draft *draft, const struct oci_memory *memory)
{
	if (is_given(memory->limit))
		add_amount(draft, "memory.max", "memory.limit",
			memory->limit.value)
			->is_above_usage =
			is_given(memory->check_before_update);
	plan_swap(draft, memory);
	if (is_given(memory->reservation))
		add_amount(draft, "memory.low", "memory.reservation",
			memory->reservation.value);
	if (memory->kernel.is_set && memory->kernel.value > 0)
		refuse(draft, "memory.kernel",
			"cgroup v2 has no such limit; leave it out, the "
			"memory limit counts the kernel's memory too");
	if (memory->kernel_tcp.is_set && memory->kernel_tcp.value > 0)
		refuse(draft, "memory.kernelTCP",
			"cgroup v2 has no such limit; leave it out, the "
			"memory limit counts it too");
	if (memory->swappiness.is_set && memory->swappiness.value >= 0)
		refuse(draft, "memory.swappiness",
			"cgroup v2 has none; leave it out, or limit "
			"'" ROOT "memory.swap'");
	if (is_given(memory->disable_oom_killer))
		refuse(draft, "memory.disableOOMKiller",
			"cgroup v2 cannot; leave it out, or use "
			"'process.oomScoreAdj'");
}

/* log2(value) for value >= 1: squaring doubles it, a carry is a bit of it */
static double binary_logarithm(double value)
{
	double result = 0;
	double bit = 1;

	while (value >= 2) {
		value /= 2;
		result += 1;
	}
	for (unsigned int i = 0; i < 48; i++) {
		value *= value;
		bit /= 2;
		if (value >= 2) {
			value /= 2;
			result += bit;
		}
	}
	return result;
}

/* 10^exponent for 0 <= exponent, by the series of e^x */
static double power_of_ten(double exponent)
{
	double result = 1;
	double term = 1;
	double sum = 1;

	while (exponent >= 1) {
		exponent -= 1;
		result *= 10;
	}
	for (unsigned int i = 1; i < 40; i++) {
		term *= exponent * 2.302585092994045684 / i;
		sum += term;
	}
	return result * sum;
}

unsigned int limits_cpu_weight(uint64_t shares)
{
	double length;
	double weight;
	unsigned int whole;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	length = binary_logarithm((double)shares);
	weight =
		power_of_ten((length * length + 125 * length) / 612 - 7.0 / 34);
	whole = (unsigned int)weight;
	return weight - whole > 1e-7 ? whole + 1 : whole;
}

static void plan_cpu_weight(struct draft *draft, uint64_t shares)
{
	unsigned int weight = limits_cpu_weight(shares);

	/* containerd always asks for the default, which changes nothing */
	add(draft, "cpu.weight", "cpu.shares", "%u", weight)->is_optional =
		weight == CPU_WEIGHT_DEFAULT;
}

static void plan_cpu_time(struct draft *draft, const struct oci_cpu *cpu)
{
	bool has_quota = is_given(cpu->quota);
	bool has_period = is_given(cpu->period);
	int64_t period = has_period ? cpu->period.value : PERIOD_DEFAULT;
	const char *field = has_quota ? "cpu.quota" : "cpu.period";

	if (period < 0 || (cpu->burst.is_set && cpu->burst.value < 0)) {
		refuse(draft, period < 0 ? "cpu.period" : "cpu.burst",
			"it is negative");
		return;
	}
	if (has_quota && cpu->quota.value > 0)
		add(draft, "cpu.max", field, "%" PRId64 " %" PRId64,
			cpu->quota.value, period)
			->may_follow = cpu->burst.is_set;
	else if (has_quota && cpu->quota.value < -1)
		refuse(draft, field, "it is negative; -1 is 'no limit'");
	else if (has_quota)
		add(draft, "cpu.max", field, "max %" PRId64, period);
	else if (has_period)
		add(draft, "cpu.max", field, "max %" PRId64, period)
			->keeps_quota = true;
	if (!cpu->burst.is_set)
		return;
	if (has_quota && cpu->quota.value > 0 &&
		cpu->burst.value > cpu->quota.value)
		refuse(draft, "cpu.burst",
			"it is larger than '" ROOT "cpu.quota'");
	add(draft, "cpu.max.burst", "cpu.burst", "%" PRId64, cpu->burst.value)
		->is_optional = cpu->burst.value == 0;
}

static void plan_cpu(struct draft *draft, const struct oci_cpu *cpu)
{
	bool is_idle = is_given(cpu->idle);

	if (is_given(cpu->realtime_runtime))
		refuse(draft, "cpu.realtimeRuntime",
			"cgroup v2 has no such limit; leave it out");
	if (is_given(cpu->realtime_period))
		refuse(draft, "cpu.realtimePeriod",
			"cgroup v2 has no such limit; leave it out");
	if (is_idle && cpu->idle.value != 1)
		refuse(draft, "cpu.idle", "it is neither 0 nor 1");
	/* first, as an idle cgroup has no weight that could be set */
	if (cpu->idle.is_set)
		add(draft, "cpu.idle", "cpu.idle", "%d", is_idle)->is_optional =
			!is_idle;
	if (is_given(cpu->shares) && cpu->shares.value < 0)
		refuse(draft, "cpu.shares", "it is negative");
	else if (is_given(cpu->shares) && !is_idle)
		plan_cpu_weight(draft, (uint64_t)cpu->shares.value);
	plan_cpu_time(draft, cpu);
	if (cpu->cpus && *cpu->cpus)
		add(draft, "cpuset.cpus", "cpu.cpus", "-")->value = cpu->cpus;
	if (cpu->mems && *cpu->mems)
		add(draft, "cpuset.mems", "cpu.mems", "-")->value = cpu->mems;
}

/* 10 to 1000 of the specification becomes 1 to 10000 of io.weight */
static unsigned int io_weight(uint64_t weight)
{
	return (unsigned int)(1 +
			      (weight - BLOCK_WEIGHT_MIN) * (WEIGHT_MAX - 1) /
				      (BLOCK_WEIGHT_MAX - BLOCK_WEIGHT_MIN));
}

/* device: "8:0 ", or nothing for all; the kernel has one of two files. */
static void plan_weight(struct draft *draft, const char *field,
	const char *device, uint64_t weight)
{
	if (weight < BLOCK_WEIGHT_MIN || weight > BLOCK_WEIGHT_MAX) {
		refuse(draft, field, "a weight is from 10 to 1000");
		return;
	}
	add(draft, "io.weight", field, "%s%u", device, io_weight(weight))
		->has_alternative = true;
	add(draft, "io.bfq.weight", field, "%s%" PRIu64, device, weight);
}

static void plan_throttles(struct draft *draft, const char *name,
	const char *key, const struct oci_block_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct oci_block_device *device = &devices->items[i];
		char field[64];

		(void)snprintf(field, sizeof(field), "blockIO.%s[%zu]", name,
			i);
		if (device->value == 0) /* as cgroup v1 has it */
			add(draft, "io.max", field, "%u:%u %s=max",
				device->major, device->minor, key);
		else
			add(draft, "io.max", field, "%u:%u %s=%" PRIu64,
				device->major, device->minor, key,
				device->value);
	}
}

static void plan_block_io(struct draft *draft, const struct oci_block_io *io)
{
	if (is_given(io->leaf_weight))
		refuse(draft, "blockIO.leafWeight",
			"cgroup v2 has no such weight; leave it out");
	if (is_given(io->weight))
		plan_weight(draft, "blockIO.weight", "",
			(uint64_t)io->weight.value);
	for (size_t i = 0; i < io->weights.count; i++) {
		const struct oci_block_device *item = &io->weights.items[i];
		char field[64];
		char device[32];

		(void)snprintf(field, sizeof(field),
			"blockIO.weightDevice[%zu]", i);
		(void)snprintf(device, sizeof(device), "%u:%u ", item->major,
			item->minor);
		plan_weight(draft, field, device, item->value);
	}
	plan_throttles(draft, "throttleReadBpsDevice", "rbps", &io->read_bps);
	plan_throttles(draft, "throttleWriteBpsDevice", "wbps", &io->write_bps);
	plan_throttles(draft, "throttleReadIOPSDevice", "riops",
		&io->read_iops);
	plan_throttles(draft, "throttleWriteIOPSDevice", "wiops",
		&io->write_iops);
}

static void plan_huge_pages(struct draft *draft,
	const struct oci_resources *resources)
{
	for (size_t i = 0; i < resources->huge_page_count; i++) {
		const struct oci_huge_page_limit *item =
			&resources->huge_pages[i];
		const char *size = item->page_size;
		char field[64];
		char file[LIMITS_FILE_SIZE];
		size_t digits = strspn(size, "0123456789");

		(void)snprintf(field, sizeof(field), "hugepageLimits[%zu]", i);
		if (digits == 0 || digits > 8 ||
			strspn(size + digits, "KMG") != 1 ||
			strcmp(size + digits + 1, "B") != 0) {
			refuse(draft, field,
				"a page size is a number and KB, MB or GB");
			return;
		}
		(void)snprintf(file, sizeof(file), "hugetlb.%s.max", size);
		add(draft, file, field, "%" PRIu64, item->limit);
		/* what is reserved counts where the kernel can count it */
		(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.max", size);
		add(draft, file, field, "%" PRIu64, item->limit)->is_optional =
			true;
	}
}

static void plan_rdma(struct draft *draft,
	const struct oci_resources *resources)
{
	for (size_t i = 0; i < resources->rdma_count; i++) {
		const struct oci_rdma_limit *item = &resources->rdma[i];
		char buffer[LIMITS_TEXT_SIZE];
		char field[LIMITS_TEXT_SIZE];
		struct text value;

		(void)snprintf(field, sizeof(field), "rdma.%.60s",
			item->device);
		if (strpbrk(item->device, " \t\n") || !*item->device)
			refuse(draft, field, "that is no name of a device");
		if (item->handles.value < 0 || item->objects.value < 0)
			refuse(draft, field, "it is negative");
		text_init(&value, buffer, sizeof(buffer));
		text_add(&value, "%s", item->device);
		if (item->handles.is_set)
			text_add(&value, " hca_handle=%" PRId64,
				item->handles.value);
		if (item->objects.is_set)
			text_add(&value, " hca_object=%" PRId64,
				item->objects.value);
		if (value.is_cut)
			refuse(draft, field, "its name is too long");
		add(draft, "rdma.max", field, "%s", buffer);
	}
}

/* Files that are no limits, but move processes or change the tree. */
static bool is_file_of_limits(const char *name)
{
	return *name != '.' && strchr(name, '.') && !strchr(name, '/') &&
	       !strstr(name, "..") &&
	       (!text_starts_with(name, "cgroup.") ||
		       text_starts_with(name, "cgroup.max."));
}

static void plan_unified(struct draft *draft,
	const struct oci_resources *resources)
{
	for (size_t i = 0; i < resources->unified_count; i++) {
		const struct oci_pair *pair = &resources->unified[i];
		char field[LIMITS_TEXT_SIZE];

		(void)snprintf(field, sizeof(field), "unified.%.60s",
			pair->key);
		if (!is_file_of_limits(pair->key))
			refuse(draft, field,
				"that is no file with a limit of cgroup v2");
		add(draft, pair->key, field, "-")->value = pair->value;
	}
}

static void plan_asked(struct draft *draft,
	const struct oci_resources *resources)
{
	draft->limits->count = 0;
	plan_memory(draft, &resources->memory);
	if (resources->kills_group)
		add(draft, "memory.oom.group", "memory", "1")->is_optional =
			true;
	plan_cpu(draft, &resources->cpu);
	/* a cgroup that may have no process cannot have the first one either */
	if (resources->pids_limit.is_set)
		add_amount(draft, "pids.max", "pids.limit",
			resources->pids_limit.value == 0
				? 1
				: resources->pids_limit.value);
	plan_block_io(draft, &resources->block_io);
	plan_huge_pages(draft, resources);
	plan_rdma(draft, resources);
	if (resources->has_network)
		refuse(draft, "network",
			"cgroup v2 has no network classes; leave it out");
	plan_unified(draft, resources);
}

int limits_plan(const struct oci_resources *resources, struct limits *out,
	struct error *err)
{
	struct draft draft = { .limits = out, .err = err };

	plan_asked(&draft, resources);
	return draft.result;
}

/*
 * What the kernel gives a new cgroup. The order is one in which no value is
 * refused: no burst before a smaller quota, not idle before a weight.
 */
static const struct {
	const char *file, *value;
	bool forgets_devices;
} defaults[] = {
	{ "memory.max", "max", false },
	{ "memory.swap.max", "max", false },
	{ "memory.low", "0", false },
	{ "memory.oom.group", "0", false },
	{ "cpu.idle", "0", false },
	{ "cpu.weight", "100", false },
	{ "cpu.max.burst", "0", false },
	{ "cpu.max", "max 100000", false },
	{ "cpuset.cpus", "\n", false },
	{ "cpuset.mems", "\n", false },
	{ "pids.max", "max", false },
	{ "io.weight", "100", false },
	{ "io.bfq.weight", "100", false },
	{ "io.max", "", true },
};

static bool has_file(const struct limits *limits, const char *file)
{
	for (size_t i = 0; i < limits->count; i++) {
		if (text_equal(limits->items[i].file, file))
			return true;
	}
	return false;
}

int limits_plan_whole(const struct oci_resources *resources, struct limits *out,
	struct error *err)
{
	struct draft draft = { .limits = out, .err = err };
	size_t before;
	size_t after;

	plan_asked(&draft, resources);
	before = out->count;
	for (size_t i = 0; i < COUNT(defaults); i++) {
		struct limit *row;

		if (!defaults[i].forgets_devices &&
			has_file(out, defaults[i].file))
			continue;
		/* an idle cgroup has its weight from being idle */
		if (is_given(resources->cpu.idle) &&
			text_equal(defaults[i].file, "cpu.weight"))
			continue;
		row = add(&draft, defaults[i].file, "(default)", "%s",
			defaults[i].value);
		row->is_optional = true;
		row->forgets_devices = defaults[i].forgets_devices;
	}
	/* the defaults first */
	after = out->count;
	for (size_t i = before; i < after && draft.result == 0; i++) {
		struct limit row = out->items[i];
		size_t place = i - before;

		memmove(&out->items[place + 1], &out->items[place],
			(i - place) * sizeof(row));
		out->items[place] = row;
	}
	return draft.result;
}

void limits_print(const struct limits *limits, struct text *out)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct limit *limit = &limits->items[i];

		text_add(out, "%s%s = %s (%s)\n",
			i > 0 && limits->items[i - 1].has_alternative ? "or "
								      : "",
			limit->file, limit->value ? limit->value : limit->text,
			limit->field);
	}
}
