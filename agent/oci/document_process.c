// SPDX-License-Identifier: MIT
/* document_process - process and hooks of config.json */
#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>

#include "lib/arena.h"
#include "oci/document_tables.h"
#include "run/words.h"

/* ---- checks ---- */

const char *document_check_variable(const char *text)
{
	return strchr(text, '=') > text ? NULL : "is no NAME=value";
}

/* Reads a number of a list; NULL: there is none. */
static const char *skip_number(const char *at, unsigned int *out)
{
	const char *start = at;

	*out = 0;
	while (*at >= '0' && *at <= '9' && *out < 100000)
		*out = *out * 10 + (unsigned int)(*at++ - '0');
	return at == start ? NULL : at;
}

const char *document_check_cpus(const char *text)
{
	static const char wrong[] =
		"is no list such as 0-3,7 (numbers up to 8191)";
	const char *at = text;
	unsigned int first;
	unsigned int last;

	for (;;) {
		at = skip_number(at, &first);
		last = first;
		if (at && *at == '-')
			at = skip_number(at + 1, &last);
		if (!at || last < first || last > 8191)
			return wrong;
		if (!*at)
			return NULL;
		if (*at++ != ',')
			return wrong;
	}
}

/* ---- parts of a process ---- */

static int finish_rlimit(struct fields_reader *reader, void *base)
{
	const struct oci_rlimit *limit = base;

	if (limit->soft <= limit->hard)
		return 0;
	return fields_error_at(reader, "soft",
		"%" PRIu64 " is over the hard limit, %" PRIu64, limit->soft,
		limit->hard);
}

static bool is_real_time(uint32_t policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static int finish_scheduler(struct fields_reader *reader, void *base)
{
	struct oci_scheduler *s = base;

	s->is_set = true;
	if (is_real_time(s->policy) != (s->priority > 0))
		return fields_error_at(reader, "priority",
			s->priority ? "is for SCHED_FIFO and SCHED_RR only"
				    : "is missing, this policy needs 1 to 99");
	if (s->policy != SCHED_DEADLINE &&
		(s->runtime_ns || s->deadline_ns || s->period_ns))
		return fields_error_at(reader, "runtime",
			"with 'deadline' and 'period' is for SCHED_DEADLINE only");
	if (s->policy == SCHED_DEADLINE &&
		(!s->runtime_ns || s->runtime_ns > s->deadline_ns ||
			(s->period_ns && s->deadline_ns > s->period_ns)))
		return fields_error_at(reader, "runtime",
			"SCHED_DEADLINE wants 0 < runtime <= deadline <= period");
	return 0;
}

/* Of a terminal that is not there the size has to be ignored. */
static int read_console_size(struct fields_reader *reader, const json_t *value,
	void *base);

/* ioPriority, as ioprio_set(2) wants it */
struct io_priority {
	uint32_t class;
	uint32_t level;
};

enum {
	IO_CLASS_SHIFT = 13
};

static int read_io_priority(struct fields_reader *reader, const json_t *value,
	void *base);

/* One set of capabilities; those that nobody knows become a warning. */
static int read_set(struct fields_reader *reader, const json_t *value,
	uint64_t *out, const char **unknown, size_t *unknown_count)
{
	int result = fields_want(reader, value, JSON_ARRAY);

	if (result < 0)
		return result;
	for (size_t i = 0; i < json_array_size(value); i++) {
		size_t path = fields_push_index(reader, i);
		const json_t *item = json_array_get(value, i);
		const char *name = json_string_value(item);
		uint64_t number;

		result = fields_want(reader, item, JSON_STRING);
		if (result < 0)
			return result;
		fields_pop(reader, path);
		if (words_find(&words_capabilities, name, &number)) {
			*out |= UINT64_C(1) << number;
			continue;
		}
		unknown[*unknown_count] = arena_string(reader->arena, name);
		if (!unknown[*unknown_count])
			return fields_no_memory(reader);
		++*unknown_count;
	}
	return 0;
}

static int read_capabilities(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_process *process = base;
	struct oci_capabilities *sets = &process->capabilities;
	const struct {
		const char *key;
		uint64_t *set;
	} rows[] = {
		{ "bounding", &sets->bounding },
		{ "effective", &sets->effective },
		{ "permitted", &sets->permitted },
		{ "inheritable", &sets->inheritable },
		{ "ambient", &sets->ambient },
	};
	int result = fields_want(reader, value, JSON_OBJECT);
	const char **unknown;
	size_t count = 0;

	for (size_t i = 0; i < 5 && result == 0; i++)
		count += json_array_size(json_object_get(value, rows[i].key));
	if (result < 0)
		return result;
	unknown = arena_array(reader->arena, count + 1, sizeof(*unknown));
	if (!unknown)
		return fields_no_memory(reader);
	process->has_capabilities = true;
	count = 0;
	for (size_t i = 0; i < 5 && result == 0; i++) {
		const json_t *set = json_object_get(value, rows[i].key);
		size_t path = fields_push(reader, rows[i].key);

		if (set && !json_is_null(set))
			result = read_set(reader, set, rows[i].set, unknown,
				&count);
		if (result == 0)
			fields_pop(reader, path);
	}
	process->unknown_capabilities = count ? unknown : NULL;
	return result;
}

static int finish_process(struct fields_reader *reader, void *base)
{
	const struct oci_process *process = base;

	if (!process->args)
		return fields_error_at(reader, "args",
			"has to name a program at least");
	if (!*process->args[0])
		return fields_error_at(reader, "args",
			"the program's name is empty");
	for (size_t i = 0; i < process->rlimit_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (process->rlimits[i].type !=
				process->rlimits[k].type)
				continue;
			(void)fields_push(reader, "rlimits");
			(void)fields_push_index(reader, i);
			return fields_error(reader,
				"its type is that of rlimits[%zu], too", k);
		}
	}
	return 0;
}

/* clang-format off */

static const struct field rlimit_rows[] = {
	{ "type", FIELD_WORD, FIELD_REQUIRED, FIELD(struct oci_rlimit, type), .words = &words_rlimits },
	{ "hard", FIELD_U64,  FIELD_REQUIRED, FIELD(struct oci_rlimit, hard) },
	{ "soft", FIELD_U64,  FIELD_REQUIRED, FIELD(struct oci_rlimit, soft) },
};
static const struct fields rlimit_fields = FIELDS(rlimit_rows, struct oci_rlimit, finish_rlimit);

static const struct field user_rows[] = {
	{ "uid",            FIELD_U32, FIELD_REQUIRED, FIELD(struct oci_user, uid), .max = UINT32_MAX - 1 },
	{ "gid",            FIELD_U32, FIELD_REQUIRED, FIELD(struct oci_user, gid), .max = UINT32_MAX - 1 },
	{ "umask",          FIELD_NUMBER, 0, FIELD(struct oci_user, umask), .max = 0777 },
	{ "additionalGids", FIELD_IDS, 0, ITEMS(struct oci_user, additional_gids, additional_gid_count),
	  .max = UINT32_MAX - 1 },
};
static const struct fields user_fields = FIELDS(user_rows, struct oci_user, NULL);

static const struct field scheduler_rows[] = {
	{ "policy",   FIELD_WORD,  FIELD_REQUIRED, FIELD(struct oci_scheduler, policy), .words = &words_policies },
	{ "nice",     FIELD_I32,   0, FIELD(struct oci_scheduler, nice), .min = -20, .max = 19 },
	{ "priority", FIELD_U32,   0, FIELD(struct oci_scheduler, priority), .max = 99 },
	{ "flags",    FIELD_FLAGS, 0, FIELD(struct oci_scheduler, flags), .words = &words_policy_flags },
	{ "runtime",  FIELD_U64,   0, FIELD(struct oci_scheduler, runtime_ns) },
	{ "deadline", FIELD_U64,   0, FIELD(struct oci_scheduler, deadline_ns) },
	{ "period",   FIELD_U64,   0, FIELD(struct oci_scheduler, period_ns) },
};
static const struct fields scheduler_fields = FIELDS(scheduler_rows, struct oci_scheduler, finish_scheduler);

static const struct field affinity_rows[] = {
	{ "initial", FIELD_TEXT, 0, FIELD(struct oci_process, cpu_affinity_initial), .check = document_check_cpus },
	{ "final",   FIELD_TEXT, 0, FIELD(struct oci_process, cpu_affinity_final), .check = document_check_cpus },
};
static const struct fields affinity_fields = FIELDS(affinity_rows, struct oci_process, NULL);

static const struct field console_rows[] = {
	{ "height", FIELD_U16, FIELD_REQUIRED, FIELD(struct oci_process, console_height) },
	{ "width",  FIELD_U16, FIELD_REQUIRED, FIELD(struct oci_process, console_width) },
};
static const struct fields console_fields = FIELDS(console_rows, struct oci_process, NULL);

static const struct field io_rows[] = {
	{ "class",    FIELD_WORD, FIELD_REQUIRED, FIELD(struct io_priority, class), .words = &words_io_classes },
	{ "priority", FIELD_U32,  FIELD_REQUIRED, FIELD(struct io_priority, level), .max = 7 },
};
static const struct fields io_fields = FIELDS(io_rows, struct io_priority, NULL);

static const struct field process_rows[] = {
	{ "terminal",    FIELD_BOOL,   0, FIELD(struct oci_process, has_terminal) },
	{ "consoleSize", FIELD_CUSTOM, .table = &console_fields, .read = read_console_size },
	{ "user",        FIELD_OBJECT, 0, FIELD(struct oci_process, user), .table = &user_fields },
	{ "args",        FIELD_TEXTS,  0, FIELD(struct oci_process, args), .max = DOCUMENT_TEXT_MAX },
	{ "env",         FIELD_TEXTS,  0, FIELD(struct oci_process, env), .max = DOCUMENT_TEXT_MAX,
	  .check = document_check_variable },
	{ "cwd",         FIELD_TEXT,   FIELD_REQUIRED | FIELD_ABSOLUTE, FIELD(struct oci_process, cwd),
	  .max = DOCUMENT_PATH_MAX },
	{ "capabilities",    FIELD_CUSTOM, .read = read_capabilities },
	{ "rlimits",         FIELD_LIST,   0, ITEMS(struct oci_process, rlimits, rlimit_count),
	  .max = 16, .table = &rlimit_fields },
	{ "noNewPrivileges", FIELD_BOOL,   0, FIELD(struct oci_process, no_new_privileges) },
	{ "apparmorProfile", FIELD_TEXT,   0, FIELD(struct oci_process, apparmor_profile), .max = DOCUMENT_PATH_MAX },
	{ "selinuxLabel",    FIELD_TEXT,   0, FIELD(struct oci_process, selinux_label), .max = DOCUMENT_PATH_MAX },
	{ "oomScoreAdj",     FIELD_NUMBER, 0, FIELD(struct oci_process, oom_score_adj), .min = -1000, .max = 1000 },
	{ "scheduler",       FIELD_OBJECT, 0, FIELD(struct oci_process, scheduler), .table = &scheduler_fields },
	{ "ioPriority",      FIELD_CUSTOM, .table = &io_fields, .read = read_io_priority },
	{ "execCPUAffinity", FIELD_OBJECT, .table = &affinity_fields },
};
const struct fields document_process_fields = FIELDS(process_rows, struct oci_process, finish_process);

static const struct field hook_rows[] = {
	{ "path",    FIELD_TEXT,  FIELD_REQUIRED | FIELD_ABSOLUTE, FIELD(struct oci_hook, path),
	  .max = DOCUMENT_PATH_MAX },
	{ "args",    FIELD_TEXTS, 0, FIELD(struct oci_hook, args), .max = DOCUMENT_TEXT_MAX },
	{ "env",     FIELD_TEXTS, 0, FIELD(struct oci_hook, env), .max = DOCUMENT_TEXT_MAX,
	  .check = document_check_variable },
	{ "timeout", FIELD_U32,   0, FIELD(struct oci_hook, timeout_s), .min = 1, .max = INT32_MAX },
};
static const struct fields hook_fields = FIELDS(hook_rows, struct oci_hook, NULL);

#define HOOKS(kind) FIELD_LIST, .offset = (kind) * sizeof(struct oci_hooks) + offsetof(struct oci_hooks, items), \
	.count = (kind) * sizeof(struct oci_hooks) + offsetof(struct oci_hooks, count), .table = &hook_fields
static const struct field hooks_rows[] = {
	{ "prestart",        HOOKS(OCI_HOOK_PRESTART) },
	{ "createRuntime",   HOOKS(OCI_HOOK_CREATE_RUNTIME) },
	{ "createContainer", HOOKS(OCI_HOOK_CREATE_CONTAINER) },
	{ "startContainer",  HOOKS(OCI_HOOK_START_CONTAINER) },
	{ "poststart",       HOOKS(OCI_HOOK_POSTSTART) },
	{ "poststop",        HOOKS(OCI_HOOK_POSTSTOP) },
};
const struct fields document_hooks_fields = FIELDS(hooks_rows, struct oci_hooks[OCI_HOOK_COUNT], NULL);

/* clang-format on */

static int read_console_size(struct fields_reader *reader, const json_t *value,
	void *base)
{
	const struct oci_process *process = base;

	return process->has_terminal
		       ? fields_read(reader, value, &console_fields, base)
		       : 0;
}

static int read_io_priority(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_process *process = base;
	struct io_priority priority = { 0, 0 };
	int result = fields_read(reader, value, &io_fields, &priority);

	if (result == 0)
		process->io_priority = OCI_NUMBER(
			priority.class << IO_CLASS_SHIFT | priority.level);
	return result;
}
