// SPDX-License-Identifier: MIT
/*
 * netd_links_test - what netd makes of the kernel's links, and when it starts
 * and ends clients; no process and no interface is real
 */
/* wrap: fork kill nl_dump nl_link_set waitpid resolv_forget clock_gettime */
int netd_main(void);
#define main netd_main
#include "netd.c"
#undef main

#include "check.h"

/* a link as RTM_NEWLINK tells of it */
struct link {
	int index;
	const char *name, *kind;
	unsigned short type;
	unsigned flags;
	bool has_master;
};

static const struct link *links;
static size_t links_count;
static int dump_result;
static pid_t next_pid = 100, signalled, to_reap;
static int last_signal, forgotten;
static int64_t fake_ms = 1000;
static bool cannot_fork;

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

pid_t __wrap_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	pid_t ended = to_reap;

	(void)pid;
	(void)options;
	*status = 0;
	to_reap = 0;
	return ended;
}

int __wrap_nl_link_set(int fd, int interface, uint32_t mtu);
int __wrap_nl_link_set(int fd, int interface, uint32_t mtu)
{
	(void)fd;
	(void)interface;
	return mtu == 0 ? 0 : -EINVAL;
}

int __wrap_resolv_forget(const char *folder, const char *interface);
int __wrap_resolv_forget(const char *folder, const char *interface)
{
	forgotten += *folder && *interface;
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

static size_t put(char *at, unsigned short type, const void *value, size_t size)
{
	const struct rtattr head = {
		.rta_len = (unsigned short)RTA_LENGTH(size),
		.rta_type = type,
	};

	memcpy(at, &head, sizeof(head));
	memcpy(at + RTA_LENGTH(0), value, size);
	return RTA_SPACE(size);
}

static void tell(const struct link *link, nl_visit *visit, void *context)
{
	static _Alignas(8) char bytes[512];
	struct nlmsghdr *head = (struct nlmsghdr *)(void *)bytes;
	struct ifinfomsg *body =
		(struct ifinfomsg *)(void *)(bytes + NLMSG_HDRLEN);
	size_t at = NLMSG_SPACE(sizeof(*body));

	memset(bytes, 0, sizeof(bytes));
	body->ifi_index = link->index;
	body->ifi_type = link->type ? link->type : ARPHRD_ETHER;
	body->ifi_flags = link->flags;
	at += put(bytes + at, IFLA_IFNAME, link->name, strlen(link->name) + 1);
	if (link->has_master)
		at += put(bytes + at, IFLA_MASTER, &link->index, 4);
	if (link->kind) {
		char nested[32] = { 0 };
		size_t length = put(nested, IFLA_INFO_KIND, link->kind,
			strlen(link->kind) + 1);
		at += put(bytes + at, IFLA_LINKINFO, nested, length);
	}
	head->nlmsg_type = RTM_NEWLINK;
	head->nlmsg_len = (uint32_t)at;
	visit(head, context);
}

int __wrap_nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context);
int __wrap_nl_dump(int fd, uint16_t kind, uint8_t family, nl_visit *visit,
	void *context)
{
	(void)fd;
	(void)kind;
	(void)family;
	for (size_t i = 0; i < links_count; i++)
		tell(&links[i], visit, context);
	return dump_result;
}

static void start_anew(void)
{
	memset(ports, 0, sizeof(ports));
	dump_result = 0;
	next_pid = 100;
	signalled = last_signal = forgotten = 0;
	fake_ms += 100000;
}

static void look(const struct link *now, size_t count)
{
	links = now;
	links_count = count;
	look_at_links(3);
}

static size_t count_ports(void)
{
	size_t count = 0;

	for (size_t i = 0; i < PORTS_MAX; i++)
		count += ports[i].index != 0;
	return count;
}

static void test_which_links_are_ours(void)
{
	static const struct {
		struct link link;
		bool is_ours;
	} rows[] = {
		{ { .index = 2, .name = "eth0" }, true },
		{ { .index = 2, .name = "a-name-of-15-ch" }, true },
		{ { .index = 2, .name = "slave", .has_master = true }, false },
		{ { .index = 2, .name = "br0", .kind = "bridge" }, false },
		{ { .index = 2, .name = "veth0", .kind = "veth" }, false },
		{ { .index = 1, .name = "lo", .flags = IFF_LOOPBACK }, false },
		{ { .index = 2, .name = "sit0", .type = ARPHRD_SIT }, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_row(rows[i].link.name);
		start_anew();
		look(&rows[i].link, 1);
		CHECK((count_ports() == 1) == rows[i].is_ours);
		CHECK(!rows[i].is_ours ||
			strcmp(ports[0].name, rows[i].link.name) == 0);
	}
}

static void test_comes_and_goes(void)
{
	static const struct link link = { .index = 2, .name = "eth0" };

	start_anew();
	CHECK(start_clients(3) == -1);
	look(&link, 1);
	CHECK(start_clients(3) == -1 && ports[0].client == 100);
	look(&link, 1);
	CHECK(start_clients(3) == -1 && next_pid == 101); /* only one */
	look(NULL, 0);
	CHECK(signalled == 100 && last_signal == SIGTERM && forgotten == 1);
	CHECK(count_ports() == 0);
}

/* a list that could not be read says nothing of what is there */
static void test_no_list(void)
{
	static const struct link link = { .index = 2, .name = "eth0" };

	start_anew();
	look(&link, 1);
	(void)start_clients(3);
	dump_result = -ENOBUFS;
	look(NULL, 0);
	CHECK(count_ports() == 1 && signalled == 0);
}

static void test_link_flaps(void)
{
	static const struct link up = { .index = 2,
		.name = "eth0",
		.flags = IFF_RUNNING };
	static const struct link down = { .index = 2, .name = "eth0" };

	start_anew();
	look(&up, 1);
	(void)start_clients(3);
	for (int i = 0; i < 1000; i++) {
		look(&down, 1);
		look(&up, 1);
	}
	CHECK(signalled == 0); /* it has only begun to ask */
	fake_ms += STEADY_MS + 1;
	look(&up, 1);
	CHECK(signalled == 0); /* nothing changed */
	look(&down, 1);
	look(&up, 1);
	CHECK(signalled == 100 && last_signal == SIGUSR1);
	CHECK(next_pid == 101);
}

static void test_back_off(void)
{
	static const struct link link = { .index = 2, .name = "eth0" };
	static const int waits[] = { 500, 1000, 2000, 4000, 8000, 16000, 30000,
		30000 };

	start_anew();
	look(&link, 1);
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		CHECK(start_clients(3) == -1);
		to_reap = ports[0].client;
		reap();
		CHECK(start_clients(3) == waits[i]);
		fake_ms += waits[i];
	}
	cannot_fork = true;
	CHECK(start_clients(3) == 30000);
	cannot_fork = false;
}

static void test_more_than_we_can_have(void)
{
	static struct link many[PORTS_MAX + 8];

	start_anew();
	for (int i = 0; i < PORTS_MAX + 8; i++)
		many[i] = (struct link){ .index = i + 2, .name = "eth" };
	look(many, PORTS_MAX + 8);
	CHECK(count_ports() == PORTS_MAX);
	CHECK(start_clients(3) == -1);
	CHECK(next_pid == 100 + PORTS_MAX);
}

int main(void)
{
	RUN(test_which_links_are_ours);
	RUN(test_comes_and_goes);
	RUN(test_no_list);
	RUN(test_link_flaps);
	RUN(test_back_off);
	RUN(test_more_than_we_can_have);
	return check_done();
}
