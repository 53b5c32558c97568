// SPDX-License-Identifier: MIT
/* supervise_addresses_test - what is shown are the addresses of the machine */
#include "supervise/addresses.h"

#include <poll.h>

#include "lib/text.h"
#include "net_link.h"

static bool lists(const char *wanted)
{
	char list[256];

	addresses_list(list, sizeof(list));
	if (text_equal(list, wanted))
		return true;
	printf("# listed '%s'\n", list);
	return false;
}

static void test_lists(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(lists(""));
	CHECK(holds("ip link add one type bridge &&"
		    "ip link set one address 02:00:00:00:00:01 up &&"
		    "ip address add 192.0.2.7/24 dev one &&"
		    "ip address add 198.51.100.7/32 dev one"));
	CHECK(lists("one 192.0.2.7/24, 198.51.100.7/32"));
}

/* Those of the networks of workloads are nobody's to connect to. */
static void test_leaves_out_ours(void)
{
	if (missing) {
		check_skip(missing);
		return;
	}
	CHECK(holds("ip link add tb0a1b2c3d type bridge &&"
		    "ip link set tb0a1b2c3d up &&"
		    "ip address add 172.18.0.1/16 dev tb0a1b2c3d"));
	CHECK(lists("one 192.0.2.7/24, 198.51.100.7/32"));
	CHECK(holds("ip link add tbone type bridge &&"
		    "ip link set tbone up &&"
		    "ip address add 203.0.113.7/24 dev tbone"));
	CHECK(lists("one 192.0.2.7/24, 198.51.100.7/32; "
		    "tbone 203.0.113.7/24"));
}

static bool is_told(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

/* A thousand workloads that start are a thousand links. */
static void test_hears_of_addresses_only(void)
{
	int fd;

	if (missing) {
		check_skip(missing);
		return;
	}
	/* those of the links that are there would still become usable */
	CHECK(holds("echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"));
	fd = addresses_open(&err);
	CHECK(fd >= 0);
	/* the kernel tells before it answers */
	CHECK(holds("ip link add two type bridge && ip link set two up &&"
		    "ip link add tv0a1b2c3d type veth peer name there &&"
		    "ip link set tv0a1b2c3d master two up &&"
		    "ip link delete tv0a1b2c3d"));
	CHECK(!is_told(fd));
	CHECK(holds("ip address add 192.0.2.8/32 dev two"));
	CHECK(is_told(fd));
	addresses_drain(fd);
	CHECK(!is_told(fd));
	CHECK(holds("ip address delete 192.0.2.8/32 dev two"));
	CHECK(is_told(fd));
	addresses_drain(fd);
	CHECK(holds("echo 0 >/proc/sys/net/ipv6/conf/two/disable_ipv6 &&"
		    "ip address add 2001:db8::8/64 dev two"));
	CHECK(is_told(fd));
	(void)close(fd);
}

int main(void)
{
	scene_begin();
	RUN(test_lists);
	RUN(test_leaves_out_ours);
	RUN(test_hears_of_addresses_only);
	return check_done();
}
