// SPDX-License-Identifier: MIT
/* store_layout_test - which image of an archive is taken, and which is refused */
#include "store/layout.h"

#include <errno.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/text.h"
#include "store/archive.h"
#include "store/image.h"
#include "store/path.h"
#include "store/reference.h"
#include "store/saved.h"
#include "store/search.h"
#include "store_build.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE    "application/vnd.oci.image.index.v1+json"

static char scratch[64];
static int scratch_fd = -1;
static struct build_image image; /* a good one, of one empty layer */

/* Empties the folder of archives. */
static int new_folder(const char *name)
{
	int fd;

	(void)build_run("rm -rf -- \"$1\"/* && mkdir -p \"$1/images\"",
		scratch);
	if (*name && mkdirat(scratch_fd, name, 0755) < 0)
		build_die(name);
	fd = openat(scratch_fd, *name ? name : "images",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

/* Looks for an image in all archives; 0 when it was found. */
static int find(const char *reference, struct parts *parts, struct error *err)
{
	struct store store = { .dir_fd = -1, .source_count = 1 };
	struct search_result *found = calloc(1, sizeof(*found));
	struct reference wanted;
	unsigned int before = fault_count_fds();
	int result;

	*err = (struct error){ .code = 0 };
	if (!found || reference_parse(reference, &wanted, NULL) < 0)
		build_die(reference);
	(void)snprintf(store.sources[0], sizeof(store.sources[0]), "%s/images",
		scratch);
	result = search_open(&store, &wanted, found, err);
	if (result == 0) {
		*parts = found->parts;
		search_close(found);
	}
	free(found);
	CHECK(fault_count_fds() == before);
	CHECK((result == 0) == (err->text[0] == '\0'));
	return result;
}

/* A layout folder with this index.json; returns what finding "app" says. */
static int find_with_index(const char *index, struct error *err)
{
	int fd = new_folder("images/app");
	const struct build_target target = { NULL, fd };
	struct parts parts;

	build_layout(&target, &image, "app");
	build_write(fd, "index.json", index, strlen(index));
	(void)close(fd);
	return find("app", &parts, err);
}

/* The same, with index.json naming one document of our making. */
static int find_with_document(const char *type, const struct build *document,
	struct error *err)
{
	int fd = new_folder("images/app");
	const struct build_target target = { NULL, fd };
	struct build index = { .size = 0 };
	struct parts parts;
	char digest[DIGEST_TEXT];

	build_layout(&target, &image, "app");
	build_put_blob(&target, document);
	digest_of(document->bytes, document->size, digest);
	build_text(&index,
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\","
		"\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
		"\"org.opencontainers.image.ref.name\":\"app\"}}]}",
		type, digest, document->size);
	build_write(fd, "index.json", index.bytes, index.size);
	build_clear(&index);
	(void)close(fd);
	return find("app", &parts, err);
}

/* An entry of an index for the good manifest. */
static void add_entry(struct build *out, const char *more)
{
	build_text(out,
		"{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"%s\","
		"\"size\":%zu%s}",
		image.manifest_digest, image.manifest.size, more);
}

static void test_names(void)
{
	static const struct {
		const char *file, *name, *wanted;
		bool found;
	} rows[] = {
		{ "nginx", "latest", "nginx", true },
		{ "nginx", "1.27", "nginx:1.27", true },
		{ "nginx", "1.27", "nginx", false },
		{ "nginx", "latest", "redis", false },
		{ "web", "nginx:1.27", "nginx:1.27", true },
		{ "web", "docker.io/library/nginx:1.27", "nginx:1.27", true },
		{ "web", "nginx", "nginx", true },
		{ "web", "ghcr.io/a/b:2", "ghcr.io/a/b:2", true },
		{ "web", "ghcr.io/a/b:2", "b:2", false },
		{ "nginx", NULL, "nginx", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build tar = { .size = 0 };
		const struct build_target target = { &tar, -1 };
		struct parts parts;
		struct error err;
		char path[64];

		check_row(rows[i].name);
		(void)close(new_folder(""));
		build_layout(&target, &image, rows[i].name);
		(void)snprintf(path, sizeof(path), "images/%s.tar",
			rows[i].file);
		build_write(scratch_fd, path, tar.bytes, tar.size);
		build_clear(&tar);
		CHECK(find(rows[i].wanted, &parts, &err) ==
			(rows[i].found ? 0 : -ENOENT));
		if (!rows[i].found)
			CHECK(strstr(err.text,
				rows[i].name ? rows[i].name : "without"));
	}
}

static void test_parts(void)
{
	int fd = new_folder("images/app");
	const struct build_target target = { NULL, fd };
	struct parts parts;
	struct error err;

	build_layout(&target, &image, "app:1");
	(void)close(fd);
	if (!CHECK(find("app:1", &parts, &err) == 0))
		return;
	CHECK(strcmp(parts.config.digest, image.config_digest) == 0);
	CHECK(parts.config.size == image.config.size);
	CHECK(parts.layer_count == 1);
	CHECK(parts.layers[0].size == image.layers[0].size);
	CHECK(parts.layers[0].compression == COMPRESSION_GZIP);
}

static void test_digest_references(void)
{
	int fd = new_folder("images/x");
	const struct build_target target = { NULL, fd };
	struct parts parts;
	struct error err;
	char wanted[200];

	build_layout(&target, &image, NULL);
	(void)close(fd);
	(void)snprintf(wanted, sizeof(wanted), "any@%s", image.manifest_digest);
	CHECK(find(wanted, &parts, &err) == 0);
	/* the digest decides, not the tag beside it */
	(void)snprintf(wanted, sizeof(wanted), "any:2@%s",
		image.manifest_digest);
	CHECK(find(wanted, &parts, &err) == 0);
	(void)snprintf(wanted, sizeof(wanted), "any@%s", image.config_digest);
	CHECK(find(wanted, &parts, &err) == -ENOENT);
}

static void test_containerd_name(void)
{
	struct build index = { .size = 0 };
	struct parts parts;
	struct error err;

	build_text(&index, "{\"schemaVersion\":2,\"manifests\":[");
	add_entry(&index, ",\"annotations\":{\"io.containerd.image.name\":"
			  "\"docker.io/library/web:3\","
			  "\"org.opencontainers.image.ref.name\":\"3\"}");
	build_text(&index, "]}");
	build_add(&index, "", 1);
	(void)find_with_index((const char *)index.bytes, &err);
	CHECK(find("web:3", &parts, &err) == 0);
	/* the full name is there: the bare tag is not guessed at */
	CHECK(find("app:3", &parts, &err) == -ENOENT);
	build_clear(&index);
}

static void test_platforms(void)
{
	const char *ours = image_architecture();
	struct build index = { .size = 0 };
	struct error err;
	char entry[200];

	/* a nested index; ours is neither first nor last */
	build_text(&index, "{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE
			   "\",\"manifests\":[{\"mediaType\":\"" MANIFEST_TYPE
			   "\",\"digest\":\"sha256:00\",\"size\":1,"
			   "\"platform\":{\"os\":\"linux\","
			   "\"architecture\":\"riscv64\"}},");
	(void)snprintf(entry, sizeof(entry),
		",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}",
		ours);
	add_entry(&index, entry);
	build_text(&index, ",{\"mediaType\":\"" MANIFEST_TYPE
			   "\",\"digest\":\"sha256:00\",\"size\":1,"
			   "\"platform\":{\"os\":\"unknown\","
			   "\"architecture\":\"unknown\"}}]}");
	CHECK(find_with_document(INDEX_TYPE, &index, &err) == 0);
	build_clear(&index);

	build_text(&index, "{\"schemaVersion\":2,\"manifests\":[");
	add_entry(&index,
		",\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}");
	build_text(&index, "]}");
	CHECK(find_with_document(INDEX_TYPE, &index, &err) == -ENOEXEC);
	CHECK(strstr(err.text, ours));
	build_clear(&index);

	/* straight in index.json, for another machine only */
	build_text(&index, "{\"schemaVersion\":2,\"manifests\":[");
	add_entry(&index,
		",\"annotations\":{\"org.opencontainers.image.ref.name\":"
		"\"app\"},\"platform\":{\"os\":\"windows\"}");
	build_text(&index, "]}");
	build_add(&index, "", 1);
	CHECK(find_with_index((const char *)index.bytes, &err) == -ENOEXEC);
	build_clear(&index);
}

static void test_digest_of_one_platform(void)
{
	struct build index = { .size = 0 };
	struct parts parts;
	struct error err;
	char wanted[200];

	build_text(&index, "{\"schemaVersion\":2,\"manifests\":[");
	add_entry(&index, "");
	build_text(&index, "]}");
	CHECK(find_with_document(INDEX_TYPE, &index, &err) == 0);
	(void)snprintf(wanted, sizeof(wanted), "x@%s", image.manifest_digest);
	CHECK(find(wanted, &parts, &err) == 0);
	CHECK(parts.layer_count == 1);
	build_clear(&index);
}

/* Documents that must not be taken, and a word of why. */
static void test_bad_manifests(void)
{
	static const struct {
		const char *label, *type, *text, *says;
	} rows[] = {
		{ "manifest and index", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"config\":{},\"layers\":[],"
			"\"manifests\":[]}",
			"both" },
		{ "index and manifest", INDEX_TYPE,
			"{\"schemaVersion\":2,\"layers\":[],\"manifests\":[]}",
			"both" },
		{ "says index", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE
			"\",\"config\":{},\"layers\":[]}",
			"promised" },
		{ "is index", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"manifests\":[]}",
			"no list of layers" },
		{ "index in index", INDEX_TYPE,
			"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
			"\"" INDEX_TYPE "\",\"digest\":\"x\",\"size\":1}]}",
			"platforms" },
		{ "schema 1", MANIFEST_TYPE, "{\"schemaVersion\":1}",
			"schemaVersion" },
		{ "no schema", MANIFEST_TYPE, "{}", "schemaVersion" },
		{ "a list", MANIFEST_TYPE, "[]", "not an object" },
		{ "no JSON", MANIFEST_TYPE, "{", "not JSON" },
		{ "empty", MANIFEST_TYPE, "", "not JSON" },
		{ "twice", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"schemaVersion\":2}",
			"duplicate" },
		{ "no config", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"layers\":[]}", "media type" },
		{ "helm chart", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"layers\":[],\"config\":{"
			"\"mediaType\":\"application/vnd.cncf.helm\"}}",
			"helm" },
		{ "config digest", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"layers\":[],\"config\":{"
			"\"mediaType\":"
			"\"application/vnd.oci.image.config.v1+json\","
			"\"digest\":\"sha256:../../../etc\",\"size\":3}}",
			"digest" },
		{ "config size", MANIFEST_TYPE,
			"{\"schemaVersion\":2,\"layers\":[],\"config\":{"
			"\"mediaType\":"
			"\"application/vnd.oci.image.config.v1+json\","
			"\"digest\":\"sha256:0123456789abcdef0123456789abcdef"
			"0123456789abcdef0123456789abcdef\",\"size\":-3}}",
			"size" },
		{ "unknown type", "application/json", "{}", "media type" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build document = { .size = 0 };
		struct error err;

		check_row(rows[i].label);
		build_text(&document, "%s", rows[i].text);
		CHECK(find_with_document(rows[i].type, &document, &err) < 0);
		if (!CHECK(strstr(err.text, rows[i].says)))
			printf("# says: %s\n", err.text);
		CHECK(strstr(err.text, "images/app'"));
		build_clear(&document);
	}
}

static void test_bad_indexes(void)
{
	static const char *const rows[] = { "", "[]", "{}", "{\"manifests\":1}",
		"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}",
		"{\"schemaVersion\":2,\"manifests\":[1,null,[],{}]}",
		("{\"schemaVersion\":2,\"manifests\":[{\"annotations\":{"
		 "\"org.opencontainers.image.ref.name\":\"app\"}}]}"),
		"{\"schemaVersion\":2,\"manifests\":[{\"annotations\":7}]}" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err;

		check_row(rows[i]);
		CHECK(find_with_index(rows[i], &err) < 0);
	}
}

static void test_damaged_manifest_blob(void)
{
	int fd = new_folder("images/app");
	const struct build_target target = { NULL, fd };
	struct parts parts;
	struct error err;
	char path[128];

	build_layout(&target, &image, "app");
	(void)snprintf(path, sizeof(path), "blobs/sha256/%s",
		digest_hex(image.manifest_digest));
	image.manifest.bytes[0] = '[';
	build_write(fd, path, image.manifest.bytes, image.manifest.size);
	CHECK(find("app", &parts, &err) == -EBADMSG);
	CHECK(strstr(err.text, "digest"));
	image.manifest.bytes[0] = '{';
	build_write(fd, path, image.manifest.bytes, image.manifest.size - 1);
	CHECK(find("app", &parts, &err) == -EBADMSG);
	CHECK(strstr(err.text, "promised"));
	CHECK(unlinkat(fd, path, 0) == 0);
	CHECK(find("app", &parts, &err) == -ENOENT);
	CHECK(strstr(err.text, "is not in the archive"));
	(void)close(fd);
}

static void test_huge_documents(void)
{
	struct build index = { .size = ARCHIVE_TEXT_MAX + 1 };
	int fd = new_folder("images/app");
	struct parts parts;
	struct error err;

	index.bytes = malloc(index.size);
	if (!CHECK(index.bytes))
		return;
	memset(index.bytes, ' ', index.size);
	build_write(fd, "index.json", index.bytes, index.size);
	CHECK(find("app", &parts, &err) == -EFBIG);
	/* nesting without end is refused, not followed */
	memset(index.bytes, '[', index.size - 1);
	build_write(fd, "index.json", index.bytes, index.size - 1);
	CHECK(find("app", &parts, &err) == -EBADMSG);
	build_clear(&index);
	(void)close(fd);
}

/* Links in a layout are fine inside it and lead nowhere else. */
static void test_links_in_a_folder(void)
{
	int fd = new_folder("images/app");
	const struct build_target target = { NULL, fd };
	struct parts parts;
	struct error err;
	char script[512];

	build_layout(&target, &image, "app");
	(void)close(fd);
	(void)snprintf(script, sizeof(script),
		"cd \"$1/images/app\" && mv blobs other && ln -s /other blobs");
	CHECK(build_run(script, scratch) == 0);
	CHECK(find("app", &parts, &err) == 0);
	CHECK(build_run("cd \"$1/images/app\" && mv other ../../ && rm blobs "
			"&& ln -s ../../other blobs",
		      scratch) == 0);
	CHECK(find("app", &parts, &err) == -ENOENT);
}

static void test_what_is_no_archive_is_left_out(void)
{
	struct parts parts;
	struct error err;

	(void)close(new_folder(""));
	CHECK(find("app", &parts, &err) == -ENOENT);
	CHECK(strstr(err.text, "there is none at all"));
	CHECK(build_run("cd \"$1/images\" && echo text > README && mkdir dir "
			"&& mkfifo fifo && ln -s /dev/zero zero && : > empty",
		      scratch) == 0);
	CHECK(find("app", &parts, &err) == -ENOENT);
	CHECK(build_run("cd \"$1/images\" && gzip < README > a.tar.gz",
		      scratch) == 0);
	CHECK(find("app", &parts, &err) == -EOPNOTSUPP);
	CHECK(strstr(err.text, "a.tar.gz': it is compressed as a whole"));
}

/* One archive that cannot be read does not hide those that can. */
static void test_broken_beside_good(void)
{
	struct build tar = { .size = 0 };
	const struct build_target target = { &tar, -1 };
	struct parts parts;
	struct error err;

	(void)close(new_folder(""));
	build_layout(&target, &image, "app");
	build_write(scratch_fd, "images/b.tar", tar.bytes, tar.size);
	tar.bytes[600] ^= 1;
	build_write(scratch_fd, "images/a.tar", tar.bytes, 1500);
	CHECK(find("app", &parts, &err) == 0);
	CHECK(find("other", &parts, &err) == -EBADMSG);
	CHECK(strstr(err.text, "/a.tar': the archive ends in the middle"));
	build_clear(&tar);
}

static void test_saved(void)
{
	struct build tar = { .size = 0 };
	struct parts parts;
	struct error err;

	(void)close(new_folder(""));
	build_saved(&tar, &image, "web:5");
	build_write(scratch_fd, "images/any.tar", tar.bytes, tar.size);
	build_clear(&tar);
	CHECK(find("web", &parts, &err) == -ENOENT);
	CHECK(strstr(err.text, "web:5"));
	if (!CHECK(find("docker.io/library/web:5", &parts, &err) == 0))
		return;
	CHECK(strcmp(parts.config.digest, image.config_digest) == 0);
	CHECK(parts.layer_count == 1 && parts.layers[0].digest[0] == '\0');
}

static void test_bad_saved(void)
{
	static const char *const rows[] = { "", "{}", "[{}]", "[1]",
		"[{\"RepoTags\":[\"web\"]}]",
		"[{\"RepoTags\":[\"web\"],\"Config\":7}]",
		"[{\"RepoTags\":[7,null]}]",
		"[{\"RepoTags\":[\"web\"],\"Config\":\"c\",\"Layers\":[7]}]" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build tar = { .size = 0 };
		struct parts parts;
		struct error err;

		check_row(rows[i]);
		(void)close(new_folder(""));
		build_file(&tar, "manifest.json", rows[i]);
		build_end(&tar);
		build_write(scratch_fd, "images/any.tar", tar.bytes, tar.size);
		build_clear(&tar);
		CHECK(find("web", &parts, &err) < 0);
	}
}

/* Old `docker save` stores a layer once and links to it. */
static void test_links_in_a_tar(void)
{
	struct build tar = { .size = 0 };
	struct archive archive;
	struct error err;
	char *text;
	size_t size;

	(void)close(new_folder(""));
	build_file(&tar, "./a/layer.tar", "old");
	build_file(&tar, "a/layer.tar", "content");
	build_link(&tar, '2', "b/c/layer.tar", "../../a/layer.tar");
	build_link(&tar, '1', "hard", "b/c/layer.tar");
	build_link(&tar, '2', "loop", "loop");
	build_link(&tar, '2', "out", "../../../../../etc/passwd");
	build_link(&tar, '2', "abs", "/etc/passwd");
	build_file(&tar, "../up", "x");
	build_end(&tar);
	build_write(scratch_fd, "images/any.tar", tar.bytes, tar.size);
	build_clear(&tar);
	if (CHECK(archive_open(&archive, scratch_fd, "images/any.tar", &err) ==
		    0)) {
		static const char *const good[] = { "a/layer.tar",
			"b/c/layer.tar", "hard" };
		static const char *const bad[] = { "loop", "out", "abs", "up",
			"etc/passwd", "a", "nothing" };

		for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
			check_row(good[i]);
			if (CHECK(archive_read(&archive, good[i], UINT64_MAX,
					  "", &text, &size, &err) == 0)) {
				CHECK(strcmp(text, "content") == 0);
				free(text);
			}
		}
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			check_row(bad[i]);
			CHECK(archive_read(&archive, bad[i], UINT64_MAX, "",
				      &text, &size, &err) == -ENOENT);
		}
		check_row(NULL);
		CHECK(archive_read(&archive, "../up", UINT64_MAX, "", &text,
			      &size, &err) == -EINVAL);
	}
	archive_close(&archive);
}

int main(void)
{
	struct build tar = { .size = 0 };

	scratch_fd = build_scratch(scratch);
	build_end(&tar);
	build_layer(&image, tar, BUILD_GZIP);
	build_documents(&image);
	RUN(test_names);
	RUN(test_parts);
	RUN(test_digest_references);
	RUN(test_containerd_name);
	RUN(test_platforms);
	RUN(test_digest_of_one_platform);
	RUN(test_bad_manifests);
	RUN(test_bad_indexes);
	RUN(test_damaged_manifest_blob);
	RUN(test_huge_documents);
	RUN(test_links_in_a_folder);
	RUN(test_what_is_no_archive_is_left_out);
	RUN(test_broken_beside_good);
	RUN(test_saved);
	RUN(test_bad_saved);
	RUN(test_links_in_a_tar);
	build_image_clear(&image);
	build_scratch_end(scratch, scratch_fd);
	return check_done();
}
