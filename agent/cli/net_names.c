// SPDX-License-Identifier: MIT
/* net_names - where a name of a workload is known, and who answers it there */
#include "cli/net_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/lines.h"
#include "net/survey.h"

#define FAR 3 /* edits; so many are another word */

struct network {
	const char *name;
	uint64_t number;
	struct address gateway; /* family 0: none */
	const char *domain;     /* "shop", or NULL */
	bool is_known;          /* what is looked for */
};

struct search {
	const char *word;
	const char *network; /* or NULL: all */
	struct network networks[NET_NAMES_PLACES_MAX];
	size_t count;
	const char *nearest;
	size_t distance;
};

static struct network *find(struct search *search, const char *word)
{
	uint64_t number;

	if (text_parse_u64(word, UINT32_MAX, &number) < 0)
		return NULL;
	for (size_t i = 0; i < search->count; i++) {
		if (search->networks[i].number == number)
			return &search->networks[i];
	}
	return NULL;
}

static bool is_wanted(const struct search *search,
	const struct network *network)
{
	return !search->network || text_equal(network->name, search->network);
}

static void see_port_line(char **words, size_t count, void *context)
{
	struct search *search = context;
	struct network *network = &search->networks[search->count];

	if (!text_equal(words[0], "network") || count < 3 ||
		search->count == NET_NAMES_PLACES_MAX ||
		text_parse_u64(words[1], UINT32_MAX, &network->number) < 0)
		return;
	network->name = words[2];
	search->count++;
}

/* "client 172.20.0.1 - 3 out" has a gateway, "client 172.20.0.2 web 3,1 out"
 * an address that may be what is looked for. */
static void see_client(struct search *search, char **words)
{
	char *end = strchr(words[3], ',');
	struct network *network;

	if (end)
		*end = '\0';
	network = find(search, words[3]);
	if (!network)
		return;
	if (!text_equal(words[2], "-"))
		network->is_known |= text_equal(words[1], search->word);
	else if (!network->gateway.family)
		(void)address_parse(words[1], &network->gateway);
}

/* "web.shop" is "web" where the domain is "shop". */
static bool is_called(const struct search *search,
	const struct network *network, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(search->word, name, length) != 0)
		return false;
	return search->word[length] == '\0' ||
	       (search->word[length] == '.' && network->domain &&
		       strcasecmp(search->word + length + 1, network->domain) ==
			       0);
}

static void see_name(struct search *search, char **words)
{
	struct network *network = find(search, words[1]);
	size_t distance;

	if (!network)
		return;
	network->is_known |= is_called(search, network, words[2]);
	distance = text_distance(search->word, words[2]);
	if (is_wanted(search, network) && distance < search->distance &&
		distance < strlen(search->word)) {
		search->distance = distance;
		search->nearest = words[2];
	}
}

static void see_name_line(char **words, size_t count, void *context)
{
	struct search *search = context;

	if (text_equal(words[0], "client") && count > 3)
		see_client(search, words);
	else if (text_equal(words[0], "name") && count > 3)
		see_name(search, words);
	else if (text_equal(words[0], "domain") && count > 2) {
		struct network *network = find(search, words[1]);

		if (network)
			network->domain = words[2];
	}
}

static int no_network(const struct search *search, struct error *err)
{
	const char *nearest = NULL;
	size_t best = FAR;

	for (size_t i = 0; i < search->count; i++) {
		const char *name = search->networks[i].name;
		size_t distance = text_distance(search->network, name);

		if (distance < best) {
			best = distance;
			nearest = name;
		}
	}
	if (nearest)
		return error_set(err, -ENOENT,
			"there is no network '%s', did you mean '%s'?",
			search->network, nearest);
	return error_set(err, -ENOENT,
		"there is no network '%s'; 'tare net' lists them",
		search->network);
}

static void take_places(const struct search *search, struct net_names *out)
{
	for (size_t i = 0; i < search->count; i++) {
		const struct network *network = &search->networks[i];
		struct net_names_place *place = &out->places[out->count];

		if (search->network ? !is_wanted(search, network)
				    : !network->is_known)
			continue;
		place->server = network->gateway;
		out->count += text_copy(place->network, sizeof(place->network),
			network->name);
	}
	if (search->nearest && search->distance > 0)
		(void)text_copy(out->nearest, sizeof(out->nearest),
			search->nearest);
}

int net_names_parse(char *names, char *ports, const char *word,
	const char *network, struct net_names *out, struct error *err)
{
	static struct search search;

	search = (struct search){
		.word = word,
		.network = network,
		.distance = FAR,
	};
	out->count = 0;
	out->nearest[0] = '\0';
	/* one that is not whole is as one that is not there */
	(void)lines_visit(ports, see_port_line, &search, NULL);
	(void)lines_visit(names, see_name_line, &search, NULL);
	take_places(&search, out);
	return network && out->count == 0 ? no_network(&search, err) : 0;
}

/* "" when it cannot be read. */
static int read_file(const char *path, char **out)
{
	int result =
		fd_read_file(AT_FDCWD, path, SURVEY_FILE_MAX, out, NULL, NULL);

	if (result < 0)
		*out = strdup("");
	return *out ? 0 : -ENOMEM;
}

int net_names_find(const char *word, const char *network, struct net_names *out,
	struct error *err)
{
	auto_free char *names = NULL;
	auto_free char *ports = NULL;

	if (read_file(SURVEY_FOLDER "/names", &names) < 0 ||
		read_file(SURVEY_FOLDER "/ports", &ports) < 0)
		return error_set(err, -ENOMEM, "no memory for the names");
	return net_names_parse(names, ports, word, network, out, err);
}
