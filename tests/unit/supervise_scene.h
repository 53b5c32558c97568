/* SPDX-License-Identifier: MIT */
/*
 * supervise_scene - a machine for tests of the supervisor: whole lives, with
 * ordinary processes in the place of containers
 *
 * begin, run until something is so, look, end. A test that includes this has
 * the names of the stand-ins here in its "wrap:" line.
 */
#ifndef TARE_SUPERVISE_SCENE_H
#define TARE_SUPERVISE_SCENE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "net/conntrack.h"
#include "net/link.h"
#include "net/ruleset.h"
#include "supervise/folders.h"
#include "supervise/launch.h"
#include "supervise/status.h"
#include "supervise/supervisor.h"
#include "supervise_links.h"

#define DEADLINE_MS 20000

static struct supervisor supervisor;
static struct places_paths paths;
static struct inheritance inheritance = INHERITANCE_NONE;
static char base[32];
static char folders[4][48];

/* What the stand-ins are told and what they saw. */
static int imports_to_fail;
static bool needs_import;
static bool has_older; /* an image that was imported before */
static bool needs_folders;
static bool folders_to_fail;
static struct image_health image_health; /* of all images */
static bool stops_at_start;              /* the machine is told to stop then */
static int clears_to_fail;
static int attaches_to_fail;
static unsigned int fds_before;
static char journal[4096];

static inline void note(const char *what, const char *who)
{
	size_t used = strlen(journal);

	(void)snprintf(journal + used, sizeof(journal) - used, "%s %s\n", what,
		who);
}

static inline bool has_mark(const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	return access(path, F_OK) == 0;
}

static inline void put_mark(const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	fclose(fopen(path, "w"));
}

int __wrap_store_find(const struct store *store, const char *reference,
	struct arena *arena, struct image *out, struct error *err);
int __wrap_store_import(struct store *store, const char *reference,
	store_progress_fn *progress, void *context, struct error *err);
int __wrap_launch_prepare(const struct launch_request *request,
	struct launch *launch, struct error *err);
int __wrap_container_create(const struct container_request *request,
	struct container *out, struct error *err);
int __wrap_container_clear(struct container *container, int workloads_fd,
	struct error *err);

int __wrap_container_kill(const struct container *container, struct error *err);
int __wrap_sethostname(const char *name, size_t size);

int __wrap_sethostname(const char *name, size_t size)
{
	(void)size;
	note("hostname", name);
	return 0;
}

int __wrap_container_kill(const struct container *container, struct error *err)
{
	(void)err;
	return kill(-container->pid, SIGKILL);
}

int __wrap_store_find(const struct store *store, const char *reference,
	struct arena *arena, struct image *out, struct error *err)
{
	char marker[64];

	(void)store;
	(void)arena;
	if (strcmp(reference, "missing") == 0)
		return error_set(err, -ENOENT, "find image 'missing': nowhere");
	(void)snprintf(marker, sizeof(marker), "%s/imported", base);
	*out = (struct image){ .working_dir = "",
		.user = "",
		.stop_signal = "",
		.health = image_health,
		.layer_count = has_older };
	return needs_import && access(marker, F_OK) < 0 ? -EAGAIN : 0;
}

/* Runs in the child that a job forks. */
int __wrap_store_import(struct store *store, const char *reference,
	store_progress_fn *progress, void *context, struct error *err)
{
	char marker[64];

	(void)store;
	progress(context, 1, 2);
	if (imports_to_fail > 0)
		return error_set(err, -EBADMSG, "unpack '%s': digest differs",
			reference);
	(void)snprintf(marker, sizeof(marker), "%s/imported", base);
	fclose(fopen(marker, "w"));
	return 0;
}

int __wrap_link_read_taken(struct arena *arena, const struct prefix **out,
	size_t *count, struct error *err);
int __wrap_link_apply_networks(const struct topology *topology,
	struct error *err);
int __wrap_link_attach(const struct topology *topology, size_t endpoint,
	int netns_fd, struct error *err);
int __wrap_link_settle(const struct topology *topology, size_t first,
	size_t count, int netns_fd, struct error *err);
int __wrap_ruleset_apply(struct ruleset *ruleset,
	const struct topology *topology, struct error *err);
int __wrap_conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err);

/* The kernel's side of the networks: nothing of the test's machine changes. */
static unsigned int rules_applied;
static int rules_to_fail;

int __wrap_link_read_taken(struct arena *arena, const struct prefix **out,
	size_t *count, struct error *err)
{
	(void)arena;
	(void)err;
	*out = NULL;
	*count = 0;
	return 0;
}

int __wrap_link_apply_networks(const struct topology *topology,
	struct error *err)
{
	(void)topology;
	(void)err;
	return 0;
}

int __wrap_link_attach(const struct topology *topology, size_t endpoint,
	int netns_fd, struct error *err)
{
	(void)netns_fd;
	(void)err;
	note("attach", topology->endpoints[endpoint].container);
	(void)links_stale(topology, topology->endpoints[endpoint].container,
		true);
	links_put(topology, endpoint);
	return 0;
}

int __wrap_link_settle(const struct topology *topology, size_t first,
	size_t count, int netns_fd, struct error *err)
{
	const char *container = topology->endpoints[first].container;

	(void)netns_fd;
	note("settle", container);
	if (has_mark("stubborn"))
		return error_set(err, -EPERM, "it will not");
	(void)links_stale(topology, container, true);
	for (size_t i = first; i < first + count; i++)
		links_put(topology, i);
	return 0;
}

/* A line in the file "serving" each time: how many get connections. */
static inline void tell_serving(const struct topology *topology)
{
	unsigned int serving = 0;
	char path[64];

	for (size_t i = 0; i < topology->endpoint_count; i++)
		serving += topology->endpoints[i].is_serving;
	(void)snprintf(path, sizeof(path), "%s/serving", base);

	auto_fd fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)dprintf(fd, "%u\n", serving);
}

int __wrap_ruleset_apply(struct ruleset *ruleset,
	const struct topology *topology, struct error *err)
{
	(void)ruleset;
	/* as a kernel without flow tables, whatever links this machine has */
	if (topology->uplink_count > 0)
		return error_set(err, -ENOENT, "make flow table 'fastpath'");
	if ((rules_to_fail > 0 && rules_to_fail--) || has_mark("unruly"))
		return error_set(err, -EOPNOTSUPP, "make table 'inet tare'");
	tell_serving(topology);
	rules_applied++;
	return 0;
}

int __wrap_conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err)
{
	(void)address;
	(void)protocol;
	(void)err;
	return 0;
}

int __wrap_probe_perform(const void *work, job_progress_fn *progress,
	void *context, struct error *err);
int __wrap_probe_kill(const struct container *container, struct error *err);

/* Runs in the child that a job forks. */
int __wrap_probe_perform(const void *work, job_progress_fn *progress,
	void *context, struct error *err)
{
	const struct probe *probe = work;

	(void)progress;
	(void)context;
	while (has_mark("hanging"))
		(void)pause();
	if (!has_mark("sick"))
		return 0;
	return error_set(err, -EIO, "exit status 1: %s is sick",
		probe->service->name);
}

int __wrap_probe_kill(const struct container *container, struct error *err)
{
	(void)container;
	(void)err;
	return 0;
}

bool __wrap_folders_are_made(const struct places *places,
	const struct service *service, const struct image *image);
int __wrap_folders_make(const struct places *places,
	const struct service *service, const struct image *image,
	struct error *err);

bool __wrap_folders_are_made(const struct places *places,
	const struct service *service, const struct image *image)
{
	(void)places;
	(void)image;
	return !needs_folders || has_mark(service->name);
}

/* Runs in the child that a job forks. */
int __wrap_folders_make(const struct places *places,
	const struct service *service, const struct image *image,
	struct error *err)
{
	(void)places;
	(void)image;
	if (folders_to_fail)
		return error_set(err, -ENOSPC, "fill volume 'v': disk full");
	put_mark(service->name);
	return 0;
}

/* Its files in /etc are as they are on a machine. */
static inline void write_etc(const struct launch_request *request)
{
	auto_arena arena = { 0 };
	const char *path = arena_format(&arena, FOLDERS_CONTAINERS "/%s",
		request->service->name);
	auto_fd fd = -1;

	/* a test may have taken the folder of data away */
	(void)fd_make_dirs(request->places->data_fd, path, 0755, NULL);
	fd = openat(request->places->data_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		CHECK(etc_write(fd, request->service, &request->net, &arena,
			      NULL) == 0);
}

int __wrap_launch_prepare(const struct launch_request *request,
	struct launch *launch, struct error *err)
{
	(void)err;
	*launch = (struct launch){ .spec.root_fd = -1, .users_fd = -1 };
	launch->spec.hostname = request->service->name;
	launch->spec.process.args = request->service->command.items;
	write_etc(request);
	return 0;
}

static inline _Noreturn void run_command(const char *command, int output)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)dup2(output, 1);
	(void)dup2(output, 2);
	(void)setpgid(0, 0);
	(void)execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

int __wrap_container_create(const struct container_request *request,
	struct container *out, struct error *err)
{
	const struct oci_spec *spec = request->spec;
	int pipes[2][2];
	int go[2];
	int result;

	note("start", spec->hostname);
	if (stops_at_start)
		(void)kill(getpid(), SIGTERM);
	if (strcmp(spec->process.args[0], "no-such-program") == 0)
		return error_set(err, -ENOENT, "execute 'no-such-program'");
	if (pipe2(pipes[0], O_CLOEXEC | O_NONBLOCK) < 0 ||
		pipe2(pipes[1], O_CLOEXEC | O_NONBLOCK) < 0 ||
		pipe2(go, O_CLOEXEC) < 0)
		abort();
	*out = CONTAINER_NONE;
	out->pid = fork();
	if (out->pid == 0) {
		char byte;

		/* as a container does: it does not run before it is known */
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(1);
		run_command(spec->process.args[0], pipes[0][1]);
	}
	(void)close(go[0]);
	(void)setpgid(out->pid, out->pid);
	out->pid_fd = (int)syscall(SYS_pidfd_open, out->pid, 0);
	out->stdout_fd = pipes[0][0];
	out->stderr_fd = pipes[1][0];
	(void)close(pipes[0][1]);
	(void)close(pipes[1][1]);
	result = request->on_created(request->context, out, err);
	if (result == 0)
		CHECK(write(go[1], "g", 1) == 1);
	(void)close(go[1]);
	return result;
}

int __wrap_container_clear(struct container *container, int workloads_fd,
	struct error *err)
{
	(void)workloads_fd;
	if (clears_to_fail > 0 && container->pid_fd >= 0) {
		clears_to_fail--;
		return error_set(err, -EBUSY, "remove the container: busy");
	}
	if (container->pid > 0) {
		(void)kill(-container->pid, SIGKILL);
		(void)waitpid(container->pid, NULL, 0);
	}
	fd_close(&container->pid_fd);
	fd_close(&container->stdout_fd);
	fd_close(&container->stderr_fd);
	*container = CONTAINER_NONE;
	return 0;
}

int __real_log_file_attach(struct log_file *file,
	const struct log_source *source, struct error *err);
int __wrap_log_file_attach(struct log_file *file,
	const struct log_source *source, struct error *err);

int __wrap_log_file_attach(struct log_file *file,
	const struct log_source *source, struct error *err)
{
	int result = __real_log_file_attach(file, source, err);

	if (attaches_to_fail-- > 0)
		return error_set(err, -ENOSPC, "watch descriptor 9: too many");
	return result;
}

/* The machine that the tests run on. */

static inline void put_config(const char *text)
{
	char path[80];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/compose.yaml", paths.config);
	file = fopen(path, "w");
	CHECK(file != NULL);
	if (!file)
		return;
	(void)fputs(text, file);
	(void)fclose(file);
}

static bool (*is_done)(void);
static bool has_timed_out;
static struct timer limit;

static inline void on_limit(struct timer *timer)
{
	(void)timer;
	has_timed_out = true;
	(void)kill(getpid(), SIGTERM);
}

static inline void on_change(struct supervisor *changed)
{
	if (!changed->is_stopping && is_done && is_done())
		(void)kill(getpid(), SIGTERM);
}

/* when it was said that all is ready something was not in line */
static bool is_ready_too_soon;

static inline void sink(enum log_level level, const char *text)
{
	(void)level;
	if (strncmp(text, "ready: ", 7) == 0)
		is_ready_too_soon = supervisor.fabric.is_due;
	note("log", text);
}

static inline void begin(const char *config)
{
	static const char *const names[] = { "config", "data", "run",
		"cgroup" };

	(void)snprintf(base, sizeof(base), "/tmp/tare-sup-XXXXXX");
	CHECK(mkdtemp(base) != NULL);
	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(folders[i], sizeof(folders[i]), "%s/%s", base,
			names[i]);
		CHECK(mkdir(folders[i], 0755) == 0);
	}
	paths = (struct places_paths){ folders[0], folders[1], folders[2],
		folders[3] };
	journal[0] = '\0';
	is_ready_too_soon = false;
	imports_to_fail = 0;
	needs_import = false;
	has_older = false;
	image_health = (struct image_health){ .test_count = 0 };
	needs_folders = false;
	folders_to_fail = false;
	stops_at_start = false;
	clears_to_fail = 0;
	attaches_to_fail = 0;
	links_begin();
	fds_before = fault_count_fds();
	has_timed_out = false;
	is_done = NULL;
	memset(&supervisor, 0, sizeof(supervisor));
	put_config(config);
	log_set_sink(sink);
}

static inline void run(bool (*done)(void))
{
	struct error err = { 0 };

	is_done = done;
	supervisor.on_change = on_change;
	CHECK(supervisor_open(&supervisor, &paths, &inheritance, &err) == 0);
	CHECK(loop_add_timer(&supervisor.loop, &limit, on_limit, &err) == 0);
	loop_arm(&limit, DEADLINE_MS);
	CHECK(supervisor_run(&supervisor, &err) == 0);
	CHECK(!has_timed_out);
	if (has_timed_out || err.code)
		printf("# %s\n# %s\n", journal, err.text);
}

static inline void close_supervisor(void)
{
	loop_remove(&supervisor.loop, &limit.watch);
	supervisor_close(&supervisor);
	memset(&supervisor, 0, sizeof(supervisor));
}

static inline void end(void)
{
	struct error err;

	log_set_sink(NULL);
	close_supervisor();
	links_end();
	CHECK(fault_count_fds() == fds_before);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	CHECK(fd_remove_tree(AT_FDCWD, base, &err) == 0);
}

static inline const struct workload *find(const char *name)
{
	const struct workload *workload = roster_find(&supervisor.roster, name);

	if (workload)
		return workload;
	printf("# there is no workload %s\n", name);
	abort();
}

static inline bool comes_before(const char *first, const char *second)
{
	const char *a = strstr(journal, first);
	const char *b = strstr(journal, second);
	bool is_so = a && b && a < b;

	if (!is_so)
		printf("# journal:\n%s", journal);
	return is_so;
}

static inline unsigned int times(const char *what)
{
	unsigned int count = 0;

	for (const char *at = journal; (at = strstr(at, what)); at++)
		count++;
	return count;
}

static inline bool all_running(void)
{
	const struct workload *workload = NULL;

	while ((workload = roster_next(&supervisor.roster, workload))) {
		if (workload->state != STATE_RUNNING)
			return false;
	}
	return supervisor.roster.count > 0;
}

static inline bool is_finished(void)
{
	return find("web")->state == STATE_FINISHED;
}

static inline bool is_backing_off(void)
{
	return find("web")->state == STATE_BACKOFF;
}

#endif
