/* SPDX-License-Identifier: MIT */
/*
 * hook - programs that the spec wants to be run on the way
 *
 * "POSIX-platform hooks" of the runtime-spec's config.md. A hook gets the
 * container's state as JSON on its standard input, which is a file of its own
 * that it may read, seek in or leave alone; its other two streams are ours. It
 * has a process group of its own, default signals, umask 022, the environment
 * of the spec and nothing else, and no other descriptor. It runs where its
 * caller is: in the runtime's namespaces (prestart, createRuntime, poststart,
 * poststop) or in the container's process (createContainer, startContainer).
 */
#ifndef TARE_RUN_HOOK_H
#define TARE_RUN_HOOK_H

#include "run/oci.h"

struct error;

/* "createRuntime", as config.json has it. */
const char *hook_name(enum oci_hook_kind kind);

/*
 * Runs the hooks of a kind one after the other and waits for each; the first
 * that fails ends it. state is JSON, terminated. One that takes longer than
 * its timeout is killed with its group. "hook 'createRuntime' number 2
 * '/bin/x': exited with status 3". The caller does not ignore SIGCHLD.
 */
int hook_run_all(const struct oci_spec *spec, enum oci_hook_kind kind,
	const char *state, struct error *err);

/*
 * The same, but goes on after one that failed, as poststart and poststop are
 * to be; returns the first error.
 */
int hook_run_each(const struct oci_spec *spec, enum oci_hook_kind kind,
	const char *state, struct error *err);

#endif
