/*
 * A fake Xen: the MSI-X table and pending bits of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As PCI 3.0, 6.8.2 has them.
 */

#include "fakexen.h"

#include <linux/pci_regs.h>
#include <stdio.h>

static const char *const word_name[] = {
    [FK_ADDRESS] = "ADDRESS",
    [FK_UPPER] = "UPPER",
    [FK_DATA] = "DATA",
    [FK_VECTOR_CONTROL] = "MASK",
};

/* A register that has a BAR and an offset: are @size bytes there? */
static bool locate(const FkDevice *d, unsigned reg, uint32_t size,
                   unsigned *bar, uint32_t *offset)
{
    uint32_t v = fk_get(d, d->msix + reg, 4);
    const FkBar *b;

    *bar = v & PCI_MSIX_TABLE_BIR;
    *offset = v & PCI_MSIX_TABLE_OFFSET;
    if (*bar >= FK_MAX_BARS - 1) {
        return false;
    }
    b = &d->bar[*bar];
    return !b->io && *offset < b->size && size <= b->size - *offset;
}

void fk_msix_init(FkDevice *d)
{
    unsigned n;

    d->x = (FkMsix) { 0 };
    if (!d->msix) {
        return;
    }
    n = (fk_get(d, d->msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_QSIZE) + 1;
    if (locate(d, PCI_MSIX_TABLE, n * FK_ENTRY_SIZE, &d->x.table_bar,
               &d->x.table) &&
        locate(d, PCI_MSIX_PBA, (n + 63) / 64 * 8, &d->x.pba_bar,
               &d->x.pba)) {
        d->x.entries = n;
        d->x.used = 1;      /* pciback has Xen prepare it */
        fk_msix_reset(d);
    }
}

static uint64_t offset_of(const FkDevice *d, unsigned entry, FkWord word)
{
    return d->x.table + entry * FK_ENTRY_SIZE + word * 4;
}

uint32_t fk_entry_get(FkDevice *d, unsigned entry, FkWord word)
{
    if (d->x.away) {
        return d->x.kept[entry][word];
    }
    return fk_memory_get(d, d->x.table_bar, offset_of(d, entry, word), 4);
}

static void entry_put(FkDevice *d, unsigned entry, FkWord word, uint32_t v)
{
    if (d->x.away) {
        d->x.kept[entry][word] = v;
        return;
    }
    fk_memory_put(d, d->x.table_bar, offset_of(d, entry, word), 4, v);
}

void fk_msix_hide(FkDevice *d)
{
    bool away = fk_asleep(d) ||
                (d->x.shy && !(fk_get(d, d->msix + PCI_MSIX_FLAGS, 2) &
                               PCI_MSIX_FLAGS_ENABLE));

    if (away == d->x.away) {
        return;
    }
    for (unsigned i = 0; i < d->x.entries; i++) {
        for (FkWord w = FK_ADDRESS; w <= FK_VECTOR_CONTROL; w++) {
            uint32_t v = fk_entry_get(d, i, w);

            d->x.away = false;
            entry_put(d, i, w, away ? UINT32_MAX : v);
            d->x.kept[i][w] = v;
            d->x.away = !away;
        }
    }
    d->x.away = away;
}

static bool is_pending(FkDevice *d, unsigned entry)
{
    return fk_memory_get(d, d->x.pba_bar, d->x.pba + entry / 8, 1) >>
           entry % 8 & 1;
}

static void set_pending(FkDevice *d, unsigned entry, bool on)
{
    uint64_t at = d->x.pba + entry / 8;
    uint8_t byte = fk_memory_get(d, d->x.pba_bar, at, 1);

    byte = (byte & ~(1u << entry % 8)) | (unsigned)on << entry % 8;
    fk_memory_put(d, d->x.pba_bar, at, 1, byte);
    d->x.npending += on ? 1 : -1;
}

void fk_msix_reset(FkDevice *d)
{
    for (unsigned i = 0; i < d->x.entries; i++) {
        if (d->x.npending && is_pending(d, i)) {
            set_pending(d, i, false);
        }
        for (FkWord w = FK_ADDRESS; w <= FK_VECTOR_CONTROL; w++) {
            entry_put(d, i, w, w == FK_VECTOR_CONTROL ?
                      PCI_MSIX_ENTRY_CTRL_MASKBIT : 0);
        }
    }
}

static bool is_masked(FkDevice *d, unsigned entry)
{
    return (fk_get(d, d->msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_MASKALL) ||
           (fk_entry_get(d, entry, FK_VECTOR_CONTROL) &
            PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

void fk_msix_raise(FkDevice *d, unsigned entry)
{
    const char *name = fk_bdf(&d->bdf);

    if (is_masked(d, entry)) {
        if (!is_pending(d, entry)) {
            set_pending(d, entry, true);
        }
        fk_journal("dev %s interrupt pending", name);
    } else if (!(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_MASTER)) {
        fk_journal("dev %s interrupt lost", name);
    } else {
        uint32_t low = fk_entry_get(d, entry, FK_ADDRESS);
        uint32_t up = fk_entry_get(d, entry, FK_UPPER);
        uint32_t data = fk_entry_get(d, entry, FK_DATA);

        fk_journal("dev %s interrupt MSI-X 0x%08x%08x 0x%08x", name, up, low,
                   data);
        fk_arrive(d, (uint64_t)up << 32 | low, data);
    }
}

void fk_msix_unmasked(FkDevice *d)
{
    if (!d->x.npending ||
        !(fk_get(d, d->msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_ENABLE)) {
        return;
    }
    for (unsigned i = 0; i < d->x.entries; i++) {
        if (is_pending(d, i) && !is_masked(d, i)) {
            set_pending(d, i, false);
            fk_msix_raise(d, i);
        }
    }
}

void fk_entry_write(FkDevice *d, unsigned entry, FkWord word, uint32_t value)
{
    fk_journal("xen %s entry %u %s 0x%08x", fk_bdf(&d->bdf), entry,
               word_name[word], value);
    if (fk_asleep(d)) {
        return;
    }
    entry_put(d, entry, word, value);
    if (word == FK_VECTOR_CONTROL) {
        fk_msix_unmasked(d);
    }
}
