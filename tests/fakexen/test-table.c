/*
 * Tests of the fake Xen: a guest's accesses to an MSI-X table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As xen/arch/x86/hvm/vmsi.c has it, of Xen 4.17 and of 4.20.
 */

#include "test-common.h"

#define PAGE   0xe0001000u      /* where the guest has it */
#define GTABLE (PAGE + (TABLE & 0xfff))
#define AFTER  (GTABLE + 4 * 16)

static const char *const xens[] = { "xen 4.17", "xen 4.20" };

static uint64_t word(unsigned entry, FkWord w)
{
    return GTABLE + entry * FK_ENTRY_SIZE + w * 4;
}

static FkDevice *start(const char *xen)
{
    FkDevice *d = new_device(0);

    say(xen);
    fk_put(d, MSIX + PCI_MSIX_FLAGS, 2, 0x8003);
    return d;
}

static int bind_entry(FkDevice *d, int entry, uint32_t gflags)
{
    int pirq = map_entry(d, entry);

    g_assert_cmpint(fk_bind_msi(pirq, 0x41, gflags, GTABLE), ==, 0);
    return pirq;
}

static bool masked(FkDevice *d, unsigned entry)
{
    return fk_entry_get(d, entry, FK_VECTOR_CONTROL);
}

/* What is not bound is QEMU's. */
static void test_unbound(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(xens); i++) {
        FkDevice *d = start(xens[i]);
        uint64_t v;

        g_assert_true(fk_guest_write(word(0, FK_ADDRESS), 4, 0xfee01000));
        g_assert_true(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 0));
        fk_guest_written();
        g_assert_true(masked(d, 0));
        bind_entry(d, 1, 0x10001);
        g_assert_true(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 0));
        fk_guest_written();
        g_assert_true(masked(d, 0));
        g_assert_false(fk_guest_read(word(0, FK_VECTOR_CONTROL), 4, &v));
    }
}

/* The write that unmasks makes QEMU bind it: Xen unmasks when that is done. */
static void test_snooped(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(xens); i++) {
        FkDevice *d = start(xens[i]);

        for (int entry = 0; entry < 2; entry++) {
            g_assert_true(fk_guest_write(word(entry, FK_VECTOR_CONTROL), 4,
                                         0));
            bind_entry(d, entry, 0x00001);
            g_assert_true(masked(d, entry));
            fk_guest_written();
            g_assert_false(masked(d, entry));
        }
    }
}

/* Masking one that is bound is Xen's; from 4.19 on QEMU is told of it. */
static void test_mask(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(xens); i++) {
        FkDevice *d = start(xens[i]);
        uint64_t v;

        bind_entry(d, 0, 0x10001);
        g_assert_cmpint(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 1), ==,
                        i);
        g_assert_true(masked(d, 0));
        g_assert_true(fk_guest_read(word(0, FK_VECTOR_CONTROL), 4, &v));
        g_assert_cmphex(v, ==, 1);
        g_assert_cmpint(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 0), ==,
                        i);
        g_assert_false(masked(d, 0));
        fk_guest_read(word(0, FK_VECTOR_CONTROL), 4, &v);
        g_assert_cmphex(v, ==, 0);
    }
}

/* A message that changes is QEMU's, and so is the write that then unmasks. */
static void test_change(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(xens); i++) {
        FkDevice *d = start(xens[i]);

        bind_entry(d, 0, 0x10001);
        fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 1);
        g_assert_true(fk_guest_write(word(0, FK_ADDRESS), 4, 0xfee02000));
        g_assert_true(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 0));
        g_assert_true(masked(d, 0));
        fk_guest_written();
        g_assert_false(masked(d, 0));
        /* once */
        fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 1);
        g_assert_cmpint(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 0), ==,
                        i);
        g_assert_false(masked(d, 0));
    }
}

/* Two words at once: QEMU sees them, Xen has looked at the mask. */
static void test_wide(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(xens); i++) {
        FkDevice *d = start(xens[i]);

        bind_entry(d, 0, 0x10001);
        g_assert_true(fk_guest_write(word(0, FK_DATA), 8, 0x100000041));
        g_assert_true(masked(d, 0));
        g_assert_true(fk_guest_write(word(0, FK_DATA), 8, 0x41));
        fk_guest_written();
        g_assert_false(masked(d, 0));
        g_assert_true(fk_guest_write(word(0, FK_DATA), 1, 0));
        /* one that is not aligned is lost in a newer Xen */
        g_assert_cmpint(fk_guest_write(word(0, FK_DATA) + 2, 4, 0), ==, !i);
    }
}

/* Registers beside the table: once it is known, 4.19's affair. */
static void test_beside(void)
{
    FkDevice *d = start("xen 4.17");
    uint64_t v;

    bind_entry(d, 0, 0x10001);
    fk_memory_put(d, 0, TABLE + 4 * 16, 4, 0x12345678);
    g_assert_true(fk_guest_write(AFTER, 4, 0xaa));
    g_assert_cmphex(fk_memory_get(d, 0, TABLE + 4 * 16, 4), ==, 0x12345678);
    g_assert_false(fk_guest_read(AFTER, 4, &v));

    d = start("xen 4.20");
    fk_memory_put(d, 0, TABLE + 4 * 16, 4, 0x12345678);
    g_assert_true(fk_guest_write(AFTER, 4, 0xaa));
    g_assert_false(fk_guest_read(AFTER, 4, &v));
    bind_entry(d, 0, 0x10001);
    g_assert_true(fk_guest_read(AFTER, 4, &v));
    g_assert_cmphex(v, ==, 0x12345678);
    forget();
    g_assert_true(fk_guest_write(AFTER + 1, 1, 0xaa));
    g_assert_true(fk_guest_write(PAGE + 8, 8, 0x1122334455667788));
    expect("xen 0000:00:05.0 memory 0x1051/1 0xaa\n"
           "xen 0000:00:05.0 memory 0x1008/8 0x1122334455667788\n");
    g_assert_cmphex(fk_memory_get(d, 0, TABLE + 4 * 16, 4), ==, 0x1234aa78);
    g_assert_true(fk_guest_read(PAGE + 8, 8, &v));
    g_assert_cmphex(v, ==, 0x1122334455667788);
    /* another page, which the guest has itself */
    g_assert_true(fk_guest_write(PAGE + 0x1000, 4, 0));
    g_assert_false(fk_guest_read(PAGE + 0x1000, 4, &v));
}

/*
 * Not where the pending bits are in that page, nor in a page that is all
 * table.
 */
static void test_beside_not(void)
{
    FkDevice *d = start("xen 4.20");
    uint64_t v;

    fk_put(d, MSIX + PCI_MSIX_PBA, 4, 0x1800);
    fk_msix_init(d);
    bind_entry(d, 0, 0x10001);
    forget();
    fk_guest_write(AFTER, 4, 0xaa);
    fk_guest_write(PAGE, 4, 0xaa);
    expect("");
    g_assert_true(fk_guest_read(AFTER, 4, &v));
    g_assert_cmphex(v, ==, 0);

    d = start("xen 4.20");
    fk_put(d, MSIX + PCI_MSIX_TABLE, 4, 0x1000);
    fk_msix_init(d);
    bind_entry(d, 0, 0x10001);
    /* the guest's page begins before the table, as the host's does not */
    g_assert_true(fk_guest_read(PAGE, 4, &v));
    g_assert_cmphex(v, ==, UINT64_MAX);
}

/* Of a Xen that counts right, the last one that is unbound takes it along. */
static void test_users(void)
{
    static const struct {
        const char *xen;
        bool right;
    } cases[] = {
        { "xen 4.17.7", false }, { "xen 4.18.6", false },
        { "xen 4.19.3", false }, { "xen 4.19.4", true },
        { "xen 4.20", false }, { "xen 4.20.2", false }, { "xen 4.20.3", true },
        { "xen 4.20.12", true }, { "xen 4.21", false }, { "xen 4.21.1", true },
        { "xen 4.22", true }, { "xen 4.23", true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        FkDevice *d = start(cases[i].xen);
        int first = bind_entry(d, 0, 0x10001);
        int second = bind_entry(d, 1, 0x10001);

        fk_unbind_msi(second, 0x41, 1);
        g_assert_cmpint(d->x.seen.there, ==, cases[i].right);
        if (cases[i].right) {
            fk_unbind_msi(first, 0x41, 1);
            g_assert_false(d->x.seen.there);
        }
    }
}

/* Xen keeps the place that it was told first; it forgets it too soon. */
static void test_place(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(xens); i++) {
        FkDevice *d = start(xens[i]);
        int first = bind_entry(d, 0, 0x10001), second;

        fk_unbind_msi(first, 0x41, 1);
        fk_bind_msi(first, 0x41, 0x10001, GTABLE + 0x10000);
        g_assert_cmphex(d->x.seen.gtable, ==, GTABLE);

        second = bind_entry(d, 1, 0x10001);
        fk_unbind_msi(second, 0x41, 1);
        g_assert_false(d->x.seen.there);
        g_assert_true(fk_guest_write(word(0, FK_VECTOR_CONTROL), 4, 1));
        fk_guest_written();
        g_assert_false(masked(d, 0));
        fk_bind_msi(second, 0x41, 0x10001, GTABLE + 0x10000);
        g_assert_cmphex(d->x.seen.gtable, ==, GTABLE + 0x10000);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/table/unbound", test_unbound);
    g_test_add_func("/fakexen/table/snooped", test_snooped);
    g_test_add_func("/fakexen/table/mask", test_mask);
    g_test_add_func("/fakexen/table/change", test_change);
    g_test_add_func("/fakexen/table/wide", test_wide);
    g_test_add_func("/fakexen/table/beside", test_beside);
    g_test_add_func("/fakexen/table/beside-not", test_beside_not);
    g_test_add_func("/fakexen/table/place", test_place);
    g_test_add_func("/fakexen/table/users", test_users);
    return g_test_run();
}
