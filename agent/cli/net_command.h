/* SPDX-License-Identifier: MIT */
/*
 * net_command - the commands below `tare net`, as data, and their arguments
 */
#ifndef TARE_CLI_NET_COMMAND_H
#define TARE_CLI_NET_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum net_status {
	NET_STATUS_OK = 0,
	NET_STATUS_FAILURE = 1, /* nobody answers, or it cannot be done */
	NET_STATUS_USAGE = 2,   /* the command line is wrong */
};

enum net_arguments_limit {
	NET_ARGUMENTS_MAX = 3, /* that are no options */
};

/* Options of all commands; a command's defaults are in its table. */
struct net_arguments {
	const char *words[NET_ARGUMENTS_MAX];
	size_t word_count;
	bool as_json;
	bool wants_help;
	uint64_t count;
	uint64_t wait_s;
	uint64_t hops;
	uint64_t length; /* bytes kept of a packet */
	uint64_t port;
	const char *host;
	const char *network;
	const char *file;
};

enum net_option_kind {
	NET_OPTION_FLAG,
	NET_OPTION_NUMBER,
	NET_OPTION_TEXT,
};

struct net_option {
	const char *name; /* "-c", "--json" */
	enum net_option_kind kind;
	size_t offset; /* in struct net_arguments */
	uint64_t least, most, otherwise;
	const char *value; /* "N" */
	const char *help;
};

struct net_command {
	const char *name;
	const char *usage;  /* behind the name */
	const char *help;   /* one line */
	size_t least, most; /* words */
	const struct net_option *options;
	size_t option_count;
	int (*run)(const struct net_arguments *arguments); /* exit status */
};

#define NET_OPTION(field) offsetof(struct net_arguments, field)
#define NET_OPTIONS(rows) \
	.options = (rows), .option_count = sizeof(rows) / sizeof((rows)[0])

/*
 * Pure: fills out with what stands behind the command's name, and defaults.
 * "--" ends options; "-c 3", "--port 80" and "--port=80" give values. -EINVAL
 * with a sentence that says what to write instead.
 */
int net_command_parse(const struct net_command *command, int count,
	char **words, struct net_arguments *out, struct error *err);

/* Prints how the command is used. */
void net_command_help(const struct net_command *command);

/* Says on standard error why the command failed; NET_STATUS_FAILURE. */
int net_command_fail(const struct error *err);

extern const struct net_command net_list, net_ping, net_trace, net_dns,
	net_dump;

#endif
