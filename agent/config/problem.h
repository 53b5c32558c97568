/* SPDX-License-Identifier: MIT */
/*
 * problem - what is wrong with a config, for people
 *
 * A problem prints as
 *   compose.yaml:3:5: services.web.imagee: unknown key, did you mean 'image'?
 * that is file:line:column, the key's path, what is wrong and what to write
 * instead.
 */
#ifndef TARE_CONFIG_PROBLEM_H
#define TARE_CONFIG_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mark;
struct text;

enum problem_limit {
	PROBLEMS_MAX = 64
};

struct problem {
	bool is_warning;
	uint32_t line, column; /* from 1; 0: not about a place in the file */
	char file[64];
	char path[128]; /* "services.web.image"; may be empty */
	char text[320];
};

/* Filled in the order of the file; beyond the limit they are only counted. */
struct problems {
	struct problem items[PROBLEMS_MAX];
	size_t count;       /* kept in items */
	size_t error_count; /* all, kept or not */
	size_t warning_count;
};

/* Appends "file:line:column: path: text" (parts that are empty left out). */
void problem_print(const struct problem *problem, struct text *out);

#endif
