/* SPDX-License-Identifier: MIT */
/*
 * tell - what the log and the console are told of workloads and config
 */
#ifndef TARE_SUPERVISE_TELL_H
#define TARE_SUPERVISE_TELL_H

struct supervisor;
struct workload;

/* All that are wanted run, and have their names and ports, which are brought in
 * line for it; said once, so it may be asked at any time. */
void tell_ready(struct supervisor *supervisor);

/* One line for each change of a workload, and of its health. */
void tell_state(const struct workload *workload);
void tell_health(const struct workload *workload);

/* What is wrong with the config, and which one counts. */
void tell_config(const struct supervisor *supervisor);

#endif
