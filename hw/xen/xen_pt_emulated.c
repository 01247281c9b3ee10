/*
 * Xen PCI pass-through: which accesses need not, or must not, reach the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/pci.h"
#include "hw/xen/xen_pt.h"
#include "hw/xen/xen_pt_lost.h"

/* A BAR's bits come from sysfs and the guest, none from the device. */
static bool is_bar(const XenPTRegGroup *group, const XenPTRegInfo *reg)
{
    return group->base_offset == 0 && reg->offset >= PCI_BASE_ADDRESS_0 &&
           reg->offset <= PCI_BASE_ADDRESS_5;
}

bool xen_pt_emulated(XenPTRegGroup *group, uint32_t addr, int len)
{
    uint32_t end = addr + len;

    if (!group || group->reg_grp->grp_type != XEN_PT_GRP_TYPE_EMU) {
        return false;
    }
    while (addr < end) {
        XenPTReg *entry = xen_pt_find_reg(group, addr);
        const XenPTRegInfo *reg = entry ? entry->reg : NULL;

        if (!reg || (reg->emu_mask != MAKE_64BIT_MASK(0, reg->size * 8) &&
                     !is_bar(group, reg))) {
            return false;
        }
        addr = group->base_offset + reg->offset + reg->size;
    }
    return true;
}

bool xen_pt_unread(XenPTRegGroup *group, uint32_t addr, uint32_t value, int len)
{
    if (!group || !xen_pt_lost(0, &value, len)) {
        return false;
    }
    for (int i = 0; i < len; i++) {
        if (xen_pt_find_reg(group, addr + i)) {
            return true;
        }
    }
    return false;
}
