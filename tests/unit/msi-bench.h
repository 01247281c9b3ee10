/*
 * A sequence on the bench: its world, what is to fail, what it has done
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MSI_BENCH_H
#define MSI_BENCH_H

#include <glib.h>
#include "msi-plan.h"

#define COMMAND 0x0103          /* I/O, memory, SERR; bus mastering off */

static const XenPTMSIMessage
    cpu0 = { 0xfee01000, 0x4041 },
    cpu1 = { 0xfee02000, 0x4041 },
    pirq5 = { 0xfee05000, 0x4300 },     /* vector 0: asks for pirq 5 */
    pirq6 = { 0xfee06000, 0x4300 },
    unusable = { 0, 0 };

typedef struct Bench {
    World w;
    Plan plan;
    unsigned shown;             /* operations that a check has been through */
} Bench;

static inline void bench_init(Bench *b, WorldKind kind, unsigned nvec,
                              uint16_t control, uint16_t command,
                              bool permitted)
{
    *b = (Bench) {
        .plan = {
            .name = g_get_prgname(),
            .fate = { .err = -ENOMEM, .word = 0x1234 },
        },
    };
    world_init(&b->w, kind, nvec, control, command, permitted, plan_choose,
               &b->plan);
}

/* Let an operation fail, counted from the next one, which is 0. */
static inline void fail(Bench *b, unsigned n, WorldFateKind kind)
{
    PlanFault *f = b->plan.fault;

    while (f->kind) {
        f++;
    }
    g_assert_true(f < b->plan.fault + PLAN_FAULTS);
    *f = (PlanFault) { .at = b->plan.n + n, .kind = kind };
}

/* These operations have been made since the last check, and no other. */
static inline void check_ops(Bench *b, const char *ops)
{
    char text[2048];

    plan_text(&b->plan, b->shown, text, sizeof(text));
    b->shown = b->plan.n;
    g_assert_cmpstr(text, ==, ops);
}

static inline void check_refused(const Bench *b, XenPTMSIStep step, int err)
{
    g_assert_cmpint(b->w.seq.state, ==, XEN_PT_MSI_REFUSED);
    g_assert_false(xen_pt_msi_seq_enabled(&b->w.seq));
    g_assert_cmpint(b->w.seq.fault.step, ==, step);
    g_assert_cmpint(b->w.seq.fault.err, ==, err);
}

static inline void check_nothing_left(const Bench *b)
{
    g_assert_cmpuint(b->w.seq.undo_failures, ==, 0);
    g_assert_cmphex(b->w.control & (b->w.enable | b->w.maskall), ==, 0);
    for (unsigned i = 0; i < b->w.seq.nvec; i++) {
        g_assert_false(b->w.v[i].mapped);
        g_assert_false(b->w.v[i].bound);
    }
}

#endif
