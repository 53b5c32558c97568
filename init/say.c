/* SPDX-License-Identifier: MIT */
/* say - lines for the person at the console, and notes that last */
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

/* more than a person reads, and little memory: what comes after is only said */
#define NOTES_MAX_BYTES 32768

const char *say_notes_path = "/run/tare/notes";

static void keep(const char *sentence, size_t length)
{
	auto_fd fd = open(say_notes_path,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	ssize_t written = 0;

	if (fd >= 0 && lseek(fd, 0, SEEK_END) < NOTES_MAX_BYTES)
		written = write(fd, sentence, length);
	(void)written;
}

void say_line(bool is_note, const char *subject, const char *format, ...)
{
	char line[SAY_MAX];
	char *at = line, *const end = line + SAY_MAX - 1;
	int saved_errno = errno;
	va_list args;

	at += snprintf(line, SAY_MAX, "tare: %.32s: ", subject);
	const char *sentence = line + strlen("tare: ");
	errno = saved_errno;
	va_start(args, format);
	int length = vsnprintf(at, (size_t)(end - at), format, args);
	va_end(args);
	if (length > 0)
		at += length < end - at ? length : end - at - 1;
	*at++ = '\n';

	ssize_t written = write(STDERR_FILENO, line, (size_t)(at - line));
	(void)written;
	if (is_note)
		keep(sentence, (size_t)(at - sentence));
	errno = saved_errno;
}
