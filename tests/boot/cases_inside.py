# SPDX-License-Identifier: MIT
"""What a neighbour of a machine reaches, and what `tare net` sees of it."""

import outer
import wire
from cases_network import address, pages
from cases_outer import MAC
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
                (f"dns -W 10 web @{gateway_of(machine, 'web')}", "refuses")):
            _, said = machine.sh("/bin/tare net " + words, check=False)
            need(wanted in said, f"tare net {words}: {said}")
        packets = dump(machine, host, "web")
        client = (outer.ADDRESS, address(machine, "web"))
        need({(frame.source, frame.target) for frame in packets} ==
             {client, client[::-1]}, f"dump wrote {packets}")
        need(any(b"GET / " in frame.load for frame in packets),
             "not what was asked for")
