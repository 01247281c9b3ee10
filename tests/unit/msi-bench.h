/*
 * A sequence on the bench, and scripts of what is done to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A script is a test. Each of its steps says what happens, which operations
 * that makes, with those that fail, and what there is in the end.
 */
#ifndef MSI_BENCH_H
#define MSI_BENCH_H

#include <glib.h>
#include "msi-plan.h"

#define COMMAND 0x0103          /* I/O, memory, SERR; bus mastering off */

typedef struct Bench {
    World w;
    Plan plan;
    uint16_t found;             /* the device's control word, of others */
    unsigned shown;             /* operations that a check has been through */
} Bench;

void bench_init(Bench *b, WorldKind kind, unsigned nvec, uint16_t control,
                bool permitted);

/* The guest writes a vector's message, of the name that scripts have for it. */
void bench_program(Bench *b, unsigned i, const char *message, bool masked);

/* So many operations have been made since the last check. */
void bench_count(Bench *b, unsigned ops);

/*
 * What is and what was not to be had, in words: "on 0:cpu0 1:cpu1+mask" has
 * two vectors, the second one masked. Behind that, where it is so:
 *
 * +mask             of a state, the function mask
 * 0:mapped          vector 0 has a pirq and is not bound
 * 0:lost            it is used, but not to be had
 * 0:unwritten       Xen's message is not in the device
 * 0:pirq5@6         it has another pirq than it asked for
 * (0:cpu1)          the guest has programmed this, and has not got it
 * used=2            vectors 0 and 1 have been used, but one does not see it
 * control=0081      the device's word, where it is not as the state says
 * command=0107      the command register, where it is not as found
 * map0/ENOMEM       the fault: step, vector, error;
 * enable/EACCES/0081/0080    step, error, what was written and read;
 * check0/trigger/fee01004/c041    what is wrong with the message, the message
 * undo=2/unbind0/ENOMEM      so many steps of undoing failed, this one first
 */
char *bench_text(const Bench *b);

/*
 * @event is one or more of
 *
 * 0:cpu0 0:cpu0+mask    the guest writes the message, the mask of vector 0
 * on on+mask off off+mask    it writes ENABLE and the function mask
 * deny deny+mask        it writes ENABLE while the other kind is on
 * intx no-intx          it enables or disables INTx
 * rebind                it moves the table
 * message0 no-message0  the message in the device is asked for, and is had
 * clear probe reset     what QEMU does before there is a guest, and a reset
 * permit                dom0 gives the permission
 * word=0080             others write the device's control word
 *
 * The messages are cpu0 and cpu1; cpu0v, with another vector; pirq5 and pirq6,
 * which ask for a pirq; half, without data yet; none, which is not usable.
 */
typedef struct Step {
    const char *event;
    const char *ops;            /* as plan_text(); what fails is made to fail */
    const char *then;           /* as bench_text() */
} Step;

typedef struct Script {
    const char *name;
    unsigned nvec;
    uint16_t control, command;  /* as the device is found */
    bool refusing;              /* pciback has not got the permission */
    bool strict;                /* it refuses ENABLE while INTx is on */
    WorldFate fate;             /* the values that faults come with */
    Step step[10];
} Script;

/* A test for each; what is 0 in a script comes from @usual. */
void scripts_add(const char *directory, WorldKind kind, const Script *usual,
                 const Script *script, size_t n);

#endif
