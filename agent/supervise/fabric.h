/* SPDX-License-Identifier: MIT */
/*
 * fabric - the networks of the workloads, kept as config and states want them
 *
 *	config, what runs   blueprint.h    what is wanted
 *	                    net/pool.h  addresses, kept in a book in /data
 *	                    net/link.h  bridges
 *	                    net/ruleset.h  who reaches whom, in one transaction
 *	                    names.h     the file that tare-dns reads
 *	                    ports.h     the file that `tare net` reads
 *	                    tether.h    links of containers
 *
 * All of it outlives the agent: the next one finds it, or makes the same again.
 * Rules are in force before a container is attached; where the kernel refused
 * them none is.
 */
#ifndef TARE_SUPERVISE_FABRIC_H
#define TARE_SUPERVISE_FABRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/loop.h"
#include "net/book.h"
#include "net/ruleset.h"
#include "supervise/blueprint.h"

struct error;
struct etc_net;
struct places;
struct service;

struct fabric {
	const struct places *places;
	struct arena arena; /* of what follows */
	struct blueprint blueprint;
	struct book book;
	struct gone {
		struct address *addresses;
		size_t count;
	} gone; /* of those that ran in the blueprint before; flows may still
		 * lead to them */
	bool is_compared; /* the next line is so */
	bool *is_settled; /* of each endpoint; see tether.h */
	bool is_made;     /* the bridges of this blueprint */
	bool is_in_force; /* its rules */
	char uplinks[TOPOLOGY_UPLINKS_MAX][IFNAMSIZ];
	bool has_failed; /* it was said that something did */
	bool is_over;    /* see fabric_rest */
	struct ruleset rules;
	struct timer timer; /* something is to be brought in line */
	bool is_due;
	bool has_drained;   /* and for nothing else the last time */
	uint64_t rested_ms; /* until then the kernel is left in peace */
};

/* Prepares a zeroed struct; places must outlive it. */
int fabric_open(struct fabric *fabric, struct loop *loop,
	const struct places *places, struct error *err);

/* Forgets, and leaves all in the kernel as it is. */
void fabric_close(struct fabric *fabric, struct loop *loop);

/*
 * Brings all in line with another config, whose services and networks must
 * live until the next call that succeeds. What the kernel refuses is said and
 * tried again. Nothing runs in the new blueprint until fabric_mark says so.
 * -ENOMEM, or -E2BIG of more than a topology holds: all is as it was, which is
 * said, too.
 */
int fabric_weave(struct fabric *fabric, const struct blueprint_source *source);

/*
 * The rules are in force when this returns 0; has_news: so are those of what
 * has changed since. -ENETDOWN: the kernel does not take them, nothing is to be
 * attached; fails at once while it is left in peace.
 */
int fabric_guard(struct fabric *fabric, bool has_news, struct error *err);

/* What has become of a service; brings all in line in the next turn. */
void fabric_mark(struct fabric *fabric, const struct service *service,
	bool is_running, bool is_serving);

/*
 * A service is about to be stopped: where others share its work, which is then
 * true, new connections go to them from now on, or, when many stop one after
 * the other, soon.
 */
bool fabric_drain(struct fabric *fabric, const struct service *service);

/*
 * Links of the machine may have come or gone: those by which connections can
 * take the fast path are read anew, and rules made when they are others.
 */
void fabric_see_links(struct fabric *fabric);

/*
 * Fills is_settled, once for each weaving: the first who wants to know waits
 * until a thousand links are listed, and an agent that takes over is not he.
 */
void fabric_compare(struct fabric *fabric);

/* Brings all in line now, if anything has changed. */
void fabric_flush(struct fabric *fabric);

/* All workloads are to end: who ends when is of no use to anybody. */
void fabric_rest(struct fabric *fabric);

/* What its files in /etc say; in the network of another, as that one's. */
void fabric_describe(const struct fabric *fabric, const struct service *service,
	struct etc_net *out);

#endif
