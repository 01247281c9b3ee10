/*
 * QTest: a device passed through with Xen, a message that its driver copies
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The driver reads the message from config space and writes it to registers of
 * the device. There has to be the host's.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"
#include "qobject/qdict.h"

/* The window of the tests, in BAR 0, and a register there. */
#define WINDOW  ",copied-message=0:0x4000:0x2000"
#define FIRST   0x4000
#define SIZE    0x2000
#define REG     0x4a70
/* What Xen writes to the device. */
#define HOST    0xfee0300c
#define HOST_DATA 0x4099
/* What is in a register that nobody writes. */
#define OTHER   0x12345678

static const XenPTLayout ath11k = { .large = 0x200000, .ids = 0x110317cb };
static const XenPTLayout ath11k_small = { .ids = 0x110317cb };

static void place(XenPT *x)
{
    for (unsigned i = 0; i < x->ndev; i++) {
        xen_pt_place(x, i, 0, i ? MOVED : XEN_PT_GUEST0);
    }
    xen_pt_skip(x);
}

static XenPT *start_with(const XenPTLayout *layout, const char *properties)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, layout);
    xen_pt_say(x, "message 0x%x:0x%x", HOST, HOST_DATA);
    xen_pt_run(x, properties);
    place(x);
    return x;
}

static XenPT *start(void)
{
    return start_with(&msi_plain, WINDOW);
}

static uint64_t device_has(XenPT *x, const char *dev, unsigned at,
                           unsigned len)
{
    g_autofree char *command = g_strdup_printf(
        "show %s bar0+0x%x/%u", g_str_equal(dev, "DEV") ? "0000:00:05.0"
                                                       : "0000:00:06.0",
        at, len);
    g_autofree char *answer = xen_pt_ask(x, command);
    const char *value = strstr(answer, "= ");

    g_assert_nonnull(value);
    return g_ascii_strtoull(value + 2, NULL, 16);
}

/* The guest writes, and the device has got. */
static void assert_written(XenPT *x, unsigned at, uint32_t value, uint32_t got)
{
    xen_pt_write(x, XEN_PT_GUEST0 + at, 4, value);
    g_assert_cmphex(device_has(x, "DEV", at, 4), ==, got);
    g_assert_cmphex(xen_pt_read(x, XEN_PT_GUEST0 + at, 4), ==, got);
}

/* As ath11k programs a ring: address, a bit beside its upper half, data. */
static void assert_ring(XenPT *x, unsigned at, uint32_t address, uint32_t data)
{
    assert_written(x, at, ADDRESS, address);
    assert_written(x, at + 4, 0x100, 0x100);
    assert_written(x, at + 8, DATA(0), data);
}

static void assert_count(XenPT *x, unsigned i, int count)
{
    QDict *reply = xen_pt_qom_get(x, i, "copied-message-count");

    g_assert_cmpint(qdict_get_int(reply, "return"), ==, count);
    qobject_unref(reply);
}

/* Each half costs a look at the device's message, and no other write does. */
static void test_ring(void)
{
    static const char *const seen =
        "cfg DEV read ADDRESS = 0xfee0300c\n"
        "cfg DEV read UPPER = 0x00000000\n"
        "cfg DEV read DATA = 0x4099\n";
    g_autofree char *twice = g_strconcat(seen, seen, NULL);
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, true);
    xen_pt_skip(x);
    assert_ring(x, REG, HOST, HOST_DATA);
    xen_pt_expect(x, twice);
    assert_ring(x, FIRST, HOST, HOST_DATA);
    assert_ring(x, FIRST + SIZE - 12, HOST, HOST_DATA);
    assert_count(x, 0, 3);
    /* The same values elsewhere are values. */
    xen_pt_skip(x);
    assert_written(x, REG + 8, DATA(0), DATA(0));
    assert_written(x, REG + 0x40, DATA(0), DATA(0));
    assert_written(x, REG + 0x44, OTHER_ADDRESS, OTHER_ADDRESS);
    assert_written(x, REG + 0x4c, DATA(0), DATA(0));
    assert_written(x, REG, 0, 0);
    xen_pt_expect(x, "");
    assert_count(x, 0, 3);
    g_assert_cmpuint(xen_pt_log_lines(x, "0000:00:05.0: the host's MSI message "
        "takes the place of the guest's in BAR 0, offset 0x4000, size "
        "0x2000"), ==, 1);
    kind_assert_works(x, &xen_pt_msi, 1);
}

/* Any width at any place reaches the device as it is, and back. */
static void test_widths(void)
{
    g_autoptr(XenPT) x = start();
    uint8_t model[64] = { 0 };
    uint32_t seed = 1;

    msi_set_enable(x, true);
    xen_pt_skip(x);
    for (unsigned len = 1; len <= 8; len *= 2) {
        for (unsigned at = 0; at < sizeof(model); at += len) {
            uint64_t v, is = 0;

            seed = seed * 1664525 + 1013904223;
            v = seed | (uint64_t)~seed << 32;
            xen_pt_write(x, XEN_PT_GUEST0 + REG + at, len, v);
            for (unsigned i = 0; i < len; i++) {
                model[at + i] = v >> 8 * i;
                is |= (uint64_t)model[at + i] << 8 * i;
            }
            g_assert_cmphex(xen_pt_read(x, XEN_PT_GUEST0 + REG + at, len), ==,
                            is);
            for (unsigned i = 0; i < sizeof(model); i++) {
                g_assert_cmphex(device_has(x, "DEV", REG + i, 1), ==,
                                model[i]);
            }
        }
    }
    xen_pt_expect(x, "");
    assert_count(x, 0, 0);
}

static void test_wide(void)
{
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, true);
    xen_pt_say(x, "poke DEV bar0+0x4a74/4 0x%x", OTHER);
    xen_pt_write(x, XEN_PT_GUEST0 + REG, 8, ADDRESS);
    g_assert_cmphex(xen_pt_read(x, XEN_PT_GUEST0 + REG, 8), ==, HOST);
    assert_written(x, REG + 8, DATA(0), HOST_DATA);
}

/* The guest has the memory of the BAR but for the window. */
static void test_frames(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    g_autofree char *journal = NULL;

    xen_pt_add(x, &msi_plain);
    xen_pt_run(x, WINDOW);
    x->seen = 0;
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "file",
        "file DEV open resource0 to write = 0\n"
        "file DEV map resource0 0x4000 n 0x2000 to write = 0\n");
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    journal = xen_pt_journal(x, "dm");
    g_assert_cmpstr(journal, ==,
        "dm map mmio 0xe0000000-0xe0003fff to server 1\n"
        "dm map frames 0xfeb80 to 0xe0000 n 0x4 = 0\n"
        "dm map mmio 0xe0004000-0xe0005fff to server 1\n"
        "dm map mmio 0xe0006000-0xe000ffff to server 1\n"
        "dm map frames 0xfeb86 to 0xe0006 n 0xa = 0\n");
}

/* While MSI is not on, nothing is the host's; nor does it cost anything. */
static void test_off(void)
{
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, false);
    xen_pt_skip(x);
    assert_ring(x, REG, ADDRESS, DATA(0));
    xen_pt_expect(x, "");
    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
    msi_set_enable(x, false);
    xen_pt_skip(x);
    assert_ring(x, REG, ADDRESS, DATA(0));
    xen_pt_expect(x, "");
    assert_count(x, 0, 1);
}

/* Off, on: Xen may write another message. */
static void test_moved(void)
{
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
    msi_set_enable(x, false);
    xen_pt_say(x, "message vtd");
    msi_set_enable(x, true);
    assert_ring(x, REG, 0xfee00218, 0);
    /* Without remapping it does that while MSI is on, and tells nobody. */
    xen_pt_say(x, "poke DEV 0x%02x/4 0xfee0500c",
               XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO);
    xen_pt_say(x, "poke DEV 0x%02x/2 0x40aa", XEN_PT_CAP_MSI + PCI_MSI_DATA_64);
    assert_ring(x, REG, 0xfee0500c, 0x40aa);
}

/* So may the guest: what it finds in config space is what its driver copies. */
static void test_guest_moved(void)
{
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, true);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       OTHER_ADDRESS);
    assert_written(x, REG, ADDRESS, ADDRESS);
    assert_written(x, REG, OTHER_ADDRESS, HOST);
    assert_written(x, REG + 8, DATA(0), HOST_DATA);
    /* Half written it is nobody's. */
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO, 0);
    g_assert_true(msi_enabled(x));
    assert_written(x, REG, 0, 0);
    assert_count(x, 0, 1);
}

/* A guest of Xen's asks for a pirq by its message. */
static void test_pirq(void)
{
    g_autoptr(XenPT) x = start();

    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       PIRQ_ADDRESS);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_DATA_64, PIRQ_DATA);
    kind_set(x, &xen_pt_msi, true);
    g_assert_true(msi_enabled(x));
    assert_written(x, REG, PIRQ_ADDRESS, HOST);
    assert_written(x, REG + 4, 0x100, 0x100);
    assert_written(x, REG + 8, PIRQ_DATA, HOST_DATA);
}

static void test_refused(void)
{
    g_autoptr(XenPT) x = start();

    xen_pt_say(x, "allow DEV off");
    msi_set_enable(x, true);
    xen_pt_assert_state(x, 0, "refused");
    xen_pt_skip(x);
    assert_ring(x, REG, ADDRESS, DATA(0));
    xen_pt_expect(x, "");
    xen_pt_say(x, "allow DEV on");
    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
}

/* A hidden MSI is never on: the guest has the whole BAR. */
static void test_hidden(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    g_autofree char *journal = NULL;

    xen_pt_add(x, &msi_plain);
    xen_pt_say(x, "allow DEV off");
    xen_pt_run(x, WINDOW);
    xen_pt_skip(x);
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    journal = xen_pt_journal(x, "dm");
    g_assert_nonnull(strstr(journal, "n 0x10 = 0"));
    assert_count(x, 0, 0);
}

/* The device's message is lost: once more, then the guest's, and one line. */
static void test_unread(void)
{
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, true);
    xen_pt_say(x, "fail cfg.read@0x54 1 ones");
    assert_ring(x, REG, HOST, HOST_DATA);
    xen_pt_say(x, "heal");
    xen_pt_say(x, "fail cfg.read@0x54 all ones");
    for (int i = 0; i < 5; i++) {
        assert_ring(x, REG, ADDRESS, DATA(0));
    }
    g_assert_cmpuint(xen_pt_log_lines(x, "0000:00:05.0: the driver copies the "
        "guest's MSI message into the device, because the device's own cannot "
        "be read"), ==, 1);
    xen_pt_say(x, "heal");
    assert_ring(x, REG, HOST, HOST_DATA);
}

/* Others have the whole BAR, and QEMU has none of it. */
static void test_none(const void *properties)
{
    const XenPTLayout *layout = strstr(properties, "off") ? &ath11k
                                                          : &msi_plain;
    g_autoptr(XenPT) x = xen_pt_new();
    g_autofree char *journal = NULL;

    xen_pt_add(x, layout);
    xen_pt_run(x, properties);
    x->seen = 0;
    xen_pt_expect_kinds(__FILE__, __LINE__, x, "file", "");
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    journal = xen_pt_journal(x, "dm");
    g_assert_nonnull(strstr(journal, layout->large ? "n 0x200 = 0"
                                                   : "n 0x10 = 0"));
    g_assert_cmpuint(xen_pt_log_lines(x, "takes the place"), ==, 0);
    assert_count(x, 0, 0);
}

/* By its ids, wherever the user says nothing of this device. */
static void test_ids(const void *properties)
{
    g_autoptr(XenPT) x = start_with(&ath11k, properties);

    msi_set_enable(x, true);
    assert_ring(x, 0xb4968, HOST, HOST_DATA);
    assert_ring(x, 0x80000, HOST, HOST_DATA);
    assert_ring(x, 0x100000 - 12, HOST, HOST_DATA);
    assert_count(x, 0, 3);
}

/* Of three windows, as many as the BAR has. */
static void test_ids_shorter(void)
{
    static const XenPTLayout short_bar = {
        .large = 0x100000, .ids = 0x110417cb,
    };
    g_autoptr(XenPT) x = start_with(&short_bar, "");

    msi_set_enable(x, true);
    assert_ring(x, 0x100000 - 12, HOST, HOST_DATA);
    g_assert_cmpuint(xen_pt_log_lines(x, "offset 0x80000, size 0x80000"), ==,
                     1);
}

/* What cannot be had is left out, and the device is there. */
static void test_ids_unfit(void)
{
    g_autoptr(XenPT) x = start_with(&ath11k_small, "");

    g_assert_cmpuint(xen_pt_log_lines(x, "warning: 0000:00:05.0: no window for "
        "copied messages in BAR 0, offset 0x80000, size 0x80000: it leaves the "
        "BAR"), ==, 1);
    kind_enable(x, &xen_pt_msi);
    kind_assert_works(x, &xen_pt_msi, 1);
}

static void test_ids_unmapped(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &ath11k);
    xen_pt_say(x, "fail mmap_resource all EPERM");
    xen_pt_run(x, "");
    place(x);
    g_assert_cmpuint(xen_pt_log_lines(x, "size 0x80000: Operation not "
                                      "permitted"), ==, 1);
    kind_enable(x, &xen_pt_msi);
    kind_assert_works(x, &xen_pt_msi, 1);
}

static void come_and_go(XenPT *x)
{
    g_assert_true(xen_pt_plug_with(x, 0, "copied-message",
                                   "0:0x4000:0x1000"));
    place(x);
    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
    assert_count(x, 0, 1);
    xen_pt_unplug(x, 0);
}

/* Bad values: no device, nothing is left of it, and a good one works. */
static void test_bad(const void *layout)
{
    static const char *const values[] = {
        "", "on", "0", "0:0x4000", "0:0x4000:0x1800", "0:0x4800:0x1000",
        "0:0x4000:0", "0:0x10000:0x1000", "0:0xf000:0x2000", "1:0:0x1000",
        "2:0x3000:0x2000", "6:0:0x1000", "0:0x4000:0x1000@1af4",
        "0:0x2000:0x1000", "0:0x1000:0x2000", "0:0x3000:0x1000", "0:0:0x10000",
    };
    g_autoptr(XenPT) x = xen_pt_new();
    size_t n = ARRAY_SIZE(values) - (((XenPTLayout *)layout)->entries ? 0 : 4);
    XenPTHeld before;

    xen_pt_add(x, layout);
    xen_pt_say(x, "message 0x%x:0x%x", HOST, HOST_DATA);
    xen_pt_run(x, NULL);
    /* What the fake opens once and keeps is there after that. */
    come_and_go(x);
    before = xen_pt_held(x);
    for (size_t i = 0; i < n; i++) {
        g_test_message("copied-message=%s", values[i]);
        g_assert_false(xen_pt_plug_with(x, 0, "copied-message", values[i]));
        xen_pt_assert_held(x, &before);
    }
    xen_pt_say(x, "fail mmap_resource all EPERM");
    g_assert_false(xen_pt_plug_with(x, 0, "copied-message", "0:0:0x1000"));
    xen_pt_say(x, "heal");
    xen_pt_assert_held(x, &before);
    for (int i = 0; i < 3; i++) {
        come_and_go(x);
        xen_pt_assert_held(x, &before);
    }
}

static void test_no_msi(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msix_plain);
    xen_pt_run(x, NULL);
    g_assert_false(xen_pt_plug_with(x, 0, "copied-message",
                                    "0:0x4000:0x1000"));
    g_assert_true(xen_pt_plug_with(x, 0, "copied-message",
                                   "0:0x4000:0x1000@8086:1"));
}

/* Realize fails behind the window: it is taken out again. */
static void test_realize_fails(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    XenPTHeld before;

    xen_pt_add(x, &msi_plain);
    xen_pt_say(x, "message 0x%x:0x%x", HOST, HOST_DATA);
    xen_pt_run(x, NULL);
    come_and_go(x);
    before = xen_pt_held(x);
    xen_pt_say(x, "fail cfg.read@0x3d all ones");
    g_assert_false(xen_pt_plug_with(x, 0, "copied-message",
                                    "0:0x4000:0x1000"));
    xen_pt_say(x, "heal");
    xen_pt_assert_held(x, &before);
}

/* Each has its own message; of one of them MSI is off. */
static void test_devices(void)
{
    g_autoptr(XenPT) x = xen_pt_new();
    uint32_t of_two;

    xen_pt_add(x, &msi_plain);
    xen_pt_add(x, &msi_plain);
    xen_pt_run(x, WINDOW);
    place(x);
    xen_pt_say(x, "message 0x%x:0x%x", HOST, HOST_DATA);
    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
    xen_pt_write(x, MOVED + REG, 4, ADDRESS);
    of_two = device_has(x, "DEV2", REG, 4);
    g_assert_cmphex(of_two, ==, ADDRESS);
    g_assert_cmphex(device_has(x, "DEV", REG, 4), ==, HOST);
    assert_count(x, 0, 1);
    assert_count(x, 1, 0);
    /* The second one's data follows, and then the first one's. */
    xen_pt_write(x, XEN_PT_GUEST0 + REG, 4, ADDRESS);
    xen_pt_write(x, MOVED + REG + 8, 4, DATA(0));
    g_assert_cmphex(device_has(x, "DEV2", REG + 8, 4), ==, DATA(0));
    assert_written(x, REG + 8, DATA(0), HOST_DATA);
}

/* A reset ends it with MSI; the guest moves the BAR, and it moves too. */
static void test_reset(void)
{
    g_autoptr(XenPT) x = start();

    msi_set_enable(x, true);
    assert_written(x, REG, ADDRESS, HOST);
    qtest_system_reset(x->qts);
    place(x);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       ADDRESS);
    assert_written(x, REG + 8, DATA(0), DATA(0));
    assert_written(x, REG, ADDRESS, ADDRESS);
    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
    xen_pt_place(x, 0, 0, MOVED);
    xen_pt_write(x, MOVED + REG, 4, ADDRESS);
    g_assert_cmphex(device_has(x, "DEV", REG, 4), ==, HOST);
}

/* Beside the table of MSI-X. */
static void test_msix(void)
{
    g_autoptr(XenPT) x = start_with(&msix_both, WINDOW);

    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
    msi_set_enable(x, false);
    msix_enable(x, 2);
    kind_assert_works(x, &xen_pt_msix, 2);
    assert_ring(x, REG, ADDRESS, DATA(0));
}

/* QEMU in dom0 has the same to do. */
static void test_dom0(void)
{
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &msi_plain);
    xen_pt_say(x, "stubdom off");
    xen_pt_say(x, "message 0x%x:0x%x", HOST, HOST_DATA);
    xen_pt_run(x, WINDOW);
    place(x);
    msi_set_enable(x, true);
    assert_ring(x, REG, HOST, HOST_DATA);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("xen-pt/copied/ring", test_ring);
    qtest_add_func("xen-pt/copied/widths", test_widths);
    qtest_add_func("xen-pt/copied/wide", test_wide);
    qtest_add_func("xen-pt/copied/frames", test_frames);
    qtest_add_func("xen-pt/copied/off", test_off);
    qtest_add_func("xen-pt/copied/moved", test_moved);
    qtest_add_func("xen-pt/copied/guest-moved", test_guest_moved);
    qtest_add_func("xen-pt/copied/pirq", test_pirq);
    qtest_add_func("xen-pt/copied/refused", test_refused);
    qtest_add_func("xen-pt/copied/hidden", test_hidden);
    qtest_add_func("xen-pt/copied/unread", test_unread);
    qtest_add_data_func("xen-pt/copied/none", "", test_none);
    qtest_add_data_func("xen-pt/copied/none-others",
                        ",copied-message=0:0x4000:0x2000@8086:1", test_none);
    qtest_add_data_func("xen-pt/copied/none-off", ",copied-message=off",
                        test_none);
    qtest_add_data_func("xen-pt/copied/ids", "", test_ids);
    qtest_add_data_func("xen-pt/copied/ids-auto", ",copied-message=auto",
                        test_ids);
    qtest_add_data_func("xen-pt/copied/ids-others",
                        ",copied-message=0:0x4000:0x2000@8086:1", test_ids);
    qtest_add_func("xen-pt/copied/ids-shorter", test_ids_shorter);
    qtest_add_func("xen-pt/copied/ids-unfit", test_ids_unfit);
    qtest_add_func("xen-pt/copied/ids-unmapped", test_ids_unmapped);
    qtest_add_data_func("xen-pt/copied/bad", &msi_plain, test_bad);
    qtest_add_data_func("xen-pt/copied/bad-msix", &msix_both, test_bad);
    qtest_add_func("xen-pt/copied/no-msi", test_no_msi);
    qtest_add_func("xen-pt/copied/realize-fails", test_realize_fails);
    qtest_add_func("xen-pt/copied/devices", test_devices);
    qtest_add_func("xen-pt/copied/reset", test_reset);
    qtest_add_func("xen-pt/copied/msix", test_msix);
    qtest_add_func("xen-pt/copied/dom0", test_dom0);
    return g_test_run();
}
