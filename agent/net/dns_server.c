// SPDX-License-Identifier: MIT
/* dns_server - the name server of the workloads, put together */
#include "net/dns_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/text.h"
#include "net/dns_answer.h"
#include "net/dns_socket.h"
#include "net/dns_upstream.h"
#include "net/dns_writer.h"

#define NAMES_FILE  "names"
#define RESOLV_FILE "resolv.conf"
#define RESOLV_MAX  65536

static void check_files(struct dns_server *server);

/* ---- questions */

/*
 * Returns the size of an answer that is there at once, 0 when there is none or
 * it will be delivered.
 */
static size_t answer(struct dns_server *server, const struct dns_origin *origin,
	const uint8_t *bytes, size_t size, uint8_t *out)
{
	struct dns_query query;
	struct dns_answer result;
	const struct dns_servers *servers;
	size_t limit;

	if (dns_query_read(bytes, size, &query) < 0)
		return 0;
	limit = origin->is_stream ? DNS_MESSAGE_MAX
				  : dns_writer_udp_size(&query);
	result = dns_answer_query(&server->names, &origin->client, &query,
		&server->random, out, limit);
	if (result.size > 0)
		return result.size;
	servers = result.client->servers ? result.client->servers
					 : &server->servers;
	if (dns_forward_ask(&server->forward, &query, origin, servers) < 0)
		return dns_answer_code(&query, DNS_CODE_FAILED, out, limit);
	return 0;
}

static void deliver(void *context, const struct dns_origin *origin,
	const uint8_t *bytes, size_t size)
{
	struct dns_server *server = context;
	const struct dns_door *door = &server->doors[origin->number];
	struct sockaddr_storage name;
	socklen_t name_size;

	if (origin->is_stream) {
		dns_streams_send(&server->streams, origin, bytes, size);
		return;
	}
	if (door->serial != origin->serial || door->udp.fd < 0)
		return; /* closed meanwhile */
	name_size = dns_socket_name(&origin->client, origin->port, &name);
	/* one that cannot be sent is as good as lost on its way */
	(void)!sendto(door->udp.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		(const struct sockaddr *)&name, name_size);
}

static void on_udp(struct watch *watch, uint32_t events)
{
	struct dns_door *door = container_of(watch, struct dns_door, udp);
	struct dns_server *server = door->server;
	struct dns_batch *batch = &server->batch;
	size_t count = dns_batch_receive(batch, watch->fd);
	uint32_t serial = door->serial;

	(void)events;
	if (count > 0)
		check_files(server);
	for (size_t i = 0; i < count; i++) {
		struct dns_origin origin = {
			.number = (uint16_t)(door - server->doors),
			.serial = serial,
		};

		dns_socket_peer(&batch->names[i], &origin.client, &origin.port);
		batch->answer_sizes[i] =
			answer(server, &origin, batch->questions[i],
				batch->sizes[i], batch->answers[i]);
	}
	/* the address may have gone while files were read */
	if (door->udp.fd >= 0 && door->serial == serial)
		dns_batch_send(batch, door->udp.fd, count);
}

static void on_tcp(struct watch *watch, uint32_t events)
{
	struct dns_server *server =
		container_of(watch, struct dns_door, tcp)->server;
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	struct address client;
	uint16_t port;
	int fd = accept4(watch->fd, (struct sockaddr *)&name, &size,
		SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return; /* gone again */
	check_files(server);
	dns_socket_peer(&name, &client, &port);
	if (dns_names_client(&server->names, &client))
		dns_streams_add(&server->streams, fd, &client);
	else
		(void)close(fd);
}

static void on_message(void *context, const struct dns_origin *origin,
	const uint8_t *bytes, size_t size)
{
	static uint8_t out[DNS_MESSAGE_MAX];
	struct dns_server *server = context;

	check_files(server);
	size = answer(server, origin, bytes, size, out);
	if (size > 0)
		dns_streams_send(&server->streams, origin, out, size);
}

/* ---- sockets */

static void close_door(struct dns_server *server, struct dns_door *door)
{
	loop_remove(&server->loop, &door->udp);
	loop_remove(&server->loop, &door->tcp);
	door->address.family = 0;
}

static int open_one(struct dns_door *door, struct watch *watch,
	enum dns_socket_kind kind, struct error *err)
{
	if (watch->fd >= 0)
		return 0;
	watch->fd = dns_socket_listen(kind, &door->address, door->server->port,
		err);
	if (watch->fd < 0) {
		watch->fd = -1;
		return err->code;
	}
	return loop_add(&door->server->loop, watch, EPOLLIN, err);
}

static void open_door(struct dns_door *door)
{
	struct error err = { .code = 0 };

	if (open_one(door, &door->udp, DNS_SOCKET_UDP, &err) == 0 &&
		open_one(door, &door->tcp, DNS_SOCKET_TCP, &err) == 0) {
		door->has_complained = false;
		return;
	}
	if (!door->has_complained)
		log_warn("dns: %s, trying again every %d s", err.text,
			DNS_SERVER_RETRY_MS / 1000);
	door->has_complained = true;
	loop_arm(&door->server->retry, DNS_SERVER_RETRY_MS);
}

static struct dns_door *find_door(struct dns_server *server,
	const struct address *address)
{
	for (size_t i = 0; i < DNS_NAMES_LISTEN_MAX; i++) {
		if (address_compare(&server->doors[i].address, address) == 0)
			return &server->doors[i];
	}
	return NULL;
}

/* Opens and closes what the names now say. */
static void arrange_doors(struct dns_server *server)
{
	static const struct address none = { .family = 0 };

	for (size_t i = 0; i < DNS_NAMES_LISTEN_MAX; i++) {
		struct dns_door *door = &server->doors[i];

		if (door->address.family &&
			!dns_names_is_own(&server->names, &door->address))
			close_door(server, door);
	}
	for (size_t i = 0; i < server->names.listen_count; i++) {
		const struct address *address = &server->names.listen[i];
		struct dns_door *door = find_door(server, address);

		if (!door) {
			door = find_door(server, &none);
			if (!door)
				break; /* no file may name so many */
			door->address = *address;
			door->serial = ++server->serial;
			door->has_complained = false;
		}
		open_door(door);
	}
}

static void on_retry(struct timer *timer)
{
	arrange_doors(container_of(timer, struct dns_server, retry));
}

/* ---- files */

static bool is_same(const struct dns_servers *a, const struct dns_servers *b)
{
	bool is_equal = a->count == b->count;

	for (size_t i = 0; i < a->count && is_equal; i++)
		is_equal = address_compare(&a->list[i], &b->list[i]) == 0;
	return is_equal;
}

static void read_resolv(struct dns_server *server)
{
	struct dns_servers servers = { .count = 0 };
	auto_free char *text = NULL;
	struct error err;
	int result = fd_read_file(server->folder_fd, RESOLV_FILE, RESOLV_MAX,
		&text, NULL, &err);

	if (result < 0 && result != -ENOENT)
		log_warn("dns: %s, asking nobody", err.text);
	if (result == 0)
		dns_upstream_parse(text, &server->names, &servers);
	if (!is_same(&servers, &server->servers))
		dns_forward_forget(&server->forward);
	server->servers = servers;
}

static void read_names(struct dns_server *server)
{
	struct dns_names names;
	auto_free char *text = NULL;
	struct error err;
	int result = fd_read_file(server->folder_fd, NAMES_FILE,
		DNS_NAMES_FILE_MAX, &text, NULL, &err);

	if (result == -ENOENT)
		return; /* not yet, or the old one holds */
	if (result == 0)
		result = dns_names_parse(&names, text, &err);
	if (result < 0) {
		log_warn("dns: read the names: %s, keeping the old ones",
			err.text);
		return;
	}
	dns_names_clear(&server->names);
	server->names = names;
	arrange_doors(server);
	read_resolv(server); /* what is ours is not asked */
}

/* Which files an event is about. */
static void judge_event(const struct inotify_event *event, bool *names,
	bool *resolv)
{
	const char *name = event->len > 0 ? event->name : "";

	*names = *names || event->mask & IN_Q_OVERFLOW ||
		 text_equal(name, NAMES_FILE);
	*resolv = *resolv || event->mask & IN_Q_OVERFLOW ||
		  text_equal(name, RESOLV_FILE);
}

static void check_files(struct dns_server *server)
{
	/* as inotify(7) has it aligned */
	char bytes[4096] __attribute__((aligned(8)));
	bool has_names = false;
	bool has_resolv = false;
	ssize_t size;

	while ((size = read(server->files.fd, bytes, sizeof(bytes))) > 0) {
		for (char *at = bytes; at < bytes + size;) {
			const struct inotify_event *event = (const void *)at;

			judge_event(event, &has_names, &has_resolv);
			at += sizeof(*event) + event->len;
		}
	}
	if (has_names)
		read_names(server);
	if (has_resolv)
		read_resolv(server);
}

static void on_files(struct watch *watch, uint32_t events)
{
	(void)events;
	check_files(container_of(watch, struct dns_server, files));
}

static int watch_folder(struct dns_server *server, const char *folder,
	struct error *err)
{
	server->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (server->folder_fd < 0)
		return error_errno(err, "open '%s'", folder);
	server->files.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (server->files.fd < 0 || inotify_add_watch(server->files.fd, folder,
					    IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		return error_errno(err, "watch '%s'", folder);
	return loop_add(&server->loop, &server->files, EPOLLIN, err);
}

/* ---- the whole */

static void init(struct dns_server *server)
{
	server->loop.epoll_fd = server->folder_fd = -1;
	server->files = (struct watch){ .fd = -1, .on_ready = on_files };
	server->retry.watch.fd = -1;
	server->forward.timer.watch.fd = -1;
	server->forward.loop = server->streams.loop = &server->loop;
	server->forward.deliver = deliver;
	server->streams.on_message = on_message;
	server->forward.context = server->streams.context = server;
	for (size_t i = 0; i < DNS_NAMES_LISTEN_MAX; i++) {
		struct dns_door *door = &server->doors[i];

		door->server = server;
		door->udp = (struct watch){ .fd = -1, .on_ready = on_udp };
		door->tcp = (struct watch){ .fd = -1, .on_ready = on_tcp };
	}
	server->streams.timer.watch.fd = -1;
}

int dns_server_open(struct dns_server *server, const char *folder,
	struct error *err)
{
	int result;

	init(server);
	result = loop_open(&server->loop, err);
	if (result == 0)
		result = watch_folder(server, folder, err);
	if (result == 0)
		result = loop_add_timer(&server->loop, &server->retry, on_retry,
			err);
	if (result == 0)
		result = dns_forward_open(&server->forward, &server->loop,
			server->server_port, err);
	if (result == 0)
		result = dns_streams_open(&server->streams, &server->loop, err);
	if (result < 0)
		dns_server_close(server);
	for (int i = 0; i < 4 && result == 0; i++)
		server->random =
			server->random << 16 | dns_forward_id(&server->forward);
	server->random |= 1;
	return result;
}

int dns_server_run(struct dns_server *server, struct error *err)
{
	read_resolv(server);
	read_names(server);
	return loop_run(&server->loop, err);
}

void dns_server_close(struct dns_server *server)
{
	for (size_t i = 0; i < DNS_NAMES_LISTEN_MAX; i++)
		close_door(server, &server->doors[i]);
	dns_streams_close(&server->streams);
	dns_forward_close(&server->forward);
	loop_remove(&server->loop, &server->retry.watch);
	loop_remove(&server->loop, &server->files);
	fd_close(&server->folder_fd);
	loop_close(&server->loop);
	dns_names_clear(&server->names);
}
