# SPDX-License-Identifier: GPL-2.0-or-later
"""The guests: each is booted once, and cases.py says what must be seen."""

from harness.case import BOTH, Guest
from harness.devices import DEVICES
from harness.honesty import TRACE

# Without PV interrupts the guest's message is a plain one for its APIC, as
# with any Xen from 4.19 on.
NOPV = "xen_nopv"

# What is done with a device. What has MSI-X is let go in the end: without a
# function-level reset it keeps ENABLE where a domain is destroyed, its vectors
# masked by Xen.
USE = {
    "ahci": "@ahci caps start:ahci read irqs",
    "edu": "@edu caps load:edu_msi:count=5 irqs",
    "nvme": "@nvme caps start:nvme spread irqs unbind",
    "e1000e": "@e1000e caps start:e1000e fetch irqs unbind",
    "xhci": "@xhci caps start:xhci_pci load:usb_storage read irqs unbind",
}
# The same with a write to a register beside the MSI-X table, before a driver
# has the BAR to itself.
BESIDE = {
    "nvme": USE["nvme"].replace("caps", "caps beside:0:0x2800"),
    "xhci": USE["xhci"].replace("caps", "caps beside:0:0x3400"),
}
# The same, but the driver stays.
USE_AGAIN = {name: steps.removesuffix(" unbind") for name, steps in USE.items()}
# Interrupts that run are moved to the other vCPU, there and back: a message
# that never moves is right once by chance.
MOVE = "busy affinity:0 reads:2 irqs:a reads:2 irqs:b " \
    "affinity:1 reads:2 irqs:c reads:2 irqs:d calm irqs unbind"
STATUS = (("ahci irq end", "e2e status {domain} {bdf} msi hidden"),
          ("nvme irq end", "e2e status {domain} {bdf} msix hidden"))

ALL = tuple(USE)
DISKS = ("ahci", "nvme", "xhci")


def each(devices, use=USE):
    """Return the steps that use one device after the other."""
    return " ".join(use[device] for device in devices)


AHCI = Guest("ahci", f"{USE['ahci']} busy", kernel="shipped", packed=True,
             until="busy", suites=BOTH)
# Debian's kernel in the stub domain, as it was
DEBIAN = Guest("debian", f"{USE['ahci']} {USE['nvme']}", ("ahci", "nvme"),
               kernel="debian", suites=BOTH)
STOCK = Guest("stock", USE["ahci"], permission="refused", qemu="stock")
# dom0 needs no permission, and there is no probe unless it is asked for.
DOM0 = Guest("dom0", USE["ahci"], permission="refused", where="dom0")
SAMPLE = Guest("hvm-with-stubdom", USE["ahci"], sample=True, suites=BOTH,
               on=(("irq end", "e2e status {domain} {bdf} msi on"),))
FOREIGN = Guest("foreign-image", "", qemu="foreign", kernel="foreign",
                starts=False, suites=BOTH[1:])

# After a QEMU that was taken over: the device is as it was.
EVIL = Guest("evil", USE["ahci"], evil=True, on_crash="destroy", suites=BOTH)

# One device after the other; the last has no permission, but pciback is told to
# let everything pass.
GIVEN = Guest("given", f"@ide start:ata_piix read {each(ALL[1:] + ALL[:1])}",
              ALL, permissive=ALL[:1], disk=True, suites=BOTH)
GIVEN_NOPV = Guest("given-nopv", each(ALL, USE | BESIDE), ALL, cmdline=NOPV)
REFUSED = Guest("refused", each(ALL, USE | BESIDE), ALL, permission="refused",
                on=STATUS, suites=BOTH)
# With the least memory that image.rst names, for what it was measured with.
# The last one is let pass.
REFUSED_NOPV = Guest("refused-nopv", each(("ahci", "edu", "nvme")),
                     ("ahci", "edu", "nvme"), permissive=("nvme",),
                     permission="refused", cmdline=NOPV, packed=True,
                     stub_memory=96)

# The devices side by side: one takes the pirq that another has let go.
TOGETHER = Guest(
    "together",
    "@nvme caps start:nvme @e1000e caps start:e1000e @ahci caps start:ahci "
    "@edu caps load:edu_msi:count=5 irqs @nvme read irqs:first "
    "@e1000e fetch irqs @ahci read irqs @nvme unbind "
    "@xhci caps start:xhci_pci load:usb_storage read irqs "
    "@nvme bind:nvme read irqs unbind @xhci unbind @e1000e unbind", ALL)
# The driver has the device write the MSI message by itself, as ath11k does: to
# the address that the guest finds in config space. In the window of its DMA
# registers that becomes the host's.
COPY = "@edu caps load:edu_msi:count=5:copy=3 irqs"
COPIED = Guest(
    "copied", COPY, ("edu",), trace=("copied", *Guest.trace),
    dm_args=("-global", "xen-pci-passthrough.copied-message=0:0:0x1000"))
NOT_COPIED = Guest("not-copied", COPY, ("edu",))
# Many times on one stack, {times: guest}; a few show what is another Xen's.
REBIND = {times: Guest(
    f"rebind-{times}", f"@ahci start:ahci read rebind:{times} read irqs "
    f"@edu load:edu_msi:count=1 rebind:{times} irqs "
    f"@nvme start:nvme read rebind:{times}:disk read irqs unbind",
    ("ahci", "edu", "nvme"), suites=(suite,))
    for suite, times in zip(BOTH, (50, 5))}
MOVING = Guest(
    "moving", f"@ahci caps start:ahci read {MOVE} {USE['nvme']} "
    f"@xhci caps start:xhci_pci load:usb_storage read {MOVE}",
    DISKS, vcpus=2, cmdline=NOPV, dm_args=TRACE, suites=BOTH)
# Each device loses ENABLE behind QEMU's back; then the guest sleeps as far as
# its devices do, and last in ACPI S3, from which QEMU wakes it. There NVMe is in
# D3, and loses ENABLE once more.
LOST = "read irqs:lost await:nmi enable read irqs:a"
SUSPEND = Guest(
    "suspend",
    f"@ahci caps start:ahci {LOST} @nvme caps start:nvme {LOST} "
    "suspend:mem:devices read irqs:b @ahci read irqs:b "
    "suspend:freeze:devices read irqs:c @nvme read irqs:c "
    "suspend:mem read irqs @ahci read irqs @nvme unbind",
    ("ahci", "nvme"), power=("nvme",),
    cmdline=f"{NOPV} suspend.pm_test_delay=1 no_console_suspend",
    on=(("ahci awaiting nmi", "e2e lose {domain} {bdf}"),
        ("nvme awaiting nmi", "e2e lose {domain} {bdf}"),
        ("nvme step suspend:mem$",
         "e2e asleep {domain} {bdf} && e2e wake {domain}")))
# A kernel that starts another one leaves ENABLE set in each device. It wants
# the new one in less than half of the memory.
KEXEC = Guest(
    "kexec", f"{each(('edu', 'nvme', 'ahci'), USE_AGAIN)} kexec "
    f"{each(('ahci', 'edu', 'nvme'))}", ("ahci", "edu", "nvme"), cmdline=NOPV,
    memory=288, anew=True)
# The second comes and goes while the first works. The kernel tells the tool of
# the last that goes only, which so is the tool's.
PLUG = Guest(
    "plug", "@ahci await:there caps start:ahci read busy "
    "@edu await:there caps load:edu_msi:count=5 irqs await:gone "
    "@ahci reads:2 calm irqs await:gone", ("ahci", "edu"), attached=False,
    on=(("ahci awaiting there", "tool plug {domain} {bdf}"),
        ("edu awaiting there", "xl pci-attach {domain} {bdf}"),
        ("edu awaiting gone", "e2e unplug {domain} {bdf}"),
        ("ahci awaiting gone", "tool unplug {domain} {bdf}")))

# One guest, four lives: it crashes in the midst of traffic, it reboots, its QEMU
# is killed in the midst of traffic; so is its stub domain at last. Each time
# dom0 starts it anew: what xl restarts by itself has lost its devices (libxl
# 4.17, with any stub domain). The kernel takes the permission back where a
# domain ends; the event gives it anew, in the second life to the NVMe alone.
LIVES = Guest(
    "lives", "@nvme caps start:nvme read irqs @edu caps load:edu_msi:count=5 "
    "irqs @ahci caps start:ahci read irqs busy", ("ahci", "edu", "nvme"),
    on_crash="destroy", cmdline="sysrq_always_enabled",
    on=(("nvme step caps", "e2e watch {bdf}"),
        ("done", "xl sysrq {domain} c && e2e again {domain}"),
        ("done", "e2e watch {every} && xl reboot {domain} && "
                 "e2e again {domain}"),
        ("done", "e2e kill_qemu {domain} {every} && e2e again {domain}")),
    end="xl destroy {domain}-dm && e2e end {domain}")
# The stub domain's kernel finds a fault of its own, and ends.
PANIC = Guest("panic", f"{USE['ahci']} sleep:60", until="step sleep:60",
              stub_cmdline="unknown_nmi_panic",
              end=f"e2e end {{domain}} && e2e unowned {DEVICES['ahci'].address}",
              on=(("step sleep", "xl trigger {domain}-dm nmi; sleep 5; "
                   "xl list | grep '^{domain}-dm .*---sc-'"),))

# On other IOMMUs: {platform: (permission given, refused)}. What is refused
# there is not Xen's release's matter. QEMU passes on what it does not know of
# config space; pciback does not. (Where a guest has had permissive mode, AHCI's
# port control is as Linux wants it.)
PLATFORMS = {
    platform: tuple(
        Guest(f"{platform}-{permission}", each(DISKS), DISKS, cmdline=NOPV,
              permission=permission, platform=platform, suites=suites,
              dm_args=("-global", "xen-pci-passthrough.permissive=on"))
        for permission, suites in (("given", given), ("refused", BOTH[:1])))
    for platform, given in (("amd", BOTH), ("vtd-plain", BOTH[:1]))}

# What xen-pt-msi-check says of them: {(platform, permission): guest}. It waits
# in vain for edu, which has no driver there: that is seen once.
CHECKS = {
    (platform, permission): Guest(
        f"check-{platform}-{permission}", "", devices, permission=permission,
        platform=platform, end="true", check=f"--seconds=20 {options}")
    for platform, permission, devices, options in (
        ("vtd", "given", ("ahci", "nvme", "e1000e", "xhci"), ""),
        ("vtd", "refused", ALL, "--quick"),
        *((platform, permission, DISKS, "--quick") for platform in PLATFORMS
          for permission in ("given", "refused")))}
