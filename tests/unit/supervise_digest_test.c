// SPDX-License-Identifier: MIT
/* supervise_digest_test - every field of a service has a row, and counts */
#include "supervise/digest.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config/service.h"
#include "lib/fd.h"

#define HEADER "agent/config/service.h"
#define SOURCE "agent/supervise/digest.c"

static char *read_source(const char *path)
{
	char *text = NULL;

	if (!CHECK(fd_read_file(AT_FDCWD, path, 1 << 20, &text, NULL, NULL) ==
		    0))
		printf("# run it at the top of the source tree\n");
	return text;
}

/* Calls visit with each member of "struct NAME {" in the header. */
static void each_member(const char *text, const char *type,
	void (*visit)(const char *type, const char *member, const char *text),
	const char *context)
{
	char opening[64];
	const char *at;
	size_t count = 0;

	(void)snprintf(opening, sizeof(opening), "\nstruct %s {\n", type);
	at = text ? strstr(text, opening) : NULL;
	if (!CHECK(at != NULL))
		return;
	for (at += strlen(opening); *at && *at != '}';
		at = strchr(at, '\n') + 1) {
		char line[160];

		(void)snprintf(line, sizeof(line), "%.*s",
			(int)strcspn(at, "\n"), at);
		if (strstr(line, "/*"))
			*strstr(line, "/*") = '\0';
		if (!strchr(line, ';'))
			continue;
		*strchr(line, ';') = '\0';
		/* the last word before a comma or the end is a name */
		char *rest = line;

		for (char *part; (part = strsep(&rest, ","));) {
			char *name = part + strcspn(part, "[");

			*name = '\0';

			while (name > part &&
				(isalnum((unsigned char)name[-1]) ||
					name[-1] == '_'))
				name--;
			visit(type, name, context);
			count++;
		}
	}
	CHECK(count > 1);
}

static void check_has_row(const char *type, const char *member,
	const char *context)
{
	(void)type;
	(void)context;
	if (!CHECK(digest_kind_of(member) >= 0))
		printf("# struct service has '%s', digest.c has no row for it\n",
			member);
}

static void check_has_part(const char *type, const char *member,
	const char *source)
{
	char part[96];

	(void)snprintf(part, sizeof(part), "(%s, %s)", type, member);
	if (strcmp(member, "mark") == 0)
		return;
	if (!CHECK(source && strstr(source, part)))
		printf("# digest.c does not name %s\n", part);
}

static void test_every_field_has_a_row(void)
{
	static const char *const lists[] = { "volume_mount", "port", "device",
		"device_rule", "sysctl", "block_limit", "ulimit", "attachment",
		"extra_host", "service_link" };
	auto_free char *header = read_source(HEADER);
	auto_free char *source = read_source(SOURCE);

	each_member(header, "service", check_has_row, NULL);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		each_member(header, lists[i], check_has_part, source);
	CHECK(digest_kind_of("no_such_field") == -1);
}

static const struct service plain = { .name = "web", .image = "box" };

/* A change counts for its kind, and for no other. */
static void check_change(const struct service *changed, enum digest_kind kind)
{
	for (enum digest_kind i = DIGEST_NOTHING; i <= DIGEST_RECREATE; i++) {
		bool is_same =
			digest_service(&plain, i) == digest_service(changed, i);

		CHECK(is_same == (i != kind));
	}
}

#define CHANGE(kind, ...)                                      \
	do {                                                   \
		check_row(#__VA_ARGS__);                       \
		check_change(&(struct service){ .name = "web", \
				     .image = "box",           \
				     __VA_ARGS__ },            \
			DIGEST_##kind);                        \
	} while (0)

static void test_changes(void)
{
	static const char *words[] = { "a", "b" };
	static const struct volume_mount volumes[] = { { .target = "/v" } };
	static const struct volume_mount others[] = { { .target = "/w" } };
	static const struct block_limit limits[] = { { .value = 1 } };
	static const struct ulimit ulimits[] = { { .hard = 1 } };
	static const struct attachment places[] = { { .network = "front" } };
	static const struct attachment named[] = { { .network = "front",
		.aliases = { words, 1, true } } };
	static const struct address address = { 2, { 1, 1, 1, 1 } };
	static const struct extra_host hosts[] = { { .name = "db" } };
	static const struct service_link links[] = { { "db", "db" } };
	static const struct port ports[] = { { .target = 80 } };

	CHANGE(RECREATE, .command = { .is_set = true });
	CHANGE(RECREATE, .command = { words, 1, true });
	CHANGE(RECREATE, .environment = { words, 2, true });
	CHANGE(RECREATE, .user = "");
	CHANGE(RECREATE, .has_init = true);
	CHANGE(RECREATE, .pid = { .mode = SHARE_HOST });
	CHANGE(RECREATE, .pid = { .mode = SHARE_NOTHING, .service = "x" });
	CHANGE(RECREATE, .volumes = volumes, .volume_count = 1);
	CHANGE(RECREATE, .ulimits = ulimits, .ulimit_count = 1);
	CHANGE(RECREATE, .oom_score_adj = 1);
	CHANGE(RECREATE, .network_mode = NETWORK_MODE_HOST);
	CHANGE(RECREATE, .network_of = "db");
	CHANGE(NOTHING, .attachments = places, .attachment_count = 1);
	CHANGE(RECREATE, .dns = &address, .dns_count = 1);
	CHANGE(RECREATE, .dns_search = { words, 1, true });
	CHANGE(RECREATE, .extra_hosts = hosts, .extra_host_count = 1);
	CHANGE(NOTHING, .links = links, .link_count = 1);
	CHANGE(LIVE, .mem_limit_bytes = 1 << 20);
	CHANGE(LIVE, .cpus_milli = 500);
	CHANGE(LIVE, .cpuset = "0");
	CHANGE(LIVE, .pids_limit = -1);
	CHANGE(LIVE, .block_limits = limits, .block_limit_count = 1);
	CHANGE(NOTHING, .restart = RESTART_ALWAYS);
	CHANGE(NOTHING, .stop_grace_ms = 1);
	CHANGE(NOTHING, .depends_on = { words, 1, true });
	CHANGE(NOTHING, .ports = ports, .port_count = 1);
	CHANGE(NOTHING, .expose = { words, 1, true });
	CHANGE(NOTHING, .has_virtual_address = true);
	CHANGE(NOTHING, .replica_count = 2);

	/* where it stands in the file is no change, what is in a list is */
	check_row("mark");
	CHECK(digest_service(&plain, DIGEST_NOTHING) ==
		digest_service(&(struct service){ .name = "web",
				       .image = "box",
				       .mark = { 7, 7 } },
			DIGEST_NOTHING));
	check_row("items of lists");
	CHECK(digest_service(&(struct service){ .attachments = places,
				     .attachment_count = 1 },
		      DIGEST_NOTHING) !=
		digest_service(&(struct service){ .attachments = named,
				       .attachment_count = 1 },
			DIGEST_NOTHING));
	CHECK(digest_service(&(struct service){ .volumes = volumes,
				     .volume_count = 1 },
		      DIGEST_RECREATE) !=
		digest_service(&(struct service){ .volumes = others,
				       .volume_count = 1 },
			DIGEST_RECREATE));
}

/* Or an update of the agent would start everything anew. */
static void test_what_is_not_declared_does_not_count(void)
{
	const struct service nothing = { .name = NULL };
	const struct service empty = {
		.ipc = { .mark = { 7, 7 } },
		.volumes = &(struct volume_mount){ .target = "/v" },
	};
	uint64_t start = digest_service(&nothing, DIGEST_RECREATE);

	CHECK(start == digest_service(&nothing, DIGEST_LIVE));
	CHECK(start == digest_service(&empty, DIGEST_RECREATE));
}

int main(void)
{
	RUN(test_every_field_has_a_row);
	RUN(test_what_is_not_declared_does_not_count);
	RUN(test_changes);
	return check_done();
}
