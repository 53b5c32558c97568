// SPDX-License-Identifier: MIT
/* create - the commands "create" and "run" */
#include <errno.h>
#include <stdio.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/birth.h"
#include "oci/commands.h"
#include "oci/foreground.h"
#include "oci/options.h"
#include "run/limits.h"
#include "run/plan.h"

/* --plan: a line for each limit and each step, and nothing is done. */
static int print_plan(const struct birth *birth, struct error *err)
{
	static struct plan plan; /* these are large */
	static struct limits limits;
	static char lines[64 << 10];
	const struct oci_spec *spec = &birth->handle.spec;
	const struct plan_options options = {
		.no_pivot = birth->options->no_pivot,
		.no_new_keyring = birth->options->no_new_keyring,
		.waits = true,
	};
	struct text text;
	int result = limits_plan(&spec->resources, &limits, err);

	if (result == 0)
		result = plan_make(spec, &options, &plan, err);
	if (result < 0)
		return result;
	text_init(&text, lines, sizeof(lines));
	limits_print(&limits, &text);
	plan_print(&plan, &text);
	if (text.is_cut)
		return error_set(err, -E2BIG,
			"print the plan: it has over %zu bytes",
			sizeof(lines) - 1);
	if (fputs(lines, stdout) < 0 || fflush(stdout) != 0)
		return error_errno(err, "write the plan");
	return 0;
}

int command_create(const struct options *options, struct error *err)
{
	struct birth birth = BIRTH_NONE;
	int result = birth_open(&birth, options, err);

	if (result < 0)
		return result;
	if (options->plan)
		return print_plan(&birth, err);
	return birth_make(&birth, true, err);
}

/* Its exit code; what happens to what is left of it depends on --keep. */
static int wait_and_remove(struct birth *birth, struct error *err)
{
	int status = foreground_wait(&birth->handle.container, err);
	int result = 0;

	if (status < 0 || !birth->options->keep)
		result = birth_undo(birth, status < 0 ? NULL : err);
	return result < 0 ? result : status;
}

int command_run(const struct options *options, struct error *err)
{
	struct birth birth = BIRTH_NONE;
	int result = birth_open(&birth, options, err);

	if (result < 0)
		return result;
	if (!birth.handle.spec.has_process)
		return error_set(err, -EINVAL,
			"process is missing: run has nothing to execute");
	if (!options->detach)
		foreground_begin();
	result = birth_make(&birth, false, err);
	if (result < 0)
		return foreground_report(options, result, err);
	result = handle_run_hooks(&birth.handle, OCI_HOOK_POSTSTART,
		STATE_RUNNING, err);
	if (result < 0) {
		(void)birth_undo(&birth, NULL); /* the first error is the one */
		return result;
	}
	return options->detach ? 0 : wait_and_remove(&birth, err);
}
