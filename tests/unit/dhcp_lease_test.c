// SPDX-License-Identifier: MIT
/* dhcp_lease_test - a lease in a file, and files that hold none */
#include "lease.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "file.h"

static struct dhcp_lease fullest(void)
{
	struct dhcp_lease lease = {
		.address = { .prefix = 24, .lease_s = 3600 },
		.routes_count = DHCP_ROUTES_MAX,
		.servers_count = DHCP_SERVERS_MAX,
		.clocks_count = DHCP_CLOCKS_MAX,
		.mtu = 9000,
	};

	lease.address.ip = inet_addr("192.168.200.150");
	for (unsigned i = 0; i < DHCP_ROUTES_MAX; i++)
		lease.routes[i] = (struct dhcp_route){
			.destination = htonl(0x0a000000U + (i << 16)),
			.prefix = 16,
			.gateway = i % 2 ? inet_addr("192.168.200.100") : 0,
		};
	for (unsigned i = 0; i < DHCP_SERVERS_MAX; i++)
		lease.servers[i] = inet_addr("192.168.200.111");
	for (unsigned i = 0; i < DHCP_CLOCKS_MAX; i++)
		lease.clocks[i] = inet_addr("192.168.200.122");
	lease.server = inet_addr("192.168.200.1");
	for (size_t i = 0; i < sizeof(lease.search) - 3; i++)
		lease.search[i] = i % 32 == 31 ? ' ' : 'a';
	for (size_t i = 0; i < sizeof(lease.hostname) - 1; i++)
		lease.hostname[i] = i % 32 == 31 ? '.' : 'b';
	return lease;
}

static void test_there_and_back(void)
{
	const struct dhcp_lease lease = fullest();
	static struct dhcp_lease again;
	char text[LEASE_TEXT_MAX];
	int64_t at_s = 0;

	CHECK(lease_print(&lease, 12345, text) == strlen(text));
	CHECK(lease_parse(text, &again, &at_s) == 0 && at_s == 12345);
	CHECK(memcmp(&again.address, &lease.address, sizeof(again.address)) ==
		0);
	CHECK(again.routes_count == DHCP_ROUTES_MAX);
	for (unsigned i = 0; i < DHCP_ROUTES_MAX; i++)
		CHECK(again.routes[i].destination ==
				lease.routes[i].destination &&
			again.routes[i].gateway == lease.routes[i].gateway);
	CHECK(again.servers_count == DHCP_SERVERS_MAX);
	CHECK(again.clocks_count == DHCP_CLOCKS_MAX);
	CHECK(again.server == lease.server && again.mtu == 9000);
	CHECK(strcmp(again.search, lease.search) == 0);
	CHECK(strcmp(again.hostname, lease.hostname) == 0);
}

static void test_not_a_lease(void)
{
	static const char *const rows[] = {
		"",
		"\n\n\n",
		"at 1\n",
		"ip 192.0.2.1\nsubnet 255.255.255.0\n",
		"at\nip 192.0.2.1\nsubnet 255.255.255.0\n",
		"at -1\nip 192.0.2.1\nsubnet 255.255.255.0\n",
		"at 1x\nip 192.0.2.1\nsubnet 255.255.255.0\n",
		"at 99999999999999999999\nip 192.0.2.1\nsubnet 255.0.0.0\n",
		"at 1\nip 127.0.0.1\nsubnet 255.255.255.0\n",
		"at 1\nip 192.0.2.1\n",
		"at 1 ip 192.0.2.1 subnet 255.255.255.0",
	};
	struct dhcp_lease lease;
	char text[LEASE_TEXT_MAX];
	int64_t at_s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i]);
		(void)snprintf(text, sizeof(text), "%s", rows[i]);
		CHECK(lease_parse(text, &lease, &at_s) == -EBADMSG);
	}
}

/* a disk that lies: no byte of it makes us read or believe too much */
static void test_damaged(void)
{
	const struct dhcp_lease whole = fullest();
	struct dhcp_lease lease;
	char text[LEASE_TEXT_MAX], good[LEASE_TEXT_MAX];
	size_t length = lease_print(&whole, 1, good);
	int64_t at_s;

	for (size_t at = 0; at < length; at++)
		for (int c = 0; c < 256; c += 51) {
			memcpy(text, good, length + 1);
			text[at] = (char)c;
			if (lease_parse(text, &lease, &at_s) == 0)
				CHECK(lease.address.prefix > 0 &&
					lease.routes_count <= DHCP_ROUTES_MAX);
		}
}

static void test_files(void)
{
	const struct dhcp_lease lease = fullest();
	char path[] = "/tmp/tare-lease-XXXXXX", text[LEASE_TEXT_MAX];
	struct dhcp_lease again;
	int64_t at_s;

	CHECK(lease_read("/nowhere", &again, &at_s) == -ENOENT);
	(void)close(mkstemp(path));
	CHECK(lease_read(path, &again, &at_s) == -EBADMSG);
	size_t length = lease_print(&lease, 7, text);
	CHECK(file_replace(path, text, length, 0600) == 0);
	CHECK(lease_read(path, &again, &at_s) == 0 && at_s == 7);
	(void)unlink(path);
}

int main(void)
{
	RUN(test_there_and_back);
	RUN(test_not_a_lease);
	RUN(test_damaged);
	RUN(test_files);
	return check_done();
}
