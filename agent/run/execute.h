/* SPDX-License-Identifier: MIT */
/*
 * execute - the program takes over, or why it cannot
 */
#ifndef TARE_RUN_EXECUTE_H
#define TARE_RUN_EXECUTE_H

struct error;
struct stage;
struct step;

/*
 * Says early what execve(2) would say: there is no such program, or nobody may
 * execute it.
 */
int execute_look_up(struct stage *stage, const struct step *step,
	struct error *err);

/*
 * Tells that the program comes next, once: a filter may forbid to tell it
 * later.
 */
int execute_announce(struct stage *stage);

/* The last step: found by PATH when it has no slash, as execvp(3) does. */
int execute_program(struct stage *stage, const struct step *step,
	struct error *err);

#endif
