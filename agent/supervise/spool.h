/* SPDX-License-Identifier: MIT */
/*
 * spool - what a stream has given and no log has yet
 *
 * A file in memory between a container's pipe and its log. Bytes come by
 * splice(2), which moves them in one step: at any moment a byte is in the pipe
 * or in the spool, whoever is killed. The first page is its owner's, for a
 * commit (logs.h) that is one write and so is the old one or the new one. The
 * bytes follow at offsets that only grow; those before `begin` are given back
 * to the kernel a page at a time, so an idle spool has the first page, or none
 * before anything was printed.
 *
 * A pty is no pipe: its bytes are read and written, and those of an agent that
 * is killed in between are lost.
 */
#ifndef TARE_SUPERVISE_SPOOL_H
#define TARE_SUPERVISE_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

enum spool_limit {
	SPOOL_START = 4096,        /* where the bytes begin */
	SPOOL_FILL_MAX = 64 << 10, /* moved at once: what a pipe has */
};

struct spool {
	int fd;
	uint64_t begin; /* of what the log does not have */
	uint64_t end;
	uint64_t freed; /* up to here nothing takes memory */
};

/* Makes an empty one; the descriptor is for spool_open. */
int spool_create(struct error *err);

/*
 * Goes on with one that somebody made, from begin (0: it is new). -EBADF when
 * fd is no file in memory. The descriptor stays the caller's on error.
 */
int spool_open(struct spool *spool, int fd, uint64_t begin, struct error *err);

void spool_close(struct spool *spool);

/*
 * Moves what a pipe, or a pty, has now. Returns the number of bytes, -EAGAIN
 * when there are none now, -EPIPE at the end, or another -errno when the spool
 * cannot take them.
 */
ssize_t spool_fill(struct spool *spool, int from_fd);

/* Appends bytes. 0 or -errno. */
int spool_add(struct spool *spool, const char *bytes, size_t size);

/* Reads from offset, at most up to the end. Returns the number of bytes. */
size_t spool_read(const struct spool *spool, uint64_t offset, char *out,
	size_t size);

/*
 * Where the next bytes come when everything up to `begin` is committed: there,
 * or at the next page when nothing is left.
 */
uint64_t spool_next(const struct spool *spool, uint64_t begin);

/* What is before begin has been committed. */
void spool_drop(struct spool *spool, uint64_t begin);

#endif
