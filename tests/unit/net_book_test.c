// SPDX-License-Identifier: MIT
/* net_book_test - a book is read as it was written, and nothing else is */
#include "net/book.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"

static const char good[] = "version 1\n"
			   "ula fd12:3456:789a::/48\n"
			   "subnet front - 172.18.0.0/16\n"
			   "subnet front - fd12:3456:789a:1::/64\n"
			   "last front - 172.18.0.9\n"
			   "last front - fd12:3456:789a:1::9\n"
			   "container front web-1 172.18.0.2\n"
			   "container front web-2 172.18.0.9\n"
			   "service front web 172.18.0.3\n"
			   "link front - 0\n"
			   "link front web-1 4294967295\n"
			   "end\n";

static const struct row {
	const char *text;
	int result;
	const char *error; /* or what is printed again; NULL: the same */
} rows[] = {
	{ good, 0, NULL },
	{ "version 1\nend\n", 0, NULL },
	{ "version 1\n# of the future\nroute a b c d e f\nend\n", 0,
		"version 1\nend\n" },
	{ "version 1\nservice b y 1.2.3.4\nservice b x 1.2.3.5\n"
	  "container a z 1.2.3.6\nservice a x 1.2.3.7\nend\n",
		0,
		"version 1\ncontainer a z 1.2.3.6\nservice a x 1.2.3.7\n"
		"service b x 1.2.3.5\nservice b y 1.2.3.4\nend\n" },
	{ "version 1\nservice a x 1.2.3.5\nservice a x 1.2.3.4\n"
	  "service a x 1.2.3.5\nservice a x ::1\nend\n",
		0, "version 1\nservice a x 1.2.3.4\nservice a x ::1\nend\n" },
	{ "", -EBADMSG, "line 1: the end is missing" },
	{ "version 1\n", -EBADMSG, "line 2: the end is missing" },
	{ "version 1\nend", -EBADMSG, "line 2: the end is missing" },
	{ "version 2\nend\n", -EBADMSG, "line 1" },
	{ "end\n", -EBADMSG, "line 1" },
	{ "version 1\nend \n", -EBADMSG, "line 2" },
	{ "version 1\nend\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nula fd12:3456:789a::/47\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nula fd12:3456:789a:1::/48\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nula 2001:db8::/48\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nula 253.1.2.3/48\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nula\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nsubnet a - 10.0.0.1/8\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nsubnet a - 10.0.0.0/8 x\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nsubnet a 10.0.0.0/8\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nlast a - 10.0.0.1/32\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nservice a  10.0.0.1\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nservice a b\t 10.0.0.1\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nlink a b 4294967296\nend\n", -EBADMSG, "line 2" },
	{ "version 1\nlink a b -1\nend\n", -EBADMSG, "line 2" },
};

static void test_reads_as_the_table_says(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		auto_arena arena = { 0 };
		struct error err = { .code = 0 };
		struct book book;
		const char *printed;
		size_t size = 0;

		check_row(row->text);
		CHECK(book_parse(row->text, strlen(row->text), &arena, &book,
			      &err) == row->result);
		if (row->result < 0) {
			CHECK(strstr(err.text, row->error));
			CHECK(book.entry_count == 0 && !book.entries);
			continue;
		}
		printed = book_print(&book, &arena, &size);
		CHECK(text_equal(printed, row->error ? row->error : row->text));
		CHECK(size == strlen(printed));
	}
}

static void test_limits(void)
{
	static char text[BOOK_TEXT_MAX + 1];
	auto_arena arena = { 0 };
	struct error err = { .code = 0 };
	struct book book;
	struct text lines;

	CHECK(book_parse("version 1\n\0end\n", 15, &arena, &book, &err) ==
		-EBADMSG);
	CHECK(book_parse(text, sizeof(text), &arena, &book, &err) == -EBADMSG);
	text_init(&lines, text, sizeof(text));
	text_add(&lines, "version 1\n");
	for (int i = 0; i < BOOK_ENTRIES_MAX; i++)
		text_add(&lines, "link a %d 0\n", i);
	text_add(&lines, "end\n");
	CHECK(book_parse(text, lines.used, &arena, &book, &err) == 0);
	CHECK(book.entry_count == BOOK_ENTRIES_MAX);
	lines.used -= 4;
	text_add(&lines, "link a x 0\nend\n");
	CHECK(book_parse(text, lines.used, &arena, &book, &err) == -EBADMSG);
	text_init(&lines, text, sizeof(text));
	text_add(&lines, "version 1\nlink %0256d b 0\nend\n", 1);
	CHECK(book_parse(text, lines.used, &arena, &book, &err) == -EBADMSG);
}

static void test_without_memory(void)
{
	int result = -ENOMEM;

	for (size_t limit = 1; result == -ENOMEM; limit += 64) {
		auto_arena arena = { .limit_bytes = limit };
		struct book book;

		result = book_parse(good, strlen(good), &arena, &book, NULL);
		CHECK(result == 0 || book.entry_count == 0);
	}
	CHECK(result == 0);
}

/* Bytes of the good text changed, cut and doubled: read or refused. */
static void test_damaged(void)
{
	static const char likely[] = " \n\t-/.:0129afx#";
	uint64_t seed = 20260101;
	unsigned int read = 0;

	for (int round = 0; round < 20000; round++) {
		auto_arena arena = { 0 };
		char text[sizeof(good)];
		size_t size = sizeof(good) - 1;
		struct book book;

		memcpy(text, good, size);
		for (int i = 0; i <= round % 4; i++) {
			seed = seed * 6364136223846793005U +
			       1442695040888963407U;
			text[(seed >> 33) % size] =
				likely[(seed >> 20) % (sizeof(likely) - 1)];
		}
		if (round % 8 == 0)
			size = (seed >> 40) % size;
		if (book_parse(text, size, &arena, &book, NULL) == 0) {
			read++;
			CHECK(book_print(&book, &arena, &size) != NULL);
		}
	}
	CHECK(read > 100 && read < 19000);
}

/* Nothing of the first is needed, names included. */
static void test_copy(void)
{
	static const char text[] =
		"version 1\nula fd12:3456:789a::/48\n"
		"subnet back - 10.0.0.0/16\nsubnet front - 10.1.0.0/16\n"
		"container front web 10.1.0.2\ncontainer front web fd00::2\n"
		"link front web 3\nend\n";
	struct book first, copy;
	struct error err;
	size_t limit = 1;
	int result = -ENOMEM;

	for (; result == -ENOMEM && limit < 4096; limit += 16) {
		struct arena arena = { 0 };
		auto_arena other = { .limit_bytes = limit };
		auto_arena print = { 0 };
		size_t size;

		CHECK(book_parse(text, strlen(text), &arena, &first, &err) ==
			0);
		result = book_copy(&first, &other, &copy);
		arena_clear(&arena);
		CHECK(result == 0 || copy.entry_count == 0);
		if (result == 0)
			CHECK(strcmp(book_print(&copy, &print, &size), text) ==
				0);
	}
	CHECK(result == 0 && limit > 64);
}

int main(void)
{
	RUN(test_reads_as_the_table_says);
	RUN(test_limits);
	RUN(test_without_memory);
	RUN(test_damaged);
	RUN(test_copy);
	return check_done();
}
