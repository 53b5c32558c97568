/* SPDX-License-Identifier: MIT */
/*
 * dns_confine - what a name server gives up before it hears anybody
 *
 * User and group: its own. Capabilities: CAP_NET_BIND_SERVICE stays. Files: only
 * those of one folder can be read (landlock(7)). System calls: sockets of the
 * internet, memory, time and reading stay (seccomp(2)). Nothing can be executed.
 */
#ifndef TARE_NET_DNS_CONFINE_H
#define TARE_NET_DNS_CONFINE_H

enum dns_confine_id {
	DNS_CONFINE_USER = 61053, /* and group; a number that nobody else has */
};

/*
 * Confines the calling process, for good. What cannot be done here, as without
 * root or on another kernel, is a line of the log, and the rest is done.
 */
void dns_confine(const char *folder);

#endif
