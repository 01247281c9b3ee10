/*
 * What is to fail in a world, and what was done in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MSI_PLAN_H
#define MSI_PLAN_H

#include "msi-world.h"

#define PLAN_OPS 512
#define PLAN_FAULTS 6

typedef struct PlanFault {
    unsigned at;                /* operation, counted from 0 */
    WorldFateKind kind;         /* WORLD_FINE: no fault */
    bool lasting;               /* all later operations of its kind too */
} PlanFault;

typedef struct Plan {
    PlanFault fault[PLAN_FAULTS];
    WorldFate fate;             /* the values that faults come with */
    const char *name;           /* of what is running, for the report */

    unsigned n;                 /* operations so far; the first are kept: */
    struct {
        WorldOp op;
        WorldFateKind kind;
        unsigned arg;
        uint16_t value;
    } done[PLAN_OPS];
} Plan;

/* The WorldChoose of a Plan. */
WorldFate plan_choose(void *plan, WorldOp op, unsigned arg, uint16_t value);

/**
 * plan_text: the operations from @from on, in words
 *
 * As in "map0 bind0 message0 read write=0081 read"; "bind0+mask" binds masked,
 * "command" and "command=0103" are accesses to the command register,
 * "intx-away" and "intx-back" those to INTx. An operation that did not go well
 * has its fate behind it, as in "read!ones".
 */
void plan_text(const Plan *plan, unsigned from, char *text, size_t size);

/* What plan_text() is to tell of the operations to come fails as it says. */
void plan_faults(Plan *plan, const char *text);

#endif
