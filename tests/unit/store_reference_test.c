// SPDX-License-Identifier: MIT
/* store_reference_test - names of images: grammar, defaults, what matches */
#include "store/reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"

#define HEX16 "0123456789abcdef"
#define HEX64 HEX16 HEX16 HEX16 HEX16

static void test_full_names(void)
{
	static const struct {
		const char *text, *full; /* NULL: refused */
	} rows[] = {
		{ "nginx", "docker.io/library/nginx:latest" },
		{ "nginx:1.27", "docker.io/library/nginx:1.27" },
		{ "user/app", "docker.io/user/app:latest" },
		{ "docker.io/nginx", "docker.io/library/nginx:latest" },
		{ "index.docker.io/nginx", "docker.io/library/nginx:latest" },
		{ "docker.io/user/app:1", "docker.io/user/app:1" },
		{ "localhost/app", "localhost/app:latest" },
		{ "localhost:5000/app", "localhost:5000/app:latest" },
		{ "ghcr.io/a/b/c:v1.2-rc_3", "ghcr.io/a/b/c:v1.2-rc_3" },
		{ "a.b/c__d/e-f--g", "a.b/c__d/e-f--g:latest" },
		{ "nginx@sha256:" HEX64,
			"docker.io/library/nginx@sha256:" HEX64 },
		{ "nginx:1@sha256:" HEX64,
			"docker.io/library/nginx:1@sha256:" HEX64 },
		{ "", NULL },
		{ "Nginx", NULL },
		{ "nginx:", NULL },
		{ "nginx:a:b", NULL },
		{ "nginx:-a", NULL },
		{ ":latest", NULL },
		{ "/nginx", NULL },
		{ "nginx/", NULL },
		{ "a//b", NULL },
		{ "a/../b", NULL },
		{ "a___b", NULL },
		{ "-a", NULL },
		{ "a-", NULL },
		{ "a..b", NULL },
		{ "host:port/app", NULL },
		{ "host:80x/app", NULL },
		{ ".host/app", NULL },
		{ "host./app", NULL },
		{ "a..b/app", NULL },
		{ "a.-b/app", NULL },
		{ "a-.b/app", NULL },
		{ "-a.b/app", NULL },
		{ "a--b.c:1/app", "a--b.c:1/app:latest" },
		{ "nginx@sha256:12", NULL },
		{ "nginx@md5:" HEX64, NULL },
		{ "nginx@", NULL },
		{ "nginx\n", NULL },
		{ "user:pw@host/app", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reference reference;
		struct error err = { .code = 0 };
		char full[REFERENCE_TEXT];
		int result = reference_parse(rows[i].text, &reference, &err);

		check_row(rows[i].text);
		if (!rows[i].full) {
			CHECK(result == -EINVAL);
			CHECK(strstr(err.text, "not an image name"));
			continue;
		}
		if (!CHECK(result == 0))
			continue;
		reference_format(&reference, full);
		CHECK(strcmp(full, rows[i].full) == 0);
	}
}

static void test_long_names(void)
{
	char text[1024];
	struct reference reference;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(reference_parse(text, &reference, NULL) == -EINVAL);
	text[REFERENCE_NAME_MAX - 18] = '\0';
	CHECK(reference_parse(text, &reference, NULL) == 0);
	text[REFERENCE_NAME_MAX - 18] = 'a';
	text[REFERENCE_NAME_MAX - 17] = '\0';
	CHECK(reference_parse(text, &reference, NULL) == -EINVAL);
	memcpy(text, "a:", 2);
	text[130] = '\0';
	CHECK(reference_parse(text, &reference, NULL) == 0);
	text[130] = 'a';
	text[131] = '\0';
	CHECK(reference_parse(text, &reference, NULL) == -EINVAL);
}

static void test_matches(void)
{
	static const struct {
		const char *wanted, *name;
		bool matches;
	} rows[] = {
		{ "nginx", "nginx", true },
		{ "nginx", "docker.io/library/nginx:latest", true },
		{ "nginx", "nginx:1", false },
		{ "nginx", "localhost/nginx:latest", true },
		{ "nginx", "localhost/library/nginx:latest", false },
		{ "a/nginx", "localhost/a/nginx:latest", true },
		{ "docker.io/library/nginx", "localhost/nginx", false },
		{ "localhost/nginx", "nginx", false },
		{ "nginx", "ghcr.io/nginx", false },
		{ "nginx", "latest", false },
		{ "nginx", "", false },
		{ "nginx", "NGINX", false },
		{ "nginx@sha256:" HEX64, "nginx", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reference wanted;

		check_row(rows[i].name);
		CHECK(reference_parse(rows[i].wanted, &wanted, NULL) == 0);
		CHECK(reference_matches(&wanted, rows[i].name) ==
			rows[i].matches);
	}
}

static void test_matches_tag(void)
{
	static const struct {
		const char *wanted, *tag, *file;
		bool matches;
	} rows[] = {
		{ "nginx", "latest", "nginx.tar", true },
		{ "nginx", "latest", "nginx", true },
		{ "nginx", "latest", "nginx.oci.tar", true },
		{ "ghcr.io/a/nginx:2", "2", "nginx.tar", true },
		{ "nginx", "1", "nginx.tar", false },
		{ "nginx:1", "latest", "nginx.tar", false },
		{ "nginx", "latest", "nginx2.tar", false },
		{ "nginx", "latest", "ngin.tar", false },
		{ "nginx", "latest", ".tar", false },
		{ "nginx", "latest", "nginx.tar.gz", false },
		{ "nginx@sha256:" HEX64, "", "nginx.tar", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reference wanted;

		check_row(rows[i].file);
		CHECK(reference_parse(rows[i].wanted, &wanted, NULL) == 0);
		CHECK(reference_matches_tag(&wanted, rows[i].tag,
			      rows[i].file) == rows[i].matches);
	}
}

int main(void)
{
	RUN(test_full_names);
	RUN(test_long_names);
	RUN(test_matches);
	RUN(test_matches_tag);
	return check_done();
}
