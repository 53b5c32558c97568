/* SPDX-License-Identifier: MIT */
/*
 * nft_diff - from what one transaction made to what another one would make
 *
 * Both are whole: they make all that is in the same tables. What both have is
 * left alone; chains, sets, flow tables and elements are removed or made each
 * by itself, rules chain by chain: those of one come one after the other in
 * both. It takes little time where most come in the same order. Pure.
 *
 * Chains that both have must come in the same order: one that does not is made
 * anew, and where nothing leads to it the kernel removes its rules with it
 * without a word, also those that are the same and are not made again.
 */
#ifndef TARE_NET_NFT_DIFF_H
#define TARE_NET_NFT_DIFF_H

struct nft;

/*
 * Adds to out, which is begun, what makes of tables that are as before made
 * them what next makes; nothing where that is the same. 0, -ENOMEM, -EMSGSIZE
 * of any that is cut, or -E2BIG: so much is another that to go on looking for
 * what is not would take longer than to make all anew.
 *
 * The kernel refuses it where something that stays refers to what is made anew:
 * a set of another size, for which the rules are the same. Then next itself is
 * to be used.
 */
int nft_diff(struct nft *out, const struct nft *before, const struct nft *next);

#endif
