/*
 * The sequence that turns MSI-X on and off
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As test-msi-seq.c, for what is another for MSI-X: vectors that come and go
 * one by one while it is on, and the function mask. What both share, such as
 * the ways in which a write of the control word can fail, is there.
 */

#include "qemu/osdep.h"
#include "msi-bench.h"

#define CONTROL 0x0002          /* three entries; ENABLE and MASKALL clear */

/* Nothing is sent before the message is checked, and Xen unmasks it then. */
#define UP(n)   "map" #n " bind" #n "+mask message" #n " bind" #n
#define DOWN(n) "unbind" #n " unmap" #n

#define ON      "read write=8002 read"
#define MASKED  "read write=c002 read"
#define OFF     "read write=0002 read"
#define UNDO    "read"          /* ENABLE is seen clear already */

static void bench_msix(Bench *b, unsigned nvec)
{
    bench_init(b, WORLD_MSIX, nvec, CONTROL, COMMAND, true);
}

/* The guest programs the entry and unmasks it. */
static void use(Bench *b, unsigned i, const XenPTMSIMessage *m)
{
    world_set_vector(&b->w, i, m, false);
}

static void mask(Bench *b, unsigned i, const XenPTMSIMessage *m)
{
    world_set_vector(&b->w, i, m, true);
}

/* On, and vectors 0 to @used - 1 of three in use. */
static void bench_on(Bench *b, unsigned used)
{
    bench_msix(b, 3);
    for (unsigned i = 0; i < used; i++) {
        use(b, i, &cpu0);
    }
    world_set_control(&b->w, true, false);
    g_assert_cmpint(b->w.seq.state, ==, XEN_PT_MSI_ON);
    b->shown = b->plan.n;
}

/* The vector failed alone: nothing of it is left, the others are as before. */
static void check_vector_refused(const Bench *b, unsigned refused,
                                 XenPTMSIStep step, int err)
{
    g_assert_cmpint(b->w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_cmpint(b->w.seq.fault.step, ==, step);
    g_assert_cmpint(b->w.seq.fault.err, ==, err);
    for (unsigned i = 0; i < b->w.seq.nvec; i++) {
        g_assert_cmpint(b->w.v[i].mapped, ==, i < refused);
        g_assert_cmpint(b->w.v[i].bound, ==, i < refused);
        g_assert_cmpint(b->w.vec[i].lost, ==, i == refused);
    }
}

/* --- Switching on and off ----------------------------------------------- */

/*
 * Linux: ENABLE with the function mask while the table is empty, the entries
 * one by one, the function mask off (pci_msix_init, msix_capability_init()).
 */
static void test_enable_masked(void)
{
    Bench b;

    bench_msix(&b, 3);
    world_set_control(&b.w, true, true);
    check_ops(&b, MASKED);
    g_assert_cmphex(b.w.control, ==, 0xc002);
    for (unsigned i = 0; i < 3; i++) {
        mask(&b, i, &cpu0);
    }
    check_ops(&b, "");
    use(&b, 0, &cpu0);
    check_ops(&b, UP(0));
    use(&b, 1, &cpu0);
    check_ops(&b, UP(1));
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
    use(&b, 2, &cpu0);
    check_ops(&b, UP(2));
    g_assert_cmphex(b.w.control, ==, 0x8002);
}

/* Vectors that are in use when ENABLE comes: all before it. */
static void test_enable_late(void)
{
    Bench b;

    bench_msix(&b, 3);
    use(&b, 0, &cpu0);
    mask(&b, 1, &cpu0);
    use(&b, 2, &cpu0);
    check_ops(&b, "");
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " " UP(2) " " ON);
    g_assert_false(b.w.v[0].masked);
    g_assert_false(b.w.v[1].mapped);
}

static void test_enable_unused(void)
{
    Bench b;

    bench_msix(&b, 3);
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
    use(&b, 1, &unusable);
    check_ops(&b, "");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
}

/* Xen has left the function mask set: one write for both bits. */
static void test_enable_found_masked(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 1, 0x47ff, COMMAND, true);
    use(&b, 0, &cpu0);
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " read write=87ff read");
}

/* Others have set both bits: both go, and what the guest asks for comes. */
static void test_enable_found_set(void)
{
    Bench b;

    bench_msix(&b, 1);
    use(&b, 0, &cpu0);
    b.plan.fate.word = 0xc002;
    fail(&b, 4, WORLD_JUNK);
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " read!junk write=0002 read write=8002 read");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
}

/* A device that shows its table only while ENABLE is set. */
static WorldFate shown_while_on(void *chooser, WorldOp op, unsigned arg,
                                uint16_t value)
{
    Bench *b = chooser;
    WorldFate fate = plan_choose(&b->plan, op, arg, value);

    if (op == WORLD_MESSAGE && !(b->w.control & WORLD_MSIX_ENABLE)) {
        fate.kind = WORLD_ONES;
    }
    return fate;
}

/* Its function mask is what keeps its vectors from being used too early. */
static void test_enable_to_see(void)
{
    static const bool masks[] = { false, true };

    for (size_t i = 0; i < G_N_ELEMENTS(masks); i++) {
        Bench b;

        bench_msix(&b, 3);
        b.w.choose = shown_while_on;
        b.w.chooser = &b;
        use(&b, 0, &cpu0);
        use(&b, 1, &cpu1);
        world_set_control(&b.w, true, masks[i]);
        g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
        g_assert_cmphex(b.w.control, ==, masks[i] ? 0xc002 : 0x8002);
        g_assert_cmpuint(b.w.seq.lost, ==, 0);
        g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
        g_assert_true(b.w.v[0].checked && b.w.v[1].checked);
        b.shown = b.plan.n;
        world_set_control(&b.w, false, false);
        check_ops(&b, OFF " " DOWN(1) " " DOWN(0));
        check_nothing_left(&b);
    }
}

/* Clear ENABLE and see it clear, then the rest in reverse. */
static void test_disable(void)
{
    Bench b;

    bench_on(&b, 2);
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(1) " " DOWN(0));
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    check_nothing_left(&b);
}

/* The function mask goes in the same write, whatever the guest says of it. */
static void test_disable_masked(void)
{
    Bench b;

    bench_on(&b, 1);
    world_set_control(&b.w, true, true);
    check_ops(&b, MASKED);
    world_set_control(&b.w, false, true);
    check_ops(&b, OFF " " DOWN(0));
    check_nothing_left(&b);
}

/* While MSI is on: the mask is as written, a reason why not stays. */
static void test_denied(void)
{
    Bench b;

    bench_msix(&b, 1);
    xen_pt_msi_seq_deny(&b.w.seq, true);
    check_ops(&b, "");
    g_assert_true(xen_pt_msi_seq_masked(&b.w.seq));
    g_assert_false(xen_pt_msi_seq_enabled(&b.w.seq));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_OTHER);
    g_assert_cmpint(b.w.seq.fault.err, ==, -EBUSY);
    xen_pt_msi_seq_deny(&b.w.seq, false);
    g_assert_false(xen_pt_msi_seq_masked(&b.w.seq));

    b.w.permitted = false;
    world_set_control(&b.w, true, false);
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
    xen_pt_msi_seq_deny(&b.w.seq, false);
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
}

/* The function mask of a function that is off is nobody's business. */
static void test_disabled(void)
{
    Bench b;

    bench_msix(&b, 3);
    world_set_control(&b.w, false, true);
    world_set_control(&b.w, false, false);
    check_ops(&b, "");
}

/* What is masked by now is not set up again. */
static void test_enable_again(void)
{
    Bench b;

    bench_on(&b, 2);
    mask(&b, 0, &cpu0);
    world_set_control(&b.w, false, false);
    b.shown = b.plan.n;
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(1) " " ON);
}

/* --- Vectors while on --------------------------------------------------- */

/* Once set up, masking is between the guest and Xen. */
static void test_mask(void)
{
    Bench b;

    bench_on(&b, 1);
    for (int i = 0; i < 100000; i++) {
        world_set_vector(&b.w, 0, &cpu0, i % 2 == 0);
    }
    check_ops(&b, "");
    g_assert_cmpuint(b.w.seq.used, ==, 1);
}

/* Masked, programmed, unmasked: one hypercall. */
static void test_affinity(void)
{
    Bench b;

    bench_on(&b, 2);
    mask(&b, 1, &cpu0);
    mask(&b, 1, &unusable);
    mask(&b, 1, &cpu1);
    check_ops(&b, "");
    g_assert_cmphex(b.w.v[1].guest.address, ==, cpu0.address);
    use(&b, 1, &cpu1);
    check_ops(&b, "bind1");
    g_assert_cmphex(b.w.v[1].guest.address, ==, cpu1.address);
    g_assert_cmphex(b.w.v[0].guest.address, ==, cpu0.address);
}

static void test_affinity_unmasked(void)
{
    XenPTMSIMessage m = cpu0;
    Bench b;

    bench_on(&b, 1);
    m.data = 0x4052;
    use(&b, 0, &m);
    check_ops(&b, "bind0");
    use(&b, 0, &m);
    check_ops(&b, "");
}

/* In the middle of a change by several writes the old message holds. */
static void test_affinity_unusable(void)
{
    Bench b;

    bench_on(&b, 1);
    use(&b, 0, &unusable);
    check_ops(&b, "");
    use(&b, 0, &cpu1);
    check_ops(&b, "bind0");
}

/* An entry that is unmasked before it is written, as it is written. */
static void test_half_written(void)
{
    static const XenPTMSIMessage address = { 0xfee01000, 0 };
    Bench b;

    bench_on(&b, 0);
    use(&b, 0, &unusable);
    use(&b, 0, &address);
    check_ops(&b, "");
    use(&b, 0, &cpu0);
    check_ops(&b, UP(0));
}

static void test_requested_pirq(void)
{
    Bench b;

    bench_on(&b, 0);
    use(&b, 2, &pirq5);
    check_ops(&b, UP(2));
    g_assert_cmpint(b.w.v[2].pirq, ==, 5);
}

/* A new map for this vector; MSI-X stays on, the others see nothing of it. */
static void test_other_pirq(void)
{
    Bench b;

    bench_on(&b, 2);
    use(&b, 2, &pirq5);
    b.shown = b.plan.n;
    use(&b, 2, &pirq6);
    check_ops(&b, DOWN(2) " " UP(2));
    g_assert_cmpint(b.w.v[2].pirq, ==, 6);
    use(&b, 2, &cpu0);
    check_ops(&b, DOWN(2) " " UP(2));
    g_assert_cmpint(b.w.v[2].pirq, ==, 102);
}

/* --- The function mask -------------------------------------------------- */

static void test_maskall(void)
{
    Bench b;

    bench_on(&b, 1);
    world_set_control(&b.w, true, true);
    check_ops(&b, MASKED);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read");
    g_assert_true(xen_pt_msi_seq_masked(&b.w.seq));
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
    world_set_control(&b.w, true, false);
    check_ops(&b, "read");
    g_assert_false(xen_pt_msi_seq_masked(&b.w.seq));
}

/* Made from the word as it reads now, not as it was. */
static void test_maskall_keeps_other_bits(void)
{
    Bench b;

    bench_on(&b, 0);
    b.w.control |= 0x1000;
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=d002 read");
}

/*
 * pciback before Linux 6.1 refuses the bit: what works goes on, and the guest
 * reads that it is not masked.
 */
static void test_maskall_refused(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_DROP);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=c002!drop read read");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_false(xen_pt_msi_seq_masked(&b.w.seq));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_MASKALL);
    g_assert_cmpint(b.w.seq.fault.err, ==, -EACCES);
    g_assert_cmphex(b.w.seq.fault.written, ==, 0xc002);
    g_assert_cmphex(b.w.seq.fault.read, ==, 0x8002);
    g_assert_true(b.w.v[0].bound);

    world_set_control(&b.w, true, true);
    check_ops(&b, MASKED);
    g_assert_true(xen_pt_msi_seq_masked(&b.w.seq));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* One read that is lost costs another one. */
static void test_maskall_read_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_ONES);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read!ones " MASKED);
    fail(&b, 2, WORLD_FAIL);
    world_set_control(&b.w, true, false);
    check_ops(&b, ON "!fail read");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* None is seen: nothing is written, and it is as it was. */
static void test_maskall_not_seen(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_ONES);
    fail(&b, 1, WORLD_ONES);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read!ones read!ones");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_false(xen_pt_msi_seq_masked(&b.w.seq));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_MASKALL);
    g_assert_cmpint(b.w.seq.fault.err, ==, -EIO);
    g_assert_cmphex(b.w.seq.fault.read, ==, UINT16_MAX);
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(0));
}

/* Written, and not seen what came of it: the next look tells. */
static void test_maskall_reads_lost(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_ONES);
    fail(&b, 3, WORLD_ONES);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=c002 read!ones read!ones");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_true(xen_pt_msi_seq_masked(&b.w.seq));
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
}

/* The host slept, or the driver reset the chip: message and table, too. */
static void test_maskall_enable_lost(void)
{
    Bench b;

    bench_on(&b, 2);
    fail(&b, 0, WORLD_RESETS);
    b.plan.fate.word = 0;
    world_set_control(&b.w, true, true);
    check_ops(&b, "read!resets read " DOWN(1) " " DOWN(0) " "
                  UP(0) " " UP(1) " " MASKED);
    g_assert_cmphex(b.w.control, ==, 0xc002);
    g_assert_cmphex(b.w.v[1].device.address, !=, 0);
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
}

/* The same pirqs, as the entries of a guest that only wrote the word back. */
static void test_enable_lost_pirq(void)
{
    Bench b;

    bench_on(&b, 0);
    use(&b, 0, &pirq5);
    fail(&b, 0, WORLD_RESETS);
    b.plan.fate.word = 0;
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " read!resets read " DOWN(0) " " UP(0) " " ON);
    g_assert_cmpint(b.w.v[0].pirq, ==, 5);
}

/* It went off as it was masked. */
static void test_enable_lost_late(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_RESETS);
    b.plan.fate.word = 0;
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=c002 read!resets read read " DOWN(0) " " UP(0)
                  " " MASKED);
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
}

/* --- Refusals ----------------------------------------------------------- */

/* One vector that cannot be had costs that vector. */
static void test_refuse_one(void)
{
    Bench b;

    bench_msix(&b, 3);
    for (unsigned i = 0; i < 3; i++) {
        use(&b, i, &cpu0);
    }
    fail(&b, 6, WORLD_ONES);
    fail(&b, 7, WORLD_ONES);
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " map1 bind1+mask message1!ones message1!ones " DOWN(1)
                  " " UP(2) " " ON);
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_cmpuint(b.w.seq.lost, ==, 1);
    g_assert_true(b.w.vec[1].lost);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_CHECK);
    g_assert_cmpuint(b.w.seq.fault.vector, ==, 1);
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(2) " " DOWN(0));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
    check_nothing_left(&b);
}

/* None to be had: ENABLE is not written. */
static void test_refuse_all(void)
{
    Bench b;

    bench_msix(&b, 2);
    use(&b, 0, &cpu0);
    use(&b, 1, &cpu0);
    fail(&b, 0, WORLD_FAIL);
    fail(&b, 1, WORLD_FAIL);
    world_set_control(&b.w, true, false);
    check_ops(&b, "map0!fail map1!fail " UNDO);
    check_refused(&b, XEN_PT_MSI_STEP_MAP, -ENOMEM);
    g_assert_cmpuint(b.w.seq.fault.vector, ==, 0);
    check_nothing_left(&b);
}

static void test_refuse_enable(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 1, CONTROL, COMMAND, false);
    use(&b, 0, &cpu0);
    world_set_control(&b.w, true, true);
    check_ops(&b, UP(0) " " MASKED " read " UNDO " " DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
    check_nothing_left(&b);
}

/* Asked for again, it is tried again: each time with the same few accesses. */
static void test_refuse_retried(void)
{
    const unsigned again = 1 + 4 + 1;   /* look, ENABLE, undo */
    Bench b;

    bench_init(&b, WORLD_MSIX, 2, CONTROL, COMMAND, false);
    world_set_control(&b.w, true, true);
    for (int i = 0; i < 100000; i++) {
        b.shown = b.plan.n;
        world_set_vector(&b.w, i & 4 ? 1 : 0, i & 8 ? &cpu0 : &pirq5, true);
        world_rebind(&b.w);
        g_assert_cmpuint(b.plan.n, ==, b.shown);
        world_set_control(&b.w, i & 1, i & 2);
        g_assert_cmpuint(b.plan.n - b.shown, ==, i & 1 ? again : 0);
    }
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
    b.w.permitted = true;
    world_set_control(&b.w, true, true);
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
}

static void test_vector_map_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1!fail");
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_MAP, -ENOMEM);
}

static void test_vector_bind_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask!fail unmap1");
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_BIND, -ENOMEM);
}

static void test_vector_message_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_FAIL);
    fail(&b, 3, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1!fail message1!fail " DOWN(1));
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_READ, -ENOMEM);
}

static void test_vector_message_wrong(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_JUNK);
    fail(&b, 3, WORLD_JUNK);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1!junk message1!junk " DOWN(1));
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_CHECK, -EBADMSG);
    g_assert_cmpint(b.w.seq.fault.check, ==, XEN_PT_MSI_CHECK_NOT_PROGRAMMED);
}

static void test_vector_unmask_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 3, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1 bind1!fail " DOWN(1));
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_BIND, -ENOMEM);
}

/* Tried again with each write that asks for it; the others go on. */
static void test_vector_retried(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_FAIL);
    fail(&b, 1, WORLD_FAIL);
    use(&b, 1, &cpu0);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1!fail map1!fail");
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_MAP, -ENOMEM);
    use(&b, 0, &cpu1);
    use(&b, 2, &cpu0);
    check_ops(&b, "bind0 " UP(2));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_MAP);
    use(&b, 1, &cpu0);
    check_ops(&b, UP(1));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
}

/* What is masked again is nobody's loss. */
static void test_vector_given_up(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_FAIL);
    fail(&b, 1, WORLD_FAIL);
    use(&b, 1, &cpu0);
    use(&b, 2, &cpu0);
    check_ops(&b, "map1!fail map2!fail");
    g_assert_cmpuint(b.w.seq.lost, ==, 2);
    mask(&b, 1, &cpu0);
    g_assert_cmpuint(b.w.seq.lost, ==, 1);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_MAP);
    mask(&b, 2, &cpu0);
    check_ops(&b, "");
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* Xen has not even looked at it: the old binding is as it was. */
static void test_affinity_forbidden(void)
{
    Bench b;

    bench_on(&b, 2);
    b.plan.fate.err = -EPERM;
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu1);
    check_ops(&b, "bind1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_UPDATE);
    g_assert_cmpint(b.w.seq.fault.err, ==, -EPERM);
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
    use(&b, 1, &cpu1);
    check_ops(&b, "bind1");
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* What another vector, or another step, has had says nothing of it. */
static void test_affinity_forbidden_others(void)
{
    Bench b;

    bench_on(&b, 2);
    b.plan.fate.err = -EPERM;
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu1);
    use(&b, 0, &cpu1);
    check_ops(&b, "bind1!fail bind0");
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_UPDATE);
    g_assert_cmpuint(b.w.seq.fault.vector, ==, 1);
    use(&b, 1, &cpu0);
    check_ops(&b, "");
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);

    fail(&b, 1, WORLD_DROP);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=c002!drop read read");
    use(&b, 0, &cpu0);
    check_ops(&b, "bind0");
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_MASKALL);
}

/* A new map, for whatever reason, has it. */
static void test_affinity_forbidden_rebind(void)
{
    Bench b;

    bench_on(&b, 2);
    b.plan.fate.err = -EPERM;
    fail(&b, 0, WORLD_FAIL);
    fail(&b, 4, WORLD_FAIL);
    use(&b, 1, &cpu1);
    world_rebind(&b.w);
    check_ops(&b, "bind1!fail unbind0 unbind1 bind0 bind1!fail unmap1 " UP(1));
    g_assert_cmphex(b.w.v[1].guest.address, ==, cpu1.address);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* What is bound by now, Xen alone knows: this vector anew. */
static void test_affinity_fails(void)
{
    Bench b;

    bench_on(&b, 2);
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu1);
    check_ops(&b, "bind1!fail " DOWN(1) " " UP(1));
    g_assert_cmphex(b.w.v[1].guest.address, ==, cpu1.address);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

static void test_other_pirq_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    use(&b, 1, &pirq5);
    b.shown = b.plan.n;
    fail(&b, 2, WORLD_FAIL);
    use(&b, 1, &pirq6);
    check_ops(&b, DOWN(1) " map1!fail");
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_MAP, -ENOMEM);
}

/* --- Undoing that fails ------------------------------------------------- */

/* The old pirq cannot be given back: no new one on top of it. */
static void test_other_pirq_undo_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    use(&b, 1, &pirq5);
    b.shown = b.plan.n;
    fail(&b, 1, WORLD_FAIL);
    fail(&b, 2, WORLD_FAIL);
    use(&b, 1, &pirq6);
    check_ops(&b, "unbind1 unmap1!fail unmap1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_true(b.w.vec[1].lost);
    g_assert_cmpuint(b.w.seq.undo_failures, ==, 2);
    g_assert_cmpint(b.w.seq.undo.step, ==, XEN_PT_MSI_STEP_UNMAP);
    use(&b, 1, &pirq6);
    check_ops(&b, "unmap1 " UP(1));
    g_assert_cmpint(b.w.v[1].pirq, ==, 6);
}

/* Half undone, it is not relied on, though it is asked for as it was. */
static void test_vector_half_undone(void)
{
    Bench b;

    bench_on(&b, 1);
    use(&b, 1, &pirq5);
    b.shown = b.plan.n;
    for (unsigned i = 0; i < 4; i++) {
        fail(&b, i, WORLD_FAIL);
    }
    use(&b, 1, &pirq6);
    check_ops(&b, "unbind1!fail unmap1!fail unbind1!fail unmap1!fail");
    use(&b, 1, &pirq5);
    check_ops(&b, DOWN(1) " " UP(1));
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
}

/* When all goes off none is lost any more. */
static void test_vector_lost_off(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu0);
    g_assert_cmpuint(b.w.seq.lost, ==, 1);
    world_set_control(&b.w, false, false);
    check_ops(&b, "map1!fail " OFF " " DOWN(0));
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
    g_assert_false(b.w.vec[1].lost);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* It is this vector's alone. */
static void test_vector_undo_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_FAIL);
    fail(&b, 2, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask!fail unmap1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_cmpint(b.w.seq.undo.step, ==, XEN_PT_MSI_STEP_UNMAP);
    use(&b, 2, &cpu0);
    check_ops(&b, UP(2));
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(2) " unmap1 " DOWN(0));
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    check_nothing_left(&b);
}

/* An unbind that fails lets the unmap do it. */
static void test_vector_unbind_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 3, WORLD_FAIL);
    fail(&b, 4, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1 bind1!fail unbind1!fail unmap1");
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_BIND, -ENOMEM);
    g_assert_cmpuint(b.w.seq.undo_failures, ==, 1);
    g_assert_cmpint(b.w.seq.undo.step, ==, XEN_PT_MSI_STEP_UNBIND);
}

/* What could not be undone is undone before anything else is tried. */
static void test_enable_after_undo(void)
{
    Bench b;

    bench_on(&b, 2);
    fail(&b, 4, WORLD_FAIL);
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " unbind1 unmap1!fail " DOWN(0));
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_REFUSED);
    fail(&b, 1, WORLD_FAIL);
    world_set_control(&b.w, true, false);
    check_ops(&b, "read unmap1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_REFUSED);
    g_assert_cmpint(b.w.seq.undo.step, ==, XEN_PT_MSI_STEP_UNMAP);
    world_set_control(&b.w, true, false);
    check_ops(&b, "read unmap1 " UP(0) " " UP(1) " " ON);
}

/* What Xen's unmap does for MSI is to be done here. */
static void test_disable_dropped(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_DROP);
    world_set_control(&b.w, false, false);
    check_ops(&b, "read write=0002!drop read read " DOWN(0) " " OFF);
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    check_nothing_left(&b);
}

/* --- The guest has moved the table -------------------------------------- */

/* All are unbound before the first is bound: Xen looks then. */
static void test_rebind(void)
{
    Bench b;

    bench_on(&b, 3);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1 unbind2 bind0 bind1 bind2");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(2) " " DOWN(1) " " DOWN(0));
}

/* Xen knows no more that the guest has masked it, nor what is half written. */
static void test_rebind_masked(void)
{
    Bench b;

    bench_on(&b, 2);
    mask(&b, 0, &cpu1);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1 bind0+mask bind1");
    g_assert_true(b.w.v[0].masked);
    g_assert_cmphex(b.w.v[0].guest.address, ==, cpu0.address);
    use(&b, 0, &cpu1);
    check_ops(&b, "bind0");
}

static void test_rebind_off(void)
{
    Bench b;

    bench_msix(&b, 3);
    use(&b, 0, &cpu0);
    world_rebind(&b.w);
    check_ops(&b, "");
    bench_on(&b, 0);
    world_rebind(&b.w);
    check_ops(&b, "");
}

/* A vector that cannot be bound as it was is set up anew, alone. */
static void test_rebind_unbind_fails(void)
{
    Bench b;

    bench_on(&b, 3);
    fail(&b, 1, WORLD_FAIL);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1!fail " DOWN(1) " unbind2 bind0 " UP(1)
                  " bind2");
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

static void test_rebind_bind_fails(void)
{
    Bench b;

    bench_on(&b, 2);
    fail(&b, 3, WORLD_FAIL);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1 bind0 bind1!fail unmap1 " UP(1));
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* One that is masked is set up when the guest unmasks it. */
static void test_rebind_masked_fails(void)
{
    Bench b;

    bench_on(&b, 2);
    mask(&b, 1, &cpu0);
    fail(&b, 3, WORLD_FAIL);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1 bind0 bind1+mask!fail unmap1");
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
    use(&b, 1, &cpu0);
    check_ops(&b, UP(1));
}

/* What was left of a vector does not come back by it but by a new map. */
static void test_rebind_left(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 3, WORLD_FAIL);
    fail(&b, 5, WORLD_FAIL);
    fail(&b, 7, WORLD_FAIL);
    fail(&b, 9, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1 bind1!fail unbind1 unmap1!fail");
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unmap1!fail bind0 unmap1!fail unmap1");
    g_assert_true(b.w.vec[1].lost);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 bind0 " UP(1));
    g_assert_cmpuint(b.w.seq.lost, ==, 0);
}

/* --- A request for a pirq ----------------------------------------------- */

/*
 * Linux leaves the entries of a driver that goes as they are, and may give the
 * pirq to another device.
 */
static void test_request_ends(void)
{
    Bench b;

    bench_on(&b, 0);
    use(&b, 0, &pirq5);
    use(&b, 1, &cpu0);
    world_set_control(&b.w, false, false);
    b.shown = b.plan.n;
    world_set_control(&b.w, true, true);
    check_ops(&b, UP(1) " " MASKED);
    use(&b, 0, &pirq6);
    check_ops(&b, UP(0));
    g_assert_cmpint(b.w.v[0].pirq, ==, 6);
}

/* Nor does one end that came while the function was off. */
static void test_request_early(void)
{
    Bench b;

    bench_msix(&b, 1);
    world_set_control(&b.w, false, false);
    use(&b, 0, &pirq5);
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " " ON);
}

/* --- Reset -------------------------------------------------------------- */

static void test_reset_on(void)
{
    Bench b;

    bench_on(&b, 2);
    world_reset(&b.w);
    check_ops(&b, OFF " " DOWN(1) " " DOWN(0));
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    check_nothing_left(&b);
}

/* No message, no vector that was used, none that was refused. */
static void test_reset_forgets(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu0);
    mask(&b, 2, &cpu0);
    world_reset(&b.w);
    b.shown = b.plan.n;
    g_assert_cmpuint(b.w.seq.used, ==, 0);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmphex(b.w.vec[i].want.message.address, ==, 0);
        g_assert_cmphex(b.w.vec[i].want.message.data, ==, 0);
        g_assert_false(b.w.vec[i].want.masked);
        g_assert_false(b.w.vec[i].lost);
    }
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
    use(&b, 1, &cpu0);
    check_ops(&b, UP(1));
}

/* What could not be undone stays in sight, and is tried again. */
static void test_reset_retries(void)
{
    Bench b;

    bench_on(&b, 3);
    fail(&b, 6, WORLD_FAIL);
    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(2) " unbind1 unmap1!fail " DOWN(0));
    fail(&b, 1, WORLD_FAIL);
    world_reset(&b.w);
    check_ops(&b, "read unmap1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_REFUSED);
    g_assert_cmpuint(b.w.seq.used, ==, 2);
    world_reset(&b.w);
    check_ops(&b, "read unmap1");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    g_assert_cmpuint(b.w.seq.used, ==, 0);
    check_nothing_left(&b);
}

/* --- Before the guest --------------------------------------------------- */

/* What an earlier owner left on goes off, the function mask with it. */
static void test_clear(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 3, 0xc002, COMMAND, true);
    g_assert_true(world_clear(&b.w));
    check_ops(&b, OFF);
}

/* Nor the function mask alone: Xen assigns no device that has it set. */
static void test_clear_masked(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 3, 0x4002, COMMAND, true);
    g_assert_true(world_clear(&b.w));
    check_ops(&b, OFF);
}

/* The probe's own, where ENABLE went off by itself before. */
static void test_probe_masked_left(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 3, CONTROL, COMMAND, true);
    fail(&b, 4, WORLD_RESETS);
    b.plan.fate.word = WORLD_MSIX_MASKALL;
    g_assert_true(world_probe(&b.w));
    check_ops(&b, "command " MASKED " read!resets write=0002 read");
}

/* A function that is masked sends nothing, as one that is no bus master. */
static void test_probe(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 3, CONTROL, COMMAND | WORLD_MASTER, true);
    g_assert_true(world_probe(&b.w));
    check_ops(&b, "command command=0103 command " MASKED " " OFF
                  " command=0107 command");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    g_assert_cmphex(b.w.control, ==, CONTROL);
}

static void test_probe_refused(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 3, CONTROL, COMMAND, false);
    g_assert_false(world_probe(&b.w));
    check_ops(&b, "command " MASKED " read read");
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
}

/* --- As many as there can be -------------------------------------------- */

#define MANY 2048

_Static_assert(MANY <= WORLD_VECTORS, "a world of so many vectors");

static void check_count(Bench *b, unsigned ops)
{
    g_assert_cmpuint(b->plan.n - b->shown, ==, ops);
    b->shown = b->plan.n;
}

/* One by one while on: each has its four operations, and no other's. */
static void test_many(void)
{
    g_autofree Bench *b = g_new(Bench, 1);

    bench_init(b, WORLD_MSIX, MANY, MANY - 1, COMMAND, true);
    world_set_control(&b->w, true, true);
    check_count(b, 3);
    for (unsigned i = 0; i < MANY; i++) {
        mask(b, i, &cpu0);
        check_count(b, 0);
        use(b, i, &cpu0);
        check_count(b, 4);
    }
    world_set_control(&b->w, true, false);
    check_count(b, 3);
    use(b, MANY / 2, &cpu1);
    check_count(b, 1);
    world_set_control(&b->w, false, false);
    check_count(b, 3 + 2 * MANY);
    check_nothing_left(b);
}

static void test_many_at_once(void)
{
    g_autofree Bench *b = g_new(Bench, 1);

    bench_init(b, WORLD_MSIX, MANY, MANY - 1, COMMAND, true);
    for (unsigned i = MANY; i--; ) {
        use(b, i, &cpu0);
        check_count(b, 0);
    }
    world_set_control(&b->w, true, false);
    check_count(b, 4 * MANY + 3);
    world_reset(&b->w);
    check_count(b, 3 + 2 * MANY);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        { "enable/masked", test_enable_masked },
        { "enable/late", test_enable_late },
        { "enable/unused", test_enable_unused },
        { "enable/found-masked", test_enable_found_masked },
        { "enable/found-set", test_enable_found_set },
        { "enable/to-see", test_enable_to_see },
        { "enable/again", test_enable_again },
        { "enable/denied", test_denied },
        { "disable", test_disable },
        { "disable/masked", test_disable_masked },
        { "disable/already", test_disabled },
        { "vector/mask", test_mask },
        { "vector/affinity", test_affinity },
        { "vector/affinity-unmasked", test_affinity_unmasked },
        { "vector/unusable", test_affinity_unusable },
        { "vector/half-written", test_half_written },
        { "vector/requested-pirq", test_requested_pirq },
        { "vector/other-pirq", test_other_pirq },
        { "maskall", test_maskall },
        { "maskall/keeps-other-bits", test_maskall_keeps_other_bits },
        { "maskall/refused", test_maskall_refused },
        { "maskall/read", test_maskall_read_fails },
        { "maskall/not-seen", test_maskall_not_seen },
        { "maskall/reads-lost", test_maskall_reads_lost },
        { "maskall/enable-lost", test_maskall_enable_lost },
        { "maskall/enable-lost-pirq", test_enable_lost_pirq },
        { "maskall/enable-lost-late", test_enable_lost_late },
        { "refuse/one", test_refuse_one },
        { "refuse/all", test_refuse_all },
        { "refuse/enable", test_refuse_enable },
        { "refuse/retried", test_refuse_retried },
        { "refuse/vector-map", test_vector_map_fails },
        { "refuse/vector-bind", test_vector_bind_fails },
        { "refuse/vector-message", test_vector_message_fails },
        { "refuse/vector-message-wrong", test_vector_message_wrong },
        { "refuse/vector-unmask", test_vector_unmask_fails },
        { "refuse/vector-retried", test_vector_retried },
        { "refuse/vector-given-up", test_vector_given_up },
        { "refuse/affinity", test_affinity_fails },
        { "refuse/affinity-forbidden", test_affinity_forbidden },
        { "refuse/affinity-forbidden-others", test_affinity_forbidden_others },
        { "refuse/affinity-forbidden-rebind", test_affinity_forbidden_rebind },
        { "refuse/other-pirq", test_other_pirq_fails },
        { "undo/other-pirq", test_other_pirq_undo_fails },
        { "undo/vector", test_vector_undo_fails },
        { "undo/vector-half", test_vector_half_undone },
        { "undo/vector-lost", test_vector_lost_off },
        { "undo/vector-unbind", test_vector_unbind_fails },
        { "undo/enable-after", test_enable_after_undo },
        { "undo/disable-dropped", test_disable_dropped },
        { "rebind", test_rebind },
        { "rebind/masked", test_rebind_masked },
        { "rebind/off", test_rebind_off },
        { "rebind/unbind-fails", test_rebind_unbind_fails },
        { "rebind/bind-fails", test_rebind_bind_fails },
        { "rebind/masked-fails", test_rebind_masked_fails },
        { "rebind/left", test_rebind_left },
        { "request/ends", test_request_ends },
        { "request/early", test_request_early },
        { "reset/on", test_reset_on },
        { "reset/forgets", test_reset_forgets },
        { "reset/retries", test_reset_retries },
        { "clear", test_clear },
        { "clear/masked", test_clear_masked },
        { "probe", test_probe },
        { "probe/refused", test_probe_refused },
        { "probe/masked-left", test_probe_masked_left },
        { "many", test_many },
        { "many/at-once", test_many_at_once },
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/msix-seq/%s", tests[i].name);

        g_test_add_func(path, tests[i].run);
    }
    return g_test_run();
}
