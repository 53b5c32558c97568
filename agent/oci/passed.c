// SPDX-License-Identifier: MIT
/* passed - what a caller hands to a new process, besides 0 to 2 */
#include "oci/passed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "oci/folder.h"
#include "oci/options.h"
#include "run/oci.h"

#define FIRST 3
#define MOST  1024

int passed_fill_standard(struct error *err)
{
	struct pollfd fds[FIRST];

	for (int i = 0; i < FIRST; i++)
		fds[i] = (struct pollfd){ .fd = i };
	/* one call asks for all of them: POLLNVAL is "not open" */
	if (poll(fds, FIRST, 0) <= 0)
		return 0;
	for (int i = 0; i < FIRST; i++) {
		if ((fds[i].revents & POLLNVAL) &&
			openat(AT_FDCWD, "/dev/null", O_RDWR) != i)
			return error_errno(err, "open '/dev/null' as %d", i);
	}
	return 0;
}

static unsigned int listen_count(void)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t count;

	if (!text || text_parse_u64(text, MOST, &count) < 0)
		return 0;
	return (unsigned int)count;
}

void passed_warn(const struct options *options,
	const struct oci_process *process)
{
	const char *const *name = process->unknown_capabilities;

	for (; name && *name; name++)
		log_warn(
			"%s '%s': process.capabilities: '%s' is no capability known here, ignoring",
			options_command_name(options->command),
			options->arguments[0], *name);
}

unsigned int passed_count(const struct options *options)
{
	return listen_count() + (unsigned int)options->preserve_fds.value;
}

int passed_set_variable(struct arena *arena, struct oci_process *process,
	const char *variable, struct error *err)
{
	size_t name_length = strcspn(variable, "=") + 1;
	size_t count = 0;
	const char **env;
	size_t at = 0;

	while (process->env && process->env[count])
		count++;
	env = arena_array(arena, count + 2, sizeof(*env));
	if (!env)
		return error_set(err, -ENOMEM, "set '%s': no memory", variable);
	for (size_t i = 0; i < count; i++)
		env[i] = process->env[i];
	while (at < count && strncmp(env[at], variable, name_length) != 0)
		at++;
	env[at] = variable;
	process->env = env;
	return 0;
}

int passed_add_environment(const struct options *options, struct arena *arena,
	struct oci_process *process, struct error *err)
{
	unsigned int count = listen_count();
	const char *text;
	int result;

	if (options->preserve_fds.value > MOST)
		return error_set(err, -ERANGE,
			"option '--preserve-fds': %lld is over %d",
			(long long)options->preserve_fds.value, MOST);
	for (unsigned int i = 0; i < passed_count(options); i++) {
		if (fcntl((int)(FIRST + i), F_GETFD) < 0)
			return error_set(err, -EBADF,
				"option '--preserve-fds': descriptor %u is not open",
				FIRST + i);
	}
	if (count == 0)
		return 0;
	text = arena_format(arena, "LISTEN_FDS=%u", count);
	if (!text)
		return error_set(err, -ENOMEM, "set LISTEN_FDS: no memory");
	result = passed_set_variable(arena, process, text, err);
	return result < 0 ? result
			  : passed_set_variable(arena, process, "LISTEN_PID=1",
				    err);
}

int passed_write_pid(const struct options *options, pid_t pid,
	struct error *err)
{
	char text[16];

	if (!options->pid_file)
		return 0;
	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return folder_write_path(options->pid_file, text, err) < 0
		       ? error_prefix(err, "option '--pid-file'")
		       : 0;
}
