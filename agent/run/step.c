// SPDX-License-Identifier: MIT
/* step - carrying out a plan: first its maker, then the new process */
#include "run/step.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/attach.h"
#include "run/attribute.h"
#include "run/channel.h"
#include "run/container.h"
#include "run/dev.h"
#include "run/execute.h"
#include "run/hook.h"
#include "run/inside.h"
#include "run/join.h"
#include "run/kernel.h"
#include "run/maker.h"
#include "run/mount.h"
#include "run/netdevice.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/protect.h"
#include "run/rights.h"
#include "run/sysctl.h"
#include "run/terminal.h"

/* Carries out one step: 0 or -errno, with a reason when it knows a better. */
typedef int step_fn(struct stage *stage, const struct step *step,
	struct error *err);

/* Whoever made us has gone when there is nothing: nobody wants a container. */
static int await_maker(struct stage *stage, const struct step *step,
	struct error *err)
{
	char *text = NULL;

	(void)step;
	(void)err;
	if (channel_wait(stage->channel_fd, stage->wants_state ? &text : NULL) <
		0)
		_exit(127);
	stage->creating = text;
	stage->created = text ? text + strlen(text) + 1 : NULL;
	return 0;
}

/*
 * Once the process has no more rights than others, they could trace it and
 * take its descriptors (ptrace(2)); execve(2) ends this.
 */
static int hide(struct stage *stage, const struct step *step, struct error *err)
{
	(void)stage;
	(void)step;
	(void)err;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

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

static int make_time_namespace(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return join_new_time(stage->host_proc_fd, &stage->spec->monotonic,
		&stage->spec->boottime, err);
}

static int set_domainname(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	return attribute_set_domainname(step->name, err);
}

/* The container's own procfs, as far as it has one: ours may be read-only. */
static int proc_of(const struct stage *stage)
{
	return stage->proc_fd >= 0 ? stage->proc_fd : stage->host_proc_fd;
}

static int set_sysctl(struct stage *stage, const struct step *step,
	struct error *err)
{
	return sysctl_write(proc_of(stage), &stage->spec->sysctls[step->index],
		err);
}

static int set_personality(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return attribute_set_personality(&stage->spec->personality, err);
}

static int set_memory_policy(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return attribute_set_memory_policy(&stage->spec->memory_policy, err);
}

static int set_io_priority(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return attribute_set_io_priority(&stage->process->io_priority, err);
}

static int set_scheduler(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return attribute_set_scheduler(&stage->process->scheduler, err);
}

static int set_affinity(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	return attribute_set_affinity(step->name, err);
}

static int set_apparmor(struct stage *stage, const struct step *step,
	struct error *err)
{
	return attribute_set_apparmor(proc_of(stage), step->name, err);
}

static int set_selinux(struct stage *stage, const struct step *step,
	struct error *err)
{
	return attribute_set_selinux(proc_of(stage), step->name, err);
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
static int enter_folder(int folder_fd, struct error *err)
{
	char now[PATH_MAX];

	if (fchdir(folder_fd) < 0 || !getcwd(now, sizeof(now)))
		return -errno;
	if (now[0] != '/')
		return error_set(err, -EPERM, "it is outside the container");
	return 0;
}

static int change_folder(struct stage *stage, const struct step *step,
	struct error *err)
{
	auto_fd fd = -1;

	/* where the process is already */
	if (text_equal(step->path, "/"))
		return 0;
	fd = inside_make(stage->root_fd, step->path, INSIDE_FOLDER, true);
	if (fd == -EROFS)
		return error_set(err, fd,
			"it is not there and the container root cannot be "
			"written");
	return fd < 0 ? fd : enter_folder(fd, err);
}

/* Whoever made us gets the master. */
static int make_terminal(struct stage *stage, const struct step *step,
	struct error *err)
{
	int result = terminal_open(stage->dev_fd, stage->process,
		&stage->terminal, err);

	(void)step;
	if (result < 0)
		return result;
	return channel_send(stage->channel_fd, REPORT_TERMINAL, NULL,
		stage->terminal.master_fd);
}

static int bind_console(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return terminal_bind_console(&stage->terminal, stage->dev_fd, err);
}

static int run_hooks(struct stage *stage, const struct step *step,
	struct error *err)
{
	enum oci_hook_kind kind = (enum oci_hook_kind)step->index;

	return hook_run_all(stage->spec, kind,
		kind == OCI_HOOK_CREATE_CONTAINER ? stage->creating
						  : stage->created,
		err);
}

static int bring_up_loopback(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)step;
	return netdevice_loopback_up(err);
}

/*
 * Closes what no later step needs: a process that waits does so for as long as
 * it takes, perhaps beside others that look for descriptors. kept, of which -1
 * is none, is put in order.
 */
static int close_all_but(unsigned int first, int *kept, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		for (size_t k = i; k > 0 && kept[k] < kept[k - 1]; k--) {
			int higher = kept[k - 1];

			kept[k - 1] = kept[k];
			kept[k] = higher;
		}
	}
	for (size_t i = 0; i < count; i++) {
		unsigned int next = (unsigned int)kept[i];

		if (kept[i] < 0 || next < first)
			continue;
		if (next > first && kernel_close_range(first, next - 1) < 0)
			return -errno;
		first = next + 1;
	}
	return kernel_close_range(first, UINT_MAX) < 0 ? -errno : 0;
}

/* Until then nobody can wait for us; who connects hears the rest. */
static int wait_for_start(struct stage *stage, const struct step *step,
	struct error *err)
{
	int start_fd = stage->request->start_fd;
	int kept[] = { start_fd, stage->channel_fd, proc_of(stage) };
	int result = close_all_but(3 + stage->request->preserve_fds, kept,
		sizeof(kept) / sizeof(kept[0]));

	(void)step;
	(void)err;
	if (result == 0)
		result =
			channel_send(stage->channel_fd, REPORT_WAITS, NULL, -1);
	if (result < 0)
		return result;
	fd_close(&stage->channel_fd);
	do
		stage->channel_fd = accept4(start_fd, NULL, NULL, SOCK_CLOEXEC);
	while (stage->channel_fd < 0 && errno == EINTR);
	return stage->channel_fd < 0 ? -errno : 0;
}

static int connect_stdio(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	if (stage->process->has_terminal)
		return terminal_attach(&stage->terminal, err);
	for (int fd = 0; fd < 3; fd++) {
		if (stage->stdio_fds[fd] >= 0 &&
			dup2(stage->stdio_fds[fd], fd) < 0)
			return -errno;
	}
	return 0;
}

static step_fn *const functions[] = {
	[STEP_ID_MAPS] = maker_id_maps,
	[STEP_IDMAP] = maker_idmap,
	[STEP_RLIMIT] = maker_rlimit,
	[STEP_OOM_SCORE] = maker_oom_score,
	[STEP_NET_DEVICES] = maker_net_devices,
	[STEP_CREATED] = maker_tell_created,
	[STEP_GO] = NULL, /* the maker's last word */
	[STEP_AWAIT] = await_maker,
	[STEP_PROCESS] = prepare_process,
	[STEP_TIME_NAMESPACE] = make_time_namespace,
	[STEP_BECOME_ROOT] = rights_become_root,
	[STEP_CGROUP_NAMESPACE] = make_cgroup_namespace,
	[STEP_PROPAGATION] = attach_propagation,
	[STEP_ATTACH_ROOT] = attach_root,
	[STEP_MOUNT] = mount_make,
	[STEP_BIND] = mount_bind,
	[STEP_REMOUNT] = mount_change,
	[STEP_DEVICES] = dev_open,
	[STEP_NODE] = dev_make_node,
	[STEP_HOST_NODES] = dev_copy_host,
	[STEP_LINK] = dev_make_link,
	[STEP_DEVICE] = dev_make_device,
	[STEP_TERMINAL] = make_terminal,
	[STEP_CONSOLE] = bind_console,
	[STEP_HOOKS] = run_hooks,
	[STEP_PIVOT] = attach_pivot,
	[STEP_OPEN_ROOT] = attach_open,
	[STEP_LOOPBACK] = bring_up_loopback,
	[STEP_HOSTNAME] = set_hostname,
	[STEP_DOMAINNAME] = set_domainname,
	[STEP_SYSCTL] = set_sysctl,
	[STEP_READONLY_PATH] = protect_read_only,
	[STEP_MASK] = protect_mask,
	[STEP_CWD] = change_folder,
	[STEP_READONLY_ROOT] = attach_read_only,
	[STEP_ROOT_PROPAGATION] = attach_propagation,
	[STEP_KEYRING] = make_keyring,
	[STEP_PERSONALITY] = set_personality,
	[STEP_MEMORY_POLICY] = set_memory_policy,
	[STEP_IO_PRIORITY] = set_io_priority,
	[STEP_SCHEDULER] = set_scheduler,
	[STEP_AFFINITY] = set_affinity,
	[STEP_HIDE] = hide,
	[STEP_LOOK_UP] = execute_look_up,
	[STEP_WAIT] = wait_for_start,
	[STEP_STDIO] = connect_stdio,
	[STEP_FILES] = maker_own_files,
	[STEP_APPARMOR] = set_apparmor,
	[STEP_SELINUX] = set_selinux,
	[STEP_SECCOMP] = rights_filter,
	[STEP_BOUNDING_SET] = rights_bounding_set,
	[STEP_USER] = rights_user,
	[STEP_CAPABILITIES] = rights_capabilities,
	[STEP_NO_NEW_PRIVILEGES] = rights_no_new,
	[STEP_EXECUTE] = execute_program,
};

/* Every failed step is told the same way: what it does, then why not. */
static int tell(const struct step *step, int code, const struct error *reason,
	struct error *err)
{
	char buffer[sizeof(err->text)];
	struct text text;

	/* these have words of their own */
	if (step->kind == STEP_CREATED || step->kind == STEP_HOOKS)
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
