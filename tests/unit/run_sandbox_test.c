// SPDX-License-Identifier: MIT
/* run_sandbox_test - what a container sees, and what it may not do */
#include <signal.h>
#include <sys/resource.h>

#include "check.h"
#include "run_fixture.h"

static struct fixture box;

static bool begin(const char *prepare)
{
	if (fixture_open(&box, prepare))
		return true;
	check_skip(fixture_missing);
	return false;
}

static void test_namespaces_are_its_own(void)
{
	static const char *const own[] = { "pid", "mnt", "uts", "ipc",
		"cgroup" };
	char path[64];
	char ours[64];
	ssize_t size;

	if (!begin(NULL))
		return;
	CHECK(FIXTURE_SHELL(&box,
		      "for n in pid mnt uts ipc cgroup net; do "
		      "readlink /proc/self/ns/$n; done; hostname; echo pid $$; "
		      "grep ^0: /proc/self/cgroup") == 0);
	CHECK(fixture_said(&box, "\nbox\npid 1\n0::/\n"));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		check_row(own[i]);
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", own[i]);
		size = readlink(path, ours, sizeof(ours) - 1);
		if (!CHECK(size > 0))
			continue;
		ours[size] = '\0';
		CHECK(strstr(box.output, own[i]));
		CHECK(!strstr(box.output, ours));
	}
	size = readlink("/proc/self/ns/net", ours, sizeof(ours) - 1);
	ours[size > 0 ? size : 0] = '\0';
	CHECK(fixture_said(&box, ours));
	fixture_close(&box);
}

static void test_rights_are_dockers(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "cat", "/proc/self/status") == 0);
	CHECK(fixture_said(&box, "CapInh:\t0000000000000000\n"));
	CHECK(fixture_said(&box, "CapPrm:\t00000000a80425fb\n"));
	CHECK(fixture_said(&box, "CapEff:\t00000000a80425fb\n"));
	CHECK(fixture_said(&box, "CapBnd:\t00000000a80425fb\n"));
	CHECK(fixture_said(&box, "CapAmb:\t0000000000000000\n"));
	CHECK(fixture_said(&box, "NoNewPrivs:\t0\n"));
	CHECK(fixture_said(&box, "Seccomp:\t2\n"));
	CHECK(fixture_said(&box, "Groups:\t \n"));
	box.spec.process.no_new_privileges = true;
	box.spec.process.capabilities = (struct oci_capabilities){ 0 };
	CHECK(FIXTURE_RUN(&box, "cat", "/proc/self/status") == 0);
	CHECK(fixture_said(&box, "CapEff:\t0000000000000000\n"));
	CHECK(fixture_said(&box, "CapBnd:\t0000000000000000\n"));
	CHECK(fixture_said(&box, "NoNewPrivs:\t1\n"));
	CHECK(fixture_said(&box, "Seccomp:\t2\n"));
	fixture_close(&box);
}

static void test_another_user_has_no_rights(void)
{
	static const uint32_t gids[] = { 5, 42 };

	if (!begin("mkdir layer/own; chown 1000 layer/own; "
		   "chmod 700 layer/own"))
		return;
	box.spec.process.user = (struct oci_user){ .uid = 1000,
		.gid = 1001,
		.additional_gids = gids,
		.additional_gid_count = 2 };
	box.spec.process.cwd = "/own";
	CHECK(FIXTURE_SHELL(&box,
		      "id; grep Cap /proc/self/status; pwd; touch mine; "
		      "echo out >/dev/stdout; echo err >/dev/stderr; "
		      "touch /bin/x || echo refused") == 0);
	CHECK(fixture_said(&box, "uid=1000 gid=1001 groups=5,42\n"));
	CHECK(fixture_said(&box, "CapEff:\t0000000000000000\n"));
	CHECK(fixture_said(&box, "CapPrm:\t0000000000000000\n"));
	CHECK(fixture_said(&box, "CapBnd:\t00000000a80425fb\n"));
	CHECK(fixture_said(&box, "/own\n"));
	CHECK(fixture_said(&box, "out\n"));
	CHECK(fixture_said(&box, "err\n"));
	CHECK(fixture_said(&box, "refused\n"));
	fixture_close(&box);
}

static void test_no_descriptor_is_left_open(void)
{
	int leak;

	if (!begin(NULL))
		return;
	leak = fcntl(box.workloads_fd, F_DUPFD, 90); /* without CLOEXEC */
	CHECK(leak >= 90);
	CHECK(FIXTURE_SHELL(&box, "ls /proc/1/fd; echo end") == 0);
	CHECK(fixture_said(&box, "0\n1\n2\nend\n"));
	CHECK(strncmp(box.output, "0\n1\n2\nend\n", 10) == 0);
	CHECK(FIXTURE_SHELL(&box, "readlink /proc/1/fd/0; cat | wc -c; "
				  "stat -L -c '%t %T' /proc/1/fd/0") == 0);
	CHECK(fixture_said(&box, "/dev/null\n0\n1 3\n"));
	(void)close(leak);
	fixture_close(&box);
}

static void test_process_starts_clean(void)
{
	static const char *const env[] = { "PATH=/bin", "A=b c", NULL };
	static const struct oci_rlimit rlimits[] = {
		{ RLIMIT_NOFILE, 100, 200 },
	};
	sigset_t some;
	sigset_t before;

	if (!begin(NULL))
		return;
	box.spec.process.env = env;
	box.spec.process.rlimits = rlimits;
	box.spec.process.rlimit_count = 1;
	box.spec.process.oom_score_adj = OCI_NUMBER(321);
	box.spec.process.cwd = "/made/by/us";
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGTERM);
	(void)sigaddset(&some, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &some, &before);
	(void)signal(SIGPIPE, SIG_IGN);
	CHECK(FIXTURE_SHELL(&box, "env; umask; ulimit -n; ulimit -H -n; "
				  "cat /proc/self/oom_score_adj; pwd; "
				  "cat /proc/1/stat | { read a b c d e f g; "
				  "echo session $f; }") == 0);
	CHECK(fixture_said(&box, "A=b c\n"));
	CHECK(!strstr(box.output, "HOME="));
	CHECK(fixture_said(&box,
		"0022\n100\n200\n321\n/made/by/us\nsession 1\n"));
	CHECK(FIXTURE_RUN(&box, "grep", "Sig[BI]", "/proc/self/status") == 0);
	CHECK(fixture_said(&box,
		"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"));
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	fixture_close(&box);
}

#define DEV_NAMES                                          \
	"fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\n" \
	"stderr\nstdin\nstdout\ntty\nurandom\nzero\n"

static void test_devices_are_the_few(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "ls", "/dev") == 0);
	/* "core" is where this kernel has something to link to */
	CHECK(fixture_said(&box, access("/proc/kcore", F_OK) == 0
					 ? "core\n" DEV_NAMES
					 : DEV_NAMES));
	CHECK(FIXTURE_SHELL(&box,
		      "head -c 4 /dev/zero | od -An -tx1; "
		      "echo x >/dev/null; head -c 8 /dev/urandom | wc -c; "
		      "mknod /tmp/z c 1 5 && head -c 1 /tmp/z | wc -c; "
		      "mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg; "
		      "mknod /tmp/disk b 254 0 && head -c 1 /tmp/disk; "
		      "mknod /tmp/mem c 1 1 && head -c 1 /tmp/mem") != 0);
	CHECK(fixture_said(&box, " 00 00 00 00\n8\n1\n"));
	CHECK(fixture_said(&box, "/tmp/kmsg': Operation not permitted"));
	CHECK(fixture_said(&box, "/tmp/disk: Operation not permitted"));
	CHECK(fixture_said(&box, "/tmp/mem: Operation not permitted"));
	fixture_close(&box);
}

static void test_kernel_paths_are_masked(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_SHELL(&box,
		      "cat /proc/interrupts /proc/timer_list | wc -c; "
		      "ls -A /sys/firmware | wc -l; "
		      "touch /sys/firmware/x 2>/tmp/said; "
		      "chmod 755 /sys/firmware 2>>/tmp/said; "
		      "ls -A /sys/firmware | wc -l; cat /tmp/said; "
		      "echo x >/proc/sys/kernel/hostname; "
		      "echo 1 >/proc/irq/default_smp_affinity; mkdir /sys/fs/cgroup/x; "
		      "touch /sys/x; true") == 0);
	CHECK(fixture_said(&box, "0\n0\n0\n"));
	/* in a folder that is empty for good the kernel finds no name */
	CHECK(fixture_said(&box,
		      "/sys/firmware/x: No such file or directory") ||
		fixture_said(&box, "/sys/firmware/x: Read-only file system"));
	CHECK(fixture_said(&box,
		"chmod: /sys/firmware: Read-only file system"));
	CHECK(fixture_said(&box,
		"/proc/sys/kernel/hostname: Read-only file system"));
	CHECK(fixture_said(&box, "default_smp_affinity: Read-only"));
	CHECK(fixture_said(&box,
		"can't create directory '/sys/fs/cgroup/x': Read-only"));
	CHECK(fixture_said(&box, "/sys/x: Read-only file system"));
	box.spec.masked_paths =
		(const char *const[]){ "/sys/devices/system/cpu/cpu*/topology",
			"/proc/gone", "/proc/version/x", NULL };
	CHECK(FIXTURE_SHELL(&box,
		      "ls -A /sys/devices/system/cpu/cpu*/topology | grep -v :; "
		      "echo end; ls /sys/devices/system/cpu/cpu0 | grep topo") ==
		0);
	CHECK(fixture_said(&box, "end\ntopology\n"));
	CHECK(!strstr(box.output, "core_id"));
	/* without masks the same files have something in them */
	box.spec.masked_paths = NULL;
	box.spec.readonly_paths = NULL;
	CHECK(FIXTURE_SHELL(&box, "head -c 3 /proc/timer_list") == 0);
	CHECK(fixture_said(&box, "Tim"));
	CHECK(FIXTURE_SHELL(&box,
		      "echo other >/proc/sys/kernel/hostname; hostname") == 0);
	CHECK(fixture_said(&box, "other\n"));
	fixture_close(&box);
}

/* What is mounted over a mask, or below a copy, stays in the container. */
static void test_mounts_are_nobody_elses(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_SHELL(&box,
		      "grep shared: /proc/self/mountinfo; echo end") == 0);
	CHECK(strcmp(box.output, "end\n") == 0);
	fixture_close(&box);
}

static void test_mounts_and_namespaces_are_forbidden(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "mount", "-t", "tmpfs", "none", "/tmp") != 0);
	CHECK(FIXTURE_RUN(&box, "unshare", "-U", "true") != 0);
	CHECK(fixture_said(&box, "Operation not permitted"));
	CHECK(FIXTURE_RUN(&box, "hostname", "other") != 0);
	CHECK(FIXTURE_RUN(&box, "chroot", "/", "true") == 0);
	fixture_close(&box);
}

static void test_mount_options(void)
{
	if (!begin(NULL))
		return;
	CHECK(FIXTURE_RUN(&box, "cat", "/proc/self/mounts") == 0);
	CHECK(fixture_said(&box, "overlay / overlay rw"));
	CHECK(fixture_said(&box,
		"proc /proc proc rw,nosuid,nodev,noexec,relatime"));
	CHECK(fixture_said(&box,
		"tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755"));
	CHECK(fixture_said(&box,
		"/dev/pts devpts rw,nosuid,noexec,relatime,gid=5,mode=620,"
		"ptmxmode=666"));
	CHECK(fixture_said(&box,
		"/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=65536k"));
	CHECK(fixture_said(&box,
		"/dev/mqueue mqueue rw,nosuid,nodev,noexec,relatime"));
	CHECK(fixture_said(&box, " /sys sysfs ro,nosuid,nodev,noexec"));
	CHECK(fixture_said(&box,
		" /sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec"));
	CHECK(fixture_said(&box, " /proc/interrupts devtmpfs "));
	fixture_close(&box);
}

static void test_readonly_root(void)
{
	static const struct oci_mount mounts[] = {
		{ .destination = "/run/small",
			.type = "tmpfs",
			.data = "mode=711,size=65536" },
		{ .destination = "/run/plain",
			.type = "tmpfs",
			.data = "mode=1777",
			.attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	};

	if (!begin(NULL))
		return;
	box.spec.root_readonly = true;
	fixture_set_mounts(&box, mounts, 2);
	CHECK(FIXTURE_SHELL(&box,
		      "touch /x; touch /etc/x; stat -c %a /run/small; "
		      "stat -c %a /run/plain; touch /dev/shm/x && echo shm; "
		      "dd if=/dev/zero of=/run/small/x bs=4k count=17; "
		      "touch /run/plain/x; grep run/plain /proc/self/mounts") ==
		0);
	CHECK(fixture_said(&box, "/x: Read-only file system"));
	CHECK(fixture_said(&box, "/etc/x: Read-only file system"));
	CHECK(fixture_said(&box, "711\n1777\n"));
	CHECK(fixture_said(&box, "shm\n"));
	CHECK(fixture_said(&box, "No space left"));
	CHECK(fixture_said(&box, "/run/plain/x: Read-only file system"));
	CHECK(fixture_said(&box, "ro,nosuid,nodev,noexec"));
	fixture_close(&box);
}

static void test_a_new_file_system_can_begin_with_a_copy(void)
{
	static const struct oci_mount mount = { .destination = "/etc",
		.type = "tmpfs",
		.data = "mode=755",
		.copies_up = true };

	if (!begin("mkdir layer/etc/sub; echo deep >layer/etc/sub/file"))
		return;
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_SHELL(&box, "cat /etc/sub/file; rm /etc/passwd; "
				  "grep -c ' /etc tmpfs' /proc/mounts") == 0);
	CHECK(fixture_said(&box, "deep\n1\n"));
	CHECK(access(fixture_path(&box, "upper/etc"), F_OK) < 0);
	fixture_close(&box);
}

static void test_volumes(void)
{
	struct oci_mount mounts[] = {
		{ .destination = "/data/deep", .kind = OCI_MOUNT_BIND },
		{ .destination = "/ro",
			.kind = OCI_MOUNT_BIND,
			.attributes = MOUNT_ATTR_RDONLY },
		{ .destination = "/etc/new/hosts", .kind = OCI_MOUNT_BIND },
		{ .destination = "/etc/resolv.conf", .kind = OCI_MOUNT_BIND },
		{ .destination = "/dev/shm", .kind = OCI_MOUNT_BIND },
	};
	auto_fd folder = -1;
	auto_fd file = -1;

	if (!begin("echo text >volume/file; "
		   "ln -s ../run/gone/resolv.conf layer/etc/resolv.conf"))
		return;
	folder = open(fixture_path(&box, "volume"), O_PATH | O_CLOEXEC);
	file = open(fixture_path(&box, "volume/file"), O_PATH | O_CLOEXEC);
	for (size_t i = 0; i < 5; i++)
		mounts[i].source_fd = i == 2 || i == 3 ? file : folder;
	fixture_set_mounts(&box, mounts, 5);
	CHECK(FIXTURE_SHELL(&box,
		      "cat /data/deep/file /ro/file /etc/new/hosts "
		      "/etc/resolv.conf /run/gone/resolv.conf /dev/shm/file; "
		      "touch /data/deep/made; touch /ro/made2") != 0);
	CHECK(fixture_said(&box, "text\ntext\ntext\ntext\ntext\ntext\n"));
	CHECK(fixture_said(&box, "/ro/made2: Read-only file system"));
	CHECK(access(fixture_path(&box, "volume/made"), F_OK) == 0);
	CHECK(access(fixture_path(&box, "upper/run/gone/resolv.conf"), F_OK) ==
		0);
	fixture_close(&box);
}

static void test_a_volume_needs_a_place(void)
{
	struct oci_mount mount = { .destination = "/gone",
		.kind = OCI_MOUNT_BIND };
	auto_fd folder = -1;

	if (!begin("mkdir -p layer/proc layer/sys layer/dev layer/here; "
		   "echo >layer/here/file"))
		return;
	folder = open(fixture_path(&box, "volume"), O_PATH | O_CLOEXEC);
	mount.source_fd = folder;
	fixture_set_mounts(&box, &mount, 1);
	fd_close(&box.root_fd);
	CHECK(fixture_mount_root(&box, false) >= 0);
	CHECK(FIXTURE_RUN(&box, "true") == -EROFS);
	CHECK(fixture_said(&box,
		"error: mount 'volume' at '/gone': the container root cannot be "
		"written and has no such path"));
	fd_close(&box.root_fd);
	CHECK(fixture_mount_root(&box, false) >= 0);
	mount.destination = "/here";
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_SHELL(&box, "touch /here/y; touch /x") != 0);
	CHECK(fixture_said(&box, "/x: Read-only file system"));
	CHECK(access(fixture_path(&box, "volume/y"), F_OK) == 0);
	mount.destination = "/here/file";
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_RUN(&box, "true") == -ENOTDIR);
	CHECK(fixture_said(&box, "something else than a folder"));
	fixture_close(&box);
}

static void test_privileged(void)
{
	auto_fd log = open("/dev/kmsg", O_RDONLY | O_CLOEXEC);

	if (!begin(NULL))
		return;
	fixture_set_privileged(&box);
	CHECK(FIXTURE_SHELL(&box, "mount -t tmpfs none /tmp && echo mounted; "
				  "test -c /dev/kmsg && echo kmsg; "
				  "head -c 0 /dev/kmsg && echo opened; "
				  "mkdir /sys/fs/cgroup/x && echo cgroup; "
				  "grep Seccomp: /proc/self/status; "
				  "grep ' /sys sysfs rw' /proc/self/mounts; "
				  "ls /dev/pts") == 0);
	CHECK(fixture_said(&box, "mounted\nkmsg\n"));
	CHECK(fixture_said(&box, "cgroup\nSeccomp:\t0"));
	if (log >= 0) /* whoever may read the kernel's log */
		CHECK(fixture_said(&box, "opened\n"));
	CHECK(fixture_said(&box, " /sys sysfs rw"));
	CHECK(fixture_said(&box, "ptmx\n"));
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_namespaces_are_its_own);
	RUN(test_rights_are_dockers);
	RUN(test_another_user_has_no_rights);
	RUN(test_no_descriptor_is_left_open);
	RUN(test_process_starts_clean);
	RUN(test_devices_are_the_few);
	RUN(test_kernel_paths_are_masked);
	RUN(test_mounts_are_nobody_elses);
	RUN(test_mounts_and_namespaces_are_forbidden);
	RUN(test_mount_options);
	RUN(test_readonly_root);
	RUN(test_a_new_file_system_can_begin_with_a_copy);
	RUN(test_volumes);
	RUN(test_a_volume_needs_a_place);
	RUN(test_privileged);
	return check_done();
}
