# SPDX-License-Identifier: GPL-2.0-or-later
"""Config writes that reached a device, as the emulated machine traced them,
and what they mean.

Register numbers are those of the PCI Local Bus Specification 3.0, chapter 6,
and of the PCI Express Base Specification, chapter 7.
"""

import re
from dataclasses import dataclass

CAPABILITIES_POINTER = 0x34
CAP_NEXT_MASK = 0xfc
MSI, MSIX, EXPRESS, POWER = 0x05, 0x11, 0x10, 0x01
MSI_64BIT = 0x80
CAP_NAMES = {POWER: "PM", MSI: "MSI", MSIX: "MSI-X", EXPRESS: "PCIe"}

HEADER = {0x04: ("COMMAND", 2), 0x06: ("STATUS", 2), 0x0c: ("CACHE_LINE", 1),
          0x0d: ("LATENCY", 1), 0x30: ("ROM_BAR", 4), 0x3c: ("INT_LINE", 1)}
HEADER |= {0x10 + 4 * i: (f"BAR{i}", 4) for i in range(6)}

# The bits of a control word that may change, and the letter for each.
ENABLE = {MSI: 1 << 0, MSIX: 1 << 15}
LETTERS = {MSI: {1 << 0: "E"}, MSIX: {1 << 15: "E", 1 << 14: "M"}}

TRACE = re.compile(r"pci_cfg_write \S+ ([0-9a-f]+:[0-9a-f]+\.[0-7]) "
                   r"@0x([0-9a-f]+) <- 0x([0-9a-f]+)")


@dataclass(frozen=True)
class Write:
    """One config write: offset, new value, and the register's value before it
    (None where the write says nothing about it)."""
    offset: int
    value: int
    name: str
    old: int = None

    def __str__(self):
        old = "" if self.old is None else f"{self.old:#06x} -> "
        return f"{self.offset:#04x} {self.name:<16} {old}{self.value:#06x}"


def find_capabilities(config):
    """Return {capability id: offset} of the 256 bytes config, or of none."""
    found, at = {}, config[CAPABILITIES_POINTER] & CAP_NEXT_MASK \
        if config else 0
    for _ in range(48):
        if at < 0x40:
            break
        found.setdefault(config[at], at)
        at = config[at + 1] & CAP_NEXT_MASK
    return found


def registers(config):
    """Return {offset: (name, size in bytes)} of a device."""
    table = dict(HEADER)
    caps = find_capabilities(config)
    if MSI in caps:
        at = caps[MSI]
        wide = config[at + 2] & MSI_64BIT
        table[at + 2] = "MSI control", 2
        table[at + 4] = "MSI address", 4
        if wide:
            table[at + 8] = "MSI upper addr", 4
        table[at + (12 if wide else 8)] = "MSI data", 2
        table[at + (16 if wide else 12)] = "MSI mask", 4
    if MSIX in caps:
        table[caps[MSIX] + 2] = "MSI-X control", 2
    if EXPRESS in caps:
        table[caps[EXPRESS] + 8] = "PCIe DevCtl", 2
        table[caps[EXPRESS] + 16] = "PCIe LnkCtl", 2
        table[caps[EXPRESS] + 40] = "PCIe DevCtl2", 2
    if POWER in caps:
        table[caps[POWER] + 4] = "PM control", 2
    return table


def parse(trace, bdf, config):
    """Return the Writes in trace (text) to the device at bdf, whose config
    space was config before the first of them."""
    table, now, writes = registers(config), bytearray(config), []
    for where, offset, value in TRACE.findall(trace):
        if where != bdf:
            continue
        offset, value = int(offset, 16), int(value, 16)
        name, size = table.get(offset, (f"byte {offset:#04x}", 0))
        old = None
        if size:
            old = int.from_bytes(now[offset:offset + size], "little")
            new = value & ((1 << 8 * size) - 1)
            now[offset:offset + size] = new.to_bytes(size, "little")
            if new != value:
                # the trace has no width, but this one spans two registers
                name += " and next"
        writes.append(Write(offset, value, name, old))
    return writes


def transitions(writes, config, capability=MSI):
    """Return what the writes did to a capability's control word, in order:
    one word per write that changed it, with a letter for each bit changed
    (E: ENABLE, M: MASKALL; capital: set, small: cleared) and "?" and the
    changed bits for any other. The rule of pciback, and so of ours, is one
    bit (MSI) per write, MASKALL perhaps with it (MSI-X)."""
    at = find_capabilities(config).get(capability)
    if at is None:
        return []
    words = []
    letters = LETTERS[capability]
    for write in writes:
        overlaps = at - 1 <= write.offset < at + 4
        if overlaps and write.offset != at + 2:
            words.append(f"?@{write.offset:#x}<-{write.value:#x}")
        if write.offset != at + 2 or write.old == write.value:
            continue
        changed = write.old ^ write.value
        word = ""
        for bit, letter in letters.items():
            if changed & bit:
                word += letter if write.value & bit else letter.lower()
                changed &= ~bit
        words.append(word + (f"?{changed:#x}" if changed else ""))
    return words


def form(address, data):
    """Return what kind of message that is, which Xen has written: VT-d marks
    one that it remaps in the address; AMD's data is the index of an entry in
    a table of the device's, few, and small numbers here; of what is not
    remapped it is a vector, and those below 16 are the CPU's own."""
    if address >> 20 != 0xfee:
        return "none"
    if address & 0x10:
        return "VT-d"
    return "plain" if data & 0xff >= 0x10 else "AMD"
