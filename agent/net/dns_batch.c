// SPDX-License-Identifier: MIT
/* dns_batch - many packets in and out by one system call each */
#include "net/dns_batch.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Headers are filled anew each time: the kernel changes them. */
static void set_header(struct dns_batch *batch, size_t number, size_t place,
	struct iovec piece)
{
	batch->pieces[number] = piece;
	batch->headers[number] = (struct mmsghdr){
		.msg_hdr = {
			.msg_name = &batch->names[place],
			.msg_namelen = sizeof(batch->names[place]),
			.msg_iov = &batch->pieces[number],
			.msg_iovlen = 1,
		},
	};
}

size_t dns_batch_receive(struct dns_batch *batch, int fd)
{
	int count;

	for (size_t i = 0; i < DNS_BATCH_SIZE; i++)
		set_header(batch, i, i,
			(struct iovec){ batch->questions[i],
				sizeof(batch->questions[i]) });
	count = recvmmsg(fd, batch->headers, DNS_BATCH_SIZE, MSG_DONTWAIT,
		NULL);
	for (int i = 0; i < count; i++) {
		const struct mmsghdr *header = &batch->headers[i];

		batch->sizes[i] = header->msg_hdr.msg_flags & MSG_TRUNC
					  ? 0
					  : header->msg_len;
		batch->answer_sizes[i] = 0;
	}
	return count > 0 ? (size_t)count : 0;
}

static socklen_t name_size(const struct sockaddr_storage *name)
{
	return name->ss_family == AF_INET ? 16 : 28; /* ip(7), ipv6(7) */
}

void dns_batch_send(struct dns_batch *batch, int fd, size_t count)
{
	unsigned int used = 0;
	unsigned int at = 0;

	for (size_t i = 0; i < count; i++) {
		if (batch->answer_sizes[i] == 0)
			continue;
		set_header(batch, used, i,
			(struct iovec){ batch->answers[i],
				batch->answer_sizes[i] });
		batch->headers[used].msg_hdr.msg_namelen =
			name_size(&batch->names[i]);
		used++;
	}
	while (at < used) {
		/* musl's sendmmsg(3) sends them one by one */
		long sent = syscall(SYS_sendmmsg, fd, batch->headers + at,
			used - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		at += sent > 0 ? (unsigned int)sent : 1;
	}
}
