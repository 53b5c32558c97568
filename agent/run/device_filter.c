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
	{ true, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD, ANY, ANY },
	{ true, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, ANY, ANY },
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

/* A BPF program in the making (kernel Documentation/bpf/standardization). */
struct code {
	struct bpf_insn *at;
	size_t count;
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

static struct bpf_insn load(enum reg to, size_t offset)
{
	return (struct bpf_insn){
		.code = BPF_LDX | BPF_MEM | BPF_W,
		.dst_reg = to & 0xf,
		.src_reg = REG_CONTEXT & 0xf,
		.off = (int16_t)offset,
	};
}

static struct bpf_insn copy(enum reg to, enum reg from)
{
	return (struct bpf_insn){
		.code = BPF_ALU | BPF_MOV | BPF_X,
		.dst_reg = to & 0xf,
		.src_reg = from & 0xf,
	};
}

static struct bpf_insn change(uint8_t operation, enum reg to, int32_t value)
{
	return (struct bpf_insn){
		.code = (uint8_t)(BPF_ALU | operation | BPF_K),
		.dst_reg = to & 0xf,
		.imm = value,
	};
}

/* A jump by test (BPF_JNE, BPF_JEQ) that finish_rule gives its target. */
static struct bpf_insn jump_out(uint8_t test, enum reg reg, int64_t value)
{
	return (struct bpf_insn){
		.code = (uint8_t)(BPF_JMP32 | test | BPF_K),
		.dst_reg = reg & 0xf,
		.imm = (int32_t)(uint32_t)value,
	};
}

static void emit_return(struct code *code, int32_t value)
{
	emit(code, change(BPF_MOV, REG_RESULT, value));
	emit(code, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

/* Lets the jumps since start go to what comes next. */
static void finish_rule(struct code *code, size_t start)
{
	for (size_t i = start; i < code->count; i++) {
		struct bpf_insn *at = &code->at[i];

		if (BPF_CLASS(at->code) == BPF_JMP32)
			at->off = (int16_t)(code->count - i - 1);
	}
}

static void emit_rule(struct code *code, const struct rule *rule)
{
	size_t start = code->count;

	if (rule->type != ANY_TYPE)
		emit(code, jump_out(BPF_JNE, REG_TYPE, rule->type));
	if (rule->major != ANY)
		emit(code, jump_out(BPF_JNE, REG_MAJOR, rule->major));
	if (rule->minor != ANY)
		emit(code, jump_out(BPF_JNE, REG_MINOR, rule->minor));
	if (rule->access != ALL && rule->is_allowed) {
		emit(code, change(BPF_AND, REG_ACCESS, ~rule->access));
		emit(code, jump_out(BPF_JNE, REG_ACCESS, 0));
	} else if (rule->access != ALL) {
		emit(code, copy(REG_RESULT, REG_ACCESS));
		emit(code, change(BPF_AND, REG_RESULT, rule->access));
		emit(code, jump_out(BPF_JEQ, REG_RESULT, 0));
	}
	emit_return(code, rule->is_allowed);
	finish_rule(code, start);
}

static void assemble(const struct order *order, struct code *code)
{
	emit(code, load(REG_ACCESS,
			   offsetof(struct bpf_cgroup_dev_ctx, access_type)));
	emit(code, copy(REG_TYPE, REG_ACCESS));
	emit(code, change(BPF_AND, REG_TYPE, 0xffff));
	emit(code, change(BPF_RSH, REG_ACCESS, 16));
	emit(code, load(REG_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major)));
	emit(code, load(REG_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor)));
	for (size_t i = 0; i < order->count; i++)
		emit_rule(code, &order->items[i]);
	if (!order->is_closed)
		emit_return(code, 0);
}

int device_filter_assemble(const struct oci_resources *resources,
	struct bpf_insn **out, size_t *count, struct error *err)
{
	size_t rules = resources->device_count + COUNT(given);
	struct order order = { .count = 0 };
	struct code code = { .count = 0 };
	int result;

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
	result = order.items && code.at
			 ? read_rules(resources, &order, err)
			 : error_set(err, -ENOMEM,
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
