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
	RUN(test_errors_come_first);
	RUN(test_fits_every_terminal);
	RUN(test_control_characters_stay_out);
	RUN(test_formats);
	RUN(test_terminal_answers);
	return check_done();
}
