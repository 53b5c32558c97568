// SPDX-License-Identifier: MIT
/* link_router - sysctls of the machine and of a bridge */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/link_parts.h"

#define FOLDER  "/proc/sys/net/"
#define CONF6   FOLDER "ipv6/conf"
#define VALUE   16  /* bytes of a value that is read */
#define LEARNS  "1" /* accept_ra: while it does not forward */
#define LEARNS2 "2" /* ... in any case */

/* A file below FOLDER; of a bridge: its name is between the two. */
struct row {
	const char *path;
	const char *rest;
	const char *value;
};

/* ip-sysctl.rst of the kernel's documentation */
static const struct row machine_rows[] = {
	{ "ipv4/ip_forward", "", "1" },
	{ "ipv6/conf/all/forwarding", "", "1" },
	/* a virtual address leads back to the link it came from; nobody is to
	 * be told of a shorter way */
	{ "ipv4/conf/all/send_redirects", "", "0" },
	/* the rules of IP are for what the machine routes: what crosses a
	 * bridge would meet them as well, and be translated and sent back to
	 * where it came from (br_netfilter) */
	{ "bridge/bridge-nf-call-iptables", "", "0" },
	{ "bridge/bridge-nf-call-ip6tables", "", "0" },
	{ "bridge/bridge-nf-call-arptables", "", "0" },
};

static const struct row bridge_rows[] = {
	{ "ipv4/conf/", "/send_redirects", "0" },
	/* published ports on 127.0.0.1; ruleset.h lets nobody else there */
	{ "ipv4/conf/", "/route_localnet", "1" },
	{ "ipv4/conf/", "/rp_filter", "1" },
	/* answers for what is on this bridge only, asks with that */
	{ "ipv4/conf/", "/arp_ignore", "1" },
	{ "ipv4/conf/", "/arp_announce", "2" },
	{ "ipv6/conf/", "/accept_ra", "0" },
	{ "ipv6/conf/", "/addr_gen_mode", "0" },
};

/* 0 or -errno; *value is "" when there is no such file. */
static int read_value(int dir_fd, const char *path, char value[VALUE])
{
	auto_fd fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t size = 0;

	value[0] = '\0';
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	size = fd_read_full(fd, value, VALUE - 1);
	if (size < 0)
		return (int)size;
	value[size] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

/* A kernel without IPv6 has none of its files, and needs none. */
static int set_value(const char *path, const char *wanted, struct error *err)
{
	char value[VALUE];
	int result = read_value(AT_FDCWD, path, value);

	if (result < 0)
		return error_set(err, result, "read '%s': %s", path,
			strerror(-result));
	if (value[0] == '\0' || text_equal(value, wanted))
		return 0;
	return fd_write_file(AT_FDCWD, path, wanted, err);
}

static int set_row(const struct row *row, const char *name, struct error *err)
{
	char path[128];

	(void)snprintf(path, sizeof(path), FOLDER "%s%s%s", row->path, name,
		row->rest);
	return set_value(path, row->value, err);
}

static int keep_learning(int dir_fd, const char *name, struct error *err)
{
	char path[IFNAMSIZ + 16];
	char value[VALUE];
	int result;

	/* "default" too: of links that come later; "all" does nothing */
	if (name[0] == '.' || text_equal(name, "all"))
		return 0;
	(void)snprintf(path, sizeof(path), "%.*s/accept_ra", IFNAMSIZ, name);
	result = read_value(dir_fd, path, value);
	if (result < 0)
		return error_set(err, result, "read '" CONF6 "/%s': %s", path,
			strerror(-result));
	if (!text_equal(value, LEARNS))
		return 0;
	return fd_write_file(dir_fd, path, LEARNS2, err);
}

int link_make_router(struct error *err)
{
	auto_dir dir = opendir(CONF6);
	const struct dirent *entry;
	int result = 0;

	if (!dir && errno != ENOENT)
		return error_errno(err, "read '" CONF6 "'");
	while (result == 0 && dir && (entry = readdir(dir)))
		result = keep_learning(dirfd(dir), entry->d_name, err);
	for (size_t i = 0; result == 0 &&
			   i < sizeof(machine_rows) / sizeof(machine_rows[0]);
		i++)
		result = set_row(&machine_rows[i], "", err);
	return result;
}

int link_set_bridge_sysctls(const char *bridge, struct error *err)
{
	int result = 0;

	for (size_t i = 0;
		result == 0 && i < sizeof(bridge_rows) / sizeof(bridge_rows[0]);
		i++)
		result = set_row(&bridge_rows[i], bridge, err);
	return result;
}

int link_distrust_routers(void)
{
	auto_fd fd = open(CONF6 "/default/accept_ra", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return fd_write_all(fd, "0", 1);
}
