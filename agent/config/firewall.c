// SPDX-License-Identifier: MIT
/* firewall - what may come in from outside, and where the time comes from */
#include <stdbool.h>
#include <string.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
#include "lib/address.h"
#include "lib/text.h"

#define PORT_EXAMPLE     "a port such as 22, or a range such as 8000-8010"
#define SERVER_EXAMPLE   "a name or an address, such as pool.ntp.org"
#define TIME_SERVERS_MAX 8

void read_from(struct reader *reader, const struct node *node, void *base)
{
	struct draft_rule *draft = base;

	draft->has_from = true;
	(void)prefix_read(reader, node, &draft->rule.from);
}

void read_rule_port(struct reader *reader, const struct node *node, void *base)
{
	struct draft_rule *draft = base;
	const char *text = reader_text(reader, node, PORT_EXAMPLE);
	char *copy = text ? reader_copy(reader, text, strlen(text)) : NULL;
	char *last = copy ? strchr(copy, '-') : NULL;

	draft->has_port = true;
	if (!copy)
		return;
	if (last)
		*last++ = '\0';
	if (value_port(copy, &draft->rule.first_port) == 0 &&
		value_port(last ? last : copy, &draft->rule.last_port) == 0 &&
		draft->rule.first_port <= draft->rule.last_port)
		return;
	if (strchr(text, '/'))
		reader_error(reader, node->mark,
			"'%.60s' has a protocol, write it as in {port: 22, protocol: tcp}",
			text);
	else
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write " PORT_EXAMPLE, text);
}

void read_rule_protocol(struct reader *reader, const struct node *node,
	void *base)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	struct draft_rule *draft = base;
	const char *text = reader_text(reader, node, "tcp, udp or sctp");

	if (!text)
		return;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (text_equal(text, protocols[i]))
			draft->rule.protocol = protocols[i];
	}
	if (!draft->rule.protocol)
		reader_error(reader, node->mark,
			"'%.60s' is no protocol, write tcp, udp or sctp", text);
}

/* "from: 0.0.0.0/0" says as little as no from. */
static bool is_anybody(const struct draft_rule *draft)
{
	return draft->rule.from.address.family && draft->rule.from.length == 0;
}

static void read_rule(struct reader *reader, const struct node *node,
	struct draft *draft)
{
	struct draft_rule rule = { .rule.mark = node->mark };
	struct firewall_rule *grown;

	if (!reader_is_map(reader, node,
		    "a map, such as {from: 192.0.2.0/24, port: 22}"))
		return;
	walk_map(reader, node, &schema_rule, &rule);
	if (!rule.has_port && (!rule.has_from || is_anybody(&rule)))
		reader_error(reader, node->mark,
			"this would let in everybody everywhere; write 'port:', 'from:' or both, such as {from: 192.0.2.0/24, port: 22}");
	grown = reader_grow(reader, draft->firewall, draft->firewall_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->firewall_count++] = rule.rule;
	draft->firewall = grown;
}

void read_firewall(struct reader *reader, const struct node *node, void *base)
{
	struct draft *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [{from: 192.0.2.0/24, port: 22}]"))
		return;
	if (node->count > CONFIG_FIREWALL_MAX) {
		reader_error(reader, node->mark,
			"there are %zu rules, the limit is %d", node->count,
			CONFIG_FIREWALL_MAX);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_rule(reader, e->value, draft);
		reader_pop(reader, path);
	}
	draft->config.firewall = draft->firewall;
	draft->config.firewall_count = draft->firewall_count;
}

static void add_time_server(struct reader *reader, const struct node *node,
	struct host_time *time)
{
	const char *text = reader_text(reader, node, SERVER_EXAMPLE);
	struct address address;
	const char *wrong;

	if (!text)
		return;
	wrong = name_check_host(text);
	if (wrong && address_parse(text, &address) < 0)
		reader_error(reader, node->mark, "'%.60s' %s", text, wrong);
	else
		reader_append(reader, &time->servers, text);
}

/* "none", one server, or a list of them. */
void read_time_servers(struct reader *reader, const struct node *node,
	void *base)
{
	struct host_time *time = &((struct draft *)base)->config.host_time;
	size_t index = 0;

	time->servers.is_set = true;
	if (node->kind == NODE_SCALAR && text_equal(node->text, "none")) {
		time->is_off = true;
		return;
	}
	if (node->kind != NODE_LIST) {
		add_time_server(reader, node, time);
		return;
	}
	if (node->count == 0 || node->count > TIME_SERVERS_MAX) {
		reader_error(reader, node->mark,
			"there are %zu servers, write 1 to %d, or none in place of the list",
			node->count, TIME_SERVERS_MAX);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		add_time_server(reader, e->value, time);
		reader_pop(reader, path);
	}
}
