// SPDX-License-Identifier: MIT
/* lib_error_test - errors are sentences, are cut, and survive without err */
#include "lib/error.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "check.h"

static void test_set_formats_and_returns_the_code(void)
{
	struct error err = { 0 };

	CHECK(error_set(&err, -EINVAL, "read '%s': too large", "a") == -EINVAL);
	CHECK(err.code == -EINVAL);
	CHECK(strcmp(err.text, "read 'a': too large") == 0);
}

static void test_errno_is_explained(void)
{
	struct error err = { 0 };

	errno = ENOENT;
	CHECK(error_errno(&err, "open '%s'", "b") == -ENOENT);
	CHECK(err.code == -ENOENT);
	CHECK(strcmp(err.text, "open 'b': No such file or directory") == 0);
}

static void test_prefix_keeps_code_and_text(void)
{
	struct error err = { 0 };

	(void)error_set(&err, -EIO, "read 'c': broken");
	CHECK(error_prefix(&err, "load %s", "web") == -EIO);
	CHECK(strcmp(err.text, "load web: read 'c': broken") == 0);
	CHECK(error_prefix(&err, "start") == -EIO);
	CHECK(strcmp(err.text, "start: load web: read 'c': broken") == 0);
}

static void test_without_err_the_code_still_counts(void)
{
	CHECK(error_set(NULL, -EPERM, "x") == -EPERM);
	errno = EAGAIN;
	CHECK(error_errno(NULL, "x") == -EAGAIN);
	CHECK(error_prefix(NULL, "x") < 0);
}

static void test_long_text_is_cut_and_terminated(void)
{
	struct error err = { 0 };
	char name[600];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)error_set(&err, -EIO, "%s", name);
	CHECK(strlen(err.text) == sizeof(err.text) - 1);
	errno = EIO;
	(void)error_errno(&err, "%s", name);
	CHECK(strlen(err.text) == sizeof(err.text) - 1);
	(void)error_prefix(&err, "%s", name);
	CHECK(strlen(err.text) == sizeof(err.text) - 1);
}

static void test_is_one_line_whatever_the_names(void)
{
	struct error err = { 0 };

	(void)error_set(&err, -EIO, "read '%s': %s", "a\n<3>b\x1b[2J",
		"\x7f\xc3\xa4");
	CHECK(strcmp(err.text, "read 'a?<3>b?[2J': ?\xc3\xa4") == 0);
	(void)error_prefix(&err, "load\t%c", '\r');
	CHECK(strcmp(err.text, "load??: read 'a?<3>b?[2J': ?\xc3\xa4") == 0);
	errno = EIO;
	(void)error_errno(&err, "open '\b'");
	CHECK(strncmp(err.text, "open '?': ", 10) == 0);
}

static void test_fits_one_pipe_write(void)
{
	CHECK(sizeof(struct error) <= PIPE_BUF);
}

int main(void)
{
	RUN(test_set_formats_and_returns_the_code);
	RUN(test_errno_is_explained);
	RUN(test_prefix_keeps_code_and_text);
	RUN(test_without_err_the_code_still_counts);
	RUN(test_long_text_is_cut_and_terminated);
	RUN(test_is_one_line_whatever_the_names);
	RUN(test_fits_one_pipe_write);
	return check_done();
}
