/* SPDX-License-Identifier: MIT */
/*
 * net_watch - stands where netd is, says how soon the machine had an address,
 * and ends the machine.
 *
 * usage: net_watch [ARGUMENT]...
 *
 * Becomes netd-itself with the same arguments, which does not know of it. What
 * looks on is a child with a real-time priority and a netlink socket that was
 * there before: it notes the first link that is up and has a carrier, and the
 * first IPv4 address, as rtnetlink(7) tells of them, not those of "lo".
 * Both moments are marked by an instruction without effect, which the plugin
 * insns.c knows by its bytes, and said when the second is over.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NETD "/sbin/netd-itself"

enum {
	LOOPBACK = 1, /* its number, always */
};

static int64_t up_ns, address_ns;

static _Noreturn void fail(const char *what)
{
	printf("net_watch: %s: %s\n", what, strerror(errno));
	(void)fflush(stdout);
	(void)reboot(RB_POWER_OFF);
	_exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* "linkisup" and "has addr" */
static void mark_up(void)
{
	__asm__ volatile("movabs $0x707573696b6e696c, %%rax" : : : "rax");
	up_ns = now_ns();
}

static void mark_address(void)
{
	__asm__ volatile("movabs $0x7264646120736168, %%rax" : : : "rax");
	address_ns = now_ns();
}

static const void *body_of(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

static bool is_up(const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = body_of(message);
	const unsigned int up = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

	return message->nlmsg_type == RTM_NEWLINK &&
	       message->nlmsg_len >= NLMSG_LENGTH(sizeof(*info)) &&
	       info->ifi_index != LOOPBACK && (info->ifi_flags & up) == up;
}

static bool is_address(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *info = body_of(message);

	return message->nlmsg_type == RTM_NEWADDR &&
	       message->nlmsg_len >= NLMSG_LENGTH(sizeof(*info)) &&
	       info->ifa_index != LOOPBACK && info->ifa_family == AF_INET;
}

static void see(const struct nlmsghdr *message)
{
	if (up_ns == 0 && is_up(message))
		mark_up();
	else if (up_ns != 0 && is_address(message))
		mark_address();
}

static void hear(int fd)
{
	static union {
		struct nlmsghdr head;
		char bytes[16384];
	} packet;
	ssize_t got = recv(fd, packet.bytes, sizeof(packet), 0);

	if (got < 0)
		fail("hear of links");
	for (size_t at = 0; (size_t)got - at >= sizeof(packet.head);) {
		const struct nlmsghdr *message = (void *)(packet.bytes + at);

		if (message->nlmsg_len < sizeof(*message) ||
			message->nlmsg_len > (size_t)got - at)
			return;
		see(message);
		at += NLMSG_ALIGN(message->nlmsg_len);
		if (at > (size_t)got)
			return;
	}
}

static _Noreturn void look_on(int fd)
{
	const struct sched_param first = { .sched_priority = 1 };

	/* musl's function of that name refuses it */
	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first) < 0)
		fail("be first");
	while (address_ns == 0)
		hear(fd);
	printf("net_watch: up at %lld ns, address after %lld ns\n",
		(long long)up_ns, (long long)(address_ns - up_ns));
	(void)fflush(stdout);
	(void)reboot(RB_POWER_OFF);
	_exit(1);
}

int main(int argc, char *argv[])
{
	const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	pid_t child;

	(void)argc;
	if (fd < 0 || bind(fd, (const void *)&groups, sizeof(groups)) < 0)
		fail("listen to the kernel");
	child = fork();
	if (child < 0)
		fail("start what looks on");
	if (child == 0)
		look_on(fd);
	(void)execv(NETD, argv);
	fail("run " NETD);
}
