/* SPDX-License-Identifier: MIT */
/* uplinks - does the machine have a network? */
#include "uplinks.h"

#include "ports.h"

/* visit the gateways of default routes on our ports until one says true */
static bool any_gateway(struct host *host,
	bool (*visit)(const struct host *host, const struct inet_route *route))
{
	for (unsigned i = 0; i < host->inet.routes_count; i++) {
		const struct inet_route *route = &host->inet.routes[i];

		if (route->to.length == 0 && route->via.family &&
			ports_of(host, route->index) && visit(host, route))
			return true;
	}
	return false;
}

static bool answers(const struct host *host, const struct inet_route *route)
{
	return inet_answers(host->netlink, route->index, &route->via) > 0;
}

static bool ask(const struct host *host, const struct inet_route *route)
{
	/* what cannot be asked does not answer, which is seen later */
	(void)inet_ask(host->netlink, route->index, &route->via);
	return false;
}

static bool forget(const struct host *host, const struct inet_route *route)
{
	/* mostly it is not even known */
	(void)inet_forget(host->netlink, route->index, &route->via);
	return false;
}

struct trial_health uplinks_health(struct host *host)
{
	struct trial_health health = { .has_carrier = false };

	(void)inet_list(host->netlink, &host->inet);
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		health.has_carrier |= host->ports[i].index &&
				      host->ports[i].block >= 0 &&
				      host->ports[i].has_carrier;
	for (unsigned i = 0; i < host->inet.addresses_count; i++) {
		const struct inet_address *row = &host->inet.addresses[i];
		const struct port *port = ports_of(host, row->index);
		health.has_address |= port && port->has_carrier &&
				      ip_is_host(&row->at.ip) &&
				      !ip_is_link_local(&row->at.ip);
	}
	health.has_gateway = any_gateway(host, answers);
	return health;
}

void uplinks_ask(struct host *host)
{
	(void)inet_list(host->netlink, &host->inet);
	(void)any_gateway(host, ask);
}

void uplinks_forget(struct host *host)
{
	(void)inet_list(host->netlink, &host->inet);
	(void)any_gateway(host, forget);
}
