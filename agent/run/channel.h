/* SPDX-License-Identifier: MIT */
/*
 * channel - what a new process and its maker tell each other
 *
 * A pair of AF_UNIX SOCK_SEQPACKET sockets, of which the process's end closes
 * with execve(2) or with its death. One message is one report, whole:
 *   nothing at all         it died on the way
 *   failed                 a step failed, with the reason
 *   ready, end             the program runs
 *   ready, failed          the program could not be executed
 *   waits                  container_start is to come
 */
#ifndef TARE_RUN_CHANNEL_H
#define TARE_RUN_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum report_kind {
	REPORT_FAILED,
	REPORT_READY,    /* about to execute */
	REPORT_WAITS,    /* for container_start */
	REPORT_TERMINAL, /* with the pty's master */
	REPORT_LISTENER, /* with the seccomp listener */
};

struct report {
	uint32_t kind;
	struct error error;
};

/* What there is to know when the process has said all that it will. */
struct channel_news {
	int terminal_fd; /* or -1 */
	int listener_fd;
	bool waits;
};

/* The maker's end is fds[0]. */
int channel_open(int fds[2], struct error *err);

/* err may be NULL; fd goes along when it is not negative. 0 or -errno. */
int channel_send(int channel_fd, enum report_kind kind, const struct error *err,
	int fd);

/*
 * The process may go on; it waits for that in channel_wait. What its hooks are
 * told goes along: size bytes, or nothing.
 */
int channel_go(int channel_fd, const char *text, size_t size);

/*
 * 0 or -errno, -EPIPE: the maker has gone. *text (NULL: it is not wanted) is
 * what it sent, in memory that the caller frees.
 */
int channel_wait(int channel_fd, char **text);

/*
 * Takes reports until the program runs, or waits. -ECHILD: the process died
 * without a word; -ETIMEDOUT after timeout_ms (-1: never); else what it said.
 */
int channel_listen(int channel_fd, int timeout_ms, struct channel_news *news,
	struct error *err);

/* Waits for a descriptor; -ETIMEDOUT after timeout_ms (-1: never). */
int channel_wait_readable(int fd, int timeout_ms);

#endif
