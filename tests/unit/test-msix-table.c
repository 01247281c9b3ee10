/*
 * The MSI-X table as the guest sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib.h>
#include "hw/xen/xen_pt_msix_table.h"

#define ENTRIES 3
#define END     (ENTRIES * PCI_MSIX_ENTRY_SIZE)

/* Where the words of an entry are (PCI 3.0, 6.8.2.6 to 6.8.2.9). */
enum { LO = 0, HI = 4, DATA = 8, CONTROL = 12 };

/* The lowest two bits of the address are 0, of the control all but one are. */
static const uint32_t writable[4] = { 0xfffffffc, 0xffffffff, 0xffffffff, 1 };

typedef struct Bench {
    XenPTMSIXTable table;
    XenPTMSIXEntry entry[XEN_PT_MSIX_MAX];
} Bench;

static void bench_init(Bench *b, unsigned n, bool masks_unseen)
{
    memset(b, 0x5a, sizeof(*b));
    b->table = (XenPTMSIXTable) {
        .masks_unseen = masks_unseen, .n = n, .entry = b->entry,
    };
    xen_pt_msix_table_reset(&b->table);
}

static uint32_t read4(const Bench *b, uint32_t offset)
{
    return xen_pt_msix_table_read(&b->table, offset, 4);
}

static uint8_t read_byte(const Bench *b, uint32_t offset)
{
    return xen_pt_msix_table_read(&b->table, offset, 1);
}

/* Returns: whether the entry has changed. */
static bool write4(Bench *b, uint32_t offset, uint32_t value, bool bound)
{
    return xen_pt_msix_table_write(&b->table, offset, value, 4, bound);
}

static void program(Bench *b, unsigned i, uint64_t address, uint32_t data)
{
    uint32_t at = i * PCI_MSIX_ENTRY_SIZE;

    write4(b, at + LO, address, false);
    write4(b, at + HI, address >> 32, false);
    write4(b, at + DATA, data, false);
}

/* --- Reads and writes --------------------------------------------------- */

/* Empty and masked, not a bit of an earlier life. */
static void test_reset(Bench *b)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint32_t at = i * PCI_MSIX_ENTRY_SIZE;

        g_assert_cmphex(read4(b, at + LO), ==, 0);
        g_assert_cmphex(read4(b, at + HI), ==, 0);
        g_assert_cmphex(read4(b, at + DATA), ==, 0);
        g_assert_cmphex(read4(b, at + CONTROL), ==, 1);
        g_assert_true(xen_pt_msix_table_masked(&b->table, i));
        g_assert_cmphex(xen_pt_msix_table_message(&b->table, i).address, ==, 0);
        g_assert_cmphex(xen_pt_msix_table_message(&b->table, i).data, ==, 0);
    }
    /* Nor more than is there. */
    g_assert_cmphex(b->entry[ENTRIES].word[0], ==, 0x5a5a5a5a);
}

static uint32_t fill(unsigned offset)
{
    return 0x13579bdf * (offset / 4 + 1);
}

static void check_write(uint32_t offset, unsigned len, uint32_t value)
{
    bool changed = false, result;
    uint8_t was[END];
    Bench b;

    bench_init(&b, ENTRIES, false);
    for (unsigned i = 0; i < END; i += 4) {
        write4(&b, i, fill(i), false);
    }
    for (unsigned i = 0; i < END; i++) {
        was[i] = read_byte(&b, i);
    }
    result = xen_pt_msix_table_write(&b.table, offset, value, len, false);
    for (unsigned i = 0; i < END; i++) {
        uint8_t bits = writable[i / 4 % 4] >> 8 * (i % 4), byte = was[i];

        if (i >= offset && i < offset + len) {
            byte = (byte & ~bits) | (value >> 8 * (i - offset) & bits);
            changed |= byte != was[i];
        }
        g_assert_cmphex(read_byte(&b, i), ==, byte);
    }
    g_assert_cmpint(result, ==, changed);
}

/* Any offset, also beyond the end, any width within a dword. */
static void test_write(void)
{
    static const uint32_t values[] = {
        0, 0xffffffff, 0x55aa33cc, 0xaa55cc33, 1, 2, 0xfee01000, 0xfee01003,
    };

    for (uint32_t offset = 0; offset < END + 8; offset++) {
        for (unsigned len = 1; len <= 4 - offset % 4; len++) {
            for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                check_write(offset, len, values[i]);
            }
            check_write(offset, len, fill(offset));
        }
    }
}

/* A read is its bytes, across words and entries; beyond the end are none. */
static void test_read(Bench *b)
{
    for (unsigned i = 0; i < END; i += 4) {
        write4(b, i, fill(i), false);
        g_assert_cmphex(read4(b, i), ==, fill(i) & writable[i / 4 % 4]);
    }
    for (uint32_t offset = 0; offset < END + 8; offset++) {
        for (unsigned len = 1; len <= 4; len++) {
            uint32_t value = 0;

            for (unsigned i = 0; i < len && offset + i < END; i++) {
                value |= (uint32_t)read_byte(b, offset + i) << 8 * i;
            }
            g_assert_cmphex(xen_pt_msix_table_read(&b->table, offset, len), ==,
                            value);
        }
        if (offset >= END) {
            g_assert_cmphex(read_byte(b, offset), ==, 0);
        }
    }
}

/* Far beyond the end, where an offset that wraps would come back. */
static void test_far(Bench *b)
{
    for (unsigned i = 0; i < END; i += 4) {
        write4(b, i, fill(i), false);
    }
    g_assert_cmphex(read4(b, UINT32_MAX), ==, 0);
    g_assert_cmphex(read4(b, UINT32_MAX - 2), ==, 0);
    g_assert_false(write4(b, UINT32_MAX - 3, ~0u, true));
    g_assert_cmphex(read4(b, LO), ==, fill(LO) & ~3u);
}

/* As many as there can be, each its own. */
static void test_largest(void)
{
    Bench b;

    bench_init(&b, XEN_PT_MSIX_MAX, false);
    for (unsigned i = 0; i < XEN_PT_MSIX_MAX; i++) {
        program(&b, i, 0xfee00000 | i << 3, 0x10 | i << 8);
    }
    for (unsigned i = 0; i < XEN_PT_MSIX_MAX; i++) {
        XenPTMSIMessage m = xen_pt_msix_table_message(&b.table, i);

        g_assert_cmphex(m.address, ==, 0xfee00000 | i << 3);
        g_assert_cmphex(m.data, ==, 0x10 | i << 8);
        g_assert_true(xen_pt_msix_table_masked(&b.table, i));
    }
    g_assert_false(write4(&b, XEN_PT_MSIX_MAX * PCI_MSIX_ENTRY_SIZE, 4,
                          false));
}

/* --- What the guest says by it ------------------------------------------ */

static void test_message(Bench *b)
{
    XenPTMSIMessage m;

    program(b, 1, 0x12345678fee01003, 0xdead4041);
    m = xen_pt_msix_table_message(&b->table, 1);
    g_assert_cmphex(m.address, ==, 0x12345678fee01000);
    g_assert_cmphex(m.data, ==, 0xdead4041);
    g_assert_cmphex(xen_pt_msix_table_message(&b->table, 0).address, ==, 0);
    g_assert_cmphex(xen_pt_msix_table_message(&b->table, 2).address, ==, 0);
}

static void test_mask(Bench *b)
{
    program(b, 1, 0xfee01000, 0x4041);
    g_assert_true(xen_pt_msix_table_masked(&b->table, 1));
    g_assert_true(write4(b, 16 + CONTROL, 0xfffffffe, false));
    g_assert_false(xen_pt_msix_table_masked(&b->table, 1));
    g_assert_false(write4(b, 16 + CONTROL, 0, false));
    g_assert_true(xen_pt_msix_table_masked(&b->table, 0));
    g_assert_true(xen_pt_msix_table_masked(&b->table, 2));
    /* One byte does as well. */
    g_assert_true(xen_pt_msix_table_write(&b->table, 16 + CONTROL, 1, 1,
                                          false));
    g_assert_true(xen_pt_msix_table_masked(&b->table, 1));
    g_assert_false(xen_pt_msix_table_write(&b->table, 16 + CONTROL + 1, 0, 1,
                                           false));
    g_assert_true(xen_pt_msix_table_masked(&b->table, 1));
}

/*
 * A guest that asks for a pirq leaves the mask as it is after the reset. While
 * only the address is written it asks for nothing yet, though data of 0 would
 * have the vector of a request.
 */
static void test_mask_pirq(Bench *b)
{
    write4(b, LO, 0xfee05000, false);
    g_assert_true(xen_pt_msix_table_masked(&b->table, 0));
    write4(b, HI, 0x00000100, false);
    g_assert_true(xen_pt_msix_table_masked(&b->table, 0));
    write4(b, DATA, 0x4300, false);
    g_assert_false(xen_pt_msix_table_masked(&b->table, 0));
    g_assert_cmphex(read4(b, CONTROL), ==, 1);

    /* An APIC's message is one that has a vector: masked again. */
    write4(b, DATA, 0x4041, false);
    g_assert_true(xen_pt_msix_table_masked(&b->table, 0));
}

/* Without an address there is no pirq in it. */
static void test_mask_no_pirq(Bench *b)
{
    write4(b, DATA, 0x4300, false);
    g_assert_true(xen_pt_msix_table_masked(&b->table, 0));
    write4(b, LO, 0xfee00000, false);
    g_assert_true(xen_pt_msix_table_masked(&b->table, 0));
}

/* --- A request for a pirq ----------------------------------------------- */

static void check_message(const Bench *b, uint64_t address, uint32_t data)
{
    XenPTMSIMessage m = xen_pt_msix_table_message(&b->table, 0);

    g_assert_cmphex(m.address, ==, address);
    g_assert_cmphex(m.data, ==, data);
}

/* It ends with the function's life, and comes again with the data. */
static void test_request(Bench *b)
{
    program(b, 0, 0xfee37000, 0x4300);
    check_message(b, 0xfee37000, 0x4300);
    g_assert_false(write4(b, DATA, 0x4300, false));

    xen_pt_msix_table_off(&b->table);
    check_message(b, 0, 0);
    g_assert_cmphex(read4(b, LO), ==, 0xfee37000);
    g_assert_cmphex(read4(b, DATA), ==, 0x4300);
    g_assert_true(write4(b, LO, 0xfee36000, false));
    check_message(b, 0, 0);
    g_assert_false(xen_pt_msix_table_masked(&b->table, 0));
    g_assert_true(write4(b, DATA, 0x4300, false));
    check_message(b, 0xfee36000, 0x4300);
}

/* A message for the APIC stays what it is. */
static void test_request_none(Bench *b)
{
    program(b, 0, 0xfee01000, 0x4041);
    xen_pt_msix_table_off(&b->table);
    check_message(b, 0xfee01000, 0x4041);
}

/* --- Both halves in one write ------------------------------------------- */

static void test_wide(void)
{
    for (int unseen = 0; unseen < 2; unseen++) {
        Bench b;

        bench_init(&b, ENTRIES, unseen);
        g_assert_true(xen_pt_msix_table_write(&b.table, LO,
                                              0x00000100fee37ffcull, 8, true));
        g_assert_cmphex(read4(&b, LO), ==, 0xfee37ffc);
        g_assert_cmphex(read4(&b, HI), ==, 0x100);
        /* The mask that comes with the message is the guest's word. */
        g_assert_true(xen_pt_msix_table_write(&b.table, DATA, 0x4041, 8, true));
        g_assert_false(xen_pt_msix_table_masked(&b.table, 0));
        g_assert_true(xen_pt_msix_table_write(&b.table, DATA,
                                              0xffffffff00004042ull, 8, true));
        g_assert_cmphex(read4(&b, CONTROL), ==, 1);
        g_assert_cmphex(xen_pt_msix_table_read(&b.table, DATA, 8), ==,
                        0x100004042ull);
    }
}

/* No byte of the next entry, wherever it begins. */
static void test_wide_end(Bench *b)
{
    for (unsigned offset = 9; offset < 16; offset++) {
        xen_pt_msix_table_write(&b->table, offset, UINT64_MAX, 8, false);
    }
    g_assert_cmphex(read4(b, 16 + LO), ==, 0);
}

/* What Xen alone saw. */
static void test_mask_learnt(Bench *b)
{
    write4(b, CONTROL, 0, false);
    for (int masked = 1; masked >= 0; masked--) {
        xen_pt_msix_table_mask(&b->table, 0, masked);
        g_assert_cmphex(read4(b, CONTROL), ==, masked);
        g_assert_cmpint(xen_pt_msix_table_masked(&b->table, 0), ==, masked);
    }
}

/* --- Where Xen does not show that an entry is masked -------------------- */

/* An entry in use is masked before its message changes, so it was. */
static void test_unseen(void)
{
    static const unsigned words[] = { LO, HI, DATA };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        Bench b;

        bench_init(&b, ENTRIES, true);
        program(&b, 1, 0xfee01000, 0x4041);
        write4(&b, 16 + CONTROL, 0, false);
        g_assert_false(xen_pt_msix_table_masked(&b.table, 1));
        g_assert_true(write4(&b, 16 + words[i], 0xfee02080, true));
        g_assert_true(xen_pt_msix_table_masked(&b.table, 1));
        g_assert_cmphex(read4(&b, 16 + CONTROL), ==, 1);
        g_assert_cmphex(read4(&b, 16 + words[i]), ==, 0xfee02080);
        /* What Xen does show: it is unmasked. */
        g_assert_true(write4(&b, 16 + CONTROL, 0, true));
        g_assert_false(xen_pt_msix_table_masked(&b.table, 1));
    }
}

static void test_unseen_same_value(Bench *b)
{
    program(b, 0, 0xfee01000, 0x4041);
    write4(b, CONTROL, 0, false);
    g_assert_false(write4(b, LO, 0xfee01000, true));
    g_assert_false(xen_pt_msix_table_masked(&b->table, 0));
}

/* Xen passes on what is written to an entry that is not bound. */
static void test_unseen_not_bound(Bench *b)
{
    write4(b, CONTROL, 0, false);
    g_assert_true(write4(b, LO, 0xfee01000, false));
    g_assert_false(xen_pt_msix_table_masked(&b->table, 0));
}

/* With a Xen that shows all writes the mask is what the guest says. */
static void test_seen(Bench *b)
{
    program(b, 0, 0xfee01000, 0x4041);
    write4(b, CONTROL, 0, false);
    g_assert_true(write4(b, LO, 0xfee02000, true));
    g_assert_false(xen_pt_msix_table_masked(&b->table, 0));
}

typedef struct Test {
    const char *name;
    void (*run)(Bench *b);
    bool masks_unseen;
} Test;

static const Test tests[] = {
    { "reset", test_reset, false },
    { "read", test_read, false },
    { "far", test_far, false },
    { "message", test_message, false },
    { "mask", test_mask, false },
    { "mask/pirq", test_mask_pirq, false },
    { "mask/no-pirq", test_mask_no_pirq, false },
    { "mask/learnt", test_mask_learnt, true },
    { "request", test_request, false },
    { "request/none", test_request_none, false },
    { "wide/end", test_wide_end, false },
    { "unseen/same-value", test_unseen_same_value, true },
    { "unseen/not-bound", test_unseen_not_bound, true },
    { "seen", test_seen, false },
};

/* Each finds the table as it is after a reset. */
static void run(gconstpointer data)
{
    const Test *test = data;
    Bench b;

    bench_init(&b, ENTRIES, test->masks_unseen);
    test->run(&b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/msix-table/%s",
                                                tests[i].name);

        g_test_add_data_func(path, &tests[i], run);
    }
    g_test_add_func("/msix-table/write", test_write);
    g_test_add_func("/msix-table/largest", test_largest);
    g_test_add_func("/msix-table/wide", test_wide);
    g_test_add_func("/msix-table/unseen", test_unseen);
    return g_test_run();
}
