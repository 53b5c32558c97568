/* SPDX-License-Identifier: MIT */
/*
 * adopt - what an earlier agent left running, taken over
 *
 *   entry in the store, service in the config    it goes on
 *   entry, and the service is another            it is stopped, started anew
 *   entry, and no such service                   it is stopped and forgotten
 *   entry, and the process has ended             it ends now, by its policy
 *   no entry, but a cgroup with processes        it is found again (found.h)
 *
 * So whatever becomes of the store, no workload is lost and none runs twice.
 */
#ifndef TARE_SUPERVISE_ADOPT_H
#define TARE_SUPERVISE_ADOPT_H

struct supervisor;

/* Once, when the roster has the workloads of the config and none runs. */
void adopt_all(struct supervisor *supervisor);

#endif
