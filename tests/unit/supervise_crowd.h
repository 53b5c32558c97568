/* SPDX-License-Identifier: MIT */
/*
 * supervise_crowd - the largest configs, made without a text
 */
#ifndef TARE_SUPERVISE_CROWD_H
#define TARE_SUPERVISE_CROWD_H

#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "supervise/blueprint.h"

#define CROWD_SERVICES 1024

/* So many services, each in so many networks, the last of them as those that leave. */
struct crowd {
	struct network networks[256];
	struct attachment attachments[256];
	char network_names[256][32];
	struct service services[2 * CROWD_SERVICES];
	char names[2 * CROWD_SERVICES][32];
	const struct service *leaving[CROWD_SERVICES];
	struct config config;
	struct blueprint_source source;
};

static inline struct crowd *make_crowd(size_t networks, size_t places,
	size_t leaving)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (!crowd)
		abort();
	for (size_t i = 0; i < networks; i++) {
		(void)snprintf(crowd->network_names[i], 32, "n%zu", i);
		crowd->networks[i] = (struct network){
			.name = crowd->network_names[i],
			.has_ipv4 = true,
		};
		crowd->attachments[i].network = crowd->network_names[i];
	}
	for (size_t i = 0; i < CROWD_SERVICES + leaving; i++) {
		(void)snprintf(crowd->names[i], 32, "service-%zu", i);
		crowd->services[i] = (struct service){
			.name = crowd->names[i],
			.base = crowd->names[i],
			.replica = 1,
			.attachments = crowd->attachments,
			.attachment_count = places,
		};
		if (i >= CROWD_SERVICES)
			crowd->leaving[i - CROWD_SERVICES] =
				&crowd->services[i];
	}
	crowd->config = (struct config){ .services = crowd->services,
		.service_count = CROWD_SERVICES,
		.networks = crowd->networks,
		.network_count = networks };
	crowd->source = (struct blueprint_source){ .config = &crowd->config,
		.leaving = crowd->leaving,
		.leaving_count = leaving };
	return crowd;
}

#endif
