/*
 * QTest: a guest's driver of MSI and MSI-X, of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "xen-pt-driver.h"

const XenPTLayout msi_plain;

const XenPTLayout msix_plain = {
    .no_msi = true, .entries = 4, .table = 0x2000, .pba = 0x3000,
};

const XenPTLayout msix_both = {
    .entries = 4, .table = 0x2000, .pba = 0x3000,
};

uint32_t msix_table(uint32_t reg)
{
    return ((reg & PCI_MSIX_TABLE_BIR) ? XEN_PT_GUEST2 : XEN_PT_GUEST0) +
           (reg & PCI_MSIX_TABLE_OFFSET);
}

uint32_t msix_word(XenPT *x, unsigned entry, XenPTWord word)
{
    return msix_table(x->layout[0].table) + entry * 16 + word * 4;
}

void msix_write(XenPT *x, unsigned entry, XenPTWord word, uint32_t value)
{
    xen_pt_guest_write(x, msix_word(x, entry, word), 4, value);
}

void msix_mask(XenPT *x, unsigned entry, bool on)
{
    msix_write(x, entry, XEN_PT_MASK, on);
}

void msix_program(XenPT *x, unsigned entry)
{
    msix_write(x, entry, XEN_PT_ADDRESS, ADDRESS);
    msix_write(x, entry, XEN_PT_UPPER, 0);
    msix_write(x, entry, XEN_PT_DATA, DATA(entry));
}

void msix_request(XenPT *x, unsigned entry)
{
    msix_program(x, entry);
    msix_mask(x, entry, false);
}

uint16_t msix_control(XenPT *x)
{
    return qpci_config_readw(x->dev[0], CONTROL_X);
}

void msix_set_control(XenPT *x, uint16_t bits)
{
    qpci_config_writew(x->dev[0], CONTROL_X,
                       (msix_control(x) & ~(ENABLE | MASKALL)) | bits);
}

bool msix_enabled(XenPT *x)
{
    return msix_control(x) & ENABLE;
}

bool msix_hw_enabled(XenPT *x)
{
    return xen_pt_hw(x, 0, CONTROL_X, 2) & ENABLE;
}

bool msix_hw_masked(XenPT *x, unsigned entry)
{
    return xen_pt_hw_entry(x, 0, entry, XEN_PT_MASK) & 1;
}

void msix_place(XenPT *x)
{
    xen_pt_place(x, 0, 0, XEN_PT_GUEST0);
    xen_pt_place(x, 0, 2, XEN_PT_GUEST2);
    xen_pt_skip(x);
}

XenPT *msix_realize(const XenPTLayout *layout, const char *command,
                    const char *properties)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, layout);
    xen_pt_say(x, "%s", command);
    xen_pt_run(x, properties);
    return x;
}

XenPT *msix_start_on(const XenPTLayout *layout, const char *xen)
{
    XenPT *x = xen_pt_new();

    x->xen = xen;
    xen_pt_add(x, layout);
    xen_pt_say(x, "xen %s", xen);
    xen_pt_run(x, "");
    msix_place(x);
    return x;
}

XenPT *msix_start(const XenPTLayout *layout)
{
    return msix_start_on(layout, "4.17");
}

void msix_enable(XenPT *x, unsigned vectors)
{
    msix_set_control(x, ENABLE | MASKALL);
    for (unsigned i = 0; i < x->layout[0].entries; i++) {
        msix_mask(x, i, true);
    }
    msix_set_control(x, ENABLE);
    for (unsigned i = 0; i < vectors; i++) {
        msix_request(x, i);
    }
}

XenPT *msix_start_enabled(const char *xen, unsigned vectors)
{
    XenPT *x = msix_start_on(&msix_plain, xen);

    msix_enable(x, vectors);
    xen_pt_skip(x);
    return x;
}

void msix_assert_pirqs(XenPT *x, unsigned mapped, unsigned bound)
{
    unsigned n, b;

    n = xen_pt_pirqs(x, &b);
    g_assert_cmpuint(n, ==, mapped);
    g_assert_cmpuint(b, ==, bound);
}

void msix_assert_all_off(XenPT *x)
{
    g_assert_false(msix_hw_enabled(x));
    msix_assert_pirqs(x, 0, 0);
    for (unsigned i = 0; i < x->layout[0].entries; i++) {
        g_assert_true(msix_hw_masked(x, i));
    }
}

void xen_pt_assert_held(XenPT *x, const XenPTHeld *before)
{
    XenPTHeld now = xen_pt_held(x);

    g_assert_cmpuint(now.files, ==, before->files);
    g_assert_cmpuint(now.mappings, ==, before->mappings);
    g_assert_cmpuint(now.mapped, ==, before->mapped);
    g_assert_cmpuint(now.bound, ==, before->bound);
    g_assert_cmpuint(now.ranges, ==, before->ranges);
    msix_assert_pirqs(x, 0, 0);
}

void msix_assert_status(XenPT *x, const char *state, const char *step,
                        int error)
{
    XenPTStatus st;

    xen_pt_msix_status(x, 0, &st);
    g_assert_cmpstr(st.state, ==, state);
    g_assert_cmpstr(st.step, ==, step);
    g_assert_cmpint(st.error, ==, error);
}

void msix_assert_refused(XenPT *x, const char *step, int error)
{
    g_assert_false(msix_enabled(x));
    msix_assert_all_off(x);
    msix_assert_status(x, "refused", step, error);
}

void msix_assert_caps(XenPT *x, bool msi, bool msix)
{
    uint8_t ids[8], expected[2];
    unsigned n = 0;

    if (msi) {
        expected[n++] = PCI_CAP_ID_MSI;
    }
    if (msix) {
        expected[n++] = PCI_CAP_ID_MSIX;
    }
    g_assert_cmpmem(ids, xen_pt_caps(x, 0, ids), expected, n);
}

void msi_set_enable(XenPT *x, bool on)
{
    uint16_t msi = qpci_config_readw(x->dev[0], CONTROL_MSI);

    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       ADDRESS);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_DATA_64, DATA(0));
    qpci_config_writew(x->dev[0], CONTROL_MSI, (msi & ~PCI_MSI_FLAGS_ENABLE) |
                       (on ? PCI_MSI_FLAGS_ENABLE : 0));
}

bool msi_enabled(XenPT *x)
{
    return qpci_config_readw(x->dev[0], CONTROL_MSI) & PCI_MSI_FLAGS_ENABLE;
}

static const char *const xens[] = { "4.17", "4.20" };

void msix_add_for_xens(const char *path, void (*test)(const void *))
{
    for (size_t i = 0; i < ARRAY_SIZE(xens); i++) {
        g_autofree char *full = g_strdup_printf("xen-pt/msix/%s/xen-%s", path,
                                                xens[i]);

        qtest_add_data_func(full, xens[i], test);
    }
}

typedef struct Given {
    const XenPTTest *test;
    const char *xen;
} Given;

static void run_given(const void *opaque)
{
    const Given *given = opaque;
    const XenPTTest *test = given->test;
    g_autoptr(XenPT) x = msix_start_on(test->layout, given->xen);

    if (test->vectors) {
        msix_enable(x, test->vectors);
        xen_pt_skip(x);
    }
    test->run(x);
}

void xen_pt_add_tests(const char *directory, const XenPTTest *tests, size_t n)
{
    for (const XenPTTest *test = tests; test < tests + n; test++) {
        for (size_t i = 0; i < (test->each_xen ? ARRAY_SIZE(xens) : 1); i++) {
            g_autofree char *path = g_strdup_printf(
                "xen-pt/%s/%s%s%s", directory, test->name,
                test->each_xen ? "/xen-" : "", test->each_xen ? xens[i] : "");
            Given *given = g_new(Given, 1);

            *given = (Given) { test, xens[i] };
            qtest_add_data_func_full(path, given, run_given, g_free);
        }
    }
}

/* --- Either kind -------------------------------------------------------- */

static void msi_program(XenPT *x, unsigned vectors)
{
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       ADDRESS);
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI, 0);
    qpci_config_writew(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_DATA_64, DATA(0));
}

static void msi_move(XenPT *x, uint32_t address)
{
    qpci_config_writel(x->dev[0], XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                       address);
}

static void msi_fiddle(XenPT *x)
{
    msi_move(x, OTHER_ADDRESS);
    msi_move(x, ADDRESS);
}

const XenPTKind xen_pt_msi = {
    .name = "msi", .log = "MSI", .status = "msi-status", .other = "msix-status",
    .layout = &msi_plain,
    .control = CONTROL_MSI, .enable = PCI_MSI_FLAGS_ENABLE, .off = 0x0080,
    .vectors = 1,
    .program = msi_program, .move = msi_move, .fiddle = msi_fiddle,
    .map = "xc map_pirq_msi DEV entry 0 pirq -1",
    .mapped = MSI_MAP(55),
    .bind = "xc bind_msi 55 gvec 0x41 gflags 0x10001",
    .seen = MSI_SEEN,
    .up = MSI_MAP(55) MSI_BIND(55, 0x41, 0x10001),
    .up_all = MSI_MAP(55) MSI_BIND(55, 0x41, 0x10001),
    .unmap = "xc unmap_pirq 55 = 0\n",
    .down = DOWN(55, 0x41),
    .down_all = DOWN(55, 0x41),
    .moved = "xc bind_msi 55 gvec 0x41 gflags 0x10002",
    .is_off = "cfg DEV read CONTROL = 0x0080\n",
    .is_on = "cfg DEV read CONTROL = 0x0081\n",
    .set_on = "cfg DEV write CONTROL 0x0081\n",
    .sets = SET(CONTROL, 0x0080, 0x0081),
    .clears = SET(CONTROL, 0x0081, 0x0080),
    .device_on = "dev DEV write CONTROL 0x0081\n",
    .device_off = "dev DEV write CONTROL 0x0080\n",
};

static void msix_request_all(XenPT *x, unsigned vectors)
{
    for (unsigned i = 0; i < vectors; i++) {
        msix_request(x, i);
    }
}

static void msix_move(XenPT *x, uint32_t address)
{
    msix_mask(x, 0, true);
    msix_write(x, 0, XEN_PT_ADDRESS, address);
    msix_mask(x, 0, false);
}

/* By what Xen passes on. */
static void msix_fiddle(XenPT *x)
{
    xen_pt_write(x, msix_word(x, 0, XEN_PT_ADDRESS), 4, OTHER_ADDRESS);
    xen_pt_write(x, msix_word(x, 0, XEN_PT_MASK), 4, 1);
    xen_pt_write(x, msix_word(x, 0, XEN_PT_ADDRESS), 4, ADDRESS);
    xen_pt_write(x, msix_word(x, 0, XEN_PT_MASK), 4, 0);
}

const XenPTKind xen_pt_msix = {
    .name = "msix", .log = "MSI-X",
    .status = "msix-status", .other = "msi-status",
    .layout = &msix_plain,
    .control = CONTROL_X, .enable = ENABLE, .off = 0x0003, .loses = true,
    .vectors = 2,
    .program = msix_request_all, .move = msix_move, .fiddle = msix_fiddle,
    .map = "xc map_pirq_msi DEV entry 0 pirq -1 table 0xfeb80000",
    .mapped = MAP(0, 55),
    .bind = "xc bind_msi 55 gvec 0x41 gflags 0x00001 gtable 0xe0002000",
    .seen = "",
    .up = UP(0, 55, 0x41),
    .up_all = UP(0, 55, 0x41) UP(1, 54, 0x42),
    .unmap = "xc unmap_pirq 55 = 0\n",
    .down = DOWN(55, 0x41),
    .down_all = DOWN(54, 0x42) DOWN(55, 0x41),
    .moved = "xc bind_msi 55 gvec 0x41 gflags 0x10002 gtable 0xe0002000",
    .is_off = "cfg DEV read CONTROL_X = 0x0003\n",
    .is_on = "cfg DEV read CONTROL_X = 0x8003\n",
    .set_on = "cfg DEV write CONTROL_X 0x8003\n",
    .sets = SET(CONTROL_X, 0x0003, 0x8003),
    .clears = SET(CONTROL_X, 0x8003, 0x0003),
    .device_on = "dev DEV write CONTROL_X 0x8003\n",
    .device_off = "dev DEV write CONTROL_X 0x0003\n",
    .device_masked = "dev DEV write CONTROL_X 0xc003\n",
};

XenPT *kind_start(const XenPTKind *k)
{
    return msix_start(k->layout);
}

bool kind_enabled(XenPT *x, const XenPTKind *k)
{
    return qpci_config_readw(x->dev[0], k->control) & k->enable;
}

bool kind_hw_enabled(XenPT *x, const XenPTKind *k)
{
    return xen_pt_hw(x, 0, k->control, 2) & k->enable;
}

void kind_set(XenPT *x, const XenPTKind *k, bool on)
{
    uint16_t control = qpci_config_readw(x->dev[0], k->control);

    qpci_config_writew(x->dev[0], k->control,
                       (control & ~k->enable) | (on ? k->enable : 0));
}

void kind_enable(XenPT *x, const XenPTKind *k)
{
    k->program(x, 1);
    xen_pt_skip(x);
    kind_set(x, k, true);
}

void kind_assert_off(XenPT *x, const XenPTKind *k)
{
    g_assert_false(kind_hw_enabled(x, k));
    msix_assert_pirqs(x, 0, 0);
    for (unsigned i = 0; i < x->layout[0].entries; i++) {
        g_assert_true(msix_hw_masked(x, i));
    }
}

void kind_assert_state(XenPT *x, const XenPTKind *k, const char *state,
                       const char *step, int error)
{
    XenPTStatus st;

    xen_pt_status_of(x, 0, k->status, &st);
    g_assert_cmpstr(st.state, ==, state);
    g_assert_cmpstr(st.step, ==, step);
    g_assert_cmpint(st.error, ==, error);
}

void kind_assert_refused(XenPT *x, const XenPTKind *k, const char *step,
                         int error)
{
    XenPTStatus st;

    g_assert_false(kind_enabled(x, k));
    kind_assert_off(x, k);
    kind_assert_state(x, k, "refused", step, error);
    xen_pt_status_of(x, 0, k->status, &st);
    g_assert_cmpint(st.npirqs, ==, 0);
}

void kind_assert_works(XenPT *x, const XenPTKind *k, unsigned vectors)
{
    XenPTStatus st;

    g_assert_true(kind_enabled(x, k));
    g_assert_true(kind_hw_enabled(x, k));
    msix_assert_pirqs(x, vectors, vectors);
    for (unsigned i = 0; i < vectors; i++) {
        g_assert_true(xen_pt_interrupts(x, 0, i));
    }
    kind_assert_state(x, k, "on", "none", 0);
    xen_pt_status_of(x, 0, k->status, &st);
    g_assert_cmpint(st.npirqs, ==, vectors);
    g_assert_cmpint(st.undo_failures, ==, 0);
}
