// SPDX-License-Identifier: MIT
/*
 * dhcp6_waits_test - how long a DHCPv6 client waits between its messages, and
 * that it is never lost, whatever happens to it
 */
#include "dhcp6_machine.h"

#include <string.h>

#include "check.h"
#include "dhcp6_client.h"

/* RFC 8415, 15: of each state, what is waited between messages, in ms */
static const struct {
	const char *label;
	enum dhcp6_state state;
	unsigned kind;
	int waits[14]; /* 0: the next state */
} waits[] = {
	{ "solicit", DHCP6_SOLICIT, DHCP6_KIND_SOLICIT,
		{ 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000,
			512000, 1024000, 2048000, 3600000, 3600000 } },
	{ "request", DHCP6_REQUEST, DHCP6_KIND_REQUEST,
		{ 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000 } },
	{ "confirm", DHCP6_CONFIRM, DHCP6_KIND_CONFIRM, { 1000, 2000, 4000 } },
	{ "renew", DHCP6_RENEW, DHCP6_KIND_RENEW,
		{ 10000, 20000, 40000, 80000, 160000, 320000, 600000,
			600000 } },
	{ "rebind", DHCP6_REBIND, DHCP6_KIND_REBIND,
		{ 10000, 20000, 40000, 80000, 160000, 320000, 600000,
			600000 } },
	{ "decline", DHCP6_DECLINE, DHCP6_KIND_DECLINE, { 1000, 2000, 4000 } },
	{ "inform", DHCP6_INFORM, DHCP6_KIND_INFORMATION,
		{ 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000,
			512000, 1024000, 2048000, 3600000, 3600000 } },
};

static void enter(enum dhcp6_state state)
{
	start(state == DHCP6_INFORM);
	machine.lease = (struct dhcp6_lease){
		.at_s = BEGIN_MS / 1000,
		.addresses = { { ip_at(5), 100000, 100000 } },
		.count =
			state == DHCP6_SOLICIT || state == DHCP6_INFORM ? 0 : 1,
		.t1_s = 50000,
		.t2_s = 80000,
		.server = { 4, "SRVa" },
	};
	machine.offer.server = machine.lease.server;
	machine.state = state;
	machine.sent = 0;
	machine.due_ms = now.ms;
	machine.end_ms = state == DHCP6_RENEW ? BEGIN_MS + 80000000 : INT64_MAX;
	if (state == DHCP6_SOLICIT)
		machine.offer.server.length = 0;
}

/* share: of 0x10000, RAND from a tenth less to a tenth more */
static void wait_in_turn(size_t row, uint32_t share)
{
	const int64_t lowest = share == 0 ? 9 : 10;
	const int64_t highest = share == 0 ? 10 : 11;

	check_row(waits[row].label);
	enter(waits[row].state);
	now.random = share << 8;
	unsigned kind = dhcp6_machine_run(&machine, &now, sent) ? sent[0] : 0;
	const uint32_t xid = machine.xid;
	for (int i = 0; i < 14 && waits[row].waits[i]; i++) {
		const int64_t before = now.ms;
		const int64_t wait = waits[row].waits[i];

		CHECK(kind == waits[row].kind && machine.xid == xid);
		CHECK(machine.sent == (unsigned)i + 1);
		now.ms = machine.due_ms;
		int64_t waited = now.ms - before;
		/* a tenth of each wait before adds up: those are doubled */
		CHECK(waited <= wait * (share ? 3 : 1) + 1 || i == 0);
		if (i == 0 && waits[row].state != DHCP6_SOLICIT)
			CHECK(waited >= wait * lowest / 10 &&
				waited <= wait * highest / 10);
		if (i == 0 && waits[row].state == DHCP6_SOLICIT)
			CHECK(waited > wait && waited <= wait * 11 / 10 + 1);
		now.random = share << 8;
		kind = dhcp6_machine_run(&machine, &now, sent) ? sent[0] : 0;
	}
	check_row(NULL);
}

/* in the middle RAND is 0: the waits are as in the table */
static void wait_exactly(size_t row)
{
	check_row(waits[row].label);
	enter(waits[row].state);
	now.random = 0x8000 << 8;
	(void)dhcp6_machine_run(&machine, &now, sent);
	for (int i = 0; i < 14 && waits[row].waits[i]; i++) {
		int64_t wait = machine.due_ms - now.ms;
		/* the first of a Solicit is always longer than 1 s */
		int64_t more = machine.state == DHCP6_SOLICIT ? 51 : 0;

		if (waits[row].waits[i] == 3600000)
			more = 0;
		CHECK(wait == waits[row].waits[i] + (more << i));
		now.ms = machine.due_ms;
		CHECK(dhcp6_machine_run(&machine, &now, sent) > 0);
		CHECK(sent[0] == waits[row].kind);
	}
	check_row(NULL);
}

static void test_waits(void)
{
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		wait_exactly(i);
		wait_in_turn(i, 0);
		wait_in_turn(i, 0xffff);
	}
}

static void test_the_first_is_delayed(void)
{
	machine = (struct dhcp6_machine){ .id = { 6, "CLIENT" } };
	now = (struct dhcp6_now){ BEGIN_MS, (7U << 16 | 999U << 16) };
	dhcp6_machine_begin(&machine, &now);
	const int64_t delay_ms = dhcp6_machine_next(&machine) - BEGIN_MS;
	CHECK(delay_ms > 0 && delay_ms < 1000);
	CHECK(dhcp6_machine_run(&machine, &now, sent) == 0);
}

static void test_what_could_not_go_goes_again(void)
{
	start(false);
	for (int i = 0; i < 50; i++) {
		const int64_t wait_ms = i < 25 ? 200 : 5000;

		CHECK(next(6) == DHCP6_KIND_SOLICIT && machine.sent == 1);
		dhcp6_machine_unsent(&machine, &now);
		CHECK(dhcp6_machine_next(&machine) == now.ms + wait_ms);
	}
	CHECK(next(6) == DHCP6_KIND_SOLICIT);
	CHECK(sent_has("\0\10\0\2\0\0", 6)); /* no time has elapsed */
	CHECK(next(2) == DHCP6_KIND_SOLICIT && machine.sent == 2);
	CHECK(!sent_has("\0\10\0\2\0\0", 6));
	const int64_t wait_ms = machine.wait_ms;
	dhcp6_machine_unsent(&machine, &now);
	dhcp6_machine_unsent(&machine, &now); /* nothing goes twice */
	CHECK(next(6) == DHCP6_KIND_SOLICIT && machine.sent == 2);
	CHECK(machine.wait_ms > wait_ms - 200 &&
		machine.wait_ms < wait_ms + 200);
}

/* a server may make them longer, in its limits */
static void test_longest_waits_of_the_server(void)
{
	start(false);
	CHECK(next(2) == DHCP6_KIND_SOLICIT);
	answer(DHCP6_KIND_ADVERTISE, 'a');
	wire_status(&wire, DHCP6_STATUS_NO_ADDRESSES);
	end_ia();
	wire_option_u32(&wire, 82, 60);
	hear();
	CHECK(machine.state == DHCP6_SOLICIT && machine.solicit_max_s == 60);
	for (int i = 0; i < 12; i++)
		CHECK(next(70) == DHCP6_KIND_SOLICIT);
}

/* ---- all of it ---------------------------------------------------------------- */

static uint32_t dice(void)
{
	static uint32_t state = 7;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static void random_answer(void)
{
	static const unsigned times_s[] = { 0, 1, 60, 300, UINT32_MAX };

	wire_begin(&wire, dice() % 2 ? 2 : 7, machine.xid,
		(char)('a' + dice() % 2));
	ia = wire_ia(&wire, WIRE_IAID, times_s[dice() % 5],
		times_s[dice() % 5]);
	has_ia = true;
	for (unsigned i = dice() % 4; i; i--)
		wire_address(&wire, dice() % 8, times_s[dice() % 5],
			times_s[dice() % 5]);
	if (dice() % 3 == 0)
		wire_status(&wire, dice() % 7);
	end_ia();
	if (dice() % 4 == 0)
		wire_status(&wire, dice() % 7);
	if (dice() % 3 == 0)
		wire_option(&wire, 14, "", 0);
	hear();
}

/* Whatever happens: no address twice, none that is over, something is due
 * unless all is for ever, and no flood. */
static void test_whatever_happens(void)
{
	unsigned spoken = 0;
	bool seen[DHCP6_STATES] = { false };

	start(false);
	const int64_t begun_ms = now.ms;
	for (int i = 0; i < 100000; i++) {
		const struct ip ip = ip_at(dice() % 8);

		now.random = dice();
		if (dice() % 3)
			random_answer();
		else if (dice() % 50 == 0)
			dhcp6_machine_carrier(&machine, &now);
		else if (dice() % 10 == 0)
			dhcp6_machine_duplicate(&machine, &now, &ip);
		else
			now.ms += dice() % 3000;
		spoken += dhcp6_machine_run(&machine, &now, sent) > 0;
		seen[machine.state] = true;
		bool is_good = machine.lease.count <= DHCP6_ADDRESSES_MAX;
		for (unsigned a = 0; a < machine.lease.count; a++) {
			const struct dhcp6_address *row =
				&machine.lease.addresses[a];
			is_good &= dhcp6_lease_left(&machine.lease,
					   row->valid_s, now.ms / 1000) > 0;
			for (unsigned b = 0; b < a; b++)
				is_good &= !ip_equal(&row->ip,
					&machine.lease.addresses[b].ip);
		}
		is_good &= machine.state != DHCP6_BOUND || machine.lease.count;
		if (!CHECK(is_good))
			return;
	}
	CHECK(spoken > 1000);
	CHECK((now.ms - begun_ms) / 100 > spoken);
	for (int i = 0; i < DHCP6_INFORM; i++)
		CHECK(seen[i]);
}

int main(void)
{
	RUN(test_waits);
	RUN(test_the_first_is_delayed);
	RUN(test_what_could_not_go_goes_again);
	RUN(test_longest_waits_of_the_server);
	RUN(test_whatever_happens);
	return check_done();
}
