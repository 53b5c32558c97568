/* SPDX-License-Identifier: MIT */
/*
 * past - what an agent tells the next one about a workload
 *
 * One small file per service in the runtime folder, "past-<service>": how
 * often it was started again, and "finished" with its exit code when its
 * restart policy was content. Lost at reboot, as it should be.
 */
#ifndef TARE_SUPERVISE_PAST_H
#define TARE_SUPERVISE_PAST_H

struct workload;

/* Writes what is to be known of a workload that runs or has finished. */
void past_write(int run_fd, const struct workload *workload);

/* Fills in what an earlier agent knew; nothing when there was none. */
void past_read(int run_fd, struct workload *workload);

#endif
