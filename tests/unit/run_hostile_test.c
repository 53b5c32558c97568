// SPDX-License-Identifier: MIT
/*
 * run_hostile_test - container roots that were made to break out
 *
 * Each case once worked against some runtime; the numbers are those of the
 * CVE list. "out" is a folder of the host in which nothing may ever appear.
 */
#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "run_fixture.h"

#define RACES 60

static struct fixture box;

static bool begin(const char *prepare)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "mkdir out; %s", prepare);
	if (fixture_open(&box, text))
		return true;
	check_skip(fixture_missing);
	return false;
}

static void end(void)
{
	if (box.base[0])
		fixture_shell("test -z \"$(ls -A \"$1\"/out)\"", box.base);
	fixture_close(&box);
}

/* CVE-2026-41579, CVE-2026-47766, CVE-2025-52881, CVE-2019-19921 */
static void test_standard_folders_that_are_links(void)
{
	static const struct {
		const char *prepare;
		int result;
		const char *text;
	} rows[] = {
		{ "ln -s \"$1/out\" layer/dev", -ELOOP,
			"mount 'tmpfs' at '/dev': the container root has a "
			"link in this path" },
		{ "ln -s /tmp layer/dev", -ELOOP, "mount 'tmpfs' at '/dev'" },
		{ "ln -s ../../../../../../../tmp layer/dev", -ELOOP,
			"mount 'tmpfs' at '/dev'" },
		{ "ln -s /gone layer/dev", -ELOOP, "mount 'tmpfs' at '/dev'" },
		{ "ln -s \"$1/out\" layer/proc", -ELOOP,
			"mount 'proc' at '/proc': the container root has a "
			"link" },
		{ "ln -s /tmp layer/proc", -ELOOP, "mount 'proc' at '/proc'" },
		{ "ln -s /tmp layer/sys", -ELOOP, "mount 'sysfs' at '/sys'" },
		{ "echo file >layer/dev", -ENOTDIR,
			"mount 'tmpfs' at '/dev': the container root has "
			"something else than a folder" },
		{ "mkfifo layer/proc", -ENOTDIR, "mount 'proc' at '/proc'" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!begin(rows[i].prepare))
			return;
		check_row(rows[i].prepare);
		CHECK(FIXTURE_RUN(&box, "true") == rows[i].result);
		CHECK(fixture_said(&box, rows[i].text));
		end();
	}
}

/* CVE-2025-31133: masks come from our own null device */
static void test_dev_of_the_image_is_not_used(void)
{
	if (!begin("mkdir layer/dev; "
		   "ln -s /proc/sys/kernel/core_pattern layer/dev/null; "
		   "ln -s \"$1/out\" layer/dev/pts; "
		   "ln -s \"$1/out\" layer/dev/shm"))
		return;
	CHECK(FIXTURE_SHELL(&box,
		      "stat -c '%t %T' /dev/null; cat /proc/interrupts | "
		      "wc -c; readlink /dev/pts; true") == 0);
	CHECK(fixture_said(&box, "1 3\n0\n"));
	end();
}

static int run_with_volume(const char *destination, bool is_file)
{
	auto_fd source =
		open(fixture_path(&box, is_file ? "volume/file" : "volume"),
			O_PATH | O_CLOEXEC);
	struct oci_mount mount = {
		.destination = destination,
		.kind = OCI_MOUNT_BIND,
		.source_fd = source,
	};
	int result;

	fixture_set_mounts(&box, &mount, 1);
	result = FIXTURE_SHELL(&box,
		"ls -A /tmp/x /out; grep -c volume /proc/self/mountinfo; true");
	fixture_set_mounts(&box, NULL, 0);
	return result;
}

/* CVE-2021-30465, CVE-2023-25173 and their like */
static void test_mount_targets_stay_inside(void)
{
	static const struct {
		const char *path;
		bool is_file;
		int result;
		const char *text;
	} rows[] = {
		{ "/up/x", false, 0, "" },
		{ "/up/y/file", true, 0, "" },
		{ "/abs", false, 0, "" },
		{ "/abs/deep/folder", false, 0, "" },
		{ "/dangling", true, 0, "" },
		{ "/to-proc", false, -EPERM, "this path leads to /proc" },
		{ "/to-proc/sys", false, -EPERM, "this path leads to /proc" },
		{ "/to-self/attr", false, -EPERM, "this path leads to /proc" },
		{ "/to-fd/0", true, -ELOOP, "mount 'volume' at" },
		{ "/to-root", false, -EPERM, "this path leads to the root" },
		{ "/loop", false, -ELOOP, "mount 'volume' at" },
		{ "/etc/passwd", false, -ENOTDIR, "something else than a" },
	};

	if (!begin("echo text >volume/file; cd layer; "
		   "ln -s ../../../../../../../../tmp up; "
		   "ln -s \"$1/out\" abs; ln -s /out/gone dangling; "
		   "ln -s /proc to-proc; ln -s proc/self to-self; "
		   "ln -s /proc/self/fd to-fd; ln -s / to-root; "
		   "ln -s loop loop"))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].path);
		CHECK(run_with_volume(rows[i].path, rows[i].is_file) ==
			rows[i].result);
		CHECK(fixture_said(&box, rows[i].text));
	}
	check_row(NULL);
	CHECK(access("/tmp/x", F_OK) < 0 && access("/tmp/y", F_OK) < 0);
	end();
}

/* CVE-2024-21626 */
static void test_working_folder_is_never_a_descriptor(void)
{
	char cwd[32];

	if (!begin(":"))
		return;
	for (int i = 3; i < 16; i++) {
		(void)snprintf(cwd, sizeof(cwd), "/proc/self/fd/%d", i);
		box.spec.process.cwd = cwd;
		check_row(cwd);
		CHECK(FIXTURE_RUN(&box, "ls", "../../../../..") < 0);
		CHECK(fixture_said(&box, "error: change to folder '/proc/"));
	}
	check_row(NULL);
	box.spec.process.cwd = "/proc/self/root/../..";
	CHECK(FIXTURE_RUN(&box, "pwd") == -ELOOP);
	box.spec.process.cwd = "/proc/self/cwd";
	CHECK(FIXTURE_RUN(&box, "pwd") == -ELOOP);
	end();
}

/* Swaps a folder and a link to the host as fast as it can. */
static pid_t start_swapper(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;)
		(void)syscall(SYS_renameat2, AT_FDCWD,
			fixture_path(&box, "volume/a"), AT_FDCWD,
			fixture_path(&box, "volume/b"), 2 /* EXCHANGE */);
}

/* CVE-2021-30465, CVE-2024-45310: the path changes while it is looked at */
static void test_races_for_mount_targets(void)
{
	auto_fd volume = -1;
	struct oci_mount mounts[2];
	unsigned int good = 0;
	pid_t swapper;

	if (!begin("mkdir volume/a; ln -s \"$1/out\" volume/b"))
		return;
	volume = open(fixture_path(&box, "volume"), O_PATH | O_CLOEXEC);
	mounts[0] = (struct oci_mount){ .destination = "/vol",
		.kind = OCI_MOUNT_BIND,
		.source_fd = volume };
	mounts[1] = (struct oci_mount){ .destination = "/vol/a/sub",
		.type = "tmpfs" };
	fixture_set_mounts(&box, mounts, 2);
	swapper = start_swapper();
	CHECK(swapper > 0);
	for (int i = 0; i < RACES; i++)
		good += FIXTURE_RUN(&box, "true") == 0;
	(void)kill(swapper, SIGKILL);
	(void)waitpid(swapper, NULL, 0);
	CHECK(good > 0);
	end();
}

/* CVE-2019-5736: the interpreter is found as the container sees it */
static void test_own_program_is_not_touched(void)
{
	struct stat before;
	struct stat after;
	int result;

	if (!begin("printf '#!/proc/self/exe\\n' >layer/bin/self; "
		   "chmod +x layer/bin/self"))
		return;
	CHECK(stat("/proc/self/exe", &before) == 0);
	result = FIXTURE_RUN(&box, "/bin/self");
	printf("# '#!/proc/self/exe' gives %d\n", result);
	CHECK(FIXTURE_SHELL(&box,
		      "ls -l /proc/1/exe; echo x >/proc/1/exe; true") == 0);
	CHECK(fixture_said(&box, "/bin/busybox"));
	CHECK(stat("/proc/self/exe", &after) == 0);
	CHECK(before.st_mtime == after.st_mtime &&
		before.st_ino == after.st_ino &&
		before.st_size == after.st_size);
	end();
}

static void test_nothing_of_the_host_is_in_sight(void)
{
	if (!begin("echo sentinel >host-file"))
		return;
	CHECK(FIXTURE_SHELL(&box,
		      "cd /; ls -d ../../../tmp/tare-run-* /proc/1/root/tmp/"
		      "tare-run-* /proc/1/cwd/tmp/tare-run-* 2>/dev/null; "
		      "for f in /proc/1/fd/*; do ls \"$f/\" 2>/dev/null; done; "
		      "wc -l </proc/self/mountinfo; echo done") == 0);
	CHECK(!strstr(box.output, "tare-run"));
	CHECK(!strstr(box.output, "host-file"));
	CHECK(fixture_said(&box, "done\n"));
	end();
}

/* A folder of devices that the image brings may have links in it. */
static void test_devices_do_not_follow_links(void)
{
	static const struct oci_device device = { .type = 'c',
		.path = "/dev/net/tun",
		.major = 10,
		.minor = 200 };
	struct oci_mount mounts[] = {
		{ .kind = OCI_MOUNT_FILE_SYSTEM,
			.destination = "/proc",
			.type = "proc" },
		{ .kind = OCI_MOUNT_BIND, .destination = "/vol" },
	};
	auto_fd out = -1;

	if (!begin("mkdir layer/dev; ln -s /vol layer/dev/net"))
		return;
	out = open(fixture_path(&box, "out"), O_PATH | O_CLOEXEC);
	mounts[1].source_fd = out;
	box.spec.mounts = mounts;
	box.spec.mount_count = 2;
	box.spec.masked_paths = NULL;
	box.spec.readonly_paths = NULL;
	box.spec.devices = &device;
	box.spec.device_count = 1;
	CHECK(FIXTURE_RUN(&box, "true") == -ELOOP);
	CHECK(fixture_said(&box, "the container root has a link in this path"));
	end();
}

/* A link of the image must not choose what becomes writable. */
static void test_new_options_do_not_follow_links(void)
{
	const struct oci_mount mount = { .kind = OCI_MOUNT_FILE_SYSTEM,
		.destination = "/x",
		.is_remount = true,
		.attributes_clear = MOUNT_ATTR_RDONLY };

	if (!begin("ln -s /sys layer/x"))
		return;
	fixture_set_mounts(&box, &mount, 1);
	CHECK(FIXTURE_RUN(&box, "true") == -ELOOP);
	CHECK(fixture_said(&box, "the container root has a link in this path"));
	fixture_set_mounts(&box, NULL, 0);
	end();
}

/* What hides a file is the host's own null device. */
static void test_masks_do_not_change_the_host(void)
{
	struct stat before;
	struct stat after;

	if (!begin("for name in chmod chown; do "
		   "ln -s busybox layer/bin/$name; done"))
		return;
	CHECK(stat("/dev/null", &before) == 0);
	CHECK(FIXTURE_SHELL(&box,
		      "chmod 600 /proc/timer_list; chown 7:7 /proc/timer_list; "
		      "touch -d @1 /proc/timer_list; "
		      "cat /proc/timer_list | wc -c; "
		      "echo x >/proc/timer_list && echo written") == 0);
	CHECK(fixture_said(&box, "0\nwritten\n"));
	CHECK(fixture_said(&box, "Read-only file system"));
	CHECK(stat("/dev/null", &after) == 0);
	CHECK(before.st_mode == after.st_mode);
	CHECK(before.st_uid == after.st_uid && before.st_gid == after.st_gid);
	end();
	(void)chmod("/dev/null", before.st_mode & 07777); /* if it did */
	(void)chown("/dev/null", before.st_uid, before.st_gid);
}

int main(void)
{
	fixture_enter();
	RUN(test_standard_folders_that_are_links);
	RUN(test_dev_of_the_image_is_not_used);
	RUN(test_mount_targets_stay_inside);
	RUN(test_working_folder_is_never_a_descriptor);
	RUN(test_races_for_mount_targets);
	RUN(test_own_program_is_not_touched);
	RUN(test_nothing_of_the_host_is_in_sight);
	RUN(test_devices_do_not_follow_links);
	RUN(test_new_options_do_not_follow_links);
	RUN(test_masks_do_not_change_the_host);
	return check_done();
}
