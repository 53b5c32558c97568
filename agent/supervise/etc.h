/* SPDX-License-Identifier: MIT */
/*
 * etc - files of /etc that are each container's own
 */
#ifndef TARE_SUPERVISE_ETC_H
#define TARE_SUPERVISE_ETC_H

struct arena;
struct error;
struct service;

/*
 * Writes "hosts" and "hostname" into the folder of a container. They are
 * written anew at each start, so they need not outlast the power.
 */
int etc_write(int dir_fd, const struct service *service, struct arena *arena,
	struct error *err);

#endif
