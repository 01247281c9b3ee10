/*
 * A fake Xen: the device, by the registers that every PCI function has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "fakexen.h"

#include <linux/pci_regs.h>
#include <string.h>

/* Bits of a register that software can change (PCI 3.0, PCIe base spec). */
typedef struct Bits {
    uint8_t offset, len;
    uint32_t writable;
    uint32_t w1c;
} Bits;

static const Bits header[] = {
    { PCI_COMMAND, 2, 0x0547, 0 },
    { PCI_STATUS, 2, 0, 0xf900 },
    { PCI_CACHE_LINE_SIZE, 1, 0xff, 0 },
    { PCI_INTERRUPT_LINE, 1, 0xff, 0 },
    { 0 }
};

/* The others are hardwired to 0 (SR-IOV 1.1, 3.4.1.3). */
static const Bits virtual_header[] = {
    { PCI_COMMAND, 2, PCI_COMMAND_MASTER, 0 },
    { PCI_STATUS, 2, 0, 0xf900 },
    { 0 }
};

static const Bits pm[] = {
    { PCI_PM_CTRL, 2, 0x1f03, PCI_PM_CTRL_PME_STATUS },
    { 0 }
};

static const Bits vpd[] = {
    { PCI_VPD_ADDR, 2, 0xffff, 0 },
    { 0 }
};

static const Bits express[] = {
    { PCI_EXP_DEVCTL, 2, 0x7fff, 0 },
    { PCI_EXP_DEVSTA, 2, 0, 0x000f },
    { PCI_EXP_LNKCTL, 2, 0x01fb, 0 },
    { 0 }
};

static const Bits msix[] = {
    { PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 0 },
    { 0 }
};

/* The data is 16 bits wide; the mask is filled in by the number of vectors. */
static const Bits msi32[] = {
    { PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 0 },
    { PCI_MSI_ADDRESS_LO, 4, 0xfffffffc, 0 },
    { PCI_MSI_DATA_32, 2, 0xffff, 0 },
    { 0 }
};

static const Bits msi64[] = {
    { PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 0 },
    { PCI_MSI_ADDRESS_LO, 4, 0xfffffffc, 0 },
    { PCI_MSI_ADDRESS_HI, 4, 0xffffffff, 0 },
    { PCI_MSI_DATA_64, 2, 0xffff, 0 },
    { 0 }
};

static uint32_t get(const uint8_t *p, unsigned len)
{
    uint32_t v = 0;

    while (len--) {
        v = v << 8 | p[len];
    }
    return v;
}

static void put(uint8_t *p, unsigned len, uint32_t v)
{
    for (unsigned i = 0; i < len; i++) {
        p[i] = v >> (8 * i);
    }
}

uint32_t fk_get(const FkDevice *d, unsigned offset, unsigned len)
{
    return get(d->config + offset, len);
}

void fk_put(FkDevice *d, unsigned offset, unsigned len, uint32_t value)
{
    put(d->config + offset, len, value);
}

static void set_bits(FkDevice *d, unsigned base, const Bits *b)
{
    for (; b->len; b++) {
        if (base + b->offset + b->len <= d->size) {
            put(d->writable + base + b->offset, b->len, b->writable);
            put(d->w1c + base + b->offset, b->len, b->w1c);
        }
    }
}

static void init_msi(FkDevice *d, unsigned pos)
{
    uint16_t flags = fk_get(d, pos + PCI_MSI_FLAGS, 2);
    unsigned vectors = 1u << ((flags & PCI_MSI_FLAGS_QMASK) >> 1);
    unsigned mask = flags & PCI_MSI_FLAGS_64BIT ? PCI_MSI_MASK_64
                                                : PCI_MSI_MASK_32;

    set_bits(d, pos, flags & PCI_MSI_FLAGS_64BIT ? msi64 : msi32);
    if ((flags & PCI_MSI_FLAGS_MASKBIT) && pos + mask + 8 <= d->size) {
        put(d->writable + pos + mask, 4, 0xffffffffu >> (32 - vectors));
    }
}

/* The chain may be anything; each offset is visited once. */
static void init_capabilities(FkDevice *d)
{
    bool seen[256] = { false };
    unsigned pos;

    if (!(fk_get(d, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)) {
        return;
    }
    for (pos = d->config[PCI_CAPABILITY_LIST] & ~3u;
         pos >= PCI_STD_HEADER_SIZEOF && !seen[pos];
         pos = d->config[pos + PCI_CAP_LIST_NEXT] & ~3u) {
        seen[pos] = true;
        switch (d->config[pos]) {
        case PCI_CAP_ID_PM:
            d->pm = d->pm ? d->pm : pos;
            set_bits(d, pos, pm);
            break;
        case PCI_CAP_ID_VPD:
            set_bits(d, pos, vpd);
            break;
        case PCI_CAP_ID_MSI:
            d->msi = d->msi ? d->msi : pos;
            init_msi(d, pos);
            break;
        case PCI_CAP_ID_EXP:
            d->exp = d->exp ? d->exp : pos;
            set_bits(d, pos, express);
            break;
        case PCI_CAP_ID_MSIX:
            d->msix = d->msix ? d->msix : pos;
            set_bits(d, pos, msix);
            break;
        }
    }
}

/* How much of a BAR what MSI-X says is in it needs. */
static uint64_t needed_size(const FkDevice *d, unsigned bar)
{
    static const unsigned reg[] = { PCI_MSIX_TABLE, PCI_MSIX_PBA };
    uint64_t size = 1;

    for (unsigned i = 0; d->msix && i < 2; i++) {
        uint32_t place = fk_get(d, d->msix + reg[i], 4);
        unsigned n = (fk_get(d, d->msix + PCI_MSIX_FLAGS, 2) &
                      PCI_MSIX_FLAGS_QSIZE) + 1;
        uint64_t end = (place & PCI_MSIX_TABLE_OFFSET) +
                       (i ? (n + 63) / 64 * 8 : n * FK_ENTRY_SIZE);

        while ((place & PCI_MSIX_TABLE_BIR) == bar && size < end) {
            size <<= 1;
        }
    }
    return size;
}

/*
 * Without a size in the dump: what the base's alignment allows, up to 64K, but
 * not less than MSI-X needs
 */
static uint64_t guess_size(const FkDevice *d, unsigned i)
{
    const FkBar *bar = &d->bar[i];
    uint64_t size = bar->base & -bar->base, max = bar->io ? 0x20 : 0x10000;
    uint64_t least = needed_size(d, i);

    size = size < max ? size : max;
    return size < least ? least : size;
}

static void init_bars(FkDevice *d, const FkDump *dump)
{
    for (unsigned i = 0; i < FK_MAX_BARS; i++) {
        bool rom = i == FK_MAX_BARS - 1;
        unsigned offset = rom ? PCI_ROM_ADDRESS : PCI_BASE_ADDRESS_0 + 4 * i;
        uint32_t v = fk_get(d, offset, 4);
        FkBar *bar = &d->bar[i];

        if (rom) {
            bar->base = v & PCI_ROM_ADDRESS_MASK;
        } else if (v & PCI_BASE_ADDRESS_SPACE_IO) {
            bar->io = true;
            bar->base = v & PCI_BASE_ADDRESS_IO_MASK;
        } else {
            bar->base = v & ~0xfu;
            bar->prefetch = v & PCI_BASE_ADDRESS_MEM_PREFETCH;
            bar->mem64 = (v & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
                         PCI_BASE_ADDRESS_MEM_TYPE_64 && i < 5;
            if (bar->mem64) {
                bar->base |= (uint64_t)fk_get(d, offset + 4, 4) << 32;
            }
        }
        if (!v && dump->bar[i].base) {
            *bar = dump->bar[i];        /* not one that the register has */
            bar->size = bar->size ? bar->size : guess_size(d, i);
            i += bar->mem64;
            continue;
        }
        if (bar->base) {
            bar->size = dump->bar[i].size ? dump->bar[i].size
                                          : guess_size(d, i);
        }
        put(d->writable + offset, 4,
            bar->size ? ~(uint32_t)(bar->size - 1) | (rom ? 1 : 0) : 0);
        if (bar->mem64) {
            put(d->writable + offset + 4, 4, 0xffffffff);
            i++;
        }
    }
}

void fk_device_init(FkDevice *d, const FkDump *dump)
{
    FkBdf local = d->local;

    fk_memory_free(d);
    memset(d, 0, sizeof(*d));
    d->present = true;
    d->bdf = dump->bdf;
    d->local = local;
    d->assigned = true;
    d->is_virtfn = dump->is_virtfn;
    d->irq = dump->irq;
    d->size = dump->size;
    memcpy(d->config, dump->config, sizeof(d->config));

    set_bits(d, 0, d->is_virtfn ? virtual_header : header);
    init_capabilities(d);
    init_bars(d, dump);
    if (d->exp) {
        d->size = FK_CONFIG_MAX;        /* also where the dump has less */
    }
    fk_msix_init(d);

    /* pciback takes a device over by a reset, and leaves it without MASTER. */
    fk_put(d, PCI_COMMAND, 2,
           fk_get(d, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER);
    memcpy(d->reset, d->config, sizeof(d->reset));
    fk_pciback_init(d);
}

FkDevice *fk_device_add(void)
{
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        if (!fk.dev[i].present) {
            return &fk.dev[i];
        }
    }
    return NULL;
}

FkDevice *fk_device_find(const FkBdf *bdf)
{
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        if (fk.dev[i].present && fk_bdf_equal(&fk.dev[i].bdf, bdf)) {
            return &fk.dev[i];
        }
    }
    return NULL;
}

FkDevice *fk_device_find_local(const FkBdf *bdf)
{
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        FkDevice *d = &fk.dev[i];

        if (d->present &&
            fk_bdf_equal(fk.stubdom ? &d->local : &d->bdf, bdf)) {
            return d;
        }
    }
    return NULL;
}

uint32_t fk_device_read(const FkDevice *d, unsigned offset, unsigned len)
{
    uint32_t v = fk_get(d, offset, len);

    /* A virtual function's ids read as all-ones (SR-IOV, 3.4.1). */
    for (unsigned i = 0; d->is_virtfn && i < len; i++) {
        if (offset + i < PCI_COMMAND) {
            v |= 0xffu << (8 * i);
        }
    }
    return v;
}

/* What a function-level reset, or coming back from D3, sets back. */
static void reset(FkDevice *d)
{
    for (unsigned i = 0; i < d->size; i++) {
        d->config[i] = (d->config[i] & ~d->writable[i]) |
                       (d->reset[i] & d->writable[i]);
    }
    fk_put(d, PCI_COMMAND, 2, 0);
    for (unsigned i = 0; i < FK_MAX_BARS - 1; i++) {
        fk_put(d, PCI_BASE_ADDRESS_0 + 4 * i, 4,
               fk_get(d, PCI_BASE_ADDRESS_0 + 4 * i, 4) & 0xf);
    }
    if (d->msi) {
        unsigned flags = d->msi + PCI_MSI_FLAGS;

        fk_put(d, flags, 2, fk_get(d, flags, 2) &
               ~(PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE));
    }
    if (d->msix) {
        unsigned flags = d->msix + PCI_MSIX_FLAGS;

        fk_put(d, flags, 2, fk_get(d, flags, 2) &
               ~(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL));
        fk_msix_reset(d);
        fk_msix_hide(d);
    }
    fk_journal("dev %s reset", fk_bdf(&d->bdf));
}

void fk_device_lose(FkDevice *d)
{
    uint8_t header[PCI_STD_HEADER_SIZEOF];

    memcpy(header, d->config, sizeof(header));
    reset(d);
    memcpy(d->config, header, sizeof(header));
}

bool fk_asleep(const FkDevice *d)
{
    return d->pm && (d->config[d->pm + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK);
}

bool fk_device_asserts(const FkDevice *d)
{
    return (fk_get(d, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT) &&
           !(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE);
}

static bool touches(unsigned offset, unsigned len, unsigned reg)
{
    return offset <= reg && reg < offset + len;
}

void fk_device_write(FkDevice *d, const char *who, unsigned offset,
                     unsigned len, uint32_t value)
{
    unsigned devctl = d->exp ? d->exp + PCI_EXP_DEVCTL + 1 : 0;
    unsigned pmctl = d->pm ? d->pm + PCI_PM_CTRL : 0;
    uint8_t state = pmctl ? d->config[pmctl] & PCI_PM_CTRL_STATE_MASK : 0;

    fk_journal("%s %s write 0x%02x/%u 0x%0*x", who, fk_bdf(&d->bdf), offset,
               len, 2 * len, value);
    for (unsigned i = 0; i < len; i++) {
        uint8_t w = d->writable[offset + i], c = d->w1c[offset + i];
        uint8_t *p = &d->config[offset + i], byte = value >> (8 * i);

        *p = ((*p & ~w) | (byte & w)) & ~(byte & c);
    }
    if (d->msix && touches(offset, len, d->msix + PCI_MSIX_FLAGS + 1)) {
        fk_msix_hide(d);
        fk_msix_unmasked(d);
    }
    if (devctl && touches(offset, len, devctl) &&
        (d->config[devctl] & PCI_EXP_DEVCTL_BCR_FLR >> 8)) {
        /* Reads as 0 always, and resets where the function says it can. */
        d->config[devctl] &= ~(PCI_EXP_DEVCTL_BCR_FLR >> 8);
        if (fk_get(d, d->exp + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR) {
            reset(d);
        }
    }
    if (pmctl && touches(offset, len, pmctl)) {
        fk_msix_hide(d);
        if (state == 3 && !fk_asleep(d) &&
            !(d->config[pmctl] & PCI_PM_CTRL_NO_SOFT_RESET)) {
            reset(d);
        }
    }
}

void fk_device_raise(FkDevice *d, unsigned entry)
{
    uint16_t command = fk_get(d, PCI_COMMAND, 2);
    uint16_t flags = d->msi ? fk_get(d, d->msi + PCI_MSI_FLAGS, 2) : 0;
    bool is64 = flags & PCI_MSI_FLAGS_64BIT;
    const char *name = fk_bdf(&d->bdf);

    if (entry < d->x.entries &&
        (fk_get(d, d->msix + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_ENABLE)) {
        fk_msix_raise(d, entry);
    } else if (!(flags & PCI_MSI_FLAGS_ENABLE)) {
        bool lost = command & PCI_COMMAND_INTX_DISABLE;

        fk_journal("dev %s interrupt %s", name, lost ? "lost" : "INTx");
        if (!lost) {
            fk_arrive_intx(d);
        }
    } else if ((flags & PCI_MSI_FLAGS_MASKBIT) &&
               (fk_get(d, d->msi + (is64 ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32),
                       4) & 1)) {
        fk_put(d, d->msi + (is64 ? PCI_MSI_PENDING_64 : PCI_MSI_PENDING_32), 4,
               1);
        fk_journal("dev %s interrupt pending", name);
    } else if (!(command & PCI_COMMAND_MASTER)) {
        fk_journal("dev %s interrupt lost", name);
    } else {
        uint32_t low = fk_get(d, d->msi + PCI_MSI_ADDRESS_LO, 4);
        uint32_t up = is64 ? fk_get(d, d->msi + PCI_MSI_ADDRESS_HI, 4) : 0;
        uint32_t data = fk_get(d, d->msi + (is64 ? PCI_MSI_DATA_64
                                                 : PCI_MSI_DATA_32), 2);

        fk_journal("dev %s interrupt MSI 0x%08x%08x 0x%04x", name, up, low,
                   data);
        fk_arrive(d, (uint64_t)up << 32 | low, data);
    }
}
