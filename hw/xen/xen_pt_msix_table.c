/*
 * Xen PCI pass-through: the MSI-X table as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_msix_table.h"

/* The words of an entry (PCI 3.0, 6.8.2.6 to 6.8.2.9). */
enum { ADDRESS_LO, ADDRESS_HI, DATA, CONTROL };

#define CONTROL_MASK 1u

static const uint32_t writable[] = {
    [ADDRESS_LO] = 0xfffffffc,
    [ADDRESS_HI] = 0xffffffff,
    [DATA] = 0xffffffff,
    [CONTROL] = CONTROL_MASK,
};

void xen_pt_msix_table_reset(XenPTMSIXTable *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        t->entry[i] = (XenPTMSIXEntry) { .word[CONTROL] = CONTROL_MASK };
    }
}

uint32_t xen_pt_msix_table_read(const XenPTMSIXTable *t, uint32_t offset,
                                unsigned len)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < len; i++) {
        uint64_t at = (uint64_t)offset + i, n = at / XEN_PT_MSIX_ENTRY_SIZE;

        if (n < t->n) {
            value |= (t->entry[n].word[at / 4 % 4] >> at % 4 * 8 & 0xff) <<
                     8 * i;
        }
    }
    return value;
}

bool xen_pt_msix_table_write(XenPTMSIXTable *t, uint32_t offset,
                             uint32_t value, unsigned len, bool bound)
{
    uint32_t n = offset / XEN_PT_MSIX_ENTRY_SIZE, which = offset / 4 % 4;
    uint32_t shift = offset % 4 * 8, old, mask;
    XenPTMSIXEntry *e;

    if (n >= t->n) {
        return false;
    }
    e = &t->entry[n];
    old = e->word[which];
    mask = (len < 4 ? (1u << 8 * len) - 1 : UINT32_MAX) << shift &
           writable[which];
    e->word[which] = (old & ~mask) | (value << shift & mask);
    if (e->word[which] == old) {
        return false;
    }
    if (which != CONTROL && bound && t->masks_unseen) {
        e->word[CONTROL] |= CONTROL_MASK;
    }
    return true;
}

XenPTMSIMessage xen_pt_msix_table_message(const XenPTMSIXTable *t, unsigned i)
{
    const XenPTMSIXEntry *e = &t->entry[i];

    return (XenPTMSIMessage) {
        .address = (uint64_t)e->word[ADDRESS_HI] << 32 | e->word[ADDRESS_LO],
        .data = e->word[DATA],
    };
}

bool xen_pt_msix_table_masked(const XenPTMSIXTable *t, unsigned i)
{
    XenPTMSIMessage m = xen_pt_msix_table_message(t, i);

    if (m.data && xen_pt_msi_requested_pirq(&m)) {
        return false;
    }
    return t->entry[i].word[CONTROL] & CONTROL_MASK;
}
