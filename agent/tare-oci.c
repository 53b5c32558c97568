// SPDX-License-Identifier: MIT
/* tare-oci - the OCI runtime command that podman, containerd and Docker call */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "oci/commands.h"
#include "oci/options.h"
#include "oci/passed.h"
#include "oci/pool.h"
#include "oci/report.h"
#include "oci/shield.h"
#include "version.h"

#define STATUS_FAILURE 1

static int print_version(const struct options *options, struct error *err)
{
	(void)options;
	(void)err;
	printf("tare-oci version %s\nspec: %s\n", TARE_VERSION,
		COMMANDS_OCI_VERSION);
	return 0;
}

static int print_help(const struct options *options, struct error *err)
{
	(void)err;
	options_help(options_asked(options), stdout);
	return 0;
}

static command_fn *const functions[COMMAND_COUNT] = {
	[COMMAND_CREATE] = command_create,
	[COMMAND_START] = command_start,
	[COMMAND_STATE] = command_state,
	[COMMAND_KILL] = command_kill,
	[COMMAND_DELETE] = command_delete,
	[COMMAND_RUN] = command_run,
	[COMMAND_EXEC] = command_exec,
	[COMMAND_PS] = command_ps,
	[COMMAND_LIST] = command_list,
	[COMMAND_PAUSE] = command_pause,
	[COMMAND_RESUME] = command_resume,
	[COMMAND_UPDATE] = command_update,
	[COMMAND_EVENTS] = command_events,
	[COMMAND_SPEC] = command_spec,
	[COMMAND_FEATURES] = command_features,
	[COMMAND_VERSION] = print_version,
	[COMMAND_HELP] = print_help,
};

/* Those that put a process into a container. */
static bool is_shielded(enum command command)
{
	return command == COMMAND_CREATE || command == COMMAND_RUN ||
	       command == COMMAND_EXEC;
}

static int run(char **argv, const struct options *options, struct error *err)
{
	int result;

	if (options->wants_help)
		return print_help(options, err);
	result = is_shielded(options->command) ? shield_raise(argv, err) : 0;
	return result < 0 ? result : functions[options->command](options, err);
}

/* The parser moves the words, and the shield needs them as they were. */
static char **copy_words(int argc, char **argv)
{
	static char *few[64];
	size_t count = (size_t)argc + 1;
	char **words = count <= sizeof(few) / sizeof(few[0])
			       ? few
			       : calloc(count, sizeof(*words));

	if (words)
		memcpy(words, argv, (size_t)argc * sizeof(*words));
	return words;
}

int main(int argc, char **argv)
{
	static struct options options;
	struct error err = { .code = 0 };
	struct error why;
	char **words = copy_words(argc, argv);
	int result;

	if (!words)
		return STATUS_FAILURE;
	/* where a caller ignores it no child could be waited for */
	(void)signal(SIGCHLD, SIG_DFL);
	pool_begin();
	result = options_parse(argc, words, &options, &err);
	if (result == 0)
		result = passed_fill_standard(&err);
	/* an option that is wrong is something for the log as well */
	if (report_open(&options, &why) < 0 && result == 0) {
		err = why;
		result = why.code;
	}
	if (result == 0)
		result = run(argv, &options, &err);
	if (result < 0) {
		report_error(&options, &err);
		return STATUS_FAILURE;
	}
	return result;
}
