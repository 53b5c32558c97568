/* SPDX-License-Identifier: MIT */
/*
 * fields - fills a struct from a JSON object, one row per field
 *
 * A table has a row for each field of an object: its key, its kind, where its
 * value goes, what is allowed. Keys without a row are ignored, and a value of
 * null is as none, as the OCI runtime-spec and its Go bindings have it. The
 * first thing that is wrong ends the reading, with the JSON path in the error.
 */
#ifndef TARE_RUN_FIELDS_H
#define TARE_RUN_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/text.h"

struct arena;
struct error;
struct words;

enum field_kind {
	FIELD_BOOL,        /* bool */
	FIELD_BOOL_NUMBER, /* struct oci_number, 0 or 1 */
	FIELD_NUMBER,      /* struct oci_number, from min to max */
	FIELD_U16,         /* uint16_t ... uint64_t, from min to max */
	FIELD_U32,
	FIELD_U64,
	FIELD_I32, /* int32_t */
	FIELD_I64,
	FIELD_IDS,    /* uint32_t array and count */
	FIELD_TEXT,   /* const char *; an empty one is as none */
	FIELD_TEXTS,  /* const char *const *, NULL-terminated */
	FIELD_WORD,   /* one of words: uint32_t or uint64_t, as size says */
	FIELD_FLAGS,  /* some of words, or'ed: the same */
	FIELD_PAIRS,  /* struct oci_pair array and count; keys are any */
	FIELD_OBJECT, /* the struct of table at offset */
	FIELD_LIST,   /* array of such structs, and count */
	FIELD_MAP,    /* the same, of an object: a struct begins with its key */
	FIELD_CUSTOM, /* read does it */
};

enum field_flag {
	FIELD_REQUIRED = 1 << 0,
	FIELD_ABSOLUTE = 1 << 1, /* TEXT, TEXTS: paths that begin with '/' */
	FIELD_MAY_BE_EMPTY = 1 << 2, /* TEXT: "" is a value */
};

enum {
	FIELDS_DEPTH_MAX = 32,
	FIELDS_VALUES_MAX = 200000,
	FIELDS_TREE_MAX = 64
			  << 20, /* bytes of all values as jansson has them */
};

/* What is known while a document is read. */
struct fields_reader {
	struct arena *arena;
	struct error *err;
	bool shares_texts; /* the JSON is in arena, too: texts stay there */
	size_t depth;      /* of what is being read */
	struct fields_step {
		const char *key; /* NULL: an index */
		size_t index;
	} path[FIELDS_DEPTH_MAX + 8];
};

struct field {
	const char *key;
	enum field_kind kind;
	unsigned int flags;
	size_t offset; /* of the value in the struct that the table fills */
	size_t size;   /* of the value */
	size_t count;  /* offset of the size_t of IDS, PAIRS, LIST, MAP */
	size_t has;    /* offset of a bool that is set when it is there, or 0 */
	int64_t min;
	uint64_t max; /* of a number; of a text's length; 0: of its type */
	const struct words
		*words; /* of WORD, FLAGS, and TEXTS that have to be */
	const struct fields *table;
	const char *(*check)(const char *text); /* NULL, or what is wrong */
	int (*read)(struct fields_reader *reader, const json_t *value,
		void *base);
};

struct fields {
	const struct field *rows;
	size_t count;
	size_t size; /* of the struct */
	size_t kept; /* so much of it is an item of a list; 0: all */
	/* What only all fields together show; base is the struct. */
	int (*finish)(struct fields_reader *reader, void *base);
};

#define FIELDS(rows_, type, finish_)                                          \
	{                                                                     \
		.rows = (rows_), .count = sizeof(rows_) / sizeof((rows_)[0]), \
		.size = sizeof(type), .finish = (finish_),                    \
	}

/* For a list whose items are only the first member of what is read. */
#define FIELDS_KEPT(rows_, type, kept_, finish_)                              \
	{                                                                     \
		.rows = (rows_), .count = sizeof(rows_) / sizeof((rows_)[0]), \
		.size = sizeof(type), .kept = sizeof(kept_),                  \
		.finish = (finish_),                                          \
	}

void fields_init(struct fields_reader *reader, struct arena *arena,
	struct error *err);

/* Fills base, which is zeroed. 0, -EINVAL or -ENOMEM; err says why. */
int fields_read(struct fields_reader *reader, const json_t *value,
	const struct fields *table, void *base);

/* A list of texts, as FIELD_TEXTS reads it. */
int fields_read_texts(struct fields_reader *reader, const json_t *value,
	const struct field *row, const char *const **out);

/* One of some words; out may be NULL. */
int fields_read_word(struct fields_reader *reader, const json_t *value,
	const struct words *words, uint64_t *out);

/* Makes the path longer; returns what fields_pop needs. key is kept. */
size_t fields_push(struct fields_reader *reader, const char *key);
size_t fields_push_index(struct fields_reader *reader, size_t index);
void fields_pop(struct fields_reader *reader, size_t depth);

/* "PATH: text"; -EINVAL. */
int fields_error(struct fields_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* As fields_error for the field key of the object that is being read. */
int fields_error_at(struct fields_reader *reader, const char *key,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

int fields_no_memory(struct fields_reader *reader);

/* "is a list, not WANTED" */
int fields_wrong_type(struct fields_reader *reader, const json_t *value,
	const char *wanted);

/* The text of a number that jansson cannot hold, or NULL: it is none. */
const char *fields_number(const json_t *value);

/* Is it what a field wants? */
int fields_want(struct fields_reader *reader, const json_t *value,
	json_type type);

/* Enough of a text for a message: controls escaped, the end cut. */
struct fields_shown {
	char text[80];
};
struct fields_shown fields_show(const char *text);

/* fields_json.c */

/*
 * JSON as jansson has it, but for numbers that it cannot hold: those are texts
 * that begin with FIELDS_NUMBER_MARK. All of it is in arena, so it is never to
 * be given back by json_decref. 0, -EINVAL or -ENOMEM; err has line, column and
 * JSON path.
 */
#define FIELDS_NUMBER_MARK '\x7f'
int fields_parse(const char *text, size_t size, struct arena *arena,
	json_t **out, struct error *err);

/* The same where jansson is not needed (fields_plain.c), or NULL. */
json_t *fields_plain(const char *text, size_t size, struct arena *arena);

/* Appends ".key" or "[index]" as paths have them. */
void fields_add_key(struct text *path, const char *key);
void fields_add_index(struct text *path, size_t index);

#endif
