/*
 * A fake Xen: the memory that a device's BARs are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nothing is behind it but an MSI-X table and pending bits; elsewhere it holds
 * what was written.
 */

#include "fakexen.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of a BAR that is smaller than a page, where in its page it is. */
static uint64_t page_offset(const FkBar *bar)
{
    return bar->base & (FK_PAGE - 1);
}

int fk_memory(FkDevice *d, unsigned bar)
{
    int *fd = &d->memory[bar];
    uint64_t size = page_offset(&d->bar[bar]) + d->bar[bar].size;

    if (!*fd) {
        *fd = memfd_create("bar", MFD_CLOEXEC);
        if (*fd <= 0 ||
            ftruncate(*fd, (size + FK_PAGE - 1) & ~(FK_PAGE - 1ull))) {
            fk_die("memory of a BAR: %s", strerror(errno));
        }
    }
    return *fd;
}

void fk_memory_free(FkDevice *d)
{
    for (unsigned i = 0; i < FK_MAX_BARS; i++) {
        if (d->memory[i]) {
            close(d->memory[i]);
            d->memory[i] = 0;
        }
    }
}

uint32_t fk_memory_get(FkDevice *d, unsigned bar, uint64_t offset,
                       unsigned len)
{
    uint8_t bytes[4];
    uint32_t v = 0;

    if (pread(fk_memory(d, bar), bytes, len,
              page_offset(&d->bar[bar]) + offset) != len) {
        fk_die("memory of a BAR: %s", strerror(errno));
    }
    while (len--) {
        v = v << 8 | bytes[len];
    }
    return v;
}

void fk_memory_put(FkDevice *d, unsigned bar, uint64_t offset, unsigned len,
                   uint32_t value)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < len; i++) {
        bytes[i] = value >> (8 * i);
    }
    if (pwrite(fk_memory(d, bar), bytes, len,
               page_offset(&d->bar[bar]) + offset) != len) {
        fk_die("memory of a BAR: %s", strerror(errno));
    }
}

FkDevice *fk_memory_at(uint64_t address, unsigned *bar)
{
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        FkDevice *d = &fk.dev[i];

        for (*bar = 0; d->present && *bar < FK_MAX_BARS - 1; ++*bar) {
            const FkBar *b = &d->bar[*bar];

            if (!b->io && address - b->base < b->size) {
                return d;
            }
        }
    }
    return NULL;
}
