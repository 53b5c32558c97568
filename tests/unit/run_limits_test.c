// SPDX-License-Identifier: MIT
/* run_limits_test - what linux.resources become, and how they are written */
#include "run/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/oci.h"

/* as OCI_NUMBER, but constant */
#define N(number)                                 \
	{                                         \
		.value = (number), .is_set = true \
	}

static struct limits limits;
static struct error err;

static const struct oci_block_device disks[] = {
	{ 8, 0, 500 },
	{ 8, 16, 10 },
};
static const struct oci_block_device fast[] = { { 259, 1, 1048576 } };
static const struct oci_block_device any[] = { { 259, 1, 0 } };
static const struct oci_huge_page_limit pages[] = { { "2MB", 4194304 } };
static const struct oci_rdma_limit rdma[] = {
	{ "mlx5_1", N(3), N(10000) },
	{ "rxe3", { 0 }, N(0) },
};
static const struct oci_rdma_limit bad_rdma[] = { { "a\nb", N(1), { 0 } } };
static const struct oci_pair unified[] = {
	{ "memory.high", "1048576" },
	{ "io.max", "8:0 rbps=1\n8:16 wbps=2" },
};

/* What a plan prints; a list of "file = value", or "refused: reason". */
static const char *plan_of(const struct oci_resources *resources, bool is_whole)
{
	static char buffer[16384];
	struct text out;

	text_init(&out, buffer, sizeof(buffer));
	if ((is_whole ? limits_plan_whole : limits_plan)(resources, &limits,
		    &err) < 0)
		text_add(&out, "refused: %s", err.text);
	else
		limits_print(&limits, &out);
	CHECK(!out.is_cut);
	return buffer;
}

/* clang-format off */
static const struct plan_row {
	const char *label;
	struct oci_resources in;
	const char *out; /* all of it, or a part of what was refused */
} plans[] = {
	{ "nothing", { 0 }, "" },
	{ "memory", { .memory = { .limit = N(1048576),
		.reservation = N(4096) } },
	  "memory.max = 1048576 (linux.resources.memory.limit)\n"
	  "memory.low = 4096 (linux.resources.memory.reservation)\n" },
	{ "no limit of memory", { .memory = { .limit = N(-1) } },
	  "memory.max = max (linux.resources.memory.limit)\n"
	  "memory.swap.max = max (linux.resources.memory.swap)\n" },
	{ "0 is unset", { .memory = { .limit = N(0), .swap = N(0),
		.reservation = N(0) }, .cpu = { .shares = N(0), .quota = N(0),
		.period = N(0) }, .block_io = { .weight = N(0) } }, "" },
	{ "swap", { .memory = { .limit = N(1000), .swap = N(3000) } },
	  "memory.max = 1000 (linux.resources.memory.limit)\n"
	  "memory.swap.max = 2000 (linux.resources.memory.swap)\n" },
	{ "no swap", { .memory = { .limit = N(1000), .swap = N(1000) } },
	  "memory.max = 1000 (linux.resources.memory.limit)\n"
	  "memory.swap.max = 0 (linux.resources.memory.swap)\n" },
	{ "endless swap", { .memory = { .limit = N(1000), .swap = N(-1) } },
	  "memory.max = 1000 (linux.resources.memory.limit)\n"
	  "memory.swap.max = max (linux.resources.memory.swap)\n" },
	{ "swap alone", { .memory = { .swap = N(1000) } },
	  "needs 'linux.resources.memory.limit'" },
	{ "swap below memory", { .memory = { .limit = N(2), .swap = N(1) } },
	  "cannot be less" },
	{ "negative memory", { .memory = { .limit = N(-2) } },
	  "'linux.resources.memory.limit': it is negative" },
	{ "oom group", { .kills_group = true },
	  "memory.oom.group = 1 (linux.resources.memory)\n" },
	{ "kernel memory", { .memory = { .kernel = N(1) } },
	  "'linux.resources.memory.kernel': cgroup v2 has no" },
	{ "kernel memory for all", { .memory = { .kernel = N(-1),
		.kernel_tcp = N(0), .swappiness = N(-1),
		.disable_oom_killer = N(0) } }, "" },
	{ "kernel tcp", { .memory = { .kernel_tcp = N(1) } },
	  "'linux.resources.memory.kernelTCP': " },
	{ "swappiness", { .memory = { .swappiness = N(0) } },
	  "'linux.resources.memory.swappiness': " },
	{ "no oom killer", { .memory = { .disable_oom_killer = N(1) } },
	  "'linux.resources.memory.disableOOMKiller': " },
	{ "shares", { .cpu = { .shares = N(512) } },
	  "cpu.weight = 59 (linux.resources.cpu.shares)\n" },
	{ "quota", { .cpu = { .quota = N(50000) } },
	  "cpu.max = 50000 100000 (linux.resources.cpu.quota)\n" },
	{ "quota, period and burst", { .cpu = { .quota = N(5000),
		.period = N(10000), .burst = N(5000) } },
	  "cpu.max = 5000 10000 (linux.resources.cpu.quota)\n"
	  "cpu.max.burst = 5000 (linux.resources.cpu.burst)\n" },
	{ "no quota", { .cpu = { .quota = N(-1), .period = N(10000) } },
	  "cpu.max = max 10000 (linux.resources.cpu.quota)\n" },
	{ "period", { .cpu = { .period = N(10000) } },
	  "cpu.max = max 10000 (linux.resources.cpu.period)\n" },
	{ "negative quota", { .cpu = { .quota = N(-2) } }, "cpu.quota': it is" },
	{ "negative period", { .cpu = { .period = N(-2) } }, "cpu.period': it" },
	{ "burst above quota", { .cpu = { .quota = N(5), .burst = N(6) } },
	  "'linux.resources.cpu.burst': it is larger" },
	{ "idle", { .cpu = { .idle = N(1), .shares = N(2000) } },
	  "cpu.idle = 1 (linux.resources.cpu.idle)\n" },
	{ "not idle", { .cpu = { .idle = N(0), .shares = N(2000) } },
	  "cpu.idle = 0 (linux.resources.cpu.idle)\n"
	  "cpu.weight = 170 (linux.resources.cpu.shares)\n" },
	{ "half idle", { .cpu = { .idle = N(2) } }, "neither 0 nor 1" },
	{ "realtime", { .cpu = { .realtime_runtime = N(1) } },
	  "'linux.resources.cpu.realtimeRuntime': " },
	{ "realtime period", { .cpu = { .realtime_period = N(1) } },
	  "'linux.resources.cpu.realtimePeriod': " },
	{ "cpuset", { .cpu = { .cpus = "0-3,7", .mems = "0" } },
	  "cpuset.cpus = 0-3,7 (linux.resources.cpu.cpus)\n"
	  "cpuset.mems = 0 (linux.resources.cpu.mems)\n" },
	{ "empty cpuset", { .cpu = { .cpus = "", .mems = "" } }, "" },
	{ "pids", { .pids_limit = N(100) },
	  "pids.max = 100 (linux.resources.pids.limit)\n" },
	{ "no limit of pids", { .pids_limit = N(-1) },
	  "pids.max = max (linux.resources.pids.limit)\n" },
	{ "no pids", { .pids_limit = N(0) },
	  "pids.max = 1 (linux.resources.pids.limit)\n" },
	{ "block weight", { .block_io = { .weight = N(1000),
		.weights = { disks, 2 } } },
	  "io.weight = 10000 (linux.resources.blockIO.weight)\n"
	  "or io.bfq.weight = 1000 (linux.resources.blockIO.weight)\n"
	  "io.weight = 8:0 4950 (linux.resources.blockIO.weightDevice[0])\n"
	  "or io.bfq.weight = 8:0 500 "
	  "(linux.resources.blockIO.weightDevice[0])\n"
	  "io.weight = 8:16 1 (linux.resources.blockIO.weightDevice[1])\n"
	  "or io.bfq.weight = 8:16 10 "
	  "(linux.resources.blockIO.weightDevice[1])\n" },
	{ "small weight", { .block_io = { .weight = N(9) } }, "10 to 1000" },
	{ "large weight", { .block_io = { .weight = N(1001) } },
	  "'linux.resources.blockIO.weight': " },
	{ "leaf weight", { .block_io = { .leaf_weight = N(10) } },
	  "'linux.resources.blockIO.leafWeight': " },
	{ "throttles", { .block_io = { .read_bps = { fast, 1 },
		.write_bps = { any, 1 }, .read_iops = { disks, 2 },
		.write_iops = { fast, 1 } } },
	  "io.max = 259:1 rbps=1048576 "
	  "(linux.resources.blockIO.throttleReadBpsDevice[0])\n"
	  "io.max = 259:1 wbps=max "
	  "(linux.resources.blockIO.throttleWriteBpsDevice[0])\n"
	  "io.max = 8:0 riops=500 "
	  "(linux.resources.blockIO.throttleReadIOPSDevice[0])\n"
	  "io.max = 8:16 riops=10 "
	  "(linux.resources.blockIO.throttleReadIOPSDevice[1])\n"
	  "io.max = 259:1 wiops=1048576 "
	  "(linux.resources.blockIO.throttleWriteIOPSDevice[0])\n" },
	{ "huge pages", { .huge_pages = pages, .huge_page_count = 1 },
	  "hugetlb.2MB.max = 4194304 (linux.resources.hugepageLimits[0])\n"
	  "hugetlb.2MB.rsvd.max = 4194304 "
	  "(linux.resources.hugepageLimits[0])\n" },
	{ "huge path", { .huge_pages = &(const struct oci_huge_page_limit){
		"../2MB", 1 }, .huge_page_count = 1 }, "hugepageLimits[0]': a" },
	{ "huge suffix", { .huge_pages = &(const struct oci_huge_page_limit){
		"2MB.max", 1 }, .huge_page_count = 1 }, "hugepageLimits[0]" },
	{ "rdma", { .rdma = rdma, .rdma_count = 2 },
	  "rdma.max = mlx5_1 hca_handle=3 hca_object=10000 "
	  "(linux.resources.rdma.mlx5_1)\n"
	  "rdma.max = rxe3 hca_object=0 (linux.resources.rdma.rxe3)\n" },
	{ "rdma line", { .rdma = bad_rdma, .rdma_count = 1 },
	  "no name of a device" },
	{ "network", { .has_network = true }, "'linux.resources.network': " },
	{ "unified", { .unified = unified, .unified_count = 2 },
	  "memory.high = 1048576 (linux.resources.unified.memory.high)\n"
	  "io.max = 8:0 rbps=1\n8:16 wbps=2 (linux.resources.unified.io.max)\n" },
};
/* clang-format on */

static void test_plans(void)
{
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		const char *out = plan_of(&plans[i].in, false);

		check_row(plans[i].label);
		if (!CHECK(text_starts_with(out, "refused: set ")
				    ? plans[i].out[0] &&
					      strstr(out, plans[i].out)
				    : text_equal(out, plans[i].out)))
			printf("# got %s\n", out);
	}
}

static void test_unified_names_are_limits_only(void)
{
	static const struct {
		const char *name;
		bool is_fine;
	} rows[] = {
		{ "memory.high", true },
		{ "cpu.uclamp.min", true },
		{ "cgroup.max.depth", true },
		{ "misc.max", true },
		{ "cgroup.procs", false },
		{ "cgroup.threads", false },
		{ "cgroup.kill", false },
		{ "cgroup.subtree_control", false },
		{ "cgroup.type", false },
		{ "../memory.max", false },
		{ "a/memory.max", false },
		{ "memory..max", false },
		{ ".memory", false },
		{ "memory", false },
		{ "", false },
		{ "a-name-that-is-longer-than-the-sixty-three-bytes-that-it-may."
		  "have",
			false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_pair pair = { rows[i].name, "1" };
		struct oci_resources resources = { .unified = &pair,
			.unified_count = 1 };

		check_row(rows[i].name);
		CHECK((limits_plan(&resources, &limits, &err) == 0) ==
			rows[i].is_fine);
	}
}

static void test_weights(void)
{
	/* math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34)) of Python */
	static const struct {
		uint64_t shares;
		unsigned int weight;
	} rows[] = {
		{ 0, 1 },
		{ 2, 1 },
		{ 3, 2 },
		{ 10, 4 },
		{ 100, 17 },
		{ 512, 59 },
		{ 1024, 100 },
		{ 1025, 101 },
		{ 2000, 170 },
		{ 4096, 303 },
		{ 100000, 4340 },
		{ 262143, 10000 },
		{ 262144, 10000 },
		{ UINT64_MAX, 10000 },
	};
	unsigned int last = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(NULL);
		if (!CHECK(limits_cpu_weight(rows[i].shares) == rows[i].weight))
			printf("# %u\n", limits_cpu_weight(rows[i].shares));
	}
	for (uint64_t shares = 2; shares <= 262144; shares += 97) {
		unsigned int weight = limits_cpu_weight(shares);

		if (!CHECK(weight >= last))
			break;
		last = weight;
	}
}

static void test_too_many_are_refused(void)
{
	struct oci_block_device many[LIMITS_MAX + 1] = { { 8, 0, 1 } };
	struct oci_resources resources = { .block_io.read_bps = { many,
						   LIMITS_MAX } };

	CHECK(limits_plan(&resources, &limits, &err) == 0);
	CHECK(limits.count == LIMITS_MAX);
	resources.block_io.read_bps.count++;
	CHECK(limits_plan(&resources, &limits, &err) == -EINVAL);
	CHECK(strstr(err.text, "throttleReadBpsDevice[128]"));
	CHECK(limits_plan_whole(&(struct oci_resources){ 0 }, &limits, &err) ==
		0);
}

/* Where a line is in the plan; -1: nowhere. */
static int place_of(const char *file)
{
	for (size_t i = 0; i < limits.count; i++) {
		if (text_equal(limits.items[i].file, file))
			return (int)i;
	}
	return -1;
}

static void test_a_whole_plan_takes_back_the_rest(void)
{
	struct oci_resources resources = { .memory = { .limit = N(4096) },
		.cpu = { .quota = N(1000) },
		.block_io = { .read_bps = { fast, 1 } } };
	const char *out = plan_of(&resources, true);

	CHECK(text_starts_with(out, "memory.swap.max = max (linux.resources."
				    "(default))\nmemory.low = 0"));
	CHECK(strstr(out, "memory.max = 4096 (linux.resources.memory.limit)"));
	CHECK(!strstr(out, "memory.max = max"));
	CHECK(strstr(out, "pids.max = max"));
	CHECK(strstr(out, "cpu.weight = 100"));
	/* a burst of before may be above the quota of now */
	CHECK(place_of("cpu.max.burst") >= 0);
	CHECK(place_of("cpu.max.burst") < place_of("cpu.max"));
	/* throttles of before go before those of now come */
	CHECK(limits.items[place_of("io.max")].forgets_devices);
	CHECK(text_equal(limits.items[limits.count - 1].file, "io.max"));
	for (size_t i = 0; i + 3 < limits.count; i++)
		CHECK(limits.items[i].is_optional);
	resources.cpu = (struct oci_cpu){ .idle = N(1) };
	CHECK(!strstr(plan_of(&resources, true), "cpu.weight"));
}

/* ---- a folder with files like those of a cgroup ---------------------------- */

static char folder[64];
static int folder_fd = -1;

static void open_folder(void)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/tare-limits-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void close_folder(void)
{
	(void)fd_remove_tree(AT_FDCWD, folder, NULL);
	fd_close(&folder_fd);
}

static void put(const char *file, const char *content)
{
	auto_fd fd = openat(folder_fd, file,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_all(fd, content, strlen(content)) < 0)
		abort();
}

static bool has(const char *file, const char *content)
{
	auto_free char *text = NULL;

	if (fd_read_file(folder_fd, file, 4096, &text, NULL, NULL) < 0)
		return false;
	if (text_equal(text, content))
		return true;
	printf("# %s has '%s'\n", file, text);
	return false;
}

static int apply(const struct oci_resources *resources)
{
	int result = limits_plan(resources, &limits, &err);

	return result < 0 ? result : limits_apply(folder_fd, &limits, &err);
}

static void test_values_are_written(void)
{
	struct oci_resources resources = { .memory = { .limit = N(4096) },
		.cpu = { .period = N(50000), .cpus = "0-1" },
		.block_io = { .weight = N(10) },
		.unified = unified,
		.unified_count = 2 };

	open_folder();
	put("memory.max", "");
	put("memory.high", "");
	put("cpu.max", "20000 10000\n");
	put("cpuset.cpus", "");
	put("io.bfq.weight", "");
	put("io.max", "");
	CHECK(apply(&resources) == 0);
	CHECK(has("memory.max", "4096"));
	CHECK(has("memory.high", "1048576"));
	CHECK(has("cpu.max", "20000 50000\n")); /* the quota stays */
	CHECK(has("cpuset.cpus", "0-1"));
	CHECK(has("io.bfq.weight", "10"));
	CHECK(has("io.max", "8:0 rbps=18:16 wbps=2")); /* two writes */
	put("io.weight", "");
	put("io.bfq.weight", "");
	CHECK(apply(&resources) == 0);
	CHECK(has("io.weight", "1"));
	CHECK(has("io.bfq.weight", ""));
	close_folder();
}

static void test_usage_is_checked_first(void)
{
	struct oci_resources resources = {
		.memory = { .limit = N(4096), .check_before_update = N(1) }
	};

	open_folder();
	put("memory.max", "");
	put("memory.current", "4097\n");
	CHECK(apply(&resources) == -EBUSY);
	CHECK(text_equal(err.text,
		"set 'linux.resources.memory.limit': 4096 is less than the "
		"4097 bytes that it uses"));
	CHECK(has("memory.max", ""));
	put("memory.current", "4096\n");
	CHECK(apply(&resources) == 0);
	CHECK(has("memory.max", "4096"));
	resources.memory.check_before_update = OCI_NUMBER(0);
	put("memory.current", "9999\n");
	CHECK(apply(&resources) == 0);
	close_folder();
}

static void test_a_link_is_not_followed(void)
{
	struct oci_resources resources = { .pids_limit = N(5) };

	open_folder();
	put("other", "safe");
	CHECK(symlinkat("other", folder_fd, "pids.max") == 0);
	CHECK(apply(&resources) == -ELOOP);
	CHECK(has("other", "safe"));
	close_folder();
}

/* An error is one line, however long the value is. */
static void test_errors_are_short(void)
{
	const struct oci_pair lines = { "io.max", "8:0 rbps=1\n8:16 wbps=2" };
	struct oci_resources resources = { .unified = &lines,
		.unified_count = 1 };

	open_folder();
	CHECK(symlinkat("x", folder_fd, "io.max") == 0);
	CHECK(apply(&resources) == -ELOOP);
	CHECK(strstr(err.text, "write '8:0 rbps=1' to 'io.max'"));
	CHECK(!strchr(err.text, '\n'));
	close_folder();
}

static void test_no_limit_needs_no_controller(void)
{
	struct oci_resources none = { .memory = { .limit = N(-1),
					      .swap = N(-1) },
		.cpu = { .shares = N(1024),
			.quota = N(-1),
			.burst = N(0),
			.idle = N(0) },
		.pids_limit = N(-1),
		.block_io = { .read_bps = { any, 0 } },
		.kills_group = true };
	struct oci_resources some[] = {
		{ .memory = { .limit = N(4096) } },
		{ .cpu = { .quota = N(4096) } },
		{ .cpu = { .shares = N(1025) } },
		{ .pids_limit = N(1) },
		{ .block_io = { .weight = N(10) } },
		{ .unified = unified, .unified_count = 1 },
	};
	static const char *const names[] = { "memory.limit", "cpu.quota",
		"cpu.shares", "pids.limit", "blockIO.weight",
		"unified.memory.high" };

	open_folder();
	CHECK(apply(&none) == 0);
	CHECK(limits_plan_whole(&none, &limits, &err) == 0);
	CHECK(limits_apply(folder_fd, &limits, &err) == 0);
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		check_row(names[i]);
		CHECK(apply(&some[i]) == -EOPNOTSUPP);
		CHECK(strstr(err.text, names[i]));
		CHECK(strstr(err.text, " controller "));
		printf("# %s\n", err.text);
	}
	/* swap that nobody counts: none is fine, some is not */
	check_row("swap");
	put("memory.max", "");
	CHECK(apply(&(struct oci_resources){
		      .memory = { .limit = N(1), .swap = N(1) } }) == 0);
	CHECK(apply(&(struct oci_resources){
		      .memory = { .limit = N(1), .swap = N(2) } }) ==
		-EOPNOTSUPP);
	CHECK(strstr(err.text, "linux.resources.memory.swap"));
	close_folder();
}

int main(void)
{
	RUN(test_plans);
	RUN(test_unified_names_are_limits_only);
	RUN(test_weights);
	RUN(test_too_many_are_refused);
	RUN(test_a_whole_plan_takes_back_the_rest);
	RUN(test_values_are_written);
	RUN(test_usage_is_checked_first);
	RUN(test_a_link_is_not_followed);
	RUN(test_errors_are_short);
	RUN(test_no_limit_needs_no_controller);
	return check_done();
}
