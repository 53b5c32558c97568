/* SPDX-License-Identifier: MIT */
/*
 * values - numbers with units, as the Compose Specification writes them
 *
 * Each parses the whole of text and returns 0, -EINVAL when it is not of that
 * form, or -ERANGE when it does not fit.
 */
#ifndef TARE_CONFIG_VALUES_H
#define TARE_CONFIG_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* "true" or "false" */
int value_bool(const char *text, bool *out);

/*
 * Bytes: a number, which may have decimals, and b, k, m, g or t, alone or with
 * "b" or "ib", in either case. They count in 1,024: 64m, 1.5gb, 512KiB.
 */
int value_bytes(const char *text, uint64_t *out);

/* Milliseconds, rounded up: 1m30s, 1.5h, 300ms, 20us. */
int value_duration(const char *text, uint64_t *out);

/* Thousandths of a decimal number: "0.5" is 500. */
int value_milli(const char *text, uint64_t *out);

/* Permission bits in octal, up to 07777: 755, 0755, 0o755. */
int value_mode(const char *text, uint32_t *out);

/* A port number from 1 to 65535. */
int value_port(const char *text, uint16_t *out);

/* A signal by name, with or without "SIG", or number from 1 to 64. */
int value_signal(const char *text, int *out);

#endif
