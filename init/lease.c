/* SPDX-License-Identifier: MIT */
/* lease - what a DHCP server gave, in a file */
#include "lease.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "text.h"

#define ROWS_MAX 16

int64_t lease_now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

static const char *print_ip(uint32_t ip, char text[INET_ADDRSTRLEN])
{
	const struct in_addr address = { .s_addr = ip };

	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

static void append_hosts(struct text *text, const char *name,
	const uint32_t *hosts, unsigned count)
{
	char ip[INET_ADDRSTRLEN];

	if (count == 0)
		return;
	text_append(text, "%s", name);
	for (unsigned i = 0; i < count; i++)
		text_append(text, " %s", print_ip(hosts[i], ip));
	text_append(text, "\n");
}

static void append_routes(struct text *text, const struct dhcp_lease *lease)
{
	char to[INET_ADDRSTRLEN], via[INET_ADDRSTRLEN];

	if (lease->routes_count == 0)
		return;
	text_append(text, "staticroutes");
	for (unsigned i = 0; i < lease->routes_count; i++)
		text_append(text, " %s/%u %s",
			print_ip(lease->routes[i].destination, to),
			lease->routes[i].prefix,
			print_ip(lease->routes[i].gateway, via));
	text_append(text, "\n");
}

size_t lease_print(const struct dhcp_lease *lease, int64_t at_s,
	char bytes[LEASE_TEXT_MAX])
{
	struct text text = { .bytes = bytes, .size = LEASE_TEXT_MAX };
	const uint8_t prefix = lease->address.prefix;
	const uint32_t mask = prefix ? htonl(~0U << (32 - prefix)) : 0;

	text_append(&text, "at %lld\n", (long long)at_s);
	append_hosts(&text, "ip", &lease->address.ip, 1);
	append_hosts(&text, "subnet", &mask, 1);
	text_append(&text, "lease %lu\n",
		(unsigned long)lease->address.lease_s);
	append_routes(&text, lease);
	append_hosts(&text, "dns", lease->servers, lease->servers_count);
	if (*lease->search)
		text_append(&text, "search %s\n", lease->search);
	if (lease->mtu)
		text_append(&text, "mtu %lu\n", (unsigned long)lease->mtu);
	append_hosts(&text, "serverid", &lease->server, lease->server != 0);
	append_hosts(&text, "ntpsrv", lease->clocks, lease->clocks_count);
	if (*lease->hostname)
		text_append(&text, "hostname %s\n", lease->hostname);
	return text.length;
}

/* what dhcp_parse looks up */
static struct {
	const char *names[ROWS_MAX], *values[ROWS_MAX];
	unsigned count;
} rows;

static const char *look_up(const char *name)
{
	for (unsigned i = 0; i < rows.count; i++)
		if (strcmp(rows.names[i], name) == 0)
			return rows.values[i];
	return NULL;
}

static void split(char *text)
{
	rows.count = 0;
	for (char *line = text, *next; line && rows.count < ROWS_MAX;
		line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		char *space = strchr(line, ' ');
		if (!space)
			continue;
		*space = '\0';
		rows.names[rows.count] = line;
		rows.values[rows.count++] = space + 1;
	}
}

int lease_parse(char *text, struct dhcp_lease *lease, int64_t *at_s)
{
	const char *ignored;
	char *end;

	split(text);
	const char *at = look_up("at");
	const char *reason = dhcp_parse(lease, look_up, &ignored);
	if (reason || !at || *at < '0' || *at > '9')
		return -EBADMSG;
	errno = 0;
	*at_s = strtoll(at, &end, 10);
	return *end || errno ? -EBADMSG : 0;
}

int lease_read(const char *path, struct dhcp_lease *lease, int64_t *at_s)
{
	char text[LEASE_TEXT_MAX];
	ssize_t length = file_read(path, text, sizeof(text));

	return length < 0 ? (int)length : lease_parse(text, lease, at_s);
}
