# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases of MSI-X, by device: NVMe has MSI-X only, e1000e MSI and MSI-X,
xHCI MSI-X with its pending bits beside the table."""

from harness import configspace
from harness.case import BOTH, Case
from harness.expect import (
    MSIX_TRACE, arrive_on, capability, control, data_right, dom0_sees,
    interrupts, msix_control, says, vectors, verified)
from harness.honesty import TRACE, same_as_fake

NOPV = "xen_nopv"

# Drivers end with the device let go: what has no function-level reset keeps
# ENABLE where a domain is destroyed, its vectors masked by Xen.
NVME = "caps start:nvme spread irqs unbind"
E1000E = "caps start:e1000e fetch irqs unbind"
XHCI = "caps start:xhci_pci load:usb_storage read irqs"

SHOWN = (capability("MSI-X", True), msix_control())
MSIX = (interrupts("MSI-X"), *SHOWN)
# Linux 6.1 calls both kinds of plain APIC messages "PCI-MSI".
PLAIN = (interrupts(("MSI", "MSI-X")), *SHOWN)
HIDDEN = (capability("MSI-X", False), interrupts("INTx"),
          control("", configspace.MSIX), dom0_sees("MSI-X: Enable-"))


def msix(name, about, expect, suites=BOTH, dm_args=MSIX_TRACE, **more):
    """A case of which QEMU tells how it writes the control word."""
    return Case(name, about, suites=suites, expect=expect, dm_args=dm_args,
                **more)


def refused(name, about, expect, **more):
    """A case in which there is nothing to write."""
    return Case(name, about, suites=BOTH, permission="refused",
                expect=(*HIDDEN, *expect), **more)


CASES = (
    msix("nvme-allowed", "MSI-X only: an interrupt for each queue",
         device="nvme", steps=NVME,
         expect=(*MSIX, vectors(2), data_right())),
    msix("nvme-queues", "a queue, and a vector, for each vCPU",
         device="nvme", vcpus=2, cmdline=NOPV, steps=NVME,
         expect=(*PLAIN, vectors(3), data_right(times=2))),
    refused("nvme-refused", "MSI-X hidden, nothing else there: INTx",
            device="nvme", steps=NVME, expect=(data_right(),),
            on=(("irq end", "e2e status {domain} {bdf} msix hidden"),)),
    msix("nvme-rebind", "the driver lets the device go and takes it, 50 times",
         device="nvme",
         steps="start:nvme read rebind:50:disk read irqs unbind",
         expect=(interrupts("MSI-X"), data_right(times=2), vectors(2),
                 says("rebound", "50"), msix_control())),
    msix("nvme-journal", "MSI-X and its table are as on our qtests' fake Xen",
         device="nvme", cmdline=NOPV, dm_args=TRACE,
         steps="caps start:nvme read irqs unbind",
         expect=(*PLAIN, vectors(2), data_right(), same_as_fake("nvme"))),
    msix("e1000e-allowed", "MSI and MSI-X: the driver takes MSI-X",
         device="e1000e", steps=E1000E,
         expect=(*MSIX, capability("MSI", True), vectors(3), data_right())),
    refused("e1000e-refused", "MSI and MSI-X hidden: INTx",
            device="e1000e", steps=E1000E,
            expect=(capability("MSI", False), data_right())),
    msix("xhci-allowed", "its pending bits and its table share a page",
         device="xhci", steps=f"{XHCI} unbind",
         expect=(*MSIX, data_right())),
    refused("xhci-refused", "a USB controller by INTx",
            device="xhci", steps=XHCI, expect=(data_right(),)),
    # What Xen shows of a vector that is bound, while it moves, and how QEMU
    # binds it anew, has to be as on the fake too.
    msix("xhci-affinity", "interrupts that run are moved to the other vCPU",
         device="xhci", vcpus=2, cmdline=NOPV, dm_args=TRACE,
         steps="start:xhci_pci load:usb_storage read caps busy "
               "affinity:0 reads:2 irqs:a reads:2 irqs:b "
               "affinity:1 reads:2 irqs:c reads:2 irqs:d calm irqs unbind",
         expect=(*PLAIN, data_right(), arrive_on(0, "a", "b"),
                 arrive_on(1, "c", "d"), verified(),
                 same_as_fake("qemu-xhci"))),
)
