/* SPDX-License-Identifier: MIT */
/*
 * health_rules - how a workload is checked: what its service says, else its
 * image
 *
 * Pure. Key by key, as Docker does it: a service may give an image's test
 * another interval. Compose Specification, "healthcheck"; Docker's image
 * config, "Healthcheck".
 */
#ifndef TARE_SUPERVISE_HEALTH_RULES_H
#define TARE_SUPERVISE_HEALTH_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct healthcheck;
struct image_health;

/* All declared, or Docker's defaults. */
struct health_rules {
	bool is_checked; /* there is a test */
	uint32_t retries;
	uint64_t interval_ms;
	uint64_t timeout_ms;
	uint64_t start_period_ms;
	uint64_t start_interval_ms;
};

void health_rules_find(const struct healthcheck *service,
	const struct image_health *image, struct health_rules *out);

/* Sums up what a service says: another one needs a look at its image. */
uint64_t health_rules_digest(const struct healthcheck *service);

/*
 * The test as arguments, NULL-terminated, in the arena or the sources'; NULL:
 * there is no test, or no memory.
 */
const char *const *health_rules_arguments(const struct healthcheck *service,
	const struct image_health *image, struct arena *arena);

#endif
