/* SPDX-License-Identifier: MIT */
/*
 * netd - switches on every wired interface and keeps a DHCP client on each.
 *
 * The kernel tells of changes; whatever it tells, all interfaces are looked at
 * again and what runs is brought in line with what is there. Nothing can be
 * missed that way, and interfaces that come late are like all others.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "nl.h"
#include "resolv.h"
#include "say.h"

#define PORTS_MAX 32
#define STEADY_MS 30000 /* by now a client hears its signals */
#define HOOK      "/sbin/dhcp-hook"
#define FOLDER    "/run/tare/net"

static struct port {
	int index; /* 0: this row is free */
	char name[IF_NAMESIZE];
	bool is_present, has_carrier;
	pid_t client;
	int wait_ms;
	int64_t started_ms, due_ms;
} ports[PORTS_MAX];

static _Noreturn void become_client(const char *interface)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	/* a netd that died takes its clients along: the next starts its own */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO); /* what matters, the hook says */
	(void)execl("/bin/busybox", "udhcpc", "-f", "-i", interface, "-s", HOOK,
		"-t", "3", "-T", "2", "-A", "5", "-o", "-O", "subnet", "-O",
		"router", "-O", "dns", "-O", "domain", "-O", "mtu", "-O",
		"ntpsrv", "-O", "search", "-O", "staticroutes", NULL);
	note("netd", "run '/bin/busybox udhcpc': %m");
	_exit(127);
}

static void start_later(struct port *port)
{
	int64_t now = clock_ms();

	port->wait_ms = backoff_ms(port->wait_ms, now - port->started_ms);
	port->due_ms = now + port->wait_ms;
}

static void start_client(struct port *port)
{
	port->started_ms = clock_ms();
	port->client = fork();
	if (port->client == 0)
		become_client(port->name);
	if (port->client > 0)
		return;
	note("netd", "start a DHCP client on %s: %m", port->name);
	port->client = 0;
	start_later(port);
}

static struct port *find_port(int index)
{
	for (size_t i = 0; i < PORTS_MAX; i++)
		if (ports[i].index == index)
			return &ports[i];
	return NULL;
}

/* Hardware and virtio have no kind; bridge, veth, vlan and the like have one.
 * What is a part of another interface has no address of its own. */
static bool is_wired(const struct ifinfomsg *body, size_t length)
{
	const struct rtattr *info;

	if (body->ifi_type != ARPHRD_ETHER || body->ifi_flags & IFF_LOOPBACK ||
		nl_attribute(body + 1, length, IFLA_MASTER))
		return false;
	info = nl_attribute(body + 1, length, IFLA_LINKINFO);
	return !info ||
	       !nl_attribute(nl_value(info), RTA_PAYLOAD(info), IFLA_INFO_KIND);
}

static struct port *add_port(int index, const struct rtattr *name)
{
	static bool has_said;
	struct port *port = find_port(0);

	if (!port && !has_said)
		note("netd", "more than %d interfaces, the others are not used",
			PORTS_MAX);
	has_said = has_said || !port;
	if (!port)
		return NULL;
	*port = (struct port){ .index = index };
	(void)snprintf(port->name, sizeof(port->name), "%.*s",
		(int)RTA_PAYLOAD(name), (const char *)nl_value(name));
	return port;
}

static void visit_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *body = nl_body(message);
	const size_t head = NLMSG_LENGTH(sizeof(*body));

	(void)context;
	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < head ||
		!is_wired(body, message->nlmsg_len - head))
		return;
	const struct rtattr *name =
		nl_attribute(body + 1, message->nlmsg_len - head, IFLA_IFNAME);
	if (!name)
		return;
	struct port *port = find_port(body->ifi_index);
	if (!port)
		port = add_port(body->ifi_index, name);
	if (!port)
		return;

	bool has_carrier = body->ifi_flags & IFF_RUNNING;
	/* perhaps another network was plugged in: ask again */
	if (has_carrier && !port->has_carrier && port->client > 0 &&
		port->started_ms + STEADY_MS < clock_ms())
		(void)kill(port->client, SIGUSR1);
	port->has_carrier = has_carrier;
	port->is_present = true;
}

static void look_at_links(int netlink)
{
	for (size_t i = 0; i < PORTS_MAX; i++)
		ports[i].is_present = false;
	int result = nl_dump(netlink, RTM_GETLINK, AF_UNSPEC, visit_link, NULL);
	if (result < 0) {
		note("netd", "list the interfaces: %s", strerror(-result));
		return;
	}
	for (size_t i = 0; i < PORTS_MAX; i++) {
		struct port *port = &ports[i];

		if (!port->index || port->is_present)
			continue;
		if (port->client > 0)
			(void)kill(port->client, SIGTERM);
		(void)resolv_forget(FOLDER, port->name);
		*port = (struct port){ 0 };
	}
}

/* start what is due; returns how long nothing will be, -1: for ever */
static int start_clients(int netlink)
{
	int64_t now = clock_ms(), next = INT64_MAX;

	for (size_t i = 0; i < PORTS_MAX; i++) {
		struct port *port = &ports[i];

		if (!port->index || port->client)
			continue;
		if (port->due_ms <= now) {
			int result = nl_link_set(netlink, port->index, 0);
			if (result < 0)
				note("netd", "switch on %s: %s", port->name,
					strerror(-result));
			start_client(port);
		}
		if (!port->client && port->due_ms < next)
			next = port->due_ms;
	}
	if (next == INT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

static void reap(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < PORTS_MAX; i++)
			if (ports[i].index && ports[i].client == pid) {
				ports[i].client = 0;
				start_later(&ports[i]);
			}
}

static void stop_clients(void)
{
	for (size_t i = 0; i < PORTS_MAX; i++)
		if (ports[i].client > 0)
			(void)kill(ports[i].client, SIGTERM);
}

/* true when asked to end */
static bool read_signals(int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGTERM)
			return true;
	reap();
	return false;
}

static int open_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* what was said does not matter, only that something was; losing some of it
 * (ENOBUFS) is no loss */
static void drain(int fd)
{
	char announcement[8192];

	while (recv(fd, announcement, sizeof(announcement), MSG_DONTWAIT) > 0 ||
		errno == ENOBUFS)
		;
}

int main(void)
{
	int news = nl_open(RTMGRP_LINK), netlink = nl_open(0);
	struct pollfd waits[] = {
		{ .fd = open_signals(), .events = POLLIN },
		{ .fd = news, .events = POLLIN },
	};

	if (waits[0].fd < 0 || news < 0 || netlink < 0) {
		note("netd", "open the kernel's sockets: %m");
		return EXIT_FAILURE;
	}
	(void)mkdir(FOLDER, 0755);
	look_at_links(netlink);
	for (;;) {
		int wait_ms = start_clients(netlink);

		if (poll(waits, 2, wait_ms) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (waits[0].revents && read_signals(waits[0].fd))
			break;
		if (waits[1].revents) {
			drain(news);
			look_at_links(netlink);
		}
	}
	stop_clients();
	return EXIT_SUCCESS;
}
