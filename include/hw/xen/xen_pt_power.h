/*
 * Xen PCI pass-through: the power state of a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Include hw/xen/xen_pt.h instead of this.
 */
#ifndef HW_XEN_PT_POWER_H
#define HW_XEN_PT_POWER_H

typedef struct XenPCIPassthroughState XenPCIPassthroughState;

/**
 * xen_pt_power_realize: whose the power state is, and D0
 * @s: the device, its capabilities found
 *
 * @s->power_mgmt is the property before, and whether the guest controls the
 * state after: if that or xl asks for it, and the device keeps its registers in
 * D3. A warning says if it does not.
 *
 * In a stub domain the device is put into D0. An earlier guest may have left it
 * asleep; then it answers on no BAR, and may forget what is set up (PCI Bus
 * Power Management 1.2, 5.4). pciback waits until the device is ready. A
 * warning says where it stays in another state.
 */
void xen_pt_power_realize(XenPCIPassthroughState *s);

#endif
