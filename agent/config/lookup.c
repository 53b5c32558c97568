// SPDX-License-Identifier: MIT
/* lookup - what a service finds by which name, and which ports it shows */
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/values.h"
#include "lib/address.h"
#include "lib/text.h"

#define EXTRA_HOST_EXAMPLE "NAME=ADDRESS, such as db=192.0.2.10"

enum lookup_limit {
	DNS_MAX = 8,
	SEARCH_MAX = 32, /* as the C libraries have */
	OPTIONS_MAX = 16,
	EXTRA_HOSTS_MAX = 256,
	LINKS_MAX = 256,
	EXPOSE_MAX = 256,
};

/* Is it short enough? If not, that has been reported. */
static bool fits(struct reader *reader, const struct node *node, size_t max)
{
	if (node->count <= max)
		return true;
	reader_error(reader, node->mark,
		"the list has %zu items, the limit is %zu", node->count, max);
	return false;
}

static void add_server(struct reader *reader, const struct node *node,
	struct draft_service *draft)
{
	static const struct address docker = { AF_INET, { 127, 0, 0, 11 } };
	struct address address;
	struct address *grown;

	if (!server_read(reader, node, &address))
		return;
	if (address_compare(&address, &docker) == 0) {
		reader_warn(reader, node->mark,
			"Docker has a name server at 127.0.0.11, here it is the gateway, which is asked without this key, ignored");
		return;
	}
	grown = reader_grow(reader, draft->dns, draft->dns_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->dns_count++] = address;
	draft->dns = grown;
}

void read_dns(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (node->kind != NODE_LIST) {
		add_server(reader, node, draft);
		return;
	}
	if (!fits(reader, node, DNS_MAX))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		add_server(reader, e->value, draft);
		reader_pop(reader, path);
	}
}

/* A domain to search in; "." for none. */
static const char *check_search(const char *text)
{
	return text_equal(text, ".") ? NULL : name_check_host(text);
}

static const char *check_option(const char *text)
{
	if (!*text || strpbrk(text, " \t\n#;"))
		return "is no option, write one word of resolv.conf(5), such as ndots:1";
	return NULL;
}

/* One word, or a list of them. */
struct words {
	const char *expected;
	size_t max;
	const char *(*check)(const char *text);
};

static void add_word(struct reader *reader, const struct node *node,
	const struct words *words, struct strings *out)
{
	const char *text = reader_text(reader, node, words->expected);
	const char *wrong = text ? words->check(text) : NULL;

	if (wrong)
		reader_error(reader, node->mark, "'%.60s' %s", text, wrong);
	else if (text)
		reader_append(reader, out, text);
}

static void read_words(struct reader *reader, const struct node *node,
	const struct words *words, struct strings *out)
{
	size_t index = 0;

	out->is_set = true;
	if (node->kind != NODE_LIST) {
		add_word(reader, node, words, out);
		return;
	}
	if (!fits(reader, node, words->max))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		add_word(reader, e->value, words, out);
		reader_pop(reader, path);
	}
}

void read_dns_search(struct reader *reader, const struct node *node, void *base)
{
	static const struct words words = { "a domain, such as example.org",
		SEARCH_MAX, check_search };

	read_words(reader, node, &words,
		&((struct draft_service *)base)->service.dns_search);
}

void read_dns_opt(struct reader *reader, const struct node *node, void *base)
{
	static const struct words words = { "an option, such as ndots:1",
		OPTIONS_MAX, check_option };

	read_words(reader, node, &words,
		&((struct draft_service *)base)->service.dns_opt);
}

/* "PORT", "PORT-PORT", both with "/udp" and such */
static const char *check_expose(const char *text)
{
	static const char wrong[] =
		"is no port, write one such as 80, 8000-8010 or 53/udp";
	static const char *const protocols[] = { "", "/tcp", "/udp", "/sctp" };
	char copy[16];
	char *last;
	uint16_t first_port, last_port;

	if (!text_copy(copy, sizeof(copy), text))
		return wrong;
	last = copy + strcspn(copy, "/");
	for (size_t i = 0;; i++) {
		if (i == sizeof(protocols) / sizeof(protocols[0]))
			return wrong;
		if (text_equal(last, protocols[i]))
			break;
	}
	*last = '\0';
	last = strchr(copy, '-');
	if (last)
		*last++ = '\0';
	if (value_port(copy, &first_port) < 0 ||
		value_port(last ? last : copy, &last_port) < 0 ||
		last_port < first_port)
		return wrong;
	return NULL;
}

void read_expose(struct reader *reader, const struct node *node, void *base)
{
	static const struct words words = { "a port, such as 80", EXPOSE_MAX,
		check_expose };

	if (reader_is_list(reader, node, "a list of ports, such as [80]"))
		read_words(reader, node, &words,
			&((struct draft_service *)base)->service.expose);
}

static void add_extra_host(struct reader *reader, struct draft_service *draft,
	const char *name, const struct node *node)
{
	const char *wrong = name_check_hostname(name);
	struct extra_host host = { .name = name };
	struct extra_host *grown;

	if (wrong) {
		reader_error(reader, node->mark, "the name '%.60s' %s", name,
			wrong);
		return;
	}
	if ((node->kind != NODE_SCALAR ||
		    !text_equal(node->text, "host-gateway")) &&
		!address_read(reader, node, 0, &host.address))
		return;
	grown = reader_grow(reader, draft->extra_hosts, draft->extra_host_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->extra_host_count++] = host;
	draft->extra_hosts = grown;
}

/* NAME=ADDRESS or NAME:ADDRESS; an IPv6 one may be in brackets. */
static void read_extra_host(struct reader *reader, const struct node *node,
	struct draft_service *draft)
{
	const char *text = reader_text(reader, node, EXTRA_HOST_EXAMPLE);
	char *name = text ? reader_copy(reader, text, strlen(text)) : NULL;
	struct node address = *node;
	char *value;

	if (!name)
		return;
	value = strchr(name, '=');
	if (!value)
		value = strchr(name, ':');
	if (!value) {
		reader_error(reader, node->mark,
			"'%.60s' has no address, write " EXTRA_HOST_EXAMPLE,
			text);
		return;
	}
	*value++ = '\0';
	if (*value == '[' && value[strlen(value) - 1] == ']') {
		value[strlen(value) - 1] = '\0';
		value++;
	}
	address.text = value;
	address.is_plain = false; /* "" is an address that is wrong */
	add_extra_host(reader, draft, name, &address);
}

/* An address, or a list of them. */
static void read_host_entry(struct reader *reader, const struct entry *entry,
	struct draft_service *draft)
{
	size_t index = 0;

	if (entry->value->kind != NODE_LIST) {
		add_extra_host(reader, draft, entry->key, entry->value);
		return;
	}
	for (const struct entry *e = entry->value->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		add_extra_host(reader, draft, entry->key, e->value);
		reader_pop(reader, path);
	}
}

void read_extra_hosts(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (node->kind != NODE_MAP &&
		!reader_is_list(reader, node,
			"a map, such as {db: 192.0.2.10}, or a list"))
		return;
	if (!fits(reader, node, EXTRA_HOSTS_MAX))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = e->key ? reader_push(reader, e->key)
				     : reader_push_index(reader, index++);

		if (!e->key)
			read_extra_host(reader, e->value, draft);
		else if (!text_starts_with(e->key, "x-"))
			read_host_entry(reader, e, draft);
		reader_pop(reader, path);
	}
}

/* SERVICE or SERVICE:ALIAS */
static void read_link(struct reader *reader, const struct node *node,
	struct draft_service *draft)
{
	const char *text =
		reader_text(reader, node, "a service, such as db or db:alias");
	char *copy = text ? reader_copy(reader, text, strlen(text)) : NULL;
	struct draft_link link = { .mark = node->mark };
	struct draft_link *grown;
	char *alias = copy ? strchr(copy, ':') : NULL;
	const char *wrong;

	if (!copy)
		return;
	if (alias)
		*alias++ = '\0';
	link.link.service = copy;
	link.link.alias = alias ? alias : copy;
	wrong = name_check_network(link.link.alias);
	if (wrong) {
		reader_error(reader, node->mark, "the name '%.60s' %s",
			link.link.alias, wrong);
		return;
	}
	grown = reader_grow(reader, draft->links, draft->link_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->link_count++] = link;
	draft->links = grown;
}

void read_links(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node, "a list of services, such as [db]") ||
		!fits(reader, node, LINKS_MAX))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_link(reader, e->value, draft);
		reader_pop(reader, path);
	}
}
