// SPDX-License-Identifier: MIT
/*
 * seccomp_shrink - the same answers from a shorter program
 *
 * As long as the old program has only looked at the architecture and at the
 * number, its way is known for a given pair: it is walked up to the answer, or
 * up to the first look at an argument. Where the way can change are the
 * constants that the program compares with; between two of them all numbers go
 * the same way. The new program searches among the ranges that come of it, and
 * goes on in a copy of the old one where arguments matter.
 *
 * All jumps of such programs lead forward, so the new one is written from its
 * end: a place counts from there, and is known before anything jumps to it.
 */
#include "run/seccomp_shrink.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARCHITECTURES_MAX 8
#define REACH             250 /* of a conditional jump; there are 255 */

#define LOAD_WORD (BPF_LD | BPF_W | BPF_ABS)
#define NUMBER    offsetof(struct seccomp_data, nr)
#define ARCH      offsetof(struct seccomp_data, arch)

/* What the old program may have in its register, one bit each. */
enum {
	HOLDS_NOTHING = 1,
	HOLDS_NUMBER = 2,
	HOLDS_ARCH = 4,
};

struct range {
	uint32_t first; /* up to the next one's */
	size_t leaf;    /* where the old program is then */
};

struct shrink {
	const struct sock_filter *old;
	size_t old_count;
	uint32_t archs[ARCHITECTURES_MAX];
	size_t arch_count;
	uint32_t *points; /* numbers at which the way may change */
	size_t point_count;
	struct range *ranges;
	size_t range_count;
	unsigned char *holds;     /* what the register may, per instruction */
	size_t *copies;           /* places of instructions of old, or 0 */
	struct sock_filter *back; /* the new program from its end */
	size_t count;
	bool is_stuck;
};

/* Appends in front of what is there; its place. */
static size_t emit(struct shrink *shrink, uint16_t code, uint32_t value)
{
	if (shrink->count == shrink->old_count) {
		shrink->is_stuck = true; /* it is no shorter */
		return shrink->count;
	}
	shrink->back[shrink->count++] =
		(struct sock_filter){ .code = code, .k = value };
	return shrink->count;
}

/* Makes sure that the next instruction comes before target. */
static void go_to(struct shrink *shrink, size_t target)
{
	if (target != shrink->count)
		(void)emit(shrink, BPF_JMP | BPF_JA,
			(uint32_t)(shrink->count - target));
}

/* A place for target that a conditional jump can reach. */
static size_t within_reach(struct shrink *shrink, size_t target)
{
	if (shrink->count - target <= REACH)
		return target;
	return emit(shrink, BPF_JMP | BPF_JA,
		(uint32_t)(shrink->count - target));
}

static size_t emit_jump(struct shrink *shrink, const struct sock_filter *jump,
	size_t if_true, size_t if_false)
{
	size_t place;

	if_true = within_reach(shrink, if_true);
	if_false = within_reach(shrink, if_false);
	place = emit(shrink, jump->code, jump->k);
	if (shrink->is_stuck)
		return place;
	shrink->back[place - 1].jt = (uint8_t)(place - if_true - 1);
	shrink->back[place - 1].jf = (uint8_t)(place - if_false - 1);
	return place;
}

static size_t emit_compare(struct shrink *shrink, uint16_t code, uint32_t value,
	size_t if_true, size_t if_false)
{
	const struct sock_filter jump = {
		.code = (uint16_t)(BPF_JMP | code | BPF_K),
		.k = value,
	};

	return emit_jump(shrink, &jump, if_true, if_false);
}

static bool is_always(const struct sock_filter *instruction)
{
	return instruction->code == (BPF_JMP | BPF_JA);
}

static size_t emit_answer(struct shrink *shrink,
	const struct sock_filter *answer)
{
	for (size_t i = 0; i < shrink->count; i++) {
		if (shrink->back[i].code == answer->code &&
			shrink->back[i].k == answer->k)
			return i + 1;
	}
	return emit(shrink, answer->code, answer->k);
}

/* The place of a copy of the old program from there on. */
static size_t copy(struct shrink *shrink, size_t at)
{
	const struct sock_filter *old = &shrink->old[at];
	size_t next;

	if (at >= shrink->old_count) {
		shrink->is_stuck = true;
		return shrink->count;
	}
	if (shrink->copies[at])
		return shrink->copies[at];
	if (BPF_CLASS(old->code) == BPF_RET) {
		shrink->copies[at] = emit_answer(shrink, old);
	} else if (is_always(old)) {
		shrink->copies[at] = copy(shrink, at + 1 + old->k);
	} else if (BPF_CLASS(old->code) == BPF_JMP) {
		size_t if_false = copy(shrink, at + 1 + old->jf);
		size_t if_true = copy(shrink, at + 1 + old->jt);

		shrink->copies[at] = emit_jump(shrink, old, if_true, if_false);
	} else {
		next = copy(shrink, at + 1);
		go_to(shrink, next);
		shrink->copies[at] = emit(shrink, old->code, old->k);
	}
	return shrink->copies[at];
}

static bool compares(const struct sock_filter *jump, uint32_t value)
{
	switch (BPF_OP(jump->code)) {
	case BPF_JEQ:
		return value == jump->k;
	case BPF_JGT:
		return value > jump->k;
	default: /* add_points took nothing else */
		return value >= jump->k;
	}
}

/* Where the old program answers, or first looks at an argument. */
static size_t walk(const struct shrink *shrink, uint32_t arch, uint32_t number)
{
	uint32_t value = 0;
	size_t at = 0;

	for (;;) {
		const struct sock_filter *old = &shrink->old[at];

		if (old->code == LOAD_WORD && old->k == ARCH)
			value = arch;
		else if (old->code == LOAD_WORD && old->k == NUMBER)
			value = number;
		else if (is_always(old))
			at += old->k;
		else if (BPF_CLASS(old->code) == BPF_JMP)
			at += compares(old, value) ? old->jt : old->jf;
		else
			return at;
		at++;
	}
}

static bool is_same(const struct shrink *shrink, size_t a, size_t b)
{
	const struct sock_filter *left = &shrink->old[a];
	const struct sock_filter *right = &shrink->old[b];

	return a == b ||
	       (BPF_CLASS(left->code) == BPF_RET && left->code == right->code &&
		       left->k == right->k);
}

static void make_ranges(struct shrink *shrink, uint32_t arch)
{
	shrink->range_count = 0;
	for (size_t i = 0; i < shrink->point_count; i++) {
		uint32_t number = shrink->points[i];
		size_t leaf = walk(shrink, arch, number);
		size_t count = shrink->range_count;

		if (count > 0 &&
			is_same(shrink, shrink->ranges[count - 1].leaf, leaf))
			continue;
		shrink->ranges[shrink->range_count++] =
			(struct range){ .first = number, .leaf = leaf };
	}
}

/* Searches among count ranges from first on; the number is in the register. */
static size_t emit_search(struct shrink *shrink, size_t first, size_t count)
{
	size_t half = count / 2;
	size_t above;
	size_t below;

	if (count == 1)
		return copy(shrink, shrink->ranges[first].leaf);
	above = emit_search(shrink, first + half, count - half);
	below = emit_search(shrink, first, half);
	return emit_compare(shrink, BPF_JGE, shrink->ranges[first + half].first,
		above, below);
}

static size_t emit_arch(struct shrink *shrink, uint32_t arch)
{
	size_t place;

	make_ranges(shrink, arch);
	place = emit_search(shrink, 0, shrink->range_count);
	if (shrink->range_count == 1 &&
		BPF_CLASS(shrink->old[shrink->ranges[0].leaf].code) == BPF_RET)
		return place; /* no number matters */
	go_to(shrink, place);
	return emit(shrink, LOAD_WORD, NUMBER);
}

static void emit_program(struct shrink *shrink)
{
	size_t places[ARCHITECTURES_MAX];
	uint32_t other = 0;
	size_t next;

	for (size_t i = 0; i < shrink->arch_count; i++) {
		if (shrink->archs[i] == other) {
			other++;
			i = (size_t)-1; /* look at all again */
		}
	}
	next = emit_arch(shrink, other);
	for (size_t i = shrink->arch_count; i > 0; i--)
		places[i - 1] = emit_arch(shrink, shrink->archs[i - 1]);
	for (size_t i = shrink->arch_count; i > 0; i--)
		next = emit_compare(shrink, BPF_JEQ, shrink->archs[i - 1],
			places[i - 1], next);
	go_to(shrink, next);
	(void)emit(shrink, LOAD_WORD, ARCH);
}

/* Only for "is it this one" all architectures without a name are the same. */
static void add_arch(struct shrink *shrink, const struct sock_filter *jump)
{
	if (jump->code != (BPF_JMP | BPF_JEQ | BPF_K)) {
		shrink->is_stuck = true;
		return;
	}
	for (size_t i = 0; i < shrink->arch_count; i++) {
		if (shrink->archs[i] == jump->k)
			return;
	}
	if (shrink->arch_count == ARCHITECTURES_MAX)
		shrink->is_stuck = true;
	else
		shrink->archs[shrink->arch_count++] = jump->k;
}

/* The first numbers for which the jump may lead elsewhere than just before. */
static void add_points(struct shrink *shrink, const struct sock_filter *jump)
{
	unsigned int operation = BPF_OP(jump->code);

	if (BPF_SRC(jump->code) != BPF_K ||
		(operation != BPF_JEQ && operation != BPF_JGE &&
			operation != BPF_JGT)) {
		shrink->is_stuck = true;
		return;
	}
	if (operation != BPF_JGT)
		shrink->points[shrink->point_count++] = jump->k;
	if (operation != BPF_JGE && jump->k != UINT32_MAX)
		shrink->points[shrink->point_count++] = jump->k + 1;
}

static int by_value(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static void arrive(struct shrink *shrink, size_t at, unsigned char holds)
{
	if (at < shrink->old_count)
		shrink->holds[at] |= holds;
	else
		shrink->is_stuck = true;
}

static void look_at_jump(struct shrink *shrink, size_t at)
{
	const struct sock_filter *jump = &shrink->old[at];
	unsigned char holds = shrink->holds[at];

	if (is_always(jump)) {
		arrive(shrink, at + 1 + jump->k, holds);
		return;
	}
	if (holds & HOLDS_NOTHING)
		shrink->is_stuck = true;
	if (holds & HOLDS_ARCH)
		add_arch(shrink, jump);
	if (holds & HOLDS_NUMBER)
		add_points(shrink, jump);
	arrive(shrink, at + 1 + jump->jt, holds);
	arrive(shrink, at + 1 + jump->jf, holds);
}

static void look_at(struct shrink *shrink, size_t at)
{
	const struct sock_filter *old = &shrink->old[at];

	if (!shrink->holds[at] || old->code == (BPF_RET | BPF_K))
		return;
	if (BPF_CLASS(old->code) == BPF_JMP)
		look_at_jump(shrink, at);
	else if (old->code != LOAD_WORD)
		shrink->is_stuck = true;
	else if (old->k == NUMBER)
		arrive(shrink, at + 1, HOLDS_NUMBER);
	else if (old->k == ARCH)
		arrive(shrink, at + 1, HOLDS_ARCH);
	/* an argument: it is copied from here on */
}

/*
 * Follows what may be in the register to every instruction before a look at an
 * argument; jumps lead forward, so that one pass does.
 */
static void look(struct shrink *shrink)
{
	shrink->holds[0] = HOLDS_NOTHING;
	shrink->points[shrink->point_count++] = 0;
	for (size_t i = 0; i < shrink->old_count && !shrink->is_stuck; i++)
		look_at(shrink, i);
	qsort(shrink->points, shrink->point_count, sizeof(*shrink->points),
		by_value);
}

static void allocate(struct shrink *shrink)
{
	size_t count = shrink->old_count;

	shrink->points = calloc(2 * count + 1, sizeof(*shrink->points));
	shrink->ranges = calloc(2 * count + 1, sizeof(*shrink->ranges));
	shrink->copies = calloc(count, sizeof(*shrink->copies));
	shrink->holds = calloc(count, sizeof(*shrink->holds));
	shrink->back = calloc(count, sizeof(*shrink->back));
	shrink->is_stuck = count == 0 || !shrink->points || !shrink->ranges ||
			   !shrink->copies || !shrink->holds || !shrink->back;
}

static void release(struct shrink *shrink)
{
	free(shrink->points);
	free(shrink->ranges);
	free(shrink->copies);
	free(shrink->holds);
	free(shrink->back);
}

bool seccomp_shrink(struct sock_fprog *program)
{
	struct shrink shrink = {
		.old = program->filter,
		.old_count = program->len,
	};

	allocate(&shrink);
	if (!shrink.is_stuck)
		look(&shrink);
	if (!shrink.is_stuck)
		emit_program(&shrink);
	if (!shrink.is_stuck) {
		for (size_t i = 0; i < shrink.count; i++)
			program->filter[i] = shrink.back[shrink.count - 1 - i];
		program->len = (unsigned short)shrink.count;
	}
	release(&shrink);
	return !shrink.is_stuck;
}
