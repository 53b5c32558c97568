// SPDX-License-Identifier: MIT
/* tests of oci/event: the names that readers of runc's events look for */
#include "oci/event.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/stats.h"

static const struct stats stats = {
	.memory = {
		.memory = { true, 1000, 2000, 4096 },
		.swap = { true, 0, 0, STATS_NO_LIMIT },
		.max_events = 7,
		.details = { { "anon", 600 }, { "file", 400 } },
		.detail_count = 2,
		.pressure = { .is_there = true, .some = { 150, 0, 0, 99 } },
	},
	.cpu = { .usage_us = 30, .user_us = 20, .system_us = 10,
		.periods = 5, .throttled_periods = 2, .throttled_us = 8 },
	.pids = { true, 3, 4, STATS_NO_LIMIT },
	.io = {
		.devices = { { .major = 8, .minor = 1, .read_bytes = 512,
			.writes = 6 } },
		.device_count = 1,
	},
	.pages = { { "2MB", { true, 1, 2, 3 }, 4 } },
	.page_count = 1,
};

/* The number at "a.b.c", where a number in the path is an index. */
static json_int_t at(const json_t *json, const char *path)
{
	char name[64];

	while (json && *path) {
		size_t length = strcspn(path, ".");

		(void)snprintf(name, sizeof(name), "%.*s", (int)length, path);
		json = json_is_array(json)
			       ? json_array_get(json,
					 (size_t)strtoul(name, NULL, 10))
			       : json_object_get(json, name);
		path += length + (path[length] == '.');
	}
	return json_is_integer(json) ? json_integer_value(json) : -1;
}

static void test_stats(void)
{
	static const struct {
		const char *path;
		json_int_t value;
	} rows[] = {
		{ "data.cpu.usage.total", 30000 },
		{ "data.cpu.usage.user", 20000 },
		{ "data.cpu.usage.kernel", 10000 },
		{ "data.cpu.throttling.periods", 5 },
		{ "data.cpu.throttling.throttledPeriods", 2 },
		{ "data.cpu.throttling.throttledTime", 8000 },
		{ "data.memory.usage.usage", 1000 },
		{ "data.memory.usage.max", 2000 },
		{ "data.memory.usage.limit", 4096 },
		{ "data.memory.usage.failcnt", 7 },
		{ "data.memory.swap.limit", INT64_MAX },
		{ "data.memory.cache", 400 },
		{ "data.memory.raw.anon", 600 },
		{ "data.memory.psi.some.total", 99 },
		{ "data.pids.current", 3 },
		{ "data.pids.limit", -1 },
		{ "data.blkio.ioServiceBytesRecursive.0.major", 8 },
		{ "data.blkio.ioServiceBytesRecursive.0.value", 512 },
		{ "data.blkio.ioServicedRecursive.1.value", 6 },
		{ "data.hugetlb.2MB.usage", 1 },
		{ "data.hugetlb.2MB.failcnt", 4 },
	};
	auto_free char *text = event_print("a\"b", &stats);
	json_t *json = json_loads(text ? text : "", 0, NULL);

	if (!CHECK(json != NULL))
		return;
	CHECK(text_equal(json_string_value(json_object_get(json, "type")),
		"stats"));
	CHECK(text_equal(json_string_value(json_object_get(json, "id")),
		"a\"b"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].path);
		CHECK(at(json, rows[i].path) == rows[i].value);
	}
	check_row(NULL);
	CHECK(strstr(text, "\"avg10\":1.5"));
	CHECK(!strchr(text, '\n'));
	json_decref(json);
}

static void test_oom(void)
{
	auto_free char *text = event_print("web", NULL);

	CHECK(text && text_equal(text, "{\"type\":\"oom\",\"id\":\"web\"}"));
}

int main(void)
{
	RUN(test_stats);
	RUN(test_oom);
	return check_done();
}
