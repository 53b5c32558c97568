// SPDX-License-Identifier: MIT
/* execute - the program takes over, or why it cannot */
#include "run/execute.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/channel.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/step.h"

#define UMASK_DEFAULT 022
#define DEFAULT_PATH                                               \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:" \
	"/bin"

/* What is to be done with the path of a program: 0 or -errno. */
typedef int attempt_fn(const char *path, const struct oci_process *process);

/* execve(2) wants pointers to non-const, and writes to none of them. */
static int execute(const char *path, const struct oci_process *process)
{
	static const char *const none[] = { NULL };
	const char *const *env = process->env ? process->env : none;

	(void)execve(path, (char *const *)(uintptr_t)process->args,
		(char *const *)(uintptr_t)env);
	return -errno;
}

static int look_at(const char *path, const struct oci_process *process)
{
	struct stat status;

	(void)process;
	if (access(path, X_OK) < 0 || stat(path, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? 0 : -EACCES;
}

static const char *find_path_variable(const char *const *env)
{
	for (; env && *env; env++) {
		if (text_starts_with(*env, "PATH="))
			return *env + strlen("PATH=");
	}
	return DEFAULT_PATH;
}

/* As execvp(3): the first that is there and may be executed. */
static int attempt_from_path(attempt_fn *attempt,
	const struct oci_process *process)
{
	const char *at = find_path_variable(process->env);
	int best = -ENOENT;

	for (;;) {
		size_t length = strcspn(at, ":");
		char path[PATH_MAX];
		int result = -ENAMETOOLONG;
		int size = snprintf(path, sizeof(path), "%.*s%s%s", (int)length,
			at, length ? "/" : "./", process->args[0]);

		if (size > 0 && (size_t)size < sizeof(path))
			result = attempt(path, process);
		if (result != -ENOENT && result != -ENOTDIR &&
			result != -ENAMETOOLONG && result != -EACCES)
			return result;
		if (result == -EACCES)
			best = -EACCES;
		at += length;
		if (*at == '\0')
			return best;
		at++;
	}
}

static int attempt_program(attempt_fn *attempt,
	const struct oci_process *process, struct error *err)
{
	const char *name = process->args[0];
	bool has_slash = strchr(name, '/');
	int result = has_slash ? attempt(name, process)
			       : attempt_from_path(attempt, process);

	/* the words by which podman and Docker know it */
	if (result == -ENOENT && !has_slash)
		return error_set(err, result,
			"executable file not found in $PATH");
	if (result == -ENOENT && access(name, F_OK) == 0)
		return error_set(err, result,
			"it is there, but its interpreter or loader is not");
	return result;
}

int execute_look_up(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return attempt_program(look_at, stage->process, err);
}

int execute_announce(struct stage *stage)
{
	const struct oci_number *mask = &stage->process->user.umask;

	if (stage->has_announced)
		return 0;
	stage->has_announced = true;
	(void)umask(mask->is_set ? (mode_t)mask->value : UMASK_DEFAULT);
	return channel_send(stage->channel_fd, REPORT_READY, NULL, -1);
}

int execute_program(struct stage *stage, const struct step *step,
	struct error *err)
{
	int result = execute_announce(stage);

	(void)step;
	return result < 0 ? result
			  : attempt_program(execute, stage->process, err);
}
