/*
 * The hypercalls that the stub domain's init makes for QEMU, and those it does
 * not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each row is a call that fits, and what may be changed in it before it does
 * not: a field is set to a value, and the call has to be refused, without Xen
 * being asked.
 */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <xenctrl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/version.h>

#include "gate-calls.h"

#define TARGET 7
#define OTHER 8
#define ARGUMENT 0x1000
#define FRAMES 0x100000
#define SEEN_MAX (GATE_FRAMES * 4)
/* What Xen puts into an argument */
#define ANSWER 0x5a

/* The machine's, as Xen and dom0 know it; the second is a display. */
static const Devices devices = {
    .n = 2,
    .list = {
        { .segment = 0, .bus = 3, .devfn = 0x08, .line = 17, .n_ranges = 2,
          .ranges = { { 0xfe000000, 0xfe003fff, false },
                      { 0xc000, 0xc01f, true } } },
        { .segment = 1, .bus = 4, .devfn = 0x10, .n_ranges = 2,
          .ranges = { { 0xfd000100, 0xfd0001ff, false },
                      { 0xa0000, 0xbffff, false } } },
    },
};

/* One call, and what the world did with it */
static struct {
    uint8_t argument[GATE_ARGUMENT_MAX];
    size_t argument_size;       /* of what QEMU has mapped there */
    uint8_t given[GATE_ARGUMENT_MAX];
    size_t given_size;
    size_t n_frames_mapped;
    xen_pfn_t seen[SEEN_MAX];
    size_t n_seen;
    unsigned calls, refused, refreshed;
    unsigned op, command;
    const char *refused_as;
    long rc;
    size_t populate_limit;      /* Xen has memory for that many. */
    bool late;                  /* The devices are there after a refresh. */
    bool read_only;
    Devices devices;
} w;

static void refresh(void *opaque)
{
    (void)opaque;
    w.refreshed++;
    if (w.late) {
        w.devices = devices;
    }
}

static bool read_memory(void *opaque, void *to, uint64_t from, size_t n)
{
    (void)opaque;
    if (from == ARGUMENT && n <= w.argument_size) {
        memcpy(to, w.argument, n);
        return true;
    }
    if (from >= FRAMES &&
        from + n <= FRAMES + w.n_frames_mapped * sizeof(xen_pfn_t)) {
        for (size_t i = 0; i < n / sizeof(xen_pfn_t); i++) {
            ((xen_pfn_t *)to)[i] = (from - FRAMES) / sizeof(xen_pfn_t) + i;
        }
        return true;
    }
    return false;
}

static bool write_memory(void *opaque, uint64_t to, const void *from, size_t n)
{
    (void)opaque;
    if (to != ARGUMENT || n > w.argument_size || w.read_only) {
        return false;
    }
    memcpy(w.argument, from, n);
    return true;
}

static long call_xen(void *opaque, unsigned op, unsigned command,
                     void *argument, size_t size, const xen_pfn_t *frames,
                     size_t n)
{
    (void)opaque;
    w.calls++;
    w.op = op;
    w.command = command;
    w.given_size = size;
    memcpy(w.given, argument, size);
    if (frames) {
        const struct xen_memory_reservation *r = argument;
        size_t room = w.populate_limit - w.n_seen;

        g_assert_cmpuint(n, <=, GATE_FRAMES);
        g_assert_cmpuint(n, ==, r->nr_extents);
        n = n < room ? n : room;
        memcpy(w.seen + w.n_seen, frames, n * sizeof(*frames));
        w.n_seen += n;
        return n || w.rc >= 0 ? (long)n : w.rc;
    }
    memset(argument, ANSWER, size);
    return w.rc;
}

static void refused(void *opaque, const char *name,
                    const privcmd_hypercall_t *c,
                    const uint64_t argument[GATE_WORDS])
{
    (void)opaque;
    (void)c;
    (void)argument;
    w.refused++;
    w.refused_as = name;
}

static const GateCalls gate = {
    .target = TARGET, .devices = &w.devices, .refresh = refresh,
    .read = read_memory, .write = write_memory, .call = call_xen,
    .refused = refused,
};

static void reset(void)
{
    memset(&w, 0, sizeof(w));
    w.devices = devices;
    w.populate_limit = SEEN_MAX;
}

/* --- the rows ------------------------------------------------------------- */

typedef struct Change {
    const char *what;
    size_t offset, size;
    uint64_t value;
} Change;

#define CHANGE(type, field, value) \
    { #field " = " #value, offsetof(struct type, field), \
      sizeof(((struct type *)0)->field), value }
#define BIND(type, field, value) \
    CHANGE(xen_domctl, u.bind_pt_irq.field, value)
#define MEM(field, value) CHANGE(xen_domctl, u.memory_mapping.field, value)
#define PORT(field, value) CHANGE(xen_domctl, u.ioport_mapping.field, value)

typedef struct Row {
    const char *name;
    unsigned op, command;
    size_t size;
    bool answers;
    union {
        struct xen_hvm_param param;
        struct xen_memory_reservation reservation;
        struct xen_add_to_physmap move;
        struct physdev_map_pirq map;
        struct physdev_unmap_pirq unmap;
        struct sched_remote_shutdown shutdown;
        struct xen_domctl domctl;
        struct xen_feature_info features;
        uint8_t bytes[GATE_ARGUMENT_MAX];
    } arg;
    Change fits[8], fits_not[24];
} Row;

#define DOMCTL(name, member, ...) \
    .op = __HYPERVISOR_domctl, .command = name, \
    .size = sizeof(struct xen_domctl), \
    .arg.domctl = { .cmd = name, .domain = TARGET, \
                    .interface_version = XEN_DOMCTL_INTERFACE_VERSION, \
                    .u.member = { __VA_ARGS__ } }

static const Row rows[] = {
    {
        .name = "get_param", .op = __HYPERVISOR_hvm_op,
        .command = HVMOP_get_param, .size = sizeof(struct xen_hvm_param),
        .answers = true,
        .arg.param = { .domid = TARGET, .index = HVM_PARAM_IOREQ_PFN },
        .fits = {
            CHANGE(xen_hvm_param, index, HVM_PARAM_BUFIOREQ_PFN),
            CHANGE(xen_hvm_param, index, HVM_PARAM_BUFIOREQ_EVTCHN),
        },
        .fits_not = {
            CHANGE(xen_hvm_param, domid, OTHER),
            CHANGE(xen_hvm_param, domid, DOMID_SELF),
            CHANGE(xen_hvm_param, domid, 0),
            CHANGE(xen_hvm_param, index, HVM_PARAM_CALLBACK_IRQ),
            CHANGE(xen_hvm_param, index, HVM_PARAM_STORE_PFN),
            CHANGE(xen_hvm_param, index, 0xffffffff),
        },
    }, {
        .name = "set_param", .op = __HYPERVISOR_hvm_op,
        .command = HVMOP_set_param, .size = sizeof(struct xen_hvm_param),
        .arg.param = { .domid = TARGET, .index = HVM_PARAM_ACPI_S_STATE,
                       .value = 3 },
        .fits = { CHANGE(xen_hvm_param, value, 0) },
        .fits_not = {
            CHANGE(xen_hvm_param, domid, OTHER),
            CHANGE(xen_hvm_param, value, 1),
            CHANGE(xen_hvm_param, value, 0x100000003),
            CHANGE(xen_hvm_param, index, HVM_PARAM_IOREQ_PFN),
            CHANGE(xen_hvm_param, index, HVM_PARAM_CALLBACK_IRQ),
        },
    }, {
        .name = "add_to_physmap", .op = __HYPERVISOR_memory_op,
        .command = XENMEM_add_to_physmap,
        .size = sizeof(struct xen_add_to_physmap),
        .arg.move = { .domid = TARGET, .space = XENMAPSPACE_gmfn,
                      .idx = 0xf0000, .gpfn = 0xf1000 },
        .fits_not = {
            CHANGE(xen_add_to_physmap, domid, DOMID_SELF),
            CHANGE(xen_add_to_physmap, domid, OTHER),
            CHANGE(xen_add_to_physmap, space, XENMAPSPACE_shared_info),
            CHANGE(xen_add_to_physmap, space, XENMAPSPACE_grant_table),
            CHANGE(xen_add_to_physmap, space, XENMAPSPACE_gmfn_range),
            CHANGE(xen_add_to_physmap, space, XENMAPSPACE_gmfn_foreign),
            CHANGE(xen_add_to_physmap, space, XENMAPSPACE_dev_mmio),
        },
    }, {
        .name = "map_pirq: message", .op = __HYPERVISOR_physdev_op,
        .command = PHYSDEVOP_map_pirq, .size = sizeof(struct physdev_map_pirq),
        .answers = true,
        .arg.map = { .domid = TARGET, .type = MAP_PIRQ_TYPE_MSI_SEG,
                     .index = -1, .pirq = -1, .bus = 3, .devfn = 0x08 },
        .fits = {
            CHANGE(physdev_map_pirq, pirq, 55),
            CHANGE(physdev_map_pirq, table_base, 0xfe002000),
            CHANGE(physdev_map_pirq, type, MAP_PIRQ_TYPE_MSI),
        },
        .fits_not = {
            CHANGE(physdev_map_pirq, domid, OTHER),
            CHANGE(physdev_map_pirq, domid, DOMID_SELF),
            CHANGE(physdev_map_pirq, index, 0),
            CHANGE(physdev_map_pirq, index, 17),
            CHANGE(physdev_map_pirq, bus, 2),
            CHANGE(physdev_map_pirq, bus, 0x10003),
            CHANGE(physdev_map_pirq, bus, 0x103),
            CHANGE(physdev_map_pirq, devfn, 0x09),
            CHANGE(physdev_map_pirq, devfn, 0x108),
            CHANGE(physdev_map_pirq, devfn, -0xf8),
            /* no entry but the first has no table */
            CHANGE(physdev_map_pirq, entry_nr, 1),
            CHANGE(physdev_map_pirq, entry_nr, -1),
            CHANGE(physdev_map_pirq, table_base, 0xfe004000),
            CHANGE(physdev_map_pirq, table_base, 0xfdffffff),
            /* in a BAR of the other device */
            CHANGE(physdev_map_pirq, table_base, 0xfd000100),
            /* a port */
            CHANGE(physdev_map_pirq, table_base, 0xc000),
            CHANGE(physdev_map_pirq, type, MAP_PIRQ_TYPE_UNKNOWN),
            CHANGE(physdev_map_pirq, type, MAP_PIRQ_TYPE_MULTI_MSI),
            CHANGE(physdev_map_pirq, type, MAP_PIRQ_TYPE_GSI),
            CHANGE(physdev_map_pirq, type, -1),
        },
    }, {
        .name = "map_pirq: table", .op = __HYPERVISOR_physdev_op,
        .command = PHYSDEVOP_map_pirq, .size = sizeof(struct physdev_map_pirq),
        .answers = true,
        .arg.map = { .domid = TARGET, .type = MAP_PIRQ_TYPE_MSI_SEG,
                     .index = -1, .pirq = -1, .bus = 0x10004, .devfn = 0x10,
                     .entry_nr = 2047, .table_base = 0xfd000100 },
        .fits_not = {
            /* of segment 0 */
            CHANGE(physdev_map_pirq, type, MAP_PIRQ_TYPE_MSI),
            CHANGE(physdev_map_pirq, entry_nr, 2048),
            CHANGE(physdev_map_pirq, entry_nr, -2147483647),
            CHANGE(physdev_map_pirq, table_base, 0),
        },
    }, {
        .name = "map_pirq: line", .op = __HYPERVISOR_physdev_op,
        .command = PHYSDEVOP_map_pirq, .size = sizeof(struct physdev_map_pirq),
        .answers = true,
        .arg.map = { .domid = TARGET, .type = MAP_PIRQ_TYPE_GSI, .index = 17,
                     .pirq = 17 },
        .fits_not = {
            CHANGE(physdev_map_pirq, domid, OTHER),
            CHANGE(physdev_map_pirq, index, 16),
            CHANGE(physdev_map_pirq, index, 0),
            CHANGE(physdev_map_pirq, index, -1),
            CHANGE(physdev_map_pirq, index, 17 + 256),
        },
    }, {
        .name = "unmap_pirq", .op = __HYPERVISOR_physdev_op,
        .command = PHYSDEVOP_unmap_pirq,
        .size = sizeof(struct physdev_unmap_pirq),
        .arg.unmap = { .domid = TARGET, .pirq = 55 },
        .fits_not = {
            CHANGE(physdev_unmap_pirq, domid, DOMID_SELF),
            CHANGE(physdev_unmap_pirq, domid, OTHER),
        },
    }, {
        .name = "getdomaininfo", .answers = true,
        DOMCTL(XEN_DOMCTL_getdomaininfo, getdomaininfo, .domain = 0),
        .fits_not = {
            CHANGE(xen_domctl, domain, OTHER),
            CHANGE(xen_domctl, domain, DOMID_SELF),
            CHANGE(xen_domctl, domain, 0),
        },
    }, {
        .name = "bind", DOMCTL(XEN_DOMCTL_bind_pt_irq, bind_pt_irq,
                               .machine_irq = 55, .irq_type = PT_IRQ_TYPE_MSI),
        .fits = {
            BIND(xen_domctl, irq_type, PT_IRQ_TYPE_PCI),
            CHANGE(xen_domctl, cmd, XEN_DOMCTL_unbind_pt_irq),
        },
        .fits_not = {
            CHANGE(xen_domctl, domain, OTHER),
            CHANGE(xen_domctl, domain, DOMID_SELF),
            CHANGE(xen_domctl, domain, 0),
            BIND(xen_domctl, irq_type, PT_IRQ_TYPE_ISA),
            BIND(xen_domctl, irq_type, PT_IRQ_TYPE_MSI_TRANSLATE),
            BIND(xen_domctl, irq_type, PT_IRQ_TYPE_SPI),
            CHANGE(xen_domctl, cmd, XEN_DOMCTL_destroydomain),
            CHANGE(xen_domctl, cmd, XEN_DOMCTL_iomem_permission),
            CHANGE(xen_domctl, cmd, XEN_DOMCTL_irq_permission),
            CHANGE(xen_domctl, cmd, XEN_DOMCTL_assign_device),
            CHANGE(xen_domctl, cmd, XEN_DOMCTL_setvcpucontext),
            CHANGE(xen_domctl, cmd, 0),
            CHANGE(xen_domctl, cmd, 0xffffffff),
        },
    }, {
        .name = "memory", DOMCTL(XEN_DOMCTL_memory_mapping, memory_mapping,
                                 .first_gfn = 0xf0000, .first_mfn = 0xfe000,
                                 .nr_mfns = 4, .add_mapping = 1),
        .fits = {
            MEM(add_mapping, 0), MEM(nr_mfns, 1), MEM(first_gfn, 1),
        },
        .fits_not = {
            CHANGE(xen_domctl, domain, OTHER), MEM(nr_mfns, 5),
            MEM(nr_mfns, 0), MEM(nr_mfns, -1),
            MEM(nr_mfns, 1ULL << 52), MEM(first_mfn, 0xfdfff),
            MEM(first_mfn, 0xfe001), MEM(first_mfn, 0),
            MEM(first_mfn, 0xc), MEM(first_mfn, (1ULL << 52) | 0xfe000),
            MEM(first_mfn, -4),
        },
    }, {
        /* A BAR smaller than a page is mapped as a page. */
        .name = "memory: small", DOMCTL(XEN_DOMCTL_memory_mapping,
                                        memory_mapping, .first_gfn = 0xf0000,
                                        .first_mfn = 0xfd000, .nr_mfns = 1,
                                        .add_mapping = 1),
        .fits = { MEM(first_mfn, 0xbf) },
        .fits_not = { MEM(nr_mfns, 2), MEM(first_mfn, 0xc0) },
    }, {
        .name = "ports", DOMCTL(XEN_DOMCTL_ioport_mapping, ioport_mapping,
                                .first_gport = 0x5000, .first_mport = 0xc000,
                                .nr_ports = 32, .add_mapping = 1),
        .fits = {
            PORT(nr_ports, 1), PORT(add_mapping, 0), PORT(first_gport, 0),
        },
        .fits_not = {
            CHANGE(xen_domctl, domain, OTHER), PORT(nr_ports, 33),
            PORT(nr_ports, 0), PORT(nr_ports, -1), PORT(first_mport, 0xbfff),
            PORT(first_mport, 0xc001), PORT(first_mport, 0xcf8),
        },
    }, {
        .name = "features", .op = __HYPERVISOR_xen_version,
        .command = XENVER_get_features, .answers = true,
        .size = sizeof(struct xen_feature_info),
        .fits = { CHANGE(xen_feature_info, submap_idx, 1) },
    }, {
        .name = "shutdown", .op = __HYPERVISOR_sched_op,
        .command = SCHEDOP_remote_shutdown,
        .size = sizeof(struct sched_remote_shutdown),
        .arg.shutdown = { .domain_id = TARGET, .reason = SHUTDOWN_crash },
        .fits = {
            CHANGE(sched_remote_shutdown, reason, SHUTDOWN_poweroff),
        },
        .fits_not = {
            CHANGE(sched_remote_shutdown, domain_id, DOMID_SELF),
            CHANGE(sched_remote_shutdown, domain_id, OTHER),
            CHANGE(sched_remote_shutdown, domain_id, 0),
            CHANGE(sched_remote_shutdown, reason, SHUTDOWN_suspend),
            CHANGE(sched_remote_shutdown, reason, 5000),
        },
    },
};

static privcmd_hypercall_t call_of(unsigned op, uint64_t command)
{
    privcmd_hypercall_t c = { .op = op, .arg = { command, ARGUMENT } };

    if (op == __HYPERVISOR_domctl) {
        c.arg[0] = ARGUMENT;
        c.arg[1] = 0;
    }
    return c;
}

static long do_call(const Row *r, const Change *change)
{
    privcmd_hypercall_t c = call_of(r->op, r->command);

    memcpy(w.argument, &r->arg, r->size);
    w.argument_size = r->size;
    if (change) {
        g_test_message("%s: %s", r->name, change->what);
        memcpy(w.argument + change->offset, &change->value, change->size);
    }
    return gate_call(&gate, &c);
}

static void check_done(const Row *r, const Change *change)
{
    uint8_t before[GATE_ARGUMENT_MAX];

    reset();
    w.rc = 1;
    g_assert_cmpint(do_call(r, change), ==, 1);
    g_assert_cmpuint(w.calls, ==, 1);
    g_assert_cmpuint(w.refused, ==, 0);
    g_assert_cmpuint(w.refreshed, ==, 0);
    g_assert_cmpuint(w.op, ==, r->op);
    g_assert_cmpuint(w.given_size, ==, r->size);
    memcpy(before, &r->arg, r->size);
    if (change) {
        memcpy(before + change->offset, &change->value, change->size);
    }
    g_assert_cmpmem(w.given, r->size, before, r->size);
    if (r->answers) {
        memset(before, ANSWER, r->size);
    }
    g_assert_cmpmem(w.argument, r->size, before, r->size);
}

static void test_fits(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check_done(&rows[i], NULL);
        for (const Change *c = rows[i].fits; c->what; c++) {
            check_done(&rows[i], c);
        }
    }
}

static void test_fits_not(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (const Change *c = rows[i].fits_not; c->what; c++) {
            reset();
            g_assert_cmpint(do_call(&rows[i], c), ==, -EPERM);
            g_assert_cmpuint(w.calls, ==, 0);
            g_assert_cmpuint(w.refused, ==, 1);
            g_assert_cmpmem(w.argument + c->offset, c->size, &c->value,
                            c->size);
        }
    }
}

/* Xen's refusal is QEMU's answer. */
static void test_xen_refuses(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        reset();
        w.rc = -ENODEV;
        g_assert_cmpint(do_call(&rows[i], NULL), ==, -ENODEV);
        g_assert_cmpuint(w.refused, ==, 0);
    }
}

/* A device that was plugged a moment ago */
static void test_refresh(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        reset();
        w.devices.n = 0;
        w.late = true;
        g_assert_cmpint(do_call(&rows[i], NULL), ==, 0);
        g_assert_cmpuint(w.calls, ==, 1);
        g_assert_cmpuint(w.refused, ==, 0);
    }
}

static void test_no_memory(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *r = &rows[i];
        privcmd_hypercall_t c = call_of(r->op, r->command);

        reset();
        memcpy(w.argument, &r->arg, r->size);
        w.argument_size = r->size - 1;
        g_assert_cmpint(gate_call(&gate, &c), ==, -EFAULT);
        g_assert_cmpuint(w.calls, ==, 0);

        reset();
        w.read_only = true;
        g_assert_cmpint(do_call(r, NULL), ==, r->answers ? -EFAULT : 0);
        g_assert_cmpuint(w.calls, ==, 1);
    }
}

/* All hypercalls that there are, and commands of those that have some */
static void test_other_calls(void)
{
    for (unsigned op = 0; op < 64; op++) {
        for (uint64_t command = 0; command < 128; command++) {
            const bool known =
                (op == __HYPERVISOR_hvm_op && command <= 1) ||
                (op == __HYPERVISOR_memory_op &&
                 (command == XENMEM_populate_physmap ||
                  command == XENMEM_add_to_physmap)) ||
                (op == __HYPERVISOR_physdev_op &&
                 (command == PHYSDEVOP_map_pirq ||
                  command == PHYSDEVOP_unmap_pirq)) ||
                (op == __HYPERVISOR_sched_op &&
                 command == SCHEDOP_remote_shutdown) ||
                (op == __HYPERVISOR_xen_version &&
                 command == XENVER_get_features) ||
                op == __HYPERVISOR_domctl;
            privcmd_hypercall_t c = call_of(op, command);

            reset();
            w.argument_size = sizeof(w.argument);
            if (!known) {
                g_assert_cmpint(gate_call(&gate, &c), ==, -EPERM);
                g_assert_cmpuint(w.refused, ==, 1);
                g_assert_null(w.refused_as);
            }
            g_assert_cmpuint(w.calls, ==, 0);
        }
    }
}

/* Xen takes 32 bits of a command; only numbers that are exact are known. */
static void test_wide(void)
{
    privcmd_hypercall_t c = call_of(__HYPERVISOR_physdev_op,
                                    0x100000000 | PHYSDEVOP_unmap_pirq);

    const struct physdev_unmap_pirq unmap = { .domid = TARGET, .pirq = 55 };

    reset();
    memcpy(w.argument, &unmap, sizeof(unmap));
    w.argument_size = sizeof(w.argument);
    g_assert_cmpint(gate_call(&gate, &c), ==, -EPERM);
    c.arg[0] = PHYSDEVOP_unmap_pirq;
    c.op |= 0x100000000;
    g_assert_cmpint(gate_call(&gate, &c), ==, -EPERM);
    g_assert_cmpuint(w.refused, ==, 2);
    g_assert_cmpuint(w.calls, ==, 0);
    c.op = __HYPERVISOR_physdev_op;
    g_assert_cmpint(gate_call(&gate, &c), ==, 0);
}

/* --- memory for the guest ------------------------------------------------- */

static long populate(size_t n, unsigned domid, unsigned order, unsigned flags)
{
    struct xen_memory_reservation r = {
        .nr_extents = n, .extent_order = order, .mem_flags = flags,
        .domid = domid,
    };
    privcmd_hypercall_t c = call_of(__HYPERVISOR_memory_op,
                                    XENMEM_populate_physmap);

    set_xen_guest_handle_raw(r.extent_start, (void *)FRAMES);
    memcpy(w.argument, &r, sizeof(r));
    w.argument_size = sizeof(r);
    return gate_call(&gate, &c);
}

static void test_populate(void)
{
    static const struct {
        size_t asked, mapped, xen_has;
        long result, calls;
    } cases[] = {
        { 0, 0, SEEN_MAX, 0, 0 },
        { 1, 1, SEEN_MAX, 1, 1 },
        { GATE_FRAMES, GATE_FRAMES, SEEN_MAX, GATE_FRAMES, 1 },
        { GATE_FRAMES + 1, GATE_FRAMES + 1, SEEN_MAX, GATE_FRAMES + 1, 2 },
        { 4 * GATE_FRAMES, 4 * GATE_FRAMES, SEEN_MAX, 4 * GATE_FRAMES, 4 },
        /* Xen has no more: it is not asked again. */
        { 4 * GATE_FRAMES, 4 * GATE_FRAMES, 700, 700, 2 },
        { 4 * GATE_FRAMES, 4 * GATE_FRAMES, GATE_FRAMES, GATE_FRAMES, 2 },
        { 5, 5, 0, -ENOMEM, 1 },
        /* The list is not all there. */
        { 5, 4, SEEN_MAX, -EFAULT, 0 },
        { GATE_FRAMES + 1, GATE_FRAMES, SEEN_MAX, GATE_FRAMES, 1 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        reset();
        w.rc = -ENOMEM;
        w.populate_limit = cases[i].xen_has;
        w.n_frames_mapped = cases[i].mapped;
        g_assert_cmpint(populate(cases[i].asked, TARGET, 0, 0), ==,
                        cases[i].result);
        g_assert_cmpint(w.calls, ==, cases[i].calls);
        g_assert_cmpuint(w.refused, ==, 0);
        for (size_t k = 0; k < w.n_seen; k++) {
            g_assert_cmpuint(w.seen[k], ==, k);
        }
    }
}

static void test_populate_refused(void)
{
    static const struct {
        size_t n;
        unsigned domid, order, flags;
    } cases[] = {
        { 1, OTHER, 0, 0 }, { 1, DOMID_SELF, 0, 0 }, { 1, TARGET, 1, 0 },
        { 1, TARGET, 9, 0 }, { 1, TARGET, 0, XENMEMF_populate_on_demand },
        { 1, TARGET, 0, XENMEMF_vnode },
        { GATE_FRAMES_MAX + 1, TARGET, 0, 0 }, { SIZE_MAX, TARGET, 0, 0 },
        { SIZE_MAX / 8 + 2, TARGET, 0, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        reset();
        w.n_frames_mapped = SEEN_MAX;
        g_assert_cmpint(populate(cases[i].n, cases[i].domid, cases[i].order,
                                 cases[i].flags), ==, -EPERM);
        g_assert_cmpuint(w.calls, ==, 0);
        g_assert_cmpstr(w.refused_as, ==, "XENMEM_populate_physmap");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stubdom/gate/calls/fits", test_fits);
    g_test_add_func("/stubdom/gate/calls/fits-not", test_fits_not);
    g_test_add_func("/stubdom/gate/calls/xen-refuses", test_xen_refuses);
    g_test_add_func("/stubdom/gate/calls/refresh", test_refresh);
    g_test_add_func("/stubdom/gate/calls/no-memory", test_no_memory);
    g_test_add_func("/stubdom/gate/calls/other", test_other_calls);
    g_test_add_func("/stubdom/gate/calls/wide", test_wide);
    g_test_add_func("/stubdom/gate/calls/populate", test_populate);
    g_test_add_func("/stubdom/gate/calls/populate-refused",
                    test_populate_refused);
    return g_test_run();
}
