// SPDX-License-Identifier: MIT
/* report - what goes wrong, on standard error and in the caller's log */
#include "oci/report.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "oci/options.h"

static int log_fd = -1;
static bool is_json;

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARN:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		break;
	}
	return "debug";
}

static void write_line(enum log_level level, const char *message)
{
	char line[3500];
	char when[32] = "";
	struct text text;
	time_t now = time(NULL);
	struct tm parts;

	if (gmtime_r(&now, &parts))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ",
			&parts);
	text_init(&text, line, sizeof(line));
	if (is_json) {
		text_add(&text, "{\"level\":\"%s\",\"msg\":\"",
			level_name(level));
		text_add_json(&text, message, strlen(message));
		text_add(&text, "\",\"time\":\"%s\"}\n", when);
	} else {
		text_add(&text, "%s tare-oci: %s: %s\n", when,
			level_name(level), message);
	}
	/* nobody is left to be told of an error of the log itself */
	(void)fd_write_all(log_fd, line, text.used);
}

static void write_everywhere(enum log_level level, const char *message)
{
	bool is_error = level == LOG_LEVEL_ERROR;

	if (level <= LOG_LEVEL_WARN || log_fd < 0)
		(void)fprintf(stderr, "tare-oci: %s%s%s\n",
			is_error ? "" : level_name(level), is_error ? "" : ": ",
			message);
	if (log_fd >= 0)
		write_line(level, message);
}

int report_open(const struct options *options, struct error *err)
{
	log_set_threshold(options->is_debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN);
	log_set_sink(write_everywhere);
	is_json =
		options->log_format && text_equal(options->log_format, "json");
	if (!options->log)
		return 0;
	log_fd = openat(AT_FDCWD, options->log,
		O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0644);
	if (log_fd < 0)
		return error_errno(err, "option '--log': open '%s'",
			options->log);
	return 0;
}

/* Docker tells 126 and 127 by these words as Go writes them: in lower case. */
static void write_as_go(char *text)
{
	static const char *const reasons[] = {
		": Permission denied",
		": No such file or directory",
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		char *found = strstr(text, reasons[i]);

		if (found)
			found[2] |= 0x20;
	}
}

void report_error(const struct options *options, const struct error *err)
{
	struct error said = *err;

	write_as_go(said.text);
	if (options->command == COMMAND_COUNT)
		log_error("%s", said.text);
	else if (options->argument_count > 0)
		log_error("%s '%s': %s", options_command_name(options->command),
			options->arguments[0], said.text);
	else
		log_error("%s: %s", options_command_name(options->command),
			said.text);
}
