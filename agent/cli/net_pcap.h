/* SPDX-License-Identifier: MIT */
/*
 * net_pcap - the file format that tcpdump and Wireshark read
 *
 * Pure. draft-ietf-opsawg-pcap: a header of 24 bytes, then of each packet one
 * of 16 and its bytes; numbers in the order of the machine that wrote it.
 */
#ifndef TARE_CLI_NET_PCAP_H
#define TARE_CLI_NET_PCAP_H

#include <stdint.h>
#include <time.h>

enum net_pcap_link {
	NET_PCAP_ETHERNET = 1, /* LINKTYPE_ETHERNET */
	NET_PCAP_RAW = 101,    /* LINKTYPE_RAW: IPv4 or IPv6 */
};

enum net_pcap_limit {
	NET_PCAP_HEAD = 24,
	NET_PCAP_PACKET_HEAD = 16,
	NET_PCAP_LENGTH_MAX = 262144, /* what readers take of one packet */
};

/* snap: bytes kept of a packet, at most. */
void net_pcap_head(uint8_t out[NET_PCAP_HEAD], enum net_pcap_link link,
	uint32_t snap);

/* Nanoseconds since 1970; bytes that are kept, and that it had. */
void net_pcap_packet_head(uint8_t out[NET_PCAP_PACKET_HEAD],
	const struct timespec *when, uint32_t kept, uint32_t size);

#endif
