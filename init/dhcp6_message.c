/* SPDX-License-Identifier: MIT */
/* dhcp6_message - messages of DHCPv6 */
#include "dhcp6_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "labels.h"

#define HEAD_BYTES    4 /* kind, three of the transaction */
#define OPTION_BYTES  4 /* code, length */
#define IA_BYTES      12
#define ADDRESS_BYTES 24
#define MAX_RT_MIN    60 /* limits of RFC 8415, 21.24 and 21.25 */
#define MAX_RT_MAX    86400

enum {
	OPTION_CLIENT = 1,
	OPTION_SERVER = 2,
	OPTION_IA_NA = 3,
	OPTION_ADDRESS = 5,
	OPTION_REQUEST = 6,
	OPTION_PREFERENCE = 7,
	OPTION_ELAPSED = 8,
	OPTION_STATUS = 13,
	OPTION_RAPID = 14,
	OPTION_DNS = 23,
	OPTION_SEARCH = 24,
	OPTION_REFRESH = 32,
	OPTION_CLOCK = 56,
	OPTION_SOLICIT_MAX = 82,
	OPTION_INFORMATION_MAX = 83,
};

enum {
	CLOCK_ADDRESS = 1, /* suboptions of RFC 5908 */
	CLOCK_NAME = 3,
};

struct bytes {
	const uint8_t *at;
	size_t length;
};

struct reading {
	struct dhcp6_answer *answer;
	uint32_t iaid;
};

static uint16_t get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t get32(const uint8_t *bytes)
{
	return (uint32_t)get16(bytes) << 16 | get16(bytes + 2);
}

/* 1 and the next option of a list, which is moved behind it; 0 at its end, or
 * -EBADMSG when one reaches beyond */
static int next_option(struct bytes *list, uint16_t *code, struct bytes *value)
{
	if (list->length == 0)
		return 0;
	if (list->length < OPTION_BYTES)
		return -EBADMSG;
	*code = get16(list->at);
	value->length = get16(list->at + 2);
	value->at = list->at + OPTION_BYTES;
	if (value->length > list->length - OPTION_BYTES)
		return -EBADMSG;
	list->at += OPTION_BYTES + value->length;
	list->length -= OPTION_BYTES + value->length;
	return 1;
}

/* ---- what it says; false: the message is none ------------------------------ */

/* there is one of each */
static bool read_duid(struct bytes value, struct dhcp6_duid *duid)
{
	if (duid->length || value.length < 3 || value.length > DHCP6_DUID_MAX)
		return false;
	duid->length = (uint8_t)value.length;
	memcpy(duid->bytes, value.at, value.length);
	return true;
}

static bool read_client(struct reading *reading, struct bytes value)
{
	return read_duid(value, &reading->answer->client);
}

static bool read_server(struct reading *reading, struct bytes value)
{
	return read_duid(value, &reading->answer->server);
}

/* The first that is not success; its text is for nobody. */
static bool read_status_into(struct bytes value, uint16_t *status)
{
	if (value.length < 2)
		return false;
	if (*status == DHCP6_STATUS_SUCCESS)
		*status = get16(value.at);
	return true;
}

static bool read_status(struct reading *reading, struct bytes value)
{
	return read_status_into(value, &reading->answer->status);
}

/* False when it is malformed; one that is not to be used is passed over. */
static bool read_address(struct dhcp6_answer *answer, struct bytes value)
{
	struct dhcp6_address address = { .ip.family = AF_INET6 };
	uint16_t code, status = DHCP6_STATUS_SUCCESS;
	struct bytes option;
	int result;

	if (value.length < ADDRESS_BYTES)
		return false;
	memcpy(address.ip.bytes, value.at, 16);
	address.preferred_s = get32(value.at + 16);
	address.valid_s = get32(value.at + 20);
	struct bytes list = { value.at + ADDRESS_BYTES,
		value.length - ADDRESS_BYTES };
	while ((result = next_option(&list, &code, &option)) > 0)
		if (code == OPTION_STATUS && !read_status_into(option, &status))
			return false;
	if (result < 0)
		return false;
	if (status == DHCP6_STATUS_SUCCESS &&
		address.preferred_s <= address.valid_s &&
		dhcp6_lease_may_have(&address.ip) &&
		answer->count < DHCP6_ADDRESSES_MAX)
		answer->addresses[answer->count++] = address;
	return true;
}

static bool read_ia(struct reading *reading, struct bytes value)
{
	struct dhcp6_answer *answer = reading->answer;
	struct bytes option;
	uint16_t code;
	int result;

	if (value.length < IA_BYTES)
		return false;
	if (get32(value.at) != reading->iaid)
		return true;
	if (answer->has_ia)
		return false; /* which of the two? */
	answer->has_ia = true;
	answer->t1_s = get32(value.at + 4);
	answer->t2_s = get32(value.at + 8);
	struct bytes list = { value.at + IA_BYTES, value.length - IA_BYTES };
	while ((result = next_option(&list, &code, &option)) > 0) {
		if (code == OPTION_STATUS &&
			!read_status_into(option, &answer->ia_status))
			return false;
		if (code == OPTION_ADDRESS && !read_address(answer, option))
			return false;
	}
	/* as if it were not there (21.4) */
	if (answer->t2_s && answer->t1_s > answer->t2_s) {
		answer->has_ia = false;
		answer->count = 0;
		answer->ia_status = DHCP6_STATUS_SUCCESS;
	}
	return result == 0;
}

static bool read_preference(struct reading *reading, struct bytes value)
{
	if (value.length == 1)
		reading->answer->preference = value.at[0];
	return true;
}

static bool read_rapid(struct reading *reading, struct bytes value)
{
	reading->answer->is_rapid |= value.length == 0;
	return true;
}

static bool read_dns(struct reading *reading, struct bytes value)
{
	struct dhcp6_names *names = &reading->answer->names;

	for (; value.length >= 16 && names->servers_count < DHCP6_SERVERS_MAX;
		value.at += 16, value.length -= 16) {
		struct ip ip = { .family = AF_INET6 };
		memcpy(ip.bytes, value.at, 16);
		if (ip_is_host(&ip))
			names->servers[names->servers_count++] = ip;
	}
	return true;
}

static bool read_search(struct reading *reading, struct bytes value)
{
	(void)labels_read_all(value.at, value.length, 0,
		reading->answer->names.search);
	return true;
}

static void add_clock(struct dhcp6_names *names, const char *clock)
{
	size_t used = strlen(names->clocks), length = strlen(clock);

	if (used + length + 2 > sizeof(names->clocks))
		return;
	if (used)
		names->clocks[used++] = ' ';
	memcpy(names->clocks + used, clock, length + 1);
}

/* One server (RFC 5908); of others there are more of these options. */
static bool read_clock(struct reading *reading, struct bytes value)
{
	char name[LABELS_TEXT_MAX], text[IP_TEXT_MAX];
	struct ip ip = { .family = AF_INET6 };
	struct bytes option;
	uint16_t code;

	while (next_option(&value, &code, &option) > 0) {
		size_t at = 0;

		if (code == CLOCK_ADDRESS && option.length == 16) {
			memcpy(ip.bytes, option.at, 16);
			if (dhcp6_lease_may_have(&ip))
				add_clock(&reading->answer->names,
					ip_print(&ip, text));
		}
		if (code == CLOCK_NAME &&
			labels_read(option.at, option.length, &at, name) > 0)
			add_clock(&reading->answer->names, name);
	}
	return true;
}

static void read_seconds(struct bytes value, uint32_t min, uint32_t max,
	uint32_t *seconds)
{
	if (value.length == 4 && get32(value.at) >= min &&
		get32(value.at) <= max)
		*seconds = get32(value.at);
}

static bool read_solicit_max(struct reading *reading, struct bytes value)
{
	read_seconds(value, MAX_RT_MIN, MAX_RT_MAX,
		&reading->answer->solicit_max_s);
	return true;
}

static bool read_information_max(struct reading *reading, struct bytes value)
{
	read_seconds(value, MAX_RT_MIN, MAX_RT_MAX,
		&reading->answer->information_max_s);
	return true;
}

static bool read_refresh(struct reading *reading, struct bytes value)
{
	read_seconds(value, 0, UINT32_MAX, &reading->answer->refresh_s);
	return true;
}

static const struct {
	uint16_t code;
	bool (*read)(struct reading *reading, struct bytes value);
} readers[] = {
	{ OPTION_CLIENT, read_client },
	{ OPTION_SERVER, read_server },
	{ OPTION_IA_NA, read_ia },
	{ OPTION_PREFERENCE, read_preference },
	{ OPTION_STATUS, read_status },
	{ OPTION_RAPID, read_rapid },
	{ OPTION_DNS, read_dns },
	{ OPTION_SEARCH, read_search },
	{ OPTION_CLOCK, read_clock },
	{ OPTION_SOLICIT_MAX, read_solicit_max },
	{ OPTION_INFORMATION_MAX, read_information_max },
	{ OPTION_REFRESH, read_refresh },
};

static bool read_option(struct reading *reading, uint16_t code,
	struct bytes value)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (readers[i].code == code)
			return readers[i].read(reading, value);
	return true;
}

int dhcp6_message_read(const uint8_t *bytes, size_t length, uint32_t iaid,
	struct dhcp6_answer *answer)
{
	struct reading reading = { answer, iaid };
	struct bytes value;
	uint16_t code;
	int result;

	*answer = (struct dhcp6_answer){ 0 };
	if (length < HEAD_BYTES || (bytes[0] != DHCP6_KIND_ADVERTISE &&
					   bytes[0] != DHCP6_KIND_REPLY))
		return -EBADMSG;
	answer->kind = bytes[0];
	answer->xid = get32(bytes) & 0xffffff;
	struct bytes list = { bytes + HEAD_BYTES, length - HEAD_BYTES };
	while ((result = next_option(&list, &code, &value)) > 0)
		if (!read_option(&reading, code, value))
			return -EBADMSG;
	if (result < 0 || !answer->client.length || !answer->server.length)
		return -EBADMSG;
	return 0;
}

/* ---- what we say ----------------------------------------------------------- */

struct writing {
	uint8_t *bytes;
	size_t length;
};

static void put16(struct writing *writing, unsigned value)
{
	writing->bytes[writing->length++] = (uint8_t)(value >> 8);
	writing->bytes[writing->length++] = (uint8_t)value;
}

static void put32(struct writing *writing, uint32_t value)
{
	put16(writing, value >> 16);
	put16(writing, value & 0xffff);
}

static void put(struct writing *writing, const void *bytes, size_t length)
{
	memcpy(writing->bytes + writing->length, bytes, length);
	writing->length += length;
}

static void put_option(struct writing *writing, unsigned code, size_t length)
{
	put16(writing, code);
	put16(writing, (unsigned)length);
}

static void put_duid(struct writing *writing, unsigned code,
	const struct dhcp6_duid *duid)
{
	put_option(writing, code, duid->length);
	put(writing, duid->bytes, duid->length);
}

static void put_ia(struct writing *writing,
	const struct dhcp6_question *question)
{
	put_option(writing, OPTION_IA_NA,
		IA_BYTES + question->count * (OPTION_BYTES + ADDRESS_BYTES));
	put32(writing, question->iaid);
	put32(writing, 0); /* the server chooses T1 and T2, and lifetimes */
	put32(writing, 0);
	for (unsigned i = 0; i < question->count; i++) {
		put_option(writing, OPTION_ADDRESS, ADDRESS_BYTES);
		put(writing, question->addresses[i].ip.bytes, 16);
		put32(writing, 0);
		put32(writing, 0);
	}
}

/* which options we would like; of a Confirm and a Decline nothing comes */
static void put_request(struct writing *writing, uint8_t kind)
{
	static const uint16_t wishes[] = { OPTION_DNS, OPTION_SEARCH,
		OPTION_CLOCK };
	const bool is_information = kind == DHCP6_KIND_INFORMATION;
	const size_t count = sizeof(wishes) / sizeof(*wishes);

	if (kind == DHCP6_KIND_CONFIRM || kind == DHCP6_KIND_DECLINE)
		return;
	put_option(writing, OPTION_REQUEST,
		2 * (count + (is_information ? 2 : 1)));
	for (size_t i = 0; i < count; i++)
		put16(writing, wishes[i]);
	put16(writing,
		is_information ? OPTION_INFORMATION_MAX : OPTION_SOLICIT_MAX);
	if (is_information)
		put16(writing, OPTION_REFRESH);
}

size_t dhcp6_message_write(const struct dhcp6_question *question,
	uint8_t bytes[DHCP6_QUESTION_MAX])
{
	struct writing writing = { .bytes = bytes };

	put32(&writing,
		(uint32_t)question->kind << 24 | (question->xid & 0xffffff));
	put_duid(&writing, OPTION_CLIENT, question->client);
	if (question->server)
		put_duid(&writing, OPTION_SERVER, question->server);
	put_option(&writing, OPTION_ELAPSED, 2);
	put16(&writing, question->elapsed_cs);
	put_request(&writing, question->kind);
	if (question->kind == DHCP6_KIND_SOLICIT)
		put_option(&writing, OPTION_RAPID, 0);
	if (question->has_ia)
		put_ia(&writing, question);
	return writing.length;
}
