// SPDX-License-Identifier: MIT
/*
 * conntrack - connections of the kernel, listed and forgotten
 *
 * To forget, connections are first listed and then deleted one by one, each by
 * its tuple and id: so a new one with the same tuple is left alone.
 */
#include "net/conntrack.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	ASK_BYTES = 256,
	PROTOCOL_TCP = 6,
	PROTOCOL_SCTP = 132,
	DOOMED_MAX = 256, /* connections of one pass */
	PASSES_MAX = 4096,
};

/* enum tcp_conntrack of nf_conntrack_tcp.h */
static const char *const tcp_states[] = { "none", "syn-sent", "syn-received",
	"established", "fin-wait", "close-wait", "last-ack", "time-wait",
	"close", "syn-sent-both" };

/* enum sctp_conntrack of nf_conntrack_sctp.h */
static const char *const sctp_states[] = { "none", "closed", "cookie-wait",
	"cookie-echoed", "established", "shutdown-sent", "shutdown-received",
	"shutdown-ack-sent", "heartbeat-sent" };

static void begin(struct netlink_batch *batch, unsigned int message,
	unsigned int flags, uint8_t family)
{
	const struct nfgenmsg body = { .nfgen_family = family };

	netlink_begin(batch, NFNL_SUBSYS_CTNETLINK << 8 | message, flags, &body,
		sizeof(body));
}

static void read_address(const struct nlattr *attribute, uint8_t family,
	struct address *out)
{
	struct address address = { .family = family };
	size_t size = address_size(&address);

	if (netlink_size(attribute) != size)
		return;
	memcpy(address.bytes, netlink_data(attribute), size);
	*out = address;
}

static void read_tuple(const struct nlattr *from, struct conntrack_tuple *out,
	uint8_t *protocol)
{
	const struct nlattr *tuple[CTA_TUPLE_MAX + 1];
	const struct nlattr *ip[CTA_IP_MAX + 1];
	const struct nlattr *proto[CTA_PROTO_MAX + 1];

	netlink_parse_nested(from, tuple, COUNT(tuple));
	netlink_parse_nested(tuple[CTA_TUPLE_IP], ip, COUNT(ip));
	netlink_parse_nested(tuple[CTA_TUPLE_PROTO], proto, COUNT(proto));
	read_address(ip[CTA_IP_V4_SRC], AF_INET, &out->source);
	read_address(ip[CTA_IP_V6_SRC], AF_INET6, &out->source);
	read_address(ip[CTA_IP_V4_DST], AF_INET, &out->destination);
	read_address(ip[CTA_IP_V6_DST], AF_INET6, &out->destination);
	out->source_port = netlink_be16(proto[CTA_PROTO_SRC_PORT]);
	out->destination_port = netlink_be16(proto[CTA_PROTO_DST_PORT]);
	*protocol = netlink_u8(proto[CTA_PROTO_NUM]);
}

static void read_icmp(const struct nlattr *from, struct conntrack_tuple *out)
{
	static const struct {
		unsigned int id, type, code;
	} kinds[] = {
		{ CTA_PROTO_ICMP_ID, CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMP_CODE },
		{ CTA_PROTO_ICMPV6_ID, CTA_PROTO_ICMPV6_TYPE,
			CTA_PROTO_ICMPV6_CODE },
	};
	const struct nlattr *tuple[CTA_TUPLE_MAX + 1];
	const struct nlattr *proto[CTA_PROTO_MAX + 1];

	netlink_parse_nested(from, tuple, COUNT(tuple));
	netlink_parse_nested(tuple[CTA_TUPLE_PROTO], proto, COUNT(proto));
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (!proto[kinds[i].id])
			continue;
		out->source_port = netlink_be16(proto[kinds[i].id]);
		out->destination_port =
			(uint16_t)(netlink_u8(proto[kinds[i].type]) << 8 |
				   netlink_u8(proto[kinds[i].code]));
	}
}

static const char *name_of(const char *const *names, size_t count, uint8_t i)
{
	return i < count ? names[i] : "";
}

static const char *read_state(const struct nlattr *from, uint8_t protocol)
{
	const struct nlattr *info[CTA_PROTOINFO_MAX + 1];
	const struct nlattr *inner[CTA_PROTOINFO_TCP_MAX + 1];

	netlink_parse_nested(from, info, COUNT(info));
	if (protocol == PROTOCOL_TCP && info[CTA_PROTOINFO_TCP]) {
		netlink_parse_nested(info[CTA_PROTOINFO_TCP], inner,
			COUNT(inner));
		return name_of(tcp_states, COUNT(tcp_states),
			netlink_u8(inner[CTA_PROTOINFO_TCP_STATE]));
	}
	if (protocol == PROTOCOL_SCTP && info[CTA_PROTOINFO_SCTP]) {
		netlink_parse_nested(info[CTA_PROTOINFO_SCTP], inner,
			COUNT(inner));
		return name_of(sctp_states, COUNT(sctp_states),
			netlink_u8(inner[CTA_PROTOINFO_SCTP_STATE]));
	}
	return "";
}

static uint64_t read_be64(const struct nlattr *attribute)
{
	uint64_t value = 0;

	if (netlink_size(attribute) == sizeof(value))
		memcpy(&value, netlink_data(attribute), sizeof(value));
	return be64toh(value);
}

static void read_counters(const struct nlattr *from, uint64_t *packets,
	uint64_t *bytes)
{
	const struct nlattr *counters[CTA_COUNTERS_MAX + 1];

	netlink_parse_nested(from, counters, COUNT(counters));
	*packets = read_be64(counters[CTA_COUNTERS_PACKETS]);
	*bytes = read_be64(counters[CTA_COUNTERS_BYTES]);
}

static void read_status(uint32_t status, struct conntrack *out)
{
	out->is_answered = status & IPS_SEEN_REPLY;
	out->is_assured = status & IPS_ASSURED;
	out->is_offloaded = status & IPS_OFFLOAD;
	out->has_dnat = status & IPS_DST_NAT;
	out->has_snat = status & IPS_SRC_NAT;
}

static void read_all(const struct nlattr *const *table, struct conntrack *out)
{
	uint8_t protocol;

	read_tuple(table[CTA_TUPLE_ORIG], &out->original, &out->protocol);
	read_tuple(table[CTA_TUPLE_REPLY], &out->reply, &protocol);
	read_icmp(table[CTA_TUPLE_ORIG], &out->original);
	read_icmp(table[CTA_TUPLE_REPLY], &out->reply);
	out->state = read_state(table[CTA_PROTOINFO], out->protocol);
	read_status(netlink_be32(table[CTA_STATUS]), out);
	out->mark = netlink_be32(table[CTA_MARK]);
	out->timeout_s = netlink_be32(table[CTA_TIMEOUT]);
	read_counters(table[CTA_COUNTERS_ORIG], &out->original_packets,
		&out->original_bytes);
	read_counters(table[CTA_COUNTERS_REPLY], &out->reply_packets,
		&out->reply_bytes);
}

/* ---- listing ------------------------------------------------------------- */

struct listing {
	conntrack_fn *visit;
	void *context;
};

static void visit_message(const struct nlmsghdr *message, void *context)
{
	const struct listing *listing = context;
	const struct nlattr *table[CTA_MAX + 1];
	struct conntrack connection = { .state = "" };

	netlink_parse(message, sizeof(struct nfgenmsg), table, COUNT(table));
	if (!table[CTA_TUPLE_ORIG] || !table[CTA_TUPLE_REPLY])
		return;
	read_all(table, &connection);
	listing->visit(&connection, listing->context);
}

static int dump(int fd, uint8_t family, netlink_fn *visit, void *context)
{
	uint64_t room[ASK_BYTES / sizeof(uint64_t)];
	struct netlink_batch batch;
	int result;

	netlink_init(&batch, room, sizeof(room));
	begin(&batch, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	result = netlink_ask(fd, &batch, visit, context);
	/* connections come and go: a dump that met a change is still one */
	return result == -EINTR ? 0 : result;
}

int conntrack_list(conntrack_fn *visit, void *context, struct error *err)
{
	struct listing listing = { .visit = visit, .context = context };
	auto_fd fd = netlink_open(NETLINK_NETFILTER, err);
	int result;

	if (fd < 0)
		return fd;
	result = dump(fd, AF_UNSPEC, visit_message, &listing);
	if (result < 0) {
		errno = -result;
		return error_errno(err, "list connections");
	}
	return 0;
}

/* ---- forgetting ---------------------------------------------------------- */

/* Requests to delete, made while the connections are listed. */
struct doomed {
	const struct address *address;
	uint8_t protocol;
	struct netlink_batch batch;
	uint64_t room[DOOMED_MAX * ASK_BYTES / sizeof(uint64_t)];
};

static bool is_doomed(const struct doomed *doomed,
	const struct nlattr *const *table)
{
	struct conntrack_tuple reply = { .source_port = 0 };
	uint8_t protocol;

	if (!table[CTA_TUPLE_ORIG] || !table[CTA_ID] ||
		!(netlink_be32(table[CTA_STATUS]) & IPS_DST_NAT))
		return false;
	read_tuple(table[CTA_TUPLE_REPLY], &reply, &protocol);
	return (doomed->protocol == 0 || doomed->protocol == protocol) &&
	       address_compare(&reply.source, doomed->address) == 0;
}

static void add_copy(struct netlink_batch *batch,
	const struct nlattr *attribute)
{
	netlink_add(batch, attribute->nla_type, netlink_data(attribute),
		netlink_size(attribute));
}

static void doom(const struct nlmsghdr *message, void *context)
{
	struct doomed *doomed = context;
	const struct nlattr *table[CTA_MAX + 1];

	netlink_parse(message, sizeof(struct nfgenmsg), table, COUNT(table));
	if (doomed->batch.count == DOOMED_MAX || !is_doomed(doomed, table))
		return;
	begin(&doomed->batch, IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
		doomed->address->family);
	add_copy(&doomed->batch, table[CTA_TUPLE_ORIG]);
	add_copy(&doomed->batch, table[CTA_ID]);
	if (table[CTA_ZONE])
		add_copy(&doomed->batch, table[CTA_ZONE]);
}

/*
 * Deletes one after the other, as the kernel ends a row of requests at the
 * first that fails; one that is gone by itself is fine.
 */
static int delete_all(int fd, const struct netlink_batch *batch)
{
	for (size_t at = 0; at < batch->used;) {
		unsigned char *begins = batch->data + at;
		const struct nlmsghdr *message = (const void *)begins;
		const struct netlink_batch one = {
			.data = begins,
			.size = message->nlmsg_len,
			.used = message->nlmsg_len,
			.count = 1,
		};
		int result = netlink_commit(fd, &one, NULL);

		if (result < 0 && result != -ENOENT)
			return result;
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	return 0;
}

/* Forgets up to DOOMED_MAX; how many there were, or -errno. */
static int forget_some(int fd, struct doomed *doomed)
{
	int result;

	netlink_init(&doomed->batch, doomed->room, sizeof(doomed->room));
	result = dump(fd, doomed->address->family, doom, doomed);
	if (result == 0)
		result = delete_all(fd, &doomed->batch);
	return result < 0 ? result : (int)doomed->batch.count;
}

int conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err)
{
	struct doomed doomed = { .address = address, .protocol = protocol };
	auto_fd fd = netlink_open(NETLINK_NETFILTER, err);
	int count = DOOMED_MAX;
	int total = 0;

	if (fd < 0)
		return fd;
	for (int i = 0; i < PASSES_MAX && count == DOOMED_MAX; i++) {
		count = forget_some(fd, &doomed);
		if (count < 0) {
			errno = -count;
			return error_errno(err, "forget connections");
		}
		total += count;
	}
	return total;
}
