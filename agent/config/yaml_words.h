/* SPDX-License-Identifier: MIT */
/*
 * yaml_words - what libyaml found, in plain words
 *
 * libyaml says exactly where a text stops being YAML, but in the words of its
 * grammar. Each of its fixed sentences has a row here.
 */
#ifndef TARE_CONFIG_YAML_WORDS_H
#define TARE_CONFIG_YAML_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

struct reader;

/* Reports why the parser stopped; text is what it read. */
void yaml_words_report(struct reader *reader, const yaml_parser_t *parser,
	const char *text, size_t size);

/* Did the parser stop at a tab that should indent? */
bool yaml_words_is_tab(const yaml_parser_t *parser, const char *text,
	size_t size);

#endif
