// SPDX-License-Identifier: MIT
/* sharing - services that live in namespaces or cgroups of each other */
#include "config/sharing.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/reader.h"
#include "config/service.h"
#include "lib/text.h"

struct services {
	struct reader *reader;
	struct service *items;
	size_t count;
};

static void push_key(struct reader *reader, const char *service,
	const char *key)
{
	reader_push(reader, "services");
	reader_push(reader, service);
	reader_push(reader, key);
}

static struct service *find(const struct services *all, const char *name)
{
	for (size_t i = 0; i < all->count; i++) {
		if (text_equal(all->items[i].name, name))
			return &all->items[i];
	}
	return NULL;
}

/* A service, one of its keys that shares, and whose namespace that names. */
struct joint {
	struct service *service;
	const char *key;
	struct mark mark;
	const struct service *target;
};

static void report(const struct services *all, const struct joint *joint,
	const char *what)
{
	if (joint->service->replica > 1)
		return; /* it is what the first one says */
	push_key(all->reader, joint->service->name, joint->key);
	reader_error(all->reader, joint->mark, "'%s' %s", joint->target->name,
		what);
	reader_pop(all->reader, 0);
}

/*
 * Who joins a namespace of another service lives in its user namespace, too:
 * only there has it power over what it sees.
 */
static void join_users(const struct services *all, const struct joint *joint)
{
	struct service *service = joint->service;
	const struct service *target = joint->target;
	const char *users = target->users_of ? target->users_of : target->name;

	if (target->has_host_users && !service->users_of)
		service->has_host_users = true;
	else if (!target->has_host_users && !service->has_host_users &&
		 (!service->users_of || text_equal(service->users_of, users)))
		service->users_of = users;
	else
		report(all, joint,
			"lives in another user namespace than this service; write 'userns_mode: host' in all services that share");
}

/* Of those who share what others share, all mean the one whose it is. */
static void join(const struct services *all, struct service *service,
	const char *key, struct share *share)
{
	struct joint joint = { service, key, share->mark, NULL };
	const struct share *other;

	if (share->mode == SHARE_SERVICE)
		joint.target = find(all, share->service);
	if (!joint.target)
		return;
	join_users(all, &joint);
	other = share == &service->pid ? &joint.target->pid
				       : &joint.target->ipc;
	if (other->mode == SHARE_NO_SHM)
		report(all, &joint,
			"has 'ipc: none', which nobody can share; write 'ipc: shareable' there");
	if (other->mode == SHARE_SERVICE)
		share->service = other->service;
	if (other->mode == SHARE_HOST)
		*share = (struct share){ SHARE_HOST, NULL, share->mark };
}

/* A network belongs to the users of who has made it. */
static void join_network(const struct services *all, struct service *service)
{
	struct joint joint = { service, "network_mode", service->network_mark,
		NULL };

	if (service->network_mode == NETWORK_MODE_SERVICE)
		joint.target = find(all, service->network_of);
	if (!joint.target)
		return;
	if (joint.target->network_mode == NETWORK_MODE_HOST) {
		service->network_mode = NETWORK_MODE_HOST;
		service->network_of = NULL;
		return;
	}
	join_users(all, &joint);
	if (joint.target->network_mode == NETWORK_MODE_SERVICE)
		service->network_of = joint.target->network_of;
}

void sharing_check(struct reader *reader, struct service *sorted, size_t count)
{
	struct services all = { reader, sorted, count };

	for (size_t i = 0; i < count; i++) {
		struct service *service = &sorted[i];

		join(&all, service, "pid", &service->pid);
		join(&all, service, "ipc", &service->ipc);
		join_network(&all, service);
	}
	for (size_t i = 0; i < count; i++) {
		const struct share *ipc = &sorted[i].ipc;
		struct service *owner = ipc->mode == SHARE_SERVICE
						? find(&all, ipc->service)
						: NULL;

		if (owner)
			owner->is_shm_shared = true;
	}
}
