// SPDX-License-Identifier: MIT
/* values - numbers with units, as the Compose Specification writes them */
#include "config/values.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

#define MILLION 1000000U

/* A decimal number: its whole part and millionths. */
struct decimal {
	uint64_t whole;
	uint64_t millionths;
};

int value_bool(const char *text, bool *out)
{
	*out = text_equal(text, "true");
	return *out || text_equal(text, "false") ? 0 : -EINVAL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads a decimal at *at and steps over it. Digits after the 6th are dropped. */
static int read_decimal(const char **at, struct decimal *out)
{
	uint64_t unit = MILLION / 10;

	*out = (struct decimal){ 0 };
	if (!is_digit(**at) && **at != '.')
		return -EINVAL;
	for (; is_digit(**at); (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');

		if (out->whole > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		out->whole = out->whole * 10 + digit;
	}
	if (**at != '.')
		return 0;
	(*at)++;
	if (!is_digit(**at))
		return -EINVAL;
	for (; is_digit(**at); (*at)++) {
		out->millionths += unit * (uint64_t)(**at - '0');
		unit /= 10;
	}
	return 0;
}

/* decimal * unit, for units up to 2^43 */
static int multiply(const struct decimal *decimal, uint64_t unit, uint64_t *out)
{
	uint64_t part = decimal->millionths * unit / MILLION;

	if (decimal->whole > (UINT64_MAX - part) / unit)
		return -ERANGE;
	*out = decimal->whole * unit + part;
	return 0;
}

int value_bytes(const char *text, uint64_t *out)
{
	static const char units[] = "bkmgt";
	struct decimal decimal;
	const char *found;
	int result = read_decimal(&text, &decimal);

	if (result < 0)
		return result;
	if (*text == ' ')
		text++;
	if (!*text)
		return decimal.millionths ? -EINVAL
					  : multiply(&decimal, 1, out);
	found = strchr(units, *text | 0x20);
	if (!found)
		return -EINVAL;
	text++;
	if (found != units && strcasecmp(text, "") != 0 &&
		strcasecmp(text, "b") != 0 && strcasecmp(text, "ib") != 0)
		return -EINVAL;
	if (found == units && (*text || decimal.millionths))
		return -EINVAL;
	return multiply(&decimal, (uint64_t)1 << 10 * (found - units), out);
}

/* The microseconds of the unit at *at, which it steps over; 0: none. */
static uint64_t read_time_unit(const char **at)
{
	static const struct {
		const char *name;
		uint64_t us;
	} units[] = {
		{ "us", 1 },
		{ "ms", 1000 },
		{ "s", MILLION },
		{ "m", 60ULL * MILLION },
		{ "h", 3600ULL * MILLION },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!text_starts_with(*at, units[i].name))
			continue;
		*at += strlen(units[i].name);
		return units[i].us;
	}
	return 0;
}

int value_duration(const char *text, uint64_t *out)
{
	uint64_t total_us = 0;

	if (text_equal(text, "0")) {
		*out = 0;
		return 0;
	}
	do {
		struct decimal decimal;
		uint64_t unit;
		uint64_t us = 0;
		int result = read_decimal(&text, &decimal);

		if (result < 0)
			return result;
		unit = read_time_unit(&text);
		if (unit == 0)
			return -EINVAL;
		result = multiply(&decimal, unit, &us);
		if (result < 0 || total_us > UINT64_MAX - us)
			return -ERANGE;
		total_us += us;
	} while (*text);
	*out = total_us / 1000 + (total_us % 1000 != 0);
	return 0;
}

int value_milli(const char *text, uint64_t *out)
{
	struct decimal decimal;
	int result = read_decimal(&text, &decimal);

	if (result < 0)
		return result;
	return *text ? -EINVAL : multiply(&decimal, 1000, out);
}

int value_mode(const char *text, uint32_t *out)
{
	uint32_t mode = 0;

	if (text_starts_with(text, "0o"))
		text += 2;
	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return -EINVAL;
		mode = mode * 8 + (uint32_t)(*text - '0');
		if (mode > 07777)
			return -ERANGE;
	}
	*out = mode;
	return 0;
}

int value_port(const char *text, uint16_t *out)
{
	uint64_t number = 0;
	int result = text_parse_u64(text, UINT16_MAX, &number);

	if (result < 0)
		return result;
	if (number == 0)
		return -ERANGE;
	*out = (uint16_t)number;
	return 0;
}

int value_signal(const char *text, int *out)
{
	/* clang-format off */
	static const struct { const char *name; int number; } signals[] = {
		{ "HUP", SIGHUP },       { "INT", SIGINT },       { "QUIT", SIGQUIT },
		{ "ILL", SIGILL },       { "TRAP", SIGTRAP },     { "ABRT", SIGABRT },
		{ "IOT", SIGIOT },       { "BUS", SIGBUS },       { "FPE", SIGFPE },
		{ "KILL", SIGKILL },     { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
		{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE },     { "ALRM", SIGALRM },
		{ "TERM", SIGTERM },     { "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD },
		{ "CLD", SIGCHLD },      { "CONT", SIGCONT },     { "STOP", SIGSTOP },
		{ "TSTP", SIGTSTP },     { "TTIN", SIGTTIN },     { "TTOU", SIGTTOU },
		{ "URG", SIGURG },       { "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ },
		{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },     { "WINCH", SIGWINCH },
		{ "IO", SIGIO },         { "POLL", SIGIO },       { "PWR", SIGPWR },
		{ "SYS", SIGSYS },
	};
	/* clang-format on */
	/* as the kernel counts for programs: 32 and 33 belong to the libc */
	const int rt_min = 34, rt_max = 64;
	uint64_t number = 0;

	if (is_digit(*text)) {
		if (text_parse_u64(text, (uint64_t)rt_max, &number) < 0 ||
			number == 0)
			return -EINVAL;
		*out = (int)number;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (strcasecmp(text, signals[i].name) == 0) {
			*out = signals[i].number;
			return 0;
		}
	}
	if (strncasecmp(text, "RTMIN", 5) != 0 &&
		strncasecmp(text, "RTMAX", 5) != 0)
		return -EINVAL;
	*out = (text[3] | 0x20) == 'i' ? rt_min : rt_max;
	if (!text[5])
		return 0;
	if (text[5] != (*out == rt_min ? '+' : '-') ||
		text_parse_u64(text + 6, (uint64_t)(rt_max - rt_min), &number) <
			0)
		return -EINVAL;
	*out += *out == rt_min ? (int)number : -(int)number;
	return 0;
}
