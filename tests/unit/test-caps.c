/*
 * The capability list that a guest sees
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include <string.h>
#include "hw/xen/xen_pt_caps.h"

#define STATUS  0x06            /* PCI_STATUS, and its CAP_LIST */
#define LIST    0x10
#define HEAD    0x34            /* PCI_CAPABILITY_LIST */
#define PM      0x01
#define MSI     0x05
#define VENDOR  0x09
#define PCIE    0x10
#define MSIX    0x11

typedef struct Device {
    uint8_t config[256];
    unsigned reads;
    unsigned lost, more;        /* this one, counted from 1, and so many, */
    int how;                    /* has that errno, or 0: gives all-ones */
} Device;

static int read_config(void *opaque, uint8_t offset, uint16_t *word)
{
    Device *d = opaque;

    g_assert_cmphex(offset % 2, ==, 0);
    *word = d->config[offset] | d->config[offset + 1] << 8;
    if (++d->reads >= d->lost && d->reads - d->lost <= d->more && d->lost) {
        *word = UINT16_MAX;
        return d->how;
    }
    return 0;
}

static void put_cap(Device *d, uint8_t offset, uint8_t id, uint8_t next)
{
    d->config[offset] = id;
    d->config[offset + 1] = next;
}

/* PM at 0x40, MSI at 0x50, PCIe at 0x70, MSI-X at 0xb0. */
static void device_init(Device *d)
{
    *d = (Device) { .config = { [STATUS] = LIST, [HEAD] = 0x40 } };
    put_cap(d, 0x40, PM, 0x50);
    put_cap(d, 0x50, MSI, 0x70);
    put_cap(d, 0x70, PCIE, 0xb0);
    put_cap(d, 0xb0, MSIX, 0);
}

/* How a device differs from that one, and the chain that comes of it. */
typedef struct Row {
    struct {
        uint8_t at, value;
    } bytes[12];                /* up to one at 0 */
    const char *chain;          /* NULL: it cannot be walked */
    const char *hidden;         /* the ids that are withheld */
} Row;

#define CAP(at, id, next) { at, id }, { (at) + 1, next }
#define FIVE(a, b, c, d, e) \
    CAP(0x40, a, 0x50), CAP(0x50, b, 0x60), CAP(0x60, c, 0x70), \
    CAP(0x70, d, 0x80), CAP(0x80, e, 0)
#define WHOLE "01@40 05@50 10@70 11@b0"

static void device_of_row(Device *d, const Row *row)
{
    device_init(d);
    for (int i = 0; row->bytes[i].at; i++) {
        d->config[row->bytes[i].at] = row->bytes[i].value;
    }
}

/* Walk the chain: "01@40 05@50", as the guest would see it. */
static void check_walk(Device *d, const char *chain)
{
    g_autoptr(GString) text = g_string_new(NULL);
    XenPTCaps caps;

    memset(&caps, 0xa5, sizeof(caps));
    d->reads = 0;
    g_assert_cmpint(xen_pt_caps_walk(&caps, read_config, d), ==, 0);
    g_assert_cmpuint(caps.n, <=, XEN_PT_CAPS_MAX);
    for (unsigned i = 0; i < caps.n; i++) {
        g_string_append_printf(text, "%s%02x@%02x", i ? " " : "",
                               caps.cap[i].id, caps.cap[i].offset);
    }
    g_assert_cmpstr(text->str, ==, chain);
    /* STATUS, the head, each once, and an end with a second look. */
    g_assert_cmpuint(d->reads, <=, 5 + caps.n);
}

static void check_walk_fails(Device *d, int error)
{
    XenPTCaps caps;

    memset(&caps, 0xa5, sizeof(caps));
    g_assert_cmpint(xen_pt_caps_walk(&caps, read_config, d), ==, error);
    g_assert_cmpuint(caps.n, ==, 0);
}

/* --- The walk ----------------------------------------------------------- */

static void check_row_walk(const Row *row)
{
    Device d;

    device_of_row(&d, row);
    if (row->chain) {
        check_walk(&d, row->chain);
    } else {
        check_walk_fails(&d, -EIO);
    }
}

/*
 * Each read of a walk fails in turn, and is lost once, or with the look at
 * STATUS after it: never is a part taken for the whole.
 */
static void test_walk_lost(void)
{
    Device d;

    device_init(&d);
    check_walk(&d, WHOLE);
    for (unsigned n = d.reads, i = 1; i <= n; i++) {
        device_init(&d);
        d.lost = i;
        d.how = -ENODEV;
        check_walk_fails(&d, -ENODEV);
        g_assert_cmpuint(d.reads, ==, i);

        d.how = 0;
        check_walk(&d, WHOLE);

        d.reads = 0;
        d.more = 1;
        check_walk_fails(&d, -EIO);
        g_assert_cmpuint(d.reads, ==, i + 1);
    }

    /* The look at STATUS fails in another way than the word that is seen. */
    device_init(&d);
    put_cap(&d, 0x50, 0xff, 0xff);
    d.lost = 5;
    d.how = -ENODEV;
    check_walk_fails(&d, -ENODEV);
    g_assert_cmpuint(d.reads, ==, 5);
}

/* As many as there can be, and each once. */
static void test_walk_full(void)
{
    Device d = { .config = { [STATUS] = LIST, [HEAD] = 0x40 } };
    XenPTCaps caps;

    for (unsigned offset = 0x40; offset < 0x100; offset += 4) {
        put_cap(&d, offset, MSI, offset + 4);
    }
    xen_pt_caps_walk(&caps, read_config, &d);
    g_assert_cmpuint(caps.n, ==, XEN_PT_CAPS_MAX);
    d.config[0xfd] = 0x80;
    xen_pt_caps_walk(&caps, read_config, &d);
    g_assert_cmpuint(caps.n, ==, XEN_PT_CAPS_MAX);
}

/* Whatever a device holds: the walk ends, in bounds and without a double. */
static void test_walk_any(void)
{
    for (int run = 0; run < 20000; run++) {
        bool seen[256] = { false };
        Device d = { .reads = 0 };
        XenPTCaps caps;
        int rc;

        for (int i = 0; i < 256; i++) {
            d.config[i] = g_test_rand_int_range(0, 256);
        }
        rc = xen_pt_caps_walk(&caps, read_config, &d);
        g_assert_cmpint(rc, ==, rc ? -EIO : 0);
        g_assert_cmpuint(caps.n, <=, rc ? 0 : XEN_PT_CAPS_MAX);
        for (unsigned i = 0; i < caps.n; i++) {
            g_assert_cmphex(caps.cap[i].offset, >=, 0x40);
            g_assert_cmphex(caps.cap[i].offset & 3, ==, 0);
            g_assert_cmphex(caps.cap[i].id, ==, d.config[caps.cap[i].offset]);
            g_assert_false(seen[caps.cap[i].offset]);
            seen[caps.cap[i].offset] = true;
        }
    }
}

/* --- What the guest sees ------------------------------------------------ */

static bool is_visible(void *opaque, const XenPTCap *cap)
{
    return !strchr(opaque, cap->id);
}

static uint8_t next_cap(const XenPTCaps *caps, uint8_t offset,
                        const char *hidden)
{
    return xen_pt_caps_next(caps, offset, is_visible, (void *)hidden);
}

/* The guest's chain, without what is hidden. */
static void check_row_next(const Row *row)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint8_t offset = HEAD;
    XenPTCaps caps;
    Device d;

    device_of_row(&d, row);
    xen_pt_caps_walk(&caps, read_config, &d);
    while ((offset = next_cap(&caps, offset, row->hidden))) {
        g_string_append_printf(text, "%s%02x", text->len ? " " : "", offset);
        g_assert_cmpuint(text->len, <, 3 * XEN_PT_CAPS_MAX);
    }
    g_assert_cmpstr(text->str, ==, row->chain);
}

/* All of an id, in the chain's order, which need not be that of offsets. */
static void test_find(void)
{
    XenPTCaps caps;
    Device d;

    device_init(&d);
    put_cap(&d, 0x40, VENDOR, 0xa0);
    put_cap(&d, 0xa0, VENDOR, 0x50);
    put_cap(&d, 0x50, MSI, 0x80);
    put_cap(&d, 0x80, VENDOR, 0);
    xen_pt_caps_walk(&caps, read_config, &d);
    g_assert_cmphex(xen_pt_caps_find(&caps, VENDOR, 0), ==, 0x40);
    g_assert_cmphex(xen_pt_caps_find(&caps, VENDOR, 0x40), ==, 0xa0);
    g_assert_cmphex(xen_pt_caps_find(&caps, VENDOR, 0xa0), ==, 0x80);
    g_assert_cmphex(xen_pt_caps_find(&caps, VENDOR, 0x80), ==, 0);
    g_assert_cmphex(xen_pt_caps_find(&caps, MSI, 0), ==, 0x50);
    g_assert_cmphex(xen_pt_caps_find(&caps, MSI, 0x50), ==, 0);
    g_assert_cmphex(xen_pt_caps_find(&caps, PCIE, 0), ==, 0);
    g_assert_cmphex(xen_pt_caps_find(&caps, VENDOR, 0x60), ==, 0);
}

/* A hidden capability is still a place in the chain to go on from. */
static void test_next_of_hidden(void)
{
    XenPTCaps caps;
    Device d;

    device_init(&d);
    xen_pt_caps_walk(&caps, read_config, &d);
    g_assert_cmphex(next_cap(&caps, 0x50, "\x05"), ==, 0x70);
}

static void test_next_not_of_chain(void)
{
    XenPTCaps caps;
    Device d;

    device_init(&d);
    xen_pt_caps_walk(&caps, read_config, &d);
    g_assert_cmphex(next_cap(&caps, 0x60, ""), ==, 0);
    g_assert_cmphex(next_cap(&caps, 0xb0, ""), ==, 0);
}

/* --- The rows ----------------------------------------------------------- */

typedef struct Test {
    const char *path;
    void (*check)(const Row *row);
    const Row *rows;
    size_t n;
} Test;

#define ROWS(...) \
    (const Row[]) { __VA_ARGS__ }, G_N_ELEMENTS(((const Row[]) { __VA_ARGS__ }))

static const Test tests[] = {
    { "/caps/walk", check_row_walk, ROWS({ {}, WHOLE }) },
    { "/caps/walk/empty", check_row_walk, ROWS(
        { { { HEAD, 0 } }, "" },
        /* The head counts only where there is a list. */
        { { { STATUS, 0 } }, "" }) },
    /* Backwards is as good as forwards. */
    { "/caps/walk/backwards", check_row_walk, ROWS(
        { { { HEAD, 0xf0 }, CAP(0xf0, MSI, 0x40), CAP(0x40, PM, 0) },
          "05@f0 01@40" }) },
    /* The low two bits are reserved, software masks them (PCI 3.0, 6.7). */
    { "/caps/walk/reserved-bits", check_row_walk, ROWS(
        { { { HEAD, 0x43 }, CAP(0x40, PM, 0x51), CAP(0x50, MSI, 0x02) },
          "01@40 05@50" }) },
    { "/caps/walk/loop", check_row_walk, ROWS(
        { { CAP(0xb0, MSIX, 0x50) }, WHOLE },
        { { CAP(0xb0, MSIX, 0x52) }, WHOLE },
        { { CAP(0x40, PM, 0x40) }, "01@40" }) },
    /* A capability lies behind the header: 0x40 and up. */
    { "/caps/walk/into-header", check_row_walk, ROWS(
        { { CAP(0x50, MSI, 0x3c) }, "01@40 05@50" },
        { { { HEAD, 0x3f } }, "" }) },
    /* All-ones ends the chain, where the device itself can be read. */
    { "/caps/walk/ones", check_row_walk, ROWS(
        { { CAP(0x70, PCIE, 0xff) }, "01@40 05@50 10@70" },
        { { CAP(0x50, 0xff, 0x70) }, "01@40" },
        { { CAP(0x50, 0xff, 0xff) }, "01@40" },
        { { { HEAD, 0xff } }, "" },
        { { { HEAD, 0xff }, { HEAD + 1, 0xff } }, "" },
        /* The device cannot be read. */
        { { { STATUS, 0xff }, { STATUS + 1, 0xff } }, NULL }) },
    /* The last place that a capability fits in. */
    { "/caps/walk/end-of-config", check_row_walk, ROWS(
        { { { HEAD, 0xfc }, CAP(0xfc, MSI, 0x40), CAP(0x40, PM, 0xfe) },
          "05@fc 01@40" }) },

    { "/caps/next/all", check_row_next, ROWS({ {}, "40 50 70 b0", "" }) },
    { "/caps/next/hidden", check_row_next, ROWS(
        { {}, "50 70 b0", "\x01" },             /* the first */
        { {}, "40 70 b0", "\x05" },             /* in the middle */
        { {}, "40 50 70", "\x11" },             /* the last */
        { {}, "40 b0", "\x05\x10" },            /* two in a row */
        { {}, "40 70", "\x05\x11" },
        { {}, "", "\x01\x05\x10\x11" }) },      /* all */
    { "/caps/next/hidden-only-one", check_row_next, ROWS(
        { { { HEAD, 0x50 }, CAP(0x50, MSI, 0) }, "50", "" },
        { { { HEAD, 0x50 }, CAP(0x50, MSI, 0) }, "", "\x05" }) },
    /* Ids that a device has more than once: what is between, and behind. */
    { "/caps/next/twice", check_row_next, ROWS(
        { { FIVE(VENDOR, VENDOR, MSIX, MSI, PCIE) }, "40 50 60 70 80", "" },
        { { FIVE(VENDOR, VENDOR, MSIX, MSI, PCIE) }, "40 50 70 80", "\x11" },
        { { FIVE(VENDOR, VENDOR, MSIX, MSI, PCIE) }, "40 50 80", "\x11\x05" },
        { { FIVE(VENDOR, VENDOR, MSIX, MSI, PCIE) }, "60 70 80", "\x09" },
        { { FIVE(VENDOR, MSIX, VENDOR, MSI, VENDOR) }, "40 60 80",
          "\x11\x05" },
        { { FIVE(MSI, VENDOR, MSI, MSIX, VENDOR) }, "50 70 80", "\x05" },
        { { FIVE(MSIX, MSI, VENDOR, VENDOR, VENDOR) }, "60 70 80",
          "\x11\x05" },
        { { FIVE(VENDOR, VENDOR, VENDOR, MSI, MSIX) }, "40 50 60",
          "\x05\x11" }) },
};

static void test_rows(gconstpointer test)
{
    const Test *t = test;

    for (size_t i = 0; i < t->n; i++) {
        g_test_message("row %zu", i);
        t->check(&t->rows[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_data_func(tests[i].path, &tests[i], test_rows);
    }
    g_test_add_func("/caps/walk/lost", test_walk_lost);
    g_test_add_func("/caps/walk/full", test_walk_full);
    g_test_add_func("/caps/walk/any", test_walk_any);
    g_test_add_func("/caps/next/of-hidden", test_next_of_hidden);
    g_test_add_func("/caps/next/not-of-chain", test_next_not_of_chain);
    g_test_add_func("/caps/find", test_find);
    return g_test_run();
}
