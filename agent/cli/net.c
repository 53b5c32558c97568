// SPDX-License-Identifier: MIT
/* net - `tare net`: what the networks are like, and tools to find out more */
#include "cli/net.h"

#include <stdio.h>

#include "cli/net_command.h"
#include "lib/error.h"
#include "lib/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct net_command *const commands[] = {
	&net_list,
	&net_ping,
	&net_trace,
	&net_dns,
	&net_dump,
};

static int help(void)
{
	printf("usage: tare net [COMMAND] [ARGUMENT...]\n\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		printf("  %-6s %-28s %s\n", commands[i]->name,
			commands[i]->usage, commands[i]->help);
	printf("\n'tare net COMMAND --help' has the options.\n"
	       "example: tare net ping web\n");
	return NET_STATUS_OK;
}

static int unknown(const char *name)
{
	const char *nearest = NULL;
	size_t best = 3;

	for (size_t i = 0; i < COUNT(commands); i++) {
		size_t distance = text_distance(name, commands[i]->name);

		if (distance < best) {
			best = distance;
			nearest = commands[i]->name;
		}
	}
	fprintf(stderr, "tare: net: unknown command '%s'", name);
	if (nearest && *nearest)
		fprintf(stderr, ", did you mean '%s'?\n", nearest);
	else
		fprintf(stderr, "; 'tare net help' lists them\n");
	return NET_STATUS_USAGE;
}

static int run(const struct net_command *command, int count, char **words)
{
	struct net_arguments arguments;
	struct error err;
	int status = NET_STATUS_OK;

	if (net_command_parse(command, count, words, &arguments, &err) < 0) {
		fprintf(stderr, "tare: net%s%s: %s\n",
			*command->name ? " " : "", command->name, err.text);
		return NET_STATUS_USAGE;
	}
	if (arguments.wants_help)
		net_command_help(command);
	else
		status = command->run(&arguments);
	if (fflush(stdout) != 0) {
		perror("tare: net: write");
		return NET_STATUS_FAILURE;
	}
	return status;
}

int net_run(int count, char **arguments)
{
	if (count > 0 && text_equal(arguments[0], "help"))
		return help();
	/* without a name it is the list, whose name is "" */
	if (count == 0 || arguments[0][0] == '-')
		return run(&net_list, count, arguments);
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (text_equal(commands[i]->name, arguments[0]))
			return run(commands[i], count - 1, arguments + 1);
	}
	return unknown(arguments[0]);
}
