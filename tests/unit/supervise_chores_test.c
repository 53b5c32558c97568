// SPDX-License-Identifier: MIT
/* tests of supervise/chores: what is done before a workload can start */
/* wrap: link_read_taken link_apply_networks link_attach link_compare */
/* wrap: link_settle ruleset_apply conntrack_forget */
/* wrap: store_find store_import folders_are_made folders_make launch_prepare container_create container_kill container_clear log_file_attach sethostname probe_perform probe_kill */
#include "supervise_scene.h"

static void test_an_image_is_unpacked_first(void)
{
	begin("services:\n  a: {image: i, command: [exec sleep 100]}\n"
	      "  b: {image: i, command: [exec sleep 100]}\n");
	needs_import = true;
	run(all_running);
	CHECK(comes_before("unpacking image i", "start a"));
	CHECK(strstr(journal, "start b"));
	end();
}

static void test_an_image_that_cannot_be_had(void)
{
	begin("services:\n  web: {image: i, command: [exec sleep 100]}\n");
	needs_import = true;
	imports_to_fail = 1;
	run(is_backing_off);
	CHECK(strstr(journal, "unpack 'i': digest differs"));
	end();
	begin("services:\n  web: {image: i, command: [exec sleep 100]}\n");
	needs_import = true;
	has_older = true;
	imports_to_fail = 1;
	run(all_running);
	CHECK(strstr(journal,
		"digest differs, using the image that was there"));
	end();
	begin("services:\n  web: {image: missing, command: [exec sleep 1]}\n");
	run(is_backing_off);
	CHECK(strstr(journal, "find image 'missing': nowhere"));
	CHECK(find("web")->restarts == 0);
	end();
}

static bool heals_then_finishes(void)
{
	if (is_backing_off())
		imports_to_fail = 0;
	return is_finished();
}

/* on-failure:1 counts runs, not tries to get the image. */
static void test_tries_for_an_image_are_no_failures_to_run(void)
{
	begin("services:\n  web:\n    image: i\n    restart: on-failure:1\n"
	      "    command: [exit 1]\n");
	needs_import = true;
	imports_to_fail = 1;
	run(heals_then_finishes);
	CHECK(times("start web") == 2);
	end();
}

static void test_folders_are_made_first(void)
{
	begin("services:\n  a: {image: i, command: [exec sleep 100]}\n"
	      "  b: {image: i, command: [exec sleep 100]}\n");
	needs_folders = true;
	run(all_running);
	CHECK(times("start ") == 2);
	end();
}

/* A full disk lets neither be done: that must not go round without a wait. */
static void test_nothing_can_be_done(void)
{
	begin("services:\n  web: {image: i, command: [exec sleep 100]}\n");
	needs_import = true;
	has_older = true;
	imports_to_fail = 1;
	needs_folders = true;
	folders_to_fail = true;
	run(is_backing_off);
	CHECK(strstr(journal, "fill volume 'v': disk full, starting again"));
	CHECK(times("unpacking image") == 1);
	end();
}

int main(void)
{
	RUN(test_an_image_is_unpacked_first);
	RUN(test_an_image_that_cannot_be_had);
	RUN(test_tries_for_an_image_are_no_failures_to_run);
	RUN(test_folders_are_made_first);
	RUN(test_nothing_can_be_done);
	return check_done();
}
