// SPDX-License-Identifier: MIT
/*
 * run_join_test - a process in namespaces that are there already
 *
 * wrap: setns mmap sigprocmask
 */
#include "run/join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"

FAULT_WRAP(int, setns, (int fd, int flag), (fd, flag))
FAULT_WRAP(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old),
	(how, set, old))
FAULT_WRAP(void *, mmap,
	(void *at, size_t size, int prot, int flags, int fd, off_t offset),
	(at, size, prot, flags, fd, offset))

#define TIMEOUT_MS 10000

static const char *const files[OCI_NAMESPACE_COUNT] = { "user", "pid", "net",
	"ipc", "uts", "cgroup", "time", "mnt" };

/* A process that sleeps in namespaces of its own. */
struct target {
	pid_t pid;
	int pid_fd;
	struct stat ns[OCI_NAMESPACE_COUNT];
};

/* What a process in joined namespaces sees of itself. */
struct sight {
	struct stat ns[OCI_NAMESPACE_COUNT];
	pid_t pid;
	int dumpable;
	int blocked; /* SIGUSR1 */
	int marker;  /* of the caller's memory */
	int64_t monotonic_s;
};

static int marker;
static struct error err;
static const char *missing;

static void write_map(pid_t pid, const char *name)
{
	char path[64];
	auto_fd fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0 0 65536", 9) != 9)
		abort();
}

static void look(const char *who, struct stat *ns)
{
	for (int i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", who,
			files[i]);
		if (stat(path, &ns[i]) < 0)
			ns[i] = (struct stat){ 0 };
	}
}

static void target_begin(struct target *target, uint64_t flags)
{
	struct clone_args args = { .flags = CLONE_PIDFD | flags,
		.pidfd = (uint64_t)(uintptr_t)&target->pid_fd,
		.exit_signal = SIGCHLD };
	int go[2];
	char name[16];

	if (pipe2(go, O_CLOEXEC) < 0)
		abort();
	target->pid = kernel_clone3(&args);
	if (target->pid == 0) {
		(void)close(go[1]);
		(void)read(go[0], name, 1);
		for (;;)
			(void)pause();
	}
	if (target->pid < 0)
		abort();
	if (flags & CLONE_NEWUSER) {
		write_map(target->pid, "uid_map");
		write_map(target->pid, "gid_map");
	}
	(void)snprintf(name, sizeof(name), "%d", (int)target->pid);
	look(name, target->ns);
	(void)close(go[0]);
	(void)close(go[1]);
}

static void target_end(struct target *target)
{
	(void)kill(target->pid, SIGKILL);
	(void)waitpid(target->pid, NULL, 0);
	fd_close(&target->pid_fd);
}

/* Runs in the joined namespaces: tells what it sees through a pipe. */
static void tell(void *context)
{
	const int *fd = context;
	struct sight sight = { .pid = getpid(),
		.dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
		.marker = marker };
	struct timespec now;
	sigset_t mask;

	look("self", sight.ns);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	sight.monotonic_s = now.tv_sec;
	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	sight.blocked = sigismember(&mask, SIGUSR1);
	(void)write(*fd, &sight, sizeof(sight));
	_exit(42);
}

/* Joins, reads what the process saw, reaps it; 0 or what join_clone said. */
static int join_and_look(const struct join *join, uint64_t flags,
	struct sight *sight)
{
	int pid_fd = -1;
	int fds[2];
	struct clone_args args = { .flags = CLONE_PIDFD | flags,
		.pidfd = (uint64_t)(uintptr_t)&pid_fd,
		.exit_signal = SIGCHLD };
	struct pollfd end;
	siginfo_t info = { .si_pid = 0 };
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	err = (struct error){ .code = 0 };
	marker = 7;
	pid = join_clone(join, &args, tell, &fds[1], &err);
	marker = 0;
	fd_close(&fds[1]);
	if (pid > 0) {
		end = (struct pollfd){ .fd = pid_fd, .events = POLLIN };
		CHECK(fd_read_full(fds[0], sight, sizeof(*sight)) ==
			(ssize_t)sizeof(*sight));
		CHECK(poll(&end, 1, TIMEOUT_MS) == 1);
		CHECK(waitid(P_PIDFD, (id_t)pid_fd, &info, WEXITED) == 0);
		CHECK(info.si_pid == pid && info.si_status == 42);
	}
	fd_close(&fds[0]);
	fd_close(&pid_fd);
	return pid > 0 ? 0 : pid;
}

static bool is_in(const struct sight *sight, const struct stat *ns, int kind)
{
	if (sight->ns[kind].st_ino != 0 &&
		sight->ns[kind].st_ino == ns[kind].st_ino)
		return true;
	printf("# not in the %s namespace\n", files[kind]);
	return false;
}

/* A spec that joins these kinds of the target by path. */
static void make_spec(struct oci_spec *spec, const struct target *target,
	const int *kinds)
{
	static char paths[OCI_NAMESPACE_COUNT][64];

	*spec = (struct oci_spec){ .version = "1.3.0" };
	for (; *kinds >= 0; kinds++) {
		(void)snprintf(paths[*kinds], sizeof(paths[0]),
			"/proc/%d/ns/%s", (int)target->pid, files[*kinds]);
		spec->namespaces[*kinds].is_asked = true;
		spec->namespaces[*kinds].path = paths[*kinds];
	}
}

#define KINDS(...) ((const int[]){ __VA_ARGS__, -1 })

static void test_joins_by_path(void)
{
	struct target target;
	struct oci_spec spec;
	struct join join;
	struct sight sight;
	struct stat ours[OCI_NAMESPACE_COUNT];

	look("self", ours);
	target_begin(&target, CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
				      CLONE_NEWUTS | CLONE_NEWCGROUP |
				      CLONE_NEWNS);
	make_spec(&spec, &target,
		KINDS(OCI_NAMESPACE_PID, OCI_NAMESPACE_NETWORK,
			OCI_NAMESPACE_IPC, OCI_NAMESPACE_UTS));
	CHECK(join_open(&spec, &join, &err) == 0);
	CHECK(!join_is_empty(&join));
	if (CHECK(join_and_look(&join, 0, &sight) == 0)) {
		CHECK(is_in(&sight, target.ns, OCI_NAMESPACE_PID));
		CHECK(is_in(&sight, target.ns, OCI_NAMESPACE_NETWORK));
		CHECK(is_in(&sight, target.ns, OCI_NAMESPACE_IPC));
		CHECK(is_in(&sight, target.ns, OCI_NAMESPACE_UTS));
		CHECK(is_in(&sight, ours, OCI_NAMESPACE_MOUNT));
		CHECK(is_in(&sight, ours, OCI_NAMESPACE_CGROUP));
		CHECK(sight.pid == 2);
		CHECK(sight.marker == 7);
		CHECK(sight.blocked == 0);
	}
	/* new ones together with joined ones */
	if (CHECK(join_and_look(&join, CLONE_NEWNS | CLONE_NEWCGROUP, &sight) ==
		    0)) {
		const struct stat *mount = &sight.ns[OCI_NAMESPACE_MOUNT];

		CHECK(mount->st_ino != ours[OCI_NAMESPACE_MOUNT].st_ino);
		CHECK(is_in(&sight, target.ns, OCI_NAMESPACE_NETWORK));
		CHECK(mount->st_ino != target.ns[OCI_NAMESPACE_MOUNT].st_ino);
	}
	join_clear(&join);
	CHECK(join_is_empty(&join));
	target_end(&target);
}

/* Some belong to the joined user namespace, some to ours. */
static void test_joins_a_user_namespace(void)
{
	struct target inner;
	struct target outer;
	struct oci_spec spec;
	struct join join;
	struct sight sight;

	target_begin(&inner,
		CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS);
	target_begin(&outer, CLONE_NEWNET);
	make_spec(&spec, &inner,
		KINDS(OCI_NAMESPACE_USER, OCI_NAMESPACE_PID,
			OCI_NAMESPACE_MOUNT, OCI_NAMESPACE_UTS));
	CHECK(join_open(&spec, &join, &err) == 0);
	if (CHECK(join_and_look(&join, 0, &sight) == 0)) {
		CHECK(is_in(&sight, inner.ns, OCI_NAMESPACE_USER));
		CHECK(is_in(&sight, inner.ns, OCI_NAMESPACE_PID));
		CHECK(is_in(&sight, inner.ns, OCI_NAMESPACE_MOUNT));
		CHECK(sight.dumpable == 0);
	}
	join_clear(&join);

	make_spec(&spec, &outer, KINDS(OCI_NAMESPACE_NETWORK));
	spec.namespaces[OCI_NAMESPACE_USER] = (struct oci_namespace){
		.is_asked = true,
		.path = "/proc/self/ns/user",
	};
	CHECK(join_open(&spec, &join, &err) == 0);
	CHECK(join.fds[OCI_NAMESPACE_USER] == -1); /* it is our own */
	join_clear(&join);

	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)inner.pid);
	spec.namespaces[OCI_NAMESPACE_USER].path = path;
	CHECK(join_open(&spec, &join, &err) == 0);
	if (CHECK(join_and_look(&join, 0, &sight) == 0)) {
		CHECK(is_in(&sight, inner.ns, OCI_NAMESPACE_USER));
		CHECK(is_in(&sight, outer.ns, OCI_NAMESPACE_NETWORK));
	} else {
		printf("# %s\n", err.text);
	}
	join_clear(&join);
	target_end(&inner);
	target_end(&outer);
	CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
}

static void test_joins_a_process(void)
{
	struct target target;
	struct join join;
	struct sight sight;

	target_begin(&target, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
				      CLONE_NEWIPC | CLONE_NEWUTS |
				      CLONE_NEWNS | CLONE_NEWTIME |
				      CLONE_NEWCGROUP);
	if (CHECK(join_open_process(target.pid_fd, target.pid, &join, &err) ==
		    0)) {
		CHECK(join.flags & CLONE_NEWUSER);
		if (CHECK(join_and_look(&join, 0, &sight) == 0)) {
			for (int i = 0; i < OCI_NAMESPACE_COUNT; i++)
				CHECK(is_in(&sight, target.ns, i));
			CHECK(sight.pid == 2);
			CHECK(sight.dumpable == 0);
		} else {
			printf("# %s\n", err.text);
		}
	}
	join_clear(&join);
	target_end(&target);
}

static void test_tells_that_the_process_ended(void)
{
	struct target target;
	struct join join;

	target_begin(&target, CLONE_NEWUTS);
	(void)kill(target.pid, SIGKILL);
	(void)waitpid(target.pid, NULL, 0);
	CHECK(join_open_process(target.pid_fd, target.pid, &join, &err) ==
		-ESRCH);
	CHECK(strstr(err.text, "it has ended"));
	/* another process has got its number */
	CHECK(join_open_process(target.pid_fd, getpid(), &join, &err) ==
		-ESRCH);
	CHECK(join_is_empty(&join));
	fd_close(&target.pid_fd);

	/* its own namespaces are ours: nothing to join */
	target_begin(&target, 0);
	CHECK(join_open_process(target.pid_fd, target.pid, &join, &err) == 0);
	CHECK(join_is_empty(&join));
	target_end(&target);
}

static void test_refuses_what_is_no_namespace(void)
{
	static const struct {
		const char *path, *why;
		int code;
	} rows[] = {
		{ "ns/net", "it is not an absolute path", -EINVAL },
		{ "/proc/self/ns/uts", "it is a namespace of kind 'uts'",
			-EINVAL },
		{ "/proc/self/status", "it is not a namespace", -EINVAL },
		{ "/proc/self/ns", "it is not a namespace", -EINVAL },
		{ "/tmp/not-there/net", "No such file or directory", -ENOENT },
	};
	unsigned int before = fault_count_fds();
	struct join join;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_spec spec = { .version = "1.3.0" };

		check_row(rows[i].path);
		spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
		spec.namespaces[OCI_NAMESPACE_NETWORK].path = rows[i].path;
		CHECK(join_open(&spec, &join, &err) == rows[i].code);
		CHECK(strstr(err.text, "join the network namespace '"));
		CHECK(strstr(err.text, rows[i].why));
		CHECK(join_is_empty(&join));
	}
	check_row(NULL);
	CHECK(fault_count_fds() == before);
}

static void test_refuses_a_fifo_at_once(void)
{
	char path[64];
	struct oci_spec spec = { .version = "1.3.0" };
	struct join join;

	(void)snprintf(path, sizeof(path), "/tmp/tare-fifo-%d", (int)getpid());
	if (mkfifo(path, 0600) < 0)
		abort();
	spec.namespaces[OCI_NAMESPACE_IPC].is_asked = true;
	spec.namespaces[OCI_NAMESPACE_IPC].path = path;
	CHECK(join_open(&spec, &join, &err) == -EINVAL);
	(void)unlink(path);
}

static void test_tells_the_errors_of_the_other_side(void)
{
	struct join join = JOIN_NONE;
	struct sight sight;

	/* a descriptor that was exchanged */
	join.fds[OCI_NAMESPACE_NETWORK] =
		open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	CHECK(join_and_look(&join, 0, &sight) == -EINVAL);
	CHECK(strstr(err.text, "join the network namespace: Invalid"));
	join_clear(&join);
	/* the one that the new process joins itself */
	join.fds[OCI_NAMESPACE_CGROUP] =
		open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	CHECK(join_and_look(&join, 0, &sight) == -EINVAL);
	CHECK(strstr(err.text, "join the cgroup namespace: Invalid"));
	join_clear(&join);
	/* clone3 fails */
	CHECK(join_and_look(&join, CLONE_NEWNS | CLONE_FS, &sight) == -EINVAL);
	CHECK(strstr(err.text, "make the container's process: Invalid"));
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static int open_hostname(void *context)
{
	char *name = context;

	(void)gethostname(name, 64);
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void test_visits_a_namespace(void)
{
	struct target target;
	char path[64];
	char ours[64] = "";
	char before[64] = "";
	char there[64] = "";
	int fd;

	(void)gethostname(before, sizeof(before));
	target_begin(&target, CLONE_NEWUTS);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)target.pid);

	auto_fd uts_fd = open(path, O_RDONLY | O_CLOEXEC);

	fd = join_visit(uts_fd, CLONE_NEWUTS, open_hostname, there);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	fd_close(&fd);
	CHECK(strcmp(there, before) == 0 && there[0]);
	(void)gethostname(ours, sizeof(ours));
	CHECK(strcmp(ours, before) == 0);
	CHECK(join_visit(uts_fd, CLONE_NEWNET, open_hostname, there) ==
		-EINVAL);
	CHECK(join_visit(-1, CLONE_NEWUTS, open_hostname, there) == -EBADF);
	target_end(&target);
}

static void test_joins_a_time_namespace(void)
{
	struct target target;
	struct oci_spec spec;
	struct join join;
	struct sight sight;

	target_begin(&target, CLONE_NEWTIME);
	make_spec(&spec, &target, KINDS(OCI_NAMESPACE_TIME));
	CHECK(join_open(&spec, &join, &err) == 0);
	if (CHECK(join_and_look(&join, 0, &sight) == 0)) {
		CHECK(is_in(&sight, target.ns, OCI_NAMESPACE_TIME));
		CHECK(sight.marker == 7);
	}
	join_clear(&join);
	target_end(&target);
}

/* In a child: a new time namespace, and what the clock says there. */
static int run_new_time(int64_t secs, int64_t *ahead_s)
{
	struct oci_time_offset offset = { .is_set = true, .secs = secs };
	struct oci_time_offset none = { .is_set = false };
	int64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct timespec before;
	int status;
	pid_t pid;

	if (shared == MAP_FAILED)
		abort();
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	pid = fork();
	if (pid == 0) {
		auto_fd proc_fd = open("/proc", O_PATH | O_CLOEXEC);
		struct timespec now;
		int result = join_new_time(proc_fd, &offset, &none, &err);

		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		shared[0] = now.tv_sec;
		if (result < 0)
			printf("# %s\n", err.text);
		(void)fflush(stdout);
		_exit(-result);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		abort();
	*ahead_s = shared[0] - before.tv_sec;
	(void)munmap(shared, 4096);
	return -WEXITSTATUS(status);
}

static void test_makes_a_time_namespace(void)
{
	int64_t ahead_s = 0;

	CHECK(run_new_time(100000, &ahead_s) == 0);
	CHECK(ahead_s >= 100000 && ahead_s < 100000 + 3600);
	/* before the clock's start */
	CHECK(run_new_time(-1000000000, &ahead_s) == -ERANGE);
}

static void test_leaves_nothing_when_a_call_fails(void)
{
	unsigned int before = fault_count_fds();
	struct target target;
	struct oci_spec spec;
	struct join join;
	struct sight sight;
	unsigned int nth = 1;

	target_begin(&target, CLONE_NEWUTS | CLONE_NEWIPC);
	make_spec(&spec, &target, KINDS(OCI_NAMESPACE_UTS, OCI_NAMESPACE_IPC));
	CHECK(join_open(&spec, &join, &err) == 0);
	for (;; nth++) {
		int result;

		fault_arm(nth, EPERM);
		result = join_and_look(&join, 0, &sight);
		if (!fault_fired()) {
			CHECK(result == 0);
			break;
		}
		/* giving the signal mask back cannot fail usefully */
		CHECK(result == -EPERM || result == 0);
		CHECK(result == 0 || err.text[0] != '\0');
		CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
	}
	CHECK(nth > 4);
	join_clear(&join);
	target_end(&target);
	CHECK(fault_count_fds() == before);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

int main(void)
{
	if (geteuid() != 0)
		missing = "needs root";
	if (missing) {
		check_skip(missing);
		return check_done();
	}
	RUN(test_joins_by_path);
	RUN(test_joins_a_user_namespace);
	RUN(test_joins_a_process);
	RUN(test_tells_that_the_process_ended);
	RUN(test_refuses_what_is_no_namespace);
	RUN(test_refuses_a_fifo_at_once);
	RUN(test_tells_the_errors_of_the_other_side);
	RUN(test_visits_a_namespace);
	RUN(test_joins_a_time_namespace);
	RUN(test_makes_a_time_namespace);
	RUN(test_leaves_nothing_when_a_call_fails);
	return check_done();
}
