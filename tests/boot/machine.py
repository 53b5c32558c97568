# SPDX-License-Identifier: MIT
"""machine - one virtual machine of a test: console, shell, control, end.

QEMU is started by qemu/run and connects to sockets of ours: its console
(ttyS0), the root shell that a debug OS file keeps on ttyS1, and QMP. A thread
per connection collects what comes and wakes up whoever waits for it. Nothing
here sleeps: every wait is for an event and has a deadline, scaled by how slow
this host is (pace).
"""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Failure(Exception):
    """What the machine did is not what the case asks for."""


class Pace:
    """How many times slower than a good host this one is, from a real boot."""

    NOMINAL_BOOT_S = 2.5

    def __init__(self):
        self.factor = 4.0  # until a boot was measured

    def measure(self, boot_s, jobs):
        """A boot of one machine alone took so long; jobs will run at once."""
        self.factor = max(1.0, boot_s / self.NOMINAL_BOOT_S) * max(2, jobs)

    def deadline(self, nominal_s):
        return time.monotonic() + nominal_s * self.factor


PACE = Pace()


class Stream:
    """Bytes that one connection of the machine sent, as text, and a log."""

    def __init__(self, path, log_path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.log = open(log_path, "wb", buffering=0)
        self.text = ""
        self.is_open = True
        self.changed = threading.Condition()
        self.connection = None
        self.on_text = None  # called with each piece, by the reading thread
        self.thread = threading.Thread(target=self.read_all, daemon=True)
        self.thread.start()

    def read_all(self):
        try:
            self.connection, _ = self.listener.accept()
            with self.changed:
                self.changed.notify_all()
            while True:
                piece = self.connection.recv(65536)
                if not piece:
                    break
                self.log.write(piece)
                text = piece.decode("utf-8", "replace").replace("\r", "")
                with self.changed:
                    self.text += text
                    self.changed.notify_all()
                if self.on_text:
                    self.on_text(text)
        except OSError:
            pass
        with self.changed:
            self.is_open = False
            self.changed.notify_all()

    def send(self, data):
        deadline = PACE.deadline(5)
        with self.changed:
            while self.is_open and self.connection is None:
                if not self.changed.wait(deadline - time.monotonic()):
                    break
        if self.connection is None:
            raise Failure("the machine did not connect")
        self.connection.sendall(data)

    def wait(self, found, deadline):
        """found(text) gives a value; wait until it is true, None: too late."""
        with self.changed:
            while True:
                value = found(self.text)
                if value:
                    return value
                left = deadline - time.monotonic()
                if left <= 0 or not self.is_open:
                    return None
                self.changed.wait(left)

    def close(self):
        for sock in (self.connection, self.listener):
            if sock:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                sock.close()
        self.thread.join(5)
        self.log.close()


class Machine:
    """A running machine. Use as a context: it ends with its block."""

    def __init__(self, name, log_dir, disk=None, kernel=None, shell=False,
                 options=(), qemu_args=(), ports=(), descriptors=(),
                 within=()):
        """within: the beginning of a command that runs the rest of it, as
        nsenter(1) does, without a process in between."""
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="tare-vm-")
        self.streams = []
        self.console = self.stream("console", log_dir)
        self.control = self.stream("qmp", log_dir)
        self.shell_stream = self.stream("shell", log_dir) if shell else None
        self.shell_count = 0
        self.replies = 0
        self.ports = {guest: free_port() for guest in ports}
        command = [*within, os.path.join(TOP, "qemu/run"),
                   "--accel", ACCEL, "--quiet",
                   "--console", "unix:" + self.path("console"),
                   "--qmp", self.path("qmp"), "--disk", disk or "none"]
        if kernel:
            command += ["--kernel", kernel]
        if shell:
            command += ["--serial2", "unix:" + self.path("shell")]
        for guest, host in self.ports.items():
            command += ["--forward", f"{host}:{guest}"]
        if not ports and "--net" not in options:
            command += ["--forward", f"{free_port()}:1"]
        command += [*options, "--", *qemu_args]
        self.output = open(os.path.join(log_dir, name + ".qemu"), "w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=subprocess.STDOUT, pass_fds=descriptors)
        self.qmp("qmp_capabilities")

    def path(self, what):
        return os.path.join(self.folder, what)

    def stream(self, what, log_dir):
        stream = Stream(self.path(what),
                        os.path.join(log_dir, f"{self.name}.{what}"))
        self.streams.append(stream)
        return stream

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    # -- console -----------------------------------------------------------

    def mark(self):
        """A place in the console's text, to expect something after it."""
        return len(self.console.text)

    def fail(self, why):
        self.output.flush()
        self.output.seek(0)
        said = self.output.read().strip()
        lines = self.console.text.splitlines()[-25:]
        raise Failure("\n".join(
            [why] + (["qemu: " + said] if said else []) +
            ["the console's last lines:"] + ["  " + line for line in lines]))

    def expect(self, pattern, nominal_s=20, after=0):
        """Wait until the console shows the pattern; the match."""
        regex = re.compile(pattern, re.M)
        match = self.console.wait(
            lambda text: regex.search(text, after), PACE.deadline(nominal_s))
        if not match:
            ended = "" if self.console.is_open else "; the machine ended"
            self.fail(f"the console never showed /{pattern}/{ended}")
        return match

    def refuse(self, pattern, after=0):
        """What must not be on the console so far."""
        match = re.compile(pattern, re.M).search(self.console.text, after)
        if match:
            self.fail(f"the console shows {match[0]!r}")

    def ready(self, after=0, nominal_s=30):
        """Wait for the agent's line that all is up; (running, wanted)."""
        match = self.expect(r"tare: ready: (\d+) of (\d+)", nominal_s, after)
        return int(match[1]), int(match[2])

    # -- shell on ttyS1 (debug OS file) ------------------------------------

    def sh(self, command, nominal_s=20, check=True):
        """Run a command in the guest; its output, or (status, output)."""
        stream = self.shell_stream
        self.shell_count += 1
        tag = f"{self.shell_count:04d}"
        if self.shell_count == 1:
            stream.wait(lambda text: "# " in text, PACE.deadline(60))
            stream.send(b"stty -echo\n")
        # in two pieces, so that the echo of the command is no marker
        line = (f'echo "@""@{tag}>"; {{ {command}\n}} 2>&1 </dev/null; '
                f'echo "@""@{tag}<$?"\n')
        stream.send(line.encode())
        end = re.compile(rf"@@{tag}>\n(.*)@@{tag}<(\d+)", re.S)
        match = stream.wait(end.search, PACE.deadline(nominal_s))
        if not match:
            self.fail(f"the guest's shell did not end: {command}\n"
                      f"shell: {stream.text[-500:]!r}")
        output, status = match[1], int(match[2])
        if not check:
            return status, output
        if status:
            self.fail(f"'{command}' in the guest: status {status}: {output}")
        return output

    def sh_until(self, command, nominal_s=30):
        """Run a command in the guest until it succeeds."""
        deadline = PACE.deadline(nominal_s)
        while True:
            status, output = self.sh(command, check=False)
            if status == 0:
                return output
            if time.monotonic() > deadline:
                self.fail(f"'{command}' never succeeded: {output}")
            self.sh("usleep 200000 || sleep 1", check=False)

    # -- network -----------------------------------------------------------

    def get(self, port, path="/", nominal_s=30):
        """The body of a page of the guest; tried until the deadline."""
        deadline = PACE.deadline(nominal_s)
        url = f"http://127.0.0.1:{self.ports[port]}{path}"
        while True:
            left = deadline - time.monotonic()
            try:
                with urllib.request.urlopen(url, timeout=max(left, 0.1)) as page:
                    return page.read().decode("utf-8", "replace")
            except urllib.error.HTTPError as error:
                self.fail(f"{url}: {error}")
            except OSError as error:
                reason = error
            if left <= 0 or self.process.poll() is not None:
                self.fail(f"{url} did not answer: {reason}")
            # QEMU accepts at once and resets while the guest does not
            # listen: wait for the next sign of life, not for long
            self.console.wait(lambda _: False, time.monotonic() + 0.2)

    # -- control -----------------------------------------------------------

    def qmp(self, command, **arguments):
        """Send a QMP command and wait for its answer."""
        self.replies += 1
        message = {"execute": command, "arguments": arguments,
                   "id": self.replies}
        self.control.send(json.dumps(message).encode() + b"\n")
        wanted = f'"id": {self.replies}'
        reply = self.control.wait(
            lambda text: next((line for line in text.splitlines()
                               if wanted in line and line.endswith("}")),
                              None), PACE.deadline(20))
        if not reply or '"error"' in reply:
            self.fail(f"QMP {command}: {reply}")
        return json.loads(reply)

    def power_button(self):
        self.qmp("system_powerdown")

    def ctrl_alt_del(self):
        self.qmp("send-key", keys=[{"type": "qcode", "data": key}
                                   for key in ("ctrl", "alt", "delete")])

    def reset(self):
        self.qmp("system_reset")

    def slow_writes(self, per_second):
        """Let the disk take only so many writes a second."""
        self.qmp("block_set_io_throttle", device="disk", bps=0, bps_rd=0,
                 bps_wr=0, iops=0, iops_rd=0, iops_wr=per_second)

    def wait_writes(self, count, nominal_s=30):
        """Wait until the disk took this many writes since it is on."""
        deadline = PACE.deadline(nominal_s)
        while True:
            written = [drive["stats"]["wr_operations"]
                       for drive in self.qmp("query-blockstats")["return"]
                       if drive.get("device") == "disk"][0]
            if written >= count:
                return
            if time.monotonic() > deadline:
                self.fail(f"the disk took {written} writes, not {count}")
            # QEMU tells of no event: ask again soon
            self.console.wait(lambda _: False, time.monotonic() + 0.02)

    def wait_reset(self, nominal_s):
        """Wait until the machine has reset itself once."""
        if not self.control.wait(lambda text: '"event": "RESET"' in text,
                                 PACE.deadline(nominal_s)):
            self.fail("the machine did not reset")

    def wait_end(self, nominal_s):
        """Wait until the machine is off by itself; the seconds it took."""
        start = time.monotonic()
        try:
            self.process.wait(PACE.deadline(nominal_s) - start)
        except subprocess.TimeoutExpired:
            self.fail("the machine did not power off")
        return time.monotonic() - start

    def kill(self):
        """Pull the plug."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in self.streams:
            stream.close()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)


ACCEL = os.environ.get("TARE_ACCEL", "tcg")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
