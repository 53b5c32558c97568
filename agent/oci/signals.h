/* SPDX-License-Identifier: MIT */
/* signals - the names of signals */
#ifndef TARE_OCI_SIGNALS_H
#define TARE_OCI_SIGNALS_H

struct error;

/*
 * The number of "TERM", "SIGTERM", "sigterm", "15", "RTMIN", "SIGRTMIN+3" or
 * "RTMAX-1", as the kernel counts them (1 to 64); else -EINVAL.
 */
int signals_parse(const char *name, struct error *err);

#endif
