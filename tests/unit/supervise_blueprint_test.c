// SPDX-License-Identifier: MIT
/* tests of supervise/blueprint: from a config to a topology */
#include "supervise/blueprint.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>

#include "supervise_cases.h"
#include "supervise_crowd.h"

#define CASES "tests/unit/data/networks/blueprint.txt"

static char dump[16384];

static void add_address(struct text *out, const char *key,
	const struct address *address)
{
	char own[ADDRESS_TEXT_SIZE];

	if (address->family)
		text_add(out, " %s%s", key, address_print(address, own));
}

static void add_prefix(struct text *out, const char *key,
	const struct prefix *prefix)
{
	char own[PREFIX_TEXT_SIZE];

	if (prefix->address.family)
		text_add(out, " %s%s", key, prefix_print(prefix, own));
}

static void add_reserved(struct text *out, const struct pool_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		add_address(out, "reserved=", &list->addresses[i]);
}

static void dump_networks(struct text *out, const struct blueprint *blueprint)
{
	static const char *const drivers[] = { "bridge", "macvlan", "ipvlan" };

	for (size_t i = 0; i < blueprint->topology.network_count; i++) {
		const struct topology_network *network =
			&blueprint->topology.networks[i];
		const struct pool_network *pool = &blueprint->pools[i];

		text_add(out, "network %s %s%s%s", network->name,
			drivers[network->driver], pool->has_ipv4 ? " 4" : "",
			pool->has_ipv6 ? " 6" : "");
		add_prefix(out, "", &network->subnet4);
		add_prefix(out, "", &network->subnet6);
		add_address(out, "gateway=", &network->gateway4);
		add_address(out, "gateway=", &network->gateway6);
		add_prefix(out, "range=", &pool->range4);
		add_prefix(out, "range=", &pool->range6);
		add_reserved(out, &pool->reserved4);
		add_reserved(out, &pool->reserved6);
		if (network->parent)
			text_add(out, " parent=%s", network->parent);
		if (network->mode)
			text_add(out, " mode=%s", network->mode);
		if (network->mtu)
			text_add(out, " mtu=%u", network->mtu);
		text_add(out, "%s%s%s\n",
			network->is_internal ? " internal" : "",
			network->is_routed ? " routed" : "",
			network->allows_metadata ? " metadata" : "");
	}
}

static const char *network_of(const struct topology *topology, size_t number)
{
	return topology->networks[number].name;
}

static void dump_endpoints(struct text *out, const struct blueprint *blueprint)
{
	const struct topology *topology = &blueprint->topology;
	static const uint8_t none[6];

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[i];
		const uint8_t *mac = endpoint->mac;

		text_add(out, "endpoint %s %s %s", endpoint->container,
			network_of(topology, endpoint->network),
			endpoint->name);
		add_address(out, "", &endpoint->address4);
		add_address(out, "", &endpoint->address6);
		if (memcmp(mac, none, sizeof(none)) != 0)
			text_add(out, " %02x:%02x:%02x:%02x:%02x:%02x", mac[0],
				mac[1], mac[2], mac[3], mac[4], mac[5]);
		text_add(out, "%s%s%s\n",
			endpoint->has_default_route ? " default" : "",
			endpoint->is_running ? " running" : "",
			endpoint->is_serving ? " serving" : "");
		CHECK(text_equal(blueprint->services[i]->name,
			endpoint->container));
	}
}

static void dump_groups(struct text *out, const struct blueprint *blueprint)
{
	const struct topology *topology = &blueprint->topology;

	for (size_t i = 0; i < topology->group_count; i++) {
		const struct topology_group *group = &topology->groups[i];

		text_add(out, "group %s %s%s", group->service,
			network_of(topology, group->network),
			group->has_virtual ? " virtual" : "");
		for (size_t j = 0; j < group->name_count; j++)
			text_add(out, " alias=%s", group->names[j]);
		text_add(out, ":");
		for (size_t j = 0; j < group->endpoint_count; j++) {
			size_t endpoint = group->endpoints[j];

			text_add(out, " %s",
				topology->endpoints[endpoint].container);
			CHECK(topology->endpoints[endpoint].network ==
				group->network);
			CHECK(blueprint->groups[endpoint] == i);
		}
		text_add(out, "\n");
	}
}

static const char *protocol_of(unsigned int number)
{
	return number == 0               ? "all"
	       : number == TOPOLOGY_UDP  ? "udp"
	       : number == TOPOLOGY_SCTP ? "sctp"
					 : "tcp";
}

static void dump_rest(struct text *out, const struct topology *topology)
{
	for (size_t i = 0; i < topology->port_count; i++) {
		const struct topology_port *port = &topology->ports[i];

		text_add(out, "port %s", protocol_of(port->protocol));
		add_address(out, "", &port->host);
		text_add(out, " %u -> %u", port->published, port->target);
		if (port->group == SIZE_MAX)
			text_add(out, " machine\n");
		else
			text_add(out, " %s %s\n",
				topology->groups[port->group].service,
				network_of(topology,
					topology->groups[port->group].network));
	}
	for (size_t i = 0; i < topology->rule_count; i++) {
		const struct topology_rule *rule = &topology->rules[i];

		text_add(out, "rule %s", protocol_of(rule->protocol));
		add_prefix(out, "", &rule->from);
		text_add(out, " %u-%u\n", rule->first_port, rule->last_port);
	}
}

static void dump_all(struct text *out, const struct blueprint *blueprint)
{
	dump_networks(out, blueprint);
	dump_endpoints(out, blueprint);
	dump_groups(out, blueprint);
	dump_rest(out, &blueprint->topology);
}

static void run(const struct cases *cases)
{
	auto_arena arena = { 0 };
	struct cases_source source;
	struct blueprint blueprint;
	struct error err = { .code = 0 };
	struct text out;

	text_init(&out, dump, sizeof(dump));
	if (!cases_source(cases, &arena, &source))
		return;
	if (blueprint_make(&source.source, &arena, &blueprint, &err) == 0)
		dump_all(&out, &blueprint);
	else
		text_add(&out, "error %d: %s\n", err.code, err.text);
	cases_compare(dump, cases->parts[PART_LINES]);
}

static void test_cases(void)
{
	cases_walk(CASES, run);
}

/* ---- without a file ------------------------------------------------------ */

static int make(struct crowd *crowd, struct blueprint *out, struct error *err)
{
	auto_arena arena = { 0 };

	return blueprint_make(&crowd->source, &arena, out, err);
}

/* What a config may have is never too much; with those that leave it may be. */
static void test_limits(void)
{
	struct crowd *crowd = make_crowd(4, 4, 0);
	struct blueprint blueprint;
	struct error err;

	CHECK(make(crowd, &blueprint, &err) == 0);
	CHECK(blueprint.topology.endpoint_count == TOPOLOGY_ENDPOINTS_MAX);
	CHECK(blueprint.topology.group_count == TOPOLOGY_GROUPS_MAX);
	free(crowd);
	crowd = make_crowd(4, 4, 1);
	CHECK(make(crowd, &blueprint, &err) == -E2BIG);
	CHECK(strstr(err.text, "attached to networks 4100 times"));
	free(crowd);
	crowd = make_crowd(256, 4, 0);
	CHECK(make(crowd, &blueprint, &err) == 0);
	free(crowd);
}

static void test_too_many_ports(void)
{
	struct crowd *crowd = make_crowd(1, 1, 0);
	struct port ports[9] = { { .published = 1, .protocol = "tcp" } };
	struct blueprint blueprint;
	struct error err;

	for (size_t i = 0; i < CROWD_SERVICES; i++) {
		crowd->services[i].ports = ports;
		crowd->services[i].port_count = i ? 8 : 9;
	}
	CHECK(make(crowd, &blueprint, &err) == -E2BIG);
	CHECK(strstr(err.text, "publish 8193 ports, the limit is 8192"));
	free(crowd);
}

/* Each is found, and nobody else. */
static void test_find(void)
{
	struct crowd *crowd = make_crowd(4, 4, 0);
	auto_arena arena = { 0 };
	struct blueprint blueprint = { .pools = NULL };
	struct error err;
	size_t count = 7;

	CHECK(!blueprint_find(&blueprint, "service-1", &count) && count == 0);
	CHECK(!blueprint_find_way_out(&blueprint, "service-1"));
	crowd->services[5].network_mode = NETWORK_MODE_HOST;
	crowd->services[7].attachment_count = 2;
	CHECK(blueprint_make(&crowd->source, &arena, &blueprint, &err) == 0);
	for (size_t i = 0; i < CROWD_SERVICES; i++) {
		const struct topology_endpoint *found =
			blueprint_find(&blueprint, crowd->names[i], &count);

		CHECK(count == (i == 5 ? 0 : i == 7 ? 2 : 4));
		CHECK(!found == (i == 5));
		for (size_t j = 0; j < count; j++)
			CHECK(found[j].container == crowd->names[i] &&
				found[j].network == j);
	}
	CHECK(!blueprint_find(&blueprint, "service-1024", &count));
	CHECK(!blueprint_find(&blueprint, "", &count));
	free(crowd);
}

#define BIG                                                          \
	"services:\n"                                                \
	"  web: {image: i, scale: 3, networks: {a: {aliases: [x]}, " \
	"b: }, ports: ['80:80']}\n"                                  \
	"  db: {image: i, networks: [b]}\n"                          \
	"networks: {a: {internal: true}, b: }\n"                     \
	"host: {firewall: [{from: 10.0.0.0/8}]}\n"

/* At every limit of memory it fails cleanly or not at all. */
static void test_no_memory(void)
{
	auto_arena configs = { 0 };
	struct config config;
	struct blueprint_source source = { .config = &config };
	size_t limit = 1;
	int result = -ENOMEM;

	if (!cases_load(BIG, &configs, &config))
		return;
	for (; result == -ENOMEM && limit < 65536; limit += 16) {
		auto_arena arena = { .limit_bytes = limit };
		struct blueprint blueprint;
		struct error err = { .code = 0 };

		result = blueprint_make(&source, &arena, &blueprint, &err);
		CHECK(result == err.code);
		if (result == -ENOMEM)
			CHECK(strstr(err.text, "no memory"));
	}
	CHECK(result == 0 && limit > 1024);
}

int main(void)
{
	RUN(test_cases);
	RUN(test_limits);
	RUN(test_too_many_ports);
	RUN(test_find);
	RUN(test_no_memory);
	return check_done();
}
