/* SPDX-License-Identifier: MIT */
/*
 * lease - what a DHCP server gave, in a file.
 *
 * The hook writes /run/tare/net/NAME.lease for netd; netd keeps the last good
 * one in /data/net/NAME.lease for the next boot. A file is lines of a variable
 * of udhcpc and its value, only such as dhcp_parse has accepted, and a first
 * line "at SECONDS" (of CLOCK_BOOTTIME). It is read by dhcp_parse again: what
 * lay on a disk is believed no more than what came over the wire.
 */
#ifndef INIT_LEASE_H
#define INIT_LEASE_H

#include <stddef.h>
#include <stdint.h>

#include "dhcp.h"

#define LEASE_TEXT_MAX 4096

/* seconds since power-on, suspended or not */
int64_t lease_now_s(void);

/* the content of a file; returns its length */
size_t lease_print(const struct dhcp_lease *lease, int64_t at_s,
	char text[LEASE_TEXT_MAX]);

/* Fill in the lease from text, which is changed. Returns 0 or -EBADMSG. */
int lease_parse(char *text, struct dhcp_lease *lease, int64_t *at_s);

/* the same of a file; or another negative errno */
int lease_read(const char *path, struct dhcp_lease *lease, int64_t *at_s);

#endif
