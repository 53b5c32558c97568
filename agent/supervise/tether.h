/* SPDX-License-Identifier: MIT */
/*
 * tether - the links by which a container is in its networks
 *
 * It gets them before its program runs. When its networks change while it runs,
 * those links that are another one are made anew, and what is connected over
 * the others goes on; the kernel keeps what each was made with (net/link.h).
 */
#ifndef TARE_SUPERVISE_TETHER_H
#define TARE_SUPERVISE_TETHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct fabric;
struct service;

/*
 * Gives the container of a service its links; pid is its first process. What
 * it depends on is in line by then, and so found by name. Fine
 * for one that has no network of its own; -ENETUNREACH for one that has no
 * place in one of its networks, or no address there, -ENETDOWN as fabric_guard.
 */
int tether_attach(struct fabric *fabric, const struct service *service,
	pid_t pid, struct error *err);

/*
 * Whether one that runs had the links that it is to have when this was first
 * asked of the config in force. Those of macvlan and ipvlan count as right, see
 * tether_digest.
 */
bool tether_is_settled(struct fabric *fabric, const struct service *service);

/*
 * Brings the links of one that runs in line; namespace_fd is its network
 * namespace. Errors as tether_attach; to do it again is fine.
 */
int tether_settle(struct fabric *fabric, const struct service *service,
	int namespace_fd, struct error *err);

/*
 * What of its networks cannot be changed while it runs: links of macvlan and
 * ipvlan, and whether its name servers are the machine's. 0: nothing.
 */
uint64_t tether_digest(const struct fabric *fabric,
	const struct service *service);

#endif
