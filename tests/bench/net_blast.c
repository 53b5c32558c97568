// SPDX-License-Identifier: MIT
/*
 * net_blast - what a small UDP packet costs, in nanoseconds of a processor
 *
 * Through veth pairs the sender does all the work, up to the receiver's queue.
 *
 *	net_blast SOURCE DESTINATION PORT COUNT flow|fresh
 *
 * flow: all are of one connection. fresh: each begins one, as it comes from
 * another port; they are sent by a raw socket (raw(7)).
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PAYLOAD      32
#define FIRST_SOURCE 1024

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	char payload[PAYLOAD];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* cannot fail */
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int open_socket(const struct sockaddr_in *from,
	const struct sockaddr_in *to, bool is_fresh)
{
	int fd = is_fresh ? socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
			  : socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (const void *)from, sizeof(*from)) < 0 ||
		connect(fd, (const void *)to, sizeof(*to)) < 0)
		fail("socket");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct packet packet = { .ip = { .version = 4, .ihl = 5, .ttl = 64 } };
	bool is_fresh;
	long count;
	double start;
	int fd;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &from.sin_addr) != 1 ||
		inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	count = strtol(argv[4], NULL, 10);
	is_fresh = strcmp(argv[5], "fresh") == 0;
	fd = open_socket(&from, &to, is_fresh);
	packet.ip.tot_len = htons(sizeof(packet));
	packet.ip.protocol = IPPROTO_UDP;
	packet.ip.saddr = from.sin_addr.s_addr;
	packet.ip.daddr = to.sin_addr.s_addr;
	packet.udp.dest = to.sin_port;
	packet.udp.len = htons(sizeof(packet) - sizeof(packet.ip));
	start = now_ns();
	for (long i = 0; i < count; i++) {
		packet.udp.source = htons((uint16_t)(FIRST_SOURCE + i));
		/* refusals of those before are told here; they do not count */
		if (is_fresh)
			(void)send(fd, &packet, sizeof(packet), 0);
		else
			(void)send(fd, packet.payload, PAYLOAD, 0);
	}
	printf("%.1f\n", (now_ns() - start) / (double)count);
	return 0;
}
