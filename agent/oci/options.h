/* SPDX-License-Identifier: MIT */
/*
 * options - the command line of tare-oci: one table of commands, one of options
 *
 * Names and short letters are those of crun and runc, so that what calls them
 * can call this. Options of all commands stand before the command, a command's
 * own after it; "--name value" and "--name=value" are the same. The parser, the
 * help texts and the test of the man page walk the tables.
 */
#ifndef TARE_OCI_OPTIONS_H
#define TARE_OCI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "run/oci.h"

struct error;

enum command {
	COMMAND_CREATE,
	COMMAND_START,
	COMMAND_STATE,
	COMMAND_KILL,
	COMMAND_DELETE,
	COMMAND_RUN,
	COMMAND_EXEC,
	COMMAND_PS,
	COMMAND_LIST,
	COMMAND_PAUSE,
	COMMAND_RESUME,
	COMMAND_UPDATE,
	COMMAND_EVENTS,
	COMMAND_SPEC,
	COMMAND_FEATURES,
	COMMAND_VERSION,
	COMMAND_HELP,
	COMMAND_COUNT,
};

enum options_limit {
	OPTIONS_LIST_MAX = 256,
};

/* An option that may be given many times. */
struct options_list {
	const char *items[OPTIONS_LIST_MAX + 1]; /* NULL-terminated */
	size_t count;
};

/* All strings are the caller's argv. */
struct options {
	enum command command;
	char **arguments; /* what is left: the id and what follows it */
	size_t argument_count;
	bool wants_help, wants_version;

	const char *root, *log, *log_format, *cgroup_manager, *ignored;
	bool is_debug, wants_systemd;

	const char *bundle, *config, *pid_file, *console_socket;
	struct oci_number preserve_fds;
	bool no_pivot, no_new_keyring, no_subreaper, detach, keep, plan;

	bool all, force, regex;

	const char *process, *cwd, *user, *apparmor, *process_label, *cgroup;
	struct options_list env, caps, gids;
	bool tty, no_new_privileges, ignore_paused;

	const char *format; /* "table" or "json" */
	bool quiet, stats, rootless;
	const char *interval, *file;

	const char *resources, *cpus, *mems, *l3_cache_schema, *mem_bw_schema;
	struct oci_number memory, memory_reservation, memory_swap;
	struct oci_number kernel_memory, kernel_memory_tcp;
	struct oci_number cpu_period, cpu_quota, cpu_burst, cpu_shares;
	struct oci_number cpu_rt_period, cpu_rt_runtime, cpu_idle;
	struct oci_number pids_limit, blkio_weight;
};

/*
 * Fills *out from a command line, argv[0] being the program. An error is a
 * sentence that says what to write; out->command is then COMMAND_COUNT when
 * none was read. What was read up to there stays, so that it can be logged.
 */
int options_parse(int argc, char **argv, struct options *out,
	struct error *err);

const char *options_command_name(enum command command);

/* The command that "help COMMAND" or "COMMAND --help" is about, if any. */
enum command options_asked(const struct options *options);

/* Writes how the program, or a command unless COMMAND_COUNT, is used. */
void options_help(enum command command, FILE *out);

/* The names of the table in order, without "--"; NULL at the end. */
const char *options_name(size_t index);

#endif
