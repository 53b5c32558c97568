// SPDX-License-Identifier: MIT
/*
 * run_fault_test - every call of a start fails once, and nothing is left
 *
 * The counter lies in memory that the container's process shares, so that its
 * calls count too. A start may survive a fault only if the container is then
 * exactly as it is without one.
 */
/* wrap: syscall open openat mkdirat pipe2 fcntl read write fstat mknodat */
/* wrap: symlinkat dup2 fchown fchdir chdir setgroups setresgid setresuid */
/* wrap: prctl poll setsid sethostname sigprocmask memfd_create unlinkat */
/* wrap: waitid pread fstatfs getcwd lseek access faccessat fstatat */
/* wrap: socketpair sendmsg recvmsg send recv */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "check.h"
#include "run_fixture.h"

#define CALLS_MAX 2000

static struct {
	atomic_uint calls;
	atomic_uint at;
	char name[32]; /* of the call that was struck */
} * fault;

static struct fixture box;

static void arm(unsigned int nth)
{
	atomic_store(&fault->calls, 0);
	atomic_store(&fault->at, nth);
}

/* Takes the fault away; true when it has struck. */
static bool disarm(void)
{
	unsigned int nth = atomic_exchange(&fault->at, 0);

	return nth > 0 && atomic_load(&fault->calls) >= nth;
}

static bool strikes(const char *name)
{
	if (!fault || atomic_load(&fault->at) == 0 ||
		atomic_fetch_add(&fault->calls, 1) + 1 !=
			atomic_load(&fault->at))
		return false;
	(void)snprintf(fault->name, sizeof(fault->name), "%s", name);
	errno = EIO;
	return true;
}

#define WRAP(type, name, parameters, arguments)                             \
	type __real_##name parameters;                                      \
	type __wrap_##name parameters;                                      \
	type __wrap_##name parameters                                       \
	{                                                                   \
		return strikes(#name) ? (type)-1 : __real_##name arguments; \
	}

WRAP(long, syscall, (long n, long a, long b, long c, long d, long e),
	(n, a, b, c, d, e))
WRAP(int, open, (const char *p, int f, mode_t m), (p, f, m))
WRAP(int, openat, (int d, const char *p, int f, mode_t m), (d, p, f, m))
WRAP(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m))
WRAP(int, pipe2, (int *p, int f), (p, f))
WRAP(int, fcntl, (int fd, int c, long a), (fd, c, a))
WRAP(ssize_t, read, (int fd, void *p, size_t s), (fd, p, s))
WRAP(ssize_t, write, (int fd, const void *p, size_t s), (fd, p, s))
WRAP(ssize_t, pread, (int fd, void *p, size_t s, off_t o), (fd, p, s, o))
WRAP(int, fstat, (int fd, struct stat *s), (fd, s))
WRAP(int, mknodat, (int d, const char *p, mode_t m, dev_t v), (d, p, m, v))
WRAP(int, symlinkat, (const char *c, int d, const char *p), (c, d, p))
WRAP(int, dup2, (int a, int b), (a, b))
WRAP(int, fchown, (int fd, uid_t u, gid_t g), (fd, u, g))
WRAP(int, fchdir, (int fd), (fd))
WRAP(int, chdir, (const char *p), (p))
WRAP(int, setgroups, (size_t n, const gid_t *g), (n, g))
WRAP(int, setresgid, (gid_t a, gid_t b, gid_t c), (a, b, c))
WRAP(int, setresuid, (uid_t a, uid_t b, uid_t c), (a, b, c))
WRAP(int, prctl, (int o, long a, long b, long c, long d), (o, a, b, c, d))
WRAP(int, poll, (struct pollfd * p, nfds_t n, int t), (p, n, t))
WRAP(pid_t, setsid, (void), ())
WRAP(int, sigprocmask, (int h, const sigset_t *s, sigset_t *o), (h, s, o))
WRAP(int, memfd_create, (const char *n, unsigned int f), (n, f))
WRAP(int, unlinkat, (int d, const char *p, int f), (d, p, f))
WRAP(int, waitid, (idtype_t t, id_t i, siginfo_t *s, int f), (t, i, s, f))
WRAP(int, socketpair, (int d, int t, int p, int *fds), (d, t, p, fds))
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int f), (fd, m, f))
WRAP(ssize_t, recvmsg, (int fd, struct msghdr *m, int f), (fd, m, f))
WRAP(ssize_t, send, (int fd, const void *p, size_t s, int f), (fd, p, s, f))
WRAP(ssize_t, recv, (int fd, void *p, size_t s, int f), (fd, p, s, f))
WRAP(int, fstatat, (int d, const char *p, struct stat *s, int f), (d, p, s, f))
WRAP(int, fstatfs, (int fd, struct statfs *s), (fd, s))
WRAP(off_t, lseek, (int fd, off_t o, int w), (fd, o, w))
WRAP(int, access, (const char *p, int m), (p, m))
WRAP(int, faccessat, (int d, const char *p, int m, int f), (d, p, m, f))

/* A step that never ends, as one on a dead file system would be. */
static bool is_stuck;

int __real_sethostname(const char *name, size_t size);
int __wrap_sethostname(const char *name, size_t size);
int __wrap_sethostname(const char *name, size_t size)
{
	while (is_stuck)
		(void)pause();
	return strikes("sethostname") ? -1 : __real_sethostname(name, size);
}

char *__real_getcwd(char *buffer, size_t size);
char *__wrap_getcwd(char *buffer, size_t size);
char *__wrap_getcwd(char *buffer, size_t size)
{
	return strikes("getcwd") ? NULL : __real_getcwd(buffer, size);
}

static unsigned int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int count = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		count += c == '\n';
	if (file)
		(void)fclose(file);
	return count;
}

static unsigned int count_fds(void)
{
	auto_dir dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	return count;
}

/* What must not differ, whatever failed. */
static const char *const report[] = { "/bin/sh", "-c",
	"grep -E 'Cap|Sec|New|Sig[BIC]|Groups|[UG]id' /proc/self/status; "
	"busybox sed s/,uuid=on// /proc/self/mounts; "
	"cat /proc/self/oom_score_adj; ls /dev /proc/1/fd; "
	"hostname; pwd; umask; env; ulimit -n",
	NULL };

struct state {
	unsigned int fds;
	unsigned int mounts;
};

static struct state look(void)
{
	return (struct state){ count_fds(),
		count_lines("/proc/self/mountinfo") };
}

static bool is_clean(const struct state *before)
{
	struct state now = look();
	bool ok = CHECK(now.fds == before->fds);

	ok &= CHECK(now.mounts == before->mounts);
	ok &= CHECK(faccessat(box.workloads_fd, "box", F_OK, 0) < 0);
	ok &= CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	return ok;
}

static bool begin(void)
{
	static const struct oci_rlimit rlimits[] = { { 7, 100, 200 } };
	static struct oci_mount mount;

	fault = mmap(NULL, sizeof(*fault), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fault == MAP_FAILED)
		abort();
	if (!fixture_open(&box, NULL)) {
		check_skip(fixture_missing);
		return false;
	}
	mount = (struct oci_mount){ .destination = "/data/volume",
		.kind = OCI_MOUNT_BIND,
		.attributes = MOUNT_ATTR_RDONLY,
		.source_fd = open(fixture_path(&box, "volume"),
			O_PATH | O_CLOEXEC) };
	fixture_set_mounts(&box, &mount, 1);
	box.spec.process.rlimits = rlimits;
	box.spec.process.rlimit_count = 1;
	box.spec.process.cwd = "/made";
	box.spec.process.oom_score_adj = OCI_NUMBER(100);
	box.spec.root_readonly = true;
	return true;
}

static void new_root(void)
{
	fd_close(&box.root_fd);
	if (fixture_mount_root(&box, true) < 0)
		abort();
}

/* The container that survived must be as good as one without a fault. */
static bool is_whole(const char *expected)
{
	bool ok = CHECK(fixture_finish(&box) == 0);

	if (!CHECK(strcmp(box.output, expected) == 0)) {
		printf("# wanted: %s\n# got: %s\n", expected, box.output);
		ok = false;
	}
	ok &= CHECK(container_clear(&box.container, box.workloads_fd,
			    &box.err) == 0);
	return ok;
}

static void fail_each_call_of_a_start(void)
{
	static char expected[FIXTURE_OUTPUT];
	struct state before;
	unsigned int survived = 0;
	unsigned int nth;

	CHECK(fixture_start(&box, report) == 0 && fixture_finish(&box) == 0 &&
		container_clear(&box.container, box.workloads_fd, &box.err) ==
			0);
	memcpy(expected, box.output, sizeof(expected));
	new_root();
	before = look();
	for (nth = 1; nth < CALLS_MAX; nth++) {
		char label[32];
		int result;
		bool fired;

		(void)snprintf(label, sizeof(label), "call %u", nth);
		check_row(label);
		box.err = (struct error){ .code = 0 };
		arm(nth);
		result = fixture_start(&box, report);
		fired = disarm();
		if (result == 0) {
			survived += fired;
			if (!is_whole(expected))
				break;
		} else {
			CHECK(box.err.text[0] && box.err.code == result);
			CHECK(strchr(box.err.text, ':'));
		}
		if (getenv("VERBOSE"))
			printf("# %u %s: %d %s\n", nth, fault->name, result,
				box.err.text);
		new_root();
		if (!is_clean(&before) || !fired)
			break;
	}
	check_row(NULL);
	printf("# %u calls failed in turn, %u did not matter\n", nth - 1,
		survived);
	CHECK(nth > 100 && nth < CALLS_MAX);
	(void)close(box.mounts[DOCKER_MOUNT_COUNT].source_fd);
	fixture_close(&box);
}

static void test_a_failing_start_leaves_nothing(void)
{
	if (!begin())
		return;
	fail_each_call_of_a_start();
}

/* There the maker has more to do: maps, mounts with other owners, /dev. */
static void test_a_failing_start_with_users_leaves_nothing(void)
{
	if (!begin())
		return;
	box.mounts[DOCKER_MOUNT_COUNT].idmap = OCI_IDMAP;
	fixture_set_users(&box);
	fail_each_call_of_a_start();
}

static int execute(struct container *out)
{
	const struct oci_process process = { .args = report,
		.env = fixture_env,
		.cwd = "/tmp" };
	const struct container_exec_request request = {
		.container = &box.container,
		.spec = &box.spec,
		.process = &process,
	};

	return container_exec(&request, out, &box.err);
}

static void test_a_failing_exec_leaves_nothing(void)
{
	static const char *const sleeper[] = { "sleep", "1000", NULL };
	struct state before;
	unsigned int nth;

	if (!begin())
		return;
	CHECK(fixture_start(&box, sleeper) == 0);
	before = look();
	for (nth = 1; nth < CALLS_MAX; nth++) {
		struct container out = CONTAINER_NONE;
		char label[32];
		int result;
		bool fired;

		(void)snprintf(label, sizeof(label), "call %u", nth);
		check_row(label);
		box.err = (struct error){ .code = 0 };
		arm(nth);
		result = execute(&out);
		fired = disarm();
		CHECK(result == 0 ||
			(box.err.text[0] && box.err.code == result));
		CHECK(container_clear(&out, -1, NULL) == 0);
		CHECK(look().fds == before.fds);
		CHECK(container_reap(&box.container, &box.err) == -EAGAIN);
		if (!fired)
			break;
	}
	check_row(NULL);
	printf("# %u calls failed in turn\n", nth - 1);
	CHECK(nth > 40 && nth < CALLS_MAX);
	(void)close(box.mounts[DOCKER_MOUNT_COUNT].source_fd);
	fixture_close(&box);
}

/* A clear that fails can be done again. */
static void test_a_failing_clear_can_be_repeated(void)
{
	static const char *const sleeper[] = { "sleep", "1000", NULL };
	struct state before;
	unsigned int nth;

	if (!begin())
		return;
	before = look();
	for (nth = 1; nth < 100; nth++) {
		char label[32];
		bool fired;

		(void)snprintf(label, sizeof(label), "call %u", nth);
		check_row(label);
		CHECK(fixture_start(&box, sleeper) == 0);
		arm(nth);
		(void)container_clear(&box.container, box.workloads_fd,
			&box.err);
		fired = disarm();
		CHECK(container_clear(&box.container, box.workloads_fd,
			      &box.err) == 0);
		new_root();
		if (!is_clean(&before) || !fired)
			break;
	}
	check_row(NULL);
	CHECK(nth > 3 && nth < 100);
	(void)close(box.mounts[DOCKER_MOUNT_COUNT].source_fd);
	fixture_close(&box);
}

static void test_a_start_that_hangs_is_given_up(void)
{
	struct state before;

	if (!begin())
		return;
	before = look();
	is_stuck = true;
	CHECK(fixture_start(&box, report) == -ETIMEDOUT);
	is_stuck = false;
	CHECK(strstr(box.err.text,
		"start the container: its process did not get to its program "
		"within 10 s"));
	CHECK(is_clean(&before));
	(void)close(box.mounts[DOCKER_MOUNT_COUNT].source_fd);
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_a_failing_start_leaves_nothing);
	RUN(test_a_failing_start_with_users_leaves_nothing);
	RUN(test_a_failing_exec_leaves_nothing);
	RUN(test_a_failing_clear_can_be_repeated);
	RUN(test_a_start_that_hangs_is_given_up);
	return check_done();
}
