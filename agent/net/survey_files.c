// SPDX-License-Identifier: MIT
/* survey_files - what netd and the agent tell of the networks, in files */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/text.h"
#include "net/lines.h"
#include "net/survey.h"
#include "net/survey_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a line means, by its first word. */
struct row {
	const char *word;
	size_t least; /* words, the first counted */
	void (*read)(struct survey *survey, char **words, size_t count);
};

struct reader {
	struct survey *survey;
	const struct row *rows;
	size_t row_count;
};

static void read_line(char **words, size_t count, void *context)
{
	const struct reader *reader = context;

	for (size_t i = 0; i < reader->row_count; i++) {
		const struct row *row = &reader->rows[i];

		if (text_equal(row->word, words[0]) && count >= row->least)
			row->read(reader->survey, words, count);
	}
}

/* "-" is none. False: it is neither that nor an address. */
static bool read_address(const char *word, struct address *out)
{
	*out = (struct address){ 0 };
	return text_equal(word, "-") || address_parse(word, out) == 0;
}

/* ---- state --------------------------------------------------------------- */

static void read_origin(struct survey *survey, char **words, size_t count)
{
	const struct survey_link *link = survey_find_name(survey, words[1]);
	struct prefix prefix;

	(void)count;
	if (!link || prefix_parse(words[2], &prefix) < 0)
		return;
	for (size_t i = 0; i < survey->address_count; i++) {
		struct survey_address *address = &survey->addresses[i];

		if (address->link == link->index &&
			address_compare(&address->prefix.address,
				&prefix.address) == 0)
			address->origin = words[3];
	}
}

static void read_lease(struct survey *survey, char **words, size_t count)
{
	struct survey_lease lease = {
		.link = words[1],
		.is_kept = count > 5 && text_equal(words[5], "kept"),
	};

	if (survey->lease_count < SURVEY_LEASES_MAX &&
		read_address(words[2], &lease.address) &&
		read_address(words[3], &lease.server) &&
		text_parse_u64(words[4], UINT32_MAX, &lease.seconds) == 0)
		survey->leases[survey->lease_count++] = lease;
}

static void read_server(struct survey *survey, char **words, size_t count)
{
	struct survey_server server = { .link = words[1] };
	char *zone = strchr(words[2], '%');

	(void)count;
	if (zone) /* which is the link */
		*zone = '\0';
	if (survey->server_count < SURVEY_SERVERS_MAX &&
		address_parse(words[2], &server.address) == 0)
		survey->servers[survey->server_count++] = server;
}

/* It is to be made when another is there. */
static void read_wait(struct survey *survey, char **words, size_t count)
{
	struct survey_link link = {
		.index = -1,
		.kind = "",
		.alias = "",
		.state = arena_format(survey->arena, "waits for %s", words[2]),
	};

	(void)count;
	if (link.state && survey->link_count < SURVEY_LINKS_MAX &&
		!survey_find_name(survey, words[1]) &&
		text_copy(link.name, sizeof(link.name), words[1]))
		survey->links[survey->link_count++] = link;
}

static void read_key(struct survey *survey, char **words, size_t count)
{
	struct survey_link *link = survey_find_name(survey, words[1]);

	(void)count;
	if (link)
		link->key = words[2];
}

/* A note is a sentence: its words are joined again. */
static void read_note(struct survey *survey, char **words, size_t count)
{
	char line[1024];
	struct text text;
	const char *note;

	text_init(&text, line, sizeof(line));
	for (size_t i = 1; i < count; i++)
		text_add(&text, "%s%s", i > 1 ? " " : "", words[i]);
	note = arena_string(survey->arena, line);
	if (note && survey->note_count < SURVEY_NOTES_MAX)
		survey->notes[survey->note_count++] = note;
}

int survey_read_state(struct survey *survey, char *text, struct error *err)
{
	static const struct row rows[] = {
		{ "address", 4, read_origin },
		{ "lease", 5, read_lease },
		{ "dns", 3, read_server },
		{ "key", 3, read_key },
		{ "waits", 3, read_wait },
		{ "note", 2, read_note },
	};
	struct reader reader = { survey, rows, COUNT(rows) };

	return lines_visit(text, read_line, &reader, err);
}

/* ---- ports --------------------------------------------------------------- */

static void read_network(struct survey *survey, char **words, size_t count)
{
	struct survey_network network = {
		.name = words[2],
		.driver = words[3],
		.link = text_equal(words[4], "-") ? "" : words[4],
		.is_internal = text_equal(words[5], "in"),
	};
	uint64_t number;

	if (survey->network_count == SURVEY_NETWORKS_MAX ||
		text_parse_u64(words[1], UINT32_MAX - 1, &number) < 0)
		return;
	network.number = (uint32_t)number;
	for (size_t i = 6; i + 1 < count; i += 2) {
		struct prefix subnet;
		struct address gateway;
		size_t family;

		if (prefix_parse(words[i], &subnet) < 0 ||
			!read_address(words[i + 1], &gateway))
			continue;
		family = survey_family(&subnet.address);
		network.subnets[family] = subnet;
		network.gateways[family] = gateway;
	}
	survey->networks[survey->network_count++] = network;
}

/* The name of a network by its number in the file; NULL: it has none. */
static const char *name_network(const struct survey *survey, const char *word)
{
	uint64_t number;

	if (text_parse_u64(word, UINT32_MAX - 1, &number) < 0)
		return NULL;
	for (size_t i = 0; i < survey->network_count; i++) {
		if (survey->networks[i].number == number)
			return survey->networks[i].name;
	}
	return NULL;
}

static void read_service(struct survey *survey, char **words, size_t count)
{
	struct survey_service service = {
		.name = words[2],
		.network = name_network(survey, words[1]),
	};

	(void)count;
	if (service.network && survey->service_count < SURVEY_SERVICES_MAX &&
		read_address(words[3], &service.virtuals[0]) &&
		read_address(words[4], &service.virtuals[1]))
		survey->services[survey->service_count++] = service;
}

/* The endpoint that has the container's other address there, or a new one. */
static struct survey_endpoint *get_endpoint(struct survey *survey,
	const char *container, const char *network, size_t family)
{
	struct survey_endpoint *endpoint;

	for (size_t i = 0; i < survey->endpoint_count; i++) {
		endpoint = &survey->endpoints[i];
		if (text_equal(endpoint->container, container) &&
			text_equal(endpoint->network, network) &&
			!endpoint->addresses[family].family)
			return endpoint;
	}
	if (survey->endpoint_count == SURVEY_ENDPOINTS_MAX)
		return NULL;
	endpoint = &survey->endpoints[survey->endpoint_count++];
	endpoint->container = container;
	endpoint->network = network;
	endpoint->link = "";
	endpoint->state = "";
	return endpoint;
}

/* Behind the line of its service. */
static void read_replica(struct survey *survey, char **words, size_t count)
{
	const char *network = name_network(survey, words[1]);
	struct survey_service *service;
	struct survey_endpoint *endpoint;

	(void)count;
	if (!network || survey->service_count == 0)
		return;
	service = &survey->services[survey->service_count - 1];
	if (!text_equal(service->network, network) ||
		!text_equal(service->name, words[2]))
		return;
	service->replicas++;
	service->serving += text_equal(words[4], "serves");
	endpoint = get_endpoint(survey, words[3], network, 0);
	if (endpoint)
		endpoint->state = words[4];
}

static void read_replicas(struct survey *survey, struct survey_port *port,
	char **words, size_t count)
{
	struct address *replicas =
		arena_array(survey->arena, count, sizeof(*replicas));

	if (!replicas)
		return;
	port->replicas = replicas;
	for (size_t i = 0; i < count && i < SURVEY_REPLICAS_MAX; i++) {
		if (address_parse(words[i], &replicas[port->replica_count]) ==
			0)
			port->replica_count++;
	}
}

static void read_port(struct survey *survey, char **words, size_t count)
{
	struct survey_port port = { .protocol = words[1], .service = words[4] };
	uint64_t published;
	uint64_t target;

	if (survey->port_count == SURVEY_PORTS_MAX ||
		!read_address(words[2], &port.host) ||
		text_parse_u64(words[3], UINT16_MAX, &published) < 0 ||
		text_parse_u64(words[5], UINT16_MAX, &target) < 0)
		return;
	port.published = (uint16_t)published;
	port.target = (uint16_t)target;
	read_replicas(survey, &port, words + 6, count - 6);
	survey->ports[survey->port_count++] = port;
}

int survey_read_ports(struct survey *survey, char *text, struct error *err)
{
	static const struct row rows[] = {
		{ "network", 6, read_network },
		{ "service", 5, read_service },
		{ "replica", 5, read_replica },
		{ "port", 6, read_port },
	};
	struct reader reader = { survey, rows, COUNT(rows) };

	return lines_visit(text, read_line, &reader, err);
}

/* ---- names --------------------------------------------------------------- */

static bool is_in(const struct survey_network *network,
	const struct address *address)
{
	const struct prefix *subnet = &network->subnets[survey_family(address)];

	return subnet->address.family && prefix_contains(subnet, address);
}

/* Which of the networks "3,1" an address is in; NULL: nobody tells. */
static const struct survey_network *find_network(const struct survey *survey,
	const char *numbers, const struct address *address)
{
	while (*numbers) {
		char *end;
		unsigned long number = strtoul(numbers, &end, 10);

		for (size_t i = 0; i < survey->network_count; i++) {
			if (survey->networks[i].number == number &&
				is_in(&survey->networks[i], address))
				return &survey->networks[i];
		}
		if (end == numbers)
			break;
		numbers = *end ? end + 1 : end;
	}
	return NULL;
}

static void read_client(struct survey *survey, char **words, size_t count)
{
	const struct survey_network *network;
	struct survey_endpoint *endpoint;
	struct address address;

	(void)count;
	/* "-": the machine itself */
	if (text_equal(words[2], "-") || address_parse(words[1], &address) < 0)
		return;
	network = find_network(survey, words[3], &address);
	endpoint = get_endpoint(survey, words[2], network ? network->name : "",
		survey_family(&address));
	if (endpoint)
		endpoint->addresses[survey_family(&address)] = address;
}

int survey_read_names(struct survey *survey, char *text, struct error *err)
{
	static const struct row rows[] = {
		{ "client", 4, read_client },
	};
	struct reader reader = { survey, rows, COUNT(rows) };

	return lines_visit(text, read_line, &reader, err);
}
