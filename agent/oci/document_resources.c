// SPDX-License-Identifier: MIT
/*
 * document_resources - linux.resources of config.json
 *
 * Callers that are written in Go give 0 for a limit that they do not mean, and
 * runc takes it as none, so that is what it is here, too.
 */
#include <inttypes.h>
#include <string.h>

#include "oci/document_tables.h"
#include "run/words.h"

/* ---- items of lists ---- */

struct device_rule_draft {
	struct oci_device_rule rule;
	struct oci_number major, minor;
};

struct weight_draft {
	struct oci_block_device device;
	struct oci_number weight, leaf_weight;
};

struct priority {
	const char *name;
	uint32_t priority;
};

struct network_draft {
	struct oci_number class_id;
	const struct priority *priorities;
	size_t count;
};

static int finish_device_rule(struct fields_reader *reader, void *base)
{
	struct device_rule_draft *draft = base;

	(void)reader;
	draft->rule.major = draft->major.is_set ? draft->major.value : -1;
	draft->rule.minor = draft->minor.is_set ? draft->minor.value : -1;
	return 0;
}

static int finish_weight(struct fields_reader *reader, void *base)
{
	struct weight_draft *draft = base;

	if (!draft->weight.is_set && !draft->leaf_weight.is_set)
		return fields_error_at(reader, "weight", "is missing");
	draft->device.value = (uint64_t)draft->weight.value;
	return 0;
}

static int finish_rdma(struct fields_reader *reader, void *base)
{
	const struct oci_rdma_limit *limit = base;

	if (limit->handles.is_set || limit->objects.is_set)
		return 0;
	return fields_error(reader, "has neither hcaHandles nor hcaObjects");
}

/* ---- texts ---- */

static const char *check_access(const char *text)
{
	return text[strspn(text, "rwm")]
		       ? "may only have the letters r, w and m"
		       : NULL;
}

static const char *check_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits && digits <= 4 && strchr("KMG", text[digits]) &&
		text_equal(text + digits + (text[digits] != '\0'), "B"))
		return NULL;
	return "is no size of huge pages, such as 2MB";
}

static const char *check_cgroup_file(const char *key)
{
	if (*key && *key != '.' && !strchr(key, '/') && strchr(key, '.') &&
		strlen(key) <= 255)
		return NULL;
	return "is no file of a cgroup, such as memory.high";
}

/* ---- what zero is ---- */

static void forget_zero(struct oci_number *number)
{
	if (number->value == 0)
		number->is_set = false;
}

static int finish_memory(struct fields_reader *reader, void *base)
{
	struct oci_memory *memory = base;

	forget_zero(&memory->limit);
	forget_zero(&memory->reservation);
	forget_zero(&memory->swap);
	forget_zero(&memory->kernel);
	forget_zero(&memory->kernel_tcp);
	if (memory->limit.is_set && memory->swap.is_set &&
		memory->swap.value > 0 &&
		memory->limit.value > memory->swap.value)
		return fields_error_at(reader, "swap",
			"%" PRIi64
			" is memory and swap, so not under the limit, %" PRIi64,
			memory->swap.value, memory->limit.value);
	return 0;
}

static int finish_cpu(struct fields_reader *reader, void *base)
{
	struct oci_cpu *cpu = base;

	forget_zero(&cpu->shares);
	forget_zero(&cpu->quota);
	forget_zero(&cpu->period);
	forget_zero(&cpu->realtime_runtime);
	forget_zero(&cpu->realtime_period);
	if (cpu->quota.is_set && cpu->quota.value > 0 && cpu->burst.is_set &&
		cpu->burst.value > cpu->quota.value)
		return fields_error_at(reader, "burst",
			"%" PRIi64 " is over the quota, %" PRIi64,
			cpu->burst.value, cpu->quota.value);
	return 0;
}

static int check_weight(struct fields_reader *reader, const char *key,
	struct oci_number *weight)
{
	forget_zero(weight);
	if (weight->is_set && weight->value < 10)
		return fields_error_at(reader, key, "%" PRIi64 " is under 10",
			weight->value);
	return 0;
}

static int finish_block_io(struct fields_reader *reader, void *base)
{
	struct oci_block_io *io = base;
	int result = check_weight(reader, "weight", &io->weight);

	return result < 0
		       ? result
		       : check_weight(reader, "leafWeight", &io->leaf_weight);
}

static int finish_resources(struct fields_reader *reader, void *base)
{
	struct oci_resources *resources = base;

	(void)reader;
	forget_zero(&resources->pids_limit);
	return 0;
}

static int read_network(struct fields_reader *reader, const json_t *value,
	void *base);

/* clang-format off */

static const struct word device_types[] = {
	{ "a", 'a' },
	{ "b", 'b' },
	{ "c", 'c' },
};
static const struct words device_type_words = { "type of a device rule (a, b, c)", device_types, 3 };

static const struct field device_rule_rows[] = {
	{ "allow",  FIELD_BOOL,   FIELD_REQUIRED, FIELD(struct device_rule_draft, rule.is_allowed) },
	{ "type",   FIELD_WORD,   0, FIELD(struct device_rule_draft, rule.type), .words = &device_type_words },
	{ "major",  FIELD_NUMBER, 0, FIELD(struct device_rule_draft, major), .min = -1, .max = UINT32_MAX },
	{ "minor",  FIELD_NUMBER, 0, FIELD(struct device_rule_draft, minor), .min = -1, .max = UINT32_MAX },
	{ "access", FIELD_TEXT,   0, FIELD(struct device_rule_draft, rule.access), .check = check_access },
};
static const struct fields device_rule_fields = FIELDS_KEPT(device_rule_rows,
	struct device_rule_draft, struct oci_device_rule, finish_device_rule);

static const struct field memory_rows[] = {
	{ "limit",             FIELD_NUMBER, 0, FIELD(struct oci_memory, limit), .min = -1 },
	{ "reservation",       FIELD_NUMBER, 0, FIELD(struct oci_memory, reservation), .min = -1 },
	{ "swap",              FIELD_NUMBER, 0, FIELD(struct oci_memory, swap), .min = -1 },
	{ "kernel",            FIELD_NUMBER, 0, FIELD(struct oci_memory, kernel), .min = -1 },
	{ "kernelTCP",         FIELD_NUMBER, 0, FIELD(struct oci_memory, kernel_tcp), .min = -1 },
	{ "swappiness",        FIELD_NUMBER, 0, FIELD(struct oci_memory, swappiness), .max = 100 },
	{ "disableOOMKiller",  FIELD_BOOL_NUMBER, 0, FIELD(struct oci_memory, disable_oom_killer) },
	{ "checkBeforeUpdate", FIELD_BOOL_NUMBER, 0, FIELD(struct oci_memory, check_before_update) },
};
static const struct fields memory_fields = FIELDS(memory_rows, struct oci_memory, finish_memory);

static const struct field cpu_rows[] = {
	{ "shares",          FIELD_NUMBER, 0, FIELD(struct oci_cpu, shares) },
	{ "quota",           FIELD_NUMBER, 0, FIELD(struct oci_cpu, quota), .min = -1 },
	{ "burst",           FIELD_NUMBER, 0, FIELD(struct oci_cpu, burst) },
	{ "period",          FIELD_NUMBER, 0, FIELD(struct oci_cpu, period) },
	{ "realtimeRuntime", FIELD_NUMBER, 0, FIELD(struct oci_cpu, realtime_runtime), .min = -1 },
	{ "realtimePeriod",  FIELD_NUMBER, 0, FIELD(struct oci_cpu, realtime_period) },
	{ "idle",            FIELD_NUMBER, 0, FIELD(struct oci_cpu, idle), .max = 1 },
	{ "cpus",            FIELD_TEXT,   0, FIELD(struct oci_cpu, cpus), .check = document_check_cpus },
	{ "mems",            FIELD_TEXT,   0, FIELD(struct oci_cpu, mems), .check = document_check_cpus },
};
static const struct fields cpu_fields = FIELDS(cpu_rows, struct oci_cpu, finish_cpu);

static const struct field pids_rows[] = {
	{ "limit", FIELD_NUMBER, 0, FIELD(struct oci_resources, pids_limit), .min = -1 },
};
static const struct fields pids_fields = FIELDS(pids_rows, struct oci_resources, NULL);

#define BLOCK(type, at) \
	{ "major", FIELD_U32, FIELD_REQUIRED, FIELD(type, at major) }, \
	{ "minor", FIELD_U32, FIELD_REQUIRED, FIELD(type, at minor) }

static const struct field weight_rows[] = {
	BLOCK(struct weight_draft, device.),
	{ "weight",     FIELD_NUMBER, 0, FIELD(struct weight_draft, weight), .min = 10, .max = 1000 },
	{ "leafWeight", FIELD_NUMBER, 0, FIELD(struct weight_draft, leaf_weight), .min = 10, .max = 1000 },
};
static const struct fields weight_fields = FIELDS_KEPT(weight_rows,
	struct weight_draft, struct oci_block_device, finish_weight);

static const struct field rate_rows[] = {
	BLOCK(struct oci_block_device, ),
	{ "rate", FIELD_U64, FIELD_REQUIRED, FIELD(struct oci_block_device, value) },
};
static const struct fields rate_fields = FIELDS(rate_rows, struct oci_block_device, NULL);

static const struct field block_io_rows[] = {
	{ "weight",       FIELD_NUMBER, 0, FIELD(struct oci_block_io, weight), .max = 1000 },
	{ "leafWeight",   FIELD_NUMBER, 0, FIELD(struct oci_block_io, leaf_weight), .max = 1000 },
	{ "weightDevice", FIELD_LIST,   0, ITEMS(struct oci_block_io, weights.items, weights.count),
	  .table = &weight_fields },
	{ "throttleReadBpsDevice", FIELD_LIST, 0,
	  ITEMS(struct oci_block_io, read_bps.items, read_bps.count), .table = &rate_fields },
	{ "throttleWriteBpsDevice", FIELD_LIST, 0,
	  ITEMS(struct oci_block_io, write_bps.items, write_bps.count), .table = &rate_fields },
	{ "throttleReadIOPSDevice", FIELD_LIST, 0,
	  ITEMS(struct oci_block_io, read_iops.items, read_iops.count), .table = &rate_fields },
	{ "throttleWriteIOPSDevice", FIELD_LIST, 0,
	  ITEMS(struct oci_block_io, write_iops.items, write_iops.count), .table = &rate_fields },
};
static const struct fields block_io_fields = FIELDS(block_io_rows, struct oci_block_io, finish_block_io);

static const struct field huge_page_rows[] = {
	{ "pageSize", FIELD_TEXT, FIELD_REQUIRED, FIELD(struct oci_huge_page_limit, page_size),
	  .check = check_page_size },
	{ "limit",    FIELD_U64,  FIELD_REQUIRED, FIELD(struct oci_huge_page_limit, limit) },
};
static const struct fields huge_page_fields = FIELDS(huge_page_rows, struct oci_huge_page_limit, NULL);

static const struct field rdma_rows[] = {
	{ "hcaHandles", FIELD_NUMBER, 0, FIELD(struct oci_rdma_limit, handles), .max = UINT32_MAX },
	{ "hcaObjects", FIELD_NUMBER, 0, FIELD(struct oci_rdma_limit, objects), .max = UINT32_MAX },
};
static const struct fields rdma_fields = FIELDS(rdma_rows, struct oci_rdma_limit, finish_rdma);

static const struct field priority_rows[] = {
	{ "name",     FIELD_TEXT, FIELD_REQUIRED, FIELD(struct priority, name), .check = document_check_interface },
	{ "priority", FIELD_U32,  FIELD_REQUIRED, FIELD(struct priority, priority) },
};
static const struct fields priority_fields = FIELDS(priority_rows, struct priority, NULL);

static const struct field network_rows[] = {
	{ "classID",    FIELD_NUMBER, 0, FIELD(struct network_draft, class_id), .max = UINT32_MAX },
	{ "priorities", FIELD_LIST,   0, ITEMS(struct network_draft, priorities, count), .table = &priority_fields },
};
static const struct fields network_fields = FIELDS(network_rows, struct network_draft, NULL);

static const struct field resources_rows[] = {
	{ "devices",        FIELD_LIST,   0, ITEMS(struct oci_resources, devices, device_count),
	  .table = &device_rule_fields },
	{ "memory",         FIELD_OBJECT, 0, FIELD(struct oci_resources, memory), .table = &memory_fields },
	{ "cpu",            FIELD_OBJECT, 0, FIELD(struct oci_resources, cpu), .table = &cpu_fields },
	{ "pids",           FIELD_OBJECT, .table = &pids_fields },
	{ "blockIO",        FIELD_OBJECT, 0, FIELD(struct oci_resources, block_io), .table = &block_io_fields },
	{ "hugepageLimits", FIELD_LIST,   0, ITEMS(struct oci_resources, huge_pages, huge_page_count),
	  .table = &huge_page_fields },
	{ "network",        FIELD_CUSTOM, .table = &network_fields, .read = read_network },
	{ "rdma",           FIELD_MAP,    0, ITEMS(struct oci_resources, rdma, rdma_count), .table = &rdma_fields },
	{ "unified",        FIELD_PAIRS,  0, ITEMS(struct oci_resources, unified, unified_count),
	  .check = check_cgroup_file },
};
const struct fields document_resources_fields = FIELDS(resources_rows, struct oci_resources, finish_resources);

/* clang-format on */

static int read_network(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_resources *resources = base;
	struct network_draft network = { .count = 0 };
	int result = fields_read(reader, value, &network_fields, &network);

	resources->has_network = network.class_id.is_set || network.count;
	return result;
}
