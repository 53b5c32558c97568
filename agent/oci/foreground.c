// SPDX-License-Identifier: MIT
/* foreground - waits for a process on behalf of who called us */
#include "oci/foreground.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/text.h"
#include "oci/report.h"
#include "run/container.h"
#include "run/terminal_proxy.h"

enum exit_status {
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_NOT_FOUND = 127,
};

void foreground_begin(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
}

static int wait_and_forward(struct container *container, struct error *err)
{
	sigset_t all;
	int result = -EAGAIN;

	(void)sigfillset(&all);
	/* SIGCHLD is blocked since before there was a child: it waits for us */
	while (result == -EAGAIN) {
		int signal = sigwaitinfo(&all, NULL);

		if (signal == SIGCHLD)
			result = container_reap(container, err);
		else if (signal > 0)
			(void)container_signal(container, signal, NULL);
	}
	return result;
}

int foreground_wait(struct container *container, struct error *err)
{
	if (container->terminal_fd >= 0) {
		const struct terminal_proxy proxy = {
			.master_fd = container->terminal_fd,
			.in_fd = STDIN_FILENO,
			.out_fd = STDOUT_FILENO,
			.pid_fd = container->pid_fd,
		};
		int result = terminal_proxy(&proxy, err);

		if (result < 0)
			return result;
	}
	return wait_and_forward(container, err);
}

int foreground_report(const struct options *options, int result,
	const struct error *err)
{
	int status = result;

	if (result == -ENOENT)
		status = STATUS_NOT_FOUND;
	else if (result == -EACCES || result == -ENOEXEC)
		status = STATUS_NOT_EXECUTABLE;
	/* other steps may miss a file as well: they do not begin like this */
	if (status < 0 || !text_starts_with(err->text, "execute '"))
		return result;
	report_error(options, err);
	return status;
}
