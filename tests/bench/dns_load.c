// SPDX-License-Identifier: MIT
/*
 * dns_load - how many questions tare-dns answers, and how soon
 *
 *   dns_load PROGRAM
 *
 * In a network namespace of its own, as root: PROGRAM runs on one core with the
 * names of 1,000 services, and this asks from another. First as much as it can,
 * with WINDOW questions under way, for 3 s; then 1,000 a second for 5 s, of
 * which it tells the median and the 99th percentile. Prints "NAME VALUE UNIT"
 * for each figure.
 *
 * What an answer takes is in the server's own CPU time: so the figure is that
 * of one core, whoever else uses it. Answers by the wall clock are beside it.
 * Both run before all others (SCHED_FIFO), as latency would be that of whatever
 * else the machine does; on a Tare machine /system has a tenfold cpu.weight.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SERVER "127.9.0.1"
#define CLIENT "127.0.1.2"

enum {
	SERVICES = 1000,
	WINDOW = 64,
	LOAD_S = 3,
	RATE = 1000,
	PACED = 5000,
	QUERY_SIZE = 64,
};

static char folder[] = "/tmp/dns-load-XXXXXX";
static pid_t server;

static _Noreturn void die(const char *what)
{
	perror(what);
	if (server > 0)
		(void)kill(server, SIGKILL);
	exit(2);
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void use_core(int number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)number, &set);
	(void)sched_setaffinity(0, sizeof(set),
		&set); /* there may be but one */
}

static void run_first(void)
{
	static const struct sched_param least = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &least) < 0)
		perror("run before all others");
}

static void write_names(void)
{
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/names", folder);
	file = fopen(path, "we");
	if (!file)
		die("write the names");
	(void)fprintf(file, "version 1\nlisten %s\nclient %s load 1 out\n",
		SERVER, CLIENT);
	for (int i = 0; i < SERVICES; i++)
		(void)fprintf(file, "name 1 service-%d 10.0.%d.%d 10.1.%d.%d\n",
			i, i / 250, i % 250 + 1, i / 250, i % 250 + 1);
	(void)fputs("end\n", file);
	(void)fclose(file);
}

static void enter_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		die("make a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) < 0)
		die("switch on the loopback interface");
	(void)close(fd);
}

static size_t build_query(uint8_t *out, uint16_t id, int service)
{
	static const uint8_t head[10] = { 1, 0, 0, 1 }; /* RD, one question */
	static const uint8_t tail[5] = { 0, 0, 1, 0, 1 };
	char name[32];
	size_t length =
		(size_t)snprintf(name, sizeof(name), "service-%d", service);

	out[0] = (uint8_t)(id >> 8);
	out[1] = (uint8_t)id;
	memcpy(out + 2, head, sizeof(head));
	out[12] = (uint8_t)length;
	memcpy(out + 13, name, length);
	memcpy(out + 13 + length, tail, sizeof(tail));
	return 13 + length + sizeof(tail);
}

static int connect_client(void)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, CLIENT, &from.sin_addr);
	(void)inet_pton(AF_INET, SERVER, &to.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
		connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("make a socket");
	return fd;
}

/* Asks once; returns the nanoseconds, -1 when nobody answered in 1 s. */
static int64_t ask(int fd, uint16_t id)
{
	uint8_t bytes[512];
	size_t size = build_query(bytes, id, id % SERVICES);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t start = now_ns();

	if (send(fd, bytes, size, 0) < 0)
		return -1;
	while (poll(&wait, 1, 1000) > 0) {
		if (recv(fd, bytes, sizeof(bytes), 0) < 0)
			return -1;
		if (bytes[0] == id >> 8 && bytes[1] == (id & 0xff))
			return (bytes[3] & 15) == 0 ? now_ns() - start : -1;
	}
	return -1;
}

static void start_server(const char *program)
{
	int fd = connect_client();
	int64_t deadline = now_ns() + INT64_C(5000000000);

	server = fork();
	if (server == 0) {
		use_core(0);
		(void)execl(program, program, folder, (char *)NULL);
		die(program);
	}
	use_core(1);
	while (ask(fd, 1) < 0) {
		if (now_ns() > deadline)
			die("wait for the server");
		(void)poll(NULL, 0, 1); /* there may be but one core */
	}
	(void)close(fd);
}

/* Seconds of CPU time that the server has used. */
static double server_cpu_s(void)
{
	clockid_t clock;
	struct timespec used;

	if (clock_getcpuclockid(server, &clock) != 0 ||
		clock_gettime(clock, &used) < 0)
		die("read the server's clock");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static uint8_t queries[SERVICES][QUERY_SIZE];
static size_t query_sizes[SERVICES];

static int send_some(int fd, int count)
{
	static unsigned int next;
	struct mmsghdr headers[WINDOW];
	struct iovec pieces[WINDOW];

	for (int i = 0; i < count; i++) {
		unsigned int number = next++ % SERVICES;

		pieces[i] =
			(struct iovec){ queries[number], query_sizes[number] };
		headers[i] = (struct mmsghdr){ .msg_hdr = {
						       .msg_iov = &pieces[i],
						       .msg_iovlen = 1,
					       } };
	}
	return count ? sendmmsg(fd, headers, (unsigned int)count, 0) : 0;
}

static int receive_some(int fd)
{
	static uint8_t answers[WINDOW][512];
	struct mmsghdr headers[WINDOW];
	struct iovec pieces[WINDOW];
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < WINDOW; i++) {
		pieces[i] = (struct iovec){ answers[i], sizeof(answers[i]) };
		headers[i] = (struct mmsghdr){ .msg_hdr = {
						       .msg_iov = &pieces[i],
						       .msg_iovlen = 1,
					       } };
	}
	if (poll(&wait, 1, 100) <= 0)
		return -1; /* lost: begin anew */
	return recvmmsg(fd, headers, WINDOW, MSG_DONTWAIT, NULL);
}

static void print_figure(const char *name, double value, const char *unit)
{
	printf("%s %.2f %s\n", name, value, unit);
}

static void measure_load(void)
{
	int fd = connect_client();
	int under_way = 0;
	double answers = 0;
	double cpu_s = server_cpu_s();
	int64_t start = now_ns();
	double wall_s;

	for (int i = 0; i < SERVICES; i++)
		query_sizes[i] = build_query(queries[i], (uint16_t)i, i);
	while (now_ns() - start < LOAD_S * INT64_C(1000000000)) {
		int count;

		under_way += send_some(fd, WINDOW - under_way);
		count = receive_some(fd);
		under_way = count < 0 ? 0 : under_way - count;
		answers += count < 0 ? 0 : count;
	}
	wall_s = (double)(now_ns() - start) / 1e9;
	cpu_s = server_cpu_s() - cpu_s;
	(void)close(fd);
	print_figure("dns-answers-wall", answers / wall_s, "answers/s");
	print_figure("dns-answers-of-a-core", answers / cpu_s, "answers/s");
	print_figure("dns-answer", 1e6 * cpu_s / answers, "us");
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure_latency(void)
{
	static int64_t took_ns[PACED];
	int fd = connect_client();
	int64_t start = now_ns();
	int lost = 0;

	for (int i = 0; i < PACED; i++) {
		int64_t due = start + i * (INT64_C(1000000000) / RATE);
		struct timespec when = { due / 1000000000, due % 1000000000 };

		(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when,
			NULL);
		took_ns[i] = ask(fd, (uint16_t)i);
		if (took_ns[i] < 0) {
			took_ns[i] = INT64_C(1000000000);
			lost++;
		}
	}
	(void)close(fd);
	qsort(took_ns, PACED, sizeof(*took_ns), compare);
	print_figure("dns-median", (double)took_ns[PACED / 2] / 1e3, "us");
	print_figure("dns-p99", (double)took_ns[PACED * 99 / 100] / 1e3, "us");
	print_figure("dns-lost", lost, "questions");
}

static void measure_memory(void)
{
	char path[64];
	char line[128];
	FILE *file;
	double kib;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmRSS: %lf", &kib) == 1)
			print_figure("dns-rss", kib, "KiB");
	}
	if (file)
		(void)fclose(file);
}

int main(int argc, char **argv)
{
	char path[64];

	if (argc != 2) {
		(void)fputs("usage: dns_load PROGRAM\n", stderr);
		return 2;
	}
	if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
		die(folder);
	write_names();
	run_first();
	enter_network();
	start_server(argv[1]);
	measure_memory();
	measure_load();
	measure_latency();
	(void)kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	(void)snprintf(path, sizeof(path), "%s/names", folder);
	(void)unlink(path);
	(void)rmdir(folder);
	return 0;
}
