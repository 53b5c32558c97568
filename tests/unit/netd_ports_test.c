// SPDX-License-Identifier: MIT
/*
 * netd_ports_test - which interfaces are looked after, when their DHCP clients
 * start and end, and what becomes of leases; no process and no interface is
 * real
 */
/* wrap: fork kill links_set_up clock_gettime kept_save kept_forget lease_read */
#include "ports.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "kept.h"
#include "lease.h"
#include "say.h"

static struct host host;
static pid_t next_pid, signalled;
static int last_signal, switched_on, saved, forgotten;
static int64_t fake_ms = 1000;
static bool cannot_fork;
static struct dhcp_lease file_lease;
static int64_t file_at_s;
static int file_result = -ENOENT;

pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
	errno = EAGAIN;
	return cannot_fork ? -1 : next_pid++;
}

int __wrap_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal)
{
	signalled = pid;
	last_signal = signal;
	return 0;
}

int __wrap_links_set_up(int fd, int index, uint32_t mtu);
int __wrap_links_set_up(int fd, int index, uint32_t mtu)
{
	(void)fd;
	switched_on += index > 0 && mtu == 0;
	return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	now->tv_sec = (time_t)(fake_ms / 1000);
	now->tv_nsec = fake_ms % 1000 * 1000000;
	return 0;
}

void __wrap_kept_save(const struct host *all, const struct port *port);
void __wrap_kept_save(const struct host *all, const struct port *port)
{
	saved += all == &host && port->lease_state == PORT_LEASE_FRESH;
}

void __wrap_kept_forget(const struct port *port);
void __wrap_kept_forget(const struct port *port)
{
	forgotten += port->index > 0;
}

int __wrap_lease_read(const char *path, struct dhcp_lease *lease,
	int64_t *at_s);
int __wrap_lease_read(const char *path, struct dhcp_lease *lease, int64_t *at_s)
{
	*lease = file_lease;
	*at_s = file_at_s;
	return strstr(path, "/run/tare/net/") == path ? file_result : -EINVAL;
}

static void want(const char *text)
{
	unsigned line;

	CHECK(wanted_parse(text, strlen(text), &host.wanted, &line) == 0);
	host.has_wanted = true;
}

static void start_anew(const char *text)
{
	memset(&host, 0, sizeof(host));
	next_pid = 100;
	signalled = last_signal = switched_on = saved = forgotten = 0;
	fake_ms += 100000;
	file_result = -ENOENT;
	if (text)
		want(text);
}

/* the kernel has this link now, and no other; NULL: none */
static void look(const char *name, bool has_carrier)
{
	host.links.count = name ? 1 : 0;
	if (name) {
		host.links.rows[0] = (struct link){ .index = 2,
			.is_ethernet = true,
			.is_up = true,
			.mtu = 1500,
			.has_carrier = has_carrier };
		(void)snprintf(host.links.rows[0].name, IF_NAMESIZE, "%s",
			name);
	}
	ports_update(&host, fake_ms);
}

/* when the next client is due, from now; -1: none is */
static int64_t run(void)
{
	int64_t next_ms = INT64_MAX;

	ports_run_clients(&host, fake_ms, &next_ms);
	return next_ms == INT64_MAX ? -1 : next_ms - fake_ms;
}

static void got_lease(void)
{
	file_result = 0;
	file_at_s = lease_now_s();
	file_lease = (struct dhcp_lease){ .address.lease_s = 600 };
	ports_read_lease(&host, host.ports);
}

static void test_comes_and_goes(void)
{
	struct port *port = host.ports;

	start_anew("end\n");
	CHECK(run() == -1);
	look("eth0", false);
	CHECK(port->index == 2 && port->block == 0);
	CHECK(run() == -1 && !port->client.pid); /* nobody would hear it */
	look("eth0", true);
	CHECK(run() == -1 && port->client.pid == 100);
	CHECK(run() == -1 && next_pid == 101); /* only one */
	look("eth0", false);
	CHECK(run() == -1 && port->client.pid == 100);
	look(NULL, false);
	CHECK(signalled == 100 && last_signal == SIGTERM && !port->index);
}

static void test_switched_on_before_anything_is_wanted(void)
{
	start_anew(NULL);
	look("eth0", false);
	CHECK(switched_on == 0 && host.ports[0].block == -1);
	host.links.rows[0].is_up = false;
	ports_update(&host, fake_ms);
	CHECK(switched_on == 1);
	host.links.rows[0].is_loopback = true;
	ports_update(&host, fake_ms);
	CHECK(host.ports[0].index == 0 && switched_on == 1);
}

static void test_link_flaps(void)
{
	start_anew("end\n");
	look("eth0", true);
	(void)run();
	for (int i = 0; i < 1000; i++) {
		look("eth0", false);
		look("eth0", true);
	}
	CHECK(signalled == 0); /* it has only begun to ask */
	CHECK(run() == 1001);  /* and does not hear us yet */
	fake_ms += 1001;
	CHECK(run() == 2000 && signalled == 100 && last_signal == SIGUSR1);
	got_lease();
	CHECK(run() == -1);
	signalled = 0;
	fake_ms += 30001;
	look("eth0", true);
	CHECK(signalled == 0); /* nothing changed */
	look("eth0", false);
	look("eth0", true);
	CHECK(signalled == 100 && last_signal == SIGUSR1);
	CHECK(next_pid == 101);
}

/* What is sent right after a link comes up is often lost: ask for a while. */
static void test_asks_again(void)
{
	start_anew("end\n");
	look("eth0", true);
	(void)run();
	fake_ms += 5000;
	look("eth0", false);
	look("eth0", true);
	for (int64_t wait_ms = 2000; wait_ms <= 64000; wait_ms *= 2) {
		CHECK(signalled == 100 && run() == wait_ms);
		signalled = 0;
		fake_ms += wait_ms - 1;
		CHECK(run() == 1 && signalled == 0);
		fake_ms++;
		(void)run();
	}
	CHECK(signalled == 0 && run() == -1); /* the client goes on by itself */
	look("eth0", false);
	look("eth0", true);
	CHECK(signalled == 100 && run() == 2000);
	got_lease();
	CHECK(run() == -1);
}

static void test_back_off(void)
{
	static const int waits[] = { 500, 1000, 2000, 4000, 8000, 16000, 30000,
		30000 };

	start_anew("end\n");
	look("eth0", true);
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		CHECK(run() == -1);
		ports_reaped(&host, host.ports[0].client.pid, 0);
		CHECK(run() == waits[i]);
		fake_ms += waits[i];
	}
	cannot_fork = true;
	CHECK(run() == 30000);
	cannot_fork = false;
}

static void test_not_wanted_any_more(void)
{
	start_anew("link device eth0\ndhcp\nend\n");
	look("eth0", true);
	(void)run();
	host.ports[0].lease_state = PORT_LEASE_FRESH;
	want("link device eth0\nmtu 1400\nend\n");
	look("eth0", true);
	CHECK(run() == -1 && signalled == 100 && last_signal == SIGTERM);
	CHECK(host.ports[0].lease_state == PORT_LEASE_NONE);
}

static void test_more_than_we_can_have(void)
{
	start_anew("end\n");
	for (int i = 0; i < HOST_PORTS_MAX + 8; i++)
		host.links.rows[i] = (struct link){ .index = i + 2,
			.name = "eth",
			.is_ethernet = true,
			.has_carrier = true };
	host.links.count = HOST_PORTS_MAX + 8;
	ports_update(&host, fake_ms);
	CHECK(ports_of(&host, 0) == NULL);
	CHECK(run() == -1 && next_pid == 100 + HOST_PORTS_MAX);
}

static void test_leases(void)
{
	struct port *port = host.ports;
	int64_t next_s = INT64_MAX;

	start_anew("end\n");
	look("eth0", true);
	CHECK(port->lease_state == PORT_LEASE_NONE);
	file_result = 0;
	file_at_s = lease_now_s() - 10;
	file_lease = (struct dhcp_lease){ .address.lease_s = 60 };
	ports_read_lease(&host, port);
	CHECK(port->lease_state == PORT_LEASE_FRESH && saved == 1);
	CHECK(!ports_expire(&host, &next_s) && next_s == lease_now_s() + 50);
	file_result = -EBADMSG; /* what cannot be read changes nothing */
	ports_read_lease(&host, port);
	CHECK(port->lease_state == PORT_LEASE_FRESH);
	fake_ms += 50000;
	CHECK(ports_expire(&host, &next_s));
	CHECK(port->lease_state == PORT_LEASE_NONE && forgotten == 0);

	file_result = 0; /* one that is over when it is read */
	ports_read_lease(&host, port);
	CHECK(port->lease_state == PORT_LEASE_NONE);
	file_lease.address.lease_s = DHCP_FOR_EVER;
	ports_read_lease(&host, port);
	next_s = INT64_MAX;
	fake_ms += 1LL << 40;
	CHECK(!ports_expire(&host, &next_s) &&
		port->lease_state == PORT_LEASE_FRESH);
	ports_refused(port); /* for ever, but for a NAK */
	CHECK(port->lease_state == PORT_LEASE_NONE && forgotten == 1);
}

/* a lease that was there before we were started is used at once */
static void test_restart(void)
{
	start_anew("end\n");
	file_result = 0;
	file_at_s = lease_now_s();
	file_lease = (struct dhcp_lease){ .address.lease_s = 60 };
	look("eth0", true);
	CHECK(host.ports[0].lease_state == PORT_LEASE_FRESH);
	CHECK(host.ports[0].lease_is_new);
}

static void test_renamed(void)
{
	start_anew("end\n");
	look("eth0", true);
	(void)run();
	look("wan0", true);
	CHECK(signalled == 100 && strcmp(host.ports[0].name, "wan0") == 0);
	CHECK(ports_named(&host, "wan0") == host.ports);
	CHECK(!ports_named(&host, "eth0"));
}

int main(void)
{
	say_notes_path = "/dev/null";
	RUN(test_comes_and_goes);
	RUN(test_switched_on_before_anything_is_wanted);
	RUN(test_link_flaps);
	RUN(test_asks_again);
	RUN(test_back_off);
	RUN(test_not_wanted_any_more);
	RUN(test_more_than_we_can_have);
	RUN(test_leases);
	RUN(test_restart);
	RUN(test_renamed);
	return check_done();
}
