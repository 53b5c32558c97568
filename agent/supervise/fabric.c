// SPDX-License-Identifier: MIT
/* fabric - the networks of the workloads, kept as config and states want them */
#include "supervise/fabric.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/hash.h"
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

#define REST 4 /* times as long as it took */

/* ---- what was given out before ------------------------------------------- */

static struct netfile book_of(const struct fabric *fabric)
{
	return (struct netfile){ fabric->places->data_fd, "book", 0600 };
}

static void read_book(struct fabric *fabric)
{
	const struct netfile file = book_of(fabric);
	auto_free char *text = NULL;
	char *copy;
	size_t size = 0;
	struct error err;
	int result = netfile_read(&file, BOOK_TEXT_MAX, &text, &size, &err);

	if (result == -ENOENT)
		return;
	/* its names are to live as long as the arena */
	copy = result < 0
		       ? NULL
		       : arena_copy(&fabric->arenas[fabric->arena], text, size);
	if (copy)
		result = book_parse(copy, size, &fabric->arenas[fabric->arena],
			&fabric->book, &err);
	if (result < 0)
		log_warn(
			"networks: addresses given before: %s, giving new ones",
			err.text);
}

static void write_book(struct fabric *fabric, const struct book *book)
{
	const struct netfile file = book_of(fabric);
	struct error err = { .text = "no memory" };
	size_t size;
	const char *text =
		book_print(book, &fabric->arenas[fabric->arena], &size);

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

static int give_addresses(struct fabric *fabric, struct blueprint *blueprint,
	struct error *err)
{
	struct arena *arena = &fabric->arenas[fabric->arena];
	struct book before = fabric->book;
	struct pool_request request = {
		.topology = &blueprint->topology,
		.networks = blueprint->pools,
		.before = &before,
	};
	struct book after;
	int result = link_read_taken(arena, &request.taken,
		&request.taken_count, err);

	if (result < 0)
		log_warn("networks: %s, subnets may collide with others",
			err->text);
	result = want_ula(blueprint, &before);
	if (result < 0)
		return error_set(err, result, "make a prefix for IPv6: %s",
			strerror(-result));
	result = pool_fill(&request, arena, &after, err);
	if (result == -ENOMEM || result == -E2BIG)
		return result;
	if (result < 0)
		log_error("networks: %s", err->text);
	fabric->book = after;
	write_book(fabric, &after);
	return 0;
}

/* ---- in line with the blueprint --------------------------------------------- */

static void write_names(struct fabric *fabric)
{
	const struct netfile file = { fabric->places->run_fd, "names", 0644 };
	auto_arena arena = { 0 };
	const char *text = names_print(&fabric->blueprint, &arena);
	struct error err = { .text = "no memory" };

	if (!text || netfile_write(&file, text, strlen(text), &err) < 0)
		log_warn("networks: tell the name server: %s", err.text);
}

static void write_ports(struct fabric *fabric)
{
	const struct netfile file = { fabric->places->run_fd, "ports", 0644 };
	auto_arena arena = { 0 };
	const char *text = ports_print(&fabric->blueprint.topology, &arena);
	struct error err = { .text = "no memory" };

	if (!text || netfile_write(&file, text, strlen(text), &err) < 0)
		log_warn("networks: list the published ports: %s", err.text);
}

static void apply_rules(struct fabric *fabric)
{
	struct error err;

	if (ruleset_apply(&fabric->blueprint.topology, &err) == 0)
		fabric->is_in_force = true;
	else
		log_error("networks: %s, %s", err.text,
			fabric->is_in_force ? "the rules before stay in force"
					    : "no workload gets a network");
}

/* What UDP flows to one that is gone must not go on with. */
static void forget_flows(const struct fabric *fabric)
{
	const struct topology *topology = &fabric->blueprint.topology;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		struct topology_endpoint *endpoint = &topology->endpoints[i];

		if (!endpoint->has_left)
			continue;
		endpoint->has_left = false;
		if (endpoint->address4.family)
			(void)conntrack_forget(&endpoint->address4, IPPROTO_UDP,
				NULL); /* they time out, too */
		if (endpoint->address6.family)
			(void)conntrack_forget(&endpoint->address6, IPPROTO_UDP,
				NULL);
	}
}

void fabric_flush(struct fabric *fabric)
{
	uint64_t begin_ms = loop_now_ms();

	if (!fabric->is_due)
		return;
	fabric->is_due = false;
	apply_rules(fabric);
	forget_flows(fabric);
	write_names(fabric);
	write_ports(fabric);
	fabric->rested_ms = loop_now_ms() + REST * (loop_now_ms() - begin_ms);
}

/* In the next turn; when many change one after the other, not each time. */
static void arm(struct fabric *fabric)
{
	uint64_t now_ms = loop_now_ms();

	fabric->is_due = true;
	loop_arm(&fabric->timer,
		now_ms < fabric->rested_ms ? fabric->rested_ms - now_ms : 0);
}

static void on_timer(struct timer *timer)
{
	fabric_flush(container_of(timer, struct fabric, timer));
}

void fabric_weave(struct fabric *fabric, const struct blueprint_source *source)
{
	struct blueprint blueprint;
	struct error err;
	int result;

	fabric->arena = !fabric->arena;
	/* the blueprint before the last: nothing points to it any more */
	arena_clear(&fabric->arenas[fabric->arena]);
	result = blueprint_make(source, &fabric->arenas[fabric->arena],
		&blueprint, &err);
	if (result == 0)
		result = give_addresses(fabric, &blueprint, &err);
	if (result < 0) {
		log_error("networks: %s, they stay as they were", err.text);
		fabric->arena = !fabric->arena;
		return;
	}
	fabric->blueprint = blueprint;
	fabric->is_in_force = false;
	if (link_apply_networks(&fabric->blueprint.topology, &err) < 0)
		log_error("networks: %s", err.text);
	arm(fabric);
}

/* ---- one container ------------------------------------------------------- */

static int attach_all(struct fabric *fabric, const struct service *service,
	int namespace_fd, struct error *err)
{
	const struct topology *topology = &fabric->blueprint.topology;
	int result = 0;

	for (size_t i = 0; result == 0 && i < topology->endpoint_count; i++) {
		if (text_equal(topology->endpoints[i].container, service->name))
			result = link_attach(topology, i, namespace_fd, err);
	}
	return result;
}

int fabric_attach(struct fabric *fabric, const struct service *service,
	pid_t pid, struct error *err)
{
	char path[32];
	auto_fd fd = -1;

	if (service->network_mode != NETWORK_MODE_OWN)
		return 0;
	if (!fabric->is_in_force)
		fabric_flush(fabric);
	if (!fabric->is_in_force)
		return error_set(err, -ENETDOWN,
			"attach it to its networks: the kernel did not take the rules that guard them");
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	return attach_all(fabric, service, fd, err);
}

void fabric_mark(struct fabric *fabric, const struct service *service,
	bool is_running, bool is_serving)
{
	const struct topology *topology = &fabric->blueprint.topology;
	bool has_changed = false;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		struct topology_endpoint *endpoint = &topology->endpoints[i];

		if (!text_equal(endpoint->container, service->name) ||
			(endpoint->is_running == is_running &&
				endpoint->is_serving == is_serving))
			continue;
		endpoint->has_left = endpoint->is_running && !is_running;
		endpoint->is_running = is_running;
		endpoint->is_serving = is_serving;
		has_changed = true;
	}
	if (has_changed)
		arm(fabric);
}

/* Whether another one of its group gets connections. */
static bool has_others(const struct topology *topology,
	const struct topology_group *group, const char *container)
{
	bool is_member = false;
	size_t others = 0;

	for (size_t i = 0; i < group->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[group->endpoints[i]];

		if (text_equal(endpoint->container, container))
			is_member = true;
		else
			others += endpoint->is_serving;
	}
	return is_member && others > 0;
}

void fabric_drain(struct fabric *fabric, const struct service *service)
{
	const struct topology *topology = &fabric->blueprint.topology;

	fabric_mark(fabric, service, true, false);
	for (size_t i = 0; fabric->is_due && i < topology->group_count; i++) {
		if (has_others(topology, &topology->groups[i], service->name))
			fabric_flush(fabric);
	}
}

static uint64_t hash_endpoint(uint64_t hash,
	const struct topology_network *network,
	const struct topology_endpoint *endpoint)
{
	hash = hash_string(hash, network->bridge);
	hash = hash_string(hash, network->parent);
	hash = hash_string(hash, network->mode);
	hash = hash_bytes(hash, &network->driver, sizeof(network->driver));
	hash = hash_bytes(hash, &network->mtu, sizeof(network->mtu));
	hash = hash_bytes(hash, &network->subnet4.length, 1);
	hash = hash_bytes(hash, &network->subnet6.length, 1);
	hash = hash_bytes(hash, &network->gateway4, sizeof(struct address));
	hash = hash_bytes(hash, &network->gateway6, sizeof(struct address));
	hash = hash_string(hash, endpoint->link);
	hash = hash_string(hash, endpoint->name);
	hash = hash_bytes(hash, endpoint->mac, sizeof(endpoint->mac));
	hash = hash_bytes(hash, &endpoint->address4, sizeof(struct address));
	hash = hash_bytes(hash, &endpoint->address6, sizeof(struct address));
	return hash_bytes(hash, &endpoint->has_default_route, sizeof(bool));
}

uint64_t fabric_digest(const struct fabric *fabric,
	const struct service *service)
{
	const struct topology *topology = &fabric->blueprint.topology;
	const struct topology_endpoint *endpoint;
	uint64_t hash = HASH_START;
	size_t i = 0;

	if (service->network_mode != NETWORK_MODE_OWN)
		return 0;
	for (; (endpoint = blueprint_find(&fabric->blueprint, service->name,
			i));
		i++)
		hash = hash_endpoint(hash,
			&topology->networks[endpoint->network], endpoint);
	return i > 0 ? hash : 0;
}

/* The name server is where a bridge is; else it is the machine's. */
static void add_server(struct etc_net *out, const struct address *gateway)
{
	if (gateway->family && out->server_count < ETC_SERVERS_MAX)
		out->servers[out->server_count++] = *gateway;
}

void fabric_describe(const struct fabric *fabric, const struct service *service,
	struct etc_net *out)
{
	const struct topology *topology = &fabric->blueprint.topology;
	const struct topology_endpoint *way =
		blueprint_find_way_out(&fabric->blueprint, service->name);
	const struct topology_endpoint *endpoint;

	*out = (struct etc_net){ .server_count = 0 };
	if (service->network_mode != NETWORK_MODE_OWN || !way)
		return;
	out->host_gateway = topology->networks[way->network].gateway4;
	if (!out->host_gateway.family)
		out->host_gateway = topology->networks[way->network].gateway6;
	for (size_t i = 0; (endpoint = blueprint_find(&fabric->blueprint,
				    service->name, i));
		i++) {
		const struct topology_network *network =
			&topology->networks[endpoint->network];

		if (network->driver == TOPOLOGY_BRIDGE) {
			add_server(out, &network->gateway4);
			add_server(out, &network->gateway6);
		}
		if (out->address_count + 2 > ETC_ADDRESSES_MAX)
			continue;
		if (endpoint->address4.family)
			out->addresses[out->address_count++] =
				endpoint->address4;
		if (endpoint->address6.family)
			out->addresses[out->address_count++] =
				endpoint->address6;
	}
}

int fabric_open(struct fabric *fabric, struct loop *loop,
	const struct places *places, struct error *err)
{
	fabric->places = places;
	fabric->timer.watch.fd = -1;
	read_book(fabric);
	return loop_add_timer(loop, &fabric->timer, on_timer, err);
}

void fabric_close(struct fabric *fabric, struct loop *loop)
{
	loop_remove(loop, &fabric->timer.watch);
	arena_clear(&fabric->arenas[0]);
	arena_clear(&fabric->arenas[1]);
	fabric->blueprint = (struct blueprint){ .pools = NULL };
	fabric->book = (struct book){ .entry_count = 0 };
}
