// SPDX-License-Identifier: MIT
/* net_confine - what a tool gives up before it reads what strangers send */
#include "cli/net_confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "say here which numbers its system calls have"
#endif

static const unsigned int kept_calls[] = {
	/* clang-format off */
	SYS_ppoll, SYS_recvmsg, SYS_recvfrom, SYS_sendto, SYS_read, SYS_write,
	SYS_writev, SYS_clock_gettime, SYS_socket, SYS_connect, SYS_setsockopt,
	SYS_getsockopt, SYS_getrandom, SYS_openat, SYS_close, SYS_fstat,
	SYS_newfstatat, SYS_statx, SYS_lseek, SYS_fcntl, SYS_ioctl, SYS_brk,
	SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_restart_syscall, SYS_gettid, SYS_tgkill, SYS_exit, SYS_exit_group,
#if defined(__x86_64__)
	SYS_open, SYS_stat, SYS_poll,
#endif
	/* clang-format on */
};

enum {
	CALLS = sizeof(kept_calls) / sizeof(kept_calls[0]),
};

/* Another architecture's calls have other numbers: they kill. */
static int confine_calls(struct error *err)
{
	struct sock_filter filter[CALLS + 6] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
	};
	size_t used = 4;
	struct sock_fprog program = { .filter = filter };

	for (size_t i = 0; i < CALLS; i++)
		filter[used++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
				kept_calls[i], (uint8_t)(CALLS - i), 0);
	filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_ERRNO | EPERM);
	filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_ALLOW);
	program.len = (unsigned short)used;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return error_errno(err, "limit the system calls (seccomp)");
	return 0;
}

int net_confine(struct error *err)
{
	if (geteuid() == 0 &&
		(setgroups(0, NULL) < 0 ||
			setresgid(NET_CONFINE_USER, NET_CONFINE_USER,
				NET_CONFINE_USER) < 0 ||
			setresuid(NET_CONFINE_USER, NET_CONFINE_USER,
				NET_CONFINE_USER) < 0))
		return error_errno(err, "give up root");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "forbid new privileges");
	return confine_calls(err);
}
