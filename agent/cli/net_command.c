// SPDX-License-Identifier: MIT
/* net_command - the commands below `tare net`, as data, and their arguments */
#include "cli/net_command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"

#define HELP "--help"
#define FAR  3 /* edits, from which on nothing is meant */

static void *field_of(struct net_arguments *arguments,
	const struct net_option *option)
{
	return (char *)arguments + option->offset;
}

/* Stands before a command's name, which may be "". */
static const char *gap(const struct net_command *command)
{
	return *command->name ? " " : "";
}

/* The option that word is, up to a "=". */
static const struct net_option *find_option(const struct net_command *command,
	const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < command->option_count; i++) {
		const char *name = command->options[i].name;

		if (strncmp(name, word, length) == 0 && name[length] == '\0')
			return &command->options[i];
	}
	return NULL;
}

static const char *nearest_option(const struct net_command *command,
	const char *word)
{
	const char *nearest = NULL;
	size_t best = FAR;

	if (text_distance(word, HELP) < best) {
		best = text_distance(word, HELP);
		nearest = HELP;
	}
	for (size_t i = 0; i < command->option_count; i++) {
		size_t distance = text_distance(word, command->options[i].name);

		/* of two letters, one is not enough to mean the same */
		if (distance < best && strlen(word) > 2) {
			best = distance;
			nearest = command->options[i].name;
		}
	}
	return nearest;
}

static int unknown_option(const struct net_command *command, const char *word,
	struct error *err)
{
	const char *nearest = nearest_option(command, word);

	if (nearest)
		return error_set(err, -EINVAL,
			"unknown option '%s', did you mean '%s'?", word,
			nearest);
	return error_set(err, -EINVAL,
		"unknown option '%s'; 'tare net%s%s --help' lists them", word,
		gap(command), command->name);
}

static int set_number(const struct net_option *option, const char *value,
	struct net_arguments *out, struct error *err)
{
	uint64_t number;
	int result = text_parse_u64(value, option->most, &number);

	if (result < 0 || number < option->least)
		return error_set(err, -EINVAL,
			"%s '%s': must be a number from %" PRIu64
			" to %" PRIu64,
			option->name, value, option->least, option->most);
	*(uint64_t *)field_of(out, option) = number;
	return 0;
}

static int set_option(const struct net_option *option, const char *value,
	struct net_arguments *out, struct error *err)
{
	if (option->kind == NET_OPTION_NUMBER)
		return set_number(option, value, out, err);
	*(const char **)field_of(out, option) = value;
	return 0;
}

/* What is left of the command line. */
struct parsing {
	const struct net_command *command;
	char **words;
	int count;
	int at;
	bool has_ended_options;
};

static int take_option(struct parsing *parsing, const char *word,
	struct net_arguments *out, struct error *err)
{
	const struct net_option *option = find_option(parsing->command, word);
	const char *equals = strchr(word, '=');

	if (!option)
		return unknown_option(parsing->command, word, err);
	if (option->kind == NET_OPTION_FLAG && equals)
		return error_set(err, -EINVAL, "%s takes no value",
			option->name);
	if (option->kind == NET_OPTION_FLAG) {
		*(bool *)field_of(out, option) = true;
		return 0;
	}
	if (equals)
		return set_option(option, equals + 1, out, err);
	if (parsing->at == parsing->count)
		return error_set(err, -EINVAL, "%s needs a value: %s %s",
			option->name, option->name, option->value);
	return set_option(option, parsing->words[parsing->at++], out, err);
}

static int take_word(struct parsing *parsing, struct net_arguments *out,
	struct error *err)
{
	const char *word = parsing->words[parsing->at++];

	if (!parsing->has_ended_options && text_equal(word, "--")) {
		parsing->has_ended_options = true;
		return 0;
	}
	if (!parsing->has_ended_options &&
		(text_equal(word, HELP) || text_equal(word, "-h"))) {
		out->wants_help = true;
		return 0;
	}
	if (!parsing->has_ended_options && word[0] == '-' && word[1])
		return take_option(parsing, word, out, err);
	if (out->word_count == parsing->command->most)
		return error_set(err, -EINVAL,
			"'%s' is too much; write 'tare net%s%s %s'", word,
			gap(parsing->command), parsing->command->name,
			parsing->command->usage);
	out->words[out->word_count++] = word;
	return 0;
}

static void set_defaults(const struct net_command *command,
	struct net_arguments *out)
{
	*out = (struct net_arguments){ .as_json = false };
	for (size_t i = 0; i < command->option_count; i++) {
		const struct net_option *option = &command->options[i];

		if (option->kind == NET_OPTION_NUMBER)
			*(uint64_t *)field_of(out, option) = option->otherwise;
	}
}

int net_command_parse(const struct net_command *command, int count,
	char **words, struct net_arguments *out, struct error *err)
{
	struct parsing parsing = {
		.command = command,
		.words = words,
		.count = count,
	};

	set_defaults(command, out);
	while (parsing.at < count) {
		int result = take_word(&parsing, out, err);

		if (result < 0)
			return result;
	}
	/* no command needs more than one, which its usage begins with */
	if (out->word_count < command->least && !out->wants_help)
		return error_set(err, -EINVAL,
			"%.*s is missing; write 'tare net%s%s %s'",
			(int)strcspn(command->usage, " "), command->usage,
			gap(command), command->name, command->usage);
	return 0;
}

void net_command_help(const struct net_command *command)
{
	printf("usage: tare net%s%s %s\n\n%s\n\n", gap(command), command->name,
		command->usage, command->help);
	for (size_t i = 0; i < command->option_count; i++) {
		const struct net_option *option = &command->options[i];
		char name[32];
		struct text text;

		text_init(&text, name, sizeof(name));
		text_add(&text, "%s%s%s", option->name,
			option->value ? " " : "",
			option->value ? option->value : "");
		printf("  %-14s %s", name, option->help);
		if (option->otherwise)
			printf(" (%" PRIu64 ")", option->otherwise);
		printf("\n");
	}
}

int net_command_fail(const struct error *err)
{
	fprintf(stderr, "tare: net: %s\n", err->text);
	return NET_STATUS_FAILURE;
}
