// SPDX-License-Identifier: MIT
/* document_check - what no single object of config.json shows */
#include <inttypes.h>

#include "oci/document_tables.h"
#include "run/words.h"

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

int document_check_mappings(struct fields_reader *reader, const char *key,
	const struct oci_id_mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *a = &mappings->items[i];

		for (size_t k = 0; k < i; k++) {
			const struct oci_id_mapping *b = &mappings->items[k];

			if (!overlap(a->container_id, a->size, b->container_id,
				    b->size) &&
				!overlap(a->host_id, a->size, b->host_id,
					b->size))
				continue;
			(void)fields_push(reader, key);
			(void)fields_push_index(reader, i);
			return fields_error(reader, "has ids of %s[%zu]", key,
				k);
		}
	}
	return 0;
}

static bool is_mapped(const struct oci_id_mappings *mappings, uint32_t id)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const struct oci_id_mapping *mapping = &mappings->items[i];

		if (id >= mapping->container_id &&
			id - mapping->container_id < mapping->size)
			return true;
	}
	return false;
}

/* Is a namespace asked for that is not somebody else's already? */
static bool is_new(const struct oci_spec *spec, enum oci_namespace_kind kind)
{
	return spec->namespaces[kind].is_asked && !spec->namespaces[kind].path;
}

static int check_mappings(struct fields_reader *reader,
	const struct oci_spec *spec)
{
	const struct {
		const char *key;
		const struct oci_id_mappings *mappings;
	} rows[] = {
		{ "uidMappings", &spec->uid_mappings },
		{ "gidMappings", &spec->gid_mappings },
	};
	size_t path = fields_push(reader, "linux");

	for (size_t i = 0; i < 2; i++) {
		size_t count = rows[i].mappings->count;
		int result;

		if (count && !spec->namespaces[OCI_NAMESPACE_USER].is_asked)
			return fields_error_at(reader, rows[i].key,
				"is for a 'user' namespace, which is not in linux.namespaces");
		if (!count && is_new(spec, OCI_NAMESPACE_USER))
			return fields_error_at(reader, rows[i].key,
				"is missing, a new 'user' namespace needs it");
		result = document_check_mappings(reader, rows[i].key,
			rows[i].mappings);
		if (result < 0)
			return result;
	}
	fields_pop(reader, path);
	return 0;
}

static int check_id(struct fields_reader *reader, const char *key, uint32_t id,
	const struct oci_id_mappings *mappings)
{
	if (is_mapped(mappings, id))
		return 0;
	return fields_error_at(reader, key,
		"%" PRIu32 " is not mapped in linux.%s", id,
		key[0] == 'u' ? "uidMappings" : "gidMappings");
}

static int check_user(struct fields_reader *reader, const struct oci_spec *spec)
{
	const struct oci_user *user = &spec->process.user;
	size_t path = fields_push(reader, "process");
	int result;

	(void)fields_push(reader, "user");
	result = check_id(reader, "uid", user->uid, &spec->uid_mappings);
	if (result == 0)
		result =
			check_id(reader, "gid", user->gid, &spec->gid_mappings);
	for (size_t i = 0; i < user->additional_gid_count && result == 0; i++) {
		uint32_t gid = user->additional_gids[i];

		if (is_mapped(&spec->gid_mappings, gid))
			continue;
		(void)fields_push(reader, "additionalGids");
		(void)fields_push_index(reader, i);
		return fields_error(reader,
			"%" PRIu32 " is not mapped in linux.gidMappings", gid);
	}
	fields_pop(reader, path);
	return result;
}

static int check_idmaps(struct fields_reader *reader,
	const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct oci_mount *mount = &spec->mounts[i];

		if (!mount->idmap || mount->uid_mappings.count ||
			spec->namespaces[OCI_NAMESPACE_USER].is_asked)
			continue;
		(void)fields_push(reader, "mounts");
		(void)fields_push_index(reader, i);
		return fields_error_at(reader, "options",
			"'idmap' needs uidMappings and gidMappings, or a 'user' namespace");
	}
	return 0;
}

/* Fields that need a namespace: one that is new, or one of another container */
static int check_needs(struct fields_reader *reader,
	const struct oci_spec *spec)
{
	const struct {
		const char *object, *key;
		bool is_there, has_to_be_new;
		enum oci_namespace_kind kind;
	} rows[] = {
		{ NULL, "hostname", spec->hostname, false, OCI_NAMESPACE_UTS },
		{ NULL, "domainname", spec->domainname, false,
			OCI_NAMESPACE_UTS },
		{ "linux", "timeOffsets",
			spec->monotonic.is_set || spec->boottime.is_set, true,
			OCI_NAMESPACE_TIME },
		{ "linux", "netDevices", spec->net_device_count, false,
			OCI_NAMESPACE_NETWORK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_met = rows[i].has_to_be_new
				      ? is_new(spec, rows[i].kind)
				      : spec->namespaces[rows[i].kind].is_asked;

		if (!rows[i].is_there || is_met)
			continue;
		if (rows[i].object)
			(void)fields_push(reader, rows[i].object);
		for (size_t k = 0; k < words_namespaces.count; k++) {
			if (words_namespaces.items[k].value != rows[i].kind)
				continue;
			return fields_error_at(reader, rows[i].key,
				"needs %s'%s' namespace, which is not in linux.namespaces",
				rows[i].has_to_be_new ? "a new " : "a ",
				words_namespaces.items[k].text);
		}
	}
	return 0;
}

int document_check(struct fields_reader *reader, const struct oci_spec *spec)
{
	int result;

	if (!spec->namespaces[OCI_NAMESPACE_MOUNT].is_asked) {
		(void)fields_push(reader, "linux");
		return fields_error_at(reader, "namespaces",
			"a container needs a 'mount' namespace, or its mounts would be the machine's");
	}
	result = check_mappings(reader, spec);
	if (result == 0 && spec->has_process &&
		is_new(spec, OCI_NAMESPACE_USER))
		result = check_user(reader, spec);
	if (result == 0)
		result = check_idmaps(reader, spec);
	return result < 0 ? result : check_needs(reader, spec);
}
