/* SPDX-License-Identifier: MIT */
/*
 * supervise_world - agents that are killed, and what runs on
 *
 * This process is process 1: it holds the store and the pipe of orphans, and
 * reaps. Each agent is a child that it kills with SIGKILL. A test that includes
 * this has the names of supervise_scene.h in its "wrap:" line.
 */
#ifndef TARE_SUPERVISE_WORLD_H
#define TARE_SUPERVISE_WORLD_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "supervise_scene.h"

static int store[2], orphans[2], beats[2];
static pid_t agent;
static unsigned int lives;

static inline void log_to_file(enum log_level level, const char *text)
{
	static int fd = -1;
	char path[64];

	(void)level;
	(void)snprintf(path, sizeof(path), "%s/agents", base);
	if (fd < 0)
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
			0600);
	(void)dprintf(fd, "%u %s\n", lives, text);
}

static inline char *file_text(const char *name)
{
	char *text = NULL;

	(void)fd_read_file(AT_FDCWD, name, 64 << 20, &text, NULL, NULL);
	return text ? text : calloc(1, 1);
}

/* What the agents have said so far. */
static inline char *said(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/agents", base);
	return file_text(path);
}

static inline bool has_said(const char *what)
{
	auto_free char *text = said();

	return strstr(text, what);
}

static inline void reap(pid_t pid, int status)
{
	const int32_t record[] = { pid, status };

	if (pid != agent)
		CHECK(write(orphans[1], record, sizeof(record)) ==
			sizeof(record));
}

/* Reaps, as process 1 does, until something is so. */
static inline bool wait_until(bool (*is_so)(const char *), const char *what)
{
	uint64_t deadline_ms = loop_now_ms() + DEADLINE_MS;
	struct timespec tick = { .tv_nsec = 1000000 };

	while (loop_now_ms() < deadline_ms) {
		int status;
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			reap(pid, status);
		if (is_so(what))
			return true;
		(void)nanosleep(&tick, NULL);
	}
	auto_free char *text = said();

	printf("# never: %s\n# %s\n", what, text);
	return false;
}

static inline bool has_beaten(const char *what)
{
	char byte;

	(void)what;
	return read(beats[0], &byte, 1) == 1;
}

static int copy_of(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static inline void start_agent(void)
{
	lives++;
	(void)fflush(stdout);
	agent = fork();
	if (agent == 0) {
		struct error err;

		log_set_sink(log_to_file);
		inheritance = (struct inheritance){ copy_of(beats[1]),
			copy_of(store[0]), copy_of(store[1]),
			copy_of(orphans[0]) };
		memset(&supervisor, 0, sizeof(supervisor));
		_exit(supervisor_open(&supervisor, &paths, &inheritance, &err) <
				0 ||
			supervisor_run(&supervisor, &err) < 0);
	}
}

/* Until it manages what there is. */
static inline void start_and_wait(void)
{
	start_agent();
	CHECK(wait_until(has_beaten, "heartbeat"));
}

static inline void kill_agent(void)
{
	char byte;

	(void)kill(agent, SIGKILL);
	(void)waitpid(agent, NULL, 0);
	while (read(beats[0], &byte, 1) == 1)
		;
}

static inline void begin_world(const char *config)
{
	begin(config);
	lives = 0;
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, store) ==
		0);
	CHECK(pipe2(orphans, O_CLOEXEC | O_NONBLOCK) == 0);
	CHECK(pipe2(beats, O_CLOEXEC | O_NONBLOCK) == 0);
}

static inline void end_world(void)
{
	struct error err;

	log_set_sink(NULL);
	links_end();
	for (int i = 0; i < 2; i++) {
		(void)close(store[i]);
		(void)close(orphans[i]);
		(void)close(beats[i]);
	}
	CHECK(fault_count_fds() == fds_before);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	CHECK(fd_remove_tree(AT_FDCWD, base, &err) == 0);
}

static inline bool has_no_child(const char *what)
{
	(void)what;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* The last agent stops everything in order. */
static inline void stop_world(void)
{
	(void)kill(agent, SIGTERM);
	CHECK(wait_until(has_no_child, "the end of all"));
}

/* The entry of a service as the next agent would find it. */
static struct keep_entry entry;
static const char *wanted;

static inline void visit(void *context, const struct keep_entry *found,
	int fds[KEEP_FDS])
{
	(void)context;
	if (strcmp(found->name, wanted) == 0)
		entry = *found;
	for (size_t i = 0; i < KEEP_FDS; i++)
		fd_close(&fds[i]);
}

static inline const struct keep_entry *entry_of(const char *service)
{
	static struct keep keep;

	memset(&keep, 0, sizeof(keep));
	memset(&entry, 0, sizeof(entry));
	wanted = service;
	CHECK(keep_open(&keep, copy_of(store[0]), copy_of(store[1]), NULL) ==
		0);
	CHECK(keep_load(&keep, visit, NULL, NULL) >= 0);
	keep_close(&keep);
	return &entry;
}

#endif
