/*
 * Xen PCI pass-through: the MSI-X table in the guest's memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qemu/atomic.h"
#include "qemu/error-report.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen-legacy-backend.h"
#include "hw/xen/xen_pt_msi_report.h"
#include "hw/xen/xen_pt_msix.h"
#include "trace.h"

/* xen/include/public/features.h; in Xen 4.19 and newer */
#ifndef XENFEAT_dm_msix_all_writes
#define XENFEAT_dm_msix_all_writes 20
#endif

static bool xen_shows_all_writes(void)
{
    xen_feature_info_t info = { .submap_idx = 0 };

    return xc_version(xen_xc, XENVER_get_features, &info) == 0 &&
           (info.submap & (1u << XENFEAT_dm_msix_all_writes));
}

/* One access of that size on the bus too; of 8 bytes two, as Xen's are. */
static uint64_t read_device(const XenPTMSIX *x, hwaddr addr, unsigned size)
{
    const void *p = x->device + addr;

    switch (size) {
    case 1:
        return qatomic_read((const uint8_t *)p);
    case 2:
        return qatomic_read((const uint16_t *)p);
    case 4:
        return qatomic_read((const uint32_t *)p);
    default:
        return qatomic_read((const uint32_t *)p) |
               (uint64_t)qatomic_read((const uint32_t *)p + 1) << 32;
    }
}

static bool in_table(const XenPTMSIX *x, hwaddr addr)
{
    return addr >= x->table_offset &&
           addr < x->table_offset + x->table.n * XEN_PT_MSIX_ENTRY_SIZE;
}

static uint64_t pages_read(void *opaque, hwaddr addr, unsigned size)
{
    XenPTMSI *msi = opaque;
    XenPTMSIX *x = msi->x;

    if (in_table(x, addr)) {
        return xen_pt_msix_table_read(&x->table, addr - x->table_offset, size);
    }
    /* The pending bits, or registers of the device that are its neighbours. */
    return read_device(x, addr, size);
}

/*
 * A Xen that shows all writes has done those beside the table already, once it
 * knows where that is, from a vector that is bound.
 */
static bool written_by_xen(const XenPTMSI *msi)
{
    for (unsigned i = 0; i < msi->seq.used; i++) {
        if (msi->vector[i].stage >= XEN_PT_MSI_BOUND) {
            return !msi->x->table.masks_unseen;
        }
    }
    return false;
}

static void pages_write(void *opaque, hwaddr addr, uint64_t value,
                        unsigned size)
{
    XenPTMSI *msi = opaque;
    XenPTMSIX *x = msi->x;
    unsigned i;

    if (!in_table(x, addr)) {
        if (!x->warned && !written_by_xen(msi)) {
            x->warned = true;
            warn_report("%s: a write beside the MSI-X table is lost: Xen 4.19 "
                        "or newer is needed, and MSI-X in use", msi->name);
        }
        return;
    }
    addr -= x->table_offset;
    trace_xen_pt_msix_write(msi->name, addr, size, value);
    i = addr / XEN_PT_MSIX_ENTRY_SIZE;
    if (xen_pt_msix_table_write(&x->table, addr, value, size,
                                msi->vector[i].stage >= XEN_PT_MSI_BOUND)) {
        XenPTMSIMessage m = xen_pt_msix_table_message(&x->table, i);

        xen_pt_msi_seq_set_vector(&msi->seq, i, &m,
                                  xen_pt_msix_table_masked(&x->table, i));
        xen_pt_msi_report(msi);
    }
}

static const MemoryRegionOps pages_ops = {
    .read = pages_read,
    .write = pages_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* A message and its mask may come in one write. */
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

/*
 * pcifront's device has its config file at once, but its resource files only
 * when the whole bus has been scanned. libxl may be quicker than that.
 */
static int open_resource(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    for (int tries = 500; fd < 0 && errno == ENOENT && tries; tries--) {
        g_usleep(10 * 1000);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

/* Linux gives the whole pages that a BAR is in, read-only where asked so. */
static int map_device(XenPTMSI *msi)
{
    const XenHostPCIDevice *d = &msi->s->real_device;
    XenPTMSIX *x = msi->x;
    uint32_t page = qemu_real_host_page_size();
    g_autofree char *path = g_strdup_printf(
        "/sys/bus/pci/devices/%04x:%02x:%02x.%x/resource%u", d->local_domain,
        d->local_bus, d->local_dev, d->local_func, x->bar);
    int fd = open_resource(path), rc;

    if (fd < 0) {
        return -errno;
    }
    x->device_size = ROUND_UP((x->base & (page - 1)) +
                              memory_region_size(&x->pages), page);
    x->mapping = mmap(NULL, x->device_size, PROT_READ, MAP_SHARED, fd,
                      x->first);
    rc = x->mapping == MAP_FAILED ? -errno : 0;
    close(fd);
    if (rc) {
        x->mapping = NULL;
        return rc;
    }
    x->device = (const uint8_t *)x->mapping + (x->base & (page - 1));
    return 0;
}

int xen_pt_msix_new(XenPTMSI *msi)
{
    XenHostPCIDevice *d = &msi->s->real_device;
    unsigned n = (msi->control & PCI_MSIX_FLAGS_QSIZE) + 1;
    uint32_t size = n * XEN_PT_MSIX_ENTRY_SIZE, page, table, pba, offset;
    XenHostPCIIORegion *bar;
    XenPTMSIX *x;
    int rc;

    if (xen_host_pci_get_long(d, msi->base + PCI_MSIX_TABLE, &table) ||
        xen_host_pci_get_long(d, msi->base + PCI_MSIX_PBA, &pba)) {
        xen_pt_msi_warn_broken(msi, "cannot be read");
        return -EIO;
    }
    offset = table & ~PCI_MSIX_FLAGS_BIRMASK;
    table &= PCI_MSIX_FLAGS_BIRMASK;
    bar = &d->io_regions[MIN(table, PCI_ROM_SLOT - 1)];
    if (table >= PCI_ROM_SLOT || !bar->base_addr ||
        (bar->type & XEN_HOST_PCI_REGION_TYPE_IO) ||
        offset >= bar->size || size > bar->size - offset) {
        xen_pt_msi_warn_broken(msi, "has its table in no BAR");
        return -EINVAL;
    }

    x = msi->x = g_malloc0(sizeof(*x) + n * sizeof(x->entry[0]));
    page = qemu_real_host_page_size();
    x->bar = table;
    x->base = bar->base_addr;
    x->first = ROUND_DOWN(offset, page);
    x->table_offset = offset - x->first;
    x->guest = XEN_PT_MSIX_UNMAPPED;
    x->table.masks_unseen = !xen_shows_all_writes();
    x->table.n = n;
    x->table.entry = x->entry;
    xen_pt_msix_table_reset(&x->table);
    memory_region_init_io(&x->pages, OBJECT(msi->s), &pages_ops, msi,
                          "xen-pci-pt-msix",
                          MIN(ROUND_UP(x->table_offset + size, page),
                              bar->size - x->first));
    rc = map_device(msi);
    if (rc) {
        warn_report("%s: MSI-X hidden from the guest: its table cannot be "
                    "mapped: %s", msi->name, g_strerror(-rc));
        return rc;
    }
    xen_pt_msi_regs_init_msix(&msi->regs, msi->control, 0, offset | table, pba);
    return 0;
}

void xen_pt_msix_map(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;

    /* Above the BAR, which has priority 1. */
    memory_region_add_subregion_overlap(&msi->s->bar[x->bar], x->first,
                                        &x->pages, 2);
    x->in_bar = true;
}

void xen_pt_msix_unmap(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;

    if (x->in_bar) {
        memory_region_del_subregion(&msi->s->bar[x->bar], &x->pages);
        x->in_bar = false;
    }
}

void xen_pt_msix_free(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;

    if (x->mapping) {
        munmap(x->mapping, x->device_size);
    }
    object_unparent(OBJECT(&x->pages));
    g_clear_pointer(&msi->x, g_free);
}

XenPTMSIMessage xen_pt_msix_device_message(const XenPTMSIX *x, unsigned vector)
{
    hwaddr at = x->table_offset + vector * XEN_PT_MSIX_ENTRY_SIZE;

    return (XenPTMSIMessage) {
        .address = read_device(x, at + PCI_MSIX_ENTRY_UPPER_ADDR, 4) << 32 |
                   read_device(x, at + PCI_MSIX_ENTRY_LOWER_ADDR, 4),
        .data = read_device(x, at + PCI_MSIX_ENTRY_DATA, 4),
    };
}

/*
 * What has been masked behind QEMU's back is masked in the device, where Xen
 * has it, as long as the device still holds what Xen wrote.
 */
void xen_pt_msix_learn_masks(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;

    for (unsigned i = 0; i < msi->seq.used && x->table.masks_unseen; i++) {
        hwaddr at = x->table_offset + i * XEN_PT_MSIX_ENTRY_SIZE;
        XenPTMSIMessage m;

        if (msi->vector[i].stage != XEN_PT_MSI_CHECKED) {
            continue;
        }
        m = xen_pt_msix_device_message(x, i);
        if (xen_pt_msi_check_device(&m) == XEN_PT_MSI_CHECK_OK &&
            (read_device(x, at + PCI_MSIX_ENTRY_VECTOR_CTRL, 4) &
             PCI_MSIX_ENTRY_CTRL_MASKBIT)) {
            xen_pt_msix_table_mask(&x->table, i);
            msi->vector[i].want.masked = xen_pt_msix_table_masked(&x->table, i);
        }
    }
}

bool xen_pt_msix_region(XenPCIPassthroughState *s, MemoryRegionSection *section,
                        bool adding)
{
    XenPTMSI *msi = s->msix;
    XenPTMSIX *x = msi ? msi->x : NULL;
    hwaddr guest;

    if (!x || section->mr != &x->pages) {
        return false;
    }
    guest = section->offset_within_address_space -
            section->offset_within_region + x->table_offset;
    xen_pt_msix_learn_masks(msi);
    /* It goes where it comes back from, mostly: decoding off and on. */
    if (adding && x->guest != guest) {
        x->guest = guest;
        xen_pt_msi_seq_rebind(&msi->seq);
        xen_pt_msi_report(msi);
    }
    return true;
}
