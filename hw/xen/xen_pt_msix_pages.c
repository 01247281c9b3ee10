/*
 * Xen PCI pass-through: the pages of MSI-X that a guest may not write
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_msi_report.h"
#include "hw/xen/xen_pt_msix.h"

static uint64_t pages_read(void *opaque, hwaddr addr, unsigned size)
{
    return xen_pt_msix_pages_read(opaque, addr, size);
}

static void pages_write(void *opaque, hwaddr addr, uint64_t value,
                        unsigned size)
{
    XenPTMSIXPages *p = opaque;

    xen_pt_msix_warn_lost(XEN_PT_DEVICE(p->mr.owner)->msix,
                          XEN_PT_MSIX_LOST_PBA);
}

static const MemoryRegionOps read_only_ops = {
    .read = pages_read,
    .write = pages_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 4 },
};

int xen_pt_msix_pages_init(XenPTMSIXPages *p, XenPTMSI *msi, const char *name,
                           const MemoryRegionOps *ops, unsigned bar,
                           uint64_t offset, uint64_t size)
{
    const XenHostPCIIORegion *r = &msi->s->real_device.io_regions[bar];
    uint32_t page = qemu_real_host_page_size();

    p->first = ROUND_DOWN(offset, page);
    p->size = MIN(ROUND_UP(offset + size, page), r->size) - p->first;
    memory_region_init_io(&p->mr, OBJECT(msi->s), ops ? ops : &read_only_ops,
                          ops ? (void *)msi : p, name, p->size);
    return xen_pt_resource_map(&p->device, msi->s, bar, p->first, p->size,
                               false);
}

bool xen_pt_msix_pages_cover(const XenPTMSIXPages *p, uint64_t offset,
                             uint64_t size)
{
    return offset >= p->first &&
           offset + size <= p->first + p->size;
}

uint64_t xen_pt_msix_pages_read(const XenPTMSIXPages *p, hwaddr addr,
                                unsigned size)
{
    if (!p->device.at) {
        return UINT64_MAX;
    }
    if (size == 8) {    /* two on the bus, as Xen's are */
        return xen_pt_resource_read(&p->device, addr, 4) |
               xen_pt_resource_read(&p->device, addr + 4, 4) << 32;
    }
    return xen_pt_resource_read(&p->device, addr, size);
}

void xen_pt_msix_pages_put(XenPTMSIXPages *p, MemoryRegion *bar, int priority)
{
    memory_region_add_subregion_overlap(bar, p->first, &p->mr, priority);
    p->in = bar;
}

void xen_pt_msix_pages_take(XenPTMSIXPages *p)
{
    if (p->in) {
        memory_region_del_subregion(p->in, &p->mr);
        p->in = NULL;
    }
}

void xen_pt_msix_pages_free(XenPTMSIXPages *p)
{
    xen_pt_resource_unmap(&p->device);
    object_unparent(OBJECT(&p->mr));
}
