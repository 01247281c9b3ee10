/*
 * The capability list that a guest sees
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include <string.h>
#include "hw/xen/xen_pt_caps.h"

#define HEAD    0x34            /* PCI_CAPABILITY_LIST */
#define PM      0x01
#define MSI     0x05
#define PCIE    0x10
#define MSIX    0x11

typedef struct Device {
    uint8_t config[256];
    unsigned reads;
} Device;

static uint8_t read_config(void *opaque, uint8_t offset)
{
    Device *d = opaque;

    d->reads++;
    return d->config[offset];
}

static void put_cap(Device *d, uint8_t offset, uint8_t id, uint8_t next)
{
    d->config[offset] = id;
    d->config[offset + 1] = next;
}

/* PM at 0x40, MSI at 0x50, PCIe at 0x70, MSI-X at 0xb0. */
static void device_init(Device *d)
{
    memset(d, 0, sizeof(*d));
    d->config[HEAD] = 0x40;
    put_cap(d, 0x40, PM, 0x50);
    put_cap(d, 0x50, MSI, 0x70);
    put_cap(d, 0x70, PCIE, 0xb0);
    put_cap(d, 0xb0, MSIX, 0);
}

/* Walk the chain: "01@40 05@50", as the guest would see it. */
static void check_walk(Device *d, const char *chain)
{
    g_autoptr(GString) text = g_string_new(NULL);
    XenPTCaps caps;

    memset(&caps, 0xa5, sizeof(caps));
    d->reads = 0;
    xen_pt_caps_walk(&caps, read_config, d);
    g_assert_cmpuint(caps.n, <=, XEN_PT_CAPS_MAX);
    for (unsigned i = 0; i < caps.n; i++) {
        g_string_append_printf(text, "%s%02x@%02x", i ? " " : "",
                               caps.cap[i].id, caps.cap[i].offset);
    }
    g_assert_cmpstr(text->str, ==, chain);
    /* A pointer and two bytes of each capability, however the chain ends. */
    g_assert_cmpuint(d->reads, <=, 2 + 2 * caps.n);
}

/* --- The walk ----------------------------------------------------------- */

static void test_walk(void)
{
    Device d;

    device_init(&d);
    check_walk(&d, "01@40 05@50 10@70 11@b0");
}

static void test_walk_empty(void)
{
    Device d = { .config = { 0 } };

    check_walk(&d, "");
}

/* Backwards is as good as forwards. */
static void test_walk_backwards(void)
{
    Device d = { .config = { [HEAD] = 0xf0 } };

    put_cap(&d, 0xf0, MSI, 0x40);
    put_cap(&d, 0x40, PM, 0);
    check_walk(&d, "05@f0 01@40");
}

/* The low two bits are reserved, software masks them (PCI 3.0, 6.7). */
static void test_walk_reserved_bits(void)
{
    Device d = { .config = { [HEAD] = 0x43 } };

    put_cap(&d, 0x40, PM, 0x51);
    put_cap(&d, 0x50, MSI, 0x02);
    check_walk(&d, "01@40 05@50");
}

static void test_walk_loop(void)
{
    Device d;

    device_init(&d);
    d.config[0xb1] = 0x50;
    check_walk(&d, "01@40 05@50 10@70 11@b0");
    d.config[0xb1] = 0x52;
    check_walk(&d, "01@40 05@50 10@70 11@b0");
    d.config[0x41] = 0x40;
    check_walk(&d, "01@40");
}

/* A capability lies behind the header: 0x40 and up. */
static void test_walk_into_header(void)
{
    Device d;

    device_init(&d);
    d.config[0x51] = 0x3c;
    check_walk(&d, "01@40 05@50");
    d.config[HEAD] = 0x3f;
    check_walk(&d, "");
}

/* All-ones is a read that failed, of the pointer or of the id. */
static void test_walk_lost(void)
{
    Device d;

    device_init(&d);
    d.config[0x71] = 0xff;
    check_walk(&d, "01@40 05@50 10@70");
    d.config[0x50] = 0xff;
    check_walk(&d, "01@40");
    d.config[HEAD] = 0xff;
    check_walk(&d, "");
    memset(d.config, 0xff, sizeof(d.config));
    check_walk(&d, "");
}

/* The last place that a capability fits in. */
static void test_walk_end_of_config(void)
{
    Device d = { .config = { [HEAD] = 0xfc } };

    put_cap(&d, 0xfc, MSI, 0x40);
    put_cap(&d, 0x40, PM, 0xfe);
    check_walk(&d, "05@fc 01@40");
}

/* As many as there can be, and each once. */
static void test_walk_full(void)
{
    Device d = { .config = { [HEAD] = 0x40 } };
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

        for (int i = 0; i < 256; i++) {
            d.config[i] = g_test_rand_int_range(0, 256);
        }
        xen_pt_caps_walk(&caps, read_config, &d);
        g_assert_cmpuint(caps.n, <=, XEN_PT_CAPS_MAX);
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

static bool is_visible(void *opaque, uint8_t id)
{
    return !strchr(opaque, id);
}

static uint8_t next_cap(const XenPTCaps *caps, uint8_t offset,
                        const char *hidden)
{
    return xen_pt_caps_next(caps, offset, is_visible, (void *)hidden);
}

/* The guest's chain where the ids of @hidden are withheld. */
static void check_chain(Device *d, const char *hidden, const char *chain)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint8_t offset = HEAD;
    XenPTCaps caps;

    xen_pt_caps_walk(&caps, read_config, d);
    while ((offset = next_cap(&caps, offset, hidden))) {
        g_string_append_printf(text, "%s%02x", text->len ? " " : "", offset);
        g_assert_cmpuint(text->len, <, 3 * XEN_PT_CAPS_MAX);
    }
    g_assert_cmpstr(text->str, ==, chain);
}

static void test_next_all(void)
{
    Device d;

    device_init(&d);
    check_chain(&d, "", "40 50 70 b0");
}

static void test_next_hidden(void)
{
    Device d;

    device_init(&d);
    check_chain(&d, "\x01", "50 70 b0");            /* the first */
    check_chain(&d, "\x05", "40 70 b0");            /* in the middle */
    check_chain(&d, "\x11", "40 50 70");            /* the last */
    check_chain(&d, "\x05\x10", "40 b0");           /* two in a row */
    check_chain(&d, "\x05\x11", "40 70");
    check_chain(&d, "\x01\x05\x10\x11", "");        /* all */
}

static void test_next_hidden_only_one(void)
{
    Device d = { .config = { [HEAD] = 0x50 } };

    put_cap(&d, 0x50, MSI, 0);
    check_chain(&d, "", "50");
    check_chain(&d, "\x05", "");
}

/* An id that the device has twice is hidden twice. */
static void test_next_hidden_twice(void)
{
    Device d;

    device_init(&d);
    d.config[0x70] = MSI;
    check_chain(&d, "\x05", "40 b0");
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/caps/walk", test_walk);
    g_test_add_func("/caps/walk/empty", test_walk_empty);
    g_test_add_func("/caps/walk/backwards", test_walk_backwards);
    g_test_add_func("/caps/walk/reserved-bits", test_walk_reserved_bits);
    g_test_add_func("/caps/walk/loop", test_walk_loop);
    g_test_add_func("/caps/walk/into-header", test_walk_into_header);
    g_test_add_func("/caps/walk/lost", test_walk_lost);
    g_test_add_func("/caps/walk/end-of-config", test_walk_end_of_config);
    g_test_add_func("/caps/walk/full", test_walk_full);
    g_test_add_func("/caps/walk/any", test_walk_any);
    g_test_add_func("/caps/next/all", test_next_all);
    g_test_add_func("/caps/next/hidden", test_next_hidden);
    g_test_add_func("/caps/next/hidden-only-one", test_next_hidden_only_one);
    g_test_add_func("/caps/next/hidden-twice", test_next_hidden_twice);
    g_test_add_func("/caps/next/of-hidden", test_next_of_hidden);
    g_test_add_func("/caps/next/not-of-chain", test_next_not_of_chain);
    return g_test_run();
}
