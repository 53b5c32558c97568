/* SPDX-License-Identifier: MIT */
/*
 * log - one line per event on standard error
 *
 * A line is "<N>tare: text" where N is the syslog level, as the kernel log and
 * init understand it. Only the layer that decides logs; the others return
 * errors. errno is kept.
 */
#ifndef TARE_LIB_LOG_H
#define TARE_LIB_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARN = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* Called with every line that passes the threshold (text without newline). */
typedef void log_sink_fn(enum log_level level, const char *text);

/* Lines above this level are dropped; LOG_LEVEL_INFO at the start. */
void log_set_threshold(enum log_level level);

/* Sends lines to sink instead of standard error; NULL restores that. */
void log_set_sink(log_sink_fn *sink);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
