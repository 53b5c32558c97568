// SPDX-License-Identifier: MIT
/* store_unpack_test - layers become folders */
#include "store_layer.h"

static void test_metadata(void)
{
	struct build tar = { .size = 0 };
	struct stat status;
	struct error err;

	(void)build_tar(&tar, (struct build_entry){ .type = '5',
				      .path = "./",
				      .mode = 0751,
				      .uid = 3,
				      .mtime = 500 });
	(void)build_tar(&tar, (struct build_entry){ .type = '5',
				      .path = "./d/",
				      .mode = 01777,
				      .uid = 5,
				      .gid = 6,
				      .mtime = 1000 });
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "d/su",
				      .mode = 06755,
				      .uid = 7,
				      .gid = 8,
				      .mtime = 2000,
				      .content = "abc",
				      .size = 3 });
	(void)build_tar(&tar, (struct build_entry){ .type = '2',
				      .path = "d/link",
				      .link = "/etc/passwd",
				      .uid = 9,
				      .gid = 10,
				      .mtime = 3000 });
	(void)build_tar(&tar, (struct build_entry){ .type = '6',
				      .path = "fifo",
				      .mode = 0622,
				      .uid = 11,
				      .mtime = 4000 });
	CHECK(unpack(&tar, &err) == 0);
	status = look(".");
	CHECK((status.st_mode & 07777) == 0751 && status.st_uid == 3);
	CHECK(status.st_mtim.tv_sec == 500);
	status = look("d");
	CHECK((status.st_mode & 07777) == 01777 && status.st_uid == 5);
	CHECK(status.st_gid == 6 && status.st_mtim.tv_sec == 1000);
	status = look("d/su");
	CHECK((status.st_mode & 07777) == 06755 && status.st_uid == 7);
	CHECK(status.st_gid == 8 && status.st_mtim.tv_sec == 2000);
	CHECK(has_content("d/su", "abc"));
	status = look("d/link");
	CHECK(S_ISLNK(status.st_mode) && status.st_uid == 9);
	CHECK(status.st_gid == 10 && status.st_mtim.tv_sec == 3000);
	status = look("fifo");
	CHECK(S_ISFIFO(status.st_mode) && status.st_uid == 11);
	CHECK((status.st_mode & 07777) == 0622);
	CHECK(status.st_mtim.tv_sec == 4000);
}

static void test_umask_does_not_count(void)
{
	struct build tar = { .size = 0 };
	mode_t before = umask(0777);
	struct error err;

	build_file(&tar, "a/b/c", "x");
	CHECK(unpack(&tar, &err) == 0);
	(void)umask(before);
	CHECK((look("a").st_mode & 07777) == 0755);
	CHECK((look("a/b/c").st_mode & 07777) == 0644);
}

/* A folder keeps its time although later entries are put into it. */
static void test_times_of_folders_last(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	(void)build_tar(&tar, (struct build_entry){ .type = '5',
				      .path = "a",
				      .mode = 0755,
				      .mtime = 100 });
	(void)build_tar(&tar, (struct build_entry){ .type = '5',
				      .path = "a/b",
				      .mode = 0755,
				      .mtime = 200 });
	build_file(&tar, "a/b/c", "x");
	build_file(&tar, "z", "x");
	build_file(&tar, "a/d", "x");
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "a/new/deep/e",
				      .mode = 0644,
				      .mtime = 300 });
	CHECK(unpack(&tar, &err) == 0);
	CHECK(look("a").st_mtim.tv_sec == 100);
	CHECK(look("a/b").st_mtim.tv_sec == 200);
	CHECK(look("a/new").st_mtim.tv_sec == 300);
	CHECK(look("a/new/deep").st_mtim.tv_sec == 300);
}

static void test_hard_links(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_file(&tar, "d/a", "one");
	build_link(&tar, '1', "b", "d/a");
	build_link(&tar, '1', "./d/c", "./d/a");
	build_link(&tar, '2', "s", "nowhere");
	build_link(&tar, '1', "s2", "s");
	build_link(&tar, '1', "b", "b");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(look("b").st_ino == look("d/a").st_ino);
	CHECK(look("d/c").st_ino == look("d/a").st_ino);
	CHECK(look("d/a").st_nlink == 3);
	CHECK(look("s2").st_ino == look("s").st_ino);
	CHECK(S_ISLNK(look("s2").st_mode));
}

static void test_xattrs(void)
{
	/* VFS_CAP_REVISION_2, CAP_NET_BIND_SERVICE, effective */
	static const char capability[] = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0"
					 "\0\0\0";
	struct build tar = { .size = 0 };
	struct build records = { .size = 0 };
	struct error err;
	char value[32];
	int fd;

	build_record(&records, "SCHILY.xattr.user.note", "a\0b", 3);
	build_record(&records, "SCHILY.xattr.security.capability", capability,
		20);
	build_record(&records, "SCHILY.xattr.trusted.overlay.redirect", "/etc",
		4);
	build_record(&records, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
	build_record(&records, "SCHILY.xattr.user.overlay.opaque", "y", 1);
	build_record(&records, "SCHILY.xattr.security.selinux", "x", 1);
	(void)build_tar(&tar, (struct build_entry){ .type = 'x',
				      .path = "pax",
				      .content = records.bytes,
				      .size = records.size });
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "ping",
				      .mode = 0755,
				      .uid = 4 });
	build_clear(&records);
	build_pax(&tar, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
	build_folder(&tar, "d");
	if (!CHECK(unpack(&tar, &err) == 0)) {
		printf("# %s\n", err.text);
		return;
	}
	fd = openat(root_fd, "ping", O_RDONLY | O_CLOEXEC);
	CHECK(fgetxattr(fd, "user.note", value, sizeof(value)) == 3);
	CHECK(fgetxattr(fd, "security.capability", value, sizeof(value)) == 20);
	CHECK(memcmp(value, capability, 20) == 0);
	CHECK(fgetxattr(fd, "trusted.overlay.redirect", value, 32) < 0);
	CHECK(fgetxattr(fd, "user.overlay.opaque", value, 32) < 0);
	CHECK(fgetxattr(fd, "security.selinux", value, 32) < 0);
	CHECK(!is_opaque("d"));
	(void)close(fd);
}

static void test_whiteouts(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_file(&tar, ".wh.gone", "");
	build_file(&tar, "d/.wh.gone", "content is of no interest");
	build_file(&tar, "o/.wh..wh..opq", "");
	build_file(&tar, "o/new", "x");
	build_file(&tar, "o2/new", "x");
	build_file(&tar, "o2/.wh..wh..opq", "");
	build_file(&tar, "d/.wh..wh.aufs", "");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(is_whiteout("gone") && is_whiteout("d/gone"));
	CHECK(is_missing("d/.wh.gone") && is_missing("d/.wh..wh.aufs"));
	CHECK(is_opaque("o") && has_content("o/new", "x"));
	CHECK(is_opaque("o2") && has_content("o2/new", "x"));
	CHECK(!is_opaque("d") && is_missing("o/.wh..wh..opq"));
}

/* A whiteout hides what is below, never what the same layer has. */
static void test_whiteout_and_new_in_one_layer(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_file(&tar, "file1", "x");
	build_file(&tar, ".wh.file1", "");
	build_file(&tar, ".wh.file2", "");
	build_file(&tar, "file2", "x");
	build_folder(&tar, "dir1");
	build_file(&tar, "dir1/a", "x");
	build_file(&tar, ".wh.dir1", "");
	build_file(&tar, ".wh.dir2", "");
	build_folder(&tar, "dir2");
	build_file(&tar, ".wh.dir3", "");
	build_file(&tar, "dir3/sub/a", "x");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(has_content("file1", "x") && has_content("file2", "x"));
	CHECK(is_opaque("dir1") && has_content("dir1/a", "x"));
	CHECK(is_opaque("dir2"));
	CHECK(is_opaque("dir3") && has_content("dir3/sub/a", "x"));
	CHECK(!is_opaque("dir3/sub"));
}

static void test_later_entries_replace(void)
{
	struct build tar = { .size = 0 };
	struct error err;

	build_file(&tar, "a", "old and long");
	build_link(&tar, '1', "kept", "a");
	build_file(&tar, "a", "new");
	build_folder(&tar, "d");
	build_file(&tar, "d/x", "x");
	build_file(&tar, "d", "now a file");
	build_link(&tar, '2', "s", "/tmp");
	build_folder(&tar, "s");
	build_file(&tar, "s/inside", "x");
	build_folder(&tar, "again");
	build_file(&tar, "again/x", "x");
	(void)build_tar(&tar, (struct build_entry){ .type = '5',
				      .path = "again",
				      .mode = 0700 });
	CHECK(unpack(&tar, &err) == 0);
	CHECK(has_content("a", "new") && has_content("kept", "old and long"));
	CHECK(has_content("d", "now a file"));
	CHECK(S_ISDIR(look("s").st_mode) && has_content("s/inside", "x"));
	CHECK(has_content("again/x", "x"));
	CHECK((look("again").st_mode & 07777) == 0700);
}

/* Makes the layers below by unpacking them, too; NULL: only one. */
static void set_lower(struct build *bottom, struct build *top)
{
	struct build *const layers[] = { bottom, top };
	static const char *const names[] = { "lower0", "lower1" };
	struct error err;

	for (size_t i = 0; i < 2 && layers[i]; i++) {
		(void)fd_remove_tree(scratch_fd, names[i], NULL);
		build_end(layers[i]);
		CHECK(unpack(layers[i], &err) == 0);
		CHECK(renameat(scratch_fd, "layer", scratch_fd, names[i]) == 0);
		lower_fds[i] = fd_take(&root_fd);
		lower_count = i + 1;
	}
}

static void clear_lower(void)
{
	lower_count = 0;
	fd_close(&lower_fds[0]);
	fd_close(&lower_fds[1]);
	CHECK(fd_remove_tree(scratch_fd, "lower0", NULL) == 0);
	CHECK(fd_remove_tree(scratch_fd, "lower1", NULL) == 0);
}

static void build_mode(struct build *tar, const char *path, unsigned int mode)
{
	(void)build_tar(tar, (struct build_entry){ .type = '5',
				     .path = path,
				     .mode = mode,
				     .uid = mode,
				     .gid = 7,
				     .mtime = (long)mode });
}

static bool is_like(const char *path, unsigned int mode)
{
	struct stat status = look(path);

	return (status.st_mode & 07777) == mode && status.st_uid == mode &&
	       status.st_gid == 7 && status.st_mtim.tv_sec == (long)mode;
}

static bool is_new(const char *path)
{
	struct stat status = look(path);

	return (status.st_mode & 07777) == 0755 && status.st_uid == 0 &&
	       status.st_mtim.tv_sec == 0;
}

/* A folder that is not described is as the one that is seen below. */
static void test_folders_of_lower_layers(void)
{
	struct build bottom = { .size = 0 };
	struct build top = { .size = 0 };
	struct build tar = { .size = 0 };
	struct error err;

	build_mode(&bottom, ".", 0711);
	build_mode(&bottom, "a", 0700);
	build_mode(&bottom, "a/b", 0701);
	build_mode(&bottom, "c", 0702);
	build_mode(&bottom, "white", 0703);
	build_mode(&bottom, "opaque/in", 0704);
	build_mode(&bottom, "opaque/kept", 0704);
	build_mode(&bottom, "link/in", 0705);
	build_mode(&bottom, "file", 0706);
	build_mode(&bottom, "mine/in", 0707);
	build_mode(&top, "a", 01777);
	build_file(&top, ".wh.white", "");
	build_file(&top, "opaque/.wh..wh..opq", "");
	build_mode(&top, "opaque/kept", 0710);
	build_link(&top, '2', "link", "a");
	build_file(&top, "file", "x");
	set_lower(&bottom, &top);
	CHECK(lower_count == 2);
	build_file(&tar, "a/b/new", "x");
	build_file(&tar, "c/new", "x");
	build_file(&tar, "white/new", "x");
	build_file(&tar, "opaque/in/new", "x");
	build_file(&tar, "opaque/kept/new", "x");
	build_file(&tar, "link/in/new", "x");
	build_file(&tar, "file/new", "x");
	build_file(&tar, ".wh.mine", "");
	build_file(&tar, "mine/in/new", "x");
	build_file(&tar, "none/new", "x");
	CHECK(unpack(&tar, &err) == 0);
	CHECK(is_like(".", 0711));
	CHECK(is_like("a", 01777) && is_like("a/b", 0701));
	CHECK(is_like("c", 0702) && is_like("opaque/kept", 0710));
	CHECK(is_new("white") && is_new("opaque/in") && is_new("link"));
	CHECK(is_new("link/in") && is_new("file"));
	CHECK(is_new("mine") && is_new("mine/in") && is_new("none"));
	CHECK(is_opaque("mine") && !is_opaque("opaque"));
	clear_lower();
}

static void test_large_file(void)
{
	struct build tar = { .size = 0 };
	struct error err;
	size_t size = 3 << 20;
	char *content = malloc(size);

	if (!CHECK(content))
		return;
	memset(content, 'q', size);
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "big",
				      .mode = 0600,
				      .content = content,
				      .size = size });
	free(content);
	CHECK(unpack(&tar, &err) == 0);
	CHECK(look("big").st_size == (off_t)size);
}

int main(void)
{
	begin();
	RUN(test_metadata);
	RUN(test_umask_does_not_count);
	RUN(test_times_of_folders_last);
	RUN(test_hard_links);
	RUN(test_xattrs);
	RUN(test_whiteouts);
	RUN(test_whiteout_and_new_in_one_layer);
	RUN(test_later_entries_replace);
	RUN(test_folders_of_lower_layers);
	RUN(test_large_file);
	return finish();
}
