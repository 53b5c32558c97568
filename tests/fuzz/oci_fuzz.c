// SPDX-License-Identifier: MIT
/*
 * fuzz target of oci: any bytes as a document of the OCI runtime-spec
 *
 * The first byte says which: config.json, a process, resources, or a seccomp
 * profile as Docker has it. Whatever comes in, it ends in the memory that is
 * allowed, an error is a sentence without controls, and what is accepted holds
 * what oci.h promises.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/document_dump.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "oci/document.h"
#include "run/fields.h"
#include "run/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_error(int result, const struct error *err)
{
	require(result == -EINVAL || result == -ENOMEM);
	require(err->code == result && err->text[0]);
	for (const char *c = err->text; *c; c++)
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void check_texts(const char *const *list)
{
	require(!list || *list);
}

static void check_process(const struct oci_process *process)
{
	require(process->args && *process->args && **process->args);
	require(process->cwd && process->cwd[0] == '/');
	require(process->user.uid != UINT32_MAX);
	require(process->user.gid != UINT32_MAX);
	check_texts(process->unknown_capabilities);
	for (size_t i = 0; i < process->user.additional_gid_count; i++)
		require(process->user.additional_gids[i] != UINT32_MAX);
	for (const char *const *e = process->env; e && *e; e++)
		require(strchr(*e, '=') > *e);
	for (size_t i = 0; i < process->rlimit_count; i++)
		require(process->rlimits[i].soft <= process->rlimits[i].hard);
	require(process->has_terminal || !process->console_width);
}

static void check_mappings(const struct oci_id_mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *m = &mappings->items[i];

		require(m->size > 0);
		require(m->container_id + m->size > m->container_id);
		require(m->host_id + m->size > m->host_id);
	}
}

static void check_mount(const struct oci_mount *mount)
{
	require(mount->destination && mount->destination[0] == '/');
	require(mount->kind != OCI_MOUNT_BIND || mount->source ||
		mount->is_remount);
	require(mount->kind == OCI_MOUNT_BIND || mount->type ||
		mount->is_remount);
	require(!(mount->attributes & ~(uint64_t)0x2000ff));
	require(!(mount->recursive & ~(uint64_t)0x2000ff));
	/* mount_setattr(2) wants these bits all or not at all */
	require((mount->attributes_clear & 0x70) == 0 ||
		(mount->attributes_clear & 0x70) == 0x70);
	require(!mount->uid_mappings.count == !mount->gid_mappings.count);
	require(!mount->uid_mappings.count || mount->idmap);
	check_mappings(&mount->uid_mappings);
	check_mappings(&mount->gid_mappings);
}

static void check_seccomp(const struct oci_seccomp *seccomp)
{
	check_texts(seccomp->architectures);
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		require(seccomp->rules[i].names && *seccomp->rules[i].names);
		for (size_t k = 0; k < seccomp->rules[i].arg_count; k++)
			require(seccomp->rules[i].args[k].index < 6);
	}
}

static void check_spec(const struct oci_spec *spec)
{
	require(spec->version && spec->root_path && *spec->root_path);
	require(spec->namespaces[OCI_NAMESPACE_MOUNT].is_asked);
	if (spec->has_process)
		check_process(&spec->process);
	for (size_t i = 0; i < spec->mount_count; i++)
		check_mount(&spec->mounts[i]);
	for (size_t i = 0; i < spec->device_count; i++)
		require(spec->devices[i].path[0] == '/');
	for (size_t kind = 0; kind < OCI_HOOK_COUNT; kind++) {
		for (size_t i = 0; i < spec->hooks[kind].count; i++)
			require(spec->hooks[kind].items[i].path[0] == '/');
	}
	check_mappings(&spec->uid_mappings);
	check_mappings(&spec->gid_mappings);
	if (spec->seccomp)
		check_seccomp(spec->seccomp);
}

/* Reads every byte that was accepted, for the sanitizers to see. */
static char dump[1 << 20];

static int run_spec(const char *text, size_t size, struct arena *arena,
	struct error *err)
{
	struct oci_spec spec;
	struct text out;
	int result = document_parse(text, size, arena, &spec, err);

	if (result < 0)
		return result;
	text_init(&out, dump, sizeof(dump));
	dump_spec(&out, &spec);
	check_spec(&spec);
	return 0;
}

static int run_profile(const char *text, size_t size, struct arena *arena,
	struct error *err)
{
	struct profile_source source = { .text = text,
		.size = size,
		.capabilities = 0xa80425fb,
		.machine = "amd64",
		.kernel = 6 << 16 | 12 };
	struct oci_seccomp seccomp;
	struct text out;
	int result = profile_parse(&source, arena, &seccomp, err);

	if (result < 0)
		return result;
	text_init(&out, dump, sizeof(dump));
	dump_seccomp(&out, &seccomp);
	check_seccomp(&seccomp);
	return 0;
}

static int run_part(char kind, const char *text, size_t size,
	struct arena *arena, struct error *err)
{
	struct oci_resources resources;
	struct oci_process process;
	struct text out;
	int result;

	text_init(&out, dump, sizeof(dump));
	if (kind == 'p') {
		result = document_parse_process(text, size, arena, &process,
			err);
		if (result == 0) {
			check_process(&process);
			dump_process(&out, &process);
		}
		return result;
	}
	result = document_parse_resources(text, size, arena, &resources, err);
	if (result == 0)
		dump_resources(&out, &resources);
	return result;
}

static struct arena *in_use;

static void *take(size_t size)
{
	return arena_alloc(in_use, size);
}

static void give_back(void *memory)
{
	(void)memory;
}

/* What fields_plain reads is what jansson reads. */
static void check_plain(const char *text, size_t size)
{
	auto_arena scratch = { .limit_bytes = 64 << 20 };
	json_malloc_t old_malloc;
	json_free_t old_free;
	json_error_t why;
	json_t *plain;

	json_get_alloc_funcs(&old_malloc, &old_free);
	in_use = &scratch;
	json_set_alloc_funcs(take, give_back);
	plain = fields_plain(text, size, &scratch);
	if (plain) {
		json_t *other =
			json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);

		require(other && json_equal(plain, other));
		require(text_equal(json_dumps(plain, 0), json_dumps(other, 0)));
	}
	json_set_alloc_funcs(old_malloc, old_free);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = { .limit_bytes = 16 << 20 };
	struct error err = { 0 };
	char *text;
	int result;

	if (size == 0)
		return 0;
	/* a buffer of its own: reading over its end is seen */
	text = malloc(size);
	require(text != NULL);
	memcpy(text, data + 1, size - 1);
	check_plain(text, size - 1);
	if (data[0] == 'p' || data[0] == 'r')
		result = run_part((char)data[0], text, size - 1, &arena, &err);
	else if (data[0] == 's')
		result = run_profile(text, size - 1, &arena, &err);
	else
		result = run_spec(text, size - 1, &arena, &err);
	free(text);
	if (result < 0)
		check_error(result, &err);
	return 0;
}
