/* SPDX-License-Identifier: MIT */
/*
 * link_parts - what the parts of link share
 *
 *	link.c           links that are there, and which of them are ours
 *	link_network.c   bridges and their addresses
 *	link_attach.c    a container's link
 *	link_alias.c     what the alias of a link says
 *	link_compare.c   which containers' links are as they should be
 *	link_settle.c    those of a container that runs, brought in line
 *	link_move.c      one of them, moved within its container
 *	link_router.c    sysctls of the machine and of a bridge
 *	link_loopback.c  the way of ::1 over a bridge
 *	link_taken.c     prefixes that the host uses
 *	link_uplink.c    links by which connections come in
 */
#ifndef TARE_NET_LINK_PARTS_H
#define TARE_NET_LINK_PARTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/netlink.h"

struct address;
struct error;
struct topology;

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

/*
 * Visits only the bridges: the kernel passes over a thousand links of workloads
 * in less time than it takes to tell of ten. Others may be among them.
 */
int link_dump_bridges(int fd, netlink_fn *visit, void *context);

/* "tb" or "tv", as start says, and eight hexadecimal digits. */
bool link_has_name(const char *name, const char *start);

/*
 * Ours have a name and an alias of ours. One whose alias is missing, because
 * we died while we made it, is a bridge with the MAC of its name, or a veth
 * that is a port of a bridge.
 */
bool link_is_bridge(const struct link_found *link);
bool link_is_port(const struct link_found *link);

/* What an alias of ours says behind "tare "; NULL: it is none. */
const char *link_alias_text(const struct link_found *link);

/* "tare NETWORK", of a bridge. */
void link_make_alias(char out[LINK_ALIAS_SIZE], const char *network);

/* How far a container's link has come, as the alias of the host's end says. */
enum link_stage {
	LINK_BEGUN,    /* "tare CONTAINER NETWORK": not to be gone on with */
	LINK_ASIDE,    /* "... DIGEST": it is moved, or was to be */
	LINK_IN_PLACE, /* "... DIGEST NAME" and maybe " default" */
};

/* The digest is link_digest in 16 hexadecimal digits. */
void link_make_port_alias(char out[LINK_ALIAS_SIZE],
	const struct topology *topology, size_t endpoint,
	enum link_stage stage);

/* Says in the alias how far it has come. 0 or -errno. */
int link_set_stage(int host_fd, const struct topology *topology,
	size_t endpoint, enum link_stage stage);

/* Whether it is the endpoint's, by its alias, and a port of its bridge: one
 * whose bridge was removed is of none. */
bool link_is_in_place(const struct link_found *link,
	const struct topology *topology, size_t endpoint);

/* Whether it can be: all but its name and default route is right. */
bool link_can_move(const struct link_found *link,
	const struct topology *topology, size_t endpoint);

/* Whether an endpoint's link is a pair, with an end here. */
bool link_is_veth(const struct topology *topology, size_t endpoint);

/* A MAC for a bridge, always the same: else it changes with its ports. */
void link_make_mac(uint8_t mac[6], const char *name);

/* Acknowledges the whole batch by its last message, and waits for that. */
int link_commit(int fd, struct netlink_batch *batch, size_t *failed);

/* A socket of NETLINK_ROUTE in another network namespace, where links that are
 * made from now on believe no router advertisement. */
int link_open_inside(int namespace_fd, struct error *err);

/* As link_attach, but its alias says LINK_BEGUN. */
int link_begin(const struct topology *topology, size_t endpoint, int netns_fd,
	struct error *err);

/* The message of a default route of that family by a link; gateway NULL: to
 * all that is there, without any. */
void link_add_default_route(struct netlink_batch *batch, unsigned int type,
	uint8_t family, const struct address *gateway, int index);

/* A link that its container has and that has another name or default route. */
struct link_moving {
	const struct topology *topology;
	size_t endpoint;
	int host_fd; /* sockets */
	int inside_fd;
	int inside; /* index of the container's end */
};

/*
 * Its name and its default route are free for others, its addresses and what
 * is connected stay. 0 or -errno: -EBUSY of kernels before 6.2, where no link
 * that is up gets another name.
 */
int link_move_aside(const struct link_moving *moving);

/* Its name and default route are those of the endpoint. 0 or -errno. */
int link_move_in(const struct link_moving *moving);

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
