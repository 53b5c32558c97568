// SPDX-License-Identifier: MIT
/* sandbox - what an import gives up before it reads an archive */
#include "store/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "store/store.h"

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
#define ACCESS_EXECUTE      (UINT64_C(1) << 0)
#define ACCESS_ABI_2        ((UINT64_C(1) << 14) - 1) /* up to REFER */
#define ACCESS_TRUNCATE     (UINT64_C(1) << 14)       /* ABI 3 */
#define ACCESS_IOCTL_DEVICE (UINT64_C(1) << 15)       /* ABI 5 */
#define NETWORK_TCP         UINT64_C(3)               /* ABI 4 */
#define SCOPE_ALL           UINT64_C(3)               /* ABI 6 */

#define FILES_MAX  1024
#define MEMORY_MAX (192U << 20)

struct ruleset {
	uint64_t handled_files;
	uint64_t handled_network; /* ABI 4 */
	uint64_t scoped;          /* ABI 6 */
};

struct path_rule {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

static const int kept_capabilities[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP,
	CAP_MKNOD,
	CAP_SYS_ADMIN, /* xattrs trusted.*; seccomp takes its other powers */
};

/* What reading archives, writing trees and libc itself need. */
static const int kept_calls[] = {
	/* clang-format off */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64),
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(close),
	SCMP_SYS(dup), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(getdents64),
	SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(faccessat),
	SCMP_SYS(mkdirat), SCMP_SYS(mknodat),
	SCMP_SYS(symlinkat), SCMP_SYS(linkat), SCMP_SYS(unlinkat),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(fchown),
	SCMP_SYS(fchownat), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
	SCMP_SYS(utimensat), SCMP_SYS(fsetxattr), SCMP_SYS(fgetxattr),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(syncfs),
	SCMP_SYS(ftruncate), SCMP_SYS(fadvise64),
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(mremap), SCMP_SYS(munmap),
	SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(sched_yield), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* clang-format on */
};

static int limit_resources(struct error *err)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit files = { FILES_MAX, FILES_MAX };

	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
		setrlimit(RLIMIT_NOFILE, &files) < 0)
		return error_errno(err, "limit the import");
#if !defined(__SANITIZE_ADDRESS__) && !defined(FUZZING)
	const struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };

	if (setrlimit(RLIMIT_DATA, &memory) < 0)
		return error_errno(err, "limit the import's memory");
#endif
	return 0;
}

static int drop_capabilities(struct error *err)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	size_t count = sizeof(kept_capabilities) / sizeof(kept_capabilities[0]);
	uint32_t kept[2] = { 0, 0 };

	for (size_t i = 0; i < count; i++)
		kept[CAP_TO_INDEX(kept_capabilities[i])] |=
			CAP_TO_MASK(kept_capabilities[i]);
	if (syscall(SYS_capget, &header, data) < 0)
		return error_errno(err, "read capabilities");
	for (size_t word = 0; word < 2; word++) {
		data[word].permitted &= kept[word];
		data[word].effective = data[word].permitted;
		data[word].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, "drop capabilities");
	return 0;
}

static int allow_folder(int ruleset_fd, int folder_fd, uint64_t allowed,
	const char *path, struct error *err)
{
	const struct path_rule rule = { allowed, folder_fd };

	if (syscall(LANDLOCK_ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, &rule,
		    0) < 0)
		return error_errno(err, "allow access to '%s'", path);
	return 0;
}

static int allow_folders(int ruleset_fd, const struct store *store,
	uint64_t write_access, struct error *err)
{
	int result = allow_folder(ruleset_fd, store->dir_fd, write_access,
		store->path, err);

	for (size_t i = 0; i < store->source_count && result == 0; i++) {
		auto_fd fd = open(store->sources[i],
			O_PATH | O_DIRECTORY | O_CLOEXEC);

		/* one that is not there needs no rule */
		if (fd >= 0)
			result = allow_folder(ruleset_fd, fd,
				ACCESS_READ_FILE | ACCESS_READ_DIR,
				store->sources[i], err);
	}
	return result;
}

/* Before ABI 2, no file could be renamed to another folder. */
static int confine_files(const struct store *store, struct error *err)
{
	struct ruleset ruleset = { .handled_files = ACCESS_ABI_2 };
	size_t size = sizeof(ruleset.handled_files);
	long abi = syscall(LANDLOCK_CREATE, NULL, 0, LANDLOCK_VERSION);

	if (abi < 2)
		return 0;
	if (abi >= 3)
		ruleset.handled_files |= ACCESS_TRUNCATE;
	if (abi >= 4) {
		ruleset.handled_network = NETWORK_TCP;
		size += sizeof(ruleset.handled_network);
	}
	if (abi >= 5)
		ruleset.handled_files |= ACCESS_IOCTL_DEVICE;
	if (abi >= 6) {
		ruleset.scoped = SCOPE_ALL;
		size += sizeof(ruleset.scoped);
	}

	auto_fd fd = (int)syscall(LANDLOCK_CREATE, &ruleset, size, 0);
	int result;

	if (fd < 0)
		return error_errno(err, "prepare Landlock");
	result = allow_folders(fd, store,
		ruleset.handled_files & ~ACCESS_EXECUTE & ~ACCESS_IOCTL_DEVICE,
		err);
	if (result < 0)
		return result;
	if (syscall(LANDLOCK_RESTRICT, fd, 0) < 0)
		return error_errno(err, "enter Landlock");
	return 0;
}

static int confine_calls(struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	size_t count = sizeof(kept_calls) / sizeof(kept_calls[0]);
	int result = filter ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && result == 0; i++) {
		/* negative: not a call of this architecture */
		if (kept_calls[i] >= 0)
			result = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
				kept_calls[i], 0);
	}
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result < 0)
		return error_set(err, result, "limit system calls: %s",
			strerror(-result));
	return 0;
}

int sandbox_enter(const struct store *store, struct error *err)
{
	int result;

	/* reads /dev/urandom, which will be out of reach */
	json_object_seed(0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "confine the import");
	result = limit_resources(err);
	if (result == 0)
		result = confine_files(store, err);
	if (result == 0)
		result = drop_capabilities(err);
	if (result == 0)
		result = confine_calls(err);
	return result;
}
