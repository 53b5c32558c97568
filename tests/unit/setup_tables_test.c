// SPDX-License-Identifier: MIT
/*
 * setup_tables_test - the rows of setup, each failing in its turn, in a /proc
 * and /sys that exist only here
 */
/* wrap: mount mkdir open write sethostname clock_settime prlimit stat */
/* wrap: symlink fopen syscall */
int setup_main(void);
#define main setup_main
#include "setup.c"
#undef main

#include <fcntl.h>
#include <stdarg.h>

#include "check.h"

#define CALLS_MAX 512

/* what was asked of the kernel: "mount /proc", "/proc/sys/... = 1" */
static char calls[CALLS_MAX][160], notes[16384];
static unsigned calls_count;
static const char *failing; /* the call that fails */
static char opened[160];

__attribute__((format(printf, 1, 2))) static bool fails(const char *format, ...)
{
	char *call = calls[calls_count < CALLS_MAX - 1 ? calls_count++ : 0];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(call, sizeof(calls[0]), format, args);
	va_end(args);
	errno = EIO;
	return failing && strstr(call, failing);
}

int __wrap_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const void *options);
int __wrap_mount(const char *source, const char *target, const char *type,
	unsigned long flags, const void *options)
{
	(void)source;
	(void)type;
	(void)options;
	return fails("mount %s %lu", target, flags) ? -1 : 0;
}

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	(void)mode;
	return fails("mkdir %s", path) ? -1 : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	(void)flags;
	(void)mode;
	(void)snprintf(opened, sizeof(opened), "%s", path);
	if (fails("open %s", path))
		return -1;
	return __real_open(strstr(path, "threads-max")         ? "/proc/version"
			   : strstr(path, "watchdog0/timeout") ? "/dev/zero"
							       : "/dev/null",
		O_RDWR);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	size_t used = strlen(notes);

	if (strcmp(opened, say_notes_path) == 0 || fd == STDERR_FILENO) {
		if (fd != STDERR_FILENO)
			(void)snprintf(notes + used, sizeof(notes) - used,
				"%.*s", (int)length, (const char *)bytes);
		return (ssize_t)length;
	}
	return fails("%s = %.*s", opened, (int)length, (const char *)bytes)
		       ? -1
		       : (ssize_t)length;
}

int __wrap_sethostname(const char *name, size_t length);
int __wrap_sethostname(const char *name, size_t length)
{
	(void)length;
	return fails("name %s", name) ? -1 : 0;
}

int __wrap_clock_settime(clockid_t clock, const struct timespec *now);
int __wrap_clock_settime(clockid_t clock, const struct timespec *now)
{
	return fails("clock %d %lld", (int)clock, (long long)now->tv_sec) ? -1
									  : 0;
}

int __wrap_prlimit(pid_t pid, int resource, const struct rlimit *limit,
	struct rlimit *old);
int __wrap_prlimit(pid_t pid, int resource, const struct rlimit *limit,
	struct rlimit *old)
{
	(void)resource;
	(void)old;
	return fails("files %d %ld", pid, (long)limit->rlim_max) ? -1 : 0;
}

/* built in a time to come */
int __wrap_stat(const char *path, struct stat *out);
int __wrap_stat(const char *path, struct stat *out)
{
	memset(out, 0, sizeof(*out));
	out->st_mtim.tv_sec = 4102444800;
	return fails("stat %s", path) ? -1 : 0;
}

int __wrap_symlink(const char *target, const char *path);
int __wrap_symlink(const char *target, const char *path)
{
	return fails("link %s %s", path, target) ? -1 : 0;
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	return fails("file %s", path) ? NULL : __real_fopen("/dev/null", mode);
}

/* ioctl(2) of the loopback interface */
long __wrap_syscall(long number, int fd, unsigned long request, void *argument);
long __wrap_syscall(long number, int fd, unsigned long request, void *argument)
{
	(void)number;
	(void)fd;
	(void)argument;
	return fails("ioctl %lx", request) ? -1 : 0;
}

static int run(const char *fault)
{
	calls_count = 0;
	notes[0] = '\0';
	failing = fault;
	int result = setup_main();
	failing = NULL;
	return result;
}

static unsigned count(const char *text, const char *part)
{
	unsigned found = 0;

	for (; (text = strstr(text, part)); text++)
		found++;
	return found;
}

static bool has_called(const char *part)
{
	for (unsigned i = 0; i < calls_count; i++)
		if (strstr(calls[i], part))
			return true;
	return false;
}

static bool is_before(const char *one, const char *other)
{
	for (unsigned i = 0; i < calls_count; i++) {
		if (strstr(calls[i], one))
			return true;
		if (strstr(calls[i], other))
			return false;
	}
	return false;
}

static void test_all_is_well(void)
{
	CHECK(run(NULL) == EXIT_SUCCESS);
	CHECK(has_called("/proc/sys/kernel/panic = 5"));
	CHECK(has_called("/sys/kernel/rcu_expedited = 1"));
	CHECK(!has_called("/proc/sys//sys"));
	CHECK(has_called("workloads/pids.max = "));
	CHECK(has_called("link /etc/resolv.conf /run/tare/net/resolv.conf"));
	CHECK(is_before("mount /proc ", "/proc/sys/"));
	CHECK(is_before("mount /sys/fs/cgroup ", "cgroup.subtree_control"));
	CHECK(is_before("mkdir /sys/fs/cgroup/init", "memory.min"));
	CHECK(is_before("mount /etc ", "/etc/hosts"));
}

/* Every row of every table: when it fails, all others are done all the same,
 * and one sentence says what it was. */
static void test_one_row_fails(void)
{
	static const struct {
		const char *fault, *sentence;
		int status;
	} rows[] = {
		{ "mount /proc ", "mount '/proc'", EXIT_FAILURE },
		{ "mount /sys ", "mount '/sys'", EXIT_FAILURE },
		{ "mount /run ", "mount '/run'", EXIT_FAILURE },
		{ "mount /tmp ", "mount '/tmp'", EXIT_SUCCESS },
		{ "mount /dev/pts ", "mount '/dev/pts'", EXIT_SUCCESS },
		{ "mount /etc ", "mount '/etc'", EXIT_SUCCESS },
		{ "kernel/panic = ", "set 'kernel/panic'", EXIT_SUCCESS },
		{ "rcu_expedited = ", "rcu_expedited", EXIT_SUCCESS },
		{ "mkdir /sys/fs/cgroup/system/netd", "make the group",
			EXIT_SUCCESS },
		{ "/init/cpu.weight = ", "write '10000'", EXIT_SUCCESS },
		{ "workloads/pids.max = ", "pids.max", EXIT_SUCCESS },
		{ "name tare", "set the host name", EXIT_SUCCESS },
		{ "clock ", "set it:", EXIT_SUCCESS },
		{ "files 1 ", "limit the open files", EXIT_SUCCESS },
		{ "ioctl ", "loopback", EXIT_SUCCESS },
		{ "file /etc/hosts", "write '/etc/hosts'", EXIT_SUCCESS },
		{ "link /etc/machine-id", "'/etc/machine-id'", EXIT_SUCCESS },
		{ "open /sys/class/watchdog", "watchdog: none here",
			EXIT_SUCCESS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].fault);
		CHECK(run(rows[i].fault) == rows[i].status);
		CHECK(count(notes, rows[i].sentence) == 1);
		CHECK(rows[i].status || has_called("/etc/group"));
	}
}

/* a kernel without it: one sentence, not one for each group */
static void test_a_controller_is_missing(void)
{
	CHECK(run("= +io") == EXIT_SUCCESS);
	CHECK(count(notes, "'+io'") == 1);
	CHECK(has_called("/workloads/cgroup.subtree_control = +cpu"));
	CHECK(has_called("/workloads/cgroup.subtree_control = +memory"));
}

static void test_everything_fails(void)
{
	CHECK(run(" ") == EXIT_FAILURE);
}

int main(void)
{
	RUN(test_all_is_well);
	RUN(test_one_row_fails);
	RUN(test_a_controller_is_missing);
	RUN(test_everything_fails);
	return check_done();
}
