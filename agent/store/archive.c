// SPDX-License-Identifier: MIT
/* archive - named files in a folder or in a tar file, read where they are */
#include "store/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/path.h"
#include "store/tar.h"

#define ARENA_MAX   (4U << 20)
#define LINKS_MAX   8 /* followed one after the other */
#define FAT_MAGIC   0x4d44
#define INDEX_NAME  "index.json"
#define SIZE_UNSAID UINT64_MAX

struct archive_entry {
	const struct archive_entry *next;
	const char *name;   /* cleaned */
	const char *target; /* of a link, cleaned; NULL: a file */
	uint64_t offset, size;
};

/* Where a scan of headers stands in the file. */
struct scan {
	int fd;
	uint64_t offset, size;
};

static ssize_t scan_read(void *context, void *buffer, size_t size,
	struct error *err)
{
	struct scan *scan = context;
	ssize_t count;

	do {
		count = pread(scan->fd, buffer, size, (off_t)scan->offset);
	} while (count < 0 && errno == EINTR);
	if (count < 0)
		return error_errno(err, "read");
	scan->offset += (uint64_t)count;
	return count;
}

static int scan_skip(void *context, uint64_t bytes, struct error *err)
{
	struct scan *scan = context;

	if (bytes > scan->size - scan->offset)
		return error_set(err, -EBADMSG,
			"the archive ends in the middle of a file");
	scan->offset += bytes;
	return 0;
}

/* The target of a symbolic link, from the folder that the link is in. */
static int join_target(const char *path, const char *target,
	char out[PATH_BYTES], struct error *err)
{
	char folder[PATH_BYTES];
	char joined[PATH_BYTES];
	char *slash;

	(void)text_copy(folder, sizeof(folder), path);
	slash = strrchr(folder, '/');
	*(slash ? slash : folder) = '\0';
	while (text_starts_with(target, "../") && folder[0]) {
		slash = strrchr(folder, '/');
		*(slash ? slash : folder) = '\0';
		target += 3;
	}
	if (strlen(folder) + strlen(target) + 2 > sizeof(joined))
		return error_set(err, -ENAMETOOLONG, "a link is too long");
	memcpy(joined, folder, strlen(folder));
	joined[strlen(folder)] = '/';
	memcpy(joined + strlen(folder) + 1, target, strlen(target) + 1);
	return path_clean(folder[0] ? joined : target, out, err);
}

/* Files and links are kept; what has another kind or a bad name is not. */
static int add_entry(struct archive *archive, const struct tar_entry *entry,
	uint64_t offset, struct error *err)
{
	char name[PATH_BYTES];
	char target[PATH_BYTES] = "";
	struct archive_entry *added;

	if (path_clean(entry->path, name, NULL) < 0)
		return 0;
	if (entry->type == TAR_SYMBOLIC_LINK) {
		if (join_target(name, entry->link, target, NULL) < 0)
			return 0;
	} else if (entry->type == TAR_HARD_LINK) {
		if (path_clean(entry->link, target, NULL) < 0)
			return 0;
	} else if (entry->type != TAR_FILE) {
		return 0;
	}
	added = arena_alloc(&archive->arena, sizeof(*added));
	if (added)
		added->name = arena_string(&archive->arena, name);
	if (added && target[0])
		added->target = arena_string(&archive->arena, target);
	if (!added || !added->name || (target[0] && !added->target))
		return error_set(err, -E2BIG, "it holds too many files");
	added->offset = offset;
	added->size = entry->size;
	added->next = archive->entries;
	archive->entries = added;
	return 0;
}

static int scan_entries(struct archive *archive, struct tar_reader *reader,
	const struct scan *scan, struct error *err)
{
	const struct tar_entry *entry;
	size_t count = 0;
	int result;

	while ((result = tar_next(reader, &entry, err)) > 0) {
		if (++count > ARCHIVE_ENTRIES_MAX)
			return error_set(err, -E2BIG,
				"it holds more than %d files",
				ARCHIVE_ENTRIES_MAX);
		result = add_entry(archive, entry, scan->offset, err);
		if (result < 0)
			return result;
	}
	archive->is_cut = !tar_has_end(reader);
	return result;
}

static int scan_tar(struct archive *archive, uint64_t size, struct error *err)
{
	struct scan scan = { .fd = archive->fd, .size = size };
	struct tar_input input = { scan_read, scan_skip, &scan };
	struct tar_reader *reader;
	int result = tar_open(&input, &reader, err);

	if (result < 0)
		return result;
	result = scan_entries(archive, reader, &scan, err);
	tar_close(reader);
	return result;
}

/* Whether the first bytes are those of a tar file: 0, or -ENOMSG. */
static int check_kind(int fd, struct error *err)
{
	unsigned char block[TAR_BLOCK] = { 0 };
	ssize_t count = pread(fd, block, sizeof(block), 0);

	if (count < 0)
		return error_errno(err, "read");
	if (block[0] == 0x1f && block[1] == 0x8b)
		return error_set(err, -EOPNOTSUPP,
			"it is compressed as a whole; unpack it with gunzip");
	if (memcmp(block, "\x28\xb5\x2f\xfd", 4) == 0)
		return error_set(err, -EOPNOTSUPP,
			"it is compressed as a whole; unpack it with unzstd");
	if (count < TAR_BLOCK || memcmp(block + 257, "ustar", 5) != 0)
		return error_set(err, -ENOMSG, "it is not a tar archive");
	return 0;
}

static int open_folder(struct archive *archive, struct error *err)
{
	auto_fd index = path_open_in_root(archive->fd, INDEX_NAME, O_PATH);

	archive->is_folder = true;
	if (index == -ENOENT)
		return error_set(err, -ENOMSG, "it has no index.json");
	if (index < 0)
		return error_set(err, index, "open index.json: %s",
			strerror(-index));
	return 0;
}

int archive_open(struct archive *archive, int dir_fd, const char *name,
	struct error *err)
{
	struct stat status;
	int result;

	*archive = (struct archive){ .name = name, .fd = -1 };
	archive->arena.limit_bytes = ARENA_MAX;
	archive->fd = openat(dir_fd, name,
		O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (archive->fd < 0 && errno == ELOOP)
		return error_set(err, -ENOMSG, "it is a link");
	if (archive->fd < 0)
		return error_errno(err, "open");
	if (fstat(archive->fd, &status) < 0)
		return error_errno(err, "look at it");
	if (S_ISDIR(status.st_mode))
		return open_folder(archive, err);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -ENOMSG, "it is not a file");
	result = check_kind(archive->fd, err);
	if (result < 0)
		return result;
	return scan_tar(archive, (uint64_t)status.st_size, err);
}

void archive_close(struct archive *archive)
{
	fd_close(&archive->fd);
	arena_clear(&archive->arena);
	archive->entries = NULL;
}

int archive_stamp(int dir_fd, const char *name, struct archive_stamp *out)
{
	auto_fd fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	struct statfs system;

	if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode) &&
		fstatat(fd, INDEX_NAME, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*out = (struct archive_stamp){
		.size = (uint64_t)status.st_size,
		.inode = system.f_type == FAT_MAGIC ? 0 : status.st_ino,
		.mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 +
			    status.st_mtim.tv_nsec,
	};
	return 0;
}

static const struct archive_entry *find_entry(const struct archive *archive,
	const char *name)
{
	const struct archive_entry *entry = archive->entries;

	while (entry && !text_equal(entry->name, name))
		entry = entry->next;
	return entry;
}

static int find_in_tar(const struct archive *archive, const char *name,
	struct blob *out, struct error *err)
{
	const struct archive_entry *entry = find_entry(archive, name);

	for (int i = 0; entry && entry->target && i < LINKS_MAX; i++)
		entry = find_entry(archive, entry->target);
	if (!entry || entry->target)
		return -ENOENT;
	out->fd = fcntl(archive->fd, F_DUPFD_CLOEXEC, 0);
	if (out->fd < 0)
		return error_errno(err, "duplicate a descriptor");
	out->offset = entry->offset;
	out->size = entry->size;
	return 0;
}

static int find_in_folder(const struct archive *archive, const char *name,
	struct blob *out, struct error *err)
{
	auto_fd fd = path_open_in_root(archive->fd, name,
		O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return -ENOENT;
	if (fd < 0)
		return error_set(err, fd, "open '%s': %s", path_show(name).text,
			strerror(-fd));
	if (fstat(fd, &status) < 0)
		return error_errno(err, "look at '%s'", path_show(name).text);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EBADMSG, "'%s' is not a file",
			path_show(name).text);
	out->fd = fd_take(&fd);
	out->offset = 0;
	out->size = (uint64_t)status.st_size;
	return 0;
}

int archive_find(const struct archive *archive, const char *name,
	struct blob *out, struct error *err)
{
	char clean[PATH_BYTES];
	int result = path_clean(name, clean, err);

	if (result < 0)
		return error_prefix(err, "'%s'", path_show(name).text);
	return archive->is_folder ? find_in_folder(archive, clean, out, err)
				  : find_in_tar(archive, clean, out, err);
}

static int read_blob(const struct blob *blob, char *buffer, const char *digest,
	struct error *err)
{
	char have[DIGEST_TEXT];
	size_t used = 0;

	while (used < blob->size) {
		ssize_t count = pread(blob->fd, buffer + used,
			blob->size - used, (off_t)(blob->offset + used));

		if (count < 0 && errno != EINTR)
			return error_errno(err, "read");
		if (count == 0)
			return error_set(err, -EBADMSG, "it is cut off");
		used += count > 0 ? (size_t)count : 0;
	}
	buffer[used] = '\0';
	digest_of(buffer, used, have);
	if (digest[0] && !text_equal(digest, have))
		return error_set(err, -EBADMSG,
			"its contents do not have that digest");
	return 0;
}

/* Checks and reads a blob into a new buffer. */
static int take_blob(const struct blob *blob, const char *name, uint64_t size,
	const char *digest, char **out, struct error *err)
{
	char *buffer;
	int result;

	if (size != SIZE_UNSAID && blob->size != size)
		return error_set(err, -EBADMSG,
			"'%s' has %llu bytes where %llu were promised",
			path_show(name).text, (unsigned long long)blob->size,
			(unsigned long long)size);
	if (blob->size > ARCHIVE_TEXT_MAX)
		return error_set(err, -EFBIG,
			"'%s' has %llu bytes, the limit is %d",
			path_show(name).text, (unsigned long long)blob->size,
			ARCHIVE_TEXT_MAX);
	buffer = malloc((size_t)blob->size + 1);
	if (!buffer)
		return error_set(err, -ENOMEM, "no memory for '%s'",
			path_show(name).text);
	result = read_blob(blob, buffer, digest, err);
	if (result < 0) {
		free(buffer);
		return error_prefix(err, "'%s'", path_show(name).text);
	}
	*out = buffer;
	return 0;
}

int archive_read(const struct archive *archive, const char *name, uint64_t size,
	const char *digest, char **out, size_t *size_out, struct error *err)
{
	struct blob blob = { .fd = -1 };
	int result = archive_find(archive, name, &blob, err);

	if (result == -ENOENT)
		return error_set(err, -ENOENT, "'%s' is not in the archive%s",
			path_show(name).text,
			archive->is_cut ? ", which seems to be cut off" : "");
	if (result == 0)
		result = take_blob(&blob, name, size, digest, out, err);
	if (result == 0)
		*size_out = (size_t)blob.size;
	fd_close(&blob.fd);
	return result;
}
