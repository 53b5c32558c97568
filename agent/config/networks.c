// SPDX-License-Identifier: MIT
/* networks - the networks of the top level */
#include "config/networks.h"

#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/pools.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
#include "lib/text.h"

#define MTU_MIN      68   /* RFC 791 */
#define MTU_MIN_IPV6 1280 /* RFC 8200, 5 */
#define MTU_MAX      65535

static const struct driver {
	const char *name;
	const char *modes[5]; /* the first one is usual */
} drivers[] = {
	[NETWORK_BRIDGE] = { "bridge", { NULL } },
	[NETWORK_MACVLAN] = { "macvlan",
		{ "bridge", "private", "vepa", "passthru", NULL } },
	[NETWORK_IPVLAN] = { "ipvlan", { "l2", "l3", "l3s", NULL } },
};
#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

static void say(struct reader *reader, const struct draft_network *draft,
	const char *key, const char *what)
{
	size_t path = reader_push(reader, key);

	reader_error(reader,
		node_find_mark(draft->node, key, draft->network.mark), "%s",
		what);
	reader_pop(reader, path);
}

/* One key of driver_opts. */
struct driver_option {
	const char *name;
	void (*set)(struct reader *reader, const struct node *node,
		const char *value, struct draft_network *draft);
};

static void set_mtu(struct reader *reader, const struct node *node,
	const char *value, struct draft_network *draft)
{
	uint64_t mtu = 0;

	if (text_parse_u64(value, MTU_MAX, &mtu) < 0 || mtu < MTU_MIN)
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write a number from %d to %d", value,
			MTU_MIN, MTU_MAX);
	else
		draft->network.mtu = (uint32_t)mtu;
}

static void set_parent(struct reader *reader, const struct node *node,
	const char *value, struct draft_network *draft)
{
	const char *wrong = name_check_interface(value);

	if (wrong)
		reader_error(reader, node->mark, "'%.60s' %s", value, wrong);
	draft->parent_mark = node->mark;
	draft->network.parent = value; /* a wrong one, too: it is not missing */
}

static void set_mode(struct reader *reader, const struct node *node,
	const char *value, struct draft_network *draft)
{
	draft->network.mode = value;
	draft->mode_mark = node->mark;
	(void)reader;
}

static bool read_flag(struct reader *reader, const struct node *node,
	const char *value)
{
	bool is_true = false;

	if (value_bool(value, &is_true) < 0)
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write true or false", value);
	return is_true;
}

static void set_nat(struct reader *reader, const struct node *node,
	const char *value, struct draft_network *draft)
{
	draft->network.is_routed = !read_flag(reader, node, value);
}

static void set_metadata(struct reader *reader, const struct node *node,
	const char *value, struct draft_network *draft)
{
	draft->network.allows_metadata = read_flag(reader, node, value);
}

static const struct driver_option driver_options[] = {
	{ "mtu", set_mtu },
	{ "com.docker.network.driver.mtu", set_mtu },
	{ "parent", set_parent },
	{ "mode", set_mode },
	{ "macvlan_mode", set_mode },
	{ "ipvlan_mode", set_mode },
	{ "nat", set_nat },
	{ "com.docker.network.bridge.enable_ip_masquerade", set_nat },
	{ "metadata", set_metadata },
};
#define DRIVER_OPTIONS (sizeof(driver_options) / sizeof(*driver_options))

static void read_driver_option(struct reader *reader, const struct entry *entry,
	struct draft_network *draft)
{
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < DRIVER_OPTIONS; i++) {
		const char *value;

		name_suggest(entry->key, driver_options[i].name, &best,
			&distance);
		if (!text_equal(entry->key, driver_options[i].name))
			continue;
		value = reader_text(reader, entry->value, "a value");
		if (value)
			driver_options[i].set(reader, entry->value, value,
				draft);
		return;
	}
	/* those of other drivers are all alike */
	if (best && !text_starts_with(entry->key, "com.docker."))
		reader_warn(reader, entry->mark,
			"this option is unknown, ignored; did you mean '%s'?",
			best);
	else
		reader_warn(reader, entry->mark,
			"this option is unknown, ignored");
}

void read_driver_opts(struct reader *reader, const struct node *node,
	void *base)
{
	if (!reader_is_map(reader, node, "a map, such as {mtu: 1400}"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push(reader, e->key);

		read_driver_option(reader, e, base);
		reader_pop(reader, path);
	}
}

/* {name: NAME}, as it was written before version 3.5 of the files. */
static void read_old_external(struct reader *reader, const struct node *node,
	struct draft_network *draft)
{
	const char *text = reader_text(reader, node, "a name");
	const char *wrong = text ? name_check_network(text) : NULL;

	if (wrong)
		reader_error(reader, node->mark, "'%.60s' %s", text, wrong);
	draft->is_external = true;
	draft->given_name = text;
}

void read_network_external(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_network *draft = base;
	const char *text;

	if (node->kind == NODE_MAP && node->count == 1 &&
		text_equal(node->first->key, "name")) {
		read_old_external(reader, node->first->value, draft);
		return;
	}
	text = reader_text(reader, node, "true or false");
	if (text && value_bool(text, &draft->is_external) < 0)
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write true or false", text);
}

/*
 * A network that is there without being made: that of the machine, or none.
 * What another project would have made is made here, since there is no other.
 */
static void finish_external(struct reader *reader, struct draft_network *draft)
{
	const char *name =
		draft->given_name ? draft->given_name : draft->network.name;
	size_t path;

	if (text_equal(name, "host")) {
		draft->stands_for = NETWORK_MODE_HOST;
		return;
	}
	if (text_equal(name, "none")) {
		draft->stands_for = NETWORK_MODE_NONE;
		return;
	}
	path = reader_push(reader, "external");
	reader_warn(reader,
		node_find_mark(draft->node, "external", draft->network.mark),
		"no network is there that this config does not make, so it is made; remove the key, or write 'name: host' for the machine's own");
	reader_pop(reader, path);
}

static void finish_driver(struct reader *reader, struct draft_network *draft)
{
	const char *name = draft->driver ? draft->driver : "bridge";
	const char *best = NULL;
	size_t distance = 0;
	char what[160];
	struct text text;

	for (size_t i = 0; i < DRIVERS; i++) {
		if (text_equal(name, drivers[i].name)) {
			draft->network.driver = (enum network_driver)i;
			return;
		}
		name_suggest(name, drivers[i].name, &best, &distance);
	}
	text_init(&text, what, sizeof(what));
	if (text_equal(name, "host") || text_equal(name, "none"))
		text_add(&text,
			"'%s' is no driver; write 'external: true' and 'name: %s' instead, or 'network_mode: %s' in the service",
			name, name, name);
	else if (text_equal(name, "overlay"))
		text_add(&text,
			"'overlay' joins several machines, and there is one; write bridge");
	else if (best)
		text_add(&text, "'%.60s' is no driver, did you mean '%s'?",
			name, best);
	else
		text_add(&text,
			"'%.60s' is no driver, write bridge, macvlan or ipvlan",
			name);
	say(reader, draft, "driver", what);
}

static bool has_mode(const struct driver *driver, const char *mode)
{
	for (size_t i = 0; driver->modes[i]; i++) {
		if (text_equal(driver->modes[i], mode))
			return true;
	}
	return false;
}

static void report_mode(struct reader *reader,
	const struct draft_network *draft, const struct driver *driver)
{
	char buffer[64];
	struct text modes;
	size_t path = reader_push(reader, "driver_opts.mode");

	text_init(&modes, buffer, sizeof(buffer));
	for (size_t i = 0; driver->modes[i]; i++)
		text_add(&modes, "%s%s", i == 0 ? "" : ", ", driver->modes[i]);
	reader_error(reader, draft->mode_mark,
		"'%.60s' is no mode of %s, write one of %s",
		draft->network.mode, driver->name, buffer);
	reader_pop(reader, path);
}

/* The parent and the mode, which only some drivers have. */
static void check_driver(struct reader *reader, struct draft_network *draft)
{
	struct network *network = &draft->network;
	const struct driver *driver = &drivers[network->driver];

	if (network->driver != NETWORK_BRIDGE) {
		if (!network->parent)
			say(reader, draft, "driver",
				"this driver needs an interface of the machine, write 'driver_opts: {parent: eth0}'");
		if (network->mode && !has_mode(driver, network->mode))
			report_mode(reader, draft, driver);
		return;
	}
	if (network->parent || network->mode)
		reader_warn(reader,
			node_find_mark(draft->node, "driver_opts",
				network->mark),
			"a bridge has no 'parent' and no 'mode', ignored; write 'driver: macvlan' for those");
	network->parent = network->mode = NULL;
}

static void finish_network(struct reader *reader, struct draft_network *draft)
{
	struct network *network = &draft->network;

	if (draft->is_external)
		finish_external(reader, draft);
	if (draft->stands_for != NETWORK_MODE_OWN)
		return;
	finish_driver(reader, draft);
	check_driver(reader, draft);
	if (draft->ipam_driver && !text_equal(draft->ipam_driver, "default"))
		say(reader, draft, "ipam.driver",
			"there is no other way to give out addresses, write default or remove the key");
	if (!network->has_ipv4 && !network->has_ipv6)
		say(reader, draft, "enable_ipv4",
			"the network has no addresses, write 'enable_ipv6: true' or remove the key");
	if (network->has_ipv6 && network->mtu > 0 &&
		network->mtu < MTU_MIN_IPV6)
		say(reader, draft, "driver_opts",
			"IPv6 needs an mtu of 1280 or more");
	pools_check(reader, draft);
	network->pools = draft->pools;
	network->pool_count = draft->pool_count;
}

static void read_network(struct reader *reader, const struct entry *entry,
	void *item)
{
	struct draft_network *draft = item;
	const char *wrong = name_check_network(entry->key);

	draft->network.name = entry->key;
	draft->network.mark = entry->mark;
	walk_presets(reader, &schema_network, draft);
	if (wrong)
		reader_error(reader, entry->mark, "the name '%.63s' %s",
			entry->key, wrong);
	if (!node_is_null(entry->value)) {
		if (!reader_is_map(reader, entry->value,
			    "nothing, or a map such as {internal: true}"))
			return;
		draft->node = entry->value;
		walk_map(reader, entry->value, &schema_network, draft);
	}
	finish_network(reader, draft);
}

void read_networks(struct reader *reader, const struct node *node, void *base)
{
	static const struct walk_names names = {
		.example = "a map of names, such as {front: {}}",
		.what = "networks",
		.max = CONFIG_NETWORKS_MAX - 1, /* and the default one */
		.size = sizeof(struct draft_network),
		.read = read_network,
	};
	struct draft *draft = base;

	draft->networks =
		walk_names(reader, node, &names, &draft->network_count);
}

struct draft_network *networks_find(const struct draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->network_count; i++) {
		if (text_equal(draft->networks[i].network.name, name))
			return &draft->networks[i];
	}
	return NULL;
}

struct draft_network *networks_default(struct reader *reader,
	struct draft *draft, struct mark mark)
{
	struct draft_network *network = networks_find(draft, "default");

	if (network)
		return network;
	if (!draft->networks)
		draft->networks =
			reader_alloc_tree(reader, 1, sizeof(*draft->networks));
	if (!draft->networks)
		return NULL;
	network = &draft->networks[draft->network_count++];
	network->network.name = "default";
	network->network.mark = mark;
	walk_presets(reader, &schema_network, network);
	return network;
}

void networks_finish(struct reader *reader, struct draft *draft)
{
	struct network *networks =
		reader_alloc(reader, draft->network_count, sizeof(*networks));
	size_t count = 0;

	for (size_t i = 0; networks && i < draft->network_count; i++) {
		if (draft->networks[i].stands_for == NETWORK_MODE_OWN)
			networks[count++] = draft->networks[i].network;
	}
	draft->config.networks = networks;
	draft->config.network_count = count;
}
