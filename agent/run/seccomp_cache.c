// SPDX-License-Identifier: MIT
/* seccomp_cache - compiled programs in files, one per profile */
#include "run/seccomp_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/seccomp.h"

#define MAGIC     "tarebpf" /* with its terminator */
#define FORMAT    1
#define NAME_SIZE 32
#define FILES_MAX 256 /* so many profiles are an accident: start anew */

struct header {
	char magic[8];
	uint32_t format;
	uint32_t key_size;
	uint32_t program_size;
	uint32_t zero;
	uint64_t checksum; /* of the key and the program */
};

/* FNV-1a in words of 8 bytes, folded, as its high bits never go down. */
static uint64_t hash(uint64_t sum, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		uint64_t word = 0;
		size_t step = size < sizeof(word) ? size : sizeof(word);

		memcpy(&word, at, step);
		sum = (sum ^ word) * UINT64_C(0x100000001b3);
		sum ^= sum >> 32;
		at += step;
		size -= step;
	}
	return sum;
}

static uint64_t hash_key(const char *key, size_t key_size)
{
	return hash(UINT64_C(0xcbf29ce484222325), key, key_size);
}

static void name_of(uint64_t key_hash, char *out)
{
	(void)snprintf(out, NAME_SIZE, "%016" PRIx64, key_hash);
}

/* The header that a file of this key and program has. */
static struct header header_of(uint64_t key_hash, size_t key_size,
	const void *program, size_t program_size)
{
	struct header header = {
		.magic = MAGIC,
		.format = FORMAT,
		.key_size = (uint32_t)key_size,
		.program_size = (uint32_t)program_size,
		.checksum = hash(key_hash, program, program_size),
	};

	return header;
}

int seccomp_cache_read(int dir_fd, const char *key, size_t key_size,
	struct sock_fprog *out)
{
	uint64_t key_hash = hash_key(key, key_size);
	size_t start = sizeof(struct header) + key_size;
	size_t room = start + BPF_MAXINSNS * sizeof(struct sock_filter) + 1;
	auto_free char *content = NULL;
	struct header header;
	char name[NAME_SIZE];
	size_t program_size;
	ssize_t size;

	name_of(key_hash, name);
	auto_fd fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -ENOENT;
	content = malloc(room);
	if (!content)
		return -ENOMEM;
	size = read(fd, content, room);
	if (size <= (ssize_t)start || (size_t)size == room)
		return -ENOENT;
	program_size = (size_t)size - start;
	header = header_of(key_hash, key_size, content + start, program_size);
	if (program_size % sizeof(struct sock_filter) != 0 ||
		memcmp(content, &header, sizeof(header)) != 0 ||
		memcmp(content + sizeof(header), key, key_size) != 0)
		return -ENOENT;
	out->filter = malloc(program_size);
	if (!out->filter)
		return -ENOMEM;
	memcpy(out->filter, content + start, program_size);
	out->len = (unsigned short)(program_size / sizeof(struct sock_filter));
	return 0;
}

/* Removes all files when there are too many. */
static void make_room(int dir_fd)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	unsigned int count = 0;

	if (!dir) {
		fd_close(&copy);
		return;
	}
	while (readdir(dir))
		count++;
	if (count < FILES_MAX)
		return;
	rewinddir(dir);
	while ((entry = readdir(dir)))
		(void)unlinkat(dir_fd, entry->d_name, 0); /* best effort */
}

void seccomp_cache_write(int dir_fd, const char *key, size_t key_size,
	const struct sock_fprog *program)
{
	uint64_t key_hash = hash_key(key, key_size);
	size_t size = program->len * sizeof(*program->filter);
	struct header header =
		header_of(key_hash, key_size, program->filter, size);
	char name[NAME_SIZE];
	char draft[NAME_SIZE + 16];
	bool is_whole;

	make_room(dir_fd);
	name_of(key_hash, name);
	(void)snprintf(draft, sizeof(draft), "%s.%d", name, (int)getpid());
	auto_fd fd = openat(dir_fd, draft,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	is_whole = fd_write_all(fd, &header, sizeof(header)) == 0 &&
		   fd_write_all(fd, key, key_size) == 0 &&
		   fd_write_all(fd, program->filter, size) == 0;
	if (!is_whole || renameat(dir_fd, draft, dir_fd, name) < 0)
		(void)unlinkat(dir_fd, draft, 0); /* best effort */
}

int seccomp_cache_open(int dir_fd, const char *name, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	auto_fd fd = openat(dir_fd, name, flags);
	struct stat status;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
			return error_errno(err, "make folder '%s'", name);
		fd = openat(dir_fd, name, flags);
	}
	if (fd < 0)
		return error_errno(err, "open folder '%s'", name);
	if (fstat(fd, &status) < 0)
		return error_errno(err, "look at folder '%s'", name);
	if (status.st_uid != geteuid() ||
		(status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(err, -EPERM,
			"use folder '%s' for compiled filters: others could "
			"write to it; remove it",
			name);
	return fd_take(&fd);
}
