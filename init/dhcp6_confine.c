/* SPDX-License-Identifier: MIT */
/* dhcp6_confine - what a DHCPv6 client gives up before it hears anybody */
#include "dhcp6_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dhcp6_lease.h"
#include "file.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* The Landlock ABI (kernel Documentation/userspace-api/landlock.rst), spelled
 * out as headers are often older than kernels. The first version is enough:
 * what it does not know, the system calls and the user forbid. */
#define LANDLOCK_CREATE     444
#define LANDLOCK_ADD_RULE   445
#define LANDLOCK_RESTRICT   446
#define RULE_PATH_BENEATH   1
#define ACCESS_ALL          ((UINT64_C(1) << 13) - 1)
#define ACCESS_WRITE_FILE   (UINT64_C(1) << 1)
#define ACCESS_READ_FILE    (UINT64_C(1) << 2)
#define ACCESS_READ_DIR     (UINT64_C(1) << 3)
#define ACCESS_REMOVE_FILE  (UINT64_C(1) << 5)
#define ACCESS_MAKE_REGULAR (UINT64_C(1) << 8)

struct path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

/* what the client and libc need, and what sanitizers would */
static const unsigned kept_calls[] = {
	/* clang-format off */
	SYS_read, SYS_write, SYS_sendto, SYS_recvfrom, SYS_ppoll, SYS_openat,
	SYS_close, SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_fcntl, SYS_fsync,
	SYS_fchmod, SYS_renameat, SYS_renameat2, SYS_unlinkat,
	SYS_clock_gettime, SYS_getrandom, SYS_brk, SYS_mmap, SYS_munmap,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_restart_syscall, SYS_exit, SYS_exit_group,
#if defined(__x86_64__)
	SYS_open, SYS_poll, SYS_rename, SYS_unlink, SYS_chmod,
#endif
	/* clang-format on */
};

#define CALLS (sizeof(kept_calls) / sizeof(*kept_calls))

/* only its folder; a kernel without Landlock has the user's rights alone */
static int confine_files(void)
{
	const uint64_t handled = ACCESS_ALL;
	auto_fd rules =
		(int)syscall(LANDLOCK_CREATE, &handled, sizeof(handled), 0);
	if (rules < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
	auto_fd folder = open(DHCP6_FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct path_rule rule = {
		ACCESS_WRITE_FILE | ACCESS_READ_FILE | ACCESS_READ_DIR |
			ACCESS_REMOVE_FILE | ACCESS_MAKE_REGULAR,
		folder,
	};

	if (folder < 0 || syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH,
				  &rule, 0) < 0)
		return -1;
	return (int)syscall(LANDLOCK_RESTRICT, rules, 0);
}

/* With root's user goes every capability, as none is to be kept. */
static int change_user(void)
{
	if (setgroups(0, NULL) < 0 ||
		setresgid(DHCP6_USER, DHCP6_USER, DHCP6_USER) < 0 ||
		setresuid(DHCP6_USER, DHCP6_USER, DHCP6_USER) < 0)
		return -1;
	/* which ended that, too: it is to end with netd */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Another architecture's calls have other numbers: they kill. */
static int confine_calls(void)
{
#ifdef ARCHITECTURE
	struct sock_filter filter[CALLS * 2 + 5] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .filter = filter };
	size_t used = 4;

	for (size_t i = 0; i < CALLS; i++) {
		filter[used++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
				kept_calls[i], 0, 1);
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
			SECCOMP_RET_ALLOW);
	}
	filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_ERRNO | EPERM);
	program.len = (unsigned short)used;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
#else
	return 0;
#endif
}

int dhcp6_confine(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || confine_files() < 0 ||
		change_user() < 0)
		return -1;
	return confine_calls();
}
