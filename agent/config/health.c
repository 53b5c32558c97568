// SPDX-License-Identifier: MIT
/* health - how it is found out whether a service works */
#include "config/health.h"

#include <stdbool.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/node.h"
#include "config/reader.h"
#include "lib/text.h"

#define TEST_MAX 256

/* What is tried where nothing is said (Docker's reference, HEALTHCHECK). */
#define INTERVAL_MS 30000

/* ["CMD", PROGRAM ...], ["CMD-SHELL", LINE] or ["NONE"] */
static void set_kind(struct reader *reader, const struct node *node,
	const char *kind, struct healthcheck *health)
{
	size_t count = node->count - 1;

	if (text_equal(kind, "NONE")) {
		health->is_disabled = true;
		if (count > 0)
			reader_error(reader, node->mark,
				"after NONE there is nothing to do, write [\"NONE\"]");
	} else if (text_equal(kind, "CMD")) {
		if (count == 0)
			reader_error(reader, node->mark,
				"after CMD there is no program, write one such as [\"CMD\", \"curl\", \"-f\", \"http://localhost/\"]");
	} else if (text_equal(kind, "CMD-SHELL")) {
		health->is_shell = true;
		if (count == 0)
			reader_error(reader, node->mark,
				"after CMD-SHELL there is one text, the line for the shell; write [\"CMD-SHELL\", \"curl -f http://localhost/ || exit 1\"]");
		else if (count > 1)
			reader_warn(reader, node->mark,
				"after CMD-SHELL there is one text, the line for the shell, what follows is ignored; write [\"CMD-SHELL\", \"curl -f http://localhost/ || exit 1\"]");
	} else {
		reader_error(reader, node->mark,
			"'%.60s' is no kind of test; a list starts with CMD, CMD-SHELL or NONE, such as [\"CMD\", \"curl\", \"-f\", \"http://localhost/\"]",
			kind);
	}
}

static bool is_operator(const char *word)
{
	static const char *const words[] = { "||", "&&", "|", ";", "&", ">",
		"<", ">>", "2>&1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_equal(words[i], word))
			return true;
	}
	return false;
}

/* What only a shell would split, or understand. */
static void check_words(struct reader *reader, const struct node *node,
	const struct healthcheck *health)
{
	const struct strings *test = &health->test;

	if (health->is_shell || test->count == 0)
		return;
	if (strchr(test->items[0], ' ') && *test->items[0] != '/')
		reader_warn(reader, node->mark,
			"'%.60s' is the name of one program, with its spaces; write CMD-SHELL instead of CMD, or each word by itself",
			test->items[0]);
	for (size_t i = 1; i < test->count; i++) {
		if (!is_operator(test->items[i]))
			continue;
		reader_warn(reader, node->mark,
			"'%s' is for a shell, and there is none here; write [\"CMD-SHELL\", \"...\"] with all of it in one text",
			test->items[i]);
		return;
	}
}

static void read_list(struct reader *reader, const struct node *node,
	struct healthcheck *health)
{
	size_t index = 0;

	if (node->count == 0 || node->count > TEST_MAX) {
		reader_error(reader, node->mark,
			"a test has 1 to %d words, write one such as [\"CMD\", \"curl\", \"-f\", \"http://localhost/\"]",
			TEST_MAX);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);
		const char *text =
			reader_text(reader, e->value, "a word of the test");

		reader_pop(reader, path);
		if (text && e == node->first)
			set_kind(reader, node, text, health);
		else if (text && !(health->is_shell && health->test.count > 0))
			reader_append(reader, &health->test, text);
	}
	check_words(reader, node, health);
}

void read_health_test(struct reader *reader, const struct node *node,
	void *base)
{
	struct healthcheck *health =
		&((struct draft_service *)base)->service.healthcheck;
	const char *text;

	health->test.is_set = true;
	if (node->kind == NODE_LIST) {
		read_list(reader, node, health);
		return;
	}
	text = reader_text(reader, node,
		"a line for the shell, or a list such as [\"CMD\", \"curl\", \"-f\", \"http://localhost/\"]");
	if (!text)
		return;
	health->is_shell = true;
	if (text_equal(text, "NONE") || text_starts_with(text, "CMD ") ||
		text_starts_with(text, "CMD-SHELL "))
		reader_error(reader, node->mark,
			"a text is a line for the shell, which knows no %.*s; write a list, such as [\"NONE\"] or [\"CMD\", \"curl\", \"-f\", \"http://localhost/\"]",
			(int)strcspn(text, " "), text);
	else if (*text)
		reader_append(reader, &health->test, text);
	else
		reader_error(reader, node->mark,
			"the test is empty, write a line for the shell, or 'disable: true'");
}

void health_check(struct reader *reader, struct draft_service *draft)
{
	struct healthcheck *health = &draft->service.healthcheck;
	uint64_t interval =
		health->interval_ms > 0 ? health->interval_ms : INTERVAL_MS;
	struct mark mark =
		node_find_mark(draft->node, "healthcheck", draft->service.mark);
	size_t path = reader_push(reader, "healthcheck");

	if (draft->disables_health && health->test.count > 0)
		reader_warn(reader, mark,
			"'disable: true' and a test are there, so nothing is tested; remove one of them");
	health->is_disabled |= draft->disables_health;
	if (health->start_interval_ms > 0 && health->start_period_ms == 0)
		reader_warn(reader, mark,
			"'start_interval:' counts during 'start_period:', which is not there, ignored");
	else if (health->start_interval_ms > interval)
		reader_warn(reader, mark,
			"'start_interval:' is longer than the interval, which is meant to be the slower one");
	reader_pop(reader, path);
}
