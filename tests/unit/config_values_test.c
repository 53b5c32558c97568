// SPDX-License-Identifier: MIT
/* tests of config/values and config/names: numbers with units, names */
#include "config/values.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "check.h"
#include "config/names.h"
#include "lib/text.h"

struct row {
	const char *text;
	int result;
	uint64_t value;
};

static void check_rows(int (*parse)(const char *, uint64_t *),
	const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;

		check_row(rows[i].text);
		CHECK(parse(rows[i].text, &value) == rows[i].result);
		if (rows[i].result == 0 && !CHECK(value == rows[i].value))
			printf("# is: %" PRIu64 "\n", value);
	}
}

#define CHECK_ROWS(parse, rows) \
	check_rows(parse, rows, sizeof(rows) / sizeof((rows)[0]))

static void test_bytes(void)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "1b", 0, 1 },
		{ "1B", 0, 1 },
		{ "1k", 0, 1024 },
		{ "1K", 0, 1024 },
		{ "1kb", 0, 1024 },
		{ "1KB", 0, 1024 },
		{ "1KiB", 0, 1024 },
		{ "1ki", -EINVAL, 0 },
		{ "64m", 0, 64 << 20 },
		{ "64 MB", 0, 64 << 20 },
		{ "1.5g", 0, 3ULL << 29 },
		{ "0.001k", 0, 1 },
		{ "2t", 0, 2ULL << 40 },
		{ "0.1234567g", 0, 132559870 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "17179869183g", 0, 17179869183ULL << 30 },
		{ "17179869184g", -ERANGE, 0 },
		{ "99999999999t", -ERANGE, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "1.5b", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", 0, 1 },
		{ "1  k", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1bb", -EINVAL, 0 },
		{ "1.k", -EINVAL, 0 },
		{ "1.2.3k", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
	};

	CHECK_ROWS(value_bytes, rows);
}

static void test_duration(void)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "10s", 0, 10000 },
		{ "1m30s", 0, 90000 },
		{ "1h5m30s20ms", 0, 3930020 },
		{ "1.5h", 0, 5400000 },
		{ "300ms", 0, 300 },
		{ "20us", 0, 1 },
		{ "1000us", 0, 1 },
		{ "1001us", 0, 2 },
		{ "30s1m", 0, 90000 },
		{ "5124095576h", 0, 18446744073600000ULL },
		{ "5124095577h", -ERANGE, 0 },
		{ "5124095576h5124095576h", -ERANGE, 0 },
		{ "99999999999999999999s", -ERANGE, 0 },
		{ "10", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "-1s", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ "1d", -EINVAL, 0 },
		{ "1m30", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
	};

	CHECK_ROWS(value_duration, rows);
}

static void test_milli(void)
{
	static const struct row rows[] = {
		{ "1", 0, 1000 },
		{ "0.5", 0, 500 },
		{ ".5", 0, 500 },
		{ "1.25", 0, 1250 },
		{ "0.3333333333333", 0, 333 },
		{ "0.0009", 0, 0 },
		{ "18446744073709551", 0, 18446744073709551000ULL },
		{ "18446744073709552", -ERANGE, 0 },
		{ "1.", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ "1,5", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	CHECK_ROWS(value_milli, rows);
}

static int parse_mode(const char *text, uint64_t *out)
{
	uint32_t mode = 0;
	int result = value_mode(text, &mode);

	*out = mode;
	return result;
}

static int parse_port(const char *text, uint64_t *out)
{
	uint16_t port = 0;
	int result = value_port(text, &port);

	*out = port;
	return result;
}

static int parse_signal(const char *text, uint64_t *out)
{
	int number = 0;
	int result = value_signal(text, &number);

	*out = (uint64_t)number;
	return result;
}

static int parse_bool(const char *text, uint64_t *out)
{
	bool value = false;
	int result = value_bool(text, &value);

	*out = value;
	return result;
}

static void test_small_kinds(void)
{
	static const struct row modes[] = {
		{ "0", 0, 0 },
		{ "755", 0, 0755 },
		{ "0755", 0, 0755 },
		{ "0o1777", 0, 01777 },
		{ "7777", 0, 07777 },
		{ "10000", -ERANGE, 0 },
		{ "8", -EINVAL, 0 },
		{ "0o", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "rwx", -EINVAL, 0 },
	};
	static const struct row ports[] = {
		{ "1", 0, 1 },
		{ "65535", 0, 65535 },
		{ "0", -ERANGE, 0 },
		{ "65536", -ERANGE, 0 },
		{ "-1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};
	static const struct row bools[] = {
		{ "true", 0, 1 },
		{ "false", 0, 0 },
		{ "yes", -EINVAL, 0 },
		{ "True", -EINVAL, 0 },
		{ "1", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	CHECK_ROWS(parse_mode, modes);
	CHECK_ROWS(parse_port, ports);
	CHECK_ROWS(parse_bool, bools);
}

static void test_signal(void)
{
	static const struct row rows[] = {
		{ "SIGTERM", 0, SIGTERM },
		{ "TERM", 0, SIGTERM },
		{ "sigwinch", 0, SIGWINCH },
		{ "9", 0, 9 },
		{ "64", 0, 64 },
		{ "RTMIN", 0, 34 },
		{ "SIGRTMIN+3", 0, 37 },
		{ "RTMIN+30", 0, 64 },
		{ "RTMAX", 0, 64 },
		{ "RTMAX-14", 0, 50 },
		{ "RTMIN+31", -EINVAL, 0 },
		{ "RTMIN-1", -EINVAL, 0 },
		{ "RTMAX+1", -EINVAL, 0 },
		{ "RTMIN+", -EINVAL, 0 },
		{ "RTMID", -EINVAL, 0 },
		{ "0", -EINVAL, 0 },
		{ "65", -EINVAL, 0 },
		{ "SIG", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "SIGSIGTERM", -EINVAL, 0 },
	};

	CHECK_ROWS(parse_signal, rows);
}

/* All libc signal numbers that the kernel's interface fixes are ours, too. */
static void test_signal_names_agree_with_libc(void)
{
	for (int number = 1; number < 32; number++) {
		const char *name = sigabbrev_np(number);
		uint64_t value = 0;

		check_row(name);
		CHECK(name && parse_signal(name, &value) == 0);
		CHECK(value == (uint64_t)number);
	}
}

static void test_capabilities(void)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "NET_ADMIN", "NET_ADMIN" },
		{ "CAP_NET_ADMIN", "NET_ADMIN" },
		{ "cap_net_admin", "NET_ADMIN" },
		{ "all", "ALL" },
		{ "CAP_ALL", "ALL" },
		{ "NET_ADMI", NULL },
		{ "CAP_", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = name_find_capability(rows[i].text);

		check_row(rows[i].text);
		CHECK(rows[i].name ? name && text_equal(name, rows[i].name)
				   : !name);
	}
}

static void test_suggestions(void)
{
	static const struct {
		const char *wrong, *candidate;
		bool is_near;
	} rows[] = {
		{ "imagee", "image", true },
		{ "imgae", "image", true },
		{ "envronment", "environment", true },
		{ "port", "ports", true },
		{ "x", "y", false },
		{ "ab", "pid", false },
		{ "volumes", "services", false },
		{ "qqqqq", "image", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *best = NULL;
		size_t distance = 0;

		check_row(rows[i].wrong);
		name_suggest(rows[i].wrong, rows[i].candidate, &best,
			&distance);
		CHECK((best != NULL) == rows[i].is_near);
	}
}

int main(void)
{
	RUN(test_bytes);
	RUN(test_duration);
	RUN(test_milli);
	RUN(test_small_kinds);
	RUN(test_signal);
	RUN(test_signal_names_agree_with_libc);
	RUN(test_capabilities);
	RUN(test_suggestions);
	return check_done();
}
