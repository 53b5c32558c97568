// SPDX-License-Identifier: MIT
/* step - carrying out a plan: first its maker, then the new process */
#include "run/step.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/attach.h"
#include "run/channel.h"
#include "run/container.h"
#include "run/dev.h"
#include "run/inside.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/protect.h"

#define CAPABILITIES_MAX 64
#define FILES_MIN        256 /* the steps have fewer open */
#define UMASK_DEFAULT    022
#define DEFAULT_PATH                                               \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:" \
	"/bin"

/* Carries out one step: 0 or -errno, with a reason when it knows a better. */
typedef int step_fn(struct stage *stage, const struct step *step,
	struct error *err);

/* Handlers are gone since clone3(2); what was ignored is not. */
static int prepare_process(struct stage *stage, const struct step *step,
	struct error *err)
{
	sigset_t none;

	(void)step;
	(void)err;
	for (int signal = 1; signal < NSIG; signal++) {
		if (stage->ignored >> (signal - 1) & 1 &&
			kernel_default_signal(signal) < 0)
			return -errno;
	}
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || setsid() < 0 ||
		kernel_close_on_exec_from(3 + stage->request->preserve_fds) < 0)
		return -errno;
	(void)umask(0);
	return 0;
}

static int make_cgroup_namespace(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)step;
	(void)err;
	return kernel_unshare(CLONE_NEWCGROUP) < 0 ? -errno : 0;
}

static int set_hostname(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)err;
	return sethostname(step->name, strlen(step->name)) < 0 ? -errno : 0;
}

/* By the number that it has for us, in the procfs that we have. */
static int set_oom_score(struct stage *stage, const struct step *step,
	struct error *err)
{
	char path[48];
	char value[24];

	(void)step;
	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj",
		(int)stage->container->pid);
	(void)snprintf(value, sizeof(value), "%lld",
		(long long)stage->process->oom_score_adj.value);

	auto_fd fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int result = fd < 0 ? -errno : fd_write_all(fd, value, strlen(value));

	return result < 0 ? error_set(err, result, "to %s: %s", value,
				    strerror(-result))
			  : 0;
}

static int write_rlimit(pid_t pid, const struct oci_rlimit *rlimit,
	struct error *err)
{
	if (kernel_set_rlimit(pid, rlimit->type, rlimit->soft, rlimit->hard) <
		0)
		return error_errno(err, "number %d to %llu and %llu",
			rlimit->type, (unsigned long long)rlimit->soft,
			(unsigned long long)rlimit->hard);
	return 0;
}

/* What the process may not raise itself; open files are for STEP_FILES. */
static int set_rlimit(struct stage *stage, const struct step *step,
	struct error *err)
{
	struct oci_rlimit rlimit = stage->process->rlimits[step->index];

	if (rlimit.type == RLIMIT_NOFILE && rlimit.hard < FILES_MIN)
		return 0;
	if (rlimit.type == RLIMIT_NOFILE)
		rlimit.soft = rlimit.hard;
	return write_rlimit(stage->container->pid, &rlimit, err);
}

static int set_files(struct stage *stage, const struct step *step,
	struct error *err)
{
	return write_rlimit(0, &stage->process->rlimits[step->index], err);
}

static int tell_created(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct container_request *request = stage->request;
	int result = 0;

	(void)step;
	if (request->on_created)
		result = request->on_created(request->context, stage->container,
			err);
	return result < 0 ? result : 0;
}

static int make_keyring(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)step;
	(void)err;
	/* a kernel without keys has none to protect */
	if (kernel_new_session_keyring() < 0 && errno != ENOSYS)
		return -errno;
	return 0;
}

/* A folder outside would show as "(unreachable)" (getcwd(2)). */
static int change_folder(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_fd fd =
		inside_make(stage->root_fd, step->path, INSIDE_FOLDER, true);
	char now[PATH_MAX];

	if (fd == -EROFS)
		return error_set(err, fd,
			"it is not there and the container root cannot be "
			"written");
	if (fd < 0)
		return fd;
	if (fchdir(fd) < 0 || !getcwd(now, sizeof(now)))
		return -errno;
	if (now[0] != '/')
		return error_set(err, -EPERM, "it is outside the container");
	return 0;
}

/* Until then nobody can wait for us; who connects hears the rest. */
static int wait_for_start(struct stage *stage, const struct step *step,
	struct error *err)
{
	int result = channel_send(stage->channel_fd, REPORT_WAITS, NULL, -1);
	int fd;

	(void)step;
	(void)err;
	if (result < 0)
		return result;
	fd_close(&stage->channel_fd);
	do
		fd = accept4(stage->request->start_fd, NULL, NULL,
			SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	stage->channel_fd = fd;
	return fd < 0 ? -errno : 0;
}

static int connect_stdio(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	(void)err;
	for (int fd = 0; fd < 3; fd++) {
		if (stage->stdio_fds[fd] >= 0 &&
			dup2(stage->stdio_fds[fd], fd) < 0)
			return -errno;
	}
	return 0;
}

static int install_filter(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	(void)err;
	return kernel_seccomp_filter(0, stage->filter) < 0 ? -errno : 0;
}

static int drop_bounding_set(struct stage *stage, const struct step *step,
	struct error *err)
{
	uint64_t bounding = stage->process->capabilities.bounding;

	(void)step;
	(void)err;
	for (unsigned int i = 0; i < CAPABILITIES_MAX; i++) {
		if (bounding >> i & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL && i > 0)
			return 0; /* the kernel has no more */
		return -errno;
	}
	return 0;
}

/* Capabilities are kept over the change; the next step sets them. */
static int change_user(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_user *user = &stage->process->user;

	(void)step;
	(void)err;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
		setgroups(user->additional_gid_count, user->additional_gids) <
			0 ||
		setresgid(user->gid, user->gid, user->gid) < 0 ||
		setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return 0;
}

static int raise_ambient(uint64_t ambient)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (unsigned long i = 0; i < CAPABILITIES_MAX; i++) {
		if (ambient >> i & 1 &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) <
				0)
			return -errno;
	}
	return 0;
}

/* What we do not have ourselves cannot be given and is left out. */
static int set_capabilities(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_capabilities *wanted = &stage->process->capabilities;
	uint64_t ours;

	(void)step;
	(void)err;
	if (kernel_capget(&ours) < 0 ||
		kernel_capset(wanted->effective & wanted->permitted & ours,
			wanted->permitted & ours,
			wanted->inheritable & ours) < 0)
		return -errno;
	return raise_ambient(wanted->ambient & ours);
}

static int forbid_new_privileges(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)step;
	(void)err;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* execve(2) wants pointers to non-const, and writes to none of them. */
static int execute(const char *path, const struct oci_process *process)
{
	static const char *const none[] = { NULL };
	const char *const *env = process->env ? process->env : none;

	(void)execve(path, (char *const *)(uintptr_t)process->args,
		(char *const *)(uintptr_t)env);
	return -errno;
}

static const char *find_path_variable(const char *const *env)
{
	for (; env && *env; env++) {
		if (text_starts_with(*env, "PATH="))
			return *env + strlen("PATH=");
	}
	return DEFAULT_PATH;
}

/* As execvp(3): the first that is there and may be executed. */
static int execute_from_path(const struct oci_process *process)
{
	const char *at = find_path_variable(process->env);
	int best = -ENOENT;

	for (;;) {
		size_t length = strcspn(at, ":");
		char path[PATH_MAX];
		int result = -ENAMETOOLONG;
		int size = snprintf(path, sizeof(path), "%.*s%s%s", (int)length,
			at, length ? "/" : "./", process->args[0]);

		if (size > 0 && (size_t)size < sizeof(path))
			result = execute(path, process);
		if (result != -ENOENT && result != -ENOTDIR &&
			result != -ENAMETOOLONG && result != -EACCES)
			return result;
		if (result == -EACCES)
			best = -EACCES;
		at += length;
		if (*at == '\0')
			return best;
		at++;
	}
}

static int execute_program(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_process *process = stage->process;
	bool has_slash = strchr(step->name, '/');
	int result;

	(void)umask(process->user.umask.is_set
			    ? (mode_t)process->user.umask.value
			    : UMASK_DEFAULT);
	result = channel_send(stage->channel_fd, REPORT_READY, NULL, -1);
	if (result < 0)
		return result;
	result = has_slash ? execute(step->name, process)
			   : execute_from_path(process);
	if (result == -ENOENT && !has_slash)
		return error_set(err, result,
			"no such program in the folders of PATH");
	if (result == -ENOENT && access(step->name, F_OK) == 0)
		return error_set(err, result,
			"it is there, but its interpreter or loader is not");
	return result;
}

static step_fn *const functions[] = {
	[STEP_RLIMIT] = set_rlimit,
	[STEP_OOM_SCORE] = set_oom_score,
	[STEP_CREATED] = tell_created,
	[STEP_GO] = NULL, /* the maker's last word */
	[STEP_PROCESS] = prepare_process,
	[STEP_CGROUP_NAMESPACE] = make_cgroup_namespace,
	[STEP_PROPAGATION] = attach_propagation,
	[STEP_ATTACH_ROOT] = attach_root,
	[STEP_MOUNT] = mount_make,
	[STEP_BIND] = mount_bind,
	[STEP_DEVICES] = dev_open,
	[STEP_NODE] = dev_make_node,
	[STEP_HOST_NODES] = dev_copy_host,
	[STEP_LINK] = dev_make_link,
	[STEP_DEVICE] = dev_make_device,
	[STEP_PIVOT] = attach_pivot,
	[STEP_READONLY_PATH] = protect_read_only,
	[STEP_MASK] = protect_mask,
	[STEP_HOSTNAME] = set_hostname,
	[STEP_KEYRING] = make_keyring,
	[STEP_CWD] = change_folder,
	[STEP_READONLY_ROOT] = attach_read_only,
	[STEP_WAIT] = wait_for_start,
	[STEP_STDIO] = connect_stdio,
	[STEP_FILES] = set_files,
	[STEP_SECCOMP] = install_filter,
	[STEP_BOUNDING_SET] = drop_bounding_set,
	[STEP_USER] = change_user,
	[STEP_CAPABILITIES] = set_capabilities,
	[STEP_NO_NEW_PRIVILEGES] = forbid_new_privileges,
	[STEP_EXECUTE] = execute_program,
};

/* Every failed step is told the same way: what it does, then why not. */
static int tell(const struct step *step, int code, const struct error *reason,
	struct error *err)
{
	char buffer[sizeof(err->text)];
	struct text text;

	/* the caller's own words need none of ours */
	if (step->kind == STEP_CREATED)
		return error_set(err, code, "%s", reason->text);
	text_init(&text, buffer, sizeof(buffer));
	plan_describe_step(step, &text);
	return error_set(err, code, "%s: %s", buffer,
		reason->text[0] ? reason->text : strerror(-code));
}

static int run(struct stage *stage, const struct step *step, struct error *err)
{
	struct error reason = { .code = 0 };
	int result = functions[step->kind](stage, step, &reason);

	return result < 0 ? tell(step, result, &reason, err) : 0;
}

int step_run_maker(struct stage *stage, const struct plan *plan,
	struct error *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && plan->steps[i].kind != STEP_GO; i++)
		result = run(stage, &plan->steps[i], err);
	return result;
}

int step_run_process(struct stage *stage, const struct plan *plan,
	struct error *err)
{
	size_t at = 0;
	int result = 0;

	while (plan->steps[at].kind != STEP_GO)
		at++;
	for (at++; result == 0 && at < plan->count; at++)
		result = run(stage, &plan->steps[at], err);
	if (result < 0)
		return result;
	return error_set(err, -EINVAL,
		"execute the plan: it does not end with a program");
}
