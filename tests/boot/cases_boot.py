# SPDX-License-Identifier: MIT
"""The machine as a user has it: the disk image, the two firmwares, the end."""

import re
import time

from disk import IMAGE
from kit import PAGE, case, config, need, web
from machine import PACE

SHUTDOWN_S = 15


@case("bios")
def bios(t):
    """The default disk boots by BIOS, serves its page, ends by its button."""
    disk = t.copy_disk(IMAGE, "disk")
    with t.boot(disk, osfile=False, ports=[8080]) as machine:
        running, wanted = machine.ready()
        need(running == wanted == 1, f"{running} of {wanted} run")
        need("Hello from a container" in machine.get(8080), "not the page")
        machine.expect(r"tare: address: \w+ 10\.0\.2\.15/24")
        machine.power_button()
        seconds = machine.wait_end(SHUTDOWN_S)
        print(f"# power button to the end: {seconds:.1f} s")
    disk.check_clean()


@case("uefi")
def uefi(t):
    """The same disk boots by UEFI; ctrl-alt-del reboots it."""
    disk = t.copy_disk(IMAGE, "disk")
    with t.boot(disk, osfile=False, ports=[8080],
                options=["--firmware", "uefi"]) as machine:
        machine.ready()
        need("Hello from a container" in machine.get(8080), "not the page")
        mark = machine.mark()
        machine.ctrl_alt_del()
        machine.expect("BdsDxe", SHUTDOWN_S, mark)
        machine.ready(mark)
        need("Hello from a container" in machine.get(8080), "not the page")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    disk.check_clean()


@case("memory-64")
def memory_64(t):
    """64 MiB of memory are enough to boot and serve a page."""
    disk = t.copy_disk(IMAGE, "disk")
    with t.boot(disk, memory=64, ports=[8080]) as machine:
        machine.ready()
        need("Hello from a container" in machine.get(8080), "not the page")


@case("no-disk")
def no_disk(t):
    """Without any disk it boots, says what is missing and stays up."""
    with t.boot(None) as machine:
        machine.expect(r"tare: .*(no data partition|memory)")
        machine.expect(r"tare: config: ")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)


@case("network-silent")
def network_silent(t):
    """Nobody answers DHCP: workloads run, the end is in time."""
    disk = t.disk(config({"web": web()}))
    with t.boot(disk, debug=True, options=["--net", "silent"]) as machine:
        machine.ready()
        page = machine.sh_until("wget -q -O - http://127.0.0.1:8080/")
        need(PAGE in page, f"the page is {page!r}")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
    disk.check_clean()


@case("release-has-no-login")
def release_has_no_login(t):
    """A release image answers no key on its console, and has no shell."""
    disk = t.disk(config({"web": web()}))
    with t.boot(disk) as machine:
        machine.ready()
        mark = machine.mark()
        machine.console.send(b"\n\x03\n echo $((6 * 7)) \nroot\n")
        machine.power_button()
        machine.wait_end(SHUTDOWN_S)
        machine.refuse(r"^42$|login|# $", mark)


@case("status-screen")
def status_screen(t):
    """A terminal gets a screen with name, address, config and workloads."""
    disk = t.disk(config({"web": web(), "second": web(8081)}, host="bench-7"))

    with t.boot(disk) as machine:
        asked = 0

        def answer(_):
            # a terminal tells where its cursor is, each time it is asked
            nonlocal asked
            while asked < machine.console.text.count("\033[6n"):
                asked += 1
                machine.console.connection.sendall(b"\033[24;80R")

        machine.console.on_text = answer
        # what is left when escape sequences go
        plain = re.compile(r"\033\[[0-9;?]*[A-Za-z]")

        def shown(text):
            screen = plain.sub(" ", text)
            return all(re.search(word, screen) for word in (
                r"bench-7", r"10\.0\.2\.15", r"web\s+running",
                r"second\s+running"))

        if not machine.console.wait(shown, PACE.deadline(60)):
            machine.fail("the status screen never showed everything")


@case("init-crash")
def init_crash(t):
    """Process 1 crashes: the machine is on its way up within 5 s."""
    disk = t.disk(config({"web": web()}))
    with t.boot(disk, debug=True, ports=[8080]) as machine:
        machine.ready()
        mark = machine.mark()
        start = time.monotonic()
        # a signal by kill(1) would not be obeyed: break its stack; the end of
        # an orphan then wakes it up
        machine.shell_stream.send(
            b"set -- $(cat /proc/1/syscall); head -c 512 /dev/zero | "
            b"dd of=/proc/1/mem bs=1 seek=$(($8)) conv=notrunc; (true &)\n")
        machine.expect(r"tare: init: crashed", 5, mark)
        machine.wait_reset(5)
        print(f"# crash to reset: {time.monotonic() - start:.1f} s")
        machine.ready(mark)
        need(PAGE in machine.get(8080), "not the page")


@case("same-machine-id")
def same_machine_id(t):
    """What tells machines apart is made at first boot, and then kept."""
    first = t.disk(config({"web": web()}), name="first")
    second = t.copy_disk(first.path, "second")
    ids = []
    for disk in (first, first, second):
        with t.boot(disk) as machine:
            machine.ready()
            machine.power_button()
            machine.wait_end(SHUTDOWN_S)
        ids.append(disk.cat("/state/machine-id").strip())
    need(re.fullmatch(r"[0-9a-f]{32}", ids[0].splitlines()[-1]),
         f"machine-id is {ids[0]!r}")
    need(ids[0] == ids[1], "a reboot changed the machine-id")
    need(ids[0] != ids[2], "two machines have the same machine-id")
