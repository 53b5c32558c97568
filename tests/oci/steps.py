# SPDX-License-Identifier: MIT
"""steps - what the tests of the commands do again and again."""

import json
import os
import subprocess

import box
from box import need

HOOKS = ("prestart createRuntime createContainer startContainer poststart "
         "poststop").split()


def refused(t, *args, says=""):
    """The command fails with one line that has these words."""
    result = t.call(*args)
    need(result.status == 1, f"{args}: {result}")
    need(says in result.text, f"{args} says {result.text!r}, not {says!r}")
    need(result.text.count("\n") == 1, f"not one line: {result.text!r}")


def state(t):
    return json.loads(t.must("state", t.name))


def popen(t, *args, **more):
    return subprocess.Popen([t.runtime, "--root", t.state, *args], env=t.env,
                            cwd=t.folder, **more)


def share(t):
    """A folder of the host, at /shared."""
    path = os.path.join(t.folder, "shared")
    os.makedirs(path, exist_ok=True)
    os.makedirs(t.inside("shared"), exist_ok=True)
    t.mount("/shared", path, "rbind", "rw")
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def cgroup(t):
    return os.path.join("/sys/fs/cgroup", box.CGROUP, t.name)


def gone(t):
    """Nothing of the container is left."""
    need(t.status() is None, "there is still a state")
    need(not os.path.exists(cgroup(t)), "there is still a cgroup")
