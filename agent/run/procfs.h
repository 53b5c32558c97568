/* SPDX-License-Identifier: MIT */
/*
 * procfs - files of a procfs that nobody has tampered with
 *
 * A write to /proc/self/attr/exec or /proc/sys acts on whatever is there, and
 * a container root may have a link, a file or another mount at /proc
 * (CVE-2019-16884, CVE-2025-52881). So every access starts at a descriptor of
 * which the kernel says that it is the root of a procfs, and stays on that
 * mount: openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_XDEV and
 * RESOLVE_NO_SYMLINKS. proc(5).
 *
 * All return 0, a descriptor (close-on-exec) or -errno; -EPERM: proc_fd is not
 * the root of a procfs, -EXDEV: something is mounted on the way.
 */
#ifndef TARE_RUN_PROCFS_H
#define TARE_RUN_PROCFS_H

int procfs_check(int proc_fd);

/* Opens path, relative to the root ("sys/net/..."), with flags of open(2). */
int procfs_open(int proc_fd, const char *path, int flags);

/*
 * Opens name in the folder of the calling process, whichever pid namespace
 * the procfs shows. -ESRCH: it does not show the process.
 */
int procfs_open_self(int proc_fd, const char *name, int flags);

/* The same, and writes text with one write(2), as most files there want it. */
int procfs_write_self(int proc_fd, const char *name, const char *text);

#endif
