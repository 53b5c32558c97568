/* SPDX-License-Identifier: MIT */
/* sysctls - settings of the running kernel: hardening, and room for services */
#ifndef INIT_SYSCTLS_H
#define INIT_SYSCTLS_H

/* write every row of the table; a row that fails is noted, a setting that this
 * kernel does not have is none */
void sysctls_set(void);

#endif
