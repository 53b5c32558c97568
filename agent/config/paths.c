// SPDX-License-Identifier: MIT
/* paths - files of the config folder, and places in a container */
#include "config/paths.h"

#include <string.h>

#include "config/names.h"
#include "config/reader.h"
#include "lib/text.h"

#define FOLDER "/config"

bool path_is_one(const char *text)
{
	return *text == '.' || *text == '/' || *text == '~';
}

/* The parts of a path, joined by one '/' each; ".." has been ruled out. */
static char *tidy(struct reader *reader, const char *text)
{
	char *out = reader_copy(reader, text, strlen(text));
	size_t used = 0;

	while (out && *text) {
		size_t length = strcspn(text, "/");

		if (length && !(length == 1 && *text == '.')) {
			if (used)
				out[used++] = '/';
			memmove(out + used, text, length);
			used += length;
		}
		text += length + (text[length] == '/');
	}
	if (out)
		out[used] = '\0';
	return out;
}

static bool climbs(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "/");

		if (length == 2 && strncmp(text, "..", 2) == 0)
			return true;
		text += length + (text[length] == '/');
	}
	return false;
}

const char *path_in_folder(struct reader *reader, const char *text,
	const char **wrong)
{
	size_t folder = strlen(FOLDER);
	const char *path;

	if (strncmp(text, FOLDER, folder) == 0 &&
		(text[folder] == '/' || !text[folder])) {
		text += folder;
	} else if (*text == '/' || *text == '~') {
		*wrong =
			"is not on the config partition; put the file beside the config and write './file'";
		return NULL;
	}
	if (climbs(text)) {
		*wrong =
			"has '..' in it; put the file beside the config and write './file'";
		return NULL;
	}
	path = tidy(reader, text);
	return path && !*path ? "." : path;
}

const char *path_in_container(struct reader *reader, const char *text,
	const char **wrong)
{
	const char *path;

	*wrong = name_check_path(text);
	if (*wrong)
		return NULL;
	path = tidy(reader, text + 1);
	if (!path)
		return NULL;
	if (!*path)
		*wrong = "is the container's root, mount below it";
	else if (text_equal(path, "proc") || text_starts_with(path, "proc/") ||
		 text_equal(path, "sys") || text_starts_with(path, "sys/"))
		*wrong = "belongs to the kernel, mount elsewhere";
	if (*wrong)
		return NULL;

	char *absolute = reader_alloc(reader, 1, strlen(path) + 2);

	if (absolute) {
		absolute[0] = '/';
		memcpy(absolute + 1, path, strlen(path));
	}
	return absolute;
}
