/* SPDX-License-Identifier: MIT */
/* arp - does another host have an address? */
#include "arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* hardware, protocol, two sizes, operation */
#define SENDER_MAC 8
#define SENDER_IP  14
#define TARGET_IP  24

static const uint8_t head[] = { 0, ARPHRD_ETHER, 8, 0, 6, 4, 0 };

int arp_open(int index)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = index,
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		htons(ETH_P_ARP));

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int result = -errno;
		(void)close(fd);
		return result;
	}
	return fd;
}

int arp_ask(int fd, int index, const uint8_t mac[6], uint32_t ip)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = index,
		.sll_halen = 6,
	};
	uint8_t packet[ARP_BYTES] = { 0 };

	memset(to.sll_addr, 0xff, 6);
	memcpy(packet, head, sizeof(head));
	packet[7] = ARPOP_REQUEST;
	memcpy(packet + SENDER_MAC, mac, 6);
	memcpy(packet + TARGET_IP, &ip, sizeof(ip));
	return sendto(fd, packet, sizeof(packet), 0,
		       (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

bool arp_claims(const uint8_t *packet, size_t length, uint32_t ip,
	const uint8_t mac[6])
{
	static const uint8_t nobody[4];

	if (length < ARP_BYTES || memcmp(packet, head, sizeof(head)) != 0 ||
		memcmp(packet + SENDER_MAC, mac, 6) == 0)
		return false;
	if (memcmp(packet + SENDER_IP, &ip, sizeof(ip)) == 0)
		return true;
	/* somebody probes for the same */
	return packet[7] == ARPOP_REQUEST &&
	       memcmp(packet + SENDER_IP, nobody, 4) == 0 &&
	       memcmp(packet + TARGET_IP, &ip, sizeof(ip)) == 0;
}

bool arp_hears(int fd, uint32_t ip, const uint8_t mac[6])
{
	uint8_t packet[128];
	bool is_claimed = false;
	ssize_t length;

	while ((length = recv(fd, packet, sizeof(packet), 0)) > 0)
		is_claimed |= arp_claims(packet, (size_t)length, ip, mac);
	return is_claimed;
}
