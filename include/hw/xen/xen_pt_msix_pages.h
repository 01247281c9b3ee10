/*
 * Xen PCI pass-through: the pages of MSI-X that a guest may not write
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When pciback prepares a device with MSI-X, Xen makes the pages of the table
 * and of the pending bits read-only, for everyone and for as long as pciback
 * has the device. Up to Xen 4.20 a domain that writes there, to a page that is
 * mapped to it, is crashed. So they are never mapped to the guest, whether it
 * is shown MSI-X or not: QEMU answers in their place.
 */
#ifndef HW_XEN_PT_MSIX_PAGES_H
#define HW_XEN_PT_MSIX_PAGES_H

#include "hw/xen/xen_pt_msi.h"
#include "hw/xen/xen_pt_resource.h"

typedef struct XenPTMSIXPages {
    MemoryRegion mr;
    MemoryRegion *in;           /* the guest's BAR; NULL: not in it (yet) */
    uint64_t first;             /* byte of the BAR that they begin at */
    uint64_t size;              /* in the BAR */
    XenPTResource device;       /* the device's; not mapped: cannot be read */
} XenPTMSIXPages;

/**
 * xen_pt_msix_pages_init: those that a part of a BAR is in
 * @pages: all zero
 * @msi: the device's MSI-X
 * @name: of the memory region
 * @ops: what the guest's accesses do, with @msi for an opaque; NULL: reads are
 *       the device's, writes are dropped
 * @bar: 0 to 5, a BAR in memory
 * @offset: in the BAR
 * @size: in bytes; what is beyond the BAR's end does not count
 *
 * Returns: 0, or a negative errno where the device's pages cannot be mapped.
 * They read as all-ones then, as if the device did not answer; anything else
 * would look like a value.
 */
int xen_pt_msix_pages_init(XenPTMSIXPages *pages, XenPTMSI *msi,
                           const char *name, const MemoryRegionOps *ops,
                           unsigned bar, uint64_t offset, uint64_t size);

/**
 * xen_pt_msix_pages_cover: are all bytes of a part of the BAR in these?
 */
bool xen_pt_msix_pages_cover(const XenPTMSIXPages *pages, uint64_t offset,
                             uint64_t size);

/**
 * xen_pt_msix_pages_read: what the device has there
 * @addr: in the memory region
 * @size: 1, 2 or 4; it is one access on the bus
 */
uint64_t xen_pt_msix_pages_read(const XenPTMSIXPages *pages, hwaddr addr,
                                unsigned size);

/**
 * xen_pt_msix_pages_put, xen_pt_msix_pages_take: into the guest's BAR, and out
 * @priority: above the BAR's own memory
 */
void xen_pt_msix_pages_put(XenPTMSIXPages *pages, MemoryRegion *bar,
                           int priority);
void xen_pt_msix_pages_take(XenPTMSIXPages *pages);

/**
 * xen_pt_msix_pages_free: the last reference to the guest's memory is gone
 */
void xen_pt_msix_pages_free(XenPTMSIXPages *pages);

#endif
