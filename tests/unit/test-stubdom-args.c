/*
 * The stub domain's module list and QEMU's command line
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm-args.h"
#include "modules.h"

static void check_line(const char *text, const char *file, const char *params)
{
    g_autofree char *line = g_strdup(text);
    const char *f = NULL, *p = NULL;

    g_assert_true(module_line_parse(line, &f, &p));
    g_assert_cmpstr(f, ==, file);
    g_assert_cmpstr(p, ==, params);
}

static void test_module_line(void)
{
    check_line("xenfs.ko\n", "xenfs.ko", "");
    check_line("xenfs.ko", "xenfs.ko", "");
    check_line("xen-privcmd.ko unrestricted=1\n",
               "xen-privcmd.ko", "unrestricted=1");
    check_line(" \ta.ko \t b=1 c=2 \r\n", "a.ko", "b=1 c=2");
    check_line("\n", "", "");
    check_line("", "", "");
    check_line("# a comment.ko\n", "", "");
}

static void test_module_line_bad(void)
{
    static const char *const bad[] = {
        "xenfs\n", "xenfs.ko.xz\n", ".ko\n", "../xenfs.ko\n", "/xenfs.ko\n",
        "xenfs .ko\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *line = g_strdup(bad[i]);
        const char *f = "f", *p = "p";

        g_assert_false(module_line_parse(line, &f, &p));
        g_assert_cmpstr(f, ==, "f");
        g_assert_cmpstr(p, ==, "p");
        g_assert_cmpstr(line, ==, bad[i]);
    }
}

static void test_keys_sort(void)
{
    char *keys[] = { "1000", "002", "010", "001", "999" };
    static const char *const sorted[] = { "001", "002", "010", "999", "1000" };

    g_assert_true(dm_keys_sort(keys, G_N_ELEMENTS(keys)));
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_assert_cmpstr(keys[i], ==, sorted[i]);
    }
    g_assert_true(dm_keys_sort(NULL, 0));
}

static void test_keys_bad(void)
{
    char *word[] = { "001", "args" };
    char *negative[] = { "-1", "001" };
    char *empty[] = { "" };
    char *huge[] = { "99999999999999999999" };
    char *twice[] = { "2", "001", "002" };

    g_assert_false(dm_keys_sort(word, 2));
    g_assert_false(dm_keys_sort(negative, 2));
    g_assert_false(dm_keys_sort(empty, 1));
    g_assert_false(dm_keys_sort(huge, 1));
    g_assert_false(dm_keys_sort(twice, 3));
}

static void check_argv(char *const *first, char *const *args, size_t n,
                       bool restore, const char *joined)
{
    bool r = !restore;
    char **argv = dm_argv_build(first, args, n, &r);
    g_autofree char *text = g_strjoinv("|", argv);

    g_assert_cmpstr(text, ==, joined);
    g_assert_cmpint(r, ==, restore);
    free(argv);
}

static void test_argv(void)
{
    char *first[] = { "qemu", "-sandbox", "on", NULL };
    char *none[] = { NULL };
    char *args[] = { "-append", "a b  $STUBDOM_RESTORE_INCOMING_ARG", "" };
    char *incoming[] = { "-incoming", DM_RESTORE_ARG, "-m", "192" };

    check_argv(first, args, 0, false, "qemu|-sandbox|on");
    check_argv(first, args, 3, false,
               "qemu|-sandbox|on|-append|a b  $STUBDOM_RESTORE_INCOMING_ARG|");
    check_argv(first, incoming, 4, true,
               "qemu|-sandbox|on|-incoming|fd:3|-m|192");
    check_argv(none, incoming, 2, true, "-incoming|fd:3");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/module-line", test_module_line);
    g_test_add_func("/stubdom/module-line/bad", test_module_line_bad);
    g_test_add_func("/stubdom/keys/sort", test_keys_sort);
    g_test_add_func("/stubdom/keys/bad", test_keys_bad);
    g_test_add_func("/stubdom/argv", test_argv);
    return g_test_run();
}
