/*
 * Tests of the fake Xen: reading what lspci printed
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "test-common.h"

static char *dump_text(const char *head, unsigned rows)
{
    GString *s = g_string_new(head);

    for (unsigned i = 0; i < rows; i++) {
        g_string_append_printf(s, "%02x:", 16 * i);
        for (unsigned j = 0; j < 16; j++) {
            g_string_append_printf(s, " %02x", i == 0 && j == 14 ? 0
                                   : (i + j) & 0xff);
        }
        g_string_append_c(s, '\n');
    }
    return g_string_free(s, FALSE);
}

static void test_good(void)
{
    g_autofree char *text = dump_text(
        "# a comment\n"
        "00:05.0 SATA controller: Intel Corporation ICH9\n"
        "\tInterrupt: pin A routed to IRQ 22\n"
        "\tRegion 4: I/O ports at c0e0 [size=32]\n"
        "\tRegion 5: Memory at feb8b000 (32-bit, non-prefetchable) "
        "[size=4K]\n", 16);
    g_autofree FkDump *d = g_new0(FkDump, 1);
    char error[FK_ERROR_MAX] = "";

    g_assert_true(fk_dump_parse(text, "", d, error));
    g_assert_cmpstr(fk_bdf(&d->bdf), ==, "0000:00:05.0");
    g_assert_cmpuint(d->size, ==, 256);
    g_assert_cmpuint(d->irq, ==, 22);
    g_assert_cmpuint(d->bar[4].size, ==, 32);
    g_assert_cmpuint(d->bar[5].size, ==, 4096);
    g_assert_cmphex(d->config[0x21], ==, 3);
    g_assert_cmphex(d->config[0xff], ==, 0x1e);
}

/* Of several devices, the one that is asked for; else the first. */
static void test_which(void)
{
    g_autofree char *one = dump_text("00:05.0 one\n", 16);
    g_autofree char *two = dump_text("0001:00:06.1 two\n", 256);
    g_autofree char *text = g_strconcat(one, "\n", two, NULL);
    g_autofree FkDump *d = g_new0(FkDump, 1);
    char error[FK_ERROR_MAX] = "";

    g_assert_true(fk_dump_parse(text, "", d, error));
    g_assert_cmpuint(d->size, ==, 256);
    g_assert_true(fk_dump_parse(text, "0001:00:06.1", d, error));
    g_assert_cmpuint(d->size, ==, 4096);
    g_assert_false(fk_dump_parse(text, "00:07.0", d, error));
    g_assert_nonnull(strstr(error, "no such device"));
}

/* What is wrong, and where. */
static void test_bad(void)
{
    static const struct {
        const char *head;
        unsigned rows;
        const char *tail;
        const char *error;
    } cases[] = {
        { "", 0, "", "0: neither a device's name nor its bytes" },
        { "hello\n", 16, "", "1: neither a device's name nor its bytes" },
        { "00:05.0 x\n", 0, "", "1: no bytes" },
        { "00:05.0 x\n", 4, "", "5: less than 256 bytes" },
        { "00:05.0 x\n", 17, "", "18: neither 256 nor 4096" },
        { "00:05.0 x\n", 3, "40: 00\n", "5: out of order" },
        { "00:05.0 x\n", 3, "30: 00\n", "5: not 16 bytes" },
        { "00:05.0 x\n", 3, "30: 0g 1 2\n", "5: not 16 bytes" },
        { "00:05.0 x\n", 3, "31: 00\n", "5: not at a multiple of 16" },
        { "00:05.0 x\n", 3, "30: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e "
          "0f 10\n", "5: more than 16 bytes" },
    };
    g_autofree FkDump *d = g_new0(FkDump, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *rows = dump_text(cases[i].head, cases[i].rows);
        g_autofree char *text = g_strconcat(rows, cases[i].tail, NULL);
        char error[FK_ERROR_MAX] = "";

        g_assert_false(fk_dump_parse(text, "", d, error));
        if (!g_str_has_prefix(error, cases[i].error)) {
            g_error("case %zu: %s", i, error);
        }
    }
}

static void test_dead(void)
{
    GString *s = g_string_new("00:05.0 x\n");
    g_autofree FkDump *d = g_new0(FkDump, 1);
    char error[FK_ERROR_MAX] = "";

    for (unsigned i = 0; i < 16; i++) {
        g_string_append_printf(s, "%02x:", 16 * i);
        for (unsigned j = 0; j < 16; j++) {
            g_string_append(s, " ff");
        }
        g_string_append_c(s, '\n');
    }
    g_assert_false(fk_dump_parse(s->str, "", d, error));
    g_assert_nonnull(strstr(error, "did not answer"));
    g_string_free(s, TRUE);
}

static void test_bdf(void)
{
    static const char *const bad[] = {
        "", "5", "00:05", "00:20.0", "00:05.8", "00:05.0x", "0000:00:05",
        "100000000:00:05.0",
    };
    FkBdf bdf;

    g_assert_true(fk_bdf_parse("0001:02:1f.7", &bdf));
    g_assert_cmpstr(fk_bdf(&bdf), ==, "0001:02:1f.7");
    g_assert_true(fk_bdf_parse("02:1f.7", &bdf));
    g_assert_cmpstr(fk_bdf(&bdf), ==, "0000:02:1f.7");
    g_assert_true(fk_bdf_parse("10000:e1:00.0", &bdf));
    g_assert_cmpstr(fk_bdf(&bdf), ==, "10000:e1:00.0");
    g_assert_true(fk_bdf_parse("ffffffff:e1:00.0", &bdf));
    g_assert_cmpstr(fk_bdf(&bdf), ==, "ffffffff:e1:00.0");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(fk_bdf_parse(bad[i], &bdf));
    }
}

/* The rows of @config, of 256 bytes, below @head; to be freed. */
static FkDump *parse(const char *head, const uint8_t *config)
{
    GString *s = g_string_new(head);
    FkDump *d = g_new0(FkDump, 1);
    char error[FK_ERROR_MAX] = "";

    for (unsigned i = 0; i < 256; i++) {
        if (!(i % 16)) {
            g_string_append_printf(s, "%02x:", i);
        }
        g_string_append_printf(s, " %02x%s", config[i],
                               i % 16 == 15 ? "\n" : "");
    }
    g_assert_true(fk_dump_parse(s->str, "", d, error));
    g_string_free(s, TRUE);
    return d;
}

/* Ids read as all-ones, BARs as 0: the text has them. */
static void test_virtual_function(void)
{
    static const struct {
        const char *name;
        uint32_t ids;
    } cases[] = {
        { "02:10.0 Ethernet controller [0200]: Intel 82599 VF [8086:10ed] "
          "(rev 01)\n", 0x10ed8086 },
        { "02:10.0 0200: 8086:10ed (rev 01)\n", 0x10ed8086 },
        { "02:10.0 0200: 8086:10ed\n", 0x10ed8086 },
        { "0000:02:10.0 Ethernet controller: Intel 82599 VF\n", 0xffffffff },
    };
    static const uint8_t config[256] = { 0xff, 0xff, 0xff, 0xff, 0x04 };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *head = g_strconcat(
            cases[i].name,
            "\tRegion 0: Memory at a4800000 (64-bit, non-prefetchable) "
            "[virtual] [size=16K]\n"
            "\tRegion 3: [virtual] Memory at 7a4900000 (64-bit, prefetchable) "
            "[size=32K]\n", NULL);
        g_autofree FkDump *d = parse(head, config);
        static FkDevice dev;

        g_assert_true(d->is_virtfn);
        fk_device_init(&dev, d);
        g_assert_cmphex(fk_get(&dev, 0, 4), ==, cases[i].ids);
        g_assert_cmphex(fk_device_read(&dev, 0, 4), ==, 0xffffffff);
        g_assert_cmphex(dev.bar[0].base, ==, 0xa4800000);
        g_assert_cmphex(dev.bar[0].size, ==, 0x4000);
        g_assert_true(dev.bar[0].mem64);
        g_assert_false(dev.bar[0].prefetch);
        g_assert_cmphex(dev.bar[3].base, ==, 0x7a4900000);
        g_assert_true(dev.bar[3].prefetch);
        /* The registers are not there to be written. */
        fk_device_write(&dev, "dev", 0x10, 4, 0xffffffff);
        g_assert_cmphex(fk_get(&dev, 0x10, 4), ==, 0);
        g_free(fk_journal_take());
    }
}

/* A capability has regions too, and they are others. */
static void test_nested(void)
{
    static const uint8_t config[256] = { 0x86, 0x80, [0x13] = 0xa6 };
    static const char *const margin[] = { "\t", "        " };

    for (size_t i = 0; i < G_N_ELEMENTS(margin); i++) {
        g_autofree char *head = g_strdup_printf(
            "6b:00.0 x\n"
            "%sRegion 0: Memory at a6000000 (32-bit, non-prefetchable) "
            "[size=1M]\n"
            "%sCapabilities: [100] Single Root I/O Virtualization (SR-IOV)\n"
            "%s\tRegion 0: Memory at a6900000 (32-bit, non-prefetchable)\n"
            "%s        Region 2: Memory at a7000000 (32-bit, prefetchable)\n",
            margin[i], margin[i], margin[i], margin[i]);
        g_autofree FkDump *d = parse(head, config);

        g_assert_cmphex(d->bar[0].base, ==, 0xa6000000);
        g_assert_cmphex(d->bar[0].size, ==, 0x100000);
        g_assert_cmphex(d->bar[2].base, ==, 0);
    }
}

/* Without sizes: those that MSI-X needs at least. */
static void test_sizes(void)
{
    static uint8_t config[256] = {
        0x86, 0x80, [0x06] = 0x10, [0x34] = 0x40,
        [0x12] = 0x10, [0x13] = 0xc0,           /* BAR 0 at 0xc0100000 */
        [0x14] = 0x00, [0x15] = 0x10,           /* BAR 1 at 0x1000 */
        [0x19] = 0x20,                          /* BAR 2 at 0x2000 */
        [0x40] = 0x11, 0, 0xff, 0x00,           /* MSI-X, 256 vectors */
        0x00, 0xc0, 0x07, 0, 0x01, 0x60, 0, 0,
    };
    g_autofree FkDump *d = parse("03:00.0 x\n", config);
    static FkDevice dev;

    fk_device_init(&dev, d);
    g_assert_cmphex(dev.bar[0].size, ==, 0x80000);  /* 0x7c000 + 256 * 16 */
    g_assert_cmphex(dev.bar[1].size, ==, 0x8000);   /* 0x6000 + 256 / 8 */
    g_assert_cmphex(dev.bar[2].size, ==, 0x2000);   /* none of it is there */
    g_assert_cmpuint(dev.x.entries, ==, 256);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/dump/good", test_good);
    g_test_add_func("/fakexen/dump/which", test_which);
    g_test_add_func("/fakexen/dump/bad", test_bad);
    g_test_add_func("/fakexen/dump/dead", test_dead);
    g_test_add_func("/fakexen/dump/virtual-function", test_virtual_function);
    g_test_add_func("/fakexen/dump/nested", test_nested);
    g_test_add_func("/fakexen/dump/sizes", test_sizes);
    g_test_add_func("/fakexen/dump/bdf", test_bdf);
    return g_test_run();
}
