// SPDX-License-Identifier: MIT
/* isolate - what a service shares with the machine and with other services */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/reader.h"
#include "lib/text.h"

#define SERVICE_PREFIX   "service:"
#define SHARE_NO_NETWORK SHARE_NO_SHM /* what "none" is for a network */

/* Words that can stand in the place of "service:NAME". */
struct share_word {
	const char *word;
	enum share_mode mode;
};

static bool find_word(const struct share_word *words, const char *text,
	enum share_mode *out)
{
	for (; words->word; words++) {
		if (!text_equal(words->word, text))
			continue;
		*out = words->mode;
		return true;
	}
	return false;
}

static void report_word(struct reader *reader, const struct node *node,
	const char *text, const struct share_word *words, const char *expected)
{
	const char *best = NULL;
	size_t distance = 0;

	for (; words->word; words++)
		name_suggest(text, words->word, &best, &distance);
	if (text_starts_with(text, "container:"))
		reader_error(reader, node->mark,
			"'%.60s' names a container, but nothing runs outside of the config; write %s",
			text, expected);
	else if (best)
		reader_error(reader, node->mark,
			"'%.60s' is unknown, did you mean '%s'?", text, best);
	else
		reader_error(reader, node->mark, "'%.60s' is unknown, write %s",
			text, expected);
}

static void read_share(struct reader *reader, const struct node *node,
	const struct share_word *words, const char *expected, struct share *out)
{
	const char *text = reader_text(reader, node, expected);

	if (!text)
		return;
	out->mark = node->mark;
	if (find_word(words, text, &out->mode))
		return;
	if (!strstr(expected, SERVICE_PREFIX) ||
		!text_starts_with(text, SERVICE_PREFIX)) {
		report_word(reader, node, text, words, expected);
		return;
	}
	out->service = text + strlen(SERVICE_PREFIX);
	if (*out->service)
		out->mode = SHARE_SERVICE;
	else
		reader_error(reader, node->mark,
			"'%s' has no name, write " SERVICE_PREFIX "NAME", text);
}

void read_pid(struct reader *reader, const struct node *node, void *base)
{
	static const struct share_word words[] = { { "host", SHARE_HOST },
		{ NULL, SHARE_NOTHING } };
	struct draft_service *draft = base;

	read_share(reader, node, words, "host or service:NAME",
		&draft->service.pid);
}

void read_ipc(struct reader *reader, const struct node *node, void *base)
{
	static const struct share_word words[] = {
		{ "host", SHARE_HOST },
		{ "private", SHARE_NOTHING },
		/* every one can be shared */
		{ "shareable", SHARE_NOTHING },
		{ "none", SHARE_NO_SHM },
		{ NULL, SHARE_NOTHING },
	};
	struct draft_service *draft = base;

	read_share(reader, node, words,
		"private, shareable, none, host or service:NAME",
		&draft->service.ipc);
}

void read_network_mode(struct reader *reader, const struct node *node,
	void *base)
{
	static const struct share_word words[] = {
		{ "bridge", SHARE_NOTHING }, /* the usual network */
		{ "host", SHARE_HOST },
		{ "none", SHARE_NO_NETWORK },
		{ NULL, SHARE_NOTHING },
	};
	static const enum network_mode modes[] = {
		[SHARE_NOTHING] = NETWORK_MODE_OWN,
		[SHARE_HOST] = NETWORK_MODE_HOST,
		[SHARE_SERVICE] = NETWORK_MODE_SERVICE,
		[SHARE_NO_NETWORK] = NETWORK_MODE_NONE,
	};
	struct draft_service *draft = base;
	struct share share = { 0 };

	read_share(reader, node, words, "bridge, none, host or service:NAME",
		&share);
	draft->has_mode = true;
	draft->service.network_mode = modes[share.mode];
	draft->service.network_of = share.service;
	draft->service.network_mark = node->mark;
}

static bool read_is_host(struct reader *reader, const struct node *node,
	const struct share_word *words, const char *expected)
{
	struct share share = { 0 };

	read_share(reader, node, words, expected, &share);
	return share.mode == SHARE_HOST;
}

void read_uts(struct reader *reader, const struct node *node, void *base)
{
	static const struct share_word words[] = { { "host", SHARE_HOST },
		{ NULL, SHARE_NOTHING } };
	struct draft_service *draft = base;

	draft->service.has_host_uts = read_is_host(reader, node, words, "host");
}

void read_userns(struct reader *reader, const struct node *node, void *base)
{
	static const struct share_word words[] = { { "host", SHARE_HOST },
		{ "private", SHARE_NOTHING }, { NULL, SHARE_NOTHING } };
	struct draft_service *draft = base;

	draft->service.has_host_users = read_is_host(reader, node, words,
		"host, or remove the key for users of its own");
}

void read_cgroup(struct reader *reader, const struct node *node, void *base)
{
	static const struct share_word words[] = { { "host", SHARE_HOST },
		{ "private", SHARE_NOTHING }, { NULL, SHARE_NOTHING } };
	struct draft_service *draft = base;

	draft->service.has_host_cgroup =
		read_is_host(reader, node, words, "private or host");
}

static void read_capabilities(struct reader *reader, const struct node *node,
	struct strings *out)
{
	size_t index = 0;

	if (!reader_is_list(reader, node, "a list, such as [NET_ADMIN]"))
		return;
	out->is_set = true;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);
		const char *text = reader_text(reader, e->value,
			"a capability, such as NET_ADMIN");
		const char *name = text ? name_find_capability(text) : NULL;

		if (name)
			reader_append(reader, out, name);
		else if (text)
			reader_error(reader, e->value->mark,
				"'%.60s' is no capability; write one of capabilities(7), such as NET_ADMIN, or ALL",
				text);
		reader_pop(reader, path);
	}
}

void read_cap_add(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;

	read_capabilities(reader, node, &draft->service.cap_add);
}

void read_cap_drop(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;

	read_capabilities(reader, node, &draft->service.cap_drop);
}

static void set_no_new_privileges(struct reader *reader,
	const struct node *node, const char *value, struct service *service)
{
	if (text_equal(value, "") || text_equal(value, "true"))
		service->no_new_privileges = true;
	else if (text_equal(value, "false"))
		service->no_new_privileges = false;
	else
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write no-new-privileges:true or :false",
			node->text);
}

/* Docker's profile, none, or a file beside the config. */
static void set_seccomp(struct reader *reader, const struct node *node,
	const char *value, struct service *service)
{
	const char *wrong = NULL;
	struct stat status;

	service->is_seccomp_off = text_equal(value, "unconfined");
	service->seccomp_file = NULL;
	if (service->is_seccomp_off || text_equal(value, "builtin"))
		return;
	if (!*value) {
		reader_error(reader, node->mark,
			"'%.60s' names no profile; write seccomp=./profile.json or seccomp=unconfined",
			node->text);
		return;
	}
	service->seccomp_file = path_in_folder(reader, value, &wrong);
	if (wrong)
		reader_error(reader, node->mark, "'%.100s' %s", value, wrong);
	if (!service->seccomp_file || reader->folder_fd < 0 ||
		fstatat(reader->folder_fd, service->seccomp_file, &status, 0) ==
			0)
		return;
	reader_error(reader, node->mark,
		"the file '%.100s' is not there (%s); put it beside the config",
		value, strerror(errno));
}

/* What this kernel does not have can only be switched off. */
static void set_label(struct reader *reader, const struct node *node,
	const char *value, struct service *service)
{
	bool is_apparmor = text_starts_with(node->text, "apparmor");
	const char *off = is_apparmor ? "unconfined" : "disable";

	(void)service;
	if (!text_equal(value, off))
		reader_error(reader, node->mark,
			"there is no %s in this kernel, so '%.60s' cannot be done; write '%s', or remove it",
			is_apparmor ? "AppArmor" : "SELinux", node->text,
			is_apparmor ? "apparmor=unconfined" : "label=disable");
}

static void set_system_paths(struct reader *reader, const struct node *node,
	const char *value, struct service *service)
{
	service->shows_system_paths = text_equal(value, "unconfined");
	if (!service->shows_system_paths)
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write systempaths=unconfined or remove it",
			node->text);
}

static const struct security_word {
	const char *word;
	void (*set)(struct reader *reader, const struct node *node,
		const char *value, struct service *service);
} security_words[] = {
	{ "no-new-privileges", set_no_new_privileges },
	{ "seccomp", set_seccomp },
	{ "systempaths", set_system_paths },
	{ "apparmor", set_label },
	{ "label", set_label },
};
#define SECURITY_WORDS (sizeof(security_words) / sizeof(*security_words))

static void report_security(struct reader *reader, const struct node *node,
	const char *name, const char *text)
{
	const char *best = NULL;
	size_t distance = 0;

	for (size_t i = 0; i < SECURITY_WORDS; i++)
		name_suggest(name, security_words[i].word, &best, &distance);
	if (best)
		reader_error(reader, node->mark,
			"'%.60s' is unknown, did you mean '%s'?", text, best);
	else
		reader_error(reader, node->mark,
			"'%.60s' is unknown; write no-new-privileges:true, seccomp=FILE, seccomp=unconfined or systempaths=unconfined",
			text);
}

/* NAME, NAME=VALUE or NAME:VALUE */
static void read_security_word(struct reader *reader, const struct node *node,
	struct service *service)
{
	const char *text =
		reader_text(reader, node, "no-new-privileges:true or :false");
	size_t length = text ? strcspn(text, "=:") : 0;
	const char *name = text ? reader_copy(reader, text, length) : NULL;

	if (!name)
		return;
	for (size_t i = 0; i < SECURITY_WORDS; i++) {
		struct node spelled = *node;

		if (!text_equal(name, security_words[i].word))
			continue;
		spelled.text = text;
		security_words[i].set(reader, &spelled,
			text[length] ? text + length + 1 : "", service);
		return;
	}
	report_security(reader, node, name, text);
}

void read_security_opt(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [\"no-new-privileges:true\"]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_security_word(reader, e->value, &draft->service);
		reader_pop(reader, path);
	}
}

void read_group_add(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	struct strings *groups = &draft->service.group_add;
	size_t index = 0;

	if (!reader_is_list(reader, node, "a list, such as [mail]"))
		return;
	groups->is_set = true;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);
		const char *text = reader_text(reader, e->value,
			"a group's name or number");

		if (text && (!*text || strpbrk(text, ": \t\n/")))
			reader_error(reader, e->value->mark,
				"'%.60s' is no group; write its name or number",
				text);
		else if (text)
			reader_append(reader, groups, text);
		reader_pop(reader, path);
	}
}
