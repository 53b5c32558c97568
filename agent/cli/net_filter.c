// SPDX-License-Identifier: MIT
/*
 * net_filter - which packets are wanted, as a program for the kernel
 *
 * Jumps are made to labels, whose places are filled in at the end:
 *
 *	kind of packet -> ARP:  addresses            -> KEEP
 *	               -> IPv4: addresses -> ports   -> KEEP
 *	               -> IPv6: addresses -> ports   -> KEEP
 *	               -> DROP
 */
#include "cli/net_filter.h"

#include <assert.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "net/dns_message.h"

enum label {
	LABEL_NEXT, /* what follows */
	LABEL_IP4,
	LABEL_IP6,
	LABEL_ARP,
	LABEL_PORT4,
	LABEL_PORT4_READ,
	LABEL_SOURCE6, /* the other address of IPv6 */
	LABEL_PORT6,
	LABEL_PORT6_READ,
	LABEL_KEEP,
	LABEL_DROP,
	LABELS,
};

struct program {
	const struct net_filter *filter;
	struct sock_filter *out;
	size_t count;
	uint8_t labels[LABELS];             /* where they are */
	uint8_t targets[NET_FILTER_MAX][2]; /* labels of jumps */
	uint32_t base;                      /* where IP begins */
};

static void add(struct program *program, uint16_t code, uint32_t value)
{
	assert(program->count < NET_FILTER_MAX);
	program->out[program->count++] =
		(struct sock_filter){ .code = code, .k = value };
}

static void load(struct program *program, unsigned int size, uint32_t at)
{
	add(program, (uint16_t)(BPF_LD | BPF_ABS | size), at);
}

/* Whether what was loaded is value, or (test BPF_JSET) has bits of it. */
static void jump(struct program *program, unsigned int test, uint32_t value,
	enum label yes, enum label no)
{
	program->targets[program->count][0] = (uint8_t)yes;
	program->targets[program->count][1] = (uint8_t)no;
	add(program, (uint16_t)(BPF_JMP | BPF_K | test), value);
}

static void place(struct program *program, enum label label)
{
	program->labels[label] = (uint8_t)program->count;
}

static void resolve(struct program *program)
{
	for (size_t i = 0; i < program->count; i++) {
		struct sock_filter *one = &program->out[i];
		uint8_t yes = program->targets[i][0];
		uint8_t no = program->targets[i][1];

		if (BPF_CLASS(one->code) != BPF_JMP)
			continue;
		one->jt = yes ? (uint8_t)(program->labels[yes] - i - 1) : 0;
		one->jf = no ? (uint8_t)(program->labels[no] - i - 1) : 0;
	}
}

static void add_kind(struct program *program)
{
	if (program->filter->is_raw) {
		load(program, BPF_B, 0);
		add(program, BPF_ALU | BPF_AND | BPF_K, 0xf0);
		jump(program, BPF_JEQ, 0x40, LABEL_IP4, LABEL_NEXT);
		jump(program, BPF_JEQ, 0x60, LABEL_IP6, LABEL_DROP);
		return;
	}
	load(program, BPF_H, 12);
	jump(program, BPF_JEQ, ETH_P_IP, LABEL_IP4, LABEL_NEXT);
	jump(program, BPF_JEQ, ETH_P_IPV6, LABEL_IP6, LABEL_NEXT);
	jump(program, BPF_JEQ, ETH_P_ARP, LABEL_ARP, LABEL_DROP);
}

static void add_arp(struct program *program)
{
	const struct net_filter *filter = program->filter;
	uint32_t host = dns_get32(filter->host.bytes);

	place(program, LABEL_ARP);
	if (filter->is_raw || filter->port || filter->host.family != AF_INET) {
		add(program, BPF_RET | BPF_K, 0);
		return;
	}
	/* the sender's and the target's, of Ethernet */
	load(program, BPF_W, 28);
	jump(program, BPF_JEQ, host, LABEL_KEEP, LABEL_NEXT);
	load(program, BPF_W, 38);
	jump(program, BPF_JEQ, host, LABEL_KEEP, LABEL_DROP);
}

/* The protocols with ports, both at the same place. */
static void add_protocols(struct program *program, enum label found)
{
	jump(program, BPF_JEQ, IPPROTO_TCP, found, LABEL_NEXT);
	jump(program, BPF_JEQ, IPPROTO_UDP, found, LABEL_NEXT);
	jump(program, BPF_JEQ, IPPROTO_SCTP, found, LABEL_DROP);
}

static void add_ip4(struct program *program)
{
	const struct net_filter *filter = program->filter;
	uint32_t host = dns_get32(filter->host.bytes);
	uint32_t base = program->base;

	place(program, LABEL_IP4);
	if (filter->host.family == AF_INET6) {
		add(program, BPF_RET | BPF_K, 0);
	} else if (filter->host.family) {
		load(program, BPF_W, base + 12);
		jump(program, BPF_JEQ, host, LABEL_PORT4, LABEL_NEXT);
		load(program, BPF_W, base + 16);
		jump(program, BPF_JEQ, host, LABEL_PORT4, LABEL_DROP);
	}
	place(program, LABEL_PORT4);
	if (!filter->port) {
		add(program, BPF_RET | BPF_K, filter->length);
		return;
	}
	load(program, BPF_B, base + 9);
	add_protocols(program, LABEL_PORT4_READ);
	place(program, LABEL_PORT4_READ);
	load(program, BPF_H, base + 6);
	jump(program, BPF_JSET, 0x1fff, LABEL_DROP, LABEL_NEXT);
	add(program, BPF_LDX | BPF_MSH | BPF_B, base);
	add(program, BPF_LD | BPF_IND | BPF_H, base);
	jump(program, BPF_JEQ, filter->port, LABEL_KEEP, LABEL_NEXT);
	add(program, BPF_LD | BPF_IND | BPF_H, base + 2);
	jump(program, BPF_JEQ, filter->port, LABEL_KEEP, LABEL_DROP);
}

/* All four words of one address of IPv6. */
static void add_address6(struct program *program, uint32_t at, enum label other)
{
	for (uint32_t i = 0; i < 16; i += 4) {
		bool is_last = i == 12;

		load(program, BPF_W, at + i);
		jump(program, BPF_JEQ,
			dns_get32(program->filter->host.bytes + i),
			is_last ? LABEL_PORT6 : LABEL_NEXT, other);
	}
}

/* Ports behind extension headers are not looked for. */
static void add_ip6(struct program *program)
{
	const struct net_filter *filter = program->filter;
	uint32_t base = program->base;

	place(program, LABEL_IP6);
	if (filter->host.family == AF_INET) {
		add(program, BPF_RET | BPF_K, 0);
	} else if (filter->host.family) {
		add_address6(program, base + 24, LABEL_SOURCE6);
		place(program, LABEL_SOURCE6);
		add_address6(program, base + 8, LABEL_DROP);
	}
	place(program, LABEL_PORT6);
	if (!filter->port) {
		add(program, BPF_RET | BPF_K, filter->length);
		return;
	}
	load(program, BPF_B, base + 6);
	add_protocols(program, LABEL_PORT6_READ);
	place(program, LABEL_PORT6_READ);
	load(program, BPF_H, base + 40);
	jump(program, BPF_JEQ, filter->port, LABEL_KEEP, LABEL_NEXT);
	load(program, BPF_H, base + 42);
	jump(program, BPF_JEQ, filter->port, LABEL_KEEP, LABEL_DROP);
}

size_t net_filter_make(const struct net_filter *filter,
	struct sock_filter out[NET_FILTER_MAX])
{
	struct program program = {
		.filter = filter,
		.out = out,
		.base = filter->is_raw ? 0 : ETH_HLEN,
	};

	if (filter->host.family || filter->port) {
		add_kind(&program);
		add_arp(&program);
		add_ip4(&program);
		add_ip6(&program);
	}
	place(&program, LABEL_KEEP);
	add(&program, BPF_RET | BPF_K, filter->length);
	place(&program, LABEL_DROP);
	add(&program, BPF_RET | BPF_K, 0);
	resolve(&program);
	return program.count;
}
