/* SPDX-License-Identifier: MIT */
/* dhcp6_merge - a lease becomes what a server's answer says */
#include "dhcp6_merge.h"

#define RENEW_MIN_S 10 /* however short the server wants it */

/* RFC 8415, 14.2: half and four fifths of what is preferred the shortest */
static uint32_t share_of(const struct dhcp6_lease *lease, unsigned tenths)
{
	uint32_t least_s = DHCP6_FOR_EVER;

	for (unsigned i = 0; i < lease->count; i++)
		if (lease->addresses[i].preferred_s < least_s)
			least_s = lease->addresses[i].preferred_s;
	return least_s == DHCP6_FOR_EVER
		       ? least_s
		       : (uint32_t)((uint64_t)least_s * tenths / 10);
}

static void set_times(struct dhcp6_lease *lease,
	const struct dhcp6_answer *answer)
{
	lease->t1_s = answer->t1_s ? answer->t1_s : share_of(lease, 5);
	lease->t2_s = answer->t2_s ? answer->t2_s : share_of(lease, 8);
	if (!answer->t1_s && answer->t2_s && lease->t1_s > lease->t2_s)
		lease->t1_s = lease->t2_s;
	if (lease->t1_s < RENEW_MIN_S)
		lease->t1_s = RENEW_MIN_S;
	if (lease->t2_s < lease->t1_s)
		lease->t2_s = lease->t1_s;
}

/* the same addresses, with times that count from now on */
static void rebase(struct dhcp6_lease *lease, int64_t now_s)
{
	for (unsigned i = 0; i < lease->count; i++) {
		struct dhcp6_address *row = &lease->addresses[i];
		row->valid_s = dhcp6_lease_left(lease, row->valid_s, now_s);
		row->preferred_s =
			dhcp6_lease_left(lease, row->preferred_s, now_s);
	}
	lease->at_s = now_s;
}

static void merge_address(struct dhcp6_lease *lease,
	const struct dhcp6_address *address)
{
	const int which = dhcp6_lease_find(lease, &address->ip);

	if (which >= 0 && address->valid_s)
		lease->addresses[which] = *address;
	else if (which >= 0)
		dhcp6_lease_remove(lease, (unsigned)which);
	else if (address->valid_s && lease->count < DHCP6_ADDRESSES_MAX)
		lease->addresses[lease->count++] = *address;
}

void dhcp6_merge(struct dhcp6_lease *lease, const struct dhcp6_answer *answer,
	const struct ip *from, int64_t now_s)
{
	rebase(lease, now_s);
	for (unsigned i = 0; i < answer->count; i++)
		merge_address(lease, &answer->addresses[i]);
	lease->server = answer->server;
	lease->from = *from;
	lease->names = answer->names;
	set_times(lease, answer);
}

bool dhcp6_merge_gives(const struct dhcp6_answer *answer)
{
	for (unsigned i = 0; i < answer->count; i++)
		if (answer->addresses[i].valid_s)
			return true;
	return false;
}
