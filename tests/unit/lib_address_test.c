// SPDX-License-Identifier: MIT
/* lib_address_test - addresses and prefixes as text and as data */
#include "lib/address.h"

#include <errno.h>
#include <sys/socket.h>

#include "check.h"
#include "lib/text.h"

static struct address address(const char *text)
{
	struct address out = { 0 };

	CHECK(address_parse(text, &out) == 0);
	return out;
}

static struct prefix prefix(const char *text)
{
	struct prefix out = { .length = 0 };

	CHECK(prefix_parse(text, &out) == 0);
	return out;
}

static void test_addresses(void)
{
	static const char *const good[] = { "192.0.2.1", "0.0.0.0",
		"2001:db8::1", "::", "fe80::5054:ff:fe12:3456" };
	static const char *const bad[] = { "", "192.0.2", "192.0.2.256", "a",
		"192.0.2.1/24", " 192.0.2.1", "1::2::3", "010.0.0.1" };
	char text[ADDRESS_TEXT_SIZE];
	struct address out = { .family = 99 };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		check_row(good[i]);
		out = address(good[i]);
		CHECK(text_equal(address_print(&out, text), good[i]));
	}
	out.family = 99;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_row(bad[i]);
		CHECK(address_parse(bad[i], &out) == -EINVAL);
		CHECK(out.family == 99);
	}
	out = (struct address){ 0 };
	CHECK(text_equal(address_print(&out, text), ""));
	CHECK(address_size(&out) == 0);
}

static void test_order(void)
{
	static const char *const rows[] = { "10.0.0.9", "10.0.0.10", "11.0.0.0",
		"::1", "2001:db8::" };
	struct address none = { 0 };

	for (size_t i = 0; i + 1 < sizeof(rows) / sizeof(*rows); i++) {
		struct address a = address(rows[i]);
		struct address b = address(rows[i + 1]);

		check_row(rows[i]);
		CHECK(address_compare(&a, &b) < 0);
		CHECK(address_compare(&b, &a) > 0);
		CHECK(address_compare(&a, &a) == 0);
		CHECK(address_compare(&none, &a) < 0);
	}
}

static void test_kinds(void)
{
	static const struct {
		const char *text;
		bool is_loopback, is_multicast;
	} rows[] = {
		{ "127.0.0.1", true, false },
		{ "127.255.0.9", true, false },
		{ "126.0.0.1", false, false },
		{ "::1", true, false },
		{ "::2", false, false },
		{ "224.0.0.1", false, true },
		{ "240.0.0.1", false, false },
		{ "ff02::1", false, true },
		{ "fe80::1", false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct address a = address(rows[i].text);

		check_row(rows[i].text);
		CHECK(address_is_loopback(&a) == rows[i].is_loopback);
		CHECK(address_is_multicast(&a) == rows[i].is_multicast);
	}
}

static void test_prefixes(void)
{
	static const char *const bad[] = { "", "/24", "10.0.0.0/33",
		"10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.0/24/1", "x/8" };
	struct prefix out = prefix("192.0.2.0/24");
	char text[PREFIX_TEXT_SIZE];

	CHECK(text_equal(prefix_print(&out, text), "192.0.2.0/24"));
	CHECK(out.length == 24 && prefix_is_clean(&out));
	out = prefix("192.0.2.1/24");
	CHECK(!prefix_is_clean(&out));
	out = prefix("192.0.2.1");
	CHECK(out.length == 32 && prefix_is_clean(&out));
	out = prefix("2001:db8::/33");
	CHECK(out.length == 33 && prefix_is_clean(&out));
	out = prefix("2001:db8:4000::/33");
	CHECK(!prefix_is_clean(&out));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_row(bad[i]);
		CHECK(prefix_parse(bad[i], &out) == -EINVAL);
	}
}

static void test_contains(void)
{
	static const struct {
		const char *prefix, *address;
		bool contains;
	} rows[] = {
		{ "10.1.0.0/16", "10.1.255.255", true },
		{ "10.1.0.0/16", "10.2.0.0", false },
		{ "0.0.0.0/0", "192.0.2.1", true },
		{ "0.0.0.0/0", "::1", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "192.0.2.7/32", "192.0.2.7", true },
		{ "192.0.2.7/32", "192.0.2.6", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct prefix p = prefix(rows[i].prefix);
		struct address a = address(rows[i].address);

		check_row(rows[i].address);
		CHECK(prefix_contains(&p, &a) == rows[i].contains);
	}
}

static void test_overlaps(void)
{
	static const struct {
		const char *a, *b;
		bool overlaps;
	} rows[] = {
		{ "10.0.0.0/8", "10.1.0.0/16", true },
		{ "10.1.0.0/16", "10.0.0.0/8", true },
		{ "10.0.0.0/16", "10.1.0.0/16", false },
		{ "0.0.0.0/0", "10.1.0.0/16", true },
		{ "::/0", "10.1.0.0/16", false },
		{ "10.0.0.0/24", "10.0.0.0/24", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct prefix a = prefix(rows[i].a);
		struct prefix b = prefix(rows[i].b);

		check_row(rows[i].a);
		CHECK(prefix_overlaps(&a, &b) == rows[i].overlaps);
	}
}

static void test_numbers(void)
{
	static const struct {
		const char *prefix;
		uint64_t number;
		const char *address; /* NULL: none */
	} rows[] = {
		{ "10.0.0.0/24", 1, "10.0.0.1" },
		{ "10.0.0.0/24", 254, "10.0.0.254" },
		{ "10.0.0.0/24", 255, NULL },
		{ "10.0.0.0/24", 256, NULL },
		{ "10.0.0.0/24", 0, NULL },
		{ "10.0.0.0/16", 256, "10.0.1.0" },
		{ "10.0.0.77/16", 2, "10.0.0.2" },
		{ "10.0.0.8/29", 2, "10.0.0.10" },
		{ "10.0.0.8/32", 1, NULL },
		{ "fd00::/64", UINT64_MAX, "fd00::ffff:ffff:ffff:ffff" },
		{ "fd00::/120", 255, "fd00::ff" },
		{ "fd00::/120", 256, NULL },
		{ "fd00::/48", 65536, "fd00::1:0" },
	};
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct prefix p = prefix(rows[i].prefix);
		struct address out;
		bool is_there = prefix_nth(&p, rows[i].number, &out);

		check_row(rows[i].prefix);
		CHECK(is_there == (rows[i].address != NULL));
		if (is_there && rows[i].address)
			CHECK(text_equal(address_print(&out, text),
				rows[i].address));
	}
}

int main(void)
{
	RUN(test_addresses);
	RUN(test_order);
	RUN(test_kinds);
	RUN(test_prefixes);
	RUN(test_contains);
	RUN(test_overlaps);
	RUN(test_numbers);
	return check_done();
}
