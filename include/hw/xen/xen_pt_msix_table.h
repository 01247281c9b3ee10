/*
 * Xen PCI pass-through: the MSI-X table as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the guest has written, and nothing else: never touches hardware, where
 * Xen writes a table of its own.
 */
#ifndef HW_XEN_PT_MSIX_TABLE_H
#define HW_XEN_PT_MSIX_TABLE_H

#include "hw/pci/pci_regs.h"
#include "hw/xen/xen_pt_msi_check.h"

#define XEN_PT_MSIX_MAX 2048        /* entries (PCI 3.0, 6.8.2.3) */

typedef struct XenPTMSIXEntry {
    uint32_t word[4];       /* address, upper address, data, vector control */
    uint32_t life;          /* in which its data was written last */
} XenPTMSIXEntry;

typedef struct XenPTMSIXTable {
    /*
     * Xen answers a write that masks an entry which is bound, and does not
     * pass it on (Xen before 4.19, without XENFEAT_dm_msix_all_writes).
     */
    bool masks_unseen;
    unsigned n;             /* entries */
    uint32_t life;          /* counts how often the function has gone off */
    XenPTMSIXEntry *entry;  /* the caller's memory */
} XenPTMSIXTable;

/**
 * xen_pt_msix_table_reset: the table as it is after a reset
 * @table: all entries become empty, and masked (PCI 3.0, 6.8.2.9)
 */
void xen_pt_msix_table_reset(XenPTMSIXTable *table);

/**
 * xen_pt_msix_table_read: what the guest reads
 * @table: the table
 * @offset: from its begin, any
 * @len: 1 to 8 bytes
 *
 * Bytes beyond its end read as 0.
 */
uint64_t xen_pt_msix_table_read(const XenPTMSIXTable *table, uint32_t offset,
                                unsigned len);

/**
 * xen_pt_msix_table_write: the guest writes
 * @table: the table
 * @offset: from its begin, any
 * @value: little-endian, the lower @len bytes count
 * @len: 1 to 8 bytes; those beyond the entry are not written
 * @bound: Xen delivers the interrupt of this entry
 *
 * Reserved bits and bytes beyond the end hold. A message and its mask that come
 * in one write are one change.
 *
 * Returns: whether there is something new: the entry has changed, or asks again
 * for the pirq that it has. A changed message of a bound entry whose masking is
 * not seen here counts as masked until the guest unmasks it: to change one that
 * is not masked is undefined (PCI 3.0, 6.8.2.5).
 */
bool xen_pt_msix_table_write(XenPTMSIXTable *table, uint32_t offset,
                             uint64_t value, unsigned len, bool bound);

/**
 * xen_pt_msix_table_off: the guest has switched the function off
 *
 * Linux leaves the entries of a driver that goes as they are, and may give the
 * pirq that is named there to another device. An entry asks for its pirq once
 * its data, which Linux writes last, has been written after that.
 */
void xen_pt_msix_table_off(XenPTMSIXTable *table);

/**
 * xen_pt_msix_table_mask: entry @i is masked or not, as Xen alone has seen
 */
void xen_pt_msix_table_mask(XenPTMSIXTable *table, unsigned i, bool masked);

/**
 * xen_pt_msix_table_message: the message of entry @i, below @table->n
 *
 * Returns: 0 in all of it where the entry asks for a pirq no more.
 */
XenPTMSIMessage xen_pt_msix_table_message(const XenPTMSIXTable *table,
                                          unsigned i);

/**
 * xen_pt_msix_table_masked: does the guest keep entry @i masked?
 *
 * A guest that asks for a pirq leaves masking to Xen, and the bit as it is
 * (Linux: pci_msi_ignore_mask).
 */
bool xen_pt_msix_table_masked(const XenPTMSIXTable *table, unsigned i);

#endif
