// SPDX-License-Identifier: MIT
/* disks_data_test - what is on a data partition, and what is done about it, on
 * image files with the real mke2fs and e2fsck */
/* wrap: pread pwrite fsync fork */
#include "data.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "content.h"
#include "fault.h"
#include "file.h"
#include "program.h"
#include "say.h"

#define MIB   (1024ULL * 1024)
#define BYTES (160 * MIB) /* large enough for a copy of the superblock */

FAULT_WRAP(ssize_t, pread, (int fd, void *bytes, size_t length, off_t at),
	(fd, bytes, length, at))
FAULT_WRAP(ssize_t, pwrite,
	(int fd, const void *bytes, size_t length, off_t at),
	(fd, bytes, length, at))
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(pid_t, fork, (void), ())

static char folder[] = "/tmp/tare-data-test-XXXXXX";
static char image[64], notes[64], report[64];
static int fd = -1;

static void make_blank(void)
{
	CHECK(ftruncate(fd, 0) == 0);
	CHECK(ftruncate(fd, (off_t)BYTES) == 0);
	(void)unlink(notes);
}

static void make_ready(void)
{
	make_blank();
	CHECK(data_ready(image) == 0);
}

static bool has_noted(const char *sentence)
{
	static char text[4096];

	return file_read(notes, text, sizeof(text)) > 0 &&
	       strstr(text, sentence);
}

static int content(void)
{
	return content_of(fd, BYTES);
}

static void fill(uint64_t at, uint64_t length, int value)
{
	static uint8_t bytes[65536];

	memset(bytes, value, sizeof(bytes));
	for (uint64_t end = at + length; at < end; at += sizeof(bytes))
		(void)__real_pwrite(fd, bytes,
			end - at < sizeof(bytes) ? (size_t)(end - at)
						 : sizeof(bytes),
			(off_t)at);
}

static void put(uint64_t at, const char *text)
{
	(void)__real_pwrite(fd, text, strlen(text), (off_t)at);
}

static bool is_sound(void)
{
	const char *const argv[] = { data_paths.e2fsck, "-fn", image, NULL };

	return program_run(argv, 60, "/dev/null") == 0;
}

static void test_blank(void)
{
	make_blank();
	CHECK(content() == CONTENT_BLANK);
	fill(0, MIB, 0xff);
	fill(BYTES - MIB, MIB, 0xff);
	CHECK(content() == CONTENT_BLANK); /* erased flash */
}

/* one byte anywhere at the edges is somebody's */
static void test_foreign(void)
{
	static const struct {
		const char *name;
		uint64_t at;
		const char *text;
	} rows[] = {
		{ "first byte", 0, "\x01" },
		{ "xfs", 0, "XFSB" },
		{ "luks", 0, "LUKS\xba\xbe" },
		{ "lvm", 512, "LABELONE" },
		{ "swap", 4086, "SWAPSPACE2" },
		{ "btrfs", 65536 + 64, "_BHRfS_M" },
		{ "end of the first MiB", MIB - 1, "x" },
		{ "raid at the end", BYTES - 65536, "\xfc\x4e\x2b\xa9" },
		{ "last byte", BYTES - 1, "x" },
		{ "nearly our mark", BYTES - 512, "tare: a file system" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		make_blank();
		put(rows[i].at, rows[i].text);
		CHECK(content() == CONTENT_FOREIGN);
		CHECK(data_ready(image) == -1);
		CHECK(has_noted("not ours"));
		CHECK(content() == CONTENT_FOREIGN);
	}
}

static void test_too_small(void)
{
	CHECK(content_of(fd, 0) == -ENOSPC);
	CHECK(content_of(fd, 100) == -ENOSPC);
}

static void test_makes_a_file_system(void)
{
	make_ready();
	CHECK(content() == CONTENT_EXT4);
	CHECK(content_ext4_bytes(fd) == BYTES - CONTENT_TAIL_BYTES);
	CHECK(is_sound());
	CHECK(data_ready(image) == 0); /* the next boot */
	CHECK(access(notes, F_OK) < 0);
}

/* The mark is there from before the first write of mke2fs to after its last. */
static void test_an_interrupted_make_starts_anew(void)
{
	const char *const real = data_paths.mke2fs;

	make_blank();
	data_paths.mke2fs = "/bin/false";
	CHECK(data_ready(image) == -1);
	CHECK(has_noted("exit status 1"));
	CHECK(content() == CONTENT_UNFINISHED);
	fill(4096, 8 * MIB, 0x5a); /* what half of a make may look like */
	CHECK(content() == CONTENT_UNFINISHED);
	data_paths.mke2fs = "/nowhere/mke2fs";
	CHECK(data_ready(image) == -1);
	data_paths.mke2fs = real;
	CHECK(data_ready(image) == 0);
	CHECK(content() == CONTENT_EXT4);
	CHECK(is_sound());
}

/* A mark at an end that the partition had long ago: what is there now was
 * made and used since, and is not made anew. */
static void test_an_old_mark_is_none(void)
{
	make_ready();
	CHECK(ftruncate(fd, (off_t)(BYTES + 64 * MIB)) == 0);
	CHECK(content_mark(fd, BYTES + 64 * MIB, true) == 0);
	CHECK(content_of(fd, BYTES + 64 * MIB) == CONTENT_EXT4);
	CHECK(content_mark(fd, BYTES, true) == 0);
	CHECK(content_of(fd, BYTES) == CONTENT_UNFINISHED);
}

/* every lost superblock but one: still known as ours, repaired, not remade */
static void test_a_lost_superblock_is_no_blank_disk(void)
{
	make_ready();
	fill(0, 64 * 1024, 0);
	CHECK(content() == CONTENT_EXT4);
	CHECK(data_ready(image) == 0);
	CHECK(has_noted("was damaged and is repaired"));
	CHECK(is_sound());

	make_ready();
	fill(0, MIB, 0);
	fill(BYTES - MIB, MIB, 0);
	CHECK(content() == CONTENT_EXT4);
}

static void test_damage_is_repaired(void)
{
	make_ready();
	fill(4096, 256 * 1024, 0xa5);
	CHECK(data_ready(image) == 0);
	CHECK(has_noted("was damaged and is repaired"));
	CHECK(is_sound());
	CHECK(data_ready(image) == 0);
}

/* what e2fsck says, and what follows from it; a program that gives the status
 * stands in for it */
static void test_verdicts(void)
{
	static const struct {
		const char *script;
		int verdict;
		const char *sentence;
	} rows[] = {
		{ "exit 0", 0, NULL },
		{ "exit 1", 0, NULL },
		{ "exit 2", 0, NULL },
		{ "exit 3", 0, NULL },
		{ "exit 4", -1, "could not be repaired" },
		{ "[ $1 = -y ] && exit 1; exit 4", 0,
			"was damaged and is repaired" },
		{ "[ $1 = -y ] && exit 4; exit 4", -1,
			"could not be repaired (exit status 4)" },
		{ "exit 8", -1, "could not be repaired" },
		{ "exit 16", -1, "not used this time" },
		{ "exit 127", -1, "exit status 127" },
		{ "kill -9 $$", -1, "ended by a signal" },
	};
	const char *const real = data_paths.e2fsck;
	static char script[64];

	(void)snprintf(script, sizeof(script), "%s/e2fsck", folder);
	make_ready();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		FILE *file = fopen(script, "we");

		check_row(rows[i].script);
		if (!CHECK(file))
			return;
		(void)fprintf(file, "#!/bin/sh\n%s\n", rows[i].script);
		(void)fclose(file);
		(void)chmod(script, 0755);
		(void)unlink(notes);
		data_paths.e2fsck = script;
		CHECK(data_ready(image) == rows[i].verdict);
		CHECK(!rows[i].sentence || has_noted(rows[i].sentence));
		CHECK(rows[i].verdict != 0 || rows[i].sentence ||
			access(notes, F_OK) < 0);
	}
	data_paths.e2fsck = real;
	(void)unlink(script);
	CHECK(is_sound()); /* nobody wrote to it */
}

/* a program that hangs is ended when its time is over */
static void test_time_limit(void)
{
	const char *const argv[] = { "/bin/sleep", "100", NULL };

	CHECK(program_run(argv, 0, "/dev/null") == -ETIMEDOUT);
}

/* Each failing call is an answer, never a half-made file system that passes. */
static void test_faults(void)
{
	unsigned int fds = fault_count_fds();

	for (unsigned int nth = 1;; nth++) {
		make_blank();
		fault_arm(nth, EIO);
		int verdict = data_ready(image);
		if (!fault_fired()) {
			CHECK(verdict == 0);
			CHECK(nth > 10);
			break;
		}
		CHECK(verdict == -1);
		CHECK(has_noted(image));
		int now = content();
		CHECK(now == CONTENT_BLANK || now == CONTENT_UNFINISHED ||
			(now == CONTENT_EXT4 && is_sound()));
		CHECK(data_ready(image) == 0);
	}
	CHECK(fault_count_fds() == fds);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(image, sizeof(image), "%s/image", folder);
	(void)snprintf(notes, sizeof(notes), "%s/notes", folder);
	(void)snprintf(report, sizeof(report), "%s/report", folder);
	say_notes_path = notes;
	data_paths.report = report;
	data_paths.mke2fs = "/usr/sbin/mke2fs";
	data_paths.e2fsck = "/usr/sbin/e2fsck";
	fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (access(data_paths.mke2fs, X_OK) < 0)
		data_paths.mke2fs = "/sbin/mke2fs";
	if (access(data_paths.e2fsck, X_OK) < 0)
		data_paths.e2fsck = "/sbin/e2fsck";

	RUN(test_blank);
	RUN(test_foreign);
	RUN(test_too_small);
	RUN(test_makes_a_file_system);
	RUN(test_an_interrupted_make_starts_anew);
	RUN(test_an_old_mark_is_none);
	RUN(test_a_lost_superblock_is_no_blank_disk);
	RUN(test_damage_is_repaired);
	RUN(test_verdicts);
	RUN(test_time_limit);
	RUN(test_faults);

	(void)close(fd);
	(void)unlink(image);
	(void)unlink(notes);
	(void)unlink(report);
	(void)rmdir(folder);
	return check_done();
}
