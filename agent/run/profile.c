// SPDX-License-Identifier: MIT
/* profile - a seccomp profile in JSON, for one container */
#include "run/profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "run/fields.h"
#include "run/oci.h"
#include "run/words.h"

/* What includes and excludes hold: all of it, or any of it. */
struct condition {
	const char *const *capabilities;
	const char *const *machines;
	const char *min_kernel;
};

struct conditional_rule {
	struct oci_seccomp_rule rule;
	const char *name; /* the old form of names */
	struct condition includes;
	struct condition excludes;
};

struct machine_map {
	const char *architecture;
	const char *const *others;
};

struct profile {
	struct oci_seccomp seccomp; /* without rules */
	const struct machine_map *machines;
	size_t machine_count;
	const struct conditional_rule *rules;
	size_t rule_count;
};

static bool takes_errno(uint32_t action)
{
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
}

static int check_errno(struct fields_reader *reader, const char *key,
	uint32_t action, struct oci_number number)
{
	if (number.is_set && !takes_errno(action))
		return fields_error_at(reader, key,
			"is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not for this action");
	if (number.is_set && action == SECCOMP_RET_ERRNO && number.value > 4095)
		return fields_error_at(reader, key, "%lld is over 4095",
			(long long)number.value);
	return 0;
}

static int finish_rule(struct fields_reader *reader, void *base)
{
	const struct oci_seccomp_rule *rule = base;

	if (!rule->names)
		return fields_error_at(reader, "names",
			"has to name one system call at least");
	return check_errno(reader, "errnoRet", rule->action, rule->errno_ret);
}

static int finish_conditional_rule(struct fields_reader *reader, void *base)
{
	struct conditional_rule *rule = base;
	const char **names;

	if (rule->name && rule->rule.names)
		return fields_error_at(reader, "name",
			"stands beside 'names', write one of them");
	if (rule->name) {
		names = arena_array(reader->arena, 2, sizeof(*names));
		if (!names)
			return fields_no_memory(reader);
		names[0] = rule->name;
		rule->rule.names = names;
	}
	return finish_rule(reader, &rule->rule);
}

static bool notifies(const struct oci_seccomp *seccomp)
{
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		if (seccomp->rules[i].action == SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return false;
}

static int finish_seccomp(struct fields_reader *reader, void *base)
{
	const struct oci_seccomp *seccomp = base;

	if (seccomp->default_action == SECCOMP_RET_USER_NOTIF)
		return fields_error_at(reader, "defaultAction",
			"SCMP_ACT_NOTIFY would wait for its own answer, write it in a rule");
	if (seccomp->listener_metadata && !seccomp->listener_path)
		return fields_error_at(reader, "listenerMetadata",
			"is for a 'listenerPath', which is missing");
	if (notifies(seccomp) && !seccomp->listener_path)
		return fields_error_at(reader, "listenerPath",
			"is missing, SCMP_ACT_NOTIFY needs it");
	return check_errno(reader, "defaultErrnoRet", seccomp->default_action,
		seccomp->default_errno);
}

/* The number at *at, which moves behind it; 0 when there is none. */
static uint32_t next_number(const char **at)
{
	uint32_t number = 0;

	for (; **at >= '0' && **at <= '9' && number < 1000; ++*at)
		number = number * 10 + (uint32_t)(**at - '0');
	return number;
}

/* A version such as "4.8" or "6.12.9-lts"; 0 when it is none. */
static uint32_t kernel_version(const char *text)
{
	uint32_t major = next_number(&text);

	if (text[0] != '.' || text[1] < '0' || text[1] > '9')
		return 0;
	text++;
	return major << 16 | next_number(&text);
}

static const char *check_kernel(const char *text)
{
	size_t length = strspn(text, "0123456789.");

	return text[length] || !kernel_version(text)
		       ? "is no kernel version, write one such as 4.8"
		       : NULL;
}

/* clang-format off */

#define FIELD(type, name) .offset = offsetof(type, name), \
	.size = sizeof(((type *)0)->name)
#define ITEMS(type, name, number) \
	.offset = offsetof(type, name), .count = offsetof(type, number)

static const struct field arg_rows[] = {
	{ "index",    FIELD_U32,  FIELD_REQUIRED, FIELD(struct oci_seccomp_arg, index), .max = 5 },
	{ "value",    FIELD_U64,  FIELD_REQUIRED, FIELD(struct oci_seccomp_arg, value) },
	{ "valueTwo", FIELD_U64,  0,              FIELD(struct oci_seccomp_arg, value_two) },
	{ "op",       FIELD_WORD, FIELD_REQUIRED, FIELD(struct oci_seccomp_arg, compare),
	  .words = &words_compares },
};
static const struct fields arg_fields = FIELDS(arg_rows, struct oci_seccomp_arg, NULL);

#define RULE_ROWS \
	{ "names",    FIELD_TEXTS,  0,              FIELD(struct oci_seccomp_rule, names), .max = 255 }, \
	{ "action",   FIELD_WORD,   FIELD_REQUIRED, FIELD(struct oci_seccomp_rule, action), \
	  .words = &words_actions }, \
	{ "errnoRet", FIELD_NUMBER, 0,              FIELD(struct oci_seccomp_rule, errno_ret), .max = 65535 }, \
	{ "args",     FIELD_LIST,   0,              ITEMS(struct oci_seccomp_rule, args, arg_count), \
	  .table = &arg_fields }

static const struct field rule_rows[] = {
	RULE_ROWS,
};
static const struct fields rule_fields = FIELDS(rule_rows, struct oci_seccomp_rule, finish_rule);

#define SECCOMP_ROWS \
	{ "defaultAction",    FIELD_WORD,   FIELD_REQUIRED, FIELD(struct oci_seccomp, default_action), \
	  .words = &words_actions }, \
	{ "defaultErrnoRet",  FIELD_NUMBER, 0, FIELD(struct oci_seccomp, default_errno), .max = 65535 }, \
	{ "architectures",    FIELD_TEXTS,  0, FIELD(struct oci_seccomp, architectures), \
	  .words = &words_architectures }, \
	{ "flags",            FIELD_FLAGS,  0, FIELD(struct oci_seccomp, flags), \
	  .words = &words_filter_flags }, \
	{ "listenerPath",     FIELD_TEXT,   0, FIELD(struct oci_seccomp, listener_path), .max = 107 }, \
	{ "listenerMetadata", FIELD_TEXT,   0, FIELD(struct oci_seccomp, listener_metadata) }

static const struct field seccomp_rows[] = {
	SECCOMP_ROWS,
	{ "syscalls", FIELD_LIST, 0, ITEMS(struct oci_seccomp, rules, rule_count),
	  .table = &rule_fields },
};
const struct fields profile_fields = FIELDS(seccomp_rows, struct oci_seccomp, finish_seccomp);

static const struct field condition_rows[] = {
	{ "caps",      FIELD_TEXTS, 0, FIELD(struct condition, capabilities) },
	{ "arches",    FIELD_TEXTS, 0, FIELD(struct condition, machines) },
	{ "minKernel", FIELD_TEXT,  0, FIELD(struct condition, min_kernel), .max = 15,
	  .check = check_kernel },
};
static const struct fields condition_fields = FIELDS(condition_rows, struct condition, NULL);

static const struct field conditional_rows[] = {
	RULE_ROWS,
	{ "name",     FIELD_TEXT,   0, FIELD(struct conditional_rule, name), .max = 255 },
	{ "includes", FIELD_OBJECT, 0, FIELD(struct conditional_rule, includes),
	  .table = &condition_fields },
	{ "excludes", FIELD_OBJECT, 0, FIELD(struct conditional_rule, excludes),
	  .table = &condition_fields },
};
static const struct fields conditional_fields =
	FIELDS(conditional_rows, struct conditional_rule, finish_conditional_rule);

static const struct field machine_rows[] = {
	{ "architecture",     FIELD_TEXT,  FIELD_REQUIRED, FIELD(struct machine_map, architecture),
	  .words = &words_architectures },
	{ "subArchitectures", FIELD_TEXTS, 0, FIELD(struct machine_map, others),
	  .words = &words_architectures },
};
static const struct fields machine_fields = FIELDS(machine_rows, struct machine_map, NULL);

static const struct field profile_rows[] = {
	SECCOMP_ROWS,
	{ "archMap",  FIELD_LIST, 0, ITEMS(struct profile, machines, machine_count),
	  .table = &machine_fields },
	{ "syscalls", FIELD_LIST, 0, ITEMS(struct profile, rules, rule_count),
	  .table = &conditional_fields },
};
static const struct fields docker_fields = FIELDS(profile_rows, struct profile, NULL);

/* The names of machines in uname(2), Go and libseccomp. */
static const struct machine {
	const char *kernel, *go, *architecture;
} machines[] = {
	{ "x86_64",      "amd64",    "SCMP_ARCH_X86_64" },
	{ "aarch64",     "arm64",    "SCMP_ARCH_AARCH64" },
	{ "i686",        "386",      "SCMP_ARCH_X86" },
	{ "armv7l",      "arm",      "SCMP_ARCH_ARM" },
	{ "loongarch64", "loong64",  "SCMP_ARCH_LOONGARCH64" },
	{ "mips64",      "mips64le", "SCMP_ARCH_MIPSEL64" },
	{ "ppc64le",     "ppc64le",  "SCMP_ARCH_PPC64LE" },
	{ "riscv64",     "riscv64",  "SCMP_ARCH_RISCV64" },
	{ "s390x",       "s390x",    "SCMP_ARCH_S390X" },
};

/* clang-format on */

/* What conditions are judged by. */
struct target {
	uint64_t capabilities;
	const char *machine;
	const char *architecture;
	uint32_t kernel;
};

static void find_target(const struct profile_source *source, struct target *out)
{
	struct utsname names;

	memset(&names, 0, sizeof(names));
	(void)uname(&names); /* fails only for a bad pointer */
	out->capabilities = source->capabilities;
	out->kernel =
		source->kernel ? source->kernel : kernel_version(names.release);
	out->machine = source->machine ? source->machine : "";
	out->architecture = "";
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		const struct machine *machine = &machines[i];

		if (source->machine
				? !text_equal(machine->go, source->machine)
				: !text_equal(machine->kernel, names.machine))
			continue;
		out->machine = machine->go;
		out->architecture = machine->architecture;
	}
}

static bool has_capability(const struct target *target, const char *name)
{
	uint64_t number;

	return words_find(&words_capabilities, name, &number) &&
	       (target->capabilities >> number & 1);
}

static bool is_one_of(const char *const *list, const char *text)
{
	for (; list && *list; list++) {
		if (text_equal(*list, text))
			return true;
	}
	return false;
}

/* includes: every part of it has to hold. */
static bool includes(const struct condition *condition,
	const struct target *target)
{
	const char *const *name = condition->capabilities;

	for (; name && *name; name++) {
		if (!has_capability(target, *name))
			return false;
	}
	if (condition->machines &&
		!is_one_of(condition->machines, target->machine))
		return false;
	return !condition->min_kernel ||
	       target->kernel >= kernel_version(condition->min_kernel);
}

/* excludes: any part of it is enough. */
static bool excludes(const struct condition *condition,
	const struct target *target)
{
	const char *const *name = condition->capabilities;

	for (; name && *name; name++) {
		if (has_capability(target, *name))
			return true;
	}
	return is_one_of(condition->machines, target->machine) ||
	       (condition->min_kernel &&
		       target->kernel >= kernel_version(condition->min_kernel));
}

static int choose_rules(struct fields_reader *reader,
	const struct profile *profile, const struct target *target,
	struct oci_seccomp *out)
{
	struct oci_seccomp_rule *rules =
		arena_array(reader->arena, profile->rule_count, sizeof(*rules));
	size_t count = 0;

	if (!rules)
		return fields_no_memory(reader);
	for (size_t i = 0; i < profile->rule_count; i++) {
		const struct conditional_rule *rule = &profile->rules[i];

		if (includes(&rule->includes, target) &&
			!excludes(&rule->excludes, target))
			rules[count++] = rule->rule;
	}
	out->rules = rules;
	out->rule_count = count;
	return 0;
}

static int choose_architectures(struct fields_reader *reader,
	const struct profile *profile, const struct target *target,
	struct oci_seccomp *out)
{
	if (profile->machine_count && out->architectures)
		return fields_error_at(reader, "archMap",
			"stands beside 'architectures', write one of them");
	for (size_t i = 0; i < profile->machine_count; i++) {
		const struct machine_map *map = &profile->machines[i];
		const char **names;
		size_t count = 0;

		if (!text_equal(map->architecture, target->architecture))
			continue;
		while (map->others && map->others[count])
			count++;
		names = arena_array(reader->arena, count + 2, sizeof(*names));
		if (!names)
			return fields_no_memory(reader);
		names[0] = map->architecture;
		for (size_t k = 0; k < count; k++)
			names[k + 1] = map->others[k];
		out->architectures = names;
		return 0;
	}
	return 0;
}

int profile_parse(const struct profile_source *source, struct arena *arena,
	struct oci_seccomp *out, struct error *err)
{
	auto_arena scratch = { .limit_bytes = FIELDS_TREE_MAX };
	struct fields_reader reader;
	struct profile profile;
	struct target target;
	json_t *root;
	int result;

	memset(out, 0, sizeof(*out));
	memset(&profile, 0, sizeof(profile));
	if (source->size > PROFILE_SIZE_MAX)
		return error_set(err, -EINVAL,
			"the profile is over 1 MiB long");
	fields_init(&reader, arena, err);
	result = fields_parse(source->text, source->size, &scratch, &root, err);
	if (result < 0)
		return result;
	result = fields_read(&reader, root, &docker_fields, &profile);
	if (result < 0)
		return result;
	find_target(source, &target);
	*out = profile.seccomp;
	result = choose_architectures(&reader, &profile, &target, out);
	if (result == 0)
		result = choose_rules(&reader, &profile, &target, out);
	return result < 0 ? result : finish_seccomp(&reader, out);
}
