// SPDX-License-Identifier: MIT
/*
 * run_hook_test - hooks run as the spec says, and none holds us up
 *
 * wrap: memfd_create lseek pipe2
 */
#include "run/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"

FAULT_WRAP(int, memfd_create, (const char *name, unsigned int flags),
	(name, flags))
FAULT_WRAP(off_t, lseek, (int fd, off_t offset, int whence),
	(fd, offset, whence))
FAULT_WRAP(int, pipe2, (int fds[2], int flags), (fds, flags))

static struct error err;
static char base[64];
static char output[80]; /* base/out */

static void begin(void)
{
	(void)snprintf(base, sizeof(base), "/tmp/tare-hook-XXXXXX");
	if (!mkdtemp(base))
		abort();
	(void)snprintf(output, sizeof(output), "%s/out", base);
	err = (struct error){ .code = 0 };
}

static void end(void)
{
	(void)unlink(output);
	if (rmdir(base) < 0)
		abort();
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

/* What the hooks wrote to base/out. */
static const char *read_output(void)
{
	static char text[70000];
	auto_fd fd = open(output, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : fd_read_full(fd, text, sizeof(text) - 1);

	text[size > 0 ? size : 0] = '\0';
	return text;
}

static bool said(const char *wanted)
{
	const char *text = read_output();

	if (strstr(text, wanted))
		return true;
	printf("# wanted '%s', it is '%.200s'\n", wanted, text);
	return false;
}

static bool failed(const char *wanted)
{
	if (strstr(err.text, wanted))
		return true;
	printf("# wanted '%s', it is '%s'\n", wanted, err.text);
	return false;
}

/* Runs shell texts as hooks; $0 is base/out. */
static int run_shells(const char *const *texts, uint32_t timeout_s,
	const char *state, bool goes_on)
{
	static const char *const env[] = { "PATH=/bin:/usr/bin", "A=b c",
		NULL };
	const char *args[8][5];
	struct oci_hook items[8];
	struct oci_spec spec = { .version = "1.3.0" };
	struct oci_hooks *hooks = &spec.hooks[OCI_HOOK_CREATE_RUNTIME];

	for (; texts[hooks->count]; hooks->count++) {
		const char **arg = args[hooks->count];

		arg[0] = "sh";
		arg[1] = "-c";
		arg[2] = texts[hooks->count];
		arg[3] = output;
		arg[4] = NULL;
		items[hooks->count] = (struct oci_hook){ .path = "/bin/sh",
			.args = arg,
			.env = env,
			.timeout_s = timeout_s };
	}
	hooks->items = items;
	return (goes_on ? hook_run_each : hook_run_all)(&spec,
		OCI_HOOK_CREATE_RUNTIME, state, &err);
}

#define SHELLS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_gives_the_state(void)
{
	char *state = malloc(66001);

	begin();
	if (!state)
		abort();
	CHECK(run_shells(SHELLS("cat >$0"), 0, "{\"id\": \"x\"}", false) == 0);
	CHECK(said("{\"id\": \"x\"}"));
	/* by its path too, and each hook gets all of it */
	CHECK(run_shells(SHELLS("cat /dev/stdin >$0", "cat >>$0"), 0, "{}",
		      false) == 0);
	CHECK(said("{}{}"));
	/* more than a pipe holds, and nobody reads */
	memset(state, 'x', 66000);
	state[66000] = '\0';
	CHECK(run_shells(SHELLS("exit 0", "exec <&-"), 10, state, false) == 0);
	CHECK(run_shells(SHELLS("wc -c >$0"), 10, state, false) == 0);
	CHECK(said("66000"));
	CHECK(run_shells(SHELLS("wc -c >$0"), 10, NULL, false) == 0);
	CHECK(said("0"));
	free(state);
	end();
}

/* Runs one program without a shell; its output goes to base/out. */
static int run_program(const struct oci_hook *hook)
{
	struct oci_spec spec = { .version = "1.3.0" };
	int saved = dup(STDOUT_FILENO);
	int fd = open(output, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result;

	spec.hooks[OCI_HOOK_POSTSTOP] = (struct oci_hooks){ hook, 1 };
	(void)fflush(stdout);
	if (saved < 0 || fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		abort();
	result = hook_run_all(&spec, OCI_HOOK_POSTSTOP, "{}", &err);
	(void)dup2(saved, STDOUT_FILENO);
	(void)close(saved);
	(void)close(fd);
	return result;
}

static void test_gives_exactly_its_environment(void)
{
	const struct oci_hook hook = { .path = "/usr/bin/env" };

	begin();
	CHECK(run_shells(SHELLS("env | sort >$0"), 0, "{}", false) == 0);
	CHECK(said("A=b c\n"));
	CHECK(said("PATH=/bin:/usr/bin\n"));
	CHECK(!strstr(read_output(), "HOME="));
	/* without args it is the path, without env it is empty */
	CHECK(run_program(&hook) == 0);
	CHECK(strcmp(read_output(), "") == 0);
	end();
}

static void test_gives_no_descriptor(void)
{
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */

	begin();
	CHECK(run_shells(SHELLS("exec ls /proc/self/fd >$0"), 0, "{}", false) ==
		0);
	CHECK(strcmp(read_output(), "0\n1\n2\n3\n") == 0);
	CHECK(fcntl(leak, F_GETFD) == 0);
	(void)close(leak);
	end();
}

/* Not from a shell, which changes its signals. */
static void test_has_default_signals(void)
{
	static const char *const args[] = { "grep", "-E", "Sig(Blk|Ign)",
		"/proc/self/status", NULL };
	const struct oci_hook hook = { .path = "/bin/grep", .args = args };
	sigset_t set;
	sigset_t old;

	begin();
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	(void)signal(SIGPIPE, SIG_IGN);
	CHECK(run_program(&hook) == 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK(said("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000"));
	end();
}

static void test_has_a_group_and_a_umask(void)
{
	int group = 0;
	int pid = -1;
	unsigned int mask = 0;
	mode_t before = umask(0);

	begin();
	CHECK(run_shells(SHELLS("cut -d' ' -f5 /proc/$$/stat >$0;"
				"echo $$ >>$0; umask >>$0"),
		      0, "{}", false) == 0);
	(void)umask(before);
	CHECK(sscanf(read_output(), "%d %d %o", &group, &pid, &mask) == 3);
	CHECK(group == pid && group != getpgrp());
	CHECK(mask == 022);
	end();
}

static void test_tells_what_went_wrong(void)
{
	const struct oci_hook rows[] = {
		{ .path = "bin/x" },
		{ .path = "/not/there" },
		{ .path = "/etc/passwd" },
	};
	static const char *const texts[] = {
		"hook 'poststart' number 1 'bin/x': it is not an absolute",
		"'/not/there': execute it: No such file or directory",
		"'/etc/passwd': execute it: Permission denied",
	};
	static const int codes[] = { -EINVAL, -ENOENT, -EACCES };

	begin();
	CHECK(run_shells(SHELLS("exit 0", "exit 3", "echo x >$0"), 0, "{}",
		      false) == -ECHILD);
	CHECK(failed("hook 'createRuntime' number 2 '/bin/sh': exited with "
		     "status 3"));
	CHECK(access(output, F_OK) < 0); /* the third did not run */
	CHECK(run_shells(SHELLS("kill -9 $$"), 0, "{}", false) == -ECHILD);
	CHECK(failed("was killed by signal 9"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_spec spec = { .version = "1.3.0" };

		spec.hooks[OCI_HOOK_POSTSTART] =
			(struct oci_hooks){ &rows[i], 1 };
		CHECK(hook_run_all(&spec, OCI_HOOK_POSTSTART, "{}", &err) ==
			codes[i]);
		CHECK(failed(texts[i]));
	}
	end();
}

static void test_goes_on_when_it_should(void)
{
	begin();
	CHECK(run_shells(SHELLS("exit 3", "exit 4", "echo x >$0"), 0, "{}",
		      true) == -ECHILD);
	CHECK(failed("number 1 '/bin/sh': exited with status 3"));
	CHECK(said("x"));
	end();
}

/* The whole group dies: whoever holds the pipe open would be seen. */
static void test_kills_what_takes_too_long(void)
{
	int fds[2];
	char text[80];
	char letter;
	struct pollfd end_of_file;

	begin();
	if (pipe2(fds, 0) < 0)
		abort();
	/* its own name is the only way to the pipe that it has */
	(void)snprintf(text, sizeof(text),
		"exec 9>/proc/%d/fd/%d; sleep 30 & sleep 30; exit 0",
		(int)getpid(), fds[1]);
	CHECK(run_shells(SHELLS(text), 1, "{}", false) == -ETIMEDOUT);
	CHECK(failed("number 1 '/bin/sh': timed out after 1 s"));
	(void)close(fds[1]);
	end_of_file = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	CHECK(poll(&end_of_file, 1, 10000) == 1);
	CHECK(read(fds[0], &letter, 1) == 0);
	(void)close(fds[0]);
	end();
}

static void test_leaves_nothing_when_a_call_fails(void)
{
	unsigned int before = fault_count_fds();
	unsigned int nth = 1;

	begin();
	for (;; nth++) {
		int result;

		fault_arm(nth, EMFILE);
		result = run_shells(SHELLS("exit 0"), 10, "{}", false);
		if (!fault_fired()) {
			CHECK(result == 0);
			break;
		}
		CHECK(result == -EMFILE);
		CHECK(failed("start it: Too many open files"));
	}
	CHECK(nth == 4);
	CHECK(fault_count_fds() == before);
	end();
}

int main(void)
{
	RUN(test_gives_the_state);
	RUN(test_gives_exactly_its_environment);
	RUN(test_gives_no_descriptor);
	RUN(test_has_default_signals);
	RUN(test_has_a_group_and_a_umask);
	RUN(test_tells_what_went_wrong);
	RUN(test_goes_on_when_it_should);
	RUN(test_kills_what_takes_too_long);
	RUN(test_leaves_nothing_when_a_call_fails);
	return check_done();
}
