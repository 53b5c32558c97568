// SPDX-License-Identifier: MIT
/* dhcp_resolv_test - lease files and the resolv.conf made of them */
/* wrap: open fsync rename write */
#include "resolv.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "dhcp.h"
#include "fault.h"
#include "file.h"

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_open(path, flags, mode);
}
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(int, rename, (const char *from, const char *to), (from, to))
FAULT_WRAP(ssize_t, write, (int fd, const void *bytes, size_t length),
	(fd, bytes, length))

static char folder[] = "/tmp/tare-resolv-test-XXXXXX";

static void write_lease(const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	CHECK(file_replace(path, text, strlen(text), 0644) == 0);
}

static const char *result(void)
{
	static char text[4096];
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/resolv.conf", folder);
	return file_read(path, text, sizeof(text)) < 0 ? "?" : text;
}

static void test_lease_file(void)
{
	static const struct dhcp_lease lease = {
		.address = { .prefix = 24, .lease_s = 3600 },
		.routes_count = 1,
		.servers_count = 1,
		.search = "a.example",
		.mtu = 1400,
	};
	char text[RESOLV_LEASE_MAX];

	CHECK(resolv_format_lease(&lease, text) == strlen(text));
	CHECK(strcmp(text, "address 0.0.0.0/24\nlease 3600\n"
			   "route 0.0.0.0/0 0.0.0.0\nserver 0.0.0.0\n"
			   "search a.example\nmtu 1400\n") == 0);
}

static void test_the_longest_lease_fits(void)
{
	static struct dhcp_lease lease;
	char text[RESOLV_LEASE_MAX];

	memset(&lease, 0xff, sizeof(lease));
	lease.routes_count = DHCP_ROUTES_MAX;
	lease.servers_count = DHCP_SERVERS_MAX;
	memset(lease.search, 'a', sizeof(lease.search) - 1);
	lease.search[sizeof(lease.search) - 1] = '\0';
	size_t length = resolv_format_lease(&lease, text);
	CHECK(length < sizeof(text) - 1);
	CHECK(strstr(text, "mtu 4294967295\n"));
}

static void test_one_of_many(void)
{
	CHECK(resolv_update(folder) == 0);
	CHECK(strcmp(result(), "") == 0); /* no lease, no servers */

	write_lease("eth1.lease", "server 3.3.3.3\nserver 4.4.4.4\n"
				  "search two.example\n");
	write_lease("eth0.lease", "address 9.9.9.9/24\nserver 1.1.1.1\n"
				  "search one.example\nserver 2.2.2.2\n");
	write_lease("eth2.silent", "server 6.6.6.6\n");
	CHECK(resolv_update(folder) == 0);
	CHECK(strcmp(result(), "nameserver 1.1.1.1\nsearch one.example\n"
			       "nameserver 2.2.2.2\nnameserver 3.3.3.3") == 0);
}

/* a failing call leaves the old file or the new one, and says so */
static void test_faults(void)
{
	unsigned int fds = fault_count_fds();

	for (unsigned int nth = 1;; nth++) {
		write_lease("eth0.lease", "server 1.1.1.1\n");
		write_lease("eth1.lease", "");
		CHECK(resolv_update(folder) == 0);
		write_lease("eth0.lease", "server 5.5.5.5\n");
		fault_arm(nth, ENOSPC);
		int outcome = resolv_update(folder);
		bool has_fired = fault_fired();
		bool is_old = strcmp(result(), "nameserver 1.1.1.1") == 0;
		bool is_new = strcmp(result(), "nameserver 5.5.5.5") == 0;
		if (!has_fired) {
			CHECK(outcome == 0 && is_new);
			CHECK(nth > 5);
			break;
		}
		CHECK(is_old || is_new || strcmp(result(), "") == 0);
		CHECK(outcome == -ENOSPC || nth == 2 ||
			nth == 3); /* one lease unread */
	}
	CHECK(fault_count_fds() == fds);
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	RUN(test_lease_file);
	RUN(test_the_longest_lease_fits);
	RUN(test_one_of_many);
	RUN(test_faults);

	static const char *const names[] = { "eth0.lease", "eth1.lease",
		"eth2.silent", "resolv.conf" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
	return check_done();
}
