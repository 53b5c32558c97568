// SPDX-License-Identifier: MIT
/* disks_gpt_test - partition tables on image files, judged by sfdisk and sgdisk
 * where they are installed */
/* wrap: pread pwrite fsync */
#include "gpt.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "file.h"
#include "program.h"

#define MIB         (1024ULL * 1024)
#define IMAGE_MIB   64
#define GROWN_MIB   100
#define ENTRY_BYTES 128U

FAULT_WRAP(ssize_t, pread, (int fd, void *bytes, size_t length, off_t at),
	(fd, bytes, length, at))
FAULT_WRAP(ssize_t, pwrite,
	(int fd, const void *bytes, size_t length, off_t at),
	(fd, bytes, length, at))
FAULT_WRAP(int, fsync, (int fd), (fd))

static char path[] = "/tmp/tare-gpt-test-XXXXXX";
static struct gpt_disk disk;
static const char *reason;
static struct gpt_span span;

/* a small maker of tables, written apart from the code under test */

struct part {
	uint64_t first, last;
	const char *label;
};

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

static void write_header(uint64_t lba, uint64_t other, uint64_t entries_lba,
	const uint8_t *entries)
{
	uint8_t header[4096] = "EFI PART";
	const uint64_t entry_sectors = 16384 / disk.sector_bytes;

	put32(header + 8, 0x10000);
	put32(header + 12, 92);
	put64(header + 24, lba);
	put64(header + 32, other);
	put64(header + 40, 2 + entry_sectors);
	put64(header + 48, disk.sectors - 2 - entry_sectors);
	memset(header + 56, 0x5a, 16);
	put64(header + 72, entries_lba);
	put32(header + 80, 128);
	put32(header + 84, ENTRY_BYTES);
	put32(header + 88, gpt_crc32(entries, 16384));
	put32(header + 16, gpt_crc32(header, 92));
	(void)__real_pwrite(disk.fd, header, disk.sector_bytes,
		(off_t)(lba * disk.sector_bytes));
	(void)__real_pwrite(disk.fd, entries, 16384,
		(off_t)(entries_lba * disk.sector_bytes));
}

static void make_table(const struct part *parts, size_t count)
{
	static uint8_t entries[16384];
	uint8_t boot[4096] = { 0 };

	memset(entries, 0, sizeof(entries));
	for (size_t i = 0; i < count; i++) {
		uint8_t *entry = entries + ENTRY_BYTES * i;

		memset(entry, 0x11, 16);
		memset(entry + 16, (int)i + 1, 16);
		put64(entry + 32, parts[i].first);
		put64(entry + 40, parts[i].last);
		for (size_t k = 0; parts[i].label[k]; k++)
			entry[56 + 2 * k] = (uint8_t)parts[i].label[k];
	}
	memset(boot, 0xeb, 440); /* the boot loader's code must survive */
	boot[446 + 2] = 2;
	boot[446 + 4] = 0xee;
	memset(boot + 446 + 5, 0xff, 3);
	put32(boot + 446 + 8, 1);
	put32(boot + 446 + 12, (uint32_t)disk.sectors - 1);
	boot[510] = 0x55;
	boot[511] = 0xaa;
	(void)__real_pwrite(disk.fd, boot, disk.sector_bytes, 0);
	write_header(1, disk.sectors - 1, 2, entries);
	write_header(disk.sectors - 1, 1,
		disk.sectors - 1 - 16384 / disk.sector_bytes, entries);
}

static void resize(uint64_t mib)
{
	CHECK(ftruncate(disk.fd, (off_t)(mib * MIB)) == 0);
	disk.sectors = mib * MIB / disk.sector_bytes;
}

/* the shape of our own image: four partitions, the last one is data */
static void make_image(uint32_t sector_bytes)
{
	const uint64_t mib = MIB / sector_bytes;
	const struct part parts[] = {
		{ 1 * mib, 9 * mib - 1, "tare-a" },
		{ 9 * mib, 17 * mib - 1, "tare-b" },
		{ 17 * mib, 20 * mib - 1, "tare-config" },
		{ 20 * mib, 60 * mib - 1, "tare-data" },
	};

	disk.sector_bytes = sector_bytes;
	(void)ftruncate(disk.fd, 0);
	resize(IMAGE_MIB);
	make_table(parts, 4);
}

static int grow(void)
{
	return gpt_grow(&disk, "tare-data", &span, &reason);
}

static uint64_t last_of_data(uint64_t entries_lba)
{
	uint8_t last[8] = { 0 };

	(void)__real_pread(disk.fd, last, sizeof(last),
		(off_t)(entries_lba * disk.sector_bytes + 3 * ENTRY_BYTES +
			40));
	return get64(last);
}

static void flip(uint64_t at)
{
	uint8_t byte;

	(void)__real_pread(disk.fd, &byte, 1, (off_t)at);
	byte ^= 0x40;
	(void)__real_pwrite(disk.fd, &byte, 1, (off_t)at);
}

static bool judges_well(const char *const argv[])
{
	return access(argv[0], X_OK) < 0 ||
	       program_run(argv, 20, "/dev/null") == 0;
}

static void check_by_others(void)
{
	const char *const sfdisk[] = { "/usr/sbin/sfdisk", "-V", path, NULL };
	const char *const sgdisk[] = { "/usr/sbin/sgdisk", "-v", path, NULL };

	if (disk.sector_bytes != 512)
		return; /* they take image files for 512-byte disks */
	CHECK(judges_well(sfdisk));
	CHECK(judges_well(sgdisk));
}

static void test_crc(void)
{
	CHECK(gpt_crc32("123456789", 9) == 0xcbf43926);
}

static void test_grows(void)
{
	static const uint32_t sizes[] = { 512, 4096 };

	for (size_t i = 0; i < 2; i++) {
		uint8_t boot[446];

		make_image(sizes[i]);
		check_by_others();
		CHECK(grow() == 1); /* 60 to 63 MiB: there is room already */
		resize(GROWN_MIB);
		CHECK(grow() == 1);
		CHECK(span.number == 4);
		CHECK(span.first == 20 * MIB / sizes[i]);
		CHECK(span.first + span.sectors == 99 * MIB / sizes[i]);
		CHECK(last_of_data(2) + 1 == 99 * MIB / sizes[i]);
		CHECK(last_of_data(disk.sectors - 1 - 16384 / sizes[i]) + 1 ==
			99 * MIB / sizes[i]);
		(void)pread(disk.fd, boot, sizeof(boot), 0);
		CHECK(boot[0] == 0xeb && boot[439] == 0xeb);
		check_by_others();
		CHECK(grow() == 0); /* and only once */
	}
}

static void test_blanks_the_tail(void)
{
	static uint8_t tail[GPT_TAIL_BYTES];

	make_image(512);
	resize(GROWN_MIB);
	memset(tail, 0xaa, sizeof(tail));
	(void)pwrite(disk.fd, tail, sizeof(tail),
		(off_t)(99 * MIB - sizeof(tail)));
	CHECK(grow() == 1);
	(void)pread(disk.fd, tail, sizeof(tail),
		(off_t)(99 * MIB - sizeof(tail)));
	for (size_t i = 0; i < sizeof(tail); i++)
		if (!CHECK(tail[i] == 0))
			return;
}

/* whatever bit of the table is wrong: nothing is written */
static void test_keeps_off_damage(void)
{
	static const struct {
		const char *name;
		uint64_t at;
	} rows[] = {
		{ "signature", 512 },
		{ "revision", 512 + 8 },
		{ "header crc", 512 + 16 },
		{ "own place", 512 + 24 },
		{ "last usable", 512 + 48 },
		{ "entries place", 512 + 72 },
		{ "entry size", 512 + 84 },
		{ "entries crc", 512 + 88 },
		{ "first entry", 1024 },
		{ "last entry", 1024 + 127 * ENTRY_BYTES },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		make_image(512);
		resize(GROWN_MIB);
		flip(rows[i].at);
		uint64_t before = last_of_data(2);
		CHECK(grow() == -EBADMSG);
		CHECK(last_of_data(2) == before);
		CHECK(last_of_data(disk.sectors - 33) == 0);
	}
}

static void test_refuses_odd_shapes(void)
{
	static const struct {
		const char *name;
		struct part parts[2];
		int result;
	} rows[] = {
		{ "data is not last",
			{ { 2048, 4095, "tare-data" }, { 4096, 8191, "x" } },
			-ENOTSUP },
		{ "no data", { { 2048, 4095, "a" }, { 4096, 8191, "b" } },
			-ENOENT },
		{ "a longer label",
			{ { 2048, 4095, "a" }, { 4096, 8191, "tare-data2" } },
			-ENOENT },
		{ "overlap",
			{ { 2048, 4096, "a" }, { 4096, 8191, "tare-data" } },
			-EBADMSG },
		{ "before the first usable sector",
			{ { 3, 4095, "a" }, { 4096, 8191, "tare-data" } },
			-EBADMSG },
		{ "ends before it begins",
			{ { 2048, 4095, "a" }, { 8191, 4096, "tare-data" } },
			-EBADMSG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		disk.sector_bytes = 512;
		(void)ftruncate(disk.fd, 0);
		resize(IMAGE_MIB);
		make_table(rows[i].parts, 2);
		CHECK(grow() == rows[i].result);
	}
}

static void test_refuses_a_disk_that_shrank(void)
{
	make_image(512);
	resize(IMAGE_MIB - 10);
	CHECK(grow() == -EBADMSG);
}

static void test_restores_the_primary(void)
{
	make_image(512);
	flip(512 + 16);
	CHECK(gpt_restore(&disk, "tare-data") == 1);
	check_by_others();
	CHECK(gpt_restore(&disk, "tare-data") == 0); /* good now */
	flip(1024);
	CHECK(gpt_restore(&disk, "other") == 0); /* not ours */
	CHECK(gpt_restore(&disk, "tare-data") == 1);
	flip(1024);
	flip(disk.sectors * 512 - 512);
	CHECK(gpt_restore(&disk, "tare-data") == 0); /* both are gone */
}

/* What once was ours keeps our backup at its end. Whatever its owner put on it
 * since is left as it is. */
static void test_a_disk_given_to_somebody_is_not_ours(void)
{
	static const struct {
		const char *name;
		uint64_t at;
		const char *bytes;
	} rows[] = {
		{ "another boot record", 446 + 4, "\x83" },
		{ "a program behind the boot record", 512, "GRUB core" },
		{ "ext4 on the whole disk", 1024 + 0x38, "\x53\xef" },
		{ "ext4, and the header is gone", 1024 + 0x38, "\x53\xef" },
	};
	static uint8_t before[64 * 512], after[64 * 512], none[512];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].name);
		make_image(512);
		flip(1024);
		if (strstr(rows[i].name, "gone"))
			(void)__real_pwrite(disk.fd, none, sizeof(none), 512);
		(void)__real_pwrite(disk.fd, rows[i].bytes,
			strlen(rows[i].bytes), (off_t)rows[i].at);
		(void)__real_pread(disk.fd, before, sizeof(before), 0);
		CHECK(gpt_restore(&disk, "tare-data") == 0);
		(void)__real_pread(disk.fd, after, sizeof(after), 0);
		CHECK(memcmp(before, after, sizeof(after)) == 0);
	}
}

/* erased flash, or a start that was wiped: a table is all that is lacking */
static void test_restores_a_blank_start(void)
{
	static uint8_t blank[34 * 512];

	for (int value = 0; value <= 0xff; value += 0xff) {
		make_image(512);
		memset(blank, value, sizeof(blank));
		(void)__real_pwrite(disk.fd, blank, sizeof(blank), 0);
		CHECK(gpt_restore(&disk, "tare-data") == 1);
		CHECK(gpt_restore(&disk, "tare-data") == 0);
	}
}

/* Stop at each system call: one table is good and tells the old size or the
 * new one, and the next boot comes to the end. */
static void test_faults_leave_a_good_table(void)
{
	unsigned int fds = fault_count_fds();

	for (unsigned int nth = 1;; nth++) {
		make_image(512);
		resize(GROWN_MIB);
		fault_arm(nth, EIO);
		int result = grow();
		if (!fault_fired()) {
			CHECK(nth > 8);
			CHECK(result == 1);
			break;
		}
		CHECK(result == -EIO);
		CHECK(reason && *reason);
		CHECK(gpt_restore(&disk, "tare-data") >= 0);
		CHECK(grow() >= 0);
		CHECK(last_of_data(2) + 1 == 99 * MIB / 512);
		check_by_others();
	}
	CHECK(fault_count_fds() == fds);
}

/* A write that stops in the middle of the primary, at every sector. */
static void test_torn_primary(void)
{
	static uint8_t old_head[34 * 512], new_head[34 * 512];

	make_image(512);
	resize(GROWN_MIB);
	(void)pread(disk.fd, old_head, sizeof(old_head), 0);
	CHECK(grow() == 1);
	(void)pread(disk.fd, new_head, sizeof(new_head), 0);
	for (off_t cut = 0; cut <= (off_t)sizeof(new_head); cut += 512) {
		(void)pwrite(disk.fd, old_head, sizeof(old_head), 0);
		(void)pwrite(disk.fd, new_head, (size_t)cut, 0);
		CHECK(gpt_restore(&disk, "tare-data") >= 0);
		CHECK(grow() >= 0);
		CHECK(last_of_data(2) + 1 == 99 * MIB / 512);
		check_by_others();
	}
}

int main(void)
{
	disk.fd = mkstemp(path);
	if (disk.fd < 0)
		return 1;
	RUN(test_crc);
	RUN(test_grows);
	RUN(test_blanks_the_tail);
	RUN(test_keeps_off_damage);
	RUN(test_refuses_odd_shapes);
	RUN(test_refuses_a_disk_that_shrank);
	RUN(test_restores_the_primary);
	RUN(test_a_disk_given_to_somebody_is_not_ours);
	RUN(test_restores_a_blank_start);
	RUN(test_faults_leave_a_good_table);
	RUN(test_torn_primary);
	(void)close(disk.fd);
	(void)unlink(path);
	return check_done();
}
