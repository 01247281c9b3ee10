# SPDX-License-Identifier: GPL-2.0-or-later
"""What guests and cases are made of."""

from dataclasses import dataclass

# What differs between Xen's releases is seen by guests that run on both of
# these stacks (see suites.py); the rest runs on the first.
BOTH = ("bookworm", "trixie")


@dataclass(frozen=True)
class Guest:
    """A guest with passed-through devices: it is booted once, and as many
    cases as there are look at what was seen.

    The guest does its steps in order (guest/init has them: load:ahci, read,
    rebind:50, ...). A step @NAME says which device those that follow are
    about; the first is meant before any. A step may wait for something that
    dom0 does: on names, for words that the guest says, the command that dom0
    answers with; {domain} is filled in, and {bdf} with that of the device
    that the guest said it of. Words may begin with the device's name. Words
    that are there twice are waited for twice.

    A guest may have several lives: one that is started again does its steps
    again. It has ended when it has said the last of what is waited for.
    """
    name: str
    steps: str
    devices: tuple = ("ahci",)  # keys of devices.DEVICES
    permission: str = "given"   # or "refused": pciback's interrupt control
    # Devices that do not have it, but "permissive=1".
    permissive: tuple = ()
    power: tuple = ()           # those that have "power_mgmt=1"
    # or "stock": the same without our patch; or "foreign": made for the Xen of
    # the other stack
    qemu: str = "patched"
    where: str = "stubdom"      # or "dom0": where that QEMU runs
    # The stub domain's kernel: "shipped", or what libxl would unpack from it
    # (byte for byte what starts, and seconds of emulation saved); "debian":
    # the same of Debian's, with an image for it; or "foreign". Stock QEMU has
    # Debian's always.
    kernel: str = "unpacked"
    cmdline: str = ""           # more for the guest's kernel
    packed: bool = False        # that is as Debian has it; else quicker
    # Before it, a guest of its name has been served by evil/, until that ended.
    evil: bool = False
    memory: int = 192           # MiB
    stub_cmdline: str = ""      # more for the stub domain's
    stub_memory: int = 256      # MiB for the stub domain
    # What our QEMU tells of its work, see expect.py; and more words for QEMU.
    trace: tuple = ("message", "read", "write")
    dm_args: tuple = ()
    vcpus: int = 1
    attached: bool = True       # the devices are there when the guest starts
    # The configuration is the sample that "make install" has installed, which
    # has the guest's name; the guest boots from the device.
    sample: bool = False
    check: str = ""             # what is given to xen-pt-msi-check, which starts it
    anew: bool = False          # it starts anew from its disk, by kexec
    disk: bool = False          # besides the devices, an emulated disk: "ide"
    starts: bool = True         # xl create succeeds
    on: tuple = ()              # of (what the guest says, dom0's command)
    end: str = "e2e end {domain}"   # dom0's command that ends it
    on_crash: str = "preserve"  # what xl does then
    platform: str = "vtd"       # a key of outer.PLATFORMS
    suites: tuple = ("bookworm",)   # the stacks that it is run on
    until: str = "done"         # the guest is destroyed when it says that

    @property
    def boots(self):
        """The stub domain's kernel."""
        return "debian" if self.qemu == "stock" else self.kernel

    @property
    def image(self):
        """Which image the stub domain has: "patched" for short, "debian",
        "stock" or "foreign"."""
        return "debian" if (self.qemu, self.kernel) == ("patched", "debian") \
            else self.qemu

    @property
    def ramdisk(self):
        """What the stub domain's RAM disk is called."""
        return f"stub-{self.image}{'-packed' if self.packed else ''}.cpio"


@dataclass(frozen=True)
class Case:
    """One fact about a guest, or about a device of its."""
    name: str
    about: str                  # one line for the list of cases
    guest: Guest
    expect: tuple               # of matchers, see expect.py
    of: str = ""                # the device; "": the guest's first

    @property
    def device(self):
        """The name of the device that the case is about."""
        return self.of or self.guest.devices[0]
