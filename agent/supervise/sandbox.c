// SPDX-License-Identifier: MIT
/* sandbox - what surrounds a workload's process, as the OCI says it */
#include "supervise/sandbox.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>

#include "config/service.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run/docker.h"
#include "run/oci.h"
#include "run/range.h"
#include "supervise/nodes.h"
#include "supervise/process.h"
#include "supervise/resources.h"

/* A new namespace, or that of process pid. */
static int ask(struct oci_spec *out, enum oci_namespace_kind kind, pid_t pid,
	struct arena *arena)
{
	static const char *const names[OCI_NAMESPACE_COUNT] = {
		[OCI_NAMESPACE_USER] = "user",
		[OCI_NAMESPACE_PID] = "pid",
		[OCI_NAMESPACE_IPC] = "ipc",
		[OCI_NAMESPACE_NETWORK] = "net",
	};
	struct oci_namespace *namespace = &out->namespaces[kind];

	namespace->is_asked = true;
	if (pid == 0)
		return 0;
	namespace->path =
		arena_format(arena, "/proc/%d/ns/%s", (int)pid, names[kind]);
	return namespace->path ? 0 : -ENOMEM;
}

static bool has_host_users(const struct sandbox_source *source)
{
	return source->service->has_host_users || source->first_id == 0;
}

static int fill_namespaces(const struct sandbox_source *source,
	struct arena *arena, struct oci_spec *out)
{
	const struct service *service = source->service;
	int result = 0;

	(void)ask(out, OCI_NAMESPACE_MOUNT, 0, arena);
	if (!service->has_host_uts)
		(void)ask(out, OCI_NAMESPACE_UTS, 0, arena);
	if (!service->has_host_cgroup)
		(void)ask(out, OCI_NAMESPACE_CGROUP, 0, arena);
	if (!has_host_users(source))
		result = ask(out, OCI_NAMESPACE_USER, source->users_of, arena);
	if (result == 0 && service->pid.mode != SHARE_HOST)
		result = ask(out, OCI_NAMESPACE_PID, source->pid_of, arena);
	if (result == 0 && service->ipc.mode != SHARE_HOST)
		result = ask(out, OCI_NAMESPACE_IPC, source->ipc_of, arena);
	if (result == 0 && service->network_mode != NETWORK_MODE_HOST)
		result = ask(out, OCI_NAMESPACE_NETWORK, source->network_of,
			arena);
	return result;
}

static int fill_users(const struct sandbox_source *source, struct arena *arena,
	struct oci_spec *out)
{
	struct oci_id_mapping *mapping;

	if (has_host_users(source))
		return 0;
	mapping = arena_alloc(arena, sizeof(*mapping));
	if (!mapping)
		return -ENOMEM;
	*mapping = (struct oci_id_mapping){ 0, source->first_id, RANGE_SIZE };
	out->uid_mappings = (struct oci_id_mappings){ mapping, 1 };
	out->gid_mappings = out->uid_mappings;
	return 0;
}

static int fill_devices(const struct nodes *nodes, struct arena *arena,
	struct oci_spec *out)
{
	struct oci_device *devices =
		arena_array(arena, nodes->count + 1, sizeof(*devices));

	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->items[i];

		devices[i] = (struct oci_device){
			.type = node->type,
			.path = node->path,
			.major = node->major,
			.minor = node->minor,
			.mode = OCI_NUMBER(node->mode),
			.uid = node->uid,
			.gid = node->gid,
		};
	}
	out->devices = devices;
	out->device_count = nodes->count;
	return 0;
}

static bool has_sysctl(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->sysctl_count; i++) {
		if (text_equal(service->sysctls[i].name, name))
			return true;
	}
	return false;
}

/*
 * As Docker has it: in a network of its own no port and no ping is a privilege.
 * Groups are those that the namespace has.
 */
static size_t add_network_sysctls(const struct sandbox_source *source,
	struct oci_pair *pairs)
{
	const struct oci_pair own[] = {
		{ "net.ipv4.ip_unprivileged_port_start", "0" },
		{ "net.ipv4.ping_group_range",
			has_host_users(source) ? "0 2147483647" : "0 65535" },
	};
	enum network_mode mode = source->service->network_mode;
	size_t count = 0;

	if (mode != NETWORK_MODE_OWN && mode != NETWORK_MODE_NONE)
		return 0;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (!has_sysctl(source->service, own[i].key))
			pairs[count++] = own[i];
	}
	return count;
}

static int fill_sysctls(const struct sandbox_source *source,
	struct arena *arena, struct oci_spec *out)
{
	const struct service *service = source->service;
	struct oci_pair *pairs =
		arena_array(arena, service->sysctl_count + 2, sizeof(*pairs));
	size_t count;

	if (!pairs)
		return -ENOMEM;
	count = add_network_sysctls(source, pairs);
	for (size_t i = 0; i < service->sysctl_count; i++)
		pairs[count++] = (struct oci_pair){ service->sysctls[i].name,
			service->sysctls[i].value };
	out->sysctls = pairs;
	out->sysctl_count = count;
	return 0;
}

static void fill_rights(const struct service *service, struct oci_spec *out)
{
	uint64_t set = process_capabilities(service);

	out->process.has_capabilities = true;
	out->process.capabilities = (struct oci_capabilities){
		.bounding = set,
		.effective = set,
		.permitted = set,
	};
	out->process.no_new_privileges = service->no_new_privileges;
	out->process.has_terminal = service->has_terminal;
	out->copies_host_devices = service->privileged;
	if (service->privileged || service->shows_system_paths)
		return;
	out->masked_paths = docker_masked_paths;
	out->readonly_paths = docker_readonly_paths;
}

int sandbox_fill(const struct sandbox_source *source, struct arena *arena,
	struct oci_spec *out, struct error *err)
{
	const struct service *service = source->service;
	int result;

	if (!service->has_host_uts)
		out->hostname =
			service->hostname ? service->hostname : service->name;
	out->root_readonly = service->read_only;
	out->has_process = true;
	fill_rights(service, out);
	result = fill_namespaces(source, arena, out);
	if (result == 0)
		result = fill_users(source, arena, out);
	if (result == 0)
		result = fill_devices(source->nodes, arena, out);
	if (result == 0)
		result = fill_sysctls(source, arena, out);
	if (result == 0)
		result = resources_fill(service, source->nodes,
			source->machine_memory_bytes, arena, &out->resources);
	if (result == 0)
		result = resources_fill_process(service, arena, &out->process);
	return result < 0 ? error_set(err, result, "start: no memory") : 0;
}

static bool has_volume_at(const struct service *service, const char *path)
{
	for (size_t i = 0; i < service->volume_count; i++) {
		if (text_equal(service->volumes[i].target, path))
			return true;
	}
	return false;
}

bool sandbox_shares_shm(const struct service *service)
{
	return (service->is_shm_shared || service->ipc.mode == SHARE_SERVICE) &&
	       !has_volume_at(service, SANDBOX_SHM);
}

/* Others share one, which the agent holds (shm.h), or there is none. */
static bool has_own_shm(const struct service *service)
{
	return service->ipc.mode != SHARE_NO_SHM &&
	       !sandbox_shares_shm(service);
}

/* Which /dev/shm goes with whose shared memory. */
static int change_shm(const struct service *service, struct arena *arena,
	struct oci_mount *mount)
{
	if (service->ipc.mode == SHARE_HOST) {
		mount->kind = OCI_MOUNT_BIND;
		mount->source = SANDBOX_SHM;
		mount->data = NULL;
		return 0;
	}
	if (service->shm_size_bytes == 0)
		return 0;
	mount->data = arena_format(arena, "mode=1777,size=%" PRIu64,
		service->shm_size_bytes);
	return mount->data ? 0 : -ENOMEM;
}

int sandbox_mounts(const struct service *service, struct arena *arena,
	struct oci_mount *mounts, size_t *count, struct error *err)
{
	*count = 0;
	for (size_t i = 0; i < DOCKER_MOUNT_COUNT; i++) {
		struct oci_mount mount = docker_mounts[i];
		bool is_shm = text_equal(mount.destination, SANDBOX_SHM);

		if (has_volume_at(service, mount.destination) ||
			(is_shm && !has_own_shm(service)))
			continue;
		if (service->privileged)
			mount.attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		if (is_shm && change_shm(service, arena, &mount) < 0)
			return error_set(err, -ENOMEM, "start: no memory");
		mounts[(*count)++] = mount;
	}
	return 0;
}

int sandbox_tmpfs(const struct volume_mount *mount, struct arena *arena,
	struct oci_mount *out)
{
	char buffer[128];
	struct text data;

	text_init(&data, buffer, sizeof(buffer));
	text_add(&data, "mode=%o",
		mount->tmpfs_mode ? mount->tmpfs_mode : 01777U);
	if (mount->tmpfs_size_bytes > 0)
		text_add(&data, ",size=%" PRIu64, mount->tmpfs_size_bytes);
	if (mount->tmpfs_uid > 0)
		text_add(&data, ",uid=%u", mount->tmpfs_uid);
	if (mount->tmpfs_gid > 0)
		text_add(&data, ",gid=%u", mount->tmpfs_gid);
	*out = (struct oci_mount){
		.destination = mount->target,
		.type = "tmpfs",
		.data = arena_string(arena, buffer),
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
	if (!mount->tmpfs_exec)
		out->attributes |= MOUNT_ATTR_NOEXEC;
	if (mount->read_only)
		out->attributes |= MOUNT_ATTR_RDONLY;
	return out->data ? 0 : -ENOMEM;
}

void sandbox_cgroup(const struct service *service, char *out, size_t size)
{
	const char *parent = service->cgroup_parent;

	if (parent)
		parent += *parent == '/';
	(void)snprintf(out, size, "%s%s%s" SANDBOX_CGROUP_END,
		parent ? parent : "", parent ? "/" : "", service->name);
}
