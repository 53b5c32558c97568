// SPDX-License-Identifier: MIT
/*
 * fuzz target of config: any bytes as compose.yaml and .env
 *
 * The part before the first line "---.env" is compose.yaml, what follows it is
 * .env. Whatever comes in, config_load ends, says at least one problem when it
 * refuses, and gives a config that holds what config.h promises.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/fd.h"
#include "lib/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char separator[] = "---.env\n";

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void check_strings(const struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		require(strings->items[i] != NULL);
}

static const struct network *find_network(const struct config *config,
	const char *name)
{
	for (size_t i = 0; i < config->network_count; i++) {
		if (text_equal(config->networks[i].name, name))
			return &config->networks[i];
	}
	return NULL;
}

static void check_service(const struct config *config,
	const struct service *service)
{
	require(service->name && *service->name && service->image);
	require(!strchr(service->name, '/') && service->mark.line > 0);
	check_strings(&service->command);
	check_strings(&service->entrypoint);
	check_strings(&service->labels);
	for (size_t i = 0; i < service->environment.count; i++)
		require(strchr(service->environment.items[i], '=') != NULL);
	for (size_t i = 0; i < service->volume_count; i++) {
		const struct volume_mount *m = &service->volumes[i];

		require(m->target[0] == '/' && m->target[1]);
		require((m->kind == VOLUME_TMPFS) == !m->source);
		require(m->kind != VOLUME_FILE || m->read_only);
	}
	for (size_t i = 0; i < service->port_count; i++)
		require(service->ports[i].published &&
			service->ports[i].target);
	require((service->network_mode == NETWORK_MODE_OWN) ==
		(service->attachment_count > 0));
	for (size_t i = 0; i < service->attachment_count; i++)
		require(find_network(config, service->attachments[i].network));
	require(service->replica > 0 &&
		service->replica <= service->replica_count);
	check_strings(&service->dns_search);
	check_strings(&service->expose);
	check_strings(&service->healthcheck.test);
	/* dependencies stand before those who need them */
	for (size_t i = 0; i < service->depends_on.count; i++) {
		const struct service *other = config->services;

		while (other < service &&
			!text_equal(other->name, service->depends_on.items[i]))
			other++;
		require(other < service);
	}
}

static void check_problems(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		char buffer[640];
		struct text text;

		text_init(&text, buffer, sizeof(buffer));
		problem_print(&problems->items[i], &text);
		require(!text.is_cut && text.used > 0);
		for (const char *c = buffer; *c; c++)
			require((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

/* A folder of our own, with .env as a file in it. */
static int open_folder(const uint8_t *env, size_t size)
{
	static char folder[] = "/tmp/tare-fuzz-XXXXXX";
	static int folder_fd = -1;

	if (folder_fd < 0) {
		require(mkdtemp(folder) != NULL);
		folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	(void)unlinkat(folder_fd, ".env", 0); /* may not be there */
	if (env) {
		auto_fd fd = openat(folder_fd, ".env",
			O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		require(fd_write_all(fd, env, size) == 0);
	}
	return folder_fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct problems problems;
	auto_arena arena = { .limit_bytes = 16 << 20 };
	const uint8_t *env =
		size ? memmem(data, size, separator, strlen(separator)) : NULL;
	size_t head = env ? (size_t)(env - data) : size;
	struct config_source source = { "compose.yaml", NULL, head, -1 };
	struct config config;
	char *text;
	int result;

	if (env) {
		env += strlen(separator);
		source.folder_fd =
			open_folder(env, size - (size_t)(env - data));
	}
	/* a buffer of its own: reading over its end is seen */
	text = malloc(head ? head : 1);
	require(text != NULL);
	memcpy(text, data, head);
	source.text = text;
	memset(&problems, 0, sizeof(problems));
	result = config_load(&source, &arena, &config, &problems);
	free(text);
	require(result == 0 || result == -EINVAL || result == -ENOMEM);
	require(result != -EINVAL || problems.count > 0);
	require(result != 0 || problems.error_count == 0);
	check_problems(&problems);
	for (size_t i = 0; i < config.service_count; i++)
		check_service(&config, &config.services[i]);
	return 0;
}
