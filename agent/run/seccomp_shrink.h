/* SPDX-License-Identifier: MIT */
/*
 * seccomp_shrink - the same answers from a shorter program
 *
 * libseccomp compares with one system call after the other. Their numbers lie
 * in few ranges with one answer each, so a search among ranges takes a third of
 * the instructions for Docker's profile. What it costs to install a program
 * grows with both length and depth: the kernel compiles it, and asks it about
 * every number of every architecture beforehand.
 */
#ifndef TARE_RUN_SECCOMP_SHRINK_H
#define TARE_RUN_SECCOMP_SHRINK_H

#include <stdbool.h>

struct sock_fprog;

/*
 * Replaces a program by a shorter one that answers the same to everything, in
 * the same memory. False, and the program is as it was, when it holds what
 * this does not understand, when that would not be shorter, or for lack of
 * memory.
 */
bool seccomp_shrink(struct sock_fprog *program);

#endif
