/* SPDX-License-Identifier: MIT */
/* clock - the time that only goes forward, since power-on */
#ifndef INIT_CLOCK_H
#define INIT_CLOCK_H

#include <stdint.h>
#include <time.h>

/* milliseconds of CLOCK_MONOTONIC */
static inline int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

#endif
