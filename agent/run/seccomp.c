// SPDX-License-Identifier: MIT
/* seccomp - the program that judges a container's system calls */
#include "run/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "run/oci.h"
#include "run/seccomp_cache.h"
#include "run/seccomp_compile.h"

#define PROGRAMS_MAX 16

/* Programs of this process; one with length 0 is an empty place. */
static struct kept {
	char *key;
	size_t key_size;
	struct sock_fprog program;
} kept[PROGRAMS_MAX];

static void forget_all(void)
{
	for (size_t i = 0; i < PROGRAMS_MAX; i++) {
		free(kept[i].key);
		free(kept[i].program.filter);
		kept[i] = (struct kept){ .key = NULL };
	}
}

/* The place of a key, or the one where it may be kept. */
static struct kept *find(const char *key, size_t key_size)
{
	for (size_t i = 0; i < PROGRAMS_MAX; i++) {
		if (kept[i].program.len == 0 ||
			(kept[i].key_size == key_size &&
				memcmp(kept[i].key, key, key_size) == 0))
			return &kept[i];
	}
	forget_all(); /* so many profiles are rare: start anew */
	return &kept[0];
}

static int make(const struct oci_seccomp *profile, int cache_dir_fd,
	struct kept *out, struct error *err)
{
	int result;

	if (cache_dir_fd >= 0 && seccomp_cache_read(cache_dir_fd, out->key,
					 out->key_size, &out->program) == 0)
		return 0;
	result = seccomp_compile(profile, &out->program, err);
	if (result == 0 && cache_dir_fd >= 0)
		seccomp_cache_write(cache_dir_fd, out->key, out->key_size,
			&out->program);
	return result;
}

int seccomp_program(const struct oci_seccomp *profile, int cache_dir_fd,
	const struct sock_fprog **out, struct error *err)
{
	size_t key_size = 0;
	char *key = seccomp_key(profile, &key_size);
	struct kept *place;
	int result;

	if (!key)
		return error_set(err, -ENOMEM, "compile the filter: no memory");
	place = find(key, key_size);
	if (place->program.len > 0) {
		free(key);
		*out = &place->program;
		return 0;
	}
	*place = (struct kept){ .key = key, .key_size = key_size };
	result = make(profile, cache_dir_fd, place, err);
	if (result < 0) {
		free(key);
		*place = (struct kept){ .key = NULL };
		return result;
	}
	*out = &place->program;
	return 0;
}

bool seccomp_notifies(const struct oci_seccomp *profile)
{
	for (size_t i = 0; i < profile->rule_count; i++) {
		if (profile->rules[i].action == SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return false;
}
