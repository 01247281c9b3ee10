/*
 * A fake Xen: a guest's accesses to an MSI-X table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * They come to Xen before they come to QEMU, or do not (xen/arch/x86/hvm/
 * vmsi.c). Up to Xen 4.18, QEMU does not see how an entry that is bound is
 * masked, nor how it is unmasked unless its message was changed before. From
 * 4.19 on it sees all writes, but Xen has done already what is to be done. One
 * vCPU is enough here.
 */

#include "xen.h"

#include <string.h>

#define MASK_BIT 1

/* Of the write that is under way: the word of the table that unmasks. */
static uint64_t unmask, snooped;

void fk_table_init(void)
{
    unmask = snooped = 0;
}

static uint64_t size(const FkDevice *d)
{
    return d->x.entries * FK_ENTRY_SIZE;
}

static uint64_t page(uint64_t address)
{
    return address / FK_PAGE;
}

static bool in_table(const FkDevice *d, uint64_t address)
{
    return address - d->x.seen.gtable < size(d);
}

/* The device whose table is there, or, for a Xen that cares, is nearby. */
static FkDevice *find_table(uint64_t address)
{
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        FkDevice *d = &fk.dev[i];
        uint64_t first = d->x.seen.gtable;

        if (d->x.seen.there &&
            (in_table(d, address) ||
             (fk.xen >= 419 && page(address) >= page(first) &&
              page(address) <= page(first + size(d) - 1)))) {
            return d;
        }
    }
    return NULL;
}

static unsigned entry_at(const FkDevice *d, uint64_t address)
{
    return (address - d->x.seen.gtable) / FK_ENTRY_SIZE;
}

static FkPirq *pirq_at(const FkDevice *d, uint64_t address)
{
    return d && in_table(d, address)
        ? fk_pirq_of(d, FK_MSIX, entry_at(d, address)) : NULL;
}

static FkWord word_at(uint64_t address)
{
    return address % FK_ENTRY_SIZE / 4;
}

void fk_table_bound(FkDevice *d, const FkPirq *p, uint64_t gtable)
{
    if (!d->x.seen.there) {
        memset(&d->x.seen, 0, sizeof(d->x.seen));
        d->x.seen.there = true;
        d->x.seen.gtable = gtable;
    }
    d->x.seen.refs++;
    /* It was unmasked before it was known: it will be. */
    if (snooped == gtable + p->entry * FK_ENTRY_SIZE + FK_VECTOR_CONTROL * 4) {
        unmask = snooped;
    }
}

/* The point release since which Xen counts the users of a table right. */
static bool counts_right(void)
{
    static const struct {
        unsigned xen, point;
    } since[] = { { 419, 4 }, { 420, 3 }, { 421, 1 }, { 422, 0 } };

    for (unsigned i = 0; i < sizeof(since) / sizeof(since[0]); i++) {
        if (fk.xen == since[i].xen) {
            return fk.xen_point >= since[i].point;
        }
    }
    return fk.xen > 422;
}

/* The last that goes takes it along; by Xen's mistake, all others do. */
void fk_table_unbound(FkDevice *d)
{
    if (d->x.seen.there && !--d->x.seen.refs == counts_right()) {
        d->x.seen.there = false;
    }
}

/*
 * Memory beside the table, in its first and its last page: Xen has those where
 * they are not all table.
 */
static bool has_page(const FkDevice *d, uint64_t address)
{
    uint64_t base = d->bar[d->x.table_bar].base + d->x.table;

    return address < d->x.seen.gtable ? base % FK_PAGE
                                      : (base + size(d)) % FK_PAGE;
}

/* The pending bits of the table are not for the guest to write. */
static bool has_pba(const FkDevice *d, uint64_t address)
{
    uint64_t table = d->bar[d->x.table_bar].base + d->x.table;
    uint64_t pba = d->bar[d->x.pba_bar].base + d->x.pba;

    return address < d->x.seen.gtable
        ? page(table) == page(pba + (d->x.entries + 63) / 64 - 1)
        : page(table + size(d) - 1) == page(pba);
}

static uint64_t bar_offset(const FkDevice *d, uint64_t address)
{
    return d->x.table + (address - d->x.seen.gtable);
}

static void write_beside(FkDevice *d, uint64_t address, unsigned len,
                         uint64_t value)
{
    uint64_t at = bar_offset(d, address);

    if (!has_page(d, address) || has_pba(d, address)) {
        return;
    }
    fk_journal("xen %s memory 0x%x/%u 0x%0*llx", fk_bdf(&d->bdf), (unsigned)at,
               len, 2 * len, (unsigned long long)value);
    fk_memory_put(d, d->x.table_bar, at, len < 4 ? len : 4, value);
    if (len == 8) {
        fk_memory_put(d, d->x.table_bar, at + 4, 4, value >> 32);
    }
}

/* Returns: whether that was all there is to do. */
static bool write_table(FkDevice *d, uint64_t address, unsigned len,
                        uint64_t value)
{
    FkWord word = word_at(address);
    unsigned entry = entry_at(d, address);
    uint8_t *changed = &d->x.seen.changed[entry / 8];
    FkPirq *p;

    if (len != 4 && len != 8) {
        return false;
    }
    if (word != FK_VECTOR_CONTROL) {
        *changed |= 1u << entry % 8;
        if (len != 8 || word != FK_DATA) {
            return false;
        }
        value >>= 32;
        address += 4;
    }
    if (!(value & MASK_BIT) && (*changed & 1u << entry % 8)) {
        *changed &= ~(1u << entry % 8);
        unmask = address;
        return false;
    }
    p = pirq_at(d, address);
    if (p) {
        fk_msi_mask(d, p, p->host_masked, value & MASK_BIT);
    }
    return p && (len == 4 || fk.xen >= 419);
}

static void snoop(uint64_t address, unsigned len, uint64_t value)
{
    if (len == 8) {
        value >>= 32;
        address += 4;
        len = 4;
    }
    if (len == 4 && word_at(address) == FK_VECTOR_CONTROL &&
        !(value & MASK_BIT)) {
        snooped = address;
    }
}

bool fk_guest_write(uint64_t address, unsigned len, uint64_t value)
{
    FkDevice *d = find_table(address);
    bool beside = d && !in_table(d, address), done;

    if (!beside && !pirq_at(d, address)) {
        snoop(address, len, value);
        return true;
    }
    if (address % len) {
        return fk.xen < 419;
    }
    if (beside) {
        write_beside(d, address, len, value);
        return true;
    }
    done = write_table(d, address, len, value);
    return fk.xen >= 419 || !done;
}

void fk_guest_written(void)
{
    uint64_t address = unmask;

    unmask = snooped = 0;
    if (address && pirq_at(find_table(address), address)) {
        write_table(find_table(address), address, 4, 0);
    }
}

bool fk_guest_read(uint64_t address, unsigned len, uint64_t *value)
{
    FkDevice *d = find_table(address);
    FkPirq *p = pirq_at(d, address);

    if (d && !in_table(d, address) && address % len == 0) {
        uint64_t at = bar_offset(d, address);

        *value = UINT64_MAX;
        if (has_page(d, address)) {
            *value = fk_memory_get(d, d->x.table_bar, at, len < 4 ? len : 4);
            *value |= len < 8 ? 0 : (uint64_t)
                fk_memory_get(d, d->x.table_bar, at + 4, 4) << 32;
        }
        return true;
    }
    if (!p || len != 4 || word_at(address) != FK_VECTOR_CONTROL) {
        return false;
    }
    *value = p->guest_masked;
    return true;
}
