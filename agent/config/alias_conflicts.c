// SPDX-License-Identifier: MIT
/* alias_conflicts - names in a network that two services have */
#include "config/alias_conflicts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

#include "config/draft.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/wiring.h"

/* Services by name, in either case, as names are asked for (RFC 4343). */
struct index {
	const struct draft_service **items;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct draft_service *const *one = a;
	const struct draft_service *const *two = b;

	return strcasecmp((*one)->service.name, (*two)->service.name);
}

static void build(struct reader *reader, const struct draft *draft,
	struct index *index)
{
	size_t count = draft->service_count;

	index->items = reader_alloc_tree(reader, count, sizeof(*index->items));
	if (!index->items || count == 0)
		return;
	for (size_t i = 0; i < count; i++)
		index->items[i] = &draft->services[i];
	index->count = count;
	qsort(index->items, count, sizeof(*index->items), compare);
}

/* The place of the first service whose name is not before that one. */
static size_t find(const struct index *index, const char *name)
{
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(index->items[middle]->service.name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void push_key(struct reader *reader, const struct attachment *own,
	bool is_container)
{
	if (is_container) {
		reader_push(reader, "container_name");
		return;
	}
	reader_push(reader, "networks");
	reader_push(reader, own->network);
	reader_push(reader, "aliases");
}

static void check_alias(struct reader *reader, const struct index *index,
	const struct draft_service *service, const struct attachment *own,
	const char *alias)
{
	bool is_container = alias == service->container_name;
	struct mark mark = is_container ? node_find_mark(service->node,
						  "container_name", own->mark)
					: own->mark;

	for (size_t i = find(index, alias); i < index->count; i++) {
		const struct draft_service *other = index->items[i];

		if (strcasecmp(other->service.name, alias) != 0)
			return;
		if (other == service ||
			!wiring_is_attached(other, own->network))
			continue;
		reader_push(reader, "services");
		reader_push(reader, service->service.name);
		push_key(reader, own, is_container);
		reader_warn(reader, mark,
			"'%.63s' is a service in %s network, at line %u, column %u, and who asks for it gets one of both; write another %s",
			alias, is_container ? "the same" : "this",
			other->service.mark.line, other->service.mark.column,
			is_container ? "name" : "alias");
		reader_pop(reader, 0);
	}
}

void alias_conflicts_check(struct reader *reader, const struct draft *draft)
{
	struct index index = { 0 };

	build(reader, draft, &index);
	for (size_t i = 0; i < draft->service_count; i++) {
		const struct draft_service *service = &draft->services[i];

		for (size_t k = 0; k < service->attachment_count; k++) {
			const struct attachment *own =
				&service->attachments[k].attachment;

			for (size_t n = 0; n < own->aliases.count; n++)
				check_alias(reader, &index, service, own,
					own->aliases.items[n]);
		}
	}
}
