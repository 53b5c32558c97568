// SPDX-License-Identifier: MIT
/* tests of cli/check: what it prints and returns */
#include "cli/check.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lib/fd.h"
#include "store_build.h"

#define BAD     "services:\n  a: {imagee: \"x\\\"\\x01\"}\n  b: {image: }\n"
#define GOOD    "services:\n  a: {image: x}\n"
#define PROFILE "services:\n  a: {image: x, security_opt: [seccomp=p.json]}\n"

static char base[32];
static char printed[16384];

static const char *put(const char *name, const char *text)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);

	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
	return path;
}

/* Runs it with standard output in printed. */
static int run(const char *path, bool as_json)
{
	auto_fd old_fd = dup(1);
	auto_fd fd = open(base, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	ssize_t size;
	int status;

	(void)fflush(stdout);
	(void)dup2(fd, 1);
	status = check_file(path, as_json);
	(void)fflush(stdout);
	(void)dup2(old_fd, 1);
	size = pread(fd, printed, sizeof(printed) - 1, 0);
	printed[size < 0 ? 0 : size] = '\0';
	return status;
}

static void test_text(void)
{
	CHECK(run(put("good.yaml", GOOD), false) == 0);
	CHECK(strstr(printed, "good.yaml is good: 1 service, 0 warnings\n"));
	CHECK(run(put("bad.yaml", BAD), false) == 1);
	CHECK(strstr(printed, "bad.yaml:2:"));
	CHECK(strstr(printed, "did you mean 'image'?"));
	CHECK(strstr(printed, "bad.yaml has 2 errors and 1 warning\n"));
}

/* One of a thing has no 's', and only one. */
static void test_numbers(void)
{
	CHECK(run(put("two.yaml", GOOD "  b: {image: y}\nversion: 3\n"),
		      false) == 0);
	CHECK(strstr(printed, "two.yaml is good: 2 services, 1 warning\n"));
	CHECK(run(put("many.yaml", GOOD "  b: {image: y, scale: 3}\n"),
		      false) == 0);
	CHECK(strstr(printed,
		"many.yaml is good: 2 services, 4 containers, 0 warnings\n"));
	CHECK(run(put("one.yaml", "services: 3\n"), false) == 1);
	CHECK(strstr(printed, "one.yaml has 1 error and 0 warnings\n"));
}

static void test_folder(void)
{
	char slash[40];
	char line[100];

	(void)snprintf(slash, sizeof(slash), "%s/", base);
	CHECK(run(base, true) == 1); /* nothing of that name is there */
	(void)put("docker-compose.yml", BAD);
	CHECK(run(base, false) == 1);
	CHECK(strstr(printed, "docker-compose.yml:2:"));
	(void)put("compose.yaml", GOOD);
	CHECK(run(base, false) == 0);
	(void)snprintf(line, sizeof(line), "%s/compose.yaml is good", base);
	CHECK(strstr(printed, line));
	CHECK(run(slash, false) == 0);
	CHECK(strstr(printed, line));
}

static void test_profile(void)
{
	(void)put("p.json", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
	CHECK(run(put("good.yaml", PROFILE), false) == 0);
	(void)put("p.json", "{\"defaultAction\": \"SCMP_ACT_ALOW\"}");
	CHECK(run(put("good.yaml", PROFILE), false) == 1);
	CHECK(strstr(printed, "p.json: defaultAction"));
	CHECK(strstr(printed, "good.yaml has 1 error and"));
}

/* What one file says is not said of the next. */
static void test_one_file_after_another(void)
{
	CHECK(run(put("bad.yaml", BAD), false) == 1);
	CHECK(run(put("good.yaml", GOOD), false) == 0);
	CHECK(!strstr(printed, "imagee"));
}

static bool has_name(const json_t *object, const char *file)
{
	const char *name = json_string_value(json_object_get(object, "file"));

	return name && strcmp(name, file) == 0;
}

/* Is there a problem about that file? */
static bool names_file(const json_t *whole, const char *file)
{
	const json_t *problems = json_object_get(whole, "problems");

	for (size_t i = 0; i < json_array_size(problems); i++) {
		if (has_name(json_array_get(problems, i), file))
			return true;
	}
	return false;
}

static void test_json_of_several_files(void)
{
	json_t *whole;

	(void)put(".env", "A=\"\n");
	(void)put("p.json", "{\"defaultAction\": 1}");
	CHECK(run(put("bad.yaml", BAD), true) == 1);
	whole = json_loads(printed, 0, NULL);
	CHECK(names_file(whole, "bad.yaml"));
	CHECK(names_file(whole, ".env"));
	json_decref(whole);
	(void)put(".env", "");
	CHECK(run(put("good.yaml", PROFILE), true) == 1);
	whole = json_loads(printed, 0, NULL);
	CHECK(names_file(whole, "p.json"));
	CHECK(!names_file(whole, "good.yaml"));
	json_decref(whole);
}

static void put_image(const char *name, const char *tag,
	const char *architecture)
{
	struct build_image image = { .count = 0, .architecture = architecture };
	struct build layer = { .size = 0 };
	struct build tar = { .size = 0 };
	auto_fd fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	build_file(&layer, "hello", "hello");
	build_end(&layer);
	build_layer(&image, layer, BUILD_PLAIN);
	build_documents(&image);
	build_layout(&(struct build_target){ &tar, -1 }, &image, tag);
	build_write(fd, name, tar.bytes, tar.size);
	build_clear(&tar);
	build_image_clear(&image);
}

/* Only where a folder for them is; and of each image once. */
static void test_images(void)
{
	static const char text[] = "services:\n  a: {image: app:2}\n"
				   "  b: {image: app:2}\n  c: {image: app}\n"
				   "  d: {image: other}\n";
	char folder[48];

	CHECK(run(put("images.yaml", text), false) == 0);
	CHECK(strstr(printed, "4 services, 0 warnings"));
	(void)snprintf(folder, sizeof(folder), "%s/images", base);
	CHECK(mkdir(folder, 0755) == 0);
	CHECK(run(put("images.yaml", text), false) == 0);
	CHECK(strstr(printed,
		"images.yaml:2:3: services.a.image: warning: 'app:2': no archive in images has it; there is none at all; put it there"));
	CHECK(!strstr(printed, "services.b"));
	CHECK(strstr(printed, "4 services, 3 warnings"));
	put_image("images/app.tar", "app:latest", NULL);
	put_image("images/other.tar", "other:latest", "s390x");
	CHECK(run(put("images.yaml", text), false) == 0);
	CHECK(strstr(printed,
		"services.a.image: warning: 'app:2': no archive in images has it; they have: app:latest, other:latest"));
	CHECK(strstr(printed, "4 services, 1 warning\n"));
	put_image("images/app2.tar", "app:2", NULL);
	CHECK(run(put("images.yaml", text), false) == 0);
	CHECK(strstr(printed, "4 services, 0 warnings"));
	(void)put("images/app2.tar", "not a tar file, which is passed over");
	(void)put("images/app.tar", "");
	CHECK(run(put("images.yaml", text), false) == 0);
	CHECK(strstr(printed, "4 services, 2 warnings"));
	CHECK(fd_remove_tree(AT_FDCWD, folder, NULL) == 0);
}

static void test_json(void)
{
	json_error_t error;
	json_t *whole;

	CHECK(run(put("bad.yaml", BAD), true) == 1);
	whole = json_loads(printed, 0, &error);
	CHECK(whole && json_is_false(json_object_get(whole, "valid")));
	CHECK(json_array_size(json_object_get(whole, "problems")) == 3);
	CHECK(json_integer_value(json_object_get(whole, "errors")) +
			json_integer_value(
				json_object_get(whole, "warnings")) ==
		3);
	json_decref(whole);
	CHECK(run(put("good.yaml", GOOD), true) == 0);
	whole = json_loads(printed, 0, &error);
	CHECK(whole && json_is_true(json_object_get(whole, "valid")));
	json_decref(whole);
}

static void test_what_cannot_be_read(void)
{
	json_t *whole;

	CHECK(run("/no/such/file", false) == 1);
	CHECK(run("/no/such/file", true) == 1);
	whole = json_loads(printed, 0, NULL);
	CHECK(json_is_false(json_object_get(whole, "valid")));
	CHECK(names_file(whole, "file"));
	CHECK(has_name(whole, "/no/such/file"));
	json_decref(whole);
}

int main(void)
{
	(void)snprintf(base, sizeof(base), "/tmp/tare-check-XXXXXX");
	CHECK(mkdtemp(base) != NULL);
	RUN(test_text);
	RUN(test_numbers);
	RUN(test_profile);
	RUN(test_one_file_after_another);
	RUN(test_images);
	RUN(test_json);
	RUN(test_json_of_several_files);
	RUN(test_what_cannot_be_read);
	RUN(test_folder);
	CHECK(fd_remove_tree(AT_FDCWD, base, NULL) == 0);
	return check_done();
}
