// SPDX-License-Identifier: MIT
/* tests of cli/net_names: in which networks a name is, and who answers there */
#include "cli/net_names.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"

static const char ports_text[] = "version 1\n"
				 "network 0 front bridge tb1 out\n"
				 "network 1 back bridge tb2 in\n"
				 "network 2 lan macvlan eth0 out\n"
				 "network x odd bridge tb3 out\n"
				 "end\n";

static const char names_text[] = "version 1\n"
				 "listen 172.18.0.1\n"
				 "client 172.18.0.1 - 0 out\n"
				 "client fd00::1 - 0 out\n"
				 "client fd00:1::1 - 1 in\n"
				 "client 172.18.0.9 - 9 in\n"
				 "domain 0 shop\n"
				 "client 172.18.0.2 web 1,0 out\n"
				 "client 172.18.0.3 db 0 out\n"
				 "name 0 web 172.18.0.2\n"
				 "name 0 tasks.web 172.18.0.2\n"
				 "name 1 web fd00:1::2\n"
				 "name 1 queue fd00:1::3\n"
				 "name 2 camera 192.0.2.7\n"
				 "name 9 lost 192.0.2.7\n"
				 "end\n";

static struct net_names found;

/* What is found, in words: "front 172.18.0.1, back fd00:1::1". */
static const char *print(void)
{
	static char bytes[256];
	char own[ADDRESS_TEXT_SIZE];
	struct text text;

	text_init(&text, bytes, sizeof(bytes));
	for (size_t i = 0; i < found.count; i++) {
		const struct net_names_place *place = &found.places[i];

		text_add(&text, "%s%s %s", i ? ", " : "", place->network,
			place->server.family
				? address_print(&place->server, own)
				: "-");
	}
	return bytes;
}

static int look(const char *word, const char *network, struct error *err)
{
	char names[sizeof(names_text)];
	char ports[sizeof(ports_text)];

	(void)text_copy(names, sizeof(names), names_text);
	(void)text_copy(ports, sizeof(ports), ports_text);
	return net_names_parse(names, ports, word, network, &found, err);
}

static void test_places(void)
{
	static const struct {
		const char *word, *network, *places, *nearest;
	} rows[] = {
		{ "web", NULL, "front 172.18.0.1, back fd00:1::1", "" },
		{ "WEB", NULL, "front 172.18.0.1, back fd00:1::1", "" },
		{ "web", "back", "back fd00:1::1", "" },
		{ "web.shop", NULL, "front 172.18.0.1", "" },
		{ "web.shed", NULL, "", "" },
		{ "tasks.web", NULL, "front 172.18.0.1", "" },
		{ "queue", NULL, "back fd00:1::1", "" },
		{ "queue", "front", "front 172.18.0.1", "" },
		{ "camera", NULL, "lan -", "" },
		{ "lost", NULL, "", "" },
		{ "wbe", NULL, "", "web" },
		{ "quue", "front", "front 172.18.0.1", "" },
		{ "quue", "back", "back fd00:1::1", "queue" },
		{ "x", NULL, "", "" },
		{ "172.18.0.3", NULL, "front 172.18.0.1", "" },
		{ "172.18.0.2", NULL, "back fd00:1::1", "" },
		{ "172.18.0.1", NULL, "", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].word);
		CHECK(look(rows[i].word, rows[i].network, NULL) == 0);
		if (!CHECK(text_equal(print(), rows[i].places)) ||
			!CHECK(text_equal(found.nearest, rows[i].nearest)))
			printf("# %s; %s\n", print(), found.nearest);
	}
}

static void test_no_network(void)
{
	struct error err;

	CHECK(look("web", "frnot", &err) == -ENOENT);
	CHECK(text_equal(err.text,
		"there is no network 'frnot', did you mean 'front'?"));
	CHECK(look("web", "odd", &err) == -ENOENT);
	CHECK(text_equal(err.text,
		"there is no network 'odd'; 'tare net' lists them"));
}

/* Files that are not there, or not whole, know nothing. */
static void test_no_files(void)
{
	char names[] = "";
	char ports[] = "version 1\nnetwork 0 front bridge tb1 out\n";

	CHECK(net_names_parse(names, ports, "web", NULL, &found, NULL) == 0);
	CHECK(found.count == 0 && !found.nearest[0]);
	CHECK(net_names_parse(names, ports, "web", "front", &found, NULL) ==
		-ENOENT);
}

int main(void)
{
	RUN(test_places);
	RUN(test_no_network);
	RUN(test_no_files);
	return check_done();
}
