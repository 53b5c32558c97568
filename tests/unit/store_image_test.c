// SPDX-License-Identifier: MIT
/* store_image_test - configs of images, good and bad */
#include "store/image.h"

#include <errno.h>

#include "check.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "store_build.h"

static const char digest[] = "sha256:0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef";

static void test_bad_configs(void)
{
	static const struct {
		const char *text, *says;
		int result;
	} rows[] = {
		{ "", "not JSON", -EBADMSG },
		{ "[]", "not an object", -EBADMSG },
		{ "{}", "no layers", -EBADMSG },
		{ "{\"os\":\"windows\"}", "windows", -ENOEXEC },
		{ "{\"architecture\":\"vax\"}", "vax", -ENOEXEC },
		{ "{\"os\":7}", "'os' is not a string", -EBADMSG },
		{ "{\"rootfs\":7}", "no layers", -EBADMSG },
		{ "{\"rootfs\":{\"diff_ids\":7}}", "not a list", -EBADMSG },
		{ "{\"rootfs\":{\"diff_ids\":[7]}}", "strings", -EBADMSG },
		{ "{\"rootfs\":{\"diff_ids\":[\"sha256:../../etc\"]}}",
			"not a sha256 digest", -EBADMSG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image_config config;
		auto_arena arena = { .limit_bytes = 1 << 20 };
		struct error err = { .code = 0 };

		check_row(rows[i].text);
		CHECK(image_parse(rows[i].text, strlen(rows[i].text), &arena,
			      &config, &err) == rows[i].result);
		CHECK(strstr(err.text, rows[i].says));
	}
}

static void test_bad_container_configs(void)
{
	static const char *const rows[] = { "7", "[]", "{\"Cmd\":\"sh\"}",
		"{\"Env\":[1]}", "{\"User\":0}", "{\"Volumes\":[\"/a\"]}",
		"{\"Volumes\":{\"relative\":{}}}", "{\"Entrypoint\":{}}",
		"{\"StopSignal\":15}", "{\"WorkingDir\":[]}",
		"{\"Cmd\":[\"a\\u0000b\"]}", "{\"Healthcheck\":[]}",
		"{\"Healthcheck\":{\"Test\":\"curl\"}}",
		"{\"Healthcheck\":{\"Test\":[\"CMD\",7]}}",
		"{\"Healthcheck\":{\"Interval\":\"30s\"}}",
		"{\"Healthcheck\":{\"Timeout\":-1}}",
		"{\"Healthcheck\":{\"StartPeriod\":1.5}}",
		"{\"Healthcheck\":{\"StartInterval\":{}}}",
		"{\"Healthcheck\":{\"Retries\":-1}}",
		"{\"Healthcheck\":{\"Retries\":2147483648}}",
		"{\"Healthcheck\":{\"Retries\":\"3\"}}" };
	static const char *const good[] = { "null", "{}",
		"{\"Cmd\":null,\"Env\":null,\"Volumes\":null,\"User\":null}",
		"{\"Healthcheck\":null}", "{\"Healthcheck\":{}}" };
	const size_t bad = sizeof(rows) / sizeof(rows[0]);
	char text[512];

	for (size_t i = 0; i < bad + sizeof(good) / sizeof(good[0]); i++) {
		bool is_good = i >= bad;
		const char *row = is_good ? good[i - bad] : rows[i];
		struct image_config config;
		auto_arena arena = { .limit_bytes = 1 << 20 };

		check_row(row);
		(void)snprintf(text, sizeof(text),
			"{\"rootfs\":{\"diff_ids\":[\"%s\"]},\"config\":%s}",
			digest, row);
		CHECK(image_parse(text, strlen(text), &arena, &config, NULL) ==
			(is_good ? 0 : -EBADMSG));
	}
}

static void test_healthchecks(void)
{
	static const struct {
		const char *text, *first;
		size_t count;
		bool is_shell, is_disabled;
	} rows[] = {
		{ "[]", NULL, 0, false, false },
		{ "null", NULL, 0, false, false },
		{ "[\"NONE\"]", NULL, 0, false, true },
		{ "[\"CMD\"]", NULL, 0, false, false },
		{ "[\"CMD\",\"a\",\"b\"]", "a", 2, false, false },
		{ "[\"CMD-SHELL\",\"a || b\"]", "a || b", 1, true, false },
		{ "[\"curl\",\"localhost\"]", NULL, 0, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image_config config;
		const struct image_health *health = &config.image.health;
		auto_arena arena = { .limit_bytes = 1 << 20 };
		char text[512];

		check_row(rows[i].text);
		(void)snprintf(text, sizeof(text),
			"{\"rootfs\":{\"diff_ids\":[\"%s\"]},\"config\":{"
			"\"Healthcheck\":{\"Test\":%s,\"Interval\":2000000000,"
			"\"Timeout\":1,\"StartPeriod\":9223372036854775807,"
			"\"StartInterval\":0,\"Retries\":2147483647}}}",
			digest, rows[i].text);
		if (!CHECK(image_parse(text, strlen(text), &arena, &config,
				   NULL) == 0))
			return;
		CHECK(health->test_count == rows[i].count);
		CHECK(rows[i].count == 0 ||
			strcmp(health->test[0], rows[i].first) == 0);
		CHECK(health->is_shell == rows[i].is_shell);
		CHECK(health->is_disabled == rows[i].is_disabled);
		CHECK(health->interval_ms == 2000);
		CHECK(health->timeout_ms == 1);
		CHECK(health->start_period_ms == 9223372036855);
		CHECK(health->start_interval_ms == 0);
		CHECK(health->retries == INT32_MAX);
	}
}

/* image-spec, config.md: each chain ID is made of the one before it. */
static void test_chain_ids(void)
{
	struct image_config config;
	auto_arena arena = { .limit_bytes = 1 << 20 };
	char text[512];
	char pair[2 * DIGEST_TEXT];
	char chain[DIGEST_TEXT];

	(void)snprintf(text, sizeof(text),
		"{\"rootfs\":{\"diff_ids\":[\"%s\",\"%s\"]}}", digest, digest);
	if (!CHECK(image_parse(text, strlen(text), &arena, &config, NULL) == 0))
		return;
	(void)snprintf(pair, sizeof(pair), "%s %s", digest, digest);
	digest_of(pair, strlen(pair), chain);
	CHECK(strcmp(config.chain_ids[0], digest) == 0);
	CHECK(strcmp(config.chain_ids[1], chain) == 0);
}

/* One layer more than overlayfs is asked to take. */
static void test_too_many_layers(void)
{
	struct build text = { .size = 0 };
	struct image_config config;
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct error err;

	build_text(&text, "{\"rootfs\":{\"diff_ids\":[");
	for (int i = 0; i < STORE_LAYERS_MAX; i++)
		build_text(&text, "%s\"%s\"", i ? "," : "", digest);
	build_text(&text, "]}}");
	CHECK(image_parse((char *)text.bytes, text.size, &arena, &config,
		      &err) == 0);
	text.size -= 3;
	build_text(&text, ",\"%s\"]}}", digest);
	CHECK(image_parse((char *)text.bytes, text.size, &arena, &config,
		      &err) == -E2BIG);
	CHECK(strstr(err.text, "128 layers, the limit is 127"));
	build_clear(&text);
}

int main(void)
{
	RUN(test_bad_configs);
	RUN(test_bad_container_configs);
	RUN(test_healthchecks);
	RUN(test_chain_ids);
	RUN(test_too_many_layers);
	return check_done();
}
