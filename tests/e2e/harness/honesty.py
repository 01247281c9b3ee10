# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the fake Xen of tests/fakexen against the real one.

QEMU's own trace of a run in the stub domain has, in order, what the guest
wrote, and what QEMU did to Xen and to the device because of it. The same QEMU
on the fake is given the same device and the guest's writes; its trace has to
be the same.
"""

import importlib.machinery
import importlib.util
import itertools
import pathlib
import re
import sys
from dataclasses import dataclass

from . import configspace

# More for QEMU, of a case that is compared.
TRACE = ("-trace", "xen_pt_msi*", "-trace", "pci_cfg_write")

# Of a device as dom0 calls it, and as the guest does: any, or that named.
ANY = r"\S+"
OPERATION = r"xen_pt_msi_(\w+) \S*?{}: (.*)"
CONFIG_WRITE = r"pci_cfg_write xen-pci-passthrough {} @0x(\w+) <- 0x(\w+)"
# Xen before 4.19 keeps the guest's mask bits to itself; QEMU sees them later.
MASK = r"xen_pt_msix_mask \S*?{}: vector (\d+) masked (\d)"
TABLE_WRITE = r"xen_pt_msix_write \S*?{}: (0x(\w+)/(\d) <- 0x(\w+))"
WRITES = ("config", "table")
# The registers that matter: the table is where the guest has put the BAR.
REGISTERS = re.compile(r"COMMAND|BAR\d|MSI")
# With one of these missing, the sequence is not one of a guest that worked.
NEEDED = {"realize", "config", "map", "bind", "message", "read", "write",
          "unbind", "unmap"}
TESTS = pathlib.Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Step:
    """A step of QEMU's, or a write of the guest's that leads to some."""
    kind: str           # the event; of a write "config", "table" or "mask"
    text: str           # what is compared
    write: tuple = ()   # offset, bytes, value


def _load_replay():
    """Return the program tests/replay as a module."""
    loader = importlib.machinery.SourceFileLoader("replay",
                                                  str(TESTS / "replay"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    # Python would put its cache in the source tree, beside the program.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def _guest_step(line, registers, host, guest):
    """Return the Step of a guest's write, None for any other line."""
    found = re.search(TABLE_WRITE.format(host), line)
    if found:
        return Step("table", f"guest: table {found[1]}",
                    (int(found[2], 16), int(found[3]), int(found[4], 16)))
    found = re.search(MASK.format(host), line)
    if found:
        vector, masked = int(found[1]), int(found[2])
        return Step("mask", f"guest: vector {vector} masked {masked}",
                    (16 * vector + 12, 4, masked))
    found = re.search(CONFIG_WRITE.format(guest), line)
    if found:
        offset = int(found[1], 16)
        # The trace does not tell how wide it was; firmware and Linux write
        # each register whole.
        name, size = registers.get(offset, ("", 0))
        if REGISTERS.match(name):
            return Step("config", f"guest: {name} <- 0x{found[2]}",
                        (offset, size, int(found[2], 16)))
    return None


def journal(text, registers, host=ANY, guest=ANY):
    """Return the Steps in QEMU's trace; registers is of the device, see
    configspace; host and guest are how these call it. What Xen chooses has a
    name instead of a value: P and a number is the pirq of that vector's last map, A and D a message in the device."""
    steps, pirqs = [], {}
    for line in text.splitlines():
        write = _guest_step(line, registers, host, guest)
        found = re.search(OPERATION.format(host), line)
        if write:
            steps.append(write)
        elif found:
            kind, step = found[1], found[2].rstrip()
            if kind == "map":
                vector, pirq = re.findall(r"-?\d+", step)[:2]
                pirqs[pirq] = f"P{vector}"
            step = re.sub(r"(?<=pirq )-?\d+",
                          lambda pirq: pirqs.get(pirq[0], pirq[0]), step)
            steps.append(Step(kind, re.sub(r"address 0xfee\w{5} data 0x\w+",
                                           "address A data D", step)))
    return steps


def _qemu(build):
    """Return the command that starts the QEMU in build, and its Xen's release.
    What is made for another Debian has the libraries of that one."""
    config = dict(line.split("=", 1) for line in
                  (build / "config.mak").read_text("utf-8").splitlines()
                  if "=" in line)
    command = [str(build / "qemu/bin/qemu-system-i386")]
    root = build.parent / "root" / config["SUITE"]
    if root.exists():
        command[:0] = [str(root / "lib64/ld-linux-x86-64.so.2"),
                       "--library-path", str(root / "lib/x86_64-linux-gnu")]
    return command, config["XEN_VERSION"]


def _fake(result, replay, dump, steps):
    """Return the trace of QEMU on the fake, where a guest does the writes of
    steps. dump tells how large the device's BARs are; all else is as it was
    before the real guest: firmware has set some of it."""
    config = result.config[:256]
    rows = "".join(f"{at:02x}: {config[at:at + 16].hex(' ')}\n"
                   for at in range(0, len(config), 16))
    qemu, xen = _qemu(result.build)
    text = re.sub(r"(?m)^\w\w: .*\n", "", dump.read_text("utf-8")) + rows
    guest = replay.Guest(
        qemu, str(result.build / "meson/tests/fakexen/libfakexen.so"), text,
        True, TRACE, xen)
    at = configspace.find_capabilities(config).get(configspace.MSIX, 0)
    table = int.from_bytes(config[at + 4:at + 8], "little")
    try:
        for i, step in enumerate(steps):
            if step.kind not in WRITES:
                continue
            # The trace has a mask behind the write that made QEMU look at it.
            # To unmask is no secret of Xen's: it is among the writes.
            for seen in itertools.takewhile(
                    lambda later: later.kind not in WRITES, steps[i + 1:]):
                if seen.kind == "mask" and seen.write[-1]:
                    guest.table_write(table, *seen.write)
            if step.kind == "config":
                guest.write(*step.write)
            else:
                guest.table_write(table, *step.write)
        return guest.messages()
    finally:
        guest.close()


def difference(real, fake):
    """Yield what the first difference of two journals is, if there is one."""
    after = "the start"
    nothing = Step("", "nothing")
    for a, b in itertools.zip_longest(real, fake, fillvalue=nothing):
        if a.text != b.text:
            yield (f"saw '{a.text}' on real Xen after {after}, "
                   f"wanted '{b.text}' as on the fake")
            return
        after = f"'{a.text}'"


def same_as_fake(dump):
    """QEMU has done, step by step, what it does on the fake Xen with a device
    like fakexen/dumps/DUMP.lspci for a guest that writes the same."""
    path = TESTS / "fakexen" / "dumps" / f"{dump}.lspci"

    def check(result):
        replay = _load_replay()
        registers = configspace.registers(result.config)
        real = journal(result.stub, registers, re.escape(result.bdf),
                       re.escape(result.said("at")[-1].removeprefix("0000:")))
        needed = set(NEEDED)
        if configspace.MSIX in configspace.find_capabilities(result.config):
            needed.add("table")
        missing = needed - {step.kind for step in real}
        if missing:
            yield (f"saw no {', '.join(sorted(missing))} in QEMU's trace, "
                   "wanted the whole life of an MSI")
            return
        try:
            text = _fake(result, replay, path, real)
        except (replay.Broken, replay.BadDump) as error:
            yield f"saw QEMU fail on the fake: {error}"
            return
        yield from difference(real, journal(text, registers))
    return check
