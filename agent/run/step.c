// SPDX-License-Identifier: MIT
/* step - carrying out a plan, in the process that becomes the container */
#include "run/step.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/devices.h"
#include "run/inside.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/plan.h"

#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))
#define CAPABILITIES_MAX 64
#define DEFAULT_PATH                                               \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:" \
	"/bin"

/* Carries out one step: 0 or -errno, with a reason when it knows a better. */
typedef int step_fn(struct stage *stage, const struct step *step,
	struct error *err);

/* Handlers go before the mask: a signal may be waiting. */
static int prepare_process(struct stage *stage, const struct step *step,
	struct error *err)
{
	sigset_t none;

	(void)stage;
	(void)step;
	(void)err;
	for (int signal = 1; signal < NSIG; signal++) {
		if (signal == SIGKILL || signal == SIGSTOP)
			continue; /* always as they are */
		if (kernel_default_signal(signal) < 0)
			return -errno;
	}
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || setsid() < 0 ||
		kernel_close_on_exec_from(3) < 0)
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

/* The name in our own /dev, which is opened by no path. */
static const char *in_dev(const struct step *step)
{
	return step->path + strlen("/dev/");
}

/* Masks are made of it, so it must be the one and only null device. */
static int open_null(struct stage *stage, const struct step *step,
	struct error *err)
{
	struct stat status;

	stage->null_fd = openat(stage->dev_fd, in_dev(step),
		O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (stage->null_fd < 0 || fstat(stage->null_fd, &status) < 0)
		return -errno;
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
		return error_set(err, -EPERM, "it is not the null device");
	return 0;
}

static int make_node(struct stage *stage, const struct step *step,
	struct error *err)
{
	if (mknodat(stage->dev_fd, in_dev(step), S_IFCHR | step->mode,
		    makedev(step->major, step->minor)) < 0)
		return -errno;
	if (text_equal(step->path, "/dev/null"))
		return open_null(stage, step, err);
	return 0;
}

static int copy_host_nodes(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return devices_copy_all(stage->host_dev_fd, stage->dev_fd, err);
}

static int make_link(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)err;
	if (symlinkat(step->name, stage->dev_fd, in_dev(step)) < 0)
		return -errno;
	return 0;
}

static int set_hostname(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)err;
	return sethostname(step->name, strlen(step->name)) < 0 ? -errno : 0;
}

/* By our own procfs, never by what the container root has at /proc. */
static int set_oom_score(struct stage *stage, const struct step *step,
	struct error *err)
{
	char path[48];
	char value[16];

	(void)step;
	(void)snprintf(path, sizeof(path), "%d/oom_score_adj", (int)getpid());
	(void)snprintf(value, sizeof(value), "%d",
		stage->spec->process.oom_score_adj);

	auto_fd fd = kernel_openat2(stage->proc_fd, path, O_WRONLY,
		RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);

	if (fd < 0)
		return -errno;
	(void)err;
	return fd_write_all(fd, value, strlen(value));
}

static int set_rlimit(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_rlimit *rlimit =
		&stage->spec->process.rlimits[step->index];

	if (kernel_set_rlimit(rlimit->type, rlimit->soft, rlimit->hard) < 0)
		return error_errno(err, "number %d to %llu and %llu",
			rlimit->type, (unsigned long long)rlimit->soft,
			(unsigned long long)rlimit->hard);
	return 0;
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
	auto_fd fd = inside_make(stage->spec->root_fd, step->path,
		INSIDE_FOLDER, true);
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

/* The user gets the pipes, so that it may open /dev/stdout again. */
static int connect_stdio(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_user *user = &stage->spec->process.user;
	auto_fd null =
		openat(stage->dev_fd, "null", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	(void)step;
	(void)err;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(stage->stdout_fd, STDOUT_FILENO) < 0 ||
		dup2(stage->stderr_fd, STDERR_FILENO) < 0 ||
		fchown(STDOUT_FILENO, user->uid, user->gid) < 0 ||
		fchown(STDERR_FILENO, user->uid, user->gid) < 0)
		return -errno;
	return 0;
}

static int install_filter(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	(void)err;
	return kernel_seccomp(stage->filter) < 0 ? -errno : 0;
}

static int drop_bounding_set(struct stage *stage, const struct step *step,
	struct error *err)
{
	uint64_t bounding = stage->spec->process.capabilities.bounding;

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
	const struct oci_user *user = &stage->spec->process.user;

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
	const struct oci_capabilities *wanted =
		&stage->spec->process.capabilities;
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
	(void)execve(path, (char *const *)(uintptr_t)process->args,
		(char *const *)(uintptr_t)process->env);
	return -errno;
}

static const char *find_path_variable(const char *const *env)
{
	for (; *env; env++) {
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
	const struct oci_process *process = &stage->spec->process;
	const struct error ready = { .code = 0 };
	bool has_slash = strchr(step->name, '/');
	int result;

	(void)umask(022);
	result = fd_write_all(stage->report_fd, &ready, sizeof(ready));
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
	[STEP_PROCESS] = prepare_process,
	[STEP_PRIVATE_MOUNTS] = mount_make_private,
	[STEP_ATTACH_ROOT] = mount_attach_root,
	[STEP_PIVOT] = mount_pivot,
	[STEP_CGROUP_NAMESPACE] = make_cgroup_namespace,
	[STEP_MOUNT] = mount_file_system,
	[STEP_NODE] = make_node,
	[STEP_HOST_NODES] = copy_host_nodes,
	[STEP_LINK] = make_link,
	[STEP_BIND] = mount_bind,
	[STEP_READONLY_PATH] = mount_protect_path,
	[STEP_MASK] = mount_mask_path,
	[STEP_READONLY_ROOT] = mount_protect_root,
	[STEP_HOSTNAME] = set_hostname,
	[STEP_OOM_SCORE] = set_oom_score,
	[STEP_RLIMIT] = set_rlimit,
	[STEP_KEYRING] = make_keyring,
	[STEP_CWD] = change_folder,
	[STEP_STDIO] = connect_stdio,
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

	text_init(&text, buffer, sizeof(buffer));
	plan_describe_step(step, &text);
	return error_set(err, code, "%s: %s", buffer,
		reason->text[0] ? reason->text : strerror(-code));
}

int step_run_all(struct stage *stage, const struct plan *plan,
	struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		struct error reason = { .code = 0 };
		int result = functions[step->kind](stage, step, &reason);

		if (result < 0)
			return tell(step, result, &reason, err);
	}
	return error_set(err, -EINVAL,
		"execute the plan: it does not end with a program");
}
