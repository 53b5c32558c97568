// SPDX-License-Identifier: MIT
/* net_trace - `tare net trace`: the routers on the way to a host */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cli/net_command.h"
#include "cli/net_confine.h"
#include "cli/net_host.h"
#include "cli/net_json.h"
#include "cli/net_probe.h"
#include "cli/net_wait.h"
#include "lib/error.h"

enum {
	EACH = 3, /* probes of a hop, all at once */
	HOPS_MAX = 64,
};

/* What became of a probe. */
struct sent {
	uint64_t begin_ns;
	uint64_t took_ns;
	struct net_answer answer; /* of kind NONE: nobody said anything */
};

struct trace {
	const char *name;
	struct net_host host;
	struct net_probe probe;
	struct net_wait wait;
	uint64_t hops;
	uint64_t wait_s;
	struct sent sent[EACH]; /* of the hop that is asked */
	bool has_ended;         /* there, or no way further */
	bool is_reached;
	bool as_json;
	struct net_json json;
};

/* ---- what is printed ----------------------------------------------------- */

static void print_begin(struct trace *trace)
{
	char own[ADDRESS_TEXT_SIZE];

	address_print(&trace->host.address, own);
	if (!trace->as_json) {
		printf("trace %s (%s)\n", trace->name, own);
		return;
	}
	net_json_open(&trace->json, NULL, '{');
	net_json_string(&trace->json, "host", trace->name);
	net_json_string(&trace->json, "address", own);
	net_json_open(&trace->json, "hops", '[');
}

static void print_one(const struct sent *sent, const struct address *before)
{
	const struct net_answer *answer = &sent->answer;
	char own[ADDRESS_TEXT_SIZE];

	if (answer->kind == NET_ANSWER_NONE) {
		printf("  -");
		return;
	}
	if (address_compare(&answer->from, before) != 0)
		printf("  %s", address_print(&answer->from, own));
	printf("  %" PRIu64 ".%03" PRIu64 " ms", sent->took_ns / 1000000,
		sent->took_ns / 1000 % 1000);
	if (answer->kind == NET_ANSWER_UNREACHABLE)
		printf(" (%s)", net_probe_reason(answer));
}

static void print_text(const struct trace *trace, unsigned int hop)
{
	struct address before = { 0 };

	printf("%2u", hop);
	for (size_t i = 0; i < EACH; i++) {
		print_one(&trace->sent[i], &before);
		if (trace->sent[i].answer.kind != NET_ANSWER_NONE)
			before = trace->sent[i].answer.from;
	}
	printf("\n");
	(void)fflush(stdout);
}

static void print_json(struct trace *trace, unsigned int hop)
{
	struct net_json *json = &trace->json;

	net_json_open(json, NULL, '{');
	net_json_number(json, "hop", hop);
	net_json_open(json, "answers", '[');
	for (size_t i = 0; i < EACH; i++) {
		const struct sent *sent = &trace->sent[i];

		if (sent->answer.kind == NET_ANSWER_NONE)
			continue;
		net_json_open(json, NULL, '{');
		net_json_address(json, "from", &sent->answer.from);
		net_json_ms(json, "ms", sent->took_ns);
		if (sent->answer.kind == NET_ANSWER_UNREACHABLE)
			net_json_string(json, "error",
				net_probe_reason(&sent->answer));
		net_json_close(json, '}');
	}
	net_json_close(json, ']');
	net_json_close(json, '}');
}

static void print_end(struct trace *trace, unsigned int hop)
{
	if (trace->as_json) {
		net_json_close(&trace->json, ']');
		net_json_bool(&trace->json, "reached", trace->is_reached);
		net_json_close(&trace->json, '}');
		printf("\n");
	} else if (trace->is_reached) {
		printf("reached at hop %u\n", hop);
	} else {
		printf("not reached within %u hop%s\n", hop,
			hop == 1 ? "" : "s");
	}
}

/* ---- what is done -------------------------------------------------------- */

/* Numbers go on from hop to hop: an answer that is late is none of the next. */
static uint16_t sequence_of(unsigned int hop, size_t i)
{
	return (uint16_t)((hop - 1) * EACH + i + 1);
}

static void take_answer(struct trace *trace, unsigned int hop,
	const struct net_answer *answer)
{
	for (size_t i = 0; i < EACH; i++) {
		struct sent *sent = &trace->sent[i];

		if (answer->sequence != sequence_of(hop, i) ||
			sent->answer.kind != NET_ANSWER_NONE)
			continue;
		sent->took_ns = net_wait_now() - sent->begin_ns;
		sent->answer = *answer;
		if (answer->kind != NET_ANSWER_EXCEEDED)
			trace->has_ended = true;
		if (answer->kind == NET_ANSWER_ECHO)
			trace->is_reached = true;
	}
}

static bool is_complete(const struct trace *trace)
{
	for (size_t i = 0; i < EACH; i++) {
		if (trace->sent[i].answer.kind == NET_ANSWER_NONE)
			return false;
	}
	return true;
}

static int send_all(struct trace *trace, unsigned int hop)
{
	for (size_t i = 0; i < EACH; i++) {
		int result;

		trace->sent[i] = (struct sent){ .begin_ns = net_wait_now() };
		result =
			net_probe_send(&trace->probe, sequence_of(hop, i), hop);
		if (result < 0)
			return result;
	}
	return 0;
}

static int ask_hop(struct trace *trace, unsigned int hop)
{
	uint64_t end_ns = net_wait_now() + trace->wait_s * NET_WAIT_S;
	int result = send_all(trace, hop);

	while (result == 0 && !is_complete(trace)) {
		struct net_answer answer;

		result = net_wait_for(&trace->wait, trace->probe.fd, POLLIN,
			end_ns);
		if (result <= 0)
			break;
		result = net_probe_receive(&trace->probe, &answer);
		if (result == 1)
			take_answer(trace, hop, &answer);
		result = result < 0 ? result : 0;
	}
	return result;
}

static int trace_all(struct trace *trace, struct error *err)
{
	unsigned int hop = 0;
	int result = 0;

	while (hop < trace->hops && !trace->has_ended && result == 0) {
		result = ask_hop(trace, ++hop);
		if (trace->as_json)
			print_json(trace, hop);
		else
			print_text(trace, hop);
	}
	print_end(trace, hop);
	if (result == -EINTR || result == 0)
		return 0;
	return error_set(err, result, "send to '%s': %s", trace->name,
		strerror(-result));
}

static int trace_host(struct trace *trace, struct error *err)
{
	int result = net_confine(err);

	if (result == 0)
		result = net_host_find(trace->name, &trace->wait, &trace->host,
			err);
	if (result == 0)
		result = net_probe_aim(&trace->probe, &trace->host, err);
	if (result < 0)
		return result;
	print_begin(trace);
	return trace_all(trace, err);
}

static int run(const struct net_arguments *arguments)
{
	struct trace trace = {
		.name = arguments->words[0],
		.hops = arguments->hops,
		.wait_s = arguments->wait_s,
		.as_json = arguments->as_json,
		.json.out = stdout,
		.probe.fds = { -1, -1 },
	};
	struct error err;
	int result = net_wait_open(&trace.wait, &err);

	if (result == 0)
		result = net_probe_open(&trace.probe, &err);
	if (result == 0)
		result = trace_host(&trace, &err);
	net_probe_close(&trace.probe);
	net_wait_close(&trace.wait);
	if (result < 0) {
		(void)fflush(stdout);
		return net_command_fail(&err);
	}
	return trace.is_reached ? NET_STATUS_OK : NET_STATUS_FAILURE;
}

static const struct net_option options[] = {
	{ "-m", NET_OPTION_NUMBER, NET_OPTION(hops), 1, HOPS_MAX, 30, "HOPS",
		"hops to try" },
	{ "-W", NET_OPTION_NUMBER, NET_OPTION(wait_s), 1, 60, 1, "SECONDS",
		"wait for each hop" },
	{ "--json", NET_OPTION_FLAG, NET_OPTION(as_json), 0, 0, 0, NULL,
		"print one object" },
};

const struct net_command net_trace = {
	.name = "trace",
	.usage = "HOST [-m HOPS] [-W SECONDS]",
	.help = "list the routers on the way to a host",
	.least = 1,
	.most = 1,
	NET_OPTIONS(options),
	.run = run,
};
