/* SPDX-License-Identifier: MIT */
/*
 * netd - brings the host's network up as the config wants it, and keeps it so.
 *
 * It waits in one place for what can happen: the agent replaced "wanted", the
 * DHCP hook wrote a lease, the kernel tells of links, addresses and routers, a
 * child ended, a time is over. Whatever it was, the whole is looked at again
 * and what differs is changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply.h"
#include "clock.h"
#include "config.h"
#include "endpoints.h"
#include "file.h"
#include "host.h"
#include "kept.h"
#include "lease.h"
#include "nl.h"
#include "ports.h"
#include "report.h"
#include "say.h"
#include "timekeeper.h"
#include "trial.h"

#define GROUP(number) (1U << ((number)-1))
#define GROUPS                                                            \
	(GROUP(RTNLGRP_LINK) | GROUP(RTNLGRP_IPV4_IFADDR) |               \
		GROUP(RTNLGRP_IPV6_IFADDR) | GROUP(RTNLGRP_IPV6_IFINFO) | \
		GROUP(RTNLGRP_ND_USEROPT))

/* many things happen at once: they are looked at together */
#define SETTLE_MS 10

static struct host host;
static struct timekeeper timekeeper;
static int64_t trial_ms = TRIAL_MS;
static int watch6; /* of the files of DHCPv6 clients */

/* true when asked to end */
static bool read_signals(int fd)
{
	struct signalfd_siginfo info;
	bool is_end = false;
	pid_t pid;
	int status;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		is_end |= info.ssi_signo == SIGTERM;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		ports_reaped(&host, pid, status);
		(void)child_reaped(&timekeeper.child, pid);
	}
	return is_end;
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

static struct links_filter filter(void)
{
	return (struct links_filter){ &host.wanted, host.extra_kind };
}

static void hear_router(const struct nlmsghdr *message)
{
	size_t length;
	int index;
	const uint8_t *option = rdnss_option(message, &index, &length);
	struct port *port = option ? ports_of(&host, index) : NULL;

	if (port && port->index && port->auto_set > 0)
		(void)rdnss_hear(&port->rdnss, option, length, lease_now_s());
}

/* true when it is of a port */
static bool hear_address(const struct nlmsghdr *message)
{
	const struct ifaddrmsg *address = nl_body(message);
	struct port *port;
	struct ip ip;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*address)))
		return true;
	port = ports_of(&host, (int)address->ifa_index);
	if (port && port->index && inet_is_duplicate(message, &ip))
		(void)dhcp6_port_duplicate(port, &ip);
	return port != NULL;
}

/* is it about a port, or a link that may become one? A thousand workloads that
 * start are nothing to look at. */
static bool is_of_ours(const struct nlmsghdr *message)
{
	const struct links_filter ours = filter();
	const struct ifinfomsg *link = nl_body(message);

	if (message->nlmsg_type == RTM_NEWADDR ||
		message->nlmsg_type == RTM_DELADDR)
		return hear_address(message);
	/* routers say something else than before; it has no kind */
	if (message->nlmsg_type == RTM_NEWLINK &&
		message->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) &&
		link->ifi_family == AF_INET6)
		return ports_of(&host, link->ifi_index);
	if (message->nlmsg_type == RTM_NEWLINK ||
		message->nlmsg_type == RTM_DELLINK)
		return links_matters(message, &ours);
	hear_router(message);
	return true;
}

/* What was said of links and addresses does not matter, only that something
 * was; losing some of it (ENOBUFS) is no loss. True when it has to be looked
 * at. */
static bool read_news(int fd)
{
	static union {
		struct nlmsghdr head;
		char bytes[16384];
	} packet;
	struct sockaddr_nl from = { 0 };
	socklen_t size = sizeof(from);
	bool is_news = false;
	ssize_t got;

	while ((got = recvfrom(fd, packet.bytes, sizeof(packet.bytes),
			MSG_DONTWAIT, (struct sockaddr *)&from, &size)) > 0 ||
		(got < 0 && errno == ENOBUFS)) {
		size = sizeof(from);
		if (got < 0)
			is_news = true;
		else if (from.nl_pid == 0)
			is_news |=
				nl_read(&packet.head, (size_t)got, is_of_ours);
	}
	return is_news;
}

static bool ends_with(const char *name, const char *end, size_t *stem)
{
	size_t length = strlen(name), tail = strlen(end);

	*stem = length - tail;
	return length > tail && strcmp(name + *stem, end) == 0;
}

static struct port *port_of_file(const char *name, size_t length)
{
	char interface[IF_NAMESIZE];

	if (length >= sizeof(interface))
		return NULL;
	memcpy(interface, name, length);
	interface[length] = '\0';
	return ports_named(&host, interface);
}

/* false when the file is nothing to us */
static bool on_file(const char *name)
{
	struct port *port;
	size_t stem;

	if (strcmp(name, "wanted") == 0)
		return config_read(&host, clock_ms(), trial_ms);
	if (ends_with(name, ".lease", &stem) &&
		(port = port_of_file(name, stem)))
		ports_read_lease(&host, port);
	else if (ends_with(name, ".nak", &stem) &&
		 (port = port_of_file(name, stem)))
		ports_refused(port);
	else
		return false;
	return true;
}

static bool on_lease6(const char *name)
{
	struct port *port;
	size_t stem;

	if (!ends_with(name, ".lease", &stem) ||
		!(port = port_of_file(name, stem)))
		return false;
	dhcp6_port_read(&host, port);
	return true;
}

/* true when one of them was worth a look */
static bool read_files(int fd)
{
	_Alignas(struct inotify_event) char bytes[4096];
	bool is_due = false;
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		for (char *at = bytes; at < bytes + got;) {
			const struct inotify_event *event = (void *)at;

			if (event->len && event->wd == watch6)
				is_due |= on_lease6(event->name);
			else if (event->len)
				is_due |= on_file(event->name);
			if (event->mask & IN_Q_OVERFLOW)
				is_due |= on_file("wanted");
			at += sizeof(*event) + event->len;
		}
	return is_due;
}

/* it is mounted some time after we start: true when that is now */
static bool look_for_data(void)
{
	struct stat data, root;

	if (host.has_data || stat(HOST_DATA, &data) < 0 ||
		stat(HOST_DATA "/..", &root) < 0 || data.st_dev == root.st_dev)
		return false;
	host.has_data = true;
	kept_save_all(&host);
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host.ports[i].index)
			dhcp6_port_keep(&host, &host.ports[i]);
	return true;
}

static void look(void)
{
	const struct links_filter ours = filter();
	int result = links_list(host.netlink, &ours, &host.links);

	if (result < 0) {
		note("netd", "list the interfaces: %s", strerror(-result));
		return; /* which says nothing of what is there */
	}
	ports_update(&host, clock_ms());
}

/* bring all in line with what is wanted; returns when to look again at the
 * latest, of clock_ms() */
static int64_t settle(void)
{
	const int64_t now_ms = clock_ms();
	int64_t next_ms = INT64_MAX, next_s = INT64_MAX;
	char clocks[TIMEKEEPER_MAX];

	look();
	if (!host.has_wanted)
		return next_ms;
	if (apply_links(&host))
		look();
	(void)config_run(&host, now_ms, &next_ms);
	(void)ports_expire(&host, &next_s);
	ports_run_clients(&host, now_ms, &next_ms);
	(void)kept_run(&host, now_ms, &next_ms);
	(void)inet_list(host.netlink, &host.inet);
	if (apply_ports(&host))
		(void)inet_list(host.netlink, &host.inet);
	for (size_t i = 0; i < HOST_PORTS_MAX; i++)
		if (host.ports[i].index)
			endpoints_run(&host, &host.ports[i], now_ms, &next_ms);
	report_write(&host);
	report_clocks(&host, clocks);
	timekeeper_run(&timekeeper, clocks, now_ms, &next_ms);
	if (next_s != INT64_MAX) {
		int64_t wait_ms = (next_s - lease_now_s()) * 1000;
		if (wait_ms < next_ms - now_ms)
			next_ms = now_ms + wait_ms;
	}
	return next_ms;
}

/* -k KIND: interfaces of this kind count as hardware; -t MS: how long a new
 * config is tried. For tests, and for machines that are containers. */
static bool read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "k:t:")) >= 0) {
		char *end = NULL;

		if (option == 'k')
			host.extra_kind = optarg;
		else if (option == 't')
			trial_ms = strtol(optarg, &end, 10);
		if (option == '?' || (end && *end) || trial_ms <= 0)
			return false;
	}
	return optind == argc;
}

enum {
	WAIT_SIGNALS,
	WAIT_NEWS,
	WAIT_FILES,
	WAIT_MOUNTS,
	WAIT_PROBE,
	WAITS,
};

static bool open_all(struct pollfd waits[WAITS])
{
	(void)mkdir(HOST_FOLDER, 0755);
	dhcp6_port_make_folder();
	host.netlink = nl_open(NETLINK_ROUTE, 0);
	waits[WAIT_SIGNALS].fd = open_signals();
	waits[WAIT_NEWS].fd = nl_open(NETLINK_ROUTE, GROUPS);
	waits[WAIT_FILES].fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	waits[WAIT_MOUNTS].fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
	waits[WAIT_MOUNTS].events = POLLPRI;
	for (int i = 0; i < WAIT_MOUNTS; i++)
		waits[i].events = POLLIN;
	waits[WAIT_PROBE].events = POLLIN;
	watch6 = inotify_add_watch(waits[WAIT_FILES].fd, DHCP6_FOLDER,
		IN_MOVED_TO);
	return host.netlink >= 0 && watch6 >= 0 &&
	       waits[WAIT_SIGNALS].fd >= 0 && waits[WAIT_NEWS].fd >= 0 &&
	       waits[WAIT_FILES].fd >= 0 &&
	       inotify_add_watch(waits[WAIT_FILES].fd, HOST_FOLDER,
		       IN_MOVED_TO | IN_CLOSE_WRITE) >= 0;
}

static int wait_for(struct pollfd waits[WAITS], int64_t next_ms)
{
	int64_t wait_ms = next_ms == INT64_MAX ? -1 : next_ms - clock_ms();

	if (next_ms != INT64_MAX && wait_ms < 0)
		wait_ms = 0;
	waits[WAIT_PROBE].fd = kept_fd();
	return poll(waits, WAITS,
		wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
}

/* take what came; true when it has to be looked at */
static bool take(const struct pollfd waits[WAITS], bool *is_end)
{
	bool is_due = false;

	if (waits[WAIT_SIGNALS].revents) {
		*is_end = read_signals(waits[WAIT_SIGNALS].fd);
		is_due = true;
	}
	if (waits[WAIT_NEWS].revents)
		is_due |= read_news(waits[WAIT_NEWS].fd);
	if (waits[WAIT_FILES].revents)
		is_due |= read_files(waits[WAIT_FILES].fd);
	if (waits[WAIT_MOUNTS].revents)
		is_due |= look_for_data();
	if (waits[WAIT_PROBE].revents) {
		kept_hear();
		is_due = true;
	}
	return is_due;
}

static void run(struct pollfd waits[WAITS])
{
	int64_t next_ms = 0, rest_ms = 0;
	bool is_end = false, is_due = true;

	(void)look_for_data();
	(void)config_read(&host, clock_ms(), trial_ms);
	while (!is_end) {
		if (wait_for(waits, is_due ? rest_ms : next_ms) < 0)
			continue;
		is_due |= take(waits, &is_end) || clock_ms() >= next_ms;
		if (!is_due || is_end || clock_ms() < rest_ms)
			continue;
		next_ms = settle();
		rest_ms = clock_ms() + SETTLE_MS;
		is_due = false;
	}
}

int main(int argc, char **argv)
{
	struct pollfd waits[WAITS] = { 0 };

	if (!read_options(argc, argv)) {
		(void)dprintf(STDERR_FILENO, "usage: netd [-k kind] [-t ms]\n");
		return EXIT_FAILURE;
	}
	if (!open_all(waits)) {
		note("netd", "open the kernel's sockets: %m");
		return EXIT_FAILURE;
	}
	run(waits);
	ports_stop(&host);
	child_stop(&timekeeper.child);
	return EXIT_SUCCESS;
}
