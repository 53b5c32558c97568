/* SPDX-License-Identifier: MIT */
/*
 * dotenv - files of NAME=value lines, as Compose reads .env and env_file
 *
 * Empty lines and comments are left out; "export " before a name is allowed. A
 * value without quotes ends at the line's end or at " #", one in quotes may
 * hold line ends. Variables are replaced but in single quotes; in double
 * quotes \n \r \t \" \\ \$ are read as such.
 */
#ifndef TARE_CONFIG_DOTENV_H
#define TARE_CONFIG_DOTENV_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct reader;

enum dotenv_limit {
	DOTENV_BYTES_MAX = 64 << 10,
	DOTENV_BUCKETS = 64,
};

struct variable {
	struct variable *next; /* in the order of their first setting */
	struct variable *next_in_bucket;
	const char *name;
	const char *value; /* NULL: named, but it has no value */
};

/* A zeroed struct is empty. */
struct variables {
	const struct variables *parent; /* asked when it has no value here */
	struct variable *first;
	struct variable *last;
	struct variable *buckets[DOTENV_BUCKETS];
	size_t count;
};

/* The value here or in a parent, or NULL. variables may be NULL. */
const char *variables_find(const struct variables *variables, const char *name,
	size_t length);

/* Sets or replaces; name and value must live as long as variables. */
void variables_set(struct reader *reader, struct variables *variables,
	const char *name, const char *value);

/*
 * Adds what the file in the reader's folder sets; what is wrong in its lines
 * is reported with the file's name. When is_raw nothing in a value is special.
 * 0, or -errno when the file cannot be read: that is not reported, err says it.
 */
int dotenv_read(struct reader *reader, const char *name, bool is_raw,
	struct variables *out, struct error *err);

#endif
