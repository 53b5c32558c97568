/* SPDX-License-Identifier: MIT */
/* mounts - the file systems of the kernel and the small ones in memory */
#ifndef INIT_MOUNTS_H
#define INIT_MOUNTS_H

#include <stdbool.h>

/* mount every row of the table; a row that fails is noted; false when one of
 * them was required */
bool mounts_make(void);

#endif
