/* SPDX-License-Identifier: MIT */
/*
 * sysctl - kernel parameters of a container, and of nobody else
 *
 * linux.sysctl of the runtime-spec. Only parameters of which every namespace
 * has its own may be set, and only in a namespace that is not the caller's:
 * an allow-list, because a new kernel may have new ones that are not. Keys are
 * as in sysctl.d(5): "net.ipv4.conf.eth0/1.rp_filter", where a slash stands
 * for a dot in a name, or "net/ipv4/conf/eth0.1/rp_filter".
 */
#ifndef TARE_RUN_SYSCTL_H
#define TARE_RUN_SYSCTL_H

struct error;
struct oci_pair;
struct oci_spec;

/*
 * -EINVAL: a key is not of the list, or its namespace is the caller's; a value
 * has a character that no parameter needs, such as a line break or a '+'
 * (CVE-2022-0811). Changes nothing; looks only at who we are and at the
 * namespaces that have a path. "sysctl 'vm.swappiness': ...".
 */
int sysctl_check(const struct oci_spec *spec, struct error *err);

/*
 * Sets one in the namespaces of the calling process, below proc_fd, the root
 * of a procfs (procfs.h). err gets the reason alone. -ENOENT: the kernel has
 * no such parameter.
 */
int sysctl_write(int proc_fd, const struct oci_pair *sysctl, struct error *err);

#endif
