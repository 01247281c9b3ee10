/*
 * Xen PCI pass-through: writes to config space that did not take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "hw/xen/xen_pt_refused.h"

#define HEADER 0xff             /* no capability has this id */
#define NOBODYS 0xfe            /* nor this one: then it is the vendor's */

#define VNDR_LEN 2              /* a byte, the length of the capability */

typedef struct Register {
    uint8_t id, offset, len;    /* in the capability of that id */
    uint32_t bits;              /* that a write has to change */
    const char *name;
    XenPTRefusedRemedy remedy;
} Register;

/*
 * The first that fits counts (PCI 3.0, 6; PCIe base spec 4.0, 7.5). What is
 * missing in @bits is read-only or reserved, is cleared by a written 1, clears
 * itself, need not be there, or QEMU emulates it. To read a register back that
 * starts a reset would disturb that; none of them is read.
 */
static const Register registers[] = {
    {
        HEADER, PCI_COMMAND, 2, PCI_COMMAND_MASTER, "command register",
        XEN_PT_REFUSED_COMMAND,
    },
    {
        HEADER, PCI_ROM_ADDRESS, 4, PCI_ROM_ADDRESS_ENABLE, "expansion ROM",
        XEN_PT_REFUSED_ROM,
    },
    { .id = HEADER, .len = PCI_STD_HEADER_SIZEOF },
    {
        PCI_CAP_ID_PM, PCI_PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK, "power state",
        XEN_PT_REFUSED_POWER,
    },
    { .id = PCI_CAP_ID_PM, .len = PCI_PM_SIZEOF },
    {
        PCI_CAP_ID_VPD, PCI_VPD_ADDR, 2, PCI_VPD_ADDR_MASK, "VPD address",
        XEN_PT_REFUSED_VPD,
    },
    {
        PCI_CAP_ID_VPD, PCI_VPD_DATA, 4, UINT32_MAX, "VPD data",
        XEN_PT_REFUSED_VPD,
    },
    { .id = PCI_CAP_ID_MSI, .len = 0x18 },
    { .id = PCI_CAP_ID_VNDR, .offset = VNDR_LEN, .len = 1 },
    {
        PCI_CAP_ID_VNDR, VNDR_LEN + 1, UINT8_MAX - VNDR_LEN, UINT32_MAX,
        "vendor-specific capability", XEN_PT_REFUSED_ANY,
    },
    {
        PCI_CAP_ID_EXP, PCI_EXP_DEVCTL2, 2, PCI_EXP_DEVCTL2_ATOMIC_REQ,
        "PCI Express Device Control 2", XEN_PT_REFUSED_ANY,
    },
    { .id = PCI_CAP_ID_EXP, .len = PCI_EXP_SLTSTA2 + 2 },
    { .id = PCI_CAP_ID_MSIX, .len = PCI_CAP_MSIX_SIZEOF },
    { .id = PCI_CAP_ID_AF, .len = PCI_CAP_AF_SIZEOF },
};

/* Whose is the byte? @offset becomes that in the capability. */
static uint8_t owner(const XenPTRefused *r, uint8_t *offset)
{
    const XenPTCap *cap = NULL;
    uint8_t size = 0;

    if (*offset < PCI_STD_HEADER_SIZEOF) {
        return HEADER;
    }
    for (unsigned i = 0; i < r->caps->n; i++) {
        const XenPTCap *c = &r->caps->cap[i];

        if (c->offset <= *offset && (!cap || c->offset > cap->offset)) {
            cap = c;
            size = r->size[i];
        }
    }
    if (!cap || (size && *offset - cap->offset >= size)) {
        return NOBODYS;
    }
    *offset -= cap->offset;
    return cap->id;
}

/* What is known of a byte; its bits are those at @shift of the register's. */
static Register byte_at(const XenPTRefused *r, uint8_t offset, unsigned *shift)
{
    static const Register vendor = {
        .bits = UINT32_MAX, .name = "vendor register",
    };
    uint8_t id = owner(r, &offset);

    *shift = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
        const Register *reg = &registers[i];

        if (reg->id == id && offset >= reg->offset &&
            offset - reg->offset < reg->len) {
            /* Wider than that is only what is all or nothing. */
            *shift = 8 * (offset - reg->offset) % 32;
            return *reg;
        }
    }
    /* An id and the pointer behind it are read-only, whatever they are of. */
    return offset <= PCI_CAP_LIST_NEXT ? (Register) { 0 } : vendor;
}

/* The bits of a write that have to take. */
static uint32_t bits(const XenPTRefused *r, const XenPTWrite *w)
{
    uint32_t all = 0;
    unsigned shift;

    for (unsigned i = 0; i < w->len; i++) {
        Register reg = byte_at(r, w->offset + i, &shift);

        all |= (reg.bits >> shift & UINT8_MAX) << 8 * i;
    }
    return all;
}

static bool all_ones(uint32_t value, unsigned len)
{
    uint32_t ones = UINT32_MAX >> (32 - 8 * len);

    return (value & ones) == ones;
}

static bool touches(const XenPTWrite *w, uint32_t changed,
                    const XenPTRefusal *reg)
{
    for (unsigned i = 0; i < w->len; i++) {
        unsigned at = w->offset + i;

        if ((changed >> 8 * i & UINT8_MAX) && at >= reg->offset &&
            at < reg->offset + reg->len) {
            return true;
        }
    }
    return false;
}

/* Marks the bytes of a write as seen; was one that it changes not yet? */
static bool mark(XenPTRefused *r, const XenPTWrite *w, uint32_t matter,
                 uint32_t changed)
{
    bool is_new = false;

    for (unsigned i = 0; i < w->len; i++) {
        uint8_t *seen = &r->seen[(w->offset + i) / 8];
        uint8_t bit = 1 << (w->offset + i) % 8;

        is_new |= (changed >> 8 * i & UINT8_MAX) && !(*seen & bit);
        *seen |= matter >> 8 * i & UINT8_MAX ? bit : 0;
    }
    return is_new;
}

bool xen_pt_refused_due(XenPTRefused *r, const XenPTWrite *w)
{
    uint32_t matter = bits(r, w), changed = (w->old ^ w->value) & matter;

    if (!changed || all_ones(w->old, w->len)) {
        return false;
    }
    for (unsigned i = 0; i < r->n; i++) {
        if (touches(w, changed, &r->reg[i])) {
            r->reg[i].count++;
            return false;
        }
    }
    return mark(r, w, matter, changed);
}

bool xen_pt_refused_judge(XenPTRefused *r, const XenPTWrite *w, uint32_t got,
                          XenPTRefusedBy by)
{
    uint32_t changed = (w->old ^ w->value) & bits(r, w);
    unsigned first = 0, shift;
    Register reg;

    /* Where a part took it has passed, and the rest is read-only. */
    if ((changed & ~(w->value ^ got)) || all_ones(got, w->len)) {
        return false;
    }
    if (r->n == XEN_PT_REFUSED_MAX) {
        return ++r->more == 1;
    }
    while (!(changed >> 8 * first & UINT8_MAX)) {
        first++;
    }
    reg = byte_at(r, w->offset + first, &shift);
    r->reg[r->n++] = (XenPTRefusal) {
        .offset = w->offset,
        .len = w->len,
        .by = by,
        .remedy = reg.remedy,
        .name = reg.name,
        .wanted = w->value,
        .got = got,
        .count = 1,
    };
    return true;
}
