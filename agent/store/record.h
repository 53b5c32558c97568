/* SPDX-License-Identifier: MIT */
/*
 * record - what a reference meant when it was last imported
 *
 * A file in refs/ of the store, named by the sha256 of the full reference:
 *   {"reference": "docker.io/library/nginx:latest", "image": "sha256:...",
 *    "source": "/config/images/nginx.tar", "size": 1, "mtime_ns": 2,
 *    "inode": 3}
 */
#ifndef TARE_STORE_RECORD_H
#define TARE_STORE_RECORD_H

#include "store/archive.h"
#include "store/reference.h"

struct record {
	char reference[REFERENCE_TEXT];
	char image[DIGEST_TEXT];
	char source[512]; /* absolute path of the archive */
	struct archive_stamp stamp;
};

enum {
	RECORD_NAME = 65, /* bytes of a file name in refs/ */
};

/* The name of the file for a full reference. */
void record_name(const char *reference, char out[RECORD_NAME]);

/* Reads a file of refs/; -ENOENT when it is not there, -EBADMSG when it is
 * not one of ours. */
int record_load(int refs_fd, const char *name, struct record *out,
	struct error *err);

/* Writes or replaces a record, durably. */
int record_save(int refs_fd, const struct record *record, struct error *err);

#endif
