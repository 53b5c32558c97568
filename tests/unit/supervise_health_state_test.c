// SPDX-License-Identifier: MIT
/* tests of supervise/health_state and health_rules, with a clock of their own */
#include "supervise/health_state.h"

#include <string.h>

#include "check.h"
#include "config/network.h"
#include "lib/arena.h"
#include "store/store.h"
#include "supervise/health_rules.h"

static const struct health_rules plain = { .is_checked = true,
	.retries = 3,
	.interval_ms = 30000,
	.timeout_ms = 2000,
	.start_interval_ms = 5000 };

static const struct health_rules patient = { .is_checked = true,
	.retries = 2,
	.interval_ms = 30000,
	.timeout_ms = 2000,
	.start_period_ms = 20000,
	.start_interval_ms = 5000 };

struct moment {
	uint64_t now_ms;
	enum health_event event;
	enum health_status status;
	uint32_t failures;
	uint64_t due_ms;
};

static void live(const struct health_rules *rules, const struct moment *moments,
	size_t count)
{
	struct health_state state = { .due_ms = HEALTH_NEVER };

	for (size_t i = 0; i < count; i++) {
		const struct moment *m = &moments[i];
		char label[32];

		(void)snprintf(label, sizeof(label), "moment %zu", i);
		check_row(label);
		state = health_state_next(&state, rules, m->event, m->now_ms);
		CHECK(state.status == m->status);
		CHECK(state.failures == m->failures);
		CHECK(state.due_ms == m->due_ms);
	}
}

#define LIVE(rules, ...)                                         \
	live(rules, (const struct moment[]){ __VA_ARGS__ },      \
		sizeof((const struct moment[]){ __VA_ARGS__ }) / \
			sizeof(struct moment))

static void test_fails_and_recovers(void)
{
	/* clang-format off */
	LIVE(&plain,
		{ 1000, HEALTH_EVENT_STARTED, HEALTH_STARTING, 0, 31000 },
		{ 31000, HEALTH_EVENT_BEGUN, HEALTH_STARTING, 0, 33000 },
		{ 31500, HEALTH_EVENT_OK, HEALTH_HEALTHY, 0, 61500 },
		{ 61500, HEALTH_EVENT_BEGUN, HEALTH_HEALTHY, 0, 63500 },
		{ 61600, HEALTH_EVENT_FAILED, HEALTH_HEALTHY, 1, 91600 },
		{ 91600, HEALTH_EVENT_BEGUN, HEALTH_HEALTHY, 1, 93600 },
		{ 93600, HEALTH_EVENT_TIMED_OUT, HEALTH_HEALTHY, 2, 123600 },
		{ 123600, HEALTH_EVENT_BEGUN, HEALTH_HEALTHY, 2, 125600 },
		{ 123700, HEALTH_EVENT_FAILED, HEALTH_UNHEALTHY, 3, 153700 },
		{ 153700, HEALTH_EVENT_BEGUN, HEALTH_UNHEALTHY, 3, 155700 },
		{ 153800, HEALTH_EVENT_FAILED, HEALTH_UNHEALTHY, 4, 183800 },
		{ 183800, HEALTH_EVENT_BEGUN, HEALTH_UNHEALTHY, 4, 185800 },
		{ 183900, HEALTH_EVENT_OK, HEALTH_HEALTHY, 0, 213900 },
		{ 184000, HEALTH_EVENT_STOPPED, HEALTH_NONE, 0, HEALTH_NEVER },
		/* what comes late is not heard */
		{ 184100, HEALTH_EVENT_OK, HEALTH_NONE, 0, HEALTH_NEVER });
	/* clang-format on */
}

static void test_a_success_ends_the_row(void)
{
	/* clang-format off */
	LIVE(&plain,
		{ 0, HEALTH_EVENT_STARTED, HEALTH_STARTING, 0, 30000 },
		{ 1, HEALTH_EVENT_FAILED, HEALTH_STARTING, 1, 30001 },
		{ 2, HEALTH_EVENT_FAILED, HEALTH_STARTING, 2, 30002 },
		{ 3, HEALTH_EVENT_OK, HEALTH_HEALTHY, 0, 30003 },
		{ 4, HEALTH_EVENT_FAILED, HEALTH_HEALTHY, 1, 30004 });
	/* clang-format on */
}

static void test_start_period(void)
{
	/* clang-format off */
	LIVE(&patient,
		{ 1000, HEALTH_EVENT_STARTED, HEALTH_STARTING, 0, 6000 },
		{ 6000, HEALTH_EVENT_BEGUN, HEALTH_STARTING, 0, 8000 },
		{ 6100, HEALTH_EVENT_FAILED, HEALTH_STARTING, 0, 11100 },
		{ 20900, HEALTH_EVENT_BEGUN, HEALTH_STARTING, 0, 22900 },
		/* it began within, so it does not count; the next one will */
		{ 22900, HEALTH_EVENT_TIMED_OUT, HEALTH_STARTING, 0, 52900 },
		{ 52900, HEALTH_EVENT_BEGUN, HEALTH_STARTING, 0, 54900 },
		{ 53000, HEALTH_EVENT_FAILED, HEALTH_STARTING, 1, 83000 },
		{ 83000, HEALTH_EVENT_BEGUN, HEALTH_STARTING, 1, 85000 },
		{ 83100, HEALTH_EVENT_FAILED, HEALTH_UNHEALTHY, 2, 113100 });
	/* after a success within, failures count and the wait is the long one */
	LIVE(&patient,
		{ 0, HEALTH_EVENT_STARTED, HEALTH_STARTING, 0, 5000 },
		{ 5000, HEALTH_EVENT_BEGUN, HEALTH_STARTING, 0, 7000 },
		{ 5001, HEALTH_EVENT_OK, HEALTH_HEALTHY, 0, 35001 },
		{ 6000, HEALTH_EVENT_BEGUN, HEALTH_HEALTHY, 0, 8000 },
		{ 6001, HEALTH_EVENT_FAILED, HEALTH_HEALTHY, 1, 36001 },
		{ 6002, HEALTH_EVENT_BEGUN, HEALTH_HEALTHY, 1, 8002 },
		{ 6003, HEALTH_EVENT_FAILED, HEALTH_UNHEALTHY, 2, 36003 });
	/* clang-format on */
}

static void test_adoption(void)
{
	struct health_state state = { .status = HEALTH_HEALTHY };

	state = health_state_next(&state, &plain, HEALTH_EVENT_ADOPTED, 100);
	CHECK(state.status == HEALTH_HEALTHY && state.due_ms == 5100);
	state = (struct health_state){ .status = HEALTH_UNHEALTHY };
	state = health_state_next(&state, &plain, HEALTH_EVENT_ADOPTED, 100);
	CHECK(state.status == HEALTH_UNHEALTHY);
	/* its start period goes on from when it was started */
	state = (struct health_state){ .started_ms = 50 };
	state = health_state_next(&state, &patient, HEALTH_EVENT_ADOPTED, 100);
	CHECK(state.status == HEALTH_STARTING);
	state = health_state_next(&state, &patient, HEALTH_EVENT_BEGUN, 20049);
	state = health_state_next(&state, &patient, HEALTH_EVENT_FAILED, 20060);
	CHECK(state.failures == 0);
}

/* Every status, event, time and rule: in range, and as the header says. */
static void check_pair(const struct health_state *state,
	const struct health_rules *rules, enum health_event event,
	uint64_t now_ms)
{
	struct health_state next =
		health_state_next(state, rules, event, now_ms);
	bool is_fault =
		event == HEALTH_EVENT_FAILED || event == HEALTH_EVENT_TIMED_OUT;

	CHECK(next.status < HEALTH_COUNT);
	/* nothing to do exactly when nothing is checked */
	if (event != HEALTH_EVENT_COUNT && state->status != HEALTH_NONE)
		CHECK((next.status == HEALTH_NONE) ==
			(next.due_ms == HEALTH_NEVER));
	if (next.due_ms != state->due_ms && next.due_ms != HEALTH_NEVER)
		CHECK(next.due_ms >= now_ms || now_ms == UINT64_MAX);
	/* only failures lead to unhealthy, only a success to healthy */
	if (next.status != state->status) {
		CHECK(next.status != HEALTH_UNHEALTHY || is_fault);
		CHECK(next.status != HEALTH_HEALTHY ||
			event == HEALTH_EVENT_OK);
		CHECK(next.status != HEALTH_NONE ||
			event == HEALTH_EVENT_STOPPED);
	}
	if (state->status == HEALTH_NONE && event != HEALTH_EVENT_STARTED &&
		event != HEALTH_EVENT_ADOPTED)
		CHECK(next.status == HEALTH_NONE);
	CHECK(next.failures >= state->failures || !is_fault);
	CHECK(next.status != HEALTH_UNHEALTHY || !is_fault ||
		next.failures >= rules->retries ||
		state->status == HEALTH_UNHEALTHY);
}

static void test_every_pair(void)
{
	static const uint64_t times[] = { 0, 1, 20000, UINT64_MAX - 2,
		UINT64_MAX };
	static const uint32_t failures[] = { 0, 2, UINT32_MAX };
	struct health_rules endless = { .is_checked = true,
		.retries = UINT32_MAX,
		.interval_ms = UINT64_MAX,
		.timeout_ms = UINT64_MAX,
		.start_period_ms = UINT64_MAX,
		.start_interval_ms = UINT64_MAX };
	const struct health_rules *const rules[] = { &plain, &patient,
		&endless };

	for (unsigned int i = 0; i < 3 * 3 * 5 * HEALTH_COUNT; i++) {
		struct health_state state = {
			.status = (enum health_status)(i % HEALTH_COUNT),
			.failures = failures[i / HEALTH_COUNT % 3],
			.due_ms = 7,
		};
		uint64_t now_ms = times[i / HEALTH_COUNT / 3 % 5];

		for (int e = 0; e <= HEALTH_EVENT_COUNT; e++)
			check_pair(&state, rules[i / HEALTH_COUNT / 15],
				(enum health_event)e, now_ms);
	}
}

static void test_names(void)
{
	CHECK(strcmp(health_status_name(HEALTH_NONE), "") == 0);
	CHECK(strcmp(health_status_name(HEALTH_STARTING), "starting") == 0);
	CHECK(strcmp(health_status_name(HEALTH_HEALTHY), "healthy") == 0);
	CHECK(strcmp(health_status_name(HEALTH_UNHEALTHY), "unhealthy") == 0);
}

/* Rules. */

static const char *own_test[] = { "own", "test" };
static const char *its_test[] = { "its test" };

static void test_defaults(void)
{
	struct healthcheck service = { .test = { own_test, 2, true } };
	struct image_health image = { .test_count = 0 };
	struct health_rules rules;

	health_rules_find(&service, &image, &rules);
	CHECK(rules.is_checked);
	CHECK(rules.interval_ms == 30000 && rules.timeout_ms == 30000);
	CHECK(rules.start_period_ms == 0 && rules.start_interval_ms == 5000);
	CHECK(rules.retries == 3);
}

static void test_service_before_image(void)
{
	struct healthcheck service = { .interval_ms = 1, .retries = 7 };
	struct image_health image = { .test = its_test,
		.test_count = 1,
		.is_shell = true,
		.interval_ms = 2,
		.timeout_ms = 3,
		.start_period_ms = 4,
		.start_interval_ms = 5,
		.retries = 6 };
	struct health_rules rules;

	health_rules_find(&service, &image, &rules);
	CHECK(rules.is_checked);
	CHECK(rules.interval_ms == 1 && rules.timeout_ms == 3);
	CHECK(rules.start_period_ms == 4 && rules.start_interval_ms == 5);
	CHECK(rules.retries == 7);
	service.retries = UINT64_MAX;
	health_rules_find(&service, &image, &rules);
	CHECK(rules.retries == UINT32_MAX);
}

static void test_whose_test(void)
{
	static const struct {
		const char *label;
		struct healthcheck service;
		struct image_health image;
		const char *says; /* NULL: nothing is checked */
	} rows[] = {
		{ "none", { .retries = 1 }, { .retries = 1 }, NULL },
		{ "own", { .test = { own_test, 2, true } },
			{ .test = its_test, .test_count = 1, .is_shell = true },
			"own test" },
		{ "own for a shell",
			{ .test = { its_test, 1, true }, .is_shell = true },
			{ .test_count = 0 }, "/bin/sh -c its test" },
		{ "image's", { .retries = 1 },
			{ .test = its_test, .test_count = 1 }, "its test" },
		{ "image's for a shell", { .retries = 1 },
			{ .test = its_test, .test_count = 1, .is_shell = true },
			"/bin/sh -c its test" },
		{ "disabled", { .is_disabled = true },
			{ .test = its_test, .test_count = 1 }, NULL },
		{ "disabled by the image", { .retries = 1 },
			{ .is_disabled = true }, NULL },
		{ "own, disabled by the image",
			{ .test = { own_test, 2, true } },
			{ .is_disabled = true }, "own test" },
		{ "empty", { .test = { own_test, 0, true } },
			{ .test = its_test, .test_count = 1 }, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena arena = { 0 };
		struct health_rules rules;
		char text[64] = "";
		const char *const *arguments =
			health_rules_arguments(&rows[i].service, &rows[i].image,
				&arena);

		check_row(rows[i].label);
		health_rules_find(&rows[i].service, &rows[i].image, &rules);
		CHECK(rules.is_checked == (rows[i].says != NULL));
		CHECK((arguments != NULL) == rules.is_checked);
		for (; arguments && *arguments; arguments++)
			(void)snprintf(text + strlen(text),
				sizeof(text) - strlen(text), "%s%s",
				*text ? " " : "", *arguments);
		CHECK(!rows[i].says || strcmp(text, rows[i].says) == 0);
	}
}

int main(void)
{
	RUN(test_fails_and_recovers);
	RUN(test_a_success_ends_the_row);
	RUN(test_start_period);
	RUN(test_adoption);
	RUN(test_every_pair);
	RUN(test_names);
	RUN(test_defaults);
	RUN(test_service_before_image);
	RUN(test_whose_test);
	return check_done();
}
