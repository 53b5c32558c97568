/* SPDX-License-Identifier: MIT */
/*
 * reader - what is known while a config is read
 *
 * The reader collects problems, with the path of the key that is being read,
 * and gives out memory. When memory runs out it remembers that, and everybody
 * who got NULL just returns: config_load looks at the end.
 */
#ifndef TARE_CONFIG_READER_H
#define TARE_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct arena;
struct node;
struct problems;
struct variables;

enum reader_limit {
	READER_VALUE_MAX = 128 << 10,  /* bytes of one value, as execve(2) */
	READER_EXPANDED_MAX = 4 << 20, /* bytes of all interpolated values */
	READER_PORTS_MAX = 4096,       /* published by all services */
	READER_TREE_MAX = 16 << 20,    /* bytes of what is only read */
};

struct reader {
	struct arena *arena;
	struct arena *tree; /* gone when all is read: nodes, drafts */
	struct problems *problems;
	const struct variables *variables; /* of .env */
	const char *file;                  /* as it stands in messages */
	int folder_fd;
	bool is_out_of_memory;
	char *scratch; /* see reader_scratch */
	size_t expanded_bytes;
	size_t port_count;
	size_t attachment_count;
	char path[128];
	size_t path_used;
};

/* Make the path longer by ".key" or "[index]"; return what reader_pop needs. */
size_t reader_push(struct reader *reader, const char *key);
size_t reader_push_index(struct reader *reader, size_t index);
void reader_pop(struct reader *reader, size_t path_used);

/* Report about the current path. */
void reader_error(struct reader *reader, struct mark mark, const char *format,
	...) __attribute__((format(printf, 3, 4)));
void reader_warn(struct reader *reader, struct mark mark, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* Zeroed memory, or NULL; then is_out_of_memory is set. */
void *reader_alloc(struct reader *reader, size_t count, size_t size);
char *reader_copy(struct reader *reader, const char *text, size_t size);

/* The same, for what nothing in the config points to. */
void *reader_alloc_tree(struct reader *reader, size_t count, size_t size);

/* A buffer of READER_VALUE_MAX bytes to build one value in, or NULL. */
char *reader_scratch(struct reader *reader);

/*
 * An array of count items with room for one more: items itself, or a copy of
 * twice the room when count is a power of two. NULL: out of memory.
 */
void *reader_grow(struct reader *reader, void *items, size_t count,
	size_t size);

/* Appends to strings. */
void reader_append(struct reader *reader, struct strings *strings,
	const char *item);

/*
 * The text of a scalar, interpolated. NULL when it is none (expected says what
 * to write instead: "a size such as 64m"); that has been reported.
 */
const char *reader_text(struct reader *reader, const struct node *node,
	const char *expected);

/* Is it of that kind? If not, that has been reported. */
bool reader_is_map(struct reader *reader, const struct node *node,
	const char *expected);
bool reader_is_list(struct reader *reader, const struct node *node,
	const char *expected);

#endif
