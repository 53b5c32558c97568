/* SPDX-License-Identifier: MIT */
/* wanted - what the config wants of the host's network */
#include "wanted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

#define WORDS_MAX     24
#define LINE_MAX_SIZE 4096
#define METRIC_MAX    1000000
#define MTU_MIN       68
#define MTU_MAX       65535

struct line {
	char bytes[LINE_MAX_SIZE];
	const char *words[WORDS_MAX];
	unsigned count;
};

static bool parse_number(const char *text, uint32_t min, uint32_t max,
	uint32_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || value > UINT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	if (value < min || value > max)
		return false;
	*number = (uint32_t)value;
	return true;
}

/* a name that the kernel takes, or a pattern of such: never a path */
static bool copy_name(char to[IF_NAMESIZE], const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IF_NAMESIZE || strpbrk(name, "/:") ||
		strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	memcpy(to, name, length + 1);
	return true;
}

static bool parse_mac(const char *text, uint8_t mac[6])
{
	if (strlen(text) != 17)
		return false;
	for (unsigned i = 0; i < 6; i++, text += 3) {
		char pair[3] = { text[0], text[1], '\0' }, *end;

		if (i < 5 && text[2] != ':')
			return false;
		if (!strchr("0123456789abcdefABCDEF", pair[0]) ||
			!strchr("0123456789abcdefABCDEF", pair[1]))
			return false;
		mac[i] = (uint8_t)strtoul(pair, &end, 16);
	}
	return true;
}

/* what may stand in resolv.conf, and in ntpd's arguments */
static bool is_name(const char *text)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%";
	size_t length = strlen(text);

	return length > 0 && length <= 253 && *text != '-' &&
	       strspn(text, good) == length;
}

/* add the words from first on, divided by single spaces */
static bool append_names(char *to, size_t size, const struct line *line,
	unsigned first)
{
	size_t used = strlen(to);

	for (unsigned i = first; i < line->count; i++) {
		size_t length = strlen(line->words[i]);

		if (!is_name(line->words[i]) || used + length + 2 > size)
			return false;
		if (used)
			to[used++] = ' ';
		memcpy(to + used, line->words[i], length + 1);
		used += length;
	}
	return true;
}

static struct wanted_link *current(struct wanted *wanted)
{
	return &wanted->links[wanted->links_count - 1];
}

static bool parse_device(struct wanted_link *link, const struct line *line)
{
	if (line->count == 3)
		return copy_name(link->name, line->words[2]);
	link->has_mac = true;
	return line->count == 4 && strcmp(line->words[2], "mac") == 0 &&
	       parse_mac(line->words[3], link->mac);
}

static bool parse_vlan(struct wanted_link *link, const struct line *line)
{
	uint32_t id;

	if (line->count != 5 || !copy_name(link->name, line->words[2]) ||
		!copy_name(link->parent, line->words[3]) ||
		!parse_number(line->words[4], 1, 4094, &id))
		return false;
	link->vlan = (uint16_t)id;
	return true;
}

static bool parse_members(struct wanted_link *link, const struct line *line,
	unsigned first)
{
	if (line->count > first + WANTED_MEMBERS_MAX)
		return false;
	for (unsigned i = first; i < line->count; i++)
		if (!copy_name(link->members[link->members_count++],
			    line->words[i]))
			return false;
	return true;
}

static bool parse_bond(struct wanted_link *link, const struct line *line)
{
	if (line->count < 4 || !copy_name(link->name, line->words[2]))
		return false;
	link->is_802_3ad = strcmp(line->words[3], "802.3ad") == 0;
	return (link->is_802_3ad ||
		       strcmp(line->words[3], "active-backup") == 0) &&
	       parse_members(link, line, 4);
}

static bool parse_bridge(struct wanted_link *link, const struct line *line)
{
	return line->count >= 3 && copy_name(link->name, line->words[2]) &&
	       parse_members(link, line, 3);
}

static bool parse_wireguard(struct wanted_link *link, const struct line *line)
{
	uint32_t port;

	if (line->count != 4 || !copy_name(link->name, line->words[2]) ||
		!parse_number(line->words[3], 0, 65535, &port))
		return false;
	link->port = (uint16_t)port;
	return true;
}

static const struct {
	const char *name;
	bool (*parse)(struct wanted_link *link, const struct line *line);
} kinds[] = {
	[WANTED_DEVICE] = { "device", parse_device },
	[WANTED_VLAN] = { "vlan", parse_vlan },
	[WANTED_BOND] = { "bond", parse_bond },
	[WANTED_BRIDGE] = { "bridge", parse_bridge },
	[WANTED_WIREGUARD] = { "wireguard", parse_wireguard },
};

static bool parse_link(struct wanted *wanted, const struct line *line)
{
	/* one is left for the block of a file without devices */
	if (wanted->links_count == WANTED_LINKS_MAX - 1 || line->count < 2)
		return false;
	struct wanted_link *link = &wanted->links[wanted->links_count++];
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(line->words[1], kinds[i].name) == 0) {
			link->kind = (enum wanted_kind)i;
			return kinds[i].parse(link, line);
		}
	return false;
}

static bool parse_dhcp(struct wanted *wanted, const struct line *line)
{
	(void)line;
	current(wanted)->has_dhcp = true;
	return true;
}

static bool parse_dhcp6(struct wanted *wanted, const struct line *line)
{
	(void)line;
	current(wanted)->has_dhcp6 = true;
	return true;
}

static bool parse_auto(struct wanted *wanted, const struct line *line)
{
	(void)line;
	current(wanted)->has_auto = true;
	return true;
}

static bool parse_address(struct wanted *wanted, const struct line *line)
{
	if (wanted->addresses_count == WANTED_ADDRESSES_MAX)
		return false;
	struct wanted_address *address =
		&wanted->addresses[wanted->addresses_count++];
	address->link = wanted->links_count - 1;
	return ip_parse_prefix(line->words[1], &address->at) &&
	       address->at.length > 0 && ip_is_host(&address->at.ip);
}

static struct wanted_route *add_route(struct wanted *wanted)
{
	if (wanted->routes_count == WANTED_ROUTES_MAX)
		return NULL;
	struct wanted_route *route = &wanted->routes[wanted->routes_count++];
	route->link = wanted->links_count - 1;
	return route;
}

/* a default route of the gateway's family */
static bool parse_gateway(struct wanted *wanted, const struct line *line)
{
	struct wanted_route *route = add_route(wanted);

	if (!route || !ip_parse(line->words[1], &route->via) ||
		!ip_is_host(&route->via))
		return false;
	route->to.ip.family = route->via.family;
	return true;
}

static bool parse_route(struct wanted *wanted, const struct line *line)
{
	struct wanted_route *route = add_route(wanted);
	bool is_on_link = strcmp(line->words[2], "-") == 0;

	if (!route || !ip_parse_prefix(line->words[1], &route->to))
		return false;
	route->to = ip_network(route->to);
	if (!is_on_link && (!ip_parse(line->words[2], &route->via) ||
				   !ip_is_host(&route->via) ||
				   route->via.family != route->to.ip.family))
		return false;
	return line->count < 4 ||
	       parse_number(line->words[3], 0, METRIC_MAX, &route->metric);
}

static bool parse_metric(struct wanted *wanted, const struct line *line)
{
	return parse_number(line->words[1], 0, METRIC_MAX,
		&current(wanted)->metric);
}

static bool parse_mtu(struct wanted *wanted, const struct line *line)
{
	return parse_number(line->words[1], MTU_MIN, MTU_MAX,
		&current(wanted)->mtu);
}

static bool parse_dns(struct wanted *wanted, const struct line *line)
{
	for (unsigned i = 1; i < line->count; i++) {
		if (wanted->servers_count == WANTED_SERVERS_MAX)
			return false;
		struct wanted_server *server =
			&wanted->servers[wanted->servers_count++];
		server->link = wanted->links_count - 1;
		if (!ip_parse(line->words[i], &server->ip))
			return false;
	}
	return true;
}

static bool parse_search(struct wanted *wanted, const struct line *line)
{
	return append_names(current(wanted)->search, WANTED_SEARCH_MAX, line,
		1);
}

/* "192.0.2.1:51820", "[2001:db8::1]:51820", "vpn.example.org:51820" */
static bool parse_endpoint(struct wanted_peer *peer, const char *text)
{
	char host[WANTED_HOST_MAX];
	const char *colon = strrchr(text, ':');
	uint32_t port;

	if (strcmp(text, "-") == 0)
		return true;
	if (!colon || !parse_number(colon + 1, 1, 65535, &port))
		return false;
	size_t length = (size_t)(colon - text);
	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	peer->port = (uint16_t)port;
	if (ip_parse(host, &peer->endpoint))
		return true;
	memcpy(peer->host, host, length + 1);
	return is_name(host) && !strchr(host, ':');
}

static bool parse_prefixes(struct wanted *wanted, const char *text)
{
	char one[IP_TEXT_MAX];

	while (*text) {
		size_t length = strcspn(text, ",");
		if (length >= sizeof(one) ||
			wanted->prefixes_count == WANTED_PREFIXES_MAX)
			return false;
		memcpy(one, text, length);
		one[length] = '\0';
		struct wanted_prefix *row =
			&wanted->prefixes[wanted->prefixes_count++];
		row->peer = wanted->peers_count - 1;
		if (!ip_parse_prefix(one, &row->prefix))
			return false;
		row->prefix = ip_network(row->prefix);
		text += length + (text[length] == ',');
	}
	return true;
}

static bool parse_peer(struct wanted *wanted, const struct line *line)
{
	uint32_t keepalive_s;

	if (current(wanted)->kind != WANTED_WIREGUARD ||
		wanted->peers_count == WANTED_PEERS_MAX)
		return false;
	struct wanted_peer *peer = &wanted->peers[wanted->peers_count++];
	peer->link = wanted->links_count - 1;
	peer->has_shared = strcmp(line->words[4], "-") != 0;
	if (!key_parse(line->words[1], peer->key) ||
		!parse_endpoint(peer, line->words[2]) ||
		!parse_number(line->words[3], 0, 65535, &keepalive_s) ||
		(peer->has_shared && !key_parse(line->words[4], peer->shared)))
		return false;
	peer->keepalive_s = (uint16_t)keepalive_s;
	return parse_prefixes(wanted, line->words[5]);
}

static bool parse_time(struct wanted *wanted, const struct line *line)
{
	*wanted->time_servers = '\0';
	if (strcmp(line->words[1], "dhcp") == 0)
		wanted->time = WANTED_TIME_DHCP;
	else if (strcmp(line->words[1], "none") == 0)
		wanted->time = WANTED_TIME_NONE;
	else if (strcmp(line->words[1], "servers") == 0 && line->count > 2)
		wanted->time = WANTED_TIME_SERVERS;
	else
		return false;
	return wanted->time != WANTED_TIME_SERVERS ||
	       append_names(wanted->time_servers, WANTED_TIME_MAX, line, 2);
}

static bool parse_version(struct wanted *wanted, const struct line *line)
{
	(void)wanted;
	return strcmp(line->words[1], "1") == 0;
}

static const struct word {
	const char *name;
	unsigned min, max; /* words of the line */
	bool is_of_link;
	bool (*parse)(struct wanted *wanted, const struct line *line);
} words[] = {
	{ "version", 2, 2, false, parse_version },
	{ "link", 2, WORDS_MAX, false, parse_link },
	{ "dhcp", 1, 1, true, parse_dhcp },
	{ "dhcp6", 1, 1, true, parse_dhcp6 },
	{ "auto", 1, 1, true, parse_auto },
	{ "address", 2, 2, true, parse_address },
	{ "gateway", 2, 2, true, parse_gateway },
	{ "route", 3, 4, true, parse_route },
	{ "metric", 2, 2, true, parse_metric },
	{ "mtu", 2, 2, true, parse_mtu },
	{ "dns", 2, WORDS_MAX, true, parse_dns },
	{ "search", 2, WORDS_MAX, true, parse_search },
	{ "peer", 6, 6, true, parse_peer },
	{ "time", 2, WORDS_MAX, false, parse_time },
};

/* cut a line into its words; false for one that is too long */
static bool split(struct line *line, const char *text, size_t length)
{
	if (length >= sizeof(line->bytes) || memchr(text, '\0', length))
		return false;
	memcpy(line->bytes, text, length);
	line->bytes[length] = '\0';
	line->count = 0;
	for (char *at = line->bytes; *at;) {
		at += strspn(at, " ");
		if (!*at)
			break;
		if (line->count == WORDS_MAX)
			return false;
		line->words[line->count++] = at;
		at += strcspn(at, " ");
		if (*at)
			*at++ = '\0';
	}
	return true;
}

static bool parse_line(struct wanted *wanted, const struct line *line)
{
	if (line->count == 0 || line->words[0][0] == '#')
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct word *word = &words[i];

		if (strcmp(line->words[0], word->name) != 0)
			continue;
		return line->count >= word->min && line->count <= word->max &&
		       (!word->is_of_link || wanted->links_count > 0) &&
		       word->parse(wanted, line);
	}
	return true; /* of a newer agent */
}

static bool is_end(const struct line *line)
{
	return line->count == 1 && strcmp(line->words[0], "end") == 0;
}

int wanted_parse(const char *text, size_t length, struct wanted *wanted,
	unsigned *number)
{
	static struct line line;

	memset(wanted, 0, sizeof(*wanted));
	for (*number = 1; length > 0; (*number)++) {
		const char *newline = memchr(text, '\n', length);
		size_t size = newline ? (size_t)(newline - text) : length;

		if (!split(&line, text, size))
			return -EINVAL;
		if (is_end(&line)) {
			wanted->links[wanted->links_count] =
				(struct wanted_link){
					.kind = WANTED_DEVICE,
					.has_dhcp = true,
					.has_auto = true,
				};
			return 0;
		}
		if (!parse_line(wanted, &line))
			return -EINVAL;
		size += newline != NULL;
		text += size;
		length -= size;
	}
	return -EAGAIN;
}

bool wanted_matches(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	while (*name) {
		if (*pattern == '*') {
			star = pattern++;
			from = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++from;
		} else
			return false;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool is_member(const struct wanted *wanted, const char *name)
{
	for (unsigned i = 0; i < wanted->links_count; i++)
		for (unsigned m = 0; m < wanted->links[i].members_count; m++)
			if (strcmp(wanted->links[i].members[m], name) == 0)
				return true;
	return false;
}

bool wanted_names(const struct wanted *wanted, const char *name)
{
	for (unsigned i = 0; i < wanted->links_count; i++)
		if (strcmp(wanted->links[i].name, name) == 0 ||
			strcmp(wanted->links[i].parent, name) == 0)
			return true;
	return is_member(wanted, name);
}

static bool is_exact(const struct wanted_link *link,
	const struct wanted_device *device)
{
	if (link->has_mac)
		return device->is_wired && device->mac &&
		       memcmp(link->mac, device->mac, sizeof(link->mac)) == 0;
	return strcmp(link->name, device->name) == 0;
}

int wanted_find(const struct wanted *wanted, const struct wanted_device *device)
{
	bool has_devices = false;

	for (unsigned i = 0; i < wanted->links_count; i++) {
		has_devices |= wanted->links[i].kind == WANTED_DEVICE;
		if (is_exact(&wanted->links[i], device))
			return (int)i;
	}
	if (!device->is_wired || is_member(wanted, device->name))
		return -1;
	for (unsigned i = 0; i < wanted->links_count; i++)
		if (wanted->links[i].kind == WANTED_DEVICE &&
			!wanted->links[i].has_mac &&
			wanted_matches(wanted->links[i].name, device->name))
			return (int)i;
	return has_devices ? -1 : (int)wanted->links_count;
}
