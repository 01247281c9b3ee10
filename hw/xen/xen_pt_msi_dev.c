/*
 * Xen PCI pass-through: MSI and MSI-X of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Joins the guest's registers with the sequence: what the guest writes becomes
 * an event, what came of it is what the guest reads.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_msi_report.h"
#include "hw/xen/xen_pt_msix.h"
#include "trace.h"

char *xen_pt_host_name(const XenPCIPassthroughState *s)
{
    const XenHostPCIDevice *d = &s->real_device;

    return g_strdup_printf("%04x:%02x:%02x.%x", d->domain, d->bus, d->dev,
                           d->func);
}

static uint8_t read_byte(void *opaque, uint8_t offset)
{
    XenPCIPassthroughState *s = opaque;
    uint8_t value;

    return xen_host_pci_get_byte(&s->real_device, offset, &value) ? 0xff
                                                                  : value;
}

static int read_word(void *opaque, uint8_t offset, uint16_t *word)
{
    XenPCIPassthroughState *s = opaque;

    return xen_host_pci_get_word(&s->real_device, offset, word);
}

static bool want_probe(const XenPCIPassthroughState *s)
{
    return s->msi_probe == ON_OFF_AUTO_ON ||
           (s->msi_probe == ON_OFF_AUTO_AUTO && xen_is_stubdomain);
}

/* What the device says of MSI-X, and whether all registers are there. */
typedef struct Found {
    uint32_t table, pba;
    bool complete;
} Found;

static bool read_registers(XenPTMSI *msi, Found *found, Error **errp)
{
    XenHostPCIDevice *d = &msi->s->real_device;
    bool is_msix = msi->id == PCI_CAP_ID_MSIX;
    unsigned size;
    int rc = xen_host_pci_get_word(d, msi->cap + PCI_MSI_FLAGS,
                                   &msi->control);

    size = is_msix ? PCI_CAP_MSIX_SIZEOF : xen_pt_msi_regs_size(msi->control);
    msi->regs.size = MIN(size, PCI_CONFIG_SPACE_SIZE - msi->cap);
    found->complete = msi->regs.size == size;
    if (!rc && is_msix && found->complete) {
        rc = xen_host_pci_get_long(d, msi->cap + PCI_MSIX_TABLE,
                                   &found->table);
        if (!rc) {
            rc = xen_host_pci_get_long(d, msi->cap + PCI_MSIX_PBA,
                                       &found->pba);
        }
    }
    if (rc || msi->control == UINT16_MAX || found->table == UINT32_MAX) {
        error_setg(errp, "%s: the %s capability at 0x%02x cannot be read",
                   msi->name, msi->what, msi->cap);
        return false;
    }
    return true;
}

/* Returns: false where there is nothing that a guest could be shown. */
static bool set_up(XenPTMSI *msi, const Found *found)
{
    if (!found->complete) {
        xen_pt_msi_warn_broken(msi, "leaves config space");
        return false;
    }
    if (msi->id == PCI_CAP_ID_MSIX) {
        return xen_pt_msix_new(msi, found->table, found->pba);
    }
    xen_pt_msi_regs_init(&msi->regs, msi->control, 0);
    return true;
}

static void free_capability(XenPTMSI *msi)
{
    if (msi->x) {
        xen_pt_msix_free(msi);
    }
    g_free(msi->name);
    g_free(msi->vector);
    g_free(msi);
}

/* Returns: NULL where there is none, or it could not be read. */
static XenPTMSI *new_capability(XenPCIPassthroughState *s, uint8_t id,
                                Error **errp)
{
    uint8_t base = xen_pt_caps_find(&s->caps, id, 0);
    bool is_msix = id == PCI_CAP_ID_MSIX;
    Found found = { 0 };
    XenPTMSI *msi;
    unsigned n;

    if (!base) {
        return NULL;
    }
    msi = g_new0(XenPTMSI, 1);
    msi->s = s;
    msi->id = id;
    msi->cap = base;
    msi->what = is_msix ? "MSI-X" : "MSI";
    msi->name = xen_pt_host_name(s);
    if (!read_registers(msi, &found, errp)) {
        free_capability(msi);
        return NULL;
    }
    msi->hidden = !set_up(msi, &found);
    n = msi->x ? msi->x->table.n : 1;
    msi->vector = g_new0(XenPTMSIVector, n);
    /* By its kind, not its registers: also one that is not shown goes off. */
    xen_pt_msi_seq_init(&msi->seq, &xen_pt_msi_host_ops, msi,
                        is_msix ? PCI_MSIX_FLAGS_ENABLE : PCI_MSI_FLAGS_ENABLE,
                        is_msix ? PCI_MSIX_FLAGS_MASKALL : 0, msi->vector, n);
    return msi;
}

static bool found_on(const XenPTMSI *msi)
{
    return msi->control & (msi->seq.enable | msi->seq.maskall);
}

static void probe(XenPTMSI *msi)
{
    if (!msi->hidden && want_probe(msi->s)) {
        msi->hidden = !xen_pt_msi_seq_probe(&msi->seq);
    }
    msi->realize_fault = msi->seq.fault;
    trace_xen_pt_msi_realize(msi->name, msi->what, msi->cap, msi->control,
                             msi->hidden);
    xen_pt_msi_report(msi);
}

/* What a guest reads that comes there by some other way than the chain. */
static void make_null(XenPTMSI *msi)
{
    msi->regs = (XenPTMSIRegs) { .size = msi->regs.size };
}

/* What the user has said of it; MSI may serve where MSI-X cannot. */
static OnOffAuto wanted(const XenPTMSI *msi)
{
    return msi->id == PCI_CAP_ID_MSIX ? msi->s->want_msix : msi->s->want_msi;
}

void xen_pt_msi_walk(XenPCIPassthroughState *s, Error **errp)
{
    if (xen_pt_caps_walk(&s->caps, read_word, s)) {
        error_setg(errp, "the list of capabilities cannot be read");
        return;
    }
    if (s->caps.cut) {
        g_autofree char *name = xen_pt_host_name(s);

        warn_report("%s: the list of capabilities ends where the device reads "
                    "as all-ones", name);
    }
}

void xen_pt_msi_realize(XenPCIPassthroughState *s, Error **errp)
{
    ERRP_GUARD();
    XenPTMSI *both[2];

    both[0] = s->msi = new_capability(s, PCI_CAP_ID_MSI, errp);
    if (!*errp) {
        both[1] = s->msix = new_capability(s, PCI_CAP_ID_MSIX, errp);
    }
    if (*errp) {
        return;
    }

    /* pciback has one of them on at a time: both go off before a probe. */
    for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
        if (both[i] && found_on(both[i])) {
            both[i]->hidden |= !xen_pt_msi_seq_clear(&both[i]->seq);
        }
    }
    /* A device without it may be one of several that a property is set for. */
    if (s->caps.cut && ((!s->msi && s->want_msi == ON_OFF_AUTO_ON) ||
                        (!s->msix && s->want_msix == ON_OFF_AUTO_ON))) {
        error_setg(errp, "%s cannot be used: the list of capabilities ends "
                   "before it", s->msix ? "MSI" : "MSI-X");
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
        if (both[i]) {
            both[i]->hidden |= wanted(both[i]) == ON_OFF_AUTO_OFF;
            probe(both[i]);
            if (both[i]->hidden) {
                make_null(both[i]);
            }
            if (both[i]->hidden && wanted(both[i]) == ON_OFF_AUTO_ON) {
                error_setg(errp, "%s: %s cannot be used; a warning says why, "
                           "%s=auto does without it", both[i]->name,
                           both[i]->what, i ? "msix" : "msi");
                return;
            }
        }
    }
    if (s->msix && s->msix->x) {
        xen_pt_msix_map(s->msix);
    }
}

void xen_pt_msi_unrealize(XenPCIPassthroughState *s)
{
    if (s->msix && s->msix->x) {
        xen_pt_msix_unmap(s->msix);
    }
}

void xen_pt_msi_finalize(XenPCIPassthroughState *s)
{
    g_clear_pointer(&s->msi, free_capability);
    g_clear_pointer(&s->msix, free_capability);
}

static XenPTMSI *with_id(const XenPCIPassthroughState *s, uint8_t id)
{
    return id == PCI_CAP_ID_MSI ? s->msi :
           id == PCI_CAP_ID_MSIX ? s->msix : NULL;
}

uint8_t xen_pt_msi_start(XenPCIPassthroughState *s, uint8_t id, uint8_t base,
                         uint8_t next)
{
    XenPTMSI *msi = with_id(s, id);

    if (msi->cap != base) {
        return 0;
    }
    msi->regs.value[PCI_CAP_LIST_NEXT] = next;
    return msi->regs.size;
}

bool xen_pt_msi_hidden(const XenPCIPassthroughState *s, const XenPTCap *cap)
{
    const XenPTMSI *msi = with_id(s, cap->id);

    return msi && (msi->hidden || msi->cap != cap->offset);
}

static bool is_at(const XenPTMSI *msi, uint32_t addr)
{
    return msi && addr >= msi->cap && addr < msi->cap + msi->regs.size;
}

static XenPTMSI *at(const XenPCIPassthroughState *s, uint32_t addr)
{
    return is_at(s->msi, addr) ? s->msi : is_at(s->msix, addr) ? s->msix : NULL;
}

bool xen_pt_msi_config_read(XenPCIPassthroughState *s, uint32_t addr, int len,
                            uint32_t *value)
{
    XenPTMSI *msi = at(s, addr);
    unsigned offset;

    if (!msi) {
        return false;
    }
    offset = addr - msi->cap;
    *value = xen_pt_msi_regs_read(&msi->regs, offset, len);
    /* The pending bits are the device's own; those of one vector matter. */
    if (msi->regs.pending && offset == msi->regs.pending) {
        *value = read_byte(s, addr) & 1;
    }
    return true;
}

static bool other_is_on(const XenPTMSI *msi)
{
    const XenPTMSI *other = msi->x ? msi->s->msi : msi->s->msix;

    return other && xen_pt_msi_seq_enabled(&other->seq);
}

static void write_control(XenPTMSI *msi)
{
    bool on = xen_pt_msi_regs_enable(&msi->regs);
    bool masked = xen_pt_msi_regs_maskall(&msi->regs);

    if (on && !xen_pt_msi_seq_enabled(&msi->seq) && other_is_on(msi)) {
        xen_pt_msi_seq_deny(&msi->seq, masked);
        return;
    }
    if (msi->x) {
        xen_pt_msix_learn_masks(msi);
    }
    xen_pt_msi_seq_set_control(&msi->seq, on, masked);
    if (msi->x && !on) {
        xen_pt_msix_table_off(&msi->x->table);
    }
}

static void write_vector(XenPTMSI *msi)
{
    XenPTMSIMessage m = xen_pt_msi_regs_message(&msi->regs);

    xen_pt_msi_seq_set_vector(&msi->seq, 0, &m,
                              xen_pt_msi_regs_masked(&msi->regs));
}

void xen_pt_msi_settle(XenPTMSI *msi)
{
    if (!msi->hidden) {
        xen_pt_msi_regs_set_control(&msi->regs,
                                    xen_pt_msi_seq_enabled(&msi->seq),
                                    xen_pt_msi_seq_masked(&msi->seq));
    }
    xen_pt_msi_report(msi);
}

bool xen_pt_msi_config_write(XenPCIPassthroughState *s, uint32_t addr,
                             uint32_t value, int len)
{
    XenPTMSI *msi = at(s, addr);
    unsigned events;

    if (!msi) {
        return false;
    }
    if (msi->hidden) {
        return true;
    }
    events = xen_pt_msi_regs_write(&msi->regs, addr - msi->cap, value, len);
    if (events & XEN_PT_MSI_WROTE_VECTOR) {
        write_vector(msi);
    }
    if (events & XEN_PT_MSI_WROTE_CONTROL) {
        write_control(msi);
    }
    xen_pt_msi_settle(msi);
    return true;
}

void xen_pt_msi_intx_enabled(XenPCIPassthroughState *s)
{
    if (s->msi) {
        xen_pt_msi_seq_intx_enabled(&s->msi->seq);
    }
    if (s->msix) {
        xen_pt_msi_seq_intx_enabled(&s->msix->seq);
    }
}

static void disable(XenPTMSI *msi)
{
    if (msi) {
        xen_pt_msi_seq_reset(&msi->seq);
        xen_pt_msi_settle(msi);
    }
}

void xen_pt_msi_disable(XenPCIPassthroughState *s)
{
    disable(s->msi);
    disable(s->msix);
}

static void reset(XenPTMSI *msi)
{
    XenPTMSIRegs *r;
    uint8_t next;

    if (!msi || msi->hidden) {
        return;
    }
    disable(msi);
    r = &msi->regs;
    next = r->value[PCI_CAP_LIST_NEXT];
    if (msi->x) {
        xen_pt_msi_regs_init_msix(r, msi->control, next,
                                  xen_pt_msi_regs_read(r, PCI_MSIX_TABLE, 4),
                                  xen_pt_msi_regs_read(r, PCI_MSIX_PBA, 4));
        xen_pt_msix_table_reset(&msi->x->table);
    } else {
        xen_pt_msi_regs_init(r, msi->control, next);
    }
}

static void xen_pt_msi_reset(DeviceState *dev)
{
    XenPCIPassthroughState *s = XEN_PT_DEVICE(dev);

    reset(s->msi);
    reset(s->msix);
}

void xen_pt_msi_class_init(ObjectClass *klass)
{
    device_class_set_legacy_reset(DEVICE_CLASS(klass), xen_pt_msi_reset);
    xen_pt_msi_report_class_init(klass);
}
