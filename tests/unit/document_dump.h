/* SPDX-License-Identifier: MIT */
/*
 * document_dump - a struct oci_spec as text, one line per value that is set
 *
 * The names are those of config.json; flags and words are numbers, as the
 * kernel has them.
 */
#ifndef TARE_DOCUMENT_DUMP_H
#define TARE_DOCUMENT_DUMP_H

#include <inttypes.h>
#include <string.h>

#include "lib/text.h"
#include "run/oci.h"

static inline void dump_text(struct text *out, const char *key,
	const char *value)
{
	if (!value)
		return;
	text_add(out, "%s ", key);
	text_add_json(out, value, strlen(value));
	text_add(out, "\n");
}

static inline void dump_u64(struct text *out, const char *key, uint64_t value)
{
	if (value)
		text_add(out, "%s %" PRIu64 "\n", key, value);
}

static inline void dump_hex(struct text *out, const char *key, uint64_t value)
{
	if (value)
		text_add(out, "%s %#" PRIx64 "\n", key, value);
}

static inline void dump_bool(struct text *out, const char *key, bool value)
{
	if (value)
		text_add(out, "%s\n", key);
}

static inline void dump_number(struct text *out, const char *key,
	struct oci_number number)
{
	if (number.is_set)
		text_add(out, "%s %" PRId64 "\n", key, number.value);
}

static inline void dump_texts(struct text *out, const char *key,
	const char *const *list)
{
	for (; list && *list; list++)
		dump_text(out, key, *list);
}

static inline void dump_pairs(struct text *out, const char *key,
	const struct oci_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_add(out, "%s ", key);
		text_add_json(out, pairs[i].key, strlen(pairs[i].key));
		text_add(out, " = ");
		text_add_json(out, pairs[i].value, strlen(pairs[i].value));
		text_add(out, "\n");
	}
}

static inline void dump_mappings(struct text *out, const char *key,
	const struct oci_id_mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++)
		text_add(out, "%s %u %u %u\n", key,
			mappings->items[i].container_id,
			mappings->items[i].host_id, mappings->items[i].size);
}

static inline void dump_rights(struct text *out, const struct oci_process *p)
{
	const struct oci_capabilities *sets = &p->capabilities;

	if (p->has_capabilities)
		text_add(out,
			"capabilities %" PRIx64 " %" PRIx64 " %" PRIx64
			" %" PRIx64 " %" PRIx64 "\n",
			sets->bounding, sets->effective, sets->permitted,
			sets->inheritable, sets->ambient);
	dump_texts(out, "unknown capability", p->unknown_capabilities);
	for (size_t i = 0; i < p->rlimit_count; i++)
		text_add(out, "rlimit %d %" PRIu64 " %" PRIu64 "\n",
			p->rlimits[i].type, p->rlimits[i].soft,
			p->rlimits[i].hard);
	dump_bool(out, "noNewPrivileges", p->no_new_privileges);
	dump_number(out, "oomScoreAdj", p->oom_score_adj);
	dump_number(out, "ioPriority", p->io_priority);
	if (p->scheduler.is_set)
		text_add(out,
			"scheduler policy %u nice %d priority %u flags %#" PRIx64
			" runtime %" PRIu64 " deadline %" PRIu64
			" period %" PRIu64 "\n",
			p->scheduler.policy, p->scheduler.nice,
			p->scheduler.priority, p->scheduler.flags,
			p->scheduler.runtime_ns, p->scheduler.deadline_ns,
			p->scheduler.period_ns);
	dump_text(out, "execCPUAffinity initial", p->cpu_affinity_initial);
	dump_text(out, "execCPUAffinity final", p->cpu_affinity_final);
	dump_text(out, "apparmorProfile", p->apparmor_profile);
	dump_text(out, "selinuxLabel", p->selinux_label);
}

static inline void dump_process(struct text *out, const struct oci_process *p)
{
	dump_bool(out, "terminal", p->has_terminal);
	if (p->console_height || p->console_width)
		text_add(out, "consoleSize %u %u\n", p->console_height,
			p->console_width);
	dump_texts(out, "args", p->args);
	dump_texts(out, "env", p->env);
	dump_text(out, "cwd", p->cwd);
	text_add(out, "user %u:%u\n", p->user.uid, p->user.gid);
	dump_number(out, "umask", p->user.umask);
	for (size_t i = 0; i < p->user.additional_gid_count; i++)
		text_add(out, "additionalGids %u\n",
			p->user.additional_gids[i]);
	dump_rights(out, p);
}

static inline void dump_mount(struct text *out, const struct oci_mount *m)
{
	static const char *const kinds[] = { "file system", "bind", "cgroup" };

	text_add(out, "mount %s\n", kinds[m->kind]);
	dump_text(out, "destination", m->destination);
	dump_text(out, "type", m->type);
	dump_text(out, "source", m->source);
	dump_text(out, "data", m->data);
	dump_bool(out, "recursive bind", m->is_recursive);
	dump_bool(out, "tmpcopyup", m->copies_up);
	dump_bool(out, "remount", m->is_remount);
	dump_bool(out, "no symlink", m->no_symlink);
	dump_bool(out, "no symlink target", m->no_symlink_target);
	dump_hex(out, "set", m->attributes);
	dump_hex(out, "clear", m->attributes_clear);
	dump_hex(out, "set below", m->recursive);
	dump_hex(out, "clear below", m->recursive_clear);
	dump_hex(out, "propagation", m->propagation);
	dump_bool(out, "propagation below", m->propagates_recursive);
	dump_u64(out, "idmap", m->idmap);
	dump_mappings(out, "mount uidMappings", &m->uid_mappings);
	dump_mappings(out, "mount gidMappings", &m->gid_mappings);
}

static inline void dump_hooks(struct text *out, const struct oci_hooks *hooks)
{
	static const char *const names[] = { "prestart", "createRuntime",
		"createContainer", "startContainer", "poststart", "poststop" };

	for (size_t kind = 0; kind < OCI_HOOK_COUNT; kind++) {
		for (size_t i = 0; i < hooks[kind].count; i++) {
			const struct oci_hook *hook = &hooks[kind].items[i];

			dump_text(out, names[kind], hook->path);
			dump_texts(out, "hook args", hook->args);
			dump_texts(out, "hook env", hook->env);
			dump_u64(out, "hook timeout", hook->timeout_s);
		}
	}
}

static inline void dump_blocks(struct text *out, const char *key,
	const struct oci_block_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		text_add(out, "%s %u:%u %" PRIu64 "\n", key,
			devices->items[i].major, devices->items[i].minor,
			devices->items[i].value);
}

static inline void dump_lists(struct text *out, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->device_count; i++)
		text_add(out, "%s %c %" PRId64 ":%" PRId64 " %s\n",
			r->devices[i].is_allowed ? "allow" : "deny",
			r->devices[i].type ? r->devices[i].type : 'a',
			r->devices[i].major, r->devices[i].minor,
			r->devices[i].access ? r->devices[i].access : "all");
	for (size_t i = 0; i < r->huge_page_count; i++)
		text_add(out, "hugepageLimits %s %" PRIu64 "\n",
			r->huge_pages[i].page_size, r->huge_pages[i].limit);
	for (size_t i = 0; i < r->rdma_count; i++) {
		dump_text(out, "rdma", r->rdma[i].device);
		dump_number(out, "hcaHandles", r->rdma[i].handles);
		dump_number(out, "hcaObjects", r->rdma[i].objects);
	}
	dump_pairs(out, "unified", r->unified, r->unified_count);
	dump_bool(out, "network resources", r->has_network);
}

static inline void dump_resources(struct text *out,
	const struct oci_resources *r)
{
	const struct oci_block_io *io = &r->block_io;

	dump_number(out, "memory.limit", r->memory.limit);
	dump_number(out, "memory.reservation", r->memory.reservation);
	dump_number(out, "memory.swap", r->memory.swap);
	dump_number(out, "memory.kernel", r->memory.kernel);
	dump_number(out, "memory.kernelTCP", r->memory.kernel_tcp);
	dump_number(out, "memory.swappiness", r->memory.swappiness);
	dump_number(out, "disableOOMKiller", r->memory.disable_oom_killer);
	dump_number(out, "checkBeforeUpdate", r->memory.check_before_update);
	dump_number(out, "cpu.shares", r->cpu.shares);
	dump_number(out, "cpu.quota", r->cpu.quota);
	dump_number(out, "cpu.burst", r->cpu.burst);
	dump_number(out, "cpu.period", r->cpu.period);
	dump_number(out, "cpu.realtimeRuntime", r->cpu.realtime_runtime);
	dump_number(out, "cpu.realtimePeriod", r->cpu.realtime_period);
	dump_number(out, "cpu.idle", r->cpu.idle);
	dump_text(out, "cpu.cpus", r->cpu.cpus);
	dump_text(out, "cpu.mems", r->cpu.mems);
	dump_number(out, "pids.limit", r->pids_limit);
	dump_number(out, "blockIO.weight", io->weight);
	dump_number(out, "blockIO.leafWeight", io->leaf_weight);
	dump_blocks(out, "weightDevice", &io->weights);
	dump_blocks(out, "throttleReadBpsDevice", &io->read_bps);
	dump_blocks(out, "throttleWriteBpsDevice", &io->write_bps);
	dump_blocks(out, "throttleReadIOPSDevice", &io->read_iops);
	dump_blocks(out, "throttleWriteIOPSDevice", &io->write_iops);
	dump_lists(out, r);
}

static inline void dump_seccomp(struct text *out, const struct oci_seccomp *s)
{
	text_add(out, "defaultAction %#x\n", s->default_action);
	dump_number(out, "defaultErrnoRet", s->default_errno);
	dump_texts(out, "architectures", s->architectures);
	dump_hex(out, "seccomp flags", s->flags);
	dump_text(out, "listenerPath", s->listener_path);
	dump_text(out, "listenerMetadata", s->listener_metadata);
	for (size_t i = 0; i < s->rule_count; i++) {
		const struct oci_seccomp_rule *rule = &s->rules[i];

		text_add(out, "rule %#x\n", rule->action);
		dump_texts(out, "syscall", rule->names);
		dump_number(out, "errnoRet", rule->errno_ret);
		for (size_t k = 0; k < rule->arg_count; k++)
			text_add(out, "arg %u op %d %" PRIu64 " %" PRIu64 "\n",
				rule->args[k].index, (int)rule->args[k].compare,
				rule->args[k].value, rule->args[k].value_two);
	}
}

static inline void dump_offset(struct text *out, const char *key,
	const struct oci_time_offset *offset)
{
	if (offset->is_set)
		text_add(out, "%s %" PRId64 " %u\n", key, offset->secs,
			offset->nanosecs);
}

static inline void dump_linux(struct text *out, const struct oci_spec *s)
{
	static const char *const names[] = { "user", "pid", "network", "ipc",
		"uts", "cgroup", "time", "mount" };

	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		if (s->namespaces[i].is_asked)
			text_add(out, "namespace %s %s\n", names[i],
				s->namespaces[i].path ? s->namespaces[i].path
						      : "new");
	}
	dump_mappings(out, "uidMappings", &s->uid_mappings);
	dump_mappings(out, "gidMappings", &s->gid_mappings);
	dump_offset(out, "monotonic", &s->monotonic);
	dump_offset(out, "boottime", &s->boottime);
	for (size_t i = 0; i < s->device_count; i++) {
		const struct oci_device *d = &s->devices[i];

		text_add(out, "device %c %s %u:%u owner %u:%u\n", d->type,
			d->path, d->major, d->minor, d->uid, d->gid);
		dump_number(out, "fileMode", d->mode);
	}
	dump_text(out, "cgroupsPath", s->cgroups_path);
	dump_text(out, "mountLabel", s->mount_label);
	dump_hex(out, "rootfsPropagation", s->rootfs_propagation);
	dump_pairs(out, "sysctl", s->sysctls, s->sysctl_count);
	dump_texts(out, "maskedPaths", s->masked_paths);
	dump_texts(out, "readonlyPaths", s->readonly_paths);
	dump_number(out, "personality", s->personality);
	if (s->memory_policy.is_set)
		text_add(out, "memoryPolicy %#x %s\n", s->memory_policy.mode,
			s->memory_policy.nodes ? s->memory_policy.nodes : "");
	for (size_t i = 0; i < s->net_device_count; i++)
		text_add(out, "netDevices %s %s\n", s->net_devices[i].name,
			s->net_devices[i].new_name ? s->net_devices[i].new_name
						   : "");
	dump_bool(out, "intelRdt", s->has_intel_rdt);
}

static inline void dump_spec(struct text *out, const struct oci_spec *s)
{
	dump_text(out, "ociVersion", s->version);
	dump_text(out, "root", s->root_path);
	dump_bool(out, "root readonly", s->root_readonly);
	dump_text(out, "hostname", s->hostname);
	dump_text(out, "domainname", s->domainname);
	if (s->has_process)
		dump_process(out, &s->process);
	for (size_t i = 0; i < s->mount_count; i++)
		dump_mount(out, &s->mounts[i]);
	dump_hooks(out, s->hooks);
	dump_pairs(out, "annotation", s->annotations, s->annotation_count);
	dump_linux(out, s);
	dump_resources(out, &s->resources);
	if (s->seccomp)
		dump_seccomp(out, s->seccomp);
}

#endif
