/* SPDX-License-Identifier: MIT */
/*
 * profile - a seccomp profile in JSON, for one container
 *
 * Two formats: Docker's ("security_opt: seccomp=FILE": archMap, includes,
 * excludes) and linux.seccomp of the OCI runtime-spec, which is the part of it
 * that needs no conditions. Rules whose conditions do not hold for the
 * container's capabilities, the machine and its kernel are left out.
 */
#ifndef TARE_RUN_PROFILE_H
#define TARE_RUN_PROFILE_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct fields;
struct oci_seccomp;

struct profile_source {
	const char *text; /* need not be terminated */
	size_t size;
	uint64_t capabilities; /* the container's bounding set */
	const char
		*machine; /* "amd64", as includes.arches has it; NULL: ours */
	uint32_t kernel;  /* major << 16 | minor; 0: the running one */
};

enum {
	PROFILE_SIZE_MAX = 1 << 20
};

/*
 * Fills *out; all memory is of arena. 0, -EINVAL or -ENOMEM; an error begins
 * with a JSON path: "syscalls[3].action: 'SCMP_ACT_ALOW' is no action ...".
 */
int profile_parse(const struct profile_source *source, struct arena *arena,
	struct oci_seccomp *out, struct error *err);

/* linux.seccomp, into struct oci_seccomp. */
extern const struct fields profile_fields;

#endif
