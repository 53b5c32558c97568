// SPDX-License-Identifier: MIT
/* store_fault_test - an import whose every call fails once */
/* wrap: openat path_open path_open_in_root pread write fsync syncfs */
/* wrap: renameat mkdirat mknodat linkat symlinkat unlinkat fchown fchmod */
/* wrap: fchownat futimens utimensat fsetxattr fstat fstatat fcntl fdopendir */
/* wrap: malloc calloc flock fstatvfs */
#include "store/store.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "check.h"
#include "fault.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "store/import.h"
#include "store/path.h"
#include "store_build.h"

FAULT_WRAP(ssize_t, pread, (int fd, void *data, size_t size, off_t at),
	(fd, data, size, at))
FAULT_WRAP(ssize_t, write, (int fd, const void *data, size_t size),
	(fd, data, size))
FAULT_WRAP(int, fsync, (int fd), (fd))
FAULT_WRAP(int, mkdirat, (int fd, const char *name, mode_t mode),
	(fd, name, mode))
FAULT_WRAP(int, mknodat, (int fd, const char *name, mode_t mode, dev_t dev),
	(fd, name, mode, dev))
FAULT_WRAP(int, linkat,
	(int from, const char *a, int to, const char *b, int flags),
	(from, a, to, b, flags))
FAULT_WRAP(int, symlinkat, (const char *target, int fd, const char *name),
	(target, fd, name))
FAULT_WRAP(int, unlinkat, (int fd, const char *name, int flags),
	(fd, name, flags))
FAULT_WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
FAULT_WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
FAULT_WRAP(int, fchownat,
	(int fd, const char *name, uid_t uid, gid_t gid, int flags),
	(fd, name, uid, gid, flags))
FAULT_WRAP(int, futimens, (int fd, const struct timespec *times), (fd, times))
FAULT_WRAP(int, utimensat,
	(int fd, const char *name, const struct timespec *times, int flags),
	(fd, name, times, flags))
FAULT_WRAP(int, fsetxattr,
	(int fd, const char *name, const void *value, size_t size, int flags),
	(fd, name, value, size, flags))
FAULT_WRAP(int, fstat, (int fd, struct stat *status), (fd, status))
FAULT_WRAP(int, fstatat,
	(int fd, const char *name, struct stat *status, int flags),
	(fd, name, status, flags))
FAULT_WRAP(int, flock, (int fd, int operation), (fd, operation))
FAULT_WRAP(int, fstatvfs, (int fd, struct statvfs *status), (fd, status))
FAULT_WRAP_POINTER(DIR *, fdopendir, (int fd), (fd))
FAULT_WRAP_POINTER(void *, malloc, (size_t size), (size))
FAULT_WRAP_POINTER(void *, calloc, (size_t count, size_t size), (count, size))

int __real_openat(int fd, const char *name, int flags, ...);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode);
int __wrap_openat(int fd, const char *name, int flags, mode_t mode)
{
	return fault_strikes() ? -1 : __real_openat(fd, name, flags, mode);
}

static unsigned int syncs, renames, early_renames;

int __real_syncfs(int fd);
int __wrap_syncfs(int fd);
int __wrap_syncfs(int fd)
{
	syncs++;
	return fault_strikes() ? -1 : __real_syncfs(fd);
}

int __real_renameat(int from, const char *a, int to, const char *b);
int __wrap_renameat(int from, const char *a, int to, const char *b);
int __wrap_renameat(int from, const char *a, int to, const char *b)
{
	renames++;
	early_renames += syncs == 0;
	return fault_strikes() ? -1 : __real_renameat(from, a, to, b);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, long argument);
int __wrap_fcntl(int fd, int command, long argument)
{
	return fault_strikes() ? -1 : __real_fcntl(fd, command, argument);
}

/* Ours, which return -errno. */
int __real_path_open(int fd, const char *path, int flags);
int __wrap_path_open(int fd, const char *path, int flags);
int __wrap_path_open(int fd, const char *path, int flags)
{
	return fault_strikes() ? -errno : __real_path_open(fd, path, flags);
}

int __real_path_open_in_root(int fd, const char *path, int flags);
int __wrap_path_open_in_root(int fd, const char *path, int flags);
int __wrap_path_open_in_root(int fd, const char *path, int flags)
{
	return fault_strikes() ? -errno
			       : __real_path_open_in_root(fd, path, flags);
}

static char scratch[64];
static int scratch_fd = -1;
static struct store store;

static bool shell(const char *script)
{
	return build_run(script, scratch) == 0;
}

static void open_store(void)
{
	struct error err;
	char path[128];

	store_close(&store);
	(void)snprintf(path, sizeof(path), "%s/store", scratch);
	if (store_open(&store, path, &err) < 0)
		build_die(err.text);
	(void)snprintf(path, sizeof(path), "%s/images", scratch);
	(void)store_add_source(&store, path, &err);
}

static void empty_store(void)
{
	if (!shell("rm -rf -- \"$1/store\""))
		build_die("empty the store");
	open_store();
}

/* One entry of each kind that unpacking treats in a way of its own. */
static void make_image(struct build_image *image)
{
	struct build tar = { .size = 0 };

	build_folder(&tar, ".");
	build_folder(&tar, "d");
	build_file(&tar, "d/deep/new/file", "old");
	build_file(&tar, "d/deep/new/file", "content");
	build_link(&tar, '1', "hard", "d/deep/new/file");
	build_link(&tar, '2', "soft", "hard");
	(void)build_tar(&tar, (struct build_entry){ .type = '6',
				      .path = "fifo",
				      .mode = 0600 });
	build_pax(&tar, "SCHILY.xattr.user.note", "a", 1);
	build_file(&tar, "end", "content");
	build_end(&tar);
	build_layer(image, tar, BUILD_GZIP);
	tar = (struct build){ .size = 0 };
	build_file(&tar, ".wh.soft", "");
	build_file(&tar, "d/.wh..wh..opq", "");
	build_file(&tar, ".wh.x", "");
	build_file(&tar, "x/end", "content");
	build_file(&tar, "end", "content");
	build_end(&tar);
	build_layer(image, tar, BUILD_ZSTD);
	build_documents(image);
}

static int find(void)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct image image;
	int result = store_find(&store, "app", &arena, &image, NULL);

	return result == 0 ? (int)image.layer_count : result;
}

/* What is visible is whole: the last entry of each layer is there. */
static bool is_whole(void)
{
	return shell("cd \"$1/store/layers\" && for layer in *; do "
		     "test \"$layer\" = '*' || "
		     "test \"$(cat \"$layer/end\")\" = content; done");
}

/* Fails the nth call for all n; each time the store must be good after it. */
static void fail_every_call(int code)
{
	unsigned int failures = 0;

	for (unsigned int n = 1;; n++) {
		struct error err = { .code = 0 };
		unsigned int before;
		bool fired;
		int result;

		empty_store();
		before = fault_count_fds();
		fault_arm(n, code);
		result = import_image(&store, "app", NULL, NULL, &err);
		fired = fault_fired();
		if (!fired) {
			CHECK(result == 0 && find() == 2 && n > 100);
			break;
		}
		CHECK(fault_count_fds() == before);
		if (result == 0) {
			CHECK(find() == 2);
		} else {
			failures++;
			CHECK(err.code == result);
			CHECK(strstr(err.text, "app"));
			CHECK(find() == -EAGAIN || find() == 2);
		}
		if (!CHECK(is_whole())) {
			printf("# call %u: %s\n", n, err.text);
			break;
		}
		open_store();
		CHECK(shell("test -z \"$(ls -A \"$1/store/incoming\")\""));
		CHECK(import_image(&store, "app", NULL, NULL, &err) == 0);
		if (!CHECK(find() == 2))
			break;
	}
	CHECK(failures > 100);
}

static void test_io_errors(void)
{
	fail_every_call(EIO);
}

static void test_full_disk(void)
{
	fail_every_call(ENOSPC);
}

static void test_full_disk_is_said(void)
{
	struct error err = { .code = 0 };
	bool was_said = false;

	for (unsigned int n = 1; n < 1000 && !was_said; n++) {
		empty_store();
		fault_arm(n, ENOSPC);
		(void)import_image(&store, "app", NULL, NULL, &err);
		(void)fault_fired();
		was_said = strstr(err.text,
			"'d/deep/new/file': write: No space left on device");
	}
	CHECK(was_said);
	CHECK(strstr(err.text, "unpack 'app' from '/"));
	CHECK(strstr(err.text, "layer sha256:"));
}

/* A name that is seen before its contents are on the disk is a lie. */
static void test_synced_before_named(void)
{
	struct error err;

	empty_store();
	syncs = renames = early_renames = 0;
	CHECK(import_image(&store, "app", NULL, NULL, &err) == 0);
	CHECK(syncs == 1 && renames == 4 && early_renames == 0);
}

static void test_store_open(void)
{
	for (unsigned int n = 1;; n++) {
		struct error err = { .code = 0 };
		unsigned int before;
		char path[128];
		int result;

		store_close(&store);
		(void)shell("rm -rf -- \"$1/store\"");
		(void)shell("mkdir -p \"$1/store/incoming/a/b\" "
			    "\"$1/store/refs\" && touch "
			    "\"$1/store/refs/.new-a\"");
		(void)snprintf(path, sizeof(path), "%s/store", scratch);
		before = fault_count_fds();
		fault_arm(n, EIO);
		result = store_open(&store, path, &err);
		if (!fault_fired()) {
			CHECK(result == 0 && n > 15);
			break;
		}
		if (result == 0)
			continue;
		CHECK(fault_count_fds() == before && store.dir_fd == -1);
		CHECK(strstr(err.text, "open the store"));
	}
}

static void test_collect(void)
{
	for (unsigned int n = 1;; n++) {
		struct error err = { .code = 0 };
		unsigned int before;
		int result;

		empty_store();
		CHECK(import_image(&store, "app", NULL, NULL, &err) == 0);
		before = fault_count_fds();
		fault_arm(n, EIO);
		result = store_collect(&store, NULL, 0, &err);
		if (!fault_fired()) {
			CHECK(result == 0 && n > 15);
			break;
		}
		CHECK(fault_count_fds() == before);
		CHECK(result == 0 || strstr(err.text, "clean up the store"));
		CHECK(is_whole());
		/* all of it is there, or it is not found */
		CHECK(find() == 2 || find() == -EAGAIN);
	}
}

int main(void)
{
	struct build_image image = { .count = 0 };
	struct build tar = { .size = 0 };
	const struct build_target target = { &tar, -1 };

	if (geteuid() != 0) {
		printf("1..0 # SKIP owners and whiteouts need root\n");
		return 0;
	}
	scratch_fd = build_scratch(scratch);
	store.dir_fd = -1;
	make_image(&image);
	build_layout(&target, &image, "app");
	build_write(scratch_fd, "images/a.tar", tar.bytes, tar.size);
	build_clear(&tar);
	build_image_clear(&image);
	RUN(test_io_errors);
	RUN(test_full_disk);
	RUN(test_full_disk_is_said);
	RUN(test_synced_before_named);
	RUN(test_store_open);
	RUN(test_collect);
	store_close(&store);
	build_scratch_end(scratch, scratch_fd);
	return check_done();
}
