/* SPDX-License-Identifier: MIT */
/*
 * kept - the last good lease of an interface, from boot to boot.
 *
 * It lies in /data/net/NAME.lease. When no server has answered KEPT_AFTER_MS
 * after the first question, it is used until one does; not when another host
 * has its address (RFC 5227), and not after a server took it away.
 */
#ifndef INIT_KEPT_H
#define INIT_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

#define KEPT_AFTER_MS 5000
#define KEPT_PROBE_MS 400 /* how long another host has to say "it is mine" */

/* keep the lease of a port, or of all; nothing before the data is mounted, and
 * nothing is written that is there already */
void kept_save(const struct host *host, const struct port *port);
void kept_save_all(const struct host *host);
void kept_forget(const struct port *port);

/* a file of HOST_KEPT, of at most LEASE_TEXT_MAX bytes, unless it says so
 * already; what fails is noted */
void kept_write(const char *path, const char *text, size_t length);

/* the address that was kept, 0 for none */
uint32_t kept_address(const struct host *host, const struct port *port);

/* Begin or end a probe when it is time; true when a lease is in use now.
 * *next_ms is lowered to when this is to be called again. */
bool kept_run(struct host *host, int64_t now_ms, int64_t *next_ms);

/* the socket of the probe that goes on, or -1; and what to do when it is ready
 * to be read */
int kept_fd(void);
void kept_hear(void);

#endif
