// SPDX-License-Identifier: MIT
/* folder - where a container's state is kept: ROOT/ID, mode 0700 */
#include "oci/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define DEFAULT_ROOT           "/run/tare-oci"
#define LOCK_WAIT_S            10
#define ALLOWED                "-+._0123456789" LETTERS
#define LETTERS                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define INITIAL_USER_NAMESPACE 0xeffffffdU /* <linux/proc_ns.h> */
#define FOLDER_FLAGS           (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

uid_t folder_user(void)
{
	return (uid_t)getauxval(AT_EUID);
}

int folder_check_id(const char *id, struct error *err)
{
	size_t length = strlen(id);
	size_t good = strspn(id, ALLOWED);

	if (length == 0)
		return error_set(err, -EINVAL, "the container id is empty");
	if (length > FOLDER_ID_MAX)
		return error_set(err, -ENAMETOOLONG,
			"the container id has %zu bytes, over %d", length,
			FOLDER_ID_MAX);
	if (good < length)
		return error_set(err, -EINVAL,
			"container id '%s': byte %zu is not a letter, a digit or one of '_+.-'",
			id, good + 1);
	if (*id == '.')
		return error_set(err, -EINVAL,
			"container id '%s' begins with a dot", id);
	return 0;
}

bool folder_is_users(void)
{
	struct stat status;

	if (folder_user() != 0)
		return true;
	return stat("/proc/self/ns/user", &status) == 0 &&
	       status.st_ino != INITIAL_USER_NAMESPACE;
}

static int default_root(char *out, size_t size, struct error *err)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");

	if (runtime_dir && *runtime_dir == '/' && folder_is_users()) {
		if ((size_t)snprintf(out, size, "%s/tare-oci", runtime_dir) >=
			size)
			return error_set(err, -ENAMETOOLONG,
				"XDG_RUNTIME_DIR is too long");
		return 0;
	}
	(void)text_copy(out, size, DEFAULT_ROOT);
	return 0;
}

int folder_open_root(const char *root, bool can_make, struct error *err)
{
	auto_fd fd = -1;
	char path[PATH_MAX];
	struct stat status;
	int result;

	if (!root) {
		result = default_root(path, sizeof(path), err);
		if (result < 0)
			return result;
		root = path;
	}
	fd = openat(AT_FDCWD, root, FOLDER_FLAGS);
	if (fd < 0 && errno == ENOENT && can_make) {
		result = fd_make_dirs(AT_FDCWD, root, 0700, err);
		if (result < 0)
			return error_prefix(err, "option '--root'");
		fd = openat(AT_FDCWD, root, FOLDER_FLAGS);
	}
	if (fd < 0)
		return error_errno(err, "open the folder of states '%s'", root);
	if (fstat(fd, &status) < 0)
		return error_errno(err, "look at '%s'", root);
	if (status.st_uid != folder_user() || (status.st_mode & 022))
		return error_set(err, -EPERM,
			"the folder of states '%s' can be written by others; make it yours with mode 0700, or name another with '--root'",
			root);
	return fd_take(&fd);
}

int folder_open(int root_fd, const char *id, struct error *err)
{
	int fd = openat(root_fd, id, FOLDER_FLAGS | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return error_set(err, -ENOENT, "container does not exist");
	if (fd < 0)
		return error_errno(err, "open its state");
	return fd;
}

static void on_alarm(int signal)
{
	(void)signal; /* flock(2) is interrupted, that is all */
}

/* As flock(2), but -1 with EINTR after LOCK_WAIT_S. */
static int lock_or_give_up(int dir_fd)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int result = flock(dir_fd, LOCK_EX | LOCK_NB);
	sigset_t alarms;
	sigset_t before;

	if (result == 0 || errno != EWOULDBLOCK)
		return result;
	/* who waits for a process has all signals blocked */
	(void)sigemptyset(&alarms);
	(void)sigaddset(&alarms, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
		sigprocmask(SIG_UNBLOCK, &alarms, &before) < 0)
		return -1;
	(void)alarm(LOCK_WAIT_S);
	result = flock(dir_fd, LOCK_EX);
	(void)alarm(0);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

int folder_lock(int dir_fd, struct error *err)
{
	struct stat status;
	bool is_late = lock_or_give_up(dir_fd) < 0;

	if (is_late && errno != EINTR)
		return error_errno(err, "lock its state");
	if (fstat(dir_fd, &status) < 0)
		return error_errno(err, "look at its state");
	if (status.st_nlink == 0)
		return error_set(err, -ENOENT,
			"container does not exist: it was deleted just now");
	if (is_late)
		return error_set(err, -EBUSY,
			"another command has been at work on it for %d s",
			LOCK_WAIT_S);
	return 0;
}

void folder_unlock(int dir_fd)
{
	(void)flock(dir_fd, LOCK_UN); /* cannot fail on a lock that is ours */
}

int folder_make(int root_fd, const char *id, struct error *err)
{
	auto_fd fd = -1;

	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return error_set(err, -EEXIST,
				"a container of that name already exists; delete it first");
		return error_errno(err, "make the folder of its state");
	}
	fd = folder_open(root_fd, id, err);
	if (fd < 0)
		return fd;
	/* who deletes it before that is seen when the first file is made */
	if (lock_or_give_up(fd) < 0)
		return error_errno(err, "lock its state");
	return fd_take(&fd);
}

/* While there is no state nobody reads the others: this needs no rename. */
int folder_write_first(int dir_fd, const char *name, const char *text,
	struct error *err)
{
	auto_fd fd = openat(dir_fd, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result;

	if (fd < 0)
		return error_errno(err, "create '%s'", name);
	result = fd_write_all(fd, text, strlen(text));
	if (result < 0)
		return error_set(err, result, "write '%s': %s", name,
			strerror(-result));
	return 0;
}

/*
 * A file of ours alone: what is there is left from a command that was killed,
 * or, in a folder of others, a pipe or link that they want us to open.
 */
static int create_anew(int dir_fd, const char *name, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags, mode);

	if (fd < 0 && errno == EEXIST && unlinkat(dir_fd, name, 0) == 0)
		fd = openat(dir_fd, name, flags, mode);
	return fd;
}

int folder_write(int dir_fd, const char *name, const char *text, mode_t mode,
	struct error *err)
{
	char temporary[NAME_MAX + 2];
	auto_fd fd = -1;
	int result;

	(void)snprintf(temporary, sizeof(temporary), ".%s", name);
	fd = create_anew(dir_fd, temporary, mode);
	if (fd < 0)
		return error_errno(err, "create '%s'", name);
	result = fd_write_all(fd, text, strlen(text));
	if (result == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		result = -errno;
	if (result == 0)
		return 0;
	(void)unlinkat(dir_fd, temporary, 0);
	return error_set(err, result, "write '%s': %s", name,
		strerror(-result));
}

int folder_write_path(const char *path, const char *text, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	auto_fd dir_fd = -1;
	size_t length = slash == path ? 1 : (size_t)(slash - path);
	int result;

	if (slash && length >= sizeof(folder))
		return error_set(err, -ENAMETOOLONG, "path '%s' is too long",
			path);
	if (slash) {
		memcpy(folder, path, length);
		folder[length] = '\0';
	}
	dir_fd = openat(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_errno(err, "open the folder of '%s'", path);
	result =
		folder_write(dir_fd, slash ? slash + 1 : path, text, 0644, err);
	return result < 0 ? error_prefix(err, "'%s'", path) : 0;
}

/* What is always there goes first; nearly always nothing else is. */
static bool remove_known(int root_fd, const char *id)
{
	static const char *const names[] = {
		FOLDER_STATE,
		FOLDER_CONFIG,
	};
	char path[FOLDER_ID_MAX + 32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", id, names[i]);
		(void)unlinkat(root_fd, path, 0); /* may not be there */
	}
	return unlinkat(root_fd, id, AT_REMOVEDIR) == 0;
}

int folder_remove(int root_fd, const char *id, struct error *err)
{
	return remove_known(root_fd, id) ? 0 : fd_remove_tree(root_fd, id, err);
}
