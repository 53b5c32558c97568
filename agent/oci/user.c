// SPDX-License-Identifier: MIT
/* user - "UID[:GID]" of --user */
#include "oci/user.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/text.h"
#include "run/oci.h"

int user_parse_id(const char *text, uint32_t *out)
{
	uint64_t number;

	/* 1e1 and 0x10 are no numbers here, and 4294967295 is (uid_t)-1 */
	if (text_parse_u64(text, UINT32_MAX - 1, &number) < 0)
		return -EINVAL;
	*out = (uint32_t)number;
	return 0;
}

int user_parse(const char *text, struct oci_user *out, struct error *err)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	char uid[16] = "";

	if (length < sizeof(uid))
		memcpy(uid, text, length);
	if (user_parse_id(uid, &out->uid) < 0 ||
		(colon && user_parse_id(colon + 1, &out->gid) < 0))
		return error_set(err, -EINVAL,
			"option '--user': '%s' is not UID or UID:GID in numbers",
			text);
	return 0;
}
