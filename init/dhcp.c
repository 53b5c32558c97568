/* SPDX-License-Identifier: MIT */
/* dhcp - what a DHCP server said, as far as we believe it */
#include "dhcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX        64
#define MTU_MIN         1280 /* with less the kernel takes IPv6 away (RFC 8200) */
#define MTU_MAX         9216
#define LEASE_MIN_S     60
#define LABEL_MAX       63
#define NAME_MAX_LENGTH 253

/* the next word of a list divided by blanks; false at the end; a word that is
 * too long comes out empty, which nothing accepts */
static bool next_word(const char **text, char word[WORD_MAX])
{
	*text += strspn(*text, " ");
	size_t length = strcspn(*text, " ");
	if (length == 0)
		return false;
	size_t kept = length < WORD_MAX ? length : 0;
	memcpy(word, *text, kept);
	word[kept] = '\0';
	*text += length;
	return true;
}

static bool parse_number(const char *text, uint32_t min, uint32_t max,
	uint32_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || *end || value < min || value > max)
		return false;
	*number = (uint32_t)value;
	return true;
}

static bool parse_ip(const char *text, uint32_t *ip)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return false;
	*ip = address.s_addr;
	return true;
}

/* an address that a host or a router can have */
static bool is_host(uint32_t ip)
{
	uint32_t host = ntohl(ip);

	return host >> 24 != 0 && host >> 24 != 127 && host >> 28 < 0xe;
}

/* nobody gets our loopback to route elsewhere; 0.0.0.0/1 is half the world */
static bool is_network(uint32_t ip)
{
	uint32_t network = ntohl(ip);

	return network >> 24 != 127 && network >> 28 < 0xe;
}

static bool parse_host(const char *text, uint32_t *ip)
{
	return parse_ip(text, ip) && is_host(*ip);
}

static bool parse_prefix(const char *text, uint8_t *prefix)
{
	uint32_t number;

	if (!parse_number(text, 0, 32, &number))
		return false;
	*prefix = (uint8_t)number;
	return true;
}

/* "255.255.255.0": ones, then zeros */
static bool parse_netmask(const char *text, uint8_t *prefix)
{
	uint32_t ip;

	if (!parse_ip(text, &ip))
		return false;
	uint32_t zeros = ~ntohl(ip);
	if (zeros & (zeros + 1))
		return false;
	*prefix = (uint8_t)(zeros ? __builtin_clz(zeros) : 32);
	return true;
}

static uint32_t network_of(uint32_t ip, uint8_t prefix)
{
	return prefix ? ip & htonl(~0U << (32 - prefix)) : 0;
}

static bool add_route(struct dhcp_lease *lease, const char *destination,
	const char *gateway)
{
	char text[WORD_MAX];
	const char *slash = strchr(destination, '/');
	struct dhcp_route route;

	if (lease->routes_count == DHCP_ROUTES_MAX || !slash)
		return false;
	memcpy(text, destination, (size_t)(slash - destination));
	text[slash - destination] = '\0';
	if (!parse_ip(text, &route.destination) ||
		!parse_prefix(slash + 1, &route.prefix) ||
		!parse_ip(gateway, &route.gateway) ||
		(route.gateway && !is_host(route.gateway)))
		return false;
	route.destination = network_of(route.destination, route.prefix);
	if (!is_network(route.destination))
		return false;
	lease->routes[lease->routes_count++] = route;
	return true;
}

/* "destination/prefix gateway ...", option 121; where it is given, option 3
 * must not be used (RFC 3442) */
static bool parse_static_routes(struct dhcp_lease *lease, const char *text)
{
	char destination[WORD_MAX], gateway[WORD_MAX];

	while (next_word(&text, destination))
		if (!next_word(&text, gateway) ||
			!add_route(lease, destination, gateway)) {
			lease->routes_count = 0;
			return false;
		}
	return true;
}

static bool parse_router(struct dhcp_lease *lease, const char *text)
{
	char word[WORD_MAX];
	uint32_t ip;

	/* of several the first is the one the server prefers */
	if (!next_word(&text, word) || !parse_host(word, &ip))
		return false;
	return add_route(lease, "0.0.0.0/0", word);
}

/* the good ones of a list, at most max; false when one is not good */
static bool parse_hosts(const char *text, uint32_t *hosts, unsigned max,
	unsigned *count)
{
	char word[WORD_MAX];
	bool all_good = true;

	while (*count < max && next_word(&text, word))
		if (parse_host(word, &hosts[*count]))
			(*count)++;
		else
			all_good = false;
	return all_good;
}

static bool parse_servers(struct dhcp_lease *lease, const char *text)
{
	return parse_hosts(text, lease->servers, DHCP_SERVERS_MAX,
		&lease->servers_count);
}

static bool parse_clocks(struct dhcp_lease *lease, const char *text)
{
	return parse_hosts(text, lease->clocks, DHCP_CLOCKS_MAX,
		&lease->clocks_count);
}

static bool parse_server(struct dhcp_lease *lease, const char *text)
{
	return parse_host(text, &lease->server);
}

/* letters, digits and hyphens in labels of at most 63 (RFC 1123, 2.1) */
static bool is_domain(const char *name, size_t length)
{
	size_t label = 0;

	if (length == 0 || length > NAME_MAX_LENGTH || name[0] == '.')
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		bool is_alphanumeric = (c >= 'a' && c <= 'z') ||
				       (c >= 'A' && c <= 'Z') ||
				       (c >= '0' && c <= '9');
		if (c == '.' && label > 0)
			label = 0;
		else if ((is_alphanumeric || (c == '-' && label > 0)) &&
			 label < LABEL_MAX)
			label++;
		else
			return false;
	}
	return true;
}

static bool parse_search(struct dhcp_lease *lease, const char *text)
{
	size_t used = strlen(lease->search);

	for (;;) {
		text += strspn(text, " ");
		size_t length = strcspn(text, " ");
		if (length == 0)
			return true;
		if (!is_domain(text, length) ||
			used + length + 2 > sizeof(lease->search))
			return false;
		if (used)
			lease->search[used++] = ' ';
		memcpy(lease->search + used, text, length);
		used += length;
		lease->search[used] = '\0';
		text += length;
	}
}

static bool parse_hostname(struct dhcp_lease *lease, const char *text)
{
	size_t length = strlen(text);

	if (!is_domain(text, length))
		return false;
	memcpy(lease->hostname, text, length + 1);
	return true;
}

static bool parse_mtu(struct dhcp_lease *lease, const char *text)
{
	return parse_number(text, MTU_MIN, MTU_MAX, &lease->mtu);
}

static const struct option {
	const char *name;
	bool (*parse)(struct dhcp_lease *lease, const char *text);
	const char *unless; /* not read when this one is there */
} options[] = {
	{ "staticroutes", parse_static_routes, NULL },
	{ "router", parse_router, "staticroutes" },
	{ "dns", parse_servers, NULL },
	{ "search", parse_search, NULL },
	{ "domain", parse_search, "search" },
	{ "mtu", parse_mtu, NULL },
	{ "serverid", parse_server, NULL },
	{ "ntpsrv", parse_clocks, NULL },
	{ "hostname", parse_hostname, NULL },
};

static const char *parse_address(struct dhcp_address *address,
	dhcp_lookup *lookup)
{
	const char *ip = lookup("ip");
	const char *subnet = lookup("subnet");
	const char *lease = lookup("lease");

	if (!ip || !parse_host(ip, &address->ip))
		return "the address is missing or no host's";
	address->prefix = 0;
	if (!subnet || !parse_netmask(subnet, &address->prefix) ||
		address->prefix == 0)
		return "the netmask is missing or none";
	address->lease_s = DHCP_FOR_EVER;
	if (lease && !parse_number(lease, 0, UINT32_MAX, &address->lease_s))
		return "the lease time is no number";
	if (address->lease_s < LEASE_MIN_S)
		address->lease_s = LEASE_MIN_S;
	return NULL;
}

const char *dhcp_parse(struct dhcp_lease *lease, dhcp_lookup *lookup,
	const char **ignored)
{
	memset(lease, 0, sizeof(*lease));
	*ignored = NULL;
	const char *reason = parse_address(&lease->address, lookup);
	if (reason)
		return reason;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const char *text = lookup(options[i].name);
		if (!text || (options[i].unless && lookup(options[i].unless)))
			continue;
		if (!options[i].parse(lease, text))
			*ignored = options[i].name;
	}
	return NULL;
}
