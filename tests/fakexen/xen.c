/*
 * A fake Xen: pirqs, and what mapping and binding one does to the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As Xen 4.17 to 4.20 (xen/arch/x86/irq.c, msi.c,
 * xen/drivers/passthrough/x86/hvm.c).
 */

#include "fakexen.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#define NR_GSI    24
#define NR_PIRQS  (NR_GSI + 32)     /* of a guest: extra_guest_irqs' default */
#define FIRST_GSI 16                /* below are the guest's ISA interrupts */

#define GFLAGS_UNMASKED (1u << 16)  /* XEN_DOMCTL_VMSI_X86_UNMASKED */

typedef struct Pirq {
    enum { FREE, GSI, MSI, MSIX } type;
    int gsi;
    FkBdf bdf;
    int entry;
    bool bound;
    uint8_t gvec;
    uint32_t gflags;
} Pirq;

static Pirq pirqs[NR_PIRQS];

void fk_xen_init(void)
{
    memset(pirqs, 0, sizeof(pirqs));
}

unsigned fk_pirqs(unsigned *bound)
{
    unsigned n = 0;

    *bound = 0;
    for (unsigned i = 0; i < NR_PIRQS; i++) {
        if (pirqs[i].type == MSI || pirqs[i].type == MSIX) {
            n++;
            *bound += pirqs[i].bound;
        }
    }
    return n;
}

static Pirq *find(int pirq)
{
    return pirq >= 0 && pirq < NR_PIRQS && pirqs[pirq].type != FREE
        ? &pirqs[pirq] : NULL;
}

/*
 * Begin an operation: does it fail, by order or because privcmd lets no
 * hypercall through? A SILENT one returns 0 with *done set.
 */
static int begin(const char *op, bool *done, uint64_t *value)
{
    FkFault f = fk_fault(op, -1);

    *done = true;
    *value = 0;
    if (fk.privcmd_restricted) {
        return -EPERM;
    }
    switch (f.kind) {
    case FK_FAULT_ERRNO:
        return -(int)f.value;
    case FK_FAULT_SILENT:
        return 0;
    case FK_FAULT_VALUE:
        *value = f.value;
        break;
    default:
        break;
    }
    *done = false;
    return 0;
}

static const char *result(int rc)
{
    return rc ? fk_errno_name(-rc) : "0";
}

/* The message that Xen writes for a pirq. */
static void compose(int pirq, uint64_t *address, uint32_t *data)
{
    unsigned n = NR_PIRQS - 1 - pirq;

    switch (fk.form) {
    case FK_MESSAGE_REMAPPED:
        /* VT-d: the handle, SHV, and the bit that names the format */
        *address = 0xfee00018 | (0x10 + n) << 5;
        *data = 0;
        break;
    case FK_MESSAGE_AMD:
        *address = 0xfee00000;
        *data = 0x10 + n;
        break;
    case FK_MESSAGE_PLAIN:
        *address = 0xfee0100c;  /* APIC 1, logical, lowest priority */
        *data = 0x4131 + 8 * n; /* assert, lowest priority, the vector */
        break;
    case FK_MESSAGE_RAW:
        *address = fk.raw_address;
        *data = fk.raw_data;
        break;
    }
}

static bool is_64bit(const FkDevice *d)
{
    return fk_get(d, d->msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT;
}

static bool is_maskable(const FkDevice *d)
{
    return fk_get(d, d->msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_MASKBIT;
}

static void write_message(FkDevice *d, int pirq)
{
    uint64_t address = 0;
    uint32_t data = 0;

    if (pirqs[pirq].type != MSI) {
        return;         /* an MSI-X table is memory, not seen here */
    }
    compose(pirq, &address, &data);
    fk_device_write(d, "xen", d->msi + PCI_MSI_ADDRESS_LO, 4, address);
    if (is_64bit(d)) {
        fk_device_write(d, "xen", d->msi + PCI_MSI_ADDRESS_HI, 4,
                        address >> 32);
    }
    fk_device_write(d, "xen",
                    d->msi + (is_64bit(d) ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
                    2, data & 0xffff);
}

static void write_mask(FkDevice *d, int pirq, bool masked)
{
    unsigned reg;

    if (pirqs[pirq].type != MSI || !is_maskable(d)) {
        return;
    }
    reg = d->msi + (is_64bit(d) ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
    fk_device_write(d, "xen", reg, 4,
                    (fk_get(d, reg, 4) & ~1u) | (masked ? 1 : 0));
}

static void set_enable(FkDevice *d, unsigned pos, uint16_t bit, bool on)
{
    uint16_t v = fk_get(d, pos + PCI_MSI_FLAGS, 2);

    fk_device_write(d, "xen", pos + PCI_MSI_FLAGS, 2,
                    on ? v | bit : v & ~bit);
}

/*
 * The control word is saved first and restored last, with the number of
 * vectors set to one: ENABLE comes back as it was.
 */
static void capability_init(FkDevice *d, int pirq)
{
    unsigned flags = d->msi + PCI_MSI_FLAGS;
    uint16_t control = fk_get(d, flags, 2) & ~PCI_MSI_FLAGS_QSIZE;

    set_enable(d, d->msi, PCI_MSI_FLAGS_ENABLE, false);
    if (control & PCI_MSI_FLAGS_MASKBIT) {
        unsigned reg = d->msi + (is_64bit(d) ? PCI_MSI_MASK_64
                                             : PCI_MSI_MASK_32);
        unsigned vectors = 1u << ((control & PCI_MSI_FLAGS_QMASK) >> 1);

        fk_device_write(d, "xen", reg, 4, fk_get(d, reg, 4) |
                        0xffffffffu >> (32 - vectors));
    }
    fk_device_write(d, "xen", flags, 2, control);
    write_message(d, pirq);
}

static void capability_init_msix(FkDevice *d)
{
    unsigned flags = d->msix + PCI_MSIX_FLAGS;
    uint16_t control = fk_get(d, flags, 2);

    fk_device_write(d, "xen", flags, 2, control | PCI_MSIX_FLAGS_ENABLE |
                    PCI_MSIX_FLAGS_MASKALL);
    fk_device_write(d, "xen", flags, 2, control);
}

static int find_mapped(const FkBdf *bdf, int type, int entry)
{
    for (int i = 0; i < NR_PIRQS; i++) {
        if ((int)pirqs[i].type == type && fk_bdf_equal(&pirqs[i].bdf, bdf) &&
            pirqs[i].entry == entry) {
            return i;
        }
    }
    return -1;
}

static int do_map_pirq(int gsi, int *pirq)
{
    for (int i = 0; i < NR_PIRQS; i++) {
        if (pirqs[i].type == GSI && pirqs[i].gsi == gsi) {
            *pirq = i;
            return 0;
        }
    }
    if (gsi <= 0 || gsi >= NR_GSI) {
        return -EINVAL;
    }
    if (*pirq < 0) {
        for (int i = FIRST_GSI; i < NR_GSI && *pirq < 0; i++) {
            *pirq = pirqs[i].type == FREE ? i : -1;
        }
        if (*pirq < 0) {
            return -ENOSPC;
        }
    }
    if (*pirq >= NR_PIRQS) {
        return -EINVAL;
    }
    pirqs[*pirq] = (Pirq) { .type = GSI, .gsi = gsi };
    return 0;
}

int fk_map_pirq(int gsi, int *pirq)
{
    uint64_t value;
    bool done;
    int rc = begin("map_pirq", &done, &value);

    if (!done) {
        rc = do_map_pirq(gsi, pirq);
    }
    fk_journal("xc map_pirq gsi %d = %s pirq %d", gsi, result(rc),
               rc ? -1 : *pirq);
    return rc;
}

static int do_map_msi(const FkBdf *bdf, int entry, uint64_t table_base,
                      int *pirq)
{
    int type = table_base ? MSIX : MSI;
    FkDevice *d = fk_device_find(bdf);

    if (*pirq < 0) {
        for (int i = NR_PIRQS - 1; i >= NR_GSI && *pirq < 0; i--) {
            *pirq = pirqs[i].type == FREE ? i : -1;
        }
        if (*pirq < 0) {
            return -ENOSPC;
        }
    } else if (*pirq >= NR_PIRQS) {
        return -EINVAL;
    } else if (pirqs[*pirq].type != FREE) {
        return 0;       /* "already mapped": warns, and says success */
    }
    /* Xen before 4.20 does not look whose device it is. */
    if (!d || (fk.xen >= 420 && !d->assigned) ||
        !(type == MSI ? d->msi : d->msix)) {
        return -ENODEV;
    }
    if (find_mapped(bdf, type, entry) >= 0) {
        return -EEXIST;
    }
    pirqs[*pirq] = (Pirq) { .type = type, .bdf = *bdf, .entry = entry };
    if (type == MSI) {
        capability_init(d, *pirq);
    } else {
        capability_init_msix(d);
    }
    return 0;
}

int fk_map_pirq_msi(const FkBdf *bdf, int entry, uint64_t table_base,
                    int *pirq)
{
    uint64_t value;
    bool done;
    int asked = *pirq;
    int rc = begin("map_pirq_msi", &done, &value);

    /* The call comes before what it does to the device. */
    fk_journal("xc map_pirq_msi %s entry %d pirq %d%s%s", fk_bdf(bdf), entry,
               asked, done ? " = " : "", done ? result(rc) : "");
    if (!done) {
        rc = do_map_msi(bdf, entry, table_base, pirq);
        if (value) {
            *pirq = value;
        }
        fk_journal("xc map_pirq_msi = %s pirq %d", result(rc),
                   rc ? -1 : *pirq);
    }
    return rc;
}

static void release(int pirq)
{
    Pirq *p = &pirqs[pirq];
    FkDevice *d = fk_device_find(&p->bdf);

    if (d && p->type == MSI) {
        if (p->bound) {
            write_mask(d, pirq, true);
        }
        set_enable(d, d->msi, PCI_MSI_FLAGS_ENABLE, false);
    } else if (d && p->type == MSIX) {
        set_enable(d, d->msix, PCI_MSIX_FLAGS_ENABLE, false);
    }
    p->type = FREE;
}

int fk_unmap_pirq(int pirq)
{
    uint64_t value;
    bool done;
    int rc = begin("unmap_pirq", &done, &value);

    if (!done) {
        rc = find(pirq) ? 0 : -EINVAL;
    }
    fk_journal("xc unmap_pirq %d = %s", pirq, result(rc));
    if (!done && !rc) {
        release(pirq);
    }
    return rc;
}

int fk_bind_msi(int pirq, uint8_t gvec, uint32_t gflags, uint64_t gtable)
{
    uint64_t value;
    bool done;
    int rc = begin("bind_msi", &done, &value);
    Pirq *p = find(pirq);
    FkDevice *d;

    if (!done) {
        rc = !p ? -EINVAL : p->type == GSI ? -EBUSY : 0;
    }
    fk_journal("xc bind_msi %d gvec 0x%02x gflags 0x%05x = %s", pirq, gvec,
               gflags, result(rc));
    if (done || rc) {
        return rc;
    }
    p->gvec = gvec;
    p->gflags = gflags & ~GFLAGS_UNMASKED;
    d = fk_device_find(&p->bdf);
    if (d && !p->bound) {
        write_message(d, pirq);         /* its affinity is set */
    }
    p->bound = true;
    if (d && (gflags & GFLAGS_UNMASKED)) {
        write_mask(d, pirq, false);
    }
    return 0;
}

int fk_unbind_msi(int pirq, uint8_t gvec, uint32_t gflags)
{
    uint64_t value;
    bool done;
    int rc = begin("unbind_msi", &done, &value);
    Pirq *p = find(pirq);
    FkDevice *d;

    if (!done) {
        rc = p && p->bound && p->type != GSI ? 0 : -EINVAL;
    }
    fk_journal("xc unbind_msi %d gvec 0x%02x gflags 0x%05x = %s", pirq, gvec,
               gflags, result(rc));
    if (done || rc) {
        return rc;
    }
    p->bound = false;
    d = fk_device_find(&p->bdf);
    if (d) {
        write_mask(d, pirq, true);
    }
    return 0;
}

int fk_bind_pci(int pirq, uint8_t bus, uint8_t slot, uint8_t intx)
{
    uint64_t value;
    bool done;
    int rc = begin("bind_pci", &done, &value);
    Pirq *p = find(pirq);

    if (!done) {
        rc = !p ? -EINVAL : p->type != GSI ? -EBUSY : 0;
    }
    fk_journal("xc bind_pci %d %02x:%02x INT%c = %s", pirq, bus, slot,
               'A' + intx, result(rc));
    if (!done && !rc) {
        p->bound = true;
    }
    return rc;
}

int fk_unbind_pci(int pirq, uint8_t bus, uint8_t slot, uint8_t intx)
{
    uint64_t value;
    bool done;
    int rc = begin("unbind_pci", &done, &value);
    Pirq *p = find(pirq);

    if (!done) {
        rc = p && p->bound ? 0 : -EINVAL;
    }
    fk_journal("xc unbind_pci %d %02x:%02x INT%c = %s", pirq, bus, slot,
               'A' + intx, result(rc));
    if (!done && !rc) {
        p->bound = false;
    }
    return rc;
}
