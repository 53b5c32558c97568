// SPDX-License-Identifier: MIT
/* ports - what a service publishes, in short and long form */
#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
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

	if (!copy || value_port(copy, &out->first) < 0)
		return false;
	out->last = out->first;
	if (!text[first])
		return true;
	return value_port(text + first + 1, &out->last) == 0 &&
	       out->first <= out->last;
}

static bool is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
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

static void add_range(struct reader *reader, struct draft_service *draft,
	struct range range, struct port port)
{
	size_t count = (size_t)(range.last - range.first) + 1;

	if (count > READER_PORTS_MAX - reader->port_count) {
		reader_error(reader, port.mark,
			"the services publish too many ports, the limit is %d",
			READER_PORTS_MAX);
		return;
	}
	reader->port_count += count;
	for (size_t i = 0; i < count; i++) {
		port.published = port.target = (uint16_t)(range.first + i);
		add_port(reader, draft, &port);
	}
}

static void report_differing(struct reader *reader, struct mark mark,
	const struct range *published, const struct range *target)
{
	char buffer[16];
	struct text range;

	text_init(&range, buffer, sizeof(buffer));
	text_add(&range, "%u", published->first);
	if (published->last != published->first)
		text_add(&range, "-%u", published->last);
	if (published->last - published->first != target->last - target->first)
		reader_error(reader, mark,
			"the two ranges differ in length, write '%s:%s'",
			buffer, buffer);
	else
		reader_error(reader, mark,
			"the ports %u and %u differ, but services share the machine's network until networks of their own come; write '%s:%s' and let the program listen on %s",
			published->first, target->first, buffer, buffer,
			buffer);
}

/* Both forms end here; published may be empty. */
static void add_parts(struct reader *reader, struct draft_service *draft,
	const struct long_port *parts, struct mark mark)
{
	struct port port = { .protocol = "tcp", .mark = mark };
	struct range published;
	struct range target;

	if (!parse_range(reader, parts->target, &target)) {
		reader_error(reader, mark,
			"'%.60s' is no port, write a number from 1 to 65535",
			parts->target);
		return;
	}
	published = target;
	if (parts->published && *parts->published &&
		!parse_range(reader, parts->published, &published)) {
		reader_error(reader, mark,
			"'%.60s' is no port, write a number from 1 to 65535",
			parts->published);
		return;
	}
	if (parts->protocol)
		port.protocol = find_protocol(parts->protocol);
	if (!port.protocol) {
		reader_error(reader, mark,
			"'%.60s' is no protocol, write tcp, udp or sctp",
			parts->protocol);
		return;
	}
	if (parts->host_ip && !is_address(parts->host_ip)) {
		reader_error(reader, mark,
			"'%.60s' is no address; write one such as 127.0.0.1 or [::1]",
			parts->host_ip);
		return;
	}
	if (parts->host_ip)
		reader_warn(reader, mark,
			"the address %.60s is not enforced yet: let the program itself listen there only",
			parts->host_ip);
	port.host_ip = parts->host_ip;
	if (published.first != target.first || published.last != target.last)
		report_differing(reader, mark, &published, &target);
	else
		add_range(reader, draft, target, port);
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
		reader_error(reader, node->mark, "'%.60s' is no port, %s", text,
			SHORT_FORM);
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
			"the mode '%.60s' is unknown, write 'host' or remove it",
			parts.mode);
	if (parts.target)
		add_parts(reader, draft, &parts, node->mark);
	else
		reader_error(reader, node->mark, "the key 'target' is missing");
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
