// SPDX-License-Identifier: MIT
/* net_list - `tare net`: what the networks of the machine are like now */
#include <errno.h>
#include <stdio.h>

#include "cli/net_command.h"
#include "cli/net_show.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "net/survey.h"

static int run(const struct net_arguments *arguments)
{
	auto_arena arena = { 0 };
	struct survey survey;
	struct error err;

	if (survey_take(&survey, SURVEY_FOLDER, &arena) < 0) {
		(void)error_set(&err, -ENOMEM, "no memory for the networks");
		return net_command_fail(&err);
	}
	if (arguments->as_json)
		net_show_json(&survey, stdout);
	else
		net_show_text(&survey, stdout);
	return survey.problem_count > 0 ? NET_STATUS_FAILURE : NET_STATUS_OK;
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
