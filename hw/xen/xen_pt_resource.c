/*
 * Xen PCI pass-through: a part of a device's BAR, mapped to QEMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qemu/atomic.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_resource.h"

/* pcifront scans its bus in less, on a machine that does anything at all. */
#define WAIT_MS 5000
#define POLL_MS 10

/*
 * pcifront's device has its config file at once, but its resource files only
 * when the whole bus has been scanned. libxl may be quicker than that. The
 * files of a device come together: what was waited for once is there, or it
 * does not come. In dom0 nothing is scanned meanwhile.
 */
static int open_resource(XenPCIPassthroughState *s, const char *path,
                         int flags)
{
    int fd = open(path, flags | O_CLOEXEC);

    while (fd < 0 && errno == ENOENT && xen_is_stubdomain &&
           s->waited_ms < WAIT_MS) {
        g_usleep(POLL_MS * 1000);
        s->waited_ms += POLL_MS;
        fd = open(path, flags | O_CLOEXEC);
    }
    return fd;
}

/* Linux gives the whole pages that a BAR is in. */
int xen_pt_resource_map(XenPTResource *r, XenPCIPassthroughState *s,
                        unsigned bar, uint64_t first, uint64_t size,
                        bool writable)
{
    const XenHostPCIDevice *d = &s->real_device;
    uint32_t page = qemu_real_host_page_size();
    uint32_t begin = d->io_regions[bar].base_addr & (page - 1);
    g_autofree char *path = g_strdup_printf(
        "/sys/bus/pci/devices/%04x:%02x:%02x.%x/resource%u", d->local_domain,
        d->local_bus, d->local_dev, d->local_func, bar);
    int fd = open_resource(s, path, writable ? O_RDWR : O_RDONLY), rc;

    if (fd < 0) {
        return -errno;
    }
    r->size = ROUND_UP(begin + size, page);
    r->mapping = mmap(NULL, r->size, PROT_READ | (writable ? PROT_WRITE : 0),
                      MAP_SHARED, fd, first);
    rc = r->mapping == MAP_FAILED ? -errno : 0;
    close(fd);
    if (rc) {
        r->mapping = NULL;
        return rc;
    }
    r->at = (uint8_t *)r->mapping + begin;
    return 0;
}

uint64_t xen_pt_resource_read(const XenPTResource *r, uint64_t offset,
                              unsigned size)
{
    const void *at = r->at + offset;

    switch (size) {
    case 1:
        return qatomic_read((const uint8_t *)at);
    case 2:
        return qatomic_read((const uint16_t *)at);
    case 4:
        return qatomic_read((const uint32_t *)at);
    default:
        return qatomic_read__nocheck((const uint64_t *)at);
    }
}

void xen_pt_resource_unmap(XenPTResource *r)
{
    if (r->mapping) {
        munmap(r->mapping, r->size);
    }
    *r = (XenPTResource) { 0 };
}
