// SPDX-License-Identifier: MIT
/* tests of supervise/uplink and netfile: the file that netd reads */
#include "supervise/uplink.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"
#include "supervise/netfile.h"
#include "supervise/places.h"
#include "supervise_cases.h"

#define CASES "tests/unit/data/networks/uplink.txt"

static char base[] = "/tmp/tare-uplink-XXXXXX";
static int base_fd;
static char said[1024];

static void sink(enum log_level level, const char *text)
{
	(void)level;
	(void)text_copy(said, sizeof(said), text);
}

static void put(const char *name, const char *text)
{
	auto_fd fd = openat(base_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

static void run(const struct cases *cases)
{
	auto_arena arena = { 0 };
	struct config config;
	const char *text;

	if (!cases_load(cases->parts[PART_CONFIG], &arena, &config))
		return;
	if (CHECK(uplink_print(&config, base_fd, &arena, &text) == 0))
		cases_compare(text, cases->parts[PART_LINES]);
}

static void test_cases(void)
{
	cases_walk(CASES, run);
}

/* What is no key is said, and never in the file. */
static void test_keys(void)
{
	static const struct {
		const char *label, *text, *word, *says;
	} rows[] = {
		{ "a key", "0123456789abcdef0123456789abcdef0123456789a=",
			" 0123456789abcdef0123456789abcdef0123456789a= ", "" },
		{ "with an end",
			"0123456789abcdef0123456789abcdef0123456789a=\n",
			" 0123456789abcdef0123456789abcdef0123456789a= ", "" },
		{ "short", "0123456789abcdef", " - ", "no key of 44" },
		{ "long", "0123456789abcdef0123456789abcdef0123456789abcdef0",
			" - ", "no key of 44" },
		{ "empty", "", " - ", "no key of 44" },
		{ "none", NULL, " - ", "'keys/psk': open" },
	};
	struct host_peer peer = { .public_key = "P=",
		.preshared_key_file = "keys/psk" };
	struct host_link link = { .name = "wg0",
		.kind = HOST_LINK_WIREGUARD,
		.peers = &peer,
		.peer_count = 1 };
	struct config config = { .host_links = &link, .host_link_count = 1 };

	CHECK(mkdirat(base_fd, "keys", 0700) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena arena = { 0 };
		const char *text;

		check_row(rows[i].label);
		said[0] = '\0';
		if (rows[i].text)
			put("keys/psk", rows[i].text);
		else
			(void)unlinkat(base_fd, "keys/psk", 0);
		CHECK(uplink_print(&config, base_fd, &arena, &text) == 0);
		CHECK(strstr(text, rows[i].word));
		CHECK(*rows[i].says ? strstr(said, rows[i].says) != NULL
				    : !*said);
	}
}

/* Half a file is none; netd keeps what it had. */
static void test_too_large(void)
{
	static struct host_link links[1024];
	static const char *domains[32];
	struct config config = { .host_links = links, .host_link_count = 1024 };
	struct places places = PLACES_NONE;
	auto_arena arena = { 0 };
	auto_arena small = { .limit_bytes = 4096 };
	const char *text;
	struct error err;

	for (size_t i = 0; i < 32; i++)
		domains[i] = "a-rather-long-domain.example.org";
	for (size_t i = 0; i < 1024; i++)
		links[i] = (struct host_link){ .name = "eth0",
			.search = { domains, 32, true } };
	places.run_fd = base_fd;
	CHECK(uplink_print(&config, -1, &arena, &text) == -E2BIG);
	CHECK(uplink_write(&config, &places, &err) == -E2BIG);
	CHECK(strstr(err.text, "too long"));
	config.host_link_count = 1;
	CHECK(uplink_print(&config, -1, &small, &text) == -ENOMEM);
	CHECK(faccessat(base_fd, "net/wanted", F_OK, 0) < 0);
}

static ino_t inode_of(const char *name, mode_t *mode)
{
	struct stat status = { .st_ino = 0 };

	CHECK(fstatat(base_fd, name, &status, 0) == 0);
	if (mode)
		*mode = status.st_mode & 07777;
	return status.st_ino;
}

/* Keys are in it, so nobody else reads it; the same text is not written. */
static void test_written_when_it_changes(void)
{
	struct host_link link = { .name = "eth0", .flags = HOST_DHCP4 };
	struct config config = { .host_links = &link, .host_link_count = 1 };
	struct places places = PLACES_NONE;
	struct error err;
	mode_t mode;
	ino_t first;

	places.run_fd = base_fd;
	CHECK(uplink_write(&config, &places, &err) == 0);
	first = inode_of("net/wanted", &mode);
	CHECK(mode == 0600);
	CHECK(uplink_write(&config, &places, &err) == 0);
	CHECK(inode_of("net/wanted", NULL) == first);
	link.flags = HOST_AUTO6;
	CHECK(uplink_write(&config, &places, &err) == 0);
	CHECK(inode_of("net/wanted", NULL) != first);
}

/* Shorter, longer, of the same length: each is another text. */
static void test_netfile(void)
{
	const struct netfile file = { base_fd, "some", 0640 };
	static const char *const texts[] = { "abc", "abcd", "abce", "", "abc" };
	struct error err;
	ino_t before = 0;
	mode_t mode;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		auto_free char *text = NULL;
		size_t size;

		check_row(texts[i]);
		for (int again = 0; again < 2; again++)
			CHECK(netfile_write(&file, texts[i], strlen(texts[i]),
				      &err) == 0);
		CHECK(netfile_read(&file, 4, &text, &size, &err) == 0);
		CHECK(text && text_equal(text, texts[i]));
		CHECK(inode_of("net/some", &mode) != before && mode == 0640);
		before = inode_of("net/some", NULL);
	}
	check_row("too long to be read");
	auto_free char *text = NULL;

	CHECK(netfile_read(&file, 2, &text, NULL, &err) == -EFBIG);
	check_row("no folder");
	CHECK(fd_remove_tree(base_fd, "net", NULL) == 0);
	CHECK(netfile_read(&file, 4, &text, NULL, &err) == -ENOENT);
	put("net", "a file");
	CHECK(netfile_write(&file, "a", 1, &err) == -ENOTDIR);
}

int main(void)
{
	if (!mkdtemp(base))
		return 1;
	base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log_set_sink(sink);
	RUN(test_cases);
	RUN(test_keys);
	RUN(test_too_large);
	RUN(test_written_when_it_changes);
	RUN(test_netfile);
	(void)close(base_fd);
	CHECK(fd_remove_tree(AT_FDCWD, base, NULL) == 0);
	return check_done();
}
