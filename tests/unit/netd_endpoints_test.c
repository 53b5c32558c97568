// SPDX-License-Identifier: MIT
/*
 * netd_endpoints_test - names of peers are looked up until all are known, in a
 * child that is real; its name server and its kernel are not
 */
/* wrap: getaddrinfo freeaddrinfo wireguard_set_endpoint child_drop_rights */
#include "endpoints.h"

#include <linux/capability.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "check.h"
#include "wireguard.h"

#define KEY "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="

static struct host host;
static const char *known; /* the name that the name server knows */
static const char *address;
static int kernel_result, rights_result;

/* a loopback address first, which no peer can have, then the address */
int __wrap_getaddrinfo(const char *name, const char *service,
	const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *service,
	const struct addrinfo *hints, struct addrinfo **found)
{
	static struct sockaddr_in addresses[2];
	static struct addrinfo list[2];
	struct ip ip;

	(void)service;
	if (strcmp(name, known) != 0 || !ip_parse(address, &ip))
		return EAI_AGAIN;
	addresses[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(&addresses[1].sin_addr, ip.bytes, 4);
	for (int i = 0; i < 2; i++)
		list[i] = (struct addrinfo){ .ai_family = AF_INET,
			.ai_socktype = hints->ai_socktype,
			.ai_addr = (struct sockaddr *)&addresses[i] };
	list[0].ai_next = &list[1];
	*found = list;
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *found);
void __wrap_freeaddrinfo(struct addrinfo *found)
{
	(void)found;
}

int __wrap_wireguard_set_endpoint(int index, const struct wanted_peer *peer,
	const struct ip *endpoint);
int __wrap_wireguard_set_endpoint(int index, const struct wanted_peer *peer,
	const struct ip *endpoint)
{
	struct ip ip;

	(void)ip_parse("192.0.2.7", &ip);
	if (index != 7 || peer->port != 51820 || !ip_equal(&ip, endpoint))
		_Exit(99);
	return kernel_result;
}

int __wrap_child_drop_rights(unsigned right);
int __wrap_child_drop_rights(unsigned right)
{
	return right == CAP_NET_ADMIN ? rights_result : -1;
}

static struct port *start_anew(void)
{
	static const char file[] =
		"link wireguard w 0\n"
		"peer " KEY " 192.0.2.1:1 0 - 10.0.0.0/8\n"
		"peer " KEY " vpn.example:51820 0 - 10.0.0.0/8\n"
		"link wireguard x 0\npeer " KEY " - 0 - 10.0.0.0/8\n"
		"end\n";
	unsigned line;

	known = "vpn.example";
	address = "192.0.2.7";
	kernel_result = rights_result = 0;
	memset(&host, 0, sizeof(host));
	CHECK(wanted_parse(file, sizeof(file) - 1, &host.wanted, &line) == 0);
	host.ports[0] = (struct port){ .index = 7, .has_names = true };
	return &host.ports[0];
}

/* the exit status of the child that is started now; -1: none is */
static int run(struct port *port)
{
	int64_t next_ms = INT64_MAX;
	int status = -1;

	endpoints_run(&host, port, INT64_MAX - 1, &next_ms);
	pid_t pid = port->resolver.pid;
	if (!pid)
		return -1;
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(!endpoints_reaped(port, pid + 1, 0) && port->resolver.pid == pid);
	CHECK(endpoints_reaped(port, pid, status) && !port->resolver.pid);
	return WEXITSTATUS(status);
}

static void test_which_blocks(void)
{
	(void)start_anew();
	CHECK(endpoints_any(&host.wanted, 0));
	CHECK(!endpoints_any(&host.wanted, 1));
}

static void test_known(void)
{
	struct port *port = start_anew();

	CHECK(run(port) == 0 && !port->has_names);
	CHECK(run(port) == -1); /* it is done */
}

static void test_until_it_is_known(void)
{
	struct port *port = start_anew();

	known = "other.example";
	CHECK(run(port) == 1 && port->has_names);
	CHECK(port->resolver.wait_ms == 500);
	known = "vpn.example";
	CHECK(run(port) == 0 && !port->has_names);
}

static void test_failures(void)
{
	struct port *port = start_anew();

	address = "127.0.0.1"; /* nobody's */
	CHECK(run(port) == 1);
	port = start_anew();
	kernel_result = -1;
	CHECK(run(port) == 1 && port->has_names);
	port = start_anew();
	rights_result = -1;
	CHECK(run(port) == 1 && port->has_names);
}

int main(void)
{
	RUN(test_which_blocks);
	RUN(test_known);
	RUN(test_until_it_is_known);
	RUN(test_failures);
	return check_done();
}
