# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case is made of."""

from dataclasses import dataclass

# What differs between Xen's releases is seen by cases that run on both of
# these stacks (see suites.py); the rest runs on the first.
BOTH = ("bookworm", "trixie")


@dataclass(frozen=True)
class Case:
    """A guest with one passed-through device, and what must be seen.

    The guest does its steps in order (guest/init has them: load:ahci, read,
    rebind:50, ...). A step may wait for something that dom0 does: on names,
    for words that the guest says, the command that dom0 answers with;
    {domain} and {bdf} are filled in.
    """
    name: str
    about: str                  # one line for the list of cases
    steps: str
    expect: tuple               # of matchers, see expect.py
    device: str = "ahci"        # a key of outer.DEVICES
    permission: str = "given"   # or "refused": pciback's interrupt control
    # or "stock": the same without our patch; or "foreign": made for the Xen of
    # the other stack
    qemu: str = "patched"
    where: str = "stubdom"      # or "dom0": where that QEMU runs
    # The stub domain's kernel: "shipped", or what libxl would unpack from it
    # (byte for byte what starts, and 6 s of emulation saved), or "foreign".
    kernel: str = "unpacked"
    cmdline: str = ""           # more for the guest's kernel
    stub_cmdline: str = ""      # more for the stub domain's
    stub_memory: int = 256      # MiB for the stub domain
    dm_args: tuple = ()         # more for QEMU
    vcpus: int = 1
    attached: bool = True       # the device is there when the guest starts
    # The configuration is the sample that "make install" has installed, which
    # has the case's name; the guest boots from the device.
    sample: bool = False
    disk: bool = False          # besides the device, an emulated disk
    starts: bool = True         # xl create succeeds
    on: tuple = ()              # of (what the guest says, dom0's command)
    suites: tuple = ("bookworm",)   # the stacks that it is run on
    until: str = "done"         # the guest is destroyed when it says that
