/* SPDX-License-Identifier: MIT */
/*
 * store_layer - unpacks layers into a scratch folder, and looks at the result
 *
 * The scratch folder also has outside/secret, which nothing may touch.
 */
#ifndef TARE_STORE_LAYER_H
#define TARE_STORE_LAYER_H

#include <errno.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "store/lower.h"
#include "store/path.h"
#include "store/tar.h"
#include "store/unpack.h"
#include "store_build.h"

static char scratch[64];
static int scratch_fd = -1;
static int root_fd = -1;              /* the layer: a folder in scratch */
static int lower_fds[2] = { -1, -1 }; /* layers below it */
static size_t lower_count;

static inline ssize_t read_build(void *context, void *buffer, size_t size,
	struct error *err)
{
	struct build *at = context;

	(void)err;
	size = size < at->size ? size : at->size;
	if (size)
		memcpy(buffer, at->bytes, size);
	at->bytes += size;
	at->size -= size;
	return (ssize_t)size;
}

/* Unpacks into a new, empty layer folder, and frees the archive. */
static inline int unpack(struct build *tar, struct error *err)
{
	struct build at = *tar;
	const struct tar_input input = { read_build, NULL, &at };
	const struct lower lower = { lower_fds, lower_count };
	struct tar_reader *reader = NULL;
	unsigned int before;
	int result;

	(void)fd_remove_tree(scratch_fd, "layer", NULL);
	fd_close(&root_fd);
	if (mkdirat(scratch_fd, "layer", 0755) < 0)
		build_die("make the layer's folder");
	root_fd =
		openat(scratch_fd, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*err = (struct error){ .code = 0 };
	before = fault_count_fds();
	if (tar_open(&input, &reader, err) < 0)
		build_die("tar_open");
	result = unpack_layer(root_fd, reader, &lower, err);
	tar_close(reader);
	build_clear(tar);
	CHECK(fault_count_fds() == before);
	CHECK((result == 0) == (err->text[0] == '\0'));
	return result;
}

static inline struct stat look(const char *path)
{
	struct stat status = { .st_mode = 0 };

	(void)fstatat(root_fd, path, &status, AT_SYMLINK_NOFOLLOW);
	return status;
}

static inline bool is_missing(const char *path)
{
	return look(path).st_mode == 0;
}

static inline bool is_whiteout(const char *path)
{
	struct stat status = look(path);

	return S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0);
}

static inline bool has_content(const char *path, const char *content)
{
	char *text = NULL;
	bool same =
		fd_read_file(root_fd, path, 1 << 20, &text, NULL, NULL) == 0 &&
		strcmp(text, content) == 0;

	free(text);
	return same;
}

static inline bool is_opaque(const char *path)
{
	int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char value = 0;
	bool is = fd >= 0 &&
		  fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 &&
		  value == 'y';

	(void)close(fd);
	return is;
}

/* Ends the program when it is not run by root; else makes the folders. */
static inline void begin(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP owners and whiteouts need root\n");
		exit(0);
	}
	scratch_fd = build_scratch(scratch);
	build_write(scratch_fd, "outside/secret", "do not touch", 12);
}

static inline int finish(void)
{
	fd_close(&root_fd);
	build_scratch_end(scratch, scratch_fd);
	return check_done();
}

#endif
