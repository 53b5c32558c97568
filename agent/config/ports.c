// SPDX-License-Identifier: MIT
/* ports - what a service publishes, in short and long form */
#include <stdbool.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
#include "lib/address.h"
#include "lib/text.h"

#define SHORT_FORM \
	"write 'PORT', 'PORT:PORT' or 'ADDRESS:PORT:PORT', with '/udp' if it is"

struct range {
	uint16_t first;
	uint16_t last;
};

static bool parse_range(struct reader *reader, const char *text,
	struct range *out)
{
	size_t first = strcspn(text, "-");
	const char *copy = reader_copy(reader, text, first);

	*out = (struct range){ 0, 0 };
	if (!copy || value_port(copy, &out->first) < 0)
		return false;
	out->last = out->first;
	if (!text[first])
		return true;
	return value_port(text + first + 1, &out->last) == 0 &&
	       out->first <= out->last;
}

/* "tcp", "udp" or "sctp" as a constant, or NULL */
static const char *find_protocol(const char *text)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (text_equal(text, protocols[i]))
			return protocols[i];
	}
	return NULL;
}

static void add_port(struct reader *reader, struct draft_service *draft,
	const struct port *port)
{
	struct port *grown = reader_grow(reader, draft->ports,
		draft->port_count, sizeof(*grown));

	if (!grown)
		return;
	grown[draft->port_count++] = *port;
	draft->ports = grown;
}

/* Both have the same length. */
static void add_ranges(struct reader *reader, struct draft_service *draft,
	struct range published, struct range target, struct port port)
{
	size_t count = (size_t)(target.last - target.first) + 1;

	if (count > READER_PORTS_MAX - reader->port_count) {
		reader_error(reader, port.mark,
			"the services publish too many ports, the limit is %d; write fewer, or 'network_mode: host' for a program that needs all",
			READER_PORTS_MAX);
		return;
	}
	reader->port_count += count;
	for (size_t i = 0; i < count; i++) {
		port.published = (uint16_t)(published.first + i);
		port.target = (uint16_t)(target.first + i);
		add_port(reader, draft, &port);
	}
}

static void report_lengths(struct reader *reader, struct mark mark,
	struct range published, struct range target)
{
	unsigned int count = (unsigned int)(published.last - published.first);
	struct range range = count > 0 ? published : target;

	if (target.first == target.last)
		reader_error(reader, mark,
			"one port cannot be published as %u; write '%u:%u', or as many ports of the container, '%u-%u:%u-%u'",
			count + 1, published.first, target.first,
			published.first, published.last, published.first,
			published.last);
	else
		reader_error(reader, mark,
			"the two ranges differ in length, write '%u-%u:%u-%u'",
			range.first, range.last, range.first, range.last);
}

/* A port or range; false: it is none, and that has been reported. */
static bool read_range(struct reader *reader, const char *text,
	struct mark mark, struct range *out)
{
	if (parse_range(reader, text, out))
		return true;
	if (out->first > out->last && out->last > 0) {
		reader_error(reader, mark,
			"'%.60s' goes down, write the lower port first: '%u-%u'",
			text, out->last, out->first);
		return false;
	}
	reader_error(reader, mark,
		"'%.60s' is no port, write a number from 1 to 65535", text);
	return false;
}

/* Both forms end here; published may be empty. */
static void add_parts(struct reader *reader, struct draft_service *draft,
	const struct long_port *parts, struct mark mark)
{
	struct port port = { .protocol = "tcp", .mark = mark };
	struct range published;
	struct range target;

	if (!read_range(reader, parts->target, mark, &target))
		return;
	published = target;
	if (parts->published && *parts->published &&
		!read_range(reader, parts->published, mark, &published))
		return;
	if (parts->protocol)
		port.protocol = find_protocol(parts->protocol);
	if (!port.protocol) {
		reader_error(reader, mark,
			"'%.60s' is no protocol, write tcp, udp or sctp",
			parts->protocol);
		return;
	}
	port.is_unsaid = !parts->published || !*parts->published;
	/* nothing before the ':' is what a variable leaves: all addresses */
	if (parts->host_ip && *parts->host_ip &&
		address_parse(parts->host_ip, &port.host) < 0) {
		reader_error(reader, mark,
			"'%.60s' is no address; write one such as 127.0.0.1 or [::1]",
			parts->host_ip);
		return;
	}
	if (published.last - published.first != target.last - target.first)
		report_lengths(reader, mark, published, target);
	else
		add_ranges(reader, draft, published, target, port);
}

/* Cuts off what follows the last c; returns it, or NULL. */
static char *cut_last(char *text, char c)
{
	char *at = strrchr(text, c);

	if (!at)
		return NULL;
	*at = '\0';
	return at + 1;
}

/* Several ':' are an IPv6 address, or a mistake. */
static void report_colons(struct reader *reader, struct mark mark,
	const char *text, const struct long_port *parts)
{
	struct address address;

	if (address_parse(parts->host_ip, &address) == 0)
		reader_error(reader, mark,
			"an IPv6 address stands in brackets, write '[%s]:%.11s:%.11s%s%.4s'",
			parts->host_ip, parts->published, parts->target,
			parts->protocol ? "/" : "",
			parts->protocol ? parts->protocol : "");
	else
		reader_error(reader, mark, "'%.60s' is no port, %s", text,
			SHORT_FORM);
}

/* [ADDRESS:][PORT:]PORT[/PROTOCOL] */
static void read_short(struct reader *reader, struct draft_service *draft,
	const struct node *node)
{
	const char *text =
		reader_text(reader, node, "a port, such as \"80:80\"");
	char *copy = text ? reader_copy(reader, text, strlen(text)) : NULL;
	struct long_port parts = { 0 };
	char *target;

	if (!copy)
		return;
	parts.protocol = cut_last(copy, '/');
	target = cut_last(copy, ':');
	parts.target = target ? target : copy;
	if (target) {
		char *published = cut_last(copy, ':');

		parts.published = published ? published : copy;
		if (published)
			parts.host_ip = copy;
	}
	if (parts.host_ip && *copy == '[' && copy[strlen(copy) - 1] == ']') {
		copy[strlen(copy) - 1] = '\0';
		parts.host_ip = copy + 1;
	} else if (parts.host_ip && strchr(parts.host_ip, ':')) {
		report_colons(reader, node->mark, text, &parts);
		return;
	}
	add_parts(reader, draft, &parts, node->mark);
}

static void read_long(struct reader *reader, struct draft_service *draft,
	const struct node *node)
{
	struct long_port parts = { 0 };

	walk_map(reader, node, &schema_port, &parts);
	if (parts.mode && !text_equal(parts.mode, "host") &&
		!text_equal(parts.mode, "ingress"))
		reader_error(reader, node->mark,
			"the mode '%.60s' is unknown, write host or ingress, which mean the same",
			parts.mode);
	if (parts.target)
		add_parts(reader, draft, &parts, node->mark);
	else
		reader_error(reader, node->mark,
			"the key 'target' is missing, write the port in the container, such as {target: 80, published: 8080}");
}

void read_ports(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node, "a list, such as [\"80:80\"]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		if (e->value->kind == NODE_MAP)
			read_long(reader, draft, e->value);
		else
			read_short(reader, draft, e->value);
		reader_pop(reader, path);
	}
}
