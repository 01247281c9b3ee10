/*
 * Proof that the sequence of MSI and MSI-X keeps its invariants
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * CBMC reads this with the sequence's own source and the unit tests' world,
 * whose rules it takes as assertions. Events, what becomes of each operation
 * and every value that comes from hardware or the guest are anything.
 *
 * begin   what a device is when it comes satisfies the invariant
 * step    from any state that satisfies the invariant, any event keeps all
 *         rules while it runs, and the invariant: so do all sequences of
 *         events, of any length
 * run     EVENTS events from the beginning, without the help of an invariant
 * cover   the same, to see that there is something behind the proof: each
 *         __CPROVER_cover() must be reached
 *
 * NVEC is the number of vectors; MSIX is 1 for MSI-X and 0 for MSI.
 */

#include "qemu/osdep.h"
#include "msi-judge.h"

bool nondet_bool(void);
int nondet_int(void);
unsigned nondet_unsigned(void);
uint16_t nondet_uint16(void);
uint32_t nondet_uint32(void);
uint64_t nondet_uint64(void);
World nondet_world(void);

static World w;

#define KIND (MSIX ? WORLD_MSIX : WORLD_MSI)

static XenPTMSIMessage any_message(void)
{
    return (XenPTMSIMessage) {
        .address = nondet_uint64(), .data = nondet_uint32(),
    };
}

static WorldFate any_fate(void *chooser, WorldOp op, unsigned arg,
                          uint16_t value)
{
    WorldFate f = {
        .kind = nondet_unsigned(), .err = nondet_int(),
        .word = nondet_uint16(), .message = any_message(),
    };

    __CPROVER_assume((unsigned)f.kind <= WORLD_RESETS);
    __CPROVER_assume(f.err < 0 && f.err >= -4095);
    return f;
}

/* All-ones is no device's: both words have bits that read as 0. */
static bool there(void)
{
    return (w.control | w.enable | w.maskall) != UINT16_MAX &&
           !(w.command & ~WORLD_COMMAND);
}

static void begin(void)
{
    world_init(&w, KIND, NVEC, nondet_uint16(), nondet_uint16(), nondet_bool(),
               any_fate, NULL);
    __CPROVER_assume(there());
    w.strict = nondet_bool();
    /* As xen_pt_msi_realize() does it. */
    if (w.control & (w.enable | w.maskall)) {
        world_clear(&w);
    }
}

/* An index that CBMC knows keeps its formulas small. */
static void any_vector(void)
{
    unsigned chosen = nondet_unsigned();
    XenPTMSIMessage m = any_message();

    __CPROVER_assume(chosen < NVEC);
    for (unsigned i = 0; i < NVEC; i++) {
        if (i == chosen) {
            world_set_vector(&w, i, &m, nondet_bool());
        }
    }
}

typedef enum Event {
    SET_VECTOR,
    SET_CONTROL,
    SET_INTX,
    REBIND,
    RESET,
    PROBE,
    CLEAR,
} Event;

static void happen(Event e)
{
    switch (e) {
    case SET_VECTOR:
        any_vector();
        break;
    case SET_CONTROL:
        world_set_control(&w, nondet_bool(), nondet_bool());
        break;
    case SET_INTX:
        world_set_intx(&w, nondet_bool());
        break;
    case REBIND:
        if (MSIX) {
            world_rebind(&w);
        }
        break;
    case RESET:
        world_reset(&w);
        break;
    case PROBE:
        /* Nothing is left of an earlier driver when a device comes. */
        if (w.seq.state == XEN_PT_MSI_STATE_OFF && !w.seq.intx_away) {
            world_probe(&w);
        }
        break;
    case CLEAR:
        if (w.seq.state == XEN_PT_MSI_STATE_OFF) {
            world_clear(&w);
        }
        break;
    }
}

/* A loop over the vectors that were ever used is one of each length. */
static void happen_used(Event e)
{
    for (unsigned used = 0; used <= NVEC; used++) {
        if (w.seq.nused == used) {
            w.seq.nused = used;
            happen(e);
            break;
        }
    }
}

/* What CBMC knows apart keeps its formulas small. */
static void any_event(Event e)
{
    if (!MSIX) {
        happen(e);
        return;
    }
    switch (e) {
    case SET_VECTOR:
        if (w.seq.state == XEN_PT_MSI_STATE_ON) {
            w.seq.state = XEN_PT_MSI_STATE_ON;
            happen(SET_VECTOR);
        } else if (w.seq.state == XEN_PT_MSI_STATE_OFF) {
            w.seq.state = XEN_PT_MSI_STATE_OFF;
            happen(SET_VECTOR);
        } else if (w.seq.state == XEN_PT_MSI_STATE_REFUSED) {
            w.seq.state = XEN_PT_MSI_STATE_REFUSED;
            happen(SET_VECTOR);
        }
        break;
    case SET_CONTROL:
        happen_used(SET_CONTROL);
        break;
    case SET_INTX:
        happen(SET_INTX);
        break;
    case REBIND:
        happen_used(REBIND);
        break;
    case RESET:
        happen_used(RESET);
        break;
    case PROBE:
        happen(PROBE);
        break;
    case CLEAR:
        happen(CLEAR);
        break;
    }
}

/*
 * What the invariants that a reader cares for rest on: how the sequence's
 * memory goes together with the world. Proven along with them.
 */
static bool together(void)
{
    bool on = w.seq.state == XEN_PT_MSI_STATE_ON;
    bool mapped = false;

    if ((unsigned)w.seq.state > XEN_PT_MSI_STATE_REFUSED ||
        w.seq.ops != &world_ops ||
        w.seq.opaque != &w || w.seq.vec != w.vec || w.seq.nvec != NVEC ||
        w.seq.enable != w.enable || w.seq.maskall != w.maskall ||
        (MSIX ? w.seq.nused > NVEC : w.seq.nused != NVEC) || !there()) {
        return false;
    }
    for (unsigned i = 0; i < NVEC; i++) {
        const XenPTMSIVector *known = &w.vec[i];

        mapped |= w.v[i].mapped;
        if ((unsigned)known->stage > XEN_PT_MSI_STAGE_CHECKED ||
            !world_same(&known->want.message, &w.guest[i].message) ||
            known->want.masked != w.guest[i].masked) {
            return false;
        }
        if (MSIX ? known->stage == XEN_PT_MSI_STAGE_CHECKED && !w.v[i].checked
                 : w.v[i].bound && known->bound.masked != w.v[i].masked) {
            return false;
        }
        if ((known->lost && !w.v[i].trouble) ||
            (w.v[i].bound && !xen_pt_msi_guest_usable(&w.v[i].guest))) {
            return false;
        }
        /* The loops over the vectors end where none was ever used. */
        if (i >= w.seq.nused && (known->stage != XEN_PT_MSI_STAGE_FREE ||
                                known->lost || world_used(&w, i))) {
            return false;
        }
    }
    /* ENABLE was written by us, and what to go back to is known. */
    if (w.seq.armed != on ||
        (on && (w.last != w.seq.control ||
                (MSIX ? w.seq.masked != w.masked : !w.known)))) {
        return false;
    }
    /* What waits for a message has none yet. */
    if (w.seq.state == XEN_PT_MSI_STATE_PENDING) {
        bool all = true;

        for (unsigned i = 0; i < NVEC; i++) {
            all = all && world_used(&w, i);
        }
        if (all) {
            return false;
        }
    }
    /* A fault that is told of is of something that is still so. */
    if (w.seq.undo_failures ? w.seq.undo.err >= 0 : w.seq.undo.step) {
        return false;
    }
    if (on && w.seq.fault.step &&
        !(w.seq.fault.step == XEN_PT_MSI_STEP_MASKALL &&
          !w.seq.fault.vector && w.trouble) &&
        !(w.seq.fault.step == XEN_PT_MSI_STEP_UPDATE &&
          w.seq.fault.vector < NVEC && w.v[w.seq.fault.vector].trouble)) {
        return false;
    }
    if (w.lied) {
        return true;
    }
    /* A device changes by itself no other bits than these. */
    if (on && (w.tried_off ||
               ((w.last ^ w.control) & ~(w.enable | w.maskall)))) {
        return false;
    }
    return on || !mapped || !(w.control & w.enable) || w.tried_off;
}

static void any_state(void)
{
    /* All of it, but for what says which sequence and which world it is. */
    w = nondet_world();
    w.seq.ops = &world_ops;
    w.seq.opaque = &w;
    w.seq.vec = w.vec;
    w.seq.nvec = NVEC;
    w.seq.nused = MSIX ? w.seq.nused : NVEC;
    w.enable = w.seq.enable = MSIX ? WORLD_MSIX_ENABLE : WORLD_ENABLE;
    w.maskall = w.seq.maskall = MSIX ? WORLD_MSIX_MASKALL : 0;
    w.choose = any_fate;
    w.chooser = NULL;
    w.seq.masked = nondet_bool();
    w.seq.armed = nondet_bool();
    w.seq.intx_away = nondet_bool();
    w.permitted = nondet_bool();
    w.strict = nondet_bool();
    w.intx = nondet_bool();
    w.moved = nondet_bool();
    w.asked = nondet_bool();
    w.masked = nondet_bool();
    w.known = nondet_bool();
    w.command_unread = nondet_bool();
    w.tried_off = nondet_bool();
    w.trouble = nondet_bool();
    w.lied = nondet_bool();
    w.confirmed = nondet_bool();
    w.acted = nondet_bool();
    w.seen = nondet_bool();
    for (unsigned i = 0; i < NVEC; i++) {
        w.vec[i].want.masked = nondet_bool();
        w.vec[i].bound.masked = nondet_bool();
        w.vec[i].lost = nondet_bool();
        w.v[i].trouble = nondet_bool();
        w.v[i].missed = nondet_bool();
        w.v[i].mapped = nondet_bool();
        w.v[i].bound = nondet_bool();
        w.v[i].masked = nondet_bool();
        w.v[i].checked = nondet_bool();
        w.guest[i].masked = nondet_bool();
    }
    __CPROVER_assume((unsigned)w.access <= WORLD_WAS_WRITTEN);
    __CPROVER_assume(together());
    __CPROVER_assume(!world_unsettled(&w));
    /* Too many to count were too many to happen. */
    __CPROVER_assume(w.seq.undo_failures < UINT16_MAX);
}

void prove_begin(void)
{
    begin();
    __CPROVER_assert(together(), "the beginning goes together");
    __CPROVER_assert(!world_unsettled(&w), "settled at the beginning");
}

void prove_step(void)
{
    Event e = nondet_unsigned();

    __CPROVER_assume((unsigned)e <= CLEAR);
    any_state();
    any_event(e);
    __CPROVER_assert(together(), "sequence and world go together");
}

void prove_run(void)
{
    begin();
    for (int i = 0; i < EVENTS; i++) {
        Event e = nondet_unsigned();

        __CPROVER_assume((unsigned)e <= RESET || (i == 0 && e == PROBE));
        any_event(e);
    }
}

/* Every state to begin with, every event, every way that it can end. */
static void cover_both(Event e, XenPTMSIState from)
{
    XenPTMSIState to = w.seq.state;

    __CPROVER_cover(e == PROBE && to == XEN_PT_MSI_STATE_OFF &&
                    !world_troubled(&w));
    __CPROVER_cover(e == PROBE && to == XEN_PT_MSI_STATE_REFUSED);
    __CPROVER_cover(e == PROBE && w.seq.undo_failures);
    __CPROVER_cover(e == CLEAR && to == XEN_PT_MSI_STATE_REFUSED);
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_OFF &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_OFF &&
                    to == XEN_PT_MSI_STATE_REFUSED && !w.lied);
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_ON &&
                    to == XEN_PT_MSI_STATE_OFF && !world_troubled(&w));
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_ON &&
                    to == XEN_PT_MSI_STATE_REFUSED && !w.lied);
    __CPROVER_cover(e == SET_VECTOR && from == XEN_PT_MSI_STATE_ON &&
                    w.ops == 1 &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(e == SET_VECTOR && from == XEN_PT_MSI_STATE_ON &&
                    w.ops > 2 &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(e == RESET && from == XEN_PT_MSI_STATE_ON &&
                    to == XEN_PT_MSI_STATE_OFF && !world_troubled(&w));
    __CPROVER_cover(e == RESET && from == XEN_PT_MSI_STATE_REFUSED &&
                    w.ops > 1 &&
                    to == XEN_PT_MSI_STATE_OFF && !world_troubled(&w));
    __CPROVER_cover(e == RESET && to == XEN_PT_MSI_STATE_REFUSED && !w.lied);
    __CPROVER_cover(w.lied && to == XEN_PT_MSI_STATE_ON);
    /* What the device has lost comes back, what was refused is tried again. */
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_ON &&
                    w.ops > 5 &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_REFUSED &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(w.acted && to == XEN_PT_MSI_STATE_ON);
}

#if MSIX
/* The operations of a vector: up is 4, down and up 6, a change 1. */
static void cover_kind(Event e, XenPTMSIState from)
{
    bool was_on = from == XEN_PT_MSI_STATE_ON;
    bool on = w.seq.state == XEN_PT_MSI_STATE_ON;

    __CPROVER_cover(e == SET_CONTROL && !was_on && on && w.masked &&
                    w.ops == 3 && !world_troubled(&w));
    __CPROVER_cover(e == SET_CONTROL && was_on && on && w.masked &&
                    w.ops == 3 && !world_troubled(&w));
    __CPROVER_cover(e == SET_CONTROL && was_on && on && !w.masked &&
                    w.ops == 3 && !world_troubled(&w));
    __CPROVER_cover(e == SET_VECTOR && was_on && w.ops == 4 &&
                    !world_troubled(&w));
    __CPROVER_cover(e == SET_VECTOR && was_on && w.ops == 6 &&
                    !world_troubled(&w));
    __CPROVER_cover(e == SET_VECTOR && was_on && w.vec[0].lost &&
                    !w.v[0].mapped);
    __CPROVER_cover(e == SET_VECTOR && was_on && w.vec[0].lost &&
                    w.v[0].bound);
    __CPROVER_cover(e == REBIND && on && w.ops == 2 && !world_troubled(&w));
    __CPROVER_cover(e == REBIND && on && w.ops > 4 && !w.vec[0].lost &&
                    w.v[0].bound);
    __CPROVER_cover(e == REBIND && on && w.vec[0].lost);
}
#else
static void cover_kind(Event e, XenPTMSIState from)
{
    XenPTMSIState to = w.seq.state;

    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_OFF &&
                    to == XEN_PT_MSI_STATE_PENDING);
    __CPROVER_cover(e == SET_CONTROL && from == XEN_PT_MSI_STATE_PENDING &&
                    to == XEN_PT_MSI_STATE_OFF);
    __CPROVER_cover(e == SET_VECTOR && from == XEN_PT_MSI_STATE_PENDING &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(e == SET_VECTOR && from == XEN_PT_MSI_STATE_PENDING &&
                    to == XEN_PT_MSI_STATE_REFUSED && !w.lied);
    __CPROVER_cover(e == SET_VECTOR && from == XEN_PT_MSI_STATE_ON &&
                    w.ops == 2 &&
                    to == XEN_PT_MSI_STATE_ON && !world_troubled(&w));
    __CPROVER_cover(e == SET_VECTOR && from == XEN_PT_MSI_STATE_ON &&
                    to == XEN_PT_MSI_STATE_REFUSED && !w.lied);
}
#endif

void prove_cover(void)
{
    XenPTMSIState from;
    Event e = nondet_unsigned();

    __CPROVER_assume((unsigned)e <= CLEAR);
    any_state();
    from = w.seq.state;
    any_event(e);
    cover_both(e, from);
    cover_kind(e, from);
}
