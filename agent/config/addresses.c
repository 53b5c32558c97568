// SPDX-License-Identifier: MIT
/* addresses - addresses of all kinds, as values of keys */
#include "config/addresses.h"

#include <string.h>
#include <sys/socket.h>

#include "config/node.h"
#include "config/reader.h"
#include "lib/address.h"

#define MAC_EXAMPLE "six bytes such as 02:42:ac:11:00:02"

static const char *example_of(int family)
{
	if (family == AF_INET)
		return "an IPv4 address such as 172.20.0.10";
	if (family == AF_INET6)
		return "an IPv6 address such as fd00:20::10";
	return "an address such as 192.0.2.10 or 2001:db8::10";
}

bool address_read(struct reader *reader, const struct node *node, int family,
	struct address *out)
{
	const char *expected = example_of(family);
	const char *text = reader_text(reader, node, expected);
	struct address address;
	struct prefix prefix;

	if (!text)
		return false;
	if (address_parse(text, &address) == 0 &&
		(family == 0 || address.family == family)) {
		*out = address;
		return true;
	}
	if (strchr(text, '/') && prefix_parse(text, &prefix) == 0)
		reader_error(reader, node->mark,
			"'%.60s' has the length of a subnet, which is not for here; write '%.*s'",
			text, (int)strcspn(text, "/"), text);
	else
		reader_error(reader, node->mark, "'%.60s' is wrong, write %s",
			text, expected);
	return false;
}

bool server_read(struct reader *reader, const struct node *node,
	struct address *out)
{
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	if (!address_read(reader, node, 0, &address))
		return false;
	if (address_is_any(&address) || address_is_multicast(&address)) {
		reader_error(reader, node->mark,
			"'%s' is the address of nobody, write that of a name server, such as 192.0.2.53",
			address_print(&address, text));
		return false;
	}
	*out = address;
	return true;
}

struct prefix subnet_of(const struct prefix *prefix)
{
	struct prefix result = *prefix;

	for (size_t bit = prefix->length;
		bit < 8 * address_size(&prefix->address); bit++)
		result.address.bytes[bit / 8] &=
			(uint8_t) ~(0x80U >> (bit % 8));
	return result;
}

/* A subnet is told from an address by its length. */
static void report_length(struct reader *reader, struct mark mark,
	const struct address *address)
{
	struct prefix subnet = { *address, 64 };
	char text[ADDRESS_TEXT_SIZE];
	char right[PREFIX_TEXT_SIZE];

	if (address->family == AF_INET) {
		subnet.length = 16;
		subnet.length = prefix_is_clean(&subnet) ? 16 : 24;
	}
	subnet = subnet_of(&subnet);
	reader_error(reader, mark,
		"'%s' lacks the length of a subnet, write it, too, such as '%s'",
		address_print(address, text), prefix_print(&subnet, right));
}

static bool read_clean(struct reader *reader, const struct node *node,
	bool needs_length, const char *expected, struct prefix *out)
{
	const char *text = reader_text(reader, node, expected);
	char right[PREFIX_TEXT_SIZE];
	struct prefix prefix;
	struct prefix subnet;

	if (!text)
		return false;
	if (prefix_parse(text, &prefix) < 0) {
		reader_error(reader, node->mark, "'%.60s' is wrong, write %s",
			text, expected);
		return false;
	}
	if (needs_length && !strchr(text, '/')) {
		report_length(reader, node->mark, &prefix.address);
		return false;
	}
	if (prefix_is_clean(&prefix)) {
		*out = prefix;
		return true;
	}
	subnet = subnet_of(&prefix);
	reader_error(reader, node->mark,
		"'%.60s' is an address in a subnet; the subnet is '%s', write that",
		text, prefix_print(&subnet, right));
	return false;
}

bool subnet_read(struct reader *reader, const struct node *node,
	struct prefix *out)
{
	return read_clean(reader, node, true, "a subnet such as 172.20.0.0/16",
		out);
}

bool prefix_read(struct reader *reader, const struct node *node,
	struct prefix *out)
{
	return read_clean(reader, node, false,
		"a subnet such as 192.0.2.0/24, or an address", out);
}

bool address_is_end(const struct prefix *prefix)
{
	const struct address *address = &prefix->address;
	bool is_last = address->family == AF_INET;

	if (prefix_is_clean(prefix))
		return true;
	for (size_t bit = prefix->length; bit < 8 * address_size(address);
		bit++)
		is_last = is_last &&
			  (address->bytes[bit / 8] & (0x80U >> (bit % 8)));
	return is_last;
}

bool address_is_any(const struct address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

bool address_is_of_link(const struct address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

static int read_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits each, with ':' or '-' between. */
static bool parse_mac(const char *text, uint8_t out[6])
{
	for (size_t i = 0; i < 6; i++, text += 3) {
		int high = read_digit(text[0]);
		int low = high < 0 ? -1 : read_digit(text[1]);
		bool is_end = i == 5;

		if (low < 0 || (is_end && text[2]) ||
			(!is_end && text[2] != ':' && text[2] != '-'))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool mac_is_set(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, sizeof(none)) != 0;
}

bool mac_read(struct reader *reader, const struct node *node, uint8_t out[6])
{
	const char *text = reader_text(reader, node, MAC_EXAMPLE);
	uint8_t mac[6];

	if (!text)
		return false;
	if (!parse_mac(text, mac)) {
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write " MAC_EXAMPLE, text);
		return false;
	}
	if ((mac[0] & 1) || !mac_is_set(mac)) {
		reader_error(reader, node->mark,
			"'%.60s' is not the address of one card; write one whose first byte is even, such as 02:42:ac:11:00:02",
			text);
		return false;
	}
	memcpy(out, mac, sizeof(mac));
	return true;
}
