// SPDX-License-Identifier: MIT
/* net_record - records of the domain name system as text */
#include "cli/net_record.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/net_question.h"
#include "lib/address.h"
#include "lib/text.h"
#include "net/dns_message.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define UNKNOWN "TYPE"

/*
 * What data is made of, one letter each: '4' and '6' addresses, 'n' a name, 's'
 * and 'l' numbers of 16 and 32 bits, 'b' one of 8, 't' strings to the end, 'u'
 * one string, 'r' the rest as one quoted string.
 */
static const struct row {
	uint16_t number;
	const char *name;
	const char *fields;
} rows[] = {
	{ DNS_TYPE_A, "A", "4" },
	{ DNS_TYPE_NS, "NS", "n" },
	{ 5, "CNAME", "n" },
	{ DNS_TYPE_SOA, "SOA", "nnlllll" },
	{ DNS_TYPE_PTR, "PTR", "n" },
	{ 15, "MX", "sn" },
	{ 16, "TXT", "t" },
	{ DNS_TYPE_AAAA, "AAAA", "6" },
	{ 33, "SRV", "sssn" },
	{ 39, "DNAME", "n" },
	{ DNS_TYPE_DS, "DS", NULL },
	{ 46, "RRSIG", NULL },
	{ DNS_TYPE_DNSKEY, "DNSKEY", NULL },
	{ 64, "SVCB", NULL },
	{ 65, "HTTPS", NULL },
	{ DNS_TYPE_ANY, "ANY", NULL },
	{ 257, "CAA", "bur" },
};

static const struct row *find_row(uint16_t type)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].number == type)
			return &rows[i];
	}
	return NULL;
}

const char *net_record_type(uint16_t type, char out[12])
{
	const struct row *row = find_row(type);
	struct text text;

	text_init(&text, out, 12);
	if (row)
		text_add(&text, "%s", row->name);
	else
		text_add(&text, UNKNOWN "%u", type);
	return out;
}

int net_record_parse_type(const char *text, uint16_t *out, const char **nearest)
{
	char upper[16];
	uint64_t number;
	size_t best = 2;

	*nearest = NULL;
	(void)text_copy(upper, sizeof(upper), text);
	for (char *at = upper; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	if (text_starts_with(upper, UNKNOWN) &&
		text_parse_u64(upper + strlen(UNKNOWN), UINT16_MAX, &number) ==
			0) {
		*out = (uint16_t)number;
		return 0;
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t distance = text_distance(upper, rows[i].name);

		if (distance == 0) {
			*out = rows[i].number;
			return 0;
		}
		if (distance < best) {
			best = distance;
			*nearest = rows[i].name;
		}
	}
	return -EINVAL;
}

const char *net_record_code(unsigned int code)
{
	static const char *const codes[] = {
		[DNS_CODE_OK] = "no error",
		[DNS_CODE_MALFORMED] = "the server says that it is malformed",
		[DNS_CODE_FAILED] = "the server failed",
		[DNS_CODE_NO_NAME] = "there is no such name",
		[DNS_CODE_NOT_DONE] = "the server does not do that",
		[DNS_CODE_REFUSED] = "the server refuses",
	};

	return code < COUNT(codes) ? codes[code] : "the server has an error";
}

static void add_byte(struct text *text, uint8_t byte, const char *escaped)
{
	if (byte <= ' ' || byte >= 0x7f)
		text_add(text, "\\%03u", byte);
	else
		text_add(text, "%s%c", strchr(escaped, byte) ? "\\" : "", byte);
}

void net_record_add_name(struct text *text, const struct dns_name *name)
{
	size_t at = 0;

	if (name->size <= 1)
		text_add(text, ".");
	while (at < name->size && name->bytes[at] > 0) {
		size_t end = at + 1 + name->bytes[at];

		for (at++; at < end && at < name->size; at++)
			add_byte(text, name->bytes[at], ".\\\"();@$");
		text_add(text, ".");
	}
}

/* ---- data ---------------------------------------------------------------- */

/* What is left of a record's data; pointers lead into the message before it. */
struct data {
	const uint8_t *bytes; /* of the message */
	size_t at;
	size_t end;
};

static bool add_name(struct text *text, struct data *data)
{
	struct dns_name name;

	if (dns_name_read(data->bytes, data->end, &data->at, &name) < 0)
		return false;
	net_record_add_name(text, &name);
	return true;
}

static bool add_address(struct text *text, struct data *data, uint8_t family)
{
	struct address address = { .family = family };
	char own[ADDRESS_TEXT_SIZE];
	size_t size = address_size(&address);

	if (data->end - data->at != size)
		return false;
	memcpy(address.bytes, data->bytes + data->at, size);
	data->at += size;
	text_add(text, "%s", address_print(&address, own));
	return true;
}

static bool add_number(struct text *text, struct data *data, size_t size)
{
	uint32_t number = 0;

	if (data->end - data->at < size)
		return false;
	for (size_t i = 0; i < size; i++)
		number = number << 8 | data->bytes[data->at++];
	text_add(text, "%u", (unsigned int)number);
	return true;
}

/* Spaces stand as they are, within quotes. */
static void add_quoted(struct text *text, struct data *data, size_t size)
{
	text_add(text, "\"");
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = data->bytes[data->at++];

		if (byte == ' ')
			text_add(text, " ");
		else
			add_byte(text, byte, "\\\"");
	}
	text_add(text, "\"");
}

static bool take_length(struct data *data, size_t *size)
{
	if (data->at == data->end)
		return false;
	*size = data->bytes[data->at++];
	return *size <= data->end - data->at;
}

static bool add_tag(struct text *text, struct data *data)
{
	size_t size;

	if (!take_length(data, &size))
		return false;
	for (size_t i = 0; i < size; i++)
		add_byte(text, data->bytes[data->at++], "\\\"");
	return true;
}

static bool add_strings(struct text *text, struct data *data)
{
	size_t size;

	for (bool is_first = true; data->at < data->end; is_first = false) {
		if (!take_length(data, &size))
			return false;
		text_add(text, "%s", is_first ? "" : " ");
		add_quoted(text, data, size);
	}
	return true;
}

static bool add_field(struct text *text, struct data *data, char field)
{
	switch (field) {
	case '4':
		return add_address(text, data, AF_INET);
	case '6':
		return add_address(text, data, AF_INET6);
	case 'n':
		return add_name(text, data);
	case 'b':
		return add_number(text, data, 1);
	case 's':
		return add_number(text, data, 2);
	case 'l':
		return add_number(text, data, 4);
	case 't':
		return add_strings(text, data);
	case 'u':
		return add_tag(text, data);
	default: /* 'r' */
		add_quoted(text, data, data->end - data->at);
		return true;
	}
}

static bool add_fields(struct text *text, struct data *data, const char *fields)
{
	for (const char *at = fields; *at; at++) {
		text_add(text, "%s", at > fields ? " " : "");
		if (!add_field(text, data, *at))
			return false;
	}
	return data->at == data->end;
}

static void add_hex(struct text *text, const struct data *data)
{
	text_add(text, "\\# %zu ", data->end - data->at);
	for (size_t i = data->at; i < data->end; i++)
		text_add(text, "%02x", data->bytes[i]);
}

void net_record_add_data(struct text *text, const struct net_reply *reply,
	const struct dns_record *record)
{
	const struct row *row = find_row(record->type);
	const struct data whole = {
		.bytes = reply->bytes,
		.at = record->data_at,
		.end = record->end,
	};
	struct data data = whole;
	size_t before = text->used;

	if (row && row->fields && record->class == DNS_CLASS_IN &&
		add_fields(text, &data, row->fields))
		return;
	text->used = before;
	text->data[before] = '\0';
	add_hex(text, &whole);
}
