// SPDX-License-Identifier: MIT
/* limits - what a service may use: memory, CPUs, disks, files and processes */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/problem.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
#include "lib/text.h"

#define PIDS_MAX      4194304 /* PID_MAX_LIMIT of 64-bit kernels */
#define QUOTA_MIN_US  1000    /* kernel/sched/core.c */
#define BLOCK_MAX     256
#define OOM_SCORE_MAX 1000

static void read_pids(struct reader *reader, const struct node *node,
	int64_t *out)
{
	const char *text =
		reader_text(reader, node, "a number, or -1 for no limit");
	uint64_t number = 0;

	if (!text)
		return;
	if (text_equal(text, "-1"))
		*out = -1;
	else if (text_parse_u64(text, PIDS_MAX, &number) == 0 && number > 0)
		*out = (int64_t)number;
	else
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write a number from 1 to 4194304, or -1 for no limit",
			text);
}

void read_pids_limit(struct reader *reader, const struct node *node, void *base)
{
	read_pids(reader, node,
		&((struct draft_service *)base)->service.pids_limit);
}

void read_deploy_pids(struct reader *reader, const struct node *node,
	void *base)
{
	read_pids(reader, node, &((struct draft_service *)base)->deploy.pids);
}

void read_memswap_limit(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_service *draft = base;
	const char *text = reader_text(reader, node,
		"a size such as 128m, or -1 for no limit");
	uint64_t bytes = 0;

	if (!text)
		return;
	if (text_equal(text, "-1"))
		draft->service.memswap_limit_bytes = -1;
	else if (value_bytes(text, &bytes) == 0 && bytes <= INT64_MAX)
		draft->service.memswap_limit_bytes = (int64_t)bytes;
	else
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write a size such as 128m, or -1 for no limit",
			text);
}

void read_cpu_quota(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	const char *text =
		reader_text(reader, node, "microseconds, or -1 for no limit");
	uint64_t number = 0;

	if (!text)
		return;
	if (text_equal(text, "-1"))
		draft->service.cpu_quota_us = -1;
	else if (text_parse_u64(text, UINT32_MAX, &number) == 0 &&
		 number >= QUOTA_MIN_US)
		draft->service.cpu_quota_us = (int64_t)number;
	else
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write microseconds from 1000 on, or -1 for no limit",
			text);
}

void read_oom_score_adj(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_service *draft = base;
	const char *text =
		reader_text(reader, node, "a number from -1000 to 1000");
	bool is_negative = text && *text == '-';
	uint64_t number = 0;

	if (!text)
		return;
	if (text_parse_u64(text + is_negative, OOM_SCORE_MAX, &number) < 0)
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write a number from -1000 (killed last) to 1000 (killed first)",
			text);
	else
		draft->service.oom_score_adj =
			is_negative ? -(int)number : (int)number;
}

/* ---- blkio_config ---- */

static void add_block_limit(struct reader *reader, struct draft_service *draft,
	const struct block_limit *limit, struct mark mark)
{
	struct block_limit *grown;

	if (draft->block_limit_count == BLOCK_MAX) {
		reader_error(reader, mark,
			"there are too many limits, at most %d can be",
			BLOCK_MAX);
		return;
	}
	grown = reader_grow(reader, draft->block_limits,
		draft->block_limit_count, sizeof(*grown));
	if (!grown)
		return;
	grown[draft->block_limit_count++] = *limit;
	draft->block_limits = grown;
}

static void read_block_item(struct reader *reader, const struct node *node,
	const struct schema_table *table, enum block_limit_kind kind,
	struct draft_service *draft)
{
	const char *value = kind == BLOCK_WEIGHT ? "weight" : "rate";
	size_t before = reader->problems->error_count;
	struct long_block from = { 0 };
	struct block_limit limit;

	if (!reader_is_map(reader, node,
		    kind == BLOCK_WEIGHT
			    ? "a map, such as {path: /dev/vda, weight: 300}"
			    : "a map, such as {path: /dev/vda, rate: 1000}"))
		return;
	walk_map(reader, node, table, &from);
	limit = (struct block_limit){ kind, from.path, from.value };
	if (reader->problems->error_count != before)
		return;
	if (!from.path || from.value == 0)
		reader_error(reader, node->mark,
			"the key '%s' is missing, write both, such as {path: /dev/vda, %s}",
			from.path ? value : "path",
			kind == BLOCK_WEIGHT ? "weight: 300" : "rate: 1000");
	else
		add_block_limit(reader, draft, &limit, node->mark);
}

static void read_block_list(struct reader *reader, const struct node *node,
	const struct schema_table *table, enum block_limit_kind kind,
	struct draft_service *draft)
{
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list of maps, such as [{path: /dev/vda, ...}]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_block_item(reader, e->value, table, kind, draft);
		reader_pop(reader, path);
	}
}

void read_weight_device(struct reader *reader, const struct node *node,
	void *base)
{
	read_block_list(reader, node, &schema_block_weight, BLOCK_WEIGHT, base);
}

void read_read_bps(struct reader *reader, const struct node *node, void *base)
{
	read_block_list(reader, node, &schema_block_bps, BLOCK_READ_BPS, base);
}

void read_read_iops(struct reader *reader, const struct node *node, void *base)
{
	read_block_list(reader, node, &schema_block_iops, BLOCK_READ_IOPS,
		base);
}

void read_write_bps(struct reader *reader, const struct node *node, void *base)
{
	read_block_list(reader, node, &schema_block_bps, BLOCK_WRITE_BPS, base);
}

void read_write_iops(struct reader *reader, const struct node *node, void *base)
{
	read_block_list(reader, node, &schema_block_iops, BLOCK_WRITE_IOPS,
		base);
}

/* ---- ulimits ---- */

static const struct ulimit_name {
	const char *name;
	int resource;
} ulimit_names[] = {
	/* clang-format off */
	{ "as", RLIMIT_AS },           { "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },         { "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },     { "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },       { "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },     { "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
	/* clang-format on */
};
#define ULIMIT_NAMES (sizeof(ulimit_names) / sizeof(*ulimit_names))

static const struct ulimit_name *find_ulimit(struct reader *reader,
	const struct entry *entry)
{
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < ULIMIT_NAMES; i++) {
		if (text_equal(ulimit_names[i].name, entry->key))
			return &ulimit_names[i];
		name_suggest(entry->key, ulimit_names[i].name, &best,
			&distance);
	}
	if (best)
		reader_error(reader, entry->mark,
			"unknown limit, did you mean '%s'?", best);
	else
		reader_error(reader, entry->mark,
			"unknown limit; write as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending or stack");
	return NULL;
}

static bool read_limit(struct reader *reader, const struct node *node,
	uint64_t *out)
{
	const char *text =
		reader_text(reader, node, "a number, or -1 for no limit");

	if (!text)
		return false;
	*out = ULIMIT_UNLIMITED;
	if (text_equal(text, "-1") || text_equal(text, "unlimited") ||
		text_parse_u64(text, ULIMIT_UNLIMITED - 1, out) == 0)
		return true;
	reader_error(reader, node->mark,
		"'%.60s' is wrong, write a number, or -1 for no limit", text);
	return false;
}

/* {soft: N, hard: M} */
static bool read_limit_map(struct reader *reader, const struct node *map,
	struct ulimit *out)
{
	bool has_soft = false;
	bool has_hard = false;
	bool is_good = true;

	for (const struct entry *e = map->first; e; e = e->next) {
		size_t path = reader_push(reader, e->key);

		if (text_equal(e->key, "soft")) {
			has_soft = true;
			is_good &= read_limit(reader, e->value, &out->soft);
		} else if (text_equal(e->key, "hard")) {
			has_hard = true;
			is_good &= read_limit(reader, e->value, &out->hard);
		} else if (!text_starts_with(e->key, "x-")) {
			reader_error(reader, e->mark,
				"unknown key, write 'soft' and 'hard'");
			is_good = false;
		}
		reader_pop(reader, path);
	}
	if (is_good && (!has_soft || !has_hard)) {
		reader_error(reader, map->mark,
			"the key '%s' is missing, write both, such as {soft: 1024, hard: 4096}",
			has_soft ? "hard" : "soft");
		return false;
	}
	if (is_good && out->soft > out->hard) {
		reader_error(reader, map->mark,
			"the soft limit is above the hard one, write a lower 'soft:' or a higher 'hard:'");
		return false;
	}
	return is_good;
}

static void read_ulimit(struct reader *reader, const struct entry *entry,
	struct draft_service *draft)
{
	const struct ulimit_name *name = find_ulimit(reader, entry);
	const struct node *node = entry->value;
	struct ulimit limit = { 0 };
	struct ulimit *grown;
	bool is_good;

	if (!name)
		return;
	limit.resource = name->resource;
	if (node->kind == NODE_MAP) {
		is_good = read_limit_map(reader, node, &limit);
	} else {
		is_good = read_limit(reader, node, &limit.soft);
		limit.hard = limit.soft;
	}
	if (!is_good)
		return;
	grown = reader_grow(reader, draft->ulimits, draft->ulimit_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->ulimit_count++] = limit;
	draft->ulimits = grown;
}

void read_ulimits(struct reader *reader, const struct node *node, void *base)
{
	if (!reader_is_map(reader, node, "a map, such as {nofile: 1024}"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path;

		if (text_starts_with(e->key, "x-"))
			continue;
		path = reader_push(reader, e->key);
		read_ulimit(reader, e, base);
		reader_pop(reader, path);
	}
}
