/* SPDX-License-Identifier: MIT */
/* report - /run/tare/net/state and resolv.conf: what the network is now. */
#ifndef INIT_REPORT_H
#define INIT_REPORT_H

#include <stddef.h>

#include "host.h"
#include "timekeeper.h"

#define REPORT_TEXT_MAX 16384

/* the content of the state file (docs/networking.md); returns its length */
size_t report_print(const struct host *host, char text[REPORT_TEXT_MAX]);

/* write both files, if they are others than before */
void report_write(const struct host *host);

/* the servers of time that the config or the leases name */
void report_clocks(const struct host *host, char text[TIMEKEEPER_MAX]);

#endif
