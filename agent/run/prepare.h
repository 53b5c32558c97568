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
struct stage;

/* Fills stage; prepare_clear is called also when this fails. */
int prepare_stage(struct stage *stage, const struct container_request *request,
	struct container *container, struct error *err);

/* Closes the maker's copies; those of the process go with the process. */
void prepare_clear(struct stage *stage);

#endif
