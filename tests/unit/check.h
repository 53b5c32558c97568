/* SPDX-License-Identifier: MIT */
/*
 * check - the test framework: CHECK what must be true, RUN each test, DONE
 *
 *	static void test_copies(void) { CHECK(copy(1) == 1); }
 *	int main(void) { RUN(test_copies); return check_done(); }
 *
 * Prints TAP: one line per RUN, a "#" line per CHECK that failed. A test that
 * walks a table calls check_row(label) first, so that a failure names its row.
 */
#ifndef TARE_CHECK_H
#define TARE_CHECK_H

#include <stdbool.h>
#include <stdio.h>

static unsigned int check_tests, check_failures;
static const char *check_label, *check_skipped;

#define CHECK(c)  check((c), #c, __FILE__, __LINE__)
#define RUN(test) check_run(test, #test)

/* Names the row of a table that the next checks are about; NULL for none. */
static inline void check_row(const char *label)
{
	check_label = label;
}

/* Says that the running test cannot be done here, and why. */
static inline void check_skip(const char *reason)
{
	check_skipped = reason;
}

/* Returns ok, so that a test can stop: if (!CHECK(p)) return; */
static inline bool check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return true;
	check_failures++;
	printf("# %s:%d: failed: %s%s%s\n", file, line, what,
		check_label ? ", row: " : "", check_label ? check_label : "");
	return false;
}

static inline void check_run(void (*test)(void), const char *name)
{
	unsigned int before = check_failures;

	check_label = check_skipped = NULL;
	test();
	printf("%s %u - %s%s%s\n", check_failures == before ? "ok" : "not ok",
		++check_tests, name, check_skipped ? " # SKIP " : "",
		check_skipped ? check_skipped : "");
	(void)fflush(stdout);
}

/* Prints the plan; returns the exit status of the test program. */
static inline int check_done(void)
{
	printf("1..%u\n", check_tests);
	return check_tests == 0 || check_failures > 0;
}

#endif
