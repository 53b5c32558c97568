// SPDX-License-Identifier: MIT
/* tests of cli/screen and the terminal's answer that cli/console reads */
#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli/console.h"
#include "config/problem.h"
#include "lib/text.h"
#include "supervise/status.h"

static struct problems problems;
static struct status status;
static char buffer[65536];

static const char *render(unsigned int rows, unsigned int columns)
{
	static struct screen screen;
	struct text text;

	screen = (struct screen){ .rows = rows, .columns = columns };
	screen_add_recent(&screen, "web: running (pid 7)");
	text_init(&text, buffer, sizeof(buffer));
	screen_render(&screen, &status, &text);
	return buffer;
}

static void fill(void)
{
	memset(&problems, 0, sizeof(problems));
	memset(&status, 0, sizeof(status));
	status.version = "0.1.0";
	status.problems = &problems;
	status.uptime_ms = 150000;
	(void)text_copy(status.machine, sizeof(status.machine), "x86_64");
	(void)text_copy(status.hostname, sizeof(status.hostname), "edge-1");
	(void)text_copy(status.config, sizeof(status.config),
		"compose.yaml is good");
	status.workload_count = 2;
	status.workloads[0] = (struct status_workload){ .name = "web",
		.state = STATE_RUNNING,
		.memory_bytes = 12 << 20,
		.age_ms = 61000,
		.percent = -1,
		.exit_code = -1,
		.reason = "" };
	status.workloads[1] = (struct status_workload){ .name = "db",
		.state = STATE_BACKOFF,
		.restarts = 7,
		.retry_in_ms = 3500,
		.percent = -1,
		.exit_code = 1,
		.reason = "exited with status 1" };
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int found = 0;

	while ((text = strstr(text, part))) {
		found++;
		text += strlen(part);
	}
	return found;
}

static void test_what_a_person_looks_for(void)
{
	const char *text;

	fill();
	text = render(24, 100);
	CHECK(strstr(text, "edge-1   Tare 0.1.0  x86_64  up 2 min"));
	CHECK(strstr(text, "Address  none yet"));
	CHECK(strstr(text, "compose.yaml is good"));
	CHECK(strstr(text, "starts again in 4 s"));
	CHECK(strstr(text, "    exited with status 1"));
	CHECK(strstr(text, "12.0M"));
	CHECK(strstr(text, "61 s"));
	CHECK(strstr(text, "web: running (pid 7)"));
}

static void test_health(void)
{
	static const struct {
		enum health_status health;
		const char *state;
		bool has_reason;
	} rows[] = {
		{ HEALTH_NONE, "running  ", false },
		{ HEALTH_STARTING, "running (starting)", false },
		{ HEALTH_HEALTHY, "running (healthy)", false },
		{ HEALTH_UNHEALTHY, "running (unhealthy)", true },
	};

	fill();
	status.workloads[0].reason = "exit status 1: refused";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text;

		status.workloads[0].health = rows[i].health;
		text = render(24, 100);
		check_row(rows[i].state);
		CHECK(strstr(text, rows[i].state));
		CHECK((strstr(text, "    exit status 1: refused") != NULL) ==
			rows[i].has_reason);
	}
	/* one that is not well is none of those that run */
	status.workload_count = 60;
	for (size_t i = 1; i < 60; i++)
		status.workloads[i] = status.workloads[0];
	CHECK(strstr(render(24, 100), "more, 0 of them running"));
}

static void test_errors_come_first(void)
{
	const char *text;

	fill();
	problems.count = problems.error_count = 9;
	for (size_t i = 0; i < 9; i++)
		problems.items[i] = (struct problem){ .line = 3,
			.column = 5,
			.file = "compose.yaml",
			.path = "services.web.imagee",
			.text = "unknown key" };
	text = render(24, 100);
	CHECK(count(text, "compose.yaml:3:5: services.web.imagee") == 5);
	CHECK(strstr(text, "and 4 more"));
	CHECK(strstr(text, "imagee") < strstr(text, "WORKLOAD"));
}

/* What to write instead stands at the end: it must not be cut off. */
static void test_a_long_error_is_wrapped(void)
{
	const char *text;

	fill();
	problems.count = problems.error_count = 1;
	problems.items[0] = (struct problem){ .line = 5,
		.column = 14,
		.file = "compose.yaml",
		.path = "services.web.restart",
		.text = "'allways' is no restart policy, write no, always, "
			"on-failure, on-failure:N or unless-stopped" };
	text = render(24, 80);
	CHECK(strstr(text, "compose.yaml:5:14: services.web.restart"));
	CHECK(strstr(text, "\r\n    "));
	CHECK(strstr(text, "or unless-stopped"));
	text = render(24, 20);
	CHECK(strstr(text, "WORKLOAD"));
}

static void test_fits_every_terminal(void)
{
	fill();
	status.workload_count = CONFIG_SERVICES_MAX;
	for (size_t i = 2; i < CONFIG_SERVICES_MAX; i++)
		status.workloads[i] = status.workloads[1];
	for (unsigned int rows = 5; rows < 60; rows += 7) {
		for (unsigned int columns = 20; columns < 300; columns += 40) {
			const char *line = render(rows, columns);

			CHECK(count(line, "\r\n") < rows);
			while (*line) {
				size_t width = strcspn(line, "\033\r");

				CHECK(width <= columns);
				line += strcspn(line, "\n");
				line += *line == '\n';
			}
		}
	}
}

static void test_control_characters_stay_out(void)
{
	const char *text;

	fill();
	status.workloads[1].reason = "\033]0;evil\007 \033[2J\n";
	text = render(24, 100);
	CHECK(!strstr(text, "\033]0"));
	CHECK(!strstr(text, "\033[2J"));
	CHECK(strstr(text, "?]0;evil?"));
}

/* What does not fit is counted, and trouble among it is not hidden. */
static void test_more_than_fits(void)
{
	const char *text;

	fill();
	status.workload_count = 60;
	for (size_t i = 0; i < 60; i++)
		status.workloads[i] = status.workloads[i == 59 ? 1 : 0];
	text = render(24, 100);
	CHECK(strstr(text, "more, "));
	CHECK(strstr(text, " of them running"));
	CHECK(!strstr(text, "and 60 more, 60 of"));
}

static void test_errors_before_warnings(void)
{
	const char *text;

	fill();
	problems.count = 8;
	problems.warning_count = 7;
	problems.error_count = 1;
	for (size_t i = 0; i < 7; i++)
		problems.items[i] = (struct problem){ .is_warning = true,
			.text = "is ignored" };
	problems.items[7] = (struct problem){ .text = "unknown key" };
	text = render(24, 100);
	CHECK(strstr(text, "unknown key"));
	CHECK(count(text, "is ignored") == 4);
	CHECK(strstr(text, "and 3 more"));
}

static void test_a_full_line_keeps_its_last_character(void)
{
	static char reason[200];
	const char *text;
	const char *at;

	fill();
	memset(reason, 'r', sizeof(reason) - 1);
	status.workloads[1].reason = reason;
	text = render(24, 60);
	at = strstr(text, "    rrrr");
	CHECK(at && strncmp(at + 60, "\r\n", 2) == 0);
}

static void test_a_long_name_hides_no_state(void)
{
	fill();
	status.workloads[1].name =
		"a-name-of-sixty-three-characters-is-as-long-as-a-host-name-here";
	CHECK(strstr(render(24, 60), "starts again in 4 s"));
}

/* A terminal of 500 rows may be more than there is memory for. */
static void test_a_small_buffer_ends_with_a_whole_line(void)
{
	static struct screen screen = { .rows = 500,
		.columns = 500,
		.has_colour = true };
	static char reason[200];
	static char small[8192];
	struct text text;

	fill();
	memset(reason, 'r', sizeof(reason) - 1);
	status.workload_count = CONFIG_SERVICES_MAX;
	status.workloads[1].reason = reason;
	for (size_t i = 0; i < CONFIG_SERVICES_MAX; i++)
		status.workloads[i] = status.workloads[1];
	text_init(&text, small, sizeof(small));
	screen_render(&screen, &status, &text);
	CHECK(!text.is_cut);
	CHECK(strcmp(small + text.used - 3, "\033[K") == 0);
	CHECK(strstr(small, "more, 0 of them running"));
}

static void test_formats(void)
{
	char out[24];

	screen_format_age(0, out, sizeof(out));
	CHECK(strcmp(out, "0 s") == 0);
	screen_format_age(3ULL * 3600 * 1000, out, sizeof(out));
	CHECK(strcmp(out, "3 h") == 0);
	screen_format_age(90ULL * 86400 * 1000, out, sizeof(out));
	CHECK(strcmp(out, "90 d") == 0);
	screen_format_memory(0, out, sizeof(out));
	CHECK(strcmp(out, "-") == 0);
	screen_format_memory(3ULL << 30, out, sizeof(out));
	CHECK(strcmp(out, "3.0G") == 0);
}

static void test_terminal_answers(void)
{
	static const struct {
		const char *bytes;
		bool is_size;
		unsigned int rows, columns;
	} table[] = {
		{ "\033[24;80R", true, 24, 80 },
		{ "junk\033[50;200Rmore", true, 50, 200 },
		{ "\033[A\033[24;80R", true, 24, 80 },
		{ "\033[24;80", false, 0, 0 },
		{ "\033[;R", false, 0, 0 },
		{ "\033[24R", false, 0, 0 },
		{ "\033[24;80;1R", false, 0, 0 },
		{ "\033[1;1R", false, 0, 0 },
		{ "\033[99999999999;80R", false, 0, 0 },
		{ "hello", false, 0, 0 },
		{ "", false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned int rows = 0;
		unsigned int columns = 0;

		check_row(table[i].bytes);
		CHECK(console_parse_size(table[i].bytes, strlen(table[i].bytes),
			      &rows, &columns) == table[i].is_size);
		CHECK(rows == table[i].rows && columns == table[i].columns);
	}
}

int main(void)
{
	RUN(test_what_a_person_looks_for);
	RUN(test_health);
	RUN(test_errors_come_first);
	RUN(test_a_long_error_is_wrapped);
	RUN(test_fits_every_terminal);
	RUN(test_control_characters_stay_out);
	RUN(test_more_than_fits);
	RUN(test_errors_before_warnings);
	RUN(test_a_full_line_keeps_its_last_character);
	RUN(test_a_long_name_hides_no_state);
	RUN(test_a_small_buffer_ends_with_a_whole_line);
	RUN(test_formats);
	RUN(test_terminal_answers);
	return check_done();
}
