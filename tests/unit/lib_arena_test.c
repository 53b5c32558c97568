// SPDX-License-Identifier: MIT
/* lib_arena_test - memory is zeroed, aligned, limited, and all given back */
/* wrap: calloc */
#include "lib/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fault.h"

FAULT_WRAP_POINTER(void *, calloc, (size_t count, size_t size), (count, size))

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

static void test_memory_is_zeroed_and_aligned(void)
{
	static const size_t sizes[] = { 0, 1, 3, 16, 17, 4000, 8191, 8192, 8193,
		100000, 5 };
	auto_arena arena = { 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *memory = arena_alloc(&arena, sizes[i]);

		if (!CHECK(memory != NULL))
			return;
		CHECK((uintptr_t)memory % _Alignof(max_align_t) == 0);
		CHECK(is_zero(memory, sizes[i]));
		memset(memory, 0xaa, sizes[i]); /* ASan sees an overlap */
	}
}

static void test_pieces_do_not_overlap(void)
{
	auto_arena arena = { 0 };
	unsigned char *pieces[300];

	for (size_t i = 0; i < 300; i++) {
		pieces[i] = arena_alloc(&arena, i + 1);
		if (!CHECK(pieces[i] != NULL))
			return;
		memset(pieces[i], (int)(i & 0xff), i + 1);
	}
	for (size_t i = 0; i < 300; i++) {
		CHECK(pieces[i][0] == (i & 0xff));
		CHECK(pieces[i][i] == (i & 0xff));
	}
}

static void test_limit_refuses_and_stays_usable(void)
{
	auto_arena arena = { .limit_bytes = 128 };

	CHECK(arena_alloc(&arena, 129) == NULL);
	CHECK(arena_alloc(&arena, 100) != NULL);
	CHECK(arena_alloc(&arena, 17) == NULL);
	CHECK(arena_alloc(&arena, 16) != NULL);
	CHECK(arena.used_bytes == 128);
	CHECK(arena_alloc(&arena, 0) == NULL);
	arena_clear(&arena);
	CHECK(arena.used_bytes == 0);
	CHECK(arena_alloc(&arena, 128) != NULL);
}

static void test_sizes_that_overflow(void)
{
	auto_arena arena = { 0 };
	const size_t half = SIZE_MAX / 2;

	CHECK(arena_alloc(&arena, SIZE_MAX) == NULL);
	CHECK(arena_array(&arena, half, 3) == NULL);
	CHECK(arena_array(&arena, 3, half) == NULL);
	CHECK(arena_array(&arena, SIZE_MAX, SIZE_MAX) == NULL);
	CHECK(arena_copy(&arena, "", SIZE_MAX) == NULL);
	CHECK(arena_array(&arena, 0, 8) != NULL);
	CHECK(arena_array(&arena, 8, 0) != NULL);
}

static void test_strings(void)
{
	auto_arena arena = { .limit_bytes = 256 };
	const char *copy = arena_copy(&arena, "abcdef", 3);
	const char *string = arena_string(&arena, "");
	const char *text = arena_format(&arena, "%s-%03d", "web", 7);

	CHECK(copy && strcmp(copy, "abc") == 0);
	CHECK(string && strcmp(string, "") == 0);
	CHECK(text && strcmp(text, "web-007") == 0);
	CHECK(arena_format(&arena, "%300d", 1) == NULL);
}

static void test_no_memory(void)
{
	auto_arena arena = { 0 };

	fault_arm(1, ENOMEM);
	CHECK(arena_alloc(&arena, 10) == NULL);
	CHECK(fault_fired());
	CHECK(arena.used_bytes == 0);
	CHECK(arena_alloc(&arena, 10) != NULL);
	fault_arm(1, ENOMEM);
	CHECK(arena_string(&arena, "fits in the block") != NULL);
	CHECK(arena_alloc(&arena, 9000) == NULL);
	CHECK(fault_fired());
	CHECK(arena_alloc(&arena, 9000) != NULL);
}

static void test_reserved_memory_is_there(void)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };

	arena_reserve(&arena, 100000);
	fault_arm(1, ENOMEM);
	for (size_t i = 0; i < 100; i++)
		CHECK(arena_alloc(&arena, 1000 - 8) != NULL);
	CHECK(arena_alloc(&arena, 1000) == NULL); /* 800 are left */
	CHECK(fault_fired());
	arena_reserve(&arena, SIZE_MAX); /* as much as the limit leaves */
	fault_arm(1, ENOMEM);
	CHECK(arena_alloc(&arena, (1 << 20) - 100 * 992) != NULL);
	CHECK(!fault_fired());
	CHECK(arena_alloc(&arena, 1) == NULL);
	fault_arm(1, ENOMEM);
	arena_reserve(&arena, 100000); /* nobody is told */
	CHECK(fault_fired());
}

int main(void)
{
	RUN(test_memory_is_zeroed_and_aligned);
	RUN(test_pieces_do_not_overlap);
	RUN(test_limit_refuses_and_stays_usable);
	RUN(test_sizes_that_overflow);
	RUN(test_strings);
	RUN(test_no_memory);
	RUN(test_reserved_memory_is_there);
	return check_done();
}
