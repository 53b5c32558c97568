// SPDX-License-Identifier: MIT
/* run_attribute_test - each attribute is set, or it is said why not */
#include "run/attribute.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/oci.h"

#define SCHED_BATCH_POLICY 3
#define MPOL_BIND_MODE     2
#define MPOL_PREFERRED     1

static struct error err;

/* Attributes stay, so every test is a process. True: all its checks held. */
static bool in_child(void (*test)(void))
{
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		unsigned int before = check_failures;

		test();
		(void)fflush(stdout);
		_exit(check_failures == before ? 0 : 1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void test_parses_lists(void)
{
	static const struct {
		const char *list;
		bool is_one;
		unsigned char first, second;
	} rows[] = {
		{ "0", true, 0x01, 0 },
		{ "0-3,7", true, 0x8f, 0 },
		{ "7-8", true, 0x80, 0x01 },
		{ "15", true, 0, 0x80 },
		{ "3,3,3", true, 0x08, 0 },
		{ "16", false, 0, 0 },
		{ "0-16", false, 0, 0 },
		{ "", false, 0, 0 },
		{ ",", false, 0, 0 },
		{ "1,", false, 0, 0 },
		{ "3-1", false, 0, 0 },
		{ "1-", false, 0, 0 },
		{ "-1", false, 0, 0 },
		{ " 1", false, 0, 0 },
		{ "1 ", false, 0, 0 },
		{ "1\n", false, 0, 0 },
		{ "0x1", false, 0, 0 },
		{ "1-2-3", false, 0, 0 },
		{ "99999999999999999999", false, 0, 0 },
		{ "18446744073709551616", false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char mask[2];

		check_row(rows[i].list);
		CHECK(attribute_parse_list(rows[i].list, mask, 2) ==
			rows[i].is_one);
		if (rows[i].is_one)
			CHECK(mask[0] == rows[i].first &&
				mask[1] == rows[i].second);
	}
}

static bool refuses(const struct oci_spec *spec, const char *field)
{
	err = (struct error){ .code = 0 };
	return attribute_check(spec, &err) == -EINVAL &&
	       strstr(err.text, field);
}

static void test_checks_fields(void)
{
	struct oci_spec spec = { .version = "1.3.0" };

	CHECK(attribute_check(&spec, &err) == 0);
	spec.process.cpu_affinity_initial = "0-8191";
	spec.process.apparmor_profile = "docker-default";
	spec.process.io_priority = OCI_NUMBER(0x6007);
	CHECK(attribute_check(&spec, &err) == 0);

	spec.process.cpu_affinity_initial = "0-8192";
	CHECK(refuses(&spec, "process.execCPUAffinity.initial: '0-8192'"));
	spec.process.cpu_affinity_initial = NULL;
	spec.process.cpu_affinity_final = "x";
	CHECK(refuses(&spec, "process.execCPUAffinity.final: 'x'"));
	spec.process.cpu_affinity_final = NULL;
	spec.process.io_priority = OCI_NUMBER(-1);
	CHECK(refuses(&spec, "process.ioPriority"));
	spec.process.io_priority.is_set = false;
	spec.process.apparmor_profile = "a\nb";
	CHECK(refuses(&spec, "process.apparmorProfile: it has a control"));
	spec.process.apparmor_profile = NULL;
	spec.process.selinux_label = "a\x7f";
	CHECK(refuses(&spec, "process.selinuxLabel: it has a control"));
	spec.process.selinux_label = NULL;
	spec.personality = OCI_NUMBER(0xffffffff);
	CHECK(refuses(&spec, "linux.personality"));
	spec.personality.is_set = false;
	spec.memory_policy = (struct oci_memory_policy){ .is_set = true,
		.mode = MPOL_BIND_MODE };
	CHECK(refuses(&spec, "linux.memoryPolicy: its mode needs nodes"));
	spec.mount_label = "";
	spec.memory_policy.nodes = "1";
	CHECK(attribute_check(&spec, &err) == 0);
	spec.mount_label = "u:r:t:s0";
	if (access("/sys/fs/selinux/status", F_OK) < 0) {
		CHECK(attribute_check(&spec, &err) == -EOPNOTSUPP);
		CHECK(strstr(err.text, "linux.mountLabel: the kernel does"));
	}
	spec.mount_label = NULL;
	spec.memory_policy.nodes = "0-1024";
	CHECK(refuses(&spec, "linux.memoryPolicy.nodes"));
}

static void set_personality(void)
{
	const struct oci_number none = { 0 };
	const struct oci_number wanted = OCI_NUMBER(PER_LINUX32);

	CHECK(attribute_set_personality(&none, &err) == 0);
	CHECK(personality(0xffffffff) == PER_LINUX);
	CHECK(attribute_set_personality(&wanted, &err) == 0);
	CHECK(personality(0xffffffff) == PER_LINUX32);
}

static void set_io_priority(void)
{
	const struct oci_number wanted =
		OCI_NUMBER(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	const struct oci_number wrong = OCI_NUMBER(7 << 13);

	CHECK(attribute_set_io_priority(&wanted, &err) == 0);
	CHECK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) == wanted.value);
	CHECK(attribute_set_io_priority(&wrong, &err) == -EINVAL);
	CHECK(strcmp(err.text, "Invalid argument") == 0);
}

static void set_scheduler(void)
{
	struct oci_scheduler wanted = { .is_set = true,
		.policy = SCHED_BATCH_POLICY,
		.nice = 5 };

	CHECK(attribute_set_scheduler(&wanted, &err) == 0);
	CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_BATCH_POLICY);
	CHECK(syscall(SYS_getpriority, 0, 0) == 20 - 5);
	wanted.policy = 99;
	CHECK(attribute_set_scheduler(&wanted, &err) == -EINVAL);
	wanted.is_set = false;
	CHECK(attribute_set_scheduler(&wanted, &err) == 0);
}

static void set_affinity(void)
{
	unsigned char mask[1024] = { 0 };

	CHECK(attribute_set_affinity(NULL, &err) == 0);
	CHECK(attribute_set_affinity("0", &err) == 0);
	CHECK(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) > 0);
	CHECK(mask[0] == 1);
	CHECK(attribute_set_affinity("8000-8191", &err) == -EINVAL);
	CHECK(strstr(err.text, "none of the processors '8000-8191'"));
	CHECK(attribute_set_affinity("a", &err) == -EINVAL);
	CHECK(strstr(err.text, "not a list of processors"));
}

static void set_memory_policy(void)
{
	struct oci_memory_policy policy = { .is_set = true,
		.mode = MPOL_BIND_MODE,
		.nodes = "0" };
	unsigned long mask[16] = { 0 };
	int mode = -1;
	int result = attribute_set_memory_policy(&policy, &err);

	if (result == -ENOSYS) {
		CHECK(strstr(err.text, "has no NUMA policies"));
		return;
	}
	CHECK(result == 0);
	CHECK(syscall(SYS_get_mempolicy, &mode, mask, 1024UL, NULL, 0UL) == 0);
	CHECK(mode == MPOL_BIND_MODE && mask[0] == 1 && mask[1] == 0);
	policy.nodes = "1023";
	CHECK(attribute_set_memory_policy(&policy, &err) == -EINVAL);
	CHECK(strstr(err.text, "no such node"));
	policy.nodes = "1024";
	CHECK(attribute_set_memory_policy(&policy, &err) == -EINVAL);
	CHECK(strstr(err.text, "not a list of nodes"));
	policy = (struct oci_memory_policy){ .is_set = true, .mode = 0 };
	CHECK(attribute_set_memory_policy(&policy, &err) == 0);
	CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0UL, NULL, 0UL) == 0);
	CHECK(mode == 0);
}

static void set_domainname(void)
{
	char name[80] = "";

	if (geteuid() != 0 || kernel_unshare(CLONE_NEWUTS) < 0)
		return;
	CHECK(attribute_set_domainname("example", &err) == 0);
	CHECK(getdomainname(name, sizeof(name)) == 0);
	CHECK(strcmp(name, "example") == 0);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(attribute_set_domainname(name, &err) == -EINVAL);
}

/* No such profile anywhere: it must not be taken for granted. */
static void set_labels(void)
{
	auto_fd proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd other_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(attribute_set_apparmor(proc_fd, NULL, &err) == 0);
	CHECK(attribute_set_selinux(proc_fd, "", &err) == 0);
	CHECK(attribute_set_apparmor(proc_fd, "tare-not-there", &err) < 0);
	CHECK(strstr(err.text, "AppArmor"));
	CHECK(attribute_set_selinux(proc_fd, "u:r:t:s0", &err) == -ENOTSUP);
	CHECK(strstr(err.text, "SELinux"));
	CHECK(attribute_set_selinux(other_fd, "u:r:t:s0", &err) == -EPERM);
	CHECK(attribute_set_apparmor(other_fd, "unconfined", &err) == -EPERM);
}

static void test_sets_attributes(void)
{
	CHECK(in_child(set_personality));
	CHECK(in_child(set_io_priority));
	CHECK(in_child(set_scheduler));
	CHECK(in_child(set_affinity));
	CHECK(in_child(set_memory_policy));
	CHECK(in_child(set_domainname));
	CHECK(in_child(set_labels));
}

int main(void)
{
	RUN(test_parses_lists);
	RUN(test_checks_fields);
	RUN(test_sets_attributes);
	return check_done();
}
