/* SPDX-License-Identifier: MIT */
/*
 * link - bridges, veth pairs and their addresses, as a topology says
 *
 * By rtnetlink(7) and sysctls. Ours are links named "tb" or "tv" and eight
 * hexadecimal digits whose alias (IFLA_IFALIAS) begins with "tare "; others are
 * left alone. Nothing is kept in memory: what is there is asked for each time.
 *
 * The host's side of a network is its bridge: the gateway's addresses, and all
 * virtual addresses of its groups as /32 and /128, so that it answers ARP and
 * neighbour solicitations for them, and the host has them for its own; what no
 * rule leads elsewhere ends in the host's input.
 *
 * The process must have one thread, CAP_NET_ADMIN and CAP_SYS_ADMIN.
 */
#ifndef TARE_NET_LINK_H
#define TARE_NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct prefix;
struct topology;

/*
 * Makes the bridges of the topology, sets what differs and removes bridges and
 * addresses of ours that are not in it. The host becomes a router: forwarding
 * is on, and links that learn from router advertisements go on with it. Changes
 * nothing that is as it should be.
 *
 * What fails for one network is tried for the others; the first reason is told:
 * "make bridge 'tb0a1b2c3d' of network 'front': Operation not permitted".
 */
int link_apply_networks(const struct topology *topology, struct error *err);

/*
 * Gives the container whose network namespace netns_fd is its link of that
 * endpoint: up, with addresses and default route, and "lo" up. The network must
 * have been applied. A link of ours that has its name, left over from a
 * container before, is replaced. On error nothing of it stays behind: "attach
 * 'web-1' to network 'front': ...". -EADDRINUSE: a macvlan of the container
 * before has the MAC, until the kernel has taken its namespace down; try again.
 */
int link_attach(const struct topology *topology, size_t endpoint, int netns_fd,
	struct error *err);

/*
 * What the link of an endpoint is made with, but for its name in the container
 * and the default route: one that has another digest is another link. The
 * host's end of a veth pair has it in its alias.
 */
uint64_t link_digest(const struct topology *topology, size_t endpoint);

/*
 * Says of each endpoint whether the links of its container are as they should
 * be: out[endpoint] is false when its own is not there, or another one than the
 * topology has, or when its container has one more, of a network that it has
 * left. Links of macvlan and ipvlan, which no one here sees, count as right.
 */
int link_compare(const struct topology *topology, bool *out, struct error *err);

/*
 * Brings the links of a container that runs in line: its endpoints are the
 * count ones from first on, netns_fd is its network namespace. Those that are
 * none of an endpoint's any more, or are made otherwise, are removed, and then
 * those that are missing are attached. One that only has another name or
 * default route gets that, and what is connected over it goes on; the others
 * are not touched, nor are macvlan and ipvlan. The networks must have been
 * applied. On error, or when we die, it is begun and not finished: to do it
 * again is fine.
 */
int link_settle(const struct topology *topology, size_t first, size_t count,
	int netns_fd, struct error *err);

/*
 * Removes a link of ours by the name of the host's end; that of the container
 * goes with it. One that is not there is fine; those of macvlan and ipvlan have
 * none, and go with the container's namespace. The kernel takes some 20 ms for
 * it; for a container that ended it does the same by itself, while we go on.
 */
int link_detach(const char *name, struct error *err);

/* Whether the name of a link is one that only ours have. */
bool link_is_name(const char *name);

/*
 * What the host uses already: the destinations of its routes, but not the
 * default ones, and its addresses with their prefixes, but not those of links
 * of ours, link-local and multicast ones. In the arena.
 */
int link_read_taken(struct arena *arena, const struct prefix **out,
	size_t *count, struct error *err);

/*
 * The machine's own Ethernet links, up or not, by which connections come in:
 * at most TOPOLOGY_UPLINKS_MAX names. 0 or -errno: *count is 0.
 */
int link_read_uplinks(char out[][IFNAMSIZ], size_t *count, struct error *err);

#endif
