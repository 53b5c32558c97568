// SPDX-License-Identifier: MIT
/* net_tap - packets that come in and go out, as they are */
#include "cli/net_tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cli/net_filter.h"
#include "cli/net_pcap.h"
#include "cli/net_socket.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/netlink.h"
#include "lib/text.h"
#include "net/link_parts.h"

enum {
	ROOM_BYTES = 8 << 20, /* of packets that wait */
	FAR = 3,              /* edits, from which on nothing is meant */
	TAG_AT = 12,          /* behind both MACs */
	TAG_BYTES = 4,
};

/* ---- which link ---------------------------------------------------------- */

struct search {
	const char *name;
	struct link_found exact;
	struct link_found ours; /* by its alias */
	size_t best;
	char nearest[IFNAMSIZ];
};

/* Whether the alias is "tare NAME" or "tare NAME ...". */
static bool has_alias(const struct link_found *link, const char *name)
{
	char alias[LINK_ALIAS_SIZE];
	size_t length;

	link_make_alias(alias, name);
	length = strlen(alias);
	return (link_is_bridge(link) || link_is_port(link)) &&
	       text_starts_with(link->alias, alias) &&
	       (link->alias[length] == '\0' || link->alias[length] == ' ');
}

static void see_link(const struct nlmsghdr *message, void *context)
{
	struct search *search = context;
	struct link_found link;
	size_t distance;

	if (!link_parse(message, &link))
		return;
	if (text_equal(link.name, search->name))
		search->exact = link;
	if (!search->ours.index && has_alias(&link, search->name))
		search->ours = link;
	distance = text_distance(link.name, search->name);
	if (distance < search->best) {
		search->best = distance;
		memcpy(search->nearest, link.name, sizeof(search->nearest));
	}
}

static int find_link(const char *name, int *index, char out[IFNAMSIZ],
	struct error *err)
{
	struct search search = { .name = name, .best = FAR };
	auto_fd fd = netlink_open(NETLINK_ROUTE, err);
	const struct link_found *found;
	int result;

	if (fd < 0)
		return fd;
	result = link_dump(fd, see_link, &search);
	/* one that came or went is no other than ours */
	if (result < 0 && result != -EINTR)
		return error_set(err, result, "list interfaces: %s",
			strerror(-result));
	found = search.exact.index ? &search.exact : &search.ours;
	if (found->index) {
		*index = found->index;
		memcpy(out, found->name, IFNAMSIZ);
		return 0;
	}
	if (search.best < FAR)
		return error_set(err, -ENODEV,
			"there is no interface '%s', did you mean '%s'?", name,
			search.nearest);
	return error_set(err, -ENODEV,
		"there is no interface '%s'; 'tare net' lists them", name);
}

/* ---- the socket ---------------------------------------------------------- */

static bool is_ethernet(unsigned int type)
{
	return type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK;
}

static int find_type(struct net_tap *tap, const char *name, struct error *err)
{
	struct ifreq request = { 0 };

	(void)text_copy(request.ifr_name, sizeof(request.ifr_name), name);
	if (ioctl(tap->fd, SIOCGIFHWADDR, &request) < 0)
		return error_errno(err, "ask for the kind of '%s'", name);
	tap->is_raw = !is_ethernet(request.ifr_hwaddr.sa_family);
	return 0;
}

static int set_filter(const struct net_tap *tap,
	const struct net_filter *filter, struct error *err)
{
	struct net_filter wanted = *filter;
	struct sock_filter code[NET_FILTER_MAX];
	struct sock_fprog program = { .filter = code };
	const int room = ROOM_BYTES;
	const int yes = 1;

	wanted.is_raw = tap->is_raw;
	program.len = (unsigned short)net_filter_make(&wanted, code);
	if (setsockopt(tap->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		    sizeof(program)) < 0)
		return error_errno(err, "filter packets");
	/* without, more are missed, and times are those of reading */
	(void)setsockopt(tap->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
		sizeof(room));
	(void)setsockopt(tap->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes,
		sizeof(yes));
	(void)setsockopt(tap->fd, SOL_PACKET, PACKET_AUXDATA, &yes,
		sizeof(yes));
	return 0;
}

static int bind_all(struct net_tap *tap, const char *link,
	const struct net_filter *filter, struct error *err)
{
	struct sockaddr_ll place = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	char name[IFNAMSIZ] = "";
	int result = 0;

	if (link)
		result = find_link(link, &place.sll_ifindex, name, err);
	if (result == 0 && link)
		result = find_type(tap, name, err);
	if (result == 0)
		result = set_filter(tap, filter, err);
	if (result < 0)
		return result;
	if (bind(tap->fd, (const void *)&place, sizeof(place)) < 0)
		return error_errno(err, "listen to '%s'", link ? link : "all");
	return 0;
}

int net_tap_open(struct net_tap *tap, const char *link,
	const struct net_filter *filter, struct error *err)
{
	int result;

	tap->is_raw = false;
	/* of protocol 0: it hears nothing until it is bound */
	tap->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (tap->fd < 0)
		return error_errno(err, "open a socket for packets");
	result = bind_all(tap, link, filter, err);
	if (result < 0)
		net_tap_close(tap);
	return result;
}

void net_tap_close(struct net_tap *tap)
{
	fd_close(&tap->fd);
}

/* ---- packets ------------------------------------------------------------- */

/* What the kernel tells besides the bytes. */
struct besides {
	struct timespec when;
	struct tpacket_auxdata aux; /* all 0 when it does not tell */
};

static void read_besides(const struct msghdr *message, struct besides *out)
{
	static const struct cmsghdr when = {
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_TIMESTAMPNS,
	};
	static const struct cmsghdr aux = {
		.cmsg_level = SOL_PACKET,
		.cmsg_type = PACKET_AUXDATA,
	};

	memset(out, 0, sizeof(*out));
	(void)clock_gettime(CLOCK_REALTIME, &out->when);
	net_peer_besides(message, &when, &out->when, sizeof(out->when));
	net_peer_besides(message, &aux, &out->aux, sizeof(out->aux));
}

/* The kernel takes the tag of a VLAN out (IEEE 802.1Q); the file has it. */
static void put_tag(uint8_t *bytes, const struct tpacket_auxdata *aux,
	struct net_packet *packet)
{
	uint16_t kind = aux->tp_status & TP_STATUS_VLAN_TPID_VALID
				? aux->tp_vlan_tpid
				: ETH_P_8021Q;
	const uint8_t tag[TAG_BYTES] = { (uint8_t)(kind >> 8), (uint8_t)kind,
		(uint8_t)(aux->tp_vlan_tci >> 8), (uint8_t)aux->tp_vlan_tci };

	if (!(aux->tp_status & TP_STATUS_VLAN_VALID) || packet->kept < TAG_AT)
		return;
	memmove(bytes + TAG_AT + TAG_BYTES, bytes + TAG_AT,
		packet->kept - TAG_AT);
	memcpy(bytes + TAG_AT, tag, sizeof(tag));
	packet->kept += TAG_BYTES;
	packet->size += TAG_BYTES;
}

int net_tap_receive(struct net_tap *tap, struct net_packet *out,
	struct error *err)
{
	static uint8_t buffer[NET_PCAP_LENGTH_MAX];
	struct sockaddr_ll from = { 0 };
	struct besides besides;
	uint64_t room[16];
	struct iovec part = { buffer, sizeof(buffer) - TAG_BYTES };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	ssize_t size = recvmsg(tap->fd, &message, 0);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size < 0)
		return error_errno(err, "read packets");
	if (is_ethernet(from.sll_hatype) == tap->is_raw)
		return 0;
	read_besides(&message, &besides);
	out->bytes = buffer;
	out->when = besides.when;
	out->kept = (uint32_t)size;
	out->size =
		besides.aux.tp_len > out->kept ? besides.aux.tp_len : out->kept;
	put_tag(buffer, &besides.aux, out);
	return 1;
}

uint64_t net_tap_missed(struct net_tap *tap)
{
	struct tpacket_stats counts = { 0 };
	socklen_t size = sizeof(counts);

	if (getsockopt(tap->fd, SOL_PACKET, PACKET_STATISTICS, &counts, &size) <
		0)
		return 0;
	return counts.tp_drops;
}
