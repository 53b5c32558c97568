/* SPDX-License-Identifier: MIT */
/*
 * keep - what an agent leaves to the next one: entries with descriptors
 *
 * The store is a pair of connected sockets that process 1 holds open and never
 * reads (init/inherit.h): what is sent into one end stays in flight,
 * descriptors included, when the agent dies. The queue is a log:
 *
 *   put       an entry goes to the tail; the last one of a name counts
 *   forget    so does a note that there is none of that name any more
 *   load      everything is looked at, nothing is taken out (MSG_PEEK): an
 *             agent that dies meanwhile loses nothing
 *   compact   while most of the queue is outdated, its head is taken out, and
 *             if it still counts, a copy was sent to the tail before
 *
 * So at any moment the queue says the same with one agent killed between any
 * two system calls as without. A message that is not whole, has another
 * version, a wrong checksum or not the descriptors that it says, is passed
 * over and counted; what it spoke of is found again in cgroupfs (found.h).
 */
#ifndef TARE_SUPERVISE_KEEP_H
#define TARE_SUPERVISE_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/hash_index.h"

struct error;

enum keep_limit {
	KEEP_ENTRIES_MAX = 2048,
	KEEP_INDEX_SLOTS = 4 * KEEP_ENTRIES_MAX,
	KEEP_NAME_SIZE = 80,
	KEEP_SPARE = 64, /* outdated messages that are no reason to compact */
};

/* What an entry may have; -1: it has none. */
enum keep_fd {
	KEEP_FD_PROCESS, /* a pidfd */
	KEEP_FD_STDOUT,  /* our ends of the pipes */
	KEEP_FD_STDERR,
	KEEP_FD_STDIN,
	KEEP_FD_TERMINAL,  /* a pty's master */
	KEEP_FD_SPOOL_OUT, /* spool.h */
	KEEP_FD_SPOOL_ERR,
	KEEP_FD_CGROUP, /* its folder in cgroupfs */
	KEEP_FDS,
};

#define KEEP_NO_FDS                            \
	{                                      \
		-1, -1, -1, -1, -1, -1, -1, -1 \
	}

/* One workload. Changing anything here needs a new KEEP_VERSION. */
#define KEEP_VERSION 3
struct keep_entry {
	uint32_t magic; /* this line and the next four are keep.c's */
	uint32_t version;
	uint64_t checksum;
	uint64_t serial;
	uint32_t is_forgotten;
	uint32_t fd_mask;
	char name[KEEP_NAME_SIZE]; /* of the service */

	/* of the process; pid 0: it has none */
	int32_t pid;
	int32_t exit_code;      /* of the last run, -1: none yet */
	uint64_t start_ticks;   /* field 22 of /proc/PID/stat */
	uint64_t process_inode; /* found.h; 0: not known */
	char cgroup[256];       /* path below the workloads' */
	uint32_t first_id;      /* of its 65,536 ids, 0: it has the machine's */
	int32_t stop_signal;
	uint64_t stop_grace_ms;

	/* of the config that it was started with, digest.h */
	uint64_t recreate_digest;
	uint64_t live_digest;

	/* of the workload, workload.h */
	uint32_t state;
	uint32_t restarts;
	uint32_t failures;
	uint32_t attempts;
	uint64_t since_ms;
	char reason[128];
	uint32_t health; /* enum health_status; 0: it is not checked */
	uint32_t spare;  /* 0, so that there is no gap */
};

struct keep_slot {
	char name[KEEP_NAME_SIZE];
	uint64_t serial; /* of the message that counts, 0: none */
	int offset;      /* while loading: where in the queue that is */
};

struct keep {
	int send_fd;
	int queue_fd;
	uint64_t serial; /* of the last message */
	size_t queued;   /* messages in the queue */
	size_t live;     /* of them, those that count */
	size_t slot_count;
	struct keep_slot slots[KEEP_ENTRIES_MAX];
	struct hash_index names; /* of the slots */
	uint32_t index_slots[KEEP_INDEX_SLOTS];
};

/*
 * Prepares a zeroed struct with the two sockets, which become its own; with a
 * pair of its own, which nobody outlives, when one of them is -1.
 */
int keep_open(struct keep *keep, int send_fd, int queue_fd, struct error *err);

void keep_close(struct keep *keep);

/*
 * Called with each entry that counts; takes the descriptors over and leaves the
 * store as it is.
 */
typedef void keep_fn(void *context, const struct keep_entry *entry,
	int fds[KEEP_FDS]);

/*
 * Visits what earlier agents kept. Returns how many messages were passed over,
 * or -errno.
 */
int keep_load(struct keep *keep, keep_fn *visit, void *context,
	struct error *err);

/* Keeps an entry in place of the earlier one of its name; fds stay open. */
int keep_put(struct keep *keep, const struct keep_entry *entry,
	const int fds[KEEP_FDS], struct error *err);

/* There is none of that name any more; fine when there was none. */
int keep_forget(struct keep *keep, const char *name, struct error *err);

/*
 * Compacts some more, for when there is nothing else to do: the time that the
 * next agent takes to load grows with the square of the messages.
 */
void keep_tidy(struct keep *keep);

#endif
