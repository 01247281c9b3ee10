/*
 * The judge of what an MSI or MSI-X sequence does to its world
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "msi-judge.h"

/* --- Operations --------------------------------------------------------- */

/* The work of one event has a bound that only the number of vectors sets. */
static unsigned most_ops(const World *w)
{
    unsigned n = w->busy;
    bool msix = world_is_msix(w);
    unsigned word = 2, change = 1 + 2;  /* two looks each */
    unsigned clear = word + change + 1;     /* INTx comes back */
    unsigned set = change + 1 + change;     /* INTx gives way */
    unsigned off = 2 * clear + 2 * n;
    /* Map, bind, two looks, of MSI-X a bind; and each alone, down and up. */
    unsigned up = msix ? 2 + 5 + 2 : 4;
    unsigned on = up * n + word + change + set;

    switch (w->event) {
    case WORLD_CLEAR:
        return 2 * clear;
    case WORLD_PROBE:
        return word + change + (on - up * n) + 2 * clear + 2 * (word + change);
    case WORLD_SET_CONTROL:
        return word + change + off + (msix ? on + word + set + 5 * n : on) +
               off;
    case WORLD_SET_VECTOR:
        return msix ? 1 + up : 2 + off + on + off;
    case WORLD_SET_INTX:
        return 0;
    case WORLD_REBIND:
        return (3 + 1 + up) * n;
    case WORLD_ASK:
        return 2;
    case WORLD_RESET:
        return off;
    }
    return 0;
}

/*
 * An operation is checked against what the one before it calls for: a write to
 * be read back, an unbind of a live vector to be bound again.
 */
void judge_begin(const World *w, WorldOp op, unsigned arg)
{
    bool word = op == WORLD_READ || op == WORLD_WRITE;

    RULE(w, w->ops <= most_ops(w), "I9: an event's work is bounded");
    RULE(w, w->access != WORLD_WAS_WRITTEN ||
         (op == WORLD_READ && arg == XEN_PT_MSI_WORD_CONTROL),
         "I3: the control word is read back at once");
    RULE(w, !w->command_unread ||
         (op == WORLD_READ && arg == XEN_PT_MSI_WORD_COMMAND),
         "I7: the command register is read back at once");
    RULE(w, !w->rebinding || (op == WORLD_BIND && arg == w->rebinding - 1),
         "a vector in use is unbound only to be bound anew");
    RULE(w, word || arg < w->seq.nvec, "a vector that there is");
    RULE(w, w->event != WORLD_SET_VECTOR || !world_is_msix(w) ||
         (!word && arg == w->subject),
         "I4: one vector of MSI-X is no other's business");
}

/* MSI-X may be on while one of its vectors comes or goes. */
static bool live(const World *w)
{
    return world_is_msix(w) && (w->event == WORLD_SET_VECTOR ||
                                w->event == WORLD_REBIND);
}

/* Or it was tried at least, or all of MSI-X is masked. */
static bool is_off(const World *w)
{
    return !(w->control & w->enable) || w->tried_off || w->lied ||
           (w->last & w->maskall);
}

void judge_map(const World *w, unsigned i, const XenPTMSIMessage *guest)
{
    RULE(w, w->event == WORLD_SET_CONTROL || w->event == WORLD_SET_VECTOR ||
         w->event == WORLD_REBIND,
         "I7: a probe maps nothing, nor does undoing");
    RULE(w, !w->v[i].mapped, "a vector is mapped once");
    RULE(w, xen_pt_msi_guest_usable(guest), "what is mapped can be delivered");
    RULE(w, world_used(w, i), "what is mapped is used");
    /* Xen restores the control word before it has written the message. */
    RULE(w, !(w->control & w->enable) || w->lied || live(w),
         "I1: ENABLE is clear when Xen maps");
}

void judge_unmap(const World *w, unsigned i, int pirq)
{
    RULE(w, w->v[i].mapped && pirq == w->v[i].pirq,
         "what is unmapped was mapped");
    RULE(w, is_off(w) || live(w),
         "I4: MSI is switched off before a vector is unmapped");
}

void judge_bind(const World *w, unsigned i, int pirq,
                const XenPTMSIMessage *guest, bool masked)
{
    const WorldVector *v = &w->v[i];
    uint32_t requested = xen_pt_msi_requested_pirq(guest);

    RULE(w, v->mapped && pirq == v->pirq, "what is bound was mapped");
    RULE(w, !v->bound || w->seq.state == XEN_PT_MSI_STATE_ON ||
         (world_is_msix(w) && v->checked),
         "a vector is bound once, unless in use or checked meanwhile");
    RULE(w, xen_pt_msi_guest_usable(guest), "what is bound can be delivered");
    RULE(w, !requested || (int)requested == pirq,
         "the pirq is the one that the guest asks for");
    RULE(w, masked || v->checked || !world_is_msix(w),
         "I1: a vector of MSI-X is masked until its message is checked");
}

void judge_unbind(const World *w, unsigned i, int pirq,
                  const XenPTMSIMessage *guest)
{
    const WorldVector *v = &w->v[i];

    RULE(w, v->bound && pirq == v->pirq && world_same(guest, &v->guest),
         "what is unbound was bound");
    RULE(w, !world_is_msix(w) || is_off(w) || live(w),
         "I4: MSI-X is switched off before a vector is unbound");
}

void judge_message(const World *w, unsigned i)
{
    RULE(w, w->v[i].bound,
         "I1: the message is read once Xen has bound the vector");
}

/* Has a message not been seen that is to be? Of MSI-X it may be ENABLE's. */
static bool unseen(const World *w)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        if (w->v[i].missed) {
            return true;
        }
    }
    return false;
}

static void judge_enable(const World *w, uint16_t value)
{
    uint16_t masked = value & w->maskall;
    bool quiet = masked && unseen(w);
    bool starts = w->seq.state != XEN_PT_MSI_STATE_ON;

    RULE(w, !(w->last & w->enable) ||
         (world_is_msix(w) && w->event == WORLD_SET_CONTROL),
         "I2: ENABLE is not set twice");
    if (w->event == WORLD_PROBE) {
        RULE(w, !(w->command & WORLD_MASTER) || w->lied,
             "I7: a probe writes ENABLE with bus mastering off");
        RULE(w, masked == w->maskall,
             "I7: a probe writes ENABLE of MSI-X with the function masked");
        return;
    }
    RULE(w, masked == (w->masked ? w->maskall : 0) || (quiet && starts),
         "the function mask is the guest's, but to see the table");
    for (unsigned i = 0; i < w->seq.nvec && starts && !quiet; i++) {
        bool needed = !world_is_msix(w) ||
                      (world_used(w, i) && !w->vec[i].lost);

        RULE(w, !needed || w->v[i].mapped,
             "I1: ENABLE is written with all mapped");
        RULE(w, !needed || w->v[i].bound,
             "I1: ENABLE is written with all bound");
        RULE(w, !needed || w->v[i].checked,
             "I1: ENABLE is written with all checked");
    }
}

void judge_control(const World *w, uint16_t value)
{
    bool off = !(value & w->enable);
    bool lost = w->access == WORLD_READ_LOST;

    RULE(w, w->known || (world_is_msix(w) && off && lost),
         "I2: the control word is read after the map");
    /* With a read lost, ENABLE is cleared in what was read earlier. */
    RULE(w, !((value ^ w->last) & ~(w->enable | w->maskall)) ||
         (w->lied && lost && off),
         "I2: a write differs from what was read in ENABLE only");
    RULE(w, !off || !(value & w->maskall),
         "I2: the function mask goes with ENABLE, in the same write");
    /* What is clear may be cleared, to be on the safe side. */
    if (!off) {
        judge_enable(w, value);
    }
}

void judge_command(const World *w, uint16_t value)
{
    RULE(w, w->event == WORLD_PROBE,
         "I7: only a probe writes the command register");
    RULE(w, !((value ^ w->command) & ~WORLD_MASTER) || w->lied,
         "I7: a probe changes bus mastering only");
    RULE(w, !(value & WORLD_MASTER) || !(w->control & w->enable) || w->lied,
         "I7: bus mastering comes back with ENABLE clear");
}

void judge_intx(const World *w, bool back)
{
    RULE(w, back || (w->access != WORLD_WAS_WRITTEN && !(w->last & w->enable)),
         "I14: INTx gives way to an ENABLE that was refused");
    RULE(w, !back || !(w->control & w->enable) || w->tried_off || w->lied,
         "I14: INTx comes back with ENABLE clear");
}

/* --- Between two events ------------------------------------------------- */

/* The sequence knows what Xen holds. */
static const char *unsettled_vectors(const World *w)
{
    unsigned lost = 0;

    for (unsigned i = 0; i < w->seq.nvec; i++) {
        const XenPTMSIVector *known = &w->vec[i];
        const WorldVector *v = &w->v[i];

        if ((known->stage >= XEN_PT_MSI_STAGE_MAPPED) != v->mapped ||
            (known->stage >= XEN_PT_MSI_STAGE_BOUND) != v->bound ||
            (v->bound && !v->mapped)) {
            return "a vector's stage is what Xen holds";
        }
        if (v->mapped && known->pirq != v->pirq) {
            return "a vector's pirq is what Xen holds";
        }
        if (v->bound && !world_same(&known->bound.message, &v->guest)) {
            return "a vector's binding is what Xen holds";
        }
        lost += known->lost;
    }
    if (lost != w->seq.lost) {
        return "vectors that are lost are counted";
    }
    if (lost && (!world_is_msix(w) || w->seq.state != XEN_PT_MSI_STATE_ON)) {
        return "a vector of MSI-X is lost only while MSI-X is on";
    }
    return NULL;
}

/* A vector of MSI-X may be there or not; what is there has been checked. */
static const char *unsettled_msix(const World *w, unsigned i)
{
    const XenPTMSIVector *known = &w->vec[i];
    const WorldVector *v = &w->v[i];

    if (known->lost && !world_used(w, i)) {
        return "only what is used can be lost";
    }
    if (known->stage == XEN_PT_MSI_STAGE_CHECKED) {
        return known->lost ? "what is there is not lost" :
               v->checked ? NULL :
               "I1: what is bound was checked while MSI-X is on";
    }
    if (world_used(w, i) && !known->lost) {
        return "I1: what is used is checked while MSI-X is on";
    }
    if (v->mapped && !w->seq.undo_failures) {
        return "I4: nothing is left of a vector that was lost";
    }
    return NULL;
}

static const char *unsettled_on(const World *w)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        uint32_t requested = xen_pt_msi_requested_pirq(&w->v[i].guest);

        if (world_is_msix(w)) {
            const char *rule = unsettled_msix(w, i);

            if (rule) {
                return rule;
            }
        } else if (w->vec[i].stage != XEN_PT_MSI_STAGE_CHECKED) {
            return "I1: all vectors are checked while MSI is on";
        }
        if (!w->v[i].bound) {
            continue;
        }
        if (requested && (int)requested != w->v[i].pirq) {
            return "the pirq is the one that the guest asks for";
        }
        if (w->moved && !w->seq.undo_failures) {
            return "Xen knows where the table is";
        }
    }
    if (!w->confirmed || !(w->last & w->enable)) {
        return "I3: on is believed from the read-back alone";
    }
    if (!w->lied && !w->acted && (!(w->control & w->enable) || w->tried_off)) {
        return "I3: on means that the device has ENABLE set";
    }
    if (xen_pt_msi_seq_masked(&w->seq) != !!(w->last & w->maskall)) {
        return "I11: the function mask is the device's, as last seen";
    }
    if (w->seq.undo_failures && !world_is_msix(w)) {
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
    if (w->seq.state == XEN_PT_MSI_STATE_REFUSED &&
        w->seq.fault.step == XEN_PT_MSI_STEP_DISABLE) {
        return NULL;    /* what an earlier owner left on stays on */
    }
    if ((w->control & w->enable) && !w->lied) {
        return "I4: the device has ENABLE clear while MSI is not on";
    }
    if ((w->control & w->maskall) && !w->lied &&
        w->access != WORLD_NO_ACCESS) {
        return "I7: the function mask goes with ENABLE";
    }
    if (w->access != WORLD_NO_ACCESS &&
        (w->access != WORLD_WAS_READ || (w->last & w->enable))) {
        return "I3: off is believed from a read alone";
    }
    return NULL;
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

/* Of a vector nothing has failed: then it is as the guest programmed it. */
static const char *unsettled_delivery(const World *w)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        const WorldVector *v = &w->v[i];

        if (v->trouble) {
            continue;
        }
        if (w->vec[i].lost) {
            return "no vector is lost where nothing has failed";
        }
        if (v->bound && v->masked != w->guest[i].masked) {
            return "Xen masks what the guest has masked";
        }
        /* A message in the middle of being changed: the old one holds. */
        if (!world_used(w, i)) {
            continue;
        }
        if (!v->bound || !world_same(&v->guest, &w->guest[i].message)) {
            return "Xen delivers what the guest has programmed";
        }
    }
    return NULL;
}

/* Nothing has failed: then the guest has what it asked for. */
static const char *unsettled_service(const World *w)
{
    XenPTMSIState state = w->seq.state;

    if (state == XEN_PT_MSI_STATE_REFUSED) {
        return w->asked && !world_troubled(w)
               ? "what is asked for is had where nothing has failed" : NULL;
    }
    /* What could not be undone is kept until the function goes off. */
    if (!world_troubled(w) &&
        (state == XEN_PT_MSI_STATE_ON ? w->seq.fault.step : w->seq.undo.step)) {
        return "no fault is reported where nothing has failed";
    }
    if (xen_pt_msi_seq_enabled(&w->seq) != w->asked) {
        return "ENABLE reads as written where nothing has failed";
    }
    if (state == XEN_PT_MSI_STATE_PENDING && all_usable(w)) {
        return "MSI goes on as soon as its message is usable";
    }
    if (state == XEN_PT_MSI_STATE_ON && !w->acted &&
        xen_pt_msi_seq_masked(&w->seq) != (w->masked && world_is_msix(w))) {
        return "the function is masked as the guest asks";
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
    if (!w->lied && w->intx == !!(w->command & WORLD_INTX_DISABLE) &&
        !(w->intx && s->intx_away)) {
        return "I14: INTx is as the guest has it, or known to be away";
    }
    if (s->intx_away && s->state == XEN_PT_MSI_STATE_OFF && !w->trouble &&
        !w->lied) {
        return "I14: INTx is away only for ENABLE";
    }
    if (s->undo_failures && !s->undo.step) {
        return "I4: a failure while undoing is reported";
    }
    if (s->undo_failures && s->state != XEN_PT_MSI_STATE_REFUSED &&
        !(world_is_msix(w) && s->state == XEN_PT_MSI_STATE_ON)) {
        return "I4: a failure while undoing is refused";
    }
    if (s->state == XEN_PT_MSI_STATE_PENDING && world_is_msix(w)) {
        return "MSI-X waits for no message";
    }
    if (s->state == XEN_PT_MSI_STATE_OFF && w->asked) {
        return "I5: what was asked for and not had is refused";
    }
    if (s->fault.step == XEN_PT_MSI_STEP_OTHER &&
        s->state != XEN_PT_MSI_STATE_OFF) {
        return "the other kind is in the way of what is off";
    }
    if (s->state == XEN_PT_MSI_STATE_REFUSED && !s->fault.step &&
        !s->undo.step) {
        return "I4: a refusal has a reason";
    }
    if (s->state == XEN_PT_MSI_STATE_ON) {
        rule = unsettled_on(w);
    } else if (!s->undo_failures) {
        rule = unsettled_off(w);
    }
    if (!rule && !w->lied && s->state == XEN_PT_MSI_STATE_ON) {
        rule = unsettled_delivery(w);
    }
    return rule || w->trouble || w->lied ? rule : unsettled_service(w);
}
