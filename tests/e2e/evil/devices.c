/*
 * Hypercalls about devices: memory, ports and interrupts of the machine
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>
#include <xen/physdev.h>

#include "evil.h"

#define RESOURCES "/sys/bus/pci/devices/*/resource"
#define IS_PORTS 0x100
#define IS_MEMORY 0x200
/* Where in the guest it would be */
#define GUEST_FRAME 0xe0000UL
#define GUEST_PORT 0xe000
#define MAX_FRAME (1ULL << 40)
#define ANY_PIRQ (-1)
/* ich9-ahci is 00:05.0 in the emulated machine, nvme 00:04.0. */
#define OWN_DEVFN (5 << 3)
#define OTHER_DEVFN (4 << 3)
#define OTHER_LINE 4

/* The first BAR of a kind: its first and last byte */
static bool find_bar(unsigned kind, uint64_t *first, uint64_t *last)
{
    glob_t found;
    bool got = false;

    if (glob(RESOURCES, 0, NULL, &found)) {
        return false;
    }
    for (size_t i = 0; i < found.gl_pathc && !got; i++) {
        FILE *f = fopen(found.gl_pathv[i], "r");
        uint64_t flags;

        for (int bar = 0; f && bar < 6 && !got &&
             fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNx64, first, last,
                    &flags) == 3; bar++) {
            got = flags & kind && *first;
        }
        if (f) {
            fclose(f);
        }
    }
    globfree(&found);
    return got;
}

static long map_memory(unsigned domid, uint64_t first, uint64_t n, bool add)
{
    struct xen_domctl d = { 0 };

    d.u.memory_mapping.first_gfn = GUEST_FRAME;
    d.u.memory_mapping.first_mfn = first;
    d.u.memory_mapping.nr_mfns = n;
    d.u.memory_mapping.add_mapping = add;
    return domctl(XEN_DOMCTL_memory_mapping, domid, &d);
}

static long map_ports(unsigned domid, uint32_t first, uint32_t n, bool add)
{
    struct xen_domctl d = { 0 };

    d.u.ioport_mapping.first_gport = GUEST_PORT;
    d.u.ioport_mapping.first_mport = first;
    d.u.ioport_mapping.nr_ports = n;
    d.u.ioport_mapping.add_mapping = add;
    return domctl(XEN_DOMCTL_ioport_mapping, domid, &d);
}

/* Says what is missing where there is no such BAR: nothing was tried then. */
static uint64_t bar_frame(bool last)
{
    uint64_t a = 0, b = 0;

    if (!find_bar(IS_MEMORY, &a, &b)) {
        note("the device has no memory");
        _exit(0);
    }
    return (last ? b : a) / PAGE;
}

static uint32_t bar_port(bool last)
{
    uint64_t a = 0, b = 0;

    if (!find_bar(IS_PORTS, &a, &b)) {
        note("the device has no ports");
        _exit(0);
    }
    return last ? b : a;
}

static long own_bar(void)
{
    long rc = map_memory(target, bar_frame(false), 1, true);

    return rc < 0 ? rc : map_memory(target, bar_frame(false), 1, false);
}

static long page_below(void)
{
    return map_memory(target, bar_frame(false) - 1, 1, true);
}

static long from_below(void)
{
    return map_memory(target, bar_frame(false) - 1, 2, true);
}

static long page_above(void)
{
    return map_memory(target, bar_frame(true) + 1, 1, true);
}

static long to_above(void)
{
    uint64_t first = bar_frame(false);

    return map_memory(target, first, bar_frame(true) - first + 2, true);
}

static long machine_page(void)
{
    return map_memory(target, 0x100, 1, true);
}

static long all_memory(void)
{
    return map_memory(target, 0, MAX_FRAME, true);
}

static long no_memory(void)
{
    return map_memory(target, bar_frame(false), 0, true);
}

/* Sums that are within the BAR again: of frames, of bytes, of 32 bits */
static long wraps(void)
{
    const uint64_t bar = bar_frame(false);
    const uint64_t tries[][2] = {
        { bar, 1 - (uint64_t)PAGE }, { bar, 1ULL << 52 | 1 },
        { bar | 1ULL << 52, 1 }, { bar | 1ULL << 32, 1 },
        { ~0ULL, bar + 2 }, { bar, 1ULL << 32 | 1 }, { bar, ~0ULL },
        { bar + 1, ~0ULL }, { ~0ULL, 1 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
        if (map_memory(target, tries[i][0], tries[i][1], true) >= 0) {
            note("frame %" PRIx64 ", %" PRIx64, tries[i][0], tries[i][1]);
            return 0;
        }
    }
    return -EPERM;
}

static long bar_for_dom0(void)
{
    return map_memory(0, bar_frame(false), 1, true);
}

static long bar_for_self(void)
{
    return map_memory(own, bar_frame(false), 1, true);
}

static long own_ports(void)
{
    long rc = map_ports(target, bar_port(false), 1, true);

    return rc < 0 ? rc : map_ports(target, bar_port(false), 1, false);
}

static long port_below(void)
{
    return map_ports(target, bar_port(false) - 1, 1, true);
}

static long port_above(void)
{
    return map_ports(target, bar_port(true) + 1, 1, true);
}

static long ports_across(void)
{
    uint32_t first = bar_port(false);

    return map_ports(target, first, bar_port(true) - first + 2, true);
}

static long all_ports(void)
{
    return map_ports(target, 0, 0x10000, true);
}

static long port_wraps(void)
{
    long rc = map_ports(target, bar_port(false), ~0U, true);

    return rc < 0 ? map_ports(target, bar_port(false) | 1U << 16, 1, true) : rc;
}

static long ports_for_dom0(void)
{
    return map_ports(0, bar_port(false), 1, true);
}

/* --- interrupts ----------------------------------------------------------- */

/* Returns the pirq, or -errno; unmaps it again */
static long map_pirq(struct physdev_map_pirq map)
{
    struct physdev_unmap_pirq unmap = { .domid = target };
    struct physdev_map_pirq *m = (void *)words;
    long rc;

    *m = map;
    rc = hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq,
                   (uintptr_t)m, 0, 0);
    if (rc >= 0 && m->pirq >= 0 && map.type != MAP_PIRQ_TYPE_GSI) {
        unmap.pirq = m->pirq;
        *(struct physdev_unmap_pirq *)words = unmap;
        rc = hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq,
                       (uintptr_t)words, 0, 0);
    }
    return rc;
}

#define MAP(kind, ...) (struct physdev_map_pirq) { \
    .domid = target, .type = MAP_PIRQ_TYPE_##kind, .pirq = ANY_PIRQ, \
    .index = ANY_PIRQ, .devfn = OWN_DEVFN, __VA_ARGS__ }

static long own_message(void)
{
    return map_pirq(MAP(MSI));
}

static long other_device(void)
{
    return map_pirq(MAP(MSI, .devfn = OTHER_DEVFN));
}

static long other_segment(void)
{
    return map_pirq(MAP(MSI_SEG, .bus = 1 << 16));
}

static long other_bus(void)
{
    long rc = map_pirq(MAP(MSI, .bus = 0x100));

    return rc < 0 ? map_pirq(MAP(MSI, .devfn = OWN_DEVFN | 0x100)) : rc;
}

static long for_dom0(void)
{
    struct physdev_map_pirq m = MAP(MSI);

    m.domid = 0;
    return map_pirq(m);
}

static long for_self(void)
{
    struct physdev_map_pirq m = MAP(MSI);

    m.domid = DOMID_SELF;
    return map_pirq(m);
}

static long many_messages(void)
{
    return map_pirq(MAP(MULTI_MSI, .entry_nr = 4));
}

static long other_entry(void)
{
    return map_pirq(MAP(MSI, .entry_nr = 7));
}

static long table_elsewhere(void)
{
    return map_pirq(MAP(MSI, .entry_nr = 1, .table_base = 0x100000));
}

static long other_line(void)
{
    return map_pirq(MAP(GSI, .index = OTHER_LINE, .pirq = OTHER_LINE));
}

static long each_line(void)
{
    unsigned n = 0;

    for (int line = 0; line < 256; line++) {
        n += map_pirq(MAP(GSI, .index = line, .pirq = line)) >= 0;
    }
    note("%u of 256 lines are its device's", n);
    return n > 1 ? 0 : -EPERM;
}

static long unmap_of_dom0(void)
{
    *(struct physdev_unmap_pirq *)words =
        (struct physdev_unmap_pirq) { .domid = 0, .pirq = 16 };
    return hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq,
                     (uintptr_t)words, 0, 0);
}

static long bind(unsigned domid, unsigned type)
{
    struct xen_domctl d = { 0 };

    d.u.bind_pt_irq.irq_type = type;
    d.u.bind_pt_irq.machine_irq = OTHER_LINE;
    return domctl(XEN_DOMCTL_bind_pt_irq, domid, &d);
}

static long bind_dom0(void)
{
    return bind(0, PT_IRQ_TYPE_PCI);
}

static long bind_isa(void)
{
    return bind(target, PT_IRQ_TYPE_ISA);
}

/* xenstore's account of the devices, in the part that is this domain's own */
static long told_otherwise(void)
{
    struct xs_handle *xs = xs_open(0);
    char path[64];
    const char *rows[][2] = {
        { "num_devs", "1" }, { "dev-0", "0000:00:04.0" },
        { "vdev-0", "0000:00:00.0" },
    };

    for (size_t i = 0; xs && i < ARRAY_SIZE(rows); i++) {
        snprintf(path, sizeof(path), "data/pci/%s", rows[i][0]);
        xs_write(xs, XBT_NULL, path, rows[i][1], strlen(rows[i][1]));
    }
    snprintf(path, sizeof(path), "/local/domain/%u/data/pci", own);
    if (xs) {
        bool changed = xs_write(xs, XBT_NULL, "device/pci/0/backend", path,
                                strlen(path));

        note("device/pci/0/backend %s be written", changed ? "can" : "cannot");
        xs_close(xs);
    }
    return other_device();
}

static const Attempt attempts[] = {
    ALLOWED("memory_mapping of its device's BAR",
            "the guest has the device's memory without QEMU", own_bar),
    REFUSED("memory_mapping of the page below the BAR", page_below),
    REFUSED("memory_mapping from below into the BAR", from_below),
    REFUSED("memory_mapping of the page above the BAR", page_above),
    REFUSED("memory_mapping of the BAR and more", to_above),
    REFUSED("memory_mapping of the machine's memory", machine_page),
    REFUSED("memory_mapping of all memory", all_memory),
    REFUSED("memory_mapping of nothing", no_memory),
    REFUSED("memory_mapping that wraps around", wraps),
    REFUSED("memory_mapping of the BAR for dom0", bar_for_dom0),
    REFUSED("memory_mapping of the BAR for itself", bar_for_self),
    ALLOWED("ioport_mapping of its device's ports",
            "the guest has the device's ports without QEMU", own_ports),
    REFUSED("ioport_mapping of the port below", port_below),
    REFUSED("ioport_mapping of the port above", port_above),
    REFUSED("ioport_mapping of the ports and one more", ports_across),
    REFUSED("ioport_mapping of all ports", all_ports),
    REFUSED("ioport_mapping that wraps around", port_wraps),
    REFUSED("ioport_mapping of the ports for dom0", ports_for_dom0),
    ALLOWED("map_pirq, unmap_pirq of its device's MSI",
            "the guest's driver asks for it", own_message),
    REFUSED("map_pirq of another device", other_device),
    REFUSED("map_pirq of another segment", other_segment),
    REFUSED("map_pirq of a bus or function that is too large", other_bus),
    REFUSED("map_pirq of its device for dom0", for_dom0),
    REFUSED("map_pirq of its device for itself", for_self),
    REFUSED("map_pirq of several messages", many_messages),
    REFUSED("map_pirq of an entry without a table", other_entry),
    REFUSED("map_pirq with a table elsewhere", table_elsewhere),
    REFUSED("map_pirq of another line", other_line),
    REFUSED("map_pirq of more lines than one", each_line),
    REFUSED("unmap_pirq of dom0", unmap_of_dom0),
    REFUSED("bind_pt_irq for dom0", bind_dom0),
    REFUSED("bind_pt_irq of a line of ISA", bind_isa),
    REFUSED("map_pirq of a device that xenstore was told of", told_otherwise),
};

THEME(devices_theme, "devices");
