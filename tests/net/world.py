# SPDX-License-Identifier: MIT
"""world - a machine with bridges and workloads, and what is outside of it.

Network namespaces: one is the machine, one the outside, each workload has its
own. A socket stays in the namespace in which it was made, so this process has
sockets in all of them. `keeper` (keeper.c) applies topologies in the machine.

    outside 192.0.2.2 ---- 192.0.2.1 machine
                               tb1 172.20.1.1 ---- workloads 172.20.1.x
"""

import collections
import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
AGENT = os.path.join(HERE, "..", "..", "agent")
NAMES = ("net/balance net/conntrack net/nft net/nft_diff net/nft_field "
         "net/nft_rule "
         "net/ruleset net/ruleset_bridge net/ruleset_fastpath "
         "net/ruleset_inet net/ruleset_sets "
         "lib/address lib/arena lib/error lib/fd lib/hash lib/netlink "
         "lib/text").split()
CLONE_NEWNET = 0x40000000
ANSWER_S = 5.0   # of what must come
SILENCE_S = 0.3  # of what must not
ETH_P_ALL = 3

TESTS = []
Entry = collections.namedtuple("Entry", "name function")
libc = ctypes.CDLL(None, use_errno=True)


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


def run(*args, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          **more)
    need(done.returncode == 0, f"{' '.join(args)}: {done.stdout.strip()}")
    return done.stdout


def build_keeper(folder):
    """TARE_BUILT: a folder where it is already, as where there is no gcc."""
    path = os.path.join(os.environ.get("TARE_BUILT", folder), "keeper")
    if os.path.exists(path):
        return path
    run("gcc", "-std=c11", "-D_GNU_SOURCE", "-O1", "-g",
        *os.environ.get("KEEPER_CFLAGS", "-fsanitize=address,undefined "
                        "-fno-sanitize-recover=all").split(),
        f"-I{AGENT}", "-o", path, os.path.join(HERE, "keeper.c"),
        *(os.path.join(AGENT, name + ".c") for name in NAMES))
    return path


class Place:
    """A network namespace."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.fd = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link set lo up")

    def ip(self, *lines):
        run("ip", "-n", self.name, "-batch", "-", input="\n".join(lines))

    def set(self, path, value):
        path = "/proc/sys/net/" + path
        with self.entered():
            if os.path.exists(path):
                with open(path, "w", encoding="ascii") as file:
                    file.write(str(value))

    @contextlib.contextmanager
    def entered(self):
        """This thread is in it. /proc/sys/net is that of its opener."""
        with open("/proc/thread-self/ns/net", "rb") as home:
            need(libc.setns(self.fd, CLONE_NEWNET) == 0, "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def socket(self, *args):
        with self.entered():
            made = socket.socket(*args)
        made.settimeout(ANSWER_S)
        return made

    def run(self, *args, **more):
        return run("ip", "netns", "exec", self.name, *args, **more)

    def remove(self):
        os.close(self.fd)
        run("ip", "netns", "delete", self.name)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Servers:
    """Says to everybody who asks which server it is and who asked."""

    def __init__(self):
        self.names = {}
        self.kept = []
        self.poller = select.epoll()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def add(self, place, name, address, port, kind=socket.SOCK_STREAM):
        made = place.socket(family_of(address), kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen(64)
        self.names[made.fileno()] = (made, name)
        self.poller.register(made.fileno(), select.EPOLLIN)
        return made

    def serve(self):
        while True:
            for fd, _ in self.poller.poll():
                self.answer(*self.names[fd])

    def answer(self, server, name):
        try:
            if server.type == socket.SOCK_DGRAM:
                _, peer = server.recvfrom(2048)
                server.sendto(f"{name} {peer[0]}".encode(), peer)
            elif name is None:
                server.sendall(server.recv(2048))
            else:
                client, peer = server.accept()
                self.names[client.fileno()] = (client, None)
                client.sendall(f"{name} {peer[0]}".encode())
                self.poller.register(client.fileno(), select.EPOLLIN)
        except OSError:
            if name is None:
                self.poller.unregister(server.fileno())


class World:
    def __init__(self):
        # so that what was made is removed, too, when time is up
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        self.folder = tempfile.mkdtemp(prefix="tare-net-")
        self.places = {}
        self.servers = Servers()
        self.mark = os.getpid()
        self.networks = []
        self.endpoints = []

    def begin(self):
        self.keeper = build_keeper(self.folder)
        self.machine = self.place("machine")
        self.outside = self.place("outside")
        self.join_outside()

    def place(self, name):
        made = self.places[name] = Place(f"tare-{self.mark}-{name}")
        made.set("ipv6/conf/all/accept_dad", 0)
        made.set("ipv6/conf/default/accept_dad", 0)
        return made

    def join_outside(self):
        self.machine.set("ipv4/ip_forward", 1)
        self.machine.set("ipv6/conf/all/forwarding", 1)
        # a test asks more often in a second than anybody else
        self.machine.set("ipv4/icmp_ratelimit", 0)
        self.machine.set("ipv6/icmp/ratelimit", 0)
        for name in ("iptables", "ip6tables", "arptables"):
            self.machine.set(f"bridge/bridge-nf-call-{name}", 0)
        self.machine.ip(
            f"link add up0 type veth peer name eth0 netns {self.outside.name}",
            "link set up0 up", "addr add 192.0.2.1/24 dev up0",
            "addr add 2001:db8::1/64 dev up0 nodad",
            "route add default via 192.0.2.2",
            "route add default via 2001:db8::2")
        self.outside.ip(
            "link set eth0 up", "addr add 192.0.2.2/24 dev eth0",
            "addr add 192.0.2.3/24 dev eth0",
            "addr add 2001:db8::2/64 dev eth0 nodad",
            "addr add 169.254.169.254/32 dev lo",
            "addr add fd00:ec2::254/128 dev lo nodad",
            # somebody who tries to get in
            "route add 172.20.0.0/16 via 192.0.2.1",
            "route add fd00::/16 via 2001:db8::1")

    def network(self, *flags):
        """The next: tbN, 172.20.N.0/24, fd00:N::/64. Its number from 1."""
        n = len(self.networks) + 1
        self.machine.ip(
            f"link add tb{n} type bridge", f"link set tb{n} up",
            f"addr add 172.20.{n}.1/24 dev tb{n}",
            f"addr add fd00:{n}::1/64 dev tb{n} nodad",
            # what route_localnet is for IPv4
            f"route add local ::1 dev tb{n} table local metric {2000 + n}")
        self.machine.set(f"ipv4/conf/tb{n}/route_localnet", 1)
        self.machine.set(f"ipv4/conf/tb{n}/send_redirects", 0)
        self.networks.append(
            f"network tb{n} 172.20.{n}.0/24 172.20.{n}.1 fd00:{n}::/64 "
            f"fd00:{n}::1 {' '.join(flags)}")
        return n

    def workload(self, name, n):
        """A container in network n; the number of its endpoint."""
        i = len(self.endpoints)
        host = 10 + i
        place = self.place(name)
        mac = f"02:42:ac:14:{n:02x}:{host:02x}"
        self.machine.ip(
            f"link add tv{i} type veth peer name eth0 netns {place.name}",
            f"link set tv{i} master tb{n}", f"link set tv{i} up")
        place.ip(
            f"link set eth0 address {mac}", "link set eth0 up",
            f"addr add 172.20.{n}.{host}/24 dev eth0",
            f"addr add fd00:{n}::{host}/64 dev eth0 nodad",
            f"route add default via 172.20.{n}.1",
            f"route add default via fd00:{n}::1")
        place.address4, place.address6 = (f"172.20.{n}.{host}",
                                          f"fd00:{n}::{host}")
        place.mac, place.number, place.link = mac, i, f"tv{i}"
        self.endpoints.append(
            f"endpoint {n - 1} tv{i} {mac} {place.address4} {place.address6}")
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            for address in ("0.0.0.0", "::"):
                self.servers.add(place, name, address, 8080, kind)
        return place

    def topology(self, *lines, idle=(), name="topology"):
        """Networks, workloads and these; idle: places that do not serve."""
        not_serving = {place.number for place in idle}
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(
                self.networks +
                [line + ("" if i in not_serving else " serving")
                 for i, line in enumerate(self.endpoints)] +
                list(lines)) + "\n")
        return path

    def apply(self, *lines, **more):
        self.keep("apply", self.topology(*lines, **more))

    def keep(self, *args):
        return self.machine.run(self.keeper, *args)

    def clear(self):
        for place in self.places.values():
            place.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


def ask(place, address, port, kind="tcp", source=None, limit_s=ANSWER_S):
    """What the server says; "refused" or "silent"."""
    stream = kind == "tcp"
    with place.socket(family_of(address), socket.SOCK_STREAM if stream
                      else socket.SOCK_DGRAM) as client:
        client.settimeout(limit_s)
        if source:
            client.bind((source, 0))
        try:
            client.connect((address, port))
            if not stream:
                client.send(b"who?")
            return client.recv(2048).decode() or "nothing"
        except ConnectionRefusedError:
            return "refused"
        except (TimeoutError, OSError) as problem:
            return "silent" if isinstance(problem, TimeoutError) else str(
                problem)


def answers(place, address, port, name, kind="tcp", source=None):
    """It is that server; returns who it saw."""
    said = ask(place, address, port, kind, source)
    need(said.split()[0] == name,
         f"{place.name} asks {kind} {address} {port}: {said}, not {name}")
    return said.split()[-1]


def silent(place, address, port, kind="tcp", source=None):
    said = ask(place, address, port, kind, source, SILENCE_S)
    need(said == "silent",
         f"{place.name} asks {kind} {address} {port}: {said}")


def complainer(place, host, port):
    """Who says that nothing listens there: the sender of an ICMP error."""
    is_6 = ":" in host
    asking = place.socket(socket.AF_INET6 if is_6 else socket.AF_INET,
                          socket.SOCK_DGRAM)
    # IPV6_RECVERR and IP_RECVERR, linux/in6.h and linux/in.h
    asking.setsockopt(socket.IPPROTO_IPV6 if is_6 else socket.IPPROTO_IP,
                      25 if is_6 else 11, 1)
    asking.settimeout(ANSWER_S)
    asking.connect((host, port))
    asking.send(b"?")
    try:
        asking.recv(1)
    except ConnectionRefusedError:
        pass
    error = asking.recvmsg(1, 512, socket.MSG_ERRQUEUE)[1][0][2]
    asking.close()
    # struct sock_extended_err, then the sender as a socket address
    return socket.inet_ntop(socket.AF_INET6, error[24:40]) if is_6 else (
        socket.inet_ntop(socket.AF_INET, error[20:24]))


def refused(place, address, port, kind="tcp", source=None):
    said = ask(place, address, port, kind, source)
    need(said == "refused",
         f"{place.name} asks {kind} {address} {port}: {said}")


class Tap:
    """Frames in and out of a link, as they are."""

    def __init__(self, place, link="eth0"):
        self.socket = place.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                   socket.htons(ETH_P_ALL))
        self.socket.bind((link, ETH_P_ALL))

    def send(self, frame):
        self.socket.send(frame)

    def sees(self, word, limit_s):
        """Whether a frame that comes in holds these bytes."""
        end = time.monotonic() + limit_s
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                frame, address = self.socket.recvfrom(4096)
            except TimeoutError:
                return False
            if address[2] != socket.PACKET_OUTGOING and word in frame:
                return True

    def close(self):
        self.socket.close()


def say(number, name, problem):
    if problem:
        for line in str(problem).splitlines():
            print("#", line)
        print(f"not ok {number} - {name}", flush=True)
    else:
        print(f"ok {number} - {name}", flush=True)


def run_one(number, entry, world):
    problem = ""
    name = entry.name
    try:
        entry.function(world)
    except Skip as skip:
        name += f" # SKIP {skip}"
    except Exception as failure:  # whatever it was, the next one goes on
        problem = f"{type(failure).__name__}: {failure}"
    say(number, entry.name if problem else name, problem)
    return not problem


def main(make_world):
    """All tests of the script, or those whose names hold an argument."""
    missing = [tool for tool in ("ip", "nft", "gcc")
               if not shutil.which(tool)]
    if os.geteuid() != 0 or missing:
        print("1..1\nok 1 - all # SKIP needs root and", *missing)
        return 0
    chosen = [entry for entry in TESTS
              if not sys.argv[1:] or
              any(word in entry.name for word in sys.argv[1:])]
    world = World()
    try:
        world.begin()
        make_world(world)
        good = [run_one(number, entry, world)
                for number, entry in enumerate(chosen, 1)]
    finally:
        world.clear()
    print(f"1..{len(chosen)}")
    return 0 if good and all(good) else 1
