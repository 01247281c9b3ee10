/*
 * QTest: a device passed through with Xen, writes that do not take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/qdict.h"
#include "xen-pt-driver.h"
#include "standard-headers/linux/pci_regs.h"

#define VENDOR  0xf0            /* a register that no capability has */
#define VPD     0xc0            /* behind the fixture's capabilities, */
#define VNDR    0xd0            /* and with that many bytes */
#define VNDR_LEN 0x0d
#define DEVCTL2 (XEN_PT_CAP_EXP + PCI_EXP_DEVCTL2)
#define LISTED 16               /* registers that are remembered */

static const XenPTLayout with_caps = { .place = XEN_PT_MIDDLE, .rom = true };

/* The registers of a driver's own. */
static XenPT *new_device(void)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, &with_caps);
    xen_pt_say(x, "poke DEV 0x81/1 0x%02x", VPD);
    xen_pt_say(x, "poke DEV 0x%02x/2 0x%02x03", VPD, VNDR);
    xen_pt_say(x, "poke DEV 0x%02x/4 0x%06x", VNDR, VNDR_LEN << 16 | 0x09);
    xen_pt_say(x, "writable DEV 0x%02x/4 0xffffffff", VENDOR);
    xen_pt_say(x, "writable DEV 0x%02x/4 0xffffffff", VNDR + 4);
    xen_pt_say(x, "writable DEV 0x%02x/2 0xffff", VPD + PCI_VPD_ADDR);
    xen_pt_say(x, "writable DEV 0x%02x/4 0xffffffff", VPD + PCI_VPD_DATA);
    xen_pt_say(x, "writable DEV 0x%02x/2 0xffff", DEVCTL2);
    return x;
}

static XenPT *start(const char *properties)
{
    XenPT *x = new_device();

    xen_pt_run(x, properties);
    xen_pt_skip(x);
    return x;
}

/* "config-refused" as lines. */
static void assert_refused(XenPT *x, unsigned i, const char *expected,
                           int more)
{
    QDict *reply = xen_pt_qom_get(x, i, "config-refused");
    int listed = qdict_array_entries(reply, "return.");
    g_autoptr(GString) text = g_string_new(NULL);

    for (int n = 0; n < listed; n++) {
        g_autofree char *key = g_strdup_printf("return.%d.", n);
        QDict *d;

        qdict_extract_subqdict(reply, &d, key);
        g_string_append_printf(text, "0x%02x/%u %s, by %s: 0x%x, is 0x%x, "
                               "%u times\n",
                               (unsigned)qdict_get_int(d, "offset"),
                               (unsigned)qdict_get_int(d, "size"),
                               qdict_get_str(d, "register"),
                               qdict_get_str(d, "by"),
                               (unsigned)qdict_get_int(d, "wanted"),
                               (unsigned)qdict_get_int(d, "got"),
                               (unsigned)qdict_get_int(d, "count"));
        qobject_unref(d);
    }
    g_assert_cmpstr(text->str, ==, expected);
    qobject_unref(reply);
    reply = xen_pt_qom_get(x, i, "config-refused-more");
    g_assert_cmpint(qdict_get_int(reply, "return"), ==, more);
    qobject_unref(reply);
}

static unsigned refusals(XenPT *x)
{
    return xen_pt_log_lines(x, "a write to config space is refused");
}

/* Two writes: the first is read back, the second is not. */
static void write_twice(XenPT *x, uint32_t first, uint32_t second,
                        const char *then)
{
    qpci_config_writel(x->dev[0], VENDOR, first);
    qpci_config_writel(x->dev[0], VENDOR, second);
    xen_pt_expect(x, then);
}

/* QEMU passes it on, pciback drops it. */
static void test_pciback(void)
{
    g_autoptr(XenPT) x = start(",permissive=on");

    write_twice(x, 0x11, 0x22,
        "cfg DEV read 0xf0/4 = 0x00000000\n"
        "cfg DEV write 0xf0/4 0x00000011\n"
        "cfg DEV read 0xf0/4 = 0x00000000\n"
        "cfg DEV read 0xf0/4 = 0x00000000\n"
        "cfg DEV write 0xf0/4 0x00000022\n");
    g_assert_cmphex(xen_pt_hw(x, 0, VENDOR, 4), ==, 0);
    assert_refused(x, 0, "0xf0/4 vendor register, by pciback: 0x11, is 0x0, "
                   "2 times\n", 0);
    g_assert_cmpuint(refusals(x), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x,
        "warning: 0000:00:05.0: a write to config space is refused: 0xf0, "
        "vendor register, written 0x00000011, reads 0x00000000; pciback drops "
        "it, or it is read-only, or clears itself; if the driver fails, in "
        "dom0, 'echo 0000:00:05.0-f0:4:ffffffff > "
        "/sys/bus/pci/drivers/pciback/quirks'"), ==, 1);
}

/* The field is as wide as the guest has it. */
static void test_width(void)
{
    g_autoptr(XenPT) x = start(",permissive=on");

    qpci_config_writeb(x->dev[0], VENDOR + 3, 0x80);
    qpci_config_writew(x->dev[0], VENDOR, 0x1234);
    assert_refused(x, 0,
        "0xf3/1 vendor register, by pciback: 0x80, is 0x0, 1 times\n"
        "0xf0/2 vendor register, by pciback: 0x1234, is 0x0, 1 times\n", 0);
    g_assert_cmpuint(xen_pt_log_lines(x, "0xf3, vendor register, written 0x80, "
                                      "reads 0x00; "), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "'echo 0000:00:05.0-f0:2:ffff >"), ==,
                     1);
}

/* QEMU keeps it back, unless it is told otherwise: no access for that. */
static void test_kept(void)
{
    g_autoptr(XenPT) x = start("");

    write_twice(x, 0x11, 0x22,
        "cfg DEV read 0xf0/4 = 0x00000000\n"
        "cfg DEV read 0xf0/4 = 0x00000000\n");
    assert_refused(x, 0, "0xf0/4 vendor register, by QEMU: 0x11, is 0x0, "
                   "2 times\n", 0);
    g_assert_cmpuint(xen_pt_log_lines(x,
        "warning: 0000:00:05.0: a write to config space is refused: 0xf0, "
        "vendor register, written 0x00000011, reads 0x00000000; QEMU keeps it "
        "back; if the driver fails, give QEMU the property permissive=on, and "
        "pciback decides"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "try enabling permissive"), ==, 0);
}

/* What is passed on of a write, and what is between. */
static void test_kept_between(void)
{
    g_autoptr(XenPT) x = start("");

    qpci_config_writel(x->dev[0], VNDR, 0xffffffff);
    qpci_config_writel(x->dev[0], VPD, 0xfffcffff);
    qpci_config_writeb(x->dev[0], VNDR + VNDR_LEN, 1);
    assert_refused(x, 0,
        "0xd2/2 vendor-specific capability, by QEMU: 0xffff, is 0xd, 1 times\n"
        "0xc2/2 VPD address, by pciback: 0xfffc, is 0x0, 1 times\n"
        "0xdd/1 vendor register, by QEMU: 0x1, is 0x0, 1 times\n", 0);
}

static void assert_takes(XenPT *x)
{
    write_twice(x, 0x11, 0x22,
        "cfg DEV read 0xf0/4 = 0x00000000\n"
        "cfg DEV write 0xf0/4 0x00000011\n"
        "cfg DEV read 0xf0/4 = 0x00000011\n"
        "cfg DEV read 0xf0/4 = 0x00000011\n"
        "cfg DEV write 0xf0/4 0x00000022\n");
    g_assert_cmphex(xen_pt_hw(x, 0, VENDOR, 4), ==, 0x22);
    assert_refused(x, 0, "", 0);
    g_assert_cmpuint(refusals(x), ==, 0);
}

static void test_permissive(void)
{
    g_autoptr(XenPT) x = start(",permissive=on");

    xen_pt_say(x, "permissive DEV on");
    assert_takes(x);
}

/* The remedy that the line names. */
static void test_quirk(void)
{
    g_autoptr(XenPT) x = start(",permissive=on");

    xen_pt_say(x, "quirk DEV 0xf0/4");
    assert_takes(x);
}

/* Bits that a written 1 clears, or that are read-only by the specification. */
static void test_standard(const void *properties)
{
    static const struct {
        uint8_t offset, len;
        uint32_t has, value;
    } writes[] = {
        { PCI_STATUS, 2, 0xf910, 0xf900 },
        { PCI_STATUS, 2, 0x8010, 0x0000 },
        { PCI_COMMAND, 4, 0x80100002, 0x80000003 },
        { PCI_BIST, 1, 0x80, 0xc0 },
        { PCI_BASE_ADDRESS_4, 4, 0, 0xffffffff },
        { PCI_SUBSYSTEM_VENDOR_ID, 4, 0x12345678, 0 },
        { 0x38, 4, 0, 1 },
        { XEN_PT_CAP_PM + PCI_PM_CTRL, 2, 0x8000, 0x9e03 },
        { XEN_PT_CAP_PM + PCI_PM_CTRL, 4, 0x8000, 0x01019e03 },
        { XEN_PT_CAP_EXP + PCI_EXP_DEVCTL, 2, 0, PCI_EXP_DEVCTL_BCR_FLR },
        { XEN_PT_CAP_EXP + PCI_EXP_DEVSTA, 2, 0x000f, 0x000f },
        { XEN_PT_CAP_EXP + PCI_EXP_LNKSTA, 2, 0xc011, 0xc000 },
        { XEN_PT_CAP_EXP + PCI_EXP_SLTCTL, 4, 0, 0x000007ff },
        { VPD, 2, 0xd003, 0x0000 },
        { VPD + PCI_VPD_ADDR, 2, 0x0004, 0x8004 },
        { VNDR + 2, 1, VNDR_LEN, 0xff },
    };
    g_autoptr(XenPT) x = start(properties);

    for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
        QPCIDevice *dev = x->dev[0];
        uint8_t offset = writes[i].offset;
        g_autofree char *journal = NULL;
        g_auto(GStrv) lines = NULL;

        xen_pt_say(x, "poke DEV 0x%02x/%u 0x%x", offset, writes[i].len,
                   writes[i].has);
        xen_pt_skip(x);
        if (writes[i].len == 4) {
            qpci_config_writel(dev, offset, writes[i].value);
        } else if (writes[i].len == 2) {
            qpci_config_writew(dev, offset, writes[i].value);
        } else {
            qpci_config_writeb(dev, offset, writes[i].value);
        }
        journal = xen_pt_journal(x, "cfg");
        g_test_message("0x%02x: %s", offset, journal);
        lines = g_strsplit(journal, "\n", -1);
        for (unsigned j = 1; lines[j] && *lines[j]; j++) {
            g_assert_null(strstr(lines[j], " read 0x"));
        }
    }
    assert_refused(x, 0, "", 0);
    g_assert_cmpuint(refusals(x), ==, 0);
}

/* Those of the standard's that have to take. */
static void test_named(void)
{
    g_autoptr(XenPT) x = start("");

    qpci_config_writew(x->dev[0], DEVCTL2, 0x0040);
    qpci_config_writew(x->dev[0], VPD + PCI_VPD_ADDR, 0x0004); /* is allowed */
    qpci_config_writel(x->dev[0], VPD + PCI_VPD_DATA, 0x11);
    qpci_config_writel(x->dev[0], PCI_ROM_ADDRESS, 0xfe000001);
    qpci_config_writel(x->dev[0], VNDR + 4, 0x11);
    assert_refused(x, 0,
        "0xa8/2 PCI Express Device Control 2, by pciback: 0x40, is 0x0, "
        "1 times\n"
        "0xc4/4 VPD data, by QEMU: 0x11, is 0x0, 1 times\n"
        "0x30/4 expansion ROM, by pciback: 0xfe000001, is 0xfe000000, "
        "1 times\n"
        "0xd4/4 vendor-specific capability, by QEMU: 0x11, is 0x0, "
        "1 times\n", 0);
    g_assert_cmpuint(xen_pt_log_lines(x, "reads 0xfe000000; pciback switches "
                                      "no ROM on; harmless unless the driver "
                                      "reads it"), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "VPD data, written 0x00000011, reads "
                                      "0x00000000; pciback lets nobody write "
                                      "VPD; harmless unless that is to change"),
                     ==, 1);
    g_assert_cmpuint(refusals(x), ==, 4);
}

/* COMMAND costs one read in the life of a device, where MASTER changes. */
static void test_command(const void *lost)
{
    static const uint16_t on = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    g_autoptr(XenPT) x = start("");

    if (lost) {
        xen_pt_say(x, "fail cfg.write@0x04 1 timeout");
    }
    qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY);
    xen_pt_skip(x);
    if (lost) {
        xen_pt_say(x, "fail cfg.write@0x04 1 timeout");
    }
    qpci_config_writew(x->dev[0], PCI_COMMAND, on);
    qpci_config_writew(x->dev[0], PCI_COMMAND, PCI_COMMAND_MEMORY);
    qpci_config_writew(x->dev[0], PCI_COMMAND, on);
    if (!lost) {
        xen_pt_expect(x, "cfg DEV read COMMAND = 0x0002\n"
                         "cfg DEV write COMMAND 0x0006\n"
                         "cfg DEV read COMMAND = 0x0006\n"
                         "cfg DEV read COMMAND = 0x0006\n"
                         "cfg DEV write COMMAND 0x0002\n"
                         "cfg DEV read COMMAND = 0x0002\n"
                         "cfg DEV write COMMAND 0x0006\n");
    }
    g_assert_cmpuint(xen_pt_log_lines(x, "0x04, command register, written "
                                      "0x0006, reads 0x0002; bus mastering is "
                                      "not as the driver has it; dom0's kernel "
                                      "log may say why"), ==, lost ? 1 : 0);
    g_assert_cmpuint(refusals(x), ==, lost ? 1 : 0);
}

/* Nobody knows then, and nothing is claimed. */
static void test_lost(void)
{
    static const char *const faults[] = {
        "fail cfg.read@0xf0 all ones", "fail cfg.read@0xf0 2+ ones",
        "fail cfg.read@0xf0 2+ EIO", "fail cfg.write@0xf0 all EIO",
        "fail cfg.write@0xf0 1 late",
    };

    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        g_autoptr(XenPT) x = start(",permissive=on");

        xen_pt_say(x, "%s", faults[i]);
        qpci_config_writel(x->dev[0], VENDOR, 0x11);
        g_test_message("%s", faults[i]);
        assert_refused(x, 0, "", 0);
        g_assert_cmpuint(refusals(x), ==, 0);
    }
}

/* QEMU in dom0 accesses the device itself: all is as it was. */
static void test_dom0(void)
{
    g_autoptr(XenPT) x = new_device();
    g_autoptr(XenPT) y = new_device();

    xen_pt_say(x, "stubdom off");
    xen_pt_run(x, ",permissive=on");
    xen_pt_skip(x);
    qpci_config_writel(x->dev[0], VENDOR, 0x11);
    qpci_config_writew(x->dev[0], VENDOR + 4, 0x11);    /* is read-only */
    xen_pt_expect(x, "cfg DEV read 0xf0/4 = 0x00000000\n"
                     "cfg DEV write 0xf0/4 0x00000011\n"
                     "cfg DEV read 0xf4/2 = 0x0000\n"
                     "cfg DEV write 0xf4/2 0x0011\n");
    assert_refused(x, 0, "", 0);

    xen_pt_say(y, "stubdom off");
    xen_pt_run(y, "");
    xen_pt_skip(y);
    qpci_config_writel(y->dev[0], VENDOR, 0x11);
    xen_pt_expect(y, "cfg DEV read 0xf0/4 = 0x00000000\n");
    assert_refused(y, 0, "", 0);
    g_assert_cmpuint(xen_pt_log_lines(y, "try enabling permissive"), ==, 1);
    g_assert_cmpuint(refusals(x) + refusals(y), ==, 0);
}

/* As many registers as there are, and each of them a hundred times. */
static void test_flood(const void *properties)
{
    g_autoptr(XenPT) x = start(properties);
    QDict *reply;

    for (unsigned n = 0; n < 100; n++) {
        for (unsigned at = VNDR + VNDR_LEN; at <= 0xff; at++) {
            qpci_config_writeb(x->dev[0], at, n % 2 ? 0x40 : 1);
        }
    }
    g_assert_cmpuint(refusals(x), ==, LISTED);
    g_assert_cmpuint(xen_pt_log_lines(x, "writes to more than 16 registers are "
                                      "refused"), ==, 1);
    reply = xen_pt_qom_get(x, 0, "config-refused");
    g_assert_cmpint(qdict_array_entries(reply, "return."), ==, LISTED);
    g_assert_cmpint(qdict_get_int(reply, "return.0.count"), ==, 100);
    qobject_unref(reply);
    reply = xen_pt_qom_get(x, 0, "config-refused-more");
    g_assert_cmpint(qdict_get_int(reply, "return"), ==,
                    0x100 - (VNDR + VNDR_LEN) - LISTED);
    qobject_unref(reply);
}

/* Each device has its own; one that comes anew is another. */
static void test_devices(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &with_caps);
    xen_pt_add(x, &with_caps);
    xen_pt_run(x, NULL);
    g_assert_true(xen_pt_plug(x, 0));
    g_assert_true(xen_pt_plug(x, 1));
    qpci_config_writeb(x->dev[0], VENDOR, 1);
    assert_refused(x, 0, "0xf0/1 vendor register, by QEMU: 0x1, is 0x0, "
                   "1 times\n", 0);
    assert_refused(x, 1, "", 0);
    qpci_config_writeb(x->dev[1], VENDOR, 2);
    assert_refused(x, 1, "0xf0/1 vendor register, by QEMU: 0x2, is 0x0, "
                   "1 times\n", 0);
    xen_pt_unplug(x, 0);
    g_assert_true(xen_pt_plug(x, 0));
    assert_refused(x, 0, "", 0);
    qpci_config_writeb(x->dev[0], VENDOR, 1);
    g_assert_cmpuint(refusals(x), ==, 3);
}

/* MSI's registers have reports of their own. */
static void test_msi(void)
{
    g_autoptr(XenPT) x = start("");

    xen_pt_say(x, "allow DEV off");
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       0xfee01000);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_DATA_64, 0x41);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_FLAGS,
                       PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_ENABLE);
    xen_pt_assert_state(x, 0, "refused");
    assert_refused(x, 0, "", 0);
    g_assert_cmpuint(refusals(x), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("xen-pt/refused/pciback", test_pciback);
    qtest_add_func("xen-pt/refused/width", test_width);
    qtest_add_func("xen-pt/refused/kept", test_kept);
    qtest_add_func("xen-pt/refused/kept-between", test_kept_between);
    qtest_add_func("xen-pt/refused/permissive", test_permissive);
    qtest_add_func("xen-pt/refused/quirk", test_quirk);
    qtest_add_data_func("xen-pt/refused/standard", "", test_standard);
    qtest_add_data_func("xen-pt/refused/standard-permissive", ",permissive=on",
                        test_standard);
    qtest_add_func("xen-pt/refused/named", test_named);
    qtest_add_data_func("xen-pt/refused/command", NULL, test_command);
    qtest_add_data_func("xen-pt/refused/command-lost", "", test_command);
    qtest_add_func("xen-pt/refused/lost", test_lost);
    qtest_add_func("xen-pt/refused/dom0", test_dom0);
    qtest_add_data_func("xen-pt/refused/flood", ",permissive=on", test_flood);
    qtest_add_data_func("xen-pt/refused/flood-kept", "", test_flood);
    qtest_add_func("xen-pt/refused/devices", test_devices);
    qtest_add_func("xen-pt/refused/msi", test_msi);
    return g_test_run();
}
