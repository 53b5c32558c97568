/* SPDX-License-Identifier: MIT */
/*
 * event - a line of "events" as JSON, with the names that runc gives them
 *
 *   {"type":"stats","id":"web","data":{"cpu":{...},"memory":{...},...}}
 *   {"type":"oom","id":"web"}
 *
 * Times are in nanoseconds, amounts in bytes; no limit is the largest number.
 */
#ifndef TARE_OCI_EVENT_H
#define TARE_OCI_EVENT_H

struct stats;

/* For the caller to free, or NULL without memory. stats NULL: an "oom". */
char *event_print(const char *id, const struct stats *stats);

#endif
