// SPDX-License-Identifier: MIT
/* kernel - system calls that a libc lacks or declares in a header of its own */
#include "run/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* fcntl.h of musl and of older glibc lack these; asm-generic/fcntl.h has them */
#ifndef MNT_DETACH
#define MNT_DETACH 2 /* umount2(2) */
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2) /* linux/close_range.h */
#endif

pid_t kernel_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int kernel_openat2(int dir_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
		.resolve = resolve,
	};

	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

int kernel_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

int kernel_fsconfig(int context_fd, unsigned int command, const char *key,
	const char *value)
{
	return (int)syscall(SYS_fsconfig, context_fd, command, key, value, 0);
}

int kernel_fsmount(int context_fd, uint64_t attributes)
{
	return (int)syscall(SYS_fsmount, context_fd, FSMOUNT_CLOEXEC,
		(unsigned int)attributes);
}

int kernel_clone_mount(int dir_fd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dir_fd, path,
		AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

int kernel_move_mount(int mount_fd, int target_fd)
{
	return (int)syscall(SYS_move_mount, mount_fd, "", target_fd, "",
		MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int kernel_move_mount_at(int mount_fd, int dir_fd, const char *name)
{
	return (int)syscall(SYS_move_mount, mount_fd, "", dir_fd, name,
		MOVE_MOUNT_F_EMPTY_PATH);
}

int kernel_detach(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (int)syscall(SYS_umount2, path, MNT_DETACH);
}

int kernel_mount_setattr(int fd, unsigned int flags,
	const struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | flags,
		attr, sizeof(*attr));
}

int kernel_pivot_root_here(void)
{
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return -1;
	return (int)syscall(SYS_umount2, ".", MNT_DETACH);
}

int kernel_mount(const char *type, const char *source, const char *path,
	unsigned long flags, const char *data)
{
	return (int)syscall(SYS_mount, source, path, type, flags, data);
}

int kernel_set_propagation(const char *path, unsigned long flags)
{
	return (int)syscall(SYS_mount, NULL, path, NULL, flags, NULL);
}

int kernel_close_range(unsigned int first, unsigned int last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

int kernel_close_on_exec_from(unsigned int first)
{
	return (int)syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC);
}

int kernel_pidfd_send_signal(int pid_fd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pid_fd, signal, NULL, 0);
}

int kernel_default_signal(int signal)
{
	/* no handler, no flags, an empty mask, whatever their order is */
	static const unsigned long action[8];

	return (int)syscall(SYS_rt_sigaction, signal, action, NULL,
		sizeof(uint64_t));
}

int kernel_capget(uint64_t *permitted)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	*permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

int kernel_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(effective >> 32 * i),
			.permitted = (uint32_t)(permitted >> 32 * i),
			.inheritable = (uint32_t)(inheritable >> 32 * i),
		};
	return (int)syscall(SYS_capset, &header, data);
}

int kernel_setgroups(size_t count, const uint32_t *groups)
{
	return (int)syscall(SYS_setgroups, count, groups);
}

int kernel_setgid(uint32_t gid)
{
	return (int)syscall(SYS_setresgid, gid, gid, gid);
}

int kernel_setuid(uint32_t uid)
{
	return (int)syscall(SYS_setresuid, uid, uid, uid);
}

int kernel_new_session_keyring(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

int kernel_set_rlimit(pid_t pid, int type, uint64_t soft, uint64_t hard)
{
	uint64_t limit[] = { soft, hard }; /* struct rlimit64 */

	return (int)syscall(SYS_prlimit64, pid, type, limit, NULL);
}

int kernel_unshare(unsigned long flags)
{
	return (int)syscall(SYS_unshare, flags);
}

int kernel_bpf(int command, union bpf_attr *attr, size_t size)
{
	return (int)syscall(SYS_bpf, command, attr, (unsigned int)size);
}

int kernel_seccomp_filter(unsigned int flags, const struct sock_fprog *program)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags,
		program);
}
