// SPDX-License-Identifier: MIT
/* stats - what the processes of a cgroup use and have used */
#include "run/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define COUNT(set) (sizeof(set) / sizeof((set)[0]))
#define FILE_SIZE  16384 /* enough for all, memory.stat has about 2 KiB */

/* A word of a file, and where its number goes. */
struct word {
	const char *name;
	size_t offset;
};

/* Reads a file whole; false when it is not there. */
static bool read_text(int dir_fd, const char *file, char *out, size_t size)
{
	auto_fd fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t count = fd < 0 ? -1 : fd_read_full(fd, out, size - 1);

	out[count < 0 ? 0 : count] = '\0';
	return count >= 0;
}

/* A number, or STATS_NO_LIMIT for "max". */
static uint64_t number(const char *text)
{
	return text_starts_with(text, "max") ? STATS_NO_LIMIT
					     : strtoull(text, NULL, 10);
}

static bool read_number(int dir_fd, const char *file, uint64_t *out)
{
	char text[64];

	if (!read_text(dir_fd, file, text, sizeof(text)))
		return false;
	*out = number(text);
	return true;
}

/* "memory": memory.current, memory.peak, memory.max */
static void read_amount(int dir_fd, const char *prefix,
	struct stats_amount *out)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "%s.current", prefix);
	out->is_there = read_number(dir_fd, file, &out->current);
	if (!out->is_there)
		return;
	(void)snprintf(file, sizeof(file), "%s.peak", prefix);
	(void)read_number(dir_fd, file, &out->peak); /* older: not there */
	(void)snprintf(file, sizeof(file), "%s.max", prefix);
	if (!read_number(dir_fd, file, &out->limit))
		out->limit = STATS_NO_LIMIT;
}

/* Cuts the next line off *at; NULL at the end. */
static char *next_line(char **at)
{
	char *line = *at;
	char *end;

	if (!*line)
		return NULL;
	end = line + strcspn(line, "\n");
	*at = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

/* Cuts "name value" in two; NULL when there is no value. */
static char *cut_value(char *line, char separator)
{
	char *value = strchr(line, separator);

	if (value)
		*value++ = '\0';
	return value;
}

static void set_word(void *out, const struct word *words, size_t count,
	const char *name, uint64_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal(words[i].name, name))
			memcpy((char *)out + words[i].offset, &value,
				sizeof(value));
	}
}

/* A file of lines "name number". */
static void read_words(int dir_fd, const char *file, const struct word *words,
	size_t count, void *out)
{
	char text[FILE_SIZE];
	char *at = text;
	char *line;

	(void)read_text(dir_fd, file, text, sizeof(text));
	while ((line = next_line(&at))) {
		const char *value = cut_value(line, ' ');

		if (value)
			set_word(out, words, count, line, number(value));
	}
}

/* "12.34" as 1234 */
static uint32_t hundredths(const char *text)
{
	char *end;
	unsigned long whole = strtoul(text, &end, 10);
	unsigned long part = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;

	return (uint32_t)(whole * 100 + part);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" without its first word */
static void read_waiting(char *text, struct stats_waiting *out)
{
	char *next;

	for (char *word = text; word; word = next) {
		const char *value = NULL;

		next = cut_value(word, ' ');
		value = cut_value(word, '=');
		if (!value)
			continue;
		if (text_equal(word, "avg10"))
			out->avg10 = hundredths(value);
		else if (text_equal(word, "avg60"))
			out->avg60 = hundredths(value);
		else if (text_equal(word, "avg300"))
			out->avg300 = hundredths(value);
		else if (text_equal(word, "total"))
			out->total_us = number(value);
	}
}

static void read_pressure(int dir_fd, const char *file,
	struct stats_pressure *out)
{
	char text[512];
	char *at = text;
	char *line;

	out->is_there = read_text(dir_fd, file, text, sizeof(text)) && *text;
	while ((line = next_line(&at))) {
		char *rest = cut_value(line, ' ');

		if (rest)
			read_waiting(rest, text_equal(line, "full")
						   ? &out->full
						   : &out->some);
	}
}

static void read_memory(int dir_fd, struct stats_memory *out)
{
	static const struct word events[] = {
		{ "low", offsetof(struct stats_memory, low_events) },
		{ "high", offsetof(struct stats_memory, high_events) },
		{ "max", offsetof(struct stats_memory, max_events) },
		{ "oom", offsetof(struct stats_memory, oom_events) },
		{ "oom_kill", offsetof(struct stats_memory, oom_kills) },
		{ "oom_group_kill",
			offsetof(struct stats_memory, oom_group_kills) },
	};
	char text[FILE_SIZE];
	char *at = text;
	char *line;

	read_amount(dir_fd, "memory", &out->memory);
	read_amount(dir_fd, "memory.swap", &out->swap);
	read_pressure(dir_fd, "memory.pressure", &out->pressure);
	read_words(dir_fd, "memory.events", events, COUNT(events), out);
	(void)read_text(dir_fd, "memory.stat", text, sizeof(text));
	while ((line = next_line(&at)) &&
		out->detail_count < STATS_MEMORY_MAX) {
		struct stats_number *detail = &out->details[out->detail_count];
		const char *value = cut_value(line, ' ');

		if (!value ||
			!text_copy(detail->name, sizeof(detail->name), line))
			continue;
		detail->value = number(value);
		out->detail_count++;
	}
}

static void read_cpu(int dir_fd, struct stats_cpu *out)
{
	static const struct word words[] = {
		{ "usage_usec", offsetof(struct stats_cpu, usage_us) },
		{ "user_usec", offsetof(struct stats_cpu, user_us) },
		{ "system_usec", offsetof(struct stats_cpu, system_us) },
		{ "nr_periods", offsetof(struct stats_cpu, periods) },
		{ "nr_throttled",
			offsetof(struct stats_cpu, throttled_periods) },
		{ "throttled_usec", offsetof(struct stats_cpu, throttled_us) },
		{ "nr_bursts", offsetof(struct stats_cpu, bursts) },
		{ "burst_usec", offsetof(struct stats_cpu, burst_us) },
	};

	read_words(dir_fd, "cpu.stat", words, COUNT(words), out);
	read_pressure(dir_fd, "cpu.pressure", &out->pressure);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void read_device(char *line, struct stats_device *out)
{
	static const struct word words[] = {
		{ "rbytes", offsetof(struct stats_device, read_bytes) },
		{ "wbytes", offsetof(struct stats_device, write_bytes) },
		{ "dbytes", offsetof(struct stats_device, discard_bytes) },
		{ "rios", offsetof(struct stats_device, reads) },
		{ "wios", offsetof(struct stats_device, writes) },
		{ "dios", offsetof(struct stats_device, discards) },
	};
	char *next = cut_value(line, ' ');
	const char *minor = cut_value(line, ':');

	out->major = (uint32_t)number(line);
	out->minor = minor ? (uint32_t)number(minor) : 0;
	for (char *word = next; word; word = next) {
		const char *value;

		next = cut_value(word, ' ');
		value = cut_value(word, '=');
		if (value)
			set_word(out, words, COUNT(words), word, number(value));
	}
}

static void read_io(int dir_fd, struct stats_io *out)
{
	char text[FILE_SIZE];
	char *at = text;
	char *line;

	(void)read_text(dir_fd, "io.stat", text, sizeof(text));
	while ((line = next_line(&at)) &&
		out->device_count < STATS_DEVICES_MAX) {
		/* some kernels list devices that were never used, bare */
		if (strchr(line, '='))
			read_device(line, &out->devices[out->device_count++]);
	}
	read_pressure(dir_fd, "io.pressure", &out->pressure);
}

/* The size in "hugetlb.2MB.current"; false: that is no such name. */
static bool page_size(const char *file, char size[STATS_NAME_SIZE])
{
	size_t length;

	if (!text_starts_with(file, "hugetlb."))
		return false;
	file += strlen("hugetlb.");
	length = strcspn(file, ".");
	if (!text_equal(file + length, ".current") || length >= STATS_NAME_SIZE)
		return false;
	memcpy(size, file, length);
	size[length] = '\0';
	return true;
}

static void read_page(int dir_fd, struct stats_pages *out)
{
	static const struct word words[] = {
		{ "max", offsetof(struct stats_pages, failures) },
	};
	char file[64];

	(void)snprintf(file, sizeof(file), "hugetlb.%s", out->size);
	read_amount(dir_fd, file, &out->amount);
	(void)snprintf(file, sizeof(file), "hugetlb.%s.events", out->size);
	read_words(dir_fd, file, words, COUNT(words), out);
}

/* Returns how many files there are: a cgroup that is gone has none. */
static unsigned int read_pages(int dir_fd, DIR *dir, struct stats *out)
{
	const struct dirent *entry;
	unsigned int count = 0;

	while ((entry = readdir(dir)) && out->page_count < STATS_PAGES_MAX) {
		struct stats_pages *pages = &out->pages[out->page_count];

		count += entry->d_name[0] != '.';
		if (!page_size(entry->d_name, pages->size))
			continue;
		read_page(dir_fd, pages);
		out->page_count++;
	}
	return count;
}

int stats_read(int cgroup_dir_fd, struct stats *out, struct error *err)
{
	int copy =
		openat(cgroup_dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir dir = copy < 0 ? NULL : fdopendir(copy);

	*out = (struct stats){ .page_count = 0 };
	if (!dir) {
		int result = error_errno(err, "read what the container uses");

		fd_close(&copy);
		return result;
	}
	if (read_pages(cgroup_dir_fd, dir, out) == 0)
		return error_set(err, -ENODEV,
			"read what the container uses: its cgroup is gone");
	read_memory(cgroup_dir_fd, &out->memory);
	read_cpu(cgroup_dir_fd, &out->cpu);
	read_amount(cgroup_dir_fd, "pids", &out->pids);
	read_io(cgroup_dir_fd, &out->io);
	return 0;
}
