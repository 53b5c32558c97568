// SPDX-License-Identifier: MIT
/* store_damage_test - damaged archives and full disks leave nothing behind */
#include "store_scene.h"

#include <sys/mount.h>

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

int main(void)
{
	begin();
	RUN(test_wrong_layer_digest);
	RUN(test_wrong_diff_id);
	RUN(test_wrong_machine);
	RUN(test_wrong_media_type);
	RUN(test_wrong_number_of_layers);
	RUN(test_hostile_layers);
	RUN(test_cut_anywhere);
	RUN(test_disk_full);
	RUN(test_no_inodes_left);
	return finish();
}
