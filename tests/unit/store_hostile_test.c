// SPDX-License-Identifier: MIT
/* store_hostile_test - hostile layers change nothing beside their folder */
#include "store_layer.h"

static void make_link_to_outside(struct build *tar)
{
	build_link(tar, '2', "out", "../outside");
	build_link(tar, '2', "abs", scratch);
}

/* Each archive is refused, and nothing beside the layer has changed. */
static const struct hostile {
	const char *label;
	char type;
	const char *path, *link;
	const char *says;
} hostile[] = {
	{ "parent", '0', "../evil", "", "'..'" },
	{ "parent inside", '0', "a/../../evil", "", "'..'" },
	{ "parent at the end", '5', "a/..", "", "'..'" },
	{ "absolute", '0', "/evil", "", "absolute" },
	{ "absolute folder", '5', "/evil/", "", "absolute" },
	{ "file through a link", '0', "out/evil", "", "symbolic link" },
	{ "file through a link 2", '0', "abs/evil", "", "symbolic link" },
	{ "deep through a link", '0', "out/a/b/evil", "", "symbolic link" },
	{ "folder through a link", '5', "out/evil", "", "symbolic link" },
	{ "fifo through a link", '6', "out/evil", "", "symbolic link" },
	{ "link through a link", '2', "out/evil", "x", "symbolic link" },
	{ "hard link out", '1', "evil", "../outside/secret", "'..'" },
	{ "hard link absolute", '1', "evil", "/etc/passwd", "absolute" },
	{ "hard link through a link", '1', "evil", "out/secret",
		"symbolic link" },
	{ "hard link through a link 2", '1', "evil", "abs/outside/secret",
		"symbolic link" },
	{ "hard link to a folder", '1', "evil", "dir", "not a file" },
	{ "hard link to the root", '1', "evil", ".", "hard link" },
	{ "hard link to a whiteout", '1', "evil", "white", "not a file" },
	{ "hard link to nothing", '1', "evil", "missing", "No such file" },
	{ "hard link to itself inside", '1', "dir", "dir/x/y", "No such" },
	{ "root is a link", '2', ".", "../outside", "root" },
	{ "root is a file", '0', "./", "", "root" },
	{ "root is a hard link", '1', ".", "file", "root" },
	{ "empty name", '0', "", "", "root" },
	{ "character device", '3', "evil", "", "device" },
	{ "block device", '4', "evil", "", "device" },
	{ "device as whiteout", '3', ".wh.x", "", "device" },
	{ "whiteout of parent", '0', ".wh...", "", "hides no name" },
	{ "whiteout of itself", '0', ".wh..", "", "hides no name" },
	{ "whiteout of nothing", '0', "dir/.wh.", "", "hides no name" },
	{ "below a whiteout name", '0', ".wh.a/evil", "", "kept for white" },
	{ "below a file", '0', "file/evil", "", "Not a directory" },
	{ "sparse", 'S', "evil", "", "sparse" },
	{ "unknown", 'Q', "evil", "", "unknown kind" },
};

static void test_hostile_entries(void)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct build tar = { .size = 0 };
		struct error err;

		check_row(hostile[i].label);
		make_link_to_outside(&tar);
		build_folder(&tar, "dir");
		build_file(&tar, "file", "x");
		build_file(&tar, ".wh.white", "");
		(void)build_tar(&tar,
			(struct build_entry){ .type = hostile[i].type,
				.path = hostile[i].path,
				.link = hostile[i].link,
				.mode = 0777 });
		/* v7 makes a folder of "./", so it is said with a pax name */
		if (strcmp(hostile[i].label, "root is a file") == 0)
			memcpy(tar.bytes + tar.size - 512, ".\0", 2),
				build_sum(tar.bytes + tar.size - 512);
		build_end(&tar);
		CHECK(unpack(&tar, &err) < 0);
		if (!CHECK(strstr(err.text, hostile[i].says)))
			printf("# says: %s\n", err.text);
		CHECK(build_run("test \"$(ls -A \"$1\")\" = 'layer\noutside' "
				"&& test \"$(ls -A \"$1/outside\")\" = secret "
				"&& test \"$(cat \"$1/outside/secret\")\" = "
				"'do not touch' "
				"&& test \"$(stat -c %h "
				"\"$1/outside/secret\")\" = 1",
			      scratch) == 0);
	}
}

/* A device is refused before anything is done about its name. */
static void test_device_comes_first(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	(void)build_tar(&tar, (struct build_entry){ .type = '3',
				      .path = "null",
				      .mode = 0666 });
	CHECK(unpack(&tar, &err) == -EPERM);
	build_file(&tar, "kept", "x");
	(void)build_tar(&tar, (struct build_entry){ .type = '4',
				      .path = "kept",
				      .mode = 0666 });
	CHECK(unpack(&tar, &err) == -EPERM);
	CHECK(has_content("kept", "x"));
}

static void test_errors_name_the_entry(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_file(&tar, "d\033[31m/../x", "x");
	CHECK(unpack(&tar, &err) == -EINVAL);
	CHECK(strcmp(err.text, "'d?[31m/../x': the path has a '..'") == 0);
}

/* A link that becomes a folder and back must not be followed in between. */
static void test_swapped_parents(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_folder(&tar, "d");
	build_file(&tar, "d/a", "x");
	build_link(&tar, '2', "d", "../outside");
	build_file(&tar, "d/evil", "x");
	CHECK(unpack(&tar, &err) == -ELOOP);
	CHECK(faccessat(scratch_fd, "outside/evil", F_OK, 0) < 0);
	build_link(&tar, '2', "e", "../outside");
	build_link(&tar, '1', "f", "e");
	build_file(&tar, "f/evil", "x");
	CHECK(unpack(&tar, &err) == -ELOOP);
	build_link(&tar, '2', "file", "../outside/secret");
	build_file(&tar, "file", "replaces the link");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(has_content("file", "replaces the link"));
	CHECK(S_ISREG(look("file").st_mode));
}

static void test_depth_and_length(void)
{
	struct build tar = { .size = 0 };
	struct build path = { .size = 0 };
	struct error err;

	for (int i = 0; i < PATH_DEPTH_MAX; i++)
		build_add(&path, "d/", 2);
	build_pax(&tar, "path", path.bytes, path.size);
	build_folder(&tar, "x");
	CHECK(unpack(&tar, &err) == 0);
	build_add(&path, "d/", 2);
	build_pax(&tar, "path", path.bytes, path.size);
	build_folder(&tar, "x");
	CHECK(unpack(&tar, &err) == -ENAMETOOLONG);
	build_clear(&path);
	for (int i = 0; i < PATH_PART_MAX; i++)
		build_add(&path, "n", 1);
	build_pax(&tar, "path", path.bytes, path.size);
	build_file(&tar, "x", "x");
	CHECK(unpack(&tar, &err) == 0);
	build_add(&path, "n", 1);
	build_pax(&tar, "path", path.bytes, path.size);
	build_file(&tar, "x", "x");
	CHECK(unpack(&tar, &err) == -ENAMETOOLONG);
	build_clear(&path);
}

/* The deepest folder can be replaced, too: removing goes down all of it. */
static void test_replacing_a_deep_folder(void)
{
	struct build tar = { .size = 0 };
	struct build path = { .size = 0 };
	struct error err;

	for (int i = 0; i < PATH_DEPTH_MAX; i++)
		build_add(&path, "d/", 2);
	build_pax(&tar, "path", path.bytes, path.size);
	build_folder(&tar, "x");
	build_file(&tar, "d", "flat");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(has_content("d", "flat"));
	build_clear(&path);
}

/* A folder became a link: that its files are gone need not be said. */
static void test_moot_whiteouts(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_link(&tar, '2', "out", "../outside");
	build_file(&tar, "out/.wh.secret", "");
	build_file(&tar, "out/.wh..wh..opq", "");
	build_file(&tar, "out/deep/er/.wh.secret", "");
	build_file(&tar, "file", "x");
	build_file(&tar, "file/.wh.x", "");
	build_file(&tar, "later/.wh.x", "");
	build_link(&tar, '2', "later", "file");
	build_file(&tar, "file2", "x");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(S_ISLNK(look("out").st_mode) && S_ISLNK(look("later").st_mode));
	CHECK(has_content("file", "x") && has_content("file2", "x"));
	CHECK(build_run("test \"$(ls -A \"$1/outside\")\" = secret && "
			"test -f \"$1/outside/secret\"",
		      scratch) == 0);
}

int main(void)
{
	begin();
	RUN(test_hostile_entries);
	RUN(test_device_comes_first);
	RUN(test_errors_name_the_entry);
	RUN(test_swapped_parents);
	RUN(test_depth_and_length);
	RUN(test_replacing_a_deep_folder);
	RUN(test_moot_whiteouts);
	return finish();
}
