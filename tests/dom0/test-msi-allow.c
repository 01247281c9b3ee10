/*
 * xen-pt-msi-allow, run on a system that is made up
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake.h"
#include "system.h"

static unsigned failures;          /* that were walked */

/* --- by address ---------------------------------------------------------- */

static void test_address(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": allowed\n");
    check_err(f, NULL);
    check_file(f, ATTRIBUTE, AHCI "\n");
    g_assert_cmpint(run(f, "3:0.1"), ==, 0);
    check_out(f, NVME ": allowed\n");
    check_file(f, ATTRIBUTE, AHCI "\n" NVME "\n");
}

static void test_already(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    put(f, ATTRIBUTE, NVME "\n" AHCI "\n", -1);
    f->faults = FAKE_NOT_ROOT;      /* nothing needs to be written */
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": already allowed\n");
    check_err(f, NULL);
    f->faults = 0;
    put(f, ATTRIBUTE, "0000:00:05.1\n", -1);       /* its neighbour */
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": allowed\n");
}

static void test_dry_run(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_assert_cmpint(run(f, "--dry-run " AHCI), ==, 0);
    check_out(f, AHCI ": would be allowed\n");
    check_file(f, ATTRIBUTE, "");
    f->faults = FAKE_NOT_ROOT;
    check_refusal(f, "-n " AHCI, 3, "run this as root in dom0");
}

static void test_not_root(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->faults = FAKE_NOT_ROOT;
    check_refusal(f, AHCI, 3, "run this as root in dom0");
}

static void test_no_pciback(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *from = g_build_filename(f->dir, PCIBACK, NULL);
    g_autofree char *to = g_build_filename(f->dir, "gone", NULL);

    g_assert_cmpint(g_rename(from, to), ==, 0);
    g_assert_cmpint(run(f, AHCI), ==, 3);
    check_err(f, "modprobe xen-pciback");
    /* A word that is wrong is so on any system. */
    g_assert_cmpint(run(f, "00:05"), ==, 2);
    check_err(f, "00:05: not the address of a PCI device");
    g_assert_cmpint(run(f, "0:0 " AHCI), ==, 3);
    g_assert_nonnull(strstr(f->err, "0:0: not the address of a PCI device"));
    g_assert_nonnull(strstr(f->err, "modprobe xen-pciback"));
    g_assert_cmpint(run(f, "--list"), ==, 3);
    check_err(f, "modprobe xen-pciback");
    g_assert_cmpint(run(f, "--configured"), ==, 0);     /* nothing is */
    check_err(f, NULL);
    put(f, "etc/xen/xen-pt-msi-allow.conf", "all\n", -1);
    g_assert_cmpint(run(f, "--configured"), ==, 3);
    check_err(f, "modprobe xen-pciback");
}

static void test_old_kernel(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    erase(f, ATTRIBUTE);
    g_assert_cmpint(run(f, AHCI), ==, 3);
    check_out(f, "");
    check_err(f, "has no allow_interrupt_control; Linux 5.6 and newer have it");
    g_assert_null(strstr(f->err, "too old"));       /* 6.18 is not */
    g_assert_cmpint(run(f, "--list"), ==, 0);
    check_err(f, "has no allow_interrupt_control; Linux 5.6 and newer have it");
    g_assert_nonnull(strstr(f->out, "  unknown     no          on "));
}

static void test_no_device(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    check_refusal(f, "00:06.0", 1, "0000:00:06.0: there is no such PCI device");
}

static void test_other_driver(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_function(f, OTHER, "xhci_hcd", 0);
    check_refusal(f, OTHER, 1, OTHER ": it belongs to the driver xhci_hcd, not "
                  "to pciback; run: xl pci-assignable-add " OTHER);
}

static void test_no_driver(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_function(f, OTHER, NULL, 0);
    check_refusal(f, OTHER, 1, "no driver is bound to it, not even pciback; run: "
                  "xl pci-assignable-add " OTHER);
}

static void test_no_address(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "00:05", "00:05.", "00:05.8", "00:20.0", "100:05.0", "10000:00:05.0",
        "0000:00:05.0x", "0000:00:05.00", ":00:05.0", "0000:00:05,0", "::.",
        "00:-5.0", "0000:0000:00:05.0", "00:0x5.0", "+0:05.0", ":",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        check_refusal(f, bad[i], 2, "not the address of a PCI device");
    }
}

static void test_address_case(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_function(f, "00ab:cd:1e.7", "pciback", 0);
    g_assert_cmpint(run(f, "AB:CD:1E.7"), ==, 0);
    check_file(f, ATTRIBUTE, "00ab:cd:1e.7\n");
}

static void test_refused(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->faults = FAKE_REFUSED;
    check_refusal(f, AHCI, 1, "pciback refuses the permission: No such device "
                  "or address");
    f->faults = FAKE_RELEASED;
    check_refusal(f, AHCI, 1, "pciback has released it in the meantime");
    f->faults = FAKE_LOST;
    check_refusal(f, AHCI, 1, "does not list the device");
    f->faults = FAKE_SHORT;
    g_assert_cmpint(run(f, AHCI), ==, 1);
    check_out(f, "");
    check_err(f, "pciback refuses the permission: Input/output error");
}

static void test_permissive(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    put(f, PERMISSIVE, NVME "\n", -1);
    g_assert_cmpint(run(f, AHCI " " NVME), ==, 0);
    check_out(f, AHCI ": allowed\n" NVME ": allowed (in pciback's permissive "
              "mode, where all writes are)\n");
    put(f, "sys/module/xen_pciback/parameters/permissive", "Y\n", -1);
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": already allowed (in pciback's permissive mode, where "
              "all writes are)\n");
}

/* One that fails holds up no other. */
static void test_several(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_assert_cmpint(run(f, "00:06.0 " AHCI), ==, 1);
    check_out(f, AHCI ": allowed\n");
    check_err(f, "0000:00:06.0: ");
    g_assert_cmpint(run(f, "none " NVME " " AHCI), ==, 1);
    check_out(f, NVME ": allowed\n" AHCI ": already allowed\n");
    g_assert_cmpint(run(f, "00:06.0 0:0 " AHCI), ==, 2);
    g_assert_cmpint(run(f, "0:0 00:06.0 " AHCI), ==, 2);
}

static void test_qubes(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    put(f, "etc/qubes-release", "Qubes release 4.2\n", -1);
    put(f, "etc/xen/xen-pt-msi-allow.conf", "all\n", -1);
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": left to Qubes OS, which allows it when a stub domain "
              "gets it\n");
    check_err(f, NULL);
    g_assert_cmpint(run(f, "--configured"), ==, 0);
    check_out(f, "");
    check_err(f, NULL);
    check_file(f, ATTRIBUTE, "");
    put(f, ATTRIBUTE, AHCI "\n", -1);
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": already allowed\n");
}

/* --- by domain ----------------------------------------------------------- */

static void test_domain(Fixture *f, gconstpointer data)
{
    assign(f, 4, 0, NVME);
    assign(f, 4, 1, AHCI);
    add_function(f, OTHER, "pciback", 0);
    assign(f, 7, 0, OTHER);
    g_assert_cmpint(run(f, data), ==, 0);
    check_out(f, AHCI ": allowed\n" NVME ": allowed\n");
    check_err(f, "stays without MSI until it is attached again");
    check_file(f, ATTRIBUTE, AHCI "\n" NVME "\n");
    g_assert_cmpint(run(f, data), ==, 0);
    check_out(f, AHCI ": already allowed\n" NVME ": already allowed\n");
    check_err(f, NULL);
}

static void test_no_domain(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "hv", "hvm-d", "5", "00007x", "4294967300", "99999999999999999999",
        "32752", "''", "-1x",
    };

    assign(f, 4, 0, AHCI);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *words = g_strdup_printf("-- %s", bad[i]);

        check_refusal(f, words, 1, "there is no such domain");
    }
}

static void test_no_domain_device(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    check_refusal(f, "hvm", 1, "neither this domain nor a stub domain of it "
                  "has a PCI device; see: xl pci-list hvm");
    assign(f, 7, 0, AHCI);
    check_refusal(f, "hvm", 1, "neither this domain");
    check_refusal(f, "0", 1, "neither this domain");
}

static void test_no_stubdom(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 7, 0, AHCI);
    check_refusal(f, "--stubdom-only plain", 1, "domain 7 (plain) has it, "
                  "which is not a stub domain");
    check_refusal(f, "-s " AHCI, 1, "domain 7 (plain) has it");
    check_refusal(f, "-s " NVME, 1, NVME ": no domain has it");
    g_assert_cmpint(run(f, "plain"), ==, 0);
    check_out(f, AHCI ": allowed\n");
    g_assert_nonnull(strstr(f->err, "is not a stub domain"));
}

static void test_stubdom_only(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 4, 0, AHCI);
    g_assert_cmpint(run(f, "-s " AHCI), ==, 0);
    check_out(f, AHCI ": allowed\n");
    assign(f, 4, 1, NVME);
    g_assert_cmpint(run(f, "-s hvm"), ==, 0);
    check_out(f, AHCI ": already allowed\n" NVME ": allowed\n");
}

/* What xenstore says is believed of the domain, not of the device. */
static void test_domain_without_pciback(Fixture *f,
                                        gconstpointer data G_GNUC_UNUSED)
{
    add_function(f, OTHER, "xhci_hcd", 0);
    assign(f, 4, 0, OTHER);
    assign(f, 4, 1, "rubbish");
    check_refusal(f, "hvm", 1, "it belongs to the driver xhci_hcd");
}

/* What no libxl writes */
static void test_domain_rubbish(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    put_node(f, "3x", "/local/domain/7/target");
    assign(f, 7, 0, AHCI);
    put_node(f, NVME, "/local/domain/0/backend/pci/4x/0/dev-0");
    check_refusal(f, "hvm", 1, "neither this domain");
    check_refusal(f, "hvm-dm", 1, "neither this domain");
    check_refusal(f, "-s plain", 1, "is not a stub domain");
}

/* As libxl leaves it, when a stub domain's kernel has panicked */
static void test_record_of_the_dead(Fixture *f,
                                    gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 40, 0, AHCI);
    check_refusal(f, "-s " AHCI, 1, "no domain has it");
    assign(f, 4, 0, AHCI);
    g_assert_cmpint(run(f, "-s " AHCI), ==, 0);
    check_out(f, AHCI ": allowed\n");
}

static void test_no_xenstore(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 4, 0, AHCI);
    f->no_xenstore = true;
    check_refusal(f, "hvm", 3, "xenstore cannot be read");
    check_refusal(f, "-s " AHCI, 3, "xenstore cannot be read");
    g_assert_cmpint(run(f, AHCI), ==, 0);
    check_out(f, AHCI ": allowed\n");
    check_err(f, NULL);
}

/* --- by the configuration file ------------------------------------------- */

static void test_configured(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->no_xenstore = true;
    g_assert_cmpint(run(f, "--configured"), ==, 0);
    configure(f, "# nothing\n\n");
    g_assert_cmpint(run(f, "--configured"), ==, 0);
    check_file(f, ATTRIBUTE, "");

    /* The second is not with pciback, and that is as it may be. */
    configure(f, "# disk\n\t03:00.1 # NVMe\r\n00:06.0\n");
    g_assert_cmpint(run(f, "-c -n"), ==, 0);
    check_out(f, NVME ": would be allowed\n");
    g_assert_cmpint(run(f, "--configured"), ==, 0);
    check_out(f, NVME ": allowed\n");
    check_err(f, NULL);
    check_file(f, ATTRIBUTE, NVME "\n");
    g_assert_cmpint(run(f, "--configured"), ==, 0);
    check_out(f, "");

    configure(f, "00:06.0\nall");
    g_assert_cmpint(run(f, "--configured"), ==, 0);
    check_out(f, AHCI ": allowed\n");
    check_file(f, ATTRIBUTE, NVME "\n" AHCI "\n");
}

static void test_bad_configuration(Fixture *f,
                                   gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "00:05.0\nnone\n", "\n00:05.0 00:06.0", "#\nall 00:05.0", "all\n*",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        configure(f, bad[i]);
        check_refusal(f, "--configured", 2,
                      "/etc/xen/xen-pt-msi-allow.conf, line 2: ");
    }
}

static void test_configured_refused(Fixture *f,
                                    gconstpointer data G_GNUC_UNUSED)
{
    configure(f, "all");
    f->faults = FAKE_REFUSED;
    g_assert_cmpint(run(f, "--configured"), ==, 1);
    check_out(f, "");
    g_assert_nonnull(strstr(f->err, AHCI ": pciback refuses"));
    g_assert_nonnull(strstr(f->err, NVME ": pciback refuses"));
}

/* --- the list ------------------------------------------------------------ */

static void test_table(Fixture *f, gconstpointer data)
{
    assign(f, 4, 0, AHCI);
    add_function(f, OTHER, "pciback", 0);
    assign(f, 7, 0, OTHER);
    put(f, ATTRIBUTE, AHCI "\n", -1);
    put(f, PERMISSIVE, OTHER "\n", -1);
    g_assert_cmpint(run(f, data), ==, 0);
    check_err(f, NULL);
    check_out(f,
"DEVICE        DOMAIN     STUB DOMAIN  PERMISSION  PERMISSIVE  MSI     MSI-X\n"
AHCI "  hvm (3)    hvm-dm (4)   given       no          on      absent\n"
NVME "  -          -            refused     no          off     on\n"
OTHER "  plain (7)  -            refused     yes         absent  absent\n");
}

static void test_json(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    add_domain(f, 3, "a \"guest\"\\\n", 0);
    assign(f, 4, 0, NVME);
    put(f, ATTRIBUTE, NVME "\n", -1);
    g_assert_cmpint(run(f, "--json"), ==, 0);
    check_err(f, NULL);
    check_out(f,
"[\n"
"  {\"device\": \"" AHCI "\", \"assigned\": false, \"domain\": null, "
"\"stub-domain\": null, \"permission\": false, \"permissive\": false, "
"\"msi\": \"on\", \"msix\": \"absent\"},\n"
"  {\"device\": \"" NVME "\", \"assigned\": true, "
"\"domain\": {\"id\": 3, \"name\": \"a \\\"guest\\\"\\\\\\u000a\"}, "
"\"stub-domain\": {\"id\": 4, \"name\": \"hvm-dm\"}, "
"\"permission\": true, \"permissive\": false, "
"\"msi\": \"off\", \"msix\": \"on\"}\n"
"]\n");
}

/* Names that a terminal would obey, and that JSON cannot hold as they are */
typedef struct Evil {
    const char *name, *table, *json;
} Evil;

static const Evil evils[] = {
    { "\033]0;x\007", "\\x1b]0;x\\x07", "\\u001b]0;x\\u0007" },
    { "a\r\n\tb\177", "a\\x0d\\x0a\\x09b\\x7f",
      "a\\u000d\\u000a\\u0009b\\u007f" },
    { "\"q\" \\x41", "\"q\" \\\\x41", "\\\"q\\\" \\\\x41" },
    /* what is right: 2, 3 and 4 bytes; a control character among them */
    { "\303\274", "\\xc3\\xbc", "\\u00fc" },
    { "\302\233", "\\xc2\\x9b", "\\u009b" },
    { "\342\200\256x", "\\xe2\\x80\\xaex", "\\u202ex" },
    { "\360\220\200\200", "\\xf0\\x90\\x80\\x80", "\\ud800\\udc00" },
    { "\364\217\277\277", "\\xf4\\x8f\\xbf\\xbf", "\\udbff\\udfff" },
    /* a byte alone, cut off, longer than is needed, a surrogate, too large */
    { "\200\377\370", "\\x80\\xff\\xf8", "\\ufffd\\ufffd\\ufffd" },
    { "\374\200\200\200", "\\xfc\\x80\\x80\\x80",
      "\\ufffd\\ufffd\\ufffd\\ufffd" },
    { "\303", "\\xc3", "\\ufffd" },
    { "\342\202x", "\\xe2\\x82x", "\\ufffd\\ufffdx" },
    { "\300\257", "\\xc0\\xaf", "\\ufffd\\ufffd" },
    { "\340\200\257", "\\xe0\\x80\\xaf", "\\ufffd\\ufffd\\ufffd" },
    { "\355\240\200", "\\xed\\xa0\\x80", "\\ufffd\\ufffd\\ufffd" },
    { "\364\220\200\200", "\\xf4\\x90\\x80\\x80",
      "\\ufffd\\ufffd\\ufffd\\ufffd" },
};

static void test_evil_domain(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 4, 0, AHCI);
    for (unsigned i = 0; i < G_N_ELEMENTS(evils); i++) {
        const Evil *e = &evils[i];
        g_autofree char *cell = g_strdup_printf(
            AHCI "  hvm (3)  %s (4)  refused     ", e->table);
        g_autofree char *object = g_strdup_printf(
            "\"stub-domain\": {\"id\": 4, \"name\": \"%s\"}, ", e->json);

        add_domain(f, 4, e->name, 3);
        g_assert_cmpint(run(f, "--list"), ==, 0);
        for (char *p = f->out; (p = strstr(p, "   ")); ) {
            memmove(p, p + 1, strlen(p));       /* as wide as the name is */
        }
        for (char *p = cell; (p = strstr(p, "   ")); ) {
            memmove(p, p + 1, strlen(p));
        }
        g_assert_nonnull(strstr(f->out, cell));
        g_assert_cmpint(run(f, "--json"), ==, 0);
        g_assert_nonnull(strstr(f->out, object));
    }
}

/* The name's length is limited for a person, and for no program. */
static void test_long_domain(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *name = g_strnfill(1000, '\001');
    g_autofree char *plain = g_strnfill(1000, 'a');
    GString *json = g_string_new("\"name\": \"");

    assign(f, 7, 0, AHCI);
    add_domain(f, 7, name, 0);
    g_assert_cmpint(run(f, "--list"), ==, 0);
    g_assert_nonnull(strstr(f->out, "  \\x01\\x01"));
    g_assert_nonnull(strstr(f->out, "\\x01\\x01... (7)  "));
    g_assert_cmpuint(strlen(f->out), <, 1200);
    for (int i = 0; i < 1000; i++) {
        g_string_append(json, "\\u0001");
    }
    g_string_append(json, "\"}");
    g_assert_cmpint(run(f, "--json"), ==, 0);
    g_assert_nonnull(strstr(f->out, json->str));
    g_string_free(json, TRUE);
    add_domain(f, 7, plain, 0);
    g_assert_cmpint(run(f, "--list"), ==, 0);
    g_assert_nonnull(strstr(f->out, "aaaa... (7)  "));
}

/* In a line on standard error: a domain, a driver, a word of the user's */
static void test_evil_words(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char evil[] = "\033[2J\n\377", plain[] = "\\x1b[2J\\x0a\\xff";
    g_autofree char *quoted = g_shell_quote(evil);
    g_autofree char *colon = g_strdup_printf("%s:", quoted);
    g_autofree char *option = g_strdup_printf("--%s", quoted);
    g_autofree char *has = g_strdup_printf("domain 7 (%s) has it", plain);
    g_autofree char *driver = g_strdup_printf("the driver %s, not", plain);
    g_autofree char *none = g_strdup_printf("%s: there is no such d", plain);
    g_autofree char *no_bdf = g_strdup_printf("%s:: not the address", plain);
    g_autofree char *no_option = g_strdup_printf("--%s: there is no", plain);
    g_autofree char *idle = g_strdup_printf("%s: neither this", plain);
    g_autofree char *link = g_strdup_printf("sys/bus/pci/drivers/%s", evil);

    add_domain(f, 7, evil, 0);
    check_refusal(f, quoted, 1, idle);
    assign(f, 7, 0, AHCI);
    check_refusal(f, "-s " AHCI, 1, has);
    erase(f, "sys/bus/pci/devices/" AHCI "/driver");
    link_to(f, link, "sys/bus/pci/devices/" AHCI "/driver");
    check_refusal(f, AHCI, 1, driver);
    add_domain(f, 7, "plain", 0);
    check_refusal(f, quoted, 1, none);
    check_refusal(f, colon, 2, no_bdf);
    check_refusal(f, option, 2, no_option);
}

static void test_list_unknown(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 4, 0, AHCI);
    erase(f, ATTRIBUTE);
    erase(f, PERMISSIVE);
    f->no_xenstore = true;
    g_assert_cmpint(run(f, "--json"), ==, 0);
    g_assert_nonnull(strstr(f->out, "{\"device\": \"" AHCI "\", "
        "\"assigned\": null, \"domain\": null, \"stub-domain\": null, "
        "\"permission\": null, \"permissive\": null, "));
    g_assert_nonnull(strstr(f->err, "xenstore cannot be read"));
    g_assert_cmpint(run(f, "--list"), ==, 0);
    g_assert_nonnull(strstr(f->out, AHCI "  unknown  unknown      unknown     "
                            "unknown     on "));
}

static void test_list_empty(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    erase(f, PCIBACK "/" AHCI);
    erase(f, PCIBACK "/" NVME);
    g_assert_cmpint(run(f, "--json"), ==, 0);
    check_out(f, "[]\n");
    g_assert_cmpint(run(f, ""), ==, 0);
    check_out(f, "DEVICE  DOMAIN  STUB DOMAIN  PERMISSION  PERMISSIVE  MSI  "
              "MSI-X\n");
}

/* A domain that ends while the list is made */
static void test_list_nameless(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    assign(f, 4, 0, AHCI);
    erase(f, "xs/local/domain/3/name/=");
    g_assert_cmpint(run(f, "--list"), ==, 0);
    g_assert_nonnull(strstr(f->out, AHCI "  ? (3)   hvm-dm (4) "));
}

typedef struct ConfigCase {
    const char *what;
    unsigned size;
    guint8 offset, value;
    const char *msi, *msix;
} ConfigCase;

static void test_config_space(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const ConfigCase cases[] = {
        { "whole", 256, 0, 0x86, "on", "off" },
        { "extended", 4096, 0, 0x86, "on", "off" },
        { "the header, for a user", 64, 0, 0x86, "unknown", "unknown" },
        { "empty", 0, 0, 0x86, "unknown", "unknown" },
        { "no list", 256, 0x06, 0x00, "absent", "absent" },
        { "a loop", 256, 0x51, 0x40, "on", "absent" },
        { "a pointer into the header", 256, 0x41, 0x3c, "absent", "absent" },
        { "MSI masked off by nothing", 256, 0x53, 0xff, "on", "off" },
        { "MSI off", 256, 0x52, 0xfe, "off", "off" },
        { "MSI-X on", 256, 0xb3, 0x80, "on", "on" },
        { "the last capability at the end", 256, 0x51, 0xfc, "on", "absent" },
    };
    guint8 config[4096] = { 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const ConfigCase *c = &cases[i];
        g_autofree char *want = g_strdup_printf(
            "\"msi\": \"%s\", \"msix\": \"%s\"}", c->msi, c->msix);

        g_test_message("%s", c->what);
        fill_config(config, MSI_ON | MSIX_OFF);
        config[c->offset] = c->value;
        put(f, "sys/bus/pci/devices/" AHCI "/config", (char *)config, c->size);
        g_assert_cmpint(run(f, "--json"), ==, 0);
        *strchr(f->out, '}') = '\0';
        g_assert_true(g_str_has_suffix(strcat(f->out, "}"), want));
    }
    memset(config, 0xff, 256);
    put(f, "sys/bus/pci/devices/" AHCI "/config", (char *)config, 256);
    g_assert_cmpint(run(f, "--json"), ==, 0);
    g_assert_nonnull(strstr(f->out, "\"msi\": \"unknown\""));
}

/* --- the command line ---------------------------------------------------- */

static void test_usage(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[] = {
        "--json " AHCI, "--list hvm", "--list --configured", "-l -n",
        "--json --stubdom-only", "--configured " AHCI, "-c -s", "--dry-run",
        "--stubdom-only", "--print", "--print --list " AHCI, "-p -c",
        "--print --dry-run " AHCI, "--print hvm",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(run(f, bad[i]), ==, 2);
        check_out(f, "");
        check_err(f, "");
    }
    g_assert_cmpint(run(f, "--none " AHCI), ==, 2);
    check_err(f, "--none: there is no such option");
    g_assert_cmpint(run(f, "-Q " AHCI), ==, 2);
    check_err(f, "-Q: there is no such option");
    g_assert_cmpint(run(f, "--list=3"), ==, 2);
    check_err(f, "--list=3: this option takes no value");
    check_file(f, ATTRIBUTE, "");
    g_assert_cmpint(run(f, "--help"), ==, 0);
    g_assert_true(g_str_has_prefix(f->out, "Usage: xen-pt-msi-allow "));
    g_assert_cmpint(run(f, "--version"), ==, 0);
    check_out(f, "xen-pt-msi-allow " VERSION "\n");
}

/* A list that is cut off by a full disk is no success. */
static void test_full(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *line = g_strdup_printf(
        "sh -c 'FAKE_ROOT=%s %s --list >/dev/full 2>/dev/null'", f->dir,
        program());
    g_auto(GStrv) argv = NULL;
    int status;

    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
                               NULL, NULL, NULL, &status, NULL));
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 3);
}

/* What is shipped looks at the system's own files, whatever it is told. */
static void test_shipped(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char none[] = "ffff:ff:1f.7";
    const char *shipped = g_getenv("MSI_ALLOW_SHIPPED");
    g_autofree char *words = g_strdup_printf("--root=%s -n %s", f->dir, none);

    g_assert_nonnull(shipped);
    add_function(f, none, "pciback", MSI_OFF);
    g_assert_cmpint(run_program(f, program(), words), ==, 2);
    check_err(f, ": there is no such option");
    g_assert_cmpint(run_program(f, shipped, words), ==, 2);
    check_err(f, ": there is no such option");
    words = (g_free(words), g_strdup_printf("-n %s", none));
    g_assert_cmpint(run_program(f, program(), words), ==, 0);
    check_out(f, "ffff:ff:1f.7: would be allowed\n");
    g_assert_cmpint(run_program(f, shipped, words), !=, 0);
    check_out(f, "");
}

/* --- every failure in turn ------------------------------------------------ */

static bool given(Fixture *f)
{
    g_autofree char *file = g_build_filename(f->dir, ATTRIBUTE, NULL);
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    return strcmp(text, AHCI "\n" NVME "\n") == 0;
}

/* Let the Nth operation fail, for all N; then success is no lie. */
static void test_walk(Fixture *f, gconstpointer data)
{
    g_autofree char *failed = g_build_filename(f->dir, "failed", NULL);
    bool listing = g_str_has_prefix(data, "-j");
    bool looking = listing || g_str_has_prefix(data, "--print");
    unsigned n = 0;

    configure(f, "all");
    assign(f, 4, 0, AHCI);
    assign(f, 4, 1, NVME);
    do {
        int status;

        g_unlink(failed);
        put(f, ATTRIBUTE, "", 0);
        f->fail_at = ++n;
        status = run(f, data);
        g_assert_cmpint(status, <=, 3);
        g_assert_true(status || looking || given(f));
        if (status) {
            g_assert_nonnull(strstr(f->err, "Input/output error"));
        }
        if (listing && status == 0) {
            g_assert_true(g_str_has_suffix(f->out, "\n]\n"));
            /* The domains are there, so this would be a lie. */
            g_assert_null(strstr(f->out, "\"?\""));
        }
    } while (g_access(failed, F_OK) == 0);
    g_assert_cmpuint(n, >, 8);
    failures += n - 1;
}

/* --- what is said of the options ----------------------------------------- */

static GHashTable *words_of(const char *text, const char *pattern)
{
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                            NULL);

    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_hash_table_add(set, g_match_info_fetch(match, 1));
    }
    return set;
}

static void check_same(const char *what, GHashTable *a, GHashTable *b)
{
    GHashTableIter iter;
    gpointer word;

    for (int i = 0; i < 2; i++) {
        g_hash_table_iter_init(&iter, i ? b : a);
        while (g_hash_table_iter_next(&iter, &word, NULL)) {
            if (!g_hash_table_contains(i ? a : b, word)) {
                g_test_message("%s: --help and it differ in %s", what,
                               (char *)word);
                g_test_fail();
            }
        }
    }
}

/* The manual page and the completion know the options that --help knows. */
static void test_options(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *dir = g_strdup(g_getenv("MSI_ALLOW_SOURCE"));
    g_autofree char *page = NULL, *bash = NULL;
    g_autofree char *man = g_build_filename(dir, "xen-pt-msi-allow.8", NULL);
    g_autofree char *completion = g_build_filename(dir,
                                                   "xen-pt-msi-allow.bash",
                                                   NULL);
    g_autoptr(GHashTable) help = NULL, in_man = NULL, in_bash = NULL;

    g_assert_cmpint(run(f, "--help"), ==, 0);
    help = words_of(f->out, "(?m)^  (?:-.,|   ) --([a-z-]+)");
    g_assert_cmpuint(g_hash_table_size(help), >, 5);
    g_assert_true(g_file_get_contents(man, &page, NULL, NULL));
    in_man = words_of(page, "(?m)^\\.It .*Fl -([a-z-]+)");
    check_same("xen-pt-msi-allow.8", help, in_man);
    g_assert_true(g_file_get_contents(completion, &bash, NULL, NULL));
    in_bash = words_of(strstr(bash, "words=\"--"), "--([a-z-]+)[ \"]");
    check_same("xen-pt-msi-allow.bash", help, in_bash);
}

#define ADD(name, func, data) \
    g_test_add("/msi-allow/" name, Fixture, data, setup, func, teardown)

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    ADD("address", test_address, NULL);
    ADD("address/already", test_already, NULL);
    ADD("address/dry-run", test_dry_run, NULL);
    ADD("address/not-root", test_not_root, NULL);
    ADD("address/no-pciback", test_no_pciback, NULL);
    ADD("address/old-kernel", test_old_kernel, NULL);
    ADD("address/no-device", test_no_device, NULL);
    ADD("address/other-driver", test_other_driver, NULL);
    ADD("address/no-driver", test_no_driver, NULL);
    ADD("address/none", test_no_address, NULL);
    ADD("address/case", test_address_case, NULL);
    ADD("address/refused", test_refused, NULL);
    ADD("address/permissive", test_permissive, NULL);
    ADD("address/several", test_several, NULL);
    ADD("qubes", test_qubes, NULL);
    ADD("domain/name", test_domain, "hvm");
    ADD("domain/number", test_domain, "3");
    ADD("domain/stubdom-name", test_domain, "hvm-dm");
    ADD("domain/stubdom-number", test_domain, "4");
    ADD("domain/none", test_no_domain, NULL);
    ADD("domain/no-device", test_no_domain_device, NULL);
    ADD("domain/no-stubdom", test_no_stubdom, NULL);
    ADD("domain/stubdom-only", test_stubdom_only, NULL);
    ADD("domain/without-pciback", test_domain_without_pciback, NULL);
    ADD("domain/rubbish", test_domain_rubbish, NULL);
    ADD("domain/record-of-the-dead", test_record_of_the_dead, NULL);
    ADD("domain/no-xenstore", test_no_xenstore, NULL);
    ADD("configured", test_configured, NULL);
    ADD("configured/bad", test_bad_configuration, NULL);
    ADD("configured/refused", test_configured_refused, NULL);
    ADD("list/table", test_table, "--list");
    ADD("list/default", test_table, "");
    ADD("list/json", test_json, NULL);
    ADD("list/evil", test_evil_domain, NULL);
    ADD("list/long", test_long_domain, NULL);
    ADD("evil", test_evil_words, NULL);
    ADD("list/unknown", test_list_unknown, NULL);
    ADD("list/empty", test_list_empty, NULL);
    ADD("list/nameless", test_list_nameless, NULL);
    ADD("list/config-space", test_config_space, NULL);
    ADD("usage", test_usage, NULL);
    ADD("full", test_full, NULL);
    ADD("shipped", test_shipped, NULL);
    ADD("walk/address", test_walk, AHCI " " NVME);
    ADD("walk/domain", test_walk, "hvm");
    ADD("walk/stubdom-only", test_walk, "-s " AHCI " " NVME);
    ADD("walk/configured", test_walk, "--configured");
    ADD("walk/name", test_walk, "'" AHCI " 8086:2922' " BRIDGE "/00.1");
    ADD("walk/print", test_walk, "--print " AHCI " " NVME);
    ADD("walk/list", test_walk, "-j");
    ADD("options", test_options, NULL);
    status = g_test_run();
    printf("# %u operations failed in turn\n", failures);
    return status;
}
