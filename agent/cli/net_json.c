// SPDX-License-Identifier: MIT
/* net_json - writes JSON (RFC 8259), one value after the other */
#include "cli/net_json.h"

#include <inttypes.h>
#include <string.h>

#include "lib/address.h"
#include "lib/text.h"

#define PIECE 64 /* bytes of a string that are escaped at once */

static void begin(struct net_json *json, const char *name)
{
	if (json->needs_comma)
		(void)fputc(',', json->out);
	json->needs_comma = true;
	if (name)
		fprintf(json->out, "\"%s\":", name);
}

void net_json_open(struct net_json *json, const char *name, char bracket)
{
	begin(json, name);
	(void)fputc(bracket, json->out);
	json->needs_comma = false;
}

void net_json_close(struct net_json *json, char bracket)
{
	(void)fputc(bracket, json->out);
	json->needs_comma = true;
}

/* Where a piece may end: not within a character of several bytes. */
static size_t piece_of(const char *value)
{
	size_t size = strnlen(value, PIECE);

	if (size < PIECE)
		return size;
	for (size_t i = 0; i < 3; i++) {
		if (((unsigned char)value[size - i] & 0xc0) != 0x80)
			return size - i;
	}
	return size;
}

void net_json_string(struct net_json *json, const char *name, const char *value)
{
	char escaped[PIECE * 6 + 1];
	struct text text;

	begin(json, name);
	(void)fputc('"', json->out);
	while (*value) {
		size_t size = piece_of(value);

		text_init(&text, escaped, sizeof(escaped));
		text_add_json(&text, value, size);
		(void)fputs(escaped, json->out);
		value += size;
	}
	(void)fputc('"', json->out);
}

void net_json_number(struct net_json *json, const char *name, uint64_t value)
{
	begin(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void net_json_bool(struct net_json *json, const char *name, bool value)
{
	begin(json, name);
	(void)fputs(value ? "true" : "false", json->out);
}

void net_json_ms(struct net_json *json, const char *name, uint64_t value_ns)
{
	begin(json, name);
	fprintf(json->out, "%" PRIu64 ".%03" PRIu64, value_ns / 1000000,
		value_ns / 1000 % 1000);
}

static void add_null(struct net_json *json, const char *name)
{
	begin(json, name);
	(void)fputs("null", json->out);
}

void net_json_address(struct net_json *json, const char *name,
	const struct address *value)
{
	char own[ADDRESS_TEXT_SIZE];

	if (value->family)
		net_json_string(json, name, address_print(value, own));
	else
		add_null(json, name);
}

void net_json_prefix(struct net_json *json, const char *name,
	const struct prefix *value)
{
	char own[PREFIX_TEXT_SIZE];

	if (value->address.family)
		net_json_string(json, name, prefix_print(value, own));
	else
		add_null(json, name);
}
