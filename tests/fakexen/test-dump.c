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
    char error[256] = "";

    g_assert_true(fk_dump_parse(text, "", d, error));
    g_assert_cmpstr(fk_bdf(&d->bdf), ==, "0000:00:05.0");
    g_assert_cmpuint(d->size, ==, 256);
    g_assert_cmpuint(d->irq, ==, 22);
    g_assert_cmpuint(d->bar_size[4], ==, 32);
    g_assert_cmpuint(d->bar_size[5], ==, 4096);
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
    char error[256] = "";

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
        { "", 0, "", "0: no such device" },
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
        char error[256] = "";

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
    char error[256] = "";

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
    };
    FkBdf bdf;

    g_assert_true(fk_bdf_parse("0001:02:1f.7", &bdf));
    g_assert_cmpstr(fk_bdf(&bdf), ==, "0001:02:1f.7");
    g_assert_true(fk_bdf_parse("02:1f.7", &bdf));
    g_assert_cmpstr(fk_bdf(&bdf), ==, "0000:02:1f.7");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(fk_bdf_parse(bad[i], &bdf));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/dump/good", test_good);
    g_test_add_func("/fakexen/dump/which", test_which);
    g_test_add_func("/fakexen/dump/bad", test_bad);
    g_test_add_func("/fakexen/dump/dead", test_dead);
    g_test_add_func("/fakexen/dump/bdf", test_bdf);
    return g_test_run();
}
