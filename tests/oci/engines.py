# SPDX-License-Identifier: MIT
"""engines - what podman and Docker must do alike with this runtime.

Who imports this sets ENGINE to a function that returns an Engine, or skips.
"""

import os
import pty
import select
import shutil
import subprocess
import tempfile

import box
import bundle
from box import Skip, need, test, until

LIMIT_S = 60


def ENGINE():
    """Set by who imports this: the Engine of the tests."""
    raise NotImplementedError


class Engine:
    """A command line client with a store of its own, and the image "box"."""

    CGROUPS = ()  # what it makes above those of containers, deepest first
    EXEC_MISSING = 127  # the status of exec when there is no such program

    def __init__(self, name):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix=f"tare-{name}-")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder,
                    "TERM": "dumb"}

    def import_image(self):
        root = os.path.join(self.folder, "image")
        bundle.make_root(root)
        tar = os.path.join(self.folder, "image.tar")
        subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
        self.must("import", tar, "box")

    def line(self, *args):
        """The command line of these arguments."""
        raise NotImplementedError

    def cgroup(self, name):
        """The path of a container's."""
        raise NotImplementedError

    def remove(self, name):
        self.must("rm", "-f", name)

    def call(self, *args):
        done = subprocess.run(self.line(*args), env=self.env,
                              stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8",
                              errors="replace", timeout=LIMIT_S)
        return box.Result(done.returncode, done.stdout)

    def must(self, *args):
        result = self.call(*args)
        need(result.status == 0, f"{self.name} {args[0]}: {result}")
        return result.text

    def terminal(self, *args):
        """The same with a terminal of its own: its process and the master."""
        pid, master = pty.fork()
        if pid == 0:
            line = self.line(*args)
            os.execvpe(line[0], line, self.env)
        return pid, master

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in self.CGROUPS:
            try:
                os.rmdir(os.path.join(bundle.CGROUPS, name))
            except OSError:
                pass  # somebody else has containers there


INSTANCES = []


def only_one(make, *programs):
    """The Engine of all tests; they are skipped where there is none."""
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")
    if not INSTANCES:
        try:
            INSTANCES.append(make())
        except box.Failure as failure:
            raise Skip(f"it cannot run here: {failure}") from failure
    return INSTANCES[0]


def said(master, words):
    """All that came from a terminal until these words."""
    text = b""
    while words not in text:
        need(select.select([master], [], [], box.WAIT_LIMIT_S)[0], text)
        try:
            text += os.read(master, 4096)
        except OSError as error:
            raise box.Failure(f"the terminal ended: {text}") from error
    return text


@test
def run_gives_output_and_status(_):
    engine = ENGINE()
    need(engine.must("run", "--rm", "box", "echo", "hello") == "hello\n",
         "output")
    need(engine.call("run", "--rm", "box", "sh", "-c", "exit 7").status == 7,
         "status")
    need(engine.call("run", "--rm", "box", "nothing").status == 127, "127")
    need(engine.call("run", "--rm", "box", "/etc/passwd").status == 126, "126")
    need(engine.must("ps", "-aq") == "", "one is left")


@test
def detached_logs_stop_and_rm(_):
    engine = ENGINE()
    name = engine.must("run", "-d", "--name", "detached", "box", "sh", "-c",
                       "trap 'echo bye; exit 3' TERM; echo up; "
                       "while :; do sleep 0.01; done").strip()
    until(lambda: "up" in engine.must("logs", "detached"), "the program")
    need(engine.must("inspect", "-f", "{{.State.Status}}", "detached").strip()
         == "running", "status")
    path = engine.cgroup(name)
    need(os.path.isdir(path), f"no cgroup at {path}")
    engine.must("stop", "-t", "10", "detached")
    need(engine.must("logs", "detached") == "up\nbye\n", "logs")
    need(engine.must("inspect", "-f", "{{.State.ExitCode}}",
                     "detached").strip() == "3", "exit code")
    engine.must("start", "detached")
    engine.must("kill", "-s", "KILL", "detached")
    need(engine.must("wait", "detached").strip() == "137", "killed")
    engine.must("rm", "detached")
    need(not os.path.isdir(path), "the cgroup is left")


@test
def a_container_with_options(t):
    engine = ENGINE()
    os.makedirs(os.path.join(t.folder, "volume"))
    t.write("volume/file", "from the host\n")
    text = engine.must(
        "run", "--rm", "--read-only", "--tmpfs", "/run", "--user", "12:34",
        "--env", "A=b", "--hostname", "name", "--workdir", "/tmp",
        "--volume", f"{t.folder}/volume:/volume:ro", "--cap-drop", "all",
        "--security-opt", "no-new-privileges", "--ulimit", "nofile=99:99",
        "--ulimit", "nproc=9000:9000", "box", "sh", "-c",
        "id -u; id -g; echo $A; hostname; pwd; cat /volume/file; "
        "grep CapEff /proc/self/status; grep NoNew /proc/self/status; "
        "ulimit -n; touch /x 2>/dev/null || echo read-only; "
        "touch /volume/x 2>/dev/null || echo read-only; "
        "grep -c ' /run tmpfs' /proc/mounts")
    need(text.split("\n") == [
        "12", "34", "b", "name", "/tmp", "from the host",
        "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "99", "read-only",
        "read-only", "1", ""], text)


@test
def exec_gives_output_and_status(_):
    engine = ENGINE()
    engine.must("run", "-d", "--name", "execs", "box", "sleep", "1000")
    need(engine.must("exec", "-e", "A=b", "-w", "/tmp", "execs", "sh", "-c",
                     "echo $A $PWD") == "b /tmp\n", "output")
    need(engine.must("exec", "-u", "7:8", "execs", "id", "-u") == "7\n",
         "user")
    need(engine.call("exec", "execs", "sh", "-c", "exit 9").status == 9,
         "status")
    need(engine.call("exec", "execs", "nothing").status
         == engine.EXEC_MISSING, "a missing program")
    need(engine.call("exec", "execs", "/etc/passwd").status == 126, "126")
    engine.must("exec", "-d", "execs", "touch", "/tmp/made")
    until(lambda: engine.call("exec", "execs", "ls",
                              "/tmp/made").status == 0, "the file")
    engine.remove("execs")


@test
def a_privileged_container(_):
    """All of the host's devices are named, /dev/ptmx too"""
    engine = ENGINE()
    text = engine.must("run", "--rm", "--privileged", "box", "sh", "-c",
                       "ls /dev | wc -l; readlink /dev/ptmx; "
                       "mount -t tmpfs none /tmp && echo mounted")
    need(int(text.split()[0]) >= len(os.listdir("/dev")), text)
    need(text.split()[1:] == ["pts/ptmx", "mounted"], text)


@test
def pause_and_top(_):
    engine = ENGINE()
    engine.must("run", "-d", "--name", "paused", "box", "sleep", "1000")
    engine.must("pause", "paused")
    need(engine.must("inspect", "-f", "{{.State.Status}}", "paused").strip()
         == "paused", "status")
    engine.must("unpause", "paused")
    need("sleep" in engine.must("top", "paused"), "top")
    engine.remove("paused")


@test
def terminals(_):
    engine = ENGINE()
    pid, master = engine.terminal(
        "run", "--rm", "-it", "--name", "terminal", "box", "sh", "-c",
        "tty; read x; echo got $x; exit 4")
    said(master, b"/dev/pts/0")
    os.write(master, b"line\r")
    said(master, b"got line")
    need(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4, "status")
    os.close(master)
    engine.must("run", "-d", "--name", "terminal-2", "box", "sleep", "1000")
    pid, master = engine.terminal("exec", "-it", "terminal-2", "sh", "-c",
                                  "tty; read x; echo got $x; exit 5")
    said(master, b"/dev/pts/")
    os.write(master, b"line\r")
    said(master, b"got line")
    need(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5, "status")
    os.close(master)
    engine.remove("terminal-2")
