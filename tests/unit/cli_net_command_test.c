// SPDX-License-Identifier: MIT
/* tests of cli/net_command: command lines and what is said of wrong ones */
#include "cli/net_command.h"

#include <errno.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"

enum {
	WORDS_MAX = 8,
};

static struct net_arguments arguments;
static struct error err;

/* Words are separated by spaces. */
static int parse(const struct net_command *command, const char *line)
{
	static char copy[256];
	char *words[WORDS_MAX];
	int count = 0;

	(void)text_copy(copy, sizeof(copy), line);
	for (char *at = copy; *at; count++) {
		words[count] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	err.text[0] = '\0';
	return net_command_parse(command, count, words, &arguments, &err);
}

static void test_good(void)
{
	CHECK(parse(&net_ping, "web") == 0);
	CHECK(text_equal(arguments.words[0], "web"));
	CHECK(arguments.count == 4 && arguments.wait_s == 2);
	CHECK(!arguments.as_json && !arguments.wants_help);
	CHECK(parse(&net_ping, "-c 7 web -W=9 --json") == 0);
	CHECK(arguments.count == 7 && arguments.wait_s == 9);
	CHECK(arguments.as_json && arguments.word_count == 1);
	CHECK(parse(&net_ping, "-- -c") == 0);
	CHECK(text_equal(arguments.words[0], "-c"));
	CHECK(parse(&net_ping, "--help") == 0 && arguments.wants_help);
	CHECK(parse(&net_dump, "") == 0 && arguments.word_count == 0);
	CHECK(parse(&net_dump, "eth0 --port=53 --host 192.0.2.1 -o -") == 0);
	CHECK(arguments.port == 53 && text_equal(arguments.file, "-"));
	CHECK(text_equal(arguments.host, "192.0.2.1"));
	CHECK(parse(&net_list, "--json") == 0 && arguments.as_json);
}

static void test_wrong(void)
{
	static const struct {
		const struct net_command *command;
		const char *line, *says;
	} rows[] = {
		{ &net_ping, "",
			"HOST is missing; write 'tare net ping HOST " },
		{ &net_dns, "--json",
			"NAME is missing; write 'tare net dns NAME [TYPE] " },
		{ &net_ping, "a b",
			"'b' is too much; write 'tare net ping HOST " },
		{ &net_list, "a",
			"'a' is too much; write 'tare net [--json]'" },
		{ &net_ping, "--jsno a",
			"unknown option '--jsno', did you mean '--json'?" },
		{ &net_ping, "--hlep",
			"unknown option '--hlep', did you mean '--help'?" },
		{ &net_dump, "--prot 1",
			"unknown option '--prot', did you mean '--port'?" },
		{ &net_ping, "-x a",
			"unknown option '-x'; 'tare net ping --help' lists them" },
		{ &net_ping, "a -c", "-c needs a value: -c N" },
		{ &net_ping, "a -c 0",
			"-c '0': must be a number from 1 to 1000" },
		{ &net_ping, "a -c 1001",
			"-c '1001': must be a number from 1 to 1000" },
		{ &net_ping, "a -c x",
			"-c 'x': must be a number from 1 to 1000" },
		{ &net_ping, "a --json=1", "--json takes no value" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].line);
		CHECK(parse(rows[i].command, rows[i].line) == -EINVAL);
		if (!CHECK(text_starts_with(err.text, rows[i].says)))
			printf("# %s\n", err.text);
	}
}

int main(void)
{
	RUN(test_good);
	RUN(test_wrong);
	return check_done();
}
