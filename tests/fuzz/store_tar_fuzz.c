// SPDX-License-Identifier: MIT
/*
 * fuzz target of store: any bytes as the tar archive of a layer
 *
 * The checksum of each block of 512 bytes is set right first, as chance would
 * rarely do so. Whatever comes in, unpacking ends, gives its reason when it
 * refuses, leaves no descriptor open, and changes nothing beside the layer's
 * folder, into which the first half of the blocks is unpacked as the layer
 * below. Runs as root only: others may not give files away.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "store/lower.h"
#include "store/tar.h"
#include "store/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_INPUT (64 * 1024)

struct memory {
	const unsigned char *at;
	size_t left;
};

static int scratch_fd = -1;
static ino_t secret_inode;

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static ssize_t read_memory(void *context, void *buffer, size_t size,
	struct error *err)
{
	struct memory *memory = context;

	(void)err;
	size = size < memory->left ? size : memory->left;
	memcpy(buffer, memory->at, size);
	memory->at += size;
	memory->left -= size;
	return (ssize_t)size;
}

static void set_sums(unsigned char *bytes, size_t size)
{
	for (; size >= TAR_BLOCK; bytes += TAR_BLOCK, size -= TAR_BLOCK) {
		unsigned int sum = 0;
		bool is_zero = true;

		for (size_t i = 0; i < TAR_BLOCK; i++)
			is_zero = is_zero && bytes[i] == 0;
		if (is_zero)
			continue; /* the mark of the end */
		memset(bytes + 148, ' ', 8);
		for (size_t i = 0; i < TAR_BLOCK; i++)
			sum += bytes[i];
		for (size_t i = 6; i-- > 0; sum >>= 3)
			bytes[148 + i] = (unsigned char)('0' + (sum & 7));
		bytes[154] = '\0';
	}
}

static void make_scratch(void)
{
	static char path[] = "/dev/shm/tare-fuzz-XXXXXX";
	struct stat status;
	int fd;

	require(geteuid() == 0 && mkdtemp(path) != NULL);
	scratch_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(mkdirat(scratch_fd, "outside", 0755) == 0);
	fd = openat(scratch_fd, "outside/secret",
		O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	require(fd >= 0 && fstat(fd, &status) == 0);
	secret_inode = status.st_ino;
	(void)close(fd);
}

/* Beside the layers there is what was there before. */
static void check_outside(void)
{
	static const char *const known[] = { ".", "..", "outside", "lower",
		"layer" };
	int fd = openat(scratch_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	struct stat status;
	size_t count = 0;

	while (dir && (entry = readdir(dir))) {
		bool is_known = false;

		for (size_t i = 0; i < 5; i++)
			is_known |= strcmp(entry->d_name, known[i]) == 0;
		require(is_known);
		count++;
	}
	require(dir && count == 5);
	(void)closedir(dir);
	require(fstatat(scratch_fd, "outside/secret", &status, 0) == 0);
	require(status.st_ino == secret_inode && status.st_nlink == 1);
	require(status.st_size == 0 && status.st_mode == (S_IFREG | 0600));
	require(fstatat(scratch_fd, "outside", &status, 0) == 0);
	require((status.st_mode & 07777) == 0755);
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	require(dir != NULL);
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count;
}

/* Unpacks into a new folder of that name and returns it open. */
static int unpack(const char *name, const unsigned char *bytes, size_t size,
	const struct lower *lower)
{
	struct memory memory = { bytes, size };
	const struct tar_input input = { read_memory, NULL, &memory };
	struct tar_reader *reader = NULL;
	struct error err = { .code = 0 };
	unsigned int before = count_fds();
	int fd;
	int result;

	require(mkdirat(scratch_fd, name, 0755) == 0);
	fd = openat(scratch_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(fd >= 0 && tar_open(&input, &reader, &err) == 0);
	result = unpack_layer(fd, reader, lower, &err);
	tar_close(reader);
	require((result < 0) == (err.text[0] != '\0'));
	/* a thread of the fuzzer opens files now and then */
	for (int i = 0; i < 1000 && count_fds() != before + 1; i++)
		(void)sched_yield();
	require(count_fds() == before + 1);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes;
	const struct lower none = { NULL, 0 };
	size_t half = size / 2 / TAR_BLOCK * TAR_BLOCK;
	int lower_fd;
	int layer_fd;

	if (size > SIZE_MAX_INPUT)
		return 0;
	if (scratch_fd < 0)
		make_scratch();
	bytes = malloc(size + 1);
	require(bytes != NULL);
	memcpy(bytes, data, size);
	set_sums(bytes, size);
	lower_fd = unpack("lower", bytes, half, &none);
	layer_fd = unpack("layer", bytes, size,
		&(struct lower){ .fds = &lower_fd, .count = 1 });
	check_outside();
	(void)close(layer_fd);
	(void)close(lower_fd);
	require(fd_remove_tree(scratch_fd, "lower", NULL) == 0);
	require(fd_remove_tree(scratch_fd, "layer", NULL) == 0);
	free(bytes);
	return 0;
}
