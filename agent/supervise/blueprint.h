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
};

struct blueprint {
	const char *project; /* or NULL */
	struct topology topology;
	struct pool_network *pools;      /* as topology.networks */
	const struct service **services; /* of each endpoint */
};

/*
 * Fills out; all is in the arena or belongs to source. -ENOMEM, or -E2BIG when
 * there is more than a topology holds, with the reason.
 */
int blueprint_make(const struct blueprint_source *source, struct arena *arena,
	struct blueprint *out, struct error *err);

/* The endpoint of a service in its attachment number `index`, or NULL. */
struct topology_endpoint *blueprint_find(const struct blueprint *blueprint,
	const char *service, size_t index);

/* That of them which its default route leads over; else its first, or NULL. */
const struct topology_endpoint *
blueprint_find_way_out(const struct blueprint *blueprint, const char *service);

#endif
