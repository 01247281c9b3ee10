/*
 * The system that xen-pt-msi-allow is run on, made up, and how it is run
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system.h"

/* --- the system ---------------------------------------------------------- */

void put(Fixture *f, const char *path, const char *text, gssize size)
{
    g_autofree char *file = g_build_filename(f->dir, path, NULL);
    g_autofree char *dir = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, text, size, NULL));
}

void erase(Fixture *f, const char *path)
{
    g_autofree char *file = g_build_filename(f->dir, path, NULL);

    g_assert_cmpint(g_unlink(file), ==, 0);
}

void check_file(Fixture *f, const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(f->dir, path, NULL);
    g_autofree char *is = NULL;

    g_assert_true(g_file_get_contents(file, &is, NULL, NULL));
    g_assert_cmpstr(is, ==, text);
}

void link_to(Fixture *f, const char *target, const char *path)
{
    g_autofree char *from = g_build_filename(f->dir, path, NULL);
    g_autofree char *to = g_build_filename(f->dir, target, NULL);

    g_assert_cmpint(symlink(to, from), ==, 0);
}

/* Where a device is, as Linux has it: a directory below its bridge's */
static void add_device(Fixture *f, const char *bridge, const char *bdf)
{
    g_autofree char *link = g_strdup_printf(DEVICES "/%s", bdf);
    g_autofree char *above = NULL, *device = NULL, *dir = NULL;

    if (bridge) {
        g_autofree char *name = g_strdup_printf(DEVICES "/%s", bridge);
        g_autofree char *file = g_build_filename(f->dir, name, NULL);

        above = g_file_read_link(file, NULL);
        g_assert_nonnull(above);
    } else {
        above = g_build_filename(f->dir, "sys/devices/pci0000:00", NULL);
    }
    device = g_build_filename(above, bdf, NULL);
    dir = g_build_filename(f->dir, DEVICES, NULL);
    g_assert_cmpint(g_mkdir_with_parents(device, 0700), ==, 0);
    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    link_to(f, device + strlen(f->dir) + 1, link);
    identify(f, bdf, "8086:2922");
}

void identify(Fixture *f, const char *bdf, const char *identity)
{
    g_autofree char *vendor = g_strdup_printf("0x%.4s\n", identity);
    g_autofree char *device = g_strdup_printf("0x%s\n", identity + 5);
    g_autofree char *to = g_strdup_printf(DEVICES "/%s/vendor", bdf);
    g_autofree char *too = g_strdup_printf(DEVICES "/%s/device", bdf);

    put(f, to, vendor, -1);
    put(f, too, device, -1);
}

void add_bridge(Fixture *f, const char *bridge, const char *bdf, unsigned bus)
{
    g_autofree char *file = g_strdup_printf(DEVICES "/%s/secondary_bus_number",
                                            bdf);
    g_autofree char *text = g_strdup_printf("%u\n", bus);

    add_device(f, bridge, bdf);
    put(f, file, text, -1);
}

void fill_config(guint8 config[256], unsigned caps)
{
    memset(config, 0, 256);
    config[0] = 0x86;
    config[1] = 0x80;
    config[0x06] = 0x10;
    config[0x34] = 0x40;
    config[0x40] = 0x01;
    if (caps & (MSI_OFF | MSI_ON)) {
        config[0x41] = 0x50;
        config[0x50] = 0x05;
        config[0x52] = 0x80 | !!(caps & MSI_ON);
    }
    if (caps & (MSIX_OFF | MSIX_ON)) {
        config[caps & (MSI_OFF | MSI_ON) ? 0x51 : 0x41] = 0xb0;
        config[0xb0] = 0x11;
        config[0xb2] = 0x07;
        config[0xb3] = caps & MSIX_ON ? 0x80 : 0x40;
    }
}

void add_function(Fixture *f, const char *bdf, const char *driver,
                  unsigned caps)
{
    add_function_below(f, NULL, bdf, driver, caps);
}

void add_function_below(Fixture *f, const char *bridge, const char *bdf,
                        const char *driver, unsigned caps)
{
    g_autofree char *device = g_strdup_printf(DEVICES "/%s", bdf);
    g_autofree char *file = g_strdup_printf("%s/config", device);
    guint8 config[256];

    add_device(f, bridge, bdf);
    fill_config(config, caps);
    put(f, file, (char *)config, sizeof(config));
    if (driver) {
        g_autofree char *to = g_strdup_printf("sys/bus/pci/drivers/%s", driver);
        g_autofree char *dir = g_build_filename(f->dir, to, NULL);
        g_autofree char *from = g_strdup_printf("%s/driver", device);
        g_autofree char *back = g_strdup_printf("%s/%s", to, bdf);

        g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
        link_to(f, to, from);
        link_to(f, device, back);
    }
}

void put_node(Fixture *f, const char *value, const char *fmt, ...)
{
    g_autofree char *path = NULL, *file = NULL;
    va_list ap;

    va_start(ap, fmt);
    path = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    file = g_strdup_printf("xs%s/=", path);
    put(f, file, value, -1);
}

void add_domain(Fixture *f, unsigned domid, const char *name,
                unsigned target)
{
    g_autofree char *text = g_strdup_printf("%u", target);

    put_node(f, name, "/local/domain/%u/name", domid);
    if (target) {
        put_node(f, text, "/local/domain/%u/target", domid);
    }
}

void assign(Fixture *f, unsigned domid, unsigned n, const char *bdf)
{
    g_autofree char *count = g_strdup_printf("%u", n + 1);

    put_node(f, count, "/local/domain/0/backend/pci/%u/0/num_devs", domid);
    put_node(f, bdf, "/local/domain/0/backend/pci/%u/0/key-%u", domid, n);
    put_node(f, bdf, "/local/domain/0/backend/pci/%u/0/dev-%u", domid, n);
    put_node(f, "msitranslate=0,power_mgmt=0,permissive=0,rdm_policy=relaxed",
             "/local/domain/0/backend/pci/%u/0/opts-%u", domid, n);
    put_node(f, "4", "/local/domain/0/backend/pci/%u/0/state-%u", domid, n);
}

void configure(Fixture *f, const char *text)
{
    put(f, "etc/xen/xen-pt-msi-allow.conf", text, -1);
}

void setup(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    f->dir = g_dir_make_tmp("msi-allow-XXXXXX", NULL);
    g_assert_nonnull(f->dir);
    put(f, ATTRIBUTE, "", 0);
    put(f, PERMISSIVE, "", 0);
    put(f, "sys/module/xen_pciback/parameters/permissive", "N\n", -1);
    add_function(f, AHCI, "pciback", MSI_ON);
    add_bridge(f, NULL, BRIDGE, 3);
    add_function_below(f, BRIDGE, NVME, "pciback", MSI_OFF | MSIX_ON);
    add_domain(f, 0, "Domain-0", 0);
    add_domain(f, 3, "hvm", 0);
    add_domain(f, 4, "hvm-dm", 3);
    add_domain(f, 7, "plain", 0);
}

void teardown(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    char *argv[] = { "rm", "-rf", f->dir, NULL };

    g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
                               NULL, NULL, NULL, NULL, NULL));
    g_free(f->dir);
    g_free(f->out);
    g_free(f->err);
}

/* --- the program --------------------------------------------------------- */

const char *program(void)
{
    const char *name = g_getenv("MSI_ALLOW");

    g_assert_nonnull(name);
    return name;
}

char **environment(Fixture *f)
{
    char **envp = g_get_environ();
    g_autofree char *xs = g_build_filename(f->dir, "xs", NULL);
    g_autofree char *failed = g_build_filename(f->dir, "failed", NULL);
    g_autofree char *faults = g_strdup_printf("%u", f->faults);
    g_autofree char *fail_at = g_strdup_printf("%u", f->fail_at);

    if (!f->no_xenstore) {
        envp = g_environ_setenv(envp, "FAKE_XENSTORE", xs, TRUE);
    }
    envp = g_environ_setenv(envp, "FAKE_ROOT", f->dir, TRUE);
    envp = g_environ_setenv(envp, "FAKE_FAILED", failed, TRUE);
    envp = g_environ_setenv(envp, "FAKE_FAULTS", faults, TRUE);
    return g_environ_setenv(envp, "FAKE_FAIL_AT", fail_at, TRUE);
}

int run_program(Fixture *f, const char *name, const char *words)
{
    g_auto(GStrv) argv = NULL, envp = environment(f);
    g_autofree char *line = g_strdup_printf("%s %s", name, words);
    int status;

    g_clear_pointer(&f->out, g_free);
    g_clear_pointer(&f->err, g_free);
    g_assert_true(g_shell_parse_argv(line, NULL, &argv, NULL));
    g_assert_true(g_spawn_sync(NULL, argv, envp, G_SPAWN_DEFAULT, NULL, NULL,
                               &f->out, &f->err, &status, NULL));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000;
}

int run(Fixture *f, const char *words)
{
    return run_program(f, program(), words);
}

void check_out(Fixture *f, const char *text)
{
    g_assert_cmpstr(f->out, ==, text);
}

void check_err(Fixture *f, const char *text)
{
    if (!text) {
        g_assert_cmpstr(f->err, ==, "");
        return;
    }
    if (!strstr(f->err, text)) {
        g_test_message("'%s' is not in: %s", text, f->err);
        g_test_fail();
    }
    g_assert_nonnull(strchr(f->err, '\n'));
    g_assert_cmpstr(strchr(f->err, '\n'), ==, "\n");
}

void check_refusal(Fixture *f, const char *words, int status, const char *why)
{
    g_assert_cmpint(run(f, words), ==, status);
    check_out(f, "");
    check_err(f, why);
    check_file(f, ATTRIBUTE, "");
}
