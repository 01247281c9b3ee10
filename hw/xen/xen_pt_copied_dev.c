/*
 * Xen PCI pass-through: the registers that a driver copies its message to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_copied.h"
#include "hw/xen/xen_pt_msix.h"
#include "hw/xen/xen_pt_resource.h"
#include "trace.h"

struct XenPTCopiedDev {
    XenPTMSI *msi;
    XenPTCopiedWindow window;
    XenPTCopied rule;
    bool warned;                /* of a message that was not read */
    XenPTResource device;
    MemoryRegion mr;
    MemoryRegion *in;           /* the guest's BAR; NULL: not in it */
};

static bool host_message(void *opaque, XenPTMSIMessage *host)
{
    XenPTCopiedDev *c = opaque;
    bool on = c->msi->seq.state == XEN_PT_MSI_STATE_ON;

    if (xen_pt_msi_seq_message(&c->msi->seq, 0, host)) {
        return true;
    }
    if (on && !c->warned) {
        c->warned = true;
        warn_report("%s: the driver copies the guest's MSI message into the "
                    "device, because the device's own cannot be read",
                    c->msi->name);
    }
    return false;
}

static uint64_t window_read(void *opaque, hwaddr addr, unsigned size)
{
    const XenPTCopiedDev *c = opaque;

    return xen_pt_resource_read(&c->device, addr, size);
}

/* One access on the bus, as the guest's is. */
static void window_write(void *opaque, hwaddr addr, uint64_t value,
                         unsigned size)
{
    XenPTCopiedDev *c = opaque;
    XenPTMSIMessage guest = xen_pt_msi_regs_message(&c->msi->regs);
    uint64_t host = xen_pt_copied_write(&c->rule, &guest, addr, size, value);
    void *at = c->device.at + addr;

    if (host != value) {
        trace_xen_pt_msi_copied(c->msi->name, c->window.bar,
                                c->window.offset + addr, size, value, host);
    }
    switch (size) {
    case 1:
        qatomic_set((uint8_t *)at, host);
        break;
    case 2:
        qatomic_set((uint16_t *)at, host);
        break;
    case 4:
        qatomic_set((uint32_t *)at, host);
        break;
    default:
        qatomic_set__nocheck((uint64_t *)at, host);
        break;
    }
}

static const MemoryRegionOps window_ops = {
    .read = window_read,
    .write = window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

/* Why it cannot be had; NULL: it can. */
static const char *unfit(const XenPCIPassthroughState *s,
                         const XenPTCopiedWindow *w)
{
    const XenHostPCIIORegion *r = &s->real_device.io_regions[w->bar];
    uint32_t page = qemu_real_host_page_size();

    return !r->base_addr || !r->size ? "the device has no such BAR" :
           r->type & XEN_HOST_PCI_REGION_TYPE_IO ? "the BAR is not in memory" :
           r->base_addr % page ? "the BAR does not begin on a page" :
           w->offset % page || w->size % page ? "it is not of whole pages" :
           w->offset + w->size > r->size ? "it leaves the BAR" :
           s->msix && xen_pt_msix_meets(s->msix, w->bar, w->offset, w->size) ?
           "the MSI-X table or its pending bits are there" : NULL;
}

static XenPTCopiedDev *new_window(XenPCIPassthroughState *s,
                                  const XenPTCopiedWindow *w, Error **errp)
{
    const char *why = unfit(s, w);
    XenPTCopiedDev *c = g_new0(XenPTCopiedDev, 1);
    int rc = why ? 0 : xen_pt_resource_map(&c->device, s, w->bar, w->offset,
                                           w->size, true);

    if (rc) {
        why = g_strerror(-rc);
    }
    if (why) {
        error_setg(errp, "%s: no window for copied messages in BAR %u, offset "
                   "0x%" PRIx64 ", size 0x%" PRIx64 ": %s", s->msi->name,
                   w->bar, w->offset, w->size, why);
        g_free(c);
        return NULL;
    }
    c->msi = s->msi;
    c->window = *w;
    c->rule.host = host_message;
    c->rule.opaque = c;
    memory_region_init_io(&c->mr, OBJECT(s), &window_ops, c,
                          "xen-pci-pt-copied", w->size);
    c->in = &s->bar[w->bar];
    memory_region_add_subregion_overlap(c->in, w->offset, &c->mr, 1);
    return c;
}

/* Of a chip that has less of it, what there is. */
static void shorten(const XenPCIPassthroughState *s, XenPTCopiedWindow *w)
{
    uint64_t size = s->real_device.io_regions[w->bar].size;

    if (size > w->offset && size - w->offset < w->size) {
        w->size = size - w->offset;
    }
}

void xen_pt_copied_realize(XenPCIPassthroughState *s, Error **errp)
{
    const XenHostPCIDevice *d = &s->real_device;
    XenPTCopiedWindow w;
    XenPTCopiedWant want = xen_pt_copied_want(s->copied_message, d->vendor_id,
                                              d->device_id, &w);
    Error *err = NULL;

    if (want == XEN_PT_COPIED_WRONG) {
        error_setg(errp, "copied-message=%s is none of auto, off, "
                   "BAR:OFFSET:SIZE, BAR:OFFSET:SIZE@VENDOR:DEVICE",
                   s->copied_message);
        return;
    }
    if (want == XEN_PT_COPIED_NONE || (s->msi && s->msi->hidden)) {
        return;
    }
    if (!s->msi) {
        if (want == XEN_PT_COPIED_ASKED) {
            error_setg(errp, "copied-message=%s: the device has no MSI",
                       s->copied_message);
        }
        return;
    }
    if (want == XEN_PT_COPIED_KNOWN) {
        shorten(s, &w);
    }
    s->copied = new_window(s, &w, &err);
    if (err && want == XEN_PT_COPIED_KNOWN) {
        warn_report_err(err);
    } else if (err) {
        error_propagate(errp, err);
    } else {
        info_report("%s: the host's MSI message takes the place of the "
                    "guest's in BAR %u, offset 0x%" PRIx64 ", size 0x%" PRIx64,
                    s->msi->name, w.bar, w.offset, w.size);
    }
}

void xen_pt_copied_unrealize(XenPCIPassthroughState *s)
{
    XenPTCopiedDev *c = s->copied;

    if (c && c->in) {
        memory_region_del_subregion(c->in, &c->mr);
        c->in = NULL;
    }
}

void xen_pt_copied_finalize(XenPCIPassthroughState *s)
{
    XenPTCopiedDev *c = s->copied;

    if (c) {
        xen_pt_resource_unmap(&c->device);
        object_unparent(OBJECT(&c->mr));
        g_clear_pointer(&s->copied, g_free);
    }
}

static void get_count(Object *obj, Visitor *v, const char *name, void *opaque,
                      Error **errp)
{
    const XenPTCopiedDev *c = XEN_PT_DEVICE(obj)->copied;
    uint64_t count = c ? c->rule.replaced : 0;

    visit_type_uint64(v, name, &count, errp);
}

void xen_pt_copied_class_init(ObjectClass *klass)
{
    object_class_property_add(klass, "copied-message-count", "uint64",
                              get_count, NULL, NULL, NULL);
    object_class_property_set_description(klass, "copied-message-count",
        "how often the guest's MSI address was replaced in the window of "
        "copied-message");
}
