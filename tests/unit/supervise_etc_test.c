// SPDX-License-Identifier: MIT
/* tests of supervise/etc: hosts, hostname and resolv.conf of a container */
#include "supervise/etc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "config/service.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

static char base[] = "/tmp/tare-etc-XXXXXX";
static int base_fd;

static struct address address_of(const char *text)
{
	struct address address;

	CHECK(address_parse(text, &address) == 0);
	return address;
}

static bool says(const char *name, const char *should)
{
	auto_free char *text = NULL;

	if (fd_read_file(base_fd, name, 1 << 20, &text, NULL, NULL) < 0)
		return should == NULL;
	if (should && text_equal(text, should))
		return true;
	printf("# %s is:\n%s", name, text);
	return false;
}

static int write_all(const struct service *service, const struct etc_net *net,
	struct error *err)
{
	auto_arena arena = { 0 };

	(void)unlinkat(base_fd, "hosts", 0);
	(void)unlinkat(base_fd, "hostname", 0);
	(void)unlinkat(base_fd, "resolv.conf", 0);
	return etc_write(base_fd, service, net, &arena, err);
}

#define LOCAL "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"

/* Without networks of its own: the machine's name servers, a loopback name. */
static void test_plain(void)
{
	const struct service service = { .name = "web" };
	const struct etc_net net = { .server_count = 0 };
	struct error err;

	CHECK(write_all(&service, &net, &err) == 0);
	CHECK(says("hostname", "web\n"));
	CHECK(says("hosts", LOCAL "127.0.1.1\tweb\n"));
	CHECK(says("resolv.conf", NULL));
}

static void test_networks(void)
{
	static const char *domains[] = { "example.org", "lan" };
	static const char *options[] = { "ndots:1", "edns0" };
	struct extra_host hosts[2] = { { .name = "db" }, { .name = "up" } };
	struct service service = { .name = "web",
		.hostname = "front",
		.extra_hosts = hosts,
		.extra_host_count = 2,
		.dns_search = { domains, 2, true },
		.dns_opt = { options, 2, true } };
	struct etc_net net = { .address_count = 2, .server_count = 2 };
	struct error err;

	hosts[0].address = address_of("192.0.2.7");
	net.addresses[0] = address_of("172.18.0.2");
	net.addresses[1] = address_of("fd00::2");
	net.servers[0] = address_of("172.18.0.1");
	net.servers[1] = address_of("fd00::1");
	net.host_gateway = address_of("172.18.0.1");
	CHECK(write_all(&service, &net, &err) == 0);
	CHECK(says("hostname", "front\n"));
	CHECK(says("hosts", LOCAL "172.18.0.2\tfront\nfd00::2\tfront\n"
				  "192.0.2.7\tdb\n172.18.0.1\tup\n"));
	CHECK(says("resolv.conf", "nameserver 172.18.0.1\nnameserver fd00::1\n"
				  "search example.org lan\n"
				  "options ndots:1 edns0\n"));

	/* written anew, also when there is less */
	service.dns_search.count = service.dns_opt.count = 0;
	service.extra_host_count = 0;
	net.address_count = net.server_count = 1;
	auto_arena arena = { 0 };

	CHECK(etc_write(base_fd, &service, &net, &arena, &err) == 0);
	CHECK(says("hosts", LOCAL "172.18.0.2\tfront\n"));
	CHECK(says("resolv.conf", "nameserver 172.18.0.1\noptions ndots:0\n"));
}

/* Where there is no bridge, the machine is its own loopback. */
static void test_host_gateway(void)
{
	struct extra_host up = { .name = "up" };
	struct service service = { .name = "web",
		.extra_hosts = &up,
		.extra_host_count = 1 };
	const struct etc_net net = { .server_count = 0 };
	struct error err;

	CHECK(write_all(&service, &net, &err) == 0);
	CHECK(says("hosts", LOCAL "127.0.1.1\tweb\n127.0.0.1\tup\n"));
}

static void test_uts_of_the_machine(void)
{
	struct service service = { .name = "web",
		.hostname = "front",
		.has_host_uts = true };
	const struct etc_net net = { .server_count = 0 };
	char own[128] = "";
	char line[140];
	struct error err;

	CHECK(gethostname(own, sizeof(own) - 1) == 0);
	(void)snprintf(line, sizeof(line), "%s\n", own);
	CHECK(write_all(&service, &net, &err) == 0);
	CHECK(says("hostname", line));
}

/* Half of the names would be worse than none. */
static void test_too_many_hosts(void)
{
	static struct extra_host hosts[4096];
	struct service service = { .name = "web",
		.extra_hosts = hosts,
		.extra_host_count = 1024 };
	const struct etc_net net = { .server_count = 0 };
	struct error err;

	for (size_t i = 0; i < 4096; i++)
		hosts[i] = (struct extra_host){ "a-name.example.org",
			address_of("192.0.2.100") };
	CHECK(write_all(&service, &net, &err) == 0);
	service.extra_host_count = 4096;
	CHECK(write_all(&service, &net, &err) == -E2BIG);
	CHECK(strstr(err.text, "write 'hosts': it has more than"));
	CHECK(says("hosts", NULL));
}

static void test_faults(void)
{
	const struct service service = { .name = "web" };
	const struct etc_net net = { .server_count = 0 };
	auto_arena small = { .limit_bytes = 512 };
	auto_arena arena = { 0 };
	struct error err;

	CHECK(etc_write(base_fd, &service, &net, &small, &err) == -ENOMEM);
	/* what a container has put in its place is not followed */
	CHECK(unlinkat(base_fd, "hosts", 0) == 0 || errno == ENOENT);
	CHECK(symlinkat("elsewhere", base_fd, "hosts") == 0);
	CHECK(etc_write(base_fd, &service, &net, &arena, &err) == -ELOOP);
	CHECK(strstr(err.text, "write 'hosts'"));
	CHECK(faccessat(base_fd, "elsewhere", F_OK, 0) < 0);
}

/* The container sees the file by a mount of its own: it must be the same. */
static void test_renews(void)
{
	const struct service service = { .name = "web" };
	struct etc_net net = { .address_count = 2, .server_count = 1 };
	struct error err;
	struct stat before, after;

	net.addresses[0] = address_of("172.18.0.2");
	net.addresses[1] = address_of("172.19.0.2");
	net.servers[0] = address_of("172.18.0.1");
	CHECK(etc_renew(base_fd, &service, &net, &err) == -ENOENT);
	CHECK(strstr(err.text, "open 'containers/web': No such file"));
	CHECK(fd_make_dirs(base_fd, "containers/web", 0755, NULL) == 0);
	CHECK(etc_renew(base_fd, &service, &net, &err) == 0);
	CHECK(says("containers/web/hosts",
		LOCAL "172.18.0.2\tweb\n172.19.0.2\tweb\n"));
	CHECK(fstatat(base_fd, "containers/web/hosts", &before, 0) == 0);
	net.address_count = 1;
	net.addresses[0] = address_of("172.20.0.2");
	net.servers[0] = address_of("172.20.0.1");
	CHECK(etc_renew(base_fd, &service, &net, &err) == 0);
	CHECK(says("containers/web/hosts", LOCAL "172.20.0.2\tweb\n"));
	CHECK(says("containers/web/resolv.conf",
		"nameserver 172.20.0.1\noptions ndots:0\n"));
	CHECK(fstatat(base_fd, "containers/web/hosts", &after, 0) == 0);
	CHECK(before.st_ino == after.st_ino);
}

int main(void)
{
	if (!mkdtemp(base))
		return 1;
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	RUN(test_plain);
	RUN(test_networks);
	RUN(test_host_gateway);
	RUN(test_uts_of_the_machine);
	RUN(test_too_many_hosts);
	RUN(test_faults);
	RUN(test_renews);
	(void)close(base_fd);
	CHECK(fd_remove_tree(AT_FDCWD, base, NULL) == 0);
	return check_done();
}
