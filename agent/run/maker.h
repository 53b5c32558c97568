/* SPDX-License-Identifier: MIT */
/*
 * maker - what is done to a new process from outside, while it waits
 *
 * Each is a step of a plan. The maker has rights that the process, in a user
 * namespace of its own, has not.
 */
#ifndef TARE_RUN_MAKER_H
#define TARE_RUN_MAKER_H

struct error;
struct stage;
struct step;

int maker_id_maps(struct stage *stage, const struct step *step,
	struct error *err);
int maker_idmap(struct stage *stage, const struct step *step,
	struct error *err);
int maker_rlimit(struct stage *stage, const struct step *step,
	struct error *err);
int maker_oom_score(struct stage *stage, const struct step *step,
	struct error *err);
int maker_net_devices(struct stage *stage, const struct step *step,
	struct error *err);
int maker_tell_created(struct stage *stage, const struct step *step,
	struct error *err);

/* The one limit that the process sets itself, when it needs few files. */
int maker_own_files(struct stage *stage, const struct step *step,
	struct error *err);

#endif
