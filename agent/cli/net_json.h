/* SPDX-License-Identifier: MIT */
/*
 * net_json - writes JSON (RFC 8259), one value after the other
 */
#ifndef TARE_CLI_NET_JSON_H
#define TARE_CLI_NET_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct address;
struct prefix;

struct net_json {
	FILE *out;
	bool needs_comma;
};

/* Each writes a member of an object; with name NULL, an element of an array
 * or the whole document. */

/* bracket: '{' or '['; close writes its other half. */
void net_json_open(struct net_json *json, const char *name, char bracket);
void net_json_close(struct net_json *json, char bracket);

void net_json_string(struct net_json *json, const char *name,
	const char *value);
void net_json_number(struct net_json *json, const char *name, uint64_t value);
void net_json_bool(struct net_json *json, const char *name, bool value);

/* Nanoseconds as milliseconds with three digits behind the point. */
void net_json_ms(struct net_json *json, const char *name, uint64_t value_ns);

/* null of none */
void net_json_address(struct net_json *json, const char *name,
	const struct address *value);
void net_json_prefix(struct net_json *json, const char *name,
	const struct prefix *value);

#endif
