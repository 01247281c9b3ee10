/*
 * The world of an MSI or MSI-X sequence, and what a guest does in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "msi-judge.h"

#define ALL_ONES 0xffff

/* --- Operations --------------------------------------------------------- */

/* A reset that nobody has asked for; a function's own, or a sleeping host's. */
static void device_resets(World *w, uint16_t kept)
{
    w->control &= kept | ~(w->enable | w->maskall);
    w->acted = true;
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        w->v[i].device = (XenPTMSIMessage) { 0 };
        /* In the midst of being set up, that costs it. */
        w->v[i].trouble = true;
    }
    if (w->ops > 1) {
        w->trouble = true;
    }
}

static WorldFate begin_op(World *w, WorldOp op, unsigned arg, uint16_t value)
{
    WorldFate f;

    w->ops++;
    judge_begin(w, op, arg);
    w->rebinding = 0;
    f = w->choose(w->chooser, op, arg, value);
    if (f.kind == WORLD_RESETS) {
        device_resets(w, f.word);
        f.kind = WORLD_FINE;
    }
    if (f.kind == WORLD_FINE || op == WORLD_MESSAGE || op == WORLD_READ) {
        return f;       /* a read has a second look before it is trouble */
    }
    if (op == WORLD_WRITE || op == WORLD_INTX) {
        w->trouble = true;
    } else {
        w->v[arg].trouble = true;
    }
    return f;
}

static int world_map(void *world, unsigned i, const XenPTMSIMessage *guest,
                     int *pirq)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_MAP, i, 0);
    WorldVector *v = &w->v[i];

    judge_map(w, i, guest);
    if (f.kind == WORLD_FAIL) {
        *pirq = f.word;
        return f.err;
    }
    *pirq = xen_pt_msi_requested_pirq(guest);
    if (!*pirq) {
        *pirq = 100 + i;
    }
    v->mapped = true;
    v->checked = v->trouble = v->missed = false;
    v->pirq = *pirq;
    v->device = (XenPTMSIMessage) { .address = 0xfee00018 + 0x20 * i };
    w->known = false;
    return 0;
}

static int world_unmap(void *world, unsigned i, int pirq)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_UNMAP, i, 0);
    WorldVector *v = &w->v[i];
    bool last = true;

    judge_unmap(w, i, pirq);
    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    /* Xen unbinds by force what is still bound. */
    v->mapped = v->bound = v->checked = false;
    for (unsigned j = 0; j < w->seq.nvec; j++) {
        last = last && !w->v[j].mapped;
    }
    /* Xen's pci_disable_msi() clears ENABLE of MSI, but not of MSI-X. */
    if (last && !world_is_msix(w)) {
        w->control &= ~w->enable;
    }
    w->known = false;
    return 0;
}

static int world_bind(void *world, unsigned i, int pirq,
                      const XenPTMSIMessage *guest, bool masked)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_BIND, i, masked);
    WorldVector *v = &w->v[i];
    bool first = true;

    judge_bind(w, i, pirq, guest, masked);
    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    /* Xen looks where the table of MSI-X is when it has none bound of it. */
    for (unsigned j = 0; j < w->seq.nvec; j++) {
        first = first && !w->v[j].bound;
    }
    w->moved = w->moved && !first;
    /* Binding anew unmasks when asked to, but does not mask. */
    v->masked = masked && (v->masked || !v->bound);
    v->bound = true;
    v->checked = v->checked && world_is_msix(w);
    v->guest = *guest;
    return 0;
}

static int world_unbind(void *world, unsigned i, int pirq,
                        const XenPTMSIMessage *guest)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_UNBIND, i, 0);
    WorldVector *v = &w->v[i];

    judge_unbind(w, i, pirq, guest);
    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    v->bound = v->masked = false;
    v->checked = v->checked && world_is_msix(w);
    if ((w->control & w->enable) && !w->tried_off && !w->lied &&
        !world_is_msix(w)) {
        w->rebinding = i + 1;
    }
    return 0;
}

static int world_message(void *world, unsigned i, XenPTMSIMessage *device)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_MESSAGE, i, 0);
    WorldVector *v = &w->v[i];

    judge_message(w, i);
    *device = v->device;
    if (f.kind == WORLD_ONES) {
        device->address = UINT32_MAX;
        device->data = ALL_ONES;
    } else if (f.kind == WORLD_FAIL || f.kind == WORLD_JUNK) {
        *device = f.message;
    }
    v->checked = f.kind != WORLD_FAIL &&
                 xen_pt_msi_check_device(device) == XEN_PT_MSI_CHECK_OK;
    v->trouble = v->trouble || (v->missed && !v->checked);
    v->missed = !v->checked;
    return f.kind == WORLD_FAIL ? f.err : 0;
}

static int world_read(void *world, XenPTMSIWord word, uint16_t *value)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_READ, word, 0);
    uint16_t real = word == XEN_PT_MSI_WORD_CONTROL ? w->control : w->command;
    bool lost;

    *value = f.kind == WORLD_ONES ? ALL_ONES :
             f.kind == WORLD_FAIL || f.kind == WORLD_JUNK ? f.word : real;
    lost = f.kind == WORLD_FAIL || *value == ALL_ONES;
    if (!lost && *value != real) {
        w->lied = w->trouble = true;
    }
    w->trouble = w->trouble || (lost && w->missed == word + 1);
    w->missed = lost ? word + 1 : 0;
    if (word == XEN_PT_MSI_WORD_COMMAND) {
        w->command_unread = false;
    } else if (lost) {
        w->access = WORLD_READ_LOST;
    } else {
        w->access = WORLD_WAS_READ;
        w->known = w->seen = true;
        w->last = *value;
        w->confirmed = *value & w->enable;
        w->acted = false;
    }
    return f.kind == WORLD_FAIL ? f.err : 0;
}

static int world_write(void *world, XenPTMSIWord word, uint16_t value)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_WRITE, word, value);
    uint16_t others = ~(w->enable | w->maskall);
    bool done = f.kind != WORLD_FAIL && f.kind != WORLD_DROP;
    bool err = f.kind == WORLD_FAIL || f.kind == WORLD_FAIL_DONE;

    if (word == XEN_PT_MSI_WORD_COMMAND) {
        judge_command(w, value);
        w->command_unread = true;
        if (done) {
            w->command = value & WORLD_COMMAND;
        }
        return err ? f.err : 0;
    }

    judge_control(w, value);
    w->access = WORLD_WAS_WRITTEN;
    w->confirmed = w->confirmed && (w->last & value & w->enable);
    w->last = value;
    /* pciback: the word is refused as a whole, and that looks like success. */
    if (done && (!w->permitted || ((value ^ w->control) & others))) {
        w->trouble = true;
        done = false;
    } else if (w->strict && (value & ~w->control & w->enable) &&
               !(w->command & WORLD_INTX_DISABLE)) {
        done = false;
    }
    if (done) {
        w->control = value;
    }
    w->tried_off = !(value & w->enable) || (w->tried_off && !done);
    return err ? f.err : 0;
}

static int world_intx(void *world, bool back)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_INTX, 0, back);

    judge_intx(w, back);
    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    if (!back) {
        w->command |= WORLD_INTX_DISABLE;
    } else if (w->intx) {
        w->command &= ~WORLD_INTX_DISABLE;
    }
    return 0;
}

const XenPTMSIOps world_ops = {
    .map = world_map,
    .unmap = world_unmap,
    .bind = world_bind,
    .unbind = world_unbind,
    .message = world_message,
    .read = world_read,
    .write = world_write,
    .intx = world_intx,
};

/* --- Events ------------------------------------------------------------- */

void world_init(World *w, WorldKind kind, unsigned nvec, uint16_t control,
                uint16_t command, bool permitted, WorldChoose *choose,
                void *chooser)
{
    *w = (World) {
        .choose = choose, .chooser = chooser,
        .enable = kind == WORLD_MSIX ? WORLD_MSIX_ENABLE : WORLD_ENABLE,
        .maskall = kind == WORLD_MSIX ? WORLD_MSIX_MASKALL : 0,
        .control = control, .command = command, .permitted = permitted,
        .intx = !(command & WORLD_INTX_DISABLE),
    };
    xen_pt_msi_seq_init(&w->seq, &world_ops, w, w->enable, w->maskall, w->vec,
                        nvec);
}

static void begin_event(World *w, WorldEvent event, unsigned subject)
{
    w->event = event;
    w->subject = subject;
    w->ops = 0;
    w->busy = 0;
    w->missed = 0;
    w->seen = false;
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        w->busy += !world_is_msix(w) || w->v[i].mapped || world_used(w, i);
    }
}

static void end_event(World *w)
{
#ifdef WORLD_PROOF
    __CPROVER_assert(!world_unsettled(w), "settled after the event");
#else
    const char *rule = world_unsettled(w);

    if (rule) {
        world_broken(w, rule);
    }
#endif
}

bool world_clear(World *w)
{
    bool clear;

    begin_event(w, WORLD_CLEAR, 0);
    clear = xen_pt_msi_seq_clear(&w->seq);
    RULE(w, !clear || !(w->control & w->enable) || w->lied,
         "what was cleared is clear");
    RULE(w, clear == (w->seq.state != XEN_PT_MSI_STATE_REFUSED),
         "what cannot be cleared is refused");
    end_event(w);
    return clear;
}

bool world_probe(World *w)
{
    bool may;

    begin_event(w, WORLD_PROBE, 0);
    w->command_found = w->command;
    may = xen_pt_msi_seq_probe(&w->seq);
    RULE(w, may == (w->seq.state != XEN_PT_MSI_STATE_REFUSED),
         "a refused probe refuses MSI");
    RULE(w, w->command == w->command_found || w->seq.undo_failures ||
         w->seq.intx_away || w->lied,
         "I7: a probe leaves the command register as found");
    end_event(w);
    return may;
}

void world_set_control(World *w, bool on, bool masked)
{
    XenPTMSIState state = w->seq.state;
    bool was_on = state == XEN_PT_MSI_STATE_ON;
    bool idle = on ? state == XEN_PT_MSI_STATE_PENDING
                   : !was_on && !w->seq.undo_failures && !w->seq.intx_away;

    w->asked = on;
    w->masked = masked;
    w->trouble = false;
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        w->v[i].trouble = w->v[i].trouble && (!on || was_on);
    }
    begin_event(w, WORLD_SET_CONTROL, 0);
    xen_pt_msi_seq_set_control(&w->seq, on, masked);
    /* What was asked for ends with the function: its pirq may be another's. */
    for (unsigned i = 0; i < w->seq.nvec && !on && world_is_msix(w); i++) {
        if (xen_pt_msi_requested_pirq(&w->guest[i].message)) {
            w->guest[i].message = (XenPTMSIMessage) { 0 };
        }
    }
    RULE(w, !w->ops || !idle,
         "I5: a write of ENABLE that asks for nothing new does nothing");
    RULE(w, w->seen || !on || idle || w->trouble ||
         w->seq.state != XEN_PT_MSI_STATE_ON,
         "I11: what the guest asks for is looked at in the device");
    end_event(w);
}

void world_set_vector(World *w, unsigned i, const XenPTMSIMessage *message,
                      bool masked)
{
    XenPTMSIState state = w->seq.state;
    bool idle = !xen_pt_msi_seq_enabled(&w->seq);
    WorldVector *v = &w->v[i];

    w->guest[i].message = *message;
    w->guest[i].masked = masked;
    if (world_is_msix(w)) {
        idle = idle || !world_used(w, i) ||
               (w->vec[i].stage == XEN_PT_MSI_STAGE_CHECKED &&
                world_same(message, &v->guest));
        /* Of a vector that is bound Xen sees itself that it is masked. */
        v->masked = v->bound && masked;
    }
    v->trouble = v->trouble && !xen_pt_msi_seq_enabled(&w->seq);
    begin_event(w, WORLD_SET_VECTOR, i);
    xen_pt_msi_seq_set_vector(&w->seq, i, message, masked);
    RULE(w, !w->ops || !idle,
         "I5: a message that is not in use is not Xen's business");
    RULE(w, !world_is_msix(w) || state == w->seq.state,
         "I4: one vector of MSI-X that fails is no other's business");
    end_event(w);
}

/* In the command register, which is no business of the sequence's. */
void world_set_intx(World *w, bool on)
{
    bool refused = w->strict && (w->control & w->enable);

    w->intx = on;
    begin_event(w, WORLD_SET_INTX, 0);
    if (!on) {
        w->command |= WORLD_INTX_DISABLE;
    } else if (!refused) {
        w->command &= ~WORLD_INTX_DISABLE;
    }
    if (on) {
        xen_pt_msi_seq_intx_enabled(&w->seq);
    }
    end_event(w);
}

void world_rebind(World *w)
{
    bool idle = w->seq.state != XEN_PT_MSI_STATE_ON;

    for (unsigned i = 0; i < w->seq.nvec; i++) {
        w->moved = w->moved || w->v[i].bound;
    }
    begin_event(w, WORLD_REBIND, 0);
    xen_pt_msi_seq_rebind(&w->seq);
    RULE(w, !w->ops || !idle, "I5: what is not in use is not bound anew");
    end_event(w);
}

bool world_ask(World *w, unsigned i)
{
    bool idle = w->seq.state != XEN_PT_MSI_STATE_ON;
    XenPTMSIMessage m = { 0 };
    bool there;

    begin_event(w, WORLD_ASK, i);
    there = xen_pt_msi_seq_message(&w->seq, i, &m);
    RULE(w, !w->ops || !idle, "I5: the message of what is off is not read");
    RULE(w, !there || world_same(&m, &w->v[i].device),
         "what is taken for the message is in the device");
    end_event(w);
    return there;
}

void world_reset(World *w)
{
    w->asked = w->masked = false;
    w->trouble = false;
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        w->guest[i].message = (XenPTMSIMessage) { 0 };
        w->guest[i].masked = false;
        w->v[i].trouble = false;
    }
    begin_event(w, WORLD_RESET, 0);
    xen_pt_msi_seq_reset(&w->seq);
    RULE(w, w->seq.state == XEN_PT_MSI_STATE_OFF || w->seq.undo_failures,
         "a reset ends with MSI off");
    RULE(w, w->seq.state == XEN_PT_MSI_STATE_OFF || world_troubled(w) ||
         w->lied,
         "a reset where nothing fails forgets what has failed");
    RULE(w, w->seq.state != XEN_PT_MSI_STATE_OFF || !world_is_msix(w) ||
         !w->seq.nused,
         "a reset forgets which vectors were used");
    end_event(w);
}
