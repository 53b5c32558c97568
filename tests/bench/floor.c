/* SPDX-License-Identifier: MIT */
/*
 * floor - the least that can be called a boot: process 1 prints a line and
 * powers off. bench-boot quotes Tare's boot as a ratio to it.
 */

#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	puts("floor: one line");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
