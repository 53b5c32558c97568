# SPDX-License-Identifier: MIT
"""net_vm - the measurements of bench-net, once more inside the machine.

The debug OS file is booted with this folder, python and the tools of this host
on a disk. They are copied to memory and run there in a root of their own, so
the kernel, its configuration and its sysctls are the machine's, and all else is
as it is natively.

The guest's clock is virtual (-icount shift=0): each instruction takes 1 ns, and
a wait for a timer no time of the host (sleep=off). Nothing waits for a disk or
for anything outside meanwhile, so what else the host does changes no figure,
and a few rounds are enough. A second of the guest is one in which a processor
executes 1,000,000,000 instructions, of whatever kind: ratios are what counts.
"""

import glob
import os
import re
import shutil
import subprocess
import types

import figures
import disk as disks
import net_web
import world as kit
from kit import Case

PARTS = ("packets", "throughput", "requests", "killed", "apply", "attach",
         "dns")
ROUNDS = 2
TOOLS = ("env", "ip", "iperf3", "nft", "python3", "ss", "wrk")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
UNUSED = ("test", "config-*", "ensurepip", "idlelib", "lib2to3", "tkinter",
          "turtledemo")
OURS = ("tests/bench", "tests/net", "tests/boot")
BUILT = ("bench/net_attach", "bin/tare-dns")
LIBRARY = re.compile(r"(/\S+) \(0x")
MOUNTS = ("mount -t tmpfs -o size=80% x /var",
          "mount -t ext4 -o ro /dev/vda /config", "cp -a /config/. /var",
          "umount /config", "mount -t proc x /var/proc",
          "mount -t sysfs x /var/sys", "mount --bind /dev /var/dev")
FIGURE = re.compile(r"^figure (\S+) (\S+) (\S+)(?: bar <= (\S+) \S+)?$", re.M)


class Tree:
    """The root that the measurements run in, as a folder of this host."""

    def __init__(self, path):
        self.path = path
        for folder in ("dev", "proc", "run/netns", "sys", "tmp", "built"):
            os.makedirs(self.inside(folder))

    def inside(self, path):
        return os.path.join(self.path, path.lstrip("/"))

    def add(self, source, path=None):
        target = self.inside(path or source)
        if os.path.exists(target):
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)

    def add_program(self, source, path=None):
        """With all that it is linked with, at the same places."""
        self.add(source, path)
        said = subprocess.run(["ldd", source], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True,
                              check=False).stdout  # static ones: nothing
        for library in LIBRARY.findall(said):
            self.add(library)

    def add_modules(self):
        """Those of the distribution's python."""
        version = os.path.basename(os.path.realpath("/usr/bin/python3"))
        modules = "/usr/lib/" + version
        shutil.copytree(modules, self.inside(modules),
                        ignore=shutil.ignore_patterns(*UNUSED))
        for module in glob.glob(modules + "/lib-dynload/*.so"):
            self.add_program(module)

    def add_ours(self):
        for folder in OURS:
            shutil.copytree(os.path.join(figures.TOP, folder),
                            self.inside("top/" + folder))
        for name in BUILT:
            self.add(os.path.join(figures.BUILD, name),
                     "top/build/x86_64/" + name)

    def build(self):
        """What natively is compiled when it is needed."""
        built = types.SimpleNamespace(folder=self.inside("built"))
        kit.build_keeper(built.folder)
        for name in ("net_blast", "net_http", "dns_load"):
            net_web.built(built, name)
        net_web.built(built, "net_proxy", "-pthread")


def make_disk(folder):
    tree = Tree(os.path.join(folder, "tree"))
    for tool in TOOLS:
        tree.add_program(shutil.which(tool, path=PATH), "/usr/bin/" + tool)
    tree.add_modules()
    tree.add_ours()
    tree.build()
    disk = os.path.join(folder, "tools.img")
    subprocess.run([disks.tool("mke2fs"), "-q", "-t", "ext4", "-d", tree.path,
                    disk, "512M"], check=True)
    return disk


def run(machine, parts, rounds):
    """The figures that the guest's bench-net prints."""
    for command in MOUNTS:
        machine.sh(command, 120)
    status, said = machine.sh(
        "chroot /var /usr/bin/env -i PATH=/usr/bin TARE_BUILT=/built "
        f"python3 /top/tests/bench/net --rounds {rounds} {' '.join(parts)}",
        3600, check=False)
    found = FIGURE.findall(said)
    kit.need(found and status in (0, 1), f"in the guest: {status}, {said}")
    return found


def measure(parts, rounds, out):
    figures.must_exist(disks.DEBUG_OSFILE)
    folder = os.path.join(figures.BUILD, "bench", "net_vm")
    shutil.rmtree(folder, ignore_errors=True)
    case = Case("vm", folder)
    disk = make_disk(case.work)
    with case.boot(None, debug=True, memory=1024,
                   options=["--net", "none", "--drive", disk],
                   qemu_args=["-icount", "shift=0,sleep=off"]) as machine:
        for name, value, unit, bar in run(machine, parts or PARTS,
                                          rounds or ROUNDS):
            out.add("vm-" + name, float(value), unit,
                    float(bar) if bar else None)
    case.close(keep=False)
