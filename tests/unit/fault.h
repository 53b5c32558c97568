/* SPDX-License-Identifier: MIT */
/*
 * fault - fail the nth call of a function, and count what is left open
 *
 * A test names the functions in a comment line "wrap: openat write" near its
 * top (the build turns that into -Wl,--wrap=...), and defines for each one
 *
 *	FAULT_WRAP(int, fsync, (int fd), (fd))
 *
 * It then runs its subject for n = 1, 2, 3 ... with fault_arm(n, EIO), until
 * fault_fired() says that the subject makes fewer than n calls.
 */
#ifndef TARE_FAULT_H
#define TARE_FAULT_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

static unsigned int fault_calls, fault_at;
static int fault_errno;

/* The nth wrapped call from here on fails with code; 0: none does. */
static inline void fault_arm(unsigned int nth, int code)
{
	fault_calls = 0;
	fault_at = nth;
	fault_errno = code;
}

/* Takes the fault away; true when it has struck. */
static inline bool fault_fired(void)
{
	bool fired = fault_at > 0 && fault_calls >= fault_at;

	fault_at = 0;
	return fired;
}

static inline bool fault_strikes(void)
{
	if (fault_at == 0 || ++fault_calls != fault_at)
		return false;
	errno = fault_errno;
	return true;
}

/* The return type is an integer: the failing call returns -1. */
#define FAULT_WRAP(type, name, parameters, arguments)                        \
	type __real_##name parameters;                                       \
	type __wrap_##name parameters;                                       \
	type __wrap_##name parameters                                        \
	{                                                                    \
		return fault_strikes() ? (type)-1 : __real_##name arguments; \
	}

/* The same for functions that return NULL when they fail. */
#define FAULT_WRAP_POINTER(type, name, parameters, arguments)            \
	type __real_##name parameters;                                   \
	type __wrap_##name parameters;                                   \
	type __wrap_##name parameters                                    \
	{                                                                \
		return fault_strikes() ? NULL : __real_##name arguments; \
	}

/* Open descriptors of this process; the same before and after: no leak. */
static inline unsigned int fault_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		(void)closedir(dir);
	return count;
}

#endif
