/* SPDX-License-Identifier: MIT */
/*
 * check - what only shows when all of a config has been read
 */
#ifndef TARE_CONFIG_CHECK_H
#define TARE_CONFIG_CHECK_H

struct draft;
struct reader;

/*
 * Has all of it checked against each other; reports places mounted twice,
 * volumes that are not declared, dependencies that do not exist or lead in a
 * circle. Fills config.services, dependencies before those who need them, else
 * in the order of the file.
 */
void check_draft(struct reader *reader, struct draft *draft);

#endif
