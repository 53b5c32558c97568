// SPDX-License-Identifier: MIT
/* options - the command line of tare-oci: one table of commands, one of options */
#include "oci/options.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"

#define HELP_COLUMN 28

#define ON(command) (1U << COMMAND_##command)
#define GLOBAL      (1U << COMMAND_COUNT)
#define ANYWHERE    (~0U)
#define STARTS      (ON(CREATE) | ON(RUN) | ON(EXEC))

#define FIELD(name) offsetof(struct options, name)

enum kind {
	KIND_FLAG,   /* bool */
	KIND_TEXT,   /* const char * */
	KIND_LIST,   /* struct options_list */
	KIND_NUMBER, /* struct oci_number; -1 is allowed */
	KIND_COUNT,  /* struct oci_number, not negative */
	KIND_BYTES,  /* struct oci_number, with k, m, g or t behind it */
};

struct command_row {
	const char *name;
	const char *arguments;
	size_t least, most; /* how many arguments */
	const char *help;
};

struct option_row {
	const char *name;
	char letter;
	enum kind kind;
	unsigned int commands;
	size_t field;
	const char *value; /* what it is called in the help; NULL: a flag */
	const char *help;
};

/* clang-format off */
static const struct command_row commands[COMMAND_COUNT] = {
	[COMMAND_CREATE] = { "create", "ID", 1, 1, "make a container that waits for start" },
	[COMMAND_START] = { "start", "ID", 1, 1, "execute the program of a created container" },
	[COMMAND_STATE] = { "state", "ID", 1, 1, "print the state as JSON" },
	[COMMAND_KILL] = { "kill", "ID [SIGNAL]", 1, 2, "send a signal, TERM unless named" },
	[COMMAND_DELETE] = { "delete", "ID", 1, 1, "remove a container that has stopped" },
	[COMMAND_RUN] = { "run", "ID", 1, 1, "create, start, wait and delete" },
	[COMMAND_EXEC] = { "exec", "ID [PROGRAM [ARGUMENT...]]", 1, SIZE_MAX, "execute one more program in a container" },
	[COMMAND_PS] = { "ps", "ID", 1, 1, "list the processes of a container" },
	[COMMAND_LIST] = { "list", "", 0, 0, "list the containers" },
	[COMMAND_PAUSE] = { "pause", "ID", 1, 1, "freeze all processes of a container" },
	[COMMAND_RESUME] = { "resume", "ID", 1, 1, "let a paused container go on" },
	[COMMAND_UPDATE] = { "update", "ID", 1, 1, "change the limits of a container" },
	[COMMAND_EVENTS] = { "events", "ID", 1, 1, "print what a container uses, as JSON" },
	[COMMAND_SPEC] = { "spec", "", 0, 0, "write a config.json to start from" },
	[COMMAND_FEATURES] = { "features", "", 0, 0, "print what this runtime knows, as JSON" },
	[COMMAND_VERSION] = { "version", "", 0, 0, "print the version" },
	[COMMAND_HELP] = { "help", "[COMMAND]", 0, 1, "print this, or the options of a command" },
};

static const struct option_row rows[] = {
	{ "root", 0, KIND_TEXT, GLOBAL, FIELD(root), "DIR", "where states are kept (/run/tare-oci)" },
	{ "log", 0, KIND_TEXT, GLOBAL, FIELD(log), "FILE", "append errors to FILE too" },
	{ "log-format", 0, KIND_TEXT, GLOBAL, FIELD(log_format), "FORMAT", "of FILE: text or json" },
	{ "debug", 0, KIND_FLAG, GLOBAL, FIELD(is_debug), NULL, "log what is done, too" },
	{ "cgroup-manager", 0, KIND_TEXT, GLOBAL, FIELD(cgroup_manager), "NAME", "cgroupfs, or disabled for no cgroup" },
	{ "systemd-cgroup", 0, KIND_FLAG, GLOBAL, FIELD(wants_systemd), NULL, "an error: see --cgroup-manager" },
	{ "rootless", 0, KIND_TEXT, GLOBAL, FIELD(ignored), "VALUE", "ignored: it finds out itself" },
	{ "criu", 0, KIND_TEXT, GLOBAL, FIELD(ignored), "PATH", "ignored" },
	{ "version", 'v', KIND_FLAG, GLOBAL, FIELD(wants_version), NULL, "print the version" },
	{ "help", 'h', KIND_FLAG, ANYWHERE, FIELD(wants_help), NULL, "print the options" },

	{ "bundle", 'b', KIND_TEXT, ON(CREATE) | ON(RUN) | ON(SPEC), FIELD(bundle), "DIR", "folder of config.json (.)" },
	{ "config", 'f', KIND_TEXT, ON(CREATE) | ON(RUN), FIELD(config), "FILE", "instead of config.json" },
	{ "pid-file", 0, KIND_TEXT, STARTS, FIELD(pid_file), "FILE", "write the process id there" },
	{ "console-socket", 0, KIND_TEXT, STARTS, FIELD(console_socket), "SOCKET", "send the terminal there" },
	{ "preserve-fds", 0, KIND_COUNT, STARTS, FIELD(preserve_fds), "N", "keep N descriptors from 3 on" },
	{ "no-pivot", 0, KIND_FLAG, ON(CREATE) | ON(RUN), FIELD(no_pivot), NULL, "move the root instead of pivot_root(2)" },
	{ "no-new-keyring", 0, KIND_FLAG, ON(CREATE) | ON(RUN), FIELD(no_new_keyring), NULL, "keep the caller's session keyring" },
	{ "no-subreaper", 0, KIND_FLAG, ON(CREATE) | ON(RUN), FIELD(no_subreaper), NULL, "accepted: there never is one" },
	{ "detach", 'd', KIND_FLAG, ON(RUN) | ON(EXEC), FIELD(detach), NULL, "do not wait for its end" },
	{ "keep", 0, KIND_FLAG, ON(RUN), FIELD(keep), NULL, "do not delete it at its end" },
	{ "plan", 0, KIND_FLAG, ON(CREATE), FIELD(plan), NULL, "print the steps, do nothing" },

	{ "all", 'a', KIND_FLAG, ON(KILL), FIELD(all), NULL, "signal every process in it" },
	{ "force", 'f', KIND_FLAG, ON(DELETE), FIELD(force), NULL, "kill it first; unknown is fine" },
	{ "regex", 'r', KIND_FLAG, ON(KILL) | ON(DELETE), FIELD(regex), NULL, "an error: name each container" },

	{ "process", 'p', KIND_TEXT, ON(EXEC), FIELD(process), "FILE", "\"process\" of the specification as JSON" },
	{ "env", 'e', KIND_LIST, ON(EXEC), FIELD(env), "NAME=VALUE", "add to the environment" },
	{ "cwd", 0, KIND_TEXT, ON(EXEC), FIELD(cwd), "DIR", "working directory" },
	{ "user", 'u', KIND_TEXT, ON(EXEC), FIELD(user), "UID[:GID]", "as this user" },
	{ "additional-gids", 'g', KIND_LIST, ON(EXEC), FIELD(gids), "GID", "one more group" },
	{ "tty", 't', KIND_FLAG, ON(EXEC), FIELD(tty), NULL, "with a terminal" },
	{ "cap", 'c', KIND_LIST, ON(EXEC), FIELD(caps), "CAP_NAME", "one more capability" },
	{ "no-new-privs", 0, KIND_FLAG, ON(EXEC), FIELD(no_new_privileges), NULL, "set no_new_privs" },
	{ "apparmor", 0, KIND_TEXT, ON(EXEC), FIELD(apparmor), "PROFILE", "AppArmor profile" },
	{ "process-label", 0, KIND_TEXT, ON(EXEC), FIELD(process_label), "LABEL", "SELinux label" },
	{ "cgroup", 0, KIND_TEXT, ON(EXEC), FIELD(cgroup), "PATH", "in this cgroup below the container's" },
	{ "ignore-paused", 0, KIND_FLAG, ON(EXEC), FIELD(ignore_paused), NULL, "in a paused container, too" },

	{ "format", 'f', KIND_TEXT, ON(LIST) | ON(PS), FIELD(format), "FORMAT", "table or json" },
	{ "quiet", 'q', KIND_FLAG, ON(LIST), FIELD(quiet), NULL, "only ids" },
	{ "stats", 0, KIND_FLAG, ON(EVENTS), FIELD(stats), NULL, "once, then end" },
	{ "interval", 0, KIND_TEXT, ON(EVENTS), FIELD(interval), "TIME", "between two lines (5s)" },
	{ "rootless", 0, KIND_FLAG, ON(SPEC), FIELD(rootless), NULL, "for an ordinary user" },
	{ "file", 'f', KIND_TEXT, ON(SPEC), FIELD(file), "FILE", "write there; - is standard output" },

	{ "resources", 'r', KIND_TEXT, ON(UPDATE), FIELD(resources), "FILE", "\"resources\" as JSON; - is standard input" },
	{ "memory", 0, KIND_BYTES, ON(UPDATE), FIELD(memory), "BYTES", "memory.max" },
	{ "memory-reservation", 0, KIND_BYTES, ON(UPDATE), FIELD(memory_reservation), "BYTES", "memory.low" },
	{ "memory-swap", 0, KIND_BYTES, ON(UPDATE), FIELD(memory_swap), "BYTES", "memory and swap together" },
	{ "kernel-memory", 0, KIND_BYTES, ON(UPDATE), FIELD(kernel_memory), "BYTES", "cgroup v1 only" },
	{ "kernel-memory-tcp", 0, KIND_BYTES, ON(UPDATE), FIELD(kernel_memory_tcp), "BYTES", "cgroup v1 only" },
	{ "cpu-period", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_period), "MICROSECONDS", "of cpu.max" },
	{ "cpu-quota", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_quota), "MICROSECONDS", "in each period" },
	{ "cpu-burst", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_burst), "MICROSECONDS", "cpu.max.burst" },
	{ "cpu-share", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_shares), "SHARES", "2 to 262144" },
	{ "cpu-rt-period", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_rt_period), "MICROSECONDS", "cgroup v1 only" },
	{ "cpu-rt-runtime", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_rt_runtime), "MICROSECONDS", "cgroup v1 only" },
	{ "cpu-idle", 0, KIND_NUMBER, ON(UPDATE), FIELD(cpu_idle), "0|1", "cpu.idle" },
	{ "cpuset-cpus", 0, KIND_TEXT, ON(UPDATE), FIELD(cpus), "LIST", "such as 0-3,7" },
	{ "cpuset-mems", 0, KIND_TEXT, ON(UPDATE), FIELD(mems), "LIST", "memory nodes" },
	{ "pids-limit", 0, KIND_NUMBER, ON(UPDATE), FIELD(pids_limit), "N", "pids.max" },
	{ "blkio-weight", 0, KIND_NUMBER, ON(UPDATE), FIELD(blkio_weight), "WEIGHT", "10 to 1000" },
	{ "l3-cache-schema", 0, KIND_TEXT, ON(UPDATE), FIELD(l3_cache_schema), "TEXT", "an error: no Intel RDT" },
	{ "mem-bw-schema", 0, KIND_TEXT, ON(UPDATE), FIELD(mem_bw_schema), "TEXT", "an error: no Intel RDT" },
};
/* clang-format on */

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

const char *options_command_name(enum command command)
{
	return commands[command].name;
}

const char *options_name(size_t index)
{
	return index < ROW_COUNT ? rows[index].name : NULL;
}

static void add_words(FILE *out, const struct option_row *row)
{
	char words[80];
	struct text text;

	text_init(&text, words, sizeof(words));
	if (row->letter)
		text_add(&text, "-%c, ", row->letter);
	text_add(&text, "--%s", row->name);
	if (row->value)
		text_add(&text, " %s", row->value);
	fprintf(out, "  %-*s %s\n", HELP_COLUMN, words, row->help);
}

static void print_options(unsigned int commands_wanted, FILE *out)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].commands & commands_wanted)
			add_words(out, &rows[i]);
	}
}

void options_help(enum command command, FILE *out)
{
	if (command != COMMAND_COUNT) {
		const struct command_row *row = &commands[command];

		fprintf(out, "usage: tare-oci [OPTION...] %s [OPTION...]%s%s\n",
			row->name, *row->arguments ? " " : "", row->arguments);
		fprintf(out, "%s\n\n", row->help);
		print_options(1U << command, out);
		return;
	}
	fprintf(out,
		"usage: tare-oci [OPTION...] COMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-9s %-27s %s\n", commands[i].name,
			commands[i].arguments, commands[i].help);
	fprintf(out, "\noptions before the command:\n");
	print_options(GLOBAL, out);
	fprintf(out, "\n'tare-oci help COMMAND' has those after it\n");
}

enum command options_asked(const struct options *options)
{
	if (options->command != COMMAND_HELP)
		return options->command;
	for (size_t i = 0; options->argument_count && i < COMMAND_COUNT; i++) {
		if (text_equal(commands[i].name, options->arguments[0]))
			return (enum command)i;
	}
	return COMMAND_COUNT;
}

/* ---- reading ---- */

struct line {
	int argc;
	char **argv;
	int at;              /* the word that is read next */
	unsigned int allows; /* a bit of option_row.commands */
	struct options *out;
	struct error *err;
};

static const struct option_row *find_long(const struct line *line,
	const char *name, size_t length)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if ((rows[i].commands & line->allows) &&
			strlen(rows[i].name) == length &&
			memcmp(rows[i].name, name, length) == 0)
			return &rows[i];
	}
	return NULL;
}

static const struct option_row *find_letter(const struct line *line,
	char letter)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if ((rows[i].commands & line->allows) &&
			rows[i].letter == letter)
			return &rows[i];
	}
	return NULL;
}

static int unknown_long(const struct line *line, const char *name,
	size_t length)
{
	char wanted[65];
	const char *nearest = NULL;
	size_t best = 3;

	if (line->allows != GLOBAL) {
		struct line before = *line;

		before.allows = GLOBAL;
		if (find_long(&before, name, length))
			return error_set(line->err, -EINVAL,
				"option '--%.*s' stands before the command",
				(int)length, name);
	}
	(void)snprintf(wanted, sizeof(wanted), "%.*s", (int)length, name);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		size_t distance = text_distance(wanted, rows[i].name);

		if ((rows[i].commands & line->allows) && distance < best) {
			best = distance;
			nearest = rows[i].name;
		}
	}
	if (nearest)
		return error_set(line->err, -EINVAL,
			"unknown option '--%s', did you mean '--%s'?", wanted,
			nearest);
	return error_set(line->err, -EINVAL,
		"unknown option '--%s'; 'tare-oci help COMMAND' lists them",
		wanted);
}

static int parse_factor(const char *letters, uint64_t *factor)
{
	static const char units[] = "kmgt";
	const char *unit = *letters ? strchr(units, *letters | 0x20) : NULL;

	*factor = 1;
	if (!*letters)
		return 0;
	if (!unit || (letters[1] && (letters[1] | 0x20) != 'b'))
		return -EINVAL;
	*factor = UINT64_C(1) << (10 * (unit - units + 1));
	return letters[1] && letters[2] ? -EINVAL : 0;
}

static int set_number(const struct line *line, const struct option_row *row,
	const char *value, struct oci_number *out)
{
	bool is_negative = *value == '-' && row->kind != KIND_COUNT;
	const char *start = value + is_negative;
	size_t digits = strspn(start, "0123456789");
	char text[32] = "";
	uint64_t number = 0;
	uint64_t factor = 1;
	int result = -EINVAL;

	if (digits < sizeof(text)) {
		memcpy(text, start, digits);
		result = text_parse_u64(text, INT64_MAX, &number);
	}
	if (result == 0 && start[digits])
		result = row->kind == KIND_BYTES
				 ? parse_factor(start + digits, &factor)
				 : -EINVAL;
	if (result == 0 && number > INT64_MAX / factor)
		result = -ERANGE;
	if (result == 0 && is_negative && number != 1)
		result = -ERANGE;
	if (result < 0)
		return error_set(line->err, result,
			"option '--%s': '%s' is not a number%s", row->name,
			value,
			row->kind == KIND_BYTES ? " of bytes, such as 64m"
						: "");
	*out = OCI_NUMBER(number * factor);
	if (is_negative)
		out->value = -1;
	return 0;
}

static int add_to_list(const struct line *line, const struct option_row *row,
	const char *value, struct options_list *list)
{
	if (list->count == OPTIONS_LIST_MAX)
		return error_set(line->err, -E2BIG,
			"option '--%s' is given more than %d times", row->name,
			OPTIONS_LIST_MAX);
	list->items[list->count++] = value;
	return 0;
}

static int set_flag(const struct line *line, const struct option_row *row,
	const char *value, bool *out)
{
	if (!value || text_equal(value, "true") || text_equal(value, "1"))
		*out = true;
	else if (text_equal(value, "false") || text_equal(value, "0"))
		*out = false;
	else
		return error_set(line->err, -EINVAL,
			"option '--%s': '%s' is neither true nor false",
			row->name, value);
	return 0;
}

static int set_value(struct line *line, const struct option_row *row,
	const char *value)
{
	void *field = (char *)line->out + row->field;

	if (row->kind == KIND_FLAG)
		return set_flag(line, row, value, field);
	if (!value && line->at < line->argc)
		value = line->argv[line->at++];
	if (!value)
		return error_set(line->err, -EINVAL,
			"option '--%s' needs a value: write '--%s %s'",
			row->name, row->name, row->value);
	if (row->kind == KIND_TEXT)
		*(const char **)field = value;
	else if (row->kind == KIND_LIST)
		return add_to_list(line, row, value, field);
	else
		return set_number(line, row, value, field);
	return 0;
}

/* "-dt", "-u 1000", "-u1000" */
static int read_letters(struct line *line, const char *letters)
{
	for (; *letters; letters++) {
		const struct option_row *row = find_letter(line, *letters);
		const char *rest = letters + 1;
		int result;

		if (!row)
			return error_set(line->err, -EINVAL,
				"unknown option '-%c'; 'tare-oci help COMMAND' lists them",
				*letters);
		if (row->kind != KIND_FLAG && *rest)
			return set_value(line, row, rest + (*rest == '='));
		result = set_value(line, row, NULL);
		if (result < 0 || row->kind != KIND_FLAG)
			return result;
	}
	return 0;
}

static int read_option(struct line *line)
{
	const char *word = line->argv[line->at++];
	const struct option_row *row;
	const char *equals;
	size_t length;

	if (!text_starts_with(word, "--"))
		return read_letters(line, word + 1);
	word += 2;
	equals = strchr(word, '=');
	length = equals ? (size_t)(equals - word) : strlen(word);
	row = find_long(line, word, length);
	if (!row)
		return unknown_long(line, word, length);
	return set_value(line, row, equals ? equals + 1 : NULL);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static int unknown_command(const char *name, struct error *err)
{
	const char *nearest = NULL;
	size_t best = 3;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		size_t distance = text_distance(name, commands[i].name);

		if (distance < best) {
			best = distance;
			nearest = commands[i].name;
		}
	}
	if (nearest)
		return error_set(err, -EINVAL,
			"unknown command '%s', did you mean '%s'?", name,
			nearest);
	return error_set(err, -EINVAL,
		"unknown command '%s'; 'tare-oci help' lists them", name);
}

static int read_command(struct line *line)
{
	const char *name;

	while (line->at < line->argc && is_option(line->argv[line->at])) {
		int result = read_option(line);

		if (result < 0)
			return result;
	}
	if (line->out->wants_help || line->out->wants_version) {
		line->out->command =
			line->out->wants_help ? COMMAND_HELP : COMMAND_VERSION;
		return 0;
	}
	if (line->at == line->argc)
		return error_set(line->err, -EINVAL,
			"no command given; 'tare-oci help' lists them");
	name = line->argv[line->at++];
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (text_equal(commands[i].name, name)) {
			line->out->command = (enum command)i;
			return 0;
		}
	}
	return unknown_command(name, line->err);
}

/*
 * Options and arguments of the command in any order, up to "--"; what follows
 * the id of exec is the program's own.
 */
static int read_arguments(struct line *line)
{
	struct options *out = line->out;

	out->arguments = line->argv + line->at;
	while (line->at < line->argc) {
		const char *word = line->argv[line->at];
		int result;

		if (out->command == COMMAND_EXEC && out->argument_count > 0)
			break;
		if (text_equal(word, "--")) {
			line->at++;
			break;
		}
		if (!is_option(word)) {
			out->arguments[out->argument_count++] =
				line->argv[line->at++];
			continue;
		}
		result = read_option(line);
		if (result < 0)
			return result;
	}
	/* "exec ID -- PROGRAM" is "exec ID PROGRAM" */
	if (out->command == COMMAND_EXEC && line->at < line->argc &&
		out->argument_count == 1 &&
		text_equal(line->argv[line->at], "--"))
		line->at++;
	while (line->at < line->argc)
		out->arguments[out->argument_count++] = line->argv[line->at++];
	return 0;
}

static int check_choices(const struct options *out, struct error *err)
{
	const char *log = out->log_format;
	const char *format = out->format;
	const char *manager = out->cgroup_manager;

	if (log && !text_equal(log, "text") && !text_equal(log, "json"))
		return error_set(err, -EINVAL,
			"option '--log-format': '%s' is neither 'text' nor 'json'",
			log);
	if (format && !text_equal(format, "table") &&
		!text_equal(format, "json"))
		return error_set(err, -EINVAL,
			"option '--format': '%s' is neither 'table' nor 'json'",
			format);
	if (out->wants_systemd || (manager && text_equal(manager, "systemd")))
		return error_set(err, -EOPNOTSUPP,
			"systemd does not manage cgroups for tare-oci; use '--cgroup-manager cgroupfs' and set the same in what calls it");
	if (manager && !text_equal(manager, "cgroupfs") &&
		!text_equal(manager, "disabled"))
		return error_set(err, -EINVAL,
			"option '--cgroup-manager': '%s' is neither 'cgroupfs' nor 'disabled'",
			manager);
	if (out->regex)
		return error_set(err, -EOPNOTSUPP,
			"option '--regex' is not supported; name each container");
	return 0;
}

static int check_count(const struct options *out, struct error *err)
{
	const struct command_row *row = &commands[out->command];

	if (out->argument_count >= row->least &&
		out->argument_count <= row->most)
		return 0;
	return error_set(err, -EINVAL,
		"too %s arguments; write 'tare-oci %s%s%s'",
		out->argument_count < row->least ? "few" : "many", row->name,
		*row->arguments ? " " : "", row->arguments);
}

int options_parse(int argc, char **argv, struct options *out, struct error *err)
{
	struct line line = {
		.argc = argc,
		.argv = argv,
		.at = argc > 0,
		.allows = GLOBAL,
		.out = out,
		.err = err,
	};
	int result;

	memset(out, 0, sizeof(*out));
	out->command = COMMAND_COUNT;
	result = read_command(&line);
	if (result < 0 || out->wants_help || out->wants_version)
		return result;
	line.allows = 1U << out->command;
	result = read_arguments(&line);
	if (result < 0 || out->wants_help)
		return result;
	result = check_count(out, err);
	if (result == 0 && out->command == COMMAND_HELP &&
		out->argument_count > 0 && options_asked(out) == COMMAND_COUNT)
		result = unknown_command(out->arguments[0], err);
	return result < 0 ? result : check_choices(out, err);
}
