/* SPDX-License-Identifier: MIT */
/*
 * host - all that netd knows: what is wanted, what the kernel has, and the
 * interfaces that it looks after (ports).
 *
 * There is one, in netd.c; the modules that do one thing each get it whole.
 */
#ifndef INIT_HOST_H
#define INIT_HOST_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "dhcp.h"
#include "dhcp6_port.h"
#include "inet.h"
#include "key.h"
#include "links.h"
#include "rdnss.h"
#include "wanted.h"

#define HOST_FOLDER    "/run/tare/net/"
#define HOST_DATA      "/data"
#define HOST_KEPT      "/data/net/"
#define HOST_PORTS_MAX 32
#define HOST_NOTE_MAX  160
#define HOST_PATH_MAX  64

enum port_lease {
	PORT_LEASE_NONE,
	PORT_LEASE_FRESH, /* of a server, in its time */
	PORT_LEASE_KEPT,  /* of the last boot, while servers are silent */
};

struct port {
	int index; /* 0: this row is free */
	char name[IF_NAMESIZE];
	uint8_t mac[6];
	bool has_mac, is_wired, is_present, is_up, has_carrier;
	bool is_member;     /* of a bond or bridge */
	int block;          /* of wanted, -1: none */
	uint32_t mtu;       /* now */
	uint32_t mtu_first; /* when it came */

	struct child client; /* udhcpc */
	int64_t silent_ms;   /* since when a server is asked; 0: none is */
	int64_t ask_ms;      /* when the client is told to ask again */
	int ask_wait_ms;     /* how long that was; 0: it need not */
	enum port_lease lease_state;
	bool lease_is_new; /* its address is to be set again */
	bool kept_is_done; /* the one of the last boot was looked at */
	struct dhcp_lease lease;
	int64_t lease_until_s; /* of lease_now_s(); INT64_MAX: for ever */

	struct dhcp6_port dhcp6;
	struct rdnss rdnss;
	int auto_set; /* enum settings_routers as it was set; -1: it was not */
	uint32_t auto_metric;
	uint64_t wireguard_digest; /* of what was set */
	bool has_names;            /* of peers, which are not looked up yet */
	struct child resolver;
	char public_key[KEY_TEXT_MAX];
	int told_errno; /* of the last failure that was said */
};

struct host {
	int netlink;
	const char *extra_kind; /* of links that count as hardware, or NULL */
	bool has_data;          /* HOST_DATA is mounted */
	bool has_wanted;
	struct wanted wanted;
	struct links links;
	struct inet inet;
	struct port ports[HOST_PORTS_MAX];
	int64_t carrier_ms;       /* when one came up last, of clock_ms() */
	char note[HOST_NOTE_MAX]; /* on a config that was refused, or "" */
};

#endif
