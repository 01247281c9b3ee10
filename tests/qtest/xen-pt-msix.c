/*
 * QTest: a guest's driver of MSI-X, of a device passed through with Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "xen-pt-msix.h"

#define CONTROL_MSI (XEN_PT_CAP_MSI + PCI_MSI_FLAGS)

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

void msix_add_for_xens(const char *path, void (*test)(const void *))
{
    static const char *const xens[] = { "4.17", "4.20" };

    for (size_t i = 0; i < ARRAY_SIZE(xens); i++) {
        g_autofree char *full = g_strdup_printf("xen-pt/msix/%s/xen-%s", path,
                                                xens[i]);

        qtest_add_data_func(full, xens[i], test);
    }
}
