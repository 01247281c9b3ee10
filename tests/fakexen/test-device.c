/*
 * Tests of the fake Xen: the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "test-common.h"

/* Read-only bits hold, the others change. */
static void test_bits(void)
{
    FkDevice *d = new_device(PCI_MSI_FLAGS_QMASK & 0x0004);

    fk_device_write(d, "dev", PCI_VENDOR_ID, 4, 0);
    g_assert_cmphex(fk_get(d, PCI_VENDOR_ID, 4), ==, 0x29228086);
    fk_device_write(d, "dev", MSI, 4, 0xffffffff);
    g_assert_cmphex(fk_get(d, MSI, 4), ==, 0x00f57005);
    fk_device_write(d, "dev", MSI + PCI_MSI_ADDRESS_LO, 4, 0xffffffff);
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_ADDRESS_LO, 4), ==, 0xfffffffc);
    fk_device_write(d, "dev", MSIX, 4, 0xffffffff);
    g_assert_cmphex(fk_get(d, MSIX, 4), ==, 0xc0030011);
}

static void test_bar(void)
{
    FkDevice *d = new_device(0);

    g_assert_cmpuint(d->bar[0].size, ==, 0x4000);
    g_assert_true(d->bar[0].mem64);
    g_assert_cmphex(d->bar[0].base, ==, 0x12feb80000);
    g_assert_cmpuint(d->bar[1].size, ==, 0);
    g_assert_true(d->bar[2].io);
    g_assert_cmpuint(d->bar[2].size, ==, 0x20);
    fk_device_write(d, "dev", PCI_BASE_ADDRESS_0, 4, 0xffffffff);
    g_assert_cmphex(fk_get(d, PCI_BASE_ADDRESS_0, 4), ==, 0xffffc004);
}

/* pciback takes a device over by a reset: no bus master. */
static void test_taken_over(void)
{
    FkDevice *d = new_device(0);

    g_assert_cmphex(fk_get(d, PCI_COMMAND, 2), ==, PCI_COMMAND_MEMORY);
}

static void test_write_one_clears(void)
{
    FkDevice *d = new_device(0);

    fk_put(d, PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_PME_STATUS);
    fk_device_write(d, "dev", PM + PCI_PM_CTRL, 2, 0);
    g_assert_cmphex(fk_get(d, PM + PCI_PM_CTRL, 2), ==,
                    PCI_PM_CTRL_PME_STATUS);
    fk_device_write(d, "dev", PM + PCI_PM_CTRL, 2, PCI_PM_CTRL_PME_STATUS);
    g_assert_cmphex(fk_get(d, PM + PCI_PM_CTRL, 2), ==, 0);
}

/* Coming back from D3 resets, where the function does not say otherwise. */
static void test_power(void)
{
    FkDevice *d = new_device(0);

    fk_device_write(d, "dev", MSI + PCI_MSI_FLAGS, 2, 0x0081);
    fk_device_write(d, "dev", PM + PCI_PM_CTRL, 2, 3);
    g_assert_cmphex(control(d), ==, 0x0081);
    fk_device_write(d, "dev", PM + PCI_PM_CTRL, 2, 0);
    g_assert_cmphex(control(d), ==, 0x0080);
    g_assert_cmphex(fk_get(d, PCI_COMMAND, 2), ==, 0);
}

/* What the device does when it wants to interrupt. */
static void test_raise(void)
{
    FkDevice *d = new_device(PCI_MSI_FLAGS_MASKBIT);

    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt INTx\n");
    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt lost\n");
    fk_put(d, MSI + PCI_MSI_FLAGS, 2, 0x0181);
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt lost\n");
    fk_put(d, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
    fk_put(d, MSI + PCI_MSI_ADDRESS_LO, 4, 0xfee01000);
    fk_put(d, MSI + PCI_MSI_DATA_64, 2, 0x41);
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt MSI 0x00000000fee01000 0x0041\n");
    fk_put(d, MSI + PCI_MSI_MASK_64, 4, 1);
    fk_device_raise(d, 0);
    expect("dev 0000:00:05.0 interrupt pending\n");
    g_assert_cmphex(fk_get(d, MSI + PCI_MSI_PENDING_64, 4), ==, 1);
}

/* A chain that loops, or leads into the header, ends. */
static void test_chain(void)
{
    FkDump *dump = g_new0(FkDump, 1);
    FkDevice *d;

    fk_init();
    dump->size = 256;
    put(dump->config + PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    dump->config[PCI_CAPABILITY_LIST] = 0xfc;
    put(dump->config + 0xfc, 4, 0xfc05);
    d = fk_device_add();
    fk_device_init(d, dump);
    g_assert_cmphex(d->msi, ==, 0xfc);
    put(dump->config + 0xfc, 4, 0x1005);
    fk_device_init(d, dump);
    g_assert_cmphex(d->msi, ==, 0xfc);
    g_free(dump);
}

/*
 * A virtual function has no Memory Space Enable and no Interrupt Disable: they
 * are hardwired to 0 (SR-IOV 1.1, 3.4.1.3). A dump of one that uses MSI-X shows
 * "DisINTx-", as those of other devices without INTx do.
 */
static void test_virtual_command(void)
{
    FkDump *dump = g_new0(FkDump, 1);
    FkDevice *d;

    fk_init();
    dump->size = 256;
    dump->is_virtfn = true;
    d = fk_device_add();
    fk_device_init(d, dump);
    fk_device_write(d, "dev", PCI_COMMAND, 2, 0xffff);
    g_assert_cmphex(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY, ==, 0);
    g_assert_cmphex(fk_get(d, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE, ==,
                    0);
    g_free(dump);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/device/bits", test_bits);
    g_test_add_func("/fakexen/device/bar", test_bar);
    g_test_add_func("/fakexen/device/taken-over", test_taken_over);
    g_test_add_func("/fakexen/device/write-one-clears",
                    test_write_one_clears);
    g_test_add_func("/fakexen/device/power", test_power);
    g_test_add_func("/fakexen/device/raise", test_raise);
    g_test_add_func("/fakexen/device/chain", test_chain);
    g_test_add_func("/fakexen/device/virtual-command", test_virtual_command);
    return g_test_run();
}
