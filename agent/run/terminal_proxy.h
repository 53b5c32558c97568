/* SPDX-License-Identifier: MIT */
/*
 * terminal_proxy - a container's terminal in the foreground, on ours
 *
 * Bytes go both ways; ours is in raw mode meanwhile (termios(3)), so that the
 * container's does all the editing, and is as it was on every way out.
 */
#ifndef TARE_RUN_TERMINAL_PROXY_H
#define TARE_RUN_TERMINAL_PROXY_H

struct error;

/* None is taken over; in_fd need not be a terminal. */
struct terminal_proxy {
	int master_fd; /* becomes non-blocking */
	int in_fd;     /* the caller's 0 */
	int out_fd;    /* the caller's 1 */
	int pid_fd;    /* of the process whose terminal it is */
};

/*
 * Blocks the signals that terminal_proxy takes care of: SIGWINCH and those
 * that are passed on (SIGHUP SIGINT SIGQUIT SIGTERM SIGUSR1 SIGUSR2). Called
 * before the process is made, none is lost.
 */
void terminal_block_signals(void);

/*
 * Returns 0 when the process has ended, which is not reaped, and all that it
 * wrote is out; -errno when the terminals fail, while it may still run. Of our
 * terminal the size goes to the container's, now and at each SIGWINCH.
 */
int terminal_proxy(const struct terminal_proxy *proxy, struct error *err);

#endif
