/* SPDX-License-Identifier: MIT */
/* console - who gets the terminal of a container */
#ifndef TARE_OCI_CONSOLE_H
#define TARE_OCI_CONSOLE_H

struct container;
struct error;

/* A connection to a unix socket, whatever the length of its path. */
int console_connect(const char *path, struct error *err);

/* Sends the terminal of a container there; it is then no longer ours. */
int console_send(int socket_fd, struct container *container, struct error *err);

/* Shows the terminal on ours until the container's process has ended. */
int console_proxy(struct container *container, struct error *err);

#endif
