/* SPDX-License-Identifier: MIT */
/*
 * sandbox - what an import gives up before it reads an archive
 *
 * Folders: the sources can be read, the store can be written, the rest of the
 * file system is gone (Landlock, where the kernel has it). Capabilities: those
 * to make files with any owner, mode and xattr stay. System calls: files,
 * memory and time stay; there is no network, program, mount or other process
 * to reach (seccomp). Memory, open files: limited.
 */
#ifndef TARE_STORE_SANDBOX_H
#define TARE_STORE_SANDBOX_H

struct error;
struct store;

/* Confines the calling process, for good. */
int sandbox_enter(const struct store *store, struct error *err);

#endif
