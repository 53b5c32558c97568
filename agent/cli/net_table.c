// SPDX-License-Identifier: MIT
/* net_table - rows of words in columns that are as wide as they need */
#include "cli/net_table.h"

#include <stdarg.h>
#include <string.h>

#include "lib/arena.h"

#define GAP        2 /* between columns */
#define CELL_BYTES 65536

static void add(struct net_table *table, const char *cell)
{
	if (table->cell_count < table->cell_max)
		table->cells[table->cell_count++] = cell && *cell ? cell : "-";
}

void net_table_init(struct net_table *table, struct arena *arena,
	const char *title, size_t rows)
{
	char *words = arena_string(arena, title);

	*table = (struct net_table){ .arena = arena, .columns = 1 };
	for (const char *at = title; *at; at++)
		table->columns += *at == '|';
	table->cells = arena_array(arena, (rows + 1) * table->columns,
		sizeof(*table->cells));
	if (!table->cells || !words || table->columns > NET_COLUMNS_MAX)
		return;
	table->cell_max = (rows + 1) * table->columns;
	for (char *word = words; word;) {
		char *end = strchr(word, '|');

		if (end)
			*end++ = '\0';
		add(table, word);
		word = end;
	}
}

void net_table_add(struct net_table *table, const char *format, ...)
{
	static char cell[CELL_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(cell, sizeof(cell), format, arguments);
	va_end(arguments);
	for (char *at = cell; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	}
	add(table, arena_string(table->arena, cell));
}

static void measure(const struct net_table *table, size_t *widths)
{
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t length = strlen(table->cells[i]);
		size_t *width = &widths[i % table->columns];

		if (length > *width)
			*width = length;
	}
}

void net_table_print(const struct net_table *table, FILE *out)
{
	size_t widths[NET_COLUMNS_MAX] = { 0 };

	if (table->cell_count <= table->columns)
		return;
	measure(table, widths);
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t column = i % table->columns;

		if (column + 1 == table->columns)
			fprintf(out, "%s\n", table->cells[i]);
		else
			fprintf(out, "%-*s", (int)(widths[column] + GAP),
				table->cells[i]);
	}
}
