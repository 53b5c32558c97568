// SPDX-License-Identifier: MIT
/* net_probe - echo requests, and what comes back for them */
#include "cli/net_probe.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "cli/net_host.h"
#include "cli/net_socket.h"
#include "lib/error.h"
#include "lib/fd.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	HEAD = 8, /* of ICMP */
	IP6_HEAD = 40,
	USUAL_TTL = 64,
	FILTER_OPTION = 1, /* ICMP_FILTER of linux/icmp.h */
};

/* What a type of ICMP or ICMPv6 means. */
struct meaning {
	uint8_t type;
	enum net_answer_kind kind;
	bool is_too_big;
};

static const struct meaning meanings4[] = {
	{ ICMP_ECHOREPLY, NET_ANSWER_ECHO, false },
	{ ICMP_DEST_UNREACH, NET_ANSWER_UNREACHABLE, false },
	{ ICMP_TIME_EXCEEDED, NET_ANSWER_EXCEEDED, false },
};

static const struct meaning meanings6[] = {
	{ ICMP6_ECHO_REPLY, NET_ANSWER_ECHO, false },
	{ ICMP6_DST_UNREACH, NET_ANSWER_UNREACHABLE, false },
	{ ICMP6_PACKET_TOO_BIG, NET_ANSWER_UNREACHABLE, true },
	{ ICMP6_TIME_EXCEEDED, NET_ANSWER_EXCEEDED, false },
};

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

/* RFC 1071 */
static uint16_t checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

size_t net_probe_build(uint8_t out[NET_PROBE_SIZE], uint8_t family, uint16_t id,
	uint16_t sequence)
{
	bool is_6 = family == AF_INET6;

	memset(out, 0, HEAD);
	out[0] = is_6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	put16(out + 4, id);
	put16(out + 6, sequence);
	for (size_t i = HEAD; i < NET_PROBE_SIZE; i++)
		out[i] = (uint8_t)i;
	/* that of IPv6 is the kernel's, with addresses in it */
	if (!is_6)
		put16(out + 2, checksum(out, NET_PROBE_SIZE));
	return NET_PROBE_SIZE;
}

/* ---- what comes back ----------------------------------------------------- */

/* Steps over an IPv4 header of that protocol; NULL: it is none. */
static const uint8_t *skip_ip4(const uint8_t *bytes, size_t *size)
{
	size_t head;

	if (*size < 20 || bytes[0] >> 4 != 4 || bytes[9] != IPPROTO_ICMP)
		return NULL;
	head = (size_t)(bytes[0] & 15) * 4;
	if (head < 20 || head > *size)
		return NULL;
	*size -= head;
	return bytes + head;
}

/* The request that an error is about; NULL: it is not whole. */
static const uint8_t *find_request(const struct net_probe *probe,
	const uint8_t *bytes, size_t *size)
{
	size_t length = address_size(&probe->to);
	bool is_6 = probe->to.family == AF_INET6;

	/* both have the destination at the end of their shortest header */
	if (*size < (is_6 ? IP6_HEAD : 20) ||
		memcmp(bytes + (is_6 ? 24 : 16), probe->to.bytes, length) != 0)
		return NULL;
	if (!is_6)
		return skip_ip4(bytes, size);
	if (bytes[6] != IPPROTO_ICMPV6)
		return NULL;
	*size -= IP6_HEAD;
	return bytes + IP6_HEAD;
}

static const struct meaning *find_meaning(uint8_t family, uint8_t type)
{
	bool is_6 = family == AF_INET6;
	const struct meaning *meanings = is_6 ? meanings6 : meanings4;
	size_t count = is_6 ? COUNT(meanings6) : COUNT(meanings4);

	for (size_t i = 0; i < count; i++) {
		if (meanings[i].type == type)
			return &meanings[i];
	}
	return NULL;
}

/* bytes is an ICMP message of either family. */
static void parse_message(const struct net_probe *probe, const uint8_t *bytes,
	size_t size, struct net_answer *out)
{
	bool is_6 = probe->to.family == AF_INET6;
	const struct meaning *meaning;
	const uint8_t *request = bytes;

	if (size < HEAD)
		return;
	meaning = find_meaning(probe->to.family, bytes[0]);
	if (!meaning)
		return;
	if (meaning->kind != NET_ANSWER_ECHO) {
		size -= HEAD;
		request = find_request(probe, bytes + HEAD, &size);
		if (!request || size < HEAD ||
			request[0] != (is_6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO))
			return;
	}
	if (get16(request + 4) != probe->id)
		return;
	out->kind = meaning->kind;
	out->sequence = get16(request + 6);
	out->code = bytes[1];
	out->is_too_big = meaning->is_too_big ||
			  (!is_6 && meaning->kind == NET_ANSWER_UNREACHABLE &&
				  bytes[1] == ICMP_FRAG_NEEDED);
	if (out->is_too_big)
		out->mtu = is_6 ? (uint32_t)get16(bytes + 4) << 16 |
					   get16(bytes + 6)
				: get16(bytes + 6);
}

void net_probe_parse(const struct net_probe *probe, const uint8_t *bytes,
	size_t size, struct net_answer *out)
{
	*out = (struct net_answer){ .kind = NET_ANSWER_NONE };
	if (probe->to.family == AF_INET) {
		const uint8_t *inside = skip_ip4(bytes, &size);

		if (!inside)
			return;
		out->ttl = bytes[8];
		bytes = inside;
	}
	parse_message(probe, bytes, size, out);
}

const char *net_probe_reason(const struct net_answer *answer)
{
	/* RFC 792, RFC 1812, 5.2.7.1 */
	static const char *const reasons4[] = {
		[ICMP_NET_UNREACH] = "no route to the network",
		[ICMP_HOST_UNREACH] = "the host does not answer there",
		[ICMP_PROT_UNREACH] = "the host does not speak ICMP",
		[ICMP_FRAG_NEEDED] = "the packet is too big",
		[ICMP_NET_ANO] = "the network is forbidden",
		[ICMP_HOST_ANO] = "the host is forbidden",
		[ICMP_PKT_FILTERED] = "a firewall forbids it",
	};
	/* RFC 4443, 3.1 */
	static const char *const reasons6[] = {
		[ICMP6_DST_UNREACH_NOROUTE] = "no route to the network",
		[ICMP6_DST_UNREACH_ADMIN] = "a firewall forbids it",
		[ICMP6_DST_UNREACH_BEYONDSCOPE] =
			"the source address has no way there",
		[ICMP6_DST_UNREACH_ADDR] = "the host does not answer there",
		[5] = "the source address is forbidden",
		[6] = "the route there rejects it",
	};
	bool is_6 = answer->from.family == AF_INET6;
	const char *const *reasons = is_6 ? reasons6 : reasons4;
	size_t count = is_6 ? COUNT(reasons6) : COUNT(reasons4);

	if (answer->is_too_big)
		return "the packet is too big";
	return answer->code < count && reasons[answer->code]
		       ? reasons[answer->code]
		       : "unreachable";
}

/* ---- the socket ---------------------------------------------------------- */

/* Others' packets are of no interest; without it they are passed over. */
static void filter_v4(int fd)
{
	uint32_t blocked = UINT32_MAX;

	for (size_t i = 0; i < COUNT(meanings4); i++)
		blocked &= ~(UINT32_C(1) << meanings4[i].type);
	(void)setsockopt(fd, SOL_RAW, FILTER_OPTION, &blocked, sizeof(blocked));
}

static void filter_v6(int fd)
{
	struct icmp6_filter filter;
	const int yes = 1;

	/* RFC 3542, 3.2: a bit that is set blocks */
	memset(&filter, 0xff, sizeof(filter));
	for (size_t i = 0; i < COUNT(meanings6); i++)
		filter.icmp6_filt[meanings6[i].type / 32] &=
			~(UINT32_C(1) << meanings6[i].type % 32);
	(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
		sizeof(filter));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &yes,
		sizeof(yes));
}

int net_probe_open(struct net_probe *probe, struct error *err)
{
	const int kind = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;

	probe->fd = -1;
	probe->fds[1] = socket(AF_INET6, kind, IPPROTO_ICMPV6);
	probe->fds[0] = socket(AF_INET, kind, IPPROTO_ICMP);
	if (probe->fds[0] < 0 && probe->fds[1] < 0)
		return error_errno(err, "open a socket for ICMP");
	if (probe->fds[0] >= 0)
		filter_v4(probe->fds[0]);
	if (probe->fds[1] >= 0)
		filter_v6(probe->fds[1]);
	return 0;
}

void net_probe_close(struct net_probe *probe)
{
	fd_close(&probe->fds[0]);
	fd_close(&probe->fds[1]);
}

int net_probe_aim(struct net_probe *probe, const struct net_host *host,
	struct error *err)
{
	bool is_6 = host->address.family == AF_INET6;

	probe->to = host->address;
	probe->scope = host->scope;
	probe->fd = probe->fds[is_6];
	if (probe->fd < 0)
		return error_set(err, -EAFNOSUPPORT,
			"this machine does not speak %s",
			is_6 ? "IPv6" : "IPv4");
	if (getrandom(&probe->id, sizeof(probe->id), 0) != sizeof(probe->id))
		return error_errno(err, "get a random number");
	return 0;
}

int net_probe_send(struct net_probe *probe, uint16_t sequence, unsigned int ttl)
{
	bool is_6 = probe->to.family == AF_INET6;
	int hops = (int)(ttl ? ttl : USUAL_TTL);
	uint8_t packet[NET_PROBE_SIZE];
	size_t size =
		net_probe_build(packet, probe->to.family, probe->id, sequence);
	struct net_peer peer;

	if (setsockopt(probe->fd, is_6 ? IPPROTO_IPV6 : IPPROTO_IP,
		    is_6 ? IPV6_UNICAST_HOPS : IP_TTL, &hops, sizeof(hops)) < 0)
		return -errno;
	net_peer_make(&peer, &probe->to, 0, probe->scope);
	if (sendto(probe->fd, packet, size, 0, &peer.any, peer.size) < 0)
		return -errno;
	return 0;
}

static uint8_t hops_of(const struct msghdr *message)
{
	static const struct cmsghdr like = {
		.cmsg_level = IPPROTO_IPV6,
		.cmsg_type = IPV6_HOPLIMIT,
	};
	int hops = 0;

	net_peer_besides(message, &like, &hops, sizeof(hops));
	return (uint8_t)hops;
}

int net_probe_receive(struct net_probe *probe, struct net_answer *out)
{
	uint8_t packet[NET_PACKET_MAX];
	uint64_t room[16];
	struct net_peer peer = { .size = 0 };
	struct iovec part = { packet, sizeof(packet) };
	struct msghdr message = {
		.msg_name = &peer.any,
		.msg_namelen = sizeof(peer.v6),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	ssize_t size = recvmsg(probe->fd, &message, 0);

	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	net_probe_parse(probe, packet, (size_t)size, out);
	out->from = net_peer_address(&peer);
	if (probe->to.family == AF_INET6)
		out->ttl = hops_of(&message);
	/* an echo of another than was asked is none */
	return out->kind != NET_ANSWER_NONE &&
	       (out->kind != NET_ANSWER_ECHO ||
		       address_is_multicast(&probe->to) ||
		       address_compare(&out->from, &probe->to) == 0);
}
