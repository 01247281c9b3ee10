/*
 * A message that a driver copies into the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include "hw/xen/xen_pt_copied.h"

/* --- Which device, and where -------------------------------------------- */

#define NONE    { XEN_PT_COPIED_NONE }
#define WRONG   { XEN_PT_COPIED_WRONG }
#define ATH11K  { XEN_PT_COPIED_KNOWN, { 0, 0x80000, 0x80000 } }
#define THREE   { XEN_PT_COPIED_KNOWN, { 0, 0x80000, 0x180000 } }

static const struct {
    const char *text;
    uint16_t vendor, device;
    struct {
        XenPTCopiedWant want;
        XenPTCopiedWindow window;
    } is;
} wants[] = {
    { NULL, 0x17cb, 0x1103, ATH11K },
    { "auto", 0x17cb, 0x1103, ATH11K },
    { "auto", 0x17cb, 0x1101, ATH11K },
    { "auto", 0x17cb, 0x1107, ATH11K },
    { "auto", 0x17cb, 0x1104, THREE },
    { "auto", 0x17cb, 0x1109, THREE },
    { "auto", 0x17cb, 0x1102, NONE },
    { "auto", 0x8086, 0x1103, NONE },
    { NULL, 0x8086, 0x1103, NONE },
    { "off", 0x17cb, 0x1103, NONE },
    { "0:0:4096", 0x8086, 0x1103, { XEN_PT_COPIED_ASKED, { 0, 0, 0x1000 } } },
    { "5:0x1000:0x2000", 0x17cb, 0x1103,
      { XEN_PT_COPIED_ASKED, { 5, 0x1000, 0x2000 } } },
    { "2:0xABCDE000:0xffffffff", 1, 2,
      { XEN_PT_COPIED_ASKED, { 2, 0xabcde000, 0xffffffff } } },
    { "0:0:4096@8086:110a", 0x8086, 0x110a,
      { XEN_PT_COPIED_ASKED, { 0, 0, 0x1000 } } },
    { "0:0:4096@8086:0x110A", 0x8086, 0x110a,
      { XEN_PT_COPIED_ASKED, { 0, 0, 0x1000 } } },
    /* Of another device nothing is said. */
    { "0:0:4096@8086:110a", 0x8086, 0x110b, NONE },
    { "0:0:4096@8086:110a", 0x8087, 0x110a, NONE },
    { "0:0:4096@8086:110a", 0x17cb, 0x1103, ATH11K },
    /* But it is understood, or not. */
    { "0:0@8086:110a", 0x17cb, 0x1103, WRONG },
    { "", 1, 2, WRONG },
    { "on", 1, 2, WRONG },
    { "auto ", 0x17cb, 0x1103, WRONG },
    { "6:0:4096", 1, 2, WRONG },
    { "-1:0:4096", 1, 2, WRONG },
    { "0", 1, 2, WRONG },
    { "0:", 1, 2, WRONG },
    { ":0:4096", 1, 2, WRONG },
    { "0:0", 1, 2, WRONG },
    { "0:0:", 1, 2, WRONG },
    { "0::4096", 1, 2, WRONG },
    { "0:0:0", 1, 2, WRONG },
    { "0:0:4096:", 1, 2, WRONG },
    { "0:0:4096 ", 1, 2, WRONG },
    { "0: 0:4096", 1, 2, WRONG },
    { "0:0:4k", 1, 2, WRONG },
    { "0:0x:4096", 1, 2, WRONG },
    { "0:a:4096", 1, 2, WRONG },
    { "0:0x100000000:4096", 1, 2, WRONG },
    { "0:0:18446744073709551617", 1, 2, WRONG },
    { "0:0:4096@", 1, 2, WRONG },
    { "0:0:4096@1", 1, 2, WRONG },
    { "0:0:4096@1:", 1, 2, WRONG },
    { "0:0:4096@1:2:", 1, 2, WRONG },
    { "0:0:4096@10001:2", 1, 2, WRONG },
    { "0:0:4096@1:2@1:2", 1, 2, WRONG },
};

static void test_want(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
        XenPTCopiedWindow w = { 0 };
        XenPTCopiedWant want = xen_pt_copied_want(wants[i].text,
                                                  wants[i].vendor,
                                                  wants[i].device, &w);

        g_test_message("%s", wants[i].text ? wants[i].text : "(none)");
        g_assert_cmpint(want, ==, wants[i].is.want);
        if (want == XEN_PT_COPIED_KNOWN || want == XEN_PT_COPIED_ASKED) {
            g_assert_cmpuint(w.bar, ==, wants[i].is.window.bar);
            g_assert_cmphex(w.offset, ==, wants[i].is.window.offset);
            g_assert_cmphex(w.size, ==, wants[i].is.window.size);
        }
    }
}

/* --- Which write -------------------------------------------------------- */

#define GUEST   0xfee01000
#define DATA    0x41
#define HOST    0xfee00218
#define HOST_DATA 0x4099
/* Upper bits of a request for a pirq. */
#define ASKING  (0x100ull << 32 | 0xfee37000)
#define ASKING_DATA 0x4300

typedef struct Bench {
    XenPTCopied copied;
    XenPTMSIMessage guest, host;
    bool off;
    unsigned asked;
} Bench;

static bool host(void *opaque, XenPTMSIMessage *m)
{
    Bench *b = opaque;

    b->asked++;
    if (!b->off) {
        *m = b->host;
    }
    return !b->off;
}

static void init(Bench *b)
{
    *b = (Bench) {
        .copied = { .host = host, .opaque = b },
        .guest = { GUEST, DATA },
        .host = { HOST, HOST_DATA },
    };
}

static uint64_t put(Bench *b, uint64_t at, unsigned size, uint64_t value)
{
    return xen_pt_copied_write(&b->copied, &b->guest, at, size, value);
}

/* As ath11k programs a ring, then the ring's other registers. */
static void test_ring(void)
{
    unsigned rings = 0;
    Bench b;

    init(&b);
    for (uint64_t at = 0x34968; at < 0x40000; at += 0x108) {
        g_assert_cmphex(put(&b, at, 4, GUEST), ==, HOST);
        g_assert_cmphex(put(&b, at + 4, 4, 0x100), ==, 0x100);
        g_assert_cmphex(put(&b, at + 8, 4, DATA), ==, HOST_DATA);
        g_assert_cmphex(put(&b, at - 0x40, 4, DATA), ==, DATA);
        g_assert_cmphex(put(&b, at + 8, 4, DATA), ==, DATA);
        rings++;
    }
    g_assert_cmpuint(b.copied.replaced, ==, rings);
    g_assert_cmpuint(b.asked, ==, 2 * rings);
}

/* Nothing but the guest's own address, whole. */
static void test_other_values(void)
{
    static const struct {
        unsigned size;
        uint64_t value;
    } writes[] = {
        { 4, GUEST + 4 }, { 4, GUEST + 0x1000 }, { 4, GUEST ^ 0x80000000 },
        { 4, HOST }, { 4, DATA }, { 4, 0 }, { 4, UINT32_MAX },
        { 2, GUEST & 0xffff }, { 1, 0 }, { 1, DATA }, { 2, DATA },
        { 8, GUEST | 0x100ull << 32 }, { 8, (uint64_t)GUEST << 32 },
        { 8, DATA }, { 8, UINT64_MAX },
    };
    Bench b;

    init(&b);
    for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
        g_assert_cmphex(put(&b, 0x80, writes[i].size, writes[i].value), ==,
                        writes[i].value);
        g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
    }
    g_assert_cmpuint(b.copied.replaced, ==, 0);
    g_assert_cmpuint(b.asked, ==, 0);
}

/* Data is data where it belongs to an address, and nowhere else. */
static void test_data(void)
{
    static const struct {
        uint64_t at;
        unsigned size;
        uint64_t value, is;
        bool over;              /* what comes there afterwards is no data */
    } writes[] = {
        { 0x88, 4, DATA, HOST_DATA, true },
        { 0x88, 4, DATA + 1, DATA + 1, true },
        { 0x88, 4, DATA | 0x10000, DATA | 0x10000, true },
        { 0x88, 8, DATA, DATA, true },
        { 0x88, 2, DATA, DATA, true },
        { 0x8a, 1, 0, 0, true },
        { 0x8b, 1, 0, 0, true },
        { 0x80, 4, DATA, DATA },
        { 0x84, 4, DATA, DATA },
        { 0x8c, 4, DATA, DATA },
        { 0x80, 8, DATA, DATA },
        { 0x90, 8, DATA, DATA },
        { 0x87, 1, DATA, DATA },
    };

    for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
        Bench b;

        init(&b);
        g_assert_cmphex(put(&b, 0x80, 4, GUEST), ==, HOST);
        g_assert_cmphex(put(&b, writes[i].at, writes[i].size,
                            writes[i].value), ==, writes[i].is);
        g_assert_cmphex(put(&b, 0x88, 4, DATA), ==,
                        writes[i].over ? DATA : HOST_DATA);
    }
}

/* The last address counts. */
static void test_two_addresses(void)
{
    Bench b;

    init(&b);
    put(&b, 0x80, 4, GUEST);
    put(&b, 0x200, 4, GUEST);
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
    g_assert_cmphex(put(&b, 0x208, 4, DATA), ==, HOST_DATA);
    /* An address where data was to come. */
    put(&b, 0x80, 4, GUEST);
    g_assert_cmphex(put(&b, 0x88, 4, GUEST), ==, HOST);
    g_assert_cmphex(put(&b, 0x90, 4, DATA), ==, HOST_DATA);
}

/* All of it at once; also of a guest that asks for a pirq. */
static void test_wide(void)
{
    Bench b;

    init(&b);
    g_assert_cmphex(put(&b, 0x80, 8, GUEST), ==, HOST);
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, HOST_DATA);
    b.guest = (XenPTMSIMessage) { ASKING, ASKING_DATA };
    g_assert_cmphex(put(&b, 0x80, 8, ASKING), ==, HOST);
    g_assert_cmphex(put(&b, 0x80, 4, (uint32_t)ASKING), ==, HOST);
    /* A bit beside the upper address, which is the same value. */
    g_assert_cmphex(put(&b, 0x84, 4, 0x100), ==, 0x100);
    g_assert_cmphex(put(&b, 0x88, 4, ASKING_DATA), ==, HOST_DATA);
}

/* A message that is not there yet is no value to look for. */
static void test_unusable(void)
{
    static const XenPTMSIMessage messages[] = {
        { 0, 0 }, { 0, DATA }, { GUEST, 0 }, { 0x12345000, DATA },
    };

    for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
        Bench b;

        init(&b);
        b.guest = messages[i];
        g_assert_cmphex(put(&b, 0x80, 4, b.guest.address), ==,
                        b.guest.address);
        g_assert_cmpuint(b.asked, ==, 0);
    }
}

/* While MSI is off; and if it goes off between the two. */
static void test_off(void)
{
    Bench b;

    init(&b);
    b.off = true;
    g_assert_cmphex(put(&b, 0x80, 4, GUEST), ==, GUEST);
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
    b.off = false;
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
    put(&b, 0x80, 4, GUEST);
    b.off = true;
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
    b.off = false;
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
    g_assert_cmpuint(b.copied.replaced, ==, 1);
}

/* Either message may be another later. */
static void test_moved(void)
{
    Bench b;

    init(&b);
    put(&b, 0x80, 4, GUEST);
    b.host = (XenPTMSIMessage) { 0xfee00258, 0 };
    g_assert_cmphex(put(&b, 0x80, 4, GUEST), ==, 0xfee00258);
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, 0);
    b.guest = (XenPTMSIMessage) { GUEST + 0x1000, DATA + 1 };
    g_assert_cmphex(put(&b, 0x80, 4, GUEST), ==, GUEST);
    g_assert_cmphex(put(&b, 0x80, 4, GUEST + 0x1000), ==, 0xfee00258);
    g_assert_cmphex(put(&b, 0x88, 4, DATA), ==, DATA);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/copied/want", test_want);
    g_test_add_func("/copied/ring", test_ring);
    g_test_add_func("/copied/other-values", test_other_values);
    g_test_add_func("/copied/data", test_data);
    g_test_add_func("/copied/two-addresses", test_two_addresses);
    g_test_add_func("/copied/wide", test_wide);
    g_test_add_func("/copied/unusable", test_unusable);
    g_test_add_func("/copied/off", test_off);
    g_test_add_func("/copied/moved", test_moved);
    return g_test_run();
}
