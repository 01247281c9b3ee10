/*
 * QTest: the table of MSI-X, of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When the device comes, QEMU finds out whether MSI-X may be enabled, and maps
 * the table that Xen will write, so that it can be checked. What the guest has
 * at its place is QEMU's own.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"

/* The pending bits are beside the table; the table begins within a page. */
static const XenPTLayout near = {
    .no_msi = true, .entries = 4, .table = 0x2000, .pba = 0x2800,
};
static const XenPTLayout odd = {
    .no_msi = true, .entries = 4, .table = 0x2810, .pba = 0x3000,
};

/*
 * When the device comes: may MSI-X be enabled, and where is its table?
 */

/* From the first read of CONTROL_X, or of CONTROL, on, @lines. */
static void expect_realize(XenPT *x, const char *first, const char *lines)
{
    g_autofree char *all = NULL, *text = NULL;
    const char *from;

    x->seen = 0;
    all = xen_pt_journal(x, "cfg file");
    from = strstr(all, first);
    text = from ? g_strndup(from, strlen(lines)) : g_strdup("");
    xen_pt_expect_text(__FILE__, __LINE__, text, lines);
}

/*
 * Linux before 6.1 in dom0 does not let the function mask through: the guest
 * finds MSI, and that works.
 */
static void test_probe_old_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_both);
    xen_pt_say(x, "kernel 5.6");
    xen_pt_run(x, "");
    msix_assert_caps(x, true, false);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X hidden"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI hidden"), ==, 0);
    msix_place(x);
    /* Linux' driver switches INTx off before it switches MSI on. */
    qpci_config_writew(x->dev[0], PCI_COMMAND,
                       qpci_config_readw(x->dev[0], PCI_COMMAND) |
                       PCI_COMMAND_INTX_DISABLE);
    xen_pt_skip(x);
    msi_set_enable(x, true);
    xen_pt_expect_effects(x,
        "xc map_pirq_msi DEV entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n"
        "dev DEV write CONTROL 0x0081\n");
    g_assert_true(msi_enabled(x));
}

/* pcifront shows the file only when it has scanned the whole bus. */
static void test_table_late(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_plain);
    for (int i = 1; i <= 3; i++) {
        xen_pt_say(x, "fail open_resource %d ENOENT", i);
    }
    xen_pt_run(x, "");
    expect_realize(x, "file DEV open",
        "file DEV open resource0 = ENOENT\n"
        "file DEV open resource0 = ENOENT\n"
        "file DEV open resource0 = ENOENT\n"
        TABLE_MAPPED);
    msix_assert_caps(x, false, true);
}

/* Without the table, no message can be checked: hidden, and MSI works. */
static void test_table_unmapped(const void *command)
{
    g_autoptr(XenPT) x = msix_realize(&msix_both, command, "");

    msix_assert_caps(x, true, false);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X hidden from the guest: its "
                                      "table cannot be mapped"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "MSI-X"), ==, 1);
    msix_place(x);
    msi_set_enable(x, true);
    g_assert_true(msi_enabled(x));
    msi_set_enable(x, false);
    xen_pt_unplug(x, 0);
}

static void test_table_nowhere(const void *table)
{
    XenPTLayout layout = msix_both;
    g_autoptr(XenPT) x = NULL;

    layout.table = GPOINTER_TO_UINT(table);
    x = msix_realize(&layout, "allow DEV on", "");
    msix_assert_caps(x, true, false);
    g_assert_cmpuint(xen_pt_log_lines(x, "has its table in no BAR") +
                     xen_pt_log_lines(x, "has a table that leaves its BAR"),
                     ==, 1);
}

/* The stub domain's /dev/mem is none of our business. */
static void test_no_devmem(XenPT *x)
{
    xen_pt_say(x, "devmem on");
    msix_enable(x, 2);
    msix_set_control(x, 0);
    msi_set_enable(x, true);
    msi_set_enable(x, false);
    xen_pt_unplug(x, 0);
    g_assert_true(xen_pt_plug(x, 0));
    msix_place(x);
    msix_enable(x, 1);
    x->seen = 0;
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "file",
                        TABLE_MAPPED TABLE_MAPPED);
}

/*
 * The table in the guest's memory
 */

/* The guest moves the BAR: all is bound anew, with the new place. */
static void test_bar_moved(XenPT *x)
{
    uint32_t mask = MOVED + 0x2000 + 16 + 12;

    xen_pt_place(x, 0, 0, MOVED);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc",
        UNBIND(55, 0x41) UNBIND(54, 0x42)
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 gtable 0xe0202000 = 0\n"
        "xc bind_msi 54 gvec 0x42 gflags 0x10001 gtable 0xe0202000 = 0\n");
    g_assert_true(msix_hw_enabled(x));
    g_assert_false(msix_hw_masked(x, 0));
    g_assert_false(msix_hw_masked(x, 1));
    /* Xen has understood where it is. */
    xen_pt_guest_write(x, mask, 4, 1);
    g_assert_true(msix_hw_masked(x, 1));
    xen_pt_guest_write(x, mask, 4, 0);
    g_assert_false(msix_hw_masked(x, 1));
    msix_set_control(x, 0);
    msix_assert_all_off(x);
}

/*
 * What the guest has masked is masked at the new place, though a Xen before
 * 4.19 has not told QEMU; and it is the guest's to unmask.
 */
static void test_bar_moved_masked(XenPT *x)
{
    uint32_t mask = MOVED + 0x2000 + 12;

    msix_mask(x, 0, true);
    xen_pt_place(x, 0, 0, MOVED);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc",
        UNBIND(55, 0x41) UNBIND(54, 0x42)
        "xc bind_msi 55 gvec 0x41 gflags 0x00001 gtable 0xe0202000 = 0\n"
        "xc bind_msi 54 gvec 0x42 gflags 0x10001 gtable 0xe0202000 = 0\n");
    g_assert_true(msix_hw_masked(x, 0));
    g_assert_cmphex(xen_pt_guest_read(x, mask, 4), ==, 1);
    g_assert_false(xen_pt_interrupts(x, 0, 0));
    g_assert_true(xen_pt_interrupts(x, 0, 1));
    xen_pt_guest_write(x, mask, 4, 0);
    g_assert_false(msix_hw_masked(x, 0));
    g_assert_true(xen_pt_interrupts(x, 0, 0));
}

/* Decoding goes off and on again: the same place, and nothing to do. */
static void test_bar_same(XenPT *x)
{
    uint16_t command = qpci_config_readw(x->dev[0], PCI_COMMAND);

    xen_pt_skip(x);
    qpci_config_writew(x->dev[0], PCI_COMMAND, command & ~PCI_COMMAND_MEMORY);
    qpci_config_writew(x->dev[0], PCI_COMMAND, command);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc", "");
    msix_assert_pirqs(x, 2, 2);
    g_assert_false(msix_hw_masked(x, 0));
}

/* The guest has memory of the BAR but where the table and its bits are. */
static void test_bar_frames(void)
{
    g_autoptr(XenPT) x = msix_realize(&msix_plain, "allow DEV on", "");
    g_autofree char *journal = NULL;

    xen_pt_skip(x);
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    journal = xen_pt_journal(x, "dm");
    g_assert_cmpstr(journal, ==,
        "dm map mmio 0xe0000000-0xe0001fff to server 1\n"
        "dm map frames 0xfeb80 to 0xe0000 n 0x2 = 0\n"
        "dm map mmio 0xe0002000-0xe0002fff to server 1\n"
        "dm map mmio 0xe0003000-0xe0003fff to server 1\n"
        "dm map mmio 0xe0004000-0xe000ffff to server 1\n"
        "dm map frames 0xfeb84 to 0xe0004 n 0xc = 0\n");
}

/* Anywhere in a BAR, whatever is beside it, and however small that is. */
static void test_table_layout(const void *opaque)
{
    const XenPTLayout *layout = opaque;
    g_autoptr(XenPT) x = xen_pt_new();
    uint32_t gtable = msix_table(layout->table) + layout->small;
    uint32_t base = layout->table & PCI_MSIX_TABLE_BIR ? XEN_PT_BAR2(0)
                                          : XEN_PT_BAR0(0) + layout->small;

    xen_pt_add(x, layout);
    xen_pt_run(x, "");
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0 + layout->small);
    xen_pt_place(x, 0, 2, XEN_PT_GUEST2);
    msix_set_control(x, ENABLE);
    xen_pt_skip(x);
    for (unsigned i = 0; i < layout->entries; i++) {
        unsigned pirq = 55 - i;
        g_autofree char *expected = g_strdup_printf(
            "xc map_pirq_msi DEV entry %u pirq -1 table 0x%x\n"
            "xc map_pirq_msi = 0 pirq %u\n"
            "xc bind_msi %u gvec 0x%02x gflags 0x00001 gtable 0x%x = 0\n"
            "xc bind_msi %u gvec 0x%02x gflags 0x10001 gtable 0x%x = 0\n",
            i, base, pirq, pirq, DATA(i), gtable, pirq, DATA(i), gtable);

        xen_pt_guest_write(x, gtable + i * 16, 4, ADDRESS);
        xen_pt_guest_write(x, gtable + i * 16 + 8, 4, DATA(i));
        xen_pt_guest_write(x, gtable + i * 16 + 12, 4, 0);
        xen_pt_expect(x, expected);
        g_assert_false(msix_hw_masked(x, i));
    }
    g_assert_true(msix_enabled(x));
}

/*
 * Registers beside the table read as the device has them. Written, they are
 * with a Xen that does it, else the write is lost, and one line says so.
 */
static void test_beside(XenPT *x)
{
    uint32_t before = XEN_PT_GUEST0 + 0x2800, after = before + 0x50;
    bool lost = g_str_equal(x->xen, "4.17");

    xen_pt_say(x, "poke DEV bar0+0x2800/4 0x11223344");
    xen_pt_say(x, "poke DEV bar0+0x2850/4 0x55667788");
    for (int i = 0; i < 2; i++) {
        g_assert_cmphex(xen_pt_guest_read(x, before, 4), ==, 0x11223344);
        g_assert_cmphex(xen_pt_guest_read(x, before + 2, 2), ==, 0x1122);
        g_assert_cmphex(xen_pt_guest_read(x, after, 8), ==, 0x55667788);
        g_assert_cmphex(xen_pt_guest_read(x, after + 1, 1), ==, 0x77);
        if (!i) {
            msix_enable(x, 1);
        }
    }
    for (int i = 0; i < 20; i++) {
        xen_pt_guest_write(x, before, 4, 0xabcdef00 + i);
        xen_pt_guest_write(x, after, 2, i);
    }
    g_assert_cmphex(xen_pt_guest_read(x, before, 4), ==,
                    lost ? 0x11223344 : 0xabcdef13);
    g_assert_cmphex(xen_pt_guest_read(x, after, 2), ==, lost ? 0x7788 : 0x13);
    g_assert_cmpuint(xen_pt_log_lines(x, "Xen 4.19"), ==, lost);
}

/* Before a vector is bound no Xen knows of the table. */
static void test_beside_early(XenPT *x)
{
    xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x2800, 4, 1);
    xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x2804, 4, 1);
    g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST0 + 0x2800, 4), ==, 0);
    g_assert_cmpuint(xen_pt_log_lines(x, "Xen 4.19"), ==, 1);
}

/* Pending bits in the table's page are the device's. */
static void test_pba_same_page(XenPT *x)
{
    uint32_t pba = XEN_PT_GUEST0 + 0x2800;

    msix_set_control(x, ENABLE);
    g_assert_cmphex(xen_pt_guest_read(x, pba, 4), ==, 0);
    xen_pt_say(x, "raise DEV 3");
    g_assert_cmphex(xen_pt_guest_read(x, pba, 4), ==, 1 << 3);
    msix_request(x, 3);
    g_assert_cmphex(xen_pt_guest_read(x, pba, 4), ==, 0);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "cfg",
                        SET(CONTROL_X, 0x0003, 0x8003));
}

/* In another BAR they are the device's, by way of QEMU. */
static void test_pba_other_bar(void)
{
    static const XenPTLayout far = {
        .no_msi = true, .entries = 4, .table = 0x2000, .pba = 0x1002,
    };
    g_autoptr(XenPT) x = msix_realize(&far, "allow DEV on", "");
    g_autofree char *journal = NULL;

    xen_pt_skip(x);
    xen_pt_place(x, 0, 2, XEN_PT_GUEST2);
    journal = xen_pt_journal(x, "dm");
    g_assert_nonnull(strstr(journal, "dm map frames 0xfebc0 to 0xe0100 n 0x1"));
    g_assert_nonnull(strstr(journal, "dm map frames 0xfebc2 to 0xe0102 n 0x2"));
    xen_pt_say(x, "poke DEV bar2+0x1000/4 0x0000000a");
    g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST2 + 0x1000, 4), ==, 0xa);
    g_assert_cmphex(qpci_config_readl(x->dev[0], XEN_PT_CAP_MSIX +
                                      PCI_MSIX_PBA), ==, far.pba);
}

/* Any width at any place; what the specification reserves holds. */
static void test_table_widths(XenPT *x)
{
    uint8_t model[64] = { 0 }, writable[64];
    uint32_t base = XEN_PT_GUEST0 + 0x2000, seed = 0x12345678;

    memset(writable, 0xff, sizeof(writable));
    for (unsigned i = 0; i < 64; i += 16) {
        model[i + 12] = 1;
        writable[i] = 0xfc;
        writable[i + 12] = 1;
        memset(writable + i + 13, 0, 3);
    }
    for (unsigned len = 1; len <= 8; len *= 2) {
        for (unsigned at = 0; at < sizeof(model); at += len) {
            uint64_t v;

            seed = seed * 1664525 + 1013904223;
            v = seed | (uint64_t)~seed << 32;
            xen_pt_write(x, base + at, len, v);
            for (unsigned i = 0; i < len; i++) {
                uint8_t byte = v >> 8 * i, w = writable[at + i];

                model[at + i] = (model[at + i] & ~w) | (byte & w);
            }
            for (unsigned i = 0; i < sizeof(model); i++) {
                uint8_t is = xen_pt_read(x, base + i, 1);

                if (is != model[i]) {
                    g_test_message("byte %u after a write of %u at %u", i,
                                   len, at);
                }
                g_assert_cmphex(is, ==, model[i]);
            }
        }
    }
    g_assert_cmphex(xen_pt_read(x, base + 6, 2), ==,
                    model[6] | model[7] << 8);
    xen_pt_expect(x, "");
}

int main(int argc, char **argv)
{
    static const XenPTTest tests[] = {
        { "table/widths", test_table_widths, &msix_plain },
        { "table/no-devmem", test_no_devmem, &msix_both },
        { "table/beside", test_beside, &odd, true },
        { "table/beside-early", test_beside_early, &odd, true },
        { "pba/same-page", test_pba_same_page, &near, true },
        { "bar/moved", test_bar_moved, &msix_plain, true, 2 },
        { "bar/moved-masked", test_bar_moved_masked, &msix_plain, true, 2 },
        { "bar/same", test_bar_same, &msix_plain, .vectors = 2 },
    };
    static const struct {
        const char *name;
        XenPTLayout layout;
    } layouts[] = {
        { "first", { .entries = 1, .table = 0, .pba = 0x800 } },
        { "odd", { .entries = 3, .table = 0x2818, .pba = 0x3000 } },
        { "two-pages", { .entries = 20, .table = 0x2f00, .pba = 0x4000 } },
        { "end", { .entries = 8, .table = 0xff80, .pba = 0 } },
        { "bar-2", { .entries = 5, .table = 0x3002, .pba = 0x2002 } },
        { "small", { .entries = 4, .table = 0x100, .pba = 0x200,
                     .small = 0x400 } },
    };
    static const struct {
        const char *name, *command;
    } unmapped[] = {
        { "open", "fail open_resource all EACCES" },
        { "map", "fail mmap_resource all EINVAL" },
        { "map-lockdown", "fail mmap_resource all EPERM" },
        { "file", "fail open_resource all ENOENT" },
    };
    static const struct {
        const char *name;
        uint32_t table;
    } nowhere[] = {
        { "beyond", 0x10000 }, { "across", 0xffd0 }, { "absent", 0x1 },
        { "reserved", 0x6 },
    };

    g_test_init(&argc, &argv, NULL);
    xen_pt_add_tests("msix", tests, ARRAY_SIZE(tests));
    qtest_add_func("xen-pt/msix/probe/old-dom0", test_probe_old_dom0);

    qtest_add_func("xen-pt/msix/table/late", test_table_late);
    for (size_t i = 0; i < ARRAY_SIZE(unmapped); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/table/no-%s",
                                                unmapped[i].name);

        qtest_add_data_func(path, unmapped[i].command, test_table_unmapped);
    }
    for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/table/nowhere/%s",
                                                nowhere[i].name);

        qtest_add_data_func(path, GUINT_TO_POINTER(nowhere[i].table),
                            test_table_nowhere);
    }
    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/msix/table/at/%s",
                                                layouts[i].name);

        qtest_add_data_func(path, &layouts[i].layout, test_table_layout);
    }
    qtest_add_func("xen-pt/msix/pba/other-bar", test_pba_other_bar);

    qtest_add_func("xen-pt/msix/bar/frames", test_bar_frames);

    return g_test_run();
}
