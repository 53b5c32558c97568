/* SPDX-License-Identifier: MIT */
/*
 * gpt - the partition table of a disk that grew, or was torn (UEFI 2.10, 5.3).
 *
 * A table is only touched when its checksums are right. What is written is
 * always the copy that the other one can replace: the backup first, synced,
 * then the primary. A power cut therefore leaves one good table, and
 * gpt_restore() makes two of it.
 */
#ifndef INIT_GPT_H
#define INIT_GPT_H

#include <stdint.h>

/* this much at the end of a grown partition is blanked before it belongs to
 * the partition: nothing old shall be found there */
#define GPT_TAIL_BYTES 65536

struct gpt_disk {
	int fd;                /* whole disk, readable and writable */
	uint32_t sector_bytes; /* 512 or 4096 */
	uint64_t sectors;
};

struct gpt_span {
	uint32_t number; /* as in /dev/vda4, from 1 */
	uint64_t first, sectors;
};

/* Enlarge the partition with this label up to the end of the disk, if it is
 * the last one. Returns 1 when it was enlarged, 0 when there is nothing to
 * gain, or a negative errno with *reason: -EBADMSG wrong checksum or content,
 * -ENOENT no such label, -ENOTSUP a shape we do not touch, or an I/O error. */
int gpt_grow(const struct gpt_disk *disk, const char *label,
	struct gpt_span *span, const char **reason);

/* Write the primary table anew from the backup at the end of the disk. Returns
 * 1 when that was done, 0 when the primary is good, when something else than a
 * table is in its place, or when there is no good backup with this label; or a
 * negative errno. */
int gpt_restore(const struct gpt_disk *disk, const char *label);

/* CRC-32 as GPT uses it (the one of Ethernet and gzip) */
uint32_t gpt_crc32(const void *bytes, uint64_t length);

#endif
