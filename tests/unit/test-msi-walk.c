/*
 * Every operation of every sequence fails, alone and with every other
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A story is what a guest does. It is told without a fault first; then anew
 * for each operation that it made and each way that one can fail, for good or
 * once; then, for each of those, with each operation after it failing as well.
 * msi-judge.c judges every operation. At the end of each path a reset must
 * bring everything back, and MSI or MSI-X must work again.
 */

#include "qemu/osdep.h"
#include <glib.h>
#include <stdio.h>
#include "msi-plan.h"

typedef enum Event {
    END,
    CLEAR,
    PROBE,
    ENABLE,
    ENABLE_MASKED,      /* with the function mask of MSI-X */
    DISABLE,
    MASK,
    UNMASK,
    REBIND,
    RESET,
    /* The guest programs all vectors, or the last one only. */
    NONE,
    CPU0,
    CPU1,
    PIRQ_A,
    PIRQ_B,
    LAST_CPU0,
    LAST_PIRQ_B,
} Event;

#define STORY_EVENTS 12

typedef struct Story {
    const char *name;
    enum {
        MASTER = 1,         /* it is a bus master */
        FOUND_ON = 2,       /* ENABLE is set when it comes */
        REFUSING = 4,       /* pciback refuses writes of the control word */
        MSIX = 8,
        STRICT = 16,            /* it refuses ENABLE while INTx is on */
    } device;
    Event event[STORY_EVENTS];
} Story;

static const Story stories[] = {
    { "enable-disable", 0, {
        CPU0, ENABLE, DISABLE, ENABLE, DISABLE } },
    { "enable-then-program", 0, {
        ENABLE, LAST_CPU0, CPU0, DISABLE } },
    { "pending-given-up", 0, {
        ENABLE, DISABLE, CPU0, ENABLE, DISABLE } },
    { "affinity", 0, {
        CPU0, ENABLE, CPU1, NONE, CPU0, DISABLE } },
    { "mask", 0, {
        CPU0, ENABLE, MASK, CPU1, UNMASK, DISABLE } },
    { "enable-masked", 0, {
        CPU0, MASK, ENABLE, UNMASK, DISABLE } },
    { "pirq", 0, {
        PIRQ_A, ENABLE, MASK, UNMASK, DISABLE } },
    { "other-pirq", 0, {
        PIRQ_A, ENABLE, LAST_PIRQ_B, DISABLE } },
    { "pirq-to-apic", 0, {
        PIRQ_A, ENABLE, CPU0, DISABLE } },
    { "reset-on", 0, {
        CPU0, ENABLE, RESET, CPU0, ENABLE, RESET } },
    { "reset-pending", 0, {
        ENABLE, RESET, CPU0, ENABLE, DISABLE } },
    { "reset-forgets", 0, {
        CPU0, ENABLE, RESET, ENABLE, MASK, CPU1, DISABLE } },
    { "reset-twice", 0, {
        CPU0, ENABLE, RESET, RESET } },
    { "left-on", 0, {
        CPU0, ENABLE } },
    { "found-on", FOUND_ON, {
        CLEAR, RESET, CPU0, ENABLE, DISABLE } },
    { "found-on-master", FOUND_ON | MASTER, {
        CLEAR, PROBE, CPU0, ENABLE, DISABLE } },
    { "found-on-refusing", FOUND_ON | REFUSING, {
        CLEAR, RESET, CPU0, ENABLE } },
    { "probe", 0, {
        PROBE, CPU0, ENABLE, DISABLE } },
    { "probe-master", MASTER, {
        PROBE, CPU0, ENABLE, DISABLE } },
    { "probe-reset", MASTER, {
        PROBE, RESET, CPU0, ENABLE, DISABLE } },
    { "probe-refusing", MASTER | REFUSING, {
        PROBE, CPU0, ENABLE, RESET, CPU0, ENABLE } },
    { "late-refusal", REFUSING, {
        CPU0, ENABLE, DISABLE, ENABLE, RESET, CPU0, ENABLE } },
    { "toggle", 0, {
        ENABLE, ENABLE, CPU0, ENABLE, DISABLE, DISABLE, ENABLE, MASK, RESET } },

    { "strict", STRICT, {
        CPU0, ENABLE, ENABLE, DISABLE, ENABLE, DISABLE } },
    { "strict-reset", STRICT, {
        CPU0, ENABLE, RESET, CPU0, ENABLE } },
    { "strict-probe", STRICT | MASTER, {
        PROBE, CPU0, ENABLE, DISABLE } },

    { "msix/enable-disable", MSIX, {
        CPU0, ENABLE, DISABLE, ENABLE, DISABLE } },
    { "msix/linux", MSIX, {
        MASK, ENABLE_MASKED, CPU0, UNMASK, ENABLE, DISABLE } },
    { "msix/one-by-one", MSIX, {
        ENABLE, LAST_CPU0, CPU0, DISABLE, ENABLE, DISABLE } },
    { "msix/affinity", MSIX, {
        CPU0, ENABLE, MASK, CPU1, UNMASK, NONE, CPU0, DISABLE } },
    { "msix/masked", MSIX, {
        CPU0, MASK, ENABLE, UNMASK, MASK, DISABLE, ENABLE } },
    { "msix/pirq", MSIX, {
        ENABLE, PIRQ_A, MASK, LAST_PIRQ_B, UNMASK, DISABLE } },
    { "msix/pirq-to-apic", MSIX, {
        PIRQ_A, ENABLE, CPU0, DISABLE } },
    { "msix/function-mask", MSIX, {
        CPU0, ENABLE_MASKED, ENABLE, CPU1, ENABLE_MASKED, DISABLE } },
    { "msix/rebind", MSIX, {
        CPU0, ENABLE, REBIND, MASK, REBIND, UNMASK, DISABLE } },
    { "msix/rebind-late", MSIX, {
        ENABLE, LAST_CPU0, CPU0, REBIND, CPU1 } },
    { "msix/reset-on", MSIX, {
        CPU0, ENABLE, RESET, ENABLE, CPU1, RESET } },
    { "msix/left-on", MSIX, {
        ENABLE, CPU0 } },
    { "msix/found-on", MSIX | FOUND_ON | MASTER, {
        CLEAR, PROBE, ENABLE, CPU0, DISABLE } },
    { "msix/found-on-refusing", MSIX | FOUND_ON | REFUSING, {
        CLEAR, RESET, CPU0, ENABLE } },
    { "msix/probe", MSIX | MASTER, {
        PROBE, ENABLE, CPU0, DISABLE } },
    { "msix/probe-refusing", MSIX | MASTER | REFUSING, {
        PROBE, CPU0, ENABLE, RESET, ENABLE, CPU0 } },
    { "msix/late-refusal", MSIX | REFUSING, {
        CPU0, ENABLE, DISABLE, ENABLE, RESET, CPU0, ENABLE_MASKED } },
    { "msix/strict", MSIX | STRICT, {
        MASK, ENABLE_MASKED, CPU0, UNMASK, ENABLE, DISABLE } },
};

/* The ways that an operation can fail; a row ends with WORLD_FINE. */
static const WorldFateKind ways[][5] = {
    [WORLD_MAP] = { WORLD_FAIL, WORLD_RESETS },
    [WORLD_UNMAP] = { WORLD_FAIL, WORLD_RESETS },
    [WORLD_BIND] = { WORLD_FAIL, WORLD_RESETS },
    [WORLD_UNBIND] = { WORLD_FAIL, WORLD_RESETS },
    [WORLD_MESSAGE] = { WORLD_FAIL, WORLD_ONES, WORLD_JUNK, WORLD_RESETS },
    [WORLD_READ] = { WORLD_FAIL, WORLD_ONES, WORLD_JUNK, WORLD_RESETS },
    [WORLD_WRITE] = { WORLD_FAIL, WORLD_FAIL_DONE, WORLD_DROP, WORLD_RESETS },
    [WORLD_INTX] = { WORLD_FAIL, WORLD_RESETS },
};

/* What Xen, pcifront and the kernel say; which one is of no consequence. */
static const int errors[] = {
    -EPERM, -ENOENT, -ESRCH, -EIO, -ENOMEM, -EBUSY, -EEXIST, -ENODEV, -EINVAL,
    -ENOSPC, -ENOSYS, -EACCES,
};

/* A broken device may hold anything; a failed read leaves anything behind. */
static const uint16_t words[] = {
    0x0000, 0x0081, 0x0080, 0xfffe, 0x7f7f, 0x8002, 0xc002,
};

/* None of them a message that Xen writes. */
static const XenPTMSIMessage messages[] = {
    { 0, 0 }, { 0x12345670, 0x4041 }, { 0xfee01000, 0xc041 },
    { 0xfee01002, 0x4041 }, { 0xfef00000, 0x4041 }, { 0xfee00018, 0x0001 },
    { 0xffffffff00000000, 0x4041 }, { 0x1fee01000, 0x4041 },
};

static unsigned long paths;     /* with a fault, that have been walked */

static void program(World *w, unsigned i, Event e)
{
    static const XenPTMSIMessage of[] = {
        [NONE] = { 0, 0 },
        [CPU0] = { 0xfee01000, 0x4041 },
        [CPU1] = { 0xfee02004, 0x4141 },
        [PIRQ_A] = { 0xfee10000, 0x4300 },
        [PIRQ_B] = { 0x00000200fee18000, 0x4300 },
    };
    XenPTMSIMessage m = of[e];

    /* A vector of its own; a pirq is asked for by the destination. */
    m.data += e == CPU0 || e == CPU1 ? i : 0;
    m.address += e == PIRQ_A || e == PIRQ_B ? i << 12 : 0;
    world_set_vector(w, i, &m, w->guest[i].masked);
}

static void mask(World *w, bool masked)
{
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        XenPTMSIMessage m = w->guest[i].message;

        world_set_vector(w, i, &m, masked);
    }
}

static void happen(World *w, Event e)
{
    switch (e) {
    case CLEAR:
        world_clear(w);
        break;
    case PROBE:
        /* Only a sequence that is off is probed. */
        if (w->seq.state == XEN_PT_MSI_STATE_OFF) {
            world_probe(w);
        }
        break;
    case ENABLE:
    case ENABLE_MASKED:
    case DISABLE:
        world_set_control(w, e != DISABLE, e == ENABLE_MASKED);
        break;
    case MASK:
    case UNMASK:
        mask(w, e == MASK);
        break;
    case REBIND:
        world_rebind(w);
        break;
    case RESET:
        world_reset(w);
        break;
    case LAST_CPU0:
    case LAST_PIRQ_B:
        program(w, w->seq.nvec - 1, e == LAST_CPU0 ? CPU0 : PIRQ_B);
        break;
    default:
        for (unsigned i = 0; i < w->seq.nvec; i++) {
            program(w, i, e);
        }
    }
}

/* All works for a guest's driver that comes anew. */
static void drive(World *w, const char *rule)
{
    world_set_enable(w, false);
    for (unsigned i = 0; i < w->seq.nvec; i++) {
        program(w, i, CPU0);
    }
    world_set_enable(w, true);
    if ((w->seq.state != XEN_PT_MSI_STATE_ON || w->seq.lost ||
         !(w->control & w->enable)) && w->permitted) {
        world_broken(w, rule);
    }
}

/*
 * No fault any more: what was left is taken back, and MSI works, for a driver
 * that comes anew as after a reset.
 */
static void recover(World *w)
{
    if (w->lied) {
        return;     /* the sequence and the device may be of two minds */
    }
    drive(w, "MSI works again for the next driver");
    world_reset(w);
    drive(w, "MSI works again after a reset");
    world_set_enable(w, false);
    world_reset(w);
    if (w->seq.state != XEN_PT_MSI_STATE_OFF && w->permitted) {
        world_broken(w, "MSI goes off again after a reset");
    }
    if (w->intx && (w->command & WORLD_INTX_DISABLE)) {
        world_broken(w, "INTx is back after a reset");
    }
}

/* How many operations the story has made, without the recovery. */
static unsigned tell(const Story *story, unsigned nvec, Plan *plan)
{
    bool msix = story->device & MSIX;
    uint16_t found = msix ? 0x0002 : 0x0080;
    uint16_t enable = msix ? WORLD_MSIX_ENABLE : WORLD_ENABLE;
    World w;
    unsigned n;

    plan->n = 0;
    world_init(&w, msix ? WORLD_MSIX : WORLD_MSI, nvec, found |
               (story->device & FOUND_ON ? enable : 0),
               0x0103 | (story->device & MASTER ? WORLD_MASTER : 0),
               !(story->device & REFUSING), plan_choose, plan);
    w.strict = story->device & STRICT;
    for (const Event *e = story->event; *e != END; e++) {
        happen(&w, *e);
    }
    n = plan->n;
    if (n >= PLAN_OPS) {
        world_broken(&w, "the plan is too short for the story");
    }
    for (unsigned i = 0; i < PLAN_FAULTS; i++) {
        plan->fault[i].kind = WORLD_FINE;
    }
    recover(&w);
    return n;
}

/* The values that faults come with, others for each first fault. */
static WorldFate next_fate(void)
{
    static unsigned turn;

    turn++;
    return (WorldFate) {
        .err = errors[turn % G_N_ELEMENTS(errors)],
        .word = words[turn % G_N_ELEMENTS(words)],
        .message = messages[turn % G_N_ELEMENTS(messages)],
    };
}

/* Returns how many operations the path has; @told has them. */
static unsigned walk_path(const Story *story, unsigned nvec, Plan *told,
                          WorldFate fate, PlanFault first, PlanFault second)
{
    unsigned n;

    told->name = story->name;
    told->fate = fate;
    told->fault[0] = first;
    told->fault[1] = second;
    n = tell(story, nvec, told);
    /* What comes before a fault is as it was: it is met. */
    g_assert_cmpuint(n, >, first.at);
    g_assert_cmpuint(n, >, second.at);
    paths++;
    return n;
}

static void walk_faults(const Story *story, unsigned nvec, bool lasting)
{
    static const PlanFault none = { 0 };
    static Plan plain, once, twice;
    unsigned n, m;

    plain.name = story->name;
    n = tell(story, nvec, &plain);
    for (unsigned i = 0; i < n; i++) {
        for (const WorldFateKind *a = ways[plain.done[i].op]; *a; a++) {
            PlanFault first = { .at = i, .kind = *a, .lasting = lasting };
            WorldFate fate = next_fate();

            m = walk_path(story, nvec, &once, fate, first, none);
            for (unsigned j = i + 1; j < m; j++) {
                for (const WorldFateKind *b = ways[once.done[j].op]; *b; b++) {
                    PlanFault second = { .at = j, .kind = *b };

                    walk_path(story, nvec, &twice, fate, first, second);
                }
            }
        }
    }
}

static void walk(const Story *story, unsigned nvec)
{
    walk_faults(story, nvec, false);
    walk_faults(story, nvec, true);
}

/* The device is reset, or goes away, at any point of the story. */
static void test_story(gconstpointer data)
{
    const Story *story = data;
    unsigned long before = paths;

    for (unsigned nvec = 1; nvec <= 3; nvec += 2) {
        walk(story, nvec);
        for (unsigned k = 1; story->event[k] != END; k++) {
            Story cut = *story;

            cut.event[k] = RESET;
            cut.event[k + 1] = END;
            walk(&cut, nvec);
        }
    }
    g_test_message("%lu failure paths walked", paths - before);
    g_assert_cmpuint(paths, >, before);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strdup_printf("/msi-walk/%s",
                                                stories[i].name);

        g_test_add_data_func(path, &stories[i], test_story);
    }
    status = g_test_run();
    printf("# %lu failure paths walked\n", paths);
    return status;
}
