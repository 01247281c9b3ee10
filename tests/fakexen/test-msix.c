/*
 * Tests of the fake Xen: MSI-X of a device, and what Xen does to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As xen/arch/x86/msi.c has it.
 */

#include "test-common.h"

#define CONTROL_X (MSIX + PCI_MSIX_FLAGS)
#define ON        0x8003
#define MASKED_ON 0xc003

static void set_control(FkDevice *d, uint16_t value)
{
    fk_device_write(d, "dev", CONTROL_X, 2, value);
    forget();
}

static bool is_masked(FkDevice *d, unsigned entry)
{
    return fk_entry_get(d, entry, FK_VECTOR_CONTROL);
}

/*
 * The device
 */

static void test_memory(void)
{
    FkDevice *d = new_device(0);
    unsigned bar;

    fk_memory_put(d, 0, 0x3ffc, 4, 0x12345678);
    g_assert_cmphex(fk_memory_get(d, 0, 0x3ffd, 2), ==, 0x3456);
    g_assert_cmphex(fk_memory_get(d, 0, 0, 4), ==, 0);
    g_assert_true(fk_memory_at(0x12feb83fff, &bar) == d);
    g_assert_cmpuint(bar, ==, 0);
    g_assert_null(fk_memory_at(0x12feb84000, &bar));
    g_assert_null(fk_memory_at(0xc0e0, &bar));
}

/* After a reset every entry is masked. */
static void test_reset(void)
{
    FkDevice *d = new_device(0);

    g_assert_cmpuint(d->x.entries, ==, 4);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_true(is_masked(d, i));
    }
    g_assert_cmphex(fk_memory_get(d, 0, TABLE + 3 * 16 + 12, 4), ==, 1);
    g_assert_cmphex(fk_memory_get(d, 0, TABLE + 4 * 16 + 12, 4), ==, 0);
    fk_entry_write(d, 2, FK_VECTOR_CONTROL, 0);
    fk_entry_write(d, 2, FK_DATA, 0x41);
    fk_device_write(d, "dev", PM + PCI_PM_CTRL, 2, 3);
    fk_device_write(d, "dev", PM + PCI_PM_CTRL, 2, 0);
    g_assert_true(is_masked(d, 2));
    g_assert_cmphex(fk_entry_get(d, 2, FK_DATA), ==, 0);
}

/* A table, or pending bits, that lie in no memory: Xen does not know it. */
static void test_nowhere(void)
{
    static const struct {
        unsigned entries;
        uint32_t table, pba;
    } cases[] = {
        { 4, 0x3fc8, PBA }, { 4, 0x4000, PBA }, { 1, 2, PBA }, { 4, 3, PBA },
        { 4, 6, PBA }, { 4, TABLE, 0x4000 }, { 65, TABLE, 0x3ff8 },
        { 4, TABLE, 7 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        FkDevice *d = new_device(0);
        int pirq = -1;

        fk_put(d, CONTROL_X, 2, cases[i].entries - 1);
        fk_put(d, MSIX + PCI_MSIX_TABLE, 4, cases[i].table);
        fk_put(d, MSIX + PCI_MSIX_PBA, 4, cases[i].pba);
        fk_msix_init(d);
        g_assert_cmpuint(d->x.entries, ==, 0);
        g_assert_cmpint(fk_map_pirq_msi(&d->bdf, 0, 1, &pirq), ==, -EINVAL);
    }
}

static void test_raise(void)
{
    FkDevice *d = new_device(0);
    uint32_t pending;

    fk_device_raise(d, 3);
    expect("dev 0000:00:05.0 interrupt INTx\n");
    set_control(d, ON);
    fk_device_raise(d, 3);
    expect("dev 0000:00:05.0 interrupt pending\n");
    pending = fk_memory_get(d, 0, PBA, 4);
    g_assert_cmphex(pending, ==, 1 << 3);

    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    fk_entry_write(d, 3, FK_ADDRESS, 0xfee01000);
    fk_entry_write(d, 3, FK_DATA, 0x12345);
    forget();
    fk_entry_write(d, 3, FK_VECTOR_CONTROL, 0);
    expect("xen 0000:00:05.0 entry 3 MASK 0x00000000\n"
           "dev 0000:00:05.0 interrupt MSI-X 0x00000000fee01000 0x00012345\n");
    g_assert_cmphex(fk_memory_get(d, 0, PBA, 4), ==, 0);

    set_control(d, MASKED_ON);
    fk_device_raise(d, 3);
    expect("dev 0000:00:05.0 interrupt pending\n");
    fk_device_write(d, "dev", CONTROL_X, 2, ON);
    expect("dev 0000:00:05.0 write 0x72/2 0x8003\n"
           "dev 0000:00:05.0 interrupt MSI-X 0x00000000fee01000 0x00012345\n");
    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    fk_device_raise(d, 3);
    expect("dev 0000:00:05.0 interrupt lost\n");
}

/*
 * Xen
 */

/* MSI-X is off: the table is reached with it on, and all masked. */
static void test_map(void)
{
    FkDevice *d = new_device(0);

    g_assert_cmpint(map_entry(d, 2), ==, 55);
    expect("xc map_pirq_msi 0000:00:05.0 entry 2 pirq -1 table 0x12feb80000\n"
           "xen 0000:00:05.0 write 0x72/2 0xc003\n"
           "xen 0000:00:05.0 entry 2 MASK 0x00000001\n"
           "xen 0000:00:05.0 write 0x72/2 0x0003\n"
           "xen 0000:00:05.0 write 0x72/2 0xc003\n"
           "xen 0000:00:05.0 entry 2 ADDRESS 0xfee00218\n"
           "xen 0000:00:05.0 entry 2 UPPER 0x00000000\n"
           "xen 0000:00:05.0 entry 2 DATA 0x00000000\n"
           "xen 0000:00:05.0 write 0x72/2 0x0003\n"
           "xc map_pirq_msi = 0 pirq 55\n");
    g_assert_cmphex(control_x(d), ==, 0x0003);
    g_assert_cmpint(map_entry(d, 0), ==, 54);
    g_assert_cmphex(fk_entry_get(d, 0, FK_ADDRESS), ==, 0xfee00238);
}

static void test_map_enabled(void)
{
    FkDevice *d = new_device(0);

    set_control(d, ON);
    map_entry(d, 0);
    expect("xc map_pirq_msi 0000:00:05.0 entry 0 pirq -1 table 0x12feb80000\n"
           "xen 0000:00:05.0 write 0x72/2 0xc003\n"
           "xen 0000:00:05.0 entry 0 MASK 0x00000001\n"
           "xen 0000:00:05.0 write 0x72/2 0x8003\n"
           "xen 0000:00:05.0 entry 0 ADDRESS 0xfee00218\n"
           "xen 0000:00:05.0 entry 0 UPPER 0x00000000\n"
           "xen 0000:00:05.0 entry 0 DATA 0x00000000\n"
           "xc map_pirq_msi = 0 pirq 55\n");
}

static void test_map_errors(void)
{
    static const struct {
        const char *setup;
        int entry, error;
    } cases[] = {
        { "", 4, -EINVAL },
        { "", -1, -EINVAL },
        { "prepared 00:05.0 off", 0, -ENODATA },
        { "poke 00:05.0 0x04/2 0x0004", 0, -ENXIO },
        { "assign 00:05.0 off", 0, -ENODEV },
        { "extra-irqs 0", 0, -ENOSPC },
    };
    FkDevice *d;
    unsigned bound;
    int pirq;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        d = new_device(0);
        say(cases[i].setup);
        pirq = -1;
        g_assert_cmpint(fk_map_pirq_msi(&d->bdf, cases[i].entry, 1, &pirq), ==,
                        cases[i].error);
        g_assert_cmpint(pirq, ==, -1);
        g_assert_cmphex(control_x(d), ==, 0x0003);
        g_assert_cmpuint(fk_pirqs(&bound), ==, 0);
    }
    d = new_device(0);
    map_entry(d, 1);
    pirq = -1;
    g_assert_cmpint(fk_map_pirq_msi(&d->bdf, 1, 1, &pirq), ==, -EEXIST);
}

/* Mapping one of MSI and MSI-X takes the other away. */
static void test_map_other(void)
{
    FkDevice *d = new_device(0);
    int pirq = -1;

    fk_map_pirq_msi(&d->bdf, 0, 0, &pirq);
    fk_put(d, MSI + PCI_MSI_FLAGS, 2, 0x0081);
    map_entry(d, 0);
    g_assert_cmphex(control(d), ==, 0x0080);

    d = new_device(0);
    set_control(d, ON);
    pirq = map_entry(d, 0);
    fk_bind_msi(pirq, 0x41, 0x10001, 0);
    g_assert_false(is_masked(d, 0));
    pirq = -1;
    g_assert_cmpint(fk_map_pirq_msi(&d->bdf, 0, 0, &pirq), ==, 0);
    g_assert_true(is_masked(d, 0));
}

/* Bound for the first time it is masked for the guest, then as it says. */
static void test_bind(void)
{
    FkDevice *d = new_device(0);
    int pirq = map_entry(d, 0);

    forget();
    fk_bind_msi(pirq, 0x41, 0x00001, 0xe0001010);
    expect("xc bind_msi 55 gvec 0x41 gflags 0x00001 gtable 0xe0001010 = 0\n"
           "xen 0000:00:05.0 write 0x72/2 0xc003\n"
           "xen 0000:00:05.0 entry 0 MASK 0x00000001\n"
           "xen 0000:00:05.0 write 0x72/2 0x0003\n");
    set_control(d, ON);
    fk_bind_msi(pirq, 0x42, 0x10001, 0xe0001010);
    expect("xc bind_msi 55 gvec 0x42 gflags 0x10001 gtable 0xe0001010 = 0\n"
           "xen 0000:00:05.0 entry 0 MASK 0x00000000\n");

    pirq = map_entry(d, 1);
    forget();
    fk_bind_msi(pirq, 0x43, 0x00001, 0xe0001010);
    expect("xc bind_msi 54 gvec 0x43 gflags 0x00001 gtable 0xe0001010 = 0\n"
           "xen 0000:00:05.0 entry 1 ADDRESS 0xfee00238\n"
           "xen 0000:00:05.0 entry 1 UPPER 0x00000000\n"
           "xen 0000:00:05.0 entry 1 DATA 0x00000000\n"
           "xen 0000:00:05.0 entry 1 MASK 0x00000001\n");
}

static void test_unbind(void)
{
    FkDevice *d = new_device(0);
    int pirq = map_entry(d, 0);

    set_control(d, ON);
    fk_bind_msi(pirq, 0x41, 0x10001, 0);
    g_assert_false(is_masked(d, 0));
    fk_unbind_msi(pirq, 0x41, 1);
    g_assert_true(is_masked(d, 0));
    g_assert_cmphex(control_x(d), ==, ON);
}

/* Unlike MSI, MSI-X is as enabled as it was. */
static void test_unmap(void)
{
    FkDevice *d = new_device(0);
    int pirq = map_entry(d, 0);
    unsigned bound;

    set_control(d, ON);
    fk_bind_msi(pirq, 0x41, 0x10001, 0);
    g_assert_cmpint(fk_unmap_pirq(pirq), ==, 0);
    g_assert_true(is_masked(d, 0));
    g_assert_cmphex(control_x(d), ==, ON);
    g_assert_cmpuint(fk_pirqs(&bound), ==, 0);

    set_control(d, 0x0003);
    pirq = map_entry(d, 0);
    forget();
    fk_unmap_pirq(pirq);
    expect("xc unmap_pirq 55 = 0\n"
           "xen 0000:00:05.0 write 0x72/2 0xc003\n"
           "xen 0000:00:05.0 entry 0 MASK 0x00000001\n"
           "xen 0000:00:05.0 write 0x72/2 0x0003\n");
    map_entry(d, 0);
}

/* Memory is not decoded: where one cannot be masked, all are, for good. */
static void test_undecoded(void)
{
    FkDevice *d = new_device(0);
    int pirq = map_entry(d, 0);

    set_control(d, ON);
    fk_bind_msi(pirq, 0x41, 0x10001, 0);
    fk_put(d, PCI_COMMAND, 2, 0);
    fk_unbind_msi(pirq, 0x41, 1);
    g_assert_false(is_masked(d, 0));
    g_assert_cmphex(control_x(d), ==, MASKED_ON);
    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    fk_dom0_write(d, CONTROL_X, 2, ON);
    g_assert_cmphex(control_x(d), ==, MASKED_ON);
}

/* A virtual function decodes as the physical one says. */
static void test_virtfn(void)
{
    FkDevice *d = new_device(0);

    d->is_virtfn = true;
    fk_put(d, PCI_COMMAND, 2, 0);
    map_entry(d, 0);
}

/* Of dom0's writes the control word passes, whole, and Xen learns from it. */
static void test_dom0(void)
{
    FkDevice *d = new_device(PCI_MSI_FLAGS_MASKBIT);
    int pirq = map_entry(d, 0);

    fk_dom0_write(d, CONTROL_X, 2, MASKED_ON);
    g_assert_cmphex(control_x(d), ==, MASKED_ON);
    g_assert_true(d->x.guest_maskall);
    forget();
    fk_dom0_write(d, CONTROL_X, 1, 0);
    fk_dom0_write(d, MSIX, 4, 0);
    expect("xen 0000:00:05.0 denies 0x72/1 0x00\n"
           "xen 0000:00:05.0 denies 0x70/4 0x00000000\n");

    /* ENABLE goes off: what Xen restores has the guest's function mask */
    fk_dom0_write(d, CONTROL_X, 2, 0x4003);
    fk_put(d, CONTROL_X, 2, 0x0003);    /* a reset, which Xen has not seen */
    fk_bind_msi(pirq, 0x41, 0x10001, 0);
    g_assert_cmphex(control_x(d), ==, 0x4003);

    fk_dom0_write(d, CONTROL_X, 2, 0x0003);
    g_assert_false(d->x.guest_maskall);
    fk_unmap_pirq(pirq);
    pirq = -1;
    fk_map_pirq_msi(&d->bdf, 0, 0, &pirq);
    fk_dom0_write(d, MSI + PCI_MSI_MASK_64, 4, 0);
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_MASK_64, 4), ==, 1);
    forget();
    fk_dom0_write(d, MSI + PCI_MSI_ADDRESS_LO, 4, 0);
    expect("xen 0000:00:05.0 denies 0x54/4 0x00000000\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/msix/memory", test_memory);
    g_test_add_func("/fakexen/msix/reset", test_reset);
    g_test_add_func("/fakexen/msix/nowhere", test_nowhere);
    g_test_add_func("/fakexen/msix/raise", test_raise);
    g_test_add_func("/fakexen/msix/map", test_map);
    g_test_add_func("/fakexen/msix/map-enabled", test_map_enabled);
    g_test_add_func("/fakexen/msix/map-errors", test_map_errors);
    g_test_add_func("/fakexen/msix/map-other", test_map_other);
    g_test_add_func("/fakexen/msix/bind", test_bind);
    g_test_add_func("/fakexen/msix/unbind", test_unbind);
    g_test_add_func("/fakexen/msix/unmap", test_unmap);
    g_test_add_func("/fakexen/msix/undecoded", test_undecoded);
    g_test_add_func("/fakexen/msix/virtfn", test_virtfn);
    g_test_add_func("/fakexen/msix/dom0", test_dom0);
    return g_test_run();
}
