// SPDX-License-Identifier: MIT
/* net_show_json - the networks of the machine for programs */
#include <stdio.h>
#include <string.h>

#include "cli/net_json.h"
#include "cli/net_show.h"
#include "net/survey.h"

static void add_link_name(struct net_json *json, const struct survey *survey,
	int index)
{
	const struct survey_link *link = survey_find_link(survey, index);

	net_json_string(json, "interface", link ? link->name : "");
}

static void add_mac(struct net_json *json, const uint8_t mac[6])
{
	static const uint8_t none[6];
	char text[18];

	if (memcmp(mac, none, sizeof(none)) == 0)
		return;
	(void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x",
		mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	net_json_string(json, "mac", text);
}

static void add_link(struct net_json *json, const struct survey *survey,
	const struct survey_link *link)
{
	net_json_open(json, NULL, '{');
	net_json_string(json, "name", link->name);
	net_json_string(json, "kind", link->kind);
	net_json_string(json, "state", link->state);
	add_mac(json, link->mac);
	net_json_number(json, "mtu", link->mtu);
	if (link->key)
		net_json_string(json, "public_key", link->key);
	net_json_open(json, "addresses", '[');
	for (size_t i = 0; i < survey->address_count; i++) {
		const struct survey_address *address = &survey->addresses[i];

		if (address->link != link->index)
			continue;
		net_json_open(json, NULL, '{');
		net_json_prefix(json, "address", &address->prefix);
		net_json_string(json, "from", address->origin);
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
	net_json_close(json, '}');
}

static void add_links(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "interfaces", '[');
	for (size_t i = 0; i < survey->link_count; i++) {
		const struct survey_link *link = &survey->links[i];

		if (!link->is_port && !link->is_bridge &&
			!survey_is_spare(survey, link))
			add_link(json, survey, link);
	}
	net_json_close(json, ']');
}

static void add_leases(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "leases", '[');
	for (size_t i = 0; i < survey->lease_count; i++) {
		const struct survey_lease *lease = &survey->leases[i];

		net_json_open(json, NULL, '{');
		net_json_string(json, "interface", lease->link);
		net_json_address(json, "address", &lease->address);
		net_json_address(json, "server", &lease->server);
		net_json_number(json, "seconds", lease->seconds);
		net_json_bool(json, "kept", lease->is_kept);
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_servers(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "name_servers", '[');
	for (size_t i = 0; i < survey->server_count; i++) {
		net_json_open(json, NULL, '{');
		net_json_address(json, "address", &survey->servers[i].address);
		net_json_string(json, "interface", survey->servers[i].link);
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_routes(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "routes", '[');
	for (size_t i = 0; i < survey->route_count; i++) {
		const struct survey_route *route = &survey->routes[i];

		net_json_open(json, NULL, '{');
		net_json_prefix(json, "destination", &route->destination);
		net_json_string(json, "kind", route->kind);
		net_json_address(json, "via", &route->via);
		add_link_name(json, survey, route->link);
		net_json_number(json, "metric", route->metric);
		net_json_string(json, "from", route->origin);
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_networks(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "networks", '[');
	for (size_t i = 0; i < survey->network_count; i++) {
		const struct survey_network *network = &survey->networks[i];

		net_json_open(json, NULL, '{');
		net_json_string(json, "name", network->name);
		net_json_string(json, "driver", network->driver);
		net_json_string(json, "interface", network->link);
		net_json_bool(json, "present", network->is_there);
		net_json_bool(json, "internal", network->is_internal);
		net_json_open(json, "subnets", '[');
		for (size_t j = 0; j < SURVEY_FAMILIES; j++) {
			if (!network->subnets[j].address.family)
				continue;
			net_json_open(json, NULL, '{');
			net_json_prefix(json, "subnet", &network->subnets[j]);
			net_json_address(json, "gateway",
				&network->gateways[j]);
			net_json_close(json, '}');
		}
		net_json_close(json, ']');
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_services(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "services", '[');
	for (size_t i = 0; i < survey->service_count; i++) {
		const struct survey_service *service = &survey->services[i];

		net_json_open(json, NULL, '{');
		net_json_string(json, "name", service->name);
		net_json_string(json, "network", service->network);
		net_json_address(json, "ipv4", &service->virtuals[0]);
		net_json_address(json, "ipv6", &service->virtuals[1]);
		net_json_number(json, "replicas", service->replicas);
		net_json_number(json, "serving", service->serving);
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_endpoints(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "containers", '[');
	for (size_t i = 0; i < survey->endpoint_count; i++) {
		const struct survey_endpoint *endpoint = &survey->endpoints[i];

		net_json_open(json, NULL, '{');
		net_json_string(json, "name", endpoint->container);
		net_json_string(json, "network", endpoint->network);
		net_json_string(json, "state", endpoint->state);
		net_json_string(json, "interface", endpoint->link);
		net_json_address(json, "ipv4", &endpoint->addresses[0]);
		net_json_address(json, "ipv6", &endpoint->addresses[1]);
		if (survey->has_connections) {
			net_json_number(json, "connections_in",
				endpoint->incoming);
			net_json_number(json, "connections_out",
				endpoint->outgoing);
		}
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_ports(struct net_json *json, const struct survey *survey)
{
	net_json_open(json, "ports", '[');
	for (size_t i = 0; i < survey->port_count; i++) {
		const struct survey_port *port = &survey->ports[i];

		net_json_open(json, NULL, '{');
		net_json_string(json, "protocol", port->protocol);
		net_json_address(json, "address", &port->host);
		net_json_number(json, "port", port->published);
		net_json_string(json, "service", port->service);
		net_json_number(json, "target", port->target);
		net_json_open(json, "replicas", '[');
		for (size_t j = 0; j < port->replica_count; j++)
			net_json_address(json, NULL, &port->replicas[j]);
		net_json_close(json, ']');
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
}

static void add_strings(struct net_json *json, const char *name,
	const char *const *strings, size_t count)
{
	net_json_open(json, name, '[');
	for (size_t i = 0; i < count; i++)
		net_json_string(json, NULL, strings[i]);
	net_json_close(json, ']');
}

void net_show_json(const struct survey *survey, FILE *out)
{
	struct net_json json = { .out = out };

	net_json_open(&json, NULL, '{');
	add_links(&json, survey);
	add_leases(&json, survey);
	add_servers(&json, survey);
	add_routes(&json, survey);
	add_networks(&json, survey);
	add_services(&json, survey);
	add_endpoints(&json, survey);
	add_ports(&json, survey);
	if (survey->has_connections) {
		net_json_number(&json, "connections", survey->connections);
		net_json_number(&json, "connections_offloaded",
			survey->offloaded);
	}
	add_strings(&json, "notes", survey->notes, survey->note_count);
	add_strings(&json, "problems", survey->problems, survey->problem_count);
	net_json_close(&json, '}');
	(void)fputc('\n', out);
}
