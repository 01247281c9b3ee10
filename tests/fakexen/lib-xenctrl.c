/*
 * A fake Xen: libxenctrl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lib.h"

#include <inttypes.h>
#include <xenctrl.h>

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    return fk_handle();
}

int xc_interface_close(xc_interface *xch)
{
    free(xch);
    return 0;
}

/* xen/include/public/features.h; not in the headers of before */
#ifndef XENFEAT_dm_msix_all_writes
#define XENFEAT_dm_msix_all_writes 20
#endif

static int features(xen_feature_info_t *info)
{
    info->submap = fk.xen >= 419 && !info->submap_idx
        ? 1u << XENFEAT_dm_msix_all_writes : 0;
    return 0;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    if (cmd != XENVER_get_features) {
        fk_unknown("xc_version of something else than the features");
    }
    return FK_OP(features(arg));
}

int xc_physdev_map_pirq(xc_interface *xch, uint32_t domid, int index,
                        int *pirq)
{
    if (*pirq < 0) {
        *pirq = index;
    }
    return fk_result(FK_OP(fk_map_pirq(index, pirq)));
}

int xc_physdev_map_pirq_gsi(xc_interface *xch, uint32_t domid, int gsi,
                            int *pirq)
{
    return fk_result(FK_OP(fk_map_pirq(gsi, pirq)));
}

int xc_pcidev_get_gsi(xc_interface *xch, uint32_t sbdf)
{
    FkBdf bdf = { sbdf >> 16, sbdf >> 8, (sbdf >> 3) & 0x1f, sbdf & 7 };
    FkDevice *d = FK_OP(fk_device_find(&bdf));

    return d ? (int)d->irq : fk_result(-ENODEV);
}

int xc_physdev_map_pirq_msi(xc_interface *xch, uint32_t domid, int index,
                            int *pirq, int devfn, int bus, int entry_nr,
                            uint64_t table_base)
{
    /* The segment, if any, is in the upper half of the bus number. */
    FkBdf bdf = { bus >> 16, bus, (devfn >> 3) & 0x1f, devfn & 7 };

    return fk_result(FK_OP(fk_map_pirq_msi(&bdf, entry_nr, table_base,
                                           pirq)));
}

int xc_physdev_unmap_pirq(xc_interface *xch, uint32_t domid, int pirq)
{
    return fk_result(FK_OP(fk_unmap_pirq(pirq)));
}

int xc_domain_update_msi_irq(xc_interface *xch, uint32_t domid, uint32_t gvec,
                             uint32_t pirq, uint32_t gflags, uint64_t gtable)
{
    return fk_result(FK_OP(fk_bind_msi(pirq, gvec, gflags, gtable)));
}

int xc_domain_unbind_msi_irq(xc_interface *xch, uint32_t domid, uint32_t gvec,
                             uint32_t pirq, uint32_t gflags)
{
    return fk_result(FK_OP(fk_unbind_msi(pirq, gvec, gflags)));
}

int xc_domain_bind_pt_pci_irq(xc_interface *xch, uint32_t domid,
                              uint8_t machine_irq, uint8_t bus,
                              uint8_t device, uint8_t intx)
{
    return fk_result(FK_OP(fk_bind_pci(machine_irq, bus, device, intx)));
}

int xc_domain_unbind_pt_irq(xc_interface *xch, uint32_t domid,
                            uint8_t machine_irq, uint8_t irq_type,
                            uint8_t bus, uint8_t device, uint8_t intx,
                            uint8_t isa_irq)
{
    if (irq_type == PT_IRQ_TYPE_MSI) {
        return fk_result(FK_OP(fk_unbind_msi(machine_irq, 0, 0)));
    }
    return fk_result(FK_OP(fk_unbind_pci(machine_irq, bus, device, intx)));
}

/* A BAR moves in the guest's address space. */
static int mapping(const char *op, const char *what, uint64_t guest,
                   uint64_t machine, uint64_t count, uint32_t add)
{
    FkFault f = FK_OP(fk_fault(op, -1));
    int err = fk.privcmd_restricted ? EPERM :
              f.kind == FK_FAULT_ERRNO ? (int)f.value : 0;

    FK_NOTE("dm %s %s 0x%" PRIx64 " to 0x%" PRIx64 " n 0x%" PRIx64 " = %s",
            add ? "map" : "unmap", what, machine, guest, count,
            err ? fk_errno_name(err) : "0");
    return fk_result(-err);
}

int xc_domain_memory_mapping(xc_interface *xch, uint32_t domid,
                             unsigned long first_gfn, unsigned long first_mfn,
                             unsigned long nr_mfns, uint32_t add_mapping)
{
    return mapping("memory_mapping", "frames", first_gfn, first_mfn, nr_mfns,
                   add_mapping);
}

int xc_domain_ioport_mapping(xc_interface *xch, uint32_t domid,
                             uint32_t first_gport, uint32_t first_mport,
                             uint32_t nr_ports, uint32_t add_mapping)
{
    return mapping("ioport_mapping", "ports", first_gport, first_mport,
                   nr_ports, add_mapping);
}

int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid,
                                     unsigned long nr_extents,
                                     unsigned int extent_order,
                                     unsigned int mem_flags,
                                     xen_pfn_t *extent_start)
{
    FK_NOTE("dm populate %lu frames", nr_extents);
    return 0;
}

int xc_get_hvm_param(xc_interface *xch, uint32_t domid, int param,
                     unsigned long *value)
{
    fk_unknown(__func__);
}

int xc_set_hvm_param(xc_interface *xch, uint32_t domid, int param,
                     unsigned long value)
{
    FK_NOTE("dm set param %d 0x%lx", param, value);
    return 0;
}

int xc_domain_shutdown(xc_interface *xch, uint32_t domid, int reason)
{
    FK_NOTE("dm shutdown %d", reason);
    return 0;
}

int xc_domain_iomem_permission(xc_interface *xch, uint32_t domid,
                               unsigned long first_mfn, unsigned long nr_mfns,
                               uint8_t allow_access)
{
    fk_unknown(__func__);
}
