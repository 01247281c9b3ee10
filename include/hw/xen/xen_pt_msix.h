/*
 * Xen PCI pass-through: the MSI-X table in the guest's memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pages that the table lies in are not mapped to the guest. What it writes
 * to the table goes to the sequence; the device's own table, which Xen writes,
 * is mapped read-only through the device's resource file, so that it can be
 * checked. There is no other way to it, and no use of /dev/mem.
 */
#ifndef HW_XEN_PT_MSIX_H
#define HW_XEN_PT_MSIX_H

/* With MemoryRegion, the header of which has another name since QEMU 10.1. */
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt_msi.h"
#include "hw/xen/xen_pt_msix_pages.h"
#include "hw/xen/xen_pt_msix_table.h"

struct XenPTMSIX {
    XenPTMSIXPages pages;       /* those of the table */
    XenPTMSIXPages pba;         /* those of the pending bits */
    bool pba_apart;             /* some of which are not the table's */
    unsigned bar, pba_bar;
    uint64_t bar_base;          /* of the host's BAR */
    uint32_t table_offset;      /* of the table, in @pages */
    uint64_t pba_first;         /* bytes of the table's BAR that are pending */
    uint64_t pba_last;          /* bits; UINT64_MAX: they are in another */
    hwaddr guest;               /* where the guest's table is, once mapped */
    unsigned warned;            /* bit n: XenPTMSIXLost n has been */
    XenPTMSIXTable table;
    XenPTMSIXEntry entry[];
};

/* Why a guest's write reaches nothing. */
typedef enum XenPTMSIXLost {
    XEN_PT_MSIX_LOST_HIDDEN,        /* the table's page, MSI-X is hidden */
    XEN_PT_MSIX_LOST_PBA,           /* a page of the pending bits */
    XEN_PT_MSIX_LOST_BESIDE_PBA,    /* the table's, pending bits there too */
    XEN_PT_MSIX_LOST_BESIDE,        /* the table's, and Xen does not do it */
} XenPTMSIXLost;

/* The guest address of a table that is not in its memory. */
#define XEN_PT_MSIX_UNMAPPED ((hwaddr)-1)

/**
 * xen_pt_msix_new: set up the table of a device
 * @msi: the capability; @msi->control and @msi->cap are known
 * @table: the device's register of that name
 * @pba: and of the pending bits
 *
 * Returns: false where the guest cannot be given MSI-X; a warning has said
 * why. @msi->x is set all the same, where the table's pages are known: they
 * are not the guest's. Else @msi->regs is set too.
 */
bool xen_pt_msix_new(XenPTMSI *msi, uint32_t table, uint32_t pba);

/**
 * xen_pt_msix_map: put the pages of the table into the guest's BAR
 */
void xen_pt_msix_map(XenPTMSI *msi);

/**
 * xen_pt_msix_unmap: take them out
 */
void xen_pt_msix_unmap(XenPTMSI *msi);

/**
 * xen_pt_msix_meets: is a part of a BAR among the pages that are not the
 * guest's?
 * @msi: of MSI-X
 */
bool xen_pt_msix_meets(const XenPTMSI *msi, unsigned bar, uint64_t offset,
                       uint64_t size);

/**
 * xen_pt_msix_warn_lost: warn of a guest's write that reaches nothing
 *
 * Once per device and reason.
 */
void xen_pt_msix_warn_lost(XenPTMSI *msi, XenPTMSIXLost lost);

/**
 * xen_pt_msix_free: the last reference to the guest's memory is gone
 */
void xen_pt_msix_free(XenPTMSI *msi);

/**
 * xen_pt_msix_device_message: the message that is in the device
 * @vector: below @x->table.n
 */
XenPTMSIMessage xen_pt_msix_device_message(const XenPTMSIX *x, unsigned vector);

/**
 * xen_pt_msix_learn_masks: take over which vectors the guest has masked
 *
 * To be called before they are unbound: until then a Xen before 4.19 has the
 * guest's mask bits to itself.
 */
void xen_pt_msix_learn_masks(XenPTMSI *msi);

#endif
