// SPDX-License-Identifier: MIT
/* run_channel_test - what a new process says reaches its maker */
#include "run/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "lib/fd.h"

enum {
	TIMEOUT_MS = 1000
};

static struct channel_news news;

static void test_a_failure_comes_whole(void)
{
	struct error failure = { -EPERM, "mount 'a' at '/b': no" };
	struct error err = { 0 };
	int fds[2];

	if (!CHECK(channel_open(fds, &err) == 0))
		return;
	CHECK(channel_send(fds[1], REPORT_FAILED, &failure, -1) == 0);
	close(fds[1]);
	CHECK(channel_listen(fds[0], TIMEOUT_MS, &news, &err) == -EPERM);
	CHECK(err.code == -EPERM && strcmp(err.text, failure.text) == 0);
	close(fds[0]);
}

/* It has not read that it may go on, as it never came to that. */
static void test_a_failure_before_the_word_to_go_on(void)
{
	struct error failure = { -EPERM, "mount 'a' at '/b': no" };
	struct error err = { 0 };
	int fds[2];

	if (!CHECK(channel_open(fds, &err) == 0))
		return;
	CHECK(channel_go(fds[0], NULL, 0) == 0);
	CHECK(channel_send(fds[1], REPORT_FAILED, &failure, -1) == 0);
	close(fds[1]);
	CHECK(channel_listen(fds[0], TIMEOUT_MS, &news, &err) == -EPERM);
	CHECK(strcmp(err.text, failure.text) == 0);
	close(fds[0]);
}

static void test_a_death_without_a_word(void)
{
	for (int unread = 0; unread < 2; unread++) {
		struct error err = { 0 };
		int fds[2];

		if (!CHECK(channel_open(fds, &err) == 0))
			return;
		if (unread)
			CHECK(channel_go(fds[0], NULL, 0) == 0);
		close(fds[1]);
		CHECK(channel_listen(fds[0], TIMEOUT_MS, &news, &err) ==
			-ECHILD);
		CHECK(strstr(err.text, "died before") != NULL);
		close(fds[0]);
	}
}

static void test_ready_is_said_by_the_end(void)
{
	struct error err = { 0 };
	int fds[2];

	if (!CHECK(channel_open(fds, &err) == 0))
		return;
	CHECK(channel_send(fds[1], REPORT_READY, NULL, -1) == 0);
	CHECK(channel_listen(fds[0], 0, &news, &err) == -ETIMEDOUT);
	close(fds[1]);
	fds[1] = -1;
	CHECK(channel_listen(fds[0], TIMEOUT_MS, &news, &err) == -ECHILD);
	close(fds[0]);

	if (!CHECK(channel_open(fds, &err) == 0))
		return;
	CHECK(channel_send(fds[1], REPORT_READY, NULL, -1) == 0);
	close(fds[1]); /* as execve does */
	CHECK(channel_listen(fds[0], TIMEOUT_MS, &news, &err) == 0);
	close(fds[0]);
}

static void test_the_word_to_go_on(void)
{
	struct error err = { 0 };
	char *text = NULL;
	int fds[2];

	if (!CHECK(channel_open(fds, &err) == 0))
		return;
	CHECK(channel_go(fds[0], "{}", 3) == 0);
	CHECK(channel_wait(fds[1], &text) == 0);
	CHECK(text && strcmp(text, "{}") == 0);
	free(text);
	CHECK(channel_go(fds[0], NULL, 0) == 0);
	CHECK(channel_wait(fds[1], NULL) == 0);
	close(fds[0]);
	CHECK(channel_wait(fds[1], NULL) == -EPIPE);
	close(fds[1]);
}

int main(void)
{
	RUN(test_a_failure_comes_whole);
	RUN(test_a_failure_before_the_word_to_go_on);
	RUN(test_a_death_without_a_word);
	RUN(test_ready_is_said_by_the_end);
	RUN(test_the_word_to_go_on);
	return check_done();
}
