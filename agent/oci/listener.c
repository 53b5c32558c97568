// SPDX-License-Identifier: MIT
/* listener - gives the descriptor of a seccomp filter to who answers for it */
#include "oci/listener.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "lib/error.h"
#include "lib/fd.h"
#include "oci/handle.h"
#include "oci/pool.h"
#include "run/terminal.h"

static char *print_message(const struct handle *handle)
{
	const struct oci_seccomp *seccomp = handle->spec.seccomp;
	auto_free char *state =
		state_print(&handle->state, STATE_CREATING, NULL);
	json_t *message = json_object();
	json_t *names = json_array();
	char *text;

	(void)json_array_append_new(names, json_string("seccompFd"));
	(void)json_object_set_new(message, "ociVersion",
		json_string(handle->spec.version));
	(void)json_object_set_new(message, "fds", names);
	(void)json_object_set_new(message, "pid",
		json_integer(handle->state.pid));
	if (seccomp->listener_metadata)
		(void)json_object_set_new(message, "metadata",
			json_string(seccomp->listener_metadata));
	(void)json_object_set_new(message, "state",
		state ? json_loads(state, 0, NULL) : NULL);
	text = pool_print(message, JSON_COMPACT);
	json_decref(message);
	return text;
}

int listener_send(const struct handle *handle, int listener_fd,
	struct error *err)
{
	const struct oci_seccomp *seccomp = handle->spec.seccomp;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	auto_free char *text = NULL;
	auto_fd socket_fd = -1;
	struct iovec part;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	if (!seccomp || !seccomp->listener_path)
		return error_set(err, -EINVAL,
			"linux.seccomp.listenerPath is missing: an action of the filter is SCMP_ACT_NOTIFY");
	text = print_message(handle);
	if (!text)
		return error_set(err, -ENOMEM, "send the listener: no memory");
	socket_fd = terminal_connect(seccomp->listener_path, err);
	if (socket_fd < 0)
		return error_prefix(err, "linux.seccomp.listenerPath");
	part = (struct iovec){ text, strlen(text) };
	control.header = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
	};
	memcpy(CMSG_DATA(&control.header), &listener_fd, sizeof(int));
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0)
		return error_errno(err,
			"linux.seccomp.listenerPath: send to '%s'",
			seccomp->listener_path);
	return 0;
}
