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
 * of workloads and machine. What fails is said; -ENOMEM, -E2BIG as
 * fabric_weave: nothing has changed.
 */
int weaver_weave(struct supervisor *supervisor);

/* All that an earlier agent left is known now. */
void weaver_mark_all(struct supervisor *supervisor);

/* A workload's state or health has changed. */
void weaver_mark(struct supervisor *supervisor,
	const struct workload *workload);

/* What was of the config before has ended: it is needed no more. 0, or as
 * weaver_weave: it is still needed. */
int weaver_let_go(struct supervisor *supervisor);

#endif
