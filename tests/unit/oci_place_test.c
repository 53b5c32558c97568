// SPDX-License-Identifier: MIT
/* tests of oci/place, oci/signals and oci/user: words become facts */
#include "oci/place.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "check.h"
#include "lib/error.h"
#include "lib/text.h"
#include "oci/signals.h"
#include "oci/user.h"
#include "run/oci.h"

static struct error err;

static void test_cgroup_paths(void)
{
	static const struct {
		const char *asked, *own, *path;
	} rows[] = {
		{ NULL, NULL, "tare-oci/id" },
		{ "/libpod_parent/libpod-1", NULL, "libpod_parent/libpod-1" },
		{ "//a//b//", NULL, "a//b" },
		{ "a/b", NULL, "tare-oci/a/b" },
		{ "/a:b:c", NULL, "a:b:c" },
		{ "a:b", NULL, "tare-oci/a:b" },
		{ "..a/b..", NULL, "tare-oci/..a/b.." },
		{ NULL, "/user.slice/x", "user.slice/x/tare-oci/id" },
		{ "a", "/user.slice/x", "user.slice/x/tare-oci/a" },
		{ "/a", "/user.slice/x", "a" },
		{ NULL, "/", "tare-oci/id" },
	};
	static const struct {
		const char *asked;
		int code;
		const char *says;
	} bad[] = {
		{ "system.slice:tare:x", -EOPNOTSUPP, "meant for systemd" },
		{ "::x", -EOPNOTSUPP, "meant for systemd" },
		{ "/", -EINVAL, "root of all" },
		{ "///", -EINVAL, "root of all" },
		{ "..", -EINVAL, "'..'" },
		{ "/a/../b", -EINVAL, "'..'" },
		{ "/a/..", -EINVAL, "'..'" },
	};
	struct place place;
	char long_path[400];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].path);
		CHECK(place_choose(rows[i].asked, "id", rows[i].own, &place,
			      &err) == 0);
		CHECK(text_equal(place.path, rows[i].path));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_row(bad[i].asked);
		CHECK(place_choose(bad[i].asked, "id", NULL, &place, &err) ==
			bad[i].code);
		CHECK(strstr(err.text, bad[i].says));
	}
	check_row(NULL);
	memset(long_path, 'a', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	CHECK(place_choose(long_path, "id", NULL, &place, &err) ==
		-ENAMETOOLONG);
}

static void test_signals(void)
{
	static const struct {
		const char *name;
		int number;
	} rows[] = {
		{ "TERM", SIGTERM },
		{ "SIGKILL", SIGKILL },
		{ "sigusr1", SIGUSR1 },
		{ "hup", SIGHUP },
		{ "9", 9 },
		{ "64", 64 },
		{ "RTMIN", 34 },
		{ "SIGRTMIN+3", 37 },
		{ "RTMAX", 64 },
		{ "rtmax-14", 50 },
		{ "IOT", SIGABRT },
		{ "0", -EINVAL },
		{ "65", -EINVAL },
		{ "-9", -EINVAL },
		{ "", -EINVAL },
		{ "SIG", -EINVAL },
		{ "TERMINATE", -EINVAL },
		{ "RTMIN-1", -EINVAL },
		{ "RTMIN+31", -EINVAL },
		{ "RTMIN+", -EINVAL },
		{ "9x", -EINVAL },
		{ "SIG9", -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check_row(rows[i].name);
		CHECK(signals_parse(rows[i].name, &err) == rows[i].number);
	}
}

/* CVE-2026-30892, CVE-2024-40635: text that is half a number is none. */
static void test_users(void)
{
	static const struct {
		const char *text;
		int code;
		uint32_t uid, gid;
	} rows[] = {
		{ "1000", 0, 1000, 7 },
		{ "1000:50", 0, 1000, 50 },
		{ "0:0", 0, 0, 0 },
		{ "4294967294", 0, 4294967294, 7 },
		{ "4294967295", -EINVAL, 0, 0 },
		{ "4294967296", -EINVAL, 0, 0 },
		{ "18446744073709551616", -EINVAL, 0, 0 },
		{ "-1", -EINVAL, 0, 0 },
		{ "1000:", -EINVAL, 0, 0 },
		{ ":5", -EINVAL, 0, 0 },
		{ "", -EINVAL, 0, 0 },
		{ ":", -EINVAL, 0, 0 },
		{ "0x0", -EINVAL, 0, 0 },
		{ " 1", -EINVAL, 0, 0 },
		{ "1 ", -EINVAL, 0, 0 },
		{ "1000abc", -EINVAL, 0, 0 },
		{ "1000:50:1", -EINVAL, 0, 0 },
		{ "root", -EINVAL, 0, 0 },
		{ "1:root", -EINVAL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oci_user user = { .gid = 7 };

		check_row(rows[i].text);
		CHECK(user_parse(rows[i].text, &user, &err) == rows[i].code);
		if (rows[i].code == 0)
			CHECK(user.uid == rows[i].uid &&
				user.gid == rows[i].gid);
		else
			CHECK(strstr(err.text, "--user"));
	}
}

int main(void)
{
	RUN(test_cgroup_paths);
	RUN(test_signals);
	RUN(test_users);
	return check_done();
}
