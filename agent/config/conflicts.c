// SPDX-License-Identifier: MIT
/* conflicts - what the keys of a service say against each other */
#include "config/conflicts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/draft.h"
#include "config/node.h"
#include "config/reader.h"
#include "lib/text.h"

/* Where a key of the service stands; the service, when it is not there. */
static struct mark mark_of(const struct draft_service *draft, const char *path)
{
	return node_find_mark(draft->node, path, draft->service.mark);
}

static void say(struct reader *reader, const struct draft_service *draft,
	const char *key, const char *what)
{
	size_t path = reader_push(reader, key);

	reader_error(reader, mark_of(draft, key), "%s", what);
	reader_pop(reader, path);
}

static void warn(struct reader *reader, const struct draft_service *draft,
	const char *key, const char *what)
{
	size_t path = reader_push(reader, key);

	reader_warn(reader, mark_of(draft, key), "%s, ignored", what);
	reader_pop(reader, path);
}

/*
 * A limit of 'deploy:' means the same as the key of the service; both can be
 * there when they agree.
 */
static void merge(struct reader *reader, const struct draft_service *draft,
	const char *deploy_key, const char *key, uint64_t deployed,
	uint64_t *own)
{
	size_t path;

	if (deployed == 0)
		return;
	if (*own == 0 || *own == deployed) {
		*own = deployed;
		return;
	}
	path = reader_push(reader, deploy_key);
	reader_error(reader, mark_of(draft, deploy_key),
		"this is not what '%s:' says, at line %u, column %u; remove one of them",
		key, mark_of(draft, key).line, mark_of(draft, key).column);
	reader_pop(reader, path);
}

static void merge_deploy(struct reader *reader, struct draft_service *draft)
{
	const struct deploy *deploy = &draft->deploy;
	struct service *service = &draft->service;
	/* -1, no limit, goes through as it is */
	uint64_t pids = (uint64_t)service->pids_limit;

	merge(reader, draft, "deploy.resources.limits.cpus", "cpus",
		deploy->cpus_milli, &service->cpus_milli);
	merge(reader, draft, "deploy.resources.limits.memory", "mem_limit",
		deploy->memory_bytes, &service->mem_limit_bytes);
	merge(reader, draft, "deploy.resources.reservations.memory",
		"mem_reservation", deploy->reserved_memory_bytes,
		&service->mem_reservation_bytes);
	merge(reader, draft, "deploy.resources.limits.pids", "pids_limit",
		(uint64_t)deploy->pids, &pids);
	service->pids_limit = (int64_t)pids;
}

static void check_limits(struct reader *reader,
	const struct draft_service *draft)
{
	const struct service *s = &draft->service;
	bool has_quota = s->cpu_quota_us != 0;

	if (s->cpus_milli > 0 && (has_quota || s->cpu_period_us > 0))
		say(reader, draft, has_quota ? "cpu_quota" : "cpu_period",
			"'cpus:' says the same in other words; remove one of them");
	else if (s->cpu_period_us > 0 && !has_quota)
		warn(reader, draft, "cpu_period",
			"a period without 'cpu_quota:' limits nothing");
	if (s->mem_limit_bytes > 0 &&
		s->mem_reservation_bytes > s->mem_limit_bytes)
		say(reader, draft,
			draft->deploy.reserved_memory_bytes > 0
				? "deploy.resources.reservations.memory"
				: "mem_reservation",
			"this is more than the limit of memory, write less");
	if (s->memswap_limit_bytes != 0 && s->mem_limit_bytes == 0)
		say(reader, draft, "memswap_limit",
			"this is memory and swap together, and needs a 'mem_limit:' beside it");
	else if (s->memswap_limit_bytes > 0 &&
		 (uint64_t)s->memswap_limit_bytes < s->mem_limit_bytes)
		say(reader, draft, "memswap_limit",
			"this is memory and swap together, write no less than 'mem_limit:'");
}

static bool has_ipc_sysctl(const struct service *service)
{
	for (size_t i = 0; i < service->sysctl_count; i++) {
		if (!text_starts_with(service->sysctls[i].name, "net."))
			return true;
	}
	return false;
}

static void check_ipc(struct reader *reader, const struct draft_service *draft)
{
	const struct service *s = &draft->service;
	bool is_own =
		s->ipc.mode == SHARE_NOTHING || s->ipc.mode == SHARE_NO_SHM;

	if (s->shm_size_bytes > 0 && s->ipc.mode != SHARE_NOTHING)
		warn(reader, draft, "shm_size",
			"the service has no /dev/shm of its own, see 'ipc:'");
	if (has_ipc_sysctl(s) && !is_own)
		say(reader, draft, "sysctls",
			"these are settings of the IPC namespace, which is not the service's own, see 'ipc:'; remove one of them");
}

/* Capabilities that count only in the user namespace of the machine. */
static bool is_of_machine(const char *name)
{
	static const char *const names[] = { "AUDIT_CONTROL", "AUDIT_READ",
		"BLOCK_SUSPEND", "BPF", "IPC_LOCK", "LINUX_IMMUTABLE",
		"MAC_ADMIN", "MAC_OVERRIDE", "NET_ADMIN", "NET_BROADCAST",
		"PERFMON", "SYSLOG", "SYS_MODULE", "SYS_NICE", "SYS_PACCT",
		"SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG",
		"WAKE_ALARM" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (text_equal(names[i], name))
			return true;
	}
	return false;
}

/* A network that is not the machine's belongs to those who are in it. */
static bool is_of_network(const struct service *service, const char *name)
{
	return service->network_mode != NETWORK_MODE_HOST &&
	       (text_equal(name, "NET_ADMIN") ||
		       text_equal(name, "NET_BROADCAST"));
}

static void check_capabilities(struct reader *reader,
	const struct draft_service *draft)
{
	const struct service *s = &draft->service;
	size_t path = reader_push(reader, "cap_add");

	for (size_t i = 0; i < s->cap_add.count && !s->has_host_users; i++) {
		if (is_of_machine(s->cap_add.items[i]) &&
			!is_of_network(s, s->cap_add.items[i]))
			reader_warn(reader, mark_of(draft, "cap_add"),
				"%s has no power over the machine from a user namespace of its own; for that write 'userns_mode: host'",
				s->cap_add.items[i]);
	}
	reader_pop(reader, path);
}

/* One more dependency, by something that is shared. */
static void depend(struct reader *reader, struct draft_service *draft,
	const char *key, const struct share *share)
{
	struct dependency dependency = { key, share->service, share->mark,
		DEPENDS_STARTED, false };
	struct dependency *grown;

	if (share->mode != SHARE_SERVICE)
		return;
	for (size_t i = 0; i < draft->dependency_count; i++) {
		struct dependency *old = &draft->dependencies[i];

		if (text_equal(old->name, share->service) && !old->is_optional)
			return;
	}
	grown = reader_grow(reader, draft->dependencies,
		draft->dependency_count, sizeof(*grown));
	if (!grown)
		return;
	grown[draft->dependency_count++] = dependency;
	draft->dependencies = grown;
}

void conflicts_check(struct reader *reader, struct draft_service *draft)
{
	struct service *s = &draft->service;
	struct share network = { SHARE_SERVICE, s->network_of,
		s->network_mark };

	/* the kernel shows processes, queues and cgroups of the machine to
	 * nobody who is not in its user namespace */
	s->has_host_users |= s->privileged || s->pid.mode == SHARE_HOST ||
			     s->ipc.mode == SHARE_HOST || s->has_host_cgroup;
	merge_deploy(reader, draft);
	check_limits(reader, draft);
	check_ipc(reader, draft);
	check_capabilities(reader, draft);
	if (s->has_host_uts && s->hostname)
		say(reader, draft, "hostname",
			"with 'uts: host' the host name is the machine's; remove one of them");
	depend(reader, draft, "pid", &s->pid);
	depend(reader, draft, "ipc", &s->ipc);
	if (s->network_mode == NETWORK_MODE_SERVICE)
		depend(reader, draft, "network_mode", &network);
	for (size_t i = 0; i < draft->link_count; i++) {
		struct share link = { SHARE_SERVICE,
			draft->links[i].link.service, draft->links[i].mark };

		depend(reader, draft, "links", &link);
	}
}
