/*
 * Xen PCI pass-through: which accesses need not reach the device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Include hw/xen/xen_pt.h instead of this.
 */
#ifndef HW_XEN_PT_EMULATED_H
#define HW_XEN_PT_EMULATED_H

typedef struct XenPTRegGroup XenPTRegGroup;

/**
 * xen_pt_emulated: is all of an access emulated, whatever the device holds?
 * @group: the register group that @addr is in, or NULL
 * @addr: 0 to 255
 * @len: 1, 2 or 4 bytes
 *
 * In a stub domain an access to the device is a round trip to dom0, so none is
 * made for a value that would not be looked at.
 */
bool xen_pt_emulated(XenPTRegGroup *group, uint32_t addr, int len);

#endif
