// SPDX-License-Identifier: MIT
/* lib_netlink_test - messages are built as the kernel wants, answers checked */
#include "lib/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "lib/fd.h"
#include "lib/text.h"

#define BUFFER(name, bytes) \
	unsigned char name[bytes] __attribute__((aligned(8)))

static void ask_link(struct netlink_batch *batch, const char *name)
{
	const struct ifinfomsg body = { .ifi_family = AF_UNSPEC };

	netlink_begin(batch, RTM_GETLINK, 0, &body, sizeof(body));
	netlink_add_string(batch, IFLA_IFNAME, name);
}

struct seen {
	size_t count;
	bool has_loopback;
	int index;
};

static void see_link(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[IFLA_IFNAME + 1];
	struct seen *seen = context;

	if (message->nlmsg_type != RTM_NEWLINK)
		return;
	netlink_parse(message, sizeof(struct ifinfomsg), table,
		IFLA_IFNAME + 1);
	seen->count++;
	if (table[IFLA_IFNAME] &&
		text_equal(netlink_data(table[IFLA_IFNAME]), "lo"))
		seen->has_loopback = true;
}

static void test_asks_for_one(void)
{
	BUFFER(buffer, 256);
	struct netlink_batch batch;
	struct seen seen = { 0 };
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);

	netlink_init(&batch, buffer, sizeof(buffer));
	ask_link(&batch, "lo");
	CHECK(netlink_ask(fd, &batch, see_link, &seen) == 0);
	CHECK(seen.count == 1 && seen.has_loopback);
	netlink_init(&batch, buffer, sizeof(buffer));
	ask_link(&batch, "there-is-none");
	CHECK(netlink_ask(fd, &batch, see_link, &seen) == -ENODEV);
}

static void test_asks_for_all(void)
{
	BUFFER(buffer, 256);
	const struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct netlink_batch batch;
	struct seen seen = { 0 };
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);

	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	CHECK(netlink_ask(fd, &batch, see_link, &seen) == 0);
	CHECK(seen.count >= 1 && seen.has_loopback);
}

static void test_says_which_failed(void)
{
	BUFFER(buffer, 1024);
	const struct ifinfomsg good = { .ifi_index = 1 };
	const struct ifinfomsg bad = { .ifi_index = 0x7ffffff0 };
	struct netlink_batch batch;
	size_t failed = 99;
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);

	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK, &good, sizeof(good));
	CHECK(netlink_commit(fd, &batch, &failed) == 0 && failed == 99);
	netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK, &bad, sizeof(bad));
	netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK, &good, sizeof(good));
	CHECK(netlink_commit(fd, &batch, &failed) == -ENODEV);
	CHECK(failed == 1);
	/* what is left of that answer is none of the next */
	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK, &good, sizeof(good));
	CHECK(netlink_commit(fd, &batch, &failed) == 0);
}

static void test_what_does_not_fit(void)
{
	BUFFER(buffer, 64);
	const struct ifinfomsg body = { .ifi_index = 1 };
	struct netlink_batch batch;
	auto_fd fd = netlink_open(NETLINK_ROUTE, NULL);

	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, RTM_NEWLINK, NLM_F_ACK, &body, sizeof(body));
	netlink_add(&batch, IFLA_IFALIAS, buffer, 28);
	CHECK(!batch.is_cut && batch.used == 64);
	netlink_add_u8(&batch, IFLA_CARRIER, 1);
	CHECK(batch.is_cut && batch.used == 64);
	CHECK(netlink_commit(fd, &batch, NULL) == -EMSGSIZE);
}

static void test_nests(void)
{
	BUFFER(buffer, 256);
	const struct nlattr *outer[4];
	const struct nlattr *inner[4];
	struct netlink_batch batch;
	size_t at;

	netlink_init(&batch, buffer, sizeof(buffer));
	netlink_begin(&batch, 1, 0, NULL, 0);
	at = netlink_nest(&batch, 2);
	netlink_add_u16(&batch, 1, 7);
	netlink_add_be32(&batch, 3, 0x01020304);
	netlink_close(&batch, at);
	netlink_add_u8(&batch, 3, 9);
	netlink_parse((void *)buffer, 0, outer, 4);
	CHECK(outer[1] == NULL && outer[2] && netlink_u8(outer[3]) == 9);
	netlink_parse_nested(outer[2], inner, 4);
	CHECK(netlink_size(inner[1]) == 2);
	CHECK(netlink_be32(inner[3]) == 0x01020304);
	CHECK(inner[2] == NULL && netlink_u32(inner[2]) == 0);
	CHECK(netlink_u32(inner[1]) == 0); /* too short */
	CHECK(netlink_data(NULL) == NULL && netlink_size(NULL) == 0);
}

/* Whatever lengths somebody writes, nothing outside is read (ASan). */
static void test_broken_attributes(void)
{
	for (unsigned int length = 0; length < 70; length++) {
		BUFFER(buffer, 16 + 48) = { 0 };
		const struct nlmsghdr message = { .nlmsg_len = 64 };
		const struct nlattr *table[4];
		struct nlattr head = { (uint16_t)length, 1 };

		memcpy(buffer, &message, sizeof(message));
		memcpy(buffer + 16, &head, sizeof(head));
		netlink_parse((void *)buffer, 0, table, 4);
		CHECK((table[1] != NULL) == (length >= 4 && length <= 48));
		netlink_parse((void *)buffer, 46, table, 4);
		CHECK(table[1] == NULL);
		netlink_parse((void *)buffer, 4000, table, 4);
		CHECK(table[1] == NULL);
	}
}

int main(void)
{
	RUN(test_asks_for_one);
	RUN(test_asks_for_all);
	RUN(test_says_which_failed);
	RUN(test_what_does_not_fit);
	RUN(test_nests);
	RUN(test_broken_attributes);
	return check_done();
}
