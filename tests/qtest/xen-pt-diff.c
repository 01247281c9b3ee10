/*
 * QTest: guests, as words that a driver's life is told in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "xen-pt-diff.h"
#include "standard-headers/linux/pci_regs.h"

#define MAX_VECTORS 4
#define SHOWN 160               /* lines */
#define SPACE 0x400000          /* between the BARs of two devices */
#define ALL (PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL)

/* What iPXE has messages sent to; there is memory, for all that it knows. */
#define DUMMY 0x00100040

/* illumos: of messages that are not to come while the address changes. */
#define RESERVED 0xfe

typedef struct Vector {
    uint64_t address;
    uint32_t data;
    unsigned pirq;              /* of an event channel */
    bool masked;
} Vector;

/* The guest's driver of a device. */
typedef struct Driver {
    unsigned i;                 /* of the fixture's devices */
    XenPTKind kind;
    bool loaded;
    bool maskall;               /* as the guest has written it last */
    uint16_t cached[2];         /* the control words, by kind */
    unsigned moved;             /* how often the guest has moved its BAR */
    unsigned n;
    Vector vector[MAX_VECTORS];
} Driver;

struct XenPTGuest {
    XenPT *x;
    const XenPTDialect *os;
    bool dom0;
    uint8_t next;               /* the last vector that was given out */
    unsigned want;              /* vectors of the driver that loads; 0: usual */
    char *failed;               /* what did not work on the way */
    Driver driver[XEN_PT_MAX_DEVICES];
};

static QPCIDevice *device(XenPTGuest *g, const Driver *d)
{
    return g->x->dev[d->i];
}

/* Where the guest sees a capability; 0: nowhere. */
static uint8_t find_cap(XenPTGuest *g, const Driver *d, uint8_t id)
{
    return qpci_find_capability(device(g, d), id, 0);
}

static uint8_t capability(const Driver *d)
{
    return d->kind == XEN_PT_MSI ? XEN_PT_CAP_MSI : XEN_PT_CAP_MSIX;
}

/* Of a driver that has no use for INTx. */
static uint16_t enable_bit(const Driver *d)
{
    return d->kind == XEN_PT_MSI ? PCI_MSI_FLAGS_ENABLE
                                 : PCI_MSIX_FLAGS_ENABLE;
}

/* Of the 32 bits that a guest of such accesses writes, the rest is as read. */
static void write_config(XenPTGuest *g, const Driver *d, uint8_t at,
                         uint16_t value)
{
    QPCIDevice *dev = device(g, d);
    unsigned shift = 8 * (at & 2);

    if (g->os->dwords) {
        qpci_config_writel(dev, at & ~3,
                           (qpci_config_readl(dev, at & ~3) &
                            ~(0xffffu << shift)) | (uint32_t)value << shift);
    } else {
        qpci_config_writew(dev, at, value);
    }
}

/* The control word is at the same place in both. */
static uint16_t control(XenPTGuest *g, const Driver *d)
{
    return qpci_config_readw(device(g, d), capability(d) + PCI_MSI_FLAGS);
}

static void set_control(XenPTGuest *g, Driver *d, uint16_t clear, uint16_t set)
{
    uint16_t old = g->os->caches ? d->cached[d->kind] : control(g, d);
    uint16_t word = (old & ~clear) | set;

    d->cached[d->kind] = word;
    d->maskall = d->kind == XEN_PT_MSIX && (word & PCI_MSIX_FLAGS_MASKALL);
    write_config(g, d, capability(d) + PCI_MSI_FLAGS, word);
}

static void set_command(XenPTGuest *g, const Driver *d, uint16_t clear,
                        uint16_t set)
{
    uint16_t word = qpci_config_readw(device(g, d), PCI_COMMAND);

    write_config(g, d, PCI_COMMAND, (word & ~clear) | set);
}

static uint32_t bar0(const Driver *d)
{
    return XEN_PT_GUEST0 + d->i * SPACE + d->moved * 2 * XEN_PT_BAR0_SIZE;
}

static uint64_t word_at(XenPTGuest *g, const Driver *d, unsigned entry,
                        XenPTWord word)
{
    return bar0(d) + g->x->layout[d->i].table + entry * 16 + word * 4;
}

static void write_word(XenPTGuest *g, const Driver *d, unsigned entry,
                       XenPTWord word, uint32_t value)
{
    xen_pt_guest_write(g->x, word_at(g, d, entry, word), 4, value);
}

static bool has_mask(XenPTGuest *g, const Driver *d)
{
    return d->kind == XEN_PT_MSIX ||
           (d->kind == XEN_PT_MSI && g->x->layout[d->i].maskable);
}

static void write_mask(XenPTGuest *g, Driver *d, unsigned v, bool masked)
{
    if (g->os->pv || !has_mask(g, d)) {
        return;
    }
    d->vector[v].masked = masked;
    if (d->kind == XEN_PT_MSIX) {
        write_word(g, d, v, XEN_PT_MASK, masked);
    } else {
        qpci_config_writel(device(g, d), XEN_PT_CAP_MSI + PCI_MSI_MASK_64,
                           masked);
    }
}

static uint8_t new_vector(XenPTGuest *g)
{
    g->next = g->next < 0xe0 ? g->next + 1 : 0x41;
    return g->next;
}

static unsigned new_pirq(XenPTGuest *g)
{
    g_autofree char *answer = xen_pt_ask(g->x, "new-pirq");
    int pirq;

    g_assert_cmpint(sscanf(answer, "now new-pirq %d", &pirq), ==, 1);
    if (pirq < 0 && !g->failed) {
        g->failed = g_strdup("Xen has no pirq left for the guest");
    }
    return MAX(pirq, 0);
}

/* A message for @cpu; Linux asks for a pirq as xen_msi_compose_msg() does. */
static void compose(XenPTGuest *g, Vector *v, unsigned cpu)
{
    if (g->os->pv) {
        v->pirq = new_pirq(g);
        v->address = 0xfee00000 | (v->pirq & 0xff) << 12 |
                     (uint64_t)(v->pirq & ~0xffu) << 32;
        v->data = 0x4300;
    } else {
        v->address = 0xfee00000 | cpu << 12;
        v->data = new_vector(g);
    }
}

static void write_address(XenPTGuest *g, Driver *d, unsigned v)
{
    uint64_t address = d->vector[v].address;

    if (d->kind == XEN_PT_MSI) {
        qpci_config_writel(device(g, d), XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                           address);
        qpci_config_writel(device(g, d), XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_HI,
                           address >> 32);
    } else {
        write_word(g, d, v, XEN_PT_ADDRESS, address);
        write_word(g, d, v, XEN_PT_UPPER, address >> 32);
    }
}

static void write_data(XenPTGuest *g, Driver *d, unsigned v, uint32_t data)
{
    uint8_t at = XEN_PT_CAP_MSI + PCI_MSI_DATA_64;

    if (d->kind == XEN_PT_MSIX) {
        write_word(g, d, v, XEN_PT_DATA, data);
    } else if (g->os->dwords) {
        qpci_config_writel(device(g, d), at, data);
    } else {
        qpci_config_writew(device(g, d), at, data);
    }
}

/* While a vector of MSI-X is not masked, software masks it around a change. */
static void write_message(XenPTGuest *g, Driver *d, unsigned v)
{
    bool around = d->kind == XEN_PT_MSIX && !g->os->pv && !g->os->plain &&
                  !d->vector[v].masked;

    if (around) {
        write_mask(g, d, v, true);
    }
    write_address(g, d, v);
    write_data(g, d, v, d->vector[v].data);
    if (around) {
        write_mask(g, d, v, false);
    }
}

/* The data, and with it the mask bit as it shall be. */
static void write_half(XenPTGuest *g, Driver *d, unsigned v, bool masked)
{
    d->vector[v].masked = masked;
    xen_pt_guest_write(g->x, word_at(g, d, v, XEN_PT_DATA), 8,
                       d->vector[v].data | (uint64_t)masked << 32);
}

static void write_message_64(XenPTGuest *g, Driver *d, unsigned v)
{
    bool masked = d->vector[v].masked;

    write_half(g, d, v, true);
    xen_pt_guest_write(g->x, word_at(g, d, v, XEN_PT_ADDRESS), 8,
                       d->vector[v].address);
    write_half(g, d, v, masked);
}

/* The small words. @arg: a vector's number, or NULL for all */

static unsigned first(const Driver *d, const char *arg)
{
    return arg ? atoi(arg) : 0;
}

static unsigned last(const Driver *d, const char *arg)
{
    return arg ? atoi(arg) + 1 : d->n;
}

static void do_off(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, enable_bit(d), 0);
}

static void do_on(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, d->kind == XEN_PT_MSIX ? PCI_MSIX_FLAGS_MASKALL : 0,
                enable_bit(d));
}

static void do_on_masked(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, 0, ALL);
}

static void do_maskall(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, 0, PCI_MSIX_FLAGS_MASKALL);
}

static void do_unmaskall(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, PCI_MSIX_FLAGS_MASKALL, 0);
}

static void do_qsize(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, PCI_MSI_FLAGS_QSIZE, 0);
}

static void do_intx_off(XenPTGuest *g, Driver *d, const char *arg)
{
    set_command(g, d, 0, PCI_COMMAND_INTX_DISABLE);
}

static void do_intx_on(XenPTGuest *g, Driver *d, const char *arg)
{
    set_command(g, d, PCI_COMMAND_INTX_DISABLE, 0);
}

/* What the guest finds. */
static bool is_masked(XenPTGuest *g, const Driver *d, unsigned v)
{
    return d->kind == XEN_PT_MSIX
        ? xen_pt_guest_read(g->x, word_at(g, d, v, XEN_PT_MASK), 4) & 1
        : qpci_config_readl(device(g, d),
                            XEN_PT_CAP_MSI + PCI_MSI_MASK_64) & 1;
}

/* The driver gets its vectors; how their masks stand is read. */
static void do_vectors(XenPTGuest *g, Driver *d, const char *arg)
{
    unsigned n = g->want ? g->want : d->kind == XEN_PT_MSIX ? 2 : 1;

    d->n = d->kind == XEN_PT_MSIX ? n : 1;
    for (unsigned i = 0; i < d->n; i++) {
        Vector *v = &d->vector[i];

        compose(g, v, 1);
        v->masked = !g->os->pv && has_mask(g, d) && is_masked(g, d, i);
    }
}

/* One more, while the others are in use. */
static void do_add(XenPTGuest *g, Driver *d, const char *arg)
{
    Vector *v = &d->vector[d->n];

    if (d->kind != XEN_PT_MSIX || d->n == MAX_VECTORS) {
        return;
    }
    compose(g, v, 1);
    v->masked = !g->os->pv;
    write_message(g, d, d->n);
    write_mask(g, d, d->n++, false);
}

static void do_messages(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_message(g, d, i);
    }
}

static void do_messages_64(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_message_64(g, d, i);
    }
}

static void do_new_messages(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        compose(g, &d->vector[i], 2);
        write_message(g, d, i);
    }
}

static void do_new_messages_64(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        compose(g, &d->vector[i], 2);
        write_message_64(g, d, i);
    }
}

static void do_mask(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_mask(g, d, i, true);
    }
}

static void do_unmask(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_mask(g, d, i, false);
    }
}

/* Masked, and in the same write given another vector. */
static void do_mask_64(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        d->vector[i].data = new_vector(g);
        write_half(g, d, i, true);
    }
}

static void do_unmask_64(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_half(g, d, i, false);
    }
}

/* As the driver has them. */
static void do_masks(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = 0; i < d->n; i++) {
        write_mask(g, d, i, d->vector[i].masked);
    }
}

static void do_mask_table(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = 0; i < g->x->layout[d->i].entries; i++) {
        write_word(g, d, i, XEN_PT_MASK, 1);
    }
    for (unsigned i = 0; i < d->n; i++) {
        d->vector[i].masked = true;
    }
}

/* Parts of a message, and one that is not there any more. */

static void do_address(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_address(g, d, i);
    }
}

static void do_data(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_data(g, d, i, d->vector[i].data);
    }
}

/* Where it cannot be masked. */
static void do_reserved(XenPTGuest *g, Driver *d, const char *arg)
{
    if (!has_mask(g, d)) {
        write_data(g, d, 0, RESERVED);
    }
}

static void do_zero(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        write_data(g, d, i, 0);
        xen_pt_guest_write(g->x, word_at(g, d, i, XEN_PT_ADDRESS), 8, 0);
    }
}

/* They are to be others; nothing is written yet. */
static void do_renew(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = first(d, arg); i < last(d, arg); i++) {
        compose(g, &d->vector[i], 2);
    }
}

static void do_mask_ones(XenPTGuest *g, Driver *d, const char *arg)
{
    if (has_mask(g, d)) {
        d->vector[0].masked = true;
        qpci_config_writel(device(g, d), XEN_PT_CAP_MSI + PCI_MSI_MASK_64,
                           0xffffffff);
    }
}

/* All entries, also those that no driver uses. */
static void do_whole_table(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = 0; i < g->x->layout[d->i].entries; i++) {
        const Vector *v = i < d->n ? &d->vector[i] : NULL;

        write_word(g, d, i, XEN_PT_ADDRESS, v ? v->address : 0);
        write_word(g, d, i, XEN_PT_UPPER, v ? v->address >> 32 : 0);
        write_word(g, d, i, XEN_PT_DATA, v ? v->data : 0);
        write_word(g, d, i, XEN_PT_MASK, v ? v->masked : 1);
    }
}

/* Half of a message that is to change; the rest is not written at all. */
static void do_new_address(XenPTGuest *g, Driver *d, const char *arg)
{
    if (d->kind == XEN_PT_MSI) {
        qpci_config_writel(device(g, d), XEN_PT_CAP_MSI + PCI_MSI_ADDRESS_LO,
                           0xfee02000);
    } else {
        write_word(g, d, 0, XEN_PT_ADDRESS, 0xfee02000);
    }
    d->vector[0].address = 0xfee02000;
}

/* The big words. */

/*
 * The device is woken, its BARs are measured and placed, what was left of an
 * interrupt is switched off, as firmware and a kernel's start do it.
 */
static void do_boot(XenPTGuest *g, Driver *d, const char *arg)
{
    static const uint8_t ids[] = { PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX };
    QPCIDevice *dev = device(g, d);

    uint8_t pm = find_cap(g, d, PCI_CAP_ID_PM);

    d->moved = d->n = 0;
    d->loaded = d->maskall = false;
    if (pm) {
        qpci_config_writew(dev, pm + PCI_PM_CTRL, 0);
    }
    set_command(g, d, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER,
                0);
    for (unsigned bar = 0; bar <= 2; bar += 2) {
        unsigned at = PCI_BASE_ADDRESS_0 + 4 * bar;

        qpci_config_writel(dev, at, 0xffffffff);
        qpci_config_readl(dev, at);
        qpci_config_writel(dev, at, bar ? XEN_PT_GUEST2 + d->i * SPACE
                                        : bar0(d));
    }
    set_command(g, d, g->os->keeps_intx ? 0 : PCI_COMMAND_INTX_DISABLE,
                PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
        d->kind = i ? XEN_PT_MSIX : XEN_PT_MSI;
        if (!find_cap(g, d, ids[i])) {
            continue;
        }
        d->cached[d->kind] = control(g, d);
        if (control(g, d) & enable_bit(d)) {
            do_off(g, d, NULL);
        }
    }
}

static void run(XenPTGuest *g, Driver *d, const char *script);

static void do_attach(XenPTGuest *g, Driver *d, const char *arg)
{
    g->want = arg ? atoi(arg) : 0;
    d->loaded = true;
    d->kind = find_cap(g, d, PCI_CAP_ID_MSIX) ? XEN_PT_MSIX
            : find_cap(g, d, PCI_CAP_ID_MSI) ? XEN_PT_MSI : XEN_PT_INTX;
}

static void do_load(XenPTGuest *g, Driver *d, const char *arg)
{
    do_attach(g, d, arg);
    if (d->kind != XEN_PT_INTX) {
        run(g, d, g->os->load[d->kind]);
    } else if (!g->os->keeps_intx) {
        do_intx_on(g, d, NULL);
    }
}

static void do_unload(XenPTGuest *g, Driver *d, const char *arg)
{
    if (d->loaded && d->kind != XEN_PT_INTX) {
        run(g, d, g->os->unload[d->kind]);
    }
    d->loaded = false;
    d->n = 0;
}

static void do_resume(XenPTGuest *g, Driver *d, const char *arg)
{
    if (d->kind != XEN_PT_INTX && g->os->resume[d->kind]) {
        run(g, d, g->os->resume[d->kind]);
    }
}

static void do_move(XenPTGuest *g, Driver *d, const char *arg)
{
    if (d->kind != XEN_PT_INTX) {
        run(g, d, g->os->move[d->kind]);
    }
}

static void do_move_bar(XenPTGuest *g, Driver *d, const char *arg)
{
    set_command(g, d, PCI_COMMAND_MEMORY, 0);
    d->moved++;
    qpci_config_writel(device(g, d), PCI_BASE_ADDRESS_0, bar0(d));
    set_command(g, d, 0, PCI_COMMAND_MEMORY);
}

static void do_decode(XenPTGuest *g, Driver *d, const char *arg)
{
    set_command(g, d, PCI_COMMAND_MEMORY, 0);
    set_command(g, d, 0, PCI_COMMAND_MEMORY);
}

static void do_memory(XenPTGuest *g, Driver *d, const char *arg)
{
    set_command(g, d, 0, PCI_COMMAND_MEMORY);
}

/* The BARs are written as they were, and then so is the command register. */
static void do_bars(XenPTGuest *g, Driver *d, const char *arg)
{
    qpci_config_writel(device(g, d), PCI_BASE_ADDRESS_0, bar0(d));
    qpci_config_writel(device(g, d), PCI_BASE_ADDRESS_2,
                       XEN_PT_GUEST2 + d->i * SPACE);
    set_command(g, d, 0, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void measure(XenPTGuest *g, Driver *d, uint8_t at)
{
    uint32_t old = qpci_config_readl(device(g, d), at);

    qpci_config_writel(device(g, d), at, 0xffffffff);
    qpci_config_readl(device(g, d), at);
    qpci_config_writel(device(g, d), at, old);
}

/* OpenBSD, obsd_pci_mem_find() in sys/dev/pci/pci_map.c: decoding is off. */
static void do_size_bar(XenPTGuest *g, Driver *d, const char *arg)
{
    set_command(g, d, PCI_COMMAND_MEMORY, 0);
    measure(g, d, PCI_BASE_ADDRESS_0);
    set_command(g, d, 0, PCI_COMMAND_MEMORY);
}

/*
 * OVMF on Xen (edk2-stable202605, MdeModulePkg/Bus/Pci/PciBusDxe): hvmloader
 * has given the BARs their place, so decoding stays on while BarExisted()
 * measures them. PciTestSupportedAttribute() tries the command register.
 */
static void do_ovmf(XenPTGuest *g, Driver *d, const char *arg)
{
    uint16_t old = qpci_config_readw(device(g, d), PCI_COMMAND);

    for (unsigned bar = 0; bar < 6; bar++) {
        measure(g, d, PCI_BASE_ADDRESS_0 + 4 * bar);
    }
    qpci_config_writew(device(g, d), PCI_COMMAND,
                       old | PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
                       PCI_COMMAND_MASTER | PCI_COMMAND_VGA_PALETTE);
    qpci_config_readw(device(g, d), PCI_COMMAND);
    qpci_config_writew(device(g, d), PCI_COMMAND, old);
}

/*
 * iPXE (2.0.0, src/drivers/bus/pcimsix.c): some chips work only if they may
 * send a message, which goes to memory that nobody reads.
 */
static void do_ipxe_on(XenPTGuest *g, Driver *d, const char *arg)
{
    for (unsigned i = 0; i < g->x->layout[d->i].entries; i++) {
        write_word(g, d, i, XEN_PT_ADDRESS, DUMMY);
        write_word(g, d, i, XEN_PT_UPPER, 0);
        write_word(g, d, i, XEN_PT_DATA, 0);
    }
    do_on(g, d, NULL);
    write_word(g, d, 0, XEN_PT_MASK, 0);
}

static void do_ipxe_off(XenPTGuest *g, Driver *d, const char *arg)
{
    write_word(g, d, 0, XEN_PT_MASK, 1);
    do_off(g, d, NULL);
}

/* WORD+WORD...: these for the first vector, then for the next one. */
static void do_each(XenPTGuest *g, Driver *d, const char *arg)
{
    g_auto(GStrv) list = g_strsplit(arg, "+", -1);

    for (unsigned i = 0; i < d->n; i++) {
        for (char **w = list; *w; w++) {
            g_autofree char *word = g_strdup_printf("%s:%u", *w, i);

            run(g, d, word);
        }
    }
}

/* PCIe's function-level reset, which QEMU may or may not pass on. */
static void do_flr(XenPTGuest *g, Driver *d, const char *arg)
{
    uint8_t at = find_cap(g, d, PCI_CAP_ID_EXP);

    if (at) {
        qpci_config_writew(device(g, d), at + PCI_EXP_DEVCTL,
                           PCI_EXP_DEVCTL_BCR_FLR);
    }
}

/* What happens to the guest and to the device. */

static void say(XenPTGuest *g, const Driver *d, const char *before,
                const char *after)
{
    unsigned bound;

    xen_pt_say(g->x, "%s DEV%s%s", before, d->i ? "2" : "", after);
    xen_pt_pirqs(g->x, &bound);         /* it has happened */
}

static void do_lose(XenPTGuest *g, Driver *d, const char *arg)
{
    say(g, d, "lose", "");
}

/* It has something to say, and says it by INTx where that is enabled. */
static void do_assert(XenPTGuest *g, Driver *d, const char *arg)
{
    uint16_t status = xen_pt_hw(g->x, d->i, PCI_STATUS, 2);
    g_autofree char *after = g_strdup_printf(
        " 0x%02x/2 0x%04x", PCI_STATUS, status | PCI_STATUS_INTERRUPT);

    say(g, d, "poke", after);
}

/*
 * An entry that no driver uses has been left unmasked, and its message asks for
 * a pirq that Xen does not have.
 */
static void do_stale(XenPTGuest *g, Driver *d, const char *arg)
{
    unsigned last = g->x->layout[d->i].entries - 1;

    write_word(g, d, last, XEN_PT_ADDRESS, 0xfee84000);
    write_word(g, d, last, XEN_PT_UPPER, 0x00737b00);
    write_word(g, d, last, XEN_PT_DATA, 0x4300);
    write_word(g, d, last, XEN_PT_MASK, 0);
}

static void do_shy(XenPTGuest *g, Driver *d, const char *arg)
{
    say(g, d, "table-shy", " on");
}

static void do_allow(XenPTGuest *g, Driver *d, const char *arg)
{
    say(g, d, "allow", " on");
}

/* The chip resets itself: what is lost is ENABLE, and nothing else. */
static void do_clear_enable(XenPTGuest *g, Driver *d, const char *arg)
{
    unsigned at = capability(d) + PCI_MSI_FLAGS;
    uint16_t word = xen_pt_hw(g->x, d->i, at, 2) & ~enable_bit(d);
    g_autofree char *after = g_strdup_printf(" 0x%02x/2 0x%04x", at, word);

    say(g, d, "poke", after);
}

/* tg3_restore_pci_state() of Linux' driver of that name. */
static void do_set_enable(XenPTGuest *g, Driver *d, const char *arg)
{
    set_control(g, d, 0, enable_bit(d));
}

static void do_reboot(XenPTGuest *g, Driver *d, const char *arg)
{
    xen_pt_reset(g->x);
    for (unsigned i = 0; i < g->x->ndev; i++) {
        g->driver[i].loaded = false;
    }
}

static void do_unplug(XenPTGuest *g, Driver *d, const char *arg)
{
    xen_pt_unplug(g->x, d->i);
    d->loaded = false;
}

static void do_plug(XenPTGuest *g, Driver *d, const char *arg)
{
    g_assert_true(xen_pt_plug(g->x, d->i));
}

static void do_other(XenPTGuest *g, Driver *d, const char *arg)
{
    run(g, &g->driver[!d->i], arg);
}

/* OP:N:WAY; accesses are lost by pcifront alone. */
static void do_fail(XenPTGuest *g, Driver *d, const char *arg)
{
    g_autofree char *rest = g_strdelimit(g_strdup(arg), ":", ' ');

    if (g->dom0 && g_str_has_prefix(arg, "cfg")) {
        return;
    }
    xen_pt_say(g->x, "fail %s", rest);
}

static void do_heal(XenPTGuest *g, Driver *d, const char *arg)
{
    xen_pt_say(g->x, "heal");
}

/* How many operations of a name the journal has, since it was skipped. */
static unsigned count(XenPTGuest *g, const char *op)
{
    g_autofree char *journal = xen_pt_journal(g->x, "cfg xc");
    g_auto(GStrv) lines = g_strsplit(journal, "\n", -1);
    const char *word = strchr(op, '.') ? strchr(op, '.') + 1 : op;
    g_autofree char *call = g_strdup_printf(" %s ", word);
    unsigned n = 0;

    for (char **l = lines; *l; l++) {
        /* A map has another line, with its result. */
        n += strstr(*l, call) && !strstr(*l, "map_pirq_msi = ");
    }
    return n;
}

/*
 * OP:WAY:WORD: what a word does fails, one operation after the other. Where
 * @reload is set, the driver is then loaded anew; all must be well after that.
 */
static void walk(XenPTGuest *g, Driver *d, const char *arg, bool reload)
{
    g_auto(GStrv) part = g_strsplit(arg, ":", 3);
    bool loads = g_str_equal(part[2], "load");
    unsigned n;

    if (g->dom0 && g_str_has_prefix(part[0], "cfg")) {
        do_load(g, d, NULL);            /* nothing that could lose it */
        return;
    }
    if (!loads) {
        do_load(g, d, NULL);
    }
    xen_pt_skip(g->x);
    run(g, d, part[2]);
    n = count(g, part[0]);
    for (unsigned k = 1; k <= n && !g->failed; k++) {
        g_autofree char *verdict = NULL;

        do_unload(g, d, NULL);
        if (!loads) {
            do_load(g, d, NULL);
        }
        xen_pt_say(g->x, "fail %s %u %s", part[0], k, part[1]);
        run(g, d, part[2]);
        xen_pt_say(g->x, "heal");
        if (reload) {
            do_unload(g, d, NULL);
        }
        if (!d->loaded) {
            do_load(g, d, NULL);
        }
        verdict = xen_pt_guest_verdict(g);
        if (!g_str_has_prefix(verdict, "works")) {
            g->failed = g_strdup_printf("%s, once %s %u of %u of \"%s\" "
                                        "failed by %s", verdict, part[0], k, n,
                                        part[2], part[1]);
        }
    }
    if (!d->loaded) {
        do_load(g, d, NULL);
    }
}

static void do_walk(XenPTGuest *g, Driver *d, const char *arg)
{
    walk(g, d, arg, true);
}

static void do_survive(XenPTGuest *g, Driver *d, const char *arg)
{
    walk(g, d, arg, false);
}

static const struct {
    const char *name;
    void (*run)(XenPTGuest *g, Driver *d, const char *arg);
    unsigned kinds;             /* 0: of any */
} words[] = {
    { "off", do_off },
    { "on", do_on },
    { "on-masked", do_on_masked, 1u << XEN_PT_MSIX },
    { "maskall", do_maskall, 1u << XEN_PT_MSIX },
    { "unmaskall", do_unmaskall, 1u << XEN_PT_MSIX },
    { "qsize", do_qsize, 1u << XEN_PT_MSI },
    { "intx-off", do_intx_off },
    { "intx-on", do_intx_on },
    { "vectors", do_vectors },
    { "add", do_add, 1u << XEN_PT_MSIX },
    { "messages", do_messages },
    { "messages-64", do_messages_64, 1u << XEN_PT_MSIX },
    { "new-messages", do_new_messages },
    { "new-messages-64", do_new_messages_64, 1u << XEN_PT_MSIX },
    { "new-address", do_new_address },
    { "address", do_address },
    { "data", do_data },
    { "reserved", do_reserved, 1u << XEN_PT_MSI },
    { "zero", do_zero, 1u << XEN_PT_MSIX },
    { "renew", do_renew },
    { "mask-ones", do_mask_ones, 1u << XEN_PT_MSI },
    { "whole-table", do_whole_table, 1u << XEN_PT_MSIX },
    { "each", do_each },
    { "mask", do_mask },
    { "unmask", do_unmask },
    { "mask-64", do_mask_64, 1u << XEN_PT_MSIX },
    { "unmask-64", do_unmask_64, 1u << XEN_PT_MSIX },
    { "masks", do_masks },
    { "mask-table", do_mask_table, 1u << XEN_PT_MSIX },
    { "boot", do_boot },
    { "attach", do_attach },
    { "load", do_load },
    { "unload", do_unload },
    { "resume", do_resume },
    { "move", do_move },
    { "move-bar", do_move_bar },
    { "decode", do_decode },
    { "memory", do_memory },
    { "bars", do_bars },
    { "size-bar", do_size_bar },
    { "ovmf", do_ovmf },
    { "ipxe-on", do_ipxe_on, 1u << XEN_PT_MSIX },
    { "ipxe-off", do_ipxe_off, 1u << XEN_PT_MSIX },
    { "flr", do_flr },
    { "lose", do_lose },
    { "assert", do_assert },
    { "stale", do_stale, 1u << XEN_PT_MSIX },
    { "shy", do_shy, 1u << XEN_PT_MSIX },
    { "allow", do_allow },
    { "clear-enable", do_clear_enable },
    { "set-enable", do_set_enable },
    { "reboot", do_reboot },
    { "unplug", do_unplug },
    { "plug", do_plug },
    { "other", do_other },
    { "fail", do_fail },
    { "heal", do_heal },
    { "walk", do_walk },
    { "survive", do_survive },
};

/* The index into words; @arg: what follows the colon, or NULL */
static size_t parse(const char *word, const char **arg)
{
    size_t len = strcspn(word, ":");

    *arg = word[len] ? word + len + 1 : NULL;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (strlen(words[i].name) == len &&
            !strncmp(words[i].name, word, len)) {
            return i;
        }
    }
    g_error("'%s' is no word", word);
}

static void run(XenPTGuest *g, Driver *d, const char *script)
{
    g_auto(GStrv) list = g_strsplit(script, " ", -1);

    for (char **w = list; *w && !g->failed; w++) {
        const char *arg;
        size_t i = parse(*w, &arg);

        words[i].run(g, d, arg);
    }
}

void xen_pt_guest_run(XenPTGuest *g, const char *script)
{
    run(g, &g->driver[0], script);
}

/* Is a word, or what is walked, one that is not known of the guest? */
static bool is_unknown(const XenPTDialect *os, XenPTKind kind, size_t i,
                       const char *word)
{
    bool walks = words[i].run == do_walk || words[i].run == do_survive;

    return (!os->move[kind] && (words[i].run == do_move ||
                                (walks && g_str_has_suffix(word, ":move")))) ||
           (!os->resume[kind] && (words[i].run == do_resume ||
                                  (walks && g_str_has_suffix(word,
                                                             ":resume"))));
}

bool xen_pt_guest_can(const XenPTDialect *os, XenPTKind kind,
                      const char *script)
{
    g_auto(GStrv) list = g_strsplit(script, " ", -1);

    if (!os->load[kind]) {
        return false;
    }
    for (char **w = list; *w; w++) {
        const char *arg;
        size_t i = parse(*w, &arg);

        if ((words[i].kinds && !(words[i].kinds & 1u << kind)) ||
            is_unknown(os, kind, i, *w) ||
            (os->pv && (words[i].run == do_mask || words[i].run == do_unmask ||
                        words[i].run == do_new_address))) {
            return false;
        }
    }
    return true;
}

/* What Xen has of a message that is not for a pirq (msi_gflags()). */
static uint32_t gflags(const Vector *v)
{
    return (v->address >> 12 & 0xff) | (v->address >> 3 & 1) << 8 |
           (v->address >> 2 & 1) << 9 | (v->data >> 8 & 7) << 12 |
           (v->data >> 15 & 1) << 15;
}

void xen_pt_show_end(XenPT *x, const char *title, const char *text)
{
    g_autofree char *path = g_build_filename(x->dir, "journal", NULL);
    g_autofree char *journal = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned n;

    if (!text) {
        g_file_get_contents(path, &journal, NULL, NULL);
        text = journal ? journal : "";
    }
    lines = g_strsplit(text, "\n", -1);
    n = g_strv_length(lines);
    g_test_message("%s:", title);
    for (unsigned i = n > SHOWN ? n - SHOWN : 0; i < n; i++) {
        g_test_message("  %s", lines[i]);
    }
}

static bool has_arrived(XenPTGuest *g, const Driver *d, const char *text)
{
    const char *name = d->i ? "DEV2" : "DEV";
    g_autofree char *expected = NULL, *only = NULL;

    if (d->kind == XEN_PT_INTX) {
        expected = g_strdup_printf("guest %s interrupt INTx\n", name);
        return g_str_equal(text, expected);
    }
    for (const Vector *v = d->vector; v < d->vector + d->n; v++) {
        g_clear_pointer(&expected, g_free);
        expected = g->os->pv
            ? g_strdup_printf("guest %s interrupt pirq %u vector 0x00 ", name,
                              v->pirq)
            : g_strdup_printf(" vector 0x%02x gflags 0x%05x\n",
                              v->data & 0xff, gflags(v));
        if (strstr(text, expected)) {
            return true;
        }
    }
    return false;
}

/* One vector that is raised; NULL: as it should. */
static char *judge(XenPTGuest *g, Driver *d, unsigned v)
{
    g_autofree char *entry = d->kind == XEN_PT_MSIX
        ? g_strdup_printf(" %u", v) : g_strdup("");
    bool masked = d->kind != XEN_PT_INTX && (d->vector[v].masked || d->maskall);
    g_autofree char *text = NULL;
    Driver one = *d;

    xen_pt_skip(g->x);
    say(g, d, "raise", entry);
    text = xen_pt_journal(g->x, "guest");
    if (masked) {
        return *text ? g_strdup_printf("vector %u arrives though masked", v)
                     : NULL;
    }
    if (!*text) {
        return g_strdup_printf("vector %u is lost", v);
    }
    if (d->kind != XEN_PT_INTX) {
        one.vector[0] = d->vector[v];
        one.n = 1;
    }
    if (!has_arrived(g, &one, text)) {
        g_strchomp(text);
        return g_strdup_printf("vector %u arrives as %s", v,
                               text + strlen("guest "));
    }
    return NULL;
}

static char *judge_device(XenPTGuest *g, Driver *d)
{
    uint16_t word = d->kind == XEN_PT_INTX ? 0 : control(g, d);
    unsigned n = d->kind == XEN_PT_INTX ? 1 : d->n;
    char *wrong = NULL;

    if (d->kind != XEN_PT_INTX && !(word & enable_bit(d))) {
        return g_strdup("ENABLE reads 0");
    }
    for (unsigned v = 0; v < n && !wrong; v++) {
        wrong = judge(g, d, v);
    }
    return wrong;
}

char *xen_pt_guest_verdict(XenPTGuest *g)
{
    static const char *const names[] = { "MSI", "MSI-X", "INTx" };
    g_autoptr(GString) result = g_string_new("works");

    if (g->failed) {
        return g_strdup(g->failed);
    }
    for (unsigned i = 0; i < g->x->ndev; i++) {
        Driver *d = &g->driver[i];
        g_autofree char *wrong = d->loaded ? judge_device(g, d) : NULL;

        if (wrong) {
            return g_strdup_printf("%s%s: %s", names[d->kind],
                                   i ? " of the other" : "", wrong);
        }
        if (d->loaded) {
            g_string_append_printf(result, ", %s", names[d->kind]);
        }
    }
    return g_string_free(g_steal_pointer(&result), false);
}

XenPTGuest *xen_pt_guest_new(XenPT *x, const XenPTDialect *os, bool dom0)
{
    XenPTGuest *g = g_new0(XenPTGuest, 1);

    g->x = x;
    g->os = os;
    g->dom0 = dom0;
    g->next = 0x40;
    for (unsigned i = 0; i < XEN_PT_MAX_DEVICES; i++) {
        g->driver[i].i = i;
    }
    return g;
}

void xen_pt_guest_free(XenPTGuest *g)
{
    g_free(g->failed);
    g_free(g);
}
