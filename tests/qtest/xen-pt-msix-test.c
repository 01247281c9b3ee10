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
#include "xen-pt-driver.h"

static const XenPTLayout many = {
    .no_msi = true, .entries = 40, .table = 0x2000, .pba = 0x3000,
};

/*
 * Enabling
 */

/* Linux' order: nothing it does is refused by pciback, nor undone. */
static void test_enable_linux(XenPT *x)
{
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

/*
 * An entry that nobody uses any more asks for a pirq that there is not. Linux
 * sets ENABLE with MASKALL before it masks what it found, and reads ENABLE back
 * when it clears MASKALL: the entry is none of its driver's business.
 */
static void test_enable_stale(XenPT *x)
{
    msix_write(x, 3, XEN_PT_ADDRESS, 0xfeee8000);
    msix_write(x, 3, XEN_PT_UPPER, 0);
    msix_write(x, 3, XEN_PT_DATA, 0x4300);
    msix_mask(x, 3, false);
    msix_set_control(x, ENABLE | MASKALL);
    for (unsigned i = 0; i < 4; i++) {
        msix_mask(x, i, true);
    }
    msix_program(x, 0);
    msix_set_control(x, msix_control(x) & ENABLE);
    msix_mask(x, 0, false);
    g_assert_true(msix_enabled(x));
    g_assert_true(xen_pt_interrupts(x, 0, 0));
}

/* Unmasked before ENABLE: all are mapped and checked, then one write. */
static void test_enable_unmasked(XenPT *x)
{
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
static void test_enable_to_see(XenPT *x)
{
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
static void test_enable_half(XenPT *x)
{
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
static void test_enable_writes(XenPT *x)
{
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
static void test_enable_pirq(XenPT *x)
{
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
static void test_enable_wide(XenPT *x)
{
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
static void test_update_wide_mask(XenPT *x)
{
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

/*
 * The device has lost all by a reset of its driver's. That restores it in
 * Linux' order (__pci_restore_msix_state()): the control word with both bits,
 * the entries, and the control word once more.
 */
static void test_enable_lost(XenPT *x)
{
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
    kind_assert_works(x, &xen_pt_msix, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
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

/* dom0 has not prepared it: Xen does not know of a table. */
static void test_lost_unprepared(XenPT *x)
{
    xen_pt_say(x, "prepared DEV off");
    msix_request(x, 0);
    msix_set_control(x, ENABLE);
    g_assert_true(msix_enabled(x));
    msix_assert_status(x, "on", "map", ENODATA);
    xen_pt_assert_lost(x, 0, "0");
    g_assert_cmpuint(xen_pt_log_lines(x, "dom0 has not prepared MSI-X"), ==, 1);
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

static void test_late_failure(XenPT *x)
{
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
    kind_assert_works(x, &xen_pt_msix, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
    xen_pt_skip(x);
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, UP(0, 55, 0x41) UP(1, 54, 0x42)
                  SET(CONTROL_X, 0x0003, 0x8003));
}

/* Of more vectors than Xen has interrupts, the first work: one warning. */
static void test_late_no_pirqs(XenPT *x)
{
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

/* The guest is shown a smaller table: that much is there, and works. */
static void test_fewer(void)
{
    static const struct {
        const char *property;
        unsigned entries;
    } cases[] = {
        { ",msix-vectors=1", 1 }, { ",msix-vectors=3", 3 },
        { ",msix-vectors=0", 4 }, { ",msix-vectors=4", 4 },
        { ",msix-vectors=65535", 4 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autoptr(XenPT) x = msix_realize(&msix_plain, "xen 4.17",
                                          cases[i].property);
        unsigned n = cases[i].entries;

        msix_place(x);
        g_assert_cmphex(msix_control(x), ==, n - 1);
        /* What is behind it is no entry any more. */
        for (unsigned entry = 0; entry < 4; entry++) {
            msix_request(x, entry);
        }
        msix_set_control(x, ENABLE);
        kind_assert_works(x, &xen_pt_msix, n);
        xen_pt_assert_lost(x, 0, "");
        g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_X, 2), ==, ENABLE | 3);
        msix_set_control(x, 0);
        msix_assert_all_off(x);
    }
}

/* The same where all are wanted before ENABLE; which are lost is told. */
static void test_lost_half(XenPT *x)
{
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
    kind_assert_works(x, &xen_pt_msix, 4);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/* Its message is wrong: it is the one that is not unmasked. */
static void test_late_message(XenPT *x)
{
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
static void test_update_affinity(XenPT *x)
{
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
static void test_update_same(XenPT *x)
{
    msix_mask(x, 0, true);
    msix_request(x, 0);
    xen_pt_expect(x, "");
    msix_set_control(x, ENABLE);
    xen_pt_expect(x, "cfg DEV read CONTROL_X = 0x8003\n");
    g_assert_false(msix_hw_masked(x, 0));
}

/* Masking is between the guest and Xen. */
static void test_update_mask(XenPT *x)
{
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
static void test_update_unmasked(XenPT *x)
{
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
static void test_update_failed(XenPT *x)
{
    xen_pt_say(x, "fail bind_msi 1 EINVAL");
    msix_mask(x, 0, true);
    msix_write(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_mask(x, 0, false);
    xen_pt_expect(x,
        "xc bind_msi 55 gvec 0x41 gflags 0x10002 gtable 0xe0002000 = "
        "EINVAL\n" DOWN(55, 0x41) MAP(0, 55)
        BIND(55, 0x41, 0x00002) BIND(55, 0x41, 0x10002));
    kind_assert_works(x, &xen_pt_msix, 2);
}

/* Another pirq is a new map; the vector beside it does not notice. */
static void test_update_pirq(XenPT *x)
{
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
static void test_maskall(XenPT *x)
{
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
static void test_maskall_refused(XenPT *x)
{
    static const char *const tried =
        "cfg DEV read CONTROL_X = 0x8003\n"
        "cfg DEV write CONTROL_X 0xc003\n"
        "cfg DEV read CONTROL_X = 0x8003\n"
        "cfg DEV read CONTROL_X = 0x8003\n";

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
    kind_assert_works(x, &xen_pt_msix, 2);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/* A read of the control word that is lost is repeated, wherever it is. */
static void test_maskall_lost_read(XenPT *x)
{
    for (const char *const *way = xen_pt_read_ways; *way; way++) {
        for (unsigned k = 1; k <= 2; k++) {
            g_test_message("read %u is lost by %s", k, *way);
            xen_pt_say(x, "fail cfg.read@0x%02x %u %s", CONTROL_X, k, *way);
            msix_set_control(x, ENABLE | MASKALL);
            xen_pt_say(x, "heal");
            g_assert_cmphex(msix_control(x), ==, 0xc003);
            g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_X, 2), ==, 0xc003);
            msix_set_control(x, ENABLE);
            kind_assert_works(x, &xen_pt_msix, 1);
        }
    }
}

/*
 * Switching off
 */

/* Masked when it goes: one write clears both bits. */
static void test_disable_masked(XenPT *x)
{
    msix_set_control(x, ENABLE | MASKALL);
    xen_pt_skip(x);
    msix_set_control(x, MASKALL);
    xen_pt_expect(x, SET(CONTROL_X, 0xc003, 0x0003) DOWN(55, 0x41));
    msix_assert_all_off(x);
}

/* What is programmed is still so when MSI-X is on again. */
static void test_disable_enable(XenPT *x)
{
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
static void test_disable_enable_masked(XenPT *x)
{
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
    kind_assert_works(x, &xen_pt_msix, 2);
}

/* A reset empties the table, and a refusal is forgotten. */
static void test_reset(XenPT *x)
{
    xen_pt_reset(x);
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
    xen_pt_assert_lost(x, 0, "0");
    xen_pt_reset(x);
    msix_place(x);
    msix_enable(x, 1);
    msix_assert_pirqs(x, 1, 1);
    msix_assert_status(x, "on", "none", 0);
}

/*
 * The capability
 */

/* ENABLE is in the upper byte. */
static void test_registers_bytes(XenPT *x)
{
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
static void test_registers_dword(XenPT *x)
{
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
static void test_registers_reads(XenPT *x)
{
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

static void test_other_msi(XenPT *x)
{
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

static void test_other_msix(XenPT *x)
{
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
static void test_pirq_same(XenPT *x)
{
    for (int i = 0; i < 3; i++) {
        load_driver(x, 0, msix_table(msix_plain.table), 55);
        kind_assert_works(x, &xen_pt_msix, 1);
        set_control_of(x, 0, 0);
        msix_assert_all_off(x);
    }
}

/*
 * Every operation failing in turn, in every way that it can
 */

typedef void Action(XenPT *x);

/* What an action does, after @before. */
static GStrv operations(Action *before, Action *action)
{
    g_autoptr(XenPT) x = msix_start(&msix_plain);

    before(x);
    xen_pt_skip(x);
    action(x);
    return xen_pt_operations(x);
}

static void walk(Action *before, Action *action,
                 void (*judge)(XenPT *x, const char *op))
{
    g_auto(GStrv) ops = operations(before, action);
    unsigned paths = 0;

    for (unsigned k = 0; ops[k]; k++) {
        const char *const *way = xen_pt_ways_of(ops[k]);

        for (; *way; way++, paths++) {
            g_autoptr(XenPT) x = msix_start(&msix_plain);

            before(x);
            xen_pt_say(x, "fail * %u %s", k + 1, *way);
            action(x);
            xen_pt_say(x, "heal");
            g_test_message("'%s' fails by %s: %s", ops[k], *way,
                           msix_enabled(x) ? "on" : "off");
            judge(x, ops[k]);
        }
    }
    g_test_message("%u failure paths", paths);
}

static void one_enabled(XenPT *x)
{
    msix_enable(x, 1);
    msix_program(x, 1);
}

static void unmask_second(XenPT *x)
{
    xen_pt_write(x, msix_word(x, 1, XEN_PT_MASK), 4, 0);
}

/* The first vector does not notice. */
static void judge_late(XenPT *x, const char *op)
{
    assert_first_alone(x);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

static void test_walk_late(void)
{
    walk(one_enabled, unmask_second, judge_late);
}

static void two_enabled(XenPT *x)
{
    msix_enable(x, 2);
}

static void set_masked(XenPT *x)
{
    msix_set_control(x, ENABLE | MASKALL);
}

/* What works goes on, and the guest reads the mask that the device has. */
static void judge_maskall(XenPT *x, const char *op)
{
    g_assert_true(msix_enabled(x));
    g_assert_cmphex(msix_control(x), ==, xen_pt_hw(x, 0, CONTROL_X, 2));
    msix_assert_pirqs(x, 2, 2);
    if (strstr(op, " read ")) {
        g_assert_cmphex(msix_control(x), ==, 0xc003);
        msix_assert_status(x, "on", "none", 0);
    }
    msix_set_control(x, ENABLE);
    kind_assert_works(x, &xen_pt_msix, 2);
    set_masked(x);
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_X, 2), ==, 0xc003);
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

static void test_walk_maskall(void)
{
    walk(two_enabled, set_masked, judge_maskall);
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
        kind_assert_works(x, &xen_pt_msix, 2);
        /* Xen has understood where the table is. */
        for (unsigned v = 0; v < 2; v++) {
            xen_pt_guest_write(x, MOVED + 0x2000 + v * 16 + 12, 4, 1);
            g_assert_true(msix_hw_masked(x, v));
        }
        msix_set_control(x, 0);
        msix_assert_all_off(x);
    }
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
static void test_changed_under_maskall(XenPT *x)
{
    msix_set_control(x, ENABLE | MASKALL);
    msix_write(x, 0, XEN_PT_ADDRESS, OTHER_ADDRESS);
    msix_write(x, 0, XEN_PT_DATA, 0x51);
    msix_set_control(x, ENABLE);
    g_assert_true(xen_pt_interrupts(x, 0, 0));
    g_assert_false(msix_hw_masked(x, 0));
}

int main(int argc, char **argv)
{
    static const XenPTTest tests[] = {
        { "enable/linux", test_enable_linux, &msix_plain, true },
        { "enable/unmasked", test_enable_unmasked, &msix_plain, true },
        { "enable/half", test_enable_half, &msix_plain, true },
        { "enable/to-see", test_enable_to_see, &msix_plain, true },
        { "enable/pirq", test_enable_pirq, &msix_plain, true },
        { "enable/wide", test_enable_wide, &msix_plain, true },
        { "enable/writes", test_enable_writes, &msix_plain },
        { "enable/lost", test_enable_lost, &msix_plain, true, 2 },
        { "lost/unprepared", test_lost_unprepared, &msix_plain },
        { "late/failure", test_late_failure, &msix_plain, .vectors = 1 },
        { "late/no-pirqs", test_late_no_pirqs, &many },
        { "late/message", test_late_message, &msix_plain, .vectors = 1 },
        { "enable/stale", test_enable_stale, &msix_plain },
        { "lost/half", test_lost_half, &msix_plain },
        { "update/affinity", test_update_affinity, &msix_plain, true, 2 },
        { "update/same", test_update_same, &msix_plain, true, 1 },
        { "update/mask", test_update_mask, &msix_plain, true, 2 },
        { "update/wide-mask", test_update_wide_mask, &msix_plain, true, 1 },
        { "update/unmasked", test_update_unmasked, &msix_plain, true, 1 },
        { "update/failed", test_update_failed, &msix_plain, .vectors = 2 },
        { "update/pirq", test_update_pirq, &msix_plain, .vectors = 2 },
        { "maskall/toggle", test_maskall, &msix_plain, .vectors = 1 },
        { "maskall/lost-read", test_maskall_lost_read,
          &msix_plain, .vectors = 1 },
        { "maskall/refused", test_maskall_refused, &msix_plain, .vectors = 2 },
        { "disable/masked", test_disable_masked, &msix_plain, .vectors = 1 },
        { "disable/enable", test_disable_enable, &msix_plain, true },
        { "disable/enable-masked", test_disable_enable_masked,
          &msix_plain, true, 2 },
        { "reset", test_reset, &msix_plain, .vectors = 2 },
        { "registers/bytes", test_registers_bytes, &msix_plain },
        { "registers/dword", test_registers_dword, &msix_plain },
        { "registers/reads", test_registers_reads, &msix_plain },
        { "other/msi", test_other_msi, &msix_both },
        { "other/msix", test_other_msix, &msix_both },
        { "pirq/same", test_pirq_same, &msix_plain, true },
        { "update/under-maskall", test_changed_under_maskall,
          &msix_plain, true, 1 },
    };

    g_test_init(&argc, &argv, NULL);
    xen_pt_add_tests("msix", tests, ARRAY_SIZE(tests));
    qtest_add_func("xen-pt/msix/enable/2048", test_enable_2048);
    qtest_add_func("xen-pt/msix/fewer", test_fewer);
    qtest_add_func("xen-pt/msix/two-devices", test_two_devices);
    msix_add_for_xens("pirq/reuse", test_pirq_reuse);
    msix_add_for_xens("update/unmasked-again", test_unmasked_again);
    qtest_add_func("xen-pt/msix/walk/late", test_walk_late);
    qtest_add_func("xen-pt/msix/walk/maskall", test_walk_maskall);
    qtest_add_func("xen-pt/msix/walk/moved", test_walk_moved);
    return g_test_run();
}
