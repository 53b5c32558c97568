/* SPDX-License-Identifier: MIT */
/*
 * netdevice - network devices that move into a container's network namespace
 *
 * linux.netDevices of the runtime-spec 1.3, by rtnetlink(7). A device that
 * changes its namespace keeps its hardware address and its MTU, but the kernel
 * takes its addresses: the permanent global ones are set again, and the device
 * is brought up. When the namespace goes, a physical device comes back.
 */
#ifndef TARE_RUN_NETDEVICE_H
#define TARE_RUN_NETDEVICE_H

#include <sys/types.h>

struct error;
struct oci_spec;

/*
 * -EINVAL: a name cannot be one, two devices would have the same, or there is
 * no network namespace to move them to. Pure.
 */
int netdevice_check(const struct oci_spec *spec, struct error *err);

/*
 * Moves all devices of spec from the caller's network namespace to that of
 * pid, a child that nobody has reaped; under their new names when they have
 * one. On error those that moved stay there. "move network device 'eth1': no
 * such device".
 */
int netdevice_move_all(const struct oci_spec *spec, pid_t pid,
	struct error *err);

/* Brings up "lo" of the caller's network namespace. err: the reason alone. */
int netdevice_loopback_up(struct error *err);

#endif
