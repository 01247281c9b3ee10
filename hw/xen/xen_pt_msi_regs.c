/*
 * Xen PCI pass-through: the capability as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt_msi_regs.h"

#define CAP_ID_MSI  0x05
#define CAP_ID_MSIX 0x11

#define CAP_ID      0
#define CAP_NEXT    1
#define CONTROL     2
#define ADDRESS_LO  4
#define ADDRESS_HI  8           /* where the address has 64 bits */

/* MSI-X (PCI 3.0, 6.8.2). */
#define TABLE       4
#define PBA         8

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
    return &layouts[!!(control & XEN_PT_MSI_CTRL_64BIT)]
                   [!!(control & XEN_PT_MSI_CTRL_MASKBIT)];
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
        .pending = l->pending, .enable = XEN_PT_MSI_CTRL_ENABLE,
    };
    r->value[CAP_ID] = CAP_ID_MSI;
    r->value[CAP_NEXT] = next;
    put(r->value + CONTROL,
        control & (XEN_PT_MSI_CTRL_64BIT | XEN_PT_MSI_CTRL_MASKBIT), 2);

    put(r->writable + CONTROL, XEN_PT_MSI_CTRL_ENABLE, 2);
    put(r->writable + ADDRESS_LO, 0xfffffffc, 4);
    if (control & XEN_PT_MSI_CTRL_64BIT) {
        put(r->writable + ADDRESS_HI, 0xffffffff, 4);
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
        .size = XEN_PT_MSIX_REGS_SIZE, .enable = XEN_PT_MSIX_CTRL_ENABLE,
        .maskall = XEN_PT_MSIX_CTRL_MASKALL,
    };
    r->value[CAP_ID] = CAP_ID_MSIX;
    r->value[CAP_NEXT] = next;
    put(r->value + CONTROL, control & XEN_PT_MSIX_CTRL_SIZE, 2);
    put(r->value + TABLE, table, 4);
    put(r->value + PBA, pba, 4);
    put(r->writable + CONTROL, r->enable | r->maskall, 2);
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
    unsigned enable = CONTROL + (r->enable > UINT8_MAX), events = 0;

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
    uint16_t control = get(r->value + CONTROL, 2) & ~(r->enable | r->maskall);

    put(r->value + CONTROL, control | (enable ? r->enable : 0) |
        (maskall ? r->maskall : 0), 2);
}

bool xen_pt_msi_regs_enable(const XenPTMSIRegs *r)
{
    return get(r->value + CONTROL, 2) & r->enable;
}

bool xen_pt_msi_regs_maskall(const XenPTMSIRegs *r)
{
    return get(r->value + CONTROL, 2) & r->maskall;
}

XenPTMSIMessage xen_pt_msi_regs_message(const XenPTMSIRegs *r)
{
    XenPTMSIMessage m = {
        .address = get(r->value + ADDRESS_LO, 4),
        .data = get(r->value + r->data, 2),
    };

    if (r->data > ADDRESS_HI) {
        m.address |= (uint64_t)get(r->value + ADDRESS_HI, 4) << 32;
    }
    return m;
}

bool xen_pt_msi_regs_masked(const XenPTMSIRegs *r)
{
    XenPTMSIMessage m = xen_pt_msi_regs_message(r);

    return r->mask && (r->value[r->mask] & 1) && !xen_pt_msi_requested_pirq(&m);
}
