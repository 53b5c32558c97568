// SPDX-License-Identifier: MIT
/* health_rules - how a workload is checked, by its service or its image */
#include "supervise/health_rules.h"

#include <stddef.h>

#include "config/network.h"
#include "lib/arena.h"
#include "lib/hash.h"
#include "store/store.h"

/* Docker's, and Compose's. */
enum health_default {
	INTERVAL_MS = 30000,
	TIMEOUT_MS = 30000,
	START_PERIOD_MS = 0,
	START_INTERVAL_MS = 5000,
	RETRIES = 3,
};

static uint64_t choose(uint64_t service, uint64_t image, uint64_t otherwise)
{
	if (service > 0)
		return service;
	return image > 0 ? image : otherwise;
}

/* Whether there is a test; that of the service takes the image's place. */
static bool has_test(const struct healthcheck *service,
	const struct image_health *image)
{
	if (service->is_disabled)
		return false;
	if (service->test.is_set)
		return service->test.count > 0;
	return image->test_count > 0 && !image->is_disabled;
}

void health_rules_find(const struct healthcheck *service,
	const struct image_health *image, struct health_rules *out)
{
	uint64_t retries = choose(service->retries, image->retries, RETRIES);

	*out = (struct health_rules){
		.is_checked = has_test(service, image),
		.retries =
			retries < UINT32_MAX ? (uint32_t)retries : UINT32_MAX,
		.interval_ms = choose(service->interval_ms, image->interval_ms,
			INTERVAL_MS),
		.timeout_ms = choose(service->timeout_ms, image->timeout_ms,
			TIMEOUT_MS),
		.start_period_ms = choose(service->start_period_ms,
			image->start_period_ms, START_PERIOD_MS),
		.start_interval_ms = choose(service->start_interval_ms,
			image->start_interval_ms, START_INTERVAL_MS),
	};
}

uint64_t health_rules_digest(const struct healthcheck *service)
{
	const uint64_t numbers[] = {
		service->is_disabled,
		service->is_shell,
		service->test.is_set,
		service->test.count,
		service->interval_ms,
		service->timeout_ms,
		service->start_period_ms,
		service->start_interval_ms,
		service->retries,
	};
	uint64_t hash = hash_bytes(HASH_START, numbers, sizeof(numbers));

	for (size_t i = 0; i < service->test.count; i++)
		hash = hash_string(hash, service->test.items[i]);
	return hash;
}

const char *const *health_rules_arguments(const struct healthcheck *service,
	const struct image_health *image, struct arena *arena)
{
	bool is_own = service->test.is_set;
	const char **test = is_own ? service->test.items : image->test;
	size_t count = is_own ? service->test.count : image->test_count;
	const char **list = arena_array(arena, count + 3, sizeof(*list));
	size_t used = 0;

	if (!has_test(service, image) || !list)
		return NULL;
	if (is_own ? service->is_shell : image->is_shell) {
		list[used++] = "/bin/sh";
		list[used++] = "-c";
	}
	for (size_t i = 0; i < count; i++)
		list[used++] = test[i];
	return list;
}
