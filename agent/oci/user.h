/* SPDX-License-Identifier: MIT */
/* user - "UID[:GID]" of --user */
#ifndef TARE_OCI_USER_H
#define TARE_OCI_USER_H

#include <stdint.h>

struct error;
struct oci_user;

/* A decimal id up to 4294967294 (the last one means "none"), else -EINVAL. */
int user_parse_id(const char *text, uint32_t *out);

/*
 * "1000" or "1000:50", numbers only, as names are the caller's to look up. The
 * group stays as it is when none is given, as crun and runc have it.
 */
int user_parse(const char *text, struct oci_user *out, struct error *err);

#endif
