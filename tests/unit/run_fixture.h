/* SPDX-License-Identifier: MIT */
/*
 * run_fixture - real containers for tests: a root of busybox, a cgroup, output
 *
 * fixture_open moves the test into a mount namespace of its own with cgroup v2
 * at /sys/fs/cgroup. It needs root and a static busybox; without them the
 * tests are skipped and say why. The cgroup controllers may be missing (they
 * are where the host uses cgroup v1), so limits are tested only with them.
 */
#ifndef TARE_RUN_FIXTURE_H
#define TARE_RUN_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/container.h"
#include "run/docker.h"
#include "run/idmap.h"
#include "run/kernel.h"
#include "run/oci.h"
#include "run/root.h"
#include "run/seccomp_docker.h"

#define FIXTURE_OUTPUT     65536
#define FIXTURE_MOUNTS     24
#define FIXTURE_TIMEOUT_MS 20000
#define FIXTURE_NEWNS      0x00020000 /* CLONE_NEWNS */
#define FIXTURE_CGROUP2    0x63677270 /* CGROUP2_SUPER_MAGIC */

struct fixture {
	char base[64]; /* layer/ upper/ work/ volume/ below it */
	char cgroup[64];
	int workloads_fd;
	int root_fd;
	struct arena arena; /* of the filter */
	struct oci_spec spec;
	struct oci_mount mounts[FIXTURE_MOUNTS]; /* Docker's, then a test's */
	struct container_request request;
	struct container container;
	struct error err;
	int status;
	char output[FIXTURE_OUTPUT]; /* of both streams */
};

static const char *fixture_missing; /* why nothing can be tested */

static const char *const fixture_env[] = { "PATH=/bin", NULL };

static inline char *fixture_path(const struct fixture *fixture,
	const char *name)
{
	static char paths[8][512];
	static unsigned int at;
	char *path = paths[at++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", fixture->base, name);
	return path;
}

static inline void fixture_write(const struct fixture *fixture,
	const char *name, const char *content)
{
	auto_fd fd = open(fixture_path(fixture, name),
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_all(fd, content, strlen(content)) < 0)
		abort();
}

static inline void fixture_shell(const char *command, const char *argument)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-ec", command, "sh", argument,
			(char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 ||
		info.si_status != 0)
		abort();
}

/* cgroup v2 at /sys/fs/cgroup, in a mount namespace that only we see. */
static inline void fixture_enter(void)
{
	struct statfs status;

	if (geteuid() != 0)
		fixture_missing = "needs root";
	else if (access("/bin/busybox", X_OK) < 0)
		fixture_missing = "needs /bin/busybox (busybox-static)";
	else if (kernel_unshare(FIXTURE_NEWNS) < 0)
		fixture_missing = "may not make a mount namespace";
	if (fixture_missing)
		return;
	/* shared among our own copies, so that what leaks out is seen */
	fixture_shell("mount --make-rprivate /; mount --make-rshared /", "");
	if (statfs("/sys/fs/cgroup", &status) < 0 ||
		status.f_type != FIXTURE_CGROUP2)
		fixture_shell("umount -R /sys/fs/cgroup; "
			      "mount -t cgroup2 none /sys/fs/cgroup",
			"");
}

/* Docker's mounts, then those of a test. */
static inline void fixture_set_mounts(struct fixture *fixture,
	const struct oci_mount *mounts, size_t count)
{
	struct oci_spec *spec = &fixture->spec;

	if (DOCKER_MOUNT_COUNT + count > FIXTURE_MOUNTS)
		abort();
	memcpy(fixture->mounts, docker_mounts, sizeof(docker_mounts));
	for (size_t i = 0; i < count; i++)
		fixture->mounts[DOCKER_MOUNT_COUNT + i] = mounts[i];
	spec->mounts = fixture->mounts;
	spec->mount_count = DOCKER_MOUNT_COUNT + count;
}

/* All devices, /sys and cgroupfs writable, no masks and no filter. */
static inline void fixture_set_privileged(struct fixture *fixture)
{
	struct oci_spec *spec = &fixture->spec;
	uint64_t all = docker_all_capabilities();

	for (size_t i = 0; i < DOCKER_MOUNT_COUNT; i++)
		fixture->mounts[i].attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	spec->resources.allows_all_devices = true;
	spec->copies_host_devices = true;
	spec->seccomp = NULL;
	spec->masked_paths = NULL;
	spec->readonly_paths = NULL;
	spec->process.capabilities = (struct oci_capabilities){
		.bounding = all,
		.effective = all,
		.permitted = all,
	};
}

static inline void fixture_default_spec(struct fixture *fixture)
{
	static const enum oci_namespace_kind own[] = {
		OCI_NAMESPACE_PID,
		OCI_NAMESPACE_IPC,
		OCI_NAMESPACE_UTS,
		OCI_NAMESPACE_CGROUP,
		OCI_NAMESPACE_MOUNT,
	};
	struct oci_spec *spec = &fixture->spec;
	uint64_t capabilities = docker_capabilities();

	*spec = (struct oci_spec){
		.hostname = "box",
		.root_fd = fixture->root_fd,
		.has_process = true,
		.process = { .env = fixture_env,
			.cwd = "/",
			.has_capabilities = true,
			.capabilities = { .bounding = capabilities,
				.effective = capabilities,
				.permitted = capabilities } },
		.masked_paths = docker_masked_paths,
		.readonly_paths = docker_readonly_paths,
		.seccomp =
			seccomp_docker_profile(capabilities, &fixture->arena),
	};
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		spec->namespaces[own[i]].is_asked = true;
	fixture_set_mounts(fixture, NULL, 0);
	fixture->request = (struct container_request){
		.spec = spec,
		.cgroup_root_fd = fixture->workloads_fd,
		.cgroup = "box/1",
		.prunes_cgroups = true,
	};
}

/* Ids of a user namespace in which the tests' containers may live. */
#define FIXTURE_FIRST_ID 1048576

static const struct oci_id_mapping fixture_map = { 0, FIXTURE_FIRST_ID, 65536 };
static const struct oci_id_mappings fixture_maps = { &fixture_map, 1 };

static inline int fixture_mount_root(struct fixture *fixture, bool has_upper)
{
	bool has_users = fixture->spec.namespaces[OCI_NAMESPACE_USER].is_asked;
	auto_fd users = has_users ? idmap_open(&fixture_maps, &fixture_maps,
					    &fixture->err)
				  : -1;
	const char *layer = fixture_path(fixture, "layer");

	const struct root_source source = {
		.layers = &layer,
		.layer_count = 1,
		.upper = has_upper ? fixture_path(fixture, "upper") : NULL,
		.work = has_upper ? fixture_path(fixture, "work") : NULL,
		.user_namespace_fd = users,
		.root_uid = FIXTURE_FIRST_ID,
		.root_gid = FIXTURE_FIRST_ID,
		.base = fixture->base,
	};

	fixture->root_fd = root_open(&source, &fixture->err);
	fixture->spec.root_fd = fixture->root_fd;
	if (fixture->root_fd < 0)
		printf("# %s\n", fixture->err.text);
	return fixture->root_fd;
}

/* prepare: shell text run in the base folder after the root was made. */
static inline bool fixture_open(struct fixture *fixture, const char *prepare)
{
	char command[4096];

	if (fixture_missing)
		return false;
	memset(fixture, 0, sizeof(*fixture));
	fixture->container = CONTAINER_NONE;
	(void)snprintf(fixture->base, sizeof(fixture->base),
		"/tmp/tare-run-XXXXXX");
	if (!mkdtemp(fixture->base))
		abort();
	(void)snprintf(command, sizeof(command),
		"cd \"$1\"; mkdir -p layer/bin layer/etc layer/tmp upper work "
		"volume; cp /bin/busybox layer/bin/busybox; "
		"for name in sh cat ls id echo true false sleep grep mount "
		"mkdir mknod dd hostname ps kill stat touch unshare wc "
		"readlink od head rm ln chroot su env pwd seq; do "
		"ln -s busybox layer/bin/$name; done; "
		"echo root:x:0:0::/root:/bin/sh >layer/etc/passwd; "
		"echo root:x:0:root >layer/etc/group; %s",
		prepare ? prepare : "");
	fixture_shell(command, fixture->base);
	(void)snprintf(fixture->cgroup, sizeof(fixture->cgroup),
		"/sys/fs/cgroup/tare-test-%d", (int)getpid());
	if (mkdir(fixture->cgroup, 0755) < 0 && errno != EEXIST)
		abort();
	fixture->workloads_fd =
		open(fixture->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fixture->workloads_fd < 0)
		abort();
	if (fixture_mount_root(fixture, true) < 0)
		abort();
	fixture_default_spec(fixture);
	return true;
}

static inline void fixture_close(struct fixture *fixture)
{
	if (!fixture->base[0])
		return;
	(void)container_clear(&fixture->container, fixture->workloads_fd, NULL);
	fd_close(&fixture->root_fd);
	fd_close(&fixture->workloads_fd);
	/* what a test made below it, too */
	fixture_shell(
		"find \"$1\" -depth -type d -exec rmdir {} \\; 2>/dev/null || true",
		fixture->cgroup);
	arena_clear(&fixture->arena);
	fixture_shell("rm -rf \"$1\"", fixture->base);
	fixture->base[0] = '\0';
}

/* From now on containers have a user namespace of their own. */
static inline void fixture_set_users(struct fixture *fixture)
{
	struct oci_spec *spec = &fixture->spec;

	spec->namespaces[OCI_NAMESPACE_USER].is_asked = true;
	spec->uid_mappings = fixture_maps;
	spec->gid_mappings = fixture_maps;
	fd_close(&fixture->root_fd);
	if (fixture_mount_root(fixture, true) < 0)
		abort();
}

/* Appends what can be read; closes the descriptor at end of file. */
static inline void fixture_drain(struct fixture *fixture, int *fd)
{
	size_t used = strlen(fixture->output);
	ssize_t count = read(*fd, fixture->output + used,
		sizeof(fixture->output) - 1 - used);

	if (count > 0)
		fixture->output[used + (size_t)count] = '\0';
	else if (count == 0 || errno != EAGAIN)
		fd_close(fd);
}

static inline int fixture_start(struct fixture *fixture,
	const char *const *args)
{
	int result;

	fixture->output[0] = '\0';
	fixture->spec.process.args = args;
	result = container_create(&fixture->request, &fixture->container,
		&fixture->err);
	if (result < 0)
		(void)snprintf(fixture->output, sizeof(fixture->output),
			"error: %s", fixture->err.text);
	return result;
}

/* Reads until both streams end, then reaps; status is -1 when time is up. */
static inline int fixture_finish(struct fixture *fixture)
{
	struct container *container = &fixture->container;

	fixture->status = -1;
	while (container->stdout_fd >= 0 || container->stderr_fd >= 0) {
		struct pollfd wait[] = {
			{ .fd = container->stdout_fd, .events = POLLIN },
			{ .fd = container->stderr_fd, .events = POLLIN },
		};

		if (poll(wait, 2, FIXTURE_TIMEOUT_MS) <= 0)
			return -1;
		if (wait[0].revents)
			fixture_drain(fixture, &container->stdout_fd);
		if (wait[1].revents)
			fixture_drain(fixture, &container->stderr_fd);
	}

	struct pollfd end = { .fd = container->pid_fd, .events = POLLIN };

	if (poll(&end, 1, FIXTURE_TIMEOUT_MS) <= 0)
		return -1;
	fixture->status = container_reap(container, &fixture->err);
	return fixture->status;
}

/*
 * Runs a program to its end and clears the container. Returns its exit code,
 * or what container_create said; the output is in fixture->output.
 */
static inline int fixture_run(struct fixture *fixture, const char *const *args)
{
	int result = fixture_start(fixture, args);

	if (result == 0)
		result = fixture_finish(fixture);
	if (container_clear(&fixture->container, fixture->workloads_fd,
		    &fixture->err) < 0)
		result = -1000;
	/* a container takes its root along */
	fd_close(&fixture->root_fd);
	(void)fixture_mount_root(fixture, true);
	return result;
}

#define FIXTURE_RUN(fixture, ...) \
	fixture_run(fixture, (const char *const[]){ __VA_ARGS__, NULL })
#define FIXTURE_SHELL(fixture, text) FIXTURE_RUN(fixture, "/bin/sh", "-c", text)

/* True when the output has this text; else shows what it has. */
static inline bool fixture_said(const struct fixture *fixture, const char *text)
{
	if (strstr(fixture->output, text))
		return true;
	printf("# wanted '%s', output was: %s\n", text, fixture->output);
	return false;
}

#endif
