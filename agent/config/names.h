/* SPDX-License-Identifier: MIT */
/*
 * names - is this a well-formed name of its kind?
 *
 * Each check returns NULL when it is, else what is wrong and what to write
 * instead, for a message "'NAME' ...".
 */
#ifndef TARE_CONFIG_NAMES_H
#define TARE_CONFIG_NAMES_H

#include <stddef.h>

/* NAME[:TAG][@DIGEST] (distribution/reference, reference.go) */
const char *name_check_image(const char *text);

/* Labels of letters, digits and '-', with dots between (RFC 1123, 2.1). */
const char *name_check_host(const char *text);

/* The same for a container, where '_' does no harm and is common. */
const char *name_check_hostname(const char *text);

/* Service: it names a cgroup and a log file, too. */
const char *name_check_service(const char *text);

/* Volume: it names a folder. */
const char *name_check_volume(const char *text);

/* Network, and a name that a service has in one: words of a file, too. */
const char *name_check_network(const char *text);

/* Network interface (net/core/dev.c of the kernel, dev_valid_name) */
const char *name_check_interface(const char *text);

/* Compose's project name */
const char *name_check_project(const char *text);

/* USER, UID, USER:GROUP or UID:GID (OCI image-spec, config.md, User) */
const char *name_check_user(const char *text);

/* An absolute path without "..". */
const char *name_check_path(const char *text);

/* A device's path: below /dev, without wildcards */
const char *name_check_device(const char *text);

/* CPUs, as "0-3,7" (cpuset(7), list format) */
const char *name_check_cpus(const char *text);

/* A cgroup: names with '/' between, below that of all workloads */
const char *name_check_cgroup(const char *text);

/* A variable's name: not empty, without '=' and white space */
const char *name_check_variable(const char *text);

/*
 * "NET_ADMIN" for "NET_ADMIN" or "cap_net_admin" (capabilities(7)), "ALL" for
 * "ALL", or NULL.
 */
const char *name_find_capability(const char *text);

/* Keeps the nearest name in *best ("did you mean"); call for each candidate. */
void name_suggest(const char *wrong, const char *candidate, const char **best,
	size_t *distance);

#endif
