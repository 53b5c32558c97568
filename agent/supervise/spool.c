// SPDX-License-Identifier: MIT
/* spool - what a stream has given and no log has yet */
#include "supervise/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"

/* linux/memfd.h, which older C libraries lack: never to be executed */
#define NOEXEC_SEAL 8U

#define PAGE       UINT64_C(4096)
#define FREE_BYTES UINT64_C(65536) /* given back while something is left */

int spool_create(struct error *err)
{
	int fd = memfd_create("spool", MFD_CLOEXEC | NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("spool", MFD_CLOEXEC);
	return fd < 0 ? error_errno(err, "make a file in memory") : fd;
}

int spool_open(struct spool *spool, int fd, uint64_t begin, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_errno(err, "open the spool");
	if (!S_ISREG(status.st_mode) || status.st_nlink != 0)
		return error_set(err, -EBADF, "open the spool: it is no spool");
	*spool = (struct spool){
		.fd = fd,
		.begin = begin < SPOOL_START ? SPOOL_START : begin,
		.end = (uint64_t)status.st_size,
		.freed = SPOOL_START,
	};
	/* what was committed may begin at a page that has no byte yet */
	if (spool->end < spool->begin)
		spool->end = spool->begin;
	return 0;
}

void spool_close(struct spool *spool)
{
	fd_close(&spool->fd);
}

int spool_add(struct spool *spool, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written =
			pwrite(spool->fd, bytes, size, (off_t)spool->end);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written < 0)
			continue;
		spool->end += (uint64_t)written;
		bytes += written;
		size -= (size_t)written;
	}
	return 0;
}

/* The bytes of a pty. */
static ssize_t copy(struct spool *spool, int from_fd)
{
	char bytes[4096];
	ssize_t size = read(from_fd, bytes, sizeof(bytes));
	int result;

	if (size == 0 || (size < 0 && errno == EIO))
		return -EPIPE; /* EIO: the last of the pty's users is gone */
	if (size < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	result = spool_add(spool, bytes, (size_t)size);
	return result < 0 ? result : size;
}

ssize_t spool_fill(struct spool *spool, int from_fd)
{
	off_t offset = (off_t)spool->end;
	ssize_t size = splice(from_fd, NULL, spool->fd, &offset, SPOOL_FILL_MAX,
		SPLICE_F_NONBLOCK);

	if (size < 0 && errno == EINVAL)
		return copy(spool, from_fd);
	if (size < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	spool->end += (uint64_t)size;
	return size > 0 ? size : -EPIPE;
}

size_t spool_read(const struct spool *spool, uint64_t offset, char *out,
	size_t size)
{
	uint64_t left = spool->end - offset;
	ssize_t got =
		pread(spool->fd, out, left < size ? left : size, (off_t)offset);

	return got > 0 ? (size_t)got : 0;
}

uint64_t spool_next(const struct spool *spool, uint64_t begin)
{
	return begin < spool->end ? begin : (begin + PAGE - 1) / PAGE * PAGE;
}

void spool_drop(struct spool *spool, uint64_t begin)
{
	uint64_t whole = begin / PAGE * PAGE;
	bool is_empty = begin >= spool->end;

	spool->begin = begin;
	if (is_empty)
		spool->end = begin;
	if (whole - spool->freed < (is_empty ? PAGE : FREE_BYTES))
		return;
	/* memory that is not given back now will be the next time */
	if (fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)spool->freed, (off_t)(whole - spool->freed)) == 0)
		spool->freed = whole;
}
