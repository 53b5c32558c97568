/* SPDX-License-Identifier: MIT */
/*
 * interpolate - variables in values
 *
 * As the Compose Specification says (12-interpolation.md): $NAME ${NAME}
 * ${NAME:-default} ${NAME-default} ${NAME:?message} ${NAME?message}
 * ${NAME:+instead} ${NAME+instead} and $$ for a plain dollar sign. What
 * follows the sign may hold variables again.
 */
#ifndef TARE_CONFIG_INTERPOLATE_H
#define TARE_CONFIG_INTERPOLATE_H

#include "config/config.h"

struct reader;
struct variables;

/*
 * Returns text with its variables replaced (text itself when it has none), or
 * NULL when that is not possible, which has been reported for mark. A variable
 * without value is a warning and an empty text.
 */
const char *interpolate(struct reader *reader, struct mark mark,
	const char *text, const struct variables *variables);

#endif
