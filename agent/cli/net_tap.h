/* SPDX-License-Identifier: MIT */
/*
 * net_tap - packets that come in and go out, as they are (packet(7))
 */
#ifndef TARE_CLI_NET_TAP_H
#define TARE_CLI_NET_TAP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct error;
struct net_filter;

struct net_tap {
	int fd;
	bool is_raw; /* packets begin with IP: of WireGuard */
};

struct net_packet {
	const uint8_t *bytes; /* until the next one is received */
	uint32_t kept;
	uint32_t size; /* that it had */
	struct timespec when;
};

/*
 * link is the name of an interface, or of a container (the host's end of its
 * first link) or network (its bridge); NULL: all that look like Ethernet. The
 * filter's is_raw is set here. On error tap->fd is -1, and the reason may have
 * "did you mean".
 */
int net_tap_open(struct net_tap *tap, const char *link,
	const struct net_filter *filter, struct error *err);
void net_tap_close(struct net_tap *tap);

/* 1: a packet; 0: one that is not to be seen; or a negative errno. */
int net_tap_receive(struct net_tap *tap, struct net_packet *out,
	struct error *err);

/* How many packets were wanted and lost, since there was no room for them. */
uint64_t net_tap_missed(struct net_tap *tap);

#endif
