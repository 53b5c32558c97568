/* SPDX-License-Identifier: MIT */
/*
 * prepare - what the maker of a container has ready before there is a process
 *
 * Copies of mounts, the filter, pipes: made with the maker's rights and, where
 * the new process could not make them any more, in its namespaces.
 */
#ifndef TARE_RUN_PREPARE_H
#define TARE_RUN_PREPARE_H

struct container;
struct container_request;
struct error;
struct oci_process;
struct stage;

/*
 * Fills stage with what every process needs, and container with our ends of its
 * pipes. prepare_clear is called also when this or the next fails.
 */
int prepare_process(struct stage *stage,
	const struct container_request *request,
	const struct oci_process *process, struct container *container,
	struct error *err);

/* ... and with what a container root is made of. */
int prepare_root(struct stage *stage, struct error *err);

/* Closes the maker's copies; those of the process go with the process. */
void prepare_clear(struct stage *stage);

#endif
