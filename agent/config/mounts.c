// SPDX-License-Identifier: MIT
/* mounts - volumes and tmpfs of a service, in short and long form */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
#include "lib/text.h"

#define MOUNTS_MAX   128
#define TMPFS_ID_MAX 65535 /* what a user namespace has */

static void add_mount(struct reader *reader, struct draft_service *draft,
	const struct volume_mount *mount)
{
	struct volume_mount *grown;

	if (draft->mount_count == MOUNTS_MAX) {
		reader_error(reader, mount->mark,
			"the service mounts too much, the limit is %d",
			MOUNTS_MAX);
		return;
	}
	grown = reader_grow(reader, draft->mounts, draft->mount_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->mount_count++] = *mount;
	draft->mounts = grown;
}

static bool set_target(struct reader *reader, const char *text,
	struct volume_mount *mount)
{
	const char *wrong = NULL;

	mount->target = path_in_container(reader, text, &wrong);
	if (wrong)
		reader_error(reader, mount->mark, "the target '%.100s' %s",
			text, wrong);
	return mount->target != NULL;
}

/* clang-format off */
/* What people mount of the machine, and what they mean by it. */
static const struct machine_file {
	const char *path;
	const char *advice;
	bool is_ignored; /* works the same without */
} machine_files[] = {
	{ "/etc/localtime", "the machine's time is UTC, as without this, ignored; for another zone write 'TZ' in 'environment:'", true },
	{ "/etc/timezone", "the machine's time is UTC, as without this, ignored; for another zone write 'TZ' in 'environment:'", true },
	{ "/var/run/docker.sock", "there is no Docker socket to give; remove this, or the service if it cannot work without", false },
	{ "/run/docker.sock", "there is no Docker socket to give; remove this, or the service if it cannot work without", false },
	{ "/lib/modules", "the kernel of the machine has no modules, ignored; remove this", true },
	{ "/dev/shm", "that of the machine is not mounted; remove this, and write 'shm_size:' for a larger one", false },
	{ "/dev", "devices are not mounted; write 'devices:'", false },
	{ "/proc", "nothing of the machine itself can be mounted; remove this", false },
	{ "/sys", "nothing of the machine itself can be mounted; remove this", false },
	{ "/", "nothing of the machine itself can be mounted; remove this", false },
};
/* clang-format on */

#define MACHINE_FILES (sizeof(machine_files) / sizeof(machine_files[0]))

static const struct machine_file *find_machine_file(const char *text)
{
	size_t length = strlen(text);

	while (length > 1 && text[length - 1] == '/')
		length--;
	for (size_t i = 0; i < MACHINE_FILES; i++) {
		const char *path = machine_files[i].path;

		if (strlen(path) == length && strncmp(path, text, length) == 0)
			return &machine_files[i];
		/* those of /dev are asked for one by one */
		if (text_equal(path, "/dev") && text_starts_with(text, "/dev/"))
			return &machine_files[i];
	}
	return NULL;
}

static void report_machine_file(struct reader *reader, const char *text,
	const struct machine_file *file, struct mark mark)
{
	if (file->is_ignored)
		reader_warn(reader, mark, "'%.60s': %s", text, file->advice);
	else
		reader_error(reader, mark, "'%.60s': %s", text, file->advice);
}

/* A file or folder of the config folder; it must be there. */
static bool set_file(struct reader *reader, const char *text,
	struct volume_mount *mount)
{
	const struct machine_file *machine_file = find_machine_file(text);
	const char *wrong = NULL;
	struct stat status;

	if (machine_file) {
		report_machine_file(reader, text, machine_file, mount->mark);
		return false;
	}
	mount->kind = VOLUME_FILE;
	mount->source = path_in_folder(reader, text, &wrong);
	if (wrong)
		reader_error(reader, mount->mark,
			"'%.100s' %s, or use a named volume", text, wrong);
	if (!mount->source)
		return false;
	if (reader->folder_fd >= 0 &&
		fstatat(reader->folder_fd, mount->source, &status, 0) < 0) {
		reader_error(reader, mount->mark,
			"the file '%.100s' is not there (%s); put it beside the config, or use a named volume for what is written there",
			text, strerror(errno));
		return false;
	}
	return true;
}

static bool set_named(struct reader *reader, const char *text,
	struct volume_mount *mount)
{
	const char *wrong = name_check_volume(text);

	mount->kind = VOLUME_NAMED;
	mount->source = text;
	if (!wrong)
		return true;
	if (!*text) {
		reader_error(reader, mount->mark,
			"there is nothing before the ':', write the name of a volume, or './file'");
		return false;
	}
	if (strchr(text, '/'))
		wrong = "is no name of a volume; start a file with './'";
	reader_error(reader, mount->mark, "'%.100s' %s", text, wrong);
	return false;
}

struct modes {
	bool read_only;
	bool read_write;
	bool no_copy;
};

/* "ro", "rw", "nocopy" and words that mean nothing here, by commas */
static bool read_modes(struct reader *reader, struct mark mark,
	const char *text, struct modes *out)
{
	static const char *const silent[] = { "z", "Z", "cached", "delegated",
		"consistent" };

	while (text) {
		const char *comma = strchrnul(text, ',');
		const char *word =
			reader_copy(reader, text, (size_t)(comma - text));
		bool is_known = false;

		if (!word)
			return false;
		for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
			is_known |= text_equal(word, silent[i]);
		out->read_only |= text_equal(word, "ro");
		out->read_write |= text_equal(word, "rw");
		out->no_copy |= text_equal(word, "nocopy");
		if (!is_known && !text_equal(word, "ro") &&
			!text_equal(word, "rw") &&
			!text_equal(word, "nocopy")) {
			reader_error(reader, mark,
				"the mode '%.60s' is unknown, write 'ro' or 'rw'",
				word);
			return false;
		}
		text = *comma ? comma + 1 : NULL;
	}
	return true;
}

/* Files of the config partition can only be read. */
static bool set_modes(struct reader *reader, const struct modes *modes,
	struct volume_mount *mount)
{
	mount->read_only = modes->read_only;
	mount->no_copy = modes->no_copy;
	if (mount->kind != VOLUME_FILE || modes->read_only)
		return true;
	if (modes->read_write) {
		reader_error(reader, mount->mark,
			"files of the config partition cannot be written; write 'ro', or use a named volume");
		return false;
	}
	reader_warn(reader, mount->mark,
		"files of the config partition can only be read; say so by ':ro', or 'read_only: true' in a map");
	mount->read_only = true;
	return true;
}

/* SOURCE:TARGET[:MODE] */
static void read_short(struct reader *reader, struct draft_service *draft,
	const struct node *node)
{
	const char *text = reader_text(reader, node,
		"'volume:/path' or './file:/path:ro'");
	struct volume_mount mount = { .mark = node->mark };
	struct modes modes = { 0 };
	char *source;
	char *target;
	char *mode;

	source = text ? reader_copy(reader, text, strlen(text)) : NULL;
	if (!source)
		return;
	target = strchr(source, ':');
	if (!target) {
		reader_error(reader, node->mark,
			"'%.60s' has no name; write 'data:%.60s' and declare 'data' below the top-level 'volumes:'",
			text, text);
		return;
	}
	*target++ = '\0';
	mode = strchr(target, ':');
	if (mode)
		*mode++ = '\0';
	if (!read_modes(reader, node->mark, mode, &modes))
		return;
	if (path_is_one(source) ? !set_file(reader, source, &mount)
				: !set_named(reader, source, &mount))
		return;
	if (set_target(reader, target, &mount) &&
		set_modes(reader, &modes, &mount))
		add_mount(reader, draft, &mount);
}

static bool set_type(struct reader *reader, const struct long_mount *options,
	struct volume_mount *mount)
{
	const char *type = options->type;

	if (text_equal(type, "tmpfs")) {
		mount->kind = VOLUME_TMPFS;
		return true;
	}
	if (!text_equal(type, "volume") && !text_equal(type, "bind")) {
		reader_error(reader, mount->mark,
			"the type '%.60s' is not known; write volume, bind or tmpfs",
			type);
		return false;
	}
	if (!options->source) {
		reader_error(reader, mount->mark,
			"the key 'source' is missing: the name of a volume, or a file of the config partition");
		return false;
	}
	if (text_equal(type, "bind"))
		return set_file(reader, options->source, mount);
	return set_named(reader, options->source, mount);
}

static void read_long(struct reader *reader, struct draft_service *draft,
	const struct node *node)
{
	struct long_mount options = { 0 };
	struct volume_mount mount = { .mark = node->mark };
	struct modes modes;

	walk_map(reader, node, &schema_mount, &options);
	if (!options.type || !options.target) {
		reader_error(reader, node->mark,
			"the key '%s' is missing, write both, such as {type: volume, source: data, target: /data}",
			options.type ? "target" : "type");
		return;
	}
	if (!set_type(reader, &options, &mount) ||
		!set_target(reader, options.target, &mount))
		return;
	modes = (struct modes){ options.read_only, false, options.no_copy };
	if (!set_modes(reader, &modes, &mount))
		return;
	mount.tmpfs_size_bytes = options.size_bytes;
	mount.tmpfs_mode = options.mode;
	add_mount(reader, draft, &mount);
}

void read_mounts(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [\"data:/var/lib\"]"))
		return;
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		if (e->value->kind == NODE_MAP)
			read_long(reader, draft, e->value);
		else
			read_short(reader, draft, e->value);
		reader_pop(reader, path);
	}
}

/* One of "size=64m", "mode=755", "ro" ...; false: it is none. */
static bool set_tmpfs_option(const char *word, struct volume_mount *mount)
{
	/* a tmpfs of a container is so when nothing else is said */
	static const char *const silent[] = { "rw", "noexec", "nosuid", "nodev",
		"" };
	uint64_t id = 0;

	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		if (text_equal(word, silent[i]))
			return true;
	}
	if (text_equal(word, "ro")) {
		mount->read_only = true;
		return true;
	}
	if (text_equal(word, "exec")) {
		mount->tmpfs_exec = true;
		return true;
	}
	if (text_starts_with(word, "uid=") || text_starts_with(word, "gid=")) {
		if (text_parse_u64(word + 4, TMPFS_ID_MAX, &id) < 0)
			return false;
		*(*word == 'u' ? &mount->tmpfs_uid : &mount->tmpfs_gid) =
			(uint32_t)id;
		return true;
	}
	if (text_starts_with(word, "size="))
		return value_bytes(word + 5, &mount->tmpfs_size_bytes) == 0;
	if (text_starts_with(word, "mode="))
		return value_mode(word + 5, &mount->tmpfs_mode) == 0;
	return false;
}

static void read_tmpfs_item(struct reader *reader, struct draft_service *draft,
	const struct node *node)
{
	const char *text = reader_text(reader, node, "a path, such as /run");
	struct volume_mount mount = { .kind = VOLUME_TMPFS,
		.mark = node->mark };
	char *target = text ? reader_copy(reader, text, strlen(text)) : NULL;
	char *options;

	if (!target)
		return;
	options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	while (options) {
		char *comma = strchr(options, ',');

		if (comma)
			*comma++ = '\0';
		if (!set_tmpfs_option(options, &mount)) {
			reader_error(reader, node->mark,
				"the option '%.60s' cannot stand here; write size=64m, mode=1777, uid=0, gid=0, exec or ro",
				options);
			return;
		}
		options = comma;
	}
	if (set_target(reader, target, &mount))
		add_mount(reader, draft, &mount);
}

void read_tmpfs(struct reader *reader, const struct node *node, void *base)
{
	struct draft_service *draft = base;
	size_t index = 0;

	if (node->kind != NODE_LIST) {
		read_tmpfs_item(reader, draft, node);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_tmpfs_item(reader, draft, e->value);
		reader_pop(reader, path);
	}
}
