/*
 * Xen PCI pass-through: the power state of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen-bus-helper.h"
#include "hw/xen/xen-legacy-backend.h"

/* E.g. "msitranslate=0,power_mgmt=1,permissive=0,rdm_policy=strict". */
static bool has_option(const char *backend, unsigned int n)
{
    g_autofree char *node = g_strdup_printf("%s/opts-%u", backend, n);
    char *options = qemu_xen_xs_read(xenstore, 0, node, NULL);
    g_auto(GStrv) each = g_strsplit(options ? options : "", ",", 0);

    free(options);
    return g_strv_contains((const char *const *)each, "power_mgmt=1");
}

/* libxl tells pciback of xl's option, but not QEMU. Silence is a no. */
static bool asked(const XenHostPCIDevice *d)
{
    char *backend = qemu_xen_xs_read(xenstore, 0, "device/pci/0/backend", NULL);
    unsigned int n = 0, domain, bus, slot, function;
    bool found = false;

    while (backend && !found) {
        g_autofree char *node = g_strdup_printf("dev-%u", n);

        if (xs_node_scanf(xenstore, 0, backend, node, NULL, "%x:%x:%x.%x",
                          &domain, &bus, &slot, &function) != 4) {
            break;
        }
        found = domain == d->domain && bus == d->bus && slot == d->dev &&
                function == d->func && has_option(backend, n);
        n++;
    }
    free(backend);
    return found;
}

/*
 * A device that is reset as it leaves D3 loses what nobody restores: pciback
 * drops the guest's writes of PCI Express's control registers, and has a copy
 * of COMMAND that says that nothing is to be done.
 */
static void decide(XenPCIPassthroughState *s, uint16_t control)
{
    bool keeps = control != UINT16_MAX &&
                 (control & PCI_PM_CTRL_NO_SOFT_RESET);
    g_autofree char *name = NULL;

    s->power_mgmt |= xen_is_stubdomain && asked(&s->real_device);
    if (s->power_mgmt && !keeps) {
        s->power_mgmt = false;
        name = xen_pt_host_name(s);
        warn_report("%s: power_mgmt: the device does not keep its registers "
                    "in D3 (No_Soft_Reset), so it stays in D0", name);
    }
}

void xen_pt_power_realize(XenPCIPassthroughState *s)
{
    uint8_t pm = xen_pt_caps_find(&s->caps, PCI_CAP_ID_PM, 0);
    XenHostPCIDevice *d = &s->real_device;
    g_autofree char *name = NULL;
    uint16_t control = UINT16_MAX;
    int rc;

    if (!pm || !(xen_is_stubdomain || s->power_mgmt)) {
        return;
    }
    rc = xen_host_pci_get_word(d, pm + PCI_PM_CTRL, &control);
    decide(s, rc ? UINT16_MAX : control);
    if (!xen_is_stubdomain) {
        return;
    }
    if (!rc && control != UINT16_MAX && (control & PCI_PM_CTRL_STATE_MASK)) {
        control &= ~(PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_STATUS);
        rc = xen_host_pci_set_word(d, pm + PCI_PM_CTRL, control);
        if (!rc) {
            rc = xen_host_pci_get_word(d, pm + PCI_PM_CTRL, &control);
        }
    }
    if (rc || (control & PCI_PM_CTRL_STATE_MASK)) {
        name = xen_pt_host_name(s);
        warn_report("%s: the device is not in D0, or that cannot be read "
                    "(0x%04x); it may not answer", name,
                    rc ? UINT16_MAX : control);
    }
}
