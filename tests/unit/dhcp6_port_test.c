// SPDX-License-Identifier: MIT
/*
 * dhcp6_port_test - when netd's DHCPv6 clients start and end, and what becomes
 * of what they were given; no process is real
 */
/* wrap: fork kill clock_gettime dhcp6_lease_read file_replace unlink chown mkdir */
#include "dhcp6_port.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "host.h"
#include "ports.h"
#include "say.h"

static struct host host;
static struct port *port = &host.ports[0];
static pid_t next_pid, ended;
static int64_t now_ms, next_ms;
static struct dhcp6_lease file;
static int file_result;
static char replaced[128], removed[128];

pid_t __wrap_fork(void);
pid_t __wrap_fork(void)
{
	return next_pid++;
}

int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	ended = number == SIGTERM ? pid : -1;
	return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	time->tv_sec = (time_t)(now_ms / 1000);
	time->tv_nsec = now_ms % 1000 * 1000000;
	return 0;
}

int __wrap_dhcp6_lease_read(const char *path, struct dhcp6_lease *lease);
int __wrap_dhcp6_lease_read(const char *path, struct dhcp6_lease *lease)
{
	*lease = file;
	return strcmp(path, "/run/tare/net/dhcp6/eth0.lease") == 0 ? file_result
								   : -ENOENT;
}

int __wrap_file_replace(const char *path, const void *bytes, size_t length,
	mode_t mode);
int __wrap_file_replace(const char *path, const void *bytes, size_t length,
	mode_t mode)
{
	(void)snprintf(replaced, sizeof(replaced), "%s %o %.5s", path,
		(unsigned)mode, length > 5 ? (const char *)bytes : "");
	return 0;
}

int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	(void)snprintf(removed, sizeof(removed), "%s", path);
	return 0;
}

int __wrap_chown(const char *path, uid_t user, gid_t group);
int __wrap_chown(const char *path, uid_t user, gid_t group)
{
	(void)snprintf(replaced, sizeof(replaced), "%s %u %u", path,
		(unsigned)user, (unsigned)group);
	return 0;
}

int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	errno = EEXIST;
	return -1;
}

static void want(const char *text)
{
	unsigned line;

	CHECK(wanted_parse(text, strlen(text), &host.wanted, &line) == 0);
}

static void run(void)
{
	next_ms = INT64_MAX;
	dhcp6_port_run(&host, port, now_ms, &next_ms);
}

static void start_anew(const char *text)
{
	dhcp6_port_stop(port);
	memset(&host, 0, sizeof(host));
	*port = (struct port){ .index = 2,
		.name = "eth0",
		.has_carrier = true,
		.has_mac = true };
	next_pid = 100;
	ended = 0;
	now_ms = 100000;
	*replaced = *removed = '\0';
	file = (struct dhcp6_lease){ .server = { 3, "SRV" } };
	file_result = 0;
	want(text);
}

static void give(void)
{
	file.count = 2;
	(void)ip_parse("2001:db8::5", &file.addresses[0].ip);
	(void)ip_parse("2001:db8::6", &file.addresses[1].ip);
	dhcp6_port_read(&host, port);
}

/* what the client would read */
static const char *heard(int channel)
{
	static char text[128];
	ssize_t length = recv(channel, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* the config, M and O of the routers, and is there a lease: then what runs */
static const struct {
	const char *label, *config;
	bool is_managed, has_more, has_lease;
	enum dhcp6_mode before, mode;
} modes[] = {
	{ "nothing", "link device e\ndhcp\nend\n", true, true, false,
		DHCP6_MODE_NONE, DHCP6_MODE_NONE },
	{ "dhcp6", "link device e\ndhcp6\nend\n", false, false, false,
		DHCP6_MODE_NONE, DHCP6_MODE_ADDRESSES },
	{ "auto, M", "link device e\nauto\nend\n", true, false, false,
		DHCP6_MODE_NONE, DHCP6_MODE_ADDRESSES },
	{ "auto, O", "link device e\nauto\nend\n", false, true, false,
		DHCP6_MODE_NONE, DHCP6_MODE_NAMES },
	{ "auto, M and O", "link device e\nauto\nend\n", true, true, false,
		DHCP6_MODE_NAMES, DHCP6_MODE_ADDRESSES },
	{ "auto", "link device e\nauto\nend\n", false, false, false,
		DHCP6_MODE_NAMES, DHCP6_MODE_NONE },
	{ "auto, M no more", "link device e\nauto\nend\n", false, true, true,
		DHCP6_MODE_ADDRESSES, DHCP6_MODE_ADDRESSES },
	{ "auto, M no more, no lease", "link device e\nauto\nend\n", false,
		true, false, DHCP6_MODE_ADDRESSES, DHCP6_MODE_NAMES },
	{ "wanted no more", "link device e\nend\n", true, true, true,
		DHCP6_MODE_ADDRESSES, DHCP6_MODE_NONE },
};

static void test_when_it_runs(void)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		check_row(modes[i].label);
		start_anew(modes[i].config);
		port->dhcp6.mode = modes[i].before;
		if (modes[i].before)
			port->dhcp6.client.pid = 50;
		port->dhcp6.is_managed = modes[i].is_managed;
		port->dhcp6.has_more = modes[i].has_more;
		if (modes[i].has_lease)
			give();
		run();
		CHECK(port->dhcp6.mode == modes[i].mode);
		CHECK((port->dhcp6.client.pid > 0) ==
			(modes[i].mode != DHCP6_MODE_NONE));
		CHECK((ended == 50) ==
			(modes[i].before && modes[i].before != modes[i].mode));
		CHECK((port->dhcp6.lease.count > 0) ==
			(modes[i].has_lease && modes[i].mode));
	}
	check_row(NULL);
}

static void test_not_without_a_carrier(void)
{
	start_anew("link device e\ndhcp6\nend\n");
	port->has_carrier = false;
	run();
	CHECK(port->dhcp6.client.pid == 0);
	port->has_carrier = true;
	run();
	CHECK(port->dhcp6.client.pid == 100);
	port->has_carrier = false;
	run();
	CHECK(port->dhcp6.client.pid == 100); /* it stays */
	start_anew("link device e\ndhcp6\nend\n");
	port->is_member = true;
	run();
	CHECK(port->dhcp6.client.pid == 0);
}

static void test_one_that_ends_starts_later(void)
{
	start_anew("link device e\ndhcp6\nend\n");
	run();
	CHECK(child_reaped(&port->dhcp6.client, 100));
	run();
	CHECK(port->dhcp6.client.pid == 0 && next_ms == now_ms + 500);
	now_ms += 500;
	run();
	CHECK(port->dhcp6.client.pid == 101);
}

static void test_what_it_is_told(void)
{
	struct ip ip;
	int pair[2];

	start_anew("link device e\ndhcp6\nend\n");
	dhcp6_port_carrier(port); /* nobody hears it */
	if (!CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0))
		return;
	port->dhcp6.channel = pair[0];
	port->dhcp6.has_channel = true;
	dhcp6_port_carrier(port);
	CHECK(strcmp(heard(pair[1]), "carrier") == 0);
	give();
	CHECK(ip_parse("2001:db8::7", &ip) && !dhcp6_port_duplicate(port, &ip));
	CHECK(ip_parse("2001:db8::5", &ip) && dhcp6_port_duplicate(port, &ip));
	CHECK(strcmp(heard(pair[1]), "duplicate 2001:db8::5") == 0);
	CHECK(port->dhcp6.lease.count == 1);
	CHECK(!dhcp6_port_duplicate(port, &ip));
	(void)close(pair[1]);
	dhcp6_port_carrier(port); /* one that is gone: and netd lives on */
	dhcp6_port_stop(port);
	CHECK(!port->dhcp6.has_channel);
}

static void test_a_lease_is_kept(void)
{
	start_anew("link device e\ndhcp6\nend\n");
	port->dhcp6.mode = DHCP6_MODE_ADDRESSES;
	give();
	CHECK(port->dhcp6.lease.count == 2 && port->dhcp6.lease_is_new);
	CHECK(!*replaced); /* there is no place yet */
	host.has_data = true;
	give();
	CHECK(strcmp(replaced, "/data/net/eth0.lease6 600 at 0\n") == 0);
	file_result = -EBADMSG; /* one that is none changes nothing */
	dhcp6_port_read(&host, port);
	CHECK(port->dhcp6.lease.count == 2);
	*replaced = '\0';
	file_result = 0;
	file.count = 0;
	dhcp6_port_read(&host, port);
	CHECK(port->dhcp6.lease.count == 0 && !*replaced);
}

static void test_a_lease_that_nobody_wants(void)
{
	start_anew("link device e\nend\n");
	give(); /* of before a restart */
	run();
	CHECK(port->dhcp6.lease.count == 0);
	CHECK(strcmp(removed, "/run/tare/net/dhcp6/eth0.lease") == 0);
	/* while one that is wanted stays */
	start_anew("link device e\ndhcp6\nend\n");
	give();
	run();
	CHECK(port->dhcp6.lease.count == 2 && !*removed);
}

static void test_silence_is_told_once(void)
{
	char path[] = "/tmp/dhcp6_port_test.XXXXXX";
	struct stat about;
	int notes = mkstemp(path);

	say_notes_path = path;
	start_anew("link device e\ndhcp6\nend\n");
	run();
	CHECK(next_ms == now_ms + 15000);
	now_ms += 14999;
	run();
	CHECK(fstat(notes, &about) == 0 && about.st_size == 0);
	for (int i = 0; i < 3; i++) {
		now_ms++;
		run();
	}
	CHECK(fstat(notes, &about) == 0 && about.st_size == 48);
	want("link device e\nauto\nend\n");
	port->dhcp6.has_more = true;
	run(); /* names alone: nobody misses them */
	CHECK(port->dhcp6.mode == DHCP6_MODE_NAMES && next_ms == INT64_MAX);
	give();
	CHECK(port->dhcp6.silent_ms == 0 && !port->dhcp6.silence_is_told);
	say_notes_path = "/dev/null";
	(void)close(notes);
	(void)unlinkat(AT_FDCWD, path, 0);
}

static void test_the_folder_is_the_clients(void)
{
	dhcp6_port_make_folder();
	CHECK(strcmp(replaced, "/run/tare/net/dhcp6/ 65531 65531") == 0);
}

int main(void)
{
	say_notes_path = "/dev/null";
	RUN(test_when_it_runs);
	RUN(test_not_without_a_carrier);
	RUN(test_one_that_ends_starts_later);
	RUN(test_what_it_is_told);
	RUN(test_a_lease_is_kept);
	RUN(test_a_lease_that_nobody_wants);
	RUN(test_silence_is_told_once);
	RUN(test_the_folder_is_the_clients);
	return check_done();
}
