// SPDX-License-Identifier: MIT
/* net_host - who is meant: an address, a workload, or a name of the world */
#include "cli/net_host.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "cli/net_question.h"
#include "cli/net_record.h"
#include "cli/net_wait.h"
#include "lib/error.h"
#include "lib/fd.h"
#include "lib/text.h"
#include "net/lines.h"
#include "net/survey.h"

#define SERVERS_BYTES_MAX 65536

/* ---- name servers -------------------------------------------------------- */

size_t net_host_parse_servers(const char *text,
	struct net_host out[NET_HOST_SERVERS_MAX])
{
	size_t count = 0;

	while (*text && count < NET_HOST_SERVERS_MAX) {
		size_t size = strcspn(text, "\n");
		char line[128];
		char *word;
		struct text copy;

		text_init(&copy, line, sizeof(line));
		text_add_bytes(&copy, text, size);
		text += size + (text[size] == '\n');
		if (!text_starts_with(line, "nameserver") || line[10] == '\0' ||
			!strchr(" \t", line[10]))
			continue;
		word = line + 10 + strspn(line + 10, " \t");
		word[strcspn(word, " \t\r#;")] = '\0';
		if (net_host_parse(word, &out[count]) == 0)
			count++;
	}
	return count;
}

int net_host_servers(struct net_host out[NET_HOST_SERVERS_MAX], size_t *count,
	struct error *err)
{
	auto_free char *text = NULL;
	int result = fd_read_file(AT_FDCWD, NET_HOST_SERVERS, SERVERS_BYTES_MAX,
		&text, NULL, err);

	if (result < 0)
		return result;
	*count = net_host_parse_servers(text, out);
	return *count > 0
		       ? 0
		       : error_set(err, -ENOENT,
				 "'" NET_HOST_SERVERS "' has no name server");
}

/* ---- addresses ----------------------------------------------------------- */

int net_host_parse(const char *text, struct net_host *out)
{
	const char *percent = strchr(text, '%');
	char own[ADDRESS_TEXT_SIZE];
	struct text copy;

	*out = (struct net_host){ .scope = 0 };
	if (!percent)
		return address_parse(text, &out->address);
	text_init(&copy, own, sizeof(own));
	text_add_bytes(&copy, text, (size_t)(percent - text));
	if (copy.is_cut || address_parse(own, &out->address) < 0 ||
		out->address.family != AF_INET6)
		return -EINVAL;
	out->scope = if_nametoindex(percent + 1);
	return out->scope ? 0 : -ENODEV;
}

/* ---- workloads ----------------------------------------------------------- */

struct search {
	const char *name;
	struct net_host *out;
	bool is_found;
};

/* "name 3 web 172.20.0.100", and "client 172.20.0.2 web 3 out". */
static void see_line(char **words, size_t count, void *context)
{
	struct search *search = context;
	bool is_name = text_equal(words[0], "name") && count > 3;
	bool is_client = text_equal(words[0], "client") && count > 3;

	if (search->is_found || (!is_name && !is_client) ||
		strcasecmp(words[2], search->name) != 0)
		return;
	search->is_found =
		net_host_parse(is_name ? words[3] : words[1], search->out) == 0;
}

int net_host_find_workload(char *text, const char *name, struct net_host *out)
{
	struct search search = { .name = name, .out = out };

	if (lines_visit(text, see_line, &search, NULL) < 0)
		return -ENOENT;
	return search.is_found ? 0 : -ENOENT;
}

static int find_workload(const char *name, struct net_host *out)
{
	auto_free char *text = NULL;

	if (fd_read_file(AT_FDCWD, SURVEY_FOLDER "/names", SURVEY_FILE_MAX,
		    &text, NULL, NULL) < 0)
		return -ENOENT;
	return net_host_find_workload(text, name, out);
}

/* ---- names of the world -------------------------------------------------- */

/* The first address among the answers; an alias before it is passed over. */
static int take_address(const struct net_reply *reply, uint16_t type,
	struct net_host *out)
{
	size_t at = DNS_HEADER_SIZE;
	struct dns_record record;

	if (dns_name_read(reply->bytes, reply->size, &at, NULL) < 0)
		return -ENOENT;
	at += 4; /* the question's type and class */
	for (size_t i = 0; i < dns_get16(reply->bytes + 6); i++) {
		if (at > reply->size || dns_record_read(reply->bytes,
						reply->size, at, &record) < 0)
			return -ENOENT;
		at = record.end;
		*out = (struct net_host){
			.address.family =
				type == DNS_TYPE_A ? AF_INET : AF_INET6,
		};
		if (record.type != type ||
			record.data_size != address_size(&out->address))
			continue;
		memcpy(out->address.bytes, reply->bytes + record.data_at,
			record.data_size);
		return 0;
	}
	return -ENOENT;
}

static int ask_type(struct net_question *question, uint16_t type,
	struct net_wait *wait, struct net_host *out, struct error *err)
{
	static struct net_reply reply;
	int result;

	question->type = type;
	result = net_question_ask(question, wait, &reply, err);
	if (result < 0)
		return result;
	if (dns_get16(reply.bytes + 4) == 1 &&
		take_address(&reply, type, out) == 0)
		return 0;
	return error_set(err, -ENOENT, "%s",
		net_record_code(dns_get16(reply.bytes + 2) & DNS_FLAG_CODE));
}

static int ask_server(struct net_question *question, struct net_wait *wait,
	struct net_host *out, struct error *err)
{
	int result = ask_type(question, DNS_TYPE_A, wait, out, err);

	return result == -ENOENT
		       ? ask_type(question, DNS_TYPE_AAAA, wait, out, err)
		       : result;
}

static int ask_world(const char *name, struct net_wait *wait,
	struct net_host *out, struct error *err)
{
	struct net_host servers[NET_HOST_SERVERS_MAX];
	struct net_question question = {
		.port = NET_QUESTION_PORT,
		.wait_s = NET_HOST_WAIT_S,
	};
	size_t count = 0;
	int result;

	if (dns_name_parse(name, &question.name) < 0)
		return error_set(err, -EINVAL, "it can be no name");
	result = net_host_servers(servers, &count, err);
	for (size_t i = 0; i < count; i++) {
		question.server = servers[i].address;
		question.scope = servers[i].scope;
		result = ask_server(&question, wait, out, err);
		/* who has answered has the last word */
		if (result == 0 || result == -ENOENT || result == -EINTR)
			break;
	}
	if (result == -ENOENT && count > 0) {
		struct error reason = *err;

		return error_set(err, result, "the name server says '%s'",
			reason.text);
	}
	return result;
}

int net_host_find(const char *text, struct net_wait *wait, struct net_host *out,
	struct error *err)
{
	int result = net_host_parse(text, out);

	if (result == 0)
		return 0;
	if (result == -ENODEV)
		return error_set(err, result,
			"'%s': there is no interface '%s'", text,
			strchr(text, '%') + 1);
	if (find_workload(text, out) == 0)
		return 0;
	result = ask_world(text, wait, out, err);
	return result < 0 ? error_prefix(err,
				    "'%s' is no address and no workload", text)
			  : 0;
}
