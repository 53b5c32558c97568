// SPDX-License-Identifier: MIT
/* features - the command "features": what this runtime knows, as JSON */
#include <errno.h>
#include <jansson.h>
#include <seccomp.h>
#include <stdio.h>

#include "lib/error.h"
#include "oci/commands.h"
#include "oci/document.h"
#include "run/words.h"
#include "version.h"

/* runtime-spec, features.md and features-linux.md */

static json_t *pack_words(const struct words *words)
{
	json_t *array = json_array();

	for (size_t i = 0; i < words->count; i++)
		(void)json_array_append_new(array,
			json_string(words->items[i].text));
	return array;
}

static json_t *pack_mount_options(void)
{
	json_t *array = json_array();
	const char *name;

	for (size_t i = 0; (name = document_mount_option(i)); i++)
		(void)json_array_append_new(array, json_string(name));
	return array;
}

/* { name: value }, of which value is taken over */
static json_t *pack_one(const char *name, json_t *value)
{
	json_t *object = json_object();

	(void)json_object_set_new(object, name, value);
	return object;
}

static json_t *pack_cgroup(void)
{
	static const struct {
		const char *name;
		bool is_known;
	} rows[] = {
		{ "v1", false },
		{ "v2", true },
		{ "systemd", false },
		{ "systemdUser", false },
		{ "rdma", true },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)json_object_set_new(object, rows[i].name,
			json_boolean(rows[i].is_known));
	return object;
}

static json_t *pack_seccomp(void)
{
	json_t *object = pack_one("enabled", json_true());
	json_t *flags = pack_words(&words_filter_flags);

	(void)json_object_set_new(object, "actions",
		pack_words(&words_actions));
	(void)json_object_set_new(object, "operators",
		pack_words(&words_compares));
	(void)json_object_set_new(object, "archs",
		pack_words(&words_architectures));
	(void)json_object_set(object, "knownFlags", flags);
	(void)json_object_set_new(object, "supportedFlags", flags);
	return object;
}

static json_t *pack_memory_policy(void)
{
	json_t *object = pack_one("modes", pack_words(&words_memory_modes));

	(void)json_object_set_new(object, "flags",
		pack_words(&words_memory_flags));
	return object;
}

static json_t *pack_linux(void)
{
	const struct {
		const char *name;
		json_t *value;
	} rows[] = {
		{ "namespaces", pack_words(&words_namespaces) },
		{ "capabilities", pack_words(&words_capabilities) },
		{ "cgroup", pack_cgroup() },
		{ "seccomp", pack_seccomp() },
		{ "apparmor", pack_one("enabled", json_true()) },
		{ "selinux", pack_one("enabled", json_true()) },
		{ "intelRdt", pack_one("enabled", json_false()) },
		{ "memoryPolicy", pack_memory_policy() },
		{ "mountExtensions",
			pack_one("idmap", pack_one("enabled", json_true())) },
		{ "netDevices", pack_one("enabled", json_true()) },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		(void)json_object_set_new(object, rows[i].name, rows[i].value);
	return object;
}

static json_t *pack_annotations(void)
{
	char version[32];
	json_t *object =
		pack_one("tare-oci.version", json_string(TARE_VERSION));

	(void)snprintf(version, sizeof(version), "%d.%d.%d", SCMP_VER_MAJOR,
		SCMP_VER_MINOR, SCMP_VER_MICRO);
	(void)json_object_set_new(object,
		"io.github.seccomp.libseccomp.version", json_string(version));
	return object;
}

int command_features(const struct options *options, struct error *err)
{
	json_t *features = pack_one("ociVersionMin", json_string("1.0.0"));
	int result;

	(void)options;
	(void)json_object_set_new(features, "ociVersionMax",
		json_string(COMMANDS_OCI_VERSION));
	(void)json_object_set_new(features, "hooks", pack_words(&words_hooks));
	(void)json_object_set_new(features, "mountOptions",
		pack_mount_options());
	(void)json_object_set_new(features, "linux", pack_linux());
	(void)json_object_set_new(features, "annotations", pack_annotations());
	(void)json_object_set_new(features,
		"potentiallyUnsafeConfigAnnotations", json_array());
	result = json_dumpf(features, stdout, JSON_INDENT(2));
	json_decref(features);
	(void)putchar('\n');
	if (result < 0 || fflush(stdout) != 0)
		return error_set(err, -EIO, "write the list");
	return 0;
}
