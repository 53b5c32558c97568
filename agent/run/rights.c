// SPDX-License-Identifier: MIT
/* rights - what the new process gives up before it is the container's */
#include "run/rights.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "lib/error.h"
#include "run/channel.h"
#include "run/execute.h"
#include "run/kernel.h"
#include "run/oci.h"
#include "run/seccomp.h"
#include "run/step.h"

#define CAPABILITIES_MAX 64

/*
 * In a new user namespace the process is whoever its maker was, whom the
 * namespace may not know, with all rights. It becomes root there, so that what
 * it makes belongs to somebody.
 */
int rights_become_root(struct stage *stage, const struct step *step,
	struct error *err)
{
	(void)stage;
	(void)step;
	(void)err;
	if (kernel_setgroups(0, NULL) < 0 && errno != EPERM)
		return -errno;
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

	(void)step;
	/* who becomes root keeps them */
	if (user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	/* whoever may map only himself has none, and need not drop any */
	if (kernel_setgroups(user->additional_gid_count,
		    user->additional_gids) < 0 &&
		(errno != EPERM || user->additional_gid_count > 0))
		return error_errno(err, "supplementary groups");
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
	/* what is not inheritable is not ambient (capabilities(7)) */
	return wanted->inheritable ? raise_ambient(wanted->ambient & all) : 0;
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
