// SPDX-License-Identifier: MIT
/* supervise_addresses_test - what is shown are the addresses of the machine */
#include "supervise/addresses.h"

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

int main(void)
{
	scene_begin();
	RUN(test_lists);
	RUN(test_leaves_out_ours);
	return check_done();
}
