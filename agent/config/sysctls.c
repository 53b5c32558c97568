// SPDX-License-Identifier: MIT
/* sysctls - settings of the kernel that a container can have for itself */
#include <stdbool.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "lib/text.h"

#define VALUE_MAX     255
#define NAME_MAX_SIZE 128

/* those of the IPC namespace: ipc/ipc_sysctl.c and mq_sysctl.c of the kernel */
static const char *const own_names[] = {
	"kernel.msgmax",
	"kernel.msgmnb",
	"kernel.msgmni",
	"kernel.sem",
	"kernel.shmall",
	"kernel.shmmax",
	"kernel.shmmni",
	"kernel.shm_rmid_forced",
	"fs.mqueue.msg_default",
	"fs.mqueue.msg_max",
	"fs.mqueue.msgsize_default",
	"fs.mqueue.msgsize_max",
	"fs.mqueue.queues_max",
};
#define OWN_NAMES (sizeof(own_names) / sizeof(*own_names))

/* Reports a name that no container can have for itself. */
static void report_name(struct reader *reader, const char *name,
	struct mark mark)
{
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < OWN_NAMES; i++)
		name_suggest(name, own_names[i], &best, &distance);
	if (text_starts_with(name, "net."))
		reader_error(reader, mark,
			"'%.60s' is no setting of a network, write one such as net.core.somaxconn",
			name);
	else if (text_equal(name, "kernel.hostname"))
		reader_error(reader, mark,
			"'%.60s' has a key of its own, write 'hostname:'",
			name);
	else if (best)
		reader_error(reader, mark,
			"'%.60s' is unknown, did you mean '%s'?", name, best);
	else
		reader_error(reader, mark,
			"'%.60s' is a setting of the whole machine, not of a container; remove it",
			name);
}

/* "net." and parts of letters, digits, '_' and '-', with dots between: those
 * of the network namespace (Documentation/networking/ip-sysctl.rst) */
static bool is_of_network(const char *name)
{
	bool has_part = false;

	if (!text_starts_with(name, "net.") || strlen(name) > NAME_MAX_SIZE)
		return false;
	for (name += strlen("net."); *name; name++) {
		if (*name == '.' && !has_part)
			return false;
		has_part = *name != '.';
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.",
			    *name))
			return false;
	}
	return has_part;
}

static bool is_own(const char *name)
{
	if (is_of_network(name))
		return true;
	for (size_t i = 0; i < OWN_NAMES; i++) {
		if (text_equal(own_names[i], name))
			return true;
	}
	return false;
}

/* kernel/msgmax is the same as kernel.msgmax: sysctl(8) */
static void add_sysctl(struct reader *reader, struct draft_service *draft,
	char *name, const char *value, struct mark mark)
{
	struct sysctl *grown;

	for (char *c = name; *c; c++) {
		if (*c == '/')
			*c = '.';
	}
	if (!is_own(name)) {
		report_name(reader, name, mark);
		return;
	}
	if (!*value || strlen(value) > VALUE_MAX || strchr(value, '\n')) {
		reader_error(reader, mark, "'%.60s' is no value, write numbers",
			value);
		return;
	}
	for (size_t i = 0; i < draft->sysctl_count; i++) {
		if (!text_equal(draft->sysctls[i].name, name))
			continue;
		draft->sysctls[i].value = value;
		return;
	}
	grown = reader_grow(reader, draft->sysctls, draft->sysctl_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->sysctl_count++] = (struct sysctl){ name, value };
	draft->sysctls = grown;
}

static void read_item(struct reader *reader, const struct node *node,
	struct draft_service *draft)
{
	const char *text = reader_text(reader, node,
		"NAME=value, such as kernel.msgmax=65536");
	char *name = text ? reader_copy(reader, text, strlen(text)) : NULL;
	char *value = name ? strchr(name, '=') : NULL;

	if (!name)
		return;
	if (!value) {
		reader_error(reader, node->mark,
			"'%.60s' has no value, write NAME=value", text);
		return;
	}
	*value++ = '\0';
	add_sysctl(reader, draft, name, value, node->mark);
}

void read_sysctls(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (node->kind != NODE_MAP &&
		!reader_is_list(reader, node,
			"a map, such as {kernel.msgmax: 65536}, or a list"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = e->key ? reader_push(reader, e->key)
				     : reader_push_index(reader, index++);
		const char *value =
			e->key && !text_starts_with(e->key, "x-")
				? reader_text(reader, e->value, "a number")
				: NULL;
		char *name = value ? reader_copy(reader, e->key, strlen(e->key))
				   : NULL;

		if (name)
			add_sysctl(reader, draft, name, value, e->mark);
		else if (!e->key)
			read_item(reader, e->value, draft);
		reader_pop(reader, path);
	}
}
