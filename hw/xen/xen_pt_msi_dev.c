/*
 * Xen PCI pass-through: MSI of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Joins the guest's registers with the sequence: what the guest writes becomes
 * an event, what came of it is what the guest reads.
 */

#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/qdev-core.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_msi_report.h"
#include "trace.h"

static uint8_t read_byte(void *opaque, uint8_t offset)
{
    XenPCIPassthroughState *s = opaque;
    uint8_t value;

    return xen_host_pci_get_byte(&s->real_device, offset, &value) ? 0xff
                                                                  : value;
}

static uint8_t find_msi(const XenPTCaps *caps)
{
    for (unsigned i = 0; i < caps->n; i++) {
        if (caps->cap[i].id == PCI_CAP_ID_MSI) {
            return caps->cap[i].offset;
        }
    }
    return 0;
}

static bool want_probe(const XenPCIPassthroughState *s)
{
    return s->msi_probe == ON_OFF_AUTO_ON ||
           (s->msi_probe == ON_OFF_AUTO_AUTO && xen_is_stubdomain);
}

void xen_pt_msi_realize(XenPCIPassthroughState *s)
{
    XenHostPCIDevice *d = &s->real_device;
    XenPTMSI *msi;
    uint16_t control;

    s->msi = NULL;
    s->caps.n = 0;
    if (read_byte(s, PCI_STATUS) & PCI_STATUS_CAP_LIST) {
        xen_pt_caps_walk(&s->caps, read_byte, s);
    }
    if (!find_msi(&s->caps)) {
        return;
    }

    msi = s->msi = g_new0(XenPTMSI, 1);
    msi->s = s;
    msi->base = find_msi(&s->caps);
    snprintf(msi->name, sizeof(msi->name), "%04x:%02x:%02x.%x",
             d->domain, d->bus, d->dev, d->func);
    xen_pt_msi_seq_init(&msi->seq, &xen_pt_msi_host_ops, msi,
                        PCI_MSI_FLAGS_ENABLE, &msi->vector, 1);

    if (xen_host_pci_get_word(d, msi->base + PCI_MSI_FLAGS, &control) ||
        control == UINT16_MAX ||
        msi->base + xen_pt_msi_regs_size(control) > PCI_CONFIG_SPACE_SIZE) {
        msi->hidden = true;
        xen_pt_msi_warn_broken(msi);
        return;
    }
    xen_pt_msi_regs_init(&msi->regs, control, 0);

    if ((control & PCI_MSI_FLAGS_ENABLE) && !xen_pt_msi_seq_clear(&msi->seq)) {
        msi->hidden = true;
    } else if (want_probe(s)) {
        msi->hidden = !xen_pt_msi_seq_probe(&msi->seq);
    }
    msi->realize_fault = msi->seq.fault;
    trace_xen_pt_msi_realize(msi->name, msi->base, control, msi->hidden);
    xen_pt_msi_report(msi);
}

uint8_t xen_pt_msi_start(XenPCIPassthroughState *s, uint8_t next)
{
    XenPTMSI *msi = s->msi;

    msi->regs.value[PCI_CAP_LIST_NEXT] = next;
    return msi->regs.size;
}

bool xen_pt_msi_hidden(const XenPCIPassthroughState *s, uint8_t id)
{
    return id == PCI_CAP_ID_MSI && s->msi && s->msi->hidden;
}

static bool is_ours(const XenPTMSI *msi, uint32_t addr)
{
    return msi && addr >= msi->base && addr < msi->base + msi->regs.size;
}

bool xen_pt_msi_config_read(XenPCIPassthroughState *s, uint32_t addr, int len,
                            uint32_t *value)
{
    XenPTMSI *msi = s->msi;
    unsigned offset;

    if (!is_ours(msi, addr)) {
        return false;
    }
    offset = addr - msi->base;
    *value = msi->hidden ? 0 : xen_pt_msi_regs_read(&msi->regs, offset, len);
    /* The pending bits are the device's own; those of one vector matter. */
    if (!msi->hidden && msi->regs.pending && offset == msi->regs.pending) {
        *value = read_byte(s, addr) & 1;
    }
    return true;
}

static void set_vector(XenPTMSI *msi)
{
    XenPTMSIMessage m = xen_pt_msi_regs_message(&msi->regs);

    xen_pt_msi_seq_set_vector(&msi->seq, 0, &m,
                              xen_pt_msi_regs_masked(&msi->regs));
}

bool xen_pt_msi_config_write(XenPCIPassthroughState *s, uint32_t addr,
                             uint32_t value, int len)
{
    XenPTMSI *msi = s->msi;
    unsigned events;

    if (!is_ours(msi, addr)) {
        return false;
    }
    if (msi->hidden) {
        return true;
    }
    events = xen_pt_msi_regs_write(&msi->regs, addr - msi->base, value, len);
    if (events & XEN_PT_MSI_WROTE_VECTOR) {
        set_vector(msi);
    }
    if (events & XEN_PT_MSI_WROTE_ENABLE) {
        xen_pt_msi_seq_set_enable(&msi->seq,
                                  xen_pt_msi_regs_enable(&msi->regs));
    }
    xen_pt_msi_regs_set_enable(&msi->regs, xen_pt_msi_seq_enabled(&msi->seq));
    xen_pt_msi_report(msi);
    return true;
}

void xen_pt_msi_disable(XenPCIPassthroughState *s)
{
    if (s->msi && s->msi->regs.size) {
        xen_pt_msi_seq_reset(&s->msi->seq);
        xen_pt_msi_report(s->msi);
    }
}

static void xen_pt_msi_reset(DeviceState *dev)
{
    XenPCIPassthroughState *s = XEN_PT_DEVICE(dev);
    XenPTMSI *msi = s->msi;
    uint16_t layout;
    uint8_t next;

    if (!msi || msi->hidden) {
        return;
    }
    xen_pt_msi_disable(s);
    layout = xen_pt_msi_regs_read(&msi->regs, PCI_MSI_FLAGS, 2);
    next = xen_pt_msi_regs_read(&msi->regs, PCI_CAP_LIST_NEXT, 1);
    xen_pt_msi_regs_init(&msi->regs, layout, next);
    set_vector(msi);
}

void xen_pt_msi_class_init(ObjectClass *klass)
{
    device_class_set_legacy_reset(DEVICE_CLASS(klass), xen_pt_msi_reset);
    xen_pt_msi_report_class_init(klass);
}
