# SPDX-License-Identifier: GPL-2.0-or-later
"""What was seen while a case ran, in a form that matchers can ask."""

import pathlib
import re
from dataclasses import dataclass, field, replace

from . import configspace

GUEST = re.compile(r"GUEST \[ *([0-9.]+)\] (\S+) (\S+) ?(.*)")
MESSAGE = re.compile(r"xen_pt_msi_message \S*?(\w\w:\w\w\.\w): message of "
                     r"vector \d+: address (0x\w+) data (0x\w+): 0")
NO_DEVICE = "-"     # what the guest says of itself
# What Xen's dumps say of an interrupt besides what may change at any time:
# vector, affinity and the state of the moment.
XEN_IRQ = re.compile(r"IRQ: +(\d+) vec:\S+ (\S+) +status=\S+ aff:\S+ +(.*)")
XEN_MSI = re.compile(r"\(XEN\)  +(\S+) +(\d+) vec=")
XEN_DEVICE = re.compile(r"\(XEN\) ([0-9a-f:.]+ - .*)")


@dataclass(frozen=True)
class Interrupt:
    """A line of the guest's /proc/interrupts."""
    kind: str       # "MSI", "MSI-X" or "INTx"
    counts: tuple   # per CPU
    text: str

    @property
    def total(self):
        """Interrupts on all CPUs."""
        return sum(self.counts)


def parse_interrupt(text):
    """Return the Interrupt of one line, or None."""
    found = re.match(r"\d+: +((?:\d+ +)+)(.*)", text)
    if not found:
        return None
    chip = found[2].lower()
    kind = ("MSI-X" if "msi-x" in chip or "msix" in chip else
            "MSI" if "msi" in chip else "INTx")
    return Interrupt(kind, tuple(map(int, found[1].split())), text)


@dataclass
class Device:
    """What was seen of one device."""
    bdf: str                        # in dom0
    config: bytes = b""             # before the guest
    config_after: bytes = b""       # and with the guest gone
    lspci: str = ""                 # dom0's view while the guest runs


@dataclass
class Result:
    """One run of a guest."""
    devices: dict = field(default_factory=dict)     # {name: Device}
    trace: str = ""                 # the emulator's, of all devices
    # of (seconds, device, word, rest)
    guest: list = field(default_factory=list)
    guest_raw: str = ""
    before: str = ""                # dom0's "e2e state"
    after: str = ""
    verdicts: str = ""              # what xen-pt-msi-check printed
    stub: str = ""                  # the stub domain's console
    sum: str = ""                   # md5 of what a guest must read
    build: pathlib.Path = pathlib.Path("build")
    unstarted: bool = False         # soft lockup before the first step
    problems: list = field(default_factory=list)  # a stage that failed
    times: list = field(default_factory=list)     # (stage, seconds)


class Seen:
    """What one run of a guest shows of one device: what a matcher asks."""

    def __init__(self, result, device):
        self._result = result
        self._name = device
        # one that is emulated is not there in dom0
        self._device = result.devices.get(device, Device(bdf=""))

    def __getattr__(self, name):
        """The fields of Device, and those of Result."""
        return getattr(self._device if hasattr(self._device, name) else
                       self._result, name)

    def said(self, word):
        """Return what the guest said in lines of a kind, of the device or of
        itself."""
        return [rest for _, device, kind, rest in self._result.guest
                if kind == word and device in (self._name, NO_DEVICE)]

    def life(self, number):
        """Return the same of one of the guest's lives alone."""
        lives = []
        for line in self._result.guest:
            if line[1:3] == (NO_DEVICE, "userspace"):
                lives.append([])
            lives[-1].append(line)
        lines = lives[number - 1] if number <= len(lives) else []
        return Seen(replace(self._result, guest=lines), self._name)

    def interrupts(self, label="end"):
        """Return the Interrupts of the last report with that label."""
        lines = [rest.partition(" ") for rest in self.said("irq")]
        found = {}
        for name, _, text in lines:
            interrupt = parse_interrupt(text.strip())
            if name == label and interrupt:
                found[text.split(":")[0]] = interrupt
        return list(found.values())

    def messages(self):
        """Return the (address, data) that Xen has programmed into the device,
        as our QEMU has read them back from it."""
        return [(int(address, 16), int(data, 16)) for bdf, address, data in
                MESSAGE.findall(self.stub) if bdf == self.bdf]

    def writes(self):
        """Return the config writes that reached the device."""
        return configspace.parse(self.trace, self.bdf, self.config)

    def transitions(self, capability=configspace.MSI):
        """Return what happened to a control word, see configspace."""
        return configspace.transitions(self.writes(), self.config, capability)


def parse_guest(text):
    """Return the (seconds, device, word, rest) of the guest's own lines."""
    return [(float(up), device, word, rest.strip())
            for up, device, word, rest in GUEST.findall(text.replace("\r", ""))]


def xen_state(text):
    """Return the set of what Xen holds for domains: devices with their owner
    and messages, interrupts with their type and binding, message entries."""
    state = set()
    for line in text.splitlines():
        irq = XEN_IRQ.search(line)
        if irq:
            bound = re.sub(r"in-flight=\d+ |\(.*?\)", "", irq[3])
            state.add(f"irq {irq[1]} {irq[2]} {bound}")
        elif XEN_MSI.match(line):
            state.add("message {} irq {}".format(*XEN_MSI.match(line).groups()))
        elif XEN_DEVICE.match(line):
            state.add(f"device {XEN_DEVICE.match(line)[1].strip()}")
        elif re.match(r"\S+ +\d+ +\d+ +\d+\t", line):
            state.add(f"domain {line.split()[0]}")
    return state
