// SPDX-License-Identifier: MIT
/* cgroup - a container's folder in cgroupfs v2 */
#include "run/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define DEPTH_MAX  64
#define TRIES_MAX  8 /* others remove and make the same parents */
#define COUNT(set) (sizeof(set) / sizeof((set)[0]))

/* What every cgroup gets, asked for or not: it counts what a container uses. */
static const char *const counting[] = { "cpu", "io", "memory", "pids" };

static int check_path(const char *path, struct error *err)
{
	const char *at = path;

	while (*at) {
		size_t length = strcspn(at, "/");

		if (length == 0 || at[0] == '.')
			break;
		at += length;
		if (at[0] == '/' && at[1])
			at++;
	}
	if (*at || !*path || strchr(path, '\n'))
		return error_set(err, -EINVAL,
			"make cgroup '%s': that is no path for one", path);
	if (strlen(path) >= CGROUP_PATH_SIZE)
		return error_set(err, -ENAMETOOLONG,
			"make cgroup '%.100s...': more than %d characters",
			path, CGROUP_PATH_SIZE - 1);
	return 0;
}

static int open_folder(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Reads a small file whole, which takes one read in cgroupfs; or nothing. */
static void read_text(int dir_fd, const char *file, char *out, size_t size)
{
	auto_fd fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? 0 : read(fd, out, size - 1);

	out[count < 0 ? 0 : count] = '\0';
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " \n")) {
		size_t here = strcspn(at, " \n");

		if (here == length && memcmp(at, word, length) == 0)
			return true;
		at += here;
	}
	return false;
}

/* "+cpu" to the controllers of dir_fd's children. */
static int add_controller(int dir_fd, const char *controller)
{
	char buffer[64];
	struct text change;

	text_init(&change, buffer, sizeof(buffer));
	text_add(&change, "+%s", controller);
	if (change.is_cut)
		return -EINVAL;
	return fd_write_file(dir_fd, "cgroup.subtree_control", buffer, NULL);
}

static int hand_down(int dir_fd, const char *controller, unsigned int depth)
{
	struct statfs status;
	auto_fd parent = -1;
	int result;

	if (depth > DEPTH_MAX || fstatfs(dir_fd, &status) < 0 ||
		status.f_type != CGROUP2_SUPER_MAGIC)
		return -EOPNOTSUPP; /* above the hierarchy: nobody has it */
	result = add_controller(dir_fd, controller);
	if (result == -EINVAL) /* the kernel knows no such word */
		return -EOPNOTSUPP;
	if (result == -EOPNOTSUPP) /* processes of its own made it threaded */
		return -EBUSY;
	if (result != -ENOENT) /* not among cgroup.controllers */
		return result;
	parent = open_folder(dir_fd, "..");
	result = parent < 0 ? -errno : hand_down(parent, controller, depth + 1);
	return result < 0 ? result : add_controller(dir_fd, controller);
}

int cgroup_hand_down(int dir_fd, const char *controller, struct error *err)
{
	int result = hand_down(dir_fd, controller, 0);

	switch (result) {
	case 0:
		return 0;
	case -EOPNOTSUPP:
		return error_set(err, result,
			"there is no %s controller in cgroup v2 here",
			controller);
	case -EBUSY:
		return error_set(err, result,
			"a cgroup above has processes of its own, so it cannot "
			"hand down the %s controller",
			controller);
	default:
		return error_set(err, result, "hand down the %s controller: %s",
			controller, strerror(-result));
	}
}

/*
 * Hands down those of the controllers available, as cgroup.controllers has
 * them. Best effort: what a limit needs and is not there is found out then.
 */
static void hand_down_counting(int dir_fd, const char *available)
{
	char buffer[64];
	struct text change;

	text_init(&change, buffer, sizeof(buffer));
	for (size_t i = 0; i < COUNT(counting); i++) {
		if (has_word(available, counting[i]))
			text_add(&change, " +%s", counting[i]);
	}
	if (change.used == 0 || fd_write_file(dir_fd, "cgroup.subtree_control",
					buffer, NULL) == 0)
		return;
	for (size_t i = 0; i < COUNT(counting); i++) { /* one is refused */
		if (has_word(available, counting[i]))
			(void)add_controller(dir_fd, counting[i]);
	}
}

/* Makes one folder above the leaf; *has_made: one was made before. */
static int make_parent(int root_fd, const char *path, bool *has_made,
	struct error *err)
{
	bool is_first = !*has_made;
	auto_fd fd = -1;
	char have[256];

	if (mkdirat(root_fd, path, 0755) < 0)
		return errno == EEXIST
			       ? 0
			       : error_errno(err, "make cgroup '%s'", path);
	*has_made = true;
	fd = open_folder(root_fd, path);
	if (fd < 0)
		return error_errno(err, "open cgroup '%s'", path);
	read_text(fd, "cgroup.controllers", have, sizeof(have));
	if (is_first && !has_word(have, "memory")) {
		read_text(root_fd, "cgroup.controllers", have, sizeof(have));
		hand_down_counting(root_fd, have);
		read_text(fd, "cgroup.controllers", have, sizeof(have));
	}
	hand_down_counting(fd, have);
	return 0;
}

static int make_parents(int root_fd, const char *path, bool *has_made,
	struct error *err)
{
	char part[CGROUP_PATH_SIZE];
	int result = 0;

	(void)text_copy(part, sizeof(part), path); /* its length was checked */
	for (char *slash = strchr(part, '/'); slash && slash[1] && result == 0;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		result = make_parent(root_fd, part, has_made, err);
		*slash = '/';
	}
	return result;
}

/*
 * What a dead maker left may go. Where somebody lives nothing does, not even
 * the empty cgroups next to them.
 */
static int remove_left(int root_fd, const char *path, struct error *err)
{
	auto_fd fd = open_folder(root_fd, path);

	if (fd >= 0 && cgroup_read(fd, "cgroup.events", "populated") > 0)
		return error_set(err, -EBUSY,
			"make cgroup '%s': it is in use; give the container a "
			"path of its own",
			path);
	return cgroup_remove(root_fd, path, err);
}

static int make_leaf(int root_fd, const char *path, bool *has_made,
	struct error *err)
{
	for (unsigned int i = 0; i < TRIES_MAX; i++) {
		int result;

		if (mkdirat(root_fd, path, 0755) == 0)
			return 0;
		if (errno == ENOENT)
			result = make_parents(root_fd, path, has_made, err);
		else if (errno == EEXIST)
			result = remove_left(root_fd, path, err);
		else
			result = error_errno(err, "make cgroup '%s'", path);
		if (result < 0 && result != -ENOENT)
			return result;
	}
	return error_set(err, -EBUSY, "make cgroup '%s': others remove it",
		path);
}

int cgroup_make(int root_fd, const char *path, struct error *err)
{
	bool has_made = false;
	int result = check_path(path, err);
	int fd = -1;

	if (result < 0)
		return result;
	result = make_leaf(root_fd, path, &has_made, err);
	if (result == 0) {
		fd = open_folder(root_fd, path);
		if (fd >= 0)
			return fd;
		result = error_errno(err, "open cgroup '%s'", path);
		(void)unlinkat(root_fd, path, AT_REMOVEDIR); /* best effort */
	}
	if (has_made)
		(void)cgroup_prune(root_fd, path, NULL); /* the same */
	return result;
}

int cgroup_open(int root_fd, const char *path, struct error *err)
{
	int result = check_path(path, err);
	int fd;

	if (result < 0)
		return result;
	fd = open_folder(root_fd, path);
	return fd < 0 ? error_errno(err, "open cgroup '%s'", path) : fd;
}

/* Calls visit for every cgroup in dir_fd, and stops when it fails. */
static int each_child(int dir_fd,
	int (*visit)(int dir_fd, const char *name, void *context),
	void *context)
{
	int copy = open_folder(dir_fd, ".");
	auto_dir dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		result = -errno;
		fd_close(&copy);
		return result;
	}
	while (result == 0 && (entry = readdir(dir))) {
		if (entry->d_type == DT_DIR &&
			strcmp(entry->d_name, ".") != 0 &&
			strcmp(entry->d_name, "..") != 0)
			result = visit(dir_fd, entry->d_name, context);
	}
	return result;
}

/* Removes a cgroup with those in it; none has a process. */
static int remove_tree(int dir_fd, const char *name, void *context)
{
	unsigned int *depth = context;
	auto_fd fd = -1;
	int result;

	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	fd = open_folder(dir_fd, name);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (++*depth > DEPTH_MAX)
		return -ELOOP;
	result = each_child(fd, remove_tree, context);
	--*depth;
	if (result < 0)
		return result;
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT
		       ? -errno
		       : 0;
}

int cgroup_remove(int root_fd, const char *path, struct error *err)
{
	unsigned int depth = 0;
	int result = check_path(path, err);

	if (result < 0)
		return result;
	result = remove_tree(root_fd, path, &depth);
	return result < 0 ? error_set(err, result, "remove cgroup '%s': %s",
				    path, strerror(-result))
			  : 0;
}

int cgroup_prune(int root_fd, const char *path, struct error *err)
{
	char part[CGROUP_PATH_SIZE];
	int result = check_path(path, err);
	char *slash;

	if (result < 0)
		return result;
	(void)text_copy(part, sizeof(part), path);
	while ((slash = strrchr(part, '/'))) {
		*slash = '\0';
		if (unlinkat(root_fd, part, AT_REMOVEDIR) == 0 ||
			errno == ENOENT)
			continue;
		if (errno == EBUSY || errno == ENOTEMPTY)
			return 0; /* another container lives there */
		return error_errno(err, "remove cgroup '%s'", part);
	}
	return 0;
}

int cgroup_kill(int dir_fd, struct error *err)
{
	return fd_write_file(dir_fd, "cgroup.kill", "1", err);
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The number in text, or the one after key. */
static uint64_t find_number(const char *text, const char *key)
{
	const char *at = text;
	size_t length = key ? strlen(key) : 0;

	while (key && at) {
		if (strncmp(at, key, length) == 0 && at[length] == ' ')
			break;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at ? strtoull(at + length, NULL, 10) : 0;
}

/* Waits until cgroup.events says that key has this value. */
static int wait_event(int dir_fd, const char *key, uint64_t value,
	unsigned int timeout_ms)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	auto_fd fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	/* it is gone, and with it all that was in it */
	if (fd < 0)
		return errno == ENOENT && value == 0 ? 0 : -errno;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLPRI };
		char events[128];
		ssize_t count = pread(fd, events, sizeof(events) - 1, 0);
		int64_t left_ms;

		if (count < 0) /* the same */
			return errno == ENODEV && value == 0 ? 0 : -errno;
		events[count] = '\0';
		if (find_number(events, key) == value)
			return 0;
		left_ms = deadline_ms - now_ms();
		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}

int cgroup_wait_empty(int dir_fd, unsigned int timeout_ms)
{
	return wait_event(dir_fd, "populated", 0, timeout_ms);
}

int cgroup_freeze(int dir_fd, bool freeze, unsigned int timeout_ms,
	struct error *err)
{
	int result =
		fd_write_file(dir_fd, "cgroup.freeze", freeze ? "1" : "0", err);

	if (result < 0)
		return error_prefix(err, "%s the container",
			freeze ? "freeze" : "thaw");
	result = wait_event(dir_fd, "frozen", freeze, timeout_ms);
	if (result == 0)
		return 0;
	if (freeze)
		(void)fd_write_file(dir_fd, "cgroup.freeze", "0", NULL);
	if (result == -ETIMEDOUT)
		return error_set(err, result,
			"%s the container: a process of it has not stopped "
			"after %u ms",
			freeze ? "freeze" : "thaw", timeout_ms);
	return error_set(err, result, "%s the container: %s",
		freeze ? "freeze" : "thaw", strerror(-result));
}

struct processes {
	pid_t *out;
	size_t max;
	size_t count;
	unsigned int depth;
};

/* Calls visit for each number in the file until it says true. */
static bool each_number(int fd, bool (*visit)(void *context, long number),
	void *context)
{
	char buffer[4096];
	long number = 0;
	ssize_t count;

	while ((count = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < count; i++) {
			if (buffer[i] != '\n') {
				number = number * 10 + (buffer[i] - '0');
				continue;
			}
			if (visit(context, number))
				return true;
			number = 0;
		}
	}
	return false;
}

static bool add_process(void *context, long number)
{
	struct processes *processes = context;

	/* 0 is one that our pid namespace does not see */
	if (number > 0 && processes->count++ < processes->max)
		processes->out[processes->count - 1] = (pid_t)number;
	return false;
}

static int list_processes(int dir_fd, const char *name, void *context)
{
	struct processes *processes = context;
	auto_fd dir = open_folder(dir_fd, name);
	auto_fd file = -1;
	int result;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	file = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return errno == ENODEV || errno == ENOENT ? 0 : -errno;
	/* a threaded one cannot be read; its processes are in the one above */
	(void)each_number(file, add_process, processes);
	if (++processes->depth > DEPTH_MAX)
		return -ELOOP;
	result = each_child(dir, list_processes, context);
	processes->depth--;
	return result;
}

int cgroup_processes(int dir_fd, pid_t *out, size_t max, struct error *err)
{
	struct processes processes = { .max = max };
	int result;

	processes.out = out;
	result = list_processes(dir_fd, ".", &processes);
	return result < 0 ? error_set(err, result,
				    "list the container's processes: %s",
				    strerror(-result))
			  : (int)processes.count;
}

/* A search for the cgroup in which a process is. */
struct search {
	pid_t pid;
	int fd; /* the answer */
	unsigned int depth;
};

static bool is_process(void *context, long number)
{
	return ((const struct search *)context)->pid == number;
}

static int search_process(int dir_fd, const char *name, void *context)
{
	struct search *search = context;
	auto_fd dir = open_folder(dir_fd, name);
	auto_fd file = -1;
	int result;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	file = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (file >= 0 && each_number(file, is_process, search)) {
		search->fd = fd_take(&dir);
		return 1;
	}
	if (++search->depth > DEPTH_MAX)
		return -ELOOP;
	result = each_child(dir, search_process, context);
	search->depth--;
	return result;
}

int cgroup_open_process(int dir_fd, pid_t pid, struct error *err)
{
	struct search search = { .pid = pid, .fd = -1 };
	int result = search_process(dir_fd, ".", &search);

	if (result == 0)
		result = -ESRCH;
	return result < 0 ? error_set(err, result,
				    "find the cgroup of process %d: %s",
				    (int)pid, strerror(-result))
			  : search.fd;
}

uint64_t cgroup_read(int dir_fd, const char *file, const char *key)
{
	char content[4096];

	read_text(dir_fd, file, content, sizeof(content));
	return find_number(content, key);
}

int cgroup_watch(int dir_fd, const char *file)
{
	int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

uint64_t cgroup_watch_read(int fd, const char *key)
{
	char content[512];
	ssize_t count = pread(fd, content, sizeof(content) - 1, 0);

	content[count < 0 ? 0 : count] = '\0';
	return find_number(content, key);
}
