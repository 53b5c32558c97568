/* SPDX-License-Identifier: MIT */
/*
 * line - a workload that prints its first line, and marks that moment.
 *
 * The mark is one instruction without effect, "movabs $MARK, %rax": the plugin
 * insns.c knows it by its bytes and ends the measurement.
 */

#include <stdio.h>
#include <unistd.h>

static void mark(void)
{
	__asm__ volatile("movabs $0x656e696c65726174, %%rax" : : : "rax");
}

int main(void)
{
	puts("the workload's first line");
	fflush(stdout);
	mark();
	for (;;)
		pause();
}
