/* SPDX-License-Identifier: MIT */
/*
 * net_show - prints a struct net_report, for people and for programs
 */
#ifndef TARE_CLI_NET_SHOW_H
#define TARE_CLI_NET_SHOW_H

#include <stdio.h>

struct net_report;

/* Tables, one below the other; those without rows are left out. */
void net_show_text(const struct net_report *report, FILE *out);

/* One object and a newline; its members are in tare.1. */
void net_show_json(const struct net_report *report, FILE *out);

#endif
