/*
 * Xen PCI pass-through: INTx where a device or a machine is out of the ordinary
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen-legacy-backend.h"
#include "qemu/error-report.h"

/* xc_domain_bind_pt_pci_irq() takes the pirq as a uint8_t. */
#define MAX_BOUND UINT8_MAX

int xen_pt_intx_bindable(XenPCIPassthroughState *s, int pirq)
{
    g_autofree char *name = NULL;

    if (pirq <= MAX_BOUND) {
        return 0;
    }
    name = xen_pt_host_name(s);
    warn_report("%s: its INTx is interrupt %d of Xen's, and only those up to "
                "%d can be bound; the guest's driver must use MSI or MSI-X",
                name, pirq, MAX_BOUND);
    xc_physdev_unmap_pirq(xen_xc, xen_domid, pirq);
    errno = ERANGE;
    return -1;
}

/* As realize has read it for the guest's view; all-ones is no answer. */
static bool found_asserted(const PCIDevice *d)
{
    uint16_t status = pci_get_word(d->config + PCI_STATUS);

    return (status & PCI_STATUS_INTERRUPT) &&
           (status | PCI_STATUS_CAP_LIST) != UINT16_MAX;
}

/* COMMAND in the lower half, STATUS in the upper one. */
static int read_both(XenHostPCIDevice *d, uint32_t *both)
{
    int rc = xen_host_pci_get_long(d, PCI_COMMAND, both);

    return rc ? rc : *both == UINT32_MAX ? -EIO : 0;
}

/*
 * pciback passes on what changes in its copy of COMMAND. The copy outlives the
 * device's reset, so the bit may be set there and not in the device.
 */
static int disable(XenHostPCIDevice *d)
{
    uint32_t both;
    int rc = read_both(d, &both);

    if (!rc && xen_is_stubdomain && (both & PCI_COMMAND_INTX_DISABLE)) {
        rc = xen_host_pci_set_word(d, PCI_COMMAND,
                                   both & ~PCI_COMMAND_INTX_DISABLE);
    }
    return rc ? rc : xen_host_pci_set_word(d, PCI_COMMAND, both |
                                           PCI_COMMAND_INTX_DISABLE);
}

int xen_pt_intx_give_way(XenPCIPassthroughState *s)
{
    /* In dom0 nobody refuses anything because of it. */
    return xen_is_stubdomain ? disable(&s->real_device) : -EPERM;
}

static uint16_t guest_command(const XenPCIPassthroughState *s)
{
    return pci_get_word(s->dev.config + PCI_COMMAND);
}

/* Without a line it is off for good, as xen_pt_cmd_reg_write() has it. */
static bool guest_has_intx(const XenPCIPassthroughState *s)
{
    return s->machine_irq && !(guest_command(s) & PCI_COMMAND_INTX_DISABLE);
}

int xen_pt_intx_come_back(XenPCIPassthroughState *s)
{
    XenHostPCIDevice *d = &s->real_device;
    uint32_t both;
    int rc;

    /* Before there is a guest, as it will read it: enabled. */
    if (s->listener_set && !guest_has_intx(s)) {
        return 0;
    }
    rc = read_both(d, &both);
    /* What does not read back is written once more: it may have been lost. */
    for (int tries = 0; !rc && tries < 2 &&
         (both & PCI_COMMAND_INTX_DISABLE); tries++) {
        rc = xen_host_pci_set_word(d, PCI_COMMAND,
                                   both & ~PCI_COMMAND_INTX_DISABLE);
        rc = rc ? rc : read_both(d, &both);
    }
    return rc ? rc : both & PCI_COMMAND_INTX_DISABLE ? -EACCES : 0;
}

void xen_pt_intx_quiet(XenPCIPassthroughState *s)
{
    PCIDevice *d = &s->dev;
    g_autofree char *name = NULL;
    int rc;

    if (!found_asserted(d)) {
        return;
    }
    rc = disable(&s->real_device);
    pci_word_test_and_set_mask(d->config + PCI_COMMAND,
                               PCI_COMMAND_INTX_DISABLE);
    /* A reset clears in config what the guest may write by this mask. */
    pci_word_test_and_clear_mask(d->wmask + PCI_COMMAND,
                                 PCI_COMMAND_INTX_DISABLE);
    name = xen_pt_host_name(s);
    warn_report("%s: it interrupts by INTx, and no driver is there to serve "
                "it; INTx %s until one enables it", name,
                rc ? "cannot be disabled" : "is disabled");
}

void xen_pt_intx_disable_again(XenPCIPassthroughState *s)
{
    if (xen_is_stubdomain && !guest_has_intx(s)) {
        disable(&s->real_device);
    }
}

void xen_pt_intx_realized(XenPCIPassthroughState *s)
{
    s->command = guest_command(s);
    xen_pt_intx_disable_again(s);
}

void xen_pt_intx_written(XenPCIPassthroughState *s)
{
    const uint16_t decode = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;
    uint16_t old = s->command, now = guest_command(s);

    s->command = now;
    if (!(old & decode) && (now & decode)) {
        xen_pt_intx_disable_again(s);
    }
    if (old & ~now & PCI_COMMAND_INTX_DISABLE) {
        xen_pt_msi_intx_enabled(s);
    }
}
