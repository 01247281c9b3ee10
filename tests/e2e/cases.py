# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases: each is a guest, and what must be seen of it."""

from cases_msix import CASES as MSIX_CASES
from harness.case import BOTH, Case
from harness.expect import (
    arrive_on, capability, control, data_right, disk_dead, dom0_sees,
    interrupts, no_interrupts, raised, says, stub_says,
    verified)
from harness.honesty import TRACE, same_as_fake

# What our QEMU does to the control word, as the device sees it: the probe at
# realize sets ENABLE and clears it; then every start of the guest's driver
# sets it once, and the driver's end, or the guest's, clears it once.
PROBE = "E e "
ONCE = "E e "

AHCI = "caps start:ahci read irqs"
EDU = "caps load:edu_msi:count=5 irqs"

# Without PV interrupts the guest's message is a plain one for its APIC, as
# with any Xen from 4.19 on.
NOPV = "xen_nopv"

# The guest works by MSI, or by INTx without seeing that there is an MSI.
ON, OFF = dom0_sees("MSI: Enable+"), dom0_sees("MSI: Enable-")
AHCI_MSI = (interrupts("MSI", 64), data_right(), capability("MSI", True),
            control(PROBE + ONCE), ON)
AHCI_INTX = (interrupts("INTx", 64), data_right(), capability("MSI", False),
             control(""), OFF)
EDU_MSI = (interrupts("MSI", 5), raised(5), capability("MSI", True),
           control(PROBE + ONCE), ON)
EDU_INTX = (interrupts("INTx", 5), raised(5), capability("MSI", False),
            control(""), OFF)

CASES = (
    Case("ahci-allowed", "permission given: MSI", suites=BOTH,
         kernel="shipped", steps=AHCI, expect=AHCI_MSI),
    Case("ahci-refused", "permission not given: MSI hidden, INTx", suites=BOTH,
         permission="refused", steps=AHCI, expect=AHCI_INTX,
         on=(("irq end", "e2e status {domain} {bdf} msi hidden"),)),
    Case("ahci-refused-stock", "QEMU without our patch: the disk is dead",
         suites=BOTH, permission="refused", qemu="stock", steps=AHCI,
         expect=(no_interrupts(), disk_dead(), capability("MSI", True),
                 control(""), OFF)),
    Case("ahci-allowed-nopv", "the guest has no PV interrupts",
         cmdline=NOPV, steps=AHCI, expect=AHCI_MSI),
    Case("ahci-refused-nopv", "the guest has no PV interrupts: INTx",
         permission="refused", cmdline=NOPV, steps=AHCI, expect=AHCI_INTX),
    Case("edu-allowed", "a device that counts: every interrupt arrives",
         suites=BOTH, device="edu", steps=EDU, expect=EDU_MSI),
    Case("edu-refused", "a device that counts: every one by INTx",
         suites=BOTH, device="edu", permission="refused", steps=EDU, expect=EDU_INTX),
    Case("edu-allowed-nopv", "the same without PV interrupts",
         device="edu", cmdline=NOPV, steps=EDU, expect=EDU_MSI),
    Case("edu-refused-nopv", "the same without PV interrupts, by INTx",
         device="edu", permission="refused", cmdline=NOPV, steps=EDU,
         expect=EDU_INTX),
    Case("edu-disk", "besides it an emulated disk, which the stub domain has",
         device="edu", disk=True, steps=f"start:ata_piix read {EDU}",
         expect=(*EDU_MSI, data_right())),
    # dom0 needs no permission, and there is no probe unless it is asked for.
    Case("ahci-dom0", "QEMU in dom0, the same guest",
         permission="refused", where="dom0", steps=AHCI,
         expect=(interrupts("MSI", 64), data_right(), capability("MSI", True),
                 control(ONCE), ON)),
    Case("ahci-rebind", "the driver lets the disk go and takes it, 50 times",
         steps="start:ahci read rebind:50 read irqs",
         expect=(interrupts("MSI", 64), data_right(times=2),
                 says("rebound", "50"), control(PROBE + 51 * ONCE))),
    Case("edu-rebind", "the same with a device that counts",
         device="edu", steps="load:edu_msi:count=1 rebind:50 irqs",
         expect=(interrupts("MSI"), raised(51), says("rebound", "50"),
                 control(PROBE + 51 * ONCE))),
    Case("ahci-affinity", "interrupts that run are moved to the other vCPU",
         vcpus=2, cmdline=NOPV,
         steps="start:ahci read busy "
               "affinity:0 reads:2 irqs:a reads:2 irqs:b "
               "affinity:1 reads:2 irqs:c reads:2 irqs:d calm irqs",
         # there and back: a message that never moves is right once by chance
         expect=(interrupts("MSI", 64), data_right(), control(PROBE + ONCE),
                 arrive_on(0, "a", "b"), arrive_on(1, "c", "d"), verified())),
    Case("ahci-hotplug", "plugged into a running guest, and out of it",
         attached=False,
         steps="await:there caps start:ahci read irqs await:gone",
         on=(("awaiting there", "xl pci-attach {domain} {bdf}"),
             ("awaiting gone", "e2e unplug {domain} {bdf}")),
         expect=(interrupts("MSI", 64), data_right(), capability("MSI", True),
                 control(PROBE + ONCE), OFF)),
    Case("ahci-dom0-tool", "xen-pt-msi-allow, and the events that call it",
         attached=False,
         steps="await:there caps start:ahci read irqs await:gone",
         on=(("awaiting there", "tool plug {domain} {bdf}"),
             ("awaiting gone", "tool unplug {domain} {bdf}")),
         expect=(interrupts("MSI", 64), data_right(), capability("MSI", True),
                 control(PROBE + ONCE), OFF)),
    Case("ahci-journal", "QEMU does what it does on the fake Xen of our qtests",
         suites=BOTH, cmdline=NOPV, dm_args=TRACE, steps=f"{AHCI} unbind",
         expect=(interrupts("MSI", 64), data_right(), control(PROBE + ONCE),
                 OFF, same_as_fake("ich9-ahci"))),
    Case("ahci-destroy-busy", "the guest is destroyed in the midst of traffic",
         steps="start:ahci read irqs busy", until="busy",
         expect=(interrupts("MSI", 64), data_right(),
                 control(PROBE + ONCE))),
    Case("hvm-with-stubdom", "the sample configuration, a guest on its disk",
         suites=BOTH, sample=True, steps=AHCI, expect=AHCI_MSI,
         on=(("irq end", "e2e status {domain} {bdf} msi on"),)),
    Case("foreign-image", "an image for another Xen says so, and ends",
         suites=BOTH[1:], qemu="foreign", kernel="foreign", starts=False,
         steps="", expect=(control(""), stub_says(
             r"this image is made for Xen (\S+), this is Xen (?!\1)\S+: use"))),
) + MSIX_CASES
