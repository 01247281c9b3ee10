/*
 * Xen PCI pass-through: INTx where a machine is out of the ordinary
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen-legacy-backend.h"
#include "qemu/error-report.h"

/* xc_domain_bind_pt_pci_irq() takes the pirq as a uint8_t. */
#define MAX_BOUND UINT8_MAX

static char *name_of(const XenPCIPassthroughState *s)
{
    const XenHostPCIDevice *d = &s->real_device;

    return g_strdup_printf("%04x:%02x:%02x.%x", d->domain, d->bus, d->dev,
                           d->func);
}

int xen_pt_intx_bindable(XenPCIPassthroughState *s, int pirq)
{
    g_autofree char *name = NULL;

    if (pirq <= MAX_BOUND) {
        return 0;
    }
    name = name_of(s);
    warn_report("%s: its INTx is interrupt %d of Xen's, and only those up to "
                "%d can be bound; the guest's driver must use MSI or MSI-X",
                name, pirq, MAX_BOUND);
    xc_physdev_unmap_pirq(xen_xc, xen_domid, pirq);
    errno = ERANGE;
    return -1;
}
