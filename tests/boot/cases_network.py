# SPDX-License-Identifier: MIT
"""Who reaches whom: names, networks, published ports, and their changes."""

import http.server
import json
import re
import threading
import time

from cases_survive import Echo, echo, kill_agent
from kit import case, config, need, service
from machine import PACE

GROUP = "/sys/fs/cgroup/workloads"
OUTSIDE = "10.0.2.2"  # QEMU's word for the loopback address of this host
MACHINE = "10.0.2.15"
METADATA = "169.254.169.254"
STAY = "exec sleep 100000"
REFUSED_S = 3  # a connection that takes longer is none


def pages(port=80, **more):
    """A service whose page is the name of the replica."""
    return service("mkdir /tmp/www; cat /etc/hostname >/tmp/www/index.html; "
                   f"exec httpd -f -p {port} -h /tmp/www", **more)


def process(machine, name):
    """Pid and start time of a workload's first process."""
    pid = machine.sh_until(
        f"head -n 1 {GROUP}/{name}@1/cgroup.procs | grep .").strip()
    stat = machine.sh(f"cat /proc/{pid}/stat")
    return int(pid), stat.rsplit(")", 1)[1].split()[19]


def within(machine, name, command):
    """What a command says in a container; (status, output)."""
    pid = process(machine, name)[0]
    return machine.sh(f"nsenter -t {pid} -m -u -i -n /bin/sh -c "
                      f"'export PATH=/bin; {command}'", 60, check=False)


def fetch(host, port=80, wget="busybox wget"):
    """A command that prints a page."""
    # its own -T ends in a fault
    return (f"busybox timeout {REFUSED_S} {wget} -O - http://{host}:{port}/ "
            "2>/dev/null")


def reaches(machine, name, host, port=80, page=None):
    """A workload gets a page: that of who is asked, by its name."""
    deadline = PACE.deadline(20)
    while True:  # a server may have started and not listen yet
        status, output = within(machine, name, fetch(host, port, "wget"))
        if status == 0 or time.monotonic() > deadline:
            break
    need(status == 0 and output.strip() == (page or host),
         f"{name} asks {host}:{port}: {status} {output!r}")


def blocked(machine, name, host, port=80):
    status, output = within(machine, name, fetch(host, port, "wget"))
    need(status != 0, f"{name} reaches {host}:{port}: {output!r}")


def look_up(machine, name, what, kind="a"):
    """The addresses that a workload finds for a name."""
    _, output = within(machine, name, f"busybox nslookup -type={kind} {what}")
    answer = output.partition("\n\n")[2]
    return re.findall(r"^Address(?: \d+)?: ([0-9a-f.:]+)$", answer, re.M)


def address(machine, name, interface="eth0", family="inet"):
    """The address of a workload's interface, that of the link left out."""
    _, output = within(machine, name,
                       f"busybox ip address show dev {interface} scope global")
    match = re.search(rf"{family} ([0-9a-f.:]+)/", output)
    need(match, f"{name} has no address: {output!r}")
    return match[1]


def reload(machine, text):
    """Another compose.yaml for a machine that runs; a mark before it."""
    mark = machine.mark()
    machine.sh("mount -o remount,rw /config && cat >/config/compose.yaml "
               f"<<'END'\n{text}END\nsync; kill -HUP $(pidof tare-agent)")
    machine.expect(r"tare: loading the config again", 20, mark)
    machine.ready(mark)
    return mark


def all_answer(machine, port, wanted, path="/"):
    """Ask until each has answered, and nobody else since the last change."""
    deadline = PACE.deadline(60)
    got = set()
    while got != wanted:
        need(time.monotonic() < deadline, f"{got} answer, not {wanted}")
        got.add(machine.get(port, path).strip())
        need(got <= wanted, f"{got} answer, not {wanted}")


def answer_only(machine, port, wanted, times=12):
    got = {machine.get(port).strip() for _ in range(times)}
    need(got <= wanted, f"{got} answer, not {wanted}")


class Outside:
    """A web server on this host, which the machine knows as OUTSIDE."""

    def __init__(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"outside\n")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


# the second card leads to where a cloud has its metadata: to this host
CLOUD = ["-netdev", f"user,id=cloud,net=169.254.169.0/24,host={METADATA},"
         "dhcpstart=169.254.169.15",
         "-device", "virtio-net-pci,netdev=cloud,romfile="]


@case("network-isolation", limit_s=240)
def network_isolation(t):
    """Names and connections end where networks do; ports are declared."""
    disk = t.disk(config({
        "left": pages(networks=["left"], ports=["8080:80"]),
        "right": pages(networks=["right"]),
        "both": pages(networks=["left", "right", "sealed"]),
        "sealed": pages(networks=["sealed"]),
        "cloudy": service(STAY, networks=["cloudy"]),
        "machine": pages(9000, network_mode="host"),
    }, networks={"left": {}, "right": {}, "sealed": {"internal": True},
                 "cloudy": {"driver_opts": {"metadata": "true"}}}))
    with Outside() as outside, t.boot(disk, debug=True, ports=[8080],
                                      qemu_args=CLOUD) as machine:
        need(machine.ready()[0] == 6, "not all run")
        need(machine.get(8080).strip() == "left", "not the page")
        reaches(machine, "left", "both")
        reaches(machine, "right", "both")
        reaches(machine, "both", "left")
        reaches(machine, "sealed", "both")
        for name, other in (("left", "right"), ("right", "left"),
                            ("left", "sealed"), ("sealed", "left")):
            need(not look_up(machine, name, other), f"{name} knows {other}")
            blocked(machine, name, address(machine, other))
        # the outside, but for networks that have none
        reaches(machine, "left", OUTSIDE, outside.port, "outside")
        reaches(machine, "both", OUTSIDE, outside.port, "outside")
        blocked(machine, "sealed", OUTSIDE, outside.port)
        # what a cloud keeps for the machine
        machine.sh_until(fetch(METADATA, outside.port), 60)
        blocked(machine, "left", METADATA, outside.port)
        reaches(machine, "cloudy", METADATA, outside.port, "outside")
        # the machine's own ports, by each of its addresses
        machine.sh_until(fetch("127.0.0.1", 9000))
        gateway = look_up(machine, "left", "left")[0].rsplit(".", 1)[0] + ".1"
        for host in (MACHINE, gateway):
            blocked(machine, "left", host, 9000)
        # a published port: from the machine, from others, from itself
        reaches(machine, "machine", "127.0.0.1", 8080, "left")
        for name in ("right", "both", "left"):
            reaches(machine, name, MACHINE, 8080, "left")


@case("network-replicas", limit_s=240)
def network_replicas(t):
    """Replicas share a port; some come, go and die, the others stay."""
    services = {
        "web": pages(ports=["8080:80"], deploy={"replicas": 3}, restart="no"),
        "echo": echo(), "asks": service(STAY),
    }
    disk = t.disk(config(services))
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        need(machine.ready()[0] == 5, "not all run")
        names = ["web", "web-2", "web-3"]
        all_answer(machine, 8080, set(names))
        need(len(look_up(machine, "asks", "tasks.web")) == 3,
             "not all replicas have an address")
        need(len(look_up(machine, "asks", "web")) == 1,
             "no address that they share")
        connection = Echo(machine.ports[8081])
        stay = {name: process(machine, name)
                for name in ("web", "web-2", "echo", "asks")}

        def check_stay(names):
            connection.call(b"still here\n")
            for name in names:
                need(process(machine, name) == stay[name],
                     f"{name} was started anew")

        services["web"]["deploy"]["replicas"] = 2
        mark = reload(machine, config(services))
        machine.expect(r"tare: web-3: (stopped|exited|was killed)", after=mark)
        answer_only(machine, 8080, {"web", "web-2"})
        check_stay(stay)
        services["web"]["deploy"]["replicas"] = 3
        mark = reload(machine, config(services))
        machine.expect(r"tare: web-3: running", after=mark)
        all_answer(machine, 8080, set(names))
        check_stay(stay)

        mark = machine.mark()
        machine.sh(f"kill -9 {stay['web-2'][0]}")
        machine.expect(r"tare: web-2: was killed by SIGKILL", after=mark)
        answer_only(machine, 8080, {"web", "web-3"})
        check_stay(("web", "echo", "asks"))


@case("network-health", limit_s=240)
def network_health(t):
    """Who is not healthy gets no connections; others wait until it is."""
    check = {"test": ["CMD", "test", "-e", "/tmp/well"], "interval": "1s",
             "timeout": "20s", "retries": 1, "start_period": "60s",
             "start_interval": "1s"}
    disk = t.disk(config({
        "web": service("mkdir /tmp/www; cat /etc/hostname "
                       ">/tmp/www/index.html; httpd -p 80 -h /tmp/www; "
                       "sleep 1; touch /tmp/well; " + STAY,
                       ports=["8080:80"], scale=2, healthcheck=check),
        "late": service(STAY, depends_on={
            "web": {"condition": "service_healthy"}})}))
    with t.boot(disk, debug=True, ports=[8080]) as machine:
        machine.ready()
        text = machine.console.text
        late = text.index("tare: late: running")
        for name in ("web", "web-2"):
            need(text.find(f"tare: {name}: healthy") in range(late),
                 f"late did not wait for {name}")
        all_answer(machine, 8080, {"web", "web-2"})
        mark = machine.mark()
        within(machine, "web-2", "busybox mv /tmp/well /tmp/away")
        machine.expect(r"tare: web-2: unhealthy", after=mark)
        answer_only(machine, 8080, {"web"})
        for line in ("^web  *default  *1 of 2  *172", "^web-2  *default  *runs",
                     "^web  *default  *serves"):
            machine.sh_until(f"/bin/tare net | grep '{line}'")
        within(machine, "web-2", "busybox mv /tmp/away /tmp/well")
        machine.expect(r"tare: web-2: healthy", after=mark)
        all_answer(machine, 8080, {"web", "web-2"})
        machine.refuse(r"tare: web(-2)?: (running|exited)", mark)


@case("network-agent-killed", limit_s=240)
def network_agent_killed(t):
    """Without the agent rules, names and connections are as they were."""
    disk = t.disk(config({
        "web": pages(ports=["8080:80"], scale=2), "echo": echo(),
        "asks": service(STAY), "apart": pages(networks=["apart"]),
    }, networks={"apart": {}}))
    names = ("web", "web-2", "echo", "asks", "apart")
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        need(machine.ready()[0] == 5, "not all run")
        before = {name: process(machine, name) for name in names}
        apart = address(machine, "apart")
        shared = look_up(machine, "asks", "web")
        connection = Echo(machine.ports[8081])

        def check():
            connection.call(b"still here\n")
            all_answer(machine, 8080, {"web", "web-2"})
            need(look_up(machine, "asks", "web") == shared,
                 "the name has another address, or none")
            blocked(machine, "asks", apart)

        mark = machine.mark()
        agent = machine.sh("pidof tare-agent").strip()
        machine.sh(f"kill -STOP {agent}")
        check()
        machine.sh(f"kill -9 {agent}")
        connection.call(b"still here\n")
        machine.expect(r"tare: took over 5 running", 30, mark)
        check()
        kill_agent(machine)
        # the name server comes back, too
        machine.sh("kill -9 $(pidof tare-dns)")
        machine.sh_until("pidof tare-dns")
        check()
        for name in names:
            need(process(machine, name) == before[name],
                 f"{name} is another process than before")
        machine.refuse(r"tare: [a-z0-9-]+: (running|exited|found)", mark)


@case("network-ipv6", limit_s=180)
def network_ipv6(t):
    """A network with IPv6: addresses of the machine's own, names, ports."""
    services = {"web": pages(ports=["8080:80"]), "asks": service(STAY)}
    disk = t.disk(config(services, networks={
        "default": {"enable_ipv6": True}}))
    with t.boot(disk, debug=True, ports=[8080]) as machine:
        machine.ready()
        own = address(machine, "web", family="inet6")
        need(own.startswith("fd"), f"{own} is no unique local address")
        found = look_up(machine, "asks", "web", "aaaa")
        need(found == [own], f"the name has {found}, not {own}")
        need(look_up(machine, "asks", "web") == [address(machine, "web")],
             "the name has not the address of IPv4")
        reaches(machine, "asks", f"[{own}]", page="web")
        outer = machine.sh_until("ip -6 address show dev eth0 scope site | "
                                 "sed -n 's,.*inet6 \\(.*\\)/.*,\\1,p' | "
                                 "grep .").strip()
        need("web" in machine.sh(fetch("[::1]", 8080)),
             "no answer from the machine at ::1")
        # once the address is no longer on trial
        machine.sh_until(fetch(f"[{outer}]", 8080) + " | grep web", 30)
        reaches(machine, "asks", f"[{outer}]", 8080, "web")
        need(machine.get(8080).strip() == "web", "not the page by IPv4")
        mark = machine.mark()
        kill_agent(machine)
        need(address(machine, "web", family="inet6") == own, "another one")
        machine.refuse(r"tare: web: running", mark)


@case("network-modes", limit_s=240)
def network_modes(t):
    """network_mode, hostname, aliases, links, dns and extra_hosts."""
    disk = t.disk(config({
        "web": pages(hostname="page", networks={
            "default": {"aliases": ["www", "shop.example"]}}),
        "none": service(STAY, network_mode="none"),
        "host": pages(9000, network_mode="host", ports=["9000:9000"]),
        "guest": service(STAY, network_mode="service:web"),
        "asks": service(STAY, links=["web:friend"], extra_hosts=[
            "printer=192.0.2.9", "machine=host-gateway"]),
        "far": service(STAY, dns=[OUTSIDE], dns_search=["corp.example"],
                       dns_opt=["ndots:2"]),
    }))
    with t.boot(disk, debug=True, ports=[9000]) as machine:
        need(machine.ready()[0] == 6, "not all run")
        for name in ("web", "www", "shop.example", "friend"):
            reaches(machine, "asks", name, page="page")
        need(look_up(machine, "host", "web") == [], "the machine knows web")
        links = within(machine, "none", "busybox ip -o link")[1]
        need(len(links.splitlines()) == 1 and "lo:" in links,
             f"without a network: {links}")
        need(machine.get(9000).strip() == "host", "not the machine's page")
        need("eth0" in within(machine, "host", "busybox ip -o link")[1],
             "not the machine's network")
        spaces = {name: machine.sh("readlink /proc/"
                                   f"{process(machine, name)[0]}/ns/net")
                  for name in ("web", "guest", "asks")}
        need(spaces["web"] == spaces["guest"] != spaces["asks"],
             f"the networks are {spaces}")
        reaches(machine, "guest", "127.0.0.1", page="page")
        hosts = within(machine, "asks", "cat /etc/hosts")[1]
        resolv = within(machine, "far", "cat /etc/resolv.conf")[1]
        gateway = re.search(r"nameserver (\S+)", resolv)[1]
        for line in ("192.0.2.9\tprinter", f"{gateway}\tmachine",
                     f"{address(machine, 'asks')}\tasks"):
            need(line in hosts, f"no {line!r} in {hosts}")
        for line in ("search corp.example", "options ndots:2"):
            need(line in resolv, f"no {line!r} in {resolv}")


@case("network-live", limit_s=180)
def network_live(t):
    """Ports and networks come and go, and only what they are of changes."""
    services = {"web": pages(ports=["8080:80"]), "echo": echo()}
    disk = t.disk(config(services))
    with t.boot(disk, debug=True, ports=[8080, 8081, 8082]) as machine:
        machine.ready()
        before = {name: process(machine, name) for name in services}
        connection = Echo(machine.ports[8081])
        need(machine.get(8080).strip() == "web", "not the page")

        def check():
            connection.call(b"still here\n")
            for name, own in before.items():
                need(process(machine, name) == own, f"{name} started anew")

        services["web"]["ports"] = ["8080:80", "8082:80"]
        reload(machine, config(services))
        need(machine.get(8082).strip() == "web", "the new port has no page")
        check()
        services["web"]["ports"] = ["8082:80"]
        reload(machine, config(services))
        need(machine.get(8082).strip() == "web", "the port has no page")
        need(machine.sh(fetch(MACHINE, 8080), check=False)[0] != 0,
             "the old port leads there yet")
        check()
        # a service in a network of its own comes and goes
        services["other"] = pages(networks=["other"], ports=["8080:80"])
        reload(machine, config(services, networks={"other": {}}))
        need(machine.get(8080).strip() == "other", "not the other's page")
        check()
        del services["other"]
        mark = reload(machine, config(services))
        machine.expect(r"tare: other: (stopped|exited|was killed)", after=mark)
        machine.sh_until("test $(ls /sys/class/net | grep -c ^tb) = 1")
        check()
        # a network comes to a service that runs, changes places, and goes
        services["deep"] = pages(networks=["deep"])
        services["echo"]["networks"] = ["default", "deep"]
        mark = reload(machine, config(services, networks={"deep": {}}))
        machine.expect(r"tare: echo: is in other networks now", 1, mark)
        check()
        reaches(machine, "echo", "deep")
        need(look_up(machine, "deep", "echo") ==
             [address(machine, "echo", "eth1")], "not where its name says")
        before["deep"] = process(machine, "deep")
        services["echo"]["networks"] = {"deep": {},
                                        "default": {"gw_priority": 1}}
        reload(machine, config(services, networks={"deep": {}}))
        check()
        reaches(machine, "echo", "deep")
        need(look_up(machine, "deep", "echo") ==
             [address(machine, "echo", "eth0")], "not where its name says")
        need("default via" in within(machine, "echo", "busybox ip route "
                                     "show dev eth1")[1], "no way out")
        deep = address(machine, "deep")
        own = address(machine, "echo", "eth1")
        need(own in within(machine, "echo", "cat /etc/hosts")[1],
             "not in its hosts")
        services["echo"]["networks"] = ["default"]
        reload(machine, config(services, networks={"deep": {}}))
        check()
        need(address(machine, "echo") == own, "another address")
        need(not look_up(machine, "echo", "deep"), "it knows the network yet")
        need(not look_up(machine, "deep", "echo"), "it is known there yet")
        blocked(machine, "echo", deep)
        need(machine.sh("ls /sys/class/net | grep -c ^tv").strip() == "3",
             "not a link each")
        machine.refuse(r"tare: (web|echo): (running|stopping)", mark)


OFFLOADED = "/bin/tare net --json | grep -o '\"connections_offloaded\":%d'"


def until_offloaded(machine, connection):
    """Its next packets put it there, once the flow table before has gone."""
    deadline = PACE.deadline(30)
    while machine.sh(OFFLOADED % 1, check=False)[0] != 0:
        need(time.monotonic() < deadline, "the connection is not offloaded")
        connection.call(b"again\n")


@case("network-fastpath", limit_s=180)
def network_fastpath(t):
    """TCP goes by the flow table, whatever rules come; its end is seen."""
    services = {"web": pages(ports=["8080:80"]), "echo": echo(),
                "asks": service(STAY, networks=["other"])}
    disk = t.disk(config(services, networks={"other": {}}))
    with t.boot(disk, debug=True, ports=[8080, 8081]) as machine:
        machine.ready()
        before = process(machine, "echo")
        connection = Echo(machine.ports[8081])
        until_offloaded(machine, connection)
        for size in (1, 1000, 100000):
            connection.call(b"x" * size + b"\n")
        # other rules: it is on its way again with its next packet
        services["web"]["ports"] = ["8080:80", "8082:80"]
        reload(machine, config(services, networks={"other": {}}))
        until_offloaded(machine, connection)
        # from one network into another, by the machine's address
        reaches(machine, "asks", MACHINE, 8080, "web")
        # the agent's death changes nothing, and what has ended is gone
        kill_agent(machine)
        connection.call(b"and here\n")
        connection.socket.close()
        machine.sh_until(OFFLOADED % 0)
        need(process(machine, "echo") == before, "echo started anew")
        connection = Echo(machine.ports[8081])
        connection.socket.close()


LINKS = {
    "eth0": {"address": "dhcp"},
    "eth0.7": {"vlan": {"parent": "eth0", "id": 7},
               "address": "198.51.100.7/24"},
    "bond0": {"bond": {"mode": "active-backup", "members": ["eth1"]},
              "address": "203.0.113.2/24", "mtu": 1400,
              "routes": [{"to": "192.0.2.0/24", "via": "203.0.113.1"}]},
    "eth7.9": {"vlan": {"parent": "eth7", "id": 9}},
    "wg0": {"wireguard": {"port": 51820, "peers": [{
        "public_key": "jM7JKAw2iBGVKVCGbtZ7YcWcoEP2yn0+LBLY2oXDsx8=",
        "allowed_ips": ["10.9.0.2/32"]}]}, "address": "10.9.0.1/24"},
}
LINK_STATE = (r"address eth0 10\.0\.2\.15/24 dhcp",
              r"address eth0\.7 198\.51\.100\.7/24 static",
              r"address bond0 203\.0\.113\.2/24 static",
              r"address wg0 10\.9\.0\.1/24 static",
              r"key wg0 [A-Za-z0-9+/]{43}=",
              "waits eth7.9 eth7")


@case("network-host", limit_s=240)
def network_host(t):
    """A VLAN, a bond and WireGuard as the config wants them; keys stay."""
    document = json.loads(config({"web": pages(ports=["8080:80"])}))
    document["host"]["network"] = LINKS
    disk = t.disk(json.dumps(document))
    keys = []
    for _ in range(2):
        with t.boot(disk, debug=True, ports=[8080],
                    qemu_args=CLOUD) as machine:
            machine.ready()
            for line in LINK_STATE:
                machine.sh_until(
                    f"grep -E '^{line}' /run/tare/net/state", 60)
            need(machine.get(8080).strip() == "web", "not the page")
            links = machine.sh("ip link show bond0; ip link show eth0.7")
            need("mtu 1400" in links and "eth0.7@eth0" in links, links)
            machine.sh("grep eth1 /sys/class/net/bond0/bonding/slaves")
            need("via 203.0.113.1 dev bond0" in machine.sh("ip route"),
                 "the route is missing")
            shown = machine.sh("/bin/tare net")
            need("bond0" in shown and "waits for eth7" in shown, shown)
            said = machine.sh("grep -E 'waits for|somebody' "
                              "/run/tare/notes")
            need(said == "net: eth7.9 waits for the interface eth7, which is "
                 "not there\n", said)
            # the lower layer of a VLAN is down with its parent's carrier
            machine.qmp("set_link", name="net", up=False)
            machine.sh_until("grep '^link eth0.7 up no-carrier' "
                             "/run/tare/net/state")
            keys.append(machine.sh("grep '^key' /run/tare/net/state"))
            machine.sh("poweroff", check=False)
            machine.wait_end(30)
    need(keys[0] == keys[1], "another key after a restart")
