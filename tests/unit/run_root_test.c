// SPDX-License-Identifier: MIT
/* run_root_test - overlays, users by the root's own files, filled volumes */
#include "run/root.h"

#include <sys/xattr.h>

#include "check.h"
#include "lib/text.h"
#include "run_fixture.h"

static char base[64];
static struct error err;

static void begin(const char *command)
{
	char text[4096];

	(void)snprintf(base, sizeof(base), "/tmp/tare-root-XXXXXX");
	if (!mkdtemp(base))
		abort();
	(void)snprintf(text, sizeof(text), "cd \"$1\"; %s", command);
	fixture_shell(text, base);
}

static void end(void)
{
	fixture_shell("rm -rf \"$1\"", base);
}

static char *in_base(const char *name)
{
	static char paths[8][128];
	static unsigned int at;
	char *path = paths[at++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", base, name);
	return path;
}

static int open_base(const char *name)
{
	return open(in_base(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_root(const char *const *layers, size_t count, const char *upper,
	const char *work)
{
	struct root_source source = {
		.layers = layers,
		.layer_count = count,
		.upper = upper,
		.work = work,
	};

	return root_open(&source, &err);
}

static void write_file(int dir_fd, const char *name, const char *content)
{
	auto_fd fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && fd_write_all(fd, content, strlen(content)) == 0);
}

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "bad line\n"
			     "short:x:7\n"
			     "huge:x:4294967296:0::/huge:\n"
			     "negative:x:-1:0::/negative:\n"
			     "hex:x:0x0:0::/hex:\n"
			     "spaced:x: 1:1::/:\n"
			     ":x:77:77::/nameless:\n"
			     "1000:x:0:0::/trap:\n"
			     "www:x:33:33:www:/var/www:/bin/false\n"
			     "db:x:70:70::relative:\n"
			     "twice:x:500:501::/first:\n"
			     "twice:x:0:0::/second:\n"
			     "last:x:2147483647:5::/last:/bin/sh";

static const char group[] = "root:x:0:root\n"
			    "bin:x:1:root,www\n"
			    "bad:x:x:www\n"
			    "www:x:33:\n"
			    "www2:x:34:xwww,wwwx\n"
			    "tape:x:26:db,www\n"
			    "tape2:x:26:www\n"
			    "0:x:99:\n"
			    "big:x:4294967295:www\n"
			    "users:x:100:last";

static const struct {
	const char *user;
	int result;
	uint32_t uid, gid;
	size_t count;
	uint32_t last; /* of the supplementary groups */
} user_rows[] = {
	{ "", 0, 0, 0, 2, 1 },
	{ "root", 0, 0, 0, 2, 1 },
	{ "0", 0, 0, 0, 2, 1 },
	{ "www", 0, 33, 33, 3, 26 },
	{ "33", 0, 33, 33, 3, 26 },
	{ "www:root", 0, 33, 0, 1, 0 },
	{ "www:26", 0, 33, 26, 1, 26 },
	{ "33:tape", 0, 33, 26, 1, 26 },
	{ "1000", 0, 1000, 0, 1, 0 },
	{ "1000:1000", 0, 1000, 1000, 1, 1000 },
	{ "00033", 0, 33, 33, 3, 26 },
	{ "twice", 0, 500, 501, 1, 501 },
	{ "last", 0, 2147483647, 5, 2, 100 },
	{ "2147483647", 0, 2147483647, 5, 2, 100 },
	{ "1:0", 0, 1, 0, 1, 0 },
	{ "2147483648", -ERANGE, 0, 0, 0, 0 },
	{ "4294967295", -ERANGE, 0, 0, 0, 0 },
	{ "4294967296", -ERANGE, 0, 0, 0, 0 },
	{ "18446744073709551616", -ERANGE, 0, 0, 0, 0 },
	{ "0:4294967296", -ERANGE, 0, 0, 0, 0 },
	{ "1000:", -EINVAL, 0, 0, 0, 0 },
	{ ":5", -EINVAL, 0, 0, 0, 0 },
	{ ":", -EINVAL, 0, 0, 0, 0 },
	{ "1:2:3", -EINVAL, 0, 0, 0, 0 },
	{ "-1", -ENOENT, 0, 0, 0, 0 },
	{ "+1", -ENOENT, 0, 0, 0, 0 },
	{ "0x0", -ENOENT, 0, 0, 0, 0 },
	{ " 1", -ENOENT, 0, 0, 0, 0 },
	{ "1 ", -ENOENT, 0, 0, 0, 0 },
	{ "1000abc", -ENOENT, 0, 0, 0, 0 },
	{ "www ", -ENOENT, 0, 0, 0, 0 },
	{ "WWW", -ENOENT, 0, 0, 0, 0 },
	{ "huge", -ENOENT, 0, 0, 0, 0 },
	{ "negative", -ENOENT, 0, 0, 0, 0 },
	{ "hex", -ENOENT, 0, 0, 0, 0 },
	{ "spaced", -ENOENT, 0, 0, 0, 0 },
	{ "short", -ENOENT, 0, 0, 0, 0 },
	{ "www:big", -ENOENT, 0, 0, 0, 0 },
	{ "www:nobody", -ENOENT, 0, 0, 0, 0 },
	{ "bad line", -ENOENT, 0, 0, 0, 0 },
};

static void test_users(void)
{
	auto_fd fd = -1;

	begin("mkdir etc");
	fd = open_base(".");
	write_file(fd, "etc/passwd", passwd);
	write_file(fd, "etc/group", group);
	for (size_t i = 0; i < sizeof(user_rows) / sizeof(user_rows[0]); i++) {
		struct root_user user;
		int result = root_find_user(fd, user_rows[i].user, &user, &err);
		size_t count = user.group_count;

		check_row(user_rows[i].user);
		if (!CHECK(result == user_rows[i].result)) {
			printf("# got %d: %s\n", result, err.text);
			continue;
		}
		if (result < 0)
			continue;
		CHECK(user.uid == user_rows[i].uid);
		CHECK(user.gid == user_rows[i].gid);
		CHECK(count == user_rows[i].count);
		CHECK(count > 0 && user.groups[0] == user.gid);
		CHECK(count > 0 && user.groups[count - 1] == user_rows[i].last);
	}
	check_row(NULL);
	CHECK(root_find_user(fd, "nobody", &(struct root_user){ 0 }, &err) < 0);
	CHECK(text_equal(err.text,
		"find user 'nobody': the container's '/etc/passwd' does not "
		"have it"));
	end();
}

static void test_users_without_files(void)
{
	struct root_user user;
	auto_fd fd = -1;

	begin(":");
	fd = open_base(".");
	CHECK(root_find_user(fd, "", &user, &err) == 0 && user.uid == 0);
	CHECK(root_find_user(fd, "5:6", &user, &err) == 0 && user.uid == 5 &&
		user.gid == 6);
	CHECK(root_find_user(fd, "root", &user, &err) == -ENOENT);
	CHECK(root_find_user(fd, "5:wheel", &user, &err) == -ENOENT);
	end();
}

static void test_hostile_user_files(void)
{
	static const struct {
		const char *command;
		int result;
		const char *text;
	} rows[] = {
		{ "mkfifo etc/passwd", -EINVAL, "not a regular file" },
		{ "mkdir etc/passwd", -EINVAL, "not a regular file" },
		{ "truncate -s 1G etc/passwd", -EFBIG, "over 1048576 bytes" },
		{ "ln -s passwd etc/passwd", -ELOOP, "read the container" },
		{ "ln -s /dev/zero etc/passwd; mkdir dev; "
		  "mknod dev/zero c 1 5",
			-EINVAL, "not a regular file" },
		{ "ln -s ../../../../../../etc/passwd etc/passwd", -ELOOP,
			"read the container" },
		{ "yes x:x:1:1:: | head -c 1000000 >etc/passwd", -ENOENT,
			"does not have it" },
		{ "head -c 5000 /dev/zero >etc/passwd", -ENOENT,
			"does not have it" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct root_user user;
		char home[16];

		char command[512];

		(void)snprintf(command, sizeof(command), "mkdir etc; %s",
			rows[i].command);
		begin(command);

		auto_fd fd = open_base(".");

		check_row(rows[i].command);
		CHECK(root_find_user(fd, "www", &user, &err) == rows[i].result);
		CHECK(strstr(err.text, rows[i].text));
		root_find_home(fd, 1000, home, sizeof(home));
		CHECK(text_equal(home, "/"));
		end();
	}
}

static void test_many_groups(void)
{
	struct root_user user;
	auto_fd fd = -1;

	begin("mkdir etc; echo u:x:1:1:::: >etc/passwd; "
	      "for i in $(seq 2 64); do echo g:x:$i:u; done >etc/group");
	fd = open_base(".");
	CHECK(root_find_user(fd, "u", &user, &err) == 0);
	CHECK(user.group_count == ROOT_GROUPS_MAX);
	fixture_shell("echo g:x:65:u >>\"$1\"/etc/group", base);
	CHECK(root_find_user(fd, "u", &user, &err) == -E2BIG);
	end();
}

static void test_homes(void)
{
	static const struct {
		uint32_t uid;
		const char *home;
	} rows[] = {
		{ 0, "/root" },
		{ 33, "/var/www" },
		{ 70, "/" }, /* not absolute */
		{ 12345, "/" },
		{ 2147483647, "/last" },
	};
	char home[64];
	char tiny[4];
	auto_fd fd = -1;

	begin("mkdir etc");
	fd = open_base(".");
	root_find_home(fd, 0, home, sizeof(home));
	CHECK(text_equal(home, "/"));
	write_file(fd, "etc/passwd", passwd);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		root_find_home(fd, rows[i].uid, home, sizeof(home));
		check_row(rows[i].home);
		CHECK(text_equal(home, rows[i].home));
	}
	root_find_home(fd, 33, tiny, sizeof(tiny));
	CHECK(text_equal(tiny, "/"));
	end();
}

static bool is_file(int root_fd, const char *name, const char *content)
{
	auto_free char *text = NULL;

	return fd_read_file(root_fd, name, 100, &text, NULL, NULL) == 0 &&
	       text_equal(text, content);
}

static void test_overlay(void)
{
	const char *layers[2];
	auto_fd fd = -1;

	if (fixture_missing) {
		check_skip(fixture_missing);
		return;
	}
	begin("mkdir 1 2 upper work; echo top >1/a; echo low >2/a; "
	      "echo low >2/b");
	layers[0] = in_base("1");
	layers[1] = in_base("2");
	fd = open_root(layers, 2, in_base("upper"), in_base("work"));
	CHECK(fd >= 0 && is_file(fd, "a", "top\n") &&
		is_file(fd, "b", "low\n"));
	CHECK(mkdirat(fd, "new", 0755) == 0);
	CHECK(access(in_base("upper/new"), F_OK) == 0);
	fd_close(&fd);
	fd = open_root(layers, 2, NULL, NULL);
	CHECK(fd >= 0 && is_file(fd, "a", "top\n"));
	CHECK(mkdirat(fd, "new", 0755) < 0 && errno == EROFS);
	fd_close(&fd);
	fd = open_root(layers + 1, 1, NULL, NULL);
	CHECK(fd >= 0 && is_file(fd, "a", "low\n"));
	CHECK(mkdirat(fd, "new", 0755) < 0 && errno == EROFS);
	end();
}

static void test_overlay_of_many_layers(void)
{
	const char *layers[127];
	static char names[127][96];
	auto_fd fd = -1;

	if (fixture_missing) {
		check_skip(fixture_missing);
		return;
	}
	begin("mkdir upper work; for i in $(seq 0 126); do mkdir -p l/$i; "
	      "echo $i >l/$i/f$i; echo $i >l/$i/all; done");
	for (size_t i = 0; i < 127; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%s/l/%zu", base, i);
		layers[i] = names[i];
	}
	fd = open_root(layers, 127, in_base("upper"), in_base("work"));
	CHECK(fd >= 0);
	CHECK(is_file(fd, "all", "0\n"));
	CHECK(is_file(fd, "f126", "126\n"));
	fd_close(&fd);
	end();
}

static void test_overlay_errors(void)
{
	const char *layer = "/nowhere/at/all";
	const char *file = "/etc/passwd";

	CHECK(open_root(&layer, 0, NULL, NULL) == -EINVAL);
	CHECK(open_root(&layer, 1, "/tmp", NULL) == -EINVAL);
	if (fixture_missing) {
		check_skip(fixture_missing);
		return;
	}
	CHECK(open_root(&layer, 1, NULL, NULL) == -ENOENT);
	CHECK(strstr(err.text, "open layer '/nowhere/at/all': No such file"));
	begin("mkdir 1 upper work");
	CHECK(open_root(&layer, 1, in_base("upper"), in_base("work")) ==
		-ENOENT);
	CHECK(strstr(err.text, "mount the container root"));
	CHECK(strstr(err.text, "add layer '/nowhere/at/all'"));
	CHECK(open_root(&file, 1, in_base("upper"), in_base("work")) < 0);
	printf("# %s\n", err.text);
	layer = in_base("1");
	CHECK(open_root(&layer, 1, in_base("upper"), in_base("gone")) ==
		-ENOENT);
	CHECK(strstr(err.text, "/gone"));
	end();
}

static void test_copies_a_tree(void)
{
	struct stat a;
	struct stat b;
	struct stat status;
	char value[16];
	char link[64] = "";
	bool has_xattr;
	auto_fd root = -1;
	auto_fd volume = -1;

	begin("mkdir -p root/srv/www/deep/er volume; cd root/srv/www; "
	      "echo hello >file; chown 33:34 file; chmod 4755 file; touch -d @1000000 file; "
	      "ln file deep/hard; ln -s ../../../etc/passwd link; "
	      "mkfifo fifo; mknod node c 1 5; chmod 1770 deep; "
	      "truncate -s 3M big; echo end >>big; "
	      "touch -d @1000000 file; "
	      "chown 33:34 .; chmod 2750 .; "
	      "touch -d @2000000 deep; touch -d @3000000 .");
	has_xattr = setxattr(in_base("root/srv/www/file"), "user.x", "y", 1,
			    0) == 0;
	root = open_base("root");
	volume = open_base("volume");
	CHECK(root_copy_out(root, "/srv/www", volume, &err) == 0);
	CHECK(is_file(volume, "file", "hello\n"));
	CHECK(fstatat(volume, "file", &a, 0) == 0 &&
		fstatat(volume, "deep/hard", &b, 0) == 0 &&
		a.st_ino == b.st_ino && (a.st_mode & 07777) == 04755 &&
		a.st_uid == 33 && a.st_gid == 34 && a.st_mtime == 1000000);
	CHECK(readlinkat(volume, "link", link, sizeof(link) - 1) > 0 &&
		text_equal(link, "../../../etc/passwd"));
	CHECK(faccessat(volume, "fifo", F_OK, 0) < 0);
	CHECK(faccessat(volume, "node", F_OK, 0) < 0);
	CHECK(fstatat(volume, "deep", &status, 0) == 0 &&
		(status.st_mode & 07777) == 01770 &&
		status.st_mtime == 2000000);
	CHECK(fstatat(volume, "deep/er", &status, 0) == 0);
	CHECK(fstatat(volume, "big", &status, 0) == 0 &&
		status.st_size == (3 << 20) + 4);
	CHECK(fstat(volume, &status) == 0 &&
		(status.st_mode & 07777) == 02750 && status.st_uid == 33 &&
		status.st_mtime == 3000000);
	if (has_xattr)
		CHECK(getxattr(in_base("volume/file"), "user.x", value,
			      sizeof(value)) == 1);
	/* what is filled stays as it is */
	fixture_shell("echo other >\"$1\"/root/srv/www/more", base);
	CHECK(root_copy_out(root, "/srv/www", volume, &err) == 0);
	CHECK(faccessat(volume, "more", F_OK, 0) < 0);
	end();
}

static void test_copies_nothing_from_outside(void)
{
	auto_fd root = -1;
	auto_fd volume = -1;

	begin("mkdir root volume outside; echo secret >outside/file; "
	      "ln -s ../outside root/up; ln -s \"$1/outside\" root/abs; "
	      "echo x >root/file; mkdir root/has; "
	      "ln -s ../../outside root/has/link");
	root = open_base("root");
	volume = open_base("volume");
	CHECK(root_copy_out(root, "/up", volume, &err) == 0);
	CHECK(root_copy_out(root, "/abs", volume, &err) == 0);
	CHECK(root_copy_out(root, "/../outside", volume, &err) == 0);
	CHECK(root_copy_out(root, "/gone", volume, &err) == 0);
	CHECK(root_copy_out(root, "/file", volume, &err) == 0);
	fixture_shell("test -z \"$(ls -A \"$1\"/volume)\"", base);
	CHECK(root_copy_out(root, "/has", volume, &err) == 0);
	fixture_shell("test -L \"$1\"/volume/link", base);
	end();
}

static void test_copies_only_so_deep(void)
{
	auto_fd root = -1;
	auto_fd volume = -1;

	begin("mkdir root volume; cd root; "
	      "for i in $(seq 140); do mkdir d; cd d; done");
	root = open_base("root");
	volume = open_base("volume");
	CHECK(root_copy_out(root, "/", volume, &err) == -ELOOP);
	CHECK(strstr(err.text, "folders too deep"));
	end();
}

/* An agent that was killed while it mounted leaves its copy of the base. */
static void test_what_a_killed_one_left_is_detached(void)
{
	const char *layer;
	auto_fd users = -1;
	auto_fd root = -1;
	auto_fd base_fd = -1;

	if (fixture_missing) {
		check_skip(fixture_missing);
		return;
	}
	begin("mkdir 1 upper work; for name in work work 1; do "
	      "mount --bind --make-private . $name; done");
	users = idmap_open(&fixture_maps, &fixture_maps, &err);
	layer = in_base("1");

	const struct root_source source = {
		.layers = &layer,
		.layer_count = 1,
		.upper = in_base("upper"),
		.work = in_base("work"),
		.user_namespace_fd = users,
		.root_uid = FIXTURE_FIRST_ID,
		.root_gid = FIXTURE_FIRST_ID,
		.base = base,
	};

	root = root_open(&source, &err);
	CHECK(root >= 0);
	fd_close(&root);
	base_fd = open_base(".");
	CHECK(fd_remove_tree(base_fd, "work", &err) == 0);
	CHECK(fd_remove_tree(base_fd, "1", &err) == -EBUSY);
	root_uncover(base_fd, "1");
	root_uncover(base_fd, "1"); /* nothing is there */
	root_uncover(base_fd, "gone");
	CHECK(fd_remove_tree(base_fd, "1", &err) == 0);
	end();
}

/* As nobody the overlay would be mounted as whoever we are. */
static void test_an_unknown_id_is_not_taken_for_ours(void)
{
	const char *layer;
	auto_fd users = -1;

	if (fixture_missing) {
		check_skip(fixture_missing);
		return;
	}
	begin("mkdir 1 upper work");
	users = idmap_open(&fixture_maps, &fixture_maps, &err);
	layer = in_base("1");

	struct root_source source = {
		.layers = &layer,
		.layer_count = 1,
		.upper = in_base("upper"),
		.work = in_base("work"),
		.user_namespace_fd = users,
		.root_uid = UINT32_MAX,
		.root_gid = FIXTURE_FIRST_ID,
		.base = base,
	};

	CHECK(root_open(&source, &err) == -EINVAL);
	CHECK(strstr(err.text, "user 4294967295, group 1048576: "));
	source.root_uid = FIXTURE_FIRST_ID;
	source.root_gid = UINT32_MAX;
	CHECK(root_open(&source, &err) == -EINVAL);
	end();
}

int main(void)
{
	fixture_enter();
	RUN(test_users);
	RUN(test_users_without_files);
	RUN(test_hostile_user_files);
	RUN(test_many_groups);
	RUN(test_homes);
	RUN(test_overlay);
	RUN(test_overlay_of_many_layers);
	RUN(test_overlay_errors);
	RUN(test_what_a_killed_one_left_is_detached);
	RUN(test_an_unknown_id_is_not_taken_for_ours);
	RUN(test_copies_a_tree);
	RUN(test_copies_nothing_from_outside);
	RUN(test_copies_only_so_deep);
	return check_done();
}
