/*
 * Xen PCI pass-through: tell of a guest's writes that did not take
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/error-report.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen-legacy-backend.h"

static const char *const by_name[] = {
    [XEN_PT_REFUSED_BY_PCIBACK] = "pciback",
    [XEN_PT_REFUSED_BY_QEMU] = "QEMU",
};

static XenPTRefused *state(XenPCIPassthroughState *s)
{
    XenPTRefused *r = s->refused;

    if (r) {
        return r;
    }
    r = s->refused = g_new0(XenPTRefused, 1);
    r->caps = &s->caps;
    for (unsigned i = 0; i < s->caps.n; i++) {
        XenPTRegGroup *group = xen_pt_find_reg_grp(s, s->caps.cap[i].offset);

        r->size[i] = group ? group->size : 0;
    }
    return r;
}

static char *remedy(const XenPTRefusal *f, const char *device)
{
    switch (f->remedy) {
    case XEN_PT_REFUSED_COMMAND:
        return g_strdup("bus mastering is not as the driver has it; dom0's "
                        "kernel log may say why");
    case XEN_PT_REFUSED_ROM:
        return g_strdup("pciback switches no ROM on; harmless unless the "
                        "driver reads it");
    case XEN_PT_REFUSED_VPD:
        return g_strdup("pciback lets nobody write VPD; harmless unless that "
                        "is to change");
    case XEN_PT_REFUSED_POWER:
        return g_strdup("the device does not go there; dom0's kernel log may "
                        "say why");
    case XEN_PT_REFUSED_ANY:
        break;
    }
    if (f->by == XEN_PT_REFUSED_BY_QEMU) {
        return g_strdup("QEMU keeps it back; if the driver fails, give QEMU "
                        "the property permissive=on, and pciback decides");
    }
    return g_strdup_printf("pciback drops it, or it is read-only, or clears "
                           "itself; if the driver fails, in dom0, 'echo "
                           "%s-%02x:%x:%x > "
                           "/sys/bus/pci/drivers/pciback/quirks'", device,
                           f->offset, f->len, UINT32_MAX >> (32 - 8 * f->len));
}

static void tell(XenPCIPassthroughState *s)
{
    const XenPTRefused *r = s->refused;
    const XenPTRefusal *f = &r->reg[r->n - 1];
    g_autofree char *name = xen_pt_host_name(s);
    g_autofree char *what = NULL;

    if (r->more) {
        warn_report("%s: writes to more than %d registers are refused; of the "
                    "others there will be no line", name, XEN_PT_REFUSED_MAX);
        return;
    }
    what = remedy(f, name);
    warn_report("%s: a write to config space is refused: 0x%02x, %s, written "
                "0x%0*x, reads 0x%0*x; %s", name, f->offset, f->name,
                2 * f->len, f->wanted, 2 * f->len, f->got, what);
}

void xen_pt_refused_written(XenPCIPassthroughState *s, uint32_t addr,
                            uint32_t old, uint32_t value, int len)
{
    uint32_t ones = UINT32_MAX >> (32 - 8 * len), got = 0;
    XenPTWrite w = { addr, len, old & ones, value & ones };

    if (xen_is_stubdomain && xen_pt_refused_due(state(s), &w) &&
        xen_host_pci_get_block(&s->real_device, addr, (uint8_t *)&got,
                               len) == 0 &&
        xen_pt_refused_judge(s->refused, &w, got, XEN_PT_REFUSED_BY_PCIBACK)) {
        tell(s);
    }
}

static void kept(XenPCIPassthroughState *s, uint32_t addr, uint32_t old,
                 uint32_t value, int len)
{
    uint32_t ones = UINT32_MAX >> (32 - 8 * len);
    XenPTWrite w = { addr, len, old & ones, value & ones };

    if (xen_pt_refused_due(state(s), &w) &&
        xen_pt_refused_judge(s->refused, &w, w.old, XEN_PT_REFUSED_BY_QEMU)) {
        tell(s);
    }
}

bool xen_pt_refused_kept(XenPCIPassthroughState *s, uint32_t addr,
                         uint32_t old, uint32_t value, int len)
{
    XenPTRegGroup *group = xen_pt_find_reg_grp(s, addr);
    int first = 0;

    if (!xen_is_stubdomain) {
        return false;
    }
    /* What lies between registers that QEMU knows. */
    for (int i = 0; i <= len; i++) {
        if (i == len || (group && xen_pt_find_reg(group, addr + i))) {
            if (i > first) {
                kept(s, addr + first, old >> 8 * first, value >> 8 * first,
                     i - first);
            }
            first = i + 1;
        }
    }
    return true;
}

void xen_pt_refused_finalize(XenPCIPassthroughState *s)
{
    g_clear_pointer(&s->refused, g_free);
}

static bool visit_refusal(Visitor *v, const XenPTRefusal *f, Error **errp)
{
    char *reg = (char *)f->name, *by = (char *)by_name[f->by];
    uint64_t offset = f->offset, size = f->len, count = f->count;
    uint64_t wanted = f->wanted, got = f->got;
    bool ok;

    if (!visit_start_struct(v, NULL, NULL, 0, errp)) {
        return false;
    }
    ok = visit_type_uint64(v, "offset", &offset, errp) &&
         visit_type_uint64(v, "size", &size, errp) &&
         visit_type_str(v, "register", &reg, errp) &&
         visit_type_str(v, "by", &by, errp) &&
         visit_type_uint64(v, "wanted", &wanted, errp) &&
         visit_type_uint64(v, "got", &got, errp) &&
         visit_type_uint64(v, "count", &count, errp);
    visit_end_struct(v, NULL);
    return ok;
}

static void get_refused(Object *obj, Visitor *v, const char *name, void *opaque,
                        Error **errp)
{
    const XenPTRefused *r = XEN_PT_DEVICE(obj)->refused;

    if (!visit_start_list(v, name, NULL, 0, errp)) {
        return;
    }
    for (unsigned i = 0; r && i < r->n; i++) {
        if (!visit_refusal(v, &r->reg[i], errp)) {
            break;
        }
    }
    visit_end_list(v, NULL);
}

static void get_more(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    const XenPTRefused *r = XEN_PT_DEVICE(obj)->refused;
    uint64_t more = r ? r->more : 0;

    visit_type_uint64(v, name, &more, errp);
}

void xen_pt_refused_class_init(ObjectClass *klass)
{
    object_class_property_add(klass, "config-refused", "XenPTRefusalList",
                              get_refused, NULL, NULL, NULL);
    object_class_property_set_description(klass, "config-refused",
        "the registers that do not take what the guest writes, if behind "
        "pcifront");
    object_class_property_add(klass, "config-refused-more", "uint64",
                              get_more, NULL, NULL, NULL);
    object_class_property_set_description(klass, "config-refused-more",
        "how many of them are not in the list");
}
