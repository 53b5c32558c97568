/* SPDX-License-Identifier: MIT */
/*
 * book - what was given out to networks, containers and services
 *
 * Pure. The text of it is kept in a file by the layer above, which replaces
 * the file whole (fd_replace_file): lines of words, sorted, "end" is the last.
 *
 *	version 1
 *	ula fd12:3456:789a::/48              the machine's own prefix
 *	subnet front - 172.18.0.0/16         network, "-", subnet
 *	subnet front - fd12:3456:789a:1::/64
 *	last front - 172.18.0.9              the last address given
 *	container front web-1 172.18.0.2     network, container, address
 *	service front web 172.18.0.3         network, service, virtual address
 *	link front web-1 1                   its link has not the first name that
 *	                                     its hash gives, but the next; "-" as
 *	                                     the container: the network's bridge
 *	end
 */
#ifndef TARE_NET_BOOK_H
#define TARE_NET_BOOK_H

#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"

struct arena;
struct error;

enum book_limit {
	BOOK_ENTRIES_MAX = 20480,
	BOOK_NAME_MAX = 255,         /* bytes of a name */
	BOOK_TEXT_MAX = 4096 * 1024, /* bytes that are read */
};

enum book_kind {
	BOOK_SUBNET,
	BOOK_LAST,
	BOOK_CONTAINER,
	BOOK_SERVICE,
	BOOK_LINK,
};

struct book_entry {
	enum book_kind kind;
	const char *network;
	const char *key;      /* container, service; "-" of what has none */
	struct prefix prefix; /* an address is one of full length */
	uint32_t attempt;     /* BOOK_LINK: names passed over */
};

/* A zeroed one is empty. */
struct book {
	struct prefix ula;          /* family 0: none yet */
	struct book_entry *entries; /* sorted by book_compare */
	size_t entry_count;
};

/* Order of entries: kind, network, key, family, then value. */
int book_compare(const struct book_entry *a, const struct book_entry *b);

/* The entry of one family (0: BOOK_LINK), or NULL; key "-": of the network. */
const struct book_entry *book_find(const struct book *book,
	const struct book_entry *like);

/* Sorts the entries, and drops all but the first of those alike. */
void book_sort(struct book *book);

/* A copy with names of its own, all in the arena. 0 or -ENOMEM. */
int book_copy(const struct book *book, struct arena *arena, struct book *out);

/*
 * Reads a text of size bytes, which may hold anything; *out is in the arena.
 * -EBADMSG: it is not whole, or not of this kind ("line 3: ..."), and *out is
 * empty. -ENOMEM. Lines whose first word is not known are passed over.
 */
int book_parse(const char *text, size_t size, struct arena *arena,
	struct book *out, struct error *err);

/* The text, terminated, in the arena; *size without the end. Or NULL. */
char *book_print(const struct book *book, struct arena *arena, size_t *size);

#endif
