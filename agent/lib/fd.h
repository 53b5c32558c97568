/* SPDX-License-Identifier: MIT */
/*
 * fd - file descriptors that close themselves, and whole reads and writes
 *
 * Paths are handled as (directory descriptor, name) where the kernel can do
 * it. Every descriptor made here is close-on-exec.
 */
#ifndef TARE_LIB_FD_H
#define TARE_LIB_FD_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

void fd_cleanup(int *fd);
void fd_cleanup_dir(DIR **dir);
void fd_cleanup_free(void *pointer);

/* Released when the variable leaves its scope; errno is kept. */
#define auto_fd   __attribute__((cleanup(fd_cleanup))) int
#define auto_dir  __attribute__((cleanup(fd_cleanup_dir))) DIR *
#define auto_free __attribute__((cleanup(fd_cleanup_free)))

/*
 * As auto_fd; but after fd_leave_below those with a number below limit stay
 * open. It is for a process that will soon execute another program, which
 * closes them all at once: one system call less for each.
 */
void fd_cleanup_left(int *fd);
void fd_leave_below(int limit);
#define auto_left_fd __attribute__((cleanup(fd_cleanup_left))) int

/* Moves a descriptor out of an auto_fd: returns it and leaves -1 behind. */
int fd_take(int *fd);

/* Closes *fd when it is open and sets it to -1; keeps errno. */
void fd_close(int *fd);

/* Writes all of data, going on after EINTR and short writes. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t size);

/*
 * Reads until end of file or until size bytes are there. Returns the number
 * of bytes, or -errno.
 */
ssize_t fd_read_full(int fd, void *buffer, size_t size);

/*
 * Reads the whole regular file dir_fd/name into a new, terminated buffer that
 * the caller frees. A file over limit bytes is -EFBIG, one that is not a
 * regular file -EINVAL. size_out, when not NULL, gets the size.
 */
int fd_read_file(int dir_fd, const char *name, size_t limit, char **out,
	size_t *size_out, struct error *err);

/* Writes text to an existing file such as one of cgroupfs or procfs. */
int fd_write_file(int dir_fd, const char *name, const char *text,
	struct error *err);

/*
 * Replaces dir_fd/name by a file of these bytes so that a power cut leaves
 * the old or the new one: temporary file, fsync, rename, fsync of dir_fd.
 */
int fd_replace_file(int dir_fd, const char *name, const void *data, size_t size,
	mode_t mode, struct error *err);

/* mkdir -p below dir_fd; a component that is not a folder is -ENOTDIR. */
int fd_make_dirs(int dir_fd, const char *path, mode_t mode, struct error *err);

/*
 * Removes dir_fd/name and all below it, however deep, never following a link.
 * A name that is not there is fine; a mount point is -EBUSY, and what is
 * mounted there is not touched.
 */
int fd_remove_tree(int dir_fd, const char *name, struct error *err);

/* Adds or takes away O_NONBLOCK. 0 or -errno. */
int fd_set_nonblocking(int fd, bool nonblocking);

#endif
