/*
 * Xen PCI pass-through: the capability as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_msi_regs.h"

/*
 * The registers behind the address, by layout (PCI 3.0, figure 6-9), and the
 * size of the capability.
 */
typedef struct Layout {
    uint8_t data, mask, pending, size;
} Layout;

static const Layout layouts[2][2] = {
    /*   [64-bit address] [per-vector masking] */
    { { 8, 0, 0, 12 }, { 8, 12, 16, 20 } },
    { { 12, 0, 0, 16 }, { 12, 16, 20, 24 } },
};

static const Layout *layout(uint16_t control)
{
    return &layouts[!!(control & PCI_MSI_FLAGS_64BIT)]
                   [!!(control & PCI_MSI_FLAGS_MASKBIT)];
}

static uint32_t get(const uint8_t *p, unsigned len)
{
    uint32_t value = 0;

    while (len--) {
        value = value << 8 | p[len];
    }
    return value;
}

static void put(uint8_t *p, uint32_t value, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        p[i] = value >> 8 * i;
    }
}

unsigned xen_pt_msi_regs_size(uint16_t control)
{
    return layout(control)->size;
}

void xen_pt_msi_regs_init(XenPTMSIRegs *r, uint16_t control, uint8_t next)
{
    const Layout *l = layout(control);

    *r = (XenPTMSIRegs) {
        .size = l->size, .data = l->data, .mask = l->mask,
        .pending = l->pending, .enable = PCI_MSI_FLAGS_ENABLE,
    };
    r->value[PCI_CAP_LIST_ID] = PCI_CAP_ID_MSI;
    r->value[PCI_CAP_LIST_NEXT] = next;
    put(r->value + PCI_MSI_FLAGS,
        control & (PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT), 2);

    put(r->writable + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    put(r->writable + PCI_MSI_ADDRESS_LO, 0xfffffffc, 4);
    if (control & PCI_MSI_FLAGS_64BIT) {
        put(r->writable + PCI_MSI_ADDRESS_HI, 0xffffffff, 4);
    }
    put(r->writable + r->data, 0xffff, 2);
    if (r->mask) {
        put(r->writable + r->mask, 1, 4);       /* of the one vector */
    }
}

void xen_pt_msi_regs_init_msix(XenPTMSIRegs *r, uint16_t control, uint8_t next,
                               uint32_t table, uint32_t pba)
{
    *r = (XenPTMSIRegs) {
        .size = PCI_CAP_MSIX_SIZEOF, .enable = PCI_MSIX_FLAGS_ENABLE,
        .maskall = PCI_MSIX_FLAGS_MASKALL,
    };
    r->value[PCI_CAP_LIST_ID] = PCI_CAP_ID_MSIX;
    r->value[PCI_CAP_LIST_NEXT] = next;
    put(r->value + PCI_MSI_FLAGS, control & PCI_MSIX_FLAGS_QSIZE, 2);
    put(r->value + PCI_MSIX_TABLE, table, 4);
    put(r->value + PCI_MSIX_PBA, pba, 4);
    put(r->writable + PCI_MSI_FLAGS, r->enable | r->maskall, 2);
}

/* How much of an access is in the capability. */
static unsigned clip(const XenPTMSIRegs *r, unsigned offset, unsigned len)
{
    unsigned left = offset < r->size ? r->size - offset : 0;

    return len < left ? len : left;
}

uint32_t xen_pt_msi_regs_read(const XenPTMSIRegs *r, unsigned offset,
                              unsigned len)
{
    uint32_t value = 0;

    len = clip(r, offset, len);
    for (unsigned i = 0; i < len; i++) {
        value |= (uint32_t)r->value[offset + i] << 8 * i;
    }
    return value;
}

unsigned xen_pt_msi_regs_write(XenPTMSIRegs *r, unsigned offset,
                               uint32_t value, unsigned len)
{
    unsigned enable = PCI_MSI_FLAGS + (r->enable > UINT8_MAX), events = 0;

    len = clip(r, offset, len);
    for (unsigned i = 0; i < len; i++) {
        uint8_t *p = &r->value[offset + i], old = *p;
        uint8_t writable = r->writable[offset + i];

        *p = (old & ~writable) | ((value >> 8 * i) & writable);
        if (offset + i == enable) {
            events |= XEN_PT_MSI_WROTE_CONTROL;
        } else if (*p != old) {
            events |= XEN_PT_MSI_WROTE_VECTOR;
        }
    }
    return events;
}

void xen_pt_msi_regs_set_control(XenPTMSIRegs *r, bool enable, bool maskall)
{
    uint16_t control = get(r->value + PCI_MSI_FLAGS, 2) &
                       ~(r->enable | r->maskall);

    put(r->value + PCI_MSI_FLAGS, control | (enable ? r->enable : 0) |
        (maskall ? r->maskall : 0), 2);
}

bool xen_pt_msi_regs_enable(const XenPTMSIRegs *r)
{
    return get(r->value + PCI_MSI_FLAGS, 2) & r->enable;
}

bool xen_pt_msi_regs_maskall(const XenPTMSIRegs *r)
{
    return get(r->value + PCI_MSI_FLAGS, 2) & r->maskall;
}

XenPTMSIMessage xen_pt_msi_regs_message(const XenPTMSIRegs *r)
{
    XenPTMSIMessage m = {
        .address = get(r->value + PCI_MSI_ADDRESS_LO, 4),
        .data = get(r->value + r->data, 2),
    };

    if (r->data > PCI_MSI_ADDRESS_HI) {
        m.address |= (uint64_t)get(r->value + PCI_MSI_ADDRESS_HI, 4) << 32;
    }
    return m;
}

bool xen_pt_msi_regs_masked(const XenPTMSIRegs *r)
{
    XenPTMSIMessage m = xen_pt_msi_regs_message(r);

    return r->mask && (r->value[r->mask] & 1) && !xen_pt_msi_requested_pirq(&m);
}
