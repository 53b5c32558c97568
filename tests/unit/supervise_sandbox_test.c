// SPDX-License-Identifier: MIT
/*
 * tests of supervise/sandbox and resources: from a service to its spec
 *
 * A file of data/sandbox/ holds cases:
 *	=== its name
 *	the text of compose.yaml; the last service is the one that is looked at
 *	= all lines of oci_dump.h, in order
 */
#include "supervise/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "oci_dump.h"
#include "run/docker.h"
#include "supervise/nodes.h"

#define CASES  "tests/unit/data/sandbox/cases.txt"
#define MEMORY (UINT64_C(1) << 30)
#define FIRST  1048576
#define PEER   77
#define NODES  8

static struct problems problems;
static char dump[16384];

/* What nodes_find would say on a machine that has them all. */
static struct nodes find_nodes(const struct service *service,
	struct node items[NODES])
{
	static const struct node disks[NODES] = {
		[0] = { .type = 'b', .major = 8, .minor = 16 },
		[1] = { .type = 'b', .major = 8, .minor = 17 },
		[2] = { .type = 'b', .major = 8, .minor = 18 },
		[3] = { .type = 'b', .major = 8, .minor = 19 },
		[4] = { .type = 'b', .major = 8, .minor = 20 },
	};

	for (size_t i = 0; i < service->device_count && i < NODES; i++)
		items[i] = (struct node){
			.path = service->devices[i].target,
			.type = 'b',
			.major = 8,
			.minor = 16,
			.mode = 0660,
			.gid = 6,
			.device = &service->devices[i],
		};
	return (struct nodes){ items, service->device_count, disks };
}

static void fill(const struct service *service, struct arena *arena,
	struct oci_spec *spec, struct error *err)
{
	struct oci_mount *mounts =
		arena_array(arena, DOCKER_MOUNT_COUNT, sizeof(*mounts));
	struct node items[NODES];
	struct nodes nodes = find_nodes(service, items);
	struct sandbox_source source = {
		.service = service,
		.nodes = &nodes,
		.machine_memory_bytes = MEMORY,
		.first_id = FIRST,
		.pid_of = service->pid.service ? PEER : 0,
		.ipc_of = service->ipc.service ? PEER : 0,
		.network_of = service->network_of ? PEER : 0,
		.users_of = service->users_of ? PEER : 0,
	};

	spec->mounts = mounts;
	if (mounts && sandbox_fill(&source, arena, spec, err) == 0)
		(void)sandbox_mounts(service, arena, mounts, &spec->mount_count,
			err);
}

/* The lines that differ from the first case. */
static void show_difference(const char *expected)
{
	printf("# is:\n%s# should:\n%s", dump, expected);
}

static void run(const char *yaml, const char *expected)
{
	auto_arena arena = { .limit_bytes = 4 << 20 };
	struct config_source source = { "compose.yaml", yaml, strlen(yaml),
		-1 };
	struct config config;
	struct oci_spec spec = { 0 };
	struct error err = { 0 };
	char cgroup[200];
	struct text out;

	memset(&problems, 0, sizeof(problems));
	if (!CHECK(config_load(&source, &arena, &config, &problems) == 0))
		return;
	fill(&config.services[config.service_count - 1], &arena, &spec, &err);
	CHECK(err.code == 0);
	text_init(&out, dump, sizeof(dump));
	dump_oci_spec(&out, &spec);
	sandbox_cgroup(&config.services[config.service_count - 1], cgroup,
		sizeof(cgroup));
	text_add(&out, "cgroup %s\n", cgroup);
	if (!CHECK(text_equal(dump, expected)))
		show_difference(expected);
}

/* Cuts the line at *at off; NULL at the end. */
static char *next_line(char **at)
{
	char *line = *at;
	char *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

static void test_cases(void)
{
	static char yaml[8192];
	static char expected[16384];
	char *bytes = NULL;
	struct error err;
	struct text text;
	char *line;
	char *at;

	if (!CHECK(fd_read_file(AT_FDCWD, CASES, 1 << 20, &bytes, NULL, &err) ==
		    0))
		return;
	at = bytes;
	for (line = next_line(&at); line && strncmp(line, "=== ", 4) != 0;)
		line = next_line(&at);
	while (line) {
		check_row(line + 4);
		text_init(&text, yaml, sizeof(yaml));
		while ((line = next_line(&at)) && *line != '=')
			text_add(&text, "%s\n", line);
		text_init(&text, expected, sizeof(expected));
		for (; line && strncmp(line, "= ", 2) == 0;
			line = next_line(&at))
			text_add(&text, "%s\n", line + 2);
		run(yaml, expected);
	}
	free(bytes);
}

/* At every limit of memory it fails cleanly or not at all. */
static void test_no_memory(void)
{
	static const struct device device = { "/dev/a", "/dev/a", "rw",
		{ 0, 0 } };
	static const struct block_limit disk = { BLOCK_READ_BPS, "/dev/a", 1 };
	struct service service = { .name = "web",
		.devices = &device,
		.device_count = 1,
		.block_limits = &disk,
		.block_limit_count = 1,
		.shm_size_bytes = 1 << 20 };
	size_t limit = 1;
	int code = -ENOMEM;

	for (; code == -ENOMEM && limit < 65536; limit += 8) {
		auto_arena arena = { .limit_bytes = limit };
		struct oci_spec spec = { 0 };
		struct error err = { 0 };

		fill(&service, &arena, &spec, &err);
		code = spec.mounts ? err.code : -ENOMEM;
	}
	CHECK(code == 0 && limit > 256);
}

int main(void)
{
	RUN(test_cases);
	RUN(test_no_memory);
	return check_done();
}
