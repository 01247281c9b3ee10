/*
 * A fake Xen: the device's memory that is mapped to the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is mapped a guest accesses without QEMU. Pages of an MSI-X table and of
 * pending bits, once pciback has had Xen prepare them, are mapped read-only
 * (xen/arch/x86/msi.c, mmio_ro_ranges). Up to Xen 4.20 nothing handles a write
 * there, and the domain is crashed; from 4.21 on it is ignored
 * (xen/arch/x86/hvm/hvm.c, hvm_hap_nested_page_fault()).
 */

#include "fakexen.h"

#include <string.h>

#define MAX_RANGES 256

typedef struct Range {
    uint64_t gfn, mfn, n;
} Range;

static Range ranges[MAX_RANGES];
static unsigned nranges;

void fk_p2m_init(void)
{
    nranges = 0;
}

void fk_p2m_map(uint64_t gfn, uint64_t mfn, uint64_t n, bool add)
{
    Range r = { gfn, mfn, n };

    if (add) {
        if (nranges == MAX_RANGES) {
            fk_die("more than %d ranges are mapped", MAX_RANGES);
        }
        ranges[nranges++] = r;
        return;
    }
    for (unsigned i = 0; i < nranges; i++) {
        if (!memcmp(&ranges[i], &r, sizeof(r))) {
            ranges[i] = ranges[--nranges];
            return;
        }
    }
}

unsigned fk_p2m_ranges(void)
{
    return nranges;
}

/* Where in the machine's memory: false: nothing is mapped there. */
static bool translate(uint64_t address, uint64_t *machine)
{
    for (unsigned i = 0; i < nranges; i++) {
        const Range *r = &ranges[i];

        if (address / FK_PAGE - r->gfn < r->n) {
            *machine = address + (r->mfn - r->gfn) * FK_PAGE;
            return true;
        }
    }
    return false;
}

static bool in_pages(uint64_t address, uint64_t first, uint64_t size)
{
    return address / FK_PAGE >= first / FK_PAGE &&
           address / FK_PAGE <= (first + size - 1) / FK_PAGE;
}

/* Xen counts the dwords of the pending bits as bytes: a page all the same. */
static bool is_read_only(const FkDevice *d, uint64_t machine)
{
    const FkMsix *x = &d->x;

    return x->entries && x->used &&
           (in_pages(machine, d->bar[x->table_bar].base + x->table,
                     x->entries * FK_ENTRY_SIZE) ||
            in_pages(machine, d->bar[x->pba_bar].base + x->pba,
                     (x->entries + 63) / 64));
}

static FkP2mAccess access(uint64_t address, unsigned len, bool write,
                          uint64_t *value)
{
    uint64_t machine, got = 0;
    unsigned bar;
    FkDevice *d;

    if (!translate(address, &machine)) {
        return FK_P2M_NONE;
    }
    d = fk_memory_at(machine, &bar);
    if (write && d && is_read_only(d, machine)) {
        fk_journal("xen %s write to read-only 0x%llx/%u", fk_bdf(&d->bdf),
                   (unsigned long long)machine, len);
        return fk.xen < 421 ? FK_P2M_CRASH : FK_P2M_DONE;
    }
    for (unsigned i = 0; d && i < len; i++) {
        uint64_t offset = machine + i - d->bar[bar].base;

        if (write) {
            fk_memory_put(d, bar, offset, 1, *value >> (8 * i));
        } else {
            got |= (uint64_t)fk_memory_get(d, bar, offset, 1) << (8 * i);
        }
    }
    *value = write ? *value : got;
    return FK_P2M_DONE;
}

FkP2mAccess fk_p2m_write(uint64_t address, unsigned len, uint64_t value)
{
    return access(address, len, true, &value);
}

FkP2mAccess fk_p2m_read(uint64_t address, unsigned len, uint64_t *value)
{
    return access(address, len, false, value);
}
