/* SPDX-License-Identifier: MIT */
/*
 * attach - the container root becomes "/"
 */
#ifndef TARE_RUN_ATTACH_H
#define TARE_RUN_ATTACH_H

struct error;
struct stage;
struct step;

/* The steps of a plan that do it, in order. */
int attach_propagation(struct stage *stage, const struct step *step,
	struct error *err);
int attach_root(struct stage *stage, const struct step *step,
	struct error *err);
int attach_pivot(struct stage *stage, const struct step *step,
	struct error *err);
int attach_open(struct stage *stage, const struct step *step,
	struct error *err);
int attach_read_only(struct stage *stage, const struct step *step,
	struct error *err);

#endif
