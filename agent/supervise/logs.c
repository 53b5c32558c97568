// SPDX-License-Identifier: MIT
/* logs - what a workload prints, as JSON lines in a file */
#include "supervise/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"

#define FRAME_BYTES  128 /* of a JSON line besides what was printed */
#define LINE_ENCODED (LOG_LINE_MAX * 6 + FRAME_BYTES)
#define DRAIN_BYTES  (1 << 20) /* read at most this much of an ended one */
#define COMMIT_MAGIC UINT32_C(0x31676f6c) /* "log1" */

/* At the start of the first spool; less than a page, so that it is whole. */
struct commit {
	uint32_t magic;
	uint32_t reserved;
	uint64_t inode; /* of the file, 0: there is none yet */
	uint64_t size;
	uint64_t dropped_bytes;
	uint64_t begin[LOG_STREAMS]; /* what the file does not have */
};

static const char *const stream_names[LOG_STREAMS] = { "stdout", "stderr" };

/* shared by all: pages that no workload needed are never touched */
static char read_buffer[LOG_LINE_MAX + SPOOL_FILL_MAX];
static char out_buffer[2 * LINE_ENCODED];

void log_file_init(struct log_file *file, struct loop *loop, int dir_fd,
	const char *service)
{
	file->loop = loop;
	file->dir_fd = dir_fd;
	file->fd = -1;
	file->tokens = LOG_BURST;
	file->filled_ms = loop_now_ms();
	(void)snprintf(file->name, sizeof(file->name), "%s.log", service);
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		file->streams[i].watch.fd = -1;
		file->streams[i].spool.fd = -1;
		file->streams[i].file = file;
	}
}

static void complain(struct log_file *file, const char *what, int code)
{
	if (!file->is_failing)
		log_warn("%s: %s: %s, lines are lost until it works again",
			file->name, what, strerror(code));
	file->is_failing = true;
}

/* The power may have gone in the midst of a line: the next begins anew. */
static void end_half_line(struct log_file *file)
{
	char last = '\n';

	if (file->size > 0 &&
		pread(file->fd, &last, 1, (off_t)file->size - 1) == 1 &&
		last != '\n' && write(file->fd, "\n", 1) == 1)
		file->size++;
}

/* From here on the lines up to the present one are in the file for good. */
static void commit(struct log_file *file)
{
	struct commit now = {
		.magic = COMMIT_MAGIC,
		.inode = file->inode,
		.size = file->size,
		.dropped_bytes = file->dropped_bytes,
	};
	uint64_t next[LOG_STREAMS];

	for (size_t i = 0; i < LOG_STREAMS; i++) {
		const struct spool *spool = &file->streams[i].spool;

		next[i] = spool_next(spool, spool->begin);
		now.begin[i] = next[i];
	}
	/* memory that is not there is a crash's matter only: go on */
	(void)!pwrite(file->streams[0].spool.fd, &now, sizeof(now), 0);
	for (size_t i = 0; i < LOG_STREAMS; i++)
		spool_drop(&file->streams[i].spool, next[i]);
}

static void open_file(struct log_file *file)
{
	struct stat status = { 0 };

	file->fd = openat(file->dir_fd, file->name,
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (file->fd < 0) {
		complain(file, "open the log", errno);
		return;
	}
	(void)fstat(file->fd, &status);
	file->size = (uint64_t)status.st_size;
	file->inode = status.st_ino;
	end_half_line(file);
	commit(file); /* before the first line, so that none is there twice */
}

static void rotate(struct log_file *file)
{
	char old[sizeof(file->name) + 2];

	(void)snprintf(old, sizeof(old), "%s.1", file->name);
	fd_close(&file->fd);
	if (renameat(file->dir_fd, file->name, file->dir_fd, old) < 0)
		complain(file, "rotate the log", errno);
	open_file(file);
}

/* A full disk takes a part: what is whole of it stays, half a line does not. */
static void keep_whole_lines(struct log_file *file, const char *bytes,
	size_t written)
{
	const char *last = memrchr(bytes, '\n', written);

	file->size += last ? (size_t)(last - bytes) + 1 : 0;
	if (ftruncate(file->fd, (off_t)file->size) < 0)
		end_half_line(file);
}

static void write_lines(struct log_file *file, const struct text *out)
{
	ssize_t written = write(file->fd, out->data, out->used);

	if (written < 0) {
		complain(file, "write the log", errno);
	} else if ((size_t)written < out->used) {
		complain(file, "write the log", ENOSPC);
		keep_whole_lines(file, out->data, (size_t)written);
	} else {
		file->size += (uint64_t)written;
		file->is_failing = false;
	}
}

/* Writes the lines made of all before position in the stream's spool. */
static void flush(struct log_stream *stream, struct text *out,
	uint64_t position)
{
	struct log_file *file = stream->file;

	if (out->used == 0)
		return;
	file->tokens -= (int64_t)out->used;
	if (file->fd < 0)
		open_file(file);
	if (file->fd >= 0 && file->size + out->used > LOG_FILE_MAX)
		rotate(file);
	if (file->fd >= 0)
		write_lines(file, out);
	stream->spool.begin = position;
	commit(file);
	text_init(out, out_buffer, sizeof(out_buffer));
}

/* Appends one JSON line. */
static void add_line(struct log_stream *stream, const char *bytes, size_t size,
	const char *time, struct text *out)
{
	bool is_ended = size > 0 && bytes[size - 1] == '\n';

	text_add(out, "{\"log\":\"");
	text_add_json(out, bytes, size - is_ended);
	text_add(out, "%s\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
		is_ended ? "\\n" : "",
		stream_names[stream - stream->file->streams], time);
}

/* size without a character of UTF-8 that is cut off at the end (RFC 3629). */
static size_t whole_characters(const char *bytes, size_t size)
{
	for (size_t back = 1; back <= 3 && back < size; back++) {
		unsigned char byte = (unsigned char)bytes[size - back];
		size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;

		if (byte >= 0xc0)
			return length > back ? size - back : size;
		if (byte < 0x80)
			break;
	}
	return size;
}

/* How much of what is there makes the next line, or part of one; 0: none. */
static size_t next_line(const char *bytes, size_t size)
{
	size_t most = size < LOG_LINE_MAX ? size : LOG_LINE_MAX;
	const char *end = memchr(bytes, '\n', most);

	if (end)
		return (size_t)(end - bytes) + 1;
	return size < LOG_LINE_MAX ? 0 : whole_characters(bytes, LOG_LINE_MAX);
}

void log_write(struct log_stream *stream, const char *time)
{
	uint64_t position = stream->spool.begin;
	size_t size = spool_read(&stream->spool, position, read_buffer,
		sizeof(read_buffer));
	const char *at = read_buffer;
	size_t length;
	struct text out;

	text_init(&out, out_buffer, sizeof(out_buffer));
	while ((length = next_line(at, size)) > 0) {
		if (out.size - out.used < LINE_ENCODED)
			flush(stream, &out, position);
		add_line(stream, at, length, time, &out);
		position += length;
		at += length;
		size -= length;
	}
	flush(stream, &out, position);
}

/* Writes the beginning of a line, before the newest bytes, as its own part. */
static void end_part(struct log_stream *stream, uint64_t newest,
	const char *time)
{
	uint64_t position = stream->spool.begin;
	uint64_t older = stream->spool.end - position - newest;
	size_t size = spool_read(&stream->spool, position, read_buffer,
		older < sizeof(read_buffer) ? older : sizeof(read_buffer));
	struct text out;

	text_init(&out, out_buffer, sizeof(out_buffer));
	if (size > 0)
		add_line(stream, read_buffer, size, time, &out);
	flush(stream, &out, position + size);
}

static void format_now(char *out, size_t size)
{
	struct timespec now;
	struct tm parts;
	size_t used;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	used = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
	(void)snprintf(out + used, size - used, ".%06ldZ", now.tv_nsec / 1000);
}

static void refill(struct log_file *file)
{
	uint64_t now = loop_now_ms();
	int64_t add = (int64_t)(now - file->filled_ms) * LOG_RATE / 1000;

	file->filled_ms = now;
	file->tokens += add;
	if (file->tokens > LOG_BURST)
		file->tokens = LOG_BURST;
}

/* Where it was dropped: before the newest bytes. */
static void report_dropped(struct log_stream *stream, uint64_t newest,
	const char *time)
{
	struct log_file *file = stream->file;
	char line[128];
	struct text text;
	struct text out;

	if (file->dropped_bytes == 0)
		return;
	text_init(&text, line, sizeof(line));
	text_add(&text,
		"tare: dropped %llu bytes here: over %d bytes a second\n",
		(unsigned long long)file->dropped_bytes, LOG_RATE);
	end_part(stream, newest, time);
	text_init(&out, out_buffer, sizeof(out_buffer));
	add_line(stream, line, text.used, time, &out);
	file->dropped_bytes = 0;
	flush(stream, &out, stream->spool.begin);
}

/* What came is too much, or cannot be kept: the line begun before is. */
static void drop(struct log_stream *stream, uint64_t size)
{
	struct log_file *file = stream->file;
	struct spool *spool = &stream->spool;
	char time[40];

	format_now(time, sizeof(time));
	end_part(stream, size, time);
	spool->begin = spool->end;
	file->dropped_bytes += size;
	commit(file);
}

/* The spool takes nothing: nobody waits for that either. */
static ssize_t read_in_vain(struct log_stream *stream)
{
	ssize_t size = read(stream->watch.fd, read_buffer, sizeof(read_buffer));

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size > 0)
		stream->file->dropped_bytes += (uint64_t)size;
	return size > 0 ? size : -1;
}

/* Bytes that came, 0 when there is nothing now, -1 at the end. */
static ssize_t read_some(struct log_stream *stream)
{
	struct log_file *file = stream->file;
	ssize_t size = spool_fill(&stream->spool, stream->watch.fd);
	char time[40];

	if (size == -EAGAIN)
		return 0;
	if (size == -EPIPE)
		return -1;
	if (size < 0)
		return read_in_vain(stream);
	refill(file);
	if (size > file->tokens) {
		drop(stream, (uint64_t)size);
		return size;
	}
	format_now(time, sizeof(time));
	report_dropped(stream, (uint64_t)size, time);
	log_write(stream, time);
	return size;
}

static void end_stream(struct log_stream *stream)
{
	char time[40];

	format_now(time, sizeof(time));
	report_dropped(stream, 0, time);
	end_part(stream, 0, time);
	loop_remove(stream->file->loop, &stream->watch);
}

static void on_output(struct watch *watch, uint32_t events)
{
	struct log_stream *stream =
		container_of(watch, struct log_stream, watch);

	(void)events;
	if (read_some(stream) < 0)
		end_stream(stream);
}

/* Cuts what an earlier agent wrote and did not commit. */
static void cut_file(const struct log_file *file, const char *name,
	const struct commit *last)
{
	auto_fd fd = openat(file->dir_fd, name,
		O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	uint64_t size;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return;
	size = status.st_ino == last->inode ? last->size : 0;
	if ((uint64_t)status.st_size > size && ftruncate(fd, (off_t)size) < 0)
		log_warn("%s: cut it: %s, some lines may be there twice", name,
			strerror(errno));
}

/* The one that was committed may have been rotated since. */
static void cut_files(const struct log_file *file, const struct commit *last)
{
	char old[sizeof(file->name) + 2];
	struct stat now;
	struct stat before;

	(void)snprintf(old, sizeof(old), "%s.1", file->name);
	if (fstatat(file->dir_fd, old, &before, AT_SYMLINK_NOFOLLOW) < 0)
		before.st_ino = 0;
	if (fstatat(file->dir_fd, file->name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		now.st_ino = 0;
	/* a file that somebody else put there is not ours to cut */
	if (now.st_ino == last->inode || before.st_ino == last->inode)
		cut_file(file, file->name, last);
}

/* Where the last agent was; a new spool is all zero. */
static void resume(struct log_file *file, int spool_fd, struct commit *last)
{
	if (pread(spool_fd, last, sizeof(*last), 0) != sizeof(*last) ||
		last->magic != COMMIT_MAGIC) {
		*last = (struct commit){ .inode = 0 };
		return;
	}
	file->dropped_bytes = last->dropped_bytes;
	if (last->inode > 0)
		cut_files(file, last);
}

/* What is in the spools already, and what the pipes have. */
static int begin_stream(struct log_stream *stream, int output_fd,
	struct error *err)
{
	char time[40];

	stream->watch.on_ready = on_output;
	stream->watch.fd = output_fd;
	if (stream->spool.end > stream->spool.begin) {
		format_now(time, sizeof(time));
		log_write(stream, time);
	}
	return output_fd < 0 ? 0
			     : loop_add(stream->file->loop, &stream->watch,
				       EPOLLIN, err);
}

int log_file_attach(struct log_file *file, const struct log_source *source,
	struct error *err)
{
	struct commit last;
	int result = 0;

	resume(file, source->spools[0], &last);
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		struct spool *spool = &file->streams[i].spool;
		int opened = spool_open(spool, source->spools[i], last.begin[i],
			result < 0 ? NULL : err);

		spool->fd = source->spools[i];
		result = opened < 0 ? opened : result;
	}
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		struct log_stream *stream = &file->streams[i];

		stream->watch.fd = source->outputs[i];
		if (result == 0)
			result = begin_stream(stream, source->outputs[i], err);
	}
	return result;
}

void log_file_detach(struct log_file *file)
{
	for (size_t i = 0; i < LOG_STREAMS; i++) {
		struct log_stream *stream = &file->streams[i];
		ssize_t total = 0;
		ssize_t size = 1;

		while (stream->watch.fd >= 0 && size > 0 &&
			total < DRAIN_BYTES) {
			size = read_some(stream);
			total += size;
		}
		if (stream->spool.fd >= 0)
			end_stream(stream);
	}
	for (size_t i = 0; i < LOG_STREAMS; i++)
		spool_close(&file->streams[i].spool);
	fd_close(&file->fd);
}
