// SPDX-License-Identifier: MIT
/*
 * net_dump - `tare net dump`: packets as they are, in a file of pcap
 *
 * By packet(7). The kernel keeps what the filter wants; it is in force before
 * the socket is bound, so that nothing else is ever in the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/net_command.h"
#include "cli/net_confine.h"
#include "cli/net_filter.h"
#include "cli/net_json.h"
#include "cli/net_pcap.h"
#include "cli/net_tap.h"
#include "cli/net_wait.h"
#include "lib/error.h"
#include "lib/fd.h"

#define COUNT_MAX UINT64_C(1000000000)
#define GRACE_MS  1000

struct dump {
	struct net_tap tap;
	struct net_wait wait;
	int out_fd;
	uint64_t count; /* 0: as many as there are */
	uint64_t end_ns;
	uint64_t written;
	bool is_closed; /* who read it has gone */
};

/* ---- where it goes ------------------------------------------------------- */

static int open_output(const char *file, struct error *err)
{
	int fd;

	if (file) {
		fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		return fd < 0 ? error_errno(err, "open '%s'", file) : fd;
	}
	if (isatty(STDOUT_FILENO))
		return error_set(err, -ENOTTY,
			"packets are no text: write to a file with -o FILE, or to a program that reads them");
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_errno(err, "use standard output") : fd;
}

/*
 * Until so much can be written at once; who reads it may be slow, and Ctrl-C
 * must not wait for that. When the end has come, what was begun gets a second
 * more, as a packet that is cut spoils the file.
 */
static int wait_writable(struct dump *dump)
{
	struct pollfd polled = { .fd = dump->out_fd, .events = POLLOUT };
	int result =
		net_wait_for(&dump->wait, dump->out_fd, POLLOUT, dump->end_ns);

	if (result == 1)
		return 0;
	return poll(&polled, 1, GRACE_MS) == 1 ? 0 : -ETIMEDOUT;
}

static int write_pieces(struct dump *dump, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		size_t piece = size - done < PIPE_BUF ? size - done : PIPE_BUF;
		int result = wait_writable(dump);

		if (result == 0)
			result =
				fd_write_all(dump->out_fd, bytes + done, piece);
		if (result < 0)
			return result;
		done += piece;
	}
	return 0;
}

static int write_out(struct dump *dump, const void *bytes, size_t size,
	struct error *err)
{
	int result = write_pieces(dump, bytes, size);

	/* who reads it has seen enough */
	if (result == -EPIPE)
		dump->is_closed = true;
	else if (result == -ETIMEDOUT)
		return error_set(err, result,
			"write packets: who reads them takes no more");
	else if (result < 0)
		return error_set(err, result, "write packets: %s",
			strerror(-result));
	return 0;
}

/* ---- what is done -------------------------------------------------------- */

static int write_packet(struct dump *dump, const struct net_packet *packet,
	struct error *err)
{
	static uint8_t buffer[NET_PCAP_PACKET_HEAD + NET_PCAP_LENGTH_MAX];

	net_pcap_packet_head(buffer, &packet->when, packet->kept, packet->size);
	memcpy(buffer + NET_PCAP_PACKET_HEAD, packet->bytes, packet->kept);
	dump->written++;
	return write_out(dump, buffer, NET_PCAP_PACKET_HEAD + packet->kept,
		err);
}

static bool is_complete(const struct dump *dump)
{
	return dump->is_closed || (dump->count && dump->written >= dump->count);
}

static int take_packets(struct dump *dump, struct error *err)
{
	int result = 0;

	while (result == 0 && !is_complete(dump)) {
		struct net_packet packet;

		result = net_wait_for(&dump->wait, dump->tap.fd, POLLIN,
			dump->end_ns);
		if (result <= 0)
			break;
		result = net_tap_receive(&dump->tap, &packet, err);
		if (result == 1)
			result = write_packet(dump, &packet, err);
		else if (result < 0)
			return result;
	}
	/* the time is over, or somebody wants an end */
	return result == -EINTR ? 0 : result;
}

static int dump_all(struct dump *dump, uint32_t length, struct error *err)
{
	uint8_t head[NET_PCAP_HEAD];
	int result;

	net_pcap_head(head, dump->tap.is_raw ? NET_PCAP_RAW : NET_PCAP_ETHERNET,
		length);
	result = write_out(dump, head, sizeof(head), err);
	return result < 0 ? result : take_packets(dump, err);
}

/* On standard output stand the packets, so the summary is on the other. */
static void print_end(const struct dump *dump, uint64_t missed,
	const struct net_arguments *arguments)
{
	FILE *out = arguments->file ? stdout : stderr;
	struct net_json json = { .out = out };

	if (arguments->as_json) {
		net_json_open(&json, NULL, '{');
		net_json_number(&json, "packets", dump->written);
		net_json_number(&json, "missed", missed);
		net_json_close(&json, '}');
		(void)fputc('\n', out);
		return;
	}
	fprintf(out, "%" PRIu64 " packet%s written, %" PRIu64 " missed\n",
		dump->written, dump->written == 1 ? "" : "s", missed);
}

/* ---- the command line ---------------------------------------------------- */

static int make_filter(const struct net_arguments *arguments,
	struct net_filter *filter, struct error *err)
{
	*filter = (struct net_filter){
		.port = (uint16_t)arguments->port,
		.length = (uint32_t)arguments->length,
	};
	if (arguments->host &&
		address_parse(arguments->host, &filter->host) < 0)
		return error_set(err, -EINVAL,
			"--host '%s': must be an address, like 192.0.2.1",
			arguments->host);
	return 0;
}

static int dump_link(const struct net_arguments *arguments,
	const struct net_filter *filter, struct error *err)
{
	struct dump dump = { .out_fd = -1, .count = arguments->count };
	const char *link = arguments->word_count ? arguments->words[0] : NULL;
	int result = net_wait_open(&dump.wait, err);

	(void)signal(SIGPIPE, SIG_IGN);
	dump.tap.fd = -1;
	if (result == 0)
		result = net_tap_open(&dump.tap, link, filter, err);
	if (result == 0) {
		dump.out_fd = open_output(arguments->file, err);
		result = dump.out_fd < 0 ? dump.out_fd : 0;
	}
	if (result == 0)
		result = net_confine(err);
	if (result == 0) {
		dump.end_ns = net_wait_now() + arguments->wait_s * NET_WAIT_S;
		result = dump_all(&dump, filter->length, err);
		print_end(&dump, net_tap_missed(&dump.tap), arguments);
	}
	fd_close(&dump.out_fd);
	net_tap_close(&dump.tap);
	net_wait_close(&dump.wait);
	return result;
}

static int run(const struct net_arguments *arguments)
{
	struct net_filter filter;
	struct error err;

	if (make_filter(arguments, &filter, &err) < 0) {
		fprintf(stderr, "tare: net dump: %s\n", err.text);
		return NET_STATUS_USAGE;
	}
	return dump_link(arguments, &filter, &err) < 0 ? net_command_fail(&err)
						       : NET_STATUS_OK;
}

static const struct net_option options[] = {
	{ "-c", NET_OPTION_NUMBER, NET_OPTION(count), 1, COUNT_MAX, 0, "N",
		"end after so many packets" },
	{ "-W", NET_OPTION_NUMBER, NET_OPTION(wait_s), 1, 86400, 60, "SECONDS",
		"end after that time" },
	{ "-s", NET_OPTION_NUMBER, NET_OPTION(length), 14, NET_PCAP_LENGTH_MAX,
		NET_PCAP_LENGTH_MAX, "SNAPLEN", "bytes kept of a packet" },
	{ "--port", NET_OPTION_NUMBER, NET_OPTION(port), 1, 65535, 0, "N",
		"only from or to this port" },
	{ "--host", NET_OPTION_TEXT, NET_OPTION(host), 0, 0, 0, "ADDRESS",
		"only from or to this address" },
	{ "-o", NET_OPTION_TEXT, NET_OPTION(file), 0, 0, 0, "FILE",
		"write there, not to standard output" },
	{ "--json", NET_OPTION_FLAG, NET_OPTION(as_json), 0, 0, 0, NULL,
		"print the summary as an object" },
};

const struct net_command net_dump = {
	.name = "dump",
	.usage = "[INTERFACE] [-c N] [-o FILE]",
	.help = "write packets in the format pcap",
	.least = 0,
	.most = 1,
	NET_OPTIONS(options),
	.run = run,
};
