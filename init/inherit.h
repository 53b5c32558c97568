/* SPDX-License-Identifier: MIT */
/*
 * inherit - what process 1 holds all its life, opened before init itself runs
 *
 * On fixed descriptors, as the watchdogs are (100, 101): who finds one missing
 * does without it.
 *
 * The store is a pair of connected sockets of which init keeps both ends and
 * reads none. The agent sends messages with descriptors into one end; they
 * stay in flight, held by the kernel, whatever becomes of the agent. The next
 * one looks at them from the other end with MSG_PEEK, which takes nothing out.
 *
 *   - How many descriptors may be in flight is a matter of RLIMIT_NOFILE only
 *     for who lacks CAP_SYS_RESOURCE and CAP_SYS_ADMIN (too_many_unix_fds() of
 *     the kernel); the agent has both. One message carries at most 253.
 *   - How many messages may wait is a matter of the send buffer alone: the
 *     limit max_dgram_qlen does not count for a pair that is connected both
 *     ways. One with its descriptors takes about 1.3 KiB, so STORE_BYTES is
 *     room for ten thousand.
 *   - The garbage collector of Unix sockets frees only sockets that are in
 *     flight and that nobody holds. Pipes, processes, terminals and files in
 *     memory are none, and init holds the pair itself.
 *
 * The pipe of orphans takes {int32 pid, int32 status} of every process that
 * was reaped and is no service: how a workload ended whose agent was gone.
 */
#ifndef INIT_INHERIT_H
#define INIT_INHERIT_H

enum inherited {
	INHERIT_STORE_FD = 102,  /* the agent sends here */
	INHERIT_QUEUE_FD = 103,  /* and looks here */
	INHERIT_ENDED_FD = 104,  /* reads here how orphans ended */
	INHERIT_ORPHAN_FD = 105, /* init writes it here */
	INHERIT_BUTTON_FD = 110, /* power buttons, which send SIGIO */
	INHERIT_BUTTONS = 16,
};

/* open all that there is */
void inherit_open(void);

#endif
