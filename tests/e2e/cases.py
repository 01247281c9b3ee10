# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases: what must be seen of the guests in guests.py, device by device.
AHCI and edu have MSI only, NVMe has MSI-X only, e1000e both, xHCI MSI-X with
its pending bits beside the table."""

import guests
from harness import configspace
from harness.case import Case
from harness.evil import as_listed, log_limited, refused_by_init
from harness.expect import (
    arrive_on, arrived, capability, control, data_right, disk_dead, dom0_sees,
    in_life, interrupts, message_seen, msix_control, no_interrupts, raised,
    says, stub_says, vectors, verdict, verified)
from harness.honesty import same_as_fake

# What our QEMU does to the control word, as the device sees it: the probe at
# realize sets ENABLE and clears it; then every start of the guest's driver
# sets it once, and the driver's end, or the guest's, clears it once.
PROBE = "E e "
ONCE = "E e "

ON, OFF = dom0_sees("MSI: Enable+"), dom0_sees("MSI: Enable-")
MSI = (interrupts("MSI"), capability("MSI", True), control(PROBE + ONCE),
       message_seen())
NO_MSI = (interrupts("INTx"), capability("MSI", False), control(""), OFF)
SHOWN = (capability("MSI-X", True), msix_control(), message_seen())
MSIX = (interrupts("MSI-X"), *SHOWN)
# Linux 6.1 calls both kinds of plain APIC messages "PCI-MSI".
PLAIN = (interrupts(("MSI", "MSI-X")), *SHOWN)
NO_MSIX = (interrupts("INTx"), capability("MSI-X", False),
           control("", configspace.MSIX), dom0_sees("MSI-X: Enable-"))

# Each device at work: what is sure however its interrupts come, and what is
# when they come by message.
WORKS = {
    "ahci": (interrupts(("INTx", "MSI"), 64), data_right()),
    "edu": (interrupts(("INTx", "MSI"), 5), raised(5)),
    "nvme": (data_right(),),
    "e1000e": (data_right(),),
    "xhci": (data_right(),),
}
BY_MESSAGE = {
    "ahci": (*MSI, ON),
    "edu": (*MSI, ON),
    "nvme": (vectors(2),),
    "e1000e": (vectors(3), capability("MSI", True)),
    "xhci": (),
}
BY_INTX = {
    "ahci": NO_MSI,
    "edu": NO_MSI,
    "nvme": NO_MSIX,
    "e1000e": (*NO_MSIX, capability("MSI", False)),
    "xhci": NO_MSIX,
}


def given(device, guest):
    """What must be seen of a device whose interrupts come by message."""
    kind = () if device in ("ahci", "edu") else \
        PLAIN if guests.NOPV in guest.cmdline else MSIX
    return (*WORKS[device], *kind, *BY_MESSAGE[device])


def refused(device, _guest):
    """What must be seen where there is no permission for that."""
    return (*WORKS[device], *BY_INTX[device])


def cases(guest, name, about, facts, devices=None, more=()):
    """Return a case for each of the guest's devices; facts(device, guest) is
    what must be seen, and more."""
    return tuple(Case(f"{device}-{name}", about, guest,
                      (*facts(device, guest), *more), device)
                 for device in devices or guest.devices)


def awake(device, since, now, *state):
    """What must be seen of a device once its guest woke from that state: it
    works since the report of that name. The counts of NVMe's interrupts begin
    anew then."""
    kind = ("MSI", "MSI-X")
    return (says("woke", f"^from {' '.join(state)}$"),
            *((interrupts(kind, 16, now),) if device == "nvme" else
              (interrupts(kind, 1, now), arrived(since, now, 16))))


def slept(device, _guest):
    """What must be seen of a device whose driver has slept twice."""
    return (data_right(times=5), *awake(device, "a", "b", "mem", "devices"),
            *awake(device, "b", "c", "freeze", "devices"))


def woken(device, _guest):
    """What must be seen of a device whose guest was in ACPI S3."""
    return data_right(times=5), *awake(device, "c", "end", "mem")


# In one life of several.
LIFE = {
    "ahci": (*WORKS["ahci"], interrupts("MSI"), capability("MSI", True)),
    "edu": (*WORKS["edu"], interrupts("MSI"), capability("MSI", True)),
    "nvme": (*WORKS["nvme"], vectors(2), interrupts("MSI-X"),
             capability("MSI-X", True)),
}
HIDDEN = {device: (*WORKS[device], interrupts("INTx"), capability("MSI", False))
          for device in ("ahci", "edu")}
AHCI_GIVEN = given("ahci", guests.AHCI)
PLUGGED = (*MSI, OFF)

# What xen-pt-msi-check says; it finds no driver for edu.
REFUSED = r"is refused \(.*reads .*Permission denied.*\); give it the " \
    "permission: xen-pt-msi-allow 0000:.*"
CHECKED = {
    ("given", "ahci"): "MSI works: 1 vectors, .*",
    ("given", "nvme"): "MSI-X works: 2 vectors, .*",
    ("given", "e1000e"): "MSI-X works: 3 vectors, .*",
    ("given", "xhci"): "MSI-X works: .*",
    **{("refused", device): f"INTx works, {kind} {REFUSED}" for device, kind in
       (("ahci", "MSI"), ("nvme", "MSI-X"), ("e1000e", "MSI-X"),
        ("xhci", "MSI-X"))},
    ("refused", "edu"): f"MSI {REFUSED}",
}

CASES = (
    Case("ahci-allowed", "permission given: MSI", guests.AHCI, AHCI_GIVEN),
    Case("ahci-destroy-busy", "the guest is destroyed in the midst of traffic",
         guests.AHCI, (data_right(), says("busy", ""), control(PROBE + ONCE))),
    Case("ahci-own-kernel", "the stub domain's kernel is our own",
         guests.AHCI, (stub_says(r"up: .*, Linux \S+-xen-pt-stubdom\b"),)),
    *cases(guests.DEBIAN, "debian", "Debian's kernel in the stub domain",
           given),
    Case("ahci-debian-kernel", "that kernel is Debian's",
         guests.DEBIAN, (stub_says(r"up: .*, Linux \S+-amd64\b"),
                         stub_says("modules are loaded"))),
    Case("ahci-kernel-panic", "the stub domain's kernel ends: it is crashed",
         guests.PANIC, (data_right(), stub_says("Kernel panic"))),
    *cases(guests.REFUSED, "refused",
           "permission not given: MSI and MSI-X hidden, INTx", refused),
    Case("ahci-refused-stock", "QEMU without our patch: the disk is dead",
         guests.STOCK, (no_interrupts(), disk_dead(), capability("MSI", True),
                        control(""), OFF)),
    *cases(guests.GIVEN, "allowed", "permission given: MSI, or MSI-X", given,
           guests.ALL[1:]),
    Case("edu-disk", "besides it an emulated disk, which the stub domain has",
         guests.GIVEN, (data_right(),), "ide"),
    *cases(guests.GIVEN_NOPV, "allowed-nopv",
           "the guest has no PV interrupts", given),
    *cases(guests.REFUSED_NOPV, "refused-nopv",
           "the guest has no PV interrupts: INTx", refused,
           ("ahci", "edu")),
    *cases(guests.GIVEN_NOPV, "beside",
           "a register beside its table is written, the table in use",
           lambda device, guest: (says("beside", "0x"), data_right()),
           guests.BESIDE),
    *cases(guests.REFUSED, "beside-hidden",
           "a register beside its table is written, MSI-X hidden",
           refused, guests.BESIDE, (says("beside", "0x"),)),
    *cases(guests.TOGETHER, "together",
           "five devices side by side, and one is let go and taken", given),
    # A pirq is asked for; VT-d has an index for an address, and no data. The
    # data of what is sent is in memory, which nobody replaces.
    Case("edu-copied", "it sends copies of its message: the host's, in a window",
         guests.COPIED, (interrupts("MSI", 8), raised(5),
                         says("dmesg", r"copied 3 seen 3, (0x\w+)/0x[1-9a-f]"
                              r"\w* as (?!\1)0xfee\w{5}/0x0$"),
                         stub_says("host's MSI message takes the place of the "
                                   "guest's in BAR 0, offset 0x0, size 0x1000"),
                         control(PROBE + ONCE))),
    Case("edu-not-copied", "without the window no copy arrives",
         guests.NOT_COPIED, (interrupts("MSI", 5), raised(5),
                             says("dmesg", "copied 3 seen 0, (0x.*) as "
                                  r"\1$"),
                             control(PROBE + ONCE))),
    # dom0 needs no permission, and there is no probe unless it is asked for.
    Case("ahci-dom0", "QEMU in dom0, the same guest", guests.DOM0,
         (*WORKS["ahci"], interrupts("MSI"), capability("MSI", True),
          control(ONCE), ON)),
    *(case for times, guest in guests.REBIND.items() for case in (
        Case(f"ahci-rebind-{times}",
             f"the driver lets the disk go and takes it, {times} times", guest,
             (interrupts("MSI", 64), data_right(times=2),
              says("rebound", f"^{times}$"),
              control(PROBE + (times + 1) * ONCE)), "ahci"),
        Case(f"edu-rebind-{times}", "the same with a device that counts",
             guest, (interrupts("MSI"), raised(times + 1),
                     says("rebound", f"^{times}$"),
                     control(PROBE + (times + 1) * ONCE)), "edu"),
        Case(f"nvme-rebind-{times}", "the same with MSI-X", guest,
             (interrupts("MSI-X"), data_right(times=2), vectors(2),
              says("rebound", f"^{times}$"), msix_control()), "nvme"))),
    Case("ahci-affinity", "interrupts that run are moved to the other vCPU",
         guests.MOVING, (interrupts("MSI", 64), data_right(),
                         control(PROBE + ONCE), arrive_on(0, "a", "b"),
                         arrive_on(1, "c", "d"), verified()), "ahci"),
    Case("xhci-affinity", "interrupts that run are moved to the other vCPU",
         guests.MOVING, (*PLAIN, data_right(), arrive_on(0, "a", "b"),
                         arrive_on(1, "c", "d"), verified()), "xhci"),
    Case("nvme-queues", "a queue, and a vector, for each vCPU",
         guests.MOVING, (*PLAIN, vectors(3), data_right(times=2)), "nvme"),
    # What Xen shows of a vector that is bound, while it moves, and how QEMU
    # binds it anew, has to be as on the fake too.
    *(Case(f"{device}-journal", "QEMU does what it does on our qtests' fake",
           guests.MOVING, (data_right(), same_as_fake(dump)), device)
      for device, dump in (("ahci", "ich9-ahci"), ("nvme", "nvme"),
                           ("xhci", "qemu-xhci"))),
    *cases(guests.SUSPEND, "lost",
           "it loses ENABLE, and is set up anew when the guest sets that",
           lambda device, _guest: (
               data_right(times=2), says("enabled", ""),
               arrived("lost", "a", 16))),
    *cases(guests.SUSPEND, "suspend", "the guest sleeps and wakes", slept),
    *cases(guests.SUSPEND, "s3", "ACPI S3, as from the lid of a laptop", woken),
    *cases(guests.KEXEC, "kexec",
           "a kernel that starts finds it with interrupts on",
           lambda device, _guest: tuple(
               in_life(life, *WORKS[device], interrupts(("MSI", "MSI-X")))
               for life in (1, 2))),
    # Linux writes ICH9's port control.
    Case("ahci-register-kept", "a register that QEMU keeps back is named",
         guests.AHCI, (stub_says("refused: 0x92, vendor register, written "
                                 "0x003f, reads 0x0000; QEMU keeps it"),)),
    Case("ahci-register-dropped", "one that pciback drops is named",
         guests.PLATFORMS["amd"][0],
         (stub_says("refused: 0x92, vendor register, written 0x003f, reads "
                    "0x0000; pciback drops it"),), "ahci"),
    Case("ahci-dom0-tool", "xen-pt-msi-allow, and the events that call it",
         guests.PLUG, (*WORKS["ahci"], *PLUGGED, verified(1)), "ahci"),
    Case("edu-hotplug", "plugged into a busy guest, and out of it",
         guests.PLUG, (*WORKS["edu"], *PLUGGED), "edu"),
    # In traffic. The permission is lost, but for NVMe's, and given again.
    Case("ahci-lives", "crash, reboot, the end of QEMU, of its domain",
         guests.LIVES, (in_life(1, *LIFE["ahci"]), in_life(2, *HIDDEN["ahci"]),
                        in_life(3, *LIFE["ahci"]), in_life(4, *LIFE["ahci"]),
                        control(3 * (PROBE + ONCE)),
                        stub_says("QEMU was killed by signal 9"),
                        stub_says("reported as crashed")), "ahci"),
    Case("edu-lives", "the same with a device that counts", guests.LIVES,
         (in_life(1, *LIFE["edu"]), in_life(2, *HIDDEN["edu"]),
          in_life(3, *LIFE["edu"]), in_life(4, *LIFE["edu"]),
          control(3 * (PROBE + ONCE))), "edu"),
    Case("nvme-lives", "the same with MSI-X, the permission kept",
         guests.LIVES, (*(in_life(life, *LIFE["nvme"]) for life in range(1, 5)),
                        msix_control()), "nvme"),
    *(case for guest in (guests.GIVEN, guests.REFUSED_NOPV) for case in
      cases(guest, "permissive",
            "pciback lets everything pass: as if permitted", given,
            guest.permissive)),
    Case("hvm-with-stubdom", "the sample configuration, a guest on its disk",
         guests.SAMPLE, (*WORKS["ahci"], interrupts("MSI"), ON,
                         capability("MSI", True), control(PROBE + ONCE))),
    Case("evil", "a QEMU that was taken over: what it may, and no more",
         guests.EVIL, (as_listed(), log_limited(), refused_by_init(),
                       stub_says("reported as crashed"), *AHCI_GIVEN)),
    *(case for (platform, permission), guest in guests.CHECKS.items() for case
      in cases(guest, f"check-{platform}-{permission}", "what the check says",
               lambda device, guest: (verdict(CHECKED[guest.permission,
                                                      device]),))),
    Case("foreign-image", "an image for another Xen says so, and ends",
         guests.FOREIGN, (control(""), stub_says(
             r"this image is made for Xen (\S+), this is Xen (?!\1)\S+: use"))),
    *(case for platform, (on, off) in guests.PLATFORMS.items() for case in
      cases(on, platform, f"MSI, or MSI-X, on {platform}", given) +
      cases(off, f"{platform}-refused", f"INTx on {platform}", refused)),
)
