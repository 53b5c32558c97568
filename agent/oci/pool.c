// SPDX-License-Identifier: MIT
/* pool - memory for JSON that is given back when the program ends */
#include "oci/pool.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#define POOL_BYTES (512 << 10)

/* pages that are never used are never touched */
static _Alignas(max_align_t) unsigned char pool[POOL_BYTES];
static size_t used;

static void *take(size_t size)
{
	const size_t unit = _Alignof(max_align_t);
	void *memory;

	if (size > POOL_BYTES)
		return malloc(size);
	size = (size + unit - 1) / unit * unit;
	if (size > POOL_BYTES - used)
		return malloc(size);
	memory = pool + used;
	used += size;
	return memory;
}

static void give(void *memory)
{
	uintptr_t at = (uintptr_t)memory;

	if (at < (uintptr_t)pool || at >= (uintptr_t)pool + POOL_BYTES)
		free(memory);
}

void pool_begin(void)
{
	/* the kernel has given each process random bytes already */
	const void *bytes = (const void *)getauxval(AT_RANDOM);
	size_t seed = 0;

	if (bytes)
		memcpy(&seed, bytes, sizeof(seed));
	json_object_seed(seed ? seed : 1);
	json_set_alloc_funcs(take, give);
}

char *pool_print(const struct json_t *json, size_t flags)
{
	size_t size = json_dumpb(json, NULL, 0, flags);
	char *text = size ? malloc(size + 1) : NULL;

	if (!text || json_dumpb(json, text, size, flags) != size) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}
