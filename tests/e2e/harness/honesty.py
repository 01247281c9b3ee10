# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the fake Xen of tests/fakexen against the real one.

QEMU's own trace of a run in the stub domain has, in order, what the guest
wrote and what QEMU did to Xen and to the device because of it. The same QEMU
on the fake is given the guest's writes; its trace has to be the same.
"""

import importlib.machinery
import importlib.util
import itertools
import pathlib
import re
import sys
import tempfile

# More for QEMU, of a case that is compared.
TRACE = ("-trace", "xen_pt_msi_*", "-trace", "pci_cfg_write")

OPERATION = re.compile(r"xen_pt_msi_(\w+) \S+: (.*)")
GUEST_WRITE = re.compile(
    r"pci_cfg_write xen-pci-passthrough \S+ @0x(\w+) <- 0x(\w+)")
COMMAND = 0x04
# With one of these missing, the sequence is not one of a guest that worked.
NEEDED = {"realize", "map", "bind", "message", "read", "write", "unbind",
          "unmap"}
TESTS = pathlib.Path(__file__).resolve().parents[2]


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


def _widths(base, control):
    """Return {offset: bytes} of the registers that matter to MSI. The trace
    does not tell how wide a write was; Linux writes each register whole."""
    data = base + (12 if control & 0x80 else 8)
    widths = {COMMAND: 2, base + 2: 2, base + 4: 4, data: 2}
    if control & 0x80:
        widths[base + 8] = 4
    if control & 0x100:
        widths[data + 4] = 4
    return widths


def journal(text, widths):
    """Return (kind, line) of each step in QEMU's trace, kind being "guest" for
    a write of one of those registers. What Xen chooses has a name instead of
    a value: P is the pirq of the last map, A and D the device's message."""
    steps, pirq = [], None
    for line in text.splitlines():
        write = GUEST_WRITE.search(line)
        found = OPERATION.search(line)
        if write and int(write[1], 16) in widths:
            steps.append(("guest", f"guest 0x{write[1]} <- 0x{write[2]}"))
        elif found:
            kind, step = found[1], found[2].rstrip()
            if kind == "map":
                pirq = re.search(r"pirq (-?\d+)", step)[1]
            if pirq:
                step = re.sub(rf"\bpirq {pirq}\b", "pirq P", step)
            steps.append((kind, re.sub(r"address 0xfee\w{5} data 0x\w+",
                                       "address A data D", step)))
    return steps


def _fake(result, replay, dump, widths, writes):
    """Return the trace of QEMU on the fake, where a guest does writes."""
    # What firmware has set in the command register is not the device's.
    command = result.config[COMMAND:COMMAND + 2].hex(" ")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^(00:(?: \w\w){4})(?: \w\w){2}",
                          rf"\1 {command}", dump.read_text("utf-8")))
        file.flush()
        guest = replay.Guest(
            str(result.build / "qemu/bin/qemu-system-i386"),
            str(result.build / "meson/tests/fakexen/libfakexen.so"),
            file.name, True, TRACE)
    try:
        for offset, value in writes:
            guest.write(offset, widths[offset], value)
        return guest.messages()
    finally:
        guest.close()


def difference(real, fake):
    """Yield what the first difference of two journals is, if there is one."""
    after = "the start"
    for (_, a), (_, b) in itertools.zip_longest(
            real, fake, fillvalue=("", "nothing")):
        if a != b:
            yield (f"saw '{a}' on real Xen after {after}, "
                   f"wanted '{b}' as on the fake")
            return
        after = f"'{a}'"


def same_as_fake(dump):
    """QEMU has done, step by step, what it does on the fake Xen with
    fakexen/dumps/DUMP.lspci for a guest that writes the same."""
    path = TESTS / "fakexen" / "dumps" / f"{dump}.lspci"

    def check(result):
        replay = _load_replay()
        widths = _widths(*replay.find_msi(path))
        real = journal(result.stub, widths)
        missing = NEEDED - {kind for kind, _ in real}
        if missing:
            yield (f"saw no {', '.join(sorted(missing))} in QEMU's trace, "
                   "wanted the whole life of an MSI")
            return
        writes = [(int(offset, 16), int(value, 16)) for offset, value in
                  GUEST_WRITE.findall(result.stub)
                  if int(offset, 16) in widths]
        try:
            text = _fake(result, replay, path, widths, writes)
        except (replay.Broken, replay.BadDump) as error:
            yield f"saw QEMU fail on the fake: {error}"
            return
        yield from difference(real, journal(text, widths))
    return check
