// SPDX-License-Identifier: MIT
/*
 * wireguard - the peers of a WireGuard interface
 *
 * The private key is not here: it is made on the machine and stays there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/addresses.h"
#include "config/draft.h"
#include "config/keys.h"
#include "config/names.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/values.h"
#include "config/walk.h"
#include "lib/address.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

#define KEY_LENGTH       44 /* 32 bytes as base64 (RFC 4648, 4) */
#define KEY_FILE_MAX     64
#define KEY_EXAMPLE      "44 characters of base64, as 'wg pubkey' writes"
#define ENDPOINT_EXAMPLE "ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT"

enum peer_limit {
	PEERS_MAX = 256,
	ALLOWED_MAX = 1024, /* of all peers of a link */
};

/* 42 characters of 6 bits, one of 4, and the filling. */
static bool is_key(const char *text, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *last;

	if (length != KEY_LENGTH || text[KEY_LENGTH - 1] != '=' ||
		strspn(text, digits) != KEY_LENGTH - 1)
		return false;
	last = strchr(digits, text[KEY_LENGTH - 2]);
	return (last - digits) % 4 == 0;
}

void read_public_key(struct reader *reader, const struct node *node, void *base)
{
	struct host_peer *peer = base;
	const char *text = reader_text(reader, node, KEY_EXAMPLE);

	if (!text)
		return;
	peer->public_key = text; /* a wrong one, too: it is not missing */
	if (!is_key(text, strlen(text)))
		reader_error(reader, node->mark,
			"'%.60s' is no key, write " KEY_EXAMPLE, text);
}

/* ADDRESS:PORT, [ADDRESS]:PORT, NAME:PORT */
static bool is_endpoint(char *text)
{
	char *port = strrchr(text, ':');
	struct address address;
	size_t length;
	uint16_t number;

	if (!port || value_port(port + 1, &number) < 0)
		return false;
	*port = '\0';
	length = strlen(text);
	if (text[0] == '[' && length > 2 && text[length - 1] == ']') {
		text[length - 1] = '\0';
		return address_parse(text + 1, &address) == 0 &&
		       address.family == AF_INET6;
	}
	return !name_check_host(text);
}

void read_endpoint(struct reader *reader, const struct node *node, void *base)
{
	struct host_peer *peer = base;
	const char *text = reader_text(reader, node, ENDPOINT_EXAMPLE);
	char *copy = text ? reader_copy(reader, text, strlen(text)) : NULL;

	if (!copy)
		return;
	if (is_endpoint(copy))
		peer->endpoint = text;
	else
		reader_error(reader, node->mark,
			"'%.60s' is wrong, write " ENDPOINT_EXAMPLE, text);
}

/* The prefix as text that everybody reads the same way; NULL: no memory. */
static const char *print_prefix(struct reader *reader,
	const struct prefix *prefix)
{
	char text[PREFIX_TEXT_SIZE];

	prefix_print(prefix, text);
	return reader_copy(reader, text, strlen(text));
}

void read_allowed_ips(struct reader *reader, const struct node *node,
	void *base)
{
	struct host_peer *peer = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list of subnets, such as [10.8.0.2/32]"))
		return;
	if (node->count == 0 || node->count > ALLOWED_MAX) {
		reader_error(reader, node->mark,
			"there are %zu subnets, write 1 to %d, such as [10.8.0.2/32]",
			node->count, ALLOWED_MAX);
		return;
	}
	peer->allowed =
		reader_alloc(reader, node->count, sizeof(*peer->allowed));
	for (const struct entry *e = node->first; e && peer->allowed;
		e = e->next) {
		size_t path = reader_push_index(reader, index++);
		struct prefix prefix;

		if (prefix_read(reader, e->value, &prefix))
			peer->allowed[peer->allowed_count++] =
				print_prefix(reader, &prefix);
		reader_pop(reader, path);
	}
}

/* Does the file hold a key, and at most a line end? It is not kept. */
static const char *check_key_file(struct reader *reader, const char *path)
{
	const char *wrong = NULL;
	char *bytes = NULL;
	size_t size = 0;
	size_t length;
	struct error err;
	int result = fd_read_file(reader->folder_fd, path, KEY_FILE_MAX, &bytes,
		&size, &err);

	if (result == -ENOMEM)
		reader->is_out_of_memory = true;
	if (result < 0)
		return "cannot be read; put it beside the config, with nothing but the key in it";
	length = size;
	while (length > 0 &&
		(bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
		length--;
	if (!is_key(bytes, length))
		wrong = "holds no key, write 44 characters of base64 into it, as 'wg genpsk' writes";
	explicit_bzero(bytes, size);
	free(bytes);
	return wrong;
}

void read_preshared_key_file(struct reader *reader, const struct node *node,
	void *base)
{
	struct host_peer *peer = base;
	const char *text =
		reader_text(reader, node, "a file beside the config");
	const char *wrong = NULL;
	const char *path = text ? path_in_folder(reader, text, &wrong) : NULL;

	peer->preshared_key_file = path;
	if (path && reader->folder_fd >= 0)
		wrong = check_key_file(reader, path);
	if (wrong)
		reader_error(reader, node->mark, "the file '%.100s' %s", text,
			wrong);
}

/* Reports what another peer of the link has already. */
static void check_peer(struct reader *reader,
	const struct draft_host_link *draft, const struct host_peer *peer)
{
	for (size_t i = 0; i < draft->link.peer_count; i++) {
		const struct host_peer *other = &draft->peers[i];

		if (text_equal(other->public_key, peer->public_key))
			reader_error(reader, peer->mark,
				"the peer at line %u, column %u has this key already, remove one of them",
				other->mark.line, other->mark.column);
		for (size_t k = 0;
			k < other->allowed_count * peer->allowed_count; k++) {
			const char *old =
				other->allowed[k / peer->allowed_count];

			if (!text_equal(old,
				    peer->allowed[k % peer->allowed_count]))
				continue;
			reader_error(reader, peer->mark,
				"the peer at line %u, column %u has '%s' already, and one of them can be reached there; remove one",
				other->mark.line, other->mark.column, old);
		}
	}
}

static bool has_key(const struct node *map, const char *key)
{
	const struct entry *e = map->first;

	while (e && !text_equal(e->key, key))
		e = e->next;
	return e != NULL;
}

static void read_peer(struct reader *reader, const struct node *node,
	struct draft_host_link *draft)
{
	struct host_peer peer = { .mark = node->mark };
	struct host_peer *grown;

	if (!reader_is_map(reader, node,
		    "a map, such as {public_key: KEY, allowed_ips: [10.8.0.2/32]}"))
		return;
	walk_map(reader, node, &schema_peer, &peer);
	if (!peer.public_key) {
		reader_error(reader, node->mark,
			"the key 'public_key' is missing, write " KEY_EXAMPLE);
		return;
	}
	if (!has_key(node, "allowed_ips"))
		reader_warn(reader, node->mark,
			"there is no 'allowed_ips:', so that nothing goes to this peer nor comes from it");
	if (reader->is_out_of_memory)
		return;
	if (peer.allowed_count > ALLOWED_MAX - draft->allowed_count) {
		reader_error(reader, node->mark,
			"the peers have more than %d subnets together, which is the limit",
			ALLOWED_MAX);
		return;
	}
	draft->allowed_count += peer.allowed_count;
	check_peer(reader, draft, &peer);
	grown = reader_grow(reader, draft->peers, draft->link.peer_count,
		sizeof(*grown));
	if (!grown)
		return;
	grown[draft->link.peer_count++] = peer;
	draft->peers = grown;
}

void read_peers(struct reader *reader, const struct node *node, void *base)
{
	struct draft_host_link *draft = base;
	size_t index = 0;

	if (!reader_is_list(reader, node,
		    "a list, such as [{public_key: KEY, allowed_ips: [10.8.0.2/32]}]"))
		return;
	if (node->count > PEERS_MAX) {
		reader_error(reader, node->mark,
			"there are %zu peers, the limit is %d", node->count,
			PEERS_MAX);
		return;
	}
	for (const struct entry *e = node->first; e; e = e->next) {
		size_t path = reader_push_index(reader, index++);

		read_peer(reader, e->value, draft);
		reader_pop(reader, path);
	}
}
