/* SPDX-License-Identifier: MIT */
/*
 * store - OCI images, unpacked once and shared
 *
 * The store lives in one folder:
 *   incoming/        unpacking goes on here; emptied when the store is opened
 *   layers/<hex>/    a layer's tree, named by its chain ID (OCI image-spec,
 *                    config.md, "Layer ChainID"), since a folder that it does
 *                    not describe is as in the layers below it
 *   images/<hex>     an image's config JSON, named by its digest
 *   refs/<hex>       what a reference meant when it was last imported, and
 *                    from which archive; named by the sha256 of the reference
 * A thing that has its final name is whole: it was written in incoming/,
 * synced (syncfs(2)) and renamed.
 */
#ifndef TARE_STORE_STORE_H
#define TARE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

enum store_limit {
	STORE_LAYERS_MAX = 127,
	STORE_SOURCES_MAX = 4,
};

struct store {
	int dir_fd;
	char path[128]; /* absolute, for mount(2)-like calls and messages */
	/* folders searched for archives and layouts, best first */
	char sources[STORE_SOURCES_MAX][128];
	size_t source_count;
};

/*
 * How it is checked: Docker's HEALTHCHECK, which the image-spec reserves the
 * name for. 0: not said.
 */
struct image_health {
	const char **test; /* after "CMD" or "CMD-SHELL" */
	size_t test_count; /* 0: not said */
	bool is_shell;     /* CMD-SHELL: the arguments of a shell's -c */
	bool is_disabled;  /* "NONE" */
	uint64_t interval_ms;
	uint64_t timeout_ms;
	uint64_t start_period_ms;
	uint64_t start_interval_ms;
	uint64_t retries;
};

/* What an image says of itself (OCI image-spec, config.md). In an arena. */
struct image {
	char digest[72];     /* "sha256:..." of its config */
	const char **layers; /* absolute folders, topmost first */
	size_t layer_count;
	const char **entrypoint;
	size_t entrypoint_count;
	const char **command;
	size_t command_count;
	const char **environment; /* "NAME=value" */
	size_t environment_count;
	const char **volumes; /* absolute paths in the container */
	size_t volume_count;
	const char *working_dir; /* "" when not said */
	const char *user;        /* "" when not said */
	const char *stop_signal; /* "" when not said, as "SIGQUIT" or "3" */
	struct image_health health;
};

/* Progress of an import: called now and then with bytes read and in all. */
typedef void store_progress_fn(void *context, uint64_t done_bytes,
	uint64_t total_bytes);

/* Opens or makes the store at path and empties its incoming/. */
int store_open(struct store *store, const char *path, struct error *err);
void store_close(struct store *store);

/*
 * Adds a folder to look for images in. It need not exist. -E2BIG over
 * STORE_SOURCES_MAX, -ENAMETOOLONG for a path of more than 127 bytes.
 */
int store_add_source(struct store *store, const char *path, struct error *err);

/*
 * Looks up what a reference ("nginx", "docker.io/library/nginx:1.27", with
 * @sha256:...) meant when it was last imported. Reads no archive, only what
 * the store has, so it is quick and safe to call from the agent itself. Errors:
 *   -EAGAIN  it was never imported, or its archive has changed since: call
 *            store_import. out->layer_count > 0 then means that out is an
 *            older image which is still whole, and which can be run when the
 *            import fails. (An archive that is gone has not changed.)
 *   -EINVAL  this is no image reference
 *   others   the store cannot be read; err says why
 */
int store_find(const struct store *store, const char *reference,
	struct arena *arena, struct image *out, struct error *err);

/*
 * Unpacks the image of that reference from the first source that has it. Made
 * to run in a child of its own: it gives up what it does not need (folder
 * access by Landlock, capabilities, system calls, see sandbox.h) before it
 * reads the archive. Every blob is checked against its digest and every layer
 * against its diff_id; nothing is written outside incoming/ and nothing stays
 * there when it fails. Layers that are there already are not unpacked again.
 * Errors, besides those of a damaged archive or a full disk:
 *   -ENOENT  no archive has it; err says where it was looked for, and what
 *            references are there
 *   -EBUSY   another import or store_collect is running: try again later
 *   -ENOEXEC it is for another kind of machine
 */
int store_import(struct store *store, const char *reference,
	store_progress_fn *progress, void *context, struct error *err);

/*
 * Removes layers, images and refs that no reference in keep needs; a layer
 * goes whole or not at all. -EBUSY as with store_import. Layers that running
 * containers use must be in keep.
 */
int store_collect(const struct store *store, const char *const *keep,
	size_t keep_count, struct error *err);

#endif
