// SPDX-License-Identifier: MIT
/* found - processes of workloads as cgroupfs and /proc have them */
#include "supervise/found.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/cgroup.h"
#include "run/range.h"
#include "supervise/sandbox.h"

#define DEPTH_MAX     40 /* cgroup_parent (63 characters)/NAME@1 */
#define PROCESSES_MAX 4096
#define STATUS_MAX    8192

/* A small file of /proc, whole and terminated; false when it is not there. */
static bool read_proc(const char *path, char *out, size_t size)
{
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	/* one read has all of it, or as much as there is room for */
	ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);

	if (got < 0)
		return false;
	out[got] = '\0';
	return true;
}

uint64_t found_start_ticks(pid_t pid)
{
	char text[1024];
	char path[48];
	char *at;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	/* the name, in brackets, may have any character; field 3 follows */
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

bool found_has_executed(pid_t pid)
{
	char path[48];
	struct stat own;
	struct stat its;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	return stat("/proc/self/exe", &own) == 0 && stat(path, &its) == 0 &&
	       (own.st_ino != its.st_ino || own.st_dev != its.st_dev);
}

uint64_t found_inode(int pid_fd)
{
	struct stat status;

	return fstat(pid_fd, &status) == 0 ? status.st_ino : 0;
}

pid_t found_process(int pid_fd)
{
	char text[1024];
	char path[48];
	const char *line;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pid_fd);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	line = strstr(text, "\nPid:");
	return line ? (pid_t)strtol(line + 5, NULL, 10) : 0;
}

/* Whether it is number 1 in a pid namespace made in ours, not further in. */
static bool is_first(pid_t pid)
{
	char text[STATUS_MAX];
	char path[48];
	const char *line;
	const char *last;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	line = read_proc(path, text, sizeof(text)) ? strstr(text, "\nNSpid:")
						   : NULL;
	if (!line)
		return false;
	line += strlen("\nNSpid:");
	text[(size_t)(line - text) + strcspn(line, "\n")] = '\0';
	last = *line ? strchr(line + 1, '\t') : NULL;
	return last && text_equal(last + 1, "1");
}

static pid_t first_of(int dir_fd)
{
	static pid_t pids[PROCESSES_MAX];
	int count = cgroup_processes(dir_fd, pids, PROCESSES_MAX, NULL);
	uint64_t best_ticks = UINT64_MAX;
	pid_t best = 0;

	for (int i = 0; i < count && i < PROCESSES_MAX; i++) {
		uint64_t ticks = found_start_ticks(pids[i]);

		if (ticks > 0 && is_first(pids[i]))
			return pids[i];
		if (ticks > 0 &&
			(ticks < best_ticks ||
				(ticks == best_ticks && pids[i] < best))) {
			best_ticks = ticks;
			best = pids[i];
		}
	}
	return best;
}

/* A read end of the pipe that a descriptor of the process is, or -1. */
static int open_output(pid_t pid, int number)
{
	char path[64];
	struct statfs kind;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, number);

	auto_fd fd = open(path, O_PATH | O_CLOEXEC);

	/* looked at before it is opened: to open a device may do something */
	if (fd < 0 || fstatfs(fd, &kind) < 0 || kind.f_type != PIPEFS_MAGIC)
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/*
 * The first id of its user namespace here, 0 when that is the machine's. One
 * that it made itself has some of the ids that it was given.
 */
static uint32_t first_id_of(pid_t pid)
{
	char text[128];
	char path[48];
	unsigned long outside;
	char *end;

	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	if (!read_proc(path, text, sizeof(text)))
		return 0;
	(void)strtoul(text, &end, 10);
	outside = strtoul(end, NULL, 10);
	return outside <= UINT32_MAX
		       ? (uint32_t)outside / RANGE_SIZE * RANGE_SIZE
		       : 0;
}

static void look_at_process(int dir_fd, struct found *out)
{
	pid_t pid = first_of(dir_fd);

	if (pid <= 0)
		return;
	out->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (out->pid_fd < 0)
		return;
	out->start_ticks = found_start_ticks(pid);
	out->first_id = first_id_of(pid);
	out->outputs[0] = open_output(pid, STDOUT_FILENO);
	out->outputs[1] = open_output(pid, STDERR_FILENO);
	out->pid = pid;
}

struct search {
	found_is_known_fn *is_known;
	found_fn *visit;
	void *context;
};

static void look_at_container(const struct search *search, int dir_fd,
	const char *path)
{
	struct found found = { .pid_fd = -1, .outputs = { -1, -1 } };
	const char *slash = strrchr(path, '/');

	(void)text_copy(found.cgroup, sizeof(found.cgroup), path);
	(void)text_copy(found.service, sizeof(found.service),
		slash ? slash + 1 : path);
	*strrchr(found.service, *SANDBOX_CGROUP_END) = '\0';
	if (cgroup_read(dir_fd, "cgroup.events", "populated") == 0)
		return;
	look_at_process(dir_fd, &found);
	search->visit(search->context, &found);
}

static bool is_container(const char *name)
{
	size_t length = strlen(name);
	size_t end = strlen(SANDBOX_CGROUP_END);

	return length > end &&
	       text_equal(name + length - end, SANDBOX_CGROUP_END);
}

static int walk(const struct search *search, int dir_fd, const char *path,
	int depth, struct error *err);

static int visit_group(const struct search *search, int dir_fd,
	const char *path, const char *name, int depth)
{
	char below[192];
	int length = snprintf(below, sizeof(below), "%s%s%s", path,
		*path ? "/" : "", name);

	if (length < 0 || (size_t)length >= sizeof(below) ||
		search->is_known(search->context, below))
		return 0;

	auto_fd fd = openat(dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return 0; /* gone meanwhile */
	if (is_container(name))
		look_at_container(search, fd, below);
	else if (depth < DEPTH_MAX)
		return walk(search, fd, below, depth + 1, NULL);
	return 0;
}

static int walk(const struct search *search, int dir_fd, const char *path,
	int depth, struct error *err)
{
	auto_fd list_fd =
		openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = list_fd < 0 ? NULL : fdopendir(list_fd);
	const struct dirent *entry;

	if (!dir)
		return error_errno(err, "list the cgroup '%s'", path);
	list_fd = -1; /* closed with dir */
	while ((entry = readdir(dir))) {
		/* one that cannot be looked at hides no other */
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			(void)visit_group(search, dir_fd, path, entry->d_name,
				depth);
	}
	return 0;
}

int found_search(int workloads_fd, found_is_known_fn *is_known, found_fn *visit,
	void *context, struct error *err)
{
	const struct search search = { is_known, visit, context };

	return walk(&search, workloads_fd, "", 1, err);
}
