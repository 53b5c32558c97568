// SPDX-License-Identifier: MIT
/* dhcp6_lease_test - the file of a DHCPv6 lease, and who we are for a server */
#include "dhcp6_lease.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static struct dhcp6_lease lease;

static int parse(const char *text)
{
	char copy[DHCP6_LEASE_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", text);
	return dhcp6_lease_parse(copy, &lease);
}

#define WHOLE                                                      \
	"at 1234\ntimes 100 160\nserver 0001aabb\nfrom fe80::1\n"  \
	"address 2001:db8::5 200 300\n"                            \
	"address 2001:db8::6 200 4294967295\n"                     \
	"dns 2001:db8::53\ndns fe80::53\nsearch one.example two\n" \
	"clocks ::5 2001:db8::7b time.example\nend\n"

static void test_a_whole_file(void)
{
	char text[DHCP6_LEASE_MAX];

	if (!CHECK(parse(WHOLE) == 0))
		return;
	CHECK(lease.at_s == 1234 && lease.t1_s == 100 && lease.t2_s == 160);
	CHECK(lease.count == 2 && lease.addresses[0].preferred_s == 200 &&
		lease.addresses[0].valid_s == 300);
	CHECK(lease.server.length == 4 && lease.names.servers_count == 2);
	CHECK(strcmp(lease.names.search, "one.example two") == 0);
	CHECK(dhcp6_lease_print(&lease, text) == strlen(WHOLE));
	CHECK(strcmp(text, WHOLE) == 0);
	/* and of no lease */
	lease = (struct dhcp6_lease){ 0 };
	CHECK(dhcp6_lease_print(&lease, text) > 0 && parse(text) == 0);
	CHECK(lease.count == 0);
}

static void test_the_longest_file(void)
{
	char text[DHCP6_LEASE_MAX];

	(void)parse(WHOLE);
	lease.server.length = DHCP6_DUID_MAX;
	for (unsigned i = 0; i < DHCP6_ADDRESSES_MAX; i++) {
		memset(&lease.addresses[i].ip, 0x2a,
			sizeof(lease.addresses[i].ip));
		lease.addresses[i].ip.family = 10;
		lease.addresses[i].preferred_s = UINT32_MAX - 1;
		lease.addresses[i].valid_s = UINT32_MAX - 1;
	}
	lease.count = DHCP6_ADDRESSES_MAX;
	for (unsigned i = 0; i < DHCP6_SERVERS_MAX; i++)
		lease.names.servers[i] = lease.addresses[0].ip;
	lease.names.servers_count = DHCP6_SERVERS_MAX;
	memset(lease.names.search, 'a', DHCP6_WORDS_MAX - 1);
	memset(lease.names.clocks, 'b', DHCP6_WORDS_MAX - 1);
	lease.names.search[DHCP6_WORDS_MAX - 1] = '\0';
	lease.names.clocks[DHCP6_WORDS_MAX - 1] = '\0';
	(void)dhcp6_lease_print(&lease, text);
	CHECK(dhcp6_lease_parse(text, &lease) == 0);
	CHECK(lease.count == DHCP6_ADDRESSES_MAX &&
		strlen(lease.names.clocks) == DHCP6_WORDS_MAX - 1);
}

static void test_what_is_no_file(void)
{
	static const char *const none[] = { "", "\n", "end", "at\nend\n",
		"at -1\nend\n", "at 99999999999999999999\nend\n",
		"at 1 2\nend\n", "at 1", "at 1\n", "later 5\nend\n",
		"times 1\nend\n", "times 1 2 3\nend\n",
		"times 1 4294967296\nend\n", "server 00\nend\n",
		"server 0001a\nend\n", "server 0001AX\nend\n",
		"from 192.0.2.1\nend\n", "from ::\nend\n",
		"address 2001:db8::5 200\nend\n",
		"address 192.0.2.1 200 300\nend\n",
		"address fe80::1 200 300\nend\n",
		"address 2001:db8::5 301 300\nend\n",
		"address 2001:db8::5/64 200 300\nend\n", "dns ff02::1\nend\n",
		"dns 192.0.2.1\nend\n", "dns ::1\nend\n", "search a  b\nend\n",
		"search a;b\nend\n", "search -a\nend\n", "search a \nend\n",
		"search .\nend\n", "search a:b\nend\n", "clocks -x\nend\n",
		"clocks a/b\nend\n", "clocks \nend\n" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		check_row(none[i]);
		/* "end" alone is a file: of nothing */
		CHECK((parse(none[i]) == 0) == (strcmp(none[i], "end") == 0));
		CHECK(lease.count == 0);
	}
	check_row(NULL);
	CHECK(parse("address 2001:db8::1 1 2\naddress 2001:db8::2 1 2\n"
		    "address 2001:db8::3 1 2\naddress 2001:db8::4 1 2\n"
		    "address 2001:db8::5 1 2\nend\n") == -EBADMSG);
	CHECK(parse("dns 2001:db8::1\ndns 2001:db8::1\ndns 2001:db8::1\n"
		    "dns 2001:db8::1\nend\n") == -EBADMSG);
}

static void test_only_of_a_file(void)
{
	char folder[] = "/tmp/dhcp6_lease_test.XXXXXX";
	char path[64], other[64];

	if (!CHECK(mkdtemp(folder) != NULL))
		return;
	(void)snprintf(path, sizeof(path), "%s/lease", folder);
	(void)snprintf(other, sizeof(other), "%s/link", folder);
	CHECK(dhcp6_lease_read(path, &lease) == -ENOENT);
	FILE *file = fopen(path, "w");
	if (CHECK(file != NULL)) {
		(void)fputs(WHOLE, file);
		(void)fclose(file);
	}
	CHECK(dhcp6_lease_read(path, &lease) == 0 && lease.count == 2);
	CHECK(symlink(path, other) == 0);
	CHECK(dhcp6_lease_read(other, &lease) == -ELOOP);
	(void)unlink(other);
	CHECK(mkfifo(other, 0600) == 0); /* which would wait for ever */
	CHECK(dhcp6_lease_read(other, &lease) == -EBADMSG);
	(void)unlink(other);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void test_what_is_left(void)
{
	lease.at_s = 1000;
	CHECK(dhcp6_lease_left(&lease, 60, 1000) == 60);
	CHECK(dhcp6_lease_left(&lease, 60, 1059) == 1);
	CHECK(dhcp6_lease_left(&lease, 60, 1060) == 0);
	CHECK(dhcp6_lease_left(&lease, 60, 9000) == 0);
	CHECK(dhcp6_lease_left(&lease, 60, 10) == 60);
	CHECK(dhcp6_lease_left(&lease, UINT32_MAX, 9000) == UINT32_MAX);
}

static void test_who_the_machine_is(void)
{
	struct dhcp6_duid duid, other;
	char text[DHCP6_DUID_TEXT_MAX];

	CHECK(dhcp6_id_of_machine("000102030405060708090a0b0c0d0e0f", &duid));
	/* SipHash-2-4 of two words by this key, in the form of a UUID */
	CHECK(strcmp(dhcp6_id_print(&duid, text),
		      "0004a78176a01c858339b6d1e685b0b2912b") == 0);
	CHECK(dhcp6_id_of_machine("100102030405060708090a0b0c0d0e0f", &other));
	CHECK(!dhcp6_id_equal(&duid, &other));
	CHECK(dhcp6_id_parse(text, &other) && dhcp6_id_equal(&duid, &other));
	CHECK(!dhcp6_id_of_machine("", &duid));
	CHECK(!dhcp6_id_of_machine("000102030405060708090a0b0c0d0e", &duid));
	CHECK(!dhcp6_id_of_machine("000102030405060708090a0b0c0d0e0f0", &duid));
	CHECK(!dhcp6_id_of_machine("000102030405060708090a0b0c0d0e0f00",
		&duid));
	CHECK(!dhcp6_id_of_machine("000102030405060708090a0b0c0d0eXf", &duid));
}

static void test_without_an_identity(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct dhcp6_duid duid;
	char text[DHCP6_DUID_TEXT_MAX];

	dhcp6_id_of_mac(mac, &duid);
	CHECK(strcmp(dhcp6_id_print(&duid, text), "00030001020000000009") == 0);
}

static void test_who_an_interface_is(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	static const uint8_t other[6] = { 2, 0, 0, 0, 0, 8 };
	const uint32_t id = dhcp6_id_of_link(mac, "eth0");

	CHECK(id == dhcp6_id_of_link(mac, "eth1"));
	CHECK(id != dhcp6_id_of_link(other, "eth0"));
	CHECK(dhcp6_id_of_link(NULL, "eth0.7") !=
		dhcp6_id_of_link(NULL, "eth0.8"));
	CHECK(dhcp6_id_of_link(NULL, "a") == 0xe40c292c); /* FNV-1a's own */
}

int main(void)
{
	RUN(test_a_whole_file);
	RUN(test_the_longest_file);
	RUN(test_what_is_no_file);
	RUN(test_only_of_a_file);
	RUN(test_what_is_left);
	RUN(test_who_the_machine_is);
	RUN(test_without_an_identity);
	RUN(test_who_an_interface_is);
	return check_done();
}
