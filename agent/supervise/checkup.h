/* SPDX-License-Identifier: MIT */
/*
 * checkup - the health of a workload as its service and its image want it
 */
#ifndef TARE_SUPERVISE_CHECKUP_H
#define TARE_SUPERVISE_CHECKUP_H

#include <stdint.h>

#include "supervise/health_state.h"

struct image;
struct workload;

/* Its process has been started, from that image. */
void checkup_start(struct workload *workload, const struct image *image);

/*
 * An earlier agent has started its process. It stays what it was, so one that
 * was healthy goes on being served; HEALTH_NONE: it was not checked. What that
 * agent has left running of a check is ended.
 */
void checkup_adopt(struct workload *workload, enum health_status last);

/* Its service is that of another config. */
void checkup_revise(struct workload *workload);

#endif
