// SPDX-License-Identifier: MIT
/* seccomp_docker - the system calls that Docker's default profile allows */
#include "run/seccomp_docker.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/personality.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "run/oci.h"

/* clang-format off */
#define NEW_NAMESPACES                                            \
	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP)

#define ALWAYS(text)      { .names = (text) }
#define WITH(cap, text)   { .names = (text), \
	.condition = SECCOMP_WITH_CAPABILITY, .capability = (cap) }
#define ARGUMENT(text, how, what) { .names = (text), .compare = (how), \
	.value = (what) }

const struct seccomp_rule seccomp_docker_rules[] = {
	ALWAYS(
	"accept accept4 access adjtimex alarm arch_prctl bind brk cachestat "
	"capget capset chdir chmod chown clock_adjtime clock_getres "
	"clock_gettime clock_nanosleep close close_range connect "
	"copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 "
	"epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
	"epoll_wait_old eventfd eventfd2 execve execveat exit exit_group "
	"faccessat faccessat2 fadvise64 fallocate fanotify_mark fchdir fchmod "
	"fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr "
	"flistxattr flock fork fremovexattr fsetxattr fstat fstatfs fsync "
	"ftruncate futex futex_requeue futex_wait futex_waitv futex_wake "
	"futimesat get_robust_list get_thread_area getcpu getcwd getdents "
	"getdents64 getegid geteuid getgid getgroups getitimer getpeername "
	"getpgid getpgrp getpid getppid getpriority getrandom getresgid "
	"getresuid getrlimit getrusage getsid getsockname getsockopt gettid "
	"gettimeofday getuid getxattr getxattrat inotify_add_watch "
	"inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy "
	"io_getevents io_pgetevents io_setup io_submit ioctl ioprio_get "
	"ioprio_set kill landlock_add_rule landlock_create_ruleset "
	"landlock_restrict_self lchown lgetxattr link linkat listen listmount "
	"listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat "
	"madvise map_shadow_stack membarrier memfd_create memfd_secret mincore "
	"mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap modify_ldt "
	"mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend "
	"mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock "
	"munlockall munmap name_to_handle_at nanosleep newfstatat open openat "
	"openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc "
	"pkey_free pkey_mprotect poll ppoll prctl pread64 preadv preadv2 "
	"prlimit64 process_mrelease process_vm_readv process_vm_writev "
	"pselect6 ptrace pwrite64 pwritev pwritev2 read readahead readlink "
	"readlinkat readv recvfrom recvmmsg recvmsg remap_file_pages "
	"removexattr removexattrat rename renameat renameat2 restart_syscall "
	"rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
	"rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo "
	"sched_get_priority_max sched_get_priority_min sched_getaffinity "
	"sched_getattr sched_getparam sched_getscheduler "
	"sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam "
	"sched_setscheduler sched_yield seccomp select semctl semget semop "
	"semtimedop sendfile sendmmsg sendmsg sendto set_robust_list "
	"set_thread_area set_tid_address setfsgid setfsuid setgid setgroups "
	"setitimer setpgid setpriority setregid setresgid setresuid setreuid "
	"setrlimit setsid setsockopt setuid setxattr setxattrat shmat shmctl "
	"shmdt shmget shutdown sigaltstack signalfd signalfd4 socketpair "
	"splice stat statfs statmount statx symlink symlinkat sync "
	"sync_file_range syncfs sysinfo tee tgkill time timer_create "
	"timer_delete timer_getoverrun timer_gettime timer_settime "
	"timerfd_create timerfd_gettime timerfd_settime times tkill truncate "
	"umask uname unlink unlinkat uretprobe utime utimensat utimes vfork "
	"vmsplice wait4 waitid write writev"),

	/* all families but AF_ALG, which had copy.fail, and AF_VSOCK */
	ARGUMENT("socket", SECCOMP_LESS, AF_ALG),
	ARGUMENT("socket", SECCOMP_EQUAL, AF_NFC),
	ARGUMENT("socket", SECCOMP_GREATER, AF_VSOCK),

	ARGUMENT("personality", SECCOMP_EQUAL, PER_LINUX),
	ARGUMENT("personality", SECCOMP_EQUAL, PER_LINUX32),
	ARGUMENT("personality", SECCOMP_EQUAL, UNAME26),
	ARGUMENT("personality", SECCOMP_EQUAL, UNAME26 | PER_LINUX32),
	ARGUMENT("personality", SECCOMP_EQUAL, 0xffffffff),

	WITH(CAP_DAC_READ_SEARCH, "open_by_handle_at"),
	WITH(CAP_SYS_ADMIN,
	"bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick "
	"lookup_dcookie lsm_get_self_attr lsm_list_modules lsm_set_self_attr "
	"mount mount_setattr move_mount open_tree perf_event_open quotactl "
	"quotactl_fd setdomainname sethostname setns syslog umount2 unshare"),
	WITH(CAP_SYS_BOOT, "reboot"),
	WITH(CAP_SYS_CHROOT, "chroot"),
	WITH(CAP_SYS_MODULE, "delete_module finit_module init_module"),
	WITH(CAP_SYS_PACCT, "acct"),
	WITH(CAP_SYS_PTRACE,
	"kcmp pidfd_getfd process_madvise"),
	WITH(CAP_SYS_RAWIO, "ioperm iopl"),
	WITH(CAP_SYS_TIME, "clock_settime settimeofday"),
	WITH(CAP_SYS_TTY_CONFIG, "vhangup"),
	WITH(CAP_SYS_NICE,
	"get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
	WITH(CAP_SYSLOG, "syslog"),
	WITH(CAP_BPF, "bpf"),
	WITH(CAP_PERFMON, "perf_event_open"),

	{ .names = "clone", .condition = SECCOMP_WITHOUT_CAPABILITY,
	  .capability = CAP_SYS_ADMIN, .compare = SECCOMP_NONE_OF_BITS,
	  .value = NEW_NAMESPACES },
	/* its flags lie in memory, where no filter can see them: ENOSYS makes
	 * libcs fall back to clone */
	{ .names = "clone3", .condition = SECCOMP_WITHOUT_CAPABILITY,
	  .capability = CAP_SYS_ADMIN, .error = ENOSYS },
};
/* clang-format on */

const size_t seccomp_docker_rule_count =
	sizeof(seccomp_docker_rules) / sizeof(seccomp_docker_rules[0]);

static bool applies(const struct seccomp_rule *rule, uint64_t capabilities)
{
	bool has = capabilities & UINT64_C(1) << rule->capability;

	switch (rule->condition) {
	case SECCOMP_ALWAYS:
		return true;
	case SECCOMP_WITH_CAPABILITY:
		return has;
	case SECCOMP_WITHOUT_CAPABILITY:
		return !has;
	}
	abort();
}

/* "a b c" as a list */
static const char *const *split(const char *names, struct arena *arena)
{
	size_t count = 2;
	const char **list;
	char *copy;
	char *end;

	for (const char *at = names; *at; at++)
		count += *at == ' ';
	list = arena_array(arena, count, sizeof(*list));
	copy = arena_string(arena, names);
	if (!list || !copy)
		return NULL;
	for (size_t i = 0; copy; i++, copy = end) {
		end = strchr(copy, ' ');
		if (end)
			*end++ = '\0';
		list[i] = copy;
	}
	return list;
}

static const struct oci_seccomp_arg *compare(const struct seccomp_rule *rule,
	struct arena *arena)
{
	static const enum oci_seccomp_compare compares[] = {
		[SECCOMP_LESS] = OCI_COMPARE_LT,
		[SECCOMP_EQUAL] = OCI_COMPARE_EQ,
		[SECCOMP_GREATER] = OCI_COMPARE_GT,
		[SECCOMP_NONE_OF_BITS] = OCI_COMPARE_MASKED_EQ,
	};
	struct oci_seccomp_arg *arg = arena_alloc(arena, sizeof(*arg));

	if (arg)
		*arg = (struct oci_seccomp_arg){
			.compare = compares[rule->compare],
			.value = rule->value,
		};
	return arg;
}

static bool translate(const struct seccomp_rule *rule,
	struct oci_seccomp_rule *out, struct arena *arena)
{
	out->names = split(rule->names, arena);
	out->action = rule->error ? SECCOMP_RET_ERRNO : SECCOMP_RET_ALLOW;
	if (rule->error)
		out->errno_ret = OCI_NUMBER(rule->error);
	if (rule->compare != SECCOMP_ANY) {
		out->args = compare(rule, arena);
		out->arg_count = 1;
	}
	return out->names && (out->args || out->arg_count == 0);
}

const struct oci_seccomp *seccomp_docker_profile(uint64_t capabilities,
	struct arena *arena)
{
	struct oci_seccomp *profile = arena_alloc(arena, sizeof(*profile));
	struct oci_seccomp_rule *rules =
		arena_array(arena, seccomp_docker_rule_count, sizeof(*rules));
	size_t count = 0;

	if (!profile || !rules)
		return NULL;
	for (size_t i = 0; i < seccomp_docker_rule_count; i++) {
		const struct seccomp_rule *rule = &seccomp_docker_rules[i];

		if (!applies(rule, capabilities))
			continue;
		if (!translate(rule, &rules[count++], arena))
			return NULL;
	}
	*profile = (struct oci_seccomp){
		.default_action = SECCOMP_RET_ERRNO,
		.default_errno = OCI_NUMBER(EPERM),
		.rules = rules,
		.rule_count = count,
	};
	return profile;
}
