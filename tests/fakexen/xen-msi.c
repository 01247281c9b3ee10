/*
 * A fake Xen: what it does to a device's MSI and MSI-X
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As Xen 4.17 to 4.20 (xen/arch/x86/msi.c). Every write is here, in order: it
 * is what a test finds in the journal.
 */

#include "xen.h"

#include <errno.h>
#include <linux/pci_regs.h>

#define ENABLE  PCI_MSIX_FLAGS_ENABLE
#define MASKALL PCI_MSIX_FLAGS_MASKALL

static bool is_64bit(const FkDevice *d)
{
    return fk_get(d, d->msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_64BIT;
}

static bool is_maskable(const FkDevice *d)
{
    return fk_get(d, d->msi + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_MASKBIT;
}

static unsigned mask_register(const FkDevice *d)
{
    return d->msi + (is_64bit(d) ? PCI_MSI_MASK_64 : PCI_MSI_MASK_32);
}

static uint16_t msix_control(const FkDevice *d)
{
    return fk_get(d, d->msix + PCI_MSIX_FLAGS, 2);
}

static void set_msix_control(FkDevice *d, uint16_t value)
{
    fk_device_write(d, "xen", d->msix + PCI_MSIX_FLAGS, 2, value);
}

/* The table can be reached. A virtual function has no bit of its own. */
static bool is_decoded(const FkDevice *d)
{
    return d->is_virtfn || (fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY);
}

/*
 * The table is written with MSI-X enabled, and all masked where it was not.
 * Returns: the control word as it was, for close_table().
 */
static uint16_t open_table(FkDevice *d)
{
    uint16_t control = msix_control(d);

    if (!(control & ENABLE)) {
        d->x.host_maskall = true;
        set_msix_control(d, control | ENABLE | MASKALL);
    }
    return control;
}

static void close_table(FkDevice *d, uint16_t control, bool maskall)
{
    d->x.host_maskall = maskall;
    if (maskall || d->x.guest_maskall) {
        control |= MASKALL;
    }
    set_msix_control(d, control);
}

static int write_message(FkDevice *d, const FkPirq *p)
{
    if (p->type == FK_MSIX) {
        if (!(msix_control(d) & ENABLE) || !is_decoded(d)) {
            return -ENXIO;
        }
        fk_entry_write(d, p->entry, FK_ADDRESS, p->address);
        fk_entry_write(d, p->entry, FK_UPPER, p->address >> 32);
        fk_entry_write(d, p->entry, FK_DATA, p->data);
        return 0;
    }
    fk_device_write(d, "xen", d->msi + PCI_MSI_ADDRESS_LO, 4, p->address);
    if (is_64bit(d)) {
        fk_device_write(d, "xen", d->msi + PCI_MSI_ADDRESS_HI, 4,
                        p->address >> 32);
    }
    fk_device_write(d, "xen",
                    d->msi + (is_64bit(d) ? PCI_MSI_DATA_64 : PCI_MSI_DATA_32),
                    2, p->data & 0xffff);
    return 0;
}

void fk_msi_message(FkDevice *d, const FkPirq *p)
{
    write_message(d, p);        /* nobody looks whether it could be */
}

static void mask_msix(FkDevice *d, FkPirq *p, bool host, bool guest)
{
    bool masked = host || guest, maskall = d->x.host_maskall;
    uint16_t control = open_table(d);

    if (is_decoded(d)) {
        fk_entry_write(d, p->entry, FK_VECTOR_CONTROL, masked);
        p->host_masked = host;
        p->guest_masked = guest;
        if (control & ENABLE) {
            return;
        }
    } else if (masked && !(control & MASKALL)) {
        maskall = true;
    }
    close_table(d, control, maskall);
}

void fk_msi_mask(FkDevice *d, FkPirq *p, bool host, bool guest)
{
    unsigned reg = mask_register(d);

    if (p->type == FK_MSIX) {
        mask_msix(d, p, host, guest);
    } else if (is_maskable(d)) {
        fk_device_write(d, "xen", reg, 4, (fk_get(d, reg, 4) & ~1u) |
                        (host || guest));
        p->host_masked = host;
        p->guest_masked = guest;
    }
}

static void disable_msi(FkDevice *d, const FkPirq *p)
{
    fk_device_write(d, "xen", d->msi + PCI_MSI_FLAGS, 2,
                    fk_get(d, d->msi + PCI_MSI_FLAGS, 2) &
                    ~PCI_MSI_FLAGS_ENABLE);
    if (!p->bound) {
        fk_device_write(d, "xen", PCI_COMMAND, 2, fk_get(d, PCI_COMMAND, 2) &
                        ~PCI_COMMAND_INTX_DISABLE);
    }
}

static void disable_msix(FkDevice *d, const FkPirq *p)
{
    bool maskall = d->x.host_maskall;
    uint16_t control = open_table(d);

    if (is_decoded(d)) {
        fk_entry_write(d, p->entry, FK_VECTOR_CONTROL, 1);
    } else if (!(control & MASKALL)) {
        maskall = true;
    }
    close_table(d, control, maskall);
    d->x.used -= d->x.used ? 1 : 0;
}

/*
 * The control word is saved first and restored last, with the number of
 * vectors set to one: ENABLE comes back as it was.
 */
static int map_msi(FkDevice *d, FkPirq *p)
{
    unsigned flags = d->msi + PCI_MSI_FLAGS;
    uint16_t control = fk_get(d, flags, 2) & ~PCI_MSI_FLAGS_QSIZE;

    fk_device_write(d, "xen", flags, 2,
                    fk_get(d, flags, 2) & ~PCI_MSI_FLAGS_ENABLE);
    p->host_masked = control & PCI_MSI_FLAGS_MASKBIT;
    if (p->host_masked) {
        unsigned reg = mask_register(d);
        unsigned vectors = 1u << ((control & PCI_MSI_FLAGS_QMASK) >> 1);

        fk_device_write(d, "xen", reg, 4, fk_get(d, reg, 4) |
                        0xffffffffu >> (32 - vectors));
    }
    fk_device_write(d, "xen", flags, 2, control);
    return write_message(d, p);
}

/* All is masked meanwhile, and the control word comes back as it was, twice. */
static int map_msix(FkDevice *d, FkPirq *p)
{
    uint16_t control = msix_control(d);
    bool maskall = d->x.host_maskall;
    int rc;

    d->x.host_maskall = true;
    set_msix_control(d, control | ENABLE | MASKALL);
    if (!is_decoded(d)) {
        set_msix_control(d, control & ~ENABLE);
        return -ENXIO;
    }
    if (!d->x.used) {
        set_msix_control(d, control);
        return -ENODATA;
    }
    d->x.used++;
    fk_entry_write(d, p->entry, FK_VECTOR_CONTROL, 1);
    p->host_masked = p->guest_masked = true;
    d->x.host_maskall = maskall;
    set_msix_control(d, control);

    if (!(control & ENABLE)) {
        set_msix_control(d, control | ENABLE | MASKALL);
    }
    rc = write_message(d, p);
    if (!(control & ENABLE)) {
        set_msix_control(d, control);
    }
    return rc;
}

int fk_msi_map(FkDevice *d, FkPirq *p)
{
    FkPirq *other = fk_pirq_of(d, p->type == FK_MSI ? FK_MSIX : FK_MSI, -1);

    if (!(p->type == FK_MSI ? d->msi : d->msix)) {
        return -ENODEV;
    }
    if (p->type == FK_MSIX &&
        (p->entry < 0 || (unsigned)p->entry >= d->x.entries)) {
        return -EINVAL;
    }
    if (other && other->type == FK_MSI) {
        disable_msi(d, other);
    } else if (other) {
        disable_msix(d, other);
    }
    return p->type == FK_MSI ? map_msi(d, p) : map_msix(d, p);
}

void fk_msi_unmap(FkDevice *d, FkPirq *p)
{
    if (p->bound) {
        fk_msi_mask(d, p, true, p->guest_masked);
        fk_msi_mask(d, p, true, true);
        p->bound = false;
    }
    if (p->type == FK_MSI) {
        disable_msi(d, p);
    } else {
        disable_msix(d, p);
    }
}

/* Returns: false where the write is lost. */
static bool filter_msix(FkDevice *d, unsigned offset, unsigned len,
                        uint32_t *value)
{
    unsigned flags = d->msix + PCI_MSIX_FLAGS;

    if (offset != flags || len != 2) {
        return false;
    }
    d->x.guest_maskall = *value & MASKALL;
    *value |= d->x.host_maskall ? MASKALL : 0;
    return true;
}

static bool filter_msi(FkDevice *d, FkPirq *p, unsigned offset, unsigned len,
                       uint32_t *value)
{
    unsigned flags = d->msi + PCI_MSI_FLAGS;

    if (offset == flags) {
        return len == 2;
    }
    if (offset != mask_register(d) || len != 4) {
        return false;
    }
    p->guest_masked = *value & 1;
    *value |= p->host_masked | ~1u;
    return true;
}

void fk_dom0_write(FkDevice *d, unsigned offset, unsigned len, uint32_t value)
{
    FkPirq *p = fk_pirq_of(d, FK_MSI, -1);
    bool ok = true;

    if (d->msix && offset >= d->msix && offset < d->msix + PCI_MSIX_PBA + 4u) {
        ok = filter_msix(d, offset, len, &value);
    } else if (p && is_maskable(d) && offset >= d->msi &&
               offset < mask_register(d) + 8) {
        ok = filter_msi(d, p, offset, len, &value);
    }
    if (ok) {
        fk_device_write(d, "dev", offset, len, value);
    } else {
        fk_journal("xen %s denies 0x%02x/%u 0x%0*x", fk_bdf(&d->bdf), offset,
                   len, 2 * len, value);
    }
}
