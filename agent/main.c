// SPDX-License-Identifier: MIT
/* main - the `tare` program: the agent, and what people type */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/check.h"
#include "cli/console.h"
#include "cli/net.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "supervise/status.h"
#include "supervise/supervisor.h"
#include "version.h"

#define CONSOLE "/dev/console"
#define SHELL   "/bin/sh"

enum exit_status {
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2
};

/* large, and pages that are never used are never touched */
static struct supervisor supervisor;
static struct console console;

static void fill_status(struct status *out)
{
	supervisor_status(&supervisor, out);
}

static void on_change(struct supervisor *changed)
{
	if (changed->is_stopping)
		console_leave(&console);
	console_update(&console);
}

/* A descriptor that process 1 gave us is kept from our children. */
static int take_fd(int fd, mode_t kind)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || (status.st_mode & S_IFMT) != kind)
		return -1;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/* What init.8 says of TARE_INIT_FD and TARE_KEEP_FD. */
static struct inheritance inherit(void)
{
	struct inheritance given = INHERITANCE_NONE;
	const char *beat = getenv("TARE_INIT_FD");
	const char *keep = getenv("TARE_KEEP_FD");
	uint64_t fd;

	if (beat && text_parse_u64(beat, 1023, &fd) == 0) {
		given.beat_fd = take_fd((int)fd, S_IFIFO);
		(void)fcntl(given.beat_fd, F_SETFL, O_NONBLOCK);
	}
	if (keep && text_parse_u64(keep, 1023, &fd) == 0) {
		given.store_fd = take_fd((int)fd, S_IFSOCK);
		given.queue_fd = take_fd((int)fd + 1, S_IFSOCK);
		given.ended_fd = take_fd((int)fd + 2, S_IFIFO);
	}
	return given;
}

static int run_agent(int count, char **arguments)
{
	static const struct places_paths paths = {
		.config = "/config",
		.data = "/data",
		.run = "/run/tare",
		.cgroup = "/sys/fs/cgroup/workloads",
	};
	const struct inheritance inheritance = inherit();
	struct error err;

	(void)count;
	(void)arguments;
	/* no container may read or trace the agent */
	(void)prctl(PR_SET_DUMPABLE, 0);
	supervisor.on_change = on_change;
	if (supervisor_open(&supervisor, &paths, &inheritance, &err) < 0) {
		log_error("agent: %s", err.text);
		return STATUS_FAILURE;
	}
	/* a debug image has a shell there; without a console we go on */
	if (console_open(&console, &supervisor.loop, CONSOLE,
		    access(SHELL, X_OK) < 0, fill_status, &err) < 0)
		log_warn("console: %s", err.text);
	if (supervisor_run(&supervisor, &err) < 0) {
		log_error("agent: %s", err.text);
		return STATUS_FAILURE;
	}
	return 0;
}

static int run_check(int count, char **arguments)
{
	bool as_json = false;
	int result = 0;
	int at = 0;

	if (count > 0 && text_equal(arguments[0], "--json")) {
		as_json = true;
		at++;
	}
	if (at < count && text_starts_with(arguments[at], "--")) {
		fprintf(stderr,
			"tare: check: unknown option '%s'; write 'tare check [--json] FILE...'\n",
			arguments[at]);
		return STATUS_USAGE;
	}
	if (at == count) {
		fprintf(stderr,
			"tare: check: no file given; write 'tare check compose.yaml'\n");
		return STATUS_USAGE;
	}
	for (; at < count; at++)
		result |= check_file(arguments[at], as_json);
	if (fflush(stdout) != 0) {
		perror("tare: check: write");
		return STATUS_FAILURE;
	}
	return result;
}

static int run_version(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	printf("tare %s\n", TARE_VERSION);
	return 0;
}

static int run_help(int count, char **arguments);

static const struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(int count, char **arguments);
} commands[] = {
	{ "check", "[--json] FILE...", "say what is wrong with a compose file",
		run_check },
	{ "net", "[COMMAND]", "show networks; ping, trace, dns, dump",
		net_run },
	{ "agent", "", "run the workloads; init starts this", run_agent },
	{ "version", "", "print the version", run_version },
	{ "help", "", "print this", run_help },
};

static int run_help(int count, char **arguments)
{
	(void)count;
	(void)arguments;
	printf("usage: tare COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-8s %-18s %s\n", commands[i].name,
			commands[i].arguments, commands[i].help);
	printf("\nexample: tare check compose.yaml\n");
	return 0;
}

static bool wants_help(const char *argument)
{
	return text_equal(argument, "--help") || text_equal(argument, "-h");
}

/* That of `tare net` has commands of its own. */
static int help_of(const struct command *command)
{
	char word[] = "help";
	char *arguments[] = { word, NULL };

	if (command->run == net_run)
		return net_run(1, arguments);
	printf("usage: tare %s %s\n\n%s; see tare(1)\n", command->name,
		command->arguments, command->help);
	return 0;
}

static int unknown_command(const char *name)
{
	const char *nearest = NULL;
	size_t best = 3;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		size_t distance = text_distance(name, commands[i].name);

		if (distance < best) {
			best = distance;
			nearest = commands[i].name;
		}
	}
	fprintf(stderr, "tare: unknown command '%s'", name);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'?\n", nearest);
	else
		fprintf(stderr, "; 'tare help' lists them\n");
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *self = argc > 0 ? (slash ? slash + 1 : argv[0]) : "tare";
	const char *name = argc > 1 ? argv[1] : "help";

	if (text_equal(self, "tare-agent"))
		return run_agent(argc - 1, argv + 1);
	if (wants_help(name))
		name = "help";
	if (text_equal(name, "--version"))
		name = "version";
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];

		if (!text_equal(command->name, name))
			continue;
		if (argc > 2 && wants_help(argv[2]))
			return help_of(command);
		return command->run(argc - 2, argv + 2);
	}
	return unknown_command(name);
}
