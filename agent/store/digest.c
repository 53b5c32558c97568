// SPDX-License-Identifier: MIT
/*
 * digest - SHA-256, and digests as the OCI image-spec writes them
 *
 * OpenSSL's low-level calls are used although it calls them deprecated: the
 * EVP interface would link every algorithm it has into a static program.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "store/digest.h"

#include <openssl/sha.h>
#include <string.h>

#include "lib/text.h"

#define PREFIX     "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define HEX_LEN    64

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct digest_state),
	"a sum must fit");
_Static_assert(PREFIX_LEN + HEX_LEN < DIGEST_TEXT, "a digest must fit");

static SHA256_CTX *context_of(struct digest_state *state)
{
	return (SHA256_CTX *)(void *)state->opaque;
}

void digest_start(struct digest_state *state)
{
	(void)SHA256_Init(context_of(state)); /* always 1 */
}

void digest_add(struct digest_state *state, const void *data, size_t size)
{
	(void)SHA256_Update(context_of(state), data, size); /* always 1 */
}

void digest_finish(struct digest_state *state, char out[DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_DIGEST_LENGTH];
	char *at = out + PREFIX_LEN;

	(void)SHA256_Final(sum, context_of(state)); /* always 1 */
	memcpy(out, PREFIX, PREFIX_LEN);
	for (size_t i = 0; i < sizeof(sum); i++) {
		*at++ = digits[sum[i] >> 4];
		*at++ = digits[sum[i] & 15];
	}
	*at = '\0';
}

void digest_of(const void *data, size_t size, char out[DIGEST_TEXT])
{
	struct digest_state state;

	digest_start(&state);
	digest_add(&state, data, size);
	digest_finish(&state, out);
}

bool digest_is_hex(const char *hex)
{
	return strspn(hex, "0123456789abcdef") == HEX_LEN &&
	       hex[HEX_LEN] == '\0';
}

bool digest_is_valid(const char *digest)
{
	return text_starts_with(digest, PREFIX) &&
	       digest_is_hex(digest + PREFIX_LEN);
}

const char *digest_hex(const char *digest)
{
	return digest + PREFIX_LEN;
}
