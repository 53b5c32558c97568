// SPDX-License-Identifier: MIT
/* signals - the names of signals */
#include "oci/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include "lib/error.h"
#include "lib/text.h"

/* The kernel's; a libc keeps the first ones for itself and moves SIGRTMIN. */
#define FIRST_REAL_TIME 34
#define LAST            64

static const struct signal_name {
	const char *name;
	int number;
} names[] = {
	{ "ABRT", SIGABRT },
	{ "ALRM", SIGALRM },
	{ "BUS", SIGBUS },
	{ "CHLD", SIGCHLD },
	{ "CLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "FPE", SIGFPE },
	{ "HUP", SIGHUP },
	{ "ILL", SIGILL },
	{ "INT", SIGINT },
	{ "IO", SIGIO },
	{ "IOT", SIGABRT },
	{ "KILL", SIGKILL },
	{ "PIPE", SIGPIPE },
	{ "POLL", SIGIO },
	{ "PROF", SIGPROF },
	{ "PWR", SIGPWR },
	{ "QUIT", SIGQUIT },
	{ "SEGV", SIGSEGV },
	{ "STKFLT", 16 },
	{ "STOP", SIGSTOP },
	{ "SYS", SIGSYS },
	{ "TERM", SIGTERM },
	{ "TRAP", SIGTRAP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 },
	{ "VTALRM", SIGVTALRM },
	{ "WINCH", SIGWINCH },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
};

/* What stands behind "RTMIN" (sign '+') or "RTMAX" (sign '-'). */
static int parse_real_time(const char *rest, char sign)
{
	uint64_t offset = 0;

	if (*rest &&
		(*rest != sign || text_parse_u64(rest + 1,
					  LAST - FIRST_REAL_TIME, &offset) < 0))
		return -EINVAL;
	return sign == '+' ? FIRST_REAL_TIME + (int)offset : LAST - (int)offset;
}

static int find(const char *name)
{
	uint64_t number;

	if (text_parse_u64(name, LAST, &number) == 0)
		return number > 0 ? (int)number : -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	if (strncasecmp(name, "RTMIN", 5) == 0)
		return parse_real_time(name + 5, '+');
	if (strncasecmp(name, "RTMAX", 5) == 0)
		return parse_real_time(name + 5, '-');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(name, names[i].name) == 0)
			return names[i].number;
	}
	return -EINVAL;
}

int signals_parse(const char *name, struct error *err)
{
	int number = find(name);

	if (number < 0)
		return error_set(err, number,
			"unknown signal '%s'; write a name such as TERM or a number up to %d",
			name, LAST);
	return number;
}
