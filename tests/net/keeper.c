// SPDX-License-Identifier: MIT
/*
 * keeper - applies a topology that is written as lines of words, for tests
 *
 *	keeper apply FILE [COUNT]  COUNT: so often, and prints milliseconds
 *	keeper stop FILE ENDPOINT  at a line of input it serves no more; prints
 *				   when it was told and was done, milliseconds
 *	keeper change FILE ENDPOINT COUNT
 *				   so often it serves no more, or again; prints
 *				   milliseconds
 *	keeper follow FILE...      one, and at a line of input the next; "ready"
 *				   when it is in force
 *	keeper remove
 *	keeper list                connections
 *	keeper forget ADDRESS PROTOCOL
 *
 *	network BRIDGE SUBNET4 GATEWAY4 SUBNET6 GATEWAY6 FLAG...
 *	endpoint NETWORK LINK MAC ADDRESS4 ADDRESS6 FLAG...
 *	group NETWORK SERVICE VIRTUAL4 VIRTUAL6 ENDPOINT...
 *	port PROTOCOL HOST PUBLISHED TARGET GROUP
 *	rule FROM PROTOCOL FIRST LAST
 *	uplink LINK                where the kernel has flow tables
 *
 * Others are named by number, "-" is none. Flags: internal routed metadata
 * macvlan; serving.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net/conntrack.h"
#include "net/ruleset.h"
#include "net/topology.h"

#define WORDS_MAX 64
#define LINE_MAX  8192

static struct topology_network networks[TOPOLOGY_NETWORKS_MAX];
static struct topology_endpoint endpoints[TOPOLOGY_ENDPOINTS_MAX];
static struct topology_group groups[TOPOLOGY_GROUPS_MAX];
static struct topology_port ports[TOPOLOGY_PORTS_MAX];
static struct topology_rule rules[TOPOLOGY_RULES_MAX];
static char uplinks[TOPOLOGY_UPLINKS_MAX][IFNAMSIZ];
static struct topology topology = {
	.networks = networks,
	.endpoints = endpoints,
	.groups = groups,
	.ports = ports,
	.rules = rules,
	.uplinks = (const char (*)[IFNAMSIZ])uplinks,
};

static char *words[WORDS_MAX + 1];
static size_t word_count;

static void fail(const char *what)
{
	fprintf(stderr, "keeper: %s\n", what);
	exit(2);
}

static void split(char *line)
{
	char *rest = line;
	char *word;

	word_count = 0;
	while ((word = strsep(&rest, " \n"))) {
		if (*word == '\0')
			continue;
		if (word_count == WORDS_MAX)
			fail("too many words");
		words[word_count++] = word;
	}
}

static const char *word(size_t i)
{
	return i < word_count ? words[i] : "-";
}

static bool has_flag(size_t from, const char *flag)
{
	for (size_t i = from; i < word_count; i++) {
		if (text_equal(words[i], flag))
			return true;
	}
	return false;
}

static size_t number(size_t i)
{
	uint64_t value;

	if (text_equal(word(i), "-"))
		return 0;
	if (text_parse_u64(word(i), UINT32_MAX, &value) < 0)
		fail("not a number");
	return (size_t)value;
}

static struct address address(size_t i)
{
	struct address out = { 0 };

	if (!text_equal(word(i), "-") && address_parse(word(i), &out) < 0)
		fail("not an address");
	return out;
}

static struct prefix prefix(size_t i)
{
	struct prefix out = { .length = 0 };

	if (!text_equal(word(i), "-") && prefix_parse(word(i), &out) < 0)
		fail("not a prefix");
	return out;
}

static void read_network(void)
{
	struct topology_network *network = &networks[topology.network_count++];

	*network = (struct topology_network){ .driver = TOPOLOGY_BRIDGE };
	(void)text_copy(network->bridge, sizeof(network->bridge), word(1));
	network->subnet4 = prefix(2);
	network->gateway4 = address(3);
	network->subnet6 = prefix(4);
	network->gateway6 = address(5);
	network->is_internal = has_flag(6, "internal");
	network->is_routed = has_flag(6, "routed");
	network->allows_metadata = has_flag(6, "metadata");
	if (has_flag(6, "macvlan"))
		network->driver = TOPOLOGY_MACVLAN;
}

static void read_endpoint(void)
{
	struct topology_endpoint *endpoint =
		&endpoints[topology.endpoint_count++];
	uint8_t *mac = endpoint->mac;

	endpoint->network = number(1);
	(void)text_copy(endpoint->link, sizeof(endpoint->link), word(2));
	if (sscanf(word(3), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1,
		    mac + 2, mac + 3, mac + 4, mac + 5) != 6)
		fail("not a MAC");
	endpoint->address4 = address(4);
	endpoint->address6 = address(5);
	endpoint->is_serving = has_flag(6, "serving");
}

static void read_group(void)
{
	struct topology_group *group = &groups[topology.group_count++];
	size_t *members = calloc(WORDS_MAX, sizeof(*members));

	if (!members)
		fail("no memory");
	group->endpoint_count = 0;
	group->network = number(1);
	group->service = strdup(word(2));
	group->virtual4 = address(3);
	group->virtual6 = address(4);
	for (size_t i = 5; i < word_count; i++)
		members[group->endpoint_count++] = number(i);
	group->endpoints = members;
}

static int protocol(size_t i)
{
	return text_equal(word(i), "tcp")    ? TOPOLOGY_TCP
	       : text_equal(word(i), "udp")  ? TOPOLOGY_UDP
	       : text_equal(word(i), "sctp") ? TOPOLOGY_SCTP
					     : 0;
}

static void read_port(void)
{
	struct topology_port *port = &ports[topology.port_count++];

	port->protocol = (enum topology_protocol)protocol(1);
	port->host = address(2);
	port->published = (uint16_t)number(3);
	port->target = (uint16_t)number(4);
	port->group = text_equal(word(5), "-") ? SIZE_MAX : number(5);
}

static void read_rule(void)
{
	struct topology_rule *rule = &rules[topology.rule_count++];

	rule->from = prefix(1);
	rule->protocol = (uint8_t)protocol(2);
	rule->first_port = (uint16_t)number(3);
	rule->last_port = (uint16_t)number(4);
}

static void read_uplink(void)
{
	if (topology.uplink_count == TOPOLOGY_UPLINKS_MAX ||
		!text_copy(uplinks[topology.uplink_count++], IFNAMSIZ, word(1)))
		fail(word(1));
}

static const struct {
	const char *word;
	void (*read)(void);
} kinds[] = {
	{ "network", read_network },
	{ "endpoint", read_endpoint },
	{ "group", read_group },
	{ "port", read_port },
	{ "rule", read_rule },
	{ "uplink", read_uplink },
};

static void read_line(char *line)
{
	split(line);
	if (word_count == 0 || words[0][0] == '#')
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (text_equal(words[0], kinds[i].word)) {
			kinds[i].read();
			return;
		}
	}
	fail(words[0]);
}

static void forget_topology(void)
{
	for (size_t i = 0; i < topology.group_count; i++) {
		free((void *)(uintptr_t)groups[i].service);
		free((void *)(uintptr_t)groups[i].endpoints);
	}
	topology.network_count = topology.endpoint_count = 0;
	topology.group_count = topology.port_count = 0;
	topology.rule_count = topology.uplink_count = 0;
}

static void read_topology(const char *path)
{
	static char line[LINE_MAX];
	FILE *file = fopen(path, "re");

	if (!file)
		fail(path);
	forget_topology();
	while (fgets(line, sizeof(line), file))
		read_line(line);
	(void)fclose(file); /* it was read only */
}

static double now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* As the agent does: a kernel without flow tables refuses one. */
static int apply_once(struct ruleset *ruleset, struct error *err)
{
	int result = ruleset_apply(ruleset, &topology, err);

	if (result == 0 || topology.uplink_count == 0)
		return result;
	topology.uplink_count = 0;
	return ruleset_apply(ruleset, &topology, err);
}

/* As a whole each time. */
static int apply(struct ruleset *ruleset, struct error *err)
{
	size_t count = word_count > 0 ? number(0) : 1;
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		double start = now_ms();

		ruleset_forget(ruleset);
		result = apply_once(ruleset, err);
		if (count > 1)
			printf("%.2f\n", now_ms() - start);
	}
	return result;
}

static bool is_told(void)
{
	return puts("ready") >= 0 && fflush(stdout) == 0 && getchar() != EOF;
}

/* As the agent does when a container has ended. */
static int stop(struct ruleset *ruleset, struct error *err)
{
	double told_ms;
	int result = apply_once(ruleset, err);

	if (result < 0)
		return result;
	if (!is_told())
		return -EIO;
	told_ms = now_ms();
	endpoints[number(0)].is_serving = false;
	result = apply_once(ruleset, err);
	printf("%.3f %.3f\n", told_ms, now_ms());
	return result;
}

/* As it does when one ends and comes again. */
static int change(struct ruleset *ruleset, struct error *err)
{
	int result = apply_once(ruleset, err);

	for (size_t i = 0; i < number(1) && result == 0; i++) {
		double start = now_ms();

		endpoints[number(0)].is_serving ^= true;
		result = apply_once(ruleset, err);
		printf("%.2f\n", now_ms() - start);
	}
	return result;
}

/* As it does when configs come. */
static int follow(struct ruleset *ruleset, struct error *err)
{
	char *paths[WORDS_MAX];
	size_t count = word_count;
	int result = apply_once(ruleset, err);

	memcpy(paths, words, sizeof(paths));
	for (size_t i = 0; result == 0 && is_told() && i < count; i++) {
		read_topology(paths[i]);
		result = apply_once(ruleset, err);
	}
	return result;
}

static void print_tuple(const struct conntrack_tuple *tuple)
{
	char source[ADDRESS_TEXT_SIZE], destination[ADDRESS_TEXT_SIZE];

	printf(" %s %u %s %u", address_print(&tuple->source, source),
		tuple->source_port,
		address_print(&tuple->destination, destination),
		tuple->destination_port);
}

static void print(const struct conntrack *connection, void *context)
{
	(void)context;
	printf("%u", connection->protocol);
	print_tuple(&connection->original);
	print_tuple(&connection->reply);
	printf(" %s %s%s%s%s mark %u %llu %llu\n",
		connection->state[0] ? connection->state : "-",
		connection->is_answered ? "a" : "-",
		connection->is_assured ? "s" : "-",
		connection->has_dnat ? "d" : "-",
		connection->has_snat ? "m" : "-", connection->mark,
		(unsigned long long)connection->original_bytes,
		(unsigned long long)connection->reply_bytes);
}

static int forget(struct error *err)
{
	struct address of = address(0);
	int count = conntrack_forget(&of, (uint8_t)number(1), err);

	printf("%d\n", count);
	return count;
}

/* Verbs that apply the topology of a file, and the words behind it. */
static const struct keeping {
	const char *verb;
	size_t word_min;
	int (*keep)(struct ruleset *ruleset, struct error *err);
} keepings[] = {
	{ "apply", 0, apply },
	{ "stop", 1, stop },
	{ "change", 2, change },
	{ "follow", 0, follow },
};

static const struct keeping *find_keeping(const char *verb)
{
	for (size_t i = 0; i < sizeof(keepings) / sizeof(*keepings); i++) {
		if (text_equal(verb, keepings[i].verb))
			return &keepings[i];
	}
	return NULL;
}

static int keep(const struct keeping *keeping, char **args, int count,
	struct error *err)
{
	struct ruleset ruleset;
	int result = ruleset_open(&ruleset, err);

	if (result < 0)
		return result;
	read_topology(args[0]);
	word_count = (size_t)count - 1;
	for (size_t i = 0; i < word_count && i < WORDS_MAX; i++)
		words[i] = args[i + 1];
	if (word_count < keeping->word_min || word_count > WORDS_MAX)
		fail(keeping->verb);
	result = keeping->keep(&ruleset, err);
	ruleset_close(&ruleset);
	return result;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct error err = { 0 };
	int result = -EINVAL;

	if (argc > 2 && find_keeping(verb)) {
		result = keep(find_keeping(verb), argv + 2, argc - 2, &err);
	} else if (text_equal(verb, "remove")) {
		result = ruleset_remove(&err);
	} else if (text_equal(verb, "list")) {
		result = conntrack_list(print, NULL, &err);
	} else if (text_equal(verb, "forget") && argc > 3) {
		words[0] = argv[2];
		words[1] = argv[3];
		word_count = 2;
		result = forget(&err);
	}
	if (result < 0)
		fprintf(stderr, "keeper: %s\n", err.text);
	return result < 0;
}
