/*
 * A fake Xen: pirqs, which are mapped and bound
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As Xen 4.17 to 4.20 (xen/arch/x86/irq.c,
 * xen/drivers/passthrough/x86/hvm.c).
 */

#include "xen.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define MAX_PIRQS (FK_MAX_GSIS + FK_MAX_EXTRA_IRQS)
#define FIRST_GSI 16                /* below are the guest's ISA interrupts */

#define GFLAGS_UNMASKED (1u << 16)  /* XEN_DOMCTL_VMSI_X86_UNMASKED */

static FkPirq pirqs[MAX_PIRQS];

/* How many a guest has. */
static int nr_pirqs(void)
{
    return fk.gsis + fk.extra_irqs;
}

/* Were mapped when a guest ended: its QEMU, which goes on, remembers them. */
static bool remembered[MAX_PIRQS];

void fk_xen_init(void)
{
    memset(pirqs, 0, sizeof(pirqs));
    fk_table_init();
}

void fk_xen_anew(void)
{
    for (int i = 0; i < MAX_PIRQS; i++) {
        remembered[i] |= pirqs[i].type != FK_FREE;
    }
    fk_xen_init();
}

unsigned fk_pirqs(unsigned *bound)
{
    unsigned n = 0;

    *bound = 0;
    for (int i = 0; i < nr_pirqs(); i++) {
        if (pirqs[i].type == FK_MSI || pirqs[i].type == FK_MSIX) {
            n++;
            *bound += pirqs[i].bound;
        }
    }
    return n;
}

unsigned fk_intx(unsigned *bound)
{
    unsigned n = 0;

    *bound = 0;
    for (int i = 0; i < nr_pirqs(); i++) {
        if (pirqs[i].type == FK_GSI) {
            n++;
            *bound += pirqs[i].bound;
        }
    }
    return n;
}

int fk_new_pirq(void)
{
    for (int i = nr_pirqs() - 1; i >= (int)fk.gsis; i--) {
        if (pirqs[i].type == FK_FREE && !pirqs[i].reserved && !remembered[i]) {
            pirqs[i].reserved = true;
            return i;
        }
    }
    return -ENOSPC;
}

static FkPirq *find(int pirq)
{
    return pirq >= 0 && pirq < nr_pirqs() && pirqs[pirq].type != FK_FREE
        ? &pirqs[pirq] : NULL;
}

FkPirq *fk_pirq_of(const FkDevice *d, int type, int entry)
{
    for (int i = 0; i < nr_pirqs(); i++) {
        if ((int)pirqs[i].type == type &&
            fk_bdf_equal(&pirqs[i].bdf, &d->bdf) &&
            (entry < 0 || pirqs[i].entry == entry)) {
            return &pirqs[i];
        }
    }
    return NULL;
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

/*
 * The message that Xen writes for a pirq: one for APIC 1, logical and lowest
 * priority unless in x2APIC mode, which remapping changes.
 */
static void compose(int pirq, uint64_t *address, uint32_t *data)
{
    unsigned n = nr_pirqs() - 1 - pirq;

    *address = fk.x2apic ? 0xfee01000 : 0xfee0100c;
    *data = (fk.x2apic ? 0x4031 : 0x4131) + 8 * (n % 16);
    switch (fk.form) {
    case FK_MESSAGE_VTD:
        /* The handle, SHV, and the bit that names the format. */
        *address = 0xfee00018 | (0x10 + n) << 5;
        *data = 0;
        break;
    case FK_MESSAGE_AMD:
        *address &= ~(uint64_t)0x000ff004;  /* of destination and mode */
        /* fallthrough */
    case FK_MESSAGE_AMD_OLD:
        *data = (*data & ~0x7ffu) | n;
        break;
    case FK_MESSAGE_PLAIN:
        break;
    case FK_MESSAGE_RAW:
        *address = fk.raw_address;
        *data = fk.raw_data;
        break;
    }
}

static int do_map_pirq(int gsi, int *pirq)
{
    for (int i = 0; i < nr_pirqs(); i++) {
        if (pirqs[i].type == FK_GSI && pirqs[i].gsi == gsi) {
            *pirq = i;
            return 0;
        }
    }
    if (gsi <= 0 || gsi >= (int)fk.gsis) {
        return -EINVAL;
    }
    if (*pirq < 0) {
        for (int i = FIRST_GSI; i < (int)fk.gsis && *pirq < 0; i++) {
            *pirq = pirqs[i].type == FK_FREE ? i : -1;
        }
        if (*pirq < 0) {
            return -ENOSPC;
        }
    }
    if (*pirq >= nr_pirqs()) {
        return -EINVAL;
    }
    if (pirqs[*pirq].type != FK_FREE) {
        return 0;       /* as of an MSI, below */
    }
    pirqs[*pirq] = (FkPirq) { .type = FK_GSI, .gsi = gsi };
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
    FkDevice *d = fk_device_find(bdf);
    int wanted = *pirq, rc;
    FkPirq *p;

    for (int i = nr_pirqs() - 1; i >= (int)fk.gsis && wanted < 0; i--) {
        wanted = pirqs[i].type == FK_FREE && !pirqs[i].reserved ? i : -1;
    }
    if (wanted < 0) {
        return -ENOSPC;
    }
    if (wanted >= nr_pirqs()) {
        return -EINVAL;
    }
    p = &pirqs[wanted];
    if (p->type != FK_FREE) {
        return 0;       /* "already mapped": warns, and says success */
    }
    if (!d || !d->assigned) {
        return -ENODEV;
    }
    /*
     * Xen looks for a second map by the machine's interrupt, of which each map
     * makes another, and so never sees one. Here it fails, for a test to see.
     */
    if (fk_pirq_of(d, table_base ? FK_MSIX : FK_MSI, entry)) {
        return -EEXIST;
    }
    *p = (FkPirq) {
        .type = table_base ? FK_MSIX : FK_MSI, .bdf = *bdf, .entry = entry,
        .reserved = p->reserved,
    };
    compose(wanted, &p->address, &p->data);
    rc = fk_msi_map(d, p);
    if (rc) {
        p->type = FK_FREE;
    } else {
        *pirq = wanted;
    }
    return rc;
}

int fk_map_pirq_msi(const FkBdf *bdf, int entry, uint64_t table_base,
                    int *pirq)
{
    uint64_t value;
    bool done;
    int asked = *pirq;
    int rc = begin("map_pirq_msi", &done, &value);
    char table[32] = "";

    if (table_base) {
        snprintf(table, sizeof(table), " table 0x%llx",
                 (unsigned long long)table_base);
    }
    /* The call comes before what it does to the device. */
    fk_journal("xc map_pirq_msi %s entry %d pirq %d%s%s%s", fk_bdf(bdf), entry,
               asked, table, done ? " = " : "", done ? result(rc) : "");
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

static void release(FkPirq *p)
{
    FkDevice *d = fk_device_find(&p->bdf);

    if (d && (p->type == FK_MSI || p->type == FK_MSIX)) {
        fk_msi_unmap(d, p);
    }
    p->type = FK_FREE;
    p->reserved = false;
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
        release(find(pirq));
    }
    return rc;
}

int fk_bind_msi(int pirq, uint8_t gvec, uint32_t gflags, uint64_t gtable)
{
    uint64_t value;
    bool done;
    int rc = begin("bind_msi", &done, &value);
    FkPirq *p = find(pirq);
    char table[32] = "";
    FkDevice *d;

    if (!done) {
        rc = !p ? -EINVAL : p->type == FK_GSI ? -EBUSY : 0;
    }
    if (gtable) {
        snprintf(table, sizeof(table), " gtable 0x%llx",
                 (unsigned long long)gtable);
    }
    fk_journal("xc bind_msi %d gvec 0x%02x gflags 0x%05x%s = %s", pirq, gvec,
               gflags, table, result(rc));
    if (done || rc) {
        return rc;
    }
    p->gvec = gvec;
    p->gflags = gflags & ~GFLAGS_UNMASKED;
    d = fk_device_find(&p->bdf);
    if (d && !p->bound) {
        fk_msi_message(d, p);           /* its affinity is set */
        fk_msi_mask(d, p, false, true);
        if (gtable) {
            fk_table_bound(d, p, gtable);
        }
    }
    p->bound = true;
    if (d && (gflags & GFLAGS_UNMASKED)) {
        fk_msi_mask(d, p, p->host_masked, false);
    }
    return 0;
}

int fk_unbind_msi(int pirq, uint8_t gvec, uint32_t gflags)
{
    uint64_t value;
    bool done;
    int rc = begin("unbind_msi", &done, &value);
    FkPirq *p = find(pirq);
    FkDevice *d;

    if (!done) {
        rc = p && p->bound && p->type != FK_GSI ? 0 : -EINVAL;
    }
    fk_journal("xc unbind_msi %d gvec 0x%02x gflags 0x%05x = %s", pirq, gvec,
               gflags, result(rc));
    if (done || rc) {
        return rc;
    }
    d = fk_device_find(&p->bdf);
    if (d) {
        fk_msi_mask(d, p, p->host_masked, true);
        fk_msi_mask(d, p, true, true);  /* it is disabled, */
        fk_msi_mask(d, p, true, true);  /* and shut down */
        if (p->type == FK_MSIX) {
            fk_table_unbound(d);
        }
    }
    p->bound = false;
    return 0;
}

/*
 * The line is unmasked once it is bound. Where a device asserts it that moment
 * and the guest has no driver for it, it stays in service.
 */
static void in_service(int gsi)
{
    for (int i = 0; i < FK_MAX_DEVICES; i++) {
        FkDevice *d = &fk.dev[i];

        if (d->present && (int)d->irq == gsi && fk_device_asserts(d)) {
            fk_journal("xen %s irq %d in service", fk_bdf(&d->bdf), gsi);
        }
    }
}

int fk_bind_pci(int pirq, uint8_t bus, uint8_t slot, uint8_t intx)
{
    uint64_t value;
    bool done;
    int rc = begin("bind_pci", &done, &value);
    FkPirq *p = find(pirq);

    if (!done) {
        rc = !p ? -EINVAL : p->type != FK_GSI ? -EBUSY : 0;
    }
    fk_journal("xc bind_pci %d %02x:%02x INT%c = %s", pirq, bus, slot,
               'A' + intx, result(rc));
    if (!done && !rc) {
        p->bound = true;
        in_service(p->gsi);
    }
    return rc;
}

int fk_unbind_pci(int pirq, uint8_t bus, uint8_t slot, uint8_t intx)
{
    uint64_t value;
    bool done;
    int rc = begin("unbind_pci", &done, &value);
    FkPirq *p = find(pirq);

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

/* The device may still have the message of a pirq that is no more. */
void fk_arrive(const FkDevice *d, uint64_t address, uint32_t data)
{
    for (int i = 0; i < nr_pirqs(); i++) {
        const FkPirq *p = &pirqs[i];

        if ((p->type == FK_MSI || p->type == FK_MSIX) && p->bound &&
            fk_bdf_equal(&p->bdf, &d->bdf) && p->address == address &&
            p->data == data) {
            fk_journal("guest %s interrupt pirq %d vector 0x%02x "
                       "gflags 0x%05x", fk_bdf(&d->bdf), i, p->gvec, p->gflags);
        }
    }
}

void fk_arrive_intx(const FkDevice *d)
{
    for (int i = 0; i < nr_pirqs(); i++) {
        if (pirqs[i].type == FK_GSI && pirqs[i].gsi == (int)d->irq &&
            pirqs[i].bound) {
            fk_journal("guest %s interrupt INTx", fk_bdf(&d->bdf));
        }
    }
}
