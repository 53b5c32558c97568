/* SPDX-License-Identifier: MIT */
/*
 * pool - memory for JSON that is given back when the program ends
 *
 * A command lives for a moment and parses one document: asking the kernel for
 * pages and giving them back costs more than the parsing. What does not fit
 * into the pool comes from malloc(3).
 */
#ifndef TARE_OCI_POOL_H
#define TARE_OCI_POOL_H

#include <stddef.h>

struct json_t;

/* From now on jansson takes its memory there, with a seed for its tables. */
void pool_begin(void);

/* As json_dumps(), but from malloc(3): for the caller to free. Or NULL. */
char *pool_print(const struct json_t *json, size_t flags);

#endif
