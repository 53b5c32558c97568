// SPDX-License-Identifier: MIT
/* dns_upstream - which server is asked next */
#include "net/dns_upstream.h"

#include <stdbool.h>
#include <string.h>

#include "lib/text.h"
#include "net/dns_names.h"

void dns_upstream_set_silent(struct dns_upstream *upstream,
	const struct address *server, uint64_t now_ms)
{
	size_t oldest = 0;

	for (size_t i = 0; i < DNS_UPSTREAM_SILENT_MAX; i++) {
		if (address_compare(&upstream->silent[i].server, server) == 0) {
			oldest = i;
			break;
		}
		if (upstream->silent[i].until_ms <
			upstream->silent[oldest].until_ms)
			oldest = i;
	}
	upstream->silent[oldest].server = *server;
	upstream->silent[oldest].until_ms = now_ms + DNS_UPSTREAM_SILENT_MS;
}

void dns_upstream_set_heard(struct dns_upstream *upstream,
	const struct address *server)
{
	for (size_t i = 0; i < DNS_UPSTREAM_SILENT_MAX; i++) {
		if (address_compare(&upstream->silent[i].server, server) == 0)
			upstream->silent[i].until_ms = 0;
	}
}

static bool is_silent(const struct dns_upstream *upstream,
	const struct address *server, uint64_t now_ms)
{
	for (size_t i = 0; i < DNS_UPSTREAM_SILENT_MAX; i++) {
		if (upstream->silent[i].until_ms > now_ms &&
			address_compare(&upstream->silent[i].server, server) ==
				0)
			return true;
	}
	return false;
}

void dns_upstream_order(const struct dns_upstream *upstream,
	const struct dns_servers *servers, uint64_t now_ms,
	struct dns_servers *out)
{
	out->count = 0;
	for (int wants_silent = 0; wants_silent < 2; wants_silent++) {
		for (size_t i = 0; i < servers->count; i++) {
			if (is_silent(upstream, &servers->list[i], now_ms) ==
				(wants_silent == 1))
				out->list[out->count++] = servers->list[i];
		}
	}
}

void dns_upstream_parse(char *text, const struct dns_names *names,
	struct dns_servers *out)
{
	static const char key[] = "nameserver";
	static const char blanks[] = " \t\r";

	out->count = 0;
	for (char *line = text, *next; *line; line = next) {
		size_t length = strcspn(line, "\n");
		struct address server;
		char *word = line + sizeof(key) - 1;

		next = line + length + (line[length] == '\n');
		line[length] = '\0';
		if (!text_starts_with(line, key) || !strchr(blanks, *word))
			continue;
		word += strspn(word, blanks);
		word[strcspn(word, blanks)] = '\0';
		if (out->count < DNS_SERVERS_MAX &&
			address_parse(word, &server) == 0 &&
			!dns_names_is_own(names, &server))
			out->list[out->count++] = server;
	}
}
