/*
 * Xen PCI pass-through: the pages of MSI-X that a guest may not write
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qemu/atomic.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_msi_report.h"
#include "hw/xen/xen_pt_msix.h"

/* pcifront scans its bus in less, on a machine that does anything at all. */
#define WAIT_MS 5000
#define POLL_MS 10

/*
 * pcifront's device has its config file at once, but its resource files only
 * when the whole bus has been scanned. libxl may be quicker than that. The
 * files of a device come together: what was waited for once is there, or it
 * does not come. In dom0 nothing is scanned meanwhile.
 */
static int open_resource(XenPTMSI *msi, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    while (fd < 0 && errno == ENOENT && xen_is_stubdomain &&
           msi->x->waited_ms < WAIT_MS) {
        g_usleep(POLL_MS * 1000);
        msi->x->waited_ms += POLL_MS;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

/* Linux gives the whole pages that a BAR is in, read-only where asked so. */
static int map_device(XenPTMSIXPages *p, XenPTMSI *msi, unsigned bar)
{
    const XenHostPCIDevice *d = &msi->s->real_device;
    uint32_t page = qemu_real_host_page_size();
    uint32_t begin = d->io_regions[bar].base_addr & (page - 1);
    g_autofree char *path = g_strdup_printf(
        "/sys/bus/pci/devices/%04x:%02x:%02x.%x/resource%u", d->local_domain,
        d->local_bus, d->local_dev, d->local_func, bar);
    int fd = open_resource(msi, path), rc;

    if (fd < 0) {
        return -errno;
    }
    p->device_size = ROUND_UP(begin + p->size, page);
    p->mapping = mmap(NULL, p->device_size, PROT_READ, MAP_SHARED, fd,
                      p->first);
    rc = p->mapping == MAP_FAILED ? -errno : 0;
    close(fd);
    if (rc) {
        p->mapping = NULL;
        return rc;
    }
    p->device = (const uint8_t *)p->mapping + begin;
    return 0;
}

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
    return map_device(p, msi, bar);
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
    const void *at = p->device + addr;

    if (!p->device) {
        return UINT64_MAX;
    }
    switch (size) {
    case 1:
        return qatomic_read((const uint8_t *)at);
    case 2:
        return qatomic_read((const uint16_t *)at);
    case 4:
        return qatomic_read((const uint32_t *)at);
    default:    /* two on the bus, as Xen's are */
        return qatomic_read((const uint32_t *)at) |
               (uint64_t)qatomic_read((const uint32_t *)at + 1) << 32;
    }
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
    if (p->mapping) {
        munmap(p->mapping, p->device_size);
    }
    object_unparent(OBJECT(&p->mr));
}
