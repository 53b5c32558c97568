// SPDX-License-Identifier: MIT
/* init_say_test - lines on the console, and the notes */
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"

static char notes[] = "/tmp/tare-say-test-XXXXXX";
static char text[65536];
static int console[2];

static const char *said(void)
{
	ssize_t got = read(console[0], text, sizeof(text) - 1);

	text[got > 0 ? got : 0] = '\0';
	return text;
}

static void test_lines(void)
{
	say("init", "%s %d", "text", 7);
	CHECK(strcmp(said(), "tare: init: text 7\n") == 0);
	errno = ENOENT;
	note("setup", "open it: %m");
	CHECK(errno == ENOENT);
	CHECK(strcmp(said(), "tare: setup: open it: No such file or directory"
			     "\n") == 0);
	CHECK(file_read(notes, text, sizeof(text)) > 0);
	CHECK(strcmp(text, "setup: open it: No such file or directory") == 0);
}

static void test_too_long(void)
{
	char long_text[2 * SAY_MAX];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	say("a", "%s", long_text);
	CHECK(strlen(said()) < SAY_MAX);
	CHECK(strlen(text) > SAY_MAX - 10);
	CHECK(text[strlen(text) - 1] == '\n');
	CHECK(strchr(text, '\n') == text + strlen(text) - 1);
}

/* before there is a place for notes, and when it is full */
static void test_no_place(void)
{
	const char *real = say_notes_path;

	say_notes_path = "/nowhere/notes";
	note("a", "b");
	CHECK(strcmp(said(), "tare: a: b\n") == 0);
	say_notes_path = real;
}

/* what happens again and again for years does not eat the memory */
static void test_notes_are_bounded(void)
{
	struct stat file;

	for (int i = 0; i < 5000; i++) {
		note("agent", "exited with status 1");
		(void)said();
	}
	CHECK(stat(notes, &file) == 0);
	CHECK(file.st_size > 30000 && file.st_size < 40000);
	note("agent", "one more");
	CHECK(strcmp(said(), "tare: agent: one more\n") == 0);
}

int main(void)
{
	int fd = mkstemp(notes);
	int real = dup(STDERR_FILENO);

	if (fd < 0 || pipe(console) < 0)
		return 1;
	(void)dup2(console[1], STDERR_FILENO);
	say_notes_path = notes;
	RUN(test_lines);
	RUN(test_too_long);
	RUN(test_no_place);
	RUN(test_notes_are_bounded);
	(void)dup2(real, STDERR_FILENO);
	(void)unlink(notes);
	return check_done();
}
