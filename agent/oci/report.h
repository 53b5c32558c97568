/* SPDX-License-Identifier: MIT */
/*
 * report - what goes wrong, on standard error and in the caller's log
 *
 *   tare-oci: create 'web': mount 'proc' at '/proc': Operation not permitted
 *   {"level":"error","msg":"create 'web': ...","time":"2026-11-22T10:00:00Z"}
 *
 * The log is what podman and containerd read to tell why a command failed.
 */
#ifndef TARE_OCI_REPORT_H
#define TARE_OCI_REPORT_H

struct error;
struct options;

/* From now on lines of lib/log go there; the log may be a FIFO or a device. */
int report_open(const struct options *options, struct error *err);

/* One line: the command, its container, why. */
void report_error(const struct options *options, const struct error *err);

#endif
