/* SPDX-License-Identifier: MIT */
/*
 * shm - a /dev/shm that services share: those that use one IPC namespace
 *
 * The agent mounts it below its folder of runtime files, and each of the
 * services gets it as a bind mount. It is new at each start of the service that
 * the namespace belongs to.
 */
#ifndef TARE_SUPERVISE_SHM_H
#define TARE_SUPERVISE_SHM_H

struct error;
struct service;

/*
 * Opens (O_PATH) the one that the service shares with others, below run_fd;
 * makes it when the namespace is the service's own. -errno on error.
 */
int shm_open_shared(int run_fd, const struct service *service,
	struct error *err);

#endif
