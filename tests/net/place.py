# SPDX-License-Identifier: MIT
"""place - a machine and the world around it, for tests of the host's network.

The machine is a mount and a network namespace with a root of its own, in which
our programs run as they do in the image; the world is a network namespace with
the servers. Pairs of interfaces join them. A test is a function with a Place.
"""

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.environ.get("TARE_BUILD", os.path.join(TOP, "build", "x86_64"))
PROGRAMS = {"sbin/netd": "bin/netd", "sbin/dhcp-hook": "bin/dhcp-hook",
            "sbin/dhcp6": "bin/dhcp6",
            "bin/tare": "bin/tare",
            "bin/busybox": "parts/busybox/bin/busybox-release"}
TESTS = []
Entry = collections.namedtuple("Entry", "name function")
WAIT_LIMIT_S = 15
WORLD6 = "2001:db8::1/64"
TRIAL_MS = 3000


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def test(function):
    """Register a function; its name with spaces is the test's."""
    TESTS.append(Entry(function.__name__.replace("_", " "), function))
    return function


def need(condition, text):
    if not condition:
        raise Failure(text)


def until(condition, what, limit_s=WAIT_LIMIT_S):
    """Ask until it is true; its value."""
    limit = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > limit:
            raise Failure(f"waited {limit_s} s for {what}")
        time.sleep(0.01)


def run(*args, check=True, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          timeout=60, check=False, **more)
    if check and done.returncode:
        raise Failure(f"{' '.join(args)}: {done.stdout.strip()}")
    return done.stdout


def wants_programs(*names):
    for name in names:
        if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            raise Skip(f"needs {name}")


class Place:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tare-net-")
        self.root = os.path.join(self.folder, "root")
        self.started = []
        self.machine = self.namespace("-mn")
        self.world = self.namespace("-n")
        self.netd = None
        for folder in ("bin", "sbin", "run/tare/net", "data", "proc", "sys",
                       "dev", "tmp"):
            os.makedirs(os.path.join(self.root, folder))
        for path, source in PROGRAMS.items():
            shutil.copy(os.path.join(BUILD, source),
                        os.path.join(self.root, path))
        self.inside("mount", "--bind", "/dev", self.path("dev"))
        self.inside("mount", "-t", "proc", "x", self.path("proc"))
        self.inside("mount", "-t", "sysfs", "x", self.path("sys"))
        self.ip("link", "set", "lo", "up")
        self.out("ip", "link", "set", "lo", "up")

    def namespace(self, kind):
        """A process that holds namespaces; it says when it has them."""
        held = subprocess.Popen(
            ["unshare", kind, "sh", "-c", "echo; exec sleep 1000"],
            stdout=subprocess.PIPE)
        self.started.append(held)
        held.stdout.readline()
        return held.pid

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def inside(self, *args, **more):
        return run("nsenter", "-t", str(self.machine), "-m", "-n", *args,
                   **more)

    def ip(self, *args, **more):
        return run("nsenter", "-t", str(self.machine), "-n", "ip", *args,
                   **more)

    def out(self, *args, **more):
        """A command in the world."""
        return run("nsenter", "-t", str(self.world), "-n", *args, **more)

    def sysctl(self, path, value, pid=None):
        run("nsenter", "-t", str(pid or self.world), "-n", "sh", "-c",
            f"echo {value} >/proc/sys/{path}")

    # ---- wires

    def wire(self, name, address=None, plug=True):
        """An interface of the machine; w-NAME is its end in the world."""
        self.ip("link", "add", name, "type", "veth", "peer", "name",
                "w-" + name, "netns", str(self.world))
        if address:
            self.out("ip", "address", "add", address, "dev", "w-" + name)
        if plug:
            self.plug(name)

    def plug(self, name, state="up"):
        self.out("ip", "link", "set", "w-" + name, state)

    # ---- the world's servers

    def serve(self, *args, **more):
        """A server in the world; ended with the test."""
        log = open(os.path.join(self.folder, "servers.log"), "ab")
        server = subprocess.Popen(
            ["nsenter", "-t", str(self.world), "-n", *args], stdout=log,
            stderr=log, stdin=subprocess.DEVNULL, **more)
        log.close()
        self.started.append(server)
        return server

    def dnsmasq(self, interface, pool, *options, lease="1h", hosts=()):
        return self.serve(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
            "--port=0", "--user=root", "--log-dhcp", "--log-facility=-",
            "--bind-interfaces", f"--interface=w-{interface}",
            "--dhcp-authoritative", "--no-ping", "--pid-file=",
            f"--dhcp-range={pool},{lease}",
            f"--dhcp-leasefile={self.folder}/leases-{interface}",
            *[f"--dhcp-host={host}" for host in hosts],
            *[f"--dhcp-option={option}" for option in options])

    def world6(self):
        """The address of the world, once it can be served from."""
        self.wire("eth0", WORLD6)
        self.ip("link", "set", "eth0", "up")
        until(lambda: "2001:db8::1" in self.out("ip", "address", "show", "up")
              and "tentative" not in self.out("ip", "address"), "its address")

    def kea6(self, lifetimes=(400, 600, 200, 300), rapid=False, name="01"):
        """Kea as a DHCPv6 server: preferred, valid, T1, T2."""
        preferred, valid, renew, rebind = lifetimes
        options = [("dns-servers", "2001:db8::54"),
                   ("domain-search", "one.example, two.example")]
        config = {"Dhcp6": {
            "server-id": {"type": "EN", "enterprise-id": 1, "identifier": name,
                          "persist": False},
            "interfaces-config": {"interfaces": ["w-eth0"]},
            "lease-database": {"type": "memfile", "persist": False},
            "preferred-lifetime": preferred, "valid-lifetime": valid,
            "renew-timer": renew, "rebind-timer": rebind,
            "option-data": [{"name": key, "data": data}
                            for key, data in options],
            "loggers": [{"name": "kea-dhcp6", "severity": "DEBUG",
                         "debuglevel": 40,
                         "output_options": [{"output": "stdout"}]}],
            "subnet6": [{"subnet": "2001:db8::/64", "interface": "w-eth0",
                         "rapid-commit": rapid,
                         "pools": [{"pool": "2001:db8::50/124"}]}]}}
        path = os.path.join(self.folder, "kea6.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(config, file)
        return self.serve("kea-dhcp6", "-c", path, env=dict(
            os.environ, KEA_PIDFILE_DIR=self.folder, KEA_LOCKFILE_DIR="none"))

    def advertise(self, flags=""):
        """A router in the world; flags are more of its options."""
        path = os.path.join(self.folder, "radvd.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write("interface w-eth0 { AdvSendAdvert on;"
                       " MinRtrAdvInterval 3;"
                       " MaxRtrAdvInterval 4; prefix 2001:db8::/64 {};"
                       " RDNSS 2001:db8::53 {}; DNSSL ra.example {};"
                       + flags + " };")
        self.sysctl("net/ipv6/conf/all/forwarding", 1)
        self.out("ip", "address", "add", "2001:db8::1/64", "dev", "w-eth0")
        until(lambda: "tentative" not in self.out("ip", "address"),
              "its address")
        self.serve("radvd", "-n", "-C", path, "-p",
                   os.path.join(self.folder, "pid"), "-m", "stderr")

    def server_log(self):
        with open(os.path.join(self.folder, "servers.log"),
                  encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self, process):
        process.terminate()
        process.wait()
        self.started.remove(process)

    # ---- netd

    def want(self, *lines):
        """What the agent does: replace the file in one step."""
        path = self.path("run/tare/net/wanted")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write("\n".join(("version 1",) + lines + ("end", "")))
        os.rename(path + ".new", path)

    def start(self, *lines, wanted=True, trial_ms=TRIAL_MS):
        if wanted:
            self.want(*lines)
        log = open(os.path.join(self.folder, "netd.log"), "ab")
        self.netd = subprocess.Popen(
            ["nsenter", "-t", str(self.machine), "-m", "-n", "chroot",
             self.root, "/sbin/netd", "-k", "veth", "-t", str(trial_ms)],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        self.started.append(self.netd)

    def kill(self, number=signal.SIGKILL):
        self.netd.send_signal(number)
        self.netd.wait()
        self.started.remove(self.netd)

    @staticmethod
    def words(pid):
        """The command line of a process."""
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
                return file.read().split("\0")[:-1]
        except OSError:
            return []

    def children(self, name):
        """The processes that netd started by this name."""
        path = f"/proc/{self.netd.pid}/task/{self.netd.pid}/children"
        try:
            with open(path, encoding="ascii") as file:
                pids = file.read().split()
        except OSError:
            return []
        return [pid for pid in pids if self.words(pid)[:1] == [name]]

    def clocks(self):
        """The servers that ntpd in the machine was given."""
        for pid in self.children("ntpd"):
            words = self.words(pid)
            return [word for before, word in zip(words, words[1:])
                    if before == "-p"]
        return []

    def signal(self, name, number):
        for pid in self.children(name):
            os.kill(int(pid), number)

    def mount_data(self, path=None):
        if path:
            self.inside("mount", "--bind", path, self.path("data"))
        else:
            self.inside("mount", "-t", "tmpfs", "x", self.path("data"))

    def data(self, name):
        """A file of the data partition, as the machine sees it."""
        return f"/proc/{self.machine}/root{self.path('data', name)}"

    def read(self, name):
        try:
            with open(self.path("run/tare/net", name),
                      encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def state(self):
        lines = self.read("state").splitlines()
        return lines if lines and lines[-1] == "end" else []

    def says(self, pattern, limit_s=WAIT_LIMIT_S):
        """Wait until a line of the state file is this, as a pattern."""
        until(lambda: any(re.fullmatch(pattern, line)
                          for line in self.state()),
              f"'{pattern}' in state", limit_s)

    def shown(self):
        """What `tare net` makes of it; there are no workloads."""
        return json.loads(self.inside("chroot", self.root, "/bin/tare", "net",
                                      "--json", check=False))

    def silent_about(self, pattern):
        """Wait until no line of the state file is this."""
        until(lambda: not any(re.fullmatch(pattern, line)
                              for line in self.state()),
              f"'{pattern}' to leave state")

    def notes(self):
        try:
            with open(self.path("run/tare/notes"), encoding="ascii") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def has(self, what, *args):
        """Wait until "ip ARGS" shows the text."""
        until(lambda: what in self.ip(*args), f"'{what}' in ip {args}")

    def lacks(self, what, *args):
        until(lambda: what not in self.ip(*args),
              f"'{what}' to leave ip {args}")

    # ---- the end

    def logs(self):
        text = "".join(f"state: {line}\n" for line in self.state())
        for name in ("netd.log", "servers.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += file.read()[-4000:]
        return text + self.ip("address", check=False) + self.ip(
            "route", check=False)

    def clear(self):
        died = self.netd and self.netd in self.started and (
            self.netd.poll() is not None)
        for process in reversed(self.started):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder)
        return f"netd ended: {self.netd.returncode}" if died else ""


def run_test(function):
    """None when all is well, else the reason."""
    place = Place()
    reason = None
    try:
        function(place)
    except Failure as failure:
        reason = f"{failure}\n{place.logs()}"
    finally:
        died = place.clear()
    return reason or died or None


def main(names):
    """Run the registered tests whose names hold a word of names, as TAP."""
    if os.geteuid() != 0:
        print("1..1\nok 1 - network namespaces # SKIP needs root")
        return 0
    # whoever ends us gets the places cleared, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = [entry for entry in TESTS
              if not names or any(name in entry.name for name in names)]
    failures = 0
    print(f"1..{len(chosen)}", flush=True)
    for number, entry in enumerate(chosen, 1):
        start = time.monotonic()
        skip = reason = None
        try:
            reason = run_test(entry.function)
        except Skip as skipped:
            skip = str(skipped)
        failures += reason is not None
        seconds = time.monotonic() - start
        for line in (reason or "").splitlines():
            print("# " + line)
        print(f"{'not ok' if reason else 'ok'} {number} - {entry.name}"
              + (f" # SKIP {skip}" if skip else f" ({seconds:.1f} s)"),
              flush=True)
    return 1 if failures else 0


sys.dont_write_bytecode = True
