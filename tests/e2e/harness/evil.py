# SPDX-License-Identifier: GPL-2.0-or-later
"""What a QEMU that was taken over has tried (evil/), against what it may."""

import pathlib
import re

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "evil"
ROW = re.compile(r'^ {4}(REFUSED|ALLOWED)\("([^"]+)",\s+((?:"[^"]*"\s*)*)',
                 re.M)
SAID = re.compile(r"^evil: (.+?): (done|refused|ended|cannot be tried)\b", re.M)
LOG_MAX = 1 << 20
ENDED = re.compile(r"the stub domain ends|Kernel panic|reboot: ")


def attempts():
    """Return {name: why it may be done, or ""} of all that is tried."""
    return {name: "".join(re.findall(r'"([^"]*)"', why))
            for path in sorted(SOURCES.glob("*.c"))
            for _, name, why in ROW.findall(path.read_text("utf-8"))}


def ended(log):
    """The stub domain whose log that is has ended, somehow."""
    return ENDED.search(log)


def refused_by_init():
    """What was refused of the calls that init knows, init has refused itself:
    none of it was left to Xen."""
    def check(result):
        told = re.findall(r"^evil: refused (\d+) times: (\w+)", result.stub,
                          re.M)
        init = dict(re.findall(r"refused to QEMU: (\w+) 0, (\d+) times",
                               result.stub))
        if not told:
            yield "saw no count of refused calls"
        for times, name in told:
            if times != init.get(name, "0"):
                yield (f"saw {name} refused {times} times, by init "
                       f"{init.get(name, 0)} times")
    return check


def log_limited():
    """Of what it printed, little is in dom0's file."""
    def check(result):
        if "are left out" not in result.stub:
            yield "saw all of a flood in the log"
        if len(result.stub) > LOG_MAX:
            yield f"saw a log of {len(result.stub)} bytes"
    return check


def as_listed():
    """Each attempt was made; what may be done was, and nothing else."""
    def check(result):
        tried = attempts()
        seen = dict(SAID.findall(result.stub.replace("\r", "")))
        for name in tried.keys() - seen.keys():
            yield f"saw no attempt: {name}"
        for name, what in seen.items():
            wanted = "done" if tried.get(name) else "refused"
            if what != wanted:
                yield f"saw {name}: {what}, wanted {wanted}"
    return check
