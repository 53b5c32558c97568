/* SPDX-License-Identifier: MIT */
/*
 * seccomp_docker - the system calls that Docker's default profile allows
 *
 * The facts are those of moby's profiles/seccomp/default.json. Left out are
 * names that only 32-bit systems and other architectures than ours have: the
 * filter is built for one architecture, calls of all others are deadly.
 */
#ifndef TARE_RUN_SECCOMP_DOCKER_H
#define TARE_RUN_SECCOMP_DOCKER_H

#include <stddef.h>
#include <stdint.h>

enum seccomp_condition {
	SECCOMP_ALWAYS,
	SECCOMP_WITH_CAPABILITY,
	SECCOMP_WITHOUT_CAPABILITY,
};

enum seccomp_compare {
	SECCOMP_ANY, /* arguments do not matter */
	SECCOMP_LESS,
	SECCOMP_EQUAL,
	SECCOMP_GREATER,
	SECCOMP_NONE_OF_BITS, /* no bit of value is set */
};

/* One row: these calls are allowed, or fail with error when that is not 0. */
struct seccomp_rule {
	const char *names; /* with a space between */
	enum seccomp_condition condition;
	int capability;
	enum seccomp_compare compare; /* of the first argument with value */
	uint64_t value;
	int error;
};

/* Whatever no rule names fails with EPERM. */
extern const struct seccomp_rule seccomp_docker_rules[];
extern const size_t seccomp_docker_rule_count;

struct arena;
struct oci_seccomp;

/*
 * The profile for a process whose bounding set is capabilities, in memory of
 * the arena; NULL when that has none left.
 */
const struct oci_seccomp *seccomp_docker_profile(uint64_t capabilities,
	struct arena *arena);

#endif
