// SPDX-License-Identifier: MIT
/* net_dns - `tare net dns`: asks a name server and prints what it says */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/net_command.h"
#include "cli/net_confine.h"
#include "cli/net_host.h"
#include "cli/net_json.h"
#include "cli/net_names.h"
#include "cli/net_question.h"
#include "cli/net_record.h"
#include "cli/net_wait.h"
#include "lib/error.h"
#include "lib/text.h"

enum {
	TYPES_MAX = 2,
	DATA_BYTES = 8192,
	NAME_BYTES = 4 * DNS_NAME_MAX + 2,
};

/* What is to be asked, of whom, and where it is printed. */
struct inquiry {
	struct dns_name name;
	uint16_t types[TYPES_MAX];
	size_t type_count;
	const char *word; /* that was given as the name */
	struct net_host servers[NET_HOST_SERVERS_MAX];
	size_t server_count;
	const char *network; /* whose name server is asked, or NULL */
	uint16_t port;
	uint64_t wait_s;
	bool as_json;
	struct net_json json;
	size_t found; /* records of the types */
};

static struct net_names names; /* large */

/* ---- the command line ---------------------------------------------------- */

/* "4.3.2.1.in-addr.arpa", RFC 1035, 3.5, and RFC 3596, 2.5 */
static void reverse(const struct address *address, struct dns_name *out)
{
	static const char digits[] = "0123456789abcdef";
	bool is_6 = address->family == AF_INET6;
	char name[80];
	struct text text;

	text_init(&text, name, sizeof(name));
	for (size_t i = address_size(address); i > 0; i--) {
		unsigned int byte = address->bytes[i - 1];

		if (is_6)
			text_add(&text, "%c.%c.", digits[byte & 15],
				digits[byte >> 4]);
		else
			text_add(&text, "%u.", byte);
	}
	text_add(&text, is_6 ? "ip6.arpa" : "in-addr.arpa");
	/* such a name is always one */
	(void)dns_name_parse(name, out);
}

static int set_name(struct inquiry *inquiry, const char *word,
	struct error *err)
{
	struct address address;

	if (inquiry->name.size > 0)
		return error_set(err, -EINVAL,
			"'%s' is too much; write 'tare net dns NAME [TYPE] [@SERVER]'",
			word);
	inquiry->word = word;
	if (address_parse(word, &address) == 0) {
		reverse(&address, &inquiry->name);
		inquiry->types[0] = DNS_TYPE_PTR;
		inquiry->type_count = 1;
		return 0;
	}
	if (text_equal(word, ".")) {
		inquiry->name = (struct dns_name){ .size = 1 };
		return 0;
	}
	if (dns_name_parse(word, &inquiry->name) == 0)
		return 0;
	inquiry->name.size = 0;
	return error_set(err, -EINVAL,
		"'%s' is no name: its parts have 1 to 63 letters, all of it 253",
		word);
}

static int set_type(struct inquiry *inquiry, const char *word,
	struct error *err)
{
	const char *nearest;

	inquiry->type_count = 1;
	if (net_record_parse_type(word, &inquiry->types[0], &nearest) == 0)
		return 0;
	if (nearest)
		return error_set(err, -EINVAL,
			"unknown type '%s', did you mean '%s'?", word, nearest);
	return error_set(err, -EINVAL,
		"unknown type '%s'; write A, AAAA, MX, TXT ... or TYPE and a number",
		word);
}

static int set_server(struct inquiry *inquiry, const char *word,
	struct error *err)
{
	inquiry->server_count = 1;
	if (net_host_parse(word, &inquiry->servers[0]) < 0)
		return error_set(err, -EINVAL,
			"server '%s': must be an address, like @192.0.2.53",
			word);
	return 0;
}

static int read_arguments(const struct net_arguments *arguments,
	struct inquiry *inquiry, struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < arguments->word_count && result == 0; i++) {
		const char *word = arguments->words[i];

		if (word[0] == '@')
			result = set_server(inquiry, word + 1, err);
		else if (inquiry->name.size > 0 && inquiry->type_count == 0)
			result = set_type(inquiry, word, err);
		else
			result = set_name(inquiry, word, err);
	}
	if (result == 0 && inquiry->name.size == 0)
		return error_set(err, -EINVAL,
			"no name given; write 'tare net dns NAME [TYPE] [@SERVER]'");
	if (result == 0 && arguments->network && inquiry->server_count > 0)
		return error_set(err, -EINVAL,
			"--network %s asks the name server of that network, leave the other one out",
			arguments->network);
	if (inquiry->type_count == 0) {
		inquiry->types[0] = DNS_TYPE_A;
		inquiry->types[1] = DNS_TYPE_AAAA;
		inquiry->type_count = TYPES_MAX;
	}
	return result;
}

/* ---- what comes back ----------------------------------------------------- */

static void print_record(struct inquiry *inquiry, const struct dns_name *owner,
	const struct net_reply *reply, const struct dns_record *record)
{
	static char data_bytes[DATA_BYTES];
	char name_bytes[NAME_BYTES];
	char type[12];
	struct text data;
	struct text name;

	text_init(&data, data_bytes, sizeof(data_bytes));
	text_init(&name, name_bytes, sizeof(name_bytes));
	net_record_add_name(&name, owner);
	net_record_add_data(&data, reply, record);
	net_record_type(record->type, type);
	if (!inquiry->as_json) {
		printf("%s  %" PRIu32 "  %s  %s%s\n", name_bytes, record->ttl_s,
			type, data_bytes, data.is_cut ? " ..." : "");
		return;
	}
	net_json_open(&inquiry->json, NULL, '{');
	net_json_string(&inquiry->json, "name", name_bytes);
	net_json_number(&inquiry->json, "ttl_s", record->ttl_s);
	net_json_string(&inquiry->json, "type", type);
	net_json_string(&inquiry->json, "data", data_bytes);
	net_json_close(&inquiry->json, '}');
}

/* The answers; -EBADMSG when the rest of them is broken. */
static int print_records(struct inquiry *inquiry, const struct net_reply *reply)
{
	size_t at = DNS_HEADER_SIZE;

	if (dns_get16(reply->bytes + 4) == 0)
		return 0;
	/* that it is one is known */
	(void)dns_name_read(reply->bytes, reply->size, &at, NULL);
	at += 4;
	for (size_t i = 0; i < dns_get16(reply->bytes + 6); i++) {
		size_t name_at = at;
		struct dns_record record;
		struct dns_name owner;

		if (dns_record_read(reply->bytes, reply->size, at, &record) <
				0 ||
			dns_name_read(reply->bytes, reply->size, &name_at,
				&owner) < 0)
			return -EBADMSG;
		print_record(inquiry, &owner, reply, &record);
		inquiry->found++;
		at = record.end;
	}
	return 0;
}

static void print_answer(struct inquiry *inquiry,
	const struct net_question *question, const struct net_reply *reply)
{
	unsigned int code = dns_get16(reply->bytes + 2) & DNS_FLAG_CODE;
	size_t before = inquiry->found;
	char own[ADDRESS_TEXT_SIZE];
	char type[12];
	bool is_broken;

	net_record_type(question->type, type);
	address_print(&question->server, own);
	if (inquiry->as_json) {
		net_json_open(&inquiry->json, NULL, '{');
		net_json_string(&inquiry->json, "type", type);
		net_json_string(&inquiry->json, "server", own);
		if (inquiry->network)
			net_json_string(&inquiry->json, "network",
				inquiry->network);
		net_json_ms(&inquiry->json, "ms", reply->took_ns);
		net_json_bool(&inquiry->json, "tcp", reply->is_stream);
		net_json_number(&inquiry->json, "code", code);
		net_json_string(&inquiry->json, "says", net_record_code(code));
		net_json_open(&inquiry->json, "records", '[');
	}
	is_broken = print_records(inquiry, reply) < 0;
	if (inquiry->as_json) {
		net_json_close(&inquiry->json, ']');
		net_json_bool(&inquiry->json, "broken", is_broken);
		net_json_close(&inquiry->json, '}');
		return;
	}
	printf("%s: ", type);
	if (code == DNS_CODE_OK)
		printf("%zu record%s", inquiry->found - before,
			inquiry->found - before == 1 ? "" : "s");
	else
		printf("%s", net_record_code(code));
	printf(", from %s%s%s%s%s in %" PRIu64 ".%" PRIu64 " ms%s\n", own,
		inquiry->network ? " (network " : "",
		inquiry->network ? inquiry->network : "",
		inquiry->network ? ")" : "", reply->is_stream ? " by TCP" : "",
		reply->took_ns / 1000000, reply->took_ns / 100000 % 10,
		is_broken ? ", and the rest of it is broken" : "");
}

/* Of the servers, in order, the first that answers. */
static int ask(struct inquiry *inquiry, uint16_t type, struct net_wait *wait,
	struct error *err)
{
	static struct net_reply reply;
	struct net_question question = {
		.port = inquiry->port,
		.wait_s = inquiry->wait_s,
		.name = inquiry->name,
		.type = type,
	};
	int result = -ENOENT;

	for (size_t i = 0; i < inquiry->server_count; i++) {
		question.server = inquiry->servers[i].address;
		question.scope = inquiry->servers[i].scope;
		result = net_question_ask(&question, wait, &reply, err);
		if (result == 0) {
			print_answer(inquiry, &question, &reply);
			return 0;
		}
		if (result == -EINTR)
			break;
	}
	return result;
}

static int ask_types(struct inquiry *inquiry, struct net_wait *wait,
	struct error *err)
{
	int result = 0;

	for (size_t i = 0; i < inquiry->type_count && result == 0; i++)
		result = ask(inquiry, inquiry->types[i], wait, err);
	return result;
}

/* Each network where the name is known; else the servers that there are. */
static int ask_places(struct inquiry *inquiry, struct net_wait *wait,
	struct error *err)
{
	bool has_asked = names.count == 0;
	int result = has_asked ? ask_types(inquiry, wait, err) : 0;

	for (size_t i = 0; i < names.count && result == 0; i++) {
		const struct net_names_place *place = &names.places[i];

		if (!place->server.family)
			continue;
		has_asked = true;
		inquiry->network = place->network;
		inquiry->server_count = 1;
		inquiry->servers[0] =
			(struct net_host){ .address = place->server };
		result = ask_types(inquiry, wait, err);
	}
	if (!has_asked)
		return error_set(err, -ENOENT,
			"the network '%s' has no name server: the machine has no gateway in it",
			names.places[0].network);
	return result;
}

static int ask_all(struct inquiry *inquiry, struct error *err)
{
	struct net_wait wait;
	int result = net_wait_open(&wait, err);

	if (result == 0)
		result = net_confine(err);
	if (result < 0) {
		net_wait_close(&wait);
		return result;
	}
	if (inquiry->as_json)
		net_json_open(&inquiry->json, NULL, '[');
	result = ask_places(inquiry, &wait, err);
	if (inquiry->as_json) {
		net_json_close(&inquiry->json, ']');
		printf("\n");
	}
	net_wait_close(&wait);
	return result;
}

/* Who is to be asked: that of the command line, those of the networks where
 * workloads have the name, those of the machine. */
static int choose_servers(struct inquiry *inquiry, const char *network,
	struct error *err)
{
	int result;

	if (inquiry->server_count > 0)
		return 0;
	result = net_names_find(inquiry->word, network, &names, err);
	if (result < 0 || names.count > 0)
		return result;
	return net_host_servers(inquiry->servers, &inquiry->server_count, err);
}

/* Outside, a name of one label is none; perhaps it was meant to be ours. */
static void explain(const struct inquiry *inquiry)
{
	if (inquiry->found > 0 || (names.count > 0 && !names.nearest[0]) ||
		strchr(inquiry->word, '.') || strchr(inquiry->word, ':'))
		return;
	fprintf(stderr, "tare: net dns: no workload is called '%s'",
		inquiry->word);
	if (names.nearest[0])
		fprintf(stderr, ", did you mean '%s'?", names.nearest);
	(void)fputc('\n', stderr);
}

static int run(const struct net_arguments *arguments)
{
	struct inquiry inquiry = {
		.port = (uint16_t)arguments->port,
		.wait_s = arguments->wait_s,
		.as_json = arguments->as_json,
		.json.out = stdout,
	};
	bool has_server;
	struct error err;
	int result;

	if (read_arguments(arguments, &inquiry, &err) < 0) {
		fprintf(stderr, "tare: net dns: %s\n", err.text);
		return NET_STATUS_USAGE;
	}
	has_server = inquiry.server_count > 0;
	result = choose_servers(&inquiry, arguments->network, &err);
	if (result == 0)
		result = ask_all(&inquiry, &err);
	if (result < 0)
		(void)net_command_fail(&err);
	if (!has_server)
		explain(&inquiry);
	if (result < 0)
		return NET_STATUS_FAILURE;
	return inquiry.found > 0 ? NET_STATUS_OK : NET_STATUS_FAILURE;
}

static const struct net_option options[] = {
	{ "-W", NET_OPTION_NUMBER, NET_OPTION(wait_s), 1, 60, 3, "SECONDS",
		"wait for each server" },
	{ "-p", NET_OPTION_NUMBER, NET_OPTION(port), 1, 65535, 53, "PORT",
		"port of the server" },
	{ "--network", NET_OPTION_TEXT, NET_OPTION(network), 0, 0, 0, "NAME",
		"ask the name server of this network" },
	{ "--json", NET_OPTION_FLAG, NET_OPTION(as_json), 0, 0, 0, NULL,
		"print one array" },
};

const struct net_command net_dns = {
	.name = "dns",
	.usage = "NAME [TYPE] [@SERVER]",
	.help = "ask for a name of a workload or of the world, or for an address",
	.least = 1,
	.most = 3,
	NET_OPTIONS(options),
	.run = run,
};
