// SPDX-License-Identifier: MIT
/* folders - the folders of the store, and who may change them */
#include "store/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/digest.h"
#include "store/store.h"

static int open_folder(const struct store *store, const char *name, int *out,
	struct error *err)
{
	*out = openat(store->dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*out < 0)
		return error_errno(err, "open '%s/%s'", store->path, name);
	return 0;
}

int folders_open(const struct store *store, struct folders *out,
	struct error *err)
{
	int result;

	*out = FOLDERS_NONE;
	result = open_folder(store, "incoming", &out->incoming_fd, err);
	if (result == 0)
		result = open_folder(store, "layers", &out->layers_fd, err);
	if (result == 0)
		result = open_folder(store, "images", &out->images_fd, err);
	if (result == 0)
		result = open_folder(store, "refs", &out->refs_fd, err);
	return result;
}

void folders_close(struct folders *folders)
{
	fd_close(&folders->incoming_fd);
	fd_close(&folders->layers_fd);
	fd_close(&folders->images_fd);
	fd_close(&folders->refs_fd);
}

int folders_lock(const struct folders *folders, struct error *err)
{
	int result;

	do {
		result = flock(folders->incoming_fd, LOCK_EX | LOCK_NB);
	} while (result < 0 && errno == EINTR);
	if (result < 0 && errno == EWOULDBLOCK)
		return error_set(err, -EBUSY,
			"another process is changing the store");
	if (result < 0)
		return error_errno(err, "lock the store");
	return 0;
}

int folders_visit(int dir_fd,
	int (*visit)(void *context, const char *name, struct error *err),
	void *context, struct error *err)
{
	auto_fd fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir)
		return error_errno(err, "list a folder of the store");
	(void)fd_take(&fd); /* dir closes it */
	while (result == 0 && (entry = readdir(dir))) {
		if (!text_equal(entry->d_name, ".") &&
			!text_equal(entry->d_name, ".."))
			result = visit(context, entry->d_name, err);
	}
	return result;
}

static int remove_one(void *context, const char *name, struct error *err)
{
	const struct folders *folders = context;

	return fd_remove_tree(folders->incoming_fd, name, err);
}

int folders_sweep(const struct folders *folders, struct error *err)
{
	struct folders copy = *folders;

	return folders_visit(folders->incoming_fd, remove_one, &copy, err);
}

bool folders_have_layer(const struct folders *folders, const char *chain_id)
{
	struct stat status;

	return fstatat(folders->layers_fd, digest_hex(chain_id), &status,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}
