/*
 * Registers and sequence, driven by any bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first byte is the device, then come the guest's accesses; what becomes
 * of the operations that these cause is taken from the input's end, so that
 * a fuzzer can change the one without the other. Where the input is at its end
 * nothing fails. msi-world.c judges.
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include <stdlib.h>
#include "hw/xen/xen_pt_msi_regs.h"
#include "msi-world.h"

#define NEXT 0x70

typedef struct Input {
    const uint8_t *begin, *end;
} Input;

typedef struct Bench {
    Input in;
    World w;
    XenPTMSIRegs regs;
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

/* As xen_pt_msi_realize(). */
static void realize(Bench *b)
{
    uint8_t device = take(&b->in);
    uint16_t control = (device & 1 ? XEN_PT_MSI_CTRL_64BIT : 0) |
                       (device & 2 ? XEN_PT_MSI_CTRL_MASKBIT : 0) |
                       (device & 4 ? XEN_PT_MSI_CTRL_ENABLE : 0) |
                       (device & 8 ? 0x0004 : 0);

    world_init(&b->w, WORLD_MSI, 1, control, device & 16 ? WORLD_MASTER : 0,
               !(device & 32), choose, b);
    xen_pt_msi_regs_init(&b->regs, control, NEXT);
    if (control & XEN_PT_MSI_CTRL_ENABLE) {
        b->hidden = !world_clear(&b->w);
    }
    if (!b->hidden && (device & 64)) {
        b->hidden = !world_probe(&b->w);
    }
}

static void check_regs(const Bench *b)
{
    XenPTMSIMessage m = xen_pt_msi_regs_message(&b->regs);
    const XenPTMSIVector *v = &b->w.vec[0];

    check(b, xen_pt_msi_regs_enable(&b->regs) ==
             xen_pt_msi_seq_enabled(&b->w.seq),
          "ENABLE reads as the sequence has it");
    check(b, v->want.message.address == m.address &&
             v->want.message.data == m.data &&
             v->want.masked == xen_pt_msi_regs_masked(&b->regs),
          "the sequence knows what the guest has programmed");
    check(b, xen_pt_msi_regs_read(&b->regs, 0, 2) == (NEXT << 8 | 0x05),
          "id and next pointer hold");
    check(b, !(xen_pt_msi_regs_read(&b->regs, 2, 2) & ~0x0181),
          "one vector is all that there is");
    check(b, !(m.address & 3), "an address has dwords");
    check(b, !xen_pt_msi_regs_read(&b->regs, b->regs.size, 4),
          "there is nothing beyond the end");
}

/* As xen_pt_msi_config_write(). */
static void guest_write(Bench *b, unsigned offset, uint32_t value,
                        unsigned len)
{
    unsigned events = xen_pt_msi_regs_write(&b->regs, offset, value, len);

    if (events & XEN_PT_MSI_WROTE_VECTOR) {
        XenPTMSIMessage m = xen_pt_msi_regs_message(&b->regs);

        world_set_vector(&b->w, 0, &m, xen_pt_msi_regs_masked(&b->regs));
    }
    if (events & XEN_PT_MSI_WROTE_CONTROL) {
        world_set_enable(&b->w, xen_pt_msi_regs_enable(&b->regs));
    }
    xen_pt_msi_regs_set_enable(&b->regs, xen_pt_msi_seq_enabled(&b->w.seq));
    check_regs(b);
}

/* As xen_pt_msi_reset(). */
static void reset(Bench *b)
{
    uint16_t control = xen_pt_msi_regs_read(&b->regs, 2, 2);
    XenPTMSIMessage m;

    world_reset(&b->w);
    xen_pt_msi_regs_init(&b->regs, control, NEXT);
    m = xen_pt_msi_regs_message(&b->regs);
    world_set_vector(&b->w, 0, &m, xen_pt_msi_regs_masked(&b->regs));
    check_regs(b);
}

static void guest_step(Bench *b)
{
    uint8_t byte = take(&b->in);
    unsigned offset = byte >> 3;

    switch (byte & 7) {
    case 0:
        reset(b);
        break;
    case 1:
        guest_write(b, offset, take(&b->in), 1);
        break;
    case 2:
        guest_write(b, offset, take_bytes(&b->in, take, 2), 2);
        break;
    case 3:
        guest_write(b, offset, take_bytes(&b->in, take, 4), 4);
        break;
    /* Short cuts to what a guest's driver does. */
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
        guest_write(b, b->regs.mask ? b->regs.mask : offset, byte >> 3 & 1, 4);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Bench b = { .in = { data, data + size } };

    realize(&b);
    while (!b.hidden && b.in.begin < b.in.end) {
        guest_step(&b);
    }
    /* The device goes away. */
    world_reset(&b.w);
    return 0;
}
