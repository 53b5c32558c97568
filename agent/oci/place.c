// SPDX-License-Identifier: MIT
/* place - which cgroup is a container's */
#include "oci/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/folder.h"
#include "run/cgroup.h"
#include "run/oci.h"

#define DEFAULT_PARENT "tare-oci"
#define FOLDER_FLAGS   (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static bool has_dot_dot(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += *at == '/';
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || !at[2]))
			return true;
	}
	return false;
}

static bool is_for_systemd(const char *path)
{
	const char *colon = *path == '/' ? NULL : strchr(path, ':');

	return colon && strchr(colon + 1, ':');
}

int place_choose(const char *cgroups_path, const char *id, const char *own,
	struct place *out, struct error *err)
{
	const char *asked = cgroups_path ? cgroups_path : id;
	bool is_absolute = *asked == '/';
	struct text text;
	size_t length;

	if (is_for_systemd(asked))
		return error_set(err, -EOPNOTSUPP,
			"linux.cgroupsPath '%s' is meant for systemd; have the caller use cgroupfs as its cgroup manager",
			asked);
	if (has_dot_dot(asked))
		return error_set(err, -EINVAL,
			"linux.cgroupsPath '%s' has '..' in it", asked);
	text_init(&text, out->path, sizeof(out->path));
	if (!is_absolute && own)
		text_add(&text, "%s/", own + strspn(own, "/"));
	if (!is_absolute)
		text_add(&text, DEFAULT_PARENT "/");
	text_add(&text, "%s", asked + strspn(asked, "/"));
	length = strlen(out->path);
	while (length > 0 && out->path[length - 1] == '/')
		out->path[--length] = '\0';
	if (length == 0)
		return error_set(err, -EINVAL,
			"linux.cgroupsPath '%s' is the root of all cgroups",
			asked);
	if (text.is_cut)
		return error_set(err, -ENAMETOOLONG,
			"linux.cgroupsPath '%s' has more than %d bytes", asked,
			PLACE_MAX - 1);
	memmove(out->path, out->path + strspn(out->path, "/"),
		length + 1 - strspn(out->path, "/"));
	return 0;
}

int place_open_root(void)
{
	static const char *const paths[] = {
		"/sys/fs/cgroup",
		"/sys/fs/cgroup/unified",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		auto_fd fd = openat(AT_FDCWD, paths[i], FOLDER_FLAGS);
		struct statfs status;

		if (fd >= 0 && fstatfs(fd, &status) == 0 &&
			status.f_type == CGROUP2_SUPER_MAGIC)
			return fd_take(&fd);
	}
	return -ENOENT;
}

int place_open_path(const char *path)
{
	auto_fd root_fd = -1;
	int fd;

	if (!*path)
		return -ENOENT;
	root_fd = place_open_root();
	if (root_fd < 0)
		return root_fd;
	fd = openat(root_fd, path, FOLDER_FLAGS);
	return fd < 0 ? -errno : fd;
}

bool place_is_frozen(const char *path)
{
	auto_fd fd = place_open_path(path);

	return fd >= 0 && cgroup_read(fd, "cgroup.events", "frozen") == 1;
}

/* The caller's own cgroup: the line "0::/path" of /proc/self/cgroup. */
static bool find_own(char *out, size_t size)
{
	char text[4096] = "";
	auto_fd fd =
		openat(AT_FDCWD, "/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	char *line;
	char *end;

	if (fd < 0 || fd_read_full(fd, text, sizeof(text) - 1) < 0)
		return false;
	line = text_starts_with(text, "0::") ? text : strstr(text, "\n0::");
	if (!line)
		return false;
	line += *line == '\n';
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	return text_copy(out, size, line + strlen("0::"));
}

/* May a folder be made there? Asks the nearest one that exists. */
static bool is_writable(const struct place *place)
{
	char path[PLACE_MAX];
	char *slash;

	/* root may write everywhere, or nowhere */
	if (faccessat(place->root_fd, ".", W_OK, AT_EACCESS) == 0)
		return true;
	(void)text_copy(path, sizeof(path), place->path);
	for (;;) {
		if (faccessat(place->root_fd, path, W_OK, AT_EACCESS) == 0)
			return true;
		if (errno != ENOENT)
			return false;
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
}

static bool is_any_set(const struct oci_number *const *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (numbers[i]->is_set)
			return true;
	}
	return false;
}

/* Besides the rules for devices, which come with every container. */
static bool has_limits(const struct oci_resources *asked)
{
	const struct oci_number *const numbers[] = {
		&asked->memory.limit,
		&asked->memory.reservation,
		&asked->memory.swap,
		&asked->cpu.shares,
		&asked->cpu.quota,
		&asked->cpu.idle,
		&asked->pids_limit,
		&asked->block_io.weight,
	};
	const struct oci_block_io *io = &asked->block_io;

	return is_any_set(numbers, sizeof(numbers) / sizeof(numbers[0])) ||
	       asked->cpu.cpus || asked->cpu.mems || asked->unified_count ||
	       asked->huge_page_count || asked->rdma_count ||
	       io->weights.count || io->read_bps.count || io->write_bps.count ||
	       io->read_iops.count || io->write_iops.count;
}

static int go_without(const struct oci_spec *spec, const char *why,
	struct place *place, struct error *err)
{
	place_close(place);
	if (has_limits(&spec->resources))
		return error_set(err, -EOPNOTSUPP,
			"linux.resources asks for limits, but %s", why);
	return 0;
}

int place_open(const struct oci_spec *spec, const char *id, bool is_disabled,
	struct place *out, struct error *err)
{
	char own[PLACE_MAX];
	bool has_own;
	int result;

	*out = PLACE_NONE;
	if (is_disabled)
		return go_without(spec, "'--cgroup-manager disabled' is given",
			out, err);
	out->root_fd = place_open_root();
	if (out->root_fd < 0)
		return go_without(spec,
			"no cgroup2 is mounted on /sys/fs/cgroup or /sys/fs/cgroup/unified",
			out, err);
	has_own = folder_user() != 0 && find_own(own, sizeof(own));
	result = place_choose(spec->cgroups_path, id, has_own ? own : NULL, out,
		err);
	if (result < 0) {
		place_close(out);
		return result;
	}
	if (!is_writable(out))
		return go_without(spec,
			"no cgroup can be made here; ask for delegation of one",
			out, err);
	return 0;
}

void place_close(struct place *place)
{
	fd_close(&place->root_fd);
	place->path[0] = '\0';
}
