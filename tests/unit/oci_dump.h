/* SPDX-License-Identifier: MIT */
/*
 * oci_dump - a container's spec as lines, for tests
 *
 * "namespaces.pid new", "mounts[2] /dev/pts devpts ..."; what is not set has no
 * line.
 */
#ifndef TARE_OCI_DUMP_H
#define TARE_OCI_DUMP_H

#include <inttypes.h>
#include <linux/mount.h>

#include "lib/text.h"
#include "run/oci.h"

static inline void dump_oci_number(struct text *out, const char *name,
	const struct oci_number *number)
{
	if (number->is_set)
		text_add(out, "%s %" PRId64 "\n", name, number->value);
}

static inline void dump_oci_text(struct text *out, const char *name,
	const char *value)
{
	if (value)
		text_add(out, "%s %s\n", name, value);
}

static inline void dump_oci_list(struct text *out, const char *name,
	const char *const *items)
{
	if (!items)
		return;
	text_add(out, "%s", name);
	for (; *items; items++)
		text_add(out, " %s", *items);
	text_add(out, "\n");
}

static inline void dump_oci_namespaces(struct text *out,
	const struct oci_spec *spec)
{
	static const char *const names[OCI_NAMESPACE_COUNT] = { "user", "pid",
		"network", "ipc", "uts", "cgroup", "time", "mount" };

	for (size_t i = 0; i < OCI_NAMESPACE_COUNT; i++) {
		const struct oci_namespace *namespace = &spec->namespaces[i];

		if (namespace->is_asked)
			text_add(out, "namespaces.%s %s\n", names[i],
				namespace->path ? namespace->path : "new");
	}
	for (size_t i = 0; i < spec->uid_mappings.count; i++) {
		const struct oci_id_mapping *uid = &spec->uid_mappings.items[i];
		const struct oci_id_mapping *gid = &spec->gid_mappings.items[i];

		text_add(out, "users %u %u %u\ngroups %u %u %u\n",
			uid->container_id, uid->host_id, uid->size,
			gid->container_id, gid->host_id, gid->size);
	}
}

static inline void dump_oci_mounts(struct text *out,
	const struct oci_mount *mounts, size_t count)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} flags[] = {
		{ MOUNT_ATTR_RDONLY, "ro" },
		{ MOUNT_ATTR_NOSUID, "nosuid" },
		{ MOUNT_ATTR_NODEV, "nodev" },
		{ MOUNT_ATTR_NOEXEC, "noexec" },
	};

	for (size_t i = 0; i < count; i++) {
		const struct oci_mount *m = &mounts[i];

		text_add(out, "mounts %s %s", m->destination,
			m->kind == OCI_MOUNT_BIND ? "bind" : m->type);
		if (m->source && m->kind == OCI_MOUNT_BIND)
			text_add(out, " from %s", m->source);
		for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
			if (m->attributes & flags[k].bit)
				text_add(out, " %s", flags[k].name);
		}
		text_add(out, "%s", m->idmap ? " idmap" : "");
		if (m->data)
			text_add(out, " %s", m->data);
		text_add(out, "\n");
	}
}

static inline void dump_oci_disks(struct text *out, const char *name,
	const struct oci_block_devices *list)
{
	for (size_t i = 0; i < list->count; i++)
		text_add(out, "io.%s %u:%u %" PRIu64 "\n", name,
			list->items[i].major, list->items[i].minor,
			list->items[i].value);
}

static inline void dump_oci_resources(struct text *out,
	const struct oci_resources *r)
{
	dump_oci_number(out, "memory.limit", &r->memory.limit);
	dump_oci_number(out, "memory.reservation", &r->memory.reservation);
	dump_oci_number(out, "memory.swap", &r->memory.swap);
	dump_oci_number(out, "cpu.shares", &r->cpu.shares);
	dump_oci_number(out, "cpu.quota", &r->cpu.quota);
	dump_oci_number(out, "cpu.period", &r->cpu.period);
	dump_oci_text(out, "cpu.cpus", r->cpu.cpus);
	dump_oci_number(out, "pids.limit", &r->pids_limit);
	dump_oci_number(out, "io.weight", &r->block_io.weight);
	dump_oci_disks(out, "weight", &r->block_io.weights);
	dump_oci_disks(out, "read_bps", &r->block_io.read_bps);
	dump_oci_disks(out, "read_iops", &r->block_io.read_iops);
	dump_oci_disks(out, "write_bps", &r->block_io.write_bps);
	dump_oci_disks(out, "write_iops", &r->block_io.write_iops);
	for (size_t i = 0; i < r->device_count; i++)
		text_add(out, "rules %s %c %" PRId64 ":%" PRId64 " %s\n",
			r->devices[i].is_allowed ? "allow" : "deny",
			r->devices[i].type, r->devices[i].major,
			r->devices[i].minor, r->devices[i].access);
	if (r->allows_all_devices)
		text_add(out, "rules all\n");
}

static inline void dump_oci_process(struct text *out,
	const struct oci_process *p)
{
	if (p->has_terminal)
		text_add(out, "terminal\n");
	if (p->has_capabilities)
		text_add(out,
			"capabilities %" PRIx64 " %" PRIx64 " %" PRIx64
			" %" PRIx64 " %" PRIx64 "\n",
			p->capabilities.bounding, p->capabilities.effective,
			p->capabilities.permitted, p->capabilities.inheritable,
			p->capabilities.ambient);
	for (size_t i = 0; i < p->rlimit_count; i++)
		text_add(out, "rlimits %d %" PRIu64 " %" PRIu64 "\n",
			p->rlimits[i].type, p->rlimits[i].soft,
			p->rlimits[i].hard);
	if (p->no_new_privileges)
		text_add(out, "no_new_privileges\n");
	dump_oci_number(out, "oom_score_adj", &p->oom_score_adj);
}

static inline void dump_oci_spec(struct text *out, const struct oci_spec *spec)
{
	dump_oci_text(out, "hostname", spec->hostname);
	dump_oci_text(out, "domainname", spec->domainname);
	if (spec->root_readonly)
		text_add(out, "root_readonly\n");
	dump_oci_namespaces(out, spec);
	dump_oci_process(out, &spec->process);
	dump_oci_resources(out, &spec->resources);
	dump_oci_mounts(out, spec->mounts, spec->mount_count);
	for (size_t i = 0; i < spec->device_count; i++) {
		const struct oci_device *d = &spec->devices[i];

		text_add(out, "devices %s %c %u:%u %o %u:%u\n", d->path,
			d->type, d->major, d->minor,
			(unsigned int)d->mode.value, d->uid, d->gid);
	}
	if (spec->copies_host_devices)
		text_add(out, "devices all\n");
	for (size_t i = 0; i < spec->sysctl_count; i++)
		text_add(out, "sysctls %s = %s\n", spec->sysctls[i].key,
			spec->sysctls[i].value);
	dump_oci_list(out, "masked", spec->masked_paths);
	dump_oci_list(out, "readonly", spec->readonly_paths);
}

#endif
