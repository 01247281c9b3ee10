/*
 * QTest: what guests do to MSI and MSI-X, and whether interrupts come after it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each row is run by tests/fakexen/run-diff on QEMU with the patch in a stub
 * domain and on QEMU without it in dom0. What works there has to work here.
 * Alone, a row says what came of it, and fails where QEMU does not live; with
 * XEN_PT_SHOW the end of the journal is always shown.
 */

#include "qemu/osdep.h"
#include "xen-pt-diff.h"

#define MSI (1u << 0)
#define MSI_MASK (1u << 1)
#define MSIX (1u << 2)
#define BOTH (1u << 3)

static const struct {
    const char *name;
    XenPTKind kind;             /* that a driver takes */
    XenPTLayout layout;
} devices[] = {
    { "msi", XEN_PT_MSI, { .place = XEN_PT_MIDDLE } },
    { "msi-mask", XEN_PT_MSI, { .place = XEN_PT_MIDDLE, .maskable = true } },
    { "msix", XEN_PT_MSIX, { .place = XEN_PT_MIDDLE, .no_msi = true,
                             .entries = 4, .table = 0x2000, .pba = 0x3000 } },
    { "both", XEN_PT_MSIX, { .place = XEN_PT_MIDDLE, .entries = 4,
                             .table = 0x2000, .pba = 0x3000 } },
};

static const char *const xens[] = { "4.17", "4.20" };

typedef struct Row {
    const char *name, *script;
    unsigned devices;
    const char *only;           /* dialects; NULL: all */
    const char *before;         /* said before QEMU starts */
} Row;

static const Row rows[] = {
    /* A driver's life. */
    { "load", "boot load", MSI | MSI_MASK | MSIX | BOTH },
    { "unload", "boot load unload load", MSI | MSI_MASK | MSIX },
    { "thrice", "boot load unload load unload load", MSI | MSIX },
    { "fewer", "boot load:4 unload load:1", MSIX },
    { "more", "boot load:1 unload load:4", MSIX },
    { "add", "boot load:1 add add", MSIX },
    { "boot-twice", "boot boot load", MSI | MSIX },

    /* Firmware, before it. */
    { "ovmf", "boot ovmf load", MSI | MSIX | BOTH },
    { "ovmf-reload", "boot load unload ovmf load", MSI | MSIX },
    { "ipxe", "boot ipxe-on ipxe-off boot load", MSIX },
    { "ipxe-left", "boot ipxe-on boot load", MSIX },

    /* Another device's driver takes the pirqs that this one had. */
    { "other", "boot other:boot load other:load", MSI | MSIX },
    { "between", "boot other:boot load unload other:load load", MSI | MSIX },
    { "between-fewer", "boot other:boot load:4 unload other:load load:1",
      MSIX },
    { "nvme", "boot other:boot load:1 unload other:load:1 load:3", MSIX },
    { "swap", "boot other:boot load other:load unload other:unload other:load "
      "load", MSI | MSIX },
    { "other-reload", "boot other:boot load other:load other:unload "
      "other:load", MSI | MSIX },

    /* More pirqs than a destination has bits for. */
    { "many-pirqs", "boot load unload load", MSI | MSIX, "linux-pv",
      "extra-irqs 256" },

    /* The guest starts anew, with or without a word to the device. */
    { "kexec", "boot load boot load", MSI | MSIX },
    { "reboot", "boot load reboot boot load", MSI | MSIX },
    { "replug", "boot load unload unplug plug boot load", MSI | MSIX },
    { "replug-busy", "boot load unplug plug boot load", MSI | MSIX },

    /* Suspend and resume, the device with its state or without it. */
    { "resume", "boot load resume", MSI | MSI_MASK | MSIX },
    { "resume-lost", "boot load lose resume", MSI | MSI_MASK | MSIX },
    { "resume-thrice", "boot load lose resume lose resume lose resume",
      MSI | MSIX },
    { "resume-reload", "boot load lose resume unload load", MSI | MSIX },
    { "lost-reload", "boot load lose unload load", MSI | MSIX },
    { "lost-off", "boot load unload lose load", MSI | MSIX },
    { "lost-masked", "boot load:2 mask:0 lose resume", MSIX },
    /* A table that is shown only while ENABLE is set. */
    { "shy", "boot shy load unload load:2", MSIX },
    { "shy-other", "boot shy other:boot load:2 other:load unload load", MSIX },
    { "shy-lost", "boot shy load:2 mask:0 lose resume", MSIX },
    { "lost-all-masked", "boot load:2 lose mask-table messages on", MSIX,
      "linux linux-64 freebsd windows" },

    /* The device's own reset, and the function's. */
    { "chip", "boot load clear-enable set-enable", MSI | MSIX },
    { "chip-twice", "boot load clear-enable set-enable clear-enable "
      "set-enable", MSI | MSIX },
    { "chip-reload", "boot load clear-enable unload load", MSI | MSIX },
    { "flr", "boot load flr resume", MSI | MSIX },
    { "flr-reload", "boot load unload flr load", MSI | MSIX },

    /* Masks. */
    { "mask", "boot load mask:0", MSI_MASK | MSIX },
    { "unmask", "boot load mask:0 unmask:0", MSI_MASK | MSIX },
    { "mask-off-on", "boot load mask:0 off on", MSI_MASK | MSIX },
    { "mask-off-on-unmask", "boot load mask:0 off on unmask:0",
      MSI_MASK | MSIX },
    { "mask-reload", "boot load mask unload load", MSI_MASK | MSIX },
    { "mask-64", "boot load mask-64:0", MSIX, "linux-64" },
    { "mask-64-unmask", "boot load mask-64:0 unmask-64:0", MSIX, "linux-64" },
    { "mask-64-off-on", "boot load mask-64:0 off on", MSIX, "linux-64" },
    { "mask-fewer", "boot load:4 mask:3 unload load:2", MSIX },
    { "mask-add", "boot load:1 mask:0 add", MSIX },
    { "mask-resume", "boot load mask:0 resume", MSI_MASK | MSIX },
    { "maskall", "boot load maskall", MSIX },
    { "unmaskall", "boot load maskall unmaskall", MSIX },
    { "maskall-unmask", "boot load mask:0 maskall unmask:0 unmaskall", MSIX },
    { "maskall-off-on", "boot load maskall off on", MSIX },

    /* Messages that change. */
    { "move", "boot load move", MSI | MSI_MASK | MSIX },
    { "move-twice", "boot load move move", MSI | MSIX },
    { "move-masked", "boot load mask:0 move", MSI_MASK | MSIX },
    { "move-masked-unmask", "boot load mask:0 move unmask:0",
      MSI_MASK | MSIX },
    { "move-off", "boot load off new-messages on", MSI | MSIX },
    { "move-reload", "boot load move unload load", MSI | MSIX },
    { "address-only", "boot load new-address", MSI },

    /* In no driver's order. */
    { "on-first", "boot attach vectors on messages unmask", MSI | MSIX },
    { "on-first-unmask", "boot attach vectors unmask on messages",
      MSI | MSIX },
    { "on-last", "boot attach vectors messages unmask on", MSI | MSIX },
    { "on-twice", "boot load on on", MSI | MSIX },
    { "off-twice", "boot off off load", MSI | MSIX, "linux" },
    { "toggle", "boot load off on off on", MSI | MSIX },

    /* The BAR with the table. */
    { "move-bar", "boot load:2 move-bar", MSIX },
    { "move-bar-one", "boot load:1 move-bar", MSIX },
    { "move-bar-masked", "boot load:2 mask:0 move-bar", MSIX },
    { "move-bar-unmask", "boot load:2 mask:0 move-bar unmask:0", MSIX },
    { "move-bar-mask", "boot load:2 move-bar mask:0", MSIX },
    { "move-bar-reload", "boot load:2 move-bar unload load:2", MSIX },
    { "decode", "boot load:2 decode", MSIX },
    { "decode-mask", "boot load:2 decode mask:0", MSIX },
    { "size-bar", "boot load:2 size-bar", MSIX },
    { "size-bar-one", "boot load:1 size-bar", MSIX },
    { "size-bar-mask", "boot load:2 size-bar mask:0", MSIX },
    { "size-bar-unmask", "boot load:2 mask:0 size-bar unmask:0", MSIX },
    { "ovmf-busy", "boot load ovmf", MSI | MSIX },

    /* What Xen does not give, until it does. */
    { "no-map", "boot fail:map_pirq_msi:1:ENOSPC load heal unload load",
      MSI | MSIX },
    { "no-second-map", "boot fail:map_pirq_msi:2:ENOSPC load:3 heal unload "
      "load:3", MSIX },
    { "no-map-toggle", "boot fail:map_pirq_msi:1:ENOSPC load heal off on",
      MSI | MSIX },
    /* An entry that nobody uses cannot be had. */
    { "stale", "boot stale load", MSIX },
    { "stale-reload", "boot load stale unload load", MSIX },
    { "stale-boot", "boot load stale boot load", MSIX },
    { "stale-toggle", "boot load stale off on", MSIX },
    { "no-bind", "boot fail:bind_msi:1:EINVAL load heal unload load",
      MSI | MSIX },
    { "no-bind-move", "boot load fail:bind_msi:1:EINVAL move heal move",
      MSI | MSIX },
    { "no-bind-move-reload", "boot load fail:bind_msi:1:EINVAL move heal "
      "unload load", MSI | MSIX },
    { "no-unbind", "boot load fail:unbind_msi:1:EINVAL unload heal load",
      MSI | MSIX },
    { "no-unmap", "boot load fail:unmap_pirq:1:EINVAL unload heal load",
      MSI | MSIX },

    /* What pciback does not permit, for a while or for ever. */
    { "refused", "boot load", MSI | MSIX, "linux", "allow DEV off" },
    { "refused-permitted", "boot load allow unload load", MSI | MSIX, "linux",
      "allow DEV off" },
    { "refused-early", "boot allow load", MSI | MSIX, "linux",
      "allow DEV off" },
    { "unprepared", "boot load", BOTH, "linux", "prepared DEV off" },
    { "strict", "boot load unload load", MSI | MSIX | BOTH,
      "linux linux-pv freebsd openbsd windows", "kernel 6.1" },
    { "older", "boot load unload load", MSI | BOTH,
      "linux linux-pv freebsd openbsd windows", "kernel 5.6" },
    /* The same, and the device has something to say at a bad time. */
    { "strict-busy-move", "boot load assert move", MSI | MSIX,
      "linux freebsd windows", "kernel 6.1" },
    { "strict-busy-toggle", "boot load assert off on", MSI | MSIX, NULL,
      "kernel 6.1" },
    { "strict-busy-resume", "boot load assert resume", MSI | MSIX, NULL,
      "kernel 6.1" },
    { "strict-busy-reload", "boot load assert unload load", MSI | MSIX, NULL,
      "kernel 6.1" },
    { "strict-lost", "boot load lose resume", MSI | MSIX, NULL, "kernel 6.1" },
    { "strict-chip", "boot load clear-enable set-enable", MSI | MSIX, NULL,
      "kernel 6.1" },
    { "strict-replug", "boot load unplug plug boot load", MSI | MSIX | BOTH,
      NULL, "kernel 6.1" },
    { "strict-replug-busy", "boot load assert unplug plug boot load",
      MSI | MSIX | BOTH, NULL, "kernel 6.1" },
    { "strict-kexec", "boot load boot load", MSI | MSIX, NULL, "kernel 6.1" },
    /* Chips whose function mask is not there, or does not read back. */
    { "no-maskall", "boot load unload load", MSIX, NULL,
      "writable DEV 0xc2/2 0x8000" },
    { "no-maskall-mask", "boot load mask:0", MSIX, NULL,
      "writable DEV 0xc2/2 0x8000" },
    { "permissive", "boot load unload load", MSI | MSIX, "linux",
      "permissive DEV on" },

    /* Messages of other machines. */
    { "amd", "boot load", MSI | MSIX, NULL, "message amd" },
    { "amd-old", "boot load", MSI | MSIX, NULL, "message amd-old" },
    { "amd-old-x2apic", "boot load", MSI | MSIX, "linux",
      "message amd-old-x2apic" },
    { "no-remapping", "boot load", MSI | MSIX, NULL, "message plain" },
    { "no-remapping-x2apic", "boot load", MSI | MSIX, "linux",
      "message plain-x2apic" },
    { "vtd-x2apic", "boot load", MSI | MSIX, "linux", "message vtd-x2apic" },

    /* One access that is lost: the next load is well. */
    { "reads-lost-load", "boot walk:cfg.read:timeout:load", MSI | MSIX,
      "linux linux-pv freebsd" },
    { "reads-ones-load", "boot walk:cfg.read:ones:load", MSI | MSIX,
      "linux" },
    { "reads-fail-load", "boot walk:cfg.read:EIO:load", MSI | MSIX, "linux" },
    { "writes-lost-load", "boot walk:cfg.write:timeout:load", MSI | MSIX,
      "linux linux-pv freebsd" },
    { "writes-fail-load", "boot walk:cfg.write:EIO:load", MSI | MSIX,
      "linux" },
    { "reads-lost-unload", "boot walk:cfg.read:timeout:unload", MSI | MSIX,
      "linux linux-pv" },
    { "writes-lost-unload", "boot walk:cfg.write:timeout:unload", MSI | MSIX,
      "linux linux-pv" },
    { "reads-lost-move", "boot walk:cfg.read:timeout:move", MSI | MSIX,
      "linux" },
    { "reads-lost-resume", "boot walk:cfg.read:timeout:resume", MSI | MSIX,
      "linux" },
    { "writes-lost-resume", "boot walk:cfg.write:timeout:resume", MSI | MSIX,
      "linux" },
    { "maps-fail-load", "boot walk:map_pirq_msi:EPERM:load", MSI | MSIX,
      "linux linux-pv" },
    { "binds-fail-load", "boot walk:bind_msi:EINVAL:load", MSI | MSIX,
      "linux linux-pv" },
    { "unbinds-fail-unload", "boot walk:unbind_msi:EINVAL:unload", MSI | MSIX,
      "linux" },
    { "unmaps-fail-unload", "boot walk:unmap_pirq:EINVAL:unload", MSI | MSIX,
      "linux" },

    /* One read that is lost is no harm at all. */
    { "read-lost-load", "boot survive:cfg.read:timeout:load", MSI | MSIX,
      "linux linux-pv freebsd" },
    { "read-lost-move", "boot survive:cfg.read:timeout:move", MSI | MSIX,
      "linux" },
    { "read-lost-maskall", "boot survive:cfg.read:timeout:maskall", MSIX,
      "linux" },
    { "read-lost-unmaskall", "boot load maskall fail:cfg.read:1:timeout "
      "unmaskall heal", MSIX, "linux" },
    { "read-lost-resume", "boot survive:cfg.read:timeout:resume", MSI | MSIX,
      "linux" },
};

typedef struct Case {
    const Row *row;
    const XenPTDialect *os;
    size_t device;
    const char *xen;
} Case;

static bool in_dom0(void)
{
    return g_getenv("FAKEXEN_DEVMEM");
}

static XenPT *new_world(const Case *c, unsigned ndev)
{
    XenPT *x = xen_pt_new();

    if (in_dom0()) {
        xen_pt_say(x, "stubdom off");
    }
    xen_pt_say(x, "xen %s", c->xen);
    /* A pirq that the guest was promised and that nobody maps is lost. */
    xen_pt_say(x, "extra-irqs 200");
    for (unsigned i = 0; i < ndev; i++) {
        xen_pt_add(x, &devices[c->device].layout);
    }
    return x;
}

static bool has_other(const Row *row)
{
    return strstr(row->script, "other:");
}

static void test(const void *opaque)
{
    const Case *c = opaque;
    g_autoptr(XenPT) x = new_world(c, has_other(c->row) ? 2 : 1);
    g_autofree char *verdict = NULL;
    XenPTGuest *g;

    if (c->row->before) {
        xen_pt_say(x, "%s", c->row->before);
    }
    xen_pt_run(x, "");
    g = xen_pt_guest_new(x, c->os, in_dom0());
    xen_pt_guest_run(g, c->row->script);
    verdict = xen_pt_guest_verdict(g);
    g_test_message("verdict: %s", verdict);
    if (!g_str_has_prefix(verdict, "works") || g_getenv("XEN_PT_SHOW")) {
        xen_pt_show_end(x, "the end of the journal", NULL);
    }
    xen_pt_guest_free(g);
}

static bool is_of(const char *list, const char *name)
{
    g_auto(GStrv) names = g_strsplit(list ? list : name, " ", -1);

    return g_strv_contains((const char *const *)names, name);
}

static bool has_row(const Case *c, const Row *row)
{
    return (row->devices & 1u << c->device) && is_of(row->only, c->os->name) &&
           xen_pt_guest_can(c->os, devices[c->device].kind, row->script);
}

/* A row on a QEMU that has run others, and has no device now. */
static bool run_row(XenPT *x, const Case *c, const Row *row)
{
    XenPTGuest *g = xen_pt_guest_new(x, c->os, in_dom0());
    unsigned ndev = has_other(row) ? 2 : 1, bound;
    g_autofree char *verdict = NULL;
    bool ok;

    xen_pt_say(x, "anew");
    for (unsigned i = 0; i < ndev; i++) {
        xen_pt_say(x, "allow %s on", i ? "DEV2" : "DEV");
        g_assert_true(xen_pt_plug(x, i));
    }
    xen_pt_guest_run(g, row->script);
    verdict = xen_pt_guest_verdict(g);
    g_test_message("verdict of %s: %s", row->name, verdict);
    ok = g_str_has_prefix(verdict, "works");
    for (unsigned i = 0; i < ndev; i++) {
        xen_pt_unplug(x, i);
    }
    xen_pt_guest_free(g);
    return ok && xen_pt_pirqs(x, &bound) == 0;
}

/*
 * All rows of a guest on one QEMU, which is a new one only where something was
 * wrong: one that works here works alone.
 */
static void test_all(const void *opaque)
{
    const Case *c = opaque;
    g_autoptr(XenPT) x = NULL;

    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        if (!has_row(c, &rows[r]) || rows[r].before) {
            continue;
        }
        if (!x) {
            x = new_world(c, 2);
            xen_pt_run(x, NULL);
        }
        if (!run_row(x, c, &rows[r])) {
            g_clear_pointer(&x, xen_pt_free);
        }
    }
}

/* @row: NULL for all */
static void add(const Row *row, const XenPTDialect *os, size_t i)
{
    bool has_table = devices[i].kind == XEN_PT_MSIX;

    /* Xen's releases differ in what they do about a table. */
    for (size_t j = 0; j < (has_table ? ARRAY_SIZE(xens) : 1); j++) {
        g_autofree char *path = g_strdup_printf(
            "xen-pt/diff%s%s/%s/%s%s%s", row ? "/" : "-all",
            row ? row->name : "", os->name, devices[i].name,
            has_table ? "/xen-" : "", has_table ? xens[j] : "");
        Case c = { row, os, i, xens[j] };

        if (!row || has_row(&c, row)) {
            qtest_add_data_func_full(path, g_memdup2(&c, sizeof(c)),
                                     row ? test : test_all, g_free);
        }
    }
}

/* For the table: what each row is. */
static int print_scripts(void)
{
    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        printf("%s: %s%s%s\n", rows[r].name, rows[r].script,
               rows[r].before ? "; before: " : "",
               rows[r].before ? rows[r].before : "");
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && g_str_equal(argv[1], "--scripts")) {
        return print_scripts();
    }
    g_test_init(&argc, &argv, NULL);
    for (const XenPTDialect *os = xen_pt_dialects; os->name; os++) {
        for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
            for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
                add(&rows[r], os, i);
            }
            if (os->load[devices[i].kind]) {
                add(NULL, os, i);
            }
        }
    }
    return g_test_run();
}
