// SPDX-License-Identifier: MIT
/*
 * document_mount - mounts of config.json
 *
 * Options are of four kinds: attributes of the mount (mount_setattr(2)), flags
 * of the file system, which go to it as data as every option does that is not
 * in the table, propagation, and how to mount.
 */
#include <errno.h>
#include <linux/mount.h>
#include <string.h>

#include "lib/arena.h"
#include "oci/document.h"
#include "oci/document_tables.h"
#include "run/words.h"

#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* linux/mount.h and sys/mount.h cannot both be included */
enum {
	FLAG_RECURSIVE = 1 << 14
}; /* MS_REC */

enum effect {
	EFFECT_NONE, /* has no meaning for a mount that nobody lists in fstab */
	EFFECT_ATTRIBUTE,
	EFFECT_RECURSIVE, /* an attribute of all mounts below, too */
	EFFECT_DATA,
	EFFECT_PROPAGATION,
	EFFECT_BIND,
	EFFECT_RECURSIVE_BIND,
	EFFECT_REMOUNT,
	EFFECT_COPY_UP,
	EFFECT_NO_SYMLINK,
	EFFECT_NO_SYMLINK_TARGET,
	EFFECT_IDMAP,
	EFFECT_RECURSIVE_IDMAP,
};

#define ATIME          MOUNT_ATTR__ATIME
#define SET(bits)      EFFECT_ATTRIBUTE, (bits), 0
#define DROP(bits)     EFFECT_ATTRIBUTE, 0, (bits)
#define ALL_SET(bits)  EFFECT_RECURSIVE, (bits), 0
#define ALL_DROP(bits) EFFECT_RECURSIVE, 0, (bits)

static const struct option {
	const char *name;
	enum effect effect;
	uint64_t set, drop;
} options[] = {
	/* clang-format off */
	{ "async",          .effect = EFFECT_DATA },
	{ "atime",          DROP(MOUNT_ATTR_NOATIME) },
	{ "bind",           .effect = EFFECT_BIND },
	{ "defaults",       .effect = EFFECT_NONE },
	{ "dev",            DROP(MOUNT_ATTR_NODEV) },
	{ "diratime",       DROP(MOUNT_ATTR_NODIRATIME) },
	{ "dirsync",        .effect = EFFECT_DATA },
	{ "exec",           DROP(MOUNT_ATTR_NOEXEC) },
	{ "idmap",          .effect = EFFECT_IDMAP },
	{ "iversion",       .effect = EFFECT_NONE },
	{ "lazytime",       .effect = EFFECT_DATA },
	{ "loud",           .effect = EFFECT_NONE },
	{ "mand",           .effect = EFFECT_DATA },
	{ "noatime",        EFFECT_ATTRIBUTE, MOUNT_ATTR_NOATIME, ATIME },
	{ "nodev",          SET(MOUNT_ATTR_NODEV) },
	{ "nodiratime",     SET(MOUNT_ATTR_NODIRATIME) },
	{ "noexec",         SET(MOUNT_ATTR_NOEXEC) },
	{ "noiversion",     .effect = EFFECT_NONE },
	{ "nolazytime",     .effect = EFFECT_DATA },
	{ "nomand",         .effect = EFFECT_DATA },
	{ "norelatime",     .effect = EFFECT_NONE },
	{ "nostrictatime",  DROP(MOUNT_ATTR_STRICTATIME) },
	{ "nosuid",         SET(MOUNT_ATTR_NOSUID) },
	{ "nosymfollow",    SET(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "private",        .effect = EFFECT_PROPAGATION },
	{ "ratime",         ALL_DROP(MOUNT_ATTR_NOATIME) },
	{ "rbind",          .effect = EFFECT_RECURSIVE_BIND },
	{ "rdev",           ALL_DROP(MOUNT_ATTR_NODEV) },
	{ "rdiratime",      ALL_DROP(MOUNT_ATTR_NODIRATIME) },
	{ "relatime",       DROP(ATIME) },
	{ "remount",        .effect = EFFECT_REMOUNT },
	{ "rexec",          ALL_DROP(MOUNT_ATTR_NOEXEC) },
	{ "ridmap",         .effect = EFFECT_RECURSIVE_IDMAP },
	{ "rnoatime",       EFFECT_RECURSIVE, MOUNT_ATTR_NOATIME, ATIME },
	{ "rnodev",         ALL_SET(MOUNT_ATTR_NODEV) },
	{ "rnodiratime",    ALL_SET(MOUNT_ATTR_NODIRATIME) },
	{ "rnoexec",        ALL_SET(MOUNT_ATTR_NOEXEC) },
	{ "rnorelatime",    .effect = EFFECT_NONE },
	{ "rnostrictatime", ALL_DROP(MOUNT_ATTR_STRICTATIME) },
	{ "rnosuid",        ALL_SET(MOUNT_ATTR_NOSUID) },
	{ "rnosymfollow",   ALL_SET(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "ro",             SET(MOUNT_ATTR_RDONLY) },
	{ "rprivate",       .effect = EFFECT_PROPAGATION },
	{ "rrelatime",      ALL_DROP(ATIME) },
	{ "rro",            ALL_SET(MOUNT_ATTR_RDONLY) },
	{ "rrw",            ALL_DROP(MOUNT_ATTR_RDONLY) },
	{ "rshared",        .effect = EFFECT_PROPAGATION },
	{ "rslave",         .effect = EFFECT_PROPAGATION },
	{ "rstrictatime",   EFFECT_RECURSIVE, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "rsuid",          ALL_DROP(MOUNT_ATTR_NOSUID) },
	{ "rsymfollow",     ALL_DROP(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "runbindable",    .effect = EFFECT_PROPAGATION },
	{ "rw",             DROP(MOUNT_ATTR_RDONLY) },
	{ "shared",         .effect = EFFECT_PROPAGATION },
	{ "silent",         .effect = EFFECT_NONE },
	{ "slave",          .effect = EFFECT_PROPAGATION },
	{ "strictatime",    EFFECT_ATTRIBUTE, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "suid",           DROP(MOUNT_ATTR_NOSUID) },
	{ "symfollow",      DROP(MOUNT_ATTR_NOSYMFOLLOW) },
	{ "sync",           .effect = EFFECT_DATA },
	{ "tmpcopyup",      .effect = EFFECT_COPY_UP },
	{ "unbindable",     .effect = EFFECT_PROPAGATION },
	/* not of the specification: do not follow a link at the end */
	{ "dest-nofollow",  .effect = EFFECT_NO_SYMLINK_TARGET },
	{ "src-nofollow",   .effect = EFFECT_NO_SYMLINK },
	/* clang-format on */
};

enum {
	OPTION_COUNT = sizeof(options) / sizeof(options[0])
};

const char *document_mount_option(size_t index)
{
	return index < OPTION_COUNT ? options[index].name : NULL;
}

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (text_equal(options[i].name, name))
			return &options[i];
	}
	return NULL;
}

/* A later option wins; mount_setattr(2) wants all of ATIME cleared or none. */
static void change(const struct option *option, uint64_t *set, uint64_t *clear)
{
	*set = (*set & ~option->drop) | option->set;
	*clear = (*clear & ~option->set) | option->drop;
	if (*clear & ATIME)
		*clear |= ATIME;
}

static void set_propagation(struct oci_mount *mount, const char *name)
{
	uint64_t flags = 0;

	(void)words_find(&words_propagations, name, &flags); /* it is there */
	mount->propagates_recursive = flags & FLAG_RECURSIVE;
	mount->propagation = flags & ~(uint64_t)FLAG_RECURSIVE;
}

/* A mount, and the data that its options are so far. */
struct draft {
	struct oci_mount *mount;
	struct text data;
};

static void add_data(struct draft *draft, const char *option)
{
	text_add(&draft->data, "%s%s", draft->data.used ? "," : "", option);
}

static void apply(const struct option *option, struct draft *draft)
{
	struct oci_mount *mount = draft->mount;

	switch (option->effect) {
	case EFFECT_NONE:
		break;
	case EFFECT_ATTRIBUTE:
		change(option, &mount->attributes, &mount->attributes_clear);
		break;
	case EFFECT_RECURSIVE:
		change(option, &mount->recursive, &mount->recursive_clear);
		break;
	case EFFECT_DATA:
		add_data(draft, option->name);
		break;
	case EFFECT_PROPAGATION:
		set_propagation(mount, option->name);
		break;
	case EFFECT_RECURSIVE_BIND:
		mount->is_recursive = true;
		mount->kind = OCI_MOUNT_BIND;
		break;
	case EFFECT_BIND:
		mount->kind = OCI_MOUNT_BIND;
		break;
	case EFFECT_REMOUNT:
		mount->is_remount = true;
		break;
	case EFFECT_COPY_UP:
		mount->copies_up = true;
		break;
	case EFFECT_NO_SYMLINK:
		mount->no_symlink = true;
		break;
	case EFFECT_NO_SYMLINK_TARGET:
		mount->no_symlink_target = true;
		break;
	case EFFECT_IDMAP:
		mount->idmap = OCI_IDMAP;
		break;
	case EFFECT_RECURSIVE_IDMAP:
		mount->idmap = OCI_IDMAP_RECURSIVE;
		break;
	}
}

static int read_option(struct fields_reader *reader, const char *text,
	struct draft *draft)
{
	const struct option *option = find_option(text);

	if (option) {
		apply(option, draft);
		return 0;
	}
	if (!*text || text_starts_with(text, "x-") ||
		text_starts_with(text, "X-")) /* as mount(8) */
		return 0;
	if (text_starts_with(text, "idmap=") ||
		text_starts_with(text, "ridmap="))
		return fields_error(reader,
			"'%s': write 'idmap', and the ids into uidMappings and gidMappings",
			fields_show(text).text);
	add_data(draft, text);
	return 0;
}

/* Room for all options to be data. */
static int start_draft(struct fields_reader *reader, const json_t *value,
	struct draft *draft)
{
	size_t size = 1;
	char *buffer;

	for (size_t i = 0; i < json_array_size(value); i++)
		size += json_string_length(json_array_get(value, i)) + 1;
	buffer = arena_alloc(reader->arena, size);
	if (!buffer)
		return fields_no_memory(reader);
	text_init(&draft->data, buffer, size);
	return 0;
}

static int read_options(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct draft draft = { .mount = base };
	int result = fields_want(reader, value, JSON_ARRAY);

	if (result == 0)
		result = start_draft(reader, value, &draft);
	for (size_t i = 0; i < json_array_size(value) && result == 0; i++) {
		const json_t *item = json_array_get(value, i);
		size_t path = fields_push_index(reader, i);

		result = fields_want(reader, item, JSON_STRING);
		if (result == 0)
			result = read_option(reader, json_string_value(item),
				&draft);
		if (result == 0)
			fields_pop(reader, path);
	}
	if (result == 0 && draft.data.used)
		draft.mount->data = draft.data.data;
	return result;
}

/* The mount of a disk is read-only, and so is its file system. */
static int add_read_only(struct fields_reader *reader, struct oci_mount *mount)
{
	mount->data =
		mount->data ? arena_format(reader->arena, "%s,ro", mount->data)
			    : "ro";
	return mount->data ? 0 : fields_no_memory(reader);
}

static int check_idmap(struct fields_reader *reader, struct oci_mount *mount)
{
	const char *missing =
		!mount->uid_mappings.count ? "uidMappings" : "gidMappings";
	int result;

	if (!mount->uid_mappings.count && !mount->gid_mappings.count)
		return 0;
	if (!mount->uid_mappings.count || !mount->gid_mappings.count)
		return fields_error_at(reader, missing,
			"is missing, the other one is there");
	if (!mount->idmap)
		mount->idmap = OCI_IDMAP;
	result = document_check_mappings(reader, "uidMappings",
		&mount->uid_mappings);
	return result < 0 ? result
			  : document_check_mappings(reader, "gidMappings",
				    &mount->gid_mappings);
}

/* Settles what kind of mount it is. */
static int check_kind(struct fields_reader *reader, struct oci_mount *mount)
{
	const char *type = mount->type ? mount->type : "";

	if (text_equal(type, "bind"))
		mount->kind = OCI_MOUNT_BIND;
	if (mount->kind == OCI_MOUNT_BIND) {
		mount->data = NULL; /* the file system has its own */
		if (mount->source || mount->is_remount)
			return 0;
		return fields_error_at(reader, "source",
			"is missing, a bind mount needs it");
	}
	if (!*type && !mount->is_remount)
		return fields_error_at(reader, "type",
			"is missing: name a file system, or write 'bind' into options");
	if (text_equal(type, "cgroup") || text_equal(type, "cgroup2"))
		mount->kind = OCI_MOUNT_CGROUP;
	else if (mount->source && *mount->source == '/' &&
		 (mount->attributes & MOUNT_ATTR_RDONLY))
		return add_read_only(reader, mount);
	return 0;
}

/* "dev", "/dev/" and "/dev/." are "/dev", which matters to who looks for it. */
static int finish_destination(struct fields_reader *reader,
	struct oci_mount *mount)
{
	const char *path = mount->destination;
	size_t length = strlen(path);

	while (length > 1 &&
		(path[length - 1] == '/' ||
			(path[length - 1] == '.' && path[length - 2] == '/')))
		length--;
	if (*path == '/' && !path[length])
		return 0;
	mount->destination = arena_format(reader->arena, "%s%.*s",
		*path == '/' ? "" : "/", (int)length, path);
	return mount->destination ? 0 : fields_no_memory(reader);
}

static int finish_mount(struct fields_reader *reader, void *base)
{
	struct oci_mount *mount = base;
	int result = check_kind(reader, mount);

	if (result == 0)
		result = finish_destination(reader, mount);
	return result < 0 ? result : check_idmap(reader, mount);
}

/* Is it made for this container, by a file system that keeps labels? */
static bool takes_label(const struct oci_mount *mount)
{
	static const char *const without[] = { "proc", "sysfs", "mqueue" };

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		if (mount->type && text_equal(mount->type, without[i]))
			return false;
	}
	return mount->kind == OCI_MOUNT_FILE_SYSTEM && !mount->is_remount &&
	       !(mount->data && strstr(mount->data, "context="));
}

/*
 * A kernel without SELinux does not know the option "context", and the mount
 * is an error that says so.
 */
int document_label_mounts(struct fields_reader *reader, struct oci_spec *spec)
{
	struct oci_mount *mounts;

	if (!spec->mount_label || !spec->mount_count)
		return 0;
	mounts = arena_array(reader->arena, spec->mount_count, sizeof(*mounts));
	if (!mounts)
		return fields_no_memory(reader);
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *data = spec->mounts[i].data;

		mounts[i] = spec->mounts[i];
		if (!takes_label(&mounts[i]))
			continue;
		mounts[i].data = arena_format(reader->arena,
			"%s%scontext=\"%s\"", data ? data : "", data ? "," : "",
			spec->mount_label);
		if (!mounts[i].data)
			return fields_no_memory(reader);
	}
	spec->mounts = mounts;
	return 0;
}

/* clang-format off */

static const struct field mount_rows[] = {
	{ "destination", FIELD_TEXT,   FIELD_REQUIRED, FIELD(struct oci_mount, destination),
	  .max = DOCUMENT_PATH_MAX - 1 },
	{ "type",        FIELD_TEXT,   0, FIELD(struct oci_mount, type), .max = 255 },
	{ "source",      FIELD_TEXT,   0, FIELD(struct oci_mount, source), .max = DOCUMENT_PATH_MAX },
	{ "options",     FIELD_CUSTOM, .read = read_options },
	{ "uidMappings", FIELD_LIST,   0, ITEMS(struct oci_mount, uid_mappings.items, uid_mappings.count),
	  .table = &document_mapping_fields, .max = DOCUMENT_MAPPINGS_MAX },
	{ "gidMappings", FIELD_LIST,   0, ITEMS(struct oci_mount, gid_mappings.items, gid_mappings.count),
	  .table = &document_mapping_fields, .max = DOCUMENT_MAPPINGS_MAX },
};
const struct fields document_mount_fields = FIELDS(mount_rows, struct oci_mount, finish_mount);
