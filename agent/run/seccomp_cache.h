/* SPDX-License-Identifier: MIT */
/*
 * seccomp_cache - compiled programs in files, one per profile
 *
 * A file has a header with magic, sizes and a checksum, then the profile's key
 * (seccomp_compile.h), then the program. Its name is a hash of the key; what
 * counts is that the key in it is the same. A file that is damaged, or of
 * another format, is as if it was not there. The folder is ours alone: who can
 * write there decides what containers may call.
 */
#ifndef TARE_RUN_SECCOMP_CACHE_H
#define TARE_RUN_SECCOMP_CACHE_H

#include <stddef.h>

struct sock_fprog;

/* Reads the program of a key; -ENOENT when there is none that is whole. */
int seccomp_cache_read(int dir_fd, const char *key, size_t key_size,
	struct sock_fprog *out);

/* Keeps a program, best effort: without it, it is compiled again. */
void seccomp_cache_write(int dir_fd, const char *key, size_t key_size,
	const struct sock_fprog *program);

#endif
