/* SPDX-License-Identifier: MIT */
/*
 * seccomp - the program that judges a container's system calls
 */
#ifndef TARE_RUN_SECCOMP_H
#define TARE_RUN_SECCOMP_H

#include <stdint.h>

struct error;
struct sock_fprog;

/*
 * Points *out to Docker's default profile (seccomp_docker.h) for a process
 * whose bounding set is capabilities, compiled by libseccomp as a binary tree
 * for this machine's architecture. Compiling takes about 2 ms, so programs are
 * kept: one per set of capabilities that makes a difference. They belong to
 * this module and are valid until the next call.
 */
int seccomp_docker_program(uint64_t capabilities, const struct sock_fprog **out,
	struct error *err);

#endif
