// SPDX-License-Identifier: MIT
/* document_linux - the object "linux" of config.json */
#include <linux/mempolicy.h>
#include <string.h>

#include "lib/arena.h"
#include "oci/document_tables.h"
#include "run/profile.h"
#include "run/words.h"

/* ---- what is read before it is put into the spec ---- */

struct namespace_draft {
	uint32_t kind;
	const char *path;
};

struct device_draft {
	struct oci_device device;
	struct oci_number major, minor;
};

struct personality_draft {
	uint32_t domain;
	const char *const *flags;
};

struct policy_draft {
	uint32_t mode;
	uint32_t flags;
	const char *nodes;
};

/* ---- texts ---- */

const char *document_check_interface(const char *text)
{
	size_t length = strlen(text);

	if (length && length <= 15 && !text[strcspn(text, "/ \t\n:")] &&
		!text_equal(text, ".") && !text_equal(text, ".."))
		return NULL;
	return "is no name of a network interface";
}

static const char *check_cgroups_path(const char *text)
{
	const char *at = text;

	while ((at = strstr(at, ".."))) {
		bool starts = at == text || at[-1] == '/';

		if (starts && (at[2] == '/' || at[2] == '\0'))
			return "leaves its folder with '..'";
		at += 2;
	}
	return NULL;
}

/* It stands between quotes in the options of a mount. */
static const char *check_label(const char *text)
{
	return text[strcspn(text, "\"\\\n")] ? "is no label of SELinux" : NULL;
}

static const char *check_sysctl(const char *key)
{
	return *key && strlen(key) <= 255 ? NULL : "is no kernel parameter";
}

/* ---- objects ---- */

static int read_namespaces(struct fields_reader *reader, const json_t *value,
	void *base);
static int read_time_offsets(struct fields_reader *reader, const json_t *value,
	void *base);
static int read_seccomp(struct fields_reader *reader, const json_t *value,
	void *base);
static int read_personality(struct fields_reader *reader, const json_t *value,
	void *base);
static int read_memory_policy(struct fields_reader *reader, const json_t *value,
	void *base);

static int finish_mapping(struct fields_reader *reader, void *base)
{
	const struct oci_id_mapping *mapping = base;
	const uint64_t end = UINT32_MAX; /* the last id means "none" */

	if (mapping->size == 0)
		return fields_error_at(reader, "size", "0 is under 1");
	if ((uint64_t)mapping->container_id + mapping->size > end)
		return fields_error_at(reader, "containerID",
			"with the size this goes beyond the id 4294967294");
	if ((uint64_t)mapping->host_id + mapping->size > end)
		return fields_error_at(reader, "hostID",
			"with the size this goes beyond the id 4294967294");
	return 0;
}

static int finish_device(struct fields_reader *reader, void *base)
{
	struct device_draft *draft = base;
	struct oci_device *device = &draft->device;

	if (device->type != 'p' && !draft->major.is_set)
		return fields_error_at(reader, "major", "is missing");
	if (device->type != 'p' && !draft->minor.is_set)
		return fields_error_at(reader, "minor", "is missing");
	device->major = (uint32_t)draft->major.value;
	device->minor = (uint32_t)draft->minor.value;
	device->mode.value &= 07777; /* Docker gives the file's type, too */
	return 0;
}

static int finish_policy(struct fields_reader *reader, void *base)
{
	const struct policy_draft *policy = base;
	bool is_without =
		policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;

	if (is_without && policy->nodes)
		return fields_error_at(reader, "nodes",
			"is for policies other than this");
	if (!is_without && policy->mode != MPOL_PREFERRED && !policy->nodes)
		return fields_error_at(reader, "nodes", "is missing");
	if ((policy->flags & MPOL_F_STATIC_NODES) &&
		(policy->flags & MPOL_F_RELATIVE_NODES))
		return fields_error_at(reader, "flags",
			"nodes are either static or relative");
	return 0;
}

/* clang-format off */

static const struct word device_types[] = {
	{ "b", 'b' },
	{ "c", 'c' },
	{ "p", 'p' },
	{ "u", 'c' },
};
static const struct words device_type_words = { "type of a device (b, c, p, u)", device_types, 4 };

static const struct field namespace_rows[] = {
	{ "type", FIELD_WORD, FIELD_REQUIRED, FIELD(struct namespace_draft, kind), .words = &words_namespaces },
	{ "path", FIELD_TEXT, FIELD_ABSOLUTE, FIELD(struct namespace_draft, path), .max = DOCUMENT_PATH_MAX },
};
static const struct fields namespace_fields = FIELDS(namespace_rows, struct namespace_draft, NULL);

static const struct field mapping_rows[] = {
	{ "containerID", FIELD_U32, FIELD_REQUIRED, FIELD(struct oci_id_mapping, container_id) },
	{ "hostID",      FIELD_U32, FIELD_REQUIRED, FIELD(struct oci_id_mapping, host_id) },
	{ "size",        FIELD_U32, FIELD_REQUIRED, FIELD(struct oci_id_mapping, size) },
};
const struct fields document_mapping_fields = FIELDS(mapping_rows, struct oci_id_mapping, finish_mapping);

static const struct field offset_rows[] = {
	{ "secs",     FIELD_I64, 0, FIELD(struct oci_time_offset, secs), .min = INT64_MIN },
	{ "nanosecs", FIELD_U32, 0, FIELD(struct oci_time_offset, nanosecs), .max = 999999999 },
};
static const struct fields offset_fields = FIELDS(offset_rows, struct oci_time_offset, NULL);

static const struct field clock_rows[] = {
	{ "monotonic", FIELD_OBJECT, 0, FIELD(struct oci_spec, monotonic),
	  .has = offsetof(struct oci_spec, monotonic.is_set), .table = &offset_fields },
	{ "boottime",  FIELD_OBJECT, 0, FIELD(struct oci_spec, boottime),
	  .has = offsetof(struct oci_spec, boottime.is_set), .table = &offset_fields },
};
static const struct fields clock_fields = FIELDS(clock_rows, struct oci_spec, NULL);

static const struct field device_rows[] = {
	{ "type",     FIELD_WORD,   FIELD_REQUIRED, FIELD(struct device_draft, device.type),
	  .words = &device_type_words },
	{ "path",     FIELD_TEXT,   FIELD_REQUIRED | FIELD_ABSOLUTE, FIELD(struct device_draft, device.path),
	  .max = DOCUMENT_PATH_MAX },
	{ "major",    FIELD_NUMBER, 0, FIELD(struct device_draft, major), .max = 4095 },
	{ "minor",    FIELD_NUMBER, 0, FIELD(struct device_draft, minor), .max = 1048575 },
	{ "fileMode", FIELD_NUMBER, 0, FIELD(struct device_draft, device.mode), .max = UINT32_MAX },
	{ "uid",      FIELD_U32,    0, FIELD(struct device_draft, device.uid), .max = UINT32_MAX - 1 },
	{ "gid",      FIELD_U32,    0, FIELD(struct device_draft, device.gid), .max = UINT32_MAX - 1 },
};
static const struct fields device_fields = FIELDS_KEPT(device_rows, struct device_draft,
	struct oci_device, finish_device);

static const struct field personality_rows[] = {
	{ "domain", FIELD_WORD,  FIELD_REQUIRED, FIELD(struct personality_draft, domain), .words = &words_domains },
	{ "flags",  FIELD_TEXTS, 0, FIELD(struct personality_draft, flags) },
};
static const struct fields personality_fields = FIELDS(personality_rows, struct personality_draft, NULL);

static const struct field policy_rows[] = {
	{ "mode",  FIELD_WORD,  FIELD_REQUIRED, FIELD(struct policy_draft, mode), .words = &words_memory_modes },
	{ "flags", FIELD_FLAGS, 0, FIELD(struct policy_draft, flags), .words = &words_memory_flags },
	{ "nodes", FIELD_TEXT,  0, FIELD(struct policy_draft, nodes), .check = document_check_cpus },
};
static const struct fields policy_fields = FIELDS(policy_rows, struct policy_draft, finish_policy);

static const struct field net_device_rows[] = {
	{ "name", FIELD_TEXT, 0, FIELD(struct oci_net_device, new_name), .check = document_check_interface },
};
static const struct fields net_device_fields = FIELDS(net_device_rows, struct oci_net_device, NULL);

static const struct fields rdt_fields = { .rows = NULL };

static const struct field linux_rows[] = {
	{ "namespaces",        FIELD_CUSTOM, .table = &namespace_fields, .read = read_namespaces },
	{ "uidMappings",       FIELD_LIST,   0, ITEMS(struct oci_spec, uid_mappings.items, uid_mappings.count),
	  .table = &document_mapping_fields, .max = DOCUMENT_MAPPINGS_MAX },
	{ "gidMappings",       FIELD_LIST,   0, ITEMS(struct oci_spec, gid_mappings.items, gid_mappings.count),
	  .table = &document_mapping_fields, .max = DOCUMENT_MAPPINGS_MAX },
	{ "timeOffsets",       FIELD_CUSTOM, .table = &clock_fields, .read = read_time_offsets },
	{ "devices",           FIELD_LIST,   0, ITEMS(struct oci_spec, devices, device_count),
	  .table = &device_fields },
	{ "cgroupsPath",       FIELD_TEXT,   0, FIELD(struct oci_spec, cgroups_path), .max = DOCUMENT_PATH_MAX,
	  .check = check_cgroups_path },
	{ "resources",         FIELD_OBJECT, 0, FIELD(struct oci_spec, resources), .table = &document_resources_fields },
	{ "rootfsPropagation", FIELD_WORD,   0, FIELD(struct oci_spec, rootfs_propagation),
	  .words = &words_propagations },
	{ "seccomp",           FIELD_CUSTOM, .table = &profile_fields, .read = read_seccomp },
	{ "sysctl",            FIELD_PAIRS,  0, ITEMS(struct oci_spec, sysctls, sysctl_count), .check = check_sysctl },
	{ "maskedPaths",       FIELD_TEXTS,  FIELD_ABSOLUTE, FIELD(struct oci_spec, masked_paths),
	  .max = DOCUMENT_PATH_MAX },
	{ "readonlyPaths",     FIELD_TEXTS,  FIELD_ABSOLUTE, FIELD(struct oci_spec, readonly_paths),
	  .max = DOCUMENT_PATH_MAX },
	{ "mountLabel",        FIELD_TEXT,   0, FIELD(struct oci_spec, mount_label), .max = DOCUMENT_PATH_MAX,
	  .check = check_label },
	{ "personality",       FIELD_CUSTOM, .table = &personality_fields, .read = read_personality },
	{ "memoryPolicy",      FIELD_CUSTOM, .table = &policy_fields, .read = read_memory_policy },
	{ "netDevices",        FIELD_MAP,    0, ITEMS(struct oci_spec, net_devices, net_device_count),
	  .check = document_check_interface, .table = &net_device_fields },
	{ "intelRdt",          FIELD_OBJECT, .has = offsetof(struct oci_spec, has_intel_rdt), .table = &rdt_fields },
};
const struct fields document_linux_fields = FIELDS(linux_rows, struct oci_spec, NULL);

/* clang-format on */

static int read_namespaces(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_spec *spec = base;
	int result = fields_want(reader, value, JSON_ARRAY);

	for (size_t i = 0; i < json_array_size(value) && result == 0; i++) {
		size_t path = fields_push_index(reader, i);
		struct namespace_draft draft = { .path = NULL };
		struct oci_namespace *out;

		result = fields_read(reader, json_array_get(value, i),
			&namespace_fields, &draft);
		if (result < 0)
			return result;
		out = &spec->namespaces[draft.kind];
		if (out->is_asked)
			return fields_error_at(reader, "type",
				"this namespace is asked for twice");
		out->is_asked = true;
		out->path = draft.path;
		fields_pop(reader, path);
	}
	return result;
}

static int read_time_offsets(struct fields_reader *reader, const json_t *value,
	void *base)
{
	const char *key;
	json_t *item;

	json_object_foreach((json_t *)(uintptr_t)value, key, item)
	{
		if (!text_equal(key, "monotonic") &&
			!text_equal(key, "boottime"))
			return fields_error(reader,
				"'%s' is no clock of a time namespace, write monotonic or boottime",
				fields_show(key).text);
	}
	return fields_read(reader, value, &clock_fields, base);
}

static int read_seccomp(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_spec *spec = base;
	struct oci_seccomp *seccomp =
		arena_alloc(reader->arena, sizeof(*seccomp));

	if (!seccomp)
		return fields_no_memory(reader);
	spec->seccomp = seccomp;
	return fields_read(reader, value, &profile_fields, seccomp);
}

static int read_personality(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_spec *spec = base;
	struct personality_draft draft = { .flags = NULL };
	int result = fields_read(reader, value, &personality_fields, &draft);

	if (result == 0 && draft.flags)
		return fields_error_at(reader, "flags",
			"the specification has none yet, remove it");
	spec->personality = OCI_NUMBER(draft.domain);
	return result;
}

static int read_memory_policy(struct fields_reader *reader, const json_t *value,
	void *base)
{
	struct oci_spec *spec = base;
	struct policy_draft draft = { .nodes = NULL };
	int result = fields_read(reader, value, &policy_fields, &draft);

	spec->memory_policy = (struct oci_memory_policy){ .is_set = true,
		.mode = draft.mode | draft.flags,
		.nodes = draft.nodes };
	return result;
}
