// SPDX-License-Identifier: MIT
/*
 * dhcp6_machine_test - what a DHCPv6 client says to what it hears
 */
#include "dhcp6_machine.h"

#include <string.h>
#include <sys/socket.h>

#include "check.h"
#include "dhcp6_client.h"

/* ---- to an address ---------------------------------------------------------- */

static void test_the_best_offer(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	CHECK(sent_has("\0\16\0\0", 4)); /* rapid commit */
	give(DHCP6_KIND_ADVERTISE, 'a', 5);
	answer(DHCP6_KIND_ADVERTISE, 'b');
	wire_address(&wire, 6, 200, 300);
	end_ia();
	wire_option(&wire, 7, "\x09", 1);
	hear();
	give(DHCP6_KIND_ADVERTISE, 'c', 7);
	CHECK(machine.state == DHCP6_SOLICIT);
	CHECK(next(2) == DHCP6_KIND_REQUEST);
	CHECK(sent_has("SRVb", 4) && sent_address(6));
	give(DHCP6_KIND_REPLY, 'a', 5); /* who was not asked */
	CHECK(machine.state == DHCP6_REQUEST);
	give(DHCP6_KIND_REPLY, 'b', 6);
	CHECK(machine.state == DHCP6_BOUND && machine.lease.count == 1);
	CHECK(ip_equal(&machine.lease.addresses[0].ip,
		&(struct ip){ AF_INET6, { 0x20, 1, 0x0d, 0xb8, [15] = 6 } }));
	CHECK(machine.lease.at_s == now.ms / 1000);
}

static void test_the_best_possible_at_once(void)
{
	bind_address();
}

static void test_after_a_second_any_is_good(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	give(DHCP6_KIND_ADVERTISE, 'a', 5);
	CHECK(next(0) == DHCP6_KIND_REQUEST);
}

static void test_rapid_commit(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	give(DHCP6_KIND_REPLY, 'a', 5); /* not said to be one */
	CHECK(machine.state == DHCP6_SOLICIT);
	answer(DHCP6_KIND_REPLY, 'a');
	wire_address(&wire, 5, 200, 300);
	end_ia();
	wire_option(&wire, 14, "", 0);
	hear();
	CHECK(machine.state == DHCP6_BOUND && machine.lease.count == 1);
}

/* what is no offer, and what is not for us */
static void test_offers_that_are_none(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	answer(DHCP6_KIND_ADVERTISE, 'a');
	hear(); /* no address */
	answer(DHCP6_KIND_ADVERTISE, 'a');
	wire_address(&wire, 5, 0, 0);
	hear();
	answer(DHCP6_KIND_ADVERTISE, 'a');
	wire_address(&wire, 5, 200, 300);
	wire_status(&wire, DHCP6_STATUS_NO_ADDRESSES);
	hear();
	answer(DHCP6_KIND_ADVERTISE, 'a');
	wire_address(&wire, 5, 200, 300);
	wire.bytes[3] ^= 1; /* of another transaction */
	hear();
	answer(DHCP6_KIND_ADVERTISE, 'a');
	wire_address(&wire, 5, 200, 300);
	wire.bytes[8] ^= 1; /* for another client */
	hear();
	CHECK(machine.offer.server.length == 0);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
}

static const struct {
	const char *label;
	unsigned status;
	bool is_of_ia;
	enum dhcp6_state state;
} refusals[] = {
	{ "no addresses", DHCP6_STATUS_NO_ADDRESSES, true, DHCP6_SOLICIT },
	{ "no addresses at all", DHCP6_STATUS_NO_ADDRESSES, false,
		DHCP6_SOLICIT },
	{ "not on this link", DHCP6_STATUS_NOT_ON_LINK, false, DHCP6_SOLICIT },
	{ "not on this link, of the IA", DHCP6_STATUS_NOT_ON_LINK, true,
		DHCP6_SOLICIT },
	{ "a failure", DHCP6_STATUS_FAILURE, false, DHCP6_REQUEST },
	{ "use unicast", 5, false, DHCP6_REQUEST },
	{ "nothing", DHCP6_STATUS_SUCCESS, true, DHCP6_REQUEST },
	{ "no binding", DHCP6_STATUS_NO_BINDING, true, DHCP6_REQUEST },
};

static void test_a_request_is_refused(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		check_row(refusals[i].label);
		start(false);
		CHECK(next(2) == DHCP6_KIND_SOLICIT);
		give(DHCP6_KIND_ADVERTISE, 'a', 5);
		CHECK(next(2) == DHCP6_KIND_REQUEST);
		answer(DHCP6_KIND_REPLY, 'a');
		if (!refusals[i].is_of_ia)
			end_ia();
		if (refusals[i].status)
			wire_status(&wire, refusals[i].status);
		hear();
		CHECK(machine.state == refusals[i].state);
		CHECK(next(3) == (refusals[i].state == DHCP6_SOLICIT
						 ? DHCP6_KIND_SOLICIT
						 : DHCP6_KIND_REQUEST));
	}
	check_row(NULL);
}

/* who refuses over and over is asked ever more slowly */
static void test_refusals_slow_it_down(void)
{
	int64_t before_ms = 0, gap_ms = 0;

	start(false);
	for (int i = 0; i < 40; i++) {
		CHECK(next(100) == DHCP6_KIND_SOLICIT);
		gap_ms = now.ms - before_ms;
		before_ms = now.ms;
		answer(DHCP6_KIND_ADVERTISE, 'a');
		wire_address(&wire, 5, 200, 300);
		end_ia();
		wire_option(&wire, 7, "\xff", 1);
		hear();
		CHECK(next(0) == DHCP6_KIND_REQUEST);
		answer(DHCP6_KIND_REPLY, 'a');
		wire_status(&wire, DHCP6_STATUS_NO_ADDRESSES);
		hear();
	}
	CHECK(gap_ms >= 30000 && gap_ms < 32000);
}

static void test_a_request_without_an_answer(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	give(DHCP6_KIND_ADVERTISE, 'a', 5);
	for (int i = 0; i < 10; i++)
		CHECK(next(40) == DHCP6_KIND_REQUEST);
	CHECK(next(40) == DHCP6_KIND_SOLICIT);
}

/* ---- and on ----------------------------------------------------------------- */

static void test_it_is_renewed(void)
{
	bind_address();
	const int64_t bound_ms = now.ms;
	CHECK(next(99) == 0);
	CHECK(next(2) == DHCP6_KIND_RENEW);
	CHECK(sent_has("SRVa", 4) && sent_address(5));
	CHECK(now.ms / 1000 - bound_ms / 1000 == 100);
	give(DHCP6_KIND_REPLY, 'b', 5); /* not asked */
	CHECK(machine.state == DHCP6_RENEW);
	give(DHCP6_KIND_REPLY, 'a', 5);
	CHECK(machine.state == DHCP6_BOUND && machine.lease_is_new);
	CHECK(machine.lease.at_s == now.ms / 1000);
}

static void test_it_is_rebound_and_lost(void)
{
	bind_address();
	CHECK(next(101) == DHCP6_KIND_RENEW);
	while (machine.state == DHCP6_RENEW)
		CHECK(next(60) != 0);
	CHECK(machine.state == DHCP6_REBIND && sent[0] == DHCP6_KIND_REBIND);
	CHECK(!sent_has("SRVa", 4) && sent_address(5));
	CHECK(now.ms / 1000 - machine.lease.at_s == 160);
	while (machine.state == DHCP6_REBIND) {
		CHECK(!machine.lease_is_new);
		CHECK(next(150) != 0);
	}
	CHECK(now.ms - BEGIN_MS >= 300000 && now.ms - BEGIN_MS < 304000);
	CHECK(machine.lease.count == 0 && machine.lease_is_new);
	CHECK(sent[0] == DHCP6_KIND_SOLICIT);
}

static void test_another_server_may_rebind(void)
{
	bind_address();
	now.ms += 170000;
	CHECK(next(1) == DHCP6_KIND_REBIND);
	give(DHCP6_KIND_REPLY, 'b', 5);
	CHECK(machine.state == DHCP6_BOUND);
	CHECK(memcmp(machine.lease.server.bytes, "SRVb", 4) == 0);
}

static void test_a_binding_that_the_server_forgot(void)
{
	bind_address();
	CHECK(next(101) == DHCP6_KIND_RENEW);
	answer(DHCP6_KIND_REPLY, 'a');
	wire_status(&wire, DHCP6_STATUS_NO_BINDING);
	hear();
	CHECK(next(0) == DHCP6_KIND_REQUEST);
	CHECK(sent_has("SRVa", 4) && sent_address(5));
	give(DHCP6_KIND_REPLY, 'a', 8);
	CHECK(machine.state == DHCP6_BOUND && machine.lease.count == 1);
	CHECK(machine.lease.addresses[0].ip.bytes[15] == 8);
}

static void test_renewals_that_say_nothing(void)
{
	bind_address();
	CHECK(next(101) == DHCP6_KIND_RENEW);
	for (unsigned status = 0; status < 3; status++) {
		answer(DHCP6_KIND_REPLY, 'a');
		if (status)
			wire_status(&wire, status);
		hear();
		CHECK(machine.state == DHCP6_RENEW && !machine.lease_is_new);
	}
	answer(DHCP6_KIND_REPLY, 'a');
	wire_status(&wire, DHCP6_STATUS_NOT_ON_LINK);
	hear();
	CHECK(machine.state == DHCP6_SOLICIT && machine.lease_is_new &&
		machine.lease.count == 0);
}

/* one is new, one is taken away, one is not named and stays */
static void test_addresses_come_and_go(void)
{
	bind_address();
	machine.lease.addresses[1] =
		(struct dhcp6_address){ ip_at(6), 150, 250 };
	machine.lease.count = 2;
	CHECK(next(101) == DHCP6_KIND_RENEW && sent_address(6));
	answer(DHCP6_KIND_REPLY, 'a');
	wire_address(&wire, 5, 0, 0);
	wire_address(&wire, 7, 200, 300);
	hear();
	if (!CHECK(machine.state == DHCP6_BOUND && machine.lease.count == 2))
		return;
	CHECK(machine.lease.addresses[0].ip.bytes[15] == 6);
	CHECK(machine.lease.addresses[0].valid_s == 150 &&
		machine.lease.addresses[0].preferred_s == 50);
	CHECK(machine.lease.addresses[1].ip.bytes[15] == 7);
	CHECK(next(101) == DHCP6_KIND_RENEW);
	answer(DHCP6_KIND_REPLY, 'a');
	wire_address(&wire, 6, 0, 0);
	wire_address(&wire, 7, 0, 0);
	hear();
	CHECK(machine.state == DHCP6_SOLICIT && machine.lease.count == 0);
}

/* what the server does not say: half and four fifths; never below 10 s */
static const struct {
	const char *label;
	uint32_t t1_s, t2_s, preferred_s, valid_s;
	uint32_t renew_s, rebind_s;
} times[] = {
	{ "said", 100, 160, 200, 300, 100, 160 },
	{ "not said", 0, 0, 200, 300, 100, 160 },
	{ "T2 alone", 0, 50, 200, 300, 50, 50 },
	{ "T1 alone", 180, 0, 200, 300, 180, 180 },
	{ "for ever", 0, 0, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
	{ "long", 0, 0, UINT32_MAX - 1, UINT32_MAX, 2147483647, 3435973835 },
	{ "too short", 1, 1, 200, 300, 10, 10 },
	{ "deprecated", 0, 0, 0, 300, 10, 10 },
};

static void test_when_to_renew(void)
{
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		check_row(times[i].label);
		start(false);
		CHECK(next(2) == DHCP6_KIND_SOLICIT);
		wire_begin(&wire, DHCP6_KIND_REPLY, sent_xid(), 'a');
		ia = wire_ia(&wire, WIRE_IAID, times[i].t1_s, times[i].t2_s);
		wire_address(&wire, 5, times[i].preferred_s, times[i].valid_s);
		wire_end(&wire, ia);
		wire_option(&wire, 14, "", 0);
		hear();
		CHECK(machine.lease.t1_s == times[i].renew_s);
		CHECK(machine.lease.t2_s == times[i].rebind_s);
		if (times[i].renew_s == UINT32_MAX)
			CHECK(dhcp6_machine_next(&machine) == INT64_MAX);
	}
	check_row(NULL);
}

/* ---- what happens to it ------------------------------------------------------ */

static void test_the_carrier_comes_back(void)
{
	bind_address();
	dhcp6_machine_carrier(&machine, &now);
	CHECK(next(2) == DHCP6_KIND_CONFIRM && sent_address(5));
	CHECK(!sent_has("SRV", 3) && machine.lease.count == 1);
	wire_begin(&wire, DHCP6_KIND_REPLY, sent_xid(), 'b');
	wire_status(&wire, DHCP6_STATUS_SUCCESS);
	hear();
	CHECK(machine.state == DHCP6_BOUND && !machine.lease_is_new);
	CHECK(next(101) == DHCP6_KIND_RENEW);

	dhcp6_machine_carrier(&machine, &now);
	CHECK(next(2) == DHCP6_KIND_CONFIRM);
	wire_begin(&wire, DHCP6_KIND_REPLY, sent_xid(), 'b');
	wire_status(&wire, DHCP6_STATUS_NOT_ON_LINK);
	hear();
	CHECK(machine.state == DHCP6_SOLICIT && machine.lease_is_new &&
		machine.lease.count == 0);
}

static void test_nobody_confirms(void)
{
	bind_address();
	dhcp6_machine_carrier(&machine, &now);
	const int64_t before_ms = now.ms;
	CHECK(next(2) == DHCP6_KIND_CONFIRM);
	while (machine.state == DHCP6_CONFIRM) {
		now.ms = dhcp6_machine_next(&machine);
		(void)dhcp6_machine_run(&machine, &now, sent);
	}
	CHECK(now.ms - before_ms >= 10000 && now.ms - before_ms <= 11000);
	CHECK(machine.state == DHCP6_BOUND && machine.lease.count == 1);
}

static void test_a_lease_of_before(void)
{
	start(false);
	const struct dhcp6_lease lease = {
		.at_s = BEGIN_MS / 1000 - 50,
		.addresses = { { ip_at(5), 200, 300 }, { ip_at(6), 10, 49 } },
		.count = 2,
		.t1_s = 100,
		.t2_s = 160,
		.server = { 4, "SRVa" },
	};
	machine.lease = lease;
	dhcp6_machine_begin(&machine, &now);
	CHECK(machine.lease.count == 1); /* one is over */
	CHECK(next(2) == DHCP6_KIND_CONFIRM && sent_address(5));
	machine.lease = lease;
	machine.lease.at_s -= 1000;
	dhcp6_machine_begin(&machine, &now);
	CHECK(machine.lease.count == 0 && machine.lease_is_new);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
}

static void test_hints(void)
{
	start(false);
	machine.hints[0].ip = ip_at(9);
	machine.hints_count = 1;
	CHECK(next(2) == DHCP6_KIND_SOLICIT && sent_address(9));
}

static void test_a_duplicate_is_declined(void)
{
	const struct ip ip = ip_at(5), other = ip_at(77);

	bind_address();
	dhcp6_machine_duplicate(&machine, &now, &other);
	CHECK(machine.state == DHCP6_BOUND);
	dhcp6_machine_duplicate(&machine, &now, &ip);
	CHECK(machine.lease.count == 0 && machine.lease_is_new);
	for (int i = 0; i < 4; i++) {
		CHECK(next(10) == DHCP6_KIND_DECLINE);
		CHECK(sent_has("SRVa", 4) && sent_address(5));
	}
	CHECK(next(12) == DHCP6_KIND_SOLICIT && !sent_address(5));

	bind_address();
	machine.lease.addresses[1] =
		(struct dhcp6_address){ ip_at(6), 150, 250 };
	machine.lease.count = 2;
	dhcp6_machine_duplicate(&machine, &now, &ip);
	CHECK(next(1) == DHCP6_KIND_DECLINE && !sent_address(6));
	wire_begin(&wire, DHCP6_KIND_REPLY, sent_xid(), 'a');
	hear();
	CHECK(machine.state == DHCP6_BOUND && machine.lease.count == 1);
	CHECK(machine.lease.addresses[0].ip.bytes[15] == 6);
}

/* ---- names alone -------------------------------------------------------------- */

static void test_names_alone(void)
{
	start(true);
	CHECK(next(2) == DHCP6_KIND_INFORMATION);
	CHECK(!sent_has("\0\3\0\14", 4)); /* no IA */
	wire_begin(&wire, DHCP6_KIND_REPLY, sent_xid(), 'a');
	wire_option(&wire, 24, "\3one\0", 5);
	wire_option_u32(&wire, 32, 700);
	hear();
	CHECK(machine.state == DHCP6_INFORMED && machine.lease_is_new);
	CHECK(strcmp(machine.lease.names.search, "one") == 0);
	CHECK(next(698) == 0);
	CHECK(next(4) == DHCP6_KIND_INFORMATION);
	wire_begin(&wire, DHCP6_KIND_REPLY, sent_xid(), 'a');
	wire_option_u32(&wire, 32, 1); /* at least 600 s */
	hear();
	CHECK(!*machine.lease.names.search);
	CHECK(next(598) == 0 && next(4) == DHCP6_KIND_INFORMATION);
	dhcp6_machine_carrier(&machine, &now);
	CHECK(next(2) == DHCP6_KIND_INFORMATION && machine.sent == 1);
}

int main(void)
{
	RUN(test_the_best_offer);
	RUN(test_the_best_possible_at_once);
	RUN(test_after_a_second_any_is_good);
	RUN(test_rapid_commit);
	RUN(test_offers_that_are_none);
	RUN(test_a_request_is_refused);
	RUN(test_refusals_slow_it_down);
	RUN(test_a_request_without_an_answer);
	RUN(test_it_is_renewed);
	RUN(test_it_is_rebound_and_lost);
	RUN(test_another_server_may_rebind);
	RUN(test_a_binding_that_the_server_forgot);
	RUN(test_renewals_that_say_nothing);
	RUN(test_addresses_come_and_go);
	RUN(test_when_to_renew);
	RUN(test_the_carrier_comes_back);
	RUN(test_nobody_confirms);
	RUN(test_a_lease_of_before);
	RUN(test_hints);
	RUN(test_a_duplicate_is_declined);
	RUN(test_names_alone);
	return check_done();
}
