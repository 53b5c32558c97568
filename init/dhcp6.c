/* SPDX-License-Identifier: MIT */
/*
 * dhcp6 - a DHCPv6 client of one interface, started by netd (RFC 8415).
 *
 * As root it opens its socket; then it is a user without rights, and hears
 * servers. What they gave it writes to a file, which netd reads. netd tells it
 * by its standard input, one word or two in a packet:
 *
 *   carrier            the link came back, perhaps to another network
 *   duplicate ADDRESS  another host has the address
 *
 * and ends it by closing that, or with a signal: leases stay.
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dhcp6_confine.h"
#include "dhcp6_machine.h"
#include "file.h"
#include "say.h"

#define PORT_CLIENT 546
#define PORT_SERVER 547
#define PATH_LEN    64
#define ROUND_MAX   64 /* messages that are heard between two looks at time */

struct client {
	struct dhcp6_machine machine;
	const char *interface;
	int socket;
	struct sockaddr_in6 servers;
	char path[PATH_LEN];
};

static struct dhcp6_now look_at_time(void)
{
	struct dhcp6_now now = { 0 };
	struct timespec time;

	(void)clock_gettime(CLOCK_BOOTTIME, &time);
	now.ms = time.tv_sec * 1000LL + time.tv_nsec / 1000000;
	/* the first bits of a boot are better than none: nothing is secret */
	(void)getrandom(&now.random, sizeof(now.random), GRND_INSECURE);
	return now;
}

/* All servers and relays of the link; who answers does so to our port. */
static int open_socket(struct client *client)
{
	const struct sockaddr_in6 own = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT_CLIENT),
	};
	const int on = 1;

	client->servers = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT_SERVER),
		.sin6_addr.s6_addr = { 0xff, 2, [13] = 1, [15] = 2 },
		.sin6_scope_id = if_nametoindex(client->interface),
	};
	client->socket = socket(AF_INET6,
		SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (client->servers.sin6_scope_id == 0 || client->socket < 0 ||
		setsockopt(client->socket, SOL_SOCKET, SO_BINDTODEVICE,
			client->interface,
			(socklen_t)strlen(client->interface)) < 0 ||
		setsockopt(client->socket, IPPROTO_IPV6, IPV6_V6ONLY, &on,
			sizeof(on)) < 0 ||
		/* the client before may just be ending */
		setsockopt(client->socket, SOL_SOCKET, SO_REUSEADDR, &on,
			sizeof(on)) < 0 ||
		bind(client->socket, (const struct sockaddr *)&own,
			sizeof(own)) < 0)
		return -errno;
	return 0;
}

static void write_lease(struct client *client)
{
	char text[DHCP6_LEASE_MAX];
	size_t length = dhcp6_lease_print(&client->machine.lease, text);
	int result = file_replace(client->path, text, length, 0644);

	if (result < 0)
		say("net", "%s: write '%s': %s", client->interface,
			client->path, strerror(-result));
	client->machine.lease_is_new = result < 0; /* again when it wakes */
}

static void speak(struct client *client)
{
	uint8_t bytes[DHCP6_QUESTION_MAX];
	const struct dhcp6_now now = look_at_time();
	size_t length = dhcp6_machine_run(&client->machine, &now, bytes);

	/* no address of the link yet, most of the time */
	if (length && sendto(client->socket, bytes, length, 0,
			      (const struct sockaddr *)&client->servers,
			      sizeof(client->servers)) < 0)
		dhcp6_machine_unsent(&client->machine, &now);
}

/* one message; false when there is none */
static bool hear(struct client *client)
{
	static uint8_t bytes[DHCP6_MESSAGE_MAX];
	struct sockaddr_in6 sender = { 0 };
	socklen_t size = sizeof(sender);
	struct ip from = { .family = AF_INET6 };
	struct dhcp6_answer answer;

	/* MSG_TRUNC: its whole length, so that a part is not taken for it */
	ssize_t length = recvfrom(client->socket, bytes, sizeof(bytes),
		MSG_TRUNC, (struct sockaddr *)&sender, &size);
	if (length < 0)
		return errno != EAGAIN;
	memcpy(from.bytes, &sender.sin6_addr, sizeof(from.bytes));
	if ((size_t)length > sizeof(bytes) || size != sizeof(sender) ||
		!ip_is_link_local(&from) ||
		dhcp6_message_read(bytes, (size_t)length, client->machine.iaid,
			&answer) < 0)
		return true;
	const struct dhcp6_now now = look_at_time();
	dhcp6_machine_hear(&client->machine, &now, &answer, &from);
	return true;
}

/* what netd says; false at the end */
static bool obey(struct client *client)
{
	static const char duplicate[] = "duplicate ";
	char text[IP_TEXT_MAX + sizeof(duplicate)];
	const struct dhcp6_now now = look_at_time();
	struct ip ip;

	ssize_t length =
		recv(STDIN_FILENO, text, sizeof(text) - 1, MSG_DONTWAIT);
	if (length <= 0)
		return length < 0 && (errno == EAGAIN || errno == EINTR);
	text[length] = '\0';
	if (strcmp(text, "carrier") == 0)
		dhcp6_machine_carrier(&client->machine, &now);
	else if (strncmp(text, duplicate, strlen(duplicate)) == 0 &&
		 ip_parse(text + strlen(duplicate), &ip))
		dhcp6_machine_duplicate(&client->machine, &now, &ip);
	return true;
}

static int wait_ms(const struct dhcp6_machine *machine)
{
	const int64_t next_ms = dhcp6_machine_next(machine);
	int64_t left_ms;

	if (next_ms == INT64_MAX)
		return -1;
	left_ms = next_ms - look_at_time().ms;
	if (left_ms < 0)
		return 0;
	return left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static void run(struct client *client)
{
	struct pollfd waits[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = client->socket, .events = POLLIN },
	};

	for (;;) {
		speak(client);
		if (client->machine.lease_is_new)
			write_lease(client);
		if (poll(waits, 2, wait_ms(&client->machine)) <= 0)
			continue;
		if (waits[0].revents && !obey(client))
			return;
		for (int i = 0; waits[1].revents && i < ROUND_MAX; i++)
			if (!hear(client))
				break;
	}
}

static bool add_hint(struct dhcp6_machine *machine, const char *text)
{
	struct dhcp6_address hint = { 0 };

	if (machine->hints_count == DHCP6_ADDRESSES_MAX ||
		!ip_parse(text, &hint.ip) || !dhcp6_lease_may_have(&hint.ip))
		return false;
	machine->hints[machine->hints_count++] = hint;
	return true;
}

static bool read_iaid(const char *text, uint32_t *iaid)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 16);
	*iaid = (uint32_t)value;
	return *text && !*end && !errno && value <= UINT32_MAX;
}

static bool read_options(int argc, char **argv, struct client *client)
{
	struct dhcp6_machine *machine = &client->machine;
	bool has_iaid = false;
	int option;

	while ((option = getopt(argc, argv, "a:d:i:n")) >= 0) {
		bool is_good = option != '?';

		if (option == 'a')
			is_good = add_hint(machine, optarg);
		else if (option == 'd')
			is_good = dhcp6_id_parse(optarg, &machine->id);
		else if (option == 'i')
			is_good = has_iaid = read_iaid(optarg, &machine->iaid);
		else if (option == 'n')
			machine->is_stateless = true;
		if (!is_good)
			return false;
	}
	if (optind != argc - 1 || !has_iaid || !machine->id.length)
		return false;
	client->interface = argv[optind];
	return *client->interface && strlen(client->interface) < IF_NAMESIZE &&
	       !strchr(client->interface, '/');
}

int main(int argc, char **argv)
{
	static struct client client;
	int result;

	if (!read_options(argc, argv, &client)) {
		(void)dprintf(STDERR_FILENO,
			"usage: dhcp6 [-n] [-a address] -d duid -i iaid "
			"interface\n");
		return EXIT_FAILURE;
	}
	result = open_socket(&client);
	if (result < 0) {
		note("net", "%s: open the socket of DHCPv6: %s",
			client.interface, strerror(-result));
		return EXIT_FAILURE;
	}
	(void)snprintf(client.path, sizeof(client.path),
		DHCP6_FOLDER "%s.lease", client.interface);
	if (dhcp6_confine() < 0) {
		note("net", "%s: give up rights: %m", client.interface);
		return EXIT_FAILURE;
	}
	/* there is none at the first start */
	(void)dhcp6_lease_read(client.path, &client.machine.lease);
	const struct dhcp6_now now = look_at_time();
	dhcp6_machine_begin(&client.machine, &now);
	run(&client);
	return EXIT_SUCCESS;
}
