/* SPDX-License-Identifier: MIT */
/*
 * sharing - services that live in namespaces of each other
 */
#ifndef TARE_CONFIG_SHARING_H
#define TARE_CONFIG_SHARING_H

#include <stddef.h>

struct reader;
struct service;

/*
 * Checks what services that share say against each other, and says whose
 * users each one has. sorted has them after those that they join.
 */
void sharing_check(struct reader *reader, struct service *sorted, size_t count);

#endif
