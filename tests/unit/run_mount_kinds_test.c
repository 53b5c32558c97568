// SPDX-License-Identifier: MIT
/* run_mount_kinds_test - mounts of a spec in all their kinds, and the root itself */
#include <linux/mount.h>

#include "check.h"
#include "lib/text.h"
#include "run_fixture.h"

static struct fixture box;

static bool begin(const char *prepare)
{
	if (fixture_open(&box, prepare))
		return true;
	check_skip(fixture_missing);
	return false;
}

/* Runs a command with one mount more, by path. */
static int run_with(struct oci_mount mount, const char *command)
{
	if (mount.kind == OCI_MOUNT_BIND && !mount.source)
		mount.source = fixture_path(&box, "volume");
	fixture_set_mounts(&box, &mount, 1);
	return FIXTURE_SHELL(&box, command);
}

static void test_binds_by_path(void)
{
	if (!begin("echo text >volume/file; ln -s file volume/link; "
		   "ln -s volume shortcut"))
		return;
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/data" },
		      "cat /data/file") == 0);
	CHECK(fixture_said(&box, "text\n"));
	/* relative to the bundle */
	box.spec.bundle = box.base;
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/etc/file",
			       .source = "volume/file" },
		      "cat /etc/file") == 0);
	CHECK(fixture_said(&box, "text\n"));
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/data",
			       .source = "shortcut" },
		      "cat /data/file") == 0);
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/data",
			       .source = "gone" },
		      "true") == -ENOENT);
	CHECK(fixture_said(&box, "error: mount 'gone' at '/data': No such"));
	fixture_close(&box);
}

static void test_attributes(void)
{
	static const struct {
		uint64_t set, clear;
		const char *text;
	} rows[] = {
		{ MOUNT_ATTR_RDONLY, 0, " ro,relatime" },
		{ MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID, 0,
			" rw,nosuid,noexec,relatime" },
		{ MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, " rw,noatime" },
		{ MOUNT_ATTR_NOATIME, 0, " rw,noatime" },
		{ MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NODEV, 0, " rw,nodev" },
		{ MOUNT_ATTR_NOSYMFOLLOW, 0, "nosymfollow" },
	};

	if (!begin(NULL))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].text);
		CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
				       .destination = "/data",
				       .attributes = rows[i].set,
				       .attributes_clear = rows[i].clear },
			      "grep ' /data ' /proc/self/mounts") == 0);
		CHECK(fixture_said(&box, rows[i].text));
	}
	check_row(NULL);
	fixture_close(&box);
}

/* "ro" is for the top of a tree, "rro" for all of it. */
static void test_trees(void)
{
	static const char try_both[] =
		"touch /data/x && echo top; touch /data/sub/x && echo sub; "
		"true";
	struct oci_mount mount = { .kind = OCI_MOUNT_BIND,
		.destination = "/data" };

	if (!begin("mkdir volume/sub; mount -t tmpfs none volume/sub"))
		return;
	CHECK(run_with(mount, "grep -c ' /data' /proc/self/mounts") == 0);
	CHECK(fixture_said(&box, "1\n"));
	mount.is_recursive = true;
	CHECK(run_with(mount, try_both) == 0);
	CHECK(fixture_said(&box, "top\nsub\n"));
	mount.attributes = MOUNT_ATTR_RDONLY;
	CHECK(run_with(mount, try_both) == 0);
	CHECK(!strstr(box.output, "top\n") && fixture_said(&box, "sub\n"));
	mount.attributes = 0;
	mount.recursive = MOUNT_ATTR_RDONLY;
	CHECK(run_with(mount, try_both) == 0);
	CHECK(!strstr(box.output, "top\n") && !strstr(box.output, "sub\n"));
	mount.attributes_clear = MOUNT_ATTR_RDONLY;
	CHECK(run_with(mount, try_both) == 0);
	CHECK(fixture_said(&box, "top\n") && !strstr(box.output, "sub\n"));
	fixture_shell("umount \"$1\"/volume/sub", box.base);
	fixture_close(&box);
}

/* What is mounted inside is seen outside only when that was asked for. */
static void test_propagation(void)
{
	static const struct {
		uint64_t propagation;
		bool is_seen;
		const char *option; /* of mountinfo */
	} rows[] = {
		{ 0, false, NULL },
		{ MS_PRIVATE, false, NULL },
		{ MS_SLAVE, false, "master:" },
		{ MS_SHARED, true, "shared:" },
		{ MS_UNBINDABLE, false, "unbindable" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[128];

		if (!begin("mount -t tmpfs -o mode=755 none volume; "
			   "mount --make-shared volume; mkdir volume/sub"))
			return;
		(void)snprintf(path, sizeof(path), "propagation %u",
			(unsigned int)rows[i].propagation);
		check_row(path);
		fixture_set_privileged(&box);
		CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
				       .destination = "/data",
				       .propagation = rows[i].propagation,
				       .is_recursive = true },
			      "grep ' /data ' /proc/self/mountinfo; "
			      "mount -t tmpfs none /data/sub && "
			      "touch /data/sub/made") == 0);
		CHECK(!rows[i].option || fixture_said(&box, rows[i].option));
		CHECK(rows[i].option ||
			(!strstr(box.output, "shared:") &&
				!strstr(box.output, "master:")));
		CHECK((access(fixture_path(&box, "volume/sub/made"), F_OK) ==
			      0) == rows[i].is_seen);
		fixture_shell("umount -R \"$1\"/volume", box.base);
		fixture_close(&box);
	}
	check_row(NULL);
}

static void test_root_propagation(void)
{
	static const struct {
		uint64_t propagation;
		const char *option;
	} rows[] = {
		{ MS_SHARED | MS_REC, "shared:" },
		{ MS_SLAVE | MS_REC, NULL },
		{ MS_PRIVATE, NULL },
		{ MS_UNBINDABLE, "unbindable" },
	};

	if (!begin(NULL))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		box.spec.rootfs_propagation = rows[i].propagation;
		CHECK(FIXTURE_SHELL(&box,
			      "grep ' / / ' /proc/self/mountinfo") == 0);
		CHECK(!rows[i].option || fixture_said(&box, rows[i].option));
		CHECK(rows[i].option || !strstr(box.output, "shared:"));
	}
	fixture_close(&box);
}

static void test_changes_what_is_mounted(void)
{
	if (!begin(NULL))
		return;
	CHECK(run_with((struct oci_mount){ .is_remount = true,
			       .destination = "/dev/shm",
			       .attributes = MOUNT_ATTR_RDONLY },
		      "touch /dev/shm/x; grep -c ' /dev/shm ' "
		      "/proc/self/mounts") == 0);
	CHECK(fixture_said(&box, "/dev/shm/x: Read-only file system"));
	CHECK(fixture_said(&box, "\n1\n"));
	CHECK(run_with((struct oci_mount){ .is_remount = true,
			       .destination = "/gone",
			       .attributes = MOUNT_ATTR_RDONLY },
		      "true") == -ENOENT);
	CHECK(fixture_said(&box, "change options of the mount at '/gone'"));
	CHECK(run_with((struct oci_mount){ .is_remount = true,
			       .destination = "/etc",
			       .attributes = MOUNT_ATTR_RDONLY },
		      "true") == -EINVAL);
	fixture_close(&box);
}

static void test_options_of_file_systems(void)
{
	if (!begin(NULL))
		return;
	CHECK(run_with((struct oci_mount){ .destination = "/x",
			       .type = "tmpfs",
			       .data = "size=1m,,mode=700,noswap,nr_inodes=9" },
		      "grep ' /x ' /proc/self/mounts") == 0);
	CHECK(fixture_said(&box, "size=1024k,nr_inodes=9,mode=700"));
	CHECK(run_with((struct oci_mount){ .destination = "/x",
			       .type = "tmpfs",
			       .data = "mode=xyz" },
		      "true") == -EINVAL);
	CHECK(fixture_said(&box,
		"error: mount 'tmpfs' at '/x': tmpfs: Bad value for 'mode'"));
	CHECK(run_with((struct oci_mount){ .destination = "/x",
			       .type = "tmpfs",
			       .data = "nonsense" },
		      "true") == -EINVAL);
	CHECK(fixture_said(&box, "Unknown parameter 'nonsense'"));
	CHECK(run_with((struct oci_mount){ .destination = "/x",
			       .type = "nonsense" },
		      "true") == -ENODEV);
	CHECK(fixture_said(&box, "the kernel does not have this file system"));
	fixture_close(&box);
}

static void test_proc(void)
{
	if (!begin("echo 'MemTotal: 1 kB' >volume/file"))
		return;
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/proc/meminfo",
			       .source = fixture_path(&box, "volume/file") },
		      "cat /proc/meminfo") == 0);
	CHECK(fixture_said(&box, "MemTotal: 1 kB\n"));
	CHECK(strlen(box.output) < 20);
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/proc/interrupts",
			       .source = fixture_path(&box, "volume/file") },
		      "true") == -EINVAL);
	/* a whole procfs may be there, and nothing that only looks like one */
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/proc",
			       .source = "/proc",
			       .is_recursive = true },
		      "test -d /proc/1 && echo proc") == 0);
	CHECK(fixture_said(&box, "proc\n"));
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/proc" },
		      "true") == -EPERM);
	CHECK(fixture_said(&box, "nothing but procfs may be at /proc"));
	CHECK(run_with((struct oci_mount){ .kind = OCI_MOUNT_BIND,
			       .destination = "/proc",
			       .source = "/proc/sys" },
		      "true") == -EPERM);
	fixture_close(&box);
}

/* A root that is a folder: over its own place, and nothing of it outside. */
static void test_root_by_path(void)
{
	char root[128];

	for (int i = 0; i < 2; i++) {
		if (!begin("cp -a layer flat; mkdir flat/proc flat/dev flat/sys; "
			   "mkdir flat/data; mount -t tmpfs none flat/data; "
			   "touch flat/data/there"))
			return;
		(void)snprintf(root, sizeof(root), "%s/flat", box.base);
		box.spec.root_path = root;
		box.request.no_pivot = i == 1;
		CHECK(FIXTURE_SHELL(&box,
			      "ls /data; touch /made; ls /; pwd; "
			      "ls -d /../tmp/tare-run-* 2>/dev/null; ls /proc/1/root/tmp; "
			      "cat /proc/interrupts | wc -c") == 0);
		CHECK(fixture_said(&box, "there\n"));
		CHECK(fixture_said(&box, "made\n"));
		CHECK(!strstr(box.output, "/tmp/tare-run-"));
		CHECK(fixture_said(&box, "/\n"));
		CHECK(access(fixture_path(&box, "flat/made"), F_OK) == 0);
		CHECK(access(fixture_path(&box, "flat/proc/1"), F_OK) < 0);
		box.spec.root_readonly = true;
		CHECK(FIXTURE_SHELL(&box, "touch /other; touch /data/other") ==
			0);
		CHECK(fixture_said(&box, "/other: Read-only file system"));
		box.spec.root_path = "/gone";
		CHECK(FIXTURE_RUN(&box, "true") == -ENOENT);
		CHECK(fixture_said(&box, "open the container root '/gone'"));
		fixture_shell("umount \"$1\"/flat/data", box.base);
		fixture_close(&box);
	}
}

static void test_names_and_sysctls(void)
{
	static const struct oci_pair sysctls[] = {
		{ "kernel.shmmax", "123456" },
		{ "kernel.domainname", "elsewhere" },
	};
	static const struct oci_pair forbidden[] = {
		{ "kernel.core_pattern", "|/x" },
	};

	if (!begin(NULL))
		return;
	box.spec.domainname = "example";
	box.spec.sysctls = sysctls;
	box.spec.sysctl_count = 1;
	CHECK(FIXTURE_SHELL(&box, "cat /proc/sys/kernel/shmmax "
				  "/proc/sys/kernel/domainname") == 0);
	CHECK(fixture_said(&box, "123456\nexample\n"));
	box.spec.sysctls = forbidden;
	CHECK(FIXTURE_RUN(&box, "true") == -EINVAL);
	CHECK(fixture_said(&box, "error: sysctl 'kernel.core_pattern'"));
	fixture_close(&box);
}

/* What does not fit is told, not cut: "mode=700" would be lost. */
static void test_options_over_a_page(void)
{
	static char data[4200];
	struct oci_mount mount = { .kind = OCI_MOUNT_FILE_SYSTEM,
		.type = "tmpfs",
		.destination = "/data",
		.data = data };
	struct text text;

	if (!begin(NULL))
		return;
	text_init(&text, data, sizeof(data));
	while (text.used + 9 + 8 <= 4095)
		text_add(&text, "mode=755,");
	text_add(&text, "mode=700");
	CHECK(run_with(mount, "stat -c %a /data") == 0);
	CHECK(fixture_said(&box, "700\n"));
	text_add(&text, ",mode=711");
	CHECK(run_with(mount, "stat -c %a /data") != 0);
	CHECK(strstr(box.err.text, "options of more than 4095 characters"));
	fixture_close(&box);
}

int main(void)
{
	fixture_enter();
	RUN(test_binds_by_path);
	RUN(test_attributes);
	RUN(test_trees);
	RUN(test_propagation);
	RUN(test_root_propagation);
	RUN(test_changes_what_is_mounted);
	RUN(test_options_of_file_systems);
	RUN(test_proc);
	RUN(test_root_by_path);
	RUN(test_names_and_sysctls);
	RUN(test_options_over_a_page);
	return check_done();
}
