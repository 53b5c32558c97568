// SPDX-License-Identifier: MIT
/* adopt - what an earlier agent left running, taken over */
#include "supervise/adopt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "run/cgroup.h"
#include "run/range.h"
#include "supervise/digest.h"
#include "supervise/found.h"
#include "supervise/keep.h"
#include "supervise/leftovers.h"
#include "supervise/life.h"
#include "supervise/past.h"
#include "supervise/reload.h"
#include "supervise/sandbox.h"
#include "supervise/supervisor.h"
#include "supervise/weaver.h"

#define STOP_GRACE_MS 10000 /* of one that the config no longer has */

struct adoption {
	struct supervisor *supervisor;
	size_t running;
	size_t wrong;               /* entries that are none */
	bool has_entry[ROSTER_MAX]; /* by place */
};

/* What runs and is not in the config: a service that is only to be stopped. */
static struct workload *add_unwanted(struct supervisor *supervisor,
	const char *name, uint64_t stop_grace_ms)
{
	struct service *service =
		arena_alloc(supervisor_arena(supervisor), sizeof(*service));
	struct workload *workload = NULL;
	struct error err;

	if (service)
		service->name =
			arena_string(supervisor_arena(supervisor), name);
	if (!service || !service->name)
		return NULL;
	service->image = "";
	service->stop_grace_ms = stop_grace_ms;
	if (roster_add(&supervisor->roster, &supervisor->host, service,
		    &workload, &err) < 0) {
		log_warn("%s: %s", name, err.text);
		return NULL;
	}
	workload->is_wanted = false;
	return workload;
}

static struct workload *find_or_add(struct supervisor *supervisor,
	const char *name, uint64_t stop_grace_ms)
{
	struct workload *workload = roster_find(&supervisor->roster, name);

	return workload ? workload
			: add_unwanted(supervisor, name, stop_grace_ms);
}

/* An end that was judged: the next agent does not judge again. */
static void remember(struct workload *workload, const struct keep_entry *entry)
{
	uint64_t now_ms = loop_now_ms();
	uint64_t wait_ms = state_backoff_ms(entry->attempts);
	uint64_t due_ms = entry->since_ms + wait_ms;

	life_remember(workload, entry);
	/* who shares its users may still run */
	if (range_mark(workload->host->ranges, entry->first_id) == 0)
		workload->first_id = entry->first_id;
	workload->state = STATE_STOPPED;
	if (entry->recreate_digest != life_digest(workload))
		return; /* that was another one: it starts */
	workload->recreate_digest = entry->recreate_digest;
	if (entry->state == STATE_FINISHED &&
		!state_should_restart(workload->service, entry->exit_code,
			UINT32_MAX)) {
		workload->state = STATE_FINISHED;
		workload->has_started = true;
		workload->since_ms = entry->since_ms;
	} else if (entry->state == STATE_BACKOFF) {
		workload->state = STATE_BACKOFF;
		workload->has_started = true;
		/* agents may die more often than it waits */
		workload->since_ms = entry->since_ms;
		workload->retry_ms = wait_ms;
		alarm_set(&workload->alarm,
			now_ms < due_ms ? due_ms - now_ms : 0);
	}
}

static bool is_its_process(const struct keep_entry *entry, int pid_fd)
{
	pid_t pid;

	if (entry->process_inode > 0 &&
		entry->process_inode == found_inode(pid_fd))
		return true;
	pid = found_process(pid_fd);
	return pid == entry->pid || pid == -1;
}

static void visit_entry(void *context, const struct keep_entry *entry,
	int fds[KEEP_FDS])
{
	struct adoption *adoption = context;
	struct supervisor *supervisor = adoption->supervisor;
	struct workload *workload =
		find_or_add(supervisor, entry->name, entry->stop_grace_ms);

	if (workload && entry->pid == 0) {
		adoption->has_entry[workload - supervisor->roster.workloads] =
			true;
		remember(workload, entry);
	} else if (workload && is_its_process(entry, fds[KEEP_FD_PROCESS])) {
		adoption->has_entry[workload - supervisor->roster.workloads] =
			true;
		adoption->running++;
		life_adopt(workload, entry, fds);
	} else {
		adoption->wrong++;
	}
	for (size_t i = 0; i < KEEP_FDS; i++)
		fd_close(&fds[i]);
}

/* Whether a cgroup is that of a container that was taken over. */
static bool is_known(void *context, const char *cgroup)
{
	struct adoption *adoption = context;
	char path[CGROUP_PATH_SIZE];
	const struct workload *workload;
	char *end;
	char *name;

	if (!text_copy(path, sizeof(path), cgroup))
		return false;
	name = strrchr(path, '/');
	end = strrchr(path, *SANDBOX_CGROUP_END);
	if (!end)
		return false;
	*end = '\0';
	workload = roster_find(&adoption->supervisor->roster,
		name ? name + 1 : path);
	return workload && workload->container.pid > 0 &&
	       text_equal(workload->container.cgroup, cgroup);
}

/* What the store does not know, files may. */
static void read_past(struct adoption *adoption)
{
	struct supervisor *supervisor = adoption->supervisor;
	struct roster *roster = &supervisor->roster;
	struct workload *workload = NULL;

	while ((workload = roster_next(roster, workload))) {
		if (!adoption->has_entry[workload - roster->workloads])
			past_read(supervisor->places.run_fd, workload);
	}
}

static void kill_found(struct supervisor *supervisor, const struct found *found)
{
	struct error err;
	auto_fd fd = cgroup_open(supervisor->places.workloads_fd, found->cgroup,
		&err);

	if (fd < 0 || cgroup_kill(fd, &err) < 0)
		log_warn("%s: %s", found->service, err.text);
}

static struct keep_entry entry_of(const struct found *found,
	const struct workload *workload)
{
	const struct service *service = workload->service;
	struct keep_entry entry = {
		.pid = found->pid,
		.exit_code = -1,
		.first_id = found->first_id,
		.start_ticks = found->start_ticks,
		.stop_signal = service->stop_signal > 0 ? service->stop_signal
							: SIGTERM,
		.stop_grace_ms = service->stop_grace_ms,
		.recreate_digest = life_digest(workload),
		.live_digest = digest_service(service, DIGEST_LIVE),
		.state = STATE_RUNNING,
		.since_ms = found->start_ticks * 1000 /
			    (uint64_t)sysconf(_SC_CLK_TCK),
		.health = HEALTH_STARTING, /* nobody knows */
	};

	(void)text_copy(entry.name, sizeof(entry.name), service->name);
	(void)text_copy(entry.cgroup, sizeof(entry.cgroup), found->cgroup);
	return entry;
}

static void visit_found(void *context, struct found *found)
{
	struct adoption *adoption = context;
	struct supervisor *supervisor = adoption->supervisor;
	struct workload *workload =
		find_or_add(supervisor, found->service, STOP_GRACE_MS);
	int fds[KEEP_FDS] = KEEP_NO_FDS;

	fds[KEEP_FD_PROCESS] = found->pid_fd;
	fds[KEEP_FD_STDOUT] = found->outputs[0];
	fds[KEEP_FD_STDERR] = found->outputs[1];
	if (!workload || found->pid == 0 || workload->container.pid > 0 ||
		adoption->has_entry[workload - supervisor->roster.workloads]) {
		/* what is left of one that has ended, or a second one */
		kill_found(supervisor, found);
	} else {
		struct keep_entry entry = entry_of(found, workload);

		entry.restarts = workload->restarts;
		log_warn("%s: found running (pid %d), unknown to the store",
			found->service, (int)found->pid);
		adoption->running++;
		life_adopt(workload, &entry, fds);
		life_keep(workload);
	}
	for (size_t i = 0; i < KEEP_FDS; i++)
		fd_close(&fds[i]);
}

static void on_leftover(void *context, const char *group)
{
	(void)context;
	log_warn("%.*s: something of it was left running; ended",
		(int)strcspn(group, "@"), group);
}

static bool has_adopted(void *context, const char *group)
{
	const struct adoption *adoption = context;
	struct roster *roster = &adoption->supervisor->roster;
	const struct workload *workload = NULL;
	size_t length = strlen(group);

	if (is_known(context, group))
		return true;
	/* it may be a folder of some, by their cgroup_parent */
	while ((workload = roster_next(roster, workload))) {
		const char *path = workload->container.cgroup;

		if (workload->container.pid > 0 &&
			strncmp(path, group, length) == 0 &&
			path[length] == '/')
			return true;
	}
	return false;
}

/* Now that all are known: what of them is not as the config wants it? */
static void compare_all(struct supervisor *supervisor)
{
	struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor->roster, workload))) {
		if (workload->is_wanted && workload->container.pid > 0)
			reload_compare(workload);
	}
}

void adopt_all(struct supervisor *supervisor)
{
	static struct adoption adoption;
	int workloads_fd = supervisor->places.workloads_fd;
	struct error err;
	int skipped;

	adoption = (struct adoption){ .supervisor = supervisor };
	skipped = keep_load(&supervisor->keep, visit_entry, &adoption, &err);
	if (skipped < 0)
		log_warn("%s", err.text);
	else if (skipped + (int)adoption.wrong > 0)
		log_warn("store: %d entries are not whole, passing them over",
			skipped + (int)adoption.wrong);
	read_past(&adoption);
	if (found_search(workloads_fd, is_known, visit_found, &adoption, &err) <
		0)
		log_warn("%s", err.text);
	orphans_read(&supervisor->orphans);
	if (leftovers_end(workloads_fd,
		    &(struct leftovers){ has_adopted, on_leftover, &adoption },
		    &err) < 0)
		log_warn("%s", err.text);
	/* before anything is stopped, which asks who else serves */
	weaver_mark_all(supervisor);
	compare_all(supervisor);
	if (adoption.running > 0)
		log_info("took over %zu running workload%s in %llu ms",
			adoption.running, adoption.running == 1 ? "" : "s",
			(unsigned long long)(loop_now_ms() -
					     supervisor->opened_ms));
}
