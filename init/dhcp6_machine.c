/* SPDX-License-Identifier: MIT */
/* dhcp6_machine - what a DHCPv6 client says when */
#include "dhcp6_machine.h"

#include <string.h>

#include "dhcp6_merge.h"

#define SECOND             1000
#define UNSENT_MS          200 /* a link soon has an address */
#define UNSENT_MANY        25
#define UNSENT_MANY_MS     5000 /* or never */
#define FAILURES_MAX       30
#define PREFERENCE_MAX     255
#define REFRESH_DEFAULT_S  86400 /* IRT_DEFAULT */
#define REFRESH_MIN_S      600   /* IRT_MINIMUM */
#define SOLICIT_MAX_S      3600  /* until the server says another */
#define INFORMATION_MAX_S  3600
#define NEVER              INT64_MAX
#define TENTHS_OF_PART(ms) ((ms) / 10)

/* RFC 8415, 7.6; a time of 0 is none */
static const struct row {
	uint8_t kind; /* what is said in the state; 0: nothing */
	bool is_delayed;
	int first_ms, max_ms; /* IRT, MRT */
	unsigned max_count;   /* MRC */
	int max_duration_ms;  /* MRD */
} rows[DHCP6_STATES] = {
	/* clang-format off */
	[DHCP6_SOLICIT]  = { DHCP6_KIND_SOLICIT,     true,   1000,   0, 0, 0 },
	[DHCP6_REQUEST]  = { DHCP6_KIND_REQUEST,     false,  1000,  30000, 10, 0 },
	[DHCP6_CONFIRM]  = { DHCP6_KIND_CONFIRM,     true,   1000,   4000, 0, 10000 },
	[DHCP6_BOUND]    = { 0,                      false,     0,      0, 0, 0 },
	[DHCP6_RENEW]    = { DHCP6_KIND_RENEW,       false, 10000, 600000, 0, 0 },
	[DHCP6_REBIND]   = { DHCP6_KIND_REBIND,      false, 10000, 600000, 0, 0 },
	[DHCP6_DECLINE]  = { DHCP6_KIND_DECLINE,     false,  1000,      0, 4, 0 },
	[DHCP6_INFORM]   = { DHCP6_KIND_INFORMATION, true,   1000,      0, 0, 0 },
	[DHCP6_INFORMED] = { 0,                      false,     0,      0, 0, 0 },
	/* clang-format on */
};

/* ---- times ------------------------------------------------------------------ */

/* when a time of the lease is over; NEVER for one without end */
static int64_t ends_ms(const struct dhcp6_lease *lease, uint32_t time_s)
{
	return time_s == DHCP6_FOR_EVER ? NEVER
					: (lease->at_s + time_s) * SECOND;
}

/* the end of the address that is valid for the shortest time */
static int64_t next_end_ms(const struct dhcp6_lease *lease)
{
	int64_t next_ms = NEVER;

	for (unsigned i = 0; i < lease->count; i++) {
		int64_t end_ms = ends_ms(lease, lease->addresses[i].valid_s);
		if (end_ms < next_ms)
			next_ms = end_ms;
	}
	return next_ms;
}

/* RAND: a tenth of it less to a tenth more; only more when is_more */
static int64_t vary(int64_t ms, uint32_t random, bool is_more)
{
	const int64_t part = TENTHS_OF_PART(ms);
	const int64_t share = (int64_t)(random >> 8 & 0xffff); /* of 65536 */

	if (is_more)
		return ms + 1 + part * share / 65536;
	return ms - part + 2 * part * share / 65536;
}

static int64_t longest_ms(const struct dhcp6_machine *machine)
{
	if (machine->state == DHCP6_SOLICIT)
		return (int64_t)machine->solicit_max_s * SECOND;
	if (machine->state == DHCP6_INFORM)
		return (int64_t)machine->information_max_s * SECOND;
	return rows[machine->state].max_ms;
}

/* how long to wait for an answer to what goes now */
static void wait_longer(struct dhcp6_machine *machine, uint32_t random)
{
	const bool is_first = machine->sent == 0;
	const int64_t max_ms = longest_ms(machine);

	if (is_first)
		machine->wait_ms = vary(rows[machine->state].first_ms, random,
			machine->state == DHCP6_SOLICIT);
	else
		machine->wait_ms += vary(machine->wait_ms, random, false);
	if (max_ms && machine->wait_ms > max_ms)
		machine->wait_ms = vary(max_ms, random, false);
}

/* ---- states ----------------------------------------------------------------- */

static void enter(struct dhcp6_machine *machine, const struct dhcp6_now *now,
	enum dhcp6_state state)
{
	const struct row *row = &rows[state];

	machine->state = state;
	machine->xid = now->random & 0xffffff;
	machine->sent = machine->unsent = 0;
	machine->wait_before_ms = -1;
	machine->due_ms = now->ms;
	machine->end_ms = NEVER;
	machine->offer = (struct dhcp6_offer){ 0 };
	if (row->is_delayed) /* machines that were switched on together */
		machine->due_ms += (int64_t)(now->random >> 16) % SECOND;
}

/* what went wrong over and over is tried ever more slowly */
static void solicit(struct dhcp6_machine *machine, const struct dhcp6_now *now,
	bool is_failure)
{
	enter(machine, now, DHCP6_SOLICIT);
	if (is_failure && machine->failures < FAILURES_MAX)
		machine->failures++;
	machine->due_ms += (int64_t)machine->failures * SECOND;
}

static void bind_lease(struct dhcp6_machine *machine,
	const struct dhcp6_now *now)
{
	enter(machine, now, DHCP6_BOUND);
	machine->due_ms = ends_ms(&machine->lease, machine->lease.t1_s);
}

static void renew(struct dhcp6_machine *machine, const struct dhcp6_now *now)
{
	const int64_t end_ms = ends_ms(&machine->lease, machine->lease.t2_s);

	enter(machine, now, end_ms > now->ms ? DHCP6_RENEW : DHCP6_REBIND);
	if (machine->state == DHCP6_RENEW)
		machine->end_ms = end_ms;
}

static void drop_lease(struct dhcp6_machine *machine)
{
	machine->lease = (struct dhcp6_lease){ 0 };
	machine->lease_is_new = true;
	machine->hints_count = 0;
}

/* forget addresses that are over */
static void expire(struct dhcp6_machine *machine, const struct dhcp6_now *now)
{
	struct dhcp6_lease *lease = &machine->lease;
	const unsigned before = lease->count;

	for (unsigned i = 0; i < lease->count;)
		if (ends_ms(lease, lease->addresses[i].valid_s) <= now->ms)
			dhcp6_lease_remove(lease, i);
		else
			i++;
	if (lease->count == before)
		return;
	machine->lease_is_new = true;
	if (lease->count || machine->state == DHCP6_DECLINE)
		return;
	drop_lease(machine);
	solicit(machine, now, false);
}

/* ---- what is due ------------------------------------------------------------ */

/* addresses that a message of the state names */
static unsigned addresses_of(const struct dhcp6_machine *machine,
	const struct dhcp6_address **addresses)
{
	if (machine->state == DHCP6_SOLICIT) {
		*addresses = machine->hints;
		return machine->hints_count;
	}
	if (machine->state == DHCP6_REQUEST) {
		*addresses = machine->offer.addresses;
		return machine->offer.count;
	}
	if (machine->state == DHCP6_DECLINE) {
		*addresses = machine->declined;
		return machine->declined_count;
	}
	*addresses = machine->lease.addresses;
	return machine->lease.count;
}

static const struct dhcp6_duid *server_of(const struct dhcp6_machine *machine)
{
	if (machine->state == DHCP6_REQUEST)
		return &machine->offer.server;
	if (machine->state == DHCP6_RENEW || machine->state == DHCP6_DECLINE)
		return &machine->lease.server;
	return NULL;
}

static size_t speak(struct dhcp6_machine *machine, const struct dhcp6_now *now,
	uint8_t bytes[DHCP6_QUESTION_MAX])
{
	const struct row *row = &rows[machine->state];
	struct dhcp6_question question = {
		.kind = row->kind,
		.xid = machine->xid,
		.client = &machine->id,
		.server = server_of(machine),
		.has_ia = machine->state != DHCP6_INFORM,
		.iaid = machine->iaid,
	};

	if (machine->sent == 0) {
		machine->began_ms = now->ms;
		if (row->max_duration_ms)
			machine->end_ms = now->ms + row->max_duration_ms;
	}
	const int64_t elapsed_cs = (now->ms - machine->began_ms) / 10;
	question.elapsed_cs =
		(uint16_t)(elapsed_cs < UINT16_MAX ? elapsed_cs : UINT16_MAX);
	if (question.has_ia)
		question.count = addresses_of(machine, &question.addresses);
	machine->wait_before_ms = machine->sent ? machine->wait_ms : 0;
	wait_longer(machine, now->random);
	machine->sent++;
	machine->due_ms = now->ms + machine->wait_ms;
	if (machine->due_ms > machine->end_ms)
		machine->due_ms = machine->end_ms;
	return dhcp6_message_write(&question, bytes);
}

static void request(struct dhcp6_machine *machine, const struct dhcp6_now *now)
{
	const struct dhcp6_offer offer = machine->offer;

	enter(machine, now, DHCP6_REQUEST);
	machine->offer = offer;
}

static void after_decline(struct dhcp6_machine *machine,
	const struct dhcp6_now *now)
{
	machine->declined_count = 0;
	if (machine->lease.count) {
		bind_lease(machine, now);
		return;
	}
	drop_lease(machine);
	solicit(machine, now, true);
}

/* The state has lasted long enough: another one. */
static void go_on(struct dhcp6_machine *machine, const struct dhcp6_now *now)
{
	const unsigned max = rows[machine->state].max_count;
	const bool is_over = machine->end_ms <= now->ms;
	const bool is_told = max && machine->sent >= max;

	switch (machine->state) {
	case DHCP6_SOLICIT:
		if (machine->offer.server.length)
			request(machine, now);
		break;
	case DHCP6_REQUEST:
		if (is_told)
			solicit(machine, now, true);
		break;
	case DHCP6_CONFIRM:
		if (is_over) /* nobody knows better: it is used further */
			bind_lease(machine, now);
		break;
	case DHCP6_BOUND:
		renew(machine, now);
		break;
	case DHCP6_RENEW:
		if (is_over)
			enter(machine, now, DHCP6_REBIND);
		break;
	case DHCP6_DECLINE:
		if (is_told)
			after_decline(machine, now);
		break;
	case DHCP6_INFORMED:
		enter(machine, now, DHCP6_INFORM);
		break;
	case DHCP6_REBIND:
	case DHCP6_INFORM:
	case DHCP6_STATES:
		break;
	}
}

void dhcp6_machine_begin(struct dhcp6_machine *machine,
	const struct dhcp6_now *now)
{
	machine->solicit_max_s = SOLICIT_MAX_S;
	machine->information_max_s = INFORMATION_MAX_S;
	if (machine->is_stateless)
		machine->lease.count = 0;
	else if (!machine->lease.server.length)
		machine->lease = (struct dhcp6_lease){ 0 };
	enter(machine, now,
		machine->is_stateless  ? DHCP6_INFORM
		: machine->lease.count ? DHCP6_CONFIRM
				       : DHCP6_SOLICIT);
	if (!machine->is_stateless)
		expire(machine, now);
}

size_t dhcp6_machine_run(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, uint8_t bytes[DHCP6_QUESTION_MAX])
{
	expire(machine, now);
	if (machine->due_ms > now->ms)
		return 0;
	go_on(machine, now);
	if (machine->due_ms > now->ms || !rows[machine->state].kind)
		return 0;
	return speak(machine, now, bytes);
}

int64_t dhcp6_machine_next(const struct dhcp6_machine *machine)
{
	const int64_t end_ms = next_end_ms(&machine->lease);

	return end_ms < machine->due_ms ? end_ms : machine->due_ms;
}

void dhcp6_machine_unsent(struct dhcp6_machine *machine,
	const struct dhcp6_now *now)
{
	if (machine->wait_before_ms < 0)
		return;
	machine->due_ms = now->ms + UNSENT_MS;
	if (machine->unsent < UNSENT_MANY)
		machine->unsent++;
	else
		machine->due_ms = now->ms + UNSENT_MANY_MS;
	machine->sent--;
	machine->wait_ms = machine->wait_before_ms;
	machine->wait_before_ms = -1;
}

/* ---- answers ---------------------------------------------------------------- */

/* an answer with addresses */
static void take(struct dhcp6_machine *machine, const struct dhcp6_now *now,
	const struct dhcp6_answer *answer, const struct ip *from)
{
	struct dhcp6_lease *lease = &machine->lease;

	if (machine->state == DHCP6_RENEW || machine->state == DHCP6_REBIND)
		machine->failures = 0;
	else
		lease->count = 0; /* another one begins */
	dhcp6_merge(lease, answer, from, now->ms / SECOND);
	machine->lease_is_new = true;
	if (lease->count) {
		bind_lease(machine, now);
		return;
	}
	drop_lease(machine);
	solicit(machine, now, true);
}

static void on_advertise(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer)
{
	struct dhcp6_offer *offer = &machine->offer;

	if (answer->status || answer->ia_status || !answer->has_ia ||
		!dhcp6_merge_gives(answer))
		return;
	if (!offer->server.length || answer->preference > offer->preference) {
		offer->server = answer->server;
		offer->preference = answer->preference;
		offer->count = answer->count;
		memcpy(offer->addresses, answer->addresses,
			sizeof(offer->addresses));
	}
	/* after the first wait any is good enough (18.2.1) */
	if (machine->sent > 1 || answer->preference == PREFERENCE_MAX)
		request(machine, now);
}

static void on_solicited(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer,
	const struct ip *from)
{
	if (answer->kind == DHCP6_KIND_ADVERTISE)
		on_advertise(machine, now, answer);
	else if (answer->is_rapid && !answer->status && !answer->ia_status &&
		 dhcp6_merge_gives(answer))
		take(machine, now, answer, from);
}

static void on_no_binding(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer)
{
	if (machine->state == DHCP6_REQUEST)
		return;
	machine->offer.server = answer->server;
	machine->offer.count = machine->lease.count;
	memcpy(machine->offer.addresses, machine->lease.addresses,
		sizeof(machine->offer.addresses));
	request(machine, now);
}

/* to a Request, Renew or Rebind */
static void on_reply(struct dhcp6_machine *machine, const struct dhcp6_now *now,
	const struct dhcp6_answer *answer, const struct ip *from)
{
	const uint16_t status =
		answer->status ? answer->status : answer->ia_status;
	const bool is_request = machine->state == DHCP6_REQUEST;

	if (status == DHCP6_STATUS_NOT_ON_LINK) {
		drop_lease(machine);
		solicit(machine, now, true);
	} else if (status == DHCP6_STATUS_NO_ADDRESSES && is_request)
		solicit(machine, now, true);
	else if (status == DHCP6_STATUS_NO_BINDING)
		on_no_binding(machine, now, answer);
	else if (!status && answer->has_ia && answer->count &&
		 (dhcp6_merge_gives(answer) || !is_request))
		take(machine, now, answer, from);
	/* of any other nothing follows: it is asked again in its time */
}

static void on_confirmed(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer,
	const struct ip *from)
{
	(void)from;
	if (answer->status == DHCP6_STATUS_SUCCESS)
		bind_lease(machine, now);
	if (answer->status != DHCP6_STATUS_NOT_ON_LINK)
		return;
	drop_lease(machine);
	solicit(machine, now, true);
}

static void on_declined(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer,
	const struct ip *from)
{
	(void)answer;
	(void)from;
	after_decline(machine, now);
}

static void on_informed(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer,
	const struct ip *from)
{
	uint32_t refresh_s =
		answer->refresh_s ? answer->refresh_s : REFRESH_DEFAULT_S;

	if (answer->status)
		return;
	if (refresh_s < REFRESH_MIN_S)
		refresh_s = REFRESH_MIN_S;
	machine->lease = (struct dhcp6_lease){
		.at_s = now->ms / SECOND,
		.server = answer->server,
		.from = *from,
		.names = answer->names,
	};
	machine->lease_is_new = true;
	enter(machine, now, DHCP6_INFORMED);
	machine->due_ms = ends_ms(&machine->lease, refresh_s);
}

static const struct handler {
	bool is_of_server; /* only the one that was asked may answer */
	void (*handle)(struct dhcp6_machine *machine,
		const struct dhcp6_now *now, const struct dhcp6_answer *answer,
		const struct ip *from);
} handlers[DHCP6_STATES] = {
	[DHCP6_SOLICIT] = { false, on_solicited },
	[DHCP6_REQUEST] = { true, on_reply },
	[DHCP6_CONFIRM] = { false, on_confirmed },
	[DHCP6_RENEW] = { true, on_reply },
	[DHCP6_REBIND] = { false, on_reply },
	[DHCP6_DECLINE] = { true, on_declined },
	[DHCP6_INFORM] = { false, on_informed },
};

void dhcp6_machine_hear(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct dhcp6_answer *answer,
	const struct ip *from)
{
	const struct handler *handler = &handlers[machine->state];

	if (!handler->handle || machine->sent == 0 ||
		answer->xid != machine->xid ||
		!dhcp6_id_equal(&answer->client, &machine->id))
		return;
	if (handler->is_of_server &&
		!dhcp6_id_equal(&answer->server, server_of(machine)))
		return;
	if (machine->state != DHCP6_SOLICIT && answer->kind != DHCP6_KIND_REPLY)
		return;
	if (answer->solicit_max_s)
		machine->solicit_max_s = answer->solicit_max_s;
	if (answer->information_max_s)
		machine->information_max_s = answer->information_max_s;
	handler->handle(machine, now, answer, from);
}

void dhcp6_machine_carrier(struct dhcp6_machine *machine,
	const struct dhcp6_now *now)
{
	machine->failures = 0;
	machine->declined_count = 0;
	if (machine->is_stateless)
		enter(machine, now, DHCP6_INFORM);
	else if (machine->lease.count)
		enter(machine, now, DHCP6_CONFIRM);
	else
		solicit(machine, now, false);
}

void dhcp6_machine_duplicate(struct dhcp6_machine *machine,
	const struct dhcp6_now *now, const struct ip *ip)
{
	struct dhcp6_lease *lease = &machine->lease;
	const int which = dhcp6_lease_find(lease, ip);

	if (which < 0)
		return;
	if (machine->declined_count < DHCP6_ADDRESSES_MAX)
		machine->declined[machine->declined_count++] =
			lease->addresses[which];
	dhcp6_lease_remove(lease, (unsigned)which);
	machine->hints_count = 0;
	machine->lease_is_new = true;
	enter(machine, now, DHCP6_DECLINE);
}
