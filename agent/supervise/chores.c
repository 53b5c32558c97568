// SPDX-License-Identifier: MIT
/* chores - what must be done before a workload can start, one at a time */
#include "supervise/chores.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "lib/error.h"
#include "lib/log.h"
#include "lib/text.h"
#include "store/store.h"
#include "supervise/folders.h"
#include "supervise/places.h"

/* In the child. */
static size_t list_fds(const void *work, int *out)
{
	const struct chores *chores = work;
	const struct places *places = chores->places;
	const int fds[] = { chores->store->dir_fd, places->data_fd,
		places->config_fd, places->run_fd, places->log_fd,
		places->workloads_fd };

	memcpy(out, fds, sizeof(fds));
	return sizeof(fds) / sizeof(fds[0]);
}

void chores_init(struct chores *chores, struct loop *loop,
	const struct store *store, const struct places *places)
{
	*chores = (struct chores){ .store = store, .places = places };
	job_init(&chores->job, loop);
	chores->job.list_fds = list_fds;
}

/* In the child. */
static int do_chore(const void *work, job_progress_fn *progress, void *context,
	struct error *err)
{
	const struct chores *chores = work;
	const struct service *service = chores->owner->service;
	struct store own = *chores->store;

	switch (chores->kind) {
	case CHORE_IMAGE:
		return store_import(&own, service->image, progress, context,
			err);
	case CHORE_FOLDERS:
		return folders_make(chores->places, service, chores->image,
			err);
	case CHORE_NONE:
		break;
	}
	abort();
}

int chores_want(struct chores *chores, const struct workload *workload,
	enum chore kind, const struct image *image, struct error *err)
{
	const struct service *service = workload->service;
	char what[300];

	if (job_is_running(&chores->job))
		return 0;
	if (kind == CHORE_IMAGE) {
		log_info("%s: unpacking image %s", service->name,
			service->image);
		(void)snprintf(what, sizeof(what), "unpack '%s'",
			service->image);
	} else {
		(void)snprintf(what, sizeof(what), "make the folders of '%s'",
			service->name);
	}
	chores->kind = kind;
	chores->owner = workload;
	chores->image = image;
	return job_start(&chores->job, what, do_chore, chores, err);
}

bool chores_serve(const struct chores *chores, const struct workload *workload)
{
	if (!chores->owner || chores->owner == workload)
		return chores->owner == workload;
	return chores->kind == CHORE_IMAGE &&
	       text_equal(chores->owner->service->image,
		       workload->service->image);
}
