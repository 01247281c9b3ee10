/*
 * Registers, table and sequence, driven by any bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first byte is the device, of MSI or MSI-X, then come the guest's
 * accesses; what becomes of the operations that these cause is taken from the
 * input's end, so that a fuzzer can change the one without the other. Where
 * the input is at its end nothing fails. msi-judge.c judges.
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include <stdlib.h>
#include "hw/xen/xen_pt_msi_regs.h"
#include "hw/xen/xen_pt_msix_table.h"
#include "msi-judge.h"

#define NEXT    0x70
#define TABLE   0x00002000
#define PBA     0x00003001
#define ENTRIES WORLD_VECTORS       /* of MSI-X */

#define TABLE_SIZE (ENTRIES * PCI_MSIX_ENTRY_SIZE)

/* Bits of the first byte. */
enum {
    DEVICE_64BIT = 1, DEVICE_MASKBIT = 2,       /* of MSI */
    DEVICE_MASKED = 1, DEVICE_MASKS_UNSEEN = 2, /* of MSI-X */
    DEVICE_ON = 4,                  /* ENABLE is set when it comes */
    DEVICE_OTHER_BIT = 8,           /* of the control word; strict pciback */
    DEVICE_MASTER = 16,
    DEVICE_REFUSING = 32,
    DEVICE_PROBE = 64,
    DEVICE_MSIX = 128,
};

typedef struct Input {
    const uint8_t *begin, *end;
} Input;

typedef struct Bench {
    Input in;
    World w;
    XenPTMSIRegs regs;
    XenPTMSIXTable table;
    XenPTMSIXEntry entry[ENTRIES];
    bool hidden;
} Bench;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void world_broken(const World *w, const char *rule)
{
    fprintf(stderr, "broken in state %d: %s\n", w->seq.state, rule);
    abort();
}

static void check(const Bench *b, bool holds, const char *rule)
{
    if (!holds) {
        world_broken(&b->w, rule);
    }
}

static uint8_t take(Input *in)
{
    return in->begin < in->end ? *in->begin++ : 0;
}

static uint8_t take_last(Input *in)
{
    return in->begin < in->end ? *--in->end : 0;
}

static uint64_t take_bytes(Input *in, uint8_t (*from)(Input *), unsigned n)
{
    uint64_t value = 0;

    while (n--) {
        value = value << 8 | from(in);
    }
    return value;
}

static WorldFate choose(void *chooser, WorldOp op, unsigned arg, uint16_t value)
{
    static const WorldFateKind kinds[16] = {
        [11] = WORLD_FAIL, [12] = WORLD_FAIL_DONE, [13] = WORLD_DROP,
        [14] = WORLD_ONES, [15] = WORLD_JUNK,
    };
    Bench *b = chooser;
    uint8_t byte = take_last(&b->in);
    WorldFate f = { .kind = kinds[byte & 15], .err = -1 - (byte >> 4) };

    (void)arg;
    (void)value;
    if (f.kind == WORLD_JUNK && op == WORLD_READ) {
        f.word = take_bytes(&b->in, take_last, 2);
    } else if (f.kind == WORLD_JUNK && op == WORLD_MESSAGE) {
        f.message.address = take_bytes(&b->in, take_last, 8);
        f.message.data = take_bytes(&b->in, take_last, 2);
    }
    return f;
}

static uint16_t msi_control(uint8_t device)
{
    return (device & DEVICE_64BIT ? PCI_MSI_FLAGS_64BIT : 0) |
           (device & DEVICE_MASKBIT ? PCI_MSI_FLAGS_MASKBIT : 0) |
           (device & DEVICE_ON ? PCI_MSI_FLAGS_ENABLE : 0) |
           (device & DEVICE_OTHER_BIT ? 0x0004 : 0);
}

static uint16_t msix_control(uint8_t device)
{
    return (ENTRIES - 1) |
           (device & DEVICE_MASKED ? PCI_MSIX_FLAGS_MASKALL : 0) |
           (device & DEVICE_ON ? PCI_MSIX_FLAGS_ENABLE : 0) |
           (device & DEVICE_OTHER_BIT ? 0x0800 : 0);
}

static void init_regs(Bench *b, uint16_t control)
{
    if (world_is_msix(&b->w)) {
        xen_pt_msi_regs_init_msix(&b->regs, control, NEXT, TABLE, PBA);
        xen_pt_msix_table_reset(&b->table);
    } else {
        xen_pt_msi_regs_init(&b->regs, control, NEXT);
    }
}

/* As xen_pt_msi_realize(). */
static void realize(Bench *b)
{
    uint8_t device = take(&b->in);
    bool msix = device & DEVICE_MSIX;
    uint16_t control = msix ? msix_control(device) : msi_control(device);

    world_init(&b->w, msix ? WORLD_MSIX : WORLD_MSI, msix ? ENTRIES : 1,
               control, device & DEVICE_MASTER ? WORLD_MASTER : 0,
               !(device & DEVICE_REFUSING), choose, b);
    b->w.strict = device & DEVICE_OTHER_BIT;
    b->table = (XenPTMSIXTable) {
        .masks_unseen = device & DEVICE_MASKS_UNSEEN, .n = ENTRIES,
        .entry = b->entry,
    };
    init_regs(b, control);
    if (device & DEVICE_ON) {
        b->hidden = !world_clear(&b->w);
    }
    if (!b->hidden && (device & DEVICE_PROBE)) {
        b->hidden = !world_probe(&b->w);
    }
}

/* --- What the guest sees ------------------------------------------------ */

static void check_message(const Bench *b, unsigned i, XenPTMSIMessage m,
                          bool masked)
{
    const XenPTMSIVector *v = &b->w.vec[i];

    check(b, world_same(&v->want.message, &m),
          "the sequence knows what the guest has programmed");
    /* An entry that was never written is masked, and nobody was told. */
    check(b, v->want.masked == masked || !(m.address || m.data),
          "the sequence knows what the guest has masked");
    check(b, !(m.address & 3), "an address has dwords");
}

static void check_msi(const Bench *b)
{
    check(b, xen_pt_msi_regs_read(&b->regs, 0, 2) == (NEXT << 8 | 0x05),
          "id and next pointer hold");
    check(b, !(xen_pt_msi_regs_read(&b->regs, 2, 2) & ~0x0181),
          "one vector is all that there is");
    check_message(b, 0, xen_pt_msi_regs_message(&b->regs),
                  xen_pt_msi_regs_masked(&b->regs));
}

static void check_msix(const Bench *b)
{
    check(b, xen_pt_msi_regs_read(&b->regs, 0, 2) == (NEXT << 8 | 0x11),
          "id and next pointer hold");
    check(b, (xen_pt_msi_regs_read(&b->regs, 2, 2) & 0x3fff) == ENTRIES - 1,
          "the number of entries holds");
    check(b, xen_pt_msi_regs_read(&b->regs, 4, 4) == TABLE &&
             xen_pt_msi_regs_read(&b->regs, 8, 4) == PBA,
          "the table stays where it is");
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint32_t at = i * PCI_MSIX_ENTRY_SIZE;

        check_message(b, i, xen_pt_msix_table_message(&b->table, i),
                      xen_pt_msix_table_masked(&b->table, i));
        check(b, !(xen_pt_msix_table_read(&b->table, at + 12, 4) & ~1),
              "reserved bits hold");
    }
    check(b, !xen_pt_msix_table_read(&b->table, TABLE_SIZE, 4),
          "there is nothing beyond the table's end");
}

static void check_guest(const Bench *b)
{
    check(b, xen_pt_msi_regs_enable(&b->regs) ==
             xen_pt_msi_seq_enabled(&b->w.seq),
          "ENABLE reads as the sequence has it");
    check(b, !xen_pt_msi_regs_read(&b->regs, b->regs.size, 4),
          "there is nothing beyond the end");
    if (world_is_msix(&b->w)) {
        check_msix(b);
    } else {
        check_msi(b);
    }
}

/* --- What the guest does ------------------------------------------------ */

static void show_control(Bench *b)
{
    xen_pt_msi_regs_set_control(&b->regs, xen_pt_msi_seq_enabled(&b->w.seq),
                                xen_pt_msi_seq_masked(&b->w.seq));
}

/* As write_control(), where Xen has nothing to itself that could be learnt. */
static void write_control(Bench *b)
{
    bool on = xen_pt_msi_regs_enable(&b->regs);

    world_set_control(&b->w, on, xen_pt_msi_regs_maskall(&b->regs));
    if (world_is_msix(&b->w) && !on) {
        xen_pt_msix_table_off(&b->table);
    }
}

/* As xen_pt_msi_config_write(). */
static void guest_write(Bench *b, unsigned offset, uint32_t value,
                        unsigned len)
{
    unsigned events = xen_pt_msi_regs_write(&b->regs, offset, value, len);

    if (events & XEN_PT_MSI_WROTE_VECTOR) {
        XenPTMSIMessage m = xen_pt_msi_regs_message(&b->regs);

        check(b, !world_is_msix(&b->w), "no vector is in MSI-X's registers");
        world_set_vector(&b->w, 0, &m, xen_pt_msi_regs_masked(&b->regs));
    }
    if (events & XEN_PT_MSI_WROTE_CONTROL) {
        write_control(b);
    }
    show_control(b);
}

/* As pages_write() of xen_pt_msix.c, after what Xen keeps to itself. */
static void table_write(Bench *b, uint32_t offset, uint64_t value,
                        unsigned len)
{
    unsigned i = offset / PCI_MSIX_ENTRY_SIZE;
    bool bound = i < ENTRIES && b->w.vec[i].stage >= XEN_PT_MSI_STAGE_BOUND;

    if (bound && b->table.masks_unseen && offset % 16 == 12 && (value & 1)) {
        return;
    }
    if (xen_pt_msix_table_write(&b->table, offset, value, len, bound)) {
        XenPTMSIMessage m = xen_pt_msix_table_message(&b->table, i);

        world_set_vector(&b->w, i, &m, xen_pt_msix_table_masked(&b->table, i));
    }
}

/* As xen_pt_msix_region(). */
static void rebind(Bench *b)
{
    world_rebind(&b->w);
}

/* As xen_pt_msi_reset(). */
static void reset(Bench *b)
{
    world_reset(&b->w);
    init_regs(b, xen_pt_msi_regs_read(&b->regs, 2, 2));
}

/* An access to the capability; returns false where it is none. */
static bool config_step(Bench *b, uint8_t byte)
{
    unsigned offset = byte >> 3;

    switch (byte & 7) {
    case 1:
        guest_write(b, offset, take(&b->in), 1);
        return true;
    case 2:
        guest_write(b, offset, take_bytes(&b->in, take, 2), 2);
        return true;
    case 3:
        guest_write(b, offset, take_bytes(&b->in, take, 4), 4);
        return true;
    default:
        return false;
    }
}

/* Short cuts to what a guest's driver does. */
static void msi_step(Bench *b, uint8_t byte)
{
    unsigned mask = b->regs.mask ? b->regs.mask : byte >> 3;

    switch (byte & 7) {
    case 0:
        reset(b);
        break;
    case 4:
        guest_write(b, 4, 0xfee00000 | take(&b->in) << 12, 4);
        break;
    case 5:
        guest_write(b, b->regs.data, 0x4000 | take(&b->in), 2);
        break;
    case 6:
        guest_write(b, 2, byte >> 3 & 1, 2);
        break;
    case 7:
        guest_write(b, mask, byte >> 3 & 1, 4);
        break;
    }
}

static void msix_step(Bench *b, uint8_t byte)
{
    uint32_t entry = (byte >> 3 & 3) % ENTRIES * PCI_MSIX_ENTRY_SIZE;
    unsigned len = byte >> 3 & 4 ? 4 : 1 << (byte >> 3 & 1);
    uint32_t offset;

    switch (byte & 7) {
    case 0:
        if (byte >> 3 == 0) {
            reset(b);
        } else if (byte >> 3 == 1) {
            rebind(b);
        } else {
            guest_write(b, 2, (byte >> 3 & 3) << 14, 2);
        }
        break;
    case 4:
        table_write(b, entry, 0xfee00000 | take(&b->in) << 12, 4);
        break;
    case 5:
        table_write(b, entry + 8, 0x4000 | take(&b->in), 4);
        break;
    case 6:
        table_write(b, entry + 12, byte >> 5 & 1, 4);
        break;
    case 7:
        offset = take(&b->in) % (TABLE_SIZE + 16) & -len;
        table_write(b, offset, take_bytes(&b->in, take, len), len);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bench b = { .in = { data, data + size } };

    realize(&b);
    while (!b.hidden && b.in.begin < b.in.end) {
        uint8_t byte = take(&b.in);

        if (config_step(&b, byte)) {
            /* Done. */
        } else if (world_is_msix(&b.w)) {
            msix_step(&b, byte);
        } else {
            msi_step(&b, byte);
        }
        check_guest(&b);
    }
    /* The device goes away. */
    world_reset(&b.w);
    return 0;
}
