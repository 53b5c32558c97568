/* SPDX-License-Identifier: MIT */
/*
 * walk - fills a struct from a map, by a table of the schema
 */
#ifndef TARE_CONFIG_WALK_H
#define TARE_CONFIG_WALK_H

struct node;
struct reader;
struct schema_table;

/* Sets the fields that have a preset. */
void walk_presets(struct reader *reader, const struct schema_table *table,
	void *base);

/* Reads each key of map, which is a map, by its row; reports the others. */
void walk_map(struct reader *reader, const struct node *map,
	const struct schema_table *table, void *base);

#endif
