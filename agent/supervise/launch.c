// SPDX-License-Identifier: MIT
/* launch - from a service and its OCI image to a container that can start */
#include "supervise/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/root.h"
#include "run/seccomp_docker.h"
#include "store/store.h"
#include "supervise/folders.h"
#include "supervise/places.h"
#include "supervise/process.h"

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

static int add_bind(struct launch *launch, int dir_fd, const char *name,
	const char *destination, bool read_only, struct error *err)
{
	/* nothing that a config names may lead out of its folder */
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	if (fd < 0)
		return error_errno(err, "open '%s'", name);
	return add_mount(launch,
		(struct oci_mount){
			.kind = OCI_MOUNT_BIND,
			.destination = destination,
			.source_fd = fd,
			.attributes = read_only ? MOUNT_ATTR_RDONLY : 0,
		},
		err);
}

static int open_folder(int dir_fd, const char *path, struct error *err)
{
	int fd = openat(dir_fd, path,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? error_errno(err, "open '%s'", path) : fd;
}

/* The folder of a service's container: upper, work, and its own /etc files. */
static int open_container(const struct places *places,
	const struct service *service, struct error *err)
{
	char path[128];

	(void)snprintf(path, sizeof(path), FOLDERS_CONTAINERS "/%s",
		service->name);
	return open_folder(places->data_fd, path, err);
}

static int open_root(const struct places *places, const struct service *service,
	const struct image *image, struct launch *launch, struct error *err)
{
	const char *upper = arena_format(&launch->arena,
		"%s/" FOLDERS_CONTAINERS "/%s/upper", places->data_path,
		service->name);
	const char *work = arena_format(&launch->arena,
		"%s/" FOLDERS_CONTAINERS "/%s/work", places->data_path,
		service->name);
	auto_fd dir_fd = open_container(places, service, err);
	int result;

	if (dir_fd < 0)
		return dir_fd;
	if (!upper || !work)
		return error_set(err, -ENOMEM, "start: no memory");
	/* overlayfs leaves an unremovable-looking work/work; it is only ours */
	result = fd_remove_tree(dir_fd, "work", err);
	if (result == 0)
		result = fd_make_dirs(dir_fd, "upper", 0755, err);
	if (result == 0)
		result = fd_make_dirs(dir_fd, "work", 0700, err);
	if (result < 0)
		return result;
	launch->spec.root_fd = root_open(
		&(struct root_source){
			.layers = (const char *const *)image->layers,
			.layer_count = image->layer_count,
			.upper = upper,
			.work = work,
		},
		err);
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
	struct oci_mount made = {
		.destination = mount->target,
		.type = "tmpfs",
		.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};

	if (mount->read_only)
		made.attributes |= MOUNT_ATTR_RDONLY;
	made.data = arena_format(&launch->arena,
		mount->tmpfs_size_bytes ? "mode=%o,size=%" PRIu64 : "mode=%o",
		mount->tmpfs_mode ? mount->tmpfs_mode : 01777U,
		mount->tmpfs_size_bytes);
	if (!made.data)
		return error_set(err, -ENOMEM, "start: no memory");
	return add_mount(launch, made, err);
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

/* Written anew at each start, so it need not outlast the power. */
static int write_file(int dir_fd, const char *name, const char *text,
	struct error *err)
{
	auto_fd fd = openat(dir_fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int result = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	return result < 0 ? error_set(err, result, "write '%s': %s", name,
				    strerror(-result))
			  : 0;
}

/*
 * /etc/hosts and /etc/hostname of its own, /etc/resolv.conf of the machine. A
 * container may write the first two, so they are where it can fill nothing
 * but its own.
 */
static int add_etc_files(const struct places *places,
	const struct service *service, struct launch *launch, struct error *err)
{
	const char *hostname =
		service->hostname ? service->hostname : service->name;
	const char *hosts = arena_format(&launch->arena,
		"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"
		"127.0.1.1\t%s\n",
		hostname);
	const char *name = arena_format(&launch->arena, "%s\n", hostname);
	auto_fd fd = open_container(places, service, err);
	int result;

	if (fd < 0)
		return fd;
	if (!hosts || !name)
		return error_set(err, -ENOMEM, "start: no memory");
	result = write_file(fd, "hosts", hosts, err);
	if (result == 0)
		result = write_file(fd, "hostname", name, err);
	if (result == 0)
		result =
			add_bind(launch, fd, "hosts", "/etc/hosts", false, err);
	if (result == 0)
		result = add_bind(launch, fd, "hostname", "/etc/hostname",
			false, err);
	if (result == 0)
		result = add_bind(launch, places->run_fd, "resolv.conf",
			"/etc/resolv.conf", true, err);
	return result;
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* Upper folders first, so that no mount hides one that is below it. */
static int add_declared_mounts(const struct places *places,
	const struct service *service, struct launch *launch, struct error *err)
{
	size_t added = 0;
	int result = 0;

	for (size_t depth = 1; result == 0 && added < service->volume_count;
		depth++) {
		for (size_t i = 0; result == 0 && i < service->volume_count;
			i++) {
			if (depth_of(service->volumes[i].target) != depth)
				continue;
			result = add_declared_mount(places,
				&service->volumes[i], launch, err);
			added++;
		}
	}
	return result;
}

static bool has_volume_at(const struct service *service, const char *path)
{
	for (size_t i = 0; i < service->volume_count; i++) {
		if (text_equal(service->volumes[i].target, path))
			return true;
	}
	return false;
}

/* Docker's; one that a volume takes the place of gives way. */
static int add_standard_mounts(const struct service *service,
	struct launch *launch, struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < DOCKER_MOUNT_COUNT; i++) {
		struct oci_mount mount = docker_mounts[i];

		if (has_volume_at(service, mount.destination))
			continue;
		if (service->privileged)
			mount.attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		result = add_mount(launch, mount, err);
	}
	return result;
}

static int add_mounts(const struct places *places,
	const struct service *service, struct launch *launch, struct error *err)
{
	int result = add_standard_mounts(service, launch, err);

	if (result == 0)
		result = add_etc_files(places, service, launch, err);

	return result < 0 ? result
			  : add_declared_mounts(places, service, launch, err);
}

/* Who runs, what, where, with which rights. */
static int fill_process(const struct service *service,
	const struct image *image, struct launch *launch, struct error *err)
{
	struct oci_process *process = &launch->spec.process;
	const char *user = service->user ? service->user : image->user;
	uint64_t capabilities = process_capabilities(service);
	char home[256];
	int result;

	result = process_arguments(service, image, &launch->arena,
		&process->args, err);
	if (result < 0)
		return result;
	result = root_find_user(launch->spec.root_fd, user, &launch->user, err);
	if (result < 0)
		return result;
	process->user = (struct oci_user){
		.uid = launch->user.uid,
		.gid = launch->user.gid,
		.additional_gids = launch->user.groups,
		.additional_gid_count = launch->user.group_count,
	};
	root_find_home(launch->spec.root_fd, process->user.uid, home,
		sizeof(home));
	process->env =
		process_environment(service, image, home, &launch->arena);
	process->cwd = service->working_dir ? service->working_dir
					    : image->working_dir;
	if (!*process->cwd)
		process->cwd = "/";
	process->has_capabilities = true;
	process->oom_score_adj = OCI_NUMBER(0);
	process->capabilities = (struct oci_capabilities){
		.bounding = capabilities,
		.effective = capabilities,
		.permitted = capabilities,
	};
	launch->rlimits[0] = (struct oci_rlimit){ RLIMIT_NOFILE,
		LAUNCH_NOFILE_SOFT, LAUNCH_NOFILE_HARD };
	process->rlimits = launch->rlimits;
	process->rlimit_count = 1;
	process->no_new_privileges = service->no_new_privileges;
	return process->env ? 0 : error_set(err, -ENOMEM, "start: no memory");
}

static void fill_sandbox(const struct places *places,
	const struct service *service, struct launch *launch)
{
	static const enum oci_namespace_kind own[] = {
		OCI_NAMESPACE_PID,
		OCI_NAMESPACE_IPC,
		OCI_NAMESPACE_UTS,
		OCI_NAMESPACE_CGROUP,
		OCI_NAMESPACE_MOUNT,
	};
	struct oci_spec *spec = &launch->spec;

	spec->hostname = service->hostname ? service->hostname : service->name;
	spec->root_readonly = service->read_only;
	spec->mounts = launch->mounts;
	spec->has_process = true;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		spec->namespaces[own[i]].is_asked = true;
	spec->resources = process_resources(service, places->memory_bytes);
	(void)snprintf(launch->cgroup, sizeof(launch->cgroup), "%s/1",
		service->name);
	spec->resources.allows_all_devices = service->privileged;
	spec->copies_host_devices = service->privileged;
	if (service->privileged)
		return;
	spec->masked_paths = docker_masked_paths;
	spec->readonly_paths = docker_readonly_paths;
	spec->seccomp =
		seccomp_docker_profile(spec->process.capabilities.bounding,
			&launch->arena);
}

int launch_prepare(const struct places *places, const struct service *service,
	const struct image *image, struct launch *launch, struct error *err)
{
	int result;

	*launch = (struct launch){ .spec.root_fd = -1 };
	result = open_root(places, service, image, launch, err);
	if (result == 0)
		result = add_mounts(places, service, launch, err);
	if (result == 0)
		result = fill_process(service, image, launch, err);
	if (result < 0) {
		launch_clear(launch);
		return result;
	}
	fill_sandbox(places, service, launch);
	if (!service->privileged && !launch->spec.seccomp) {
		launch_clear(launch);
		return error_set(err, -ENOMEM, "start: no memory");
	}
	return 0;
}

void launch_clear(struct launch *launch)
{
	fd_close(&launch->spec.root_fd);
	for (size_t i = 0; i < launch->spec.mount_count; i++) {
		if (launch->mounts[i].source_fd > 0)
			fd_close(&launch->mounts[i].source_fd);
	}
	launch->spec.mount_count = 0;
	arena_clear(&launch->arena);
}
