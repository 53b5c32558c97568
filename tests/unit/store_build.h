/* SPDX-License-Identifier: MIT */
/*
 * store_build - makes tar archives, layers and image layouts for tests
 *
 * Bytes are made here, not by the code under test or by a tool, so that they
 * can be wrong on purpose. Everything ends the test program on failure.
 */
#ifndef TARE_STORE_BUILD_H
#define TARE_STORE_BUILD_H

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "store/digest.h"

/* Bytes that grow; build_clear them. */
struct build {
	unsigned char *bytes;
	size_t size, room;
};

/* One entry of a tar archive; what is left out is 0 or "". */
struct build_entry {
	char type; /* '0' file, '5' folder ... */
	const char *path;
	const char *link;
	unsigned int mode, uid, gid;
	long mtime;
	const void *content;
	size_t size;
};

static inline void build_die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(2);
}

static inline void build_add(struct build *build, const void *data, size_t size)
{
	if (build->size + size > build->room) {
		build->room = (build->size + size) * 2;
		build->bytes = realloc(build->bytes, build->room);
		if (!build->bytes)
			build_die("no memory");
	}
	if (size)
		memcpy(build->bytes + build->size, data, size);
	build->size += size;
}

static inline void build_clear(struct build *build)
{
	free(build->bytes);
	*build = (struct build){ .size = 0 };
}

static inline void build_pad(struct build *build)
{
	static const unsigned char zeros[512];

	build_add(build, zeros, (512 - build->size % 512) % 512);
}

static inline void build_octal(unsigned char *field, size_t size,
	unsigned long value)
{
	for (size_t i = size - 1; i-- > 0; value >>= 3)
		field[i] = (unsigned char)('0' + (value & 7));
}

/* Sums the header at block again, after a test has changed it. */
static inline void build_sum(unsigned char *block)
{
	unsigned long sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += block[i];
	build_octal(block + 148, 7, sum);
	block[154] = '\0';
}

static inline void build_field(unsigned char *field, size_t size,
	const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length)
		memcpy(field, text, length < size ? length : size);
}

/* Appends header and content; returns where the header is. */
static inline size_t build_tar(struct build *build, struct build_entry entry)
{
	unsigned char block[512] = { 0 };
	size_t at = build->size;

	build_field(block, 100, entry.path);
	build_octal(block + 100, 8, entry.mode);
	build_octal(block + 108, 8, entry.uid);
	build_octal(block + 116, 8, entry.gid);
	build_octal(block + 124, 12, entry.size);
	build_octal(block + 136, 12, (unsigned long)entry.mtime);
	block[156] = (unsigned char)entry.type;
	build_field(block + 157, 100, entry.link);
	memcpy(block + 257,
		"ustar\0"
		"00",
		8);
	build_sum(block);
	build_add(build, block, sizeof(block));
	build_add(build, entry.content, entry.size);
	build_pad(build);
	return at;
}

static inline void build_file(struct build *build, const char *path,
	const char *content)
{
	(void)build_tar(build, (struct build_entry){ .type = '0',
				       .path = path,
				       .mode = 0644,
				       .content = content,
				       .size = strlen(content) });
}

static inline void build_folder(struct build *build, const char *path)
{
	(void)build_tar(build, (struct build_entry){ .type = '5',
				       .path = path,
				       .mode = 0755 });
}

static inline void build_link(struct build *build, char type, const char *path,
	const char *target)
{
	(void)build_tar(build, (struct build_entry){ .type = type,
				       .path = path,
				       .link = target,
				       .mode = 0777 });
}

/* One record of a pax header; the value may hold anything. */
static inline void build_record(struct build *records, const char *key,
	const void *value, size_t size)
{
	size_t length = strlen(key) + size + 3;
	char number[16];

	for (size_t digits = 1;; digits++) {
		int used = snprintf(number, sizeof(number), "%zu",
			length + digits);

		if ((size_t)used == digits)
			break;
	}
	build_add(records, number, strlen(number));
	build_add(records, " ", 1);
	build_add(records, key, strlen(key));
	build_add(records, "=", 1);
	build_add(records, value, size);
	build_add(records, "\n", 1);
}

/* A pax header with one record, for the entry that comes next. */
static inline void build_pax(struct build *build, const char *key,
	const void *value, size_t size)
{
	struct build records = { .size = 0 };

	build_record(&records, key, value, size);
	(void)build_tar(build, (struct build_entry){ .type = 'x',
				       .path = "pax",
				       .content = records.bytes,
				       .size = records.size });
	build_clear(&records);
}

static inline void build_end(struct build *build)
{
	static const unsigned char zeros[1024];

	build_add(build, zeros, sizeof(zeros));
}

static inline struct build build_gzip(const struct build *plain)
{
	z_stream stream = { .next_in = plain->bytes,
		.avail_in = (uInt)plain->size };
	struct build out = { .room = plain->size + plain->size / 100 + 1000 };

	out.bytes = malloc(out.room);
	if (!out.bytes || deflateInit2(&stream, 9, Z_DEFLATED, 31, 8,
				  Z_DEFAULT_STRATEGY) != Z_OK)
		build_die("gzip");
	stream.next_out = out.bytes;
	stream.avail_out = (uInt)out.room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		build_die("gzip");
	out.size = stream.total_out;
	(void)deflateEnd(&stream);
	return out;
}

static inline struct build build_zstd(const struct build *plain)
{
	struct build out = { .room = ZSTD_compressBound(plain->size) };

	out.bytes = malloc(out.room);
	if (!out.bytes)
		build_die("zstd");
	out.size = ZSTD_compress(out.bytes, out.room, plain->bytes, plain->size,
		3);
	if (ZSTD_isError(out.size))
		build_die("zstd");
	return out;
}

/* Writes a file below dir_fd, making its folders. */
static inline void build_write(int dir_fd, const char *path, const void *data,
	size_t size)
{
	char part[512];
	int fd;

	for (size_t i = 0; path[i] && i < sizeof(part) - 1; i++) {
		part[i] = path[i];
		part[i + 1] = '\0';
		if (path[i] == '/') {
			part[i] = '\0';
			(void)mkdirat(dir_fd, part, 0755); /* may be there */
			part[i] = '/';
		}
	}
	fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		0644);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		build_die(path);
	(void)close(fd);
}

__attribute__((format(printf, 2, 3))) static inline void
build_text(struct build *build, const char *format, ...)
{
	char text[8192];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(text))
		build_die("a text is too long");
	build_add(build, text, (size_t)length);
}

/* Layers of an image, and the documents that a test may want to spoil. */
enum {
	BUILD_LAYERS_MAX = 8
};

struct build_image {
	struct build layers[BUILD_LAYERS_MAX]; /* as stored */
	char diff_ids[BUILD_LAYERS_MAX][DIGEST_TEXT];
	const char *endings[BUILD_LAYERS_MAX]; /* of the media type */
	size_t count;
	const char *architecture; /* NULL: this machine's */
	struct build config, manifest;
	char config_digest[DIGEST_TEXT], manifest_digest[DIGEST_TEXT];
};

enum build_pack {
	BUILD_PLAIN,
	BUILD_GZIP,
	BUILD_ZSTD
};

/* Adds a layer and takes the tar over. */
static inline void build_layer(struct build_image *image, struct build tar,
	enum build_pack pack)
{
	size_t at = image->count++;

	digest_of(tar.bytes, tar.size, image->diff_ids[at]);
	image->layers[at] = pack == BUILD_GZIP   ? build_gzip(&tar)
			    : pack == BUILD_ZSTD ? build_zstd(&tar)
						 : tar;
	image->endings[at] = pack == BUILD_GZIP   ? "+gzip"
			     : pack == BUILD_ZSTD ? "+zstd"
						  : "";
	if (pack != BUILD_PLAIN)
		build_clear(&tar);
}

static inline const char *build_architecture(void)
{
#if defined(__aarch64__)
	return "arm64";
#else
	return "amd64";
#endif
}

/* Writes config and manifest from the layers. */
static inline void build_documents(struct build_image *image)
{
	build_clear(&image->config);
	build_text(&image->config,
		"{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":{"
		"\"Cmd\":[\"/bin/hello\"],\"Env\":[\"A=1\"],"
		"\"WorkingDir\":\"/w\",\"User\":\"u\",\"StopSignal\":\"3\","
		"\"Volumes\":{\"/v\":{}}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[",
		image->architecture ? image->architecture
				    : build_architecture());
	for (size_t i = 0; i < image->count; i++)
		build_text(&image->config, "%s\"%s\"", i ? "," : "",
			image->diff_ids[i]);
	build_text(&image->config, "]}}");
	digest_of(image->config.bytes, image->config.size,
		image->config_digest);
	build_clear(&image->manifest);
	build_text(&image->manifest,
		"{\"schemaVersion\":2,\"mediaType\":"
		"\"application/vnd.oci.image.manifest.v1+json\",\"config\":{"
		"\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
		"\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
		image->config_digest, image->config.size);
	for (size_t i = 0; i < image->count; i++) {
		char digest[DIGEST_TEXT];

		digest_of(image->layers[i].bytes, image->layers[i].size,
			digest);
		build_text(&image->manifest,
			"%s{\"mediaType\":"
			"\"application/vnd.oci.image.layer.v1.tar%s\","
			"\"digest\":\"%s\",\"size\":%zu}",
			i ? "," : "", image->endings[i], digest,
			image->layers[i].size);
	}
	build_text(&image->manifest, "]}");
	digest_of(image->manifest.bytes, image->manifest.size,
		image->manifest_digest);
}

static inline void build_image_clear(struct build_image *image)
{
	for (size_t i = 0; i < image->count; i++)
		build_clear(&image->layers[i]);
	build_clear(&image->config);
	build_clear(&image->manifest);
}

/* Where build_layout puts files: a tar archive, or a folder. */
struct build_target {
	struct build *tar; /* or NULL */
	int dir_fd;
};

static inline void build_put(const struct build_target *target,
	const char *path, const void *data, size_t size)
{
	if (target->tar)
		(void)build_tar(target->tar, (struct build_entry){ .type = '0',
						     .path = path,
						     .mode = 0644,
						     .content = data,
						     .size = size });
	else
		build_write(target->dir_fd, path, data, size);
}

static inline void build_put_blob(const struct build_target *target,
	const struct build *blob)
{
	char digest[DIGEST_TEXT];
	char path[DIGEST_TEXT + 16];

	digest_of(blob->bytes, blob->size, digest);
	(void)snprintf(path, sizeof(path), "blobs/sha256/%s",
		digest_hex(digest));
	build_put(target, path, blob->bytes, blob->size);
}

/* An OCI image layout with that one image; name NULL: without a name. */
static inline void build_layout(const struct build_target *target,
	const struct build_image *image, const char *name)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	struct build index = { .size = 0 };

	build_put(target, "oci-layout", version, sizeof(version) - 1);
	build_text(&index,
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
		"\"application/vnd.oci.image.manifest.v1+json\","
		"\"digest\":\"%s\",\"size\":%zu%s%s%s}]}",
		image->manifest_digest, image->manifest.size,
		name ? ",\"annotations\":{"
		       "\"org.opencontainers.image.ref.name\":\""
		     : "",
		name ? name : "", name ? "\"}" : "");
	build_put(target, "index.json", index.bytes, index.size);
	build_clear(&index);
	build_put_blob(target, &image->manifest);
	build_put_blob(target, &image->config);
	for (size_t i = 0; i < image->count; i++)
		build_put_blob(target, &image->layers[i]);
	if (target->tar)
		build_end(target->tar);
}

/* What `docker save` of before 2024 writes. */
static inline void build_saved(struct build *tar,
	const struct build_image *image, const char *tag)
{
	const struct build_target target = { tar, -1 };
	struct build list = { .size = 0 };
	char path[128];

	build_text(&list,
		"[{\"Config\":\"%s.json\",\"RepoTags\":[\"%s\"],"
		"\"Layers\":[",
		digest_hex(image->config_digest), tag);
	for (size_t i = 0; i < image->count; i++) {
		(void)snprintf(path, sizeof(path), "layer%zu/layer.tar", i);
		build_put(&target, path, image->layers[i].bytes,
			image->layers[i].size);
		build_text(&list, "%s\"%s\"", i ? "," : "", path);
	}
	build_text(&list, "]}]");
	(void)snprintf(path, sizeof(path), "%s.json",
		digest_hex(image->config_digest));
	build_put(&target, path, image->config.bytes, image->config.size);
	build_put(&target, "manifest.json", list.bytes, list.size);
	build_clear(&list);
	build_end(tar);
}

/* Runs a shell script with one argument; its exit status. */
static inline int build_run(const char *script, const char *argument)
{
	char *const words[] = { strdup("sh"), strdup("-euc"), strdup(script),
		strdup("sh"), strdup(argument), NULL };
	pid_t pid;
	int status = -1;

	/* not fork(2): a process with a sanitizer is slow to copy */
	if (posix_spawnp(&pid, "sh", NULL, NULL, words, environ) != 0 ||
		waitpid(pid, &status, 0) < 0)
		build_die("run a script");
	for (size_t i = 0; words[i]; i++)
		free(words[i]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/*
 * A scratch folder of this process in memory, where syncing costs nothing;
 * build_scratch_end removes it.
 */
static inline int build_scratch(char path[64])
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	int fd;

	(void)snprintf(path, 64, "%s/tare-store-XXXXXX", base);
	if (!mkdtemp(path))
		build_die("mkdtemp");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		build_die("open the scratch folder");
	return fd;
}

static inline void build_scratch_end(const char *path, int fd)
{
	(void)close(fd);
	(void)build_run("rm -rf -- \"$1\"", path);
}

#endif
