/* SPDX-License-Identifier: MIT */
/*
 * content - what the data partition holds, told from its bytes alone.
 *
 * The rule that nothing of a user is ever wiped rests on this: a file system
 * is made only on what is blank, or on what carries the mark that we left
 * there ourselves before making one and have not taken away since. The mark
 * lies in the last 64 KiB, where our file system does not reach; it is taken
 * away before the first mount, so that no user's file can be behind it.
 */
#ifndef INIT_CONTENT_H
#define INIT_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#define CONTENT_TAIL_BYTES  65536
#define CONTENT_BLOCK_BYTES 4096 /* of the file systems we make */

enum content {
	CONTENT_BLANK,      /* nothing: ours to use */
	CONTENT_UNFINISHED, /* making the file system was interrupted */
	CONTENT_EXT4,       /* one, or the remains of one */
	CONTENT_FOREIGN,    /* somebody's */
};

/* Look at the partition open at fd, of this many bytes. Returns an
 * enum content, or a negative errno when it cannot be read. */
int content_of(int fd, uint64_t bytes);

/* set or take away the mark of an unfinished file system, synced */
int content_mark(int fd, uint64_t bytes, bool is_unfinished);

/* blocks of CONTENT_BLOCK_BYTES that a file system may use here */
uint64_t content_usable_blocks(uint64_t bytes);

/* size of the ext4 at fd in bytes, 0 when it cannot be told */
uint64_t content_ext4_bytes(int fd);

#endif
