/* SPDX-License-Identifier: MIT */
/*
 * dhcp-hook - hands what a DHCP server said to netd, as far as we believe it.
 *
 * udhcpc starts it as "dhcp-hook EVENT" with the answer in its environment. It
 * changes nothing but files in /run/tare/net, which netd watches:
 *
 *   bound, renew  NAME.lease is replaced, and hostname.NAME
 *   nak           NAME.nak is made: the server takes the lease away
 *   leasefail     a note, once for each silence
 *   deconfig      nothing: udhcpc says it whenever it begins anew, also when
 *                 it was only started again. A lease ends by its time, by a
 *                 nak or by another lease; netd sees to that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dhcp.h"
#include "file.h"
#include "lease.h"
#include "say.h"

#define FOLDER   "/run/tare/net/"
#define PATH_LEN 64

static const char *look_up(const char *name)
{
	return getenv(name);
}

static void report(const char *interface, const char *what, int result)
{
	if (result < 0)
		note("net", "%s: %s: %s", interface, what, strerror(-result));
}

/* remove a file; mostly there is none */
static void forget(const char *before, const char *interface, const char *after)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), FOLDER "%s%s%s", before, interface,
		after);
	(void)unlink(path);
}

static void write_hostname(const char *interface, const char *hostname)
{
	char path[PATH_LEN], text[DHCP_NAME_MAX + 1];

	if (!*hostname) {
		forget("hostname.", interface, "");
		return;
	}
	(void)snprintf(path, sizeof(path), FOLDER "hostname.%s", interface);
	int length = snprintf(text, sizeof(text), "%s\n", hostname);
	report(interface, "write its host name",
		file_replace(path, text, (size_t)length, 0644));
}

static int on_bound(const char *interface)
{
	static struct dhcp_lease lease;
	char path[PATH_LEN], text[LEASE_TEXT_MAX];
	const char *ignored;
	const char *reason = dhcp_parse(&lease, look_up, &ignored);

	if (reason) {
		note("net", "%s: DHCP answer not used: %s", interface, reason);
		return EXIT_FAILURE;
	}
	if (ignored)
		note("net", "%s: DHCP option '%s' is malformed, ignoring it",
			interface, ignored);
	write_hostname(interface, lease.hostname);
	size_t length = lease_print(&lease, lease_now_s(), text);
	(void)snprintf(path, sizeof(path), FOLDER "%s.lease", interface);
	report(interface, "write its lease",
		file_replace(path, text, length, 0644));
	forget("", interface, ".silent"); /* the next is news again */
	return EXIT_SUCCESS;
}

static int on_deconfig(const char *interface)
{
	(void)interface;
	return EXIT_SUCCESS;
}

/* once for each silence: it goes on asking, and saying so is enough */
static int on_leasefail(const char *interface)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), FOLDER "%s.silent", interface);
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd >= 0)
		note("net", "no DHCP answer on %s yet, still asking",
			interface);
	return EXIT_SUCCESS;
}

static int on_nak(const char *interface)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof(path), FOLDER "%s.nak", interface);
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		note("net", "%s: write '%s': %m", interface, path);
	return fd < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct event {
	const char *name;
	int (*handle)(const char *interface);
} events[] = {
	{ "bound", on_bound },
	{ "renew", on_bound },
	{ "deconfig", on_deconfig },
	{ "leasefail", on_leasefail },
	{ "nak", on_nak },
};

static const struct event *find_event(const char *name)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (strcmp(events[i].name, name) == 0)
			return &events[i];
	return NULL;
}

/* the client's own talk is thrown away, and with it our standard error */
static void open_console(void)
{
	int fd = open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		(void)dup2(fd, STDERR_FILENO);
}

int main(int argc, char **argv)
{
	const struct event *event = argc == 2 ? find_event(argv[1]) : NULL;
	const char *interface = getenv("interface");

	if (!event || !interface || !*interface || strlen(interface) > 15 ||
		strchr(interface, '/')) {
		(void)dprintf(STDERR_FILENO,
			"usage: interface=NAME dhcp-hook EVENT\n");
		return EXIT_FAILURE;
	}
	(void)mkdir(FOLDER, 0755);
	open_console();
	return event->handle(interface);
}
