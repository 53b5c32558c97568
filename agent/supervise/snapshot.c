// SPDX-License-Identifier: MIT
/* snapshot - fills struct status from the supervisor */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/text.h"
#include "supervise/status.h"
#include "supervise/supervisor.h"
#include "version.h"

#define NOTES_MAX_BYTES 2048

static void describe_config(const struct supervisor *supervisor,
	struct status *out)
{
	const struct generation *generation = &supervisor->generation;
	struct text text;

	text_init(&text, out->config, sizeof(out->config));
	out->is_config_bad = generation->is_partition_bad;
	if (generation->origin == GENERATION_PARTITION)
		text_add(&text, "%s is good", generation->file);
	if (*generation->note)
		text_add(&text, "%s%s", text.used ? "; " : "",
			generation->note);
	if (generation->origin == GENERATION_LAST_GOOD)
		text_add(&text, "; running the last good one");
	if (generation->origin == GENERATION_NONE)
		text_add(&text, "; nothing runs");
}

static void describe_data(const struct supervisor *supervisor,
	struct status *out)
{
	const double gib = 1 << 30;
	auto_free char *mode = NULL;
	struct statvfs space;

	(void)fd_read_file(supervisor->places.run_fd, "data-mode", 64, &mode,
		NULL, NULL);
	if (mode)
		mode[strcspn(mode, "\n")] = '\0';
	if (fstatvfs(supervisor->places.data_fd, &space) < 0)
		memset(&space, 0, sizeof(space));
	(void)snprintf(out->data, sizeof(out->data),
		"%s, %.1f GiB free of %.1f GiB", mode ? mode : "unknown",
		(double)space.f_bavail * (double)space.f_frsize / gib,
		(double)space.f_blocks * (double)space.f_frsize / gib);
}

/* The end of the notes, as much as fits in the buffer. */
static void read_end_of_notes(int run_fd, char *out, size_t size)
{
	auto_fd fd = openat(run_fd, "notes", O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t from = end >= (off_t)size ? end - (off_t)size + 1 : 0;
	ssize_t count = fd < 0 ? 0 : pread(fd, out, size - 1, from);

	out[count < 0 ? 0 : count] = '\0';
}

/* The last lines that init and disks wrote about steps that failed. */
static void read_notes(const struct supervisor *supervisor, struct status *out)
{
	char text[NOTES_MAX_BYTES];
	char *end;

	read_end_of_notes(supervisor->places.run_fd, text, sizeof(text));
	out->note_count = 0;
	/* from the last line to the first one that has a place */
	for (end = text + strlen(text);
		end > text && out->note_count < STATUS_NOTES_MAX;) {
		char *newline;

		*end = '\0';
		newline = strrchr(text, '\n');
		end = newline ? newline : text;
		if (*(newline ? newline + 1 : text))
			(void)text_copy(out->notes[STATUS_NOTES_MAX - 1 -
						   out->note_count++],
				sizeof(out->notes[0]),
				newline ? newline + 1 : text);
	}
	memmove(out->notes[0], out->notes[STATUS_NOTES_MAX - out->note_count],
		out->note_count * sizeof(out->notes[0]));
}

static int percent_of(const struct supervisor *supervisor,
	const struct workload *workload)
{
	const struct chores *chores = &supervisor->chores;
	const struct job *job = &chores->job;

	if (workload->state != STATE_PREPARING || !job_is_running(job) ||
		!chores_serve(chores, workload) || job->total == 0)
		return -1;
	return job->done < job->total
		       ? (int)((double)job->done * 100 / (double)job->total)
		       : 100;
}

static struct status_workload
describe_workload(const struct supervisor *supervisor,
	const struct workload *workload)
{
	uint64_t age_ms = loop_now_ms() - workload->since_ms;
	struct status_workload out = {
		.name = workload->service->name,
		.state = workload->state,
		.health = workload->health.state.status,
		.restarts = workload->restarts,
		.age_ms = age_ms,
		.exit_code = workload->exit_code,
		.percent = percent_of(supervisor, workload),
		.reason = workload->reason,
	};
	struct container_usage usage;

	if (workload->state == STATE_RUNNING)
		out.reason = workload->health.reason;
	if (workload->state == STATE_BACKOFF && age_ms < workload->retry_ms)
		out.retry_in_ms = workload->retry_ms - age_ms;
	if (workload->container.pid > 0) {
		container_usage(&workload->container, &usage);
		out.memory_bytes = usage.memory_bytes;
	}
	return out;
}

void supervisor_status(const struct supervisor *supervisor, struct status *out)
{
	const struct roster *roster = &supervisor->roster;
	struct utsname names;

	out->version = TARE_VERSION;
	out->uptime_ms = loop_now_ms();
	out->problems = &supervisor->problems;
	if (uname(&names) == 0) {
		(void)text_copy(out->machine, sizeof(out->machine),
			names.machine);
		(void)text_copy(out->hostname, sizeof(out->hostname),
			names.nodename);
	}
	(void)text_copy(out->addresses, sizeof(out->addresses),
		supervisor->network.addresses);
	describe_config(supervisor, out);
	describe_data(supervisor, out);
	read_notes(supervisor, out);
	out->workload_count = 0;
	for (size_t i = 0; i < roster->count; i++) {
		const struct workload *workload = &roster->workloads[i];

		if (workload->service &&
			out->workload_count < CONFIG_SERVICES_MAX)
			out->workloads[out->workload_count++] =
				describe_workload(supervisor, workload);
	}
}
