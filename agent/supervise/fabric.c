// SPDX-License-Identifier: MIT
/* fabric - the networks of the workloads, kept as config and states want them */
#include "supervise/fabric.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "net/conntrack.h"
#include "net/link.h"
#include "net/ruleset.h"
#include "supervise/etc.h"
#include "supervise/names.h"
#include "supervise/netfile.h"
#include "supervise/places.h"
#include "supervise/ports.h"

#define REST     4    /* times as long as it took */
#define RETRY_MS 5000 /* after the kernel refused something */

/* ---- what was given out before ------------------------------------------- */

static struct netfile book_of(const struct fabric *fabric)
{
	return (struct netfile){ fabric->places->data_fd, "book", 0600 };
}

static void read_book(struct fabric *fabric)
{
	const struct netfile file = book_of(fabric);
	auto_free char *text = NULL;
	size_t size = 0;
	struct error err;
	int result = netfile_read(&file, BOOK_TEXT_MAX, &text, &size, &err);

	if (result == -ENOENT)
		return;
	if (result == 0)
		result = book_parse(text, size, &fabric->arena, &fabric->book,
			&err);
	if (result < 0)
		log_warn(
			"networks: addresses given before: %s, giving new ones",
			err.text);
}

static void write_book(struct fabric *fabric, const struct book *book)
{
	const struct netfile file = book_of(fabric);
	auto_arena arena = { 0 };
	struct error err = { .text = "no memory" };
	size_t size;
	const char *text = book_print(book, &arena, &size);

	if (!text || netfile_write(&file, text, size, &err) < 0)
		log_warn("networks: keep the addresses: %s", err.text);
}

/* IPv6 networks without a subnet of their own have one of the machine's. */
static int want_ula(const struct blueprint *blueprint, struct book *book)
{
	for (size_t i = 0; i < blueprint->topology.network_count; i++) {
		if (blueprint->pools[i].has_ipv6 && !book->ula.address.family &&
			!blueprint->topology.networks[i].subnet6.address.family)
			return pool_make_ula(&book->ula);
	}
	return 0;
}

/* *out is the new book, in the arena, with names of its own. */
static int give_addresses(struct fabric *fabric, struct blueprint *blueprint,
	struct arena *arena, struct book *out)
{
	auto_arena scratch = { 0 }; /* far more than is kept */
	struct book before = fabric->book;
	struct pool_request request = {
		.topology = &blueprint->topology,
		.networks = blueprint->pools,
		.before = &before,
	};
	struct book after;
	struct error err;
	int result = link_read_taken(&scratch, &request.taken,
		&request.taken_count, &err);

	if (result < 0)
		log_warn("networks: %s, subnets may collide with others",
			err.text);
	result = want_ula(blueprint, &before);
	if (result < 0)
		log_error("networks: make a prefix for IPv6: %s",
			strerror(-result));
	result = pool_fill(&request, &scratch, &after, &err);
	if (result == -ENOMEM || result == -E2BIG)
		return result;
	if (result < 0)
		log_error("networks: %s", err.text);
	return book_copy(&after, arena, out);
}

/* ---- in line with the blueprint ------------------------------------------ */

static int write_names(struct fabric *fabric, struct error *err)
{
	const struct netfile file = { fabric->places->run_fd, "names", 0644 };
	auto_arena arena = { 0 };
	const char *text = names_print(&fabric->blueprint, &arena);

	if (!text)
		return error_set(err, -ENOMEM,
			"tell the name server: no memory");
	if (netfile_write(&file, text, strlen(text), err) < 0)
		return error_prefix(err, "tell the name server");
	return 0;
}

static int write_ports(const struct fabric *fabric, struct error *err)
{
	const struct netfile file = { fabric->places->run_fd, "ports", 0644 };
	auto_arena arena = { 0 };
	const char *text = ports_print(&fabric->blueprint.topology, &arena);

	if (!text)
		return error_set(err, -ENOMEM,
			"list the published ports: no memory");
	if (netfile_write(&file, text, strlen(text), err) < 0)
		return error_prefix(err, "list the published ports");
	return 0;
}

/* What fails is said once, and tried again in a while. */
static void say(struct fabric *fabric, const struct error *err)
{
	if (err->code < 0 && !fabric->has_failed)
		log_error("networks: %s, trying again%s", err->text,
			fabric->is_in_force
				? ""
				: ", no workload gets a network meanwhile");
	else if (err->code == 0 && fabric->has_failed)
		log_info("networks: all is as it should be now");
	fabric->has_failed = err->code < 0;
}

/* Whether UDP is led to its endpoints, by a virtual address or a port. */
static bool is_led_to(const struct topology *topology, size_t group)
{
	if (topology->groups[group].virtual4.family ||
		topology->groups[group].virtual6.family)
		return true;
	for (size_t i = 0; i < topology->port_count; i++) {
		if (topology->ports[i].group == group &&
			topology->ports[i].protocol == TOPOLOGY_UDP)
			return true;
	}
	return false;
}

/* They time out, too. */
static void forget(const struct address *address)
{
	if (address->family)
		(void)conntrack_forget(address, IPPROTO_UDP, NULL);
}

/* What UDP flows to one that is gone must not go on with. To look for them
 * takes a walk through all connections, so only where there may be some. */
static void forget_flows(struct fabric *fabric)
{
	const struct topology *topology = &fabric->blueprint.topology;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		struct topology_endpoint *endpoint = &topology->endpoints[i];

		if (!endpoint->has_left)
			continue;
		endpoint->has_left = false;
		if (!is_led_to(topology, fabric->blueprint.groups[i]))
			continue;
		forget(&endpoint->address4);
		forget(&endpoint->address6);
	}
	for (size_t i = 0; i < fabric->gone.count; i++)
		forget(&fabric->gone.addresses[i]);
	fabric->gone.count = 0;
}

static int read_uplinks(struct fabric *fabric, struct error *err)
{
	struct topology *topology = &fabric->blueprint.topology;

	topology->uplinks = (const char(*)[IFNAMSIZ])fabric->uplinks;
	return link_read_uplinks(fabric->uplinks, &topology->uplink_count, err);
}

/* A kernel may have no flow tables, and a link may have gone since. */
static int apply_rules(struct fabric *fabric, struct error *err)
{
	struct topology *topology = &fabric->blueprint.topology;
	int result = ruleset_apply(&fabric->rules, topology, err);

	if ((result != -ENOENT && result != -EOPNOTSUPP) ||
		topology->uplink_count == 0)
		return result;
	topology->uplink_count = 0;
	return ruleset_apply(&fabric->rules, topology, err);
}

/* All of it is tried, whatever fails; err is that of the first. */
static void bring_in_line(struct fabric *fabric, struct error *err)
{
	const struct topology *topology = &fabric->blueprint.topology;
	struct error later;

	if (!fabric->is_made) {
		fabric->is_made = link_apply_networks(topology, err) == 0;
		if (read_uplinks(fabric, &later) < 0) {
			fabric->is_made = false;
			*err = err->code < 0 ? *err : later;
		}
	}
	if (apply_rules(fabric, &later) == 0) {
		fabric->is_in_force = true;
		forget_flows(fabric);
	} else if (err->code == 0) {
		*err = later;
	}
	if (write_names(fabric, &later) < 0 && err->code == 0)
		*err = later;
	if (write_ports(fabric, &later) < 0 && err->code == 0)
		*err = later;
}

void fabric_flush(struct fabric *fabric)
{
	const struct topology *topology = &fabric->blueprint.topology;
	uint64_t begin_ms = loop_now_ms();
	struct error err = { .code = 0 };

	if (!fabric->is_due)
		return;
	fabric->has_drained = false;
	bring_in_line(fabric, &err);
	for (size_t i = 0; i < topology->endpoint_count; i++)
		topology->endpoints[i].has_come = false;
	say(fabric, &err);
	fabric->is_due = err.code < 0;
	if (fabric->is_due)
		loop_arm(&fabric->timer, RETRY_MS);
	fabric->rested_ms = loop_now_ms() + REST * (loop_now_ms() - begin_ms);
}

static bool is_resting(const struct fabric *fabric)
{
	return loop_now_ms() < fabric->rested_ms;
}

/* In the next turn; when many change one after the other, not each time. */
static void arm(struct fabric *fabric)
{
	uint64_t now_ms = loop_now_ms();

	if (fabric->is_due && !fabric->has_failed)
		return; /* it is armed */
	fabric->is_due = true;
	loop_arm(&fabric->timer,
		now_ms < fabric->rested_ms ? fabric->rested_ms - now_ms : 0);
}

void fabric_see_links(struct fabric *fabric)
{
	struct topology *topology = &fabric->blueprint.topology;
	char links[TOPOLOGY_UPLINKS_MAX][IFNAMSIZ] = { "" };
	size_t size;
	size_t count;
	struct error err;

	if (!fabric->is_made || fabric->is_over)
		return; /* they are read when the bridges are made */
	if (link_read_uplinks(links, &count, &err) < 0) {
		log_warn("networks: %s", err.text);
		return; /* those of before are as good as any */
	}
	size = count * sizeof(links[0]);
	if (topology->uplink_count == count &&
		memcmp(links, fabric->uplinks, size) == 0)
		return;
	memcpy(fabric->uplinks, links, size);
	topology->uplink_count = count;
	arm(fabric);
}

void fabric_rest(struct fabric *fabric)
{
	fabric->is_over = true;
}

static void on_timer(struct timer *timer)
{
	fabric_flush(container_of(timer, struct fabric, timer));
}

/* Flows that are to be forgotten are known to the blueprint of now. */
static void settle(struct fabric *fabric)
{
	const struct topology *topology = &fabric->blueprint.topology;

	bool has_some = fabric->gone.count > 0;

	for (size_t i = 0; i < topology->endpoint_count; i++)
		has_some |= topology->endpoints[i].has_left;
	if (has_some && fabric->is_due)
		fabric_flush(fabric);
}

/* Whether a container has an address, or did not have one. */
static bool has_still(const struct blueprint *blueprint, const char *container,
	const struct address *address)
{
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(blueprint, container, &count);

	for (size_t i = 0; i < count; i++) {
		if (address_compare(&endpoints[i].address4, address) == 0 ||
			address_compare(&endpoints[i].address6, address) == 0)
			return true;
	}
	return address->family == 0;
}

/* Addresses that one that runs has in the blueprint of now, and not in the next
 * one: that one does not know of them. */
static int list_gone(const struct fabric *fabric, const struct blueprint *next,
	struct arena *arena, struct gone *out)
{
	const struct topology *topology = &fabric->blueprint.topology;

	*out = (struct gone){ .count = 0 };
	out->addresses = arena_array(arena, 2 * topology->endpoint_count + 1,
		sizeof(*out->addresses));
	if (!out->addresses)
		return -ENOMEM;
	for (size_t i = 0; i < topology->endpoint_count; i++) {
		const struct topology_endpoint *own = &topology->endpoints[i];

		if (!own->is_running ||
			!is_led_to(topology, fabric->blueprint.groups[i]))
			continue;
		if (!has_still(next, own->container, &own->address4))
			out->addresses[out->count++] = own->address4;
		if (!has_still(next, own->container, &own->address6))
			out->addresses[out->count++] = own->address6;
	}
	return 0;
}

/* When nobody can tell, all are as they are to be: what runs goes on with the
 * links that it has. */
void fabric_compare(struct fabric *fabric)
{
	const struct topology *topology = &fabric->blueprint.topology;
	struct error err;

	if (fabric->is_compared)
		return;
	fabric->is_compared = true;
	if (link_compare(topology, fabric->is_settled, &err) == 0)
		return;
	log_error("networks: %s, what runs keeps the links that it has",
		err.text);
	for (size_t i = 0; i < topology->endpoint_count; i++)
		fabric->is_settled[i] = true;
}

int fabric_weave(struct fabric *fabric, const struct blueprint_source *source)
{
	struct blueprint blueprint;
	struct arena arena = { 0 };
	struct book book;
	struct error err = { .text = "no memory" };
	struct gone gone;
	bool *is_settled = NULL;
	int result;

	settle(fabric);
	result = blueprint_make(source, &arena, &blueprint, &err);
	if (result == 0)
		result = give_addresses(fabric, &blueprint, &arena, &book);
	if (result == 0)
		result = list_gone(fabric, &blueprint, &arena, &gone);
	if (result == 0) {
		is_settled = arena_array(&arena,
			blueprint.topology.endpoint_count + 1,
			sizeof(*is_settled));
		result = is_settled ? 0 : -ENOMEM;
	}
	if (result < 0) {
		log_error("networks: %s, they stay as they were", err.text);
		arena_clear(&arena);
		return result;
	}
	write_book(fabric, &book);
	arena_clear(&fabric->arena);
	fabric->arena = arena;
	fabric->blueprint = blueprint;
	fabric->book = book;
	fabric->gone = gone;
	fabric->is_settled = is_settled;
	fabric->is_compared = false;
	fabric->is_made = false;
	fabric->is_in_force = false;
	arm(fabric);
	return 0;
}

/* ---- one container ------------------------------------------------------- */

int fabric_guard(struct fabric *fabric, bool has_news, struct error *err)
{
	if (!(fabric->has_failed && is_resting(fabric)) &&
		(!fabric->is_in_force || has_news))
		fabric_flush(fabric);
	if (!fabric->is_in_force)
		return error_set(err, -ENETDOWN,
			"attach it to its networks: the kernel did not take the rules that guard them");
	return 0;
}

void fabric_mark(struct fabric *fabric, const struct service *service,
	bool is_running, bool is_serving)
{
	bool has_changed = false;
	size_t count;
	struct topology_endpoint *endpoints =
		blueprint_find(&fabric->blueprint, service->name, &count);

	for (size_t i = 0; i < count; i++) {
		struct topology_endpoint *endpoint = &endpoints[i];

		if (endpoint->is_running == is_running &&
			endpoint->is_serving == is_serving)
			continue;
		endpoint->has_come = !endpoint->is_running && is_running;
		endpoint->has_left = endpoint->is_running && !is_running;
		endpoint->is_running = is_running;
		endpoint->is_serving = is_serving;
		has_changed = true;
	}
	if (has_changed && !fabric->is_over)
		arm(fabric);
}

static bool is_any_serving(const struct topology *topology,
	const struct topology_group *group)
{
	for (size_t i = 0; i < group->endpoint_count; i++) {
		if (topology->endpoints[group->endpoints[i]].is_serving)
			return true;
	}
	return false;
}

bool fabric_drain(struct fabric *fabric, const struct service *service)
{
	const struct topology *topology = &fabric->blueprint.topology;
	bool is_running = false;
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(&fabric->blueprint, service->name, &count);

	for (size_t i = 0; i < count; i++)
		is_running |= endpoints[i].is_running;
	fabric_mark(fabric, service, is_running, false);
	for (size_t i = 0; !fabric->is_over && fabric->is_due && i < count;
		i++) {
		size_t endpoint = (size_t)(&endpoints[i] - topology->endpoints);
		size_t group = fabric->blueprint.groups[endpoint];

		if (!is_any_serving(topology, &topology->groups[group]))
			continue;
		if (!fabric->has_drained || !is_resting(fabric)) {
			fabric_flush(fabric);
			fabric->has_drained = true;
		}
		return true;
	}
	return false;
}

/* The name server is where a bridge is; else it is the machine's. */
static void add_server(struct etc_net *out, const struct address *gateway)
{
	if (gateway->family && out->server_count < ETC_SERVERS_MAX)
		out->servers[out->server_count++] = *gateway;
}

static void add_addresses(struct etc_net *out,
	const struct topology_endpoint *endpoint)
{
	if (out->address_count + 2 > ETC_ADDRESSES_MAX)
		return;
	if (endpoint->address4.family)
		out->addresses[out->address_count++] = endpoint->address4;
	if (endpoint->address6.family)
		out->addresses[out->address_count++] = endpoint->address6;
}

static void describe_places(const struct fabric *fabric, const char *owner,
	struct etc_net *out)
{
	const struct topology_network *networks =
		fabric->blueprint.topology.networks;
	const struct topology_endpoint *way =
		blueprint_find_way_out(&fabric->blueprint, owner);
	size_t count;
	const struct topology_endpoint *endpoints =
		blueprint_find(&fabric->blueprint, owner, &count);

	if (!way)
		return;
	out->host_gateway = networks[way->network].gateway4;
	if (!out->host_gateway.family)
		out->host_gateway = networks[way->network].gateway6;
	for (size_t i = 0; i < count; i++) {
		const struct topology_network *network =
			&networks[endpoints[i].network];

		if (network->driver == TOPOLOGY_BRIDGE) {
			add_server(out, &network->gateway4);
			add_server(out, &network->gateway6);
		}
		add_addresses(out, &endpoints[i]);
	}
}

void fabric_describe(const struct fabric *fabric, const struct service *service,
	struct etc_net *out)
{
	*out = (struct etc_net){ .server_count = 0 };
	describe_places(fabric,
		service->network_mode == NETWORK_MODE_SERVICE
			? service->network_of
			: service->name,
		out);
	if (out->server_count > 0)
		return;
	/* where no bridge is, the name server asks nobody for it */
	for (size_t i = 0; i < service->dns_count; i++)
		add_server(out, &service->dns[i]);
}

int fabric_open(struct fabric *fabric, struct loop *loop,
	const struct places *places, struct error *err)
{
	int result;

	fabric->places = places;
	fabric->timer.watch.fd = -1;
	result = ruleset_open(&fabric->rules, err);
	if (result < 0)
		return result;
	read_book(fabric);
	return loop_add_timer(loop, &fabric->timer, on_timer, err);
}

void fabric_close(struct fabric *fabric, struct loop *loop)
{
	loop_remove(loop, &fabric->timer.watch);
	ruleset_close(&fabric->rules);
	arena_clear(&fabric->arena);
	fabric->blueprint = (struct blueprint){ .pools = NULL };
	fabric->book = (struct book){ .entry_count = 0 };
	fabric->gone = (struct gone){ .count = 0 };
	fabric->is_settled = NULL;
	fabric->is_compared = false;
}
