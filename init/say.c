/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *say_notes_path = "/run/tare/notes";

/* print the line, and keep its sentence in the file of the notes if there is
 * one to keep it in; who cannot take the line loses it: nobody waits */
__attribute__((format(printf, 3, 0))) static void print(int notes,
	const char *subject, const char *format, va_list args)
{
	char line[SAY_MAX];
	char *at = line, *const end = line + SAY_MAX - 1;
	int saved_errno = errno;

	at += snprintf(line, SAY_MAX, "tare: %.32s: ", subject);
	errno = saved_errno;
	int length = vsnprintf(at, (size_t)(end - at), format, args);
	if (length > 0)
		at += length < end - at ? length : end - at - 1;
	*at++ = '\n';

	ssize_t written = write(STDERR_FILENO, line, (size_t)(at - line));
	const char *sentence = line + strlen("tare: ");
	if (notes >= 0)
		written = write(notes, sentence, (size_t)(at - sentence));
	(void)written;
	errno = saved_errno;
}

void say(const char *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(-1, subject, format, args);
	va_end(args);
}

void note(const char *subject, const char *format, ...)
{
	int saved_errno = errno;
	int notes = open(say_notes_path,
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	va_list args;

	errno = saved_errno;
	va_start(args, format);
	print(notes, subject, format, args);
	va_end(args);
	if (notes >= 0)
		(void)close(notes);
	errno = saved_errno;
}
