// SPDX-License-Identifier: MIT
/* keep - what an agent leaves to the next one: entries with descriptors */
#include "supervise/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/hash.h"
#include "lib/text.h"

#define MAGIC        UINT32_C(0x6b726174) /* "tark" */
#define MESSAGES_MAX 65536 /* looked at; a full queue has a tenth of that */
#define FDS_MAX      16    /* room for more than an entry may have */
#define PUT_COUNT    4     /* messages that a put compacts */
#define TIDY_COUNT   1024  /* the same of keep_tidy */
#define TIDY_SHARE   8

/* A message as it was found. */
struct message {
	struct keep_entry entry;
	bool is_whole; /* of this version, with a right checksum */
	bool is_cut;   /* not all of its descriptors could be opened */
	int fds[FDS_MAX];
	size_t fd_count;
};

static uint64_t checksum_of(const struct keep_entry *entry)
{
	struct keep_entry copy = *entry;

	copy.checksum = 0;
	return hash_bytes(HASH_START, &copy, sizeof(copy));
}

static bool is_whole(const struct keep_entry *entry, ssize_t size, int flags)
{
	return size == (ssize_t)sizeof(*entry) && !(flags & MSG_TRUNC) &&
	       entry->magic == MAGIC && entry->version == KEEP_VERSION &&
	       entry->checksum == checksum_of(entry) &&
	       memchr(entry->name, '\0', sizeof(entry->name)) &&
	       memchr(entry->cgroup, '\0', sizeof(entry->cgroup)) &&
	       memchr(entry->reason, '\0', sizeof(entry->reason)) &&
	       *entry->name;
}

/* Where the next MSG_PEEK looks; -1: always at the head. */
static int set_peek(const struct keep *keep, int offset, struct error *err)
{
	if (setsockopt(keep->queue_fd, SOL_SOCKET, SO_PEEK_OFF, &offset,
		    sizeof(offset)) < 0)
		return error_errno(err, "look through the store");
	return 0;
}

/* Descriptors are the only thing that comes beside the bytes. */
static void take_fds(struct msghdr *header, struct message *out)
{
	const struct cmsghdr *part = CMSG_FIRSTHDR(header);

	if (!part || part->cmsg_level != SOL_SOCKET ||
		part->cmsg_type != SCM_RIGHTS)
		return;
	out->fd_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(out->fds, CMSG_DATA(part), out->fd_count * sizeof(int));
}

static void close_fds(struct message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		fd_close(&message->fds[i]);
	message->fd_count = 0;
}

/*
 * Looks at the next message, with its descriptors when they are wanted. Its
 * length, or -EAGAIN at the end of the queue.
 */
static ssize_t look(const struct keep *keep, bool wants_fds,
	struct message *out)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control;
	struct iovec part = { &out->entry, sizeof(out->entry) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t size;

	if (wants_fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control);
	}
	out->fd_count = 0;
	size = recvmsg(keep->queue_fd, &header,
		MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
	if (size < 0)
		return -errno;
	if (wants_fds)
		take_fds(&header, out);
	out->is_cut = wants_fds && header.msg_flags & MSG_CTRUNC;
	out->is_whole = is_whole(&out->entry, size, header.msg_flags);
	return size;
}

static struct keep_slot *find_slot(struct keep *keep, const char *name)
{
	uint64_t at = hash_string(HASH_START, name);
	size_t slot;

	while ((slot = hash_index_next(&keep->names, &at)) != SIZE_MAX) {
		if (strcmp(keep->slots[slot].name, name) == 0)
			return &keep->slots[slot];
	}
	return NULL;
}

static void index_slot(struct keep *keep, size_t slot)
{
	uint64_t hash = hash_string(HASH_START, keep->slots[slot].name);

	hash_index_add(&keep->names, hash, slot);
}

/* Names that slots had before are in the way then, or it is the first time. */
static void index_all(struct keep *keep)
{
	hash_index_clear(&keep->names, keep->index_slots, KEEP_INDEX_SLOTS);
	for (size_t i = 0; i < keep->slot_count; i++)
		index_slot(keep, i);
}

static struct keep_slot *make_slot(struct keep *keep, const char *name)
{
	struct keep_slot *slot = find_slot(keep, name);

	if (slot)
		return slot;
	/* one whose entry is forgotten is anybody's */
	for (size_t i = 0;
		!slot && keep->slot_count > keep->live && i < keep->slot_count;
		i++) {
		if (keep->slots[i].serial == 0)
			slot = &keep->slots[i];
	}
	if (!slot && keep->slot_count < KEEP_ENTRIES_MAX)
		slot = &keep->slots[keep->slot_count++];
	if (!slot)
		return NULL;
	(void)text_copy(slot->name, sizeof(slot->name), name);
	if (keep->names.room > 0)
		index_slot(keep, (size_t)(slot - keep->slots));
	else
		index_all(keep);
	return slot;
}

/* This message is the one of its name that counts. */
static void count_in(struct keep *keep, const struct keep_entry *entry)
{
	struct keep_slot *slot = entry->is_forgotten
					 ? find_slot(keep, entry->name)
					 : make_slot(keep, entry->name);

	if (!slot)
		return;
	keep->live -= slot->serial != 0;
	slot->serial = entry->is_forgotten ? 0 : entry->serial;
	keep->live += slot->serial != 0;
}

static bool is_live(struct keep *keep, const struct message *message)
{
	const struct keep_slot *slot =
		message->is_whole && !message->entry.is_forgotten
			? find_slot(keep, message->entry.name)
			: NULL;

	return slot && slot->serial == message->entry.serial;
}

int keep_open(struct keep *keep, int send_fd, int queue_fd, struct error *err)
{
	int fds[2] = { send_fd, queue_fd };

	if ((send_fd < 0 || queue_fd < 0) &&
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_errno(err, "make a store");
	keep->send_fd = fds[0];
	keep->queue_fd = fds[1];
	return 0;
}

void keep_close(struct keep *keep)
{
	fd_close(&keep->send_fd);
	fd_close(&keep->queue_fd);
}

static int send_message(struct keep *keep, struct keep_entry *entry,
	const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
	} control;
	struct iovec part = { entry, sizeof(*entry) };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd_count > 0) {
		struct cmsghdr *rights = &control.align;

		memset(&control, 0, sizeof(control));
		header.msg_control = control.bytes;
		header.msg_controllen =
			(socklen_t)CMSG_SPACE(sizeof(int) * fd_count);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = (socklen_t)CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
	}
	entry->magic = MAGIC;
	entry->version = KEEP_VERSION;
	entry->serial = keep->serial + 1;
	entry->checksum = checksum_of(entry);
	if (sendmsg(keep->send_fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	keep->serial++;
	keep->queued++;
	count_in(keep, entry);
	return 0;
}

/* Takes the head out, after a copy of it went to the tail if it counts. */
static int compact_one(struct keep *keep)
{
	struct message message;
	ssize_t size = look(keep, true, &message);
	char byte;
	int result = 0;

	if (size < 0)
		return (int)size;
	if (is_live(keep, &message) && message.is_cut)
		result = -EMFILE;
	else if (is_live(keep, &message))
		result = send_message(keep, &message.entry, message.fds,
			message.fd_count);
	close_fds(&message);
	if (result < 0)
		return result;
	if (recv(keep->queue_fd, &byte, 1, MSG_DONTWAIT) < 0)
		return -errno;
	keep->queued--;
	return 0;
}

static void compact(struct keep *keep, size_t queued_max, int count)
{
	while (count-- > 0 && keep->queued > queued_max &&
		compact_one(keep) == 0)
		;
}

void keep_tidy(struct keep *keep)
{
	/* for each that is outdated, at most so many that are not go round */
	compact(keep, keep->live + keep->live / TIDY_SHARE, TIDY_COUNT);
}

static int append(struct keep *keep, struct keep_entry *entry, const int *fds,
	size_t fd_count, struct error *err)
{
	int result = send_message(keep, entry, fds, fd_count);

	/* what is outdated makes room, as long as the head is that */
	while (result == -EAGAIN && keep->queued > keep->live &&
		compact_one(keep) == 0)
		result = send_message(keep, entry, fds, fd_count);
	if (result < 0)
		return error_set(err, result, "keep '%s' in the store: %s",
			entry->name, strerror(-result));
	/* a few at a time, so that nobody waits */
	compact(keep, 2 * keep->live + KEEP_SPARE, PUT_COUNT);
	return 0;
}

int keep_put(struct keep *keep, const struct keep_entry *entry,
	const int fds[KEEP_FDS], struct error *err)
{
	struct keep_entry copy = *entry;
	int given[KEEP_FDS];
	size_t count = 0;

	if (!make_slot(keep, entry->name))
		return error_set(err, -ENOSPC,
			"keep '%s' in the store: it has %d entries",
			entry->name, KEEP_ENTRIES_MAX);
	copy.is_forgotten = 0;
	copy.fd_mask = 0;
	for (size_t i = 0; i < KEEP_FDS; i++) {
		if (fds[i] < 0)
			continue;
		copy.fd_mask |= 1U << i;
		given[count++] = fds[i];
	}
	return append(keep, &copy, given, count, err);
}

int keep_forget(struct keep *keep, const char *name, struct error *err)
{
	const struct keep_slot *slot = find_slot(keep, name);
	struct keep_entry entry = { .is_forgotten = 1 };

	if (!slot || slot->serial == 0)
		return 0;
	(void)text_copy(entry.name, sizeof(entry.name), name);
	return append(keep, &entry, NULL, 0, err);
}

/* Loading: first which messages count, so that no descriptor is opened in vain,
 * then those, with theirs. */

static int look_error(ssize_t code, struct error *err)
{
	return error_set(err, (int)code, "look through the store: %s",
		strerror((int)-code));
}

/* Notes where the messages that count are; how many are to be passed over. */
static int find_live(struct keep *keep, struct error *err)
{
	int result = set_peek(keep, 0, err);
	int skipped = 0;
	int offset = 0;

	for (int i = 0; result == 0 && i < MESSAGES_MAX; i++) {
		struct message message;
		struct keep_slot *slot;
		ssize_t size = look(keep, false, &message);

		if (size == -EAGAIN)
			break;
		if (size < 0)
			return look_error(size, err);
		keep->queued++;
		if (message.is_whole) {
			if (message.entry.serial > keep->serial)
				keep->serial = message.entry.serial;
			count_in(keep, &message.entry);
			slot = find_slot(keep, message.entry.name);
			if (slot)
				slot->offset = offset;
		} else {
			skipped++;
		}
		offset += (int)size;
		/* the kernel would go on in the midst of a long one */
		if (size > (ssize_t)sizeof(message.entry))
			result = set_peek(keep, offset, err);
	}
	return result < 0 ? result : skipped;
}

/* False when the message has not the descriptors that it says. */
static bool visit_message(struct message *message, keep_fn *visit,
	void *context)
{
	uint32_t mask = message->entry.fd_mask;
	int fds[KEEP_FDS];
	size_t used = 0;

	if (mask >= 1U << KEEP_FDS ||
		(size_t)__builtin_popcount(mask) != message->fd_count)
		return false;
	for (size_t i = 0; i < KEEP_FDS; i++)
		fds[i] = mask & 1U << i ? fd_take(&message->fds[used++]) : -1;
	visit(context, &message->entry, fds);
	return true;
}

static int visit_live(struct keep *keep, keep_fn *visit, void *context,
	struct error *err)
{
	int skipped = 0;

	for (size_t i = 0; i < keep->slot_count; i++) {
		struct message message;
		ssize_t size;
		int result;

		if (keep->slots[i].serial == 0)
			continue;
		result = set_peek(keep, keep->slots[i].offset, err);
		if (result < 0)
			return result;
		size = look(keep, true, &message);
		if (size < 0)
			return look_error(size, err);
		if (!is_live(keep, &message) ||
			!visit_message(&message, visit, context))
			skipped++;
		close_fds(&message);
	}
	return skipped;
}

int keep_load(struct keep *keep, keep_fn *visit, void *context,
	struct error *err)
{
	int skipped;
	int wrong;

	keep->serial = 0;
	keep->queued = 0;
	keep->live = 0;
	keep->slot_count = 0;
	index_all(keep);
	skipped = find_live(keep, err);
	wrong = skipped < 0 ? skipped : visit_live(keep, visit, context, err);
	if (set_peek(keep, -1, wrong < 0 ? NULL : err) < 0 && wrong >= 0)
		return -EINVAL;
	return wrong < 0 ? wrong : skipped + wrong;
}
