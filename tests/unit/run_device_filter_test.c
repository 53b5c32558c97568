// SPDX-License-Identifier: MIT
/* run_device_filter_test - rules for devices, computed and in a real cgroup */
/* wrap: kernel_bpf */
#include "run/device_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/cgroup.h"
#include "run/kernel.h"
#include "run/oci.h"
#include "run_cgroup2.h"

#define MKNOD BPF_DEVCG_ACC_MKNOD
#define READ  BPF_DEVCG_ACC_READ
#define WRITE BPF_DEVCG_ACC_WRITE
#define ALL   (MKNOD | READ | WRITE)
#define BLOCK BPF_DEVCG_DEV_BLOCK
#define CHAR  BPF_DEVCG_DEV_CHAR
#define ANY   (-1)

static struct error err;
static int bpf_error;      /* what kernel_bpf says instead */
static int bpf_command;    /* ... to this command */
static unsigned int loads; /* programs that were loaded */

int __real_kernel_bpf(int command, union bpf_attr *attr, size_t size);
int __wrap_kernel_bpf(int command, union bpf_attr *attr, size_t size);

int __wrap_kernel_bpf(int command, union bpf_attr *attr, size_t size)
{
	loads += command == BPF_PROG_LOAD;
	if (bpf_error && command == bpf_command) {
		errno = bpf_error;
		return -1;
	}
	return __real_kernel_bpf(command, attr, size);
}

/* ---- what programs decide --------------------------------------------------- */

struct question {
	uint32_t type, access, major, minor;
};

/* Runs the few kinds of instructions that there are; -1 for another one. */
static int run(const struct bpf_insn *code, size_t count,
	const struct question *question)
{
	uint32_t reg[6] = { 0 };
	const uint32_t context[] = { question->access << 16 | question->type,
		question->major, question->minor };

	for (size_t i = 0; i < count; i++) {
		const struct bpf_insn *at = &code[i];
		uint32_t value = (uint32_t)at->imm;

		switch (at->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			reg[at->dst_reg] = context[at->off / 4];
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			reg[at->dst_reg] = reg[at->src_reg];
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			reg[at->dst_reg] = value;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reg[at->dst_reg] &= value;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			reg[at->dst_reg] >>= value;
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			i += reg[at->dst_reg] != value ? (size_t)at->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			i += reg[at->dst_reg] == value ? (size_t)at->off : 0;
			break;
		case BPF_JMP32 | BPF_JSET | BPF_K:
			i += reg[at->dst_reg] & value ? (size_t)at->off : 0;
			break;
		case BPF_JMP | BPF_JA:
			i += (size_t)at->off;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

/* What the program of these rules says; without a program all is allowed. */
static int decide(const struct oci_resources *resources,
	const struct question *question)
{
	struct bpf_insn *code;
	size_t count;
	int result;

	if (device_filter_assemble(resources, &code, &count, &err) < 0)
		return -1;
	result = count == 0 ? 1 : run(code, count, question);
	free(code);
	return result;
}

static bool fits(const struct oci_device_rule *rule,
	const struct question *question, char access)
{
	char type = question->type == BLOCK ? 'b' : 'c';

	return (rule->type == 0 || rule->type == 'a' || rule->type == type) &&
	       (rule->major == ANY || rule->major == question->major) &&
	       (rule->minor == ANY || rule->minor == question->minor) &&
	       (!rule->access || strchr(rule->access, access));
}

/* The same by the words of the header: bit by bit, the last rule that fits. */
static int expect(const struct oci_resources *resources,
	const struct question *question)
{
	static const char
		letters[] = { [MKNOD] = 'm', [READ] = 'r', [WRITE] = 'w' };

	for (uint32_t bit = 1; bit <= ALL; bit <<= 1) {
		bool is_allowed = bit == MKNOD;
		size_t i = resources->device_count;

		if (!(question->access & bit) || is_allowed)
			continue;
		if (question->type == CHAR && question->major == 1 &&
			question->minor == 3)
			continue; /* null is always allowed */
		while (i > 0 && !fits(&resources->devices[i - 1], question,
					letters[bit]))
			i--;
		if (i == 0 || !resources->devices[i - 1].is_allowed)
			return 0;
	}
	return 1;
}

static const struct oci_device_rule samples[] = {
	{ false, 'a', ANY, ANY, NULL },
	{ true, 'a', ANY, ANY, "rwm" },
	{ true, 0, ANY, ANY, "r" },
	{ false, 'c', ANY, ANY, "w" },
	{ true, 'c', 10, ANY, "rw" },
	{ false, 'c', 10, 200, "w" },
	{ true, 'c', 10, 200, "r" },
	{ false, 'b', 8, ANY, "rwm" },
	{ true, 'b', ANY, 0, "w" },
	{ true, 'b', 8, 0, "m" },
	{ false, 'a', 8, 0, "r" },
	{ true, 'c', 10, 200, "" },
	{ true, 'c', 10, ANY, "rwm" },
	{ true, 'c', 10, 229, NULL },
	{ true, 'c', 10, 200, NULL },
	{ true, 'b', 8, 0, NULL },
	{ true, 'c', 8, 1, NULL },
};
#define KINDS (sizeof(samples) / sizeof(samples[0]))

/* Up to three of the rules, number is below LISTS. */
#define LISTS (KINDS * KINDS * KINDS * 4)

static struct oci_resources list_of(size_t number,
	struct oci_device_rule items[3])
{
	items[0] = samples[number / 4 % KINDS];
	items[1] = samples[number / 4 / KINDS % KINDS];
	items[2] = samples[number / 4 / KINDS / KINDS];
	return (struct oci_resources){ .devices = items,
		.device_count = number % 4 };
}

/* All lists of three rules, all questions: over a million decisions. */
static void test_the_last_rule_decides(void)
{
	static const uint32_t numbers[][2] = { { 1, 3 }, { 8, 0 }, { 8, 1 },
		{ 10, 200 }, { 10, 229 }, { 254, 0 } };
	unsigned int wrong = 0;

	for (size_t list = 0; list < LISTS; list++) {
		struct oci_device_rule items[3];
		struct oci_resources resources = list_of(list, items);
		struct bpf_insn *code;
		size_t count;

		if (!CHECK(device_filter_assemble(&resources, &code, &count,
				   &err) == 0))
			return;
		for (size_t i = 0; i < 6 * 2 * 8; i++) {
			struct question question = {
				.type = i % 2 ? CHAR : BLOCK,
				.access = (uint32_t)(i / 2 % 8),
				.major = numbers[i / 16][0],
				.minor = numbers[i / 16][1],
			};
			int result = count ? run(code, count, &question) : 1;

			wrong += question.access != 0 &&
				 result != expect(&resources, &question);
		}
		free(code);
	}
	CHECK(wrong == 0);
}

static void test_every_container_has_some(void)
{
	/* clang-format off */
	static const struct {
		const char *label;
		struct question question;
		int result;
	} rows[] = {
		{ "null", { CHAR, ALL, 1, 3 }, 1 },
		{ "zero", { CHAR, ALL, 1, 5 }, 1 },
		{ "full", { CHAR, ALL, 1, 7 }, 1 },
		{ "random", { CHAR, ALL, 1, 8 }, 1 },
		{ "urandom", { CHAR, ALL, 1, 9 }, 1 },
		{ "tty", { CHAR, ALL, 5, 0 }, 1 },
		{ "ptmx", { CHAR, ALL, 5, 2 }, 1 },
		{ "pts", { CHAR, ALL, 136, 77 }, 1 },
		{ "make any", { CHAR, MKNOD, 10, 200 }, 1 },
		{ "make any block", { BLOCK, MKNOD, 8, 0 }, 1 },
		{ "mem", { CHAR, READ, 1, 1 }, 0 },
		{ "kmsg", { CHAR, READ, 1, 11 }, 0 },
		{ "the host's console", { CHAR, WRITE, 5, 1 }, 0 },
		{ "the host's screen", { CHAR, READ, 4, 1 }, 0 },
		{ "disk", { BLOCK, READ, 8, 0 }, 0 },
		{ "block 1:3", { BLOCK, READ, 1, 3 }, 0 },
		{ "fuse", { CHAR, READ | WRITE, 10, 229 }, 0 },
	};
	/* clang-format on */
	static const struct oci_device_rule deny = { .major = ANY,
		.minor = ANY };
	const struct oci_resources none = { 0 };
	const struct oci_resources denied = { .devices = &deny,
		.device_count = 1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].label);
		CHECK(decide(&none, &rows[i].question) == rows[i].result);
		CHECK(decide(&denied, &rows[i].question) == rows[i].result);
	}
}

static size_t length_of(const struct oci_device_rule *rules, size_t count)
{
	struct oci_resources resources = { .devices = rules,
		.device_count = count };
	struct bpf_insn *code;
	size_t length;

	CHECK(device_filter_assemble(&resources, &code, &length, &err) == 0);
	free(code);
	return length;
}

static void test_programs_are_minimal(void)
{
	/* as Docker writes them */
	static const struct oci_device_rule docker[] = {
		{ false, 0, ANY, ANY, "rwm" },
		{ true, 'c', 1, 5, "rwm" },
		{ true, 'c', 1, 3, "rwm" },
		{ true, 'c', 136, ANY, "rw" },
		{ true, 'c', 5, 0, "rwm" },
	};
	static const struct oci_device_rule all[] = {
		{ false, 'c', 8, 0, "r" },
		{ true, 'a', ANY, ANY, "rwm" },
	};
	const struct oci_resources privileged = { .devices = docker,
		.device_count = 5,
		.allows_all_devices = true };
	struct bpf_insn *code = NULL;
	size_t count = 1;

	CHECK(length_of(NULL, 0) > 0 && length_of(NULL, 0) < 25);
	CHECK(length_of(docker, 5) == length_of(NULL, 0));
	CHECK(length_of(all, 2) == 0);
	CHECK(device_filter_assemble(&privileged, &code, &count, &err) == 0);
	CHECK(count == 0 && !code);
}

static void test_bad_rules_are_refused(void)
{
	static const struct oci_device_rule rows[] = {
		{ true, 'x', 1, 1, "r" },
		{ true, 'p', 1, 1, "r" },
		{ true, 'c', -2, 1, "r" },
		{ true, 'c', 1, -2, "r" },
		{ true, 'c', INT64_C(1) << 32, 1, "r" },
		{ true, 'c', 1, 1, "rx" },
		{ true, 'c', 1, 1, "R" },
	};
	struct bpf_insn *code;
	size_t count;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_device_rule two[] = { { true, 'c', 1, 1, "r" },
			rows[i] };
		struct oci_resources resources = { .devices = two,
			.device_count = 2 };

		CHECK(device_filter_assemble(&resources, &code, &count, &err) ==
			-EINVAL);
		CHECK(strstr(err.text, "linux.resources.devices[1]"));
	}
}

static void test_many_rules_fit(void)
{
	static struct oci_device_rule many[1025];
	struct oci_resources resources = { .devices = many };
	struct bpf_insn *code;
	size_t count;

	for (size_t i = 0; i < 1025; i++)
		many[i] = (struct oci_device_rule){ i % 2, 'c', (int64_t)i, 7,
			"rw" };
	resources.device_count = 1025;
	CHECK(device_filter_assemble(&resources, &code, &count, &err) ==
		-E2BIG);
	resources.device_count = 1024;
	CHECK(decide(&resources, &(struct question){ CHAR, READ, 101, 7 }) ==
		1);
	CHECK(decide(&resources, &(struct question){ CHAR, READ, 100, 7 }) ==
		0);
}

/* ---- what the kernel says ---------------------------------------------------- */

static char folder[64];
static char group[32];
static int root_fd = -1;
static int dir_fd = -1;

static bool begin(void)
{
	const char *missing = cgroup2_enter();

	if (missing) {
		check_skip(missing);
		return false;
	}
	(void)snprintf(folder, sizeof(folder), "/tmp/tare-devices-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	(void)snprintf(group, sizeof(group), "tare-devices-%d", (int)getpid());
	root_fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir_fd = cgroup_make(root_fd, group, &err);
	return CHECK(dir_fd >= 0);
}

static void end(void)
{
	bpf_error = 0;
	CHECK(cgroup_wait_empty(dir_fd, 10000) == 0);
	CHECK(cgroup_remove(root_fd, group, &err) == 0);
	fd_close(&dir_fd);
	fd_close(&root_fd);
	(void)fd_remove_tree(AT_FDCWD, folder, NULL);
}

/* Makes a node in the cgroup and opens it: 0, or the errno of what failed. */
static int try(int flags, uint32_t major, uint32_t minor)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned int)dir_fd };
	pid_t pid = kernel_clone3(&args);
	int status = 0;
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/node", folder);
	if (pid == 0) {
		if (mknod(path, S_IFCHR | 0600, makedev(major, minor)) < 0)
			_exit(errno);
		_exit(open(path, flags | O_NONBLOCK | O_CLOEXEC) < 0 ? errno
								     : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	(void)unlink(path);
	return WEXITSTATUS(status);
}

static const struct oci_device_rule kmsg_only_read[] = {
	{ true, 'c', 1, 11, "r" },
};
static const struct oci_resources none;
static const struct oci_resources reads = {
	.devices = kmsg_only_read,
	.device_count = 1,
};
static const struct oci_resources everything = { .allows_all_devices = true };

static void test_a_cgroup_gets_its_rules(void)
{
	if (!begin())
		return;
	if (try(O_WRONLY, 1, 11) != 0) {
		check_skip("this machine's kmsg cannot be opened");
		end();
		return;
	}
	if (!CHECK(device_filter_apply(dir_fd, &none, &err) == 0))
		printf("# %s\n", err.text);
	CHECK(try(O_RDWR, 1, 3) == 0);
	CHECK(try(O_WRONLY, 1, 11) == EPERM);
	CHECK(try(O_RDONLY, 1, 11) == EPERM);
	CHECK(device_filter_replace(dir_fd, &reads, &err) == 0);
	CHECK(try(O_RDONLY, 1, 11) == 0);
	CHECK(try(O_WRONLY, 1, 11) == EPERM);
	CHECK(try(O_RDWR, 1, 11) == EPERM);
	CHECK(device_filter_replace(dir_fd, &reads, &err) == 0);
	CHECK(try(O_RDONLY, 1, 11) == 0);
	CHECK(device_filter_replace(dir_fd, &everything, &err) == 0);
	CHECK(try(O_RDWR, 1, 11) == 0);
	CHECK(device_filter_replace(dir_fd, &none, &err) == 0);
	CHECK(try(O_RDONLY, 1, 11) == EPERM);
	/* what somebody else has attached as well does not stay */
	CHECK(device_filter_apply(dir_fd, &reads, &err) == 0);
	CHECK(try(O_RDONLY, 1, 11) == EPERM); /* both must allow it */
	CHECK(device_filter_replace(dir_fd, &reads, &err) == 0);
	CHECK(try(O_RDONLY, 1, 11) == 0);
	end();
}

/* Its verifier refuses what is never reached, and jumps that lead nowhere. */
static void test_the_kernel_takes_all(void)
{
	unsigned int refused = 0;

	if (!begin())
		return;
	for (size_t list = 0; list < LISTS; list += 3) {
		struct oci_device_rule items[3];
		struct oci_resources resources = list_of(list, items);

		refused += device_filter_replace(dir_fd, &resources, &err) < 0;
	}
	if (!CHECK(refused == 0))
		printf("# %s\n", err.text);
	end();
}

static void test_programs_are_loaded_once(void)
{
	unsigned int before;
	unsigned int fds;

	if (!begin())
		return;
	CHECK(device_filter_apply(dir_fd, &none, &err) == 0);
	CHECK(device_filter_replace(dir_fd, &reads, &err) == 0);
	before = loads;
	fds = fault_count_fds();
	for (unsigned int i = 0; i < 20; i++)
		CHECK(device_filter_replace(dir_fd, i % 2 ? &reads : &none,
			      &err) == 0);
	CHECK(loads == before);
	for (unsigned int i = 0; i < 20; i++) { /* more than are kept */
		struct oci_device_rule rule = { true, 'c', 10, i, "r" };
		struct oci_resources resources = { .devices = &rule,
			.device_count = 1 };

		CHECK(device_filter_replace(dir_fd, &resources, &err) == 0);
	}
	CHECK(loads == before + 20);
	CHECK(fault_count_fds() <= fds + 8);
	end();
}

static void test_failures_are_told(void)
{
	struct oci_device_rule rule = { true, 'c', 10, 77, "r" };
	struct oci_resources new = { .devices = &rule, .device_count = 1 };
	unsigned int fds;

	if (!begin())
		return;
	CHECK(device_filter_apply(dir_fd, &none, &err) == 0);
	bpf_error = EPERM;
	bpf_command = BPF_PROG_LOAD;
	fds = fault_count_fds();
	CHECK(device_filter_apply(dir_fd, &new, &err) == -EPERM);
	CHECK(strstr(err.text, "load the rules for devices"));
	bpf_command = BPF_PROG_ATTACH;
	CHECK(device_filter_apply(dir_fd, &none, &err) == -EPERM);
	CHECK(device_filter_replace(dir_fd, &reads, &err) == -EPERM);
	bpf_command = BPF_PROG_QUERY;
	CHECK(device_filter_replace(dir_fd, &reads, &err) == -EPERM);
	bpf_command = BPF_PROG_GET_FD_BY_ID;
	CHECK(device_filter_replace(dir_fd, &reads, &err) == -EPERM);
	/* the old rules hold all the time */
	CHECK(try(O_WRONLY, 1, 11) == EPERM);
	CHECK(fault_count_fds() <= fds + 1);
	end();
}

/* In a user namespace a program cannot be loaded. */
static int apply_in_user_namespace(const struct oci_resources *resources)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (kernel_unshare(0x10000000) < 0) /* CLONE_NEWUSER */
			_exit(100);
		_exit(-device_filter_apply(dir_fd, resources, &err));
	}
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : -1;
}

static void test_rootless(void)
{
	/* rules that no test before had loaded */
	struct oci_device_rule allow[] = { { false, 'a', ANY, ANY, "rwm" },
		{ true, 'c', 10, 78, "r" } };
	struct oci_device_rule deny = { false, 'c', 10, 79, "r" };
	struct oci_resources resources = { .devices = allow,
		.device_count = 2 };

	if (!begin())
		return;
	if (apply_in_user_namespace(&everything) == 100) {
		check_skip("may not make a user namespace");
	} else {
		CHECK(apply_in_user_namespace(&everything) == 0);
		CHECK(apply_in_user_namespace(&resources) == 0);
		resources.devices = &deny;
		resources.device_count = 1;
		CHECK(apply_in_user_namespace(&resources) == EPERM);
	}
	end();
}

int main(void)
{
	RUN(test_the_last_rule_decides);
	RUN(test_every_container_has_some);
	RUN(test_programs_are_minimal);
	RUN(test_bad_rules_are_refused);
	RUN(test_many_rules_fit);
	RUN(test_a_cgroup_gets_its_rules);
	RUN(test_the_kernel_takes_all);
	RUN(test_programs_are_loaded_once);
	RUN(test_failures_are_told);
	RUN(test_rootless);
	return check_done();
}
