/* SPDX-License-Identifier: MIT */
/* state - what a machine keeps of itself in /data: folders, identity, seed,
 * clock */
#ifndef INIT_STATE_H
#define INIT_STATE_H

/* the root of the data partition; tests have their own */
extern const char *state_root;

/* make the folders that are missing, the machine's identity at its first boot,
 * feed and renew the random seed, raise the clock to the last saved time; what
 * fails is noted */
void state_prepare(void);

/* keep the present time, as a floor for the next boot */
void state_save_clock(void);

#endif
