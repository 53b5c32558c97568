/* SPDX-License-Identifier: MIT */
/*
 * device_filter - which devices the processes of a cgroup may open and make
 *
 * A BPF program on the cgroup (kernel Documentation/admin-guide/cgroup-v2.rst,
 * "Device controller") decides for every open and mknod: each kind of access
 * that is asked for (read, write, mknod) is decided by the last rule of
 * linux.resources.devices for that device and kind; without one it is denied.
 * After the rules come those that every container has: its default devices and
 * pseudo-terminals, and mknod of all nodes, which only opens nothing. A device
 * in linux.devices gets no access by that; the rules say which it has.
 */
#ifndef TARE_RUN_DEVICE_FILTER_H
#define TARE_RUN_DEVICE_FILTER_H

#include <stddef.h>

struct bpf_insn;
struct error;
struct oci_resources;

/*
 * Gives a new cgroup its program, which lives as long as the cgroup. None is
 * needed where all is allowed. In a user namespace, where nobody may have
 * programs, only rules that take one device away are an error: a process there
 * can make no node, and what it may open its owner and mode say.
 *
 * Programs are kept loaded in this process, one per set of rules.
 */
int device_filter_apply(int cgroup_dir_fd,
	const struct oci_resources *resources, struct error *err);

/*
 * The same for a cgroup that may have a program already, which is replaced: at
 * every moment the old or the new rules hold.
 */
int device_filter_replace(int cgroup_dir_fd,
	const struct oci_resources *resources, struct error *err);

/*
 * The program for these rules; the caller frees *out. *count is 0 when all is
 * allowed.
 */
int device_filter_assemble(const struct oci_resources *resources,
	struct bpf_insn **out, size_t *count, struct error *err);

#endif
