/*
 * QTest: MSI-X of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As xen-pt-msi-test.c, of the vectors of a table that is in the device's
 * memory. What the guest writes there goes to Xen first, whose releases differ
 * in what they pass on to QEMU; what is in the device is written by Xen alone.
 */

#include "qemu/osdep.h"
#include "xen-pt-msix.h"

/*
 * Enabling
 */

/* Linux' order: nothing it does is refused by pciback, nor undone. */
static void test_enable_linux(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    msix_set_control(x, ENABLE | MASKALL);
    xen_pt_expect(x, SET(CONTROL_X, 0x0003, 0xc003));
    for (unsigned i = 0; i < 4; i++) {
        msix_mask(x, i, true);
    }
    msix_program(x, 0);
    xen_pt_expect(x, "");
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x8003));
    msix_mask(x, 0, false);
    xen_pt_expect(x, UP(0, 55, 0x41));
    g_assert_cmphex(msix_control(x), ==, 0x8003);
    g_assert_false(msix_hw_masked(x, 0));
    msix_request(x, 2);
    xen_pt_expect(x, UP(2, 54, 0x43));
    msix_assert_pirqs(x, 2, 2);
    g_assert_true(msix_hw_masked(x, 1));
    g_assert_false(msix_hw_masked(x, 2));
    msix_assert_status(x, "on", "none", 0);
    x->seen = 0;
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "back", "");
}

/* Unmasked before ENABLE: all are mapped and checked, then one write. */
static void test_enable_unmasked(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    msix_request(x, 0);
    msix_request(x, 3);
    xen_pt_expect(x, "");
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) UP(3, 54, 0x44)
                  SET(CONTROL_X, 0x0003, 0x8003));
    g_assert_true(msix_hw_enabled(x));
    g_assert_false(msix_hw_masked(x, 0));
    g_assert_false(msix_hw_masked(x, 3));
}

/* A device that shows its table only while ENABLE is set. */
static void test_enable_to_see(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    xen_pt_say(x, "table-shy DEV on");
    msix_request(x, 0);
    msix_request(x, 3);
    xen_pt_expect(x, "");
    msix_set_control(x, ENABLE);
    g_assert_true(msix_hw_enabled(x));
    msix_assert_pirqs(x, 2, 2);
    g_assert_false(msix_hw_masked(x, 0));
    g_assert_false(msix_hw_masked(x, 3));
    xen_pt_skip(x);
    xen_pt_say(x, "raise DEV 3");
    msix_assert_pirqs(x, 2, 2);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev",
        "dev DEV interrupt MSI-X 0x00000000fee00238 0x00000000\n");
    msix_set_control(x, 0);
    msix_assert_pirqs(x, 0, 0);
}

/* Unmasked first, and written then: half an entry asks for nothing. */
static void test_enable_half(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    msix_set_control(x, ENABLE);
    xen_pt_skip(x);
    msix_mask(x, 0, false);
    msix_write(x, 0, XEN_PT_ADDRESS, ADDRESS);
    msix_write(x, 0, XEN_PT_UPPER, 0);
    xen_pt_expect(x, "");
    msix_write(x, 0, XEN_PT_DATA, DATA(0));
    xen_pt_expect(x, UP(0, 55, 0x41));
    g_assert_false(msix_hw_masked(x, 0));
}

/* What the device sees, the first vector's start and all. */
static void test_enable_writes(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    msix_set_control(x, ENABLE);
    xen_pt_expect_writes(x, "dev DEV write CONTROL_X 0x8003\n");
    msix_request(x, 1);
    xen_pt_expect_writes(x,
        "xen DEV write CONTROL_X 0xc003\n"
        "xen DEV entry 1 MASK 0x00000001\n"
        "xen DEV write CONTROL_X 0x8003\n"
        "xen DEV entry 1 ADDRESS 0xfee00218\n"
        "xen DEV entry 1 UPPER 0x00000000\n"
        "xen DEV entry 1 DATA 0x00000000\n"
        "xen DEV entry 1 ADDRESS 0xfee00218\n"
        "xen DEV entry 1 UPPER 0x00000000\n"
        "xen DEV entry 1 DATA 0x00000000\n"
        "xen DEV entry 1 MASK 0x00000001\n"
        "xen DEV entry 1 MASK 0x00000000\n"
        /* and once more, as the guest's write is completed */
        "xen DEV entry 1 MASK 0x00000000\n");
    xen_pt_say(x, "raise DEV 1");
    msix_assert_pirqs(x, 1, 1);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev",
        "dev DEV interrupt MSI-X 0x00000000fee00218 0x00000000\n");
}

/* A guest with event channels leaves masking to Xen, and never unmasks. */
static void test_enable_pirq(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    msix_set_control(x, ENABLE | MASKALL);
    msix_set_control(x, ENABLE);
    xen_pt_skip(x);
    msix_write(x, 0, XEN_PT_ADDRESS, PIRQ_ADDRESS);
    msix_write(x, 0, XEN_PT_UPPER, 0);
    xen_pt_expect(x, "");
    msix_write(x, 0, XEN_PT_DATA, PIRQ_DATA);
    xen_pt_expect(x,
        "xc map_pirq_msi DEV entry 0 pirq 55 table 0xfeb80000\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x00 gflags 0x07037 gtable 0xe0002000 = 0\n"
        "xc bind_msi 55 gvec 0x00 gflags 0x17037 gtable 0xe0002000 = 0\n");
    g_assert_false(msix_hw_masked(x, 0));
}

/* Two words at a time, as a 64-bit guest may: Xen looks at the second. */
static void test_enable_wide(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);
    uint32_t entry = msix_word(x, 1, XEN_PT_ADDRESS);

    msix_set_control(x, ENABLE);
    xen_pt_skip(x);
    xen_pt_guest_write(x, entry, 8, ADDRESS);
    xen_pt_guest_write(x, entry + 8, 8, DATA(1));
    xen_pt_expect(x, UP(1, 55, 0x42));
    g_assert_false(msix_hw_masked(x, 1));

    xen_pt_guest_write(x, entry + 8, 8, 1ull << 32 | DATA(1));
    g_assert_true(msix_hw_masked(x, 1));
    xen_pt_guest_write(x, entry, 8, OTHER_ADDRESS);
    xen_pt_expect(x, "");
    xen_pt_guest_write(x, entry + 8, 8, 0x52);
    xen_pt_expect(x, BIND(55, 0x52, 0x10002));
    g_assert_false(msix_hw_masked(x, 1));
}

/* Data and the mask bit in one write: it masks, whatever else it changes. */
static void test_update_wide_mask(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 1);
    uint32_t data = msix_word(x, 0, XEN_PT_DATA);

    xen_pt_guest_write(x, data, 8, 1ull << 32 | 0x77);
    xen_pt_expect(x, "");
    g_assert_true(msix_hw_masked(x, 0));
    g_assert_cmphex(xen_pt_guest_read(x, data, 8), ==, 1ull << 32 | 0x77);
    g_assert_false(xen_pt_interrupts(x, 0, 0));
    xen_pt_skip(x);
    msix_mask(x, 0, false);
    xen_pt_expect(x, BIND(55, 0x77, 0x10001));
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    g_assert_false(msix_hw_masked(x, 0));
}

static void test_enable_message(const void *form)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    xen_pt_say(x, "message %s", (const char *)form);
    msix_enable(x, 2);
    msix_assert_pirqs(x, 2, 2);
    g_assert_false(msix_hw_masked(x, 1));
}

static void test_enable_status(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 3);
    XenPTStatus st;

    xen_pt_msix_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, "on");
    g_assert_cmpint(st.npirqs, ==, 3);
    g_assert_cmpint(st.pirq, ==, 55);
    xen_pt_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, "absent");
}

/* The vectors up to @n are on, and what the device sends arrives. */
static void assert_work(XenPT *x, unsigned n)
{
    g_assert_true(msix_enabled(x));
    g_assert_true(msix_hw_enabled(x));
    msix_assert_pirqs(x, n, n);
    for (unsigned i = 0; i < n; i++) {
        g_assert_true(xen_pt_interrupts(x, 0, i));
    }
    msix_assert_status(x, "on", "none", 0);
}

/* An ENABLE that is there before the messages were checked goes, and comes. */
static void test_enable_set_by_others(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    msix_request(x, 0);
    xen_pt_skip(x);
    xen_pt_say(x, "poke DEV 0x%02x/2 0x8003", CONTROL_X);
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41)
                  SET(CONTROL_X, 0x8003, 0x0003)
                  "cfg DEV write CONTROL_X 0x8003\n"
                  "cfg DEV read CONTROL_X = 0x8003\n");
    assert_work(x, 1);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/*
 * The device has lost all by a reset of its driver's. That restores it in
 * Linux' order (__pci_restore_msix_state()): the control word with both bits,
 * the entries, and the control word once more.
 */
static void test_enable_lost(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 2);

    xen_pt_say(x, "poke DEV 0x%02x/2 0x0003", CONTROL_X);
    for (unsigned i = 0; i < 2; i++) {
        xen_pt_say(x, "poke DEV bar0+0x%x/4 0", 0x2000 + i * 16);
        xen_pt_say(x, "poke DEV bar0+0x%x/4 1", 0x2000 + i * 16 + 12);
    }
    g_assert_false(msix_hw_enabled(x));
    msix_set_control(x, ENABLE | MASKALL);
    g_assert_true(msix_hw_enabled(x));
    for (unsigned i = 0; i < 2; i++) {
        msix_request(x, i);
    }
    msix_set_control(x, ENABLE);
    g_assert_cmphex(msix_control(x), ==, 0x8003);
    assert_work(x, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/* A read of the control word that is lost is repeated, wherever it is. */
static void test_lost_read(const void *way)
{
    for (unsigned k = 1; k <= 2; k++) {
        g_autoptr(XenPT) x = msix_start(&msix_plain);

        msix_request(x, 0);
        xen_pt_say(x, "fail cfg.read@0x%02x %u %s", CONTROL_X, k,
                   (const char *)way);
        msix_set_control(x, ENABLE);
        xen_pt_say(x, "heal");
        assert_work(x, 1);
        xen_pt_say(x, "fail cfg.read@0x%02x %u %s", CONTROL_X, k,
                   (const char *)way);
        msix_set_control(x, ENABLE | MASKALL);
        xen_pt_say(x, "heal");
        g_assert_cmphex(msix_control(x), ==, 0xc003);
        g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_X, 2), ==, 0xc003);
        msix_set_control(x, ENABLE);
        assert_work(x, 1);
    }
}

/* A second one is not: refused, and the guest's next try works. */
static void test_lost_reads(const void *way)
{
    for (unsigned k = 1; k <= 2; k++) {
        g_autoptr(XenPT) x = msix_start(&msix_plain);

        msix_request(x, 0);
        for (unsigned i = 0; i < 2; i++) {
            xen_pt_say(x, "fail cfg.read@0x%02x %u %s", CONTROL_X, k + i,
                       (const char *)way);
        }
        msix_set_control(x, ENABLE);
        msix_assert_refused(x, "enable", EIO);
        xen_pt_say(x, "heal");
        msix_set_control(x, ENABLE);
        assert_work(x, 1);
    }
}

/* Refused is refused until the guest asks again. */
static void test_refused_retried(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    xen_pt_say(x, "fail map_pirq_msi 1 ENOSPC");
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    msix_assert_refused(x, "map", ENOSPC);
    msix_set_control(x, 0);
    xen_pt_skip(x);
    msix_set_control(x, ENABLE);
    xen_pt_expect_effects(x, UP(0, 55, 0x41)
                          "dev DEV write CONTROL_X 0x8003\n");
    assert_work(x, 1);
}

/* As many as there can be, one by one: the work for each is the same. */
static void test_enable_2048(void)
{
    static const XenPTLayout large = {
        .no_msi = true, .entries = 2048, .table = 0x8000, .pba = 0x4000,
    };
    const unsigned per_vector = 4, of_session = 3;
    g_autoptr(XenPT) x = xen_pt_new();
    uint32_t table = XEN_PT_GUEST0 + large.table;
    g_autofree char *journal = NULL, *off = NULL;
    g_auto(GStrv) lines = NULL, off_lines = NULL;

    xen_pt_add(x, &large);
    xen_pt_say(x, "extra-irqs 2048");
    xen_pt_run(x, "");
    msix_place(x);
    msix_set_control(x, ENABLE);
    /* None of them is bound yet, so Xen passes all of it on. */
    for (unsigned i = 0; i < 2048; i++) {
        xen_pt_write(x, table + i * 16, 4, ADDRESS);
        xen_pt_write(x, table + i * 16 + 8, 4, 0x41 + i % 0x80);
        xen_pt_write(x, table + i * 16 + 12, 4, 0);
    }
    journal = xen_pt_journal(x, "cfg xc");
    lines = g_strsplit(g_strchomp(journal), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, of_session + 2048 * per_vector);
    msix_assert_pirqs(x, 2048, 2048);
    g_assert_false(msix_hw_masked(x, 2047));

    xen_pt_skip(x);
    msix_set_control(x, 0);
    off = xen_pt_journal(x, "cfg xc");
    off_lines = g_strsplit(g_strchomp(off), "\n", -1);
    g_assert_cmpuint(g_strv_length(off_lines), ==, 3 + 2048 * 2);
    g_assert_false(msix_hw_enabled(x));
    msix_assert_pirqs(x, 0, 0);
}

/*
 * Refusals
 */

/*
 * What the device holds is not what Xen writes: that vector stays masked. Where
 * nothing was seen the whole function does, as ENABLE may be what it takes.
 */
static void test_refused_message(const void *message)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);
    bool unseen = g_str_has_prefix(message, "0xffffffff");

    xen_pt_say(x, "message %s", (const char *)message);
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev", unseen ?
                        "dev DEV write CONTROL_X 0xc003\n"
                        "dev DEV write CONTROL_X 0x0003\n" : "");
    msix_assert_refused(x, "check", EBADMSG);
}

/* Permission is taken away after the guest has seen the capability. */
static void test_refused_late(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    xen_pt_say(x, "allow DEV off");
    msix_request(x, 0);
    msix_request(x, 1);
    msix_set_control(x, ENABLE);
    xen_pt_expect_effects(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                          DOWN(54, 0x42) DOWN(55, 0x41));
    msix_assert_refused(x, "enable", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, "allow_interrupt_control"), ==, 1);
}

/*
 * Each time the guest asks it is tried once, the same, and that is all; what it
 * writes to the table meanwhile costs nothing.
 */
static void test_refused_toggle(void)
{
    static const char *const tried =
        "cfg DEV read CONTROL_X = 0x0003\n"        /* what was left */
        UP(0, 55, 0x41)
        "cfg DEV read CONTROL_X = 0x0003\n"
        "cfg DEV write CONTROL_X 0x8003\n"
        "cfg DEV read CONTROL_X = 0x0003\n"
        "cfg DEV read CONTROL_X = 0x0003\n"        /* looked at once more */
        "cfg DEV read CONTROL_X = 0x0003\n"        /* to switch it off */
        DOWN(55, 0x41);
    g_autoptr(XenPT) x = msix_start(&msix_plain);
    unsigned lines;

    xen_pt_say(x, "allow DEV off");
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    msix_assert_refused(x, "enable", EACCES);
    lines = xen_pt_log_lines(x, "");
    for (int i = 0; i < 2000; i++) {
        xen_pt_skip(x);
        msix_set_control(x, ENABLE);
        xen_pt_expect(x, tried);
        xen_pt_write(x, msix_word(x, 0, XEN_PT_ADDRESS), 4,
                     ADDRESS + 0x1000 * (i % 2));
        xen_pt_write(x, msix_word(x, 0, XEN_PT_MASK), 4, i % 2);
        xen_pt_write(x, msix_word(x, 0, XEN_PT_ADDRESS), 4, ADDRESS);
        xen_pt_write(x, msix_word(x, 0, XEN_PT_MASK), 4, 0);
        msix_set_control(x, 0);
        xen_pt_expect(x, "");
    }
    msix_assert_all_off(x);
    g_assert_cmpuint(xen_pt_log_lines(x, ""), ==, lines);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X refused"), ==, 1);
    xen_pt_say(x, "allow DEV on");
    msix_set_control(x, ENABLE);
    assert_work(x, 1);
}

/* dom0 has not prepared it: Xen does not know of a table. */
static void test_refused_unprepared(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    xen_pt_say(x, "prepared DEV off");
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    msix_assert_refused(x, "map", ENODATA);
}

/*
 * A vector that comes late, and cannot be had, is not the others' problem
 */

static void assert_first_alone(XenPT *x)
{
    g_assert_true(msix_enabled(x));
    g_assert_true(msix_hw_enabled(x));
    msix_assert_pirqs(x, 1, 1);
    g_assert_false(msix_hw_masked(x, 0));
    g_assert_true(msix_hw_masked(x, 1));
}

static void test_late_failure(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 1);

    xen_pt_say(x, "fail bind_msi 1 EPERM");
    msix_request(x, 1);
    xen_pt_expect(x, MAP(1, 54)
        "xc bind_msi 54 gvec 0x42 gflags 0x00001 gtable 0xe0002000 = EPERM\n"
        "xc unmap_pirq 54 = 0\n");
    assert_first_alone(x);
    msix_assert_status(x, "on", "bind", EPERM);

    /* Masked it is not missed; each time it is wanted it is tried once. */
    for (int i = 0; i < 50; i++) {
        msix_mask(x, 1, true);
        msix_assert_status(x, "on", "none", 0);
        xen_pt_skip(x);
        xen_pt_say(x, "fail bind_msi 1 EPERM");
        msix_mask(x, 1, false);
        xen_pt_expect(x, MAP(1, 54)
            "xc bind_msi 54 gvec 0x42 gflags 0x00001 gtable 0xe0002000 = "
            "EPERM\n"
            "xc unmap_pirq 54 = 0\n");
        assert_first_alone(x);
        xen_pt_say(x, "heal");
    }
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    msix_mask(x, 1, true);
    xen_pt_skip(x);
    msix_mask(x, 1, false);
    xen_pt_expect(x, UP(1, 54, 0x42));
    assert_work(x, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
    xen_pt_skip(x);
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                  SET(CONTROL_X, 0x0003, 0x8003));
}

/* Of more vectors than Xen has interrupts, the first work: one warning. */
static void test_late_no_pirqs(void)
{
    static const XenPTLayout many = {
        .no_msi = true, .entries = 40, .table = 0x2000, .pba = 0x3000,
    };
    g_autoptr(XenPT) x = msix_start(&many);

    msix_enable(x, 40);
    msix_assert_pirqs(x, 32, 32);
    g_assert_true(msix_enabled(x));
    g_assert_false(msix_hw_masked(x, 31));
    g_assert_true(msix_hw_masked(x, 32));
    g_assert_cmpuint(xen_pt_log_lines(x, "extra_guest_irqs"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/* The same where all are wanted before ENABLE; which are lost is told. */
static void test_lost_half(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    for (unsigned i = 0; i < 4; i++) {
        msix_request(x, i);
    }
    xen_pt_say(x, "fail map_pirq_msi 2 ENOSPC");
    xen_pt_say(x, "fail map_pirq_msi 4 ENOSPC");
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41)
        "xc map_pirq_msi DEV entry 1 pirq -1 table 0xfeb80000 = ENOSPC\n"
        UP(2, 54, 0x43)
        "xc map_pirq_msi DEV entry 3 pirq -1 table 0xfeb80000 = ENOSPC\n"
        SET(CONTROL_X, 0x0003, 0x8003));
    g_assert_true(msix_enabled(x));
    msix_assert_pirqs(x, 2, 2);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(xen_pt_interrupts(x, 0, i), ==, i % 2 == 0);
    }
    msix_assert_status(x, "on", "map", ENOSPC);
    xen_pt_assert_lost(x, 0, "1 3");
    g_assert_cmpuint(xen_pt_log_lines(x, "extra_guest_irqs"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    /* One comes back, when the guest asks for it again; the other does not. */
    msix_mask(x, 3, true);
    msix_mask(x, 3, false);
    g_assert_true(xen_pt_interrupts(x, 0, 3));
    xen_pt_assert_lost(x, 0, "1");
    msix_mask(x, 1, true);
    msix_mask(x, 1, false);
    xen_pt_assert_lost(x, 0, "");
    assert_work(x, 4);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/* Its message is wrong: it is the one that is not unmasked. */
static void test_late_message(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 1);

    xen_pt_say(x, "message 0xfee01000:0x8041");
    msix_request(x, 1);
    xen_pt_expect(x, MAP(1, 54) BIND(54, 0x42, 0x00001) DOWN(54, 0x42));
    assert_first_alone(x);
    msix_assert_status(x, "on", "check", EBADMSG);
}

/*
 * While it is on
 */

/*
 * The guest moves an interrupt to another CPU, as Linux does: masked,
 * changed, unmasked. One bind, whatever Xen shows of it.
 */
static void test_update_affinity(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 2);

    msix_mask(x, 1, true);
    g_assert_true(msix_hw_masked(x, 1));
    msix_write(x, 1, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_write(x, 1, XEN_PT_UPPER, 0);
    msix_write(x, 1, XEN_PT_DATA, 0x52);
    xen_pt_expect(x, "");
    msix_mask(x, 1, false);
    xen_pt_expect(x, BIND(54, 0x52, 0x10002));
    g_assert_false(msix_hw_masked(x, 1));
    g_assert_false(msix_hw_masked(x, 0));
}

/* The same message once more is no change. */
static void test_update_same(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 1);

    msix_mask(x, 0, true);
    msix_request(x, 0);
    xen_pt_expect(x, "");
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, "cfg DEV read CONTROL_X = 0x8003\n");
    g_assert_false(msix_hw_masked(x, 0));
}

/* Masking is between the guest and Xen. */
static void test_update_mask(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 2);

    for (int i = 0; i < 3; i++) {
        msix_mask(x, 0, true);
        g_assert_true(msix_hw_masked(x, 0));
        g_assert_cmphex(xen_pt_guest_read(x, msix_word(x, 0, XEN_PT_MASK),
                                          4), ==, 1);
        msix_mask(x, 0, false);
        g_assert_false(msix_hw_masked(x, 0));
        g_assert_cmphex(xen_pt_guest_read(x, msix_word(x, 0, XEN_PT_MASK),
                                          4), ==, 0);
    }
    xen_pt_expect(x, "");
}

/* Changed without masking it, which is undefined: it is not lost. */
static void test_update_unmasked(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 1);
    g_autofree char *journal = NULL;

    msix_write(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_mask(x, 0, false);
    journal = xen_pt_journal(x, "cfg xc");
    g_assert_cmpstr(journal, ==, BIND(55, 0x41, 0x10002));
}

/*
 * It fails, and Xen alone knows what is bound by now: the vector is set up
 * anew, with what the guest has written, and the one beside it stays.
 */
static void test_update_failed(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

    xen_pt_say(x, "fail bind_msi 1 EINVAL");
    msix_mask(x, 0, true);
    msix_write(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_mask(x, 0, false);
    xen_pt_expect(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 gtable 0xe0002000 = "
        "EINVAL\n" DOWN(55, 0x41) MAP(0, 55)
        BIND(55, 0x41, 0x00002) BIND(55, 0x41, 0x10002));
    assert_work(x, 2);
}

/* Forbidden, so Xen has not looked at it: the binding that is there stays. */
static void test_update_forbidden(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 1);

    xen_pt_say(x, "fail bind_msi 1 EPERM");
    msix_mask(x, 0, true);
    msix_write(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_mask(x, 0, false);
    xen_pt_expect(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 gtable 0xe0002000 = "
        "EPERM\n");
    g_assert_true(msix_enabled(x));
    msix_assert_pirqs(x, 1, 1);
    msix_assert_status(x, "on", "update", EPERM);
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    g_assert_cmpuint(xen_pt_log_lines(x, "not updated"), ==, 1);
}

/* Another pirq is a new map; the vector beside it does not notice. */
static void test_update_pirq(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

    msix_mask(x, 1, true);
    msix_write(x, 1, XEN_PT_ADDRESS, 0xfee34000);
    msix_write(x, 1, XEN_PT_DATA, PIRQ_DATA);
    msix_mask(x, 1, false);
    xen_pt_expect(x, DOWN(54, 0x42)
        "xc map_pirq_msi DEV entry 1 pirq 52 table 0xfeb80000\n"
        "xc map_pirq_msi = 0 pirq 52\n"
        "xc bind_msi 52 gvec 0x00 gflags 0x07034 gtable 0xe0002000 = 0\n"
        "xc bind_msi 52 gvec 0x00 gflags 0x17034 gtable 0xe0002000 = 0\n");
    msix_assert_pirqs(x, 2, 2);
}

/* The function mask follows the guest's, by one write each. */
static void test_maskall(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 1);

    for (int i = 0; i < 3; i++) {
        msix_set_control(x, ENABLE | MASKALL);
        xen_pt_expect(x, SET(CONTROL_X, 0x8003, 0xc003));
        g_assert_cmphex(msix_control(x), ==, 0xc003);
        msix_set_control(x, ENABLE);
        xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x8003));
    }
    /* written as it is: it is looked at */
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, "cfg DEV read CONTROL_X = 0x8003\n");
    /* while off it is the guest's alone */
    msix_set_control(x, 0);
    xen_pt_skip(x);
    msix_set_control(x, MASKALL);
    g_assert_cmphex(msix_control(x), ==, 0x4003);
    msix_set_control(x, 0);
    xen_pt_expect(x, "");
}

/*
 * A kernel of dom0 that has grown older meanwhile does not let it through: the
 * function stays on, the guest reads the mask that the device has, and each try
 * is one.
 */
static void test_maskall_refused(void)
{
    static const char *const tried =
        "cfg DEV read CONTROL_X = 0x8003\n"
        "cfg DEV write CONTROL_X 0xc003\n"
        "cfg DEV read CONTROL_X = 0x8003\n"
        "cfg DEV read CONTROL_X = 0x8003\n";
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

    xen_pt_say(x, "kernel 5.6");
    for (int i = 0; i < 20; i++) {
        xen_pt_skip(x);
        msix_set_control(x, ENABLE | MASKALL);
        xen_pt_expect(x, tried);
        g_assert_cmphex(msix_control(x), ==, 0x8003);
    }
    msix_assert_pirqs(x, 2, 2);
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    g_assert_true(xen_pt_interrupts(x, 0, 1));
    msix_assert_status(x, "on", "maskall", EACCES);
    g_assert_cmpuint(xen_pt_log_lines(x, "6.1 or newer"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    msix_set_control(x, ENABLE);
    assert_work(x, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/*
 * Switching off
 */

static void test_disable_sequence(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

    msix_set_control(x, 0);
    xen_pt_expect(x, SET(CONTROL_X, 0x8003, 0x0003)
                  DOWN(54, 0x42) DOWN(55, 0x41));
    g_assert_false(msix_enabled(x));
    msix_assert_all_off(x);
    msix_assert_status(x, "off", "none", 0);
}

/* Masked when it goes: one write clears both bits. */
static void test_disable_masked(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 1);

    msix_set_control(x, ENABLE | MASKALL);
    xen_pt_skip(x);
    msix_set_control(x, MASKALL);
    xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x0003) DOWN(55, 0x41));
    msix_assert_all_off(x);
}

/* What is programmed is still so when MSI-X is on again. */
static void test_disable_enable(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    msix_enable(x, 2);
    for (int i = 0; i < 10; i++) {
        msix_set_control(x, 0);
        msix_assert_all_off(x);
        xen_pt_skip(x);
        msix_set_control(x, ENABLE);
        xen_pt_expect(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                      SET(CONTROL_X, 0x0003, 0x8003));
        g_assert_false(msix_hw_masked(x, 1));
    }
}

/* What the guest has masked is masked when MSI-X is on again. */
static void test_disable_enable_masked(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 2);
    uint32_t mask = msix_word(x, 0, XEN_PT_MASK);

    msix_mask(x, 0, true);
    g_assert_cmphex(xen_pt_guest_read(x, mask, 4), ==, 1);
    msix_set_control(x, 0);
    g_assert_cmphex(xen_pt_guest_read(x, mask, 4), ==, 1);
    xen_pt_skip(x);
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(1, 55, 0x42) SET(CONTROL_X, 0x0003, 0x8003));
    g_assert_true(msix_hw_masked(x, 0));
    g_assert_cmphex(xen_pt_guest_read(x, mask, 4), ==, 1);
    g_assert_false(xen_pt_interrupts(x, 0, 0));
    g_assert_true(xen_pt_interrupts(x, 0, 1));
    msix_mask(x, 0, false);
    assert_work(x, 2);
}

static void test_disable_failed(const void *op)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);
    g_autofree char *journal = NULL;
    XenPTStatus st;

    xen_pt_say(x, "fail %s 1 EINVAL", (const char *)op);
    msix_set_control(x, 0);
    journal = xen_pt_journal(x, "xc");
    g_assert_nonnull(strstr(journal, "xc unbind_msi 54"));
    g_assert_nonnull(strstr(journal, "xc unmap_pirq 54"));
    g_assert_nonnull(strstr(journal, DOWN(55, 0x41)));
    g_assert_false(msix_enabled(x));
    g_assert_false(msix_hw_enabled(x));
    xen_pt_msix_status(x, 0, &st);
    g_assert_cmpint(st.undo_failures, ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "not undone"), ==, 1);
}

/* A reset empties the table, and a refusal is forgotten. */
static void test_reset(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

    qtest_system_reset(x->qts);
    xen_pt_expect_effects(x, "dev DEV write CONTROL_X 0x0003\n"
                          DOWN(54, 0x42) DOWN(55, 0x41));
    msix_assert_all_off(x);
    msix_place(x);
    g_assert_cmphex(msix_control(x), ==, 0x0003);
    g_assert_cmphex(xen_pt_read(x, msix_word(x, 0, XEN_PT_ADDRESS), 4),
                    ==, 0);
    g_assert_cmphex(xen_pt_read(x, msix_word(x, 0, XEN_PT_MASK), 4), ==,
                    1);
    xen_pt_say(x, "fail map_pirq_msi 1 EPERM");
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    msix_assert_refused(x, "map", EPERM);
    qtest_system_reset(x->qts);
    msix_place(x);
    msix_enable(x, 1);
    msix_assert_pirqs(x, 1, 1);
    msix_assert_status(x, "on", "none", 0);
}

static void test_unplug(void)
{
    g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

    xen_pt_unplug(x, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "dev",
                        "dev DEV write CONTROL_X 0x0003\n");
    msix_assert_all_off(x);
    g_assert_true(xen_pt_plug(x, 0));
    msix_place(x);
    msix_enable(x, 2);
    msix_assert_pirqs(x, 2, 2);
}

/*
 * The capability
 */

/* ENABLE is in the upper byte. */
static void test_registers_bytes(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    msix_request(x, 0);
    qpci_config_writeb(x->dev[0], CONTROL_X, 0xff);
    xen_pt_expect(x, "");
    g_assert_cmphex(msix_control(x), ==, 0x0003);
    qpci_config_writeb(x->dev[0], CONTROL_X + 1, 0x80);
    xen_pt_expect(x, UP(0, 55, 0x41) SET(CONTROL_X, 0x0003, 0x8003));
    g_assert_cmphex(msix_control(x), ==, 0x8003);
    qpci_config_writeb(x->dev[0], CONTROL_X, 0);
    xen_pt_expect(x, "");
    qpci_config_writeb(x->dev[0], CONTROL_X + 1, 0);
    msix_assert_all_off(x);
}

/* As one write of 4 bytes; all but the two bits is read-only. */
static void test_registers_dword(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    msix_request(x, 0);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSIX, 0xffffffff);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX), ==,
                    0xc0030000 | PCI_CAP_ID_MSIX);
    g_assert_true(msix_hw_enabled(x));
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSIX + PCI_MSIX_TABLE, ~0u);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSIX + PCI_MSIX_PBA, ~0u);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX +
                                      PCI_MSIX_TABLE), ==, msix_plain.table);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX +
                                      PCI_MSIX_PBA), ==, msix_plain.pba);
}

/* Reading what is emulated costs no round trip to dom0. */
static void test_registers_reads(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    for (unsigned at = 0; at < 12; at += 2) {
        qpci_config_readw(x->dev[0], XEN_PT_CAP_MSIX + at);
    }
    for (unsigned at = 0; at < 64; at += 4) {
        xen_pt_read(x, XEN_PT_GUEST0 + 0x2000 + at, 4);
    }
    xen_pt_expect(x, "");
}

/*
 * MSI and MSI-X of one device: one at a time
 */

static void test_other_msi(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_both);

    msix_enable(x, 2);
    xen_pt_skip(x);
    for (int i = 0; i < 20; i++) {
        msi_set_enable(x, true);
        g_assert_false(msi_enabled(x));
        msi_set_enable(x, false);
    }
    xen_pt_expect(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, "the other of MSI and MSI-X is on") +
                     xen_pt_log_lines(x, "has the other of MSI and MSI-X on"),
                     ==, 1);
    g_assert_true(msix_enabled(x));
    msix_assert_pirqs(x, 2, 2);
    msix_set_control(x, 0);
    msi_set_enable(x, true);
    g_assert_true(msi_enabled(x));
    msix_assert_pirqs(x, 1, 1);
}

static void test_other_msix(void)
{
    g_autoptr(XenPT) x = msix_start(&msix_both);

    msix_request(x, 0);
    msi_set_enable(x, true);
    xen_pt_skip(x);
    for (int i = 0; i < 20; i++) {
        msix_set_control(x, ENABLE);
        g_assert_false(msix_enabled(x));
        msix_set_control(x, 0);
    }
    xen_pt_expect(x, "");
    g_assert_cmpuint(xen_pt_log_lines(x, "has the other of MSI and MSI-X on"),
                     ==, 1);
    g_assert_true(msi_enabled(x));
    msix_assert_pirqs(x, 1, 1);
    msi_set_enable(x, false);
    msix_set_control(x, ENABLE);
    g_assert_true(msix_enabled(x));
    msix_assert_pirqs(x, 1, 1);
}

/*
 * Each device has its own table and pirqs. One that asks for the other's pirq
 * does not get it, and the other's interrupt survives.
 */
static void test_two_devices(void)
{
    uint32_t table = XEN_PT_GUEST0 + 0x400000 + 0x2000;
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_plain);
    xen_pt_add(x, &msix_plain);
    xen_pt_run(x, "");
    msix_place(x);
    xen_pt_place(x, 1, 0, XEN_PT_GUEST0 + 0x400000);
    msix_enable(x, 1);
    qpci_config_writew(x->dev[1], CONTROL_X, 0x8003);
    xen_pt_skip(x);
    xen_pt_guest_write(x, table, 4, ADDRESS);
    xen_pt_guest_write(x, table + 8, 4, DATA(0));
    xen_pt_guest_write(x, table + 12, 4, 0);
    xen_pt_expect(x,
        "xc map_pirq_msi DEV2 entry 0 pirq -1 table 0xfeb90000\n"
        "xc map_pirq_msi = 0 pirq 54\n"
        "xc bind_msi 54 gvec 0x41 gflags 0x00001 gtable 0xe0402000 = 0\n"
        "xc bind_msi 54 gvec 0x41 gflags 0x10001 gtable 0xe0402000 = 0\n");
    xen_pt_guest_write(x, table + 16, 4, PIRQ_ADDRESS);
    xen_pt_guest_write(x, table + 24, 4, PIRQ_DATA);
    xen_pt_expect(x, "");
    msix_assert_pirqs(x, 2, 2);
    msix_set_control(x, 0);
    msix_assert_pirqs(x, 1, 1);
    g_assert_cmphex(xen_pt_hw(x, 1, CONTROL_X, 2), ==, 0x8003);
    g_assert_false(xen_pt_hw_entry(x, 1, 0, XEN_PT_MASK) & 1);
}

/* The guest's driver of one of its two devices, with event channels. */
static void set_control_of(XenPT *x, unsigned i, uint16_t bits)
{
    uint16_t control = qpci_config_readw(x->dev[i], CONTROL_X);

    qpci_config_writew(x->dev[i], CONTROL_X,
                       (control & ~(ENABLE | MASKALL)) | bits);
}

static void load_driver(XenPT *x, unsigned i, uint32_t table, unsigned pirq)
{
    set_control_of(x, i, ENABLE | MASKALL);
    xen_pt_guest_write(x, table + 12, 4, 1);
    xen_pt_guest_write(x, table, 4, 0xfee00000 | pirq << 12);
    xen_pt_guest_write(x, table + 4, 4, 0);
    xen_pt_guest_write(x, table + 8, 4, 0x4300);
    set_control_of(x, i, ENABLE);
    xen_pt_guest_write(x, table + 12, 4, 0);
}

/*
 * A pirq of a driver that is gone is given to another device's. What the first
 * one has left in its table does not ask for it when that one comes back.
 */
static void test_pirq_reuse(const void *xen)
{
    const uint32_t base[] = { XEN_PT_GUEST0, XEN_PT_GUEST0 + 0x400000 };
    g_autoptr(XenPT) x = xen_pt_new();
    XenPTStatus st[2];

    xen_pt_add(x, &msix_plain);
    xen_pt_add(x, &msix_plain);
    xen_pt_say(x, "xen %s", (const char *)xen);
    xen_pt_run(x, "");
    xen_pt_place(x, 0, 0, base[0]);
    xen_pt_place(x, 1, 0, base[1]);
    load_driver(x, 0, base[0] + 0x2000, 55);
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    set_control_of(x, 0, 0);
    msix_assert_pirqs(x, 0, 0);
    load_driver(x, 1, base[1] + 0x2000, 55);
    g_assert_true(xen_pt_interrupts(x, 1, 0));

    /* Unasked it has nothing: the other's pirq least of all. */
    xen_pt_skip(x);
    set_control_of(x, 0, ENABLE | MASKALL);
    xen_pt_expect(x, SET(CONTROL_X, 0x0003, 0xc003));
    set_control_of(x, 0, 0);
    load_driver(x, 0, base[0] + 0x2000, 54);
    for (unsigned i = 0; i < 2; i++) {
        xen_pt_msix_status(x, i, &st[i]);
        g_assert_cmpstr(st[i].state, ==, "on");
        g_assert_cmpstr(st[i].step, ==, "none");
        g_assert_cmpint(st[i].pirq, ==, i ? 55 : 54);
        g_assert_true(xen_pt_interrupts(x, i, 0));
    }
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 0);
    set_control_of(x, 0, 0);
    g_assert_true(xen_pt_interrupts(x, 1, 0));
    set_control_of(x, 1, 0);
    msix_assert_pirqs(x, 0, 0);
}

/* A driver that comes back with the same pirq writes it, and has it. */
static void test_pirq_same(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_on(&msix_plain, xen);

    for (int i = 0; i < 3; i++) {
        load_driver(x, 0, msix_table(msix_plain.table), 55);
        assert_work(x, 1);
        set_control_of(x, 0, 0);
        msix_assert_all_off(x);
    }
}

/* QEMU in dom0: the same sequence, without pciback. */
static void test_dom0(void)
{
    g_autoptr(XenPT) x = msix_realize(&msix_plain, "stubdom off", "");

    msix_place(x);
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) SET(CONTROL_X, 0x0003, 0x8003));
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/*
 * Every operation failing in turn, in every way that it can
 */

typedef void Action(XenPT *x);

/* What an action consists of, after @before. */
static GStrv operations(Action *before, Action *action)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);
    g_autofree char *journal = NULL;
    g_auto(GStrv) lines = NULL;
    GStrv ops;
    unsigned n = 0;

    before(x);
    xen_pt_skip(x);
    action(x);
    journal = xen_pt_journal(x, "cfg xc");
    xen_pt_free(x);

    lines = g_strsplit(journal, "\n", -1);
    ops = g_new0(char *, g_strv_length(lines) + 1);
    for (char **l = lines; **l; l++) {
        /* a map has a second line, for its result */
        if (!g_str_has_prefix(*l, "xc map_pirq_msi =")) {
            ops[n++] = g_strdup(*l);
        }
    }
    g_assert_cmpuint(n, >, 0);
    return ops;
}

typedef void Judge(XenPT *x, const char *op, const char *way);

static void walk(Action *before, Action *action, Judge *judge)
{
    g_auto(GStrv) ops = operations(before, action);
    unsigned paths = 0;

    for (unsigned k = 0; ops[k]; k++) {
        for (const char *const *way = xen_pt_ways_of(ops[k]); *way; way++) {
            g_autoptr(XenPT) x = msix_start(&msix_plain);

            before(x);
            xen_pt_say(x, "fail * %u %s", k + 1, *way);
            action(x);
            xen_pt_say(x, "heal");
            g_test_message("'%s' fails by %s: %s", ops[k], *way,
                           msix_enabled(x) ? "on" : "off");
            judge(x, ops[k], *way);
            paths++;
        }
    }
    g_test_message("%u failure paths", paths);
}

static void two_programmed(XenPT *x)
{
    msix_request(x, 0);
    msix_request(x, 1);
}

static void one_enabled(XenPT *x)
{
    msix_enable(x, 1);
    msix_program(x, 1);
}

static void two_enabled(XenPT *x)
{
    msix_enable(x, 2);
}

static void set_on(XenPT *x)
{
    msix_set_control(x, ENABLE);
}

static void set_off(XenPT *x)
{
    msix_set_control(x, 0);
}

static void set_masked(XenPT *x)
{
    msix_set_control(x, ENABLE | MASKALL);
}

static void unmask_second(XenPT *x)
{
    xen_pt_write(x, msix_word(x, 1, XEN_PT_MASK), 4, 0);
}

/*
 * A hypercall that fails costs its vector, a lost read nothing, as it is
 * repeated, and a lost write all. The guest's next try has everything.
 */
static void judge_enable(XenPT *x, const char *op, const char *way)
{
    if (strstr(op, " write ")) {
        g_assert_false(msix_enabled(x));
        msix_assert_all_off(x);
    } else {
        unsigned n = g_str_has_prefix(op, "xc") ? 1 : 2;

        g_assert_true(msix_enabled(x));
        g_assert_true(msix_hw_enabled(x));
        msix_assert_pirqs(x, n, n);
        g_assert_cmpint(xen_pt_interrupts(x, 0, 0) +
                        xen_pt_interrupts(x, 0, 1), ==, n);
    }
    msix_set_control(x, 0);
    msix_assert_all_off(x);
    msix_set_control(x, ENABLE);
    assert_work(x, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

static void test_walk_enable(void)
{
    walk(two_programmed, set_on, judge_enable);
}

/* The first vector does not notice. */
static void judge_late(XenPT *x, const char *op, const char *way)
{
    assert_first_alone(x);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

static void test_walk_late(void)
{
    walk(one_enabled, unmask_second, judge_late);
}

/* What works goes on, and the guest reads the mask that the device has. */
static void judge_maskall(XenPT *x, const char *op, const char *way)
{
    g_assert_true(msix_enabled(x));
    g_assert_cmphex(msix_control(x), ==, xen_pt_hw(x, 0, CONTROL_X, 2));
    msix_assert_pirqs(x, 2, 2);
    if (strstr(op, " read ")) {
        g_assert_cmphex(msix_control(x), ==, 0xc003);
        msix_assert_status(x, "on", "none", 0);
    }
    msix_set_control(x, ENABLE);
    assert_work(x, 2);
    msix_set_control(x, ENABLE | MASKALL);
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_X, 2), ==, 0xc003);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

static void test_walk_maskall(void)
{
    walk(two_enabled, set_masked, judge_maskall);
}

/* What cannot be undone now is when the device goes. */
static void judge_disable(XenPT *x, const char *op, const char *way)
{
    g_assert_false(msix_enabled(x));
    g_assert_false(msix_hw_enabled(x));
    xen_pt_unplug(x, 0);
    msix_assert_pirqs(x, 0, 0);
}

static void test_walk_disable(void)
{
    walk(two_enabled, set_off, judge_disable);
}

/* A vector that cannot be bound at the new place is set up anew. */
static void test_walk_moved(void)
{
    static const char *const ops[] = { "unbind_msi", "bind_msi" };

    for (unsigned i = 0; i < ARRAY_SIZE(ops) * 2; i++) {
        g_autoptr(XenPT) x = msix_start_enabled("4.17", 2);

        xen_pt_say(x, "fail %s %u EPERM", ops[i / 2], i % 2 + 1);
        g_test_message("%s %u fails", ops[i / 2], i % 2 + 1);
        xen_pt_place(x, 0, 0, MOVED);
        assert_work(x, 2);
        /* Xen has understood where the table is. */
        for (unsigned v = 0; v < 2; v++) {
            xen_pt_guest_write(x, MOVED + 0x2000 + v * 16 + 12, 4, 1);
            g_assert_true(msix_hw_masked(x, v));
        }
        msix_set_control(x, 0);
        msix_assert_all_off(x);
    }
}

/* From one operation on all fail, undoing too; when that is over, all goes. */
static void test_walk_outage(const void *way)
{
    g_auto(GStrv) ops = operations(two_programmed, set_on);

    for (unsigned k = 0; ops[k]; k++) {
        g_autoptr(XenPT) x = msix_start(&msix_plain);

        two_programmed(x);
        xen_pt_say(x, "fail * %u+ %s", k + 1, (const char *)way);
        set_on(x);
        g_test_message("from '%s' on all fails by %s: %s", ops[k],
                       (const char *)way, msix_enabled(x) ? "on" : "refused");
        g_assert_false(msix_enabled(x));
        xen_pt_say(x, "heal");
        xen_pt_unplug(x, 0);
        msix_assert_pirqs(x, 0, 0);
        g_assert_false(msix_hw_enabled(x));
    }
}

/* And of the device's coming: it is left as it was found. */
static void test_walk_probe(void)
{
    static const XenPTWalk ops[] = {
        { "cfg.read@0x04", 1, xen_pt_read_ways },
        { "cfg.read@0xc2", 5, xen_pt_read_ways },
        { "cfg.write@0xc2", 2, xen_pt_write_ways },
        { "cfg.read@0xc4", 1, xen_pt_read_ways },
        { "cfg.read@0xc8", 1, xen_pt_read_ways },
    };

    xen_pt_walk_probe(&msix_plain, ops, ARRAY_SIZE(ops));
}

/*
 * Before Xen 4.19 the guest's mask bits are Xen's alone: what it has unmasked
 * is unmasked, however often QEMU had a look at it before.
 */
static void test_unmasked_again(const void *xen)
{
    static const struct {
        const char *name;
        bool move, off;
        uint16_t control;   /* written while the vector is masked */
    } rows[] = {
        { "the table moves twice", true, false, 0 },
        { "ENABLE is written, the table moves", true, false, ENABLE },
        { "ENABLE is written, then off and on", false, true, ENABLE },
        { "the function is masked, then off and on", false, true,
          ENABLE | MASKALL },
    };
    const uint32_t moved = XEN_PT_GUEST0 + 0x400000;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autoptr(XenPT) x = msix_start_enabled(xen, 2);
        uint32_t at = XEN_PT_GUEST0;

        g_test_message("%s", rows[i].name);
        msix_mask(x, 0, true);
        if (rows[i].control) {
            msix_set_control(x, rows[i].control);
        } else {
            at = moved;
            xen_pt_place(x, 0, 0, at);
        }
        xen_pt_guest_write(x, at + 0x2000 + 12, 4, 0);
        if (rows[i].control & MASKALL) {
            msix_set_control(x, ENABLE);
        }
        g_assert_false(msix_hw_masked(x, 0));
        if (rows[i].move) {
            xen_pt_place(x, 0, 0, moved + 0x200000);
        }
        if (rows[i].off) {
            msix_set_control(x, 0);
            msix_set_control(x, ENABLE);
        }
        g_assert_false(msix_hw_masked(x, 0));
        msix_assert_pirqs(x, 2, 2);
    }
}

/* Under the function mask an entry may be changed as it is (PCI 3.0, 6.8.2). */
static void test_changed_under_maskall(const void *xen)
{
    g_autoptr(XenPT) x = msix_start_enabled(xen, 1);

    msix_set_control(x, ENABLE | MASKALL);
    msix_write(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_write(x, 0, XEN_PT_DATA, 0x51);
    msix_set_control(x, ENABLE);
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    g_assert_false(msix_hw_masked(x, 0));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *message;
    } bad[] = {
        { "zero", "0:0" },
        { "all-ones", "0xffffffffffffffff:0xffffffff" },
        { "address", "0x12345678:0" },
        { "upper-address", "0x100fee01000:0x4041" },
        { "trigger", "0xfee01000:0x8041" },
        { "remapped-data", "0xfee00018:0x0041" },
    };

    g_test_init(&argc, &argv, NULL);
    msix_add_for_xens("enable/linux", test_enable_linux);
    msix_add_for_xens("enable/unmasked", test_enable_unmasked);
    msix_add_for_xens("enable/half", test_enable_half);
    msix_add_for_xens("enable/to-see", test_enable_to_see);
    msix_add_for_xens("enable/pirq", test_enable_pirq);
    msix_add_for_xens("enable/wide", test_enable_wide);
    qtest_add_func("xen-pt/msix/enable/writes", test_enable_writes);
    for (const char *const *form = xen_pt_messages; *form; form++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/enable/message/%s",
                                                *form);

        qtest_add_data_func(path, *form, test_enable_message);
    }
    qtest_add_func("xen-pt/msix/enable/status", test_enable_status);
    qtest_add_func("xen-pt/msix/enable/set-by-others",
                   test_enable_set_by_others);
    msix_add_for_xens("enable/lost", test_enable_lost);
    for (const char *const *way = xen_pt_read_ways; *way; way++) {
        g_autofree char *one = g_strdup_printf("xen-pt/msix/enable/lost-read/"
                                               "%s", *way);
        g_autofree char *two = g_strdup_printf("xen-pt/msix/refused/"
                                               "lost-reads/%s", *way);

        qtest_add_data_func(one, *way, test_lost_read);
        qtest_add_data_func(two, *way, test_lost_reads);
    }
    qtest_add_func("xen-pt/msix/refused/retried", test_refused_retried);
    qtest_add_func("xen-pt/msix/enable/2048", test_enable_2048);

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/refused/check/%s",
                                                bad[i].name);

        qtest_add_data_func(path, bad[i].message, test_refused_message);
    }
    qtest_add_func("xen-pt/msix/refused/late", test_refused_late);
    qtest_add_func("xen-pt/msix/refused/toggle", test_refused_toggle);
    qtest_add_func("xen-pt/msix/refused/unprepared", test_refused_unprepared);
    qtest_add_func("xen-pt/msix/late/failure", test_late_failure);
    qtest_add_func("xen-pt/msix/late/no-pirqs", test_late_no_pirqs);
    qtest_add_func("xen-pt/msix/late/message", test_late_message);
    qtest_add_func("xen-pt/msix/lost/half", test_lost_half);

    msix_add_for_xens("update/affinity", test_update_affinity);
    msix_add_for_xens("update/same", test_update_same);
    msix_add_for_xens("update/mask", test_update_mask);
    msix_add_for_xens("update/wide-mask", test_update_wide_mask);
    msix_add_for_xens("update/unmasked", test_update_unmasked);
    qtest_add_func("xen-pt/msix/update/failed", test_update_failed);
    qtest_add_func("xen-pt/msix/update/forbidden", test_update_forbidden);
    qtest_add_func("xen-pt/msix/update/pirq", test_update_pirq);
    qtest_add_func("xen-pt/msix/maskall/toggle", test_maskall);
    qtest_add_func("xen-pt/msix/maskall/refused", test_maskall_refused);

    qtest_add_func("xen-pt/msix/disable/sequence", test_disable_sequence);
    qtest_add_func("xen-pt/msix/disable/masked", test_disable_masked);
    msix_add_for_xens("disable/enable", test_disable_enable);
    msix_add_for_xens("disable/enable-masked", test_disable_enable_masked);
    qtest_add_data_func("xen-pt/msix/disable/unbind-fails", "unbind_msi",
                        test_disable_failed);
    qtest_add_data_func("xen-pt/msix/disable/unmap-fails", "unmap_pirq",
                        test_disable_failed);
    qtest_add_func("xen-pt/msix/reset", test_reset);
    qtest_add_func("xen-pt/msix/unplug", test_unplug);

    qtest_add_func("xen-pt/msix/registers/bytes", test_registers_bytes);
    qtest_add_func("xen-pt/msix/registers/dword", test_registers_dword);
    qtest_add_func("xen-pt/msix/registers/reads", test_registers_reads);
    qtest_add_func("xen-pt/msix/other/msi", test_other_msi);
    qtest_add_func("xen-pt/msix/other/msix", test_other_msix);
    qtest_add_func("xen-pt/msix/two-devices", test_two_devices);
    msix_add_for_xens("pirq/reuse", test_pirq_reuse);
    msix_add_for_xens("pirq/same", test_pirq_same);
    qtest_add_func("xen-pt/msix/dom0", test_dom0);

    qtest_add_func("xen-pt/msix/walk/enable", test_walk_enable);
    qtest_add_func("xen-pt/msix/walk/late", test_walk_late);
    qtest_add_func("xen-pt/msix/walk/maskall", test_walk_maskall);
    qtest_add_func("xen-pt/msix/walk/disable", test_walk_disable);
    qtest_add_func("xen-pt/msix/walk/moved", test_walk_moved);
    qtest_add_data_func("xen-pt/msix/walk/outage/all", "EIO",
                        test_walk_outage);
    qtest_add_data_func("xen-pt/msix/walk/outage/pciback", "timeout",
                        test_walk_outage);
    qtest_add_func("xen-pt/msix/walk/probe", test_walk_probe);

    msix_add_for_xens("update/unmasked-again", test_unmasked_again);
    msix_add_for_xens("update/under-maskall", test_changed_under_maskall);
    return g_test_run();
}
