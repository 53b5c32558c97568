/* SPDX-License-Identifier: MIT */
/*
 * links - the kernel's interfaces: which there are, and how they change.
 *
 * An interface that we made carries in its alias what it was made from, such as
 * "netd vlan eth0.7 eth0 7". So a netd that was started again knows its own,
 * and one that is to be another is made anew. All take a socket of nl_open and
 * return 0 or a negative errno.
 */
#ifndef INIT_LINKS_H
#define INIT_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "wanted.h"

struct nlmsghdr;

#define LINKS_MAX       256
#define LINKS_ALIAS_MAX 80

struct link {
	int index, master; /* master: of a bond or bridge, 0: none */
	char name[IF_NAMESIZE], kind[16];
	char alias[LINKS_ALIAS_MAX];
	uint8_t mac[6];
	bool has_mac; /* of 6 bytes */
	bool is_ethernet, is_loopback, is_up, has_carrier;
	/* its routers say: addresses are to be had by DHCPv6 (M), or more is
	 * to be known (O) */
	bool is_managed, has_more;
	uint32_t mtu;
};

struct links {
	struct link rows[LINKS_MAX];
	unsigned count;
};

/* which links are of interest at all: hardware, those of extra_kind (or NULL),
 * those we made, and those that the file names */
struct links_filter {
	const struct wanted *wanted;
	const char *extra_kind;
};

/* Fill in the list; of a thousand workloads' interfaces it has none. On error
 * it is as before: what could not be read says nothing of what is there. */
int links_list(int fd, const struct links_filter *filter, struct links *links);

/* is a message of the kernel's about a link of interest? */
bool links_matters(const struct nlmsghdr *message,
	const struct links_filter *filter);
const struct link *links_find(const struct links *links, const char *name);

/* hardware, real or virtio: it has no kind. Links of extra_kind count as such,
 * too, unless that is NULL. */
bool links_is_wired(const struct link *link, const char *extra_kind);

/* what the alias of a link made from a block says */
void links_alias(const struct wanted_link *wanted, char alias[LINKS_ALIAS_MAX]);

/* make the interface of a block of any kind but WANTED_DEVICE; parent is the
 * index of a VLAN's */
int links_create(int fd, const struct wanted_link *wanted, int parent);
int links_remove(int fd, int index);

/* switch on, and set the MTU unless that is 0 */
int links_set_up(int fd, int index, uint32_t mtu);

/* make it a member of a bond or bridge, or of none (0); it is switched off
 * before, as bonds want it, and those switch it on */
int links_set_master(int fd, int index, int master);

/* why a link of the file is not made, though it is not there as one of ours */
enum links_hold {
	LINKS_FREE,  /* nothing is in its way */
	LINKS_WAITS, /* for its parent, which is not there */
	LINKS_TAKEN, /* somebody else made an interface of its name */
};

/* Pure. Of a device, and of what is there and ours, LINKS_FREE. */
enum links_hold links_hold(const struct wanted_link *block,
	const struct links *links);

/* one thing to do so that interfaces are those of the file */
struct links_step {
	enum {
		LINKS_CREATE,
		LINKS_REMOVE,
		LINKS_JOIN,  /* index becomes a member of other */
		LINKS_LEAVE, /* index becomes a member of none */
	} what;
	int block; /* LINKS_CREATE: which */
	int index, other;
};

/* What is to be done first, at most max steps; returns how many. When they are
 * done, what follows from them is found by asking again. Pure. */
unsigned links_plan(const struct wanted *wanted, const struct links *links,
	struct links_step *steps, unsigned max);

#endif
