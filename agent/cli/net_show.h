/* SPDX-License-Identifier: MIT */
/*
 * net_show - prints a struct survey, for people and for programs
 */
#ifndef TARE_CLI_NET_SHOW_H
#define TARE_CLI_NET_SHOW_H

#include <stdio.h>

struct survey;

/* Tables, one below the other; those without rows are left out. */
void net_show_text(const struct survey *survey, FILE *out);

/* One object and a newline; its members are in tare.1. */
void net_show_json(const struct survey *survey, FILE *out);

#endif
