// SPDX-License-Identifier: MIT
/* tare-dns - the name server of the workloads */
#include <fcntl.h>
#include <stdlib.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "net/dns_confine.h"
#include "net/dns_server.h"

#define FOLDER "/run/tare/net"

enum {
	PORT = 53
};

static int serve(const char *folder, struct error *err)
{
	static struct dns_server server; /* zeroes take no room in the file */
	int result = fd_make_dirs(AT_FDCWD, folder, 0755, err);

	server.port = server.server_port = PORT;
	if (result == 0)
		result = dns_server_open(&server, folder, err);
	if (result < 0)
		return result;
	dns_confine(folder);
	return dns_server_run(&server, err);
}

int main(int argc, char **argv)
{
	struct error err = { .code = 0 };

	if (serve(argc > 1 ? argv[1] : FOLDER, &err) < 0)
		log_error("dns: %s", err.text);
	return EXIT_FAILURE; /* it never ends otherwise */
}
