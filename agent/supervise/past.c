// SPDX-License-Identifier: MIT
/* past - what an agent tells the next one about a workload */
#include "supervise/past.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "supervise/digest.h"
#include "supervise/workload.h"

#define FINISHED " finished "

static void name_file(const struct workload *workload, char *out, size_t size)
{
	(void)snprintf(out, size, "past-%s", workload->service->name);
}

void past_write(int run_fd, const struct workload *workload)
{
	char name[128];
	char line[48];
	struct text text;

	name_file(workload, name, sizeof(name));
	text_init(&text, line, sizeof(line));
	text_add(&text, "%u", workload->restarts);
	if (workload->state == STATE_FINISHED)
		text_add(&text, FINISHED "%d", workload->exit_code);
	/* what cannot be kept is no reason to stop anything */
	(void)fd_replace_file(run_fd, name, line, text.used, 0600, NULL);
}

void past_read(int run_fd, struct workload *workload)
{
	auto_free char *line = NULL;
	char name[128];
	char *finished;
	uint64_t restarts = 0;
	uint64_t exit_code = 0;

	name_file(workload, name, sizeof(name));
	if (fd_read_file(run_fd, name, 64, &line, NULL, NULL) < 0)
		return;
	finished = strstr(line, FINISHED);
	if (finished)
		*finished = '\0';
	if (text_parse_u64(line, UINT32_MAX - 1, &restarts) < 0)
		return;
	workload->restarts = (uint32_t)restarts;
	workload->has_ever_run = true;
	if (!finished || text_parse_u64(finished + strlen(FINISHED), 255,
				 &exit_code) < 0)
		return;
	if (state_should_restart(workload->service, (int)exit_code, UINT32_MAX))
		return; /* its policy has changed */
	/* it is not run again because the agent is new */
	workload->state = STATE_FINISHED;
	workload->has_started = true;
	workload->exit_code = (int)exit_code;
	/* nobody knows better */
	workload->recreate_digest =
		digest_service(workload->service, DIGEST_RECREATE);
	(void)snprintf(workload->reason, sizeof(workload->reason),
		"exited with status %d", workload->exit_code);
}
