// SPDX-License-Identifier: MIT
/* store_import_test - from an archive to layers that can be used */
#include "store_scene.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>

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

/* The confined child: does its work, and can do nothing else. */
static int confined_child(bool has_landlock, int ready_fd, int wait_fd)
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
	/* the parent looks at this process until it closes the pipe */
	(void)!write(ready_fd, "", 1);
	(void)!read(wait_fd, path, 1);
	return 0;
}

/* What the kernel says of the child. */
static void check_confined(pid_t pid)
{
	char path[64];
	char *text = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (!CHECK(fd_read_file(AT_FDCWD, path, 65536, &text, NULL, NULL) == 0))
		return;
	CHECK(strstr(text, "\nNoNewPrivs:\t1\n"));
	CHECK(strstr(text, "\nSeccomp:\t2\n"));
	/* chown dac_override fowner fsetid sys_admin mknod setfcap */
	CHECK(strstr(text, "\nCapEff:\t000000008820001b\n"));
	CHECK(strstr(text, "\nCapPrm:\t000000008820001b\n"));
	free(text);
}

static void test_sandbox(void)
{
	struct build_image image;
	/* landlock_create_ruleset(2), asked for its version */
	long abi = syscall(444, NULL, 0, 1);
	int ready[2];
	int wait[2];
	int status = -1;
	char byte;
	pid_t pid;

	if (abi < 2)
		printf("# no Landlock here: files are not confined\n");
	start_over();
	make_image(&image);
	write_tar(&image, "images/a.tar", "app");
	(void)fflush(stdout);
	if (!CHECK(pipe(ready) == 0 && pipe(wait) == 0))
		return;
	pid = fork();
	if (pid == 0) {
		/* so that the pipe ends when the parent closes it */
		(void)close(wait[1]);
		int code = confined_child(abi >= 2, ready[1], wait[0]);

		(void)fflush(stdout);
		_exit(code);
	}
	(void)close(ready[1]);
	(void)close(wait[0]);
	if (read(ready[0], &byte, 1) == 1)
		check_confined(pid);
	(void)close(ready[0]);
	(void)close(wait[1]);
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
	begin();
	RUN(test_all_kinds_of_archives);
	RUN(test_image_as_described);
	RUN(test_layer_twice);
	RUN(test_changed_archives);
	RUN(test_changed_store);
	RUN(test_first_source_wins);
	RUN(test_message_of_a_missing_image);
	RUN(test_left_over_files_are_swept);
	RUN(test_one_at_a_time);
	RUN(test_collect);
	RUN(test_sandbox);
	RUN(test_progress);
	return finish();
}
