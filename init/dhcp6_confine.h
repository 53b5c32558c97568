/* SPDX-License-Identifier: MIT */
/* dhcp6_confine - what a DHCPv6 client gives up before it hears anybody */
#ifndef INIT_DHCP6_CONFINE_H
#define INIT_DHCP6_CONFINE_H

/*
 * It becomes a user of its own (DHCP6_USER) without any capability, can gain
 * none, makes only the few system calls that it needs (no socket is opened any
 * more, and no program run), and reaches no file but those of its folder
 * (Landlock, where the kernel has it). Returns 0, or -1 and errno: then it must
 * not go on.
 */
int dhcp6_confine(void);

#endif
