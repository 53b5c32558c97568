/* SPDX-License-Identifier: MIT */
/* cgroups - the tree of groups, and what the system's own part is assured */
#ifndef INIT_CGROUPS_H
#define INIT_CGROUPS_H

/* make the groups of the table, move process 1 into its own; what fails is
 * noted */
void cgroups_make(void);

#endif
