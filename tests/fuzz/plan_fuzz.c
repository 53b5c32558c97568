// SPDX-License-Identifier: MIT
/*
 * fuzz target of run: any config.json that is right as a plan of a container
 *
 * What a document may say has to become steps, limits, a device program and a
 * system call filter, or an error that is a sentence of one line. Nothing is
 * carried out.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "oci/document.h"
#include "run/device_filter.h"
#include "run/limits.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/seccomp_compile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char printed[1 << 20];

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_line(const char *text)
{
	for (; *text; text++)
		require((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_error(int result, const struct error *err)
{
	require(result < 0 && err->code == result && err->text[0]);
	check_line(err->text);
}

static void run_plan(const struct oci_spec *spec)
{
	static struct plan plan;
	struct plan_options options = { .waits = true };
	struct error err = { 0 };
	struct text out;
	int result = plan_make(spec, &options, &plan, &err);

	if (result < 0) {
		check_error(result, &err);
		return;
	}
	require(plan.count > 0 && plan.count <= PLAN_STEPS_MAX);
	text_init(&out, printed, sizeof(printed));
	for (size_t i = 0; i < plan.count; i++) {
		plan_describe_step(&plan.steps[i], &out);
		plan_print_step(&plan.steps[i], &out);
	}
	result = plan_make_exec(spec, &spec->process, &plan, &err);
	if (result < 0)
		check_error(result, &err);
}

static void run_limits(const struct oci_resources *resources)
{
	static struct limits limits;
	struct error err = { 0 };
	struct text out;
	int result = limits_plan(resources, &limits, &err);

	text_init(&out, printed, sizeof(printed));
	if (result < 0)
		check_error(result, &err);
	else
		limits_print(&limits, &out);
	result = limits_plan_whole(resources, &limits, &err);
	if (result < 0)
		check_error(result, &err);
}

static void run_devices(const struct oci_resources *resources)
{
	struct bpf_insn *program = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int result = device_filter_assemble(resources, &program, &count, &err);

	if (result < 0)
		check_error(result, &err);
	free(program);
}

static void run_filter(const struct oci_spec *spec)
{
	struct sock_fprog program = { 0, NULL };
	struct error err = { 0 };
	size_t key_size;
	int result;

	/* libseccomp takes long for many rules */
	if (!spec->seccomp || spec->seccomp->rule_count > 4)
		return;
	result = seccomp_compile(spec->seccomp, &program, &err);
	if (result < 0)
		check_error(result, &err);
	else
		require(program.len > 0 && program.filter);
	free(program.filter);
	free(seccomp_key(spec->seccomp, &key_size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = { .limit_bytes = 16 << 20 };
	struct oci_spec spec;

	if (document_parse((const char *)data, size, &arena, &spec, NULL) < 0)
		return 0;
	run_plan(&spec);
	run_limits(&spec.resources);
	run_devices(&spec.resources);
	run_filter(&spec);
	return 0;
}
