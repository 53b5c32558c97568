/* SPDX-License-Identifier: MIT */
/*
 * ports - the interfaces that netd looks after: hardware, and those of the
 * file.
 *
 * Whatever the kernel tells, all interfaces are looked at again and what runs
 * is brought in line with what is there. Nothing can be missed that way, and
 * interfaces that come late are like all others.
 */
#ifndef INIT_PORTS_H
#define INIT_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

/* metric of a port's routes when nothing is said: each has its own */
#define PORTS_METRIC 100

/* Bring the ports in line with host->links and host->wanted: new ones, ones
 * that are gone, their blocks, and whether they have a carrier; one that has it
 * again makes its DHCP client ask again. Switches on what is off. */
void ports_update(struct host *host, int64_t now_ms);

/* the port of a name or an index, or NULL */
struct port *ports_named(struct host *host, const char *name);
struct port *ports_of(struct host *host, int index);

/* the block of a port, or NULL */
const struct wanted_link *ports_block(const struct host *host,
	const struct port *port);

/* "100 + index" or what its block says */
uint32_t ports_metric(const struct host *host, const struct port *port);

/* start the DHCP clients that are due, end those that nobody wants */
void ports_run_clients(struct host *host, int64_t now_ms, int64_t *next_ms);
void ports_reaped(struct host *host, int pid, int status);
void ports_stop(struct host *host);

/* The hook wrote a lease, or heard that it is taken away; leases that are over
 * are dropped. ports_expire is true when one was, and lowers *next_s (of
 * lease_now_s()) to the next end. */
void ports_read_lease(struct host *host, struct port *port);
void ports_refused(struct port *port);
bool ports_expire(struct host *host, int64_t *next_s);

#endif
