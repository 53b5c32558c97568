/* SPDX-License-Identifier: MIT */
/* gpt - the partition table of a disk that grew, or was torn */
#include "gpt.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES_MAX 128
#define LABEL_UNITS 36
#define ALIGN_BYTES (1024U * 1024U)
#define HEAD_BYTES  (6U * 4096U) /* boot sector, header, entries at 4 KiB */

struct header {
	char signature[8];
	uint32_t revision, size, crc, reserved;
	uint64_t my_lba, other_lba, first_usable, last_usable;
	uint8_t disk_guid[16];
	uint64_t entries_lba;
	uint32_t entries, entry_bytes, entries_crc;
} __attribute__((packed));

struct entry {
	uint8_t type[16], guid[16];
	uint64_t first, last, attributes;
	uint16_t label[LABEL_UNITS];
} __attribute__((packed));

/* the boot sector's record that covers the disk for those who know no GPT */
struct protective {
	uint8_t code[446], status, start[3], type, end[3];
	uint32_t first, sectors;
} __attribute__((packed));

_Static_assert(sizeof(struct header) == 92, "as on the disk");
_Static_assert(sizeof(struct entry) == 128, "as on the disk");

/* one copy of the table, in the order of the start of a disk: boot sector,
 * header, entries; the backup is brought into that order when read */
struct table {
	_Alignas(8) uint8_t bytes[HEAD_BYTES];
	struct header *header;
	struct entry *entries;
	uint64_t entry_sectors;
};

uint32_t gpt_crc32(const void *bytes, uint64_t length)
{
	const uint8_t *at = bytes;
	uint32_t crc = ~0U;

	while (length-- > 0) {
		crc ^= *at++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
	}
	return ~crc;
}

static int read_at(const struct gpt_disk *disk, void *bytes, uint64_t length,
	uint64_t lba)
{
	ssize_t got = pread(disk->fd, bytes, length,
		(off_t)(lba * disk->sector_bytes));
	if (got < 0)
		return -errno;
	return (uint64_t)got == length ? 0 : -EIO;
}

static int write_at(const struct gpt_disk *disk, const void *bytes,
	uint64_t length, uint64_t lba)
{
	ssize_t put = pwrite(disk->fd, bytes, length,
		(off_t)(lba * disk->sector_bytes));
	if (put < 0)
		return -errno;
	return (uint64_t)put == length ? 0 : -EIO;
}

static uint32_t header_crc(const struct header *header)
{
	uint8_t copy[sizeof(*header)];

	/* larger headers exist in theory; we refuse them */
	memcpy(copy, header, sizeof(copy));
	memset(copy + offsetof(struct header, crc), 0, sizeof(uint32_t));
	return gpt_crc32(copy, sizeof(copy));
}

static bool is_used(const struct entry *entry)
{
	static const uint8_t unused[16];

	return memcmp(entry->type, unused, sizeof(unused)) != 0;
}

static bool header_is_sane(const struct gpt_disk *disk,
	const struct header *header, uint64_t lba)
{
	return memcmp(header->signature, "EFI PART", 8) == 0 &&
	       le32toh(header->revision) == 0x00010000 &&
	       le32toh(header->size) == sizeof(*header) &&
	       le32toh(header->crc) == header_crc(header) &&
	       le64toh(header->my_lba) == lba &&
	       le32toh(header->entry_bytes) == sizeof(struct entry) &&
	       le32toh(header->entries) > 0 &&
	       le32toh(header->entries) <= ENTRIES_MAX &&
	       le64toh(header->first_usable) <= le64toh(header->last_usable) &&
	       le64toh(header->last_usable) < disk->sectors;
}

/* every used entry inside the usable space, and no two share a sector */
static bool entries_are_sane(const struct table *table)
{
	const struct header *header = table->header;
	const uint32_t count = le32toh(header->entries);

	for (uint32_t i = 0; i < count; i++) {
		const struct entry *one = &table->entries[i];

		if (!is_used(one))
			continue;
		if (le64toh(one->first) > le64toh(one->last) ||
			le64toh(one->first) < le64toh(header->first_usable) ||
			le64toh(one->last) > le64toh(header->last_usable))
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (is_used(&table->entries[k]) &&
				le64toh(one->first) <=
					le64toh(table->entries[k].last) &&
				le64toh(table->entries[k].first) <=
					le64toh(one->last))
				return false;
	}
	return true;
}

/* read and check the copy whose header lies at this sector */
static int read_table(const struct gpt_disk *disk, uint64_t lba,
	struct table *table)
{
	const uint32_t sector = disk->sector_bytes;

	table->header = (struct header *)(void *)(table->bytes + sector);
	table->entries = (struct entry *)(void *)(table->bytes + 2 * sector);
	table->entry_sectors = ENTRIES_MAX * sizeof(struct entry) / sector;
	if (disk->sectors < 4 * table->entry_sectors + 8)
		return -EBADMSG;

	int result = read_at(disk, table->bytes, sector, 0);
	if (result == 0)
		result = read_at(disk, table->header, sector, lba);
	if (result < 0)
		return result;
	if (!header_is_sane(disk, table->header, lba))
		return -EBADMSG;

	/* the entries lie where everybody puts them, or we keep off */
	uint64_t entries_lba = lba == 1 ? 2 : lba - table->entry_sectors;
	if (le64toh(table->header->entries_lba) != entries_lba)
		return -EBADMSG;
	result = read_at(disk, table->entries, table->entry_sectors * sector,
		entries_lba);
	if (result < 0)
		return result;
	if (gpt_crc32(table->entries,
		    le32toh(table->header->entries) * sizeof(struct entry)) !=
			le32toh(table->header->entries_crc) ||
		!entries_are_sane(table))
		return -EBADMSG;
	return 0;
}

static bool has_label(const struct entry *entry, const char *label)
{
	size_t length = strlen(label);

	if (!is_used(entry) || length > LABEL_UNITS)
		return false;
	for (size_t i = 0; i < LABEL_UNITS; i++) {
		uint16_t expected =
			i < length ? (uint16_t)(unsigned char)label[i] : 0;
		if (le16toh(entry->label[i]) != expected)
			return false;
	}
	return true;
}

static struct entry *find_entry(const struct table *table, const char *label)
{
	for (uint32_t i = 0; i < le32toh(table->header->entries); i++)
		if (has_label(&table->entries[i], label))
			return &table->entries[i];
	return NULL;
}

static bool is_last(const struct table *table, const struct entry *entry)
{
	for (uint32_t i = 0; i < le32toh(table->header->entries); i++)
		if (is_used(&table->entries[i]) &&
			le64toh(table->entries[i].first) >
				le64toh(entry->first))
			return false;
	return true;
}

static void seal(struct table *table, uint64_t my_lba, uint64_t other_lba,
	uint64_t entries_lba)
{
	struct header *header = table->header;

	header->my_lba = htole64(my_lba);
	header->other_lba = htole64(other_lba);
	header->entries_lba = htole64(entries_lba);
	header->entries_crc = htole32(gpt_crc32(table->entries,
		le32toh(header->entries) * sizeof(struct entry)));
	header->crc = htole32(header_crc(header));
}

static int write_backup(const struct gpt_disk *disk, struct table *table)
{
	const uint64_t last = disk->sectors - 1;
	const uint64_t entries_lba = last - table->entry_sectors;

	seal(table, last, 1, entries_lba);
	int result = write_at(disk, table->entries,
		table->entry_sectors * disk->sector_bytes, entries_lba);
	if (result == 0)
		result =
			write_at(disk, table->header, disk->sector_bytes, last);
	if (result == 0 && fsync(disk->fd) < 0)
		result = -errno;
	return result;
}

/* In one write: header and the first entries are neighbours, and a disk that
 * writes 4 KiB at a time takes them whole. */
static int write_primary(const struct gpt_disk *disk, struct table *table)
{
	struct protective *boot = (struct protective *)(void *)table->bytes;
	const uint64_t rest = disk->sectors - 1;

	if (boot->type == 0xee && le32toh(boot->first) == 1)
		boot->sectors = htole32(
			rest > UINT32_MAX ? UINT32_MAX : (uint32_t)rest);
	seal(table, 1, rest, 2);
	int result = write_at(disk, table->bytes,
		(2 + table->entry_sectors) * disk->sector_bytes, 0);
	if (result == 0 && fsync(disk->fd) < 0)
		result = -errno;
	return result;
}

static int blank_tail(const struct gpt_disk *disk, uint64_t last)
{
	static const uint8_t zeros[GPT_TAIL_BYTES];
	const uint64_t count = GPT_TAIL_BYTES / disk->sector_bytes;

	return write_at(disk, zeros, sizeof(zeros), last + 1 - count);
}

int gpt_grow(const struct gpt_disk *disk, const char *label,
	struct gpt_span *span, const char **reason)
{
	static struct table table;
	const uint64_t align = ALIGN_BYTES / disk->sector_bytes;

	*reason = "its partition table is damaged";
	int result = read_table(disk, 1, &table);
	if (result < 0)
		return result;
	*reason = "it has no partition of that name";
	struct entry *entry = find_entry(&table, label);
	if (!entry)
		return -ENOENT;
	*reason = "another partition lies behind it";
	if (!is_last(&table, entry))
		return -ENOTSUP;

	uint64_t usable = disk->sectors - 2 - table.entry_sectors;
	uint64_t last = (usable + 1) / align * align - 1;
	if (last < le64toh(entry->last) + align)
		return 0;

	entry->last = htole64(last);
	table.header->last_usable = htole64(usable);
	*reason = "writing the partition table failed";
	result = blank_tail(disk, last);
	if (result == 0)
		result = write_backup(disk, &table);
	if (result == 0)
		result = write_primary(disk, &table);
	span->number = (uint32_t)(entry - table.entries) + 1;
	span->first = le64toh(entry->first);
	span->sectors = last + 1 - span->first;
	return result < 0 ? result : 1;
}

static bool is_blank(const uint8_t *bytes, size_t length)
{
	return (bytes[0] == 0x00 || bytes[0] == 0xff) &&
	       memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* A start that a cut write of a table can leave: old or new sectors, or blank
 * ones. A disk that was given to something else keeps our backup at its end,
 * and what is at its start now is somebody's. */
static int may_be_torn(const struct gpt_disk *disk)
{
	static _Alignas(8) uint8_t bytes[2 * 4096];
	const struct protective *boot =
		(const struct protective *)(const void *)bytes;
	const uint8_t *header = bytes + disk->sector_bytes;
	const uint8_t *ext4_magic = bytes + 1024 + 0x38;

	int result = read_at(disk, bytes, sizeof(bytes), 0);
	if (result < 0)
		return result;
	bool has_boot = boot->type == 0xee && le32toh(boot->first) == 1;
	bool has_header = memcmp(header, "EFI PART", 8) == 0;
	bool has_ext4 = ext4_magic[0] == 0x53 && ext4_magic[1] == 0xef;

	return (has_boot || is_blank(bytes, disk->sector_bytes)) &&
	       (has_header || is_blank(header, disk->sector_bytes)) &&
	       !has_ext4;
}

int gpt_restore(const struct gpt_disk *disk, const char *label)
{
	static struct table table;

	int result = read_table(disk, 1, &table);
	if (result != -EBADMSG)
		return result;
	result = may_be_torn(disk);
	if (result <= 0)
		return result;
	result = read_table(disk, disk->sectors - 1, &table);
	if (result == -EBADMSG || (result == 0 && !find_entry(&table, label)))
		return 0;
	if (result == 0)
		result = write_primary(disk, &table);
	return result < 0 ? result : 1;
}
