// SPDX-License-Identifier: MIT
/* names - is this a well-formed name of its kind? */
#include "config/names.h"

#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static bool is_word(char c)
{
	return is_alnum(c) || c == '_';
}

/* Length of "." "_" "__" or "-"..., which may part lower case words. */
static size_t separator_length(const char *at)
{
	if (*at == '.')
		return 1;
	if (*at == '_')
		return at[1] == '_' ? 2 : 1;
	return strspn(at, "-");
}

/* One part of a repository's path: words of a-z 0-9 with separators between. */
static bool is_path_part(const char *at, size_t size)
{
	const char *end = at + size;

	while (at < end) {
		size_t length = 0;

		while (at < end && (is_lower(*at) || is_digit(*at))) {
			at++;
			length++;
		}
		if (length == 0)
			return false;
		if (at == end)
			return true;
		at += separator_length(at) ? separator_length(at) : size;
	}
	return false;
}

/* HOST[:PORT], HOST a name or an IPv6 address in brackets */
static bool is_registry(const char *at, size_t size)
{
	size_t host;

	if (*at == '[') {
		const char *end = memchr(at, ']', size);

		host = end ? (size_t)(end - at) + 1 : 0;
		if (host == 0 ||
			strspn(at + 1, "0123456789abcdefABCDEF:") != host - 2)
			return false;
	} else {
		for (host = 0; host < size && at[host] != ':'; host++) {
			if (!is_alnum(at[host]) && !strchr(".-", at[host]))
				return false;
		}
		if (host == 0 || !is_alnum(at[0]) || !is_alnum(at[host - 1]))
			return false;
	}
	if (host == size)
		return true;
	return at[host] == ':' && host + 1 < size &&
	       strspn(at + host + 1, "0123456789") == size - host - 1;
}

static bool is_digest(const char *text)
{
	size_t algorithm = strcspn(text, ":");
	size_t hex;

	if (!text[algorithm] || !is_alnum(text[0]))
		return false;
	for (size_t i = 0; i < algorithm; i++) {
		if (!is_alnum(text[i]) && !strchr("+.-_", text[i]))
			return false;
	}
	text += algorithm + 1;
	hex = strspn(text, "0123456789abcdef");
	return hex >= 32 && hex <= 128 && !text[hex];
}

static const char *check_repository(const char *text, size_t size)
{
	const char *slash = memchr(text, '/', size);
	const char *end = text + size;

	if (size == 0)
		return "has no name before the ':' or '@'; write 'name:tag'";
	if (size > 255)
		return "is longer than 255 characters";
	if (slash && (memchr(text, '.', (size_t)(slash - text)) ||
			     memchr(text, ':', (size_t)(slash - text)) ||
			     strncmp(text, "localhost/", 10) == 0)) {
		if (!is_registry(text, (size_t)(slash - text)))
			return "names no registry before its first '/'; write 'registry.example:5000/name:tag'";
		text = slash + 1;
	}
	while (text <= end) {
		slash = memchr(text, '/', (size_t)(end - text));
		if (!slash)
			slash = end;
		for (const char *c = text; c < slash; c++) {
			if (*c >= 'A' && *c <= 'Z')
				return "has capital letters; names of images are lower case";
		}
		if (!is_path_part(text, (size_t)(slash - text)))
			return "is not the name of an image; write '[registry/]name[:tag]' of a-z 0-9 . _ -";
		text = slash + 1;
	}
	return NULL;
}

const char *name_check_image(const char *text)
{
	const char *digest = strchr(text, '@');
	size_t size = digest ? (size_t)(digest - text) : strlen(text);
	size_t name = size;

	if (text_starts_with(text, "http://") ||
		text_starts_with(text, "https://"))
		return "is an address; leave 'https://' out";
	if (digest && !is_digest(digest + 1))
		return "has no digest after its '@'; write '@sha256:' and 64 digits of 0-9 a-f";
	while (name > 0 && text[name - 1] != ':' && text[name - 1] != '/')
		name--;
	if (name == 0 || text[name - 1] == '/')
		return check_repository(text, size);
	if (name == size)
		return "has nothing after the ':'; write 'name:tag'";
	if (size - name > 128 || !is_word(text[name]))
		return "has a bad tag; a tag is up to 128 of A-Z a-z 0-9 . _ -";
	for (size_t i = name; i < size; i++) {
		if (!is_word(text[i]) && !strchr(".-", text[i]))
			return "has a bad tag; a tag is up to 128 of A-Z a-z 0-9 . _ -";
	}
	return check_repository(text, name - 1);
}

static const char *check_labels(const char *text, const char *others)
{
	size_t length = 0;

	if (strlen(text) > 63)
		return "is longer than 63 characters";
	for (;; text++) {
		if (*text && *text != '.') {
			if (!is_alnum(*text) && !strchr(others, *text))
				return "is no host name; write letters, digits and '-', with dots between";
			if (*text == '-' && length == 0)
				return "has a '-' at the start of a part, remove it";
			length++;
			continue;
		}
		if (length == 0)
			return "has an empty part; write letters, digits and '-', with dots between";
		if (text[-1] == '-')
			return "has a '-' at the end of a part, remove it";
		if (!*text)
			return NULL;
		length = 0;
	}
}

const char *name_check_host(const char *text)
{
	return check_labels(text, "-");
}

const char *name_check_hostname(const char *text)
{
	return check_labels(text, "-_");
}

static const char *check_words(const char *text)
{
	if (!is_alnum(*text))
		return "must start with a letter or digit";
	if (strlen(text) > 63)
		return "is longer than 63 characters";
	for (; *text; text++) {
		if (!is_word(*text) && !strchr(".-", *text))
			return "is no name; write A-Z a-z 0-9 . _ - only";
	}
	return NULL;
}

const char *name_check_service(const char *text)
{
	/* a cgroup of such a name would meet the kernel's own files */
	static const char *const taken[] = { "cgroup.", "cpu.", "cpuset.",
		"hugetlb.", "io.", "irq.", "memory.", "misc.", "pids.",
		"rdma." };

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (text_starts_with(text, taken[i]))
			return "starts like a name of the kernel; write '-' for the '.'";
	}
	return check_words(text);
}

const char *name_check_volume(const char *text)
{
	return check_words(text);
}

const char *name_check_network(const char *text)
{
	return check_words(text);
}

const char *name_check_interface(const char *text)
{
	if (!*text || strlen(text) >= IFNAMSIZ)
		return "is no name of an interface, write 1 to 15 characters";
	if (text_equal(text, ".") || text_equal(text, "..") ||
		strpbrk(text, "/: \t\n\r\v\f"))
		return "is no name of an interface, write it without '/', ':' and spaces";
	if (text_equal(text, "lo") || text_equal(text, "all") ||
		text_equal(text, "default"))
		return "is a name of the kernel, write another";
	return NULL;
}

const char *name_check_project(const char *text)
{
	if (!is_lower(*text) && !is_digit(*text))
		return "must start with a-z or 0-9";
	for (; *text; text++) {
		if (!is_lower(*text) && !is_digit(*text) &&
			!strchr("_-", *text))
			return "is no project name; write a-z 0-9 _ - only";
	}
	return NULL;
}

const char *name_check_user(const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon == text || (colon && !colon[1]) ||
		(colon && strchr(colon + 1, ':')) || strpbrk(text, " \t\n/"))
		return "is no user; write 'user', 'user:group' or their numbers";
	return NULL;
}

const char *name_check_path(const char *text)
{
	if (*text != '/')
		return "is not absolute, start it with '/'";
	for (const char *at = text; *at; at++) {
		if (at[0] == '/' && at[1] == '.' && at[2] == '.' &&
			(at[3] == '/' || !at[3]))
			return "has '..' in it; write the path that it means";
	}
	return NULL;
}

const char *name_check_device(const char *text)
{
	if (!text_starts_with(text, "/dev/") || !text[5] ||
		strpbrk(text, "*?["))
		return "is no device, write its path below /dev, such as /dev/vda";
	return name_check_path(text);
}

/* The number at *at, which it steps over; -1: there is none. */
static int read_cpu(const char **at)
{
	const int cpu_max = 8191; /* NR_CPUS of the largest kernels */
	int number = 0;

	if (!is_digit(**at))
		return -1;
	for (; is_digit(**at) && number <= cpu_max; (*at)++)
		number = number * 10 + (**at - '0');
	return number <= cpu_max ? number : -1;
}

const char *name_check_cpus(const char *text)
{
	static const char wrong[] =
		"is no list of CPUs, write numbers and ranges such as 0-3,7";

	for (;; text++) {
		int first = read_cpu(&text);
		int last = first;

		if (first >= 0 && *text == '-') {
			text++;
			last = read_cpu(&text);
		}
		if (first < 0 || last < first)
			return wrong;
		if (!*text)
			return NULL;
		if (*text != ',')
			return wrong;
	}
}

const char *name_check_cgroup(const char *text)
{
	char name[64];

	text += *text == '/';
	for (;; text++) {
		size_t length = strcspn(text, "/");
		const char *wrong;

		if (length >= sizeof(name))
			return "has a name of more than 63 characters in it";
		memcpy(name, text, length);
		name[length] = '\0';
		wrong = name_check_service(name);
		if (wrong)
			return *name ? wrong
				     : "is no cgroup, write names with '/' between";
		text += length;
		if (!*text)
			return NULL;
	}
}

const char *name_check_variable(const char *text)
{
	if (!*text || strpbrk(text, "= \t\n\r"))
		return "is no variable's name; write NAME=value";
	return NULL;
}

const char *name_find_capability(const char *text)
{
	static const char *const names[] = { "ALL", "AUDIT_CONTROL",
		"AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF",
		"CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE",
		"DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER",
		"KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE",
		"MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST",
		"NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
		"SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE",
		"SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO",
		"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM" };

	if (strncasecmp(text, "CAP_", 4) == 0)
		text += 4;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i]) == 0)
			return names[i];
	}
	return NULL;
}

void name_suggest(const char *wrong, const char *candidate, const char **best,
	size_t *distance)
{
	/* a third of the letters may be wrong, but not all of a short word */
	size_t limit = strlen(wrong) < 3 ? 1 : strlen(wrong) / 3 + 1;
	size_t found = text_distance(wrong, candidate);

	if (found > limit || found >= strlen(candidate) ||
		(*best && found >= *distance))
		return;
	*best = candidate;
	*distance = found;
}
