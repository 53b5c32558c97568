/* SPDX-License-Identifier: MIT */
/*
 * tabs - a text that tabs indent, as if spaces did
 *
 * YAML has no tabs in front of keys and items (YAML 1.2, 6.1), and libyaml
 * reads no further. That would hide all other mistakes of a file, so the tabs
 * are told in one sentence and then taken as spaces, one for one: what follows
 * them stays in its column. That is so where nothing but tabs indents; else it
 * would be a guess which key is below which.
 */
#ifndef TARE_CONFIG_TABS_H
#define TARE_CONFIG_TABS_H

#include <stdbool.h>
#include <stddef.h>

struct reader;

/*
 * True: *text can be read, and is a copy (gone with reader.tree) when tabs have
 * been reported. False: they have been reported, and no more can be read.
 */
bool tabs_replace(struct reader *reader, const char **text, size_t size);

#endif
