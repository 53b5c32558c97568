// SPDX-License-Identifier: MIT
/* ruleset - the packet rules of a topology */
#include "net/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/ruleset_parts.h"

#define REMOVE_BYTES 1024
#define OBJECT_SIZE  160 /* of its name in an error */

void ruleset_chain_name(char out[RULESET_CHAIN_SIZE],
	enum balance_family family, const struct balance_target *target)
{
	struct text text;

	text_init(&text, out, RULESET_CHAIN_SIZE);
	text_add(&text, "to%c-%u", family == BALANCE_IPV4 ? '4' : '6',
		target->group);
	if (target->port > 0)
		text_add(&text, "-%u", target->port);
}

void filler_add(struct filler *filler, const struct nft_value *key,
	const struct nft_value *value, const char *chain)
{
	filler->count++;
	if (filler->nft)
		nft_element(filler->nft, key, value, chain);
}

void ruleset_fill(struct nft *nft, const struct set_row *rows, size_t count,
	const struct scene *scene)
{
	for (size_t i = 0; i < count; i++) {
		struct filler counter = { .nft = NULL };
		struct filler filler = { .nft = nft };

		rows[i].list(&counter, scene, rows[i].which);
		nft_set(nft, &rows[i].set, counter.count);
		if (counter.count == 0)
			continue;
		nft_fill(nft, &rows[i].set);
		rows[i].list(&filler, scene, rows[i].which);
		nft_filled(nft);
	}
}

void ruleset_build(struct nft *nft, const struct topology *topology)
{
	struct balance balance;
	const struct scene scene = {
		.topology = topology,
		.balance = &balance,
	};

	assert(topology->group_count <= TOPOLOGY_GROUPS_MAX &&
		topology->port_count <= TOPOLOGY_PORTS_MAX);
	balance_make(&balance, topology);
	nft_replace(nft, NFPROTO_INET, RULESET_TABLE);
	ruleset_inet_chains(nft, &scene);
	ruleset_inet_sets(nft, &scene);
	ruleset_inet_rules(nft, &scene);
	nft_replace(nft, NFPROTO_BRIDGE, RULESET_TABLE);
	ruleset_bridge(nft, &scene);
	nft_end(nft);
}

/* The transaction, with an error that names what was refused. */
static int commit(int fd, const struct nft *nft, struct error *err)
{
	const int room = RULESET_BYTES_MAX;
	char object[OBJECT_SIZE];
	struct text text;
	size_t failed = 0;
	int result;

	/* the kernel takes a transaction only in one piece */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	result = netlink_commit(fd, &nft->batch, &failed);
	if (result == 0)
		return 0;
	text_init(&text, object, sizeof(object));
	nft_describe(&nft->batch, failed, &text);
	errno = -result;
	return error_errno(err, "set packet rules: %s", object);
}

int ruleset_apply_by(int fd, const struct topology *topology, struct error *err)
{
	struct nft nft;
	int result;
	void *room = mmap(NULL, RULESET_BYTES_MAX, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return error_errno(err, "get memory for packet rules");
	nft_begin(&nft, room, RULESET_BYTES_MAX);
	ruleset_build(&nft, topology);
	result = commit(fd, &nft, err);
	(void)munmap(room, RULESET_BYTES_MAX); /* it is ours */
	return result;
}

int ruleset_apply(const struct topology *topology, struct error *err)
{
	auto_fd fd = netlink_open(NETLINK_NETFILTER, err);

	return fd < 0 ? fd : ruleset_apply_by(fd, topology, err);
}

int ruleset_remove(struct error *err)
{
	uint64_t room[REMOVE_BYTES / sizeof(uint64_t)];
	struct nft nft;
	auto_fd fd = netlink_open(NETLINK_NETFILTER, err);

	if (fd < 0)
		return fd;
	nft_begin(&nft, room, sizeof(room));
	nft_remove(&nft, NFPROTO_INET, RULESET_TABLE);
	nft_remove(&nft, NFPROTO_BRIDGE, RULESET_TABLE);
	nft_end(&nft);
	return commit(fd, &nft, err);
}
