/* SPDX-License-Identifier: MIT */
/*
 * ports - what `tare net` shows of the networks: the file /run/tare/net/ports
 */
#ifndef TARE_SUPERVISE_PORTS_H
#define TARE_SUPERVISE_PORTS_H

struct arena;
struct topology;

/* The text of it, as docs/networking.md says, in the arena; or NULL. */
char *ports_print(const struct topology *topology, struct arena *arena);

#endif
