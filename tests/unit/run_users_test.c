// SPDX-License-Identifier: MIT
/* run_users_test - containers with a user namespace of their own */
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "check.h"
#include "run_fixture.h"

static struct fixture box;

static bool begin(const char *prepare)
{
	if (!fixture_open(&box, prepare)) {
		check_skip(fixture_missing);
		return false;
	}
	fixture_set_users(&box);
	return true;
}

static void test_root_is_nobody_outside(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_SHELL(&box, "id -u; cat /proc/self/uid_map; "
				  "cat /proc/self/setgroups; "
				  "grep Cap /proc/self/status; hostname") == 0);
	CHECK(fixture_said(&box, "0\n         0    1048576      65536\nallow"));
	CHECK(fixture_said(&box, "CapEff:\t00000000a80425fb\n"));
	CHECK(fixture_said(&box, "CapBnd:\t00000000a80425fb\n"));
	CHECK(fixture_said(&box, "box\n"));
	fixture_close(&box);
}

static uint32_t owner_of(const char *name)
{
	struct stat status = { .st_uid = UINT32_MAX };

	CHECK(lstat(fixture_path(&box, name), &status) == 0);
	return status.st_uid;
}

/* What is uid 0 on disk is root inside, in layers, upper and volumes. */
static void test_files_keep_their_ids_on_disk(void)
{
	struct oci_mount mount = { .kind = OCI_MOUNT_BIND,
		.destination = "/data",
		.idmap = OCI_IDMAP };
	auto_fd volume = -1;

	if (!begin("touch volume/old layer/etc/own; chown 5 volume/old; "
		   "chown 7:8 layer/etc/own; mkdir layer/srv; "
		   "chown 33 layer/srv"))
		return;
	volume = open(fixture_path(&box, "volume"), O_PATH | O_CLOEXEC);
	mount.source_fd = volume;
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_SHELL(&box,
		      "stat -c %u:%g /etc/passwd /etc/own /srv /data "
		      "/data/old; touch /data/new /new /etc/own; "
		      "echo x >>/etc/own; chown 9 /data/old; "
		      "mkdir /srv/sub; rm /bin/true; stat -c %u /new /") == 0);
	CHECK(fixture_said(&box, "0:0\n7:8\n33:0\n0:0\n5:0\n"));
	CHECK(owner_of("volume/new") == 0);
	CHECK(owner_of("volume/old") == 9);
	CHECK(owner_of("upper/new") == 0);
	CHECK(owner_of("upper/etc/own") == 7);
	CHECK(owner_of("upper/srv/sub") == 0);
	CHECK(owner_of("upper/srv") == 33);
	fixture_close(&box);
}

static void test_a_volume_with_a_mapping_of_its_own(void)
{
	static const struct oci_id_mapping map = { 0, FIXTURE_FIRST_ID + 1000,
		1000 };
	struct oci_mount mount = { .kind = OCI_MOUNT_BIND,
		.destination = "/data",
		.idmap = OCI_IDMAP_RECURSIVE,
		.is_recursive = true,
		.uid_mappings = { &map, 1 },
		.gid_mappings = { &map, 1 } };
	auto_fd volume = -1;

	if (!begin("touch volume/old; chown 5 volume/old"))
		return;
	volume = open(fixture_path(&box, "volume"), O_PATH | O_CLOEXEC);
	mount.source_fd = volume;
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_SHELL(&box, "stat -c %u /data/old; "
				  "touch /data/new || echo not mine") == 0);
	CHECK(fixture_said(&box, "1005\n"));
	CHECK(fixture_said(&box, "not mine"));
	fixture_close(&box);
}

static void test_devices(void)
{
	static const struct oci_device devices[] = {
		{ .type = 'c',
			.path = "/dev/mine",
			.major = 1,
			.minor = 5,
			.mode = { 0640, true },
			.uid = 3,
			.gid = 4 },
		{ .type = 'c', .path = "/opt/zero", .major = 1, .minor = 3 },
	};

	if (!begin(NULL))
		return;
	box.spec.devices = devices;
	box.spec.device_count = 1;
	CHECK(FIXTURE_SHELL(&box,
		      "echo x >/dev/null; head -c 2 /dev/zero | wc -c; "
		      "stat -c '%a %u %g %t %T' /dev/mine /dev/null /dev; "
		      "ls /dev; head -c 3 /dev/mine | wc -c; touch /dev/x; "
		      "mknod /tmp/n c 1 3 || echo no") == 0);
	CHECK(fixture_said(&box, "2\n640 3 4 1 5\n666 0 0 1 3\n755 0 0 0 0\n"));
	CHECK(fixture_said(&box, "urandom\nzero\n3\n"));
	CHECK(fixture_said(&box, "no\n"));
	/* elsewhere it is the host's, if that is the same */
	box.spec.devices = &devices[1];
	CHECK(FIXTURE_RUN(&box, "true") < 0);
	CHECK(fixture_said(&box, "error: make device '/opt/zero': it may not"));
	fixture_close(&box);
}

/* An image's own /dev: nodes are the host's, mounted on files. */
static void test_devices_without_a_mount(void)
{
	struct oci_mount mounts[DOCKER_MOUNT_COUNT];
	size_t count = 0;

	if (!begin("mkdir layer/dev; touch layer/dev/zero"))
		return;
	for (size_t i = 0; i < DOCKER_MOUNT_COUNT; i++) {
		if (strncmp(docker_mounts[i].destination, "/dev", 4) != 0)
			mounts[count++] = docker_mounts[i];
	}
	box.spec.mounts = mounts;
	box.spec.mount_count = count;
	CHECK(FIXTURE_RUN(&box, "true") == -EEXIST);
	CHECK(fixture_said(&box, "make device '/dev/zero': something else"));
	fixture_close(&box);
	if (!begin("mkdir layer/dev"))
		return;
	box.spec.mounts = mounts;
	box.spec.mount_count = count;
	CHECK(FIXTURE_SHELL(&box, "head -c 4 /dev/zero | wc -c; "
				  "stat -c '%t %T' /dev/null /dev/tty; "
				  "cat /proc/interrupts | wc -c; "
				  "cat /proc/self/mountinfo") == 0);
	CHECK(fixture_said(&box, "4\n1 3\n5 0\n0\n"));
	CHECK(!strstr(box.output, "shared:"));
	fixture_close(&box);
}

/* Whose network it is not, he must not see by a sysfs of his own. */
static void test_sysfs_of_the_host_is_read_only(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_SHELL(&box,
		      "ls /sys/class/net; grep ' /sys' /proc/self/mounts; "
		      "mkdir /sys/fs/cgroup/x; echo 1 >/sys/kernel/profiling; "
		      "ls -A /sys/firmware | wc -l; cat /proc/self/cgroup") ==
		0);
	CHECK(fixture_said(&box, "lo\n"));
	CHECK(fixture_said(&box, " /sys sysfs ro,nosuid,nodev,noexec"));
	CHECK(fixture_said(&box, " /sys/fs/cgroup cgroup2 ro"));
	CHECK(fixture_said(&box, "/sys/kernel/profiling: Read-only"));
	CHECK(fixture_said(&box, "0::/\n"));
	CHECK(FIXTURE_SHELL(&box, "grep shared: /proc/self/mountinfo") == 1);
	box.spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
	CHECK(FIXTURE_SHELL(&box, "ls /sys/class/net; grep -c ' /sys ' "
				  "/proc/self/mounts") == 0);
	CHECK(fixture_said(&box, "lo\n1\n"));
	CHECK(strncmp(box.output, "lo\n", 3) == 0);
	fixture_close(&box);
}

/* The host's cgroups are shown to who has no namespace for them. */
static void test_cgroups_of_the_host_are_read_only(void)
{
	if (!begin(NULL))
		return;
	box.spec.namespaces[OCI_NAMESPACE_CGROUP].is_asked = false;
	CHECK(FIXTURE_SHELL(&box, "ls /sys/fs/cgroup/cgroup.procs; "
				  "mkdir /sys/fs/cgroup/x; "
				  "cat /proc/self/cgroup") == 0);
	CHECK(fixture_said(&box, "/sys/fs/cgroup/cgroup.procs\n"));
	CHECK(fixture_said(&box, "/sys/fs/cgroup/x': Read-only"));
	CHECK(fixture_said(&box, "/box/1\n"));
	fixture_close(&box);
}

/*
 * A second container in the user namespace of the first, as in a pod: whether
 * its spec repeats the mappings or not.
 */
static void test_a_user_namespace_of_another(void)
{
	static const struct oci_id_mappings none;
	char paths[3][64];
	struct fixture *other;

	if (!begin(NULL))
		return;
	other = calloc(1, sizeof(*other));
	CHECK(fixture_start(&box,
		      (const char *const[]){ "sleep", "1000", NULL }) == 0);
	for (int i = 0; i < 2; i++) {
		if (!CHECK(other && fixture_open(other, NULL)))
			return;
		fixture_set_users(other);
		other->request.cgroup = "other/1";
		(void)snprintf(paths[0], sizeof(paths[0]), "/proc/%d/ns/user",
			(int)box.container.pid);
		(void)snprintf(paths[1], sizeof(paths[1]), "/proc/%d/ns/pid",
			(int)box.container.pid);
		(void)snprintf(paths[2], sizeof(paths[2]), "/proc/%d/ns/ipc",
			(int)box.container.pid);
		other->spec.namespaces[OCI_NAMESPACE_USER].path = paths[0];
		other->spec.namespaces[OCI_NAMESPACE_PID].path = paths[1];
		other->spec.namespaces[OCI_NAMESPACE_IPC].path = paths[2];
		if (i == 1) {
			other->spec.uid_mappings = none;
			other->spec.gid_mappings = none;
		}
		CHECK(FIXTURE_SHELL(other,
			      "id -u; ls /proc/1/exe >/dev/null && echo one; "
			      "cat /proc/1/comm; echo x >/dev/null; ls /dev/pts; "
			      "grep ' /sys ' /proc/self/mounts; touch /new") ==
			0);
		CHECK(fixture_said(other, "0\n"));
		CHECK(fixture_said(other, "sleep\nptmx\n"));
		CHECK(fixture_said(other, " /sys sysfs ro"));
		fixture_close(other);
	}
	free(other);
	fixture_close(&box);
}

static void test_limits_that_only_the_maker_may_raise(void)
{
	static const struct oci_rlimit rlimits[] = {
		{ RLIMIT_CORE, 4096, 8192 },
		{ RLIMIT_NOFILE, 20, 30 },
	};
	static const uint32_t gids[] = { 5, 42 };

	if (!begin(NULL))
		return;
	box.spec.process.rlimits = rlimits;
	box.spec.process.rlimit_count = 2;
	box.spec.process.oom_score_adj = OCI_NUMBER(300);
	box.spec.process.user = (struct oci_user){ .uid = 1000,
		.gid = 1001,
		.additional_gids = gids,
		.additional_gid_count = 2 };
	CHECK(FIXTURE_SHELL(&box,
		      "id; ulimit -n; ulimit -H -n; ulimit -H -c; "
		      "cat /proc/self/oom_score_adj; "
		      "echo out >/dev/stdout; echo err >/dev/stderr") == 0);
	CHECK(fixture_said(&box, "uid=1000 gid=1001 groups=5,42\n20\n30\n"));
	CHECK(fixture_said(&box, "300\n"));
	CHECK(fixture_said(&box, "out\n"));
	CHECK(fixture_said(&box, "err\n"));
	fixture_close(&box);
}

static void test_ids_without_a_mapping(void)
{
	if (!begin(NULL))
		return;
	box.spec.process.user.uid = 70000;
	CHECK(FIXTURE_RUN(&box, "true") == -EINVAL);
	CHECK(fixture_said(&box, "process.user: the mappings have no id for"));
	fixture_close(&box);
}

/* An unmapped folder is the host's, whatever the container thinks of it. */
static void test_a_plain_volume_belongs_to_nobody(void)
{
	struct oci_mount mount = { .kind = OCI_MOUNT_BIND,
		.destination = "/data" };
	auto_fd volume = -1;

	if (!begin("touch volume/old"))
		return;
	volume = open(fixture_path(&box, "volume"), O_PATH | O_CLOEXEC);
	mount.source_fd = volume;
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_SHELL(&box, "stat -c %u /data/old; "
				  "touch /data/new; rm /data/old") != 0);
	CHECK(fixture_said(&box, "65534\n"));
	CHECK(owner_of("volume/old") == 0);
	fixture_close(&box);
}

/* Without rights: one mapping, of oneself. */
static void test_rootless(void)
{
	static const struct oci_id_mapping own = { 0, 1000, 1 };
	char root[96];
	pid_t pid;
	int status = -1;

	if (!fixture_open(&box, "chmod 755 .; mkdir flat; cp -a layer/. flat; "
				"mkdir flat/proc flat/dev flat/sys; "
				"chown -R 1000:1000 flat")) {
		check_skip(fixture_missing);
		return;
	}
	(void)snprintf(root, sizeof(root), "%s/flat", box.base);
	box.spec.root_path = root;
	box.spec.namespaces[OCI_NAMESPACE_USER].is_asked = true;
	box.spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
	box.spec.uid_mappings = (struct oci_id_mappings){ &own, 1 };
	box.spec.gid_mappings = box.spec.uid_mappings;
	box.mounts[2].data = "newinstance,ptmxmode=0666"; /* no group 5 */
	box.request.cgroup_root_fd = -1;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* as after an execve(2), which makes it dumpable again */
		if (setgroups(0, NULL) < 0 || setgid(1000) < 0 ||
			setuid(1000) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
			_exit(9);
		status = fixture_start(&box,
			(const char *const[]){ "sh", "-c",
				"id -u; touch /made && echo made; "
				"echo x >/dev/null && ls /dev; "
				"cat /proc/self/setgroups",
				NULL });
		if (status == 0)
			status = fixture_finish(&box);
		printf("# %d: %s\n", status, box.output);
		(void)fflush(stdout);
		_exit(status == 0 && strncmp(box.output, "0\nmade\n", 7) == 0 &&
					strstr(box.output, "deny")
				? 0
				: 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(owner_of("flat/made") == 1000);
	fixture_close(&box);
}

/* Outside a user namespace nobody keeps the groups of the caller. */
static void test_groups_that_cannot_be_given_up(void)
{
	static const gid_t group = 5;
	uint64_t ours;
	pid_t pid;
	int status = -1;

	if (!fixture_open(&box, NULL)) {
		check_skip(fixture_missing);
		return;
	}
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (setgroups(1, &group) < 0 || kernel_capget(&ours) < 0)
			_exit(9);
		ours &= ~(UINT64_C(1) << 6); /* CAP_SETGID */
		if (kernel_capset(ours, ours, 0) < 0)
			_exit(9);
		status = fixture_start(&box,
			(const char *const[]){ "id", NULL });
		printf("# %d: %s\n", status, box.err.text);
		(void)fflush(stdout);
		_exit(status == -EPERM && strstr(box.err.text,
						  "supplementary groups")
				? 0
				: 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	fixture_close(&box);
}

static void test_capabilities_that_cannot_be_given(void)
{
	struct oci_capabilities *wanted;
	uint64_t ours;
	pid_t pid;
	int status = -1;

	if (!fixture_open(&box, NULL)) {
		check_skip(fixture_missing);
		return;
	}
	wanted = &box.spec.process.capabilities;
	/* CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE; CAP_KILL */
	wanted->inheritable = 1 << 10 | 1 << 29;
	wanted->ambient = wanted->inheritable | 1 << 5;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (kernel_capget(&ours) < 0)
			_exit(9);
		ours &= ~(UINT64_C(1) << 29); /* CAP_AUDIT_WRITE */
		if (kernel_capset(ours, ours, ours) < 0)
			_exit(9);
		status = FIXTURE_SHELL(&box, "grep Cap /proc/self/status");
		printf("# %d: %s%s\n", status, box.err.text, box.output);
		(void)fflush(stdout);
		_exit(status == 0 &&
					strstr(box.output,
						"CapInh:\t0000000000000400\n") &&
					strstr(box.output,
						"CapAmb:\t0000000000000400\n")
				? 0
				: 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_root_is_nobody_outside);
	RUN(test_files_keep_their_ids_on_disk);
	RUN(test_a_volume_with_a_mapping_of_its_own);
	RUN(test_devices);
	RUN(test_devices_without_a_mount);
	RUN(test_sysfs_of_the_host_is_read_only);
	RUN(test_cgroups_of_the_host_are_read_only);
	RUN(test_a_user_namespace_of_another);
	RUN(test_limits_that_only_the_maker_may_raise);
	RUN(test_ids_without_a_mapping);
	RUN(test_a_plain_volume_belongs_to_nobody);
	RUN(test_rootless);
	RUN(test_groups_that_cannot_be_given_up);
	RUN(test_capabilities_that_cannot_be_given);
	return check_done();
}
