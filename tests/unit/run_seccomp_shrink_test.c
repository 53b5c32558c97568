// SPDX-License-Identifier: MIT
/* run_seccomp_shrink_test - shorter programs answer what the long ones do */
#include "run/seccomp_shrink.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "lib/fd.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PROGRAM_MAX  4096
#define X32          0x40000000U

struct program {
	struct sock_filter code[PROGRAM_MAX];
	struct sock_fprog head;
};

static struct program before, after;

static uint32_t load(const struct seccomp_data *data, uint32_t at)
{
	uint32_t value;

	if (at > sizeof(*data) - sizeof(value))
		abort();
	memcpy(&value, (const char *)data + at, sizeof(value));
	return value;
}

static bool jumps(const struct sock_filter *jump, uint32_t value)
{
	switch (BPF_OP(jump->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return value == jump->k;
	case BPF_JGT:
		return value > jump->k;
	case BPF_JGE:
		return value >= jump->k;
	case BPF_JSET:
		return value & jump->k;
	default:
		abort();
	}
}

/* As the kernel runs it, for what libseccomp makes. */
static uint32_t answer(const struct program *program,
	const struct seccomp_data *data)
{
	uint32_t value = 0;

	for (size_t at = 0; at < program->head.len; at++) {
		const struct sock_filter *step = &program->code[at];

		if (step->code == (BPF_LD | BPF_W | BPF_ABS))
			value = load(data, step->k);
		else if (step->code == (BPF_ALU | BPF_AND | BPF_K))
			value &= step->k;
		else if (step->code == (BPF_RET | BPF_K))
			return step->k;
		else if (BPF_CLASS(step->code) != BPF_JMP)
			abort();
		else if (BPF_OP(step->code) == BPF_JA)
			at += step->k;
		else
			at += jumps(step, value) ? step->jt : step->jf;
	}
	abort(); /* it ran over the end */
}

static bool take(scmp_filter_ctx context)
{
	auto_fd fd = memfd_create("program", MFD_CLOEXEC);
	ssize_t size;

	if (seccomp_export_bpf(context, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return false;
	size = read(fd, before.code, sizeof(before.code));
	before.head = (struct sock_fprog){
		.filter = before.code,
		.len = (unsigned short)((size_t)size / sizeof(*before.code)),
	};
	memcpy(after.code, before.code, sizeof(after.code));
	after.head = before.head;
	after.head.filter = after.code;
	return size > 0;
}

static const uint32_t architectures[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
	AUDIT_ARCH_AARCH64, 0, 1, UINT32_MAX };
static const uint64_t values[] = { 0, 1, 2, 7, 8, 38, 39, 40, 41, 0x10000000,
	0x7e020000, UINT32_MAX, UINT64_C(0x100000000), UINT64_C(0x100000026),
	UINT64_MAX };

static unsigned int differences(uint32_t arch, uint32_t number)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch };
	unsigned int count = 0;

	for (size_t i = 0; i < COUNT(values); i++) {
		for (size_t j = 0; j < COUNT(values); j++) {
			data.args[0] = values[i];
			data.args[1] = values[j];
			data.args[2] = values[(i + j) % COUNT(values)];
			count +=
				answer(&before, &data) != answer(&after, &data);
		}
	}
	return count;
}

/* Every number that is near one in use, for every architecture. */
static unsigned int all_differences(void)
{
	static const uint32_t starts[] = { 0, X32, X32 * 2, UINT32_MAX - 1100 };
	unsigned int count = 0;

	for (size_t i = 0; i < COUNT(architectures); i++) {
		for (size_t j = 0; j < COUNT(starts); j++) {
			for (uint32_t k = 0; k < 1101; k++)
				count += differences(architectures[i],
					starts[j] + k);
		}
	}
	return count;
}

static void add(scmp_filter_ctx context, uint32_t action, const char *names)
{
	char copy[1024];
	char *rest = copy;
	const char *name;

	(void)snprintf(copy, sizeof(copy), "%s", names);
	while ((name = strsep(&rest, " ")))
		(void)seccomp_rule_add(context, action,
			seccomp_syscall_resolve_name(name), 0);
}

/* As Docker's: many calls, some by their arguments, three architectures. */
static scmp_filter_ctx make(bool has_others)
{
	static const char *const ordinary =
		"accept bind brk chdir chmod chown close connect dup epoll_wait "
		"execve exit exit_group fchdir fork fstat futex getcwd getpid "
		"getuid ioctl kill link listen lseek lstat madvise mkdir mmap "
		"mprotect munmap nanosleep open openat pipe poll read readlink "
		"recvfrom rename rt_sigaction rt_sigreturn select sendto stat "
		"statx symlink time umask uname unlink wait4 write writev";
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(1));

	if (!context)
		abort();
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (has_others) {
		(void)seccomp_arch_add(context, SCMP_ARCH_X86_64);
		(void)seccomp_arch_add(context, SCMP_ARCH_X86);
		(void)seccomp_arch_add(context, SCMP_ARCH_X32);
	}
	add(context, SCMP_ACT_ALLOW, ordinary);
	add(context, SCMP_ACT_ERRNO(38), "clone3");
	(void)seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_LT, 38, 0));
	(void)seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_GT, 40, 0));
	(void)seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, 0x7e020000, 0));
	(void)seccomp_rule_add(context, SCMP_ACT_TRAP, SCMP_SYS(personality), 2,
		SCMP_A0(SCMP_CMP_EQ, 8, 0), SCMP_A1(SCMP_CMP_NE, 7, 0));
	return context;
}

static void test_answers_stay(void)
{
	for (int has_others = 0; has_others <= 1; has_others++) {
		scmp_filter_ctx context = make(has_others);

		check_row(has_others ? "three architectures" : "one");
		CHECK(take(context));
		CHECK(seccomp_shrink(&after.head));
		printf("# %u instructions become %u\n", before.head.len,
			after.head.len);
		CHECK(after.head.len < before.head.len);
		CHECK(all_differences() == 0);
		seccomp_release(context);
	}
}

/* What the test above would hide if it compared nothing. */
static void test_differences_are_seen(void)
{
	scmp_filter_ctx context = make(true);

	CHECK(take(context));
	CHECK(seccomp_shrink(&after.head));
	for (size_t i = 0; i < after.head.len; i++) {
		if (after.code[i].code == (BPF_JMP | BPF_JGE | BPF_K)) {
			after.code[i].k++;
			break;
		}
	}
	CHECK(all_differences() > 0);
	seccomp_release(context);
}

/* Answers far away: conditional jumps reach 255 instructions. */
static void test_long_programs(void)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!context)
		abort();
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (int number = 0; number < 330; number++) {
		if (number % 3 > 0)
			(void)seccomp_rule_add(context, SCMP_ACT_ALLOW, number,
				0);
		else
			(void)seccomp_rule_add(context, SCMP_ACT_ERRNO(7),
				number, 1,
				SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)number % 40,
					0));
	}
	CHECK(take(context));
	CHECK(seccomp_shrink(&after.head));
	printf("# %u instructions become %u\n", before.head.len,
		after.head.len);
	CHECK(after.head.len > 400);
	CHECK(all_differences() == 0);
	seccomp_release(context);
}

static uint32_t next_random(uint32_t below)
{
	static uint64_t state = 42;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(state >> 33) % below;
}

static const uint32_t actions[] = { SCMP_ACT_ALLOW, SCMP_ACT_LOG,
	SCMP_ACT_ERRNO(1), SCMP_ACT_ERRNO(38), SCMP_ACT_TRAP,
	SCMP_ACT_KILL_PROCESS };

static uint32_t any_action(void)
{
	return actions[next_random(COUNT(actions))];
}

/* One rule for some of the calls; most have the same answer, as in life. */
static scmp_filter_ctx make_random(void)
{
	uint32_t usual = any_action();
	uint32_t most = any_action();
	scmp_filter_ctx context = seccomp_init(usual);

	if (!context)
		abort();
	(void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE,
		1 + next_random(2));
	(void)seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, any_action());
	if (next_random(2))
		(void)seccomp_arch_add(context, SCMP_ARCH_X86);
	if (next_random(2))
		(void)seccomp_arch_add(context, SCMP_ARCH_X32);
	if (next_random(2))
		(void)seccomp_arch_add(context, SCMP_ARCH_AARCH64);
	for (int number = 0; number < 300; number++) {
		unsigned int width = next_random(20) ? 0 : 1 + next_random(3);
		uint32_t action = next_random(9) ? most : any_action();
		struct scmp_arg_cmp args[3];

		for (unsigned int j = 0; j < 3; j++)
			args[j] = (struct scmp_arg_cmp){ .arg = j,
				.op = (enum scmp_compare)(1 + next_random(7)),
				.datum_a = values[next_random(COUNT(values))],
				.datum_b = values[next_random(COUNT(values))] };
		if (action != usual && next_random(7))
			(void)seccomp_rule_add_array(context, action, number,
				width, args);
	}
	return context;
}

/* Where a jump of the old program goes another way, and next to it. */
static unsigned int random_differences(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < before.head.len * 8U; i++) {
		uint32_t number = before.code[i / 8].k + (uint32_t)(i % 2);
		struct seccomp_data data = { .nr = (int)number };

		data.arch = architectures[next_random(COUNT(architectures))];
		for (unsigned int j = 0; j < 3; j++)
			data.args[j] = values[next_random(COUNT(values))];
		count += answer(&before, &data) != answer(&after, &data);
	}
	return count;
}

static void test_random_profiles(void)
{
	unsigned int shorter = 0;

	for (unsigned int i = 0; i < 120; i++) {
		scmp_filter_ctx context = make_random();
		unsigned int wrong = 0;

		CHECK(take(context));
		shorter += seccomp_shrink(&after.head);
		for (unsigned int j = 0; j < 8; j++)
			wrong += random_differences();
		if (!CHECK(wrong == 0))
			printf("# profile %u\n", i);
		seccomp_release(context);
	}
	printf("# %u of 120 became shorter\n", shorter);
	CHECK(shorter > 60);
}

#define STEP(c, v, t, f)                                    \
	{                                                   \
		.code = (c), .jt = (t), .jf = (f), .k = (v) \
	}
#define LOAD(at)      STEP(BPF_LD | BPF_W | BPF_ABS, at, 0, 0)
#define ANSWER(value) STEP(BPF_RET | BPF_K, value, 0, 0)

/* What is not understood stays as it is. */
static void test_other_programs_stay(void)
{
	static const struct {
		const char *label;
		struct sock_filter code[4];
		unsigned short length;
	} rows[] = {
		{ "an answer", { ANSWER(1) }, 1 },
		{ "a set of numbers",
			{ LOAD(0), STEP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
				ANSWER(1), ANSWER(2) },
			4 },
		{ "the number is changed",
			{ LOAD(0), STEP(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0),
				ANSWER(1) },
			3 },
		{ "a jump before any look",
			{ STEP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), ANSWER(1),
				ANSWER(2) },
			3 },
		{ "an order of architectures",
			{ LOAD(4), STEP(BPF_JMP | BPF_JGE | BPF_K, 1, 0, 1),
				ANSWER(1), ANSWER(2) },
			4 },
		{ "the number as the answer",
			{ LOAD(0), STEP(BPF_RET | BPF_A, 0, 0, 0) }, 2 },
		{ "a jump over the end behind an argument",
			{ LOAD(0), LOAD(16),
				STEP(BPF_JMP | BPF_JEQ | BPF_K, 1, 9, 0),
				ANSWER(1) },
			4 },
		{ "a jump over the end",
			{ LOAD(0), STEP(BPF_JMP | BPF_JEQ | BPF_K, 1, 9, 0),
				ANSWER(1) },
			3 },
		{ "no end", { LOAD(0), LOAD(4) }, 2 },
		{ "nothing", { ANSWER(1) }, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(rows[i].label);
		memcpy(after.code, rows[i].code, sizeof(rows[i].code));
		after.head = (struct sock_fprog){ .filter = after.code,
			.len = rows[i].length };
		CHECK(!seccomp_shrink(&after.head));
		CHECK(after.head.len == rows[i].length);
		CHECK(memcmp(after.code, rows[i].code, sizeof(rows[i].code)) ==
			0);
	}
}

int main(void)
{
	RUN(test_answers_stay);
	RUN(test_differences_are_seen);
	RUN(test_long_programs);
	RUN(test_random_profiles);
	RUN(test_other_programs_stay);
	return check_done();
}
