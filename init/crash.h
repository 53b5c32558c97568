/* SPDX-License-Identifier: MIT */
/* crash - process 1 at fault: say what happened and restart the machine */
#ifndef INIT_CRASH_H
#define INIT_CRASH_H

#include <signal.h>

/* from now on a fault of this process (bad memory, abort ...) restarts the
 * machine within 5 s; *others becomes the set of all signals that are not
 * faults, to be blocked and waited for */
void crash_catch(sigset_t *others);

#endif
