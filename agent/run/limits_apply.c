// SPDX-License-Identifier: MIT
/* limits_apply - writes a plan of limits to a cgroup */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/cgroup.h"
#include "run/limits.h"

#define CONTROLLER_SIZE 32
#define SHOWN_MAX       60 /* of a value in an error */

static const char *value_of(const struct limit *limit)
{
	return limit->value ? limit->value : limit->text;
}

static bool is_no_limit(const struct limit *limit)
{
	return strncmp(value_of(limit), "max", 3) == 0;
}

/* One write per line, as "unified" may have several devices. */
static int write_lines(int fd, const char *value)
{
	int result = 0;

	if (!strchr(value, '\n') || !value[1])
		return fd_write_all(fd, value, strlen(value));
	for (const char *at = value; *at && result == 0;) {
		size_t length = strcspn(at, "\n");

		if (length > 0)
			result = fd_write_all(fd, at, length);
		at += length;
		at += *at == '\n';
	}
	return result;
}

static int write_value(int dir_fd, const char *file, const char *value)
{
	auto_fd fd = openat(dir_fd, file,
		O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);

	return fd < 0 ? -errno : write_lines(fd, value);
}

static int read_value(int dir_fd, const char *file, char *out, size_t size)
{
	auto_fd fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? -errno : fd_read_full(fd, out, size - 1);

	out[count < 0 ? 0 : count] = '\0';
	return count < 0 ? (int)count : 0;
}

/* A new period, with the quota that the file has: "50000 20000". */
static int write_period(int dir_fd, const struct limit *limit)
{
	char quota[64];
	char value[128];
	int result = read_value(dir_fd, limit->file, quota, sizeof(quota));

	if (result < 0)
		return result;
	quota[strcspn(quota, " \n")] = '\0';
	(void)snprintf(value, sizeof(value), "%s%s", quota,
		value_of(limit) + strcspn(value_of(limit), " "));
	return write_value(dir_fd, limit->file, value);
}

/* "8:0 rbps=1048576 wbps=max ..." for each device that has a throttle. */
static int forget_devices(int dir_fd, const struct limit *limit)
{
	char content[4096];
	char value[96];
	int result = read_value(dir_fd, limit->file, content, sizeof(content));
	char *end;

	for (char *at = content; *at && result == 0; at = end) {
		at[strcspn(at, " \n")] = '\0';
		end = at + strlen(at) + 1;
		(void)snprintf(value, sizeof(value),
			"%.40s rbps=max wbps=max riops=max wiops=max", at);
		result = write_value(dir_fd, limit->file, value);
		/* a device that is gone has no throttle either */
		result = result == -ENODEV ? 0 : result;
		end += strcspn(end, "\n");
		end += *end == '\n';
	}
	return result;
}

static int write_row(int dir_fd, const struct limit *limit)
{
	if (limit->keeps_quota)
		return write_period(dir_fd, limit);
	if (limit->forgets_devices)
		return forget_devices(dir_fd, limit);
	return write_value(dir_fd, limit->file, value_of(limit));
}

static int write_limit(int dir_fd, const struct limit *limit)
{
	int result = write_row(dir_fd, limit);
	int other;

	/* EOPNOTSUPP: nothing weighs this device by that file */
	if (!limit->has_alternative ||
		(result != -ENOENT && result != -EOPNOTSUPP))
		return result;
	other = write_row(dir_fd, limit + 1);
	return other == -ENOENT ? result : other;
}

/* Whether this host has the controller on cgroup v1 (proc(5), /proc/cgroups) */
static bool is_on_v1(const char *controller)
{
	const char *name = text_equal(controller, "io") ? "blkio" : controller;
	auto_free char *content = NULL;
	size_t length = strlen(name);

	if (fd_read_file(AT_FDCWD, "/proc/cgroups", 4096, &content, NULL,
		    NULL) < 0)
		return false;
	for (const char *at = content; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, length) == 0 && at[length] == '\t')
			return strtoul(at + length, NULL, 10) > 0;
	}
	return false;
}

/* "unified" may have long values and many lines; the first one is enough. */
static int say_written(const struct limit *limit, int result, struct error *err)
{
	const char *value = value_of(limit);
	size_t length = strcspn(value, "\n");

	if (length > SHOWN_MAX)
		length = SHOWN_MAX;
	return result < 0 ? error_set(err, result, "write '%.*s' to '%s': %s",
				    (int)length, value, limit->file,
				    strerror(-result))
			  : 0;
}

/* The file is not there: gets its controller from above and tries again. */
static int write_with_controller(int dir_fd, const struct limit *limit,
	struct error *err)
{
	auto_fd parent =
		openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char controller[CONTROLLER_SIZE] = "";
	size_t length = strcspn(limit->file, ".");
	int result;

	if (parent < 0)
		return error_errno(err, "open the cgroup above");
	if (length < sizeof(controller))
		memcpy(controller, limit->file, length);
	result = cgroup_hand_down(parent, controller, err);
	if (result == -EOPNOTSUPP && is_on_v1(controller))
		return error_set(err, result,
			"this host has the %s controller on cgroup v1, and "
			"limits need cgroup v2",
			controller);
	if (result < 0)
		return result;
	result = write_limit(dir_fd, limit);
	if (result == -ENOENT)
		return error_set(err, -EOPNOTSUPP,
			"this kernel has no '%s' for a cgroup", limit->file);
	return say_written(limit, result, err);
}

static int check_usage(int dir_fd, const struct limit *limit, struct error *err)
{
	uint64_t usage = cgroup_read(dir_fd, "memory.current", NULL);
	uint64_t value = strtoull(value_of(limit), NULL, 10);

	if (is_no_limit(limit) || value >= usage)
		return 0;
	return error_set(err, -EBUSY,
		"%" PRIu64 " is less than the %" PRIu64 " bytes that it uses",
		value, usage);
}

/* Writes this row, or two of them; returns how many, or an error. */
static int apply(int dir_fd, const struct limit *row, struct error *err)
{
	int count = row->has_alternative ? 2 : 1;
	int result = 0;

	if (row->is_above_usage && (result = check_usage(dir_fd, row, err)) < 0)
		return result;
	result = write_limit(dir_fd, row);
	if (result == -EINVAL && row->may_follow) {
		result = apply(dir_fd, row + 1, err);
		if (result < 0)
			return result;
		result = write_limit(dir_fd, row);
		count = 2;
	}
	if (result == -ENOENT && (row->is_optional || is_no_limit(row)))
		return count;
	result = result == -ENOENT ? write_with_controller(dir_fd, row, err)
				   : say_written(row, result, err);
	return result < 0 ? result : count;
}

int limits_apply(int cgroup_dir_fd, const struct limits *limits,
	struct error *err)
{
	for (size_t i = 0; i < limits->count;) {
		const struct limit *row = &limits->items[i];
		int count = apply(cgroup_dir_fd, row, err);

		if (count < 0)
			return error_prefix(err, "set '%s'", row->field);
		i += (size_t)count;
	}
	return 0;
}
