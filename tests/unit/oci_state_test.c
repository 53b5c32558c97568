// SPDX-License-Identifier: MIT
/* tests of oci/state and oci/folder: what is on disk, and damage to it */
#include "oci/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "oci/folder.h"
#include "run/oci.h"

static char base[] = "/tmp/oci-state-XXXXXX";
static struct error err;

static const struct oci_pair annotations[] = {
	{ "org.example.a", "b \"quoted\"" },
	{ "empty", "" },
};

static const struct oci_spec spec = {
	.version = "1.2.0",
	.bundle = "/bundles/x",
	.root_path = "/bundles/x/rootfs",
	.annotations = annotations,
	.annotation_count = 2,
};

static void test_ids(void)
{
	static const char *const good[] = { "a", "0", "web-1_2.3+4", "-",
		"a.." };
	static const char *const bad[] = { "", ".", "..", ".a", "a/b", "/",
		"../x", "a b", "a\n", "\xc3\xa4", "a:b", "a\\b", "~" };
	char text[FOLDER_ID_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		check_row(good[i]);
		CHECK(folder_check_id(good[i], &err) == 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row(bad[i]);
		CHECK(folder_check_id(bad[i], &err) == -EINVAL);
	}
	memset(text, 'a', sizeof(text));
	text[FOLDER_ID_MAX] = '\0';
	CHECK(folder_check_id(text, &err) == 0);
	text[FOLDER_ID_MAX] = 'a';
	text[FOLDER_ID_MAX + 1] = '\0';
	CHECK(folder_check_id(text, &err) == -ENAMETOOLONG);
}

static void test_folders(void)
{
	auto_fd root_fd = folder_open_root(base, false, &err);
	auto_fd fd = folder_make(root_fd, "one", &err);
	auto_fd again = -1;
	struct stat status;

	if (!CHECK(root_fd >= 0 && fd >= 0))
		return;
	CHECK(fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0700);
	CHECK(folder_make(root_fd, "one", &err) == -EEXIST);
	CHECK(strstr(err.text, "already exists"));
	CHECK(folder_open(root_fd, "two", &err) == -ENOENT);
	CHECK(text_equal(err.text, "container does not exist"));
	/* the maker has it locked */
	again = folder_open(root_fd, "one", &err);
	CHECK(flock(again, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
	fd_close(&fd);
	CHECK(folder_lock(again, &err) == 0);
	CHECK(folder_remove(root_fd, "one", &err) == 0);
	CHECK(folder_lock(again, &err) == -ENOENT);
	CHECK(folder_remove(root_fd, "one", &err) == 0);
}

/* A link in the place of a container's folder is not followed. */
static void test_link(void)
{
	auto_fd root_fd = folder_open_root(base, false, &err);

	CHECK(symlinkat("/", root_fd, "link") == 0);
	CHECK(folder_open(root_fd, "link", &err) < 0);
	CHECK(folder_make(root_fd, "link", &err) == -EEXIST);
	CHECK(unlinkat(root_fd, "link", 0) == 0);
}

static void test_root_of_others(void)
{
	char path[64];
	auto_fd fd = -1;

	(void)snprintf(path, sizeof(path), "%s/deep/er", base);
	CHECK(folder_open_root(path, false, &err) == -ENOENT);
	fd = folder_open_root(path, true, &err);
	CHECK(fd >= 0);
	CHECK(chmod(path, 0770) == 0);
	CHECK(folder_open_root(path, true, &err) == -EPERM);
	CHECK(strstr(err.text, "can be written by others"));
}

static void test_write(void)
{
	auto_fd root_fd = folder_open_root(base, false, &err);
	auto_free char *text = NULL;
	char path[64];

	CHECK(folder_write(root_fd, "f", "old and long", 0600, &err) == 0);
	CHECK(folder_write(root_fd, "f", "new", 0600, &err) == 0);
	CHECK(fd_read_file(root_fd, "f", 100, &text, NULL, &err) == 0);
	CHECK(text && text_equal(text, "new"));
	CHECK(faccessat(root_fd, ".f", F_OK, 0) < 0);
	(void)snprintf(path, sizeof(path), "%s/nowhere/pid", base);
	CHECK(folder_write_path(path, "1", &err) == -ENOENT);
	CHECK(strstr(err.text, "nowhere/pid"));
	(void)snprintf(path, sizeof(path), "%s/pid", base);
	CHECK(folder_write_path(path, "1", &err) == 0);
	CHECK(faccessat(root_fd, "pid", R_OK, 0) == 0);
}

/* In a folder of others anything may have the temporary file's name. */
static void test_write_among_others(void)
{
	auto_fd root_fd = folder_open_root(base, false, &err);
	auto_free char *text = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/pid", base);
	CHECK(symlinkat("victim", root_fd, ".pid") == 0);
	CHECK(folder_write_path(path, "2", &err) == 0);
	CHECK(faccessat(root_fd, "victim", F_OK, 0) < 0);
	CHECK(linkat(root_fd, "f", root_fd, ".pid", 0) == 0);
	CHECK(folder_write_path(path, "3", &err) == 0);
	CHECK(fd_read_file(root_fd, "f", 100, &text, NULL, &err) == 0);
	CHECK(text && text_equal(text, "new"));
	/* opened it would never end */
	(void)alarm(10);
	CHECK(mkfifoat(root_fd, ".pid", 0600) == 0);
	CHECK(folder_write_path(path, "4", &err) == 0);
	(void)alarm(0);
	CHECK(mkdirat(root_fd, ".pid", 0700) == 0);
	CHECK(folder_write_path(path, "5", &err) == -EISDIR);
	CHECK(unlinkat(root_fd, ".pid", AT_REMOVEDIR) == 0);
}

static int listen_in(const char *id)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path),
		"%s/%s/" FOLDER_SOCKET, base, id);
	CHECK(bind(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		0);
	CHECK(listen(fd, 1) == 0);
	return fd;
}

static void test_round_trip(void)
{
	auto_fd root_fd = folder_open_root(base, false, &err);
	auto_fd fd = folder_make(root_fd, "trip", &err);
	auto_state made = { .pid = 0 };
	auto_state read = { .pid = 0 };
	auto_fd socket_fd = -1;

	CHECK(state_load(&read, fd, &err) == -EINPROGRESS);
	CHECK(state_create(&made, "trip", getpid(), &spec, "a/b", &err) == 0);
	CHECK(state_has_cgroup(&made, root_fd));
	CHECK(state_note_cgroup(&made, fd, &err) == 0);
	CHECK(state_save(&made, fd, &err) == 0);
	if (!CHECK(state_load(&read, fd, &err) == 0))
		return;
	CHECK(text_equal(read.id, "trip") && text_equal(read.cgroup, "a/b"));
	CHECK(state_has_cgroup(&read, fd) && !state_has_cgroup(&read, root_fd));
	CHECK(text_equal(read.bundle, "/bundles/x"));
	CHECK(read.pid == getpid() && read.start_time == made.start_time);
	CHECK(state_is_alive(&read));
	CHECK(state_find_status(&read, fd) == STATE_RUNNING);
	socket_fd = listen_in("trip");
	CHECK(state_find_status(&read, fd) == STATE_CREATED);
	/* to ask is no connection */
	CHECK(accept4(socket_fd, NULL, NULL, 0) < 0 && errno == EAGAIN);
	/* the one who waited has gone on, but the file is still there */
	fd_close(&socket_fd);
	CHECK(state_find_status(&read, fd) == STATE_RUNNING);
	CHECK(folder_remove(root_fd, "trip", &err) == 0);
}

/* The process id is there, but it is another process by now. */
static void test_reused_pid(void)
{
	auto_fd root_fd = folder_open_root(base, false, &err);
	auto_fd fd = folder_make(root_fd, "reused", &err);
	auto_state state = { .pid = 0 };

	CHECK(state_create(&state, "reused", getpid(), &spec, "", &err) == 0);
	CHECK(state_find_status(&state, fd) == STATE_RUNNING);
	state.start_time++;
	CHECK(state_find_status(&state, fd) == STATE_STOPPED);
	CHECK(state_open_process(&state, &err) == -ESRCH);
	CHECK(strstr(err.text, "container not running"));
	state.start_time--;
	CHECK(close(state_open_process(&state, &err)) == 0);
	CHECK(folder_remove(root_fd, "reused", &err) == 0);
}

/* Without a descriptor to spare nobody can tell; that is not "stopped". */
static void test_no_descriptors(void)
{
	auto_state state = { .pid = 0 };
	struct rlimit limit;
	struct rlimit none;

	CHECK(state_create(&state, "full", getpid(), &spec, "", &err) == 0);
	if (!CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0))
		return;
	none = (struct rlimit){ .rlim_max = limit.rlim_max };
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	CHECK(state_is_alive(&state));
	CHECK(state_open_process(&state, &err) == -EMFILE);
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* One that ended, and nobody has waited for, is stopped as well. */
static void test_zombie(void)
{
	auto_state state = { .pid = 0 };
	siginfo_t info;
	int pipe_fds[2];
	pid_t pid;

	if (!CHECK(pipe(pipe_fds) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		char byte;

		(void)close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &byte, 1) != 0);
	}
	CHECK(state_create(&state, "zombie", pid, &spec, "", &err) == 0);
	CHECK(state_is_alive(&state));
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
	CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	CHECK(!state_is_alive(&state));
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(!state_is_alive(&state));
}

static void test_damage(void)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"{\"id\":\"x\",\"bundle\":\"/b\",\"created\":\"\",\"cgroup\":\"\",\"pidStartTime\":1}",
		"{\"id\":\"x\",\"bundle\":\"/b\",\"created\":\"\",\"cgroup\":\"\",\"pid\":0,\"pidStartTime\":1}",
		"{\"id\":\"x\",\"bundle\":\"/b\",\"created\":\"\",\"cgroup\":\"\",\"pid\":-1,\"pidStartTime\":1}",
		"{\"id\":\"x\",\"bundle\":\"/b\",\"created\":\"\",\"cgroup\":\"\",\"pid\":4294967297,\"pidStartTime\":1}",
		"{\"id\":\"x\",\"bundle\":\"/b\",\"created\":\"\",\"cgroup\":\"\",\"pid\":\"1\",\"pidStartTime\":1}",
		"{\"id\":\"x\",\"bundle\":\"/b\",\"created\":\"\",\"cgroup\":\"\",\"pid\":1}",
		"{\"id\":\"x\",\"bundle\":7,\"created\":\"\",\"cgroup\":\"\",\"pid\":1,\"pidStartTime\":1}",
	};
	auto_fd root_fd = folder_open_root(base, false, &err);
	auto_fd fd = folder_make(root_fd, "damaged", &err);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_state state = { .pid = 0 };

		check_row(rows[i]);
		CHECK(folder_write(fd, FOLDER_STATE, rows[i], 0600, &err) == 0);
		CHECK(state_load(&state, fd, &err) == -EBADMSG);
		CHECK(strstr(err.text, "delete --force"));
		CHECK(!state.json);
	}
	CHECK(folder_remove(root_fd, "damaged", &err) == 0);
}

static const char *member(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

/* Members and names are those of the specification. */
static void test_print(void)
{
	auto_state state = { .pid = 0 };
	auto_free char *for_hook = NULL;
	auto_free char *for_people = NULL;
	json_t *json;

	CHECK(state_create(&state, "p", getpid(), &spec, "", &err) == 0);
	for_hook = state_print(&state, STATE_CREATING, NULL);
	for_people = state_print(&state, STATE_STOPPED, "me");
	json = json_loads(for_hook, 0, NULL);
	CHECK(json_object_size(json) == 6);
	CHECK(text_equal(member(json, "ociVersion"), "1.2.0"));
	CHECK(text_equal(member(json, "id"), "p"));
	CHECK(text_equal(member(json, "status"), "creating"));
	CHECK(text_equal(member(json, "bundle"), "/bundles/x"));
	CHECK(json_integer_value(json_object_get(json, "pid")) == getpid());
	CHECK(text_equal(member(json_object_get(json, "annotations"),
				 "org.example.a"),
		"b \"quoted\""));
	json_decref(json);
	json = json_loads(for_people, 0, NULL);
	CHECK(text_equal(member(json, "status"), "stopped"));
	CHECK(json_integer_value(json_object_get(json, "pid")) == 0);
	CHECK(text_equal(member(json, "owner"), "me"));
	CHECK(text_equal(member(json, "rootfs"), "/bundles/x/rootfs"));
	CHECK(strlen(member(json, "created")) ==
		strlen("2026-01-01T00:00:00.000000000Z"));
	json_decref(json);
}

int main(void)
{
	if (!mkdtemp(base))
		return 1;
	RUN(test_ids);
	RUN(test_folders);
	RUN(test_link);
	RUN(test_root_of_others);
	RUN(test_write);
	RUN(test_write_among_others);
	RUN(test_round_trip);
	RUN(test_reused_pid);
	RUN(test_no_descriptors);
	RUN(test_zombie);
	RUN(test_damage);
	RUN(test_print);
	(void)fd_remove_tree(AT_FDCWD, base, NULL);
	return check_done();
}
