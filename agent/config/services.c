// SPDX-License-Identifier: MIT
/* services - the maps of the top level: services and volumes */
#include <string.h>

#include "config/conflicts.h"
#include "config/draft.h"
#include "config/health.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/replicas.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/text.h"

static void read_service(struct reader *reader, const struct entry *entry,
	struct draft_service *draft)
{
	const char *wrong = name_check_service(entry->key);
	struct service *service = &draft->service;

	service->name = entry->key;
	service->mark = entry->mark;
	draft->replicas.count = 1;
	walk_presets(reader, &schema_service, draft);
	if (wrong)
		reader_error(reader, entry->mark, "the name '%.63s' %s",
			entry->key, wrong);
	if (!node_is_null(entry->value)) {
		if (!reader_is_map(reader, entry->value,
			    "a map, such as {image: nginx}"))
			return;
		draft->node = entry->value;
		walk_map(reader, entry->value, &schema_service, draft);
		finish_environment(reader, draft);
	}
	service->volumes = draft->mounts;
	service->volume_count = draft->mount_count;
	service->ports = draft->ports;
	service->port_count = draft->port_count;
	service->devices = draft->devices;
	service->device_count = draft->device_count;
	service->device_rules = draft->device_rules;
	service->device_rule_count = draft->device_rule_count;
	service->sysctls = draft->sysctls;
	service->sysctl_count = draft->sysctl_count;
	service->block_limits = draft->block_limits;
	service->block_limit_count = draft->block_limit_count;
	service->ulimits = draft->ulimits;
	service->ulimit_count = draft->ulimit_count;
	service->dns = draft->dns;
	service->dns_count = draft->dns_count;
	service->extra_hosts = draft->extra_hosts;
	service->extra_host_count = draft->extra_host_count;
	replicas_settle(reader, draft);
	health_check(reader, draft);
	conflicts_check(reader, draft);
}

/* Nothing says an image, nor explains its lack. */
static bool lacks_image(const struct node *service)
{
	const char *best = NULL;
	size_t distance = 0;

	if (service->kind != NODE_MAP)
		return !service->is_broken && node_is_null(service);
	for (const struct entry *e = service->first; e; e = e->next) {
		if (text_equal(e->key, "image"))
			return node_is_null(e->value);
		if (text_equal(e->key, "build"))
			return false;
		name_suggest(e->key, "image", &best, &distance);
	}
	return best == NULL;
}

static void read_named_service(struct reader *reader, const struct entry *entry,
	void *item)
{
	read_service(reader, entry, item);
	if (lacks_image(entry->value))
		reader_error(reader, entry->mark,
			"the service has no image, write 'image: name:tag'");
}

void read_services(struct reader *reader, const struct node *node, void *base)
{
	static const struct walk_names names = {
		.example = "a map of names, such as {web: {image: nginx}}",
		.what = "services",
		.max = CONFIG_SERVICES_MAX,
		.size = sizeof(struct draft_service),
		.read = read_named_service,
	};
	struct draft *draft = base;

	draft->services =
		walk_names(reader, node, &names, &draft->service_count);
}

static void read_volume(struct reader *reader, const struct entry *entry,
	struct strings *out)
{
	struct volume_options options = { 0 };
	const char *wrong = name_check_volume(entry->key);

	if (wrong)
		reader_error(reader, entry->mark, "the name '%.63s' %s",
			entry->key, wrong);
	if (!node_is_null(entry->value)) {
		if (!reader_is_map(reader, entry->value, "{} or nothing"))
			return;
		walk_map(reader, entry->value, &schema_volume, &options);
	}
	if (options.driver && !text_equal(options.driver, "local"))
		reader_error(reader, entry->mark,
			"the driver '%.60s' is not done yet; all volumes are folders on the data partition, remove the key",
			options.driver);
	if (options.external)
		reader_error(reader, entry->mark,
			"'external: true' is not done yet; a volume is made when it is missing and kept when it is there, remove the key");
	reader_append(reader, out, entry->key);
}

void read_volumes(struct reader *reader, const struct node *node, void *base)
{
	struct strings *volumes = &((struct draft *)base)->config.volumes;

	if (!reader_is_map(reader, node, "a map of names, such as {data: {}}"))
		return;
	volumes->is_set = true;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path;

		if (text_starts_with(e->key, "x-"))
			continue;
		path = reader_push(reader, e->key);
		read_volume(reader, e, volumes);
		reader_pop(reader, path);
	}
}
