// SPDX-License-Identifier: MIT
/* words - names of the OCI runtime-spec and what the kernel calls them */
#include "run/words.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <linux/personality.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "lib/text.h"
#include "run/oci.h"

#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6 /* Linux 6.9 */
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif
#ifndef AUDIT_ARCH_LOONGARCH64
#define AUDIT_ARCH_LOONGARCH64 (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

/* <linux/ioprio.h> came with Linux 6.5 */
enum {
	IO_CLASS_REAL_TIME = 1,
	IO_CLASS_BEST_EFFORT,
	IO_CLASS_IDLE
};

#define WORDS(name, noun, list)                            \
	const struct words name = {                        \
		.what = (noun),                            \
		.items = (list),                           \
		.count = sizeof(list) / sizeof((list)[0]), \
	}

/* clang-format off */

static const struct word namespaces[] = {
	{ "pid",     OCI_NAMESPACE_PID },
	{ "network", OCI_NAMESPACE_NETWORK },
	{ "mount",   OCI_NAMESPACE_MOUNT },
	{ "ipc",     OCI_NAMESPACE_IPC },
	{ "uts",     OCI_NAMESPACE_UTS },
	{ "user",    OCI_NAMESPACE_USER },
	{ "cgroup",  OCI_NAMESPACE_CGROUP },
	{ "time",    OCI_NAMESPACE_TIME },
};
WORDS(words_namespaces, "namespace", namespaces);

static const struct word capabilities[] = {
	{ "CAP_CHOWN",              CAP_CHOWN },
	{ "CAP_DAC_OVERRIDE",       CAP_DAC_OVERRIDE },
	{ "CAP_DAC_READ_SEARCH",    CAP_DAC_READ_SEARCH },
	{ "CAP_FOWNER",             CAP_FOWNER },
	{ "CAP_FSETID",             CAP_FSETID },
	{ "CAP_KILL",               CAP_KILL },
	{ "CAP_SETGID",             CAP_SETGID },
	{ "CAP_SETUID",             CAP_SETUID },
	{ "CAP_SETPCAP",            CAP_SETPCAP },
	{ "CAP_LINUX_IMMUTABLE",    CAP_LINUX_IMMUTABLE },
	{ "CAP_NET_BIND_SERVICE",   CAP_NET_BIND_SERVICE },
	{ "CAP_NET_BROADCAST",      CAP_NET_BROADCAST },
	{ "CAP_NET_ADMIN",          CAP_NET_ADMIN },
	{ "CAP_NET_RAW",            CAP_NET_RAW },
	{ "CAP_IPC_LOCK",           CAP_IPC_LOCK },
	{ "CAP_IPC_OWNER",          CAP_IPC_OWNER },
	{ "CAP_SYS_MODULE",         CAP_SYS_MODULE },
	{ "CAP_SYS_RAWIO",          CAP_SYS_RAWIO },
	{ "CAP_SYS_CHROOT",         CAP_SYS_CHROOT },
	{ "CAP_SYS_PTRACE",         CAP_SYS_PTRACE },
	{ "CAP_SYS_PACCT",          CAP_SYS_PACCT },
	{ "CAP_SYS_ADMIN",          CAP_SYS_ADMIN },
	{ "CAP_SYS_BOOT",           CAP_SYS_BOOT },
	{ "CAP_SYS_NICE",           CAP_SYS_NICE },
	{ "CAP_SYS_RESOURCE",       CAP_SYS_RESOURCE },
	{ "CAP_SYS_TIME",           CAP_SYS_TIME },
	{ "CAP_SYS_TTY_CONFIG",     CAP_SYS_TTY_CONFIG },
	{ "CAP_MKNOD",              CAP_MKNOD },
	{ "CAP_LEASE",              CAP_LEASE },
	{ "CAP_AUDIT_WRITE",        CAP_AUDIT_WRITE },
	{ "CAP_AUDIT_CONTROL",      CAP_AUDIT_CONTROL },
	{ "CAP_SETFCAP",            CAP_SETFCAP },
	{ "CAP_MAC_OVERRIDE",       CAP_MAC_OVERRIDE },
	{ "CAP_MAC_ADMIN",          CAP_MAC_ADMIN },
	{ "CAP_SYSLOG",             CAP_SYSLOG },
	{ "CAP_WAKE_ALARM",         CAP_WAKE_ALARM },
	{ "CAP_BLOCK_SUSPEND",      CAP_BLOCK_SUSPEND },
	{ "CAP_AUDIT_READ",         CAP_AUDIT_READ },
	{ "CAP_PERFMON",            CAP_PERFMON },
	{ "CAP_BPF",                CAP_BPF },
	{ "CAP_CHECKPOINT_RESTORE", CAP_CHECKPOINT_RESTORE },
};
WORDS(words_capabilities, "capability", capabilities);

static const struct word rlimits[] = {
	{ "RLIMIT_AS",         RLIMIT_AS },
	{ "RLIMIT_CORE",       RLIMIT_CORE },
	{ "RLIMIT_CPU",        RLIMIT_CPU },
	{ "RLIMIT_DATA",       RLIMIT_DATA },
	{ "RLIMIT_FSIZE",      RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS",      RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK",    RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE",   RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE",       RLIMIT_NICE },
	{ "RLIMIT_NOFILE",     RLIMIT_NOFILE },
	{ "RLIMIT_NPROC",      RLIMIT_NPROC },
	{ "RLIMIT_RSS",        RLIMIT_RSS },
	{ "RLIMIT_RTPRIO",     RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME",     RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK",      RLIMIT_STACK },
};
WORDS(words_rlimits, "limit of getrlimit(2)", rlimits);

static const struct word io_classes[] = {
	{ "IOPRIO_CLASS_RT",   IO_CLASS_REAL_TIME },
	{ "IOPRIO_CLASS_BE",   IO_CLASS_BEST_EFFORT },
	{ "IOPRIO_CLASS_IDLE", IO_CLASS_IDLE },
};
WORDS(words_io_classes, "I/O priority class", io_classes);

static const struct word policies[] = {
	{ "SCHED_OTHER",    SCHED_NORMAL },
	{ "SCHED_FIFO",     SCHED_FIFO },
	{ "SCHED_RR",       SCHED_RR },
	{ "SCHED_BATCH",    SCHED_BATCH },
	{ "SCHED_ISO",      4 },
	{ "SCHED_IDLE",     SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
};
WORDS(words_policies, "scheduling policy", policies);

static const struct word policy_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK",  SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM",        SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN",     SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY",    SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS",    SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
};
WORDS(words_policy_flags, "scheduling flag", policy_flags);

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW",        SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO",        SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL",         SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD",  SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_LOG",          SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY",       SECCOMP_RET_USER_NOTIF },
	{ "SCMP_ACT_TRACE",        SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP",         SECCOMP_RET_TRAP },
};
WORDS(words_actions, "action", actions);

static const struct word compares[] = {
	{ "SCMP_CMP_EQ",        OCI_COMPARE_EQ },
	{ "SCMP_CMP_GE",        OCI_COMPARE_GE },
	{ "SCMP_CMP_GT",        OCI_COMPARE_GT },
	{ "SCMP_CMP_LE",        OCI_COMPARE_LE },
	{ "SCMP_CMP_LT",        OCI_COMPARE_LT },
	{ "SCMP_CMP_MASKED_EQ", OCI_COMPARE_MASKED_EQ },
	{ "SCMP_CMP_NE",        OCI_COMPARE_NE },
};
WORDS(words_compares, "operator", compares);

static const struct word architectures[] = {
	{ "SCMP_ARCH_AARCH64",     AUDIT_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM",         AUDIT_ARCH_ARM },
	{ "SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K",        AUDIT_ARCH_M68K },
	{ "SCMP_ARCH_MIPS",        AUDIT_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64",      AUDIT_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32",   AUDIT_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL",      AUDIT_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64",    AUDIT_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC",      AUDIT_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64",    AUDIT_ARCH_PARISC64 },
	{ "SCMP_ARCH_PPC",         AUDIT_ARCH_PPC },
	{ "SCMP_ARCH_PPC64",       AUDIT_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE",     AUDIT_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64",     AUDIT_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390",        AUDIT_ARCH_S390 },
	{ "SCMP_ARCH_S390X",       AUDIT_ARCH_S390X },
	{ "SCMP_ARCH_SH",          AUDIT_ARCH_SHEL },
	{ "SCMP_ARCH_SHEB",        AUDIT_ARCH_SH },
	{ "SCMP_ARCH_X32",         0 },
	{ "SCMP_ARCH_X86",         AUDIT_ARCH_I386 },
	{ "SCMP_ARCH_X86_64",      AUDIT_ARCH_X86_64 },
};
WORDS(words_architectures, "architecture", architectures);

static const struct word filter_flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG",        SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC",      SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
	  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};
WORDS(words_filter_flags, "flag of seccomp(2)", filter_flags);

static const struct word memory_modes[] = {
	{ "MPOL_BIND",                MPOL_BIND },
	{ "MPOL_DEFAULT",             MPOL_DEFAULT },
	{ "MPOL_INTERLEAVE",          MPOL_INTERLEAVE },
	{ "MPOL_LOCAL",               MPOL_LOCAL },
	{ "MPOL_PREFERRED",           MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY",      MPOL_PREFERRED_MANY },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE },
};
WORDS(words_memory_modes, "memory policy", memory_modes);

static const struct word memory_flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES",   MPOL_F_STATIC_NODES },
};
WORDS(words_memory_flags, "flag of a memory policy", memory_flags);

static const struct word domains[] = {
	{ "LINUX",   PER_LINUX },
	{ "LINUX32", PER_LINUX32 },
};
WORDS(words_domains, "execution domain", domains);

static const struct word propagations[] = {
	{ "private",     MS_PRIVATE },
	{ "rprivate",    MS_PRIVATE | MS_REC },
	{ "rshared",     MS_SHARED | MS_REC },
	{ "rslave",      MS_SLAVE | MS_REC },
	{ "runbindable", MS_UNBINDABLE | MS_REC },
	{ "shared",      MS_SHARED },
	{ "slave",       MS_SLAVE },
	{ "unbindable",  MS_UNBINDABLE },
};
WORDS(words_propagations, "propagation", propagations);

static const struct word hooks[] = {
	{ "prestart",        OCI_HOOK_PRESTART },
	{ "createRuntime",   OCI_HOOK_CREATE_RUNTIME },
	{ "createContainer", OCI_HOOK_CREATE_CONTAINER },
	{ "startContainer",  OCI_HOOK_START_CONTAINER },
	{ "poststart",       OCI_HOOK_POSTSTART },
	{ "poststop",        OCI_HOOK_POSTSTOP },
};
WORDS(words_hooks, "hook", hooks);

/* clang-format on */

bool words_find(const struct words *words, const char *text, uint64_t *value)
{
	for (size_t i = 0; i < words->count; i++) {
		if (!text_equal(words->items[i].text, text))
			continue;
		if (value)
			*value = words->items[i].value;
		return true;
	}
	return false;
}

const char *words_suggest(const struct words *words, const char *text)
{
	/* a third of the letters may be wrong, but not all of a short word */
	size_t nearest = strlen(text) < 3 ? 1 : strlen(text) / 3 + 1;
	const char *best = NULL;

	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i].text;
		size_t distance = text_distance(text, word);

		if (distance >= strlen(word) || distance > nearest ||
			(best && distance == nearest))
			continue;
		best = word;
		nearest = distance;
	}
	return best;
}
