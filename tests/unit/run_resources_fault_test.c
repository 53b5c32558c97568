// SPDX-License-Identifier: MIT
/* run_resources_fault_test - cgroups, limits, filters: every call fails once */
/* wrap: openat read write mkdirat unlinkat fstat renameat memfd_create */
/* wrap: malloc realloc kernel_bpf seccomp_export_bpf */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run/device_filter.h"
#include "run/kernel.h"
#include "run/limits.h"
#include "run/oci.h"
#include "run/seccomp.h"
#include "run_cgroup2.h"

#define CALLS_MAX 400

static struct error err;
static char folder[64];
static char group[32];
static int folder_fd = -1;
static int root_fd = -1;

FAULT_WRAP(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
FAULT_WRAP(ssize_t, write, (int fd, const void *data, size_t size),
	(fd, data, size))
FAULT_WRAP(int, mkdirat, (int fd, const char *path, mode_t mode),
	(fd, path, mode))
FAULT_WRAP(int, unlinkat, (int fd, const char *path, int flags),
	(fd, path, flags))
FAULT_WRAP(int, fstat, (int fd, struct stat *out), (fd, out))
FAULT_WRAP(int, renameat, (int from, const char *a, int to, const char *b),
	(from, a, to, b))
FAULT_WRAP(int, memfd_create, (const char *name, unsigned int flags),
	(name, flags))
FAULT_WRAP_POINTER(void *, malloc, (size_t size), (size))
FAULT_WRAP_POINTER(void *, realloc, (void *old, size_t size), (old, size))
FAULT_WRAP(int, kernel_bpf, (int command, union bpf_attr *attr, size_t size),
	(command, attr, size))

int __real_openat(int dir_fd, const char *path, int flags, mode_t mode);
int __wrap_openat(int dir_fd, const char *path, int flags, mode_t mode);
int __wrap_openat(int dir_fd, const char *path, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_openat(dir_fd, path, flags, mode);
}

int __real_seccomp_export_bpf(const scmp_filter_ctx context, int fd);
int __wrap_seccomp_export_bpf(const scmp_filter_ctx context, int fd);
int __wrap_seccomp_export_bpf(const scmp_filter_ctx context, int fd)
{
	return fault_strikes() ? -errno
			       : __real_seccomp_export_bpf(context, fd);
}

/* Number of the subject's run, so that nothing is known from the one before. */
static unsigned int turn;

static int make_cgroup(void)
{
	int fd = cgroup_make(root_fd, "a/b", &err);

	if (fd < 0)
		return fd;
	fd_close(&fd);
	return 0;
}

static void check_no_cgroup(int result)
{
	fault_arm(0, 0);
	if (result == 0) {
		CHECK(cgroup_remove(root_fd, "a/b", &err) == 0);
		CHECK(cgroup_prune(root_fd, "a/b", &err) == 0);
	}
	CHECK(faccessat(root_fd, "a", F_OK, 0) < 0);
}

static int limit(void)
{
	struct oci_resources resources = { .pids_limit = OCI_NUMBER(turn),
		.cpu = { .period = OCI_NUMBER(1000) } };
	struct limits limits;
	int result = limits_plan(&resources, &limits, &err);

	return result < 0 ? result : limits_apply(folder_fd, &limits, &err);
}

static void check_limited(int result)
{
	char text[16] = "";
	auto_fd fd = -1;

	fault_arm(0, 0);
	fd = openat(folder_fd, "pids.max", O_RDONLY | O_CLOEXEC);
	CHECK(read(fd, text, sizeof(text) - 1) >= 0);
	CHECK(result < 0 || strtoul(text, NULL, 10) == turn);
}

static int filter_devices(void)
{
	struct oci_device_rule rule = { true, 'c', 10, turn, "r" };
	struct oci_resources resources = { .devices = &rule,
		.device_count = 1 };
	int dir_fd = cgroup_open(root_fd, "devices", &err);
	int result = dir_fd < 0
			     ? dir_fd
			     : device_filter_replace(dir_fd, &resources, &err);

	fd_close(&dir_fd);
	return result;
}

static void check_nothing(int result)
{
	(void)result;
}

static const struct sock_fprog *filter;

static int compile(void)
{
	static const char *const names[] = { "fchdir", "chdir", NULL };
	struct oci_seccomp_rule rule = { .names = names,
		.action = SECCOMP_RET_ERRNO,
		.errno_ret = OCI_NUMBER(1 + turn) };
	struct oci_seccomp profile = { .default_action = SECCOMP_RET_ALLOW,
		.rules = &rule,
		.rule_count = 1 };
	int cache_fd = seccomp_cache_open(folder_fd, "cache", &err);
	int result;

	filter = NULL;
	if (cache_fd < 0)
		return cache_fd;
	result = seccomp_program(&profile, cache_fd, &filter, &err);
	fd_close(&cache_fd);
	return result;
}

/* A program that is there is the whole one, whatever failed on the way. */
static void check_compiled(int result)
{
	bool has_answer = false;

	for (size_t i = 0; result == 0 && i < filter->len; i++)
		has_answer |=
			filter->filter[i].code == (BPF_RET | BPF_K) &&
			filter->filter[i].k == (SECCOMP_RET_ERRNO | (1 + turn));
	CHECK(result < 0 || has_answer);
}

static bool begin(void)
{
	const char *missing = cgroup2_enter();
	int fd;

	if (missing) {
		check_skip(missing);
		return false;
	}
	(void)snprintf(folder, sizeof(folder), "/tmp/tare-faults-XXXXXX");
	(void)snprintf(group, sizeof(group), "/sys/fs/cgroup/tare-faults-%d",
		(int)getpid());
	if (!mkdtemp(folder) || mkdir(group, 0755) < 0)
		abort();
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	root_fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = cgroup_make(root_fd, "devices", &err);
	fd_close(&fd);
	fd = openat(folder_fd, "pids.max", O_WRONLY | O_CREAT | O_CLOEXEC,
		0644);
	fd_close(&fd);
	fd = openat(folder_fd, "cpu.max", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	fd_close(&fd);
	return true;
}

static void end(void)
{
	CHECK(cgroup_remove(root_fd, "devices", &err) == 0);
	fd_close(&root_fd);
	fd_close(&folder_fd);
	CHECK(rmdir(group) == 0);
	(void)fd_remove_tree(AT_FDCWD, folder, NULL);
}

static void fail_all(const char *name, int (*subject)(void),
	void (*check_after)(int result), int code)
{
	unsigned int failed = 0;
	unsigned int nth = 1;
	bool has_fired = true;

	check_row(name);
	turn++;
	CHECK(subject() == 0); /* what stays loaded is loaded */
	check_after(0);
	for (; has_fired && nth < CALLS_MAX; nth++) {
		unsigned int fds = fault_count_fds();
		int result;

		turn++;
		err = (struct error){ .code = 0 };
		fault_arm(nth, code);
		result = subject();
		has_fired = fault_fired();
		check_after(result);
		failed += result < 0;
		if (!CHECK(result == 0 || err.text[0]) ||
			!CHECK(fault_count_fds() <= fds + 1) ||
			!CHECK(has_fired || result == 0))
			printf("# call %u\n", nth);
	}
	CHECK(nth < CALLS_MAX && failed > 0);
	printf("# %s: %u calls, %u matter\n", name, nth - 2, failed);
}

static void test_every_call_fails(void)
{
	/* clang-format off */
	static const struct {
		const char *name;
		int (*subject)(void);
		void (*check_after)(int result);
	} rows[] = {
		{ "cgroup", make_cgroup, check_no_cgroup },
		{ "limits", limit, check_limited },
		{ "devices", filter_devices, check_nothing },
		{ "seccomp", compile, check_compiled },
	};
	/* clang-format on */
	static const int codes[] = { EIO, ENOMEM, ENOENT, EPERM };

	if (!begin())
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int before = fault_count_fds();

		for (size_t j = 0; j < sizeof(codes) / sizeof(codes[0]); j++)
			fail_all(rows[i].name, rows[i].subject,
				rows[i].check_after, codes[j]);
		/* at most the device programs that are kept loaded */
		CHECK(fault_count_fds() <= before + 8);
	}
	end();
}

static bool has_text(const char *file, const char *wanted)
{
	char text[32] = "";
	auto_fd fd = openat(folder_fd, file, O_RDONLY | O_CLOEXEC);

	(void)read(fd, text, sizeof(text) - 1);
	if (strcmp(text, wanted) == 0)
		return true;
	printf("# %s has '%s'\n", file, text);
	return false;
}

static void put_empty(const char *file)
{
	int fd = openat(folder_fd, file,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	fd_close(&fd);
}

/* The kernel refuses a quota below the burst that there is. */
static void test_a_refused_quota_follows_its_burst(void)
{
	const struct oci_resources resources = {
		.cpu = { .quota = OCI_NUMBER(2000), .burst = OCI_NUMBER(5) }
	};
	struct limits limits;

	if (!begin())
		return;
	put_empty("cpu.max");
	put_empty("cpu.max.burst");
	CHECK(limits_plan(&resources, &limits, &err) == 0);
	fault_arm(2, EINVAL); /* open, write */
	CHECK(limits_apply(folder_fd, &limits, &err) == 0);
	CHECK(fault_fired());
	CHECK(has_text("cpu.max.burst", "5"));
	CHECK(has_text("cpu.max", "2000 100000"));
	fault_arm(2, EACCES); /* any other reason is one */
	CHECK(limits_apply(folder_fd, &limits, &err) == -EACCES);
	CHECK(strstr(err.text, "linux.resources.cpu.quota"));
	(void)fault_fired();
	end();
}

/* io.weight is there, but nothing weighs the device by it. */
static void test_a_device_is_weighed_by_what_it_has(void)
{
	const struct oci_block_device device = { 8, 0, 500 };
	const struct oci_resources resources = { .block_io.weights = { &device,
							 1 } };
	struct limits limits;

	if (!begin())
		return;
	put_empty("io.weight");
	put_empty("io.bfq.weight");
	CHECK(limits_plan(&resources, &limits, &err) == 0);
	fault_arm(2, EOPNOTSUPP);
	CHECK(limits_apply(folder_fd, &limits, &err) == 0);
	CHECK(fault_fired());
	CHECK(has_text("io.weight", ""));
	CHECK(has_text("io.bfq.weight", "8:0 500"));
	CHECK(unlinkat(folder_fd, "io.bfq.weight", 0) == 0);
	fault_arm(2, EOPNOTSUPP);
	CHECK(limits_apply(folder_fd, &limits, &err) == -EOPNOTSUPP);
	CHECK(strstr(err.text, "write '8:0 4950' to 'io.weight'"));
	(void)fault_fired();
	end();
}

int main(void)
{
	RUN(test_every_call_fails);
	RUN(test_a_refused_quota_follows_its_burst);
	RUN(test_a_device_is_weighed_by_what_it_has);
	return check_done();
}
