/* SPDX-License-Identifier: MIT */
/*
 * config - which text of /run/tare/net/wanted is in force.
 *
 * A new one is tried (trial.h). Beside it lie two files of ours, so that a netd
 * that was started again goes on where it was: "good", the last one that
 * worked, while another is tried or was refused; "refused", one that did not.
 */
#ifndef INIT_CONFIG_H
#define INIT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

/* Read the file; true when host->wanted is another now. trial_ms is how long a
 * new one has to work. */
bool config_read(struct host *host, int64_t now_ms, int64_t trial_ms);

/* The trial goes on: true when host->wanted is another now. *next_ms is lowered
 * to when this is to be called again. */
bool config_run(struct host *host, int64_t now_ms, int64_t *next_ms);

#endif
