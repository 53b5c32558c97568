// SPDX-License-Identifier: MIT
/* words - a command in one string, split as Compose splits it */
#include "config/words.h"

#include <stdbool.h>
#include <string.h>

#include "config/config.h"
#include "config/reader.h"

#define NEEDS_SHELL \
	"has a character that only a shell understands (; & | < > ( ) `); quote it, or write [\"sh\", \"-c\", \"...\"]"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char unescape(char c)
{
	if (c == 'n')
		return '\n';
	if (c == 't')
		return '\t';
	return c;
}

/* Reads one word at *at into buffer; sets *size. Returns what is wrong. */
static const char *read_word(const char **at, char *buffer, size_t *size)
{
	const char *c = *at;
	char quote = '\0';

	*size = 0;
	for (; *c && (quote || !is_space(*c)); c++) {
		if (*c == '\\' && quote != '\'') {
			c++;
			if (!*c)
				return "ends with a backslash; remove it or double it";
			buffer[(*size)++] = unescape(*c);
		} else if (*c == quote) {
			quote = '\0';
		} else if (!quote && (*c == '\'' || *c == '"')) {
			quote = *c;
		} else if (!quote && strchr(";&|<>()`", *c)) {
			return NEEDS_SHELL;
		} else {
			buffer[(*size)++] = *c;
		}
	}
	*at = c;
	return quote ? "has a quote that is never closed" : NULL;
}

const char *words_split(struct reader *reader, const char *text,
	struct strings *out)
{
	/* the words are never longer than the text */
	char *buffer = reader_copy(reader, text, strlen(text));

	while (buffer) {
		const char *wrong;
		size_t size = 0;

		while (is_space(*text))
			text++;
		if (!*text)
			break;
		wrong = read_word(&text, buffer, &size);
		if (wrong)
			return wrong;
		reader_append(reader, out, reader_copy(reader, buffer, size));
	}
	return NULL;
}
