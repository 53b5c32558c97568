/* SPDX-License-Identifier: MIT */
/*
 * arena - memory that is given back all at once
 *
 * One arena per config load and one per request. Memory is zeroed. An arena
 * has a limit; at the limit, or when the kernel gives no more, allocation
 * returns NULL and the arena stays usable. A zeroed struct with a limit set
 * is an empty arena.
 */
#ifndef TARE_LIB_ARENA_H
#define TARE_LIB_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used_bytes;
	size_t limit_bytes; /* 0: no limit */
};

/* Gets memory for size bytes at once; without it, for a page or two. */
void arena_reserve(struct arena *arena, size_t size);

/* Zeroed memory aligned for any type, or NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc for count * size bytes; NULL when that overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A terminated copy of the size bytes at text, or NULL. */
char *arena_copy(struct arena *arena, const char *text, size_t size);

/* A terminated copy of a string, or NULL. */
char *arena_string(struct arena *arena, const char *text);

/* A formatted string, or NULL. */
char *arena_format(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Gives everything back; the arena can be used again. */
void arena_clear(struct arena *arena);

#define auto_arena __attribute__((cleanup(arena_clear))) struct arena

#endif
