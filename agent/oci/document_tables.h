/* SPDX-License-Identifier: MIT */
/* document_tables - the tables of config.json, and what their rows share */
#ifndef TARE_OCI_DOCUMENT_TABLES_H
#define TARE_OCI_DOCUMENT_TABLES_H

#include <stddef.h>

#include "run/fields.h"
#include "run/oci.h"

struct error;

/* Where a row's value goes. */
#define FIELD(type, name) \
	.offset = offsetof(type, name), .size = sizeof(((type *)0)->name)
#define ITEMS(type, name, number) \
	.offset = offsetof(type, name), .count = offsetof(type, number)

extern const struct fields document_fields;           /* oci_spec */
extern const struct fields document_process_fields;   /* oci_process */
extern const struct fields document_mount_fields;     /* oci_mount */
extern const struct fields document_hooks_fields;     /* oci_hooks[] */
extern const struct fields document_linux_fields;     /* oci_spec */
extern const struct fields document_resources_fields; /* oci_resources */
extern const struct fields document_mapping_fields;   /* oci_id_mapping */

/* What no single object shows: namespaces that others need. */
int document_check(struct fields_reader *reader, const struct oci_spec *spec);

/* Checks for rows: NULL, or what is wrong with the text. */
const char *document_check_cpus(const char *text);      /* "0-3,7" */
const char *document_check_variable(const char *text);  /* "NAME=value" */
const char *document_check_interface(const char *text); /* "eth0" */

/* Gives linux.mountLabel to the file systems that can have one. */
int document_label_mounts(struct fields_reader *reader, struct oci_spec *spec);

/* Sizes, overlaps and the kernel's limit of a list of mappings. */
int document_check_mappings(struct fields_reader *reader, const char *key,
	const struct oci_id_mappings *mappings);

enum {
	DOCUMENT_PATH_MAX = 4095,
	DOCUMENT_TEXT_MAX = 131071,  /* of one argument, as execve(2) */
	DOCUMENT_MAPPINGS_MAX = 340, /* user_namespaces(7) */
};

#endif
