# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# libcrypto for digests (SHA-256), with nearly everything else left out. Later
# work that needs TLS takes out of the "no-" list what it needs.
#
# source: openssl
# deps: musl
# tools: perl

case $ARCH in
x86_64) target=linux-x86_64 ;;
arm64)  target=linux-aarch64 ;;
esac

without=
for feature in \
	apps argon2 aria async autoalginit autoerrinit autoload-config bf blake2 \
	camellia cast chacha cmac cmp cms comp ct des dgram dh docs dsa dso \
	dynamic-engine ec ec2m ecdh ecdsa ecx engine err filenames fips \
	gost hqinterop http idea integrity-only-ciphers legacy makedepend md2 md4 \
	mdc2 ml-dsa ml-kem module multiblock nextprotoneg ocb ocsp padlockeng \
	pic-shared poly1305 posix-io psk quic rc2 rc4 rc5 rdrand rfc3779 rmd160 \
	scrypt secure-memory seed shared siphash siv slh-dsa sm2 sm3 sm4 sock \
	srp srtp ssl ssl-trace static-engine stdio tests thread-pool threads tls \
	ts ui-console unit-test uplink whirlpool winstore zlib zstd; do
	# Versions differ in the names they know.
	if grep -q "^ *\"$feature\"" "$SRC/Configure"; then
		without="$without no-$feature"
	fi
done

# shellcheck disable=SC2086 # lists
CC="$CC" perl "$SRC/Configure" "$target" $without \
	--prefix=/usr --openssldir=/etc/ssl --libdir=lib $CFLAGS
make -j"$JOBS" build_generated crypto/buildinf.h
# The compiler's path and flags would name this machine's folders.
cat >crypto/buildinf.h <<-END
	#define PLATFORM "platform: $target"
	#define DATE "built on: $(date -u -d "@$SOURCE_DATE_EPOCH")"
	static const char compiler_flags[] = "compiler: $(basename "$CC")";
END
make -j"$JOBS" libcrypto.a

mkdir -p "$OUT/include" "$OUT/lib"
cp libcrypto.a "$OUT/lib/"
cp -R "$SRC/include/openssl" "$OUT/include/"
cp -R include/openssl/. "$OUT/include/openssl/"
find "$OUT/include" ! -name '*.h' ! -type d -delete
