// SPDX-License-Identifier: MIT
/* process - what a workload's process is: arguments, variables, rights */
#include "supervise/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "config/config.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run/docker.h"
#include "store/store.h"

#define PATH_DEFAULT \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Appends count strings to list, which has room; returns the new count. */
static size_t append(const char **list, size_t used, const char *const *items,
	size_t count)
{
	for (size_t i = 0; i < count; i++)
		list[used + i] = items[i];
	return used + count;
}

int process_arguments(const struct service *service, const struct image *image,
	struct arena *arena, const char *const **out, struct error *err)
{
	const struct strings *entrypoint = &service->entrypoint;
	const struct strings *command = &service->command;
	size_t most = entrypoint->count + command->count +
		      image->entrypoint_count + image->command_count + 2;
	const char **list = arena_array(arena, most, sizeof(*list));
	size_t first = service->has_init ? 1 : 0;
	size_t used = first;

	if (!list)
		return error_set(err, -ENOMEM, "start: no memory");
	list[0] = PROCESS_REAPER; /* or what is written over it */
	if (entrypoint->is_set)
		used = append(list, used, entrypoint->items, entrypoint->count);
	else
		used = append(list, used, image->entrypoint,
			image->entrypoint_count);
	if (command->is_set)
		used = append(list, used, command->items, command->count);
	else if (!entrypoint->is_set)
		used = append(list, used, image->command, image->command_count);
	if (used == first || !*list[first])
		return error_set(err, -EINVAL,
			"nothing to run: the image '%s' names no command; write 'command:'",
			service->image);
	*out = list;
	return 0;
}

/* Puts "NAME=value" in the place of an entry of that name, or at the end. */
static size_t set_variable(const char **list, size_t used, const char *entry)
{
	size_t name_size = strcspn(entry, "=");

	for (size_t i = 0; i < used; i++) {
		if (strncmp(list[i], entry, name_size) == 0 &&
			list[i][name_size] == '=') {
			list[i] = entry;
			return used;
		}
	}
	list[used] = entry;
	return used + 1;
}

const char *const *process_environment(const struct service *service,
	const struct image *image, const char *home, struct arena *arena)
{
	const char *hostname =
		service->hostname ? service->hostname : service->name;
	size_t most = image->environment_count + service->environment.count + 4;
	const char **list = arena_array(arena, most, sizeof(*list));
	const char *const own[] = {
		PATH_DEFAULT,
		arena_format(arena, "HOSTNAME=%s", hostname),
		arena_format(arena, "HOME=%s", home),
	};
	size_t used = 0;

	if (!list || !own[1] || !own[2])
		return NULL;
	for (size_t i = 0; i < 3; i++)
		used = set_variable(list, used, own[i]);
	for (size_t i = 0; i < image->environment_count; i++)
		used = set_variable(list, used, image->environment[i]);
	for (size_t i = 0; i < service->environment.count; i++)
		used = set_variable(list, used, service->environment.items[i]);
	return list;
}

uint64_t process_capabilities(const struct service *service)
{
	const uint64_t all = docker_all_capabilities();
	uint64_t set = service->privileged ? all : docker_capabilities();

	if (service->privileged)
		return set;
	for (size_t i = 0; i < service->cap_add.count; i++) {
		if (text_equal(service->cap_add.items[i], "ALL"))
			set = all;
	}
	for (size_t i = 0; i < service->cap_drop.count; i++) {
		const char *name = service->cap_drop.items[i];
		int bit = docker_capability_from_name(name);

		if (text_equal(name, "ALL"))
			set = 0;
		else if (bit >= 0)
			set &= ~(UINT64_C(1) << bit);
	}
	/* what is added by name stays, also after "drop ALL" */
	for (size_t i = 0; i < service->cap_add.count; i++) {
		int bit =
			docker_capability_from_name(service->cap_add.items[i]);

		if (bit >= 0)
			set |= UINT64_C(1) << bit;
	}
	return set;
}

/* clang-format off */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },     { "INT", SIGINT },       { "QUIT", SIGQUIT },
	{ "ILL", SIGILL },     { "TRAP", SIGTRAP },     { "ABRT", SIGABRT },
	{ "BUS", SIGBUS },     { "FPE", SIGFPE },       { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },   { "SEGV", SIGSEGV },     { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },   { "ALRM", SIGALRM },     { "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD },   { "CONT", SIGCONT },
	{ "STOP", SIGSTOP },   { "TSTP", SIGTSTP },     { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },   { "URG", SIGURG },       { "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },   { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH }, { "IO", SIGIO },         { "PWR", SIGPWR },
	{ "SYS", SIGSYS },     { "POLL", SIGPOLL },     { "CLD", SIGCHLD },
	/* signal(7): the first real-time signals as systemd's PID 1 wants them */
	{ "RTMIN", 34 },       { "RTMIN+3", 37 },       { "RTMIN+4", 38 },
};
/* clang-format on */

int process_signal(const char *name)
{
	uint64_t number;

	if (text_parse_u64(name, 64, &number) == 0)
		return (int)number;
	if (text_starts_with(name, "SIG"))
		name += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (text_equal(signals[i].name, name))
			return signals[i].number;
	}
	return 0;
}

const char *process_signal_name(int number)
{
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (signals[i].number == number)
			return signals[i].name;
	}
	return NULL;
}
