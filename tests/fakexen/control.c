/*
 * A fake Xen: what a test says
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * FAKEXEN names a directory. A test writes commands to the file "control" in
 * it before QEMU starts, and appends more while it runs: all that is there is
 * taken in before each operation. The file "journal" is the answer. Which lines
 * there are, and what they do, is in the table commands[] below.
 */

#include "fakexen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FkWorld fk;

static FkDump dumps[FK_MAX_DEVICES];    /* what the devices were made from */

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void fk_lock(void)
{
    pthread_mutex_lock(&lock);
}

void fk_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void fk_die(const char *fmt, ...)
{
    va_list ap;

    fputs("fakexen: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

bool fk_wrong(char *error, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, FK_ERROR_MAX, fmt, ap);
    va_end(ap);
    return false;
}

void fk_unknown(const char *function)
{
    fk_die("%s() is called, which is not modelled", function);
}

void fk_init(void)
{
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        fk_memory_free(&fk.dev[i]);
    }
    memset(&fk, 0, sizeof(fk));
    fk.domid = 1;
    fk.stubdom = true;
    fk.xen = 417;
    fk.kernel = FK_LINUX_6_8;
    fk.extra_irqs = 32;
    fk.gsis = 24;
    fk_xen_init();
    fk_store_init();
    fk_p2m_init();
    fk_pcifront_init();
    fk_fault_clear();
}

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
    const char *end = fk_number(text, 0, value);

    return end && !*end && *value <= max;
}

static bool wrong(char *error, const char *what, const char *text)
{
    fk_wrong(error, "'%.60s' is not %s", text, what);
    return false;
}

static bool parse_switch(const char *text, bool *value, char *error)
{
    *value = !strcmp(text, "on");
    return *value || !strcmp(text, "off") || wrong(error, "on or off", text);
}

static FkDevice *parse_device(const char *text, char *error)
{
    FkBdf bdf;
    FkDevice *d = fk_bdf_parse(text, &bdf) ? fk_device_find(&bdf) : NULL;

    if (!d) {
        wrong(error, "a device that there is", text);
    }
    return d;
}

static bool cmd_xen(char **arg, char *error)
{
    unsigned major, minor, point = 0;
    int n = 0;

    if (sscanf(arg[0], "%u.%u%n.%u%n", &major, &minor, &n, &point, &n) < 2 ||
        arg[0][n] || minor > 99) {
        return wrong(error, "a version of Xen", arg[0]);
    }
    fk.xen = major * 100 + minor;
    fk.xen_point = point;
    return true;
}

static bool cmd_kernel(char **arg, char *error)
{
    static const char *const names[] = {
        [FK_LINUX_5_4] = "5.4",
        [FK_LINUX_5_6] = "5.6",
        [FK_LINUX_6_1] = "6.1",
        [FK_LINUX_6_8] = "6.8",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(names[i], arg[0])) {
            fk.kernel = i;
            return true;
        }
    }
    return wrong(error, "one of 5.4, 5.6, 6.1, 6.8", arg[0]);
}

static bool cmd_message(char **arg, char *error)
{
    static const char *const names[] = {
        [FK_MESSAGE_VTD] = "vtd",
        [FK_MESSAGE_AMD] = "amd",
        [FK_MESSAGE_AMD_OLD] = "amd-old",
        [FK_MESSAGE_PLAIN] = "plain",
    };
    char *colon = strchr(arg[0], ':');
    uint64_t address, data;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strlen(names[i]);
        bool x2apic = !strncmp(arg[0], names[i], len) &&
                      !strcmp(arg[0] + len, "-x2apic");

        if (x2apic || !strcmp(names[i], arg[0])) {
            fk.form = i;
            fk.x2apic = x2apic;
            return true;
        }
    }
    if (colon) {
        *colon = '\0';
    }
    if (!colon || !parse_number(arg[0], UINT64_MAX, &address) ||
        !parse_number(colon + 1, UINT32_MAX, &data)) {
        return wrong(error, "a form of messages, nor ADDRESS:DATA", arg[0]);
    }
    fk.form = FK_MESSAGE_RAW;
    fk.raw_address = address;
    fk.raw_data = data;
    return true;
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t size = 0;

    if (!f) {
        return NULL;
    }
    /* No file has a NUL in it that is of use here. */
    if (getdelim(&text, &size, '\0', f) < 0) {
        free(text);
        text = strdup("");
    }
    fclose(f);
    return text;
}

static bool cmd_device(char **arg, char *error)
{
    char why[FK_ERROR_MAX], *text;
    FkBdf bdf, local;
    FkDevice *d;
    FkDump *dump;
    bool ok;

    if (!fk_bdf_parse(arg[0], &bdf) || fk_device_find(&bdf)) {
        return wrong(error, "the address of a new device", arg[0]);
    }
    local = bdf;
    if (arg[2] && !fk_bdf_parse(arg[2], &local)) {
        return wrong(error, "a device's address", arg[2]);
    }
    d = fk_device_add();
    if (!d) {
        return fk_wrong(error, "more than %d devices", FK_MAX_DEVICES);
    }
    text = read_all(arg[1]);
    if (!text) {
        return fk_wrong(error, "%.120s: %s", arg[1], strerror(errno));
    }
    dump = calloc(1, sizeof(*dump));
    ok = dump && fk_dump_parse(text, "", dump, why);
    if (ok) {
        dump->bdf = bdf;
        d->local = local;
        fk_device_init(d, dump);
        dumps[d - fk.dev] = *dump;
    } else {
        fk_wrong(error, "%.100s:%.90s", arg[1], why);
    }
    free(dump);
    free(text);
    return ok;
}

static bool cmd_anew(char **arg, char *error)
{
    fk_xen_anew();
    fk_fault_clear();
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        if (fk.dev[i].present) {
            fk_device_init(&fk.dev[i], &dumps[i]);
        }
    }
    return true;
}

static bool cmd_prepared(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);
    bool on;

    if (!d || !parse_switch(arg[1], &on, error)) {
        return false;
    }
    d->x.used = on;
    return true;
}

#define CONFIG FK_MAX_BARS      /* no BAR */

typedef struct Place {
    FkDevice *d;
    unsigned bar;
    uint64_t offset;
    unsigned len;
} Place;

/* The size of the BAR that the text names, or of config space. */
static uint64_t parse_space(char **text, Place *p)
{
    uint64_t bar;
    const char *plus;

    p->bar = CONFIG;
    if (strncmp(*text, "bar", 3)) {
        return p->d->size;
    }
    plus = fk_number(*text + 3, 10, &bar);
    if (!plus || *plus != '+' || bar >= FK_MAX_BARS - 1 ||
        p->d->bar[bar].io) {
        return 0;
    }
    *text += plus + 1 - *text;
    p->bar = bar;
    return p->d->bar[bar].size;
}

/* NUMBER/LEN, with a LEN of 1 to @max */
static bool parse_span(char *text, unsigned max, uint64_t *number,
                       unsigned *len)
{
    char *slash = strchr(text, '/');
    uint64_t l;

    if (!slash) {
        return false;
    }
    *slash = '\0';
    if (!parse_number(text, UINT64_MAX, number) ||
        !parse_number(slash + 1, max, &l) || !l) {
        return false;
    }
    *len = l;
    return true;
}

/* BDF PLACE */
static bool parse_place(char **arg, Place *p, char *error)
{
    char *text = arg[1];
    uint64_t size;

    p->d = parse_device(arg[0], error);
    if (!p->d) {
        return false;
    }
    size = parse_space(&text, p);
    return (parse_span(text, 4, &p->offset, &p->len) && p->len <= size &&
            p->offset <= size - p->len) ||
           wrong(error, "OFFSET/LEN or barN+OFFSET/LEN", arg[1]);
}

/* ... and a value that fits into it */
static bool parse_register(char **arg, Place *p, uint32_t *value, char *error)
{
    uint64_t v;

    if (!parse_place(arg, p, error)) {
        return false;
    }
    if (!parse_number(arg[2], 0xffffffffu >> (32 - 8 * p->len), &v)) {
        return wrong(error, "a value of that length", arg[2]);
    }
    *value = v;
    return true;
}

static bool cmd_poke(char **arg, char *error)
{
    uint32_t value;
    Place p;

    if (!parse_register(arg, &p, &value, error)) {
        return false;
    }
    if (p.bar == CONFIG) {
        fk_put(p.d, p.offset, p.len, value);
    } else {
        fk_memory_put(p.d, p.bar, p.offset, p.len, value);
    }
    return true;
}

static bool cmd_writable(char **arg, char *error)
{
    uint32_t value;
    Place p;

    if (!parse_register(arg, &p, &value, error)) {
        return false;
    }
    if (p.bar != CONFIG) {
        return wrong(error, "OFFSET/LEN in config space", arg[1]);
    }
    for (unsigned i = 0; i < p.len; i++) {
        p.d->writable[p.offset + i] = value >> (8 * i);
    }
    return true;
}

static bool cmd_quirk(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);
    uint64_t offset;
    unsigned len;

    if (!d) {
        return false;
    }
    if (!parse_span(arg[1], 4, &offset, &len) || len == 3 ||
        offset >= 256 || !fk_pciback_quirk(d, offset, len)) {
        return wrong(error, "OFFSET/LEN of another quirk", arg[1]);
    }
    return true;
}

static bool cmd_master(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);
    uint16_t command;

    if (!d || !parse_switch(arg[1], &d->back.busmaster, error)) {
        return false;
    }
    command = fk_get(d, PCI_COMMAND, 2) & ~PCI_COMMAND_MASTER;
    fk_put(d, PCI_COMMAND, 2,
           command | (d->back.busmaster ? PCI_COMMAND_MASTER : 0));
    return true;
}

static bool cmd_table_shy(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);

    if (!d || !parse_switch(arg[1], &d->x.shy, error)) {
        return false;
    }
    fk_msix_hide(d);
    return true;
}

static bool cmd_raise(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);
    uint64_t entry = 0;

    if (!d) {
        return false;
    }
    if (arg[1] && (!d->x.entries ||
                   !parse_number(arg[1], d->x.entries - 1, &entry))) {
        return wrong(error, "an entry of its MSI-X table", arg[1]);
    }
    fk_device_raise(d, entry);
    return true;
}

static bool cmd_lose(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);

    if (d) {
        fk_device_lose(d);
    }
    return d;
}

static bool cmd_show(char **arg, char *error)
{
    char space[16] = "";
    uint32_t value;
    Place p;

    if (!parse_place(arg, &p, error)) {
        return false;
    }
    if (p.bar == CONFIG) {
        value = fk_get(p.d, p.offset, p.len);
    } else {
        value = fk_memory_get(p.d, p.bar, p.offset, p.len);
        snprintf(space, sizeof(space), "bar%u+", p.bar);
    }
    fk_journal("now %s %s0x%02llx/%u = 0x%0*x", fk_bdf(&p.d->bdf), space,
               (unsigned long long)p.offset, p.len, 2 * p.len, value);
    return true;
}

static bool cmd_guest_write(char **arg, char *error)
{
    uint64_t address, value;
    unsigned len;

    if (!parse_span(arg[0], 8, &address, &len) ||
        !parse_number(arg[1], UINT64_MAX >> (64 - 8 * len), &value)) {
        return wrong(error, "ADDRESS/LEN with a value", arg[0]);
    }
    switch (fk_p2m_write(address, len, value)) {
    case FK_P2M_NONE:
        fk_journal("now guest-write %s",
                   fk_guest_write(address, len, value) ? "pass" : "done");
        break;
    case FK_P2M_DONE:
        fk_journal("now guest-write done");
        break;
    case FK_P2M_CRASH:
        fk_journal("now guest-write crash");
        break;
    }
    return true;
}

static bool cmd_guest_written(char **arg, char *error)
{
    fk_guest_written();
    return true;
}

static bool cmd_guest_read(char **arg, char *error)
{
    uint64_t address, value;
    unsigned len;

    if (!parse_span(arg[0], 8, &address, &len)) {
        return wrong(error, "ADDRESS/LEN", arg[0]);
    }
    if (fk_p2m_read(address, len, &value) == FK_P2M_DONE ||
        fk_guest_read(address, len, &value)) {
        fk_journal("now guest-read 0x%llx", (unsigned long long)value);
    } else {
        fk_journal("now guest-read pass");
    }
    return true;
}

static bool cmd_guest_config(char **arg, char *error)
{
    uint64_t offset, times, value;
    FkBdf bdf;
    unsigned len;

    if (!fk_bdf_parse(arg[0], &bdf) || !parse_span(arg[1], 4, &offset, &len) ||
        offset > UINT32_MAX || !parse_number(arg[2], UINT32_MAX, &times) ||
        (arg[3] && !parse_number(arg[3], UINT32_MAX, &value))) {
        return wrong(error, "BDF OFFSET/LEN TIMES [VALUE]", arg[0]);
    }
    return fk_ioreq_config(&bdf, offset, len, arg[3] ? &value : NULL, times) ||
           wrong(error, "an access that can be made now", arg[0]);
}

static bool cmd_config(char **arg, char *error)
{
    FkDevice *d = parse_device(arg[0], error);
    char text[2 * 256 + 1];

    for (unsigned i = 0; d && i < 256; i++) {
        snprintf(text + 2 * i, 3, "%02x", d->config[i]);
    }
    if (d) {
        fk_journal("now %s config %s", fk_bdf(&d->bdf), text);
    }
    return d;
}

static bool cmd_pirqs(char **arg, char *error)
{
    unsigned bound, mapped = fk_pirqs(&bound);

    fk_journal("now pirqs mapped %u bound %u", mapped, bound);
    return true;
}

static bool cmd_left(char **arg, char *error)
{
    unsigned bound, mapped = fk_intx(&bound);

    fk_journal("now left mapped %u bound %u ranges %u", mapped, bound,
               fk_p2m_ranges());
    return true;
}

static bool cmd_new_pirq(char **arg, char *error)
{
    fk_journal("now new-pirq %d", fk_new_pirq());
    return true;
}

static bool cmd_fail(char **arg, char *error)
{
    return fk_fault_add(arg[0], arg[1], arg[2], error);
}

static bool cmd_heal(char **arg, char *error)
{
    fk_fault_clear();
    return true;
}

typedef struct Command {
    const char *name;
    const char *args;           /* the last may be missing: [ARG] */
    const char *help;
    bool (*run)(char **arg, char *error);
    /* Or it is a setting: on or off, or a number; of a device, or the world. */
    bool *flag;
    unsigned *number, max;
    size_t device_flag, device_number;  /* where it is in an FkDevice */
} Command;

#define SWITCH "on|off"
#define DEVICE(member) offsetof(FkDevice, member)

static const Command commands[] = {
    { "domid", "N", "the guest's number", .number = &fk.domid, .max = 0x7fef },
    { "stubdom", SWITCH, "where QEMU runs", .flag = &fk.stubdom },
    { "xen", "4.17|4.20|4.20.3|...", "its release", cmd_xen },
    { "kernel", "5.4|5.6|6.1|6.8", "Linux in dom0, see FkKernel", cmd_kernel },
    { "extra-irqs", "N", "how many MSIs a guest can have",
      .number = &fk.extra_irqs, .max = FK_MAX_EXTRA_IRQS },
    { "gsis", "N", "how many interrupts the I/O APICs have",
      .number = &fk.gsis, .max = FK_MAX_GSIS },
    { "lockdown", SWITCH, "config files are read-only, BARs unmapped",
      .flag = &fk.lockdown },
    { "privcmd-restricted", SWITCH, "no hypercalls (XSA-482)",
      .flag = &fk.privcmd_restricted },
    { "devmem", SWITCH, "there is a /dev/mem", .flag = &fk.devmem },
    { "message", "vtd|amd|amd-old|plain[-x2apic]|ADDRESS:DATA",
      "what Xen writes to devices", cmd_message },

    { "device", "BDF FILE [LOCAL]",
      "a device as FILE describes it, in the stub domain at LOCAL",
      cmd_device },
    { "allow", "BDF " SWITCH, "pciback's allow_interrupt_control",
      .device_flag = DEVICE(back.allow_interrupt_control) },
    { "permissive", "BDF " SWITCH, "pciback lets all through",
      .device_flag = DEVICE(back.permissive) },
    { "quirk", "BDF OFFSET/LEN", "pciback lets this through", cmd_quirk },
    { "assign", "BDF " SWITCH, "Xen knows that it is the guest's",
      .device_flag = DEVICE(assigned) },
    { "prepared", "BDF " SWITCH, "pciback has told Xen of its MSI-X",
      cmd_prepared },
    { "power", "BDF " SWITCH, "xl's power_mgmt, as libxl tells pciback",
      .device_flag = DEVICE(power_mgmt) },
    { "irq", "BDF N", "its line", .device_number = DEVICE(irq),
      .max = FK_MAX_GSIS - 1 },
    { "master", "BDF " SWITCH, "it is a bus master, as dom0 left it",
      cmd_master },
    { "table-shy", "BDF " SWITCH, "its table is seen while ENABLE is set only",
      cmd_table_shy },
    /* PLACE is OFFSET/LEN in config space, or barN+OFFSET/LEN. */
    { "poke", "BDF PLACE VALUE", "its register is this, from now on",
      cmd_poke },
    { "writable", "BDF OFFSET/LEN MASK", "and software can change these bits",
      cmd_writable },
    { "raise", "BDF [ENTRY]", "it interrupts", cmd_raise },
    { "lose", "BDF", "it loses its state, dom0 restores the header",
      cmd_lose },

    { "show", "BDF PLACE", "the journal says what the register is now",
      cmd_show },
    { "config", "BDF", "... what its 256 bytes are", cmd_config },
    { "pirqs", "", "... how many MSIs are mapped and bound", cmd_pirqs },
    { "left", "", "... what else of a device QEMU has: interrupts by INTx, "
      "ranges of memory", cmd_left },
    { "new-pirq", "", "... which one the guest has been given", cmd_new_pirq },
    { "guest-write", "ADDRESS/LEN VALUE", "the guest writes to its memory: the "
      "journal says \"pass\" where QEMU is to see it, \"crash\" where Xen ends "
      "the guest for it", cmd_guest_write },
    { "guest-written", "", "QEMU has seen it", cmd_guest_written },
    { "guest-read", "ADDRESS/LEN", "the same; \"pass\", or what Xen answers",
      cmd_guest_read },
    { "guest-config", "BDF OFFSET/LEN TIMES [VALUE]", "the guest reads, or "
      "writes, config space; BDF is its own", cmd_guest_config },
    { "anew", "", "another guest: no pirq is in use, and the devices are as "
      "they were described", cmd_anew },

    { "fail", "OP[@OFFSET] N|N+|all ACTION", "an operation fails, see fault.c",
      cmd_fail },
    { "heal", "", "nothing fails any more", cmd_heal },
};

static bool set_number(unsigned *number, uint64_t max, const char *text,
                       char *error)
{
    uint64_t v;

    if (!parse_number(text, max, &v)) {
        return fk_wrong(error, "'%.60s' is not a number up to %u", text,
                        (unsigned)max);
    }
    *number = v;
    return true;
}

static bool run(const Command *c, char **arg, char *error)
{
    FkDevice *d;

    if (c->run) {
        return c->run(arg, error);
    }
    if (c->flag) {
        return parse_switch(arg[0], c->flag, error);
    }
    if (c->number) {
        return set_number(c->number, c->max, arg[0], error);
    }
    d = parse_device(arg[0], error);
    if (d && c->device_flag) {
        return parse_switch(arg[1], (bool *)((char *)d + c->device_flag),
                            error);
    }
    return d && set_number((unsigned *)((char *)d + c->device_number), c->max,
                           arg[1], error);
}

/* Are so many arguments right? */
static bool takes(const Command *c, unsigned n)
{
    unsigned most = *c->args != '\0', least;

    for (const char *p = c->args; *p; p++) {
        most += *p == ' ';
    }
    least = most - (strstr(c->args, " [") != NULL);
    return n >= least && n <= most;
}

bool fk_command(const char *line, char *error)
{
    char *copy = strdup(line), *save = NULL;
    char *arg[5] = { NULL };
    char *name;
    unsigned n = 0;
    bool ok = true;

    if (!copy) {
        fk_die("out of memory");
    }
    name = strtok_r(copy, " \t", &save);
    if (name && *name != '#') {
        while (n < 5 && (arg[n] = strtok_r(NULL, " \t", &save))) {
            n++;
        }
        ok = fk_wrong(error, "'%.60s' is no command", name);
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
            const Command *c = &commands[i];

            if (strcmp(c->name, name)) {
                continue;
            }
            ok = takes(c, n) ? run(c, arg, error)
                             : fk_wrong(error, "it is: %s %s, %s", name,
                                        c->args, c->help);
        }
    }
    free(copy);
    return ok;
}

/* The world as xenstore has it: who QEMU is, and pcifront's devices. */
static void publish(void)
{
    unsigned dm = fk.stubdom ? fk.domid + 1 : 0, n = 0;
    char path[128], value[64], options[64];

    snprintf(path, sizeof(path), "/local/domain/%u/image/device-model-domid",
             fk.domid);
    snprintf(value, sizeof(value), "%u", dm);
    fk_store_set(path, value);
    if (!fk.stubdom) {
        return;
    }
    snprintf(path, sizeof(path), "/local/domain/%u/domid", dm);
    fk_store_set(path, value);
    snprintf(path, sizeof(path), "/local/domain/%u/device/pci/0/backend", dm);
    snprintf(value, sizeof(value), "/local/domain/0/backend/pci/%u/0", dm);
    fk_store_set(path, value);
    for (unsigned i = 0; i < FK_MAX_DEVICES; i++) {
        const FkDevice *d = &fk.dev[i];

        if (!d->present) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/dev-%u", value, n);
        fk_store_set(path, fk_bdf(&d->bdf));
        snprintf(path, sizeof(path), "%s/vdev-%u", value, n);
        fk_store_set(path, fk_bdf(&d->local));
        snprintf(path, sizeof(path), "%s/opts-%u", value, n);
        snprintf(options, sizeof(options), "msitranslate=0,power_mgmt=%d,"
                 "permissive=0,rdm_policy=strict", d->power_mgmt);
        fk_store_set(path, options);
        n++;
    }
    snprintf(path, sizeof(path), "%s/num_devs", value);
    snprintf(value, sizeof(value), "%u", n);
    fk_store_set(path, value);
}

static int open_in(const char *dir, const char *name, int flags)
{
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd < 0) {
        fk_die("%s: %s", path, strerror(errno));
    }
    return fd;
}

void fk_sync(void)
{
    static int control = -1;
    static char *pending;       /* an unfinished line */
    static size_t have, lineno;
    int saved = errno;
    char buf[4096], error[FK_ERROR_MAX], *nl;
    bool any = false;
    ssize_t n;

    if (control < 0) {
        const char *dir = getenv("FAKEXEN");

        if (!dir) {
            fk_die("FAKEXEN does not name a directory");
        }
        fk_init();
        control = open_in(dir, "control", O_RDONLY);
        fk_journal_to(open_in(dir, "journal", O_WRONLY | O_CREAT | O_APPEND));
        any = true;
    }
    while ((n = read(control, buf, sizeof(buf))) > 0) {
        pending = realloc(pending, have + n + 1);
        if (!pending) {
            fk_die("out of memory");
        }
        memcpy(pending + have, buf, n);
        have += n;
        pending[have] = '\0';
        while ((nl = memchr(pending, '\n', have))) {
            *nl = '\0';
            lineno++;
            if (!fk_command(pending, error)) {
                fk_die("control:%zu: %s", lineno, error);
            }
            have -= nl + 1 - pending;
            memmove(pending, nl + 1, have + 1);
            any = true;
        }
    }
    if (any) {
        publish();
    }
    errno = saved;
}
