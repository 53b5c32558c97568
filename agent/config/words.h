/* SPDX-License-Identifier: MIT */
/*
 * words - a command in one string, split as Compose splits it
 *
 * White space parts words. '...' is taken as it is. In "..." and outside of
 * quotes a backslash takes the next character as it is, but \n and \t are a
 * line end and a tab. There is no shell: what only a shell can do is an error.
 */
#ifndef TARE_CONFIG_WORDS_H
#define TARE_CONFIG_WORDS_H

struct reader;
struct strings;

/*
 * Appends the words of text to out. Returns NULL, or what is wrong, for a
 * message. When memory runs out, the reader knows.
 */
const char *words_split(struct reader *reader, const char *text,
	struct strings *out);

#endif
