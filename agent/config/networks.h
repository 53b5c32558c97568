/* SPDX-License-Identifier: MIT */
/*
 * networks - the networks of the top level
 */
#ifndef TARE_CONFIG_NETWORKS_H
#define TARE_CONFIG_NETWORKS_H

#include "config/service.h"

struct draft;
struct draft_network;
struct reader;

/* The declared network of that name, or NULL. */
struct draft_network *networks_find(const struct draft *draft,
	const char *name);

/*
 * The network of those who name none; made when it is not declared, as used at
 * mark. NULL: out of memory.
 */
struct draft_network *networks_default(struct reader *reader,
	struct draft *draft, struct mark mark);

/* Fills config.networks. */
void networks_finish(struct reader *reader, struct draft *draft);

#endif
