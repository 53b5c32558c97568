/* SPDX-License-Identifier: MIT */
/*
 * yaml - text to tree
 *
 * Read: one YAML 1.2 document of maps, lists and scalars in every style, with
 * anchors, aliases and merge keys. Refused with a sentence: tags, a second
 * document, keys that are not scalars, keys that stand twice, more than
 * YAML_DEPTH_MAX levels or YAML_NODES_MAX nodes (aliases spelled out, so an
 * alias bomb ends there).
 */
#ifndef TARE_CONFIG_YAML_H
#define TARE_CONFIG_YAML_H

#include <stddef.h>

struct node;
struct reader;

enum yaml_limit {
	YAML_DEPTH_MAX = 32,
	YAML_NODES_MAX = 65536,
	YAML_MAP_MAX = 4096,
	YAML_ANCHORS_MAX = 1024,
};

/*
 * Returns the tree, or NULL when the text is empty or is no YAML; that has
 * been reported then. A tree may be returned beside reported errors, so that
 * all of them are found.
 */
struct node *yaml_read(struct reader *reader, const char *text, size_t size);

#endif
