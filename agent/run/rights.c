// SPDX-License-Identifier: MIT
/* rights - what the new process gives up before it is the container's */
#include "run/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "run/channel.h"
#include "run/execute.h"
#include "run/kernel.h"
#include "run/mount.h"
#include "run/oci.h"
#include "run/seccomp.h"
#include "run/step.h"

#define CAPABILITIES_MAX 64

/*
 * Where somebody maps only himself, nobody can change groups or needs to: "deny"
 * (user_namespaces(7)). Without CAP_SETGID the call fails the same way.
 */
static bool has_groups_denied(const struct stage *stage)
{
	auto_left_fd fd =
		stage->proc_fd >= 0
			? openat(stage->proc_fd, "self/setgroups",
				  O_RDONLY | O_CLOEXEC)
			: open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
	char text[4];

	/* an image may have a file of that name */
	return fd >= 0 && mount_is_on(fd, PROC_SUPER_MAGIC) == 1 &&
	       read(fd, text, sizeof(text)) == (ssize_t)sizeof(text) &&
	       memcmp(text, "deny", sizeof(text)) == 0;
}

/* Leaves the caller's groups to nobody. */
static int set_groups(const struct stage *stage, size_t count,
	const uint32_t *groups)
{
	int code;

	if (kernel_setgroups(count, groups) == 0)
		return 0;
	code = errno;
	if (code == EPERM && count == 0 && has_groups_denied(stage))
		return 0;
	return -code;
}

/*
 * In a new user namespace the process is whoever its maker was, whom the
 * namespace may not know, with all rights. It becomes root there, so that what
 * it makes belongs to somebody.
 */
int rights_become_root(struct stage *stage, const struct step *step,
	struct error *err)
{
	int result = set_groups(stage, 0, NULL);

	(void)step;
	(void)err;
	if (result < 0)
		return result;
	/* EINVAL: there is no root in it */
	if (kernel_setgid(0) < 0 && errno != EINVAL)
		return -errno;
	if (kernel_setuid(0) < 0 && errno != EINVAL)
		return -errno;
	return 0;
}

int rights_filter(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_seccomp *profile = stage->spec->seccomp;
	unsigned int flags = profile->flags;
	int result = 0;

	(void)step;
	(void)err;
	/* then nothing is left to be done but to execute */
	if (stage->process->no_new_privileges)
		result = execute_announce(stage);
	if (result < 0)
		return result;
	if (!seccomp_notifies(profile))
		return kernel_seccomp_filter(flags, stage->filter) < 0 ? -errno
								       : 0;
	flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	result = kernel_seccomp_filter(flags, stage->filter);
	if (result < 0)
		return -errno;
	return channel_send(stage->channel_fd, REPORT_LISTENER, NULL, result);
}

int rights_bounding_set(struct stage *stage, const struct step *step,
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
int rights_user(struct stage *stage, const struct step *step, struct error *err)
{
	const struct oci_user *user = &stage->process->user;
	int result;

	(void)step;
	/* who becomes root keeps them */
	if (user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	result = set_groups(stage, user->additional_gid_count,
		user->additional_gids);
	if (result < 0)
		return error_set(err, result, "supplementary groups: %s",
			strerror(-result));
	if (kernel_setgid(user->gid) < 0)
		return error_errno(err, "group %" PRIu32, user->gid);
	if (kernel_setuid(user->uid) < 0)
		return error_errno(err, "user %" PRIu32, user->uid);
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

/* Sets those of wanted that are in all. */
static int set_sets(const struct oci_capabilities *wanted, uint64_t all)
{
	if (kernel_capset(wanted->effective & wanted->permitted & all,
		    wanted->permitted & all, wanted->inheritable & all) < 0)
		return -errno;
	if (wanted->inheritable == 0)
		return 0;
	/* no other can be ambient (capabilities(7)) */
	return raise_ambient(wanted->ambient & wanted->inheritable &
			     wanted->permitted & all);
}

/* What we do not have ourselves cannot be given and is left out. */
int rights_capabilities(struct stage *stage, const struct step *step,
	struct error *err)
{
	const struct oci_capabilities *wanted = &stage->process->capabilities;
	int result = set_sets(wanted, UINT64_MAX);
	uint64_t ours;

	(void)step;
	(void)err;
	if (result != -EPERM)
		return result;
	return kernel_capget(&ours) < 0 ? -errno : set_sets(wanted, ours);
}

int rights_no_new(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)step;
	(void)err;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
