# SPDX-License-Identifier: MIT
"""What a workload is kept apart by, and what it shares when the config says so."""

from kit import PAGE, case, config, need, service, web

GROUP = "/sys/fs/cgroup/workloads"
OUT = "/data/volumes/out"
LIMIT = 65536


def says(script, **more):
    """A service that writes what the script says into /out, once, and stays."""
    more.setdefault("volumes", []).append("out:/out")
    return service(f"( {script}\n) >/out/.$SERVICE 2>&1; "
                   "mv /out/.$SERVICE /out/$SERVICE; exec sleep 100000", **more)


def named(services):
    for name, entry in services.items():
        entry.setdefault("environment", {})["SERVICE"] = name
    return services


def words(machine, name):
    """What a service has said, as a dict of its lines "key value"."""
    text = machine.sh_until(f"cat {OUT}/{name}", 60)
    return dict((line.split(" ", 1) + [""])[:2] for line in text.splitlines())


def pid(machine, name, group=""):
    """The first process of a service, as the machine counts."""
    return machine.sh_until(
        f"head -n 1 {GROUP}/{group}{name}@1/cgroup.procs | grep .").strip()


def uid_map(machine, name):
    return machine.sh(f"cat /proc/{pid(machine, name)}/uid_map").split()


def same(got, wanted, what):
    need(got == wanted, f"{what}: {got!r}, not {wanted!r}")


@case("users", limit_s=180)
def users(t):
    """Every workload has ids of its own; files on disk have those inside."""
    disk = t.disk(config(named({
        "first": says("echo owner $(stat -c %u:%g /etc/hosts /bin/busybox /out)"
                      "; echo file >/file; chown 7:8 /file; "
                      "echo root $(stat -c %u /); echo page >/data/page; "
                      "chown 1000:1001 /data/page; : >/data/mine; "
                      "echo copied $(stat -c %u:%g /data/page)",
                      volumes=["data:/data"]),
        "second": says("echo data $(stat -c %u:%g /data/page /data/mine)",
                       volumes=["data:/data"], depends_on=["first"],
                       user="1000:1001"),
        "host": says("echo users $(cat /proc/self/uid_map)",
                     userns_mode="host"),
        "strong": says("echo users $(cat /proc/self/uid_map)",
                       privileged=True),
        "low": web(80),
    }), volumes={"out": {}, "data": {}}))
    with t.boot(disk, debug=True, ports=[80]) as machine:
        same(machine.ready()[0], 5, "services that run")
        need(PAGE in machine.get(80), "no port 80 for a root of its own")
        maps = {name: uid_map(machine, name) for name in ("first", "second")}
        for name, entry in maps.items():
            same((entry[0], int(entry[1]) % LIMIT, entry[2]),
                 ("0", 0, str(LIMIT)), f"the users of {name}")
            need(int(entry[1]) >= 16 * LIMIT, f"{name} has ids of the machine")
        need(maps["first"][1] != maps["second"][1], "two have the same ids")
        for name in ("host", "strong"):
            same(uid_map(machine, name), ["0", "0", "4294967295"], name)
        first, second = pid(machine, "first"), pid(machine, "second")
        same(machine.sh(f"stat -c %u /proc/{first}").strip(),
             maps["first"][1], "who the first is on the machine")
        same(machine.sh(f"stat -c %u /proc/{second}").strip(),
             str(int(maps["second"][1]) + 1000), "who the second is")
        same(words(machine, "first")["owner"], "0:0 0:0 0:0", "owners inside")
        same(words(machine, "first")["root"], "0", "owner of / inside")
        same(words(machine, "first")["copied"], "1000:1001", "changed owner")
        same(machine.sh("stat -c %u:%g /data/volumes/data/page "
                        "/data/volumes/data/mine").split(),
             ["1000:1001", "0:0"], "owners on disk")
        same(machine.sh("stat -c %u:%g /data/containers/first/upper/file")
             .strip(), "7:8", "owner in the upper layer")
        machine.power_button()
        machine.wait_end(15)
    disk.check_clean()


@case("limits", limit_s=180)
def limits(t):
    """Each limit of the config is in the file of the cgroup that holds it."""
    disk = t.disk(config({
        "all": service(
            "exec sleep 100000", mem_limit="64m", mem_reservation="32m",
            memswap_limit="128m", cpu_shares=512, cpu_quota=50000,
            cpu_period=200000, cpuset="0", pids_limit=99, oom_score_adj=-500,
            blkio_config={
                "weight": 300,
                "device_read_bps": [{"path": "/dev/vda", "rate": "12mb"}],
                "device_write_bps": [{"path": "/dev/vda", "rate": "1024k"}],
                "device_read_iops": [{"path": "/dev/vda", "rate": 120}],
                "device_write_iops": [{"path": "/dev/vda", "rate": 30}]}),
        "deploy": service("exec sleep 100000", deploy={"resources": {
            "limits": {"cpus": "1.5", "memory": "48M", "pids": 7}}}),
        "none": service("exec sleep 100000", pids_limit=-1),
        "usual": service("exec sleep 100000", cgroup_parent="/shop/front"),
        "gone": service("exec sleep 100000", devices=["/dev/nothing"]),
    }))
    wanted = {
        "all": {"memory.max": "67108864", "memory.low": "33554432",
                "cpu.max": "50000 200000", "cpuset.cpus": "0",
                "pids.max": "99"},
        "deploy": {"memory.max": "50331648", "cpu.max": "150000 100000",
                   "pids.max": "7"},
        "none": {"pids.max": "max"},
        "shop/front/usual": {"pids.max": "1024"},
    }
    with t.boot(disk, debug=True) as machine:
        machine.expect(r"tare: gone: .*'/dev/nothing': this machine has none")
        machine.sh_until(f"test -d {GROUP}/shop/front/usual@1")
        for name, files in wanted.items():
            pid(machine, name)
            for file, value in files.items():
                same(machine.sh(f"cat {GROUP}/{name}@1/{file}").strip(), value,
                     f"{file} of {name}")
        same(machine.sh(f"cat {GROUP}/all@1/io.weight").split(),
             ["default", "2930"], "io.weight, of 1 to 10000")
        io_max = machine.sh(f"cat {GROUP}/all@1/io.max")
        for part in ("rbps=12582912", "wbps=1048576", "riops=120", "wiops=30"):
            need(part in io_max, f"no {part} in io.max: {io_max}")
        weight = int(machine.sh(f"cat {GROUP}/all@1/cpu.weight"))
        need(10 < weight < 100, f"half the usual share is {weight}")
        same(machine.sh(f"cat /proc/{pid(machine, 'all')}/oom_score_adj")
             .strip(), "-500", "oom_score_adj")
        usual = int(machine.sh(f"cat {GROUP}/shop/front/usual@1/memory.max"))
        need(100 << 20 < usual < 256 << 20, f"the usual limit is {usual}")


# allows all but what makes a folder
PROFILE = """{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
  {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
"""


@case("sandbox", limit_s=240)
def sandbox(t):
    """Keys that change what a workload has and sees, from the inside."""
    disk = t.disk(config(named({
        "own": says(
            "echo msgmax $(cat /proc/sys/kernel/msgmax); "
            "echo files $(ulimit -n) $(ulimit -Hn); echo core $(ulimit -c); "
            "echo shm $(df -k /dev/shm | tail -n 1 | awk '{print $2}'); "
            "echo groups $(id -G); touch /x && echo wrote yes; "
            "echo tmp $(stat -c %u:%g:%a /tmp); "
            "echo -n x | dd of=/dev/pretty count=1 bs=1 2>/dev/null && "
            "echo device yes; echo first $(tr '\\0' ' ' </proc/1/cmdline); "
            "echo kept >/dev/shm/note; test -p /proc/self/fd/0 || echo in null; "
            "sh -c 'sleep 0 & exec true'; sleep 1; "
            "echo zombies $(grep -l 'State:.Z' /proc/[0-9]*/status | wc -l)",
            init=True, sysctls={"kernel.msgmax": 12345}, shm_size="3m",
            ulimits={"core": 4096, "nofile": {"soft": 100, "hard": 200}},
            group_add=[1234], read_only=True,
            tmpfs=["/tmp:uid=33,gid=34,mode=0751,size=1m"],
            devices=["/dev/null:/dev/pretty:w"]),
        "usual": says(
            "echo msgmax $(cat /proc/sys/kernel/msgmax); "
            "echo first $(head -c 2 /proc/1/cmdline); "
            "mkdir /folder && echo folder yes; "
            "unshare -U true 2>/dev/null || echo nested no"),
        "filtered": says("mkdir /folder || echo folder no",
                         security_opt=["seccomp=./profile.json"]),
        "guest": says(
            "echo sees $(ls -d /proc/[0-9]* | wc -l) "
            "$(tr '\\0' ' ' </proc/1/cmdline); kill -0 1 && echo may yes; "
            "echo users $(cat /proc/self/uid_map); "
            "until test -s /dev/shm/note; do usleep 10000; done; "
            "echo note $(cat /dev/shm/note); "
            "echo msgmax $(cat /proc/sys/kernel/msgmax)",
            pid="service:own", ipc="service:own"),
        "all": says("echo sees $(tr '\\0' ' ' </proc/1/cmdline)", pid="host"),
        "terminal": says("test -t 0 && echo tty yes; "
                         "echo said >/dev/console", tty=True),
        "input": says("test -p /proc/self/fd/0 && echo pipe yes",
                      stdin_open=True),
    }), volumes={"out": {}}), files={"profile.json": PROFILE})
    with t.boot(disk, debug=True) as machine:
        machine.ready()
        own = words(machine, "own")
        same({key: own.get(key) for key in (
            "msgmax", "files", "core", "shm", "groups", "wrote", "tmp",
            "device", "zombies", "in")}, {
                "msgmax": "12345", "files": "100 200", "core": "8",
                "shm": "3072", "groups": "0 1234", "wrote": None,
                "tmp": "33:34:751", "device": "yes", "zombies": "0",
                "in": "null"},
             "what the service has")
        need(own["first"].startswith("/sbin/reaper sh -c"), f"{own['first']}")
        usual = words(machine, "usual")
        need(usual["msgmax"] != "12345", "a sysctl of one is that of another")
        same((usual["first"], usual.get("folder"), usual.get("nested")),
             ("sh", "yes", "no"), "a usual service")
        same(words(machine, "filtered")["folder"], "no", "the profile's rule")
        guest = words(machine, "guest")
        need(guest["sees"].split(" ", 1)[1].startswith("/sbin/reaper"),
             f"the guest sees {guest['sees']}")
        same((guest.get("may"), guest["note"], guest["msgmax"]),
             ("yes", "kept", "12345"), "what the guest shares")
        same(guest["users"].split(), uid_map(machine, "own"),
             "users of the guest")
        need("init" in words(machine, "all")["sees"], "not the machine's")
        same(words(machine, "terminal"), {"tty": "yes"}, "a terminal")
        machine.sh_until("grep -q said /data/log/terminal/* /data/log/terminal*")
        same(words(machine, "input"), {"pipe": "yes"}, "an open input")


@case("sharing", limit_s=180)
def sharing(t):
    """Who shares with a service ends with it, and comes back after it."""
    stay = "exec sleep 100000"
    disk = t.disk(config({
        "guest": service(stay, pid="service:owner", ipc="service:owner"),
        "owner": service(stay, init=True),
        "other": service(stay)}))
    with t.boot(disk, debug=True) as machine:
        same(machine.ready()[0], 3, "services that run")

        def look(kind):
            return [machine.sh(f"readlink /proc/{pid(machine, name)}/ns/{kind}")
                    for name in ("owner", "guest", "other")]

        def check():
            for kind in ("pid", "ipc", "user"):
                owner, guest, other = look(kind)
                same(guest, owner, f"the guest's {kind} namespace")
                need(owner != other, f"all share one {kind} namespace")
            for kind in ("mnt", "uts", "cgroup"):
                need(len(set(look(kind))) == 3, f"some share {kind}")

        check()
        ids = uid_map(machine, "other")
        old = [pid(machine, name) for name in ("owner", "guest", "other")]
        mark = machine.mark()
        machine.sh(f"kill -9 {old[0]}")
        machine.expect(r"tare: guest: was killed by SIGKILL", 30, mark)
        for name in ("owner", "guest"):
            machine.expect(f"tare: {name}: running", 60, mark)
        check()
        new = [pid(machine, name) for name in ("owner", "guest", "other")]
        need(old[0] != new[0] and old[1] != new[1], "nobody was started anew")
        same((new[2], uid_map(machine, "other")), (old[2], ids), "the other")
