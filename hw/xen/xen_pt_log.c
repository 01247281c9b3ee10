/*
 * Xen PCI pass-through: what a guest causes is told once
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/xen/xen_pt.h"

bool xen_pt_log_first(const PCIDevice *d, const void *cause)
{
    XenPCIPassthroughState *s;

    if (!d) {
        return true;
    }
    s = XEN_PT_DEVICE(d);
    if (!s->logged) {
        s->logged = g_hash_table_new(NULL, NULL);
    }
    return g_hash_table_add(s->logged, (void *)cause);
}

void xen_pt_log_finalize(XenPCIPassthroughState *s)
{
    g_clear_pointer(&s->logged, g_hash_table_destroy);
}
