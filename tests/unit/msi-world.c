/*
 * The world of an MSI sequence, and the judge of what it does to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "msi-world.h"

#ifdef WORLD_PROOF
#define RULE(w, holds, text) __CPROVER_assert(holds, text)
#else
#define RULE(w, holds, text) \
    do { \
        if (!(holds)) { \
            world_broken(w, text); \
        } \
    } while (0)
#endif

#define ALL_ONES 0xffff

static bool same(const XenPTMSIMessage *a, const XenPTMSIMessage *b)
{
    return a->address == b->address && a->data == b->data;
}

/* The work of one event has a bound that only the number of vectors sets. */
static unsigned most_ops(const World *w)
{
    unsigned n = w->seq.nvec;
    unsigned off = 6 + 2 * n;   /* twice read, write, read; unbind, unmap */
    unsigned on = 3 * n + 3;    /* map, bind, message; read, write, read */

    return off + on + off;      /* another pirq, that cannot be had */
}

/*
 * What every operation begins with. @op is checked against what the one
 * before it calls for: a write to be read back, an unbind of a live vector
 * to be bound again.
 */
static WorldFate begin_op(World *w, WorldOp op, unsigned arg, uint16_t value)
{
    WorldFate f;

    w->ops++;
    RULE(w, w->ops <= most_ops(w), "I9: an event's work is bounded");
    RULE(w, w->access != WORLD_WAS_WRITTEN ||
         (op == WORLD_READ && arg == XEN_PT_MSI_CONTROL),
         "I3: the control word is read back at once");
    RULE(w, !w->command_unread ||
         (op == WORLD_READ && arg == XEN_PT_MSI_COMMAND),
         "I7: the command register is read back at once");
    RULE(w, !w->rebinding || (op == WORLD_BIND && arg == w->rebinding - 1),
         "a vector in use is unbound only to be bound anew");
    w->rebinding = 0;
    f = w->choose(w->chooser, op, arg, value);
    if (f.kind != WORLD_FINE) {
        w->trouble = true;
    }
    return f;
}

static int world_map(void *world, unsigned i, const XenPTMSIMessage *guest,
                     int *pirq)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_MAP, i, 0);
    WorldVector *v = &w->v[i];

    RULE(w, i < w->seq.nvec, "a vector that there is");
    RULE(w, !w->probing, "I7: a probe maps nothing");
    RULE(w, !v->mapped, "a vector is mapped once");
    RULE(w, xen_pt_msi_guest_usable(guest), "what is mapped can be delivered");
    /* Xen restores the control word before it has written the message. */
    RULE(w, !(w->control & WORLD_ENABLE) || w->lied,
         "I1: ENABLE is clear when Xen maps");

    if (f.kind == WORLD_FAIL) {
        *pirq = f.word;
        return f.err;
    }
    *pirq = xen_pt_msi_requested_pirq(guest);
    if (!*pirq) {
        *pirq = 100 + i;
    }
    v->mapped = true;
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

    RULE(w, i < w->seq.nvec, "a vector that there is");
    RULE(w, v->mapped && pirq == v->pirq, "what is unmapped was mapped");
    RULE(w, !(w->control & WORLD_ENABLE) || w->tried_off || w->lied,
         "I4: MSI is switched off before a vector is unmapped");

    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    /* Xen unbinds by force what is still bound. */
    v->mapped = v->bound = v->checked = false;
    for (unsigned j = 0; j < w->seq.nvec; j++) {
        last = last && !w->v[j].mapped;
    }
    if (last) {
        w->control &= ~WORLD_ENABLE;
    }
    w->known = false;
    return 0;
}

static int world_bind(void *world, unsigned i, int pirq,
                      const XenPTMSIMessage *guest, bool masked)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_BIND, i, 0);
    WorldVector *v = &w->v[i];
    uint32_t requested = xen_pt_msi_requested_pirq(guest);

    RULE(w, i < w->seq.nvec, "a vector that there is");
    RULE(w, v->mapped && pirq == v->pirq, "what is bound was mapped");
    RULE(w, !v->bound || w->seq.state == XEN_PT_MSI_ON,
         "a vector is bound once, unless in use");
    RULE(w, xen_pt_msi_guest_usable(guest), "what is bound can be delivered");
    RULE(w, !requested || (int)requested == pirq,
         "the pirq is the one that the guest asks for");

    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    /* Binding anew unmasks when asked to, but does not mask. */
    v->masked = masked && (v->masked || !v->bound);
    v->bound = true;
    v->checked = false;
    v->guest = *guest;
    return 0;
}

static int world_unbind(void *world, unsigned i, int pirq,
                        const XenPTMSIMessage *guest)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_UNBIND, i, 0);
    WorldVector *v = &w->v[i];

    RULE(w, i < w->seq.nvec, "a vector that there is");
    RULE(w, v->bound && pirq == v->pirq && same(guest, &v->guest),
         "what is unbound was bound");

    if (f.kind == WORLD_FAIL) {
        return f.err;
    }
    v->bound = v->masked = v->checked = false;
    if ((w->control & WORLD_ENABLE) && !w->tried_off && !w->lied) {
        w->rebinding = i + 1;
    }
    return 0;
}

static int world_message(void *world, unsigned i, XenPTMSIMessage *device)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_MESSAGE, i, 0);
    WorldVector *v = &w->v[i];

    RULE(w, i < w->seq.nvec, "a vector that there is");
    RULE(w, v->bound, "I1: the message is read once Xen has bound the vector");

    *device = v->device;
    if (f.kind == WORLD_ONES) {
        device->address = UINT32_MAX;
        device->data = ALL_ONES;
    } else if (f.kind == WORLD_FAIL || f.kind == WORLD_JUNK) {
        *device = f.message;
    }
    v->checked = f.kind != WORLD_FAIL &&
                 xen_pt_msi_check_device(device) == XEN_PT_MSI_CHECK_OK;
    return f.kind == WORLD_FAIL ? f.err : 0;
}

static int world_read(void *world, XenPTMSIWord word, uint16_t *value)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_READ, word, 0);
    uint16_t real = word == XEN_PT_MSI_CONTROL ? w->control : w->command;
    bool lost;

    *value = f.kind == WORLD_ONES ? ALL_ONES :
             f.kind == WORLD_FAIL || f.kind == WORLD_JUNK ? f.word : real;
    lost = f.kind == WORLD_FAIL || *value == ALL_ONES;
    w->lied = w->lied || (!lost && *value != real);
    if (word == XEN_PT_MSI_COMMAND) {
        w->command_unread = false;
    } else if (lost) {
        w->access = WORLD_READ_LOST;
    } else {
        w->access = WORLD_WAS_READ;
        w->known = true;
        w->last = *value;
    }
    return f.kind == WORLD_FAIL ? f.err : 0;
}

static void judge_control(World *w, uint16_t value)
{
    RULE(w, w->known, "I2: the control word is read after the map");
    /* With a read lost, ENABLE is cleared in what was read earlier. */
    RULE(w, !((value ^ w->last) & ~WORLD_ENABLE) ||
         (w->lied && w->access == WORLD_READ_LOST && !(value & WORLD_ENABLE)),
         "I2: a write differs from what was read in ENABLE only");
    if (!(value & WORLD_ENABLE)) {
        return;     /* what is clear may be cleared, to be on the safe side */
    }
    RULE(w, !(w->last & WORLD_ENABLE), "I2: ENABLE is not set twice");
    if (w->probing) {
        RULE(w, !(w->command & WORLD_MASTER) || w->lied,
             "I7: a probe writes ENABLE with bus mastering off");
        return;
    }
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        RULE(w, w->v[i].mapped, "I1: ENABLE is written with all mapped");
        RULE(w, w->v[i].bound, "I1: ENABLE is written with all bound");
        RULE(w, w->v[i].checked, "I1: ENABLE is written with all checked");
    }
}

static void judge_command(World *w, uint16_t value)
{
    RULE(w, w->probing, "I7: only a probe writes the command register");
    RULE(w, !((value ^ w->command_found) & ~WORLD_MASTER) || w->lied,
         "I7: a probe changes bus mastering only");
    RULE(w, !(value & WORLD_MASTER) || !(w->control & WORLD_ENABLE) || w->lied,
         "I7: bus mastering comes back with ENABLE clear");
}

static int world_write(void *world, XenPTMSIWord word, uint16_t value)
{
    World *w = world;
    WorldFate f = begin_op(w, WORLD_WRITE, word, value);
    bool done = f.kind != WORLD_FAIL && f.kind != WORLD_DROP;
    bool err = f.kind == WORLD_FAIL || f.kind == WORLD_FAIL_DONE;

    if (word == XEN_PT_MSI_COMMAND) {
        judge_command(w, value);
        w->command_unread = true;
        if (done) {
            w->command = value;
        }
        return err ? f.err : 0;
    }

    judge_control(w, value);
    w->access = WORLD_WAS_WRITTEN;
    w->last = value;
    /* pciback: the word is refused as a whole, and that looks like success. */
    if (done && (!w->permitted || ((value ^ w->control) & ~WORLD_ENABLE))) {
        w->trouble = true;
        done = false;
    }
    if (done) {
        w->control = value;
    }
    w->tried_off = !(value & WORLD_ENABLE) || (w->tried_off && !done);
    return err ? f.err : 0;
}

const XenPTMSIOps world_ops = {
    .map = world_map,
    .unmap = world_unmap,
    .bind = world_bind,
    .unbind = world_unbind,
    .message = world_message,
    .read = world_read,
    .write = world_write,
};

void world_init(World *w, unsigned nvec, uint16_t control, uint16_t command,
                bool permitted, WorldChoose *choose, void *chooser)
{
    *w = (World) {
        .choose = choose, .chooser = chooser,
        .control = control, .command = command, .permitted = permitted,
    };
    xen_pt_msi_seq_init(&w->seq, &world_ops, w, WORLD_ENABLE, 0, w->vec,
                        nvec);
}

static bool all_usable(const World *w)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        if (!xen_pt_msi_guest_usable(&w->guest[i].message)) {
            return false;
        }
    }
    return true;
}

/* The sequence knows what Xen holds. */
static const char *unsettled_vectors(const World *w)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        const XenPTMSIVector *known = &w->vec[i];
        const WorldVector *v = &w->v[i];

        if ((known->stage >= XEN_PT_MSI_MAPPED) != v->mapped ||
            (known->stage >= XEN_PT_MSI_BOUND) != v->bound ||
            (v->bound && !v->mapped)) {
            return "a vector's stage is what Xen holds";
        }
        if (v->mapped && known->pirq != v->pirq) {
            return "a vector's pirq is what Xen holds";
        }
        if (v->bound && !same(&known->bound.message, &v->guest)) {
            return "a vector's binding is what Xen holds";
        }
    }
    return NULL;
}

static const char *unsettled_on(const World *w)
{
    uint32_t requested;

    for (unsigned i = 0; i < w->seq.nvec; i++) {
        if (w->vec[i].stage != XEN_PT_MSI_CHECKED) {
            return "I1: all vectors are checked while MSI is on";
        }
        requested = xen_pt_msi_requested_pirq(&w->v[i].guest);
        if (requested && (int)requested != w->v[i].pirq) {
            return "the pirq is the one that the guest asks for";
        }
    }
    if (w->access != WORLD_WAS_READ || !(w->last & WORLD_ENABLE)) {
        return "I3: on is believed from the read-back alone";
    }
    if (!w->lied && (!(w->control & WORLD_ENABLE) || w->tried_off)) {
        return "I3: on means that the device has ENABLE set";
    }
    if (w->seq.undo_failures) {
        return "I4: on means that nothing is left from before";
    }
    return NULL;
}

/* Not on, and undoing has not failed: then nothing is left. */
static const char *unsettled_off(const World *w)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        if (w->v[i].mapped || w->v[i].bound) {
            return "I4: nothing is mapped or bound while MSI is not on";
        }
    }
    if (w->seq.state == XEN_PT_MSI_REFUSED &&
        w->seq.fault.step == XEN_PT_MSI_STEP_DISABLE) {
        return NULL;    /* what an earlier owner left on stays on */
    }
    if ((w->control & WORLD_ENABLE) && !w->lied) {
        return "I4: the device has ENABLE clear while MSI is not on";
    }
    if (w->access != WORLD_NO_ACCESS &&
        (w->access != WORLD_WAS_READ || (w->last & WORLD_ENABLE))) {
        return "I3: off is believed from a read alone";
    }
    return NULL;
}

/* Nothing has failed: then the guest has what it asked for. */
static const char *unsettled_service(const World *w)
{
    XenPTMSIState state = w->seq.state;

    if (w->seq.fault.step || w->seq.undo.step) {
        return "no fault is reported where nothing has failed";
    }
    if (state == XEN_PT_MSI_REFUSED ||
        xen_pt_msi_seq_enabled(&w->seq) != w->asked) {
        return "ENABLE reads as written where nothing has failed";
    }
    if (state == XEN_PT_MSI_PENDING && all_usable(w)) {
        return "MSI goes on as soon as its message is usable";
    }
    for (unsigned i = 0; state == XEN_PT_MSI_ON && i < w->seq.nvec; i++) {
        const WorldVector *v = &w->v[i];

        /* A message in the middle of being changed: the old one holds. */
        if (!xen_pt_msi_guest_usable(&w->guest[i].message)) {
            continue;
        }
        if (!same(&v->guest, &w->guest[i].message)) {
            return "Xen delivers what the guest has programmed";
        }
        if (v->masked != w->guest[i].masked) {
            return "Xen masks what the guest has masked";
        }
    }
    return NULL;
}

const char *world_unsettled(const World *w)
{
    const XenPTMSISeq *s = &w->seq;
    const char *rule = unsettled_vectors(w);

    if (rule) {
        return rule;
    }
    if (w->access == WORLD_WAS_WRITTEN) {
        return "I3: the control word is read back";
    }
    if (w->command_unread) {
        return "I7: the command register is read back";
    }
    if (w->rebinding) {
        return "a vector in use is unbound only to be bound anew";
    }
    if (s->undo_failures && (s->state != XEN_PT_MSI_REFUSED || !s->undo.step)) {
        return "I4: a failure while undoing is refused and reported";
    }
    if (s->state == XEN_PT_MSI_OFF && w->asked) {
        return "I5: what was asked for and not had is refused";
    }
    if (s->state == XEN_PT_MSI_REFUSED && !s->fault.step && !s->undo.step) {
        return "I4: a refusal has a reason";
    }
    if (s->state == XEN_PT_MSI_ON) {
        rule = unsettled_on(w);
    } else if (!s->undo_failures) {
        rule = unsettled_off(w);
    }
    return rule || w->trouble ? rule : unsettled_service(w);
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

    w->ops = 0;
    clear = xen_pt_msi_seq_clear(&w->seq);
    RULE(w, !clear || !(w->control & WORLD_ENABLE) || w->lied,
         "what was cleared is clear");
    RULE(w, clear == (w->seq.state != XEN_PT_MSI_REFUSED),
         "what cannot be cleared is refused");
    end_event(w);
    return clear;
}

bool world_probe(World *w)
{
    bool may;

    w->ops = 0;
    w->probing = true;
    w->command_found = w->command;
    may = xen_pt_msi_seq_probe(&w->seq);
    w->probing = false;
    RULE(w, may == (w->seq.state != XEN_PT_MSI_REFUSED),
         "a refused probe refuses MSI");
    RULE(w, w->command == w->command_found || w->seq.undo_failures || w->lied,
         "I7: a probe leaves the command register as found");
    end_event(w);
    return may;
}

void world_set_enable(World *w, bool on)
{
    bool idle = w->seq.state == XEN_PT_MSI_REFUSED ||
                on == xen_pt_msi_seq_enabled(&w->seq);

    w->ops = 0;
    w->asked = on;
    xen_pt_msi_seq_set_control(&w->seq, on, false);
    RULE(w, !w->ops || !idle,
         "I5: a write of ENABLE that asks for nothing new does nothing");
    end_event(w);
}

void world_set_vector(World *w, unsigned i, const XenPTMSIMessage *message,
                      bool masked)
{
    bool idle = !xen_pt_msi_seq_enabled(&w->seq);

    w->ops = 0;
    w->guest[i].message = *message;
    w->guest[i].masked = masked;
    xen_pt_msi_seq_set_vector(&w->seq, i, message, masked);
    RULE(w, !w->ops || !idle,
         "I5: a message that is not in use is not Xen's business");
    end_event(w);
}

void world_reset(World *w)
{
    w->ops = 0;
    w->asked = false;
    w->trouble = false;
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        w->guest[i].message = (XenPTMSIMessage) { 0 };
        w->guest[i].masked = false;
    }
    xen_pt_msi_seq_reset(&w->seq);
    RULE(w, w->seq.state == XEN_PT_MSI_OFF || w->seq.undo_failures,
         "a reset ends with MSI off");
    RULE(w, w->seq.state == XEN_PT_MSI_OFF || w->trouble || w->lied,
         "a reset where nothing fails forgets what has failed");
    /* What failed meanwhile without consequence is over. */
    w->trouble = w->seq.state != XEN_PT_MSI_OFF || w->lied;
    end_event(w);
}
