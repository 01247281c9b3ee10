/*
 * Xen PCI pass-through: the MSI-X table in the guest's memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
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

/* One access of that size, a dword at most, on the bus too. */
static uint64_t read_device(const XenPTMSIX *x, hwaddr addr, unsigned size)
{
    return xen_pt_msix_pages_read(&x->pages, addr, size);
}

/* A table that is hidden from the guest is none: all there is the device's. */
static bool in_table(const XenPTMSI *msi, hwaddr addr)
{
    const XenPTMSIX *x = msi->x;

    return !msi->hidden && addr >= x->table_offset &&
           addr < x->table_offset + x->table.n * PCI_MSIX_ENTRY_SIZE;
}

static uint64_t pages_read(void *opaque, hwaddr addr, unsigned size)
{
    XenPTMSI *msi = opaque;
    XenPTMSIX *x = msi->x;

    if (in_table(msi, addr)) {
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
    for (unsigned i = 0; i < msi->seq.nused; i++) {
        if (msi->vector[i].stage >= XEN_PT_MSI_STAGE_BOUND) {
            return !msi->x->table.masks_unseen;
        }
    }
    return false;
}

/* Xen does none where pending bits are on the page of the table's end. */
static bool beside_pending_bits(const XenPTMSIX *x, hwaddr addr)
{
    hwaddr end = x->table_offset + x->table.n * PCI_MSIX_ENTRY_SIZE - 1;
    hwaddr edge = addr < x->table_offset ? x->table_offset : end;
    uint32_t page = qemu_real_host_page_size();

    return (addr < x->table_offset ? x->pba_last : x->pba_first) / page ==
           (x->pages.first + edge) / page;
}

/* Of a guest's write that reaches nothing. */
static const struct {
    const char *where, *why;
} lost_writes[] = {
    [XEN_PT_MSIX_LOST_HIDDEN] = {
        "to the pages of the hidden MSI-X table", "Xen lets nobody write there",
    },
    [XEN_PT_MSIX_LOST_PBA] = {
        "to the pages of the MSI-X pending bits", "Xen lets nobody write there",
    },
    [XEN_PT_MSIX_LOST_BESIDE_PBA] = {
        "beside the MSI-X table", "the pending bits are there, too, and Xen "
        "lets nobody write to their page",
    },
    [XEN_PT_MSIX_LOST_BESIDE] = {
        "beside the MSI-X table",
        "Xen 4.19 or newer is needed, and MSI-X in use",
    },
};

void xen_pt_msix_warn_lost(XenPTMSI *msi, XenPTMSIXLost lost)
{
    if (!(msi->x->warned & 1u << lost)) {
        msi->x->warned |= 1u << lost;
        warn_report("%s: a write %s is lost: %s", msi->name,
                    lost_writes[lost].where, lost_writes[lost].why);
    }
}

static void write_beside(XenPTMSI *msi, hwaddr addr)
{
    if (msi->hidden) {
        xen_pt_msix_warn_lost(msi, XEN_PT_MSIX_LOST_HIDDEN);
    } else if (beside_pending_bits(msi->x, addr)) {
        xen_pt_msix_warn_lost(msi, XEN_PT_MSIX_LOST_BESIDE_PBA);
    } else if (!written_by_xen(msi)) {
        xen_pt_msix_warn_lost(msi, XEN_PT_MSIX_LOST_BESIDE);
    }
}

static void pages_write(void *opaque, hwaddr addr, uint64_t value,
                        unsigned size)
{
    XenPTMSI *msi = opaque;
    XenPTMSIX *x = msi->x;
    unsigned i;

    if (!in_table(msi, addr)) {
        write_beside(msi, addr);
        return;
    }
    addr -= x->table_offset;
    trace_xen_pt_msix_write(msi->name, addr, size, value);
    i = addr / PCI_MSIX_ENTRY_SIZE;
    if (xen_pt_msix_table_write(&x->table, addr, value, size,
                                msi->vector[i].stage >=
                                XEN_PT_MSI_STAGE_BOUND)) {
        XenPTMSIMessage m = xen_pt_msix_table_message(&x->table, i);

        xen_pt_msi_seq_set_vector(&msi->seq, i, &m,
                                  xen_pt_msix_table_masked(&x->table, i));
        xen_pt_msi_settle(msi);
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

/* Returns: NULL where such bytes are not in memory. */
static const XenHostPCIIORegion *find_bar(const XenHostPCIDevice *d,
                                          unsigned bar, uint32_t offset)
{
    const XenHostPCIIORegion *r = &d->io_regions[MIN(bar, PCI_ROM_SLOT - 1)];

    return bar >= PCI_ROM_SLOT || !r->base_addr || offset >= r->size ||
           (r->type & XEN_HOST_PCI_REGION_TYPE_IO) ? NULL : r;
}

static bool ranges_meet(uint64_t a, uint64_t a_size, uint64_t b,
                        uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/* The pages of the pending bits; where they are the table's nothing is due. */
static void new_pba(XenPTMSI *msi, uint32_t pba, uint32_t size)
{
    XenPTMSIX *x = msi->x;
    uint32_t offset = pba & ~PCI_MSIX_FLAGS_BIRMASK;

    x->pba_bar = pba & PCI_MSIX_FLAGS_BIRMASK;
    if (!find_bar(&msi->s->real_device, x->pba_bar, offset)) {
        warn_report("%s: the pending bits of MSI-X are in no BAR: 0x%08x",
                    msi->name, pba);
        return;
    }
    if (x->pba_bar == x->bar) {
        x->pba_first = offset;
        x->pba_last = x->pba_first + size - 1;
    }
    if (x->pba_bar != x->bar ||
        !xen_pt_msix_pages_cover(&x->pages, offset, size)) {
        x->pba_apart = true;
        xen_pt_msix_pages_init(&x->pba, msi, "xen-pci-pt-msix-pba", NULL,
                               x->pba_bar, offset, size);
    }
}

bool xen_pt_msix_new(XenPTMSI *msi, uint32_t table, uint32_t pba)
{
    XenHostPCIDevice *d = &msi->s->real_device;
    unsigned n = (msi->control & PCI_MSIX_FLAGS_QSIZE) + 1;
    uint32_t size = n * PCI_MSIX_ENTRY_SIZE;
    uint32_t pba_size = DIV_ROUND_UP(n, 64) * sizeof(uint64_t);
    uint32_t offset = table & ~PCI_MSIX_FLAGS_BIRMASK;
    unsigned bar = table & PCI_MSIX_FLAGS_BIRMASK;
    const XenHostPCIIORegion *r = find_bar(d, bar, offset);
    XenPTMSIX *x;
    int rc;

    if (!r) {
        xen_pt_msi_warn_broken(msi, "has its table in no BAR");
        return false;
    }

    x = msi->x = g_malloc0(sizeof(*x) + n * sizeof(x->entry[0]));
    x->bar = bar;
    x->bar_base = r->base_addr;
    x->guest = XEN_PT_MSIX_UNMAPPED;
    x->table.masks_unseen = !xen_shows_all_writes();
    x->table.n = n;
    x->table.entry = x->entry;
    x->pba_first = x->pba_last = UINT64_MAX;
    xen_pt_msix_table_reset(&x->table);
    rc = xen_pt_msix_pages_init(&x->pages, msi, "xen-pci-pt-msix", &pages_ops,
                                bar, offset, size);
    x->table_offset = offset - x->pages.first;
    if (pba != UINT32_MAX) {
        new_pba(msi, pba, pba_size);
    }

    if (pba == UINT32_MAX) {
        xen_pt_msi_warn_broken(msi, "gives no place for its pending bits");
        return false;
    }
    if (size > r->size - offset) {
        xen_pt_msi_warn_broken(msi, "has a table that leaves its BAR");
        return false;
    }
    if (x->pba_bar == bar &&
        ranges_meet(offset, size, pba & ~PCI_MSIX_FLAGS_BIRMASK, pba_size)) {
        xen_pt_msi_warn_broken(msi, "has its pending bits inside its table");
        return false;
    }
    if (rc) {
        warn_report("%s: MSI-X hidden from the guest: its table cannot be "
                    "mapped: %s", msi->name, g_strerror(-rc));
        return false;
    }
    if (msi->s->msix_vectors && msi->s->msix_vectors < n) {
        x->table.n = msi->s->msix_vectors;
        msi->control = (msi->control & ~PCI_MSIX_FLAGS_QSIZE) |
                       (x->table.n - 1);
    }
    xen_pt_msi_regs_init_msix(&msi->regs, msi->control, 0, table, pba);
    return true;
}

void xen_pt_msix_map(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;

    /* Where they share pages those are the table's. */
    if (x->pba_apart) {
        xen_pt_msix_pages_put(&x->pba, &msi->s->bar[x->pba_bar], 1);
    }
    xen_pt_msix_pages_put(&x->pages, &msi->s->bar[x->bar], 2);
}

bool xen_pt_msix_meets(const XenPTMSI *msi, unsigned bar, uint64_t offset,
                       uint64_t size)
{
    const XenPTMSIX *x = msi->x;

    return x && ((x->bar == bar &&
                  ranges_meet(offset, size, x->pages.first, x->pages.size)) ||
                 (x->pba_apart && x->pba_bar == bar &&
                  ranges_meet(offset, size, x->pba.first, x->pba.size)));
}

void xen_pt_msix_unmap(XenPTMSI *msi)
{
    xen_pt_msix_pages_take(&msi->x->pages);
    xen_pt_msix_pages_take(&msi->x->pba);
}

void xen_pt_msix_free(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;

    xen_pt_msix_pages_free(&x->pages);
    if (x->pba_apart) {
        xen_pt_msix_pages_free(&x->pba);
    }
    g_clear_pointer(&msi->x, g_free);
}

XenPTMSIMessage xen_pt_msix_device_message(const XenPTMSIX *x, unsigned vector)
{
    hwaddr at = x->table_offset + vector * PCI_MSIX_ENTRY_SIZE;

    return (XenPTMSIMessage) {
        .address = read_device(x, at + PCI_MSIX_ENTRY_UPPER_ADDR, 4) << 32 |
                   read_device(x, at + PCI_MSIX_ENTRY_LOWER_ADDR, 4),
        .data = read_device(x, at + PCI_MSIX_ENTRY_DATA, 4),
    };
}

/*
 * A table that is not to be seen: ENABLE went with a reset of the device, or
 * decoding is off, which is no news.
 */
static bool was_reset(XenPTMSI *msi)
{
    uint16_t control;

    return !msi->seq.ops->read(msi, XEN_PT_MSI_WORD_CONTROL, &control) &&
           !(control & msi->seq.enable);
}

/*
 * What the guest has masked or unmasked behind QEMU's back is so in the device.
 * All entries of one that was reset are masked: its driver has to unmask them.
 * A message that was changed under the function mask is bound by then.
 */
void xen_pt_msix_learn_masks(XenPTMSI *msi)
{
    XenPTMSIX *x = msi->x;
    bool reset = false;

    for (unsigned i = 0; i < msi->seq.nused && x->table.masks_unseen; i++) {
        hwaddr at = x->table_offset + i * PCI_MSIX_ENTRY_SIZE;
        XenPTMSIMessage m;
        bool masked;

        if (msi->vector[i].stage != XEN_PT_MSI_STAGE_CHECKED) {
            continue;
        }
        m = xen_pt_msix_device_message(x, i);
        if (xen_pt_msi_check_device(&m) == XEN_PT_MSI_CHECK_NOT_READ) {
            /* One look for all of them. */
            reset = reset || was_reset(msi);
            if (!reset) {
                break;
            }
            masked = true;
        } else {
            masked = read_device(x, at + PCI_MSIX_ENTRY_VECTOR_CTRL, 4) &
                     PCI_MSIX_ENTRY_CTRL_MASKBIT;
        }
        trace_xen_pt_msix_mask(msi->name, i, masked);
        xen_pt_msix_table_mask(&x->table, i, masked);
        m = xen_pt_msix_table_message(&x->table, i);
        xen_pt_msi_seq_set_vector(&msi->seq, i, &m,
                                  xen_pt_msix_table_masked(&x->table, i));
    }
}

bool xen_pt_msix_region(XenPCIPassthroughState *s, MemoryRegionSection *section,
                        bool adding)
{
    XenPTMSI *msi = s->msix;
    XenPTMSIX *x = msi ? msi->x : NULL;
    hwaddr guest;

    if (!x || section->mr != &x->pages.mr) {
        return false;
    }
    guest = section->offset_within_address_space -
            section->offset_within_region + x->table_offset;
    xen_pt_msix_learn_masks(msi);
    /* It goes where it comes back from, mostly: decoding off and on. */
    if (adding && x->guest != guest) {
        x->guest = guest;
        xen_pt_msi_seq_rebind(&msi->seq);
    }
    xen_pt_msi_settle(msi);
    return true;
}
