/* SPDX-License-Identifier: MIT */
/*
 * uplink - what the machine's own network is to be: the file that netd reads
 *
 * docs/networking.md has its format, init/config.h reads it.
 */
#ifndef TARE_SUPERVISE_UPLINK_H
#define TARE_SUPERVISE_UPLINK_H

#include <stddef.h>

struct arena;
struct config;
struct error;
struct places;

/* The text for a config, terminated, in the arena. 0; -ENOMEM; -E2BIG: it is
 * longer than netd reads. Pure, but for the keys of WireGuard, which are read
 * in config_fd. */
int uplink_print(const struct config *config, int config_fd,
	struct arena *arena, const char **out);

/* Writes it to /run/tare/net/wanted, unless that says so already. */
int uplink_write(const struct config *config, const struct places *places,
	struct error *err);

#endif
