// SPDX-License-Identifier: MIT
/*
 * fuzz target of netd: what it reads of others, by the first byte of the input:
 * the file "wanted", a lease from a disk, an option of a router advertisement,
 * a packet of ARP
 *
 * What is taken has to be in its limits; a lease and a text that were printed
 * are read again the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arp.h"
#include "lease.h"
#include "rdnss.h"
#include "settings.h"
#include "wanted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
	if (!is_true)
		abort();
}

static void try_wanted(const char *text, size_t size)
{
	static struct wanted wanted;
	static struct settings settings;
	const struct wanted_device device = { .name = "eth0",
		.is_wired = true };
	unsigned line;

	if (wanted_parse(text, size, &wanted, &line) < 0)
		return;
	require(wanted_find(&wanted, &device) <= (int)wanted.links_count);
	for (unsigned i = 0; i < wanted.links_count; i++) {
		struct settings_source source = {
			.wanted = &wanted,
			.block = (int)i,
			.index = 7,
			.metric = 107,
		};

		settings_make(&source, &settings);
		require(!strchr(wanted.links[i].name, '/'));
	}
}

static void try_lease(const char *bytes, size_t size)
{
	static struct dhcp_lease lease, again;
	char text[LEASE_TEXT_MAX], copy[LEASE_TEXT_MAX];
	int64_t at_s;

	if (size >= sizeof(text))
		return;
	memcpy(text, bytes, size);
	text[size] = '\0';
	if (lease_parse(text, &lease, &at_s) < 0)
		return;
	size_t length = lease_print(&lease, at_s, text);
	memcpy(copy, text, length + 1);
	require(lease_parse(copy, &again, &at_s) == 0);
	require(lease_print(&again, at_s, copy) == length);
	require(memcmp(copy, text, length) == 0);
}

static void try_option(const uint8_t *bytes, size_t size)
{
	struct rdnss rdnss = { 0 };
	int64_t next_s = INT64_MAX;

	(void)rdnss_hear(&rdnss, bytes, size, 1000);
	require(!strpbrk(rdnss.search, "\n\r\t/%$"));
	(void)rdnss_hear(&rdnss, bytes, size, 2000);
	(void)rdnss_expire(&rdnss, 1500, &next_s);
	require(rdnss.count <= RDNSS_SERVERS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = { 2 };

	if (size == 0)
		return 0;
	data++;
	size--;
	switch (data[-1] % 4) {
	case 0:
		try_wanted((const char *)data, size);
		break;
	case 1:
		try_lease((const char *)data, size);
		break;
	case 2:
		try_option(data, size);
		break;
	case 3:
		(void)arp_claims(data, size, 0x01020304, mac);
		break;
	}
	return 0;
}
