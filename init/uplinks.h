/* SPDX-License-Identifier: MIT */
/* uplinks - does the machine have a network? */
#ifndef INIT_UPLINKS_H
#define INIT_UPLINKS_H

#include "host.h"
#include "trial.h"

/* Look now: a link with a carrier, an address that is not only the link's own,
 * a gateway that is known to be there. */
struct trial_health uplinks_health(struct host *host);

/* make the kernel ask all gateways whether they are there; uplinks_forget
 * makes it forget that they were */
void uplinks_ask(struct host *host);
void uplinks_forget(struct host *host);

#endif
