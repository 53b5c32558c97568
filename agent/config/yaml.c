// SPDX-License-Identifier: MIT
/* yaml - text to tree */
#include "config/yaml.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "config/node.h"
#include "config/reader.h"
#include "config/tabs.h"
#include "config/yaml_words.h"
#include "lib/text.h"

#define TAG_PREFIX "tag:yaml.org,2002:" /* what "!!" is short for */

struct anchor {
	struct anchor *next;
	const char *name;
	struct node *node;
};

struct builder {
	struct reader *reader;
	yaml_parser_t parser;
	const char *text;
	size_t size;
	struct anchor *anchors; /* latest first: a name may be used again */
	size_t anchor_count;
	size_t node_count; /* aliases spelled out */
	unsigned int depth;
	bool has_stopped; /* reported, nothing more can be read */
};

static struct mark to_mark(yaml_mark_t mark)
{
	return (struct mark){ (uint32_t)mark.line + 1,
		(uint32_t)mark.column + 1 };
}

static bool next_event(struct builder *b, yaml_event_t *event)
{
	if (b->has_stopped || b->reader->is_out_of_memory)
		return false;
	if (yaml_parser_parse(&b->parser, event))
		return true;
	yaml_words_report(b->reader, &b->parser, b->text, b->size);
	b->has_stopped = true;
	return false;
}

static void stop(struct builder *b, struct mark mark, const char *what,
	int limit)
{
	reader_error(b->reader, mark, "%s, the limit is %d", what, limit);
	b->has_stopped = true;
}

/* Counts nodes; false when there are too many. */
static bool charge(struct builder *b, struct mark mark, size_t count)
{
	b->node_count += count;
	if (b->node_count <= YAML_NODES_MAX)
		return true;
	if (!b->has_stopped)
		stop(b, mark, "there are too many values", YAML_NODES_MAX);
	return false;
}

static struct node *new_node(struct builder *b, enum node_kind kind,
	struct mark mark)
{
	struct node *node;

	if (!charge(b, mark, 1))
		return NULL;
	node = reader_alloc_tree(b->reader, 1, sizeof(*node));
	if (!node)
		return NULL;
	node->kind = kind;
	node->mark = mark;
	node->weight = 1;
	return node;
}

/* Stands in for what cannot be read; nobody complains about it again. */
static struct node *new_broken(struct builder *b, struct mark mark)
{
	struct node *node = new_node(b, NODE_SCALAR, mark);

	if (node) {
		node->is_broken = true;
		node->text = "";
	}
	return node;
}

/* Programs that write YAML like "!!merge <<", which says no more than "<<". */
static bool is_merge(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && event->data.scalar.tag &&
	       text_equal((const char *)event->data.scalar.tag,
		       TAG_PREFIX "merge") &&
	       text_equal((const char *)event->data.scalar.value, "<<");
}

static void refuse_tag(struct builder *b, const unsigned char *tag,
	struct mark mark)
{
	static const char prefix[] = TAG_PREFIX;
	const char *name = (const char *)tag;
	bool is_short;

	if (!tag)
		return;
	is_short = text_starts_with(name, prefix);
	reader_error(b->reader, mark,
		"the tag '%s%.60s' is not read, remove it: a value has the type that its key asks for",
		is_short ? "!!" : "", is_short ? name + strlen(prefix) : name);
}

static void remember(struct builder *b, const unsigned char *name,
	struct node *node)
{
	struct anchor *anchor;

	if (!name)
		return;
	if (b->anchor_count++ == YAML_ANCHORS_MAX) {
		stop(b, node->mark, "there are too many anchors",
			YAML_ANCHORS_MAX);
		return;
	}
	anchor = reader_alloc_tree(b->reader, 1, sizeof(*anchor));
	if (!anchor)
		return;
	anchor->name = reader_copy(b->reader, (const char *)name,
		strlen((const char *)name));
	anchor->node = node;
	anchor->next = b->anchors;
	if (anchor->name)
		b->anchors = anchor;
}

static struct node *read_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct mark mark = to_mark(event->start_mark);
	const struct anchor *anchor = b->anchors;

	while (anchor && !text_equal(anchor->name, name))
		anchor = anchor->next;
	if (!anchor) {
		reader_error(b->reader, mark,
			"'*%s' names nothing above; mark what it means with '&%s'",
			name, name);
		return new_broken(b, mark);
	}
	if (anchor->node->is_open) {
		reader_error(b->reader, mark,
			"'*%s' stands inside of what it names", name);
		return new_broken(b, mark);
	}
	return charge(b, mark, anchor->node->weight) ? anchor->node : NULL;
}

static struct node *read_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	struct node *node =
		new_node(b, NODE_SCALAR, to_mark(event->start_mark));

	if (!node)
		return NULL;
	if (!is_merge(event))
		refuse_tag(b, event->data.scalar.tag, node->mark);
	node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = reader_copy(b->reader, value, size);
	if (!node->text)
		return NULL;
	if (strlen(node->text) != size) {
		reader_error(b->reader, node->mark,
			"a value cannot hold a NUL character ('\\0')");
		node->is_broken = true;
	}
	remember(b, event->data.scalar.anchor, node);
	return node;
}

static struct node *read_node(struct builder *b, const yaml_event_t *event);

static struct entry *append(struct builder *b, struct node *parent,
	struct mark mark)
{
	struct entry *entry = reader_alloc_tree(b->reader, 1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->mark = mark;
	if (parent->last)
		parent->last->next = entry;
	else
		parent->first = entry;
	parent->last = entry;
	parent->count++;
	return entry;
}

static void read_items(struct builder *b, struct node *list)
{
	yaml_event_t event;

	while (next_event(b, &event)) {
		bool is_end = event.type == YAML_SEQUENCE_END_EVENT;
		struct node *value = is_end ? NULL : read_node(b, &event);
		struct entry *entry =
			value ? append(b, list, to_mark(event.start_mark))
			      : NULL;

		yaml_event_delete(&event);
		if (!entry)
			return;
		entry->value = value;
		list->weight += value->weight;
	}
}

static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619U;
	return hash;
}

static struct entry *find_key(const struct node *map, const char *key)
{
	uint32_t hash = hash_of(key);

	for (struct entry *e = map->first; e; e = e->next) {
		if (e->key_hash == hash && text_equal(e->key, key))
			return e;
	}
	return NULL;
}

/* The pair that the key begins; NULL when the key cannot be one. */
static struct entry *add_key(struct builder *b, struct node *map,
	const struct node *key, struct mark mark)
{
	const struct entry *twin;
	struct entry *entry;

	if (key->is_broken)
		return NULL;
	if (key->kind != NODE_SCALAR) {
		reader_error(b->reader, mark,
			"a key must be a single word, this is %s",
			node_kind_name(key));
		return NULL;
	}
	twin = find_key(map, key->text);
	if (twin) {
		reader_error(b->reader, mark,
			"the key '%s' stands twice, first at line %u, column %u; keep one",
			key->text, twin->mark.line, twin->mark.column);
		return NULL;
	}
	if (map->count == YAML_MAP_MAX) {
		stop(b, mark, "the map has too many keys", YAML_MAP_MAX);
		return NULL;
	}
	entry = append(b, map, mark);
	if (entry) {
		entry->key = key->text;
		entry->key_hash = hash_of(key->text);
		entry->is_plain_key = key->is_plain;
	}
	return entry;
}

static bool read_pair(struct builder *b, struct node *map,
	const yaml_event_t *key_event)
{
	struct mark mark = to_mark(key_event->start_mark);
	struct node *key = read_node(b, key_event);
	struct entry *entry = key ? add_key(b, map, key, mark) : NULL;
	yaml_event_t event;
	struct node *value;

	if (!key || !next_event(b, &event))
		return false;
	value = read_node(b, &event);
	yaml_event_delete(&event);
	if (!value)
		return false;
	map->weight += 1 + value->weight;
	if (!entry)
		return true;
	entry->value = value;
	/* "key:" has its value nowhere: problems point at the key */
	if (value->weight == 1 && node_is_null(value) && !*value->text)
		value->mark = mark;
	return true;
}

static struct entry *take_merge(struct node *map)
{
	struct entry *before = NULL;

	for (struct entry *e = map->first; e; before = e, e = e->next) {
		if (!e->is_plain_key || !text_equal(e->key, "<<"))
			continue;
		if (before)
			before->next = e->next;
		else
			map->first = e->next;
		if (map->last == e)
			map->last = before;
		map->count--;
		return e;
	}
	return NULL;
}

static void merge_map(struct builder *b, struct node *map,
	const struct node *from)
{
	if (from->is_broken)
		return;
	if (from->kind != NODE_MAP) {
		reader_error(b->reader, from->mark,
			"'<<' needs a map or a list of maps, such as '<<: *name'");
		return;
	}
	for (const struct entry *e = from->first; e; e = e->next) {
		struct entry *copy;
		struct entry *next;

		if (find_key(map, e->key))
			continue;
		if (map->count == YAML_MAP_MAX) {
			stop(b, e->mark, "the map has too many keys",
				YAML_MAP_MAX);
			return;
		}
		copy = charge(b, e->mark, 1 + e->value->weight)
			       ? append(b, map, e->mark)
			       : NULL;
		if (!copy)
			return;
		next = copy->next;
		*copy = *e;
		copy->next = next;
		map->weight += 1 + e->value->weight;
	}
}

/* Takes in what "<<" names (https://yaml.org/type/merge.html). */
static void merge(struct builder *b, struct node *map)
{
	const struct entry *merge_entry = take_merge(map);

	if (!merge_entry)
		return;
	if (merge_entry->value->kind != NODE_LIST) {
		merge_map(b, map, merge_entry->value);
		return;
	}
	for (const struct entry *e = merge_entry->value->first; e; e = e->next)
		merge_map(b, map, e->value);
}

static void read_pairs(struct builder *b, struct node *map)
{
	yaml_event_t event;
	bool has_more = true;

	while (has_more && next_event(b, &event)) {
		if (event.type == YAML_MAPPING_END_EVENT) {
			merge(b, map);
			has_more = false;
		} else {
			has_more = read_pair(b, map, &event);
		}
		yaml_event_delete(&event);
	}
}

static struct node *read_container(struct builder *b, const yaml_event_t *event,
	enum node_kind kind)
{
	bool is_map = kind == NODE_MAP;
	struct node *node = new_node(b, kind, to_mark(event->start_mark));

	if (!node)
		return NULL;
	if (b->depth == YAML_DEPTH_MAX) {
		stop(b, node->mark, "maps and lists are nested too deep",
			YAML_DEPTH_MAX);
		return NULL;
	}
	refuse_tag(b,
		is_map ? event->data.mapping_start.tag
		       : event->data.sequence_start.tag,
		node->mark);
	remember(b,
		is_map ? event->data.mapping_start.anchor
		       : event->data.sequence_start.anchor,
		node);
	b->depth++;
	node->is_open = true;
	if (is_map)
		read_pairs(b, node);
	else
		read_items(b, node);
	node->is_open = false;
	b->depth--;
	return b->has_stopped || b->reader->is_out_of_memory ? NULL : node;
}

/* The node that starts with event; NULL: nothing more can be read. */
static struct node *read_node(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(b, event);
	case YAML_SCALAR_EVENT:
		return read_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return read_container(b, event, NODE_LIST);
	case YAML_MAPPING_START_EVENT:
		return read_container(b, event, NODE_MAP);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		break;
	}
	b->has_stopped = true; /* libyaml's grammar does not let this happen */
	return NULL;
}

static struct node *read_stream(struct builder *b)
{
	struct node *root = NULL;
	bool has_document = false;
	bool has_more = true;
	yaml_event_t event;

	while (has_more && next_event(b, &event)) {
		if (event.type == YAML_STREAM_END_EVENT) {
			has_more = false;
		} else if (event.type == YAML_DOCUMENT_START_EVENT) {
			if (has_document)
				reader_error(b->reader,
					to_mark(event.start_mark),
					"a second document starts here; a config is one document, remove the '---' or what follows");
			has_more = !has_document;
			has_document = true;
		} else if (event.type != YAML_STREAM_START_EVENT &&
			   event.type != YAML_DOCUMENT_END_EVENT) {
			root = read_node(b, &event);
			has_more = root != NULL;
		}
		yaml_event_delete(&event);
	}
	return b->has_stopped ? NULL : root;
}

struct node *yaml_read(struct reader *reader, const char *text, size_t size)
{
	struct builder b = { .reader = reader, .size = size };
	struct node *root;

	if (!tabs_replace(reader, &text, size))
		return NULL;
	b.text = text;
	if (!yaml_parser_initialize(&b.parser)) {
		reader->is_out_of_memory = true;
		return NULL;
	}
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text,
		size);
	root = read_stream(&b);
	yaml_parser_delete(&b.parser);
	return root;
}
