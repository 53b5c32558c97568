// SPDX-License-Identifier: MIT
/* run_seccomp_test - what Docker's profile allows, tried by real calls */
#include "run/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "run/docker.h"
#include "run/kernel.h"
#include "run/oci.h"
#include "run/seccomp_docker.h"

#define CAPABILITY(number) (UINT64_C(1) << (number))
#define SYS_ADMIN          CAPABILITY(21)
#define DEAD               1000

static struct error err;

static int docker_program(uint64_t capabilities, const struct sock_fprog **out)
{
	auto_arena arena = { .blocks = NULL };
	const struct oci_seccomp *profile =
		seccomp_docker_profile(capabilities, &arena);

	return profile ? seccomp_program(profile, -1, out, &err) : -ENOMEM;
}

/*
 * Calls under the filter in a child. Returns 0 or the errno, or DEAD + the
 * signal when the call was deadly.
 */
static int call(uint64_t capabilities, long number, long a, long b, long c)
{
	const struct sock_fprog *program;
	int status;
	pid_t pid;

	if (docker_program(capabilities, &program) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			kernel_seccomp_filter(0, program) < 0)
			_exit(255);
		errno = 0;
		_exit(syscall(number, a, b, c, 0L, 0L, 0L) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? DEAD + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static void test_calls(void)
{
	uint64_t usual = docker_capabilities();
	const struct {
		const char *label;
		long number, a, b;
		uint64_t capabilities;
		int result;
	} rows[] = {
		{ "getpid", SYS_getpid, 0, 0, usual, 0 },
		{ "chroot without", SYS_chroot, 0, 0, 0, EPERM },
		{ "chroot with", SYS_chroot, 0, 0, usual, EFAULT },
		{ "unix socket", SYS_socket, AF_UNIX, SOCK_STREAM, usual, 0 },
		{ "AF_ALG", SYS_socket, 38, SOCK_SEQPACKET, usual, EPERM },
		{ "AF_VSOCK", SYS_socket, 40, SOCK_STREAM, usual, EPERM },
		{ "AF_ALG, admin", SYS_socket, 38, SOCK_SEQPACKET, SYS_ADMIN,
			EPERM },
		{ "AF_NFC", SYS_socket, 39, 99, usual, EINVAL },
		{ "AF 200", SYS_socket, 200, 99, usual, EINVAL },
		{ "personality", SYS_personality, 0xffffffff, 0, usual, 0 },
		{ "personality 0", SYS_personality, 0, 0, usual, 0 },
		{ "no randomization", SYS_personality, 0x40000, 0, usual,
			EPERM },
		{ "clone3", SYS_clone3, 0, 0, usual, ENOSYS },
		{ "clone3, admin", SYS_clone3, 0, 0, SYS_ADMIN, EINVAL },
		{ "clone new user", SYS_clone, CLONE_NEWUSER, 0, usual, EPERM },
		{ "clone new net", SYS_clone, CLONE_NEWNET, 0, usual, EPERM },
		{ "unshare", SYS_unshare, 0, 0, usual, EPERM },
		{ "unshare, admin", SYS_unshare, 0, 0, SYS_ADMIN, 0 },
		{ "mount", SYS_mount, 0, 0, usual, EPERM },
		{ "fsopen", SYS_fsopen, 0, 0, usual, EPERM },
		{ "fsopen, admin", SYS_fsopen, 0, 0, SYS_ADMIN, EFAULT },
		{ "setns", SYS_setns, -1, 0, usual, EPERM },
		{ "bpf", SYS_bpf, 99, 0, usual, EPERM },
		{ "keyctl", SYS_keyctl, 0, 0, usual, EPERM },
		{ "add_key", SYS_add_key, 0, 0, usual, EPERM },
		{ "userfaultfd", SYS_userfaultfd, 0, 0, usual, EPERM },
		{ "io_uring_setup", SYS_io_uring_setup, 0, 0, usual, EPERM },
		{ "kexec_load", SYS_kexec_load, 0, 0, SYS_ADMIN, EPERM },
		{ "swapon", SYS_swapon, 0, 0, SYS_ADMIN, EPERM },
		{ "init_module", SYS_init_module, 0, 0, usual, EPERM },
		{ "open_by_handle_at", SYS_open_by_handle_at, -1, 0, usual,
			EPERM },
		{ "reboot", SYS_reboot, 0, 0, usual, EPERM },
		{ "no such call", 5000, 0, 0, usual, EPERM },
#ifdef __x86_64__
		{ "x32", 0x40000000 + SYS_getpid, 0, 0, usual, DEAD + 31 },
#endif
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int result = call(rows[i].capabilities, rows[i].number,
			rows[i].a, rows[i].b, 0);

		check_row(rows[i].label);
		if (!CHECK(result == rows[i].result))
			printf("# got %d\n", result);
	}
}

#ifdef __x86_64__
static void test_calls_of_32_bits_are_deadly(void)
{
	const struct sock_fprog *program;
	int status = 0;
	pid_t pid;

	CHECK(docker_program(0, &program) == 0);
	pid = fork();
	if (pid == 0) {
		long number = 20; /* getpid of i386 */

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			kernel_seccomp_filter(0, program) < 0)
			_exit(255);
		__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == 11) {
		check_skip("this kernel has no 32-bit calls");
		return;
	}
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == 31);
}
#endif

/* A name that is misspelt would be left out without a word. */
static void test_names_are_known_and_unique(void)
{
	const struct scmp_version *version = seccomp_version();
	bool is_new = version->major > 2 ||
		      (version->major == 2 && version->minor >= 6);
	char buffer[8192];
	struct text seen;
	unsigned int known = 0;
	unsigned int all = 0;

	text_init(&seen, buffer, sizeof(buffer));
	text_add(&seen, " ");

	for (size_t i = 0; i < seccomp_docker_rule_count; i++) {
		const char *at = seccomp_docker_rules[i].names;

		while (*at &&
			seccomp_docker_rules[i].condition == SECCOMP_ALWAYS) {
			size_t length = strcspn(at, " ");
			char name[64] = " ";

			memcpy(name + 1, at, length);
			name[length + 1] = ' ';
			name[length + 2] = '\0';
			check_row(name);
			CHECK(seccomp_docker_rules[i].compare != SECCOMP_ANY ||
				!strstr(buffer, name));
			text_add(&seen, "%s", name + 1);
			name[length + 1] = '\0';
			all++;
			known += seccomp_syscall_resolve_name(name + 1) !=
				 __NR_SCMP_ERROR;
			at += length;
			at += strspn(at, " ");
		}
	}
	check_row(NULL);
	printf("# %u names, %u known to libseccomp %u.%u.%u\n", all, known,
		version->major, version->minor, version->micro);
	CHECK(all > 300);
	CHECK(is_new ? known == all : known >= all - 20);
}

static void test_programs_are_kept(void)
{
	const struct sock_fprog *first;
	const struct sock_fprog *second;

	CHECK(docker_program(0, &first) == 0);
	/* CHOWN makes no difference to the profile */
	CHECK(docker_program(1, &second) == 0);
	CHECK(first == second);
	CHECK(docker_program(SYS_ADMIN, &second) == 0);
	CHECK(first != second && second->len > 30);
	for (unsigned int i = 0; i < 41; i++) {
		CHECK(docker_program(CAPABILITY(i), &second) == 0);
		CHECK(second->len > 30 && second->filter);
	}
	CHECK(call(0, SYS_unshare, 0, 0, 0) == EPERM);
	CHECK(call(SYS_ADMIN, SYS_unshare, 0, 0, 0) == 0);
}

int main(void)
{
	RUN(test_calls);
#ifdef __x86_64__
	RUN(test_calls_of_32_bits_are_deadly);
#endif
	RUN(test_names_are_known_and_unique);
	RUN(test_programs_are_kept);
	return check_done();
}
