// SPDX-License-Identifier: MIT
/* net_balance_test - those who serve are counted, targets are there once */
#include "net/balance.h"

#include "lib/address.h"
#include "net_scene.h"

static struct balance balance;

static void test_counts_those_who_serve(void)
{
	struct topology topology = scene_make();

	balance_make(&balance, &topology);
	CHECK(balance.serving[BALANCE_IPV4][0] == 2);
	CHECK(balance.serving[BALANCE_IPV6][0] == 1);
	CHECK(balance.serving[BALANCE_IPV4][1] == 0);
	CHECK(balance.serving[BALANCE_IPV4][2] == 0);
}

static void test_names_the_nth(void)
{
	struct topology topology = scene_make();
	struct address third = scene_ip4(0, 4);
	const struct address *nth = balance_nth(&topology, 0, BALANCE_IPV4, 1);

	if (CHECK(nth))
		CHECK(address_compare(nth, &third) == 0);
	CHECK(!balance_nth(&topology, 0, BALANCE_IPV4, 2));
	CHECK(!balance_nth(&topology, 0, BALANCE_IPV6, 1));
	CHECK(!balance_nth(&topology, 1, BALANCE_IPV4, 0));
	CHECK(!balance_nth(&topology, 2, BALANCE_IPV4, 0));
}

static void test_has_each_target_once(void)
{
	static const struct balance_target wanted[] = { { 0, 0 }, { 0, 8080 },
		{ 0, 8443 }, { 1, 0 }, { 1, 5432 }, { 2, 9 } };
	struct topology topology = scene_make();

	balance_make(&balance, &topology);
	if (!CHECK(balance.target_count == COUNT(wanted)))
		return;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		CHECK(balance.targets[i].group == wanted[i].group);
		CHECK(balance.targets[i].port == wanted[i].port);
	}
}

static void test_does_with_nothing(void)
{
	const struct topology topology = { .port_count = 0 };

	balance_make(&balance, &topology);
	CHECK(balance.target_count == 0);
}

int main(void)
{
	RUN(test_counts_those_who_serve);
	RUN(test_names_the_nth);
	RUN(test_has_each_target_once);
	RUN(test_does_with_nothing);
	return check_done();
}
