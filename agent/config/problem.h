/* SPDX-License-Identifier: MIT */
/*
 * problem - what is wrong with a config, for people
 *
 * A problem prints as
 *   compose.yaml:3:5: services.web.imagee: unknown key, did you mean 'image'?
 * that is file:line:column, the key's path, what is wrong and what to write
 * instead. A warning has "warning: " before its text.
 */
#ifndef TARE_CONFIG_PROBLEM_H
#define TARE_CONFIG_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * In the order of each file, the files in the order of their first problem.
 * Beyond the limit problems are only counted, warnings before errors. A zeroed
 * struct is empty.
 */
struct problems {
	struct problem items[PROBLEMS_MAX];
	size_t count;       /* kept in items */
	size_t error_count; /* all, kept or not */
	size_t warning_count;
};

/*
 * Adds a copy at its place in the order. Controls and bytes that are not UTF-8
 * become '?', so that a config cannot paint on the console.
 */
void problems_add(struct problems *problems, const struct problem *problem);

/* Appends "file:line:column: path: text" (parts that are empty left out). */
void problem_print(const struct problem *problem, struct text *out);

#endif
