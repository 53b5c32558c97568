// SPDX-License-Identifier: MIT
/* run_sysctl_test - parameters of the container, never of the machine */
#include "run/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/oci.h"

static struct error err;

static int check_one(const char *key, const char *value, bool is_own)
{
	const struct oci_pair pair = { key, value };
	struct oci_spec spec = { .sysctls = &pair, .sysctl_count = 1 };

	err = (struct error){ .code = 0 };
	for (size_t i = 0; is_own && i < OCI_NAMESPACE_COUNT; i++)
		spec.namespaces[i].is_asked = true;
	return sysctl_check(&spec, &err);
}

static void test_takes_what_a_namespace_has(void)
{
	static const char *const keys[] = { "net.ipv4.ip_forward",
		"net/ipv4/ip_forward", "net.core.somaxconn",
		"net.ipv4.conf.eth0/1.rp_filter",
		"net/ipv4/conf/eth0.1/rp_filter", "kernel.msgmax", "kernel.sem",
		"kernel.shm_rmid_forced", "kernel/shmmax", "fs.mqueue.msg_max",
		"user.max_user_namespaces" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		check_row(keys[i]);
		CHECK(check_one(keys[i], "1", true) == 0);
		CHECK(check_one(keys[i], "1", false) == -EINVAL);
		CHECK(strstr(err.text, "namespace of the container's own"));
	}
}

static void test_refuses_what_the_machine_has(void)
{
	static const char *const keys[] = { "vm.swappiness",
		"kernel.core_pattern", "kernel.modprobe", "kernel.msgmaxx",
		"kernel.shm", "fs.file-max", "fs.mqueuex.msg_max", "netx.ipv4",
		"net", "kernel", "dev.tty", "debug.x", "abi.vsyscall32",
		"kernel.semx", "kernel.ns_last_pid", "Kernel.sem",
		"NET.core.somaxconn" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		check_row(keys[i]);
		CHECK(check_one(keys[i], "1", true) == -EINVAL);
		CHECK(strstr(err.text, "the whole machine's"));
	}
}

static void test_refuses_names_that_lead_elsewhere(void)
{
	static const char *const keys[] = { "", ".", "/", "net.", ".net",
		"/net/core", "net..core", "net/../kernel/core_pattern",
		"net/core/..", "net/./core", "net.//.kernel", "net/ipv4/..",
		"net/core/", "net core", "net.a\nb", "net.core.x=1",
		"net.core.\x80", "net.core.a+kernel.b", "net/..", "net/.." };
	char *longer = malloc(5000);

	if (!longer)
		abort();
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		check_row(keys[i]);
		CHECK(check_one(keys[i], "1", true) == -EINVAL);
		CHECK(strstr(err.text, "not the name of a parameter"));
	}
	check_row(NULL);
	memset(longer, 'a', 5000);
	memcpy(longer, "net.", 4);
	longer[4999] = '\0';
	CHECK(check_one(longer, "1", true) == -EINVAL);
	CHECK(strstr(err.text, "not the name of a parameter"));
	free(longer);
}

static void test_points_to_the_field(void)
{
	CHECK(check_one("kernel.hostname", "x", true) == -EINVAL);
	CHECK(strstr(err.text,
		"sysctl 'kernel.hostname': write 'hostname' of"));
	CHECK(check_one("kernel/domainname", "x", true) == -EINVAL);
	CHECK(strstr(err.text, "write 'domainname' of"));
}

static void test_refuses_values_that_do_more(void)
{
	static const char *const values[] = { "", "1\n", "1\n2", "1+2",
		"1+kernel.core_pattern=|/x", "\x01", "1\r", "\xff" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		CHECK(check_one("kernel.shm_rmid_forced", values[i], true) ==
			-EINVAL);
	CHECK(check_one("net.ipv4.ping_group_range", "0\t100", true) == 0);
	CHECK(check_one("net.ipv4.ip_local_reserved_ports", "1-5,7", true) ==
		0);
}

/* A path that names our own namespace does not make it the container's. */
static void test_knows_our_own_namespace(void)
{
	const struct oci_pair pair = { "net.core.somaxconn", "1" };
	struct oci_spec spec = { .sysctls = &pair, .sysctl_count = 1 };

	spec.namespaces[OCI_NAMESPACE_NETWORK] = (struct oci_namespace){
		.is_asked = true,
		.path = "/proc/self/ns/net",
	};
	CHECK(sysctl_check(&spec, &err) == -EINVAL);
	spec.namespaces[OCI_NAMESPACE_NETWORK].path = "/proc/self/ns/uts";
	CHECK(sysctl_check(&spec, &err) == 0);
}

static int write_one(const char *key, const char *value)
{
	auto_fd proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct oci_pair pair = { key, value };

	err = (struct error){ .code = 0 };
	return sysctl_write(proc_fd, &pair, &err);
}

static bool reads(const char *path, const char *value)
{
	char text[64] = "";
	auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd_read_full(fd, text, sizeof(text) - 1) > 0 &&
	       strcmp(text, value) == 0;
}

static void test_writes(void)
{
	auto_fd tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct oci_pair pair = { "net.core.somaxconn", "1234" };

	if (geteuid() != 0 || kernel_unshare(CLONE_NEWNET | CLONE_NEWIPC) < 0) {
		check_skip("needs root");
		return;
	}
	CHECK(write_one("net.core.somaxconn", "1234") == 0);
	CHECK(reads("/proc/sys/net/core/somaxconn", "1234\n"));
	CHECK(write_one("net/ipv4/ping_group_range", "5\t100") == 0);
	CHECK(reads("/proc/sys/net/ipv4/ping_group_range", "5\t100\n"));
	CHECK(write_one("kernel.shm_rmid_forced", "1") == 0);
	CHECK(reads("/proc/sys/kernel/shm_rmid_forced", "1\n"));
	CHECK(write_one("net.core.somaxconn", "word") == -EINVAL);
	CHECK(write_one("net.core.not_there", "1") == -ENOENT);
	CHECK(strstr(err.text, "the kernel has no such parameter"));
	CHECK(write_one("net.core", "1") < 0);
	CHECK(write_one("../version", "1") == -EINVAL);
	CHECK(sysctl_write(tmp_fd, &pair, &err) == -EPERM);
}

int main(void)
{
	RUN(test_takes_what_a_namespace_has);
	RUN(test_refuses_what_the_machine_has);
	RUN(test_refuses_names_that_lead_elsewhere);
	RUN(test_points_to_the_field);
	RUN(test_refuses_values_that_do_more);
	RUN(test_knows_our_own_namespace);
	RUN(test_writes);
	return check_done();
}
