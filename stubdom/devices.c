/*
 * The passed-through devices: what may be asked of them
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "devices.h"

#define PAGE_MASK 0xfffULL

const Device *devices_find(const Devices *d, uint32_t segment, uint8_t bus,
                           uint8_t devfn)
{
    for (const Device *i = d->list; i < d->list + d->n; i++) {
        if (i->segment == segment && i->bus == bus && i->devfn == devfn) {
            return i;
        }
    }
    return NULL;
}

bool devices_have_line(const Devices *d, int line)
{
    for (const Device *i = d->list; i < d->list + d->n; i++) {
        if (line > 0 && i->line == line) {
            return true;
        }
    }
    return false;
}

static bool has_range(const Device *d, uint64_t first, uint64_t last, bool io)
{
    for (const Range *r = d->ranges; r < d->ranges + d->n_ranges; r++) {
        uint64_t mask = io ? 0 : PAGE_MASK;

        if (r->io == io && first >= (r->first & ~mask) &&
            last <= (r->last | mask)) {
            return true;
        }
    }
    return false;
}

bool devices_have_range(const Devices *d, const Device *only, uint64_t first,
                        uint64_t last, bool io)
{
    if (last < first) {
        return false;
    }
    for (const Device *i = d->list; i < d->list + d->n; i++) {
        if ((!only || only == i) && has_range(i, first, last, io)) {
            return true;
        }
    }
    return false;
}
