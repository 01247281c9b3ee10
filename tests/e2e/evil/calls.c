/*
 * Hypercalls: of its own domain, which would give it the kernel, and of others
 *
 * Copyright (c) 2026 The xen-pt-msi authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xencall.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>

#include "evil.h"

/* A part of Xen's interface has at most so many commands. */
#define COMMANDS 128
#define HYPERCALLS 64
/* In front of the number of a hypercall, where Xen does not look */
#define HIGH_BITS (1ULL << 32)

#define DOM0 0U

static uint64_t at(void)
{
    return (uintptr_t)words;
}

/* --- the own domain ------------------------------------------------------- */

static long mmu_update(void)
{
    words[0] = MMU_MACHPHYS_UPDATE;
    return hypercall(__HYPERVISOR_mmu_update, at(), 1, 0, DOMID_SELF);
}

static long update_va_mapping(void)
{
    return hypercall(__HYPERVISOR_update_va_mapping, at(), 0, 0, 0);
}

static long mmuext_op(void)
{
    struct mmuext_op *op = (void *)words;

    op->cmd = MMUEXT_TLB_FLUSH_LOCAL;
    return hypercall(__HYPERVISOR_mmuext_op, at(), 1, 0, DOMID_SELF);
}

static long set_trap_table(void)
{
    return hypercall(__HYPERVISOR_set_trap_table, at(), 0, 0, 0);
}

static long shutdown_self(void)
{
    struct sched_shutdown *s = (void *)words;

    s->reason = SHUTDOWN_poweroff;
    return hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, at(), 0, 0);
}

static long reservation(unsigned command, unsigned domid)
{
    struct xen_memory_reservation *r = (void *)words;

    r->extent_start.p = (void *)(words + 64);
    r->nr_extents = 1;
    r->domid = domid;
    words[64] = 0xf0000;
    return hypercall(__HYPERVISOR_memory_op, command, at(), 0, 0);
}

static long decrease_self(void)
{
    return reservation(XENMEM_decrease_reservation, DOMID_SELF);
}

static long increase_self(void)
{
    return reservation(XENMEM_increase_reservation, DOMID_SELF);
}

static long populate_self(void)
{
    return reservation(XENMEM_populate_physmap, DOMID_SELF);
}

static long populate_dom0(void)
{
    return reservation(XENMEM_populate_physmap, DOM0);
}

static long populate_guest(void)
{
    return reservation(XENMEM_populate_physmap, target);
}

static long populate_order(void)
{
    ((struct xen_memory_reservation *)words)->extent_order = 9;
    return reservation(XENMEM_populate_physmap, target);
}

static long populate_node(void)
{
    ((struct xen_memory_reservation *)words)->mem_flags =
        XENMEMF_exact_node(0);
    return reservation(XENMEM_populate_physmap, target);
}

/* More than there can be; the kernel would copy it all. */
static long populate_much(void)
{
    struct xen_memory_reservation *r = (void *)words;

    r->extent_start.p = (void *)(words + 64);
    r->nr_extents = 1UL << 40;
    r->domid = target;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, at(), 0,
                     0);
}

static long exchange_self(void)
{
    ((struct xen_memory_exchange *)words)->in.domid = DOMID_SELF;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, at(), 0, 0);
}

static long grant_table(void)
{
    return hypercall(__HYPERVISOR_grant_table_op, 6, at(), 1, 0);
}

static long event_channel(void)
{
    return hypercall(__HYPERVISOR_event_channel_op, 5, at(), 0, 0);
}

/* What the gate refuses, wrapped in what might be taken for harmless */
static long multicall(void)
{
    struct multicall_entry *m = (void *)words;

    m->op = __HYPERVISOR_sched_op;
    m->args[0] = SCHEDOP_yield;
    return hypercall(__HYPERVISOR_multicall, at(), 1, 0, 0);
}

static long console_io(void)
{
    memcpy(words, "evil\n", 5);
    return hypercall(__HYPERVISOR_console_io, 0, 5, at(), 0);
}

static long xsm_op(void)
{
    return hypercall(__HYPERVISOR_xsm_op, at(), 0, 0, 0);
}

static long sysctl(void)
{
    return hypercall(__HYPERVISOR_sysctl, at(), 0, 0, 0);
}

static long platform_op(void)
{
    return hypercall(__HYPERVISOR_platform_op, at(), 0, 0, 0);
}

static long each_number(void)
{
    for (unsigned op = 0; op < HYPERCALLS; op++) {
        long rc = hypercall(op, 0, 0, 0, 0);

        /* -EFAULT, for there is no argument: init has not passed it on. */
        if (rc >= 0 && op != __HYPERVISOR_domctl &&
            op != __HYPERVISOR_hvm_op) {
            note("hypercall %u", op);
            return 0;
        }
    }
    return -EPERM;
}

static long far_numbers(void)
{
    for (uint64_t op = HYPERCALLS; op; op <<= 1) {
        if (hypercall(op | __HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0,
                      0) >= 0) {
            return 0;
        }
    }
    return -EPERM;
}

/* Each command of OP but those that are let through, with DOMID everywhere */
static long each_command(unsigned op, unsigned domid, uint32_t but)
{
    for (unsigned c = 0; c < COMMANDS; c++) {
        if (but & (c < 32 ? 1U << c : 0)) {
            continue;
        }
        memset(words, 0, sizeof(words));
        for (size_t i = 0; i < 32; i++) {
            ((uint16_t *)words)[i] = domid;
        }
        if (hypercall(op, c, at(), 0, 0) >= 0) {
            note("command %u", c);
            return 0;
        }
    }
    return -EPERM;
}

static long each_memory_op(void)
{
    return each_command(__HYPERVISOR_memory_op, target,
                        1U << XENMEM_populate_physmap |
                        1U << XENMEM_add_to_physmap);
}

static long each_memory_op_self(void)
{
    return each_command(__HYPERVISOR_memory_op, DOMID_SELF, 0);
}

static long each_hvm_op(void)
{
    return each_command(__HYPERVISOR_hvm_op, target, 0);
}

static long each_physdev_op(void)
{
    return each_command(__HYPERVISOR_physdev_op, target,
                        1U << PHYSDEVOP_unmap_pirq);
}

static long each_sched_op(void)
{
    return each_command(__HYPERVISOR_sched_op, DOMID_SELF, 0);
}

static long each_domctl(unsigned domid)
{
    for (unsigned c = 0; c < COMMANDS; c++) {
        struct xen_domctl d = { 0 };

        /* Zeroes are a line of PCI: which there are, Xen knows. */
        if (domid == target && (c == XEN_DOMCTL_getdomaininfo ||
                                c == XEN_DOMCTL_bind_pt_irq ||
                                c == XEN_DOMCTL_unbind_pt_irq)) {
            continue;
        }
        if (domctl(c, domid, &d) >= 0) {
            note("domctl %u", c);
            return 0;
        }
    }
    return -EPERM;
}

static long each_domctl_dom0(void)
{
    return each_domctl(DOM0);
}

static long each_domctl_self(void)
{
    return each_domctl(own);
}

static long each_domctl_guest(void)
{
    return each_domctl(target);
}

/* --- domains -------------------------------------------------------------- */

static long info_guest(void)
{
    return gate_lives();
}

static long info_dom0(void)
{
    struct xen_domctl d = { 0 };

    return domctl(XEN_DOMCTL_getdomaininfo, DOM0, &d);
}

static long destroy_dom0(void)
{
    struct xen_domctl d = { 0 };

    return domctl(XEN_DOMCTL_destroydomain, DOM0, &d);
}

static long next_domain(void)
{
    struct xen_domctl d = { 0 };

    return domctl(XEN_DOMCTL_pausedomain, own + 2, &d);
}

static long destroy_guest(void)
{
    struct xen_domctl d = { 0 };

    return domctl(XEN_DOMCTL_destroydomain, target, &d);
}

static long give_memory(void)
{
    struct xen_domctl d = { 0 };

    d.u.iomem_permission.nr_mfns = 1UL << 20;
    d.u.iomem_permission.allow_access = 1;
    return domctl(XEN_DOMCTL_iomem_permission, target, &d);
}

static long give_ports(void)
{
    struct xen_domctl d = { 0 };

    d.u.ioport_permission.nr_ports = 1U << 16;
    d.u.ioport_permission.allow_access = 1;
    return domctl(XEN_DOMCTL_ioport_permission, own, &d);
}

static long give_device(void)
{
    struct xen_domctl d = { 0 };

    d.u.assign_device.u.pci.machine_sbdf = 0x20;    /* 00:04.0 */
    return domctl(XEN_DOMCTL_assign_device, target, &d);
}

static long set_target(void)
{
    struct xen_domctl d = { 0 };

    return domctl(XEN_DOMCTL_set_target, own, &d);
}

static long create(void)
{
    struct xen_domctl d = { 0 };

    return domctl(XEN_DOMCTL_createdomain, own + 10, &d);
}

/* The same by the libraries that QEMU has */
static long by_libxenctrl(void)
{
    xc_interface *xc = xc_interface_open(NULL, NULL, 0);

    if (!xc) {
        return -errno;
    }
    return result(xc_domain_pause(xc, DOM0));
}

static long by_libxencall(void)
{
    xencall_handle *x = xencall_open(NULL, 0);

    if (!x) {
        return -errno;
    }
    words[0] = MMU_MACHPHYS_UPDATE;
    return result(xencall4(x, __HYPERVISOR_mmu_update, at(), 1, 0, DOMID_SELF));
}

/* --- parameters, memory, the end ------------------------------------------ */

static long param(unsigned command, unsigned domid, unsigned index,
                  uint64_t value)
{
    struct xen_hvm_param *p = (void *)words;

    p->domid = domid;
    p->index = index;
    p->value = value;
    return hypercall(__HYPERVISOR_hvm_op, command, at(), 0, 0);
}

static long get_ioreq(void)
{
    return param(HVMOP_get_param, target, HVM_PARAM_BUFIOREQ_EVTCHN, 0);
}

static long get_store(void)
{
    return param(HVMOP_get_param, target, HVM_PARAM_STORE_PFN, 0);
}

static long get_dom0(void)
{
    return param(HVMOP_get_param, DOM0, HVM_PARAM_IOREQ_PFN, 0);
}

static long set_awake(void)
{
    return param(HVMOP_set_param, target, HVM_PARAM_ACPI_S_STATE, 0);
}

static long set_store(void)
{
    return param(HVMOP_set_param, target, HVM_PARAM_STORE_PFN, 0);
}

static long set_callback(void)
{
    return param(HVMOP_set_param, target, HVM_PARAM_CALLBACK_IRQ, 1);
}

static long set_state_dom0(void)
{
    return param(HVMOP_set_param, DOM0, HVM_PARAM_ACPI_S_STATE, 0);
}

static long move(unsigned domid, unsigned space, uint64_t idx)
{
    struct xen_add_to_physmap *m = (void *)words;

    m->domid = domid;
    m->space = space;
    m->idx = idx;
    m->gpfn = idx;
    return hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, at(), 0, 0);
}

static long move_guest(void)
{
    return move(target, XENMAPSPACE_gmfn, 0xf0000);
}

static long move_self(void)
{
    return move(DOMID_SELF, XENMAPSPACE_gmfn, 0x100);
}

static long move_shared_info(void)
{
    return move(target, XENMAPSPACE_shared_info, 0);
}

static long move_grants(void)
{
    return move(target, XENMAPSPACE_grant_table, 0);
}

static long move_foreign(void)
{
    return move(target, XENMAPSPACE_gmfn_foreign, 0x100);
}

static long end_of(unsigned domid)
{
    struct sched_remote_shutdown *s = (void *)words;

    s->domain_id = domid;
    s->reason = SHUTDOWN_poweroff;
    return hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, at(), 0,
                     0);
}

static long end_dom0(void)
{
    return end_of(DOM0);
}

static long end_self(void)
{
    return end_of(own);
}

/*
 * init writes Xen's answer where QEMU says: into QEMU's code? Here is a call
 * for each domain that the guest can be, as code.
 */
#define IN_CODE 256
asm(".pushsection .text\n"
    ".balign 16\n"
    "calls_in_code:\n"
    ".set domid, 0\n"
    ".rept 256\n"
    ".word domid, 0\n"
    ".long 5\n"            /* HVM_PARAM_IOREQ_PFN */
    ".quad 0\n"
    ".set domid, domid + 1\n"
    ".endr\n"
    ".popsection\n");
extern const struct xen_hvm_param calls_in_code[IN_CODE];

static long answer_into_code(void)
{
    const struct xen_hvm_param *p = &calls_in_code[target % IN_CODE];

    hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param, (uintptr_t)p, 0, 0);
    /* volatile: the compiler sees no one who could have written there. */
    return *(volatile const uint64_t *)&p->value ? 0 : -EFAULT;
}

static const Attempt attempts[] = {
    REFUSED("mmu_update of its own domain", mmu_update),
    REFUSED("update_va_mapping of its own domain", update_va_mapping),
    REFUSED("mmuext_op of its own domain", mmuext_op),
    REFUSED("set_trap_table of its own domain", set_trap_table),
    REFUSED("SCHEDOP_shutdown of its own domain", shutdown_self),
    REFUSED("decrease_reservation of its own domain", decrease_self),
    REFUSED("increase_reservation of its own domain", increase_self),
    REFUSED("memory_exchange of its own domain", exchange_self),
    REFUSED("populate_physmap of its own domain", populate_self),
    REFUSED("populate_physmap of dom0", populate_dom0),
    ALLOWED("populate_physmap of the guest",
            "memory of a display; the guest's share is Xen's to limit",
            populate_guest),
    REFUSED("populate_physmap of large pages", populate_order),
    REFUSED("populate_physmap on a node of its choice", populate_node),
    REFUSED("populate_physmap of 2^40 pages", populate_much),
    REFUSED("grant_table_op", grant_table),
    REFUSED("event_channel_op", event_channel),
    REFUSED("multicall", multicall),
    REFUSED("console_io", console_io),
    REFUSED("xsm_op", xsm_op),
    REFUSED("sysctl", sysctl),
    REFUSED("platform_op", platform_op),
    REFUSED("HVMOP_get_param: the guest's xenstore", get_store),
    REFUSED("HVMOP_get_param of dom0", get_dom0),
    ALLOWED("HVMOP_get_param: the guest's ioreq server",
            "where QEMU and Xen share memory", get_ioreq),
    REFUSED("HVMOP_set_param: the guest's xenstore", set_store),
    REFUSED("HVMOP_set_param: the guest's callback", set_callback),
    REFUSED("HVMOP_set_param of dom0", set_state_dom0),
    ALLOWED("HVMOP_set_param: the guest is awake",
            "the end of the guest's ACPI S3", set_awake),
    ALLOWED("add_to_physmap of the guest's own page",
            "the guest moves the memory of its display", move_guest),
    REFUSED("add_to_physmap of its own domain", move_self),
    REFUSED("add_to_physmap of the guest's shared info", move_shared_info),
    REFUSED("add_to_physmap of the guest's grants", move_grants),
    REFUSED("add_to_physmap of a foreign page", move_foreign),
    REFUSED("SCHEDOP_remote_shutdown of dom0", end_dom0),
    REFUSED("SCHEDOP_remote_shutdown of its own domain", end_self),
    ALLOWED("getdomaininfo of the guest",
            "libxenctrl asks what kind of a guest it is", info_guest),
    REFUSED("getdomaininfo of dom0", info_dom0),
    REFUSED("destroydomain of dom0", destroy_dom0),
    REFUSED("destroydomain of the guest", destroy_guest),
    REFUSED("pausedomain of another guest", next_domain),
    REFUSED("iomem_permission for the guest", give_memory),
    REFUSED("ioport_permission for itself", give_ports),
    REFUSED("assign_device of another device", give_device),
    REFUSED("set_target: dom0", set_target),
    REFUSED("createdomain", create),
    REFUSED("pausedomain of dom0, by libxenctrl", by_libxenctrl),
    REFUSED("mmu_update, by libxencall", by_libxencall),
    REFUSED("each domctl on dom0", each_domctl_dom0),
    REFUSED("each domctl on its own domain", each_domctl_self),
    REFUSED("each other domctl on the guest", each_domctl_guest),
    REFUSED("each other memory_op on the guest", each_memory_op),
    REFUSED("each memory_op on its own domain", each_memory_op_self),
    REFUSED("each hvm_op without a right argument", each_hvm_op),
    REFUSED("each other physdev_op", each_physdev_op),
    REFUSED("each sched_op", each_sched_op),
    REFUSED("hypercalls 0 to 63", each_number),
    REFUSED("hypercalls with bits that Xen ignores", far_numbers),
    REFUSED("Xen's answer into QEMU's code", answer_into_code),
};

THEME(calls_theme, "hypercalls");
