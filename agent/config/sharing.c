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

/*
 * Who joins a namespace of another service lives in its user namespace, too:
 * only there has it power over what it sees.
 */
static void join(struct services *all, struct service *service, const char *key,
	const struct share *share)
{
	const struct service *target;
	const char *users;

	target =
		share->mode == SHARE_SERVICE ? find(all, share->service) : NULL;
	if (!target)
		return;
	users = target->users_of ? target->users_of : target->name;
	if (target->has_host_users && !service->users_of) {
		service->has_host_users = true;
		return;
	}
	if (!target->has_host_users && !service->has_host_users &&
		(!service->users_of || text_equal(service->users_of, users))) {
		service->users_of = users;
		return;
	}
	push_key(all->reader, service->name, key);
	reader_error(all->reader, share->mark,
		"'%s' lives in another user namespace than this service; write 'userns_mode: host' in all services that share",
		target->name);
	reader_pop(all->reader, 0);
}

/* A cgroup is that of one service or above some, not both. */
static void check_parent(const struct services *all,
	const struct service *service)
{
	const char *parent = service->cgroup_parent;
	size_t length;

	if (!parent)
		return;
	parent += *parent == '/';
	length = strcspn(parent, "/");
	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->items[i].name;

		if (strncmp(name, parent, length) != 0 || name[length])
			continue;
		push_key(all->reader, service->name, "cgroup_parent");
		reader_error(all->reader, service->mark,
			"'%s' is the cgroup of the service of that name, write another",
			name);
		reader_pop(all->reader, 0);
		return;
	}
}

/* Services come after those that they join, but in a circle: an error already */
void sharing_check(struct reader *reader, struct service *sorted, size_t count)
{
	struct services services = { reader, sorted, count };
	struct services *all = &services;

	for (size_t i = 0; i < all->count; i++) {
		struct service *service = &all->items[i];

		join(all, service, "pid", &service->pid);
		join(all, service, "ipc", &service->ipc);
		check_parent(all, service);
	}
	for (size_t i = 0; i < all->count; i++) {
		const struct share *ipc = &all->items[i].ipc;
		struct service *target = ipc->mode == SHARE_SERVICE
						 ? find(all, ipc->service)
						 : NULL;

		if (target)
			target->is_shm_shared = true;
	}
}
