// SPDX-License-Identifier: MIT
/*
 * run_netdevice_test - devices move with their addresses
 *
 * wrap: send recv socket
 */
#include "run/netdevice.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/oci.h"

FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
FAULT_WRAP(ssize_t, send, (int fd, const void *data, size_t size, int flags),
	(fd, data, size, flags))
FAULT_WRAP(ssize_t, recv, (int fd, void *data, size_t size, int flags),
	(fd, data, size, flags))

static struct error err;
static const char *missing;
static pid_t container; /* sleeps in a network namespace of its own */

/* Runs a shell text in the network namespace of pid; its exit status. */
static int shell_in(pid_t pid, const char *text)
{
	char path[64];
	int status = -1;
	pid_t child;

	(void)snprintf(path, sizeof(path), "--net=/proc/%d/ns/net", (int)pid);
	child = fork();
	if (child == 0) {
		(void)execl("/usr/bin/nsenter", "nsenter", path, "/bin/sh",
			"-c", text, (char *)NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool holds_in(pid_t pid, const char *text)
{
	if (shell_in(pid, text) == 0)
		return true;
	printf("# does not hold: %s\n", text);
	(void)fflush(stdout);
	(void)shell_in(pid, "ip address | sed 's/^/# /'");
	return false;
}

static void container_begin(void)
{
	struct clone_args args = { .flags = CLONE_NEWNET,
		.exit_signal = SIGCHLD };

	container = kernel_clone3(&args);
	if (container == 0) {
		for (;;)
			(void)pause();
	}
	if (container < 0)
		abort();
}

static void container_end(void)
{
	(void)kill(container, SIGKILL);
	(void)waitpid(container, NULL, 0);
	container = 0;
}

static int move(const struct oci_net_device *devices, size_t count)
{
	struct oci_spec spec = { .net_devices = devices,
		.net_device_count = count };

	spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
	err = (struct error){ .code = 0 };
	return netdevice_move_all(&spec, container, &err);
}

static bool failed(const char *wanted)
{
	if (strstr(err.text, wanted))
		return true;
	printf("# wanted '%s', it is '%s'\n", wanted, err.text);
	return false;
}

static void test_checks_names(void)
{
	static const char *const wrong[] = { "", ".", "..", "a/b", "a b", "a:1",
		"sixteen-letters-", "a\n", "\xc3\xa4" };
	struct oci_net_device devices[] = { { "eth1", "eth0" },
		{ "eth0", NULL } };
	struct oci_spec spec = { .net_devices = devices,
		.net_device_count = 1 };

	CHECK(netdevice_check(&spec, &err) == -EINVAL);
	CHECK(failed("move network device 'eth1': it needs a network"));
	spec.namespaces[OCI_NAMESPACE_NETWORK].is_asked = true;
	CHECK(netdevice_check(&spec, &err) == 0);
	spec.net_device_count = 2;
	CHECK(netdevice_check(&spec, &err) == -EINVAL);
	CHECK(failed("move network device 'eth0': another one has the name"));
	devices[1].new_name = "fifteen-letters";
	CHECK(netdevice_check(&spec, &err) == 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		check_row(wrong[i]);
		devices[1] = (struct oci_net_device){ wrong[i], "good" };
		CHECK(netdevice_check(&spec, &err) == -EINVAL);
		devices[1] = (struct oci_net_device){ "good", wrong[i] };
		CHECK((netdevice_check(&spec, &err) == -EINVAL) ==
			(wrong[i][0] != '\0'));
	}
}

static void test_moves_with_addresses(void)
{
	const struct oci_net_device devices[] = { { "tare0", "eth0" },
		{ "tare1", NULL } };

	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	CHECK(holds_in(getpid(),
		"ip link add tare0 address 02:00:00:00:00:07 mtu 1400 type "
		"veth peer name tare9 && ip link add tare1 type ifb &&"
		"ip link set tare0 up && ip link set tare9 up &&"
		"ip address add 198.51.100.1/24 dev tare9 &&"
		"ip address add 192.0.2.1/24 broadcast 192.0.2.255 dev tare0 "
		"&& ip address add 192.0.2.2/24 dev tare0 &&"
		"ip address add 10.9.9.9/32 peer 10.9.9.8/32 dev tare0 &&"
		"ip address add 169.254.1.1/16 scope link dev tare0 &&"
		"ip -6 address add 2001:db8::1/64 nodad dev tare0"));
	if (!CHECK(move(devices, 2) == 0))
		printf("# %s\n", err.text);
	CHECK(holds_in(getpid(), "! ip link show tare0 2>/dev/null"));
	CHECK(holds_in(getpid(), "! ip link show tare1 2>/dev/null"));
	CHECK(holds_in(container,
		"ip -o link show eth0 | grep -q '[<,]UP[,>].*mtu 1400.*"
		"02:00:00:00:00:07'"));
	CHECK(holds_in(container, "ip -o link show tare1 | grep -q '[<,]UP'"));
	CHECK(holds_in(container,
		"ip -o address show eth0 | grep -q "
		"'192.0.2.1/24 brd 192.0.2.255 scope global eth0'"));
	CHECK(holds_in(container,
		"ip -o address show eth0 | grep -q '192.0.2.2/24'"));
	CHECK(holds_in(container,
		"ip -o address show eth0 | grep -q '10.9.9.9 peer 10.9.9.8'"));
	CHECK(holds_in(container,
		"ip -o address show eth0 | grep -q '2001:db8::1/64 scope "
		"global nodad'"));
	CHECK(holds_in(container,
		"! ip -o address show eth0 | grep -q 169.254.1.1"));
	CHECK(holds_in(container,
		"test $(ip -o -4 address show eth0 | wc -l) -eq 3"));
	container_end();
}

static void test_tells_why_not(void)
{
	const struct oci_net_device gone = { "tare-gone", NULL };
	const struct oci_net_device lo = { "lo", "lo1" };
	const struct oci_net_device onto = { "tare2", "lo" };

	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	CHECK(move(&gone, 1) == -ENODEV);
	CHECK(failed("move network device 'tare-gone': no such device"));
	CHECK(move(&lo, 1) == -EINVAL);
	CHECK(failed("move network device 'lo': 'lo' cannot be moved"));
	CHECK(holds_in(getpid(), "ip link add tare2 type ifb"));
	CHECK(move(&onto, 1) == -EEXIST);
	CHECK(failed("there is a device 'lo' in the container"));
	CHECK(holds_in(getpid(), "ip link show tare2 >/dev/null"));
	container_end();

	container = getpid();
	CHECK(move(&onto, 1) == -EINVAL);
	CHECK(failed("the container is in our own network namespace"));
	CHECK(holds_in(getpid(), "ip link del tare2"));
}

static void test_leaves_nothing_when_a_call_fails(void)
{
	const struct oci_net_device device = { "tare3", NULL };
	unsigned int before = fault_count_fds();
	unsigned int nth = 1;

	if (missing) {
		check_skip(missing);
		return;
	}
	for (;; nth++) {
		int result;

		container_begin();
		CHECK(holds_in(getpid(),
			"ip link add tare3 type ifb &&"
			"ip address add 192.0.2.1/24 dev tare3"));
		fault_arm(nth, ENOBUFS);
		result = move(&device, 1);
		if (!fault_fired()) {
			CHECK(result == 0);
			break;
		}
		check_row("a call");
		CHECK(result == -ENOBUFS);
		CHECK(failed("move network device 'tare3': "));
		container_end();
		(void)shell_in(getpid(), "ip link del tare3 2>/dev/null");
	}
	CHECK(nth > 10);
	container_end();
	CHECK(fault_count_fds() == before);
}

static void test_brings_lo_up(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(holds_in(getpid(), "! ip -o link show lo | grep -q '[<,]UP'"));
	CHECK(netdevice_loopback_up(&err) == 0);
	CHECK(holds_in(getpid(), "ip -o link show lo | grep -q '[<,]UP'"));
}

int main(void)
{
	if (geteuid() != 0 || access("/usr/bin/nsenter", X_OK) < 0 ||
		shell_in(getpid(), "command -v ip >/dev/null") != 0)
		missing = "needs root, nsenter and ip (iproute2)";
	else if (kernel_unshare(CLONE_NEWNET) < 0)
		missing = "may not make a network namespace";
	RUN(test_checks_names);
	RUN(test_brings_lo_up);
	RUN(test_moves_with_addresses);
	RUN(test_tells_why_not);
	RUN(test_leaves_nothing_when_a_call_fails);
	return check_done();
}
