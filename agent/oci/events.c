// SPDX-License-Identifier: MIT
/* events - the command "events": what a container uses, and when it had none */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/commands.h"
#include "oci/event.h"
#include "oci/handle.h"
#include "oci/options.h"
#include "run/cgroup.h"
#include "run/stats.h"

#define DEFAULT_INTERVAL_MS 5000

static int print_line(char *line, struct error *err)
{
	auto_free char *text = line;

	if (!text)
		return error_set(err, -ENOMEM, "print it: no memory");
	if (printf("%s\n", text) < 0 || fflush(stdout) != 0)
		return error_errno(err, "write");
	return 0;
}

static int print_stats(const struct handle *handle, struct error *err)
{
	static struct stats stats; /* large */
	int result = stats_read(handle->container.cgroup_dir_fd, &stats, err);

	return result < 0 ? result
			  : print_line(event_print(handle->id, &stats), err);
}

/* "5s", "100ms", "1m", "2h" */
static int parse_interval(const char *text, int *out_ms, struct error *err)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60 * 1000 },
		{ "h", 60 * 60 * 1000 },
	};
	size_t digits = strspn(text, "0123456789");
	char number[16] = "";
	uint64_t count = 0;

	if (digits < sizeof(number))
		memcpy(number, text, digits);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!text_equal(text + digits, units[i].unit) ||
			text_parse_u64(number, INT_MAX / units[i].ms, &count) <
				0 ||
			count == 0)
			continue;
		*out_ms = (int)(count * units[i].ms);
		return 0;
	}
	return error_set(err, -EINVAL,
		"option '--interval': '%s' is no time such as 5s or 100ms",
		text);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct follow {
	const struct handle *handle;
	int memory_fd; /* of memory.events; -1 without that controller */
	uint64_t oom_kills;
	int interval_ms;
};

static int print_oom(struct follow *follow, struct error *err)
{
	uint64_t kills = cgroup_watch_read(follow->memory_fd, "oom_kill");
	bool is_new = kills > follow->oom_kills;

	follow->oom_kills = kills;
	return is_new ? print_line(event_print(follow->handle->id, NULL), err)
		      : 0;
}

/* To its end. */
static int follow_container(struct follow *follow, struct error *err)
{
	struct pollfd fds[] = {
		{ .fd = follow->handle->container.pid_fd, .events = POLLIN },
		{ .fd = follow->memory_fd, .events = POLLPRI },
	};
	uint64_t next_ms = now_ms();
	int result = 0;

	while (result == 0) {
		uint64_t now = now_ms();
		int wait_ms = next_ms > now ? (int)(next_ms - now) : 0;
		int count = poll(fds, 2, wait_ms);

		if (count < 0 && errno != EINTR)
			return error_errno(err, "wait for it");
		if (count > 0 && (fds[1].revents & POLLPRI))
			result = print_oom(follow, err);
		else if (count > 0)
			return 0; /* it ended */
		if (count != 0 || result < 0)
			continue;
		result = print_stats(follow->handle, err);
		next_ms = now + (uint64_t)follow->interval_ms;
	}
	return result;
}

int command_events(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	auto_fd memory_fd = -1;
	struct follow follow = { .handle = &handle,
		.interval_ms = DEFAULT_INTERVAL_MS };
	int result = handle_open(&handle, options, false, err);

	if (result == 0 && options->interval)
		result = parse_interval(options->interval, &follow.interval_ms,
			err);
	if (result < 0)
		return result;
	if (handle.status == STATE_STOPPED)
		return handle_wrong_status(&handle, "running", err);
	result = handle_find_processes(&handle, err);
	if (result < 0)
		return result;
	if (handle.container.cgroup_dir_fd < 0)
		return error_set(err, -EOPNOTSUPP,
			"the container has no cgroup that counts");
	if (options->stats)
		return print_stats(&handle, err);
	memory_fd =
		cgroup_watch(handle.container.cgroup_dir_fd, "memory.events");
	follow.memory_fd = memory_fd < 0 ? -1 : memory_fd;
	if (memory_fd >= 0)
		follow.oom_kills = cgroup_watch_read(memory_fd, "oom_kill");
	return follow_container(&follow, err);
}
