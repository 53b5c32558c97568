// SPDX-License-Identifier: MIT
/* seccomp_compile - a profile as libseccomp compiles it */
#include "run/seccomp_compile.h"

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/oci.h"
#include "run/seccomp_shrink.h"

#define COMPILER    2 /* one more whenever the same profile becomes another */
#define BINARY_TREE 2 /* SCMP_FLTATR_CTL_OPTIMIZE, seccomp_attr_set(3) */
#define ARGS_MAX    6
#define ERRNO_MAX   4095 /* linux/err.h, MAX_ERRNO */
#define TRACE_MAX   0xffff
#define ARCH_PREFIX "SCMP_ARCH_"

/* An action as libseccomp has it: SECCOMP_RET_* with the errno, if any. */
static int full_action(uint32_t action, struct oci_number error, uint32_t *out)
{
	bool has_data =
		action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
	int64_t data = error.is_set ? error.value : EPERM;

	if (!has_data && error.is_set)
		return -EINVAL;
	if (data < 0 ||
		data > (action == SECCOMP_RET_ERRNO ? ERRNO_MAX : TRACE_MAX))
		return -ERANGE;
	*out = has_data ? action | (uint32_t)data : action;
	return 0;
}

static int say_bad_action(int code, const char *where, struct error *err)
{
	return error_set(err, code,
		code == -EINVAL ? "read '%s': its action has no errno"
				: "read '%s': there is no such errno",
		where);
}

static enum scmp_compare comparison(enum oci_seccomp_compare compare)
{
	switch (compare) {
	case OCI_COMPARE_NE:
		return SCMP_CMP_NE;
	case OCI_COMPARE_LT:
		return SCMP_CMP_LT;
	case OCI_COMPARE_LE:
		return SCMP_CMP_LE;
	case OCI_COMPARE_EQ:
		return SCMP_CMP_EQ;
	case OCI_COMPARE_GE:
		return SCMP_CMP_GE;
	case OCI_COMPARE_GT:
		return SCMP_CMP_GT;
	case OCI_COMPARE_MASKED_EQ:
		return SCMP_CMP_MASKED_EQ;
	}
	abort();
}

/* What a rule compares, and whether all of it must hold or one of it. */
struct condition {
	struct scmp_arg_cmp args[ARGS_MAX * 2];
	unsigned int count;
	bool is_any;
};

/*
 * Several conditions on one argument cannot all be put in one libseccomp rule;
 * they are alternatives then, as runc and crun read them.
 */
static int read_condition(const struct oci_seccomp_rule *rule,
	struct condition *out)
{
	unsigned int seen = 0;

	*out = (struct condition){ .count = (unsigned int)rule->arg_count };
	if (rule->arg_count > ARGS_MAX * 2)
		return -E2BIG;
	for (size_t i = 0; i < rule->arg_count; i++) {
		const struct oci_seccomp_arg *arg = &rule->args[i];

		if (arg->index >= ARGS_MAX)
			return -EINVAL;
		out->is_any |= (seen & 1U << arg->index) != 0;
		seen |= 1U << arg->index;
		out->args[i] = (struct scmp_arg_cmp){
			.arg = arg->index,
			.op = comparison(arg->compare),
			.datum_a = arg->value,
			.datum_b = arg->value_two,
		};
	}
	return 0;
}

static int add_call(scmp_filter_ctx context, uint32_t action, const char *name,
	const struct condition *condition)
{
	int number = seccomp_syscall_resolve_name(name);
	unsigned int width = condition->is_any ? 1 : condition->count;
	unsigned int at = 0;
	int result;

	if (number == __NR_SCMP_ERROR)
		return 0;
	do {
		result = seccomp_rule_add_array(context, action, number, width,
			&condition->args[at]);
		at += width;
		/*
		 * EEXIST: an earlier rule says the same. EDOM: no
		 * architecture of the profile has the call.
		 */
		if (result == -EEXIST || result == -EDOM)
			result = 0;
	} while (result == 0 && width > 0 && at < condition->count);
	return result;
}

static int add_rule(scmp_filter_ctx context, const struct oci_seccomp *profile,
	size_t index, struct error *err)
{
	const struct oci_seccomp_rule *rule = &profile->rules[index];
	struct condition condition;
	char where[64];
	struct text text;
	uint32_t usual = 0;
	uint32_t action = 0;
	int result = full_action(rule->action, rule->errno_ret, &action);

	text_init(&text, where, sizeof(where));
	text_add(&text, "linux.seccomp.syscalls[%zu]", index);
	if (result < 0)
		return say_bad_action(result, where, err);
	result = read_condition(rule, &condition);
	if (result < 0)
		return error_set(err, result,
			"read '%s': a system call has arguments 0 to 5", where);
	/* what is done anyway is no rule for libseccomp */
	if (full_action(profile->default_action, profile->default_errno,
		    &usual) == 0 &&
		usual == action)
		return 0;
	for (const char *const *name = rule->names; name && *name; name++) {
		result = add_call(context, action, *name, &condition);
		if (result < 0)
			return error_set(err, result,
				"add system call '%s' of '%s' to the filter: "
				"%s",
				*name, where, strerror(-result));
	}
	return 0;
}

static int add_architecture(scmp_filter_ctx context, const char *name,
	struct error *err)
{
	char lower[32];
	uint32_t token = 0;
	size_t length = 0;
	int result;

	if (text_starts_with(name, ARCH_PREFIX) &&
		text_copy(lower, sizeof(lower),
			name + sizeof(ARCH_PREFIX) - 1)) {
		for (; lower[length]; length++)
			lower[length] = (char)tolower(lower[length]);
		token = seccomp_arch_resolve_name(lower);
	}
	if (token == 0)
		return error_set(err, -EINVAL,
			"read 'linux.seccomp.architectures': there is no '%s'",
			name);
	result = seccomp_arch_add(context, token);
	return result < 0 && result != -EEXIST
		       ? error_set(err, result,
				 "add '%s' of 'linux.seccomp.architectures' to "
				 "the filter: %s",
				 name, strerror(-result))
		       : 0;
}

static int fill(scmp_filter_ctx context, const struct oci_seccomp *profile,
	struct error *err)
{
	int result = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE,
		BINARY_TREE);

	if (result == 0)
		result = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH,
			SCMP_ACT_KILL_PROCESS);
	if (result < 0)
		return error_set(err, result, "set up the filter: %s",
			strerror(-result));
	for (const char *const *name = profile->architectures;
		name && *name && result == 0; name++)
		result = add_architecture(context, *name, err);
	for (size_t i = 0; i < profile->rule_count && result == 0; i++)
		result = add_rule(context, profile, i, err);
	return result;
}

/* libseccomp writes programs to descriptors; ours comes back through memory. */
static int export_program(scmp_filter_ctx context, struct sock_fprog *out,
	struct error *err)
{
	auto_fd fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat status;
	size_t size;
	ssize_t count;
	int result;

	if (fd < 0)
		return error_errno(err, "make a file in memory");
	result = seccomp_export_bpf(context, fd);
	if (result < 0)
		return error_set(err, result, "compile the filter: %s",
			strerror(-result));
	if (fstat(fd, &status) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return error_errno(err, "look at the filter");
	size = (size_t)status.st_size;
	if (size == 0 || size / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return error_set(err, -E2BIG,
			"compile the filter: it has %zu bytes", size);
	out->filter = malloc(size);
	if (!out->filter)
		return error_set(err, -ENOMEM, "keep the filter: no memory");
	count = fd_read_full(fd, out->filter, size);
	if (count != (ssize_t)size) {
		free(out->filter);
		out->filter = NULL;
		return error_set(err, count < 0 ? (int)count : -EIO,
			"read the filter: cut short");
	}
	out->len = (unsigned short)(size / sizeof(struct sock_filter));
	return 0;
}

int seccomp_compile(const struct oci_seccomp *profile, struct sock_fprog *out,
	struct error *err)
{
	scmp_filter_ctx context;
	uint32_t action = 0;
	int result = full_action(profile->default_action,
		profile->default_errno, &action);

	if (result < 0)
		return say_bad_action(result, "linux.seccomp.defaultAction",
			err);
	if (profile->default_action == SECCOMP_RET_USER_NOTIF)
		return error_set(err, -EINVAL,
			"read 'linux.seccomp.defaultAction': every call would "
			"wait for a listener, and nobody could give it one");
	context = seccomp_init(action);
	if (!context)
		return error_set(err, -EINVAL,
			"make a system call filter: libseccomp does not know "
			"the action of 'linux.seccomp.defaultAction'");
	result = fill(context, profile, err);
	if (result == 0)
		result = export_program(context, out, err);
	if (result == 0)
		(void)seccomp_shrink(out); /* the long one answers the same */
	seccomp_release(context);
	return result;
}

/* Bytes that grow; without data after the first time that memory was short. */
struct bytes {
	char *data;
	size_t used, size;
	bool is_short;
};

static void put(struct bytes *bytes, const void *data, size_t size)
{
	if (bytes->is_short)
		return;
	if (bytes->size - bytes->used < size) {
		size_t larger = (bytes->size + size) * 2 + 4096;
		char *data_new = realloc(bytes->data, larger);

		if (!data_new) {
			bytes->is_short = true;
			return;
		}
		bytes->data = data_new;
		bytes->size = larger;
	}
	memcpy(bytes->data + bytes->used, data, size);
	bytes->used += size;
}

static void put_number(struct bytes *bytes, uint64_t number)
{
	put(bytes, &number, sizeof(number));
}

/* Strings end with a zero, lists of them with an empty one. */
static void put_list(struct bytes *bytes, const char *const *list)
{
	for (; list && *list; list++) {
		if (**list)
			put(bytes, *list, strlen(*list) + 1);
	}
	put(bytes, "", 1);
}

static void put_action(struct bytes *bytes, uint32_t action,
	struct oci_number error)
{
	put_number(bytes, action);
	put_number(bytes, error.is_set);
	put_number(bytes, (uint64_t)error.value);
}

char *seccomp_key(const struct oci_seccomp *profile, size_t *size)
{
	const struct scmp_version *version = seccomp_version();
	struct bytes bytes = { .data = NULL };

	put_number(&bytes, COMPILER);
	put_number(&bytes, version->major);
	put_number(&bytes, version->minor);
	put_number(&bytes, version->micro);
	put_number(&bytes, seccomp_arch_native());
	put_action(&bytes, profile->default_action, profile->default_errno);
	put_list(&bytes, profile->architectures);
	for (size_t i = 0; i < profile->rule_count; i++) {
		const struct oci_seccomp_rule *rule = &profile->rules[i];

		put_action(&bytes, rule->action, rule->errno_ret);
		put_number(&bytes, rule->arg_count);
		for (size_t j = 0; j < rule->arg_count; j++) {
			put_number(&bytes, rule->args[j].index);
			put_number(&bytes, rule->args[j].compare);
			put_number(&bytes, rule->args[j].value);
			put_number(&bytes, rule->args[j].value_two);
		}
		put_list(&bytes, rule->names);
	}
	if (bytes.is_short) {
		free(bytes.data);
		return NULL;
	}
	*size = bytes.used;
	return bytes.data;
}
