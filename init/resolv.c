/* SPDX-License-Identifier: MIT */
/* resolv - resolv.conf(5): the servers and domains that the interfaces know */
#include "resolv.h"

#include <stdio.h>
#include <string.h>

void resolv_add_server(struct resolv *resolv, const struct ip *ip,
	const char *interface)
{
	if (!ip_is_host(ip) || resolv->servers_count == RESOLV_SERVERS_MAX)
		return;
	for (unsigned i = 0; i < resolv->servers_count; i++)
		if (ip_equal(&resolv->servers[i].ip, ip))
			return;
	struct resolv_server *server =
		&resolv->servers[resolv->servers_count++];
	*server = (struct resolv_server){ .ip = *ip };
	if (ip_is_link_local(ip))
		(void)snprintf(server->zone, sizeof(server->zone), "%s",
			interface);
}

void resolv_add_search(struct resolv *resolv, const char *domains)
{
	if (!*resolv->search && strlen(domains) < sizeof(resolv->search))
		(void)snprintf(resolv->search, sizeof(resolv->search), "%s",
			domains);
}

size_t resolv_print(const struct resolv *resolv, char text[RESOLV_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];
	size_t length = 0;

	*text = '\0';
	for (unsigned i = 0; i < resolv->servers_count; i++) {
		const struct resolv_server *server = &resolv->servers[i];

		length += (size_t)snprintf(text + length,
			RESOLV_TEXT_MAX - length, "nameserver %s%s%s\n",
			ip_print(&server->ip, ip), *server->zone ? "%" : "",
			server->zone);
	}
	if (*resolv->search)
		length += (size_t)snprintf(text + length,
			RESOLV_TEXT_MAX - length, "search %s\n",
			resolv->search);
	return length;
}
