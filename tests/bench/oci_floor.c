// SPDX-License-Identifier: MIT
/*
 * oci_floor - what starting the container of oci costs when nothing is decided
 *
 *   oci_floor [-n COUNT | -i COUNT] ROOT CGROUP FILTER PROGRAM [ARGUMENT...]
 *
 * The same namespaces, cgroup, mounts, devices, masks, capabilities and system
 * call filter as in tests/oci/bundle.py, in the fewest system calls that we
 * know, with everything in tables: no config.json, no state, no checks of what
 * the container root is, no message but the failed step. It exits with the
 * status of PROGRAM. With -n it starts COUNT of them, one after the other, and
 * prints the microseconds of each. CGROUP is a folder in cgroupfs, made and
 * removed; FILTER is a file of struct sock_filter. With -i it says "begin",
 * waits for a line, starts COUNT in its own network namespace, in CGROUP-N,
 * says "ready", and kills them at the end of standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define CLOSED        (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define KEYCTL_JOIN   1
#define CLOSE_ON_EXEC 4U /* CLOSE_RANGE_CLOEXEC */
#define FILTER_MAX    4096
#define FLAGS_TO_KEEP (MS_REMOUNT | MS_BIND | MS_RDONLY)

static const struct {
	const char *type, *folder; /* relative to the container root */
	const char *options;
	unsigned long flags;
} mounts[] = {
	{ "proc", "proc", NULL, CLOSED },
	{ "tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME },
	{ "devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
		MS_NOSUID | MS_NOEXEC },
	{ "sysfs", "sys", NULL, CLOSED | MS_RDONLY },
	{ "cgroup2", "sys/fs/cgroup", NULL, CLOSED | MS_RDONLY },
	{ "mqueue", "dev/mqueue", NULL, CLOSED },
	{ "tmpfs", "dev/shm", "mode=1777,size=67108864", CLOSED },
};

static const struct {
	const char *path;
	unsigned int major, minor;
} devices[] = {
	{ "dev/null", 1, 3 },
	{ "dev/zero", 1, 5 },
	{ "dev/full", 1, 7 },
	{ "dev/random", 1, 8 },
	{ "dev/urandom", 1, 9 },
	{ "dev/tty", 5, 0 },
};

static const struct {
	const char *content, *path;
} links[] = {
	{ "/proc/self/fd", "dev/fd" },
	{ "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" },
	{ "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
};

static const char *const readonly_paths[] = {
	"/proc/bus",
	"/proc/fs",
	"/proc/irq",
	"/proc/sys",
	"/proc/sysrq-trigger",
};

static const char *const masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
};

static const unsigned char capabilities[] = { CAP_CHOWN, CAP_DAC_OVERRIDE,
	CAP_FSETID, CAP_FOWNER, CAP_MKNOD, CAP_NET_RAW, CAP_SETGID, CAP_SETUID,
	CAP_SETFCAP, CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
	CAP_KILL, CAP_AUDIT_WRITE };

/* r2 access, r3 type, r4 major, r5 minor; each device jumps to its verdict. */
#define INSN(c, d, s, o, i)                                              \
	{                                                                \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), \
		.imm = (i)                                               \
	}
#define LOAD(to, at)    INSN(BPF_LDX | BPF_MEM | BPF_W, to, 1, at, 0)
#define UNLESS(r, v, n) INSN(BPF_JMP | BPF_JNE | BPF_K, r, 0, n, v)
#define ANSWER(value)                                      \
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value), \
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define DEVICE(major, minor) UNLESS(4, major, 3), UNLESS(5, minor, 2), ANSWER(1)

static const struct bpf_insn device_program[] = {
	LOAD(2, 0),
	LOAD(4, 4),
	LOAD(5, 8),
	INSN(BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0),
	INSN(BPF_ALU | BPF_AND | BPF_K, 3, 0, 0, 0xffff),
	INSN(BPF_ALU | BPF_RSH | BPF_K, 2, 0, 0, 16),
	UNLESS(2, BPF_DEVCG_ACC_MKNOD, 2), /* mknod alone is harmless */
	ANSWER(1),
	UNLESS(3, BPF_DEVCG_DEV_CHAR, 35),
	DEVICE(1, 3),
	DEVICE(1, 5),
	DEVICE(1, 7),
	DEVICE(1, 8),
	DEVICE(1, 9),
	DEVICE(5, 0),
	DEVICE(5, 1),
	DEVICE(5, 2),
	UNLESS(4, 136, 2),
	ANSWER(1),
	ANSWER(0),
};

static struct sock_filter filter[FILTER_MAX];
static struct sock_fprog program = { .filter = filter };

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "oci_floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void must(long result, const char *what)
{
	if (result < 0)
		fail(what);
}

static void read_filter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : read(fd, filter, sizeof(filter));

	must(count, path);
	program.len = (unsigned short)((size_t)count / sizeof(filter[0]));
	(void)close(fd);
}

static void restrict_devices(int cgroup_fd)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)device_program,
		.insn_cnt = COUNT(device_program),
		.license = (uint64_t)(uintptr_t) "MIT",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	must(fd, "load the device program");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	must(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)),
		"attach the device program");
	(void)close(fd);
}

static void make_file_systems(void)
{
	for (size_t i = 0; i < COUNT(mounts); i++) {
		/* those in /dev have no folder yet; the others exist */
		if (i > 1)
			(void)mkdir(mounts[i].folder, 0755);
		must(mount(mounts[i].type, mounts[i].folder, mounts[i].type,
			     mounts[i].flags, mounts[i].options),
			mounts[i].folder);
	}
	for (size_t i = 0; i < COUNT(devices); i++)
		must(mknod(devices[i].path, S_IFCHR | 0666,
			     makedev(devices[i].major, devices[i].minor)),
			devices[i].path);
	for (size_t i = 0; i < COUNT(links); i++)
		must(symlink(links[i].content, links[i].path), links[i].path);
}

static void hide_paths(void)
{
	const char *empty = NULL;

	for (size_t i = 0; i < COUNT(readonly_paths); i++) {
		const char *path = readonly_paths[i];

		if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) == 0)
			must(mount(NULL, path, NULL, FLAGS_TO_KEEP | CLOSED,
				     NULL),
				path);
		else if (errno != ENOENT)
			fail(path);
	}
	for (size_t i = 0; i < COUNT(masked_paths); i++) {
		const char *path = masked_paths[i];

		if (mount("/dev/null", path, NULL, MS_BIND, NULL) == 0 ||
			errno == ENOENT)
			continue;
		if (empty) {
			must(mount(empty, path, NULL, MS_BIND, NULL), path);
			continue;
		}
		must(mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_inodes=1"),
			path);
		empty = path;
	}
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd, "socket");
	must(ioctl(fd, SIOCSIFFLAGS, &request), "bring up lo");
	(void)close(fd);
}

/* Root keeps the set; the filter comes first, for it needs CAP_SYS_ADMIN. */
static void give_up_rights(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = { { 0 } };
	uint64_t set = 0;

	for (size_t i = 0; i < COUNT(capabilities); i++)
		set |= UINT64_C(1) << capabilities[i];
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program),
		"install the filter");
	for (unsigned int i = 0; i <= CAP_CHECKPOINT_RESTORE; i++) {
		if (!(set & UINT64_C(1) << i))
			must(prctl(PR_CAPBSET_DROP, i, 0, 0, 0), "drop");
	}
	must(syscall(SYS_setgroups, 0, NULL), "setgroups");
	must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
	data[0].effective = data[0].permitted = (uint32_t)set;
	data[1].effective = data[1].permitted = (uint32_t)(set >> 32);
	must(syscall(SYS_capset, &header, data), "capset");
}

static _Noreturn void child(const char *root, char *const *args)
{
	static char path[] = "PATH=/bin";
	char *const env[] = { path, NULL };

	must(setsid(), "setsid");
	must(syscall(SYS_close_range, 3U, ~0U, CLOSE_ON_EXEC), "close");
	(void)umask(0);
	must(syscall(SYS_unshare, CLONE_NEWCGROUP), "unshare");
	must(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), "private");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), root);
	must(chdir(root), root);
	make_file_systems();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(sethostname("box", 3), "sethostname");
	hide_paths();
	must(mount(NULL, "/", NULL, FLAGS_TO_KEEP, NULL), "read-only root");
	must(chdir("/"), "chdir");
	bring_up_loopback();
	must(syscall(SYS_keyctl, KEYCTL_JOIN, NULL), "keyctl");
	(void)umask(022);
	give_up_rights();
	(void)execve(args[0], args, env);
	fail(args[0]);
}

static pid_t start(const char *root, const char *cgroup, char *const *args,
	uint64_t network)
{
	struct clone_args clone = {
		.flags = CLONE_INTO_CGROUP | CLONE_NEWPID | CLONE_NEWIPC |
			 CLONE_NEWUTS | CLONE_NEWNS | network,
		.exit_signal = SIGCHLD,
	};
	int cgroup_fd;
	pid_t pid;

	must(mkdir(cgroup, 0755), cgroup);
	cgroup_fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(cgroup_fd, cgroup);
	restrict_devices(cgroup_fd);
	clone.cgroup = (uint32_t)cgroup_fd;
	pid = (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
	must(pid, "clone3");
	if (pid == 0)
		child(root, args);
	(void)close(cgroup_fd);
	return pid;
}

static int run(const char *root, const char *cgroup, char *const *args)
{
	pid_t pid = start(root, cgroup, args, CLONE_NEWNET);
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	must(rmdir(cgroup), "rmdir");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void wait_line(void)
{
	int byte;

	do
		byte = getchar();
	while (byte != '\n' && byte != EOF);
}

static int idle(char **argv, long count)
{
	pid_t *pids = calloc((size_t)count, sizeof(*pids));
	char cgroup[256];

	if (!pids)
		fail("calloc");
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	puts("begin");
	wait_line();
	for (long i = 0; i < count; i++) {
		(void)snprintf(cgroup, sizeof(cgroup), "%s-%ld", argv[2], i);
		pids[i] = start(argv[1], cgroup, argv + 4, 0);
	}
	puts("ready");
	wait_line();
	for (long i = 0; i < count; i++) {
		must(kill(pids[i], SIGKILL), "kill");
		must(waitpid(pids[i], NULL, 0), "waitpid");
		(void)snprintf(cgroup, sizeof(cgroup), "%s-%ld", argv[2], i);
		must(rmdir(cgroup), "rmdir");
	}
	free(pids);
	return 0;
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	bool is_idle = argc > 2 && strcmp(argv[1], "-i") == 0;
	long count = 0;
	int status = 0;

	if (is_idle || (argc > 2 && strcmp(argv[1], "-n") == 0)) {
		count = strtol(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc < 5) {
		fputs("usage: oci_floor [-n COUNT | -i COUNT] ROOT CGROUP "
		      "FILTER PROGRAM [ARGUMENT...]\n",
			stderr);
		return 125;
	}
	read_filter(argv[3]);
	if (is_idle)
		return idle(argv, count);
	if (count == 0)
		return run(argv[1], argv[2], argv + 4);
	for (long i = 0; i < count && status == 0; i++) {
		int64_t start = now_us();

		status = run(argv[1], argv[2], argv + 4);
		printf("%lld\n", (long long)(now_us() - start));
	}
	return status;
}
