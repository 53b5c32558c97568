/* SPDX-License-Identifier: MIT */
/*
 * seccomp_compile - a profile as libseccomp compiles it
 */
#ifndef TARE_RUN_SECCOMP_COMPILE_H
#define TARE_RUN_SECCOMP_COMPILE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct oci_seccomp;
struct sock_fprog;

/* Makes the program; the caller frees out->filter. */
int seccomp_compile(const struct oci_seccomp *profile, struct sock_fprog *out,
	struct error *err);

/*
 * What the program depends on, as bytes that are equal only for profiles that
 * mean the same, on this architecture and with this libseccomp. The caller
 * frees them. NULL: no memory.
 */
char *seccomp_key(const struct oci_seccomp *profile, size_t *size);

#endif
