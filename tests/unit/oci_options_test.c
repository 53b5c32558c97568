// SPDX-License-Identifier: MIT
/* tests of oci/options: what callers of a runtime write, and what people do */
#include "oci/options.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"

#define WORDS_MAX 16

static struct options out;
static struct error err;

/* Parses "a b c", split at spaces. */
static int parse(const char *line)
{
	static char buffer[512];
	static char name[] = "tare-oci";
	static char *argv[WORDS_MAX + 2];
	int argc = 0;
	char *rest = buffer;

	(void)text_copy(buffer, sizeof(buffer), line);
	memset(argv, 0, sizeof(argv));
	argv[argc++] = name;
	while (rest && *rest && argc <= WORDS_MAX)
		argv[argc++] = strsep(&rest, " ");
	err.text[0] = '\0';
	return options_parse(argc, argv, &out, &err);
}

/* Lines that podman, conmon, containerd and docker really call. */
static void test_callers(void)
{
	static const struct {
		const char *line;
		enum command command;
		size_t arguments;
	} rows[] = {
		{ "--log-format=json --log=/x/oci-log create --bundle /b --pid-file /p --console-socket /s abc",
			COMMAND_CREATE, 1 },
		{ "--root /run/r --log /l --log-format json create --no-pivot --bundle /b --pid-file /p x",
			COMMAND_CREATE, 1 },
		{ "--cgroup-manager cgroupfs --rootless true start x",
			COMMAND_START, 1 },
		{ "--log-format=json state x", COMMAND_STATE, 1 },
		{ "kill --all x 9", COMMAND_KILL, 2 },
		{ "kill x SIGTERM", COMMAND_KILL, 2 },
		{ "delete --force x", COMMAND_DELETE, 1 },
		{ "delete x -f", COMMAND_DELETE, 1 },
		{ "exec --pid-file /p --process /j --detach x", COMMAND_EXEC,
			1 },
		{ "exec -dt -u 1000:50 -e A=b -eC=d --cap CAP_KILL x sh -c -e",
			COMMAND_EXEC, 4 },
		{ "exec x -- ls -l", COMMAND_EXEC, 3 },
		{ "exec -- x ls -l", COMMAND_EXEC, 3 },
		{ "run -d --keep -b /b --preserve-fds=2 x", COMMAND_RUN, 1 },
		{ "--systemd-cgroup=false list -q", COMMAND_LIST, 0 },
		{ "ps --format json x", COMMAND_PS, 1 },
		{ "update --resources - x", COMMAND_UPDATE, 1 },
		{ "events --stats x", COMMAND_EVENTS, 1 },
		{ "--criu /usr/bin/criu features", COMMAND_FEATURES, 0 },
		{ "spec --rootless -b /b", COMMAND_SPEC, 0 },
		{ "--version", COMMAND_VERSION, 0 },
		{ "-v", COMMAND_VERSION, 0 },
		{ "--help", COMMAND_HELP, 0 },
		{ "help create", COMMAND_HELP, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].line);
		CHECK(parse(rows[i].line) == 0);
		CHECK(out.command == rows[i].command);
		CHECK(out.argument_count == rows[i].arguments);
	}
}

static void test_values(void)
{
	CHECK(parse("--root=/r create --bundle /b -f c.json --pid-file=/p "
		    "--preserve-fds 3 --no-pivot x") == 0);
	CHECK(text_equal(out.root, "/r") && text_equal(out.bundle, "/b"));
	CHECK(text_equal(out.config, "c.json"));
	CHECK(text_equal(out.pid_file, "/p"));
	CHECK(out.preserve_fds.value == 3 && out.no_pivot && !out.detach);
	CHECK(text_equal(out.arguments[0], "x"));

	CHECK(parse("exec -u1000 -e A=b --env C=d -t x sh -t") == 0);
	CHECK(text_equal(out.user, "1000") && out.tty);
	CHECK(out.env.count == 2 && text_equal(out.env.items[1], "C=d"));
	CHECK(text_equal(out.arguments[2], "-t"));

	CHECK(parse("update --memory 64m --memory-swap -1 --cpu-quota=-1 "
		    "--cpu-share 512 x") == 0);
	CHECK(out.memory.value == 64 << 20 && out.memory_swap.value == -1);
	CHECK(out.cpu_quota.is_set && out.cpu_quota.value == -1);
	CHECK(out.cpu_shares.value == 512 && !out.pids_limit.is_set);
}

static void test_mistakes(void)
{
	static const struct {
		const char *line;
		const char *says;
	} rows[] = {
		{ "", "no command given" },
		{ "creat x", "did you mean 'create'?" },
		{ "checkpoint x", "unknown command 'checkpoint'" },
		{ "help me", "unknown command 'me'" },
		{ "help starr", "did you mean 'start'?" },
		{ "create --bundel /b x", "did you mean '--bundle'?" },
		{ "--roott /r list", "did you mean '--root'?" },
		{ "create --frobnicate x", "unknown option '--frobnicate'" },
		{ "create --root /r x", "stands before the command" },
		{ "create -z x", "unknown option '-z'" },
		{ "create", "too few arguments; write 'tare-oci create ID'" },
		{ "create a b", "too many arguments" },
		{ "create x --bundle", "'--bundle' needs a value" },
		{ "create --no-pivot=maybe x", "neither true nor false" },
		{ "create --preserve-fds two x", "'two' is not a number" },
		{ "create --preserve-fds -1 x", "'-1' is not a number" },
		{ "update --memory 64q x", "'64q' is not a number of bytes" },
		{ "update --memory 64mbb x", "is not a number" },
		{ "update --memory -2 x", "'-2' is not a number" },
		{ "update --memory 99999999999999t x", "is not a number" },
		{ "update --cpu-quota 1k x", "'1k' is not a number" },
		{ "update --cpu-quota - x", "'-' is not a number" },
		{ "update --cpu-quota 9999999999999999999999999999999999 x",
			"is not a number" },
		{ "--log-format xml list", "neither 'text' nor 'json'" },
		{ "list --format yaml", "neither 'table' nor 'json'" },
		{ "--systemd-cgroup list", "use '--cgroup-manager cgroupfs'" },
		{ "--cgroup-manager systemd list", "systemd does not manage" },
		{ "--cgroup-manager v1 list", "neither 'cgroupfs'" },
		{ "kill --regex x", "name each container" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].line);
		CHECK(parse(rows[i].line) < 0);
		CHECK(err.code < 0 && strstr(err.text, rows[i].says));
	}
	/* what came before the mistake is there: the error goes to that log */
	CHECK(parse("--log /l --log-format json creat") < 0);
	CHECK(text_equal(out.log, "/l") && text_equal(out.log_format, "json"));
	CHECK(out.command == COMMAND_COUNT);
}

static void test_a_list_has_an_end(void)
{
	static char words[][9] = { "tare-oci", "exec", "-eA=b", "x", "true" };
	static char *argv[OPTIONS_LIST_MAX + 8];
	int argc = 0;

	argv[argc++] = words[0];
	argv[argc++] = words[1];
	for (int i = 0; i <= OPTIONS_LIST_MAX; i++)
		argv[argc++] = words[2];
	argv[argc++] = words[3];
	argv[argc++] = words[4];
	CHECK(options_parse(argc, argv, &out, &err) < 0);
	CHECK(strstr(err.text, "more than 256 times"));
}

/* Help is made from the tables: each command and its options are in it. */
static void test_help(void)
{
	static char text[16384];
	FILE *file = fmemopen(text, sizeof(text), "w");

	if (!CHECK(file != NULL))
		return;
	CHECK(parse("exec --help") == 0 && out.wants_help);
	CHECK(options_asked(&out) == COMMAND_EXEC);
	CHECK(parse("help run") == 0 && options_asked(&out) == COMMAND_RUN);
	CHECK(parse("help") == 0 && options_asked(&out) == COMMAND_COUNT);
	options_help(COMMAND_COUNT, file);
	options_help(COMMAND_EXEC, file);
	(void)fclose(file);
	CHECK(strstr(text, "  resume "));
	CHECK(strstr(text, "--cgroup-manager NAME"));
	CHECK(strstr(text, "-u, --user UID[:GID]"));
	CHECK(!strstr(text, "--bundle"));
}

/* Every command and option stands in the manual. */
static void test_manual(void)
{
	static char page[65536];
	FILE *file = fopen("agent/oci/tare-oci.8", "re");
	size_t size;

	if (!CHECK(file != NULL))
		return;
	size = fread(page, 1, sizeof(page) - 1, file);
	(void)fclose(file);
	page[size] = '\0';
	for (size_t i = 0; options_name(i); i++) {
		char wanted[64];

		(void)snprintf(wanted, sizeof(wanted), "Fl Fl %s",
			options_name(i));
		check_row(wanted);
		CHECK(strstr(page, wanted));
	}
	for (int i = 0; i < COMMAND_COUNT; i++) {
		char wanted[64];

		(void)snprintf(wanted, sizeof(wanted), "It Cm %s",
			options_command_name((enum command)i));
		check_row(wanted);
		CHECK(strstr(page, wanted));
	}
}

int main(void)
{
	RUN(test_callers);
	RUN(test_values);
	RUN(test_mistakes);
	RUN(test_a_list_has_an_end);
	RUN(test_help);
	RUN(test_manual);
	return check_done();
}
