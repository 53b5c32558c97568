// SPDX-License-Identifier: MIT
/* run_plan_test - which steps a spec becomes */
#include "run/plan.h"

#include <errno.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run_plan.h"

static struct plan plan;
static struct error err;
static char printed[16384];

static const struct plan_options plain;

static int print(const struct oci_spec *spec)
{
	struct text text;
	int result = plan_make(spec, &plain, &plan, &err);

	text_init(&text, printed, sizeof(printed));
	plan_print(&plan, &text);
	CHECK(!text.is_cut);
	return result;
}

static bool has(const char *text)
{
	if (strstr(printed, text))
		return true;
	printf("# the plan lacks '%s'\n", text);
	return false;
}

static const char whole[] =
	"tell that it is created\n"
	"let the process go\n"
	"prepare the process\n"
	"make a cgroup namespace\n"
	"make all mounts private\n"
	"attach the container root\n"
	"mount 'proc' at '/proc' nosuid nodev noexec\n"
	"mount 'tmpfs' at '/dev' nosuid strictatime mode=755,size=65536k\n"
	"mount 'devpts' at '/dev/pts' nosuid noexec "
	"newinstance,mode=0620,ptmxmode=0666,gid=5\n"
	"mount 'mqueue' at '/dev/mqueue' nosuid nodev noexec\n"
	"mount 'tmpfs' at '/dev/shm' nosuid nodev noexec "
	"mode=1777,size=65536k\n"
	"mount 'sysfs' at '/sys' ro nosuid nodev noexec\n"
	"mount 'cgroup2' at '/sys/fs/cgroup' ro nosuid nodev noexec\n"
	"open '/dev'\n"
	"make device '/dev/null' 1:3 mode 666\n"
	"make device '/dev/zero' 1:5 mode 666\n"
	"make device '/dev/full' 1:7 mode 666\n"
	"make device '/dev/random' 1:8 mode 666\n"
	"make device '/dev/urandom' 1:9 mode 666\n"
	"make device '/dev/tty' 5:0 mode 666\n"
	"make link '/dev/fd' to '/proc/self/fd'\n"
	"make link '/dev/stdin' to '/proc/self/fd/0'\n"
	"make link '/dev/stdout' to '/proc/self/fd/1'\n"
	"make link '/dev/stderr' to '/proc/self/fd/2'\n"
	"make link '/dev/ptmx' to 'pts/ptmx'\n"
	"make link '/dev/core' to '/proc/kcore'\n"
	"wait for the maker\n"
	"change to the container root\n"
	"set host name 'web'\n"
	"make '/proc/bus' read-only\n"
	"make '/proc/fs' read-only\n"
	"make '/proc/irq' read-only\n"
	"make '/proc/sys' read-only\n"
	"make '/proc/sysrq-trigger' read-only\n"
	"mask '/proc/acpi'\n"
	"mask '/proc/asound'\n"
	"mask '/proc/interrupts'\n"
	"mask '/proc/kcore'\n"
	"mask '/proc/keys'\n"
	"mask '/proc/latency_stats'\n"
	"mask '/proc/sched_debug'\n"
	"mask '/proc/scsi'\n"
	"mask '/proc/timer_list'\n"
	"mask '/proc/timer_stats'\n"
	"mask '/sys/devices/system/cpu/cpu*/thermal_throttle'\n"
	"mask '/sys/devices/virtual/powercap'\n"
	"mask '/sys/firmware'\n"
	"change to folder '/srv'\n"
	"make a session keyring\n"
	"connect standard input and output\n"
	"hide the process\n"
	"install the system call filter\n"
	"drop capabilities from the bounding set\n"
	"change the user\n"
	"set capabilities\n"
	"execute '/bin/web'\n";

static void test_whole_plan(void)
{
	struct oci_spec spec = make_spec();

	CHECK(print(&spec) == 0);
	if (!CHECK(text_equal(printed, whole)))
		printf("%s", printed);
}

/* Without CAP_SYS_ADMIN a filter needs no_new_privs before it. */
static void test_filter_comes_when_it_may(void)
{
	struct oci_spec spec = make_spec();

	spec.process.no_new_privileges = true;
	CHECK(print(&spec) == 0);
	CHECK(has(
		"input and output\nhide the process\ndrop capabilities from the bounding set\n"
		"change the user\nset capabilities\nforbid new privileges\n"
		"install the system call filter\nexecute '/bin/web'\n"));
	spec.seccomp = NULL;
	CHECK(print(&spec) == 0);
	CHECK(!strstr(printed, "filter"));
}

static void test_privileged_plan(void)
{
	struct oci_spec spec = make_spec();

	spec.copies_host_devices = true;
	spec.seccomp = NULL;
	spec.masked_paths = NULL;
	spec.readonly_paths = NULL;
	spec.process.has_capabilities = false;
	CHECK(print(&spec) == 0);
	CHECK(has("copy the host's devices to '/dev'\n"));
	CHECK(!strstr(printed, "mask"));
	CHECK(!strstr(printed, "read-only"));
	CHECK(!strstr(printed, "capabilities"));
}

static void test_mounts_of_the_spec(void)
{
	static const struct oci_mount mounts[] = {
		{ .destination = "/tmp",
			.type = "tmpfs",
			.data = "mode=700,size=1048576",
			.copies_up = true,
			.attributes = MOUNT_ATTR_NOEXEC },
		{ .kind = OCI_MOUNT_BIND,
			.destination = "/data",
			.source_fd = 7,
			.attributes = MOUNT_ATTR_RDONLY },
		{ .kind = OCI_MOUNT_BIND,
			.destination = "/proc/meminfo",
			.source = "/var/meminfo",
			.is_recursive = true,
			.attributes_clear = MOUNT_ATTR_NODEV,
			.recursive = MOUNT_ATTR_RDONLY },
	};
	struct oci_spec spec = make_spec();

	spec.mounts = mounts;
	spec.mount_count = 3;
	spec.root_readonly = true;
	CHECK(print(&spec) == 0);
	CHECK(has("mount 'tmpfs' at '/tmp' noexec copy-up "
		  "mode=700,size=1048576\n"
		  "mount 'volume' at '/data' ro number 1\n"
		  "mount '/var/meminfo' at '/proc/meminfo' recursive not nodev "
		  "all ro number 2\n"
		  "open '/dev'\n"));
	CHECK(has("change to folder '/srv'\nmake '/' read-only\n"));
	for (size_t i = 0; i < plan.count; i++) {
		const struct step *step = &plan.steps[i];

		if (step->mount)
			CHECK(step->allows_links ==
				(step->mount != &mounts[2]));
	}
}

/* Whoever mounts a folder of his own on /dev has what he wants there. */
static void test_devices(void)
{
	static const struct oci_mount mount = { .kind = OCI_MOUNT_BIND,
		.destination = "/dev",
		.source = "/dev" };
	static const struct oci_device devices[] = {
		{ .type = 'c', .path = "/dev/fuse", .major = 10, .minor = 229 },
		{ .type = 'c', .path = "/dev/ptmx", .major = 5, .minor = 2 },
	};
	struct oci_spec spec = make_spec();

	spec.devices = devices;
	spec.device_count = 2;
	CHECK(print(&spec) == 0);
	CHECK(has("to '/proc/kcore'\nmake device '/dev/fuse' c 10:229\n"));
	CHECK(!strstr(printed, "make device '/dev/ptmx'"));
	spec.device_count = 1;
	spec.mounts = &mount;
	spec.mount_count = 1;
	CHECK(print(&spec) == 0);
	CHECK(has("at '/dev' number 0\nmake device '/dev/fuse' c 10:229\n"));
	CHECK(!strstr(printed, "make link"));
	spec.mount_count = 0;
	CHECK(print(&spec) == 0);
	CHECK(has("root\nopen '/dev'\nmake device '/dev/null'"));
}

static void test_limits_come_first(void)
{
	static const struct oci_rlimit rlimits[] = {
		{ RLIMIT_CORE, 0, 0 },
		{ RLIMIT_NOFILE, 100, 200 },
	};
	struct oci_spec spec = make_spec();

	spec.process.rlimits = rlimits;
	spec.process.rlimit_count = 2;
	spec.process.oom_score_adj = OCI_NUMBER(0);
	CHECK(print(&spec) == 0);
	CHECK(strncmp(printed,
		      "set a resource limit number 0\n"
		      "set a resource limit number 1\n"
		      "set the out-of-memory score\n"
		      "tell that it is created\nlet the process go\n",
		      100) == 0);
	/* what is still open by then may be more */
	CHECK(has(
		"input and output\nhide the process\nlimit open files number 1\ninstall"));
}

static void test_options(void)
{
	const struct plan_options options = { .no_new_keyring = true,
		.waits = true };
	struct oci_spec spec = make_spec();
	struct text text;

	CHECK(plan_make(&spec, &options, &plan, &err) == 0);
	text_init(&text, printed, sizeof(printed));
	plan_print(&plan, &text);
	CHECK(has("change to folder '/srv'\n"
		  "connect standard input and output\nhide the process\n"
		  "execute '/bin/web': look it up\nwait to be started\n"));
}

static struct oci_spec make_user_spec(void)
{
	static const struct oci_id_mapping map = { 0, 1048576, 65536 };
	struct oci_spec spec = make_spec();

	spec.namespaces[OCI_NAMESPACE_USER].is_asked = true;
	spec.uid_mappings = (struct oci_id_mappings){ &map, 1 };
	spec.gid_mappings = spec.uid_mappings;
	return spec;
}

static void test_user_namespace(void)
{
	static const struct oci_mount mounts[] = {
		{ .kind = OCI_MOUNT_BIND,
			.destination = "/data",
			.source = "/srv/data",
			.idmap = OCI_IDMAP },
	};
	struct oci_spec spec = make_user_spec();

	CHECK(print(&spec) == 0);
	CHECK(strncmp(printed, "map user and group ids\ntell", 27) == 0);
	CHECK(has(
		"wait for the maker\nprepare the process\nbecome root of the user namespace\n"
		"make a cgroup namespace\n"));
	spec.mounts = mounts;
	spec.mount_count = 1;
	CHECK(print(&spec) == 0);
	CHECK(has("map user and group ids\nmap ids of the mount at '/data'\n"
		  "tell"));
	CHECK(has("mount '/srv/data' at '/data' idmap number 0\n"));
	spec.uid_mappings.count = 0;
	CHECK(print(&spec) == -EINVAL);
	CHECK(strstr(err.text, "no uidMappings"));
	spec = make_spec();
	spec.mounts = mounts;
	spec.mount_count = 1;
	CHECK(print(&spec) == -EINVAL);
	CHECK(strstr(err.text, "no user namespace to take ids from"));
}

static void test_what_the_maker_mounts(void)
{
	struct oci_spec spec = make_user_spec();

	for (size_t i = 0; i < DOCKER_MOUNT_COUNT; i++) {
		const struct oci_mount *mount = &docker_mounts[i];
		bool is_dev = text_equal(mount->destination, "/dev");
		bool is_sys = text_equal(mount->destination, "/sys");

		spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = false;
		CHECK(plan_needs_maker(&spec, mount) == (is_dev || is_sys));
		spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
		CHECK(plan_needs_maker(&spec, mount) == is_dev);
		spec.namespaces[OCI_NAMESPACE_USER].is_asked = false;
		CHECK(!plan_needs_maker(&spec, mount));
		spec.namespaces[OCI_NAMESPACE_USER].is_asked = true;
	}
}

static void test_attributes(void)
{
	static const struct oci_pair sysctls[] = {
		{ "kernel.shmmax", "1" },
	};
	struct oci_spec spec = make_spec();

	spec.namespaces[OCI_NAMESPACE_TIME].is_asked = true;
	spec.domainname = "example";
	spec.sysctls = sysctls;
	spec.sysctl_count = 1;
	spec.rootfs_propagation = MS_SHARED | MS_REC;
	spec.personality = OCI_NUMBER(0);
	spec.process.io_priority = OCI_NUMBER(0);
	spec.process.apparmor_profile = "p";
	spec.process.selinux_label = "l";
	CHECK(print(&spec) == 0);
	CHECK(has("prepare the process\nmake a time namespace\n"));
	CHECK(has("set host name 'web'\nset domain name 'example'\n"
		  "set sysctl 'kernel.shmmax'\nmake '/proc/bus' read-only"));
	CHECK(has("folder '/srv'\nset the propagation of '/' all shared\n"
		  "make a session keyring\nset the personality\n"
		  "set the i/o priority\nconnect standard"));
	CHECK(has("set the AppArmor profile 'p'\nset the SELinux label 'l'\n"
		  "install the system call filter\n"));
}

static void test_hooks_and_terminal(void)
{
	static const struct oci_hook hook = { .path = "/bin/hook" };
	static const struct oci_net_device device = { .name = "eth1" };
	const struct plan_options options = { .waits = true };
	struct oci_spec spec = make_spec();
	struct text text;

	spec.hooks[OCI_HOOK_CREATE_CONTAINER] = (struct oci_hooks){ &hook, 1 };
	spec.hooks[OCI_HOOK_START_CONTAINER] = (struct oci_hooks){ &hook, 1 };
	spec.hooks[OCI_HOOK_POSTSTOP] = (struct oci_hooks){ &hook, 1 };
	spec.process.has_terminal = true;
	spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
	spec.net_devices = &device;
	spec.net_device_count = 1;
	CHECK(plan_make(&spec, &options, &plan, &err) == 0);
	text_init(&text, printed, sizeof(printed));
	plan_print(&plan, &text);
	CHECK(has("move network devices\ntell that it is created\n"));
	CHECK(has("to '/proc/kcore'\nmake a terminal\n"
		  "mount the terminal at '/dev/console'\n"
		  "run createContainer hooks\nchange to the container root\n"
		  "bring up the loopback device\nset host name"));
	CHECK(has("connect standard input and output\nhide the process\n"
		  "execute '/bin/web': look it up\n"
		  "wait to be started\nrun startContainer hooks\n"));
	CHECK(!strstr(printed, "poststop"));
}

/* Who needs what the maker does meanwhile waits for it first of all. */
static void test_when_the_process_waits(void)
{
	static const char first[] =
		"let the process go\nwait for the maker\nprepare";
	static const char late[] =
		"'/proc/kcore'\nwait for the maker\nchange to the container";
	static const struct oci_hook hook = { .path = "/bin/hook" };
	static const struct oci_rlimit rlimits[] = {
		{ RLIMIT_NOFILE, 1024, 524288 },
		{ RLIMIT_NOFILE, 100, 200 },
		{ RLIMIT_FSIZE, 1, 1 },
	};
	struct oci_spec spec = make_spec();

	CHECK(print(&spec) == 0 && has(late) && !strstr(printed, first));
	for (size_t i = 0; i < 3; i++) {
		spec.process.rlimits = &rlimits[i];
		spec.process.rlimit_count = 1;
		CHECK(print(&spec) == 0 && has(i == 0 ? late : first));
	}
	for (int kind = OCI_HOOK_PRESTART; kind < OCI_HOOK_COUNT; kind++) {
		spec = make_spec();
		spec.hooks[kind] = (struct oci_hooks){ &hook, 1 };
		CHECK(print(&spec) == 0);
		CHECK((strstr(printed, first) != NULL) ==
			(kind == OCI_HOOK_PRESTART ||
				kind == OCI_HOOK_CREATE_RUNTIME));
	}
	CHECK(has("kcore'\nwait for the maker\nchange to the container"));
	spec = make_user_spec();
	CHECK(print(&spec) == 0 && has(first) && !strstr(printed, late));
}

static void test_plan_of_exec(void)
{
	static const struct oci_rlimit rlimits[] = { { RLIMIT_CORE, 0, 0 } };
	struct oci_process process = { .args = args,
		.cwd = "/",
		.rlimits = rlimits,
		.rlimit_count = 1,
		.cpu_affinity_initial = "0",
		.cpu_affinity_final = "0-1",
		.no_new_privileges = true };
	struct oci_spec spec = make_user_spec();
	struct text text;

	CHECK(plan_make_exec(&spec, &process, &plan, &err) == 0);
	text_init(&text, printed, sizeof(printed));
	plan_print(&plan, &text);
	CHECK(text_equal(printed,
		"set a resource limit number 0\ntell that it is created\n"
		"let the process go\nwait for the maker\n"
		"prepare the process\nrun on processors '0'\nbecome root of the user namespace\n"
		"open the container root\nchange to folder '/'\n"
		"run on processors '0-1'\nconnect standard input and output\n"
		"change the user\nforbid new privileges\n"
		"install the system call filter\nexecute '/bin/web'\n"));
	process.cwd = "srv";
	CHECK(plan_make_exec(&spec, &process, &plan, &err) == -EINVAL);
}

static void test_fewer_namespaces(void)
{
	struct oci_spec spec = make_spec();

	for (size_t i = 0; i < OCI_NAMESPACE_MOUNT; i++)
		spec.namespaces[i].is_asked = false;
	CHECK(print(&spec) == 0);
	CHECK(!strstr(printed, "cgroup namespace"));
	CHECK(!strstr(printed, "host name"));
	spec.namespaces[OCI_NAMESPACE_MOUNT].is_asked = false;
	CHECK(print(&spec) == -EINVAL);
	CHECK(strstr(err.text, "mount namespace"));
}

int main(void)
{
	RUN(test_whole_plan);
	RUN(test_filter_comes_when_it_may);
	RUN(test_privileged_plan);
	RUN(test_mounts_of_the_spec);
	RUN(test_devices);
	RUN(test_limits_come_first);
	RUN(test_options);
	RUN(test_user_namespace);
	RUN(test_what_the_maker_mounts);
	RUN(test_attributes);
	RUN(test_hooks_and_terminal);
	RUN(test_when_the_process_waits);
	RUN(test_plan_of_exec);
	RUN(test_fewer_namespaces);
	return check_done();
}
