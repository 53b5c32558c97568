/* SPDX-License-Identifier: MIT */
/*
 * terminal - a pseudoterminal of the container's own devpts (pty(7))
 *
 * Both ends are opened by descriptor: ptmx below the container's /dev/pts, of
 * which the kernel says that it is a devpts, and the other end by
 * ioctl(TIOCGPTPEER), never by its path, which the container could exchange
 * (CVE-2025-52565). err gets the reason alone where a step of a plan calls.
 */
#ifndef TARE_RUN_TERMINAL_H
#define TARE_RUN_TERMINAL_H

struct error;
struct oci_process;

struct terminal {
	int master_fd; /* ours */
	int peer_fd;   /* the process's */
};

#define TERMINAL_NONE ((struct terminal){ .master_fd = -1, .peer_fd = -1 })

/*
 * Opens a new one below dev_fd, the container's /dev as it is attached. It
 * gets the window size of the process (console_width, console_height) and
 * belongs to its user. On error *out is TERMINAL_NONE.
 */
int terminal_open(int dev_fd, const struct oci_process *process,
	struct terminal *out, struct error *err);

/*
 * Binds the process's end on dev_fd/console, which is made when it is not
 * there; a link or a folder there is an error.
 */
int terminal_bind_console(const struct terminal *terminal, int dev_fd,
	struct error *err);

/*
 * Makes the process's end the controlling terminal of the calling process,
 * which leads a session, and its standard streams; closes peer_fd.
 */
int terminal_attach(struct terminal *terminal, struct error *err);

/* Closes what is open. */
void terminal_clear(struct terminal *terminal);

/*
 * Connects to who waits for the terminal of a container at socket_path, which
 * may be longer than sockaddr_un takes (unix(7)). Returns a socket.
 */
int terminal_connect(const char *socket_path, struct error *err);

/*
 * Sends our end, with its name as the message, as callers of runtimes expect
 * it ("--console-socket"); receives it: a descriptor.
 */
int terminal_send(int socket_fd, int master_fd, struct error *err);
int terminal_receive(int socket_fd, struct error *err);

#endif
