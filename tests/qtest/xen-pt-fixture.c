/*
 * QTest fixture: a device passed through, on a fake Xen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "xen-pt-fixture.h"
#include "block/qdict.h"
#include "libqos/pci-pc.h"
#include "standard-headers/linux/pci_regs.h"

#define SLOT 4                  /* of the guest's first device */
#define EJECT_PORT 0xae08       /* ACPI PCI hot-plug of the PIIX4 */
#define EVENT_PORT 0xafe0       /* and its events, cleared by writing 1 */

static const char *const bdf[] = { "0000:00:05.0", "0000:00:06.0" };
static const char *const local_bdf[] = { "0000:00:00.0", "0000:00:01.0" };

static char *path_of(XenPT *x, const char *name)
{
    return g_build_filename(x->dir, name, NULL);
}

/* From @offset on; what is not there is empty. */
static char *contents(XenPT *x, const char *name, gsize offset, gsize *len)
{
    g_autofree char *path = path_of(x, name);
    int fd = open(path, O_RDONLY);
    struct stat st = { 0 };
    char *text;

    if (fd >= 0) {
        g_assert_cmpint(fstat(fd, &st), ==, 0);
    }
    *len = st.st_size > offset ? st.st_size - offset : 0;
    text = g_malloc0(*len + 1);
    if (fd >= 0) {
        g_assert_cmpint(pread(fd, text, *len, offset), ==, *len);
        close(fd);
    }
    return text;
}

/* The words "DEV" and "DEV2" as the devices' addresses. */
static char *expand(const char *line)
{
    g_auto(GStrv) word = g_strsplit(line, " ", -1);

    for (char **w = word; *w; w++) {
        for (size_t i = 0; i < ARRAY_SIZE(bdf); i++) {
            if (g_str_equal(*w, i ? "DEV2" : "DEV")) {
                g_free(*w);
                *w = g_strdup(bdf[i]);
                break;
            }
        }
    }
    return g_strjoinv(" ", word);
}

static void remove_files(XenPT *x)
{
    static const char *const files[] = {
        "control", "journal", "log", "0.dump", "1.dump",
    };

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        g_autofree char *path = path_of(x, files[i]);

        unlink(path);
    }
    rmdir(x->dir);
}

static void show(const char *title, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_test_message("%s:", title);
    for (char **l = lines; *l && **l; l++) {
        g_test_message("  %s", *l);
    }
}

/* A test has failed: keep what QEMU said, and leave nothing behind. */
static void abandon(void *opaque)
{
    XenPT *x = opaque;
    gsize len;
    g_autofree char *log = contents(x, "log", 0, &len);

    if (len) {
        show("QEMU said", log);
    }
    remove_files(x);
}

XenPT *xen_pt_new(void)
{
    XenPT *x = g_new0(XenPT, 1);

    x->dir = g_dir_make_tmp("xen-pt-XXXXXX", NULL);
    g_assert_nonnull(x->dir);
    qtest_add_abrt_handler(abandon, x);
    xen_pt_say(x, "domid 1");
    if (g_getenv("FAKEXEN_DEVMEM")) {
        xen_pt_say(x, "devmem on");
    }
    return x;
}

void xen_pt_free(XenPT *x)
{
    for (unsigned i = 0; i < x->ndev; i++) {
        g_free(x->dev[i]);
    }
    if (x->qts) {
        qpci_free_pc(x->bus);
        qtest_quit(x->qts);
    }
    qtest_remove_abrt_handler(x);
    remove_files(x);
    g_free(x->dir);
    g_free(x);
}

void xen_pt_say(XenPT *x, const char *fmt, ...)
{
    g_autofree char *path = path_of(x, "control");
    g_autofree char *text = NULL, *line = NULL;
    va_list ap;
    FILE *f;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    line = expand(text);

    f = fopen(path, "a");
    g_assert_nonnull(f);
    fprintf(f, "%s\n", line);
    g_assert_cmpint(fclose(f), ==, 0);
}

static void put(uint8_t *p, unsigned len, uint32_t value)
{
    for (unsigned i = 0; i < len; i++) {
        p[i] = value >> (8 * i);
    }
}

/* A capability at @at, behind the one that @link points to. */
static uint8_t *chain(uint8_t *config, uint8_t **link, uint8_t at, uint8_t id)
{
    **link = at;
    config[at] = id;
    *link = &config[at + PCI_CAP_LIST_NEXT];
    return config + at;
}

static void add_pm(uint8_t *config, uint8_t **link)
{
    uint8_t *cap = chain(config, link, XEN_PT_CAP_PM, PCI_CAP_ID_PM);

    put(cap + PCI_PM_PMC, 2, 0x0003);
}

static void add_exp(uint8_t *config, uint8_t **link)
{
    uint8_t *cap = chain(config, link, XEN_PT_CAP_EXP, PCI_CAP_ID_EXP);

    put(cap + PCI_EXP_FLAGS, 2, 0x0002);
    put(cap + PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_FLR);
}

static uint16_t first_control(const XenPTLayout *l)
{
    return (l->is32 ? 0 : PCI_MSI_FLAGS_64BIT) |
           (l->maskable ? PCI_MSI_FLAGS_MASKBIT : 0) | l->vectors << 1 |
           l->control;
}

static void add_msi(uint8_t *config, uint8_t **link, const XenPTLayout *l)
{
    uint8_t *cap = chain(config, link, XEN_PT_CAP_MSI, PCI_CAP_ID_MSI);

    put(cap + PCI_MSI_FLAGS, 2, first_control(l));
}

static void add_msix(uint8_t *config, uint8_t **link, const XenPTLayout *l)
{
    uint8_t *cap = chain(config, link, XEN_PT_CAP_MSIX, PCI_CAP_ID_MSIX);

    put(cap + PCI_MSIX_FLAGS, 2, (l->entries - 1) | l->control_x);
    put(cap + PCI_MSIX_TABLE, 4, l->table);
    put(cap + PCI_MSIX_PBA, 4, l->pba);
}

static void add_bar(GString *text, uint8_t *config, unsigned bar,
                    uint32_t base, unsigned size)
{
    put(config + PCI_BASE_ADDRESS_0 + 4 * bar, 4, base);
    g_string_append_printf(text, "\tRegion %u: Memory at %08x [size=%u]\n",
                           bar, base, size);
}

/* A network controller, as `lspci -vvxxx` would show it. */
static void write_dump(XenPT *x, unsigned i)
{
    const XenPTLayout *l = &x->layout[i];
    g_autofree char *name = g_strdup_printf("%u.dump", i);
    g_autofree char *path = path_of(x, name);
    g_autoptr(GString) text = g_string_new(NULL);
    uint8_t config[256] = { 0 }, *link = &config[PCI_CAPABILITY_LIST];

    put(config + PCI_VENDOR_ID, 4, l->ids ? l->ids : 0x10f01af4 + (i << 16));
    put(config + PCI_COMMAND, 2, l->undecoded ? 0 : PCI_COMMAND_MEMORY);
    put(config + PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
    put(config + PCI_CLASS_DEVICE, 2, 0x0200);
    config[PCI_INTERRUPT_PIN] = 1;

    if (l->place == XEN_PT_MIDDLE || l->place == XEN_PT_LAST) {
        add_pm(config, &link);
    }
    if (!l->no_msi) {
        add_msi(config, &link, l);
    }
    if (l->place == XEN_PT_MIDDLE || l->place == XEN_PT_FIRST) {
        add_exp(config, &link);
    }
    if (l->entries) {
        add_msix(config, &link, l);
    }

    g_string_append_printf(text, "%s Ethernet controller\n", bdf[i] + 5);
    g_string_append_printf(text, "\tInterrupt: pin A routed to IRQ %u\n",
                           17 + i);
    if (l->large) {
        add_bar(text, config, 0, XEN_PT_LARGE(i), l->large);
    } else {
        add_bar(text, config, 0, XEN_PT_BAR0(i) + l->small,
                l->small ? l->small : XEN_PT_BAR0_SIZE);
    }
    add_bar(text, config, 2, XEN_PT_BAR2(i), XEN_PT_BAR2_SIZE);
    if (l->rom) {
        put(config + PCI_ROM_ADDRESS, 4, XEN_PT_ROM);
        g_string_append_printf(text, "\tExpansion ROM at %08x [size=64K]\n",
                               XEN_PT_ROM);
    }
    for (unsigned j = 0; j < sizeof(config); j++) {
        if (j % 16 == 0) {
            g_string_append_printf(text, "%02x:", j);
        }
        g_string_append_printf(text, " %02x%s", config[j],
                               j % 16 == 15 ? "\n" : "");
    }
    g_assert(g_file_set_contents(path, text->str, text->len, NULL));
    xen_pt_say(x, "device %s %s %s", bdf[i], path, local_bdf[i]);
    xen_pt_say(x, "allow %s on", bdf[i]);
}

void xen_pt_add(XenPT *x, const XenPTLayout *layout)
{
    g_assert_cmpuint(x->ndev, <, XEN_PT_MAX_DEVICES);
    x->layout[x->ndev] = *layout;
    write_dump(x, x->ndev++);
}

static void find(XenPT *x, unsigned i)
{
    x->dev[i] = qpci_device_find(x->bus, QPCI_DEVFN(SLOT + i, 0));
    g_assert_nonnull(x->dev[i]);
}

void xen_pt_run(XenPT *x, const char *properties)
{
    const char *library = g_getenv("FAKEXEN_LIBRARY");
    g_autoptr(GString) args = g_string_new(
        "-M pc,suppress-vmdesc=on -accel xen -xen-domid 1 -m 64 -nodefaults "
        "-vga none");

    for (unsigned i = 0; properties && i < x->ndev; i++) {
        g_string_append_printf(args, " -device xen-pci-passthrough,id=dev%u,"
                               "hostaddr=%s,addr=%02x.0%s", i, bdf[i],
                               SLOT + i, properties);
    }
    if (x->permissive) {
        g_string_append(args, " -global xen-pci-passthrough.permissive=on");
    }
    g_string_append_printf(args, " 2>%s/log", x->dir);

    if (!library) {
        g_test_message("FAKEXEN_LIBRARY must name libfakexen.so");
        g_assert_nonnull(library);
    }
    g_setenv("FAKEXEN", x->dir, true);
    g_setenv("LD_PRELOAD", library, true);
    x->qts = qtest_init(args->str);
    g_unsetenv("LD_PRELOAD");
    x->bus = qpci_new_pc(x->qts, NULL);
    for (unsigned i = 0; properties && i < x->ndev; i++) {
        find(x, i);
    }
}

XenPT *xen_pt_start(const XenPTLayout *layout)
{
    XenPT *x = xen_pt_new();

    xen_pt_add(x, layout);
    xen_pt_run(x, "");
    xen_pt_skip(x);
    return x;
}

bool xen_pt_plug_with(XenPT *x, unsigned i, const char *property,
                      const char *value)
{
    g_autofree char *id = g_strdup_printf("dev%u", i);
    g_autofree char *addr = g_strdup_printf("%02x.0", SLOT + i);
    QDict *arguments = qdict_new(), *reply;
    bool ok;

    qdict_put_str(arguments, "driver", "xen-pci-passthrough");
    qdict_put_str(arguments, "id", id);
    qdict_put_str(arguments, "hostaddr", bdf[i]);
    qdict_put_str(arguments, "addr", addr);
    if (property) {
        qdict_put_str(arguments, property, value);
    }
    reply = qtest_qmp(x->qts, "{ 'execute': 'device_add', 'arguments': %p }",
                      arguments);
    ok = qdict_haskey(reply, "return");
    qobject_unref(reply);
    if (ok) {
        x->dev[i] = qpci_device_find(x->bus, QPCI_DEVFN(SLOT + i, 0));
    }
    return ok;
}

bool xen_pt_plug(XenPT *x, unsigned i)
{
    return xen_pt_plug_with(x, i, NULL, NULL);
}

void xen_pt_unplug(XenPT *x, unsigned i)
{
    g_autofree char *id = g_strdup_printf("dev%u", i);

    qtest_qmp_device_del_send(x->qts, id);
    qtest_outl(x->qts, EJECT_PORT, 1u << (SLOT + i));
    qtest_qmp_eventwait(x->qts, "DEVICE_DELETED");
    g_clear_pointer(&x->dev[i], g_free);
}

static const char *register_name(const XenPTLayout *l, unsigned offset,
                                 unsigned len)
{
    const struct {
        const char *name;
        unsigned offset, len;
        bool there;
    } regs[] = {
        { "COMMAND", PCI_COMMAND, 2, true },
        { "CONTROL", XEN_PT_CAP_MSI + PCI_MSI_FLAGS, 2, true },
        { "ADDRESS", XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO, 4, true },
        { "UPPER", XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI, 4, !l->is32 },
        { "DATA", XEN_PT_CAP_MSI + PCI_MSI_DATA_32, 2, l->is32 },
        { "DATA", XEN_PT_CAP_MSI + PCI_MSI_DATA_64, 2, !l->is32 },
        { "MASK", XEN_PT_CAP_MSI + PCI_MSI_MASK_32, 4,
          l->maskable && l->is32 },
        { "MASK", XEN_PT_CAP_MSI + PCI_MSI_MASK_64, 4,
          l->maskable && !l->is32 },
        { "PENDING", XEN_PT_CAP_MSI + PCI_MSI_PENDING_32, 4,
          l->maskable && l->is32 },
        { "PENDING", XEN_PT_CAP_MSI + PCI_MSI_PENDING_64, 4,
          l->maskable && !l->is32 },
        { "CONTROL_X", XEN_PT_CAP_MSIX + PCI_MSIX_FLAGS, 2, l->entries },
        { "TABLE", XEN_PT_CAP_MSIX + PCI_MSIX_TABLE, 4, l->entries },
        { "PBA", XEN_PT_CAP_MSIX + PCI_MSIX_PBA, 4, l->entries },
    };

    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        if (regs[i].there && regs[i].offset == offset &&
            regs[i].len == len) {
            return regs[i].name;
        }
    }
    return NULL;
}

/* "cfg 0000:00:05.0 read 0x52/2 = ..." as "cfg DEV read CONTROL = ..." */
static char *readable(XenPT *x, const char *line)
{
    static const char *const device[] = { "DEV", "DEV2" };
    g_auto(GStrv) word = g_strsplit(line, " ", 5);
    unsigned offset, len;

    for (int i = 0; i < 2; i++) {
        for (char **w = word; *w; w++) {
            if (g_str_equal(*w, bdf[i])) {
                g_free(*w);
                *w = g_strdup(device[i]);
            }
        }
        if (g_strv_length(word) > 3 && g_str_equal(word[1], device[i]) &&
            sscanf(word[3], "0x%x/%u", &offset, &len) == 2) {
            const char *name = register_name(&x->layout[i], offset, len);

            if (name) {
                g_free(word[3]);
                word[3] = g_strdup(name);
            }
        }
    }
    return g_strjoinv(" ", word);
}

char *xen_pt_journal(XenPT *x, const char *kinds)
{
    g_auto(GStrv) kind = g_strsplit(kinds, " ", -1);
    g_autoptr(GString) result = g_string_new(NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    gsize len;

    text = contents(x, "journal", x->seen, &len);
    lines = g_strsplit(text, "\n", -1);
    x->seen += len;
    for (char **l = lines; *l; l++) {
        g_autofree char *first = g_strndup(*l, strcspn(*l, " "));

        if (*first && g_strv_contains((const char *const *)kind, first)) {
            g_autofree char *line = readable(x, *l);

            g_string_append_printf(result, "%s\n", line);
        }
    }
    return g_string_free(g_steal_pointer(&result), false);
}

GStrv xen_pt_operations(XenPT *x)
{
    g_autofree char *journal = xen_pt_journal(x, "cfg xc");
    g_auto(GStrv) lines = g_strsplit(journal, "\n", -1);
    GStrv ops = g_new0(char *, g_strv_length(lines) + 1);
    unsigned n = 0;

    for (char **l = lines; **l; l++) {
        /* a map has a second line, for its result */
        if (!g_str_has_prefix(*l, "xc map_pirq_msi =")) {
            ops[n++] = g_strdup(*l);
        }
    }
    g_assert_cmpuint(n, >, 0);
    return ops;
}

void xen_pt_skip(XenPT *x)
{
    g_free(xen_pt_journal(x, ""));
}

void xen_pt_expect_text(const char *file, int line, const char *text,
                        const char *lines)
{
    if (!g_str_equal(text, lines)) {
        show("expected", lines);
        show("was", text);
        g_assertion_message(G_LOG_DOMAIN, file, line, __func__,
                            "the journal is not as expected");
    }
}

void xen_pt_expect_kinds(const char *file, int line, XenPT *x,
                         const char *kinds, const char *lines)
{
    g_autofree char *journal = xen_pt_journal(x, kinds);

    xen_pt_expect_text(file, line, journal, lines);
}

/*
 * Commands are taken in before an operation. Clearing no event causes one, as
 * Xen is told the level of the events' interrupt, and touches no device.
 */
char *xen_pt_ask(XenPT *x, const char *command)
{
    gsize seen = x->seen;
    char *answer;

    xen_pt_skip(x);
    xen_pt_say(x, "%s", command);
    qtest_outb(x->qts, EVENT_PORT, 0);
    answer = xen_pt_journal(x, "now");
    x->seen = seen;
    return answer;
}

uint32_t xen_pt_hw(XenPT *x, unsigned i, uint8_t offset, unsigned len)
{
    g_autofree char *command = g_strdup_printf("show %s 0x%02x/%u", bdf[i],
                                               offset, len);
    g_autofree char *answer = xen_pt_ask(x, command);
    const char *value = strstr(answer, "= ");

    g_assert_nonnull(value);
    return g_ascii_strtoull(value + 2, NULL, 16);
}

uint32_t xen_pt_hw_entry(XenPT *x, unsigned i, unsigned entry, XenPTWord word)
{
    uint32_t table = x->layout[i].table;
    g_autofree char *command = g_strdup_printf(
        "show %s bar%u+0x%x/4", bdf[i], table & PCI_MSIX_TABLE_BIR,
        (table & PCI_MSIX_TABLE_OFFSET) + entry * 16 + word * 4);
    g_autofree char *answer = xen_pt_ask(x, command);
    const char *value = strstr(answer, "= ");

    g_assert_nonnull(value);
    return g_ascii_strtoull(value + 2, NULL, 16);
}

char *xen_pt_hw_config(XenPT *x, unsigned i)
{
    g_autofree char *command = g_strdup_printf("config %s", bdf[i]);

    return xen_pt_ask(x, command);
}

unsigned xen_pt_pirqs(XenPT *x, unsigned *bound)
{
    g_autofree char *answer = xen_pt_ask(x, "pirqs");
    unsigned mapped;

    g_assert_cmpint(sscanf(answer, "now pirqs mapped %u bound %u", &mapped,
                           bound), ==, 2);
    return mapped;
}

bool xen_pt_interrupts(XenPT *x, unsigned i, unsigned entry)
{
    g_autofree char *command = x->layout[i].entries
        ? g_strdup_printf("raise %s %u", bdf[i], entry)
        : g_strdup_printf("raise %s", bdf[i]);
    g_autofree char *text = NULL;

    xen_pt_skip(x);
    g_free(xen_pt_ask(x, command));
    text = xen_pt_journal(x, "guest");
    return strstr(text, " interrupt pirq ");
}

static unsigned count_files(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

/* The fake's BARs are files of that name. */
static unsigned count_mappings(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", (int)pid);
    g_autofree char *text = NULL;
    unsigned n = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (const char *at = text; (at = strstr(at, "memfd:bar")); at++) {
        n++;
    }
    return n;
}

XenPTHeld xen_pt_held(XenPT *x)
{
    g_autofree char *answer = xen_pt_ask(x, "left");
    pid_t pid = qtest_pid(x->qts);
    XenPTHeld held = {
        .files = count_files(pid),
        .mappings = count_mappings(pid),
    };

    g_assert_cmpint(sscanf(answer, "now left mapped %u bound %u ranges %u",
                           &held.mapped, &held.bound, &held.ranges), ==, 3);
    return held;
}

unsigned xen_pt_log_lines(XenPT *x, const char *text)
{
    gsize len;
    g_autofree char *log = contents(x, "log", 0, &len);
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    unsigned n = 0;

    for (char **l = lines; *l; l++) {
        n += strstr(*l, text) ? 1 : 0;
    }
    return n;
}

void xen_pt_place(XenPT *x, unsigned i, unsigned bar, uint32_t address)
{
    uint16_t command = qpci_config_readw(x->dev[i], PCI_COMMAND);

    qpci_config_writel(x->dev[i], PCI_BASE_ADDRESS_0 + 4 * bar, address);
    qpci_config_writew(x->dev[i], PCI_COMMAND, command | PCI_COMMAND_MEMORY |
                       PCI_COMMAND_MASTER);
}

void xen_pt_write(XenPT *x, uint64_t address, unsigned len, uint64_t value)
{
    switch (len) {
    case 1:
        qtest_writeb(x->qts, address, value);
        break;
    case 2:
        qtest_writew(x->qts, address, value);
        break;
    case 4:
        qtest_writel(x->qts, address, value);
        break;
    default:
        g_assert_cmpuint(len, ==, 8);
        qtest_writeq(x->qts, address, value);
        break;
    }
}

uint64_t xen_pt_read(XenPT *x, uint64_t address, unsigned len)
{
    switch (len) {
    case 1:
        return qtest_readb(x->qts, address);
    case 2:
        return qtest_readw(x->qts, address);
    case 4:
        return qtest_readl(x->qts, address);
    default:
        g_assert_cmpuint(len, ==, 8);
        return qtest_readq(x->qts, address);
    }
}

void xen_pt_guest_write(XenPT *x, uint64_t address, unsigned len,
                        uint64_t value)
{
    g_autofree char *command = g_strdup_printf(
        "guest-write 0x%" PRIx64 "/%u 0x%" PRIx64, address, len, value);
    g_autofree char *answer = xen_pt_ask(x, command);

    if (!g_str_equal(answer, "now guest-write done\n")) {
        g_assert_cmpstr(answer, ==, "now guest-write pass\n");
        xen_pt_write(x, address, len, value);
        g_free(xen_pt_ask(x, "guest-written"));
    }
}

uint64_t xen_pt_guest_read(XenPT *x, uint64_t address, unsigned len)
{
    g_autofree char *command = g_strdup_printf("guest-read 0x%" PRIx64 "/%u",
                                               address, len);
    g_autofree char *answer = xen_pt_ask(x, command);
    const char *value = strstr(answer, " 0x");

    if (value) {
        return g_ascii_strtoull(value + 1, NULL, 16);
    }
    g_assert_cmpstr(answer, ==, "now guest-read pass\n");
    return xen_pt_read(x, address, len);
}

unsigned xen_pt_caps(XenPT *x, unsigned i, uint8_t *ids)
{
    uint8_t at = qpci_config_readb(x->dev[i], PCI_CAPABILITY_LIST);
    unsigned n = 0;

    while (at && n < 8) {
        ids[n++] = qpci_config_readb(x->dev[i], at + PCI_CAP_LIST_ID);
        at = qpci_config_readb(x->dev[i], at + PCI_CAP_LIST_NEXT);
    }
    return n;
}

QDict *xen_pt_qom_get(XenPT *x, unsigned i, const char *property)
{
    g_autofree char *path = g_strdup_printf("/machine/peripheral/dev%u", i);
    QDict *reply = qtest_qmp(x->qts, "{ 'execute': 'qom-get', 'arguments': "
                             "{ 'path': %s, 'property': %s } }",
                             path, property);

    if (!qdict_haskey(reply, "return")) {
        g_test_message("there is no property %s", property);
        g_assert_not_reached();
    }
    qdict_flatten(reply);
    return reply;
}

void xen_pt_reset(XenPT *x)
{
    qtest_qmp_assert_success(x->qts, "{ 'execute': 'system_reset' }");
    qtest_qmp_eventwait(x->qts, "RESET");
}

void xen_pt_assert_lost(XenPT *x, unsigned i, const char *vectors)
{
    QDict *reply = xen_pt_qom_get(x, i, "msix-status");
    int lost = qdict_array_entries(reply, "return.lost.");
    g_autoptr(GString) text = g_string_new(NULL);

    for (int n = 0; n < lost; n++) {
        g_autofree char *key = g_strdup_printf("return.lost.%d", n);

        g_string_append_printf(text, "%s%" PRId64, text->len ? " " : "",
                               qdict_get_int(reply, key));
    }
    g_assert_cmpstr(text->str, ==, vectors);
    qobject_unref(reply);
}

void xen_pt_status_of(XenPT *x, unsigned i, const char *property,
                      XenPTStatus *status)
{
    QDict *reply = xen_pt_qom_get(x, i, property);

    g_strlcpy(status->state, qdict_get_str(reply, "return.state"),
              sizeof(status->state));
    g_strlcpy(status->step, qdict_get_str(reply, "return.fault.step"),
              sizeof(status->step));
    status->error = qdict_get_int(reply, "return.fault.errno");
    status->undo_failures = qdict_get_int(reply, "return.undo-failures");
    status->npirqs = qdict_array_entries(reply, "return.pirqs.");
    status->pirq = qdict_get_try_int(reply, "return.pirqs.0", -1);
    qobject_unref(reply);
}

const char *const xen_pt_messages[] = {
    "vtd", "vtd-x2apic", "amd", "amd-x2apic", "amd-old", "amd-old-x2apic",
    "plain", "plain-x2apic", NULL
};
const char *const xen_pt_hypercall_ways[] = { "EPERM", "ENOSPC", NULL };
const char *const xen_pt_read_ways[] = {
    "EIO", "ones", "short", "timeout", NULL
};
const char *const xen_pt_write_ways[] = {
    "EIO", "silent", "short", "timeout", NULL
};

const char *const *xen_pt_ways_of(const char *line)
{
    return g_str_has_prefix(line, "xc") ? xen_pt_hypercall_ways :
           strstr(line, " read ") ? xen_pt_read_ways : xen_pt_write_ways;
}

void xen_pt_walk_probe(const XenPTLayout *layout, const XenPTWalk *ops,
                       size_t n)
{
    unsigned paths = 0;

    for (const XenPTWalk *op = ops; op < ops + n; op++) {
        for (unsigned k = 1; k <= op->n; k++) {
            for (const char *const *way = op->ways; *way; way++) {
                XenPT *x = xen_pt_new();
                g_autofree char *found = NULL, *left = NULL;

                xen_pt_add(x, layout);
                xen_pt_run(x, NULL);
                found = xen_pt_hw_config(x, 0);
                xen_pt_say(x, "fail %s %u %s", op->op, k, *way);
                g_test_message("%s %u fails by %s: %s", op->op, k, *way,
                               xen_pt_plug(x, 0) ? "there" : "not taken");
                xen_pt_say(x, "heal");
                left = xen_pt_hw_config(x, 0);
                g_assert_cmpstr(left, ==, found);
                paths++;
                xen_pt_free(x);
            }
        }
    }
    g_test_message("%u failure paths", paths);
}
