// SPDX-License-Identifier: MIT
/* list - the commands "state", "list" and "ps": what there is, printed */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "oci/commands.h"
#include "oci/folder.h"
#include "oci/handle.h"
#include "oci/options.h"
#include "run/cgroup.h"

enum list_limit {
	LIST_MAX = 65536,
	PROCESSES_MAX = 65536,
};

static bool is_json(const struct options *options)
{
	return options->format && text_equal(options->format, "json");
}

/* A line is written when it is printed, so its error is not the flush's. */
static int end_output(struct error *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return error_set(err, -EIO, "write to standard output");
}

/* The name of the user to whom the folder belongs, or the number. */
static void find_owner(int dir_fd, char *out, size_t size)
{
	const struct passwd *user = NULL;
	struct stat status;

	out[0] = '\0';
	if (fstat(dir_fd, &status) < 0)
		return;
	user = getpwuid(status.st_uid);
	if (user)
		(void)text_copy(out, size, user->pw_name);
	else
		(void)snprintf(out, size, "%u", (unsigned int)status.st_uid);
}

static char *print_state(const struct handle *handle)
{
	char owner[64];

	find_owner(handle->dir_fd, owner, sizeof(owner));
	return state_print(&handle->state, handle->status, owner);
}

int command_state(const struct options *options, struct error *err)
{
	auto_handle handle = HANDLE_NONE;
	auto_free char *text = NULL;
	int result = handle_open(&handle, options, false, err);

	if (result < 0)
		return result;
	text = print_state(&handle);
	if (!text)
		return error_set(err, -ENOMEM, "print it: no memory");
	printf("%s\n", text);
	return end_output(err);
}

/* ---- list ---- */

struct listing {
	const struct options *options;
	json_t *array; /* --format json */
};

static void list_one(struct listing *listing, const struct handle *handle)
{
	char owner[64];
	int pid = handle->status == STATE_STOPPED ? 0 : (int)handle->state.pid;

	if (listing->options->quiet) {
		printf("%s\n", handle->id);
		return;
	}
	if (listing->array) {
		auto_free char *text = print_state(handle);

		(void)json_array_append_new(listing->array,
			text ? json_loads(text, 0, NULL) : NULL);
		return;
	}
	find_owner(handle->dir_fd, owner, sizeof(owner));
	printf("%-24s %-9d %-8s %-39s %-30s %s\n", handle->id, pid,
		state_status_name(handle->status), handle->state.bundle,
		handle->state.created, owner);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The ids in order; the caller frees all of it. */
static size_t read_ids(int root_fd, char **out, size_t max)
{
	int copy_fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = copy_fd < 0 ? NULL : fdopendir(copy_fd);
	const struct dirent *entry;
	size_t count = 0;

	while (dir && count < max && (entry = readdir(dir))) {
		if (folder_check_id(entry->d_name, NULL) < 0)
			continue;
		out[count] = strdup(entry->d_name);
		count += out[count] != NULL;
	}
	qsort(out, count, sizeof(*out), compare_names);
	return count;
}

static void list_all(struct listing *listing, char **ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_handle handle = HANDLE_NONE;
		struct options one = *listing->options;
		struct error err;

		one.arguments = &ids[i];
		one.argument_count = 1;
		if (handle_open(&handle, &one, false, &err) == 0)
			list_one(listing, &handle);
		else if (err.code == -EBADMSG)
			log_warn("list: '%s': %s", ids[i], err.text);
		free(ids[i]);
	}
}

int command_list(const struct options *options, struct error *err)
{
	static char *ids[LIST_MAX];
	struct listing listing = { .options = options };
	auto_fd root_fd = folder_open_root(options->root, false, err);

	if (root_fd < 0 && root_fd != -ENOENT)
		return root_fd;
	if (is_json(options) && !options->quiet)
		listing.array = json_array();
	else if (!options->quiet)
		printf("%-24s %-9s %-8s %-39s %-30s %s\n", "ID", "PID",
			"STATUS", "BUNDLE", "CREATED", "OWNER");
	if (root_fd >= 0)
		list_all(&listing, ids, read_ids(root_fd, ids, LIST_MAX));
	if (listing.array) {
		(void)json_dumpf(listing.array, stdout, JSON_INDENT(2));
		(void)putchar('\n');
		json_decref(listing.array);
	}
	return end_output(err);
}

/* ---- ps ---- */

static void print_processes(const pid_t *processes, size_t count, bool as_json)
{
	printf("%s", as_json ? "[" : "PID\n");
	for (size_t i = 0; i < count; i++)
		printf("%s%d%s", as_json && i ? "," : "", (int)processes[i],
			as_json ? "" : "\n");
	if (as_json)
		printf("]\n");
}

int command_ps(const struct options *options, struct error *err)
{
	static pid_t processes[PROCESSES_MAX];
	auto_handle handle = HANDLE_NONE;
	int count = 0;
	int result = handle_open(&handle, options, false, err);

	if (result < 0)
		return result;
	result = handle_find_processes(&handle, err);
	if (result < 0)
		return result;
	if (handle.container.cgroup_dir_fd >= 0) {
		count = cgroup_processes(handle.container.cgroup_dir_fd,
			processes, PROCESSES_MAX, err);
		if (count < 0)
			return count;
		if (count > PROCESSES_MAX)
			return error_set(err, -E2BIG,
				"it has %d processes, over %d", count,
				PROCESSES_MAX);
	} else if (handle.container.pid_fd >= 0) {
		processes[count++] = handle.container.pid;
	}
	print_processes(processes, (size_t)count, is_json(options));
	return end_output(err);
}
