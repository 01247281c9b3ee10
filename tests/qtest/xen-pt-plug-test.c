/*
 * QTest: a device passed through with Xen is plugged and unplugged
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever becomes of an access to the device, QEMU lives, and holds nothing
 * of a device that it has not, or not any more.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"

static const char *const read_ways[] = {
    "EIO", "ones", "short", "timeout", "late", NULL
};
static const char *const write_ways[] = {
    "EIO", "silent", "short", "timeout", "late", NULL
};

static const struct {
    const char *op;
    const char *const *ways;
} ops[] = {
    { "cfg.read", read_ways },
    { "cfg.write", write_ways },
};

static const XenPTLayout msi_only = { .place = XEN_PT_MIDDLE };

static const struct {
    const char *name;
    const XenPTLayout *layout;
} layouts[] = {
    { "msi", &msi_only },
    { "msix", &msix_plain },
    { "both", &msix_both },
};

static const char *const xens[] = { "4.17", "4.20" };

/* One layout on one release. */
typedef struct Setting {
    const XenPTLayout *layout;
    const char *xen;
    const struct Walk *walk;
} Setting;

/* --- A guest's driver --------------------------------------------------- */

static bool shown(XenPT *x, uint8_t id)
{
    uint8_t ids[8];
    unsigned n = xen_pt_caps(x, 0, ids);

    return n && memchr(ids, id, n);
}

/* MSI-X if it is there, else MSI; with faults about, it may come to nothing. */
static void driver_start(XenPT *x)
{
    msix_place(x);
    if (shown(x, PCI_CAP_ID_MSIX)) {
        msix_enable(x, 2);
    } else if (shown(x, PCI_CAP_ID_MSI)) {
        msi_set_enable(x, true);
    }
}

static void driver_stop(XenPT *x)
{
    if (shown(x, PCI_CAP_ID_MSIX)) {
        msix_set_control(x, 0);
    } else if (shown(x, PCI_CAP_ID_MSI)) {
        msi_set_enable(x, false);
    }
}

static void assert_works(XenPT *x)
{
    driver_start(x);
    if (shown(x, PCI_CAP_ID_MSIX)) {
        g_assert_true(msix_enabled(x));
        g_assert_true(msix_hw_enabled(x));
        g_assert_false(msix_hw_masked(x, 1));
        msix_assert_pirqs(x, 2, 2);
    } else if (shown(x, PCI_CAP_ID_MSI)) {
        g_assert_true(msi_enabled(x));
        g_assert_true(xen_pt_hw(x, 0, CONTROL_MSI, 2) & PCI_MSI_FLAGS_ENABLE);
        msix_assert_pirqs(x, 1, 1);
    }
}

/* --- A walk ------------------------------------------------------------- */

/* The guest reads what the device has: an answer that is late comes now. */
static void settle(XenPT *x)
{
    qpci_config_readw(x->dev[0], PCI_STATUS);
    xen_pt_say(x, "heal");
}

/* It goes, nothing of it is held, and it comes anew, whole, and works. */
static void assert_comes_back(XenPT *x, const XenPTHeld *before, bool is_there)
{
    xen_pt_say(x, "heal");
    if (is_there) {
        xen_pt_unplug(x, 0);
    }
    xen_pt_assert_held(x, before);
    g_assert_true(xen_pt_plug(x, 0));
    if (x->layout[0].entries) {
        g_assert_true(shown(x, PCI_CAP_ID_MSIX));
    }
    g_assert_true(x->layout[0].no_msi || shown(x, PCI_CAP_ID_MSI));
    assert_works(x);
    driver_stop(x);
    xen_pt_unplug(x, 0);
    xen_pt_assert_held(x, before);
}

static XenPT *new_walk(const Setting *s, XenPTHeld *before)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, s->layout);
    xen_pt_say(x, "xen %s", s->xen);
    xen_pt_run(x, NULL);
    /* What QEMU opens once and keeps is there after the first time. */
    g_assert_true(xen_pt_plug(x, 0));
    assert_works(x);
    driver_stop(x);
    xen_pt_unplug(x, 0);
    *before = xen_pt_held(x);
    return x;
}

static void nothing(XenPT *x)
{
}

static bool plug(XenPT *x)
{
    return xen_pt_plug(x, 0);
}

static bool unplug(XenPT *x)
{
    xen_pt_unplug(x, 0);
    return false;
}

static void plug_well(XenPT *x)
{
    g_assert_true(plug(x));
}

static void plug_and_work(XenPT *x)
{
    plug_well(x);
    assert_works(x);
}

static bool drive(XenPT *x)
{
    driver_start(x);
    return true;
}

static void settle_and_work(XenPT *x)
{
    settle(x);
    assert_works(x);
    driver_stop(x);
}

static void drive_and_settle(XenPT *x)
{
    driver_start(x);
    settle(x);
}

static void settle_and_stop(XenPT *x)
{
    settle(x);
    driver_stop(x);
}

/* What is done while each access in turn is lost. */
typedef struct Walk {
    const char *name;
    void (*before)(XenPT *x);
    bool (*act)(XenPT *x);      /* returns: is the device there then? */
    void (*after)(XenPT *x);    /* if so */
    unsigned accesses;          /* of a kind, at least */
    bool lasting;               /* all accesses after that are lost, too */
    unsigned gone;              /* paths that end without it, at least */
} Walk;

static const Walk walks[] = {
    /*
     * A read that is lost once changes nothing at all, but in the probe, which
     * may hide what it cannot be sure of.
     */
    { "plug", nothing, plug, settle_and_work, 4 },
    /* From each access of a plug on all fail: an error, and no device. */
    { "plug-dead", nothing, plug, drive_and_settle, 4, true, 11 },
    { "unplug", plug_and_work, unplug, nothing, 1, false, 1 },
    { "driver", plug_well, drive, settle_and_stop, 1 },
};

/* How many accesses of a kind QEMU makes in it. */
static unsigned count(XenPT *x, const Walk *w, const char *op)
{
    const char *word = strchr(op, '.') + 1;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned n = 0;
    bool there;

    w->before(x);
    xen_pt_skip(x);
    there = w->act(x);
    text = xen_pt_journal(x, "cfg");
    lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l && **l; l++) {
        g_auto(GStrv) words = g_strsplit(*l, " ", 4);

        n += g_str_equal(words[2], word);
    }
    if (there) {
        driver_stop(x);
        xen_pt_unplug(x, 0);
    }
    g_assert_cmpuint(n, >=, w->accesses);
    return n;
}

static void test_walk(const void *opaque)
{
    const Setting *s = opaque;
    const Walk *w = s->walk;
    unsigned paths = 0, gone = 0;
    XenPTHeld before;
    g_autoptr(XenPT) x = new_walk(s, &before);

    for (size_t o = 0; o < ARRAY_SIZE(ops); o++) {
        unsigned n = count(x, w, ops[o].op);

        for (unsigned k = 1; k <= n; k++) {
            for (const char *const *way = ops[o].ways; *way; way++, paths++) {
                const char *on = w->lasting ? "+" : "";
                bool there;

                g_test_message("%s %u%s %s", ops[o].op, k, on, *way);
                w->before(x);
                xen_pt_say(x, "fail %s %u%s %s", ops[o].op, k, on, *way);
                there = w->act(x);
                gone += !there;
                if (there) {
                    w->after(x);
                }
                assert_comes_back(x, &before, there);
            }
        }
    }
    g_assert_cmpuint(gone, >=, w->gone);
    g_test_message("%u failure paths, %u without the device", paths, gone);
}

/* --- A register that is lost for good ----------------------------------- */

static const XenPTLayout long_chain = {
    .place = XEN_PT_FIRST, .entries = 4, .table = 0x2000, .pba = 0x3000,
};

static void test_lost(void)
{
    static const struct {
        const char *what, *error;
    } rows[] = {
        { "0x06 all ones", "capabilities cannot be read" },
        { "0x34 all EIO", "capabilities cannot be read" },
        { "0x50 all EIO", "capabilities cannot be read" },
        { "0x80 all EIO", "capabilities cannot be read" },
        { "0xc0 all EIO", "capabilities cannot be read" },
        { "0x52 all ones", "MSI capability at 0x50 cannot be read" },
        { "0xc2 all ones", "MSI-X capability at 0xc0 cannot be read" },
        { "0xc4 all ones", "MSI-X capability at 0xc0 cannot be read" },
        { "0x82 all ones", "Failed to initialize" },
        { "0x3d all ones", "emulate register" },
        { "0x04 all ones", "Failed to read PCI_COMMAND" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        XenPTHeld before;
        g_autoptr(XenPT) x = new_walk(&(Setting) { &long_chain, "4.17" },
                                      &before);
        QDict *reply;

        g_test_message("%s", rows[i].what);
        xen_pt_say(x, "fail cfg.read@%s", rows[i].what);
        reply = qtest_qmp(x->qts, "{ 'execute': 'device_add', 'arguments': "
                          "{ 'driver': 'xen-pci-passthrough', 'id': 'dev0', "
                          "'hostaddr': '0000:00:05.0', 'addr': '04.0', "
                          "'msi-probe': 'off' } }");
        g_assert_true(qdict_haskey(reply, "error"));
        g_assert_nonnull(strstr(qdict_get_str(qdict_get_qdict(reply, "error"),
                                              "desc"), rows[i].error));
        qobject_unref(reply);
        assert_comes_back(x, &before, false);
    }
}

/* A device that has nothing where its chain leads: what is before it counts. */
static void test_chain_end(void)
{
    static const struct {
        const char *fault;
        bool msi, msix;
    } rows[] = {
        { "0x34", false, false },
        { "0x50", false, false },
        { "0x80", true, false },
        { "0xc0", true, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autofree char *fault = g_strdup_printf("fail cfg.read@%s all ones",
                                                 rows[i].fault);
        g_autoptr(XenPT) x = msix_realize(&long_chain, fault, "");

        g_test_message("%s", rows[i].fault);
        g_assert_cmpuint(xen_pt_log_lines(x, "reads as all-ones"), ==, 1);
        g_assert_cmpint(shown(x, PCI_CAP_ID_MSI), ==, rows[i].msi);
        g_assert_cmpint(shown(x, PCI_CAP_ID_MSIX), ==, rows[i].msix);
    }
}

/* The line that cannot be read is none: another's would be worse. */
static void test_lost_line(void)
{
    g_autoptr(XenPT) x = msix_realize(&msix_both,
                                      "fail cfg.read@0x3c all ones", "");
    g_autofree char *journal = xen_pt_journal(x, "xc");

    g_assert_null(strstr(journal, "map_pirq"));
    g_assert_true(xen_pt_hw(x, 0, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE);
    assert_works(x);
}

/* --- A guest's write ---------------------------------------------------- */

/* What could not be read is not written back: neither D3 nor bus mastering. */
static void test_unread(void)
{
    static const XenPTLayout layout = { .place = XEN_PT_MIDDLE };
    static const struct {
        uint8_t reg, len;
    } rows[] = {
        { PCI_COMMAND, 2 }, { PCI_COMMAND, 1 }, { PCI_COMMAND, 4 },
        { XEN_PT_CAP_PM + PCI_PM_CTRL, 2 }, { XEN_PT_CAP_PM + PCI_PM_CTRL, 4 },
        { XEN_PT_CAP_EXP + PCI_EXP_DEVSTA, 2 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autoptr(XenPT) x = xen_pt_start(&layout);
        g_autofree char *found = xen_pt_hw_config(x, 0), *left = NULL;

        xen_pt_say(x, "fail cfg.read@0x%02x all timeout", rows[i].reg);
        switch (rows[i].len) {
        case 1:
            qpci_config_writeb(x->dev[0], rows[i].reg, 0);
            break;
        case 2:
            qpci_config_writew(x->dev[0], rows[i].reg, 0);
            break;
        default:
            qpci_config_writel(x->dev[0], rows[i].reg, 0);
            break;
        }
        left = xen_pt_hw_config(x, 0);
        g_assert_cmpstr(left, ==, found);
    }
}

/* --- The list of capabilities ------------------------------------------- */

static void hide_all(XenPT *x)
{
    xen_pt_say(x, "allow DEV off");
}

/* Vendor, vendor, MSI-X, MSI, PCI Express. */
static void twice(XenPT *x)
{
    xen_pt_say(x, "poke DEV 0x34/1 0xd0");
    xen_pt_say(x, "poke DEV 0xd0/4 0x0008e009");
    xen_pt_say(x, "poke DEV 0xe0/4 0x0008c009");
    xen_pt_say(x, "poke DEV 0xc1/1 0x50");
    xen_pt_say(x, "poke DEV 0x51/1 0x80");
    xen_pt_say(x, "poke DEV 0x81/1 0x00");
}

static void test_twice(void)
{
    static const XenPTLayout layout = {
        .place = XEN_PT_FIRST, .entries = 4, .table = 0x2000, .pba = 0x3000,
    };
    static const struct {
        void (*before)(XenPT *x);
        const char *chain;      /* each id at its place */
        uint16_t at_msix, at_msi;
    } rows[] = {
        { NULL, "09@d0 09@e0 11@c0 05@50 10@80", 0x5011, 0x8005 },
        { hide_all, "09@d0 09@e0 10@80", 0x8000, 0x8000 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autoptr(GString) chain = g_string_new(NULL);
        g_autoptr(XenPT) x = xen_pt_new();
        uint8_t at;

        xen_pt_add(x, &layout);
        twice(x);
        if (rows[i].before) {
            rows[i].before(x);
        }
        xen_pt_run(x, "");
        for (at = qpci_config_readb(x->dev[0], PCI_CAPABILITY_LIST);
             at && chain->len < 60;
             at = qpci_config_readb(x->dev[0], at + PCI_CAP_LIST_NEXT)) {
            g_string_append_printf(chain, "%s%02x@%02x", chain->len ? " " : "",
                                   qpci_config_readb(x->dev[0], at), at);
        }
        g_assert_cmpstr(chain->str, ==, rows[i].chain);
        g_assert_cmphex(qpci_config_readw(x->dev[0], XEN_PT_CAP_MSIX), ==,
                        rows[i].at_msix);
        g_assert_cmphex(qpci_config_readw(x->dev[0], XEN_PT_CAP_MSI), ==,
                        rows[i].at_msi);
    }
}

/* --- MSI-X that is hidden ----------------------------------------------- */

/* Why it is, and what the log says of that. */
typedef struct Hidden {
    const char *name;
    const char *command;        /* to the fake, before QEMU starts */
    const char *log;
    XenPTLayout layout;
    bool unread;                /* the device's pages cannot be mapped */
} Hidden;

#define APART .entries = 4, .table = 0x2100, .pba = 0x3080

static const Hidden hidden[] = {
    { "refused", "allow DEV off", "pciback refuses it", { APART } },
    { "found-on", "fail cfg.write@0xc2 all silent",
      "INTx does not come while it is set",
      { APART, .control_x = ENABLE } },
    { "open", "fail open_resource all EACCES",
      "table cannot be mapped: Permission denied", { APART }, .unread = true },
    { "map", "fail mmap_resource all EPERM",
      "table cannot be mapped: Operation not", { APART }, .unread = true },
    { "leaves-bar", "heal", "has a table that leaves its BAR",
      { .entries = 4, .table = 0xffd0, .pba = 0x3080 } },
    { "overlap", "heal", "has its pending bits inside its table",
      { .entries = 4, .table = 0x2100, .pba = 0x2100 } },
    { "overlap-end", "heal", "has its pending bits inside its table",
      { .entries = 4, .table = 0x2100, .pba = 0x2138 } },
    { "no-pba", "poke DEV 0xc8/4 0xffffffff",
      "gives no place for its pending bits", { APART } },
};

/*
 * The pages stay closed to the guest: a write there would be its end. The
 * neighbours of the table are read from the device.
 */
static void test_hidden(const void *opaque)
{
    const Hidden *h = opaque;
    static const char *const releases[] = { "4.17", "4.20", "4.21" };

    for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
        g_autoptr(XenPT) x = xen_pt_new();
        uint32_t at = h->layout.table & ~0xfff, was;

        xen_pt_add(x, &h->layout);
        xen_pt_say(x, "xen %s", releases[i]);
        xen_pt_say(x, "poke DEV bar0+0x%x/4 0x600d600d", at + 0x40);
        xen_pt_say(x, "poke DEV bar0+0x3fc0/4 0x0ddba11");
        xen_pt_say(x, "%s", h->command);
        xen_pt_run(x, "");
        g_assert_false(shown(x, PCI_CAP_ID_MSIX));
        g_assert_cmpuint(xen_pt_log_lines(x, h->log), >=, 1);
        msix_place(x);

        for (int n = 0; n < 3; n++) {
            xen_pt_guest_write(x, XEN_PT_GUEST0 + at + 0x40, 4, 0xbad);
            xen_pt_guest_write(x, XEN_PT_GUEST0 + h->layout.table, 4, 0xbad);
            xen_pt_guest_write(x, XEN_PT_GUEST0 + at + 0x48, 8, 0xbad);
            if (!strstr(h->name, "pba")) {
                xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x3fc0, 4, 0xbad);
            }
        }
        g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST0 + at + 0x40, 4), ==,
                        h->unread ? UINT32_MAX : 0x600d600d);
        g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST0 + at + 0x41, 1), ==,
                        h->unread ? UINT8_MAX : 0x60);
        was = h->layout.pba < 0x3000 ? 0xbad : h->unread ? UINT32_MAX :
              0x0ddba11;
        if (!strstr(h->name, "pba")) {
            g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST0 + 0x3fc0, 4),
                            ==, was);
        }
        /* Once for each of the two kinds of pages that there are. */
        g_assert_cmpuint(xen_pt_log_lines(x, "is lost: "), ==,
                         was == 0xbad || strstr(h->name, "pba") ? 1 : 2);
        g_assert_cmpuint(xen_pt_log_lines(x, "to the pages of the hidden "
                                          "MSI-X table is lost"), ==, 1);
        /* A page that is not theirs is as fast as ever. */
        xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x1000, 4, 0x1234);
        g_assert_cmphex(xen_pt_guest_read(x, XEN_PT_GUEST0 + 0x1000, 4), ==,
                        0x1234);
    }
}

/* Where it is shown, too, the page of the pending bits is not the guest's. */
static void test_pending_page(const void *xen)
{
    static const XenPTLayout elsewhere[] = {
        { APART }, { .entries = 4, .table = 0x2000, .pba = 0x1002 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
        uint32_t pba = elsewhere[i].pba;
        uint64_t page = (pba & 7 ? XEN_PT_GUEST2 : XEN_PT_GUEST0) +
                        (pba & ~0xfff);
        g_autoptr(XenPT) x = xen_pt_new();

        xen_pt_add(x, &elsewhere[i]);
        xen_pt_say(x, "xen %s", (const char *)xen);
        xen_pt_say(x, "poke DEV bar%u+0x%x/4 0x600d600d", pba & 7,
                   (pba & ~0xfff) + 0x40);
        xen_pt_run(x, "");
        msix_place(x);
        msix_enable(x, 2);
        xen_pt_guest_write(x, page + 0x40, 4, 0xbad);
        xen_pt_guest_write(x, page + 0x48, 8, 0xbad);
        g_assert_cmphex(xen_pt_guest_read(x, page + 0x40, 4), ==, 0x600d600d);
        g_assert_cmpuint(xen_pt_log_lines(x, "pages of the MSI-X pending bits "
                                          "is lost"), ==, 1);
        g_assert_true(msix_enabled(x));
    }
}

/* A write beside the table which Xen drops as the pending bits are there. */
static void test_beside_pending(const void *xen)
{
    static const XenPTLayout layout = {
        .entries = 4, .table = 0x2000, .pba = 0x2800,
    };
    g_autoptr(XenPT) x = msix_start_on(&layout, xen);

    msix_enable(x, 2);
    xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x2900, 4, 0xbad);
    xen_pt_guest_write(x, XEN_PT_GUEST0 + 0x2900, 4, 0xbad);
    g_assert_cmpuint(xen_pt_log_lines(x, "a write beside the MSI-X table is "
                                      "lost: the pending bits are there"),
                     ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "is lost"), ==, 1);
}

/*
 * What is hidden for another reason than the probe goes off as well, and the
 * other of the two is not blamed, nor in its way.
 */
static void test_hidden_on(const void *opaque)
{
    const Hidden *h = opaque;
    XenPTLayout layout = h->layout;
    g_autoptr(XenPT) x = NULL;

    layout.control_x = ENABLE | MASKALL;
    x = msix_realize(&layout, h->command, "");
    g_assert_cmphex(xen_pt_hw(x, 0, CONTROL_X, 2) & (ENABLE | MASKALL), ==, 0);
    g_assert_false(shown(x, PCI_CAP_ID_MSIX));
    g_assert_true(shown(x, PCI_CAP_ID_MSI));
    g_assert_cmpuint(xen_pt_log_lines(x, h->log), ==, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "pciback refuses"), ==, 0);
    msix_assert_status(x, "hidden", "none", 0);
    assert_works(x);
}

/*
 * The user's choice: a capability that is off is hidden, whatever it is capable
 * of, and switched off where it was found on; one that is on has to be had.
 */
static void test_property(void)
{
    static const struct {
        const char *name, *value, *command;
        bool taken, msi, msix;
    } rows[] = {
        { "msix", "auto", "allow DEV on", true, true, true },
        { "msix", "off", "poke DEV 0xc2/2 0x8003", true, true, false },
        { "msi", "off", "poke DEV 0x52/2 0x0081", true, false, true },
        { "msix", "on", "allow DEV on", true, true, true },
        { "msix", "on", "allow DEV off", false, false, false },
        { "msi", "on", "allow DEV off", false, false, false },
        { "msi", "auto", "allow DEV off", true, false, false },
        /* The chain is cut before it. */
        { "msix", "on", "fail cfg.read@0xc0 all ones", false, false, false },
        { "msi", "on", "fail cfg.read@0xc0 all ones", true, true, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autoptr(XenPT) x = xen_pt_new();

        g_test_message("%s=%s: %s", rows[i].name, rows[i].value,
                       rows[i].command);
        xen_pt_add(x, &msix_both);
        xen_pt_run(x, NULL);
        xen_pt_say(x, "%s", rows[i].command);
        g_assert_cmpint(xen_pt_plug_with(x, 0, rows[i].name, rows[i].value),
                        ==, rows[i].taken);
        g_assert_cmphex(xen_pt_hw(x, 0, 0x52, 2) & PCI_MSI_FLAGS_ENABLE, ==, 0);
        g_assert_false(msix_hw_enabled(x));
        if (rows[i].taken) {
            msix_assert_caps(x, rows[i].msi, rows[i].msix);
        }
    }
}

/* The device's files are waited for once, in a stub domain alone. */
static void test_wait(const void *stubdom)
{
    g_autoptr(XenPT) x = xen_pt_new();
    g_autofree char *journal = NULL;
    unsigned n = 0;

    xen_pt_add(x, &msix_both);
    xen_pt_say(x, "stubdom %s", (const char *)stubdom);
    xen_pt_say(x, "fail open_resource all ENOENT");
    xen_pt_run(x, "");
    journal = xen_pt_journal(x, "file");
    for (const char *at = journal; (at = strstr(at, "ENOENT")); at++) {
        n++;
    }
    /* Once for the table, and then again and again, once for the bits. */
    g_assert_cmpuint(n, ==, g_str_equal(stubdom, "on") ? 502 : 2);
    msix_assert_caps(x, true, false);
}

int main(int argc, char **argv)
{
    static Setting settings[ARRAY_SIZE(layouts)][ARRAY_SIZE(xens)]
                           [ARRAY_SIZE(walks)];

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(xens); j++) {
            for (size_t k = 0; k < ARRAY_SIZE(walks); k++) {
                g_autofree char *path = g_strdup_printf(
                    "xen-pt/plug/walk/%s/%s/xen-%s", walks[k].name,
                    layouts[i].name, xens[j]);

                settings[i][j][k] = (Setting) {
                    layouts[i].layout, xens[j], &walks[k],
                };
                qtest_add_data_func(path, &settings[i][j][k], test_walk);
            }
        }
    }
    qtest_add_func("xen-pt/plug/lost", test_lost);
    qtest_add_func("xen-pt/plug/chain-end", test_chain_end);
    qtest_add_func("xen-pt/plug/lost-line", test_lost_line);
    qtest_add_func("xen-pt/plug/unread", test_unread);
    qtest_add_func("xen-pt/plug/twice", test_twice);
    qtest_add_func("xen-pt/plug/property", test_property);
    for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/plug/hidden/%s",
                                                hidden[i].name);

        qtest_add_data_func(path, &hidden[i], test_hidden);
        /* Those of the first two are not hidden for what the device is. */
        if (i >= 2) {
            g_autofree char *on = g_strdup_printf("xen-pt/plug/hidden-on/%s",
                                                  hidden[i].name);

            qtest_add_data_func(on, &hidden[i], test_hidden_on);
        }
    }
    for (size_t j = 0; j < ARRAY_SIZE(xens); j++) {
        g_autofree char *page = g_strdup_printf("xen-pt/plug/pending-page/"
                                                "xen-%s", xens[j]);
        g_autofree char *beside = g_strdup_printf("xen-pt/plug/beside-pending/"
                                                  "xen-%s", xens[j]);

        qtest_add_data_func(page, xens[j], test_pending_page);
        qtest_add_data_func(beside, xens[j], test_beside_pending);
    }
    qtest_add_data_func("xen-pt/plug/wait/stubdom", "on", test_wait);
    qtest_add_data_func("xen-pt/plug/wait/dom0", "off", test_wait);
    return g_test_run();
}
