// SPDX-License-Identifier: MIT
/* starter - the command "spec": a config.json to start from */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/commands.h"
#include "oci/folder.h"
#include "oci/options.h"
#include "oci/pool.h"

#define FEW_CAPABILITIES \
	"[\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]"

/* A shell with few rights, the usual mounts, and paths that show too much. */
static const char starter[] =
	"{\"ociVersion\": \"" COMMANDS_OCI_VERSION "\","
	"\"process\": {"
	"  \"terminal\": true,"
	"  \"user\": {\"uid\": 0, \"gid\": 0},"
	"  \"args\": [\"sh\"],"
	"  \"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
	"/sbin:/bin\", \"TERM=xterm\"],"
	"  \"cwd\": \"/\","
	"  \"capabilities\": {"
	"    \"bounding\": " FEW_CAPABILITIES ","
	"    \"effective\": " FEW_CAPABILITIES ","
	"    \"permitted\": " FEW_CAPABILITIES "},"
	"  \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\","
	"    \"hard\": 1024, \"soft\": 1024}],"
	"  \"noNewPrivileges\": true},"
	"\"root\": {\"path\": \"rootfs\", \"readonly\": true},"
	"\"hostname\": \"tare\","
	"\"mounts\": ["
	"  {\"destination\": \"/proc\", \"type\": \"proc\","
	"    \"source\": \"proc\","
	"    \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"  {\"destination\": \"/dev\", \"type\": \"tmpfs\","
	"    \"source\": \"tmpfs\", \"options\": [\"nosuid\","
	"    \"strictatime\", \"mode=755\", \"size=65536k\"]},"
	"  {\"destination\": \"/dev/pts\", \"type\": \"devpts\","
	"    \"source\": \"devpts\", \"options\": [\"nosuid\", \"noexec\","
	"    \"newinstance\", \"ptmxmode=0666\", \"mode=0620\", \"gid=5\"]},"
	"  {\"destination\": \"/dev/shm\", \"type\": \"tmpfs\","
	"    \"source\": \"shm\", \"options\": [\"nosuid\", \"noexec\","
	"    \"nodev\", \"mode=1777\", \"size=65536k\"]},"
	"  {\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\","
	"    \"source\": \"mqueue\","
	"    \"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"  {\"destination\": \"/sys\", \"type\": \"sysfs\","
	"    \"source\": \"sysfs\","
	"    \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},"
	"  {\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\","
	"    \"source\": \"cgroup\","
	"    \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]}],"
	"\"linux\": {"
	"  \"resources\": {\"devices\": [{\"allow\": false,"
	"    \"access\": \"rwm\"}]},"
	"  \"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"},"
	"    {\"type\": \"ipc\"}, {\"type\": \"uts\"}, {\"type\": \"mount\"},"
	"    {\"type\": \"cgroup\"}],"
	"  \"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\","
	"    \"/proc/interrupts\", \"/proc/kcore\", \"/proc/keys\","
	"    \"/proc/latency_stats\", \"/proc/sched_debug\", \"/proc/scsi\","
	"    \"/proc/timer_list\", \"/proc/timer_stats\","
	"    \"/sys/devices/virtual/powercap\", \"/sys/firmware\"],"
	"  \"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\","
	"    \"/proc/sys\", \"/proc/sysrq-trigger\"]}}";

/*
 * What an ordinary user may do: a user namespace with one id in it, the
 * network of the caller (a sysfs of its own is not to be had there, so /sys is
 * a bind), a devpts without gid=5, no rules for devices.
 */
static const char rootless_mounts[] =
	"{\"sys\": {\"destination\": \"/sys\", \"type\": \"none\","
	"  \"source\": \"/sys\", \"options\": [\"rbind\", \"nosuid\","
	"  \"noexec\", \"nodev\", \"ro\"]},"
	"\"pts\": {\"destination\": \"/dev/pts\", \"type\": \"devpts\","
	"  \"source\": \"devpts\", \"options\": [\"nosuid\", \"noexec\","
	"  \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"]}}";

static void map_one_id(json_t *linux_part, const char *name, unsigned int id)
{
	json_t *mapping = json_object();
	json_t *mappings = json_array();

	(void)json_object_set_new(mapping, "containerID", json_integer(0));
	(void)json_object_set_new(mapping, "hostID", json_integer(id));
	(void)json_object_set_new(mapping, "size", json_integer(1));
	(void)json_array_append_new(mappings, mapping);
	(void)json_object_set_new(linux_part, name, mappings);
}

static void replace_mounts(json_t *mounts)
{
	json_t *others = json_loads(rootless_mounts, 0, NULL);
	size_t i = 0;

	while (i < json_array_size(mounts)) {
		const char *path = json_string_value(
			json_object_get(json_array_get(mounts, i),
				"destination"));

		if (path && text_equal(path, "/sys"))
			(void)json_array_set(mounts, i,
				json_object_get(others, "sys"));
		else if (path && text_equal(path, "/dev/pts"))
			(void)json_array_set(mounts, i,
				json_object_get(others, "pts"));
		if (path && text_equal(path, "/sys/fs/cgroup"))
			(void)json_array_remove(mounts, i);
		else
			i++;
	}
	json_decref(others);
}

static void make_rootless(json_t *config)
{
	json_t *linux_part = json_object_get(config, "linux");
	json_t *namespaces = json_object_get(linux_part, "namespaces");

	for (size_t i = 0; i < json_array_size(namespaces); i++) {
		json_t *type =
			json_object_get(json_array_get(namespaces, i), "type");

		if (text_equal(json_string_value(type), "network"))
			(void)json_string_set(type, "user");
	}
	(void)json_object_del(linux_part, "resources");
	map_one_id(linux_part, "uidMappings", geteuid());
	map_one_id(linux_part, "gidMappings", getegid());
	replace_mounts(json_object_get(config, "mounts"));
}

/* A file that is there is somebody's work. */
static int write_new(const struct options *options, const char *text,
	struct error *err)
{
	const char *folder = options->bundle ? options->bundle : ".";
	const char *name = options->file ? options->file : FOLDER_CONFIG;
	const char *slash = "/";
	auto_fd dir_fd =
		openat(AT_FDCWD, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd fd = -1;
	int result;

	if (text_equal(name, "-"))
		return fputs(text, stdout) < 0 || fflush(stdout) != 0
			       ? error_errno(err, "write")
			       : 0;
	if (dir_fd < 0)
		return error_errno(err, "open the bundle '%s'", folder);
	if (*name == '/')
		folder = slash = "";
	fd = openat(dir_fd, name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST)
		return error_set(err, -EEXIST,
			"'%s%s%s' exists already; remove it, or name another with '--file'",
			folder, slash, name);
	if (fd < 0)
		return error_errno(err, "create '%s%s%s'", folder, slash, name);
	result = fd_write_all(fd, text, strlen(text));
	if (result == 0)
		return 0;
	/* half a file would keep the next try from writing one */
	(void)unlinkat(dir_fd, name, 0);
	return error_set(err, result, "write '%s%s%s': %s", folder, slash, name,
		strerror(-result));
}

int command_spec(const struct options *options, struct error *err)
{
	json_error_t where;
	json_t *config = json_loads(starter, 0, &where);
	auto_free char *text = NULL;

	if (options->rootless)
		make_rootless(config);
	text = pool_print(config, JSON_INDENT(2));
	json_decref(config);
	if (!text)
		return error_set(err, -ENOMEM, "write the config: no memory");
	return write_new(options, text, err);
}
