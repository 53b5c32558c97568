// SPDX-License-Identifier: MIT
/* tests of config: bytes that are no text, limits, and many problems */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"

static struct problems problems;
static struct config config;
static struct arena arena;
static char printed[640];

static int load(const char *text, size_t size, int folder_fd)
{
	struct config_source source = { "compose.yaml", text, size, folder_fd };

	memset(&problems, 0, sizeof(problems));
	arena_clear(&arena);
	arena.limit_bytes = 32 << 20;
	return config_load(&source, &arena, &config, &problems);
}

static const char *print(size_t index)
{
	struct text out;

	text_init(&out, printed, sizeof(printed));
	if (index < problems.count)
		problem_print(&problems.items[index], &out);
	return printed;
}

/* Exactly one problem, printed so. */
static void check_only(int result, const char *expected)
{
	CHECK(result == -EINVAL);
	if (!CHECK(problems.count == 1 && text_equal(print(0), expected)))
		printf("# is: %s\n", print(0));
}

#define BYTES(text)  text, sizeof(text) - 1
#define PREFIX       "compose.yaml:"
#define DOTENV_LARGE (64 * 1024 + 2)

static void test_bytes(void)
{
	static const struct {
		const char *text;
		size_t size;
		const char *problem;
	} rows[] = {
		{ BYTES("\377\376a\0b\0"),
			PREFIX "1:1: the file is UTF-16, save it as UTF-8" },
		{ BYTES("\376\377\0a\0b"),
			PREFIX "1:1: the file is UTF-16, save it as UTF-8" },
		{ BYTES("a\0b\0"),
			PREFIX "1:1: the file is UTF-16, save it as UTF-8" },
		{ BYTES("a:\n  \0"), PREFIX
			"2:3: the character U+0000 cannot stand in a text file, remove it" },
		{ BYTES("# \303\244\303\244\n#\303\244\377"), PREFIX
			"2:3: the byte 0xff is not UTF-8, save the file as UTF-8" },
		{ BYTES("# \300\200"), PREFIX
			"1:3: the byte 0xc0 is not UTF-8, save the file as UTF-8" },
		{ BYTES("# \355\240\200"), PREFIX
			"1:3: the byte 0xed is not UTF-8, save the file as UTF-8" },
		{ BYTES("# \342\202"), PREFIX
			"1:3: the byte 0xe2 is not UTF-8, save the file as UTF-8" },
		{ BYTES("#\r\n#\r#\033"), PREFIX
			"3:2: the character U+001B cannot stand in a text file, remove it" },
		{ BYTES("# \302\205 \302\200"), PREFIX
			"1:5: the character U+0080 cannot stand in a text file, remove it" },
		{ BYTES("# \357\273\277"), PREFIX
			"1:3: the character U+FEFF cannot stand in a text file, remove it" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].problem);
		check_only(load(rows[i].text, rows[i].size, -1),
			rows[i].problem);
	}
}

static void test_line_ends_and_mark(void)
{
	static const char *const texts[] = {
		"services:\r\n  a:\r\n    image: nginx\r\n",
		"\xef\xbb\xbfservices:\n  a: {image: nginx}\n",
		"services:\r  a:\r    image: nginx\r",
		"services:\n  a: {image: nginx}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		check_row(texts[i]);
		CHECK(load(texts[i], strlen(texts[i]), -1) == 0);
		if (!CHECK(config.service_count == 1))
			continue;
		CHECK(text_equal(config.services[0].image, "nginx"));
		CHECK(config.services[0].mark.line == 2);
		CHECK(config.services[0].mark.column == 3);
	}
}

/* A text of size bytes: head, then comment lines. */
static char *fill(const char *head, size_t size)
{
	char *text = malloc(size);

	if (!CHECK(text != NULL))
		abort();
	memset(text, '#', size);
	memcpy(text, head, strlen(head));
	return text;
}

static void test_size(void)
{
	static const char head[] = "services: {a: {image: nginx}}\n";
	char *text = fill(head, 2 << 20);

	check_only(load(text, 2 << 20, -1),
		"compose.yaml: the file has 2097152 bytes, the limit is 1048576; put data in files or volumes of their own");
	CHECK(load(text, CONFIG_TEXT_MAX + 1, -1) == -EINVAL);
	CHECK(load(text, CONFIG_TEXT_MAX, -1) == 0);
	CHECK(config.service_count == 1);
	free(text);
}

/* Text made of head and of a printf format per number from 0 on. */
static char *repeat(const char *head, const char *format, unsigned int count,
	const char *tail)
{
	static char buffer[CONFIG_TEXT_MAX];
	struct text out;

	text_init(&out, buffer, sizeof(buffer));
	text_add(&out, "%s", head);
	for (unsigned int i = 0; i < count; i++) {
		for (const char *c = format; *c; c++) {
			if (*c == '%')
				text_add(&out, "%u", i);
			else
				text_add_bytes(&out, c, 1);
		}
	}
	text_add(&out, "%s", tail);
	CHECK(!out.is_cut);
	return buffer;
}

static void test_limits(void)
{
	static const struct {
		const char *head, *item, *tail;
		unsigned int fits;
		const char *problem;
	} rows[] = {
		{ "services:\n", "  s%: {image: i, network_mode: none}\n", "",
			1024,
			PREFIX
			"2:3: services: there are 1025 services, the limit is 1024" },
		{ "x-a:\n", " k%:\n", "", 4096,
			PREFIX
			"4098:2: the map has too many keys, the limit is 4096" },
		{ "x-a:\n", " - &a%\n", "", 1024,
			PREFIX
			"1026:4: there are too many anchors, the limit is 1024" },
		{ "x-a: [\n", "1,\n", "]", 65533,
			PREFIX
			"65535:1: there are too many values, the limit is 65536" },
		{ "services: {a: {image: i, tmpfs: [\n", "/t%,\n", "]}}", 128,
			PREFIX
			"130:1: services.a.tmpfs[128]: the service mounts too much, the limit is 128" },
		{ "services: {a: {image: i, environment: [\n", "V%=,\n", "]}}",
			4096,
			PREFIX
			"1:39: services.a.environment: there are 4097 variables, the limit is 4096" },
		{ "networks:\n", "  n%:\n", "", 255,
			PREFIX
			"2:3: networks: there are 256 networks, the limit is 255" },
		{ "host: {network: {\n", "eth%: {},\n", "}}", 128,
			PREFIX
			"1:17: host.network: there are 129 interfaces, the limit is 128" },
		{ "host: {firewall: [\n", "{port: 1%},\n", "]}", 256,
			PREFIX
			"1:18: host.firewall: there are 257 rules, the limit is 256" },
		{ "host: {network: {a: {routes: [\n", "{to: '1::%'},\n", "]}}}",
			256,
			PREFIX
			"1:30: host.network.a.routes: the list has 257 items, the limit is 256" },
		{ "host: {network: {a: {bond: {members: [\n", "eth%,\n",
			"]}}}}", 64,
			PREFIX
			"1:38: host.network.a.bond.members: there are 65 interfaces, the limit is 64" },
		{ "services: {a: {image: i, extra_hosts: [\n", "h%=::1,\n",
			"]}}", 256,
			PREFIX
			"1:39: services.a.extra_hosts: the list has 257 items, the limit is 256" },
		{ "services: {a: {image: i, networks: {default: {aliases: [\n",
			"a%,\n", "]}}}}", 64,
			PREFIX
			"1:56: services.a.networks.default.aliases: there are 65 names, the limit is 64" },
		{ "services:\n",
			"  a%: {image: i, scale: 2, network_mode: none}\n", "",
			512,
			PREFIX
			"514:27: services.a512.scale: the services have more than 1024 replicas together, which is the limit; write less" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = repeat(rows[i].head, rows[i].item,
			rows[i].fits, rows[i].tail);

		check_row(rows[i].problem);
		if (!CHECK(load(text, strlen(text), -1) == 0))
			printf("# is: %s\n", print(0));
		text = repeat(rows[i].head, rows[i].item, rows[i].fits + 1,
			rows[i].tail);
		check_only(load(text, strlen(text), -1), rows[i].problem);
	}
}

/* Places in networks: of one service, declared by all, and with replicas. */
static void test_places(void)
{
	static const char *const all = "[n0, n1, n2, n3, n4, n5, n6, n7, n8]\n";
	static char networks[512];
	struct text out;
	const char *text;

	text = repeat("services: {a: {image: i, networks: [\n", "n%,\n", 65,
		"]}}");
	check_only(load(text, strlen(text), -1), PREFIX
		"1:36: services.a.networks: there are 65 networks, the limit is 64");
	text_init(&out, networks, sizeof(networks));
	text_add(&out, "x-n: &n %snetworks:\n", all);
	for (int i = 0; i < 9; i++)
		text_add(&out, "  n%d:\n", i);
	text_add(&out, "services:\n");
	text = repeat(networks, "  s%: {image: i, networks: *n}\n", 455, "");
	CHECK(load(text, strlen(text), -1) == 0);
	text = repeat(networks, "  s%: {image: i, networks: *n}\n", 456, "");
	CHECK(load(text, strlen(text), -1) == -EINVAL);
	if (!CHECK(text_equal(print(0), PREFIX
		    "1:14: services.s455.networks[1]: the services are in too many networks, the limit is 4096")))
		printf("# is: %s\n", print(0));
	text = repeat(networks, "  s%: {image: i, scale: 4, networks: *n}\n",
		113, "");
	CHECK(load(text, strlen(text), -1) == 0);
	text = repeat(networks, "  s%: {image: i, scale: 4, networks: *n}\n",
		114, "");
	check_only(load(text, strlen(text), -1), PREFIX
		"1:6: services.s113.networks: the services have more than 4096 places in networks together, which is the limit; write less");
}

/* 100 errors: the first 64 of the file are kept, all are counted. */
static void test_many_errors(void)
{
	const char *text = repeat("services:\n  a:\n    image: i\n",
		"    b%: c\n", 100, "");

	CHECK(load(text, strlen(text), -1) == -EINVAL);
	CHECK(problems.error_count == 100);
	CHECK(problems.count == PROBLEMS_MAX);
	CHECK(problems.items[0].line == 4);
	CHECK(problems.items[PROBLEMS_MAX - 1].line == 67);
}

/* Many warnings do not hide the error that follows. */
static void test_many_warnings(void)
{
	const char *text = repeat("services: {a: {image: i, labels: [\n",
		"x$a%,\n", 100, "], oops: 1}}");

	CHECK(load(text, strlen(text), -1) == -EINVAL);
	CHECK(problems.error_count == 1 && problems.warning_count == 100);
	CHECK(problems.count == PROBLEMS_MAX);
	CHECK(!problems.items[PROBLEMS_MAX - 1].is_warning);
	CHECK(problems.items[PROBLEMS_MAX - 2].line == 64);
	/* and an error before them stays in front */
	text = repeat("oops: 1\nservices: {a: {image: i, labels: [\n",
		"x$a%,\n", 100, "]}}");
	CHECK(load(text, strlen(text), -1) == -EINVAL);
	CHECK(problems.items[0].line == 1 && !problems.items[0].is_warning);
	CHECK(problems.count == PROBLEMS_MAX);
}

/* Names are compared for the problems that are shown, not for all. */
static void test_many_suggestions(void)
{
	static char text[1 << 18];
	clock_t start = clock();
	struct text out;

	text_init(&out, text, sizeof(text));
	text_add(&out, "x-m: &m [");
	for (int i = 0; i < 100; i++)
		text_add(&out, "'volume-number-%d-:/%d',", i, i);
	text_add(&out, "]\nservices:\n");
	for (int i = 0; i < 200; i++)
		text_add(&out, "  s%d: {image: i, volumes: *m}\n", i);
	text_add(&out, "volumes:\n");
	for (int i = 0; i < 2000; i++)
		text_add(&out, "  volume-number-%d: {}\n", i);
	CHECK(!out.is_cut);
	CHECK(load(text, strlen(text), -1) == -EINVAL);
	CHECK(problems.error_count == 20000);
	CHECK(strstr(print(0), "did you mean 'volume-number-0'?") != NULL);
	CHECK((clock() - start) / CLOCKS_PER_SEC < 10);
}

/* What a problem says is safe to print: no controls, whole characters. */
static void test_clean(void)
{
	struct problem problem = { .line = 1, .column = 1 };

	memset(&problems, 0, sizeof(problems));
	(void)text_copy(problem.text, sizeof(problem.text),
		"a\033[2J\n\302\233\303\244\377\342\202");
	problems_add(&problems, &problem);
	CHECK(text_equal(problems.items[0].text, "a?[2J??\303\244???"));
}

static char base[32];

static int make_folder(void)
{
	(void)snprintf(base, sizeof(base), "/tmp/tare-config-XXXXXX");
	CHECK(mkdtemp(base) != NULL);
	return open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void drop_folder(int folder_fd)
{
	struct error err;

	(void)close(folder_fd);
	CHECK(fd_remove_tree(AT_FDCWD, base, &err) == 0);
}

static void write_file(int folder_fd, const char *name, const char *text)
{
	auto_fd fd = openat(folder_fd, name,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd_write_all(fd, text, strlen(text)) == 0);
}

static void test_dotenv_that_is_no_file(void)
{
	static const char text[] = "services: {}\n";
	int folder_fd = make_folder();
	char *large = fill("", DOTENV_LARGE);

	CHECK(mkdirat(folder_fd, ".env", 0755) == 0);
	check_only(load(BYTES(text), folder_fd),
		".env: read '.env': it is not a regular file");
	CHECK(unlinkat(folder_fd, ".env", AT_REMOVEDIR) == 0);
	CHECK(mkfifoat(folder_fd, ".env", 0644) == 0);
	check_only(load(BYTES(text), folder_fd),
		".env: read '.env': it is not a regular file");
	CHECK(unlinkat(folder_fd, ".env", 0) == 0);
	large[DOTENV_LARGE - 1] = '\0';
	write_file(folder_fd, ".env", large);
	check_only(load(BYTES(text), folder_fd),
		".env: read '.env': it has 65537 bytes, the limit is 65536");
	write_file(folder_fd, ".env", "A=\377");
	check_only(load(BYTES(text), folder_fd),
		".env:1:3: the byte 0xff is not UTF-8, save the file as UTF-8");
	write_file(folder_fd, ".env",
		"\xef\xbb\xbf"
		"A=nginx\r\nB=2\r\n");
	CHECK(load(BYTES("services: {a: {image: '$A:$B'}}"), folder_fd) == 0);
	CHECK(config.service_count == 1 &&
		text_equal(config.services[0].image, "nginx:2"));
	free(large);
	drop_folder(folder_fd);
}

static void test_no_folder(void)
{
	check_only(load(BYTES("services: {a: {image: i, env_file: x}}"), -1),
		PREFIX
		"1:36: services.a.env_file: there is no folder to read 'x' from; write its lines into 'environment:'");
	CHECK(load(BYTES("services: {a: {image: i, volumes: ['./x:/x:ro']}}"),
		      -1) == 0);
}

/* Doubling a value again and again ends at a limit, not in memory. */
static void test_expansion_bomb(void)
{
	static char text[8192];
	struct text out;
	int folder_fd = make_folder();

	text_init(&out, text, sizeof(text));
	text_add(&out, "A0=0123456789abcdef\n");
	for (int i = 1; i < 30; i++)
		text_add(&out, "A%d=$A%d$A%d\n", i, i - 1, i - 1);
	write_file(folder_fd, ".env", text);
	CHECK(load(BYTES("services: {}"), folder_fd) == -EINVAL);
	CHECK(text_equal(print(0),
		".env:14:5: with its variables replaced the value has more than 131071 bytes"));

	text_init(&out, text, sizeof(text));
	text_add(&out, "A0=0123456789abcdef\n");
	for (int i = 1; i < 13; i++)
		text_add(&out, "A%d=$A%d$A%d\n", i, i - 1, i - 1);
	for (int i = 0; i < 99; i++)
		text_add(&out, "B%d=$A12\n", i);
	write_file(folder_fd, ".env", text);
	CHECK(load(BYTES("services: {}"), folder_fd) == -EINVAL);
	CHECK(text_equal(print(0),
		".env:76:5: with all variables replaced the config has more than 4194304 bytes"));
	CHECK(arena.used_bytes < 8 << 20);
	drop_folder(folder_fd);
}

/* A text that an arena cannot hold is -ENOMEM, at every limit. */
static void test_arena_limit(void)
{
	static const char text[] =
		"x-a: &a {image: 'nginx:${T:-1}'}\n"
		"services:\n"
		"  web: {<<: *a, command: a b c, environment: [A=1, B], ports: ['1-9']}\n"
		"  db: {<<: *a, volumes: ['d:/a', './x:/b'], depends_on: [web], oops: 1, scale: 2}\n"
		"volumes: {d: }\n"
		"networks: {n: {ipam: {config: [{subnet: 10.1.0.0/16}]}}}\n"
		"host: {network: {eth0: {address: 192.0.2.1/24}}}\n";
	struct config_source source = { "compose.yaml", BYTES(text), -1 };
	int result = -ENOMEM;
	size_t limit = 1;

	for (; result == -ENOMEM && limit < 1 << 20; limit += 16) {
		memset(&problems, 0, sizeof(problems));
		arena_clear(&arena);
		arena.limit_bytes = limit;
		result = config_load(&source, &arena, &config, &problems);
		CHECK(config.service_count == 0);
	}
	CHECK(result == -EINVAL);
	CHECK(problems.error_count == 1);
	CHECK(limit > 1000);
}

int main(void)
{
	RUN(test_bytes);
	RUN(test_line_ends_and_mark);
	RUN(test_size);
	RUN(test_limits);
	RUN(test_places);
	RUN(test_many_errors);
	RUN(test_many_warnings);
	RUN(test_many_suggestions);
	RUN(test_clean);
	RUN(test_dotenv_that_is_no_file);
	RUN(test_no_folder);
	RUN(test_expansion_bomb);
	RUN(test_arena_limit);
	arena_clear(&arena);
	return check_done();
}
