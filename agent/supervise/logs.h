/* SPDX-License-Identifier: MIT */
/*
 * logs - what a workload prints, as JSON lines in a file, each exactly once
 *
 * A line of /data/log/<service>.log is one object in the form that Docker's
 * json-file driver made known:
 *   {"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.123456Z"}
 * A line over LOG_LINE_MAX bytes comes in parts; only the last part ends in
 * "\n". The file is rotated to <service>.log.1 at LOG_FILE_MAX bytes. It grows
 * by LOG_RATE bytes a second with bursts of LOG_BURST, short lines counting
 * with all that JSON adds to them; what is over that is read and dropped, and
 * how much was dropped is a line of its own. So nobody waits for a log: not the
 * workload, not its neighbours.
 *
 * Bytes go from the pipe to a spool, from there as lines to the file, and then
 * one write into the spool commits: up to which byte of the spools the file
 * has everything, and how long it is then. An agent that dies leaves the
 * spools to the next one (keep.h), which cuts the file to what was committed
 * and goes on from there: no line is lost, none is there twice. A disk that is
 * too slow for what is written holds the whole agent up, as every write does;
 * the rate bounds how much that can be.
 */
#ifndef TARE_SUPERVISE_LOGS_H
#define TARE_SUPERVISE_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/loop.h"
#include "supervise/spool.h"

struct error;

enum log_limit {
	LOG_LINE_MAX = 16384,
	LOG_FILE_MAX = 8 << 20,
	LOG_RATE = 1 << 20,
	LOG_BURST = 4 << 20,
	LOG_STREAMS = 2, /* stdout, stderr */
};

struct log_stream {
	struct watch watch;
	struct log_file *file;
	struct spool spool; /* from begin on: the beginning of a line */
};

struct log_file {
	struct loop *loop;
	int dir_fd; /* of /data/log; not ours */
	int fd;     /* -1: not open, perhaps as the disk is full */
	uint64_t size;
	uint64_t inode;
	int64_t tokens; /* bytes that may be written now; below 0: a debt */
	uint64_t filled_ms;
	uint64_t dropped_bytes;
	bool is_failing; /* said once, until it works again */
	char name[80];   /* "<service>.log" */
	struct log_stream streams[LOG_STREAMS];
};

/* What a container's log is fed from. */
struct log_source {
	int outputs[LOG_STREAMS]; /* read ends of pipes or pty; -1: none */
	int spools[LOG_STREAMS];  /* of spool_create, perhaps used before */
};

/* Prepares the log of a service. Opens no file yet. */
void log_file_init(struct log_file *file, struct loop *loop, int dir_fd,
	const char *service);

/* Takes over the descriptors, also on error; log_file_detach closes them. */
int log_file_attach(struct log_file *file, const struct log_source *source,
	struct error *err);

/* Reads what is left, writes unfinished lines and closes everything. */
void log_file_detach(struct log_file *file);

/*
 * Writes what a stream's spool has as JSON lines of that time (RFC 3339, UTC),
 * keeping an unfinished line for later. Used by the watches; here for tests.
 */
void log_write(struct log_stream *stream, const char *time);

#endif
