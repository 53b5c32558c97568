// SPDX-License-Identifier: MIT
/* tests of supervise when calls fail: starting up, and keeping a config */
/* wrap: openat mkdirat write fsync renameat unlinkat fstatat epoll_create1 epoll_ctl timerfd_create signalfd inotify_init1 inotify_add_watch socket bind sethostname */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "supervise/supervisor.h"

#define OLD "services:\n  old:\n    image: busybox\n"
#define NEW "services:\n  new:\n    image: busybox\n"

FAULT_WRAP(int, mkdirat, (int fd, const char *name, mode_t mode),
	(fd, name, mode))
FAULT_WRAP(ssize_t, write, (int fd, const void *data, size_t size),
	(fd, data, size))
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(int, renameat, (int from, const char *a, int to, const char *b),
	(from, a, to, b))
FAULT_WRAP(int, unlinkat, (int fd, const char *name, int flags),
	(fd, name, flags))
FAULT_WRAP(int, fstatat,
	(int fd, const char *name, struct stat *out, int flags),
	(fd, name, out, flags))
FAULT_WRAP(int, epoll_create1, (int flags), (flags))
FAULT_WRAP(int, epoll_ctl,
	(int fd, int what, int other, struct epoll_event *event),
	(fd, what, other, event))
FAULT_WRAP(int, timerfd_create, (int clock, int flags), (clock, flags))
FAULT_WRAP(int, signalfd, (int fd, const sigset_t *set, int flags),
	(fd, set, flags))
FAULT_WRAP(int, inotify_init1, (int flags), (flags))
FAULT_WRAP(int, inotify_add_watch, (int fd, const char *path, uint32_t mask),
	(fd, path, mask))
FAULT_WRAP(int, socket, (int family, int type, int protocol),
	(family, type, protocol))
FAULT_WRAP(int, bind, (int fd, const struct sockaddr *to, socklen_t size),
	(fd, to, size))

int __real_openat(int fd, const char *name, int flags, ...);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_openat(fd, name, flags, mode);
}

/* the machine that runs the tests keeps its name */
int __wrap_sethostname(const char *name, size_t size);
int __wrap_sethostname(const char *name, size_t size)
{
	(void)name;
	(void)size;
	return 0;
}

static struct supervisor supervisor;
static struct problems problems;
static char base[32];
static char folders[4][48];
static struct places_paths paths;
static const struct inheritance inheritance = INHERITANCE_NONE;

static void ignore(enum log_level level, const char *text)
{
	(void)level;
	(void)text;
}

static void begin(void)
{
	static const char *const names[] = { "config", "data", "run",
		"cgroup" };

	(void)snprintf(base, sizeof(base), "/tmp/tare-fault-XXXXXX");
	CHECK(mkdtemp(base) != NULL);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(folders[i], sizeof(folders[i]), "%s/%s", base,
			names[i]);
		CHECK(mkdir(folders[i], 0755) == 0);
	}
	paths = (struct places_paths){ folders[0], folders[1], folders[2],
		folders[3] };
	log_set_sink(ignore);
}

static void end(void)
{
	struct error err;

	log_set_sink(NULL);
	CHECK(fd_remove_tree(AT_FDCWD, base, &err) == 0);
}

static void put_config(const char *text)
{
	char path[80];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/compose.yaml", paths.config);
	file = fopen(path, "w");
	CHECK(file && fputs(text, file) >= 0);
	if (file)
		(void)fclose(file);
}

static void test_start_up(void)
{
	unsigned int nth = 1;
	unsigned int before;
	bool has_fired = true;

	begin();
	put_config("");
	before = fault_count_fds();
	for (; has_fired && nth < 2000; nth++) {
		struct error err = { 0 };
		int result;

		memset(&supervisor, 0, sizeof(supervisor));
		fault_arm(nth, EIO);
		result = supervisor_open(&supervisor, &paths, &inheritance,
			&err);
		has_fired = fault_fired();
		if (result < 0) {
			CHECK(has_fired && err.code == result);
			CHECK(strstr(err.text, ": ") != NULL);
		}
		supervisor_close(&supervisor);
		if (!CHECK(fault_count_fds() == before))
			printf("# fault %u: %s\n", nth, err.text);
	}
	CHECK(nth > 20);
	end();
}

/* With nothing to run, a run ends as soon as it is asked to. */
static void test_run(void)
{
	unsigned int nth = 1;
	unsigned int before;
	bool has_fired = true;

	begin();
	put_config("host: {name: edge-1}\n");
	before = fault_count_fds();
	for (; has_fired && nth < 2000; nth++) {
		struct error err = { 0 };
		int result;

		memset(&supervisor, 0, sizeof(supervisor));
		CHECK(supervisor_open(&supervisor, &paths, &inheritance,
			      &err) == 0);
		(void)kill(getpid(), SIGTERM);
		fault_arm(nth, EIO);
		result = supervisor_run(&supervisor, &err);
		has_fired = fault_fired();
		CHECK(result == 0 || has_fired);
		supervisor_close(&supervisor);
		if (!CHECK(fault_count_fds() == before))
			printf("# fault %u\n", nth);
	}
	CHECK(nth > 10);
	end();
}

static void load(int partition_fd, int data_fd, struct generation *generation,
	struct arena *arena, struct config *config)
{
	generation_load(partition_fd, data_fd, arena, generation, config,
		&problems);
}

static const char *kept_service(int data_fd)
{
	static char name[16];
	struct generation generation;
	auto_arena arena = { 0 };
	struct config config;

	load(-1, data_fd, &generation, &arena, &config);
	fd_close(&generation.folder_fd);
	(void)snprintf(name, sizeof(name), "%s",
		config.service_count ? config.services[0].name : "none");
	return name;
}

/* Whatever fails while a config is kept, the old or the new one is there. */
static void test_a_config_is_old_or_new(void)
{
	unsigned int nth = 1;
	bool has_fired = true;
	bool was_old = false;

	begin();

	auto_fd data_fd = open(paths.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd partition_fd =
		open(paths.config, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (; has_fired && nth < 2000; nth++) {
		struct generation generation;
		auto_arena arena = { 0 };
		struct config config;
		const char *kept;

		put_config(OLD);
		load(partition_fd, data_fd, &generation, &arena, &config);
		fd_close(&generation.folder_fd);
		arena_clear(&arena);
		CHECK(strcmp(kept_service(data_fd), "old") == 0);
		put_config(NEW);
		fault_arm(nth, ENOSPC);
		load(partition_fd, data_fd, &generation, &arena, &config);
		has_fired = fault_fired();
		fd_close(&generation.folder_fd);
		kept = kept_service(data_fd);
		was_old |= strcmp(kept, "old") == 0;
		CHECK(strcmp(kept, "old") == 0 || strcmp(kept, "new") == 0);
		/* and a config that could be read is the one that runs */
		CHECK(config.service_count == 1);
	}
	CHECK(was_old);
	CHECK(strcmp(kept_service(data_fd), "new") == 0);
	end();
}

int main(void)
{
	/* what the fabric makes is not made on the test's machine */
	if (geteuid() == 0 && unshare(CLONE_NEWNET) < 0)
		return 1;
	RUN(test_start_up);
	RUN(test_run);
	RUN(test_a_config_is_old_or_new);
	return check_done();
}
