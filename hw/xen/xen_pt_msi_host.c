/*
 * Xen PCI pass-through: what the MSI sequence does to the host
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * XenPTMSIOps over libxenctrl and the device's config file, which in a stub
 * domain is served by pcifront.
 */

#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen-legacy-backend.h"
#include "hw/xen/xen_pt_msix.h"
#include "trace.h"

/* The gflags of XEN_DOMCTL_bind_pt_irq (xen/include/public/domctl.h). */
#define GFLAGS_DEST_ID_SHIFT    0
#define GFLAGS_RH_SHIFT         8
#define GFLAGS_DM_SHIFT         9
#define GFLAGS_DELIV_SHIFT      12
#define GFLAGS_TRIG_SHIFT       15
#define GFLAGS_UNMASKED         (1u << 16)

/*
 * The pirqs mapped here, of all devices. Xen takes the map of a pirq that is
 * mapped to another interrupt for a success, and maps nothing; undoing that
 * would unmap the other's.
 */
static GHashTable *mapped;

static bool is_mapped(uint32_t pirq)
{
    return xen_pt_is_machine_irq(pirq) ||
           (mapped && g_hash_table_contains(mapped, GUINT_TO_POINTER(pirq)));
}

static void set_mapped(int pirq)
{
    if (!mapped) {
        mapped = g_hash_table_new(NULL, NULL);
    }
    g_hash_table_add(mapped, GINT_TO_POINTER(pirq));
}

static int xc_result(int rc)
{
    return rc >= 0 ? 0 : errno ? -errno : -EIO;
}

static uint32_t gflags(const XenPTMSIMessage *m)
{
    uint32_t lo = m->address;

    return extract32(lo, 12, 8) << GFLAGS_DEST_ID_SHIFT |
           extract32(lo, 3, 1) << GFLAGS_RH_SHIFT |
           extract32(lo, 2, 1) << GFLAGS_DM_SHIFT |
           extract32(m->data, 8, 3) << GFLAGS_DELIV_SHIFT |
           extract32(m->data, 15, 1) << GFLAGS_TRIG_SHIFT;
}

static uint8_t gvec(const XenPTMSIMessage *m)
{
    return m->data;
}

/* The address of the table's BAR; one that is not 0 asks Xen for MSI-X. */
static uint64_t table_base(const XenPTMSI *msi)
{
    return msi->x ? msi->x->bar_base : 0;
}

/* Where Xen is to find the guest's writes of mask bits. */
static uint64_t guest_table(const XenPTMSI *msi)
{
    return msi->x ? msi->x->guest : 0;
}

static int host_map(void *opaque, unsigned vector, const XenPTMSIMessage *guest,
                    int *pirq)
{
    XenPTMSI *msi = opaque;
    XenHostPCIDevice *d = &msi->s->real_device;
    uint32_t requested = xen_pt_msi_requested_pirq(guest);
    int rc = -EEXIST;

    *pirq = requested ? (int)requested : XEN_PT_UNASSIGNED_PIRQ;
    if (!is_mapped(requested)) {
        rc = xc_result(xc_physdev_map_pirq_msi(xen_xc, xen_domid, -1, pirq,
                                               PCI_DEVFN(d->dev, d->func),
                                               d->domain << 16 | d->bus,
                                               vector,
                                               table_base(msi)));
    }
    if (!rc) {
        set_mapped(*pirq);
    }
    trace_xen_pt_msi_map(msi->name, vector, *pirq, rc);
    return rc;
}

static int host_unmap(void *opaque, unsigned vector, int pirq)
{
    XenPTMSI *msi = opaque;
    int rc = xc_result(xc_physdev_unmap_pirq(xen_xc, xen_domid, pirq));

    if (!rc) {
        g_hash_table_remove(mapped, GINT_TO_POINTER(pirq));
    }
    trace_xen_pt_msi_unmap(msi->name, vector, pirq, rc);
    if (!rc && !msi->x) {
        xen_pt_intx_disable_again(msi->s);
    }
    return rc;
}

static int host_bind(void *opaque, unsigned vector, int pirq,
                     const XenPTMSIMessage *guest, bool masked)
{
    XenPTMSI *msi = opaque;
    uint32_t flags = gflags(guest) | (masked ? 0 : GFLAGS_UNMASKED);
    int rc = -ENXIO;

    if (guest_table(msi) != XEN_PT_MSIX_UNMAPPED) {
        rc = xc_result(xc_domain_update_msi_irq(xen_xc, xen_domid, gvec(guest),
                                                pirq, flags,
                                                guest_table(msi)));
    }

    trace_xen_pt_msi_bind(msi->name, vector, pirq, gvec(guest), flags, rc);
    return rc;
}

static int host_unbind(void *opaque, unsigned vector, int pirq,
                       const XenPTMSIMessage *guest)
{
    XenPTMSI *msi = opaque;
    int rc = xc_result(xc_domain_unbind_msi_irq(xen_xc, xen_domid, gvec(guest),
                                                pirq, gflags(guest)));

    trace_xen_pt_msi_unbind(msi->name, vector, pirq, rc);
    return rc;
}

static int host_message(void *opaque, unsigned vector, XenPTMSIMessage *device)
{
    XenPTMSI *msi = opaque;
    XenHostPCIDevice *d = &msi->s->real_device;
    bool wide = msi->control & PCI_MSI_FLAGS_64BIT;
    uint32_t lo = 0, hi = 0;
    uint16_t data = 0;
    int rc = 0;

    if (msi->x) {
        *device = xen_pt_msix_device_message(msi->x, vector);
        goto out;
    }
    rc = xen_host_pci_get_long(d, msi->cap + PCI_MSI_ADDRESS_LO, &lo);
    if (!rc && wide) {
        rc = xen_host_pci_get_long(d, msi->cap + PCI_MSI_ADDRESS_HI, &hi);
    }
    if (!rc) {
        rc = xen_host_pci_get_word(d, msi->cap + (wide ? PCI_MSI_DATA_64
                                                       : PCI_MSI_DATA_32),
                                   &data);
    }
    device->address = (uint64_t)hi << 32 | lo;
    device->data = data;
out:
    trace_xen_pt_msi_message(msi->name, vector, device->address, device->data,
                             rc);
    return rc;
}

static int word_offset(const XenPTMSI *msi, XenPTMSIWord word)
{
    return word == XEN_PT_MSI_WORD_CONTROL ? msi->cap + PCI_MSI_FLAGS
                                           : PCI_COMMAND;
}

static int host_read(void *opaque, XenPTMSIWord word, uint16_t *value)
{
    XenPTMSI *msi = opaque;
    int offset = word_offset(msi, word), rc;

    *value = UINT16_MAX;
    rc = xen_host_pci_get_word_once(&msi->s->real_device, offset, value);
    trace_xen_pt_msi_read(msi->name, offset, *value, rc);
    return rc;
}

static int host_write(void *opaque, XenPTMSIWord word, uint16_t value)
{
    XenPTMSI *msi = opaque;
    int offset = word_offset(msi, word);
    int rc = xen_host_pci_set_word(&msi->s->real_device, offset, value);

    trace_xen_pt_msi_write(msi->name, offset, value, rc);
    return rc;
}

static int host_intx(void *opaque, bool back)
{
    XenPTMSI *msi = opaque;
    int rc = back ? xen_pt_intx_come_back(msi->s)
                  : xen_pt_intx_give_way(msi->s);

    trace_xen_pt_msi_intx(msi->name, back, rc);
    return rc;
}

const XenPTMSIOps xen_pt_msi_host_ops = {
    .map = host_map,
    .unmap = host_unmap,
    .bind = host_bind,
    .unbind = host_unbind,
    .message = host_message,
    .read = host_read,
    .write = host_write,
    .intx = host_intx,
};
