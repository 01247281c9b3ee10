/*
 * Xen PCI pass-through: which accesses need not, or must not, reach the device
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

/**
 * xen_pt_unread: was a register that is to be written lost as it was read?
 * @group: the register group that @addr is in, or NULL
 * @addr: 0 to 255
 * @value: what was read there, twice
 * @len: 1, 2 or 4 bytes
 *
 * A guest's write is merged with what the device holds. No register of those
 * that are merged is all-ones, so that is no value to be written back.
 */
bool xen_pt_unread(XenPTRegGroup *group, uint32_t addr, uint32_t value,
                   int len);

#endif
