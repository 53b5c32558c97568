/* SPDX-License-Identifier: MIT */
/*
 * store_scene - a store and a folder of archives, for tests of imports
 */
#ifndef TARE_STORE_SCENE_H
#define TARE_STORE_SCENE_H

#include <errno.h>

#include "check.h"
#include "fault.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "store/import.h"
#include "store/store.h"
#include "store_build.h"

static char scratch[64];
static int scratch_fd = -1;
static struct store store;

/* A store and a folder of archives, both empty. */
static inline void start_over(void)
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
static inline int import(const char *reference, struct error *err)
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
static inline int find(const char *reference, size_t *layers)
{
	auto_arena arena = { .limit_bytes = 1 << 20 };
	struct image image;
	struct error err;
	int result = store_find(&store, reference, &arena, &image, &err);

	if (layers)
		*layers = image.layer_count;
	return result;
}

static inline bool shell(const char *script)
{
	return build_run(script, scratch) == 0;
}

/* Whether the store holds nothing at all that somebody could use. */
static inline bool is_store_empty(void)
{
	return shell("cd \"$1/store\" && test -z \"$(ls -A incoming layers "
		     "images refs | grep -v : | grep .)\"");
}

static inline struct build make_layer(const char *path, const char *content)
{
	struct build tar = { .size = 0 };

	build_folder(&tar, "bin");
	build_file(&tar, path, content);
	build_end(&tar);
	return tar;
}

/* An image of three layers, one of each kind. */
static inline void make_image(struct build_image *image)
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

static inline void write_tar(const struct build_image *image, const char *path,
	const char *name)
{
	struct build tar = { .size = 0 };
	const struct build_target target = { &tar, -1 };

	build_layout(&target, image, name);
	build_write(scratch_fd, path, tar.bytes, tar.size);
	build_clear(&tar);
}

static inline void write_folder(const struct build_image *image,
	const char *path, const char *name)
{
	struct build_target target = { NULL, -1 };

	if (mkdirat(scratch_fd, path, 0755) < 0)
		build_die(path);
	target.dir_fd = openat(scratch_fd, path, O_RDONLY | O_DIRECTORY);
	build_layout(&target, image, name);
	(void)close(target.dir_fd);
}

/* Ends the program when it is not run by root; else makes the folder. */
static inline void begin(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP owners and whiteouts need root\n");
		exit(0);
	}
	scratch_fd = build_scratch(scratch);
	store.dir_fd = -1;
}

static inline int finish(void)
{
	store_close(&store);
	build_scratch_end(scratch, scratch_fd);
	return check_done();
}

#endif
