/*
 * The gate for QEMU's hypercalls, driven by any bytes
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The input is the calls, one after the other, and what QEMU's memory holds,
 * each time that it is read: it may hold something else the next time. What is
 * judged is what Xen is given.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
#define BAR 0xfe000000ULL
#define BAR_SIZE 0x4000ULL
#define PORTS 0xc000U
#define N_PORTS 32U
#define LINE 17
#define BUS 3
#define DEVFN 8
#define PAGE 4096ULL

static const Devices devices = {
    .n = 1,
    .list = {
        { .bus = BUS, .devfn = DEVFN, .line = LINE, .n_ranges = 2,
          .ranges = { { BAR, BAR + BAR_SIZE - 1, false },
                      { PORTS, PORTS + N_PORTS - 1, true } } },
    },
};

typedef struct Input {
    const uint8_t *data;
    size_t size;
} Input;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(bool holds, const char *rule)
{
    if (!holds) {
        fprintf(stderr, "Xen was given what it must not be: %s\n", rule);
        abort();
    }
}

/* What is behind the input's end is zero. */
static void take(Input *in, void *to, size_t n)
{
    size_t have = n < in->size ? n : in->size;

    memset(to, 0, n);
    memcpy(to, in->data, have);
    in->data += have;
    in->size -= have;
}

static bool read_memory(void *opaque, void *to, uint64_t from, size_t n)
{
    Input *in = opaque;

    if (from & 1 || !in->size) {
        return false;
    }
    take(in, to, n);
    return true;
}

static bool write_memory(void *opaque, uint64_t to, const void *from, size_t n)
{
    (void)opaque;
    (void)from;
    judge(n <= GATE_ARGUMENT_MAX, "the size of an answer");
    return !(to & 2);
}

static void judge_map(const struct physdev_map_pirq *map)
{
    judge(map->domid == TARGET, "the domain of a pirq");
    if (map->type == MAP_PIRQ_TYPE_GSI) {
        judge(map->index == LINE, "the line of a pirq");
        return;
    }
    judge(map->type == MAP_PIRQ_TYPE_MSI ||
          map->type == MAP_PIRQ_TYPE_MSI_SEG, "the type of a pirq");
    judge(map->bus == BUS && map->devfn == DEVFN, "the device of a pirq");
    judge(map->entry_nr >= 0 && map->entry_nr < 2048, "the entry of a pirq");
    judge(map->table_base ? map->table_base >= BAR &&
                            map->table_base < BAR + BAR_SIZE
                          : map->entry_nr == 0, "the table of a pirq");
}

static void judge_domctl(const struct xen_domctl *d)
{
    judge(d->domain == TARGET, "the domain of a domctl");
    switch (d->cmd) {
    case XEN_DOMCTL_getdomaininfo:
        break;
    case XEN_DOMCTL_bind_pt_irq:
    case XEN_DOMCTL_unbind_pt_irq:
        judge(d->u.bind_pt_irq.irq_type == PT_IRQ_TYPE_PCI ||
              d->u.bind_pt_irq.irq_type == PT_IRQ_TYPE_MSI,
              "the type of a binding");
        break;
    case XEN_DOMCTL_memory_mapping:
        for (uint64_t i = 0; i < d->u.memory_mapping.nr_mfns; i++) {
            uint64_t at = d->u.memory_mapping.first_mfn + i;

            judge(at >= BAR / PAGE && at < (BAR + BAR_SIZE) / PAGE,
                  "the memory of a mapping");
        }
        break;
    case XEN_DOMCTL_ioport_mapping:
        judge(d->u.ioport_mapping.first_mport >= PORTS &&
              d->u.ioport_mapping.nr_ports <= N_PORTS &&
              d->u.ioport_mapping.first_mport +
              d->u.ioport_mapping.nr_ports <= PORTS + N_PORTS,
              "the ports of a mapping");
        break;
    default:
        judge(false, "the command of a domctl");
    }
}

static void judge_memory(unsigned command, const void *argument,
                         const xen_pfn_t *frames, size_t n)
{
    const struct xen_memory_reservation *r = argument;
    const struct xen_add_to_physmap *move = argument;

    if (command == XENMEM_add_to_physmap) {
        judge(move->domid == TARGET, "the domain of a move");
        judge(move->space == XENMAPSPACE_gmfn, "the space of a move");
        return;
    }
    judge(command == XENMEM_populate_physmap, "the command of memory");
    judge(r->domid == TARGET, "the domain of memory");
    judge(!r->extent_order && !r->mem_flags, "the kind of memory");
    judge(frames && n == r->nr_extents && n && n <= GATE_FRAMES,
          "the number of frames");
}

static void judge_hvm(unsigned command, const struct xen_hvm_param *p)
{
    judge(p->domid == TARGET, "the domain of a parameter");
    if (command == HVMOP_set_param) {
        judge(p->index == HVM_PARAM_ACPI_S_STATE &&
              (p->value == 0 || p->value == 3), "a parameter that is set");
    } else {
        judge(command == HVMOP_get_param, "the command of HVM");
        judge(p->index == HVM_PARAM_IOREQ_PFN ||
              p->index == HVM_PARAM_BUFIOREQ_PFN ||
              p->index == HVM_PARAM_BUFIOREQ_EVTCHN, "a parameter");
    }
}

static long call_xen(void *opaque, unsigned op, unsigned command,
                     void *argument, size_t size, const xen_pfn_t *frames,
                     size_t n)
{
    const struct sched_remote_shutdown *shutdown = argument;
    const struct physdev_unmap_pirq *unmap = argument;
    uint8_t answer;

    judge(size <= GATE_ARGUMENT_MAX, "the size of an argument");
    switch (op) {
    case __HYPERVISOR_hvm_op:
        judge_hvm(command, argument);
        break;
    case __HYPERVISOR_memory_op:
        judge_memory(command, argument, frames, n);
        break;
    case __HYPERVISOR_physdev_op:
        if (command == PHYSDEVOP_unmap_pirq) {
            judge(unmap->domid == TARGET, "the domain of an unmapping");
        } else {
            judge(command == PHYSDEVOP_map_pirq, "the command of physdev");
            judge_map(argument);
        }
        break;
    case __HYPERVISOR_domctl:
        judge_domctl(argument);
        break;
    case __HYPERVISOR_sched_op:
        judge(command == SCHEDOP_remote_shutdown, "the command of sched");
        judge(shutdown->domain_id == TARGET, "the domain of a shutdown");
        break;
    case __HYPERVISOR_xen_version:
        judge(command == XENVER_get_features, "the command of version");
        break;
    default:
        judge(false, "the hypercall");
    }
    /* Xen may do less than all, and it may refuse. */
    take(opaque, &answer, 1);
    return answer & 0x80 ? -EINVAL : frames ? (long)(n - (answer && n)) : 0;
}

static void refused(void *opaque, const char *name,
                    const privcmd_hypercall_t *c,
                    const uint64_t argument[GATE_WORDS])
{
    (void)opaque;
    (void)name;
    (void)c;
    judge(argument != NULL, "nothing is told");
}

static void refresh(void *opaque)
{
    (void)opaque;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input in = { data, size };
    const GateCalls gate = {
        .target = TARGET, .devices = &devices, .refresh = refresh,
        .read = read_memory, .write = write_memory, .call = call_xen,
        .refused = refused, .opaque = &in,
    };

    while (in.size) {
        privcmd_hypercall_t c = { 0 };
        uint8_t op, wide;

        take(&in, &op, 1);
        take(&in, &wide, 1);
        c.op = op;
        /* a command, or where the argument of a domctl is */
        take(&in, &c.arg[0], wide & 1 ? 8 : 1);
        c.arg[1] = wide >> 1;
        gate_call(&gate, &c);
    }
    return 0;
}
