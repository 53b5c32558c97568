# SPDX-License-Identifier: MIT
"""A machine and the servers of a network, by what leaves the machine."""

import ipaddress
import json
import time

import outer
import wire
from cases_network import (STAY, address, blocked, fetch, look_up, pages,
                           process, reaches, reload, within)
from cases_survive import Echo, echo
from kit import case, config, need, service
from machine import PACE

MAC = "52:54:00:00:00:01"
OWN_IPV6 = "fe80::5054:ff:fe00:1"
DAY_S = 86400
METADATA = "169.254.169.254"
LONG = 100  # addresses: more than a datagram has room for, with EDNS too
LONG_ADDRESSES = "198.51.100."
ZONE = [f"long A {LONG_ADDRESSES}{number}" for number in range(1, LONG + 1)]


def dns_name(name):
    """As it is in a DNS message."""
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


def ask_by_tcp(machine, name, what):
    """How many answers a workload gets by TCP."""
    server = address(machine, name).rsplit(".", 1)[0] + ".1"
    query = (b"\0\1\1\0\0\1\0\0\0\0\0\0" + dns_name(what) + b"\0\1\0\1")
    query = len(query).to_bytes(2, "big") + query
    octal = "".join(f"\\\\{byte:03o}" for byte in query)
    _, text = within(machine, name, f"printf {octal} | nc {server} 53 | "
                     "head -c 10 | busybox od -An -v -tx1")
    answer = text.split()
    need(len(answer) == 10, f"no answer by TCP: {text!r}")
    return int(answer[8] + answer[9], 16)


def leaked(frame, lease):
    """Why a frame should not have left the machine, or None."""
    if frame.mac != MAC:
        return "another card"
    if frame.kind == wire.IPV6:
        return (None if frame.source in ("::", OWN_IPV6)
                else "an address of IPv6")
    if frame.kind not in (wire.IPV4, wire.ARP):
        return "a kind of frame"
    if frame.source not in ("0.0.0.0", lease):
        return "a source address"
    if frame.kind == wire.ARP and ipaddress.ip_address(
            frame.target) not in ipaddress.ip_network("192.0.2.0/24"):
        return "a question for a neighbour"
    if frame.target == METADATA:
        return "a question for credentials"
    for name in ("web", "sealed.corp.example", "in-addr.arpa"):
        if 53 in frame.ports and dns_name(name) in frame.load:
            return f"the name {name}"
    return None


def judge_frames(host, lease):
    every = host.frames()
    sent = [frame for frame in every if frame.mac != outer.MAC]
    for frame in sent:
        why = leaked(frame, lease)
        need(not why, f"{why} left the machine: {frame}")
    for what in (lambda frame: frame.kind == wire.ARP,
                 lambda frame: frame.ports == (68, 67),
                 lambda frame: frame.protocol == wire.UDP and
                 frame.target == outer.ADDRESS and frame.ports[1] == 53):
        need(any(map(what, sent)), "not all that should leave left")
    need(any(frame.protocol == wire.UDP and frame.ports[0] == 53 and
             frame.load[2] & 2 and dns_name("long.corp.example") in frame.load
             for frame in every), "no answer was truncated")
    need(any(frame.protocol == wire.TCP and frame.ports[1] == 53 and
             dns_name("long.corp.example") in frame.load for frame in sent),
         "nothing was asked by TCP")


def lose_carrier(machine, host, lease):
    """The cable is pulled: the lease stays, and is asked for again."""
    asked = host.log("dnsmasq").count("DHCPREQUEST")
    machine.qmp("set_link", name=outer.TAP, up=False)
    machine.sh_until("grep '^link eth0 up no-carrier' /run/tare/net/state")
    need(f"inet {lease}/24" in machine.sh("ip address show dev eth0"),
         "the address went with the carrier")
    machine.qmp("set_link", name=outer.TAP, up=True)
    host.until(lambda: host.log("dnsmasq").count("DHCPREQUEST") > asked,
               "a question for the lease")
    need(host.lease(MAC) == lease, "another lease")


@case("network-servers", limit_s=240)
def network_servers(t):
    """dnsmasq and bind serve a machine; only what may leave it leaves."""
    disk = t.disk(config({
        "web": pages(ports=["8080:80"]), "asks": service(STAY),
        "sealed": service(STAY, networks=["sealed"]),
    }, networks={"sealed": {"internal": True}}))
    with outer.Outer(ZONE) as host, \
            t.boot(disk, debug=True, qemu_args=host.card(MAC),
                   options=("--net", "none"),
                   descriptors=(host.tap,)) as machine:
        host.ip("route", "add", "local", LONG_ADDRESSES + "0/24", "dev", "lo")
        machine.ready()
        machine.sh_until(r"grep '^address eth0 192\.0\.2\.5./24 dhcp' "
                         "/run/tare/net/state", 60)
        lease = host.lease(MAC)
        need(lease, "dnsmasq knows no lease")
        # a published port, from a host that is a neighbour
        host.until(lambda: host.get(f"http://{lease}:8080/") == "web\n",
                   "the page")
        # names of the network, short and long answers
        reaches(machine, "asks", "outer.corp.example", outer.PAGES, "outer")
        reaches(machine, "asks", "long.corp.example", outer.PAGES, "outer")
        need(ask_by_tcp(machine, "asks", "long.corp.example") == LONG,
             "the answer by TCP is not whole")
        lose_carrier(machine, host, lease)
        reaches(machine, "asks", outer.ADDRESS, outer.PAGES, "outer")
        # what has to stay inside
        reaches(machine, "asks", "web")
        need(look_up(machine, "asks", "tasks.web"), "no address of web")
        within(machine, "asks", "busybox nslookup "
               + address(machine, "web"))
        within(machine, "asks", fetch(METADATA, wget="wget"))
        within(machine, "asks",
               f"busybox nslookup x.example {outer.ADDRESS}")
        blocked(machine, "sealed", outer.ADDRESS, outer.PAGES)
        need(not look_up(machine, "sealed", "sealed.corp.example"),
             "a sealed network knows names of the outside")
        # the last that is seen, so that all before was seen, too
        within(machine, "asks", f"busybox ping -c 1 -W 3 {outer.ADDRESS}")
        host.until(lambda: any(frame.protocol == wire.ICMP
                               for frame in host.frames()), "the ping")
        judge_frames(host, lease)


@case("network-undone", limit_s=240)
def network_undone(t):
    """A config that loses the network is undone, and the console says so."""
    services = {"web": pages(ports=["8080:80"]), "echo": echo()}
    document = json.loads(config(services))
    disk = t.disk(json.dumps(document))
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        machine.ready()
        need(machine.get(8080) == "web\n", "not the page")
        before = process(machine, "web")
        machine.sh_until("grep '^gateway eth0' /run/tare/net/state")
        document["host"]["network"] = {"eth0": {
            "address": "203.0.113.5/24", "gateway": "203.0.113.1"}}
        mark = reload(machine, json.dumps(document) + "\n")
        machine.sh_until(r"grep '^address eth0 203\.0\.113\.5/24 static' "
                         "/run/tare/net/state")
        machine.refuse("lost the network", mark)
        lost = machine.expect(
            r"^tare: net: the config of \d\d:\d\d lost the network "
            r"\(gateway\), the one before is back$", 60, mark)
        # QEMU asks a machine without an address for long, and in vain
        machine.expect(r"^tare: address: eth0 10\.0\.2\.15/24", 20,
                       lost.end())
        need(machine.get(8080) == "web\n", "not the page")
        Echo(machine.ports[8081]).call(b"here again\n")
        need(process(machine, "web") == before, "web was started anew")
        need("is back" in machine.sh("/bin/tare net"), "tare net is silent")


def check_time(machine, clock):
    """Wait until the machine has the time of a server."""
    deadline = PACE.deadline(60)
    while abs(int(machine.sh("date +%s")) - clock.now()) > 10:
        need(time.monotonic() < deadline, "the time of the server is not set")
        machine.sh("usleep 200000")


@case("network-time", limit_s=240)
def network_time(t):
    """The clock leaps to the time of DHCP's server, and workloads stay."""
    check = {"test": ["CMD", "test", "-e", "/tmp/www"], "interval": "1s", "timeout": "20s",
             "retries": 1}
    disk = t.disk(config({"web": pages(ports=["8080:80"], healthcheck=check),
                          "echo": echo()}))
    with outer.Outer(options=[f"ntp-server,{outer.ADDRESS}"]) as host, \
            t.boot(disk, debug=True, options=("--net", "none"),
                   qemu_args=[*host.card(MAC), "-rtc", "base=2021-01-01"],
                   descriptors=(host.tap,)) as machine:
        machine.expect("tare: clock: the machine's clock is before the system "
                       "was built")
        machine.ready()
        before = {name: process(machine, name) for name in ("web", "echo")}
        machine.expect("tare: web: healthy")
        mark = machine.mark()
        clock = host.clock(10 * DAY_S)
        check_time(machine, clock)
        clock.ahead_s = -10 * DAY_S
        machine.sh("kill $(pidof ntpd)")  # the next one is in a hurry again
        check_time(machine, clock)
        lease = host.lease(MAC)
        need(host.get(f"http://{lease}:8080/") == "web\n", "not the page")
        for name, own in before.items():
            need(process(machine, name) == own, f"{name} was started anew")
        machine.refuse("tare: (web|echo):", mark)
        need(f"address eth0 {lease}/24 dhcp" in
             machine.sh("cat /run/tare/net/state"), "the lease is gone")
        # and health is looked at, as before
        within(machine, "web", "busybox mv /tmp/www /tmp/away")
        machine.expect("tare: web: unhealthy", after=mark)


@case("network-lease-kept", limit_s=240)
def network_lease_kept(t):
    """A machine that starts while its server is silent keeps its address."""
    disk = t.disk(config({"web": pages(ports=["8080:80"])}))
    with outer.Outer() as host:
        for is_silent in (False, True):
            with t.boot(disk, debug=True, options=("--net", "none"),
                        qemu_args=host.card(MAC),
                        descriptors=(host.tap,)) as machine:
                machine.ready()
                if is_silent:
                    machine.expect("tare: net: .*no DHCP server answers")
                machine.sh_until("grep '^lease eth0' /run/tare/net/state")
                state = machine.sh("grep '^lease' /run/tare/net/state").split()
                need(state[2] == host.lease(MAC) and
                     (state[-1] == "kept") == is_silent, f"{state}")
                host.until(lambda: host.get(f"http://{host.lease(MAC)}:8080/"),
                           "the page")
                if is_silent:
                    host.start_dhcp()
                    machine.sh_until("grep '^lease eth0 .* 3600$' "
                                     "/run/tare/net/state", 60)
                else:
                    host.end("dnsmasq")
                machine.sh("poweroff", check=False)
                machine.wait_end(30)
