// SPDX-License-Identifier: MIT
/* dns_confine - what a name server gives up before it hears anybody */
#include "net/dns_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/*
 * The Landlock ABI (kernel Documentation/userspace-api/landlock.rst) is spelled
 * out here as headers are often older than kernels.
 */
#define LANDLOCK_CREATE     444
#define LANDLOCK_ADD_RULE   445
#define LANDLOCK_RESTRICT   446
#define LANDLOCK_VERSION    1U
#define RULE_PATH_BENEATH   1
#define ACCESS_READ_FILE    (UINT64_C(1) << 2)
#define ACCESS_READ_DIR     (UINT64_C(1) << 3)
#define ACCESS_ABI_1        ((UINT64_C(1) << 13) - 1)
#define ACCESS_REFER        (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_TRUNCATE     (UINT64_C(1) << 14) /* ABI 3 */
#define ACCESS_IOCTL_DEVICE (UINT64_C(1) << 15) /* ABI 5 */

struct path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

/* What the server and libc need; newer names of the same calls beside them. */
static const unsigned int kept_calls[] = {
	/* clang-format off */
	SYS_recvmmsg, SYS_sendmmsg, SYS_epoll_pwait, SYS_read, SYS_sendto,
	SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_connect, SYS_bind,
	SYS_listen, SYS_accept4, SYS_setsockopt, SYS_getsockopt, SYS_epoll_ctl,
	SYS_timerfd_settime, SYS_clock_gettime, SYS_getrandom, SYS_openat,
	SYS_close, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_lseek, SYS_fcntl,
	SYS_write, SYS_writev, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap,
	SYS_mprotect, SYS_madvise, SYS_futex, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall, SYS_getpid,
	SYS_gettid, SYS_tgkill, SYS_exit, SYS_exit_group,
#if defined(__x86_64__)
	SYS_open, SYS_stat, SYS_epoll_wait, SYS_gettimeofday,
#endif
	/* clang-format on */
};

enum {
	CALLS = sizeof(kept_calls) / sizeof(kept_calls[0]),
	FILES_MAX = 4096, /* two for each address, five for each flight */
};

static void complain(const char *what)
{
	log_warn("dns: %s: %s, going on without", what, strerror(errno));
}

static void limit_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = FILES_MAX;
	if (files.rlim_max < FILES_MAX)
		files.rlim_cur = files.rlim_max;
	files.rlim_max = files.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		complain("limit the open files");
}

static uint64_t handled_access(long abi)
{
	uint64_t access = ACCESS_ABI_1;

	if (abi >= 2)
		access |= ACCESS_REFER;
	if (abi >= 3)
		access |= ACCESS_TRUNCATE;
	if (abi >= 5)
		access |= ACCESS_IOCTL_DEVICE;
	return access;
}

static void confine_files(const char *folder)
{
	long abi = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);
	uint64_t handled = handled_access(abi);
	auto_fd rules = abi < 1 ? -1
				: (int)syscall(LANDLOCK_CREATE, &handled,
					  sizeof(handled), 0);
	auto_fd folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct path_rule rule = {
		ACCESS_READ_FILE | ACCESS_READ_DIR,
		folder_fd,
	};

	if (rules < 0 || folder_fd < 0 ||
		syscall(LANDLOCK_ADD_RULE, rules, RULE_PATH_BENEATH, &rule, 0) <
			0 ||
		syscall(LANDLOCK_RESTRICT, rules, 0) < 0)
		complain("confine it to its folder (Landlock)");
}

/* Without root there is no other user to become. */
static void change_user(void)
{
	if (setgroups(0, NULL) < 0 ||
		setresgid(DNS_CONFINE_USER, DNS_CONFINE_USER,
			DNS_CONFINE_USER) < 0 ||
		setresuid(DNS_CONFINE_USER, DNS_CONFINE_USER,
			DNS_CONFINE_USER) < 0)
		complain("become its own user");
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0) {
		complain("read its capabilities");
		return;
	}
	data[0].permitted &= 1U << CAP_NET_BIND_SERVICE;
	data[0].effective = data[0].permitted;
	data[1].permitted = data[1].effective = 0;
	data[0].inheritable = data[1].inheritable = 0;
	if (syscall(SYS_capset, &header, data) < 0)
		complain("drop its capabilities");
	else if (data[0].permitted == 0)
		log_warn("dns: it lacks CAP_NET_BIND_SERVICE, and may not be "
			 "allowed to listen on port 53");
}

#ifdef ARCHITECTURE
/* Only sockets of IPv4 and IPv6; the first argument is an int. */
static size_t add_socket_rule(struct sock_filter *at)
{
	static const struct sock_filter rule[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};

	memcpy(at, rule, sizeof(rule));
	return sizeof(rule) / sizeof(rule[0]);
}

/* Another architecture's calls have other numbers: they kill. */
static void confine_calls(void)
{
	struct sock_filter filter[CALLS * 2 + 16] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
	};
	size_t used = 4;
	struct sock_fprog program = { .filter = filter };

	for (size_t i = 0; i < CALLS; i++) {
		filter[used++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
				kept_calls[i], 0, 1);
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
			SECCOMP_RET_ALLOW);
	}
	used += add_socket_rule(filter + used);
	filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_ERRNO | EPERM);
	program.len = (unsigned short)used;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		complain("limit its system calls (seccomp)");
}
#else
static void confine_calls(void)
{
	errno = ENOSYS;
	complain("limit its system calls (seccomp)");
}
#endif

void dns_confine(const char *folder)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		complain("forbid new privileges");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		complain("keep a capability");
	limit_files();
	confine_files(folder);
	change_user();
	drop_capabilities();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		complain("hide its memory");
	confine_calls();
}
