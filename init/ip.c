/* SPDX-License-Identifier: MIT */
/* ip - addresses and prefixes of both families */
#include "ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

size_t ip_size(uint8_t family)
{
	if (family == AF_INET)
		return 4;
	return family == AF_INET6 ? 16 : 0;
}

struct ip ip_of4(uint32_t address)
{
	struct ip ip = { .family = AF_INET };

	memcpy(ip.bytes, &address, sizeof(address));
	return ip;
}

bool ip_parse(const char *text, struct ip *ip)
{
	*ip = (struct ip){ .family = AF_INET };
	if (inet_pton(AF_INET, text, ip->bytes) == 1)
		return true;
	ip->family = AF_INET6;
	if (inet_pton(AF_INET6, text, ip->bytes) == 1)
		return true;
	*ip = (struct ip){ 0 };
	return false;
}

bool ip_parse_prefix(const char *text, struct ip_prefix *prefix)
{
	char address[IP_TEXT_MAX];
	const char *slash = strchr(text, '/');
	unsigned length = 0;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!ip_parse(address, &prefix->ip))
		return false;
	const char *digit = slash + 1;
	for (; *digit >= '0' && *digit <= '9' && digit - slash <= 3; digit++)
		length = length * 10 + (unsigned)(*digit - '0');
	if (digit == slash + 1 || *digit ||
		length > 8 * ip_size(prefix->ip.family))
		return false;
	prefix->length = (uint8_t)length;
	return true;
}

const char *ip_print(const struct ip *ip, char text[IP_TEXT_MAX])
{
	if (!ip->family || !inet_ntop(ip->family, ip->bytes, text, IP_TEXT_MAX))
		(void)snprintf(text, IP_TEXT_MAX, "-");
	return text;
}

const char *ip_print_prefix(const struct ip_prefix *prefix,
	char text[IP_TEXT_MAX])
{
	char address[IP_TEXT_MAX];

	(void)snprintf(text, IP_TEXT_MAX, "%.50s/%u",
		ip_print(&prefix->ip, address), prefix->length);
	return text;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, ip_size(a->family)) == 0;
}

bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return a->length == b->length && ip_equal(&a->ip, &b->ip);
}

bool ip_is_host(const struct ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 }, zero[16];

	if (ip->family == AF_INET)
		return ip->bytes[0] != 0 && ip->bytes[0] != 127 &&
		       ip->bytes[0] >> 4 < 0xe;
	return ip->family == AF_INET6 && ip->bytes[0] != 0xff &&
	       memcmp(ip->bytes, one, 16) != 0 &&
	       memcmp(ip->bytes, zero, 16) != 0;
}

bool ip_is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->bytes[0] == 0xfe &&
	       (ip->bytes[1] & 0xc0) == 0x80;
}

struct ip_prefix ip_network(struct ip_prefix prefix)
{
	for (unsigned bit = prefix.length; bit < 128; bit++)
		prefix.ip.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}
