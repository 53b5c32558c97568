// SPDX-License-Identifier: MIT
/* state - what is known about a container that exists */
#include "oci/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/folder.h"
#include "oci/place.h"
#include "oci/pool.h"
#include "run/oci.h"

#define START_TIME_FIELD 22 /* of /proc/PID/stat, from 1 */

struct process_now {
	char letter; /* 'Z' is a zombie */
	unsigned long long start_time;
};

/* proc(5): the name in field 2 may have spaces and parentheses itself. */
static int look_at_process(pid_t pid, struct process_now *out)
{
	char path[32];
	char text[1024] = "";
	const char *at;
	auto_fd fd = -1;
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return length < 0 ? -errno : -ESRCH;
	at = strrchr(text, ')');
	if (!at || at[1] != ' ')
		return -EBADMSG;
	out->letter = at[2];
	for (int field = 2; at && field < START_TIME_FIELD; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -EBADMSG;
	out->start_time = strtoull(at + 1, NULL, 10);
	return 0;
}

static void format_time(char *out, size_t size)
{
	struct timespec now;
	struct tm parts;
	size_t used;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	used = gmtime_r(&now.tv_sec, &parts)
		       ? strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts)
		       : 0;
	(void)snprintf(out + used, size - used, ".%09ldZ", now.tv_nsec);
}

/* The members that are used, as far as they are there. */
static int take_members(struct state *state, struct error *err)
{
	const struct {
		const char *name;
		const char **out;
	} strings[] = {
		{ "id", &state->id },
		{ "bundle", &state->bundle },
		{ "created", &state->created },
		{ "cgroup", &state->cgroup },
	};
	json_t *pid = json_object_get(state->json, "pid");
	json_t *start_time = json_object_get(state->json, "pidStartTime");

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		*strings[i].out = json_string_value(
			json_object_get(state->json, strings[i].name));
		if (!*strings[i].out)
			return error_set(err, -EBADMSG,
				"its state is damaged: no '%s'; 'tare-oci delete --force' removes it",
				strings[i].name);
	}
	if (!json_is_integer(pid) || json_integer_value(pid) <= 0 ||
		json_integer_value(pid) > INT32_MAX ||
		!json_is_integer(start_time))
		return error_set(err, -EBADMSG,
			"its state is damaged: no process; 'tare-oci delete --force' removes it");
	state->pid = (pid_t)json_integer_value(pid);
	state->start_time = (unsigned long long)json_integer_value(start_time);
	state->cgroup_inode = (unsigned long long)json_integer_value(
		json_object_get(state->json, "cgroupInode"));
	return 0;
}

static json_t *pack_annotations(const struct oci_spec *spec)
{
	json_t *object = json_object();

	for (size_t i = 0; i < spec->annotation_count; i++)
		(void)json_object_set_new(object, spec->annotations[i].key,
			json_string(spec->annotations[i].value));
	return object;
}

int state_create(struct state *state, const char *id, pid_t pid,
	const struct oci_spec *spec, const char *cgroup, struct error *err)
{
	struct process_now now;
	char created[48];
	const struct {
		const char *name;
		const char *value;
	} strings[] = {
		{ "ociVersion", spec->version },
		{ "id", id },
		{ "bundle", spec->bundle },
		{ "rootfs", spec->root_path },
		{ "created", created },
		{ "cgroup", cgroup },
	};
	int result = look_at_process(pid, &now);
	int failed = 0;

	memset(state, 0, sizeof(*state));
	if (result < 0)
		return error_set(err, result, "look at process %d: %s",
			(int)pid, strerror(-result));
	format_time(created, sizeof(created));
	state->json = json_object();
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		failed |= json_object_set_new(state->json, strings[i].name,
			json_string(strings[i].value ? strings[i].value : ""));
	failed |= json_object_set_new(state->json, "pid", json_integer(pid));
	failed |= json_object_set_new(state->json, "pidStartTime",
		json_integer((json_int_t)now.start_time));
	failed |= json_object_set_new(state->json, "annotations",
		pack_annotations(spec));
	if (failed) {
		state_clear(state);
		return error_set(err, -EILSEQ,
			"write its state: no memory, or the path of the bundle is not UTF-8");
	}
	return take_members(state, err);
}

int state_note_cgroup(struct state *state, int cgroup_fd, struct error *err)
{
	struct stat status;

	if (fstat(cgroup_fd, &status) < 0)
		return error_errno(err, "look at its cgroup");
	state->cgroup_inode = status.st_ino;
	if (json_object_set_new(state->json, "cgroupInode",
		    json_integer((json_int_t)status.st_ino)) < 0)
		return error_set(err, -ENOMEM, "write its state: no memory");
	return 0;
}

bool state_has_cgroup(const struct state *state, int cgroup_fd)
{
	struct stat status;

	return state->cgroup_inode == 0 ||
	       (fstat(cgroup_fd, &status) == 0 &&
		       status.st_ino == state->cgroup_inode);
}

int state_save(const struct state *state, int dir_fd, struct error *err)
{
	auto_free char *text = pool_print(state->json, JSON_COMPACT);

	if (!text)
		return error_set(err, -ENOMEM, "write its state: no memory");
	return folder_write(dir_fd, FOLDER_STATE, text, 0600, err);
}

int state_load(struct state *state, int dir_fd, struct error *err)
{
	auto_free char *text = NULL;
	json_error_t where;
	size_t size;
	int result = fd_read_file(dir_fd, FOLDER_STATE, FOLDER_FILE_MAX, &text,
		&size, err);

	if (result == -ENOENT)
		return error_set(err, -EINPROGRESS,
			"it is still being created, or that was interrupted; 'tare-oci delete --force' removes it");
	if (result < 0)
		return error_prefix(err, "its state");
	state->json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(state->json)) {
		state_clear(state);
		return error_set(err, -EBADMSG,
			"its state is damaged: not a JSON object; 'tare-oci delete --force' removes it");
	}
	result = take_members(state, err);
	if (result < 0)
		state_clear(state);
	return result;
}

void state_clear(struct state *state)
{
	json_decref(state->json);
	memset(state, 0, sizeof(*state));
}

/* 0: it is that very process; -ESRCH: it ended; else that cannot be told. */
static int check_process(const struct state *state)
{
	struct process_now now;
	int result = look_at_process(state->pid, &now);

	if (result < 0)
		return result == -ENOENT ? -ESRCH : result;
	return now.letter != 'Z' && now.letter != 'X' &&
			       now.start_time == state->start_time
		       ? 0
		       : -ESRCH;
}

bool state_is_alive(const struct state *state)
{
	return check_process(state) != -ESRCH;
}

int state_open_process(const struct state *state, struct error *err)
{
	auto_fd fd = (int)syscall(SYS_pidfd_open, state->pid, 0);
	int result = fd < 0 ? -errno : check_process(state);

	/* the descriptor comes first: it cannot change hands after the check */
	if (result < 0 && result != -ESRCH)
		return error_set(err, result, "look at process %d: %s",
			(int)state->pid, strerror(-result));
	if (result < 0)
		return error_set(err, -ESRCH,
			"container not running: its process %d has ended",
			(int)state->pid);
	return fd_take(&fd);
}

/*
 * Until it executes its program its process has the socket open. A start that
 * was killed leaves the file there, so the kernel is asked: a connection of
 * another type is refused before the process would hear of it.
 */
static bool is_waiting(int dir_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_fd fd = -1;

	if (faccessat(dir_fd, FOLDER_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	(void)snprintf(address.sun_path, sizeof(address.sun_path),
		"/proc/self/fd/%d/" FOLDER_SOCKET, dir_fd);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 ||
	       connect(fd, (const struct sockaddr *)&address,
		       sizeof(address)) == 0 ||
	       errno != ECONNREFUSED;
}

enum state_status state_find_status(const struct state *state, int dir_fd)
{
	if (!state_is_alive(state))
		return STATE_STOPPED;
	if (is_waiting(dir_fd))
		return STATE_CREATED;
	return place_is_frozen(state->cgroup) ? STATE_PAUSED : STATE_RUNNING;
}

const char *state_status_name(enum state_status status)
{
	static const char *const names[] = {
		[STATE_CREATING] = "creating",
		[STATE_CREATED] = "created",
		[STATE_RUNNING] = "running",
		[STATE_PAUSED] = "paused",
		[STATE_STOPPED] = "stopped",
	};

	return names[status];
}

char *state_print(const struct state *state, enum state_status status,
	const char *owner)
{
	static const char *const kept[] = { "ociVersion", "id" };
	static const char *const ours[] = { "rootfs", "created" };
	json_t *out = json_object();
	json_t *annotations = json_object_get(state->json, "annotations");
	char *text;

	for (size_t i = 0; i < 2; i++)
		(void)json_object_set(out, kept[i],
			json_object_get(state->json, kept[i]));
	(void)json_object_set_new(out, "status",
		json_string(state_status_name(status)));
	(void)json_object_set_new(out, "pid",
		json_integer(status == STATE_STOPPED ? 0 : state->pid));
	(void)json_object_set(out, "bundle",
		json_object_get(state->json, "bundle"));
	for (size_t i = 0; owner && i < 2; i++)
		(void)json_object_set(out, ours[i],
			json_object_get(state->json, ours[i]));
	if (json_object_size(annotations))
		(void)json_object_set(out, "annotations", annotations);
	if (owner)
		(void)json_object_set_new(out, "owner", json_string(owner));
	text = pool_print(out, owner ? JSON_INDENT(2) : JSON_COMPACT);
	json_decref(out);
	return text;
}
