// SPDX-License-Identifier: MIT
/* generation - which config counts: the partition's or the last good one */
#include "supervise/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/config.h"
#include "config/problem.h"
#include "lib/arena.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "supervise/tree.h"

#define FOLDER   "config"
#define GOOD     "good"
#define INCOMING "incoming"

/* a config over its limit gets its own sentence from config_load */
#define READ_LIMIT (16 * CONFIG_TEXT_MAX)

/* left out of the copy: large, and not part of the config */
static const char *const left_out[] = { "images", "System Volume Information",
	NULL };

static int open_folder(int dir_fd, const char *name)
{
	return openat(dir_fd, name,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int load(int folder_fd, const char *name, struct arena *arena,
	struct config *config, struct problems *problems, struct error *err)
{
	struct config_source source = { .name = name, .folder_fd = folder_fd };
	auto_free char *text = NULL;
	int result;

	result = fd_read_file(folder_fd, name, READ_LIMIT, &text, &source.size,
		err);
	if (result < 0)
		return result;
	source.text = text;
	result = config_load(&source, arena, config, problems);
	if (result < 0)
		return error_set(err, result, "%zu error%s in %s",
			problems->error_count,
			problems->error_count == 1 ? "" : "s", name);
	return 0;
}

/* Puts incoming/ in the place of good/ in one step. */
static int exchange(int dir_fd, struct error *err)
{
	if (renameat(dir_fd, INCOMING, dir_fd, GOOD) == 0)
		return 0;
	if (syscall(SYS_renameat2, dir_fd, INCOMING, dir_fd, GOOD,
		    RENAME_EXCHANGE) < 0)
		return error_errno(err, "rename '" INCOMING "'");
	return fd_remove_tree(dir_fd, INCOMING, err);
}

static int keep(int partition_fd, int dir_fd, struct error *err)
{
	int result = fd_remove_tree(dir_fd, INCOMING, err);

	if (result < 0)
		return result;

	auto_fd good_fd = open_folder(dir_fd, GOOD);

	if (good_fd >= 0 && tree_is_same(partition_fd, good_fd, left_out))
		return 0;
	if (mkdirat(dir_fd, INCOMING, 0755) < 0)
		return error_errno(err, "make '" INCOMING "'");

	auto_fd incoming_fd = open_folder(dir_fd, INCOMING);

	if (incoming_fd < 0)
		return error_errno(err, "open '" INCOMING "'");
	result = tree_copy(partition_fd, incoming_fd, left_out, err);
	if (result < 0)
		return result;
	if (syncfs(incoming_fd) < 0)
		return error_errno(err, "sync '" INCOMING "'");
	result = exchange(dir_fd, err);
	if (result == 0 && fsync(dir_fd) < 0)
		result = error_errno(err, "sync '" FOLDER "'");
	return result;
}

/* The partition's config is good: keep it, and use the copy. */
static void adopt(int partition_fd, int data_fd, struct generation *out)
{
	struct error err = { 0 };
	int result = fd_make_dirs(data_fd, FOLDER, 0755, &err);

	out->origin = GENERATION_PARTITION;
	if (result == 0) {
		auto_fd dir_fd = open_folder(data_fd, FOLDER);

		result = dir_fd < 0 ? error_errno(&err, "open '" FOLDER "'")
				    : keep(partition_fd, dir_fd, &err);
		if (result == 0)
			out->folder_fd = open_folder(dir_fd, GOOD);
	}
	if (result < 0)
		(void)snprintf(out->note, sizeof(out->note),
			"the config could not be kept as the last good one: %s",
			err.text);
	if (out->folder_fd < 0)
		out->folder_fd = fcntl(partition_fd, F_DUPFD_CLOEXEC, 0);
}

static void fall_back(int data_fd, struct arena *arena, struct generation *out,
	struct config *config)
{
	static struct problems unused; /* it was good once; 36 KiB, so static */
	const char *name;
	struct error err;

	out->folder_fd = open_folder(data_fd, FOLDER "/" GOOD);
	name = out->folder_fd < 0 ? NULL : config_find_file(out->folder_fd);
	arena_clear(arena);
	memset(config, 0, sizeof(*config));
	memset(&unused, 0, sizeof(unused));
	if (!name)
		return;
	if (load(out->folder_fd, name, arena, config, &unused, &err) < 0) {
		(void)snprintf(out->note, sizeof(out->note),
			"the last good config cannot be used: %s", err.text);
		arena_clear(arena);
		memset(config, 0, sizeof(*config));
		return;
	}
	out->origin = GENERATION_LAST_GOOD;
}

void generation_load(int partition_fd, int data_fd, struct arena *arena,
	struct generation *out, struct config *config,
	struct problems *problems)
{
	const char *name =
		partition_fd < 0 ? NULL : config_find_file(partition_fd);
	struct error err;

	memset(config, 0, sizeof(*config));
	memset(problems, 0, sizeof(*problems));
	*out = (struct generation){ .folder_fd = -1 };
	if (partition_fd < 0)
		(void)text_copy(out->note, sizeof(out->note),
			"there is no config partition (a FAT partition labelled tare-config)");
	else if (!name)
		(void)text_copy(out->note, sizeof(out->note),
			"the config partition has no compose.yaml");
	if (name) {
		(void)text_copy(out->file, sizeof(out->file), name);
		if (load(partition_fd, name, arena, config, problems, &err) ==
			0) {
			adopt(partition_fd, data_fd, out);
			return;
		}
		out->is_partition_bad = true;
		(void)text_copy(out->note, sizeof(out->note), err.text);
	}
	fall_back(data_fd, arena, out, config);
}
