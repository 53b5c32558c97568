// SPDX-License-Identifier: MIT
/* vandal - takes all out of the agent's store and puts garbage in its place */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STORE_FD 102 /* of process 1, init/inherit.h */
#define QUEUE_FD 103

int main(void)
{
	static char bytes[20000];
	int init = (int)syscall(SYS_pidfd_open, 1, 0);
	int store = (int)syscall(SYS_pidfd_getfd, init, STORE_FD, 0);
	int queue = (int)syscall(SYS_pidfd_getfd, init, QUEUE_FD, 0);
	int taken = 0;

	if (store < 0 || queue < 0) {
		perror("vandal: the store of process 1");
		return 1;
	}
	/* all that was there, its own entry with it */
	while (recv(queue, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		taken++;
	for (size_t size = 0; size < sizeof(bytes); size += 997) {
		memset(bytes, (int)size, size);
		if (send(store, bytes, size, MSG_DONTWAIT) < 0) {
			perror("vandal: send");
			return 1;
		}
	}
	printf("took %d\n", taken);
	return 0;
}
