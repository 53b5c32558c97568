// SPDX-License-Identifier: MIT
/*
 * net_link_network_test - bridges become what the topology says, and stay
 *
 * wrap: sendto recvfrom socket write
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "fault.h"
#include "lib/arena.h"
#include "lib/text.h"
#include "net/link.h"
#include "net_link.h"

static unsigned int writes, changes;

FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
static unsigned int interrupted; /* so many dumps change while they are read */

ssize_t __real_recvfrom(int fd, void *data, size_t size, int flags,
	struct sockaddr *from, socklen_t *length);
ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
	struct sockaddr *from, socklen_t *length);
ssize_t __wrap_recvfrom(int fd, void *data, size_t size, int flags,
	struct sockaddr *from, socklen_t *length)
{
	ssize_t got = fault_strikes() ? -1
				      : __real_recvfrom(fd, data, size, flags,
						from, length);
	struct nlmsghdr head;
	ssize_t last = -1;

	for (ssize_t at = 0; interrupted > 0 && at < got;
		at += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, (char *)data + at, sizeof(head));
		if (head.nlmsg_type == RTM_NEWLINK)
			last = at;
	}
	if (last >= 0) {
		memcpy(&head, (char *)data + last, sizeof(head));
		head.nlmsg_flags |= NLM_F_DUMP_INTR;
		memcpy((char *)data + last, &head, sizeof(head));
		interrupted--;
	}
	return got;
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	writes++;
	return fault_strikes() ? -1 : __real_write(fd, data, size);
}

ssize_t __real_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length)
{
	const unsigned char *at = data;
	struct nlmsghdr head;

	for (size_t left = size; left >= sizeof(head);
		left -= NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, at + (size - left), sizeof(head));
		changes += head.nlmsg_type != RTM_GETLINK &&
			   head.nlmsg_type != RTM_GETADDR &&
			   head.nlmsg_type != RTM_GETROUTE;
	}
	return fault_strikes()
		       ? -1
		       : __real_sendto(fd, data, size, flags, to, length);
}

static struct topology_network networks[2];
static struct topology_group groups[2];
static struct topology topology = { .networks = networks, .groups = groups };

static void topology_reset(void)
{
	networks[0] = (struct topology_network){
		.name = "front",
		.bridge = "tb00000001",
		.subnet4 = prefix_of("172.30.0.0/16"),
		.subnet6 = prefix_of("fd12:3456:789a:1::/64"),
		.gateway4 = address_of("172.30.0.1"),
		.gateway6 = address_of("fd12:3456:789a:1::1"),
	};
	networks[1] = (struct topology_network){
		.name = "back",
		.bridge = "tb00000002",
		.subnet4 = prefix_of("172.31.0.0/16"),
		.gateway4 = address_of("172.31.0.1"),
		.mtu = 1400,
	};
	groups[0] = (struct topology_group){
		.network = 0,
		.service = "web",
		.virtual4 = address_of("172.30.0.100"),
		.virtual6 = address_of("fd12:3456:789a:1::100"),
	};
	groups[1] = (struct topology_group){ .network = 1, .service = "db" };
	topology.network_count = 2;
	topology.group_count = 2;
}

static bool apply(void)
{
	err = (struct error){ .code = 0 };
	if (link_apply_networks(&topology, &err) == 0)
		return true;
	printf("# %s\n", err.text);
	return false;
}

static void clean_up(void)
{
	topology.network_count = topology.group_count = 0;
	CHECK(apply());
	CHECK(count_links(getpid()) == 1);
	topology_reset();
}

static void test_makes_bridges(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	topology_reset();
	CHECK(apply());
	CHECK(count_links(getpid()) == 3);
	CHECK(holds("ip -d link show tb00000001 | grep -q 'alias tare front'"));
	CHECK(holds("ip -o link show tb00000001 | grep -q '[<,]UP[,>]'"));
	CHECK(holds(
		"ip -d link show tb00000001 | grep -q "
		"'bridge forward_delay 0 .*stp_state 0 .*mcast_snooping 1'"));
	CHECK(holds("ip -o link show tb00000002 | grep -q 'mtu 1400'"));
	CHECK(holds("ip -o address show tb00000001 | grep -q 172.30.0.1/16"));
	CHECK(holds("ip -o address show tb00000001 | grep -q "
		    "'172.30.0.100/32'"));
	CHECK(holds("ip -o address show tb00000001 | grep -q "
		    "'fd12:3456:789a:1::1/64 scope global nodad'"));
	CHECK(holds(
		"ip -o address show tb00000001 | grep -q "
		"'fd12:3456:789a:1::100/128 scope global nodad deprecated'"));
	CHECK(holds("! ip -o address show | grep -q tentative.*global"));
	CHECK(holds("ip -o address show tb00000002 | grep -q 172.31.0.1/16"));
}

/* What is as it should be is not touched: no message, no write. */
static void test_changes_nothing_twice(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply());
	writes = changes = 0;
	CHECK(apply());
	CHECK(writes == 0 && changes == 0);
	topology.group_count = 0;
	CHECK(apply());
	CHECK(writes == 0 && changes == 2);
	CHECK(holds("! ip address | grep -q '::100/128\\|0.100/32'"));
	topology.group_count = 2;
}

static void test_sets_sysctls(void)
{
	static const struct row {
		const char *path;
		const char *value;
	} rows[] = {
		{ "ipv4/ip_forward", "1" },
		{ "ipv6/conf/all/forwarding", "1" },
		{ "ipv4/conf/all/send_redirects", "0" },
		{ "ipv4/conf/tb00000001/send_redirects", "0" },
		{ "ipv4/conf/tb00000001/route_localnet", "1" },
		{ "ipv4/conf/tb00000001/rp_filter", "1" },
		{ "ipv4/conf/tb00000001/arp_ignore", "1" },
		{ "ipv4/conf/tb00000001/arp_announce", "2" },
		{ "ipv6/conf/tb00000001/accept_ra", "0" },
		{ "ipv6/conf/tb00000001/addr_gen_mode", "0" },
		{ "ipv6/conf/tb00000002/accept_ra", "0" },
		/* an uplink that learns, one that does not, those to come */
		{ "ipv6/conf/up0/accept_ra", "2" },
		{ "ipv6/conf/up1/accept_ra", "0" },
		{ "ipv6/conf/default/accept_ra", "2" },
	};

	if (missing) {
		check_skip(missing);
		return;
	}
	clean_up();
	CHECK(holds("ip link add up0 type veth peer up1 &&"
		    "echo 0 >/proc/sys/net/ipv6/conf/all/forwarding &&"
		    "echo 1 >/proc/sys/net/ipv6/conf/default/accept_ra &&"
		    "echo 1 >/proc/sys/net/ipv6/conf/up0/accept_ra &&"
		    "echo 0 >/proc/sys/net/ipv6/conf/up1/accept_ra"));
	CHECK(apply());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];

		(void)snprintf(text, sizeof(text),
			"test $(cat /proc/sys/net/%s) = %s", rows[i].path,
			rows[i].value);
		check_row(rows[i].path);
		CHECK(holds(text));
	}
	/* of a kernel that has them */
	CHECK(holds("! grep -qs 1 /proc/sys/net/bridge/bridge-nf-call-*"));
	CHECK(holds("ip link del up0"));
}

static void test_repairs(void)
{
	static const char *const damages[] = {
		"ip link set tb00000001 down",
		"ip link set tb00000001 mtu 1300",
		"ip link set tb00000001 alias 'tare other'",
		"ip link set tb00000001 address 02:00:00:00:00:01",
		"ip link set tb00000001 type bridge forward_delay 200",
		"ip link set tb00000001 type bridge stp_state 1",
		"ip address flush dev tb00000001 scope global",
		"ip address add 172.30.0.9/16 dev tb00000001",
		"ip address del 172.30.0.1/16 dev tb00000001 &&"
		"ip address add 172.30.0.8/16 dev tb00000001 &&"
		"ip address add 172.30.0.1/16 dev tb00000001",
		"ip address del 172.30.0.1/16 dev tb00000001 &&"
		"ip address add 172.30.0.1/24 dev tb00000001",
		"ip -6 address del fd12:3456:789a:1::1/64 dev tb00000001 &&"
		"ip -6 address add fd12:3456:789a:1::1/80 dev tb00000001",
		"ip -6 address add 2001:db8::1/64 dev tb00000001",
		"ip link del tb00000001",
		"ip link del tb00000001 && ip link add tb00000009 type bridge "
		"&& ip link set tb00000009 alias 'tare old'",
		"echo 1 >/proc/sys/net/ipv6/conf/tb00000001/accept_ra",
	};
	char wanted[4096];
	char text[8192];

	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply());
	/* times of life count down, and indices up */
	(void)text_copy(wanted, sizeof(wanted),
		"{ ip -d address show tb00000001;"
		" cat /proc/sys/net/ipv6/conf/tb00000001/accept_ra; } |"
		"grep -v fe80 | sed 's/^[0-9]*: //; s/ valid_lft.*//;"
		" s/_timer *[0-9.]*//g; s/state [A-Z]*//; s/tentative//' | sort");
	(void)snprintf(text, sizeof(text), "{ %s; } >/tmp/net_link_wanted",
		wanted);
	CHECK(holds(text));
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		check_row(damages[i]);
		CHECK(holds(damages[i]));
		CHECK(apply());
		(void)snprintf(text, sizeof(text),
			"{ %s; } | diff - /tmp/net_link_wanted", wanted);
		CHECK(holds(text));
		CHECK(count_links(getpid()) == 3);
	}
	(void)unlink("/tmp/net_link_wanted");
}

/* A MAC that does not change when ports come and go. */
static void test_keeps_its_mac(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply());
	CHECK(holds(
		"mac() { ip -br link show tb00000001 |"
		" awk '{ print $3 }'; }; a=$(mac);"
		"ip link add p0 address 00:00:00:00:00:09 type veth peer p1;"
		"ip link set p0 master tb00000001; ip link set p0 up;"
		"ip link set p1 up; b=$(mac); ip link del p0;"
		"test -n \"$a\" && test \"$a\" = \"$b\""));
}

static void test_removes_what_is_no_longer_there(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply());
	topology.network_count = 1;
	topology.group_count = 1;
	CHECK(apply());
	CHECK(count_links(getpid()) == 2);
	CHECK(holds("ip link show tb00000001 >/dev/null"));
	clean_up();
}

static void test_leaves_others_alone(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(holds("ip link add br0 type bridge &&"
		    "ip link set br0 alias 'tare br0' &&"
		    "ip link add tb0000000g type bridge &&"
		    "ip link set tb0000000g alias 'tare x' &&"
		    "ip link add tb000000011 type bridge &&"
		    "ip link set tb000000011 alias 'tare x' &&"
		    "ip link add tb00000007 type veth peer tb00000008 &&"
		    "ip link set tb00000007 alias 'tare x' &&"
		    "ip link add tb00000002 type bridge &&"
		    "ip address add 192.0.2.1/24 dev tb00000002"));
	err = (struct error){ .code = 0 };
	CHECK(link_apply_networks(&topology, &err) == -EEXIST);
	CHECK(failed("make bridge 'tb00000002' of network 'back': File"));
	/* the other network is there nevertheless */
	CHECK(holds("ip -o address show tb00000001 | grep -q 172.30.0.1/16"));
	CHECK(holds("ip -o address show tb00000002 | grep -q 192.0.2.1/24"));
	CHECK(count_links(getpid()) == 1 + 6 + 1);
	CHECK(holds("for i in br0 tb0000000g tb000000011 tb00000007 "
		    "tb00000002; do ip link del $i || exit 1; done"));
	clean_up();
}

/* One that was begun, when power or we went. */
static void test_goes_on_with_half_a_bridge(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply());
	CHECK(holds("ip link set tb00000001 alias ''"));
	CHECK(apply());
	CHECK(holds("ip -d link show tb00000001 | grep -q 'alias tare front'"));
	clean_up();
}

/* More than fits into a packet or two. */
static void test_many(void)
{
	static struct topology_network many[32];
	static struct topology_group more[TOPOLOGY_GROUPS_MAX];
	static char names[32][8];
	const struct topology all = { .networks = many,
		.network_count = 32,
		.groups = more,
		.group_count = TOPOLOGY_GROUPS_MAX };

	if (missing) {
		check_skip(missing);
		return;
	}
	for (size_t i = 0; i < 32; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "n%zu", i);
		many[i] = networks[0];
		many[i].name = names[i];
		(void)snprintf(many[i].bridge, IFNAMSIZ, "tb%08zx", i);
		many[i].subnet4.address.bytes[1] = (uint8_t)i;
		many[i].gateway4.bytes[1] = (uint8_t)i;
		many[i].subnet6.address.bytes[7] = (uint8_t)i;
		many[i].gateway6.bytes[7] = (uint8_t)i;
	}
	for (size_t i = 0; i < TOPOLOGY_GROUPS_MAX; i++) {
		more[i] = groups[0];
		more[i].network = i % 32;
		more[i].virtual4.bytes[1] = (uint8_t)(i % 32);
		more[i].virtual4.bytes[2] = (uint8_t)(1 + i / 32);
		more[i].virtual6.bytes[7] = (uint8_t)(i % 32);
		more[i].virtual6.bytes[14] = (uint8_t)(1 + i / 32);
	}
	err = (struct error){ .code = 0 };
	CHECK(link_apply_networks(&all, &err) == 0);
	CHECK(count_links(getpid()) == 33);
	CHECK(holds("test $(ip -o -4 address | grep -c ' 172[.]') = 4128"));
	CHECK(holds("test $(ip -o -6 address show to fd12::/16 | wc -l) = "
		    "4128"));
	writes = changes = 0;
	CHECK(link_apply_networks(&all, &err) == 0);
	CHECK(writes == 0 && changes == 0);
	clean_up();
}

static void test_reads_what_is_taken(void)
{
	static const char wanted[] =
		" 192.0.2.0/24 203.0.113.2/32 203.0.113.1/32 2001:db8:1::/64 "
		"10.2.0.0/16 10.1.0.0/16 198.51.100.0/25 2001:db8:2::/48";
	auto_arena arena = { 0 };
	const struct prefix *taken;
	char found[1024];
	struct text text;
	size_t count;

	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply());
	CHECK(holds("ip link add up0 type veth peer up1 && ip link set up0 up "
		    "&& ip link set up1 up && "
		    "ip address add 192.0.2.7/24 dev up0 && "
		    "ip address add 203.0.113.1 peer 203.0.113.2 dev up0 && "
		    "ip address add 169.254.3.4/16 dev up0 && "
		    "ip -6 address add 2001:db8:1::7/64 dev up0 nodad && "
		    "ip route add 10.1.0.0/16 via 192.0.2.1 && "
		    "ip route add 10.1.5.0/24 via 192.0.2.1 && "
		    "ip route add unreachable 198.51.100.0/25 && "
		    "ip route add 10.2.0.0/16 table 77 via 192.0.2.1 && "
		    "ip route add default via 192.0.2.1 && "
		    "ip route add 128.0.0.0/1 via 192.0.2.1 && "
		    "ip route add 10.77.0.0/16 dev tb00000001 && "
		    "ip -6 route add 2001:db8:2::/48 via 2001:db8:1::1 && "
		    "ip -6 route add default via 2001:db8:1::1"));
	if (!CHECK(link_read_taken(&arena, &taken, &count, &err) == 0))
		return;
	text_init(&text, found, sizeof(found));
	for (size_t i = 0; i < count; i++) {
		char own[PREFIX_TEXT_SIZE];
		struct prefix prefix = taken[i];

		/* of an address, its network */
		if (prefix.length == 24)
			prefix.address.bytes[3] = 0;
		if (prefix.length == 64)
			prefix.address.bytes[15] = 0;
		text_add(&text, " %s", prefix_print(&prefix, own));
	}
	if (!CHECK(text_equal(found, wanted)))
		printf("#%s\n", found);
	CHECK(holds("ip link del up0; ip route flush table 77;"
		    "ip route del unreachable 198.51.100.0/25"));
	clean_up();
}

static void test_reads_uplinks(void)
{
	char names[TOPOLOGY_UPLINKS_MAX][IFNAMSIZ];
	size_t count = 0;

	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(apply()); /* bridges of ours, and lo, are none */
	CHECK(holds("ip link add up0 type veth peer up1 && "
		    "ip tuntap add tun0 mode tun"));
	CHECK(link_read_uplinks(names, &count, &err) == 0);
	CHECK(count == 2 && text_equal(names[0], "up1") &&
		text_equal(names[1], "up0"));
	/* what changed meanwhile is read again, from the start */
	interrupted = 3;
	CHECK(link_read_uplinks(names, &count, &err) == 0);
	CHECK(interrupted == 0 && count == 2);
	CHECK(text_equal(names[0], "up1") && text_equal(names[1], "up0"));
	interrupted = 1000;
	CHECK(link_read_uplinks(names, &count, &err) == -EINTR && count == 0);
	CHECK(text_equal(err.text,
		"read the machine's links: Interrupted system call"));
	CHECK(interrupted > 900);
	interrupted = 0;
	CHECK(holds("ip link del tun0; for i in $(seq 80); do "
		    "ip tuntap add d$i mode tap || exit 1; done"));
	CHECK(link_read_uplinks(names, &count, &err) == 0);
	CHECK(count == TOPOLOGY_UPLINKS_MAX);
	CHECK(holds("ip link del up0; for i in $(seq 80); do "
		    "ip link del d$i; done"));
	clean_up();
}

static void test_every_call_fails_once(void)
{
	unsigned int before = fault_count_fds();
	unsigned int nth = 1;
	unsigned int refused = 0;

	if (missing) {
		check_skip(missing);
		return;
	}
	for (;; nth++) {
		int result;

		topology_reset();
		err = (struct error){ .code = 0 };
		fault_arm(nth, ENOBUFS);
		result = link_apply_networks(&topology, &err);
		if (!fault_fired()) {
			CHECK(result == 0);
			break;
		}
		check_row("a call");
		CHECK(result == 0 || result == -ENOBUFS);
		CHECK((result == 0) == (err.text[0] == '\0'));
		refused += result < 0;
		CHECK(fault_count_fds() == before);
		CHECK(apply());
		CHECK(count_links(getpid()) == 3);
		clean_up();
	}
	CHECK(nth > 20 && refused > 8);
	clean_up();
}

int main(void)
{
	scene_begin();
	RUN(test_makes_bridges);
	RUN(test_changes_nothing_twice);
	RUN(test_sets_sysctls);
	RUN(test_repairs);
	RUN(test_keeps_its_mac);
	RUN(test_removes_what_is_no_longer_there);
	RUN(test_leaves_others_alone);
	RUN(test_goes_on_with_half_a_bridge);
	RUN(test_many);
	RUN(test_reads_what_is_taken);
	RUN(test_reads_uplinks);
	RUN(test_every_call_fails_once);
	return check_done();
}
