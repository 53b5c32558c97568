// SPDX-License-Identifier: MIT
/* tree - folders compared and copied, files and folders only */
#include "supervise/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define CHUNK_BYTES 16384

/* What to do with one entry of the left folder; below 0 ends the walk. */
typedef int visit_fn(int from_fd, int to_fd, const struct dirent *entry,
	int depth, struct error *err);

static bool is_left_out(const char *name, const char *const *left_out)
{
	if (text_equal(name, ".") || text_equal(name, ".."))
		return true;
	for (; left_out && *left_out; left_out++) {
		if (text_equal(name, *left_out))
			return true;
	}
	return false;
}

/* FAT and ext4 both fill d_type in. */
static bool is_wanted(const struct dirent *entry, const char *const *left_out)
{
	return (entry->d_type == DT_REG || entry->d_type == DT_DIR) &&
	       !is_left_out(entry->d_name, left_out);
}

static int open_folder(int dir_fd, const char *name)
{
	return openat(dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int open_file(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* Number of entries visited, or negative errno. */
static int walk(int from_fd, int to_fd, const char *const *left_out, int depth,
	visit_fn *visit, struct error *err)
{
	auto_fd fd = open_folder(from_fd, ".");
	auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int count = 0;

	if (!dir)
		return error_errno(err, "list a folder");
	fd = -1; /* closed with dir */
	if (depth > TREE_DEPTH_MAX)
		return error_set(err, -ELOOP,
			"copy folders: more than %d levels", TREE_DEPTH_MAX);
	while ((entry = readdir(dir))) {
		int result;

		if (!is_wanted(entry, left_out))
			continue;
		result = visit(from_fd, to_fd, entry, depth, err);
		if (result < 0)
			return result;
		count++;
	}
	return count;
}

static int copy_file(int from_fd, int to_fd, const char *name,
	struct error *err)
{
	auto_fd in = open_file(from_fd, name);
	auto_fd out = openat(to_fd, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	char chunk[CHUNK_BYTES];
	ssize_t size = 1;
	int result = 0;

	if (in < 0 || out < 0)
		return error_errno(err, "copy '%s'", name);
	while (result == 0 && size > 0) {
		size = fd_read_full(in, chunk, sizeof(chunk));
		result = size < 0 ? (int)size
				  : fd_write_all(out, chunk, (size_t)size);
	}
	if (result < 0)
		return error_set(err, result, "copy '%s': %s", name,
			strerror(-result));
	return 0;
}

static int copy_entry(int from_fd, int to_fd, const struct dirent *entry,
	int depth, struct error *err)
{
	const char *name = entry->d_name;

	if (entry->d_type == DT_REG)
		return copy_file(from_fd, to_fd, name, err);
	if (mkdirat(to_fd, name, 0755) < 0)
		return error_errno(err, "make folder '%s'", name);

	auto_fd from = open_folder(from_fd, name);
	auto_fd to = open_folder(to_fd, name);

	if (from < 0 || to < 0)
		return error_errno(err, "open folder '%s'", name);
	return walk(from, to, NULL, depth + 1, copy_entry, err);
}

int tree_copy(int from_fd, int to_fd, const char *const *left_out,
	struct error *err)
{
	int result = walk(from_fd, to_fd, left_out, 1, copy_entry, err);

	return result < 0 ? result : 0;
}

static int compare_files(int a_fd, int b_fd, const char *name)
{
	auto_fd a = open_file(a_fd, name);
	auto_fd b = open_file(b_fd, name);
	char chunk_a[CHUNK_BYTES];
	char chunk_b[CHUNK_BYTES];
	ssize_t size = 1;

	if (a < 0 || b < 0)
		return -ENOENT;
	while (size > 0) {
		size = fd_read_full(a, chunk_a, sizeof(chunk_a));
		if (size < 0 ||
			size != fd_read_full(b, chunk_b, sizeof(chunk_b)) ||
			memcmp(chunk_a, chunk_b, (size_t)size) != 0)
			return -EINVAL;
	}
	return 0;
}

static int count_entry(int from_fd, int to_fd, const struct dirent *entry,
	int depth, struct error *err)
{
	(void)from_fd;
	(void)to_fd;
	(void)entry;
	(void)depth;
	(void)err;
	return 0;
}

static int compare_entry(int a_fd, int b_fd, const struct dirent *entry,
	int depth, struct error *err)
{
	const char *name = entry->d_name;
	int count;

	if (entry->d_type == DT_REG)
		return compare_files(a_fd, b_fd, name);

	auto_fd a = open_folder(a_fd, name);
	auto_fd b = open_folder(b_fd, name);

	if (a < 0 || b < 0)
		return -ENOENT;
	count = walk(a, b, NULL, depth + 1, compare_entry, err);
	if (count < 0)
		return count;
	return count == walk(b, b, NULL, depth + 1, count_entry, err) ? 0
								      : -EINVAL;
}

bool tree_is_same(int from_fd, int to_fd, const char *const *left_out)
{
	int count = walk(from_fd, to_fd, left_out, 1, compare_entry, NULL);

	return count >= 0 &&
	       count == walk(to_fd, to_fd, NULL, 1, count_entry, NULL);
}
