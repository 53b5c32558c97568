// SPDX-License-Identifier: MIT
/*
 * fuzz target of net: any text as /run/tare/net/names, or as resolv.conf
 *
 * A file is refused with a sentence of one line, or all its clients may ask.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "net/dns_answer.h"
#include "net/dns_message.h"
#include "net/dns_names.h"
#include "net/dns_upstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void ask(const struct dns_names *names, const struct dns_client *client)
{
	static const char *const asked[] = { "web", "tasks.web", "web.shop",
		"a.b.c", "2.0.20.172.in-addr.arpa" };
	static uint64_t random = 1;
	uint8_t out[DNS_UDP_SIZE];

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct dns_query query = {
			.flags = DNS_FLAG_RECURSE,
			.type = i == 4 ? DNS_TYPE_PTR : DNS_TYPE_A,
			.class = DNS_CLASS_IN,
		};
		struct dns_answer answer;

		require(dns_name_parse(asked[i], &query.name) == 0);
		memcpy(query.spelling, query.name.bytes, query.name.size);
		answer = dns_answer_query(names, &client->address, &query,
			&random, out, sizeof(out));
		require(answer.client != NULL);
		require(answer.size <= sizeof(out));
	}
}

static void check_line(const char *text)
{
	require(*text != '\0');
	for (; *text; text++)
		require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { .code = 0 };
	struct dns_names names;
	struct dns_servers servers;
	char *text = malloc(size + 1);

	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (dns_names_parse(&names, text, &err) < 0) {
		check_line(err.text);
		require(names.client_count == 0 && !names.arena.blocks);
	}
	for (size_t i = 0; i < names.client_count && i < 8; i++)
		ask(&names, &names.clients[i]);
	if (size > 0)
		memcpy(text, data, size);
	dns_upstream_parse(text, &names, &servers);
	require(servers.count <= DNS_SERVERS_MAX);
	dns_names_clear(&names);
	free(text);
	return 0;
}
