/* SPDX-License-Identifier: MIT */
/*
 * link_parts - what the parts of link share
 *
 *	link.c           links that are there, and which of them are ours
 *	link_network.c   bridges and their addresses
 *	link_attach.c    a container's link
 *	link_router.c    sysctls of the machine and of a bridge
 *	link_loopback.c  the way of ::1 over a bridge
 *	link_taken.c     prefixes that the host uses
 *	link_uplink.c    links by which connections come in
 */
#ifndef TARE_NET_LINK_PARTS_H
#define TARE_NET_LINK_PARTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/netlink.h"

struct error;

#define LINK_MTU 1500 /* when nothing is declared */
#define LINK_ALIAS_SIZE \
	256 /* IFALIASZ of linux/if.h, which musl clashes with */

/* A link that is there, as RTM_NEWLINK says. */
struct link_found {
	int index;
	int master; /* the bridge that it is a port of; 0: none */
	int peer;   /* the other end of a veth pair, in its namespace */
	unsigned int flags;
	unsigned int type; /* ARPHRD_* */
	uint32_t mtu;
	uint8_t mac[6];
	char name[IFNAMSIZ];
	char alias[LINK_ALIAS_SIZE];
	char kind[16]; /* "bridge", "veth" */
	bool has_stp;
	uint32_t forward_delay;
};

/* Copies the struct behind the head; false: of another type, or too short. */
bool link_read_body(const struct nlmsghdr *message, unsigned int type,
	void *body, size_t size);

/* Reads a message; false: it is not of a link. */
bool link_parse(const struct nlmsghdr *message, struct link_found *out);

/* The link of that name. 0 or -ENODEV and other negative errnos. */
int link_find(int fd, const char *name, struct link_found *out);

/* Visits all links of the caller's network namespace. 0 or -errno. */
int link_dump(int fd, netlink_fn *visit, void *context);

/* "tb" or "tv", as start says, and eight hexadecimal digits. */
bool link_has_name(const char *name, const char *start);

/*
 * Ours have a name and an alias of ours. One whose alias is missing, because
 * we died while we made it, is a bridge with the MAC of its name, or a veth
 * that is a port of a bridge.
 */
bool link_is_bridge(const struct link_found *link);
bool link_is_port(const struct link_found *link);

/* "tare NAME" or "tare NAME OTHER", as long as an alias can be. */
void link_make_alias(char out[LINK_ALIAS_SIZE], const char *name,
	const char *other);

/* A MAC for a bridge, always the same: else it changes with its ports. */
void link_make_mac(uint8_t mac[6], const char *name);

/* Acknowledges the whole batch by its last message, and waits for that. */
int link_commit(int fd, struct netlink_batch *batch, size_t *failed);

/* RTM_DELLINK */
void link_add_removal(struct netlink_batch *batch, int index);

/*
 * The machine forwards, and its links go on learning from router
 * advertisements, which forwarding would end. Writes what differs only.
 */
int link_make_router(struct error *err);

/* Sysctls of a bridge of ours. */
int link_set_bridge_sysctls(const char *bridge, struct error *err);

/*
 * What the host itself sends to a port that is published at ::1 leaves by a
 * bridge, and its answer comes in there, for ::1: without a local route over
 * that bridge the kernel takes it for a forged packet. 0 or -errno.
 */
int link_route_loopback(int bridge);

/* In the caller's network namespace, links made from now on believe no router
 * advertisement. 0 or -errno. */
int link_distrust_routers(void);

#endif
