/* SPDX-License-Identifier: MIT */
/* probe - is the data disk still answering? */
#ifndef INIT_PROBE_H
#define INIT_PROBE_H

/* Read the first block of the data disk, past all caches, every 10 s and tell
 * process 1 of each success by a byte on the descriptor TARE_INIT_FD; save the
 * clock every hour and at SIGTERM. Returns the exit status: 0 at once when
 * /data is in memory, or after SIGTERM. */
int probe_run(void);

#endif
