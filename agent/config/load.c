// SPDX-License-Identifier: MIT
/* load - from the bytes of compose.yaml to a struct config */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/check.h"
#include "config/config.h"
#include "config/dotenv.h"
#include "config/draft.h"
#include "config/encoding.h"
#include "config/node.h"
#include "config/problem.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/walk.h"
#include "config/yaml.h"
#include "lib/arena.h"
#include "lib/error.h"

const char *config_find_file(int folder_fd)
{
	static const char *const names[] = { "compose.yaml", "compose.yml",
		"docker-compose.yaml", "docker-compose.yml" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (faccessat(folder_fd, names[i], F_OK, 0) == 0)
			return names[i];
	}
	return NULL;
}

static void read_dotenv(struct reader *reader, struct variables *out)
{
	const char *file = reader->file;
	struct mark nowhere = { 0, 0 };
	struct error err;
	int result;

	if (reader->folder_fd < 0)
		return;
	result = dotenv_read(reader, ".env", false, out, &err);
	if (result == 0 || result == -ENOENT)
		return;
	reader->file = ".env";
	reader_error(reader, nowhere, "%s", err.text);
	reader->file = file;
}

static void read_text(struct reader *reader, const char *text, size_t size,
	struct draft *draft)
{
	const struct node *root;

	if (size > CONFIG_TEXT_MAX) {
		struct mark nowhere = { 0, 0 };

		reader_error(reader, nowhere,
			"the file has %zu bytes, the limit is %d; put data in files or volumes of their own",
			size, CONFIG_TEXT_MAX);
		return;
	}
	if (!encoding_check(reader, &text, &size))
		return;
	root = yaml_read(reader, text, size);
	if (!root || node_is_null(root) ||
		!reader_is_map(reader, root,
			"a map of keys; a config starts with 'services:'"))
		return;
	walk_map(reader, root, &schema_top, draft);
	if (!reader->is_out_of_memory)
		check_draft(reader, draft);
}

int config_load(const struct config_source *source, struct arena *arena,
	struct config *out, struct problems *problems)
{
	struct variables variables = { 0 };
	auto_arena tree = { .limit_bytes = READER_TREE_MAX };
	struct reader reader = {
		.arena = arena,
		.tree = &tree,
		.problems = problems,
		.file = source->name,
		.folder_fd = source->folder_fd,
	};
	struct draft draft = { 0 };
	size_t errors_before = problems->error_count;

	*out = (struct config){ 0 };
	read_dotenv(&reader, &variables);
	reader.variables = &variables;
	read_text(&reader, source->text, source->size, &draft);
	if (reader.is_out_of_memory)
		return -ENOMEM;
	if (problems->error_count > errors_before)
		return -EINVAL;
	*out = draft.config;
	return 0;
}
