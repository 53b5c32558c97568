/* SPDX-License-Identifier: MIT */
/*
 * digest - what a changed config means for a workload that runs
 *
 * A table says of each field of struct service what a change of it takes, and
 * one digest per kind of change sums the fields up. Two services with equal
 * digests need nothing. A field that is in no row fails a test.
 *
 * What is not declared does not count: an agent that knows more fields than the
 * one before it finds what runs unchanged. So rows keep their names and order,
 * and new parts of a list's elements come last.
 */
#ifndef TARE_SUPERVISE_DIGEST_H
#define TARE_SUPERVISE_DIGEST_H

#include <stdint.h>

struct service;

enum digest_kind {
	DIGEST_NOTHING,  /* counts from the next time it is looked at */
	DIGEST_LIVE,     /* its cgroup is given other limits */
	DIGEST_RECREATE, /* it is stopped and started anew */
};

uint64_t digest_service(const struct service *service, enum digest_kind kind);

/* What a field's change takes, by its name; -1: there is no such row. */
int digest_kind_of(const char *field);

#endif
