/*
 * A fake Xen: Linux' pciback, what dom0 lets a stub domain do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules as in Linux 5.4 to 6.12, drivers/xen/xen-pciback. A register is a
 * declared field or it is not. Undeclared ones read as the device does, and
 * writes to them are dropped without an error. The fields are tables here.
 */

#include "fakexen.h"

#include <linux/pci_regs.h>
#include <string.h>

typedef enum Read {
    R_DEVICE, R_COMMAND, R_ID, R_IRQ, R_BAR, R_PM_CAPS,
} Read;

typedef enum Write {
    W_NONE, W_DEVICE, W_COMMAND, W_BIST, W_BAR, W_VPD_ADDRESS, W_PM_CTRL,
    W_MSI, W_MSIX,
} Write;

typedef struct Field {
    uint8_t offset, len;
    Read read;
    Write write;
} Field;

static const Field header[] = {
    { PCI_VENDOR_ID, 2, R_ID, W_NONE },
    { PCI_DEVICE_ID, 2, R_ID, W_NONE },
    { PCI_COMMAND, 2, R_COMMAND, W_COMMAND },
    { PCI_INTERRUPT_LINE, 1, R_IRQ, W_NONE },
    { PCI_INTERRUPT_PIN, 1, R_DEVICE, W_NONE },
    { PCI_CACHE_LINE_SIZE, 1, R_DEVICE, W_DEVICE },
    { PCI_LATENCY_TIMER, 1, R_DEVICE, W_NONE },
    { PCI_BIST, 1, R_DEVICE, W_BIST },
    { PCI_BASE_ADDRESS_0, 4, R_BAR, W_BAR },
    { PCI_BASE_ADDRESS_1, 4, R_BAR, W_BAR },
    { PCI_BASE_ADDRESS_2, 4, R_BAR, W_BAR },
    { PCI_BASE_ADDRESS_3, 4, R_BAR, W_BAR },
    { PCI_BASE_ADDRESS_4, 4, R_BAR, W_BAR },
    { PCI_BASE_ADDRESS_5, 4, R_BAR, W_BAR },
    { PCI_ROM_ADDRESS, 4, R_BAR, W_BAR },
    { 0 }
};

static const Field vpd[] = {
    { PCI_CAP_LIST_ID, 2, R_DEVICE, W_NONE },
    { PCI_VPD_ADDR, 2, R_DEVICE, W_VPD_ADDRESS },
    { PCI_VPD_DATA, 4, R_DEVICE, W_NONE },
    { 0 }
};

static const Field pm[] = {
    { PCI_CAP_LIST_ID, 2, R_DEVICE, W_NONE },
    { PCI_PM_PMC, 2, R_PM_CAPS, W_NONE },
    { PCI_PM_CTRL, 2, R_DEVICE, W_PM_CTRL },
    { PCI_PM_PPB_EXTENSIONS, 1, R_DEVICE, W_NONE },
    { PCI_PM_DATA_REGISTER, 1, R_DEVICE, W_NONE },
    { 0 }
};

static const Field msi[] = {
    { PCI_CAP_LIST_ID, 2, R_DEVICE, W_NONE },
    { PCI_MSI_FLAGS, 2, R_DEVICE, W_MSI },
    { 0 }
};

static const Field msix[] = {
    { PCI_CAP_LIST_ID, 2, R_DEVICE, W_NONE },
    { PCI_MSIX_FLAGS, 2, R_DEVICE, W_MSIX },
    { 0 }
};

/* Which capabilities have fields, and since which Linux. */
static const struct {
    uint8_t id;
    FkKernel since;
    const Field *fields;
} capabilities[] = {
    { PCI_CAP_ID_VPD, FK_LINUX_5_4, vpd },
    { PCI_CAP_ID_PM, FK_LINUX_5_4, pm },
    { PCI_CAP_ID_MSI, FK_LINUX_5_6, msi },
    { PCI_CAP_ID_MSIX, FK_LINUX_5_6, msix },
};

/* The control word's bits that may change, and ENABLE among them. */
static const struct {
    uint16_t enable;
    uint16_t allowed[FK_LINUX_6_8 + 1];
} control[] = {
    [W_MSI] = {
        PCI_MSI_FLAGS_ENABLE,
        {
            [FK_LINUX_5_6] = PCI_MSI_FLAGS_ENABLE,
            [FK_LINUX_6_1] = PCI_MSI_FLAGS_ENABLE,
            [FK_LINUX_6_8] = PCI_MSI_FLAGS_ENABLE,
        },
    },
    [W_MSIX] = {
        PCI_MSIX_FLAGS_ENABLE,
        {
            [FK_LINUX_5_6] = PCI_MSIX_FLAGS_ENABLE,
            [FK_LINUX_6_1] = PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL,
            [FK_LINUX_6_8] = PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL,
        },
    },
};

/* The bits of the command register that are the device's when read. */
#define COMMAND_GUEST (PCI_COMMAND_MASTER | PCI_COMMAND_SPECIAL | \
                       PCI_COMMAND_INVALIDATE | PCI_COMMAND_VGA_PALETTE | \
                       PCI_COMMAND_WAIT | PCI_COMMAND_FAST_BACK)

void fk_pciback_init(FkDevice *d)
{
    memset(&d->back, 0, sizeof(d->back));
    d->back.command = fk_get(d, PCI_COMMAND, 2);
}

/* dom0's PCI core writes COMMAND only where that changes it. */
static void set_command(FkDevice *d, uint16_t clear, uint16_t set)
{
    uint16_t old = fk_device_read(d, PCI_COMMAND, 2);
    uint16_t new = (old & ~clear) | set;

    if (new != old) {
        fk_dom0_write(d, PCI_COMMAND, 2, new);
    }
}

static bool is_on(const FkDevice *d, Write kind)
{
    unsigned pos = kind == W_MSI ? d->msi : d->msix;

    /* The control word is at the same place in both. */
    return pos && (fk_get(d, pos + PCI_MSI_FLAGS, 2) & control[kind].enable);
}

/* Is an interrupt of another kind on? INTx counted as one, once. */
static bool other_interrupt(const FkDevice *d, Write kind)
{
    return is_on(d, kind == W_MSI ? W_MSIX : W_MSI) ||
           (fk.kernel < FK_LINUX_6_8 &&
            !(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE));
}

static int write_control(FkDevice *d, Write kind, unsigned offset,
                         uint16_t value)
{
    uint16_t old = fk_device_read(d, offset, 2);

    if (!d->back.permissive) {
        if (value == old) {
            return 0;
        }
        if (!d->back.allow_interrupt_control ||
            ((value ^ old) & ~control[kind].allowed[fk.kernel]) ||
            ((value & control[kind].enable) && other_interrupt(d, kind))) {
            return FK_PCI_ERR_ACCESS_DENIED;
        }
    }
    fk_dom0_write(d, offset, 2, value);
    return 0;
}

static void enable_device(FkDevice *d, bool on)
{
    uint16_t decode = 0;

    d->back.enabled = on;
    if (!on) {
        d->back.busmaster = false;
        set_command(d, PCI_COMMAND_MASTER, 0);
        return;
    }
    for (unsigned i = 0; i < FK_MAX_BARS - 1; i++) {
        if (d->bar[i].size) {
            decode |= d->bar[i].io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
        }
    }
    set_command(d, 0, decode);
    /* do_pci_enable_device(): INTx of a device that has it is enabled, too. */
    if (d->config[PCI_INTERRUPT_PIN]) {
        set_command(d, PCI_COMMAND_INTX_DISABLE, 0);
    }
}

static int write_command(FkDevice *d, uint16_t value)
{
    bool decode = value & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    bool master = value & PCI_COMMAND_MASTER;
    uint16_t changed = d->back.command ^ value;

    if (decode != d->back.enabled) {
        enable_device(d, decode);
    }
    if (master != d->back.busmaster) {
        d->back.busmaster = master;
        set_command(d, PCI_COMMAND_MASTER, master ? PCI_COMMAND_MASTER : 0);
    }
    if (changed & PCI_COMMAND_INVALIDATE) {
        set_command(d, PCI_COMMAND_INVALIDATE, value & PCI_COMMAND_INVALIDATE);
    }
    if (d->back.allow_interrupt_control &&
        (changed & PCI_COMMAND_INTX_DISABLE)) {
        if (!(value & PCI_COMMAND_INTX_DISABLE) &&
            fk.kernel < FK_LINUX_6_8 &&
            (is_on(d, W_MSI) || is_on(d, W_MSIX))) {
            return FK_PCI_ERR_ACCESS_DENIED;
        }
        set_command(d, PCI_COMMAND_INTX_DISABLE,
                    value & PCI_COMMAND_INTX_DISABLE);
    }
    d->back.command = value;
    if (d->back.permissive) {
        set_command(d, COMMAND_GUEST, value & COMMAND_GUEST);
    }
    return 0;
}

static unsigned bar_index(unsigned offset)
{
    return offset == PCI_ROM_ADDRESS ? FK_MAX_BARS - 1
                                     : (offset - PCI_BASE_ADDRESS_0) / 4;
}

/* The upper half of a 64-bit BAR takes its range from the lower one. */
static uint32_t read_bar(const FkDevice *d, unsigned offset)
{
    unsigned i = bar_index(offset);
    const FkBar *bar = &d->bar[i];

    if (i && i < FK_MAX_BARS - 1 && d->bar[i - 1].mem64) {
        bar = &d->bar[i - 1];
        return d->back.sizing[i] ? -bar->size >> 32 : bar->base >> 32;
    }
    if (!bar->size) {
        return 0;
    }
    return (d->back.sizing[i] ? -(uint32_t)bar->size : (uint32_t)bar->base) |
           (i == FK_MAX_BARS - 1 ? 0 :
            bar->io ? PCI_BASE_ADDRESS_SPACE_IO :
            (bar->mem64 ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
            (bar->prefetch ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0));
}

/* All-ones asks for the size; the BAR's own value may be restored. */
static int write_bar(FkDevice *d, unsigned offset, uint32_t value)
{
    unsigned i = bar_index(offset);
    uint32_t ask = ~(offset == PCI_ROM_ADDRESS ? PCI_ROM_ADDRESS_ENABLE : 0u);
    uint32_t own;

    if ((value | ~ask) == ~0u) {
        d->back.sizing[i] = true;
        return 0;
    }
    d->back.sizing[i] = false;
    own = read_bar(d, offset);
    if (value == own && fk_device_read(d, offset, 4) != own) {
        fk_dom0_write(d, offset, 4, own);
    }
    return 0;
}

/* Linux does so for a device that has been reset as it left D3. */
static void restore_bars(FkDevice *d)
{
    for (unsigned i = 0; i < FK_MAX_BARS - 1; i++) {
        unsigned offset = PCI_BASE_ADDRESS_0 + 4 * i;
        uint32_t own;

        d->back.sizing[i] = false;
        own = read_bar(d, offset);
        if (fk_device_read(d, offset, 4) != own) {
            fk_dom0_write(d, offset, 4, own);
        }
    }
}

static int write_pm_ctrl(FkDevice *d, unsigned offset, uint16_t value)
{
    uint16_t old = fk_device_read(d, offset, 2);
    uint16_t ok = PCI_PM_CTRL_PME_STATUS | PCI_PM_CTRL_DATA_SEL_MASK;
    uint16_t new = (old & ~ok) | (value & ok);

    if ((old & ok) != (value & ok)) {
        fk_dom0_write(d, offset, 2, new);
        old = fk_device_read(d, offset, 2);
    }
    new = (old & ~(PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_STATUS)) |
          (value & PCI_PM_CTRL_STATE_MASK);
    if ((old ^ new) & PCI_PM_CTRL_STATE_MASK) {
        fk_dom0_write(d, offset, 2, new);
        restore_bars(d);
    }
    return 0;
}

static uint32_t read_field(const FkDevice *d, const Field *f, unsigned offset)
{
    uint32_t v = fk_device_read(d, offset, f->len);

    switch (f->read) {
    case R_DEVICE:
        break;
    case R_COMMAND:
        return (v & COMMAND_GUEST) | (d->back.command & ~COMMAND_GUEST);
    case R_ID:
        return fk_get(d, offset, 2);    /* of a virtual function too */
    case R_IRQ:
        return d->irq & 0xff;
    case R_BAR:
        return read_bar(d, offset);
    case R_PM_CAPS:
        return v & ~PCI_PM_CAP_PME_MASK;
    }
    return v;
}

static int write_field(FkDevice *d, const Field *f, unsigned offset,
                       uint32_t value)
{
    switch (f->write) {
    case W_NONE:
        break;
    case W_DEVICE:
        fk_dom0_write(d, offset, f->len, value);
        break;
    case W_COMMAND:
        return write_command(d, value);
    case W_BIST:
        if (((fk_device_read(d, offset, 1) ^ value) & ~PCI_BIST_START) == 0 ||
            value == PCI_BIST_START) {
            fk_dom0_write(d, offset, 1, value);
        }
        break;
    case W_BAR:
        return write_bar(d, offset, value);
    case W_VPD_ADDRESS:
        if (value & PCI_VPD_ADDR_F) {
            return FK_PCI_ERR_ACCESS_DENIED;
        }
        fk_dom0_write(d, offset, 2, value);
        break;
    case W_PM_CTRL:
        return write_pm_ctrl(d, offset, value);
    case W_MSI:
    case W_MSIX:
        return write_control(d, f->write, offset, value);
    }
    return 0;
}

/* Call @fn for each field that overlaps the access, in the tables' order. */
typedef int FieldFn(FkDevice *d, const Field *f, unsigned offset,
                    void *opaque);

static unsigned find_capability(const FkDevice *d, uint8_t id)
{
    unsigned pos = PCI_CAPABILITY_LIST;

    if (!(fk_get(d, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)) {
        return 0;
    }
    for (unsigned ttl = 48; ttl; ttl--) {   /* as Linux bounds it */
        pos = d->config[pos];
        if (pos < PCI_STD_HEADER_SIZEOF) {
            return 0;
        }
        pos &= ~3u;
        if (d->config[pos] == 0xff) {
            return 0;
        }
        if (d->config[pos] == id) {
            return pos;
        }
        pos += PCI_CAP_LIST_NEXT;
    }
    return 0;
}

static int each(FkDevice *d, const Field *f, unsigned base, unsigned offset,
                unsigned len, FieldFn *fn, void *opaque)
{
    for (; f->len; f++) {
        unsigned start = base + f->offset;

        if (start < offset + len && offset < start + f->len) {
            int rc = fn(d, f, start, opaque);

            if (rc) {
                return rc;
            }
        }
    }
    return 0;
}

static int for_each_field(FkDevice *d, unsigned offset, unsigned len,
                          FieldFn *fn, void *opaque)
{
    int rc = each(d, header, 0, offset, len, fn, opaque);

    for (unsigned i = 0;
         !rc && i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
        unsigned pos = find_capability(d, capabilities[i].id);

        if (pos && fk.kernel >= capabilities[i].since) {
            rc = each(d, capabilities[i].fields, pos, offset, len, fn,
                      opaque);
        }
    }
    for (unsigned i = 0; !rc && i < FK_MAX_QUIRKS; i++) {
        const Field f[] = {
            { d->back.quirk[i].offset, d->back.quirk[i].len, R_DEVICE,
              W_DEVICE },
            { 0 }
        };

        rc = each(d, f, 0, offset, len, fn, opaque);
    }
    return rc;
}

static int begins_at(FkDevice *d, const Field *f, unsigned offset,
                     void *opaque)
{
    const unsigned *begin = opaque;

    return offset == *begin;
}

bool fk_pciback_quirk(FkDevice *d, unsigned offset, unsigned len)
{
    unsigned i = 0;

    if (for_each_field(d, offset, 1, begins_at, &offset)) {
        return true;
    }
    while (i < FK_MAX_QUIRKS && d->back.quirk[i].len) {
        i++;
    }
    if (i == FK_MAX_QUIRKS) {
        return false;
    }
    d->back.quirk[i].offset = offset;
    d->back.quirk[i].len = len;
    return true;
}

static uint32_t ones(unsigned len)
{
    return 0xffffffffu >> (32 - 8 * len);
}

/* @value, @len bytes at @offset, seen from a register at @start. */
static uint64_t shifted(uint32_t value, unsigned offset, unsigned start)
{
    return offset >= start ? (uint64_t)value << (8 * (offset - start))
                           : value >> (8 * (start - offset));
}

typedef struct Access {
    unsigned offset, len;
    uint32_t value;
    bool handled;
} Access;

static int merge_read(FkDevice *d, const Field *f, unsigned offset,
                      void *opaque)
{
    Access *a = opaque;
    uint32_t v = read_field(d, f, offset);
    uint64_t mask = shifted(ones(f->len), offset, a->offset);

    a->value = (a->value & ~mask) | shifted(v, offset, a->offset);
    a->value &= ones(a->len);
    return 0;
}

static int merge_write(FkDevice *d, const Field *f, unsigned offset,
                       void *opaque)
{
    Access *a = opaque;
    uint32_t old = read_field(d, f, offset);
    uint64_t mask = shifted(ones(a->len), a->offset, offset);
    uint32_t v = (old & ~mask) | shifted(a->value, a->offset, offset);

    a->handled = true;
    return write_field(d, f, offset, v & ones(f->len));
}

static bool valid(const FkDevice *d, unsigned offset, unsigned len)
{
    return (len == 1 || len == 2 || len == 4) && !(offset % len) &&
           offset + len <= d->size;
}

int fk_pciback_read(FkDevice *d, unsigned offset, unsigned len,
                    uint32_t *value)
{
    Access a = { .offset = offset, .len = len };
    int rc;

    if (!valid(d, offset, len)) {
        return FK_PCI_ERR_INVALID_OFFSET;
    }
    a.value = fk_device_read(d, offset, len);
    rc = for_each_field(d, offset, len, merge_read, &a);
    *value = a.value;
    return rc;
}

int fk_pciback_write(FkDevice *d, unsigned offset, unsigned len,
                     uint32_t value)
{
    Access a = { .offset = offset, .len = len, .value = value & ones(len) };
    int rc;

    if (!valid(d, offset, len)) {
        return FK_PCI_ERR_INVALID_OFFSET;
    }
    rc = for_each_field(d, offset, len, merge_write, &a);
    if (!rc && !a.handled && d->back.permissive) {
        fk_dom0_write(d, offset, len, a.value);
    } else if (rc || !a.handled) {
        fk_journal("back %s %s 0x%02x/%u 0x%0*x", fk_bdf(&d->bdf),
                   rc ? "refused" : "dropped", offset, len, 2 * len, a.value);
    }
    return rc;
}
