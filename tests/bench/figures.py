# SPDX-License-Identifier: MIT
"""figures - print what was measured, judge it by its bar, keep it."""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "x86_64")
sys.path.insert(0, os.path.join(TOP, "tests", "boot"))
sys.dont_write_bytecode = True


class Figures:
    """figure NAME VALUE UNIT bar <= BAR ok|short; the same to NAME.tsv."""

    def __init__(self, name):
        self.rows = []
        self.short = False
        self.path = os.path.join(TOP, "build", "bench", name + ".tsv")

    def add(self, name, value, unit, bar=None):
        row = [name, format_number(value), unit]
        if bar is not None:
            verdict = "ok" if value <= bar else "short"
            self.short |= verdict == "short"
            row += ["<=", format_number(bar), verdict]
        self.rows.append(row)
        print("figure", *row[:3], *(["bar", *row[3:]] if bar is not None
                                    else []), flush=True)

    def finish(self):
        """Write the file; the exit status."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as out:
            out.write("name\tvalue\tunit\trelation\tbar\tverdict\n")
            for row in self.rows:
                out.write("\t".join(row + [""] * (6 - len(row))) + "\n")
        return 1 if self.short else 0


def format_number(value):
    """Three digits are enough, and no exponent."""
    if isinstance(value, int) or value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def must_exist(*paths):
    for path in paths:
        if not os.path.exists(path):
            sys.exit(f"'{os.path.relpath(path)}' does not exist: "
                     "make image, make image DEBUG=1")
