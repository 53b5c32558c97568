/* SPDX-License-Identifier: MIT */
/* services - the table of what process 1 runs, and what is done about it */
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

#include "backoff.h"
#include "file.h"
#include "inherit.h"
#include "say.h"

#define BEAT_FD  3 /* where a service finds its heartbeat pipe */
#define KEEP_FD  4 /* and where the agent finds what outlives it */
#define KEEP_FDS 3
#define GROUPS   "/sys/fs/cgroup/"

/* A restart of the machine helps where one of the service does not, as with a
 * disk that hangs. It helps nobody who has only just switched the machine on
 * and reads the screen, nor where the service never worked: so only after
 * REBOOT_S of silence of one that was heard, and not right after power-on. */
#define REBOOT_S    120
#define NO_REBOOT_S 600

enum phase {
	WAITING,
	RUNNING,
	FINISHED,
	FAILED
};

static struct service {
	const char *name, *argv[3], *cgroup;
	int silent_s;     /* ended after so long without a heartbeat, if set */
	bool is_once;     /* holds back the rows below until it has ended */
	bool is_required; /* the machine restarts when it fails */
	bool is_optional; /* status 0, or no program: not needed here */
	bool is_keeper;   /* gets what inherit.h keeps for it */

	/* what it does now; times are 0 for never */
	enum phase phase;
	pid_t pid;
	int beat_fd, wait_ms;
	int64_t due_ms, started_ms;
	int64_t beat_ms, alive_ms; /* the last heartbeat; or start or end */
} services[] = {
	/* clang-format off */
	{ .name = "setup", .argv = { "/sbin/setup" },
		.is_once = true, .silent_s = 20, .is_required = true },
	{ .name = "netd", .argv = { "/sbin/netd" },
		.cgroup = GROUPS "system/netd" },
	{ .name = "dns", .argv = { "/sbin/tare-dns" },
		.cgroup = GROUPS "system/dns" },
	{ .name = "disks", .argv = { "/sbin/disks" },
		.cgroup = GROUPS "system/disks",
		.is_once = true, .silent_s = 3600 },
	{ .name = "agent", .argv = { "/sbin/tare-agent" },
		.cgroup = GROUPS "system/agent",
		.silent_s = 30, .is_keeper = true },
	{ .name = "probe", .argv = { "/sbin/disks", "--probe" },
		.cgroup = GROUPS "system/disks",
		.silent_s = 30, .is_optional = true },
	{ .name = "shell", .argv = { "/sbin/shell" },
		.cgroup = GROUPS "system/shell", .is_optional = true },
	/* clang-format on */
};
#define SERVICES (sizeof(services) / sizeof(*services))

/* Everything between fork and exec. Nobody waits for a terminal that takes no
 * output: somebody's ctrl-S must not stop the machine. */
static _Noreturn void become(const struct service *service, int beat_fd)
{
	const char *const envp[] = { "PATH=/sbin:/bin", "HOME=/", "TERM=vt102",
		beat_fd < 0 ? NULL : "TARE_INIT_FD=3",
		service->is_keeper ? "TARE_KEEP_FD=4" : NULL, NULL };
	sigset_t none;

	(void)setsid();
	(void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	(void)dup2(open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY),
		STDOUT_FILENO);
	(void)dup2(STDOUT_FILENO, STDERR_FILENO);
	if (beat_fd >= 0)
		(void)dup2(beat_fd, BEAT_FD);
	(void)syscall(SYS_close_range, BEAT_FD + (beat_fd >= 0),
		INHERIT_STORE_FD - 1, 0);
	for (int i = 0; i < KEEP_FDS && service->is_keeper; i++)
		(void)dup2(INHERIT_STORE_FD + i, KEEP_FD + i);
	(void)syscall(SYS_close_range, KEEP_FD + KEEP_FDS, ~0U, 0);

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

static void forget_process(struct service *service)
{
	if (service->beat_fd >= 0)
		(void)close(service->beat_fd);
	service->beat_fd = -1;
	service->pid = 0;
}

/* fork straight into the cgroup, so that no moment is unaccounted; a service
 * in the wrong group is better than none */
static pid_t fork_into(const struct service *service)
{
	auto_fd group = service->cgroup
				? open(service->cgroup, O_PATH | O_CLOEXEC)
				: -1;
	struct clone_args args = {
		.flags = group < 0 ? 0 : CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)group,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && args.flags) {
		note(service->name, "start it in '%s': %m", service->cgroup);
		args.flags = 0;
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	}
	return pid;
}

static void start_later(struct service *service, int64_t now_ms)
{
	int64_t ran_ms = now_ms - service->started_ms;
	bool has_worked =
		service->beat_ms >= service->started_ms && service->beat_ms > 0;

	service->wait_ms = has_worked ? backoff_worked_ms(ran_ms)
				      : backoff_ms(service->wait_ms, ran_ms);
	service->due_ms = now_ms + service->wait_ms;
	service->phase = WAITING;
	say(service->name, "restarting in %d ms", service->wait_ms);
}

static void start(struct service *service, int64_t now_ms)
{
	int beat[2] = { -1, -1 };

	/* not closed on exec: shutdown keeps the pipes alive that are written
	 * to while services end */
	if (service->silent_s && pipe2(beat, O_NONBLOCK) < 0)
		note(service->name, "make its heartbeat pipe: %m");
	service->started_ms = service->alive_ms = now_ms;
	service->pid = fork_into(service);
	if (service->pid == 0)
		become(service, beat[1]);
	service->beat_fd = beat[0];
	service->phase = RUNNING;
	if (service->pid < 0) {
		note(service->name, "start it: %m");
		forget_process(service);
		start_later(service, now_ms);
	}
	if (beat[1] >= 0)
		(void)close(beat[1]);
}

static void hear(struct service *service, int64_t now_ms)
{
	char beats[64];

	while (service->beat_fd >= 0 &&
		read(service->beat_fd, beats, sizeof(beats)) > 0)
		service->beat_ms = service->alive_ms = now_ms;
}

/* boot goes on without it, unless it is required */
static void give_up(struct service *service)
{
	service->phase = service->is_required ? FAILED : FINISHED;
}

/* end what takes too long; it is started again when it has been reaped */
static void check(struct service *service, int64_t now_ms)
{
	hear(service, now_ms);
	if (!service->silent_s ||
		now_ms - service->alive_ms < service->silent_s * 1000LL)
		return;
	note(service->name, "silent for %d s, ending it", service->silent_s);
	(void)kill(service->pid, SIGKILL);
	service->alive_ms = now_ms; /* else it would be said all the time */
	if (service->is_once) /* even if a hanging disk keeps it from dying */
		give_up(service);
}

int64_t services_tick(int64_t now_ms)
{
	int64_t next_ms = now_ms + SERVICES_LOOK_MS;

	for (size_t i = 0; i < SERVICES; i++) {
		struct service *service = &services[i];

		if (service->phase == WAITING && service->due_ms <= now_ms)
			start(service, now_ms);
		else if (service->phase == RUNNING)
			check(service, now_ms);
		if (service->phase == WAITING && service->due_ms < next_ms)
			next_ms = service->due_ms;
		if (service->is_once && service->phase != FINISHED)
			break;
	}
	return next_ms - now_ms;
}

static void ended(struct service *service, int status, int64_t now_ms)
{
	hear(service, now_ms); /* its last words count */
	forget_process(service);
	if (service->phase != RUNNING)
		return; /* given up before */
	if (status == 0 && (service->is_once || service->is_optional)) {
		service->phase = FINISHED;
		return;
	}
	if (WIFSIGNALED(status))
		note(service->name, "ended by signal %d", WTERMSIG(status));
	else
		note(service->name, "exited with status %d",
			WEXITSTATUS(status));
	if (service->is_once)
		give_up(service);
	else
		start_later(service, now_ms);
}

void services_reaped(pid_t pid, int status, int64_t now_ms)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (services[i].pid == pid) {
			ended(&services[i], status, now_ms);
			return;
		}
	const int32_t orphan[] = { pid, status };
	ssize_t written = write(INHERIT_ORPHAN_FD, orphan, sizeof(orphan));
	(void)written; /* full of those that nobody asked for */
}

bool services_healthy(int64_t now_ms)
{
	for (size_t i = 0; i < SERVICES; i++) {
		const struct service *service = &services[i];

		if (service->phase == FAILED)
			return false; /* it was said why */
		if (service->phase == FINISHED || !service->beat_ms ||
			now_ms < NO_REBOOT_S * 1000LL ||
			now_ms - service->beat_ms < REBOOT_S * 1000LL)
			continue;
		note(service->name, "silent for %d s", REBOOT_S);
		return false;
	}
	return true;
}

pid_t services_pid(const char *name)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (strcmp(services[i].name, name) == 0)
			return services[i].pid;
	return 0;
}
