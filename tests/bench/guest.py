# SPDX-License-Identifier: MIT
"""guest - what a machine is made of that is measured: the plugin that counts,
static programs for it, roots that hold them, and the OS file of these."""

import os
import subprocess

from figures import BUILD, TOP

OUT = os.path.join(BUILD, "bench")
LINUX = os.path.join(BUILD, "parts/linux")
MUSL_GCC = os.path.join(BUILD, "parts/musl/bin/musl-gcc")
INITRAMFS = os.path.join(BUILD, "bin/initramfs")


def path_of(name):
    return os.path.join(OUT, name)


def source(name):
    return os.path.join(TOP, "tests/bench", name)


def plugin():
    """Compile insns.c for this host; its path."""
    os.makedirs(OUT, exist_ok=True)
    subprocess.run([os.environ.get("CC", "gcc"), "-O2", "-D_GNU_SOURCE",
                    "-Wall", "-Wextra", "-fPIC", "-shared",
                    "-fvisibility=hidden", source("insns.c"),
                    "-o", path_of("insns.so")], check=True)
    return path_of("insns.so")


def program(name, *options):
    """Compile a source beside this file for the guest; its path."""
    os.makedirs(OUT, exist_ok=True)
    subprocess.run([MUSL_GCC, "-Os", "-D_GNU_SOURCE", "-static", *options,
                    source(name + ".c"), "-s", "-o", path_of(name)],
                   check=True)
    return path_of(name)


def root(name, lines, lists=("files",)):
    """A root of the OS with more in it, as lines of rootfs/files; its path."""
    with open(path_of(name + ".files"), "w", encoding="ascii") as file:
        file.write("".join(line + "\n" for line in lines))
    paths = [*(os.path.join(TOP, "rootfs", one) for one in lists),
             path_of(name + ".files")]
    subprocess.run([os.path.join(TOP, "rootfs/mkroot"),
                    *(word for path in paths for word in ("-l", path)),
                    BUILD, path_of(name + ".erofs")], check=True)
    return path_of(name + ".erofs")


def osfile(name, init, of_root="-"):
    """The kernel of the OS file with this /init, and a root or none."""
    subprocess.run([os.path.join(TOP, "rootfs/mkosfile"), LINUX,
                    path_of("kernel"), init, of_root, path_of(name + ".efi")],
                   check=True)
    return path_of(name + ".efi")
