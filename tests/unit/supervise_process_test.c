// SPDX-License-Identifier: MIT
/* tests of supervise/process: arguments, variables, rights, limits */
#include "supervise/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "check.h"
#include "config/config.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run/docker.h"
#include "store/store.h"

#define CAP(name) (UINT64_C(1) << docker_capability_from_name(name))

static const char *image_entry[] = { "/entry" };
static const char *image_command[] = { "serve", "now" };
static const char *image_env[] = { "PATH=/opt/bin", "A=image", "B=image" };
static const char *own_entry[] = { "/mine" };
static const char *own_command[] = { "once" };
static const char *own_env[] = { "A=mine", "C=mine" };

static const struct image image = {
	.entrypoint = image_entry,
	.entrypoint_count = 1,
	.command = image_command,
	.command_count = 2,
	.environment = image_env,
	.environment_count = 3,
};

static const struct strings mine = { own_entry, 1, true };
static const struct strings once = { own_command, 1, true };
static const struct strings empty = { NULL, 0, true };
static const struct strings unset = { NULL, 0, false };

static bool has_arguments(const char *const *list, const char *joined)
{
	char buffer[200];
	struct text text;

	text_init(&text, buffer, sizeof(buffer));
	for (; *list; list++)
		text_add(&text, "%s|", *list);
	return strcmp(buffer, joined) == 0;
}

static void test_arguments(void)
{
	static const struct {
		const char *label;
		const struct strings *entrypoint, *command;
		const char *joined; /* NULL: nothing to run */
	} rows[] = {
		{ "image only", &unset, &unset, "/entry|serve|now|" },
		{ "own command", &unset, &once, "/entry|once|" },
		{ "own entrypoint", &mine, &unset, "/mine|" },
		{ "both", &mine, &once, "/mine|once|" },
		{ "entrypoint cleared", &empty, &once, "once|" },
		{ "command cleared", &unset, &empty, "/entry|" },
		{ "both cleared", &empty, &empty, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service service = { .image = "i",
			.entrypoint = *rows[i].entrypoint,
			.command = *rows[i].command };
		auto_arena arena = { 0 };
		const char *const *list = NULL;
		struct error err = { 0 };
		int result = process_arguments(&service, &image, &arena, &list,
			&err);

		check_row(rows[i].label);
		if (rows[i].joined)
			CHECK(result == 0 &&
				has_arguments(list, rows[i].joined));
		else
			CHECK(result == -EINVAL &&
				strstr(err.text, "command:"));
	}
}

static void test_init(void)
{
	struct service service = { .image = "i", .has_init = true };
	auto_arena arena = { 0 };
	const char *const *list = NULL;
	struct error err = { 0 };

	CHECK(process_arguments(&service, &image, &arena, &list, &err) == 0);
	CHECK(has_arguments(list, "/sbin/reaper|/entry|serve|now|"));
	service.entrypoint = empty;
	CHECK(process_arguments(&service, &image, &arena, &list, &err) ==
		-EINVAL);
}

static void test_environment(void)
{
	struct service service = { .name = "web",
		.environment = { own_env, 2, true } };
	auto_arena arena = { 0 };
	const char *const *list =
		process_environment(&service, &image, "/root", &arena);

	CHECK(list && has_arguments(list,
			      "PATH=/opt/bin|HOSTNAME=web|HOME=/root|A=mine|"
			      "B=image|C=mine|"));
}

static void test_no_memory(void)
{
	struct service service = { .name = "web", .image = "i" };

	for (size_t limit = 1; limit < 400; limit += 16) {
		auto_arena arena = { .limit_bytes = limit };
		const char *const *list = NULL;
		struct error err = { 0 };

		if (process_arguments(&service, &image, &arena, &list, &err) <
			0)
			CHECK(err.code == -ENOMEM);
		(void)process_environment(&service, &image, "/", &arena);
	}
}

static void test_capabilities(void)
{
	static const char *all[] = { "ALL" };
	static const char *net[] = { "NET_ADMIN" };
	static const char *chown[] = { "CHOWN" };
	const uint64_t usual = docker_capabilities();
	struct service service = { 0 };

	CHECK(process_capabilities(&service) == usual);
	service.cap_add = (struct strings){ net, 1, true };
	CHECK(process_capabilities(&service) == (usual | CAP("NET_ADMIN")));
	service.cap_drop = (struct strings){ chown, 1, true };
	CHECK(process_capabilities(&service) ==
		((usual | CAP("NET_ADMIN")) & ~CAP("CHOWN")));
	service.cap_drop = (struct strings){ all, 1, true };
	CHECK(process_capabilities(&service) == CAP("NET_ADMIN"));
	service.cap_add = (struct strings){ all, 1, true };
	service.cap_drop = (struct strings){ chown, 1, true };
	CHECK(!(process_capabilities(&service) & CAP("CHOWN")));
	CHECK(process_capabilities(&service) & CAP("SYS_ADMIN"));
	service = (struct service){ .privileged = true };
	CHECK(process_capabilities(&service) & CAP("SYS_MODULE"));
}

static void test_signals(void)
{
	CHECK(process_signal("SIGQUIT") == SIGQUIT);
	CHECK(process_signal("QUIT") == SIGQUIT);
	CHECK(process_signal("3") == 3);
	CHECK(process_signal("65") == 0);
	CHECK(process_signal("SIGNOPE") == 0);
	CHECK(process_signal("") == 0);
	CHECK(strcmp(process_signal_name(SIGKILL), "KILL") == 0);
	CHECK(process_signal_name(63) == NULL);
}

int main(void)
{
	RUN(test_arguments);
	RUN(test_init);
	RUN(test_environment);
	RUN(test_no_memory);
	RUN(test_capabilities);
	RUN(test_signals);
	return check_done();
}
