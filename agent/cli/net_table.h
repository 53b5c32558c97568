/* SPDX-License-Identifier: MIT */
/*
 * net_table - rows of words in columns that are as wide as they need
 */
#ifndef TARE_CLI_NET_TABLE_H
#define TARE_CLI_NET_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct arena;

enum net_table_limit {
	NET_COLUMNS_MAX = 8,
};

/* The first row is the title; cells are row by row. */
struct net_table {
	struct arena *arena;
	size_t columns;
	const char **cells;
	size_t cell_count;
	size_t cell_max;
};

/*
 * Prepares a table of so many rows besides its title, whose columns are
 * separated by '|'. Without memory it stays empty.
 */
void net_table_init(struct net_table *table, struct arena *arena,
	const char *title, size_t rows);

/* The next cell, formatted; "" is "-". */
void net_table_add(struct net_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Nothing when there is only a title; controls become '?'. */
void net_table_print(const struct net_table *table, FILE *out);

#endif
