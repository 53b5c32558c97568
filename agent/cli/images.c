// SPDX-License-Identifier: MIT
/* images - are the images of a config in the archives beside it? */
#include "cli/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "config/problem.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "store/reference.h"
#include "store/sandbox.h"
#include "store/search.h"
#include "store/store.h"

#define FOLDER "images"

/* Is it the first service with that image? */
static bool is_first(const struct config *config, size_t index)
{
	const char *image = config->services[index].image;

	for (size_t i = 0; i < index; i++) {
		if (text_equal(config->services[i].image, image))
			return false;
	}
	return true;
}

/* Leaves in err what is wrong; its code is 0 when the image is there. */
static void look_for(const struct store *store, const char *image,
	struct error *err)
{
	static struct search_result found; /* large */
	struct reference wanted;

	*err = (struct error){ .code = 0 };
	if (reference_parse(image, &wanted, err) < 0 ||
		search_open(store, &wanted, &found, err) < 0)
		return;
	search_close(&found);
}

/* Writes a struct error for the start, then one for each image. */
static void look(int folder_fd, const struct config *config, int out_fd)
{
	struct error err = { .code = 0 };
	struct store store = { .dir_fd = -1 };

	if (fchdir(folder_fd) < 0)
		(void)error_errno(&err, "enter the folder");
	store.dir_fd = open(FOLDER, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (err.code == 0 && store_add_source(&store, FOLDER, &err) == 0)
		(void)sandbox_enter(&store, &err);
	if (fd_write_all(out_fd, &err, sizeof(err)) < 0 || err.code < 0)
		return;
	for (size_t i = 0; i < config->service_count; i++) {
		if (!is_first(config, i))
			continue;
		look_for(&store, config->services[i].image, &err);
		if (fd_write_all(out_fd, &err, sizeof(err)) < 0)
			return;
	}
}

static void report(const char *file, const struct service *service,
	const struct error *err, struct problems *problems)
{
	struct problem problem = {
		.is_warning = true,
		.line = service->mark.line,
		.column = service->mark.column,
	};
	struct text text;

	/* what does not fit is cut */
	(void)text_copy(problem.file, sizeof(problem.file), file);
	text_init(&text, problem.path, sizeof(problem.path));
	text_add(&text, "services.%s.image", service->name);
	text_init(&text, problem.text, sizeof(problem.text));
	text_add(&text, "'%.80s': %s", service->image, err->text);
	if (err->code == -ENOENT)
		text_add(&text,
			"; put it there, as by 'docker save', or on the data partition");
	problems_add(problems, &problem);
}

/* False: the process has ended without a word. */
static bool hear(int fd, struct error *err)
{
	if (fd_read_full(fd, err, sizeof(*err)) != (ssize_t)sizeof(*err))
		return false;
	err->text[sizeof(err->text) - 1] = '\0';
	return true;
}

static void hear_all(int fd, const char *file, const struct config *config,
	struct problems *problems)
{
	struct error err;

	if (!hear(fd, &err) || err.code < 0)
		return; /* nothing can be said of them here */
	for (size_t i = 0; i < config->service_count; i++) {
		if (!is_first(config, i))
			continue;
		if (!hear(fd, &err))
			return;
		/* the machine is perhaps of another kind than this one */
		if (err.code < 0 && err.code != -ENOEXEC)
			report(file, &config->services[i], &err, problems);
	}
}

void images_check(int folder_fd, const char *file, const struct config *config,
	struct problems *problems)
{
	int fds[2];
	pid_t pid;

	if (faccessat(folder_fd, FOLDER "/.", R_OK, 0) < 0 ||
		pipe2(fds, O_CLOEXEC) < 0)
		return;
	auto_fd in_fd = fds[0];
	auto_fd out_fd = fds[1];

	pid = fork();
	if (pid == 0) {
		fd_close(&in_fd);
		look(folder_fd, config, out_fd);
		_exit(0);
	}
	fd_close(&out_fd);
	if (pid < 0)
		return;
	hear_all(in_fd, file, config, problems);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
