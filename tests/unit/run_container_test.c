// SPDX-License-Identifier: MIT
/* run_container_test - real containers: what they see and what they may do */
#include "run/container.h"

#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "run_fixture.h"

static struct fixture box;

/* Every test begins so; false: skipped, with the reason. */
static bool begin(const char *prepare)
{
	if (fixture_open(&box, prepare))
		return true;
	check_skip(fixture_missing);
	return false;
}

static void test_runs_and_tells_the_exit_code(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "echo", "hello") == 0);
	CHECK(fixture_said(&box, "hello\n"));
	CHECK(FIXTURE_SHELL(&box, "echo wrong >&2; exit 7") == 7);
	CHECK(fixture_said(&box, "wrong\n"));
	CHECK(FIXTURE_SHELL(&box, "kill -9 $$; sleep 1; kill -TERM -1") >= 0);
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_runs_and_tells_the_exit_code);
	return check_done();
}
