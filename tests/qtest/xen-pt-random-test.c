/*
 * QTest: guests that do anything at all, on a host that does, too
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A seed is a world, with two devices, and a number of steps in it. QEMU has to
 * live, to keep what is its invariant at each step, and to give a fresh driver
 * its interrupts at the end. With XEN_PT_SEED, and XEN_PT_STEPS, that seed
 * alone is run; what a failed one did is printed.
 */

#include "qemu/osdep.h"
#include "xen-pt-diff.h"
#include "standard-headers/linux/pci_regs.h"

#define STEPS 300
#define MSI_CONTROL (XEN_PT_CAP_MSI + PCI_MSI_FLAGS)
#define MSIX_CONTROL (XEN_PT_CAP_MSIX + PCI_MSIX_FLAGS)

/* What may happen besides the guest's writes. */
typedef enum Kind {
    GUEST,                      /* nothing */
    DEVICE,                     /* the device acts by itself */
    FAULTS,                     /* accesses and hypercalls fail */
    PLUG_FAULTS,                /* also while a device comes or goes */
    KINDS
} Kind;

static const struct {
    const char *name;
    unsigned seeds;             /* in a run of tests */
} kinds[] = {
    { "guest", 4 },
    { "device", 6 },
    { "faults", 8 },
    { "plug-faults", 16 },
};

typedef struct World {
    XenPT *x;
    XenPTGuest *guest;
    GRand *rand;
    Kind kind;
    unsigned seed, plugs, faults, fds;
    bool there[XEN_PT_MAX_DEVICES];
    bool booted[XEN_PT_MAX_DEVICES];    /* the guest's driver knows it */
    bool failing;               /* an operation may fail just now */
    bool lossy;                 /* one has, or the device has acted */
    bool leaky;                 /* what was undone may have failed */
    bool calm;                  /* nothing shall fail from now on */
    GString *steps;             /* what was done, for a failure */
} World;

static unsigned below(World *w, unsigned n)
{
    return g_rand_int_range(w->rand, 0, n);
}

#define pick(w, array) ((array)[below(w, ARRAY_SIZE(array))])

static void G_GNUC_PRINTF(2, 3) note(World *w, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_string_append_vprintf(w->steps, fmt, ap);
    va_end(ap);
    g_string_append_c(w->steps, '\n');
}

/* A test has failed: what is to be known of it. */
static void abandon(void *opaque)
{
    World *w = opaque;
    g_test_message("seed %u of %s", w->seed, kinds[w->kind].name);
    xen_pt_show_end(w->x, "the last steps", w->steps->str);
    xen_pt_show_end(w->x, "the end of the journal", NULL);
}

static unsigned count_fds(World *w)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd",
                                            qtest_pid(w->x->qts));
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    unsigned n = 0;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        g_autofree char *to = g_file_read_link(link, NULL);

        n += !to || !strstr(to, "memfd:bar");
    }
    g_dir_close(dir);
    return n;
}

static XenPTLayout random_layout(World *w)
{
    static const XenPTLayout layouts[] = {
        { .place = XEN_PT_MIDDLE },
        { .place = XEN_PT_MIDDLE, .maskable = true, .vectors = 2 },
        { .place = XEN_PT_FIRST, .no_msi = true, .entries = 4,
          .table = 0x2000, .pba = 0x3000 },
        { .place = XEN_PT_LAST, .entries = 3, .table = 0x2f00, .pba = 0x2800 },
        { .place = XEN_PT_MIDDLE, .entries = 4, .table = 0x2000,
          .pba = 0x2ff8 },
    };

    return pick(w, layouts);
}

/* A device that is there, or none. */
static int random_device(World *w)
{
    unsigned i = below(w, XEN_PT_MAX_DEVICES);

    return w->there[i] && w->x->dev[i] ? i
         : w->there[!i] && w->x->dev[!i] ? !i : -1;
}

static unsigned random_offset(World *w)
{
    static const uint8_t of_interest[] = {
        PCI_COMMAND, PCI_COMMAND, PCI_COMMAND + 1, PCI_STATUS,
        PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_2, PCI_ROM_ADDRESS,
        PCI_INTERRUPT_LINE, PCI_CACHE_LINE_SIZE,
    };
    static const uint8_t capabilities[] = {
        XEN_PT_CAP_MSI, XEN_PT_CAP_MSI, XEN_PT_CAP_MSIX, XEN_PT_CAP_MSIX,
        XEN_PT_CAP_PM, XEN_PT_CAP_EXP,
    };

    switch (below(w, 8)) {
    case 0:
        return below(w, 256);
    case 1:
        return pick(w, of_interest);
    case 2:
        return pick(w, capabilities) + below(w, 24);
    default:
        return below(w, 2) ? MSI_CONTROL + below(w, 3) - 1
                           : MSIX_CONTROL + below(w, 3) - 1;
    }
}

static uint64_t random_value(World *w, uint64_t old)
{
    static const uint32_t of_interest[] = {
        0, 0xffffffff, 0xfee01000, 0xfee37000, 0xfee02004, 0x41, 0x4300, 0x700,
        0x1, 0x8000, 0xc000, 0x4000, 0x00810000, 0x80000000, 0xc0000000,
    };

    switch (below(w, 4)) {
    case 0:
        return (uint64_t)g_rand_int(w->rand) << 32 | g_rand_int(w->rand);
    case 1:
        return pick(w, of_interest) |
               (uint64_t)pick(w, of_interest) << 32;
    default:
        return old ^ 1ull << below(w, 32);
    }
}

static uint32_t config_read(World *w, unsigned i, unsigned offset,
                            unsigned len)
{
    QPCIDevice *d = w->x->dev[i];

    return len == 1 ? qpci_config_readb(d, offset)
         : len == 2 ? qpci_config_readw(d, offset)
                    : qpci_config_readl(d, offset);
}

static void config_write(World *w, unsigned i, unsigned offset, unsigned len,
                         uint32_t value)
{
    QPCIDevice *d = w->x->dev[i];

    note(w, "dev%u config 0x%02x/%u 0x%0*x", i, offset, len, 2 * len, value);
    if (len == 1) {
        qpci_config_writeb(d, offset, value);
    } else if (len == 2) {
        qpci_config_writew(d, offset, value);
    } else {
        qpci_config_writel(d, offset, value);
    }
}

static bool is_pending(World *w, unsigned i, bool msix)
{
    XenPTStatus st;

    if (msix) {
        xen_pt_msix_status(w->x, i, &st);
    } else {
        xen_pt_status(w->x, i, &st);
    }
    return g_str_equal(st.state, "pending");
}

/* ENABLE as the guest reads it is the device's, once it has been written. */
static void check_enable(World *w, unsigned i, bool msix)
{
    unsigned at = msix ? MSIX_CONTROL : MSI_CONTROL;
    uint16_t bit = msix ? PCI_MSIX_FLAGS_ENABLE : PCI_MSI_FLAGS_ENABLE;
    bool guest, device;

    if (qpci_find_capability(w->x->dev[i], msix ? PCI_CAP_ID_MSIX
                                                : PCI_CAP_ID_MSI, 0) == 0) {
        return;
    }
    guest = config_read(w, i, at, 2) & bit;
    device = xen_pt_hw(w->x, i, at, 2) & bit;
    if (guest != device && !(guest && is_pending(w, i, msix))) {
        g_test_message("ENABLE of %s of dev%u reads %d, the device has %d",
                       msix ? "MSI-X" : "MSI", i, guest, device);
        g_assert_cmpint(guest, ==, device);
    }
}

static void step_config_write(World *w)
{
    static const unsigned lengths[] = { 1, 2, 2, 4 };
    unsigned len = pick(w, lengths), offset = random_offset(w);
    int i = random_device(w);

    if (i < 0) {
        return;
    }
    offset = MIN(offset, 256 - len);
    config_write(w, i, offset, len,
                 random_value(w, config_read(w, i, offset, len)) &
                 (0xffffffffu >> (32 - 8 * len)));
}

static void step_config_read(World *w)
{
    static const unsigned lengths[] = { 1, 2, 4 };
    unsigned len = pick(w, lengths);
    int i = random_device(w);

    if (i >= 0) {
        config_read(w, i, MIN(random_offset(w), 256 - len), len);
    }
}

/* As a driver: the word, with ENABLE and the like as they may be. */
static void step_control(World *w)
{
    static const uint16_t bits[] = { 0x0000, 0x8000, 0xc000, 0x4000 };
    int i = random_device(w);
    uint16_t word;

    if (i < 0) {
        return;
    }
    if (w->x->layout[i].entries && (w->x->layout[i].no_msi || below(w, 2))) {
        word = config_read(w, i, MSIX_CONTROL, 2) & ~0xc000;
        config_write(w, i, MSIX_CONTROL, 2, word | pick(w, bits));
        if (!w->failing) {
            check_enable(w, i, true);
        }
    } else if (!w->x->layout[i].no_msi) {
        word = config_read(w, i, MSI_CONTROL, 2) & ~PCI_MSI_FLAGS_ENABLE;
        config_write(w, i, MSI_CONTROL, 2, word | below(w, 2));
        if (!w->failing) {
            check_enable(w, i, false);
        }
    }
}

/* A message of MSI, be it good or not. */
static void step_message(World *w)
{
    int i = random_device(w);

    if (i < 0 || w->x->layout[i].no_msi) {
        return;
    }
    config_write(w, i, XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO, 4,
                 0xfee00000 | below(w, 0x100) << 12);
    if (below(w, 2)) {
        config_write(w, i, XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI, 4,
                     below(w, 4) ? 0 : g_rand_int(w->rand));
    }
    config_write(w, i, XEN_PT_CAP_MSI + PCI_MSI_DATA_64, 2,
                 below(w, 4) ? 0x40 + below(w, 0x80) : 0x4300);
}

static bool find_table(World *w, unsigned i, uint64_t *at)
{
    uint32_t bar;

    if (!w->x->layout[i].entries ||
        !(config_read(w, i, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY)) {
        return false;
    }
    bar = config_read(w, i, PCI_BASE_ADDRESS_0, 4) & ~0xfu;
    *at = bar + w->x->layout[i].table;
    return bar >= XEN_PT_GUEST0 && bar < 0xf0000000;
}

static void guest_write(World *w, uint64_t at, unsigned len, uint64_t value)
{
    value &= UINT64_MAX >> (64 - 8 * len);
    note(w, "memory 0x%" PRIx64 "/%u 0x%0*" PRIx64, at, len, 2 * len, value);
    xen_pt_guest_write(w->x, at, len, value);
}

/* An entry, or a word of it, or anything on these pages. */
static void step_table(World *w)
{
    static const unsigned lengths[] = { 1, 2, 4, 4, 4, 8, 8 };
    unsigned len = pick(w, lengths);
    int i = random_device(w);
    uint64_t table, at;

    if (i < 0 || !find_table(w, i, &table)) {
        return;
    }
    at = table + below(w, w->x->layout[i].entries) * 16;
    switch (below(w, 4)) {
    case 0:
        at = (table & ~0xfffull) + below(w, 0x1000 / len) * len;
        guest_write(w, at, len, random_value(w, 0));
        break;
    case 1:
        at += below(w, 16 / len) * len;
        guest_write(w, at, len, random_value(w, 0));
        break;
    case 2:
        guest_write(w, at + 12, 4, below(w, 2));
        break;
    default:
        guest_write(w, at, 4, 0xfee00000 | below(w, 0x100) << 12);
        guest_write(w, at + 4, 4, below(w, 8) ? 0 : g_rand_int(w->rand));
        guest_write(w, at + 8, 4, below(w, 4) ? 0x40 + below(w, 0x80)
                                              : 0x4300);
        guest_write(w, at + 12, 4, below(w, 4) == 0);
        break;
    }
    xen_pt_guest_read(w->x, at & ~(uint64_t)(len - 1), len);
}

/* What a driver does, whatever it believes of the device. */
static void step_driver(World *w)
{
    static const char *const lives[] = {
        "boot load", "boot load", "load", "unload", "resume", "off", "on",
        "new-messages", "move-bar", "messages",
    };
    const char *life = pick(w, lives);
    int i = random_device(w);

    if (i >= 0 && (w->booted[i] || g_str_equal(life, "boot load"))) {
        g_auto(GStrv) word = g_strsplit(life, " ", -1);

        w->booted[i] = true;
        for (char **one = word; *one; one++) {
            g_autofree char *other = g_strdup_printf("other:%s", *one);

            note(w, "dev%d: %s", i, *one);
            xen_pt_guest_run(w->guest, i ? other : *one);
        }
    }
}

static void step_place(World *w)
{
    int i = random_device(w);
    uint16_t command;

    if (i < 0) {
        return;
    }
    command = config_read(w, i, PCI_COMMAND, 2);
    if (below(w, 2)) {
        config_write(w, i, PCI_COMMAND, 2, command & ~PCI_COMMAND_MEMORY);
    }
    if (below(w, 4)) {
        config_write(w, i, PCI_BASE_ADDRESS_0, 4,
                     XEN_PT_GUEST0 + below(w, 0x100) * 0x10000);
    }
    config_write(w, i, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY |
                 PCI_COMMAND_MASTER);
}

static void step_reset(World *w)
{
    note(w, "reset");
    xen_pt_reset(w->x);
}

static void step_pirq(World *w)
{
    /* A guest that asks for too many has only itself to blame. */
    if (below(w, 4) == 0) {
        g_free(xen_pt_ask(w->x, "new-pirq"));
    }
}

static const char *name_of(unsigned i)
{
    return i ? "DEV2" : "DEV";
}

/*
 * A device may lose anything, and the host may mask it; that ENABLE sets itself
 * is not of this world.
 */
static uint16_t changed_control(World *w, unsigned i, unsigned at)
{
    uint16_t word = xen_pt_hw(w->x, i, at, 2);

    if (at == MSI_CONTROL) {
        return word & ~PCI_MSI_FLAGS_ENABLE;
    }
    return below(w, 2) ? word & ~PCI_MSIX_FLAGS_ENABLE
                       : word ^ PCI_MSIX_FLAGS_MASKALL;
}

static void step_device(World *w)
{
    unsigned i = below(w, w->x->ndev), at;
    const XenPTLayout *l = &w->x->layout[i];
    const char *name = name_of(i);

    if (w->kind == GUEST) {
        return;
    }
    w->lossy = true;
    switch (below(w, 3)) {
    case 0:
        note(w, "%s loses its state", name);
        xen_pt_say(w->x, "lose %s", name);
        break;
    case 1:
        note(w, "%s interrupts", name);
        xen_pt_say(w->x, "raise %s", name);
        break;
    default:
        at = l->no_msi || (l->entries && below(w, 2)) ? MSIX_CONTROL
                                                      : MSI_CONTROL;
        note(w, "%s changes its control word", name);
        xen_pt_say(w->x, "poke %s 0x%02x/2 0x%04x", name, at,
                   changed_control(w, i, at));
        break;
    }
}

static void heal(World *w)
{
    if (w->failing) {
        note(w, "heal");
        xen_pt_say(w->x, "heal");
    }
    w->failing = false;
    w->faults = 0;
}

/* The next @within operations of a kind: one of them fails, or all after it. */
static void fail_within(World *w, unsigned within)
{
    static const char *const ops[] = {
        "cfg.read", "cfg.read", "cfg.read", "cfg.write", "cfg.write",
        "map_pirq_msi", "bind_msi", "unbind_msi", "unmap_pirq", "map_pirq",
        "bind_pci", "unbind_pci", "memory_mapping", "open_resource",
        "mmap_resource",
    };
    static const char *const ways_of_read[] = {
        "EIO", "ones", "short", "timeout",
    };
    static const char *const ways_of_write[] = {
        "EIO", "silent", "short", "timeout",
    };
    static const char *const errors[] = { "EPERM", "ENOSPC", "EINVAL" };
    const char *op = pick(w, ops);
    const char *way = g_str_equal(op, "cfg.read") ? pick(w, ways_of_read)
                    : g_str_equal(op, "cfg.write") ? pick(w, ways_of_write)
                    : pick(w, errors);
    unsigned nth = 1 + below(w, within);
    const char *on = below(w, 4) ? "" : "+";

    if (w->kind < FAULTS || w->faults == 20) {
        return;
    }
    w->faults++;
    w->failing = w->lossy = true;
    w->leaky |= strstr(op, "un") != NULL;
    note(w, "fail %s %u%s %s", op, nth, on, way);
    xen_pt_say(w->x, "fail %s %u%s %s", op, nth, on, way);
}

static void step_fault(World *w)
{
    fail_within(w, 4);
}

static void step_heal(World *w)
{
    heal(w);
}

/* A device comes or goes, in most cases with something that fails meanwhile. */
static void prepare_plug(World *w)
{
    if (w->kind < PLUG_FAULTS || w->calm) {
        heal(w);
    } else if (below(w, 4)) {
        fail_within(w, 100);
    }
}

static void plug(World *w, unsigned i)
{
    prepare_plug(w);
    note(w, "plug dev%u", i);
    w->there[i] = xen_pt_plug(w->x, i);
    w->plugs++;
    if (w->there[i] && w->x->dev[i]) {
        xen_pt_place(w->x, i, 0, XEN_PT_GUEST0 + i * 0x400000);
    }
    g_assert_true(w->there[i] || w->failing);
}

static void unplug(World *w, unsigned i)
{
    unsigned bound;

    prepare_plug(w);
    note(w, "unplug dev%u", i);
    xen_pt_unplug(w->x, i);
    w->there[i] = w->booted[i] = false;
    if (!w->there[!i] && !w->leaky && !w->failing) {
        g_assert_cmpuint(xen_pt_pirqs(w->x, &bound), ==, 0);
        g_assert_cmpuint(bound, ==, 0);
    }
    /* A device's end may be put off a little, never left out. */
    for (unsigned n = 0; !w->there[!i] && count_fds(w) != w->fds; n++) {
        if (n == 5000) {
            g_assert_cmpuint(count_fds(w), ==, w->fds);
        }
        xen_pt_pirqs(w->x, &bound);
        g_usleep(1000);
    }
}

static void step_plug(World *w)
{
    unsigned i = below(w, w->x->ndev);

    if (w->there[i]) {
        unplug(w, i);
    } else {
        plug(w, i);
    }
}

static const struct {
    void (*run)(World *w);
    unsigned weight;
} steps[] = {
    { step_config_write, 16 },
    { step_config_read, 4 },
    { step_control, 14 },
    { step_message, 8 },
    { step_table, 16 },
    { step_driver, 12 },
    { step_place, 6 },
    { step_reset, 1 },
    { step_pirq, 1 },
    { step_device, 6 },
    { step_fault, 10 },
    { step_heal, 8 },
    { step_plug, 2 },
};

static void one_step(World *w)
{
    unsigned sum = 0, n;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        sum += steps[i].weight;
    }
    n = below(w, sum);
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        if (n < steps[i].weight) {
            steps[i].run(w);
            return;
        }
        n -= steps[i].weight;
    }
}

/* One that knows MSI and MSI-X. */
static const XenPTDialect *random_dialect(World *w)
{
    const XenPTDialect *known[16];
    unsigned n = 0;

    for (const XenPTDialect *os = xen_pt_dialects; os->name; os++) {
        if (os->load[XEN_PT_MSI]) {
            g_assert_cmpuint(n, <, G_N_ELEMENTS(known));
            known[n++] = os;
        }
    }
    return known[below(w, n)];
}

/*
 * All is well again; one of the things that help a user is done. Where Xen has
 * not undone what it was asked to undo, that is a new guest: an MSI-X that is
 * still mapped, an MSI that is mapped too, and Xen counts the first as gone at
 * each time (__pci_enable_msi() in xen/arch/x86/msi.c).
 */
static void revive(World *w)
{
    static const char *const ways[] = {
        "boot load", "boot load unload load",
    };
    bool anew = below(w, 2) || w->leaky;

    heal(w);
    w->calm = true;
    if (below(w, 3) == 0) {
        step_reset(w);
    }
    for (unsigned i = 0; i < w->x->ndev; i++) {
        if (w->there[i] && (anew || !w->x->dev[i])) {
            unplug(w, i);
        }
    }
    if (w->leaky) {
        xen_pt_say(w->x, "anew");
    }
    for (unsigned i = 0; i < w->x->ndev; i++) {
        xen_pt_say(w->x, "allow %s on", name_of(i));
        if (!w->there[i]) {
            plug(w, i);
        }
    }
    note(w, "a fresh driver");
    xen_pt_guest_run(w->guest, pick(w, ways));
    xen_pt_guest_run(w->guest, "other:boot");
    xen_pt_guest_run(w->guest, "other:load");
}

/*
 * A cause is told once for each device that comes, whatever its numbers are.
 * Of registers that refuse a write so many are told.
 */
#define REFUSED "warning: #:#:#.#: a write to config space is refused: "
#define REGISTERS 16

static void check_log(World *w)
{
    g_autofree char *path = g_build_filename(w->x->dir, "log", NULL);
    g_autoptr(GRegex) number = g_regex_new("0x[0-9a-f]+|[0-9]+", 0, 0, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    g_autofree char *log = NULL, *causes = NULL;
    g_auto(GStrv) lines = NULL;

    g_assert_true(g_file_get_contents(path, &log, NULL, NULL));
    causes = g_regex_replace_literal(number, log, -1, 0, "#", 0, NULL);
    lines = g_strsplit(causes, "\n", -1);
    for (char **l = lines; *l && **l; l++) {
        unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(seen, *l)) + 1;
        unsigned most = w->plugs * (strstr(*l, REFUSED) ? REGISTERS : 1);

        if (n > most) {
            g_test_message("said %u times: %s", n, *l);
            g_assert_cmpuint(n, <=, most);
        }
        g_hash_table_insert(seen, g_strdup(*l), GUINT_TO_POINTER(n));
    }
}

static void test(unsigned seed, Kind kind)
{
    const char *count = g_getenv("XEN_PT_STEPS");
    World w = { .x = xen_pt_new(), .kind = kind, .seed = seed };
    g_autofree char *verdict = NULL;
    unsigned n = count ? atoi(count) : STEPS;

    w.rand = g_rand_new_with_seed(seed * KINDS + kind);
    w.steps = g_string_new(NULL);
    qtest_add_abrt_handler(abandon, &w);
    xen_pt_say(w.x, "xen %s", below(&w, 2) ? "4.17" : "4.20");
    xen_pt_say(w.x, "extra-irqs 200");
    w.x->permissive = seed % 2;
    for (unsigned i = 0; i < XEN_PT_MAX_DEVICES; i++) {
        XenPTLayout layout = random_layout(&w);

        xen_pt_add(w.x, &layout);
    }
    xen_pt_run(w.x, NULL);
    w.fds = count_fds(&w);
    w.guest = xen_pt_guest_new(w.x, random_dialect(&w), false);
    plug(&w, 0);
    plug(&w, 1);
    for (unsigned i = 0; i < n; i++) {
        one_step(&w);
    }
    revive(&w);
    verdict = xen_pt_guest_verdict(w.guest);
    if (!g_str_has_prefix(verdict, "works")) {
        g_test_message("a fresh driver: %s", verdict);
        g_assert_cmpstr(verdict, ==, "works");
    }
    check_log(&w);

    qtest_remove_abrt_handler(&w);
    xen_pt_guest_free(w.guest);
    xen_pt_free(w.x);
    g_rand_free(w.rand);
    g_string_free(w.steps, true);
}

static void test_seed(const void *opaque)
{
    unsigned n = GPOINTER_TO_UINT(opaque);

    test(n / KINDS, n % KINDS);
}

int main(int argc, char **argv)
{
    const char *seed = g_getenv("XEN_PT_SEED");
    g_test_init(&argc, &argv, NULL);
    for (unsigned k = 0; k < KINDS; k++) {
        unsigned first = seed ? atoi(seed) : 1;
        unsigned last = seed ? first : kinds[k].seeds;

        for (unsigned s = first; s <= last; s++) {
            g_autofree char *path = g_strdup_printf("xen-pt/random/%s/%u",
                                                    kinds[k].name, s);

            qtest_add_data_func(path, GUINT_TO_POINTER(s * KINDS + k),
                                test_seed);
        }
    }
    return g_test_run();
}
