# SPDX-License-Identifier: MIT
"""bundle - OCI bundles as Docker makes them, and the runtimes that run them.

Shared by the tests of this folder and by tests/bench/oci.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "x86_64")
# what is tested: the path or the name of a program
RUNTIME = shutil.which(os.environ.get("OCI_RUNTIME") or
                       os.path.join(BUILD, "bin", "tare-oci"))
BUSYBOX = "/bin/busybox"
CGROUPS = "/sys/fs/cgroup"

APPLETS = ("sh cat ls id echo true false sleep grep mount umount mkdir mknod "
           "dd hostname ps kill stat touch unshare wc readlink od head tail "
           "rm ln chroot su env pwd seq sort tr sha256sum nc tty").split()

CAPABILITIES = ["CAP_" + name for name in (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP "
    "SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE").split()]
MASKED = ["/proc/" + name for name in (
    "acpi asound interrupts kcore keys latency_stats sched_debug scsi "
    "timer_list timer_stats").split()] + [
        "/sys/devices/virtual/powercap", "/sys/firmware"]
READONLY = ["/proc/" + name for name in "bus fs irq sys sysrq-trigger".split()]
NAMESPACES = "pid network ipc uts mount cgroup".split()

CLOSED = ["nosuid", "noexec", "nodev"]
MOUNTS = [
    ("/proc", "proc", "proc", CLOSED),
    ("/dev", "tmpfs", "tmpfs",
     ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/pts", "devpts", "devpts",
     ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
      "gid=5"]),
    ("/sys", "sysfs", "sysfs", CLOSED + ["ro"]),
    ("/sys/fs/cgroup", "cgroup", "cgroup", CLOSED + ["ro"]),
    ("/dev/mqueue", "mqueue", "mqueue", CLOSED),
    ("/dev/shm", "tmpfs", "shm", CLOSED + ["mode=1777", "size=67108864"]),
]


# A cgroup of our own is the root that all runtimes see: what one does to it, or
# leaves in it, goes with it. Mounts are shared among our own processes, as on
# most hosts, so that what leaks out is seen.
VIEW = """
set -e
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
own=/sys/fs/cgroup/tare-$$
mkdir $own
sh -c 'echo $$ >$0/cgroup.procs; exec unshare -mC "$@"' $own sh -c '
	umount /sys/fs/cgroup
	mount -t cgroup2 none /sys/fs/cgroup
	mkdir /sys/fs/cgroup/self
	echo $$ >/sys/fs/cgroup/self/cgroup.procs
	mount --make-rshared /
	exec "$@"' sh "$@" && status=0 || status=$?
echo 1 >$own/cgroup.kill
while grep -q "populated 1" $own/cgroup.events; do sleep 0.01; done
find $own -depth -type d -exec rmdir {} +
exit $status
"""


def enter_cgroup2():
    """Start this program again where there is cgroup v2 alone."""
    if os.geteuid() != 0:
        sys.exit("this needs root")
    if os.environ.get("TARE_OCI_VIEW"):
        return
    os.environ["TARE_OCI_VIEW"] = "1"
    os.execvp("unshare", ["unshare", "-m", "sh", "-c", VIEW, "sh",
                          sys.executable, *sys.argv])


def seccomp():
    """Docker's default profile: facts of moby's default.json, as data."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "seccomp.json")
    with open(path, encoding="ascii") as file:
        return json.load(file)


def compiled(profile):
    """The BPF program of a profile, as a binary tree, by libseccomp."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p

    class Compare(ctypes.Structure):
        _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                    ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]

    operators = ["", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]
    tokens = {"X86_64": 0xc000003e, "X86": 0x40000003, "X32": 0x4000003e}

    def action(rule):
        if rule["action"] == "SCMP_ACT_ALLOW":
            return 0x7fff0000
        return 0x00050000 | rule.get("errnoRet", 1)

    context = ctypes.c_void_p(lib.seccomp_init(
        0x00050000 | profile["defaultErrnoRet"]))
    lib.seccomp_attr_set(context, 8, 2)  # SCMP_FLTATR_CTL_OPTIMIZE: a tree
    for name in profile["architectures"]:
        lib.seccomp_arch_add(context, tokens[name.replace("SCMP_ARCH_", "")])
    for rule in profile["syscalls"]:
        compares = [Compare(arg["index"],
                            operators.index(arg["op"].replace("SCMP_CMP_", "")),
                            arg["value"], arg.get("valueTwo", 0))
                    for arg in rule.get("args", ())]
        for name in rule["names"]:
            number = lib.seccomp_syscall_resolve_name(name.encode())
            if number != -1:
                lib.seccomp_rule_add_array(
                    context, ctypes.c_uint32(action(rule)), number,
                    len(compares), (Compare * len(compares))(*compares))
    fd = os.memfd_create("filter")
    if lib.seccomp_export_bpf(context, fd) != 0:
        sys.exit("libseccomp did not compile the profile")
    lib.seccomp_release(context)
    with os.fdopen(fd, "rb") as file:
        file.seek(0)
        return file.read()


def config(args=("true",), cgroup="tare-test/box"):
    """config.json as Docker writes it, for a root that is read-only."""
    sets = {name: CAPABILITIES
            for name in ("bounding", "effective", "permitted")}
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/bin"],
            "cwd": "/",
            "capabilities": sets,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "box",
        "mounts": [{"destination": destination, "type": kind,
                    "source": source, "options": options}
                   for destination, kind, source, options in MOUNTS],
        "linux": {
            "namespaces": [{"type": name} for name in NAMESPACES],
            "cgroupsPath": "/" + cgroup,
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": MASKED,
            "readonlyPaths": READONLY,
            "seccomp": seccomp(),
        },
    }


def make_root(root):
    """A container root of a static busybox."""
    for name in "bin dev etc proc sys tmp root run".split():
        os.makedirs(os.path.join(root, name), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    shutil.copy(BUSYBOX, os.path.join(root, "bin", "busybox"))
    for name in APPLETS:
        os.symlink("busybox", os.path.join(root, "bin", name))
    for name, text in (("passwd", "root:x:0:0::/root:/bin/sh\n"),
                       ("group", "root:x:0:\n")):
        with open(os.path.join(root, "etc", name), "w",
                  encoding="ascii") as file:
            file.write(text)


def write(folder, content):
    with open(os.path.join(folder, "config.json"), "w",
              encoding="utf-8") as file:
        json.dump(content, file, indent=1)


# Debian's crun raises RLIMIT_MEMLOCK for the device program and gives up when
# it may not, which no kernel since 5.11 asks for.
PRELOAD = r"""
int setrlimit(int which, const void *limit);
int setrlimit64(int which, const void *limit);
int setrlimit(int which, const void *limit)
{ (void)which; (void)limit; return 0; }
int setrlimit64(int which, const void *limit)
{ (void)which; (void)limit; return 0; }
"""


def environment(runtime, folder):
    """What the runtime's environment must be here; crun needs a preload."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    if os.path.basename(runtime) == "crun":
        library = os.path.join(folder, "memlock.so")
        if not os.path.exists(library):
            subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, "-xc",
                            "-"], input=PRELOAD.encode(), check=True)
        env["LD_PRELOAD"] = library
    return env
