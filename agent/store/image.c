// SPDX-License-Identifier: MIT
/* image - reads the config of an OCI image (image-spec, config.md) */
#include "store/image.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/text.h"
#include "store/digest.h"
#include "store/path.h"

#define NS_PER_MS 1000000

struct reading {
	struct arena *arena;
	struct error *err;
};

const char *image_architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "no OCI name for this architecture"
#endif
}

static int no_memory(const struct reading *reading)
{
	return error_set(reading->err, -ENOMEM,
		"its config needs too much memory");
}

static int wrong_kind(const struct reading *reading, const char *key,
	const char *kind)
{
	return error_set(reading->err, -EBADMSG,
		"its config is damaged: '%s' is not %s", key, kind);
}

/* A string of object, "" when it is absent or null. */
static int read_string(const struct reading *reading, const json_t *object,
	const char *key, const char **out)
{
	const json_t *value = json_object_get(object, key);

	*out = "";
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return wrong_kind(reading, key, "a string");
	*out = arena_string(reading->arena, json_string_value(value));
	return *out ? 0 : no_memory(reading);
}

/* A list of strings, empty when it is absent or null. */
static int read_strings(const struct reading *reading, const json_t *object,
	const char *key, const char ***out, size_t *count_out)
{
	const json_t *list = json_object_get(object, key);
	size_t count = json_array_size(list);
	const char **items =
		arena_array(reading->arena, count + 1, sizeof(*items));

	if (list && !json_is_null(list) && !json_is_array(list))
		return wrong_kind(reading, key, "a list");
	if (!items)
		return no_memory(reading);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);

		if (!json_is_string(item))
			return wrong_kind(reading, key, "a list of strings");
		items[i] =
			arena_string(reading->arena, json_string_value(item));
		if (!items[i])
			return no_memory(reading);
	}
	*out = items;
	*count_out = count;
	return 0;
}

/* "Volumes" is an object whose keys are the paths. */
static int read_volumes(const struct reading *reading, json_t *object,
	struct image *image)
{
	json_t *volumes = json_object_get(object, "Volumes");
	size_t count = json_object_size(volumes);
	const char **items =
		arena_array(reading->arena, count + 1, sizeof(*items));

	if (volumes && !json_is_null(volumes) && !json_is_object(volumes))
		return wrong_kind(reading, "Volumes", "an object");
	if (!items)
		return no_memory(reading);
	for (void *at = json_object_iter(volumes); at;
		at = json_object_iter_next(volumes, at)) {
		const char *path = json_object_iter_key(at);

		if (*path != '/')
			return wrong_kind(reading, "Volumes",
				"a set of absolute paths");
		items[image->volume_count] = arena_string(reading->arena, path);
		if (!items[image->volume_count++])
			return no_memory(reading);
	}
	image->volumes = items;
	return 0;
}

/* Nanoseconds as milliseconds, rounded up; 0 when it is absent or null. */
static int read_duration(const struct reading *reading, const json_t *object,
	const char *key, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);
	uint64_t ns;

	*out = 0;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return wrong_kind(reading, key, "a number of nanoseconds");
	ns = (uint64_t)json_integer_value(value);
	*out = ns / NS_PER_MS + (ns % NS_PER_MS > 0);
	return 0;
}

static int read_retries(const struct reading *reading, const json_t *object,
	uint64_t *out)
{
	const json_t *value = json_object_get(object, "Retries");

	*out = 0;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		json_integer_value(value) > INT32_MAX)
		return wrong_kind(reading, "Retries", "a count");
	*out = (uint64_t)json_integer_value(value);
	return 0;
}

/* What it begins with says how it is run; one that says nothing is none. */
static int read_test(const struct reading *reading, const json_t *object,
	struct image_health *out)
{
	const char *kind;
	int result = read_strings(reading, object, "Test", &out->test,
		&out->test_count);

	if (result < 0 || out->test_count == 0)
		return result;
	kind = *out->test++;
	out->test_count--;
	out->is_disabled = text_equal(kind, "NONE");
	out->is_shell = text_equal(kind, "CMD-SHELL");
	if (!out->is_shell && !text_equal(kind, "CMD"))
		out->test_count = 0;
	return 0;
}

static int read_health(const struct reading *reading, const json_t *config,
	struct image_health *out)
{
	const json_t *object = json_object_get(config, "Healthcheck");
	const struct {
		const char *key;
		uint64_t *out;
	} durations[] = {
		{ "Interval", &out->interval_ms },
		{ "Timeout", &out->timeout_ms },
		{ "StartPeriod", &out->start_period_ms },
		{ "StartInterval", &out->start_interval_ms },
	};
	int result;

	if (!object || json_is_null(object))
		return 0;
	if (!json_is_object(object))
		return wrong_kind(reading, "Healthcheck", "an object");
	result = read_test(reading, object, out);
	for (size_t i = 0; i < 4 && result == 0; i++)
		result = read_duration(reading, object, durations[i].key,
			durations[i].out);
	return result < 0 ? result
			  : read_retries(reading, object, &out->retries);
}

static int read_container(const struct reading *reading, json_t *config,
	struct image *image)
{
	const struct {
		const char *key;
		const char ***items;
		size_t *count;
	} lists[] = {
		{ "Entrypoint", &image->entrypoint, &image->entrypoint_count },
		{ "Cmd", &image->command, &image->command_count },
		{ "Env", &image->environment, &image->environment_count },
	};
	const struct {
		const char *key;
		const char **out;
	} strings[] = {
		{ "WorkingDir", &image->working_dir },
		{ "User", &image->user },
		{ "StopSignal", &image->stop_signal },
	};
	int result = 0;

	if (config && !json_is_null(config) && !json_is_object(config))
		return wrong_kind(reading, "config", "an object");
	for (size_t i = 0; i < 3 && result == 0; i++)
		result = read_strings(reading, config, lists[i].key,
			lists[i].items, lists[i].count);
	for (size_t i = 0; i < 3 && result == 0; i++)
		result = read_string(reading, config, strings[i].key,
			strings[i].out);
	if (result == 0)
		result = read_health(reading, config, &image->health);
	return result < 0 ? result : read_volumes(reading, config, image);
}

static int check_machine(const struct reading *reading, const json_t *root)
{
	const char *system;
	const char *architecture;
	int result = read_string(reading, root, "os", &system);

	if (result == 0)
		result = read_string(reading, root, "architecture",
			&architecture);
	if (result < 0)
		return result;
	/* old tools left these empty */
	if ((*system && !text_equal(system, "linux")) ||
		(*architecture &&
			!text_equal(architecture, image_architecture())))
		return error_set(reading->err, -ENOEXEC,
			"it is made for %s/%s, this machine is linux/%s",
			path_show(system).text, path_show(architecture).text,
			image_architecture());
	return 0;
}

static int read_layers(const struct reading *reading, const json_t *root,
	struct image_config *out)
{
	const json_t *rootfs = json_object_get(root, "rootfs");
	int result = read_strings(reading, rootfs, "diff_ids", &out->diff_ids,
		&out->diff_id_count);

	if (result < 0)
		return result;
	if (out->diff_id_count == 0)
		return error_set(reading->err, -EBADMSG,
			"its config names no layers");
	if (out->diff_id_count > STORE_LAYERS_MAX)
		return error_set(reading->err, -E2BIG,
			"it has %zu layers, the limit is %d",
			out->diff_id_count, STORE_LAYERS_MAX);
	for (size_t i = 0; i < out->diff_id_count; i++) {
		if (!digest_is_valid(out->diff_ids[i]))
			return error_set(reading->err, -EBADMSG,
				"its config is damaged: '%s' is not a sha256 "
				"digest",
				path_show(out->diff_ids[i]).text);
	}
	return 0;
}

/* ChainID(n) is the digest of "ChainID(n - 1) DiffID(n)". */
static int chain_layers(const struct reading *reading, struct image_config *out)
{
	size_t count = out->diff_id_count;
	char text[2 * DIGEST_TEXT];
	char digest[DIGEST_TEXT];

	out->chain_ids =
		arena_array(reading->arena, count, sizeof(*out->chain_ids));
	if (!out->chain_ids)
		return no_memory(reading);
	out->chain_ids[0] = out->diff_ids[0];
	for (size_t i = 1; i < count; i++) {
		int length = snprintf(text, sizeof(text), "%s %s",
			out->chain_ids[i - 1], out->diff_ids[i]);

		digest_of(text, (size_t)length, digest);
		out->chain_ids[i] = arena_string(reading->arena, digest);
		if (!out->chain_ids[i])
			return no_memory(reading);
	}
	return 0;
}

static int read_all(const struct reading *reading, json_t *root,
	struct image_config *out)
{
	int result;

	if (!json_is_object(root))
		return wrong_kind(reading, "", "an object");
	result = check_machine(reading, root);
	if (result == 0)
		result = read_layers(reading, root, out);
	if (result == 0)
		result = chain_layers(reading, out);
	if (result == 0)
		result = read_container(reading,
			json_object_get(root, "config"), &out->image);
	return result;
}

int image_parse(const char *text, size_t size, struct arena *arena,
	struct image_config *out, struct error *err)
{
	const struct reading reading = { arena, err };
	json_error_t why;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	int result;

	*out = (struct image_config){ .diff_id_count = 0 };
	if (!root)
		return error_set(err, -EBADMSG,
			"its config is not JSON: line %d: %s", why.line,
			path_show(why.text).text);
	result = read_all(&reading, root, out);
	json_decref(root);
	return result;
}
