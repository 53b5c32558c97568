/* SPDX-License-Identifier: MIT */
/*
 * walk - fills a struct from a map, by a table of the schema
 */
#ifndef TARE_CONFIG_WALK_H
#define TARE_CONFIG_WALK_H

#include <stddef.h>

struct entry;
struct node;
struct reader;
struct schema_table;

/* Sets the fields that have a preset. */
void walk_presets(struct reader *reader, const struct schema_table *table,
	void *base);

/* Reads each key of map, which is a map, by its row; reports the others. */
void walk_map(struct reader *reader, const struct node *map,
	const struct schema_table *table, void *base);

/* A map whose keys are names that its author gave. */
struct walk_names {
	const char *example; /* "a map of names, such as {front: {}}" */
	const char *what;    /* "networks" */
	size_t max;
	size_t size; /* of what is read of each: zeroed memory, in the tree */
	void (*read)(struct reader *reader, const struct entry *entry,
		void *item);
};

/*
 * Reads each entry but those of extensions ("x-"), one after the other. Returns
 * the array, with room for one more behind *count; NULL when there is none,
 * which is reported.
 */
void *walk_names(struct reader *reader, const struct node *map,
	const struct walk_names *names, size_t *count);

#endif
