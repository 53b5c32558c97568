// SPDX-License-Identifier: MIT
/* error - why something failed, as a sentence, by value */
#include "lib/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_text(struct error *err, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void set_text(struct error *err, const char *format, va_list args)
{
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	/* names come from outside: a line end in one would be a line of its own */
	for (char *c = err->text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
}

static void append(struct error *err, const char *text)
{
	size_t used = strlen(err->text);

	(void)snprintf(err->text + used, sizeof(err->text) - used, "%s", text);
}

int error_set(struct error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	va_start(args, format);
	set_text(err, format, args);
	va_end(args);
	return code;
}

int error_errno(struct error *err, const char *format, ...)
{
	int code = errno;
	va_list args;

	if (!err)
		return -code;
	err->code = -code;
	va_start(args, format);
	set_text(err, format, args);
	va_end(args);
	append(err, ": ");
	append(err, strerror(code));
	return -code;
}

int error_prefix(struct error *err, const char *format, ...)
{
	struct error old;
	va_list args;

	if (!err)
		return -EINVAL;
	old = *err;
	va_start(args, format);
	set_text(err, format, args);
	va_end(args);
	append(err, ": ");
	append(err, old.text);
	return err->code;
}
