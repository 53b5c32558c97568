// SPDX-License-Identifier: MIT
/* reference - names of OCI images, as people write them and in full */
#include "store/reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "store/path.h"

#define DEFAULT_HOST "docker.io"
#define DEFAULT_TAG  "latest"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

/* A component of a path: letters and digits, with one '.', one or two '_' or
 * any number of '-' between them. */
static bool is_path_part(const char *part, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t letters = strspn(part + at, LOWER DIGIT);

		if (letters == 0)
			return false;
		at += letters;
		if (at >= length)
			return true;

		size_t dashes = strspn(part + at, "-");
		size_t lines = strspn(part + at, "_");

		if (dashes)
			at += dashes;
		else if (lines == 1 || lines == 2)
			at += lines;
		else if (part[at] == '.')
			at++;
		else
			return false;
	}
	return false;
}

static bool is_path(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (!is_path_part(path, length))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

/* Names of letters, digits and inner dashes, with single dots between. */
static bool is_host_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool is_edge = i == 0 || i + 1 == length;

		if (name[i] != '.' && name[i] != '-')
			continue;
		if (is_edge || name[i - 1] == '.' ||
			(name[i] == '.' && name[i - 1] == '-'))
			return false;
	}
	return length > 0;
}

static bool is_host(const char *host, size_t length)
{
	size_t name = strspn(host, LOWER UPPER DIGIT ".-");
	size_t port;

	name = name < length ? name : length;
	if (!is_host_name(host, name))
		return false;
	if (name == length)
		return true;
	if (host[name] != ':')
		return false;
	port = strspn(host + name + 1, DIGIT);
	return port > 0 && name + 1 + port == length;
}

/* Whether the part before the first slash is a host and not part of a path. */
static bool looks_like_host(const char *part, size_t length)
{
	size_t plain = strcspn(part, ".:" UPPER);

	return plain < length ||
	       (length == 9 && memcmp(part, "localhost", 9) == 0);
}

static bool is_tag(const char *tag)
{
	size_t length = strspn(tag, LOWER UPPER DIGIT "_.-");

	return length > 0 && length <= REFERENCE_TAG_MAX &&
	       tag[length] == '\0' && tag[0] != '.' && tag[0] != '-';
}

/* Splits host and path, and fills in what was left out. */
static bool set_name(struct reference *out, const char *text)
{
	size_t first = strcspn(text, "/");
	const char *host = DEFAULT_HOST;
	const char *path = text;
	size_t host_length = strlen(DEFAULT_HOST);
	const char *library = "";
	int length;

	out->is_short = text[first] != '/' || !looks_like_host(text, first);
	if (!out->is_short) {
		if (!is_host(text, first))
			return false;
		path = text + first + 1;
		if (first != 15 || memcmp(text, "index.docker.io", 15) != 0) {
			host = text;
			host_length = first;
		}
	}
	if (!is_path(path))
		return false;
	if (host_length == strlen(DEFAULT_HOST) &&
		memcmp(host, DEFAULT_HOST, host_length) == 0 &&
		!strchr(path, '/'))
		library = "library/";
	length = snprintf(out->name, sizeof(out->name), "%.*s/%s%s",
		(int)host_length, host, library, path);
	return length > 0 && (size_t)length < sizeof(out->name);
}

/* Takes "@digest" and ":tag" off the end of text. */
static bool take_suffixes(char *text, struct reference *out)
{
	char *digest = strchr(text, '@');
	char *slash;
	char *tag;

	if (digest) {
		*digest++ = '\0';
		if (!digest_is_valid(digest))
			return false;
		(void)text_copy(out->digest, sizeof(out->digest), digest);
	}
	slash = strrchr(text, '/');
	tag = strchr(slash ? slash : text, ':');
	if (tag) {
		*tag++ = '\0';
		if (!is_tag(tag))
			return false;
		(void)text_copy(out->tag, sizeof(out->tag), tag);
	} else if (!digest) {
		(void)text_copy(out->tag, sizeof(out->tag), DEFAULT_TAG);
	}
	return true;
}

static bool parse(const char *text, struct reference *out)
{
	char copy[REFERENCE_TEXT];

	*out = (struct reference){ .is_short = false };
	return text_copy(copy, sizeof(copy), text) &&
	       take_suffixes(copy, out) && set_name(out, copy);
}

int reference_parse(const char *text, struct reference *out, struct error *err)
{
	if (parse(text, out))
		return 0;
	return error_set(err, -EINVAL,
		"image '%s': not an image name; write it as 'nginx:1.27' or "
		"'host/path/name:tag', in lower case",
		path_show(text).text);
}

void reference_format(const struct reference *reference,
	char out[REFERENCE_TEXT])
{
	(void)snprintf(out, REFERENCE_TEXT, "%s%s%s%s%s", reference->name,
		reference->tag[0] ? ":" : "", reference->tag,
		reference->digest[0] ? "@" : "", reference->digest);
}

bool reference_matches(const struct reference *wanted, const char *text)
{
	static const char local[] = "localhost/";
	struct reference have;
	const char *path;

	if (!wanted->tag[0] || !parse(text, &have) ||
		!text_equal(wanted->tag, have.tag))
		return false;
	if (text_equal(wanted->name, have.name))
		return true;
	if (!wanted->is_short || !text_starts_with(have.name, local))
		return false;
	path = wanted->name + sizeof(DEFAULT_HOST);
	if (text_starts_with(path, "library/"))
		path += strlen("library/");
	return text_equal(path, have.name + strlen(local));
}

/* The length of a file name without the endings that archives have. */
static size_t stem_length(const char *file_name)
{
	static const char *const endings[] = { ".tar", ".oci", ".docker",
		".oci-archive", ".docker-archive" };
	size_t length = strlen(file_name);

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && memcmp(file_name + length - ending,
					       endings[i], ending) == 0) {
			length -= ending;
			i = (size_t)-1; /* start again: "nginx.oci.tar" */
		}
	}
	return length;
}

bool reference_matches_tag(const struct reference *wanted, const char *tag,
	const char *file_name)
{
	const char *last = strrchr(wanted->name, '/');
	size_t length = stem_length(file_name);

	last = last ? last + 1 : wanted->name;
	return wanted->tag[0] && text_equal(wanted->tag, tag) &&
	       strlen(last) == length && memcmp(last, file_name, length) == 0;
}
