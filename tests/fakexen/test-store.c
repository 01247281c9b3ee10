/*
 * Tests of the fake Xen: xenstore and sysfs' attributes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "test-common.h"
#include "store.h"

static void collect(void *opaque, const char *name, size_t len)
{
    g_string_append_len(opaque, name, len);
    g_string_append_c(opaque, ' ');
}

static void test_nodes(void)
{
    GString *names = g_string_new(NULL);

    fk_store_init();
    g_assert_null(fk_store_get("/a"));
    fk_store_set("/a/b/c", "1");
    fk_store_set("/a/bb", "2");
    fk_store_set("/a/b/d", "3");
    fk_store_set("/a/b/c", "4");
    g_assert_cmpstr(fk_store_get("/a/b/c"), ==, "4");
    g_assert_cmpstr(fk_store_get("/a/b"), ==, "");      /* a parent */
    g_assert_null(fk_store_get("/a/b/"));
    g_assert_cmpuint(fk_store_children("/a", collect, names), ==, 2);
    g_assert_cmpstr(names->str, ==, "b bb ");
    fk_store_remove("/a/b");
    g_assert_null(fk_store_get("/a/b/d"));
    g_assert_cmpstr(fk_store_get("/a/bb"), ==, "2");
    g_assert_cmpuint(fk_store_children("/a", NULL, NULL), ==, 1);
    fk_store_init();
    g_string_free(names, TRUE);
}

static void test_attributes(void)
{
    FkDevice *d = new_device(0);
    char text[1024];

    g_assert_true(fk_sysfs_text(d, "vendor", text));
    g_assert_cmpstr(text, ==, "0x8086\n");
    g_assert_true(fk_sysfs_text(d, "irq", text));
    g_assert_cmpstr(text, ==, "17\n");
    g_assert_true(fk_sysfs_text(d, "resource", text));
    g_assert_true(g_str_has_prefix(text,
        "0x00000012feb80000 0x00000012feb83fff 0x0000000000140204\n"
        "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
        "0x000000000000c0e0 0x000000000000c0ff 0x0000000000040101\n"));
    g_assert_false(fk_sysfs_text(d, "physfn", text));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fakexen/store/nodes", test_nodes);
    g_test_add_func("/fakexen/sysfs/attributes", test_attributes);
    return g_test_run();
}
