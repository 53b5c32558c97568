// SPDX-License-Identifier: MIT
/* document - config.json of the OCI runtime-spec, read into struct oci_spec */
#include "oci/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "oci/document_tables.h"

/* "1.0.0" to "1.3.99", with or without "-rc.1" and "+build" (SemVer 2.0.0) */
static const char *check_version(const char *text)
{
	static const char unknown[] =
		"is no version that is known: 1.0.x, 1.1.x, 1.2.x and 1.3.x are";
	const char *patch;
	size_t digits;

	if (strncmp(text, "1.", 2) != 0 || text[2] < '0' || text[2] > '3' ||
		text[3] != '.')
		return unknown;
	patch = text + 4;
	digits = strspn(patch, "0123456789");
	if (digits == 0 || (digits > 1 && *patch == '0'))
		return unknown;
	return patch[digits] == '\0' || patch[digits] == '-' ||
			       patch[digits] == '+'
		       ? NULL
		       : unknown;
}

static const char *check_annotation(const char *key)
{
	return *key ? NULL : "is empty";
}

/* clang-format off */

static const struct field root_rows[] = {
	{ "path",     FIELD_TEXT, FIELD_REQUIRED, FIELD(struct oci_spec, root_path), .max = DOCUMENT_PATH_MAX },
	{ "readonly", FIELD_BOOL, 0,              FIELD(struct oci_spec, root_readonly) },
};
static const struct fields root_fields = FIELDS(root_rows, struct oci_spec, NULL);

static const struct field spec_rows[] = {
	{ "ociVersion",  FIELD_TEXT,   FIELD_REQUIRED, FIELD(struct oci_spec, version), .max = 64, .check = check_version },
	{ "process",     FIELD_OBJECT, 0, FIELD(struct oci_spec, process),
	  .has = offsetof(struct oci_spec, has_process), .table = &document_process_fields },
	{ "root",        FIELD_OBJECT, FIELD_REQUIRED, .table = &root_fields },
	{ "hostname",    FIELD_TEXT,   0, FIELD(struct oci_spec, hostname), .max = 64 },
	{ "domainname",  FIELD_TEXT,   0, FIELD(struct oci_spec, domainname), .max = 64 },
	{ "mounts",      FIELD_LIST,   0, ITEMS(struct oci_spec, mounts, mount_count),
	  .table = &document_mount_fields },
	{ "hooks",       FIELD_OBJECT, 0, FIELD(struct oci_spec, hooks), .table = &document_hooks_fields },
	{ "annotations", FIELD_PAIRS,  0, ITEMS(struct oci_spec, annotations, annotation_count),
	  .check = check_annotation },
	{ "linux",       FIELD_OBJECT, .table = &document_linux_fields },
};
const struct fields document_fields = FIELDS(spec_rows, struct oci_spec, NULL);

/* clang-format on */

static int finish_spec(struct fields_reader *reader, struct oci_spec *spec)
{
	/* none asked for is none given, as with other runtimes */
	spec->process.has_capabilities = true;
	return document_label_mounts(reader, spec) < 0
		       ? -ENOMEM
		       : document_check(reader, spec);
}

/* What a kind of document is read by, and where it goes. */
struct target {
	const struct fields *table;
	void *out;
	struct arena *arena;
	bool is_spec;
};

static int parse(const struct target *target, const char *text, size_t size,
	struct error *err)
{
	struct fields_reader reader;
	json_t *root;
	int result;

	memset(target->out, 0, target->table->size);
	if (size > DOCUMENT_SIZE_MAX)
		return error_set(err, -EINVAL,
			"the document is over 4 MiB long");
	result = fields_parse(text, size, target->arena, &root, err);
	if (result < 0)
		return result;
	fields_init(&reader, target->arena, err);
	reader.shares_texts = true;
	result = fields_read(&reader, root, target->table, target->out);
	return result == 0 && target->is_spec
		       ? finish_spec(&reader, target->out)
		       : result;
}

static int parse_named(const struct target *target, const char *name,
	const char *text, size_t size, struct error *err)
{
	struct error own;
	int result = parse(target, text, size, err ? err : &own);

	return result < 0 ? error_prefix(err ? err : &own, "%s", name) : 0;
}

static struct target spec_target(struct arena *arena, struct oci_spec *out)
{
	return (struct target){ &document_fields, out, arena, true };
}

static struct target process_target(struct arena *arena,
	struct oci_process *out)
{
	return (struct target){ &document_process_fields, out, arena, false };
}

static struct target resources_target(struct arena *arena,
	struct oci_resources *out)
{
	return (struct target){ &document_resources_fields, out, arena, false };
}

int document_parse(const char *text, size_t size, struct arena *arena,
	struct oci_spec *out, struct error *err)
{
	struct target target = spec_target(arena, out);

	return parse_named(&target, "config.json", text, size, err);
}

int document_parse_process(const char *text, size_t size, struct arena *arena,
	struct oci_process *out, struct error *err)
{
	struct target target = process_target(arena, out);

	return parse_named(&target, "process", text, size, err);
}

int document_parse_resources(const char *text, size_t size, struct arena *arena,
	struct oci_resources *out, struct error *err)
{
	struct target target = resources_target(arena, out);

	return parse_named(&target, "resources", text, size, err);
}

int document_load_spec(int dir_fd, const char *name, struct arena *arena,
	struct oci_spec *out, struct error *err)
{
	struct target target = spec_target(arena, out);
	auto_free char *text = NULL;
	size_t size;
	int result = fd_read_file(dir_fd, name, DOCUMENT_SIZE_MAX, &text, &size,
		err);

	return result < 0 ? result
			  : parse_named(&target, name, text, size, err);
}

/* Reads what a caller has chosen himself: any kind of file. */
static int load(const struct target *target, const char *path,
	struct error *err)
{
	bool is_input = text_equal(path, "-");
	const char *slash = strrchr(path, '/');
	const char *name =
		is_input ? "standard input" : (slash ? slash + 1 : path);
	auto_fd fd = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			      : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t size;

	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	auto_free char *text = malloc(DOCUMENT_SIZE_MAX + 1);

	if (!text)
		return error_set(err, -ENOMEM, "read '%s': no memory", path);
	size = fd_read_full(fd, text, DOCUMENT_SIZE_MAX + 1);
	if (size < 0)
		return error_set(err, (int)size, "read '%s': %s", path,
			strerror((int)-size));
	return parse_named(target, name, text, (size_t)size, err);
}

int document_load_process(const char *path, struct arena *arena,
	struct oci_process *out, struct error *err)
{
	struct target target = process_target(arena, out);

	return load(&target, path, err);
}

int document_load_resources(const char *path, struct arena *arena,
	struct oci_resources *out, struct error *err)
{
	struct target target = resources_target(arena, out);

	return load(&target, path, err);
}
