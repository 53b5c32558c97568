/* SPDX-License-Identifier: MIT */
/*
 * weaver - tells the fabric of networks what the supervisor has
 */
#ifndef TARE_SUPERVISE_WEAVER_H
#define TARE_SUPERVISE_WEAVER_H

struct supervisor;
struct workload;

/*
 * The config in force, and what runs of the one before, become the networks
 * of workloads and machine. What fails is said.
 */
void weaver_weave(struct supervisor *supervisor);

/* A workload's state or health has changed. */
void weaver_mark(struct supervisor *supervisor,
	const struct workload *workload);

/* The same of all, as when they were taken over from the agent before. */
void weaver_mark_all(struct supervisor *supervisor);

/* What was of the config before has ended. */
void weaver_let_go(struct supervisor *supervisor);

#endif
