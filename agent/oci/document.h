/* SPDX-License-Identifier: MIT */
/*
 * document - config.json of the OCI runtime-spec, read into struct oci_spec
 *
 * Documents of version 1.0 to 1.3. The tables of document_*.c have a row for
 * each field; fields that they do not know are ignored, as the specification
 * wants. Everything else that is wrong is an error with its JSON path:
 *
 *	config.json: process.user.uid: 4294967296 is over 4294967295
 *
 * All memory is of the caller's arena; the text is not needed afterwards.
 */
#ifndef TARE_OCI_DOCUMENT_H
#define TARE_OCI_DOCUMENT_H

#include <stddef.h>

struct arena;
struct error;
struct oci_process;
struct oci_resources;
struct oci_spec;

enum {
	DOCUMENT_SIZE_MAX = 4 << 20
};

/* config.json; spec.bundle is left to the caller. 0 or -EINVAL, -ENOMEM. */
int document_parse(const char *text, size_t size, struct arena *arena,
	struct oci_spec *out, struct error *err);

/* The object "process" by itself, for one more process in a container. */
int document_parse_process(const char *text, size_t size, struct arena *arena,
	struct oci_process *out, struct error *err);

/* The object "linux.resources" by itself, for an update. */
int document_parse_resources(const char *text, size_t size, struct arena *arena,
	struct oci_resources *out, struct error *err);

/* As document_parse for dir_fd/name, which has to be a regular file. */
int document_load_spec(int dir_fd, const char *name, struct arena *arena,
	struct oci_spec *out, struct error *err);

/*
 * As the two above for a file, a pipe, or standard input ("-"): the caller of
 * the command chose it.
 */
int document_load_process(const char *path, struct arena *arena,
	struct oci_process *out, struct error *err);
int document_load_resources(const char *path, struct arena *arena,
	struct oci_resources *out, struct error *err);

/* The mount options that are no data for a file system; NULL at the end. */
const char *document_mount_option(size_t index);

#endif
