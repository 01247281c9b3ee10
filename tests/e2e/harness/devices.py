# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices that are passed through: a row names everything of one."""

from dataclasses import dataclass

DISK = "file=disk.img,format=raw,file.locking=off,snapshot=on"


@dataclass(frozen=True)
class Device:
    """A device of the emulated machine."""
    slot: int
    ids: str            # vendor:device, which drivers look for
    modules: str        # the guest's, with its drivers
    words: str          # what the emulator is told; {slot} is its slot

    @property
    def address(self):
        """The BDF, as xl writes it."""
        return f"00:{self.slot:02x}.0"

    @property
    def arguments(self):
        """The words for the emulator."""
        return self.words.format(slot=hex(self.slot), disk=DISK).split()


# By the name that cases use. Slot 2 stays free: xen_pt takes a device there for
# Intel graphics. The lines of INTx go by slot modulo 4, but for those from 0x19
# on: no two devices share one.
DEVICES = {
    "e1000e": Device(
        0x19, "8086:10d3", "e1000e",
        "-netdev user,id=net,restrict=on,tftp=. "
        "-device e1000e,netdev=net,addr={slot},romfile="),
    "nvme": Device(
        4, "1b36:0010", "nvme",
        "-drive if=none,id=nd,{disk} "
        "-device nvme,drive=nd,serial=e2e,addr={slot}"),
    "ahci": Device(
        5, "8086:2922", "ahci sd_mod",
        "-device ich9-ahci,id=sata,addr={slot} -drive if=none,id=sd,{disk} "
        "-device ide-hd,drive=sd,bus=sata.0"),
    "edu": Device(6, "1234:11e8", "edu_msi",
                  "-device edu,addr={slot},dma_mask=0xffffffff"),
    "xhci": Device(
        7, "1b36:000d", "xhci_pci usb_storage sd_mod",
        "-device qemu-xhci,id=usb,addr={slot} -drive if=none,id=ud,{disk} "
        "-device usb-storage,drive=ud,bus=usb.0"),
}
# The controller of an emulated disk, which is the guest's alone.
EMULATED_DISK = Device(1, "8086:7010", "ata_piix sd_mod", "")
