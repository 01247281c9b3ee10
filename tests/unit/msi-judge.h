/*
 * The judge of what an MSI or MSI-X sequence does to its world
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The invariants of docs/design.rst as rules, each with its number. What the
 * world does not say of itself, such as whether a word was read in time, the
 * world keeps for the judge.
 */
#ifndef MSI_JUDGE_H
#define MSI_JUDGE_H

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

static inline bool world_is_msix(const World *w)
{
    return w->maskall;
}

static inline bool world_same(const XenPTMSIMessage *a,
                              const XenPTMSIMessage *b)
{
    return a->address == b->address && a->data == b->data;
}

/**
 * world_used: is there something to deliver, and so to be set up?
 *
 * A vector of MSI is set up masked where the guest has it masked; one of MSI-X
 * once it is not.
 */
static inline bool world_used(const World *w, unsigned i)
{
    return xen_pt_msi_guest_usable(&w->guest[i].message) &&
           !(world_is_msix(w) && w->guest[i].masked);
}

/* Has an operation failed whose consequence may still be there? */
static inline bool world_troubled(const World *w)
{
    bool trouble = w->trouble;

    for (unsigned i = 0; i < w->seq.nvec; i++) {
        trouble = trouble || w->v[i].trouble;
    }
    return trouble;
}

/**
 * judge_begin: may an event run on, with this operation?
 * @w: the world; the operation is counted
 */
void judge_begin(const World *w, WorldOp op, unsigned arg);

/* May this be done? Before it is. */
void judge_map(const World *w, unsigned i, const XenPTMSIMessage *guest);
void judge_unmap(const World *w, unsigned i, int pirq);
void judge_bind(const World *w, unsigned i, int pirq,
                const XenPTMSIMessage *guest, bool masked);
void judge_unbind(const World *w, unsigned i, int pirq,
                  const XenPTMSIMessage *guest);
void judge_message(const World *w, unsigned i);
void judge_control(const World *w, uint16_t value);
void judge_command(const World *w, uint16_t value);
void judge_intx(const World *w, bool back);

/**
 * world_unsettled: which invariant does not hold between two events?
 *
 * Returns: the first broken rule in words, NULL where all hold.
 */
const char *world_unsettled(const World *w);

#endif
