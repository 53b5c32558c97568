// SPDX-License-Identifier: MIT
/*
 * root_user - users and groups as the container root knows them
 *
 * passwd(5) and group(5) of an image are as little to be trusted as the rest
 * of it. A line that is not as it must be is passed over. Digits alone are
 * always an id and never a name, so that a line "1000:x:0:0" makes nobody
 * root.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/inside.h"
#include "run/root.h"

#define FILE_MAX_BYTES (1 << 20)
#define ID_MAX         INT32_MAX
#define FIELDS_MAX     7
#define NAME_SIZE      256

enum passwd_field {
	PASSWD_NAME,
	PASSWD_UID = 2,
	PASSWD_GID,
	PASSWD_HOME = 5
};
enum group_field {
	GROUP_NAME,
	GROUP_GID = 2,
	GROUP_MEMBERS
};

/* A file of lines with ':' between their fields; it is cut up in place. */
struct table {
	char *text; /* "" when there is no such file */
	char *next;
	char *fields[FIELDS_MAX];
	size_t count;
};

static void table_clear(struct table *table)
{
	free(table->text);
	table->text = NULL;
}

#define auto_table __attribute__((cleanup(table_clear))) struct table

/* An image without the file has no users, which is no error yet. */
static int table_read(struct table *table, int root_fd, const char *path,
	struct error *err)
{
	int result = inside_read(root_fd, path, FILE_MAX_BYTES, &table->text);

	if (result == -ENOENT || result == -ENOTDIR) {
		table->text = NULL;
		table->next = NULL;
		return 0;
	}
	table->next = table->text;
	if (result == -EINVAL)
		return error_set(err, result,
			"read the container's '%s': it is not a regular file",
			path);
	if (result == -EFBIG)
		return error_set(err, result,
			"read the container's '%s': it is over %d bytes", path,
			FILE_MAX_BYTES);
	if (result < 0)
		return error_set(err, result, "read the container's '%s': %s",
			path, strerror(-result));
	return 0;
}

/* Goes to the next line; false after the last one. */
static bool table_next(struct table *table)
{
	char *at = table->next;

	if (!at || !*at)
		return false;
	table->next = at + strcspn(at, "\n");
	if (*table->next)
		*table->next++ = '\0';
	table->count = 0;
	while (at && table->count < FIELDS_MAX) {
		table->fields[table->count++] = at;
		at = strchr(at, ':');
		if (at)
			*at++ = '\0';
	}
	return true;
}

static bool table_id(const struct table *table, size_t field, uint32_t *out)
{
	uint64_t id;

	if (field >= table->count ||
		text_parse_u64(table->fields[field], ID_MAX, &id) < 0)
		return false;
	*out = (uint32_t)id;
	return true;
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* "user" or "user:group" in two; the second is "" when it is not there. */
struct wish {
	char user[NAME_SIZE];
	char group[NAME_SIZE];
};

static int parse_wish(const char *text, struct wish *out, struct error *err)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);

	*out = (struct wish){ .user = "" };
	if (length >= NAME_SIZE || (colon && strlen(colon + 1) >= NAME_SIZE))
		return error_set(err, -ENAMETOOLONG,
			"find user '%.32s...': the name is too long", text);
	memcpy(out->user, text, length);
	if (!colon)
		return 0;
	(void)text_copy(out->group, sizeof(out->group), colon + 1);
	if (length == 0 || !out->group[0] || strchr(out->group, ':'))
		return error_set(err, -EINVAL,
			"find user '%s': it must be 'user' or 'user:group'",
			text);
	return 0;
}

static int parse_id(const char *text, uint32_t *out, struct error *err)
{
	uint64_t id;

	if (text_parse_u64(text, ID_MAX, &id) < 0)
		return error_set(err, -ERANGE,
			"find user or group %s: ids go up to %d", text, ID_MAX);
	*out = (uint32_t)id;
	return 0;
}

/*
 * Finds the user's line: ids into out and its name, "" when there is no line.
 * An id needs no line; its group is then 0, as Docker has it.
 */
static int find_passwd(int root_fd, const char *user, struct root_user *out,
	char *name, struct error *err)
{
	auto_table table = { .text = NULL };
	bool by_id = is_number(user);
	uint32_t uid = 0;
	int result = by_id ? parse_id(user, &uid, err) : 0;

	name[0] = '\0';
	if (result == 0)
		result = table_read(&table, root_fd, "/etc/passwd", err);
	if (result < 0)
		return result;
	while (table_next(&table)) {
		uint32_t line_uid;
		uint32_t line_gid;

		if (!table_id(&table, PASSWD_UID, &line_uid) ||
			!table_id(&table, PASSWD_GID, &line_gid) ||
			!table.fields[PASSWD_NAME][0])
			continue;
		if (by_id ? line_uid != uid
			  : !text_equal(table.fields[PASSWD_NAME], user))
			continue;
		out->uid = line_uid;
		out->gid = line_gid;
		(void)text_copy(name, NAME_SIZE, table.fields[PASSWD_NAME]);
		return 0;
	}
	if (!by_id)
		return error_set(err, -ENOENT,
			"find user '%s': the container's '/etc/passwd' does "
			"not have it",
			user);
	out->uid = uid;
	out->gid = 0;
	return 0;
}

static int find_group(int root_fd, const char *group, uint32_t *out,
	struct error *err)
{
	auto_table table = { .text = NULL };
	int result;

	if (is_number(group))
		return parse_id(group, out, err);
	result = table_read(&table, root_fd, "/etc/group", err);
	if (result < 0)
		return result;
	while (table_next(&table)) {
		if (text_equal(table.fields[GROUP_NAME], group) &&
			table_id(&table, GROUP_GID, out))
			return 0;
	}
	return error_set(err, -ENOENT,
		"find group '%s': the container's '/etc/group' does not have "
		"it",
		group);
}

static bool is_member(const char *members, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = members; *at; at += *at == ',') {
		size_t here = strcspn(at, ",");

		if (here == length && memcmp(at, name, length) == 0)
			return true;
		at += here;
	}
	return false;
}

static bool has_gid(const struct root_user *user, uint32_t gid)
{
	for (size_t i = 0; i < user->group_count; i++) {
		if (user->groups[i] == gid)
			return true;
	}
	return false;
}

static int add_gid(struct root_user *user, uint32_t gid, struct error *err)
{
	if (has_gid(user, gid))
		return 0;
	if (user->group_count == ROOT_GROUPS_MAX)
		return error_set(err, -E2BIG,
			"find groups of user %u: more than %d", user->uid,
			ROOT_GROUPS_MAX);
	user->groups[user->group_count++] = gid;
	return 0;
}

/* Groups that name the user as a member. */
static int add_groups(int root_fd, const char *name, struct root_user *out,
	struct error *err)
{
	auto_table table = { .text = NULL };
	int result = table_read(&table, root_fd, "/etc/group", err);

	if (result < 0)
		return result;
	while (result == 0 && table_next(&table)) {
		uint32_t gid;

		if (table.count > GROUP_MEMBERS &&
			table_id(&table, GROUP_GID, &gid) &&
			is_member(table.fields[GROUP_MEMBERS], name))
			result = add_gid(out, gid, err);
	}
	return result;
}

int root_find_user(int root_fd, const char *user, struct root_user *out,
	struct error *err)
{
	struct wish wish;
	char name[NAME_SIZE];
	int result = parse_wish(user, &wish, err);

	*out = (struct root_user){ .uid = 0 };
	if (result == 0)
		result = find_passwd(root_fd, wish.user[0] ? wish.user : "0",
			out, name, err);
	if (result < 0)
		return result;
	if (wish.group[0])
		result = find_group(root_fd, wish.group, &out->gid, err);
	/* the group is among the groups too (CVE-2022-36109) */
	if (result == 0)
		result = add_gid(out, out->gid, err);
	if (result == 0 && !wish.group[0] && name[0])
		result = add_groups(root_fd, name, out, err);
	return result;
}

void root_find_home(int root_fd, unsigned int uid, char *out, size_t size)
{
	auto_table table = { .text = NULL };

	(void)text_copy(out, size, "/");
	if (table_read(&table, root_fd, "/etc/passwd", NULL) < 0)
		return;
	while (table_next(&table)) {
		const char *home;
		uint32_t line_uid;

		if (!table_id(&table, PASSWD_UID, &line_uid) ||
			line_uid != uid || table.count <= PASSWD_HOME)
			continue;
		home = table.fields[PASSWD_HOME];
		if (home[0] == '/' && !text_copy(out, size, home))
			(void)text_copy(out, size, "/"); /* too long */
		return;
	}
}
