// SPDX-License-Identifier: MIT
/*
 * net_link_settle_test - the links of a container that runs, as networks change
 *
 * wrap: sendto recvfrom socket setns
 */
#include <errno.h>
#include <sys/socket.h>

#include "fault.h"
#include "lib/text.h"
#include "net/link.h"
#include "net_link.h"

#define NETWORKS 3 /* with a bridge */
#define LAN      3 /* one without */
#define PLACES   4
#define ENDED    99 /* status of a process */

FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
/* The message before which this process ends; 0: it does not. */
static unsigned int ends_at;

ssize_t __real_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
	const struct sockaddr *to, socklen_t length)
{
	if (ends_at > 0 && --ends_at == 0)
		_exit(ENDED);
	return fault_strikes()
		       ? -1
		       : __real_sendto(fd, data, size, flags, to, length);
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

static struct topology_network networks[NETWORKS + 1] = {
	{ .name = "front", .bridge = "tb00000001" },
	{ .name = "back", .bridge = "tb00000002" },
	{ .name = "side", .bridge = "tb00000003", .mtu = 1400 },
	{ .name = "lan", .driver = TOPOLOGY_MACVLAN, .parent = "card0" },
};
static struct topology_endpoint endpoints[PLACES];
static struct topology topology = {
	.networks = networks,
	.network_count = NETWORKS + 1,
	.endpoints = endpoints,
};

/* A step from some networks of "web" to others, by digits: 0 is "front". A
 * letter "d" behind one: the default route is there. */
static const struct step {
	const char *from, *to;
	const char *stays; /* those that are the same links as before */
} steps[] = {
	{ "0d", "0d", "0" },
	{ "0d", "0d1", "0" },
	{ "0d1", "0d", "0" },
	{ "0d1", "1d", "1" }, /* eth1 becomes eth0, and the way out */
	{ "1d", "0d1", "1" },
	{ "0d1", "10d", "01" }, /* they change their names */
	{ "01d2", "20d1", "012" },
	{ "0d1", "01d", "01" }, /* the way out is another one */
	{ "0d1", "01", "01" },  /* there is none */
	{ "01", "0d1", "01" },
	{ "0d", "1d", "" },
	{ "01d", "2d", "" },
	{ "0d", "0d12", "0" },
};

static void place(const char *text)
{
	size_t count = 0;

	for (; *text; text++) {
		struct topology_endpoint *own = &endpoints[count++];
		unsigned int number = (unsigned int)(*text - '0');
		char address[32];

		*own = (struct topology_endpoint){
			.network = number,
			.container = "web",
			.mac = { 2, 0x42, 172, (uint8_t)(30 + number), 0, 2 },
		};
		(void)snprintf(own->link, sizeof(own->link), "tv0000000%u",
			number + 1);
		(void)snprintf(own->name, sizeof(own->name), "eth%zu",
			count - 1);
		(void)snprintf(address, sizeof(address), "172.%u.0.2",
			30 + number);
		own->address4 = address_of(address);
		(void)snprintf(address, sizeof(address), "fd00:%u::2",
			30 + number);
		own->address6 = address_of(address);
		own->has_default_route = text[1] == 'd';
		text += text[1] == 'd';
	}
	topology.endpoint_count = count;
}

static void topology_fill(void)
{
	for (unsigned int i = 0; i <= LAN; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "172.%u.0.0/16", 30 + i);
		networks[i].subnet4 = prefix_of(text);
		(void)snprintf(text, sizeof(text), "172.%u.0.1", 30 + i);
		networks[i].gateway4 = address_of(text);
		(void)snprintf(text, sizeof(text), "fd00:%u::/64", 30 + i);
		networks[i].subnet6 = prefix_of(text);
		(void)snprintf(text, sizeof(text), "fd00:%u::1", 30 + i);
		networks[i].gateway6 = address_of(text);
	}
}

static bool inside(const char *text)
{
	return holds_in(container, text);
}

static bool settle(void)
{
	err = (struct error){ .code = 0 };
	if (link_settle(&topology, 0, topology.endpoint_count, container_fd,
		    &err) == 0)
		return true;
	printf("# %s\n", err.text);
	return false;
}

/* All of a container's links are as they should be, to link_compare. */
static bool compares(void)
{
	bool is_right[PLACES] = { false };
	bool all = true;

	CHECK(link_compare(&topology, is_right, &err) == 0);
	for (size_t i = 0; i < topology.endpoint_count; i++)
		all = all && is_right[i];
	return all;
}

/* The container has what its endpoints say, it works, and nothing else. */
static bool is_as_placed(void)
{
	char text[256];
	bool result =
		count_links(container) == (int)topology.endpoint_count + 1;
	int ways = 0;

	for (size_t i = 0; i < topology.endpoint_count; i++) {
		const struct topology_endpoint *own = &endpoints[i];
		unsigned int net = 30 + (unsigned int)own->network;

		(void)snprintf(text, sizeof(text),
			"ip -o address show %s | grep -q ' 172.%u.0.2/16 ' && "
			"ping -c 1 -W 2 -q 172.%u.0.1 >/dev/null && "
			"ping -c 1 -W 2 -q fd00:%u::1 >/dev/null",
			own->name, net, net, net);
		result = inside(text) && result;
		ways += own->has_default_route;
		(void)snprintf(text, sizeof(text),
			"ip route | grep -q '^default via 172.%u.0.1 dev %s' "
			"&& ip -6 route | grep -q "
			"'^default via fd00:%u::1 dev %s'",
			net, own->name, net, own->name);
		result = (!own->has_default_route || inside(text)) && result;
	}
	(void)snprintf(text, sizeof(text),
		"test $(ip route | grep -c default) = %d && "
		"test $(ip -6 route | grep -c default) = %d",
		ways, ways);
	return inside(text) && result &&
	       count_links(getpid()) ==
		       1 + NETWORKS + (int)topology.endpoint_count;
}

/* Index of the host's end of the link to a network, 0: there is none. */
static unsigned int index_of(char network)
{
	char name[IFNAMSIZ];

	(void)snprintf(name, sizeof(name), "tv0000000%c", network + 1);
	return if_nametoindex(name);
}

/* Not only when the kernel gets to the namespace that they lead to. */
static void detach_all(void)
{
	for (unsigned int n = 1; n <= NETWORKS; n++) {
		char name[IFNAMSIZ];

		(void)snprintf(name, sizeof(name), "tv0000000%u", n % 10);
		CHECK(link_detach(name, &err) == 0);
	}
}

static void test_steps(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		unsigned int before[NETWORKS];
		char label[32];

		(void)snprintf(label, sizeof(label), "%s to %s", steps[i].from,
			steps[i].to);
		check_row(label);
		container_begin();
		place(steps[i].from);
		CHECK(!compares());
		CHECK(settle());
		CHECK(is_as_placed() && compares());
		for (unsigned int n = 0; n < NETWORKS; n++)
			before[n] = index_of((char)('0' + n));
		place(steps[i].to);
		CHECK(compares() == text_equal(steps[i].from, steps[i].to));
		CHECK(settle());
		CHECK(is_as_placed() && compares());
		for (unsigned int n = 0; n < NETWORKS; n++) {
			char number = (char)('0' + n);

			if (strchr(steps[i].stays, number))
				CHECK(index_of(number) == before[n]);
		}
		detach_all();
		container_end();
	}
}

/* As an agent makes it that starts it: there is nothing to do. */
static void test_after_attach(void)
{
	unsigned int before;

	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	place("0d1");
	CHECK(link_attach(&topology, 0, container_fd, &err) == 0);
	CHECK(!compares());
	CHECK(link_attach(&topology, 1, container_fd, &err) == 0);
	CHECK(compares());
	CHECK(holds("ip link show tv00000001 | grep -qE "
		    "'alias tare web front [0-9a-f]{16} eth0 default$'"));
	CHECK(holds("ip link show tv00000002 | grep -qE "
		    "'alias tare web back [0-9a-f]{16} eth1$'"));
	before = index_of('0');
	CHECK(settle() && is_as_placed() && index_of('0') == before);
	place("");
	CHECK(settle());
	CHECK(link_detach("tv00000001", &err) == 0);
	CHECK(link_detach("tv00000002", &err) == 0);
	container_end();
}

/* What else there is of it, or of somebody with a longer name. */
static void test_others(void)
{
	unsigned int web2, back;

	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	place("0d1");
	CHECK(settle());
	CHECK(holds(
		"ip link add tv0000000a master tb00000003 type veth peer oa "
		"&& ip link set tv0000000a alias 'tare web2 side'"));
	web2 = if_nametoindex("tv0000000a");
	CHECK(compares());
	CHECK(holds("ip link add tv0000000b type veth peer ob "
		    "&& ip link set tv0000000b alias 'tare web old 12 eth9'"));
	CHECK(!compares());
	check_row("made with something else");
	back = index_of('1');
	endpoints[1].address4 = address_of("172.31.0.9");
	CHECK(!compares() && settle() && compares());
	CHECK(index_of('1') != back);
	CHECK(inside("ip -o address show eth1 | grep -q ' 172.31.0.9/16 '"));
	CHECK(holds("! ip link show tv0000000b >/dev/null 2>&1"));
	CHECK(if_nametoindex("tv0000000a") == web2);
	check_row("a bridge that was removed and is there again");
	back = index_of('1');
	CHECK(holds("ip link set tv00000002 nomaster"));
	CHECK(!compares() && settle() && compares());
	CHECK(index_of('1') != back);
	check_row("begun, and not finished");
	CHECK(holds("ip link set tv00000002 alias 'tare web back'"));
	back = index_of('1');
	CHECK(!compares() && settle() && compares());
	CHECK(index_of('1') != back);
	CHECK(holds(
		"ip link del tv00000002 && "
		"ip link add tv00000002 master tb00000002 type veth peer x"));
	CHECK(!compares() && settle() && compares());
	check_row("moved aside, and not back");
	back = index_of('1');
	CHECK(inside("ip link set eth1 name tv00000002"));
	CHECK(holds("ip link set tv00000002 alias \"$(ip link show tv00000002 |"
		    "sed -n 's/ *alias \\(.*\\) eth1$/\\1/p')\""));
	CHECK(!compares() && settle() && compares());
	CHECK(index_of('1') == back);
	CHECK(inside("ip -o address show eth1 | grep -q ' 172.31.0.9/16 '"));
	CHECK(holds("ip link del tv0000000a"));
	place("0d1");
	CHECK(settle() && is_as_placed());
	CHECK(link_detach("tv00000001", &err) == 0);
	CHECK(link_detach("tv00000002", &err) == 0);
	container_end();
}

/* A link that has no end here comes and goes with its container only. */
static void test_macvlan_stays(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(holds("ip link add card0 type veth peer card1"));
	container_begin();
	place("30d");
	CHECK(link_attach(&topology, 0, container_fd, &err) == 0);
	CHECK(!compares());
	CHECK(settle() && compares());
	CHECK(inside("ip link set eth0 alias mine"));
	place("31d");
	CHECK(!compares());
	CHECK(settle() && compares());
	CHECK(inside("ip link show eth0 | grep -q 'alias mine'"));
	CHECK(inside("ip -o address show eth0 | grep -q ' 172.33.0.2/16 '"));
	CHECK(inside("ping -c 1 -W 2 -q 172.31.0.1 >/dev/null"));
	CHECK(count_links(container) == 3);
	CHECK(link_detach("tv00000002", &err) == 0);
	container_end();
	CHECK(holds("ip link del card0"));
}

/* A program with the right to it may have given its links names, too. */
static void test_names_that_are_taken(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	container_begin();
	place("0d");
	CHECK(settle());
	CHECK(inside("ip link add eth1 type veth peer other"));
	place("0d1");
	CHECK(link_settle(&topology, 0, 2, container_fd, &err) == -EEXIST);
	CHECK(failed("attach 'web' to network 'back': make 'eth1' in it: "));
	CHECK(!compares());
	CHECK(inside("ping -c 1 -W 2 -q 172.30.0.1 >/dev/null"));
	CHECK(inside("ip link del eth1"));
	CHECK(settle() && is_as_placed());
	/* one that it gave another name gets its own back, when that is free */
	CHECK(inside("ip link set eth1 name mine && "
		     "ip link add eth1 type veth peer other"));
	CHECK(compares());
	place("1d0");
	CHECK(link_settle(&topology, 0, 2, container_fd, &err) == -EEXIST);
	CHECK(failed("put 'eth1' of 'web' in place: File exists"));
	CHECK(inside("ip link del eth1"));
	CHECK(settle() && is_as_placed());
	CHECK(link_settle(&topology, 0, 2, 0, &err) < 0);
	CHECK(failed("enter its network namespace: "));
	CHECK(link_detach("tv00000001", &err) == 0);
	CHECK(link_detach("tv00000002", &err) == 0);
	container_end();
}

static void fail_each_call(const char *from, const char *to)
{
	unsigned int before = fault_count_fds();
	unsigned int refused = 0;
	unsigned int nth = 1;

	for (;; nth++) {
		int result;
		bool fired;

		container_begin();
		place(from);
		CHECK(settle());
		place(to);
		err = (struct error){ .code = 0 };
		fault_arm(nth, ENOBUFS);
		result = link_settle(&topology, 0, topology.endpoint_count,
			container_fd, &err);
		fired = fault_fired();
		if (!CHECK(result == 0 || result == -ENOBUFS))
			printf("# call %u: %s\n", nth, err.text);
		CHECK(result == 0 ? compares() : *err.text != '\0');
		refused += result < 0;
		/* whatever was left, the next one makes it right */
		CHECK(settle() && is_as_placed() && compares());
		detach_all();
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
	check_row("one comes, one goes");
	fail_each_call("0d1", "0d2");
	check_row("two change places");
	fail_each_call("0d1", "10d");
}

/* A child settles, and ends before its nth message; the next one goes on. */
static void die_at_each_message(const char *from, const char *to)
{
	int status = 0;

	for (unsigned int nth = 1;; nth++) {
		pid_t child;

		container_begin();
		place(from);
		CHECK(settle());
		place(to);
		(void)fflush(stdout);
		child = fork();
		if (child == 0) {
			ends_at = nth;
			_exit(!settle());
		}
		CHECK(waitpid(child, &status, 0) == child);
		CHECK(settle() && is_as_placed() && compares());
		detach_all();
		container_end();
		if (WEXITSTATUS(status) != ENDED) {
			CHECK(WEXITSTATUS(status) == 0 && nth > 6);
			break;
		}
	}
}

static void test_dies_at_each_message(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	check_row("one comes, one goes");
	die_at_each_message("0d1", "0d2");
	check_row("two change places");
	die_at_each_message("0d1", "10d");
}

static void test_comparing_fails(void)
{
	unsigned int before = fault_count_fds();
	bool is_right[PLACES];
	unsigned int nth = 1;

	if (missing) {
		check_skip(missing);
		return;
	}
	place("0d1");
	for (;; nth++) {
		int result;
		bool fired;

		fault_arm(nth, ENOBUFS);
		result = link_compare(&topology, is_right, &err);
		fired = fault_fired();
		CHECK(fault_count_fds() == before);
		if (!fired) {
			CHECK(result == 0 && nth > 3);
			break;
		}
		CHECK(result == 0 || (result == -ENOBUFS && err.text[0]));
	}
}

int main(void)
{
	topology_fill();
	scene_begin();
	if (!missing && link_apply_networks(&topology, &err) < 0)
		return 1;
	RUN(test_steps);
	RUN(test_after_attach);
	RUN(test_others);
	RUN(test_macvlan_stays);
	RUN(test_names_that_are_taken);
	RUN(test_every_call_fails_once);
	RUN(test_dies_at_each_message);
	RUN(test_comparing_fails);
	return check_done();
}
