// SPDX-License-Identifier: MIT
/* lines - the files in /run/tare/net: lines of words */
#include "net/lines.h"

#include <errno.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"

#define LAST "end\n"

static size_t split(char *line, char **words)
{
	size_t count = 0;

	while (count < LINES_WORDS_MAX) {
		line += strspn(line, " \t");
		if (!*line)
			break;
		words[count++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
	return count;
}

/* Cuts the first line off, and returns what is behind it. */
static char *take_line(char *at)
{
	char *end = strchr(at, '\n');

	if (!end)
		return at + strlen(at);
	*end = '\0';
	return end + 1;
}

static int check_whole(const char *text, struct error *err)
{
	size_t size = strlen(text);

	if (!text_starts_with(text, "version 1\n"))
		return error_set(err, -EBADMSG,
			"its first line is not 'version 1'");
	if (size < sizeof(LAST) ||
		!text_equal(text + size - strlen(LAST), LAST) ||
		text[size - sizeof(LAST)] != '\n')
		return error_set(err, -EBADMSG,
			"its last line is not 'end': it is not whole");
	return 0;
}

int lines_visit(char *text, lines_fn *visit, void *context, struct error *err)
{
	static char *words[LINES_WORDS_MAX];
	int result = check_whole(text, err);
	char *at;

	if (result < 0)
		return result;
	for (at = take_line(text); *at;) {
		char *line = at;
		size_t count;

		at = take_line(at);
		count = split(line, words);
		if (count > 0 && words[0][0] != '#' && *at)
			visit(words, count, context);
	}
	return 0;
}
