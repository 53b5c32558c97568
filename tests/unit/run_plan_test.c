// SPDX-License-Identifier: MIT
/* run_plan_test - which steps a spec becomes, and which specs are refused */
#include "run/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run/spec.h"

static const char *const args[] = { "/bin/web", "-x", NULL };
static const char *const env[] = { NULL };
static struct plan plan;
static struct error err;
static char printed[16384];

static struct oci_spec make_spec(void)
{
	return (struct oci_spec){
		.hostname = "web",
		.process = { .args = args, .env = env, .cwd = "/srv" },
		.namespaces = OCI_NAMESPACE_PID | OCI_NAMESPACE_MOUNT |
			      OCI_NAMESPACE_UTS | OCI_NAMESPACE_IPC |
			      OCI_NAMESPACE_CGROUP,
		.masked_paths = spec_masked_paths,
		.readonly_paths = spec_readonly_paths,
		.has_seccomp = true,
	};
}

static int print(const struct oci_spec *spec)
{
	struct text text;
	int result = plan_make(spec, &plan, &err);

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
	"prepare the process\n"
	"make all mounts private\n"
	"attach the container root\n"
	"change to the container root\n"
	"make a cgroup namespace\n"
	"mount 'proc' at '/proc' nosuid nodev noexec\n"
	"mount 'tmpfs' at '/dev' nosuid strictatime mode=755,size=65536k\n"
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
	"mount 'devpts' at '/dev/pts' nosuid noexec "
	"mode=0620,ptmxmode=0666,gid=5\n"
	"mount 'mqueue' at '/dev/mqueue' nosuid nodev noexec\n"
	"mount 'tmpfs' at '/dev/shm' nosuid nodev noexec "
	"mode=1777,size=65536k\n"
	"mount 'sysfs' at '/sys' ro nosuid nodev noexec\n"
	"mount 'cgroup2' at '/sys/fs/cgroup' ro nosuid nodev noexec\n"
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
	"set host name 'web'\n"
	"set the out-of-memory score\n"
	"make a session keyring\n"
	"change to folder '/srv'\n"
	"connect standard input and output\n"
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
	CHECK(has("input and output\ndrop capabilities from the bounding set\n"
		  "change the user\nset capabilities\nforbid new privileges\n"
		  "install the system call filter\nexecute '/bin/web'\n"));
	spec.has_seccomp = false;
	CHECK(print(&spec) == 0);
	CHECK(!strstr(printed, "filter"));
}

static void test_privileged_plan(void)
{
	struct oci_spec spec = make_spec();

	spec.is_privileged = true;
	spec.has_seccomp = false;
	spec.masked_paths = NULL;
	spec.readonly_paths = NULL;
	CHECK(print(&spec) == 0);
	CHECK(has("copy the host's devices to '/dev'\n"));
	CHECK(has("mount 'sysfs' at '/sys' nosuid nodev noexec\n"));
	CHECK(has("mount 'cgroup2' at '/sys/fs/cgroup' nosuid nodev noexec\n"));
	CHECK(!strstr(printed, "mask"));
	CHECK(!strstr(printed, "read-only"));
}

static void test_mounts_of_the_spec(void)
{
	static const struct oci_mount mounts[] = {
		{ .destination = "/tmp",
			.type = "tmpfs",
			.size_bytes = 1048576,
			.mode = 0700,
			.no_exec = true },
		{ .destination = "/plain", .type = "tmpfs" },
		{ .destination = "/data", .type = "bind", .read_only = true },
		{ .destination = "/dev/shm", .type = "tmpfs" },
	};
	static const struct oci_rlimit rlimits[2];
	struct oci_spec spec = make_spec();

	spec.mounts = mounts;
	spec.mount_count = 4;
	spec.root_readonly = true;
	spec.process.rlimits = rlimits;
	spec.process.rlimit_count = 2;
	CHECK(print(&spec) == 0);
	CHECK(has("mount 'tmpfs' at '/tmp' nosuid nodev noexec "
		  "mode=700,size=1048576\n"
		  "mount 'tmpfs' at '/plain' nosuid nodev mode=1777\n"
		  "mount volume at '/data' ro number 2\n"
		  "mount 'tmpfs' at '/dev/shm' nosuid nodev mode=1777\n"
		  "make '/proc/bus' read-only\n"));
	/* the standard one gives way */
	CHECK(!strstr(printed, "size=65536k\nmount 'sysfs'"));
	CHECK(has("change to folder '/srv'\nmake '/' read-only\n"));
	CHECK(has("set a resource limit number 0\n"
		  "set a resource limit number 1\n"));
}

static void test_fewer_namespaces(void)
{
	struct oci_spec spec = make_spec();

	spec.namespaces = OCI_NAMESPACE_MOUNT;
	CHECK(print(&spec) == 0);
	CHECK(!strstr(printed, "cgroup namespace"));
	CHECK(!strstr(printed, "host name"));
	spec.namespaces = OCI_NAMESPACE_PID;
	CHECK(print(&spec) == -EINVAL);
	CHECK(strstr(err.text, "mount namespace"));
}

static void test_refused_mounts(void)
{
	static const struct {
		const char *path;
		const char *type;
		const char *why;
	} rows[] = {
		{ NULL, "bind", "not absolute" },
		{ "", "bind", "not absolute" },
		{ "data", "bind", "not absolute" },
		{ "/a/../../b", "bind", "not absolute and plain" },
		{ "/..", "bind", "not absolute and plain" },
		{ "/", "bind", "root cannot be replaced" },
		{ "///", "tmpfs", "root cannot be replaced" },
		{ "/proc", "tmpfs", "hide what is in /proc" },
		{ "/proc/sys", "bind", "hide what is in /proc" },
		{ "/dev", "bind", "own file system" },
		{ "/sys", "bind", "own file system" },
		{ "/x", "proc", "neither bind nor tmpfs" },
	};
	struct oci_spec spec = make_spec();
	struct oci_mount mount = { .destination = NULL };

	spec.mounts = &mount;
	spec.mount_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].path);
		mount.destination = rows[i].path;
		mount.type = rows[i].type;
		CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
		CHECK(strstr(err.text, rows[i].why));
	}
	mount = (struct oci_mount){ .destination = "/process/..x",
		.type = "bind" };
	CHECK(plan_make(&spec, &plan, &err) == 0);
}

static void test_refused_processes(void)
{
	static const char *const nothing[] = { NULL };
	static const char *const empty[] = { "", NULL };
	static const char *const bad_paths[] = { "proc/x", NULL };
	struct oci_spec spec = make_spec();

	spec.process.args = nothing;
	CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
	spec.process.args = empty;
	CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
	CHECK(strstr(err.text, "no program"));
	spec = make_spec();
	spec.process.cwd = "srv";
	CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
	CHECK(strstr(err.text, "change to folder 'srv'"));
	spec.process.cwd = NULL;
	CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
	spec = make_spec();
	spec.process.env = NULL;
	CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
	spec = make_spec();
	spec.masked_paths = bad_paths;
	CHECK(plan_make(&spec, &plan, &err) == -EINVAL);
}

/* The most that a spec may ask for fits; one more is refused. */
static void test_limits(void)
{
	static struct oci_mount mounts[SPEC_MOUNTS_MAX + 1];
	static struct oci_rlimit rlimits[SPEC_RLIMITS_MAX + 1];
	static const char *paths[SPEC_PATHS_MAX + 2];
	struct oci_spec spec = make_spec();

	for (size_t i = 0; i <= SPEC_MOUNTS_MAX; i++)
		mounts[i] = (struct oci_mount){ .destination = "/m",
			.type = "bind" };
	for (size_t i = 0; i < SPEC_PATHS_MAX; i++)
		paths[i] = "/p";
	spec.mounts = mounts;
	spec.mount_count = SPEC_MOUNTS_MAX;
	spec.masked_paths = paths;
	spec.readonly_paths = paths;
	spec.process.rlimits = rlimits;
	spec.process.rlimit_count = SPEC_RLIMITS_MAX;
	spec.is_privileged = true;
	spec.root_readonly = true;
	spec.process.no_new_privileges = true;
	CHECK(plan_make(&spec, &plan, &err) == 0);
	CHECK(plan.count <= PLAN_STEPS_MAX);
	spec.mount_count++;
	CHECK(plan_make(&spec, &plan, &err) == -E2BIG);
	spec.mount_count--;
	spec.process.rlimit_count++;
	CHECK(plan_make(&spec, &plan, &err) == -E2BIG);
	spec.process.rlimit_count--;
	paths[SPEC_PATHS_MAX] = "/p";
	CHECK(plan_make(&spec, &plan, &err) == -E2BIG);
}

static void test_capability_names(void)
{
	CHECK(spec_capability_from_name("CHOWN") == 0);
	CHECK(spec_capability_from_name("CAP_CHOWN") == 0);
	CHECK(spec_capability_from_name("cap_net_admin") == 12);
	CHECK(spec_capability_from_name("Net_Admin") == 12);
	CHECK(spec_capability_from_name("CHECKPOINT_RESTORE") == 40);
	CHECK(spec_capability_from_name("") == -EINVAL);
	CHECK(spec_capability_from_name("CAP_") == -EINVAL);
	CHECK(spec_capability_from_name("CAP_CAP_CHOWN") == -EINVAL);
	CHECK(spec_capability_from_name("ALL") == -EINVAL);
	CHECK(spec_default_capabilities() == 0xa80425fb);
	CHECK(spec_all_capabilities() == 0x1ffffffffff);
}

int main(void)
{
	RUN(test_whole_plan);
	RUN(test_filter_comes_when_it_may);
	RUN(test_privileged_plan);
	RUN(test_mounts_of_the_spec);
	RUN(test_fewer_namespaces);
	RUN(test_refused_mounts);
	RUN(test_refused_processes);
	RUN(test_limits);
	RUN(test_capability_names);
	return check_done();
}
