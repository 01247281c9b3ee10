/*
 * QTest: a device passed through with Xen, its power state
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device that leaves D3 has been reset, unless it says that it keeps its
 * registers (No_Soft_Reset). Only the latter is a guest's to put to sleep.
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"

#define PM_CTRL (XEN_PT_CAP_PM + PCI_PM_CTRL)
#define D0      0
#define D3      3
#define KEEPS   PCI_PM_CTRL_NO_SOFT_RESET
#define ASKED   "power DEV on"

typedef void Test(const XenPTKind *k);

/* The guest's driver puts the device to sleep and wakes it, as Linux does. */
static void set_state(XenPT *x, uint16_t state)
{
    uint16_t now = qpci_config_readw(x->dev[0], PM_CTRL);

    qpci_config_writew(x->dev[0], PM_CTRL,
                       (now & ~PCI_PM_CTRL_STATE_MASK) | state);
}

static uint16_t hw_state(XenPT *x)
{
    return xen_pt_hw(x, 0, PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK;
}

/* A device with power management, and the kind of interrupt. */
static XenPTLayout layout_of(const XenPTKind *k)
{
    XenPTLayout layout = *k->layout;

    layout.place = XEN_PT_MIDDLE;
    return layout;
}

static XenPT *start(const XenPTKind *k, uint16_t control, const char *command,
                    const char *properties)
{
    XenPTLayout layout = layout_of(k);
    XenPT *x = xen_pt_new();

    xen_pt_add(x, &layout);
    xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", PM_CTRL, control);
    xen_pt_say(x, "%s", command);
    xen_pt_run(x, properties);
    msix_place(x);
    return x;
}

static unsigned told(XenPT *x)
{
    return xen_pt_log_lines(x, "power_mgmt: the device does not keep");
}

/* QEMU keeps it to itself: nobody has asked, or the device would be reset. */
static void assert_kept(XenPT *x, const XenPTKind *k, unsigned lines)
{
    kind_enable(x, k);
    set_state(x, D3);
    g_assert_cmphex(qpci_config_readw(x->dev[0], PM_CTRL), ==, D3 | KEEPS);
    g_assert_cmphex(hw_state(x), ==, D0);
    set_state(x, D0);
    kind_assert_works(x, k, 1);
    g_assert_cmpuint(told(x), ==, lines);
}

static void test_kept(const XenPTKind *k)
{
    g_autoptr(XenPT) x = start(k, KEEPS, "power DEV off", "");
    g_autoptr(XenPT) y = start(k, D0, "power DEV off", "");

    assert_kept(x, k, 0);
    assert_kept(y, k, 0);
}

static void test_forgets(const XenPTKind *k)
{
    g_autoptr(XenPT) x = start(k, D0, ASKED, "");
    g_autoptr(XenPT) y = start(k, D0, "power DEV off", ",power_mgmt=on");

    assert_kept(x, k, 1);
    assert_kept(y, k, 1);
}

/* Asked by xl's option, or by the property. */
static void sleep_and_wake(XenPT *x, const XenPTKind *k)
{
    kind_enable(x, k);
    set_state(x, D3);
    g_assert_cmphex(hw_state(x), ==, D3);
    g_assert_cmphex(qpci_config_readw(x->dev[0], PM_CTRL), ==, D3 | KEEPS);
    set_state(x, D0);
    g_assert_cmphex(hw_state(x), ==, D0);
    kind_assert_works(x, k, 1);

    /* And if its power was gone meanwhile, the driver restores what it had. */
    set_state(x, D3);
    xen_pt_say(x, "lose DEV");
    set_state(x, D0);
    g_assert_false(kind_hw_enabled(x, k));
    k->program(x, 1);
    kind_set(x, k, true);
    kind_assert_works(x, k, 1);
    kind_set(x, k, false);
    kind_assert_off(x, k);
    g_assert_cmpuint(told(x), ==, 0);
    g_assert_cmpuint(xen_pt_log_lines(x, "refused"), ==, 0);
}

static void test_asked(const XenPTKind *k)
{
    g_autoptr(XenPT) x = start(k, KEEPS, ASKED, "");
    g_autoptr(XenPT) y = start(k, KEEPS, "power DEV off", ",power_mgmt=on");

    sleep_and_wake(x, k);
    sleep_and_wake(y, k);
}

/* The guest ends with its device asleep: MSI goes, and the device too. */
static void test_unplugged(const XenPTKind *k)
{
    g_autoptr(XenPT) x = start(k, KEEPS, ASKED, "");

    kind_enable(x, k);
    set_state(x, D3);
    xen_pt_unplug(x, 0);
    msix_assert_pirqs(x, 0, 0);
}

/* An earlier guest has left it asleep; nobody has asked for that now. */
static void test_woken(const XenPTKind *k)
{
    XenPTLayout layout = layout_of(k);
    g_autoptr(XenPT) x = xen_pt_new();

    xen_pt_add(x, &layout);
    xen_pt_say(x, "power DEV off");
    xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", PM_CTRL, D3);
    xen_pt_run(x, "");
    g_assert_cmphex(hw_state(x), ==, D0);
    msix_place(x);
    kind_enable(x, k);
    kind_assert_works(x, k, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "is not in D0"), ==, 0);
}

/* One look costs one read; PME_Status, cleared by a 1, is left alone. */
static void test_cost(const XenPTKind *k)
{
    static const struct {
        uint16_t has;
        const char *does, *last;
    } devices[] = {
        { 0x8000, "cfg DEV read 0x44/2 = 0x8000\n",
          "cfg DEV read 0x44/2 = 0x8000\n" },
        { 0x8102, "cfg DEV read 0x44/2 = 0x8102\n"
                  "cfg DEV write 0x44/2 0x0100\n"
                  "cfg DEV read 0x44/2 = 0x8100\n",
          "cfg DEV read 0x44/2 = 0x8100\n" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        XenPTLayout layout = layout_of(k);
        g_autoptr(XenPT) x = xen_pt_new();
        g_autoptr(GString) found = g_string_new(NULL);
        g_autofree char *journal = NULL;
        g_auto(GStrv) lines = NULL;

        xen_pt_add(x, &layout);
        xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", PM_CTRL, devices[i].has);
        xen_pt_run(x, "");
        journal = xen_pt_journal(x, "cfg");
        lines = g_strsplit(journal, "\n", -1);
        for (char **line = lines; *line; line++) {
            if (strstr(*line, " 0x44/")) {
                g_string_append_printf(found, "%s\n", *line);
            }
        }
        /* Last of all its value is read for the guest's view, as ever. */
        g_assert_true(g_str_has_suffix(found->str, devices[i].last));
        g_string_truncate(found, found->len - strlen(devices[i].last));
        g_assert_cmpstr(found->str, ==, devices[i].does);
    }
}

/* It stays asleep, or that is not known: the log says so, and no more. */
static void test_stays(const XenPTKind *k)
{
    static const char *const faults[][2] = {
        { "fail cfg.write@0x44 all timeout", "" },
        { "fail cfg.write@0x44 all EIO", "" },
        { "fail cfg.read@0x44 1 ones", "fail cfg.read@0x44 2 ones" },
        { "fail cfg.read@0x44 1 EIO", "fail cfg.read@0x44 2 EIO" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
        XenPTLayout layout = layout_of(k);
        g_autoptr(XenPT) x = xen_pt_new();

        xen_pt_add(x, &layout);
        xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", PM_CTRL, D3);
        xen_pt_say(x, "%s", faults[i][0]);
        xen_pt_say(x, "%s", faults[i][1]);
        xen_pt_run(x, "");
        g_test_message("%s", faults[i][0]);
        g_assert_cmpuint(xen_pt_log_lines(x, i < 1 ? "(0x0003); it may not"
                                          : "(0xffff); it may not"), ==, 1);
        xen_pt_say(x, "heal");
        xen_pt_unplug(x, 0);
        msix_assert_pirqs(x, 0, 0);
    }
}

/* QEMU in dom0 takes the property alone, and wakes nobody. */
static void test_dom0(const XenPTKind *k)
{
    static const char *const properties[] = { "", ",power_mgmt=on" };

    for (size_t i = 0; i < ARRAY_SIZE(properties); i++) {
        XenPTLayout layout = layout_of(k);
        g_autoptr(XenPT) x = xen_pt_new();

        xen_pt_add(x, &layout);
        xen_pt_say(x, "stubdom off");
        xen_pt_say(x, ASKED);
        xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", PM_CTRL, KEEPS | 2);
        xen_pt_run(x, properties[i]);
        g_assert_cmphex(hw_state(x), ==, 2);
        set_state(x, D3);
        g_assert_cmphex(hw_state(x), ==, i ? D3 : 2);
    }
}

/* pciback says that it went there, and the device did not. */
static void test_refused(const XenPTKind *k)
{
    g_autoptr(XenPT) x = start(k, KEEPS, ASKED, "");

    xen_pt_say(x, "writable DEV 0x%02x/2 0x0000", PM_CTRL);
    set_state(x, 1);
    set_state(x, 1);
    g_assert_cmpuint(xen_pt_log_lines(x, "0x44, power state, written 0x0009, "
                                      "reads 0x0008; the device does not go "
                                      "there"), ==, 1);
}

typedef struct Case {
    Test *test;
    const XenPTKind *kind;
} Case;

static void run(const void *data)
{
    const Case *c = data;

    c->test(c->kind);
}

static void add(const char *name, Test *test)
{
    static const XenPTKind *const kinds[] = { &xen_pt_msi, &xen_pt_msix };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/power/%s/%s", name,
                                                kinds[i]->name);
        Case *c = g_new(Case, 1);

        *c = (Case) { test, kinds[i] };
        qtest_add_data_func_full(path, c, run, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("kept", test_kept);
    add("forgets", test_forgets);
    add("asked", test_asked);
    add("unplugged", test_unplugged);
    add("woken", test_woken);
    add("cost", test_cost);
    add("stays", test_stays);
    add("dom0", test_dom0);
    add("refused", test_refused);
    return g_test_run();
}
