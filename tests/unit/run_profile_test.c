// SPDX-License-Identifier: MIT
/* tests of profile: seccomp profiles, and which of their rules hold */
#include "run/profile.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/oci.h"

#define BIT(capability)      (UINT64_C(1) << (capability))
#define KERNEL(major, minor) ((uint32_t)(major) << 16 | (minor))

static int parse(const char *text, struct arena *arena, struct oci_seccomp *out,
	struct error *err)
{
	struct profile_source source = { .text = text,
		.size = strlen(text),
		.capabilities = BIT(CAP_CHOWN) | BIT(CAP_KILL),
		.machine = "amd64",
		.kernel = KERNEL(6, 12) };

	return profile_parse(&source, arena, out, err);
}

/* One rule, and whether it holds for what parse() says. */
static const struct {
	const char *rule;
	bool holds;
} conditions[] = {
	/* clang-format off */
	{ "", true },
	{ ",\"includes\":{},\"excludes\":{}", true },
	{ ",\"includes\":null,\"comment\":\"as it is\",\"args\":null", true },
	{ ",\"includes\":{\"caps\":[\"CAP_CHOWN\"]}", true },
	{ ",\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_KILL\"]}", true },
	{ ",\"includes\":{\"caps\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}", false },
	{ ",\"includes\":{\"caps\":[\"CAP_OF_TOMORROW\"]}", false },
	{ ",\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}", false },
	{ ",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\"]}", false },
	{ ",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}", true },
	{ ",\"excludes\":{\"caps\":[\"CAP_OF_TOMORROW\"]}", true },
	{ ",\"includes\":{\"arches\":[\"amd64\",\"x32\"]}", true },
	{ ",\"includes\":{\"arches\":[\"arm64\"]}", false },
	{ ",\"includes\":{\"arches\":[]}", true },
	{ ",\"excludes\":{\"arches\":[\"s390\",\"amd64\"]}", false },
	{ ",\"excludes\":{\"arches\":[\"s390\"]}", true },
	{ ",\"includes\":{\"minKernel\":\"6.12\"}", true },
	{ ",\"includes\":{\"minKernel\":\"4.8\"}", true },
	{ ",\"includes\":{\"minKernel\":\"6.13\"}", false },
	{ ",\"includes\":{\"minKernel\":\"10.0\"}", false },
	{ ",\"excludes\":{\"minKernel\":\"6.12\"}", false },
	{ ",\"excludes\":{\"minKernel\":\"6.13\"}", true },
	{ ",\"includes\":{\"minKernel\":\"4.8\",\"caps\":[\"CAP_BPF\"]}", false },
	{ ",\"includes\":{\"caps\":[\"CAP_KILL\"]},\"excludes\":{\"arches\":[\"amd64\"]}", false },
	/* clang-format on */
};

static void test_conditions(void)
{
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]);
		i++) {
		auto_arena arena = { .limit_bytes = 1 << 20 };
		char text[400];
		struct oci_seccomp seccomp;
		struct error err = { 0 };

		check_row(conditions[i].rule);
		(void)snprintf(text, sizeof(text),
			"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
			"{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\"%s},"
			"{\"name\":\"b\",\"action\":\"SCMP_ACT_ALLOW\"}]}",
			conditions[i].rule);
		if (!CHECK(parse(text, &arena, &seccomp, &err) == 0)) {
			printf("# %s\n", err.text);
			continue;
		}
		CHECK(seccomp.rule_count == (conditions[i].holds ? 2 : 1));
		CHECK((seccomp.rules[0].action == SECCOMP_RET_LOG) ==
			conditions[i].holds);
		CHECK(text_equal(seccomp.rules[seccomp.rule_count - 1].names[0],
			"b"));
	}
}

static const char docker[] =
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1,"
	" \"archMap\": ["
	"  {\"architecture\": \"SCMP_ARCH_AARCH64\","
	"   \"subArchitectures\": [\"SCMP_ARCH_ARM\"]},"
	"  {\"architecture\": \"SCMP_ARCH_X86_64\","
	"   \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]},"
	"  {\"architecture\": \"SCMP_ARCH_RISCV64\","
	"   \"subArchitectures\": null}],"
	" \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"],"
	" \"syscalls\": ["
	"  {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"args\": [{\"index\": 0, \"value\": 40, \"valueTwo\": 0,"
	"    \"op\": \"SCMP_CMP_NE\"}], \"comment\": \"\", \"includes\": {},"
	"   \"excludes\": {}},"
	"  {\"names\": [\"clone3\"], \"action\": \"SCMP_ACT_ERRNO\","
	"   \"errnoRet\": 38, \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}}]}";

static void test_reads_all_of_it(void)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct oci_seccomp s;
	struct error err;

	if (!CHECK(parse(docker, &arena, &s, &err) == 0))
		return;
	CHECK(s.default_action == SECCOMP_RET_ERRNO);
	CHECK(s.default_errno.is_set && s.default_errno.value == 1);
	CHECK(s.flags == SECCOMP_FILTER_FLAG_LOG);
	CHECK(text_equal(s.architectures[0], "SCMP_ARCH_X86_64"));
	CHECK(text_equal(s.architectures[1], "SCMP_ARCH_X86"));
	CHECK(text_equal(s.architectures[2], "SCMP_ARCH_X32"));
	CHECK(s.architectures[3] == NULL);
	CHECK(s.rule_count == 2);
	CHECK(s.rules[0].arg_count == 1 && s.rules[0].args[0].value == 40);
	CHECK(s.rules[0].args[0].compare == OCI_COMPARE_NE);
	CHECK(text_equal(s.rules[1].names[0], "clone3"));
	CHECK(s.rules[1].errno_ret.value == 38);
}

static void test_other_machines(void)
{
	static const struct {
		const char *machine;
		const char *first, *second;
	} rows[] = {
		{ "arm64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" },
		{ "riscv64", "SCMP_ARCH_RISCV64", NULL },
		{ "s390x", NULL, NULL },
		{ "pdp11", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena arena = { .limit_bytes = 1 << 20 };
		struct profile_source source = { .text = docker,
			.size = strlen(docker),
			.machine = rows[i].machine };
		struct oci_seccomp s;
		struct error err;

		check_row(rows[i].machine);
		CHECK(profile_parse(&source, &arena, &s, &err) == 0);
		if (!rows[i].first) {
			CHECK(s.architectures == NULL);
			continue;
		}
		if (!CHECK(s.architectures != NULL))
			continue;
		CHECK(text_equal(s.architectures[0], rows[i].first));
		CHECK(rows[i].second
				? text_equal(s.architectures[1], rows[i].second)
				: s.architectures[1] == NULL);
	}
}

/* Without being told, it is this machine and its kernel. */
static void test_finds_this_machine(void)
{
	static const char text[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"name\":\"a\",\"action\":\"SCMP_ACT_LOG\","
		"\"includes\":{\"minKernel\":\"3.0\",\"arches\":[\"amd64\","
		"\"arm64\",\"386\",\"arm\",\"riscv64\",\"s390x\"]}},"
		"{\"name\":\"b\",\"action\":\"SCMP_ACT_LOG\","
		"\"includes\":{\"minKernel\":\"999.0\"}}]}";
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct profile_source source = { text, strlen(text), 0, NULL, 0 };
	struct oci_seccomp s;
	struct error err;

	CHECK(profile_parse(&source, &arena, &s, &err) == 0);
	CHECK(s.rule_count == 1);
}

#define RULE(inside) \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{" inside "}]}"

static const struct {
	const char *text, *error;
} wrong[] = {
	/* clang-format off */
	{ "", "line 1, column 1: '[' or '{' expected near end of file" },
	{ "[]", "is a list, not an object" },
	{ "{}", "defaultAction: is missing" },
	{ "{\"defaultAction\":\"ALLOW\"}", "defaultAction: 'ALLOW' is no action" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALOW\"}",
	  "defaultAction: 'SCMP_ACT_ALOW' is no action, did you mean 'SCMP_ACT_ALLOW'?" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{}]}",
	  "archMap[0].architecture: is missing" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{\"architecture\":\"amd64\"}]}",
	  "archMap[0].architecture: 'amd64' is no architecture" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
	  "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}",
	  "archMap: stands beside 'architectures', write one of them" },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
	  "defaultAction: SCMP_ACT_NOTIFY would wait for its own answer, write it in a rule" },
	{ RULE("\"action\":\"SCMP_ACT_LOG\""), "syscalls[0].names: has to name one system call at least" },
	{ RULE("\"names\":[\"a\"]"), "syscalls[0].action: is missing" },
	{ RULE("\"names\":[\"a\"],\"name\":\"b\",\"action\":\"SCMP_ACT_LOG\""),
	  "syscalls[0].name: stands beside 'names', write one of them" },
	{ RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"errnoRet\":5"),
	  "syscalls[0].errnoRet: is for SCMP_ACT_ERRNO and SCMP_ACT_TRACE, not for this action" },
	{ RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_NOTIFY\""),
	  "listenerPath: is missing, SCMP_ACT_NOTIFY needs it" },
	{ RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"includes\":{\"caps\":\"CAP_KILL\"}"),
	  "syscalls[0].includes.caps: is a text, not a list" },
	{ RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"excludes\":{\"minKernel\":\"new\"}"),
	  "syscalls[0].excludes.minKernel: 'new' is no kernel version, write one such as 4.8" },
	{ RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"excludes\":{\"minKernel\":\"4\"}"),
	  "syscalls[0].excludes.minKernel: '4' is no kernel version, write one such as 4.8" },
	{ RULE("\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":-1,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
	  "syscalls[0].args[0].index: -1 is under 0" },
	/* clang-format on */
};

static void test_errors(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		auto_arena arena = { .limit_bytes = 1 << 20 };
		struct oci_seccomp seccomp;
		struct error err = { 0 };

		check_row(wrong[i].text);
		CHECK(parse(wrong[i].text, &arena, &seccomp, &err) == -EINVAL);
		if (!CHECK(text_equal(err.text, wrong[i].error)))
			printf("# is:     %s\n# should: %s\n", err.text,
				wrong[i].error);
	}
}

static void test_limits(void)
{
	auto_free char *large = calloc(1, PROFILE_SIZE_MAX + 1);
	struct arena small = { .limit_bytes = 64 };
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct profile_source source = { .text = large,
		.size = PROFILE_SIZE_MAX + 1 };
	struct oci_seccomp s;
	struct error err;

	CHECK(profile_parse(&source, &arena, &s, &err) == -EINVAL);
	CHECK(text_equal(err.text, "the profile is over 1 MiB long"));
	CHECK(profile_parse(&source, &arena, &s, NULL) == -EINVAL);
	CHECK(parse(docker, &small, &s, &err) == -ENOMEM);
	arena_clear(&small);
}

int main(void)
{
	RUN(test_conditions);
	RUN(test_reads_all_of_it);
	RUN(test_other_machines);
	RUN(test_finds_this_machine);
	RUN(test_errors);
	RUN(test_limits);
	return check_done();
}
