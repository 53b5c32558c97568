/* SPDX-License-Identifier: MIT */
/*
 * replicas - a service that is several containers
 */
#ifndef TARE_CONFIG_REPLICAS_H
#define TARE_CONFIG_REPLICAS_H

#include <stddef.h>

struct draft;
struct draft_service;
struct reader;
struct service;

/* What `scale:` and `deploy.replicas:` say together, while the path is the
 * service's. */
void replicas_settle(struct reader *reader, struct draft_service *draft);

/* Reports too many of them, names that are taken, and what cannot be shared. */
void replicas_check(struct reader *reader, const struct draft *draft);

/*
 * Makes of each service in sorted as many as it has replicas: copies of all
 * but the names, with depends_on naming all of them. *count is that of sorted,
 * then that of the result. NULL: out of memory.
 */
struct service *replicas_expand(struct reader *reader,
	const struct service *sorted, size_t *count);

#endif
