/* SPDX-License-Identifier: MIT */
/* resolv - lease files, and the one resolv.conf made of all of them */
#include "resolv.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "dhcp.h"
#include "file.h"

struct text {
	char *bytes;
	size_t length, size;
};

/* what does not fit is left out, whole lines at a time */
__attribute__((format(printf, 2, 3))) static void append(struct text *text,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text->bytes + text->length,
		text->size - text->length, format, args);
	va_end(args);
	if (length > 0 && (size_t)length < text->size - text->length)
		text->length += (size_t)length;
	text->bytes[text->length] = '\0';
}

static const char *print_ip(uint32_t ip, char text[INET_ADDRSTRLEN])
{
	const struct in_addr address = { .s_addr = ip };

	return inet_ntop(AF_INET, &address, text, INET_ADDRSTRLEN);
}

size_t resolv_format_lease(const struct dhcp_lease *lease,
	char bytes[RESOLV_LEASE_MAX])
{
	struct text text = { .bytes = bytes, .size = RESOLV_LEASE_MAX };
	char ip[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];

	append(&text, "address %s/%u\n", print_ip(lease->address.ip, ip),
		lease->address.prefix);
	append(&text, "lease %lu\n", (unsigned long)lease->address.lease_s);
	for (unsigned i = 0; i < lease->routes_count; i++)
		append(&text, "route %s/%u %s\n",
			print_ip(lease->routes[i].destination, ip),
			lease->routes[i].prefix,
			print_ip(lease->routes[i].gateway, gateway));
	for (unsigned i = 0; i < lease->servers_count; i++)
		append(&text, "server %s\n", print_ip(lease->servers[i], ip));
	if (*lease->search)
		append(&text, "search %s\n", lease->search);
	if (lease->mtu)
		append(&text, "mtu %lu\n", (unsigned long)lease->mtu);
	return text.length;
}

/* take over the lines that resolv.conf has, too; ours were checked before they
 * were written */
static void add_lease(struct text *conf, char *lease, unsigned *servers)
{
	for (char *line = lease, *end; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (strncmp(line, "server ", 7) == 0 &&
			*servers < DHCP_SERVERS_MAX) {
			append(conf, "nameserver %s\n", line + 7);
			(*servers)++;
		} else if (strncmp(line, "search ", 7) == 0 &&
			   !strstr(conf->bytes, "search "))
			append(conf, "%s\n", line);
	}
}

static int is_lease(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 6 && strcmp(entry->d_name + length - 6, ".lease") == 0;
}

int resolv_update(const char *folder)
{
	char bytes[1024] = "", lease[RESOLV_LEASE_MAX], path[PATH_MAX];
	struct text conf = { .bytes = bytes, .size = sizeof(bytes) };
	struct dirent **entries;
	unsigned servers = 0;

	auto_fd lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return -errno;
	int count = scandir(folder, &entries, is_lease, alphasort);
	if (count < 0)
		return -errno;

	for (int i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder,
			entries[i]->d_name);
		if (file_read(path, lease, sizeof(lease)) > 0)
			add_lease(&conf, lease, &servers);
		free(entries[i]);
	}
	free(entries);
	(void)snprintf(path, sizeof(path), "%s/resolv.conf", folder);
	return file_replace(path, conf.bytes, conf.length, 0644);
}

int resolv_forget(const char *folder, const char *interface)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s.lease", folder, interface);
	(void)unlink(path); /* there is none before the first answer */
	return resolv_update(folder);
}
