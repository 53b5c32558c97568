// SPDX-License-Identifier: MIT
/* attachments - the networks that a service says it is in */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/text.h"

#define NETWORKS_MAX 64 /* of one service */
#define ALIASES_MAX  64
#define PRIORITY_MAX 1000000

void read_aliases(struct reader *reader, const struct node *node, void *base)
{
	struct attachment *attachment =
		&((struct draft_attachment *)base)->attachment;
	size_t index = 0;

	if (!reader_is_list(reader, node, "a list of names, such as [db]"))
		return;
	if (node->count > ALIASES_MAX) {
		reader_error(reader, node->mark,
			"there are %zu names, the limit is %d", node->count,
			ALIASES_MAX);
		return;
	}
	attachment->aliases.is_set = true;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);
		const char *text = reader_text(reader, e->value, "a name");
		const char *wrong = text ? name_check_network(text) : NULL;

		if (wrong)
			reader_error(reader, e->value->mark, "'%.63s' %s", text,
				wrong);
		else if (text)
			reader_append(reader, &attachment->aliases, text);
		reader_pop(reader, path);
	}
}

void read_ipv4_address(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_attachment *draft = base;

	draft->ipv4_mark = node->mark;
	(void)address_read(reader, node, AF_INET,
		&draft->attachment.ipv4_address);
}

void read_ipv6_address(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_attachment *draft = base;

	draft->ipv6_mark = node->mark;
	(void)address_read(reader, node, AF_INET6,
		&draft->attachment.ipv6_address);
}

void read_attachment_mac(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_attachment *draft = base;

	draft->mac_mark = node->mark;
	(void)mac_read(reader, node, draft->attachment.mac);
}

static void read_signed(struct reader *reader, const struct node *node,
	int64_t *out)
{
	const char *text = reader_text(reader, node, "a whole number");
	uint64_t number = 0;
	bool is_negative;

	if (!text)
		return;
	is_negative = *text == '-';
	if (text_parse_u64(text + is_negative, PRIORITY_MAX, &number) < 0)
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write a whole number from %d to %d",
			text, -PRIORITY_MAX, PRIORITY_MAX);
	else
		*out = is_negative ? -(int64_t)number : (int64_t)number;
}

void read_priority(struct reader *reader, const struct node *node, void *base)
{
	read_signed(reader, node,
		&((struct draft_attachment *)base)->attachment.priority);
}

void read_gw_priority(struct reader *reader, const struct node *node,
	void *base)
{
	read_signed(reader, node,
		&((struct draft_attachment *)base)->attachment.gw_priority);
}

static void add_attachment(struct reader *reader, struct draft_service *draft,
	const struct draft_attachment *attachment)
{
	struct draft_attachment *grown;

	for (size_t i = 0; i < draft->attachment_count; i++) {
		const struct attachment *old =
			&draft->attachments[i].attachment;

		if (!text_equal(old->network, attachment->attachment.network))
			continue;
		reader_error(reader, attachment->attachment.mark,
			"the service is in '%.63s' already, at line %u, column %u; remove one of them",
			old->network, old->mark.line, old->mark.column);
		return;
	}
	if (reader->attachment_count == CONFIG_ATTACHMENTS_MAX) {
		reader_error(reader, attachment->attachment.mark,
			"the services are in too many networks, the limit is %d",
			CONFIG_ATTACHMENTS_MAX);
		return;
	}
	reader->attachment_count++;
	grown = reader_grow(reader, draft->attachments, draft->attachment_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->attachment_count++] = *attachment;
	draft->attachments = grown;
}

static void read_attachment(struct reader *reader, const struct entry *entry,
	struct draft_service *draft)
{
	struct draft_attachment attachment = {
		.attachment = { .network = entry->key, .mark = entry->mark },
	};

	if (!entry->key)
		attachment.attachment.network = reader_text(reader,
			entry->value, "the name of a network");
	else if (!node_is_null(entry->value) &&
		 reader_is_map(reader, entry->value,
			 "nothing, or a map such as {aliases: [db]}"))
		walk_map(reader, entry->value, &schema_attachment, &attachment);
	if (attachment.attachment.network)
		add_attachment(reader, draft, &attachment);
}

void read_attachments(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!draft->has_mode)
		draft->service.network_mark = node->mark;
	if (node->kind != NODE_MAP &&
		!reader_is_list(reader, node,
			"a list of networks, such as [front]"))
		return;
	if (node->count > NETWORKS_MAX) {
		reader_error(reader, node->mark,
			"there are %zu networks, the limit is %d", node->count,
			NETWORKS_MAX);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path;

		if (e->key && text_starts_with(e->key, "x-"))
			continue;
		path = e->key ? reader_push(reader, e->key)
			      : reader_push_index(reader, index++);
		read_attachment(reader, e, draft);
		reader_pop(reader, path);
	}
}

void read_mac_address(struct reader *reader, const struct node *node,
	void *base)
{
	(void)mac_read(reader, node, ((struct draft_service *)base)->mac);
}
