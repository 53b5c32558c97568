/* SPDX-License-Identifier: MIT */
/*
 * rights - what the new process gives up before it is the container's
 *
 * Each is a step of a plan.
 */
#ifndef TARE_RUN_RIGHTS_H
#define TARE_RUN_RIGHTS_H

struct error;
struct stage;
struct step;

int rights_become_root(struct stage *stage, const struct step *step,
	struct error *err);
int rights_filter(struct stage *stage, const struct step *step,
	struct error *err);
int rights_bounding_set(struct stage *stage, const struct step *step,
	struct error *err);
int rights_user(struct stage *stage, const struct step *step,
	struct error *err);
int rights_capabilities(struct stage *stage, const struct step *step,
	struct error *err);
int rights_no_new(struct stage *stage, const struct step *step,
	struct error *err);

#endif
