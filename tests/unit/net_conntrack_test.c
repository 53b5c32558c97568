// SPDX-License-Identifier: MIT
/* net_conntrack_test - connections are listed as they are, and forgotten
 *
 * They are made by hand, in a namespace; tests/net/rules has real ones.
 */
#include "net/conntrack.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net_scene.h"

#define FLOWS 600 /* more than are forgotten in one pass */

static void add_tuple(struct netlink_batch *batch, unsigned int kind,
	const struct conntrack_tuple *tuple, uint8_t protocol)
{
	size_t nest = netlink_nest(batch, kind);
	size_t inner = netlink_nest(batch, CTA_TUPLE_IP);
	uint16_t source = htobe16(tuple->source_port);
	uint16_t destination = htobe16(tuple->destination_port);

	netlink_add(batch, CTA_IP_V4_SRC, tuple->source.bytes, 4);
	netlink_add(batch, CTA_IP_V4_DST, tuple->destination.bytes, 4);
	netlink_close(batch, inner);
	inner = netlink_nest(batch, CTA_TUPLE_PROTO);
	netlink_add_u8(batch, CTA_PROTO_NUM, protocol);
	netlink_add_u16(batch, CTA_PROTO_SRC_PORT, source);
	netlink_add_u16(batch, CTA_PROTO_DST_PORT, destination);
	netlink_close(batch, inner);
	netlink_close(batch, nest);
}

static void add_protocol_state(struct netlink_batch *batch, uint8_t protocol)
{
	size_t nest, inner;

	if (protocol != 6)
		return;
	nest = netlink_nest(batch, CTA_PROTOINFO);
	inner = netlink_nest(batch, CTA_PROTOINFO_TCP);
	netlink_add_u8(batch, CTA_PROTOINFO_TCP_STATE, 3);
	netlink_close(batch, inner);
	netlink_close(batch, nest);
}

/* A connection of 172.20.9.9:port to 172.20.0.1:80, led to an address. */
static int make_flow(int fd, uint8_t protocol, uint16_t port, struct address to)
{
	const struct nfgenmsg body = { .nfgen_family = AF_INET };
	const struct conntrack_tuple original = { scene_ip4(9, 9),
		scene_ip4(0, 1), port, 80 };
	const struct conntrack_tuple reply = { scene_ip4(0, 1), scene_ip4(9, 9),
		80, port };
	struct netlink_batch batch;
	uint64_t room[64];
	size_t nest;

	netlink_init(&batch, room, sizeof(room));
	netlink_begin(&batch, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
		NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &body, sizeof(body));
	add_tuple(&batch, CTA_TUPLE_ORIG, &original, protocol);
	add_tuple(&batch, CTA_TUPLE_REPLY, &reply, protocol);
	netlink_add_be32(&batch, CTA_TIMEOUT, 600);
	netlink_add_be32(&batch, CTA_MARK, 7);
	netlink_add_be32(&batch, CTA_STATUS,
		IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED);
	add_protocol_state(&batch, protocol);
	nest = netlink_nest(&batch, CTA_NAT_DST);
	netlink_add(&batch, CTA_NAT_V4_MINIP, to.bytes, 4);
	netlink_close(&batch, nest);
	return netlink_commit(fd, &batch, NULL);
}

struct seen {
	size_t tcp, udp;
	struct conntrack last; /* of TCP */
};

static void see(const struct conntrack *connection, void *context)
{
	struct seen *seen = context;

	if (connection->protocol == 17) {
		seen->udp++;
		return;
	}
	seen->tcp++;
	seen->last = *connection;
}

static struct seen list(void)
{
	struct seen seen = { .tcp = 0 };

	CHECK(conntrack_list(see, &seen, NULL) == 0);
	return seen;
}

static bool same(struct address a, struct address b)
{
	return address_compare(&a, &b) == 0;
}

static void test_lists(void)
{
	struct seen seen;
	auto_fd fd = -1;

	if (!scene_enter())
		return;
	fd = netlink_open(NETLINK_NETFILTER, NULL);
	CHECK(list().tcp == 0);
	CHECK(make_flow(fd, 6, 5000, scene_ip4(0, 2)) == 0);
	CHECK(make_flow(fd, 17, 5000, scene_ip4(0, 3)) == 0);
	seen = list();
	CHECK(seen.tcp == 1 && seen.udp == 1);
	CHECK(same(seen.last.original.source, scene_ip4(9, 9)));
	CHECK(same(seen.last.original.destination, scene_ip4(0, 1)));
	CHECK(seen.last.original.source_port == 5000);
	CHECK(seen.last.original.destination_port == 80);
	CHECK(same(seen.last.reply.source, scene_ip4(0, 2)));
	CHECK(seen.last.has_dnat && !seen.last.has_snat);
	CHECK(seen.last.is_answered && seen.last.is_assured);
	CHECK(seen.last.mark == 7);
	CHECK(seen.last.timeout_s > 500 && seen.last.timeout_s <= 600);
	CHECK(text_equal(seen.last.state, "established"));
}

static void test_forgets(void)
{
	const struct address gone = scene_ip4(0, 2);
	unsigned int before = fault_count_fds();
	auto_fd fd = -1;

	if (!scene_enter())
		return;
	fd = netlink_open(NETLINK_NETFILTER, NULL);
	for (uint16_t i = 0; i < FLOWS; i++)
		CHECK(make_flow(fd, 17, (uint16_t)(5000 + i), gone) == 0);
	CHECK(make_flow(fd, 17, 4000, scene_ip4(0, 3)) == 0);
	CHECK(make_flow(fd, 6, 4000, gone) == 0);
	CHECK(list().udp == FLOWS + 1);
	CHECK(conntrack_forget(&gone, 17, NULL) == FLOWS);
	CHECK(list().udp == 1 && list().tcp == 1);
	CHECK(conntrack_forget(&gone, 0, NULL) == 1);
	CHECK(list().udp == 1 && list().tcp == 0);
	CHECK(conntrack_forget(&gone, 0, NULL) == 0);
	CHECK(fault_count_fds() == before + 1);
}

int main(void)
{
	RUN(test_lists);
	RUN(test_forgets);
	return check_done();
}
