/* SPDX-License-Identifier: MIT */
/*
 * node - a YAML document as a tree
 *
 * Scalars are text: a type is only asked for by the schema. An alias shares
 * the node it names, so a tree may meet a node more than once, but never
 * itself.
 */
#ifndef TARE_CONFIG_NODE_H
#define TARE_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
};

struct node {
	enum node_kind kind;
	bool is_plain;  /* a scalar without quotes */
	bool is_broken; /* a problem was reported: say no more about it */
	bool is_open;   /* still being read */
	struct mark mark;
	const char *text;    /* of a scalar */
	struct entry *first; /* of a list or map */
	struct entry *last;
	size_t count;
	size_t weight; /* nodes in it, with aliases spelled out */
};

/* A pair of a map, or an item of a list (then key is NULL). */
struct entry {
	struct entry *next;
	const char *key;
	uint32_t key_hash;
	bool is_plain_key;
	struct mark mark; /* of the key or item */
	struct node *value;
};

/* Nothing was written: "key:", "~" or "null" (YAML 1.2, 10.2.1.1). */
bool node_is_null(const struct node *node);

/*
 * Where the key "deploy.resources" of a map stands, or the last key on the way
 * to it that is there; other, when there is none or map is NULL.
 */
struct mark node_find_mark(const struct node *map, const char *path,
	struct mark other);

/* "a map", "a list" or "a text", for messages */
const char *node_kind_name(const struct node *node);

#endif
