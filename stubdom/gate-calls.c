/*
 * Which hypercalls QEMU may make, and with what arguments
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Xen checks all of this too, but for the calls that a domain makes on itself:
 * with mmu_update() and its like QEMU would own the kernel of this domain.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xenctrl.h>            /* the interface of tools, xen/domctl.h too */
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/version.h>

#include "gate-calls.h"

#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define PAGE_SHIFT 12
/* A physical address has at most this many bits, see CPUID 0x80000008. */
#define ADDRESS_BITS 52
#define MSIX_ENTRIES 2048
#define SEGMENT_SHIFT 16
/* Xen is to choose one. */
#define NO_IRQ -1
#define ACPI_S0 0
#define ACPI_S3 3

typedef union Argument {
    struct xen_hvm_param param;
    struct xen_memory_reservation reservation;
    struct xen_add_to_physmap move;
    struct physdev_map_pirq map;
    struct physdev_unmap_pirq unmap;
    struct sched_remote_shutdown shutdown;
    struct xen_domctl domctl;
    struct xen_feature_info features;
    uint64_t words[GATE_WORDS];
} Argument;

_Static_assert(sizeof(Argument) <= GATE_ARGUMENT_MAX, "GATE_ARGUMENT_MAX");

/* Each says whether the arguments fit, the domain apart. */
typedef bool Fits(const GateCalls *g, const Argument *a);

static bool fits_always(const GateCalls *g, const Argument *a)
{
    (void)g;
    (void)a;
    return true;
}

/* Where QEMU finds the pages that it shares with Xen */
static bool fits_get_param(const GateCalls *g, const Argument *a)
{
    (void)g;
    switch (a->param.index) {
    case HVM_PARAM_IOREQ_PFN:
    case HVM_PARAM_BUFIOREQ_PFN:
    case HVM_PARAM_BUFIOREQ_EVTCHN:
        return true;
    default:
        return false;
    }
}

/* The guest sleeps, or was woken. */
static bool fits_set_param(const GateCalls *g, const Argument *a)
{
    (void)g;
    return a->param.index == HVM_PARAM_ACPI_S_STATE &&
           (a->param.value == ACPI_S0 || a->param.value == ACPI_S3);
}

/* Memory of a display, option ROMs; single pages, with no wish of where */
static bool fits_populate(const GateCalls *g, const Argument *a)
{
    (void)g;
    return a->reservation.extent_order == 0 &&
           a->reservation.mem_flags == 0 &&
           a->reservation.nr_extents <= GATE_FRAMES_MAX;
}

/* The guest has moved the memory of its display. */
static bool fits_move(const GateCalls *g, const Argument *a)
{
    (void)g;
    return a->move.space == XENMAPSPACE_gmfn;
}

/* The device of a message. Xen takes its segment from one type alone. */
static const Device *device_of(const GateCalls *g,
                               const struct physdev_map_pirq *map)
{
    uint32_t segment = (uint32_t)map->bus >> SEGMENT_SHIFT;
    uint32_t bus = map->bus & 0xffff;

    if (bus > 0xff || map->devfn < 0 || map->devfn > 0xff ||
        (segment && map->type != MAP_PIRQ_TYPE_MSI_SEG)) {
        return NULL;
    }
    return devices_find(g->devices, segment, bus, map->devfn);
}

/*
 * A message: of a device, and by a table in one of its BARs where there is a
 * table. A line: that of a device.
 */
static bool fits_map(const GateCalls *g, const Argument *a)
{
    const struct physdev_map_pirq *map = &a->map;
    const Device *d;

    switch (map->type) {
    case MAP_PIRQ_TYPE_GSI:
        return devices_have_line(g->devices, map->index);
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
        d = device_of(g, map);
        return d && map->index == NO_IRQ && map->entry_nr >= 0 &&
               map->entry_nr < MSIX_ENTRIES &&
               (map->table_base == 0 ? map->entry_nr == 0 :
                devices_have_range(g->devices, d, map->table_base,
                                   map->table_base, false));
    default:
        return false;
    }
}

/* Which pirqs there are, Xen knows. Only MSI and a line of PCI are bound. */
static bool fits_bind(const GateCalls *g, const Argument *a)
{
    uint32_t type = a->domctl.u.bind_pt_irq.irq_type;

    (void)g;
    return type == PT_IRQ_TYPE_PCI || type == PT_IRQ_TYPE_MSI;
}

static bool fits_memory(const GateCalls *g, const Argument *a)
{
    const uint64_t end = 1ULL << (ADDRESS_BITS - PAGE_SHIFT);
    uint64_t first = a->domctl.u.memory_mapping.first_mfn;
    uint64_t n = a->domctl.u.memory_mapping.nr_mfns;

    return first < end && n <= end - first &&
           devices_have_range(g->devices, NULL, first << PAGE_SHIFT,
                              ((first + n) << PAGE_SHIFT) - 1, false);
}

static bool fits_ports(const GateCalls *g, const Argument *a)
{
    uint64_t first = a->domctl.u.ioport_mapping.first_mport;
    uint64_t n = a->domctl.u.ioport_mapping.nr_ports;

    return devices_have_range(g->devices, NULL, first, first + n - 1, true);
}

/* What a guest can do itself */
static bool fits_shutdown(const GateCalls *g, const Argument *a)
{
    uint32_t reason = a->shutdown.reason;

    (void)g;
    return reason == SHUTDOWN_poweroff || reason == SHUTDOWN_reboot ||
           reason == SHUTDOWN_crash;
}

typedef struct Rule {
    const char *name;
    unsigned op;
    uint32_t command;
    size_t size;            /* of the argument, in bytes */
    size_t domid;           /* where in it the domain is, or NO_DOMID */
    bool answers;           /* Xen's answer is in the argument. */
    bool of_devices;        /* depends on what devices there are */
    Fits *fits;
} Rule;

#define NO_DOMID SIZE_MAX
#define ANSWERS true
#define SILENT false
#define OF_DEVICES true
#define OF_DOMAIN false
#define HVM(command, answers, fits) \
    { #command, __HYPERVISOR_hvm_op, command, sizeof(struct xen_hvm_param), \
      offsetof(struct xen_hvm_param, domid), answers, OF_DOMAIN, fits }
#define MEMORY(command, type, fits) \
    { #command, __HYPERVISOR_memory_op, command, sizeof(struct type), \
      offsetof(struct type, domid), SILENT, OF_DOMAIN, fits }
#define PHYSDEV(command, type, answers, of_devices, fits) \
    { #command, __HYPERVISOR_physdev_op, command, sizeof(struct type), \
      offsetof(struct type, domid), answers, of_devices, fits }
#define DOMCTL(command, answers, of_devices, fits) \
    { #command, __HYPERVISOR_domctl, command, sizeof(struct xen_domctl), \
      offsetof(struct xen_domctl, domain), answers, of_devices, fits }

/* tests/docs/sandbox.py compares these rows with the table of image.rst. */
static const Rule rules[] = {
    HVM(HVMOP_get_param, ANSWERS, fits_get_param),
    HVM(HVMOP_set_param, SILENT, fits_set_param),
    MEMORY(XENMEM_populate_physmap, xen_memory_reservation, fits_populate),
    MEMORY(XENMEM_add_to_physmap, xen_add_to_physmap, fits_move),
    PHYSDEV(PHYSDEVOP_map_pirq, physdev_map_pirq, ANSWERS, OF_DEVICES,
            fits_map),
    PHYSDEV(PHYSDEVOP_unmap_pirq, physdev_unmap_pirq, SILENT, OF_DOMAIN,
            fits_always),
    /* libxenctrl asks what kind of a guest it is before it maps memory. */
    DOMCTL(XEN_DOMCTL_getdomaininfo, ANSWERS, OF_DOMAIN, fits_always),
    DOMCTL(XEN_DOMCTL_bind_pt_irq, SILENT, OF_DOMAIN, fits_bind),
    DOMCTL(XEN_DOMCTL_unbind_pt_irq, SILENT, OF_DOMAIN, fits_bind),
    DOMCTL(XEN_DOMCTL_memory_mapping, SILENT, OF_DEVICES, fits_memory),
    DOMCTL(XEN_DOMCTL_ioport_mapping, SILENT, OF_DEVICES, fits_ports),
    /* Does Xen see the guest's writes to a table of MSI-X? */
    { "XENVER_get_features", __HYPERVISOR_xen_version, XENVER_get_features,
      sizeof(struct xen_feature_info), NO_DOMID, ANSWERS, OF_DOMAIN,
      fits_always },
    { "SCHEDOP_remote_shutdown", __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
      sizeof(struct sched_remote_shutdown),
      offsetof(struct sched_remote_shutdown, domain_id), SILENT, OF_DOMAIN,
      fits_shutdown },
};

/* All 64 bits count: Xen looks at some of them only. */
static const Rule *find_rule(uint64_t op, uint64_t command)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        if (rules[i].op == op && rules[i].command == command) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool names_target(const GateCalls *g, const Rule *r, const Argument *a)
{
    domid_t domid;

    if (r->domid == NO_DOMID) {
        return true;
    }
    memcpy(&domid, (const char *)a + r->domid, sizeof(domid));
    return domid == g->target;
}

static bool fits(const GateCalls *g, const Rule *r, const Argument *a)
{
    if (!names_target(g, r, a)) {
        return false;
    }
    if (r->fits(g, a)) {
        return true;
    }
    if (!r->of_devices) {
        return false;
    }
    g->refresh(g->opaque);
    return r->fits(g, a);
}

/* The frames are copied part by part, so that this needs no more of memory. */
static long populate(const GateCalls *g, const Rule *r, Argument *a)
{
    const uint64_t from = (uintptr_t)a->reservation.extent_start.p;
    const size_t all = a->reservation.nr_extents;
    xen_pfn_t frames[GATE_FRAMES];
    size_t done = 0;

    while (done < all) {
        size_t n = all - done < GATE_FRAMES ? all - done : GATE_FRAMES;
        Argument part = *a;
        long rc;

        if (!g->read(g->opaque, frames, from + done * sizeof(frames[0]),
                     n * sizeof(frames[0]))) {
            return done ? (long)done : -EFAULT;
        }
        part.reservation.nr_extents = n;
        rc = g->call(g->opaque, r->op, r->command, &part, r->size, frames, n);
        if (rc < 0) {
            return done ? (long)done : rc;
        }
        done += rc;
        if ((size_t)rc < n) {
            break;
        }
    }
    return done;
}

static long do_call(const GateCalls *g, const Rule *r, uint64_t at, Argument *a)
{
    long rc;

    if (r->op == __HYPERVISOR_memory_op &&
        r->command == XENMEM_populate_physmap) {
        return populate(g, r, a);
    }
    rc = g->call(g->opaque, r->op, r->command, a, r->size, NULL, 0);
    if (r->answers && !g->write(g->opaque, at, a, r->size)) {
        return -EFAULT;
    }
    return rc;
}

long gate_call(const GateCalls *g, const privcmd_hypercall_t *c)
{
    /* It has its command in the argument, the other calls before it. */
    const bool domctl = c->op == __HYPERVISOR_domctl;
    const uint64_t at = c->arg[domctl ? 0 : 1];
    const Rule *r = domctl ? NULL : find_rule(c->op, c->arg[0]);
    const size_t size = domctl ? sizeof(struct xen_domctl) : r ? r->size : 0;
    Argument a = { 0 };

    if (size && !g->read(g->opaque, &a, at, size)) {
        return -EFAULT;
    }
    if (domctl) {
        r = find_rule(c->op, a.domctl.cmd);
    }
    if (!r || !fits(g, r, &a)) {
        g->refused(g->opaque, r ? r->name : NULL, c, a.words);
        return -EPERM;
    }
    return do_call(g, r, at, &a);
}
