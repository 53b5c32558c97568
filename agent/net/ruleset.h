/* SPDX-License-Identifier: MIT */
/*
 * ruleset - the packet rules of a topology: the tables "inet tare" and
 * "bridge tare"
 *
 * Each change is one transaction, so that a packet meets the old rules or the
 * new ones. The first replaces both tables as a whole; the next ones have only
 * what differs from what was sent before (nft_diff.h), or, where the kernel
 * refuses that, the whole again; so it is after somebody else has changed any
 * rules since, which may have been these. Tables of others are not touched.
 * Rules stay when the process ends. `nft list ruleset` shows them with what
 * each is for.
 *
 * Networks of other drivers than bridge, their endpoints and their groups have
 * no rules: their packets do not pass through the machine.
 *
 * The rules count on what is not theirs to set:
 *
 *   net.bridge.bridge-nf-call-{ip,ip6,arp}tables 0   else a replica that asks
 *	its own port or virtual address is not answered
 *   net.ipv4.conf.BRIDGE.route_localnet 1, and a route "local ::1 dev BRIDGE"
 *	in table local with a metric of its own: published ports at 127.0.0.1
 *	and ::1
 *   net.ipv4.conf.BRIDGE.send_redirects 0   else the kernel tells workloads to
 *	go round the virtual addresses
 *   virtual addresses   are the bridge's, /32 and /128, so that it answers ARP
 *   net.ipv4.ip_forward 1, net.ipv6.conf.all.forwarding 1
 */
#ifndef TARE_NET_RULESET_H
#define TARE_NET_RULESET_H

#include <stdint.h>

#include "net/nft.h"

struct error;
struct topology;

enum ruleset_limit {
	/* of messages; the largest topology needs about a third */
	RULESET_BYTES_MAX = 32 << 20,
};

struct ruleset {
	int fd;          /* NETLINK_NETFILTER */
	struct nft last; /* what the kernel has; no data: that is not known */
	uint64_t links;  /* of its flow table */
	uint32_t generation; /* of all rules in the kernel, when it had these */
};

/* Adds the whole transaction to an empty nft. Pure. What does not fit is told
 * by the batch of nft, which is cut then. */
void ruleset_build(struct nft *nft, const struct topology *topology);

/*
 * In the network namespace of the caller; 0 or -errno. To close it waits until
 * the kernel has freed the rules of before, about 10 ms, and leaves those that
 * are in force.
 */
int ruleset_open(struct ruleset *ruleset, struct error *err);
void ruleset_close(struct ruleset *ruleset);

/*
 * Brings the kernel's rules in line with the topology. 0, or a negative errno
 * and the object that was refused; then the rules are those of before. -ENOMEM,
 * -EMSGSIZE: no room for it.
 */
int ruleset_apply(struct ruleset *ruleset, const struct topology *topology,
	struct error *err);

/* The next ruleset_apply replaces all, whatever is there. */
void ruleset_forget(struct ruleset *ruleset);

/* Removes both tables; that there are none is no error. As ruleset_apply. */
int ruleset_remove(struct error *err);

#endif
