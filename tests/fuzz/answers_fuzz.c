// SPDX-License-Identifier: MIT
/*
 * fuzz target of cli: any bytes as what `tare net` gets from others
 *
 * The first byte says what they are: an ICMP packet, an answer of a name
 * server, a file of the network's state.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/net_host.h"
#include "cli/net_names.h"
#include "cli/net_probe.h"
#include "cli/net_question.h"
#include "cli/net_record.h"
#include "cli/net_show.h"
#include "lib/arena.h"
#include "lib/text.h"
#include "net/survey.h"
#include "net/survey_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void read_packet(const uint8_t *data, size_t size, const char *to)
{
	struct net_probe probe = { .id = 0x3030 };
	struct net_answer answer;

	require(address_parse(to, &probe.to) == 0);
	net_probe_parse(&probe, data, size, &answer);
	answer.from.family = probe.to.family;
	require(net_probe_reason(&answer) != NULL);
}

/* What is printed has neither controls nor bytes that are no ASCII. */
static void print_record(const struct net_reply *reply,
	const struct dns_record *record)
{
	static char bytes[4096];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	net_record_add_data(&text, reply, record);
	for (const char *at = bytes; *at; at++)
		require(*at >= ' ' && *at < 0x7f);
}

static void read_reply(const uint8_t *data, size_t size)
{
	static struct net_reply reply;
	struct net_question question = { .type = DNS_TYPE_A };
	size_t at = 0;
	struct dns_record record;

	reply.size = size < sizeof(reply.bytes) ? size : sizeof(reply.bytes);
	memcpy(reply.bytes, data, reply.size);
	require(dns_name_parse("web", &question.name) == 0);
	(void)net_question_fits(&question, 0x3030, reply.bytes, reply.size);
	while (at <= reply.size &&
		dns_record_read(reply.bytes, reply.size, at, &record) == 0) {
		print_record(&reply, &record);
		at = record.end;
	}
}

static char *copy(struct arena *arena, const uint8_t *data, size_t size)
{
	char *text = arena_copy(arena, (const char *)data, size);

	require(text != NULL);
	return text;
}

static void read_files(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	static struct net_names places;
	struct net_host servers[NET_HOST_SERVERS_MAX];
	auto_arena arena = { 0 };
	struct survey survey;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	require(nowhere && survey_init(&survey, &arena) == 0);
	survey.links[survey.link_count++] = (struct survey_link){
		.index = 1,
		.name = "eth0",
		.kind = "",
		.alias = "",
		.state = "up",
	};
	(void)survey_read_state(&survey, copy(&arena, data, size), NULL);
	(void)survey_read_ports(&survey, copy(&arena, data, size), NULL);
	(void)survey_read_names(&survey, copy(&arena, data, size), NULL);
	net_show_text(&survey, nowhere);
	net_show_json(&survey, nowhere);
	(void)net_host_parse_servers(copy(&arena, data, size), servers);
	(void)net_host_find_workload(copy(&arena, data, size), "web", servers);
	/* both are one text here: each passes over the other's lines */
	(void)net_names_parse(copy(&arena, data, size),
		copy(&arena, data, size), "web.shop", NULL, &places, NULL);
	(void)net_names_parse(copy(&arena, data, size),
		copy(&arena, data, size), "wbe", "front", &places, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		read_packet(data + 1, size - 1, "48.48.48.48");
		break;
	case 1:
		read_packet(data + 1, size - 1, "3030::3030");
		break;
	case 2:
		read_reply(data + 1, size - 1);
		break;
	default:
		read_files(data + 1, size - 1);
	}
	return 0;
}
