// SPDX-License-Identifier: MIT
/* seccomp - the program that judges a container's system calls */
#include "run/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/seccomp_docker.h"

#define PROGRAMS_MAX  16
#define NAME_MAX_SIZE 40
#define BINARY_TREE   2 /* SCMP_FLTATR_CTL_OPTIMIZE, seccomp_attr_set(3) */

/* Compiled programs; a program with length 0 is an empty place. */
static struct {
	uint64_t capabilities;
	struct sock_fprog program;
} cache[PROGRAMS_MAX];

static uint64_t bit(int capability)
{
	return UINT64_C(1) << capability;
}

/* The capabilities that some rule asks about. */
static uint64_t relevant_capabilities(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < seccomp_docker_rule_count; i++) {
		if (seccomp_docker_rules[i].condition != SECCOMP_ALWAYS)
			set |= bit(seccomp_docker_rules[i].capability);
	}
	return set;
}

static bool applies(const struct seccomp_rule *rule, uint64_t capabilities)
{
	bool has = capabilities & bit(rule->capability);

	switch (rule->condition) {
	case SECCOMP_ALWAYS:
		return true;
	case SECCOMP_WITH_CAPABILITY:
		return has;
	case SECCOMP_WITHOUT_CAPABILITY:
		return !has;
	}
	abort();
}

static struct scmp_arg_cmp comparison(const struct seccomp_rule *rule)
{
	switch (rule->compare) {
	case SECCOMP_LESS:
		return SCMP_A0(SCMP_CMP_LT, rule->value, 0);
	case SECCOMP_EQUAL:
		return SCMP_A0(SCMP_CMP_EQ, rule->value, 0);
	case SECCOMP_GREATER:
		return SCMP_A0(SCMP_CMP_GT, rule->value, 0);
	case SECCOMP_NONE_OF_BITS:
		return SCMP_A0(SCMP_CMP_MASKED_EQ, rule->value, 0);
	case SECCOMP_ANY:
		break;
	}
	abort();
}

/* Adds one call. One that this libseccomp does not know stays forbidden. */
static int add_call(scmp_filter_ctx context, const struct seccomp_rule *rule,
	const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	uint32_t action = rule->error ? SCMP_ACT_ERRNO((uint32_t)rule->error)
				      : SCMP_ACT_ALLOW;
	int result;

	if (number < 0)
		return 0;
	if (rule->compare == SECCOMP_ANY) {
		result = seccomp_rule_add(context, action, number, 0);
	} else {
		struct scmp_arg_cmp compare = comparison(rule);

		result = seccomp_rule_add_array(context, action, number, 1,
			&compare);
	}
	/* an earlier row may have said the same */
	return result == -EEXIST ? 0 : result;
}

static int add_rule(scmp_filter_ctx context, const struct seccomp_rule *rule,
	struct error *err)
{
	const char *at = rule->names;

	while (*at) {
		char name[NAME_MAX_SIZE];
		size_t length = strcspn(at, " ");
		int result;

		if (length >= sizeof(name))
			abort();
		memcpy(name, at, length);
		name[length] = '\0';
		result = add_call(context, rule, name);
		if (result < 0)
			return error_set(err, result,
				"add system call '%s' to the filter: %s", name,
				strerror(-result));
		at += length;
		at += strspn(at, " ");
	}
	return 0;
}

static int add_rules(scmp_filter_ctx context, uint64_t capabilities,
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
	for (size_t i = 0; result == 0 && i < seccomp_docker_rule_count; i++) {
		if (applies(&seccomp_docker_rules[i], capabilities))
			result = add_rule(context, &seccomp_docker_rules[i],
				err);
	}
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

static int compile(uint64_t capabilities, struct sock_fprog *out,
	struct error *err)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int result;

	if (!context)
		return error_set(err, -ENOMEM, "make a system call filter");
	result = add_rules(context, capabilities, err);
	if (result == 0)
		result = export_program(context, out, err);
	seccomp_release(context);
	return result;
}

int seccomp_docker_program(uint64_t capabilities, const struct sock_fprog **out,
	struct error *err)
{
	size_t place = 0;
	int result;

	capabilities &= relevant_capabilities();
	while (place < PROGRAMS_MAX && cache[place].program.len > 0) {
		if (cache[place].capabilities == capabilities) {
			*out = &cache[place].program;
			return 0;
		}
		place++;
	}
	if (place == PROGRAMS_MAX) { /* so many sets are rare: start anew */
		for (place = PROGRAMS_MAX; place > 0; place--) {
			free(cache[place - 1].program.filter);
			cache[place - 1].program = (struct sock_fprog){ 0 };
		}
	}
	result = compile(capabilities, &cache[place].program, err);
	if (result < 0)
		return result;
	cache[place].capabilities = capabilities;
	*out = &cache[place].program;
	return 0;
}
