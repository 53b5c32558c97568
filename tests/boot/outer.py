# SPDX-License-Identifier: MIT
"""outer - a host beside the machine, in a network namespace, with servers.

The machine's card is a tap device of this host, so all that the machine says
is there: Debian's dnsmasq gives it an address, bind answers its questions,
tcpdump keeps the frames. Wants root.
"""

import contextlib
import ctypes
import fcntl
import http.client
import http.server
import itertools
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

import wire
from disk import call
from kit import Skip, need
from machine import PACE

ADDRESS, NAMES = "192.0.2.1", "192.0.2.53"
POOL = "192.0.2.50,192.0.2.59,1h"
PAGES = 8000
SILENCE_S = 4  # who has not answered by then does not
TAP, MAC = "tap0", "52:54:00:00:00:fe"
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
PROGRAMS = ("ip", "dnsmasq", "named", "tcpdump")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NAMED = """options { directory "%(folder)s"; pid-file none; recursion no;
 session-keyfile none; listen-on { %(names)s; }; listen-on-v6 { none; };
 allow-transfer { none; }; };
controls { };
zone "corp.example" { type primary; file "zone"; };
"""
NUMBERS = itertools.count()
libc = ctypes.CDLL(None, use_errno=True)


def wants():
    if os.geteuid() != 0:
        raise Skip("needs root, for a network namespace")
    if not os.path.exists("/dev/net/tun"):
        raise Skip("this host has no /dev/net/tun")
    for program in PROGRAMS:
        if not shutil.which(program, path=PATH):
            raise Skip(f"needs {program}")


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"outer\n")

    def log_message(self, *_):
        pass


class Clock:
    """A server of time (RFC 5905) that is ahead by some seconds."""

    SINCE_1900 = 2208988800
    PORT = 123

    def __init__(self, ahead_s):
        self.ahead_s = ahead_s
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ADDRESS, self.PORT))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def now(self):
        return time.time() + self.ahead_s

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(100)
            if not client:
                return  # it was shut down
            stamp = int((self.now() + self.SINCE_1900) * 2**32)
            self.socket.sendto(
                struct.pack("!BBbbII4sQ8sQQ", 4 << 3 | 4, 1, 4, -20, 0, 0,
                            b"TEST", stamp, question[40:48], stamp, stamp),
                client)

    def close(self):
        with contextlib.suppress(OSError):  # it is connected to nobody
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


class Outer:
    """Use as a context. zone: lines of a zone file of corp.example; options:
    more of them for DHCP."""

    def __init__(self, zone=(), options=()):
        wants()
        self.name = f"tare-{os.getpid()}-outer{next(NUMBERS)}"
        self.started = {}  # by the program's name
        self.closed = contextlib.ExitStack()
        try:
            self.make()
            self.start_servers(zone, options)
        except BaseException:
            self.closed.close()
            raise

    def make(self):
        self.folder = tempfile.mkdtemp(prefix="tare-outer-")
        self.closed.callback(shutil.rmtree, self.folder, ignore_errors=True)
        call(["ip", "netns", "add", self.name])
        self.closed.callback(call, ["ip", "netns", "delete", self.name])
        self.home = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        self.closed.callback(os.close, self.home)
        self.tap = self.make_tap()
        self.closed.callback(self.end_all)
        for words in (f"address add {ADDRESS}/24 dev {TAP}",
                      f"address add {NAMES}/24 dev {TAP}",
                      f"link set {TAP} address {MAC}", "link set lo up",
                      f"link set {TAP} up"):
            self.ip(*words.split())

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace."""
        with open("/proc/thread-self/ns/net", "rb") as back:
            need(libc.setns(self.home, CLONE_NEWNET) == 0, "setns")
            try:
                yield
            finally:
                libc.setns(back.fileno(), CLONE_NEWNET)

    def make_tap(self):
        with self.entered():
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(tap, TUNSETIFF, struct.pack(
                "16sH22x", TAP.encode(), IFF_TAP | IFF_NO_PI))
        self.closed.callback(os.close, tap)
        return tap

    def ip(self, *words):
        return call(["ip", "-n", self.name, *words])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def start(self, *command):
        log = open(self.path(command[0] + ".log"), "wb")
        self.started[command[0]] = subprocess.Popen(
            ["ip", "netns", "exec", self.name, *command], stdout=log,
            stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def end(self, program):
        process = self.started.pop(program)
        process.terminate()
        process.wait()

    def end_all(self):
        for program in list(self.started):
            self.end(program)

    def log(self, program):
        with open(self.path(program + ".log"), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def start_servers(self, zone, options):
        self.write("zone", "\n".join((
            f"$TTL 60\n@ SOA {NAMES}. x. 1 60 60 60 60\n@ NS ns\n"
            f"ns A {NAMES}\nouter A {ADDRESS}", *zone, "")))
        self.write("named.conf", NAMED % {"folder": self.folder,
                                          "names": NAMES})
        self.start("tcpdump", "-i", TAP, "--immediate-mode", "-U", "-w",
                   self.path("pcap"), "-Z", "root", "-s", "0", "-n")
        self.start("named", "-g", "-c", self.path("named.conf"), "-n", "1")
        self.start_dhcp(options)
        for program, word in (("tcpdump", "listening on"),
                              ("named", " running\n")):
            self.until(lambda program=program, word=word:
                       word in self.log(program), f"{program} to start")
        with self.entered():
            server = http.server.ThreadingHTTPServer(("", PAGES), Page)
        self.closed.callback(server.server_close)
        self.closed.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def start_dhcp(self, options=()):
        self.start("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
                   "--port=0", "--user=root", "--log-facility=-",
                   "--bind-interfaces", f"--interface={TAP}", "--pid-file=",
                   "--dhcp-authoritative", "--no-ping",
                   f"--dhcp-range={POOL}",
                   f"--dhcp-leasefile={self.path('leases')}",
                   *(f"--dhcp-option=option:{option}" for option in (
                       f"router,{ADDRESS}", f"dns-server,{NAMES}", *options)))
        self.until(lambda: "started" in self.log("dnsmasq"), "dnsmasq")

    def clock(self, ahead_s):
        """A server of time here, which ends with this host."""
        with self.entered():
            clock = Clock(ahead_s)
        self.closed.callback(clock.close)
        return clock

    @staticmethod
    def until(condition, what, nominal_s=20):
        deadline = PACE.deadline(nominal_s)
        while not condition():
            need(time.monotonic() < deadline, f"waited for {what}")
            time.sleep(0.02)

    def card(self, mac):
        """QEMU arguments; its descriptor has to be handed on."""
        return ["-netdev", f"tap,id={TAP},fd={self.tap}", "-device",
                f"virtio-net-pci,netdev={TAP},mac={mac},romfile="]

    def lease(self, mac):
        """The address that dnsmasq gave to a card, or None."""
        if os.path.exists(self.path("leases")):
            with open(self.path("leases"), encoding="ascii") as file:
                for line in file:
                    if line.split()[1] == mac:
                        return line.split()[2]
        return None

    def get(self, url, source=""):
        """The body of a page, asked for by this host, from one of its
        addresses; "" when there is none."""
        place = urllib.parse.urlsplit(url)
        page = http.client.HTTPConnection(
            place.hostname, place.port, SILENCE_S, (source, 0))
        with self.entered(), contextlib.closing(page):
            try:
                page.request("GET", place.path)
                return page.getresponse().read().decode()
            except (OSError, http.client.HTTPException):
                return ""

    def frames(self):
        with open(self.path("pcap"), "rb") as file:
            return list(wire.frames(file.read()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed.close()
