/*
 * The MSI and the MSI-X capability as the guest sees them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include "hw/xen/xen_pt_msi_regs.h"

#define BIT64   PCI_MSI_FLAGS_64BIT
#define MASKBIT PCI_MSI_FLAGS_MASKBIT
#define NEXT    0x70
#define TABLE   0x00002003      /* in BAR 3 */
#define PBA     0x00013005      /* in BAR 5 */

/*
 * The four layouts of MSI (PCI 3.0, figure 6-9) and that of MSI-X (6.8.2), a
 * dword for each row: what it reads after a reset, and which bits the guest can
 * write. The pending bits are read-only (6.8.1.8), the mask has one bit for one
 * vector (6.8.1.7), the lowest two bits of the address are 0 (6.8.1.4). Of
 * MSI-X all is read-only but ENABLE and the function mask (6.8.2.3).
 */
typedef struct Layout {
    const char *name;
    bool msix;
    uint16_t control;
    unsigned size;
    unsigned data, mask;        /* offsets; 0: not there */
    uint32_t reset[6], writable[6];
} Layout;

#define HEAD(control)   ((uint32_t)(control) << 16 | NEXT << 8 | 0x05)
#define HEAD_X(control) ((uint32_t)(control) << 16 | NEXT << 8 | 0x11)
#define ENABLE          (PCI_MSI_FLAGS_ENABLE << 16)

static const Layout layouts[] = {
    { "32", false, 0, 12, 8, 0,
      { HEAD(0), 0, 0 },
      { ENABLE, 0xfffffffc, 0xffff } },
    { "32-mask", false, MASKBIT, 20, 8, 12,
      { HEAD(MASKBIT), 0, 0, 0, 0 },
      { ENABLE, 0xfffffffc, 0xffff, 1, 0 } },
    { "64", false, BIT64, 16, 12, 0,
      { HEAD(BIT64), 0, 0, 0 },
      { ENABLE, 0xfffffffc, 0xffffffff, 0xffff } },
    { "64-mask", false, BIT64 | MASKBIT, 24, 12, 16,
      { HEAD(BIT64 | MASKBIT), 0, 0, 0, 0, 0 },
      { ENABLE, 0xfffffffc, 0xffffffff, 0xffff, 1, 0 } },
    { "msi-x", true, 0x0041, 12, 0, 0,
      { HEAD_X(0x0041), TABLE, PBA },
      { 0xc0000000, 0, 0 } },
};

/* As realize does it, of a device with this control word. */
static void init(XenPTMSIRegs *r, const Layout *l, uint16_t control)
{
    if (l->msix) {
        xen_pt_msi_regs_init_msix(r, control, NEXT, TABLE, PBA);
    } else {
        xen_pt_msi_regs_init(r, control, NEXT);
    }
}

static uint8_t byte_of(const uint32_t *dwords, unsigned offset)
{
    return dwords[offset / 4] >> 8 * (offset % 4);
}

static uint8_t read_byte(const XenPTMSIRegs *r, unsigned offset)
{
    return xen_pt_msi_regs_read(r, offset, 1);
}

/* --- After a reset ------------------------------------------------------ */

static void test_reset(const Layout *l, XenPTMSIRegs *r)
{
    g_assert_cmpuint(r->size, ==, l->size);
    for (unsigned i = 0; i < l->size; i += 4) {
        g_assert_cmphex(xen_pt_msi_regs_read(r, i, 4), ==, l->reset[i / 4]);
    }
    g_assert_false(xen_pt_msi_regs_enable(r));
    g_assert_false(xen_pt_msi_regs_maskall(r));
    g_assert_false(xen_pt_msi_regs_masked(r));
}

static void test_reset_message(const Layout *l, XenPTMSIRegs *r)
{
    g_assert_cmpuint(xen_pt_msi_regs_size(l->control), ==, l->size);
    g_assert_cmphex(xen_pt_msi_regs_message(r).address, ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_message(r).data, ==, 0);
}

/*
 * One vector of MSI, so Multiple Message Capable reads 0, and nothing else of
 * what the device holds, ENABLE and the extended data bits, is the guest's.
 * Of MSI-X it is the number of the entries.
 */
static void test_reset_device_bits(const Layout *l, XenPTMSIRegs *r)
{
    uint16_t shown = l->msix ? PCI_MSIX_FLAGS_QSIZE : BIT64 | MASKBIT;

    init(r, l, l->control | (0xffff & ~shown));
    g_assert_cmpuint(r->size, ==, l->size);
    g_assert_cmphex(xen_pt_msi_regs_read(r, 0, 4), ==, l->reset[0]);
}

/* Not a bit of an earlier life. */
static void test_reset_forgets(const Layout *l, XenPTMSIRegs *r)
{
    for (unsigned i = 0; i < l->size; i++) {
        xen_pt_msi_regs_write(r, i, 0xff, 1);
    }
    init(r, l, l->control);
    for (unsigned i = 0; i < l->size; i += 4) {
        g_assert_cmphex(xen_pt_msi_regs_read(r, i, 4), ==, l->reset[i / 4]);
    }
}

/* --- Every access ------------------------------------------------------- */

/*
 * Any offset, also across registers and across or beyond the end, any width:
 * the bytes change by the table, and the events say what has happened.
 */
static void check_write(const Layout *l, unsigned offset, unsigned len,
                        uint32_t before, uint32_t value)
{
    unsigned events, expected = 0;
    uint8_t was[28] = { 0 }, byte;
    XenPTMSIRegs r;

    init(&r, l, l->control);
    for (unsigned i = 0; i < l->size; i += 4) {
        xen_pt_msi_regs_write(&r, i, before, 4);
    }
    for (unsigned i = 0; i < l->size; i++) {
        was[i] = read_byte(&r, i);
    }

    events = xen_pt_msi_regs_write(&r, offset, value, len);
    for (unsigned i = 0; i < l->size; i++) {
        uint8_t writable = byte_of(l->writable, i);

        byte = was[i];
        if (i >= offset && i < offset + len) {
            byte = (byte & ~writable) |
                   ((value >> 8 * (i - offset)) & writable);
            if (i == (l->msix ? 3 : 2)) {
                expected |= XEN_PT_MSI_WROTE_CONTROL;
            } else if (byte != was[i]) {
                expected |= XEN_PT_MSI_WROTE_VECTOR;
            }
        }
        g_assert_cmphex(read_byte(&r, i), ==, byte);
    }
    g_assert_cmphex(events, ==, expected);
}

static void test_write(const Layout *l, XenPTMSIRegs *r)
{
    static const uint32_t values[] = {
        0, 0xffffffff, 0x55aa33cc, 0xaa55cc33, 0x00010001, 0xfee01000,
    };

    for (unsigned offset = 0; offset < 28; offset++) {
        for (unsigned len = 1; len <= 4; len++) {
            for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                for (size_t j = 0; j < G_N_ELEMENTS(values); j++) {
                    check_write(l, offset, len, values[i], values[j]);
                }
            }
        }
    }
}

/* A read is its bytes; beyond the end there are none. */
static void test_read(const Layout *l, XenPTMSIRegs *r)
{
    for (unsigned i = 0; i < l->size; i += 4) {
        xen_pt_msi_regs_write(r, i, 0x76543210 + 0x11111111 * (i / 4), 4);
    }
    for (unsigned offset = 0; offset < 40; offset++) {
        for (unsigned len = 1; len <= 4; len++) {
            uint32_t value = 0;

            for (unsigned i = 0; i < len && offset + i < l->size; i++) {
                value |= (uint32_t)read_byte(r, offset + i) << 8 * i;
            }
            g_assert_cmphex(xen_pt_msi_regs_read(r, offset, len), ==, value);
        }
        if (offset >= l->size) {
            g_assert_cmphex(read_byte(r, offset), ==, 0);
        }
    }
}

/* Far beyond the end, where an offset that wraps would come back. */
static void test_far(const Layout *l, XenPTMSIRegs *r)
{
    g_assert_cmphex(xen_pt_msi_regs_read(r, UINT32_MAX, 4), ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_read(r, UINT32_MAX - 2, 4), ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_write(r, UINT32_MAX, ~0u, 4), ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_read(r, 0, 4), ==, l->reset[0]);
}

/* --- What the guest says by it ------------------------------------------ */

static void test_message(const Layout *l, XenPTMSIRegs *r)
{
    uint64_t upper = l->control & BIT64 ? 0x12345678 : 0;
    XenPTMSIMessage m;

    xen_pt_msi_regs_write(r, 4, 0xfee01003, 4);
    if (upper) {
        xen_pt_msi_regs_write(r, 8, upper, 4);
    }
    xen_pt_msi_regs_write(r, l->data, 0xdead4041, 4);
    m = xen_pt_msi_regs_message(r);
    g_assert_cmphex(m.address, ==, upper << 32 | 0xfee01000);
    g_assert_cmphex(m.data, ==, 0x4041);
}

static void test_mask(const Layout *l, XenPTMSIRegs *r)
{
    /* Where there is no mask, what is at its place masks nothing. */
    for (unsigned i = 8; i < l->size; i++) {
        if (i != l->mask || !l->mask) {
            xen_pt_msi_regs_write(r, i, 0xff, 1);
        }
    }
    g_assert_false(xen_pt_msi_regs_masked(r));
    if (l->mask) {
        g_assert_cmphex(xen_pt_msi_regs_write(r, l->mask, 0xffffffff, 4), ==,
                        XEN_PT_MSI_WROTE_VECTOR);
        g_assert_true(xen_pt_msi_regs_masked(r));
        g_assert_cmphex(xen_pt_msi_regs_read(r, l->mask, 4), ==, 1);
        xen_pt_msi_regs_write(r, l->mask, 0xfe, 1);
        g_assert_false(xen_pt_msi_regs_masked(r));

        /* A request for a pirq leaves masking to Xen, and the bit as it is. */
        xen_pt_msi_regs_write(r, l->mask, 1, 1);
        xen_pt_msi_regs_write(r, 4, 0xfee37000, 4);
        xen_pt_msi_regs_write(r, l->data, 0x4300, 2);
        g_assert_false(xen_pt_msi_regs_masked(r));
        g_assert_cmphex(xen_pt_msi_regs_read(r, l->mask, 4), ==, 1);
    }
}

/* The upper byte alone says nothing of ENABLE (upstream's fault). */
static void test_upper_control_byte(const Layout *l, XenPTMSIRegs *r)
{
    xen_pt_msi_regs_write(r, 2, 1, 1);
    g_assert_true(xen_pt_msi_regs_enable(r));
    g_assert_cmphex(xen_pt_msi_regs_write(r, 3, 0, 1), ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 3, 0xff, 1), ==, 0);
    g_assert_true(xen_pt_msi_regs_enable(r));
    g_assert_cmphex(xen_pt_msi_regs_read(r, 2, 2), ==,
                    l->control | PCI_MSI_FLAGS_ENABLE);
}

/* Multiple Message Enable stays at one vector, and the guest can see it. */
static void test_one_vector(const Layout *l, XenPTMSIRegs *r)
{
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 0x0071, 2), ==,
                    XEN_PT_MSI_WROTE_CONTROL);
    g_assert_cmphex(xen_pt_msi_regs_read(r, 2, 2), ==,
                    l->control | PCI_MSI_FLAGS_ENABLE);
}

/* ENABLE as the sequence has it; no other bit moves. */
static void test_set_control(const Layout *l, XenPTMSIRegs *r)
{
    xen_pt_msi_regs_set_control(r, true, true);
    g_assert_true(xen_pt_msi_regs_enable(r));
    g_assert_cmphex(xen_pt_msi_regs_read(r, 0, 4), ==, l->reset[0] | ENABLE);
    xen_pt_msi_regs_set_control(r, false, false);
    g_assert_false(xen_pt_msi_regs_enable(r));
    g_assert_cmphex(xen_pt_msi_regs_read(r, 0, 4), ==, l->reset[0]);
}

/* Written again, ENABLE is an event; a message is not. */
static void test_same_value(const Layout *l, XenPTMSIRegs *r)
{
    xen_pt_msi_regs_write(r, 4, 0xfee01000, 4);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 4, 0xfee01000, 4), ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 0, 2), ==,
                    XEN_PT_MSI_WROTE_CONTROL);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 1, 1), ==,
                    XEN_PT_MSI_WROTE_CONTROL);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 1, 1), ==,
                    XEN_PT_MSI_WROTE_CONTROL);
}

/* One write may do both. */
static void test_both_events(const Layout *l, XenPTMSIRegs *r)
{
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 0x10000001, 4), ==,
                    XEN_PT_MSI_WROTE_CONTROL | XEN_PT_MSI_WROTE_VECTOR);
}

/* --- The same of MSI-X -------------------------------------------------- */

/* ENABLE and the function mask are two things, both in the upper byte. */
static void test_msix_control(const Layout *l, XenPTMSIRegs *r)
{
    for (unsigned upper = 0; upper < 0x100; upper++) {
        uint16_t expected = l->control | (upper & 0xc0) << 8;

        g_assert_cmphex(xen_pt_msi_regs_write(r, 3, upper, 1), ==,
                        XEN_PT_MSI_WROTE_CONTROL);
        g_assert_cmpint(xen_pt_msi_regs_enable(r), ==, !!(upper & 0x80));
        g_assert_cmpint(xen_pt_msi_regs_maskall(r), ==, !!(upper & 0x40));
        g_assert_cmphex(xen_pt_msi_regs_read(r, 2, 2), ==, expected);
    }
}

/* The lower byte alone says nothing of either. */
static void test_msix_lower_control_byte(const Layout *l, XenPTMSIRegs *r)
{
    xen_pt_msi_regs_write(r, 2, 0xc000, 2);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 0, 1), ==, 0);
    g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 0xff, 1), ==, 0);
    g_assert_true(xen_pt_msi_regs_enable(r));
    g_assert_true(xen_pt_msi_regs_maskall(r));
    g_assert_cmphex(xen_pt_msi_regs_read(r, 2, 2), ==, l->control | 0xc000);
}

/* ENABLE and the function mask as the sequence has them. */
static void test_msix_set_control(const Layout *l, XenPTMSIRegs *r)
{
    xen_pt_msi_regs_write(r, 2, 0x4000, 2);
    for (unsigned bits = 0; bits < 4; bits++) {
        xen_pt_msi_regs_set_control(r, bits & 1, bits & 2);
        g_assert_cmphex(xen_pt_msi_regs_read(r, 2, 2), ==, l->control |
                        (bits & 1 ? 0x8000 : 0) | (bits & 2 ? 0x4000 : 0));
    }
}

/* Written again, it is an event; a guest may ask twice. */
static void test_msix_same_value(const Layout *l, XenPTMSIRegs *r)
{
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(xen_pt_msi_regs_write(r, 2, 0x8000, 2), ==,
                        XEN_PT_MSI_WROTE_CONTROL);
        g_assert_cmphex(xen_pt_msi_regs_write(r, 0, 0x80000000, 4), ==,
                        XEN_PT_MSI_WROTE_CONTROL);
    }
}

/* As many entries as there can be. */
static void test_msix_largest(const Layout *l, XenPTMSIRegs *r)
{
    init(r, l, 0xffff);
    g_assert_cmphex(xen_pt_msi_regs_read(r, 2, 2), ==, 0x07ff);
}

typedef struct Test {
    const char *name;
    void (*run)(const Layout *l, XenPTMSIRegs *r);
    enum { BOTH, MSI, MSIX } of;
} Test;

static const Test tests[] = {
    { "reset", test_reset, BOTH },
    { "reset/message", test_reset_message, MSI },
    { "reset/device-bits", test_reset_device_bits, BOTH },
    { "reset/forgets", test_reset_forgets, BOTH },
    { "write", test_write, BOTH },
    { "read", test_read, BOTH },
    { "far", test_far, BOTH },
    { "message", test_message, MSI },
    { "mask", test_mask, MSI },
    { "upper-control-byte", test_upper_control_byte, MSI },
    { "one-vector", test_one_vector, MSI },
    { "set-control", test_set_control, MSI },
    { "same-value", test_same_value, MSI },
    { "both-events", test_both_events, MSI },
    { "control", test_msix_control, MSIX },
    { "lower-control-byte", test_msix_lower_control_byte, MSIX },
    { "set-control", test_msix_set_control, MSIX },
    { "same-value", test_msix_same_value, MSIX },
    { "largest", test_msix_largest, MSIX },
};

typedef struct Case {
    const Layout *layout;
    const Test *test;
} Case;

/* Each finds the registers as they are after a reset. */
static void run(gconstpointer data)
{
    const Case *c = data;
    XenPTMSIRegs r;

    init(&r, c->layout, c->layout->control);
    c->test->run(c->layout, &r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(tests); j++) {
            g_autofree char *path = g_strdup_printf("/msi-regs/%s/%s",
                                                    layouts[i].name,
                                                    tests[j].name);

            if (tests[j].of != (layouts[i].msix ? MSI : MSIX)) {
                Case *c = g_new(Case, 1);

                *c = (Case) { &layouts[i], &tests[j] };
                g_test_add_data_func_full(path, c, run, g_free);
            }
        }
    }
    return g_test_run();
}
