// SPDX-License-Identifier: MIT
/*
 * dhcp_hook_test - the hook, on an interface of a network namespace of its own
 */
int hook_main(int argc, char **argv);
#define main hook_main
#include "dhcp-hook.c"
#undef main

#include <linux/if_tun.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "check.h"

static struct found {
	unsigned addresses, routes;
	bool has_address;
	uint32_t wanted, gateway;
} found;

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

static void see_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *body = nl_body(message);

	(void)context;
	if (body->ifa_index != if_nametoindex("tap7"))
		return;
	found.addresses++;
	found.has_address |=
		get32(nl_attribute(body + 1,
			message->nlmsg_len - NLMSG_LENGTH(sizeof(*body)),
			IFA_LOCAL)) == found.wanted;
}

static void see_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *body = nl_body(message);

	(void)context;
	if (body->rtm_protocol != RTPROT_DHCP)
		return;
	found.routes++;
	found.gateway = get32(nl_attribute(body + 1,
		message->nlmsg_len - NLMSG_LENGTH(sizeof(*body)), RTA_GATEWAY));
}

/* what the kernel has now */
static void look(const char *wanted)
{
	int fd = nl_open(0);

	memset(&found, 0, sizeof(found));
	found.wanted = inet_addr(wanted);
	CHECK(nl_dump(fd, RTM_GETADDR, AF_INET, see_address, NULL) == 0);
	CHECK(nl_dump(fd, RTM_GETROUTE, AF_INET, see_route, NULL) == 0);
	(void)close(fd);
}

static void answer(const char *ip, const char *subnet, const char *router)
{
	(void)setenv("ip", ip, 1);
	(void)setenv("subnet", subnet, 1);
	(void)setenv("router", router, 1);
}

static void test_bound(void)
{
	CHECK(run_hook("deconfig") == 0); /* as the client begins */
	answer("10.0.2.15", "255.255.255.0", "10.0.2.2");
	CHECK(run_hook("bound") == 0);
	look("10.0.2.15");
	CHECK(found.has_address && found.addresses == 1);
	CHECK(found.routes == 1 && found.gateway == inet_addr("10.0.2.2"));
	CHECK(access("/run/tare/net/tap7.lease", F_OK) == 0);
	CHECK(access("/run/tare/net/resolv.conf", F_OK) == 0);
}

static void test_renew_with_the_same(void)
{
	CHECK(run_hook("renew") == 0);
	look("10.0.2.15");
	CHECK(found.has_address && found.addresses == 1);
	CHECK(found.routes == 1);
}

/* with the first address of a network the kernel removes the others of it */
static void test_another_address_of_the_same_network(void)
{
	answer("10.0.2.99", "255.255.255.0", "10.0.2.3");
	CHECK(run_hook("renew") == 0);
	look("10.0.2.99");
	CHECK(found.has_address && found.addresses == 1);
	CHECK(found.routes == 1 && found.gateway == inet_addr("10.0.2.3"));
}

static void test_another_network(void)
{
	answer("192.168.7.9", "255.255.255.128", "192.168.7.1");
	CHECK(run_hook("bound") == 0);
	look("192.168.7.9");
	CHECK(found.has_address && found.addresses == 1);
	CHECK(found.routes == 1 && found.gateway == inet_addr("192.168.7.1"));
}

/* what cannot be believed changes nothing */
static void test_nonsense(void)
{
	answer("127.0.0.1", "255.255.255.0", "10.0.2.2");
	CHECK(run_hook("bound") == 1);
	answer("10.0.2.15", "255.0.255.0", "10.0.2.2");
	CHECK(run_hook("bound") == 1);
	CHECK(run_hook("nonsense") == 1);
	look("192.168.7.9");
	CHECK(found.has_address && found.addresses == 1);
}

static void test_deconfig(void)
{
	CHECK(run_hook("deconfig") == 0);
	look("192.168.7.9");
	CHECK(found.addresses == 0 && found.routes == 0);
	CHECK(access("/run/tare/net/tap7.lease", F_OK) < 0);
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

/* it lives as long as the descriptor */
static bool make_interface(void)
{
	struct ifreq request = { .ifr_name = "tap7",
		.ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR);

	return fd >= 0 && file_control(fd, TUNSETIFF, &request) == 0;
}

static bool can_run;

static void test_world(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("x", "/run", "tmpfs", 0, NULL) < 0 ||
		mkdir("/run/tare", 0755) < 0 || !make_interface())
		check_skip("needs root, namespaces and a tap interface");
	else
		can_run = true;
}

int main(void)
{
	RUN(test_world);
	if (!can_run)
		return check_done();
	(void)setenv("interface", "tap7", 1);
	(void)setenv("lease", "3600", 1);
	RUN(test_bound);
	RUN(test_renew_with_the_same);
	RUN(test_another_address_of_the_same_network);
	RUN(test_another_network);
	RUN(test_nonsense);
	RUN(test_deconfig);
	RUN(test_silence);
	return check_done();
}
