// SPDX-License-Identifier: MIT
/* conntrack - connections of the kernel, listed and forgotten */
#include "net/conntrack.h"
int conntrack_list(conntrack_fn *visit, void *context, struct error *err)
{
	(void)visit;
	(void)context;
	(void)err;
	return 0;
}
int conntrack_forget(const struct address *address, uint8_t protocol,
	struct error *err)
{
	(void)address;
	(void)protocol;
	(void)err;
	return 0;
}
