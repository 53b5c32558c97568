/* SPDX-License-Identifier: MIT */
/*
 * dhcp6_port - a port's DHCPv6 client, and what that was given.
 *
 * The client runs while the config wants "dhcp6", or "auto" and routers of the
 * link say that there is more to have: addresses (M), or names alone (O).
 */
#ifndef INIT_DHCP6_PORT_H
#define INIT_DHCP6_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "dhcp6_lease.h"

struct host;
struct port;

enum dhcp6_mode {
	DHCP6_MODE_NONE,
	DHCP6_MODE_NAMES,
	DHCP6_MODE_ADDRESSES,
};

/* a part of a port; all 0 at first */
struct dhcp6_port {
	struct child client;
	int channel; /* to the client; only while has_channel */
	bool has_channel;
	enum dhcp6_mode mode;      /* that the client runs in */
	bool is_managed, has_more; /* M and O of the routers */
	struct dhcp6_lease lease;  /* all 0: none */
	bool lease_is_new;         /* its addresses are to be set again */
	int64_t silent_ms;         /* since when a server is asked, or 0 */
	bool silence_is_told;
};

/* make the folder of the clients' files, theirs alone */
void dhcp6_port_make_folder(void);

/* start the client when it is due, end it when nobody wants it; *next_ms is
 * lowered to when this is to be called again */
void dhcp6_port_run(struct host *host, struct port *port, int64_t now_ms,
	int64_t *next_ms);

/* The client wrote its file; or there is one of before a restart. */
void dhcp6_port_read(struct host *host, struct port *port);

/* keep the lease over a boot, as hints for a server; nothing before there is
 * a place for that */
void dhcp6_port_keep(const struct host *host, const struct port *port);

/* the carrier came back: is it still the same network? */
void dhcp6_port_carrier(struct port *port);

/* Another host has the address: true when it was of the lease, and no more. */
bool dhcp6_port_duplicate(struct port *port, const struct ip *ip);

/* end the client; a lease stays, until it is forgotten */
void dhcp6_port_stop(struct port *port);
void dhcp6_port_forget(struct port *port);

#endif
