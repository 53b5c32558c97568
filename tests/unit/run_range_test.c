// SPDX-License-Identifier: MIT
/* run_range_test - no two workloads get the same host ids */
#include "run/range.h"

#include <errno.h>
#include <stddef.h>

#include "check.h"

static struct range_set set;

static void begin(void)
{
	set = (struct range_set){ 0 };
}

static void test_takes_the_lowest(void)
{
	begin();
	CHECK(range_take(&set) == 1048576);
	CHECK(range_take(&set) == 1048576 + 65536);
	CHECK(range_take(&set) == 1048576 + 2 * 65536);
	range_give(&set, 1048576 + 65536);
	CHECK(range_take(&set) == 1048576 + 65536);
	CHECK(range_take(&set) == 1048576 + 3 * 65536);
}

static void test_takes_all_and_no_more(void)
{
	uint32_t before = 0;

	begin();
	for (unsigned int i = 0; i < RANGE_COUNT; i++) {
		uint32_t id = range_take(&set);

		if (!CHECK(id >= before + RANGE_SIZE && id % 65536 == 0))
			return;
		before = id;
	}
	CHECK(range_take(&set) == 0);
	range_give(&set, before);
	CHECK(range_take(&set) == before);
}

static void test_marks_what_is_adopted(void)
{
	begin();
	CHECK(range_mark(&set, RANGE_FIRST) == 0);
	CHECK(range_mark(&set, RANGE_FIRST) == -EBUSY);
	CHECK(range_mark(&set, RANGE_FIRST + 64 * RANGE_SIZE) == 0);
	CHECK(range_take(&set) == RANGE_FIRST + RANGE_SIZE);
	CHECK(range_mark(&set, RANGE_FIRST + RANGE_SIZE) == -EBUSY);
}

static void test_refuses_foreign_ids(void)
{
	static const uint32_t ids[] = { 0, 1, 65536, RANGE_FIRST - RANGE_SIZE,
		RANGE_FIRST + 1, RANGE_FIRST + RANGE_COUNT * RANGE_SIZE,
		UINT32_MAX, UINT32_MAX - 65535 };

	begin();
	CHECK(range_take(&set) == RANGE_FIRST);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		CHECK(range_mark(&set, ids[i]) == -EINVAL);
		range_give(&set, ids[i]);
	}
	CHECK(range_take(&set) == RANGE_FIRST + RANGE_SIZE);
}

int main(void)
{
	RUN(test_takes_the_lowest);
	RUN(test_takes_all_and_no_more);
	RUN(test_marks_what_is_adopted);
	RUN(test_refuses_foreign_ids);
	return check_done();
}
