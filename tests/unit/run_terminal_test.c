// SPDX-License-Identifier: MIT
/*
 * run_terminal_test - a terminal of the container's own devpts, or none
 *
 * wrap: ioctl fchown socket connect
 */
#include "run/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "run/kernel.h"
#include "run/oci.h"

FAULT_WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
FAULT_WRAP(int, socket, (int domain, int type, int protocol),
	(domain, type, protocol))
FAULT_WRAP(int, connect,
	(int fd, const struct sockaddr *address, socklen_t size),
	(fd, address, size))

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	return fault_strikes() ? -1 : __real_ioctl(fd, request, argument);
}

static const char *missing;
static struct error err;
static char base[64];
static int dev_fd = -1; /* base/dev, a tmpfs with a devpts at pts */

static const struct oci_process process = { .has_terminal = true,
	.console_height = 40,
	.console_width = 132,
	.user = { .uid = 1234, .gid = 99 } };

static int shell(const char *command)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (chdir(base) < 0)
			_exit(126);
		(void)execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return status;
}

static void begin(const char *command)
{
	(void)snprintf(base, sizeof(base), "/tmp/tare-tty-XXXXXX");
	if (!mkdtemp(base) ||
		shell("mkdir dev; mount -t tmpfs none dev; mkdir dev/pts; "
		      "mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,"
		      "gid=5 none dev/pts") != 0 ||
		shell(command) != 0)
		abort();

	char path[80];

	(void)snprintf(path, sizeof(path), "%s/dev", base);
	dev_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dev_fd < 0)
		abort();
	err = (struct error){ .code = 0 };
}

static void end(void)
{
	fd_close(&dev_fd);
	if (shell("umount -R dev; rmdir dev") != 0 || rmdir(base) < 0)
		abort();
}

static bool failed(const char *wanted)
{
	if (strstr(err.text, wanted))
		return true;
	printf("# wanted '%s', it is '%s'\n", wanted, err.text);
	return false;
}

static void test_opens_a_terminal(void)
{
	struct terminal terminal;
	struct winsize size = { 0 };
	struct stat status;
	struct stat peer;
	char text[8] = "";
	unsigned int number = 99;

	begin(":");
	if (!CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0)) {
		printf("# %s\n", err.text);
		return;
	}
	CHECK(ioctl(terminal.master_fd, TIOCGPTN, &number) == 0 &&
		number == 0); /* the first of its own instance */
	CHECK(ioctl(terminal.peer_fd, TIOCGWINSZ, &size) == 0);
	CHECK(size.ws_row == 40 && size.ws_col == 132);
	CHECK(fstatat(dev_fd, "pts/0", &status, 0) == 0);
	CHECK(status.st_uid == 1234 && status.st_gid == 5);
	CHECK((status.st_mode & 0777) == 0620);
	CHECK(fstat(terminal.peer_fd, &peer) == 0);
	CHECK(peer.st_dev == status.st_dev && peer.st_ino == status.st_ino);
	CHECK(fcntl(terminal.master_fd, F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(terminal.peer_fd, F_GETFD) == FD_CLOEXEC);
	CHECK(write(terminal.peer_fd, "hello", 5) == 5);
	CHECK(read(terminal.master_fd, text, 5) == 5);
	CHECK(strcmp(text, "hello") == 0);
	terminal_clear(&terminal);
	CHECK(terminal.master_fd == -1 && terminal.peer_fd == -1);
	end();
}

/* Everything that a container root may have where the devpts belongs. */
static void test_refuses_what_is_no_devpts(void)
{
	static const struct {
		const char *command, *why;
	} rows[] = {
		{ "umount dev/pts", "no file system of type devpts" },
		{ "umount dev/pts; mknod dev/pts/ptmx c 5 2",
			"no file system of type devpts" },
		{ "umount dev/pts; rmdir dev/pts",
			"no file system of type devpts" },
		{ "umount dev/pts; rmdir dev/pts; touch dev/pts",
			"no file system of type devpts" },
		{ "umount dev/pts; rmdir dev/pts; ln -s /dev/pts dev/pts",
			"open '/dev/pts': Too many levels of symbolic links" },
		{ "mount --bind /dev/null dev/pts/ptmx",
			"open '/dev/pts/ptmx': Invalid cross-device link" },
		{ "mount -t proc none dev/pts",
			"no file system of type devpts" },
	};
	struct terminal terminal;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int before;

		check_row(rows[i].command);
		begin(rows[i].command);
		before = fault_count_fds();
		CHECK(terminal_open(dev_fd, &process, &terminal, &err) < 0);
		CHECK(failed(rows[i].why));
		CHECK(terminal.master_fd == -1 && terminal.peer_fd == -1);
		CHECK(fault_count_fds() == before);
		end();
	}
}

static bool is_console(const struct terminal *terminal)
{
	struct stat console;
	struct stat peer;

	return fstatat(dev_fd, "console", &console, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(terminal->peer_fd, &peer) == 0 &&
	       console.st_dev == peer.st_dev && console.st_ino == peer.st_ino;
}

static void test_binds_the_console(void)
{
	struct terminal terminal;
	auto_fd fd = -1;

	begin(":");
	CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0);
	CHECK(terminal_bind_console(&terminal, dev_fd, &err) == 0);
	CHECK(is_console(&terminal));
	fd = openat(dev_fd, "console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(fd >= 0 && isatty(fd));
	CHECK(shell("grep ' dev/console \\| .*/dev/console ' "
		    "/proc/self/mountinfo | grep -q 'nosuid,.*noexec'") == 0);
	fd_close(&fd);
	terminal_clear(&terminal);
	end();

	begin("mknod dev/console c 5 1");
	CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0);
	CHECK(terminal_bind_console(&terminal, dev_fd, &err) == 0);
	CHECK(is_console(&terminal));
	terminal_clear(&terminal);
	end();
}

static void test_binds_on_no_link(void)
{
	struct terminal terminal;

	begin("touch dev/other; ln -s other dev/console");
	CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0);
	CHECK(terminal_bind_console(&terminal, dev_fd, &err) == -ELOOP);
	CHECK(failed("open '/dev/console': Too many levels of symbolic"));
	CHECK(shell("test $(grep -c dev/other /proc/self/mountinfo) = 0") == 0);
	terminal_clear(&terminal);
	end();

	begin("mkdir dev/console");
	CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0);
	CHECK(terminal_bind_console(&terminal, dev_fd, &err) == -EISDIR);
	terminal_clear(&terminal);
	end();
}

/* A child with the terminal says what it has. */
static void test_becomes_the_controlling_terminal(void)
{
	struct terminal terminal;
	char text[64] = "";
	int status = 0;
	pid_t pid;

	begin(":");
	CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		bool refused = terminal_attach(&terminal, &err) == -EPERM;
		int result;

		(void)setsid();
		result = terminal_attach(&terminal, &err);
		dprintf(1, "%d%d%d%d%d\n", refused, result == 0,
			tcgetsid(0) == getpid(), isatty(0) && isatty(2),
			terminal.peer_fd == -1);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(read(terminal.master_fd, text, sizeof(text) - 1) > 0);
	CHECK(strcmp(text, "11111\r\n") == 0);
	terminal_clear(&terminal);
	end();
}

static void test_sends_and_receives(void)
{
	struct terminal terminal;
	unsigned int number = 99;
	char text[16] = "";
	int sockets[2];
	int fd;

	begin(":");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) < 0)
		abort();
	CHECK(terminal_open(dev_fd, &process, &terminal, &err) == 0);
	CHECK(terminal_send(sockets[0], terminal.master_fd, &err) == 0);
	fd = terminal_receive(sockets[1], &err);
	CHECK(fd >= 0 && ioctl(fd, TIOCGPTN, &number) == 0 && number == 0);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	(void)close(fd);
	/* callers read the name first */
	CHECK(terminal_send(sockets[0], terminal.master_fd, &err) == 0);
	CHECK(read(sockets[1], text, sizeof(text)) == 9);
	CHECK(strcmp(text, "/dev/ptmx") == 0);

	CHECK(terminal_send(sockets[0], 0, &err) == 0); /* no terminal */
	CHECK(terminal_receive(sockets[1], &err) == -EPROTO);
	CHECK(write(sockets[0], "x", 1) == 1);
	CHECK(terminal_receive(sockets[1], &err) == -EPROTO);
	CHECK(failed("receive the terminal: the message has none"));
	(void)close(sockets[1]);
	CHECK(terminal_send(sockets[0], terminal.master_fd, &err) == -EPIPE);
	(void)close(sockets[0]);
	terminal_clear(&terminal);
	end();
}

static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	if (fd < 0 ||
		bind(fd, (const struct sockaddr *)&address, sizeof(address)) <
			0 ||
		listen(fd, 4) < 0)
		abort();
	return fd;
}

static void test_connects_to_any_path(void)
{
	unsigned int before;
	char folder[160];
	char path[400];
	int fd;

	begin(":");
	before = fault_count_fds();
	memset(folder, 'd', sizeof(folder));
	folder[sizeof(folder) - 1] = '\0';
	if (chdir(base) < 0 || mkdir(folder, 0700) < 0 || chdir(folder) < 0)
		abort();

	auto_fd listener = listen_at("console.sock");

	(void)snprintf(path, sizeof(path), "%s/%s/console.sock", base, folder);
	CHECK(strlen(path) > 108);
	fd = terminal_connect(path, &err);
	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	fd_close(&fd);
	fd = terminal_connect("console.sock", &err);
	CHECK(fd >= 0);
	fd_close(&fd);
	CHECK(terminal_connect("not-there", &err) == -ENOENT);
	CHECK(failed("connect to the console socket 'not-there': No such"));
	path[strlen(path) - 1] = 'x';
	CHECK(terminal_connect(path, &err) == -ENOENT);
	fd_close(&listener);
	path[strlen(path) - 1] = 'k';
	CHECK(terminal_connect(path, &err) == -ECONNREFUSED);
	if (unlink("console.sock") < 0 || chdir("..") < 0 ||
		rmdir(folder) < 0 || chdir("/") < 0)
		abort();
	CHECK(fault_count_fds() == before);
	end();
}

static void test_leaves_nothing_when_a_call_fails(void)
{
	unsigned int before;
	unsigned int nth = 1;
	struct terminal terminal;

	begin(":");
	before = fault_count_fds();
	for (;; nth++) {
		int result;

		fault_arm(nth, EIO);
		result = terminal_open(dev_fd, &process, &terminal, &err);
		if (!fault_fired()) {
			CHECK(result == 0);
			terminal_clear(&terminal);
			break;
		}
		CHECK(result == -EIO && err.code == -EIO);
		CHECK(failed("Input/output error"));
		CHECK(terminal.master_fd == -1 && terminal.peer_fd == -1);
		CHECK(fault_count_fds() == before);
	}
	CHECK(nth == 5);
	CHECK(fault_count_fds() == before);
	end();
}

int main(void)
{
	if (geteuid() != 0)
		missing = "needs root";
	else if (kernel_unshare(CLONE_NEWNS) < 0)
		missing = "may not make a mount namespace";
	if (missing) {
		check_skip(missing);
		return check_done();
	}
	(void)snprintf(base, sizeof(base), "/");
	if (shell("mount --make-rprivate /") != 0)
		abort();
	RUN(test_opens_a_terminal);
	RUN(test_refuses_what_is_no_devpts);
	RUN(test_binds_the_console);
	RUN(test_binds_on_no_link);
	RUN(test_becomes_the_controlling_terminal);
	RUN(test_sends_and_receives);
	RUN(test_connects_to_any_path);
	RUN(test_leaves_nothing_when_a_call_fails);
	return check_done();
}
