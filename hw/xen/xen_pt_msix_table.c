/*
 * Xen PCI pass-through: the MSI-X table as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_msix_table.h"

/* The words of an entry (PCI 3.0, 6.8.2.6 to 6.8.2.9). */
enum { ADDRESS_LO, ADDRESS_HI, DATA, CONTROL };

static const uint32_t writable[] = {
    [ADDRESS_LO] = 0xfffffffc,
    [ADDRESS_HI] = 0xffffffff,
    [DATA] = 0xffffffff,
    [CONTROL] = PCI_MSIX_ENTRY_CTRL_MASKBIT,
};

void xen_pt_msix_table_reset(XenPTMSIXTable *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        t->entry[i] = (XenPTMSIXEntry) {
            .word[CONTROL] = PCI_MSIX_ENTRY_CTRL_MASKBIT,
        };
    }
    t->life = 1;
}

uint64_t xen_pt_msix_table_read(const XenPTMSIXTable *t, uint32_t offset,
                                unsigned len)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < len; i++) {
        uint64_t at = (uint64_t)offset + i, n = at / PCI_MSIX_ENTRY_SIZE;

        if (n < t->n) {
            uint64_t byte = t->entry[n].word[at / 4 % 4] >> at % 4 * 8 & 0xff;

            value |= byte << 8 * i;
        }
    }
    return value;
}

bool xen_pt_msix_table_write(XenPTMSIXTable *t, uint32_t offset,
                             uint64_t value, unsigned len, bool bound)
{
    uint32_t n = offset / PCI_MSIX_ENTRY_SIZE;
    XenPTMSIXEntry *e;
    bool news = false;

    if (n >= t->n) {
        return false;
    }
    e = &t->entry[n];
    offset %= PCI_MSIX_ENTRY_SIZE;
    for (unsigned i = 0; i < len && offset + i < PCI_MSIX_ENTRY_SIZE; i++) {
        uint32_t at = offset + i, which = at / 4;
        uint32_t mask = 0xffu << at % 4 * 8 & writable[which];
        uint32_t byte = (value >> 8 * i & 0xff) << at % 4 * 8;
        uint32_t old = e->word[which];

        e->word[which] = (old & ~mask) | (byte & mask);
        if (e->word[which] != old) {
            news = true;
            if (which != CONTROL && bound && t->masks_unseen) {
                e->word[CONTROL] |= PCI_MSIX_ENTRY_CTRL_MASKBIT;
            }
        }
        if (which == DATA && e->life != t->life) {
            e->life = t->life;
            news = true;
        }
    }
    return news;
}

void xen_pt_msix_table_off(XenPTMSIXTable *t)
{
    t->life++;
}

void xen_pt_msix_table_mask(XenPTMSIXTable *t, unsigned i, bool masked)
{
    t->entry[i].word[CONTROL] = masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0;
}

static XenPTMSIMessage written(const XenPTMSIXEntry *e)
{
    return (XenPTMSIMessage) {
        .address = (uint64_t)e->word[ADDRESS_HI] << 32 | e->word[ADDRESS_LO],
        .data = e->word[DATA],
    };
}

XenPTMSIMessage xen_pt_msix_table_message(const XenPTMSIXTable *t, unsigned i)
{
    XenPTMSIMessage m = written(&t->entry[i]);

    if (xen_pt_msi_requested_pirq(&m) && t->entry[i].life != t->life) {
        return (XenPTMSIMessage) { 0 };
    }
    return m;
}

bool xen_pt_msix_table_masked(const XenPTMSIXTable *t, unsigned i)
{
    XenPTMSIMessage m = written(&t->entry[i]);

    return !xen_pt_msi_requested_pirq(&m) &&
           (t->entry[i].word[CONTROL] & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}
