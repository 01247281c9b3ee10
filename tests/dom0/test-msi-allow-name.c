/*
 * xen-pt-msi-allow: names that stay with a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "system.h"

#define CONF "/etc/xen/xen-pt-msi-allow.conf"
/* The bridges, from one to the other, and a device behind both */
#define UPPER "0000:00:1d.0"
#define LOWER "0000:05:02.0"
#define DEEP "0000:07:00.0"
#define DEEP_PATH UPPER "/02.0/00.0"

static void add_deep(Fixture *f)
{
    add_bridge(f, NULL, UPPER, 5);
    add_bridge(f, UPPER, LOWER, 7);
    add_function_below(f, LOWER, DEEP, "pciback", MSI_OFF);
    identify(f, DEEP, "8086:2723");
}

/* A run that says this, and leaves these devices with the permission */
static void check_run(Fixture *f, const char *words, int status,
                      const char *out, const char *err, const char *allowed)
{
    g_assert_cmpint(run(f, words), ==, status);
    check_out(f, out);
    check_err(f, err);
    check_file(f, ATTRIBUTE, allowed);
}

static void test_print(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const good[][2] = {
        { "00:05.0", AHCI " 8086:2922\n" },
        { NVME, BRIDGE "/00.1 8086:2922\n" },
        { DEEP, DEEP_PATH " 8086:2723\n" },
        { "0:1D.0/2.0/0.0", DEEP_PATH " 8086:2723\n" },
        { "'" LOWER "/00.0 8086:2723'", DEEP_PATH " 8086:2723\n" },
        { LOWER, UPPER "/02.0 8086:2922\n" },
        /* no driver, and another one */
        { "0000:00:1f.2", "0000:00:1f.2 1af4:1042\n" },
        { OTHER, OTHER " 10de:1b80\n" },
        /* PCI domain 1 */
        { "0001:05:00.0", "0001:00:1d.0/00.0 8086:2922\n" },
    };

    add_deep(f);
    add_function(f, "0000:00:1f.2", NULL, 0);
    identify(f, "0000:00:1f.2", "1af4:1042");
    add_function(f, OTHER, "xhci_hcd", 0);
    identify(f, OTHER, "10de:1b80");
    add_bridge(f, NULL, "0001:00:1d.0", 5);
    add_function_below(f, "0001:00:1d.0", "0001:05:00.0", "pciback", 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *words = g_strdup_printf("--print %s", good[i][0]);

        check_run(f, words, 0, good[i][1], NULL, "");
    }
    check_run(f, "-p " AHCI " " DEEP, 0, AHCI " 8086:2922\n" DEEP_PATH
              " 8086:2723\n", NULL, "");
    check_run(f, "-p 00:06.0 " AHCI, 1, AHCI " 8086:2922\n",
              "0000:00:06.0: there is no such PCI device", "");
    check_run(f, "-p 00:06 " AHCI, 2, AHCI " 8086:2922\n",
              "00:06: not the address of a PCI device", "");
}

/* Virtual functions may be on the bus behind their bridge's. */
static void test_print_virtual(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_function_below(f, BRIDGE, "0000:04:00.1", "pciback", 0);
    check_run(f, "-p 04:00.1", 0, "0000:04:00.1 8086:2922\n", NULL, "");
    check_run(f, BRIDGE "/00.1", 0, NVME ": allowed\n", NULL, NVME "\n");
}

/* What is printed can be put into the file, or be an argument. */
static void test_round(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *words = NULL;

    add_deep(f);
    g_assert_cmpint(run(f, "--print " AHCI " " NVME " " DEEP), ==, 0);
    configure(f, f->out);
    words = g_strdup_printf("'%s'", strrchr(g_strchomp(f->out), '\n') + 1);
    check_run(f, words, 0, DEEP ": allowed\n", NULL, DEEP "\n");
    check_run(f, "--configured", 0, AHCI ": allowed\n" NVME ": allowed\n",
              NULL, DEEP "\n" AHCI "\n" NVME "\n");
}

static void test_identity(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    identify(f, AHCI, "00de:0a80");
    check_run(f, "'0:5.0 00DE:0A80'", 0, AHCI ": allowed\n", NULL, AHCI "\n");
    put(f, ATTRIBUTE, "", 0);
    check_refusal(f, "'" AHCI " 00de:0a81'", 1,
                  AHCI " 00de:0a81: " AHCI " is another device, 00de:0a80; "
                  "look for yours with \"lspci -Dd 00de:0a81\" and name it as "
                  "\"xen-pt-msi-allow --print BDF\" does");
    check_refusal(f, "'" AHCI " 00df:0a80'", 1, "is another device, 00de:0a80");
    check_refusal(f, "-n '" AHCI " 00df:0a80'", 1, "is another device");
    check_refusal(f, "-p '" AHCI " 00df:0a80'", 1, "is another device");
    check_refusal(f, "'00:06.0 00de:0a80'", 1, "there is no 0000:00:06.0");
    check_run(f, "'" AHCI " 00df:0a80' " NVME, 1, NVME ": allowed\n",
              "is another device", NVME "\n");
    /* A stub domain has it, and that is not enough. */
    assign(f, 4, 0, AHCI);
    g_assert_cmpint(run(f, "-s '" AHCI " 00df:0a80'"), ==, 1);
    check_err(f, "is another device");
    g_assert_cmpint(run(f, "-s '" AHCI " 00de:0a80'"), ==, 0);
    check_out(f, AHCI ": allowed\n");
}

static void test_identity_unreadable(Fixture *f,
                                     gconstpointer data G_GNUC_UNUSED)
{
    put(f, DEVICES "/" AHCI "/vendor", "none\n", -1);
    check_refusal(f, "'" AHCI " 0000:2922'", 1, AHCI " cannot be read: ");
    check_refusal(f, "-p " AHCI, 1, AHCI ": its name cannot be found out: ");
    erase(f, DEVICES "/" AHCI "/vendor");
    check_refusal(f, "'" AHCI " 8086:2922'", 1, AHCI " cannot be read: ");
}

static void test_path(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[][2] = {
        { UPPER "/02.0/00.1", "there is no 00.1 below " LOWER "; look for "
          "yours with \"lspci -DP\" and name it as" },
        { UPPER "/03.0/00.0", "there is no 03.0 below " UPPER },
        { "'" UPPER "/03.0/00.0 8086:2723'", "\"lspci -Dd 8086:2723\"" },
        { "00:1e.0/00.0", "0000:00:1e.0/00.0: there is no 0000:00:1e.0; look" },
        { AHCI "/00.0", "there is no 00.0 below " AHCI },
        { DEEP_PATH "/00.0", "there is no 00.0 below " DEEP },
        { "'" DEEP_PATH " 8086:2724'", DEEP " is another device, 8086:2723; " },
        /* What a domain has that is not 0 */
        { "0001:00:1d.0/02.0/00.0", "there is no 0001:00:1d.0" },
    };

    add_deep(f);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        check_refusal(f, bad[i][0], 1, bad[i][1]);
    }
    check_run(f, "0:1D.0/2.0/0.0", 0, DEEP ": allowed\n", NULL, DEEP "\n");
    check_run(f, "'" DEEP_PATH "  8086:2723'", 0, DEEP ": already allowed\n",
              NULL, DEEP "\n");
}

/* A bridge whose bus has no number says 0, and that is another one. */
static void test_path_unnumbered(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_bridge(f, NULL, UPPER, 0);
    check_refusal(f, UPPER "/05.0", 1, "there is no 05.0 below " UPPER);
    put(f, DEVICES "/" UPPER "/secondary_bus_number", "256\n", -1);
    check_refusal(f, UPPER "/05.0", 1, "there is no 05.0 below " UPPER);
}

/* A card was added: at each address is what was at another one. */
static void test_renumbered(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_bridge(f, NULL, UPPER, 6);
    add_bridge(f, UPPER, "0000:06:02.0", 8);
    add_function_below(f, "0000:06:02.0", "0000:08:00.0", "pciback", 0);
    identify(f, "0000:08:00.0", "8086:2723");
    add_function(f, DEEP, "pciback", 0);
    identify(f, DEEP, "10de:1b80");
    configure(f, DEEP " 8086:2723\n" DEEP_PATH "\n");
    check_run(f, "--configured", 1, "0000:08:00.0: allowed\n",
              CONF ", line 1: " DEEP " 8086:2723: " DEEP " is another device, "
              "10de:1b80; look for yours with \"lspci -Dd 8086:2723\"",
              "0000:08:00.0\n");
}

static void test_configured(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_deep(f);
    configure(f, "# names\n"
              "00:05.0\t8086:2922 # the disk\r\n"
              "  " BRIDGE "/00.1 8086:2922  \n"
              "00:06.0\n");
    check_run(f, "-n -c", 0, AHCI ": would be allowed\n" NVME
              ": would be allowed\n", NULL, "");
    check_run(f, "-c", 0, AHCI ": allowed\n" NVME ": allowed\n", NULL,
              AHCI "\n" NVME "\n");
    check_run(f, "-c", 0, "", NULL, AHCI "\n" NVME "\n");

    /* One that does not fit holds up no other. */
    put(f, ATTRIBUTE, "", 0);
    configure(f, BRIDGE "/00.0\n" AHCI " 8086:2922\n");
    check_run(f, "-c", 1, AHCI ": allowed\n", CONF ", line 1: " BRIDGE
              "/00.0: there is no 00.0 below " BRIDGE "; ", AHCI "\n");
    configure(f, "\n00:06.0 8086:2922\n" BRIDGE "/00.1\n");
    check_run(f, "-c", 1, NVME ": allowed\n", CONF ", line 2: 0000:00:06.0 "
              "8086:2922: there is no 0000:00:06.0; ", AHCI "\n" NVME "\n");

    /* It fits, and another driver has it: that is as it may be. */
    add_function(f, OTHER, "xhci_hcd", 0);
    configure(f, OTHER " 8086:2922\n");
    check_run(f, "-c", 0, "", NULL, AHCI "\n" NVME "\n");
}

static void test_bad(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "00:05.0 8086", "00:05.0 8086:", "00:05.0 8086:292", "00:05.0 86:2922",
        "00:05.0 8086:29222", "00:05.0 8086:292g", "00:05.0 8086.2922",
        "00:05.0 8086:2922 x", "8086:2922", "8086:2922 00:05.0", "00:05.0 all",
        "00:05.0/", "/00:05.0", "00:05.0//00.0", "00:05.0/00", "00:05.0/00.8",
        "00:05.0/20.0", "00:05.0/000.0", "00:05.0/01:00.0", "00:05.0/00.0/",
        "00:05.0/0000:00:00.0", "00:1c/00.0", "00:05.0/ 00.0", "00:05.0/-1.0",
    };
    g_autofree char *deep = g_strnfill(24 * 5, '/');
    g_autofree char *words = NULL, *line = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf(AHCI "\n%s\n", bad[i]);
        g_autofree char *word = g_strdup_printf("'%s'", bad[i]);

        configure(f, text);
        check_refusal(f, "--configured", 2, CONF ", line 2: neither a device, "
                      "DDDD:BB:DD.F[/DD.F...] [VVVV:DDDD], nor \"all\"; "
                      "nothing was done");
        check_refusal(f, word, 2, "nor what --print prints");
    }
    for (unsigned i = 0; i < 24; i++) {
        memcpy(deep + 5 * i, "/00.0", 5);
    }
    words = g_strdup_printf("00:05.0%s", deep);
    check_refusal(f, words, 2, "nor what --print prints");
    words[strlen(words) - 5] = '\0';
    check_refusal(f, words, 1, "there is no 00.0 below " AHCI);
    line = g_strnfill(300, ' ');
    memcpy(line, AHCI, strlen(AHCI));
    memcpy(line + 291, "8086:2922", 9);
    configure(f, line);
    check_refusal(f, "--configured", 2, CONF ", line 1: ");
}

#define ADD(name, func) \
    g_test_add("/msi-allow/name/" name, Fixture, NULL, setup, func, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("print", test_print);
    ADD("print/virtual", test_print_virtual);
    ADD("print/round", test_round);
    ADD("identity", test_identity);
    ADD("identity/unreadable", test_identity_unreadable);
    ADD("path", test_path);
    ADD("path/unnumbered", test_path_unnumbered);
    ADD("renumbered", test_renumbered);
    ADD("configured", test_configured);
    ADD("bad", test_bad);
    return g_test_run();
}
