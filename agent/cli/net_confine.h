/* SPDX-License-Identifier: MIT */
/*
 * net_confine - what a tool gives up before it reads what strangers send
 */
#ifndef TARE_CLI_NET_CONFINE_H
#define TARE_CLI_NET_CONFINE_H

struct error;

enum net_confine_id {
	NET_CONFINE_USER = 61054, /* and group; a number that nobody else has */
};

/*
 * For good: root becomes a user that owns nothing, nothing can be executed, and
 * system calls are those of open descriptors, of sockets of the internet, of
 * memory and time, and to read files (credentials(7), seccomp(2)). Who is not
 * root keeps what little that is. 0 or a negative errno with its reason.
 */
int net_confine(struct error *err);

#endif
