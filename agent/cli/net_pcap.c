// SPDX-License-Identifier: MIT
/* net_pcap - the file format that tcpdump and Wireshark read */
#include "cli/net_pcap.h"

#include <string.h>

#define MAGIC UINT32_C(0xa1b23c4d) /* times are in nanoseconds */

void net_pcap_head(uint8_t out[NET_PCAP_HEAD], enum net_pcap_link link,
	uint32_t snap)
{
	const uint16_t version[] = { 2, 4 };
	const uint32_t words[] = { 0, 0, snap, link };
	const uint32_t magic = MAGIC;

	memcpy(out, &magic, sizeof(magic));
	memcpy(out + 4, version, sizeof(version));
	memcpy(out + 8, words, sizeof(words));
}

void net_pcap_packet_head(uint8_t out[NET_PCAP_PACKET_HEAD],
	const struct timespec *when, uint32_t kept, uint32_t size)
{
	const uint32_t words[] = { (uint32_t)when->tv_sec,
		(uint32_t)when->tv_nsec, kept, size };

	memcpy(out, words, sizeof(words));
}
