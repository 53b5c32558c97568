// SPDX-License-Identifier: MIT
/* plan - what is to be done to turn a new process into a container */
#include "run/plan.h"

#include <errno.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/devices.h"
#include "run/hook.h"
#include "run/oci.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FILES_PLENTY 1024 /* far more than the steps open */

/* Besides the nodes of devices.h: config-linux.md, "Default Devices". */
static const struct {
	const char *path;
	const char *content;
} links[] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" },
	{ "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx" },
	{ "/dev/core", "/proc/kcore" },
};

static struct step *add(struct plan *plan, enum step_kind kind,
	const char *path)
{
	struct step *step;

	/* the last place takes whatever does not fit */
	if (plan->count == PLAN_STEPS_MAX) {
		plan->is_full = true;
		plan->count--;
	}
	step = &plan->steps[plan->count++];
	*step = (struct step){ .kind = kind, .path = path };
	return step;
}

static bool has_new(const struct oci_spec *spec, enum oci_namespace_kind kind)
{
	return spec->namespaces[kind].is_asked && !spec->namespaces[kind].path;
}

/* What the kernel shows there must not be put elsewhere by an image. */
static bool is_of_the_kernel(const struct oci_mount *mount)
{
	if (plan_is_below(mount->destination, "/proc"))
		return true;
	return mount->kind != OCI_MOUNT_BIND &&
	       (plan_is_below(mount->destination, "/dev") ||
		       plan_is_below(mount->destination, "/sys"));
}

/*
 * In a user namespace nobody may make device nodes, so the maker makes /dev;
 * and a sysfs would show a network namespace that is not the container's, so
 * it gets a copy of ours.
 */
bool plan_needs_maker(const struct oci_spec *spec,
	const struct oci_mount *mount)
{
	if (!spec->namespaces[OCI_NAMESPACE_USER].is_asked ||
		mount->kind != OCI_MOUNT_FILE_SYSTEM || mount->is_remount)
		return false;
	if (text_equal(mount->type, "sysfs"))
		return !spec->namespaces[OCI_NAMESPACE_NETWORK].is_asked;
	return text_equal(mount->type, "tmpfs") &&
	       text_equal(mount->destination, "/dev");
}

static enum step_kind kind_of(const struct oci_mount *mount)
{
	if (mount->is_remount)
		return STEP_REMOUNT;
	return mount->kind == OCI_MOUNT_BIND ? STEP_BIND : STEP_MOUNT;
}

static void add_mounts(struct plan *plan, const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct oci_mount *mount = &spec->mounts[i];
		bool is_bind = mount->kind == OCI_MOUNT_BIND;
		struct step *step =
			add(plan, kind_of(mount), mount->destination);

		step->index = i;
		step->mount = mount;
		step->allows_links = !is_of_the_kernel(mount);
		step->name = mount->type;
		if (is_bind)
			step->name = mount->source ? mount->source : "volume";
	}
}

/* A folder that somebody else filled is left as it is. */
static bool has_own_devices(const struct oci_spec *spec)
{
	bool is_own = true;

	for (size_t i = 0; i < spec->mount_count; i++) {
		if (text_equal(spec->mounts[i].destination, "/dev"))
			is_own = spec->mounts[i].kind != OCI_MOUNT_BIND;
	}
	return is_own;
}

static void add_devices(struct plan *plan, const struct oci_spec *spec)
{
	bool is_own = has_own_devices(spec);

	if (is_own || spec->process.has_terminal)
		add(plan, STEP_DEVICES, "/dev");
	if (is_own) {
		for (size_t i = 0; i < devices_default_count; i++)
			add(plan, STEP_NODE, devices_default[i].path)->index =
				i;
		for (size_t i = 0; i < COUNT(links); i++)
			add(plan, STEP_LINK, links[i].path)->name =
				links[i].content;
		if (spec->copies_host_devices)
			add(plan, STEP_HOST_NODES, "/dev");
	}
	for (size_t i = 0; i < spec->device_count; i++) {
		/* the host's is in the list of a privileged container */
		if (is_own && text_equal(spec->devices[i].path, "/dev/ptmx"))
			continue;
		add(plan, STEP_DEVICE, spec->devices[i].path)->device =
			&spec->devices[i];
	}
	if (spec->process.has_terminal) {
		add(plan, STEP_TERMINAL, NULL);
		add(plan, STEP_CONSOLE, "/dev/console");
	}
}

static void add_hooks(struct plan *plan, const struct oci_spec *spec,
	enum oci_hook_kind kind)
{
	struct step *step;

	if (spec->hooks[kind].count == 0)
		return;
	step = add(plan, STEP_HOOKS, NULL);
	step->name = hook_name(kind);
	step->index = kind;
}

static void add_protection(struct plan *plan, const struct oci_spec *spec)
{
	for (size_t i = 0; spec->readonly_paths && spec->readonly_paths[i]; i++)
		add(plan, STEP_READONLY_PATH, spec->readonly_paths[i]);
	for (size_t i = 0; spec->masked_paths && spec->masked_paths[i]; i++)
		add(plan, STEP_MASK, spec->masked_paths[i]);
}

static void add_idmaps(struct plan *plan, const struct oci_spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct oci_mount *mount = &spec->mounts[i];
		struct step *step;

		if (mount->kind != OCI_MOUNT_BIND ||
			mount->idmap == OCI_IDMAP_NONE)
			continue;
		step = add(plan, STEP_IDMAP, mount->destination);
		step->mount = mount;
		step->index = i;
	}
}

/* What only the maker may do. */
static void add_making(struct plan *plan, const struct oci_process *process)
{
	for (size_t i = 0; i < process->rlimit_count; i++)
		add(plan, STEP_RLIMIT, NULL)->index = i;
	if (process->oom_score_adj.is_set)
		add(plan, STEP_OOM_SCORE, NULL);
	add(plan, STEP_CREATED, NULL);
	add(plan, STEP_GO, NULL);
}

/*
 * What the maker does meanwhile matters to few: they wait at once. The others
 * do while there is still a way back, and by then need not wait.
 */
static bool waits_at_once(const struct oci_spec *spec)
{
	const struct oci_process *process = &spec->process;
	bool needs_maker = has_new(spec, OCI_NAMESPACE_USER) ||
			   spec->net_device_count > 0 ||
			   spec->hooks[OCI_HOOK_PRESTART].count > 0 ||
			   spec->hooks[OCI_HOOK_CREATE_RUNTIME].count > 0;

	for (size_t i = 0; i < spec->mount_count; i++)
		needs_maker |= spec->mounts[i].idmap != OCI_IDMAP_NONE;
	for (size_t i = 0; i < process->rlimit_count; i++)
		needs_maker |= process->rlimits[i].type != RLIMIT_NOFILE ||
			       process->rlimits[i].hard < FILES_PLENTY;
	return needs_maker;
}

static void add_namespaces(struct plan *plan, const struct oci_spec *spec)
{
	if (has_new(spec, OCI_NAMESPACE_TIME))
		add(plan, STEP_TIME_NAMESPACE, NULL);
	if (spec->namespaces[OCI_NAMESPACE_USER].is_asked)
		add(plan, STEP_BECOME_ROOT, NULL);
	if (has_new(spec, OCI_NAMESPACE_CGROUP))
		add(plan, STEP_CGROUP_NAMESPACE, NULL);
}

/* What is below the container root while that is not yet "/". */
static void add_root(struct plan *plan, const struct oci_spec *spec)
{
	add(plan, STEP_PROPAGATION, NULL)->flags = MS_REC | MS_PRIVATE;
	add(plan, STEP_ATTACH_ROOT, spec->root_path);
	add_mounts(plan, spec);
	add_devices(plan, spec);
	if (!waits_at_once(spec))
		add(plan, STEP_AWAIT, NULL);
	add_hooks(plan, spec, OCI_HOOK_CREATE_CONTAINER);
	add(plan, STEP_PIVOT, NULL);
}

static void add_names(struct plan *plan, const struct oci_spec *spec)
{
	bool is_own = spec->namespaces[OCI_NAMESPACE_UTS].is_asked;

	if (has_new(spec, OCI_NAMESPACE_NETWORK))
		add(plan, STEP_LOOPBACK, NULL);
	if (spec->hostname && is_own)
		add(plan, STEP_HOSTNAME, NULL)->name = spec->hostname;
	if (spec->domainname && is_own)
		add(plan, STEP_DOMAINNAME, NULL)->name = spec->domainname;
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		struct step *step = add(plan, STEP_SYSCTL, NULL);

		step->name = spec->sysctls[i].key;
		step->index = i;
	}
}

/* Last, as the steps before may have more files open than it allows. */
static void add_files(struct plan *plan, const struct oci_process *process)
{
	for (size_t i = 0; i < process->rlimit_count; i++) {
		if (process->rlimits[i].type == RLIMIT_NOFILE)
			add(plan, STEP_FILES, NULL)->index = i;
	}
}

static void add_attributes(struct plan *plan, const struct oci_spec *spec,
	const struct oci_process *process)
{
	if (spec->personality.is_set)
		add(plan, STEP_PERSONALITY, NULL);
	if (spec->memory_policy.is_set)
		add(plan, STEP_MEMORY_POLICY, NULL);
	if (process->io_priority.is_set)
		add(plan, STEP_IO_PRIORITY, NULL);
	if (process->scheduler.is_set)
		add(plan, STEP_SCHEDULER, NULL);
}

/*
 * A filter may be installed with CAP_SYS_ADMIN or with no_new_privs, so it
 * comes while the first is there or after the second.
 */
static void add_rights(struct plan *plan, const struct oci_spec *spec,
	const struct oci_process *process)
{
	bool is_locked = process->no_new_privileges;

	if (process->apparmor_profile)
		add(plan, STEP_APPARMOR, NULL)->name =
			process->apparmor_profile;
	if (process->selinux_label)
		add(plan, STEP_SELINUX, NULL)->name = process->selinux_label;
	if (spec->seccomp && !is_locked)
		add(plan, STEP_SECCOMP, NULL);
	if (process->has_capabilities)
		add(plan, STEP_BOUNDING_SET, NULL);
	add(plan, STEP_USER, NULL);
	if (process->has_capabilities)
		add(plan, STEP_CAPABILITIES, NULL);
	if (is_locked)
		add(plan, STEP_NO_NEW_PRIVILEGES, NULL);
	if (spec->seccomp && is_locked)
		add(plan, STEP_SECCOMP, NULL);
}

static void add_end(struct plan *plan, const struct oci_spec *spec,
	const struct oci_process *process)
{
	add_files(plan, process);
	add_rights(plan, spec, process);
	add(plan, STEP_EXECUTE, NULL)->name = process->args[0];
}

static int check_size(const struct plan *plan, struct error *err)
{
	if (plan->is_full)
		return error_set(err, -E2BIG,
			"plan the container: more than %d steps",
			PLAN_STEPS_MAX);
	return 0;
}

int plan_make(const struct oci_spec *spec, const struct plan_options *options,
	struct plan *plan, struct error *err)
{
	int result = plan_check(spec, err);

	plan->count = 0;
	plan->is_full = false;
	if (result < 0)
		return result;
	if (has_new(spec, OCI_NAMESPACE_USER))
		add(plan, STEP_ID_MAPS, NULL);
	add_idmaps(plan, spec);
	if (spec->net_device_count > 0)
		add(plan, STEP_NET_DEVICES, NULL);
	add_making(plan, &spec->process);
	if (waits_at_once(spec))
		add(plan, STEP_AWAIT, NULL);
	add(plan, STEP_PROCESS, NULL);
	add_namespaces(plan, spec);
	add_root(plan, spec);
	add_names(plan, spec);
	add_protection(plan, spec);
	add(plan, STEP_CWD, spec->process.cwd); /* made when missing */
	if (spec->root_readonly)
		add(plan, STEP_READONLY_ROOT, "/");
	if (spec->rootfs_propagation)
		add(plan, STEP_ROOT_PROPAGATION, "/")->flags =
			spec->rootfs_propagation;
	if (!options->no_new_keyring)
		add(plan, STEP_KEYRING, NULL);
	add_attributes(plan, spec, &spec->process);
	/* with a terminal, who waits lets go of the caller's 0, 1 and 2 */
	add(plan, STEP_STDIO, NULL);
	add(plan, STEP_HIDE, NULL);
	if (options->waits) {
		add(plan, STEP_LOOK_UP, NULL)->name = spec->process.args[0];
		add(plan, STEP_WAIT, NULL);
	}
	add_hooks(plan, spec, OCI_HOOK_START_CONTAINER);
	add_end(plan, spec, &spec->process);
	return check_size(plan, err);
}

int plan_make_exec(const struct oci_spec *spec,
	const struct oci_process *process, struct plan *plan, struct error *err)
{
	int result = plan_check_process(process, err);

	plan->count = 0;
	plan->is_full = false;
	if (result < 0)
		return result;
	add_making(plan, process);
	add(plan, STEP_AWAIT, NULL);
	add(plan, STEP_PROCESS, NULL);
	if (process->cpu_affinity_initial)
		add(plan, STEP_AFFINITY, NULL)->name =
			process->cpu_affinity_initial;
	if (spec->namespaces[OCI_NAMESPACE_USER].is_asked)
		add(plan, STEP_BECOME_ROOT, NULL);
	add(plan, STEP_OPEN_ROOT, NULL);
	if (process->has_terminal) {
		add(plan, STEP_DEVICES, "/dev");
		add(plan, STEP_TERMINAL, NULL);
	}
	add(plan, STEP_CWD, process->cwd);
	add_attributes(plan, spec, process);
	if (process->cpu_affinity_final)
		add(plan, STEP_AFFINITY, NULL)->name =
			process->cpu_affinity_final;
	add(plan, STEP_STDIO, NULL);
	add_end(plan, spec, process);
	return check_size(plan, err);
}
