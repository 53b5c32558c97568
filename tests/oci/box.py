# SPDX-License-Identifier: MIT
"""box - what a test of a runtime is made with: registration, containers, TAP.

A test is a function with a Box, which is a bundle in a folder of its own, a
folder "outside" in which nothing may ever appear, and a way to call the
runtime. When a test ends, its containers are ended, and the host's mounts and
"outside" must be as they were. Any runtime can be tried: OCI_RUNTIME=crun.
"""

import array
import collections
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import bundle

TESTS = []
Entry = collections.namedtuple("Entry", "name function")
Result = collections.namedtuple("Result", "status text")
CGROUP = "tare-test"
CALL_LIMIT_S = 20
WAIT_LIMIT_S = 10
NO_DEV = {"/dev", "/dev/pts", "/dev/mqueue", "/dev/shm"}


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


def until(condition, what):
    """Ask until it is true; an event that nobody tells about."""
    limit = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        if time.monotonic() > limit:
            raise Failure(f"waited {WAIT_LIMIT_S} s for {what}")
        time.sleep(0.005)


def attack_program():
    """attack.c, compiled once."""
    path = os.path.join(tempfile.gettempdir(),
                        f"tare-attack-{os.getuid()}-{os.getpid()}")
    if not os.path.exists(path):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "attack.c")
        subprocess.run(["gcc", "-O2", "-static", "-D_GNU_SOURCE", "-Wall",
                        "-o", path, source], check=True)
    return path


def host_mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return file.read()


# What a container that got out, or a config, could change of the host.
SETTINGS = ["/proc/sys/" + name for name in (
    "kernel/core_pattern", "kernel/hostname", "kernel/modprobe",
    "vm/swappiness", "net/ipv4/ip_forward", "net/ipv4/ping_group_range")]


def host_settings():
    values = {}
    for path in SETTINGS:
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                values[path] = file.read()
    return values


def restore_settings(wanted):
    """Sets back what is not as wanted; the names of it."""
    wrong = [path for path, value in host_settings().items()
             if value != wanted[path]]
    for path in wrong:
        with open(path, "w", encoding="ascii") as file:
            file.write(wanted[path])
    return wrong


class Box:
    def __init__(self, number=0):
        self.folder = tempfile.mkdtemp(prefix="tare-oci-")
        self.root = os.path.join(self.folder, "rootfs")
        self.outside = os.path.join(self.folder, "outside")
        self.state = os.path.join(self.folder, "state")
        self.runtime = bundle.RUNTIME
        self.swappers = []
        self.env = bundle.environment(self.runtime, self.folder)
        os.mkdir(self.outside)
        bundle.make_root(self.root)
        self.name = f"box-{os.getpid()}-{number}"
        self.config = bundle.config(cgroup=f"{CGROUP}/{self.name}")
        self.mounts = host_mounts()
        self.settings = host_settings()

    # ---- the bundle

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    def inside(self, path):
        return os.path.join(self.root, path)

    def link(self, target, path):
        """A link in the container root, instead of what is there."""
        path = self.inside(path)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)
        os.symlink(target, path)

    def write(self, path, text, mode=0o644):
        path = os.path.join(self.folder, path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def without_mounts(self, paths):
        self.config["mounts"] = [mount for mount in self.config["mounts"]
                                 if mount["destination"] not in paths]

    def mount(self, destination, source, *options, kind="bind", place=None):
        self.config["mounts"].insert(
            len(self.config["mounts"]) if place is None else place,
            {"destination": destination, "source": source, "type": kind,
             "options": list(options)})

    def add_attack(self):
        shutil.copy(attack_program(), self.inside("bin/attack"))

    # ---- the runtime

    def call(self, *args, limit_s=CALL_LIMIT_S, **more):
        """Any command of the runtime; its status and all that it said. What
        it starts may keep the file of the output open."""
        with tempfile.TemporaryFile() as output:
            try:
                done = subprocess.run(
                    [self.runtime, "--root", self.state, *args], env=self.env,
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                    cwd=self.folder, timeout=limit_s, check=False, **more)
            except subprocess.TimeoutExpired as late:
                raise Failure(f"'{args[0]}' takes over {limit_s} s") from late
            output.seek(0)
            return Result(done.returncode,
                          output.read().decode("utf-8", "replace"))

    def must(self, *args, **more):
        result = self.call(*args, **more)
        need(result.status == 0, f"'{args[0]}': {result}")
        return result.text

    def save(self):
        bundle.write(self.folder, self.config)

    def run(self, *args, options=(), **more):
        """Run to its end: a program, or a text for the shell."""
        if args:
            self.process["args"] = (["sh", "-c", args[0]] if len(args) == 1
                                    else list(args))
        self.save()
        return self.call("run", *options, "--bundle", self.folder, self.name,
                         **more)

    def start(self, *args, output="output", **more):
        """create and start; what it says goes to a file of the folder."""
        if args:
            self.process["args"] = (["sh", "-c", args[0]] if len(args) == 1
                                    else list(args))
        self.save()
        with open(os.path.join(self.folder, output), "wb") as file:
            done = subprocess.run(
                [self.runtime, "--root", self.state, "create", "--bundle",
                 self.folder, self.name], env=self.env, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                timeout=CALL_LIMIT_S, check=False, **more)
        need(done.returncode == 0, f"create: {self.output(output)}")
        self.must("start", self.name)

    def output(self, name="output"):
        with open(os.path.join(self.folder, name), encoding="utf-8",
                  errors="replace") as file:
            return file.read()

    def status(self):
        """The word of "state", or None when there is no such container."""
        result = self.call("state", self.name)
        if result.status:
            return None
        return bundle.json.loads(result.text)["status"]

    def ends(self):
        until(lambda: self.status() == "stopped", "the container to end")

    def delete(self):
        return self.call("delete", "--force", self.name)

    def swap(self, a, b):
        """Exchange two names on the host as fast as can be, to the end."""
        self.swappers.append(subprocess.Popen(
            [attack_program(), "swap", a, b]))

    # ---- the end

    def stop_swappers(self):
        for swapper in self.swappers:
            swapper.kill()
            swapper.wait()
        self.swappers = []

    def clear(self):
        """End everything; says what is not as it was."""
        self.stop_swappers()
        self.runtime = bundle.RUNTIME  # a test may have used a copy
        self.call("delete", "--force", self.name)
        wrong = ""
        if host_mounts() != self.mounts:
            wrong = "the host's mounts changed"
        settings = restore_settings(self.settings)
        if settings:
            wrong = f"settings of the host changed: {settings}"
        found = (os.listdir(self.outside) if os.path.isdir(self.outside)
                 else ["no folder any more"])
        if found not in ([], ["sentinel"]):
            wrong = f"these were made on the host: {sorted(found)}"
        shutil.rmtree(self.folder, ignore_errors=True)
        return wrong


class Console:
    """--console-socket: the terminal that the runtime sends comes here."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "console")
        if os.path.exists(self.path):
            os.remove(self.path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen()
        self.socket.settimeout(WAIT_LIMIT_S)

    def close(self):
        self.socket.close()

    def take(self):
        """The descriptor of the terminal's other side."""
        peer, _ = self.socket.accept()
        self.close()
        with peer:
            size = array.array("i", [0]).itemsize
            _, data, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(size))
        return array.array("i", data[0][2])[0]


def say(number, name, problem):
    if problem:
        for line in str(problem).splitlines():
            print("#", line)
        print(f"not ok {number} - {name}", flush=True)
    else:
        print(f"ok {number} - {name}", flush=True)


def run_one(number, entry):
    """One test with a box of its own; True when it passed."""
    instance = Box()
    problem = ""
    name = entry.name
    try:
        entry.function(instance)
    except Skip as skip:
        name += f" # SKIP {' '.join(str(skip).split())}"
    except Exception as failure:  # whatever it was, the next one goes on
        problem = f"{type(failure).__name__}: {failure}"
    wrong = instance.clear()
    problem = problem or wrong
    say(number, entry.name if problem else name, problem)
    return not problem


def main():
    """All tests of the script, or those whose names hold an argument."""
    if os.geteuid() != 0:
        print("1..1\nok 1 - all # SKIP needs root")
        return 0
    if not bundle.RUNTIME:
        sys.exit("there is no runtime: make oci, or OCI_RUNTIME=crun")
    bundle.enter_cgroup2()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    chosen = [entry for entry in TESTS
              if not sys.argv[1:] or
              any(word in entry.name for word in sys.argv[1:])]
    if not chosen:
        sys.exit(f"no test has a name with: {' '.join(sys.argv[1:])}")
    top = os.path.join(bundle.CGROUPS, CGROUP)
    os.makedirs(top, exist_ok=True)
    try:
        good = [run_one(number, entry)
                for number, entry in enumerate(chosen, 1)]
    finally:
        if os.path.exists(attack_program()):
            os.remove(attack_program())
    try:
        os.rmdir(top)
    except OSError:
        pass  # another script has containers there
    print(f"1..{len(chosen)}")
    return 0 if all(good) else 1
