// SPDX-License-Identifier: MIT
/* run_seccomp_profile_test - what profiles forbid, tried by real calls */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/oci.h"
#include "run/seccomp.h"

#define ALLOW SECCOMP_RET_ALLOW
#define DEAD  1000 /* + the signal */
#define TIME  10000
#define NONE                    \
	{                       \
		.is_set = false \
	}
#define N(num)                                 \
	{                                      \
		.value = (num), .is_set = true \
	}

static struct error err;

/* The call that all profiles here are about; it fails with EBADF by itself. */
static const char *const called[] = { "no_such_call", "fchdir", NULL };

/* Makes fchdir(value) under the profile; the errno, or DEAD + the signal. */
static int call(const struct oci_seccomp *profile, long value)
{
	const struct sock_fprog *program;
	int status = 0;
	pid_t pid;

	if (seccomp_program(profile, -1, &program, &err) < 0) {
		printf("# %s\n", err.text);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			kernel_seccomp_filter(0, program) < 0)
			_exit(255);
		errno = 0;
		/* not _exit, for which a sanitizer makes more calls */
		(void)syscall(SYS_exit_group,
			syscall(SYS_fchdir, value, -2L, 0L, 0L, 0L, 0L) < 0
				? errno
				: 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? DEAD + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static void test_actions(void)
{
	/* clang-format off */
	static const struct {
		const char *label;
		uint32_t action;
		struct oci_number error;
		int result;
	} rows[] = {
		{ "allow", ALLOW, NONE, EBADF },
		{ "log", SECCOMP_RET_LOG, NONE, EBADF },
		{ "errno", SECCOMP_RET_ERRNO, NONE, EPERM },
		{ "errno 38", SECCOMP_RET_ERRNO, N(38), ENOSYS },
		{ "errno 0", SECCOMP_RET_ERRNO, N(0), 0 },
		{ "trace, no tracer", SECCOMP_RET_TRACE, N(5), ENOSYS },
		{ "trap", SECCOMP_RET_TRAP, NONE, DEAD + 31 },
		{ "kill thread", SECCOMP_RET_KILL_THREAD, NONE, DEAD + 31 },
		{ "kill process", SECCOMP_RET_KILL_PROCESS, NONE, DEAD + 31 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_seccomp_rule rule = { .names = called,
			.action = rows[i].action,
			.errno_ret = rows[i].error };
		struct oci_seccomp profile = { .default_action = ALLOW,
			.rules = &rule,
			.rule_count = 1 };
		int result = call(&profile, -1);

		check_row(rows[i].label);
		if (!CHECK(result == rows[i].result))
			printf("# got %d\n", result);
	}
}

static void test_operators(void)
{
	/* clang-format off */
	static const struct {
		const char *label;
		enum oci_seccomp_compare compare;
		uint64_t value, value_two;
		long fits, other;
	} rows[] = {
		{ "ne", OCI_COMPARE_NE, 500, 0, 501, 500 },
		{ "lt", OCI_COMPARE_LT, 500, 0, 499, 500 },
		{ "le", OCI_COMPARE_LE, 500, 0, 500, 501 },
		{ "eq", OCI_COMPARE_EQ, 500, 0, 500, 501 },
		{ "ge", OCI_COMPARE_GE, 500, 0, 500, 499 },
		{ "gt", OCI_COMPARE_GT, 500, 0, 501, 500 },
		{ "masked", OCI_COMPARE_MASKED_EQ, 0xff0, 0x120, 0x12f, 0x13f },
		{ "64 bits", OCI_COMPARE_GT, 0x100000001, 0, 0x100000002,
		  0x200 },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_seccomp_arg arg = { .compare = rows[i].compare,
			.value = rows[i].value,
			.value_two = rows[i].value_two };
		struct oci_seccomp_rule rule = { .names = called,
			.action = SECCOMP_RET_ERRNO,
			.args = &arg,
			.arg_count = 1 };
		struct oci_seccomp profile = { .default_action = ALLOW,
			.rules = &rule,
			.rule_count = 1 };

		check_row(rows[i].label);
		CHECK(call(&profile, rows[i].fits) == EPERM);
		CHECK(call(&profile, rows[i].other) == EBADF);
	}
}

static void test_conditions_together(void)
{
	/* fchdir(value, -2) */
	static const struct oci_seccomp_arg both[] = {
		{ 0, OCI_COMPARE_EQ, 500, 0 },
		{ 1, OCI_COMPARE_EQ, (uint64_t)-3, 0 },
	};
	static const struct oci_seccomp_arg either[] = {
		{ 0, OCI_COMPARE_EQ, 500, 0 },
		{ 0, OCI_COMPARE_EQ, 600, 0 },
	};
	struct oci_seccomp_arg fits[2];
	struct oci_seccomp_rule rule = { .names = called,
		.action = SECCOMP_RET_ERRNO,
		.args = both,
		.arg_count = 2 };
	struct oci_seccomp profile = { .default_action = ALLOW,
		.rules = &rule,
		.rule_count = 1 };

	CHECK(call(&profile, 500) == EBADF);
	memcpy(fits, both, sizeof(fits));
	fits[1].value = (uint64_t)-2;
	rule.args = fits;
	CHECK(call(&profile, 500) == EPERM);
	CHECK(call(&profile, 501) == EBADF);
	rule.args = either;
	CHECK(call(&profile, 500) == EPERM);
	CHECK(call(&profile, 600) == EPERM);
	CHECK(call(&profile, 700) == EBADF);
}

static void test_default_action(void)
{
	static const char *const needed[] = { "exit_group", "exit", NULL };
	struct oci_seccomp_rule rules[] = {
		{ .names = needed, .action = ALLOW },
		/* what is done anyway is no error */
		{ .names = called,
			.action = SECCOMP_RET_ERRNO,
			.errno_ret = N(61) },
	};
	struct oci_seccomp profile = { .default_action = SECCOMP_RET_ERRNO,
		.default_errno = N(61),
		.rules = rules,
		.rule_count = 2 };

	CHECK(call(&profile, -1) == 61);
	profile.default_errno.is_set = false;
	CHECK(call(&profile, -1) == 61); /* by the rule now */
	profile.rule_count = 1;
	CHECK(call(&profile, -1) == EPERM);
	profile.default_action = SECCOMP_RET_KILL_PROCESS;
	CHECK(call(&profile, -1) == DEAD + 31);
}

static void test_bad_profiles_are_refused(void)
{
	static const struct oci_seccomp_arg arg = { 6, OCI_COMPARE_EQ, 0, 0 };
	static const char *const odd[] = { "SCMP_ARCH_ODD", NULL };
	static const char *const plain[] = { "x86_64", NULL };
	/* clang-format off */
	struct {
		const char *text;
		struct oci_seccomp_rule rule;
		struct oci_seccomp profile;
	} rows[] = {
		{ "syscalls[0]': its action has no errno",
		  { .action = ALLOW, .errno_ret = N(1) }, { 0 } },
		{ "syscalls[0]': there is no such errno",
		  { .action = SECCOMP_RET_ERRNO, .errno_ret = N(4096) }, { 0 } },
		{ "syscalls[0]': there is no such errno",
		  { .action = SECCOMP_RET_ERRNO, .errno_ret = N(-1) }, { 0 } },
		{ "arguments 0 to 5",
		  { .action = SECCOMP_RET_ERRNO, .args = &arg, .arg_count = 1 },
		  { 0 } },
		{ "defaultAction': its action has no errno", { 0 },
		  { .default_action = ALLOW, .default_errno = N(1) } },
		{ "wait for a listener", { 0 },
		  { .default_action = SECCOMP_RET_USER_NOTIF } },
		{ "there is no 'SCMP_ARCH_ODD'", { 0 },
		  { .architectures = odd } },
		{ "there is no 'x86_64'", { 0 }, { .architectures = plain } },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sock_fprog *program;

		check_row(rows[i].text);
		rows[i].rule.names = called;
		rows[i].profile.rules = &rows[i].rule;
		rows[i].profile.rule_count = rows[i].rule.action != 0;
		CHECK(seccomp_program(&rows[i].profile, -1, &program, &err) <
			0);
		if (!CHECK(strstr(err.text, rows[i].text)))
			printf("# %s\n", err.text);
	}
}

#ifdef __x86_64__
/* getpid by the 32-bit entry; DEAD + the signal, or 0 when it worked. */
static int call_32(const struct oci_seccomp *profile)
{
	const struct sock_fprog *program;
	int status = 0;
	pid_t pid;

	if (seccomp_program(profile, -1, &program, &err) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		long number = 20; /* getpid of i386 */

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			kernel_seccomp_filter(0, program) < 0)
			_exit(255);
		__asm__ volatile("int $0x80" : "+a"(number) : : "memory");
		_exit(number > 0 ? 0 : 1);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? DEAD + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static void test_architectures(void)
{
	static const char *const three[] = { "SCMP_ARCH_X86_64",
		"SCMP_ARCH_X86", "SCMP_ARCH_X32", NULL };
	struct oci_seccomp_rule rule = { .names = called,
		.action = SECCOMP_RET_ERRNO };
	struct oci_seccomp profile = { .default_action = ALLOW,
		.architectures = three,
		.rules = &rule,
		.rule_count = 1 };
	int result = call_32(&profile);

	CHECK(call(&profile, -1) == EPERM);
	if (result == DEAD + 11)
		check_skip("this kernel has no 32-bit calls");
	else
		CHECK(result == 0);
	profile.architectures = NULL;
	CHECK(result == DEAD + 11 || call_32(&profile) == DEAD + 31);
}
#endif

static void test_listener(void)
{
	struct oci_seccomp_rule rule = { .names = called,
		.action = SECCOMP_RET_USER_NOTIF };
	struct oci_seccomp profile = { .default_action = ALLOW,
		.rules = &rule,
		.rule_count = 1 };
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp response = { .error = -ENOANO };
	const struct sock_fprog *program;
	int pair[2];
	int status = 0;
	pid_t pid;

	CHECK(seccomp_notifies(&profile));
	if (!CHECK(seccomp_program(&profile, -1, &program, &err) == 0) ||
		!CHECK(pipe(pair) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		int fd;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(255);
		fd = kernel_seccomp_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER,
			program);
		(void)fd_write_all(pair[1], &fd, sizeof(fd));
		_exit(syscall(SYS_fchdir, 7L) < 0 ? errno : 0);
	}

	int theirs = -1;
	(void)fd_read_full(pair[0], &theirs, sizeof(theirs));
	auto_fd pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	auto_fd fd = (int)syscall(SYS_pidfd_getfd, pid_fd, theirs, 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (CHECK(fd >= 0) && CHECK(poll(&wait, 1, TIME) == 1) &&
		CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &request) == 0)) {
		CHECK(request.data.nr == SYS_fchdir);
		CHECK(request.data.args[0] == 7);
		response.id = request.id;
		CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0);
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WEXITSTATUS(status) == ENOANO);
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	rule.action = ALLOW;
	CHECK(!seccomp_notifies(&profile));
}

int main(void)
{
	RUN(test_actions);
	RUN(test_operators);
	RUN(test_conditions_together);
	RUN(test_default_action);
	RUN(test_bad_profiles_are_refused);
#ifdef __x86_64__
	RUN(test_architectures);
#endif
	RUN(test_listener);
	return check_done();
}
