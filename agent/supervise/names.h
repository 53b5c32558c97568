/* SPDX-License-Identifier: MIT */
/*
 * names - what tare-dns answers: the file /run/tare/net/names
 *
 * Pure. docs/networking.md has the format, net/dns_names.h reads it.
 */
#ifndef TARE_SUPERVISE_NAMES_H
#define TARE_SUPERVISE_NAMES_H

#include <stddef.h>

struct arena;
struct blueprint;

/* The text, terminated, in the arena; or NULL: no memory. */
char *names_print(const struct blueprint *blueprint, struct arena *arena);

#endif
