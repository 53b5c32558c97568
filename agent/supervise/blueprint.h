/* SPDX-License-Identifier: MIT */
/*
 * blueprint - which networks, places in them and ports a config wants
 *
 * Pure: services and networks of a config become a struct topology, with what
 * they declare; addresses that nobody declared are given out by net/pool.h.
 */
#ifndef TARE_SUPERVISE_BLUEPRINT_H
#define TARE_SUPERVISE_BLUEPRINT_H

#include <stddef.h>

#include "lib/hash_index.h"
#include "net/pool.h"
#include "net/topology.h"

struct arena;
struct config;
struct error;
struct service;

struct blueprint_source {
	const struct config *config;
	/* what runs yet and is none of the config's any more, or is to be
	 * another: it keeps its place until it has ended */
	const struct service *const *leaving;
	size_t leaving_count;
	/* that of before, whose networks those that leave may be in; or NULL */
	const struct config *last;
};

struct blueprint {
	const char *project; /* or NULL */
	struct topology topology;
	struct pool_network *pools;      /* as topology.networks */
	const struct service **services; /* of each endpoint */
	size_t *groups;                  /* of each endpoint */
	struct hash_index by_service;    /* the first endpoint of each */
};

/*
 * Fills out; all is in the arena or belongs to source. A network of before
 * whose subnet is declared anew is none any more. -ENOMEM, or -E2BIG when there
 * is more than a topology holds, with the reason.
 */
int blueprint_make(const struct blueprint_source *source, struct arena *arena,
	struct blueprint *out, struct error *err);

/* The endpoints of a service, which follow one another, as its attachments do;
 * NULL and 0: it has none. */
struct topology_endpoint *blueprint_find(const struct blueprint *blueprint,
	const char *service, size_t *count);

/* That of them which its default route leads over; else its first, or NULL. */
const struct topology_endpoint *
blueprint_find_way_out(const struct blueprint *blueprint, const char *service);

#endif
