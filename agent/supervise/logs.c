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

#define READ_BYTES   (64 << 10)
#define FRAME_BYTES  128 /* of a JSON line besides what was printed */
#define LINE_ENCODED (LOG_LINE_MAX * 6 + FRAME_BYTES)
#define DRAIN_BYTES  (1 << 20) /* read at most this much of an ended one */

/* shared by all: pages that no workload needed are never touched */
static char read_buffer[READ_BYTES];
static char out_buffer[2 * LINE_ENCODED];

void log_file_init(struct log_file *file, struct loop *loop, int dir_fd,
	const char *service)
{
	static const char *const names[] = { "stdout", "stderr" };

	file->loop = loop;
	file->dir_fd = dir_fd;
	file->fd = -1;
	file->tokens = LOG_BURST;
	file->filled_ms = loop_now_ms();
	(void)snprintf(file->name, sizeof(file->name), "%s.log", service);
	for (size_t i = 0; i < 2; i++) {
		file->streams[i].watch.fd = -1;
		file->streams[i].file = file;
		file->streams[i].name = names[i];
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

static void open_file(struct log_file *file)
{
	struct stat status;

	file->fd = openat(file->dir_fd, file->name,
		O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (file->fd < 0) {
		complain(file, "open the log", errno);
		return;
	}
	file->size =
		fstat(file->fd, &status) < 0 ? 0 : (uint64_t)status.st_size;
	end_half_line(file);
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

static void flush(struct log_file *file, struct text *out)
{
	ssize_t written;

	if (out->used == 0)
		return;
	file->tokens -= (int64_t)out->used;
	if (file->fd < 0)
		open_file(file);
	else if (file->size + out->used > LOG_FILE_MAX)
		rotate(file);
	if (file->fd >= 0) {
		written = write(file->fd, out->data, out->used);
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
	text_init(out, out_buffer, sizeof(out_buffer));
}

/* Appends one JSON line made of the first size bytes that are pending. */
static void add_line(struct log_stream *stream, size_t size, bool is_ended,
	const char *time, struct text *out)
{
	if (out->size - out->used < LINE_ENCODED)
		flush(stream->file, out);
	text_add(out, "{\"log\":\"");
	text_add_json(out, stream->pending, size);
	text_add(out, "%s\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
		is_ended ? "\\n" : "", stream->name, time);
	stream->pending_size -= size;
	memmove(stream->pending, stream->pending + size, stream->pending_size);
}

/* Writes the beginning of a line as a part of its own. */
static void end_part(struct log_stream *stream, const char *time)
{
	struct text out;

	text_init(&out, out_buffer, sizeof(out_buffer));
	if (stream->pending_size > 0)
		add_line(stream, stream->pending_size, false, time, &out);
	flush(stream->file, &out);
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

void log_feed(struct log_stream *stream, const char *bytes, size_t size,
	const char *time)
{
	struct text out;

	text_init(&out, out_buffer, sizeof(out_buffer));
	while (size > 0) {
		size_t room = LOG_LINE_MAX - stream->pending_size;
		size_t most = size < room ? size : room;
		const char *end = memchr(bytes, '\n', most);
		size_t length = end ? (size_t)(end - bytes) : most;

		memcpy(stream->pending + stream->pending_size, bytes, length);
		stream->pending_size += length;
		if (end)
			add_line(stream, stream->pending_size, true, time,
				&out);
		else if (stream->pending_size == LOG_LINE_MAX)
			add_line(stream,
				whole_characters(stream->pending, LOG_LINE_MAX),
				false, time, &out);
		length += end != NULL;
		bytes += length;
		size -= length;
	}
	flush(stream->file, &out);
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

static void report_dropped(struct log_stream *stream, const char *time)
{
	struct log_file *file = stream->file;
	char line[128];
	struct text text;

	if (file->dropped_bytes == 0)
		return;
	text_init(&text, line, sizeof(line));
	text_add(&text,
		"tare: dropped %llu bytes here: over %d bytes a second\n",
		(unsigned long long)file->dropped_bytes, LOG_RATE);
	file->dropped_bytes = 0;
	end_part(stream, time);
	log_feed(stream, line, text.used, time);
}

/* Bytes that were read, 0 when there is nothing now, -1 at the end. */
static ssize_t read_some(struct log_stream *stream)
{
	struct log_file *file = stream->file;
	ssize_t size = read(stream->watch.fd, read_buffer, READ_BYTES);
	char time[40];

	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (size == 0)
		return -1;
	refill(file);
	if (size > file->tokens) {
		file->dropped_bytes += (uint64_t)size;
		return size;
	}
	format_now(time, sizeof(time));
	report_dropped(stream, time);
	log_feed(stream, read_buffer, (size_t)size, time);
	return size;
}

static void end_stream(struct log_stream *stream)
{
	char time[40];

	format_now(time, sizeof(time));
	report_dropped(stream, time);
	end_part(stream, time);
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

int log_file_attach(struct log_file *file, int stdout_fd, int stderr_fd,
	struct error *err)
{
	int fds[2] = { stdout_fd, stderr_fd };
	int result = 0;

	for (size_t i = 0; i < 2; i++) {
		struct log_stream *stream = &file->streams[i];

		stream->pending_size = 0;
		stream->watch.on_ready = on_output;
		stream->watch.fd = fds[i];
		if (result == 0)
			result = loop_add(file->loop, &stream->watch, EPOLLIN,
				err);
	}
	return result;
}

void log_file_detach(struct log_file *file)
{
	for (size_t i = 0; i < 2; i++) {
		struct log_stream *stream = &file->streams[i];
		ssize_t total = 0;
		ssize_t size = 1;

		if (stream->watch.fd < 0)
			continue;
		while (size > 0 && total < DRAIN_BYTES) {
			size = read_some(stream);
			total += size;
		}
		end_stream(stream);
	}
	fd_close(&file->fd);
}
