/* SPDX-License-Identifier: MIT */
#include "services.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 30000
#define STEADY_MS      30000 /* ran this long: the back-off starts anew */
#define LOOK_MS        10000 /* between two looks at the heartbeats */
#define BEAT_FD        3     /* where a service finds its heartbeat pipe */
#define GROUPS         "/sys/fs/cgroup/"

#if defined(__aarch64__)
#define SECOND_PORT "/dev/ttyAMA1"
#else
#define SECOND_PORT "/dev/ttyS1"
#endif

static const struct service {
	const char *name, *argv[3], *cgroup;
	int once_s;       /* runs once, and may take this long */
	int beat_s;       /* killed after so long without a heartbeat */
	int reboot_s;     /* and the machine restarts after so long */
	bool is_required; /* the machine restarts when it fails */
	bool is_optional; /* status 0, or no program: not needed here */
} services[] = {
	/* clang-format off */
	{ .name = "setup", .argv = { "/sbin/setup" },
		.once_s = 20, .is_required = true },
	{ .name = "netd", .argv = { "/sbin/netd" },
		.cgroup = GROUPS "system/netd" },
	{ .name = "disks", .argv = { "/sbin/disks" },
		.cgroup = GROUPS "system/disks", .once_s = 3600 },
	{ .name = "agent", .argv = { "/sbin/tare-agent" },
		.cgroup = GROUPS "system/agent", .beat_s = 30, .reboot_s = 120 },
	{ .name = "probe", .argv = { "/sbin/disks", "--probe" },
		.cgroup = GROUPS "system/disks", .beat_s = 30, .reboot_s = 30,
		.is_optional = true },
	{ .name = "shell", .argv = { "/sbin/shell", "/dev/console" },
		.cgroup = GROUPS "system/shell", .is_optional = true },
	{ .name = "shell2", .argv = { "/sbin/shell", SECOND_PORT },
		.cgroup = GROUPS "system/shell", .is_optional = true },
	/* clang-format on */
};
#define SERVICES (sizeof(services) / sizeof(*services))

enum phase {
	WAITING,
	RUNNING,
	FINISHED
};

static struct state {
	enum phase phase;
	bool is_ending; /* was sent SIGKILL */
	pid_t pid;
	int beat_fd, backoff_ms;
	int64_t due_ms;              /* WAITING: when to start */
	int64_t started_ms, beat_ms; /* the last sign of life */
} states[SERVICES];

static bool has_failed; /* a required service did */

/* everything between fork and exec */
static _Noreturn void become(const struct service *service, int beat_fd)
{
	static const char *const envp[] = { "PATH=/sbin:/bin", "HOME=/",
		"TERM=vt102", "TARE_INIT_FD=3", NULL };
	sigset_t none;

	(void)setsid();
	(void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	(void)dup2(open("/dev/console", O_WRONLY | O_NOCTTY), STDOUT_FILENO);
	(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	if (beat_fd >= 0)
		(void)dup2(beat_fd, BEAT_FD);
	(void)syscall(SYS_close_range, BEAT_FD + (beat_fd >= 0), ~0U, 0);

	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "-900", 4) < 0)
		note(service->name, "shield it from the memory killer: %m");
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(service->argv[0], (char *const *)(uintptr_t)service->argv,
		(char *const *)(uintptr_t)envp);
	if (service->is_optional && errno == ENOENT)
		_exit(0); /* this root does not have it */
	note(service->name, "run '%s': %m", service->argv[0]);
	_exit(127);
}

/* fork straight into the cgroup, so that no moment is unaccounted; a service
 * in the wrong group is better than none */
static pid_t fork_into(const struct service *service)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int fd = -1;

	if (service->cgroup)
		fd = open(service->cgroup, O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (unsigned)fd;
	}
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && fd >= 0) {
		note(service->name, "start it in '%s': %m", service->cgroup);
		args.flags = 0;
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	}
	if (pid != 0 && fd >= 0)
		(void)close(fd);
	return pid;
}

static void back_off(const struct service *service, struct state *state,
	int64_t now_ms)
{
	if (now_ms - state->started_ms >= STEADY_MS || !state->backoff_ms)
		state->backoff_ms = BACKOFF_MIN_MS;
	else if ((state->backoff_ms *= 2) > BACKOFF_MAX_MS)
		state->backoff_ms = BACKOFF_MAX_MS;
	state->phase = WAITING;
	state->due_ms = now_ms + state->backoff_ms;
	say(service->name, "restarting in %d ms", state->backoff_ms);
}

static void start(const struct service *service, struct state *state,
	int64_t now_ms)
{
	int beat[2] = { -1, -1 };

	/* not closed on exec: shutdown keeps the pipes alive that are written
	 * to while services end */
	if (service->beat_s && pipe2(beat, O_NONBLOCK) < 0)
		note(service->name, "make its heartbeat pipe: %m");
	state->started_ms = now_ms;
	pid_t pid = fork_into(service);
	if (pid == 0)
		become(service, beat[1]);
	if (beat[1] >= 0)
		(void)close(beat[1]);
	state->beat_fd = beat[0];
	if (pid < 0) {
		note(service->name, "start it: %m");
		if (beat[0] >= 0)
			(void)close(beat[0]);
		back_off(service, state, now_ms);
		return;
	}
	if (!state->beat_ms)
		state->beat_ms = now_ms; /* it has a whole time to begin */
	state->pid = pid;
	state->is_ending = false;
	state->phase = RUNNING;
}

static void hear(struct state *state, int64_t now_ms)
{
	char beats[64];

	while (state->beat_fd >= 0 &&
		read(state->beat_fd, beats, sizeof(beats)) > 0)
		state->beat_ms = now_ms;
}

/* end what takes too long; it is started again when it has been reaped */
static void check(const struct service *service, struct state *state,
	int64_t now_ms)
{
	int limit_s = service->once_s ? service->once_s : service->beat_s;
	int64_t alive_ms = state->started_ms;

	hear(state, now_ms);
	if (state->beat_ms > alive_ms)
		alive_ms = state->beat_ms;
	if (!limit_s || state->is_ending ||
		now_ms - alive_ms < limit_s * 1000LL)
		return;
	note(service->name, "nothing heard for %d s, ending it", limit_s);
	(void)kill(state->pid, SIGKILL);
	state->is_ending = true;
	if (service->once_s) /* even if a hanging disk keeps it from dying */
		state->phase = FINISHED;
}

int64_t services_tick(int64_t now_ms)
{
	int64_t next_ms = now_ms + LOOK_MS;

	for (size_t i = 0; i < SERVICES; i++) {
		struct state *state = &states[i];

		if (state->phase == WAITING && state->due_ms <= now_ms)
			start(&services[i], state, now_ms);
		else if (state->phase == RUNNING)
			check(&services[i], state, now_ms);
		if (state->phase == WAITING && state->due_ms < next_ms)
			next_ms = state->due_ms;
		if (services[i].once_s && state->phase != FINISHED)
			break;
	}
	return next_ms;
}

static void ended(const struct service *service, struct state *state,
	int status, int64_t now_ms)
{
	hear(state, now_ms); /* its last words count */
	if (state->beat_fd >= 0)
		(void)close(state->beat_fd);
	state->pid = 0;
	state->phase = FINISHED;
	if (status == 0 && (service->once_s || service->is_optional))
		return;

	if (WIFSIGNALED(status))
		note(service->name, "ended by signal %d", WTERMSIG(status));
	else
		note(service->name, "exited with status %d",
			WEXITSTATUS(status));
	if (!service->once_s)
		back_off(service, state, now_ms);
	else if (service->is_required)
		has_failed = true; /* else boot goes on without it */
}

void services_reaped(pid_t pid, int status, int64_t now_ms)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (states[i].phase == RUNNING && states[i].pid == pid)
			ended(&services[i], &states[i], status, now_ms);
}

bool services_healthy(int64_t now_ms)
{
	for (size_t i = 0; i < SERVICES; i++) {
		int limit_s = services[i].reboot_s;

		if (!limit_s || states[i].phase == FINISHED ||
			!states[i].beat_ms ||
			now_ms - states[i].beat_ms < limit_s * 1000LL)
			continue;
		note(services[i].name, "nothing heard for %d s", limit_s);
		return false;
	}
	return !has_failed;
}

pid_t services_pid(const char *name)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (states[i].pid && strcmp(services[i].name, name) == 0)
			return states[i].pid;
	return 0;
}
