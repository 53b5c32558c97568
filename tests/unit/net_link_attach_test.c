// SPDX-License-Identifier: MIT
/*
 * net_link_attach_test - containers get links that work at once, or none
 *
 * wrap: sendto recvfrom socket setns
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>

#include "fault.h"
#include "lib/text.h"
#include "net/link.h"
#include "net_link.h"

FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
/* As a kernel before 6.2, which does not tell what it made. */
static bool is_old;

ssize_t __real_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length)
{
	static unsigned char copy[65536];
	struct nlmsghdr head;

	if (fault_strikes())
		return -1;
	if (!is_old || size > sizeof(copy))
		return __real_sendto(fd, data, size, flags, to, length);
	memcpy(copy, data, size);
	memcpy(&head, copy, sizeof(head));
	if (head.nlmsg_type == RTM_NEWLINK)
		head.nlmsg_flags &= (uint16_t)~NLM_F_ECHO;
	memcpy(copy, &head, sizeof(head));
	return __real_sendto(fd, copy, size, flags, to, length);
}

FAULT_WRAP(ssize_t, recvfrom,
	(int fd, void *data, size_t size, int flags, struct sockaddr *from,
		socklen_t *length),
	(fd, data, size, flags, from, length))

/* The way back must not fail: who cannot go back ends. */
int __real_setns(int fd, int type);
int __wrap_setns(int fd, int type);
int __wrap_setns(int fd, int type)
{
	return fd == container_fd && fault_strikes() ? -1
						     : __real_setns(fd, type);
}

static struct topology_network networks[] = {
	{ .name = "front", .bridge = "tb00000001" },
	{ .name = "back", .bridge = "tb00000002", .mtu = 1400 },
	{ .name = "lan",
		.driver = TOPOLOGY_MACVLAN,
		.bridge = "tb00000003",
		.parent = "eth0",
		.mode = "bridge" },
	{ .name = "ipl2", .driver = TOPOLOGY_IPVLAN, .parent = "eth1" },
	{ .name = "ipl3",
		.driver = TOPOLOGY_IPVLAN,
		.parent = "eth1",
		.mode = "l3" },
};
static struct topology_endpoint endpoints[] = {
	{ .network = 0,
		.container = "web-1",
		.link = "tv00000001",
		.name = "eth0",
		.mac = { 2, 0x42, 172, 30, 0, 2 },
		.has_default_route = true },
	{ .network = 1,
		.container = "web-1",
		.link = "tv00000002",
		.name = "eth1",
		.mac = { 2, 0x42, 172, 31, 0, 2 } },
	{ .network = 0,
		.container = "db-1",
		.link = "tv00000003",
		.name = "eth0",
		.mac = { 2, 0x42, 172, 30, 0, 3 },
		.has_default_route = true },
	{ .network = 2,
		.container = "web-1",
		.link = "tv00000004",
		.name = "eth0",
		.mac = { 2, 0x42, 192, 0, 2, 7 },
		.has_default_route = true },
	{ .network = 3,
		.container = "web-1",
		.link = "tv00000005",
		.name = "eth0",
		.has_default_route = true },
	{ .network = 4,
		.container = "web-1",
		.link = "tv00000006",
		.name = "eth0",
		.has_default_route = true },
};
static struct topology_group group = { .network = 0, .service = "web" };
static struct topology topology = {
	.networks = networks,
	.network_count = sizeof(networks) / sizeof(networks[0]),
	.endpoints = endpoints,
	.endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
	.groups = &group,
	.group_count = 1,
};

static void topology_fill(void)
{
	networks[0].subnet4 = prefix_of("172.30.0.0/16");
	networks[0].gateway4 = address_of("172.30.0.1");
	networks[0].subnet6 = prefix_of("fd12:3456:789a:1::/64");
	networks[0].gateway6 = address_of("fd12:3456:789a:1::1");
	networks[1].subnet4 = prefix_of("172.31.0.0/16");
	networks[1].gateway4 = address_of("172.31.0.1");
	for (size_t i = 2; i < 5; i++) {
		networks[i].subnet4 = prefix_of("192.0.2.0/24");
		networks[i].gateway4 = address_of("192.0.2.1");
	}
	group.virtual4 = address_of("172.30.0.100");
	group.virtual6 = address_of("fd12:3456:789a:1::100");
	endpoints[0].address4 = address_of("172.30.0.2");
	endpoints[0].address6 = address_of("fd12:3456:789a:1::2");
	endpoints[1].address4 = address_of("172.31.0.2");
	endpoints[2].address4 = address_of("172.30.0.3");
	endpoints[2].address6 = address_of("fd12:3456:789a:1::3");
	for (size_t i = 3; i < 6; i++)
		endpoints[i].address4 = address_of("192.0.2.7");
}

static bool attach(size_t endpoint)
{
	err = (struct error){ .code = 0 };
	if (link_attach(&topology, endpoint, container_fd, &err) == 0)
		return true;
	printf("# %s\n", err.text);
	return false;
}

static bool inside(const char *text)
{
	return holds_in(container, text);
}

static void test_attaches(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	CHECK(attach(0));
	/* used at once: no address is tentative, no neighbour is waited for */
	CHECK(inside("ping -c 1 -W 2 -q 172.30.0.1 >/dev/null"));
	CHECK(inside("ping -c 1 -W 2 -q fd12:3456:789a:1::1 >/dev/null"));
	CHECK(holds("ping -c 1 -W 2 -q 172.30.0.2 >/dev/null"));
	CHECK(holds("ping -c 1 -W 2 -q fd12:3456:789a:1::2 >/dev/null"));
	/* a virtual address is answered for, and is nobody's own */
	CHECK(inside("ping -c 1 -W 2 -q 172.30.0.100 >/dev/null"));
	CHECK(inside("ping -c 1 -W 2 -q fd12:3456:789a:1::100 >/dev/null"));
	CHECK(holds("ip route get 172.30.0.2 | grep -q 'src 172.30.0.1 '"));
	CHECK(holds("ip -6 route get fd12:3456:789a:1::102 | grep -q "
		    "'src fd12:3456:789a:1::1 '"));
	CHECK(inside("ip -o link show lo | grep -q '[<,]UP'"));
	CHECK(inside("ip -o link show eth0 | grep -q "
		     "'[<,]UP[,>].*mtu 1500 .*02:42:ac:1e:00:02'"));
	CHECK(inside("ip -o address show eth0 | grep -q ' 172.30.0.2/16 '"));
	CHECK(inside("ip -o address show eth0 | grep -q "
		     "'fd12:3456:789a:1::2/64 scope global nodad'"));
	CHECK(inside("ip route | grep -q '^default via 172.30.0.1 dev eth0'"));
	CHECK(inside("ip -6 route | grep -q "
		     "'^default via fd12:3456:789a:1::1 dev eth0'"));
	CHECK(inside("test $(cat /proc/sys/net/ipv6/conf/eth0/accept_ra) = 0"));
	CHECK(holds("ip -d link show tv00000001 | grep -q "
		    "'alias tare web-1 front'"));
	CHECK(holds("ip -d link show tv00000001 | grep -q "
		    "'bridge_slave state forwarding.*hairpin on.*learning on "
		    "flood on.*isolated off'"));
	CHECK(holds("ip -o link show tv00000001 | grep -q "
		    "'master tb00000001'"));
	/* the host's end has no address, not even one of the link */
	CHECK(holds("! ip -o address show tv00000001 | grep inet"));
	container_end();
	CHECK(link_detach("tv00000001", &err) == 0);
	CHECK(count_links(getpid()) == 5);
}

static void test_with_an_older_kernel(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	is_old = true;
	container_begin();
	CHECK(attach(0));
	CHECK(attach(1));
	CHECK(inside("ping -c 1 -W 2 -q 172.30.0.1 >/dev/null"));
	CHECK(inside("ping -c 1 -W 2 -q 172.31.0.1 >/dev/null"));
	CHECK(link_detach("tv00000001", &err) == 0);
	CHECK(link_detach("tv00000002", &err) == 0);
	container_end();
	is_old = false;
	CHECK(count_links(getpid()) == 5);
}

static void test_several_networks(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	CHECK(attach(0));
	CHECK(attach(1));
	CHECK(inside("ip -o link show eth1 | grep -q 'mtu 1400'"));
	CHECK(holds("ip -o link show tv00000002 | grep -q 'mtu 1400'"));
	CHECK(inside("ping -c 1 -W 2 -q 172.31.0.1 >/dev/null"));
	CHECK(inside("test $(ip route | grep -c default) = 1"));
	CHECK(count_links(container) == 3);
	CHECK(link_detach("tv00000002", &err) == 0);
	CHECK(count_links(container) == 2);
	CHECK(inside("ping -c 1 -W 2 -q 172.30.0.1 >/dev/null"));
	CHECK(link_detach("tv00000001", &err) == 0);
	CHECK(count_links(container) == 1);
	CHECK(link_detach("tv00000001", &err) == 0);
	container_end();
	CHECK(count_links(getpid()) == 5);
}

/* The namespace of the one before may live on for a moment, or for long. */
static void test_replaces_what_is_left(void)
{
	pid_t first;
	int first_fd;

	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	CHECK(attach(0));
	first = container;
	first_fd = container_fd;
	container_begin();
	CHECK(attach(0));
	CHECK(count_links(first) == 1);
	CHECK(inside("ping -c 1 -W 2 -q 172.30.0.1 >/dev/null"));
	container_end();
	container = first;
	container_fd = first_fd;
	container_end();
	CHECK(link_detach("tv00000001", &err) == 0);

	/* one that we began and did not finish has no alias */
	container_begin();
	CHECK(holds("ip link add tv00000001 master tb00000001 type veth "
		    "peer other"));
	CHECK(attach(0));
	CHECK(holds("! ip link show other >/dev/null 2>&1"));
	CHECK(link_detach("tv00000001", &err) == 0);
	container_end();
	CHECK(count_links(getpid()) == 5);
}

static void test_tells_why_not(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	CHECK(holds("ip link add tv00000001 type veth peer other"));
	CHECK(link_attach(&topology, 0, container_fd, &err) == -EEXIST);
	CHECK(failed("attach 'web-1' to network 'front': make 'eth0' in it"));
	CHECK(link_detach("tv00000001", &err) == -EPERM);
	CHECK(failed("remove link 'tv00000001': it is none of ours"));
	CHECK(holds("ip link del tv00000001"));

	CHECK(inside("ip link add eth0 type veth peer other"));
	CHECK(link_attach(&topology, 0, container_fd, &err) == -EEXIST);
	CHECK(count_links(container) == 3 && count_links(getpid()) == 5);
	CHECK(inside("ip link del eth0"));

	(void)text_copy(networks[0].bridge, IFNAMSIZ, "tb00000009");
	CHECK(link_attach(&topology, 0, container_fd, &err) == -ENODEV);
	CHECK(failed("attach 'web-1' to network 'front': find its bridge "
		     "'tb00000009': No such device"));
	(void)text_copy(networks[0].bridge, IFNAMSIZ, "tb00000001");

	CHECK(link_attach(&topology, 0, 0, &err) < 0);
	CHECK(failed("attach 'web-1' to network 'front': enter its network"));
	CHECK(attach(0));
	endpoints[1].has_default_route = true;
	CHECK(link_attach(&topology, 1, container_fd, &err) == -EEXIST);
	CHECK(failed("attach 'web-1' to network 'back': give it its default "
		     "route: File exists"));
	endpoints[1].has_default_route = false;
	CHECK(count_links(container) == 2 && count_links(getpid()) == 6);
	networks[2].mode = "none";
	CHECK(link_attach(&topology, 3, container_fd, &err) == -EINVAL);
	CHECK(failed("network 'lan': there is no mode 'none'"));
	networks[2].mode = "bridge";
	networks[2].parent = "gone0";
	CHECK(link_attach(&topology, 3, container_fd, &err) == -ENODEV);
	CHECK(failed("find the parent 'gone0': No such device"));
	networks[2].parent = NULL;
	CHECK(link_attach(&topology, 3, container_fd, &err) == -EINVAL);
	CHECK(failed("network 'lan': it has no parent"));
	networks[2].parent = "eth0";
	CHECK(link_detach("tv00000001", &err) == 0);
	container_end();
	CHECK(count_links(getpid()) == 5);
}

/* Its link is on the parent, and nothing is left here. */
static void check_on_parent(size_t endpoint, const char *kind,
	const char *route)
{
	char text[128];

	check_row(networks[endpoints[endpoint].network].name);
	container_begin();
	CHECK(attach(endpoint));
	CHECK(inside("ip -o link show eth0 | grep -q '[<,]UP[,>]'"));
	CHECK(inside("ip -o address | grep -q 192.0.2.7/24"));
	(void)snprintf(text, sizeof(text),
		"ip -d link show eth0 | grep -q '%s'", kind);
	CHECK(inside(text));
	(void)snprintf(text, sizeof(text), "ip route | grep -q '^%s'", route);
	CHECK(inside(text));
	CHECK(link_detach(endpoints[endpoint].link, &err) == 0);
	container_end();
	CHECK(count_links(getpid()) == 5);
}

static void test_macvlan(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	check_on_parent(3, "macvlan mode bridge",
		"default via 192.0.2.1 dev eth0");
	endpoints[3].mac[5] = 8; /* the first may still be there */
	check_on_parent(3, "02:42:c0:00:02:08",
		"default via 192.0.2.1 dev eth0");
	/* a name that is there already: nothing of ours is left */
	endpoints[3].mac[5] = 9;
	container_begin();
	CHECK(inside("ip link add eth0 type veth peer other"));
	CHECK(link_attach(&topology, 3, container_fd, &err) == -EEXIST);
	CHECK(failed("bring it up: File exists"));
	CHECK(count_links(container) == 3);
	container_end();
}

static void test_ipvlan(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	if (shell_in(getpid(),
		    "ip link add link eth1 name ipv0 type ipvlan 2>/dev/null "
		    "&& ip link del ipv0") != 0) {
		check_skip("the kernel has no ipvlan");
		return;
	}
	check_on_parent(4, "ipvlan *mode l2", "default via 192.0.2.1 dev eth0");
	check_on_parent(5, "ipvlan *mode l3", "default dev eth0");
}

static void fail_each_call(size_t endpoint)
{
	unsigned int before = fault_count_fds();
	unsigned int refused = 0;
	unsigned int nth = 1;

	for (;; nth++) {
		int result;
		bool fired;

		container_begin();
		/* a macvlan of a namespace that still goes has its MAC */
		endpoints[3].mac[5] = (uint8_t)nth;
		err = (struct error){ .code = 0 };
		fault_arm(nth, ENOBUFS);
		result = link_attach(&topology, endpoint, container_fd, &err);
		fired = fault_fired();
		if (!CHECK(result == 0 || result == -ENOBUFS))
			printf("# call %u: %s\n", nth, err.text);
		if (result < 0) {
			refused++;
			CHECK(failed("attach 'web-1' to network '"));
			CHECK(count_links(container) == 1);
			CHECK(count_links(getpid()) == 5);
		} else {
			CHECK(inside(
				"ip -o link show eth0 | grep -q '[<,]UP'"));
		}
		CHECK(link_detach(endpoints[endpoint].link, &err) == 0);
		container_end();
		CHECK(fault_count_fds() == before);
		if (!fired)
			break;
	}
	CHECK(nth > 12 && refused >= 9);
}

static void test_every_call_fails_once(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	check_row("veth");
	fail_each_call(0);
	is_old = true;
	check_row("veth, and an older kernel");
	fail_each_call(0);
	is_old = false;
	check_row("macvlan");
	fail_each_call(3);
}

static void test_detaching_fails(void)
{
	unsigned int nth = 1;

	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	for (;; nth++) {
		int result;

		CHECK(attach(0));
		fault_arm(nth, ENOBUFS);
		result = link_detach("tv00000001", &err);
		if (!fault_fired()) {
			CHECK(result == 0);
			break;
		}
		CHECK(result == 0 || (result == -ENOBUFS && err.text[0]));
		CHECK(link_detach("tv00000001", &err) == 0);
	}
	container_end();
	CHECK(count_links(getpid()) == 5);
}

int main(void)
{
	topology_fill();
	scene_begin();
	if (!missing &&
		(link_apply_networks(&topology, &err) < 0 ||
			!holds("ip link add eth0 type veth peer eth1 &&"
			       "ip link set eth0 up && ip link set eth1 up")))
		return 1;
	RUN(test_attaches);
	RUN(test_with_an_older_kernel);
	RUN(test_several_networks);
	RUN(test_replaces_what_is_left);
	RUN(test_tells_why_not);
	RUN(test_macvlan);
	RUN(test_ipvlan);
	RUN(test_every_call_fails_once);
	RUN(test_detaching_fails);
	return check_done();
}
