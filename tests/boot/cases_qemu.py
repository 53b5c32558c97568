# SPDX-License-Identifier: MIT
"""qemu/run in a terminal: keys, ports, and no stray process."""

import os
import pty
import select
import signal
import socket
import subprocess
import time

import disk as disks
from kit import case, need
from machine import ACCEL, PACE, TOP, Failure, free_port

RUN = os.path.join(TOP, "qemu", "run")


class Terminal:
    """qemu/run on a terminal of its own, as a person has it."""

    def __init__(self, arguments):
        self.text = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            try:
                os.execv(RUN, [RUN, "--accel", ACCEL, *arguments])
            finally:
                os._exit(127)

    def wait(self, wanted, nominal_s=60):
        """Read until the text is there; wanted None: until the end."""
        deadline = PACE.deadline(nominal_s)
        while wanted is None or wanted not in self.text:
            ready, _, _ = select.select([self.terminal], [], [],
                                        max(0, deadline - time.monotonic()))
            if not ready:
                raise Failure(f"no {wanted or 'end'} after {nominal_s} s:\n"
                              f"{self.text[-2000:]}")
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:  # the other side is closed
                piece = b""
            if not piece:
                if wanted is None:
                    return
                raise Failure(f"it ended before {wanted!r}:\n{self.text}")
            self.text += piece.decode("utf-8", "replace")

    def type(self, keys):
        os.write(self.terminal, keys)

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@case("qemu-keys")
def qemu_keys(t):
    """Ctrl-C and Ctrl-A X end the machine; it says so before it starts."""
    disk = t.copy_disk(disks.IMAGE, "disk")
    for keys in (b"\x03", b"\x01x"):
        port = free_port()
        terminal = Terminal(["--disk", disk.path,
                             "--forward", f"{port}:8080"])
        try:
            terminal.wait(f"http://127.0.0.1:{port}", 20)
            terminal.wait("Ctrl-C", 20)
            terminal.wait("tare", 60)
            terminal.type(keys)
            terminal.wait(None, 20)
        finally:
            terminal.close()


@case("qemu-no-stray")
def qemu_no_stray(t):
    """Who starts qemu/run is killed: QEMU goes with it."""
    path = os.path.join(t.work, "console")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    starter = subprocess.Popen(
        ["sh", "-c", '"$@"; true', "sh", RUN, "--accel", ACCEL, "--quiet",
         "--disk", "none", "--kernel", disks.OSFILE, "--net", "none",
         "--console", "unix:" + path])
    listener.settimeout(20 * PACE.factor)
    console, _ = listener.accept()
    console.settimeout(20 * PACE.factor)
    need(console.recv(1), "the machine did not start")
    starter.kill()
    starter.wait()
    try:
        while console.recv(65536):
            pass
    except TimeoutError:
        raise Failure("QEMU outlives its starter") from None
    finally:
        console.close()
        listener.close()


FAKE_QEMU = """#!/bin/sh
case "$*" in
*--version*) echo "fake {life}" ;;
*accel=kvm*) echo "{life}" ;;
*) echo "started: $*" ;;
esac
"""


@case("qemu-kvm")
def qemu_kvm(t):
    """KVM is used only when a kernel gives a sign of life under it."""
    has_kvm = os.access("/dev/kvm", os.R_OK | os.W_OK) \
        and os.uname().machine == "x86_64"
    for life, wanted in (("Linux version 6.12", "-accel kvm"),
                         ("KVM: entry failed", "-accel tcg")):
        with open(os.path.join(t.work, "qemu-system-x86_64"), "w",
                  encoding="ascii") as fake:
            fake.write(FAKE_QEMU.format(life=life))
        os.chmod(fake.name, 0o755)
        for asked in (True, False):  # the second run has the answer
            done = subprocess.run(
                [RUN, "--disk", "none", "-k", "--net", "none"],
                capture_output=True, text=True, check=False, timeout=60,
                env=dict(os.environ, TARE_CACHE=os.path.join(t.work, "cache"),
                         PATH=t.work + ":" + os.environ["PATH"],
                         TARE_ACCEL="auto"))
            if not has_kvm:
                wanted, asked = "-accel tcg", False
            need("started: -nodefaults" in done.stdout
                 and wanted in done.stdout,
                 f"{life}: {done.stdout}{done.stderr}")
            need(("Finding out" in done.stdout) == asked,
                 f"{life}: asked again, or not at all")


@case("qemu-errors")
def qemu_errors(t):
    """What it cannot do is said in a sentence that tells what to do."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(1)
        port = busy.getsockname()[1]
        rows = (
            (["--forward", f"{port}:80"], f"TARE_PORT={port + 1} make run"),
            (["--disk", "/nowhere"], "'/nowhere' does not exist"),
            (["--kernel", "/nowhere"], "'/nowhere' does not exist"),
            (["--firmware", "coreboot"], "bios or uefi"),
            (["-a", "riscv"], "x86_64 or arm64"),
            (["--frobnicate", "1"], "not an option"),
            (["--disk"], "needs a value"),
        )
        for arguments, sentence in rows:
            done = subprocess.run(
                [RUN, "--disk", "none", "--accel", "tcg", *arguments],
                capture_output=True, text=True, check=False, timeout=60)
            need(done.returncode == 1 and sentence in done.stderr,
                 f"{arguments}: status {done.returncode}, "
                 f"says {done.stderr!r}")
