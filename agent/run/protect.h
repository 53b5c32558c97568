/* SPDX-License-Identifier: MIT */
/*
 * protect - paths of the kernel that a container must not read or write
 */
#ifndef TARE_RUN_PROTECT_H
#define TARE_RUN_PROTECT_H

struct error;
struct stage;
struct step;

/*
 * The host's null device as a mount of its own, for the files that are masked.
 */
int protect_open_null(struct error *err);

/* The steps of a plan that protect. */
int protect_read_only(struct stage *stage, const struct step *step,
	struct error *err);
int protect_mask(struct stage *stage, const struct step *step,
	struct error *err);

#endif
