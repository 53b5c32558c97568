/* SPDX-License-Identifier: MIT */
/*
 * dhcp-hook - makes the kernel's settings what a DHCP server said.
 *
 * udhcpc starts it as "dhcp-hook EVENT" with the answer in its environment.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dhcp.h"
#include "file.h"
#include "nl.h"
#include "resolv.h"
#include "say.h"

#define FOLDER    "/run/tare/net"
#define PATH_LEN  64
#define STALE_MAX 32 /* settings removed at once */

/* the interface an event is about, and what shall be on it: NULL for nothing */
struct target {
	int netlink, index;
	const char *name;
	const struct dhcp_lease *lease;
};

/* what the kernel has and the lease has not; removed after looking, since a
 * table must not change while it is read */
static struct stale {
	const struct target *target;
	struct nl_address addresses[STALE_MAX];
	struct nl_route routes[STALE_MAX];
	unsigned addresses_count, routes_count;
} stale;

static const char *look_up(const char *name)
{
	return getenv(name);
}

static uint32_t get32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (attribute && RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, nl_value(attribute), sizeof(value));
	return value;
}

static void visit_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *body = nl_body(message);
	const size_t head = NLMSG_LENGTH(sizeof(*body));
	struct stale *list = context;

	if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < head ||
		body->ifa_index != (uint32_t)list->target->index ||
		list->addresses_count == STALE_MAX)
		return;
	const struct dhcp_lease *lease = list->target->lease;
	struct nl_address address = {
		.ip = get32(nl_attribute(body + 1, message->nlmsg_len - head,
			IFA_LOCAL)),
		.prefix = body->ifa_prefixlen,
	};
	if (!lease || lease->address.ip != address.ip ||
		lease->address.prefix != address.prefix)
		list->addresses[list->addresses_count++] = address;
}

static bool has_route(const struct dhcp_lease *lease,
	const struct nl_route *route)
{
	for (unsigned i = 0; lease && i < lease->routes_count; i++)
		if (lease->routes[i].destination == route->destination &&
			lease->routes[i].prefix == route->prefix &&
			lease->routes[i].gateway == route->gateway)
			return true;
	return false;
}

static void visit_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *body = nl_body(message);
	const size_t head = NLMSG_LENGTH(sizeof(*body));
	struct stale *list = context;

	if (message->nlmsg_type != RTM_NEWROUTE || message->nlmsg_len < head ||
		body->rtm_protocol != RTPROT_DHCP ||
		list->routes_count == STALE_MAX)
		return;
	const size_t length = message->nlmsg_len - head;
	if (get32(nl_attribute(body + 1, length, RTA_OIF)) !=
		(uint32_t)list->target->index)
		return;
	struct nl_route route = {
		.destination = get32(nl_attribute(body + 1, length, RTA_DST)),
		.prefix = body->rtm_dst_len,
		.gateway = get32(nl_attribute(body + 1, length, RTA_GATEWAY)),
	};
	if (!has_route(list->target->lease, &route))
		list->routes[list->routes_count++] = route;
}

static void report(const struct target *target, const char *what, int result)
{
	if (result < 0)
		note("net", "%s: %s: %s", target->name, what,
			strerror(-result));
}

static void remove_stale(const struct target *target)
{
	stale = (struct stale){ .target = target };
	report(target, "list the routes",
		nl_dump(target->netlink, RTM_GETROUTE, AF_INET, visit_route,
			&stale));
	report(target, "list the addresses",
		nl_dump(target->netlink, RTM_GETADDR, AF_INET, visit_address,
			&stale));

	/* with an address the kernel removes routes by itself, so they may be
	 * gone: no error */
	for (unsigned i = 0; i < stale.routes_count; i++)
		(void)nl_route_remove(target->netlink, target->index,
			&stale.routes[i]);
	for (unsigned i = 0; i < stale.addresses_count; i++)
		report(target, "remove an address",
			nl_address_remove(target->netlink, target->index,
				&stale.addresses[i]));
}

/* What is stale goes first: with the first address of a network the kernel
 * removes all others in it, be they new. */
static void apply(const struct target *target)
{
	const struct dhcp_lease *lease = target->lease;

	remove_stale(target);
	report(target, "set its MTU",
		nl_link_set(target->netlink, target->index, lease->mtu));
	report(target, "set its address",
		nl_address_set(target->netlink, target->index,
			&lease->address));
	/* routes on the link first: gateways may be reached through them */
	for (int pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < lease->routes_count; i++)
			if ((lease->routes[i].gateway != 0) == pass)
				report(target, "set a route",
					nl_route_set(target->netlink,
						target->index,
						&lease->routes[i]));
}

static void path_of(char path[PATH_LEN], const char *name, const char *kind)
{
	(void)snprintf(path, PATH_LEN, FOLDER "/%s.%s", name, kind);
}

static void bind_lease(const struct target *target)
{
	char path[PATH_LEN], text[RESOLV_LEASE_MAX];

	apply(target);
	size_t length = resolv_format_lease(target->lease, text);
	path_of(path, target->name, "lease");
	report(target, "keep its lease",
		file_replace(path, text, length, 0644));
	report(target, "write resolv.conf", resolv_update(FOLDER));
	path_of(path, target->name, "silent");
	(void)unlink(path); /* the next silence is news again */
}

static int on_bound(struct target *target)
{
	static struct dhcp_lease lease;
	const char *ignored;
	const char *reason = dhcp_parse(&lease, look_up, &ignored);

	if (reason) {
		note("net", "%s: DHCP answer not used: %s", target->name,
			reason);
		return EXIT_FAILURE;
	}
	if (ignored)
		note("net", "%s: DHCP option '%s' is malformed, ignoring it",
			target->name, ignored);
	target->lease = &lease;
	bind_lease(target);
	return EXIT_SUCCESS;
}

static int on_deconfig(struct target *target)
{
	remove_stale(target);
	report(target, "write resolv.conf",
		resolv_forget(FOLDER, target->name));
	report(target, "switch it on",
		nl_link_set(target->netlink, target->index, 0));
	return EXIT_SUCCESS;
}

/* once for each silence: it goes on asking, and saying so is enough */
static int on_leasefail(struct target *target)
{
	char path[PATH_LEN];

	path_of(path, target->name, "silent");
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0)
		note("net", "no DHCP answer on %s yet, still asking",
			target->name);
	return EXIT_SUCCESS;
}

static const struct event {
	const char *name;
	int (*handle)(struct target *target);
} events[] = {
	{ "bound", on_bound },
	{ "renew", on_bound },
	{ "deconfig", on_deconfig },
	{ "leasefail", on_leasefail },
	{ "nak", on_leasefail },
};

static const struct event *find_event(const char *name)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}

/* the client's own talk is thrown away, and with it our standard error */
static void open_console(void)
{
	int fd = open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		(void)dup2(fd, STDERR_FILENO);
}

int main(int argc, char **argv)
{
	const struct event *event = argc == 2 ? find_event(argv[1]) : NULL;
	struct target target = { .name = getenv("interface") };

	if (!event || !target.name || strchr(target.name, '/')) {
		(void)dprintf(STDERR_FILENO,
			"usage: interface=NAME dhcp-hook EVENT\n");
		return EXIT_FAILURE;
	}
	target.index = (int)if_nametoindex(target.name);
	target.netlink = nl_open(0);
	if (target.index == 0 || target.netlink < 0) {
		note("net", "%s: open it: %m", target.name);
		return EXIT_FAILURE;
	}
	(void)mkdir(FOLDER, 0755);
	open_console();
	return event->handle(&target);
}
