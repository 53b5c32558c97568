// SPDX-License-Identifier: MIT
/* etc - files of /etc that are each container's own */
#include "supervise/etc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/service.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "supervise/folders.h"

#define FILE_BYTES (64 << 10)

/* Over what it holds, so that who reads it meanwhile finds no empty one. */
static int fill_file(int fd, const struct text *text)
{
	int result = fd_write_all(fd, text->data, text->used);

	if (result < 0)
		return result;
	return ftruncate(fd, (off_t)text->used) < 0 ? -errno : 0;
}

static int write_file(int dir_fd, const char *name, const struct text *text,
	struct error *err)
{
	auto_fd fd = -1;
	int result;

	if (text->is_cut)
		return error_set(err, -E2BIG,
			"write '%s': it has more than %d bytes", name,
			FILE_BYTES);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		0644);
	result = fd < 0 ? -errno : fill_file(fd, text);
	return result < 0 ? error_set(err, result, "write '%s': %s", name,
				    strerror(-result))
			  : 0;
}

/* "ADDRESS<tab>NAME" for each; a name of the image's is not in the way. */
static void add_hosts(const struct service *service, const struct etc_net *net,
	const char *hostname, struct text *text)
{
	char own[ADDRESS_TEXT_SIZE];

	text_add(text, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n");
	for (size_t i = 0; i < net->address_count; i++)
		text_add(text, "%s\t%s\n",
			address_print(&net->addresses[i], own), hostname);
	if (net->address_count == 0)
		text_add(text, "127.0.1.1\t%s\n", hostname);
	for (size_t i = 0; i < service->extra_host_count; i++) {
		const struct extra_host *host = &service->extra_hosts[i];
		const struct address *address = host->address.family
							? &host->address
							: &net->host_gateway;

		text_add(text, "%s\t%s\n",
			address->family ? address_print(address, own)
					: "127.0.0.1",
			host->name);
	}
}

static void add_words(struct text *text, const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		text_add(text, " %s", words->items[i]);
	text_add(text, "\n");
}

static bool has_dots(const struct strings *options)
{
	for (size_t i = 0; i < options->count; i++) {
		if (text_starts_with(options->items[i], "ndots:"))
			return true;
	}
	return false;
}

/* As Docker's: a name of a service is asked for as it is, before any domain. */
static void add_servers(const struct service *service,
	const struct etc_net *net, struct text *text)
{
	char own[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < net->server_count; i++)
		text_add(text, "nameserver %s\n",
			address_print(&net->servers[i], own));
	if (service->dns_search.count > 0) {
		text_add(text, "search");
		add_words(text, &service->dns_search);
	}
	text_add(text, "options%s",
		has_dots(&service->dns_opt) ? "" : " ndots:0");
	add_words(text, &service->dns_opt);
}

int etc_write(int dir_fd, const struct service *service,
	const struct etc_net *net, struct arena *arena, struct error *err)
{
	char own[65] = "";
	const char *hostname =
		service->hostname ? service->hostname : service->name;
	char *buffer = arena_alloc(arena, FILE_BYTES);
	struct text text;
	int result;

	if (!buffer)
		return error_set(err, -ENOMEM, "start: no memory");
	/* with 'uts: host' it is the machine's */
	if (service->has_host_uts && gethostname(own, sizeof(own) - 1) == 0)
		hostname = own;
	text_init(&text, buffer, FILE_BYTES);
	text_add(&text, "%s\n", hostname);
	result = write_file(dir_fd, "hostname", &text, err);
	text_init(&text, buffer, FILE_BYTES);
	add_hosts(service, net, hostname, &text);
	if (result == 0)
		result = write_file(dir_fd, "hosts", &text, err);
	if (result < 0 || net->server_count == 0)
		return result;
	text_init(&text, buffer, FILE_BYTES);
	add_servers(service, net, &text);
	return write_file(dir_fd, "resolv.conf", &text, err);
}

int etc_renew(int data_fd, const struct service *service,
	const struct etc_net *net, struct error *err)
{
	auto_arena arena = { 0 };
	const char *path =
		arena_format(&arena, FOLDERS_CONTAINERS "/%s", service->name);
	auto_fd fd = -1;

	if (!path)
		return error_set(err, -ENOMEM, "write 'hosts': no memory");
	fd = openat(data_fd, path,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	return etc_write(fd, service, net, &arena, err);
}
