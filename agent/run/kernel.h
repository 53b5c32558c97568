/* SPDX-License-Identifier: MIT */
/*
 * kernel - system calls that a libc lacks or declares in a header of its own
 *
 * Each is the call that its name says, with the arguments that are always the
 * same left out. They return what the kernel does: -1 and errno on failure.
 * Descriptors are close-on-exec. Whoever includes this must not include
 * <sys/mount.h>, whose names some versions of glibc define twice.
 */
#ifndef TARE_RUN_KERNEL_H
#define TARE_RUN_KERNEL_H

#include <linux/mount.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* musl and older versions of glibc lack it */
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000 /* asm-generic/fcntl.h */
#endif

union bpf_attr;
struct clone_args;
struct sock_fprog;

/* clone3(2) without a stack: returns twice, as fork(2) does. */
pid_t kernel_clone3(struct clone_args *args);

/* openat2(2); resolve is RESOLVE_* of <linux/openat2.h>. */
int kernel_openat2(int dir_fd, const char *path, int flags, uint64_t resolve);

/* fsopen(2) with the log of the context readable from the descriptor. */
int kernel_fsopen(const char *type);
int kernel_fsconfig(int context_fd, unsigned int command, const char *key,
	const char *value);
/* attributes: MOUNT_ATTR_* */
int kernel_fsmount(int context_fd, uint64_t attributes);

/*
 * open_tree(2): a detached copy of the mount at path below dir_fd, or at dir_fd
 * when path is ""; flags: AT_RECURSIVE, AT_SYMLINK_NOFOLLOW.
 */
int kernel_clone_mount(int dir_fd, const char *path, unsigned int flags);

/* move_mount(2) of the mount at mount_fd onto what target_fd is. */
int kernel_move_mount(int mount_fd, int target_fd);
/* ... onto what name is in the folder dir_fd; a link is not followed. */
int kernel_move_mount_at(int mount_fd, int dir_fd, const char *name);

/* umount2(2), MNT_DETACH, of the mount whose root fd is. */
int kernel_detach(int fd);

/* mount_setattr(2) on fd; flags: AT_RECURSIVE. */
int kernel_mount_setattr(int fd, unsigned int flags,
	const struct mount_attr *attr);

/* pivot_root(".", ".") and a lazy umount of what is then below. */
int kernel_pivot_root_here(void);

/* mount(2) of a file system on path; flags: MS_*. */
int kernel_mount(const char *type, const char *source, const char *path,
	unsigned long flags, const char *data);

/* mount(2) of "none" on path: only changes propagation, MS_*. */
int kernel_set_propagation(const char *path, unsigned long flags);

/* close_range(2) */
int kernel_close_range(unsigned int first, unsigned int last);

/* close_range(2): every descriptor from first on becomes close-on-exec. */
int kernel_close_on_exec_from(unsigned int first);

int kernel_pidfd_send_signal(int pid_fd, int signal);

/*
 * rt_sigaction(2), SIG_DFL. A libc refuses signals 32 to 34, which it has for
 * itself; but a parent may leave them ignored, as posix_spawn of glibc does.
 */
int kernel_default_signal(int signal);

/* Sets of capabilities(7) of this process, one bit each. */
int kernel_capget(uint64_t *permitted);
int kernel_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/* setgroups(2), setresgid(2) and setresuid(2), without what a libc does for
 * threads: there is one. */
int kernel_setgroups(size_t count, const uint32_t *groups);
int kernel_setgid(uint32_t gid);
int kernel_setuid(uint32_t uid);

/* keyctl(2), KEYCTL_JOIN_SESSION_KEYRING: a new anonymous one. */
int kernel_new_session_keyring(void);

/* prlimit(2), 0: of this process; both libcs have types of their own for it. */
int kernel_set_rlimit(pid_t pid, int type, uint64_t soft, uint64_t hard);

/* unshare(2); musl and glibc declare it in <sched.h>. */
int kernel_unshare(unsigned long flags);

int kernel_bpf(int command, union bpf_attr *attr, size_t size);

/* The same with SECCOMP_FILTER_FLAG_*; NEW_LISTENER returns a descriptor. */
int kernel_seccomp_filter(unsigned int flags, const struct sock_fprog *program);

#endif
