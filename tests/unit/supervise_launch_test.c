// SPDX-License-Identifier: MIT
/* tests of supervise/folders and launch with real layers, overlays, mounts */
#include "supervise/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "check.h"
#include "config/config.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/range.h"
#include "run_fixture.h"
#include "store/store.h"
#include "supervise/folders.h"
#include "supervise/places.h"

static struct fixture fixture;
static struct places places;
static struct volume_mount volumes[2];
static struct service service;
static struct image image;
static const char *layers[1];
static struct launch_request request = { .places = &places,
	.service = &service,
	.image = &image };
static const char *command[] = { "/bin/sh", "-c", "cat /srv/page" };

static int open_path(const char *name)
{
	return open(fixture_path(&fixture, name),
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool begin(void)
{
	if (!fixture_open(&fixture,
		    "mkdir -p layer/srv layer/proc layer/sys layer/dev data run; "
		    "echo hello >layer/srv/page; chmod 750 layer/srv; "
		    "echo nameserver 1.1.1.1 >run/resolv.conf; "
		    "mkdir -p layer/etc; echo mail:x:8: >layer/etc/group; cp -a layer data/")) {
		check_skip(fixture_missing);
		return false;
	}
	places = PLACES_NONE;
	places.data_path = fixture_path(&fixture, "data");
	places.data_fd = open_path("data");
	places.run_fd = open_path("run");
	places.memory_bytes = 1 << 30;
	layers[0] = fixture_path(&fixture, "data/layer");
	image = (struct image){ .digest = "sha256:one",
		.layers = layers,
		.layer_count = 1,
		.working_dir = "",
		.user = "",
		.stop_signal = "" };
	volumes[0] = (struct volume_mount){ .kind = VOLUME_NAMED,
		.source = "site",
		.target = "/srv" };
	service = (struct service){ .name = "web",
		.image = "i",
		.command = { command, 3, true },
		.volumes = volumes,
		.volume_count = 1 };
	return true;
}

static void end(void)
{
	places_close(&places);
	fixture_close(&fixture);
}

static bool data_has(const char *name)
{
	return faccessat(places.data_fd, name, F_OK, 0) == 0;
}

static void make(void)
{
	struct error err = { 0 };

	CHECK(folders_make(&places, &service, &image, &err) == 0);
	if (err.code)
		printf("# %s\n", err.text);
	CHECK(folders_are_made(&places, &service, &image));
}

static void test_folders(void)
{
	struct stat status = { 0 };

	if (!begin())
		return;
	CHECK(!folders_are_made(&places, &service, &image));
	make();
	CHECK(data_has("volumes/site/page"));
	CHECK(fstatat(places.data_fd, "volumes/site", &status, 0) == 0);
	CHECK((status.st_mode & 07777) == 0750);
	/* what a volume has is never filled again */
	CHECK(unlinkat(places.data_fd, "volumes/site/page", 0) == 0);
	make();
	CHECK(!data_has("volumes/site/page"));
	end();
}

static void test_another_image_gets_a_fresh_upper_layer(void)
{
	if (!begin())
		return;
	make();
	CHECK(fd_make_dirs(places.data_fd, "containers/web/upper/old", 0755,
		      NULL) == 0);
	make();
	CHECK(data_has("containers/web/upper/old"));
	(void)snprintf(image.digest, sizeof(image.digest), "sha256:two");
	CHECK(!folders_are_made(&places, &service, &image));
	make();
	CHECK(!data_has("containers/web/upper/old"));
	end();
}

/* A copy that the power cut left is no volume. */
static void test_half_a_volume(void)
{
	if (!begin())
		return;
	CHECK(fd_make_dirs(places.data_fd, "volumes/.new-site/half", 0755,
		      NULL) == 0);
	CHECK(!folders_are_made(&places, &service, &image));
	make();
	CHECK(data_has("volumes/site/page"));
	CHECK(!data_has("volumes/site/half"));
	CHECK(!data_has("volumes/.new-site"));
	end();
}

static void run_once(void)
{
	static struct launch launch;
	struct error err = { 0 };

	CHECK(launch_prepare(&request, &launch, &err) == 0);
	if (err.code)
		printf("# %s\n", err.text);
	CHECK(strcmp(launch.cgroup, "web@1") == 0);
	/* nothing of it may fill the small /run */
	CHECK(data_has("containers/web/hosts"));
	launch.spec.process.env = fixture_env;
	launch.spec.process.rlimit_count = 0; /* where we run has lower ones */
	launch.spec.resources = (struct oci_resources){ 0 };
	fixture.output[0] = '\0';
	fixture.request.spec = &launch.spec;
	CHECK(container_create(&fixture.request, &fixture.container, &err) ==
		0);
	if (err.code)
		printf("# %s\n", err.text);
	launch_clear(&launch);
	CHECK(fixture_finish(&fixture) == 0);
	CHECK(fixture_said(&fixture, "hello"));
	CHECK(container_clear(&fixture.container, fixture.workloads_fd, &err) ==
		0);
}

static void test_launch(void)
{
	unsigned int before;

	if (!begin())
		return;
	make();
	run_once(); /* programs for devices are kept */
	before = fault_count_fds();
	run_once();
	CHECK(fault_count_fds() == before);
	end();
}

/* As an agent that was killed while it mounted a container root leaves it. */
static void cover_work(void)
{
	make();
	CHECK(fd_make_dirs(places.data_fd, "containers/web/work", 0700, NULL) ==
		0);
	fixture_shell("cd \"$1\"/data; mount --bind --make-private . "
		      "containers/web/work",
		fixture.base);
}

static void test_a_work_folder_with_something_mounted(void)
{
	if (!begin())
		return;
	cover_work();
	(void)snprintf(image.digest, sizeof(image.digest), "sha256:two");
	make();
	CHECK(!data_has("containers/web/work"));
	cover_work();
	run_once();
	end();
}

/* What its root writes is root's on disk, though it is nobody's outside. */
static void test_users_of_its_own(void)
{
	struct stat status = { 0 };
	unsigned int before;

	if (!begin())
		return;
	command[2] = "cat /srv/page; echo >/srv/new; echo >/made; "
		     "chown 5:6 /made; stat -c %u /srv/new /etc/hosts /";
	make();
	before = fault_count_fds();
	request.first_id = RANGE_FIRST;
	run_once();
	request.first_id = 0;
	command[2] = "cat /srv/page";
	CHECK(fixture_said(&fixture, "hello\n0\n0\n0\n"));
	CHECK(fault_count_fds() == before);
	CHECK(fstatat(places.data_fd, "volumes/site/new", &status, 0) == 0);
	CHECK(status.st_uid == 0);
	CHECK(fstatat(places.data_fd, "containers/web/upper/made", &status,
		      0) == 0);
	CHECK(status.st_uid == 5 && status.st_gid == 6);
	end();
}

/* What is missing is said, and nothing stays open. */
static void test_what_is_missing(void)
{
	static struct launch launch;
	struct error err = { 0 };
	unsigned int before;

	if (!begin())
		return;
	make();
	before = fault_count_fds();
	volumes[1] = (struct volume_mount){ .kind = VOLUME_FILE,
		.source = "./page",
		.target = "/page" };
	service.volume_count = 2;
	CHECK(launch_prepare(&request, &launch, &err) == -ENOENT);
	CHECK(strstr(err.text, "there is no config partition"));
	service.volume_count = 1;
	service.user = "nobody-of-that-name";
	CHECK(launch_prepare(&request, &launch, &err) == -ENOENT);
	CHECK(strstr(err.text, "nobody-of-that-name"));
	CHECK(fault_count_fds() == before);
	end();
}

/* One that cannot be prepared, for that reason; nothing stays open. */
static void refuse(int code, const char *reason)
{
	static struct launch launch;
	unsigned int before = fault_count_fds();
	struct error err = { 0 };

	check_row(reason);
	CHECK(launch_prepare(&request, &launch, &err) == code);
	if (!CHECK(strstr(err.text, reason) != NULL))
		printf("# %s\n", err.text);
	CHECK(fault_count_fds() == before);
}

static bool prepare(struct launch *launch)
{
	struct error err = { 0 };
	bool is_ready = CHECK(launch_prepare(&request, launch, &err) == 0);

	if (!is_ready)
		printf("# %s\n", err.text);
	return is_ready;
}

static void write_text(const char *name, const char *text)
{
	CHECK(fd_replace_file(places.config_fd, name, text, strlen(text), 0644,
		      NULL) == 0);
}

static void test_profile(void)
{
	static struct launch launch;

	if (!begin())
		return;
	make();
	places.config_fd = open_path("run");
	service.seccomp_file = "gone.json";
	refuse(-EINVAL, "seccomp profile 'gone.json': open 'gone.json'");
	service.seccomp_file = "wrong.json";
	write_text("wrong.json", "{\"defaultAction\": \"SCMP_ACT_ALOW\"}");
	refuse(-EINVAL, "seccomp profile 'wrong.json': defaultAction");
	write_text("wrong.json", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
	if (prepare(&launch)) {
		CHECK(launch.spec.seccomp &&
			launch.spec.seccomp->default_action ==
				SECCOMP_RET_ALLOW);
		launch_clear(&launch);
	}
	service.seccomp_file = NULL;
	if (prepare(&launch)) {
		CHECK(launch.spec.seccomp && launch.spec.seccomp->rule_count);
		launch_clear(&launch);
	}
	service.is_seccomp_off = true;
	if (prepare(&launch)) {
		CHECK(!launch.spec.seccomp);
		launch_clear(&launch);
	}
	end();
}

static void test_groups_and_init(void)
{
	static const char *groups[] = { "mail", "77", "nobody-there" };
	static struct launch launch;

	if (!begin())
		return;
	make();
	service.group_add = (struct strings){ groups, 2, true };
	service.has_init = true;
	request.reaper = "/proc/self/exe";
	if (prepare(&launch)) {
		const struct oci_process *process = &launch.spec.process;
		const struct oci_mount *last =
			&launch.mounts[launch.spec.mount_count - 1];

		CHECK(process->user.additional_gid_count == 3);
		CHECK(process->user.additional_gids[1] == 8);
		CHECK(process->user.additional_gids[2] == 77);
		CHECK(strcmp(process->args[0], "/sbin/reaper") == 0);
		CHECK(strcmp(last->destination, "/sbin/reaper") == 0);
		CHECK(last->attributes & MOUNT_ATTR_RDONLY);
		launch_clear(&launch);
	}
	service.group_add.count = 3;
	refuse(-ENOENT, "nobody-there");
	service.group_add.count = 0;
	request.reaper = "/no/such/reaper";
	refuse(-ENOENT, "open '/no/such/reaper'");
	request.reaper = NULL;
	end();
}

static pid_t find_peer(void *context, const char *name)
{
	return strcmp(name, "db") == 0 ? *(const pid_t *)context : 0;
}

static const struct oci_mount *find_mount(const struct launch *launch,
	const char *path)
{
	const struct oci_mount *found = NULL;

	for (size_t i = 0; i < launch->spec.mount_count; i++) {
		if (strcmp(launch->mounts[i].destination, path) == 0)
			found = &launch->mounts[i];
	}
	return found;
}

/* The /dev/shm of both is the same file system, of the owner's size. */
static void test_sharing(void)
{
	static struct launch owner;
	static struct launch guest;
	const struct oci_mount *mount;
	struct stat status[2];
	struct statfs room;
	pid_t peer = 0;

	if (!begin())
		return;
	make();
	request.find_pid = find_peer;
	request.context = &peer;
	service.is_shm_shared = true;
	service.shm_size_bytes = 1 << 20;
	if (!prepare(&owner))
		return;
	service = (struct service){ .name = "guest",
		.image = "i",
		.command = { command, 3, true },
		.ipc = { SHARE_SERVICE, "web", { 0, 0 } } };
	make();
	refuse(-ESRCH, "share namespaces with 'web': it does not run");
	service.pid = (struct share){ SHARE_SERVICE, "db", { 0, 0 } };
	service.ipc = (struct share){ 0 };
	refuse(-ESRCH, "share namespaces with 'db': it does not run");
	peer = getpid();
	if (prepare(&guest)) {
		CHECK(strstr(guest.spec.namespaces[OCI_NAMESPACE_PID].path,
			"/ns/pid"));
		launch_clear(&guest);
	}
	service.pid = (struct share){ 0 };
	service.ipc = (struct share){ SHARE_SERVICE, "db", { 0, 0 } };
	refuse(-ENOENT, "open the shared memory of 'db'");
	mount = find_mount(&owner, "/dev/shm");
	if (!CHECK(mount != NULL))
		return;
	CHECK(fstat(mount->source_fd, &status[0]) == 0);
	CHECK(fstatfs(mount->source_fd, &room) == 0);
	CHECK(room.f_blocks * (uint64_t)room.f_bsize == 1 << 20);
	CHECK(fstatat(places.run_fd, "shm/web", &status[1], 0) == 0);
	CHECK(status[0].st_dev == status[1].st_dev);
	launch_clear(&owner);
	(void)umount2(fixture_path(&fixture, "run/shm/web"), MNT_DETACH);
	request.find_pid = NULL;
	end();
}

static void test_missing_device(void)
{
	static const struct device device = { "/dev/tare-nothing", "/dev/x",
		"rw", { 0, 0 } };

	if (!begin())
		return;
	make();
	service.devices = &device;
	service.device_count = 1;
	refuse(-ENODEV,
		"device '/dev/tare-nothing': this machine has none of that name");
	end();
}

int main(void)
{
	fixture_enter();
	RUN(test_folders);
	RUN(test_another_image_gets_a_fresh_upper_layer);
	RUN(test_half_a_volume);
	RUN(test_launch);
	RUN(test_a_work_folder_with_something_mounted);
	RUN(test_users_of_its_own);
	RUN(test_what_is_missing);
	RUN(test_profile);
	RUN(test_groups_and_init);
	RUN(test_sharing);
	RUN(test_missing_device);
	return check_done();
}
