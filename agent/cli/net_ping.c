// SPDX-License-Identifier: MIT
/* net_ping - `tare net ping`: whether a host answers, and how fast */
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
	COUNT_MAX = 1000,
};

struct ping {
	const char *name;
	struct net_host host;
	struct net_probe probe;
	struct net_wait wait;
	uint64_t count;
	uint64_t wait_s;
	uint64_t begin_ns[COUNT_MAX + 1]; /* by sequence number; 0: answered */
	uint64_t sent;
	uint64_t received;
	uint64_t least_ns, most_ns, total_ns;
	bool as_json;
	struct net_json json;
};

/* "1.234" */
static void print_ms(uint64_t value_ns)
{
	printf("%" PRIu64 ".%03" PRIu64, value_ns / 1000000,
		value_ns / 1000 % 1000);
}

/* ---- what is printed ----------------------------------------------------- */

static void print_begin(struct ping *ping)
{
	char own[ADDRESS_TEXT_SIZE];

	address_print(&ping->host.address, own);
	if (!ping->as_json) {
		printf("ping %s (%s)\n", ping->name, own);
		return;
	}
	net_json_open(&ping->json, NULL, '{');
	net_json_string(&ping->json, "host", ping->name);
	net_json_string(&ping->json, "address", own);
	net_json_open(&ping->json, "answers", '[');
}

static void print_echo(struct ping *ping, const struct net_answer *answer,
	uint64_t took_ns)
{
	char own[ADDRESS_TEXT_SIZE];

	if (ping->as_json) {
		net_json_number(&ping->json, "ttl", answer->ttl);
		net_json_ms(&ping->json, "ms", took_ns);
		return;
	}
	printf("%u: %s answers in ", answer->sequence,
		address_print(&answer->from, own));
	print_ms(took_ns);
	printf(" ms, ttl %u\n", answer->ttl);
}

static void print_error(struct ping *ping, const struct net_answer *answer)
{
	const char *reason = answer->kind == NET_ANSWER_EXCEEDED
				     ? "too many hops"
				     : net_probe_reason(answer);
	char own[ADDRESS_TEXT_SIZE];

	if (ping->as_json) {
		net_json_string(&ping->json, "error", reason);
		if (answer->is_too_big)
			net_json_number(&ping->json, "mtu", answer->mtu);
		return;
	}
	printf("%u: %s says: %s", answer->sequence,
		address_print(&answer->from, own), reason);
	if (answer->is_too_big)
		printf(" for %" PRIu32 " bytes", answer->mtu);
	printf("\n");
}

static void print_answer(struct ping *ping, const struct net_answer *answer,
	uint64_t took_ns)
{
	if (ping->as_json) {
		net_json_open(&ping->json, NULL, '{');
		net_json_number(&ping->json, "sequence", answer->sequence);
		net_json_address(&ping->json, "from", &answer->from);
	}
	if (answer->kind == NET_ANSWER_ECHO)
		print_echo(ping, answer, took_ns);
	else
		print_error(ping, answer);
	if (ping->as_json)
		net_json_close(&ping->json, '}');
	(void)fflush(stdout);
}

static void print_end(struct ping *ping)
{
	uint64_t lost = ping->sent - ping->received;
	uint64_t mean_ns = ping->received ? ping->total_ns / ping->received : 0;

	if (ping->as_json) {
		net_json_close(&ping->json, ']');
		net_json_number(&ping->json, "sent", ping->sent);
		net_json_number(&ping->json, "received", ping->received);
		if (ping->received > 0) {
			net_json_ms(&ping->json, "least_ms", ping->least_ns);
			net_json_ms(&ping->json, "mean_ms", mean_ns);
			net_json_ms(&ping->json, "most_ms", ping->most_ns);
		}
		net_json_close(&ping->json, '}');
		printf("\n");
		return;
	}
	printf("%" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64 " %% lost",
		ping->sent, ping->received,
		ping->sent ? lost * 100 / ping->sent : 0);
	if (ping->received > 0) {
		printf("; ");
		print_ms(ping->least_ns);
		printf(" least, ");
		print_ms(mean_ns);
		printf(" mean, ");
		print_ms(ping->most_ns);
		printf(" most ms");
	}
	printf("\n");
}

/* ---- what is done -------------------------------------------------------- */

static void count_answer(struct ping *ping, const struct net_answer *answer)
{
	uint64_t *begin_ns;
	uint64_t took_ns;

	if (answer->sequence == 0 || answer->sequence > ping->sent)
		return;
	begin_ns = &ping->begin_ns[answer->sequence];
	if (*begin_ns == 0)
		return; /* the second answer to one */
	took_ns = net_wait_now() - *begin_ns;
	*begin_ns = 0;
	print_answer(ping, answer, took_ns);
	if (answer->kind != NET_ANSWER_ECHO)
		return;
	if (ping->received == 0 || took_ns < ping->least_ns)
		ping->least_ns = took_ns;
	if (took_ns > ping->most_ns)
		ping->most_ns = took_ns;
	ping->total_ns += took_ns;
	ping->received++;
}

/* How many of those sent nobody has said anything about. */
static uint64_t count_open(const struct ping *ping)
{
	uint64_t open = 0;

	for (uint64_t i = 1; i <= ping->sent; i++)
		open += ping->begin_ns[i] != 0;
	return open;
}

/*
 * Takes answers until the time is over; with is_last, until there is one of
 * each. 0 or -errno.
 */
static int listen_until(struct ping *ping, uint64_t end_ns, bool is_last)
{
	while (!is_last || count_open(ping) > 0) {
		struct net_answer answer;
		int result = net_wait_for(&ping->wait, ping->probe.fd, POLLIN,
			end_ns);

		if (result <= 0)
			return result;
		result = net_probe_receive(&ping->probe, &answer);
		if (result < 0)
			return result;
		if (result == 1)
			count_answer(ping, &answer);
	}
	return 0;
}

/* One each second; after the last it waits as long as for one. */
static int ping_all(struct ping *ping, struct error *err)
{
	int result = 0;

	for (uint64_t i = 1; i <= ping->count && result == 0; i++) {
		bool is_last = i == ping->count;
		uint64_t now_ns = net_wait_now();

		ping->begin_ns[i] = now_ns;
		result = net_probe_send(&ping->probe, (uint16_t)i, 0);
		if (result < 0)
			return error_set(err, result, "send to '%s': %s",
				ping->name, strerror(-result));
		ping->sent++;
		result = listen_until(ping,
			now_ns + (is_last ? ping->wait_s : 1) * NET_WAIT_S,
			is_last);
	}
	if (result == -EINTR)
		return 0;
	return result < 0 ? error_set(err, result, "wait for answers: %s",
				    strerror(-result))
			  : 0;
}

static int ping_host(struct ping *ping, struct error *err)
{
	int result = net_confine(err);

	if (result == 0)
		result = net_host_find(ping->name, &ping->wait, &ping->host,
			err);
	if (result == 0)
		result = net_probe_aim(&ping->probe, &ping->host, err);
	if (result < 0)
		return result;
	print_begin(ping);
	result = ping_all(ping, err);
	print_end(ping);
	return result;
}

static int run(const struct net_arguments *arguments)
{
	static struct ping ping;
	struct error err;
	int result;

	ping = (struct ping){
		.name = arguments->words[0],
		.count = arguments->count,
		.wait_s = arguments->wait_s,
		.as_json = arguments->as_json,
		.json.out = stdout,
		.probe.fds = { -1, -1 },
	};
	result = net_wait_open(&ping.wait, &err);
	if (result == 0)
		result = net_probe_open(&ping.probe, &err);
	if (result == 0)
		result = ping_host(&ping, &err);
	net_probe_close(&ping.probe);
	net_wait_close(&ping.wait);
	if (result < 0) {
		(void)fflush(stdout);
		return net_command_fail(&err);
	}
	return ping.received > 0 ? NET_STATUS_OK : NET_STATUS_FAILURE;
}

static const struct net_option options[] = {
	{ "-c", NET_OPTION_NUMBER, NET_OPTION(count), 1, COUNT_MAX, 4, "N",
		"how many, one each second" },
	{ "-W", NET_OPTION_NUMBER, NET_OPTION(wait_s), 1, 60, 2, "SECONDS",
		"wait for the last answer" },
	{ "--json", NET_OPTION_FLAG, NET_OPTION(as_json), 0, 0, 0, NULL,
		"print one object" },
};

const struct net_command net_ping = {
	.name = "ping",
	.usage = "HOST [-c N] [-W SECONDS]",
	.help = "see whether a host or workload answers",
	.least = 1,
	.most = 1,
	NET_OPTIONS(options),
	.run = run,
};
