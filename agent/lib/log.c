// SPDX-License-Identifier: MIT
/* log - one line per event on standard error */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static enum log_level threshold = LOG_LEVEL_INFO;
static log_sink_fn *sink;

void log_set_threshold(enum log_level level)
{
	threshold = level;
}

void log_set_sink(log_sink_fn *new_sink)
{
	sink = new_sink;
}

static void emit(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void emit(enum log_level level, const char *format, va_list args)
{
	char text[512];
	int saved_errno = errno;

	if (level > threshold)
		return;
	(void)vsnprintf(text, sizeof(text), format, args);
	if (sink)
		sink(level, text);
	else
		(void)fprintf(stderr, "<%d>tare: %s\n", (int)level, text);
	errno = saved_errno;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_LEVEL_WARN, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
