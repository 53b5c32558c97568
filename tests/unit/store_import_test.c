// SPDX-License-Identifier: MIT
/* store_import_test - from an archive to layers that can be used, or nothing */
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "check.h"
#include "fault.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "store/import.h"
#include "store_build.h"

static char scratch[64];
static int scratch_fd = -1;
static struct store store;

/* A store and a folder of archives, both empty. */
static void start_over(void)
{
	struct error err;
	char path[128];

	store_close(&store);
	(void)build_run("rm -rf -- \"$1\"/* && mkdir \"$1/images\"", scratch);
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	if (store_open(&store, path, &err) < 0)
		build_die(err.text);
	(void)snprintf(path, sizeof(path), "%s/none", scratch);
	CHECK(store_add_source(&store, path, &err) == 0);
	(void)snprintf(path, sizeof(path), "%s/images", scratch);
	CHECK(store_add_source(&store, path, &err) == 0);
}

/* Imports without giving anything up, as this process goes on. */
static int import(const char *reference, struct error *err)
{
	unsigned int before = fault_count_fds();
	int result;

	*err = (struct error){ .code = 0 };
	result = import_image(&store, reference, NULL, NULL, err);
	CHECK(fault_count_fds() == before);
	CHECK((result == 0) == (err->text[0] == '\0'));
	return result;
}

/* Looks up; layers and more are in an arena that is gone: use the count. */
static int find(const char *reference, size_t *layers)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct image image;
	struct error err;
	int result = store_find(&store, reference, &arena, &image, &err);

	if (layers)
		*layers = image.layer_count;
	return result;
}

static bool shell(const char *script)
{
	return build_run(script, scratch) == 0;
}

/* Whether the store holds nothing at all that somebody could use. */
static bool is_store_empty(void)
{
	return shell("cd \"$1/store\" && test -z \"$(ls -A incoming layers "
		     "images refs | grep -v : | grep .)\"");
}

static struct build make_layer(const char *path, const char *content)
{
	struct build tar = { .size = 0 };

	build_folder(&tar, "bin");
	build_file(&tar, path, content);
	build_end(&tar);
	return tar;
}

/* An image of three layers, one of each kind. */
static void make_image(struct build_image *image)
{
	struct build top = { .size = 0 };

	*image = (struct build_image){ .count = 0 };
	build_layer(image, make_layer("bin/hello", "hello"), BUILD_GZIP);
	build_layer(image, make_layer("bin/other", "other"), BUILD_ZSTD);
	build_file(&top, "bin/.wh.other", "");
	build_end(&top);
	build_layer(image, top, BUILD_PLAIN);
	build_documents(image);
}

static void write_tar(const struct build_image *image, const char *path,
	const char *name)
{
	struct build tar = { .size = 0 };
	const struct build_target target = { &tar, -1 };

	build_layout(&target, image, name);
	build_write(scratch_fd, path, tar.bytes, tar.size);
	build_clear(&tar);
}

static void write_folder(const struct build_image *image, const char *path,
	const char *name)
{
	struct build_target target = { NULL, -1 };

	if (mkdirat(scratch_fd, path, 0755) < 0)
		build_die(path);
	target.dir_fd = openat(scratch_fd, path, O_RDONLY | O_DIRECTORY);
	build_layout(&target, image, name);
	(void)close(target.dir_fd);
}

static void test_all_kinds_of_archives(void)
{
	struct build_image image;
	struct build saved = { .size = 0 };
	struct error err;
	size_t layers;

	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "one:1");
	write_folder(&image, "images/two", "latest");
	build_saved(&saved, &image, "three:3");
	build_write(scratch_fd, "images/c.tar", saved.bytes, saved.size);
	build_clear(&saved);
	CHECK(find("one:1", &layers) == -EAGAIN && layers == 0);
	CHECK(import("one:1", &err) == 0);
	CHECK(find("one:1", &layers) == 0 && layers == 3);
	CHECK(import("two", &err) == 0 && find("two", NULL) == 0);
	CHECK(import("three:3", &err) == 0 && find("three:3", NULL) == 0);
	/* shared: one image, three layers, three names */
	CHECK(shell(
		"cd \"$1/store\" && test $(ls layers | wc -l) = 3 && "
		"test $(ls images | wc -l) = 1 && "
		"test $(ls refs | wc -l) = 3 && test -z \"$(ls incoming)\""));
	build_image_clear(&image);
}

static void test_image_as_described(void)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct build_image built;
	struct image image;
	struct error err;
	char path[256];
	char chain[2 * DIGEST_TEXT];
	char chain_id[DIGEST_TEXT];

	start_over();
	make_image(&built);
	write_tar(&built, "images/a.tar", "app");
	CHECK(import("app", &err) == 0);
	if (!CHECK(store_find(&store, "app", &arena, &image, &err) == 0))
		return;
	CHECK(strcmp(image.digest, built.config_digest) == 0);
	CHECK(image.command_count == 1 &&
		strcmp(image.command[0], "/bin/hello") == 0);
	CHECK(image.entrypoint_count == 0 && image.environment_count == 1);
	CHECK(strcmp(image.environment[0], "A=1") == 0);
	CHECK(image.volume_count == 1 && strcmp(image.volumes[0], "/v") == 0);
	CHECK(strcmp(image.working_dir, "/w") == 0);
	CHECK(strcmp(image.user, "u") == 0);
	CHECK(strcmp(image.stop_signal, "3") == 0);
	(void)snprintf(chain, sizeof(chain), "%s %s", built.diff_ids[0],
		built.diff_ids[1]);
	digest_of(chain, strlen(chain), chain_id);
	(void)snprintf(path, sizeof(path), "%s/store/layers/%s", scratch,
		digest_hex(built.diff_ids[0]));
	CHECK(image.layer_count == 3 && strcmp(image.layers[2], path) == 0);
	(void)snprintf(path, sizeof(path), "%s/store/layers/%s", scratch,
		digest_hex(chain_id));
	CHECK(strcmp(image.layers[1], path) == 0);
	build_image_clear(&built);
}

/* Twice in one image, the same layer lies on different ones. */
static void test_layer_twice(void)
{
	struct build_image image = { .count = 0 };
	struct error err;
	size_t layers;

	start_over();
	build_layer(&image, make_layer("a", "a"), BUILD_GZIP);
	build_layer(&image, make_layer("b", "b"), BUILD_GZIP);
	build_layer(&image, make_layer("a", "a"), BUILD_PLAIN);
	build_documents(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import("app", &err) == 0);
	CHECK(find("app", &layers) == 0 && layers == 3);
	build_image_clear(&image);
}

static void test_changed_archives(void)
{
	struct build_image image;
	struct error err;
	size_t layers;

	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import("app", &err) == 0 && find("app", NULL) == 0);
	/* touched: it is looked at again, the old one is there meanwhile */
	CHECK(shell("touch -d @1 \"$1/images/a.tar\""));
	CHECK(find("app", &layers) == -EAGAIN && layers == 3);
	CHECK(import("app", &err) == 0 && find("app", NULL) == 0);
	/* replaced by a broken one */
	CHECK(shell("echo broken > \"$1/images/a.tar\""));
	CHECK(find("app", &layers) == -EAGAIN && layers == 3);
	CHECK(import("app", &err) == -ENOENT);
	CHECK(find("app", &layers) == -EAGAIN && layers == 3);
	/* gone: what is unpacked is good */
	CHECK(shell("rm \"$1/images/a.tar\""));
	CHECK(find("app", &layers) == 0 && layers == 3);
	build_image_clear(&image);
}

static void test_changed_store(void)
{
	struct build_image image;
	struct error err;

	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import("app", &err) == 0 && find("app", NULL) == 0);
	CHECK(shell("cd \"$1/store/layers\" && rm -rf -- $(ls | head -n1)"));
	CHECK(find("app", NULL) == -EAGAIN);
	CHECK(import("app", &err) == 0 && find("app", NULL) == 0);
	CHECK(shell("cd \"$1/store/images\" && for f in *; do "
		    "echo >> $f; done"));
	CHECK(find("app", NULL) == -EAGAIN);
	CHECK(import("app", &err) == 0 && find("app", NULL) == 0);
	CHECK(shell("cd \"$1/store/refs\" && for f in *; do "
		    "echo '{' > $f; done"));
	CHECK(find("app", NULL) == -EAGAIN);
	CHECK(import("app", &err) == 0 && find("app", NULL) == 0);
	build_image_clear(&image);
}

static void test_first_source_wins(void)
{
	struct build_image image;
	struct error err;

	start_over();
	make_image(&image);
	CHECK(shell("mkdir \"$1/none\""));
	write_tar(&image, "images/a.tar", "app");
	write_tar(&image, "none/z.tar", "app");
	CHECK(import("app", &err) == 0);
	CHECK(shell("grep -q none/z.tar \"$1\"/store/refs/*"));
	build_image_clear(&image);
}

/* An archive with one thing wrong: nothing of it may be seen afterwards. */
static void check_refused(const struct build_image *image, const char *says)
{
	struct error err;

	start_over();
	write_tar(image, "images/a.tar", "app");
	CHECK(import("app", &err) < 0);
	if (!CHECK(strstr(err.text, says)))
		printf("# says: %s\n", err.text);
	CHECK(strstr(err.text, "/images/a.tar'"));
	CHECK(is_store_empty());
}

static void test_wrong_layer_digest(void)
{
	struct build_image image;
	struct build tar = { .size = 0 };
	const struct build_target target = { &tar, -1 };
	struct error err;
	char *at;

	start_over();
	make_image(&image);
	build_layout(&target, &image, "app");
	/* the plain layer is stored as it is: change one byte of padding */
	at = memmem(tar.bytes, tar.size, "bin/.wh.other", 13);
	if (CHECK(at))
		at[505] = 1, build_sum((unsigned char *)at);
	build_write(scratch_fd, "images/a.tar", tar.bytes, tar.size);
	CHECK(import("app", &err) == -EBADMSG);
	CHECK(strstr(err.text, "layer sha256:"));
	CHECK(strstr(err.text, "do not have that digest"));
	CHECK(is_store_empty());
	build_clear(&tar);
	build_image_clear(&image);
}

static void test_wrong_diff_id(void)
{
	struct build_image image;

	make_image(&image);
	image.diff_ids[0][20] = image.diff_ids[0][20] == 'a' ? 'b' : 'a';
	build_documents(&image);
	check_refused(&image, "diff_id");
	build_image_clear(&image);
}

static void test_wrong_machine(void)
{
	struct build_image image;

	make_image(&image);
	image.architecture = "s390x";
	build_documents(&image);
	check_refused(&image, "linux/s390x, this machine is linux/");
	build_image_clear(&image);
}

static void test_wrong_media_type(void)
{
	struct build_image image;

	make_image(&image);
	image.endings[0] = "+zstd";
	build_documents(&image);
	check_refused(&image, "its media type says zstd, but it is gzip");
	build_image_clear(&image);
}

static void test_wrong_number_of_layers(void)
{
	struct build_image image;
	struct build config;

	make_image(&image);
	image.count = 2;
	build_documents(&image);
	config = image.config;
	image.config = (struct build){ .size = 0 };
	image.count = 3;
	build_documents(&image);
	build_clear(&image.config);
	image.config = config;
	/* as the manifest says another digest, say the new one there */
	memcpy(memmem(image.manifest.bytes, image.manifest.size,
		       image.config_digest, 71),
		image.config_digest, 71);
	check_refused(&image, "its config");
	build_image_clear(&image);
}

static void test_hostile_layers(void)
{
	static const struct {
		char type;
		const char *path, *says;
	} rows[] = { { '0', "../../evil", "'..'" },
		{ '0', "/etc/evil", "absolute" }, { '3', "dev/null", "device" },
		{ '2', ".", "root" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build_image image = { .count = 0 };
		struct build tar = { .size = 0 };

		check_row(rows[i].path);
		build_file(&tar, "good", "x");
		(void)build_tar(&tar,
			(struct build_entry){ .type = rows[i].type,
				.path = rows[i].path,
				.link = "x",
				.mode = 0644 });
		build_end(&tar);
		build_layer(&image, make_layer("fine", "x"), BUILD_GZIP);
		build_layer(&image, tar, BUILD_GZIP);
		build_documents(&image);
		check_refused(&image, rows[i].says);
		build_image_clear(&image);
	}
}

/* Cut at every block, and in the middle of each. */
static void check_cut(const struct build *whole)
{
	struct build_image image;
	struct error err;
	size_t layers;

	make_image(&image);
	for (size_t size = 0; size + 1024 < whole->size; size += 256) {
		start_over();
		build_write(scratch_fd, "images/a.tar", whole->bytes, size);
		if (!CHECK(import("app", &err) < 0) ||
			!CHECK(is_store_empty())) {
			printf("# cut at %zu: %s\n", size, err.text);
			break;
		}
		/* and the whole one is taken when it arrives */
		if (size % 4096)
			continue;
		build_write(scratch_fd, "images/a.tar", whole->bytes,
			whole->size);
		CHECK(import("app", &err) == 0);
		CHECK(find("app", &layers) == 0 && layers == 3);
	}
	build_image_clear(&image);
}

static void test_cut_anywhere(void)
{
	struct build_image image;
	struct build tar = { .size = 0 };
	const struct build_target target = { &tar, -1 };

	make_image(&image);
	build_layout(&target, &image, "app");
	check_cut(&tar);
	build_clear(&tar);
	build_saved(&tar, &image, "app");
	check_cut(&tar);
	build_clear(&tar);
	build_image_clear(&image);
}

static void test_message_of_a_missing_image(void)
{
	struct build_image image;
	struct error err;
	char wanted[400];

	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import("nginx", &err) == -ENOENT);
	(void)snprintf(wanted, sizeof(wanted),
		"find image 'nginx': no archive in %s/none or %s/images has "
		"it; they have: app",
		scratch, scratch);
	CHECK(strcmp(err.text, wanted) == 0);
	CHECK(import("No Name", &err) == -EINVAL);
	build_image_clear(&image);
}

static void test_left_over_files_are_swept(void)
{
	struct error err;
	char path[128];

	start_over();
	CHECK(shell("cd \"$1/store\" && mkdir -p incoming/a/b/c && "
		    "touch incoming/a/b/f refs/.new-abc && mknod incoming/w c "
		    "0 0"));
	store_close(&store);
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	CHECK(store_open(&store, path, &err) == 0);
	CHECK(is_store_empty());
}

/* An import that is under way is neither swept nor joined. */
static void test_one_at_a_time(void)
{
	struct build_image image;
	struct error err;
	char path[128];
	int fd;

	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "app");
	fd = openat(store.dir_fd, "incoming", O_RDONLY | O_DIRECTORY);
	CHECK(flock(fd, LOCK_EX) == 0);
	CHECK(shell("touch \"$1/store/incoming/busy\""));
	CHECK(import("app", &err) == -EBUSY);
	CHECK(store_collect(&store, NULL, 0, &err) == -EBUSY);
	store_close(&store);
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	CHECK(store_open(&store, path, &err) == 0);
	CHECK(shell("test -e \"$1/store/incoming/busy\""));
	(void)close(fd);
	build_image_clear(&image);
}

static void test_collect(void)
{
	struct build_image one = { .count = 0 };
	struct build_image two = { .count = 0 };
	static const char *const keep[] = { "docker.io/library/two:latest",
		"Not A Name" };
	struct error err;

	start_over();
	build_layer(&one, make_layer("shared", "x"), BUILD_GZIP);
	build_layer(&one, make_layer("only/one", "x"), BUILD_GZIP);
	build_documents(&one);
	build_layer(&two, make_layer("shared", "x"), BUILD_ZSTD);
	build_layer(&two, make_layer("only/two", "x"), BUILD_GZIP);
	build_documents(&two);
	write_tar(&one, "images/1.tar", "one");
	write_tar(&two, "images/2.tar", "two");
	CHECK(import("one", &err) == 0 && import("two", &err) == 0);
	CHECK(shell("test $(ls \"$1/store/layers\" | wc -l) = 3"));
	CHECK(store_collect(&store, keep, 2, &err) == 0);
	CHECK(find("one", NULL) == -EAGAIN && find("two", NULL) == 0);
	CHECK(shell(
		"cd \"$1/store\" && test $(ls layers | wc -l) = 2 && "
		"test $(ls images | wc -l) = 1 && "
		"test $(ls refs | wc -l) = 1 && test -z \"$(ls incoming)\""));
	CHECK(import("one", &err) == 0 && find("one", NULL) == 0);
	CHECK(store_collect(&store, NULL, 0, &err) == 0);
	CHECK(is_store_empty());
	build_image_clear(&one);
	build_image_clear(&two);
}

/* A small tmpfs as the store's disk. */
static bool mount_store(const char *options)
{
	struct error err;
	char path[128];

	start_over();
	store_close(&store);
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	if (mount("tmpfs", path, "tmpfs", 0, options) < 0) {
		check_skip("no tmpfs can be mounted here");
		return false;
	}
	CHECK(store_open(&store, path, &err) == 0);
	(void)snprintf(path, sizeof(path), "%s/images", scratch);
	CHECK(store_add_source(&store, path, &err) == 0);
	return true;
}

static void unmount_store(void)
{
	char path[128];

	store_close(&store);
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	CHECK(umount(path) == 0);
}

static void test_disk_full(void)
{
	struct build_image image = { .count = 0 };
	struct build tar = { .size = 0 };
	char *content = calloc(1, 8 << 20);
	struct error err;

	if (!CHECK(content) || !mount_store("size=4m"))
		return;
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "big",
				      .mode = 0644,
				      .content = content,
				      .size = 8 << 20 });
	free(content);
	build_layer(&image, tar, BUILD_GZIP);
	build_documents(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import("app", &err) == -EFBIG);
	CHECK(strstr(err.text, "which is all there is room for"));
	CHECK(is_store_empty());
	unmount_store();
	build_image_clear(&image);
}

static void test_no_inodes_left(void)
{
	struct build_image image = { .count = 0 };
	struct build tar = { .size = 0 };
	struct error err;
	char path[32];

	if (!mount_store("nr_inodes=40"))
		return;
	for (int i = 0; i < 100; i++) {
		(void)snprintf(path, sizeof(path), "file%d", i);
		build_file(&tar, path, "x");
	}
	build_end(&tar);
	build_layer(&image, tar, BUILD_GZIP);
	build_documents(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import("app", &err) == -ENOSPC);
	CHECK(strstr(err.text, "No space left"));
	CHECK(is_store_empty());
	unmount_store();
	build_image_clear(&image);
}

/* The confined child: does its work, and can do nothing else. */
static int confined_child(bool has_landlock)
{
	struct error err = { .code = 0 };
	int result = store_import(&store, "app", NULL, NULL, &err);
	char path[128];

	if (result < 0) {
		printf("# %s\n", err.text);
		return 1;
	}
	(void)snprintf(path, sizeof(path), "%s/escaped", scratch);
	if (has_landlock &&
		open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 2;
	if (has_landlock && open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
		return 3;
	(void)snprintf(path, sizeof(path), "%s/images/new", scratch);
	if (has_landlock &&
		open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 4;
	(void)execl("/bin/true", "true", (char *)NULL);
	if (fork() >= 0)
		return 5;
	if (kill(getppid(), 0) == 0)
		return 6;
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
		return 7;
	if (mount("x", "/", "tmpfs", 0, NULL) == 0 || errno != EPERM)
		return 8;
	if (setuid(1) == 0)
		return 9;
	return 0;
}

static void test_sandbox(void)
{
	struct build_image image;
	/* landlock_create_ruleset(2), asked for its version */
	long abi = syscall(444, NULL, 0, 1);
	int status = -1;
	pid_t pid;

	if (abi < 2)
		printf("# no Landlock here: files are not confined\n");
	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "app");
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int code = confined_child(abi >= 2);

		(void)fflush(stdout);
		_exit(code);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (!CHECK(status == 0))
		printf("# the child ended with status 0x%x\n",
			(unsigned int)status);
	CHECK(find("app", NULL) == 0);
	build_image_clear(&image);
}

static void note_progress(void *context, uint64_t done, uint64_t total)
{
	uint64_t *seen = context;

	CHECK(done <= total && done > seen[0]);
	seen[0] = done;
	seen[1] = total;
}

static void test_progress(void)
{
	struct build_image image = { .count = 0 };
	struct build tar = { .size = 0 };
	char *content = calloc(1, 8 << 20);
	uint64_t seen[2] = { 0, 0 };
	struct error err;

	if (!CHECK(content))
		return;
	start_over();
	(void)build_tar(&tar, (struct build_entry){ .type = '0',
				      .path = "big",
				      .mode = 0644,
				      .content = content,
				      .size = 8 << 20 });
	free(content);
	build_layer(&image, tar, BUILD_PLAIN);
	build_documents(&image);
	write_tar(&image, "images/a.tar", "app");
	CHECK(import_image(&store, "app", note_progress, seen, &err) == 0);
	CHECK(seen[0] >= 8 << 20 && seen[1] == image.layers[0].size);
	build_image_clear(&image);
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP owners and whiteouts need root\n");
		return 0;
	}
	scratch_fd = build_scratch(scratch);
	store.dir_fd = -1;
	RUN(test_all_kinds_of_archives);
	RUN(test_image_as_described);
	RUN(test_layer_twice);
	RUN(test_changed_archives);
	RUN(test_changed_store);
	RUN(test_first_source_wins);
	RUN(test_wrong_layer_digest);
	RUN(test_wrong_diff_id);
	RUN(test_wrong_machine);
	RUN(test_wrong_media_type);
	RUN(test_wrong_number_of_layers);
	RUN(test_hostile_layers);
	RUN(test_cut_anywhere);
	RUN(test_message_of_a_missing_image);
	RUN(test_left_over_files_are_swept);
	RUN(test_one_at_a_time);
	RUN(test_collect);
	RUN(test_disk_full);
	RUN(test_no_inodes_left);
	RUN(test_sandbox);
	RUN(test_progress);
	store_close(&store);
	build_scratch_end(scratch, scratch_fd);
	return check_done();
}
