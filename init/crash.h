/* SPDX-License-Identifier: MIT */
/* crash - process 1 at fault: say what happened and restart the machine */
#ifndef INIT_CRASH_H
#define INIT_CRASH_H

/* from now on a fault of this process (bad memory, abort ...) restarts the
 * machine within 5 s; the signals of faults must not be blocked */
void crash_catch(void);

#endif
