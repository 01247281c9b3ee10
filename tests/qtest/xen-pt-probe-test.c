/*
 * QTest: what a guest finds of MSI and MSI-X when a device comes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU finds out at realize whether ENABLE gets through to the device. The
 * guest's driver looks for MSI once, and must not find it where it will not
 * work.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"

typedef struct Probe {
    const char *path;           /* below "xen-pt/" */
    const XenPTLayout *layout;
    const char *say, *say_too;  /* to the fake, before QEMU starts */
    const char *properties;
    const char *caps;           /* that the guest finds, in order */
    const char *journal;        /* of realize, from its first line on */
    const char *writes;         /* what reaches the device, and no more */
    const char *log[2];         /* one line has each */
    bool refused;               /* the status says that ENABLE was */
} Probe;

static const XenPTLayout msi_first = { .place = XEN_PT_FIRST };
static const XenPTLayout msi_middle = { .place = XEN_PT_MIDDLE };
static const XenPTLayout msi_last = { .place = XEN_PT_LAST };
static const XenPTLayout both_found_on = {
    .entries = 4, .table = 0x2000, .pba = 0x3000,
    .control_x = ENABLE | MASKALL,
};

/*
 * ENABLE is written, and not seen: it is looked for once more, all that again
 * with INTx disabled, and at last.
 */
#define REFUSED(word, off, on) \
    "cfg DEV read COMMAND = 0x0002\n" \
    "cfg DEV read " #word " = " #off "\n" \
    "cfg DEV write " #word " " #on "\n" \
    "cfg DEV read " #word " = " #off "\n" \
    "cfg DEV read " #word " = " #off "\n" \
    "cfg DEV read 0x04/4 = 0x00100002\n" \
    "cfg DEV write COMMAND 0x0402\n" \
    "cfg DEV write " #word " " #on "\n" \
    "cfg DEV read " #word " = " #off "\n" \
    "cfg DEV read " #word " = " #off "\n" \
    "cfg DEV read " #word " = " #off "\n" \
    "cfg DEV read 0x04/4 = 0x00100402\n" \
    "cfg DEV write COMMAND 0x0002\n" \
    "cfg DEV read 0x04/4 = 0x00100002\n"
#define WRITES_MSI \
    "dev DEV write CONTROL 0x0081\n" \
    "dev DEV write CONTROL 0x0080\n"
#define WRITES_MSIX \
    "dev DEV write CONTROL_X 0xc003\n" \
    "dev DEV write CONTROL_X 0x0003\n"
/* A bus master is made none meanwhile: no message can go out. */
#define QUIET(writes) \
    "dev DEV write COMMAND 0x0002\n" \
    writes \
    "dev DEV write COMMAND 0x0006\n"
#define INTX_AWAY(writes) \
    "dev DEV write COMMAND 0x0402\n" \
    writes \
    "dev DEV write COMMAND 0x0002\n"

static const Probe probes[] = {
    { "msi/probe/allowed", &msi_plain, "allow DEV on", .caps = "05",
      .journal = "cfg DEV read COMMAND = 0x0002\n"
                 SET(CONTROL, 0x0080, 0x0081)
                 SET(CONTROL, 0x0081, 0x0080),
      .writes = WRITES_MSI },
    { "msi/probe/refused", &msi_plain, "allow DEV off", .caps = "",
      .journal = REFUSED(CONTROL, 0x0080, 0x0081),
      .writes = "", .refused = true },
    { "msi/probe/master", &msi_plain, "master DEV on", .caps = "05",
      .writes = QUIET(WRITES_MSI) },
    /* pciback before Linux 6.7 has ENABLE set only while INTx is disabled. */
    { "msi/probe/strict", &msi_plain, "kernel 6.1", .caps = "05",
      .writes = INTX_AWAY(WRITES_MSI) },
    /* One that cannot be switched off is not probed, nor hidden. */
    { "msi/probe/master-stays", &msi_plain, "master DEV on",
      "fail cfg.write@0x04 1 silent", .caps = "05", .writes = "",
      .log = { "MSI not probed" } },
    { "msi/probe/off", &msi_plain, "allow DEV off", NULL, ",msi-probe=off",
      .caps = "05", .writes = "" },
    /* In dom0 there is nobody to refuse, so nothing to find out. */
    { "msi/probe/dom0", &msi_plain, "stubdom off", .caps = "05",
      .writes = "dev DEV write COMMAND 0x0002\n" },
    { "msi/probe/dom0-on", &msi_plain, "stubdom off", NULL, ",msi-probe=on",
      .caps = "05",
      .writes = WRITES_MSI
                /* and what realize writes in dom0, probe or not */
                "dev DEV write COMMAND 0x0002\n" },
    /* Linux before 5.6 in dom0 has no interrupt control to allow. */
    { "msi/hidden/old-dom0", &msi_plain, "kernel 5.4", .caps = "" },
    { "msi/hidden/log", &msi_plain, "allow DEV off", .caps = "",
      .log = { "allow_interrupt_control", "0000:00:05.0" } },

    /* Wherever it is in the list, the others are found. */
    { "msi/hidden/only", &msi_plain, "allow DEV off", .caps = "" },
    { "msi/hidden/first", &msi_first, "allow DEV off", .caps = "10" },
    { "msi/hidden/middle", &msi_middle, "allow DEV off", .caps = "01 10" },
    { "msi/hidden/last", &msi_last, "allow DEV off", .caps = "01" },
    { "msi/visible/only", &msi_plain, "allow DEV on", .caps = "05" },
    { "msi/visible/first", &msi_first, "allow DEV on", .caps = "05 10" },
    { "msi/visible/middle", &msi_middle, "allow DEV on", .caps = "01 05 10" },
    { "msi/visible/last", &msi_last, "allow DEV on", .caps = "01 05" },

    /* ENABLE and the function mask in one write, so that nothing is sent. */
    { "msix/probe/allowed", &msix_plain, "allow DEV on", .caps = "11",
      .journal = "cfg DEV read CONTROL_X = 0x0003\n"
                 "cfg DEV read TABLE = 0x00002000\n"
                 "cfg DEV read PBA = 0x00003000\n"
                 TABLE_MAPPED
                 "cfg DEV read COMMAND = 0x0002\n"
                 SET(CONTROL_X, 0x0003, 0xc003)
                 SET(CONTROL_X, 0xc003, 0x0003),
      .writes = WRITES_MSIX },
    { "msix/probe/refused", &msix_plain, "allow DEV off", .caps = "",
      .journal = REFUSED(CONTROL_X, 0x0003, 0xc003),
      .writes = "", .refused = true,
      .log = { "MSI-X hidden from the guest", "allow_interrupt_control" } },
    { "msix/probe/master", &msix_both, "master DEV on", .caps = "05 11",
      .writes = QUIET(WRITES_MSI) QUIET(WRITES_MSIX) },
    { "msix/probe/strict", &msix_both, "kernel 6.1", .caps = "05 11",
      .writes = INTX_AWAY(WRITES_MSI) INTX_AWAY(WRITES_MSIX) },
    /*
     * One without INTx, as each virtual function is, need not have
     * INTX_DISABLE: INTx counts as on then, and cannot give way.
     */
    { "msix/probe/strict-no-bit", &msix_plain, "kernel 6.1",
      "writable DEV 0x04/2 0x0147", .caps = "",
      .log = { "MSI-X hidden", "a virtual function: 6.7" } },
    { "msi/probe/strict-no-bit", &msi_plain, "kernel 6.1",
      "writable DEV 0x04/2 0x0147", .caps = "",
      .log = { "MSI hidden", "a virtual function: 6.7" } },
    /* A chip without a function mask: its vectors have masks of their own. */
    { "msix/probe/no-maskall", &msix_plain, "writable DEV 0xc2/2 0x8000",
      .caps = "11" },
    { "msix/probe/master-stays", &msix_plain, "master DEV on",
      "fail cfg.write@0x04 1 silent", .caps = "11", .writes = "",
      .log = { "MSI-X not probed" } },
    { "msix/probe/off", &msix_both, "allow DEV off", NULL, ",msi-probe=off",
      .caps = "05 11", .writes = "" },
    { "msix/probe/dom0", &msix_plain, "stubdom off", .caps = "11",
      .writes = "dev DEV write COMMAND 0x0002\n" },
    { "msix/probe/both", &msix_both, "allow DEV on", .caps = "05 11",
      .writes = WRITES_MSI WRITES_MSIX },
    { "msix/probe/both-refused", &msix_both, "allow DEV off", .caps = "",
      .log = { "MSI hidden", "MSI-X hidden" } },
    /* Found with one on, the other is probed when that is off. */
    { "msix/probe/found-on", &both_found_on, "allow DEV on", .caps = "05 11",
      .writes = "dev DEV write CONTROL_X 0x0003\n"
                WRITES_MSI WRITES_MSIX },
};

/* Shown or not, it is off; what is hidden is gone from its place, too. */
static void assert_found(XenPT *x, const Probe *p, const XenPTKind *k,
                         bool shown)
{
    XenPTStatus st;

    g_assert_cmphex(xen_pt_hw(x, 0, k->control, 2), ==, k->off);
    g_assert_cmphex(qpci_config_readw(x->dev[0], k->control), ==,
                    shown ? k->off : 0);
    xen_pt_status_of(x, 0, k->status, &st);
    g_assert_cmpstr(st.state, ==, shown ? "off" : "hidden");
    if (p->refused) {
        g_assert_cmpstr(st.step, ==, "enable");
        g_assert_cmpint(st.error, ==, EACCES);
    }
}

static void test_probe(const void *opaque)
{
    const Probe *p = opaque;
    g_autoptr(XenPT) x = xen_pt_new();
    g_autoptr(GString) caps = g_string_new(NULL);
    uint8_t ids[8];
    unsigned n;

    xen_pt_add(x, p->layout);
    xen_pt_say(x, "%s", p->say);
    if (p->say_too) {
        xen_pt_say(x, "%s", p->say_too);
    }
    xen_pt_run(x, p->properties ? p->properties : "");
    if (p->journal) {
        g_autofree char *first = g_strndup(p->journal,
                                           strcspn(p->journal, "="));
        g_autofree char *all = NULL, *text = NULL;
        const char *from;

        x->seen = 0;
        all = xen_pt_journal(x, "cfg xc file");
        from = strstr(all, first);
        text = g_strndup(from ? from : "", strlen(p->journal));
        xen_pt_expect_text(__FILE__, __LINE__, text, p->journal);
    }
    if (p->writes) {
        x->seen = 0;
        xen_pt_expect_writes(x, p->writes);
    }
    n = xen_pt_caps(x, 0, ids);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(caps, "%s%02x", i ? " " : "", ids[i]);
    }
    g_assert_cmpstr(caps->str, ==, p->caps);
    g_assert_cmphex(qpci_config_readw(x->dev[0], PCI_STATUS) &
                    PCI_STATUS_CAP_LIST, ==, n ? PCI_STATUS_CAP_LIST : 0);
    if (!p->layout->no_msi) {
        assert_found(x, p, &xen_pt_msi, strstr(p->caps, "05"));
    }
    if (p->layout->entries) {
        assert_found(x, p, &xen_pt_msix, strstr(p->caps, "11"));
    }
    for (size_t i = 0; i < ARRAY_SIZE(p->log) && p->log[i]; i++) {
        g_assert_cmpuint(xen_pt_log_lines(x, p->log[i]), ==, 1);
    }
}

/*
 * Every operation of it failing in turn: the device is left as it was found
 */

static void test_walk(const XenPTLayout *layout, const char *control)
{
    g_autofree char *read = g_strconcat("cfg.read@", control, NULL);
    g_autofree char *write = g_strconcat("cfg.write@", control, NULL);
    const XenPTWalk ops[] = {
        { "cfg.read@0x04", 1, xen_pt_read_ways },
        { read, 5, xen_pt_read_ways },
        { write, 2, xen_pt_write_ways },
        { "cfg.read@0xc4", 1, xen_pt_read_ways },
        { "cfg.read@0xc8", 1, xen_pt_read_ways },
    };

    xen_pt_walk_probe(layout, ops, layout->entries ? 5 : 3);
}

static void test_walk_msi(void)
{
    test_walk(&msi_plain, "0x52");
}

static void test_walk_msix(void)
{
    test_walk(&msix_plain, "0xc2");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
        g_autofree char *path = g_strconcat("xen-pt/", probes[i].path, NULL);

        qtest_add_data_func(path, &probes[i], test_probe);
    }
    qtest_add_func("xen-pt/msi/walk/probe", test_walk_msi);
    qtest_add_func("xen-pt/msix/walk/probe", test_walk_msix);
    return g_test_run();
}
