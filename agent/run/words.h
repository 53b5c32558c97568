/* SPDX-License-Identifier: MIT */
/*
 * words - names of the OCI runtime-spec and what the kernel calls them
 *
 * The order is that of the specification, so that a list of what is supported
 * can be printed from a table.
 */
#ifndef TARE_RUN_WORDS_H
#define TARE_RUN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
	const char *text;
	uint64_t value;
};

struct words {
	const char *what; /* "namespace": 'x' is no namespace */
	const struct word *items;
	size_t count;
};

extern const struct words words_namespaces;    /* enum oci_namespace_kind */
extern const struct words words_capabilities;  /* CAP_* of capabilities(7) */
extern const struct words words_rlimits;       /* RLIMIT_* of getrlimit(2) */
extern const struct words words_io_classes;    /* IOPRIO_CLASS_* */
extern const struct words words_policies;      /* SCHED_* */
extern const struct words words_policy_flags;  /* SCHED_FLAG_* */
extern const struct words words_actions;       /* SECCOMP_RET_* */
extern const struct words words_compares;      /* enum oci_seccomp_compare */
extern const struct words words_architectures; /* AUDIT_ARCH_*; x32 has none */
extern const struct words words_filter_flags;  /* SECCOMP_FILTER_FLAG_* */
extern const struct words words_memory_modes;  /* MPOL_* */
extern const struct words words_memory_flags;  /* MPOL_F_* */
extern const struct words words_domains;       /* PER_* of personality(2) */
extern const struct words words_propagations;  /* MS_* of mount(2) */
extern const struct words words_hooks;         /* enum oci_hook_kind */

/* Finds text; false: it is none of them. value may be NULL. */
bool words_find(const struct words *words, const char *text, uint64_t *value);

/* The word that is most like text, for "did you mean", or NULL. */
const char *words_suggest(const struct words *words, const char *text);

#endif
