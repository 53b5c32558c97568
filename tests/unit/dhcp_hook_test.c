// SPDX-License-Identifier: MIT
/*
 * dhcp_hook_test - what the hook makes of an answer: files for netd, in a mount
 * namespace of its own
 */
int hook_main(int argc, char **argv);
#define main hook_main
#include "dhcp-hook.c"
#undef main

#include <arpa/inet.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "check.h"

static struct dhcp_lease lease;

static int run_hook(const char *event)
{
	char *argv[] = { (char[]){ "dhcp-hook" }, (char *)(uintptr_t)event,
		NULL };
	int status = -1;

	(void)fflush(stdout);
	pid_t pid = fork(); /* it ends without closing anything */
	if (pid == 0)
		_exit(hook_main(2, argv));
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void answer(const char *ip, const char *subnet, const char *router)
{
	(void)setenv("ip", ip, 1);
	(void)setenv("subnet", subnet, 1);
	(void)setenv("router", router, 1);
}

static bool has_lease(const char *ip, const char *router)
{
	int64_t at_s;

	return lease_read("/run/tare/net/eth7.lease", &lease, &at_s) == 0 &&
	       at_s <= lease_now_s() && at_s + 60 > lease_now_s() &&
	       lease.address.ip == inet_addr(ip) && lease.routes_count == 1 &&
	       lease.routes[0].gateway == inet_addr(router);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void test_bound(void)
{
	answer("10.0.2.15", "255.255.255.0", "10.0.2.2");
	(void)setenv("hostname", "given.example", 1);
	CHECK(run_hook("bound") == 0);
	CHECK(has_lease("10.0.2.15", "10.0.2.2"));
	CHECK(strcmp(lease.hostname, "given.example") == 0);

	char text[64];
	CHECK(file_read("/run/tare/net/hostname.eth7", text, sizeof(text)) ==
			13 &&
		strcmp(text, "given.example") == 0);
}

static void test_renew(void)
{
	(void)unsetenv("hostname");
	answer("10.0.2.15", "255.255.255.0", "10.0.2.3");
	CHECK(run_hook("renew") == 0);
	CHECK(has_lease("10.0.2.15", "10.0.2.3"));
	CHECK(!exists("/run/tare/net/hostname.eth7"));
}

/* what cannot be believed changes nothing */
static void test_nonsense(void)
{
	answer("127.0.0.1", "255.255.255.0", "10.0.2.2");
	CHECK(run_hook("bound") == 1);
	answer("10.0.2.16", "255.0.255.0", "10.0.2.2");
	CHECK(run_hook("bound") == 1);
	CHECK(run_hook("nonsense") == 1);
	CHECK(has_lease("10.0.2.15", "10.0.2.3"));
}

static void test_interfaces_that_are_none(void)
{
	static const char *const rows[] = { "", "../x", "a/b",
		"sixteen-letters-" };

	answer("10.0.2.15", "255.255.255.0", "10.0.2.3");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i]);
		(void)setenv("interface", rows[i], 1);
		CHECK(run_hook("bound") == 1);
	}
	(void)setenv("interface", "eth7", 1);
}

/* a client says deconfig whenever it begins: the lease is as good as it was */
static void test_deconfig_and_nak(void)
{
	CHECK(run_hook("deconfig") == 0);
	CHECK(has_lease("10.0.2.15", "10.0.2.3"));
	CHECK(!exists("/run/tare/net/eth7.nak"));
	CHECK(run_hook("nak") == 0);
	CHECK(exists("/run/tare/net/eth7.nak"));
}

static unsigned count_notes(void)
{
	char text[4096] = "";
	unsigned count = 0;

	(void)file_read("/run/tare/notes", text, sizeof(text));
	for (const char *at = text; (at = strstr(at, "no DHCP answer")); at++)
		count++;
	return count;
}

/* said once, and again after it was over */
static void test_silence(void)
{
	CHECK(run_hook("leasefail") == 0);
	CHECK(run_hook("leasefail") == 0);
	CHECK(count_notes() == 1);
	answer("10.0.2.15", "255.255.255.0", "10.0.2.2");
	CHECK(run_hook("bound") == 0);
	CHECK(run_hook("leasefail") == 0);
	CHECK(count_notes() == 2);
}

static bool can_run;

static void test_world(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("x", "/run", "tmpfs", 0, NULL) < 0 ||
		mkdir("/run/tare", 0755) < 0)
		check_skip("needs root and namespaces");
	else
		can_run = true;
}

int main(void)
{
	RUN(test_world);
	if (!can_run)
		return check_done();
	(void)setenv("interface", "eth7", 1);
	(void)setenv("lease", "3600", 1);
	RUN(test_bound);
	RUN(test_renew);
	RUN(test_nonsense);
	RUN(test_interfaces_that_are_none);
	RUN(test_deconfig_and_nak);
	RUN(test_silence);
	return check_done();
}
