// SPDX-License-Identifier: MIT
/* device_filter - which devices the processes of a cgroup may open and make */
#include "run/device_filter.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "run/oci.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ANY          (-1)
#define ANY_TYPE     0
#define ALL          (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_MAX    1024
#define RULE_SIZE    8 /* instructions at most, see emit_rule */
#define FRAME_SIZE   8 /* those before and after all rules */

/* Major numbers of kernel Documentation/admin-guide/devices.txt. */
enum major {
	MAJOR_MEMORY = 1,
	MAJOR_TTY_AUX = 5,
	MAJOR_PTS = 136,
};

struct rule {
	bool is_allowed;
	int type;   /* BPF_DEVCG_DEV_* or ANY_TYPE */
	int access; /* BPF_DEVCG_ACC_* */
	int64_t major, minor;
};

/*
 * What every container may, whatever its rules say. The console is not among
 * them: 5:1 is the host's, a container's own is a pseudo-terminal.
 */
static const struct rule given[] = {
	{ true, ANY_TYPE, BPF_DEVCG_ACC_MKNOD, ANY, ANY },
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 3 },  /* null */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 5 },  /* zero */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 7 },  /* full */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 8 },  /* random */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_MEMORY, 9 },  /* urandom */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_TTY_AUX, 0 }, /* tty */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_TTY_AUX, 2 }, /* ptmx */
	{ true, BPF_DEVCG_DEV_CHAR, ALL, MAJOR_PTS, ANY },
};

/* Rules in the order in which they are asked: the last of the spec first. */
struct order {
	struct rule *items;
	size_t count;
	bool is_closed; /* the last one decides about all that is left */
	bool denies;    /* one of them denies something */
};

static bool covers(int64_t wide, int64_t narrow, int64_t any)
{
	return wide == any || wide == narrow;
}

static bool is_universal(const struct rule *rule)
{
	return rule->type == ANY_TYPE && rule->access == ALL &&
	       rule->major == ANY && rule->minor == ANY;
}

/* Adds a rule that is asked after those that are there. */
static void add(struct order *order, const struct rule *rule)
{
	if (rule->access == 0)
		return;
	for (size_t i = 0; i < order->count; i++) {
		const struct rule *other = &order->items[i];

		/* all that it could decide has been decided then */
		if (covers(other->type, rule->type, ANY_TYPE) &&
			covers(other->major, rule->major, ANY) &&
			covers(other->minor, rule->minor, ANY) &&
			(rule->access & ~other->access) == 0)
			return;
	}
	order->items[order->count++] = *rule;
	order->is_closed = is_universal(rule);
	order->denies |= !rule->is_allowed;
}

static int read_access(const char *access)
{
	int result = 0;

	for (; access && *access; access++) {
		if (*access == 'r')
			result |= BPF_DEVCG_ACC_READ;
		else if (*access == 'w')
			result |= BPF_DEVCG_ACC_WRITE;
		else if (*access == 'm')
			result |= BPF_DEVCG_ACC_MKNOD;
		else
			return -EINVAL;
	}
	return access ? result : ALL;
}

static int read_type(char type)
{
	switch (type) {
	case 0:
	case 'a':
		return ANY_TYPE;
	case 'b':
		return BPF_DEVCG_DEV_BLOCK;
	case 'c':
	case 'u':
		return BPF_DEVCG_DEV_CHAR;
	default:
		return -EINVAL;
	}
}

static int read_rule(const struct oci_device_rule *rule, struct rule *out)
{
	*out = (struct rule){
		.is_allowed = rule->is_allowed,
		.type = read_type(rule->type),
		.access = read_access(rule->access),
		.major = rule->major,
		.minor = rule->minor,
	};
	if (out->type < 0 || out->access < 0 || rule->major < ANY ||
		rule->minor < ANY || rule->major > UINT32_MAX ||
		rule->minor > UINT32_MAX)
		return -EINVAL;
	return 0;
}

/* order->items has room for all. */
static int read_rules(const struct oci_resources *resources,
	struct order *order, struct error *err)
{
	for (size_t i = COUNT(given); i > 0; i--)
		add(order, &given[i - 1]);
	for (size_t i = resources->device_count; i > 0; i--) {
		struct rule rule;

		if (read_rule(&resources->devices[i - 1], &rule) < 0)
			return error_set(err, -EINVAL,
				"read 'linux.resources.devices[%zu]': a rule "
				"has type a, b or c, access of r, w and m, and "
				"numbers or -1",
				i - 1);
		add(order, &rule);
	}
	return 0;
}

/*
 * A BPF program in the making (kernel Documentation/bpf/standardization). The
 * kernel takes 2 us to load an instruction, so there are to be few: answers are
 * given at the end only, and jumped to.
 */
struct code {
	struct bpf_insn *at;
	size_t count;
};

/* Where a jump leads until the place is known; real ones are not negative. */
enum label {
	LABEL_NEXT = -1, /* what comes after this group of rules */
	LABEL_ALLOW = -2,
	LABEL_DENY = -3,
	LABEL_NEXT_MAJOR = -4,
};

/* Registers: what was asked for, as struct bpf_cgroup_dev_ctx has it. */
enum reg {
	REG_RESULT = BPF_REG_0,
	REG_CONTEXT = BPF_REG_1,
	REG_ACCESS = BPF_REG_2, /* what no rule has decided so far */
	REG_TYPE = BPF_REG_3,
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5,
};

static void emit(struct code *code, struct bpf_insn instruction)
{
	code->at[code->count++] = instruction;
}

static void emit_load(struct code *code, enum reg to, size_t offset)
{
	emit(code, (struct bpf_insn){
			   .code = BPF_LDX | BPF_MEM | BPF_W,
			   .dst_reg = to & 0xf,
			   .src_reg = REG_CONTEXT & 0xf,
			   .off = (int16_t)offset,
		   });
}

static void emit_copy(struct code *code, enum reg to, enum reg from)
{
	emit(code, (struct bpf_insn){
			   .code = BPF_ALU | BPF_MOV | BPF_X,
			   .dst_reg = to & 0xf,
			   .src_reg = from & 0xf,
		   });
}

static void emit_change(struct code *code, uint8_t operation, enum reg to,
	int32_t value)
{
	emit(code, (struct bpf_insn){
			   .code = (uint8_t)(BPF_ALU | operation | BPF_K),
			   .dst_reg = to & 0xf,
			   .imm = value,
		   });
}

/* A jump by test (BPF_JNE, BPF_JEQ, BPF_JSET). */
static void emit_jump(struct code *code, uint8_t test, enum reg reg,
	int64_t value, enum label label)
{
	emit(code, (struct bpf_insn){
			   .code = (uint8_t)(BPF_JMP32 | test | BPF_K),
			   .dst_reg = reg & 0xf,
			   .off = (int16_t)label,
			   .imm = (int32_t)(uint32_t)value,
		   });
}

static void emit_answer(struct code *code, bool is_allowed)
{
	emit_change(code, BPF_MOV, REG_RESULT, is_allowed);
	emit(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Lets the jumps to label since start go to place. */
static void set_label(struct code *code, size_t start, enum label label,
	size_t place)
{
	for (size_t i = start; i < code->count; i++) {
		struct bpf_insn *at = &code->at[i];
		bool is_jump = BPF_CLASS(at->code) == BPF_JMP32 ||
			       at->code == (BPF_JMP | BPF_JA);

		if (is_jump && at->off == (int16_t)label)
			at->off = (int16_t)(place - i - 1);
	}
}

static void emit_rule(struct code *code, const struct rule *rule)
{
	enum label answer = rule->is_allowed ? LABEL_ALLOW : LABEL_DENY;
	size_t start = code->count;

	if (rule->type != ANY_TYPE)
		emit_jump(code, BPF_JNE, REG_TYPE, rule->type, LABEL_NEXT);
	if (rule->major != ANY)
		emit_jump(code, BPF_JNE, REG_MAJOR, rule->major, LABEL_NEXT);
	if (rule->minor != ANY)
		emit_jump(code, BPF_JNE, REG_MINOR, rule->minor, LABEL_NEXT);
	if (rule->access == ALL) {
		emit(code, (struct bpf_insn){ .code = BPF_JMP | BPF_JA,
				   .off = (int16_t)answer });
	} else if (rule->is_allowed) {
		emit_change(code, BPF_AND, REG_ACCESS, ~rule->access);
		emit_jump(code, BPF_JEQ, REG_ACCESS, 0, answer);
	} else {
		emit_jump(code, BPF_JSET, REG_ACCESS, rule->access, answer);
	}
	set_label(code, start, LABEL_NEXT, code->count);
}

/* Whether a rule allows all access to devices of one major number. */
static bool is_plain(const struct rule *rule)
{
	return rule->is_allowed && rule->access == ALL &&
	       rule->type != ANY_TYPE && rule->major != ANY;
}

static int64_t compare(const struct rule *a, const struct rule *b)
{
	if (a->type != b->type)
		return a->type - b->type;
	return a->major != b->major ? a->major - b->major : a->minor - b->minor;
}

/* Plain rules one after the other mean the same in any order. */
static void sort(struct rule *rules, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct rule rule = rules[i];
		size_t place = i;

		for (; place > 0 && compare(&rules[place - 1], &rule) > 0;
			place--)
			rules[place] = rules[place - 1];
		rules[place] = rule;
	}
}

/* Sorted plain rules of one type and major; returns how many they are. */
static size_t emit_major(struct code *code, const struct rule *rules,
	size_t count)
{
	size_t start = code->count;
	size_t used = 0;

	if (rules->minor == ANY) /* the first of them */
		emit_jump(code, BPF_JEQ, REG_MAJOR, rules->major, LABEL_ALLOW);
	else
		emit_jump(code, BPF_JNE, REG_MAJOR, rules->major,
			LABEL_NEXT_MAJOR);
	while (used < count && rules[used].type == rules->type &&
		rules[used].major == rules->major) {
		if (rules->minor != ANY)
			emit_jump(code, BPF_JEQ, REG_MINOR, rules[used].minor,
				LABEL_ALLOW);
		used++;
	}
	set_label(code, start, LABEL_NEXT_MAJOR, code->count);
	return used;
}

static void emit_plain(struct code *code, struct rule *rules, size_t count)
{
	sort(rules, count);
	for (size_t i = 0; i < count;) {
		int type = rules[i].type;
		size_t start = code->count;

		emit_jump(code, BPF_JNE, REG_TYPE, type, LABEL_NEXT);
		while (i < count && rules[i].type == type)
			i += emit_major(code, &rules[i], count - i);
		set_label(code, start, LABEL_NEXT, code->count);
	}
}

static void emit_rules(struct code *code, const struct order *order)
{
	for (size_t i = 0; i < order->count;) {
		size_t count = 0;

		while (i + count < order->count &&
			is_plain(&order->items[i + count]))
			count++;
		if (count > 0) {
			emit_plain(code, &order->items[i], count);
			i += count;
			continue;
		}
		if (!is_universal(&order->items[i]))
			emit_rule(code, &order->items[i]);
		i++;
	}
}

static void assemble(const struct order *order, struct code *code)
{
	/* what is left when no rule has answered */
	bool usual =
		order->is_closed && order->items[order->count - 1].is_allowed;
	size_t end;

	emit_load(code, REG_ACCESS,
		offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_copy(code, REG_TYPE, REG_ACCESS);
	emit_change(code, BPF_AND, REG_TYPE, 0xffff);
	emit_change(code, BPF_RSH, REG_ACCESS, 16);
	emit_load(code, REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(code, REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit_rules(code, order);
	end = code->count;
	emit_answer(code, usual);
	emit_answer(code, !usual);
	set_label(code, 0, LABEL_ALLOW, usual ? end : end + 2);
	set_label(code, 0, LABEL_DENY, usual ? end + 2 : end);
}

int device_filter_assemble(const struct oci_resources *resources,
	struct bpf_insn **out, size_t *count, struct error *err)
{
	size_t rules = resources->device_count + COUNT(given);
	struct order order = { .count = 0 };
	struct code code = { .count = 0 };
	int result = -ENOMEM;

	*out = NULL;
	*count = 0;
	if (resources->allows_all_devices)
		return 0;
	if (resources->device_count > RULES_MAX)
		return error_set(err, -E2BIG,
			"read 'linux.resources.devices': more than %d rules",
			RULES_MAX);
	order.items = malloc(rules * sizeof(*order.items));
	code.at = malloc((rules * RULE_SIZE + FRAME_SIZE) * sizeof(*code.at));
	if (order.items && code.at)
		result = read_rules(resources, &order, err);
	else
		(void)error_set(err, result,
			"make the rules for devices: no memory");
	if (result == 0 && (order.denies || !order.is_closed))
		assemble(&order, &code);
	free(order.items);
	if (code.count == 0) { /* an error, or nothing is denied */
		free(code.at);
		return result;
	}
	*out = code.at;
	*count = code.count;
	return 0;
}
