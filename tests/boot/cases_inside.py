# SPDX-License-Identifier: MIT
"""What a neighbour of a machine reaches, and what `tare net` sees of it."""

import concurrent.futures
import json

import outer
import wire
from cases_network import address, pages, process, reload
from cases_outer import MAC
from disk import call
from kit import case, config, need


def gateway_of(machine, name):
    return address(machine, name).rsplit(".", 1)[0] + ".1"


def dump(machine, host, name):
    """What tare net dump writes of a page that a neighbour gets."""
    path = "/run/dumped"
    machine.sh(f"/bin/tare net dump -c 8 --port 80 -o {path} {name} & "
               f"while [ ! -s {path} ]; do usleep 20000; done")
    need(host.get(f"http://{host.lease(MAC)}:8080/") == name + "\n",
         "not the page")
    return list(wire.frames(bytes.fromhex("".join(
        machine.sh(f"wait; od -An -v -tx1 {path}").split()))))


@case("network-tools", limit_s=180)
def network_tools(t):
    """tare net: ping, trace, dns and dump, without a shell, in a machine."""
    disk = t.disk(config({"web": pages(ports=["8080:80"])}))
    with outer.Outer() as host, \
            t.boot(disk, debug=True, options=("--net", "none"),
                   qemu_args=host.card(MAC),
                   descriptors=(host.tap,)) as machine:
        machine.ready()
        machine.sh_until("grep '^gateway eth0' /run/tare/net/state")
        for words, wanted in (
                (f"ping -c 2 {outer.ADDRESS}", "2 sent, 2 answered"),
                ("ping -c 1 outer.corp.example", "1 sent, 1 answered"),
                ("ping -c 1 web", "1 sent, 1 answered"),
                (f"trace {outer.ADDRESS}", "reached at hop 1"),
                ("dns outer.corp.example A", f"A  {outer.ADDRESS}"),
                ("dns -W 10 web", f"A  {address(machine, 'web')}\n"),
                ("dns outer.corp.example A --network default",
                 f"from {gateway_of(machine, 'web')} (network default)"),
                ("dns wbe", "is called 'wbe', did you mean 'web'?")):
            _, said = machine.sh("/bin/tare net " + words, check=False)
            need(wanted in said, f"tare net {words}: {said}")
        packets = dump(machine, host, "web")
        client = (outer.ADDRESS, address(machine, "web"))
        need({(frame.source, frame.target) for frame in packets} ==
             {client, client[::-1]}, f"dump wrote {packets}")
        need(any(b"GET / " in frame.load for frame in packets),
             "not what was asked for")


OPEN = [{"from": "192.0.2.0/24", "port": 9001, "protocol": "tcp"}]
FAR = "198.51.100.9"  # of the neighbour, in no subnet of the machine


def answering(host, places):
    """Which of the places (host:port, source) have a page for a neighbour."""
    with concurrent.futures.ThreadPoolExecutor(len(places)) as pool:
        got = pool.map(lambda place: host.get(f"http://{place[0]}/", place[1]),
                       places)
        return {place for place, page in zip(places, got) if page}


@case("network-closed", limit_s=180)
def network_closed(t):
    """What is not declared is not even answered, for a neighbour that tries."""
    document = json.loads(config({
        "web": pages(ports=["8080:80"]), "quiet": pages(),
        "own": pages(ports=["127.0.0.1:8081:80"]),
        "machine": pages(9000, network_mode="host"),
        "allowed": pages(9001, network_mode="host")}))
    document["host"]["firewall"] = OPEN
    disk = t.disk(json.dumps(document))
    with outer.Outer() as host, \
            t.boot(disk, debug=True, options=("--net", "none"),
                   qemu_args=host.card(MAC),
                   descriptors=(host.tap,)) as machine:
        need(machine.ready()[0] == 5, "not all run")
        machine.sh_until("grep '^gateway eth0' /run/tare/net/state")
        lease = host.lease(MAC)
        inner, gateway = address(machine, "quiet"), gateway_of(machine, "quiet")
        for place in (inner, gateway):
            host.ip("route", "add", place + "/32", "via", lease)
        host.ip("address", "add", FAR + "/32", "dev", "lo")
        web, allowed = f"{lease}:8080", (f"{lease}:9001", "")
        always = {(web, ""), (web, FAR)}
        closed = {(allowed[0], FAR), *((f"{place}:{port}", source) for
                  source in ("", FAR) for place, port in (
                      (lease, 22), (lease, 53), (lease, 80), (lease, 8081),
                      (lease, 9000), (inner, 80), (gateway, 53),
                      (gateway, 9000)))}
        host.until(lambda: answering(host, [*always, allowed]) ==
                   {*always, allowed}, "the pages")
        got = answering(host, [*always, allowed, *closed])
        need(got == {*always, allowed}, f"there is an answer from {got}")
        call(["ip", "netns", "exec", host.name, "ping", "-c", "1", "-W", "5",
              lease])
        document["host"]["firewall"] = []
        before = process(machine, "allowed")
        reload(machine, json.dumps(document) + "\n")
        host.until(lambda: not answering(host, [allowed]), "a closed port")
        need(answering(host, [*always, allowed, *closed]) == always,
             "not what is published")
        need(process(machine, "allowed") == before, "it was started anew")
        # not even a refusal left the machine
        ports = {frame.ports[0] for frame in host.frames()
                 if frame.mac == MAC and frame.protocol == wire.TCP}
        need(ports == {8080, 9001}, f"the ports {ports} have answered")
