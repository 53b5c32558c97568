// SPDX-License-Identifier: MIT
/* ruleset - the packet rules of a topology */
#include "net/ruleset.h"

#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/nft_diff.h"
#include "net/ruleset_parts.h"

#define REMOVE_BYTES 1024
#define ASK_BYTES    64
#define OBJECT_SIZE  160 /* of its name in an error */
#define ROOM_MIN     16  /* elements of a set */

static char *write_number(char *at, unsigned int number)
{
	if (number >= 10)
		at = write_number(at, number / 10);
	*at = (char)('0' + number % 10);
	return at + 1;
}

/* "to4-65535-65535" is the longest. There may be thousands: to print each as
 * text_add does would take a third of the time of a change. */
void ruleset_chain_name(char out[RULESET_CHAIN_SIZE],
	enum balance_family family, const struct balance_target *target)
{
	char *at = out + strlen("to4-");

	memcpy(out, family == BALANCE_IPV4 ? "to4-" : "to6-", strlen("to4-"));
	at = write_number(at, target->group);
	if (target->port > 0) {
		*at++ = '-';
		at = write_number(at, target->port);
	}
	*at = '\0';
}

void filler_add(struct filler *filler, const struct nft_value *key,
	const struct nft_value *value, const char *chain)
{
	if (filler->nft && filler->count == 0)
		nft_fill(filler->nft, filler->set);
	filler->count++;
	if (filler->nft)
		nft_element(filler->nft, key, value, chain);
}

bool filler_wants(const struct filler *filler, bool is_in_state)
{
	return !filler->nft || is_in_state;
}

/* So much that a few more seldom make it another set. */
static size_t room_for(size_t count)
{
	size_t room = ROOM_MIN;

	while (room < count)
		room *= 2;
	return room;
}

void ruleset_fill(struct nft *nft, const struct set_row *rows, size_t count,
	const struct scene *scene)
{
	for (size_t i = 0; i < count; i++) {
		struct filler counter = { .nft = NULL };
		struct filler filler = { .nft = nft, .set = &rows[i].set };

		rows[i].list(&counter, scene, rows[i].which);
		nft_set(nft, &rows[i].set, room_for(counter.count));
		rows[i].list(&filler, scene, rows[i].which);
		if (filler.count > 0)
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

/* A batch in memory of its own: of as much of it as is used. */
static int build(struct nft *nft, const struct topology *topology,
	struct error *err)
{
	void *room = mmap(NULL, RULESET_BYTES_MAX, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return error_errno(err, "get memory for packet rules");
	nft_begin(nft, room, RULESET_BYTES_MAX);
	ruleset_build(nft, topology);
	return 0;
}

static void discard(struct nft *nft)
{
	if (nft->batch.data)
		(void)munmap(nft->batch.data, nft->batch.size); /* it is ours */
	nft->batch.data = NULL;
}

/* The transaction, with an error that names what was refused. */
static int commit(int fd, const struct nft *nft, struct error *err)
{
	char object[OBJECT_SIZE];
	struct text text;
	size_t failed = 0;
	int result = netlink_commit(fd, &nft->batch, &failed);

	if (result == 0)
		return 0;
	text_init(&text, object, sizeof(object));
	nft_describe(&nft->batch, failed, &text);
	errno = -result;
	return error_errno(err, "set packet rules: %s", object);
}

static void see_generation(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[NFTA_GEN_ID + 1];

	netlink_parse(message, sizeof(struct nfgenmsg), table, NFTA_GEN_ID + 1);
	*(uint32_t *)context = netlink_be32(table[NFTA_GEN_ID]);
}

/* Each transaction in this namespace, whoever's it is, makes it one more. 0:
 * the kernel does not tell. */
static uint32_t read_generation(int fd)
{
	const struct nfgenmsg body = { .nfgen_family = NFPROTO_UNSPEC };
	uint64_t room[ASK_BYTES / sizeof(uint64_t)];
	uint32_t generation = 0;
	struct netlink_batch ask;

	netlink_init(&ask, room, sizeof(room));
	netlink_begin(&ask, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0,
		&body, sizeof(body));
	return netlink_ask(fd, &ask, see_generation, &generation) == 0
		       ? generation
		       : 0;
}

/* A difference that is no smaller than the whole is of no use. 1: it is in
 * force, 0: there is none. */
static int commit_difference(const struct ruleset *ruleset,
	const struct nft *next)
{
	auto_arena arena = { 0 };
	size_t size = next->batch.used;
	void *room =
		ruleset->last.batch.data ? arena_alloc(&arena, size) : NULL;
	struct nft difference;
	int result;

	if (!room)
		return -ENODATA;
	nft_begin(&difference, room, size);
	result = nft_diff(&difference, &ruleset->last, next);
	if (result < 0 || difference.batch.count == 1)
		return result;
	nft_end(&difference);
	result = netlink_commit(ruleset->fd, &difference.batch, NULL);
	return result < 0 ? result : 1;
}

int ruleset_open(struct ruleset *ruleset, struct error *err)
{
	const int room = RULESET_BYTES_MAX;

	*ruleset =
		(struct ruleset){ .fd = netlink_open(NETLINK_NETFILTER, err) };
	if (ruleset->fd < 0)
		return ruleset->fd;
	/* the kernel takes a transaction only in one piece */
	(void)setsockopt(ruleset->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
		sizeof(room));
	return 0;
}

void ruleset_close(struct ruleset *ruleset)
{
	discard(&ruleset->last);
	fd_close(&ruleset->fd);
}

void ruleset_forget(struct ruleset *ruleset)
{
	discard(&ruleset->last);
}

int ruleset_apply(struct ruleset *ruleset, const struct topology *topology,
	struct error *err)
{
	uint64_t links = ruleset_fastpath_links(topology);
	uint32_t generation = read_generation(ruleset->fd);
	bool is_known = links == ruleset->links && generation > 0 &&
			generation == ruleset->generation;
	struct nft next;
	int result = build(&next, topology, err);
	int sent;

	if (result < 0)
		return result;
	sent = is_known ? commit_difference(ruleset, &next) : -ESTALE;
	if (sent < 0) {
		result = commit(ruleset->fd, &next, err);
		sent = 1;
	}
	discard(&ruleset->last);
	if (result < 0) {
		discard(&next);
		return result;
	}
	ruleset->last = next;
	ruleset->links = links;
	/* that of another since it was read is one more, and the next sees it */
	ruleset->generation = generation + (uint32_t)sent;
	return 0;
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
