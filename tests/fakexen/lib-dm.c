/*
 * A fake Xen: libxendevicemodel, libxenevtchn, libxenforeignmemory,
 * libxengnttab, libxentoolcore
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pass-through needs little of them: a device model that starts, with memory
 * behind the guest's frames, and no vCPU that ever asks it for anything.
 */

#include "lib.h"

#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
#include <xentoolcore.h>

#define PAGE 4096

xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger,
                                           unsigned int open_flags)
{
    return fk_handle();
}

int xendevicemodel_close(xendevicemodel_handle *dmod)
{
    free(dmod);
    return 0;
}

int xendevicemodel_create_ioreq_server(xendevicemodel_handle *dmod,
                                       domid_t domid, int handle_bufioreq,
                                       ioservid_t *id)
{
    FK_NOTE("dm create ioreq server for %u", domid);
    if (fk.privcmd_restricted) {
        return fk_result(-EPERM);
    }
    if (domid != fk.domid) {
        fk_die("-xen-domid is %u, the control file says %u", domid, fk.domid);
    }
    *id = 1;
    return 0;
}

int xendevicemodel_get_ioreq_server_info(xendevicemodel_handle *dmod,
                                         domid_t domid, ioservid_t id,
                                         xen_pfn_t *ioreq_gfn,
                                         xen_pfn_t *bufioreq_gfn,
                                         evtchn_port_t *bufioreq_port)
{
    if (ioreq_gfn || bufioreq_gfn) {
        fk_unknown("xendevicemodel_get_ioreq_server_info with frames");
    }
    *bufioreq_port = 1;
    return 0;
}

/* Operations that the model has no use for, beyond their being done. */
#define NOTED(name, args, ...) \
int xendevicemodel_##name args \
{ \
    FK_NOTE("dm " __VA_ARGS__); \
    return 0; \
}

NOTED(destroy_ioreq_server,
      (xendevicemodel_handle *dmod, domid_t domid, ioservid_t id),
      "destroy ioreq server %u", id)
NOTED(set_ioreq_server_state,
      (xendevicemodel_handle *dmod, domid_t domid, ioservid_t id, int enabled),
      "ioreq server %u %s", id, enabled ? "on" : "off")
NOTED(map_io_range_to_ioreq_server,
      (xendevicemodel_handle *dmod, domid_t domid, ioservid_t id, int is_mmio,
       uint64_t start, uint64_t end),
      "map %s 0x%" PRIx64 "-0x%" PRIx64 " to server %u",
      is_mmio ? "mmio" : "ports", start, end, id)
NOTED(unmap_io_range_from_ioreq_server,
      (xendevicemodel_handle *dmod, domid_t domid, ioservid_t id, int is_mmio,
       uint64_t start, uint64_t end),
      "unmap %s 0x%" PRIx64 "-0x%" PRIx64 " from server %u",
      is_mmio ? "mmio" : "ports", start, end, id)
NOTED(map_pcidev_to_ioreq_server,
      (xendevicemodel_handle *dmod, domid_t domid, ioservid_t id,
       uint16_t segment, uint8_t bus, uint8_t device, uint8_t function),
      "map pci %04x:%02x:%02x.%x to server %u", segment, bus, device, function,
      id)
NOTED(unmap_pcidev_from_ioreq_server,
      (xendevicemodel_handle *dmod, domid_t domid, ioservid_t id,
       uint16_t segment, uint8_t bus, uint8_t device, uint8_t function),
      "unmap pci %04x:%02x:%02x.%x from server %u", segment, bus, device,
      function, id)
NOTED(set_pci_intx_level,
      (xendevicemodel_handle *dmod, domid_t domid, uint16_t segment,
       uint8_t bus, uint8_t device, uint8_t intx, unsigned int level),
      "intx %04x:%02x:%02x INT%c = %u", segment, bus, device, 'A' + intx,
      level)
NOTED(set_isa_irq_level,
      (xendevicemodel_handle *dmod, domid_t domid, uint8_t irq,
       unsigned int level),
      "isa irq %u = %u", irq, level)
NOTED(set_irq_level,
      (xendevicemodel_handle *dmod, domid_t domid, unsigned int irq,
       unsigned int level),
      "irq %u = %u", irq, level)
NOTED(set_pci_link_route,
      (xendevicemodel_handle *dmod, domid_t domid, uint8_t link, uint8_t irq),
      "link %u to irq %u", link, irq)
NOTED(inject_msi,
      (xendevicemodel_handle *dmod, domid_t domid, uint64_t msi_addr,
       uint32_t msi_data),
      "inject msi 0x%" PRIx64 " 0x%x", msi_addr, msi_data)
NOTED(modified_memory,
      (xendevicemodel_handle *dmod, domid_t domid, uint64_t first_pfn,
       uint32_t nr),
      "modified 0x%" PRIx64 " n %u", first_pfn, nr)
NOTED(set_mem_type,
      (xendevicemodel_handle *dmod, domid_t domid, hvmmem_type_t mem_type,
       uint64_t first_pfn, uint32_t nr),
      "type %d of 0x%" PRIx64 " n %u", mem_type, first_pfn, nr)
NOTED(shutdown,
      (xendevicemodel_handle *dmod, domid_t domid, unsigned int reason),
      "shutdown %u", reason)
NOTED(relocate_memory,
      (xendevicemodel_handle *dmod, domid_t domid, uint32_t size,
       uint64_t src_gfn, uint64_t dst_gfn),
      "relocate 0x%" PRIx64 " to 0x%" PRIx64 " n %u", src_gfn, dst_gfn, size)
NOTED(pin_memory_cacheattr,
      (xendevicemodel_handle *dmod, domid_t domid, uint64_t start,
       uint64_t end, uint32_t type),
      "cache type %u of 0x%" PRIx64 "-0x%" PRIx64, type, start, end)

int xendevicemodel_track_dirty_vram(xendevicemodel_handle *dmod, domid_t domid,
                                    uint64_t first_pfn, uint32_t nr,
                                    unsigned long *dirty_bitmap)
{
    if (dirty_bitmap) {
        memset(dirty_bitmap, 0, (nr + 7) / 8);
    }
    return 0;
}

struct xenevtchn_handle {
    int fd;
    int next;
};

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
                                 unsigned int flags)
{
    xenevtchn_handle *xce = calloc(1, sizeof(*xce));

    if (xce) {
        xce->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        xce->next = 1;
    }
    return xce;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
    close(xce->fd);
    free(xce);
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
    return xce->fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
                                                     uint32_t domid,
                                                     evtchn_port_t remote_port)
{
    if (xce->next == 1) {
        FK_OP((fk_ioreq_init(NULL, xce->fd), 0));      /* the first vCPU's */
    }
    return xce->next++;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
    FK_OP((fk_ioreq_answered(), 0));
    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
    uint64_t n;

    return read(xce->fd, &n, sizeof(n)) == sizeof(n) ? 1 : fk_result(-EAGAIN);
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
    return 0;
}

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger,
                                               unsigned open_flags)
{
    return fk_handle();
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
    free(fmem);
    return 0;
}

/* The guest's memory: a sparse file, a frame is where its number says. */
static int guest_memory(void)
{
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("guest", MFD_CLOEXEC);
        if (fd < 0 || ftruncate(fd, 1LL << 40)) {
            fk_die("memfd: %s", strerror(errno));
        }
    }
    return fd;
}

void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom,
                            void *addr, int prot, int flags, size_t pages,
                            const xen_pfn_t arr[], int err[])
{
    uint8_t *p = mmap(addr, pages * PAGE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    int fd = FK_OP(guest_memory());

    for (size_t i = 0, n; p != MAP_FAILED && i < pages; i += n) {
        for (n = 1; i + n < pages && arr[i + n] == arr[i] + n; n++) {
            continue;
        }
        if (mmap(p + i * PAGE, n * PAGE, prot, MAP_SHARED | MAP_FIXED, fd,
                 (off_t)arr[i] * PAGE) == MAP_FAILED) {
            fk_die("guest memory: %s", strerror(errno));
        }
        for (size_t j = 0; err && j < n; j++) {
            err[i + j] = 0;
        }
    }
    return p == MAP_FAILED ? NULL : p;
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom,
                           int prot, size_t pages, const xen_pfn_t arr[],
                           int err[])
{
    return xenforeignmemory_map2(fmem, dom, NULL, prot, 0, pages, arr, err);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr,
                           size_t pages)
{
    return munmap(addr, pages * PAGE);
}

struct xenforeignmemory_resource_handle {
    void *addr;
    size_t len;
};

xenforeignmemory_resource_handle *xenforeignmemory_map_resource(
    xenforeignmemory_handle *fmem, domid_t domid, unsigned int type,
    unsigned int id, unsigned long frame, unsigned long nr_frames,
    void **paddr, int prot, int flags)
{
    xenforeignmemory_resource_handle *r = calloc(1, sizeof(*r));

    if (!r) {
        return NULL;
    }
    r->len = nr_frames * PAGE;
    r->addr = mmap(*paddr, r->len, prot, MAP_SHARED | MAP_ANONYMOUS | flags,
                   -1, 0);
    if (r->addr == MAP_FAILED) {
        free(r);
        return NULL;
    }
    *paddr = r->addr;
    FK_OP((fk_ioreq_init((uint8_t *)r->addr + r->len - PAGE, -1), 0));
    return r;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
                                    xenforeignmemory_resource_handle *fres)
{
    munmap(fres->addr, fres->len);
    free(fres);
    return 0;
}

/* QEMU opens it for PV back ends; nothing here has one. */
xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
                                 unsigned open_flags)
{
    return fk_handle();
}

int xengnttab_close(xengnttab_handle *xgt)
{
    free(xgt);
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
    return 0;
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count,
                         xengnttab_grant_copy_segment_t *segs)
{
    if (count) {
        fk_unknown(__func__);
    }
    return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    fk_unknown(__func__);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
    fk_unknown(__func__);
}

int xentoolcore_restrict_all(domid_t domid)
{
    fk_unknown(__func__);
}
