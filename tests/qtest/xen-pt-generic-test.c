/*
 * QTest: a device passed through with Xen, beside its MSI
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a guest can make the log hold, what the device is to Xen, and its INTx.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"
#include "standard-headers/linux/pci_regs.h"

#define MANY 1000               /* accesses, of each kind */
#define UNKNOWN 0xf0            /* config space that nothing emulates */

static const XenPTLayout plain;     /* MSI alone */

/* How many lines the log has; what follows the last newline is none. */
static unsigned all_lines(XenPT *x)
{
    unsigned n = xen_pt_log_lines(x, "");

    return n ? n - 1 : 0;
}

/*
 * The log
 */

static void read_bar(XenPT *x, unsigned n)
{
    xen_pt_read(x, XEN_PT_GUEST0 + n % 64, 1u << n % 3);
}

static void write_bar(XenPT *x, unsigned n)
{
    xen_pt_write(x, XEN_PT_GUEST0 + n % 64, 1u << n % 3, n);
}

static void move_bar(XenPT *x, unsigned n)
{
    qpci_config_writel(x->dev[0], PCI_BASE_ADDRESS_0,
                       XEN_PT_GUEST0 + (n % 8) * XEN_PT_BAR0_SIZE);
}

static void read_config(XenPT *x, unsigned n)
{
    qpci_config_readl(x->dev[0], UNKNOWN);
}

static void write_config(XenPT *x, unsigned n)
{
    qpci_config_writew(x->dev[0], PCI_COMMAND,
                       n & 1 ? PCI_COMMAND_MASTER : 0);
}

static void write_unknown(XenPT *x, unsigned n)
{
    qpci_config_writel(x->dev[0], UNKNOWN, n);
}

/* What a guest does a thousand times, while something fails. */
static const struct {
    const char *name;
    const char *fail;
    void (*act)(XenPT *x, unsigned n);
    unsigned lines;             /* that tell of it */
} floods[] = {
    { "read-bar", NULL, read_bar, 1 },
    { "write-bar", NULL, write_bar, 1 },
    { "move-bar", "memory_mapping all EPERM", move_bar, 1 },
    { "read-config", "cfg.read all EIO", read_config, 1 },
    { "read-to-write", "cfg.read all EIO", write_config, 1 },
    { "write-config", "cfg.write all EIO", write_config, 1 },
    { "write-unknown", NULL, write_unknown, 1 },
};

static void test_flood(const void *opaque)
{
    unsigned row = GPOINTER_TO_UINT(opaque), before;
    g_autoptr(XenPT) x = xen_pt_start(&plain);

    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    before = all_lines(x);
    if (floods[row].fail) {
        xen_pt_say(x, "fail %s", floods[row].fail);
    }
    for (unsigned n = 0; n < MANY; n++) {
        floods[row].act(x, n);
    }
    g_assert_cmpuint(all_lines(x) - before, ==, floods[row].lines);
}

/* As a vCPU makes them: a port of the chipset would split what is unaligned. */
static void test_unaligned(void)
{
    static const char *const access[] = {
        "0x41/2", "0x43/4", "0xfd/2", "0x02/4",
    };
    g_autoptr(XenPT) x = xen_pt_start(&plain);
    unsigned before = all_lines(x);

    for (size_t i = 0; i < 2 * ARRAY_SIZE(access); i++) {
        g_autofree char *journal = NULL;

        xen_pt_skip(x);
        xen_pt_say(x, "guest-config 00:04.0 %s %u%s", access[i / 2], MANY,
                   i & 1 ? " 0x5a" : "");
        do {
            g_free(journal);
            read_config(x, 0);
            journal = xen_pt_journal(x, "now");
        } while (!*journal);
        g_assert_cmpstr(journal, ==, i & 1 ? "now guest-config 0x5a\n"
                                           : "now guest-config 0x0\n");
    }
    g_assert_cmpuint(all_lines(x) - before, ==, 1);
}

/* Each device tells of it, and one that comes anew is another. */
static void test_devices(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &plain);
    xen_pt_add(x, &plain);
    xen_pt_run(x, NULL);
    for (unsigned i = 0; i < 3; i++) {
        unsigned dev = i % 2;

        if (i == 2) {
            xen_pt_unplug(x, 0);
        }
        g_assert_true(xen_pt_plug(x, dev));
        xen_pt_say(x, "fail cfg.read all EIO");
        for (unsigned n = 0; n < 3; n++) {
            qpci_config_readl(x->dev[dev], UNKNOWN);
        }
        xen_pt_say(x, "heal");
        g_assert_cmpuint(xen_pt_log_lines(x, "pci_read_block"), ==, i + 1);
    }
}

/*
 * What the device is to Xen
 */

static bool plug_address(XenPT *x, const char *address)
{
    QDict *reply = qtest_qmp(x->qts, "{ 'execute': 'device_add', 'arguments': "
                             "{ 'driver': 'xen-pci-passthrough', 'id': 'far', "
                             "'hostaddr': %s, 'addr': '08.0' } }", address);
    bool ok = qdict_haskey(reply, "return");

    qobject_unref(reply);
    return ok;
}

/* A PCI segment has 16 bits: Xen has no name for a device beyond. */
static void test_segment(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    QPCIDevice *dev;

    xen_pt_add(x, &plain);
    xen_pt_say(x, "device 00e1:02:05.0 %s/0.dump 0000:00:09.0", x->dir);
    xen_pt_say(x, "allow 00e1:02:05.0 on");
    xen_pt_run(x, NULL);
    g_assert_false(plug_address(x, "10000:02:05.0"));
    g_assert_true(plug_address(x, "00e1:02:05.0"));
    dev = qpci_device_find(x->bus, QPCI_DEVFN(8, 0));
    g_assert_nonnull(dev);
    xen_pt_skip(x);
    qpci_config_writel(dev, XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO, 0xfee01000);
    qpci_config_writel(dev, XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI, 0);
    qpci_config_writew(dev, XEN_PT_CAP_MSI + PCI_MSI_DATA_64, 0x41);
    qpci_config_writew(dev, XEN_PT_CAP_MSI + PCI_MSI_FLAGS,
                       PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_ENABLE);
    g_assert_cmphex(qpci_config_readw(dev, XEN_PT_CAP_MSI + PCI_MSI_FLAGS), ==,
                    PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_ENABLE);
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc",
        "xc map_pirq_msi 00e1:02:05.0 entry 0 pirq -1\n"
        "xc map_pirq_msi = 0 pirq 55\n"
        "xc bind_msi 55 gvec 0x41 gflags 0x10001 = 0\n");
    g_free(dev);
}

/*
 * INTx
 */

/* A device that can be plugged, of a machine with many I/O APICs. */
static XenPT *new_intx(unsigned irq)
{
    XenPT *x = xen_pt_new();

    xen_pt_say(x, "gsis 400");
    xen_pt_add(x, &plain);
    xen_pt_say(x, "irq DEV %u", irq);
    return x;
}

static bool hw_disabled(XenPT *x)
{
    return xen_pt_hw(x, 0, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE;
}

static bool guest_disabled(XenPT *x)
{
    return qpci_config_readw(x->dev[0], PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;
}

/* Up to 255 it is bound; beyond it is given back, and INTx is off. */
static void test_number(void)
{
    static const unsigned irq[] = { 17, 255, 256, 273, 399 };

    for (size_t i = 0; i < ARRAY_SIZE(irq); i++) {
        g_autoptr(XenPT) x = new_intx(irq[i]);
        g_autofree char *bound = g_strdup_printf(
            "xc map_pirq gsi %u = 0 pirq %u\n"
            "xc bind_pci %u 00:04 INTA = 0\n", irq[i], irq[i], irq[i]);
        g_autofree char *refused = g_strdup_printf(
            "xc map_pirq gsi %u = 0 pirq %u\n"
            "xc unmap_pirq %u = 0\n", irq[i], irq[i], irq[i]);

        xen_pt_say(x, "stubdom off");
        xen_pt_run(x, "");
        xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc",
                            irq[i] < 256 ? bound : refused);
        g_assert_true(hw_disabled(x) == (irq[i] > 255));
        g_assert_cmpuint(xen_pt_log_lines(x, "the guest's driver must use MSI"),
                         ==, irq[i] > 255);
        qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY);
        g_assert_true(hw_disabled(x) == (irq[i] > 255));
        xen_pt_skip(x);
        xen_pt_unplug(x, 0);
        g_free(bound);
        bound = g_strdup_printf("xc unbind_pci %u 00:04 INTA = 0\n"
                                "xc unmap_pirq %u = 0\n", irq[i], irq[i]);
        xen_pt_expect_kinds(__FILE__, __LINE__, x, "xc",
                            irq[i] < 256 ? bound : "");
    }
}

/* How often the device is accessed while it is plugged. */
static unsigned accesses(XenPT *x)
{
    g_autofree char *journal = xen_pt_journal(x, "cfg");
    g_auto(GStrv) lines = g_strsplit(journal, "\n", -1);

    return g_strv_length(lines) - 1;
}

static unsigned plain_accesses(void)
{
    g_autoptr(XenPT) x = new_intx(17);
    unsigned n;

    xen_pt_run(x, "");
    n = accesses(x);
    g_assert_false(hw_disabled(x));
    g_assert_false(guest_disabled(x));
    g_assert_cmpuint(xen_pt_log_lines(x, "INTx"), ==, 0);
    return n;
}

static void assert_out_of_service(XenPT *x)
{
    g_autofree char *journal = xen_pt_journal(x, "xc xen");

    if (strstr(journal, "in service")) {
        g_test_message("%s", journal);
        g_assert_not_reached();
    }
    g_assert_nonnull(strstr(journal, "bind_pci 17"));
}

/*
 * Where it is found asserted: silent before Xen lets it through, and it is so
 * until a driver says otherwise, a reset of the guest or not.
 */
static void test_asserted(const void *plug)
{
    unsigned costs = plain_accesses();
    g_autoptr(XenPT) x = new_intx(17);

    xen_pt_say(x, "poke DEV 0x06/2 0x%04x",
               PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    xen_pt_run(x, plug ? NULL : "");
    if (plug) {
        xen_pt_skip(x);
        g_assert_true(xen_pt_plug(x, 0));
    } else {
        unsigned n = accesses(x);

        /* Disabled, and once more when decoding has come on. */
        g_assert_cmpuint(n, ==, costs + 2 + 3);
        x->seen = 0;
    }
    assert_out_of_service(x);
    g_assert_true(hw_disabled(x));
    g_assert_true(guest_disabled(x));
    g_assert_cmpuint(xen_pt_log_lines(x, "0000:00:05.0: it interrupts by INTx, "
                                      "and no driver is there to serve it; "
                                      "INTx is disabled until one enables it"),
                     ==, 1);

    /* Firmware keeps what it does not know, a driver without INTx too. */
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    g_assert_true(hw_disabled(x));
    xen_pt_reset(x);
    g_assert_true(hw_disabled(x));
    g_assert_true(guest_disabled(x));
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    g_assert_true(hw_disabled(x));

    /* One with INTx: it is there, as for any device. */
    qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY);
    g_assert_false(hw_disabled(x));
    g_assert_false(guest_disabled(x));
    qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY |
                       PCI_COMMAND_INTX_DISABLE);
    g_assert_true(hw_disabled(x));
    g_assert_true(guest_disabled(x));
}

/*
 * A guest before has had the device, and disabled INTx. The device was reset
 * since, and has these bits of COMMAND; pciback's copy still says that INTx is
 * disabled.
 */
static void run_stale(XenPT *x, uint16_t has)
{
    xen_pt_run(x, NULL);
    g_assert_true(xen_pt_plug(x, 0));
    qpci_config_writew(x->dev[0], PCI_COMMAND, has | PCI_COMMAND_INTX_DISABLE);
    g_assert_true(hw_disabled(x));
    xen_pt_unplug(x, 0);
    xen_pt_say(x, "poke DEV 0x04/2 0x%04x", has);
}

/* pciback's copy has the bit since the guest before; the device does not. */
static void test_stale_copy(void)
{
    g_autoptr(XenPT) x = new_intx(17);

    run_stale(x, 0);
    xen_pt_say(x, "poke DEV 0x06/2 0x%04x",
               PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    xen_pt_skip(x);
    g_assert_true(xen_pt_plug(x, 0));
    assert_out_of_service(x);
    g_assert_true(hw_disabled(x));
}

/*
 * pciback has seen no decoding when it got the device, as after a
 * pci-assignable-remove and -add. Realize switches that on, and Linux in dom0
 * then enables INTx in the device.
 */
static void test_asserted_undecoded(void)
{
    static const XenPTLayout undecoded = { .undecoded = true };
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &undecoded);
    xen_pt_say(x, "irq DEV 17");
    xen_pt_say(x, "poke DEV 0x06/2 0x%04x",
               PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    xen_pt_run(x, NULL);
    g_assert_true(xen_pt_plug(x, 0));
    g_assert_true(guest_disabled(x));
    g_assert_true(hw_disabled(x));
}

/*
 * The same on a pciback that refuses ENABLE while INTx is on. The probe comes
 * before INTx is bound, so nothing could be interrupted by it.
 */
static void test_stale_probe(const void *layout)
{
    g_autoptr(XenPT) x = xen_pt_new();
    const XenPTLayout *l = layout;

    xen_pt_add(x, l);
    xen_pt_say(x, "kernel 6.1");
    run_stale(x, 0);
    xen_pt_say(x, "poke DEV 0x06/2 0x%04x",
               PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    g_assert_true(xen_pt_plug(x, 0));
    msix_assert_caps(x, !l->no_msi, l->entries);
}

/*
 * A device without an interrupt line has INTx off, whatever the guest writes
 * (xen_pt_cmd_reg_write()), and after ENABLE was written twice, too.
 */
static void test_no_line(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_plain);
    xen_pt_say(x, "irq DEV 0");
    xen_pt_run(x, "");
    msix_place(x);
    g_assert_true(hw_disabled(x));
    msix_request(x, 0);
    xen_pt_say(x, "fail cfg.write@0xc2 1 timeout");
    msix_set_control(x, PCI_MSIX_FLAGS_ENABLE);
    g_assert_true(msix_hw_enabled(x));
    msix_set_control(x, 0);
    g_assert_false(msix_hw_enabled(x));
    g_assert_true(hw_disabled(x));
}

/* The same for the next guest: pciback's copy has the bit, the device not. */
static void test_no_line_stale(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_plain);
    xen_pt_say(x, "irq DEV 0");
    xen_pt_run(x, NULL);
    g_assert_true(xen_pt_plug(x, 0));
    g_assert_true(hw_disabled(x));
    xen_pt_unplug(x, 0);
    xen_pt_say(x, "poke DEV 0x04/2 0x0000");
    g_assert_true(xen_pt_plug(x, 0));
    g_assert_true(hw_disabled(x));
}

/* The guest reads INTx as enabled; where it is a bus master by then, it is. */
static void test_stale_master(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_plain);
    xen_pt_say(x, "irq DEV 17");
    xen_pt_say(x, "kernel 6.1");
    run_stale(x, PCI_COMMAND_MASTER);
    g_assert_true(xen_pt_plug(x, 0));
    g_assert_false(guest_disabled(x));
    g_assert_false(hw_disabled(x));
}

/* A lost read says nothing; a device in dom0 is there to be read back. */
static void test_no_answer(void)
{
    g_autoptr(XenPT) x = new_intx(17);

    xen_pt_run(x, NULL);
    xen_pt_say(x, "fail cfg.read@0x06 all ones");
    if (xen_pt_plug(x, 0)) {
        g_assert_false(hw_disabled(x));
        g_assert_false(guest_disabled(x));
    }
}

static void test_dom0(void)
{
    g_autoptr(XenPT) x = new_intx(17);

    xen_pt_say(x, "stubdom off");
    xen_pt_say(x, "poke DEV 0x04/2 0x%04x", PCI_COMMAND_INTX_DISABLE);
    xen_pt_say(x, "poke DEV 0x06/2 0x%04x",
               PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    xen_pt_run(x, "");
    assert_out_of_service(x);
    x->seen = 0;
    {
        g_autofree char *journal = xen_pt_journal(x, "dev");

        g_assert_null(strstr(journal, "write COMMAND 0x0000"));
    }
    g_assert_true(hw_disabled(x));
    g_assert_true(guest_disabled(x));
}

/*
 * An INTx that nobody serves was disabled when the device came. ENABLE that
 * is refused once, then granted, does not give it back when it is clear again.
 */
static void test_unbound(void)
{
    g_autoptr(XenPT) x = new_intx(300);

    xen_pt_say(x, "fail map_pirq all EPERM");
    xen_pt_run(x, "");
    xen_pt_say(x, "heal");
    g_assert_true(hw_disabled(x));
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       0xfee01000);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_DATA_64, 0x41);
    xen_pt_say(x, "fail cfg.write@0x%02x 1 timeout",
               XEN_PT_CAP_MSI + PCI_MSI_FLAGS);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_FLAGS,
                       PCI_MSI_FLAGS_ENABLE);
    g_assert_true(qpci_config_readw(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_FLAGS)
                  & PCI_MSI_FLAGS_ENABLE);
    g_assert_true(hw_disabled(x));
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_FLAGS, 0);
    g_assert_true(hw_disabled(x));
}

/*
 * pciback's copy has the bit since the guest before, the device was reset: it
 * is disabled all the same where nobody can serve it.
 */
static void test_unbound_stale(void)
{
    g_autoptr(XenPT) x = new_intx(17);

    run_stale(x, 0);
    xen_pt_say(x, "fail map_pirq all EPERM");
    g_assert_true(xen_pt_plug(x, 0));
    g_assert_true(hw_disabled(x));
}

/* Two devices' BARs at one place, time after time: a line for each text. */
static void test_overlap(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    unsigned before;

    xen_pt_add(x, &plain);
    xen_pt_add(x, &plain);
    xen_pt_run(x, "");
    xen_pt_place(x, 1, 0, XEN_PT_GUEST0);
    before = all_lines(x);
    for (unsigned n = 0; n < MANY; n++) {
        xen_pt_place(x, 0, 0, XEN_PT_GUEST0 + (n & 1 ? 0 : 0x100000));
    }
    g_assert_cmpuint(all_lines(x) - before, <=, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(floods); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/log/%s",
                                                floods[i].name);

        qtest_add_data_func(path, GUINT_TO_POINTER(i), test_flood);
    }
    qtest_add_func("xen-pt/log/unaligned", test_unaligned);
    qtest_add_func("xen-pt/log/devices", test_devices);
    qtest_add_func("xen-pt/segment", test_segment);
    qtest_add_func("xen-pt/intx/number", test_number);
    qtest_add_data_func("xen-pt/intx/asserted", NULL, test_asserted);
    qtest_add_data_func("xen-pt/intx/asserted-plug", "", test_asserted);
    qtest_add_func("xen-pt/intx/stale-copy", test_stale_copy);
    qtest_add_data_func("xen-pt/intx/stale-probe/msi", &msi_plain,
                        test_stale_probe);
    qtest_add_data_func("xen-pt/intx/stale-probe/msix", &msix_plain,
                        test_stale_probe);
    qtest_add_func("xen-pt/intx/asserted-undecoded", test_asserted_undecoded);
    qtest_add_func("xen-pt/intx/no-line", test_no_line);
    qtest_add_func("xen-pt/intx/no-line-stale", test_no_line_stale);
    qtest_add_func("xen-pt/intx/stale-master", test_stale_master);
    qtest_add_func("xen-pt/intx/no-answer", test_no_answer);
    qtest_add_func("xen-pt/intx/dom0", test_dom0);
    qtest_add_func("xen-pt/intx/unbound", test_unbound);
    qtest_add_func("xen-pt/intx/unbound-stale", test_unbound_stale);
    qtest_add_func("xen-pt/log/overlap", test_overlap);
    return g_test_run();
}
