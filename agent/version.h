/* SPDX-License-Identifier: MIT */
/* version - what this build calls itself; the Makefile passes the real one */
#ifndef TARE_VERSION_H
#define TARE_VERSION_H

#ifndef TARE_VERSION
#define TARE_VERSION "0.1.0"
#endif

#endif
