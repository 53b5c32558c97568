// SPDX-License-Identifier: MIT
/* maker - what is done to a new process from outside, while it waits */
#include "run/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/container.h"
#include "run/idmap.h"
#include "run/kernel.h"
#include "run/netdevice.h"
#include "run/oci.h"
#include "run/plan.h"
#include "run/step.h"
#include "run/words.h"

#define FILES_MIN 256 /* the steps have fewer open */

int maker_id_maps(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return idmap_write(stage->container->pid, &stage->spec->uid_mappings,
		&stage->spec->gid_mappings, err);
}

/* The user namespace of a mount: its own, or the container's. */
static int open_user_namespace(const struct stage *stage,
	const struct oci_mount *mount, struct error *err)
{
	const char *path = stage->spec->namespaces[OCI_NAMESPACE_USER].path;
	int fd;

	if (mount->uid_mappings.count > 0)
		return idmap_open(&mount->uid_mappings, &mount->gid_mappings,
			err);
	if (!path)
		return idmap_open_process(stage->container->pid, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_errno(err, "open '%s'", path) : fd;
}

int maker_idmap(struct stage *stage, const struct step *step, struct error *err)
{
	bool is_whole = step->mount->idmap == OCI_IDMAP_RECURSIVE;
	auto_fd fd = open_user_namespace(stage, step->mount, err);
	int result;

	if (fd < 0)
		return fd;
	result = idmap_apply(stage->mount_fds[step->index], fd,
		is_whole ? AT_RECURSIVE : 0);
	if (result == -EINVAL)
		return error_set(err, result,
			"its file system cannot show other owners, or shows "
			"them already");
	return result;
}

/* By the number that it has for us, in the procfs that we have. */
int maker_oom_score(struct stage *stage, const struct step *step,
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

static void name_rlimit(int type, char *out, size_t size)
{
	(void)snprintf(out, size, "RLIMIT %d", type);
	for (size_t i = 0; i < words_rlimits.count; i++) {
		if (words_rlimits.items[i].value == (uint64_t)type)
			(void)text_copy(out, size, words_rlimits.items[i].text);
	}
}

static int write_rlimit(pid_t pid, const struct oci_rlimit *rlimit,
	struct error *err)
{
	char name[32];

	if (kernel_set_rlimit(pid, rlimit->type, rlimit->soft, rlimit->hard) ==
		0)
		return 0;
	name_rlimit(rlimit->type, name, sizeof(name));
	return error_errno(err, "%s to %llu, at most %llu", name,
		(unsigned long long)rlimit->soft,
		(unsigned long long)rlimit->hard);
}

/* What the process may not raise itself; open files are for STEP_FILES. */
int maker_rlimit(struct stage *stage, const struct step *step,
	struct error *err)
{
	struct oci_rlimit rlimit = stage->process->rlimits[step->index];

	if (rlimit.type == RLIMIT_NOFILE && rlimit.hard < FILES_MIN)
		return 0;
	if (rlimit.type == RLIMIT_NOFILE)
		rlimit.soft = rlimit.hard;
	return write_rlimit(stage->container->pid, &rlimit, err);
}

int maker_own_files(struct stage *stage, const struct step *step,
	struct error *err)
{
	return write_rlimit(0, &stage->process->rlimits[step->index], err);
}

int maker_net_devices(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)step;
	return netdevice_move_all(stage->spec, stage->container->pid, err);
}

int maker_tell_created(struct stage *stage, const struct step *step,
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
