/* SPDX-License-Identifier: MIT */
/*
 * listener - gives the descriptor of a seccomp filter to who answers for it
 *
 * One message to the socket linux.seccomp.listenerPath: the container process
 * state of runtime-spec's config-linux.md as JSON, and the descriptor.
 */
#ifndef TARE_OCI_LISTENER_H
#define TARE_OCI_LISTENER_H

struct error;
struct handle;

int listener_send(const struct handle *handle, int listener_fd,
	struct error *err);

#endif
