/*
 * QTest: a device passed through with Xen, to guests that are not Linux
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each guest of xen-pt-dialects.c does all that is known of it, from the
 * device's first use to its next owner. After each step the guest, the device
 * and Xen must have the same: a pirq for each vector, and none for what is off.
 */

#include "qemu/osdep.h"
#include "xen-pt-diff.h"
#include "standard-headers/linux/pci_regs.h"

#define RELOADS 5

typedef struct Device {
    const char *name;
    XenPTKind kind;
    XenPTLayout layout;
} Device;

static const Device devices[] = {
    { "msi", XEN_PT_MSI, { .place = XEN_PT_MIDDLE } },
    { "msi-mask", XEN_PT_MSI, { .place = XEN_PT_MIDDLE, .maskable = true } },
    { "msix", XEN_PT_MSIX, { .place = XEN_PT_MIDDLE, .no_msi = true,
                             .entries = 4, .table = 0x2000, .pba = 0x3000 } },
};

static const char *const xens[] = { "4.17", "4.20" };

/* What is to be tried with a guest. */
typedef struct Test {
    const char *name;
    void (*run)(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                const Device *d);
    const char *before;         /* said before QEMU starts; NULL: nothing */
    bool asserted;              /* the device comes with INTx asserted */
    const char *properties;     /* of the device; NULL: none */
} Test;

typedef struct Case {
    const Test *test;
    const XenPTDialect *os;
} Case;

static uint8_t control_at(const Device *d)
{
    return d->kind == XEN_PT_MSI ? XEN_PT_CAP_MSI + PCI_MSI_FLAGS
                                 : XEN_PT_CAP_MSIX + PCI_MSIX_FLAGS;
}

static bool is_on(const Device *d, uint16_t word)
{
    return word & (d->kind == XEN_PT_MSI ? PCI_MSI_FLAGS_ENABLE
                                         : PCI_MSIX_FLAGS_ENABLE);
}

static bool guest_is_on(XenPT *x, const Device *d)
{
    return is_on(d, qpci_config_readw(x->dev[0], control_at(d)));
}

static bool device_is_on(XenPT *x, const Device *d)
{
    return is_on(d, xen_pt_hw(x, 0, control_at(d), 2));
}

static unsigned vectors(const Device *d)
{
    return d->kind == XEN_PT_MSIX ? 2 : 1;
}

static void assert_pirqs(XenPT *x, unsigned n)
{
    unsigned bound;

    g_assert_cmpuint(xen_pt_pirqs(x, &bound), ==, n);
    g_assert_cmpuint(bound, ==, n);
}

static void assert_verdict(XenPTGuest *g, const char *expected)
{
    g_autofree char *verdict = xen_pt_guest_verdict(g);

    g_assert_cmpstr(verdict, ==, expected);
}

static void assert_works(XenPT *x, XenPTGuest *g, const Device *d)
{
    g_assert_true(guest_is_on(x, d));
    g_assert_true(device_is_on(x, d));
    assert_pirqs(x, vectors(d));
    assert_verdict(g, d->kind == XEN_PT_MSI ? "works, MSI" : "works, MSI-X");
}

static void assert_off(XenPT *x, const Device *d)
{
    g_assert_false(guest_is_on(x, d));
    g_assert_false(device_is_on(x, d));
    assert_pirqs(x, 0);
}

/* The driver is gone. Some only mask the vectors of MSI-X, and leave it on. */
static void assert_unloaded(XenPT *x, const XenPTDialect *os, const Device *d)
{
    if (d->kind == XEN_PT_MSI || !os->dwords) {
        assert_off(x, d);
        return;
    }
    g_assert_true(guest_is_on(x, d));
    assert_pirqs(x, vectors(d));
    for (unsigned v = 0; v < vectors(d); v++) {
        g_assert_true(xen_pt_hw_entry(x, 0, v, XEN_PT_MASK) & 1);
        g_assert_false(xen_pt_interrupts(x, 0, v));
    }
}

static bool can(const XenPTDialect *os, const Device *d, const char *word)
{
    return xen_pt_guest_can(os, d->kind, word);
}

static void test_life(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                      const Device *d)
{
    xen_pt_guest_run(g, "boot");
    assert_off(x, d);
    for (unsigned i = 0; i < RELOADS; i++) {
        xen_pt_guest_run(g, "load");
        assert_works(x, g, d);
        xen_pt_guest_run(g, "unload");
        assert_unloaded(x, os, d);
    }
    xen_pt_guest_run(g, "load");
    if (can(os, d, "move")) {
        xen_pt_guest_run(g, "move");
        assert_works(x, g, d);
    }
    if (can(os, d, "resume")) {
        xen_pt_guest_run(g, "resume");
        assert_works(x, g, d);
        xen_pt_guest_run(g, "lose resume");
        assert_works(x, g, d);
    }

    /* The next owner, in the same guest and in another. */
    xen_pt_guest_run(g, "boot load");
    assert_works(x, g, d);
    xen_pt_guest_run(g, "reboot");
    assert_off(x, d);
    xen_pt_guest_run(g, "boot load");
    assert_works(x, g, d);
}

/* pciback lets no ENABLE pass: the guest finds no capability, and has INTx. */
static void test_refused(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                         const Device *d)
{
    uint8_t ids[8];
    unsigned n = xen_pt_caps(x, 0, ids);

    for (unsigned i = 0; i < n; i++) {
        g_assert_cmpuint(ids[i], !=, PCI_CAP_ID_MSI);
        g_assert_cmpuint(ids[i], !=, PCI_CAP_ID_MSIX);
    }
    xen_pt_guest_run(g, "boot load");
    assert_verdict(g, "works, INTx");
    xen_pt_guest_run(g, "unload load");
    assert_verdict(g, "works, INTx");
    g_assert_false(device_is_on(x, d));
    assert_pirqs(x, 0);
}

/*
 * The device comes with INTx asserted. QEMU disables that, where pciback lets
 * it: a guest that wants INTx and leaves it disabled gets no interrupt.
 */
static void test_asserted_intx(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                               const Device *d)
{
    xen_pt_guest_run(g, "boot load");
    assert_verdict(g, os->keeps_intx ? "INTx: vector 0 is lost"
                                     : "works, INTx");
}

/* Nobody wants INTx. */
static void test_asserted(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                          const Device *d)
{
    xen_pt_guest_run(g, "boot load");
    assert_works(x, g, d);
    xen_pt_guest_run(g, "unload load");
    assert_works(x, g, d);
}

/* Xen has no interrupt when the driver starts, and later it has. */
static void test_no_irq(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                        const Device *d)
{
    xen_pt_guest_run(g, "boot fail:map_pirq_msi:all:ENOSPC load heal");
    assert_pirqs(x, 0);
    if (d->kind == XEN_PT_MSI) {
        assert_off(x, d);
        assert_verdict(g, "MSI: ENABLE reads 0");
    } else {
        assert_verdict(g, "MSI-X: vector 0 is lost");
    }
    xen_pt_guest_run(g, "unload load");
    assert_works(x, g, d);
}

/* The guest has seen the capability; then the permission goes, and comes. */
static void test_revoked(XenPT *x, XenPTGuest *g, const XenPTDialect *os,
                         const Device *d)
{
    g_autofree char *expected = g_strdup_printf(
        "%s: ENABLE reads 0", d->kind == XEN_PT_MSI ? "MSI" : "MSI-X");

    xen_pt_guest_run(g, "boot");
    xen_pt_say(x, "allow DEV off");
    xen_pt_guest_run(g, "load");
    assert_off(x, d);
    assert_verdict(g, expected);
    xen_pt_guest_run(g, "unload allow load");
    assert_works(x, g, d);
}

static const Test tests[] = {
    { "life", test_life },
    { "life-strict", test_life, "kernel 6.1" },
    { "refused", test_refused, "allow DEV off" },
    { "refused-asserted", test_refused, "allow DEV off", true },
    { "asserted", test_asserted, "kernel 6.1", true },
    { "asserted-intx", test_asserted_intx, NULL, true, ",msi=off,msix=off" },
    { "no-irq", test_no_irq },
    { "revoked", test_revoked },
};

static XenPT *start(const Device *d, const char *xen, const Test *test)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, &d->layout);
    xen_pt_say(x, "xen %s", xen);
    if (test && test->before) {
        xen_pt_say(x, "%s", test->before);
    }
    if (test && test->asserted) {
        xen_pt_say(x, "poke DEV 0x%02x/2 0x%04x", PCI_STATUS,
                   PCI_STATUS_CAP_LIST | PCI_STATUS_INTERRUPT);
    }
    xen_pt_run(x, test && test->properties ? test->properties : "");
    return x;
}

/* With each device that the guest knows, on each Xen that treats it its way. */
static void run_case(const void *opaque)
{
    const Case *c = opaque;

    for (const Device *d = devices; d < devices + ARRAY_SIZE(devices); d++) {
        size_t n = !c->os->load[d->kind] ? 0
                 : d->kind == XEN_PT_MSIX ? ARRAY_SIZE(xens) : 1;

        for (size_t i = 0; i < n; i++) {
            g_autoptr(XenPT) x = start(d, xens[i], c->test);
            XenPTGuest *g = xen_pt_guest_new(x, c->os, false);

            g_test_message("%s on Xen %s", d->name, xens[i]);
            c->test->run(x, g, c->os, d);
            xen_pt_guest_free(g);
        }
    }
}

/*
 * iPXE waits for no interrupt, but the device has to send its message. It is
 * sent, and is off before the next driver comes.
 */
static void test_ipxe(const void *xen)
{
    const Device *d = &devices[2];
    g_autoptr(XenPT) x = start(d, xen, NULL);
    XenPTGuest *g = xen_pt_guest_new(x, &xen_pt_dialects[1], false);

    for (unsigned i = 0; i < 2; i++) {
        xen_pt_guest_run(g, "boot ipxe-on");
        g_assert_true(guest_is_on(x, d));
        g_assert_true(device_is_on(x, d));
        assert_pirqs(x, 1);
        g_assert_true(xen_pt_interrupts(x, 0, 0));
        g_assert_false(xen_pt_interrupts(x, 0, 1));
        xen_pt_guest_run(g, "ipxe-off");
        assert_off(x, d);
    }
    xen_pt_guest_run(g, "boot load");
    assert_works(x, g, d);
    xen_pt_guest_free(g);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t t = 0; t < ARRAY_SIZE(tests); t++) {
        for (const XenPTDialect *os = xen_pt_dialects; os->name; os++) {
            g_autofree char *path = g_strdup_printf("xen-pt/guests/%s/%s",
                                                    tests[t].name, os->name);
            Case c = { &tests[t], os };

            if (!os->pv) {
                qtest_add_data_func_full(path, g_memdup2(&c, sizeof(c)),
                                         run_case, g_free);
            }
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(xens); i++) {
        g_autofree char *path = g_strdup_printf("xen-pt/guests/ipxe/xen-%s",
                                                xens[i]);

        qtest_add_data_func(path, xens[i], test_ipxe);
    }
    return g_test_run();
}
