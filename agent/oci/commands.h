/* SPDX-License-Identifier: MIT */
/*
 * commands - what tare-oci can be told to do, a function each
 *
 * Each returns the exit status of the program, or a negative errno with the
 * reason in err.
 */
#ifndef TARE_OCI_COMMANDS_H
#define TARE_OCI_COMMANDS_H

struct error;
struct options;

/* The newest version of the runtime-spec that is understood. */
#define COMMANDS_OCI_VERSION "1.3.0"

typedef int command_fn(const struct options *options, struct error *err);

command_fn command_create, command_run;             /* create.c */
command_fn command_start;                           /* start.c */
command_fn command_kill, command_delete;            /* kill.c */
command_fn command_pause, command_resume;           /* update.c */
command_fn command_update;                          /* update.c */
command_fn command_exec;                            /* exec.c */
command_fn command_state, command_list, command_ps; /* list.c */
command_fn command_events;                          /* events.c */
command_fn command_spec;                            /* starter.c */
command_fn command_features;                        /* features.c */

#endif
