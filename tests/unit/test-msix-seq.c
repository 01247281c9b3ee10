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
        g_assert_cmpint(b->w.vec[i].refused, ==, i == refused);
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
    check_ops(&b, "");
    world_set_control(&b.w, true, false);
    check_ops(&b, ON);
    world_set_control(&b.w, true, false);
    check_ops(&b, "");
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

/* pciback before Linux 6.1 refuses the bit: not to be had, so nothing is. */
static void test_maskall_refused(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_DROP);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=c002!drop read " OFF " " DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_MASKALL, -EACCES);
    g_assert_cmphex(b.w.seq.fault.written, ==, 0xc002);
    g_assert_cmphex(b.w.seq.fault.read, ==, 0x8002);
    check_nothing_left(&b);
}

static void test_maskall_read_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_ONES);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read!ones " OFF " " DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_MASKALL, -EIO);
    check_nothing_left(&b);
}

/* It took, but that cannot be seen, nor what it is now: still written off. */
static void test_maskall_reads_lost(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_ONES);
    fail(&b, 3, WORLD_ONES);
    world_set_control(&b.w, true, true);
    check_ops(&b, "read write=c002 read!ones read!ones write=0002 read "
                  DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_MASKALL, -EIO);
    check_nothing_left(&b);
}

/* The device was reset behind QEMU's back: not to be switched on unseen. */
static void test_maskall_enable_lost(void)
{
    Bench b;

    bench_on(&b, 1);
    b.w.control &= ~WORLD_MSIX_ENABLE;
    b.w.trouble = true;
    world_set_control(&b.w, true, true);
    check_ops(&b, "read read " DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_MASKALL, -EIO);
    g_assert_cmphex(b.w.seq.fault.written, ==, 0x8002);
    g_assert_cmphex(b.w.seq.fault.read, ==, 0x0002);
    check_nothing_left(&b);
}

/* --- Refusals ----------------------------------------------------------- */

/* Before ENABLE is written: just what was done is undone, and all refused. */
static void test_refuse_undone(void)
{
    Bench b;

    bench_msix(&b, 3);
    for (unsigned i = 0; i < 3; i++) {
        use(&b, i, &cpu0);
    }
    fail(&b, 6, WORLD_ONES);
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " map1 bind1+mask message1!ones " UNDO " " DOWN(1) " "
                  DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_CHECK, -EBADMSG);
    check_nothing_left(&b);
}

static void test_refuse_enable(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 1, CONTROL, COMMAND, false);
    use(&b, 0, &cpu0);
    world_set_control(&b.w, true, true);
    check_ops(&b, UP(0) " " MASKED " " UNDO " " DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
    check_nothing_left(&b);
}

/* A guest that goes on asking makes no work. */
static void test_refuse_latched(void)
{
    Bench b;

    bench_init(&b, WORLD_MSIX, 2, CONTROL, COMMAND, false);
    world_set_control(&b.w, true, true);
    b.shown = b.plan.n;
    for (int i = 0; i < 100000; i++) {
        world_set_control(&b.w, i & 1, i & 2);
        world_set_vector(&b.w, i & 4 ? 1 : 0, i & 8 ? &cpu0 : &pirq5, i & 16);
        world_rebind(&b.w);
    }
    g_assert_cmpuint(b.plan.n, ==, b.shown);
    check_refused(&b, XEN_PT_MSI_STEP_ENABLE, -EACCES);
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
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1!fail " DOWN(1));
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_READ, -ENOMEM);
}

static void test_vector_message_wrong(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_JUNK);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1!junk " DOWN(1));
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

/* Latched until the function was off; the others go on. */
static void test_vector_latched(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu0);
    b.shown = b.plan.n;
    for (int i = 0; i < 100000; i++) {
        world_set_vector(&b.w, 1, i & 2 ? &cpu0 : &pirq5, i & 1);
    }
    check_ops(&b, "");
    use(&b, 0, &cpu1);
    use(&b, 2, &cpu0);
    check_ops(&b, "bind0 " UP(2));

    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " " DOWN(2) " " DOWN(0));
    use(&b, 1, &cpu0);
    world_set_control(&b.w, true, false);
    check_ops(&b, UP(0) " " UP(1) " " UP(2) " " ON);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_NONE);
}

/* Xen keeps the old binding where it refuses the new: so does the guest. */
static void test_affinity_fails(void)
{
    Bench b;

    bench_on(&b, 2);
    fail(&b, 0, WORLD_FAIL);
    use(&b, 1, &cpu1);
    check_ops(&b, "bind1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_cmpint(b.w.seq.fault.step, ==, XEN_PT_MSI_STEP_UPDATE);
    g_assert_cmpint(b.w.seq.fault.err, ==, -ENOMEM);
    g_assert_false(b.w.vec[1].refused);
    use(&b, 1, &cpu1);
    check_ops(&b, "bind1");
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
    use(&b, 1, &pirq6);
    check_ops(&b, "unbind1 unmap1!fail");
    use(&b, 1, &pirq5);
    check_ops(&b, "");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
    g_assert_true(b.w.vec[1].refused);
    g_assert_cmpuint(b.w.seq.undo_failures, ==, 1);
    g_assert_cmpint(b.w.seq.undo.step, ==, XEN_PT_MSI_STEP_UNMAP);
}

/* It is this vector's alone, and tried again when the function goes off. */
static void test_vector_undo_fails(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 2, WORLD_FAIL);
    fail(&b, 3, WORLD_FAIL);
    use(&b, 1, &cpu0);
    /* An unbind that fails lets the unmap do it. */
    check_ops(&b, "map1 bind1+mask message1!fail unbind1!fail unmap1");
    check_vector_refused(&b, 1, XEN_PT_MSI_STEP_READ, -ENOMEM);
    g_assert_cmpuint(b.w.seq.undo_failures, ==, 1);
    g_assert_cmpint(b.w.seq.undo.step, ==, XEN_PT_MSI_STEP_UNBIND);
    use(&b, 2, &cpu0);
    check_ops(&b, UP(2));
}

static void test_vector_undo_retried(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_FAIL);
    fail(&b, 2, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask!fail unmap1!fail");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);

    world_set_control(&b.w, false, false);
    check_ops(&b, OFF " unmap1 " DOWN(0));
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_REFUSED);
    world_reset(&b.w);
    check_ops(&b, "read");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_OFF);
    check_nothing_left(&b);
}

/* What Xen's unmap does for MSI is to be done here. */
static void test_disable_dropped(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 1, WORLD_DROP);
    world_set_control(&b.w, false, false);
    check_ops(&b, "read write=0002!drop read " DOWN(0) " " OFF);
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

static void test_rebind_unbind_fails(void)
{
    Bench b;

    bench_on(&b, 3);
    fail(&b, 1, WORLD_FAIL);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1!fail " OFF " " DOWN(2) " " DOWN(1)
                  " unmap0");
    check_refused(&b, XEN_PT_MSI_STEP_UPDATE, -ENOMEM);
    check_nothing_left(&b);
}

static void test_rebind_bind_fails(void)
{
    Bench b;

    bench_on(&b, 2);
    fail(&b, 3, WORLD_FAIL);
    world_rebind(&b.w);
    check_ops(&b, "unbind0 unbind1 bind0 bind1!fail " OFF " unmap1 " DOWN(0));
    check_refused(&b, XEN_PT_MSI_STEP_UPDATE, -ENOMEM);
    check_nothing_left(&b);
}

/* A vector that was refused, and is still bound, does not come back by it. */
static void test_rebind_refused(void)
{
    Bench b;

    bench_on(&b, 1);
    fail(&b, 3, WORLD_FAIL);
    fail(&b, 5, WORLD_FAIL);
    use(&b, 1, &cpu0);
    check_ops(&b, "map1 bind1+mask message1 bind1!fail unbind1 unmap1!fail");
    world_rebind(&b.w);
    check_ops(&b, "unbind0 bind0");
    g_assert_cmpint(b.w.seq.state, ==, XEN_PT_MSI_ON);
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
        g_assert_false(b.w.vec[i].refused);
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
    check_ops(&b, "command " MASKED " read");
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
        { "enable/again", test_enable_again },
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
        { "maskall/reads-lost", test_maskall_reads_lost },
        { "maskall/enable-lost", test_maskall_enable_lost },
        { "refuse/undone", test_refuse_undone },
        { "refuse/enable", test_refuse_enable },
        { "refuse/latched", test_refuse_latched },
        { "refuse/vector-map", test_vector_map_fails },
        { "refuse/vector-bind", test_vector_bind_fails },
        { "refuse/vector-message", test_vector_message_fails },
        { "refuse/vector-message-wrong", test_vector_message_wrong },
        { "refuse/vector-unmask", test_vector_unmask_fails },
        { "refuse/vector-latched", test_vector_latched },
        { "refuse/affinity", test_affinity_fails },
        { "refuse/other-pirq", test_other_pirq_fails },
        { "undo/other-pirq", test_other_pirq_undo_fails },
        { "undo/vector", test_vector_undo_fails },
        { "undo/vector-retried", test_vector_undo_retried },
        { "undo/disable-dropped", test_disable_dropped },
        { "rebind", test_rebind },
        { "rebind/masked", test_rebind_masked },
        { "rebind/off", test_rebind_off },
        { "rebind/unbind-fails", test_rebind_unbind_fails },
        { "rebind/bind-fails", test_rebind_bind_fails },
        { "rebind/refused", test_rebind_refused },
        { "reset/on", test_reset_on },
        { "reset/forgets", test_reset_forgets },
        { "reset/retries", test_reset_retries },
        { "clear", test_clear },
        { "probe", test_probe },
        { "probe/refused", test_probe_refused },
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
