/* SPDX-License-Identifier: MIT */
/* dhcp6_lease - what a DHCPv6 server gave, and the file that it is in */
#include "dhcp6_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "file.h"
#include "text.h"

#define WORDS_MAX 8

uint32_t dhcp6_lease_left(const struct dhcp6_lease *lease, uint32_t time_s,
	int64_t now_s)
{
	int64_t left_s = lease->at_s + time_s - now_s;

	if (time_s == DHCP6_FOR_EVER)
		return time_s;
	if (left_s <= 0)
		return 0;
	/* a clock that went back gives nobody more */
	return left_s > time_s ? time_s : (uint32_t)left_s;
}

int dhcp6_lease_find(const struct dhcp6_lease *lease, const struct ip *ip)
{
	for (unsigned i = 0; i < lease->count; i++)
		if (ip_equal(&lease->addresses[i].ip, ip))
			return (int)i;
	return -1;
}

void dhcp6_lease_remove(struct dhcp6_lease *lease, unsigned which)
{
	lease->addresses[which] = lease->addresses[--lease->count];
}

bool dhcp6_lease_may_have(const struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return ip->family == AF_INET6 && ip_is_host(ip) &&
	       !ip_is_link_local(ip) && memcmp(ip->bytes, mapped, 12) != 0;
}

static void append_names(struct text *text, const struct dhcp6_names *names)
{
	char ip[IP_TEXT_MAX];

	for (unsigned i = 0; i < names->servers_count; i++)
		text_append(text, "dns %s\n", ip_print(&names->servers[i], ip));
	if (*names->search)
		text_append(text, "search %s\n", names->search);
	if (*names->clocks)
		text_append(text, "clocks %s\n", names->clocks);
}

size_t dhcp6_lease_print(const struct dhcp6_lease *lease,
	char bytes[DHCP6_LEASE_MAX])
{
	struct text text = { .bytes = bytes, .size = DHCP6_LEASE_MAX };
	char duid[DHCP6_DUID_TEXT_MAX], ip[IP_TEXT_MAX];

	text_append(&text, "at %lld\n", (long long)lease->at_s);
	text_append(&text, "times %lu %lu\n", (unsigned long)lease->t1_s,
		(unsigned long)lease->t2_s);
	if (lease->server.length)
		text_append(&text, "server %s\n",
			dhcp6_id_print(&lease->server, duid));
	if (lease->from.family)
		text_append(&text, "from %s\n", ip_print(&lease->from, ip));
	for (unsigned i = 0; i < lease->count; i++)
		text_append(&text, "address %s %lu %lu\n",
			ip_print(&lease->addresses[i].ip, ip),
			(unsigned long)lease->addresses[i].preferred_s,
			(unsigned long)lease->addresses[i].valid_s);
	append_names(&text, &lease->names);
	text_append(&text, "end\n");
	return text.length;
}

static bool read_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	*number = value;
	return !errno && !*end && value <= max;
}

static bool read_seconds(const char *text, uint32_t *seconds)
{
	uint64_t number;
	bool is_good = read_number(text, UINT32_MAX, &number);

	*seconds = is_good ? (uint32_t)number : 0;
	return is_good;
}

static bool parse_at(struct dhcp6_lease *lease, char **words)
{
	uint64_t number;
	bool is_good = read_number(words[0], INT64_MAX / 2000, &number);

	lease->at_s = is_good ? (int64_t)number : 0;
	return is_good;
}

static bool parse_times(struct dhcp6_lease *lease, char **words)
{
	return read_seconds(words[0], &lease->t1_s) &&
	       read_seconds(words[1], &lease->t2_s);
}

static bool parse_server(struct dhcp6_lease *lease, char **words)
{
	return dhcp6_id_parse(words[0], &lease->server);
}

static bool parse_from(struct dhcp6_lease *lease, char **words)
{
	return ip_parse(words[0], &lease->from) && ip_is_host(&lease->from) &&
	       lease->from.family == AF_INET6;
}

static bool parse_address(struct dhcp6_lease *lease, char **words)
{
	if (lease->count == DHCP6_ADDRESSES_MAX)
		return false;
	struct dhcp6_address *address = &lease->addresses[lease->count++];
	return ip_parse(words[0], &address->ip) &&
	       dhcp6_lease_may_have(&address->ip) &&
	       read_seconds(words[1], &address->preferred_s) &&
	       read_seconds(words[2], &address->valid_s) &&
	       address->preferred_s <= address->valid_s;
}

static bool parse_dns(struct dhcp6_lease *lease, char **words)
{
	struct dhcp6_names *names = &lease->names;

	return names->servers_count < DHCP6_SERVERS_MAX &&
	       ip_parse(words[0], &names->servers[names->servers_count++]) &&
	       ip_is_host(&names->servers[names->servers_count - 1]) &&
	       names->servers[names->servers_count - 1].family == AF_INET6;
}

/* words of names and addresses, with one space between */
static bool copy_words(const char *text, const char *more,
	char words[DHCP6_WORDS_MAX])
{
	char before = ' ';
	size_t length = strlen(text);

	if (length == 0 || length >= DHCP6_WORDS_MAX)
		return false;
	for (const char *c = text; *c; c++) {
		bool is_alphanumeric = (*c >= '0' && *c <= '9') ||
				       (*c >= 'a' && *c <= 'z') ||
				       (*c >= 'A' && *c <= 'Z');
		if (!is_alphanumeric &&
			(!strchr(more, *c) || (before == ' ' && *c != ':')))
			return false;
		before = *c;
	}
	memcpy(words, text, length + 1);
	return before != ' ';
}

static bool parse_search(struct dhcp6_lease *lease, char **words)
{
	return copy_words(words[0], " -.", lease->names.search);
}

static bool parse_clocks(struct dhcp6_lease *lease, char **words)
{
	return copy_words(words[0], " -.:", lease->names.clocks);
}

static const struct line {
	const char *word;
	int count; /* of words behind it; 1: all of them as one */
	bool (*parse)(struct dhcp6_lease *lease, char **words);
} lines[] = {
	{ "at", 1, parse_at },
	{ "times", 2, parse_times },
	{ "server", 1, parse_server },
	{ "from", 1, parse_from },
	{ "address", 3, parse_address },
	{ "dns", 1, parse_dns },
	{ "search", 1, parse_search },
	{ "clocks", 1, parse_clocks },
};

/* cut what stands before the next byte of this kind; NULL: there is none */
static char *cut(char *text, char at)
{
	char *end = strchr(text, at);

	if (end)
		*end++ = '\0';
	return end;
}

static bool parse_line(struct dhcp6_lease *lease, char *text)
{
	char *words[WORDS_MAX] = { NULL };
	int count = 0;

	words[0] = cut(text, ' ');
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (strcmp(text, lines[i].word) != 0)
			continue;
		while (words[count] && ++count < lines[i].count)
			words[count] = cut(words[count - 1], ' ');
		return count == lines[i].count && lines[i].parse(lease, words);
	}
	return false;
}

int dhcp6_lease_parse(char *text, struct dhcp6_lease *lease)
{
	*lease = (struct dhcp6_lease){ 0 };
	for (char *line = text, *next; line; line = next) {
		next = cut(line, '\n');
		if (strcmp(line, "end") == 0)
			return 0;
		if (!parse_line(lease, line))
			break;
	}
	*lease = (struct dhcp6_lease){ 0 };
	return -EBADMSG;
}

int dhcp6_lease_read(const char *path, struct dhcp6_lease *lease)
{
	char text[DHCP6_LEASE_MAX + 1];

	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	ssize_t length = read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return dhcp6_lease_parse(text, lease);
}
