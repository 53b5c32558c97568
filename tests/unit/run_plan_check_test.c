// SPDX-License-Identifier: MIT
/* run_plan_check_test - which specs are refused, and why */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run/plan.h"
#include "run_plan.h"

static const struct plan_options plain;
static struct plan plan;
static struct error err;

static void test_refused_mounts(void)
{
	static const struct {
		const char *path;
		const char *type; /* NULL: a bind */
		const char *why;
	} rows[] = {
		{ NULL, NULL, "not absolute" },
		{ "", NULL, "not absolute" },
		{ "data", NULL, "not absolute" },
		{ "/a/../../b", NULL, "not absolute and plain" },
		{ "/..", NULL, "not absolute and plain" },
		{ "//proc/x", NULL, "not absolute and plain" },
		{ "/./proc/x", NULL, "not absolute and plain" },
		{ "/", NULL, "root cannot be replaced" },
		{ "/proc", "tmpfs", "hide what is in /proc" },
		{ "/proc/", NULL, "hide what is in /proc" },
		{ "/proc/sys", NULL, "hide what is in /proc" },
		{ "/proc/self/attr", NULL, "hide what is in /proc" },
		{ "/proc/meminfo", "tmpfs", "hide what is in /proc" },
		{ "/proc/x", "proc", "hide what is in /proc" },
	};
	struct oci_spec spec = make_spec();
	struct oci_mount mount = { .destination = NULL };

	spec.mounts = &mount;
	spec.mount_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].path);
		mount.destination = rows[i].path;
		mount.type = rows[i].type;
		mount.kind =
			rows[i].type ? OCI_MOUNT_FILE_SYSTEM : OCI_MOUNT_BIND;
		mount.source = "/x";
		CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
		CHECK(strstr(err.text, rows[i].why));
	}
	check_row(NULL);
	mount = (struct oci_mount){ .destination = "/process/..x",
		.type = "tmpfs" };
	CHECK(plan_make(&spec, &plain, &plan, &err) == 0);
	mount.type = NULL;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	mount.kind = OCI_MOUNT_BIND;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	CHECK(strstr(err.text, "no source"));
}

static void test_refused_processes(void)
{
	static const char *const nothing[] = { NULL };
	static const char *const empty[] = { "", NULL };
	static const char *const bad_paths[] = { "proc/x", NULL };
	struct oci_spec spec = make_spec();

	spec.process.args = nothing;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	spec.process.args = empty;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	CHECK(strstr(err.text, "no program"));
	spec = make_spec();
	spec.process.cwd = "srv";
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	CHECK(strstr(err.text, "change to folder 'srv'"));
	spec.process.cwd = NULL;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	spec = make_spec();
	spec.masked_paths = bad_paths;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
}

/* Nobody could answer before he has the listener. */
static void test_refused_filters(void)
{
	static const char *const names[] = { "mkdir", "sendmsg", NULL };
	struct oci_seccomp_rule rule = { .names = names,
		.action = SECCOMP_RET_USER_NOTIF };
	struct oci_seccomp filter = { .default_action = SECCOMP_RET_ALLOW,
		.rules = &rule,
		.rule_count = 1 };
	struct oci_spec spec = make_spec();

	spec.seccomp = &filter;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
	CHECK(strstr(err.text, "linux.seccomp: SCMP_ACT_NOTIFY"));
	rule.action = SECCOMP_RET_ALLOW;
	CHECK(plan_make(&spec, &plain, &plan, &err) == 0);
	filter.default_action = SECCOMP_RET_USER_NOTIF;
	CHECK(plan_make(&spec, &plain, &plan, &err) == 0);
	filter.rule_count = 0;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -EINVAL);
}

static void test_too_many_steps(void)
{
	static struct oci_mount mounts[PLAN_STEPS_MAX];
	struct oci_spec spec = make_spec();

	for (size_t i = 0; i < PLAN_STEPS_MAX; i++)
		mounts[i] = (struct oci_mount){ .destination = "/m",
			.type = "tmpfs" };
	spec.mounts = mounts;
	spec.mount_count = PLAN_STEPS_MAX - 100;
	CHECK(plan_make(&spec, &plain, &plan, &err) == 0);
	spec.mount_count = PLAN_STEPS_MAX;
	CHECK(plan_make(&spec, &plain, &plan, &err) == -E2BIG);
	CHECK(plan.count <= PLAN_STEPS_MAX);
}

static void test_capability_names(void)
{
	CHECK(docker_capability_from_name("CHOWN") == 0);
	CHECK(docker_capability_from_name("CAP_CHOWN") == 0);
	CHECK(docker_capability_from_name("cap_net_admin") == 12);
	CHECK(docker_capability_from_name("Net_Admin") == 12);
	CHECK(docker_capability_from_name("CHECKPOINT_RESTORE") == 40);
	CHECK(docker_capability_from_name("") == -EINVAL);
	CHECK(docker_capability_from_name("CAP_") == -EINVAL);
	CHECK(docker_capability_from_name("CAP_CAP_CHOWN") == -EINVAL);
	CHECK(docker_capability_from_name("ALL") == -EINVAL);
	CHECK(docker_capabilities() == 0xa80425fb);
	CHECK(docker_all_capabilities() == 0x1ffffffffff);
}
int main(void)
{
	RUN(test_refused_mounts);
	RUN(test_refused_processes);
	RUN(test_refused_filters);
	RUN(test_too_many_steps);
	RUN(test_capability_names);
	return check_done();
}
