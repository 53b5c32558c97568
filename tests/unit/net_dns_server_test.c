// SPDX-License-Identifier: MIT
/* net_dns_server_test - files that change, streams, rights, and dig */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net_dns_world.h"

static void names_change(void)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;
	auto_fd fd = -1;

	/* written before it is asked: known, whatever the loop is at */
	for (int i = 1; i < 100; i++) {
		char text[512], wanted[64];

		(void)snprintf(text, sizeof(text),
			HEAD "name 3 changing 10.0.0.%d\nend\n", i);
		(void)snprintf(wanted, sizeof(wanted), "OK 1/0: 10.0.0.%d", i);
		CHECK(write_file("names", text));
		CHECK(text_equal(ask("127.0.1.2", "changing", 0), wanted));
	}
	/* a broken one changes nothing */
	CHECK(write_file("names", "version 1\n"));
	CHECK(text_equal(ask("127.0.1.2", "changing", 0), "OK 1/0: 10.0.0.99"));
	/* who is no longer in it is refused; the address goes, one comes */
	CHECK(write_file("names",
		"version 1\nlisten 127.9.0.1\nlisten ::1\nend\n"));
	CHECK(text_equal(ask("127.0.1.2", "changing", 0), "REFUSED 0/0:"));
	CHECK(write_file("names", "version 1\nlisten 127.9.0.2\nend\n"));
	while (!text_equal(ask("127.0.1.2", "web", 0), "nobody") &&
		clock_ms() < deadline_ms)
		;
	CHECK(clock_ms() < deadline_ms);
	CHECK(write_file("names", HEAD "end\n"));
	do {
		fd_close(&fd);
		fd = send_query("127.0.1.2", "web", DNS_TYPE_A, 0);
	} while (!text_equal(hear(fd), "OK 1/0: 172.20.0.100") &&
		 clock_ms() < deadline_ms);
	CHECK(clock_ms() < deadline_ms);
}

/* The server does not run while a question comes, then a new file, then another
 * question: it meets them in that order, and the last must know the file. */
static void names_change_in_between(void)
{
	auto_fd first = -1, second = -1;
	int status;

	CHECK(kill(server, SIGSTOP) == 0);
	CHECK(waitpid(server, &status, WUNTRACED) == server);
	first = send_query("127.0.1.2", "web", DNS_TYPE_A, 0);
	CHECK(write_file("names", HEAD "name 3 fresh 10.0.0.7\nend\n"));
	second = send_query("127.0.1.2", "fresh", DNS_TYPE_A, 0);
	CHECK(kill(server, SIGCONT) == 0);
	CHECK(text_equal(hear(first), "OK 1/0: 172.20.0.100"));
	CHECK(text_equal(hear(second), "OK 1/0: 10.0.0.7"));
}

static void by_stream(void)
{
	uint8_t bytes[700];
	auto_fd fd = client(SOCK_STREAM, "127.0.1.2");
	auto_fd stranger = client(SOCK_STREAM, "127.0.1.99");
	size_t size = test_query(bytes + 2, 1, "web", DNS_TYPE_A, 0);

	dns_put16(bytes, (uint16_t)size);
	for (int i = 0; i < 3; i++)
		CHECK(text_equal(ask_stream(fd, "web", 0),
			"OK 1/0: 172.20.0.100"));
	/* byte by byte, and then three at once */
	for (size_t i = 0; i < size + 2; i++)
		CHECK(send(fd, bytes + i, 1, 0) == 1);
	CHECK(fd_read_full(fd, received, 2 + size + 16) == (ssize_t)size + 18);
	memcpy(bytes + size + 2, bytes, size + 2);
	memcpy(bytes + 2 * (size + 2), bytes, size + 2);
	CHECK(send(fd, bytes, 3 * (size + 2), 0) == (ssize_t)(3 * (size + 2)));
	CHECK(fd_read_full(fd, received, 3 * (size + 18)) ==
		(ssize_t)(3 * (size + 18)));
	/* a length that cannot be */
	CHECK(send(fd, "\0\1x", 3, 0) == 3);
	CHECK(is_closed(fd));
	CHECK(is_closed(stranger));
}

static void streams_are_limited(void)
{
	int fds[DNS_STREAMS_PER_CLIENT + 1];
	auto_fd other = -1;

	for (int i = 0; i <= DNS_STREAMS_PER_CLIENT; i++)
		fds[i] = client(SOCK_STREAM, "127.0.1.2");
	for (int i = 0; i < DNS_STREAMS_PER_CLIENT; i++)
		CHECK(text_equal(ask_stream(fds[i], "web", 0),
			"OK 1/0: 172.20.0.100"));
	CHECK(is_closed(fds[DNS_STREAMS_PER_CLIENT]));
	other = client(SOCK_STREAM, "127.0.1.3");
	CHECK(text_equal(ask_stream(other, "web", 0), "OK 1/0: 172.20.0.100"));
	for (int i = 0; i <= DNS_STREAMS_PER_CLIENT; i++)
		fd_close(&fds[i]);
}

/* What the server is left with, as the kernel sees it. */
static void rights(void)
{
	char path[64];
	char text[4096] = "";
	auto_fd fd = -1;

	if (geteuid() != 0) {
		skip_reason = "it needs root";
		return;
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd_read_full(fd, text, sizeof(text) - 1) > 0);
	CHECK(strstr(text, "\nUid:\t61053\t61053\t61053\t61053\n"));
	CHECK(strstr(text, "\nGid:\t61053\t61053\t61053\t61053\n"));
	CHECK(strstr(text, "\nCapPrm:\t0000000000000400\n"));
	CHECK(strstr(text, "\nCapEff:\t0000000000000400\n"));
	CHECK(strstr(text, "\nCapInh:\t0000000000000000\n"));
	CHECK(strstr(text, "\nNoNewPrivs:\t1\n"));
	CHECK(strstr(text, "\nSeccomp:\t2\n"));
	CHECK(strstr(text, "\nGroups:\t \n"));
}

/* ---- a server and a client of others */

static bool has_tools(void)
{
	return access("/usr/sbin/unbound", X_OK) == 0 &&
	       access("/usr/bin/dig", X_OK) == 0;
}

static pid_t start_unbound(void)
{
	static const char conf[] =
		"server:\n interface: 127.53.0.1\n do-daemonize: no\n"
		" access-control: 127.0.0.0/8 allow\n chroot: \"\"\n"
		" username: \"\"\n pidfile: \"\"\n use-syslog: no\n"
		" do-not-query-localhost: no\n num-threads: 1\n"
		" local-zone: \"example.\" static\n"
		" local-data: \"example. 60 SOA a. b. 1 2 3 4 5\"\n"
		" local-data: \"one.example. 60 A 192.0.2.7\"\n"
		" local-data: \"text.example. 60 TXT 'some text'\"\n"
		"remote-control:\n control-enable: no\n";
	char path[64];
	pid_t pid;

	CHECK(write_file("unbound.conf", conf));
	(void)snprintf(path, sizeof(path), "%s/unbound.conf", folder);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(null, STDERR_FILENO);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execl("/usr/sbin/unbound", "unbound", "-d", "-c", path,
			(char *)NULL);
		_exit(127);
	}
	return pid;
}

/* What dig prints, its lines after each other. */
static const char *dig(const char *name, const char *type, const char *how)
{
	static char text[4096];
	int pipes[2];
	ssize_t size;
	pid_t pid;

	CHECK(pipe2(pipes, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(pipes[1], STDOUT_FILENO);
		(void)execl("/usr/bin/dig", "dig", "-b", "127.0.1.2",
			"@127.9.0.1", "+noall", "+comments", "+answer", how,
			name, type, (char *)NULL);
		_exit(127);
	}
	(void)close(pipes[1]);
	size = fd_read_full(pipes[0], text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	(void)close(pipes[0]);
	(void)waitpid(pid, NULL, 0);
	return text;
}

static void unbound_and_dig(void)
{
	int64_t deadline_ms = clock_ms() + DEADLINE_MS;
	pid_t unbound;

	if (!has_tools()) {
		skip_reason = "unbound or dig is not installed";
		return;
	}
	unbound = start_unbound();
	CHECK(write_file("resolv.conf", "nameserver 127.53.0.1\n"));
	while (!strstr(dig("one.example", "A", "+notcp"), "192.0.2.7") &&
		clock_ms() < deadline_ms)
		;
	CHECK(strstr(dig("one.example", "A", "+tcp"), "192.0.2.7"));
	CHECK(strstr(dig("one.example", "A", "+noedns"), "status: NOERROR"));
	CHECK(strstr(dig("text.example", "TXT", "+dnssec"), "some text"));
	CHECK(strstr(dig("text.example", "TXT", "+dnssec"), "flags: do"));
	CHECK(strstr(dig("none.example", "A", "+notcp"), "status: NXDOMAIN"));
	CHECK(strstr(dig("one.example", "AAAA", "+notcp"), "status: NOERROR"));
	CHECK(strstr(dig("web", "A", "+notcp"), "172.20.0.100"));
	CHECK(strstr(dig("web", "A", "+edns=1"), "172.20.0.100"));
	CHECK(!strstr(dig("web", "A", "+notcp"), "WARNING"));
	CHECK(!strstr(dig("web", "MX", "+tcp"), "WARNING"));
	(void)kill(unbound, SIGKILL);
	(void)waitpid(unbound, NULL, 0);
}

TEST(names_change)
TEST(names_change_in_between)
TEST(by_stream)
TEST(streams_are_limited)
TEST(rights)
TEST(unbound_and_dig)

int main(void)
{
	RUN(test_names_change);
	RUN(test_names_change_in_between);
	RUN(test_by_stream);
	RUN(test_streams_are_limited);
	RUN(test_rights);
	RUN(test_unbound_and_dig);
	return check_done();
}
