// SPDX-License-Identifier: MIT
/*
 * tests of supervise/names: what the file says, and that who reads it
 * (net/dns_names.h) finds what was meant
 *
 * A line "ask web db" comes out as what the client web is told of db.
 */
#include "supervise/names.h"

#include <errno.h>

#include "net/dns_names.h"
#include "net/pool.h"
#include "supervise_cases.h"
#include "supervise_crowd.h"

#define CASES "tests/unit/data/networks/names.txt"

static char dump[65536];

static bool fill(struct blueprint *blueprint, struct arena *arena)
{
	struct book before = { 0 }, after;
	struct error err = { .text = "" };
	struct pool_request request = {
		.topology = &blueprint->topology,
		.networks = blueprint->pools,
		.before = &before,
	};

	(void)prefix_parse("fd12:3456:789a::/48", &before.ula);
	if (CHECK(pool_fill(&request, arena, &after, &err) == 0))
		return true;
	printf("# %s\n", err.text);
	return false;
}

/* Lines "web serving", "db running". */
static void set_states(struct blueprint *blueprint, const char *lines)
{
	auto_free char *copy = strdup(lines);
	char *at = copy;
	char *line;

	while ((line = cases_line(&at))) {
		char *word = strchr(line, ' ');
		struct topology_endpoint *endpoints;
		size_t count;

		*word++ = '\0';
		endpoints = blueprint_find(blueprint, line, &count);
		CHECK(count > 0);
		for (size_t i = 0; i < count; i++) {
			endpoints[i].is_running = true;
			endpoints[i].is_serving = text_equal(word, "serving");
		}
	}
}

/* The first address of a client, as its container asks from. */
static const struct dns_client *client_of(const struct blueprint *blueprint,
	const struct dns_names *names, const char *container)
{
	size_t count;
	const struct topology_endpoint *endpoint =
		blueprint_find(blueprint, container, &count);

	if (!CHECK(endpoint))
		return NULL;
	return dns_names_client(names, endpoint->address4.family
					       ? &endpoint->address4
					       : &endpoint->address6);
}

static void ask(const struct dns_names *names, const struct dns_client *client,
	const char *word, struct text *out)
{
	struct dns_entry entries[8];
	struct dns_name name;
	char own[ADDRESS_TEXT_SIZE];
	size_t count;

	CHECK(dns_name_parse(word, &name) == 0);
	count = dns_names_find(names, client, &name, entries, 8);
	if (count == 0)
		text_add(out, " nothing");
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < entries[i].count; j++)
			text_add(out, " %s",
				address_print(&entries[i].addresses[j], own));
	}
}

static void ask_all(const struct blueprint *blueprint,
	const struct dns_names *names, const char *lines, struct text *out)
{
	auto_free char *copy = strdup(lines);
	char *at = copy;
	char *line;

	while ((line = cases_line(&at))) {
		char *word = strchr(line, ' ');
		const struct dns_client *client;

		*word++ = '\0';
		client = client_of(blueprint, names, line);
		if (!CHECK(client))
			continue;
		text_add(out, "ask %s %s:", line, word);
		ask(names, client, word, out);
		text_add(out, "\n");
	}
}

/* Of each place: who it is, which networks it is in, and its name. */
static void check_clients(const struct blueprint *blueprint,
	const struct dns_names *names)
{
	const struct topology *topology = &blueprint->topology;

	for (size_t i = 0; i < topology->endpoint_count; i++) {
		const struct topology_endpoint *endpoint =
			&topology->endpoints[i];
		const struct address *address = endpoint->address4.family
							? &endpoint->address4
							: &endpoint->address6;
		const struct dns_client *client =
			dns_names_client(names, address);
		const struct dns_name *found;
		struct dns_name own;
		size_t count = 0;

		(void)blueprint_find(blueprint, endpoint->container, &count);
		if (!CHECK(client && client->network_count == count))
			continue;
		found = dns_names_pointer(names, client, address);
		CHECK(dns_name_parse(endpoint->container, &own) == 0);
		CHECK(found && dns_name_equal(found, &own));
		CHECK((client->servers != NULL) ==
			(blueprint->services[i]->dns_count > 0));
	}
}

static void run(const struct cases *cases)
{
	auto_arena arena = { 0 };
	struct cases_source source;
	struct blueprint blueprint;
	struct dns_names names;
	struct error err = { .text = "" };
	struct text out;
	char *text;

	if (!cases_source(cases, &arena, &source) ||
		!CHECK(blueprint_make(&source.source, &arena, &blueprint,
			       &err) == 0) ||
		!fill(&blueprint, &arena))
		return;
	set_states(&blueprint, cases->parts[PART_STATE]);
	text = names_print(&blueprint, &arena);
	if (!CHECK(text))
		return;
	text_init(&out, dump, sizeof(dump));
	text_add(&out, "%s", text);
	if (CHECK(dns_names_parse(&names, text, &err) == 0)) {
		check_clients(&blueprint, &names);
		ask_all(&blueprint, &names, cases->parts[PART_ASK], &out);
		dns_names_clear(&names);
	} else {
		printf("# %s\n", err.text);
	}
	cases_compare(dump, cases->parts[PART_LINES]);
}

static void test_cases(void)
{
	cases_walk(CASES, run);
}

/* All at their longest: it fits into what was measured, and can be read. */
static void test_the_largest(void)
{
	struct crowd *crowd = make_crowd(4, 4, 0);
	auto_arena arena = { 0 };
	struct blueprint blueprint;
	struct dns_names names;
	struct error err = { .text = "" };
	struct address dns[6];
	char *text;

	for (size_t i = 0; i < 6; i++)
		(void)address_parse("fd12:3456:789a:bcde:f012:3456:789a:bcde",
			&dns[i]);
	for (size_t i = 0; i < 4; i++)
		crowd->networks[i].has_ipv6 = true;
	for (size_t i = 0; i < CROWD_SERVICES; i++) {
		memset(crowd->names[i], 'a', 31);
		(void)snprintf(crowd->names[i] + 20, 12, "%zu", i);
		crowd->services[i].dns = dns;
		crowd->services[i].dns_count = 6;
		crowd->services[i].replica = (uint32_t)i + 1;
		crowd->services[i].base = crowd->names[i % 8];
	}
	CHECK(blueprint_make(&crowd->source, &arena, &blueprint, &err) == 0);
	if (!fill(&blueprint, &arena))
		return;
	for (size_t i = 0; i < blueprint.topology.endpoint_count; i++)
		blueprint.topology.endpoints[i].is_running = true;
	text = names_print(&blueprint, &arena);
	if (CHECK(text)) {
		CHECK(strlen(text) < DNS_NAMES_FILE_MAX);
		CHECK(dns_names_parse(&names, text, &err) == 0);
		CHECK(names.client_count == 8192 + 8);
		check_clients(&blueprint, &names);
		dns_names_clear(&names);
	}
	free(crowd);
}

/* The longest that a config can say fits; what does not is no text. */
static void test_long_names(void)
{
	static const size_t lengths[] = { 253, 20000 };

	for (size_t i = 0; i < 2; i++) {
		struct crowd *crowd = make_crowd(1, 1, 0);
		auto_arena arena = { 0 };
		char *alias = arena_alloc(&arena, lengths[i] + 1);
		const char *aliases[64];
		struct service_link links[64];
		struct blueprint blueprint;
		char *text;

		memset(alias, 'x', lengths[i]);
		for (size_t j = 0; j < 64; j++) {
			aliases[j] = alias;
			links[j] = (struct service_link){ alias, "db" };
		}
		crowd->config.service_count = 1;
		crowd->services[0].links = links;
		crowd->services[0].link_count = 64;
		crowd->attachments[0].aliases =
			(struct strings){ aliases, 64, true };
		CHECK(blueprint_make(&crowd->source, &arena, &blueprint,
			      NULL) == 0);
		if (fill(&blueprint, &arena)) {
			blueprint.topology.endpoints[0].is_running = true;
			text = names_print(&blueprint, &arena);
			CHECK((text != NULL) == (i == 0));
		}
		free(crowd);
	}
}

/* Without the memory there is no text, not half of one. */
static void test_no_memory(void)
{
	struct crowd *crowd = make_crowd(1, 1, 0);
	auto_arena arena = { 0 };
	auto_arena small = { .limit_bytes = 65536 };
	struct blueprint blueprint;

	CHECK(blueprint_make(&crowd->source, &arena, &blueprint, NULL) == 0);
	CHECK(!names_print(&blueprint, &small));
	free(crowd);
}

int main(void)
{
	RUN(test_cases);
	RUN(test_the_largest);
	RUN(test_long_names);
	RUN(test_no_memory);
	return check_done();
}
