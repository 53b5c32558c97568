// SPDX-License-Identifier: MIT
/* sysctl - kernel parameters of a container, and of nobody else */
#include "run/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/join.h"
#include "run/oci.h"
#include "run/procfs.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KEY_MAX      200
#define VALUE_MAX    1024
#define FOLDER       "sys/"

/* A path that ends with a slash is all parameters below it. */
static const struct row {
	const char *path;
	enum oci_namespace_kind kind;
	const char *kind_name;
} rows[] = {
	{ "fs/mqueue/", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/auto_msgmni", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/msg_next_id", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/msgmax", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/msgmnb", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/msgmni", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/sem", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/sem_next_id", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/shm_next_id", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/shm_rmid_forced", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/shmall", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/shmmax", OCI_NAMESPACE_IPC, "ipc" },
	{ "kernel/shmmni", OCI_NAMESPACE_IPC, "ipc" },
	{ "net/", OCI_NAMESPACE_NETWORK, "network" },
	{ "user/", OCI_NAMESPACE_USER, "user" },
};

/* What has a field of its own. */
static const struct oci_pair fields[] = {
	{ "kernel/domainname", "domainname" },
	{ "kernel/hostname", "hostname" },
};

/* Letters that names of parameters and of network devices are made of. */
static bool is_name_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_-.:@", c));
}

/* Every component is a name: not empty, not "." and not "..". */
static bool is_path(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
			(length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		for (size_t i = 0; i < length; i++) {
			if (!is_name_letter(path[i]))
				return false;
		}
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

/* The separator that comes first is the separator; the other is a letter. */
static bool make_path(const char *key, char *path, size_t size)
{
	bool has_dots = key[strcspn(key, "./")] == '.';

	if (!text_copy(path, size, key))
		return false;
	for (char *at = path; has_dots && *at; at++) {
		if (*at == '.')
			*at = '/';
		else if (*at == '/')
			*at = '.';
	}
	return is_path(path);
}

static const struct row *find_row(const char *path)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *own = rows[i].path;

		if (own[strlen(own) - 1] == '/' ? text_starts_with(path, own)
						: text_equal(path, own))
			return &rows[i];
	}
	return NULL;
}

/* A namespace by path may be the one that we are in. */
static bool is_separate(const struct oci_namespace *namespace,
	enum oci_namespace_kind kind)
{
	return namespace->is_asked &&
	       !(namespace->path && join_is_ours(kind, namespace->path));
}

static int check_value(const char *value, struct error *err)
{
	size_t length = strlen(value);

	if (length == 0 || length > VALUE_MAX)
		return error_set(err, -EINVAL,
			"the value must have 1 to %d characters", VALUE_MAX);
	for (size_t i = 0; i < length; i++) {
		bool is_printable = value[i] >= ' ' && value[i] <= '~';

		if ((!is_printable && value[i] != '\t') || value[i] == '+')
			return error_set(err, -EINVAL,
				"the value has a character that is not allowed "
				"(0x%02x)",
				(unsigned int)(unsigned char)value[i]);
	}
	return 0;
}

static int check_pair(const struct oci_spec *spec, const struct oci_pair *pair,
	struct error *err)
{
	char path[KEY_MAX];
	const struct row *row;

	if (!make_path(pair->key, path, sizeof(path)))
		return error_set(err, -EINVAL,
			"it is not the name of a parameter");
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (text_equal(path, fields[i].key))
			return error_set(err, -EINVAL,
				"write '%s' of the container instead",
				fields[i].value);
	}
	row = find_row(path);
	if (!row)
		return error_set(err, -EINVAL,
			"it is not known to belong to a namespace, so it may "
			"be the whole machine's");
	if (!is_separate(&spec->namespaces[row->kind], row->kind))
		return error_set(err, -EINVAL,
			"it needs a %s namespace of the container's own",
			row->kind_name);
	return check_value(pair->value, err);
}

int sysctl_check(const struct oci_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		struct error reason = { .code = 0 };
		int result = check_pair(spec, &spec->sysctls[i], &reason);

		if (result < 0)
			return error_set(err, result, "sysctl '%.*s': %s",
				KEY_MAX / 2, spec->sysctls[i].key, reason.text);
	}
	return 0;
}

int sysctl_write(int proc_fd, const struct oci_pair *sysctl, struct error *err)
{
	char path[KEY_MAX] = FOLDER;
	size_t length = strlen(sysctl->value);
	struct stat status;
	ssize_t written;

	if (!make_path(sysctl->key, path + strlen(FOLDER),
		    sizeof(path) - strlen(FOLDER)))
		return error_set(err, -EINVAL,
			"it is not the name of a parameter");

	auto_fd fd = procfs_open(proc_fd, path, O_WRONLY);

	if (fd == -ENOENT)
		return error_set(err, fd, "the kernel has no such parameter");
	if (fd < 0)
		return error_set(err, fd, "%s", strerror(-fd));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return error_set(err, -EINVAL, "it is not a parameter");
	written = write(fd, sysctl->value, length);
	if (written < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	if ((size_t)written != length)
		return error_set(err, -EIO, "it was not taken whole");
	return 0;
}
