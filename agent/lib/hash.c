// SPDX-License-Identifier: MIT
/* hash - 64 bits that tell whether something is the same as before */
#include "lib/hash.h"

#include <string.h>

#define PRIME UINT64_C(0x100000001b3)

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	while (size-- > 0)
		hash = (hash ^ *at++) * PRIME;
	return hash;
}

uint64_t hash_string(uint64_t hash, const char *string)
{
	return string ? hash_bytes(hash, string, strlen(string) + 1)
		      : hash_bytes(hash, "\xff", 1);
}
