/*
 * Tests of the fake Xen: the device's memory that the guest has
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "test-common.h"

#define BASE 0x12feb80000ull    /* of BAR 0, four pages: in the second the */
#define GUEST 0xe0000000u       /* table is, in the third the pending bits */

static FkDevice *start(const char *xen)
{
    FkDevice *d = new_device(0);

    say(xen);
    fk_p2m_map(GUEST / FK_PAGE, BASE / FK_PAGE, 4, true);
    return d;
}

static FkP2mAccess write_page(unsigned page)
{
    return fk_p2m_write(GUEST + page * FK_PAGE + 0x7fc, 4, 0x12345678);
}

static uint32_t device_has(FkDevice *d, unsigned page)
{
    return fk_memory_get(d, 0, page * FK_PAGE + 0x7fc, 4);
}

/* The pages that Xen has made read-only, and what it does of a write there. */
static void test_read_only(void)
{
    static const struct {
        const char *xen;
        FkP2mAccess there;
    } rows[] = {
        { "xen 4.17", FK_P2M_CRASH },
        { "xen 4.20", FK_P2M_CRASH },
        { "xen 4.21", FK_P2M_DONE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        FkDevice *d = start(rows[i].xen);

        for (unsigned page = 0; page < 4; page++) {
            bool free = page == 0 || page == 3;

            g_assert_cmpint(write_page(page), ==,
                            free ? FK_P2M_DONE : rows[i].there);
            g_assert_cmphex(device_has(d, page), ==, free ? 0x12345678 : 0);
        }
    }
}

/* As long as pciback has not told Xen of it. */
static void test_not_prepared(void)
{
    FkDevice *d = start("xen 4.17");

    say("prepared 0000:00:05.0 off");
    g_assert_cmpint(write_page(1), ==, FK_P2M_DONE);
    g_assert_cmphex(device_has(d, 1), ==, 0x12345678);
}

static void test_read(void)
{
    FkDevice *d = start("xen 4.17");
    uint64_t v;

    fk_memory_put(d, 0, 0x1008, 4, 0xcafe);
    g_assert_cmpint(fk_p2m_read(GUEST + 0x1008, 8, &v), ==, FK_P2M_DONE);
    g_assert_cmphex(v, ==, 0xcafe);
}

/* What is not mapped, or not any more, is QEMU's. */
static void test_not_mapped(void)
{
    uint64_t v;

    start("xen 4.17");
    g_assert_cmpint(fk_p2m_write(GUEST - 4, 4, 0), ==, FK_P2M_NONE);
    g_assert_cmpint(fk_p2m_write(GUEST + 4 * FK_PAGE, 4, 0), ==, FK_P2M_NONE);
    g_assert_cmpuint(fk_p2m_ranges(), ==, 1);
    fk_p2m_map(GUEST / FK_PAGE, BASE / FK_PAGE, 4, false);
    g_assert_cmpuint(fk_p2m_ranges(), ==, 0);
    g_assert_cmpint(write_page(1), ==, FK_P2M_NONE);
    g_assert_cmpint(fk_p2m_read(GUEST, 4, &v), ==, FK_P2M_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/p2m/read-only", test_read_only);
    g_test_add_func("/fakexen/p2m/not-prepared", test_not_prepared);
    g_test_add_func("/fakexen/p2m/read", test_read);
    g_test_add_func("/fakexen/p2m/not-mapped", test_not_mapped);
    return g_test_run();
}
