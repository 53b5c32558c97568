// SPDX-License-Identifier: MIT
#include "lib/hash_index.h"

#include <stdbool.h>

#include "check.h"
#include "lib/arena.h"

static bool has(const struct hash_index *index, uint64_t hash, size_t number)
{
	size_t found;

	while ((found = hash_index_next(index, &hash)) != SIZE_MAX) {
		if (found == number)
			return true;
	}
	return false;
}

static void test_empty(void)
{
	struct hash_index index = { 0 };

	CHECK(!has(&index, 0, 0) && !has(&index, UINT64_MAX, 0));
	CHECK(index.room == 0);
}

/* Many hashes that are the same, at the end of the table, and others. */
static void test_full(void)
{
	auto_arena arena = { 0 };
	struct hash_index index;

	CHECK(hash_index_init(&index, &arena, 100) == 0);
	CHECK(index.room >= 100);
	for (size_t i = 0; i < 50; i++)
		hash_index_add(&index, UINT64_MAX, i);
	for (size_t i = 50; i < 100; i++)
		hash_index_add(&index, i * 7, i);
	for (size_t i = 0; i < 50; i++)
		CHECK(has(&index, UINT64_MAX, i));
	for (size_t i = 50; i < 100; i++)
		CHECK(has(&index, i * 7, i));
	CHECK(!has(&index, UINT64_MAX, 100));
}

static void test_clear(void)
{
	uint32_t slots[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct hash_index index;

	for (int round = 0; round < 3; round++) {
		hash_index_clear(&index, slots, 8);
		CHECK(index.room == 4);
		for (size_t i = 0; i < 4; i++)
			CHECK(!has(&index, i, i));
		for (size_t i = 0; index.room > 0; i++)
			hash_index_add(&index, i, i);
		CHECK(has(&index, 3, 3) && !has(&index, 3, 4));
	}
}

int main(void)
{
	RUN(test_empty);
	RUN(test_full);
	RUN(test_clear);
	return check_done();
}
