// SPDX-License-Identifier: MIT
/*
 * dns_names_file - reads /run/tare/net/names
 *
 * Two passes over the lines: the first counts, so that each table is made once
 * and of the right size, the second fills. What belongs to a client (via,
 * alias) may stand before its line.
 */
#include <errno.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "net/dns_names.h"

#define NETWORK_MAX (UINT32_MAX / 2)

struct reader {
	struct dns_names *names;
	char *rest; /* of the line */
	struct error *err;
	size_t line;
	size_t vias, domains; /* counted, then filled */
	size_t addresses;
	struct dns_via *via_list;
	struct address *address_list;
	bool has_version, is_filling;
};

struct dns_via {
	struct address client;
	struct dns_servers servers;
};

/* The next word, or NULL. */
static char *next_word(struct reader *reader)
{
	char *word = reader->rest;
	size_t length = strcspn(word, " ");

	if (length == 0)
		return NULL;
	reader->rest = word + length;
	if (*reader->rest)
		*reader->rest++ = '\0';
	return word;
}

static int fail(const struct reader *reader, const char *what)
{
	return error_set(reader->err, -EINVAL, "line %zu: %s", reader->line,
		what);
}

static int read_address(struct reader *reader, struct address *out)
{
	const char *word = next_word(reader);

	if (!word || address_parse(word, out) < 0)
		return fail(reader, "an address was expected");
	return 0;
}

static int read_network(const struct reader *reader, const char *word,
	uint32_t *out)
{
	uint64_t number;

	if (!word || text_parse_u64(word, NETWORK_MAX, &number) < 0)
		return fail(reader, "the number of a network was expected");
	*out = (uint32_t)number;
	return 0;
}

/* A name is as long as it must be: nothing may look behind its size. */
static const struct dns_name *keep_name(struct reader *reader,
	const struct dns_name *name)
{
	size_t size = offsetof(struct dns_name, bytes) + name->size;
	struct dns_name *kept = arena_alloc(&reader->names->arena, size);

	if (kept)
		memcpy(kept, name, size);
	return kept;
}

/*
 * *out stays NULL for a word that nobody could ask for, as one with a label of
 * over 63 letters: that is no fault of the file.
 */
static int read_name(struct reader *reader, const struct dns_name **out)
{
	const char *word = next_word(reader);
	struct dns_name name;

	*out = NULL;
	if (!word)
		return fail(reader, "a name was expected");
	if (dns_name_parse(word, &name) < 0)
		return 0;
	*out = keep_name(reader, &name);
	return *out ? 0
		    : error_set(reader->err, -ENOMEM,
			      "line %zu: too many names", reader->line);
}

static int read_listen(struct reader *reader)
{
	struct dns_names *names = reader->names;

	if (names->listen_count == DNS_NAMES_LISTEN_MAX)
		return fail(reader, "too many addresses to listen on");
	if (!reader->is_filling) {
		names->listen_count++;
		return 0;
	}
	return read_address(reader, &names->listen[names->listen_count++]);
}

/* "3,1", or "-" for none. */
static int read_networks(struct reader *reader, struct dns_client *client)
{
	uint32_t networks[DNS_NAMES_NETWORKS_MAX];
	uint32_t *kept;
	char *word = next_word(reader);
	size_t count = 0;

	if (!word)
		return fail(reader, "networks were expected");
	while (!text_equal(word, "-") && *word) {
		size_t length = strcspn(word, ",");
		char *after = word + length + (word[length] != '\0');

		word[length] = '\0';
		if (count == DNS_NAMES_NETWORKS_MAX)
			return fail(reader, "too many networks");
		if (read_network(reader, word, &networks[count]) < 0)
			return -EINVAL;
		count++;
		word = after;
	}
	kept = arena_array(&reader->names->arena, count + 1, sizeof(*kept));
	if (!kept)
		return error_set(reader->err, -ENOMEM,
			"line %zu: too many clients", reader->line);
	memcpy(kept, networks, count * sizeof(*kept));
	client->networks = kept;
	client->network_count = count;
	return 0;
}

static int add_places(struct reader *reader, const struct dns_client *client)
{
	struct dns_names *names = reader->names;

	for (size_t i = 0; i < client->network_count; i++)
		names->places[names->place_count++] =
			(struct dns_place){ client->networks[i],
				client->address };
	return 0;
}

/* How many networks the third word lists, without changing it. */
static size_t count_networks(const char *rest)
{
	size_t count = 1;

	for (size_t spaces = 0; *rest && spaces < 3; rest++) {
		spaces += *rest == ' ';
		count += *rest == ',';
	}
	return count;
}

static int read_client(struct reader *reader)
{
	struct dns_names *names = reader->names;
	struct dns_client *client;
	const char *word;

	if (!reader->is_filling) {
		names->place_count += count_networks(reader->rest);
		names->client_count++;
		return 0;
	}
	client = &names->clients[names->client_count++];
	if (read_address(reader, &client->address) < 0)
		return -EINVAL;
	if (!next_word(reader))
		return fail(reader, "a container was expected");
	if (read_networks(reader, client) < 0)
		return -EINVAL;
	word = next_word(reader);
	if (!word || (!text_equal(word, "out") && !text_equal(word, "in")))
		return fail(reader, "'out' or 'in' was expected");
	client->may_ask_outside = text_equal(word, "out");
	return add_places(reader, client);
}

static int read_via(struct reader *reader)
{
	struct dns_via *via;

	if (!reader->is_filling) {
		reader->vias++;
		return 0;
	}
	via = &reader->via_list[reader->vias++];
	if (read_address(reader, &via->client) < 0)
		return -EINVAL;
	while (*reader->rest && via->servers.count < DNS_SERVERS_MAX) {
		if (read_address(reader,
			    &via->servers.list[via->servers.count++]) < 0)
			return -EINVAL;
	}
	return 0;
}

static size_t count_words(const char *rest)
{
	size_t count = *rest != '\0';

	for (; *rest; rest++)
		count += *rest == ' ';
	return count;
}

static int read_name_line(struct reader *reader)
{
	struct dns_names *names = reader->names;
	struct dns_row row = { .entry.addresses = NULL };

	if (!reader->is_filling) {
		size_t words = count_words(reader->rest);

		reader->addresses += words;
		names->place_count += words;
		names->row_count++;
		return 0;
	}
	row.entry.addresses = reader->address_list + reader->addresses;
	if (read_network(reader, next_word(reader), &row.network) < 0 ||
		read_name(reader, &row.name) < 0)
		return -EINVAL;
	while (*reader->rest) {
		struct address *out =
			&reader->address_list[reader->addresses++];

		if (read_address(reader, out) < 0)
			return -EINVAL;
		row.entry.count++;
		names->places[names->place_count++] =
			(struct dns_place){ row.network, *out };
	}
	if (row.name)
		names->rows[names->row_count++] = row;
	return 0;
}

static bool knows_domain(const struct dns_names *names,
	const struct dns_name *name)
{
	for (size_t i = 0; i < names->domain_count; i++) {
		if (dns_name_equal(&names->domains[i], name))
			return true;
	}
	return false;
}

static int read_domain(struct reader *reader)
{
	struct dns_names *names = reader->names;
	struct dns_row row = { .entry.addresses = NULL };

	if (!reader->is_filling) {
		names->row_count++;
		reader->domains++;
		return 0;
	}
	if (read_network(reader, next_word(reader), &row.network) < 0 ||
		read_name(reader, &row.name) < 0)
		return -EINVAL;
	if (!row.name)
		return 0;
	row.network = dns_names_domain(row.network);
	names->rows[names->row_count++] = row;
	if (knows_domain(names, row.name))
		return 0;
	memcpy(&names->domains[names->domain_count++], row.name,
		offsetof(struct dns_name, bytes) + row.name->size);
	return 0;
}

static int read_alias(struct reader *reader)
{
	struct dns_names *names = reader->names;
	struct dns_alias alias;

	if (!reader->is_filling) {
		names->alias_count++;
		return 0;
	}
	if (read_address(reader, &alias.client) < 0 ||
		read_name(reader, &alias.name) < 0 ||
		read_name(reader, &alias.target) < 0)
		return -EINVAL;
	if (alias.name && alias.target)
		names->aliases[names->alias_count++] = alias;
	return 0;
}

static int read_pointer(struct reader *reader)
{
	struct dns_names *names = reader->names;
	struct dns_pointer pointer;

	if (!reader->is_filling) {
		names->pointer_count++;
		return 0;
	}
	if (read_address(reader, &pointer.address) < 0 ||
		read_name(reader, &pointer.name) < 0)
		return -EINVAL;
	if (pointer.name)
		names->pointers[names->pointer_count++] = pointer;
	return 0;
}

static int read_version(struct reader *reader)
{
	const char *word = next_word(reader);

	if (!word || !text_equal(word, "1"))
		return fail(reader, "a version that is not known");
	reader->has_version = true;
	return 0;
}

static const struct {
	const char *word;
	int (*read)(struct reader *reader);
} kinds[] = {
	{ "version", read_version },
	{ "listen", read_listen },
	{ "client", read_client },
	{ "via", read_via },
	{ "name", read_name_line },
	{ "domain", read_domain },
	{ "alias", read_alias },
	{ "pointer", read_pointer },
};

static int read_line(struct reader *reader, char *line)
{
	size_t length = strcspn(line, " ");

	if (*line == '#')
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].word) != length ||
			memcmp(kinds[i].word, line, length) != 0)
			continue;
		reader->rest = line + length + (line[length] == ' ');
		return kinds[i].read(reader);
	}
	return 0;
}

/*
 * Hands out the lines up to "end". Their ends become terminators in the first
 * pass, and stay; *size is that of what was read.
 */
static int read_lines(struct reader *reader, char *text, size_t size)
{
	char *line = text;

	reader->line = 0;
	while (line < text + size) {
		size_t length = strcspn(line, "\n");
		char *next = line + length + 1;
		int result;

		if (!reader->is_filling && next > text + size)
			break; /* without an end of line: not whole */
		line[length] = '\0';
		reader->line++;
		if (text_equal(line, "end"))
			return 0;
		result = read_line(reader, line);
		if (result < 0)
			return result;
		line = next;
	}
	return error_set(reader->err, -ENODATA,
		"it has no line 'end', so it is not whole");
}

static void *table(struct reader *reader, size_t *count, size_t size)
{
	void *list = arena_array(&reader->names->arena, *count + 1, size);

	*count = 0;
	return list;
}

static int make_tables(struct reader *reader)
{
	struct dns_names *names = reader->names;
	struct arena *arena = &names->arena;

	if (hash_index_init(&names->client_index, arena, names->client_count) <
			0 ||
		hash_index_init(&names->row_index, arena, names->row_count) <
			0 ||
		hash_index_init(&names->alias_index, arena,
			names->alias_count) < 0 ||
		hash_index_init(&names->pointer_index, arena,
			names->pointer_count) < 0 ||
		hash_index_init(&names->place_index, arena,
			names->place_count) < 0)
		return -ENOMEM;
	names->listen =
		table(reader, &names->listen_count, sizeof(*names->listen));
	names->clients =
		table(reader, &names->client_count, sizeof(*names->clients));
	names->rows = table(reader, &names->row_count, sizeof(*names->rows));
	names->aliases =
		table(reader, &names->alias_count, sizeof(*names->aliases));
	names->pointers =
		table(reader, &names->pointer_count, sizeof(*names->pointers));
	names->places =
		table(reader, &names->place_count, sizeof(*names->places));
	reader->via_list =
		table(reader, &reader->vias, sizeof(*reader->via_list));
	reader->address_list = table(reader, &reader->addresses,
		sizeof(*reader->address_list));
	names->domains =
		table(reader, &reader->domains, sizeof(*names->domains));
	return names->listen && names->clients && names->rows &&
			       names->aliases && names->pointers &&
			       names->places && reader->via_list &&
			       reader->address_list && names->domains
		       ? 0
		       : -ENOMEM;
}

/* We would ask ourselves, and again. */
static void drop_own(const struct dns_names *names, struct dns_servers *servers)
{
	size_t count = 0;

	for (size_t i = 0; i < servers->count; i++) {
		if (!dns_names_is_own(names, &servers->list[i]))
			servers->list[count++] = servers->list[i];
	}
	servers->count = count;
}

static void give_servers(struct dns_names *names, const struct reader *reader)
{
	for (size_t i = 0; i < reader->vias; i++) {
		struct dns_via *via = &reader->via_list[i];
		const struct dns_client *client =
			dns_names_client(names, &via->client);

		drop_own(names, &via->servers);
		if (client)
			names->clients[client - names->clients].servers =
				&via->servers;
	}
}

static int parse(struct reader *reader, char *text)
{
	size_t size = strlen(text);
	int result;

	result = read_lines(reader, text, size);
	if (result < 0)
		return result;
	if (!reader->has_version)
		return error_set(reader->err, -EINVAL,
			"it has no line 'version'");
	if (make_tables(reader) < 0)
		return error_set(reader->err, -ENOMEM,
			"it has more names than fit into memory");
	reader->is_filling = true;
	result = read_lines(reader, text, size);
	if (result < 0)
		return result;
	dns_names_index(reader->names);
	give_servers(reader->names, reader);
	return 0;
}

int dns_names_parse(struct dns_names *names, char *text, struct error *err)
{
	struct reader reader = { .names = names, .err = err };
	int result;

	*names = (struct dns_names){
		.arena.limit_bytes = DNS_NAMES_MEMORY_MAX,
	};
	result = parse(&reader, text);
	if (result < 0)
		dns_names_clear(names);
	return result;
}
