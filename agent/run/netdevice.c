// SPDX-License-Identifier: MIT
/* netdevice - network devices that move into a container's network namespace */
#include "run/netdevice.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "run/join.h"
#include "run/oci.h"

#define ADDRESSES_MAX 64
#define ADDRESS_BYTES 16 /* of IPv6 */
#define ANSWER_BYTES  16384
#define REQUEST_BYTES 256

/* A message to the kernel: header, struct of the kind, attributes. */
union request {
	struct nlmsghdr header;
	unsigned char bytes[REQUEST_BYTES];
};

/* A part of an address message that is passed on as it is. */
struct bytes {
	uint16_t size; /* 0: not there */
	unsigned char data[ADDRESS_BYTES];
};

struct address {
	unsigned char family;
	unsigned char prefix;
	uint32_t flags;
	struct bytes local, address, broadcast;
};

struct link {
	int index;
	unsigned int flags;
};

/* What is kept of a device on its way. */
struct device {
	struct link link;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	bool has_more;
};

/* A socket in each of the two namespaces. */
struct route {
	int from_fd;
	int to_fd;
	int namespace_fd;
};

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IFNAMSIZ || text_equal(name, ".") ||
		text_equal(name, ".."))
		return false;
	for (; *name; name++) {
		if (*name <= ' ' || *name > '~' || *name == '/' || *name == ':')
			return false;
	}
	return true;
}

static const char *new_name_of(const struct oci_net_device *device)
{
	return device->new_name && device->new_name[0] ? device->new_name
						       : device->name;
}

static int check_device(const struct oci_spec *spec, size_t index,
	struct error *err)
{
	const struct oci_net_device *device = &spec->net_devices[index];
	const char *name = new_name_of(device);

	if (!is_name(device->name) || !is_name(name))
		return error_set(err, -EINVAL,
			"a name has 1 to %d characters without '/', ':' and "
			"spaces",
			IFNAMSIZ - 1);
	for (size_t i = 0; i < index; i++) {
		if (text_equal(name, new_name_of(&spec->net_devices[i])))
			return error_set(err, -EINVAL,
				"another one has the name '%s' too", name);
	}
	if (!spec->namespaces[OCI_NAMESPACE_NETWORK].is_asked)
		return error_set(err, -EINVAL,
			"it needs a network namespace of the container's own");
	return 0;
}

int netdevice_check(const struct oci_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->net_device_count; i++) {
		struct error reason = { .code = 0 };
		int result = check_device(spec, i, &reason);

		if (result < 0)
			return error_set(err, result,
				"move network device '%.40s': %s",
				spec->net_devices[i].name, reason.text);
	}
	return 0;
}

/* ---- messages ------------------------------------------------------------ */

static void begin(union request *request, unsigned int kind, unsigned int flags,
	size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = (uint16_t)kind;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
}

/* What is added is always small enough: names, addresses, numbers. */
static void add(union request *request, unsigned int kind, const void *data,
	size_t size)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = {
		.rta_len = (uint16_t)RTA_LENGTH(size),
		.rta_type = (uint16_t)kind,
	};

	if (at + RTA_SPACE(size) > sizeof(*request))
		return;
	memcpy(request->bytes + at, &attribute, sizeof(attribute));
	memcpy(request->bytes + at + RTA_LENGTH(0), data, size);
	request->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(size));
}

static int send_request(int fd, const union request *request)
{
	return send(fd, request->bytes, request->header.nlmsg_len, 0) < 0
		       ? -errno
		       : 0;
}

/* Looks at one message of an answer; returns 1 to go on, 0 at the end. */
typedef int answer_fn(struct nlmsghdr *header, void *context);

static int handle_all(unsigned char *buffer, size_t size, answer_fn *on_answer,
	void *context)
{
	struct nlmsghdr *header = (void *)buffer;

	for (; NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
		int result;

		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
		result = on_answer(header, context);
		if (result <= 0)
			return result;
	}
	return 1;
}

/* Sends the request and handles all messages of the answer. */
static int ask(int fd, const union request *request, answer_fn *on_answer,
	void *context)
{
	unsigned char buffer[ANSWER_BYTES]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	int result = send_request(fd, request);

	if (result < 0)
		return result;
	do {
		ssize_t size = recv(fd, buffer, sizeof(buffer), MSG_TRUNC);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if ((size_t)size > sizeof(buffer))
			return -EMSGSIZE;
		result = handle_all(buffer, (size_t)size, on_answer, context);
	} while (result > 0);
	return result;
}

static int ignore(struct nlmsghdr *header, void *context)
{
	(void)header;
	(void)context;
	return 1;
}

/* ---- links --------------------------------------------------------------- */

static int read_link(struct nlmsghdr *header, void *context)
{
	struct ifinfomsg *info = NLMSG_DATA(header);
	struct link *link = context;

	if (header->nlmsg_type == RTM_NEWLINK)
		*link = (struct link){ info->ifi_index, info->ifi_flags };
	return 0;
}

static int find_link(int fd, const char *name, struct link *link)
{
	union request request;
	int result;

	begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	*link = (struct link){ 0 };
	result = ask(fd, &request, read_link, link);
	return result == 0 && link->index == 0 ? -ENODEV : result;
}

static int move_link(const struct route *route, int index, const char *name)
{
	union request request;
	struct ifinfomsg info = { .ifi_index = index };
	uint32_t namespace = (uint32_t)route->namespace_fd;

	begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(info));
	memcpy(NLMSG_DATA(&request.header), &info, sizeof(info));
	add(&request, IFLA_NET_NS_FD, &namespace, sizeof(namespace));
	add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(route->from_fd, &request, ignore, NULL);
}

static int bring_up(int fd, int index)
{
	union request request;
	struct ifinfomsg info = { .ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP };

	begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(info));
	memcpy(NLMSG_DATA(&request.header), &info, sizeof(info));
	return ask(fd, &request, ignore, NULL);
}

/* ---- addresses ----------------------------------------------------------- */

static void copy_bytes(struct bytes *out, struct rtattr *attribute)
{
	size_t size = RTA_PAYLOAD(attribute);

	if (size > sizeof(out->data))
		return;
	memcpy(out->data, RTA_DATA(attribute), size);
	out->size = (uint16_t)size;
}

static void read_attribute(struct address *address, struct rtattr *attribute)
{
	if (attribute->rta_type == IFA_LOCAL)
		copy_bytes(&address->local, attribute);
	else if (attribute->rta_type == IFA_ADDRESS)
		copy_bytes(&address->address, attribute);
	else if (attribute->rta_type == IFA_BROADCAST)
		copy_bytes(&address->broadcast, attribute);
	else if (attribute->rta_type == IFA_FLAGS &&
		 RTA_PAYLOAD(attribute) == sizeof(address->flags))
		memcpy(&address->flags, RTA_DATA(attribute),
			sizeof(address->flags));
}

/* What somebody set for good; what is learnt will be learnt again. */
static int read_address(struct nlmsghdr *header, void *context)
{
	struct device *device = context;
	struct ifaddrmsg *info = NLMSG_DATA(header);
	struct address address = { .family = info->ifa_family,
		.prefix = info->ifa_prefixlen,
		.flags = info->ifa_flags };
	struct rtattr *attribute = IFA_RTA(info);
	size_t left = IFA_PAYLOAD(header);

	if (header->nlmsg_type != RTM_NEWADDR ||
		(int)info->ifa_index != device->link.index ||
		info->ifa_scope != RT_SCOPE_UNIVERSE)
		return 1;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		read_attribute(&address, attribute);
	if (!(address.flags & IFA_F_PERMANENT))
		return 1;
	if (device->address_count == ADDRESSES_MAX)
		device->has_more = true;
	else
		device->addresses[device->address_count++] = address;
	return 1;
}

static int read_addresses(int fd, struct device *device)
{
	union request request;
	int result;

	begin(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	result = ask(fd, &request, read_address, device);
	return result == 0 && device->has_more ? -E2BIG : result;
}

static void add_bytes(union request *request, unsigned int kind,
	const struct bytes *bytes)
{
	if (bytes->size > 0)
		add(request, kind, bytes->data, bytes->size);
}

static int set_address(int fd, int index, const struct address *address)
{
	static const uint32_t kept =
		IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_NOPREFIXROUTE;
	union request request;
	uint32_t flags = address->flags & kept;
	struct ifaddrmsg info = { .ifa_family = address->family,
		.ifa_prefixlen = address->prefix,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (uint32_t)index };

	begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
		sizeof(info));
	memcpy(NLMSG_DATA(&request.header), &info, sizeof(info));
	add_bytes(&request, IFA_LOCAL, &address->local);
	add_bytes(&request, IFA_ADDRESS, &address->address);
	add_bytes(&request, IFA_BROADCAST, &address->broadcast);
	add(&request, IFA_FLAGS, &flags, sizeof(flags));
	return ask(fd, &request, ignore, NULL);
}

/* ---- the way ------------------------------------------------------------- */

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

static int open_socket_there(void *context)
{
	(void)context;
	return open_socket();
}

static int route_open(struct route *route, pid_t pid, struct error *err)
{
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (join_is_ours(OCI_NAMESPACE_NETWORK, path))
		return error_set(err, -EINVAL,
			"the container is in our own network namespace");
	route->namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (route->namespace_fd < 0)
		return error_errno(err, "open '%s'", path);
	route->from_fd = open_socket();
	route->to_fd = join_visit(route->namespace_fd, CLONE_NEWNET,
		open_socket_there, NULL);
	if (route->from_fd < 0)
		return error_set(err, route->from_fd,
			"open a socket of the kernel: %s",
			strerror(-route->from_fd));
	if (route->to_fd < 0)
		return error_set(err, route->to_fd,
			"enter the container's network namespace: %s",
			strerror(-route->to_fd));
	return 0;
}

static void route_close(struct route *route)
{
	fd_close(&route->from_fd);
	fd_close(&route->to_fd);
	fd_close(&route->namespace_fd);
}

static int look_at(const struct route *route, const struct oci_net_device *wish,
	struct device *device, struct error *err)
{
	const char *name = new_name_of(wish);
	struct link other;
	int result = find_link(route->from_fd, wish->name, &device->link);

	if (result == -ENODEV)
		return error_set(err, result, "no such device");
	if (result == 0 && (device->link.flags & IFF_LOOPBACK))
		return error_set(err, -EINVAL, "'lo' cannot be moved");
	if (result == 0)
		result = read_addresses(route->from_fd, device);
	if (result == -E2BIG)
		return error_set(err, result, "it has more than %d addresses",
			ADDRESSES_MAX);
	if (result == 0)
		result = find_link(route->to_fd, name, &other);
	if (result == 0)
		return error_set(err, -EEXIST,
			"there is a device '%s' in the container", name);
	if (result != -ENODEV)
		return error_set(err, result, "look at it: %s",
			strerror(-result));
	return 0;
}

static int set_up(const struct route *route, const char *name,
	struct device *device, struct error *err)
{
	/* its number may have changed */
	int result = find_link(route->to_fd, name, &device->link);

	for (size_t i = 0; result == 0 && i < device->address_count; i++) {
		result = set_address(route->to_fd, device->link.index,
			&device->addresses[i]);
		if (result < 0)
			return error_set(err, result,
				"set address number %zu again: %s", i + 1,
				strerror(-result));
	}
	if (result == 0)
		result = bring_up(route->to_fd, device->link.index);
	if (result < 0)
		return error_set(err, result, "bring it up: %s",
			strerror(-result));
	return 0;
}

static int move_one(const struct route *route,
	const struct oci_net_device *wish, struct error *err)
{
	struct device device = { .address_count = 0 };
	int result = look_at(route, wish, &device, err);

	if (result < 0)
		return result;
	result = move_link(route, device.link.index, new_name_of(wish));
	if (result < 0)
		return error_set(err, result, "%s", strerror(-result));
	return set_up(route, new_name_of(wish), &device, err);
}

int netdevice_move_all(const struct oci_spec *spec, pid_t pid,
	struct error *err)
{
	struct route route = { -1, -1, -1 };
	struct error reason = { .code = 0 };
	const struct oci_net_device *wish = spec->net_devices;
	int result = 0;

	if (spec->net_device_count == 0)
		return 0;
	result = route_open(&route, pid, &reason);
	for (size_t i = 0; result == 0 && i < spec->net_device_count; i++) {
		wish = &spec->net_devices[i];
		result = move_one(&route, wish, &reason);
	}
	route_close(&route);
	if (result < 0)
		return error_set(err, result, "move network device '%s': %s",
			wish->name, reason.text);
	return 0;
}

/* Any socket takes this; lo has no other flag that is ours to keep. */
int netdevice_loopback_up(struct error *err)
{
	struct ifreq request = { .ifr_name = "lo" };
	auto_fd fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr_flags = IFF_UP;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_set(err, -errno, "%s", strerror(errno));
	return 0;
}
