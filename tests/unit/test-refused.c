/*
 * Writes to config space that did not take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include <string.h>
#include "hw/xen/xen_pt_refused.h"

#define PM      0x01            /* ids */
#define VPD     0x03
#define MSI     0x05
#define VENDOR  0x09
#define PCIE    0x10
#define MSIX    0x11
#define AF      0x13
#define UNKNOWN 0x42

/*
 * In the order of a chain that goes back and forth. A vendor-specific one has
 * the length that it says, which need not be a multiple of 4.
 */
static const XenPTCaps caps = {
    .n = 8,
    .cap = {
        { PM, 0x40 }, { VENDOR, 0xa0 }, { PCIE, 0x50 }, { VPD, 0x90 },
        { MSI, 0xc0 }, { AF, 0xb8 }, { UNKNOWN, 0xe0 }, { MSIX, 0xd8 },
    },
};
static const uint8_t size[] = { 8, 0x0d, 0x3c, 8, 0, 0, 0, 0 };

static const XenPTCaps none;

static void init(XenPTRefused *r, const XenPTCaps *chain)
{
    memset(r, 0, sizeof(*r));
    r->caps = chain;
    memcpy(r->size, size, sizeof(size));
}

static bool due(XenPTRefused *r, uint8_t offset, uint8_t len, uint32_t old,
                uint32_t value)
{
    XenPTWrite w = { offset, len, old, value };

    return xen_pt_refused_due(r, &w);
}

static bool judge(XenPTRefused *r, uint8_t offset, uint8_t len, uint32_t old,
                  uint32_t value, uint32_t got)
{
    XenPTWrite w = { offset, len, old, value };

    return xen_pt_refused_judge(r, &w, got, XEN_PT_REFUSED_BY_PCIBACK);
}

/* A write that changes nothing in the device. */
static bool refuse(XenPTRefused *r, uint8_t offset, uint8_t len, uint32_t old,
                   uint32_t value)
{
    return due(r, offset, len, old, value) &&
           judge(r, offset, len, old, value, old);
}

/* --- Which bits have to take -------------------------------------------- */

/* NULL for a name: nothing of it has to. */
static const struct {
    uint8_t offset, len;
    uint32_t changed;
    const char *name;
    XenPTRefusedRemedy remedy;
} registers[] = {
    { 0x00, 4, 0x00000001 },                    /* ids */
    { 0x04, 2, 0x0004, "command register", XEN_PT_REFUSED_COMMAND },
    { 0x04, 4, 0xf9000007, "command register", XEN_PT_REFUSED_COMMAND },
    { 0x04, 2, 0xfffb },                        /* all else of it */
    { 0x06, 2, 0xf900 },                        /* STATUS, RW1C */
    { 0x0c, 4, 0x7f00ff00 },
    { 0x0f, 1, 0x40 },                          /* BIST starts and ends */
    { 0x10, 4, 0x7fffffff },
    { 0x24, 4, 0x7fffffff },
    { 0x30, 4, 0x00000001, "expansion ROM", XEN_PT_REFUSED_ROM },
    { 0x30, 1, 0x01, "expansion ROM", XEN_PT_REFUSED_ROM },
    { 0x30, 4, 0x7ffffffe },
    { 0x33, 1, 0x01 },
    { 0x34, 4, 0x00000001 },
    { 0x3c, 4, 0x000000ff },
    { 0x3f, 1, 0x01 },
    { 0x40, 4, 0x00010101 },                    /* PM */
    { 0x44, 2, 0x9e00 },
    { 0x44, 2, 0x0001, "power state", XEN_PT_REFUSED_POWER },
    { 0x44, 1, 0x02, "power state", XEN_PT_REFUSED_POWER },
    { 0x47, 1, 0x01 },
    { 0x48, 1, 0x01, "vendor register" },       /* behind it */
    { 0x4c, 4, 0x00000001, "vendor register" },
    { 0x4f, 1, 0x80, "vendor register" },
    { 0x50, 4, 0x7fffffff },                    /* PCI Express */
    { 0x58, 2, 0x8000 },                        /* Initiate FLR */
    { 0x5a, 2, 0x000f },                        /* Device Status, RW1C */
    { 0x62, 2, 0xc000 },                        /* Link Status, RW1C */
    { 0x68, 2, 0x07ff },                        /* Slot Control */
    { 0x78, 2, 0x0040, "PCI Express Device Control 2" },
    { 0x78, 4, 0xffff0040, "PCI Express Device Control 2" },
    { 0x78, 2, 0xffbf },
    { 0x79, 1, 0x40 },
    { 0x7a, 2, 0x7fff },
    { 0x88, 4, 0x7fffffff },
    { 0x8c, 4, 0x00000001, "vendor register" },
    { 0x90, 2, 0x0101 },                        /* VPD */
    { 0x92, 2, 0x7ffc, "VPD address", XEN_PT_REFUSED_VPD },
    { 0x93, 1, 0x40, "VPD address", XEN_PT_REFUSED_VPD },
    { 0x92, 2, 0x8000 },                        /* its flag */
    { 0x94, 4, 0x80000000, "VPD data", XEN_PT_REFUSED_VPD },
    { 0x97, 1, 0x80, "VPD data", XEN_PT_REFUSED_VPD },
    { 0x98, 4, 0x00000001, "vendor register" },
    { 0xa0, 1, 0x01 },
    { 0xa2, 1, 0x01 },                          /* its length */
    { 0xa0, 4, 0x01000000, "vendor-specific capability" },
    { 0xa4, 4, 0x80000000, "vendor-specific capability" },
    { 0xac, 1, 0x01, "vendor-specific capability" },
    { 0xad, 1, 0x01, "vendor register" },
    { 0xb8, 2, 0x0101 },                        /* AF */
    { 0xbc, 1, 0x01 },                          /* Initiate FLR */
    { 0xbd, 1, 0x01 },
    { 0xbe, 1, 0x01, "vendor register" },
    { 0xc0, 4, 0x7fffffff },                    /* MSI, a second one */
    { 0xd4, 4, 0x7fffffff },
    { 0xd8, 4, 0x7fffffff },                    /* MSI-X, the same */
    { 0xe0, 2, 0x0101 },                        /* of whatever kind */
    { 0xe2, 2, 0x0001, "vendor register" },
    { 0xfc, 4, 0x00000001, "vendor register" },
    { 0xff, 1, 0x80, "vendor register" },
};

static void test_registers(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
        uint8_t offset = registers[i].offset, len = registers[i].len;
        XenPTRefused r;

        g_test_message("0x%02x/%u 0x%x", offset, len, registers[i].changed);
        for (int set = 0; set < 2; set++) {
            uint32_t old = set ? 0 : registers[i].changed;
            uint32_t value = set ? registers[i].changed : 0;

            /* One byte of all-ones is a lost read. */
            if (len == 1 && old == 0xff) {
                continue;
            }
            init(&r, &caps);
            g_assert_true(refuse(&r, offset, len, old, value) ==
                          !!registers[i].name);
            g_assert_cmpuint(r.n, ==, !!registers[i].name);
            if (r.n) {
                g_assert_cmpstr(r.reg[0].name, ==, registers[i].name);
                g_assert_cmpuint(r.reg[0].remedy, ==, registers[i].remedy);
            }
        }
    }
}

/* Without a chain, all beyond the header is the vendor's. */
static void test_no_chain(void)
{
    XenPTRefused r;

    init(&r, &none);
    g_assert_true(refuse(&r, 0x40, 1, 0, 1));
    g_assert_cmpstr(r.reg[0].name, ==, "vendor register");
    g_assert_false(refuse(&r, 0x3f, 1, 0, 1));
}

/* The name is of the first register that did not take. */
static void test_first(void)
{
    XenPTRefused r;

    init(&r, &caps);
    g_assert_true(refuse(&r, 0xac, 4, 0, 0x01010100));
    g_assert_cmpstr(r.reg[0].name, ==, "vendor register");
    init(&r, &caps);
    g_assert_true(refuse(&r, 0xac, 4, 0, 0x01010101));
    g_assert_cmpstr(r.reg[0].name, ==, "vendor-specific capability");
}

/* --- What is a refusal -------------------------------------------------- */

static void test_judge(void)
{
    static const struct {
        uint8_t len;
        uint32_t old, value, got;
        bool refused;
    } rows[] = {
        { 4, 0x00000000, 0x00000003, 0x00000000, true },
        { 4, 0x00000003, 0x00000000, 0x00000003, true },
        { 4, 0x00000000, 0x00000003, 0x00000003, false },
        { 4, 0x00000000, 0x00000003, 0x00000001, false },   /* a part took */
        { 4, 0x00000000, 0x00000003, 0x00000004, true },    /* others */
        { 4, 0x00000000, 0xffffffff, 0x00000000, true },
        { 4, 0x00000000, 0xffffffff, 0xffffffff, false },
        { 4, 0x00000000, 0xffffffff, 0x80000000, false },
        { 4, 0xffffff00, 0xfffffffe, 0xffffffff, false },
        { 4, 0x7fffffff, 0x00000000, 0xffffffff, false },   /* lost */
        { 2, 0x7fff, 0x0000, 0xffff, false },
        { 1, 0x7f, 0x00, 0xff, false },
        { 2, 0x0000, 0x0001, 0x0000, true },
        { 1, 0x80, 0x00, 0x80, true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        XenPTRefused r;

        g_test_message("row %zu", i);
        init(&r, &caps);
        g_assert_true(due(&r, 0xf0, rows[i].len, rows[i].old, rows[i].value));
        g_assert_true(judge(&r, 0xf0, rows[i].len, rows[i].old, rows[i].value,
                            rows[i].got) == rows[i].refused);
        g_assert_cmpuint(r.n, ==, rows[i].refused);
        if (rows[i].refused) {
            g_assert_cmphex(r.reg[0].offset, ==, 0xf0);
            g_assert_cmpuint(r.reg[0].len, ==, rows[i].len);
            g_assert_cmphex(r.reg[0].wanted, ==, rows[i].value);
            g_assert_cmphex(r.reg[0].got, ==, rows[i].got);
            g_assert_cmpuint(r.reg[0].count, ==, 1);
            g_assert_cmpuint(r.reg[0].by, ==, XEN_PT_REFUSED_BY_PCIBACK);
        }
    }
}

/* Only the bits that matter decide. */
static void test_judge_bits(void)
{
    XenPTRefused r;

    init(&r, &caps);
    g_assert_true(due(&r, 0x04, 2, 0x0000, 0x0006));
    g_assert_true(judge(&r, 0x04, 2, 0x0000, 0x0006, 0x0002));
    init(&r, &caps);
    g_assert_true(due(&r, 0x04, 2, 0x0000, 0x0006));
    g_assert_false(judge(&r, 0x04, 2, 0x0000, 0x0006, 0x0004));
}

static void test_by(void)
{
    XenPTWrite w = { 0xf0, 1, 0, 1 };
    XenPTRefused r;

    init(&r, &caps);
    g_assert_true(xen_pt_refused_due(&r, &w));
    g_assert_true(xen_pt_refused_judge(&r, &w, 0, XEN_PT_REFUSED_BY_QEMU));
    g_assert_cmpuint(r.reg[0].by, ==, XEN_PT_REFUSED_BY_QEMU);
}

/* --- When it is to be found out ----------------------------------------- */

static void test_due_once(void)
{
    XenPTRefused r;

    init(&r, &caps);
    g_assert_false(due(&r, 0xf0, 4, 5, 5));             /* no change */
    g_assert_false(due(&r, 0xf0, 4, 0xffffffff, 5));    /* not known */
    g_assert_false(due(&r, 0xf0, 2, 0xffff, 5));
    g_assert_true(due(&r, 0xf0, 4, 0, 1));
    g_assert_false(due(&r, 0xf0, 4, 0, 1));
    /* The field is the register, also the bytes that were not changed. */
    g_assert_false(due(&r, 0xf0, 4, 0, 0x80000000));
    g_assert_false(due(&r, 0xf2, 2, 0, 0x8000));
    g_assert_false(due(&r, 0xf3, 1, 0, 1));
    /* Its neighbours are others. */
    g_assert_true(due(&r, 0xef, 1, 0, 1));
    g_assert_true(due(&r, 0xf4, 2, 0, 1));
    /* One that was seen in part, by the part that was not. */
    g_assert_false(due(&r, 0xf4, 4, 0, 0x00000001));
    g_assert_true(due(&r, 0xf8, 1, 0, 1));
    g_assert_true(due(&r, 0xf8, 4, 0, 0x00010001));
    g_assert_cmpuint(r.n, ==, 0);
}

/* What need not take says nothing of what is beside it. */
static void test_due_beside(void)
{
    XenPTRefused r;

    init(&r, &caps);
    g_assert_false(due(&r, 0x04, 4, 0, 0xf9000003));
    g_assert_true(due(&r, 0x04, 4, 0, 0x00000004));
    g_assert_true(due(&r, 0x30, 4, 0, 1));
    /* 0x31 to 0x33 are not marked: nothing of them has to take. */
    for (unsigned at = 0x31; at <= 0x33; at++) {
        g_assert_cmphex(r.seen[at / 8] & 1 << at % 8, ==, 0);
    }
}

static void test_count(void)
{
    XenPTRefused r;

    init(&r, &caps);
    g_assert_true(refuse(&r, 0xf0, 4, 0, 1));
    g_assert_true(refuse(&r, 0xf4, 2, 0, 1));
    g_assert_false(due(&r, 0xf0, 4, 0, 2));
    g_assert_false(due(&r, 0xf3, 1, 0, 2));
    g_assert_false(due(&r, 0xf0, 4, 7, 7));
    g_assert_cmpuint(r.reg[0].count, ==, 3);
    g_assert_cmpuint(r.reg[1].count, ==, 1);
    g_assert_false(due(&r, 0xf5, 1, 0, 2));
    g_assert_cmpuint(r.reg[0].count, ==, 3);
    g_assert_cmpuint(r.reg[1].count, ==, 2);
    /* Its neighbours on both sides. */
    g_assert_true(due(&r, 0xf6, 1, 0, 2));
    g_assert_true(due(&r, 0xef, 1, 0, 2));
    g_assert_cmpuint(r.reg[0].count, ==, 3);
    g_assert_cmpuint(r.reg[1].count, ==, 2);
    /* A field around it whose other bytes are changed. */
    g_assert_true(due(&r, 0xf4, 4, 0, 0x01000000));
    g_assert_cmpuint(r.reg[1].count, ==, 2);
    /* What it was at first stays. */
    g_assert_cmphex(r.reg[0].wanted, ==, 1);
    g_assert_cmpuint(r.n, ==, 2);
}

/* As many registers as there are, each byte one; then all of it again. */
static void test_limit(void)
{
    XenPTRefused r;
    unsigned n = 0, told = 0;

    init(&r, &none);
    for (unsigned at = 0x40; at < 0x100; at++) {
        bool tell = refuse(&r, at, 1, 0, 1);

        n++;
        told += tell;
        g_assert_true(tell == (n <= XEN_PT_REFUSED_MAX + 1));
        g_assert_cmpuint(r.n, ==, MIN(n, XEN_PT_REFUSED_MAX));
        g_assert_cmpuint(r.n + r.more, ==, n);
    }
    g_assert_cmpuint(told, ==, XEN_PT_REFUSED_MAX + 1);
    for (unsigned at = 0x40; at < 0x100; at++) {
        g_assert_false(due(&r, at, 1, 0, 1));
    }
    for (unsigned i = 0; i < XEN_PT_REFUSED_MAX; i++) {
        g_assert_cmphex(r.reg[i].offset, ==, 0x40 + i);
        g_assert_cmpuint(r.reg[i].count, ==, 2);
    }
    g_assert_cmpuint(r.more, ==, 0xc0 - XEN_PT_REFUSED_MAX);
}

/* Whatever is written, and whatever is read: within these bounds. */
static void test_anything(void)
{
    GRand *rand = g_rand_new_with_seed(1);
    unsigned looks = 0, told = 0;
    XenPTRefused r;

    init(&r, &caps);
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t len = 1 << g_rand_int_range(rand, 0, 3);
        uint32_t ones = UINT32_MAX >> (32 - 8 * len);
        XenPTWrite w = {
            .offset = g_rand_int_range(rand, 0, 256) & -len,
            .len = len,
            .old = g_rand_int(rand) & ones,
            .value = g_rand_int(rand) & ones,
        };

        if (xen_pt_refused_due(&r, &w)) {
            looks++;
            told += xen_pt_refused_judge(&r, &w, g_rand_int(rand) % 3 ? w.old
                                         : g_rand_int(rand) & ones,
                                         XEN_PT_REFUSED_BY_PCIBACK);
        }
    }
    g_assert_cmpuint(looks, <=, XEN_PT_REFUSED_SIZE);
    g_assert_cmpuint(told, <=, XEN_PT_REFUSED_MAX + 1);
    g_assert_cmpuint(r.n, ==, XEN_PT_REFUSED_MAX);
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refused/registers", test_registers);
    g_test_add_func("/refused/no-chain", test_no_chain);
    g_test_add_func("/refused/first", test_first);
    g_test_add_func("/refused/judge", test_judge);
    g_test_add_func("/refused/judge-bits", test_judge_bits);
    g_test_add_func("/refused/by", test_by);
    g_test_add_func("/refused/due-once", test_due_once);
    g_test_add_func("/refused/due-beside", test_due_beside);
    g_test_add_func("/refused/count", test_count);
    g_test_add_func("/refused/limit", test_limit);
    g_test_add_func("/refused/anything", test_anything);
    return g_test_run();
}
