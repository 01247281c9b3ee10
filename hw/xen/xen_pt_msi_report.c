/*
 * Xen PCI pass-through: what the operator is told of a device's MSI
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "qemu/error-report.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_msi_report.h"
#include "hw/xen/xen_pt_msix.h"

/*
 * A step: its name in msi-status, the register that it writes, whether it is
 * about one vector, and what a fault of it means where that is not a refusal.
 */
static const struct {
    const char *name, *wrote;
    bool of_vector;
    const char *means;
} steps[] = {
    [XEN_PT_MSI_STEP_NONE] = { "none" },
    [XEN_PT_MSI_STEP_MASTER] = {
        "master", "the command register", .means = "not probed",
    },
    [XEN_PT_MSI_STEP_MAP] = { "map", .of_vector = true },
    [XEN_PT_MSI_STEP_BIND] = { "bind", .of_vector = true },
    [XEN_PT_MSI_STEP_READ] = { "read", .of_vector = true },
    [XEN_PT_MSI_STEP_CHECK] = { "check", .of_vector = true },
    [XEN_PT_MSI_STEP_ENABLE] = { "enable", "the control word" },
    [XEN_PT_MSI_STEP_MASKALL] = {
        "maskall", "the control word", .means = "not masked as asked",
    },
    [XEN_PT_MSI_STEP_UPDATE] = {
        "update", .of_vector = true, .means = "not updated",
    },
    [XEN_PT_MSI_STEP_DISABLE] = { "disable", "the control word" },
    [XEN_PT_MSI_STEP_UNBIND] = { "unbind", .of_vector = true },
    [XEN_PT_MSI_STEP_UNMAP] = { "unmap", .of_vector = true },
    [XEN_PT_MSI_STEP_OTHER] = { "other" },
};

static const char *const state_name[] = {
    [XEN_PT_MSI_STATE_OFF] = "off",
    [XEN_PT_MSI_STATE_PENDING] = "pending",
    [XEN_PT_MSI_STATE_ON] = "on",
    [XEN_PT_MSI_STATE_REFUSED] = "refused",
};

#define ON(step) (1u << XEN_PT_MSI_STEP_##step)

/* How pciback is made to accept it */
#define ALLOW \
    "in dom0, with Linux 5.6 or newer (a virtual function: 6.7, or a stable " \
    "release with its change), " \
    "'echo %s > /sys/bus/pci/drivers/pciback/allow_interrupt_control'"

/* What to do about a fault; the first that fits, %s is the device. */
static const struct {
    unsigned steps;
    int err;            /* 0: any */
    const char *text;
} remedies[] = {
    { ON(ENABLE), -EACCES, "pciback refuses it; " ALLOW },
    { ON(DISABLE), -EACCES,
      "pciback refuses it, and INTx does not come while it is set; " ALLOW
      ", and attach the device again" },
    { ON(MAP) | ON(BIND), -EPERM,
      "either the domain has no right to the interrupt of %s, or the stub "
      "domain's kernel forbids hypercalls: boot it with "
      "xen_privcmd.unrestricted=1" },
    { ON(MAP), -ENODEV, "%s is not assigned to the guest; see 'xl pci-list'" },
    { ON(MAP), -EEXIST,
      "an interrupt of %s is still mapped, or the guest asks for the pirq of "
      "another; detach it and attach it again" },
    { ON(MASTER), 0,
      "whether %s may use it is seen when its driver enables it" },
    { ON(MAP), -ENOSPC,
      "Xen has no more interrupts for %s; see its options nr_irqs and "
      "extra_guest_irqs, or give the device the property msix-vectors=N, with "
      "as many as it has now, or msix=off" },
    { ON(MAP), -ENODATA,
      "dom0 has not prepared MSI-X of %s: it must be bound to pciback, in a PV "
      "dom0; or give the device the property msix=off" },
    { ON(MAP), -EINVAL,
      "Xen does not know this vector of %s: a virtual function that came "
      "before its table had its size must be removed and added again; or give "
      "the device the property msix=off" },
    { ON(MASKALL), -EACCES,
      "pciback refuses to switch the function mask of %s: dom0 needs Linux "
      "6.1 or newer, or a stable release with its change" },
};

static char *fault_text(const XenPTMSIFault *f)
{
    if (f->step == XEN_PT_MSI_STEP_CHECK) {
        return g_strdup_printf("the message in the device, address 0x%" PRIx64
                               " data 0x%x, is not Xen's: %s",
                               f->message.address, f->message.data,
                               xen_pt_msi_check_reason(f->check));
    }
    if (f->step == XEN_PT_MSI_STEP_OTHER) {
        return g_strdup("the guest has the other of MSI and MSI-X on");
    }
    if (steps[f->step].wrote) {
        return g_strdup_printf("%s, written 0x%04x, reads 0x%04x (%s)",
                               steps[f->step].wrote, f->written, f->read,
                               g_strerror(-f->err));
    }
    return g_strdup_printf("%s failed: %s", steps[f->step].name,
                           g_strerror(-f->err));
}

static void warn_once(XenPTMSI *msi, const XenPTMSIFault *f, const char *what)
{
    g_autofree char *text = NULL, *remedy = NULL, *vector = NULL;

    if (f->step == XEN_PT_MSI_STEP_NONE || (msi->warned & (1u << f->step))) {
        return;
    }
    msi->warned |= 1u << f->step;
    for (unsigned i = 0; i < ARRAY_SIZE(remedies); i++) {
        if ((remedies[i].steps & 1u << f->step) &&
            (!remedies[i].err || remedies[i].err == f->err)) {
            g_auto(GStrv) parts = g_strsplit(remedies[i].text, "%s", 2);

            remedy = g_strjoinv(msi->name, parts);
            break;
        }
    }
    text = fault_text(f);
    /* Of the many that may follow it, "msix-status" tells. */
    vector = steps[f->step].of_vector && msi->x
        ? g_strdup_printf(" vector %u (of 0 to %u)", f->vector,
                          msi->seq.nvec - 1)
        : g_strdup("");
    warn_report("%s: %s%s %s: %s%s%s", msi->name, msi->what, vector, what, text,
                remedy ? "; " : "", remedy ? remedy : "");
}

void xen_pt_msi_report(XenPTMSI *msi)
{
    const XenPTMSIFault *f = &msi->seq.fault;

    warn_once(msi, f, msi->hidden ? "hidden from the guest" :
              steps[f->step].means ? steps[f->step].means : "refused");
    if (msi->seq.lost) {
        warn_once(msi, &msi->seq.why_lost, "is lost");
    }
    warn_once(msi, &msi->seq.undo, "not undone");
}

void xen_pt_msi_warn_broken(const XenPTMSI *msi, const char *how)
{
    warn_report("%s: %s hidden from the guest: the capability at 0x%02x %s",
                msi->name, msi->what, msi->cap, how);
}

static const char *state(const XenPTMSI *msi)
{
    return !msi ? "absent" : msi->hidden ? "hidden" :
           state_name[msi->seq.state];
}

static bool visit_fault(Visitor *v, const char *name, const XenPTMSIFault *f,
                        Error **errp)
{
    g_autofree char *text = f->step ? fault_text(f) : g_strdup("");
    char *step = (char *)steps[f->step].name;
    int64_t err = -f->err;
    bool ok;

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return false;
    }
    ok = visit_type_str(v, "step", &step, errp) &&
         visit_type_int64(v, "errno", &err, errp) &&
         visit_type_str(v, "text", &text, errp);
    visit_end_struct(v, NULL);
    return ok;
}

static void visit_status(Visitor *v, const char *name, const XenPTMSI *msi,
                         Error **errp)
{
    const XenPTMSIFault none = { 0 };
    const XenPTMSIFault *fault = &none, *undo = &none;
    char *state_str = (char *)state(msi);
    int64_t failures = 0;
    g_autoptr(intList) pirqs = NULL, lost = NULL;

    if (msi) {
        fault = msi->seq.fault.step ? &msi->seq.fault :
                msi->seq.lost ? &msi->seq.why_lost : &msi->realize_fault;
        undo = &msi->seq.undo;
        failures = msi->seq.undo_failures;
        for (unsigned i = msi->seq.nused; i--; ) {
            if (msi->vector[i].stage >= XEN_PT_MSI_STAGE_MAPPED) {
                QAPI_LIST_PREPEND(pirqs, msi->vector[i].pirq);
            }
            if (msi->vector[i].lost) {
                QAPI_LIST_PREPEND(lost, i);
            }
        }
    }
    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    if (visit_type_str(v, "state", &state_str, errp) &&
        visit_type_intList(v, "pirqs", &pirqs, errp) &&
        visit_type_intList(v, "lost", &lost, errp) &&
        visit_fault(v, "fault", fault, errp) &&
        visit_fault(v, "undo", undo, errp)) {
        visit_type_int64(v, "undo-failures", &failures, errp);
    }
    visit_end_struct(v, NULL);
}

static void get_msi_status(Object *obj, Visitor *v, const char *name,
                           void *opaque, Error **errp)
{
    visit_status(v, name, XEN_PT_DEVICE(obj)->msi, errp);
}

static void get_msix_status(Object *obj, Visitor *v, const char *name,
                            void *opaque, Error **errp)
{
    visit_status(v, name, XEN_PT_DEVICE(obj)->msix, errp);
}

void xen_pt_msi_report_class_init(ObjectClass *klass)
{
    object_class_property_add(klass, "msi-status", "XenPTMSIStatus",
                              get_msi_status, NULL, NULL, NULL);
    object_class_property_set_description(klass, "msi-status",
        "state of MSI, its pirqs, and why it is refused");
    object_class_property_add(klass, "msix-status", "XenPTMSIStatus",
                              get_msix_status, NULL, NULL, NULL);
    object_class_property_set_description(klass, "msix-status",
        "state of MSI-X, its pirqs, the vectors that are lost, and why");
}
