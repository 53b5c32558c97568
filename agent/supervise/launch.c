// SPDX-License-Identifier: MIT
/* launch - from a service and its OCI image to a container that can start */
#include "supervise/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/service.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/idmap.h"
#include "run/profile.h"
#include "run/seccomp_docker.h"
#include "store/store.h"
#include "supervise/etc.h"
#include "supervise/folders.h"
#include "supervise/nodes.h"
#include "supervise/places.h"
#include "supervise/process.h"
#include "supervise/sandbox.h"
#include "supervise/shm.h"

#define REAPER "/sbin/reaper" /* of the machine */

static int add_mount(struct launch *launch, struct oci_mount mount,
	struct error *err)
{
	if (launch->spec.mount_count == LAUNCH_MOUNTS_MAX) {
		if (mount.source_fd > 0)
			fd_close(&mount.source_fd);
		return error_set(err, -E2BIG, "mount '%s': more than %d mounts",
			mount.destination, LAUNCH_MOUNTS_MAX);
	}
	launch->mounts[launch->spec.mount_count++] = mount;
	return 0;
}

/* Files keep the ids that they have on disk: 0 there is root in it. */
static int add_opened(struct launch *launch, int fd, const char *destination,
	uint64_t attributes, struct error *err)
{
	return add_mount(launch,
		(struct oci_mount){
			.kind = OCI_MOUNT_BIND,
			.destination = destination,
			.source_fd = fd,
			.attributes = attributes,
			.idmap = launch->users_fd >= 0 ? OCI_IDMAP
						       : OCI_IDMAP_NONE,
		},
		err);
}

static int add_bind(struct launch *launch, int dir_fd, const char *name,
	const char *destination, bool read_only, struct error *err)
{
	/* nothing that a config names may lead out of its folder */
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	return fd < 0 ? error_errno(err, "open '%s'", name)
		      : add_opened(launch, fd, destination,
				read_only ? MOUNT_ATTR_RDONLY : 0, err);
}

static int open_folder(int dir_fd, const char *path, struct error *err)
{
	int fd = openat(dir_fd, path,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? error_errno(err, "open '%s'", path) : fd;
}

/* The folder of a service's container: upper, work, and its own /etc files. */
static int open_container(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const char *path = arena_format(&launch->arena,
		FOLDERS_CONTAINERS "/%s", request->service->name);

	if (!path)
		return error_set(err, -ENOMEM, "start: no memory");
	return open_folder(request->places->data_fd, path, err);
}

static int open_root(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const char *data = request->places->data_path;
	const char *name = request->service->name;
	struct root_source source = {
		.layers = (const char *const *)request->image->layers,
		.layer_count = request->image->layer_count,
		.upper = arena_format(&launch->arena,
			"%s/" FOLDERS_CONTAINERS "/%s/upper", data, name),
		.work = arena_format(&launch->arena,
			"%s/" FOLDERS_CONTAINERS "/%s/work", data, name),
		.user_namespace_fd = launch->users_fd,
		.root_uid = launch->users_fd < 0 ? 0 : request->first_id,
		.root_gid = launch->users_fd < 0 ? 0 : request->first_id,
		.base = data,
	};
	auto_fd dir_fd = open_container(request, launch, err);
	int result;

	if (dir_fd < 0)
		return dir_fd;
	if (!source.upper || !source.work)
		return error_set(err, -ENOMEM, "start: no memory");
	root_uncover(dir_fd, "work");
	/* overlayfs leaves an unremovable-looking work/work; it is only ours */
	result = fd_remove_tree(dir_fd, "work", err);
	if (result == 0)
		result = fd_make_dirs(dir_fd, "upper", 0755, err);
	if (result == 0)
		result = fd_make_dirs(dir_fd, "work", 0700, err);
	if (result < 0)
		return result;
	launch->spec.root_fd = root_open(&source, err);
	return launch->spec.root_fd < 0 ? launch->spec.root_fd : 0;
}

static int add_volume(const struct places *places,
	const struct volume_mount *mount, struct launch *launch,
	struct error *err)
{
	auto_fd fd = open_folder(places->data_fd, FOLDERS_VOLUMES, err);

	return fd < 0 ? fd
		      : add_bind(launch, fd, mount->source, mount->target,
				mount->read_only, err);
}

static int add_tmpfs(const struct volume_mount *mount, struct launch *launch,
	struct error *err)
{
	struct oci_mount tmpfs;

	return sandbox_tmpfs(mount, &launch->arena, &tmpfs) < 0
		       ? error_set(err, -ENOMEM, "start: no memory")
		       : add_mount(launch, tmpfs, err);
}

static int add_declared_mount(const struct places *places,
	const struct volume_mount *mount, struct launch *launch,
	struct error *err)
{
	switch (mount->kind) {
	case VOLUME_NAMED:
		return add_volume(places, mount, launch, err);
	case VOLUME_FILE:
		if (places->config_fd < 0)
			return error_set(err, -ENOENT,
				"mount '%s': there is no config partition",
				mount->source);
		return add_bind(launch, places->config_fd, mount->source,
			mount->target, true, err);
	case VOLUME_TMPFS:
		return add_tmpfs(mount, launch, err);
	}
	return error_set(err, -EINVAL, "mount '%s': unknown kind",
		mount->target);
}

/* Both where it can fill nothing but its own, and the machine's servers. */
static int add_etc_files(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	auto_fd fd = open_container(request, launch, err);
	int result;

	if (fd < 0)
		return fd;
	result = etc_write(fd, request->service, &request->net, &launch->arena,
		err);
	if (result == 0)
		result =
			add_bind(launch, fd, "hosts", "/etc/hosts", false, err);
	if (result == 0)
		result = add_bind(launch, fd, "hostname", "/etc/hostname",
			false, err);
	if (result < 0)
		return result;
	if (request->net.server_count > 0)
		return add_bind(launch, fd, "resolv.conf", "/etc/resolv.conf",
			false, err);
	return add_bind(launch, request->places->run_fd, "resolv.conf",
		"/etc/resolv.conf", true, err);
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* Upper folders first, so that no mount hides one that is below it. */
static int add_declared_mounts(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const struct service *service = request->service;
	size_t added = 0;
	int result = 0;

	for (size_t depth = 1; result == 0 && added < service->volume_count;
		depth++) {
		for (size_t i = 0; result == 0 && i < service->volume_count;
			i++) {
			if (depth_of(service->volumes[i].target) != depth)
				continue;
			result = add_declared_mount(request->places,
				&service->volumes[i], launch, err);
			added++;
		}
	}
	return result;
}

/* Before the volumes, which may be below it. */
static int add_shared_shm(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	int fd;

	if (!sandbox_shares_shm(request->service))
		return 0;
	fd = shm_open_shared(request->places->run_fd, request->service, err);
	return fd < 0 ? fd
		      : add_opened(launch, fd, SANDBOX_SHM,
				MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					MOUNT_ATTR_NOEXEC,
				err);
}

/* Last, so that no volume can hide it. */
static int add_reaper(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const char *path = request->reaper ? request->reaper : REAPER;
	int fd;

	if (!request->service->has_init)
		return 0;
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	return add_mount(launch,
		(struct oci_mount){
			.kind = OCI_MOUNT_BIND,
			.destination = PROCESS_REAPER,
			.source_fd = fd,
			.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV,
		},
		err);
}

static int add_mounts(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	int result = sandbox_mounts(request->service, &launch->arena,
		launch->mounts, &launch->spec.mount_count, err);

	launch->spec.mounts = launch->mounts;
	if (result == 0)
		result = add_shared_shm(request, launch, err);
	if (result == 0)
		result = add_etc_files(request, launch, err);
	if (result == 0)
		result = add_declared_mounts(request, launch, err);
	return result < 0 ? result : add_reaper(request, launch, err);
}

/* Groups by the names that the image has for them. */
static int add_groups(const struct service *service, struct launch *launch,
	struct error *err)
{
	struct root_user *user = &launch->user;

	for (size_t i = 0; i < service->group_add.count; i++) {
		const char *name = service->group_add.items[i];
		const char *both = arena_format(&launch->arena, "0:%s", name);
		struct root_user found;
		int result;

		if (!both)
			return error_set(err, -ENOMEM, "start: no memory");
		result =
			root_find_user(launch->spec.root_fd, both, &found, err);
		if (result < 0)
			return result;
		if (user->group_count == ROOT_GROUPS_MAX)
			return error_set(err, -E2BIG,
				"group '%s': more than %d groups", name,
				ROOT_GROUPS_MAX);
		user->groups[user->group_count++] = found.gid;
	}
	return 0;
}

static int find_user(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const struct service *service = request->service;
	const char *name = service->user ? service->user : request->image->user;
	int result;

	result = root_find_user(launch->spec.root_fd, name, &launch->user, err);
	if (result == 0)
		result = add_groups(service, launch, err);
	launch->spec.process.user = (struct oci_user){
		.uid = launch->user.uid,
		.gid = launch->user.gid,
		.additional_gids = launch->user.groups,
		.additional_gid_count = launch->user.group_count,
	};
	return result;
}

/* Who runs what, and where. */
static int fill_process(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const struct service *service = request->service;
	struct oci_process *process = &launch->spec.process;
	char home[256];
	int result;

	result = process_arguments(service, request->image, &launch->arena,
		&process->args, err);
	if (result == 0)
		result = find_user(request, launch, err);
	if (result < 0)
		return result;
	root_find_home(launch->spec.root_fd, process->user.uid, home,
		sizeof(home));
	process->env = process_environment(service, request->image, home,
		&launch->arena);
	process->cwd = service->working_dir ? service->working_dir
					    : request->image->working_dir;
	if (!*process->cwd)
		process->cwd = "/";
	return process->env ? 0 : error_set(err, -ENOMEM, "start: no memory");
}

static int read_profile(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const char *file = request->service->seccomp_file;
	struct oci_seccomp *profile =
		arena_alloc(&launch->arena, sizeof(*profile));
	struct profile_source source = {
		.capabilities = launch->spec.process.capabilities.bounding,
	};
	auto_free char *text = NULL;
	int result;

	if (!profile)
		return error_set(err, -ENOMEM, "start: no memory");
	result = fd_read_file(request->places->config_fd, file,
		PROFILE_SIZE_MAX, &text, &source.size, err);
	source.text = text;
	if (result == 0)
		result = profile_parse(&source, &launch->arena, profile, err);
	if (result < 0) {
		(void)error_prefix(err, "seccomp profile '%s'", file);
		return -EINVAL; /* no status of a program that was not found */
	}
	launch->spec.seccomp = profile;
	return 0;
}

/* Docker's profile, that of a file, or none. */
static int fill_seccomp(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const struct service *service = request->service;
	struct oci_spec *spec = &launch->spec;

	if (service->seccomp_file)
		return read_profile(request, launch, err);
	if (service->is_seccomp_off || service->privileged)
		return 0;
	spec->seccomp =
		seccomp_docker_profile(spec->process.capabilities.bounding,
			&launch->arena);
	return spec->seccomp ? 0 : error_set(err, -ENOMEM, "start: no memory");
}

/* The process whose namespace it shares; a start comes after its own. */
static int find_peer(const struct launch_request *request, const char *name,
	pid_t *out, struct error *err)
{
	*out = 0;
	if (!name)
		return 0;
	*out = request->find_pid ? request->find_pid(request->context, name)
				 : 0;
	return *out > 0 ? 0
			: error_set(err, -ESRCH,
				  "share namespaces with '%s': it does not run",
				  name);
}

static int fill_sandbox(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	const struct service *service = request->service;
	auto_fd dev_fd = open_folder(AT_FDCWD, "/dev", err);
	struct nodes nodes;
	struct sandbox_source source = {
		.service = service,
		.nodes = &nodes,
		.machine_memory_bytes = request->places->memory_bytes,
		.first_id = request->first_id,
	};
	int result;

	if (dev_fd < 0)
		return dev_fd;
	result = nodes_find(dev_fd, service, &launch->arena, &nodes, err);
	if (result == 0)
		result = find_peer(request, service->pid.service,
			&source.pid_of, err);
	if (result == 0)
		result = find_peer(request, service->ipc.service,
			&source.ipc_of, err);
	if (result == 0)
		result = find_peer(request, service->network_of,
			&source.network_of, err);
	if (result == 0)
		result = find_peer(request, service->users_of, &source.users_of,
			err);
	if (result == 0)
		result = sandbox_fill(&source, &launch->arena, &launch->spec,
			err);
	return result;
}

static int open_users(struct launch *launch, struct error *err)
{
	if (launch->spec.uid_mappings.count == 0)
		return 0;
	launch->users_fd = idmap_open(&launch->spec.uid_mappings,
		&launch->spec.gid_mappings, err);
	return launch->users_fd < 0 ? launch->users_fd : 0;
}

int launch_prepare(const struct launch_request *request, struct launch *launch,
	struct error *err)
{
	int result;

	*launch = (struct launch){ .spec.root_fd = -1, .users_fd = -1 };
	sandbox_cgroup(request->service, launch->cgroup,
		sizeof(launch->cgroup));
	result = fill_sandbox(request, launch, err);
	if (result == 0)
		result = open_users(launch, err);
	if (result == 0)
		result = open_root(request, launch, err);
	if (result == 0)
		result = add_mounts(request, launch, err);
	if (result == 0)
		result = fill_process(request, launch, err);
	if (result == 0)
		result = fill_seccomp(request, launch, err);
	if (result < 0)
		launch_clear(launch);
	return result;
}

/* Without what counts only when a container is made. */
static const struct service *without_start(const struct service *service,
	struct arena *arena)
{
	struct service *plain = arena_alloc(arena, sizeof(*plain));

	if (!plain)
		return NULL;
	*plain = *service;
	plain->pid = plain->ipc = (struct share){ .mode = SHARE_NOTHING };
	plain->users_of = plain->network_of = NULL;
	if (plain->network_mode == NETWORK_MODE_SERVICE)
		plain->network_mode = NETWORK_MODE_NONE;
	plain->device_count = 0;
	plain->block_limit_count = 0;
	return plain;
}

int launch_prepare_exec(const struct launch_request *request, pid_t pid,
	struct launch *launch, struct error *err)
{
	struct launch_request own = *request;
	char path[32];
	int result;

	*launch = (struct launch){ .spec.root_fd = -1, .users_fd = -1 };
	own.service = without_start(request->service, &launch->arena);
	if (!own.service)
		return error_set(err, -ENOMEM, "start: no memory");
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	launch->spec.root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	result = launch->spec.root_fd < 0 ? error_errno(err, "open '%s'", path)
					  : fill_sandbox(&own, launch, err);
	if (result == 0)
		result = fill_process(&own, launch, err);
	if (result == 0)
		result = fill_seccomp(&own, launch, err);
	if (result < 0)
		launch_clear(launch);
	return result;
}

void launch_clear(struct launch *launch)
{
	fd_close(&launch->spec.root_fd);
	fd_close(&launch->users_fd);
	for (size_t i = 0; i < launch->spec.mount_count; i++) {
		if (launch->mounts[i].source_fd > 0)
			fd_close(&launch->mounts[i].source_fd);
	}
	launch->spec.mount_count = 0;
	arena_clear(&launch->arena);
}
