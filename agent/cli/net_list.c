// SPDX-License-Identifier: MIT
/* net_list - `tare net`: what the networks of the machine are like now */
#include <errno.h>
#include <stdio.h>

#include "cli/net_collect.h"
#include "cli/net_command.h"
#include "cli/net_report.h"
#include "cli/net_show.h"
#include "lib/arena.h"
#include "lib/error.h"

static int run(const struct net_arguments *arguments)
{
	auto_arena arena = { 0 };
	struct net_report report;
	struct error err;

	if (net_collect(&report, NET_FOLDER, &arena) < 0) {
		(void)error_set(&err, -ENOMEM, "no memory for the networks");
		return net_command_fail(&err);
	}
	if (arguments->as_json)
		net_show_json(&report, stdout);
	else
		net_show_text(&report, stdout);
	return report.problem_count > 0 ? NET_STATUS_FAILURE : NET_STATUS_OK;
}

static const struct net_option options[] = {
	{ "--json", NET_OPTION_FLAG, NET_OPTION(as_json), 0, 0, 0, NULL,
		"print one object" },
};

const struct net_command net_list = {
	.name = "",
	.usage = "[--json]",
	.help = "print interfaces, routes, networks, containers and ports",
	NET_OPTIONS(options),
	.run = run,
};
