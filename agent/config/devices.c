// SPDX-License-Identifier: MIT
/* devices - nodes of the machine's /dev that a service gets, and rules */
#include <stdbool.h>
#include <string.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "lib/text.h"

#define DEV "/dev/"

enum device_limit {
	DEVICES_MAX = 256,
	MAJOR_MAX = 4095, /* 12 bits, MKDEV of the kernel */
	MINOR_MAX = 1048575,
};

/* Some of "rwm", each at most once. */
static bool is_access(const char *text)
{
	if (!*text || strlen(text) > 3 || strspn(text, "rwm") != strlen(text))
		return false;
	return strchr(text, *text) == strrchr(text, *text) &&
	       (!text[1] || text[1] != text[2]);
}

static const char *check_source(const char *text)
{
	const char *wrong = name_check_path(text);

	if (!text_starts_with(text, DEV) && strchr(text, '='))
		return "is a name of CDI, which is not done yet; write the path of the device";
	if (!text_starts_with(text, DEV) || !text[strlen(DEV)])
		return "is not below /dev, write the path of a device such as /dev/ttyS0";
	if (strpbrk(text, "*?["))
		return "has a wildcard in it, write one device each";
	return wrong;
}

static bool set_device(struct reader *reader, const struct long_device *from,
	struct device *device)
{
	const char *wrong = check_source(from->source);

	if (wrong) {
		reader_error(reader, device->mark, "'%.100s' %s", from->source,
			wrong);
		return false;
	}
	device->source = from->source;
	device->target = from->target ? from->target : from->source;
	device->access = from->permissions ? from->permissions : "rwm";
	wrong = name_check_path(device->target);
	if (wrong) {
		reader_error(reader, device->mark, "the target '%.100s' %s",
			device->target, wrong);
		return false;
	}
	if (!is_access(device->access)) {
		reader_error(reader, device->mark,
			"'%.60s' does not say what may be done with it, write some of r, w and m, such as rw",
			device->access);
		return false;
	}
	return true;
}

static void add_device(struct reader *reader, struct draft_service *draft,
	const struct device *device)
{
	struct device *grown;

	if (draft->device_count == DEVICES_MAX) {
		reader_error(reader, device->mark,
			"the service has too many devices, the limit is %d",
			DEVICES_MAX);
		return;
	}
	grown = reader_grow(reader, draft->devices, draft->device_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->device_count++] = *device;
	draft->devices = grown;
}

/* SOURCE[:TARGET][:ACCESS]; a second part without '/' is the access */
static bool split_device(struct reader *reader, const struct node *node,
	struct long_device *out)
{
	const char *text = reader_text(reader, node,
		"a device, such as /dev/ttyS0:/dev/ttyS0:rw");
	char *copy = text ? reader_copy(reader, text, strlen(text)) : NULL;
	char *target;
	char *access;

	if (!copy)
		return false;
	out->source = copy;
	target = strchr(copy, ':');
	if (!target)
		return true;
	*target++ = '\0';
	access = strchr(target, ':');
	if (access)
		*access++ = '\0';
	else if (is_access(target))
		access = target;
	out->permissions = access;
	out->target = access == target ? NULL : target;
	return true;
}

void read_devices(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [\"/dev/ttyS0:/dev/ttyS0:rw\"]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);
		struct device device = { .mark = e->value->mark };
		struct long_device from = { 0 };
		bool is_read = true;

		if (e->value->kind == NODE_MAP)
			walk_map(reader, e->value, &schema_device, &from);
		else
			is_read = split_device(reader, e->value, &from);
		if (is_read && !from.source && !e->value->is_broken)
			reader_error(reader, e->mark,
				"the key 'source' is missing: the path of a device");
		if (from.source && set_device(reader, &from, &device))
			add_device(reader, draft, &device);
		reader_pop(reader, path);
	}
}

/* A number or '*' at *at, which it steps over. */
static bool read_number(const char **at, uint64_t max, int64_t *out)
{
	size_t length = strspn(*at, "0123456789");
	char digits[12];
	uint64_t number = 0;

	*out = -1;
	if (**at == '*') {
		(*at)++;
		return true;
	}
	if (length == 0 || length >= sizeof(digits))
		return false;
	memcpy(digits, *at, length);
	digits[length] = '\0';
	*at += length;
	if (text_parse_u64(digits, max, &number) < 0)
		return false;
	*out = (int64_t)number;
	return true;
}

/* "c 1:3 rwm" */
static bool read_rule(const char *text, struct device_rule *out)
{
	out->type = *text;
	if (!*text || !strchr("abc", *text) || text[1] != ' ')
		return false;
	text += 2;
	if (!read_number(&text, MAJOR_MAX, &out->major) || *text++ != ':' ||
		!read_number(&text, MINOR_MAX, &out->minor) || *text++ != ' ')
		return false;
	out->access = text;
	return is_access(text);
}

void read_device_rules(struct reader *reader, const struct node *node,
	void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node, "a list, such as [\"c 1:3 rwm\"]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);
		const char *text = reader_text(reader, e->value,
			"a rule, such as 'c 1:3 rwm'");
		struct device_rule rule = { 0 };
		struct device_rule *grown;

		if (text && draft->device_rule_count == DEVICES_MAX)
			reader_error(reader, e->value->mark,
				"the service has too many rules, the limit is %d",
				DEVICES_MAX);
		else if (text && !read_rule(text, &rule))
			reader_error(reader, e->value->mark,
				"'%.60s' is no rule; write TYPE MAJOR:MINOR ACCESS, such as 'c 1:3 rwm' or 'b *:* r'",
				text);
		else if (text) {
			grown = reader_grow(reader, draft->device_rules,
				draft->device_rule_count, sizeof(*grown));
			if (grown) {
				grown[draft->device_rule_count++] = rule;
				draft->device_rules = grown;
			}
		}
		reader_pop(reader, path);
	}
}
