// SPDX-License-Identifier: MIT
/* firewall - what may come in besides published ports */
#include "supervise/firewall.h"

#include <errno.h>
#include <stddef.h>

#include "config/config.h"
#include "lib/arena.h"
#include "lib/text.h"

enum topology_protocol firewall_protocol(const char *name)
{
	if (text_equal(name, "udp"))
		return TOPOLOGY_UDP;
	return text_equal(name, "sctp") ? TOPOLOGY_SCTP : TOPOLOGY_TCP;
}

static void add_rule(struct topology_rule *rules, size_t *count,
	const struct firewall_rule *rule, enum topology_protocol protocol)
{
	rules[(*count)++] = (struct topology_rule){
		.from = rule->from,
		.protocol = (uint8_t)protocol,
		.first_port = rule->first_port,
		.last_port = rule->last_port,
	};
}

/* A port without a protocol is that port of each. */
static void add_each(struct topology_rule *rules, size_t *count,
	const struct firewall_rule *rule)
{
	if (rule->protocol) {
		add_rule(rules, count, rule, firewall_protocol(rule->protocol));
	} else if (rule->first_port == 0) {
		add_rule(rules, count, rule, 0);
	} else {
		add_rule(rules, count, rule, TOPOLOGY_TCP);
		add_rule(rules, count, rule, TOPOLOGY_UDP);
		add_rule(rules, count, rule, TOPOLOGY_SCTP);
	}
}

int firewall_make(const struct config *config, struct arena *arena,
	struct topology *out)
{
	size_t most = 3 * config->firewall_count + config->host_link_count;
	struct topology_rule *rules =
		arena_array(arena, most + 1, sizeof(*rules));
	size_t count = 0;

	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < config->firewall_count; i++)
		add_each(rules, &count, &config->firewall[i]);
	for (size_t i = 0; i < config->host_link_count; i++) {
		const struct host_link *link = &config->host_links[i];
		uint16_t port = (uint16_t)link->listen_port;

		if (link->kind == HOST_LINK_WIREGUARD && port > 0)
			rules[count++] = (struct topology_rule){
				.protocol = TOPOLOGY_UDP,
				.first_port = port,
				.last_port = port,
			};
	}
	out->rules = rules;
	out->rule_count = count;
	return 0;
}
