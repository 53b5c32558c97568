// SPDX-License-Identifier: MIT
/*
 * supervise_keep_test - entries with descriptors outlive who kept them
 *
 * With a real pair of sockets, and agents that are killed between any two
 * steps.
 */
/* wrap: sendmsg recvmsg recv setsockopt */
#include "supervise/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"

#define NAMES  5
#define ROUNDS 150

FAULT_WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags),
	(fd, m, flags))
FAULT_WRAP(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags),
	(fd, m, flags))
FAULT_WRAP(ssize_t, recv, (int fd, void *to, size_t size, int flags),
	(fd, to, size, flags))
FAULT_WRAP(int, setsockopt,
	(int fd, int level, int name, const void *value, socklen_t size),
	(fd, level, name, value, size))

static int ends[2]; /* as process 1 holds them */
static struct keep keep;

static void open_store(int buffer_bytes)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	for (int i = 0; i < 2; i++)
		(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &buffer_bytes,
			sizeof(buffer_bytes));
}

static void close_store(void)
{
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* A new agent: all it has is the sockets. */
static void begin_agent(void)
{
	memset(&keep, 0, sizeof(keep));
	CHECK(keep_open(&keep, fcntl(ends[0], F_DUPFD_CLOEXEC, 0),
		      fcntl(ends[1], F_DUPFD_CLOEXEC, 0), NULL) == 0);
}

static struct keep_entry entry_of(const char *name, uint64_t value)
{
	struct keep_entry entry = { .pid = (int32_t)value };

	(void)snprintf(entry.name, sizeof(entry.name), "%s", name);
	entry.start_ticks = value * 3;
	return entry;
}

/* Its descriptor is a file in memory that says the same as the entry. */
static int put(const char *name, uint64_t value, struct error *err)
{
	struct keep_entry entry = entry_of(name, value);
	int fds[KEEP_FDS] = KEEP_NO_FDS;
	int result;

	fds[KEEP_FD_STDERR] = memfd_create("entry", MFD_CLOEXEC);
	fds[KEEP_FD_SPOOL_OUT] = fcntl(fds[KEEP_FD_STDERR], F_DUPFD_CLOEXEC, 0);
	if (write(fds[KEEP_FD_STDERR], &entry, sizeof(entry)) < 0)
		abort();
	result = keep_put(&keep, &entry, fds, err);
	fd_close(&fds[KEEP_FD_STDERR]);
	fd_close(&fds[KEEP_FD_SPOOL_OUT]);
	return result;
}

/* What a load found. */
static struct {
	size_t count;
	char names[1024][KEEP_NAME_SIZE];
	uint64_t values[1024];
} found;

static void visit(void *context, const struct keep_entry *entry,
	int fds[KEEP_FDS])
{
	struct keep_entry said;

	(void)context;
	(void)snprintf(found.names[found.count], KEEP_NAME_SIZE, "%s",
		entry->name);
	found.values[found.count++] = (uint64_t)entry->pid;
	CHECK(entry->start_ticks == (uint64_t)entry->pid * 3);
	CHECK(fds[KEEP_FD_PROCESS] == -1 && fds[KEEP_FD_STDOUT] == -1);
	CHECK(pread(fds[KEEP_FD_STDERR], &said, sizeof(said), 0) ==
		sizeof(said));
	CHECK(strcmp(said.name, entry->name) == 0 && said.pid == entry->pid);
	CHECK(pread(fds[KEEP_FD_SPOOL_OUT], &said, sizeof(said), 0) ==
		sizeof(said));
	for (size_t i = 0; i < KEEP_FDS; i++)
		fd_close(&fds[i]);
}

static int load(void)
{
	memset(&found, 0, sizeof(found));
	return keep_load(&keep, visit, NULL, NULL);
}

static uint64_t value_of(const char *name)
{
	uint64_t value = 0;
	unsigned int times = 0;

	for (size_t i = 0; i < found.count; i++) {
		if (strcmp(found.names[i], name) == 0) {
			value = found.values[i];
			times++;
		}
	}
	CHECK(times <= 1);
	return value;
}

static void test_the_next_one_finds_all(void)
{
	unsigned int before = fault_count_fds();

	open_store(1 << 20);
	begin_agent();
	CHECK(load() == 0 && found.count == 0);
	CHECK(put("web", 1, NULL) == 0);
	CHECK(put("db", 2, NULL) == 0);
	CHECK(put("web", 3, NULL) == 0);
	CHECK(put("old", 4, NULL) == 0);
	CHECK(keep_forget(&keep, "old", NULL) == 0);
	CHECK(keep_forget(&keep, "never", NULL) == 0);
	for (int i = 0; i < 3; i++) { /* to look takes nothing out */
		keep_close(&keep);
		begin_agent();
		CHECK(load() == 0);
		CHECK(found.count == 2);
		CHECK(value_of("web") == 3 && value_of("db") == 2);
	}
	CHECK(put("old", 5, NULL) == 0);
	CHECK(load() == 0);
	CHECK(found.count == 3 && value_of("old") == 5);
	keep_close(&keep);
	close_store();
	CHECK(fault_count_fds() == before);
}

/* A process and its pipe, by the descriptors alone. */
static int process_fd = -1, output_fd = -1;

static void take_process(void *context, const struct keep_entry *entry,
	int fds[KEEP_FDS])
{
	(void)context;
	(void)entry;
	process_fd = fds[KEEP_FD_PROCESS];
	output_fd = fds[KEEP_FD_STDOUT];
}

static void test_processes_and_pipes(void)
{
	struct keep_entry entry = entry_of("web", 1);
	int fds[KEEP_FDS] = KEEP_NO_FDS;
	siginfo_t info = { 0 };
	int pipes[2];
	char byte;
	pid_t pid;

	CHECK(pipe2(pipes, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0)
		_exit(write(pipes[1], "x", 1) == 1 ? 7 : 1);
	(void)close(pipes[1]);
	open_store(1 << 20);
	begin_agent();
	fds[KEEP_FD_PROCESS] = (int)syscall(SYS_pidfd_open, pid, 0);
	fds[KEEP_FD_STDOUT] = pipes[0];
	CHECK(keep_put(&keep, &entry, fds, NULL) == 0);
	(void)close(fds[KEEP_FD_PROCESS]);
	(void)close(pipes[0]);
	keep_close(&keep);

	begin_agent();
	CHECK(keep_load(&keep, take_process, NULL, NULL) == 0);
	CHECK(read(output_fd, &byte, 1) == 1 && byte == 'x');
	CHECK(waitid(P_PIDFD, (id_t)process_fd, &info, WEXITED) == 0);
	CHECK(info.si_pid == pid && info.si_status == 7);
	fd_close(&process_fd);
	fd_close(&output_fd);
	keep_close(&keep);
	close_store();
}

/* Takes the head as it is, so that a test can change and send it again. */
static void take_head(struct keep_entry *out)
{
	CHECK(recv(ends[1], out, sizeof(*out), MSG_DONTWAIT) == sizeof(*out));
}

static void test_what_is_not_whole_is_passed_over(void)
{
	static char long_one[20000];
	struct keep_entry entry;

	open_store(1 << 20);
	begin_agent();
	CHECK(put("web", 1, NULL) == 0);
	take_head(&entry); /* now without its descriptors */
	CHECK(send(ends[0], &entry, sizeof(entry), 0) > 0);
	entry.checksum ^= 1;
	CHECK(send(ends[0], &entry, sizeof(entry), 0) > 0);
	entry.version++;
	CHECK(send(ends[0], &entry, sizeof(entry), 0) > 0);
	CHECK(send(ends[0], "", 0, 0) == 0);
	CHECK(send(ends[0], &entry, 10, 0) == 10);
	CHECK(send(ends[0], long_one, sizeof(long_one), 0) > 0);
	CHECK(put("db", 2, NULL) == 0);
	CHECK(send(ends[0], &entry, sizeof(entry) - 1, 0) > 0);
	keep_close(&keep);
	begin_agent();
	CHECK(load() == 7);
	CHECK(found.count == 1 && value_of("db") == 2);

	/* it all goes in time, and what counts stays */
	for (uint64_t i = 0; i < 1000; i++)
		CHECK(put("web", i, NULL) == 0);
	CHECK(load() == 0);
	CHECK(found.count == 2 && value_of("db") == 2);
	CHECK(value_of("web") == 999);
	keep_close(&keep);
	close_store();
}

static void test_the_queue_stays_short(void)
{
	char name[16];

	open_store(4 << 20);
	begin_agent();
	for (uint64_t i = 0; i < 5000; i++) {
		(void)snprintf(name, sizeof(name), "w%d", (int)(i % 50));
		CHECK(put(name, i, NULL) == 0);
		CHECK(keep.queued <= 2 * 50 + KEEP_SPARE + 1);
	}
	keep_close(&keep);
	begin_agent();
	CHECK(load() == 0);
	CHECK(found.count == 50);
	CHECK(keep.queued <= 2 * 50 + KEEP_SPARE + 1);
	keep_close(&keep);
	close_store();
}

/* When there is nothing else to do, hardly more than what counts is left. */
static void test_the_queue_is_tidied(void)
{
	char name[16];

	open_store(4 << 20);
	begin_agent();
	for (uint64_t i = 0; i < 3200; i++) {
		(void)snprintf(name, sizeof(name), "w%d", (int)(i % 800));
		CHECK(put(name, i, NULL) == 0);
	}
	for (int i = 0; i < 10; i++)
		keep_tidy(&keep);
	CHECK(keep.live == 800 && keep.queued <= 900);
	keep_close(&keep);
	begin_agent();
	CHECK(load() == 0);
	CHECK(found.count == 800 && keep.queued <= 900);
	CHECK(value_of("w0") == 2400 && value_of("w799") == 3199);
	keep_close(&keep);
	close_store();
}

/* Nothing goes round without its descriptors when no more can be opened. */
static void test_no_descriptors_left(void)
{
	struct rlimit before, few;
	char name[16];

	open_store(4 << 20);
	begin_agent();
	CHECK(put("stays", 7, NULL) == 0);
	for (uint64_t i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "w%d", (int)(i % 20));
		CHECK(put(name, i, NULL) == 0);
	}
	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	few = before;
	few.rlim_cur = (rlim_t)dup(0) + 1; /* room for that one alone */
	(void)close((int)few.rlim_cur - 1);
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	keep_tidy(&keep);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK(load() == 0 && found.count == 21);
	keep_tidy(&keep);
	CHECK(keep.queued <= 23);
	keep_close(&keep);
	begin_agent();
	CHECK(load() == 0 && found.count == 21 && value_of("stays") == 7);
	keep_close(&keep);
	close_store();
}

/* More names than there ever is room for, one after the other. */
static void test_names_come_and_go(void)
{
	struct error err;
	char name[16];

	open_store(4 << 20);
	begin_agent();
	CHECK(put("stays", 7, NULL) == 0);
	for (int i = 0; i < 3 * KEEP_ENTRIES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "w%d", i);
		CHECK(put(name, 1, NULL) == 0);
		CHECK(keep_forget(&keep, name, &err) == 0);
	}
	CHECK(keep.live == 1);
	CHECK(put("w5", 5, NULL) == 0);
	CHECK(load() == 0);
	CHECK(found.count == 2 && value_of("w5") == 5);
	CHECK(value_of("stays") == 7);
	keep_close(&keep);
	close_store();
}

/* Nobody is thrown out for want of room. */
static void test_a_full_store(void)
{
	struct error err = { 0 };
	char name[16];
	uint64_t count = 0;

	open_store(4608); /* the kernel's least */
	begin_agent();
	for (; count < 60 && err.code == 0; count++) {
		(void)snprintf(name, sizeof(name), "w%d", (int)count);
		(void)put(name, count + 1, &err);
	}
	CHECK(err.code == -EAGAIN);
	CHECK(strstr(err.text, "keep 'w") && strstr(err.text, "store"));
	CHECK(keep_forget(&keep, "w0", &err) == -EAGAIN);
	CHECK(load() == 0);
	CHECK(found.count == count - 1 && value_of("w0") == 1);
	keep_close(&keep);
	close_store();
}

static void test_faults(void)
{
	unsigned int before = fault_count_fds();
	bool fired = true;

	for (unsigned int nth = 1; fired && nth < 500; nth++) {
		open_store(1 << 20);
		begin_agent();
		CHECK(load() == 0);
		CHECK(put("db", 1, NULL) == 0);
		fault_arm(nth, ENOBUFS);
		for (uint64_t i = 1; i <= 80; i++)
			(void)put("web", i, NULL); /* one of them fails */
		(void)load();
		fired = fault_fired();
		keep_close(&keep);
		begin_agent();
		CHECK(load() == 0);
		CHECK(found.count == 2 && value_of("db") == 1);
		CHECK(value_of("web") >= 79);
		keep_close(&keep);
		close_store();
		if (!CHECK(fault_count_fds() == before))
			printf("# with call %u\n", nth);
	}
	CHECK(!fired);
}

/* What an agent was about to keep, and what it has kept, seen from outside. */
static struct {
	uint64_t begun[NAMES];
	uint64_t done[NAMES];
} * shared;

static _Noreturn void be_agent(unsigned int seed)
{
	begin_agent();
	if (load() < 0)
		_exit(1);
	for (;;) {
		int at = rand_r(&seed) % NAMES;
		char name[16];

		(void)snprintf(name, sizeof(name), "w%d", at);
		shared->begun[at] = shared->done[at] + 1;
		if (put(name, shared->begun[at], NULL) < 0)
			_exit(2);
		shared->done[at] = shared->begun[at];
		if (at == 0)
			keep_tidy(&keep);
	}
}

static void kill_at_random(unsigned int seed)
{
	struct timespec until = { .tv_nsec = rand_r(&seed) % 3000000 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		be_agent(seed);
	(void)nanosleep(&until, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status));
}

static void test_killed_at_any_time(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	open_store(1 << 20);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		kill_at_random(round);
		begin_agent();
		CHECK(load() == 0);
		for (int i = 0; i < NAMES; i++) {
			char name[16];
			uint64_t value;

			(void)snprintf(name, sizeof(name), "w%d", i);
			value = value_of(name);
			if (!CHECK(value == shared->done[i] ||
				    value == shared->begun[i]))
				printf("# round %u: %s is %llu\n", round, name,
					(unsigned long long)value);
			shared->done[i] = value;
		}
		keep_close(&keep);
	}
	printf("# %llu kept in %d lives\n",
		(unsigned long long)(shared->done[0] + shared->done[1]),
		ROUNDS);
	CHECK(shared->done[0] > ROUNDS / 10);
	close_store();
	(void)munmap(shared, sizeof(*shared));
}

int main(void)
{
	RUN(test_the_next_one_finds_all);
	RUN(test_processes_and_pipes);
	RUN(test_what_is_not_whole_is_passed_over);
	RUN(test_the_queue_stays_short);
	RUN(test_the_queue_is_tidied);
	RUN(test_no_descriptors_left);
	RUN(test_names_come_and_go);
	RUN(test_a_full_store);
	RUN(test_faults);
	RUN(test_killed_at_any_time);
	return check_done();
}
