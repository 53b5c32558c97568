/* SPDX-License-Identifier: MIT */
/*
 * watchdog - the clocks in the hardware that restart a hanging machine.
 *
 * Once opened they run: who does not pet them for WATCHDOG_TIMEOUT_S restarts
 * the machine. Where a machine has several (the kernel's own and a real one),
 * all are used. They lie on fixed descriptors and survive an exec, so that
 * shutdown can take them over from init.
 */
#ifndef INIT_WATCHDOG_H
#define INIT_WATCHDOG_H

#define WATCHDOG_TIMEOUT_S 30

/* start every watchdog there is; setup says so when there is none */
void watchdog_open(void);

/* all is well for the next WATCHDOG_TIMEOUT_S */
void watchdog_pet(void);

/* stop them, for a machine that shall stand still */
void watchdog_close(void);

#endif
